/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Token buckets: so many messages a second, and so many at once (the depth).
 * A message that makes more work than others is charged for it afterwards,
 * even if the bucket runs into debt.
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

/* full */
void	marsd_bucket_init(struct marsd_bucket *, mtime_t, uint32_t depth);
/* rate: messages a second, 0: no limit; false: one message too many */
bool	marsd_bucket_take(struct marsd_bucket *, mtime_t, uint32_t rate,
	    uint32_t depth);
/* so many messages' worth of work; the debt is at most the depth */
void	marsd_bucket_charge(struct marsd_bucket *, uint64_t, uint32_t depth);
/* is it full again? */
bool	marsd_bucket_full(struct marsd_bucket *, mtime_t, uint32_t rate,
	    uint32_t depth);

#endif
