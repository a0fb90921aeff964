/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "itree.h"

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

/* What two words of a key do not tell apart. */
static int
by_min(const void *like, const void *object)
{
	const struct marsd_span *s = like;
	const struct marsd_itree_node *n = object;

	return paddr_cmp(&s->min, &n->span->min);
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
probe(const struct marsd_span *s)
{
	return (struct btree_probe){ .key = { addr_word(s->min.a),
	    addr_word(s->min.a + 8) }, .like = s };
}

/* The seed decides the shape of the tree, so that no peer can. */
void
marsd_itree_init(struct marsd_itree *t, uint32_t seed)
{
	btree_init(&t->singles, 1, NULL);
	t->len = 0;
	t->root = NULL;
	t->seed = seed | 1;
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
	b->end = &b->node->span->max;
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
	if (marsd_span_cmp(b->node->span, at->node->span) < 0) {
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

static bool
insert_block(struct marsd_itree *t, struct marsd_itree_node *n)
{
	struct marsd_block *b;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return false;
	b->node = n;
	b->end = &n->span->max;
	b->priority = priority(t);
	n->block = b;
	t->root = insert(t->root, b);
	return true;
}

bool
marsd_itree_insert(struct marsd_itree *t, struct marsd_itree_node *n,
    const struct marsd_span *span)
{
	struct btree_probe p;

	n->span = span;
	n->block = NULL;
	if (!is_single(t, span))
		return insert_block(t, n);
	if (t->len == 0) {
		t->len = span->min.len;
		btree_init(&t->singles, t->len > 8 ? 2 : 1,
		    t->len > 16 ? by_min : NULL);
	}
	p = probe(span);
	return btree_insert(&t->singles, &p, n);
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
take(struct marsd_block *at, struct marsd_block *b)
{
	if (at == NULL)
		return NULL;
	if (at == b)
		return merge(b->left, b->right);
	if (marsd_span_cmp(b->node->span, at->node->span) < 0)
		at->left = take(at->left, b);
	else
		at->right = take(at->right, b);
	update(at);
	return at;
}

void
marsd_itree_remove(struct marsd_itree *t, struct marsd_itree_node *n)
{
	struct btree_probe p;

	if (n->block != NULL) {
		t->root = take(t->root, n->block);
		free(n->block);
		n->block = NULL;
		return;
	}
	p = probe(n->span);
	(void)btree_remove(&t->singles, &p);
}

static struct marsd_itree_node *
find_block(const struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_block *b = t->root;
	int c;

	while (b != NULL && (c = marsd_span_cmp(span, b->node->span)) != 0)
		b = c < 0 ? b->left : b->right;
	return b == NULL ? NULL : b->node;
}

struct marsd_itree_node *
marsd_itree_find(const struct marsd_itree *t, const struct marsd_span *span)
{
	struct btree_probe p;

	if (!is_single(t, span))
		return find_block(t, span);
	p = probe(span);
	return btree_find(&t->singles, &p);
}

/*
 * A subtree whose largest end lies before the range has nothing; one whose
 * root begins behind it can have something only to the left.
 */
static struct marsd_itree_node *
overlap(struct marsd_block *b, const struct marsd_span *s,
    const struct marsd_span *after)
{
	struct marsd_itree_node *found;

	while (b != NULL && paddr_cmp(b->end, &s->min) >= 0) {
		if (after == NULL ||
		    marsd_span_cmp(b->node->span, after) > 0) {
			found = overlap(b->left, s, after);
			if (found != NULL)
				return found;
			if (paddr_cmp(&b->node->span->min, &s->max) > 0)
				return NULL;
			if (paddr_cmp(&b->node->span->max, &s->min) >= 0)
				return b->node;
		}
		b = b->right;
	}
	return NULL;
}

/*
 * The first single address behind a span, which has only those that begin
 * where it does, or before, in front of it.
 */
static struct marsd_itree_node *
next_single(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct btree_probe p;

	/* shorter addresses come first */
	if (after == NULL || after->min.len < t->len)
		return btree_first(&t->singles);
	if (after->min.len > t->len)
		return NULL;
	p = probe(after);
	return btree_after(&t->singles, &p);
}

static struct marsd_itree_node *
overlap_single(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	struct marsd_itree_node *n;
	struct btree_probe p;

	if (t->len != s->min.len)
		return NULL;
	if (after != NULL && paddr_cmp(&after->min, &s->min) >= 0) {
		if (paddr_cmp(&after->min, &s->max) >= 0)
			return NULL;
		n = next_single(t, after);
	} else {
		p = probe(s);
		n = btree_from(&t->singles, &p);
	}
	return n != NULL && paddr_cmp(&n->span->min, &s->max) <= 0 ? n : NULL;
}

/* The one of two that comes first; each may be NULL. */
static struct marsd_itree_node *
itree_first(struct marsd_itree_node *a, struct marsd_itree_node *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return marsd_span_cmp(a->span, b->span) < 0 ? a : b;
}

struct marsd_itree_node *
marsd_itree_overlap(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	return itree_first(
	    overlap_single(t, s, after), overlap(t->root, s, after));
}

static struct marsd_itree_node *
next_block(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct marsd_block *b = t->root;
	struct marsd_itree_node *best = NULL;

	while (b != NULL) {
		if (after == NULL ||
		    marsd_span_cmp(b->node->span, after) > 0) {
			best = b->node;
			b = b->left;
		} else
			b = b->right;
	}
	return best;
}

struct marsd_itree_node *
marsd_itree_next(const struct marsd_itree *t, const struct marsd_span *after)
{
	return itree_first(next_single(t, after), next_block(t, after));
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
	p->next = whole->min;
	p->last = whole->max;
	p->done = paddr_cmp(&whole->min, &whole->max) > 0;
}

void
marsd_punch_hole(struct marsd_punch *p, const struct marsd_span *hole)
{
	struct marsd_span s;

	if (p->done || paddr_cmp(&hole->max, &p->next) < 0)
		return;
	if (paddr_cmp(&hole->min, &p->last) > 0) {
		marsd_punch_end(p);
		return;
	}
	if (paddr_cmp(&hole->min, &p->next) > 0) {
		s.min = p->next;
		s.max = hole->min;
		(void)paddr_prev(&s.max); /* not zero: next is less */
		marsd_spans_add(p->out, &s);
	}
	p->next = hole->max;
	if (!paddr_next(&p->next) || paddr_cmp(&p->next, &p->last) > 0)
		p->done = true;
}

void
marsd_punch_end(struct marsd_punch *p)
{
	struct marsd_span s = { p->next, p->last };

	if (!p->done)
		marsd_spans_add(p->out, &s);
	p->done = true;
}
