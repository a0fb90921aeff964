/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

static void
check_map(const struct sent *t, size_t n, const struct atm_addr *want)
{
	size_t i;

	assert_int_equal(TNUM(t), n);
	assert_int_equal(t->len, OFF(52 + 20 * n));
	for (i = 0; i < n; i++)
		assert_memory_equal(t->p + OFF(52 + 20 * i), want[i].num, 20);
}

/*
 * R2022-5.4.3-01, -02, -04, -05, -09, R2022-6.1.3-01, -02, -04, R2022-6.2-05,
 * R2443-2-14, -15, R2443-5.1-02: the interval, both control VCs with a number
 * of their own, our address alone; the Redirect Entry with it.
 */
static void
a_lone_server_sends_its_own_address(void **state)
{
	struct net *net = net_new();
	struct atm_addr self = SERVER(0);
	const struct sent *t;
	struct nvc *v, *m;
	uint32_t csn, ssn;
	uint64_t published;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	published = net->s[0].published;
	csn = net_number(net, 0, CCVC);
	ssn = net_number(net, 0, SCVC);
	net_wait(net, MTIME_SEC(59));
	assert_int_equal(net->nsent, 0);
	net_wait(net, MTIME_SEC(1));
	t = net_only(net, 0, CCVC, 12);
	assert_int_equal(MSN(t), csn);
	assert_int_equal(SEQXY(t), 0x8001);
	assert_int_equal(t->p[OFF(20)], 0);
	assert_int_equal(t->p[OFF(21)], 20);
	assert_int_equal(t->p[OFF(22)], 0);
	assert_int_equal(t->p[OFF(23)], 0); /* soft */
	assert_memory_equal(t->p + OFF(32), self.num, 20);
	check_map(t, 1, &self);
	assert_int_equal(MSN(net_only(net, 0, SCVC, 12)), ssn);
	assert_int_equal(net->s[0].published, published + 1);
	net_clear(net);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 12)), csn + 1);
	net_end(net, m, v, NULL);
}

static void
backup(struct net *net, int server, struct atm_addr a)
{
	struct conf_backup *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->addr = a;
	TAILQ_INSERT_TAIL(&net_cluster_conf(net, server)->backups, b, entry);
}

/*
 * D7, A-1, A-25, A-31, R2443-2-17, -18, R2443-5.1-08, -09: ourselves, the
 * peers ascending by OID, the backups; each address once; a peer that died
 * is left out.
 */
static void
ourselves_then_peers_then_backups(void **state)
{
	struct net *net = net_new();
	struct atm_addr want[4];
	struct nvc *v;

	(void)state;
	backup(net, 1, SERVER(2)); /* a live peer, too */
	backup(net, 1, HOST(77));
	net_start(net, 1);
	net_start(net, 2);
	net_start(net, 0);
	net_settle(net);
	v = net_client(net, 1, 1);
	/* server 2 was there before 0 and 1 heard of it */
	net_wait(net, MTIME_SEC(60));
	want[0] = SERVER(1);
	want[1] = SERVER(0);
	want[2] = SERVER(2);
	want[3] = HOST(77);
	check_map(net_only(net, 1, CCVC, 12), 4, want);
	net_clear(net);
	net_crash(net, 0);
	net_wait(net, MTIME_SEC(241));
	net_clear(net);
	net_wait(net, MTIME_SEC(60));
	want[1] = SERVER(2);
	want[2] = HOST(77);
	check_map(net_only(net, 1, CCVC, 12), 3, want);
	net_end(net, v, NULL);
}

/* the literal order of RFC 2443 by configuration. */
static void
the_literal_order_by_configuration(void **state)
{
	struct net *net = net_new();
	struct atm_addr want[2] = { SERVER(0), SERVER(1) };
	struct nvc *v;

	(void)state;
	net_cluster_conf(net, 1)->redirect_order = CONF_ORDER_LOWEST;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 1, 1);
	net_wait(net, MTIME_SEC(60));
	check_map(net_only(net, 1, CCVC, 12), 2, want);
	net_end(net, v, NULL);
}

/* R2022-5.4.3-06, A-32, A-108: a new part where the kind changes. */
static void
a_part_has_one_kind_of_address(void **state)
{
	struct net *net = net_new();
	struct atm_addr e164;
	struct nvc *v;

	(void)state;
	memset(&e164, 0, sizeof(e164));
	e164.num_tl = 0x40 | 11;
	memcpy(e164.num, "49301234567", 11);
	backup(net, 0, e164);
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(net->nsent, 2);
	assert_int_equal(SEQXY(&net->sent[0]), 1);
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	assert_int_equal(MSN(&net->sent[1]), MSN(&net->sent[0]) + 1);
	assert_int_equal(net->sent[1].p[OFF(21)], 0x4b);
	net_end(net, v, NULL);
}

/*
 * R2022-5.4.3-11, A-30, D9: a redirect that is ordered, of all or of one; a
 * soft one only to a server of the group that is alive, who knows the groups.
 */
static void
a_soft_redirect_needs_a_live_server(void **state)
{
	struct net *net = net_new();
	struct atm_addr to = SERVER(1), one = HOST(1), none = HOST(5);
	struct atm_addr stranger = SERVER(3), self = SERVER(0);
	const struct sent *t;
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	net_settle(net);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	assert_null(marsd_redirect(net->s[0].mars, "lis1", true, &to, NULL));
	t = net_only(net, 0, CCVC, 12);
	assert_int_equal(t->p[OFF(23)], 0x80);
	assert_memory_equal(t->p + OFF(52), to.num, 20);
	net_clear(net);
	assert_null(marsd_redirect(net->s[0].mars, "lis1", false, &to, &one));
	t = net_only(net, 0, PRIV, 12);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(t->p[OFF(23)], 0);
	assert_memory_equal(t->to.num, one.num, 20);
	assert_non_null(marsd_redirect(net->s[0].mars, "x", true, &to, NULL));
	assert_non_null(
	    marsd_redirect(net->s[0].mars, "lis1", true, &to, &none));
	net_clear(net);
	assert_non_null(
	    marsd_redirect(net->s[0].mars, "lis1", false, &stranger, NULL));
	assert_int_equal(net->nsent, 0);
	assert_null(marsd_redirect(net->s[0].mars, "lis1", false, &self, NULL));
	net_crash(net, 1);
	net_wait(net, MTIME_SEC(241));
	net_clear(net);
	assert_non_null(
	    marsd_redirect(net->s[0].mars, "lis1", false, &to, NULL));
	assert_int_equal(net->nsent, 0);
	assert_null(
	    marsd_redirect(net->s[0].mars, "lis1", true, &stranger, NULL));
	assert_int_equal(net_count(net, 0, CCVC, 12), 1);
	net_end(net, w, v, NULL);
}

/*
 * R2022-5.4.3-06, R2022-6.2-05, A-108, A-120: 500 addresses on both control
 * VCs: 456 (9180 - 32 - 20 = 9128 octets) and 44, each part with the next
 * number of its VC; and to one member alone, with one number.
 */
static void
many_addresses_are_in_full_parts(void **state)
{
	struct net *net = net_new();
	struct atm_addr one = HOST(1);
	const struct sent *t;
	struct nvc *v, *m;
	uint32_t msn[MARSD_ROLES];
	size_t i, n[MARSD_ROLES] = { 0, 0 };
	int k;

	(void)state;
	for (k = 0; k < 499; k++)
		backup(net, 0, HOST(1000 + k));
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	for (k = 0; k < MARSD_ROLES; k++)
		msn[k] = net_number(net, 0, k);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(net->nsent, 4);
	for (i = 0; i < 4; i++) {
		t = &net->sent[i];
		assert_int_equal(OP(t), 12);
		assert_int_equal(MSN(t), msn[t->role] + n[t->role]);
		assert_int_equal(SEQXY(t), n[t->role] == 0 ? 1 : 0x8002);
		assert_int_equal(TNUM(t), n[t->role] == 0 ? 456 : 44);
		assert_true(t->len <= 9188);
		assert_memory_equal(t->p + OFF(52),
		    n[t->role] == 0 ? SERVER(0).num : HOST(1000 + 455).num, 20);
		n[t->role]++;
	}
	assert_int_equal(n[CCVC], 2);
	assert_int_equal(n[SCVC], 2);
	net_clear(net);
	assert_null(marsd_redirect(net->s[0].mars, "lis1", true, &one, &one));
	assert_int_equal(net->nsent, 2);
	assert_int_equal(MSN(&net->sent[1]), MSN(&net->sent[0]));
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	net_end(net, m, v, NULL);
}

/*
 * R2022-5.4.3-11, A-30, A-31: ordered softly or hard, of a cluster: both
 * control VCs, the target first and once; of one MCS: with the SSN, on its
 * VC; the regular map afterwards is as before.
 */
static void
an_ordered_redirect_is_of_all_or_of_one(void **state)
{
	struct net *net = net_new();
	struct atm_addr want[2] = { SERVER(1), SERVER(0) }, mcs = HOST(9);
	const struct sent *t;
	struct nvc *v, *m;
	int hard;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	net_settle(net);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	for (hard = 0; hard < 2; hard++) {
		assert_null(marsd_redirect(
		    net->s[0].mars, "lis1", hard == 1, &want[0], NULL));
		assert_int_equal(net->nsent, 2);
		t = net_only(net, 0, CCVC, 12);
		assert_int_equal(t->p[OFF(23)], hard ? 0x80 : 0);
		check_map(t, 2, want);
		t = net_only(net, 0, SCVC, 12);
		assert_int_equal(t->p[OFF(23)], hard ? 0x80 : 0);
		check_map(t, 2, want);
		net_clear(net);
	}
	net_set_numbers(net, 0, 0, net_number(net, 0, CCVC), 2000);
	assert_null(
	    marsd_redirect(net->s[0].mars, "lis1", true, &want[0], &mcs));
	t = net_only(net, 0, PRIV, 12);
	assert_int_equal(MSN(t), 2000);
	assert_int_equal(t->p[OFF(23)], 0x80);
	check_map(t, 2, want);
	net_clear(net);
	net_wait(net, MTIME_SEC(60));
	t = net_only(net, 0, CCVC, 12);
	assert_int_equal(t->p[OFF(23)], 0);
	assert_memory_equal(t->p + OFF(52), want[1].num, 20);
	net_end(net, m, v, NULL);
}

/*
 * A-132, R2022-6.1.4-03, R2022-6.2.5-05: control VCs that have lost their
 * last leaf carry nothing, and nothing is counted: who comes next sees no
 * jump.
 */
static void
an_empty_control_vc_carries_nothing(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *m;
	uint32_t csn, ssn;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(v, 5, 0x2000, 0, 0);
	net_join(m, 7, 0x2000, 0, 0);
	net_clear(net);
	csn = net_number(net, 0, CCVC);
	ssn = net_number(net, 0, SCVC);
	net_wait(net, MTIME_SEC(180));
	assert_int_equal(net->nsent, 0);
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(MSN(net_only(net, 0, PRIV, 4)), csn);
	net_join(m, 3, 0x2000, 0, 0);
	assert_int_equal(MSN(net_only(net, 0, PRIV, 3)), ssn);
	net_end(net, m, v, NULL);
}

/* the last words: a hard redirect to another, and deregistrations. */
static void
the_last_words_redirect_and_deregister(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 1, 2);
	net_join(v, 4, 0, G(1), G(1));
	net_clear(net);
	marsd_shutdown(net->s[0].mars);
	net_settle(net);
	t = net_only(net, 0, CCVC, 12);
	assert_int_equal(t->p[OFF(23)], 0x80);
	assert_memory_equal(t->p + OFF(52), SERVER(1).num, 20);
	assert_false(net_finds(w, G(1), HOST(1)));
	assert_null(net_call(net, 0, HOST(3)));
	net_end(net, w, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_server_sends_its_own_address),
		cmocka_unit_test(ourselves_then_peers_then_backups),
		cmocka_unit_test(the_literal_order_by_configuration),
		cmocka_unit_test(a_part_has_one_kind_of_address),
		cmocka_unit_test(a_soft_redirect_needs_a_live_server),
		cmocka_unit_test(many_addresses_are_in_full_parts),
		cmocka_unit_test(an_ordered_redirect_is_of_all_or_of_one),
		cmocka_unit_test(an_empty_control_vc_carries_nothing),
		cmocka_unit_test(the_last_words_redirect_and_deregister),
	};

	return cmocka_run_group_tests_name("redirect", tests, NULL, NULL);
}
