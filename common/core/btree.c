/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * B+-trees (btree.h).
 *
 * A node has the keys of its entries side by side, then the entries: in a
 * leaf these are the objects, above they are nodes, each under the key of the
 * first object below it.  Nodes are split on the way down, so that an insert
 * that finds no memory has changed nothing but their shape.  A tree of a few
 * objects is one leaf with little room, since most sets are small.
 */
#include <stdlib.h>
#include <string.h>

#include "btree.h"

#define FANOUT	64	/* entries of a node, at most */
#define SPARSE	16	/* fewer than that: joined with the next */

struct btree_node {
	void		*first;	/* object below */
	uint16_t	 n, max;
	uint64_t	 space[]; /* max keys, then max entries */
};

_Static_assert(sizeof(void *) <= sizeof(uint64_t), "an entry is a pointer");

void
btree_init(struct btree *t, unsigned int words,
    int (*cmp)(const void *, const void *))
{
	t->root = NULL;
	t->cmp = cmp;
	t->words = (uint8_t)words;
	t->height = 0;
}

static uint64_t *
bt_key_at(const struct btree *t, struct btree_node *b, unsigned int i)
{
	return &b->space[i * t->words];
}

static void **
bt_entries(const struct btree *t, struct btree_node *b)
{
	return (void **)&b->space[(size_t)b->max * t->words];
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
	struct btree_node *b =
	    malloc(sizeof(*b) + (size_t)max * (t->words + 1U) * 8);

	if (b == NULL)
		return NULL;
	b->first = NULL;
	b->n = 0;
	b->max = max;
	return b;
}

/* Below 0, 0, above 0: where the probe is, seen from an entry. */
static int
bt_compare(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, unsigned int i, bool leaf)
{
	const uint64_t *k = bt_key_at(t, b, i);
	unsigned int w;

	for (w = 0; w < t->words; w++)
		if (p->key[w] != k[w])
			return p->key[w] < k[w] ? -1 : 1;
	if (t->cmp == NULL)
		return 0;
	return t->cmp(p->like, bt_entry_first(t, b, i, leaf));
}

/* How many entries are not behind the probe; *same: is the last of them it? */
static unsigned int
bt_place(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, bool leaf, bool *same)
{
	unsigned int low = 0, high = b->n, mid;
	int c;

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

/*
 * The object in the probe's place and the first behind it; each may be NULL.
 */
static void *
bt_look(const struct btree *t, const struct btree_probe *p, void **next)
{
	struct btree_node *b = t->root;
	unsigned int i, level;
	bool same, leaf;

	*next = NULL;
	if (b == NULL)
		return NULL;
	for (level = t->height;; level--) {
		leaf = level == 0;
		i = bt_place(t, p, b, leaf, &same);
		if (i < b->n)
			*next = bt_entry_first(t, b, i, leaf);
		if (i == 0)
			return NULL;
		if (leaf)
			return same ? bt_entries(t, b)[i - 1] : NULL;
		b = bt_entries(t, b)[i - 1];
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
	return t->root == NULL ? NULL : t->root->first;
}

void
btree_walk_init(struct btree_walk *w, const struct btree *t)
{
	w->tree = t;
	w->at[t->height] = t->root;
	w->next[t->height] = 0;
}

void *
btree_walk_next(struct btree_walk *w)
{
	const struct btree *t = w->tree;
	unsigned int level = 0;

	if (t->root == NULL)
		return NULL;
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
	if (t->root != NULL)
		bt_clear(t, t->root, t->height);
	t->root = NULL;
	t->height = 0;
}

/* Entries of one node behind those of another, which has room for them. */
static void
bt_append(const struct btree *t, struct btree_node *to, struct btree_node *from,
    unsigned int at)
{
	size_t n = from->n - at;

	memcpy(bt_key_at(t, to, to->n), bt_key_at(t, from, at),
	    n * t->words * 8);
	memcpy(bt_entries(t, to) + to->n, bt_entries(t, from) + at,
	    n * sizeof(void *));
	to->n = (uint16_t)(to->n + n);
	from->n = (uint16_t)at;
}

static void
bt_put(const struct btree *t, struct btree_node *b, unsigned int i,
    const uint64_t *key, void *entry)
{
	void **e = bt_entries(t, b);

	memmove(bt_key_at(t, b, i + 1), bt_key_at(t, b, i),
	    (size_t)(b->n - i) * t->words * 8);
	memmove(e + i + 1, e + i, (b->n - i) * sizeof(*e));
	memcpy(bt_key_at(t, b, i), key, t->words * 8U);
	e[i] = entry;
	b->n++;
}

static void
bt_cut(const struct btree *t, struct btree_node *b, unsigned int i)
{
	void **e = bt_entries(t, b);

	b->n--;
	memmove(bt_key_at(t, b, i), bt_key_at(t, b, i + 1),
	    (size_t)(b->n - i) * t->words * 8);
	memmove(e + i, e + i + 1, (b->n - i) * sizeof(*e));
}

/*
 * Splits a full node that is the i-th of its parent, which has room.  Where
 * objects come in their order, and so always at the very end, the left half
 * stays as full as it is.
 */
static bool
bt_split(struct btree *t, struct btree_node *parent, unsigned int i,
    unsigned int level, bool at_end)
{
	struct btree_node *b = bt_entries(t, parent)[i];
	struct btree_node *right = bt_node(t, FANOUT);
	unsigned int half = at_end ? b->n - 1U : b->n / 2U;

	if (right == NULL)
		return false;
	bt_append(t, right, b, half);
	right->first = bt_entry_first(t, right, 0, level == 0);
	bt_put(t, parent, i + 1, bt_key_at(t, right, 0), right);
	return true;
}

/* The only leaf, or none yet, becomes one with room for so many. */
static bool
bt_resize(struct btree *t, unsigned int max)
{
	struct btree_node *b = t->root, *other = bt_node(t, (uint16_t)max);

	if (other == NULL)
		return false;
	if (b != NULL) {
		other->first = b->first;
		bt_append(t, other, b, 0);
		free(b);
	}
	t->root = other;
	return true;
}

/* One more level, so that the root can be split. */
static bool
bt_rise(struct btree *t)
{
	struct btree_node *b = bt_node(t, FANOUT);

	if (b == NULL)
		return false;
	b->first = t->root->first;
	bt_put(t, b, 0, bt_key_at(t, t->root, 0), t->root);
	t->root = b;
	t->height++;
	return true;
}

/* Is there room for one more in the root? */
static bool
bt_make_room(struct btree *t)
{
	if (t->root != NULL && t->root->n < t->root->max)
		return true;
	if (t->root == NULL || t->root->max < FANOUT)
		return bt_resize(t, t->root == NULL ? 1 : t->root->max * 2U);
	return bt_rise(t);
}

/* What is before all others is the first of every node on its way. */
static void
bt_set_first(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b = t->root;
	unsigned int level;

	for (level = t->height;; level--) {
		b->first = object;
		memcpy(bt_key_at(t, b, 0), p->key, t->words * 8U);
		if (level == 0)
			return;
		b = bt_entries(t, b)[0];
	}
}

bool
btree_insert(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b;
	unsigned int i, level;
	bool same, at_end = true;

	if (!bt_make_room(t))
		return false;
	b = t->root;
	for (level = t->height;; level--) {
		i = bt_place(t, p, b, level == 0, &same);
		at_end = at_end && i == b->n;
		if (level == 0)
			break;
		i -= i > 0;
		if (((struct btree_node *)bt_entries(t, b)[i])->n == FANOUT) {
			if (!bt_split(t, b, i, level - 1, at_end))
				return false;
			i += bt_compare(t, p, b, i + 1, false) > 0;
		}
		b = bt_entries(t, b)[i];
	}
	bt_put(t, b, i, p->key, object);
	if (i == 0)
		bt_set_first(t, p, object);
	return true;
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
	memcpy(bt_key_at(t, b, i), bt_key_at(t, child, 0), t->words * 8U);
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

/* A root with one child goes, and a leaf that has far more room than needed. */
static void
bt_settle(struct btree *t)
{
	struct btree_node *b;

	while ((b = t->root)->n <= 1 && t->height > 0) {
		t->root = bt_entries(t, b)[0];
		t->height--;
		free(b);
	}
	if (t->height > 0 || b->n * 4 > b->max)
		return;
	if (b->n == 0)
		btree_clear(t);
	else
		(void)bt_resize(t, b->max / 2U);
}

void *
btree_remove(struct btree *t, const struct btree_probe *p)
{
	void *object;

	if (t->root == NULL)
		return NULL;
	if ((object = bt_take(t, t->root, t->height, p)) != NULL)
		bt_settle(t);
	return object;
}
