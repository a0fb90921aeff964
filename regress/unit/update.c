/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Cache state update (RFC 2334 section 2.3, 2.4, B.2.2, B.2.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

#define LS	1
#define DCS	0
#define OTHER	2		/* a second raw neighbor of the LS */
#define SIDE	&n->node[LS], DCS	/* under test, and its neighbor */
#define OTHER_SIDE &n->node[LS], OTHER

static struct scsp_neighbor *nb;
static struct net *n;

static void
begin(bool two)
{
	n = raw_aligned(LS, DCS, two ? OTHER : -1);
	nb = node_neighbor_of(&n->node[LS], DCS);
}

static void
say(int raw, uint8_t type, uint16_t hops, int owner, uint32_t key, int32_t seq,
    const char *data)
{
	raw_say(n, raw, LS, type, hops, owner, key, seq, data);
}

static void
expect(int raw, uint8_t type, uint32_t i, uint16_t hops, int owner,
    uint32_t key, int32_t seq, const char *data)
{
	raw_expect(n, raw, LS, type, i, hops, owner, key, seq, data);
}

/* as marsctl shows it */
static const struct shown *
record(int owner, uint32_t key)
{
	return node_record(&n->node[LS], owner, key);
}

static struct scsp_entry *
entry(int owner, uint32_t key)
{
	return node_entry(&n->node[LS], owner, key);
}

/*
 * R2334-2.2.4-01, R2334-B.2.2.1-02, R2334-2.3-05, R2334-2.3-09, R2334-2.3-13,
 * R2334-2.3-14, R2334-2.4-02, R2334-B.2.0.2-03, R2334-B.2.3-02, A-61, A-66:
 * installed, acknowledged, forwarded to the other with a hop less and not
 * back.
 */
static void
a_newer_record_is_installed_acknowledged_and_passed_on(void **state)
{
	(void)state;
	begin(true);
	say(DCS, 2, 5, DCS, 9, 100, "Jabc");
	assert_int_equal(record(DCS, 9)->seq, 100);
	assert_int_equal(n->node[LS].flooded_how, 1);
	expect(DCS, 3, 0, 1, DCS, 9, 100, NULL);
	assert_int_equal(raw_get(raw_nth(n, DCS, 3, 0), 34, 2), 0);
	expect(OTHER, 2, 0, 4, DCS, 9, 100, "Jabc");
	assert_int_equal(raw_count(n, DCS, 2), 0);
	assert_int_equal(raw_count(n, OTHER, 3), 0);
	raw_clear(n, OTHER);
	/* hops used up: installed and acknowledged, not forwarded */
	say(DCS, 2, 1, DCS, 9, 101, "Jdef");
	assert_int_equal(record(DCS, 9)->seq, 101);
	expect(DCS, 3, 1, 1, DCS, 9, 101, NULL);
	/* but for the older one that waited there, now newer */
	assert_int_equal(raw_count(n, OTHER, 2), 0);
	say(DCS, 2, 0, DCS, 10, 1, "Jx");
	assert_non_null(record(DCS, 10));
	assert_int_equal(raw_count(n, OTHER, 2), 0);
	/* another owner's key, and another key, are other records */
	say(DCS, 2, 5, 6, 9, 500, "Jz");
	say(DCS, 2, 5, DCS, 11, 500, "Jz");
	assert_int_equal(record(DCS, 9)->seq, 101);
	assert_memory_equal(entry(DCS, 9)->data, "Jdef", 4);
	assert_int_equal(record(6, 9)->seq, 500);
	net_free(n);
}

/*
 * who lies chooses how far a record goes, and nobody beyond would ever
 * hear of it, not even its owner.
 */
static void
what_ends_here_for_want_of_hops_is_aligned_with_the_others(void **state)
{
	(void)state;
	begin(true);
	say(DCS, 2, 2, 5, 4, 10, "Jten");
	say(OTHER, 3, 1, 5, 4, 10, NULL);
	/* of a server that was not known before this is no reason */
	say(DCS, 2, 1, 6, 4, 10, "Jnew");
	net_run(n, 31000);
	assert_shows(OTHER_SIDE, "alignment", "Aligned");
	say(DCS, 2, 1, 5, 4, 11, "Jlie");
	assert_shows(OTHER_SIDE, "alignment", "Aligned");
	net_run(n, 31000);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_shows(OTHER_SIDE, "alignment", "Negotiation");
	net_free(n);
}

/*
 * R2334-2.3-06, R2334-2.3-07, R2334-2.3-08, R2334-2.3-15, R2334-2.3-16,
 * R2334-B.2.0.2-05, R2334-B.2.1-04: what is added, refreshed and removed here
 * goes to every DCS, in the order of the changes and with the hop count of
 * the configuration; each is waited for by itself.
 */
static void
a_change_of_ours_goes_to_every_neighbor_in_order(void **state)
{
	const struct heard *h;
	int i;

	(void)state;
	begin(true);
	assert_true(
	    nb->ca_seq != node_neighbor_of(&n->node[LS], OTHER)->ca_seq);
	TAILQ_FIRST(&n->node[LS].conf->clusters)->hop_count = 5;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	node_publish(&n->node[LS], 2, "b");
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	for (i = DCS; i <= OTHER; i += OTHER - DCS) {
		h = raw_nth(n, i, 2, 0);
		assert_non_null(h);
		assert_int_equal(raw_get(h, 18, 2), 2);
		assert_int_equal(raw_get(h, 28, 2), 5);
		assert_int_equal(raw_get(h, 40, 4), 2);
		assert_int_equal(raw_get(h, 40 + 22, 4), 1);
		say(i, 3, 1, LS, 1, SEQ_FIRST, NULL);
		say(i, 3, 1, LS, 2, SEQ_FIRST, NULL);
		raw_clear(n, i);
	}
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	expect(DCS, 2, 0, 5, LS, 1, SEQ_FIRST + 1, "Ja");
	expect(OTHER, 2, 0, 5, LS, 1, SEQ_FIRST + 1, "Ja");
	node_publish(&n->node[LS], 1, NULL);
	net_run(n, 10);
	expect(DCS, 2, 1, 5, LS, 1, SEQ_FIRST + 2, "T");
	expect(OTHER, 2, 1, 5, LS, 1, SEQ_FIRST + 2, "T");
	say(DCS, 3, 1, LS, 1, SEQ_FIRST + 2, NULL);
	net_run(n, 3100); /* only to who has not answered */
	assert_int_equal(raw_count(n, DCS, 2), 2);
	assert_int_equal(raw_count(n, OTHER, 2), 3);
	net_free(n);
}

/*
 * R2334-B.2.0.2-05, R2334-2.3-06, R2334-2.3-15, R2334-2.3-16, R2334-2.3-17,
 * R2334-2.3-18, R2334-2.3-19, R2334-2.3-20, R2334-2.3-21, A-60: published,
 * retransmitted until it is acknowledged, only what is missing; at last an
 * abnormal event.
 */
static void
what_is_not_acknowledged_is_sent_again(void **state)
{
	uint32_t i;

	(void)state;
	begin(false);
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	expect(DCS, 2, 0, 16, LS, 1, SEQ_FIRST, "Ja");
	node_publish(&n->node[LS], 2, "b");
	net_run(n, 2900);
	assert_int_equal(raw_count(n, DCS, 2), 2);
	say(DCS, 3, 1, LS, 1, SEQ_FIRST, NULL);
	assert_shows_number(SIDE, "csu-queue", 1);
	net_run(n, 200); /* 2 alone, again */
	assert_int_equal(raw_count(n, DCS, 2), 3);
	expect(DCS, 2, 2, 16, LS, 2, SEQ_FIRST, "Jb");
	for (i = 0; i < 4; i++)
		net_run(n, 3000);
	assert_int_equal(raw_count(n, DCS, 2), 7);
	assert_shows(SIDE, "hello", "Bidirectional");
	net_run(n, 3000);
	assert_int_equal(raw_count(n, DCS, 2), 7);
	assert_shows(SIDE, "hello", "Waiting");
	assert_shows_number(SIDE, "csu-queue", 0);
	assert_false(timer_isset(&nb->csu_timer));
	net_free(n);
}

/* R2334-2.3-23: only the newest instance is on the queue. */
static void
only_the_newest_instance_is_queued(void **state)
{
	(void)state;
	begin(false);
	node_publish(&n->node[LS], 1, "a");
	node_publish(&n->node[LS], 1, "b");
	net_run(n, 10);
	assert_int_equal(raw_count(n, DCS, 2), 1);
	expect(DCS, 2, 0, 16, LS, 1, SEQ_FIRST + 1, "Jb");
	node_publish(&n->node[LS], 1, "c");
	net_run(n, 10);
	assert_shows_number(SIDE, "csu-queue", 1);
	expect(DCS, 2, 1, 16, LS, 1, SEQ_FIRST + 2, "Jc");
	/* R2334-2.3-25: an acknowledgement of the older one */
	say(DCS, 3, 1, LS, 1, SEQ_FIRST + 1, NULL);
	assert_shows_number(SIDE, "csu-queue", 1);
	/* nor of another key, or of another's key */
	say(DCS, 3, 1, LS, 2, SEQ_FIRST + 2, NULL);
	say(DCS, 3, 1, 5, 1, SEQ_FIRST + 2, NULL);
	assert_shows_number(SIDE, "csu-queue", 1);
	/* R2334-2.3-24, A-62: of this one, hop count and length aside */
	say(DCS, 3, 1, LS, 1, SEQ_FIRST + 2, NULL);
	assert_shows_number(SIDE, "csu-queue", 0);
	assert_false(timer_isset(&nb->csu_timer));
	net_free(n);
}

/*
 * R2334-2.3-26, R2334-2.3-27, A-71: a reply that knows a newer one is asked
 * for it.
 */
static void
a_reply_that_knows_a_newer_one_is_asked_for_it(void **state)
{
	(void)state;
	begin(true);
	say(OTHER, 2, 9, OTHER, 4, 10, "Jold");
	assert_shows_number(SIDE, "csu-queue", 1);
	raw_clear(n, OTHER);
	say(DCS, 3, 1, OTHER, 4, 20, NULL);
	assert_shows_number(SIDE, "csu-queue", 0);
	expect(DCS, 4, 0, 1, OTHER, 4, 20, NULL);
	assert_shows(SIDE, "alignment", "Aligned");
	net_run(n, 3000); /* a CSUS as any other */
	expect(DCS, 4, 1, 1, OTHER, 4, 20, NULL);
	say(DCS, 2, 1, OTHER, 4, 20, "Jnew");
	assert_int_equal(record(OTHER, 4)->seq, 20);
	assert_shows_number(SIDE, "csus-pending", 0);
	/* it came with one hop and goes on all the same */
	expect(OTHER, 2, 0, 16, OTHER, 4, 20, "Jnew");
	net_free(n);
}

/* R2334-2.3-28: an older one is answered with ours. */
static void
an_older_record_is_answered_with_our_number(void **state)
{
	(void)state;
	begin(false);
	say(DCS, 2, 9, 5, 4, 10, "Jten");
	raw_clear(n, DCS);
	say(DCS, 2, 9, 5, 4, -3, "Jold");
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	assert_memory_equal(entry(5, 4)->data, "Jten", 4);
	net_free(n);
}

/*
 * R2334-2.3-32, R2334-2.3-33, A-89, A-90: implicit acknowledgement, and a
 * conflict.
 */
static void
the_same_or_a_newer_record_acknowledges_ours(void **state)
{
	(void)state;
	begin(true);
	say(OTHER, 2, 9, 5, 4, 10, "Jten");
	say(OTHER, 2, 9, 5, 5, 10, "Jten");
	assert_shows_number(SIDE, "csu-queue", 2);
	raw_clear(n, DCS);
	say(DCS, 2, 9, 5, 4, 10, "Jten");
	assert_shows_number(SIDE, "csu-queue", 1);
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	say(DCS, 2, 9, 5, 5, 11, "Jelf");
	assert_shows_number(SIDE, "csu-queue", 0);
	assert_int_equal(n->node[LS].events[SCSP_EV_CONFLICT], 0);
	say(DCS, 2, 9, 5, 4, 10, "Jnine");
	assert_int_equal(n->node[LS].events[SCSP_EV_CONFLICT], 1);
	assert_memory_equal(entry(5, 4)->data, "Jten", 4);
	net_free(n);
}

/*
 * of two contents with one number the greater win, octet by octet, and
 * the longer where one begins the other; they are passed on, and who has the
 * lesser ones gets them.
 */
static void
of_two_contents_with_one_number_the_greater_win(void **state)
{
	(void)state;
	begin(true);
	say(OTHER, 2, 9, 5, 4, 10, "Jten");
	net_run(n, 10);
	say(DCS, 3, 1, 5, 4, 10, NULL);
	raw_clear(n, DCS);
	raw_clear(n, OTHER);
	/* lesser: acknowledged, not taken, and answered with ours */
	say(DCS, 2, 9, 5, 4, 10, "Jnine");
	net_run(n, 10);
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	expect(DCS, 2, 0, 16, 5, 4, 10, "Jten");
	assert_int_equal(raw_count(n, OTHER, 2), 0);
	assert_int_equal(n->node[LS].updates, 1);
	say(DCS, 3, 1, 5, 4, 10, NULL);
	raw_clear(n, DCS);
	/* greater */
	say(DCS, 2, 9, 5, 4, 10, "Jtwo");
	net_run(n, 10);
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	expect(OTHER, 2, 0, 8, 5, 4, 10, "Jtwo");
	assert_int_equal(raw_count(n, DCS, 2), 0);
	assert_memory_equal(entry(5, 4)->data, "Jtwo", 4);
	assert_int_equal(n->node[LS].updates, 2);
	say(OTHER, 3, 1, 5, 4, 10, NULL);
	raw_clear(n, OTHER);
	/* longer */
	say(DCS, 2, 9, 5, 4, 10, "Jtwofold");
	net_run(n, 10);
	expect(OTHER, 2, 0, 8, 5, 4, 10, "Jtwofold");
	assert_int_equal(n->node[LS].events[SCSP_EV_CONFLICT], 3);
	assert_counter(SIDE, "conflicts", 3);
	/* another number decides, whatever the contents */
	say(DCS, 2, 9, 5, 4, 11, "Ja");
	assert_memory_equal(entry(5, 4)->data, "Ja", 2);
	net_free(n);
}

/* Bounds: records under our own OID count like any other. */
static void
records_under_our_own_id_are_bounded(void **state)
{
	uint32_t i;

	(void)state;
	begin(false);
	n->node[LS].silent = true;
	TAILQ_FIRST(&n->node[LS].conf->clusters)->max_records = 10;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 30; i++)
		say(DCS, 2, 9, LS, i, 10, "Jours");
	assert_int_equal(node_summary(&n->node[LS], "records"), 10);
	assert_counter(SIDE, "record-limit", 20);
	assert_int_equal(n->node[LS].owns, 10);
	assert_shows(SIDE, "alignment", "Aligned");
	/* marsd is not kept out */
	node_publish(&n->node[LS], 100, "a");
	assert_int_equal(node_summary(&n->node[LS], "records"), 11);
	net_free(n);
}

/* Bounds: one that fills the cache keeps no other neighbor out. */
static void
every_neighbor_has_a_part_of_the_limit(void **state)
{
	uint32_t i;

	(void)state;
	begin(true);
	TAILQ_FIRST(&n->node[LS].conf->clusters)->max_records = 80;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 100; i++)
		say(DCS, 2, 9, 5 + (int)(i % 3), i, 10, "Jflood");
	assert_int_equal(node_summary(&n->node[LS], "records"), 70);
	for (i = 0; i < 10; i++)
		say(OTHER, 2, 9, OTHER, i, 10, "Jhonest");
	assert_int_equal(node_summary(&n->node[LS], "records"), 80);
	assert_int_equal(record(OTHER, 9)->seq, 10);
	say(OTHER, 2, 9, OTHER, 10, 10, "Jhonest");
	assert_null(record(OTHER, 10));
	/* what goes makes room for it again */
	scsp_erase(n->node[LS].s, NET_SGID, (uint8_t[]){ 10, 0, 0, 3 }, 9);
	say(DCS, 2, 9, 5, 200, 10, "Jflood");
	assert_int_equal(node_summary(&n->node[LS], "records"), 79);
	say(OTHER, 2, 9, OTHER, 11, 10, "Jhonest");
	assert_int_equal(record(OTHER, 11)->seq, 10);
	net_free(n);
}

/*
 * Bounds: what there was no room for was acknowledged, so it would never come
 * again: the caches align anew, once there is room for a while.  It is the
 * room of the one that was refused that counts, 80 less what is kept for the
 * other.
 */
static void
what_was_refused_is_asked_for_once_there_is_room(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 6 };
	uint32_t i;

	(void)state;
	begin(true);
	TAILQ_FIRST(&n->node[LS].conf->clusters)->max_records = 80;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 71; i++) {
		say(DCS, 2, 9, 5, i, 10, "Jflood");
		say(OTHER, 3, 1, 5, i, 10, NULL);
	}
	assert_counter(SIDE, "record-limit", 1);
	for (i = 0; i < 3; i++)
		scsp_erase(n->node[LS].s, NET_SGID, oid, i);
	net_run(n, 31000);
	assert_shows(SIDE, "alignment", "Aligned"); /* not for a twentieth */
	scsp_erase(n->node[LS].s, NET_SGID, oid, 3);
	net_run(n, 29000);
	assert_shows(SIDE, "alignment", "Aligned");
	net_run(n, 2000);
	assert_shows(SIDE, "alignment", "Negotiation");
	assert_shows(OTHER_SIDE, "alignment", "Aligned");
	net_free(n);
}

/*
 * who has yet to forget the last life of a record is sent the new one
 * until then, and not for ever.
 */
static void
who_never_forgets_the_last_number_is_left_with_it(void **state)
{
	uint32_t i, sent = 0, most;

	(void)state;
	begin(false);
	most = 10U * nb->conf.rexmt_limit;
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	for (i = 0; i < most + 20; i++) {
		sent += raw_count(n, DCS, 2);
		raw_clear(n, DCS);
		say(DCS, 3, 1, LS, 1, INT32_MAX, NULL);
		assert_int_equal(raw_count(n, DCS, 4), 0);
		assert_shows_number(SIDE, "csu-queue", i < most);
		net_run(n, 3100);
	}
	assert_in_range(sent, most, most + 2);
	assert_shows_number(SIDE, "csu-queue", 0);
	assert_counter(SIDE, "record-ended", 1);
	assert_shows(SIDE, "alignment", "Aligned");
	/* what changes is sent, as ever */
	node_publish(&n->node[LS], 1, "b");
	net_run(n, 10);
	expect(DCS, 2, 0, 16, LS, 1, SEQ_FIRST + 1, "Jb");
	net_free(n);
}

/* Bounds: told once at nine tenths, and again after a fall below eight. */
static void
a_limit_says_when_it_is_near(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 6 };
	uint64_t *near = NULL;
	uint32_t i;

	(void)state;
	begin(false);
	near = &n->node[LS].events[SCSP_EV_NEAR];
	TAILQ_FIRST(&n->node[LS].conf->clusters)->max_records = 20;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 17; i++)
		say(DCS, 2, 9, 5, i, 10, "Jok");
	assert_int_equal(*near, 0);
	for (; i < 20; i++)
		say(DCS, 2, 9, 5, i, 10, "Jok");
	assert_int_equal(*near, 1);
	for (i = 0; i < 3; i++)
		scsp_erase(n->node[LS].s, NET_SGID, oid, i);
	for (i = 0; i < 3; i++)
		say(DCS, 2, 9, 5, i, 10, "Jok");
	assert_int_equal(*near, 1);
	for (i = 0; i < 8; i++)
		scsp_erase(n->node[LS].s, NET_SGID, oid, i);
	for (i = 0; i < 8; i++)
		say(DCS, 2, 9, 5, i, 10, "Jok");
	assert_int_equal(*near, 2);
	net_free(n);
}

/*
 * csu-batch: not more records in a CSU Request than the neighbor
 * acknowledges, null ones included.
 */
static void
a_batch_bounds_the_records_of_a_request(void **state)
{
	struct rawpkt p;
	uint32_t i;

	(void)state;
	begin(false);
	TAILQ_FIRST(&TAILQ_FIRST(&n->node[LS].conf->clusters)->neighbors)
	    ->csu_batch = 1;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 5; i++)
		node_publish(&n->node[LS], i, "a");
	net_run(n, 20);
	assert_int_equal(raw_count(n, DCS, 2), 5);
	for (i = 0; i < 5; i++) {
		expect(DCS, 2, i, 16, LS, i, SEQ_FIRST, "Ja");
		say(DCS, 3, 1, LS, i, SEQ_FIRST, NULL);
	}
	raw_clear(n, DCS);
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	for (i = 0; i < 3; i++)
		raw_record(&p, 1, RAW_ID(5), i, 1, false, NULL);
	raw_done(n, DCS, &p);
	net_run(n, 20);
	assert_int_equal(raw_count(n, DCS, 2), 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(raw_get(raw_nth(n, DCS, 2, i), 18, 2), 1);
	net_free(n);
}

/*
 * R2334-B.2.2.1-03, A-48: RFC 2443 has no method to divide a record, so one
 * that is larger than the circuit takes is not sent; it is counted and told,
 * and what fits goes on.
 */
static void
a_record_larger_than_a_packet_is_told_and_not_sent(void **state)
{
	struct rawpkt p;
	char data[600];

	(void)state;
	begin(true);
	scsp_neighbor_resize(nb, VC_SDU_MIN);
	memset(data, 'x', sizeof(data));
	data[0] = 'J';
	data[sizeof(data) - 1] = '\0';
	raw_begin(&p, 2, RAW_ID(OTHER), RAW_ID(LS));
	raw_record(&p, 9, RAW_ID(5), 1, 10, false, data);
	raw_record(&p, 9, RAW_ID(5), 2, 10, false, "Jsmall");
	/* its length and the packet's have two octets */
	raw_done(n, OTHER, &p);
	net_run(n, 20);
	assert_int_equal(node_summary(&n->node[LS], "records"), 2);
	assert_int_equal(raw_count(n, DCS, 2), 1);
	expect(DCS, 2, 0, 8, 5, 2, 10, "Jsmall");
	assert_counter(SIDE, "record-large", 1);
	assert_int_equal(n->node[LS].events[SCSP_EV_LIMIT], 1);
	say(DCS, 3, 1, 5, 2, 10, NULL);
	net_run(n, 30000);
	assert_shows(SIDE, "alignment", "Aligned");
	net_free(n);
}

/*
 * An adjacency that fails for good: each event is told to the owner, who logs
 * the first, and then at doubling intervals up to an hour.
 */
static void
what_goes_on_failing_is_logged_less_and_less(void **state)
{
	struct scsp_event ev;
	uint32_t i, logged = 0;
	uint64_t more = 0;

	(void)state;
	begin(false);
	for (i = 0; i < 28800; i++) { /* a day of Hellos with a wrong key */
		ev = (struct scsp_event){ .code = SCSP_EV_AUTH };
		scsp_neighbor_tell(nb, &ev);
		logged += !ev.quiet;
		more += ev.more;
		if (i == 0)
			assert_false(ev.quiet);
		n->ts.now.us += MTIME_SEC(3);
	}
	assert_in_range(logged, 20, 40);
	assert_int_equal(logged + more + nb->quiet[SCSP_EV_AUTH].more, i);
	/* another kind is told at once */
	ev = (struct scsp_event){ .code = SCSP_EV_CONFLICT };
	scsp_neighbor_tell(nb, &ev);
	assert_false(ev.quiet);
	/* and after a long silence it is new */
	n->ts.now.us += MTIME_SEC(3 * 3600);
	ev = (struct scsp_event){ .code = SCSP_EV_AUTH };
	scsp_neighbor_tell(nb, &ev);
	assert_false(ev.quiet);
	net_free(n);
}

/*
 * the owner of hidden records has restarted where nobody knew
 * them: it hears of the number and gets the record, so that it can go on
 * from there; of two with one number the hidden one gives way.
 */
static void
the_owner_of_hidden_records_is_shown_their_numbers(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 6 };

	(void)state;
	begin(false);
	say(DCS, 2, 9, 5, 4, 10, "Jten");
	say(DCS, 2, 9, 5, 5, 10, "Jten");
	say(DCS, 2, 9, 5, 6, 10, "Jten");
	scsp_hide(n->node[LS].s, NET_SGID, oid, 4);
	scsp_hide(n->node[LS].s, NET_SGID, oid, 5);
	scsp_hide(n->node[LS].s, NET_SGID, oid, 6);
	raw_clear(n, DCS);
	say(DCS, 2, 9, 5, 4, -3, "Jnew");
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	raw_clear(n, DCS);
	say(DCS, 4, 1, 5, 4, 10, NULL);
	expect(DCS, 2, 0, 1, 5, 4, 10, "Jten");
	say(DCS, 2, 9, 5, 5, 10, "Jnew");
	assert_memory_equal(entry(5, 5)->data, "Jnew", 4);
	assert_string_equal(record(5, 5)->state, "live");
	say(DCS, 2, 9, 5, 6, 10, "Jten");
	assert_string_equal(record(5, 6)->state, "hidden");
	assert_int_equal(n->node[LS].events[SCSP_EV_CONFLICT], 0);
	net_free(n);
}

/*
 * R2334-2.2.4-02, R2334-2.3-29, R2334-B.2.0.2-06, A-95: a CSUS gets what is
 * held.
 */
static void
a_csus_gets_what_is_held(void **state)
{
	(void)state;
	begin(true);
	say(OTHER, 2, 1, 5, 4, 10, "Jten");
	raw_clear(n, DCS);
	say(DCS, 4, 1, 5, 4, 99, NULL);
	expect(DCS, 2, 0, 1, 5, 4, 10, "Jten");
	assert_int_equal(raw_count(n, OTHER, 2), 0); /* R2334-2.3-04 */
	net_free(n);
}

/*
 * R2334-2.3-30, R2334-2.3-31, R2334-B.2.0.2-10: or its own record, with N.
 */
static void
a_csus_for_what_is_not_held_gets_a_null_record(void **state)
{
	const struct heard *h;

	(void)state;
	begin(false);
	say(DCS, 4, 1, 5, 4, 99, NULL);
	expect(DCS, 2, 0, 1, 5, 4, 99, NULL);
	h = raw_nth(n, DCS, 2, 0);
	assert_int_equal(raw_get(h, 34, 2), 0x8000);
	assert_shows_number(SIDE, "csu-queue", 0);
	net_free(n);
}

/* R2334-B.2.0.2-11, A-64, A-65: a null record that was asked for, and not */
static void
a_null_record_counts_only_if_asked_for(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(true);
	say(OTHER, 2, 9, 5, 4, 10, "Jten");
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(5), 4, 20, true, NULL);
	raw_clear(n, DCS);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_non_null(record(5, 4));
	assert_counter(SIDE, "record-null", 1);
	expect(DCS, 3, 0, 1, 5, 4, 20, NULL); /* acknowledged, with N */
	assert_int_equal(raw_get(raw_nth(n, DCS, 3, 0), 34, 2), 0x8000);
	/* now it says that it has 20, and then that it has not */
	say(DCS, 3, 1, 5, 4, 20, NULL);
	assert_int_equal(raw_count(n, DCS, 4), 1);
	raw_clear(n, OTHER);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_null(record(5, 4));
	assert_int_equal(n->node[LS].gones, 1);
	assert_int_equal(raw_count(n, OTHER, 2), 0);
	assert_shows_number(SIDE, "csus-pending", 0);
	expect(DCS, 3, 1, 1, 5, 4, 20, NULL);
	assert_int_equal(raw_get(raw_nth(n, DCS, 3, 1), 34, 2), 0x8000);
	/* was it a lie?  The others are asked */
	net_run(n, 31000);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_shows(OTHER_SIDE, "alignment", "Negotiation");
	net_free(n);
}

/*
 * two contents under one number of ours, neither of which is ours.  Who
 * has the first hears of the second only beyond that number.
 */
static void
two_lies_under_one_number_are_withdrawn_beyond_it(void **state)
{
	(void)state;
	begin(false);
	n->node[LS].silent = true; /* marsd waits for its clients */
	say(DCS, 2, 9, LS, 77, 10, "Jlie");
	assert_int_equal(record(LS, 77)->seq, 10);
	raw_clear(n, DCS);
	say(DCS, 2, 9, LS, 77, 10, "Tlie");
	assert_true(record(LS, 77)->seq > 10);
	assert_string_equal(record(LS, 77)->state, "tombstone");
	assert_int_equal(raw_count(n, DCS, 2), 1);
	net_free(n);
}

/*
 * somebody had a later instance of what we have withdrawn.  Others may
 * have it still, so it is withdrawn once more, beyond that number.
 */
static void
a_null_record_has_our_withdrawal_said_again(void **state)
{
	struct rawpkt p;
	int32_t seq;

	(void)state;
	begin(false);
	node_publish(&n->node[LS], 1, "a");
	node_publish(&n->node[LS], 1, NULL);
	net_run(n, 10);
	seq = record(LS, 1)->seq;
	say(DCS, 3, 1, LS, 1, seq + 100, NULL);
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(LS), 1, seq + 100, true, NULL);
	raw_clear(n, DCS);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_int_equal(n->node[LS].owns, 0); /* it is marsd's last word */
	assert_true(record(LS, 1)->seq > seq + 100);
	assert_string_equal(record(LS, 1)->state, "tombstone");
	assert_int_equal(raw_count(n, DCS, 2), 1);
	net_free(n);
}

/*
 * a null record that comes after the record itself is late: the DCS
 * hid what it has, said so, and has it again.
 */
static void
a_null_record_after_the_record_is_late(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(true);
	say(OTHER, 2, 9, 5, 4, 10, "Jten");
	say(OTHER, 2, 9, 5, 6, 10, "Jten");
	/* it has 20 of both: one CSUS asks for them */
	raw_begin(&p, 3, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(5), 4, 20, false, NULL);
	raw_record(&p, 1, RAW_ID(5), 6, 20, false, NULL);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_int_equal(raw_count(n, DCS, 4), 1);
	assert_shows_number(SIDE, "csus-pending", 2);
	say(DCS, 2, 1, 5, 4, 20, "Jtwenty");
	assert_shows_number(SIDE, "csus-pending", 1);
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(5), 4, 20, true, NULL);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_non_null(record(5, 4));
	assert_int_equal(record(5, 4)->seq, 20);
	assert_counter(SIDE, "record-null", 1);
	assert_shows_number(SIDE, "csus-pending", 1);
	/* of the other one it is the answer */
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(5), 6, 20, true, NULL);
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_null(record(5, 6));
	assert_shows_number(SIDE, "csus-pending", 0);
	net_free(n);
}

/* acknowledged, not installed, remembered, not asked again. */
static void
what_is_not_understood_is_acknowledged_and_not_installed(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(true);
	say(DCS, 2, 9, 5, 4, 10, "Sxx");
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	assert_int_equal(raw_count(n, OTHER, 2), 0);
	assert_int_equal(n->node[LS].updates, 0);
	assert_counter(SIDE, "record-strange", 1);
	assert_shows(SIDE, "hello", "Bidirectional");
	say(DCS, 2, 9, 5, 5, INT32_MIN, "Jxx");
	expect(DCS, 3, 1, 1, 5, 5, INT32_MIN, NULL);
	assert_null(record(5, 5));
	/* in a summary */
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, nb->ca_sent - 1);
	scsp_realign(n->node[LS].s, NET_SGID);
	net_run(n, 3);
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, nb->ca_seq);
	raw_common(&p, 0, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 1, RAW_ID(5), 4, 10, false, NULL);
	raw_record(&p, 1, RAW_ID(5), 5, INT32_MIN, false, NULL);
	raw_done(n, DCS, &p);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_shows_number(SIDE, "csus-pending", 0);
	/* a newer one that is understood */
	net_free(n);
	begin(false);
	say(DCS, 2, 9, 5, 4, 10, "Sxx");
	say(DCS, 2, 9, 5, 4, 11, "Jok");
	assert_int_equal(record(5, 4)->seq, 11);
	assert_int_equal(n->node[LS].updates, 1);
	net_free(n);
}

/* contents whose lengths do not add up: nothing of the message. */
static void
one_malformed_record_spoils_the_message(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(false);
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 9, RAW_ID(5), 4, 10, false, "Jok");
	raw_record(&p, 9, RAW_ID(5), 5, 10, false, "?");
	raw_done(n, DCS, &p);
	assert_null(record(5, 4));
	assert_shows(SIDE, "hello", "Waiting");
	net_free(n);
}

/*
 * R2334-2.3-40, R2334-2.3-34, R2334-2.3-36, A-84: all 0xFF is us too, and
 * answered to the sender.
 */
static void
a_request_to_all_is_ours_too(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(false);
	raw_begin(&p, 2, RAW_ID(DCS), 0xffffffffU);
	raw_record(&p, 9, RAW_ID(5), 4, 10, false, "Jok");
	raw_done(n, DCS, &p);
	net_run(n, 10);
	expect(DCS, 3, 0, 1, 5, 4, 10, NULL);
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(4));
	raw_record(&p, 9, RAW_ID(5), 5, 10, false, "Jok");
	raw_done(n, DCS, &p);
	assert_null(record(5, 5));
	assert_counter(SIDE, "receiver", 1);
	net_free(n);
}

/*
 * R2334-2.3-02, A-94: CSU messages are taken and sent only in Update Cache
 * and Aligned: not in Negotiation, nor in Summarize.
 */
static void
no_csu_message_counts_before_update_cache(void **state)
{
	struct rawpkt p;
	int summarize;

	(void)state;
	for (summarize = 0; summarize < 2; summarize++) {
		begin(false);
		say(DCS, 2, 9, 5, 3, 10, "Jheld");
		scsp_realign(n->node[LS].s, NET_SGID);
		assert_shows(SIDE, "alignment", "Negotiation");
		if (summarize) {
			raw_begin(&p, 1, 0, 0);
			raw_put(&p, 4, nb->ca_seq);
			raw_common(&p, 0x2000, RAW_ID(DCS), RAW_ID(LS));
			raw_done(n, DCS, &p);
			assert_shows(SIDE, "alignment", "Summarize");
		}
		raw_clear(n, DCS);
		say(DCS, 2, 9, 5, 4, 10, "Jok");
		say(DCS, 3, 1, 5, 3, 99, NULL);
		say(DCS, 4, 1, 5, 3, 10, NULL);
		node_publish(&n->node[LS], 1, "a");
		net_run(n, 100);
		assert_null(record(5, 4));
		assert_counter(SIDE, "state", 3);
		assert_int_equal(raw_count(n, DCS, 2), 0);
		assert_int_equal(raw_count(n, DCS, 3), 0);
		assert_int_equal(raw_count(n, DCS, 4), 0);
		net_free(n);
	}
}

/*
 * R2334-2.3-07, R2334-2.3-11, R2334-2.3-12: many records: full requests, not
 * more than a window; the acknowledgements in one reply.
 */
static void
requests_are_full_and_within_the_window(void **state)
{
	struct rawpkt p;
	uint32_t i, got = 0;

	(void)state;
	begin(false);
	for (i = 0; i < 4000; i++)
		node_publish(&n->node[LS], i, "0123456789abcd");
	net_run(n, 10);
	assert_in_range(raw_count(n, DCS, 2), 13, 15);
	for (i = 0; i < raw_count(n, DCS, 2); i++)
		got += raw_get(raw_nth(n, DCS, 2, i), 18, 2);
	assert_in_range(raw_nth(n, DCS, 2, 0)->len, 9000, 9188);
	assert_shows_number(SIDE, "csu-queue", 4000);
	assert_true(got < 4000);
	raw_begin(&p, 3, RAW_ID(DCS), RAW_ID(LS));
	for (i = 0; i < 200; i++) {
		raw_record(&p, 1, RAW_ID(LS), i, SEQ_FIRST, false, NULL);
	}
	raw_done(n, DCS, &p);
	net_run(n, 10);
	assert_shows_number(SIDE, "csu-queue", 3800);
	net_free(n);
	begin(false);
	for (i = 0; i < 100; i++) {
		raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
		raw_record(&p, 9, RAW_ID(5), i, 10, false, "Jok");
		raw_sum(&p);
		raw_post(n, DCS, p.b, p.len); /* in one turn */
	}
	net_run(n, 10);
	assert_int_equal(raw_count(n, DCS, 3), 1);
	assert_int_equal(raw_get(raw_nth(n, DCS, 3, 0), 18, 2), 100);
	net_free(n);
}

/*
 * A record goes at once if none is on its way.  Others wait then, for the
 * acknowledgement or for 5 ms, and go together.
 */
static void
records_wait_only_while_one_is_on_its_way(void **state)
{
	struct rawpkt p;
	uint32_t i;

	(void)state;
	begin(false);
	n->delay = 0;
	node_publish(&n->node[LS], 1, "Jone");
	net_run(n, 0);
	net_run(n, 0);
	assert_int_equal(raw_count(n, DCS, 2), 1);
	node_publish(&n->node[LS], 2, "Jtwo");
	node_publish(&n->node[LS], 3, "Jthree");
	net_run(n, 4);
	assert_int_equal(raw_count(n, DCS, 2), 1);
	net_run(n, 2);
	assert_int_equal(raw_count(n, DCS, 2), 2);
	assert_int_equal(raw_get(raw_nth(n, DCS, 2, 1), 18, 2), 2);
	node_publish(&n->node[LS], 4, "Jfour");
	net_run(n, 1);
	assert_int_equal(raw_count(n, DCS, 2), 2);
	raw_begin(&p, 3, RAW_ID(DCS), RAW_ID(LS));
	for (i = 1; i <= 3; i++)
		raw_record(&p, 1, RAW_ID(LS), i, SEQ_FIRST, false, NULL);
	raw_done(n, DCS, &p);
	assert_int_equal(raw_count(n, DCS, 2), 3);
	net_free(n);
}

/*
 * a tombstone stays for its time, and until everybody knows; then it
 * is gone and said to be.
 */
static void
a_tombstone_stays_for_its_time_and_until_all_know(void **state)
{
	(void)state;
	begin(true);
	TAILQ_FIRST(&n->node[LS].conf->clusters)->tombstone = 5;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	say(DCS, 2, 9, 5, 4, 10, "Jin");
	say(OTHER, 3, 9, 5, 4, 10, NULL);
	say(DCS, 2, 9, 5, 4, 11, "Tout");
	assert_int_equal(node_summary(&n->node[LS], "tombstones"), 1);
	net_run(n, 4900);
	assert_non_null(record(5, 4));
	net_run(n, 1000); /* OTHER has not acknowledged */
	assert_non_null(record(5, 4));
	assert_int_equal(n->node[LS].gones, 0);
	say(OTHER, 3, 9, 5, 4, 11, NULL);
	assert_null(record(5, 4));
	assert_int_equal(n->node[LS].gones, 1);
	/* all acknowledged at once: not before its time */
	say(DCS, 2, 9, 5, 5, 11, "Tout");
	say(OTHER, 3, 9, 5, 5, 11, NULL);
	net_run(n, 4900);
	assert_non_null(record(5, 5));
	net_run(n, 200);
	assert_null(record(5, 5));
	net_free(n);
}

/* The limit is policy: acknowledged, counted, the adjacency stays. */
static void
a_full_cache_acknowledges_and_keeps_the_adjacency(void **state)
{
	uint32_t i;

	(void)state;
	begin(false);
	TAILQ_FIRST(&n->node[LS].conf->clusters)->max_records = 3;
	assert_int_equal(scsp_configure(n->node[LS].s, n->node[LS].conf), 0);
	for (i = 0; i < 5; i++)
		say(DCS, 2, 9, 5, i, 10, "Jok");
	assert_int_equal(node_summary(&n->node[LS], "records"), 3);
	assert_int_equal(raw_count(n, DCS, 3), 5);
	assert_counter(SIDE, "record-limit", 2);
	assert_int_equal(n->node[LS].events[SCSP_EV_LIMIT], 2);
	say(DCS, 2, 9, 5, 1, 11, "Jnew"); /* what is there may change */
	assert_int_equal(record(5, 1)->seq, 11);
	net_free(n);
}

/* none at all, and the same twice. */
static void
empty_messages_and_repeated_records_are_harmless(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(false);
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_done(n, DCS, &p);
	raw_begin(&p, 3, RAW_ID(DCS), RAW_ID(LS));
	raw_done(n, DCS, &p);
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	raw_done(n, DCS, &p);
	say(DCS, 3, 1, 4, 4, 4, NULL); /* nobody asked */
	net_run(n, 20);
	assert_int_equal(raw_count(n, DCS, 2), 0);
	assert_int_equal(raw_count(n, DCS, 3), 0);
	assert_shows(SIDE, "hello", "Bidirectional");
	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	raw_record(&p, 9, RAW_ID(5), 4, 10, false, "Jok");
	raw_record(&p, 9, RAW_ID(5), 4, 11, false, "Jnew");
	raw_record(&p, 9, RAW_ID(5), 4, 10, false, "Jok");
	raw_done(n, DCS, &p);
	assert_int_equal(record(5, 4)->seq, 11);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_newer_record_is_installed_acknowledged_and_passed_on),
		cmocka_unit_test(
		    a_change_of_ours_goes_to_every_neighbor_in_order),
		cmocka_unit_test(
		    what_ends_here_for_want_of_hops_is_aligned_with_the_others),
		cmocka_unit_test(what_is_not_acknowledged_is_sent_again),
		cmocka_unit_test(only_the_newest_instance_is_queued),
		cmocka_unit_test(
		    a_reply_that_knows_a_newer_one_is_asked_for_it),
		cmocka_unit_test(an_older_record_is_answered_with_our_number),
		cmocka_unit_test(the_same_or_a_newer_record_acknowledges_ours),
		cmocka_unit_test(
		    of_two_contents_with_one_number_the_greater_win),
		cmocka_unit_test(records_under_our_own_id_are_bounded),
		cmocka_unit_test(every_neighbor_has_a_part_of_the_limit),
		cmocka_unit_test(
		    what_was_refused_is_asked_for_once_there_is_room),
		cmocka_unit_test(
		    who_never_forgets_the_last_number_is_left_with_it),
		cmocka_unit_test(a_limit_says_when_it_is_near),
		cmocka_unit_test(a_batch_bounds_the_records_of_a_request),
		cmocka_unit_test(
		    a_record_larger_than_a_packet_is_told_and_not_sent),
		cmocka_unit_test(what_goes_on_failing_is_logged_less_and_less),
		cmocka_unit_test(
		    the_owner_of_hidden_records_is_shown_their_numbers),
		cmocka_unit_test(a_csus_gets_what_is_held),
		cmocka_unit_test(
		    a_csus_for_what_is_not_held_gets_a_null_record),
		cmocka_unit_test(a_null_record_counts_only_if_asked_for),
		cmocka_unit_test(
		    two_lies_under_one_number_are_withdrawn_beyond_it),
		cmocka_unit_test(a_null_record_has_our_withdrawal_said_again),
		cmocka_unit_test(a_null_record_after_the_record_is_late),
		cmocka_unit_test(
		    what_is_not_understood_is_acknowledged_and_not_installed),
		cmocka_unit_test(one_malformed_record_spoils_the_message),
		cmocka_unit_test(a_request_to_all_is_ours_too),
		cmocka_unit_test(no_csu_message_counts_before_update_cache),
		cmocka_unit_test(requests_are_full_and_within_the_window),
		cmocka_unit_test(records_wait_only_while_one_is_on_its_way),
		cmocka_unit_test(
		    a_tombstone_stays_for_its_time_and_until_all_know),
		cmocka_unit_test(
		    a_full_cache_acknowledges_and_keeps_the_adjacency),
		cmocka_unit_test(
		    empty_messages_and_repeated_records_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
