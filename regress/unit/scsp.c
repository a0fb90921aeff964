/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Whole servers against each other, in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

static void
fill(struct node *nd, uint32_t n)
{
	char text[12];
	uint32_t i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d.%u", nd->number, i);
		node_publish(nd, i, text);
	}
}

/*
 * R2334-1-02, R2334-1-03, R2334-2.3-05, R2334-2.3-06, R2334-2.3-13,
 * R2334-2.3-14: two servers align, and then what one publishes is at the
 * other within milliseconds.
 */
static void
two(void **state)
{
	struct net *n = net_line(1, 2, false);
	struct entry *e;

	(void)state;
	net_start(n);
	fill(&n->node[0], 10);
	fill(&n->node[1], 3);
	assert_true(net_settle(n, 3000));
	assert_int_equal(node_group(&n->node[1])->cache.count, 13);
	assert_int_equal(n->node[1].ups, 1);
	node_publish(&n->node[0], 20, "new");
	net_run(n, 20);
	e = node_entry(&n->node[1], 0, 20);
	assert_non_null(e);
	assert_int_equal(e->len, 4);
	assert_memory_equal(e->data, "Jnew", 4);
	assert_int_equal(e->seq, SEQ_FIRST);
	assert_true(net_quiet(n));
	net_free(n);
}

/*
 * with both ends up, alignment is a matter of round trips, not of
 * the HelloInterval.
 */
static void
quick(void **state)
{
	struct net *n = net_line(1, 2, false);

	(void)state;
	net_start(n);
	net_run(n, 100);
	assert_true(net_aligned(n));
	net_free(n);
}

/* R2334-2.3-05, A-66: a line of five; hops are counted down. */
static void
line(void **state)
{
	struct net *n = net_line(2, 5, false);
	int i;

	(void)state;
	net_start(n);
	for (i = 0; i < 5; i++)
		fill(&n->node[i], (uint32_t)(10 * i));
	assert_true(net_settle(n, 10000));
	assert_int_equal(node_group(&n->node[0])->cache.count, 100);
	node_publish(&n->node[4], 77, "x");
	assert_true(net_settle(n, 1000));
	assert_non_null(node_entry(&n->node[0], 4, 77));
	net_free(n);
}

static void
ring(void **state)
{
	struct net *n = net_line(3, 4, true);
	int i;
	uint64_t before;

	(void)state;
	net_start(n);
	for (i = 0; i < 4; i++)
		fill(&n->node[i], 50);
	assert_true(net_settle(n, 10000));
	/* a flood ends: nobody sends the same instance round and round */
	before = n->sdus;
	node_publish(&n->node[0], 99, "x");
	net_run(n, 100);
	assert_true(net_all_equal(n));
	assert_true(n->sdus - before < 20);
	net_free(n);
}

/* The same with records lost, repeated and out of order. */
static void
lossy(void **state)
{
	uint64_t seed;
	struct net *n;
	int i;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		n = net_line(seed, 3, seed % 2);
		n->loss = 100;
		n->dup = 50;
		n->jitter = MTIME_MS(5);
		net_start(n);
		for (i = 0; i < 3; i++)
			fill(&n->node[i], (uint32_t)(seed * 7 % 60));
		net_run(n, 5000);
		for (i = 0; i < 3; i++)
			node_publish(&n->node[i], 1000, "late");
		assert_true(net_settle(n, 300000));
		net_free(n);
	}
}

/* R2334-B.2.0.2-20, A-10, A-11: a restart, with other contents. */
static void
restart(void **state)
{
	struct net *n = net_line(4, 3, false);
	struct entry *e;

	(void)state;
	net_start(n);
	fill(&n->node[0], 10);
	fill(&n->node[1], 10);
	assert_true(net_settle(n, 5000));
	node_stop(&n->node[0]);
	net_run(n, 500);
	node_start(&n->node[0]);
	node_publish(&n->node[0], 3, "again");
	assert_true(net_settle(n, 20000));
	e = node_entry(&n->node[2], 0, 3);
	assert_memory_equal(e->data, "Jagain", 6);
	assert_int_equal(e->seq, SEQ_FIRST + 16);
	e = node_entry(&n->node[2], 0, 4);	/* nothing backs it: withdrawn */
	assert_memory_equal(e->data, "T", 1);
	assert_int_equal(e->seq, SEQ_FIRST + 16);
	net_free(n);
}

/* what comes over a healed link goes on to the rest. */
static void
heal(void **state)
{
	struct net *n = net_line(5, 3, false);

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 5000));
	n->cut[0][1] = n->cut[1][0] = true;
	net_run(n, 30000);
	assert_int_not_equal(node_neighbor_of(&n->node[0], 1)->hello,
	    HELLO_BIDI);
	fill(&n->node[0], 30);
	fill(&n->node[2], 5);
	net_run(n, 1000);
	assert_int_equal(node_neighbor_of(&n->node[1], 2)->align,
	    ALIGN_ALIGNED);
	n->cut[0][1] = n->cut[1][0] = false;
	assert_true(net_settle(n, 20000));
	assert_int_equal(n->node[2].downs, 0);
	assert_int_equal(node_group(&n->node[2])->cache.count, 35);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two),
		cmocka_unit_test(quick),
		cmocka_unit_test(line),
		cmocka_unit_test(ring),
		cmocka_unit_test(lossy),
		cmocka_unit_test(restart),
		cmocka_unit_test(heal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
