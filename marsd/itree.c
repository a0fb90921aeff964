/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "itree.h"

struct marsd_block {
	struct marsd_block	*left, *right;
	void			*object;
	const struct marsd_span	*span;
	const struct paddr	*end;	/* largest max in this subtree */
	uint32_t		 priority;
};

_Static_assert(offsetof(struct marsd_itree, singles) == 0,
    "singles are first in a tree");

int
marsd_span_cmp(const struct marsd_span *a, const struct marsd_span *b)
{
	int c = paddr_cmp(&a->min, &b->min);

	return c != 0 ? c : paddr_cmp(&a->max, &b->max);
}

/* Is it one address, and as long as those that are kept in order? */
static bool
is_single(const struct marsd_itree *t, const struct marsd_span *s)
{
	return (t->len == 0 || t->len == s->min.len) &&
	    paddr_equal(&s->min, &s->max);
}

static const struct marsd_span *
single_span(const struct btree *t, const void *object)
{
	return ((const struct marsd_itree *)t)->span(object);
}

/* What two words of a key do not tell apart. */
static int
by_min(const struct btree *t, const void *like, const void *object)
{
	const struct marsd_span *s = like;

	return paddr_cmp(&s->min, &single_span(t, object)->min);
}

static uint64_t
addr_word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* The place of an address among the single ones. */
static struct btree_probe
probe(const struct marsd_itree *t, const struct marsd_span *s)
{
	struct btree_probe p = { .key = { addr_word(s->min.a),
	    addr_word(s->min.a + 8) }, .like = s };

	if (t->singles.kind->octets == 4)
		p.key[0] >>= 32;
	return p;
}

static struct btree_probe
single_place(const struct btree *t, const void *object)
{
	return probe((const struct marsd_itree *)t, single_span(t, object));
}

static const struct btree_kind by_4 = { 4, NULL, single_place },
	by_8 = { 8, NULL, single_place }, by_16 = { 16, NULL, single_place },
	by_more = { 16, by_min, single_place };

static const struct btree_kind *
itree_kind(uint8_t len)
{
	if (len > 16)
		return &by_more;
	if (len > 8)
		return &by_16;
	return len > 4 ? &by_8 : &by_4;
}

/* The seed decides the shape of the tree, so that no peer can. */
void
marsd_itree_init(struct marsd_itree *t,
    const struct marsd_span *(*span)(const void *), uint32_t seed)
{
	btree_init(&t->singles, &by_4);
	t->root = NULL;
	t->span = span;
	t->seed = seed | 1;
	t->len = 0;
}

/* By xorshift: never zero, as the seed is not. */
static uint32_t
priority(struct marsd_itree *t)
{
	t->seed ^= t->seed << 13;
	t->seed ^= t->seed >> 17;
	t->seed ^= t->seed << 5;
	return t->seed;
}

static void
update(struct marsd_block *b)
{
	b->end = &b->span->max;
	if (b->left != NULL && paddr_cmp(b->left->end, b->end) > 0)
		b->end = b->left->end;
	if (b->right != NULL && paddr_cmp(b->right->end, b->end) > 0)
		b->end = b->right->end;
}

static struct marsd_block *
rotate_right(struct marsd_block *b)
{
	struct marsd_block *l = b->left;

	b->left = l->right;
	l->right = b;
	update(b);
	update(l);
	return l;
}

static struct marsd_block *
rotate_left(struct marsd_block *b)
{
	struct marsd_block *r = b->right;

	b->right = r->left;
	r->left = b;
	update(b);
	update(r);
	return r;
}

static struct marsd_block *
insert(struct marsd_block *at, struct marsd_block *b)
{
	if (at == NULL)
		return b;
	if (marsd_span_cmp(b->span, at->span) < 0) {
		at->left = insert(at->left, b);
		if (at->left->priority > at->priority)
			return rotate_right(at);
	} else {
		at->right = insert(at->right, b);
		if (at->right->priority > at->priority)
			return rotate_left(at);
	}
	update(at);
	return at;
}

static struct marsd_block *
find_block(const struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_block *b = t->root;
	int c;

	while (b != NULL && (c = marsd_span_cmp(span, b->span)) != 0)
		b = c < 0 ? b->left : b->right;
	return b;
}

static void *
insert_block(struct marsd_itree *t, void *object)
{
	const struct marsd_span *span = t->span(object);
	struct marsd_block *b = find_block(t, span);

	if (b != NULL)
		return b->object;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->object = object;
	b->span = span;
	b->end = &span->max;
	b->priority = priority(t);
	t->root = insert(t->root, b);
	return object;
}

void *
marsd_itree_insert(struct marsd_itree *t, void *object)
{
	const struct marsd_span *span = t->span(object);

	if (!is_single(t, span))
		return insert_block(t, object);
	if (t->len == 0) {
		t->len = span->min.len;
		btree_init(&t->singles, itree_kind(t->len));
	}
	return btree_insert(&t->singles, object);
}

static struct marsd_block *
merge(struct marsd_block *a, struct marsd_block *b)
{
	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (a->priority > b->priority) {
		a->right = merge(a->right, b);
		update(a);
		return a;
	}
	b->left = merge(a, b->left);
	update(b);
	return b;
}

static struct marsd_block *
block_take(struct marsd_block *at, struct marsd_block *b)
{
	if (at == NULL)
		return NULL;
	if (at == b)
		return merge(b->left, b->right);
	if (marsd_span_cmp(b->span, at->span) < 0)
		at->left = block_take(at->left, b);
	else
		at->right = block_take(at->right, b);
	update(at);
	return at;
}

void
marsd_itree_remove(struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_block *b;
	struct btree_probe p;

	if (is_single(t, span)) {
		p = probe(t, span);
		(void)btree_remove(&t->singles, &p);
	} else if ((b = find_block(t, span)) != NULL) {
		t->root = block_take(t->root, b);
		free(b);
	}
}

void *
marsd_itree_find(const struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_block *b;
	struct btree_probe p;

	if (is_single(t, span)) {
		p = probe(t, span);
		return btree_find(&t->singles, &p);
	}
	b = find_block(t, span);
	return b == NULL ? NULL : b->object;
}

/*
 * A subtree whose largest end lies before the range has nothing; one whose
 * root begins behind it can have something only to the left.
 */
static struct marsd_block *
overlap(struct marsd_block *b, const struct marsd_span *s,
    const struct marsd_span *after)
{
	struct marsd_block *found;

	while (b != NULL && paddr_cmp(b->end, &s->min) >= 0) {
		if (after == NULL || marsd_span_cmp(b->span, after) > 0) {
			found = overlap(b->left, s, after);
			if (found != NULL)
				return found;
			if (paddr_cmp(&b->span->min, &s->max) > 0)
				return NULL;
			if (paddr_cmp(&b->span->max, &s->min) >= 0)
				return b;
		}
		b = b->right;
	}
	return NULL;
}

/*
 * The first single address behind a span, which has only those that begin
 * where it does, or before, in front of it.
 */
static void *
next_single(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct btree_probe p;

	/* shorter addresses come first */
	if (after == NULL || after->min.len < t->len)
		return btree_first(&t->singles);
	if (after->min.len > t->len)
		return NULL;
	p = probe(t, after);
	return btree_after(&t->singles, &p);
}

static void *
overlap_single(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	struct btree_probe p;
	void *n;

	if (t->len != s->min.len)
		return NULL;
	if (after != NULL && paddr_cmp(&after->min, &s->min) >= 0) {
		if (paddr_cmp(&after->min, &s->max) >= 0)
			return NULL;
		n = next_single(t, after);
	} else {
		p = probe(t, s);
		n = btree_from(&t->singles, &p);
	}
	return n != NULL && paddr_cmp(&t->span(n)->min, &s->max) <= 0 ? n :
	    NULL;
}

/* The one of two that comes first; each may be NULL. */
static void *
itree_first(
    const struct marsd_itree *t, void *single, const struct marsd_block *b)
{
	if (b == NULL)
		return single;
	return single != NULL && marsd_span_cmp(t->span(single), b->span) < 0 ?
	    single :
	    b->object;
}

void *
marsd_itree_overlap(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	return itree_first(
	    t, overlap_single(t, s, after), overlap(t->root, s, after));
}

static struct marsd_block *
next_block(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct marsd_block *b = t->root, *best = NULL;

	while (b != NULL) {
		if (after == NULL || marsd_span_cmp(b->span, after) > 0) {
			best = b;
			b = b->left;
		} else
			b = b->right;
	}
	return best;
}

void *
marsd_itree_next(const struct marsd_itree *t, const struct marsd_span *after)
{
	return itree_first(t, next_single(t, after), next_block(t, after));
}

void
marsd_spans_init(struct marsd_spans *l)
{
	l->v = NULL;
	l->n = l->max = 0;
	l->failed = false;
}

void
marsd_spans_free(struct marsd_spans *l)
{
	free(l->v);
	marsd_spans_init(l);
}

void
marsd_spans_add(struct marsd_spans *l, const struct marsd_span *s)
{
	struct marsd_span *v;
	size_t max;

	if (l->n == l->max && !l->failed) {
		max = l->max == 0 ? 4 : l->max * 2;
		v = reallocarray(l->v, max, sizeof(*v));
		if (v == NULL)
			l->failed = true;
		else {
			l->v = v;
			l->max = max;
		}
	}
	if (!l->failed)
		l->v[l->n++] = *s;
}

bool
marsd_spans_whole(const struct marsd_spans *l, const struct marsd_span *s)
{
	return !l->failed && l->n == 1 && marsd_span_cmp(&l->v[0], s) == 0;
}

uint32_t
marsd_span_count(const struct marsd_span *s, uint32_t max)
{
	uint64_t n = 0;
	int i;

	/* max less min, from the front: negative only at the very end */
	for (i = 0; i < s->min.len; i++) {
		n = n * 256 + s->max.a[i] - s->min.a[i];
		if (n > (uint64_t)max + 1)
			return max;
	}
	return n >= max ? max : (uint32_t)n + 1;
}

/*
 * Hole punching by subtraction of intervals.  RFC 2022 appendix A has
 * algorithms for it that lose the addresses at the edges.
 */
void
marsd_punch_init(struct marsd_punch *p, struct marsd_spans *out,
    const struct marsd_span *whole)
{
	p->out = out;
	p->rest = *whole;
	p->done = paddr_cmp(&whole->min, &whole->max) > 0;
}

void
marsd_punch_hole(struct marsd_punch *p, const struct marsd_span *hole)
{
	struct marsd_span s;

	if (p->done || paddr_cmp(&hole->max, &p->rest.min) < 0)
		return;
	if (paddr_cmp(&hole->min, &p->rest.max) > 0) {
		marsd_punch_end(p);
		return;
	}
	if (paddr_cmp(&hole->min, &p->rest.min) > 0) {
		s.min = p->rest.min;
		s.max = hole->min;
		(void)paddr_prev(&s.max); /* not zero: next is less */
		marsd_spans_add(p->out, &s);
	}
	p->rest.min = hole->max;
	if (!paddr_next(&p->rest.min) ||
	    paddr_cmp(&p->rest.min, &p->rest.max) > 0)
		p->done = true;
}

void
marsd_punch_end(struct marsd_punch *p)
{
	if (!p->done)
		marsd_spans_add(p->out, &p->rest);
	p->done = true;
}
