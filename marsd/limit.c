/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "limit.h"

/* A token is a million units: at one token a second, one unit each us. */
#define TOKEN	1000000

void
marsd_bucket_init(struct marsd_bucket *b, mtime_t now, uint32_t depth)
{
	b->tokens = (int64_t)depth * TOKEN;
	b->last = now;
}

/* What has come in since the last time. */
static void
bucket_fill(
    struct marsd_bucket *b, mtime_t now, uint32_t rate, uint32_t depth)
{
	int64_t full = (int64_t)depth * TOKEN, gone = mtime_diff(b->last, now);

	/* from the deepest debt to full in twice that time */
	if (rate == 0 || gone > 2 * full / rate)
		b->tokens = full;
	else if (gone > 0)
		b->tokens += gone * rate;
	if (b->tokens > full)
		b->tokens = full;
	b->last = now;
}

bool
marsd_bucket_take(
    struct marsd_bucket *b, mtime_t now, uint32_t rate, uint32_t depth)
{
	if (rate == 0)
		return true;
	bucket_fill(b, now, rate, depth);
	if (b->tokens < TOKEN)
		return false;
	b->tokens -= TOKEN;
	return true;
}

void
marsd_bucket_charge(struct marsd_bucket *b, uint64_t n, uint32_t depth)
{
	int64_t full = (int64_t)depth * TOKEN;

	b->tokens -= n > depth ? full : (int64_t)n * TOKEN;
	if (b->tokens < -full)
		b->tokens = -full;
}

bool
marsd_bucket_full(
    struct marsd_bucket *b, mtime_t now, uint32_t rate, uint32_t depth)
{
	bucket_fill(b, now, rate, depth);
	return b->tokens == (int64_t)depth * TOKEN;
}
