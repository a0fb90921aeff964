/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The messages of ipc.h between marsd and scspd, octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipc.h"
#include "replica.h"

#define OID	0xc0, 0x00, 0x02, 0x01
static const uint32_t keys[] = { 1, 0xfffffffe };

static const struct replica_msg full = {
	.sgid = 0x1234,
	.oid = { OID },
	.key = 0x01020304,
	.seq = -2147483647,		/* 0x80000001, the first (B.2.0.2) */
	.how = CSA_HOW_ALIGNED,
	.when = 0x0102030405060708,
	.aligned = true,
	.keys = keys,
	.nkeys = 2,
	.data = (const uint8_t *)"abc",
	.len = 3,
};

#define SGID	0x12, 0x34
#define KEY	0x01, 0x02, 0x03, 0x04
#define SEQ	0x80, 0x00, 0x00, 0x01
#define WHEN	1, 2, 3, 4, 5, 6, 7, 8
#define KEYS	0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xfe

static const struct {
	uint32_t	type;
	bool		marsd;
	size_t		len;
	uint8_t		octets[32];
} wire[] = {
	{ IMSG_CSA_PUBLISH, true, 9, { SGID, KEY, 'a', 'b', 'c' } },
	{ IMSG_CSA_HIDE, true, 18, { SGID, OID, KEYS } },
	{ IMSG_CSA_REVIVE, true, 18, { SGID, OID, KEYS } },
	{ IMSG_CSA_ERASE, true, 18, { SGID, OID, KEYS } },
	{ IMSG_CSA_REALIGN, true, 2, { SGID } },
	{ IMSG_CSA_UPDATE, false, 26, { SGID, OID, KEY, SEQ, 2, WHEN, 'a',
	    'b', 'c' } },
	{ IMSG_CSA_OWN, false, 13, { SGID, KEY, SEQ, 'a', 'b', 'c' } },
	{ IMSG_CSA_GONE, false, 10, { SGID, OID, KEY } },
	{ IMSG_CSA_NEIGHBOR, false, 7, { SGID, OID, 1 } },
};
#define N	(sizeof(wire) / sizeof(wire[0]))

static void
encodes(void **unused)
{
	uint8_t buf[64];
	struct wr w;
	size_t i;

	(void)unused;
	for (i = 0; i < N; i++) {
		wr_init(&w, buf, sizeof(buf));
		replica_encode(&w, wire[i].type, &full);
		assert_false(wr_failed(&w));
		assert_int_equal(w.len, wire[i].len);
		assert_memory_equal(buf, wire[i].octets, w.len);
		/* one octet too few */
		wr_init(&w, buf, wire[i].len - 1);
		replica_encode(&w, wire[i].type, &full);
		assert_true(wr_failed(&w));
	}
}

static bool
decode(struct replica_msg *m, uint32_t type, const uint8_t *p, size_t len)
{
	struct rd r;

	rd_init(&r, p, len);
	return replica_decode(m, type, &r);
}

static void
decodes(void **unused)
{
	struct replica_msg m;
	size_t i;

	(void)unused;
	for (i = 0; i < N; i++) {
		assert_true(
		    decode(&m, wire[i].type, wire[i].octets, wire[i].len));
		assert_int_equal(m.sgid, 0x1234);
		assert_true(replica_from(wire[i].type, wire[i].marsd));
		assert_false(replica_from(wire[i].type, !wire[i].marsd));
	}
	assert_true(decode(&m, IMSG_CSA_UPDATE, wire[5].octets, 26));
	assert_memory_equal(m.oid, full.oid, 4);
	assert_int_equal(m.key, 0x01020304);
	assert_int_equal(m.seq, -2147483647);
	assert_int_equal(m.how, CSA_HOW_ALIGNED);
	assert_int_equal(m.len, 3);
	assert_memory_equal(m.data, "abc", 3);
	assert_true(decode(&m, IMSG_CSA_ERASE, wire[3].octets, 18));
	assert_int_equal(m.nkeys, 2);
	assert_int_equal(replica_key(&m, 0), 1);
	assert_int_equal(replica_key(&m, 1), 0xfffffffe);
	assert_true(decode(&m, IMSG_CSA_NEIGHBOR, wire[8].octets, 7));
	assert_true(m.aligned);
}

/* Too short by any number of octets, too long by one where there is no rest. */
static void
lengths(void **unused)
{
	struct replica_msg m;
	size_t i, len;
	bool rest;

	(void)unused;
	for (i = 0; i < N; i++) {
		rest = wire[i].octets[wire[i].len - 1] == 'c';
		for (len = 0; len < wire[i].len - (rest ? 3 : 0); len++)
			assert_false(
			    decode(&m, wire[i].type, wire[i].octets, len));
		if (!rest)
			assert_false(decode(
			    &m, wire[i].type, wire[i].octets, wire[i].len + 1));
	}
}

static void
bad_values(void **unused)
{
	const uint8_t how[] = { SGID, OID, KEY, SEQ, 3, WHEN };
	const uint8_t aligned[] = { SGID, OID, 2 };
	const uint8_t many[] = { SGID, OID, 0x40, 0, 0, 1, 0, 0, 0, 1 };
	struct replica_msg m;

	(void)unused;
	assert_false(decode(&m, IMSG_CSA_UPDATE, how, sizeof(how)));
	assert_false(decode(&m, IMSG_CSA_NEIGHBOR, aligned, sizeof(aligned)));
	assert_false(decode(&m, IMSG_CSA_HIDE, many, sizeof(many)));
	assert_int_equal(m.nkeys, 0);
	assert_false(decode(&m, IMSG_SETUP, how, sizeof(how)));
	assert_false(replica_from(IMSG_SETUP, true));
	assert_false(replica_from(IMSG_SETUP, false));
}

/* Many side by side are the same ones again, and what doesn't fit is whole. */
static void
many_in_one(void **unused)
{
	uint8_t buf[200];
	struct replica_msg m;
	uint32_t type;
	struct rd r;
	struct wr w;
	size_t i, n = 0, len;

	(void)unused;
	wr_init(&w, buf, sizeof(buf));
	while (replica_put(&w, wire[n % N].type, &full))
		n++;
	assert_false(wr_failed(&w));
	assert_true(n > 3 && w.len <= sizeof(buf));
	rd_init(&r, buf, w.len);
	for (i = 0; i < n; i++) {
		len = r.left;
		assert_true(replica_next(&m, &type, &r));
		assert_int_equal(type, wire[i % N].type);
		assert_int_equal(len - r.left, wire[i % N].len + 4);
		assert_int_equal(m.sgid, full.sgid);
	}
	assert_true(rd_done(&r));
	/* each octet that is missing is missed */
	for (len = 1; len < wire[0].len + 4; len++) {
		rd_init(&r, buf, len);
		if (replica_next(&m, &type, &r))
			fail();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes),
		cmocka_unit_test(decodes),
		cmocka_unit_test(lengths),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(many_in_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
