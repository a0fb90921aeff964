/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The internet checksum. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cksum.h"

/* RFC 1071 section 3: these octets have the sum ddf2. */
static void
the_example_of_rfc_1071(void **state)
{
	const uint8_t p[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal(in_cksum(p, sizeof(p)), 0x220d);
	assert_int_equal(in_cksum(p, 0), 0xffff);
	/* an odd octet is the upper half of a word */
	assert_int_equal(in_cksum(p + 2, 1), 0xffff - 0xf200);
	assert_int_equal(
	    in_cksum(p + 2, 3), 0xffff - (0xf203 - 0xffff + 0xf400));
}

/* Two octets at a time, as section 1 says it. */
static uint16_t
plain(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)(0xffff - sum);
}

/* At every length and place, and where every word carries. */
static void
it_is_the_sum_of_words_of_two_octets(void **state)
{
	uint8_t p[300];
	uint32_t seed = 1, i, k;
	size_t at, len;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < sizeof(p); i++) {
			seed = seed * 1664525 + 1013904223;
			p[i] = k == 0 ? 0xff : (uint8_t)(seed >> 24);
			if (k == 2 && i % 3 != 0)
				p[i] = 0;
		}
		for (at = 0; at < 9; at++)
			for (len = 0; len <= 280; len++)
				assert_int_equal(in_cksum(p + at, len),
				    plain(p + at, len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_1071),
		cmocka_unit_test(it_is_the_sum_of_words_of_two_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
