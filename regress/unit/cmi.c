/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "marsd/cluster.h"

/* R2022-5.2.3-03, -08, R2022-F-14: 1 to 65535, each once, and never 0. */
static void
each_cmi_is_given_out_once(void **state)
{
	uint8_t *seen = calloc(65536, 1);
	struct marsd_cmi_pool p;
	uint32_t i;
	uint16_t cmi;

	(void)state;
	assert_non_null(seen);
	assert_int_equal(marsd_cmi_init(&p, 1, 65535), 0);
	for (i = 0; i < 65535; i++) {
		cmi = marsd_cmi_get(&p);
		assert_int_not_equal(cmi, 0);
		assert_int_equal(seen[cmi]++, 0);
	}
	assert_int_equal(marsd_cmi_get(&p), 0);
	assert_int_equal(p.used, 65535);
	/* R2022-5.2.3-11, R2022-6.1.2-23: one that is free can be had again */
	marsd_cmi_put(&p, 40000);
	assert_int_equal(p.used, 65534);
	assert_int_equal(marsd_cmi_get(&p), 40000);
	assert_int_equal(marsd_cmi_get(&p), 0);
	marsd_cmi_free_pool(&p);
	free(seen);
}

/* the one that has been free for longest, round and round. */
static void
the_longest_unused_comes_first(void **state)
{
	struct marsd_cmi_pool p;
	int i;

	(void)state;
	assert_int_equal(marsd_cmi_init(&p, 7, 9), 0);
	for (i = 0; i < 100; i++) {
		assert_int_equal(marsd_cmi_get(&p), 7);
		assert_int_equal(marsd_cmi_get(&p), 8);
		marsd_cmi_put(&p, 8);
		marsd_cmi_put(&p, 7);
		assert_int_equal(marsd_cmi_get(&p), 9);
		assert_int_equal(marsd_cmi_get(&p), 8);
		assert_int_equal(marsd_cmi_get(&p), 7);
		assert_int_equal(marsd_cmi_get(&p), 0);
		marsd_cmi_put(&p, 7);
		marsd_cmi_put(&p, 8);
		marsd_cmi_put(&p, 9);
		assert_int_equal(p.used, 0);
	}
	marsd_cmi_free_pool(&p);
}

/* what another server gave out is never given out again. */
static void
what_another_gave_out_is_barred(void **state)
{
	struct marsd_cmi_pool p;

	(void)state;
	assert_int_equal(marsd_cmi_init(&p, 1, 3), 0);
	marsd_cmi_taken(&p, 2);
	assert_int_equal(marsd_cmi_get(&p), 1);
	assert_int_equal(marsd_cmi_get(&p), 3);
	assert_int_equal(marsd_cmi_get(&p), 0);
	/* in use already: it stays, and isn't given out a second time */
	marsd_cmi_taken(&p, 3);
	marsd_cmi_put(&p, 3);
	marsd_cmi_put(&p, 1);
	assert_int_equal(p.used, 0);
	assert_int_equal(marsd_cmi_get(&p), 1);
	assert_int_equal(marsd_cmi_get(&p), 0);
	marsd_cmi_free_pool(&p);
}

/* Ranges: empty ones, single ones, and what lies outside. */
static void
empty_single_and_foreign_ranges(void **state)
{
	struct marsd_cmi_pool p;

	(void)state;
	assert_int_equal(marsd_cmi_init(&p, 0, 5), -1);
	assert_int_equal(marsd_cmi_init(&p, 5, 4), -1);
	assert_int_equal(marsd_cmi_init(&p, 65535, 65535), 0);
	assert_true(marsd_cmi_ours(&p, 65535));
	assert_false(marsd_cmi_ours(&p, 65534));
	assert_false(marsd_cmi_ours(&p, 0));
	assert_int_equal(marsd_cmi_get(&p), 65535);
	assert_int_equal(marsd_cmi_get(&p), 0);
	/* from before a reload: gone, but not into this range */
	marsd_cmi_put(&p, 12);
	marsd_cmi_put(&p, 0);
	assert_int_equal(marsd_cmi_get(&p), 0);
	marsd_cmi_free_pool(&p);
	assert_int_equal(marsd_cmi_get(&p), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cmi_is_given_out_once),
		cmocka_unit_test(the_longest_unused_comes_first),
		cmocka_unit_test(what_another_gave_out_is_barred),
		cmocka_unit_test(empty_single_and_foreign_ranges),
	};

	return cmocka_run_group_tests_name("cmi", tests, NULL, NULL);
}
