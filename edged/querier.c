/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "querier.h"

static const struct table_cell
    cells[EDGED_QUERIER_STATE_MAX][EDGED_QUERIER_EVENT_MAX] = {
	[EDGED_QUERIER_DOWN] = {
		[EDGED_QUERIER_EV_START] =
		    { EDGED_QUERIER_QUERIER, EDGED_QUERIER_DO_BEGIN },
		[EDGED_QUERIER_EV_START_OFF] =
		    { EDGED_QUERIER_LISTEN, TABLE_IGNORE },
		[EDGED_QUERIER_EV_STOP] =
		    { EDGED_QUERIER_DOWN, TABLE_IGNORE },
		[EDGED_QUERIER_EV_LOWER] =
		    { EDGED_QUERIER_DOWN, TABLE_IGNORE },
		[EDGED_QUERIER_EV_HIGHER] =
		    { EDGED_QUERIER_DOWN, TABLE_IGNORE },
		[EDGED_QUERIER_EV_TICK] =
		    { EDGED_QUERIER_DOWN, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_GONE] =
		    { EDGED_QUERIER_DOWN, TABLE_VIOLATION },
	},
	[EDGED_QUERIER_LISTEN] = {
		[EDGED_QUERIER_EV_START] =
		    { EDGED_QUERIER_LISTEN, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_START_OFF] =
		    { EDGED_QUERIER_LISTEN, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_STOP] =
		    { EDGED_QUERIER_DOWN, EDGED_QUERIER_DO_STOP },
		[EDGED_QUERIER_EV_LOWER] =
		    { EDGED_QUERIER_LISTEN, EDGED_QUERIER_DO_NOTE },
		[EDGED_QUERIER_EV_HIGHER] =
		    { EDGED_QUERIER_LISTEN, EDGED_QUERIER_DO_NOTE },
		[EDGED_QUERIER_EV_TICK] =
		    { EDGED_QUERIER_LISTEN, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_GONE] =
		    { EDGED_QUERIER_LISTEN, EDGED_QUERIER_DO_FORGET },
	},
	[EDGED_QUERIER_QUERIER] = {
		[EDGED_QUERIER_EV_START] =
		    { EDGED_QUERIER_QUERIER, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_START_OFF] =
		    { EDGED_QUERIER_QUERIER, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_STOP] =
		    { EDGED_QUERIER_DOWN, EDGED_QUERIER_DO_STOP },
		[EDGED_QUERIER_EV_LOWER] =
		    { EDGED_QUERIER_OTHER, EDGED_QUERIER_DO_YIELD },
		/* it hears ours, and yields */
		[EDGED_QUERIER_EV_HIGHER] =
		    { EDGED_QUERIER_QUERIER, TABLE_IGNORE },
		[EDGED_QUERIER_EV_TICK] =
		    { EDGED_QUERIER_QUERIER, EDGED_QUERIER_DO_SEND },
		[EDGED_QUERIER_EV_GONE] =
		    { EDGED_QUERIER_QUERIER, TABLE_VIOLATION },
	},
	[EDGED_QUERIER_OTHER] = {
		[EDGED_QUERIER_EV_START] =
		    { EDGED_QUERIER_OTHER, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_START_OFF] =
		    { EDGED_QUERIER_OTHER, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_STOP] =
		    { EDGED_QUERIER_DOWN, EDGED_QUERIER_DO_STOP },
		[EDGED_QUERIER_EV_LOWER] =
		    { EDGED_QUERIER_OTHER, EDGED_QUERIER_DO_NOTE },
		[EDGED_QUERIER_EV_HIGHER] =
		    { EDGED_QUERIER_OTHER, TABLE_IGNORE },
		[EDGED_QUERIER_EV_TICK] =
		    { EDGED_QUERIER_OTHER, TABLE_VIOLATION },
		[EDGED_QUERIER_EV_GONE] =
		    { EDGED_QUERIER_QUERIER, EDGED_QUERIER_DO_TAKE_OVER },
	},
};
TABLE_DEFINE(edged_querier_table, "querier", EDGED_QUERIER, cells);

/* The first queries come four times as often (8.6). */
static void
send_general(struct edged_querier *q)
{
	int64_t interval = MTIME_SEC(q->timing.interval);

	if (q->startup > 0)
		q->startup--;
	if (q->startup > 0)
		interval /= 4;
	timer_set(q->timers, &q->tick, interval);
	q->ops->general(q->arg);
}

static void
own_timing(struct edged_querier *q)
{
	q->heard = q->timing;
	q->other.len = 0;
	q->ops->timing(q->arg, &q->heard);
}

/* Other Querier Present Interval (8.5), by what that querier says */
static void
note_other(struct edged_querier *q)
{
	const struct edged_listener_timing *t = &q->heard;

	timer_set(q->timers, &q->gone,
	    t->robustness * MTIME_SEC(t->interval) + MTIME_MS(t->response) / 2);
	q->ops->timing(q->arg, t);
}

static void
querier_step(struct edged_querier *q, enum edged_querier_event event)
{
	switch (
	    table_step(&edged_querier_table, &q->state, event, &q->faults)) {
	case EDGED_QUERIER_DO_BEGIN:
		q->startup = q->timing.robustness;
		q->ops->role(q->arg, true);
		send_general(q);
		break;
	case EDGED_QUERIER_DO_SEND:
		send_general(q);
		break;
	case EDGED_QUERIER_DO_YIELD:
		timer_clear(q->timers, &q->tick);
		q->startup = 0;
		note_other(q);
		q->ops->role(q->arg, false);
		break;
	case EDGED_QUERIER_DO_NOTE:
		note_other(q);
		break;
	case EDGED_QUERIER_DO_TAKE_OVER:
		own_timing(q);
		q->ops->role(q->arg, true);
		send_general(q);
		break;
	case EDGED_QUERIER_DO_FORGET:
		own_timing(q);
		break;
	case EDGED_QUERIER_DO_STOP:
		timer_clear(q->timers, &q->tick);
		timer_clear(q->timers, &q->gone);
		own_timing(q);
		q->ops->role(q->arg, false);
		break;
	}
}

static void
tick_expired(void *arg)
{
	querier_step(arg, EDGED_QUERIER_EV_TICK);
}

static void
gone_expired(void *arg)
{
	querier_step(arg, EDGED_QUERIER_EV_GONE);
}

void
edged_querier_init(struct edged_querier *q, const struct edged_querier_ops *ops,
    void *arg, struct timers *timers)
{
	static const struct edged_listener_timing timing =
	    EDGED_LISTENER_TIMING;

	memset(q, 0, sizeof(*q));
	q->ops = ops;
	q->arg = arg;
	q->timers = timers;
	q->state = EDGED_QUERIER_DOWN;
	q->timing = q->heard = timing;
	q->version = EDGED_GMP_V3;
	timer_init(&q->tick, tick_expired, q);
	timer_init(&q->gone, gone_expired, q);
}

void
edged_querier_start(struct edged_querier *q, const struct paddr *addr, bool on)
{
	querier_step(q, EDGED_QUERIER_EV_STOP);
	q->addr = *addr;
	q->heard = q->timing;
	querier_step(q,
	    on && addr->len != 0 ? EDGED_QUERIER_EV_START :
	    EDGED_QUERIER_EV_START_OFF);
}

void
edged_querier_stop(struct edged_querier *q)
{
	querier_step(q, EDGED_QUERIER_EV_STOP);
}

/*
 * 4.1.6 and 4.1.7 say to take over what the querier says.  Less than our own
 * is not taken: with one forged query of a second everybody's groups would be
 * over; keeping them longer costs little.
 */
static void
hear_timing(struct edged_querier *q, const struct edged_gmp *m)
{
	q->heard = q->timing;
	if (m->version != EDGED_GMP_V3)
		return;
	if (m->robustness > q->heard.robustness)
		q->heard.robustness = m->robustness;
	if (m->interval > q->heard.interval)
		q->heard.interval = m->interval;
	if (q->heard.interval > EDGED_QUERIER_INTERVAL_MAX &&
	    q->heard.interval > q->timing.interval)
		q->heard.interval = EDGED_QUERIER_INTERVAL_MAX;
}

void
edged_querier_heard(struct edged_querier *q, const struct edged_gmp *m)
{
	bool lower = paddr_cmp(&m->src, &q->addr) < 0;

	/* a switch that queries without an address takes no part in the
	 * election (RFC 4541 2.1.1); what is ours is an echo */
	if (edged_addr_zero(&m->src) || paddr_equal(&m->src, &q->addr))
		return;
	if (m->version < q->version)
		q->older++;
	if (q->state == EDGED_QUERIER_LISTEN ||
	    (lower && q->state != EDGED_QUERIER_DOWN)) {
		q->other = m->src;
		hear_timing(q, m);
	}
	querier_step(
	    q, lower ? EDGED_QUERIER_EV_LOWER : EDGED_QUERIER_EV_HIGHER);
}
