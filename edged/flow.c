/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "flow.h"

const char *
edged_flow_drop_name(enum edged_flow_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_FLOW_DROPS(X)
#undef X
	};

	return drop < EDGED_FLOW_DROP_MAX ? names[drop] : "unknown";
}

/* Seeded, so that nobody can choose addresses that share a chain. */
static uint64_t
flow_mix(uint64_t h, const struct paddr *addr)
{
	uint8_t i;

	for (i = 0; i < addr->len; i++) {
		h = (h ^ addr->a[i]) * 0x100000001b3;
		h ^= h >> 29;
	}
	return h;
}

static struct edged_flow **
flow_head(const struct edged_flows *f, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	uint64_t h = flow_mix(flow_mix(f->seed ^ dir, group), source);

	return &f->heads[(h ^ h >> 32) & f->mask];
}

static struct edged_flow_group **
flow_group_head(const struct edged_flows *f, const struct paddr *group)
{
	uint64_t h = flow_mix(f->seed, group);

	return &f->group_heads[(h ^ h >> 32) & f->mask];
}

int
edged_flows_init(struct edged_flows *f, uint32_t max, uint64_t seed)
{
	uint32_t n = 16, i;

	memset(f, 0, sizeof(*f));
	while (n < max && n < 1U << 20)
		n *= 2;
	f->mask = n - 1;
	f->max = max == 0 ? 1 : max;
	f->seed = seed;
	TAILQ_INIT(&f->order);
	f->all = calloc(f->max, sizeof(*f->all));
	f->heads = calloc(n, sizeof(*f->heads));
	f->groups = calloc(f->max, sizeof(*f->groups));
	f->group_heads = calloc(n, sizeof(*f->group_heads));
	if (f->all == NULL || f->heads == NULL || f->groups == NULL ||
	    f->group_heads == NULL) {
		edged_flows_free(f);
		return -1;
	}
	for (i = f->max; i-- > 0;) {
		f->groups[i].next = f->group_free;
		f->group_free = &f->groups[i];
	}
	return 0;
}

void
edged_flows_free(struct edged_flows *f)
{
	free(f->all);
	free(f->heads);
	free(f->groups);
	free(f->group_heads);
	memset(f, 0, sizeof(*f));
	TAILQ_INIT(&f->order);
}

/* --- groups: there are never more of them than flows */

static struct edged_flow_group *
flow_group_find(const struct edged_flows *f, const struct paddr *addr)
{
	struct edged_flow_group *g;

	for (g = *flow_group_head(f, addr); g != NULL; g = g->next)
		if (paddr_equal(&g->addr, addr))
			break;
	return g;
}

static struct edged_flow_group *
flow_group_get(struct edged_flows *f, const struct paddr *addr)
{
	struct edged_flow_group *g = flow_group_find(f, addr), **head;

	if (g == NULL) {
		head = flow_group_head(f, addr);
		g = f->group_free;
		f->group_free = g->next;
		*g = (struct edged_flow_group){ .next = *head, .addr = *addr };
		*head = g;
		f->ngroups++;
	}
	g->nflows++;
	return g;
}

static void
flow_group_put(struct edged_flows *f, struct edged_flow_group *g)
{
	struct edged_flow_group **at;

	if (--g->nflows > 0)
		return;
	for (at = flow_group_head(f, &g->addr); *at != g; at = &(*at)->next)
		continue;
	*at = g->next;
	g->next = f->group_free;
	f->group_free = g;
	f->ngroups--;
}

/* --- flows */

struct edged_flow *
edged_flow_find(struct edged_flows *f, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	struct edged_flow *e;

	for (e = *flow_head(f, source, group, dir); e != NULL; e = e->next)
		if (e->dir == dir && paddr_equal(&e->source, source) &&
		    paddr_equal(&e->group->addr, group))
			break;
	return e;
}

static struct edged_flow *
flow_evict(struct edged_flows *f)
{
	struct edged_flow *e = TAILQ_FIRST(&f->order), **at;

	at = flow_head(f, &e->source, &e->group->addr, e->dir);
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	TAILQ_REMOVE(&f->order, e, entry);
	if (e->group->held == e)
		e->group->held = NULL;
	flow_group_put(f, e->group);
	f->evicted++;
	return e;
}

struct edged_flow *
edged_flow_new(struct edged_flows *f, mtime_t now, const struct paddr *source,
    const struct paddr *group, uint8_t dir)
{
	struct edged_flow *e, **head = flow_head(f, source, group, dir);

	e = f->used < f->max ? &f->all[f->used++] : flow_evict(f);
	memset(e, 0, sizeof(*e));
	e->next = *head;
	*head = e;
	e->group = flow_group_get(f, group);
	e->source = *source;
	e->dir = dir;
	e->since = e->last = e->second = now;
	TAILQ_INSERT_TAIL(&f->order, e, entry);
	return e;
}

struct edged_flow *
edged_flow_held(struct edged_flows *f, const struct paddr *group)
{
	const struct edged_flow_group *g = flow_group_find(f, group);

	return g == NULL ? NULL : g->held;
}

/* How many whole seconds have passed since the one that is counted began. */
static int64_t
flow_seconds(const struct edged_flow *e, mtime_t now)
{
	return mtime_diff(e->second, now) / MTIME_SEC(1);
}

void
edged_flow_count_many(struct edged_flows *f, struct edged_flow *e, mtime_t now,
    uint64_t packets, uint64_t octets)
{
	int64_t over = flow_seconds(e, now);

	if (over > 0) {
		e->last_octets = over == 1 ? e->now_octets : 0;
		e->now_octets = 0;
		e->second.us += over * MTIME_SEC(1);
	}
	e->now_octets += octets;
	e->octets += octets;
	e->packets += packets;
	e->last = now;
	TAILQ_REMOVE(&f->order, e, entry);
	TAILQ_INSERT_TAIL(&f->order, e, entry);
}

void
edged_flow_count(
    struct edged_flows *f, struct edged_flow *e, mtime_t now, size_t octets)
{
	edged_flow_count_many(f, e, now, 1, octets);
}

uint64_t
edged_flow_rate(const struct edged_flow *e, mtime_t now)
{
	int64_t over = flow_seconds(e, now);

	if (over == 0)
		return e->last_octets * 8;
	return over == 1 ? e->now_octets * 8 : 0;
}

const struct edged_flow *
edged_flows_nth(const struct edged_flows *f, uint32_t n)
{
	return n < f->used ? &f->all[n] : NULL;
}
