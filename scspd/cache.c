/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The entries of one server group, their flags, which are counted, and the
 * numbers of instances (RFC 2334 section B.2.0.2).
 */
#include <stdlib.h>
#include <string.h>

#include "cache.h"

#define CONTENTS_STEP	8	/* octets from one class to the next */

_Static_assert(sizeof(struct scsp_entry) <= 48, "there are many entries");

bool
scsp_seq_valid(int32_t seq)
{
	return seq != SEQ_RESERVED;
}

int32_t
scsp_seq_next(bool known, int32_t seq, int32_t seen, bool again)
{
	int32_t step = seen > seq || again ? SEQ_RESTART : 1;

	if (!known)
		return SEQ_FIRST;
	if (seen < seq)
		seen = seq;
	if (seen == SEQ_PURGE)
		return SEQ_RESERVED;
	return seen > SEQ_LAST - step ? SEQ_PURGE : seen + step;
}

static struct btree_probe
cache_place(const struct btree_kind *k, const void *object)
{
	const struct scsp_entry *e = object;

	(void)k;
	return (struct btree_probe){ .key = { e->id } };
}

static const struct btree_kind by_id = { 8, NULL, cache_place };

void
scsp_cache_init(struct scsp_cache *c, struct slab_pool *pool)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	btree_init(&c->entries);
	slab_init(&c->room, pool, sizeof(struct scsp_entry));
	slab_init(&c->ends, pool, sizeof(struct scsp_end));
	slab_init(&c->shares, pool, sizeof(struct scsp_share));
	for (i = 0; i < CONTENTS_CLASSES; i++)
		slab_init(&c->contents[i], pool, (i + 1) * CONTENTS_STEP);
	TAILQ_INIT(&c->mortals);
}

void
scsp_cache_free(struct scsp_cache *c)
{
	struct scsp_entry *e;

	while ((e = scsp_cache_first(c)) != NULL)
		scsp_cache_erase(c, e);
	if (c->spare != NULL)
		slab_put(&c->ends, c->spare);
	c->spare = NULL;
}

struct scsp_entry *
scsp_cache_find(struct scsp_cache *c, scsp_record_id id)
{
	struct btree_probe p = { .key = { id } };

	return btree_find(&by_id, &c->entries, &p);
}

struct scsp_entry *
scsp_cache_after(struct scsp_cache *c, scsp_record_id id)
{
	struct btree_probe p = { .key = { id } };

	return btree_after(&by_id, &c->entries, &p);
}

struct scsp_entry *
scsp_cache_first(struct scsp_cache *c)
{
	return btree_first(&by_id, &c->entries);
}

void
scsp_cache_walk(struct btree_walk *w, const struct scsp_cache *c,
    const scsp_record_id *after)
{
	struct btree_probe p = { 0 };

	if (after == NULL) {
		btree_walk_init(w, &by_id, &c->entries);
		return;
	}
	p.key[0] = *after;
	btree_walk_after(w, &by_id, &c->entries, &p);
}

void
scsp_cache_fetch(struct scsp_cache *c, scsp_record_id id)
{
	const struct scsp_entry *e = scsp_cache_find(c, id);

	if (e == NULL)
		return;
	__builtin_prefetch(e);
	__builtin_prefetch(e + 1); /* where it ends */
}

/* Counts what the flags of an entry say, or takes it back. */
static void
account(struct scsp_cache *c, const struct scsp_entry *e, uint32_t by)
{
	c->count += by;
	if (e->flags & ENTRY_TOMB)
		c->tombs += by;
	if (e->flags & ENTRY_HIDDEN)
		c->hidden += by;
	if (e->flags & ENTRY_BARE)
		c->bare += by;
	if (e->flags & ENTRY_HELD)
		c->held += by;
}

/* Is it in the list of entries that have a limited time? */
static bool
is_mortal(const struct scsp_entry *e)
{
	return (e->flags & (ENTRY_TOMB | ENTRY_BARE)) != 0 &&
	    (e->flags & ENTRY_EXPIRED) == 0;
}

static struct scsp_end *
entry_end(const struct scsp_entry *e)
{
	return slab_from(e, e->end);
}

static void
change(struct scsp_cache *c, struct scsp_entry *e, uint8_t flags)
{
	bool was = is_mortal(e);

	account(c, e, UINT32_MAX); /* that is, - 1 */
	e->flags = flags;
	account(c, e, 1);
	if (was && !is_mortal(e))
		TAILQ_REMOVE(&c->mortals, entry_end(e), mortal);
	else if (!was && is_mortal(e))
		TAILQ_INSERT_TAIL(&c->mortals, entry_end(e), mortal);
}

/* False: no memory. */
static bool
end_get(struct scsp_cache *c, struct scsp_entry *e)
{
	struct scsp_end *end = c->spare;

	if (e->end != 0)
		return true;
	if (end == NULL && (end = slab_get(&c->ends)) == NULL)
		return false;
	c->spare = NULL;
	end->entry = e;
	e->end = slab_ref(end);
	return true;
}

/* One stays: every entry has an end for a moment when it is new. */
static void
end_put(struct scsp_cache *c, struct scsp_entry *e)
{
	struct scsp_end *end = entry_end(e);

	if (end == NULL)
		return;
	if (c->spare == NULL)
		c->spare = end;
	else
		slab_put(&c->ends, end);
	e->end = 0;
}

bool
scsp_cache_renew(
    struct scsp_cache *c, struct scsp_entry *e, struct scsp_renewal *r)
{
	struct scsp_end *end;

	if (!end_get(c, e))
		return false;
	end = entry_end(e);
	free(end->renewal);
	end->renewal = r;
	return true;
}

const struct scsp_renewal *
scsp_entry_renewal(const struct scsp_entry *e)
{
	return e->end == 0 ? NULL : entry_end(e)->renewal;
}

struct scsp_renewal *
scsp_entry_take_renewal(struct scsp_entry *e)
{
	struct scsp_end *end = entry_end(e);
	struct scsp_renewal *r = end == NULL ? NULL : end->renewal;

	if (r != NULL)
		end->renewal = NULL;
	return r;
}

struct scsp_entry *
scsp_cache_mortal(const struct scsp_cache *c)
{
	const struct scsp_end *end = TAILQ_FIRST(&c->mortals);

	return end == NULL ? NULL : end->entry;
}

/* Where contents of so many octets are kept; NULL: each alone. */
static struct slab *
contents_class(struct scsp_cache *c, uint16_t len)
{
	size_t i = len == 0 ? 0 : (len - 1U) / CONTENTS_STEP;

	return i < CONTENTS_CLASSES ? &c->contents[i] : NULL;
}

static uint8_t *
contents_get(struct scsp_cache *c, uint16_t len)
{
	struct slab *s = contents_class(c, len);

	return s != NULL ? slab_get(s) : malloc(len);
}

static void
contents_put(struct scsp_cache *c, struct scsp_entry *e)
{
	struct slab *s = contents_class(c, e->len);

	if (e->data == NULL)
		return;
	if (s != NULL)
		slab_put(s, e->data);
	else
		free(e->data);
}

void
scsp_cache_flag(struct scsp_cache *c, struct scsp_entry *e, uint8_t flags)
{
	change(c, e, e->flags | flags);
}

void
scsp_cache_unflag(struct scsp_cache *c, struct scsp_entry *e, uint8_t flags)
{
	change(c, e, (uint8_t)(e->flags & ~flags));
}

struct scsp_entry *
scsp_cache_add(struct scsp_cache *c, scsp_record_id id, mtime_t now)
{
	struct scsp_entry *e;

	if ((e = slab_get(&c->room)) == NULL)
		return NULL;
	e->id = id;
	if (!end_get(c, e) || btree_insert(&by_id, &c->entries, e) != e) {
		end_put(c, e);
		slab_put(&c->room, e);
		return NULL;
	}
	e->seq = e->seen = SEQ_RESERVED; /* older than anything */
	e->since = now;
	e->flags = ENTRY_BARE;
	TAILQ_INSERT_TAIL(&c->mortals, entry_end(e), mortal);
	account(c, e, 1);
	return e;
}

bool
scsp_cache_set(struct scsp_cache *c, struct scsp_entry *e, int32_t seq,
    const void *data, uint16_t len, bool tomb, mtime_t now)
{
	uint8_t *copy = e->data;

	if (tomb && !end_get(c, e))
		return false;
	if ((e->len != len || copy == NULL) &&
	    (copy = contents_get(c, len)) == NULL)
		return false;
	/* its own contents, under another number, are not looked at */
	if (len != 0 && data != copy)
		memmove(copy, data, len);
	if (copy != e->data)
		contents_put(c, e);
	e->data = copy;
	e->len = len;
	e->seq = seq;
	if (e->seen < seq)
		e->seen = seq;
	e->since = now;
	/* out of the list of mortals and in again: it is sorted by since */
	change(c, e, e->flags & (ENTRY_OWN | ENTRY_HELD));
	if (tomb)
		change(c, e, e->flags | ENTRY_TOMB);
	else if (scsp_entry_renewal(e) == NULL)
		end_put(c, e);
	return true;
}

struct scsp_share *
scsp_cache_share(struct scsp_cache *c)
{
	return slab_get(&c->shares);
}

void
scsp_cache_charge(struct scsp_entry *e, struct scsp_share *share)
{
	struct scsp_share *was = slab_from(e, e->share);

	if (was != NULL)
		was->held--;
	e->share = slab_ref(share);
	if (share != NULL)
		share->held++;
}

void
scsp_cache_discharge(struct scsp_cache *c, struct scsp_share *share)
{
	uint32_t ref = slab_ref(share);
	struct btree_walk w;
	struct scsp_entry *e;

	scsp_cache_walk(&w, c, NULL);
	while ((e = btree_walk_next(&w)) != NULL)
		if (e->share == ref)
			scsp_cache_charge(e, NULL);
	slab_put(&c->shares, share);
}

void
scsp_cache_erase(struct scsp_cache *c, struct scsp_entry *e)
{
	struct btree_probe p = { .key = { e->id } };

	c->erased++;
	scsp_cache_charge(e, NULL);
	account(c, e, UINT32_MAX);
	if (is_mortal(e))
		TAILQ_REMOVE(&c->mortals, entry_end(e), mortal);
	(void)btree_remove(&by_id, &c->entries, &p);
	free(scsp_entry_take_renewal(e));
	end_put(c, e);
	contents_put(c, e);
	slab_put(&c->room, e);
}

bool
scsp_entry_knows(const struct scsp_entry *e, int32_t seq)
{
	if (e->flags & ENTRY_OWN)
		return e->seen >= seq;
	return e->seq >= seq || e->seen == seq;
}

bool
scsp_entry_listed(const struct scsp_entry *e)
{
	return (e->flags & (ENTRY_BARE | ENTRY_HIDDEN | ENTRY_HELD)) == 0;
}
