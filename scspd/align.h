/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Cache alignment (RFC 2334 section 2.2): both ends tell each other in lock
 * step what they hold.  One machine per neighbor.
 */
#ifndef SCSP_ALIGN_H
#define SCSP_ALIGN_H

#include <stdbool.h>

#include "message.h"
#include "table.h"

/* old copies of the neighbor's first CA that are only counted */
#define AGAIN_MAX	3

struct scsp_neighbor;

#define SCSP_ALIGN_STATES(X) \
	X(SCSP_ALIGN_DOWN, "Down") \
	X(SCSP_ALIGN_NEGOTIATION, "Negotiation") \
	X(SCSP_ALIGN_SUMMARIZE, "Summarize") \
	X(SCSP_ALIGN_UPDATE, "Update") \
	X(SCSP_ALIGN_ALIGNED, "Aligned")

/* the choices of 2.2.1 and 2.2.2 are made before the table is asked */
#define SCSP_ALIGN_EVENTS(X) \
	X(SCSP_ALIGN_EV_UP, "bidirectional") \
	X(SCSP_ALIGN_EV_DOWN, "no longer bidirectional") \
	X(SCSP_ALIGN_EV_INIT, "first CA of a larger ID") \
	X(SCSP_ALIGN_EV_INIT_AGAIN, "old copy of the first CA") \
	X(SCSP_ALIGN_EV_ANSWER, "the slave's answer to our first CA") \
	X(SCSP_ALIGN_EV_NEXT, "next CA, and more will follow") \
	X(SCSP_ALIGN_EV_DONE, "the slave's last CA") \
	X(SCSP_ALIGN_EV_FINAL, "the master's last CA") \
	X(SCSP_ALIGN_EV_REPEATED, "the master's CA again") \
	X(SCSP_ALIGN_EV_TWICE, "next CA, after either of two answers") \
	X(SCSP_ALIGN_EV_STALE, "the slave's CA again") \
	X(SCSP_ALIGN_EV_ERROR, "CA out of step") \
	X(SCSP_ALIGN_EV_STRAY, "CA that does not matter here") \
	X(SCSP_ALIGN_EV_TIMER, "no CA in time") \
	X(SCSP_ALIGN_EV_STUCK, "no master any more, or no copy to repeat") \
	X(SCSP_ALIGN_EV_SYNCED, "everything solicited is here") \
	X(SCSP_ALIGN_EV_REALIGN, "told to start over")

#define SCSP_ALIGN_ACTIONS(X) \
	X(SCSP_ALIGN_DO_DISCARD, "discard") \
	X(SCSP_ALIGN_DO_AGAIN, "count an old copy") \
	X(SCSP_ALIGN_DO_CLEAR, "clear") \
	X(SCSP_ALIGN_DO_NEGOTIATE, "negotiate") \
	X(SCSP_ALIGN_DO_RENUMBER, "renumber") \
	X(SCSP_ALIGN_DO_SLAVE, "become slave") \
	X(SCSP_ALIGN_DO_MASTER, "become master") \
	X(SCSP_ALIGN_DO_NEXT, "next CA") \
	X(SCSP_ALIGN_DO_DONE, "master is done") \
	X(SCSP_ALIGN_DO_FINAL, "slave's last CA") \
	X(SCSP_ALIGN_DO_RESEND, "resend") \
	X(SCSP_ALIGN_DO_RELEASE, "release the last CA") \
	X(SCSP_ALIGN_DO_ALIGNED, "aligned")

enum scsp_align_state {
	SCSP_ALIGN_STATES(TABLE_SYM)
	SCSP_ALIGN_STATE_MAX
};
enum scsp_align_event {
	SCSP_ALIGN_EVENTS(TABLE_SYM)
	SCSP_ALIGN_EV_MAX
};
enum scsp_align_action {
	TABLE_FIRST_ACTION(SCSP_ALIGN),
	SCSP_ALIGN_ACTIONS(TABLE_SYM)
	SCSP_ALIGN_DO_MAX
};
extern const struct table scsp_align_table;

void	scsp_align_init(struct scsp_neighbor *);
/* forgets everything that an alignment builds up, except the cache */
void	scsp_align_clear(struct scsp_neighbor *);
/* any event but those that a CA is */
void	scsp_align_run(struct scsp_neighbor *, enum scsp_align_event);
/* a CA from the neighbor, for us */
void	scsp_align_ca(struct scsp_neighbor *, const struct scsp_message *);
/* what a CA is in the state that the neighbor is in; changes nothing */
enum scsp_align_event scsp_align_classify(const struct scsp_neighbor *,
	    const struct scsp_message *);
/* the slave's last CA need not be kept any longer */
void	scsp_align_release_saved(struct scsp_neighbor *);
/* may CSU messages be exchanged (2.3)? */
bool	scsp_align_exchanging(const struct scsp_neighbor *);

#endif
