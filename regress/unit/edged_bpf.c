/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Records as bpf(4) of OpenBSD says that they are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/bpf.h"
#include "unhex.h"

#define TIME_LE	"44332211 88776655 "
#define TIME_BE	"11223344 55667788 "

/* The frames of these octets, as hex with a blank behind each; and bad. */
static void
frames(const char *octets, bool big, const char *expected, bool bad)
{
	struct edged_bpf_frame f;
	struct edged_bpf b;
	char text[512] = "", *to = text;
	size_t len, i;
	uint8_t *p = unhex(octets, &len);

	edged_bpf_init(&b, p, len, big);
	while (edged_bpf_next(&b, &f)) {
		assert_true(f.p >= p && f.p + f.len <= p + len);
		for (i = 0; i < f.len; i++)
			to += snprintf(to, 3, "%02x", f.p[i]);
		to += snprintf(to, 3, f.undone ? "! " : " ");
	}
	assert_string_equal(text, expected);
	assert_int_equal(b.bad, bad);
	assert_false(edged_bpf_next(&b, &f));
	free(p);
}

/*
 * a header of 18 octets, in either order; each record begins at a multiple of
 * 4, and nothing need be behind the last
 */
static void
records(void **state)
{
	(void)state;
	frames(TIME_LE "03000000 03000000 1200 aabbcc 000000"
	    TIME_LE "05000000 05000000 1200 0102030405",
	    false, "aabbcc 0102030405 ", false);
	frames(TIME_BE "00000003 00000003 0012 aabbcc 000000"
	    TIME_BE "00000005 00000005 0012 0102030405",
	    true, "aabbcc 0102030405 ", false);
	/* the other order is no record */
	frames(TIME_LE "03000000 03000000 1200 aabbcc", true, "", true);
}

/* the header may be longer: with what aligns the frame, or with more in it */
static void
longer_header(void **state)
{
	(void)state;
	frames(TIME_LE "02000000 02000000 1a00 ffff ffff ff ff ffff aabb"
	    TIME_LE "01000000 01000000 1600 ffff ffff cc",
	    false, "aabb cc ", false);
}

/* checksums that are undone, from a header of 28 octets on */
static void
checksums(void **state)
{
	(void)state;
	frames(TIME_LE "02000000 02000000 1e00 0100 0000 10 00 0400 0000 0000"
	    "aabb"
	    TIME_LE "02000000 02000000 1e00 0100 0000 10 00 0200 0000 0000"
	    "aacc"
	    TIME_LE "02000000 02000000 1e00 0100 0000 10 00 8100 0000 0000"
	    "aadd", false, "aabb! aacc! aadd ", false);
	frames(TIME_BE "00000002 00000002 001e 0001 0000 10 00 0004 0000 0000"
	    "aabb"
	    TIME_BE "00000002 00000002 001e 0001 0000 10 00 0400 0000 0000"
	    "aacc", true, "aabb! aacc ", false);
}

/* a frame that is cut is given as far as it is here, and one of no octets */
static void
cut_frames(void **state)
{
	(void)state;
	frames(TIME_LE "02000000 dc050000 1200 aabb"
	    TIME_LE "00000000 00000000 1200 0000"
	    TIME_LE "01000000 01000000 1200 cc",
	    false, "aabb  cc ", false);
}

/*
 * what is too short, or says more than there is, ends it, and nothing is read
 * beyond
 */
static void
hostile_lengths(void **state)
{
	(void)state;
	/* a part of a header */
	frames(TIME_LE "03000000 03000000 12", false, "", true);
	frames("00", false, "", true);
	/* a header that is shorter than it is, of 0, or longer than all */
	frames(TIME_LE "01000000 01000000 1100 aabbcc", false, "", true);
	frames(TIME_LE "01000000 01000000 0000 aabbcc", false, "", true);
	frames(TIME_LE "01000000 01000000 ffff aabbcc", false, "", true);
	frames(TIME_LE "00000000 00000000 1600 aabbcc", false, "", true);
	/* a frame that is longer than what is left, by one, and by much */
	frames(TIME_LE "03000000 03000000 1200 aabb", false, "", true);
	frames(TIME_LE "ffffffff ffffffff 1200 aabb", false, "", true);
	frames(TIME_LE "eeffffff eeffffff 1200 aabb", false, "", true);
	frames(TIME_BE "ffffffff 00000002 0012 aabb", true, "", true);
	/* what was good before it counts */
	frames(TIME_LE "02000000 02000000 1200 aabb"
	    TIME_LE "ffffff7f 02000000 1200 ccdd",
	    false, "aabb ", true);
	frames(TIME_LE "02000000 02000000 1200 aabb 00",
	    false, "aabb ", true);
}

/* whatever it is, each frame is within what was read, and it ends */
static void
changed_octets(void **state)
{
	uint32_t seed = 0x5eed, i, n;
	uint8_t *good, *copy;
	struct edged_bpf_frame f;
	struct edged_bpf b;
	size_t len, left;

	(void)state;
	good = unhex(TIME_LE "03000000 03000000 1200 aabbcc 000000"
	    TIME_LE "02000000 02000000 1e00 0100 0000 10 00 0400 0000 0000"
	    "aabb" TIME_LE "05000000 05000000 1200 0102030405", &len);
	for (i = 0; i < 20000; i++) {
		copy = clone(good, len);
		left = mutate(copy, len, &seed);
		edged_bpf_init(&b, copy, left, i % 2 == 0);
		for (n = 0; edged_bpf_next(&b, &f); n++) {
			assert_true(f.p >= copy && f.p <= copy + left);
			assert_true(f.len <= (size_t)(copy + left - f.p));
		}
		assert_in_range(n, 0, left / 18);
		assert_true(b.bad || b.len == 0);
		free(copy);
	}
	free(good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(longer_header),
		cmocka_unit_test(checksums),
		cmocka_unit_test(cut_frames),
		cmocka_unit_test(hostile_lengths),
		cmocka_unit_test(changed_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
