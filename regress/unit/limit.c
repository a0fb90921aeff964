/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "marsd/cluster.h"

#define AT(us)	((mtime_t){ MTIME_SEC(1000) + (us) })

/* how many of n messages at this moment get through */
static int
take(struct marsd_bucket *b, int64_t us, uint32_t rate, int n)
{
	int taken = 0;

	while (n-- > 0)
		if (marsd_bucket_take(b, AT(us), rate, rate))
			taken++;
	return taken;
}

/* As many as the rate at once, and then one each 1/rate of a second. */
static void
the_rate_at_once_and_then_one_by_one(void **state)
{
	struct marsd_bucket b;

	(void)state;
	marsd_bucket_init(&b, AT(0), 10);
	assert_int_equal(take(&b, 0, 10, 100), 10);
	assert_int_equal(take(&b, 99999, 10, 5), 0);
	assert_int_equal(take(&b, 100000, 10, 5), 1);
	assert_int_equal(take(&b, 350000, 10, 5), 2);
	/* the half that was left over counts */
	assert_int_equal(take(&b, 400000, 10, 5), 1);
}

/* A long silence saves up no more than one second's worth. */
static void
silence_saves_up_one_second(void **state)
{
	struct marsd_bucket b;

	(void)state;
	marsd_bucket_init(&b, AT(0), 3);
	assert_int_equal(take(&b, 0, 3, 10), 3);
	assert_int_equal(take(&b, MTIME_SEC(86400), 3, 10), 3);
	assert_int_equal(take(&b, MTIME_SEC(86401), 3, 10), 3);
	assert_int_equal(take(&b, MTIME_SEC(86400) * 400, 3, 10), 3);
}

/* Refusals cost nothing: who asks all the time gets the rate all the same. */
static void
a_refusal_costs_nothing(void **state)
{
	struct marsd_bucket b;
	int64_t us;
	int taken = 0;

	(void)state;
	marsd_bucket_init(&b, AT(0), 5);
	for (us = 0; us <= 10 * MTIME_SEC(1); us += 1000)
		taken += take(&b, us, 5, 1);
	assert_int_equal(taken, 5 + 50);
}

/* Zero is no limit; a rate that a reload lowers holds at once. */
static void
a_changed_rate_holds_at_once(void **state)
{
	struct marsd_bucket b;

	(void)state;
	marsd_bucket_init(&b, AT(0), 0);
	assert_int_equal(take(&b, 0, 0, 1000), 1000);
	marsd_bucket_init(&b, AT(0), 1000);
	assert_int_equal(take(&b, 0, 2, 100), 2);
	/* raised: what is there, and more as time goes by */
	assert_int_equal(take(&b, 0, 1000, 100), 0);
	assert_int_equal(take(&b, 50000, 1000, 100), 50);
}

/* A clock that stands, or the highest rate: no overflow, no gift. */
static void
no_overflow_and_no_gift(void **state)
{
	struct marsd_bucket b;

	(void)state;
	marsd_bucket_init(&b, AT(0), UINT32_MAX);
	assert_int_equal(take(&b, 0, UINT32_MAX, 1000), 1000);
	assert_int_equal(take(&b, MTIME_SEC(1) - 1, UINT32_MAX, 1000), 1000);
	assert_true(b.tokens > 0);
	marsd_bucket_init(&b, AT(0), 1);
	assert_int_equal(take(&b, 0, 1, 10), 1);
	assert_int_equal(take(&b, 0, 1, 10), 0);
	assert_int_equal(take(&b, MTIME_SEC(1) - 1, 1, 10), 0);
	assert_int_equal(take(&b, MTIME_SEC(1), 1, 10), 1);
}

/* A depth of its own: so many at once, and then the rate. */
static void
the_depth_at_once_and_then_the_rate(void **state)
{
	struct marsd_bucket b;
	int i, n;

	(void)state;
	marsd_bucket_init(&b, AT(0), 4096);
	for (i = n = 0; i < 5000; i++)
		n += marsd_bucket_take(&b, AT(0), 200, 4096);
	assert_int_equal(n, 4096);
	for (i = n = 0; i < 1000; i++)
		n += marsd_bucket_take(&b, AT(MTIME_SEC(1)), 200, 4096);
	assert_int_equal(n, 200);
	/* 4096 of 200 a second: 20.48 s */
	assert_int_equal(
	    marsd_bucket_wait(&b, AT(MTIME_SEC(1)), 200, 4096), 20480000);
	assert_int_equal(
	    marsd_bucket_wait(&b, AT(MTIME_MS(21479)), 200, 4096), 1000);
	assert_int_equal(
	    marsd_bucket_wait(&b, AT(MTIME_MS(21480)), 200, 4096), 0);
}

/* What a message causes is paid for later, and no debt is for ever. */
static void
work_is_charged(void **state)
{
	struct marsd_bucket b;

	(void)state;
	marsd_bucket_init(&b, AT(0), 10);
	assert_true(marsd_bucket_take(&b, AT(0), 10, 10));
	marsd_bucket_charge(&b, 12, 10);	/* at most the depth, 10 */
	assert_false(marsd_bucket_take(&b, AT(199999), 10, 10));
	assert_true(marsd_bucket_take(&b, AT(200000), 10, 10));
	marsd_bucket_charge(&b, 10, 10);
	marsd_bucket_charge(&b, 10, 10);
	assert_int_equal(b.tokens, -10 * 1000000);
}

/*
 * Issue 16: who takes all that it gets has a sixteenth of what is left, and
 * the next ones have theirs; 8 are there for each until there is nothing.
 */
static void
nobody_takes_all_of_a_reserve(void **state)
{
	struct marsd_share greedy = { 0 }, next = { 0 }, many[600] = { { 0 } };
	struct marsd_reserve r = { 0 };
	int i, n;

	(void)state;
	marsd_reserve_fill(&r, 4096);
	assert_false(marsd_share_counts(&greedy, &r));
	for (n = 0; marsd_reserve_take(&r, &greedy); n++)
		continue;
	/* 240 x 16 < 4096 - 240, and 241 is more than 3855 / 16 */
	assert_int_equal(n, 241);
	assert_true(marsd_share_counts(&greedy, &r));
	assert_false(marsd_reserve_take(&r, &greedy));
	for (n = 0; marsd_reserve_take(&r, &next); n++)
		continue;
	assert_in_range(n, 200, 240);
	for (n = 0; n < 600; n++)
		for (i = 0; i < 8 && marsd_reserve_take(&r, &many[n]); i++)
			continue;
	assert_int_equal(many[0].taken, 8);
	assert_int_equal(many[300].taken, 8);
	/* an end there is: 4096 - 241 - 227 and no more */
	assert_int_equal(many[599].taken, 0);
	assert_int_equal(r.left, 0);
	assert_false(marsd_share_counts(&many[599], &r));
	/* all of that is forgotten when there is a reserve again */
	marsd_reserve_fill(&r, 16);
	assert_true(marsd_reserve_take(&r, &greedy));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_at_once_and_then_one_by_one),
		cmocka_unit_test(silence_saves_up_one_second),
		cmocka_unit_test(a_refusal_costs_nothing),
		cmocka_unit_test(a_changed_rate_holds_at_once),
		cmocka_unit_test(no_overflow_and_no_gift),
		cmocka_unit_test(the_depth_at_once_and_then_the_rate),
		cmocka_unit_test(work_is_charged),
		cmocka_unit_test(nobody_takes_all_of_a_reserve),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
