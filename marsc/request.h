/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A question and its answer in parts (RFC 2022 sections 5.1.1, 5.3). */
#ifndef MARSC_REQUEST_H
#define MARSC_REQUEST_H

#include <sys/types.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "parts.h"
#include "table.h"
#include "timer.h"

struct marsc;

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
	MARSC_QUERY_STATES(TABLE_SYM)
	MARSC_QUERY_STATE_MAX
};
enum marsc_query_event {
	MARSC_QUERY_EVENTS(TABLE_SYM)
	MARSC_QUERY_EVENT_MAX
};

#define MARSC_QUERY_ACTIONS(X) \
	X(MARSC_QUERY_DO_SEND, "send") \
	X(MARSC_QUERY_DO_SEND_MORE, "send-more") \
	X(MARSC_QUERY_DO_WAIT, "wait") \
	X(MARSC_QUERY_DO_ANSWER, "answer") \
	X(MARSC_QUERY_DO_EMPTY, "empty") \
	X(MARSC_QUERY_DO_FAIL, "fail")

enum marsc_query_action {
	TABLE_FIRST_ACTION(MARSC_QUERY),
	MARSC_QUERY_ACTIONS(TABLE_SYM)
	MARSC_QUERY_ACTION_MAX
};
extern const struct table marsc_query_table;

struct marsc_query {
	RB_ENTRY(marsc_query)	 entry;	/* by group, where it is about one */
	struct marsc		*client;
	bool			 list;	/* MARS_GROUPLIST_REQUEST */
	bool			 told;	/* the owner asked, not (only) a path */
	struct paddr		 min, max;
	uint8_t			 state;	/* enum marsc_query_state */
	struct timer		 timer;
	uint32_t		 sent;
	struct marsc_parts	 parts;
};
RB_HEAD(marsc_query_tree, marsc_query);
RB_PROTOTYPE(marsc_query_tree, marsc_query, entry, query_cmp)

void	marsc_query_init(struct marsc_query *, struct marsc *, bool list);
/*
 * Takes an event.  A question about a group that is idle afterwards is freed.
 */
void	marsc_query_event(struct marsc_query *, enum marsc_query_event);
/*
 * Asks about a group.  told: the owner asks, and is told the answer.  -1: no
 * memory.
 */
int	marsc_query_group(struct marsc *, const struct paddr *, bool told);
void	marsc_query_multi(struct marsc *, const struct mars_msg *);
void	marsc_query_nak(struct marsc *, const struct mars_msg *);
/* One part.  true: it was the last of a good answer. */
bool	marsc_query_part(struct marsc_query *, const struct mars_msg *);
/* Is this group in the 5 to 10 s after an empty answer? */
bool	marsc_query_quiet(struct marsc *, const struct paddr *);
/* What was asked while nobody could answer is asked now. */
void	marsc_query_kick(struct marsc *);
void	marsc_query_free(struct marsc *);

/* --- grouplist.c */
void	marsc_grouplist_send(struct marsc_query *);
void	marsc_grouplist_reply(struct marsc *, const struct mars_msg *);

#endif
