/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsd says of records: its own, and those of servers that are dead. */
#ifndef SCSP_PUBLISH_H
#define SCSP_PUBLISH_H

#include <stdint.h>

#include "cache.h"

struct scsp_group;

/* What becomes of contents that marsd publishes. */
enum scsp_publication {
	SCSP_PUBLISH_HOLD,	/* nobody is aligned: not numbered yet */
	SCSP_PUBLISH_HOLD_KNOWN, /* the same, and somebody has had this key */
	SCSP_PUBLISH_NUMBER,	/* numbered and flooded */
	SCSP_PUBLISH_PURGE,	/* numbers are used up: withdrawn first */
	SCSP_PUBLISH_WAIT	/* the purge is not over: afterwards */
};

/* Changes nothing.  *seq: the number, if there is one. */
enum scsp_publication scsp_publication(const struct scsp_group *,
	    const struct scsp_entry *, int32_t *seq);
/*
 * A neighbor is aligned: what was held is numbered and flooded.  That
 * goes on by itself, some records a turn, and not faster than one neighbor at
 * least takes them, since what is queued for all needs memory.
 */
void	scsp_publish_release_init(struct scsp_group *);
void	scsp_publish_release(struct scsp_group *);
/* the same goes on now, if it is not over: a neighbor may take more */
void	scsp_publish_go_on(struct scsp_group *);
/* what a record of ours says is so, whatever others have: it gets a number */
void	scsp_publish_again(struct scsp_group *, struct scsp_entry *);
/* gives a record of ours this number, with the same contents, and floods it */
void	scsp_publish_renumber(struct scsp_group *, struct scsp_entry *,
	    int32_t);
/* a purge is over: the record begins anew with what waits */
void	scsp_publish_renew(struct scsp_group *, uint32_t key,
	    const struct scsp_renewal *);

#endif
