/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the files of marsd's core share.
 *
 * A cluster is one logical MARS.  Everything that RFC 2022 section 6 wants
 * apart for each protocol is in struct marsd_proto.  An endpoint is a node,
 * once as a client and once as a multicast server.  The database has one
 * level more than RFC 2022's: a node's membership in a range is a join, and a
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
#include "marsd_core.h"
#include "table.h"

enum marsd_role {
	MARSD_ROLE_CLIENT,
	MARSD_ROLE_MCS
};
#define MARSD_ROLES	2

/* Why marsd drops a message that the codec accepted. */
#define MARSD_DROPS(X) \
	X(MARSD_DROP_LLC, "llc", "no LLC/SNAP header") \
	X(MARSD_DROP_CODEPOINT, "codepoint", "not MARS's LLC/SNAP code point") \
	X(MARSD_DROP_NHRP, "nhrp", "op.version 1: NHRP, which is not served") \
	X(MARSD_DROP_PRO, "protocol-unserved", "mar$pro is not configured") \
	X(MARSD_DROP_TLV, "tlv-refused", \
	    "TLV that forbids to go on (Type.x 1)") \
	X(MARSD_DROP_TLV_ERROR, "tlv-error", "TLV not understood (Type.x 2)") \
	X(MARSD_DROP_OP, "op-unexpected", \
	    "operation that a MARS does not take") \
	X(MARSD_DROP_SOURCE, "source", "source is not the calling party") \
	X(MARSD_DROP_RATE, "rate-client", "too many messages of this client") \
	X(MARSD_DROP_RATE_TOTAL, "rate-total", "too many messages in all") \
	X(MARSD_DROP_COPY, "copy", "mar$flags.copy is set") \
	X(MARSD_DROP_UNREGISTERED, "unregistered", "source is not registered") \
	X(MARSD_DROP_PAIRS, "pairs", "not exactly one <min,max> pair") \
	X(MARSD_DROP_RANGE, "range", "min exceeds max, or a wrong length") \
	X(MARSD_DROP_BOTH_ROLES, "both-roles", \
	    "client and MCS by one address") \
	X(MARSD_DROP_MEMBERS, "limit-members", "limit of members") \
	X(MARSD_DROP_JOINS, "limit-joins", "limit of joins of a member") \
	X(MARSD_DROP_GROUPS, "limit-groups", "limit of groups") \
	X(MARSD_DROP_SERVERS, "limit-servers", "limit of multicast servers") \
	X(MARSD_DROP_SERVE_RANGE, "limit-serve-range", \
	    "range to serve too large") \
	X(MARSD_DROP_CMI, "cmi-exhausted", "no cluster member id left") \
	X(MARSD_DROP_NOT_SERVING, "not-serving", \
	    "MCS asks for another's group") \
	X(MARSD_DROP_MEMORY, "memory", "no memory") \
	X(MARSD_DROP_TOO_BIG, "too-big", "answer does not fit a message")

enum marsd_drop {
	MARSD_DROP_NONE = 0,
#define X(sym, name, text) sym,
	MARSD_DROPS(X)
#undef X
	MARSD_DROP_MAX
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
	X(adopted, "adopted") \
	X(table_violations, "table-violations")

struct marsd_counts {
#define X(sym, name) uint64_t sym;
	MARSD_COUNTS(X)
#undef X
};

struct marsd_bucket {
	int64_t		 tokens;	/* millionths of a message */
	mtime_t		 last;
};

struct marsd_node;
struct marsd_peer;
struct marsd_proto;
struct marsd_reg;

/* What a circuit's cookie points to begins with this. */
enum marsd_cookie {
	MARSD_COOKIE_CIRCUIT,
	MARSD_COOKIE_CONTROL
};

/* Who has opened circuits to us: an address without its selector. */
struct marsd_caller {
	RB_ENTRY(marsd_caller) entry;
	TAILQ_ENTRY(marsd_caller) idle_entry;	/* while it has none */
	struct atm_addr	 addr;
	uint32_t	 circuits;
	mtime_t		 gone;		/* when the last one went */
	struct marsd_bucket	 bucket;
};
RB_HEAD(marsd_caller_tree, marsd_caller);
RB_PROTOTYPE(marsd_caller_tree, marsd_caller, entry, caller_cmp)

/* A point-to-point VC that a client opened to us. */
struct marsd_circuit {
	enum marsd_cookie	 cookie;
	struct marsd_cluster	*cluster;
	struct vc	*vc;
	struct marsd_caller	*caller;
	TAILQ_HEAD(, marsd_reg) regs;	/* whose last message came on it */
	LIST_ENTRY(marsd_circuit) entry;
};

/* ClusterControlVC or ServerControlVC of one protocol. */
struct marsd_control {
	enum marsd_cookie	 cookie;
	struct marsd_proto	*proto;
	enum marsd_role	 role;
	struct vc	*root;		/* or NULL */
	uint32_t	 msn;		/* CSN or SSN (6.1.4, 6.2.5) */
	uint32_t	 leaves;	/* connected now */
	uint32_t	 registered;
	uint32_t	 nregs;		/* the same and those on their way */
	TAILQ_HEAD(, marsd_reg) regs;
};

/*
 * The leaf of a registered node on its control VC.  NONE is before the
 * first call and after the last: the registration goes with it.  LEFT is a
 * node that cleared its leaf without a word: it may have moved, and then
 * another server's records are on their way (A-131, D9).
 */
#define MARSD_LEAF_STATES(X) \
	X(MARSD_LEAF_NONE, "none") \
	X(MARSD_LEAF_ADDING, "adding") \
	X(MARSD_LEAF_RETRY, "retry") \
	X(MARSD_LEAF_UP, "up") \
	X(MARSD_LEAF_LEFT, "left")
#define MARSD_LEAF_EVENTS(X) \
	/* a registration has arrived */ \
	X(MARSD_LEAF_EV_REGISTER, "register") \
	/* L_ACK */ \
	X(MARSD_LEAF_EV_ACK, "ack") \
	/* the call failed, for a cause that may pass (A-111) */ \
	X(MARSD_LEAF_EV_BUSY, "busy") \
	/* the call failed for good */ \
	X(MARSD_LEAF_EV_FAIL, "fail") \
	/* ERR_L_DROP, and the node is believed to have gone */ \
	X(MARSD_LEAF_EV_DROP, "drop") \
	/* ERR_L_DROP, but the node has registered while the leaf was up */ \
	X(MARSD_LEAF_EV_STALE, "stale") \
	/* ERR_L_DROP: the node cleared the leaf itself, and there is another \
	 * server to which it may have moved */ \
	X(MARSD_LEAF_EV_LEFT, "left") \
	/* the whole control VC has gone (A-110) */ \
	X(MARSD_LEAF_EV_ROOT, "root") \
	X(MARSD_LEAF_EV_TIMER, "timer")
#define MARSD_LEAF_ACTIONS(X) \
	/* L_MULTI_ADD */ \
	X(MARSD_LEAF_DO_ADD, "add") \
	/* wait for another try */ \
	X(MARSD_LEAF_DO_WAIT, "wait") \
	/* the node is registered now: answer */ \
	X(MARSD_LEAF_DO_UP, "up") \
	/* the node was registered already: answer */ \
	X(MARSD_LEAF_DO_ANSWER, "answer") \
	/* wait for what another server may say */ \
	X(MARSD_LEAF_DO_LINGER, "linger") \
	/* the node has gone (RFC 2022 section 6.1.2) */ \
	X(MARSD_LEAF_DO_LOST, "lost")

enum marsd_leaf_state {
	MARSD_LEAF_STATES(TABLE_SYM)
	MARSD_LEAF_STATE_MAX
};
enum marsd_leaf_event {
	MARSD_LEAF_EVENTS(TABLE_SYM)
	MARSD_LEAF_EVENT_MAX
};
enum marsd_leaf_action {
	TABLE_FIRST_ACTION(MARSD_LEAF),
	MARSD_LEAF_ACTIONS(TABLE_SYM)
	MARSD_LEAF_ACTION_MAX
};
extern const struct table marsd_leaf_table;

/*
 * Where a registered node is, for all that we know: the last
 * registration wins, whichever server it was at.
 *
 *	new		its leaf has not been up yet: not registered
 *	here		it is ours
 *	moving		another server (reg.moving) has it now; what we say of
 *			it stays until that server has said as much, or 5 s
 *	returning	it is back, and its leaf is not up yet: only then do
 *			the others hear of it
 *	contested	returning, and another server says that it is there
 */
#define MARSD_MOVE_STATES(X) \
	X(MARSD_MOVE_NEW, "new") \
	X(MARSD_MOVE_HERE, "here") \
	X(MARSD_MOVE_MOVING, "moving") \
	X(MARSD_MOVE_RETURNING, "returning") \
	X(MARSD_MOVE_CONTESTED, "contested")
#define MARSD_MOVE_EVENTS(X) \
	/* its leaf has come up, or is up when it registers once more */ \
	X(MARSD_MOVE_EV_LEAF_UP, "leaf-up") \
	/* it registers once more, on the circuit that it has */ \
	X(MARSD_MOVE_EV_REPEAT, "repeat") \
	/* it registers once more, on another circuit */ \
	X(MARSD_MOVE_EV_ANEW, "anew") \
	/* it registers once more, after it had cleared its leaf */ \
	X(MARSD_MOVE_EV_BACK, "back") \
	/* a fresh record says that it is at a server, and not the one that \
	 * it is known to move to */ \
	X(MARSD_MOVE_EV_ELSEWHERE, "elsewhere") \
	/* the server that it is moving to says so once more */ \
	X(MARSD_MOVE_EV_STILL, "still") \
	/* the server that it is moving to says now all that we say of it */ \
	X(MARSD_MOVE_EV_COVERED, "covered") \
	/* the server that it was moving to does not have it */ \
	X(MARSD_MOVE_EV_OFF, "off") \
	X(MARSD_MOVE_EV_TIMER, "timer")
#define MARSD_MOVE_ACTIONS(X) \
	/* it is registered: publish that, and adopt what others say */ \
	X(MARSD_MOVE_DO_REGISTER, "register") \
	/* the same of one that was registered before */ \
	X(MARSD_MOVE_DO_TELL, "tell") \
	/* it has to ask for its joins again, if it has not just come */ \
	X(MARSD_MOVE_DO_ANEW, "anew") \
	/* it was nowhere else: it has to ask for its joins again, in time */ \
	X(MARSD_MOVE_DO_RESTART, "restart") \
	/* it was elsewhere: give up what it left there, doubt the rest */ \
	X(MARSD_MOVE_DO_RETURN, "return") \
	/* count what the other server lacks, and wait for it */ \
	X(MARSD_MOVE_DO_MOVE, "move") \
	/* wait anew */ \
	X(MARSD_MOVE_DO_WAIT, "wait") \
	/* wait no longer: it has left nothing */ \
	X(MARSD_MOVE_DO_STAY, "stay") \
	/* take back all that we say of it; the registration goes */ \
	X(MARSD_MOVE_DO_GIVE_UP, "give-up")

enum marsd_move_state {
	MARSD_MOVE_STATES(TABLE_SYM)
	MARSD_MOVE_STATE_MAX
};
enum marsd_move_event {
	MARSD_MOVE_EVENTS(TABLE_SYM)
	MARSD_MOVE_EVENT_MAX
};
enum marsd_move_action {
	TABLE_FIRST_ACTION(MARSD_MOVE),
	MARSD_MOVE_ACTIONS(TABLE_SYM)
	MARSD_MOVE_ACTION_MAX
};
extern const struct table marsd_move_table;

/*
 * The joins of a registration that rest on another's word and not on its
 * own (D9): adopted from the server where it was, or doubted since it has
 * registered once more.  This goes on beside the machine above.
 *
 *	none		there are none
 *	kept		there may be some; they stay, as after a soft redirect
 *	timed		the node is joining everything again: what it does not
 *			ask for within 60 s of its last JOIN goes
 */
#define MARSD_ADOPT_STATES(X) \
	X(MARSD_ADOPT_NONE, "none") \
	X(MARSD_ADOPT_KEPT, "kept") \
	X(MARSD_ADOPT_TIMED, "timed")
#define MARSD_ADOPT_EVENTS(X) \
	/* one more join is adopted or doubted */ \
	X(MARSD_ADOPT_EV_TAKE, "take") \
	/* it is known that the node joins everything again */ \
	X(MARSD_ADOPT_EV_HURRY, "hurry") \
	/* a JOIN or MSERV */ \
	X(MARSD_ADOPT_EV_ASK, "ask") \
	/* a JOIN or MSERV of what was adopted, at most 120 s after it came */ \
	X(MARSD_ADOPT_EV_ASK_ADOPTED, "ask-adopted") \
	/* it has registered on another circuit */ \
	X(MARSD_ADOPT_EV_ANEW, "anew") \
	/* it has registered on another circuit, at most 120 s after it came */ \
	X(MARSD_ADOPT_EV_ANEW_SOON, "anew-soon") \
	/* it has moved on, or comes back from a move */ \
	X(MARSD_ADOPT_EV_MOVE, "move") \
	X(MARSD_ADOPT_EV_TIMER, "timer")
#define MARSD_ADOPT_ACTIONS(X) \
	/* the state is all that changes */ \
	X(MARSD_ADOPT_DO_NOTE, "note") \
	/* the 60 s begin, or begin again */ \
	X(MARSD_ADOPT_DO_START, "start") \
	X(MARSD_ADOPT_DO_STOP, "stop") \
	/* all of its joins, and the 60 s begin if there are any */ \
	X(MARSD_ADOPT_DO_DOUBT, "doubt") \
	/* what it has not asked for */ \
	X(MARSD_ADOPT_DO_WITHDRAW, "withdraw")

enum marsd_adopt_state {
	MARSD_ADOPT_STATES(TABLE_SYM)
	MARSD_ADOPT_STATE_MAX
};
enum marsd_adopt_event {
	MARSD_ADOPT_EVENTS(TABLE_SYM)
	MARSD_ADOPT_EVENT_MAX
};
enum marsd_adopt_action {
	TABLE_FIRST_ACTION(MARSD_ADOPT),
	MARSD_ADOPT_ACTIONS(TABLE_SYM)
	MARSD_ADOPT_ACTION_MAX
};
extern const struct table marsd_adopt_table;

/* A registration with us. */
struct marsd_reg {
	TAILQ_ENTRY(marsd_reg) control_entry;
	TAILQ_ENTRY(marsd_reg) circuit_entry;
	struct marsd_node	*node;
	struct marsd_control	*control;
	struct vc_leaf	*leaf;		/* or NULL */
	struct vc_sdu	*pending;	/* registration to be answered */
	struct marsd_circuit	*circuit; /* of its last message, or NULL */
	uint16_t	 cmi;
	mtime_t		 since;		/* when it came, last */

	uint8_t		 state;		/* enum marsd_leaf_state */
	uint8_t		 tries;
	struct timer	 timer;		/* of RETRY and LEFT */
	bool		 again;		/* it registered with the leaf up */
	mtime_t		 again_at;

	uint8_t		 place;		/* enum marsd_move_state */
	struct timer	 move;		/* of MOVING and CONTESTED */
	struct marsd_peer	*moving; /* to whom in these, else NULL */
	uint32_t	 uncovered;	/* own joins that it lacks yet */

	uint8_t		 adoption;	/* enum marsd_adopt_state */
	struct timer	 adopt;		/* of TIMED */
};

/* An endpoint in one role, ours or a peer's. */
struct marsd_node {
	RB_ENTRY(marsd_node)	 entry;
	struct marsd_proto	*proto;
	enum marsd_role	 role;
	struct atm_addr	 atm;
	struct paddr	 spa;		/* as last heard */
	struct marsd_reg	*reg;		/* registered here, or NULL */
	LIST_HEAD(, marsd_claim) claims;
	struct marsd_itree	 joins;
	uint32_t	 njoins;
	uint32_t	 mark;		/* last answer that listed it */
};
RB_HEAD(marsd_node_tree, marsd_node);
RB_PROTOTYPE(marsd_node_tree, marsd_node, entry, node_cmp)

RB_HEAD(marsd_join_tree, marsd_join);

struct marsd_range {
	/* in the map; first: see marsd_range_of() */
	struct marsd_itree_node link;
	struct marsd_span	 span;
	struct marsd_join_tree joins;		/* by ATM address */
	uint32_t	 live;		/* joins that count */
	uint32_t	 layer3;	/* of these, for layer 3 (5.3) */
};

struct marsd_join {
	/* in the node; first: see marsd_join_of() */
	struct marsd_itree_node link;
	RB_ENTRY(marsd_join)	 range_entry;
	struct marsd_node	*node;
	struct marsd_range	*range;
	LIST_HEAD(, marsd_entry) entries;
	bool		 live;
	bool		 layer3;
};
RB_PROTOTYPE(marsd_join_tree, marsd_join, range_entry, join_cmp)

/*
 * What one server says about one node.
 *
 *	plain		it is registered there, or has only joins there
 *	double		it is registered there as well as here, and nobody
 *			knows where it was last
 *	ended		the register record is a tombstone: nothing that the
 *			server says of the node counts
 */
#define MARSD_CLAIM_STATES(X) \
	X(MARSD_CLAIM_PLAIN, "plain") \
	X(MARSD_CLAIM_DOUBLE, "double") \
	X(MARSD_CLAIM_ENDED, "ended")
#define MARSD_CLAIM_EVENTS(X) \
	/* a Register record */ \
	X(MARSD_CLAIM_EV_REGISTER, "register") \
	/* which came by an alignment, of a node that is registered here */ \
	X(MARSD_CLAIM_EV_ALIGNED, "aligned") \
	/* a Deregister record */ \
	X(MARSD_CLAIM_EV_DEREGISTER, "deregister") \
	/* the register record is held no longer */ \
	X(MARSD_CLAIM_EV_FORGET, "forget")
#define MARSD_CLAIM_ACTIONS(X) \
	/* the state is all that changes */ \
	X(MARSD_CLAIM_DO_NOTE, "note") \
	/* what the server says of the node counts again: for the caller */ \
	X(MARSD_CLAIM_DO_REFRESH, "refresh")

enum marsd_claim_state {
	MARSD_CLAIM_STATES(TABLE_SYM)
	MARSD_CLAIM_STATE_MAX
};
enum marsd_claim_event {
	MARSD_CLAIM_EVENTS(TABLE_SYM)
	MARSD_CLAIM_EVENT_MAX
};
enum marsd_claim_action {
	TABLE_FIRST_ACTION(MARSD_CLAIM),
	MARSD_CLAIM_ACTIONS(TABLE_SYM)
	MARSD_CLAIM_ACTION_MAX
};
extern const struct table marsd_claim_table;

struct marsd_claim {
	LIST_ENTRY(marsd_claim) node_entry;
	struct marsd_node	*node;
	struct marsd_peer	*peer;
	struct marsd_entry	*reg;	/* its register record, or NULL */
	uint8_t		 state;		/* enum marsd_claim_state */
	uint16_t	 cmi;		/* known to be its, A-20, or 0 */
	uint32_t	 entries;	/* the register record included */
};

/*
 * What a record of a registration or of a join rests on.  A peer's record is
 * new, sure and at last ending; the others are states of our own records.
 *
 *	new		just made: does not count yet
 *	sure		its server says so; of ours: because the node does
 *	adopted		ours, on another server's word or on the node's word
 *			of before it registered once more (D9)
 *	left		sure, but the server that the node is moving to has
 *			taken it back: it goes when the move is over
 *	adopted-left	both
 *	old		ours from before a restart, of which neighbors told us,
 *			and nobody here has asked for it yet: does not count,
 *			and is withdrawn with others if nobody does
 *	ending		does not count any more; freed when everybody who has
 *			to hear of it has been told
 */
#define MARSD_ENTRY_STATES(X) \
	X(MARSD_ENTRY_NEW, "new") \
	X(MARSD_ENTRY_SURE, "sure") \
	X(MARSD_ENTRY_ADOPTED, "adopted") \
	X(MARSD_ENTRY_LEFT, "left") \
	X(MARSD_ENTRY_ADOPTED_LEFT, "adopted-left") \
	X(MARSD_ENTRY_OLD, "old") \
	X(MARSD_ENTRY_ENDING, "ending")
#define MARSD_ENTRY_EVENTS(X) \
	/* the node asks for it, or its server says so */ \
	X(MARSD_ENTRY_EV_SAY, "say") \
	X(MARSD_ENTRY_EV_ADOPT, "adopt") \
	/* a neighbor has it of us from before a restart */ \
	X(MARSD_ENTRY_EV_FOUND, "found") \
	/* the node has registered once more, and has to ask for it again */ \
	X(MARSD_ENTRY_EV_DOUBT, "doubt") \
	/* the server that the node is moving to has taken it back */ \
	X(MARSD_ENTRY_EV_LEAVE, "leave") \
	/* the node is not at that server after all */ \
	X(MARSD_ENTRY_EV_STAY, "stay") \
	X(MARSD_ENTRY_EV_END, "end")
#define MARSD_ENTRY_ACTIONS(X) \
	/* the state is all that changes */ \
	X(MARSD_ENTRY_DO_NOTE, "note") \
	/* one more of our clients' joins, if it is one */ \
	X(MARSD_ENTRY_DO_COUNT, "count") \
	/* and one less */ \
	X(MARSD_ENTRY_DO_UNCOUNT, "uncount")

enum marsd_entry_state {
	MARSD_ENTRY_STATES(TABLE_SYM)
	MARSD_ENTRY_STATE_MAX
};
enum marsd_entry_event {
	MARSD_ENTRY_EVENTS(TABLE_SYM)
	MARSD_ENTRY_EVENT_MAX
};
enum marsd_entry_action {
	TABLE_FIRST_ACTION(MARSD_ENTRY),
	MARSD_ENTRY_ACTIONS(TABLE_SYM)
	MARSD_ENTRY_ACTION_MAX
};
extern const struct table marsd_entry_table;

/* One record: (OID, key) is its identity (D1). */
struct marsd_entry {
	RB_ENTRY(marsd_entry)	 key_entry;
	LIST_ENTRY(marsd_entry) marsd_join_entry;
	struct marsd_peer	*peer;
	struct marsd_claim	*claim;		/* NULL: a Redirect Entry */
	struct marsd_join	*join;		/* NULL: a register record */
	uint32_t	 key;
	int32_t		 seq;		/* of a peer's */
	uint16_t	 cmi;
	bool		 layer3;
	uint8_t		 state;		/* enum marsd_entry_state */
};
RB_HEAD(marsd_entry_tree, marsd_entry);
RB_PROTOTYPE(marsd_entry_tree, marsd_entry, key_entry, entry_cmp)

/* A server of the group, for one cluster. */
struct marsd_owner {
	RB_ENTRY(marsd_owner)	 entry;
	struct marsd_cluster	*cluster;
	uint8_t		 oid[4];
	struct marsd_entry_tree keys;
};
RB_HEAD(marsd_owner_tree, marsd_owner);
RB_PROTOTYPE(marsd_owner_tree, marsd_owner, entry, owner_cmp)

/*
 * Liveness of a server, by (OID, mar$pro).  UNHEARD
 * has sent records but no Redirect Entry yet.
 */
#define MARSD_PEER_STATES(X) \
	X(MARSD_PEER_SELF, "self") \
	X(MARSD_PEER_UNHEARD, "unheard") \
	X(MARSD_PEER_ALIVE, "alive") \
	X(MARSD_PEER_HIDDEN, "hidden") \
	X(MARSD_PEER_ERASED, "erased")
#define MARSD_PEER_EVENTS(X) \
	/* a newer Redirect Entry */ \
	X(MARSD_PEER_EV_REDIRECT, "redirect") \
	/* any other record */ \
	X(MARSD_PEER_EV_RECORD, "record") \
	/* the timer */ \
	X(MARSD_PEER_EV_SILENT, "silent")
#define MARSD_PEER_ACTIONS(X) \
	/* the timer of its death */ \
	X(MARSD_PEER_DO_START, "start") \
	X(MARSD_PEER_DO_HIDE, "hide") \
	X(MARSD_PEER_DO_REVIVE, "revive") \
	X(MARSD_PEER_DO_ERASE, "erase") \
	/* until it is erased, together with those before it */ \
	X(MARSD_PEER_DO_HOLD, "hold") \
	/* what was erased has to come again */ \
	X(MARSD_PEER_DO_REALIGN, "realign")

enum marsd_peer_state {
	MARSD_PEER_STATES(TABLE_SYM)
	MARSD_PEER_STATE_MAX
};
enum marsd_peer_event {
	MARSD_PEER_EVENTS(TABLE_SYM)
	MARSD_PEER_EVENT_MAX
};
enum marsd_peer_action {
	TABLE_FIRST_ACTION(MARSD_PEER),
	MARSD_PEER_ACTIONS(TABLE_SYM)
	MARSD_PEER_ACTION_MAX
};
extern const struct table marsd_peer_table;

struct marsd_peer {
	RB_ENTRY(marsd_peer)	 entry;	/* in the protocol, by OID ascending */
	struct marsd_owner	*owner;
	struct marsd_proto	*proto;
	uint8_t		 state;		/* enum marsd_peer_state */
	struct timer	 timer;
	mtime_t		 heard;		/* its last Redirect Entry */
	struct atm_addr	 addr;		/* null: no Redirect Entry yet */
	int32_t		 seq;		/* of the last one that counted */
	bool		 heard_once;
	uint64_t	 records;
};
RB_HEAD(marsd_peer_tree, marsd_peer);
RB_PROTOTYPE(marsd_peer_tree, marsd_peer, entry, peer_cmp)

#define CMI_BAD_SIZE	8192		/* octets, a bit for each CMI */

/* Cluster member ids of one protocol (5.2.3, A-21). */
struct marsd_cmi_pool {
	uint16_t	 min, max;
	uint16_t	*queue;		/* a ring: the longest unused first */
	uint32_t	 size, head, count;
	uint32_t	 used;
	uint8_t		*bad;		/* a bit each: given out by others */
};

struct marsd_proto {
	TAILQ_ENTRY(marsd_proto) entry;
	struct marsd_cluster	*cluster;
	struct mars_pro	 pro;
	uint8_t		 addrlen;	/* of a group, 0: not known yet */
	bool		 configured;
	struct marsd_node_tree nodes[MARSD_ROLES];
	struct marsd_itree	 map[MARSD_ROLES]; /* host map, server map */
	uint32_t	 ranges[MARSD_ROLES];
	uint64_t	 joins;		/* of our own clients */
	struct marsd_control	 control[MARSD_ROLES];
	struct marsd_peer_tree peers;
	struct marsd_peer	*self;
	struct marsd_cmi_pool	 cmi;
	struct marsd_node	**by_cmi;	/* 65536: whom we gave it */
	/* 65536: whom another server did */
	struct marsd_claim	**heard_cmi;
	uint32_t	 mark;
	struct timer	 redirect;
	struct timer	 sweep[MARSD_ROLES]; /* own records of before, A-10 */
};

struct marsd_cluster {
	TAILQ_ENTRY(marsd_cluster) entry;
	struct marsd	*mars;
	char		 name[NAME_SIZE];
	const struct conf_cluster *conf;
	struct vc_link	*link;
	bool		 configured;
	TAILQ_HEAD(, marsd_proto) protos;
	struct marsd_owner_tree owners;
	LIST_HEAD(, marsd_circuit) circuits;
	struct marsd_caller_tree callers;
	TAILQ_HEAD(, marsd_caller) idle;	/* callers, the longest first */
	struct marsd_bucket	 bucket;
	struct marsd_counts	 counts;
	struct table_faults	 faults;
	uint64_t	 drops[MARSD_DROP_MAX];
	uint64_t	 bad[MARS_DROP_MAX];
};

struct marsd {
	const struct marsd_ops *ops;
	void		*arg;
	struct timers	*ts;
	const struct conf *conf;
	mtime_t		 started;
	uint8_t		 oid[4];
	bool		 stopping;
	TAILQ_HEAD(, marsd_cluster) clusters;
};

/* An incoming message on its way through the handlers. */
struct marsd_incoming {
	struct marsd_proto	*proto;
	struct marsd_circuit	*circuit;
	struct mars_msg	 msg;
	const uint8_t	*octets;	/* as received, without LLC/SNAP */
	size_t		 len;
};

/* cluster.c */
uint32_t	 marsd_random(struct marsd *);
struct timers	*marsd_proto_timers(const struct marsd_proto *);
void		 marsd_cluster_event(struct marsd_cluster *,
		    enum marsd_event_code,
		    const struct marsd_event *);
enum marsd_drop	 marsd_cluster_refused(struct marsd_proto *, enum marsd_drop,
		    const struct atm_addr *);
const char	*marsd_drop_name(enum marsd_drop);
uint32_t	 marsd_random(struct marsd *);

/* send.c */
void	marsd_send_private(struct marsd_circuit *, struct marsd_proto *,
	    enum marsd_role,
	    struct mars_msg *);
void	marsd_send_raw(struct marsd_circuit *, const void *, size_t);
void	marsd_send_control(struct marsd_control *, struct mars_msg *);
void	marsd_send_echo(struct marsd_incoming *, enum marsd_role);
void	marsd_send_spans(struct marsd_control *, struct mars_msg *,
	    const struct marsd_spans *,
	    bool);
void	marsd_send_parts(struct marsd_control *, struct marsd_circuit *,
	    struct mars_msg *,
	    const struct atm_addr *const *, size_t);
uint32_t marsd_msn_now(const struct marsd_proto *, enum marsd_role);
void	marsd_own_message(struct marsd_proto *, struct mars_msg *, uint8_t op);

/* limit.c: rate 0 is no limit */
void	marsd_bucket_init(struct marsd_bucket *, mtime_t, uint32_t);
bool	marsd_bucket_take(struct marsd_bucket *, mtime_t, uint32_t);

/* caller.c */
struct marsd_caller	*marsd_caller_get(struct marsd_cluster *,
		    const struct atm_addr *);
void		 marsd_caller_put(struct marsd_cluster *,
		    struct marsd_caller *);
void		 marsd_callers_free(struct marsd_cluster *);

/* cmi.c */
int	 marsd_cmi_init(struct marsd_cmi_pool *, uint16_t, uint16_t);
void	 marsd_cmi_free_pool(struct marsd_cmi_pool *);
uint16_t marsd_cmi_get(struct marsd_cmi_pool *);	/* 0: none left */
void	 marsd_cmi_put(struct marsd_cmi_pool *, uint16_t);
bool	 marsd_cmi_ours(const struct marsd_cmi_pool *, uint16_t);
void	 marsd_cmi_taken(struct marsd_cmi_pool *, uint16_t);

/* group.c: the database */
struct marsd_join	*marsd_join_of(struct marsd_itree_node *);
struct marsd_range	*marsd_range_of(struct marsd_itree_node *);
struct marsd_node	*marsd_node_find(struct marsd_proto *, enum marsd_role,
		    const struct atm_addr *);
struct marsd_node	*marsd_node_get(struct marsd_proto *, enum marsd_role,
		    const struct atm_addr *);
/* if nothing is left */
void		 marsd_node_release(struct marsd_node *);
struct marsd_owner	*marsd_owner_get(struct marsd_cluster *,
		    const uint8_t[4]);
struct marsd_owner	*marsd_owner_find(struct marsd_cluster *,
		    const uint8_t[4]);
struct marsd_peer	*marsd_peer_get(struct marsd_proto *, const uint8_t[4]);
struct marsd_peer	*marsd_peer_find(struct marsd_proto *,
		    struct marsd_owner *);
struct marsd_claim	*marsd_claim_find(struct marsd_node *,
		    const struct marsd_peer *);
bool		 marsd_claim_cmi(struct marsd_claim *, uint16_t);
struct marsd_entry	*marsd_entry_find(struct marsd_owner *, uint32_t);
struct marsd_entry	*marsd_entry_redirect(struct marsd_peer *, uint32_t);
struct marsd_entry	*marsd_entry_register(struct marsd_peer *,
		    struct marsd_node *, uint32_t);
struct marsd_entry	*marsd_entry_join(struct marsd_peer *,
		    struct marsd_node *, const struct marsd_span *,
		    uint32_t);
void		 marsd_entry_free(struct marsd_entry *);
struct marsd_join	*marsd_join_find(struct marsd_node *,
		    const struct marsd_span *);
struct marsd_entry	*marsd_join_entry(struct marsd_join *,
		    const struct marsd_peer *);
bool		 marsd_entry_counts(const struct marsd_entry *);
/* is it ours and in effect, by the node's own word or another's? */
bool		 marsd_entry_stands(const struct marsd_entry *);
bool		 marsd_entry_is_adopted(const struct marsd_entry *);
void		 marsd_entry_step(struct marsd_entry *, enum marsd_entry_event);
uint8_t		 marsd_claim_step(struct marsd_claim *, enum marsd_claim_event);
/* is the node registered with this server? */
bool		 marsd_node_is_here(const struct marsd_node *);
bool		 marsd_node_registered(const struct marsd_node *,
		    const struct marsd_peer *);

enum marsd_change {
	MARSD_CHANGE_NONE,
	MARSD_CHANGE_UP,		/* became effective */
	MARSD_CHANGE_DOWN
};
enum marsd_change	 marsd_join_refresh(struct marsd_join *);
bool		 marsd_join_is_idle(const struct marsd_join *);
/* what node is no member of, by other joins than this range's */
void		 marsd_node_uncovered(struct marsd_node *,
		    const struct marsd_span *,
		    struct marsd_spans *);
bool		 marsd_node_covers(struct marsd_node *, const struct paddr *);
bool		 marsd_map_serves(struct marsd_proto *,
		    const struct marsd_span *, bool local);
void		 marsd_spans_unserved(struct marsd_proto *,
		    const struct marsd_spans *,
		    struct marsd_spans *);
/* members of a group, each once; *list to be freed; -1: no memory */
int		 marsd_group_members(struct marsd_proto *, enum marsd_role,
		    const struct paddr *,
		    const struct atm_addr ***list, size_t *n);
bool		 marsd_group_has(struct marsd_proto *, enum marsd_role,
		    const struct paddr *);

/* member.c */
enum marsd_drop	 marsd_member_register(struct marsd_incoming *,
		    enum marsd_role);
enum marsd_drop	 marsd_member_deregister(struct marsd_incoming *,
		    enum marsd_role);
void		 marsd_leaf_step(struct marsd_reg *, enum marsd_leaf_event);
void		 marsd_leaf_dropped(struct marsd_reg *, uint16_t cause);
void		 marsd_member_gone(struct marsd_reg *);
void		 marsd_member_free(struct marsd_reg *);
struct marsd_reg	*marsd_member_source(struct marsd_incoming *,
		    enum marsd_role);
void		 marsd_control_rebuild(struct marsd_control *);

/* join.c */
enum marsd_drop	 marsd_join_message(struct marsd_incoming *);
enum marsd_drop	 marsd_leave_message(struct marsd_incoming *);
bool		 marsd_incoming_span(struct marsd_incoming *,
		    struct marsd_span *);
/* a node came into a range, or left it; in: by this message, or NULL */
void		 marsd_join_announce(struct marsd_node *, bool joined,
		    const struct marsd_span *,
		    bool layer3, struct marsd_incoming *in);

/* mcs.c */
enum marsd_drop	 marsd_mserv_message(struct marsd_incoming *);
enum marsd_drop	 marsd_unserv_message(struct marsd_incoming *);
/* by: whose word this is */
void		 marsd_serve_announce(struct marsd_node *, bool served,
		    const struct marsd_span *,
		    const struct marsd_peer *by, struct marsd_incoming *in);
void		 marsd_mcs_leave(struct marsd_node *,
		    const struct marsd_spans *);

/* request.c */
enum marsd_drop	 marsd_request_message(struct marsd_incoming *);
enum marsd_drop	 marsd_grouplist_message(struct marsd_incoming *);

/* redirect.c */
void		 marsd_redirect_start(struct marsd_proto *);
void		 marsd_redirect_stop(struct marsd_proto *);
bool		 marsd_redirect_can_be_soft(struct marsd_proto *,
		    const struct atm_addr *);
/* to: put first, or NULL; reg: to this one alone, or NULL */
void		 marsd_redirect_send(struct marsd_proto *, bool hard,
		    const struct atm_addr *to, struct marsd_reg *);

/* own.c: what we publish */
uint32_t	 marsd_own_key(struct marsd_peer *, struct marsd_node *,
		    const struct marsd_span *);
uint32_t	 marsd_redirect_key(const struct mars_pro *);
void		 marsd_publish_entry(const struct marsd_entry *,
		    bool withdrawn);
void		 marsd_publish_register(struct marsd_reg *);
void		 marsd_publish_redirect(struct marsd_proto *);
void		 marsd_withdraw_all(struct marsd_node *);
void		 marsd_gone_announce(struct marsd_node *,
		    const struct marsd_peer *,
		    const struct marsd_spans *);
/* the first join that we say a node has, or the next behind at */
struct marsd_entry	*marsd_own_next(struct marsd_node *,
		    const struct marsd_span *at);
/* each of them, which may be taken away; at: a span of the caller's */
#define MARSD_OWN_FOREACH(e, at, n) \
	for ((e) = marsd_own_next((n), NULL); \
	    (e) != NULL && ((at) = (e)->join->range->span, true); \
	    (e) = marsd_own_next((n), &(at)))
void		 marsd_own_sweep_clients(void *);
void		 marsd_own_sweep_mcs(void *);

/* move.c: nodes that change their server */
void		 marsd_move_step(struct marsd_reg *, enum marsd_move_event);
void		 marsd_move_timer(void *);
void		 marsd_move_elsewhere(struct marsd_reg *, struct marsd_peer *);
void		 marsd_move_joined(struct marsd_reg *,
		    const struct marsd_peer *, struct marsd_join *);
void		 marsd_move_left(struct marsd_reg *, const struct marsd_peer *,
		    struct marsd_join *);
void		 marsd_move_off(struct marsd_reg *, const struct marsd_peer *);

/* adopt.c: joins on another's word */
void		 marsd_adopt_step(struct marsd_reg *, enum marsd_adopt_event);
void		 marsd_adopt_timer(void *);
void		 marsd_adopt_all(struct marsd_reg *);
void		 marsd_adopt_late(struct marsd_reg *, const struct marsd_peer *,
		    struct marsd_join *);
void		 marsd_adopt_all_late(struct marsd_reg *);
void		 marsd_adopt_anew(struct marsd_reg *);
void		 marsd_adopt_doubt(struct marsd_reg *);
void		 marsd_adopt_asked(struct marsd_reg *,
		    const struct marsd_entry *);

/* peer.c: what others publish */
void		 marsd_peer_step(struct marsd_peer *, enum marsd_peer_event);
void		 marsd_entry_retract(struct marsd_entry *);
/* takes back one of our joins that stands */
void		 marsd_entry_withdraw(struct marsd_entry *);
void		 marsd_peers_free(struct marsd_proto *);

#endif
