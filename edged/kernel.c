/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#define WAIT_MIN	MTIME_MS(200)
#define WAIT_MAX	MTIME_SEC(60)

_Static_assert(KPATH_FLOWS <= UINT16_MAX, "a chain ends with KPATH_FLOWS");

struct edged_kernel *
edged_kernel_new(struct kpath *table, uint32_t seed)
{
	struct edged_kernel *k;
	uint32_t i;

	if (table->version != KPATH_VERSION ||
	    (k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->table = table;
	table->seed = seed;
	for (i = 0; i < KPATH_FLOWS; i++)
		k->chains[i] = KPATH_FLOWS;
	return k;
}

void
edged_kernel_free(struct edged_kernel *k)
{
	uint32_t i;

	if (k == NULL)
		return;
	for (i = 0; i < KPATH_FLOWS; i++)
		k->table->flows[i].on = 0;
	free(k);
}

static void
kernel_key(struct kpath_key *key, uint32_t ifindex, const struct paddr *source,
    const struct paddr *group)
{
	memset(key, 0, sizeof(*key));
	key->ifindex = ifindex;
	memcpy(key->source, source->a, source->len);
	memcpy(key->group, group->a, group->len);
}

/* The first of n leaves in a row that are free; KPATH_LEAVES: none. */
static uint32_t
kernel_leaves(const struct edged_kernel *k, uint32_t n)
{
	uint32_t at = k->next_leaf, run = 0, left;

	if (n == 0 || n > KPATH_LEAVES - k->nleaves)
		return KPATH_LEAVES;
	for (left = 2 * KPATH_LEAVES; left > 0; left--, at++) {
		if (at >= KPATH_LEAVES) {
			at = 0;
			run = 0;
		}
		run = k->leaves[at] ? 0 : run + 1;
		if (run == n)
			return at + 1 - n;
	}
	return KPATH_LEAVES;
}

static uint32_t
kernel_place(const struct edged_kernel *k, const struct kpath_key *key)
{
	uint32_t at = kpath_hash(key, k->table->seed), i, slot;

	for (i = 0; i < KPATH_PROBES; i++) {
		slot = (at + i) & (KPATH_FLOWS - 1);
		if (k->slots[slot].state == EDGED_KERNEL_FREE)
			return slot;
	}
	return KPATH_FLOWS;
}

/* --- the flows of a group */

static uint32_t
kernel_chain(const struct edged_kernel *k, const struct paddr *group)
{
	static const struct paddr any;
	struct kpath_key key;

	kernel_key(&key, 0, &any, group);
	return kpath_hash(&key, k->table->seed) & (KPATH_FLOWS - 1);
}

static void
kernel_link(struct edged_kernel *k, uint32_t slot)
{
	struct edged_kernel_slot *s = &k->slots[slot];
	uint16_t *head = &k->chains[kernel_chain(k, &s->group)];

	s->next = *head;
	*head = (uint16_t)slot;
}

static void
kernel_unlink(struct edged_kernel *k, uint32_t slot)
{
	struct edged_kernel_slot *s = &k->slots[slot];
	uint16_t *at = &k->chains[kernel_chain(k, &s->group)];

	while (*at != slot)
		at = &k->slots[*at].next;
	*at = s->next;
}

/* Others may share the chain. */
static uint32_t
kernel_along(
    const struct edged_kernel *k, uint32_t slot, const struct paddr *group)
{
	while (
	    slot != KPATH_FLOWS && !paddr_equal(&k->slots[slot].group, group))
		slot = k->slots[slot].next;
	return slot;
}

uint32_t
edged_kernel_first(const struct edged_kernel *k, const struct paddr *group)
{
	return kernel_along(k, k->chains[kernel_chain(k, group)], group);
}

uint32_t
edged_kernel_next(const struct edged_kernel *k, uint32_t slot)
{
	const struct edged_kernel_slot *s = &k->slots[slot];

	return kernel_along(k, s->next, &s->group);
}

/* --- flows, in and out */

/* What the kernel reads has to be there before it is told so. */
static void
kernel_publish(struct kpath_flow *to, const struct kpath_flow *from)
{
	*to = *from;
	to->on = 0;
	__atomic_store_n(&to->on, 1, __ATOMIC_SEQ_CST);
}

bool
edged_kernel_add(
    struct edged_kernel *k, mtime_t now, const struct edged_kernel_entry *e)
{
	struct kpath_flow flow = e->flow;
	struct edged_kernel_slot *s;
	uint32_t slot;

	kernel_key(&flow.key, e->ifindex, &e->source, &e->group);
	slot = kernel_place(k, &flow.key);
	/* leaves are looked for only if there is a place */
	if (slot == KPATH_FLOWS || (flow.first = kernel_leaves(k,
	    e->nleaves)) == KPATH_LEAVES)
		return false;
	flow.n = e->nleaves;
	flow.packets = flow.octets = flow.copies = flow.failed = 0;
	memcpy(&k->table->leaves[flow.first], e->leaves,
	    e->nleaves * sizeof(*e->leaves));
	memset(&k->leaves[flow.first], 1, flow.n);
	k->nleaves += flow.n;
	k->next_leaf = flow.first + flow.n;
	s = &k->slots[slot];
	*s = (struct edged_kernel_slot){ .state = EDGED_KERNEL_ON,
	    .owner = e->owner,
	    .source = e->source,
	    .group = e->group,
	    .version = e->version,
	    .since = now };
	k->used++;
	k->on++;
	kernel_link(k, slot);
	kernel_publish(&k->table->flows[slot], &flow);
	return true;
}

void
edged_kernel_remove(struct edged_kernel *k, mtime_t now, uint32_t slot)
{
	struct edged_kernel_slot *s = &k->slots[slot];

	__atomic_store_n(&k->table->flows[slot].on, 0, __ATOMIC_SEQ_CST);
	kernel_unlink(k, slot);
	s->state = EDGED_KERNEL_RESTING;
	s->since = now;
	k->on--;
}

uint32_t
edged_kernel_find(const struct edged_kernel *k, uint32_t ifindex,
    const struct paddr *source, const struct paddr *group)
{
	struct kpath_key key;
	uint32_t at, i, slot;

	kernel_key(&key, ifindex, source, group);
	at = kpath_hash(&key, k->table->seed);
	for (i = 0; i < KPATH_PROBES; i++) {
		slot = (at + i) & (KPATH_FLOWS - 1);
		if (k->slots[slot].state == EDGED_KERNEL_ON &&
		    memcmp(&k->table->flows[slot].key, &key, sizeof(key)) == 0)
			return slot;
	}
	return KPATH_FLOWS;
}

struct edged_kernel_count
edged_kernel_counted(struct edged_kernel *k, uint32_t slot)
{
	const struct kpath_flow *f = &k->table->flows[slot];
	struct edged_kernel_slot *s = &k->slots[slot];
	struct edged_kernel_count was = s->seen, diff;

	s->seen.packets = __atomic_load_n(&f->packets, __ATOMIC_RELAXED);
	s->seen.octets = __atomic_load_n(&f->octets, __ATOMIC_RELAXED);
	s->seen.copies = __atomic_load_n(&f->copies, __ATOMIC_RELAXED);
	s->seen.failed = __atomic_load_n(&f->failed, __ATOMIC_RELAXED);
	diff.packets = s->seen.packets - was.packets;
	diff.octets = s->seen.octets - was.octets;
	diff.copies = s->seen.copies - was.copies;
	diff.failed = s->seen.failed - was.failed;
	return diff;
}

int64_t
edged_kernel_credit(const struct edged_kernel *k, uint32_t slot)
{
	return __atomic_load_n(
	    &k->table->flows[slot].credit, __ATOMIC_RELAXED);
}

void
edged_kernel_give(struct edged_kernel *k, uint32_t slot, int64_t octets)
{
	__atomic_fetch_add(
	    &k->table->flows[slot].credit, octets, __ATOMIC_RELAXED);
}

bool
edged_kernel_rested(struct edged_kernel *k, mtime_t now, uint32_t slot)
{
	const struct kpath_flow *f = &k->table->flows[slot];
	struct edged_kernel_slot *s = &k->slots[slot];

	if (s->state != EDGED_KERNEL_RESTING ||
	    mtime_diff(s->since, now) < KPATH_REST)
		return false;
	memset(&k->leaves[f->first], 0, f->n);
	k->nleaves -= f->n;
	s->state = EDGED_KERNEL_FREE;
	s->owner = NULL;
	k->used--;
	return true;
}

/* --- flows that wait for a place */

bool
edged_kernel_due(
    const struct edged_kernel_wait *w, mtime_t now, uint64_t version)
{
	return w->delay == 0 || w->version != version ||
	    mtime_diff(w->since, now) >= w->delay;
}

void
edged_kernel_later(struct edged_kernel_wait *w, mtime_t now, uint64_t version)
{
	w->since = now;
	w->version = version;
	w->delay = w->delay == 0 ? WAIT_MIN : 2 * w->delay;
	if (w->delay > WAIT_MAX)
		w->delay = WAIT_MAX;
}
