/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A LAN: what one says, all others that are there hear, a little later. */
#include <stdlib.h>
#include <string.h>

#include "lan.h"

#define LAN_DELAY	200	/* us */

struct frame {
	struct timer	 timer;
	struct lan	*lan;
	uint32_t	 to;	/* an edge, or behind them a station */
	size_t		 len;
	uint8_t		 data[];
};

void
lan_addr(const struct lan *l, uint32_t host, bool v6, bool link,
    struct paddr *a)
{
	memset(a, 0, sizeof(*a));
	a->len = v6 ? 16 : 4;
	if (!v6) {
		a->a[0] = 172;
		a->a[1] = (uint8_t)(16 + l->generation % 16);
		a->a[2] = (uint8_t)l->n;
		a->a[3] = (uint8_t)host;
		return;
	}
	a->a[0] = link ? 0xfe : 0xfd;
	a->a[1] = link ? 0x80 : 0;
	if (!link)
		a->a[3] = (uint8_t)l->generation;
	a->a[link ? 14 : 5] = (uint8_t)l->n;
	a->a[15] = (uint8_t)host;
}

static void
on_frame(void *arg)
{
	struct frame *f = arg;
	struct lan *l = f->lan;

	if (f->to < l->ngates)
		plug_hear(l->gate[f->to], f->data, f->len);
	else
		station_hear(
		    &l->station[f->to - l->ngates], f->data, f->len);
	free(f);
}

static void
lan_post(struct lan *l, uint32_t to, const void *p, size_t len)
{
	struct world *w = l->s->w;
	struct frame *f = calloc(1, sizeof(*f) + len);
	int64_t delay = LAN_DELAY + to;

	if (f == NULL)
		abort();
	if (l->s->jitter != 0)
		delay += (int64_t)rnd(w, (uint64_t)l->s->jitter);
	f->lan = l;
	f->to = to;
	f->len = len;
	memcpy(f->data, p, len);
	timer_init(&f->timer, on_frame, f);
	timer_set(&w->ts, &f->timer, delay);
}

/* To everybody from..to, but not to the one who says it. */
static void
lan_carry(struct lan *l, uint32_t to, const void *from, const void *p,
    size_t len)
{
	struct world *w = l->s->w;
	const void *who;
	uint32_t i;

	for (i = 0; i < to; i++) {
		who = i < l->ngates ? (const void *)l->gate[i] :
		    (const void *)&l->station[i - l->ngates];
		if (who == from ||
		    (l->s->loss != 0 && rnd(w, 10000) < l->s->loss))
			continue;
		lan_post(l, i, p, len);
		if (l->s->dup != 0 && rnd(w, 10000) < l->s->dup)
			lan_post(l, i, p, len);
	}
}

void
lan_say(struct lan *l, const struct speaker *s, const void *p, size_t len)
{
	lan_carry(l, l->ngates + l->nstations, s->st, p, len);
}

/* Of a station; what other stations make of it is not asked. */
void
lan_say_data(struct lan *l, const void *p, size_t len)
{
	lan_carry(l, l->ngates, NULL, p, len);
}

bool
lan_gate_says(void *arg, const void *p, size_t len)
{
	struct plug *from = arg;
	struct lan *l = from->lan;
	uint32_t tag;

	if (from->gate->node.silent)
		return true;
	if (message_is_probe(p, len, &tag)) {
		lan_heard(l, p, len);
		lan_carry(l, l->ngates, from, p, len);
	} else
		lan_carry(l, l->ngates + l->nstations, from, p, len);
	return true;
}
