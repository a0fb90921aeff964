/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* How many messages the codec refused for this. */
static uint64_t
bad(struct net *net, enum mars_drop d)
{
	static const char *const counters[MARS_DROP_MAX] = {
#define X(sym, name, text) [sym] = "dropped-" name,
		MARS_DROPS(X)
#undef X
	};

	return net_counter(net, 0, counters[d]);
}

/*
 * R2022-4.3.5-03, R2022-6-03, -05, -06, A-101, A-104 to A-106: each fault
 * has its own counter and no answer; op.version 1 is NHRP's.
 */
static void
each_fault_has_a_counter(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf ok, b;
	unsigned op;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	b_join(&ok, 4, 0, HOST(1), 1, G(1), G(1));
	b = ok;
	b.len = 7;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_LLC), 1);
	b = ok;
	b.p[7] = 4;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CODEPOINT), 1);
	b = ok;
	b.len--;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_TRUNCATED), 1);
	b = ok;
	b.p[OFF(1)] = 1;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_AFN), 1);
	b = ok;
	b.p[OFF(16)] = 1;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_NHRP), 1);
	b.p[OFF(16)] = 2;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_VERSION), 1);
	b = ok;
	b.p[OFF(12)] = 0x12;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_CHECKSUM), 1);
	b = ok;
	b.p[OFF(2)] = 0x86;
	b.p[OFF(3)] = 0xdd;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PRO), 1);
	for (op = 0; op < 20; op++) {
		if (op == 1 || op == 3 || op == 4 || op == 5 || op == 7 ||
		    op == 10)
			continue;
		b = ok;
		b.p[OFF(17)] = (uint8_t)op;
		net_put(v, &b);
	}
	assert_true(
	    bad(net, MARS_DROP_OP) + net_dropped(net, 0, MARSD_DROP_OP) > 8);
	assert_int_equal(net->nsent, 0);
	net_put(v, &ok);
	assert_int_equal(net->nsent, 1);
	net_end(net, v, NULL);
}

/*
 * R2022-10.2-06 to -10, R2022-10.3-01, A-103: what is not recognised is
 * skipped, or ends it silently, or with a word to the operator.
 */
static void
unknown_tlvs_skip_drop_or_warn(void **state)
{
	static const struct {
		uint8_t type;
		bool taken;
		enum marsd_drop drop;
	} cases[] = {
		{ 0x38, true, MARSD_DROP_NONE },
		{ 0x78, false, MARSD_DROP_TLV },
		{ 0xb8, false, MARSD_DROP_TLV_ERROR },
		{ 0xf8, true, MARSD_DROP_NONE },
	};
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 4; i++) {
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		b.p[OFF(15)] = 60;
		b8(&b, cases[i].type);
		b8(&b, 1);
		b16(&b, 0);
		b32(&b, 0);
		net_put(v, &b);
		assert_int_equal(net->nsent, cases[i].taken);
		if (!cases[i].taken)
			assert_int_equal(net_dropped(net, 0, cases[i].drop), 1);
		net_clear(net);
	}
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 1);
	net_end(net, v, NULL);
}

/* nobody speaks for another, unless the configuration lets him. */
static void
nobody_speaks_for_another(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	struct buf b;

	(void)state;
	net_cluster_conf(net, 1)->strict_source = false;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	b_join(&b, 5, 0x2000, HOST(1), 0, 0, 0);
	net_put(w, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_SOURCE), 1);
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_hangup(w);
	w = net_call(net, 1, HOST(2));
	b_join(&b, 4, 0x2000, HOST(3), 0, 0, 0);
	net_put(w, &b);
	net_settle(net);
	(void)net_only(net, 1, PRIV, 4);
	net_end(net, w, v, NULL);
}

/* Who is not allowed is not even connected; nor is a leaf's call taken. */
static void
who_is_not_allowed_is_not_connected(void **state)
{
	struct net *net = net_new();
	struct conf_prefix *p = calloc(1, sizeof(*p));
	struct atm_addr in = HOST(1), out = SERVER(9);
	struct nvc *v;
	void *cookie;

	(void)state;
	assert_non_null(p);
	p->prefix.bits = 8;
	p->prefix.a[0] = 10;
	TAILQ_INSERT_TAIL(&net_cluster_conf(net, 0)->allow, p, entry);
	net_start(net, 0);
	assert_null(net_call(net, 0, out));
	v = net_call(net, 0, in);
	assert_non_null(v);
	assert_int_equal(marsd_vc_user.remote_call(
	    net->s[0].link.arg, &v->vc, &in, true, &cookie),
	    VC_CAUSE_REJECTED);
	net_end(net, v, NULL);
}

/*
 * R2022-4.1-09, R2022-4.2-04: a layer 3 packet of either encapsulation, and
 * an ATMARP message, on a client's circuit: nothing goes anywhere, and the
 * circuit is good for MARS messages as before.
 */
static void
nothing_is_forwarded(void **state)
{
	static const uint8_t heads[3][8] = {
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x01 },
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x04 },
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x08, 0x06 },
	};
	struct net *net = net_new();
	struct nvc *v, *w;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(w, 4, 0, G(1), G(1));
	net_clear(net);
	for (i = 0; i < 3; i++) {
		b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
		memcpy(b.p, heads[i], 8);
		net_put(v, &b);
		net_settle(net);
	}
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CODEPOINT), 3);
	assert_int_equal(net->nsent, 0);
	net_join(v, 4, 0, G(1), G(1));
	(void)net_only(net, 0, CCVC, 4);
	net_end(net, w, v, NULL);
}

/*
 * R2022-10.2-06 to -09, R2022-10.3-01, -02, R2022-D-02: the list decides
 * before any operation, of every operation and before the checks that depend
 * on it; the first that stops does, whatever follows it.
 */
static void
tlvs_decide_before_any_operation(void **state)
{
	static const unsigned ops[] = { 1, 3, 4, 5, 7, 10, 2 };
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;
	size_t i, n = 0;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 7; i++) {
		if (ops[i] <= 2) {
			b_request(&b, HOST(1), G(1));
			b.p[OFF(17)] = (uint8_t)ops[i];
			b.p[OFF(15)] = 56;
		} else {
			b_join(&b, ops[i], 0x4000, HOST(1), 1, G(1), G(1));
			b.p[OFF(15)] = 60;
		}
		/* one of Type.x 0 with 5 octets, one of 3, one of 1 */
		bn(&b,
		    "\x38\x01\x00\x05"
		    "abcde\0\0\0",
		    12);
		bn(&b, "\xf8\x02\x00\x00", 4);
		bn(&b, "\x78\x03\x00\x00", 4);
		bn(&b, "\xb8\x04\x00\x00", 4);
		b32(&b, 0);
		net_put(v, &b);
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV), ++n);
	}
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV_ERROR), 0);
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 0);
	assert_int_equal(net->nsent, 0);
	/* the Null TLV alone; and what is behind it doesn't count */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(15)] = 60;
	b32(&b, 0);
	bn(&b, "\x78\x03\x00\x00", 4);
	net_put(v, &b);
	(void)net_only(net, 0, CCVC, 4);
	net_end(net, v, NULL);
}

/*
 * empty source before anything else that is wrong, protocol before
 * TLVs, TLVs before the operation, that before the registration
 * (R2022-6-05, R2022-F-02).
 */
static void
checks_come_in_their_order(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 2, 0x4000, HOST(1), 1, G(1), G(1));
	b.p[OFF(17)] = 8; /* an MCS's, not ours */
	b.p[OFF(15)] = 60;
	bn(&b, "\xb8\x04\x00\x00\0\0\0\0", 8);
	b_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PRO), 1);
	b_pro(&b, 0x0800, NOSNAP);
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV_ERROR), 1);
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 1);
	b.p[OFF(60)] = 0x38;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_OP), 1);
	b.p[OFF(17)] = 4;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_COPY), 1);
	b.p[OFF(24)] = 0;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	/* no number, though a subaddress: R2022-6-06, R2022-4.3-02 */
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	b.p[OFF(18)] = 0;
	b.p[OFF(19)] = 20;
	b.p[OFF(12)] = 0x12; /* and a bad checksum */
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_NO_SOURCE), 1);
	assert_int_equal(bad(net, MARS_DROP_CHECKSUM), 0);
	assert_int_equal(net->nsent, 0);
	net_end(net, v, NULL);
}

/*
 * R2022-5.2.1-04, R2022-5.1.2-08, R2022-4.3.6-01, R2022-4.3.4-01, A-128:
 * what is reserved is ignored when it comes and zero when it goes.
 */
static void
reserved_bits_are_ignored_and_sent_as_0(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	b_join(&b, 4, 0x1f21, HOST(1), 1, G(1), G(1));
	memset(b.p + OFF(9), 0xff, 3); /* mar$hdrrsv */
	b.p[OFF(18)] |= 0x80;
	b.p[OFF(19)] = 0xc0; /* null, of E.164 */
	memset(b.p + OFF(26), 0xff, 6); /* cmi, msn */
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x4021);
	assert_memory_equal(t->p + OFF(9), "\0\0", 3);
	assert_int_equal(t->p[OFF(18)], 20);
	assert_int_equal(t->p[OFF(19)], 0);
	assert_int_equal(g16(t, 14), 0); /* no TLVs */
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, v, NULL);
}

/* JOINs of new groups until one is refused; how many were not. */
static int
join_until_congested(struct net *net, struct nvc *v, int first)
{
	uint64_t before = net_dropped(net, 0, MARSD_DROP_CONGESTED);
	int n = 0;

	for (;; n++) {
		net_join(v, 4, 0, G(first + n), G(first + n));
		if (net_dropped(net, 0, MARSD_DROP_CONGESTED) != before)
			return n;
	}
}

/*
 * Issue 16: while scspd does not follow a client changes its share and no
 * more, which is counted, and who comes after it changes as much; requests are
 * answered.
 */
static void
congestion_stops_who_causes_it(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_cluster_conf(net, 0)->rate_total = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, G(1), G(1));
	net->congested = true;
	assert_in_range(join_until_congested(net, v, 2), 8, 256);
	net_clear(net);
	net_join(v, 5, 0, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CONGESTED), 2);
	assert_int_equal(net_count(net, 0, CCVC, 5), 0);
	assert_true(net_finds(v, G(1), HOST(1)));
	assert_in_range(join_until_congested(net, w, 2), 8, 256);
	assert_true(net_finds(w, G(2), HOST(2)));
	/* to call once more is no way to more */
	net_hangup(v);
	v = net_call(net, 0, HOST(1));
	assert_int_equal(join_until_congested(net, v, 1000), 0);
	/* and then it is over */
	net->congested = false;
	net_join(v, 4, 0, G(1000), G(1000));
	assert_true(net_finds(v, G(1000), HOST(1)));
	net_end(net, v, w, NULL);
}

/*
 * Issue 16: the same holds of registrations, which do not count as changes.
 */
static void
congestion_leaves_registrations(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	int i;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_cluster_conf(net, 0)->rate_total = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	net->congested = true;
	(void)join_until_congested(net, v, 1);
	for (i = 0; i < 8; i++)
		net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CONGESTED), 1);
	for (; i < 4096; i++)
		net_join(v, 4, 0x2000, 0, 0);
	assert_in_range(net_dropped(net, 0, MARSD_DROP_CONGESTED), 2, 4096);
	/* who has registered is answered */
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 4, 0, G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(2)));
	net_end(net, v, w, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_has_a_counter),
		cmocka_unit_test(unknown_tlvs_skip_drop_or_warn),
		cmocka_unit_test(nobody_speaks_for_another),
		cmocka_unit_test(who_is_not_allowed_is_not_connected),
		cmocka_unit_test(nothing_is_forwarded),
		cmocka_unit_test(tlvs_decide_before_any_operation),
		cmocka_unit_test(checks_come_in_their_order),
		cmocka_unit_test(reserved_bits_are_ignored_and_sent_as_0),
		cmocka_unit_test(congestion_stops_who_causes_it),
		cmocka_unit_test(congestion_leaves_registrations),
	};

	return cmocka_run_group_tests_name("incoming", tests, NULL, NULL);
}
