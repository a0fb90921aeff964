/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "limit.h"

/* A token is a million units: at one token a second, one unit each us. */
#define TOKEN	1000000

void
marsd_bucket_init(struct marsd_bucket *b, mtime_t now, uint32_t rate)
{
	b->tokens = (int64_t)rate * TOKEN;
	b->last = now;
}

bool
marsd_bucket_take(struct marsd_bucket *b, mtime_t now, uint32_t rate)
{
	int64_t full = (int64_t)rate * TOKEN, gone = mtime_diff(b->last, now);

	if (rate == 0)
		return true;
	if (gone >= TOKEN || b->tokens > full)
		b->tokens = full;
	else if (gone > 0)
		b->tokens += gone * rate;
	if (b->tokens > full)
		b->tokens = full;
	b->last = now;
	if (b->tokens < TOKEN)
		return false;
	b->tokens -= TOKEN;
	return true;
}
