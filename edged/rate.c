/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "rate.h"

#define MILLION		1000000
#define PACKET_MAX	65535	/* octets */
#define FLOW_BURST	4	/* s of new flows at once */

const char *
edged_rate_drop_name(enum edged_rate_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_RATE_DROPS(X)
#undef X
	};

	return drop < EDGED_RATE_DROP_MAX ? names[drop] : "unknown";
}

/* --- buckets */

/* What has flowed in since the last look.  At most 10^12 a second and at once:
 * nothing here overflows. */
static void
refill(struct edged_bucket *b, mtime_t now, uint64_t rate)
{
	int64_t gone = mtime_diff(b->last, now);

	if (gone <= 0)
		return;
	b->last = now;
	if (gone >= b->missing / (int64_t)rate + 1)
		b->missing = 0;
	else
		b->missing -= gone * (int64_t)rate;
}

bool
edged_bucket_has(struct edged_bucket *b, mtime_t now, uint64_t rate,
    uint64_t burst, uint64_t n)
{
	if (rate == 0)
		return true;
	if (rate > EDGED_RATE_MAX)
		rate = EDGED_RATE_MAX;
	if (burst > EDGED_BURST_MAX)
		burst = EDGED_BURST_MAX;
	refill(b, now, rate);
	/* of a smaller burst than before nothing is owed */
	if (b->missing > (int64_t)burst * MILLION)
		b->missing = (int64_t)burst * MILLION;
	return n <= burst && b->missing <= (int64_t)(burst - n) * MILLION;
}

bool
edged_bucket_take(struct edged_bucket *b, mtime_t now, uint64_t rate,
    uint64_t burst, uint64_t n)
{
	if (!edged_bucket_has(b, now, rate, burst, n))
		return false;
	if (rate != 0)
		b->missing += (int64_t)n * MILLION;
	return true;
}

/* --- packets */

static uint64_t
burst_of(const struct edged_rate *r)
{
	uint64_t burst = r->rate / 10;

	return burst < 8 * PACKET_MAX ? 8 * PACKET_MAX : burst;
}

static bool
rate_has(const struct edged_rate *r, mtime_t now, size_t octets)
{
	return r->bucket == NULL ||
	    edged_bucket_has(r->bucket, now, r->rate, burst_of(r), 8 * octets);
}

static void
rate_use(const struct edged_rate *r, mtime_t now, size_t octets)
{
	if (r->bucket != NULL)
		edged_bucket_take(
		    r->bucket, now, r->rate, burst_of(r), 8 * octets);
}

enum edged_rate_drop
edged_rate_take(mtime_t now, size_t octets, const struct edged_rate *source,
    const struct edged_rate *group, const struct edged_rate *lan)
{
	if (!rate_has(source, now, octets))
		return EDGED_RATE_DROP_SOURCE;
	if (!rate_has(group, now, octets))
		return EDGED_RATE_DROP_GROUP;
	if (!rate_has(lan, now, octets))
		return EDGED_RATE_DROP_LAN;
	rate_use(source, now, octets);
	rate_use(group, now, octets);
	rate_use(lan, now, octets);
	return EDGED_RATE_OK;
}

/* --- sources */

/* The seed keeps a host from choosing addresses of one hash. */
static uint32_t
sender_hash(const struct edged_senders *s, const struct paddr *addr)
{
	uint64_t h = s->seed, part;
	size_t i;

	for (i = 0; i < 16; i += 8) {
		memcpy(&part, addr->a + i, 8);
		h = (h ^ part) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
		h = (h + s->seed) * 0xbf58476d1ce4e5b9;
		h ^= h >> 32;
	}
	return (uint32_t)h & s->mask;
}

int
edged_senders_init(struct edged_senders *s, uint32_t max, uint64_t seed)
{
	uint32_t n = 16;

	memset(s, 0, sizeof(*s));
	while (n < max && n < 1U << 20)
		n *= 2;
	s->mask = n - 1;
	s->max = max == 0 ? 1 : max;
	s->seed = seed;
	TAILQ_INIT(&s->order);
	s->all = calloc(s->max, sizeof(*s->all));
	s->heads = calloc(n, sizeof(*s->heads));
	if (s->all == NULL || s->heads == NULL) {
		edged_senders_free(s);
		return -1;
	}
	return 0;
}

void
edged_senders_free(struct edged_senders *s)
{
	free(s->all);
	free(s->heads);
	memset(s, 0, sizeof(*s));
	TAILQ_INIT(&s->order);
}

static void
unchain(struct edged_senders *s, struct edged_sender *gone)
{
	struct edged_sender **at = &s->heads[sender_hash(s, &gone->addr)];

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	TAILQ_REMOVE(&s->order, gone, entry);
}

/* An entry that is free, or the one that has been silent for longest. */
static struct edged_sender *
sender_new(struct edged_senders *s, const struct paddr *addr)
{
	struct edged_sender *e, **head;

	if (s->used < s->max)
		e = &s->all[s->used++];
	else {
		e = TAILQ_FIRST(&s->order);
		unchain(s, e);
		s->evicted++;
	}
	memset(e, 0, sizeof(*e));
	e->addr = *addr;
	head = &s->heads[sender_hash(s, addr)];
	e->next = *head;
	*head = e;
	TAILQ_INSERT_TAIL(&s->order, e, entry);
	return e;
}

static struct edged_sender *
sender_find(const struct edged_senders *s, const struct paddr *addr)
{
	struct edged_sender *e;

	for (e = s->heads[sender_hash(s, addr)]; e != NULL; e = e->next)
		if (paddr_equal(&e->addr, addr))
			break;
	return e;
}

const struct edged_sender *
edged_senders_find(const struct edged_senders *s, const struct paddr *addr)
{
	return sender_find(s, addr);
}

struct edged_sender *
edged_senders_get(struct edged_senders *s, const struct paddr *addr)
{
	struct edged_sender *e = sender_find(s, addr);

	if (e == NULL)
		return sender_new(s, addr);
	TAILQ_REMOVE(&s->order, e, entry);
	TAILQ_INSERT_TAIL(&s->order, e, entry);
	return e;
}

bool
edged_sender_flow(struct edged_sender *e, mtime_t now, uint32_t rate)
{
	return edged_bucket_take(
	    &e->flows, now, rate, (uint64_t)rate * FLOW_BURST, 1);
}
