/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the modules of the client share; its users see client.h. */
#ifndef MARSC_CLIENT_IMPL_H
#define MARSC_CLIENT_IMPL_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "client.h"
#include "parts.h"
#include "sequence.h"

/* Every cookie that we give to a circuit points at one of these. */
enum end_kind {
	END_MARS,		/* struct marsvc */
	END_IN,			/* struct incoming */
	END_PATH,		/* struct path: the root of its circuit */
	END_LEAF		/* struct leaf of a path */
};
struct end {
	enum end_kind	 kind;
	struct client	*client;
};

/* --- marsvc.c: the point-to-point circuit to a MARS (section 5) */
struct held {
	STAILQ_ENTRY(held) entry;
	struct sdu	*sdu;
};
STAILQ_HEAD(held_list, held);

struct marsvc {
	struct end	 end;
	struct atm_addr	 addr;
	struct vc	*vc;		/* NULL: the next message opens it */
	bool		 up;
	struct held_list held;		/* until it is up */
	struct timer	 idle;
};

void	marsvc_init(struct marsvc *, struct client *);
void	marsvc_aim(struct marsvc *, const struct atm_addr *);
void	marsvc_close(struct marsvc *);
void	marsvc_send(struct marsvc *, const struct mars_msg *);
void	marsvc_up(struct marsvc *);
void	marsvc_lost(struct marsvc *);

/* --- servers.c: the table of MARSs (5.4) */
struct servers {
	struct atm_addr	*v;		/* learned ones first, no doubles */
	size_t		 n, at;		/* at: the current MARS */
	struct atm_addr	*configured;
	size_t		 nconfigured;
};

int	servers_init(struct servers *, const struct atm_addr *, size_t);
void	servers_free(struct servers *);
/* 5.4.3: the map's entries on top, current kept in use.  -1: no memory */
int	servers_learn(struct servers *, const struct atm_addr *, size_t);
void	servers_use(struct servers *, const struct atm_addr *);
bool	servers_have(const struct servers *, const struct atm_addr *);
void	servers_next(struct servers *);
const struct atm_addr *servers_current(const struct servers *);

/* --- register.c: membership of the cluster (5.2.3, 5.4) */
#define REG_STATES(X) \
	X(REG_OFF, "off") \
	X(REG_ASKING, "asking")		/* registration is out */ \
	X(REG_ON, "registered") \
	X(REG_MOVING, "moving")		/* registered; soft redirect is out */ \
	X(REG_PAUSE, "pause")		/* 1 to 10 s before another attempt */ \
	X(REG_LOOP, "loop")		/* 1 minute, no MARS answers */ \
	X(REG_LEAVING, "leaving")	/* deregistration is out */

#define REG_EVENTS(X) \
	X(REG_EV_START, "start") \
	X(REG_EV_STOP, "stop") \
	X(REG_EV_COPY, "copy")		/* registration, current MARS */ \
	X(REG_EV_COPY_NEXT, "copy-next") /* from the redirect's target */ \
	X(REG_EV_GONE, "gone")		/* copy of our deregistration */ \
	X(REG_EV_TIMER, "timer")	/* it is time to transmit (again) */ \
	X(REG_EV_FAIL_ALONE, "fail-alone") /* and there is no backup */ \
	X(REG_EV_FAIL_FIRST, "fail-first") /* and there is one */ \
	X(REG_EV_FAIL_AGAIN, "fail-again") /* nor did the backup answer */ \
	X(REG_EV_FAIL_NEXT, "fail-next") /* the redirect's target did not */ \
	X(REG_EV_PROBLEM, "problem")	/* with the MARS that we use */ \
	X(REG_EV_HARD, "hard")		/* hard redirect, table installed */ \
	X(REG_EV_SOFT, "soft")		/* soft redirect, table installed */

enum reg_state {
#define X(sym, name) sym,
	REG_STATES(X)
#undef X
	REG_STATE_MAX
};
enum reg_event {
#define X(sym, name) sym,
	REG_EVENTS(X)
#undef X
	REG_EVENT_MAX
};

/* The actions of every table: NULL is a forgotten cell. */
struct reg_cell {
	enum reg_state	 next;
	void		(*action)(struct client *);
};
extern const struct reg_cell reg_table[REG_STATE_MAX][REG_EVENT_MAX];
void	reg_ignore(struct client *);
void	reg_violation(struct client *);

struct registration {
	enum reg_state	 state;
	struct timer	 timer;
	struct timer	 map;		/* silence of MARS_REDIRECT_MAP */
	uint32_t	 sent;		/* transmissions of what is out */
	uint32_t	 failures;	/* attempts since the last success */
	bool		 again;		/* was a member before */
	bool		 soft;		/* came by a soft redirect */
	uint8_t		 sequence;	/* mar$flags.sequence of what is out */
	uint16_t	 cmi;
	const char	*why;		/* of the problem, for the owner */
};

void	reg_init(struct client *);
void	reg_event(struct client *, enum reg_event);
void	reg_problem(struct client *, const char *why);
void	reg_call_failed(struct client *, struct marsvc *);
/* is this the copy of our (de)registration?  Then it is dealt with. */
bool	reg_copy(struct client *, const struct mars_msg *, bool current);
void	reg_map(struct client *, bool hard, const struct atm_addr *, size_t);
bool	reg_is_on(const struct client *);

/* --- join.c: what we joined, or serve (5.2.2) */
#define JOIN_STATES(X) \
	X(JOIN_OUT, "out")		/* to be forgotten */ \
	X(JOIN_WANTED, "wanted")	/* when we are registered */ \
	X(JOIN_LAPSED, "lapsed")	/* the same, and a MARS may know it */ \
	X(JOIN_DELAY, "delay")		/* random time before joining again */ \
	X(JOIN_JOINING, "joining")	/* JOIN is out */ \
	X(JOIN_IN, "in") \
	X(JOIN_LEAVING, "leaving")	/* LEAVE is out */ \
	X(JOIN_OWED, "owed")		/* a LEAVE, when we are registered */

#define JOIN_EVENTS(X) \
	X(JOIN_EV_JOIN, "join") \
	X(JOIN_EV_LEAVE, "leave") \
	X(JOIN_EV_COPY, "copy")		/* of what is out */ \
	X(JOIN_EV_TIMER, "timer") \
	X(JOIN_EV_LIMIT, "limit")	/* retransmitted often enough */ \
	X(JOIN_EV_LOST, "lost")		/* no longer registered */ \
	X(JOIN_EV_READY, "ready")	/* registered */ \
	X(JOIN_EV_AGAIN, "again")	/* registered again (5.4.1) */

enum join_state {
#define X(sym, name) sym,
	JOIN_STATES(X)
#undef X
	JOIN_STATE_MAX
};
enum join_event {
#define X(sym, name) sym,
	JOIN_EVENTS(X)
#undef X
	JOIN_EVENT_MAX
};

struct joined {
	RB_ENTRY(joined) entry;
	struct client	*client;
	struct paddr	 min, max;
	bool		 layer3;
	enum join_state	 state;
	struct timer	 timer;
	uint32_t	 sent;
	uint8_t		 sequence;
};
RB_HEAD(joined_tree, joined);

struct join_cell {
	enum join_state	 next;
	void		(*action)(struct joined *);
};
extern const struct join_cell join_table[JOIN_STATE_MAX][JOIN_EVENT_MAX];
void	join_ignore(struct joined *);
void	join_violation(struct joined *);
void	join_all(struct client *, enum join_event);
bool	join_pending(struct client *);
void	join_again(struct client *);
bool	join_copy(struct client *, const struct mars_msg *);
void	join_free(struct client *);

/* --- request.c: a question and its answer in parts (5.1.1, 5.3) */
#define QUERY_STATES(X) \
	X(QUERY_IDLE, "idle") \
	X(QUERY_ASKING, "asking")	/* sent; parts may have come */ \
	X(QUERY_QUIET, "quiet")		/* 5 to 10 s after an empty answer */ \
	X(QUERY_LATER, "later")		/* asked while it was quiet */

#define QUERY_EVENTS(X) \
	X(QUERY_EV_ASK, "ask") \
	X(QUERY_EV_PART, "part")	/* wait for the next */ \
	X(QUERY_EV_ANSWER, "answer")	/* complete */ \
	X(QUERY_EV_EMPTY, "empty")	/* NAK, or nobody but us */ \
	X(QUERY_EV_BROKEN, "broken")	/* ask again at once */ \
	X(QUERY_EV_TIMER, "timer") \
	X(QUERY_EV_WAIT, "wait")	/* due, but we are not registered */ \
	X(QUERY_EV_LIMIT, "limit")	/* asked often enough */

enum query_state {
#define X(sym, name) sym,
	QUERY_STATES(X)
#undef X
	QUERY_STATE_MAX
};
enum query_event {
#define X(sym, name) sym,
	QUERY_EVENTS(X)
#undef X
	QUERY_EVENT_MAX
};

struct query {
	RB_ENTRY(query)	 entry;		/* by group, where it is about one */
	struct client	*client;
	bool		 list;		/* MARS_GROUPLIST_REQUEST */
	bool		 told;		/* the owner asked, not (only) a path */
	struct paddr	 min, max;
	enum query_state state;
	struct timer	 timer;
	uint32_t	 sent;
	struct parts	 parts;
};
RB_HEAD(query_tree, query);

struct query_cell {
	enum query_state next;
	void		(*action)(struct query *);
};
extern const struct query_cell
    query_table[QUERY_STATE_MAX][QUERY_EVENT_MAX];
void	query_ignore(struct query *);
void	query_violation(struct query *);
void	query_init(struct query *, struct client *, bool list);
void	query_event(struct query *, enum query_event);
/* told: by the owner.  -1: no memory */
int	query_group(struct client *, const struct paddr *, bool told);
void	query_multi(struct client *, const struct mars_msg *);
void	query_nak(struct client *, const struct mars_msg *);
/* one part: complete (true) when it was the last of a good answer */
bool	query_part(struct query *, const struct mars_msg *);
bool	query_quiet(struct client *, const struct paddr *);
/* what was asked while nobody could answer */
void	query_kick(struct client *);
void	query_free(struct client *);

/* --- grouplist.c */
void	grouplist_send(struct query *);
void	grouplist_reply(struct client *, const struct mars_msg *);

/* --- path.c: outgoing circuits (5.1.3 to 5.1.6) */
#define PATH_STATES(X) \
	X(PATH_NONE, "none") \
	X(PATH_ASKING, "asking")	/* MARS_REQUEST is out */ \
	X(PATH_CALLING, "calling")	/* L_MULTI_RQ is out */ \
	X(PATH_UP, "up") \
	X(PATH_REVALIDATING, "revalidating") /* up, MARS_REQUEST is out */

#define PATH_EVENTS(X) \
	X(PATH_EV_PACKET, "packet") \
	X(PATH_EV_PACKET_STALE, "packet-stale")	/* VC_revalidate is set */ \
	X(PATH_EV_SET, "set")		/* MARS_MULTI is complete */ \
	X(PATH_EV_EMPTY, "empty")	/* nobody but us */ \
	X(PATH_EV_FAILED, "failed")	/* no answer */ \
	X(PATH_EV_LEAF_UP, "leaf-up") \
	X(PATH_EV_NEXT, "next")		/* a leaf failed, others are left */ \
	X(PATH_EV_LAST, "last")		/* the last leaf is gone */ \
	X(PATH_EV_RELEASED, "released")	/* ERR_L_RELEASE */ \
	X(PATH_EV_IDLE, "idle")		/* inactivity timer */ \
	X(PATH_EV_MIGRATE, "migrate")

enum path_state {
#define X(sym, name) sym,
	PATH_STATES(X)
#undef X
	PATH_STATE_MAX
};
enum path_event {
#define X(sym, name) sym,
	PATH_EVENTS(X)
#undef X
	PATH_EVENT_MAX
};

struct path;

enum leaf_state {
	LEAF_NEW,		/* not called yet */
	LEAF_CALLED,
	LEAF_UP,
	LEAF_TAGGED		/* temporary failure, called again later */
};
struct leaf {
	struct end	 end;
	RB_ENTRY(leaf)	 entry;
	struct path	*path;
	struct atm_addr	 addr;
	enum leaf_state	 state;
	struct vc_leaf	*vcleaf;
	struct timer	 timer;
	int64_t		 delay;		/* of the last wait; doubles */
	bool		 seen;		/* while comparing with a new set */
	bool		 again;		/* has joined since it was called */
};
RB_HEAD(leaf_tree, leaf);

struct path {
	struct end	 end;
	RB_ENTRY(path)	 entry;
	struct paddr	 group;
	enum path_state	 state;
	struct vc	*vc;
	struct leaf_tree leaves;
	struct held_list held;		/* packets until it is up */
	uint32_t	 nheld;
	uint32_t	 depth;		/* of path_event(): not freed inside */
	struct sdu	*packet;	/* the one that is being sent */
	bool		 revalidate;	/* VC_revalidate, 5.1.5 */
	struct timer	 stale;		/* sets it */
	int64_t		 doubt;		/* its last wait after a failed call */
	struct timer	 idle;
	const struct atm_addr *set;	/* answer or migration in hand */
	size_t		 nset;
	const char	*why;		/* it goes down */
};
RB_HEAD(path_tree, path);

struct path_cell {
	enum path_state	 next;
	void		(*action)(struct path *);
};
extern const struct path_cell path_table[PATH_STATE_MAX][PATH_EVENT_MAX];
void	path_ignore(struct path *);
void	path_violation(struct path *);
struct path *path_find(struct client *, const struct paddr *);
void	path_event(struct path *, enum path_event);
/* takes the reference; opens the path where there is none */
enum client_error path_send(struct client *, const struct paddr *,
	    struct sdu *);
void	path_answer(struct client *, const struct paddr *,
	    const struct atm_addr *, size_t);
void	path_failed(struct client *, const struct paddr *);
/* a JOIN or LEAVE of addr for every path in min..max */
void	path_update(struct client *, bool join, const struct atm_addr *,
	    const struct paddr *min, const struct paddr *max);
void	path_migrate(struct client *, const struct mars_msg *);
/* VC_revalidate of every open path, each at its own time (5.1.5) */
void	path_stale_all(struct client *);
void	path_leaf_up(struct leaf *);
void	path_leaf_failed(struct leaf *, uint16_t);
void	path_leaf_drop(struct leaf *);
void	path_free(struct client *);

/* --- mcs.c: what a multicast server does otherwise (section 7) */
struct role {
	uint8_t	join, leave;		/* what we send */
	uint8_t	heard_join, heard_leave;	/* what moves our leaves */
	bool	test_sequence;		/* flags.sequence in copies */
};
extern const struct role role_member, role_server;
/* data that came in goes out on the path of its group */
void	mcs_forward(struct client *, const uint8_t *, size_t);

/* --- client.c */
struct incoming {
	struct end	 end;
	LIST_ENTRY(incoming) entry;
	struct vc	*vc;
	struct atm_addr	 caller;
	bool		 control;	/* Cluster- or ServerControlVC */
};
LIST_HEAD(incoming_list, incoming);

struct client {
	const struct client_ops	*ops;
	void			*arg;
	struct timers		*ts;
	struct client_timers	 t;
	struct vc_link		*link;
	struct mars_pro		 pro;
	struct paddr		 spa;
	const struct role	*role;
	struct servers		 servers;
	struct marsvc		 vcs[2];
	struct marsvc		*mars;		/* to the current MARS */
	struct marsvc		*next;		/* soft redirect's target */
	struct incoming_list	 in;
	struct registration	 reg;
	struct hsn		 hsn;
	uint8_t			 sequence;	/* last mar$flags.sequence */
	struct joined_tree	 singles, blocks;
	struct query_tree	 queries;
	struct query		 list;		/* the one for GROUPLIST */
	struct path_tree	 paths;
	struct parts		 map;
	struct timer		 map_part;
	uint8_t			 map_redirf;
	uint64_t		 drops[CLIENT_DROP_MAX];
};

void	client_notify(struct client *, enum client_notice_code,
	    const struct client_notice *);
void	client_no_memory(struct client *, const char *);
/* min to max, both included */
int64_t	client_delay(struct client *, int64_t, int64_t);
uint8_t	client_next_sequence(struct client *);
/* source, protocol and zero for the rest */
void	client_msg(const struct client *, struct mars_msg *, uint8_t op);
/* to the current MARS, if we are registered with it */
void	client_send(struct client *, const struct mars_msg *);
/* releases incoming circuits of a MARS that is no longer ours */
void	client_drop_incoming(struct client *, const struct atm_addr *);
bool	client_is_self(const struct client *, const struct atm_addr *);
void	client_forget_map(struct client *);

RB_PROTOTYPE(joined_tree, joined, entry, joined_cmp)
RB_PROTOTYPE(query_tree, query, entry, query_cmp)
RB_PROTOTYPE(path_tree, path, entry, path_cmp)
RB_PROTOTYPE(leaf_tree, leaf, entry, leaf_cmp)

#endif
