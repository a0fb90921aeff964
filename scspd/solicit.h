/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Asking a neighbor for what it has in newer instances (RFC 2334 section
 * 2.2.3): the CSA Request List and the CSUS that is outstanding.
 */
#ifndef SCSP_SOLICIT_H
#define SCSP_SOLICIT_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "packet.h"

struct scsp_neighbor;

struct scsp_want {		/* an element of the CSA Request List */
	scsp_record_id	 id;
	int32_t		 seq;
	bool		 answered;
};

#define WANT_BLOCK	96	/* as many as a slab's largest object has */

/* Some of that list, in memory that goes to records when they have come. */
struct scsp_want_block {
	TAILQ_ENTRY(scsp_want_block) entry;
	uint32_t		 first, n;
	struct scsp_want	 want[WANT_BLOCK];
};
TAILQ_HEAD(scsp_want_list, scsp_want_block);

void		scsp_solicit_init(struct scsp_neighbor *);
void		scsp_solicit_clear(struct scsp_neighbor *);
/* to be asked for; without memory the alignment starts over */
void		scsp_solicit_add(struct scsp_neighbor *, scsp_record_id,
		    int32_t seq);
/* asks for the next part of the list, unless an answer is outstanding */
void		scsp_solicit_kick(struct scsp_neighbor *);
/*
 * The neighbor has sent this record: ticks it off.  True if it had been
 * asked for, and for a null record if nothing else had answered before.
 */
bool		scsp_solicit_answered(struct scsp_neighbor *,
		    const struct scsp_csas *);
/*
 * A CSU Request or Reply of the neighbor was dealt with: it answers, and may
 * have brought the one record that was asked for alone.
 */
void		scsp_solicit_exchanged(struct scsp_neighbor *);
uint32_t	scsp_solicit_pending(const struct scsp_neighbor *);

#endif
