/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Authentication and replay protection between whole servers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "rows.h"
#include "scspnet.h"

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
	node_fill(&n->node[0], 20);
	assert_true(net_settle(n, 3000));
	assert_true(node_neighbor_of(&n->node[0], 1)->replay.proven != 0);
	assert_true(node_neighbor_of(&n->node[1], 2)->replay.proven != 0);
	assert_int_equal(n->node[1].events[SCSP_EV_AUTH], 0);
	assert_int_equal(n->node[1].events[SCSP_EV_REPLAY], 0);
	/* with loss, repetition and reordering */
	n->loss = 100;
	n->dup = 100;
	n->jitter = MTIME_MS(3);
	node_fill(&n->node[2], 50);
	net_run(n, 1000);
	node_fill(&n->node[0], 50);
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
	node_fill(&n->node[0], 3);
	assert_true(net_settle(n, 3000));
	assert_non_null(node_record(&n->node[2], 0, 2));
	for (i = 0; i < 3; i++)
		assert_int_equal(n->node[i].events[SCSP_EV_AUTH], 0);
	net_free(n);
}

/*
 * R2334-B.3.1.3-02, A-82: where two keys are valid for 5 s, clocks may be 2 s
 * apart and nothing is refused, whatever the order of the keys is.
 */
static void
clocks_may_differ_while_keys_roll_over(void **state)
{
	static const char *const secrets[] = { "first", "second", "third" };
	const int64_t ahead[][2] = { { 0, 2 }, { 2, 0 } };
	const bool newest_first[] = { true, false };
	struct conf_neighbor *cn;
	struct net *n;
	uint32_t i;
	int j, k;

	(void)state;
	for (i = 0; i < 4; i++) {
		n = net_line(29, 2, false);
		keyed(n, secrets, 20);
		for (j = 0; j < 2; j++) {
			n->node[j].ahead = ahead[i / 2][j];
			cn = TAILQ_FIRST(&TAILQ_FIRST(
			    &n->node[j].conf->clusters)->neighbors);
			for (k = 0; k < 3; k++)
				cn->spis[k] = (uint32_t)(100 +
				    (newest_first[i % 2] ? 2 - k : k));
		}
		net_start(n);
		for (j = 0; j < 600; j++) {
			node_publish(&n->node[j % 2], (uint32_t)j, "load");
			net_run(n, 100);
		}
		assert_true(net_settle(n, 1000));
		for (j = 0; j < 2; j++) {
			assert_int_equal(n->node[j].downs, 0);
			assert_int_equal(n->node[j].events[SCSP_EV_AUTH], 0);
		}
		net_free(n);
	}
}

/*
 * R2334-B.3.1.3-02, R2334-B.3.1.3-03, A-82: two roll-overs under load, and no
 * adjacency is lost.
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

/* all of it again, on the circuit that is in use now */
static void
again(struct net *n)
{
	struct fvc *f;
	uint32_t i, count = net_nkept;

	net_listen_end(n);
	for (i = 0; i < count; i++) {
		f = TAILQ_FIRST(&n->node[1].fvcs);
		assert_non_null(f);
		net_post(n, MSG_DATA, 0, f->peer_id, 1, f->id, 0,
		    vc_sdu_new(net_kept[i].data, net_kept[i].len));
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
	net_listen(n, NET_KEPT);
	net_start(n);
	node_publish(&n->node[0], 1, "old");
	assert_true(net_settle(n, 3000));
	net_run(n, 20000);
	node_publish(&n->node[0], 1, "new");
	assert_true(net_settle(n, 3000));
	assert_true(net_nkept > 8);
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
	net_listen(n, NET_KEPT);
	net_start(n);
	node_fill(&n->node[0], 5);
	assert_true(net_settle(n, 3000));
	net_listen_end(n);
	f = TAILQ_FIRST(&n->node[1].fvcs);
	for (i = 0; i < 2000; i++) {
		len = net_kept[i % net_nkept].len;
		if (len > sizeof(p))
			continue;
		memcpy(p, net_kept[i % net_nkept].data, len);
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

/*
 * R2334-B.3.1.3-03: before there is no valid key any more that is told, in
 * days; a successor that begins too late is none.
 */
static void
the_end_of_the_keys_is_told(void **state)
{
	static const char *const secrets[] = { "first", "second", NULL };
	const int64_t day = 86400, after[] = { 1, 0, -1 };
	const uint64_t told[] = { 1, 0, 0 };
	struct conf_key *k;
	struct net *n;
	size_t i;
	int j;

	(void)state;
	for (i = 0; i < 3; i++) {
		n = net_line(27, 2, false);
		keyed(n, secrets, 0);
		for (j = 0; j < 2; j++) {
			k = TAILQ_FIRST(&n->node[j].conf->keys);
			k->not_after = n->wall + 3 * day;
			/* the second begins when the first has ended */
			TAILQ_NEXT(k, entry)->not_before =
			    k->not_after + 1 + after[i];
			TAILQ_NEXT(k, entry)->not_after =
			    n->wall + 90 * day;
		}
		net_start(n);
		net_run(n, 20000);
		assert_string_equal(
		    node_shows(&n->node[0], 1, "alignment"), "Aligned");
		assert_int_equal(
		    n->node[0].events[SCSP_EV_KEY_ENDS], told[i]);
		net_free(n);
	}
}

/* The row of a key. */
static void
key_row(struct net *n, uint32_t spi)
{
	ROWS_BEGIN();
	while (ROWS_NEXT(scsp_show_keys, n->node[0].s))
		if (rows_value("spi")->number == spi)
			return;
	fail();
}

/*
 * R2334-B.3.1.3-01: each key is shown with its time, whose it is, and for how
 * many neighbors it signs; never what it is.
 */
static void
keys_are_shown_by_their_times(void **state)
{
	static const char *const secrets[] = { "first", "second", NULL };
	struct net *n = net_line(28, 2, false);
	uint64_t ends;

	(void)state;
	keyed(n, secrets, 20);
	net_start(n);
	key_row(n, 100);
	rows_string("state", "valid");
	rows_string("algorithm", "hmac-md5");
	rows_number("signs", 1);
	rows_null("begins-in");
	ends = rows_value("ends-in")->number;
	assert_in_range(ends, 20, 25);
	key_row(n, 101);
	rows_string("state", "not yet");
	rows_string("algorithm", "hmac-sha256");
	rows_number("signs", 0);
	/* it begins 5 s before the first ends, and ends 20 s after that */
	rows_number("begins-in", ends - 5);
	rows_number("ends-in", ends + 20);
	/* both are valid from 20 to 25: the old one signs up to the middle */
	net_run(n, 22000 - n->ts.now.us / 1000);
	key_row(n, 100);
	rows_number("signs", 1);
	net_run(n, 1500);
	key_row(n, 100);
	rows_string("state", "valid");
	rows_number("signs", 0);
	key_row(n, 101);
	rows_string("state", "valid");
	rows_number("signs", 1);
	rows_null("begins-in");
	net_run(n, 10000);
	key_row(n, 100);
	rows_string("state", "expired");
	rows_null("ends-in");
	assert_null(memmem(rows.buf, rows.w.len, "first", 5));
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    servers_with_keys_align_under_replay_protection),
		cmocka_unit_test(each_pair_of_servers_has_its_own_keys),
		cmocka_unit_test(wrong_keys_change_nothing),
		cmocka_unit_test(keys_roll_over_without_losing_an_adjacency),
		cmocka_unit_test(clocks_may_differ_while_keys_roll_over),
		cmocka_unit_test(the_end_of_the_keys_is_told),
		cmocka_unit_test(keys_are_shown_by_their_times),
		cmocka_unit_test(a_session_sent_again_changes_nothing),
		cmocka_unit_test(an_injector_without_the_key_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
