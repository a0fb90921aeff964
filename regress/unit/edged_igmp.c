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

#include "edged/igmp.h"
#include "edged_host.h"
#include "unhex.h"

static const struct ip_prefix nets[] = { { false, 24, { 10, 1, 7, 0 } } };

/* of 10.1.7.254: queries, to all or to 239.1.1.1 */
#define QUERY1 \
	"45c0001c 00000000 0102c720 0a0107fe e0000001 1100eeff 00000000"
#define QUERY2 \
	"46c00020 00000000 01023218 0a0107fe e0000001 94040000" \
	"1164ee9b 00000000"
#define QUERY2_G \
	"46c00020 00000000 01022217 0a0107fe ef010101 94040000" \
	"110afef2 ef010101"
#define QUERY3 \
	"46c00024 00000000 01023214 0a0107fe e0000001 94040000" \
	"1164ec1e 00000000 027d0000"
#define QUERY3_G \
	"46c00024 00000000 01022213 0a0107fe ef010101 94040000" \
	"110af475 ef010101 0a7d0000"
#define QUERY3_GS \
	"46c0002c 00000000 0102220b 0a0107fe ef010101 94040000" \
	"110ae86c ef010101 027d0002 0a020001 0a020002"
/* of 10.1.7.2: reports of 239.1.1.1 */
#define REPORT1 \
	"45c0001c 00000000 0102b81b 0a010702 ef010101 1200fdfc ef010101"
#define REPORT2 \
	"46c00020 00000000 01022313 0a010702 ef010101 94040000" \
	"1600f9fc ef010101"
#define LEAVE2 \
	"46c00020 00000000 01023313 0a010702 e0000002 94040000" \
	"1700f8fc ef010101"
/* BLOCK 10.2.0.1 with a word of auxiliary data, TO_EX({}) of 239.1.1.2 */
#define REPORT3 \
	"46c00038 00000000 010232e7 0a010702 e0000016 94040000" \
	"22004c54 00000002 06010001 ef010101 0a020001 deadbeef" \
	"04000000 ef010102"

static uint8_t *kept;

/* Reads hex as a message; the octets live until the next call. */
static enum edged_gmp_drop
message(struct edged_gmp *m, const char *hex)
{
	struct edged_ip ip;
	size_t len;

	free(kept);
	kept = unhex(hex, &len);
	assert_int_equal(edged_ip_read(&ip, kept, len), EDGED_IP_OK);
	assert_true(edged_igmp_is(&ip));
	return edged_igmp_read(m, &ip, nets, 1);
}

static enum edged_gmp_drop
packet(struct edged_gmp *m, struct host_packet *h)
{
	struct edged_ip ip;

	assert_int_equal(edged_ip_read(&ip, h->p, h->len), EDGED_IP_OK);
	return edged_igmp_read(m, &ip, nets, 1);
}

static enum edged_gmp_drop
body(const char *hex)
{
	static struct host_packet h;
	struct edged_gmp m;

	host_igmp(&h, "10.1.7.2", "224.0.0.22", hex);
	return packet(&m, &h);
}

static bool
no_more(struct edged_gmp *m)
{
	struct edged_gmp_record r;

	return !edged_gmp_next(m, &r);
}

/* RFC 9776 7.1: the version of a query is its length and its code. */
static void
queries(void **state)
{
	struct edged_gmp m;
	struct paddr a;

	(void)state;
	assert_int_equal(message(&m, QUERY1), EDGED_GMP_OK);
	assert_int_equal(m.kind, EDGED_GMP_QUERY);
	assert_int_equal(m.version, EDGED_GMP_V1);
	assert_int_equal(m.response, 10000);
	assert_true(edged_addr_zero(&m.group));

	assert_int_equal(message(&m, QUERY2), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V2);
	assert_int_equal(m.response, 10000);
	assert_int_equal(m.robustness, 0);

	assert_int_equal(message(&m, QUERY2_G), EDGED_GMP_OK);
	assert_int_equal(m.response, 1000);
	assert_int_equal(m.group.a[0], 239);

	assert_int_equal(message(&m, QUERY3), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V3);
	assert_int_equal(m.robustness, 2);
	assert_int_equal(m.interval, 125);
	assert_false(m.suppress);

	assert_int_equal(message(&m, QUERY3_GS), EDGED_GMP_OK);
	assert_int_equal(m.nsources, 2);
	assert_true(edged_gmp_source(&m.sources, 4, &a));
	assert_true(edged_gmp_source(&m.sources, 4, &a));
	assert_memory_equal(a.a, "\x0a\x02\x00\x02", 4);
	assert_false(edged_gmp_source(&m.sources, 4, &a));

	assert_int_equal(message(&m, QUERY3_G), EDGED_GMP_OK);
	assert_true(m.suppress);
}

static void
reports(void **state)
{
	struct edged_gmp_record r;
	struct edged_gmp m;
	struct paddr a;

	(void)state;
	/* RFC 1112 appendix I: no Router Alert */
	assert_int_equal(message(&m, REPORT1), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V1);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_IS_EX);
	assert_int_equal(r.nsources, 0);
	assert_true(no_more(&m));

	/* RFC 9776 7.3.2: as IS_EX({}) and TO_IN({}) */
	assert_int_equal(message(&m, REPORT2), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V2);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_IS_EX);
	assert_memory_equal(r.group.a, "\xef\x01\x01\x01", 4);
	assert_int_equal(message(&m, LEAVE2), EDGED_GMP_OK);
	assert_int_equal(m.kind, EDGED_GMP_LEAVE);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_TO_IN);
	assert_false(edged_gmp_source(&r.sources, 4, &a));
	assert_true(no_more(&m));

	/* RFC 9776 4.2.11: auxiliary data is passed over */
	assert_int_equal(message(&m, REPORT3), EDGED_GMP_OK);
	assert_int_equal(m.version, EDGED_GMP_V3);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_BLOCK);
	assert_int_equal(r.nsources, 1);
	assert_true(edged_gmp_source(&r.sources, 4, &a));
	assert_memory_equal(a.a, "\x0a\x02\x00\x01", 4);
	assert_false(edged_gmp_source(&r.sources, 4, &a));
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_TO_EX);
	assert_memory_equal(r.group.a, "\xef\x01\x01\x02", 4);
	assert_true(no_more(&m));
}

/* RFC 9776 4.2.12: an unknown type is passed over, what follows counts. */
static void
unknown_records(void **state)
{
	struct host_packet h;
	struct edged_gmp_record r;
	struct edged_gmp m;

	(void)state;
	host_igmp(&h, "10.1.7.2", "224.0.0.22",
	    "22000000 00000004 07000001 ef010101 0a020001"
	    "00000000 ef010101 04000000 0a010102 05000000 ef010103");
	assert_int_equal(packet(&m, &h), EDGED_GMP_OK);
	assert_true(edged_gmp_next(&m, &r));
	assert_int_equal(r.type, EDGED_GMP_ALLOW);
	assert_int_equal(r.group.a[3], 3);
	assert_true(no_more(&m));
}

static void
each_drop(void **state)
{
	struct host_packet h;
	struct edged_gmp m;

	(void)state;
	/* RFC 9776 4: TTL 1 */
	host_igmp(&h, "10.1.7.2", "224.0.0.22", "22000000 00000000");
	h.p[8] = 2;
	host_sum4(h.p, 24);
	assert_int_equal(packet(&m, &h), EDGED_GMP_DROP_TTL);
	/* RFC 9776 9.2, RFC 2236 2: without the option it may be forged from
	 * afar; here the option is two No Operations */
	host_igmp(&h, "10.1.7.2", "224.0.0.22", "22000000 00000000");
	memset(h.p + 20, 1, 4);
	host_sum4(h.p, 24);
	assert_int_equal(packet(&m, &h), EDGED_GMP_DROP_ALERT);
	/* RFC 9776 4.2.13: from another network; from nowhere yet */
	host_igmp(&h, "10.1.8.2", "224.0.0.22", "22000000 00000000");
	assert_int_equal(packet(&m, &h), EDGED_GMP_DROP_SOURCE);
	host_igmp(&h, "0.0.0.0", "224.0.0.22", "22000000 00000000");
	assert_int_equal(packet(&m, &h), EDGED_GMP_OK);
	/* one bit */
	h.p[h.len - 1] ^= 1;
	assert_int_equal(packet(&m, &h), EDGED_GMP_DROP_CHECKSUM);
	host_igmp(&h, "10.1.7.2", "224.0.0.22", "22000000 00000000");
	h.p[6] = 0x20;
	host_sum4(h.p, 24);
	assert_int_equal(packet(&m, &h), EDGED_GMP_DROP_FRAGMENT);

	/* RFC 9776 7.1: neither 8 nor at least 12 octets */
	assert_int_equal(body("11640000 00000000 02"), EDGED_GMP_DROP_LENGTH);
	assert_int_equal(
	    body("11640000 00000000 027d00"), EDGED_GMP_DROP_LENGTH);
	assert_int_equal(body("11640000 0a010101"), EDGED_GMP_DROP_GROUP);
	assert_int_equal(body("16000000 0a010101"), EDGED_GMP_DROP_GROUP);
	assert_int_equal(body("13000000 00000000"), EDGED_GMP_DROP_TYPE);
	assert_int_equal(body("220000000000"), EDGED_GMP_DROP_TRUNCATED);
	/* more sources and records than there are */
	assert_int_equal(body("11640000 ef010101 027d0002 0a020001"),
	    EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(body("22000000 00000001"), EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(body("22000000 0000ffff 04000000 ef010102"),
	    EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(body("22000000 00000001 0400ffff ef010102"),
	    EDGED_GMP_DROP_TRUNCATED);
	assert_int_equal(body("22000000 00000001 04ff0000 ef010102"),
	    EDGED_GMP_DROP_TRUNCATED);
	/* RFC 9776 4.2.10: what follows is for a later version */
	assert_int_equal(
	    body("22000000 00000001 04000000 ef010102 00"), EDGED_GMP_OK);
	assert_string_equal(
	    edged_gmp_drop_name(EDGED_GMP_DROP_ALERT), "no-router-alert");
}

/* Nothing of a report counts if its end is missing. */
static void
cut_anywhere(void **state)
{
	struct host_packet h;
	struct edged_gmp m;
	uint8_t *cut;
	struct edged_ip ip;
	size_t n, whole;

	(void)state;
	host_igmp(&h, "10.1.7.2", "224.0.0.22",
	    "22000000 00000002 06010001 ef010101 0a020001 deadbeef"
	    "04000000 ef010102");
	whole = h.len;
	for (n = 24; n < whole; n++) {
		h.len = n;
		h.p[3] = (uint8_t)n;
		host_sum4(h.p, 24);
		if (n >= 28)
			host_sum_upper(&h, 2);
		cut = clone(h.p, n);
		assert_int_equal(edged_ip_read(&ip, cut, n), EDGED_IP_OK);
		assert_int_equal(edged_igmp_read(&m, &ip, nets, 1),
		    EDGED_GMP_DROP_TRUNCATED);
		free(cut);
	}
}

/* RFC 9776 4.1.1: (mant | 0x10) << (exp + 3); RFC 9777 5.1.3 of 16 bits. */
static void
exponents(void **state)
{
	static const uint8_t codes[] = { 0, 127, 0x80, 0x8f, 0x90, 0xff };
	static const uint32_t values[] = { 0, 127, 128, 248, 256, 31744 };
	static const uint16_t codes16[] = { 0, 0x7fff, 0x8000, 0x8fff, 0x9000,
		0xffff };
	static const uint32_t values16[] = { 0, 32767, 32768, 65528, 65536,
		8387584 };
	uint32_t v;
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		assert_int_equal(edged_gmp_decode8(codes[i]), values[i]);
		assert_int_equal(edged_gmp_encode8(values[i]), codes[i]);
		assert_int_equal(edged_gmp_decode16(codes16[i]), values16[i]);
		assert_int_equal(edged_gmp_encode16(values16[i]), codes16[i]);
	}
	for (i = 0; i < 256; i++)
		assert_int_equal(
		    edged_gmp_encode8(edged_gmp_decode8((uint8_t)i)), i);
	/* rounded down, so that nobody is given up too early; and the end */
	for (v = 0; v < 40000; v++)
		assert_true(edged_gmp_decode8(edged_gmp_encode8(v)) <= v);
	assert_int_equal(edged_gmp_encode8(0xffffffff), 0xff);
	assert_int_equal(edged_gmp_encode16(0xffffffff), 0xffff);
}

static void
written(const struct edged_gmp_query *q, const char *hex)
{
	uint8_t buf[EDGED_GMP_QUERY_MAX], *want;
	size_t len, n;

	want = unhex(hex, &len);
	assert_int_equal(edged_igmp_query(q, buf, sizeof(buf)), len);
	assert_memory_equal(buf, want, len);
	for (n = 0; n < len; n++)
		assert_int_equal(edged_igmp_query(q, buf, n), 0);
	free(want);
}

/* RFC 9776 4.1 and 4.1.12, RFC 2236 2, RFC 1112 appendix I */
static void
queries_are_written(void **state)
{
	static const struct paddr sources[] = { { 4, { 10, 2, 0, 1 } },
		{ 4, { 10, 2, 0, 2 } } };
	struct edged_gmp_query q = { .version = EDGED_GMP_V3,
		.src = { 4, { 10, 1, 7, 254 } },
		.group = { .len = 4 },
		.response = 10000,
		.robustness = 2,
		.interval = 125 };
	uint8_t buf[100];

	(void)state;
	written(&q, QUERY3);
	q.version = EDGED_GMP_V2;
	written(&q, QUERY2);
	q.group = (struct paddr){ 4, { 239, 1, 1, 1 } };
	q.response = 1000;
	written(&q, QUERY2_G);
	q.version = EDGED_GMP_V3;
	q.suppress = true;
	written(&q, QUERY3_G);
	q.suppress = false;
	q.sources = sources;
	q.nsources = 2;
	written(&q, QUERY3_GS);
	/* what older versions can't say */
	q.version = EDGED_GMP_V2;
	assert_int_equal(edged_igmp_query(&q, buf, sizeof(buf)), 0);
	q.nsources = 0;
	q.version = EDGED_GMP_V1;
	assert_int_equal(edged_igmp_query(&q, buf, sizeof(buf)), 0);
	/* RFC 1112: code 0; ours has the option that it does not know */
	q.group = (struct paddr){ .len = 4 };
	assert_int_equal(edged_igmp_query(&q, buf, sizeof(buf)), 32);
	assert_int_equal(buf[25], 0);
}

/* RFC 9776 4.1.6: above 7 it is 0; a code is never 0 but for version 1 */
static void
limits_of_a_query(void **state)
{
	struct edged_gmp_query q = { .version = EDGED_GMP_V3,
		.src = { 4, { 10, 1, 7, 254 } },
		.group = { .len = 4 },
		.response = 50,
		.robustness = 8,
		.interval = 40000 };
	uint8_t buf[100];

	(void)state;
	assert_int_equal(edged_igmp_query(&q, buf, sizeof(buf)), 36);
	assert_int_equal(buf[25], 1);
	assert_int_equal(buf[32], 0);
	assert_int_equal(buf[33], 0xff);
	q.version = EDGED_GMP_V2;
	q.response = 30000;
	assert_int_equal(edged_igmp_query(&q, buf, sizeof(buf)), 32);
	assert_int_equal(buf[25], 255);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(queries),
		cmocka_unit_test(reports), cmocka_unit_test(unknown_records),
		cmocka_unit_test(each_drop), cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(exponents),
		cmocka_unit_test(queries_are_written),
		cmocka_unit_test(limits_of_a_query) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(kept);
	return failed;
}
