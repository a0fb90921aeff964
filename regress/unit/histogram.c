/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* How often something was not longer than each bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "histogram.h"
#include "timer.h"

static void
bounds_grow_and_are_whole(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bound(i) > histogram_bound(i - 1));
}

/* A value at a bound is within it; one above all bounds only counts. */
static void
values_fall_into_their_buckets(void **state)
{
	struct histogram h = { 0 };

	(void)state;
	histogram_add(&h, (int64_t)histogram_bound(1), 2);
	assert_int_equal(histogram_within(&h, 0), 0);
	assert_int_equal(histogram_within(&h, 1), 2);
	histogram_add(&h, (int64_t)histogram_bound(1) + 1, 1);
	assert_int_equal(histogram_within(&h, 1), 2);
	assert_int_equal(histogram_within(&h, 2), 3);
	histogram_add(&h, -5, 1);
	assert_int_equal(histogram_within(&h, 0), 1);
	histogram_add(
	    &h, (int64_t)histogram_bound(HISTOGRAM_BOUNDS - 1) + 1, 4);
	assert_int_equal(histogram_within(&h, HISTOGRAM_BOUNDS - 1), 4);
	assert_int_equal(h.count, 8);
	assert_int_equal(h.sum, 3 * histogram_bound(1) + 1 +
	    4 * (histogram_bound(HISTOGRAM_BOUNDS - 1) + 1));
	assert_int_equal(h.max, histogram_bound(HISTOGRAM_BOUNDS - 1) + 1);
	histogram_add(&h, INT64_MAX, 0);
	assert_int_equal(h.count, 8);
	assert_int_equal(h.max, histogram_bound(HISTOGRAM_BOUNDS - 1) + 1);
}

static int64_t now;

static mtime_t
hand(void)
{
	return (mtime_t){ now };
}

/* Of several wakings in a turn the first one counts, and of the next anew. */
static void
a_turn_begins_with_its_first_waking(void **state)
{
	struct timers ts;

	(void)state;
	timers_init(&ts, (mtime_t){ 10 });
	ts.clock = hand;
	now = 20;
	timers_clock(&ts);
	now = 30;
	timers_clock(&ts);
	assert_int_equal(ts.woken.us, 20);
	timers_run(&ts, (mtime_t){ 40 });
	assert_int_equal(ts.woken.us, 20);
	now = 50;
	timers_clock(&ts);
	assert_int_equal(ts.woken.us, 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_grow_and_are_whole),
		cmocka_unit_test(values_fall_into_their_buckets),
		cmocka_unit_test(a_turn_begins_with_its_first_waking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
