/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Cache alignment and solicitation (RFC 2334 sections 2.2, B.2.1, B.2.4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/align.h"
#include "scspnet.h"

#define M	0x8000
#define I	0x4000
#define O	0x2000

static struct scsp_neighbor *nb;
static struct net *n;
static int ls, dcs;
#define SIDE	&n->node[ls], dcs	/* under test, and its neighbor */

/* master: we have the larger ID.  records of ours, k to a message */
static void
begin(bool master, uint32_t records, uint32_t k)
{
	uint32_t i;

	ls = master;
	dcs = !master;
	n = raw_net(ls, dcs);
	nb = node_neighbor_of(&n->node[ls], dcs);
	nb->mtu = EXT_RESERVE + 32 + 20 * k;
	/* number them at once, as after a first alignment */
	node_group(&n->node[ls])->holding = false;
	for (i = 0; i < records; i++)
		node_publish(&n->node[ls], i, "x");
	raw_clear(n, dcs);
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	assert_shows(SIDE, "alignment", "Negotiation");
}

/* the last CA that was heard: its flags, or -1 */
static uint32_t seq, records;
static int
last(void)
{
	const struct heard *h;
	uint32_t c;

	net_run(n, 3);
	if ((c = raw_count(n, dcs, 1)) == 0)
		return -1;
	h = raw_nth(n, dcs, 1, c - 1);
	seq = raw_get(h, 8, 4);
	records = raw_get(h, 22, 2);
	assert_true(raw_get(h, 24, 4) == RAW_ID(ls));
	assert_true(raw_get(h, 28, 4) == RAW_ID(dcs));
	return (int)raw_get(h, 18, 2);
}

static const struct table_cell *
cell(unsigned int s, unsigned int e)
{
	return table_cell(&scsp_align_table, s, e);
}

/* sends a CA with so many records of ours, from key on; the answer */
static int
say(uint16_t flags, uint32_t number, uint32_t key, uint32_t count)
{
	struct rawpkt p;

	raw_clear(n, dcs);
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, number);
	raw_common(&p, flags, RAW_ID(dcs), RAW_ID(ls));
	for (; count > 0; count--)
		raw_record(&p, 1, RAW_ID(dcs), key++, 5, false, NULL);
	raw_done(n, dcs, &p);
	net_run(n, 3);
	/* R2334-2.2.2-01: one is outstanding, so there is one answer */
	assert_true(raw_count(n, dcs, 1) <= 1);
	return last();
}

static void
every_cell_is_written(void **state)
{
	unsigned int s, e;

	(void)state;
	for (s = 0; s < SCSP_ALIGN_STATE_MAX; s++)
		for (e = 0; e < SCSP_ALIGN_EV_MAX; e++) {
			assert_int_not_equal(
			    cell(s, e)->action, TABLE_FORGOTTEN);
			assert_true(cell(s, e)->next < SCSP_ALIGN_STATE_MAX);
		}
}

/* R2334-2.2-09: figure 2. */
static void
the_arrows_are_those_of_figure_2(void **state)
{
	unsigned int s;

	(void)state;
	for (s = 0; s < SCSP_ALIGN_STATE_MAX; s++) {
		assert_int_equal(
		    cell(s, SCSP_ALIGN_EV_DOWN)->next, SCSP_ALIGN_DOWN);
		if (s >= SCSP_ALIGN_SUMMARIZE)
			assert_int_equal(cell(s, SCSP_ALIGN_EV_ERROR)->next,
			    SCSP_ALIGN_NEGOTIATION);
	}
	assert_int_equal(cell(SCSP_ALIGN_DOWN, SCSP_ALIGN_EV_UP)->next,
	    SCSP_ALIGN_NEGOTIATION);
}

/*
 * R2334-2.2-04, R2334-2.2-05, R2334-2.2-06, R2334-2.2-07, R2334-B.2.1-05,
 * R2334-B.2.1-06: the first CA, and again after CAReXmtInterval; each start
 * with a number of its own, though the clock stands still.
 */
static void
the_first_ca_is_repeated_with_a_number_of_its_own(void **state)
{
	uint32_t first;

	(void)state;
	begin(true, 3, 10);
	assert_int_equal(last(), M | I | O);
	assert_int_equal(records, 0);
	first = seq;
	assert_in_range(first, n->wall, 1700000010);
	raw_clear(n, dcs);
	net_run(n, 2900);
	assert_int_equal(raw_count(n, dcs, 1), 0);
	net_run(n, 200);
	assert_int_equal(raw_count(n, dcs, 1), 1);
	assert_int_equal(last(), M | I | O);
	assert_true(seq == first);
	net_run(n, 10000);
	assert_int_equal(raw_count(n, dcs, 1), 4);
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), 0);
	assert_shows(SIDE, "alignment", "Down");
	net_run(n, 10000); /* and no more */
	assert_int_equal(raw_count(n, dcs, 1), 4);
	nb->ca_used = 1700001000; /* a clock that was set back */
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	assert_int_equal(last(), M | I | O);
	assert_true(seq == 1700001001);
	net_free(n);
}

/*
 * R2334-2.2.1-01, R2334-2.2.1-02, R2334-2.2.1-03, R2334-2.2.1-04,
 * R2334-2.2.1-05, R2334-2.2.1-06: we become slave.
 */
static void
a_larger_id_makes_us_slave(void **state)
{
	(void)state;
	begin(false, 3, 10);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_true(seq == 777);
	assert_int_equal(records, 3);
	assert_shows(SIDE, "alignment", "Summarize");
	raw_clear(n, dcs); /* it repeats nothing */
	net_run(n, 8500);
	assert_int_equal(raw_count(n, dcs, 1), 0);
	net_free(n);
	begin(false, 3, 2);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	assert_int_equal(records, 2);
	net_free(n);
	begin(false, 0, 2);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_int_equal(records, 0);
	net_free(n);
}

/*
 * R2334-2.2.1-07, R2334-2.2.1-08, R2334-2.2.1-09, R2334-2.2.1-10,
 * R2334-2.2.1-11, R2334-2.2.1-12, A-53, A-68: we become master.
 */
static void
a_smaller_id_makes_us_master(void **state)
{
	uint32_t first;

	(void)state;
	begin(true, 3, 10);
	last();
	first = seq;
	/* R2334-2.2.1-13: rule 3 */
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_int_equal(say(0, first - 1, 0, 0), -1);
	assert_int_equal(say(I, first, 0, 0), -1);
	assert_int_equal(say(M, first, 0, 0), -1);
	assert_shows(SIDE, "alignment", "Negotiation");
	assert_int_equal(say(0, first, 0, 2), M);
	assert_true(seq == first + 1);
	assert_int_equal(records, 3);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_shows_number(SIDE, "csus-pending", 2);
	net_free(n);
	begin(true, 3, 2);
	last();
	assert_int_equal(say(0, seq, 0, 0), M | O);
	assert_int_equal(records, 2);
	net_free(n);
}

/*
 * R2334-2.2.1-13: rule 3, for either role: whatever is neither the first CA of
 * a larger ID nor the answer of a smaller one to ours is ignored, and our own
 * goes on being repeated.
 */
static void
negotiation_ignores_any_other_ca(void **state)
{
	uint16_t flags;
	uint32_t first, number, count;
	int master, i;

	(void)state;
	for (master = 0; master < 2; master++) {
		begin(master, 3, 10);
		assert_int_equal(last(), M | I | O);
		first = seq;
		for (i = 0; i < 8 * 3 * 2; i++) {
			flags = (uint16_t)((i & 1 ? M : 0) | (i & 2 ? I : 0) |
			    (i & 4 ? O : 0));
			number = first - 1 + (uint32_t)(i / 8 % 3);
			count = i / 24 == 0 ? 0 : 2;
			if (!master && flags == (M | I | O) && count == 0)
				continue; /* rule 1 */
			if (master && (flags & (M | I)) == 0 && number == first)
				continue; /* rule 2 */
			assert_int_equal(say(flags, number, 0, count), -1);
			assert_shows(SIDE, "alignment", "Negotiation");
			assert_shows_number(SIDE, "csus-pending", 0);
		}
		assert_int_equal(nb->ca_seq, first);
		raw_clear(n, dcs);
		net_run(n, 3100);
		assert_int_equal(last(), M | I | O);
		assert_true(seq == first);
		net_free(n);
	}
}

/*
 * R2334-2.2.2-01, R2334-2.2.2-02, R2334-2.2.2-03, R2334-2.2.2-04,
 * R2334-2.2.2-05, R2334-2.2.2-06, R2334-2.2.2-07, R2334-2.2.2-08,
 * R2334-2.2.2-09, R2334-2.2.2-10, A-67, A-69: rules 1 to 3.
 */
static void
the_master_keeps_rules_1_to_3(void **state)
{
	uint32_t s;

	(void)state;
	begin(true, 3, 1);
	last();
	s = seq;
	assert_int_equal(say(O, s, 0, 1), M | O);
	assert_int_equal(say(O, s, 0, 1), -1); /* rule 2 */
	net_run(n, 3100); /* lost: again */
	assert_int_equal(last(), M | O);
	assert_true(seq == s + 1);
	assert_int_equal(records, 1);
	net_run(n, 2000);
	assert_int_equal(say(O, s + 1, 1, 1), M | O); /* rule 3d3 */
	assert_int_equal(say(O, s + 2, 2, 1), M);
	assert_true(seq == s + 3);
	assert_int_equal(say(O, s + 3, 3, 1), M); /* rule 3d2 */
	assert_int_equal(records, 0);
	/* the timer began anew with that one */
	raw_clear(n, dcs);
	net_run(n, 2900);
	assert_int_equal(raw_count(n, dcs, 1), 0);
	net_run(n, 200);
	assert_int_equal(raw_count(n, dcs, 1), 1);
	assert_int_equal(say(0, s + 4, 4, 1), -1); /* rule 3d1 */
	assert_shows(SIDE, "alignment", "Update");
	assert_false(timer_isset(&nb->ca_timer));
	assert_shows_number(SIDE, "csus-pending", 5); /* rule 3b */
	/* its last one again */
	assert_int_equal(say(0, s + 4, 4, 1), -1);
	assert_int_equal(say(0, s + 3, 4, 1), -1);
	assert_shows(SIDE, "alignment", "Update");
	/* anything else: from the start */
	assert_int_equal(say(0, s + 5, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	assert_true(seq != s);
	net_free(n);
}

/* R2334-2.2.2-02: rule 1 for the master: a CA that leads, or negotiates. */
static void
a_ca_that_leads_or_negotiates_is_out_of_step(void **state)
{
	static const uint16_t flags[] = { M, M | O, I, I | O };
	size_t i;

	(void)state;
	begin(true, 3, 1);
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		last();
		assert_int_equal(say(0, seq, 0, 0), M | O);
		assert_shows(SIDE, "alignment", "Summarize");
		assert_int_equal(say(flags[i], seq, 0, 0), M | I | O);
		assert_shows(SIDE, "alignment", "Negotiation");
	}
	net_free(n);
}

/*
 * R2334-B.2.1-02, R2334-2.2.2-11, R2334-2.2.2-12, R2334-2.2.2-13,
 * R2334-2.2.2-14, R2334-2.2.2-15, R2334-2.2.2-16, R2334-2.2.2-17,
 * R2334-2.2.2-18, R2334-2.2.2-19, R2334-2.2.2-20, A-54, A-55: rules 4 to 6.
 */
static void
the_slave_keeps_rules_4_to_6(void **state)
{
	(void)state;
	begin(false, 3, 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	/* it did not get that; no CA of a negotiation in between */
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	assert_int_equal(raw_count(n, dcs, 1), 1);
	assert_int_equal(records, 1);
	assert_int_equal(say(M | O, 778, 0, 1), O); /* rule 5c2a */
	assert_true(seq == 778);
	assert_int_equal(say(M | O, 778, 0, 1), O); /* rule 4 */
	assert_true(seq == 778);
	assert_int_equal(say(M | O, 779, 1, 1), 0); /* rule 5c2c */
	assert_int_equal(records, 1);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_int_equal(say(M | O, 780, 2, 1), 0); /* */
	assert_int_equal(records, 0);
	assert_true(seq == 780);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_int_equal(say(M, 781, 3, 1), 0); /* rule 5c1 */
	assert_int_equal(records, 0);
	assert_shows(SIDE, "alignment", "Update");
	assert_shows_number(SIDE, "csus-pending", 4);
	net_free(n);
	/* rule 5c2b: the last records, and it has no more either */
	begin(false, 2, 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	assert_int_equal(say(M, 778, 0, 0), 0);
	assert_int_equal(records, 1);
	assert_shows(SIDE, "alignment", "Aligned");
	net_free(n);
	/* rule 6, rule 1 */
	begin(false, 2, 1);
	say(M | I | O, 777, 0, 0);
	assert_int_equal(say(M | O, 779, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	say(M | I | O, 777, 0, 0);
	assert_int_equal(say(O, 778, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	say(M | I | O, 777, 0, 0);
	assert_int_equal(say(I | M, 778, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	net_free(n);
}

/*
 * R2334-2.2.2-21, R2334-2.2.2-22, R2334-2.2.2-23, R2334-2.2.2-24, A-56, A-57:
 * the slave's last CA is kept a while.
 */
static void
the_slaves_last_ca_is_kept_a_while(void **state)
{
	struct rawpkt p;

	(void)state;
	begin(false, 1, 5);
	say(M | I | O, 777, 0, 0);
	assert_int_equal(say(M, 778, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Aligned");
	net_run(n, 8000);
	assert_int_equal(say(M, 778, 0, 0), 0);
	assert_true(seq == 778);
	net_run(n, 2000);
	assert_null(nb->saved);
	assert_int_equal(say(M, 778, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	/* released by a CSUS */
	say(M | I | O, 787, 0, 0);
	say(M, 788, 0, 0);
	assert_non_null(nb->saved);
	raw_begin(&p, 4, RAW_ID(dcs), RAW_ID(ls));
	raw_record(&p, 1, RAW_ID(ls), 0, SEQ_FIRST, false, NULL);
	raw_done(n, dcs, &p);
	assert_null(nb->saved);
	net_free(n);
}

/* a DCS that starts over takes us along from Aligned. */
static void
a_neighbor_that_starts_over_takes_us_along(void **state)
{
	(void)state;
	begin(false, 2, 5);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(n->node[ls].ups, 1);
	assert_int_equal(say(M | I | O, 900, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_true(seq == 900);
	assert_int_equal(records, 2);
	assert_int_equal(n->node[ls].downs, 1);
	net_free(n);
	begin(true, 2, 5);
	last();
	say(0, seq, 0, 0);
	say(0, seq, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(say(M | I | O, 900, 0, 0), M | I | O);
	assert_shows(SIDE, "alignment", "Negotiation");
	scsp_realign(n->node[ls].s, NET_SGID); /* already there */
	assert_shows(SIDE, "alignment", "Negotiation");
	net_free(n);
}

/* a CSU Request of the DCS with its own records, key to key + count - 1 */
static void
give(uint32_t key, uint32_t count)
{
	struct rawpkt p;

	raw_begin(&p, 2, RAW_ID(dcs), RAW_ID(ls));
	for (; count > 0; count--)
		raw_record(&p, 1, RAW_ID(dcs), key++, 5, false, "Jr");
	raw_done(n, dcs, &p);
}

/*
 * the master's first CA once more, doubled or overtaken, when all is
 * over.  An answer to it would be a duplicate for the master, Aligned, and
 * we would wait for ever.
 */
static void
a_late_copy_of_the_first_ca_is_not_answered(void **state)
{
	(void)state;
	begin(false, 2, 5);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 1);
	assert_shows(SIDE, "alignment", "Update");
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_shows(SIDE, "alignment", "Update");
	give(0, 1);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_counter(SIDE, "state", 3);
	/* one that has no other number comes again and again */
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Summarize");
	net_free(n);
	/* another number is another alignment */
	begin(false, 2, 5);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 0);
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_int_equal(say(M | I | O, 776, 0, 0), 0);
	assert_true(seq == 776);
	assert_shows(SIDE, "alignment", "Summarize");
	net_free(n);
}

/*
 * A-55, R2334-2.2.2-11 (rule 4): in Summarize the first CA once more gets
 * the answer that it had, or none when the master is past it.  What changed
 * since stays queued: the master may have the first answer already,
 * and drops a second one unread.
 */
static void
the_first_ca_repeated_gets_the_same_answer(void **state)
{
	(void)state;
	begin(false, 2, 5);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_int_equal(records, 2);
	node_publish(&n->node[ls], 5, "new");
	assert_shows_number(SIDE, "csu-queue", 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_true(seq == 777);
	assert_int_equal(records, 2);
	assert_shows_number(SIDE, "csu-queue", 1);
	say(M, 778, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	net_run(n, 10);
	assert_int_equal(raw_get(raw_nth(n, dcs, 2, 0), 18, 2), 1);
	net_free(n);
	begin(false, 2, 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	assert_int_equal(say(M | O, 778, 0, 0), 0);
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_int_equal(say(M, 779, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Aligned");
	net_free(n);
}

/*
 * a slave whose answer nobody wants, as to a first CA of an earlier
 * alignment, starts over after three CAReXmtIntervals without a CA.
 */
static void
a_slave_whose_master_is_silent_starts_over(void **state)
{
	(void)state;
	begin(false, 2, 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	net_run(n, 8000);
	assert_int_equal(say(M | O, 778, 0, 0), 0); /* begins anew */
	net_run(n, 8900);
	assert_shows(SIDE, "alignment", "Summarize");
	/* what is not answered doesn't count */
	assert_int_equal(say(M | I | O, 777, 0, 0), -1);
	net_run(n, 200);
	assert_shows(SIDE, "alignment", "Negotiation");
	assert_int_equal(last(), M | I | O);
	assert_true(seq >= n->wall);
	net_run(n, 3100);
	assert_int_equal(raw_count(n, dcs, 1), 2);
	net_free(n);
}

/*
 * B.2.1: an adjacency that was lost at this end alone, and the first CA of
 * the alignment before arrives again: the master may have either of our two
 * answers with that number.  It is made to take another number.
 */
static void
after_two_answers_the_master_must_take_another_number(void **state)
{
	int round;

	(void)state;
	/* and so with one in between */
	begin(false, 1, 5);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_int_equal(say(M | I | O, 770, 0, 0), 0);
	assert_int_equal(say(M, 778, 0, 0), M | I | O);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	assert_int_equal(say(M, 778, 0, 0), M | I | O);
	assert_int_equal(say(M | I | O, 779, 0, 0), 0);
	assert_int_equal(say(M, 780, 0, 0), 0);
	net_free(n);
	begin(false, 1, 5);
	assert_int_equal(say(M | I | O, 777, 0, 0), 0);
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), 0);
	node_publish(&n->node[ls], 5, "new");
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	assert_shows(SIDE, "alignment", "Negotiation");
	for (round = 0; round <= AGAIN_MAX; round++) {
		assert_int_equal(say(M | I | O, 777, 0, 0), 0);
		assert_int_equal(records, 2);
		if (round < AGAIN_MAX) {
			assert_int_equal(say(M, 778, 0, 0), M | I | O);
			assert_shows(SIDE, "alignment", "Negotiation");
		}
	}
	/* a DCS that knows one number only */
	assert_int_equal(say(M, 778, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Aligned");
	net_free(n);
}

static const struct heard *
csus(uint32_t i, uint32_t first, uint32_t count)
{
	const struct heard *h = raw_nth(n, dcs, 4, i);

	assert_non_null(h);
	assert_int_equal(raw_get(h, 18, 2), count);
	assert_int_equal(raw_get(h, 40, 4), first); /* key */
	assert_int_equal(raw_get(h, 28, 2), 1); /* hop count */
	assert_int_equal(raw_get(h, 30, 2), 20);
	assert_int_equal(raw_get(h, 36, 4), 5); /* sequence */
	return h;
}

/*
 * R2334-2.2.2.1-01, R2334-2.2.3-02, R2334-2.2.3-04, R2334-2.2.3-05,
 * R2334-2.2.3-06, R2334-2.2.3-07, R2334-2.2.3-08, R2334-2.2.3-09,
 * R2334-2.2.3-10, R2334-2.2.3-11, R2334-B.2.4-01, A-72: the CRL in parts, one
 * outstanding, renewed with what is missing and more; in either role.
 */
static void
asks_in_parts(bool master)
{
	uint32_t i, acks = 0, s;

	begin(master, 0, 3);
	if (master) {
		(void)last();
		s = seq;
		say(O, s, 0, 3);
		say(O, s + 1, 3, 3);
		say(0, s + 2, 6, 2);
	} else {
		say(M | I | O, 777, 0, 0);
		say(M | O, 778, 0, 3);
		say(M | O, 779, 3, 3);
		say(M, 780, 6, 2);
	}
	net_run(n, 10);
	assert_shows(SIDE, "alignment", "Update");
	assert_int_equal(raw_count(n, dcs, 4), 1);
	csus(0, 0, 3);
	give(0, 1);
	give(2, 1);
	net_run(n, 100);
	assert_int_equal(raw_count(n, dcs, 4), 1);
	net_run(n, 3000); /* 1 is missing: with 3 and 4 */
	assert_int_equal(raw_count(n, dcs, 4), 2);
	csus(1, 1, 3);
	give(1, 1);
	give(3, 2);
	net_run(n, 10);
	assert_int_equal(raw_count(n, dcs, 4), 3);
	csus(2, 5, 3);
	assert_shows(SIDE, "alignment", "Update");
	give(5, 3);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_false(timer_isset(&nb->csus_timer));
	net_run(n, 10);
	for (i = 0; i < raw_count(n, dcs, 3); i++)
		acks += raw_get(raw_nth(n, dcs, 3, i), 18, 2);
	assert_int_equal(acks, 8);
	assert_int_equal(node_summary(&n->node[ls], "records"), 8);
	assert_int_equal(n->node[ls].aligned_how, 8);
	net_free(n);
}

static void
what_is_wanted_is_asked_for_in_parts(void **state)
{
	(void)state;
	asks_in_parts(false);
	asks_in_parts(true);
}

/*
 * R2334-2.4-03, R2334-2.2.3-01, R2334-2.4-02: nothing newer there, nothing
 * asked for.
 */
static void
nothing_newer_is_nothing_to_ask_for(void **state)
{
	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 4);
	give(0, 4);
	assert_shows(SIDE, "alignment", "Aligned");
	/* the same and older ones: 5 is what it has */
	scsp_realign(n->node[ls].s, NET_SGID);
	net_run(n, 3);
	say(M | I | O, 790, 0, 0);
	say(M, 791, 0, 4);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(raw_count(n, dcs, 4), 0);
	net_free(n);
}

/* as often as a CSA record, then an abnormal event. */
static void
a_csus_without_answers_ends_in_an_abnormal_event(void **state)
{
	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 4);
	net_run(n, 14900);
	assert_int_equal(raw_count(n, dcs, 4), 5);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 3200);
	assert_int_equal(raw_count(n, dcs, 4), 6);
	assert_shows(SIDE, "hello", "Waiting");
	assert_shows(SIDE, "alignment", "Down");
	assert_int_equal(n->node[ls].events[SCSP_EV_ABNORMAL], 1);
	net_free(n);
}

/*
 * An adjacency that changes for ever is logged less and less; when it has come
 * to rest, the log says where.
 */
static void (*pass)(void *, const struct scsp_event *);
static uint32_t lines;
static uint64_t more;
static char at_last[32];
static void
log_event(void *arg, const struct scsp_event *ev)
{
	pass(arg, ev);
	if (ev->code != SCSP_EV_ALIGN || ev->quiet)
		return;
	lines++;
	more += ev->more;
	(void)strlcpy(at_last, ev->to, sizeof(at_last));
}

static void
changes_are_logged_less_and_the_last_state_is(void **state)
{
	struct scsp_ops ops;
	uint32_t i;

	(void)state;
	begin(false, 0, 9);
	ops = *n->node[ls].s->ops;
	pass = ops.event;
	ops.event = log_event;
	n->node[ls].s->ops = &ops;
	lines = 0;
	more = 0;
	for (i = 0; i < 600; i++) { /* 4 hours, every 24 s */
		say(M | I | O, 777 + i * 10, 0, 0);
		say(M, 778 + i * 10, 0, 0);
		assert_shows(SIDE, "alignment", "Aligned");
		scsp_realign(n->node[ls].s, NET_SGID);
		raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
		net_run(n, 24000);
		raw_clear(n, dcs);
	}
	assert_in_range(lines, 10, 40);
	say(M | I | O, 100000, 0, 0);
	say(M, 100001, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	for (i = 0; i < 2000; i++) {
		raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
		net_run(n, 1000);
		raw_clear(n, dcs);
	}
	assert_string_equal(at_last, "Aligned");
	assert_int_equal(lines + more, n->node[ls].events[SCSP_EV_ALIGN] - 1);
	net_free(n);
}

/*
 * A-73, R2334-2.2.3-06: after the limit the rest is asked for once more, one
 * record to a CSUS and one after the other; what then does not come is given
 * up, counted and told, and all the others are there.
 */
static void
a_record_that_never_comes_holds_up_nothing(void **state)
{
	uint32_t i;

	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 5);
	give(0, 2);
	net_run(n, 3100); /* progress: it is asked again as often as ever */
	for (i = 0; i < 5; i++) {
		assert_int_equal(raw_count(n, dcs, 4), 2 + i);
		csus(1 + i, 2, 3);
		net_run(n, 3000);
	}
	assert_int_equal(raw_count(n, dcs, 4), 7);
	csus(6, 2, 1);
	give(2, 1); /* alone it comes: the next one at once */
	net_run(n, 3);
	assert_int_equal(raw_count(n, dcs, 4), 8);
	csus(7, 3, 1);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 3100);
	assert_int_equal(n->node[ls].events[SCSP_EV_MISSING], 1);
	csus(8, 4, 1);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 3100);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_shows(SIDE, "hello", "Bidirectional");
	assert_int_equal(raw_count(n, dcs, 4), 9);
	assert_int_equal(n->node[ls].events[SCSP_EV_MISSING], 2);
	assert_int_equal(n->node[ls].events[SCSP_EV_ABNORMAL], 0);
	assert_counter(SIDE, "record-missing", 2);
	assert_string_equal(n->node[ls].why, "record-missing");
	assert_int_equal(node_summary(&n->node[ls], "records"), 3);
	/* it may still come, at any time */
	give(3, 1);
	assert_int_equal(node_summary(&n->node[ls], "records"), 4);
	net_free(n);
}

/*
 * where it is all that is wanted, since everything else is known, it is
 * asked for alone and given up; that is no reason to begin anew.
 */
static void
one_record_that_never_comes_ends_no_adjacency(void **state)
{
	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 1);
	net_run(n, 18100);
	assert_int_equal(raw_count(n, dcs, 4), 7);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 3000);
	assert_int_equal(raw_count(n, dcs, 4), 7);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_shows(SIDE, "hello", "Bidirectional");
	assert_counter(SIDE, "record-missing", 1);
	assert_int_equal(n->node[ls].events[SCSP_EV_ABNORMAL], 0);
	net_free(n);
}

/* what the raw neighbor does again and again, and what was made of it */
static void
align_with_three_that_never_come(uint16_t number)
{
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	net_run(n, 3);
	say(M | I | O, number, 0, 0);
	say(M, number + 1U, 0, 3);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 18100);
}

/*
 * several of which none comes make the adjacency begin anew once; when
 * that has not helped they are given up one by one.  An answer forgets that.
 */
static void
records_that_never_come_flap_no_adjacency(void **state)
{
	uint64_t *abnormal;

	(void)state;
	begin(false, 0, 9);
	abnormal = &n->node[ls].events[SCSP_EV_ABNORMAL];
	align_with_three_that_never_come(777);
	assert_int_equal(*abnormal, 1);
	assert_shows(SIDE, "hello", "Waiting");
	align_with_three_that_never_come(1777);
	net_run(n, 9100);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_counter(SIDE, "record-missing", 3);
	/* and so at each alignment, whatever it was begun for */
	scsp_realign(n->node[ls].s, NET_SGID);
	align_with_three_that_never_come(2777);
	net_run(n, 9100);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(*abnormal, 1);
	/* one of another three comes: what does not may have another reason */
	scsp_realign(n->node[ls].s, NET_SGID);
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	say(M | I | O, 3777, 0, 0);
	say(M, 3778, 7, 1);
	give(7, 1);
	assert_shows(SIDE, "alignment", "Aligned");
	scsp_realign(n->node[ls].s, NET_SGID);
	align_with_three_that_never_come(4777);
	assert_int_equal(*abnormal, 2);
	net_free(n);
}

/* Bounds: more summaries than records may be held are not asked for. */
static void
summaries_beyond_the_limit_are_not_asked_for(void **state)
{
	uint32_t i;

	(void)state;
	begin(false, 0, 30);
	TAILQ_FIRST(&n->node[ls].conf->clusters)->max_records = 50;
	assert_int_equal(scsp_configure(n->node[ls].s, n->node[ls].conf), 0);
	say(M | I | O, 777, 0, 0);
	for (i = 0; i < 100; i++)
		say(M | O, 778 + i, i * 30, 30);
	assert_shows(SIDE, "alignment", "Summarize");
	assert_shows_number(SIDE, "csus-pending", 50);
	assert_counter(SIDE, "request-limit", 2950);
	assert_int_equal(n->node[ls].events[SCSP_EV_LIMIT], 1);
	say(M, 878, 0, 0);
	for (i = 0; i < 2; i++)
		give(i * 30, 30);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(node_summary(&n->node[ls], "records"), 50);
	net_free(n);
}

/*
 * Something on the way drops fragments: large messages are repeated for ever,
 * and Hellos come.  The owner is told once, with the size.
 */
static void
large_messages_without_answers_are_told_once(void **state)
{
	uint32_t i;

	(void)state;
	begin(true, 100, 400);
	(void)last();
	say(0, seq, 0, 0);
	assert_int_equal(records, 100);
	for (i = 0; i < 10; i++) {
		assert_int_equal(n->node[ls].events[SCSP_EV_SIZE], i > 3);
		raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
		net_run(n, 3000);
	}
	assert_int_equal(n->node[ls].events[SCSP_EV_SIZE], 1);
	assert_shows(SIDE, "alignment", "Summarize");
	net_free(n);
	/* without Hellos nothing may come through at all */
	begin(true, 100, 400);
	(void)last();
	say(0, seq, 0, 0);
	net_run(n, 30000);
	assert_int_equal(n->node[ls].events[SCSP_EV_SIZE], 0);
	net_free(n);
	/* nor are small ones repeated for their size */
	begin(true, 10, 400);
	(void)last();
	say(0, seq, 0, 0);
	for (i = 0; i < 10; i++) {
		raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
		net_run(n, 3000);
	}
	assert_int_equal(n->node[ls].events[SCSP_EV_SIZE], 0);
	net_free(n);
}

/* Every message is made for what the circuit takes, as it is now. */
static void
messages_are_divided_by_what_the_circuit_takes(void **state)
{
	const struct heard *h;
	uint32_t i;

	(void)state;
	begin(true, 100, 400);
	(void)last();
	/* as a circuit of a receiver that takes 1508 does */
	scsp_neighbor_resize(nb, 1508);
	assert_int_equal(nb->mtu, 1500);
	say(0, seq, 0, 0);
	for (i = 0; (h = raw_nth(n, dcs, 0, i)) != NULL; i++)
		assert_true(h->len <= 1508);
	assert_in_range(records, 50, 75);
	/* less now than the CA that may have to be repeated: it starts over */
	scsp_neighbor_resize(nb, 600);
	assert_shows(SIDE, "alignment", "Negotiation");
	raw_clear(n, dcs);
	(void)last();
	say(0, nb->ca_seq, 0, 0);
	assert_shows(SIDE, "alignment", "Summarize");
	h = raw_nth(n, dcs, 1, 0);
	assert_non_null(h);
	assert_true(h->len <= 600);
	net_free(n);
}

/*
 * marsd is behind: records wait here, and where these are too many at their
 * senders; a few are taken all the same, nothing new is asked for; the
 * adjacency stays.
 */
static bool behind;
static bool
is_behind(void *arg)
{
	(void)arg;
	return behind;
}

static void
a_congested_owner_is_spared_records_and_not_hellos(void **state)
{
	struct scsp_ops ops;
	uint32_t i;

	(void)state;
	begin(false, 0, 30);
	ops = *n->node[ls].s->ops;
	ops.congested = is_behind;
	n->node[ls].s->ops = &ops;
	behind = false;
	say(M | I | O, 777, 0, 0);
	for (i = 0; i < 10; i++)
		say(M | O, 778 + i, i * 30, 30);
	behind = true;
	say(M, 788, 0, 0);
	net_run(n, 30000);
	assert_int_equal(raw_count(n, dcs, 4), 0);
	assert_shows(SIDE, "alignment", "Update");
	behind = false;
	net_run(n, 2);
	assert_int_equal(raw_count(n, dcs, 4), 1);
	behind = true;
	for (i = 0; i < 10; i++)
		give(i * 30, 30);
	assert_int_equal(node_summary(&n->node[ls], "records"), 60);
	assert_counter(SIDE, "congested", 0);
	raw_hello(n, dcs, 60, 60, RAW_ID(dcs), RAW_ID(ls));
	net_run(n, 900);
	assert_shows(SIDE, "hello", "Bidirectional");
	assert_int_equal(n->node[ls].events[SCSP_EV_ABNORMAL], 0);
	/* a second is over: two more requests of 30 */
	net_run(n, 200);
	assert_int_equal(node_summary(&n->node[ls], "records"), 120);
	behind = false;
	net_run(n, 2);
	assert_int_equal(node_summary(&n->node[ls], "records"), 300);
	assert_shows(SIDE, "alignment", "Aligned");
	/* more than a window of the same: what is too much is to be repeated */
	behind = true;
	for (i = 0; i < 500; i++)
		give(i % 10 * 30, 30);
	assert_in_range(node_counter(SIDE, "congested"), 50, 450);
	/* a request without a record takes room as well */
	for (i = 0; i < 20000; i++)
		give(0, 0);
	assert_in_range(node_counter(SIDE, "congested"), 10000, 20450);
	behind = false;
	net_run(n, 2);
	assert_shows(SIDE, "alignment", "Aligned");
	net_free(n);
}

/*
 * While others keep marsd behind for good, a full request of this neighbor is
 * taken, too, and costs it the following seconds.
 */
static void
a_full_request_is_taken_from_a_congested_owner(void **state)
{
	struct scsp_ops ops;
	uint32_t i;

	(void)state;
	begin(false, 0, 400);
	ops = *n->node[ls].s->ops;
	ops.congested = is_behind;
	n->node[ls].s->ops = &ops;
	behind = false;
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	behind = true;
	for (i = 0; i < 4; i++)
		give(i * 200, 200);
	assert_int_equal(node_summary(&n->node[ls], "records"), 200);
	/* 3 s and a little for each that follows */
	net_run(n, 2900);
	assert_int_equal(node_summary(&n->node[ls], "records"), 200);
	net_run(n, 10100);
	assert_int_equal(node_summary(&n->node[ls], "records"), 800);
	behind = false;
	net_free(n);
}

/*
 * an instance older than the one that was asked for, on its way since
 * before, is taken but is no answer: the CSUS may be lost.  N is one.
 */
static void
an_older_instance_is_no_answer(void **state)
{
	struct rawpkt p;
	int32_t i;

	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 2);
	for (i = 3; i <= 4; i++) {
		raw_begin(&p, 2, RAW_ID(dcs), RAW_ID(ls));
		raw_record(&p, 3, RAW_ID(dcs), 0, i, false, "Jold");
		raw_done(n, dcs, &p);
	}
	assert_int_equal(node_entry(&n->node[ls], dcs, 0)->seq, 4);
	raw_begin(&p, 2, RAW_ID(dcs), RAW_ID(ls));
	raw_record(&p, 1, RAW_ID(dcs), 1, 5, true, NULL);
	raw_done(n, dcs, &p);
	assert_shows(SIDE, "alignment", "Update");
	net_run(n, 3100);
	assert_int_equal(raw_count(n, dcs, 4), 2);
	csus(1, 0, 1);
	give(0, 1);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_int_equal(node_entry(&n->node[ls], dcs, 0)->seq, 5);
	net_free(n);
}

/*
 * every number of records at both sides, every size of message:
 * the 147 cases of which the text as printed hangs in 82.
 */
static void
any_number_of_records_at_both_ends_aligns(void **state)
{
	struct net *w;
	uint32_t a, b, k, i;
	int x;

	(void)state;
	for (k = 1; k <= 3; k++)
		for (a = 0; a <= 6; a++)
			for (b = 0; b <= 6; b++) {
				w = net_line(a * 7 + b + k, 2, false);
				net_start(w);
				for (x = 0; x < 2; x++) {
					node_group(&w->node[x])->holding =
					    false;
					node_neighbor_of(&w->node[x], !x)->mtu =
					    EXT_RESERVE + 32 + 20 * k;
					for (i = 0; i < (x ? a : b); i++)
						node_publish(
						    &w->node[x], i, "x");
				}
				net_run(w, 400);
				assert_true(net_aligned(w));
				assert_true(net_all_equal(w));
				assert_int_equal(
				    node_group(&w->node[0])->cache.count,
				    a + b);
				/* in one go */
				assert_int_equal(w->node[0].ups, 1);
				assert_int_equal(w->node[0].downs, 0);
				net_free(w);
			}
}

/*
 * a change behind the summary is queued and sent on entering Update
 * Cache; one ahead of it is only summarised.
 */
static void
a_change_behind_the_summary_is_queued(void **state)
{
	const struct heard *h;

	(void)state;
	begin(false, 4, 1);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	assert_int_equal(say(M | O, 778, 0, 0), O);
	node_publish(&n->node[ls], 0, "y");
	node_publish(&n->node[ls], 3, "z");
	net_run(n, 100);
	assert_int_equal(raw_count(n, dcs, 2), 0);
	assert_shows_number(SIDE, "csu-queue", 1);
	assert_int_equal(say(M | O, 779, 0, 0), O);
	assert_int_equal(say(M, 780, 0, 0), 0);
	assert_true(
	    raw_get(raw_nth(n, dcs, 1, 0), 40, 4) == (uint32_t)(SEQ_FIRST + 1));
	net_run(n, 10);
	h = raw_nth(n, dcs, 2, 0);
	assert_non_null(h);
	assert_int_equal(raw_get(h, 18, 2), 1);
	assert_int_equal(raw_get(h, 40, 4), 0);
	assert_true(raw_get(h, 36, 4) == (uint32_t)(SEQ_FIRST + 1));
	net_free(n);
}

/* hidden entries are not summarised, and N is the answer to a CSUS. */
static void
what_is_hidden_is_not_summarised(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 2 };
	struct rawpkt p;
	const struct heard *h;
	uint32_t i;

	(void)state;
	begin(false, 0, 9);
	say(M | I | O, 777, 0, 0);
	say(M, 778, 0, 3);
	give(0, 3);
	for (i = 0; i < 3; i++)
		scsp_hide(n->node[ls].s, NET_SGID, oid, i);
	scsp_revive(n->node[ls].s, NET_SGID, oid, 1);
	assert_int_equal(say(M | I | O, 790, 0, 0), 0);
	assert_int_equal(records, 1);
	say(M, 791, 0, 3); /* still compared */
	assert_shows(SIDE, "alignment", "Aligned");
	raw_clear(n, dcs);
	raw_begin(&p, 4, RAW_ID(dcs), RAW_ID(ls));
	raw_record(&p, 1, RAW_ID(dcs), 0, 5, false, NULL);
	raw_done(n, dcs, &p);
	h = raw_nth(n, dcs, 2, 0);
	assert_non_null(h);
	assert_int_equal(raw_get(h, 34, 2), 0x8000);
	assert_int_equal(raw_get(h, 30, 2), 20);
	assert_int_equal(raw_get(h, 36, 4), 5);
	/* it was told that there is none: it is told when there is one */
	raw_clear(n, dcs);
	scsp_revive(n->node[ls].s, NET_SGID, oid, 0);
	net_run(n, 10);
	h = raw_nth(n, dcs, 2, 0);
	assert_non_null(h);
	assert_int_equal(raw_get(h, 34, 2), 0);
	assert_int_equal(raw_get(h, 40, 4), 0);
	scsp_erase(n->node[ls].s, NET_SGID, oid, 2);
	assert_int_equal(node_summary(&n->node[ls], "records"), 2);
	net_free(n);
}

/* hides two of our four, which a summary of two has not come to yet */
static void
hide_the_rest(void)
{
	struct scsp_cache *c = &node_group(&n->node[ls])->cache;
	uint32_t key;

	for (key = 2; key < 4; key++)
		scsp_cache_flag(
		    c, node_entry(&n->node[ls], ls, key), ENTRY_HIDDEN);
}

/*
 * What a CA is depends on what is left of our summary.  To find that out
 * moves nothing; to take the CA notes that hidden ones were left out.
 */
static void
a_ca_is_classified_without_moving_the_summary(void **state)
{
	static struct scsp_neighbor before;
	static struct scsp_message m;

	(void)state;
	begin(false, 4, 2);
	assert_int_equal(say(M | I | O, 777, 0, 0), O);
	hide_the_rest();
	m.type = SCSP_CA;
	m.flags = CA_M;
	m.ca_seq = 778;
	m.sender = RAW_ID(dcs);
	before = *nb;
	assert_int_equal(scsp_align_classify(nb, &m), SCSP_ALIGN_EV_FINAL);
	assert_memory_equal(&before, nb, sizeof(before));
	assert_int_equal(say(M, 778, 0, 0), 0);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_true(nb->skipped);
	net_free(n);
	/* the master sends no other CA, and notes it all the same */
	begin(true, 4, 2);
	last();
	assert_int_equal(say(0, seq, 0, 0), M | O);
	hide_the_rest();
	m.flags = 0;
	m.ca_seq = seq;
	before = *nb;
	assert_int_equal(scsp_align_classify(nb, &m), SCSP_ALIGN_EV_DONE);
	assert_memory_equal(&before, nb, sizeof(before));
	(void)say(0, seq, 0, 0);
	assert_shows(SIDE, "alignment", "Aligned");
	assert_true(nb->skipped);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_written),
		cmocka_unit_test(the_arrows_are_those_of_figure_2),
		cmocka_unit_test(
		    the_first_ca_is_repeated_with_a_number_of_its_own),
		cmocka_unit_test(a_larger_id_makes_us_slave),
		cmocka_unit_test(a_smaller_id_makes_us_master),
		cmocka_unit_test(negotiation_ignores_any_other_ca),
		cmocka_unit_test(the_master_keeps_rules_1_to_3),
		cmocka_unit_test(a_ca_that_leads_or_negotiates_is_out_of_step),
		cmocka_unit_test(the_slave_keeps_rules_4_to_6),
		cmocka_unit_test(the_slaves_last_ca_is_kept_a_while),
		cmocka_unit_test(a_neighbor_that_starts_over_takes_us_along),
		cmocka_unit_test(a_late_copy_of_the_first_ca_is_not_answered),
		cmocka_unit_test(the_first_ca_repeated_gets_the_same_answer),
		cmocka_unit_test(a_slave_whose_master_is_silent_starts_over),
		cmocka_unit_test(
		    after_two_answers_the_master_must_take_another_number),
		cmocka_unit_test(what_is_wanted_is_asked_for_in_parts),
		cmocka_unit_test(nothing_newer_is_nothing_to_ask_for),
		cmocka_unit_test(
		    a_csus_without_answers_ends_in_an_abnormal_event),
		cmocka_unit_test(changes_are_logged_less_and_the_last_state_is),
		cmocka_unit_test(a_record_that_never_comes_holds_up_nothing),
		cmocka_unit_test(one_record_that_never_comes_ends_no_adjacency),
		cmocka_unit_test(records_that_never_come_flap_no_adjacency),
		cmocka_unit_test(summaries_beyond_the_limit_are_not_asked_for),
		cmocka_unit_test(large_messages_without_answers_are_told_once),
		cmocka_unit_test(
		    messages_are_divided_by_what_the_circuit_takes),
		cmocka_unit_test(
		    a_congested_owner_is_spared_records_and_not_hellos),
		cmocka_unit_test(
		    a_full_request_is_taken_from_a_congested_owner),
		cmocka_unit_test(an_older_instance_is_no_answer),
		cmocka_unit_test(any_number_of_records_at_both_ends_aligns),
		cmocka_unit_test(a_change_behind_the_summary_is_queued),
		cmocka_unit_test(what_is_hidden_is_not_summarised),
		cmocka_unit_test(a_ca_is_classified_without_moving_the_summary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
