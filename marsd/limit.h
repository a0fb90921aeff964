/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Token buckets: so many messages a second, and as many at once.
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

/* rate: messages a second; 0: no limit */
void	marsd_bucket_init(struct marsd_bucket *, mtime_t, uint32_t rate);
/* false: one message too many */
bool	marsd_bucket_take(struct marsd_bucket *, mtime_t, uint32_t rate);

#endif
