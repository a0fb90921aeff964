/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Joins of a node that rest on another's word (D9).
 */
#ifndef MARSD_ADOPT_H
#define MARSD_ADOPT_H

#include "table.h"

struct marsd_entry;
struct marsd_join;
struct marsd_peer;
struct marsd_reg;

/*
 * The joins of a registration that rest on another's word and not on its own
 * (D9): they were adopted from the server where the node was, or they are
 * doubted since the node has registered once more.  This machine runs beside
 * that of move.h.
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
	/* the same, at most 120 s after it came */ \
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
	/* all of its joins; if there are any the 60 s begin */ \
	X(MARSD_ADOPT_DO_DOUBT, "doubt") \
	/* the joins that it has not asked for */ \
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

void	marsd_adopt_step(struct marsd_reg *, enum marsd_adopt_event);
/* arg: struct marsd_reg */
void	marsd_adopt_timer(void *arg);
/* adopts what other servers say of the node */
void	marsd_adopt_all(struct marsd_reg *);
/*
 * late: another server tells of joins when the node is here already.  They are
 * adopted, all or this one, if the node came in the last 10 s
 */
void	marsd_adopt_all_late(struct marsd_reg *);
void	marsd_adopt_late(struct marsd_reg *, const struct marsd_peer *from,
	    struct marsd_join *);
/* the node has registered on another circuit */
void	marsd_adopt_anew(struct marsd_reg *);
/* all of its joins are doubted */
void	marsd_adopt_doubt(struct marsd_reg *);
/* the node asks to be in a range, of which we have this record, or NULL */
void	marsd_adopt_asked(struct marsd_reg *, const struct marsd_entry *);

#endif
