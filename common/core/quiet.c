/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "quiet.h"

#define QUIET_MAX	MTIME_SEC(3600)
#define QUIET_OVER	MTIME_SEC(600)

bool
quiet_pass(struct quiet *q, mtime_t now, uint32_t burst, uint64_t *more)
{
	int64_t silence = mtime_diff(q->last, now);

	/* what has been well for longer than that begins anew */
	if (q->told != 0 && silence >= QUIET_OVER && silence >= 2 * q->pause)
		*q = (struct quiet){ .more = q->more };
	q->last = now;
	if (q->told >= burst && mtime_diff(now, q->until) > 0) {
		q->more++;
		return false;
	}
	if (++q->told >= burst) {
		q->pause = q->pause == 0 ? QUIET_MIN : 2 * q->pause;
		if (q->pause > QUIET_MAX)
			q->pause = QUIET_MAX;
		q->until.us = now.us + q->pause;
	}
	*more = q->more;
	q->more = 0;
	return true;
}

bool
quiet_stranger_pass(struct quiet_strangers *s, const struct atm_addr *addr,
    unsigned int what, mtime_t now, uint64_t *more)
{
	size_t i, oldest = 0;

	for (i = 0; i < QUIET_STRANGERS; i++) {
		if (s->v[i].what == what && s->v[i].quiet.told != 0 &&
		    atm_addr_equal(&s->v[i].addr, addr))
			return quiet_pass(&s->v[i].quiet, now, 1, more);
		if (s->v[i].quiet.told == 0 ||
		    (s->v[oldest].quiet.told != 0 &&
		    mtime_diff(s->v[i].quiet.last, s->v[oldest].quiet.last) >
		    0))
			oldest = i;
	}
	memset(&s->v[oldest], 0, sizeof(s->v[oldest]));
	s->v[oldest].addr = *addr;
	s->v[oldest].what = what;
	return quiet_pass(&s->v[oldest].quiet, now, 1, more);
}
