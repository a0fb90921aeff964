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

#include "edged/mld.h"
#include "edged_host.h"
#include "unhex.h"

#define ROUTER	"fe8000000000000000000000000000fe"
#define HOST	"fe800000000000000000000000000002"
#define ALL	"ff020000000000000000000000000001"
#define GROUP	"ff080000000000000000000001010101"
#define OPTIONS	"3a00050200000100"

#define QUERY1 "60000000 00200001" ROUTER ALL OPTIONS \
	"8200581a 27100000 00000000000000000000000000000000"
#define QUERY2 "60000000 00240001" ROUTER ALL OPTIONS \
	"82005599 27100000 00000000000000000000000000000000 027d0000"
#define QUERY2_GS "60000000 00340001" ROUTER GROUP OPTIONS \
	"8200788d 03e80000" GROUP "027d0001" \
	"fd000007000000000000000000000009"
#define REPORT1 "60000000 00200001" HOST GROUP OPTIONS \
	"83007c14 00000000" GROUP
#define DONE1 "60000000 00200001" HOST \
	"ff020000000000000000000000000002" OPTIONS "84007d1a 00000000" GROUP
#define REPORT2 "60000000 00340001" HOST \
	"ff020000000000000000000000000016" OPTIONS \
	"8f006fdf 00000001 05000001" GROUP "fd000007000000000000000000000009"

static uint8_t *kept;

static enum edged_gmp_drop
message(struct edged_gmp *m, const char *hex)
{
	struct edged_ip ip;
	size_t len;

	free(kept);
	kept = unhex(hex, &len);
	assert_int_equal(edged_ip_read(&ip, kept, len), EDGED_IP_OK);
	assert_true(edged_mld_is(&ip));
	return edged_mld_read(m, &ip);
}

static enum edged_gmp_drop
packet(const struct host_packet *h)
{
	struct edged_gmp m;
	struct edged_ip ip;
	uint8_t *p = clone(h->p, h->len);
	enum edged_gmp_drop drop;

	assert_int_equal(edged_ip_read(&ip, p, h->len), EDGED_IP_OK);
	assert_true(edged_mld_is(&ip));
	drop = edged_mld_read(&m, &ip);
	free(p);
	return drop;
}

static enum edged_gmp_drop
body(const char *hex)
{
	struct host_packet h;

	host_mld(&h, "fe80::2", "ff02::16", hex);
	return packet(&h);
}

/* RFC 9777 8.1: 24 octets, or at least 28 */
static void
queries(void **state)
{
	struct edged_gmp m;
	struct paddr a;

	(void)state;
	assert_int_equal(message(&m, QUERY1), EDGED_GMP_OK);
	assert_int_equal(m.kind, EDGED_GMP_QUERY);
	assert_int_equal(m.version, EDGED_GMP_V2);
	assert_int_equal(m.response, 10000);
	assert_true(edged_addr_zero(&m.group));
	assert_int_equal(m.alen, 16);

	assert_int_equal(message(&m, QUERY2), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V3);
	assert_int_equal(m.response, 10000);
	assert_int_equal(m.robustness, 2);
	assert_int_equal(m.interval, 125);

	assert_int_equal(message(&m, QUERY2_GS), EDGED_GMP_OK);
	assert_int_equal(m.response, 1000);
	assert_int_equal(m.group.a[1], 8);
	assert_true(edged_gmp_source(&m.sources, 16, &a));
	assert_int_equal(a.a[15], 9);
	assert_false(edged_gmp_source(&m.sources, 16, &a));
}

/* RFC 2710 3, RFC 9777 5.2 and 8.3.2 */
static void
reports(void **state)
{
	struct edged_gmp_record r;
	struct edged_gmp m;
	struct paddr a;

	(void)state;
	assert_int_equal(message(&m, REPORT1), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V2);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_IS_EX);
	assert_int_equal(r.group.len, 16);
	assert_false(edged_gmp_next(&m, &r));

	assert_int_equal(message(&m, DONE1), EDGED_GMP_OK);
	assert_int_equal(m.kind, EDGED_GMP_LEAVE);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_TO_IN);

	assert_int_equal(message(&m, REPORT2), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V3);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_ALLOW);
	assert_true(edged_gmp_source(&r.sources, 16, &a));
	assert_int_equal(a.a[15], 9);
	assert_false(edged_gmp_next(&m, &r));
}

static void
each_drop(void **state)
{
	static const char empty[] = "8f000000 00000000";
	struct host_packet h;

	(void)state;
	host_mld(&h, "fe80::2", "ff02::16", empty);
	assert_int_equal(packet(&h), EDGED_GMP_OK);
	/* RFC 9777 5: hop limit 1 */
	h.p[7] = 2;
	assert_int_equal(packet(&h), EDGED_GMP_DROP_TTL);
	/* RFC 9777 5: Router Alert of MLD; 1 is RSVP's (RFC 2711 2.1) */
	host_mld(&h, "fe80::2", "ff02::16", empty);
	h.p[45] = 1;
	assert_int_equal(packet(&h), EDGED_GMP_DROP_ALERT);
	/* RFC 9777 5.1.14, 5.2.13: from a link-local address */
	host_mld(&h, "fd00:7::2", "ff02::16", empty);
	assert_int_equal(packet(&h), EDGED_GMP_DROP_SOURCE);
	host_mld(&h, "::", "ff02::16", empty);
	assert_int_equal(packet(&h), EDGED_GMP_DROP_SOURCE);
	/* the pseudo header is part of the sum */
	host_mld(&h, "fe80::2", "ff02::16", empty);
	h.p[39] ^= 1;
	assert_int_equal(packet(&h), EDGED_GMP_DROP_CHECKSUM);

	assert_int_equal(body("8f000000 0000"), EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(
	    body("8f000000 00000001 04000000"), EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(
	    body("8f000000 00000001 04000001" GROUP), EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(body("83000000 00000000 ff08000000000000"),
	    EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(
	    body("82000000 27100000" GROUP "0200"), EDGED_GMP_DROP_LENGTH);
	assert_int_equal(body("82000000 27100000" HOST), EDGED_GMP_DROP_GROUP);
	assert_int_equal(body("84000000 00000000" HOST), EDGED_GMP_DROP_GROUP);
	/* RFC 9777 5.1.2: the code is ignored */
	assert_int_equal(body("8f770000 00000000"), EDGED_GMP_OK);
}

static void
fragments_are_dropped(void **state)
{
	struct edged_gmp m;

	(void)state;
	assert_int_equal(
	    message(&m,
	    "60000000 00182c01" HOST ALL
		"3a00000112345678 8f00000000000000 0000000000000000"),
		    EDGED_GMP_DROP_FRAGMENT);
}

/* Of ICMPv6 only MLD is, and no later fragment. */
static void
what_is_mld(void **state)
{
	uint8_t p[48] = { 0x60, [40] = 130 };
	struct edged_ip ip = { .p = p,
		.len = 48,
		.head = 40,
		.v6 = true,
		.proto = EDGED_PROTO_ICMPV6 };

	(void)state;
	assert_true(edged_mld_is(&ip));
	p[40] = 133;
	assert_false(edged_mld_is(&ip));
	p[40] = 129;
	assert_false(edged_mld_is(&ip));
	p[40] = 143;
	assert_true(edged_mld_is(&ip));
	ip.offset = 8;
	assert_false(edged_mld_is(&ip));
	ip.offset = 0;
	ip.len = 40;
	assert_false(edged_mld_is(&ip));
}

static void
written(const struct edged_gmp_query *q, const char *hex)
{
	uint8_t buf[EDGED_GMP_QUERY_MAX], *want;
	size_t len, n;

	want = unhex(hex, &len);
	assert_int_equal(edged_mld_query(q, buf, sizeof(buf)), len);
	assert_memory_equal(buf, want, len);
	for (n = 0; n < len; n++)
		assert_int_equal(edged_mld_query(q, buf, n), 0);
	free(want);
}

/* RFC 9777 5.1 and 5.1.15, RFC 2710 3 */
static void
queries_are_written(void **state)
{
	static struct paddr sources[EDGED_GMP_SOURCES_MAX];
	struct edged_gmp_query q = { .version = EDGED_GMP_V3,
		.group = { .len = 16 },
		.response = 10000,
		.robustness = 2,
		.interval = 125,
		.sources = sources };
	uint8_t buf[EDGED_GMP_QUERY_MAX];

	(void)state;
	q.src = host_addr("fe80::fe");
	written(&q, QUERY2);
	q.version = EDGED_GMP_V2;
	written(&q, QUERY1);
	sources[0] = host_addr("fd00:7::9");
	q.nsources = 1;
	q.group = host_addr("ff08::101:101");
	q.response = 1000;
	assert_int_equal(edged_mld_query(&q, buf, sizeof(buf)), 0);
	q.version = EDGED_GMP_V3;
	written(&q, QUERY2_GS);
	/* the largest fits into the smallest mtu */
	q.nsources = EDGED_GMP_SOURCES_MAX;
	assert_int_equal(edged_mld_query(&q, buf, sizeof(buf)), 1100);
	assert_true(sizeof(buf) <= 1280);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(queries),
		cmocka_unit_test(reports), cmocka_unit_test(each_drop),
		cmocka_unit_test(fragments_are_dropped),
		cmocka_unit_test(what_is_mld),
		cmocka_unit_test(queries_are_written) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(kept);
	return failed;
}
