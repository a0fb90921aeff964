/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What waits for a neighbor or was sent to it and is not acknowledged (RFC
 * 2334 section 2.3), and the acknowledgements that we owe it.
 */
#ifndef SCSP_QUEUE_H
#define SCSP_QUEUE_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "timer.h"

struct scsp_entry;
struct scsp_group;
struct scsp_neighbor;

/* An entry on a neighbor's retransmit queue; never a copy of the entry. */
struct scsp_link {
	TAILQ_ENTRY(scsp_link)	 of_neighbor;
	struct scsp_entry	*entry;
	struct scsp_neighbor	*neighbor;
	mtime_t			 sent_at;
	uint32_t		 next;	/* of the entry: a reference, or 0 */
	uint32_t		 octets;	/* as counted in its list */
	bool			 flying;	/* sent, not acknowledged */
	uint16_t		 packet;	/* octets of what it was in */
	uint16_t		 hops;
	uint16_t		 tries;		/* retransmissions so far */
	uint16_t		 ended;		/* answers with 2^31-1, A-92 */
};
TAILQ_HEAD(scsp_link_queue, scsp_link);

void	scsp_queue_init(struct scsp_neighbor *);
/* empties it; entries that waited for this neighbor only may go */
void	scsp_queue_clear(struct scsp_neighbor *);
/* any by which the entry is on a queue, or NULL */
struct scsp_link *scsp_queue_first(const struct scsp_entry *);
/* on the neighbor's queue, or NULL */
struct scsp_link *scsp_queue_find(const struct scsp_neighbor *,
	    const struct scsp_entry *);
/* the same by the name of the entry */
struct scsp_link *scsp_queue_named(const struct scsp_neighbor *,
	    scsp_record_id);
/*
 * Queues the instance that the entry holds now.  newer: if an older one is
 * queued, this takes its place; otherwise what is queued only gains hops.
 */
void	scsp_queue_add(struct scsp_neighbor *, struct scsp_entry *,
	    uint16_t hops, bool newer);
/*
 * takes it off its queue and frees it; the caller sees to scsp_entry_settle()
 */
void	scsp_queue_remove(struct scsp_link *);
/* queues it for every neighbor that may not know the instance, except `but` */
void	scsp_queue_flood(struct scsp_group *, struct scsp_entry *,
	    const struct scsp_neighbor *but, uint16_t hops);
/*
 * a hidden entry is back: queues it for neighbors whose summary went without it
 * (A-8)
 */
void	scsp_queue_revived(struct scsp_group *, struct scsp_entry *);
/* the neighbor has acknowledged it: off its queue */
void	scsp_queue_acknowledged(struct scsp_link *);
/* acknowledges a record, saying that we have the instance seq */
void	scsp_queue_acknowledge(struct scsp_neighbor *,
	    const struct scsp_csas *, int32_t seq);
/* sends what the window allows.  all: also what does not fill a packet */
void	scsp_queue_flush(struct scsp_neighbor *, bool all);
/* sends what waits soon, together with what else there is by then */
void	scsp_queue_gather(struct scsp_neighbor *);

#endif
