/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* R2022-6.1.1-01, R2022-5.1.1-01, R2022-5.1.2-12, -13, A-128: the request. */
static void
an_empty_group_is_answered_with_a_nak(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	net_request(w, G(1));
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	b_request(&b, HOST(1), G(1));
	b.p[OFF(10)] = 0x5a; /* mar$hdrrsv */
	b.p[OFF(26)] = 0xa5; /* mar$pad */
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 6);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(t->len, b.len);
	b.p[OFF(17)] = 6;
	assert_memory_equal(t->p, b.p, b.len);
	net_end(net, w, v, NULL);
}

/*
 * R2022-5.1.1-05, R2022-5.1.2-15 to -20, A-122: one part, which lists the
 * asker too; members by a block and by a single join are there once.
 */
static void
a_small_group_is_one_part(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(0), G(9));
	net_join(w, 4, 0, G(0), G(5));
	net_clear(net);
	net_request(v, G(1));
	t = net_only(net, 0, PRIV, 2);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(TNUM(t), 2);
	assert_int_equal(SEQXY(t), 0x8001);
	assert_int_equal(MSN(t), net_number(net, 0, CCVC));
	assert_int_equal(t->p[OFF(20)], 0); /* spln */
	assert_int_equal(t->p[OFF(21)], 20); /* thtl */
	assert_int_equal(t->p[OFF(22)], 0); /* tstl */
	assert_int_equal(t->p[OFF(23)], 4); /* tpln */
	assert_memory_equal(t->p + OFF(32), HOST(1).num, 20);
	assert_int_equal(g32(t, 52), G(1));
	assert_int_equal(t->len, OFF(56 + 2 * 20));
	assert_true(net_finds(w, G(1), HOST(1)));
	assert_true(net_finds(w, G(1), HOST(2)));
	assert_false(net_finds(w, G(7), HOST(2)));
	net_end(net, w, v, NULL);
}

/*
 * R2022-5.1.1-04, -06, -07, R2022-5.1.2-21, A-120, A-121: 456 in a part when
 * the source has a protocol address, and no empty part behind.
 */
static void
a_large_group_is_in_full_parts(void **state)
{
	struct net *net = net_new();
	struct nvc *v[912];
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	for (i = 0; i < 912; i++) {
		v[i] = net_client(net, 0, 1 + (int)i);
		net_join(v[i], 4, 0, G(1), G(1));
		if (i == 455 || i == 911) {
			net_clear(net);
			b_request(&b, HOST(1), G(1));
			b.p[OFF(20)] = 4; /* spln */
			b.len -= 4;
			b32(&b, 0x0a000001);
			b32(&b, G(1));
			net_put(v[0], &b);
			assert_int_equal(net->nsent, (i + 1) / 456);
			assert_int_equal(TNUM(&net->sent[0]), 456);
			assert_int_equal(net->sent[0].len, 9188);
			/* mar$spa of the asker (R2022-5.1.2-17) */
			assert_int_equal(g32(&net->sent[0], 52), 0x0a000001);
			assert_int_equal(g32(&net->sent[0], 56), G(1));
		}
	}
	assert_int_equal(SEQXY(&net->sent[0]), 0x0001);
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	assert_int_equal(MSN(&net->sent[0]), MSN(&net->sent[1]));
	for (i = 0; i < 912; i++)
		net_hangup(v[i]);
	net_free(net);
}

/*
 * R2022-5.1.1-07, nvc.md rule 7: whatever a client takes, it gets the whole
 * list, in parts that are as long as it takes and none of them longer.
 */
static void
parts_are_as_long_as_the_client_takes(void **state)
{
	static const size_t sizes[] = { VC_SDU_MIN, 537, 1380, 1460, 1508, 4472,
		9140, 9187, VC_SDU_MAX };
	struct net *net = net_new();
	struct nvc *v[500];
	struct buf b;
	size_t i, k, all;

	(void)state;
	net_start(net, 0);
	for (i = 0; i < 500; i++) {
		v[i] = net_client(net, 0, 1 + (int)i);
		net_join(v[i], 4, 0, G(1), G(1));
	}
	for (k = 0; k < sizeof(sizes) / sizeof(*sizes); k++) {
		net->sdu_max = sizes[k];
		net_clear(net);
		b_request(&b, HOST(1), G(1));
		b.p[OFF(20)] = 4; /* spln */
		b.len -= 4;
		b32(&b, 0x0a000001);
		b32(&b, G(1));
		net_put(v[0], &b);
		for (i = all = 0; i < net->nsent; i++) {
			assert_true(net->sent[i].len <= sizes[k]);
			/* but for the last there is no room for one more */
			assert_true(i + 1 == net->nsent ||
			    net->sent[i].len + 20 > sizes[k]);
			assert_int_equal(SEQXY(&net->sent[i]),
			    (i + 1 == net->nsent ? 0x8000 : 0) + i + 1);
			all += TNUM(&net->sent[i]);
		}
		assert_int_equal(all, 500);
	}
	for (i = 0; i < 500; i++)
		net_hangup(v[i]);
	net_free(net);
}

/* R2022-5.1.1-14: one kind of address in a part, numbered across kinds. */
static void
a_part_has_one_kind_of_address(void **state)
{
	struct net *net = net_new();
	struct atm_addr e164, sub;
	struct nvc *v, *w, *x, *y;

	(void)state;
	memset(&e164, 0, sizeof(e164));
	e164.num_tl = 0x40 | 11;
	memcpy(e164.num, "49301234567", 11);
	sub = e164;
	sub.sub_tl = 20;
	sub.sub[0] = 0x47;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, e164);
	x = net_call(net, 0, sub);
	net_join(w, 4, 0x2000, 0, 0);
	net_join(x, 4, 0x2000, 0, 0);
	y = net_client(net, 0, 2);
	/* each kind by a block as well as by a single join */
	net_join(v, 4, 0, G(1), G(1));
	net_join(w, 4, 0, G(0), G(9));
	net_join(x, 4, 0, G(1), G(1));
	net_join(y, 4, 0, G(0), G(9));
	net_clear(net);
	net_request(v, G(1));
	assert_int_equal(net->nsent, 3);
	assert_int_equal(SEQXY(&net->sent[0]), 1);
	assert_int_equal(TNUM(&net->sent[0]), 2);
	assert_int_equal(net->sent[0].p[OFF(21)], 20);
	assert_int_equal(SEQXY(&net->sent[1]), 2);
	assert_int_equal(net->sent[1].p[OFF(21)], 0x4b);
	assert_int_equal(net->sent[1].p[OFF(22)], 0);
	assert_int_equal(SEQXY(&net->sent[2]), 0x8003);
	assert_int_equal(net->sent[2].p[OFF(22)], 20);
	net_end(net, y, x, w, v, NULL);
}

/* R2022-4.3.3-01, A-102, A-104: a checksum that was there is right again. */
static void
a_nak_has_a_right_checksum(void **state)
{
	static const uint8_t tlv[] = { 0x38, 0x01, 0x00, 0x02, 7, 8, 0, 0, 0, 0,
		0, 0 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;
	uint32_t sum = 0;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	b_request(&b, HOST(1), G(1));
	b.p[OFF(15)] = 56; /* mar$extoff */
	bn(&b, tlv, sizeof(tlv));
	for (i = 8; i < b.len; i += 2)
		sum += (uint32_t)(b.p[i] << 8 | b.p[i + 1]);
	sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
	b.p[OFF(12)] = (uint8_t)(sum >> 8);
	b.p[OFF(13)] = (uint8_t)sum;
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 6);
	assert_int_equal(t->len, b.len);
	/* NAK 6 for REQUEST 1: the complement is 5 less */
	assert_int_equal(g16(t, 12), sum - 5);
	b.p[OFF(17)] = 6;
	b.p[OFF(12)] = t->p[OFF(12)];
	b.p[OFF(13)] = t->p[OFF(13)];
	assert_memory_equal(t->p, b.p, b.len);
	net_end(net, v, NULL);
}

/*
 * R2022-6.1.4-05, -06, R2022-6.1.4-02, A-44: what changes the map meanwhile,
 * here and at another server, and the MARS_REDIRECT_MAP that is due, wait
 * until the last part has gone; all parts have one number.
 */
static void
nothing_falls_between_the_parts(void **state)
{
	struct net *net = net_new();
	struct nvc *v[500], *far;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	far = net_client(net, 1, 1000);
	for (i = 0; i < 500; i++) {
		v[i] = net_client(net, 0, 1 + (int)i);
		net_join(v[i], 4, 0, G(1), G(1));
	}
	net_wait(net, MTIME_SEC(59));
	net_join(far, 4, 0, G(9), G(9));
	net_clear(net);
	net->ts.now.us += MTIME_SEC(60); /* due, but not run yet */
	/* all three are there when the loop comes to them */
	b_request(&b, HOST(1), G(1));
	net_put(v[0], &b);
	b_join(&b, 5, 0, HOST(2), 1, G(1), G(1));
	net_put(v[1], &b);
	net_settle(net);
	assert_true(net->nsent > 3);
	assert_int_equal(OP(&net->sent[0]), 2);
	assert_int_equal(SEQXY(&net->sent[0]), 1);
	assert_int_equal(OP(&net->sent[1]), 2);
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	assert_int_equal(MSN(&net->sent[1]), MSN(&net->sent[0]));
	assert_int_equal(TNUM(&net->sent[0]) + TNUM(&net->sent[1]), 500);
	assert_int_equal(OP(&net->sent[2]), 5);
	assert_int_equal(MSN(&net->sent[2]), MSN(&net->sent[0]));
	assert_int_equal(OP(&net->sent[3]), 12);
	assert_int_equal(MSN(&net->sent[3]), MSN(&net->sent[0]) + 1);
	net_hangup(far);
	for (i = 0; i < 500; i++)
		net_hangup(v[i]);
	net_free(net);
}

static void
grouplist(struct nvc *v, unsigned pnum, uint32_t min, uint32_t max)
{
	struct buf b;

	b_join(&b, 10, 0, v->peer, pnum, min, max);
	net_put(v, &b);
}

/* Groups with so many members each, of another server. */
static void
members_elsewhere(struct net *net, uint32_t groups, uint32_t members)
{
	static const uint8_t oid[4] = { 10, 0, 0, 9 };
	struct csa c = { .pro.type = 0x0800, .state = CSA_JOIN,
		.flags = CSA_F_LAYER3GRP };
	uint8_t p[CSA_MAX];
	uint32_t i;
	size_t n;

	for (i = 0; i < groups * members; i++) {
		c.atm = HOST(100 + i % members);
		c.min = (struct paddr){ .len = 4, .a = { 0xe0, 0,
		    (uint8_t)(i / members >> 8), (uint8_t)(i / members) } };
		c.max = c.min;
		n = csa_encode(&c, p, sizeof(p));
		marsd_csa_update(net->s[0].mars, 1, oid, 0x20000 + i, 1,
		    CSA_HOW_ALIGNED, p, n);
	}
}

/*
 * Of 500 questions at once, those that are answered; what is named in an
 * answer is paid for by who asks, and by nobody else.
 */
static uint64_t
answered(uint32_t groups, uint32_t members, bool list)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	uint64_t n;
	int i;

	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	members_elsewhere(net, groups, members);
	net_clear(net);
	net->quiet = true;
	for (i = 0; i < 500; i++)
		if (list)
			grouplist(v, 1, G(0), G(0x10000));
		else
			net_request(v, G(0));
	n = 500 - net_dropped(net, 0, MARSD_DROP_RATE);
	net_clear(net);
	net->quiet = false;
	net_request(w, G(0));
	assert_true(net_count(net, 0, PRIV, 2) > 0);
	net_end(net, w, v, NULL);
	return n;
}

/*
 * Who asks for what is large pays for it, by the number of members or groups:
 * of 60,000 members 500 answers are 600 MB, and seconds in which nobody else
 * is answered.  400 in an answer cost 6 messages more, of 4096 at once.
 */
static void
large_answers_are_paid_for(void **state)
{
	(void)state;
	assert_int_equal(answered(1, 60, false), 500);
	assert_int_equal(answered(60, 1, true), 500);
	assert_int_equal(answered(1, 400, false), 500);
	assert_in_range(answered(1, 4000, false), 64, 66);
	assert_in_range(answered(4000, 1, true), 64, 66);
}

/* How many callers a server remembers. */
static int
remembered(struct net *net, int n)
{
	struct marsd_caller *k;
	int callers = 0;

	RB_FOREACH(k, marsd_caller_tree, &net_proto(net, n)->cluster->callers)
		callers++;
	return callers;
}

/*
 * A caller is remembered for what it has had itself: one message is made good
 * in 5 ms, and 4096 at once in 20 s.
 */
static void
each_caller_is_remembered_for_its_own_debt(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	int i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	members_elsewhere(net, 1, 4000);
	for (i = 0; i < 100; i++)
		net_request(v, G(0));
	net_hangup(v);
	for (i = 0; i < 500; i++) {
		v = net_call(net, 0, HOST(1000 + i));
		net_request(v, G(0));
		net_hangup(v);
	}
	net_wait(net, MTIME_MS(5));
	v = net_call(net, 0, HOST(9));
	assert_int_equal(remembered(net, 0), 2);
	net_wait(net, MTIME_SEC(20));
	assert_int_equal(remembered(net, 0), 2);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(remembered(net, 0), 1);
	net_hangup(v);
	assert_int_equal(remembered(net, 0), 0);
	net_end(net, NULL);
}

/*
 * R2022-5.3-02 to -09, -12, A-34, A-125, A-126, A-127: the groups with layer
 * 3 members, ascending; none gives an empty reply; blocks never count.
 */
static void
a_grouplist_has_the_groups_of_layer_3(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	grouplist(v, 1, G(0), G(100));
	t = net_only(net, 0, PRIV, 11);
	assert_int_equal(TNUM(t), 0);
	assert_int_equal(SEQXY(t), 0x8001);
	net_join(v, 4, 0x8000, G(9), G(9));
	net_join(v, 4, 0, G(5), G(5));
	net_join(v, 4, 0x8000, G(3), G(3));
	net_join(v, 4, 0x8000, G(200), G(200));
	net_join(v, 4, 0x8000, G(20), G(40));
	net_clear(net);
	grouplist(v, 1, G(0), G(100));
	t = net_only(net, 0, PRIV, 11);
	assert_int_equal(TNUM(t), 2);
	assert_int_equal(t->p[OFF(21)] | t->p[OFF(22)], 0);
	assert_int_equal(t->p[OFF(23)], 4);
	assert_int_equal(g32(t, 52), G(3));
	assert_int_equal(g32(t, 56), G(9));
	assert_int_equal(t->len, OFF(60));
	net_join(v, 4, 0x8000, G(5), G(5)); /* for layer 3 now: A-34 */
	net_clear(net);
	grouplist(v, 2, G(4), G(6)); /* the second is ignored */
	assert_int_equal(TNUM(net_only(net, 0, PRIV, 11)), 1);
	net_clear(net);
	grouplist(v, 0, 0, 0);
	grouplist(w, 1, G(0), G(100));
	assert_int_equal(net->nsent, 0);
	net_end(net, w, v, NULL);
}

/*
 * R2022-5.3-07, -09, R2022-5.1.1-04 to -07: 2282 groups of 4 octets fit into
 * 9180 octets behind 32 and a source of 20; all parts with one number.
 */
static void
a_long_grouplist_is_in_full_parts(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	uint32_t i, csn;
	size_t k;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_cluster_conf(net, 0)->max_joins = 5000;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 4564; i++) {
		net_join(v, 4, 0x8000, G(2 * i), G(2 * i));
		if (i != 2281 && i != 4563)
			continue;
		csn = net_number(net, 0, CCVC);
		net_clear(net);
		grouplist(v, 1, G(0), G(0x10000));
		assert_int_equal(net->nsent, (i + 1) / 2282);
		for (k = 0; k < net->nsent; k++) {
			assert_int_equal(OP(&net->sent[k]), 11);
			assert_int_equal(TNUM(&net->sent[k]), 2282);
			assert_int_equal(net->sent[k].len, 9188);
			assert_int_equal(MSN(&net->sent[k]), csn);
			assert_int_equal(
			    g32(&net->sent[k], 52), G(2 * 2282 * k));
			assert_memory_equal(
			    net->sent[k].to.num, HOST(1).num, 20);
		}
	}
	assert_int_equal(SEQXY(&net->sent[0]), 0x0001);
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	net_end(net, v, NULL);
}

/* A-126, R2022-6.2.5-02: an MCS asks, and hears the SSN. */
static void
a_grouplist_for_an_mcs_has_the_ssn(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *m;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	m = net_mcs(net, 0, 9);
	net_join(v, 4, 0x8000, G(3), G(3));
	net_set_numbers(net, 0, 0, 1000, 2000);
	net_clear(net);
	grouplist(m, 1, G(0), G(100));
	t = net_only(net, 0, PRIV, 11);
	assert_int_equal(TNUM(t), 1);
	assert_int_equal(MSN(t), 2000);
	assert_memory_equal(t->p + OFF(32), HOST(9).num, 20);
	net_clear(net);
	grouplist(v, 1, G(0), G(100));
	assert_int_equal(MSN(net_only(net, 0, PRIV, 11)), 1000);
	net_end(net, m, v, NULL);
}

/* does the list of all groups name this one? */
static bool
listed(struct nvc *v, uint32_t group)
{
	struct net *net = v->net;
	const struct sent *t;
	bool found = false;
	size_t i;

	net_clear(net);
	grouplist(v, 1, G(0), G(100));
	t = net_only(net, v->server, PRIV, 11);
	for (i = 0; i < TNUM(t); i++)
		if (g32(t, 52 + 4 * i) == group)
			found = true;
	net_clear(net);
	return found;
}

/*
 * R2022-5.3-05, R2022-5.2.1-12, R2022-6.1.2-11, A-34, A-127: each member's
 * latest single JOIN decides, a LEAVE ends it whatever its flag, one member
 * is enough, and all of this at every server and with an MCS as well.
 */
static void
the_latest_single_join_decides_on_layer_3(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *m;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 1, 2);
	net_join(v, 4, 0x8000, G(1), G(1));
	assert_true(listed(v, G(1)) && listed(w, G(1)));
	/* the latest */
	net_join(v, 4, 0, G(1), G(1));
	assert_false(listed(v, G(1)) || listed(w, G(1)));
	net_join(v, 4, 0x8000, G(1), G(1));
	assert_true(listed(v, G(1)) && listed(w, G(1)));
	/* of each member */
	net_join(w, 4, 0, G(1), G(1));
	assert_true(listed(v, G(1)) && listed(w, G(1)));
	net_join(w, 4, 0x8000, G(1), G(1));
	net_join(v, 5, 0x8000, G(1), G(1));
	assert_true(listed(v, G(1)) && listed(w, G(1)));
	net_join(w, 5, 0x8000, G(1), G(1));
	assert_false(listed(v, G(1)) || listed(w, G(1)));
	/* a block around it, with the flag: not for layer 3 */
	net_join(v, 4, 0x8000, G(0), G(9));
	assert_false(listed(v, G(0)) || listed(w, G(0)));
	net_join(v, 4, 0x8000, G(4), G(4));
	assert_true(listed(v, G(4)) && listed(w, G(4)));
	/* MCS supported or not */
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(4), G(4));
	assert_true(listed(v, G(4)) && listed(w, G(4)));
	net_join(v, 5, 0x2000, 0, 0);
	assert_false(listed(w, G(4)));
	net_end(net, m, w, v, NULL);
}

/*
 * R2022-5.1.2-10, -11, -17, R2022-5.1.1-14: a client with an E.164 number
 * and an NSAPA as its subaddress, from its registration to the answer, at
 * both servers; every address with its type and length.
 */
static void
e164_and_a_subaddress_all_the_way(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct atm_addr a;
	struct nvc *v, *w, *far;

	(void)state;
	memset(&a, 0, sizeof(a));
	a.num_tl = 0x40 | 11;
	memcpy(a.num, "49301234567", 11);
	a.sub_tl = 20;
	a.sub[0] = 0x47;
	a.sub[19] = 0x77;
	net_start(net, 0);
	net_start(net, 1);
	w = net_client(net, 0, 2);
	far = net_client(net, 1, 3);
	v = net_call(net, 0, a);
	net_join(v, 4, 0x2000, 0, 0);
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(t->p[OFF(18)], 0x4b);
	assert_int_equal(t->p[OFF(19)], 0x14);
	assert_int_equal(t->len, OFF(32 + 11 + 20));
	assert_memory_equal(t->p + OFF(32), a.num, 11);
	assert_memory_equal(t->p + OFF(43), a.sub, 20);
	net_clear(net);
	net_join(v, 4, 0, G(1), G(1));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(t->p[OFF(18)], 0x4b);
	check_pairs(t, 1, G(1), G(1));
	/* built from the record at the other server */
	t = net_only(net, 1, CCVC, 4);
	assert_int_equal(t->p[OFF(18)], 0x4b);
	assert_int_equal(t->p[OFF(19)], 0x14);
	assert_memory_equal(t->p + OFF(32), a.num, 11);
	assert_memory_equal(t->p + OFF(43), a.sub, 20);
	check_pairs(t, 1, G(1), G(1));
	net_clear(net);
	/* asked by a client with an NSAPA, and by itself */
	net_request(far, G(1));
	t = net_only(net, 1, PRIV, 2);
	assert_int_equal(t->p[OFF(18)], 20);
	assert_int_equal(t->p[OFF(21)], 0x4b);
	assert_int_equal(t->p[OFF(22)], 0x14);
	assert_int_equal(TNUM(t), 1);
	assert_int_equal(t->len, OFF(32 + 20 + 4 + 31));
	assert_memory_equal(t->p + OFF(56), a.num, 11);
	assert_memory_equal(t->p + OFF(67), a.sub, 20);
	net_clear(net);
	net_request(v, G(1));
	t = net_only(net, 0, PRIV, 2);
	assert_int_equal(t->p[OFF(18)], 0x4b);
	assert_int_equal(t->len, OFF(32 + 31 + 4 + 31));
	net_clear(net);
	/* the same number without the subaddress is another node */
	net_hangup(far);
	a.sub_tl = 0;
	memset(a.sub, 0, sizeof(a.sub));
	far = net_call(net, 0, a);
	net_join(far, 4, 0, G(1), G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net_join(v, 5, 0x2000, 0, 0);
	assert_int_equal(TAILQ_EMPTY(&net->leaves), 0);
	net_request(w, G(1));
	(void)net_only(net, 0, PRIV, 6);
	net_end(net, far, w, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_group_is_answered_with_a_nak),
		cmocka_unit_test(a_nak_has_a_right_checksum),
		cmocka_unit_test(a_small_group_is_one_part),
		cmocka_unit_test(a_large_group_is_in_full_parts),
		cmocka_unit_test(parts_are_as_long_as_the_client_takes),
		cmocka_unit_test(a_part_has_one_kind_of_address),
		cmocka_unit_test(nothing_falls_between_the_parts),
		cmocka_unit_test(a_grouplist_has_the_groups_of_layer_3),
		cmocka_unit_test(a_long_grouplist_is_in_full_parts),
		cmocka_unit_test(large_answers_are_paid_for),
		cmocka_unit_test(each_caller_is_remembered_for_its_own_debt),
		cmocka_unit_test(a_grouplist_for_an_mcs_has_the_ssn),
		cmocka_unit_test(the_latest_single_join_decides_on_layer_3),
		cmocka_unit_test(e164_and_a_subaddress_all_the_way),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
