/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "itree.h"

int
marsd_span_cmp(const struct marsd_span *a, const struct marsd_span *b)
{
	int c = paddr_cmp(&a->min, &b->min);

	return c != 0 ? c : paddr_cmp(&a->max, &b->max);
}

/* The seed decides the shape of the tree, so that no peer can. */
void
marsd_itree_init(struct marsd_itree *t, uint32_t seed)
{
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
update(struct marsd_itree_node *n)
{
	n->end = &n->span->max;
	if (n->left != NULL && paddr_cmp(n->left->end, n->end) > 0)
		n->end = n->left->end;
	if (n->right != NULL && paddr_cmp(n->right->end, n->end) > 0)
		n->end = n->right->end;
}

static struct marsd_itree_node *
rotate_right(struct marsd_itree_node *n)
{
	struct marsd_itree_node *l = n->left;

	n->left = l->right;
	l->right = n;
	update(n);
	update(l);
	return l;
}

static struct marsd_itree_node *
rotate_left(struct marsd_itree_node *n)
{
	struct marsd_itree_node *r = n->right;

	n->right = r->left;
	r->left = n;
	update(n);
	update(r);
	return r;
}

static struct marsd_itree_node *
insert(struct marsd_itree_node *at, struct marsd_itree_node *n)
{
	if (at == NULL)
		return n;
	if (marsd_span_cmp(n->span, at->span) < 0) {
		at->left = insert(at->left, n);
		if (at->left->priority > at->priority)
			return rotate_right(at);
	} else {
		at->right = insert(at->right, n);
		if (at->right->priority > at->priority)
			return rotate_left(at);
	}
	update(at);
	return at;
}

bool
marsd_itree_insert(struct marsd_itree *t, struct marsd_itree_node *n,
    const struct marsd_span *span)
{
	if (marsd_itree_find(t, span) != NULL)
		return false;
	n->left = n->right = NULL;
	n->span = span;
	n->end = &span->max;
	n->priority = priority(t);
	t->root = insert(t->root, n);
	return true;
}

static struct marsd_itree_node *
merge(struct marsd_itree_node *a, struct marsd_itree_node *b)
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

static struct marsd_itree_node *
take(struct marsd_itree_node *at, struct marsd_itree_node *n)
{
	if (at == NULL)
		return NULL;
	if (at == n)
		return merge(n->left, n->right);
	if (marsd_span_cmp(n->span, at->span) < 0)
		at->left = take(at->left, n);
	else
		at->right = take(at->right, n);
	update(at);
	return at;
}

void
marsd_itree_remove(struct marsd_itree *t, struct marsd_itree_node *n)
{
	t->root = take(t->root, n);
	n->left = n->right = NULL;
}

struct marsd_itree_node *
marsd_itree_find(const struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_itree_node *n = t->root;
	int c;

	while (n != NULL && (c = marsd_span_cmp(span, n->span)) != 0)
		n = c < 0 ? n->left : n->right;
	return n;
}

/*
 * A subtree whose largest end lies before the range has nothing; one whose
 * root begins behind it can have something only to the left.
 */
static struct marsd_itree_node *
overlap(struct marsd_itree_node *n, const struct marsd_span *s,
    const struct marsd_span *after)
{
	struct marsd_itree_node *found;

	while (n != NULL && paddr_cmp(n->end, &s->min) >= 0) {
		if (after == NULL || marsd_span_cmp(n->span, after) > 0) {
			found = overlap(n->left, s, after);
			if (found != NULL)
				return found;
			if (paddr_cmp(&n->span->min, &s->max) > 0)
				return NULL;
			if (paddr_cmp(&n->span->max, &s->min) >= 0)
				return n;
		}
		n = n->right;
	}
	return NULL;
}

struct marsd_itree_node *
marsd_itree_overlap(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	return overlap(t->root, s, after);
}

struct marsd_itree_node *
marsd_itree_next(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct marsd_itree_node *n = t->root, *best = NULL;

	while (n != NULL) {
		if (after == NULL || marsd_span_cmp(n->span, after) > 0) {
			best = n;
			n = n->left;
		} else
			n = n->right;
	}
	return best;
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
