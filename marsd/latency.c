/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How long this process takes: for a message of a client, from when it was
 * read until its answer was handed to the system, and for a record of another
 * server, from when scspd had it until it is in our map.
 */
#include "marsd.h"

/*
 * Answers go out at the end of a turn: all messages of a turn took as long as
 * it did.
 */
void
marsd_latency_turn(void *arg)
{
	struct marsd_shell *d = arg;
	const struct timers *ts = &d->service.loop.timers;
	uint64_t heard = marsd_heard(d->mars);

	if (heard == d->heard)
		return;
	histogram_add(&d->request, mtime_diff(ts->woken, ts->clock()),
	    heard - d->heard);
	d->heard = heard;
}

void
marsd_latency_record(struct marsd_shell *d, uint64_t when)
{
	const mtime_t came = { (int64_t)when };

	histogram_add(&d->propagation,
	    mtime_diff(came, d->service.loop.timers.now), 1);
}

/* One row for each of the two; the cursor is how many are behind us. */
bool
marsd_ctl_latencies(void *arg, void *cursor, struct wr *w)
{
	struct marsd_shell *d = arg;
	const struct {
		const char	*name;
		const struct histogram *h;
	} all[] = {
		{ "request", &d->request },
		{ "propagation", &d->propagation },
	};
	uint8_t *at = cursor;
	const struct histogram *h;
	unsigned int i;

	if (*at == sizeof(all) / sizeof(all[0]))
		return false;
	h = all[*at].h;
	ctl_string(w, "name", all[*at].name);
	ctl_uint(w, "count", h->count);
	ctl_uint(w, "mean", h->count == 0 ? 0 : h->sum / h->count);
	ctl_uint(w, "max", h->max);
	ctl_uint(w, "sum", h->sum);
	ctl_array(w, "buckets");
	for (i = 0; i < HISTOGRAM_BOUNDS; i++) {
		ctl_uint(w, "", histogram_bound(i));
		ctl_uint(w, "", histogram_within(h, i));
	}
	ctl_close(w);
	++*at;
	return true;
}
