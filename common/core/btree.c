/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * B+-trees (btree.h).
 *
 * A node has the keys of its entries side by side, then the entries: in a leaf
 * these are references to the objects (slab.h), which take half of what
 * pointers do; above they are nodes, each under the key of the first object
 * below it.  Nodes are split on the way down, so that an insert that finds no
 * memory has changed nothing but their shape.  A node has room for few more
 * entries than it has, and a tree of one object has none, since most sets are
 * small.
 */
#include <string.h>

#include "btree.h"
#include "slab.h"

#define FANOUT	64	/* entries of a node, at most */
#define SPARSE	16	/* fewer than that: joined with the next */
#define STEP	8	/* a node has room for so many more, at most */
#define RUN	(FANOUT / 2) /* so many in order, and more will come so */
#define AHEAD	8	/* objects that a walk has fetched before */

/* It is of the pool of the objects. */
struct btree_node {
	uint16_t	 n, max;
	uint16_t	 behind; /* what was put there last, or about there */
	uint8_t		 run;	/* so many before that came in their order */
	uint8_t		 height; /* 0: a leaf */
	_Alignas(uint64_t) uint8_t space[]; /* max keys, then max entries */
};

_Static_assert(sizeof(struct btree_node) + FANOUT *
    (BTREE_WORDS * sizeof(uint64_t) + sizeof(struct btree_node *)) <=
    SLAB_LARGEST, "the largest node is of the pool");

void
btree_init(struct btree *t)
{
	t->top = 0;
}

/* Objects are aligned: the last bit of an address says that it is a node's. */
#define NODE	1U

/* The root, or NULL: there is none, of no object or of one. */
static struct btree_node *
bt_root(const struct btree *t)
{
	return t->top & NODE ? (struct btree_node *)(t->top - NODE) : NULL;
}

/* The only object, or NULL. */
static void *
bt_only(const struct btree *t)
{
	return t->top & NODE ? NULL : (void *)t->top;
}

static void
bt_set_root(struct btree *t, struct btree_node *b)
{
	t->top = (uintptr_t)b | NODE;
}

static void
bt_set_only(struct btree *t, void *object)
{
	t->top = (uintptr_t)object;
}

bool
btree_empty(const struct btree *t)
{
	return t->top == 0;
}

bool
btree_single(const struct btree *t)
{
	return bt_only(t) != NULL;
}

static void *
bt_key_at(const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	return b->space + (size_t)i * k->octets;
}

/* Octets of an entry of nodes of this height. */
static size_t
bt_width(unsigned int height)
{
	return height == 0 ? sizeof(uint32_t) : sizeof(struct btree_node *);
}

/* The keys of max entries, an even number, are whole words. */
static void *
bt_entry_at(const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	return (uint8_t *)bt_key_at(k, b, b->max) + i * bt_width(b->height);
}

/* Those of a leaf, and those of another. */
static uint32_t *
bt_refs(const struct btree_kind *k, struct btree_node *leaf)
{
	return bt_key_at(k, leaf, leaf->max);
}

static struct btree_node **
bt_nodes(const struct btree_kind *k, struct btree_node *b)
{
	return bt_key_at(k, b, b->max);
}

static void *
bt_object(
    const struct btree_kind *k, struct btree_node *leaf, unsigned int i)
{
	return slab_from(leaf, bt_refs(k, leaf)[i]);
}

/* The first object of, or below, an entry. */
static void *
bt_entry_first(
    const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	for (; b->height > 0; i = 0)
		b = bt_nodes(k, b)[i];
	return bt_object(k, b, i);
}

static size_t
bt_size(const struct btree_kind *k, unsigned int height, unsigned int max)
{
	return sizeof(struct btree_node) +
	    max * (bt_width(height) + k->octets);
}

static struct btree_node *
bt_node(const struct btree_kind *k, struct slab_pool *pool,
    unsigned int height, unsigned int max)
{
	struct btree_node *b = slab_pool_get(pool, bt_size(k, height, max));

	if (b == NULL)
		return NULL;
	b->n = 0;
	b->max = (uint16_t)max;
	b->height = (uint8_t)height;
	b->behind = 0;
	b->run = 0;
	return b;
}

/* Room for so many entries, and for few more. */
static unsigned int
bt_room(unsigned int n)
{
	if (n <= STEP / 2)
		return n <= STEP / 4 ? STEP / 4 : STEP / 2;
	return (n + STEP - 1) / STEP * STEP;
}

/* Entries of one node behind those of another, which has room for them. */
static void
bt_append(const struct btree_kind *k, struct btree_node *to,
    struct btree_node *from, unsigned int at)
{
	size_t n = from->n - at;

	memcpy(bt_key_at(k, to, to->n), bt_key_at(k, from, at),
	    n * k->octets);
	memcpy(bt_entry_at(k, to, to->n), bt_entry_at(k, from, at),
	    n * bt_width(to->height));
	to->n = (uint16_t)(to->n + n);
	from->n = (uint16_t)at;
}

/*
 * The same node elsewhere, with room for so many, which it has not more of.
 * NULL: no memory, and nothing has changed.
 */
static struct btree_node *
bt_resize(const struct btree_kind *k, struct btree_node *b, unsigned int max)
{
	struct btree_node *other =
	    bt_node(k, slab_pool_of(b), b->height, max);

	if (other == NULL)
		return NULL;
	other->behind = b->behind;
	other->run = b->run;
	bt_append(k, other, b, 0);
	slab_pool_put(b);
	return other;
}

/* The same with less room, if there is memory to do that. */
static struct btree_node *
bt_shrink(const struct btree_kind *k, struct btree_node *b, unsigned int max)
{
	struct btree_node *other = bt_resize(k, b, max);

	return other == NULL ? b : other;
}

static void
bt_key_write(const struct btree_kind *k, struct btree_node *b, unsigned int i,
    const struct btree_probe *p)
{
	uint32_t narrow = (uint32_t)p->key[0];

	if (k->octets == sizeof(narrow))
		memcpy(bt_key_at(k, b, i), &narrow, sizeof(narrow));
	else
		memcpy(bt_key_at(k, b, i), p->key, k->octets);
}

/*
 * Fetches the keys of a node from memory, all at once: of many or large trees
 * they are not at hand, and a search would wait for each in turn.
 */
static inline struct btree_node *
bt_fetch(const struct btree_kind *k, struct btree_node *b)
{
	unsigned int at, size = FANOUT * k->octets;

	for (at = 0; at <= size; at += 64)
		__builtin_prefetch((const uint8_t *)b + at);
	return b;
}

static inline struct btree_node *
bt_down(const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	return bt_fetch(k, bt_nodes(k, b)[i]);
}

/* Below 0, 0, above 0: where the probe is, seen from a key. */
static inline int
bt_compare_key(
    const struct btree_kind *k, const struct btree_probe *p, const void *key)
{
	const uint64_t *v = key;
	uint64_t first = k->octets == sizeof(uint32_t) ?
	    *(const uint32_t *)key :
	    v[0];

	if (p->key[0] != first)
		return p->key[0] < first ? -1 : 1;
	if (k->octets <= sizeof(v[0]) || p->key[1] == v[1])
		return 0;
	return p->key[1] < v[1] ? -1 : 1;
}

/* The same, seen from an entry. */
static inline int
bt_compare(const struct btree_kind *k, const struct btree_probe *p,
    struct btree_node *b, unsigned int i)
{
	int c = bt_compare_key(k, p, bt_key_at(k, b, i));

	if (c != 0 || k->cmp == NULL)
		return c;
	return k->cmp(k, p->like, bt_entry_first(k, b, i));
}

/* The same, seen from the only object. */
static int
bt_compare_only(const struct btree_kind *k, const struct btree_probe *p,
    const void *object)
{
	struct btree_probe q = k->place(k, object);
	uint32_t narrow = (uint32_t)q.key[0];
	int c = bt_compare_key(
	    k, p, k->octets == sizeof(narrow) ? (void *)&narrow : q.key);

	if (c != 0 || k->cmp == NULL)
		return c;
	return k->cmp(k, p->like, object);
}

/*
 * How many of n keys, which ascend, are not above one; n is not 0.  Without a
 * branch: which way a search goes can't be foreseen.
 */
#define BT_SEARCH(name, type, words, is_not_above) \
	static inline unsigned int name( \
	    const type *v, unsigned int n, const uint64_t *key) \
	{ \
		const type *at = v, *mid; \
		for (; n > 1; n -= n / 2) { \
			mid = at + n / 2 * words; \
			at = is_not_above(mid) ? mid : at; \
		} \
		return (unsigned int)(at - v) / words + is_not_above(at); \
	}
#define NOT_ABOVE(v)	(*(v) <= key[0])
#define NOT_ABOVE_2(v) \
	(((v)[0] < key[0]) | (((v)[0] == key[0]) & ((v)[1] <= key[1])))
BT_SEARCH(bt_search_4, uint32_t, 1, NOT_ABOVE)
BT_SEARCH(bt_search_8, uint64_t, 1, NOT_ABOVE)
BT_SEARCH(bt_search_16, uint64_t, 2, NOT_ABOVE_2)

static unsigned int
bt_search(const struct btree_kind *k, const struct btree_probe *p,
    struct btree_node *b)
{
	const void *keys = b->space;

	if (k->octets == sizeof(uint32_t))
		return bt_search_4(keys, b->n, p->key);
	if (k->octets == sizeof(uint64_t))
		return bt_search_8(keys, b->n, p->key);
	return bt_search_16(keys, b->n, p->key);
}

/* Is the probe's key that of the entry before this one? */
static bool
bt_is_before(const struct btree_kind *k, const struct btree_probe *p,
    struct btree_node *b, unsigned int i)
{
	return i > 0 && bt_compare_key(k, p, bt_key_at(k, b, i - 1)) == 0;
}

/* How many entries are not behind the probe; *same: is the last of them it? */
static unsigned int
bt_place(const struct btree_kind *k, const struct btree_probe *p,
    struct btree_node *b, bool *same)
{
	unsigned int high = bt_search(k, p, b), low = high, mid;
	int c;

	*same = bt_is_before(k, p, b, high);
	if (!*same || k->cmp == NULL)
		return high;
	/* among those with its key */
	*same = false;
	while (bt_is_before(k, p, b, low))
		low--;
	while (low < high) {
		mid = (low + high) / 2;
		c = k->cmp(k, p->like, bt_entry_first(k, b, mid));
		if (c == 0) {
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
bt_look_only(const struct btree_kind *k, const struct btree_probe *p,
    void *object, void **next)
{
	int c = bt_compare_only(k, p, object);

	if (c < 0 && next != NULL)
		*next = object;
	return c == 0 ? object : NULL;
}

/*
 * The object in the probe's place and, unless nobody asks, the first behind it;
 * each may be NULL.  The latter is looked for at the end: until then it may
 * be anywhere beside the way down.
 */
static void *
bt_look(const struct btree_kind *k, const struct btree *t,
    const struct btree_probe *p, void **next)
{
	struct btree_node *b = bt_root(t), *beside = NULL;
	void *object = NULL;
	unsigned int i, at = 0;
	bool same;

	if (next != NULL)
		*next = NULL;
	if (btree_single(t))
		return bt_look_only(k, p, bt_only(t), next);
	while (b != NULL) {
		i = bt_place(k, p, b, &same);
		if (i < b->n) {
			beside = b;
			at = i;
		}
		if (b->height == 0 && i > 0 && same)
			object = bt_object(k, b, i - 1);
		b = b->height == 0 || i == 0 ? NULL : bt_down(k, b, i - 1);
	}
	if (next != NULL && beside != NULL)
		*next = bt_entry_first(k, beside, at);
	return object;
}

void *
btree_find(const struct btree_kind *k, const struct btree *t,
    const struct btree_probe *p)
{
	return bt_look(k, t, p, NULL);
}

void *
btree_after(const struct btree_kind *k, const struct btree *t,
    const struct btree_probe *p)
{
	void *next;

	(void)bt_look(k, t, p, &next);
	return next;
}

void *
btree_from(const struct btree_kind *k, const struct btree *t,
    const struct btree_probe *p)
{
	void *next, *here = bt_look(k, t, p, &next);

	return here != NULL ? here : next;
}

void *
btree_first(const struct btree_kind *k, const struct btree *t)
{
	struct btree_node *b = bt_root(t);

	return b == NULL ? bt_only(t) : bt_entry_first(k, b, 0);
}

void
btree_walk_init(struct btree_walk *w, const struct btree_kind *k,
    const struct btree *t)
{
	struct btree_node *b = bt_root(t);

	w->kind = k;
	w->only = bt_only(t);
	w->height = b == NULL ? 0 : b->height;
	w->at[w->height] = b;
	w->next[w->height] = 0;
}

void
btree_walk_after(struct btree_walk *w, const struct btree_kind *k,
    const struct btree *t, const struct btree_probe *p)
{
	struct btree_node *b = bt_root(t);
	unsigned int i;
	bool same;

	btree_walk_init(w, k, t);
	if (w->only != NULL && bt_compare_only(k, p, w->only) >= 0)
		w->only = NULL;
	for (; b != NULL; b = b->height == 0 ? NULL : bt_down(k, b, i - 1)) {
		i = bt_place(k, p, b, &same);
		/* above, that is behind the node to go down to */
		i += i == 0 && b->height > 0;
		w->at[b->height] = b;
		w->next[b->height] = (uint16_t)i;
	}
}

/* What is about to be looked at by who walks, from here on and so many. */
static void
bt_walk_ahead(const struct btree_kind *k, struct btree_node *leaf,
    unsigned int i, unsigned int n)
{
	for (; n > 0 && i < leaf->n; i++, n--)
		__builtin_prefetch(bt_object(k, leaf, i));
}

void *
btree_walk_next(struct btree_walk *w)
{
	const struct btree_kind *k = w->kind;
	unsigned int level = 0;
	void *only = w->only;

	w->only = NULL;
	if (only != NULL || w->at[w->height] == NULL)
		return only;
	/* at the start only the root is on the way */
	if (w->next[w->height] == 0)
		level = w->height;
	while (w->next[level] == w->at[level]->n)
		if (level++ == w->height)
			return NULL;
	if (level > 0) {
		for (; level > 0; level--) {
			w->at[level - 1] =
			    bt_nodes(k, w->at[level])[w->next[level]++];
			w->next[level - 1] = 0;
		}
		bt_walk_ahead(k, w->at[0], 0, AHEAD);
	}
	bt_walk_ahead(k, w->at[0], w->next[0] + AHEAD, 1);
	return bt_object(k, w->at[0], w->next[0]++);
}

static void
bt_clear(const struct btree_kind *k, struct btree_node *b)
{
	unsigned int i;

	for (i = 0; b->height > 0 && i < b->n; i++)
		bt_clear(k, bt_nodes(k, b)[i]);
	slab_pool_put(b);
}

void
btree_clear(const struct btree_kind *k, struct btree *t)
{
	if (bt_root(t) != NULL)
		bt_clear(k, bt_root(t));
	btree_init(t);
}

/* Makes room for an entry, which is written by the caller. */
static void
bt_open(const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	memmove(bt_key_at(k, b, i + 1), bt_key_at(k, b, i),
	    (size_t)(b->n - i) * k->octets);
	memmove(bt_entry_at(k, b, i + 1), bt_entry_at(k, b, i),
	    (b->n - i) * bt_width(b->height));
	b->n++;
	if (i != b->behind)
		b->run = 0;
	else if (b->run < RUN)
		b->run++;
	b->behind = (uint16_t)(i + 1);
}

static void
bt_put(const struct btree_kind *k, struct btree_node *leaf, unsigned int i,
    const struct btree_probe *p, const void *object)
{
	bt_open(k, leaf, i);
	bt_key_write(k, leaf, i, p);
	bt_refs(k, leaf)[i] = slab_ref(object);
}

/* A node below another, under the key of its own first entry. */
static void
bt_put_node(const struct btree_kind *k, struct btree_node *b, unsigned int i,
    struct btree_node *child)
{
	bt_open(k, b, i);
	memcpy(bt_key_at(k, b, i), bt_key_at(k, child, 0), k->octets);
	bt_nodes(k, b)[i] = child;
}

static void
bt_cut(const struct btree_kind *k, struct btree_node *b, unsigned int i)
{
	b->n--;
	memmove(bt_key_at(k, b, i), bt_key_at(k, b, i + 1),
	    (size_t)(b->n - i) * k->octets);
	memmove(bt_entry_at(k, b, i), bt_entry_at(k, b, i + 1),
	    (b->n - i) * bt_width(b->height));
}

/* The place of what comes next in a full node, if it goes on in order; or 0. */
static unsigned int
bt_run_end(const struct btree_kind *k, struct btree_node *b,
    const struct btree_probe *p)
{
	bool same;

	return b->run == RUN && bt_place(k, p, b, &same) == b->behind ?
	    b->behind :
	    0;
}

/*
 * Splits a full node that is the i-th of its parent, which has room.  Where
 * objects come in their order, the left part stays as full as it is, and the
 * right one, which begins with the last of them, will be.  Only after half a
 * node of them: who chooses the keys shall not make many nodes of a few.
 */
static bool
bt_split(const struct btree_kind *k, struct btree_node *parent,
    unsigned int i, const struct btree_probe *p)
{
	struct btree_node *b = bt_nodes(k, parent)[i], *right;
	unsigned int end = bt_run_end(k, b, p);
	unsigned int at = end > 0 ? end - 1 : b->n / 2U;

	right = bt_node(k, slab_pool_of(b), b->height,
	    end > 0 ? FANOUT : bt_room(b->n + 1U - at));
	if (right == NULL)
		return false;
	right->behind = end > 0;
	bt_append(k, right, b, at);
	bt_put_node(k, parent, i + 1, right);
	if (bt_room(at + 1) < b->max)
		bt_nodes(k, parent)[i] = bt_shrink(k, b, bt_room(at + 1));
	return true;
}

/* Makes room for one more in a full node, which is the i-th of its parent. */
static bool
bt_widen(const struct btree_kind *k, struct btree_node *parent, unsigned int i,
    const struct btree_probe *p)
{
	struct btree_node *b = bt_nodes(k, parent)[i];

	if (b->max == FANOUT)
		return bt_split(k, parent, i, p);
	if ((b = bt_resize(k, b, bt_room(b->n + 1U))) == NULL)
		return false;
	bt_nodes(k, parent)[i] = b;
	return true;
}

/* The only object becomes a leaf. */
static bool
bt_sprout(const struct btree_kind *k, struct btree *t)
{
	void *object = bt_only(t);
	struct btree_node *b = bt_node(k, slab_pool_of(object), 0, bt_room(2));
	struct btree_probe p;

	if (b == NULL)
		return false;
	p = k->place(k, object);
	bt_put(k, b, 0, &p, object);
	bt_set_root(t, b);
	return true;
}

/* One more level, so that the root can be split. */
static bool
bt_rise(const struct btree_kind *k, struct btree *t)
{
	struct btree_node *root = bt_root(t);
	struct btree_node *b =
	    bt_node(k, slab_pool_of(root), root->height + 1U, bt_room(2));

	if (b == NULL)
		return false;
	bt_put_node(k, b, 0, root);
	bt_set_root(t, b);
	return true;
}

/* Is there room for one more in the root? */
static bool
bt_make_room(const struct btree_kind *k, struct btree *t)
{
	struct btree_node *b = bt_root(t);

	if (b == NULL)
		return bt_sprout(k, t);
	if (b->n < b->max)
		return true;
	if (b->max == FANOUT)
		return bt_rise(k, t);
	if ((b = bt_resize(k, b, bt_room(b->n + 1U))) == NULL)
		return false;
	bt_set_root(t, b);
	return true;
}

/* The key of what is before all others is the first of every node above. */
static void
bt_set_first(const struct btree_kind *k, struct btree *t,
    const struct btree_probe *p)
{
	struct btree_node *b;

	for (b = bt_root(t); b->height > 0; b = bt_nodes(k, b)[0])
		bt_key_write(k, b, 0, p);
}

/* Into a tree of nodes. */
static void *
bt_insert(const struct btree_kind *k, struct btree *t,
    const struct btree_probe *p, void *object)
{
	struct btree_node *b = bt_root(t), *child;
	unsigned int i;
	bool same;

	for (;; b = bt_nodes(k, b)[i]) {
		i = bt_place(k, p, b, &same);
		if (b->height == 0)
			break;
		i -= i > 0;
		child = bt_down(k, b, i);
		if (child->n < child->max)
			continue;
		if (!bt_widen(k, b, i, p))
			return NULL;
		i += i + 1 < b->n && bt_compare(k, p, b, i + 1) >= 0;
	}
	if (same)
		return bt_object(k, b, i - 1);
	bt_put(k, b, i, p, object);
	if (i == 0)
		bt_set_first(k, t, p);
	return object;
}

void *
btree_insert(const struct btree_kind *k, struct btree *t, void *object)
{
	struct btree_probe p;

	if (t->top == 0) {
		bt_set_only(t, object);
		return object;
	}
	if (bt_root(t) != NULL)
		(void)bt_fetch(k, bt_root(t));
	p = k->place(k, object);
	if (btree_single(t) && bt_compare_only(k, &p, bt_only(t)) == 0)
		return bt_only(t);
	return bt_make_room(k, t) ? bt_insert(k, t, &p, object) : NULL;
}

/* A sparse node takes in the next one, if that leaves room in it. */
static void
bt_join(const struct btree_kind *k, struct btree_node *parent, unsigned int i)
{
	struct btree_node *b, *next;
	unsigned int n;

	if (i + 1 >= parent->n)
		return;
	b = bt_nodes(k, parent)[i];
	next = bt_nodes(k, parent)[i + 1];
	n = b->n + next->n;
	if (n > FANOUT - SPARSE)
		return;
	if ((b = bt_resize(k, b, bt_room(n + 1))) == NULL)
		return;
	bt_nodes(k, parent)[i] = b;
	bt_append(k, b, next, 0);
	slab_pool_put(next);
	bt_cut(k, parent, i + 1);
}

static void	*bt_take(const struct btree_kind *, struct btree_node *,
		    const struct btree_probe *);

/* The same from the i-th child of a node, which may be empty then. */
static void *
bt_take_below(const struct btree_kind *k, struct btree_node *b, unsigned int i,
    const struct btree_probe *p)
{
	struct btree_node *child = bt_nodes(k, b)[i];
	void *object = bt_take(k, child, p);

	if (object == NULL)
		return NULL;
	if (child->n == 0) {
		slab_pool_put(child);
		bt_cut(k, b, i);
		return object;
	}
	memcpy(bt_key_at(k, b, i), bt_key_at(k, child, 0), k->octets);
	if (child->n < SPARSE)
		bt_join(k, b, i);
	return object;
}

static void *
bt_take(const struct btree_kind *k, struct btree_node *b,
    const struct btree_probe *p)
{
	bool same;
	unsigned int i = bt_place(k, p, b, &same);
	void *object;

	if (i == 0 || (b->height == 0 && !same))
		return NULL;
	if (b->height > 0)
		object = bt_take_below(k, b, i - 1, p);
	else {
		object = bt_object(k, b, i - 1);
		bt_cut(k, b, i - 1);
	}
	return object;
}

/* A root with one entry goes, and a leaf that has far more room than needed. */
static void
bt_settle(const struct btree_kind *k, struct btree *t)
{
	struct btree_node *b;

	for (b = bt_root(t); b != NULL && b->n == 1; b = bt_root(t)) {
		if (b->height == 0)
			bt_set_only(t, bt_object(k, b, 0));
		else
			bt_set_root(t, bt_nodes(k, b)[0]);
		slab_pool_put(b);
	}
	if (b != NULL && b->height == 0 && b->n * 4 <= b->max)
		bt_set_root(t, bt_shrink(k, b, bt_room(b->n)));
}

void *
btree_remove(const struct btree_kind *k, struct btree *t,
    const struct btree_probe *p)
{
	void *object = bt_only(t);

	if (object != NULL) {
		if (bt_compare_only(k, p, object) != 0)
			return NULL;
		btree_init(t);
		return object;
	}
	if (bt_root(t) == NULL)
		return NULL;
	if ((object = bt_take(k, bt_root(t), p)) != NULL)
		bt_settle(k, t);
	return object;
}
