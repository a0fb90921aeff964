/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The octets of a pcapng file, as the draft has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "marsctl/pcapng.h"

static uint8_t octets[70000];
static struct wr w;

static int
setup(void **state)
{
	(void)state;
	wr_init(&w, octets, sizeof(octets));
	return 0;
}

static void
written(const void *expected, size_t len)
{
	assert_false(wr_failed(&w));
	assert_int_equal(w.len, len);
	assert_memory_equal(octets, expected, len);
}

static void
a_section(void **state)
{
	static const uint8_t expected[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28,
		0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0, 0, 0, 28,
	};

	(void)state;
	pcapng_section(&w);
	written(expected, sizeof(expected));
}

/* The name has three octets more than its length, so that it is padded. */
static void
an_interface(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 1, 0, 0, 0, 36,
		0, 100, 0, 0, 0, 0, 0, 0,
		0, 2, 0, 5, 's', 'c', 's', 'p', 'd', 0, 0, 0,
		0, 0, 0, 0,
		0, 0, 0, 36,
	};

	(void)state;
	pcapng_interface(&w, "scspd");
	written(expected, sizeof(expected));
}

/* 2009-02-13 23:31:30.000001 is 0x462d5:3c88d881 in microseconds */
static void
a_packet_that_was_sent(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 6, 0, 0, 0, 56,
		0, 0, 0, 3,
		0x00, 0x04, 0x62, 0xd5, 0x3c, 0x88, 0xd8, 0x81,
		0, 0, 0, 3, 0, 0, 0, 3,
		0xaa, 0xaa, 0x03, 0,
		0, 1, 0, 4, 't', 'o', ' ', 'b',
		0, 2, 0, 4, 0, 0, 0, 2,
		0, 0, 0, 0,
		0, 0, 0, 56,
	};
	const struct pcapng_packet p = {
		.interface = 3,
		.time = 1234567890000001,
		.out = true,
		.comment = "to b",
		.data = (const uint8_t *)"\xaa\xaa\x03",
		.len = 3,
	};

	(void)state;
	pcapng_packet(&w, &p);
	written(expected, sizeof(expected));
}

static void
a_packet_after_lost_ones(void **state)
{
	static const uint8_t expected[] = {
		0, 0, 0, 6, 0, 0, 0, 68,
		0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 4, 0, 0, 0, 4,
		1, 2, 3, 4,
		0, 1, 0, 1, 'x', 0, 0, 0,
		0, 2, 0, 4, 0, 0, 0, 1,
		0, 4, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0,
		0, 0, 0, 0,
		0, 0, 0, 68,
	};
	const struct pcapng_packet p = {
		.time = 1,
		.comment = "x",
		.lost = 256,
		.data = (const uint8_t *)"\1\2\3\4",
		.len = 4,
	};

	(void)state;
	pcapng_packet(&w, &p);
	written(expected, sizeof(expected));
}

/* Nothing is written whose length would not be told. */
static void
a_block_that_is_too_long(void **state)
{
	static const uint8_t data[66000];
	const struct pcapng_packet p = {
		.comment = "",
		.data = data,
		.len = sizeof(data),
	};

	(void)state;
	pcapng_packet(&w, &p);
	assert_true(wr_failed(&w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_section, setup),
		cmocka_unit_test_setup(an_interface, setup),
		cmocka_unit_test_setup(a_packet_that_was_sent, setup),
		cmocka_unit_test_setup(a_packet_after_lost_ones, setup),
		cmocka_unit_test_setup(a_block_that_is_too_long, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
