/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * B+-trees (btree.h).
 *
 * A node has the keys of its entries side by side, then the entries: in a leaf
 * these are the objects, above they are nodes, each under the key of the first
 * object below it.  Nodes are split on the way down, so that an insert that
 * finds no memory has changed nothing but their shape.  A tree of a few
 * objects is one leaf with little room, and one of a single object has none,
 * since most sets are small.
 */
#include <stdlib.h>
#include <string.h>

#include "btree.h"

#define FANOUT	64	/* entries of a node, at most */
#define SPARSE	16	/* fewer than that: joined with the next */
#define AHEAD	4	/* objects that a walk has fetched before */

struct btree_node {
	void		*first;	/* object below */
	uint16_t	 n, max;
	uint64_t	 space[]; /* max keys, then max entries */
};

_Static_assert(sizeof(void *) <= sizeof(uint64_t), "an entry is a pointer");

void
btree_init(struct btree *t, const struct btree_kind *kind)
{
	t->kind = kind;
	t->top = NULL;
	t->alone = false;
	t->height = 0;
}

static void *
bt_key_at(const struct btree *t, struct btree_node *b, unsigned int i)
{
	return (uint8_t *)b->space + (size_t)i * t->kind->octets;
}

/* The keys of max entries, an even number, are whole words. */
static void **
bt_entries(const struct btree *t, struct btree_node *b)
{
	return bt_key_at(t, b, b->max);
}

/* The first object of, or below, an entry. */
static void *
bt_entry_first(
    const struct btree *t, struct btree_node *b, unsigned int i, bool leaf)
{
	void *e = bt_entries(t, b)[i];

	return leaf ? e : ((struct btree_node *)e)->first;
}

static struct btree_node *
bt_node(const struct btree *t, uint16_t max)
{
	struct btree_node *b = malloc(
	    sizeof(*b) + max * (sizeof(void *) + t->kind->octets));

	if (b == NULL)
		return NULL;
	b->first = NULL;
	b->n = 0;
	b->max = max;
	return b;
}

static void
bt_key_write(const struct btree *t, struct btree_node *b, unsigned int i,
    const struct btree_probe *p)
{
	uint32_t narrow = (uint32_t)p->key[0];

	if (t->kind->octets == sizeof(narrow))
		memcpy(bt_key_at(t, b, i), &narrow, sizeof(narrow));
	else
		memcpy(bt_key_at(t, b, i), p->key, t->kind->octets);
}

/*
 * A node below another, whose keys are fetched from memory all at once: of a
 * large tree they are not at hand, and a search would wait for each in turn.
 */
static inline struct btree_node *
bt_down(const struct btree *t, struct btree_node *b, unsigned int i)
{
	struct btree_node *child = bt_entries(t, b)[i];
	unsigned int at, keys = FANOUT * t->kind->octets;

	for (at = 0; at <= keys; at += 64)
		__builtin_prefetch((const uint8_t *)child + at);
	return child;
}

/* Below 0, 0, above 0: where the probe is, seen from a key. */
static inline int
bt_compare_key(
    const struct btree *t, const struct btree_probe *p, const void *key)
{
	const uint64_t *k = key;
	uint64_t first = t->kind->octets == sizeof(uint32_t) ?
	    *(const uint32_t *)key :
	    k[0];

	if (p->key[0] != first)
		return p->key[0] < first ? -1 : 1;
	if (t->kind->octets <= sizeof(k[0]) || p->key[1] == k[1])
		return 0;
	return p->key[1] < k[1] ? -1 : 1;
}

/* The same, seen from an entry. */
static inline int
bt_compare(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, unsigned int i, bool leaf)
{
	int c = bt_compare_key(t, p, bt_key_at(t, b, i));

	if (c != 0 || t->kind->cmp == NULL)
		return c;
	return t->kind->cmp(t, p->like, bt_entry_first(t, b, i, leaf));
}

/* The same, seen from the only object. */
static int
bt_compare_only(const struct btree *t, const struct btree_probe *p)
{
	struct btree_probe q = t->kind->place(t, t->top);
	uint32_t narrow = (uint32_t)q.key[0];
	int c = bt_compare_key(t, p,
	    t->kind->octets == sizeof(narrow) ? (void *)&narrow : q.key);

	if (c != 0 || t->kind->cmp == NULL)
		return c;
	return t->kind->cmp(t, p->like, t->top);
}

/*
 * How many of n keys, which ascend, are not above one; n is not 0.  Without a
 * branch: which way a search goes can't be foreseen.
 */
#define BT_SEARCH(name, type) \
	static inline unsigned int name( \
	    const type *k, unsigned int n, type key) \
	{ \
		const type *at = k; \
		for (; n > 1; n -= n / 2) \
			at = at[n / 2] <= key ? at + n / 2 : at; \
		return (unsigned int)(at - k) + (*at <= key); \
	}
BT_SEARCH(bt_search_4, uint32_t)
BT_SEARCH(bt_search_8, uint64_t)

/* Of keys that are one number and never the same. */
static unsigned int
bt_place_number(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, bool *same)
{
	const uint64_t *wide = b->space;
	const uint32_t *narrow = (const uint32_t *)(const void *)wide;
	unsigned int i;

	if (t->kind->octets == sizeof(*narrow)) {
		i = bt_search_4(narrow, b->n, (uint32_t)p->key[0]);
		*same = i > 0 && narrow[i - 1] == p->key[0];
	} else {
		i = bt_search_8(wide, b->n, p->key[0]);
		*same = i > 0 && wide[i - 1] == p->key[0];
	}
	return i;
}

/* How many entries are not behind the probe; *same: is the last of them it? */
static unsigned int
bt_place(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, bool leaf, bool *same)
{
	unsigned int low = 0, high = b->n, mid;
	int c;

	if (t->kind->cmp == NULL && t->kind->octets <= sizeof(p->key[0]))
		return bt_place_number(t, p, b, same);
	*same = false;
	while (low < high) {
		mid = (low + high) / 2;
		if ((c = bt_compare(t, p, b, mid, leaf)) == 0) {
			*same = true;
			return mid + 1;
		}
		if (c > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void *
bt_look_only(const struct btree *t, const struct btree_probe *p, void **next)
{
	int c = bt_compare_only(t, p);

	if (c < 0)
		*next = t->top;
	return c == 0 ? t->top : NULL;
}

/*
 * The object in the probe's place and the first behind it; each may be NULL.
 */
static void *
bt_look(const struct btree *t, const struct btree_probe *p, void **next)
{
	struct btree_node *b = t->top;
	unsigned int i, level;
	bool same, leaf;

	*next = NULL;
	if (b == NULL)
		return NULL;
	if (t->alone)
		return bt_look_only(t, p, next);
	for (level = t->height;; level--) {
		leaf = level == 0;
		i = bt_place(t, p, b, leaf, &same);
		if (i < b->n)
			*next = bt_entry_first(t, b, i, leaf);
		if (i == 0)
			return NULL;
		if (leaf)
			return same ? bt_entries(t, b)[i - 1] : NULL;
		b = bt_down(t, b, i - 1);
	}
}

void *
btree_find(const struct btree *t, const struct btree_probe *p)
{
	void *next;

	return bt_look(t, p, &next);
}

void *
btree_after(const struct btree *t, const struct btree_probe *p)
{
	void *next;

	(void)bt_look(t, p, &next);
	return next;
}

void *
btree_from(const struct btree *t, const struct btree_probe *p)
{
	void *next, *here = bt_look(t, p, &next);

	return here != NULL ? here : next;
}

void *
btree_first(const struct btree *t)
{
	struct btree_node *b = t->top;

	return b == NULL || t->alone ? t->top : b->first;
}

void
btree_walk_init(struct btree_walk *w, const struct btree *t)
{
	w->tree = t;
	w->at[t->height] = t->top;
	w->next[t->height] = 0;
}

void
btree_walk_after(struct btree_walk *w, const struct btree *t,
    const struct btree_probe *p)
{
	struct btree_node *b = t->top;
	unsigned int i, level;
	bool same;

	btree_walk_init(w, t);
	if (b == NULL)
		return;
	if (t->alone) {
		w->next[0] = bt_compare_only(t, p) >= 0;
		return;
	}
	for (level = t->height; level > 0; level--) {
		i = bt_place(t, p, b, false, &same);
		i -= i > 0;
		w->at[level] = b;
		w->next[level] = (uint16_t)(i + 1);
		b = bt_down(t, b, i);
	}
	w->at[0] = b;
	w->next[0] = (uint16_t)bt_place(t, p, b, true, &same);
}

/* What is about to be looked at by who walks. */
static void
bt_walk_ahead(const struct btree *t, struct btree_node *leaf, unsigned int i)
{
	if (i + AHEAD < leaf->n)
		__builtin_prefetch(bt_entries(t, leaf)[i + AHEAD]);
}

void *
btree_walk_next(struct btree_walk *w)
{
	const struct btree *t = w->tree;
	unsigned int level = 0;

	if (t->top == NULL)
		return NULL;
	if (t->alone)
		return w->next[0]++ == 0 ? t->top : NULL;
	/* at the start only the root is on the way */
	if (w->next[t->height] == 0)
		level = t->height;
	while (w->next[level] == w->at[level]->n)
		if (level++ == t->height)
			return NULL;
	for (; level > 0; level--) {
		w->at[level - 1] =
		    bt_entries(t, w->at[level])[w->next[level]++];
		w->next[level - 1] = 0;
	}
	bt_walk_ahead(t, w->at[0], w->next[0]);
	return bt_entries(t, w->at[0])[w->next[0]++];
}

static void
bt_clear(const struct btree *t, struct btree_node *b, unsigned int level)
{
	unsigned int i;

	for (i = 0; level > 0 && i < b->n; i++)
		bt_clear(t, bt_entries(t, b)[i], level - 1);
	free(b);
}

void
btree_clear(struct btree *t)
{
	if (t->top != NULL && !t->alone)
		bt_clear(t, t->top, t->height);
	btree_init(t, t->kind);
}

/* Entries of one node behind those of another, which has room for them. */
static void
bt_append(const struct btree *t, struct btree_node *to, struct btree_node *from,
    unsigned int at)
{
	size_t n = from->n - at;

	memcpy(bt_key_at(t, to, to->n), bt_key_at(t, from, at),
	    n * t->kind->octets);
	memcpy(bt_entries(t, to) + to->n, bt_entries(t, from) + at,
	    n * sizeof(void *));
	to->n = (uint16_t)(to->n + n);
	from->n = (uint16_t)at;
}

/* Makes room for an entry, whose key is written by the caller. */
static void
bt_put(const struct btree *t, struct btree_node *b, unsigned int i, void *entry)
{
	void **e = bt_entries(t, b) + i;

	memmove(bt_key_at(t, b, i + 1), bt_key_at(t, b, i),
	    (size_t)(b->n - i) * t->kind->octets);
	memmove(e + 1, e, (b->n - i) * sizeof(*e));
	*e = entry;
	b->n++;
}

/* A node below another, under the key of its own first entry. */
static void
bt_put_node(const struct btree *t, struct btree_node *b, unsigned int i,
    struct btree_node *child)
{
	bt_put(t, b, i, child);
	memcpy(bt_key_at(t, b, i), bt_key_at(t, child, 0), t->kind->octets);
}

static void
bt_cut(const struct btree *t, struct btree_node *b, unsigned int i)
{
	void **e = bt_entries(t, b) + i;

	b->n--;
	memmove(bt_key_at(t, b, i), bt_key_at(t, b, i + 1),
	    (size_t)(b->n - i) * t->kind->octets);
	memmove(e, e + 1, (b->n - i) * sizeof(*e));
}

/*
 * Splits a full node that is the i-th of its parent, which has room.  Where
 * objects come in their order, and so always at the very end, the left half
 * stays as full as it is.
 */
static bool
bt_split(const struct btree *t, struct btree_node *parent, unsigned int i,
    unsigned int level, bool at_end)
{
	struct btree_node *b = bt_entries(t, parent)[i];
	struct btree_node *right = bt_node(t, FANOUT);
	unsigned int half = at_end ? b->n - 1U : b->n / 2U;

	if (right == NULL)
		return false;
	bt_append(t, right, b, half);
	right->first = bt_entry_first(t, right, 0, level == 0);
	bt_put_node(t, parent, i + 1, right);
	return true;
}

/* The only object, or leaf, goes into a leaf with room for so many. */
static bool
bt_resize(struct btree *t, unsigned int max)
{
	struct btree_node *b = t->top, *other = bt_node(t, (uint16_t)max);
	struct btree_probe p;

	if (other == NULL)
		return false;
	if (t->alone) {
		p = t->kind->place(t, t->top);
		bt_put(t, other, 0, t->top);
		bt_key_write(t, other, 0, &p);
	} else {
		bt_append(t, other, b, 0);
		free(b);
	}
	other->first = bt_entries(t, other)[0];
	t->top = other;
	t->alone = false;
	return true;
}

/* One more level, so that the root can be split. */
static bool
bt_rise(struct btree *t)
{
	struct btree_node *b = bt_node(t, FANOUT), *root = t->top;

	if (b == NULL)
		return false;
	b->first = root->first;
	bt_put_node(t, b, 0, root);
	t->top = b;
	t->height++;
	return true;
}

/* Is there room for one more in the root? */
static bool
bt_make_room(struct btree *t)
{
	struct btree_node *b = t->top;

	if (t->alone)
		return bt_resize(t, 2);
	if (b->n < b->max)
		return true;
	return b->max < FANOUT ? bt_resize(t, b->max * 2U) : bt_rise(t);
}

/* What is before all others is the first of every node on its way. */
static void
bt_set_first(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b = t->top;
	unsigned int level;

	for (level = t->height;; level--) {
		b->first = object;
		bt_key_write(t, b, 0, p);
		if (level == 0)
			return;
		b = bt_entries(t, b)[0];
	}
}

/* Into a tree of nodes. */
static void *
bt_insert(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b = t->top;
	unsigned int i, level;
	bool same, at_end = true;

	for (level = t->height;; level--) {
		i = bt_place(t, p, b, level == 0, &same);
		at_end = at_end && i == b->n;
		if (level == 0)
			break;
		i -= i > 0;
		if (bt_down(t, b, i)->n == FANOUT) {
			if (!bt_split(t, b, i, level - 1, at_end))
				return NULL;
			i += bt_compare(t, p, b, i + 1, false) >= 0;
		}
		b = bt_entries(t, b)[i];
	}
	if (same)
		return bt_entries(t, b)[i - 1];
	bt_put(t, b, i, object);
	bt_key_write(t, b, i, p);
	if (i == 0)
		bt_set_first(t, p, object);
	return object;
}

void *
btree_insert(struct btree *t, void *object)
{
	struct btree_probe p;

	if (t->top == NULL) {
		t->top = object;
		t->alone = true;
		return object;
	}
	p = t->kind->place(t, object);
	if (t->alone && bt_compare_only(t, &p) == 0)
		return t->top;
	return bt_make_room(t) ? bt_insert(t, &p, object) : NULL;
}

/* A sparse node takes in the next one, if that leaves room in it. */
static void
bt_join(const struct btree *t, struct btree_node *parent, unsigned int i)
{
	struct btree_node *b, *next;

	if (i + 1 >= parent->n)
		return;
	b = bt_entries(t, parent)[i];
	next = bt_entries(t, parent)[i + 1];
	if (b->n + next->n > FANOUT - SPARSE)
		return;
	bt_append(t, b, next, 0);
	free(next);
	bt_cut(t, parent, i + 1);
}

static void	*bt_take(const struct btree *, struct btree_node *,
		    unsigned int level, const struct btree_probe *);

/* The same from the i-th child of a node, which may be empty then. */
static void *
bt_take_below(const struct btree *t, struct btree_node *b, unsigned int i,
    unsigned int level, const struct btree_probe *p)
{
	struct btree_node *child = bt_entries(t, b)[i];
	void *object = bt_take(t, child, level - 1, p);

	if (object == NULL)
		return NULL;
	if (child->n == 0) {
		free(child);
		bt_cut(t, b, i);
		return object;
	}
	memcpy(bt_key_at(t, b, i), bt_key_at(t, child, 0), t->kind->octets);
	if (child->n < SPARSE)
		bt_join(t, b, i);
	return object;
}

static void *
bt_take(const struct btree *t, struct btree_node *b, unsigned int level,
    const struct btree_probe *p)
{
	bool same;
	unsigned int i = bt_place(t, p, b, level == 0, &same);
	void *object;

	if (i == 0 || (level == 0 && !same))
		return NULL;
	if (level > 0)
		object = bt_take_below(t, b, i - 1, level, p);
	else {
		object = bt_entries(t, b)[i - 1];
		bt_cut(t, b, i - 1);
	}
	if (b->n > 0)
		b->first = bt_entry_first(t, b, 0, level == 0);
	return object;
}

/* A root with one entry goes, and a leaf that has far more room than needed. */
static void
bt_settle(struct btree *t)
{
	struct btree_node *b = t->top;

	for (; b->n == 1; b = t->top) {
		t->top = bt_entries(t, b)[0];
		t->alone = t->height == 0;
		free(b);
		if (t->alone)
			return;
		t->height--;
	}
	if (t->height == 0 && b->n * 4 <= b->max)
		(void)bt_resize(t, b->max / 2U);
}

void *
btree_remove(struct btree *t, const struct btree_probe *p)
{
	void *object = t->top;

	if (object == NULL)
		return NULL;
	if (t->alone) {
		if (bt_compare_only(t, p) != 0)
			return NULL;
		btree_init(t, t->kind);
		return object;
	}
	if ((object = bt_take(t, t->top, t->height, p)) != NULL)
		bt_settle(t);
	return object;
}
