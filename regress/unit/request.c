/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/* links: marsd */

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* R2022-6.1.1-01, R2022-5.1.1-01, R2022-5.1.2-12, -13, A-128: the request. */
static void
nak(void **state)
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
	assert_int_equal(net_dropped(net, 0, DROP_UNREGISTERED), 1);
	b_request(&b, HOST(1), G(1));
	b.p[OFF(10)] = 0x5a;			/* mar$hdrrsv */
	b.p[OFF(26)] = 0xa5;			/* mar$pad */
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 6);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(t->len, b.len);
	b.p[OFF(17)] = 6;
	assert_memory_equal(t->p, b.p, b.len);
	net_hangup(w);
	net_hangup(v);
	net_free(net);
}

/*
 * R2022-5.1.1-05, R2022-5.1.2-15 to -20, A-122: one part, which lists the
 * asker too; members by a block and by a single join are there once.
 */
static void
one_part(void **state)
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
	assert_int_equal(MSN(t), net_proto(net, 0)->control[CCVC].msn);
	assert_int_equal(t->p[OFF(20)], 0);	/* spln */
	assert_int_equal(t->p[OFF(21)], 20);	/* thtl */
	assert_int_equal(t->p[OFF(22)], 0);	/* tstl */
	assert_int_equal(t->p[OFF(23)], 4);	/* tpln */
	assert_memory_equal(t->p + OFF(32), HOST(1).num, 20);
	assert_int_equal(g32(t, 52), G(1));
	assert_int_equal(t->len, OFF(56 + 2 * 20));
	assert_true(net_finds(w, G(1), HOST(1)));
	assert_true(net_finds(w, G(1), HOST(2)));
	assert_false(net_finds(w, G(7), HOST(2)));
	net_hangup(w);
	net_hangup(v);
	net_free(net);
}

/*
 * R2022-5.1.1-04, -06, -07, R2022-5.1.2-21, A-120, A-121: 456 in a part when
 * the source has a protocol address, and no empty part behind.
 */
static void
parts(void **state)
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
			b.p[OFF(20)] = 4;	/* spln */
			b.len -= 4;
			b32(&b, 0x0a000001);
			b32(&b, G(1));
			net_put(v[0], &b);
			assert_int_equal(net->nsent, (i + 1) / 456);
			assert_int_equal(TNUM(&net->sent[0]), 456);
			assert_int_equal(net->sent[0].len, 9188);
		}
	}
	assert_int_equal(SEQXY(&net->sent[0]), 0x0001);
	assert_int_equal(SEQXY(&net->sent[1]), 0x8002);
	assert_int_equal(MSN(&net->sent[0]), MSN(&net->sent[1]));
	for (i = 0; i < 912; i++)
		net_hangup(v[i]);
	net_free(net);
}

/* R2022-5.1.1-14: one kind of address in a part, numbered across kinds. */
static void
kinds(void **state)
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
	net_join(v, 4, 0, G(1), G(1));
	net_join(w, 4, 0, G(1), G(1));
	net_join(x, 4, 0, G(1), G(1));
	net_join(y, 4, 0, G(1), G(1));
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
	net_hangup(y);
	net_hangup(x);
	net_hangup(w);
	net_hangup(v);
	net_free(net);
}

static void
grouplist(struct nvc *v, unsigned pnum, uint32_t min, uint32_t max)
{
	struct buf b;

	b_join(&b, 10, 0, v->peer, pnum, min, max);
	net_put(v, &b);
}

/*
 * R2022-5.3-02 to -09, -12, A-34, A-125, A-126, A-127: the groups with layer
 * 3 members, ascending; none gives an empty reply; blocks never count.
 */
static void
grouplists(void **state)
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
	net_join(v, 4, 0x8000, G(5), G(5));	/* for layer 3 now: A-34 */
	net_clear(net);
	grouplist(v, 2, G(4), G(6));		/* the second is ignored */
	assert_int_equal(TNUM(net_only(net, 0, PRIV, 11)), 1);
	net_clear(net);
	grouplist(v, 0, 0, 0);
	grouplist(w, 1, G(0), G(100));
	assert_int_equal(net->nsent, 0);
	net_hangup(w);
	net_hangup(v);
	net_free(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nak),
		cmocka_unit_test(one_part),
		cmocka_unit_test(parts),
		cmocka_unit_test(kinds),
		cmocka_unit_test(grouplists),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
