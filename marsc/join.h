/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the client joined, or serves (RFC 2022 section 5.2.2). */
#ifndef MARSC_JOIN_H
#define MARSC_JOIN_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "pace.h"
#include "table.h"
#include "timer.h"

struct marsc;

#define MARSC_JOIN_STATES(X) \
	X(MARSC_JOIN_OUT, "out")		/* to be forgotten */ \
	X(MARSC_JOIN_WANTED, "wanted")	/* when we are registered */ \
	X(MARSC_JOIN_LAPSED, "lapsed")	/* wanted, and a MARS may know it */ \
	X(MARSC_JOIN_DELAY, "delay")	/* random time before joining again */ \
	/* JOIN is out, or waits for its turn */ \
	X(MARSC_JOIN_JOINING, "joining") \
	X(MARSC_JOIN_IN, "in") \
	X(MARSC_JOIN_LEAVING, "leaving")	/* LEAVE, the same */ \
	X(MARSC_JOIN_OWED, "owed")	/* a LEAVE, when we are registered */

#define MARSC_JOIN_EVENTS(X) \
	X(MARSC_JOIN_EV_JOIN, "join") \
	X(MARSC_JOIN_EV_LEAVE, "leave") \
	/* the same, and no MARS has heard of it */ \
	X(MARSC_JOIN_EV_GIVE_UP, "give-up") \
	X(MARSC_JOIN_EV_COPY, "copy")		/* of what is out */ \
	X(MARSC_JOIN_EV_TIMER, "timer") \
	X(MARSC_JOIN_EV_LIMIT, "limit")	/* retransmitted often enough */ \
	X(MARSC_JOIN_EV_LOST, "lost")		/* no longer registered */ \
	X(MARSC_JOIN_EV_READY, "ready")	/* registered */ \
	X(MARSC_JOIN_EV_AGAIN, "again")	/* registered again (5.4.1) */

enum marsc_join_state {
	MARSC_JOIN_STATES(TABLE_SYM)
	MARSC_JOIN_STATE_MAX
};
enum marsc_join_event {
	MARSC_JOIN_EVENTS(TABLE_SYM)
	MARSC_JOIN_EVENT_MAX
};

#define MARSC_JOIN_ACTIONS(X) \
	X(MARSC_JOIN_DO_SEND, "send") \
	X(MARSC_JOIN_DO_SEND_MORE, "send-more") \
	X(MARSC_JOIN_DO_TELL, "tell") \
	X(MARSC_JOIN_DO_IN, "in") \
	X(MARSC_JOIN_DO_FORGET, "forget") \
	X(MARSC_JOIN_DO_STOP, "stop") \
	X(MARSC_JOIN_DO_DELAY, "delay") \
	X(MARSC_JOIN_DO_BACK, "back") \
	X(MARSC_JOIN_DO_FAIL, "fail")

enum marsc_join_action {
	TABLE_FIRST_ACTION(MARSC_JOIN),
	MARSC_JOIN_ACTIONS(TABLE_SYM)
	MARSC_JOIN_ACTION_MAX
};
extern const struct table marsc_join_table;

/*
 * JOINs and LEAVEs on their way.  Only so many are without a copy at a time,
 * and new ones are sent no faster than the MARS takes them (pace.h).
 */
enum marsc_join_where {
	MARSC_JOIN_NOWHERE,	/* nothing is out, or it seems to be lost */
	MARSC_JOIN_WAITS,	/* for its turn to be sent */
	MARSC_JOIN_SENT		/* its copy has not come yet */
};
TAILQ_HEAD(marsc_join_queue, marsc_joined);
struct marsc_join_line {
	struct marsc_join_queue	 waiting, out;	/* out: oldest first */
	uint32_t		 nwaiting, nout;
	struct marsc_pace	 pace;
	struct timer		 timer;
	bool			 heard;		/* a copy, ever */
	mtime_t			 copied;	/* when the last one came */
	uint64_t		 lost;	/* seem to have been dropped */
};

struct marsc_joined {
	RB_ENTRY(marsc_joined)	 entry;
	struct marsc		*client;
	struct paddr		 min, max;
	bool			 layer3;
	bool			 said;		/* to any MARS, ever */
	uint8_t			 state;		/* enum marsc_join_state */
	struct timer		 timer;
	uint32_t		 sent;
	uint8_t			 sequence;
	TAILQ_ENTRY(marsc_joined) line;
	enum marsc_join_where	 where;
	mtime_t			 since;	/* it was last sent */
};
RB_HEAD(marsc_joined_tree, marsc_joined);
RB_PROTOTYPE(marsc_joined_tree, marsc_joined, entry, joined_cmp)

void	marsc_join_init(struct marsc *);
/* Another MARS: nothing is known of what it takes. */
void	marsc_join_pace(struct marsc *);
void	marsc_join_all(struct marsc *, enum marsc_join_event);
/* Is a group still to be joined, or still to be left? */
bool	marsc_join_pending(struct marsc *);
/*
 * Joins everything again, each range after a time of its own.  This is also
 * needed when we have come by a soft redirect and send a JOIN of a group that
 * the new MARS may know already: it takes that JOIN as a sign that we are
 * joining everything again (D9).
 */
void	marsc_join_again(struct marsc *);
/*
 * Section 5.2.2: what came back is a copy of what is out when operation,
 * register flag, sequence, pnum, source and first pair are the same, and it is
 * marked as a copy without holes.  For an MCS the sequence is left out
 * (A-118).
 */
bool	marsc_join_copy(struct marsc *, const struct mars_msg *);
void	marsc_join_free(struct marsc *);

#endif
