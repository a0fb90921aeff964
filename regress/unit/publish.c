/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What becomes of a record that marsd publishes, and of records of ours that
 * others have.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ipc.h"
#include "scspd/publish.h"
#include "scspd/record.h"
#include "scspnet.h"

#define LS	1
#define DCS	0
#define OTHER	2		/* a second raw neighbor of the LS */
#define SIDE	&n->node[LS], DCS	/* under test, and its neighbor */

/* the class of an entry in a group that holds its records back, or not */
static enum scsp_publication class(
    bool holding, int32_t seq, int32_t seen, int flags, int32_t *next) {
	struct scsp_group g = { .holding = holding };
	struct scsp_entry e = { .seq = seq,
	    .seen = seen,
	    .flags = (uint8_t)flags };

	return scsp_publication(&g, &e, next);
}

/* Nobody is aligned: it waits, and it matters whether its key was heard of. */
static void
it_is_held_until_a_neighbor_is_aligned(void **state)
{
	int32_t n;

	(void)state;
	assert_int_equal(
	    class(true, SEQ_RESERVED, SEQ_RESERVED, ENTRY_BARE, &n),
	    SCSP_PUBLISH_HOLD);
	assert_int_equal(
	    class(true, SEQ_RESERVED, SEQ_RESERVED, ENTRY_OWN | ENTRY_HELD, &n),
	    SCSP_PUBLISH_HOLD);
	assert_int_equal(class(true, 5, 5, 0, &n), SCSP_PUBLISH_HOLD_KNOWN);
	assert_int_equal(
	    class(true, SEQ_RESERVED, 5, ENTRY_OWN | ENTRY_HELD, &n),
	    SCSP_PUBLISH_HOLD_KNOWN);
	assert_int_equal(class(true, SEQ_PURGE, SEQ_PURGE, ENTRY_OWN, &n),
	    SCSP_PUBLISH_HOLD_KNOWN);
}

/* R2334-B.2.0.2-17, R2334-B.2.0.2-20 */
static void
it_is_numbered_beyond_what_anybody_has_seen(void **state)
{
	int32_t n;

	(void)state;
	assert_int_equal(
	    class(false, SEQ_RESERVED, SEQ_RESERVED, ENTRY_BARE, &n),
	    SCSP_PUBLISH_NUMBER);
	assert_int_equal(n, SEQ_FIRST);
	assert_int_equal(
	    class(false, 5, 5, ENTRY_OWN, &n), SCSP_PUBLISH_NUMBER);
	assert_int_equal(n, 6);
	assert_int_equal(class(false, 5, 5, ENTRY_OWN | ENTRY_AGAIN, &n),
	    SCSP_PUBLISH_NUMBER);
	assert_int_equal(n, 5 + SEQ_RESTART);
	assert_int_equal(
	    class(false, 5, 9, ENTRY_OWN, &n), SCSP_PUBLISH_NUMBER);
	assert_int_equal(n, 9 + SEQ_RESTART);
}

/*
 * A-11, R2334-B.2.0.2-17, R2334-B.2.0.2-20: the first number of a key in a
 * life follows from the clock, and is not below what is known; then by one.
 */
static void
a_life_begins_with_the_seconds_since_2020(void **state)
{
	const struct {
		int64_t now;
		int32_t first;
	} clock[] = {
		{ 0, SEQ_FIRST },
		{ 1577836800, SEQ_FIRST },
		{ 1577836801, SEQ_FIRST + 1 },
		{ 1700000000, SEQ_FIRST + 122163200 },
		{ INT64_MAX / 2, 0 },
	};
	struct net *n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(clock) / sizeof(clock[0]); i++) {
		n = net_line(1, 1, false);
		n->wall = clock[i].now;
		node_start(&n->node[0]);
		node_group(&n->node[0])->holding = false;
		n->wall += 1000; /* it is the start that counts */
		n->ts.now.us += MTIME_SEC(50);
		node_publish(&n->node[0], 1, "a");
		assert_in_range((uint32_t)node_record(&n->node[0], 0, 1)->seq,
		    (uint32_t)clock[i].first, (uint32_t)clock[i].first + 1);
		node_publish(&n->node[0], 1, "b");
		assert_in_range((uint32_t)node_record(&n->node[0], 0, 1)->seq,
		    (uint32_t)clock[i].first + 1,
		    (uint32_t)clock[i].first + 2);
		net_free(n);
	}
}

/* what an earlier life has left is continued above this one's first. */
static void
an_earlier_number_is_outdone_by_the_clock_or_the_constant(void **state)
{
	struct scsp_group g = { .born = 1000 };
	struct scsp_entry e = { .seq = SEQ_FIRST + 5, .seen = SEQ_FIRST + 5 };
	int32_t seq;

	(void)state;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 1000);
	e.flags = ENTRY_OWN | ENTRY_HELD | ENTRY_AGAIN;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 1000);
	e.seq = e.seen = SEQ_FIRST + 990;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 990 + SEQ_RESTART);
	/* numbered in this life already: the next */
	e.flags = ENTRY_OWN;
	e.seq = e.seen = SEQ_FIRST + 5;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 6);
}

/*
 * records of an earlier life turned up while some were held still: these
 * begin beyond that life's numbers.  A new key does not.
 */
static void
what_was_held_then_begins_beyond_an_earlier_life(void **state)
{
	struct scsp_group g = { .born = 1000, .reborn = true,
		.past = SEQ_FIRST + 5000 };
	struct scsp_entry e = { .seq = SEQ_RESERVED, .seen = SEQ_RESERVED,
		.flags = ENTRY_OWN | ENTRY_HELD };
	int32_t seq;

	(void)state;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 5000);
	e.seen = SEQ_FIRST + 6000;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 6000 + SEQ_RESTART);
	e.seen = SEQ_RESERVED;
	e.flags = ENTRY_BARE;
	scsp_publication(&g, &e, &seq);
	assert_int_equal(seq, SEQ_FIRST + 1000);
}

#define HELD	2000		/* records, of 220 octets on their way */

/* A server that holds them, with two neighbors that are aligned. */
static struct net *
holding(void)
{
	struct net *n = raw_aligned(LS, DCS, OTHER);
	uint8_t data[200];
	uint32_t key;

	memset(data, 'J', sizeof(data));
	node_group(&n->node[LS])->holding = true;
	for (key = 0; key < HELD; key++)
		scsp_publish(
		    n->node[LS].s, NET_SGID, key, data, sizeof(data));
	assert_int_equal(node_group(&n->node[LS])->cache.held, HELD);
	return n;
}

/* Octets that a neighbor has been sent, or is to be sent, and owes us. */
static uint64_t
owed(struct net *n, int to)
{
	const struct scsp_neighbor *nb =
	    node_neighbor_of(&n->node[LS], to);

	return nb->waiting + nb->flying;
}

/*
 * What was held is numbered as neighbors take it: what is queued for them stays
 * small.  One that takes nothing holds up nobody.
 */
static void
what_was_held_is_released_as_it_is_taken(void **state)
{
	struct net *n = holding();
	struct scsp_group *g = node_group(&n->node[LS]);
	uint32_t key = 0, to, before;
	struct rawpkt p;

	(void)state;
	scsp_publish_release(g);
	net_run(n, 500);
	/* both have a window of 14 packets, and two packets wait */
	assert_in_range(owed(n, DCS), 14 * SCSP_MTU, 18 * SCSP_MTU);
	assert_int_equal(owed(n, OTHER), owed(n, DCS));
	before = g->cache.held;
	assert_in_range(before, HELD / 2, HELD - 14 * SCSP_MTU / 220);
	/* the one acknowledges; the numbers are those of a first instance */
	while (key < HELD) {
		raw_begin(&p, 3, RAW_ID(DCS), RAW_ID(LS));
		for (to = key + 100; key < to; key++)
			raw_record(&p, 1, RAW_ID(LS), key,
			    node_entry(&n->node[LS], LS, key)->seq, false,
			    NULL);
		raw_done(n, DCS, &p);
		net_run(n, 10);
	}
	assert_int_equal(node_group(&n->node[LS])->cache.held, 0);
	assert_int_equal(owed(n, DCS), 0);
	assert_int_equal(owed(n, OTHER), HELD * 220);
	net_free(n);
}

/* The neighbors are lost meanwhile: it goes on, and is over soon. */
static void
what_was_held_is_released_if_nobody_is_left(void **state)
{
	struct net *n = holding();
	struct scsp_group *g = node_group(&n->node[LS]);

	(void)state;
	scsp_publish_release(g);
	net_run(n, 500);
	assert_true(g->cache.held > 0);
	scsp_neighbor_abnormal(node_neighbor_of(&n->node[LS], DCS), "test");
	scsp_neighbor_abnormal(node_neighbor_of(&n->node[LS], OTHER), "test");
	net_run(n, 500);
	assert_int_equal(node_group(&n->node[LS])->cache.held, 0);
	assert_true(node_record(&n->node[LS], LS, HELD - 1)->seq < 0);
	net_free(n);
}

/* R2334-B.2.0.2-18, R2334-B.2.0.2-19, A-92 */
static void
at_the_end_of_the_numbers_it_is_purged_or_waits(void **state)
{
	int32_t n;

	(void)state;
	assert_int_equal(
	    class(false, SEQ_LAST - 1, SEQ_LAST - 1, ENTRY_OWN, &n),
	    SCSP_PUBLISH_NUMBER);
	assert_int_equal(class(false, SEQ_LAST, SEQ_LAST, ENTRY_OWN, &n),
	    SCSP_PUBLISH_PURGE);
	assert_int_equal(n, SEQ_PURGE);
	assert_int_equal(class(false, 5, SEQ_LAST, 0, &n), SCSP_PUBLISH_PURGE);
	/* its purge is on its way */
	assert_int_equal(class(false, SEQ_PURGE, SEQ_PURGE,
	    ENTRY_OWN | ENTRY_TOMB | ENTRY_EXPIRED, &n),
	    SCSP_PUBLISH_WAIT);
	/* that of somebody who has no say in it */
	assert_int_equal(
	    class(false, 5, SEQ_PURGE, ENTRY_OWN, &n), SCSP_PUBLISH_PURGE);
	/* a tombstone whose time is over, and a neighbor has yet to hear it */
	assert_int_equal(class(false, 5, 5,
	    ENTRY_OWN | ENTRY_TOMB | ENTRY_EXPIRED, &n), SCSP_PUBLISH_NUMBER);
}

/* A raw server with an entry of ours in this state. */
static struct net *
with(int32_t seq, uint8_t flags, struct scsp_entry **e)
{
	struct net *n = raw_net(LS, DCS);
	struct scsp_group *g = node_group(&n->node[LS]);

	g->holding = false;
	*e = scsp_cache_add(&g->cache, RECORD_ID(RAW_ID(LS), 1), n->ts.now);
	assert_non_null(*e);
	assert_true(
	    scsp_cache_set(&g->cache, *e, seq, "Ja", 2, false, n->ts.now));
	scsp_cache_flag(&g->cache, *e, flags);
	return n;
}

/*
 * A server that lies says that our record has come to the end of its numbers.
 * Ours ends too, so that every server forgets it, and begins anew.
 */
static void
our_record_ended_by_another_begins_anew(void **state)
{
	struct net *n;

	(void)state;
	n = raw_aligned(LS, DCS, OTHER);
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	raw_say(n, DCS, LS, 3, 1, LS, 1, SEQ_FIRST, NULL);
	raw_say(n, OTHER, LS, 3, 1, LS, 1, SEQ_FIRST, NULL);
	raw_clear(n, DCS);
	raw_clear(n, OTHER);
	raw_say(n, DCS, LS, 2, 9, LS, 1, INT32_MAX, "Jlie");
	assert_int_equal(n->node[LS].owns, 1);
	node_publish(&n->node[LS], 1, "a"); /* marsd says what is so */
	net_run(n, 10);
	raw_expect(n, OTHER, LS, 2, 0, 16, LS, 1, INT32_MAX, "Ta");
	raw_say(n, OTHER, LS, 3, 1, LS, 1, INT32_MAX, NULL);
	raw_say(n, DCS, LS, 3, 1, LS, 1, INT32_MAX, NULL);
	/* beyond what somebody may still have who has not heard of the end */
	raw_expect(n, OTHER, LS, 2, 1, 16, LS, 1, SEQ_FIRST + 16, "Ja");
	assert_int_equal(
	    node_record(&n->node[LS], LS, 1)->seq, SEQ_FIRST + 16);
	/* one of an earlier life ends everywhere */
	n->node[LS].silent = true;
	raw_say(n, DCS, LS, 2, 9, LS, 3, 7, "Jold");
	raw_clear(n, OTHER);
	raw_say(n, DCS, LS, 2, 1, LS, 3, INT32_MAX, "Jlie");
	raw_expect(n, OTHER, LS, 2, 0, 16, LS, 3, INT32_MAX, "Jlie");
	raw_say(n, OTHER, LS, 3, 1, LS, 3, INT32_MAX, NULL);
	assert_null(node_record(&n->node[LS], LS, 3));
	/* one that we never had is acknowledged, and not kept */
	raw_say(n, DCS, LS, 2, 9, LS, 2, INT32_MAX, "Jlie");
	assert_null(node_record(&n->node[LS], LS, 2));
	net_free(n);
}

/* What can't be withdrawn ends as it is, at the owner and elsewhere. */
static void
a_redirect_entry_ends_and_begins_anew(void **state)
{
	struct net *n;

	(void)state;
	n = raw_aligned(LS, DCS, OTHER);
	raw_say(n, DCS, LS, 2, 9, 5, 4, 10, "Jx");
	raw_say(n, DCS, LS, 2, 9, 5, 4, INT32_MAX, "Jx");
	assert_non_null(node_record(&n->node[LS], 5, 4));
	raw_say(n, OTHER, LS, 3, 1, 5, 4, INT32_MAX, NULL);
	assert_null(node_record(&n->node[LS], 5, 4));
	net_free(n);
}

/*
 * our purge comes back from the last neighbor that had not acknowledged
 * it.  It is an acknowledgement: the record begins anew, once and for all.
 */
static void
a_purge_that_comes_back_ends_it(void **state)
{
	struct scsp_entry *e;
	struct net *n = with(SEQ_PURGE - 1, ENTRY_OWN, &e);
	struct scsp_neighbor *nb = node_neighbor_of(&n->node[LS], DCS);
	struct scsp_csas c = { .id = RECORD_ID(RAW_ID(LS), 1),
		.seq = SEQ_PURGE,
		.hops = 1,
		.len = 2,
		.data = (const uint8_t *)"Ta",
		.verdict = CSA_TOMBSTONE };

	(void)state;
	nb->align = SCSP_ALIGN_ALIGNED;
	node_publish(&n->node[LS], 1, "b");
	e = node_entry(&n->node[LS], LS, 1);
	assert_int_equal(e->seq, SEQ_PURGE);
	scsp_record_input(nb, &c);
	e = node_entry(&n->node[LS], LS, 1);
	assert_non_null(e);
	assert_int_equal(e->seq, SEQ_FIRST);
	assert_int_equal(e->seen, SEQ_FIRST);
	assert_memory_equal(e->data, "Jb", 2);
	assert_int_equal(n->node[LS].owns, 0);
	net_free(n);
}

/* our own record, newer than ours, or of other contents, or unknown */
static void
our_record_from_elsewhere_is_told_and_outnumbered(void **state)
{
	struct net *n;
	(void)state;
	n = raw_aligned(LS, DCS, -1);
	node_publish(&n->node[LS], 1, "a");
	net_run(n, 10);
	raw_clear(n, DCS);
	/* equal: acknowledged, and that is all */
	raw_say(n, DCS, LS, 2, 9, LS, 1, SEQ_FIRST, "Ja");
	assert_int_equal(n->node[LS].owns, 0);
	assert_shows_number(SIDE, "csu-queue", 0);
	raw_expect(n, DCS, LS, 3, 0, 1, LS, 1, SEQ_FIRST, NULL);
	raw_say(n, DCS, LS, 2, 9, LS, 1, SEQ_FIRST, "Jb");
	assert_int_equal(n->node[LS].owns, 1);
	net_run(n, 10);
	raw_expect(n, DCS, LS, 2, 0, 16, LS, 1, SEQ_FIRST + 16, "Ja");
	raw_say(n, DCS, LS, 2, 9, LS, 1, 1000, "Jb");
	net_run(n, 10);
	raw_expect(n, DCS, LS, 2, 1, 16, LS, 1, 1016, "Ja");
	/* nothing backs it: withdrawn */
	raw_say(n, DCS, LS, 2, 9, LS, 2, 5, "Jc");
	net_run(n, 10);
	raw_expect(n, DCS, LS, 2, 2, 16, LS, 2, 21, "T");
	assert_int_equal(n->node[LS].updates, 0);
	/* R2334-B.2.0.2-12, 17: the next ones go on by one */
	node_publish(&n->node[LS], 1, "d");
	net_run(n, 10);
	raw_expect(n, DCS, LS, 2, 3, 16, LS, 1, 1017, "Jd");
	net_free(n);
}

/*
 * R2334-B.2.0.2-20, A-11: anything of an earlier life, and all that we have
 * numbered in this one is numbered once more, and what is new goes on from
 * there; not a second time, and not towards the purge.
 */
static void
an_earlier_life_renumbers_all_of_ours_once(void **state)
{
	struct net *n;
	uint32_t i;

	(void)state;
	n = raw_aligned(LS, DCS, -1);
	n->node[LS].silent = true;
	for (i = 0; i < 3; i++)
		node_publish(&n->node[LS], i, "a");
	node_entry(&n->node[LS], LS, 2)->seq =
	    node_entry(&n->node[LS], LS, 2)->seen = 1000;
	node_publish(&n->node[LS], 3, NULL);
	net_run(n, 10);
	/* too near to the purge: nothing but that record is concerned */
	raw_say(n, DCS, LS, 2, 9, LS, 10, (1 << 30) + 1, "Jz");
	assert_int_equal(node_record(&n->node[LS], LS, 0)->seq, SEQ_FIRST);
	raw_clear(n, DCS);
	raw_say(n, DCS, LS, 2, 9, LS, 11, 100, "Jz");
	assert_int_equal(raw_count(n, DCS, 2), 1);
	assert_int_equal(raw_get(raw_nth(n, DCS, 2, 0), 18, 2), 4);
	assert_int_equal(node_record(&n->node[LS], LS, 0)->seq, 116);
	assert_int_equal(node_record(&n->node[LS], LS, 1)->seq, 116);
	assert_memory_equal(node_entry(&n->node[LS], LS, 1)->data, "Ja", 2);
	assert_int_equal(node_record(&n->node[LS], LS, 2)->seq, 1016);
	assert_int_equal(node_record(&n->node[LS], LS, 3)->seq, 116);
	assert_string_equal(
	    node_record(&n->node[LS], LS, 3)->state, "tombstone");
	assert_int_equal(node_record(&n->node[LS], LS, 11)->seq,
	    100); /* marsd's to answer */
	raw_clear(n, DCS);
	raw_say(n, DCS, LS, 2, 9, LS, 12, 200, "Jz");
	assert_int_equal(raw_count(n, DCS, 2), 0);
	assert_int_equal(node_record(&n->node[LS], LS, 0)->seq, 116);
	node_publish(&n->node[LS], 4, "new");
	/* nobody is known to hold this one: A-11 */
	assert_int_equal(node_record(&n->node[LS], LS, 4)->seq, SEQ_FIRST);
	node_publish(&n->node[LS], 0, "b");
	assert_int_equal(node_record(&n->node[LS], LS, 0)->seq, 117);
	net_free(n);
}

/*
 * A-11, R2334-2.3-28: what undid our record before we restarted goes on to
 * those who have the record still, and so does our number when one of them
 * comes with it.
 */
static void
what_undid_our_record_before_goes_on(void **state)
{
	struct net *n;
	(void)state;
	n = raw_aligned(LS, DCS, OTHER);
	n->node[LS].silent = true; /* marsd has nothing to add */
	raw_say(n, DCS, LS, 2, 9, LS, 2, 5, "T");
	raw_expect(n, OTHER, LS, 2, 0, 16, LS, 2, 5, "T");
	raw_clear(n, OTHER);
	raw_say(n, OTHER, LS, 2, 9, LS, 2, 4, "Jold");
	raw_expect(n, OTHER, LS, 3, 0, 1, LS, 2, 5, NULL);
	assert_memory_equal(node_entry(&n->node[LS], LS, 2)->data, "T", 1);
	net_free(n);
}

/* R2334-B.2.0.2-18, R2334-B.2.0.2-19, A-92: the end of the numbers. */
static void
the_last_number_purges_and_begins_anew(void **state)
{
	struct net *n;
	(void)state;
	n = raw_aligned(LS, DCS, OTHER);
	node_publish(&n->node[LS], 1, "a");
	node_entry(&n->node[LS], LS, 1)->seq =
	    node_entry(&n->node[LS], LS, 1)->seen = INT32_MAX - 2;
	node_publish(&n->node[LS], 1, "b");
	net_run(n, 10);
	assert_int_equal(node_record(&n->node[LS], LS, 1)->seq, INT32_MAX - 1);
	raw_clear(n, DCS);
	node_publish(&n->node[LS], 1, "c");
	node_publish(&n->node[LS], 1, "d");
	net_run(n, 10);
	raw_expect(n, DCS, LS, 2, 0, 16, LS, 1, INT32_MAX, "Tb");
	raw_say(n, DCS, LS, 3, 1, LS, 1, INT32_MAX, NULL);
	assert_int_equal(raw_count(n, DCS, 2), 1);
	raw_say(n, OTHER, LS, 3, 1, LS, 1, INT32_MAX, NULL);
	raw_expect(n, DCS, LS, 2, 1, 16, LS, 1, SEQ_FIRST, "Jd");
	/* and the receiver's side: where nothing is, nothing ends */
	raw_say(n, DCS, LS, 2, 9, 5, 4, INT32_MAX, "Tx");
	assert_null(node_record(&n->node[LS], 5, 4));
	/* gone as soon as nobody waits for it */
	raw_say(n, DCS, LS, 2, 9, 5, 4, 10, "Jx");
	raw_say(n, DCS, LS, 2, 9, 5, 4, INT32_MAX, "Tx");
	assert_non_null(node_record(&n->node[LS], 5, 4));
	raw_say(n, OTHER, LS, 3, 1, 5, 4, INT32_MAX, NULL);
	assert_null(node_record(&n->node[LS], 5, 4));
	raw_say(n, DCS, LS, 2, 9, 5, 4, SEQ_FIRST, "Jx");
	assert_int_equal(node_record(&n->node[LS], 5, 4)->seq, SEQ_FIRST);
	net_free(n);
}

#define LONG	400		/* octets of a record */
#define FILL	340		/* so many are more than a window */
#define BATCH	20

/*
 * Records of the DCS, as either neighbor brings them, before others have a
 * turn.
 */
static void
bring(struct net *n, int raw, uint32_t key, const char *data)
{
	uint8_t buf[LLC_LEN + SCSP_MTU] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e,
		0x00, 0x05 };
	struct rawpkt p;
	struct fvc *f;
	uint32_t i;

	raw_begin(&p, 2, RAW_ID(raw), RAW_ID(LS));
	for (i = 0; i < BATCH; i++)
		raw_record(&p, 9, RAW_ID(DCS), key + i, 1, false, data);
	raw_sum(&p);
	memcpy(buf + LLC_LEN, p.b, p.len);
	TAILQ_FOREACH(f, &n->node[LS].fvcs, entry)
		if (f->peer == raw)
			break;
	assert_non_null(f);
	scsp_vc_user.sdu(
	    n->node[LS].s, &f->vc, f->vc.cookie, buf, LLC_LEN + p.len);
}

/*
 * A neighbor that takes small packets only has a full window, and a record at
 * its end that is too large for it waits behind that.  While marsd is told
 * everything anew the window opens, so that the record goes at last: it is not
 * told of, and what comes behind it is.
 */
static void
what_goes_while_all_is_told_anew_is_not_told(void **state)
{
	struct net *n = raw_aligned(LS, DCS, OTHER);
	struct node *ls = &n->node[LS];
	const uint8_t oid[4] = { 10, 0, 0, 1 };
	char text[2 * LONG] = "T";
	uint64_t updates;
	uint32_t i;

	(void)state;
	node_neighbor_of(ls, OTHER)->mtu = VC_SDU_MIN - LLC_LEN;
	memset(text + 1, 'x', sizeof(text) - 2);
	raw_say(n, DCS, LS, 2, 9, DCS, 2, 1, "Jx");
	raw_say(n, OTHER, LS, 3, 1, DCS, 2, 1, NULL);
	*text = 'J';
	text[LONG] = '\0';
	for (i = 0; i < FILL; i += BATCH)
		bring(n, DCS, 100 + i, text);
	net_run(n, 10);
	raw_say(n, DCS, LS, 2, 9, DCS, 1, 1, "Jx");
	*text = 'T';
	text[LONG] = 'x';
	raw_say(n, DCS, LS, 2, 9, DCS, 2, INT32_MAX, text);
	scsp_hide(ls->s, NET_SGID, oid, 1);
	assert_non_null(node_record(ls, DCS, 2));
	*text = 'J';
	text[LONG] = '\0';
	for (i = 0; i < FILL / 2; i += BATCH)
		bring(n, OTHER, 100 + i, text);
	updates = ls->updates;
	scsp_retell(ls->s, NET_SGID);
	assert_null(node_record(ls, DCS, 2));
	assert_int_equal(ls->updates - updates, 1 + FILL);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_held_until_a_neighbor_is_aligned),
		cmocka_unit_test(it_is_numbered_beyond_what_anybody_has_seen),
		cmocka_unit_test(a_life_begins_with_the_seconds_since_2020),
		cmocka_unit_test(
		    an_earlier_number_is_outdone_by_the_clock_or_the_constant),
		cmocka_unit_test(
		    what_was_held_then_begins_beyond_an_earlier_life),
		cmocka_unit_test(what_was_held_is_released_as_it_is_taken),
		cmocka_unit_test(what_was_held_is_released_if_nobody_is_left),
		cmocka_unit_test(
		    at_the_end_of_the_numbers_it_is_purged_or_waits),
		cmocka_unit_test(our_record_ended_by_another_begins_anew),
		cmocka_unit_test(a_redirect_entry_ends_and_begins_anew),
		cmocka_unit_test(a_purge_that_comes_back_ends_it),
		cmocka_unit_test(
		    our_record_from_elsewhere_is_told_and_outnumbered),
		cmocka_unit_test(an_earlier_life_renumbers_all_of_ours_once),
		cmocka_unit_test(what_undid_our_record_before_goes_on),
		cmocka_unit_test(the_last_number_purges_and_begins_anew),
		cmocka_unit_test(what_goes_while_all_is_told_anew_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
