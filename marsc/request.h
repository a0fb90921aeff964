/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A question and its answer in parts (RFC 2022 sections 5.1.1, 5.3). */
#ifndef MARSC_REQUEST_H
#define MARSC_REQUEST_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "marsc.h"
#include "pace.h"
#include "parts.h"
#include "table.h"
#include "timer.h"

#define MARSC_QUERY_STATES(X) \
	X(MARSC_QUERY_IDLE, "idle") \
	X(MARSC_QUERY_ASKING, "asking")	/* sent; parts may have come */ \
	X(MARSC_QUERY_QUIET, "quiet")	/* 5 to 10 s after an empty answer */ \
	X(MARSC_QUERY_LATER, "later")		/* asked while it was quiet */ \
	X(MARSC_QUERY_WAITING, "waiting")	/* for its turn (turn.c) */

#define MARSC_QUERY_EVENTS(X) \
	X(MARSC_QUERY_EV_ASK, "ask") \
	X(MARSC_QUERY_EV_PART, "part")	/* wait for the next */ \
	X(MARSC_QUERY_EV_ANSWER, "answer")	/* complete */ \
	X(MARSC_QUERY_EV_EMPTY, "empty")	/* NAK, or nobody but us */ \
	X(MARSC_QUERY_EV_BROKEN, "broken")	/* ask again at once */ \
	X(MARSC_QUERY_EV_TIMER, "timer") \
	X(MARSC_QUERY_EV_WAIT, "wait")	/* its turn is over: back in line */ \
	X(MARSC_QUERY_EV_LIMIT, "limit")	/* asked often enough */ \
	X(MARSC_QUERY_EV_TURN, "turn")	/* it may be asked now */ \
	X(MARSC_QUERY_EV_NEWS, "news")	/* somebody has joined the group */ \
	X(MARSC_QUERY_EV_CANCEL, "cancel")	/* its path is given up */

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
	X(MARSC_QUERY_DO_LINE_UP, "line-up") \
	X(MARSC_QUERY_DO_NOTE, "note") \
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
	mtime_t			 since;	/* it was first sent */
	struct marsc_parts	 parts;
	uint32_t		 depth;	/* of marsc_query_event(): not freed
					 * inside */
	bool			 news;	/* a join was heard since it was sent */
	/* turn.c */
	TAILQ_ENTRY(marsc_query) turn;
	bool			 urgent;	/* in which line it waits */
	bool			 waits;		/* it is in that line */
	bool			 open;		/* counted as open */
};
TAILQ_HEAD(marsc_query_line, marsc_query);
RB_HEAD(marsc_query_tree, marsc_query);
RB_PROTOTYPE(marsc_query_tree, marsc_query, entry, query_cmp)

void	marsc_query_init(struct marsc_query *, struct marsc *, bool list);
/*
 * Takes an event.  A question about a group that is idle afterwards is freed.
 */
void	marsc_query_event(struct marsc_query *, enum marsc_query_event);
enum marsc_asker {
	MARSC_ASKER_OWNER,
	MARSC_ASKER_STREAM,	/* a path that is up, to be revalidated */
	MARSC_ASKER_PACKET	/* somebody has begun to send to the group */
};
/*
 * MARSC_E_MEMORY; MARSC_E_BUSY: too many wait already, which only a packet is
 * told.
 */
enum marsc_error marsc_query_group(struct marsc *, const struct paddr *,
	    enum marsc_asker);
/*
 * Somebody has joined the groups of min..max: of one that was empty, the time
 * in which it may not be asked about is over.  How many of them there were.
 */
uint32_t marsc_query_news(struct marsc *, const struct paddr *min,
	    const struct paddr *max);
/* questions about groups, whatever their state */
uint32_t marsc_query_count(struct marsc *);
/* The path does not want to know any more. */
void	marsc_query_cancel(struct marsc *, const struct paddr *);
void	marsc_query_multi(struct marsc *, const struct mars_msg *);
void	marsc_query_nak(struct marsc *, const struct mars_msg *);
/* One part.  true: it was the last of a good answer. */
bool	marsc_query_part(struct marsc_query *, const struct mars_msg *);
/* Is this group in the 5 to 10 s after an empty answer? */
bool	marsc_query_quiet(struct marsc *, const struct paddr *);
/* What was asked while nobody could answer is asked now. */
void	marsc_query_kick(struct marsc *);
void	marsc_query_free(struct marsc *);

/* --- turn.c */
struct marsc_turn {
	struct marsc_query_line	 first, rest;
	uint32_t		 nrest;	/* in the second line */
	uint32_t		 nopen;	/* in state MARSC_QUERY_ASKING */
	struct marsc_pace	 pace;
	struct timer		 timer;
	mtime_t			 answered;	/* when one last was */
	bool			 busy;
};
void	marsc_turn_init(struct marsc *);
/* Another MARS: nothing is known of what it takes. */
void	marsc_turn_pace(struct marsc *);
/* A question has its answer. */
void	marsc_turn_answered(struct marsc *);
/* Is there no room for another that is not urgent? */
bool	marsc_turn_full(const struct marsc *);
/* At the end of its line, in state MARSC_QUERY_WAITING. */
void	marsc_turn_wait(struct marsc_query *);
/* Its state has changed: out of the line, and the open ones are counted. */
void	marsc_turn_update(struct marsc_query *);
/* Asks as many as may be asked now. */
void	marsc_turn_next(struct marsc *);

/* --- grouplist.c */
void	marsc_grouplist_send(struct marsc_query *);
void	marsc_grouplist_reply(struct marsc *, const struct mars_msg *);

#endif
