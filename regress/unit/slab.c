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

#include "slab.h"

#define N	5000

static uint8_t *objects[N];

static uint32_t
turn(uint32_t k)
{
	return (k * 2654435761U) % N;
}

/* Each is new, zero, aligned, and nobody else's, in whatever order they go. */
static void
objects_do_not_touch(size_t size)
{
	struct slab_pool pool;
	struct slab s;
	uint32_t k, i;
	size_t o;

	slab_pool_init(&pool);
	slab_init(&s, &pool, size);
	for (k = 0; k < 6 * N; k++) {
		i = k < N ? k : turn(k);
		if (objects[i] != NULL) {
			for (o = 0; o < size; o++)
				assert_int_equal(objects[i][o], (uint8_t)i);
			slab_put(&s, objects[i]);
			objects[i] = NULL;
			continue;
		}
		assert_non_null(objects[i] = slab_get(&s));
		assert_int_equal((uintptr_t)objects[i] % sizeof(uint64_t), 0);
		for (o = 0; o < size; o++)
			assert_int_equal(objects[i][o], 0);
		memset(objects[i], (int)i, size);
	}
	for (i = 0; i < N; i++)
		if (objects[i] != NULL)
			slab_put(&s, objects[i]);
	/* nothing is left of it */
	assert_true(LIST_EMPTY(&s.room));
	assert_null(pool.slots);
	memset(objects, 0, sizeof(objects));
}

static void
objects_are_whole_and_go_back(void **state)
{
	(void)state;
	objects_do_not_touch(1);
	objects_do_not_touch(20);
	objects_do_not_touch(72);
	objects_do_not_touch(1024);
}

static void
check_reference(const struct slab_pool *pool, uint32_t i)
{
	uint32_t ref = slab_ref(objects[i]);

	assert_int_equal(ref == 0, objects[i] == NULL);
	assert_ptr_equal(slab_at(pool, ref), objects[i]);
	if (objects[i] == NULL)
		return;
	assert_ptr_equal(slab_pool_of(objects[i]), pool);
	assert_ptr_equal(slab_from(objects[i], ref), objects[i]);
}

/* Whatever size it has, and whatever comes and goes meanwhile. */
static void
a_reference_leads_to_its_object_among_all_of_the_pool(void **state)
{
	struct slab_pool pool;
	struct slab s[3];
	uint32_t i, k;

	(void)state;
	slab_pool_init(&pool);
	for (i = 0; i < 3; i++)
		slab_init(&s[i], &pool, 8 + 500 * i);
	for (k = 0; k < 8; k++) {
		for (i = 0; i < N; i++) {
			if (turn(i) % 8 < k)
				continue;
			if (objects[i] == NULL)
				objects[i] = slab_get(&s[i % 3]);
			else {
				slab_put(&s[i % 3], objects[i]);
				objects[i] = NULL;
			}
		}
		for (i = 0; i < N; i++)
			check_reference(&pool, i);
	}
	for (i = 0; i < N; i++)
		if (objects[i] != NULL)
			slab_put(&s[i % 3], objects[i]);
	assert_null(pool.slots);
}

/* Of what a large one has, at most a quarter was never used; all goes back. */
static void
a_large_pool_has_little_that_is_not_used(void **state)
{
	const size_t most = 40 << 20, size = 1000;
	uint8_t *last = NULL, *o;
	struct slab_pool pool;
	size_t n, used, has;
	struct slab s;

	(void)state;
	slab_pool_init(&pool);
	slab_init(&s, &pool, size);
	for (n = 1; n * size <= most; n++) {
		assert_non_null(o = slab_get(&s));
		memcpy(o, &last, sizeof(last));
		memset(o + sizeof(last), 0xff, size - sizeof(last));
		last = o;
		used = pool.used * (size_t)SLAB_PIECE;
		has = pool.pieces * (size_t)SLAB_PIECE;
		assert_true(has >= used);
		if (used > SLAB_PIECE * 32)
			assert_true(has - used <= used / 4);
	}
	while (last != NULL) {
		o = last;
		memcpy(&last, o, sizeof(last));
		slab_put(&s, o);
	}
	assert_int_equal(pool.pieces, 0);
	assert_null(pool.slots);
}

/* What comes and goes at the end of a block takes no new one each time. */
static void
the_newest_block_stays(void **state)
{
	struct slab_pool pool;
	uint32_t n, pieces;
	struct slab s;

	(void)state;
	slab_pool_init(&pool);
	slab_init(&s, &pool, 1000);
	for (n = 0, pieces = 16; pool.pieces <= pieces; n++)
		assert_non_null(objects[n] = slab_get(&s));
	pieces = pool.pieces;
	slab_put(&s, objects[n - 1]);
	assert_int_equal(pool.pieces, pieces);
	assert_ptr_equal(slab_get(&s), objects[n - 1]);
	while (n > 0)
		slab_put(&s, objects[--n]);
	assert_int_equal(pool.pieces, 0);
	memset(objects, 0, sizeof(objects));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_whole_and_go_back),
		cmocka_unit_test(
		    a_reference_leads_to_its_object_among_all_of_the_pool),
		cmocka_unit_test(a_large_pool_has_little_that_is_not_used),
		cmocka_unit_test(the_newest_block_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
