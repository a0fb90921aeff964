/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The cache of a server group, and sequence numbers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/cache.h"

static mtime_t
at(int64_t us)
{
	mtime_t t = { us };

	return t;
}

/*
 * R2334-B.2.0.2-14, R2334-B.2.0.2-15, R2334-B.2.0.2-16, R2334-B.2.0.2-17,
 * R2334-B.2.0.2-18, R2334-B.2.0.2-19, R2334-B.2.0.2-20, R2334-B.2.0.2-21,
 * signed, plain comparison, both ends of the range.
 */
static void
numbers_compare_signed_up_to_both_ends(void **state)
{
	(void)state;
	assert_true(SEQ_FIRST == -2147483647);
	assert_false(scsp_seq_valid(INT32_MIN));
	assert_true(scsp_seq_valid(SEQ_FIRST));
	assert_true(scsp_seq_valid(INT32_MAX));
	/* the first time, whatever there is */
	assert_int_equal(
	    scsp_seq_next(false, SEQ_RESERVED, SEQ_RESERVED, false), SEQ_FIRST);
	assert_int_equal(
	    scsp_seq_next(true, SEQ_FIRST, SEQ_FIRST, false), SEQ_FIRST + 1);
	assert_int_equal(scsp_seq_next(true, -1, -1, false), 0);
	assert_int_equal(scsp_seq_next(true, 0, 0, false), 1);
	/* it came back: that number and the constant */
	assert_int_equal(scsp_seq_next(true, SEQ_RESERVED, 7, false), 23);
	assert_int_equal(scsp_seq_next(true, 7, 7, true), 23);
	assert_int_equal(scsp_seq_next(true, 3, 7, false), 23);
	/* the far end: 2^31-2 is the last, then the purge, then no more */
	assert_int_equal(
	    scsp_seq_next(true, INT32_MAX - 2, INT32_MAX - 2, false),
	    INT32_MAX - 1);
	assert_int_equal(
	    scsp_seq_next(true, INT32_MAX - 1, INT32_MAX - 1, false),
	    SEQ_PURGE);
	assert_int_equal(
	    scsp_seq_next(true, 0, INT32_MAX - 17, false), INT32_MAX - 1);
	assert_int_equal(
	    scsp_seq_next(true, 0, INT32_MAX - 16, false), SEQ_PURGE);
	assert_int_equal(
	    scsp_seq_next(true, INT32_MAX, INT32_MAX, false), SEQ_RESERVED);
	assert_int_equal(
	    scsp_seq_next(true, 0, INT32_MAX, false), SEQ_RESERVED);
}

/* identity is OID and key; order is by both, unsigned. */
static void
oid_and_key_are_the_name_and_the_order(void **state)
{
	static const scsp_record_id ids[] = { RECORD_ID(1, 5),
		RECORD_ID(0xff000001U, 1), RECORD_ID(1, 0xffffffffU),
		RECORD_ID(2, 5), RECORD_ID(1, 0),
		RECORD_ID(0xffffffffU, 0xffffffffU),
		RECORD_ID(0x7fffffffU, 9) };
	static const scsp_record_id sorted[] = {
		RECORD_ID(1, 0), RECORD_ID(1, 5),
		RECORD_ID(1, 0xffffffffU), RECORD_ID(2, 5),
		RECORD_ID(0x7fffffffU, 9), RECORD_ID(0xff000001U, 1),
		RECORD_ID(0xffffffffU, 0xffffffffU) };
	struct slab_pool pool;
	struct scsp_cache c;
	struct scsp_entry *e;
	size_t i;

	(void)state;
	slab_pool_init(&pool);
	scsp_cache_init(&c, &pool);
	assert_null(scsp_cache_first(&c));
	for (i = 0; i < 7; i++)
		assert_non_null(scsp_cache_add(&c, ids[i], at(0)));
	assert_int_equal(c.count, 7);
	for (i = 0, e = scsp_cache_first(&c); e != NULL;
	    e = scsp_cache_after(&c, e->id), i++)
		assert_true(e->id == sorted[i]);
	assert_int_equal(i, 7);
	/* the cursor is a name: it may be gone, or never have been */
	scsp_cache_erase(&c, scsp_cache_find(&c, RECORD_ID(1, 5)));
	assert_null(scsp_cache_find(&c, RECORD_ID(1, 5)));
	assert_true(scsp_cache_after(&c, RECORD_ID(1, 5))->id ==
	    RECORD_ID(1, 0xffffffffU));
	assert_true(scsp_cache_after(&c, RECORD_ID(1, 1))->id ==
	    RECORD_ID(1, 0xffffffffU));
	assert_null(scsp_cache_after(&c, UINT64_MAX));
	scsp_cache_free(&c);
}

static void
an_instance_replaces_the_one_before(void **state)
{
	struct slab_pool pool;
	struct scsp_cache c;
	struct scsp_entry *e;

	(void)state;
	slab_pool_init(&pool);
	scsp_cache_init(&c, &pool);
	e = scsp_cache_add(&c, RECORD_ID(1, 1), at(1));
	assert_false(scsp_entry_listed(e)); /* nothing in it yet */
	assert_int_equal(e->seen, SEQ_RESERVED);
	assert_int_equal(c.bare, 1);
	assert_true(scsp_cache_set(&c, e, 5, "abc", 3, false, at(2)));
	assert_true(scsp_entry_listed(e));
	assert_int_equal(c.bare, 0);
	assert_int_equal(e->seen, 5);
	assert_true(scsp_cache_set(&c, e, 6, "defgh", 5, false, at(3)));
	assert_int_equal(e->len, 5);
	assert_memory_equal(e->data, "defgh", 5);
	/* as long as before: in place, even from itself */
	assert_true(scsp_cache_set(&c, e, 7, e->data, 5, false, at(3)));
	assert_memory_equal(e->data, "defgh", 5);
	e->seen = 9;
	assert_true(scsp_cache_set(&c, e, 8, "", 0, false, at(4)));
	assert_int_equal(e->seen, 9);
	scsp_cache_flag(&c, e, ENTRY_HIDDEN);
	assert_int_equal(c.hidden, 1);
	assert_false(scsp_entry_listed(e));
	assert_true(scsp_cache_set(&c, e, 10, "x", 1, false, at(5)));
	assert_int_equal(c.hidden, 0); /* a new instance shows */
	scsp_cache_free(&c);
}

/* those that go in time, in the order in which their time began. */
static void
those_that_go_in_time_stand_in_order(void **state)
{
	struct slab_pool pool;
	struct scsp_cache c;
	struct scsp_entry *a, *b;

	(void)state;
	slab_pool_init(&pool);
	scsp_cache_init(&c, &pool);
	a = scsp_cache_add(&c, RECORD_ID(1, 1), at(1));
	b = scsp_cache_add(&c, RECORD_ID(1, 2), at(2));
	assert_ptr_equal(scsp_cache_mortal(&c), a);
	assert_true(scsp_cache_set(&c, a, 1, "T", 1, true, at(3)));
	assert_int_equal(c.tombs, 1);
	assert_ptr_equal(scsp_cache_mortal(&c), b);
	assert_true(scsp_cache_set(&c, b, 1, "J", 1, false, at(4)));
	assert_ptr_equal(scsp_cache_mortal(&c), a);
	scsp_cache_flag(&c, a, ENTRY_EXPIRED);
	assert_null(scsp_cache_mortal(&c));
	assert_int_equal(c.tombs, 1);
	/* a Join after all */
	assert_true(scsp_cache_set(&c, a, 2, "J", 1, false, at(5)));
	assert_int_equal(c.tombs, 0);
	assert_int_equal(a->flags, 0);
	scsp_cache_free(&c);
}

/*
 * What follows a purge stays with the entry, and the last that was said counts;
 * it goes with the entry unless somebody takes it.
 */
static void
what_begins_anew_goes_with_its_entry(void **state)
{
	struct scsp_renewal *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	struct scsp_renewal *d = malloc(sizeof(*d));
	struct slab_pool pool;
	struct scsp_cache c;
	struct scsp_entry *e;

	(void)state;
	slab_pool_init(&pool);
	scsp_cache_init(&c, &pool);
	e = scsp_cache_add(&c, RECORD_ID(1, 1), at(1));
	assert_true(scsp_cache_set(&c, e, 1, "J", 1, false, at(2)));
	assert_null(scsp_entry_renewal(e));
	assert_null(scsp_entry_take_renewal(e));
	assert_true(scsp_cache_renew(&c, e, a));
	assert_true(scsp_cache_set(&c, e, SEQ_PURGE, "T", 1, true, at(3)));
	assert_ptr_equal(scsp_cache_mortal(&c), e);
	scsp_cache_flag(&c, e, ENTRY_EXPIRED);
	assert_null(scsp_cache_mortal(&c));
	assert_true(scsp_cache_renew(&c, e, b)); /* a has gone */
	assert_ptr_equal(scsp_entry_renewal(e), b);
	assert_ptr_equal(scsp_entry_take_renewal(e), b);
	assert_null(scsp_entry_renewal(e));
	free(b);
	assert_true(scsp_cache_renew(&c, e, d));
	scsp_cache_free(&c); /* and d with it */
}

/* Contents of any length, one after the other, up to the longest. */
static void
contents_of_any_length_are_kept(void **state)
{
	static uint8_t data[1000];
	struct slab_pool pool;
	struct scsp_cache c;
	struct scsp_entry *e, *f;
	uint16_t len, i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	slab_pool_init(&pool);
	scsp_cache_init(&c, &pool);
	e = scsp_cache_add(&c, RECORD_ID(1, 1), at(1));
	f = scsp_cache_add(&c, RECORD_ID(1, 2), at(1));
	for (len = 0; len <= sizeof(data); len++) {
		assert_true(scsp_cache_set(&c, e, 1, data, len, false, at(2)));
		assert_true(scsp_cache_set(&c, f, 1, data,
		    (uint16_t)(sizeof(data) - len), false, at(2)));
		assert_int_equal(e->len, len);
		assert_memory_equal(e->data, data, len);
		assert_memory_equal(f->data, data, sizeof(data) - len);
	}
	scsp_cache_free(&c);
}

/* A record costs its contents and a bounded overhead. */
static void
a_record_costs_its_contents_and_little_more(void **state)
{
	(void)state;
	assert_true(sizeof(struct scsp_entry) <= 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_compare_signed_up_to_both_ends),
		cmocka_unit_test(oid_and_key_are_the_name_and_the_order),
		cmocka_unit_test(an_instance_replaces_the_one_before),
		cmocka_unit_test(those_that_go_in_time_stand_in_order),
		cmocka_unit_test(what_begins_anew_goes_with_its_entry),
		cmocka_unit_test(contents_of_any_length_are_kept),
		cmocka_unit_test(a_record_costs_its_contents_and_little_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
