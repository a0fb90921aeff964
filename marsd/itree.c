/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "itree.h"

struct marsd_block {
	struct marsd_block	*left, *right;
	void			*object;
	const uint8_t		*span;	/* of the object */
	const uint8_t		*end;	/* span with the largest max below */
	uint32_t		 priority;
};

int
marsd_span_cmp(const struct marsd_span *a, const struct marsd_span *b)
{
	int c = paddr_cmp(&a->min, &b->min);

	return c != 0 ? c : paddr_cmp(&a->max, &b->max);
}

/* So many octets: nearly always 4 or 16, which takes no call. */
static inline void
addr_copy(uint8_t *to, const uint8_t *from, uint8_t len)
{
	if (len == 4)
		memcpy(to, from, 4);
	else if (len == 16)
		memcpy(to, from, 16);
	else
		memcpy(to, from, len);
}

void
marsd_span_pack(uint8_t *p, const struct marsd_span *s)
{
	*p++ = s->min.len;
	addr_copy(p, s->min.a, s->min.len);
	addr_copy(p + s->min.len, s->max.a, s->min.len);
}

struct marsd_span
marsd_span_unpack(const uint8_t *p)
{
	struct marsd_span s = { .min.len = *p, .max.len = *p };

	addr_copy(s.min.a, p + 1, *p);
	addr_copy(s.max.a, p + 1 + *p, *p);
	return s;
}

/* Packed ones in their order; and by min, by max of either. */
static int
packed_cmp(const uint8_t *a, const uint8_t *b)
{
	return *a != *b ? *a - *b : memcmp(a + 1, b + 1, (size_t)2 * *a);
}

static int
end_cmp(const uint8_t *a, const uint8_t *b)
{
	return *a != *b ? *a - *b : memcmp(a + 1 + *a, b + 1 + *b, *a);
}

/* Does a begin behind the end of b? */
static bool
is_behind(const uint8_t *a, const uint8_t *b)
{
	return *a != *b ? *a > *b : memcmp(a + 1, b + 1 + *b, *a) > 0;
}

/* Is it one address, and as long as those that are kept in order? */
static bool
is_single(const struct marsd_itree *t, const struct marsd_span *s)
{
	return (t->len == 0 || t->len == s->min.len) &&
	    paddr_equal(&s->min, &s->max);
}

static uint64_t
addr_word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* The place of an address, of which 16 octets count, among the single ones. */
static struct btree_probe
probe(const struct btree_kind *k, const uint8_t *a)
{
	struct btree_probe p = { .key = { addr_word(a), addr_word(a + 8) },
		.like = a };

	if (k->octets == 4)
		p.key[0] >>= 32;
	return p;
}

static const uint8_t *
packed_of(const struct btree_kind *k, const void *object)
{
	return ((const struct marsd_itree_kind *)k)->span(object);
}

struct btree_probe
marsd_itree_place(const struct btree_kind *k, const void *object)
{
	const uint8_t *packed = packed_of(k, object);
	uint8_t a[PADDR_MAX] = { 0 };

	addr_copy(a, packed + 1, *packed);
	return probe(k, a);
}

/* What two words of a key do not tell apart: addresses of one length. */
int
marsd_itree_cmp(
    const struct btree_kind *k, const void *like, const void *object)
{
	const uint8_t *packed = packed_of(k, object);

	return memcmp(like, packed + 1, *packed);
}

static const struct btree_kind *
singles(const struct marsd_itree *t)
{
	return &t->kind->single;
}

static int
width(uint8_t len)
{
	if (len > 16)
		return 3;
	if (len > 8)
		return 2;
	return len > 4;
}

/* The seed decides the shape of the tree, so that no peer can. */
void
marsd_itree_init(struct marsd_itree *t,
    const struct marsd_itree_kind kinds[MARSD_ITREE_KINDS], uint32_t seed)
{
	btree_init(&t->singles);
	t->root = NULL;
	t->kind = kinds;
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
	b->end = b->span;
	if (b->left != NULL && end_cmp(b->left->end, b->end) > 0)
		b->end = b->left->end;
	if (b->right != NULL && end_cmp(b->right->end, b->end) > 0)
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
	if (packed_cmp(b->span, at->span) < 0) {
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
find_block(const struct marsd_itree *t, const uint8_t *span)
{
	struct marsd_block *b = t->root;
	int c;

	while (b != NULL && (c = packed_cmp(span, b->span)) != 0)
		b = c < 0 ? b->left : b->right;
	return b;
}

static void *
insert_block(struct marsd_itree *t, void *object)
{
	const uint8_t *span = t->kind->span(object);
	struct marsd_block *b = find_block(t, span);

	if (b != NULL)
		return b->object;
	if ((b = calloc(1, sizeof(*b))) == NULL)
		return NULL;
	b->object = object;
	b->span = b->end = span;
	b->priority = priority(t);
	t->root = insert(t->root, b);
	return object;
}

void *
marsd_itree_insert(struct marsd_itree *t, void *object)
{
	const uint8_t *span = t->kind->span(object);

	if (t->len == 0 && memcmp(span + 1, span + 1 + *span, *span) == 0) {
		t->len = *span;
		t->kind += width(t->len);
	}
	if (t->len != *span || memcmp(span + 1, span + 1 + *span, *span) != 0)
		return insert_block(t, object);
	return btree_insert(singles(t), &t->singles, object);
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
	if (packed_cmp(b->span, at->span) < 0)
		at->left = block_take(at->left, b);
	else
		at->right = block_take(at->right, b);
	update(at);
	return at;
}

/* What is in a tree with that span, which is no single one. */
static struct marsd_block *
block_of(const struct marsd_itree *t, const struct marsd_span *span)
{
	uint8_t packed[MARSD_SPAN_LEN(PADDR_MAX)];

	if (t->root == NULL)
		return NULL;
	marsd_span_pack(packed, span);
	return find_block(t, packed);
}

void
marsd_itree_remove(struct marsd_itree *t, const struct marsd_span *span)
{
	struct marsd_block *b;
	struct btree_probe p;

	if (is_single(t, span)) {
		p = probe(singles(t), span->min.a);
		(void)btree_remove(singles(t), &t->singles, &p);
	} else if ((b = block_of(t, span)) != NULL) {
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
		p = probe(singles(t), span->min.a);
		return btree_find(singles(t), &t->singles, &p);
	}
	b = block_of(t, span);
	return b == NULL ? NULL : b->object;
}

/*
 * A subtree whose largest end lies before the range has nothing; one whose
 * root begins behind it can have something only to the left.
 */
static struct marsd_block *
overlap(struct marsd_block *b, const uint8_t *s, const uint8_t *after)
{
	struct marsd_block *found;

	while (b != NULL && !is_behind(s, b->end)) {
		if (after == NULL || packed_cmp(b->span, after) > 0) {
			found = overlap(b->left, s, after);
			if (found != NULL)
				return found;
			if (is_behind(b->span, s))
				return NULL;
			if (!is_behind(s, b->span))
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
		return btree_first(singles(t), &t->singles);
	if (after->min.len > t->len)
		return NULL;
	p = probe(singles(t), after->min.a);
	return btree_after(singles(t), &t->singles, &p);
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
		p = probe(singles(t), s->min.a);
		n = btree_from(singles(t), &t->singles, &p);
	}
	if (n == NULL || memcmp(t->kind->span(n) + 1, s->max.a, t->len) > 0)
		return NULL;
	return n;
}

/* The one of two that comes first; each may be NULL. */
static void *
itree_first(
    const struct marsd_itree *t, void *single, const struct marsd_block *b)
{
	if (b == NULL)
		return single;
	return single != NULL &&
	    packed_cmp(t->kind->span(single), b->span) < 0 ? single : b->object;
}

void *
marsd_itree_overlap(const struct marsd_itree *t, const struct marsd_span *s,
    const struct marsd_span *after)
{
	uint8_t p[MARSD_SPAN_LEN(PADDR_MAX)], q[MARSD_SPAN_LEN(PADDR_MAX)];
	void *single = overlap_single(t, s, after);

	if (t->root == NULL)
		return single;
	marsd_span_pack(p, s);
	if (after != NULL)
		marsd_span_pack(q, after);
	return itree_first(
	    t, single, overlap(t->root, p, after == NULL ? NULL : q));
}

static struct marsd_block *
next_block(const struct marsd_itree *t, const struct marsd_span *after)
{
	struct marsd_block *b = t->root, *best = NULL;
	uint8_t p[MARSD_SPAN_LEN(PADDR_MAX)];

	if (b != NULL && after != NULL)
		marsd_span_pack(p, after);
	while (b != NULL) {
		if (after == NULL || packed_cmp(b->span, p) > 0) {
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
