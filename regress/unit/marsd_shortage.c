/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What members hear of when there was no memory to tell them at once.  What
 * sends and what punches holes are compiled in here, with allocators that fail
 * when told to.
 */
#include "marsnet.h"

static int	sdus, spans;	/* which of the next to make fails; 0: none */

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

#define vc_sdu_new	short_sdu
#include "marsd/send.c"
#undef vc_sdu_new
#define reallocarray	short_array
#include "marsd/itree.c"
#undef reallocarray

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_not_be_told_is_asked_for),
		cmocka_unit_test(what_could_not_be_punched_is_asked_for),
	};

	return cmocka_run_group_tests_name("marsd_shortage", tests, NULL,
	    NULL);
}
