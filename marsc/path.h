/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Outgoing circuits and their leaves (RFC 2022 sections 5.1.3 to 5.1.6). */
#ifndef MARSC_PATH_H
#define MARSC_PATH_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "held.h"
#include "host.h"
#include "mars.h"
#include "marsc.h"
#include "table.h"
#include "timer.h"

#define MARSC_PATH_STATES(X) \
	X(MARSC_PATH_NONE, "none") \
	X(MARSC_PATH_ASKING, "asking")	/* MARS_REQUEST is out */ \
	X(MARSC_PATH_CALLING, "calling")	/* L_MULTI_RQ is out */ \
	X(MARSC_PATH_UP, "up") \
	/* up, MARS_REQUEST is out */ \
	X(MARSC_PATH_REVALIDATING, "revalidating") \
	/* a leaf is up; packets wait for those that are called */ \
	X(MARSC_PATH_FILLING, "filling")

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
	X(MARSC_PATH_EV_MIGRATE, "migrate") \
	/* nobody has to be waited for any more */ \
	X(MARSC_PATH_EV_SETTLED, "settled") \
	X(MARSC_PATH_EV_EVICT, "evict")	/* another path needs the room */

enum marsc_path_state {
	MARSC_PATH_STATES(TABLE_SYM)
	MARSC_PATH_STATE_MAX
};
enum marsc_path_event {
	MARSC_PATH_EVENTS(TABLE_SYM)
	MARSC_PATH_EVENT_MAX
};

#define MARSC_PATH_ACTIONS(X) \
	X(MARSC_PATH_DO_HOLD, "hold") \
	X(MARSC_PATH_DO_HOLD_ASK, "hold-ask") \
	X(MARSC_PATH_DO_PUT, "put") \
	X(MARSC_PATH_DO_PUT_ASK, "put-ask") \
	X(MARSC_PATH_DO_CALL, "call") \
	X(MARSC_PATH_DO_CALL_NEXT, "call-next") \
	X(MARSC_PATH_DO_FILL, "fill") \
	X(MARSC_PATH_DO_SETTLE, "settle") \
	X(MARSC_PATH_DO_OPEN, "open") \
	X(MARSC_PATH_DO_COMPARE, "compare") \
	X(MARSC_PATH_DO_RENEW, "renew") \
	X(MARSC_PATH_DO_DISCARD, "discard") \
	X(MARSC_PATH_DO_GIVE_UP, "give-up") \
	X(MARSC_PATH_DO_DOWN, "down") \
	X(MARSC_PATH_DO_EVICT, "evict")

enum marsc_path_action {
	TABLE_FIRST_ACTION(MARSC_PATH),
	MARSC_PATH_ACTIONS(TABLE_SYM)
	MARSC_PATH_ACTION_MAX
};
extern const struct table marsc_path_table;

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
	struct atm_addr		 addr;
	enum marsc_leaf_state	 state;
	struct vc_leaf		*vcleaf;
	struct timer		 timer;
	int64_t			 delay;	/* of the last wait; doubles */
	bool			 seen;	/* while comparing with a new set */
	bool			 again;	/* has joined since it was called */
	bool			 awaited; /* its first call: packets wait */
};
RB_HEAD(marsc_leaf_tree, marsc_leaf);
RB_PROTOTYPE(marsc_leaf_tree, marsc_leaf, entry, leaf_cmp)

struct marsc_path {
	struct marsc_end	 end;
	RB_ENTRY(marsc_path)	 entry;
	TAILQ_ENTRY(marsc_path)	 use;
	bool			 used;	/* in the line of those with members */
	struct paddr		 group;
	uint8_t			 state;	/* enum marsc_path_state */
	struct vc		*vc;
	struct marsc_leaf_tree	 leaves;
	uint32_t		 nleaves;
	uint32_t		 nup;	/* of them: MARSC_LEAF_UP */
	uint32_t		 nawaited;
	struct timer		 fill;	/* they are not waited for any longer */
	struct marsc_held_list	 held;	/* packets until it is up */
	uint32_t		 nheld;
	size_t			 held_octets;
	uint32_t		 depth;	/* of marsc_path_event(): not freed
					 * inside */
	struct vc_sdu		*packet;	/* the one that is being sent */
	struct marsc_sent	*sent;		/* and what happens to it */
	uint64_t		 version;	/* another with each change of
						 * its leaves */
	bool			 revalidate;	/* VC_revalidate, 5.1.5 */
	struct timer		 stale;		/* sets it */
	int64_t			 doubt;	/* its last wait after a failed call */
	struct timer		 idle;
	const struct atm_addr	*set;	/* of the answer or MIGRATE */
	size_t			 nset;
	const char		*why;	/* it goes down */
	enum marsc_drop		 lost;	/* why the request came to nothing */
	/* what has gone out */
	uint64_t		 packets, octets, copies;
	uint64_t		 dropped;	/* and what has not */
	mtime_t			 last;
};
TAILQ_HEAD(marsc_path_line, marsc_path);
RB_HEAD(marsc_path_tree, marsc_path);
RB_PROTOTYPE(marsc_path_tree, marsc_path, entry, path_cmp)

/* --- path.c, for paths.c */

void	marsc_path_timers(struct marsc_path *);	/* of a new one */
/* releases the circuit with its leaves; packets that wait stay */
void	marsc_path_release(struct marsc_path *);
/* it is no longer among its client's, and freed */
void	marsc_path_unlink(struct marsc_path *);
/* depth has been one more since; a path that has ended is unlinked */
void	marsc_path_leave(struct marsc_path *);

/* --- for others */

struct marsc_path *marsc_path_find(struct marsc *, const struct paddr *);
/*
 * Takes an event.  A path that is in state MARSC_PATH_NONE afterwards is freed.
 */
void	marsc_path_event(struct marsc_path *, enum marsc_path_event);
/*
 * Sends an SDU, whose reference it takes, and opens the path where there is
 * none.  What is sent while a group is known to be empty is dropped (5.1.1).
 */
struct marsc_sent marsc_path_send(struct marsc *, const struct paddr *,
	    struct vc_sdu *);
/* The answer to a MARS_REQUEST; n 0: nobody, or only us. */
void	marsc_path_answer(struct marsc *, const struct paddr *,
	    const struct atm_addr *, size_t n);
void	marsc_path_failed(struct marsc *, const struct paddr *);
/*
 * A JOIN or LEAVE of addr for every path in min..max (5.1.4.1); only the
 * paths inside the range are looked at.  How many these are.
 */
uint32_t marsc_path_update(struct marsc *, bool join, const struct atm_addr *,
	    const struct paddr *min, const struct paddr *max);
/* 5.1.6, for a group with an active path */
void	marsc_path_migrate(struct marsc *, const struct mars_msg *);
/*
 * Sets VC_revalidate of every open path, each after a time of its own (5.1.5).
 * A path that is being opened has no circuit yet, and needs none of this
 * (5.1.5.2).
 */
void	marsc_path_stale_all(struct marsc *);
/* The link goes: takes down every path, with its circuit. */
void	marsc_path_down_all(struct marsc *, const char *why);
void	marsc_path_free(struct marsc *);

/* --- what the path tells its leaves, leaf.c */
void	marsc_leaf_call(struct marsc_leaf *);
/*
 * Adds a leaf, unless it is our own address, is there already, or is
 * one too many of all paths, which is counted.
 */
void	marsc_leaf_add(struct marsc_path *, const struct atm_addr *);
struct marsc_leaf *marsc_leaf_find(struct marsc_path *,
	    const struct atm_addr *);
/*
 * Takes the leaf out of the set; its circuit has gone, or goes with the root.
 */
void	marsc_leaf_free(struct marsc_leaf *);
/* Takes the leaf out of the set, and gives up its call. */
void	marsc_leaf_drop(struct marsc_leaf *);
/* from the circuit */
void	marsc_leaf_up(struct marsc_leaf *);
void	marsc_leaf_failed(struct marsc_leaf *, uint16_t cause);
void	marsc_leaf_dropped(struct marsc_leaf *);

/* --- what leaves tell their path */
void	marsc_path_notify(struct marsc_path *, enum marsc_notice_code,
	    const struct atm_addr *, const char *why);
/* A leaf has left the set: is there any left to go on with? */
void	marsc_path_shrunk(struct marsc_path *, const char *why);
/* VC_revalidate is set 1 to 10 s from now (5.1.5) */
void	marsc_path_stale_soon(struct marsc_path *);
/*
 * Sets VC_revalidate after a leaf could not be called, each time twice as late.
 */
void	marsc_path_doubt(struct marsc_path *);
/*
 * It was used just now, or has got its first member, or lost its last: its
 * place among those that are given up when there are too many.
 */
void	marsc_path_touch(struct marsc_path *);

#endif
