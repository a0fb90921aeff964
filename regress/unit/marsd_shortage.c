/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What members hear of when there was no memory to tell them at once, and what
 * becomes of records that there was no memory for.  What sends, what punches
 * holes and what makes nodes and entries are compiled in here, with allocators
 * that fail when told to.
 */
#include "marsnet.h"

/* which of the next to make fails; 0: none */
static int	sdus, spans, objects;

static struct vc_sdu *
short_sdu(const void *p, size_t n)
{
	return sdus != 0 && --sdus == 0 ? NULL : vc_sdu_new(p, n);
}

static void *
short_array(void *p, size_t n, size_t size)
{
	return spans != 0 && --spans == 0 ? NULL : reallocarray(p, n, size);
}

static void *
short_object(struct slab *s)
{
	return objects != 0 && --objects == 0 ? NULL : slab_get(s);
}

#define vc_sdu_new	short_sdu
#include "marsd/send.c"
#undef vc_sdu_new
#define reallocarray	short_array
#include "marsd/itree.c"
#undef reallocarray
#define slab_get	short_object
#include "marsd/group.c"
#include "marsd/entry.c"
#undef slab_get

#define G(n)	(0xe0000000U + (uint32_t)(n))
#define JOIN	4
#define SJOIN	8
#define MAP	12

/*
 * R2022-5.1.5-01: a change that could not be told is one that the members have
 * missed: a jump of the number makes them ask.
 */
static void
missed(int role, int *fails, int at)
{
	struct net *net = net_new();
	struct nvc *v, *w, *m;
	uint32_t number;

	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	m = net_mcs(net, 0, 9);
	if (role == SCVC)
		net_join(m, 3, 0, G(1), G(9));
	net_wait(net, MTIME_SEC(15));
	net_clear(net);
	number = net_number(net, 0, role);
	*fails = at;
	net_join(v, JOIN, 0, G(2), G(2));
	assert_int_equal(*fails, 0);
	assert_int_equal(net_count(net, 0, role, role == SCVC ? SJOIN : JOIN),
	    0);
	assert_true(net_dropped(net, 0, MARSD_DROP_MEMORY) > 0);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(MSN(net_only(net, 0, role, MAP)), number + 2);
	net_end(net, m, w, v, NULL);
}

static void
what_could_not_be_told_is_asked_for(void **state)
{
	(void)state;
	missed(CCVC, &sdus, 1);
	missed(SCVC, &sdus, 1);
}

static void
what_could_not_be_punched_is_asked_for(void **state)
{
	(void)state;
	missed(CCVC, &spans, 2);	/* what no MCS serves */
	missed(SCVC, &spans, 1);	/* what no other join covers */
}

static const struct csa join_record = { .pro.type = 0x0800, .state = CSA_JOIN,
	.min = { .len = 4, .a = { 0xe0, 0, 0, 1 } },
	.max = { .len = 4, .a = { 0xe0, 0, 0, 1 } } };
static const struct csa register_record = { .pro.type = 0x0800,
	.state = CSA_JOIN, .flags = CSA_F_REGISTER };
static const struct csa deregister_record = { .pro.type = 0x0800,
	.state = CSA_LEAVE, .flags = CSA_F_REGISTER };

/* The record of that node by another server. */
static size_t
record_of_another(uint8_t p[CSA_MAX], struct csa c, struct atm_addr who)
{
	c.atm = who;
	return csa_encode(&c, p, CSA_MAX);
}

/*
 * A record that was lost is counted; scspd has it no longer, and what it has
 * no longer the neighbors are asked for 30 s later.  One of ours of before a
 * restart does not wait for its node, or it would never be over.
 */
static void
what_could_not_be_kept_is_asked_for(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 9 };
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint8_t p[CSA_MAX];
	struct nvc *v;
	size_t n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	n = record_of_another(p, join_record, HOST(5));
	objects = 1;
	marsd_csa_update(s->mars, 1, oid, 0x30000, 1, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_MEMORY), 1);
	assert_int_equal(s->erased, 1);
	net_wait(net, MTIME_SEC(29));
	assert_int_equal(s->realigned, 0);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(s->realigned, 1);
	marsd_csa_update(s->mars, 1, oid, 0x30000, 1, CSA_HOW_ALIGNED, p, n);
	assert_true(net_finds(v, G(1), HOST(5)));
	n = record_of_another(p, join_record, HOST(6));
	objects = 1;
	marsd_csa_own(s->mars, 1, 0x40000, 1, p, n);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_MEMORY), 2);
	assert_int_equal(s->records->key, 0x40000);
	assert_int_equal(s->records->data[11], CSA_LEAVE);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(s->realigned, 1);
	assert_int_equal(s->erased, 1);
	net_end(net, v, NULL);
}

/* Whatever there was no memory for, the next time all of it is as if new. */
static void
nothing_is_left_of_it(const struct csa *c)
{
	static const uint8_t oid[4] = { 10, 0, 0, 9 };
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint8_t p[CSA_MAX];
	uint32_t at;
	size_t n = record_of_another(p, *c, HOST(5));

	net_start(net, 0);
	for (at = 1; at < 10; at++) {
		objects = (int)at;
		marsd_csa_update(
		    s->mars, 1, oid, 0x30000, 1, CSA_HOW_FLOODED, p, n);
		if (objects != 0)
			break;	/* it needs no more */
		assert_int_equal(s->erased, at);
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_MEMORY), at);
		assert_true(btree_empty(&net_proto(net, 0)->nodes[0]));
	}
	objects = 0;
	assert_true(at > 3);	/* a node, a claim and an entry */
	assert_int_equal(s->erased, at - 1);
	assert_false(btree_empty(&net_proto(net, 0)->nodes[0]));
	net_end(net, NULL);
}

static void
a_record_that_was_not_kept_leaves_nothing(void **state)
{
	(void)state;
	nothing_is_left_of_it(&register_record);
	nothing_is_left_of_it(&deregister_record);
	nothing_is_left_of_it(&join_record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_not_be_told_is_asked_for),
		cmocka_unit_test(what_could_not_be_punched_is_asked_for),
		cmocka_unit_test(what_could_not_be_kept_is_asked_for),
		cmocka_unit_test(a_record_that_was_not_kept_leaves_nothing),
	};

	return cmocka_run_group_tests_name("marsd_shortage", tests, NULL,
	    NULL);
}
