/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What becomes of a record that marsd publishes. */
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

/* R2334-B.2.0.2-18, R2334-B.2.0.2-19, A-92 */
static void
at_the_end_of_the_numbers_it_is_purged_waits_or_stops(void **state)
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
	/* somebody else's, of an earlier life of ours */
	assert_int_equal(
	    class(false, SEQ_PURGE, SEQ_PURGE, 0, &n), SCSP_PUBLISH_STUCK);
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

/* The owner is told with the key that no number is left for. */
static void
the_owner_is_told_of_a_key_without_numbers(void **state)
{
	struct scsp_entry *e;
	struct net *n = with(SEQ_PURGE, 0, &e);

	(void)state;
	node_publish(&n->node[LS], 1, "b");
	assert_int_equal(n->node[LS].events[SCSP_EV_LIMIT], 1);
	assert_memory_equal(e->data, "Ja", 2);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_held_until_a_neighbor_is_aligned),
		cmocka_unit_test(it_is_numbered_beyond_what_anybody_has_seen),
		cmocka_unit_test(
		    at_the_end_of_the_numbers_it_is_purged_waits_or_stops),
		cmocka_unit_test(the_owner_is_told_of_a_key_without_numbers),
		cmocka_unit_test(a_purge_that_comes_back_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
