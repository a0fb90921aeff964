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

/*
 * R2334-1-02, R2334-1-03, R2334-2.3-05, R2334-2.3-06, R2334-2.3-13,
 * R2334-2.3-14: two servers align, and then what one publishes is at the
 * other within milliseconds.
 */
static void
two_servers_align_and_pass_on_at_once(void **state)
{
	struct net *n = net_line(1, 2, false);
	struct scsp_entry *e;

	(void)state;
	net_start(n);
	node_fill(&n->node[0], 10);
	node_fill(&n->node[1], 3);
	assert_true(net_settle(n, 3000));
	assert_int_equal(node_summary(&n->node[1], "records"), 13);
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
alignment_takes_round_trips_not_intervals(void **state)
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
a_line_of_five_agrees(void **state)
{
	struct net *n = net_line(2, 5, false);
	int i;

	(void)state;
	net_start(n);
	for (i = 0; i < 5; i++)
		node_fill(&n->node[i], (uint32_t)(10 * i));
	assert_true(net_settle(n, 10000));
	assert_int_equal(node_summary(&n->node[0], "records"), 100);
	node_publish(&n->node[4], 77, "x");
	assert_true(net_settle(n, 1000));
	assert_non_null(node_record(&n->node[0], 4, 77));
	net_free(n);
}

static void
a_flood_in_a_ring_ends(void **state)
{
	struct net *n = net_line(3, 4, true);
	int i;
	uint64_t before;

	(void)state;
	net_start(n);
	for (i = 0; i < 4; i++)
		node_fill(&n->node[i], 50);
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
servers_agree_over_lossy_circuits(void **state)
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
			node_fill(&n->node[i], (uint32_t)(seed * 7 % 60));
		net_run(n, 5000);
		for (i = 0; i < 3; i++)
			node_publish(&n->node[i], 1000, "late");
		assert_true(net_settle(n, 300000));
		net_free(n);
	}
}

/* R2334-B.2.0.2-20, A-10, A-11: a restart, with other contents. */
static void
a_restarted_server_continues_its_numbers(void **state)
{
	struct net *n = net_line(4, 3, false);
	struct scsp_entry *e;

	(void)state;
	net_start(n);
	node_fill(&n->node[0], 10);
	node_fill(&n->node[1], 10);
	assert_true(net_settle(n, 5000));
	node_stop(&n->node[0]);
	net_run(n, 500);
	node_start(&n->node[0]);
	node_publish(&n->node[0], 3, "again");
	assert_true(net_settle(n, 20000));
	e = node_entry(&n->node[2], 0, 3);
	assert_memory_equal(e->data, "Jagain", 6);
	assert_int_equal(e->seq, SEQ_FIRST + 16);
	e = node_entry(&n->node[2], 0, 4); /* nothing backs it */
	assert_memory_equal(e->data, "T", 1);
	assert_int_equal(e->seq, SEQ_FIRST + 16);
	net_free(n);
}

/*
 * R2334-B.2.0.2-20, A-11, A-89: the owner restarts while nobody in reach
 * knows what it had, and its new records get the numbers of the old ones,
 * which a server behind the cut has still.  One of those had got further:
 * that gives it away, and the new ones win everywhere.
 */
static void
a_restart_unseen_is_found_out_by_an_older_number(void **state)
{
	struct net *n;
	int owner, i;

	(void)state;
	for (owner = 0; owner < 2; owner++) {
		n = net_line(31, 3, false);
		net_start(n);
		node_fill(&n->node[owner], 8);
		net_run(n, 5000);
		for (i = 0; i < 4; i++)
			node_publish(&n->node[owner], 5, "further");
		assert_true(net_settle(n, 5000));
		assert_int_equal(
		    node_record(&n->node[2], owner, 5)->seq, SEQ_FIRST + 4);
		n->cut[1][2] = n->cut[2][1] = true;
		node_stop(&n->node[0]);
		node_stop(&n->node[1]);
		node_start(&n->node[0]);
		node_start(&n->node[1]);
		for (i = 0; i < 6; i++)
			node_publish(&n->node[owner], (uint32_t)i, "new");
		node_fill(&n->node[2], 3);
		net_run(n, 20000);
		assert_true(net_equal(&n->node[0], &n->node[1]));
		/* the same number, other contents */
		assert_int_equal(
		    node_record(&n->node[1], owner, 3)->seq, SEQ_FIRST);
		assert_int_equal(
		    node_record(&n->node[2], owner, 3)->seq, SEQ_FIRST);
		n->cut[1][2] = n->cut[2][1] = false;
		assert_true(net_settle(n, 30000));
		for (i = 0; i < 6; i++)
			assert_memory_equal(
			    node_entry(&n->node[2], owner, (uint32_t)i)->data,
			    "Jnew", 4);
		assert_memory_equal(
		    node_entry(&n->node[0], owner, 6)->data, "T", 1);
		assert_int_equal(n->node[0].events[SCSP_EV_CONFLICT] +
		    n->node[2].events[SCSP_EV_CONFLICT],
		    0);
		net_free(n);
	}
}

/*
 * R2334-B.2.0.2-20, A-11, A-8: and where nothing gives the earlier life away,
 * because none of its records got further, the servers agree when D + H (240 s
 * each, and one interval of 60 s) have passed since the owner started.
 */
static void
a_restart_unseen_is_over_after_the_dead_time(void **state)
{
	struct net *n = net_line(32, 3, false);
	int i;

	(void)state;
	net_start(n);
	node_fill(&n->node[0], 8);
	net_run(n, 5000);
	n->cut[1][2] = n->cut[2][1] = true;
	node_stop(&n->node[0]);
	node_stop(&n->node[1]);
	node_start(&n->node[0]);
	node_start(&n->node[1]);
	for (i = 0; i < 8; i++)
		node_publish(&n->node[0], (uint32_t)i, "new");
	net_run(n, 20000);
	n->cut[1][2] = n->cut[2][1] = false;
	net_run(n, 500000);
	assert_memory_equal(node_entry(&n->node[1], 0, 3)->data, "Jnew", 4);
	assert_memory_not_equal(node_entry(&n->node[2], 0, 3)->data, "Jnew", 4);
	net_run(n, 30000);
	for (i = 0; i < 8; i++) {
		assert_memory_equal(
		    node_entry(&n->node[2], 0, (uint32_t)i)->data, "Jnew", 4);
		assert_int_equal(node_record(&n->node[2], 0, (uint32_t)i)->seq,
		    SEQ_FIRST + 16);
	}
	assert_true(net_equal(&n->node[0], &n->node[2]));
	/* once in a life */
	net_run(n, 600000);
	assert_int_equal(node_record(&n->node[0], 0, 3)->seq, SEQ_FIRST + 16);
	net_free(n);
}

/* what comes over a healed link goes on to the rest. */
static void
what_comes_over_a_healed_link_goes_on(void **state)
{
	struct net *n = net_line(5, 3, false);

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 5000));
	n->cut[0][1] = n->cut[1][0] = true;
	net_run(n, 30000);
	assert_string_not_equal(
	    node_shows(&n->node[0], 1, "hello"), "Bidirectional");
	node_fill(&n->node[0], 30);
	node_fill(&n->node[2], 5);
	net_run(n, 1000);
	assert_string_equal(node_shows(&n->node[1], 2, "alignment"), "Aligned");
	n->cut[0][1] = n->cut[1][0] = false;
	assert_true(net_settle(n, 20000));
	assert_int_equal(n->node[2].downs, 0);
	assert_int_equal(node_summary(&n->node[2], "records"), 35);
	net_free(n);
}

/* marsd of a server: is that one there, as far as its heartbeat tells? */
static void
heartbeat(struct node *nd, int of, uint32_t count, bool heard)
{
	uint8_t oid[4] = { 10, 0, 0, (uint8_t)(of + 1) };
	uint32_t key;

	for (key = 0; key < count; key++)
		if (heard)
			scsp_revive(nd->s, NET_SGID, oid, key);
		else
			scsp_hide(nd->s, NET_SGID, oid, key);
}

/*
 * the records of a server that is silent are hidden; who aligned in
 * the meantime, or had them queued when they were hidden, gets them when it
 * is heard again, and passes them on.
 */
static void
hidden_records_come_back_to_who_missed_them(void **state)
{
	struct net *n = net_line(27, 4, false);

	(void)state;
	node_start(&n->node[0]);
	node_start(&n->node[1]);
	node_fill(&n->node[0], 70); /* more than one CA of them */
	net_run(n, 10000);
	assert_true(net_equal(&n->node[0], &n->node[1]));
	heartbeat(&n->node[1], 0, 70, false);
	node_start(&n->node[2]);
	node_start(&n->node[3]);
	node_fill(&n->node[1], 3);
	net_run(n, 15000);
	assert_true(net_aligned(n));
	assert_null(node_record(&n->node[2], 0, 0));
	assert_non_null(node_record(&n->node[3], 1, 2));
	heartbeat(&n->node[1], 0, 70, true);
	assert_true(net_settle(n, 100));
	assert_non_null(node_record(&n->node[3], 0, 69));
	assert_int_equal(n->node[1].downs + n->node[2].downs, 0);
	net_free(n);
	/* hidden before 2 had acknowledged it */
	n = net_line(27, 4, false);
	net_start(n);
	assert_true(net_settle(n, 5000));
	n->cut[1][2] = true;
	node_publish(&n->node[0], 70, "late");
	net_run(n, 100);
	assert_non_null(node_record(&n->node[1], 0, 70));
	heartbeat(&n->node[1], 0, 71, false);
	n->cut[1][2] = false;
	net_run(n, 5000);
	assert_null(node_record(&n->node[2], 0, 70));
	heartbeat(&n->node[1], 0, 71, true);
	assert_true(net_settle(n, 100));
	assert_non_null(node_record(&n->node[3], 0, 70));
	assert_int_equal(n->node[1].downs + n->node[2].downs, 0);
	net_free(n);
}

/* --- many, and those that do not keep up */

static void
publish_many(struct node *nd, uint32_t count)
{
	uint8_t buf[60] = "J";
	uint32_t i;

	for (i = 0; i < count; i++)
		scsp_publish(nd->s, NET_SGID, i, buf, sizeof(buf));
}

/* Memory and packets grow with N, not with its square. */
static void
memory_and_packets_grow_with_the_number_of_records(void **state)
{
	struct net *n;
	uint64_t sdus[2];
	uint32_t i, count = 5000;

	(void)state;
	for (i = 0; i < 2; i++, count *= 4) {
		n = net_line(16, 2, false);
		net_start(n);
		net_run(n, 1000);
		node_group(&n->node[0])->holding = false;
		n->cut[0][1] = n->cut[1][0] = true;
		net_run(n, 20000);
		publish_many(&n->node[0], count);
		n->cut[0][1] = n->cut[1][0] = false;
		n->sdus = 0;
		assert_true(net_settle(n, 60000));
		sdus[i] = n->sdus;
		assert_int_equal(node_summary(&n->node[1], "records"), count);
		assert_int_equal(n->node[1].aligned_how, count);
		net_free(n);
	}
	assert_true(sdus[1] < 5 * sdus[0]);
}

/*
 * A neighbor that takes everything and never answers delays nobody and
 * holds references only; at last it is given up, and the queue with it.
 */
static void
a_neighbor_that_never_answers_delays_nobody(void **state)
{
	struct net *n = net_line(17, 3, false);
	struct scsp_neighbor *dead;
	uint32_t i;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	n->cut[2][1] = true; /* node 1 does not hear node 2 */
	dead = node_neighbor_of(&n->node[1], 2);
	for (i = 0; i < 100; i++) {
		node_publish(&n->node[1], i % 10, "x");
		net_run(n, 20);
		assert_true(net_equal(&n->node[0], &n->node[1]));
	}
	assert_int_equal(dead->nqueued, 10);
	net_run(n, 30000);
	assert_int_equal(dead->nqueued, 0);
	assert_int_not_equal(dead->hello, SCSP_HELLO_BIDI);
	assert_int_equal(n->node[0].downs, 0);
	n->cut[2][1] = false;
	assert_true(net_settle(n, 20000));
	net_free(n);
}

/* A restart of one server under load flaps no other adjacency. */
static void
a_restart_under_load_leaves_others_aligned(void **state)
{
	struct net *n = net_line(18, 4, true);
	uint32_t i;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	for (i = 0; i < 400; i++) {
		if (i == 100)
			node_stop(&n->node[3]);
		if (i == 150)
			node_start(&n->node[3]);
		node_publish(&n->node[i % 3], i % 90, "x");
		net_run(n, 50);
	}
	assert_true(net_settle(n, 10000));
	assert_int_equal(n->node[1].downs, 0);
	assert_int_equal(n->node[0].downs, 1);
	assert_int_equal(n->node[2].downs, 1);
	net_free(n);
}

/*
 * R2334-2.1-03, R2334-2.2-02, R2334-2-02, R2334-2.1-17: groups are instances
 * of their own.
 */
static void
groups_are_instances_of_their_own(void **state)
{
	struct net *n = net_line(19, 2, false);
	struct conf_cluster *cc;
	struct scsp_group *g;
	uint8_t data[] = "J2";
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		cc = conf_cluster_new(n->node[i].conf, "other");
		cc->server_group = 9;
		net_addr(&conf_neighbor_new(cc)->addr, !i);
		TAILQ_FIRST(&cc->neighbors)->auth = false;
	}
	net_start(n);
	node_publish(&n->node[0], 1, "one");
	scsp_publish(n->node[0].s, 9, 1, data, 2);
	assert_true(net_settle(n, 3000));
	net_run(n, 100);
	g = scsp_group_find(n->node[1].s, 9);
	assert_int_equal(g->cache.count, 1);
	assert_memory_equal(scsp_cache_first(&g->cache)->data, "J2", 2);
	assert_memory_equal(node_entry(&n->node[1], 0, 1)->data, "Jone", 4);
	/* one circuit for both, and what befalls one is not the other's */
	assert_int_equal(TAILQ_FIRST(&g->neighbors)->peer->ncircuits, 1);
	scsp_realign(n->node[1].s, 9);
	assert_int_equal(
	    TAILQ_FIRST(&g->neighbors)->align, SCSP_ALIGN_NEGOTIATION);
	assert_true(net_aligned(n));
	scsp_hello_run(TAILQ_FIRST(&g->neighbors), SCSP_HELLO_EV_ABNORMAL);
	assert_int_equal(TAILQ_FIRST(&g->neighbors)->hello, SCSP_HELLO_WAITING);
	assert_string_equal(
	    node_shows(&n->node[1], 0, "hello"), "Bidirectional");
	net_run(n, 5000);
	assert_int_equal(TAILQ_FIRST(&g->neighbors)->align, SCSP_ALIGN_ALIGNED);
	assert_int_equal(n->node[1].downs, 1); /* of the other group */
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_servers_align_and_pass_on_at_once),
		cmocka_unit_test(alignment_takes_round_trips_not_intervals),
		cmocka_unit_test(a_line_of_five_agrees),
		cmocka_unit_test(a_flood_in_a_ring_ends),
		cmocka_unit_test(servers_agree_over_lossy_circuits),
		cmocka_unit_test(a_restarted_server_continues_its_numbers),
		cmocka_unit_test(
		    a_restart_unseen_is_found_out_by_an_older_number),
		cmocka_unit_test(a_restart_unseen_is_over_after_the_dead_time),
		cmocka_unit_test(what_comes_over_a_healed_link_goes_on),
		cmocka_unit_test(hidden_records_come_back_to_who_missed_them),
		cmocka_unit_test(
		    memory_and_packets_grow_with_the_number_of_records),
		cmocka_unit_test(a_neighbor_that_never_answers_delays_nobody),
		cmocka_unit_test(a_restart_under_load_leaves_others_aligned),
		cmocka_unit_test(groups_are_instances_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
