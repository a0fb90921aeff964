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

#include "addr.h"
#include "unhex.h"

static void
assert_number(uint8_t tl, const uint8_t *num, uint8_t want_tl, const char *hex)
{
	uint8_t want[ATM_NUM_MAX] = { 0 };
	size_t len;
	uint8_t *p = unhex(hex, &len);

	memcpy(want, p, len);
	assert_int_equal(tl, want_tl);
	assert_memory_equal(num, want, sizeof(want));
	free(p);
}

/*
 * R2022-5.1.2-07, RFC 4548 sections 3 and 4 by nvc.md: what each form of text
 * is in octets, and how it prints.
 */
static void
text(void **state)
{
	static const struct {
		const char *text, *print;
		uint8_t tl;
		const char *hex;
	} t[] = {
		{ "192.0.2.1", "192.0.2.1", 20,
		    "350001 c0000201 000000000000000000000000 00" },
		{ "192.0.2.1%0", "192.0.2.1", 20,
		    "350001 c0000201 000000000000000000000000 00" },
		{ "192.0.2.1%255", "192.0.2.1%255", 20,
		    "350001 c0000201 000000000000000000000000 ff" },
		{ "2001:db8::1%1", "2001:db8::1%1", 20,
		    "350000 20010db8000000000000000000000001 01" },
		{ "::", "::", 20,
		    "350000 00000000000000000000000000000000 00" },
		{ "47.0005.80.ffe100.0000.f21a.26d8.0020480d1a2b.00",
		    "47.0005.80ff.e100.0000.f21a.26d8.0020.480d.1a2b.00", 20,
		    "47000580ffe1000000f21a26d80020480d1a2b00" },
		{ "350001c000020100000000000000000000000009", "192.0.2.1%9", 20,
		    "350001 c0000201 000000000000000000000000 09" },
		/* octets behind the IPv4 address: not that form */
		{ "350001C000020100000000000000000000000100",
		    "35.0001.c000.0201.0000.0000.0000.0000.0000.0001.00", 20,
		    "350001 c0000201 000000000000000000000001 00" },
		{ "350002c000020100000000000000000000000009",
		    "35.0002.c000.0201.0000.0000.0000.0000.0000.0000.09", 20,
		    "350002 c0000201 000000000000000000000000 09" },
		{ "+15551234567", "+15551234567", 0x4b,
		    "3135353531323334353637" },
		{ "+1", "+1", 0x41, "31" },
		{ "+12345678901234567890", "+12345678901234567890", 0x54,
		    "3132333435363738393031323334353637383930" },
	};
	char buf[ATM_STRLEN];
	struct atm_addr a, b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		assert_int_equal(atm_addr_parse(&a, t[i].text), 0);
		assert_number(a.num_tl, a.num, t[i].tl, t[i].hex);
		assert_int_equal(a.sub_tl, 0);
		assert_string_equal(
		    atm_addr_print(&a, buf, sizeof(buf)), t[i].print);
		assert_int_equal(atm_addr_parse(&b, buf), 0);
		assert_true(atm_addr_equal(&a, &b));
	}
}

/* R2022-5.1.2-05: a subaddress behind a slash. */
static void
subaddress(void **state)
{
	char buf[ATM_STRLEN];
	struct atm_addr a, b;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "+49301/2001:db8::1%3"), 0);
	assert_number(a.num_tl, a.num, 0x45, "3439333031");
	assert_number(
	    a.sub_tl, a.sub, 20, "350000 20010db8000000000000000000000001 03");
	assert_string_equal(
	    atm_addr_print(&a, buf, sizeof(buf)), "+49301/2001:db8::1%3");
	/* the longest of all fits */
	assert_int_equal(atm_addr_parse(&a,
	    "ffffffffffffffffffffffffffffffffffffffff/"
	    "ffffffffffffffffffffffffffffffffffffffff"),
	    0);
	atm_addr_print(&a, buf, sizeof(buf));
	assert_int_equal(atm_addr_parse(&b, buf), 0);
	assert_true(atm_addr_equal(&a, &b));
	/* what does not fit is cut, not written */
	memset(buf, 0x5a, sizeof(buf));
	atm_addr_print(&a, buf, 8);
	assert_string_equal(buf, "ff.ffff");
	assert_int_equal(buf[8], 0x5a);
}

static void
no_address(void **state)
{
	static const char *const t[] = {
		"",
		"-",
		"+",
		"+12a",
		"+123456789012345678901",
		"1.2.3",
		"1.2.3.4.5",
		"192.0.2.1%",
		"192.0.2.1%256",
		"192.0.2.1%-1",
		"192.0.2.1%0x1",
		"192.0.2.1%%1",
		"192.0.2.1/",
		"/192.0.2.1",
		"192.0.2.1/24",
		"192.0.2.1/192.0.2.2/192.0.2.3",
		"host",
		"47000580ffe1000000f21a26d80020480d1a2b0",
		"47000580ffe1000000f21a26d80020480d1a2b000",
		"47000580ffe1000000f21a26d80020480d1a2b0000",
		"47000580ffe1000000f21a26d80020480d1a2bzz",
		" 192.0.2.1",
		"192.0.2.1 ",
		"2001:db8::1%1%2",
		":",
		"....",
	};
	static const struct atm_addr null;
	char buf[ATM_STRLEN];
	struct atm_addr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		if (atm_addr_parse(&a, t[i]) != -1)
			fail_msg("\"%s\" is an address", t[i]);
		assert_true(atm_addr_equal(&a, &null));
		assert_true(atm_addr_is_null(&a));
	}
	assert_string_equal(atm_addr_print(&null, buf, sizeof(buf)), "-");
}

/* SEL is the last octet of an NSAPA (R2022-4.1-04); E.164 has none. */
static void
selector(void **state)
{
	struct atm_addr a, b;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "192.0.2.1%4"), 0);
	assert_int_equal(atm_addr_sel(&a), 4);
	atm_addr_set_sel(&a, 1);
	assert_int_equal(atm_addr_parse(&b, "192.0.2.1%1"), 0);
	assert_true(atm_addr_equal(&a, &b));
	assert_int_equal(atm_addr_parse(&a, "+12345678901234567890"), 0);
	b = a;
	atm_addr_set_sel(&a, 7);
	assert_true(atm_addr_equal(&a, &b));
	assert_int_equal(atm_addr_sel(&a), 0);
}

/* R2022-5.1.1-*: one part of a MARS_MULTI has addresses of one kind. */
static void
kinds(void **state)
{
	struct atm_addr a, b;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "192.0.2.1"), 0);
	assert_int_equal(atm_addr_parse(&b, "2001:db8::1%1"), 0);
	assert_true(atm_addr_same_kind(&a, &b));
	assert_int_equal(atm_addr_parse(&b, "+12345678901234567890"), 0);
	assert_false(atm_addr_same_kind(&a, &b));
	assert_int_equal(atm_addr_parse(&b, "192.0.2.1/192.0.2.2"), 0);
	assert_false(atm_addr_same_kind(&a, &b));
	/* an order, not only a difference */
	assert_true(atm_addr_cmp(&a, &b) < 0);
	assert_true(atm_addr_cmp(&b, &a) > 0);
}

static void
embedded(void **state)
{
	static const uint8_t v4[16] = { 192, 0, 2, 1 };
	uint8_t ip[16], sel;
	struct atm_addr a;
	bool v6;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "192.0.2.1%3"), 0);
	memset(ip, 0xff, sizeof(ip));
	v6 = true;
	assert_true(atm_addr_to_ip(&a, &v6, ip, &sel));
	assert_false(v6);
	assert_memory_equal(ip, v4, sizeof(v4));
	assert_int_equal(sel, 3);
	assert_int_equal(atm_addr_parse(&a, "2001:db8::1"), 0);
	assert_true(atm_addr_to_ip(&a, &v6, ip, &sel));
	assert_true(v6);
	assert_int_equal(ip[0], 0x20);
	assert_int_equal(atm_addr_parse(&a, "+1"), 0);
	assert_false(atm_addr_to_ip(&a, &v6, ip, &sel));
}

static void
prefixes(void **state)
{
	static const struct {
		const char *prefix, *print, *in, *out;
	} t[] = {
		{ "192.0.2.0/24", "192.0.2.0/24", "192.0.2.255%7",
		    "192.0.3.0" },
		{ "192.0.2.77/24", "192.0.2.0/24", "192.0.2.1", "192.0.1.77" },
		{ "192.0.2.1", "192.0.2.1/32", "192.0.2.1%1", "192.0.2.0" },
		{ "192.0.2.128/25", "192.0.2.128/25", "192.0.2.128",
		    "192.0.2.127" },
		{ "10.0.0.0/7", "10.0.0.0/7", "11.255.0.1", "12.0.0.0" },
		{ "0.0.0.0/0", "0.0.0.0/0", "203.0.113.1", "2001:db8::" },
		{ "::/0", "::/0", "2001:db8::1", "192.0.2.1" },
		{ "2001:db8::/33", "2001:db8::/33", "2001:db8:7fff::1",
		    "2001:db8:8000::" },
		{ "2001:db8::1/128", "2001:db8::1/128", "2001:db8::1%9",
		    "2001:db8::2" },
	};
	static const char *const bad[] = { "", "192.0.2.0/33", "2001:db8::/129",
		"192.0.2.0/", "192.0.2/24", "192.0.2.0/-1", "192.0.2.0/8/8",
		"192.0.2.1%1" };
	char buf[PADDR_STRLEN];
	struct ip_prefix p;
	struct atm_addr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_true(ip_prefix_parse(&p, t[i].prefix));
		assert_string_equal(
		    ip_prefix_print(&p, buf, sizeof(buf)), t[i].print);
		assert_int_equal(atm_addr_parse(&a, t[i].in), 0);
		assert_true(ip_prefix_match(&p, &a));
		assert_int_equal(atm_addr_parse(&a, t[i].out), 0);
		assert_false(ip_prefix_match(&p, &a));
		assert_int_equal(atm_addr_parse(&a, "+1"), 0);
		assert_false(ip_prefix_match(&p, &a));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ip_prefix_parse(&p, bad[i]));
}

/* R2022-5.2.1-20: as unsigned numbers. */
static void
protocol_addresses(void **state)
{
	static const struct {
		const char *text, *print;
		uint8_t len;
	} t[] = {
		{ "224.0.0.1", "224.0.0.1", 4 },
		{ "ff02::1", "ff02::1", 16 },
		{ "0xe0000001", "224.0.0.1", 4 },
		{ "0x47.0005.80", "0x47000580", 4 },
		{ "0x01", "0x01", 1 },
		{ "0x000102030405060708090a0b0c0d0e0f10111213",
		    "0x000102030405060708090a0b0c0d0e0f10111213", 20 },
	};
	static const char *const bad[] = { "", "-", "0x", "0x1",
		"0x000102030405060708090a0b0c0d0e0f1011121314", "224.0.0",
		"224.0.0.1/4", "x" };
	char buf[PADDR_STRLEN];
	struct paddr a, b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		memset(&a, 0xff, sizeof(a));
		assert_int_equal(paddr_parse(&a, t[i].text), 0);
		assert_int_equal(a.len, t[i].len);
		paddr_print(&a, buf, sizeof(buf));
		if (i != 3)
			assert_string_equal(buf, t[i].print);
		assert_int_equal(paddr_parse(&b, buf), 0);
		assert_true(paddr_equal(&a, &b));
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(paddr_parse(&a, bad[i]), -1);
		assert_int_equal(a.len, 0);
	}
	assert_int_equal(paddr_parse(&a, "127.255.255.255"), 0);
	assert_int_equal(paddr_parse(&b, "224.0.0.0"), 0);
	assert_true(paddr_cmp(&a, &b) < 0);
	assert_true(paddr_cmp(&b, &a) > 0);
}

static void
steps(void **state)
{
	static const struct {
		const char *low, *high;
	} t[] = {
		{ "224.0.0.0", "224.0.0.1" },
		{ "224.0.0.255", "224.0.1.0" },
		{ "223.255.255.255", "224.0.0.0" },
		{ "ff02::ffff:ffff", "ff02::1:0:0" },
	};
	struct paddr a, b, c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(paddr_parse(&a, t[i].low), 0);
		assert_int_equal(paddr_parse(&b, t[i].high), 0);
		c = a;
		assert_true(paddr_next(&c));
		assert_true(paddr_equal(&c, &b));
		assert_true(paddr_prev(&c));
		assert_true(paddr_equal(&c, &a));
	}
	assert_int_equal(paddr_parse(&a, "255.255.255.255"), 0);
	c = a;
	assert_false(paddr_next(&c));
	assert_true(paddr_equal(&c, &a));
	assert_int_equal(paddr_parse(&a, "0.0.0.0"), 0);
	c = a;
	assert_false(paddr_prev(&c));
	assert_true(paddr_equal(&c, &a));
	memset(&a, 0, sizeof(a));
	assert_false(paddr_next(&a));
	assert_false(paddr_prev(&a));
}

/* R2022-4.3.2-03, -06, -07, A-135: one protocol, one form. */
static void
protocols(void **state)
{
	static const struct {
		const char *text, *print;
		uint16_t type;
		uint8_t addrlen;
	} t[] = {
		{ "ipv4", "ipv4", 0x0800, 4 },
		{ "0x0800", "ipv4", 0x0800, 4 },
		{ "ipv6", "ipv6", 0x86dd, 16 },
		{ "0x80f3", "0x80f3", 0x80f3, 0 },
		{ "snap:0080c20001", "snap:0080c20001", 0x0080, 0 },
		{ "snap:00-00-00-86-dd", "ipv6", 0x86dd, 16 },
		{ "snap:00000005ff", "snap:00000005ff", 0x0080, 0 },
		{ "snap:0000000600", "0x0600", 0x0600, 0 },
	};
	struct mars_pro p, q;
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(mars_pro_parse(&p, t[i].text), 0);
		assert_int_equal(p.type, t[i].type);
		assert_int_equal(mars_pro_addrlen(&p), t[i].addrlen);
		assert_string_equal(
		    mars_pro_print(&p, buf, sizeof(buf)), t[i].print);
		assert_int_equal(mars_pro_parse(&q, buf), 0);
		assert_true(mars_pro_equal(&p, &q));
	}
	assert_int_equal(mars_pro_parse(&p, "0x800"), -1);
	assert_int_equal(mars_pro_parse(&p, "snap:00"), -1);
	assert_int_equal(mars_pro_parse(&p, "ip"), -1);
	assert_int_equal(mars_pro_parse(&p, "ipv4"), 0);
	assert_int_equal(mars_pro_parse(&q, "ipv6"), 0);
	assert_false(mars_pro_equal(&p, &q));
	memset(&p, 0, sizeof(p));
	p.type = PRO_SNAP;
	assert_false(mars_pro_usable(&p));
	p.snap[1] = 1;
	assert_true(mars_pro_usable(&p));
}

static void
a_permanent_circuit_is_itf_vpi_vci(void **state)
{
	static const char *const wrong[] = { "", "100", "0.31", "0.65536",
		"4096.100", "32768.0.100", "0.0.0.100", "0.", ".100", "..100",
		"0..100", "0.-1.100", " 0.100", "0.100 ", "0.0x64", "+0.100",
		"0.0.0000000000000000000000000000000100" };
	struct atm_pvc c = { -1, -1, -1 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(atm_pvc_parse(&c, wrong[i]));
	assert_int_equal(c.vci, -1);
	assert_true(atm_pvc_parse(&c, "1.100"));
	assert_int_equal(c.itf, 0);
	assert_int_equal(c.vpi, 1);
	assert_int_equal(c.vci, 100);
	assert_true(atm_pvc_parse(&c, "32767.4095.65535"));
	assert_int_equal(c.itf, 32767);
	assert_int_equal(c.vpi, 4095);
	assert_int_equal(c.vci, 65535);
}

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	assert_true(ip_prefix_parse(&p, text));
	return p;
}

/* RFC 5771, RFC 4291: all of a prefix, or it is not. */
static void
prefixes_of_groups(void **state)
{
	static const struct {
		const char	*text;
		bool		 single, multicast, link_local;
	} all[] = {
		{ "224.0.0.0/4", false, true, false },
		{ "224.0.0.0/3", false, false, false },
		{ "239.1.1.1", true, true, false },
		{ "240.0.0.0/4", false, false, false },
		{ "10.1.1.1", true, false, false },
		{ "224.0.0.0/24", false, true, true },
		{ "224.0.0.0/23", false, true, false },
		{ "224.0.0.251", true, true, true },
		{ "224.0.1.1", true, true, false },
		{ "ff00::/8", false, true, false },
		{ "fe00::/7", false, false, false },
		{ "ff02::/16", false, true, true },
		{ "ff12::1", true, true, true },
		{ "ff02::/15", false, true, false },
		{ "ff05::2", true, true, false },
	};
	struct ip_prefix p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		p = prefix(all[i].text);
		assert_int_equal(ip_prefix_single(&p), all[i].single);
		assert_int_equal(ip_prefix_multicast(&p), all[i].multicast);
		assert_int_equal(ip_prefix_link_local(&p), all[i].link_local);
	}
}

static void
prefix_covers_what_is_in_it(void **state)
{
	struct ip_prefix wide = prefix("239.0.0.0/8");
	struct ip_prefix in = prefix("239.1.0.0/16");
	struct ip_prefix out = prefix("238.1.0.0/16");
	struct ip_prefix six = prefix("ef00::/16"), all = prefix("::/0");
	struct ip_prefix a;

	(void)state;
	assert_true(ip_prefix_covers(&wide, &wide));
	assert_true(ip_prefix_covers(&wide, &in));
	assert_false(ip_prefix_covers(&in, &wide));
	assert_false(ip_prefix_covers(&wide, &out));
	assert_false(ip_prefix_covers(&wide, &six));
	assert_true(ip_prefix_covers(&all, &six));
	/* an address on a net keeps its own bits */
	assert_true(ip_prefix_parse_address(&a, "239.7.7.7/8"));
	assert_int_equal(a.a[3], 7);
	assert_true(ip_prefix_covers(&wide, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(subaddress),
		cmocka_unit_test(no_address),
		cmocka_unit_test(selector),
		cmocka_unit_test(kinds),
		cmocka_unit_test(embedded),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(prefixes_of_groups),
		cmocka_unit_test(prefix_covers_what_is_in_it),
		cmocka_unit_test(protocol_addresses),
		cmocka_unit_test(steps),
		cmocka_unit_test(protocols),
		cmocka_unit_test(a_permanent_circuit_is_itf_vpi_vci),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
