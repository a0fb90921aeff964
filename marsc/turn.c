/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Whose turn it is to ask.  A host that sends to thousands of groups makes us
 * ask about each of them, and must not cost us the MARS, which bounds what it
 * takes from one client.  So few questions are open at a time, and new ones
 * are asked at a limited rate; the others wait in two lines:
 *
 * - first what can't be done without: what the owner wants to know, and the
 *   members of groups that we are sending to (VC_revalidate).  As many wait as
 *   there are; the owner and the limit of paths bound them.
 * - the rest is groups that somebody has begun to send to.  The oldest is
 *   asked about first.  Where the line is full, the packet that comes is
 *   dropped, and the next one for its group tries again.  So a stream gets in
 *   before long, while thousands of packets to one group each do not push out
 *   what waits.
 */
#include "client.h"

static void
turn_timer(void *arg)
{
	marsc_turn_next(arg);
}

void
marsc_turn_init(struct marsc *c)
{
	TAILQ_INIT(&c->turn.first);
	TAILQ_INIT(&c->turn.rest);
	timer_init(&c->turn.timer, turn_timer, c);
	marsc_turn_pace(c);
}

void
marsc_turn_pace(struct marsc *c)
{
	marsc_pace_init(&c->turn.pace, c->ts->now, c->limits.request_rate,
	    c->limits.request_burst);
}

void
marsc_turn_answered(struct marsc *c)
{
	c->turn.answered = c->ts->now;
	marsc_pace_good(&c->turn.pace);
}

bool
marsc_turn_full(const struct marsc *c)
{
	return c->turn.nrest >= c->limits.requests_waiting;
}

void
marsc_turn_wait(struct marsc_query *q)
{
	struct marsc_turn *t = &q->client->turn;

	if (q->urgent)
		TAILQ_INSERT_TAIL(&t->first, q, turn);
	else {
		TAILQ_INSERT_TAIL(&t->rest, q, turn);
		t->nrest++;
	}
	q->waits = true;
}

void
marsc_turn_update(struct marsc_query *q)
{
	struct marsc_turn *t = &q->client->turn;
	bool open = q->state == MARSC_QUERY_ASKING;

	if (q->waits && q->state != MARSC_QUERY_WAITING) {
		TAILQ_REMOVE(q->urgent ? &t->first : &t->rest, q, turn);
		if (!q->urgent)
			t->nrest--;
		q->waits = false;
	}
	if (open && !q->open)
		t->nopen++;
	else if (!open && q->open)
		t->nopen--;
	q->open = open;
}

/* An event may bring us here again, which the outermost call makes up for. */
void
marsc_turn_next(struct marsc *c)
{
	struct marsc_turn *t = &c->turn;
	struct marsc_query *q;
	int64_t wait;

	if (t->busy)
		return;
	t->busy = true;
	while (marsc_reg_is_on(c) && t->nopen < c->limits.requests) {
		q = TAILQ_FIRST(&t->first);
		if (q == NULL && (q = TAILQ_FIRST(&t->rest)) == NULL)
			break;
		wait = marsc_pace_take(&t->pace, c->ts->now);
		if (wait > 0) {
			timer_set(c->ts, &t->timer, wait);
			break;
		}
		marsc_query_event(q, MARSC_QUERY_EV_TURN);
	}
	t->busy = false;
}
