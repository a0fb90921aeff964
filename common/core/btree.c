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
key_at(const struct btree *t, struct btree_node *b, unsigned int i)
{
	return &b->space[i * t->words];
}

static void **
entries(const struct btree *t, struct btree_node *b)
{
	return (void **)&b->space[(size_t)b->max * t->words];
}

/* The first object of, or below, an entry. */
static void *
entry_first(
    const struct btree *t, struct btree_node *b, unsigned int i, bool leaf)
{
	void *e = entries(t, b)[i];

	return leaf ? e : ((struct btree_node *)e)->first;
}

static struct btree_node *
node_new(const struct btree *t, uint16_t max)
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
compare(const struct btree *t, const struct btree_probe *p,
    struct btree_node *b, unsigned int i, bool leaf)
{
	const uint64_t *k = key_at(t, b, i);
	unsigned int w;

	for (w = 0; w < t->words; w++)
		if (p->key[w] != k[w])
			return p->key[w] < k[w] ? -1 : 1;
	return t->cmp == NULL ? 0 : t->cmp(p->like, entry_first(t, b, i, leaf));
}

/* How many entries are not behind the probe; *same: is the last of them it? */
static unsigned int
place(const struct btree *t, const struct btree_probe *p, struct btree_node *b,
    bool leaf, bool *same)
{
	unsigned int low = 0, high = b->n, mid;
	int c;

	*same = false;
	while (low < high) {
		mid = (low + high) / 2;
		if ((c = compare(t, p, b, mid, leaf)) == 0) {
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
look(const struct btree *t, const struct btree_probe *p, void **next)
{
	struct btree_node *b = t->root;
	unsigned int i, level;
	bool same, leaf;

	*next = NULL;
	if (b == NULL)
		return NULL;
	for (level = t->height;; level--) {
		leaf = level == 0;
		i = place(t, p, b, leaf, &same);
		if (i < b->n)
			*next = entry_first(t, b, i, leaf);
		if (i == 0)
			return NULL;
		if (leaf)
			return same ? entries(t, b)[i - 1] : NULL;
		b = entries(t, b)[i - 1];
	}
}

void *
btree_find(const struct btree *t, const struct btree_probe *p)
{
	void *next;

	return look(t, p, &next);
}

void *
btree_after(const struct btree *t, const struct btree_probe *p)
{
	void *next;

	(void)look(t, p, &next);
	return next;
}

void *
btree_from(const struct btree *t, const struct btree_probe *p)
{
	void *next, *here = look(t, p, &next);

	return here != NULL ? here : next;
}

void *
btree_first(const struct btree *t)
{
	return t->root == NULL ? NULL : t->root->first;
}

static void
clear(const struct btree *t, struct btree_node *b, unsigned int level)
{
	unsigned int i;

	for (i = 0; level > 0 && i < b->n; i++)
		clear(t, entries(t, b)[i], level - 1);
	free(b);
}

void
btree_clear(struct btree *t)
{
	if (t->root != NULL)
		clear(t, t->root, t->height);
	t->root = NULL;
	t->height = 0;
}

/* Entries of one node behind those of another, which has room for them. */
static void
append(const struct btree *t, struct btree_node *to, struct btree_node *from,
    unsigned int at)
{
	size_t n = from->n - at;

	memcpy(key_at(t, to, to->n), key_at(t, from, at), n * t->words * 8);
	memcpy(entries(t, to) + to->n, entries(t, from) + at,
	    n * sizeof(void *));
	to->n = (uint16_t)(to->n + n);
	from->n = (uint16_t)at;
}

static void
put(const struct btree *t, struct btree_node *b, unsigned int i,
    const uint64_t *key, void *entry)
{
	void **e = entries(t, b);

	memmove(key_at(t, b, i + 1), key_at(t, b, i),
	    (size_t)(b->n - i) * t->words * 8);
	memmove(e + i + 1, e + i, (b->n - i) * sizeof(*e));
	memcpy(key_at(t, b, i), key, t->words * 8U);
	e[i] = entry;
	b->n++;
}

static void
cut(const struct btree *t, struct btree_node *b, unsigned int i)
{
	void **e = entries(t, b);

	b->n--;
	memmove(key_at(t, b, i), key_at(t, b, i + 1),
	    (size_t)(b->n - i) * t->words * 8);
	memmove(e + i, e + i + 1, (b->n - i) * sizeof(*e));
}

/*
 * Splits a full node that is the i-th of its parent, which has room.  Where
 * objects come in their order, and so always at the very end, the left half
 * stays as full as it is.
 */
static bool
split(struct btree *t, struct btree_node *parent, unsigned int i,
    unsigned int level, bool at_end)
{
	struct btree_node *b = entries(t, parent)[i];
	struct btree_node *right = node_new(t, FANOUT);
	unsigned int half = at_end ? b->n - 1U : b->n / 2U;

	if (right == NULL)
		return false;
	append(t, right, b, half);
	right->first = entry_first(t, right, 0, level == 0);
	put(t, parent, i + 1, key_at(t, right, 0), right);
	return true;
}

/* The only leaf, or none yet, becomes one with room for so many. */
static bool
resize(struct btree *t, unsigned int max)
{
	struct btree_node *b = t->root, *other = node_new(t, (uint16_t)max);

	if (other == NULL)
		return false;
	if (b != NULL) {
		other->first = b->first;
		append(t, other, b, 0);
		free(b);
	}
	t->root = other;
	return true;
}

/* One more level, so that the root can be split. */
static bool
rise(struct btree *t)
{
	struct btree_node *b = node_new(t, FANOUT);

	if (b == NULL)
		return false;
	b->first = t->root->first;
	put(t, b, 0, key_at(t, t->root, 0), t->root);
	t->root = b;
	t->height++;
	return true;
}

/* Is there room for one more in the root? */
static bool
make_room(struct btree *t)
{
	if (t->root != NULL && t->root->n < t->root->max)
		return true;
	if (t->root == NULL || t->root->max < FANOUT)
		return resize(t, t->root == NULL ? 1 : t->root->max * 2U);
	return rise(t);
}

/* What is before all others is the first of every node on its way. */
static void
set_first(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b = t->root;
	unsigned int level;

	for (level = t->height;; level--) {
		b->first = object;
		memcpy(key_at(t, b, 0), p->key, t->words * 8U);
		if (level == 0)
			return;
		b = entries(t, b)[0];
	}
}

bool
btree_insert(struct btree *t, const struct btree_probe *p, void *object)
{
	struct btree_node *b;
	unsigned int i, level;
	bool same, at_end = true;

	if (!make_room(t))
		return false;
	b = t->root;
	for (level = t->height;; level--) {
		i = place(t, p, b, level == 0, &same);
		at_end = at_end && i == b->n;
		if (level == 0)
			break;
		i -= i > 0;
		if (((struct btree_node *)entries(t, b)[i])->n == FANOUT) {
			if (!split(t, b, i, level - 1, at_end))
				return false;
			i += compare(t, p, b, i + 1, false) > 0;
		}
		b = entries(t, b)[i];
	}
	put(t, b, i, p->key, object);
	if (i == 0)
		set_first(t, p, object);
	return true;
}

/* A sparse node takes in the next one, if that leaves room in it. */
static void
join(const struct btree *t, struct btree_node *parent, unsigned int i)
{
	struct btree_node *b, *next;

	if (i + 1 >= parent->n)
		return;
	b = entries(t, parent)[i];
	next = entries(t, parent)[i + 1];
	if (b->n + next->n > FANOUT - SPARSE)
		return;
	append(t, b, next, 0);
	free(next);
	cut(t, parent, i + 1);
}

static void	*take(const struct btree *, struct btree_node *, unsigned int,
		    const struct btree_probe *);

/* The same from the i-th child of a node, which may be empty then. */
static void *
take_below(const struct btree *t, struct btree_node *b, unsigned int i,
    unsigned int level, const struct btree_probe *p)
{
	struct btree_node *child = entries(t, b)[i];
	void *object = take(t, child, level - 1, p);

	if (object == NULL)
		return NULL;
	if (child->n == 0) {
		free(child);
		cut(t, b, i);
		return object;
	}
	memcpy(key_at(t, b, i), key_at(t, child, 0), t->words * 8U);
	if (child->n < SPARSE)
		join(t, b, i);
	return object;
}

static void *
take(const struct btree *t, struct btree_node *b, unsigned int level,
    const struct btree_probe *p)
{
	bool same;
	unsigned int i = place(t, p, b, level == 0, &same);
	void *object;

	if (i == 0 || (level == 0 && !same))
		return NULL;
	if (level > 0)
		object = take_below(t, b, i - 1, level, p);
	else {
		object = entries(t, b)[i - 1];
		cut(t, b, i - 1);
	}
	if (b->n > 0)
		b->first = entry_first(t, b, 0, level == 0);
	return object;
}

/* A root with one child goes, and a leaf that has far more room than needed. */
static void
settle(struct btree *t)
{
	struct btree_node *b;

	while ((b = t->root)->n <= 1 && t->height > 0) {
		t->root = entries(t, b)[0];
		t->height--;
		free(b);
	}
	if (t->height > 0 || b->n * 4 > b->max)
		return;
	if (b->n == 0)
		btree_clear(t);
	else
		(void)resize(t, b->max / 2U);
}

void *
btree_remove(struct btree *t, const struct btree_probe *p)
{
	void *object;

	if (t->root == NULL)
		return NULL;
	if ((object = take(t, t->root, t->height, p)) != NULL)
		settle(t);
	return object;
}
