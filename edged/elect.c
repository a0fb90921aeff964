/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "elect.h"

#define HOLD_MIN	500	/* ms, of what a peer may say */
#define HOLD_MAX	10000

static const struct table_cell
    cells[EDGED_ELECT_STATE_MAX][EDGED_ELECT_EVENT_MAX] = {
	[EDGED_ELECT_DOWN] = {
		[EDGED_ELECT_EV_START] =
		    { EDGED_ELECT_WAIT, EDGED_ELECT_DO_WAIT },
		[EDGED_ELECT_EV_STOP] = { EDGED_ELECT_DOWN, TABLE_IGNORE },
		[EDGED_ELECT_EV_WAITED] =
		    { EDGED_ELECT_DOWN, TABLE_VIOLATION },
		/* a change of our priority */
		[EDGED_ELECT_EV_BETTER] = { EDGED_ELECT_DOWN, TABLE_IGNORE },
		[EDGED_ELECT_EV_BEST] = { EDGED_ELECT_DOWN, TABLE_IGNORE },
	},
	[EDGED_ELECT_WAIT] = {
		[EDGED_ELECT_EV_START] = { EDGED_ELECT_WAIT, TABLE_IGNORE },
		[EDGED_ELECT_EV_STOP] =
		    { EDGED_ELECT_DOWN, EDGED_ELECT_DO_LEAVE },
		[EDGED_ELECT_EV_WAITED] =
		    { EDGED_ELECT_BACKUP, EDGED_ELECT_DO_COMPARE },
		/* it may be gone again before our time has come */
		[EDGED_ELECT_EV_BETTER] = { EDGED_ELECT_WAIT, TABLE_IGNORE },
		[EDGED_ELECT_EV_BEST] = { EDGED_ELECT_WAIT, TABLE_IGNORE },
	},
	[EDGED_ELECT_BACKUP] = {
		[EDGED_ELECT_EV_START] = { EDGED_ELECT_BACKUP, TABLE_IGNORE },
		[EDGED_ELECT_EV_STOP] =
		    { EDGED_ELECT_DOWN, EDGED_ELECT_DO_LEAVE },
		[EDGED_ELECT_EV_WAITED] =
		    { EDGED_ELECT_BACKUP, TABLE_VIOLATION },
		[EDGED_ELECT_EV_BETTER] = { EDGED_ELECT_BACKUP, TABLE_IGNORE },
		[EDGED_ELECT_EV_BEST] =
		    { EDGED_ELECT_FORWARDER, EDGED_ELECT_DO_TAKE_OVER },
	},
	[EDGED_ELECT_FORWARDER] = {
		[EDGED_ELECT_EV_START] =
		    { EDGED_ELECT_FORWARDER, TABLE_IGNORE },
		[EDGED_ELECT_EV_STOP] =
		    { EDGED_ELECT_DOWN, EDGED_ELECT_DO_LEAVE },
		[EDGED_ELECT_EV_WAITED] =
		    { EDGED_ELECT_FORWARDER, TABLE_VIOLATION },
		[EDGED_ELECT_EV_BETTER] =
		    { EDGED_ELECT_BACKUP, EDGED_ELECT_DO_YIELD },
		[EDGED_ELECT_EV_BEST] =
		    { EDGED_ELECT_FORWARDER, TABLE_IGNORE },
	},
};
TABLE_DEFINE(edged_elect_table, "elect", EDGED_ELECT, cells);

/* --- our own hello */

static void
list_challenge(struct edged_hello *h, uint64_t challenge)
{
	if (challenge != 0 && h->n < EDGED_HELLO_LIST)
		h->list[h->n++] = challenge;
}

static void
say(struct edged_elect *e, bool leaving)
{
	struct edged_hello h = { .leaving = leaving,
		.forwarder = e->state == EDGED_ELECT_FORWARDER,
		.waiting = e->state == EDGED_ELECT_WAIT,
		.no_mars = e->no_mars,
		.priority = edged_elect_priority(e),
		.hold = EDGED_ELECT_HOLD,
		.id = e->id,
		.life = e->life,
		.challenge = e->challenge };
	const struct edged_peer *p;

	memcpy(h.cluster, e->cluster, sizeof(h.cluster));
	h.sequence = ++e->sequence;
	for (p = e->peers; p < e->peers + EDGED_ELECT_PEERS; p++) {
		if (!p->used)
			continue;
		list_challenge(&h, p->challenge);
		list_challenge(&h, p->unproven);
	}
	timer_clear(e->timers, &e->answer);
	e->ops->send(e->arg, &h);
}

/* A number that is not 0, which means none. */
static uint64_t
draw(struct edged_elect *e)
{
	uint64_t n = e->ops->random(e->arg);

	return n == 0 ? 1 : n;
}

static void
answer_expired(void *arg)
{
	say(arg, false);
}

/* Soon, and once for all who ask meanwhile: a flood of old hellos makes us
 * say no more than 20 a second. */
static void
answer_soon(struct edged_elect *e)
{
	if (!timer_isset(&e->answer))
		timer_set(e->timers, &e->answer, MTIME_MS(EDGED_ELECT_ANSWER));
}

/* --- who has a MARS */

uint8_t
edged_elect_priority(const struct edged_elect *e)
{
	return e->stands_back ? 0 : e->priority;
}

static bool
peer_stands(const struct edged_peer *p)
{
	return p->used && p->believed && !p->waiting;
}

/* Should we stand back for somebody who has what we have not? */
static bool
had_better_stand_back(const struct edged_elect *e)
{
	const struct edged_peer *p;

	if (!e->no_mars)
		return false;
	for (p = e->peers; p < e->peers + EDGED_ELECT_PEERS; p++)
		if (peer_stands(p) && !p->no_mars)
			return true;
	/* nobody has one: everything stays as it is */
	return e->stands_back;
}

/* After each change of that: it counts only if it lasts. */
static void
track(struct edged_elect *e)
{
	if (had_better_stand_back(e) == e->stands_back)
		timer_clear(e->timers, &e->track);
	else if (!timer_isset(&e->track))
		timer_set(e->timers, &e->track, MTIME_MS(EDGED_ELECT_TRACK));
}

/* --- the election */

static bool
peer_is_better(const struct edged_elect *e, const struct edged_peer *p)
{
	if (!peer_stands(p))
		return false;
	if (p->priority != edged_elect_priority(e))
		return p->priority > edged_elect_priority(e);
	return paddr_cmp(&p->id, &e->id) < 0;
}

static enum edged_elect_event
compare(const struct edged_elect *e)
{
	int i;

	for (i = 0; i < EDGED_ELECT_PEERS; i++)
		if (peer_is_better(e, &e->peers[i]))
			return EDGED_ELECT_EV_BETTER;
	return EDGED_ELECT_EV_BEST;
}

static void
peer_clear(struct edged_peer *p)
{
	timer_clear(p->elect->timers, &p->gone);
	p->used = p->believed = false;
	p->challenge = p->unproven = 0;
}

static void
elect_leave(struct edged_elect *e)
{
	int i;

	say(e, true);
	timer_clear(e->timers, &e->hello);
	timer_clear(e->timers, &e->answer);
	timer_clear(e->timers, &e->wait);
	timer_clear(e->timers, &e->track);
	for (i = 0; i < EDGED_ELECT_PEERS; i++)
		peer_clear(&e->peers[i]);
	e->ops->role(e->arg, false);
}

static void
hello_expired(void *arg)
{
	struct edged_elect *e = arg;

	timer_set(e->timers, &e->hello, MTIME_MS(EDGED_ELECT_INTERVAL));
	e->no_mars = e->ops->no_mars(e->arg);
	track(e);
	say(e, false);
}

static void
elect_step(struct edged_elect *e, enum edged_elect_event event)
{
	switch (table_step(&edged_elect_table, &e->state, event, &e->faults)) {
	case EDGED_ELECT_DO_WAIT:
		e->life = draw(e);
		e->challenge = draw(e);
		e->sequence = 0;
		e->stands_back = false;
		timer_set(e->timers, &e->wait, MTIME_MS(EDGED_ELECT_HOLD));
		hello_expired(e);
		break;
	case EDGED_ELECT_DO_COMPARE:
		e->stands_back = had_better_stand_back(e);
		elect_step(e, compare(e));
		break;
	case EDGED_ELECT_DO_TAKE_OVER:
		/* who forwards now hears it and yields */
		say(e, false);
		e->ops->role(e->arg, true);
		break;
	case EDGED_ELECT_DO_YIELD:
		e->ops->role(e->arg, false);
		say(e, false);
		break;
	case EDGED_ELECT_DO_LEAVE:
		elect_leave(e);
		break;
	}
}

static void
wait_expired(void *arg)
{
	elect_step(arg, EDGED_ELECT_EV_WAITED);
}

/* Our priority is another one from now on. */
static void
priority_changed(struct edged_elect *e)
{
	elect_step(e, compare(e));
	if (e->state != EDGED_ELECT_DOWN)
		answer_soon(e);
}

static void
track_expired(void *arg)
{
	struct edged_elect *e = arg;

	e->stands_back = !e->stands_back;
	priority_changed(e);
}

/* --- the others */

static void
peer_forget(struct edged_peer *p)
{
	struct edged_elect *e = p->elect;
	bool believed = p->believed;

	peer_clear(p);
	if (!believed)
		return;
	/* what it has signed so far proves nothing any more */
	e->challenge = draw(e);
	track(e);
	elect_step(e, compare(e));
}

static void
peer_gone(void *arg)
{
	peer_forget(arg);
}

static struct edged_peer *
peer_of(struct edged_elect *e, const struct paddr *id)
{
	struct edged_peer *p, *unused = NULL;

	for (p = e->peers; p < e->peers + EDGED_ELECT_PEERS; p++) {
		if (p->used && paddr_equal(&p->id, id))
			return p;
		if (!p->used && unused == NULL)
			unused = p;
	}
	if (unused != NULL) {
		unused->used = true;
		unused->id = *id;
	}
	return unused;
}

static bool
lists_us(const struct edged_elect *e, const struct edged_hello *h)
{
	uint8_t i;

	for (i = 0; i < h->n; i++)
		if (h->list[i] == e->challenge)
			return true;
	return false;
}

static void
peer_hold(struct edged_peer *p, const struct edged_hello *h)
{
	uint16_t hold = h->hold;

	if (hold < HOLD_MIN)
		hold = HOLD_MIN;
	if (hold > HOLD_MAX)
		hold = HOLD_MAX;
	timer_set(p->elect->timers, &p->gone, MTIME_MS(hold));
}

/* A hello of now, by whoever has this id. */
static void
peer_believe(struct edged_peer *p, const struct edged_hello *h)
{
	struct edged_elect *e = p->elect;

	if (h->leaving) {
		peer_forget(p);
		return;
	}
	if (!p->believed || p->life != h->life) {
		/* its earlier life, if there was one, has lost its proof */
		e->challenge = draw(e);
		p->unproven = 0;
		p->believed = true;
		p->life = h->life;
	}
	p->sequence = h->sequence;
	p->challenge = h->challenge;
	p->priority = h->priority;
	p->forwarder = h->forwarder;
	p->waiting = h->waiting;
	p->no_mars = h->no_mars;
	peer_hold(p, h);
	track(e);
	elect_step(e, compare(e));
}

static enum edged_hello_drop
peer_heard(struct edged_elect *e, const struct edged_hello *h)
{
	struct edged_peer *p = peer_of(e, &h->id);

	if (p == NULL)
		return EDGED_HELLO_DROP_PEERS;
	if (p->believed && p->life == h->life) {
		if (h->sequence <= p->sequence)
			return EDGED_HELLO_DROP_REPLAY;
		/* it may have to prove itself again to someone else, and we to
		 * it */
		if (!lists_us(e, h))
			answer_soon(e);
		peer_believe(p, h);
		return EDGED_HELLO_OK;
	}
	if (lists_us(e, h)) {
		peer_believe(p, h);
		answer_soon(e);
		return EDGED_HELLO_OK;
	}
	/* a challenge in our list, and it can answer ours */
	p->unproven = h->challenge;
	if (!p->believed)
		peer_hold(p, h);
	answer_soon(e);
	return EDGED_HELLO_DROP_UNPROVEN;
}

enum edged_hello_drop
edged_elect_heard(struct edged_elect *e, const struct edged_hello *h)
{
	if (e->state == EDGED_ELECT_DOWN)
		return EDGED_HELLO_OK;
	if (paddr_equal(&h->id, &e->id))
		return h->life == e->life ? EDGED_HELLO_DROP_OWN :
		    EDGED_HELLO_DROP_TWIN;
	return peer_heard(e, h);
}

/* --- the owner's side */

void
edged_elect_init(struct edged_elect *e, const struct edged_elect_ops *ops,
    void *arg, struct timers *timers, const struct paddr *id,
    const uint8_t cluster[EDGED_HELLO_CLUSTER], uint8_t priority)
{
	int i;

	memset(e, 0, sizeof(*e));
	e->ops = ops;
	e->arg = arg;
	e->timers = timers;
	e->state = EDGED_ELECT_DOWN;
	e->id = *id;
	memcpy(e->cluster, cluster, sizeof(e->cluster));
	e->priority = priority;
	timer_init(&e->hello, hello_expired, e);
	timer_init(&e->answer, answer_expired, e);
	timer_init(&e->wait, wait_expired, e);
	timer_init(&e->track, track_expired, e);
	for (i = 0; i < EDGED_ELECT_PEERS; i++) {
		e->peers[i].elect = e;
		timer_init(&e->peers[i].gone, peer_gone, &e->peers[i]);
	}
}

void
edged_elect_start(struct edged_elect *e)
{
	elect_step(e, EDGED_ELECT_EV_START);
}

void
edged_elect_stop(struct edged_elect *e)
{
	elect_step(e, EDGED_ELECT_EV_STOP);
}

void
edged_elect_set_priority(struct edged_elect *e, uint8_t priority)
{
	if (e->priority == priority)
		return;
	e->priority = priority;
	priority_changed(e);
}
