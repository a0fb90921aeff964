/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/*
 * R2022-6.1.2-14, -15, -17, R2022-5.2-02, R2022-5.1.4.2-02, -03,
 * R2022-6.1.4-01, -02, A-107: a join that changes membership goes out on
 * ClusterControlVC,
 * with the CSN, which is one higher afterwards, also in private messages.
 */
static void
a_new_join_goes_out_with_the_csn(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	uint32_t csn;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	csn = net_number(net, 0, CCVC);
	/* punched, which is nobody's but ours, goes out as 0 */
	net_join(v, 4, 0x1011, G(1), G(1));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(FLAGS(t), 0x4011);
	assert_int_equal(MSN(t), csn);
	check_pairs(t, 1, G(1), G(1));
	net_clear(net);
	/* R2022-6.1.2-16: already a member, and the CSN went up once */
	net_join(v, 4, 0x1012, G(1), G(1));
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(FLAGS(t), 0x4012);
	assert_int_equal(MSN(t), csn + 1);
	net_clear(net);
	net_join(v, 5, 0x1013, G(1), G(1));
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x4013);
	check_pairs(t, 1, G(1), G(1));
	assert_int_equal(MSN(t), csn + 1);
	assert_false(net_finds(v, G(1), HOST(1)));
	net_clear(net);
	/* a LEAVE of what is not joined */
	net_join(v, 5, 0x1014, G(1), G(1));
	assert_int_equal(FLAGS(net_only(net, 0, PRIV, 5)), 0x4014);
	assert_int_equal(net->nsent, 1);
	net_end(net, v, NULL);
}

/*
 * R2022-6.1.2-18 to -21: a block around single joins; R2022-5.2.1-19: the
 * pairs ascend; A-98: a single group inside the block is private.
 */
static void
a_block_goes_out_with_holes(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(12), G(12));
	net_join(v, 4, 0, G(20), G(20));
	net_clear(net);
	net_join(v, 4, 0x1021, G(10), G(20));
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(FLAGS(t), 0x4021);
	check_pairs(t, 1, G(10), G(20));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x5021); /* copy, punched */
	check_pairs(t, 2, G(10), G(11), G(13), G(19));
	net_clear(net);
	/* inside its own block: joined for itself, but nobody hears of it */
	net_join(v, 4, 0, G(15), G(15));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0, G(12), G(12));
	(void)net_only(net, 0, PRIV, 5);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	/* out of the block: still a member of 15 and 20 */
	net_join(v, 5, 0x1022, G(10), G(20));
	t = net_only(net, 0, PRIV, 5);
	assert_int_equal(FLAGS(t), 0x4022);
	check_pairs(t, 1, G(10), G(20));
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x5022);
	check_pairs(t, 2, G(10), G(14), G(16), G(19));
	assert_true(net_finds(v, G(15), HOST(1)));
	assert_false(net_finds(v, G(16), HOST(1)));
	net_end(net, v, NULL);
}

/* R2022-6.1.2-19: no holes; R2022-6.1.2-22: nothing but holes; A-99. */
static void
a_block_goes_out_whole_or_not_at_all(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(10), G(11));
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x4000);
	check_pairs(t, 1, G(10), G(11));
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 4, 0, G(10), G(11));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 4, 0, G(20), G(20));
	net_join(v, 4, 0, G(21), G(21));
	net_clear(net);
	net_join(v, 4, 0, G(20), G(21));
	(void)net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	/* and out again */
	net_join(v, 5, 0x1000, G(20), G(21));
	assert_int_equal(FLAGS(net_only(net, 0, PRIV, 5)), 0x4000);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0x1000, G(10), G(11));
	t = net_only(net, 0, CCVC, 5);
	assert_int_equal(FLAGS(t), 0x4000);
	check_pairs(t, 1, G(10), G(11));
	assert_int_equal(net->nsent, 1);
	net_end(net, v, NULL);
}

/* an overlapping block is a record of its own. */
static void
an_overlapping_block_is_a_record(void **state)
{
	struct net *net = net_new();
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(10), G(20));
	net_clear(net);
	net_join(v, 4, 0, G(15), G(30));
	check_pairs(net_only(net, 0, CCVC, 4), 1, G(21), G(30));
	net_clear(net);
	net_join(v, 5, 0, G(10), G(20));
	check_pairs(net_only(net, 0, CCVC, 5), 1, G(10), G(14));
	assert_true(net_finds(v, G(15), HOST(1)));
	net_end(net, v, NULL);
}

/*
 * R2022-6.1.2-08, -09, -12, A-49, A-100: what is dropped silently, JOIN or
 * LEAVE, each with its reason, and changes nothing.
 */
static void
unusable_joins_are_dropped_and_counted(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	struct buf b;
	unsigned op, n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	for (op = 4, n = 1; op <= 5; op++, n++) {
		net_join(w, op, 0, G(1), G(1));
		assert_int_equal(
		    net_dropped(net, 0, MARSD_DROP_UNREGISTERED), n);
		net_join(v, op, 0x4000, G(1), G(1));
		net_join(v, op, 0x6000, 0, 0);
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_COPY), 2 * n);
		b_join(&b, op, 0, HOST(1), 2, G(1), G(1));
		net_put(v, &b);
		b_join(&b, op, 0, HOST(1), 0, 0, 0);
		net_put(v, &b);
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_PAIRS), 2 * n);
		net_join(v, op, 0, G(2), G(1));
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_RANGE), n);
		assert_int_equal(net->nsent, 0);
		assert_int_equal(net_show(net, 0, "joins"), op - 4);
		/* for the LEAVEs: it has something to leave */
		net_join(v, 4, 0, G(1), G(1));
		net_clear(net);
	}
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, w, v, NULL);
}

/* Limits: joins of a member, groups. */
static void
joins_and_groups_are_limited(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;

	(void)state;
	net_cluster_conf(net, 0)->max_joins = 2;
	net_cluster_conf(net, 0)->max_groups = 3;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net_join(v, 4, 0, G(3), G(3));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_JOINS), 1);
	net_join(w, 4, 0, G(3), G(3));
	net_join(w, 4, 0, G(4), G(4));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_GROUPS), 1);
	net_join(w, 4, 0, G(1), G(1));
	assert_int_equal(net_count(net, 0, CCVC, 4), 4);
	net_end(net, w, v, NULL);
}

/*
 * Messages a second: one client is stopped before it uses up what all have,
 * and goes on a second later.  Another circuit of the same address brings no
 * more, be it a second one or one called anew.
 */
static void
one_client_cannot_use_up_the_rate(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *x;
	int i;

	(void)state;
	net_cluster_conf(net, 0)->rate = 10;
	net_cluster_conf(net, 0)->burst = 10;
	net_cluster_conf(net, 0)->rate_total = 20;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	for (i = 0; i < 100; i++)
		net_request(v, G(1));
	assert_int_equal(net->nsent, 9);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RATE), 91);
	net_clear(net);
	net_request(w, G(1));
	assert_int_equal(net->nsent, 1);
	for (i = 0; i < 8; i++)
		net_request(w, G(1));
	x = net_call(net, 0, HOST(2));
	net_request(x, G(1));
	net_hangup(x);
	net_hangup(w);
	w = net_call(net, 0, HOST(2));
	net_request(w, G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RATE), 93);
	x = net_call(net, 0, HOST(3));
	net_request(x, G(1));
	net_request(x, G(1));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RATE_TOTAL), 2);
	net_hangup(x);
	net_clear(net);
	net_wait(net, MTIME_SEC(1));
	net_request(v, G(1));
	net_request(w, G(1));
	assert_int_equal(net->nsent, 2);
	net_end(net, w, v, NULL);
}

/*
 * Issue 12, A: limits of all are not used up by those with many joins, and an
 * operator hears when one is near, once.
 */
static void
limits_of_all_leave_something_for_others(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct nvc *v, *w;
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->max_total = 40;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	for (i = 0; i < 50; i++)
		net_join(v, 4, 0, G(i), G(i));
	assert_int_equal(net_show(net, 0, "joins"), 30);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TOTAL), 20);
	assert_int_equal(s->events[MARSD_EV_NEAR], 0);
	for (i = 0; i < 5; i++)
		net_join(w, 4, 0, G(i), G(i));
	assert_int_equal(net_show(net, 0, "joins"), 35);
	assert_int_equal(s->events[MARSD_EV_NEAR], 0);
	net_join(w, 4, 0, G(5), G(5));
	assert_int_equal(s->events[MARSD_EV_NEAR], 1);
	assert_string_equal(s->why, "joins");
	net_join(w, 5, 0, G(5), G(5));
	net_join(w, 4, 0, G(5), G(5));
	assert_int_equal(s->events[MARSD_EV_NEAR], 1);
	for (i = 0; i < 10; i++)
		net_join(v, 5, 0, G(i), G(i));
	for (i = 0; i < 4; i++)
		net_join(v, 4, 0, G(i), G(i));
	net_join(w, 4, 0, G(6), G(6));
	net_join(w, 4, 0, G(7), G(7));
	for (i = 10; i < 20; i++)
		net_join(w, 4, 0, G(i), G(i));
	assert_int_equal(net_show(net, 0, "joins"), 32);
	assert_int_equal(net_counter(net, 0, "limits-near"), 1);
	net_end(net, v, w, NULL);
}

/* Issue 12, A: and of the limit that each has for itself. */
static void
a_client_near_its_own_limit_is_told_of(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct nvc *v, *w;
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->max_joins = 10;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	for (i = 0; i < 8; i++)
		net_join(v, 4, 0, G(i), G(i));
	for (i = 0; i < 8; i++)
		net_join(w, 4, 0, G(i), G(i));
	assert_int_equal(s->events[MARSD_EV_NEAR], 0);
	net_join(v, 4, 0, G(8), G(8));
	assert_int_equal(s->events[MARSD_EV_NEAR], 1);
	assert_string_equal(s->why, "joins-per-member");
	assert_int_equal(net_counter(net, 0, "limits-near"), 1);
	/* once for each client, until it has fallen below eight tenths */
	net_join(v, 4, 0, G(9), G(9));
	assert_int_equal(s->events[MARSD_EV_NEAR], 1);
	net_join(w, 4, 0, G(8), G(8));
	assert_int_equal(s->events[MARSD_EV_NEAR], 2);
	for (i = 0; i < 8; i++)
		net_join(v, 5, 0, G(i), G(i));
	for (i = 0; i < 8; i++)
		net_join(v, 4, 0, G(i), G(i));
	assert_int_equal(s->events[MARSD_EV_NEAR], 3);
	net_end(net, v, w, NULL);
}

/*
 * One hostile client: over 64 circuits it registers again and again, joins
 * the whole space one group at a time, and blocks that overlap, and asks for
 * the largest group.  What it can take is bounded by its own limits, and
 * another client is served all the while.
 */
static void
a_hostile_client_is_bounded(void **state)
{
	struct net *net = net_new();
	struct conf_cluster *conf = net_cluster_conf(net, 0);
	struct nvc *v, *w, *more[64];
	uint32_t i, k;

	(void)state;
	conf->rate = 100;
	conf->burst = 100;
	conf->rate_total = 1000;
	conf->max_joins = 50;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(w, 4, 0, G(1), G(1));
	for (i = 0; i < 64; i++)
		more[i] = net_call(net, 0, HOST(1));
	for (i = 0; i < 60; i++) { /* for a minute */
		net_clear(net);
		for (k = 0; k < 1200; k++) /* each kind first in turn */
			switch ((i + k / 300) % 4) {
			case 0:
				net_join(more[k % 64], 4, 0x2000, 0, 0);
				break;
			case 1:
				net_join(v, 4, 0, i << 16 | k, i << 16 | k);
				break;
			case 2:
				net_join(v, 4, 0, G(k), G(0x100000 - k));
				break;
			case 3:
				net_request(more[k % 64], G(5));
			}
		/* an echo and a copy at most for each that gets through */
		assert_true(net->nsent <= 2 * 100);
		net_clear(net);
		/* the other one has an answer at once */
		net_request(w, G(1));
		assert_int_equal(net->nsent, 1);
		assert_int_equal(OP(&net->sent[0]), 2);
		net_wait(net, MTIME_SEC(1));
	}
	assert_true(net_dropped(net, 0, MARSD_DROP_RATE) > 60 * 1000);
	assert_true(net_dropped(net, 0, MARSD_DROP_JOINS) > 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RATE_TOTAL), 0);
	assert_true(net_show(net, 0, "joins") <= 50 + 1);
	assert_true(net_show(net, 0, "groups") <= 50 + 1);
	assert_int_equal(net_show(net, 0, "members"), 2);
	assert_int_equal(net_show(net, 0, "cmi-used"), 2);
	for (i = 0; i < 64; i++)
		net_hangup(more[i]);
	net_end(net, w, v, NULL);
}

/* Registers a hundred times, on two circuits; how many are too many? */
static uint64_t
registrations_refused(uint32_t joins)
{
	struct net *net = net_new();
	struct conf_cluster *conf = net_cluster_conf(net, 0);
	struct nvc *v[2];
	uint64_t refused;
	uint32_t i;

	conf->rate = 0;
	conf->max_joins = 8000;
	net_start(net, 0);
	v[0] = net_client(net, 0, 1);
	v[1] = net_call(net, 0, HOST(1));
	for (i = 0; i < joins; i++) {
		net_join(v[0], 4, 0, G(i), G(i));
		net_clear(net);
	}
	conf->rate = 200;
	conf->burst = 400;
	for (i = 0; i < 100; i++)
		net_join(v[i % 2], 4, 0x2000, 0, 0);
	refused = net_dropped(net, 0, MARSD_DROP_RATE);
	/* it keeps what it has joined, and is served when it has waited */
	net_clear(net);
	net_wait(net, MTIME_SEC(50));
	net_clear(net);
	net_request(v[0], G(joins - 1));
	assert_int_equal(net->nsent, 1);
	assert_int_equal(OP(&net->sent[0]), 2);
	net_end(net, v[0], v[1], NULL);
	return refused;
}

/*
 * Issue 12, A: who has many joins, which all have to be looked at when it
 * registers, pays for that with the messages that it may send: a sixteenth
 * of one for each, however many there are.
 */
static void
registrations_are_paid_for_by_what_is_joined(void **state)
{
	(void)state;
	assert_int_equal(registrations_refused(10), 0);
	assert_true(registrations_refused(8000) >= 97);
}

/*
 * R2022-5.2.2-08, R2022-5.2.1-05, -18: mar$flags.sequence is nobody's
 * business here: any, the same again, and a step back are sent as they came.
 */
static void
the_sequence_number_is_not_looked_at(void **state)
{
	static const unsigned char seq[] = { 0xff, 0x00, 0x00, 0x7f, 0x03 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < sizeof(seq); i++) {
		net_join(v, 4, seq[i], G(i), G(i));
		t = net_only(net, 0, CCVC, 4);
		assert_int_equal(FLAGS(t), 0x4000 | seq[i]);
		net_clear(net);
		net_join(v, 4, seq[i], G(i), G(i));
		t = net_only(net, 0, PRIV, 4);
		assert_int_equal(FLAGS(t), 0x4000 | seq[i]);
		net_clear(net);
		net_join(v, 5, seq[i], G(i), G(i));
		t = net_only(net, 0, CCVC, 5);
		assert_int_equal(FLAGS(t), 0x4000 | seq[i]);
		net_clear(net);
	}
	net_end(net, v, NULL);
}

/*
 * R2022-6-04, R2022-4.1-10, R2022-5.2-03: any four octets are a group under
 * 0x0800, no class is asked for; the whole space is a block, its edges
 * included.
 */
static void
any_four_octets_are_a_group(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, 0x0a000001, 0x0a000001);
	check_pairs(net_only(net, 0, CCVC, 4), 1, 0x0a000001, 0x0a000001);
	assert_true(net_finds(v, 0x0a000001, HOST(1)));
	net_clear(net);
	net_join(w, 4, 0, 0, 0xffffffff);
	check_pairs(net_only(net, 0, CCVC, 4), 1, 0, 0xffffffff);
	assert_true(net_finds(v, 0, HOST(2)));
	assert_true(net_finds(v, 0x7f000000, HOST(2)));
	assert_true(net_finds(v, 0xffffffff, HOST(2)));
	net_clear(net);
	/* holes at both edges of the space */
	net_join(v, 4, 0, 0, 0);
	net_join(v, 4, 0, 0xffffffff, 0xffffffff);
	net_clear(net);
	net_join(v, 4, 0, 0, 0xffffffff);
	check_pairs(net_only(net, 0, CCVC, 4), 2, 1, 0x0a000000, 0x0a000002,
	    0xfffffffe);
	net_end(net, w, v, NULL);
}

/*
 * R2022-6.1.2-11, R2022-5.2.1-12, A-33: a block with layer3grp is
 * published without; R2022-6.1.2-20: what goes back is as it came.
 */
static void
a_block_is_never_for_layer_3(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0x8000, G(5), G(5));
	assert_int_equal(net->s[0].records->data[12], 0x80);
	net_clear(net);
	net_join(v, 4, 0x8042, G(1), G(9));
	assert_int_equal(net->s[0].records->data[12], 0);
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(FLAGS(t), 0xc042);
	check_pairs(t, 1, G(1), G(9));
	net_end(net, v, NULL);
}

/*
 * three blocks of one client, one across the others: each is a record,
 * each address of the union is announced once and left once.
 */
static void
each_address_of_a_union_is_told_once(void **state)
{
	struct net *net = net_new();
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(10), G(19));
	net_join(v, 4, 0, G(30), G(39));
	net_clear(net);
	net_join(v, 4, 0, G(5), G(45));
	check_pairs(net_only(net, 0, CCVC, 4), 3, G(5), G(9), G(20), G(29),
	    G(40), G(45));
	check_pairs(net_only(net, 0, PRIV, 4), 1, G(5), G(45));
	net_clear(net);
	/* a part of a block that is joined as another range: nothing */
	net_join(v, 5, 0, G(10), G(15));
	check_pairs(net_only(net, 0, PRIV, 5), 1, G(10), G(15));
	assert_int_equal(net->nsent, 1);
	assert_true(net_finds(v, G(12), HOST(1)));
	net_clear(net);
	/* still covered: only the source hears */
	net_join(v, 5, 0, G(10), G(19));
	(void)net_only(net, 0, PRIV, 5);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(v, 5, 0, G(5), G(45));
	check_pairs(net_only(net, 0, CCVC, 5), 2, G(5), G(29), G(40), G(45));
	assert_false(net_finds(v, G(12), HOST(1)));
	assert_true(net_finds(v, G(35), HOST(1)));
	net_clear(net);
	net_join(v, 5, 0, G(30), G(39));
	check_pairs(net_only(net, 0, CCVC, 5), 1, G(30), G(39));
	assert_int_equal(net->nsent, 1);
	assert_int_equal(net_show(net, 0, "joins"), 0);
	assert_int_equal(net_show(net, 0, "groups"), 0);
	net_end(net, v, NULL);
}

/* 60,000 members and 100,000 joins, and all of them gone again. */
static void
many_members_and_joins_come_and_go(void **state)
{
	struct net *net = net_new();
	struct nvc **v;
	size_t i;

	(void)state;
	net_cluster_conf(net, 0)->cmi_max = 65535;
	net_cluster_conf(net, 0)->rate_total = 0;
	net_cluster_conf(net, 0)->max_members = 60000;
	net_cluster_conf(net, 0)->max_total = 200000;
	net_start(net, 0);
	net->quiet = true;
	v = calloc(60000, sizeof(struct nvc *));
	assert_non_null(v);
	net->leaf_hold = true;
	for (i = 0; i < 60000; i++) {
		struct nleaf *l;
		struct buf b;

		v[i] = net_call(net, 0, HOST(i + 1));
		b_join(&b, 4, 0x2000, HOST(i + 1), 0, 0, 0);
		net_put(v[i], &b);
		l = TAILQ_LAST(&net->leaves, nleaf_list);
		l->acked = true;
		marsd_vc_user.leaf_ack(
		    net->s[0].link.arg, &l->leaf, l->leaf.cookie);
		b_join(&b, 4, 0, HOST(i + 1), 1, G(i % 5000), G(i % 5000));
		net_put(v[i], &b);
		if (i % 3 != 0)
			continue;
		b_join(&b, 4, 0, HOST(i + 1), 1, G(7000 + i), G(7000 + i));
		net_put(v[i], &b);
		b_join(&b, 4, 0, HOST(i + 1), 1, G(0xffff), G(0xffff));
		net_put(v[i], &b);
	}
	assert_int_equal(net_show(net, 0, "members"), 60000);
	assert_int_equal(net_show(net, 0, "joins"), 100000);
	assert_int_equal(net_show(net, 0, "groups"), 25001);
	net->nsent = 0;
	net_request(v[0], G(0xffff));
	assert_int_equal(net->nsent, 44); /* 20000 / 456, and a rest */
	for (i = 0; i < 60000; i++)
		net_hangup(v[i]);
	free(v);
	net->nsent = 0;
	net_free(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_join_goes_out_with_the_csn),
		cmocka_unit_test(a_block_goes_out_with_holes),
		cmocka_unit_test(a_block_goes_out_whole_or_not_at_all),
		cmocka_unit_test(an_overlapping_block_is_a_record),
		cmocka_unit_test(unusable_joins_are_dropped_and_counted),
		cmocka_unit_test(joins_and_groups_are_limited),
		cmocka_unit_test(limits_of_all_leave_something_for_others),
		cmocka_unit_test(a_client_near_its_own_limit_is_told_of),
		cmocka_unit_test(one_client_cannot_use_up_the_rate),
		cmocka_unit_test(a_hostile_client_is_bounded),
		cmocka_unit_test(registrations_are_paid_for_by_what_is_joined),
		cmocka_unit_test(the_sequence_number_is_not_looked_at),
		cmocka_unit_test(any_four_octets_are_a_group),
		cmocka_unit_test(a_block_is_never_for_layer_3),
		cmocka_unit_test(each_address_of_a_union_is_told_once),
		cmocka_unit_test(many_members_and_joins_come_and_go),
	};

	return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
