/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The objects that daemons and marsctl exchange. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ctl.h"

/* Every kind of value, octet by octet. */
static const uint8_t expected[] = {
	's', 0, 1, 'a', 0, 2, 'x', 'y',
	'u', 0, 1, 'b', 0xff, 0, 0, 0, 0, 0, 0, 1,
	'i', 0, 1, 'c', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
	'b', 0, 1, 'd', 1,
	't', 0, 1, 'q', 0, 0, 0, 0, 0, 0, 0, 61,
	'n', 0, 1, 'r',
	'a', 0, 1, 'e',
	's', 0, 0, 0, 1, 'z',
	'o', 0, 0, 'u', 0, 1, 'n', 0, 0, 0, 0, 0, 0, 0, 7, 'e',
	'e',
};

static void
write_all(void **state)
{
	uint8_t buf[sizeof(expected) + 1];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "a", "xy");
	ctl_uint(&w, "b", 0xff00000000000001ULL);
	ctl_int(&w, "c", -2);
	ctl_bool(&w, "d", true);
	ctl_age(&w, "q", 61);
	ctl_null(&w, "r");
	ctl_array(&w, "e");
	ctl_string(&w, "", "z");
	ctl_object(&w, "");
	ctl_uint(&w, "n", 7);
	ctl_close(&w);
	ctl_close(&w);
	assert_false(wr_failed(&w));
	assert_int_equal(w.len, sizeof(expected));
	assert_memory_equal(buf, expected, sizeof(expected));
}

static void
read_all(void **state)
{
	static const char tags[] = "suibtnasouee";
	struct ctl_value v;
	struct rd r;
	size_t i;

	(void)state;
	rd_init(&r, expected, sizeof(expected));
	for (i = 0; i < strlen(tags); i++) {
		assert_true(ctl_next(&r, &v));
		assert_int_equal(v.tag, tags[i]);
		if (i == 0)
			assert_string_equal(v.string, "xy");
		if (i == 1)
			assert_true(v.number == 0xff00000000000001ULL);
		if (i == 2)
			assert_true((int64_t)v.number == -2);
		if (i == 3)
			assert_int_equal(v.number, 1);
		if (i == 9)
			assert_string_equal(v.name, "n");
	}
	assert_false(ctl_next(&r, &v));
	assert_true(rd_done(&r));
}

/* Cut anywhere it fails, except between two values. */
static void
cut(void **state)
{
	static const size_t whole[] = { 0, 8, 20, 32, 37, 49, 53, 57, 63, 66,
	    78, 79 };
	struct ctl_value v;
	struct rd r;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(expected); i++) {
		rd_init(&r, expected, i);
		while (ctl_next(&r, &v))
			;
		for (k = 0; k < sizeof(whole) / sizeof(whole[0]); k++)
			if (whole[k] == i)
				break;
		if (k < sizeof(whole) / sizeof(whole[0]))
			assert_true(rd_done(&r));
		else
			assert_true(rd_failed(&r));
	}
}

/* Tags that are none, a name and a string longer than there is room for. */
static void
malformed(void **state)
{
	static const uint8_t tag[] = { 'y', 0, 0, 0, 0 };
	uint8_t buf[1024];
	char s[600];
	struct ctl_value v;
	struct rd r;
	struct wr w;

	(void)state;
	rd_init(&r, tag, sizeof(tag));
	assert_false(ctl_next(&r, &v));
	assert_true(rd_failed(&r));

	memset(s, 'n', sizeof(s));
	s[sizeof(v.name) - 1] = '\0';
	wr_init(&w, buf, sizeof(buf));
	ctl_bool(&w, s, false);
	rd_init(&r, buf, w.len);
	assert_true(ctl_next(&r, &v));
	s[sizeof(v.name) - 1] = 'n';
	s[sizeof(v.name)] = '\0';
	wr_init(&w, buf, sizeof(buf));
	ctl_bool(&w, s, false);
	rd_init(&r, buf, w.len);
	assert_false(ctl_next(&r, &v));
	assert_true(rd_failed(&r));

	memset(s, 'v', sizeof(s));
	s[sizeof(v.string)] = '\0';
	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "", s);
	rd_init(&r, buf, w.len);
	assert_false(ctl_next(&r, &v));
	assert_true(rd_failed(&r));
}

/* Addresses are strings; their text is tested in addr.c. */
static void
addresses_are_strings(void **state)
{
	const uint8_t oid[4] = { 192, 0, 2, 255 };
	struct ctl_value v;
	struct paddr group;
	struct atm_addr atm;
	uint8_t buf[256];
	struct rd r;
	struct wr w;

	(void)state;
	assert_int_equal(atm_addr_parse(&atm, "192.0.2.7%3"), 0);
	assert_int_equal(paddr_parse(&group, "ff0e::1"), 0);
	wr_init(&w, buf, sizeof(buf));
	ctl_atm(&w, "atm", &atm);
	ctl_paddr(&w, "group", &group);
	ctl_oid(&w, "oid", oid);
	rd_init(&r, buf, w.len);
	assert_true(ctl_find_string(r, "atm", &v));
	assert_string_equal(v.string, "192.0.2.7%3");
	assert_true(ctl_find_string(r, "group", &v));
	assert_string_equal(v.string, "ff0e::1");
	assert_true(ctl_find_string(r, "oid", &v));
	assert_string_equal(v.string, "192.0.2.255");
}

/* A name is looked for at its own depth, before and behind what is nested. */
static void
values_are_found_by_name(void **state)
{
	struct ctl_value v;
	uint64_t n;
	struct rd r, all;

	(void)state;
	rd_init(&all, expected, sizeof(expected));
	r = all;
	assert_true(ctl_find(&r, "b", &v));
	assert_true(v.number == 0xff00000000000001ULL);
	assert_false(ctl_find(&r, "a", &v)); /* it goes forward only */
	r = all;
	assert_false(ctl_find(&r, "n", &v)); /* it is within e */
	assert_true(rd_done(&r));
	r = all;
	assert_true(ctl_find(&r, "e", &v));
	assert_int_equal(v.tag, CTL_ARRAY);
	ctl_skip(&r, &v);
	assert_true(rd_done(&r));
	assert_true(ctl_find_string(all, "a", &v));
	assert_string_equal(v.string, "xy");
	assert_false(ctl_find_string(all, "b", &v)); /* a number */
	assert_true(ctl_find_number(all, "b", &n));
	assert_true(n == 0xff00000000000001ULL);
	assert_true(ctl_find_number(all, "q", &n)); /* an age */
	assert_int_equal(n, 61);
	assert_true(ctl_find_number(all, "d", &n)); /* true */
	assert_int_equal(n, 1);
	assert_false(ctl_find_number(all, "c", &n)); /* -2 */
	assert_false(ctl_find_number(all, "r", &n)); /* null */
	assert_false(ctl_find_number(all, "a", &n));
	assert_int_equal(all.left, sizeof(expected));
}

/* Octets, of which there may be many, and none. */
static void
octets(void **state)
{
	static const uint8_t octets_expected[] = {
		'x', 0, 1, 'o', 0, 3, 0, 0xff, 1,
		'x', 0, 1, 'p', 0, 0,
	};
	static uint8_t buf[70000];
	struct ctl_value v;
	struct wr w;
	struct rd r;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	ctl_octets(&w, "o", "\0\xff\1", 3);
	ctl_octets(&w, "p", NULL, 0);
	assert_int_equal(w.len, sizeof(octets_expected));
	assert_memory_equal(buf, octets_expected, sizeof(octets_expected));
	rd_init(&r, buf, w.len);
	assert_true(ctl_find(&r, "o", &v));
	assert_int_equal(v.tag, CTL_OCTETS);
	assert_int_equal(v.length, 3);
	assert_memory_equal(v.octets, "\0\xff\1", 3);
	assert_true(ctl_next(&r, &v));
	assert_int_equal(v.length, 0);
	assert_true(rd_done(&r));
	rd_init(&r, buf, 8); /* cut short */
	assert_false(ctl_next(&r, &v));
	ctl_octets(&w, "o", buf, 65536);
	assert_true(wr_failed(&w));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(write_all),
		cmocka_unit_test(read_all),
		cmocka_unit_test(cut),
		cmocka_unit_test(malformed),
		cmocka_unit_test(addresses_are_strings),
		cmocka_unit_test(values_are_found_by_name),
		cmocka_unit_test(octets),
	};

	return cmocka_run_group_tests_name("ctl", tests, NULL, NULL);
}
