/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What members hear of when there was no memory to tell them at once, and what
 * becomes of records that there was no memory for.  What sends, what punches
 * holes and what makes nodes are compiled in here, with allocators that fail
 * when told to.
 */
#include "marsnet.h"

/* which of the next to make fails; 0: none */
static int	sdus, spans, nodes;

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
short_node(struct slab *s)
{
	return nodes != 0 && --nodes == 0 ? NULL : slab_get(s);
}

#define vc_sdu_new	short_sdu
#include "marsd/send.c"
#undef vc_sdu_new
#define reallocarray	short_array
#include "marsd/itree.c"
#undef reallocarray
#define slab_get	short_node
#include "marsd/group.c"
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

/* The record of a join of that node by another server. */
static size_t
join_of_another(uint8_t p[CSA_MAX], struct atm_addr who)
{
	const struct csa c = { .pro.type = 0x0800, .state = CSA_JOIN,
		.atm = who, .min = { .len = 4, .a = { 0xe0, 0, 0, 1 } },
		.max = { .len = 4, .a = { 0xe0, 0, 0, 1 } } };

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
	n = join_of_another(p, HOST(5));
	nodes = 1;
	marsd_csa_update(s->mars, 1, oid, 0x30000, 1, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_MEMORY), 1);
	assert_int_equal(s->erased, 1);
	net_wait(net, MTIME_SEC(29));
	assert_int_equal(s->realigned, 0);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(s->realigned, 1);
	marsd_csa_update(s->mars, 1, oid, 0x30000, 1, CSA_HOW_ALIGNED, p, n);
	assert_true(net_finds(v, G(1), HOST(5)));
	n = join_of_another(p, HOST(6));
	nodes = 1;
	marsd_csa_own(s->mars, 1, 0x40000, 1, p, n);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_MEMORY), 2);
	assert_int_equal(s->records->key, 0x40000);
	assert_int_equal(s->records->data[11], CSA_LEAVE);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(s->realigned, 1);
	assert_int_equal(s->erased, 1);
	net_end(net, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_not_be_told_is_asked_for),
		cmocka_unit_test(what_could_not_be_punched_is_asked_for),
		cmocka_unit_test(what_could_not_be_kept_is_asked_for),
	};

	return cmocka_run_group_tests_name("marsd_shortage", tests, NULL,
	    NULL);
}
