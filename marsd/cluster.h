/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the files of marsd's core share.
 *
 * A cluster is one logical MARS.  Everything that RFC 2022 section 6 wants
 * apart for each protocol is in struct proto.  An endpoint is a node, once
 * as a client and once as a multicast server.  The database has one level
 * more than RFC 2022's: a node's membership in a range is a join, and a
 * join rests on entries, one for each server (owner) that says so.  A join
 * counts while at least one of its entries does: membership is the union
 * over all owners that are alive (D3).  Every owner, ourselves included, is
 * a peer; what a peer says about a node hangs on a claim.
 *
 *	node --- join --- range		who, which groups
 *	  |	   |
 *	claim --- entry			according to whom, by which record
 *	  |
 *	peer
 */
#ifndef MARSD_CLUSTER_H
#define MARSD_CLUSTER_H

#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include "csa.h"
#include "itree.h"
#include "mars.h"
#include "mars_core.h"

enum role {
	ROLE_CLIENT,
	ROLE_MCS
};
#define ROLES	2

/* Why marsd drops a message that the codec accepted. */
#define MARSD_DROPS(X) \
	X(DROP_LLC, "llc", "no LLC/SNAP header") \
	X(DROP_CODEPOINT, "codepoint", "not MARS's LLC/SNAP code point") \
	X(DROP_NHRP, "nhrp", "op.version 1: NHRP, which is not served") \
	X(DROP_PRO, "protocol-unserved", "mar$pro is not configured") \
	X(DROP_TLV, "tlv-refused", "TLV that forbids to go on (Type.x 1)") \
	X(DROP_TLV_ERROR, "tlv-error", "TLV not understood (Type.x 2)") \
	X(DROP_OP, "op-unexpected", "operation that a MARS does not take") \
	X(DROP_SOURCE, "source", "source is not the calling party") \
	X(DROP_RATE, "rate-client", "too many messages of this client") \
	X(DROP_RATE_TOTAL, "rate-total", "too many messages in all") \
	X(DROP_COPY, "copy", "mar$flags.copy is set") \
	X(DROP_UNREGISTERED, "unregistered", "source is not registered") \
	X(DROP_PAIRS, "pairs", "not exactly one <min,max> pair") \
	X(DROP_RANGE, "range", "min exceeds max, or a wrong length") \
	X(DROP_BOTH_ROLES, "both-roles", "client and MCS by one address") \
	X(DROP_MEMBERS, "limit-members", "limit of members") \
	X(DROP_JOINS, "limit-joins", "limit of joins of a member") \
	X(DROP_GROUPS, "limit-groups", "limit of groups") \
	X(DROP_SERVERS, "limit-servers", "limit of multicast servers") \
	X(DROP_SERVE_RANGE, "limit-serve-range", "range to serve too large") \
	X(DROP_CMI, "cmi-exhausted", "no cluster member id left") \
	X(DROP_NOT_SERVING, "not-serving", "MCS asks for another's group") \
	X(DROP_MEMORY, "memory", "no memory") \
	X(DROP_TOO_BIG, "too-big", "answer does not fit a message")

enum drop {
	DROP_NONE = 0,
#define X(sym, name, text) sym,
	MARSD_DROPS(X)
#undef X
	DROP_MAX
};

/* Other counters of a cluster. */
#define MARSD_COUNTS(X) \
	X(messages_in, "messages-in") X(messages_out, "messages-out") \
	X(ccvc_out, "cluster-control-out") X(scvc_out, "server-control-out") \
	X(registrations, "registrations") \
	X(deregistrations, "deregistrations") X(vanished, "vanished") \
	X(joins, "joins") X(leaves, "leaves") X(requests, "requests") \
	X(naks, "naks") X(grouplists, "grouplists") \
	X(published, "records-published") X(records_in, "records-in") \
	X(records_ignored, "records-ignored") \
	X(calls_refused, "calls-refused") X(moved, "moved") \
	X(adopted, "adopted")

struct counts {
#define X(sym, name) uint64_t sym;
	MARSD_COUNTS(X)
#undef X
};

struct bucket {
	int64_t		 tokens;	/* millionths of a message */
	mtime_t		 last;
};

struct node;
struct peer;
struct proto;
struct reg;

/* What a circuit's cookie points to begins with this. */
enum cookie {
	COOKIE_CIRCUIT,
	COOKIE_CONTROL
};

/* Who has opened circuits to us: an address without its selector. */
struct caller {
	RB_ENTRY(caller) entry;
	TAILQ_ENTRY(caller) idle_entry;	/* while it has none */
	struct atm_addr	 addr;
	uint32_t	 circuits;
	mtime_t		 gone;		/* when the last one went */
	struct bucket	 bucket;
};
RB_HEAD(caller_tree, caller);
RB_PROTOTYPE(caller_tree, caller, entry, caller_cmp)

/* A point-to-point VC that a client opened to us. */
struct circuit {
	enum cookie	 cookie;
	struct cluster	*cluster;
	struct vc	*vc;
	struct caller	*caller;
	TAILQ_HEAD(, reg) regs;		/* whose last message came on it */
	LIST_ENTRY(circuit) entry;
};

/* ClusterControlVC or ServerControlVC of one protocol. */
struct control {
	enum cookie	 cookie;
	struct proto	*proto;
	enum role	 role;
	struct vc	*root;		/* or NULL */
	uint32_t	 msn;		/* CSN or SSN (6.1.4, 6.2.5) */
	uint32_t	 leaves;	/* connected now */
	uint32_t	 registered;
	uint32_t	 nregs;		/* the same and those on their way */
	TAILQ_HEAD(, reg) regs;
};

/*
 * The leaf of a registered node on its control VC.  NONE is before the
 * first call and after the last: the registration goes with it.  LEFT is a
 * node that cleared its leaf without a word: it may have moved, and then
 * another server's records are on their way (A-131, D9).
 */
#define LEAF_STATES(X) \
	X(LEAF_NONE, "none") X(LEAF_ADDING, "adding") \
	X(LEAF_RETRY, "retry") X(LEAF_UP, "up") X(LEAF_LEFT, "left")
#define LEAF_EVENTS(X) \
	X(LEAF_EV_REGISTER, "register")	/* a registration arrived */ \
	X(LEAF_EV_ACK, "ack")		/* L_ACK */ \
	X(LEAF_EV_BUSY, "busy")		/* failed, worth another try, A-111 */ \
	X(LEAF_EV_FAIL, "fail")		/* failed for good */ \
	X(LEAF_EV_DROP, "drop")		/* ERR_L_DROP */ \
	X(LEAF_EV_STALE, "stale")	/* and it has registered since */ \
	X(LEAF_EV_LEFT, "left")		/* the same: it cleared it, and where \
					 * to move to there is */ \
	X(LEAF_EV_ROOT, "root")		/* the whole VC has gone, A-110 */ \
	X(LEAF_EV_TIMER, "timer")

enum leaf_state {
	LEAF_STATE_FORGOTTEN,
#define X(sym, name) sym,
	LEAF_STATES(X)
#undef X
	LEAF_STATE_MAX
};
enum leaf_event {
#define X(sym, name) sym,
	LEAF_EVENTS(X)
#undef X
	LEAF_EVENT_MAX
};
enum leaf_action {
	LEAF_ACT_FORGOTTEN,
	LEAF_ACT_IGNORE,
	LEAF_ACT_VIOLATION,	/* the backend said what it must not */
	LEAF_ACT_ADD,		/* L_MULTI_ADD */
	LEAF_ACT_WAIT,		/* for another try */
	LEAF_ACT_UP,		/* registered: answer */
	LEAF_ACT_ANSWER,	/* already registered: answer */
	LEAF_ACT_LINGER,	/* for what another server may say */
	LEAF_ACT_LOST		/* the node has gone, 6.1.2 */
};
struct leaf_cell {
	enum leaf_state		next;
	enum leaf_action	action;
};
extern const struct leaf_cell leaf_table[LEAF_STATE_MAX][LEAF_EVENT_MAX];

/* A registration with us. */
struct reg {
	TAILQ_ENTRY(reg) control_entry;
	TAILQ_ENTRY(reg) circuit_entry;
	struct node	*node;
	struct control	*control;
	struct vc_leaf	*leaf;		/* or NULL */
	enum leaf_state	 state;
	bool		 registered;	/* the leaf was up once, and answered */
	bool		 again;		/* registered with the leaf up */
	mtime_t		 again_at;
	bool		 adopting;	/* has adopted joins (D9) */
	bool		 back;		/* which others are not told yet */
	uint8_t		 tries;
	uint16_t	 cmi;
	mtime_t		 since;
	struct timer	 timer;		/* of LEAF_RETRY */
	struct sdu	*pending;	/* registration to be answered */
	struct circuit	*circuit;	/* of its last message, or NULL */
	struct timer	 adopt;		/* D9: 60 s since the last JOIN */
	struct timer	 move;		/* */
	struct peer	*moving;	/* to whom, or NULL */
	uint32_t	 uncovered;	/* own joins that it lacks yet */
};

/* An endpoint in one role, ours or a peer's. */
struct node {
	RB_ENTRY(node)	 entry;
	struct proto	*proto;
	enum role	 role;
	struct atm_addr	 atm;
	struct paddr	 spa;		/* as last heard */
	struct reg	*reg;		/* registered here, or NULL */
	LIST_HEAD(, claim) claims;
	struct itree	 joins;
	uint32_t	 njoins;
	uint32_t	 mark;		/* last answer that listed it */
};
RB_HEAD(node_tree, node);
RB_PROTOTYPE(node_tree, node, entry, node_cmp)

RB_HEAD(join_tree, join);

struct range {
	struct itree_node link;		/* in the map; first: see range_of() */
	struct span	 span;
	struct join_tree joins;		/* by ATM address */
	uint32_t	 live;		/* joins that count */
	uint32_t	 layer3;	/* of these, for layer 3 (5.3) */
};

struct join {
	struct itree_node link;		/* in the node; first: see join_of() */
	RB_ENTRY(join)	 range_entry;
	struct node	*node;
	struct range	*range;
	LIST_HEAD(, entry) entries;
	bool		 live;
	bool		 layer3;
};
RB_PROTOTYPE(join_tree, join, range_entry, join_cmp)

/* What one owner says about one node. */
struct claim {
	LIST_ENTRY(claim) node_entry;
	struct node	*node;
	struct peer	*peer;
	struct entry	*reg;		/* its register record, or NULL */
	bool		 dereg;		/* that record is a tombstone, A-23 */
	bool		 conflict;	/* registered there as well as here */
	uint16_t	 cmi;		/* known to be its, A-20, or 0 */
	uint32_t	 entries;	/* the register record included */
};

/* One record: (OID, key) is its identity (D1). */
struct entry {
	RB_ENTRY(entry)	 key_entry;
	LIST_ENTRY(entry) join_entry;
	struct peer	*peer;
	struct claim	*claim;		/* NULL: a Redirect Entry */
	struct join	*join;		/* NULL: a register record */
	uint32_t	 key;
	int32_t		 seq;		/* of a peer's */
	uint16_t	 cmi;
	bool		 layer3;
	bool		 adopted;	/* D9, not confirmed yet */
	bool		 left;		/* at the server it is moving to */
	bool		 stale;		/* ours from before a restart, A-10 */
};
RB_HEAD(entry_tree, entry);
RB_PROTOTYPE(entry_tree, entry, key_entry, entry_cmp)

/* A server of the group, for one cluster. */
struct owner {
	RB_ENTRY(owner)	 entry;
	struct cluster	*cluster;
	uint8_t		 oid[4];
	struct entry_tree keys;
};
RB_HEAD(owner_tree, owner);
RB_PROTOTYPE(owner_tree, owner, entry, owner_cmp)

/*
 * Liveness of a server, by (OID, mar$pro).  UNHEARD
 * has sent records but no Redirect Entry yet.
 */
#define PEER_STATES(X) \
	X(PEER_SELF, "self") X(PEER_UNHEARD, "unheard") \
	X(PEER_ALIVE, "alive") X(PEER_HIDDEN, "hidden") \
	X(PEER_ERASED, "erased")
#define PEER_EVENTS(X) \
	X(PEER_EV_REDIRECT, "redirect")	/* a newer Redirect Entry */ \
	X(PEER_EV_RECORD, "record")	/* any other record */ \
	X(PEER_EV_SILENT, "silent")	/* the timer */

enum peer_state {
	PEER_STATE_FORGOTTEN,
#define X(sym, name) sym,
	PEER_STATES(X)
#undef X
	PEER_STATE_MAX
};
enum peer_event {
#define X(sym, name) sym,
	PEER_EVENTS(X)
#undef X
	PEER_EVENT_MAX
};
enum peer_action {
	PEER_ACT_FORGOTTEN,
	PEER_ACT_IGNORE,
	PEER_ACT_VIOLATION,
	PEER_ACT_START,		/* the death timer */
	PEER_ACT_HIDE,
	PEER_ACT_REVIVE,
	PEER_ACT_ERASE,
	PEER_ACT_HOLD,		/* till it is erased, with those before it */
	PEER_ACT_REALIGN	/* what was erased has to come again */
};
struct peer_cell {
	enum peer_state		next;
	enum peer_action	action;
};
extern const struct peer_cell peer_table[PEER_STATE_MAX][PEER_EVENT_MAX];

struct peer {
	RB_ENTRY(peer)	 entry;		/* in the protocol, by OID ascending */
	struct owner	*owner;
	struct proto	*proto;
	enum peer_state	 state;
	struct timer	 timer;
	mtime_t		 heard;		/* its last Redirect Entry */
	struct atm_addr	 addr;		/* null: no Redirect Entry yet */
	int32_t		 seq;		/* of the last one that counted */
	bool		 heard_once;
	uint64_t	 records;
};
RB_HEAD(peer_tree, peer);
RB_PROTOTYPE(peer_tree, peer, entry, peer_cmp)

#define CMI_BAD_SIZE	8192		/* octets, a bit for each CMI */

/* Cluster member ids of one protocol (5.2.3, A-21). */
struct cmi_pool {
	uint16_t	 min, max;
	uint16_t	*queue;		/* a ring: the longest unused first */
	uint32_t	 size, head, count;
	uint32_t	 used;
	uint8_t		*bad;		/* a bit each: given out by others */
};

struct proto {
	TAILQ_ENTRY(proto) entry;
	struct cluster	*cluster;
	struct mars_pro	 pro;
	uint8_t		 addrlen;	/* of a group, 0: not known yet */
	bool		 configured;
	struct node_tree nodes[ROLES];
	struct itree	 map[ROLES];	/* host map, server map */
	uint32_t	 ranges[ROLES];
	uint64_t	 joins;		/* of our own clients */
	struct control	 control[ROLES];
	struct peer_tree peers;
	struct peer	*self;
	struct cmi_pool	 cmi;
	struct node	**by_cmi;	/* 65536: whom we gave it */
	struct claim	**heard_cmi;	/* 65536: whom another server did */
	uint32_t	 mark;
	struct timer	 redirect;
	struct timer	 sweep[ROLES];	/* own records of before, A-10 */
};

struct cluster {
	TAILQ_ENTRY(cluster) entry;
	struct mars	*mars;
	char		 name[NAME_SIZE];
	const struct conf_cluster *conf;
	struct vc_link	*link;
	bool		 configured;
	TAILQ_HEAD(, proto) protos;
	struct owner_tree owners;
	LIST_HEAD(, circuit) circuits;
	struct caller_tree callers;
	TAILQ_HEAD(, caller) idle;	/* callers, the longest first */
	struct bucket	 bucket;
	struct counts	 counts;
	uint64_t	 drops[DROP_MAX];
	uint64_t	 bad[MARS_DROP_MAX];
};

struct mars {
	const struct mars_ops *ops;
	void		*arg;
	struct timers	*ts;
	const struct conf *conf;
	mtime_t		 started;
	uint8_t		 oid[4];
	bool		 stopping;
	TAILQ_HEAD(, cluster) clusters;
};

/* An incoming message on its way through the handlers. */
struct incoming {
	struct proto	*proto;
	struct circuit	*circuit;
	struct mars_msg	 msg;
	const uint8_t	*octets;	/* as received, without LLC/SNAP */
	size_t		 len;
};

/* cluster.c */
uint32_t	 mars_random(struct mars *);
struct timers	*proto_timers(const struct proto *);
void		 cluster_event(struct cluster *, enum mars_event_code,
		    const struct mars_event *);
enum drop	 cluster_refused(struct proto *, enum drop,
		    const struct atm_addr *);
const char	*drop_name(enum drop);
uint32_t	 mars_random(struct mars *);

/* send.c */
void	send_private(struct circuit *, struct proto *, enum role,
	    struct mars_msg *);
void	send_raw(struct circuit *, const void *, size_t);
void	send_control(struct control *, struct mars_msg *);
void	send_echo(struct incoming *, enum role);
void	send_spans(struct control *, struct mars_msg *, const struct spans *,
	    bool);
void	send_parts(struct control *, struct circuit *, struct mars_msg *,
	    const struct atm_addr *const *, size_t);
uint32_t msn_now(const struct proto *, enum role);
void	own_message(struct proto *, struct mars_msg *, uint8_t op);

/* limit.c: rate 0 is no limit */
void	bucket_init(struct bucket *, mtime_t, uint32_t);
bool	bucket_take(struct bucket *, mtime_t, uint32_t);

/* caller.c */
struct caller	*caller_get(struct cluster *, const struct atm_addr *);
void		 caller_put(struct cluster *, struct caller *);
void		 callers_free(struct cluster *);

/* cmi.c */
int	 cmi_init(struct cmi_pool *, uint16_t, uint16_t);
void	 cmi_free_pool(struct cmi_pool *);
uint16_t cmi_get(struct cmi_pool *);	/* 0: none left */
void	 cmi_put(struct cmi_pool *, uint16_t);
bool	 cmi_ours(const struct cmi_pool *, uint16_t);
void	 cmi_taken(struct cmi_pool *, uint16_t);

/* group.c: the database */
struct join	*join_of(struct itree_node *);
struct range	*range_of(struct itree_node *);
struct node	*node_find(struct proto *, enum role, const struct atm_addr *);
struct node	*node_get(struct proto *, enum role, const struct atm_addr *);
void		 node_release(struct node *);	/* if nothing is left */
struct owner	*owner_get(struct cluster *, const uint8_t[4]);
struct owner	*owner_find(struct cluster *, const uint8_t[4]);
struct peer	*peer_get(struct proto *, const uint8_t[4]);
struct peer	*peer_find(struct proto *, struct owner *);
struct claim	*claim_find(struct node *, const struct peer *);
bool		 claim_cmi(struct claim *, uint16_t);
struct entry	*entry_find(struct owner *, uint32_t);
struct entry	*entry_redirect(struct peer *, uint32_t);
struct entry	*entry_register(struct peer *, struct node *, uint32_t);
struct entry	*entry_join(struct peer *, struct node *, const struct span *,
		    uint32_t);
void		 entry_free(struct entry *);
struct join	*join_find(struct node *, const struct span *);
struct entry	*join_entry(struct join *, const struct peer *);
bool		 entry_counts(const struct entry *);
bool		 node_registered(const struct node *, const struct peer *);

enum change {
	CHANGE_NONE,
	CHANGE_UP,		/* became effective */
	CHANGE_DOWN
};
enum change	 join_refresh(struct join *);
bool		 join_is_idle(const struct join *);
/* what node is no member of, by other joins than this range's */
void		 node_uncovered(struct node *, const struct span *,
		    struct spans *);
bool		 node_covers(struct node *, const struct paddr *);
bool		 map_serves(struct proto *, const struct span *, bool local);
void		 spans_unserved(struct proto *, const struct spans *,
		    struct spans *);
/* members of a group, each once; *list to be freed; -1: no memory */
int		 group_members(struct proto *, enum role, const struct paddr *,
		    const struct atm_addr ***list, size_t *n);
bool		 group_has(struct proto *, enum role, const struct paddr *);

/* member.c */
enum drop	 member_register(struct incoming *, enum role);
enum drop	 member_deregister(struct incoming *, enum role);
void		 leaf_step(struct reg *, enum leaf_event);
void		 leaf_dropped(struct reg *, uint16_t cause);
void		 member_gone(struct reg *);
void		 member_free(struct reg *);
struct reg	*member_source(struct incoming *, enum role);
void		 control_rebuild(struct control *);

/* join.c */
enum drop	 join_message(struct incoming *);
enum drop	 leave_message(struct incoming *);
bool		 incoming_span(struct incoming *, struct span *);
/* a node came into a range, or left it; in: by this message, or NULL */
void		 join_announce(struct node *, bool joined, const struct span *,
		    bool layer3, struct incoming *in);

/* mcs.c */
enum drop	 mserv_message(struct incoming *);
enum drop	 unserv_message(struct incoming *);
/* by: whose word this is */
void		 serve_announce(struct node *, bool served, const struct span *,
		    const struct peer *by, struct incoming *in);
void		 mcs_leave(struct node *, const struct spans *);

/* request.c */
enum drop	 request_message(struct incoming *);
enum drop	 grouplist_message(struct incoming *);

/* redirect.c */
void		 redirect_start(struct proto *);
void		 redirect_stop(struct proto *);
bool		 redirect_can_be_soft(struct proto *, const struct atm_addr *);
/* to: put first, or NULL; reg: to this one alone, or NULL */
void		 redirect_send(struct proto *, bool hard,
		    const struct atm_addr *to, struct reg *);

/* own.c: what we publish */
uint32_t	 own_key(struct peer *, struct node *, const struct span *);
uint32_t	 redirect_key(const struct mars_pro *);
void		 publish_entry(const struct entry *, bool withdrawn);
void		 publish_register(struct reg *);
void		 publish_redirect(struct proto *);
void		 withdraw_all(struct node *);
void		 gone_announce(struct node *, const struct peer *,
		    const struct spans *);
void		 own_sweep_clients(void *);
void		 own_sweep_mcs(void *);

/* move.c: clients that change their server */
void		 reg_adopt(struct reg *);
void		 reg_adopt_late(struct reg *, const struct peer *,
		    struct join *);
void		 reg_adopt_all_late(struct reg *);
void		 reg_anew(struct reg *);
void		 entry_confirm(struct entry *);
void		 reg_confirm(struct reg *, const struct entry *);
void		 reg_adopt_expired(void *);
void		 reg_move(struct reg *, struct peer *);
void		 reg_move_joined(struct reg *, struct peer *, struct join *);
void		 reg_move_left(struct reg *, const struct peer *,
		    struct join *);
void		 reg_move_off(struct reg *, const struct peer *);
void		 reg_move_stop(struct reg *);
void		 reg_returned(struct reg *);
void		 reg_back(struct reg *);
void		 reg_move_expired(void *);

/* peer.c: what others publish */
void		 peer_step(struct peer *, enum peer_event);
void		 entry_retract(struct entry *);
void		 peers_free(struct proto *);

#endif
