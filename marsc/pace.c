/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "pace.h"

#define TOKEN		1000000
#define STEPS		100	/* from nothing to the full rate */

void
marsc_pace_init(
    struct marsc_pace *p, mtime_t now, uint32_t rate, uint32_t burst)
{
	p->most = p->rate = rate == 0 ? 1 : rate;
	p->burst = burst == 0 ? 1 : burst;
	p->tokens = (int64_t)p->burst * TOKEN;
	p->good = 0;
	p->last = now;
	p->cut = (mtime_t){ INT64_MIN / 2 };
}

int64_t
marsc_pace_take(struct marsc_pace *p, mtime_t now)
{
	int64_t full = (int64_t)p->burst * TOKEN;
	int64_t gone = mtime_diff(p->last, now);

	if (gone > full / p->rate)
		p->tokens = full;
	else if (gone > 0)
		p->tokens += gone * p->rate;
	if (p->tokens > full)
		p->tokens = full;
	p->last = now;
	if (p->tokens < TOKEN)
		return (TOKEN - p->tokens + p->rate - 1) / p->rate;
	p->tokens -= TOKEN;
	return 0;
}

/* A hundredth of the full rate more, for every second at the rate of now. */
void
marsc_pace_good(struct marsc_pace *p)
{
	uint32_t more = (p->most + STEPS - 1) / STEPS;

	if (p->rate == p->most || ++p->good < p->rate)
		return;
	p->good = 0;
	p->rate = p->most - p->rate < more ? p->most : p->rate + more;
}

void
marsc_pace_lost(struct marsc_pace *p, mtime_t now, mtime_t sent)
{
	if (mtime_diff(p->cut, sent) <= 0)
		return;
	p->rate = p->rate > 1 ? p->rate / 2 : 1;
	p->tokens = 0;
	p->good = 0;
	p->last = p->cut = now;
}
