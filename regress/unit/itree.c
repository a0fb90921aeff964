/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "marsd/itree.h"
#include "slab.h"

#define N	400
#define SPACE	300

struct item {
	struct marsd_span	 s;
	uint8_t			 packed[MARSD_SPAN_LEN(4)];
	bool			 in;
};

static struct paddr
addr(uint32_t v)
{
	struct paddr a;

	memset(&a, 0, sizeof(a));
	a.len = 4;
	a.a[0] = (uint8_t)(v >> 24);
	a.a[1] = (uint8_t)(v >> 16);
	a.a[2] = (uint8_t)(v >> 8);
	a.a[3] = (uint8_t)v;
	return a;
}

static struct marsd_span
range(uint32_t min, uint32_t max)
{
	struct marsd_span s = { addr(min), addr(max) };

	return s;
}

static const uint8_t *
span_of(const void *object)
{
	const struct item *it = object;

	return it->packed;
}

static const struct marsd_itree_kind items_kind[MARSD_ITREE_KINDS] =
    MARSD_ITREE_KIND(span_of);

static uint32_t seed = 7;

static uint32_t
draw(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static void
check(const struct marsd_itree *t, struct item *const *items,
    const struct marsd_span *q)
{
	const struct item *in, *last = NULL;
	size_t i, want = 0, got = 0;

	for (i = 0; i < N; i++)
		if (items[i]->in && paddr_cmp(&items[i]->s.min, &q->max) <= 0 &&
		    paddr_cmp(&items[i]->s.max, &q->min) >= 0)
			want++;
	for (in = marsd_itree_overlap(t, q, NULL); in != NULL;
	    in = marsd_itree_overlap(t, q, &in->s)) {
		assert_true(paddr_cmp(&in->s.min, &q->max) <= 0);
		assert_true(paddr_cmp(&in->s.max, &q->min) >= 0);
		if (last != NULL)
			assert_true(marsd_span_cmp(&last->s, &in->s) < 0);
		last = in;
		got++;
	}
	assert_int_equal(got, want);
}

/* The tree finds what a walk over all of it finds, in order. */
static void
the_tree_finds_what_a_walk_finds(void **state)
{
	struct item *items[N];
	struct slab_pool pool;
	struct slab room;
	struct marsd_itree t;
	struct marsd_span q;
	uint32_t a, i, k;
	void *found, *in;

	(void)state;
	slab_pool_init(&pool);
	slab_init(&room, &pool, sizeof(struct item));
	for (i = 0; i < N; i++)
		assert_non_null(items[i] = slab_get(&room));
	marsd_itree_init(&t, items_kind, 0);
	for (k = 0; k < 4000; k++) {
		i = draw(N);
		if (items[i]->in) {
			marsd_itree_remove(&t, &items[i]->s);
			items[i]->in = false;
		} else {
			a = draw(SPACE);
			items[i]->s = range(a, draw(3) == 0 ? a + draw(50) : a);
			marsd_span_pack(items[i]->packed, &items[i]->s);
			found = marsd_itree_find(&t, &items[i]->s);
			in = marsd_itree_insert(&t, items[i]);
			assert_ptr_equal(in, found == NULL ? items[i] : found);
			items[i]->in = found == NULL;
		}
		a = draw(SPACE);
		q = range(a, a + draw(20));
		check(&t, items, &q);
	}
	for (i = 0; i < N; i++)
		if (items[i]->in)
			marsd_itree_remove(&t, &items[i]->s);
	q = range(0, 2 * SPACE);
	assert_null(marsd_itree_overlap(&t, &q, NULL));
	assert_null(marsd_itree_next(&t, NULL));
	for (i = 0; i < N; i++)
		slab_put(&room, items[i]);
}

static void
punch(struct marsd_spans *out, uint32_t min, uint32_t max, size_t n, ...)
{
	struct marsd_span s = range(min, max);
	struct marsd_punch p;
	uint32_t a;
	va_list ap;

	marsd_spans_init(out);
	marsd_punch_init(&p, out, &s);
	va_start(ap, n);
	while (n-- > 0) {
		a = va_arg(ap, uint32_t);
		s = range(a, va_arg(ap, uint32_t));
		marsd_punch_hole(&p, &s);
	}
	va_end(ap);
	marsd_punch_end(&p);
}

static void
expect(struct marsd_spans *l, size_t n, ...)
{
	struct marsd_span s;
	size_t i;
	uint32_t a;
	va_list ap;

	assert_int_equal(l->n, n);
	va_start(ap, n);
	for (i = 0; i < n; i++) {
		a = va_arg(ap, uint32_t);
		s = range(a, va_arg(ap, uint32_t));
		assert_int_equal(marsd_span_cmp(&l->v[i], &s), 0);
	}
	va_end(ap);
	marsd_spans_free(l);
}

/*
 * holes at either edge, beyond it, next to each other, overlapping,
 * over everything, and at both ends of the address space.
 */
static void
holes_at_any_place(void **state)
{
	struct marsd_spans l;

	(void)state;
	punch(&l, 10, 20, 0);
	expect(&l, 1, 10, 20);
	punch(&l, 10, 20, 1, 10, 10);
	expect(&l, 1, 11, 20);
	punch(&l, 10, 20, 1, 20, 20);
	expect(&l, 1, 10, 19);
	punch(&l, 10, 20, 1, 15, 15);
	expect(&l, 2, 10, 14, 16, 20);
	punch(&l, 10, 20, 2, 12, 12, 13, 13);
	expect(&l, 2, 10, 11, 14, 20);
	punch(&l, 10, 20, 2, 5, 12, 8, 9);
	expect(&l, 1, 13, 20);
	punch(&l, 10, 20, 1, 0, 0xffffffff);
	expect(&l, 0);
	punch(&l, 10, 20, 2, 10, 15, 16, 20);
	expect(&l, 0);
	punch(&l, 10, 20, 2, 1, 9, 21, 30);
	expect(&l, 1, 10, 20);
	punch(&l, 0, 0xffffffff, 2, 0, 0, 0xffffffff, 0xffffffff);
	expect(&l, 1, 1, 0xfffffffe);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tree_finds_what_a_walk_finds),
		cmocka_unit_test(holes_at_any_place),
	};

	return cmocka_run_group_tests_name("itree", tests, NULL, NULL);
}
