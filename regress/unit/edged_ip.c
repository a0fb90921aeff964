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

#include "edged/ip.h"
#include "unhex.h"

/* 10.1.7.2 to 239.1.1.1, DSCP 46, ECT(1), TTL 8, UDP of 4 octets */
#define UDP4 \
	"45b90020 12340000 08119edb 0a010702 ef010101" \
	"13881389 000cf7ea 6d617273"
/* fd00:7::2 to ff08::101:101, the same */
#define UDP6 \
	"6b900000 000c1108 fd000007000000000000000000000002" \
	"ff080000000000000000000001010101 13881389000cfadb 6d617273"
/* fe80::1 to ff02::16, Hop-by-Hop with a Router Alert, 8 octets of ICMPv6 */
#define ALERT6 \
	"60000000 00100001 fe800000000000000000000000000001" \
	"ff020000000000000000000000000016 3a00 05020000 0100 8f00000000000000"

/* with a loose source route (RFC 791) */
#define ROUTE4 \
	"47b90028 12340000 08116c0a 0a010702 ef010101" \
	"830704c0 a8010100 13881389 000cf7ea 6d617273"

static enum edged_ip_drop
read_hex(const char *hex)
{
	size_t len;
	uint8_t *p = unhex(hex, &len);
	struct edged_ip ip;
	enum edged_ip_drop drop = edged_ip_read_data(&ip, p, len);

	free(p);
	return drop;
}

static void
a_packet_is_read(void **state)
{
	struct edged_ip ip;
	size_t len;
	uint8_t *p = unhex(UDP4 "0000", &len); /* and padding of the link */

	(void)state;
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(ip.len, 32);
	assert_int_equal(ip.head, 20);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.ttl, 8);
	assert_int_equal(ip.tos, 0xb9);
	assert_int_equal(ip.src.len, 4);
	assert_memory_equal(ip.src.a, "\x0a\x01\x07\x02", 5);
	assert_memory_equal(ip.dst.a, "\xef\x01\x01\x01", 5);
	assert_false(ip.v6 || ip.df || ip.alert || ip.fragment);
	assert_int_equal(edged_ip_sum(&ip), 0);
	free(p);

	p = unhex(UDP6 "00", &len);
	assert_int_equal(edged_ip_read_data(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(ip.len, 52);
	assert_int_equal(ip.head, 40);
	assert_int_equal(ip.proto, 17);
	assert_int_equal(ip.ttl, 8);
	assert_int_equal(ip.tos, 0xb9);
	assert_true(ip.v6 && ip.df);
	assert_int_equal(edged_ip_sum(&ip), 0);
	free(p);

	/* RFC 2711: the option is found, and what follows it */
	p = unhex(ALERT6, &len);
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_true(ip.alert);
	assert_int_equal(ip.proto, 58);
	assert_int_equal(ip.head, 48);
	free(p);
}

/* However short it is cut, it is dropped and nothing behind it is read. */
static void
cut_packets_are_dropped(void **state)
{
	static const char *const whole[] = { UDP4, UDP6, ALERT6 };
	struct edged_ip ip;
	size_t i, len, n;
	uint8_t *p, *cut;

	(void)state;
	for (i = 0; i < 3; i++) {
		p = unhex(whole[i], &len);
		for (n = 0; n < len; n++) {
			cut = clone(p, n);
			assert_int_equal(edged_ip_read(&ip, cut, n),
			    EDGED_IP_DROP_TRUNCATED);
			free(cut);
		}
		free(p);
	}
}

static void
each_fault_has_its_name(void **state)
{
	static const struct {
		const char *hex;
		enum edged_ip_drop drop;
	} t[] = {
		{ "55b90020 12340000 08119edb 0a010702 ef010101",
		    EDGED_IP_DROP_VERSION },
		/* one bit of the TTL */
		{ "45b90014 12340000 09119ee7 0a010702 ef010101",
		    EDGED_IP_DROP_CHECKSUM },
		/* header of 4 words; total length below the header's */
		{ "44b90014 12340000 08119ee7 0a010702 ef010101",
		    EDGED_IP_DROP_TRUNCATED },
		{ "45b90013 12340000 08119ee7 0a010702 ef010101",
		    EDGED_IP_DROP_TRUNCATED },
		{ ROUTE4, EDGED_IP_DROP_ROUTE },
		/* routing header type 0 (RFC 5095) */
		{ "60000000 00082b08 fd000007000000000000000000000002"
		  "ff080000000000000000000001010101 3b00000000000000",
		    EDGED_IP_DROP_ROUTE },
		/* an option longer than its header */
		{ "60000000 00080001 fe800000000000000000000000000001"
		  "ff020000000000000000000000000016 3b00 05060000 0100",
		    EDGED_IP_DROP_OPTIONS },
		/* Hop-by-Hop behind another header (RFC 8200 4.1) */
		{ "60000000 00103c01 fe800000000000000000000000000001"
		  "ff020000000000000000000000000016 000001040000 0000"
		  "3b00010400000000",
		    EDGED_IP_DROP_OPTIONS },
		{ "60000000 00003b08 fd000007000000000000000000000002"
		  "fd000007000000000000000000000003",
		    EDGED_IP_DROP_UNICAST },
		/* from ::, from ::1, from a group, from ::ffff:10.1.1.1 */
		{ "60000000 00003b08 00000000000000000000000000000000"
		  "ff080000000000000000000001010101",
		    EDGED_IP_DROP_SOURCE },
		{ "60000000 00003b08 00000000000000000000000000000001"
		  "ff080000000000000000000001010101",
		    EDGED_IP_DROP_SOURCE },
		{ "60000000 00003b08 ff080000000000000000000000000001"
		  "ff080000000000000000000001010101",
		    EDGED_IP_DROP_SOURCE },
		{ "60000000 00003b08 00000000000000000000ffff0a010101"
		  "ff080000000000000000000001010101",
		    EDGED_IP_DROP_SOURCE },
		{ "60000000 00003b08 fd000007000000000000000000000002"
		  "ff080000000000000000000001010101",
		    EDGED_IP_OK },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(read_hex(t[i].hex), t[i].drop);
	assert_string_equal(edged_ip_drop_name(EDGED_IP_DROP_TTL), "ttl");
}

/* RFC 1122 3.2.1.3: what can't be the source of a packet. */
static void
sources_are_hosts(void **state)
{
	static const struct {
		uint8_t a[4];
		bool host;
	} t[] = {
		{ { 0, 0, 0, 0 }, false },
		{ { 0, 1, 2, 3 }, false },
		{ { 127, 0, 0, 1 }, false },
		{ { 224, 0, 0, 1 }, false },
		{ { 240, 0, 0, 1 }, false },
		{ { 255, 255, 255, 255 }, false },
		{ { 1, 0, 0, 1 }, true },
		{ { 223, 255, 255, 1 }, true },
		{ { 169, 254, 1, 1 }, true },
	};
	struct paddr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		edged_addr(&a, t[i].a, 4);
		assert_int_equal(edged_addr_host(&a), t[i].host);
	}
	assert_true(edged_addr_link_local(&a));
}

static void
prefixes(void **state)
{
	static const struct ip_prefix nets[] = {
		{ false, 22, { 10, 1, 4, 0 } },
		{ false, 32, { 10, 2, 0, 1 } },
		{ true, 64, { 0xfd, 0, 0, 7 } },
		{ true, 10, { 0xfe, 0x80 } },
	};
	static const struct {
		struct paddr a;
		bool on;
	} t[] = {
		{ { 4, { 10, 1, 7, 255 } }, true },
		{ { 4, { 10, 1, 8, 0 } }, false },
		{ { 4, { 10, 2, 0, 1 } }, true },
		{ { 4, { 10, 2, 0, 0 } }, false },
		{ { 16, { 0xfd, 0, 0, 7, [15] = 9 } }, true },
		{ { 16, { 0xfd, 0, 0, 8, [15] = 9 } }, false },
		{ { 16, { 0xfe, 0xbf } }, true },
		{ { 16, { 0xfe, 0xc0 } }, false },
		{ { 16, { 10, 1, 7, 255 } }, false },
	};
	static const struct ip_prefix all = { false, 0, { 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(edged_on_link(nets, 4, &t[i].a), t[i].on);
	assert_true(edged_prefix_has(&all, &t[0].a));
	assert_false(edged_prefix_has(&all, &t[4].a));
}

/* RFC 1812 5.3.1, RFC 1624: one less, and the sum is right without a sum. */
static void
a_hop(void **state)
{
	uint8_t *want, *p;
	struct edged_ip ip;
	size_t len;
	int i;

	(void)state;
	want = unhex("45b90020 12340000 07119fdb 0a010702 ef010101", &len);
	p = unhex(UDP4, &len);
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_hop(&ip), EDGED_IP_OK);
	assert_memory_equal(p, want, 20);
	/* down to 1, and no further */
	for (i = 0; i < 6; i++) {
		assert_int_equal(edged_ip_hop(&ip), EDGED_IP_OK);
		assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	}
	assert_int_equal(p[8], 1);
	assert_int_equal(edged_ip_hop(&ip), EDGED_IP_DROP_TTL);
	assert_int_equal(p[8], 1);
	free(want);
	free(p);

	p = unhex(UDP6, &len);
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_hop(&ip), EDGED_IP_OK);
	assert_int_equal(p[7], 7);
	free(p);
}

/* Every value of a field leaves a header whose checksum is right. */
static void
mended_sums_are_sums(void **state)
{
	struct edged_ip ip;
	uint8_t *p;
	size_t len;
	int tos, ttl;

	(void)state;
	p = unhex(UDP4, &len);
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	for (ttl = 255; ttl > 1; ttl--)
		for (tos = 0; tos < 256; tos += 3) {
			edged_ip_set_tos(&ip, (uint8_t)tos);
			ip.ttl = (uint8_t)ttl;
			assert_int_equal(edged_ip_hop(&ip), EDGED_IP_OK);
			assert_int_equal(
			    edged_ip_read(&ip, p, len), EDGED_IP_OK);
			assert_int_equal(ip.tos, tos);
			assert_int_equal(ip.ttl, ttl - 1);
		}
	free(p);
}

/* The checksum of UDP, TCP and ICMPv6 from nothing. */
static void
undone_sums_are_done(void **state)
{
	uint8_t *want, *p;
	struct edged_ip ip;
	size_t len;

	(void)state;
	want = unhex(UDP4, &len);
	p = clone(want, len);
	p[26] = 0x11; /* a kernel leaves the pseudo header's there */
	p[27] = 0x22;
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_OK);
	assert_memory_equal(p, want, len);
	/* UDP that is shorter than its packet can't be summed by us */
	p[25] = 0x0b;
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_DROP_UNDONE);
	free(p);
	free(want);

	want = unhex(UDP6, &len);
	p = clone(want, len);
	p[46] = p[47] = 0;
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_OK);
	assert_memory_equal(p, want, len);
	/* the payload that makes the sum 0: RFC 768 sends all ones (the sum
	 * of the rest is fadb + 6d61 + 7273 = 1daaf: dab0) */
	p[48] = 0xda;
	p[49] = 0xb0;
	p[50] = p[51] = 0;
	ip.fragment = false;
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_OK);
	assert_int_equal(p[46] << 8 | p[47], 0xffff);
	ip.fragment = true;
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_DROP_UNDONE);
	free(p);
	free(want);

	/* neither of these has room for a checksum, nor has 99 a known one */
	p = unhex(ALERT6, &len);
	assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_OK);
	assert_int_equal(edged_ip_sum(&ip), 0);
	ip.len = ip.head + 3;
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_DROP_UNDONE);
	ip.proto = 99;
	ip.len = len;
	assert_int_equal(edged_ip_complete(&ip), EDGED_IP_DROP_UNDONE);
	free(p);
}

/* RFC 6040 figure 4, cell by cell; columns as there. */
static void
ecn_is_combined(void **state)
{
	enum { N = 0, E0 = 2, E1 = 1, CE = 3, X = 9 };
	static const uint8_t outer[] = { N, E0, E1, CE };
	static const struct {
		uint8_t inner, want[4];
	} t[] = {
		{ N, { N, N, N, X } },
		{ E0, { E0, E0, E1, CE } },
		{ E1, { E1, E1, E1, CE } },
		{ CE, { CE, CE, CE, CE } },
	};
	static const char *const packets[] = { UDP4, UDP6 };
	struct edged_ip ip;
	uint8_t *p;
	size_t i, k, n, len;

	(void)state;
	for (n = 0; n < 2; n++) {
		p = unhex(packets[n], &len);
		assert_int_equal(edged_ip_read(&ip, p, len), EDGED_IP_OK);
		for (i = 0; i < 4; i++)
			for (k = 0; k < 4; k++) {
				edged_ip_set_tos(&ip, 0xb8 | t[i].inner);
				assert_int_equal(
				    edged_ip_ecn(&ip, 0x28 | outer[k]),
				    t[i].want[k] == X ? EDGED_IP_DROP_ECN :
				    EDGED_IP_OK);
				assert_int_equal(
				    edged_ip_read(&ip, p, len), EDGED_IP_OK);
				/* and the DSCP stays, RFC 2983 */
				assert_int_equal(ip.tos,
				    t[i].want[k] == X ? 0xb8 :
				    0xb8 | t[i].want[k]);
			}
		free(p);
	}
}

/* RFC 6040 4.1 (normal mode), RFC 2983 */
static void
outer_tos(void **state)
{
	struct edged_ip ip = { .tos = 0xb9 };

	(void)state;
	assert_int_equal(edged_ip_outer_tos(&ip, -1), 0xb9);
	assert_int_equal(edged_ip_outer_tos(&ip, 0), 0x01);
	assert_int_equal(edged_ip_outer_tos(&ip, 10), 0x29);
}

/* Octets of anyone: nothing is read or written outside (sanitizers). */
static void
anything(void **state)
{
	static const char *const seeds[] = { UDP4, UDP6, ALERT6, ROUTE4 };
	uint32_t seed = 1, i;
	struct edged_ip ip;
	uint8_t *p, *cut;
	size_t len, n;

	(void)state;
	for (i = 0; i < 40000; i++) {
		p = unhex(seeds[i % 4], &len);
		n = mutate(p, len, &seed);
		cut = clone(p, n);
		if (edged_ip_read_data(&ip, cut, n) == EDGED_IP_OK) {
			assert_true(ip.head <= ip.len && ip.len <= n);
			edged_ip_hop(&ip);
			edged_ip_complete(&ip);
			edged_ip_ecn(&ip, (uint8_t)i);
			assert_int_equal(
			    edged_ip_read_data(&ip, cut, n), EDGED_IP_OK);
		}
		free(cut);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_packet_is_read),
		cmocka_unit_test(cut_packets_are_dropped),
		cmocka_unit_test(each_fault_has_its_name),
		cmocka_unit_test(sources_are_hosts), cmocka_unit_test(prefixes),
		cmocka_unit_test(a_hop), cmocka_unit_test(mended_sums_are_sums),
		cmocka_unit_test(undone_sums_are_done),
		cmocka_unit_test(ecn_is_combined), cmocka_unit_test(outer_tos),
		cmocka_unit_test(anything) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
