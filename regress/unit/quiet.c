/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* How often what happens again and again is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "quiet.h"

static mtime_t
at(int64_t s)
{
	mtime_t t = { MTIME_SEC(1000 + s) };

	return t;
}

/* Once, then 4 s later at the earliest, then 8 s, and so on. */
static void
pauses_double(void **state)
{
	struct quiet q = { 0 };
	uint64_t more = 7;

	(void)state;
	assert_true(quiet_pass(&q, at(0), 1, &more));
	assert_int_equal(more, 0);
	assert_false(quiet_pass(&q, at(1), 1, &more));
	assert_false(quiet_pass(&q, at(3), 1, &more));
	assert_true(quiet_pass(&q, at(4), 1, &more));
	assert_int_equal(more, 2);
	assert_false(quiet_pass(&q, at(11), 1, &more));
	assert_true(quiet_pass(&q, at(12), 1, &more));
	assert_int_equal(more, 1);
}

static void
the_first_ones_are_told_at_once(void **state)
{
	struct quiet q = { 0 };
	uint64_t more;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(quiet_pass(&q, at(0), 3, &more));
	assert_false(quiet_pass(&q, at(0), 3, &more));
}

static void
after_a_long_silence_it_is_new(void **state)
{
	struct quiet q = { 0 };
	uint64_t more;

	(void)state;
	assert_true(quiet_pass(&q, at(0), 1, &more));
	assert_false(quiet_pass(&q, at(1), 1, &more));
	assert_true(quiet_pass(&q, at(601), 1, &more));
	assert_int_equal(more, 1);
	/* and the pause is the shortest again */
	assert_false(quiet_pass(&q, at(604), 1, &more));
	assert_true(quiet_pass(&q, at(605), 1, &more));
}

static void
never_more_than_an_hour(void **state)
{
	struct quiet q = { 0 };
	uint64_t more;
	int64_t s, last = 0, longest = 0;

	(void)state;
	for (s = 0; s < 100000; s++)
		if (quiet_pass(&q, at(s), 1, &more)) {
			if (s - last > longest)
				longest = s - last;
			last = s;
		}
	assert_int_equal(longest, 3600);
}

static void
an_address(struct atm_addr *a, uint8_t n)
{
	const uint8_t ip[4] = { 192, 0, 2, n };

	atm_addr_from_ip(a, false, ip, 0);
}

/* One that says much does not silence another, nor another thing of it. */
static void
strangers_are_told_apart(void **state)
{
	struct quiet_strangers s = { 0 };
	struct atm_addr a, b;
	uint64_t more;

	(void)state;
	an_address(&a, 1);
	an_address(&b, 2);
	assert_true(quiet_stranger_pass(&s, &a, 1, at(0), &more));
	assert_false(quiet_stranger_pass(&s, &a, 1, at(1), &more));
	assert_true(quiet_stranger_pass(&s, &b, 1, at(1), &more));
	assert_true(quiet_stranger_pass(&s, &a, 2, at(1), &more));
	assert_false(quiet_stranger_pass(&s, &b, 1, at(2), &more));
}

/* Of more than there is room for, the one that was quiet longest goes. */
static void
the_oldest_stranger_is_forgotten(void **state)
{
	struct quiet_strangers s = { 0 };
	struct atm_addr a;
	uint64_t more;
	uint8_t i;

	(void)state;
	for (i = 0; i <= QUIET_STRANGERS; i++) {
		an_address(&a, i);
		assert_true(quiet_stranger_pass(&s, &a, 0, at(i), &more));
	}
	an_address(&a, 1);
	assert_false(quiet_stranger_pass(&s, &a, 0, at(1), &more));
	an_address(&a, 0);
	assert_true(quiet_stranger_pass(&s, &a, 0, at(1), &more));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_double),
		cmocka_unit_test(the_first_ones_are_told_at_once),
		cmocka_unit_test(after_a_long_silence_it_is_new),
		cmocka_unit_test(never_more_than_an_hour),
		cmocka_unit_test(strangers_are_told_apart),
		cmocka_unit_test(the_oldest_stranger_is_forgotten),
	};

	return cmocka_run_group_tests_name("quiet", tests, NULL, NULL);
}
