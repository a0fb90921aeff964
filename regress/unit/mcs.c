/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/*
 * R2022-6.2.3-02, -05, R2022-4.1-07, R2022-6.2-04, R2022-6.2.5-02, A-118,
 * R2443-5.2-01, -07, A-19: registration as an MCS; the CMI is in the record.
 */
static void
an_mcs_registers_as_a_client_does(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *m;

	(void)state;
	net_start(net, 0);
	m = net_call(net, 0, HOST(9));
	net_join(m, 3, 0xa044, 0, 0);
	t = net_only(net, 0, PRIV, 3);
	assert_int_equal(FLAGS(t), 0x6044);
	assert_int_equal(CMI(t), 0);
	assert_int_equal(MSN(t), net_number(net, 0, SCVC));
	assert_int_equal(net_leaves(net, 0, SCVC), 1);
	assert_int_equal(net_leaves(net, 0, CCVC), 0);
	assert_int_equal(net->s[0].records->data[11], 2);
	assert_int_equal(net->s[0].records->data[12], 0x20);
	assert_int_equal(net->s[0].records->data[15], 1);
	net_clear(net);
	/* R2022-6.2.3-07, A-109: and out again, twice */
	net_join(m, 7, 0x2001, 0, 0);
	net_join(m, 7, 0x2002, 0, 0);
	assert_int_equal(net_count(net, 0, PRIV, 7), 2);
	assert_int_equal(net_leaves(net, 0, SCVC), 0);
	assert_int_equal(net->s[0].records->data[11], 5);
	net_end(net, m, NULL);
}

/*
 * R2022-6.2.2-04, -07 to -09, R2022-5.1.6-01, -02, -05, R2022-6.2.5-01: the
 * first MCS of a group with members brings a MARS_MIGRATE, and its MSERV is
 * repeated on ServerControlVC.
 */
static void
the_first_mcs_brings_a_migrate(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m;
	uint32_t csn, ssn;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(v, 4, 0, G(1), G(1));
	net_clear(net);
	csn = net_number(net, 0, CCVC);
	ssn = net_number(net, 0, SCVC);
	net_join(m, 3, 0x8005, G(1), G(1));
	t = net_only(net, 0, CCVC, 13);
	assert_int_equal(MSN(t), csn);
	assert_int_equal(TNUM(t), 1);
	assert_int_equal(g16(t, 26), 0); /* mar$resv */
	assert_memory_equal(t->p + OFF(32), SERVER(0).num, 20);
	assert_int_equal(g32(t, 52), G(1));
	assert_memory_equal(t->p + OFF(56), HOST(9).num, 20);
	assert_int_equal(t->len, OFF(76));
	t = net_only(net, 0, SCVC, 3);
	assert_int_equal(FLAGS(t), 0x4005);
	assert_int_equal(MSN(t), ssn);
	assert_int_equal(net->nsent, 2);
	assert_int_equal(net_number(net, 0, SCVC), ssn + 1);
	net_clear(net);
	/* R2022-6.2.2-15, -16: redundant */
	net_join(m, 3, 0x0006, G(1), G(1));
	t = net_only(net, 0, PRIV, 3);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(MSN(t), ssn + 1);
	net_clear(net);
	/* nobody in the group: no MIGRATE here */
	net_join(m, 3, 0, G(2), G(2));
	assert_int_equal(net->nsent, 1);
	(void)net_only(net, 0, SCVC, 3);
	net_end(net, m, v, NULL);
}

/* R2022-6.2.2-10, -11, R2022-6.2.3-10: a second MCS looks like a leaf. */
static void
a_second_mcs_looks_like_a_leaf(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m, *n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	n = net_mcs(net, 0, 8);
	net_join(v, 4, 0, G(1), G(1));
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	net_join(n, 3, 0x8007, G(1), G(1));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x4007);
	check_pairs(t, 1, G(1), G(1));
	assert_memory_equal(t->p + OFF(32), HOST(8).num, 20);
	assert_int_equal(net_count(net, 0, CCVC, 13), 0);
	net_clear(net);
	net_request(v, G(1));
	assert_int_equal(TNUM(net_only(net, 0, PRIV, 2)), 2);
	net_clear(net);
	/* R2022-6.2.2-12 to -14 */
	net_join(n, 7, 0x8008, G(1), G(1));
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x4008);
	t = net_only(net, 0, SCVC, 7);
	assert_int_equal(FLAGS(t), 0x4008);
	net_clear(net);
	net_join(n, 7, 0, G(1), G(1));
	(void)net_only(net, 0, PRIV, 7);
	assert_int_equal(net->nsent, 1);
	/* R2022-6.2.2-18: the last leaves: a mesh again */
	net_join(m, 7, 0, G(1), G(1));
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, n, m, v, NULL);
}

/* R2022-6.2.1-01 to -03, R2022-6.2.5-03, A-112, A-113: who gets which map. */
static void
each_role_gets_its_map(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m, *n, *x;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	n = net_mcs(net, 0, 8);
	x = net_call(net, 0, HOST(7));
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	net_request(m, G(1));
	(void)net_only(net, 0, PRIV, 6);
	assert_true(net_finds(v, G(1), HOST(9)));
	net_join(v, 4, 0, G(1), G(1));
	net_set_numbers(net, 0, 0, 1000, 2000);
	net_clear(net);
	net_request(m, G(1));
	t = net_only(net, 0, PRIV, 2);
	assert_int_equal(MSN(t), 2000);
	assert_memory_equal(t->p + OFF(list_at(t)), HOST(1).num, 20);
	net_clear(net);
	net_request(v, G(1));
	t = net_only(net, 0, PRIV, 2);
	assert_int_equal(MSN(t), 1000);
	assert_memory_equal(t->p + OFF(list_at(t)), HOST(9).num, 20);
	net_clear(net);
	net_request(n, G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_NOT_SERVING), 1);
	net_request(x, G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	assert_int_equal(net->nsent, 0);
	net_end(net, x, n, m, v, NULL);
}

/* R2022-6.2.4-01 to -06: single joins of an MCS supported group. */
static void
joins_of_a_served_group_go_to_the_mcs(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m;
	uint32_t ssn;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	ssn = net_number(net, 0, SCVC);
	net_join(v, 4, 0x9031, G(1), G(1)); /* punched: nobody's but ours */
	t = net_only(net, 0, SCVC, 8);
	assert_int_equal(FLAGS(t), 0xc031); /* R2022-6.2.4-12 */
	assert_int_equal(MSN(t), ssn);
	check_pairs(t, 1, G(1), G(1));
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(FLAGS(t), 0xc031);
	assert_int_equal(net->nsent, 2);
	net_clear(net);
	net_join(v, 4, 0x8032, G(1), G(1));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0x9033, G(1), G(1));
	t = net_only(net, 0, SCVC, 9);
	assert_int_equal(FLAGS(t), 0xc033);
	check_pairs(t, 1, G(1), G(1));
	assert_int_equal(FLAGS(net_only(net, 0, PRIV, 5)), 0xc033);
	assert_int_equal(net->nsent, 2);
	net_clear(net);
	/* no member any more: the leave is no news */
	net_join(v, 5, 0, G(1), G(1));
	(void)net_only(net, 0, PRIV, 5);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 4, 0, G(2), G(2));
	(void)net_only(net, 0, CCVC, 4);
	assert_int_equal(net->nsent, 1);
	net_end(net, m, v, NULL);
}

/* R2022-6.2.4-07 to -11, A-115, A-116: blocks over MCS supported groups. */
static void
blocks_over_served_groups_are_split(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(5), G(5));
	net_join(v, 4, 0, G(7), G(7));
	net_clear(net);
	net_join(v, 4, 0x1010, G(1), G(9));
	t = net_only(net, 0, SCVC, 8);
	assert_int_equal(FLAGS(t), 0x5010);
	check_pairs(t, 2, G(1), G(6), G(8), G(9));
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(FLAGS(t), 0x4010);
	check_pairs(t, 1, G(1), G(9));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x5010);
	check_pairs(t, 3, G(1), G(4), G(6), G(6), G(8), G(9));
	assert_int_equal(net->nsent, 3);
	net_clear(net);
	net_join(v, 5, 0x1011, G(1), G(9));
	t = net_only(net, 0, SCVC, 9);
	assert_int_equal(FLAGS(t), 0x5011);
	check_pairs(t, 2, G(1), G(6), G(8), G(9));
	t = net_only(net, 0, PRIV, 5);
	assert_int_equal(FLAGS(t), 0x4011);
	check_pairs(t, 1, G(1), G(9));
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x5011);
	check_pairs(t, 3, G(1), G(4), G(6), G(6), G(8), G(9));
	assert_int_equal(net->nsent, 3);
	net_clear(net);
	/* nothing that an MCS serves: nothing for it */
	net_join(v, 4, 0, G(20), G(29));
	assert_int_equal(net->nsent, 1);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x4000);
	check_pairs(t, 1, G(20), G(29));
	net_clear(net);
	net_join(v, 5, 0, G(20), G(29));
	assert_int_equal(net->nsent, 1);
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x4000);
	check_pairs(t, 1, G(20), G(29));
	/* nothing but what it serves: nothing for the members */
	net_join(m, 3, 0, G(40), G(41));
	net_clear(net);
	net_join(v, 4, 0, G(40), G(41));
	t = net_only(net, 0, SCVC, 8);
	assert_int_equal(FLAGS(t), 0x4000);
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 2);
	net_end(net, m, v, NULL);
}

/*
 * R2022-7.1-05, A-45, R2443-5.5-01, -03, -08: an MCS that vanished: a
 * MARS_LEAVE for what it served, everywhere.
 */
static void
a_vanished_mcs_leaves_everywhere(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *m;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 1, 2);
	m = net_mcs(net, 0, 9);
	net_join(v, 4, 0, G(1), G(1));
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	net_vanish(net, HOST(9));
	net_settle(net);
	check_pairs(net_only(net, 0, CCVC, 5), 1, G(1), G(1));
	check_pairs(net_only(net, 1, CCVC, 5), 1, G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(1)));
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, m, w, v, NULL);
}

/*
 * R2443-5.2-02, -04, -12, -13, A-17, A-37, A-38: an MCS at another server:
 * MIGRATE even for an empty group, MSERV and SJOIN only where MCSs are.
 */
static void
an_mcs_elsewhere_is_told_here(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w, *m, *n;
	int i;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 1, 2);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	assert_int_equal(net_count(net, 0, CCVC, 13), 0);
	t = net_only(net, 1, CCVC, 13);
	assert_memory_equal(t->p + OFF(32), SERVER(1).num, 20);
	assert_memory_equal(t->p + OFF(56), HOST(9).num, 20);
	assert_int_equal(net_count(net, 1, SCVC, 3), 0);
	assert_true(net_finds(w, G(1), HOST(9)));
	net_clear(net);
	net_join(w, 4, 0, G(1), G(1));
	(void)net_only(net, 0, SCVC, 8);
	assert_int_equal(net_count(net, 0, CCVC, 4), 0);
	assert_int_equal(net_count(net, 1, SCVC, 8), 0);
	(void)net_only(net, 1, PRIV, 4);
	net_clear(net);
	/* one more, at the other server */
	n = net_mcs(net, 1, 8);
	net_join(n, 3, 0, G(1), G(1));
	(void)net_only(net, 0, CCVC, 4);
	(void)net_only(net, 0, SCVC, 3);
	(void)net_only(net, 1, CCVC, 4);
	assert_int_equal(net_count(net, 0, CCVC, 13), 0);
	net_clear(net);
	/* R2443-5.5-02, -06 to -08 */
	net_join(m, 7, 0, G(1), G(1));
	(void)net_only(net, 0, CCVC, 5);
	(void)net_only(net, 1, CCVC, 5);
	(void)net_only(net, 1, SCVC, 7);
	/* the other way round, and with members at both: each says so itself */
	net_join(v, 4, 0, G(2), G(2));
	net_join(w, 4, 0, G(2), G(2));
	net_clear(net);
	net_join(n, 3, 0, G(2), G(2));
	for (i = 0; i < 2; i++) {
		t = net_only(net, i, CCVC, 13);
		assert_memory_equal(t->p + OFF(32), SERVER(i).num, 20);
		assert_int_equal(g32(t, 52), G(2));
		assert_memory_equal(t->p + OFF(56), HOST(8).num, 20);
	}
	net_end(net, n, m, w, v, NULL);
}

/*
 * what another server says of an MCS that is registered here is
 * not sent on ServerControlVC: the MCS would take it for the copy of its own
 * MARS_MSERV, which may be lost, and never send that again.
 */
static void
an_mcs_never_takes_another_mserv_for_its_copy(void **state)
{
	struct net *net = net_new();
	uint8_t oid[4] = { 192, 0, 2, 1 };
	struct record *r;
	struct nvc *m, *n, *w;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	net->s[1].cut = true;
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net->s[0].cut = true;
	net->s[1].cut = false;
	w = net_mcs(net, 1, 8);
	n = net_mcs(net, 1, 9);
	net_clear(net);
	for (r = net->s[0].records; r != NULL; r = r->next)
		marsd_csa_update(net->s[1].mars, 1, oid, r->key, r->seq,
		    CSA_HOW_FLOODED, r->data, r->len);
	assert_true(marsd_group_has(net_proto(net, 1), MARSD_ROLE_MCS,
	    &(struct paddr){ .len = 4, .a = { 224, 0, 0, 1 } }));
	assert_int_equal(net_count(net, 1, SCVC, 3), 0);
	/* its own is told to all, and so comes back to it */
	net_join(n, 3, 0, G(1), G(1));
	assert_int_equal(net_count(net, 1, SCVC, 3), 1);
	assert_int_equal(net_count(net, 1, PRIV, 3), 0);
	net_clear(net);
	net_join(n, 3, 0, G(1), G(1));
	assert_int_equal(net_count(net, 1, SCVC, 3), 0);
	assert_int_equal(net_count(net, 1, PRIV, 3), 1);
	net_end(net, w, n, m, NULL);
}

/*
 * A-37, R2022-5.4.1-02: what we take back ourselves the other MCSs hear: a
 * group that a restarted MCS does not serve again.
 */
static void
what_is_not_served_again_is_told(void **state)
{
	struct net *net = net_new();
	struct nvc *m, *n, *other;

	(void)state;
	net_start(net, 0);
	other = net_mcs(net, 0, 8);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_join(m, 3, 0, G(2), G(2));
	n = net_call(net, 0, HOST(9));
	net_join(n, 3, 0x2000, 0, 0);
	net_join(n, 3, 0, G(1), G(1));
	net_clear(net);
	net_wait(net, MTIME_SEC(61));
	check_pairs(net_only(net, 0, SCVC, 7), 1, G(2), G(2));
	net_end(net, other, n, m, NULL);
}

/*
 * Issue 12, A: what MCSs serve is counted with the joins of clients, and comes
 * back when they serve no more.
 */
static void
ranges_of_servers_are_limited_with_joins(void **state)
{
	struct net *net = net_new();
	struct nvc *m, *v;
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->max_total = 40;
	net_start(net, 0);
	m = net_mcs(net, 0, 9);
	v = net_client(net, 0, 1);
	for (i = 0; i < 40; i++)
		net_join(m, 3, 0, G(2 * i), G(2 * i));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TOTAL), 10);
	assert_int_equal(net_show(net, 0, "joins"), 0);
	for (i = 0; i < 8; i++)
		net_join(v, 4, 0, G(2 * i), G(2 * i));
	net_join(v, 4, 0, G(100), G(100));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TOTAL), 11);
	assert_int_equal(net_show(net, 0, "joins"), 8);
	for (i = 0; i < 30; i++)
		net_join(m, 7, 0, G(2 * i), G(2 * i));
	net_join(v, 4, 0, G(100), G(100));
	assert_int_equal(net_show(net, 0, "joins"), 9);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TOTAL), 11);
	net_end(net, v, m, NULL);
}

/*
 * what an MCS had before we restarted is its own: with as many ranges
 * as it may have it asks for no more than these.
 */
static void
a_restart_leaves_an_mcs_all_that_it_may_have(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct record *r;
	struct nvc *m;
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->max_joins = 3;
	net_start(net, 0);
	m = net_mcs(net, 0, 9);
	for (i = 0; i < 3; i++)
		net_join(m, 3, 0, G(2 * i), G(2 * i));
	net_hangup(m);
	net_crash(net, 0);
	r = s->records;
	net_start(net, 0);
	for (; r != NULL; r = r->next)
		marsd_csa_own(s->mars, 1, r->key, r->seq, r->data, r->len);
	m = net_mcs(net, 0, 9);
	for (i = 0; i < 3; i++)
		net_join(m, 3, 0, G(2 * i), G(2 * i));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_JOINS), 0);
	assert_int_equal(net_count(net, 0, SCVC, 3), 3);
	net_join(m, 3, 0, G(9), G(9));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_JOINS), 1);
	net_end(net, m, NULL);
}

/* R2022-6.2.2-06, A-46, A-118: what is dropped. */
static void
unusable_mservs_are_dropped_and_counted(void **state)
{
	struct net *net = net_new();
	struct nvc *m, *x;

	(void)state;
	net_cluster_conf(net, 0)->max_servers = 1;
	net_cluster_conf(net, 0)->max_serve_range = 256;
	net_start(net, 0);
	m = net_mcs(net, 0, 9);
	x = net_call(net, 0, HOST(8));
	net_join(x, 3, 0, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net_join(x, 3, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_SERVERS), 1);
	net_join(m, 3, 0, G(1), G(257));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_SERVE_RANGE), 1);
	net_join(m, 3, 0x4000, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_COPY), 1);
	assert_int_equal(net->nsent, 0);
	net_join(m, 3, 0, G(1), G(256));
	assert_int_equal(net->nsent, 1);
	net_end(net, x, m, NULL);
}

/*
 * a /16 that is served is told to senders not group by group, but by a
 * jump of the CSN where it has members; up to 256 groups each is told.
 */
static void
a_large_range_makes_the_senders_ask(void **state)
{
	struct net *net = net_new();
	const uint64_t *jumps;
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	jumps = &net_proto(net, 0)->cluster->counts.revalidations;
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_clear(net);
	net_join(m, 3, 0, G(0x20000), G(0x2ffff));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_SERVE_RANGE), 0);
	assert_int_equal(*jumps, 0);
	net_join(v, 4, 0, G(0x30005), G(0x30005));
	net_join(v, 4, 0, G(0x40005), G(0x40005));
	net_clear(net);
	net_join(m, 3, 0, G(0x30000), G(0x3ffff));
	assert_int_equal(*jumps, 1);
	assert_int_equal(net_count(net, 0, CCVC, 13), 0);
	assert_true(net_finds(v, G(0x30005), HOST(9)));
	net_join(m, 3, 0, G(0x40000), G(0x400ff));
	net_wait(net, MTIME_SEC(10));
	assert_int_equal(*jumps, 1);
	(void)net_only(net, 0, CCVC, 13);
	assert_true(net_finds(v, G(0x40005), HOST(9)));
	net_end(net, v, m, NULL);
}

/*
 * R2022-6.2.4-07, -08, A-119, A-115: many served groups in a block: the list
 * for the members fits no single message, the MCS gets one pair; and where
 * single joins make many holes, the MCS's list is split likewise.
 */
static void
many_served_groups_go_in_several_messages(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m;
	size_t i, k, pairs = 0;
	uint32_t number, csn, next = G(0);

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	for (i = 0; i < 1200; i++)
		net_join(m, 3, 0, G(2 * i + 1), G(2 * i + 1));
	net_clear(net);
	csn = net_number(net, 0, CCVC);
	net_join(v, 4, 0x0010, G(0), G(2400));
	check_pairs(net_only(net, 0, SCVC, 8), 1, G(0), G(2400));
	assert_int_equal(FLAGS(net_only(net, 0, SCVC, 8)), 0x4010);
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net_count(net, 0, CCVC, 4), 2);
	for (i = 0; i < net->nsent; i++) {
		t = &net->sent[i];
		if (!t->control || t->role != CCVC)
			continue;
		assert_true(t->len <= 9188);
		assert_int_equal(FLAGS(t), 0x5010);
		assert_int_equal(MSN(t), csn++);
		for (k = 0; k < PNUM(t); k++, pairs++, next += 2) {
			assert_int_equal(g32(t, list_at(t) + 8 * k), next);
			assert_int_equal(g32(t, list_at(t) + 8 * k + 4), next);
		}
	}
	assert_int_equal(pairs, 1201);
	net_join(v, 5, 0, G(0), G(2400));
	/* now holes of its own, for the MCS, too */
	for (i = 0; i < 1200; i++)
		net_join(v, 4, 0, G(2 * i + 1), G(2 * i + 1));
	net_clear(net);
	number = net_number(net, 0, SCVC);
	net_join(m, 3, 0, G(2), G(2));
	net_join(v, 4, 0x0011, G(0), G(2400));
	assert_int_equal(net_count(net, 0, SCVC, 8), 2);
	for (i = 0, pairs = 0; i < net->nsent; i++) {
		t = &net->sent[i];
		if (!t->control || t->role != SCVC || OP(t) != 8)
			continue;
		assert_int_equal(FLAGS(t), 0x5011);
		assert_int_equal(MSN(t), ++number);
		pairs += PNUM(t);
	}
	assert_int_equal(pairs, 1201);
	net_end(net, m, v, NULL);
}

/* R2022-F-12, A-116: nothing is left for the MCS: nothing is sent to it. */
static void
nothing_left_is_not_sent(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_join(m, 3, 0, G(2), G(2));
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net_clear(net);
	net_join(v, 4, 0, G(1), G(2));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0, G(1), G(2));
	(void)net_only(net, 0, PRIV, 5);
	assert_int_equal(net->nsent, 1);
	net_end(net, m, v, NULL);
}

/*
 * R2022-6.2-02, R2022-6.2.2-07, -18, R2022-6.2.3-07, R2022-6.2.4-02: both
 * maps of a group side by side; an MCS that deregisters leaves all its
 * groups and no others, and the groups are a mesh again.
 */
static void
an_mcs_that_deregisters_leaves_its_groups(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w, *m, *n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	m = net_mcs(net, 0, 9);
	n = net_mcs(net, 0, 8);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net_join(m, 3, 0, G(1), G(1));
	net_join(m, 3, 0, G(2), G(2));
	net_join(n, 3, 0, G(2), G(2));
	assert_true(net_finds(v, G(1), HOST(9)));
	assert_true(net_finds(m, G(1), HOST(1)));
	assert_false(net_finds(v, G(1), HOST(1)));
	assert_false(net_finds(m, G(1), HOST(9)));
	net_clear(net);
	net_join(m, 7, 0x2000, 0, 0);
	/* the members hear which leaf is no leaf any more */
	assert_int_equal(net_count(net, 0, CCVC, 5), 2);
	assert_int_equal(net_leaves(net, 0, SCVC), 1);
	assert_int_equal(net_leaves(net, 0, CCVC), 2);
	assert_true(net_finds(v, G(1), HOST(1)));
	assert_true(net_finds(v, G(2), HOST(8)));
	assert_false(net_finds(v, G(2), HOST(9)));
	net_clear(net);
	/* 6.1.2 again for the group without a server map */
	net_join(w, 4, 0, G(1), G(1));
	t = net_only(net, 0, CCVC, 4);
	check_pairs(t, 1, G(1), G(1));
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	/* R2022-F-08: it is no MCS any more, so it can't leave a group */
	net_join(m, 7, 0, G(2), G(2));
	net_join(m, 3, 0, G(2), G(2));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 2);
	assert_int_equal(net->nsent, 0);
	net_end(net, n, m, w, v, NULL);
}

/*
 * R2022-6.2.3-05, R2022-6.2.2-11, -14, A-118: whatever an MCS puts there,
 * mar$cmi is 0 and no flag but copy is set in what the MARS makes of it.
 */
static void
an_mserv_goes_out_without_cmi_and_flags(void **state)
{
	static const struct {
		unsigned op, flags, sent_flags;
	} t[] = {
		{ 3, 0xb801, 0x6001 }, /* registers: privately */
		{ 3, 0x9802, 0x4002 }, /* serves: SCVC, CCVC */
		{ 3, 0x9803, 0x4003 }, /* again: privately */
		{ 7, 0x9804, 0x4004 },
		{ 7, 0x9805, 0x4005 },
		{ 7, 0xb806, 0x6006 },
	};
	struct net *net = net_new();
	struct nvc *v, *m, *n;
	struct buf b;
	size_t i, k;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	n = net_mcs(net, 0, 8);
	net_join(n, 3, 0, G(1), G(1));
	m = net_call(net, 0, HOST(9));
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		net_clear(net);
		b_join(&b, t[i].op, t[i].flags, HOST(9),
		    t[i].flags & 0x2000 ? 0 : 1, G(1), G(1));
		b.p[OFF(26)] = 0x12;
		b.p[OFF(27)] = 0x34;
		net_put(m, &b);
		net_settle(net);
		assert_int_equal(net->nsent, i == 1 || i == 3 ? 2 : 1);
		for (k = 0; k < net->nsent; k++) {
			assert_int_equal(CMI(&net->sent[k]), 0);
			assert_int_equal(FLAGS(&net->sent[k]), t[i].sent_flags);
		}
	}
	net_end(net, m, n, v, NULL);
}

/*
 * R2022-6.2-03, A-114: one address never serves and joins: whichever role
 * comes second is refused, and R2022-F-04: a JOIN by an MCS is dropped.
 */
static void
no_address_has_both_roles(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	net_join(m, 4, 0, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net_join(m, 4, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_BOTH_ROLES), 1);
	net_join(v, 3, 0, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 2);
	net_join(v, 3, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_BOTH_ROLES), 2);
	assert_int_equal(net->nsent, 0);
	net_request(m, G(1));
	(void)net_only(net, 0, PRIV, 6);
	net_end(net, m, v, NULL);
}

/*
 * R2022-6.2.4-03 to -06: a member by its block is a member: its single join
 * and leave inside it are no news for the MCS.
 */
static void
a_join_inside_a_block_is_no_news(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(v, 4, 0, G(1), G(9));
	net_join(m, 3, 0, G(5), G(5));
	net_clear(net);
	net_join(v, 4, 0, G(5), G(5));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0, G(5), G(5));
	(void)net_only(net, 0, PRIV, 5);
	assert_int_equal(net->nsent, 1);
	assert_true(net_finds(m, G(5), HOST(1)));
	net_end(net, m, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_mcs_registers_as_a_client_does),
		cmocka_unit_test(the_first_mcs_brings_a_migrate),
		cmocka_unit_test(a_second_mcs_looks_like_a_leaf),
		cmocka_unit_test(each_role_gets_its_map),
		cmocka_unit_test(joins_of_a_served_group_go_to_the_mcs),
		cmocka_unit_test(blocks_over_served_groups_are_split),
		cmocka_unit_test(a_vanished_mcs_leaves_everywhere),
		cmocka_unit_test(an_mcs_elsewhere_is_told_here),
		cmocka_unit_test(an_mcs_never_takes_another_mserv_for_its_copy),
		cmocka_unit_test(what_is_not_served_again_is_told),
		cmocka_unit_test(ranges_of_servers_are_limited_with_joins),
		cmocka_unit_test(a_restart_leaves_an_mcs_all_that_it_may_have),
		cmocka_unit_test(unusable_mservs_are_dropped_and_counted),
		cmocka_unit_test(a_large_range_makes_the_senders_ask),
		cmocka_unit_test(many_served_groups_go_in_several_messages),
		cmocka_unit_test(nothing_left_is_not_sent),
		cmocka_unit_test(an_mcs_that_deregisters_leaves_its_groups),
		cmocka_unit_test(an_mserv_goes_out_without_cmi_and_flags),
		cmocka_unit_test(no_address_has_both_roles),
		cmocka_unit_test(a_join_inside_a_block_is_no_news),
	};

	return cmocka_run_group_tests_name("mcs", tests, NULL, NULL);
}
