/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/*
 * RFC 2443 between whole servers: what each publishes, octet by octet, and
 * what the others make of it on their own control VCs.
 */
#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* RFC 2443 section 3; spa 0: null; min 0: no range. */
static size_t
record(uint8_t *p, unsigned state, unsigned flags, unsigned cmi, uint32_t spa,
    struct atm_addr who, uint32_t min, uint32_t max)
{
	static const uint8_t snap[7];
	struct buf b = { .len = 0 };

	b16(&b, 15); /* hardware type */
	b16(&b, 0x0800);
	bn(&b, snap, 7); /* SNAP, unused, version */
	b8(&b, state);
	b16(&b, flags);
	b16(&b, cmi);
	b8(&b, spa == 0 ? 0 : 4);
	b8(&b, min == 0 ? 0 : 4);
	b8(&b, who.num_tl);
	b8(&b, who.sub_tl);
	if (spa != 0)
		b32(&b, spa);
	bn(&b, who.num, who.num_tl & 0x3f);
	bn(&b, who.sub, who.sub_tl & 0x3f);
	if (min != 0) {
		b32(&b, min);
		b32(&b, max);
	}
	memcpy(p, b.p, b.len);
	return b.len;
}

static void
check_record(const struct record *r, unsigned state, unsigned flags,
    unsigned cmi, uint32_t spa, struct atm_addr who, uint32_t min, uint32_t max)
{
	uint8_t want[CSA_MAX];
	size_t n = record(want, state, flags, cmi, spa, who, min, max);

	assert_non_null(r);
	assert_int_equal(r->len, n);
	assert_memory_equal(r->data, want, n);
}

/* RFC 2022 section 5.2.1, with a source protocol address */
static void
put(struct nvc *v, unsigned op, unsigned flags, uint32_t spa, unsigned pnum,
    uint32_t min, uint32_t max)
{
	struct atm_addr src = v->peer;
	struct buf b;

	b_head(&b, op, &src);
	b8(&b, 4);
	b8(&b, pnum == 0 ? 0 : 4);
	b16(&b, pnum);
	b16(&b, flags);
	b16(&b, 0);
	b32(&b, 0);
	bn(&b, src.num, src.num_tl & 0x3f);
	bn(&b, src.sub, src.sub_tl & 0x3f);
	b32(&b, spa);
	if (pnum != 0) {
		b32(&b, min);
		b32(&b, max);
	}
	net_put(v, &b);
	net_settle(v->net);
}

static struct record *
last(struct net *net, int n)
{
	return net->s[n].records;
}

/*
 * R2443-2-01: a cluster's records go to its own server group, and nothing of
 * another group counts.
 */
static void
records_go_to_their_own_server_group(void **state)
{
	struct net *net = net_new();
	uint8_t p[CSA_MAX], oid[4] = { 198, 51, 100, 9 };
	struct nvc *v;
	size_t n;

	(void)state;
	net_cluster_conf(net, 0)->server_group = 7;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	assert_int_equal(last(net, 0)->sgid, 7);
	n = record(p, 3, 0, 9000, 0, HOST(2), G(1), G(1));
	marsd_csa_update(net->s[0].mars, 1, oid, 5, 1, CSA_HOW_FLOODED, p, n);
	assert_false(net_finds(v, G(1), HOST(2)));
	marsd_csa_update(net->s[0].mars, 7, oid, 5, 1, CSA_HOW_FLOODED, p, n);
	assert_true(net_finds(v, G(1), HOST(2)));
	net_end(net, v, NULL);
}

/*
 * R2443-2-05, R2443-5.2-11, R2443-5.3-11, -13: everybody knows a client and
 * an MCS, and only the server where it registered has a leaf to it.
 */
static void
only_its_server_has_a_leaf_to_a_member(void **state)
{
	struct atm_addr client = HOST(1), mcs = HOST(9);
	struct net *net = net_new();
	struct nvc *v, *m;
	struct nleaf *l;
	int i, leaves = 0;

	(void)state;
	for (i = 0; i < 3; i++)
		net_start(net, i);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 1, 9);
	TAILQ_FOREACH(l, &net->leaves, entry) {
		assert_int_equal(((struct nvc *)l->leaf.root)->server,
		    atm_addr_equal(&l->addr, &client) ? 0 : 1);
		leaves++;
	}
	assert_int_equal(leaves, 2);
	for (i = 0; i < 3; i++) {
		assert_int_equal(net_leaves(net, i, CCVC), i == 0);
		assert_int_equal(net_leaves(net, i, SCVC), i == 1);
		assert_non_null(marsd_node_find(
		    net_proto(net, i), MARSD_ROLE_CLIENT, &client));
		assert_non_null(
		    marsd_node_find(net_proto(net, i), MARSD_ROLE_MCS, &mcs));
	}
	net_end(net, m, v, NULL);
}

/*
 * R2443-2-13, -14, -15, R2443-5.1-01, -02: the Redirect Entry is renewed
 * every minute while clients come, join and go, and is for servers only.
 */
static void
the_redirect_entry_is_renewed_every_minute(void **state)
{
	struct net *net = net_new();
	mtime_t before = net->ts.now;
	uint32_t i, beats = 0;
	struct record *r = NULL;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	assert_int_equal(last(net, 0)->data[11], 1);
	v = net_client(net, 0, 1);
	for (i = 0; i < 600; i++) {
		net_join(v, i % 2 ? 5 : 4, 0, G(i / 2), G(i / 2));
		net_clear(net);
		net_wait(net, MTIME_SEC(1));
		/* clients see the map of 5.4.3, and nothing else */
		assert_int_equal(net->nsent, net_count(net, 0, CCVC, 12));
		for (r = last(net, 0); r != NULL && r->data[11] != 1;
		    r = r->next)
			;
		assert_non_null(r);
		if (r->seq != INT32_MIN + 1 + (int32_t)beats) {
			beats++;
			assert_int_equal(
			    r->seq, INT32_MIN + 1 + (int32_t)beats);
			assert_true(
			    mtime_diff(before, net->ts.now) <= MTIME_SEC(61));
			before = net->ts.now;
		}
	}
	assert_int_equal(beats, 10);
	net_end(net, v, NULL);
}

/*
 * R2443-3-04, R2443-5.1-03 to -06: the Redirect Entry of a protocol that is
 * told by SNAP alone: nothing but the protocol and the server.
 */
static void
a_redirect_entry_names_protocol_and_server(void **state)
{
	static const uint8_t head[20] = { 0x00, 0x0f, 0x00, 0x80, 0x08, 0x00,
		0x07, 0x80, 0x9b, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x14, 0x00 };
	struct net *net = net_new();
	struct conf_protocol *p;

	(void)state;
	p = TAILQ_FIRST(&net_cluster_conf(net, 0)->protocols);
	p->pro.type = PRO_SNAP;
	memcpy(p->pro.snap, head + 4, 5); /* 08-00-07-80-9b: AppleTalk */
	net_start(net, 0);
	assert_int_equal(last(net, 0)->len, 40); /* 60 with the CSAS */
	assert_memory_equal(last(net, 0)->data, head, 20);
	assert_memory_equal(last(net, 0)->data + 20, SERVER(0).num, 20);
	net_free(net);
}

/*
 * R2443-2-08, -09, R2443-5.3-01, -02, -04 to -10, -12, -14, -20, R2443-5.4-01,
 * -02, -06, R2443-3-13 to -15, R2443-4.2-02: a client's records: the protocol
 * address as it is, null in another, a subaddress; lengths with 20 octets of
 * CSAS before them.
 */
static void
records_of_a_client_octet_by_octet(void **state)
{
	struct atm_addr sub = HOST(2);
	struct net *net = net_new();
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	put(v, 4, 0x2007, 0xac100001, 0, 0, 0);
	check_record(last(net, 0), 3, 0x2000, 1, 0xac100001, HOST(1), 0, 0);
	assert_int_equal(20 + last(net, 0)->len, 64);
	put(v, 4, 0x8008, 0xac100001, 1, G(1), G(1));
	check_record(
	    last(net, 0), 3, 0x8000, 1, 0xac100001, HOST(1), G(1), G(1));
	assert_int_equal(20 + last(net, 0)->len, 72);
	put(v, 4, 0x8009, 0xac100001, 1, G(8), G(15));
	check_record(last(net, 0), 3, 0, 1, 0xac100001, HOST(1), G(8), G(15));
	assert_int_equal(20 + last(net, 0)->len, 72);
	put(v, 5, 0x0001, 0xac100001, 1, G(8), G(15));
	check_record(last(net, 0), 4, 0, 1, 0xac100001, HOST(1), G(8), G(15));
	put(v, 5, 0x2002, 0xac100001, 0, 0, 0);
	check_record(
	    last(net, 0)->next, 4, 0x2000, 1, 0xac100001, HOST(1), 0, 0);
	/* E.164 with a subaddress, no protocol address */
	memset(&sub, 0, sizeof(sub));
	sub.num_tl = 0x40 | 11;
	memcpy(sub.num, "49301234567", 11);
	sub.sub_tl = 20;
	memcpy(sub.sub, HOST(3).num, 20);
	w = net_call(net, 0, sub);
	net_join(w, 4, 0x2000, 0, 0);
	check_record(last(net, 0), 3, 0x2000, 2, 0, sub, 0, 0);
	assert_int_equal(last(net, 0)->len, 20 + 11 + 20);
	net_join(w, 4, 0, G(1), G(1));
	check_record(last(net, 0), 3, 0, 2, 0, sub, G(1), G(1));
	net_end(net, w, v, NULL);
}

/*
 * R2443-5.2-01, -02, -04 to -10, -14, R2443-5.5-01, -02, -04, -06, A-19: an
 * MCS's records.
 */
static void
records_of_an_mcs_octet_by_octet(void **state)
{
	struct net *net = net_new();
	uint32_t key;
	struct nvc *m;

	(void)state;
	net_start(net, 0);
	m = net_call(net, 0, HOST(9));
	put(m, 3, 0xa007, 0xac100009, 0, 0, 0);
	check_record(last(net, 0), 2, 0x2000, 1, 0xac100009, HOST(9), 0, 0);
	assert_int_equal(20 + last(net, 0)->len, 64);
	put(m, 3, 0x8008, 0xac100009, 1, G(1), G(3));
	check_record(last(net, 0), 2, 0, 1, 0xac100009, HOST(9), G(1), G(3));
	key = last(net, 0)->key;
	put(m, 7, 0x8009, 0xac100009, 1, G(1), G(3));
	check_record(last(net, 0), 5, 0, 1, 0xac100009, HOST(9), G(1), G(3));
	assert_int_equal(last(net, 0)->key, key);
	put(m, 7, 0x200a, 0xac100009, 0, 0, 0);
	check_record(last(net, 0), 5, 0x2000, 1, 0xac100009, HOST(9), 0, 0);
	net_end(net, m, NULL);
}

/*
 * R2443-5.3-17, -18, R2443-5.4-09, -10: nothing is published for what was
 * joined, was not joined, or names no range.
 */
static void
no_news_is_not_published(void **state)
{
	struct net *net = net_new();
	uint64_t published;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(4), G(9));
	published = net->s[0].published;
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(4), G(9));
	net_join(v, 5, 0, G(2), G(2));
	net_join(v, 5, 0, G(4), G(8));
	put(v, 4, 0, 0xac100001, 0, 0, 0);
	put(v, 5, 0, 0xac100001, 0, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PAIRS), 2);
	assert_int_equal(net->s[0].published, published);
	/* inside its own block: another range, and no duplicate */
	net_join(v, 4, 0, G(5), G(5));
	assert_int_equal(net->s[0].published, published + 1);
	net_end(net, v, NULL);
}

/*
 * R2443-5.3-15, -16, -19, R2443-5.4-07, -08, -11, A-16, A-38: each server
 * punches what the client is in already and what an MCS serves, wherever
 * both came from; MARS_SJOIN and MARS_SLEAVE where that MCS is, not at the
 * MCS of another group.
 */
static void
every_server_punches_the_holes_of_all(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w[3], *m, *other;
	unsigned op;
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		net_start(net, i);
	for (i = 0; i < 3; i++)
		w[i] = net_client(net, i, 20 + i);
	m = net_mcs(net, 0, 9);
	other = net_mcs(net, 1, 8);
	net_join(m, 3, 0, G(5), G(5));
	net_join(other, 3, 0, G(50), G(50));
	v = net_client(net, 2, 1);
	net_join(v, 4, 0, G(3), G(3));
	for (op = 4; op <= 5; op++) {
		net_clear(net);
		net_join(v, op, 0, G(1), G(9));
		for (i = 0; i < 3; i++) {
			const struct sent *t = net_only(net, i, CCVC, op);

			assert_int_equal(FLAGS(t), 0x5000);
			check_pairs(t, 3, G(1), G(2), G(4), G(4), G(6), G(9));
		}
		check_pairs(
		    net_only(net, 0, SCVC, op + 4), 2, G(1), G(2), G(4), G(9));
		assert_int_equal(net_count(net, 1, SCVC, op + 4), 0);
		assert_int_equal(net_count(net, 2, SCVC, op + 4), 0);
	}
	/* nothing left to tell the members: only the MCS hears of it */
	for (op = 4; op <= 5; op++) {
		net_clear(net);
		net_join(v, op, 0, G(50), G(50));
		for (i = 0; i < 3; i++) {
			assert_int_equal(net_count(net, i, CCVC, op), 0);
			assert_int_equal(
			    net_count(net, i, SCVC, op + 4), i == 1);
		}
	}
	net_hangup(v);
	net_hangup(other);
	net_hangup(m);
	for (i = 0; i < 3; i++)
		net_hangup(w[i]);
	net_free(net);
}

/*
 * R2443-2-19, -20, -21, R2443-5.4-03, -05: a client that drops off its
 * ClusterControlVC: a Deregister in its name, and everything of it is gone
 * everywhere, without a MARS_LEAVE.
 */
static void
a_client_that_drops_is_deregistered_everywhere(void **state)
{
	struct net *net = net_new();
	struct atm_addr who = HOST(1);
	struct nvc *v, *w[2];
	struct record *r;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		net_start(net, i);
		w[i] = net_client(net, i, 20 + i);
	}
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(4), G(9));
	net_clear(net);
	net_vanish(net, HOST(1));
	net_settle(net);
	for (r = last(net, 0); r != NULL && !(r->data[12] & 0x20); r = r->next)
		assert_int_equal(r->data[11], 4);
	check_record(r, 4, 0x2000, 2, 0, HOST(1), 0, 0);
	assert_int_equal(net->nsent, 0);
	for (i = 0; i < 2; i++) {
		assert_false(net_finds(w[i], G(1), HOST(1)));
		assert_false(net_finds(w[i], G(5), HOST(1)));
	}
	assert_null(
	    marsd_node_find(net_proto(net, 0), MARSD_ROLE_CLIENT, &who));
	net_hangup(v);
	for (i = 0; i < 2; i++)
		net_hangup(w[i]);
	net_free(net);
}

/*
 * R2443-5.5-03, -05, -07, -08, A-45: an Unserve clears one range, and the
 * Deregister of an MCS, here by its server since it dropped off its
 * ServerControlVC, all that is left; each server says so with MARS_LEAVEs.
 */
static void
an_mcs_that_drops_is_deregistered_everywhere(void **state)
{
	struct net *net = net_new();
	struct nvc *m, *w[2];
	struct record *r;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		net_start(net, i);
		w[i] = net_client(net, i, 20 + i);
	}
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_join(m, 3, 0, G(2), G(2));
	net_join(m, 3, 0, G(7), G(7));
	net_clear(net);
	net_join(m, 7, 0, G(1), G(1));
	for (i = 0; i < 2; i++) {
		const struct sent *t = net_only(net, i, CCVC, 5);

		assert_memory_equal(t->p + OFF(32), HOST(9).num, 20);
		check_pairs(t, 1, G(1), G(1));
		assert_false(net_finds(w[i], G(1), HOST(9)));
		assert_true(net_finds(w[i], G(2), HOST(9)));
	}
	net_clear(net);
	net_vanish(net, HOST(9));
	net_settle(net);
	for (r = last(net, 0); r != NULL && !(r->data[12] & 0x20); r = r->next)
		assert_int_equal(r->data[11], 5);
	check_record(r, 5, 0x2000, 2, 0, HOST(9), 0, 0);
	for (i = 0; i < 2; i++) {
		size_t j, left = 0;

		for (j = 0; j < net->nsent; j++) {
			const struct sent *t = &net->sent[j];
			size_t k, at = list_at(t);

			if (t->server != i || !t->control || OP(t) != 5)
				continue;
			assert_int_equal(t->role, CCVC);
			assert_memory_equal(t->p + OFF(32), HOST(9).num, 20);
			for (k = 0; k < PNUM(t); k++)
				left |= g32(t, at + 8 * k) == G(2) ? 1 :
				    g32(t, at + 8 * k) == G(7)	   ? 2 :
				    4;
		}
		assert_int_equal(left, 3);
	}
	for (i = 0; i < 2; i++) {
		assert_false(net_finds(w[i], G(2), HOST(9)));
		assert_false(net_finds(w[i], G(7), HOST(9)));
		net_hangup(w[i]);
	}
	net_end(net, m, NULL);
}

/*
 * R2443-2-11, -16, R2443-5.1-07, A-12: what a dead server said of its MCSs
 * is flushed as well, silently; one update missed is not enough.
 */
static void
a_dead_server_takes_its_mcss_silently(void **state)
{
	struct net *net = net_new();
	struct nvc *w, *m;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	w = net_client(net, 1, 2);
	net_join(w, 4, 0, G(1), G(1));
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(9)));
	/* of two updates at the slowest rate one is lost */
	net->s[0].cut = true;
	net_wait(net, MTIME_SEC(180));
	net->s[0].cut = false;
	assert_true(net_finds(w, G(1), HOST(9)));
	net_wait(net, MTIME_SEC(60));
	net_hangup(m);
	net_crash(net, 0);
	net_wait(net, MTIME_SEC(239));
	assert_true(net_finds(w, G(1), HOST(9)));
	net_clear(net);
	net_wait(net, MTIME_SEC(61));
	assert_int_equal(net_count(net, 1, CCVC, 5), 0);
	assert_false(net_finds(w, G(1), HOST(9)));
	assert_true(net_finds(w, G(1), HOST(2)));
	net_end(net, w, NULL);
}

/* R2443-2-06, R2443-3-12: no two endpoints of the LIS have one CMI. */
static void
no_two_endpoints_have_one_cmi(void **state)
{
	static bool seen[65536];
	struct net *net = net_new();
	struct nvc *v[SERVERS][50];
	struct record *r;
	unsigned cmi, records = 0;
	int i, j;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < SERVERS; i++)
		net_start(net, i);
	for (i = 0; i < SERVERS; i++)
		for (j = 0; j < 50; j++)
			v[i][j] = j % 10 == 0 ?
			    net_mcs(net, i, 1000 * i + j) :
			    net_client(net, i, 1000 * i + j);
	for (i = 0; i < SERVERS; i++) {
		for (r = last(net, i); r != NULL; r = r->next) {
			if (!(r->data[12] & 0x20))
				continue;
			cmi = (unsigned)(r->data[14] << 8 | r->data[15]);
			assert_int_not_equal(cmi, 0);
			assert_false(seen[cmi]);
			seen[cmi] = true;
			records++;
		}
		assert_int_equal(net->s[i].events[MARSD_EV_CMI_OVERLAP], 0);
	}
	assert_int_equal(records, SERVERS * 50);
	for (i = 0; i < SERVERS; i++)
		for (j = 0; j < 50; j++)
			net_hangup(v[i][j]);
	net_free(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_go_to_their_own_server_group),
		cmocka_unit_test(only_its_server_has_a_leaf_to_a_member),
		cmocka_unit_test(the_redirect_entry_is_renewed_every_minute),
		cmocka_unit_test(a_redirect_entry_names_protocol_and_server),
		cmocka_unit_test(records_of_a_client_octet_by_octet),
		cmocka_unit_test(records_of_an_mcs_octet_by_octet),
		cmocka_unit_test(no_news_is_not_published),
		cmocka_unit_test(every_server_punches_the_holes_of_all),
		cmocka_unit_test(
		    a_client_that_drops_is_deregistered_everywhere),
		cmocka_unit_test(an_mcs_that_drops_is_deregistered_everywhere),
		cmocka_unit_test(a_dead_server_takes_its_mcss_silently),
		cmocka_unit_test(no_two_endpoints_have_one_cmi),
	};

	return cmocka_run_group_tests_name("dist", tests, NULL, NULL);
}
