/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the modules of the client share; its users see marsc.h. */
#ifndef MARSC_CLIENT_IMPL_H
#define MARSC_CLIENT_IMPL_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>

#include "marsc.h"
#include "parts.h"
#include "sequence.h"

/* Every cookie that we give to a circuit points at one of these. */
enum marsc_end_kind {
	MARSC_END_MARS,		/* struct marsc_marsvc */
	MARSC_END_IN,			/* struct marsc_incoming */
	MARSC_END_PATH,		/* struct marsc_path: the root of its circuit */
	MARSC_END_LEAF		/* struct marsc_leaf of a path */
};
struct marsc_end {
	enum marsc_end_kind	 kind;
	struct marsc	*client;
};

/* --- marsvc.c: the point-to-point circuit to a MARS (section 5) */
struct marsc_held {
	STAILQ_ENTRY(marsc_held) entry;
	struct vc_sdu	*sdu;
};
STAILQ_HEAD(marsc_held_list, marsc_held);

struct marsc_marsvc {
	struct marsc_end	 end;
	struct atm_addr	 addr;
	struct vc	*vc;		/* NULL: the next message opens it */
	bool		 up;
	struct marsc_held_list held;		/* until it is up */
	struct timer	 idle;
};

void	marsc_marsvc_init(struct marsc_marsvc *, struct marsc *);
void	marsc_marsvc_aim(struct marsc_marsvc *, const struct atm_addr *);
void	marsc_marsvc_close(struct marsc_marsvc *);
void	marsc_marsvc_send(struct marsc_marsvc *, const struct mars_msg *);
void	marsc_marsvc_up(struct marsc_marsvc *);
void	marsc_marsvc_lost(struct marsc_marsvc *);

/* --- servers.c: the table of MARSs (5.4) */
struct marsc_servers {
	struct atm_addr	*v;		/* learned ones first, no doubles */
	size_t		 n, at;		/* at: the current MARS */
	struct atm_addr	*configured;
	size_t		 nconfigured;
};

int	marsc_servers_init(struct marsc_servers *, const struct atm_addr *,
	    size_t);
void	marsc_servers_free(struct marsc_servers *);
/* 5.4.3: the map's entries on top, current kept in use.  -1: no memory */
int	marsc_servers_learn(struct marsc_servers *, const struct atm_addr *,
	    size_t);
void	marsc_servers_use(struct marsc_servers *, const struct atm_addr *);
bool	marsc_servers_have(const struct marsc_servers *,
	    const struct atm_addr *);
void	marsc_servers_next(struct marsc_servers *);
const struct atm_addr *marsc_servers_current(const struct marsc_servers *);

/* --- register.c: membership of the cluster (5.2.3, 5.4) */
#define MARSC_REG_STATES(X) \
	X(MARSC_REG_OFF, "off") \
	X(MARSC_REG_ASKING, "asking")		/* registration is out */ \
	X(MARSC_REG_ON, "registered") \
	X(MARSC_REG_MOVING, "moving")	/* registered; soft redirect is out */ \
	X(MARSC_REG_PAUSE, "pause")	/* 1 to 10 s before another attempt */ \
	X(MARSC_REG_LOOP, "loop")	/* 1 minute, no MARS answers */ \
	X(MARSC_REG_LEAVING, "leaving")	/* deregistration is out */

#define MARSC_REG_EVENTS(X) \
	X(MARSC_REG_EV_START, "start") \
	X(MARSC_REG_EV_STOP, "stop") \
	X(MARSC_REG_EV_COPY, "copy")	/* registration, current MARS */ \
	/* from the redirect's target */ \
	X(MARSC_REG_EV_COPY_NEXT, "copy-next") \
	X(MARSC_REG_EV_GONE, "gone")	/* copy of our deregistration */ \
	X(MARSC_REG_EV_TIMER, "timer")	/* it is time to transmit (again) */ \
	X(MARSC_REG_EV_FAIL_ALONE, "fail-alone") /* and there is no backup */ \
	X(MARSC_REG_EV_FAIL_FIRST, "fail-first") /* and there is one */ \
	/* nor did the backup answer */ \
	X(MARSC_REG_EV_FAIL_AGAIN, "fail-again") \
	/* the redirect's target did not */ \
	X(MARSC_REG_EV_FAIL_NEXT, "fail-next") \
	X(MARSC_REG_EV_PROBLEM, "problem") /* with the MARS that we use */ \
	X(MARSC_REG_EV_HARD, "hard")	/* hard redirect, table installed */ \
	X(MARSC_REG_EV_SOFT, "soft")	/* soft redirect, table installed */

enum marsc_reg_state {
#define X(sym, name) sym,
	MARSC_REG_STATES(X)
#undef X
	MARSC_REG_STATE_MAX
};
enum marsc_reg_event {
#define X(sym, name) sym,
	MARSC_REG_EVENTS(X)
#undef X
	MARSC_REG_EVENT_MAX
};

/* The actions of every table: NULL is a forgotten cell. */
struct marsc_reg_cell {
	enum marsc_reg_state	 next;
	void		(*action)(struct marsc *);
};
extern const struct marsc_reg_cell marsc_reg_table[MARSC_REG_STATE_MAX]
    [MARSC_REG_EVENT_MAX];
void	marsc_reg_ignore(struct marsc *);
void	marsc_reg_violation(struct marsc *);

struct marsc_registration {
	enum marsc_reg_state	 state;
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

void	marsc_reg_init(struct marsc *);
void	marsc_reg_event(struct marsc *, enum marsc_reg_event);
void	marsc_reg_problem(struct marsc *, const char *why);
void	marsc_reg_call_failed(struct marsc *, struct marsc_marsvc *);
/* is this the copy of our (de)registration?  Then it is dealt with. */
bool	marsc_reg_copy(struct marsc *, const struct mars_msg *, bool current);
void	marsc_reg_map(struct marsc *, bool hard, const struct atm_addr *,
	    size_t);
bool	marsc_reg_is_on(const struct marsc *);

/* --- join.c: what we joined, or serve (5.2.2) */
#define MARSC_JOIN_STATES(X) \
	X(MARSC_JOIN_OUT, "out")		/* to be forgotten */ \
	X(MARSC_JOIN_WANTED, "wanted")	/* when we are registered */ \
	X(MARSC_JOIN_LAPSED, "lapsed")	/* the same, and a MARS may know it */ \
	X(MARSC_JOIN_DELAY, "delay")	/* random time before joining again */ \
	X(MARSC_JOIN_JOINING, "joining")	/* JOIN is out */ \
	X(MARSC_JOIN_IN, "in") \
	X(MARSC_JOIN_LEAVING, "leaving")	/* LEAVE is out */ \
	X(MARSC_JOIN_OWED, "owed")	/* a LEAVE, when we are registered */

#define MARSC_JOIN_EVENTS(X) \
	X(MARSC_JOIN_EV_JOIN, "join") \
	X(MARSC_JOIN_EV_LEAVE, "leave") \
	X(MARSC_JOIN_EV_COPY, "copy")		/* of what is out */ \
	X(MARSC_JOIN_EV_TIMER, "timer") \
	X(MARSC_JOIN_EV_LIMIT, "limit")	/* retransmitted often enough */ \
	X(MARSC_JOIN_EV_LOST, "lost")		/* no longer registered */ \
	X(MARSC_JOIN_EV_READY, "ready")	/* registered */ \
	X(MARSC_JOIN_EV_AGAIN, "again")	/* registered again (5.4.1) */

enum marsc_join_state {
#define X(sym, name) sym,
	MARSC_JOIN_STATES(X)
#undef X
	MARSC_JOIN_STATE_MAX
};
enum marsc_join_event {
#define X(sym, name) sym,
	MARSC_JOIN_EVENTS(X)
#undef X
	MARSC_JOIN_EVENT_MAX
};

struct marsc_joined {
	RB_ENTRY(marsc_joined) entry;
	struct marsc	*client;
	struct paddr	 min, max;
	bool		 layer3;
	enum marsc_join_state	 state;
	struct timer	 timer;
	uint32_t	 sent;
	uint8_t		 sequence;
};
RB_HEAD(marsc_joined_tree, marsc_joined);

struct marsc_join_cell {
	enum marsc_join_state	 next;
	void		(*action)(struct marsc_joined *);
};
extern const struct marsc_join_cell marsc_join_table[MARSC_JOIN_STATE_MAX]
    [MARSC_JOIN_EVENT_MAX];
void	marsc_join_ignore(struct marsc_joined *);
void	marsc_join_violation(struct marsc_joined *);
void	marsc_join_all(struct marsc *, enum marsc_join_event);
bool	marsc_join_pending(struct marsc *);
void	marsc_join_again(struct marsc *);
bool	marsc_join_copy(struct marsc *, const struct mars_msg *);
void	marsc_join_free(struct marsc *);

/* --- request.c: a question and its answer in parts (5.1.1, 5.3) */
#define MARSC_QUERY_STATES(X) \
	X(MARSC_QUERY_IDLE, "idle") \
	X(MARSC_QUERY_ASKING, "asking")	/* sent; parts may have come */ \
	X(MARSC_QUERY_QUIET, "quiet")	/* 5 to 10 s after an empty answer */ \
	X(MARSC_QUERY_LATER, "later")		/* asked while it was quiet */

#define MARSC_QUERY_EVENTS(X) \
	X(MARSC_QUERY_EV_ASK, "ask") \
	X(MARSC_QUERY_EV_PART, "part")	/* wait for the next */ \
	X(MARSC_QUERY_EV_ANSWER, "answer")	/* complete */ \
	X(MARSC_QUERY_EV_EMPTY, "empty")	/* NAK, or nobody but us */ \
	X(MARSC_QUERY_EV_BROKEN, "broken")	/* ask again at once */ \
	X(MARSC_QUERY_EV_TIMER, "timer") \
	X(MARSC_QUERY_EV_WAIT, "wait")	/* due, but we are not registered */ \
	X(MARSC_QUERY_EV_LIMIT, "limit")	/* asked often enough */

enum marsc_query_state {
#define X(sym, name) sym,
	MARSC_QUERY_STATES(X)
#undef X
	MARSC_QUERY_STATE_MAX
};
enum marsc_query_event {
#define X(sym, name) sym,
	MARSC_QUERY_EVENTS(X)
#undef X
	MARSC_QUERY_EVENT_MAX
};

struct marsc_query {
	RB_ENTRY(marsc_query)	 entry;	/* by group, where it is about one */
	struct marsc	*client;
	bool		 list;		/* MARS_GROUPLIST_REQUEST */
	bool		 told;		/* the owner asked, not (only) a path */
	struct paddr	 min, max;
	enum marsc_query_state state;
	struct timer	 timer;
	uint32_t	 sent;
	struct marsc_parts	 parts;
};
RB_HEAD(marsc_query_tree, marsc_query);

struct marsc_query_cell {
	enum marsc_query_state next;
	void		(*action)(struct marsc_query *);
};
extern const struct marsc_query_cell
    marsc_query_table[MARSC_QUERY_STATE_MAX][MARSC_QUERY_EVENT_MAX];
void	marsc_query_ignore(struct marsc_query *);
void	marsc_query_violation(struct marsc_query *);
void	marsc_query_init(struct marsc_query *, struct marsc *, bool list);
void	marsc_query_event(struct marsc_query *, enum marsc_query_event);
/* told: by the owner.  -1: no memory */
int	marsc_query_group(struct marsc *, const struct paddr *, bool told);
void	marsc_query_multi(struct marsc *, const struct mars_msg *);
void	marsc_query_nak(struct marsc *, const struct mars_msg *);
/* one part: complete (true) when it was the last of a good answer */
bool	marsc_query_part(struct marsc_query *, const struct mars_msg *);
bool	marsc_query_quiet(struct marsc *, const struct paddr *);
/* what was asked while nobody could answer */
void	marsc_query_kick(struct marsc *);
void	marsc_query_free(struct marsc *);

/* --- grouplist.c */
void	marsc_grouplist_send(struct marsc_query *);
void	marsc_grouplist_reply(struct marsc *, const struct mars_msg *);

/* --- path.c: outgoing circuits (5.1.3 to 5.1.6) */
#define MARSC_PATH_STATES(X) \
	X(MARSC_PATH_NONE, "none") \
	X(MARSC_PATH_ASKING, "asking")	/* MARS_REQUEST is out */ \
	X(MARSC_PATH_CALLING, "calling")	/* L_MULTI_RQ is out */ \
	X(MARSC_PATH_UP, "up") \
	X(MARSC_PATH_REVALIDATING, "revalidating") /* up, MARS_REQUEST is out */

#define MARSC_PATH_EVENTS(X) \
	X(MARSC_PATH_EV_PACKET, "packet") \
	/* VC_revalidate is set */ \
	X(MARSC_PATH_EV_PACKET_STALE, "packet-stale") \
	X(MARSC_PATH_EV_SET, "set")		/* MARS_MULTI is complete */ \
	X(MARSC_PATH_EV_EMPTY, "empty")	/* nobody but us */ \
	X(MARSC_PATH_EV_FAILED, "failed")	/* no answer */ \
	X(MARSC_PATH_EV_LEAF_UP, "leaf-up") \
	X(MARSC_PATH_EV_NEXT, "next")	/* a leaf failed, others are left */ \
	X(MARSC_PATH_EV_LAST, "last")		/* the last leaf is gone */ \
	X(MARSC_PATH_EV_RELEASED, "released")	/* ERR_L_RELEASE */ \
	X(MARSC_PATH_EV_IDLE, "idle")		/* inactivity timer */ \
	X(MARSC_PATH_EV_MIGRATE, "migrate")

enum marsc_path_state {
#define X(sym, name) sym,
	MARSC_PATH_STATES(X)
#undef X
	MARSC_PATH_STATE_MAX
};
enum marsc_path_event {
#define X(sym, name) sym,
	MARSC_PATH_EVENTS(X)
#undef X
	MARSC_PATH_EVENT_MAX
};

struct marsc_path;

enum marsc_leaf_state {
	MARSC_LEAF_NEW,		/* not called yet */
	MARSC_LEAF_CALLED,
	MARSC_LEAF_UP,
	MARSC_LEAF_TAGGED	/* temporary failure, called again later */
};
struct marsc_leaf {
	struct marsc_end	 end;
	RB_ENTRY(marsc_leaf)	 entry;
	struct marsc_path	*path;
	struct atm_addr	 addr;
	enum marsc_leaf_state	 state;
	struct vc_leaf	*vcleaf;
	struct timer	 timer;
	int64_t		 delay;		/* of the last wait; doubles */
	bool		 seen;		/* while comparing with a new set */
	bool		 again;		/* has joined since it was called */
};
RB_HEAD(marsc_leaf_tree, marsc_leaf);

struct marsc_path {
	struct marsc_end	 end;
	RB_ENTRY(marsc_path)	 entry;
	struct paddr	 group;
	enum marsc_path_state	 state;
	struct vc	*vc;
	struct marsc_leaf_tree leaves;
	struct marsc_held_list held;		/* packets until it is up */
	uint32_t	 nheld;
	uint32_t	 depth;	/* of marsc_path_event(): not freed inside */
	struct vc_sdu	*packet;	/* the one that is being sent */
	bool		 revalidate;	/* VC_revalidate, 5.1.5 */
	struct timer	 stale;		/* sets it */
	int64_t		 doubt;		/* its last wait after a failed call */
	struct timer	 idle;
	const struct atm_addr *set;	/* answer or migration in hand */
	size_t		 nset;
	const char	*why;		/* it goes down */
};
RB_HEAD(marsc_path_tree, marsc_path);

struct marsc_path_cell {
	enum marsc_path_state	 next;
	void		(*action)(struct marsc_path *);
};
extern const struct marsc_path_cell marsc_path_table[MARSC_PATH_STATE_MAX]
    [MARSC_PATH_EVENT_MAX];
void	marsc_path_ignore(struct marsc_path *);
void	marsc_path_violation(struct marsc_path *);
struct marsc_path *marsc_path_find(struct marsc *, const struct paddr *);
void	marsc_path_event(struct marsc_path *, enum marsc_path_event);
/* takes the reference; opens the path where there is none */
enum marsc_error marsc_path_send(struct marsc *, const struct paddr *,
	    struct vc_sdu *);
void	marsc_path_answer(struct marsc *, const struct paddr *,
	    const struct atm_addr *, size_t);
void	marsc_path_failed(struct marsc *, const struct paddr *);
/* a JOIN or LEAVE of addr for every path in min..max */
void	marsc_path_update(struct marsc *, bool join, const struct atm_addr *,
	    const struct paddr *min, const struct paddr *max);
void	marsc_path_migrate(struct marsc *, const struct mars_msg *);
/* VC_revalidate of every open path, each at its own time (5.1.5) */
void	marsc_path_stale_all(struct marsc *);
void	marsc_path_leaf_up(struct marsc_leaf *);
void	marsc_path_leaf_failed(struct marsc_leaf *, uint16_t);
void	marsc_path_leaf_drop(struct marsc_leaf *);
void	marsc_path_free(struct marsc *);

/* --- mcs.c: what a multicast server does otherwise (section 7) */
struct marsc_role {
	uint8_t	join, leave;		/* what we send */
	uint8_t	heard_join, heard_leave;	/* what moves our leaves */
	bool	test_sequence;		/* flags.sequence in copies */
};
extern const struct marsc_role marsc_role_member, marsc_role_server;
/* data that came in goes out on the path of its group */
void	marsc_mcs_forward(struct marsc *, const uint8_t *, size_t);

/* --- client.c */
struct marsc_incoming {
	struct marsc_end	 end;
	LIST_ENTRY(marsc_incoming) entry;
	struct vc	*vc;
	struct atm_addr	 caller;
	bool		 control;	/* Cluster- or ServerControlVC */
};
LIST_HEAD(marsc_incoming_list, marsc_incoming);

struct marsc {
	const struct marsc_ops	*ops;
	void			*arg;
	struct timers		*ts;
	struct marsc_timers	 t;
	struct vc_link		*link;
	struct mars_pro		 pro;
	struct paddr		 spa;
	const struct marsc_role	*role;
	struct marsc_servers		 servers;
	struct marsc_marsvc		 vcs[2];
	struct marsc_marsvc		*mars;	/* to the current MARS */
	struct marsc_marsvc		*next;	/* soft redirect's target */
	struct marsc_incoming_list	 in;
	struct marsc_registration	 reg;
	struct marsc_hsn		 hsn;
	uint8_t			 sequence;	/* last mar$flags.sequence */
	struct marsc_joined_tree	 singles, blocks;
	struct marsc_query_tree	 queries;
	struct marsc_query		 list;	/* the one for GROUPLIST */
	struct marsc_path_tree	 paths;
	struct marsc_parts		 map;
	struct timer		 map_part;
	uint8_t			 map_redirf;
	uint64_t		 drops[MARSC_DROP_MAX];
};

void	marsc_notify(struct marsc *, enum marsc_notice_code,
	    const struct marsc_notice *);
void	marsc_no_memory(struct marsc *, const char *);
/* min to max, both included */
int64_t	marsc_delay(struct marsc *, int64_t, int64_t);
uint8_t	marsc_next_sequence(struct marsc *);
/* source, protocol and zero for the rest */
void	marsc_msg(const struct marsc *, struct mars_msg *, uint8_t op);
/* to the current MARS, if we are registered with it */
void	marsc_send(struct marsc *, const struct mars_msg *);
/* releases incoming circuits of a MARS that is no longer ours */
void	marsc_drop_incoming(struct marsc *, const struct atm_addr *);
bool	marsc_is_self(const struct marsc *, const struct atm_addr *);
void	marsc_forget_map(struct marsc *);

RB_PROTOTYPE(marsc_joined_tree, marsc_joined, entry, joined_cmp)
RB_PROTOTYPE(marsc_query_tree, marsc_query, entry, query_cmp)
RB_PROTOTYPE(marsc_path_tree, marsc_path, entry, path_cmp)
RB_PROTOTYPE(marsc_leaf_tree, marsc_leaf, entry, leaf_cmp)

#endif
