/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* the other reading, by configuration. */
static void
the_csn_may_count_before(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	uint32_t csn;

	(void)state;
	net_cluster_conf(net, 0)->csn_before = true;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	csn = net_number(net, 0, CCVC);
	net_join(v, 4, 0, G(1), G(1));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 4)), csn + 1);
	net_clear(net);
	net_join(v, 4, 0, G(1), G(1));
	assert_int_equal(MSN(net_only(net, 0, PRIV, 4)), csn + 1);
	net_end(net, v, NULL);
}

/* R2022-5.1.4.2-04, R2022-6.1.4-04: from 0xffffffff to 0. */
static void
the_csn_wraps_to_0(void **state)
{
	struct net *net = net_new();
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_set_numbers(net, 0, 0, 0xffffffff, 0);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(1), G(1));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 4)), 0xffffffff);
	assert_int_equal(MSN(net_only(net, 0, PRIV, 4)), 0);
	net_end(net, v, NULL);
}

/* more holes than one message has room for. */
static void
many_holes_go_in_several_messages(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	size_t i, pairs = 0;
	uint32_t last = 0;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 1500; i++)
		net_join(v, 4, 0, G(2 * i + 1), G(2 * i + 1));
	net_clear(net);
	net_join(v, 4, 0, G(0), G(3000));
	assert_int_equal(net_count(net, 0, CCVC, 4), 2);
	for (i = 0; i < net->nsent; i++) {
		const struct sent *t = &net->sent[i];

		if (!t->control)
			continue;
		assert_true(t->len <= 9188);
		assert_int_equal(FLAGS(t), 0x5000);
		assert_true(g32(t, list_at(t)) >= last);
		last = g32(t, list_at(t) + 8 * PNUM(t) - 4);
		pairs += PNUM(t);
	}
	assert_int_equal(pairs, 1501);
	net_end(net, v, NULL);
}

/* what a client adds to its message stays in what goes out. */
static void
tlvs_stay_in_what_goes_out(void **state)
{
	static const uint8_t tlv[] = { 0x38, 0x01, 0x00, 0x04, 1, 2, 3, 4, 0, 0,
		0, 0 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(2), G(2));
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(4));
	b.p[OFF(15)] = 60; /* extoff */
	bn(&b, tlv, sizeof(tlv));
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(PNUM(t), 2);
	assert_int_equal(g16(t, 14), 68);
	assert_memory_equal(t->p + OFF(68), tlv, sizeof(tlv));
	net_end(net, v, NULL);
}

/* the same, with more behind the pair */
static void
join_with(struct buf *b, struct atm_addr src, uint32_t min, uint32_t max,
    size_t value)
{
	b_join(b, 4, 0, src, 1, min, max);
	b->p[OFF(15)] = 60; /* mar$extoff */
	b16(b, 0x3801);
	b16(b, (unsigned)value);
	memset(b->p + b->len, 0x33, value);
	b->len += value;
	b32(b, 0); /* the Null TLV */
}

/*
 * a message that TLVs fill to the last of 9180 octets goes out
 * all the same, and one with holes in as many copies as it has pairs.
 */
static void
tlvs_may_fill_the_message(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	join_with(&b, HOST(1), G(1), G(4), 9180 - 60 - 8);
	assert_int_equal(b.len, 9188);
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(t->len, 9188);
	assert_int_equal(PNUM(t), 1);
	assert_int_equal(g32(t, 52), G(1));
	assert_int_equal(g32(t, 56), G(4));
	net_join(v, 4, 0, G(12), G(12));
	net_join(v, 4, 0, G(14), G(14));
	net_clear(net);
	join_with(&b, HOST(1), G(11), G(15), 9180 - 60 - 8);
	net_put(v, &b);
	assert_int_equal(net_count(net, 0, PRIV, 4), 1);
	assert_int_equal(net_count(net, 0, CCVC, 4), 3);
	for (i = 0; i < 3; i++) {
		t = &net->sent[1 + i];
		assert_int_equal(FLAGS(t), 0x5000);
		assert_int_equal(PNUM(t), 1);
		assert_int_equal(g32(t, 52), G(11 + 2 * i));
		assert_int_equal(g32(t, 56), G(11 + 2 * i));
	}
	net_end(net, v, NULL);
}

/*
 * A member that takes little at a time hides no join from all others: where a
 * message is too long for it with its TLVs, it goes without them.
 */
static void
tlvs_that_do_not_fit_are_left_out(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net->sdu_max = 536;
	join_with(&b, HOST(1), G(1), G(4), 536 - 8 - 60 - 8);
	net_put(v, &b);
	assert_int_equal(net_only(net, 0, CCVC, 4)->len, 536);
	net_clear(net);
	join_with(&b, HOST(1), G(11), G(14), 536 - 8 - 60 - 4);
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(t->len, OFF(60));
	assert_int_equal(g16(t, 14), 0); /* mar$extoff */
	assert_int_equal(g32(t, 52), G(11));
	assert_int_equal(g32(t, 56), G(14));
	net_end(net, v, NULL);
}

/*
 * R2022-5.1.4.2-02, -03, R2022-6.1.4-01, -03, A-107: one transmission and one
 * number, whatever the number of leaves; private messages and what is
 * dropped cost none; the next on ClusterControlVC has the next.
 */
static void
one_transmission_costs_one_number(void **state)
{
	struct net *net = net_new();
	struct nvc *v[5];
	uint32_t csn, i;

	(void)state;
	net_start(net, 0);
	for (i = 0; i < 5; i++)
		v[i] = net_client(net, 0, 1 + (int)i);
	csn = net_number(net, 0, CCVC);
	net_join(v[0], 4, 0, G(1), G(1));
	assert_int_equal(net->nsent, 1); /* not one for each leaf */
	for (i = 0; i < 5; i++) {
		net_request(v[i], G(1)); /* MARS_MULTI */
		net_request(v[i], G(2)); /* MARS_NAK */
		net_join(v[0], 4, 0, G(1), G(1));
		net_join(v[i], 4, 0x2000, 0, 0);
		net_join(v[i], 4, 0x4000, G(7), G(7));
	}
	net_clear(net);
	net_join(v[1], 4, 0, G(1), G(1));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 4)), csn + 1);
	net_clear(net);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 12)), csn + 2);
	for (i = 0; i < 5; i++)
		net_hangup(v[i]);
	net_free(net);
}

/*
 * R2022-5.1.4.2-01, -08: it starts anywhere, differently for each control
 * VC, and stands in the first message; a number of 32 bits.
 */
static void
the_csn_starts_anywhere(void **state)
{
	struct net *net = net_new();
	uint32_t csn[2];
	struct nvc *v;
	int i;

	(void)state;
	net->random = 0x80000000;
	for (i = 0; i < 2; i++) {
		net_start(net, i);
		v = net_call(net, i, HOST(1));
		net_join(v, 4, 0x2000, 0, 0);
		csn[i] = MSN(net_only(net, i, PRIV, 4));
		assert_int_equal(csn[i], net_number(net, i, CCVC));
		assert_int_not_equal(csn[i], net_number(net, i, SCVC));
		net_hangup(v);
	}
	assert_int_not_equal(csn[0], csn[1]);
	assert_true(csn[0] > 0xffff || csn[1] > 0xffff);
	net_free(net);
}

/*
 * R2022-6.2.5-01, -02, -05, R2022-6.3-01: SSN and CSN go up each with its
 * own control VC, one for each transmission whatever the number of leaves;
 * every private message to an MCS carries the SSN.
 */
static void
the_ssn_counts_its_own_control_vc(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *m, *n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	n = net_mcs(net, 0, 8);
	net_set_numbers(net, 0, 0, 1000, 0xfffffffe);
	net_join(v, 4, 0, G(1), G(1)); /* CCVC alone */
	assert_int_equal(net_number(net, 0, CCVC), 1001);
	assert_int_equal(net_number(net, 0, SCVC), 0xfffffffe);
	net_join(m, 3, 0, G(5), G(5)); /* SCVC alone: nobody in it */
	assert_int_equal(net_number(net, 0, CCVC), 1001);
	assert_int_equal(net_number(net, 0, SCVC), 0xffffffff);
	net_clear(net);
	net_join(m, 3, 0, G(5), G(5));
	net_join(m, 3, 0x2000, 0, 0);
	net_request(m, G(5)); /* MARS_NAK: no number */
	assert_int_equal(MSN(&net->sent[0]), 0xffffffff);
	assert_int_equal(MSN(&net->sent[1]), 0xffffffff);
	net_clear(net);
	net_join(v, 4, 0, G(5), G(5)); /* MARS_SJOIN, both MCSs */
	assert_int_equal(MSN(net_only(net, 0, SCVC, 8)), 0xffffffff);
	assert_int_equal(MSN(net_only(net, 0, PRIV, 4)), 1001);
	assert_int_equal(net->nsent, 2);
	assert_int_equal(net_number(net, 0, SCVC), 0); /* it wraps */
	net_clear(net);
	net_request(m, G(5));
	assert_int_equal(MSN(net_only(net, 0, PRIV, 2)), 0);
	net_end(net, n, m, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_csn_may_count_before),
		cmocka_unit_test(the_csn_wraps_to_0),
		cmocka_unit_test(many_holes_go_in_several_messages),
		cmocka_unit_test(tlvs_stay_in_what_goes_out),
		cmocka_unit_test(tlvs_may_fill_the_message),
		cmocka_unit_test(tlvs_that_do_not_fit_are_left_out),
		cmocka_unit_test(the_csn_starts_anywhere),
		cmocka_unit_test(one_transmission_costs_one_number),
		cmocka_unit_test(the_ssn_counts_its_own_control_vc),
	};

	return cmocka_run_group_tests_name("send", tests, NULL, NULL);
}
