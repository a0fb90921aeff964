/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "limit.h"

/* A token is a million units: at one token a second, one unit each us. */
#define TOKEN	1000000

#define SHARES	16	/* of what is left of a reserve */

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

int64_t
marsd_bucket_wait(
    struct marsd_bucket *b, mtime_t now, uint32_t rate, uint32_t depth)
{
	bucket_fill(b, now, rate, depth);
	if (rate == 0)
		return 0;
	return ((int64_t)depth * TOKEN - b->tokens + rate - 1) / rate;
}

void
marsd_reserve_fill(struct marsd_reserve *r, uint32_t size)
{
	r->time++;
	r->left = size;
}

bool
marsd_reserve_take(struct marsd_reserve *r, struct marsd_share *s)
{
	uint32_t most = r->left / SHARES;

	if (most < MARSD_SHARE_MIN)
		most = MARSD_SHARE_MIN;
	if (r->left == 0)
		return false;
	if (!marsd_share_counts(s, r))
		*s = (struct marsd_share){ .time = r->time };
	if (s->taken >= most)
		return false;
	s->taken++;
	r->left--;
	return true;
}

bool
marsd_share_counts(const struct marsd_share *s, const struct marsd_reserve *r)
{
	return s->time == r->time;
}
