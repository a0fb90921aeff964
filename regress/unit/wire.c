/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "wire.h"

static const uint8_t octets[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f };

/* Numbers are big-endian and consumed in order (R2022-1.4-01). */
static void
read_numbers(void **state)
{
	struct rd r;

	(void)state;
	rd_init(&r, octets, sizeof(octets));
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_u16(&r), 0x0203);
	assert_int_equal(rd_u32(&r), 0x04050607);
	assert_true(rd_u64(&r) == 0x08090a0b0c0d0e0fULL);
	assert_true(rd_done(&r));
	assert_int_equal(rd_u8(&r), 0);
	assert_true(rd_failed(&r));
	assert_false(rd_done(&r));
}

/* After one failure everything reads as zero, even what would have fit. */
static void
sticky(void **state)
{
	struct rd r;
	struct wr w;
	uint8_t buf[4], copy[2] = { 9, 9 };

	(void)state;
	rd_init(&r, octets, 3);
	assert_int_equal(rd_u32(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_null(rd_bytes(&r, 0));
	rd_copy(&r, copy, sizeof(copy));
	assert_int_equal(copy[0] | copy[1], 0);

	wr_init(&w, buf, sizeof(buf));
	wr_u16(&w, 0x1234);
	wr_u32(&w, 1);
	assert_true(wr_failed(&w));
	assert_int_equal(wr_left(&w), 0);
	wr_u8(&w, 1);
	assert_int_equal(w.len, 2);
}

/* A view can't be left by its reader, and a failed one yields nothing. */
static void
view(void **state)
{
	struct rd r, v;

	(void)state;
	rd_init(&r, octets, sizeof(octets));
	v = rd_view(&r, 2);
	assert_int_equal(rd_u16(&v), 0x0102);
	assert_int_equal(rd_u8(&v), 0);
	assert_true(rd_failed(&v));
	assert_int_equal(rd_u8(&r), 0x03);
	v = rd_view(&r, 100);
	assert_true(rd_failed(&v));
	assert_true(rd_failed(&r));
	assert_int_equal(rd_u8(&v), 0);
}

static void
write_numbers(void **state)
{
	static const uint8_t expected[] = { 0xab, 0x12, 0x34, 0xde, 0xad, 0xbe,
		0xef, 0, 1, 2, 3, 4, 5, 6, 7, 0, 0 };
	uint8_t buf[32];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, 0xab);
	wr_u16(&w, 0);
	wr_u32(&w, 0);
	wr_u64(&w, 0x0001020304050607ULL);
	wr_zero(&w, 2);
	wr_at_u16(&w, 1, 0x1234);
	wr_at_u16(&w, 3, 0xdead);
	wr_at_u16(&w, 5, 0xbeef);
	assert_false(wr_failed(&w));
	assert_int_equal(w.len, sizeof(expected));
	assert_memory_equal(buf, expected, sizeof(expected));
	wr_at_u16(&w, w.len - 1, 1);
	assert_true(wr_failed(&w));
}

static void
strings(void **state)
{
	static const uint8_t nul[] = { 0, 3, 'a', 0, 'b' };
	uint8_t buf[16];
	char s[4];
	struct wr w;
	struct rd r;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	wr_string(&w, "abc");
	wr_string(&w, "");
	assert_memory_equal(buf, "\0\003abc\0\0", 7);
	rd_init(&r, buf, w.len);
	assert_true(rd_string(&r, s, sizeof(s)));
	assert_string_equal(s, "abc");
	assert_true(rd_string(&r, s, sizeof(s)));
	assert_string_equal(s, "");
	rd_init(&r, buf, w.len);
	assert_false(rd_string(&r, s, 3));
	assert_string_equal(s, "");
	rd_init(&r, nul, sizeof(nul));
	assert_false(rd_string(&r, s, sizeof(s)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_numbers),
		cmocka_unit_test(sticky),
		cmocka_unit_test(view),
		cmocka_unit_test(write_numbers),
		cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
