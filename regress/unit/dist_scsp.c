/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/*
 * The values that RFC 2443 section 4 gives to SCSP, in every packet of whole
 * servers from their first Hello to an update.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

struct seen {
	uint32_t	 packets[6];	/* by type; 0: all */
	uint32_t	 extended;	/* with extensions */
	uint32_t	 records, bare;	/* CSAS records, CAs with none */
	uint32_t	 hello[2];	/* with no receiver, with one */
	bool		 clear;		/* the record's text was there */
};

static unsigned
at16(const uint8_t *p, size_t off)
{
	return (unsigned)(p[off] << 8 | p[off + 1]);
}

/*
 * One packet.  RFC 2334 B.1: a fixed part of 8 octets; then, but for a
 * CSU message, 4 or 8 octets, and the mandatory common part: protocol ID,
 * SGID, unused, flags, ID lengths, number of records, IDs.
 */
static bool
look(struct net *n, int from, int to, const uint8_t *sdu, size_t len)
{
	static const size_t common[6] = { 0, 12, 8, 8, 8, 16 };
	struct seen *s = n->taparg;
	const uint8_t *p = sdu + 8; /* behind LLC/SNAP */
	unsigned type = p[1], size = at16(p, 2), ext = at16(p, 6), records;
	size_t at, end;

	(void)to;
	assert_in_range(type, 1, 5);
	assert_int_equal(size, len - 8);
	s->packets[type]++;
	s->packets[0]++;
	s->extended += ext != 0;
	at = common[type];
	end = ext == 0 ? size : ext;
	/* R2334-B-03: what is unused; and the flags, but for M, I and O */
	assert_int_equal(type == 5 ? at16(p, 12) : 0, 0);
	assert_int_equal(at16(p, at + 4), 0);
	assert_int_equal(at16(p, at + 6) & (type == 1 ? 0x1fff : 0xffff), 0);
	assert_int_equal(at16(p, at), 0x0003); /* protocol ID */
	assert_int_equal(at16(p, at + 2), NET_SGID);
	assert_int_equal(p[at + 8], 4); /* sender ID length */
	assert_int_equal(p[at + 12 + 3], from + 1); /* 10.0.0.x */
	records = at16(p, at + 10);
	if (type == 5 && p[at + 9] == 0) { /* */
		assert_int_equal(end, 32);
		s->hello[0]++;
		return false;
	}
	assert_int_equal(p[at + 9], 4); /* receiver ID */
	if (type == 5) {
		assert_int_equal(end, 36 + 5 * records);
		s->hello[1]++;
		return false;
	}
	at += 20; /* the common part: 12, and two IDs of 4 */
	if (records == 0) {
		assert_int_equal(at, type == 1 ? 32 : 28);
		assert_int_equal(end, at);
		s->bare++;
	}
	for (; records > 0; records--, s->records++) {
		assert_true(at + 20 <= end);
		assert_int_equal(p[at + 4], 4); /* cache key length */
		assert_int_equal(p[at + 5], 4); /* OID length */
		/* N (R2334-B.2.0.2-10): none of ours was asked for in vain */
		assert_int_equal(at16(p, at + 6), 0);
		if (type != 2) /* CSAS alone: 20 */
			assert_int_equal(at16(p, at + 2), 20);
		else if (at16(p, at + 2) == 20 + 7)
			s->clear =
			    s->clear || memcmp(p + at + 20, "Jsecret", 7) == 0;
		at += at16(p, at + 2);
	}
	assert_int_equal(at, end);
	return false;
}

static void
run(struct net *n, struct seen *s)
{
	memset(s, 0, sizeof(*s));
	n->tap = look;
	n->taparg = s;
	net_start(n);
	node_publish(&n->node[0], 1, "secret");
	node_publish(&n->node[1], 2, "x");
	assert_true(net_settle(n, 3000));
	/* one that has forgotten everything asks for it */
	node_stop(&n->node[1]);
	node_start(&n->node[1]);
	assert_true(net_settle(n, 20000));
	node_publish(&n->node[0], 3, "later");
	assert_true(net_settle(n, 3000));
}

/*
 * R2443-2-02, R2443-4.1-01, -02, R2443-4.2-01, R2443-6-01: without keys.
 */
static void
values(void **state)
{
	struct net *n = net_line(1, 2, false);
	struct seen s;
	int i;

	(void)state;
	run(n, &s);
	for (i = 0; i <= 5; i++)
		assert_int_not_equal(s.packets[i], 0);
	assert_int_not_equal(s.hello[0], 0);
	assert_int_not_equal(s.hello[1], 0);
	assert_int_not_equal(s.bare, 0);
	assert_in_range(s.records, 6, 1000);
	assert_true(s.clear);
	net_free(n);
}

/*
 * R2443-6-01: with keys every packet has extensions, among them the
 * authentication, and the record is as readable as before.
 */
static void
readable(void **state)
{
	struct net *n = net_line(2, 2, false);
	struct conf_neighbor *cn;
	struct seen s;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		node_key(&n->node[i], 257, CONF_HMAC_SHA256, "key", 0, 0);
		cn = TAILQ_FIRST(
		    &TAILQ_FIRST(&n->node[i].conf->clusters)->neighbors);
		cn->auth = true;
		cn->spis[0] = 257;
		cn->nspis = 1;
	}
	run(n, &s);
	assert_int_equal(s.extended, s.packets[0]);
	assert_true(s.clear);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(readable),
	};

	return cmocka_run_group_tests_name("dist_scsp", tests, NULL, NULL);
}
