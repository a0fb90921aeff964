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
two_servers_align_and_pass_on_at_once(void **state)
{
	struct net *n = net_line(1, 2, false);
	struct scsp_entry *e;

	(void)state;
	net_start(n);
	fill(&n->node[0], 10);
	fill(&n->node[1], 3);
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
		fill(&n->node[i], (uint32_t)(10 * i));
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
a_restarted_server_continues_its_numbers(void **state)
{
	struct net *n = net_line(4, 3, false);
	struct scsp_entry *e;

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
		fill(&n->node[owner], 8);
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
		fill(&n->node[2], 3);
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
	fill(&n->node[0], 8);
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
	fill(&n->node[0], 30);
	fill(&n->node[2], 5);
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
	fill(&n->node[0], 70); /* more than one CA of them */
	net_run(n, 10000);
	assert_true(net_equal(&n->node[0], &n->node[1]));
	heartbeat(&n->node[1], 0, 70, false);
	node_start(&n->node[2]);
	node_start(&n->node[3]);
	fill(&n->node[1], 3);
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

/* --- packets that come twice, late, or not at all */

struct faults {
	int64_t		late;		/* microseconds, at most */
	uint32_t	dup, delay, loss;	/* per thousand */
	bool		all;			/* but Hellos */
	uint64_t	count;
};

/* a copy of it, on the circuit that is in use, some time later */
static void
later(struct net *n, int from, int to, const uint8_t *data, size_t len,
    int64_t late)
{
	int64_t delay = n->delay;
	struct fvc *f;

	TAILQ_FOREACH(f, &n->node[from].fvcs, entry)
		if (f->up && f->peer == to)
			break;
	if (f == NULL)
		return;
	n->delay += (int64_t)(net_random(n) % (uint64_t)late);
	net_post(
	    n, MSG_DATA, from, f->id, to, f->peer_id, 0, vc_sdu_new(data, len));
	n->delay = delay;
}

static bool
disturb(struct net *n, int from, int to, const uint8_t *data, size_t len)
{
	struct faults *f = n->taparg;
	uint8_t type = data[LLC_LEN + 1];
	bool held;

	if (f == NULL || (type != SCSP_CA && !f->all) || type == SCSP_HELLO)
		return false;
	if (net_random(n) % 1000 < f->dup) {
		later(n, from, to, data, len, f->late);
		f->count++;
	}
	held = net_random(n) % 1000 < f->delay;
	if (held)
		later(n, from, to, data, len, f->late);
	return held || net_random(n) % 1000 < f->loss;
}

/* Something that makes servers align again, or changes what they have. */
static void
stir(struct net *n)
{
	struct node *nd = &n->node[net_random(n) % (uint64_t)n->n];
	struct scsp_neighbor *nb;

	switch (net_random(n) % 8) {
	case 0:
		scsp_realign(nd->s, NET_SGID);
		break;
	case 1:
		nb = TAILQ_FIRST(&node_group(nd)->neighbors);
		scsp_hello_run(nb, SCSP_HELLO_EV_ABNORMAL);
		break;
	case 2: /* nobody else notices */
		TAILQ_FOREACH(nb, &node_group(nd)->neighbors, of_group)
			if (nb->hello == SCSP_HELLO_BIDI) {
				scsp_align_run(nb, SCSP_ALIGN_EV_DOWN);
				scsp_align_run(nb, SCSP_ALIGN_EV_UP);
			}
		break;
	default:
		node_publish(nd, (uint32_t)(net_random(n) % 5),
		    nd->updates % 3 == 0 ? NULL : "x");
	}
}

static void
small_packets(struct net *n)
{
	struct scsp_neighbor *nb;
	uint32_t k = (uint32_t)(1 + net_random(n) % 3);
	int i;

	for (i = 0; i < n->n; i++)
		TAILQ_FOREACH(nb, &node_group(&n->node[i])->neighbors, of_group)
			nb->mtu = EXT_RESERVE + 32 + 20 * k;
}

/*
 * without replay protection, and
 * with CAs (and others) doubled, overtaken, late and lost while servers
 * begin anew and records change: everybody is Aligned in the end, stays so,
 * and has the same.
 */
#define RUNS	5000
static void
old_copies_of_packets_do_not_part_servers(void **state)
{
	struct faults f;
	struct net *n;
	uint64_t seed, count = 0;
	int i, nodes, stirs;

	(void)state;
	for (seed = 1; seed <= RUNS; seed++) {
		nodes = seed % 4 == 0 ? 3 : 2;
		n = net_line(seed, nodes, seed % 8 == 0);
		f.late = MTIME_MS(seed % 3 == 0 ? 20 : 7000);
		f.dup = 300;
		f.delay = 100;
		f.loss = seed % 2 == 0 ? 100 : 0;
		f.all = seed % 5 < 2;
		f.count = 0;
		n->tap = disturb;
		n->taparg = &f;
		net_start(n);
		small_packets(n);
		for (i = 0; i < nodes; i++)
			fill(&n->node[i], net_random(n) % 4);
		net_run(n, 3010); /* the call */
		stirs = (int)(net_random(n) % (seed % 2 == 0 ? 16 : 5));
		for (i = 0; i < stirs; i++) {
			stir(n);
			net_run(n,
			    (int64_t)(net_random(n) % (i % 2 == 0 ? 5 : 2000)));
		}
		n->taparg = NULL;
		net_run(n, 8000); /* the last copy is there */
		if (!net_settle(n, 60000))
			fail_msg("seed %d", (int)seed);
		net_run(n, 20000);
		assert_true(net_aligned(n) && net_all_equal(n));
		count += f.count;
		net_free(n);
	}
	assert_true(count > 2 * RUNS);
}

/* --- authentication between whole servers */

static void
keyed(struct net *n, const char *const *secrets, int64_t roll)
{
	static const enum conf_algorithm algs[] = { CONF_HMAC_MD5,
		CONF_HMAC_SHA256, CONF_HMAC_SHA512 };
	struct conf_neighbor *cn;
	int i, k;

	for (i = 0; i < n->n; i++) {
		for (k = 0; k < 3 && secrets[k] != NULL; k++)
			node_key(&n->node[i], (uint32_t)(100 + k), algs[k],
			    secrets[k],
			    /* each begins before the one before it ends */
			    k == 0 ? 0 : n->wall + roll * k,
			    roll == 0 || k == 2 ? 0 :
						  n->wall + roll * (k + 1) + 5);
		TAILQ_FOREACH(cn,
		    &TAILQ_FIRST(&n->node[i].conf->clusters)->neighbors,
		    entry) {
			cn->auth = true;
			/* newest first: it signs as soon as it is valid */
			for (cn->nspis = 0; k > 0; k--)
				cn->spis[cn->nspis++] = (uint32_t)(99 + k);
			k = cn->nspis;
		}
	}
}

/*
 * R2334-B.3.1-02, R2334-B.3.1.3-01, A-83: aligned under keys, replay
 * protection in force at both ends.
 */
static void
servers_with_keys_align_under_replay_protection(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	struct net *n = net_line(11, 3, false);

	(void)state;
	keyed(n, secrets, 0);
	net_start(n);
	fill(&n->node[0], 20);
	assert_true(net_settle(n, 3000));
	assert_true(node_neighbor_of(&n->node[0], 1)->replay.proven != 0);
	assert_true(node_neighbor_of(&n->node[1], 2)->replay.proven != 0);
	assert_int_equal(n->node[1].events[SCSP_EV_AUTH], 0);
	assert_int_equal(n->node[1].events[SCSP_EV_REPLAY], 0);
	/* with loss, repetition and reordering */
	n->loss = 100;
	n->dup = 100;
	n->jitter = MTIME_MS(3);
	fill(&n->node[2], 50);
	net_run(n, 1000);
	fill(&n->node[0], 50);
	assert_true(net_settle(n, 60000));
	assert_int_equal(n->node[1].downs, 0);
	net_free(n);
}

/* R2334-B.3.1-03, A-59, A-80, A-81: wrong keys change nothing. */
static void
wrong_keys_change_nothing(void **state)
{
	static const char *const a[] = { "secret", NULL };
	struct net *n = net_line(12, 2, false);

	(void)state;
	keyed(n, a, 0);
	TAILQ_FIRST(&n->node[1].conf->keys)->secret[0] = 'S';
	net_start(n);
	net_run(n, 10000);
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Waiting");
	assert_true(
	    node_neighbor_of(&n->node[0], 1)->drops[SCSP_DROP_AUTH_MAC] > 2);
	assert_true(n->node[0].events[SCSP_EV_AUTH] > 2);
	assert_int_equal(n->node[0].events[SCSP_EV_ABNORMAL], 0);
	net_free(n);
	/* one end without */
	n = net_line(12, 2, false);
	keyed(n, a, 0);
	TAILQ_FIRST(&TAILQ_FIRST(&n->node[1].conf->clusters)->neighbors)->auth =
	    false;
	net_start(n);
	net_run(n, 10000);
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Waiting");
	assert_true(
	    node_neighbor_of(&n->node[0], 1)->drops[SCSP_DROP_AUTH_MISSING] >
	    2);
	net_free(n);
	/* R2334-B.3.1.4-03: no key that is valid: nothing is sent */
	n = net_line(12, 2, false);
	keyed(n, a, 0);
	TAILQ_FIRST(&n->node[1].conf->keys)->not_after = 1;
	net_start(n);
	net_run(n, 10000);
	assert_int_equal(node_neighbor_of(&n->node[0], 1)->hellos_in, 0);
	assert_true(
	    node_neighbor_of(&n->node[1], 0)->drops[SCSP_DROP_SEND_KEY] > 2);
	net_free(n);
}

/*
 * R2334-B.3.1-02: each pair of servers has keys of its own, and what comes
 * under one goes on under the other.
 */
static void
each_pair_of_servers_has_its_own_keys(void **state)
{
	struct net *n = net_line(26, 3, false);
	struct conf_neighbor *cn;
	uint32_t spi;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		spi = 100;
		TAILQ_FOREACH(cn,
		    &TAILQ_FIRST(&n->node[i].conf->clusters)->neighbors,
		    entry) {
			/* the pair of 2 comes second at 1, and alone at 2 */
			if (i == 2)
				spi = 101;
			node_key(&n->node[i], spi, CONF_HMAC_SHA256,
			    spi == 100 ? "of 0 and 1" : "of 1 and 2", 0, 0);
			cn->auth = true;
			cn->spis[0] = spi++;
			cn->nspis = 1;
		}
	}
	net_start(n);
	fill(&n->node[0], 3);
	assert_true(net_settle(n, 3000));
	assert_non_null(node_record(&n->node[2], 0, 2));
	for (i = 0; i < 3; i++)
		assert_int_equal(n->node[i].events[SCSP_EV_AUTH], 0);
	net_free(n);
}

/*
 * R2334-B.3.1.3-02, R2334-B.3.1.3-03, A-82: two roll-overs under load, the
 * clocks of the servers apart, and no adjacency is lost.
 */
static void
keys_roll_over_without_losing_an_adjacency(void **state)
{
	static const char *const secrets[] = { "first", "second", "third" };
	struct net *n = net_line(13, 3, false);
	uint32_t i, spis[3] = { 0 };
	struct scsp_auth_key *k;

	(void)state;
	keyed(n, secrets, 20);
	net_start(n);
	for (i = 0; i < 600; i++) {
		node_publish(&n->node[i % 3], i, "load");
		net_run(n, 100);
		k = scsp_auth_sign_key(node_neighbor_of(&n->node[1], 0)->keys,
		    3, n->wall + n->ts.now.us / 1000000);
		assert_non_null(k);
		spis[scsp_auth_key_spi(k) - 100]++;
	}
	assert_true(spis[0] > 100 && spis[1] > 100 && spis[2] > 100);
	assert_true(net_settle(n, 1000));
	for (i = 0; i < 3; i++) {
		assert_int_equal(n->node[i].downs, 0);
		assert_int_equal(n->node[i].events[SCSP_EV_AUTH], 0);
	}
	assert_int_equal(node_summary(&n->node[0], "records"), 600);
	net_free(n);
}

/* What a listener on the wire kept: everything that node 0 sent to 1. */
#define KEPT	2000
static struct kept {
	size_t	len;
	uint8_t	data[1200];
} kept[KEPT];
static uint32_t nkept;

static bool
keep(struct net *n, int from, int to, const uint8_t *data, size_t len)
{
	(void)n;
	if (from == 0 && to == 1 && nkept < KEPT &&
	    len <= sizeof(kept[0].data)) {
		kept[nkept].len = len;
		memcpy(kept[nkept++].data, data, len);
	}
	return false;
}

/* all of it again, on the circuit that is in use now */
static void
again(struct net *n)
{
	struct fvc *f;
	uint32_t i, count = nkept;

	n->tap = NULL;
	for (i = 0; i < count; i++) {
		f = TAILQ_FIRST(&n->node[1].fvcs);
		assert_non_null(f);
		net_post(n, MSG_DATA, 0, f->peer_id, 1, f->id, 0,
		    vc_sdu_new(kept[i].data, kept[i].len));
		net_run(n, 3);
	}
}

/*
 * a whole session again, in the same session, and in the next one of
 * either end: nothing comes of it, the adjacency stays.
 */
static void
a_session_sent_again_changes_nothing(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	struct net *n = net_line(14, 2, false);
	struct scsp_entry *e;
	int round;

	(void)state;
	keyed(n, secrets, 0);
	n->tap = keep;
	nkept = 0;
	net_start(n);
	node_publish(&n->node[0], 1, "old");
	assert_true(net_settle(n, 3000));
	net_run(n, 20000);
	node_publish(&n->node[0], 1, "new");
	assert_true(net_settle(n, 3000));
	assert_true(nkept > 8);
	again(n);
	assert_int_equal(n->node[1].downs, 0);
	assert_int_equal(n->node[0].downs, 0);
	assert_int_equal(n->node[1].updates, 2);
	assert_true(
	    node_neighbor_of(&n->node[1], 0)->drops[SCSP_DROP_REPLAY_SEEN] > 5);
	for (round = 0; round < 2; round++) {
		node_stop(&n->node[round]);
		net_run(n, 100);
		node_start(&n->node[round]);
		node_publish(&n->node[0], 1, "newer");
		assert_true(net_settle(n, 30000));
		n->node[0].downs = n->node[1].downs = 0;
		n->node[1].updates = 0;
		again(n);
		net_run(n, 15000);
		assert_int_equal(n->node[1].downs, 0);
		assert_int_equal(n->node[0].downs, 0);
		assert_int_equal(n->node[1].updates, 0);
		e = node_entry(&n->node[1], 0, 1);
		assert_memory_equal(e->data, "Jnewer", 6);
	}
	net_free(n);
}

/*
 * R2334-B.3.1.4-05, A-80: an injector without the key, on the neighbor's own
 * circuit.
 */
static void
an_injector_without_the_key_changes_nothing(void **state)
{
	static const char *const secrets[] = { "secret", NULL };
	struct net *n = net_line(15, 2, false);
	struct fvc *f;
	struct rawpkt raw;
	uint8_t p[300];
	uint64_t r;
	uint32_t i;
	size_t len;

	(void)state;
	keyed(n, secrets, 0);
	n->tap = keep;
	nkept = 0;
	net_start(n);
	fill(&n->node[0], 5);
	assert_true(net_settle(n, 3000));
	n->tap = NULL;
	f = TAILQ_FIRST(&n->node[1].fvcs);
	for (i = 0; i < 2000; i++) {
		len = kept[i % nkept].len;
		if (len > sizeof(p))
			continue;
		memcpy(p, kept[i % nkept].data, len);
		r = net_random(n);
		p[8 + r % (len - 8)] ^= (uint8_t)(1 + (r >> 32) % 255);
		memcpy(raw.b, p + 8, len - 8);
		raw.len = len - 8;
		raw_sum(&raw); /* a checksum that is right */
		memcpy(p + 8, raw.b, len - 8);
		net_post(n, MSG_DATA, 0, f->peer_id, 1, f->id, 0,
		    vc_sdu_new(p, len));
		net_run(n, 1);
	}
	assert_int_equal(n->node[1].downs, 0);
	assert_int_equal(n->node[1].events[SCSP_EV_ABNORMAL], 0);
	assert_true(net_all_equal(n));
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

/* --- circuits: A-85 */

/* Strangers are refused; the larger ID calls at once, the other waits. */
static void
the_larger_id_calls_and_the_other_waits(void **state)
{
	struct net *n = net_line(20, 3, false);
	struct scsp_peer *p;

	(void)state;
	node_start(&n->node[0]);
	net_run(n, 2900);
	p = node_neighbor_of(&n->node[0], 1)->peer;
	assert_int_equal(p->ncircuits, 0); /* 10.0.0.1 waits 3 s */
	net_run(n, 101);
	assert_int_equal(p->ncircuits, 1);
	net_run(n, 5000);
	node_start(&n->node[1]);
	net_run(n, 2);
	assert_true(node_neighbor_of(&n->node[1], 0)->peer->ncircuits > 0);
	net_run(n, 5000);
	assert_int_equal(p->ncircuits, 1);
	assert_true(p->best->proven);
	net_free(n);
}

/* Nobody but a neighbor may call: cause 21. */
static void
a_stranger_is_refused_with_cause_21(void **state)
{
	struct net *n = net_line(20, 2, false);
	struct atm_addr who;
	struct vc vc = { .link = &n->node[0].link };
	struct fvc *f;
	void *cookie;
	int i;

	(void)state;
	node_start(&n->node[0]);
	net_addr(&who, 4);
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_REJECTED);
	net_addr(&who, 1);
	atm_addr_set_sel(&who, 7); /* a client on the neighbor's host */
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_REJECTED);
	assert_int_equal(n->node[0].s->calls_refused, 2);
	atm_addr_set_sel(&who, 1);
	/* and a neighbor not without end */
	for (i = 0; i < CIRCUITS_MAX; i++) {
		f = net_fvc_new(&n->node[0], 1, 0, &who);
		assert_int_equal(scsp_vc_user.remote_call(n->node[0].s, &f->vc,
				     &who, false, &f->vc.cookie),
		    VC_CAUSE_NONE);
	}
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_RESOURCE);
	net_free(n);
}

/* Both call at the same time: the larger ID's is kept at both ends. */
static void
of_two_calls_the_larger_ids_is_kept(void **state)
{
	struct net *n = net_line(21, 2, false);
	struct scsp_peer *a, *b;

	(void)state;
	net_start(n);
	a = node_neighbor_of(&n->node[0], 1)->peer;
	b = node_neighbor_of(&n->node[1], 0)->peer;
	timer_set(&n->ts, &a->call, 0);
	timer_set(&n->ts, &b->call, 0);
	net_run(n, 4000);
	assert_int_equal(a->ncircuits, 1);
	assert_int_equal(b->ncircuits, 1);
	assert_true(b->best->outgoing);
	assert_false(a->best->outgoing);
	assert_true(net_aligned(n));
	assert_int_equal(n->node[0].downs + n->node[1].downs, 0);
	net_free(n);
}

/* A circuit that goes is made again. */
static void
a_circuit_that_goes_is_made_again(void **state)
{
	struct net *n = net_line(22, 2, false);
	struct fvc *f;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	/* as a backend does that has lost the other end */
	f = TAILQ_FIRST(&n->node[1].fvcs);
	net_post(n, MSG_RELEASE, 1, f->id, 0, f->peer_id, VC_CAUSE_OUT_OF_ORDER,
	    NULL);
	net_run(n, 100);
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Down");
	assert_true(net_settle(n, 6000));
	net_free(n);
}

/* A new configuration: what stays keeps its state. */
static void
what_stays_configured_keeps_its_state(void **state)
{
	struct net *n = net_line(23, 3, false);
	struct conf *old = n->node[1].conf;

	(void)state;
	net_start(n);
	fill(&n->node[0], 5);
	assert_true(net_settle(n, 3000));
	node_conf(&n->node[1]);
	node_conf_neighbor(&n->node[1], 0)->rexmt_limit = 9;
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	conf_free(old);
	assert_null(node_neighbor_of(&n->node[1], 2));
	assert_string_equal(node_shows(&n->node[1], 0, "alignment"), "Aligned");
	assert_int_equal(node_neighbor_of(&n->node[1], 0)->conf.rexmt_limit, 9);
	assert_int_equal(node_summary(&n->node[1], "records"), 5);
	net_run(n, 20000);
	assert_string_equal(node_shows(&n->node[2], 1, "hello"), "Down");
	node_conf_neighbor(&n->node[1], 2);
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	assert_true(net_settle(n, 10000));
	assert_int_equal(n->node[0].downs, 0);
	net_free(n);
}

/* marsctl: neighbor clear */
static void
neighbor_clear_starts_over(void **state)
{
	struct net *n = net_line(24, 2, false);
	struct atm_addr a;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	net_addr(&a, 4);
	assert_non_null(scsp_neighbor_clear(n->node[0].s, &a));
	net_addr(&a, 1);
	atm_addr_set_sel(&a, 0);
	assert_null(scsp_neighbor_clear(n->node[0].s, &a));
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Waiting");
	assert_true(net_settle(n, 10000));
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
		cmocka_unit_test(old_copies_of_packets_do_not_part_servers),
		cmocka_unit_test(
		    servers_with_keys_align_under_replay_protection),
		cmocka_unit_test(each_pair_of_servers_has_its_own_keys),
		cmocka_unit_test(wrong_keys_change_nothing),
		cmocka_unit_test(keys_roll_over_without_losing_an_adjacency),
		cmocka_unit_test(a_session_sent_again_changes_nothing),
		cmocka_unit_test(an_injector_without_the_key_changes_nothing),
		cmocka_unit_test(
		    memory_and_packets_grow_with_the_number_of_records),
		cmocka_unit_test(a_neighbor_that_never_answers_delays_nobody),
		cmocka_unit_test(a_restart_under_load_leaves_others_aligned),
		cmocka_unit_test(groups_are_instances_of_their_own),
		cmocka_unit_test(the_larger_id_calls_and_the_other_waits),
		cmocka_unit_test(a_stranger_is_refused_with_cause_21),
		cmocka_unit_test(of_two_calls_the_larger_ids_is_kept),
		cmocka_unit_test(a_circuit_that_goes_is_made_again),
		cmocka_unit_test(what_stays_configured_keeps_its_state),
		cmocka_unit_test(neighbor_clear_starts_over),
	};

	cmocka_set_test_filter(getenv("TEST"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
