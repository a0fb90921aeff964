/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Token buckets: so many messages a second, and so many at once (the depth).
 * A message that makes more work than others is charged for it afterwards,
 * even if the bucket runs into debt.
 *
 * Reserves: what is taken of callers though there is too much already.  It is
 * so much in all, and of one caller a share, so that who has made too much of
 * it does not use up what the others need.
 */
#ifndef MARSD_LIMIT_H
#define MARSD_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "timer.h"

struct marsd_bucket {
	int64_t	tokens;		/* millionths of a message */
	mtime_t	last;
};

/* What one caller may have however little is left. */
#define MARSD_SHARE_MIN	8

struct marsd_reserve {
	uint32_t	time;		/* how often it was filled */
	uint32_t	left;
};
/* Of one caller; zero at first. */
struct marsd_share {
	uint32_t	time, taken;
};

/* full */
void	marsd_bucket_init(struct marsd_bucket *, mtime_t, uint32_t depth);
/* rate: messages a second, 0: no limit; false: one message too many */
bool	marsd_bucket_take(struct marsd_bucket *, mtime_t, uint32_t rate,
	    uint32_t depth);
/* so many messages' worth of work; the debt is at most the depth */
void	marsd_bucket_charge(struct marsd_bucket *, uint64_t, uint32_t depth);
/* us until it is full again; 0: it is */
int64_t	marsd_bucket_wait(struct marsd_bucket *, mtime_t, uint32_t rate,
	    uint32_t depth);

/* of this size from now on, and nobody has taken anything of it */
void	marsd_reserve_fill(struct marsd_reserve *, uint32_t size);
/*
 * One message; false: the reserve is empty, or the caller has had its share,
 * which is a sixteenth of what is left, or MARSD_SHARE_MIN.
 */
bool	marsd_reserve_take(struct marsd_reserve *, struct marsd_share *);
/* has the caller had anything of it since it was filled? */
bool	marsd_share_counts(const struct marsd_share *,
	    const struct marsd_reserve *);

#endif
