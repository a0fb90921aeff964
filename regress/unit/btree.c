/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Ordered sets: against a plain table in which everything is looked for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "btree.h"
#include "slab.h"

#define N	3000

struct thing {
	uint64_t	 a;
	uint32_t	 b;
	uint32_t	 at;	/* in things */
	bool		 in;
};

static struct slab_pool pool;
static struct slab room;
static struct thing *things[N];
static uint32_t seed;

static uint32_t
chance(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

/* Things with the same a: what the words of the key do not tell apart. */
static int
by_b(const struct btree_kind *k, const void *like, const void *object)
{
	const struct thing *x = like, *y = object;

	(void)k;
	return x->b < y->b ? -1 : x->b > y->b;
}

static struct btree_probe
probe(const struct btree_kind *k, const void *object)
{
	const struct thing *x = object;
	struct btree_probe p = { .key = { x->a, x->b }, .like = x };

	if (k->octets == 4)
		p.key[0] = x->a >> 33;
	if (k->octets <= 8)
		p.key[1] = 0xdead; /* says nothing */
	return p;
}

/* By a, then by b, in this table's own order. */
static struct thing *
first_from(uint32_t at)
{
	for (; at < N; at++)
		if (things[at]->in)
			return things[at];
	return NULL;
}

/* Sorted as they are: things of one a stand together, by their b. */
static void
fill(uint32_t same)
{
	uint32_t i;

	for (i = 0; i < N; i++) {
		things[i]->at = i;
		things[i]->a = (uint64_t)(i / same) << 33 | 7;
		things[i]->b = i % same * 5;
		things[i]->in = false;
	}
}

static void
check_place(const struct btree_kind *k, const struct btree *t, uint32_t i)
{
	struct btree_probe p = probe(k, things[i]);
	uint32_t n = i % 37 == 0 ? 200 : 2;
	struct btree_walk w;
	struct thing *x;

	assert_ptr_equal(
	    btree_find(k, t, &p), things[i]->in ? things[i] : NULL);
	assert_ptr_equal(btree_from(k, t, &p), first_from(i));
	assert_ptr_equal(btree_after(k, t, &p), first_from(i + 1));
	btree_walk_after(&w, k, t, &p);
	for (; n > 0; n--) {
		x = btree_walk_next(&w);
		assert_ptr_equal(x, first_from(i + 1));
		i = x == NULL ? N : x->at;
	}
}

static void
check_all(const struct btree_kind *k, const struct btree *t)
{
	struct thing *x = btree_first(k, t), *y = first_from(0);
	struct btree_probe p;
	struct btree_walk w;

	btree_walk_init(&w, k, t);
	while (x != NULL) {
		assert_ptr_equal(x, y);
		assert_ptr_equal(btree_walk_next(&w), y);
		p = probe(k, x);
		x = btree_after(k, t, &p);
		y = first_from(y->at + 1);
	}
	assert_null(y);
	assert_null(btree_walk_next(&w));
}

static void
toggle(const struct btree_kind *k, struct btree *t, uint32_t i)
{
	struct btree_probe p = probe(k, things[i]);
	struct thing twin = *things[i];

	if (things[i]->in)
		assert_ptr_equal(btree_remove(k, t, &p), things[i]);
	else {
		assert_null(btree_remove(k, t, &p));
		assert_ptr_equal(btree_insert(k, t, things[i]), things[i]);
		/* what is there already stays */
		assert_ptr_equal(btree_insert(k, t, &twin), things[i]);
	}
	things[i]->in = !things[i]->in;
}

/* Of each width, with ties and without. */
static const struct kind {
	struct btree_kind	kind;
	uint32_t		same;
} kinds[] = { { { 8, NULL, probe }, 1 }, { { 8, by_b, probe }, 50 },
	{ { 8, by_b, probe }, N }, { { 16, NULL, probe }, 50 },
	{ { 16, by_b, probe }, 1 }, { { 4, NULL, probe }, 1 },
	{ { 4, by_b, probe }, 7 } };

static void
in_any_order_it_is_what_a_plain_table_is(void **state)
{
	const struct kind *k;
	struct btree t;
	uint32_t i, n;

	(void)state;
	for (k = kinds; k < kinds + sizeof(kinds) / sizeof(*kinds); k++) {
		seed = k->kind.octets + k->same;
		fill(k->same);
		btree_init(&t);
		assert_null(btree_first(&k->kind, &t));
		check_place(&k->kind, &t, 0);
		for (n = 0; n < 8 * N; n++) {
			/* growing, full of holes, and shrinking in turn */
			i = chance(n / N % 2 == 0 ? N : 1 + N / 9);
			toggle(&k->kind, &t, i);
			check_place(&k->kind, &t, i);
			check_place(&k->kind, &t, chance(N));
			if (n % 997 == 0)
				check_all(&k->kind, &t);
		}
		check_all(&k->kind, &t);
		for (i = 0; i < N; i++)
			if (things[i]->in)
				toggle(&k->kind, &t, i);
		assert_null(btree_first(&k->kind, &t));
		assert_true(btree_empty(&t));
	}
}

static void
up_and_down_and_from_both_ends(void **state)
{
	struct btree t;
	uint32_t i, k;

	(void)state;
	fill(1);
	btree_init(&t);
	for (k = 0; k < 4; k++) {
		for (i = 0; i < N; i++)
			toggle(&kinds[0].kind, &t, k & 1 ? N - 1 - i : i);
		check_all(&kinds[0].kind, &t);
		for (i = 0; i < N; i++) {
			toggle(&kinds[0].kind, &t, k & 2 ? N - 1 - i : i);
			check_place(&kinds[0].kind, &t, i);
		}
		assert_true(btree_empty(&t));
	}
}

/* All objects can be forgotten at once; and the tree is as new. */
static void
cleared_it_is_empty(void **state)
{
	struct btree t;
	uint32_t i;

	(void)state;
	fill(1);
	btree_init(&t);
	for (i = 0; i < N; i++)
		toggle(&kinds[0].kind, &t, i);
	btree_clear(&kinds[0].kind, &t);
	assert_true(btree_empty(&t));
	fill(1);
	toggle(&kinds[0].kind, &t, 3);
	check_all(&kinds[0].kind, &t);
	btree_clear(&kinds[0].kind, &t);
}

#define MANY	40000

/* Octets of nodes that so many take in their order, before some others. */
static uint32_t
octets_in_order(const struct btree_kind *k, struct thing **v, uint32_t others)
{
	uint32_t before = pool.used, i, n;
	struct btree_walk w;
	struct btree t;

	btree_init(&t);
	for (i = MANY - others; i < MANY; i++)
		assert_ptr_equal(btree_insert(k, &t, v[i]), v[i]);
	for (i = 0; i < MANY - others; i++)
		assert_ptr_equal(btree_insert(k, &t, v[i]), v[i]);
	btree_walk_init(&w, k, &t);
	for (i = 0; i < MANY; i++)
		assert_ptr_equal(btree_walk_next(&w), v[i]);
	n = (pool.used - before) * SLAB_PIECE;
	btree_clear(k, &t);
	return n;
}

/*
 * Objects that come in their order fill their nodes, wherever in the tree that
 * is: it is how records of another server come, and our own are behind them.
 */
static void
what_comes_in_order_takes_no_more_than_it_has_to(void **state)
{
	static struct thing *v[MANY];
	const uint32_t least = MANY * (8 + 4);
	uint32_t i, others;

	(void)state;
	for (i = 0; i < MANY; i++) {
		assert_non_null(v[i] = slab_get(&room));
		v[i]->a = (uint64_t)i * 3;
	}
	for (others = 0; others < 100; others += others < 3 ? 1 : 24)
		assert_true(octets_in_order(&kinds[0].kind, v, others) <=
		    least * 6 / 5);
	for (i = 0; i < MANY; i++)
		slab_put(&room, v[i]);
}

/* However they are chosen: some in their order, then as many before these. */
static void
nobody_makes_many_nodes_of_a_few(void **state)
{
	static struct thing *v[MANY];
	const struct btree_kind *k = &kinds[0].kind;
	uint32_t before, i, many;
	struct btree t;

	(void)state;
	for (i = 0; i < MANY; i++)
		assert_non_null(v[i] = slab_get(&room));
	for (many = 1; many <= 100; many += many < 4 ? 1 : 16) {
		for (i = 0; i < MANY; i++)
			v[i]->a = MANY - i / many * many + i % many;
		before = pool.used;
		btree_init(&t);
		for (i = 0; i < MANY; i++)
			assert_ptr_equal(btree_insert(k, &t, v[i]), v[i]);
		assert_true((pool.used - before) * SLAB_PIECE <=
		    MANY * (8 + 4) * 2);
		btree_clear(k, &t);
	}
	for (i = 0; i < MANY; i++)
		slab_put(&room, v[i]);
}

static int
set_up(void **state)
{
	uint32_t i;

	(void)state;
	slab_pool_init(&pool);
	slab_init(&room, &pool, sizeof(struct thing));
	for (i = 0; i < N; i++)
		assert_non_null(things[i] = slab_get(&room));
	return 0;
}

static int
tear_down(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < N; i++)
		slab_put(&room, things[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_order_it_is_what_a_plain_table_is),
		cmocka_unit_test(up_and_down_and_from_both_ends),
		cmocka_unit_test(cleared_it_is_empty),
		cmocka_unit_test(
		    what_comes_in_order_takes_no_more_than_it_has_to),
		cmocka_unit_test(nobody_makes_many_nodes_of_a_few),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
