/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a CSA record is taken for, and what is then to be done with it: each
 * class, each comparison, and the whole table.  That it is done shows
 * update.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/record.h"
#include "scspd/scsp.h"

#define US	0x0a000001U
#define OTHER	0x0a000002U

static struct scsp s = { .lsid = US };
static struct scsp_group g = { .scsp = &s, .pid = PID_MARS,
	.max_records = 10 };

static const char *const records[] = {
#define X(sym, name) name,
	SCSP_RECORDS(X)
#undef X
};
static const char *const standings[] = {
#define X(sym, name) name,
	SCSP_STANDINGS(X)
#undef X
};

/* what a record of oid is where the entry under its name has these flags */
static enum scsp_record class(
    uint32_t oid, bool null, enum csa_verdict v, int flags, bool solicited) {
	struct scsp_entry e = { .flags = (uint8_t)flags };
	struct scsp_csas c = { .id = RECORD_ID(oid, 7),
	    .seq = 5,
	    .null = null,
	    .verdict = v };

	return scsp_record_classify(&g, flags == -1 ? NULL : &e, &c, solicited);
}

/* whatever else it is, and whatever is here */
static void
a_reserved_number_is_one_first_of_all(void **state)
{
	struct scsp_csas c = { .seq = SEQ_RESERVED };
	int null;

	(void)state;
	for (null = 0; null < 2; null++) {
		c.null = null;
		c.id = RECORD_ID(OTHER, 7);
		assert_int_equal(scsp_record_classify(&g, NULL, &c, true),
		    SCSP_RECORD_RESERVED);
		c.id = RECORD_ID(US, 7);
		assert_int_equal(scsp_record_classify(&g, NULL, &c, true),
		    SCSP_RECORD_RESERVED);
	}
}

/* */
static void
a_null_record_counts_if_asked_for_and_empty(void **state)
{
	struct scsp_csas c = {
		.id = RECORD_ID(OTHER, 7), .seq = 5, .null = true, .len = 1
	};

	(void)state;
	assert_int_equal(
	    class(OTHER, true, CSA_LIVE, 0, false), SCSP_RECORD_NULL_STRAY);
	assert_int_equal(class(US, true, CSA_LIVE, ENTRY_OWN, false),
	    SCSP_RECORD_NULL_STRAY);
	assert_int_equal(
	    scsp_record_classify(&g, NULL, &c, true), SCSP_RECORD_NULL_STRAY);
	assert_int_equal(
	    class(OTHER, true, CSA_LIVE, -1, true), SCSP_RECORD_NULL);
	assert_int_equal(
	    class(OTHER, true, CSA_LIVE, ENTRY_HIDDEN, true), SCSP_RECORD_NULL);
	assert_int_equal(
	    class(US, true, CSA_LIVE, ENTRY_OWN, true), SCSP_RECORD_NULL_OWN);
	/* what has no number, or what marsd has not, has not been lost */
	assert_int_equal(
	    class(US, true, CSA_LIVE, ENTRY_OWN | ENTRY_HELD, true),
	    SCSP_RECORD_NULL_IDLE);
	assert_int_equal(
	    class(US, true, CSA_LIVE, 0, true), SCSP_RECORD_NULL_IDLE);
	assert_int_equal(
	    class(US, true, CSA_LIVE, -1, true), SCSP_RECORD_NULL_IDLE);
}

static void
a_record_of_another_server_is_known_by_contents_and_hiding(void **state)
{
	(void)state;
	assert_int_equal(
	    class(OTHER, false, CSA_LIVE, -1, false), SCSP_RECORD_FOREIGN);
	assert_int_equal(
	    class(OTHER, false, CSA_TOMBSTONE, 0, true), SCSP_RECORD_FOREIGN);
	assert_int_equal(class(OTHER, false, CSA_LIVE, ENTRY_BARE, true),
	    SCSP_RECORD_FOREIGN);
	assert_int_equal(class(OTHER, false, CSA_LIVE, ENTRY_HIDDEN, true),
	    SCSP_RECORD_HIDDEN);
	assert_int_equal(
	    class(OTHER, false, CSA_STRANGE, -1, true), SCSP_RECORD_STRANGE);
	assert_int_equal(class(OTHER, false, CSA_STRANGE, ENTRY_HIDDEN, false),
	    SCSP_RECORD_STRANGE_HIDDEN);
	/* another protocol: nothing in it is ours */
	g.pid = PID_MARS + 1;
	assert_int_equal(
	    class(US, false, CSA_LIVE, -1, true), SCSP_RECORD_FOREIGN);
	g.pid = PID_MARS;
}

static void
a_record_of_ours_is_known_by_what_marsd_has(void **state)
{
	(void)state;
	assert_int_equal(
	    class(US, false, CSA_LIVE, -1, false), SCSP_RECORD_OWN_UNBACKED);
	assert_int_equal(class(US, false, CSA_STRANGE, ENTRY_TOMB, false),
	    SCSP_RECORD_OWN_UNBACKED);
	assert_int_equal(
	    class(US, false, CSA_LIVE, ENTRY_OWN | ENTRY_HELD, true),
	    SCSP_RECORD_OWN_HELD);
	assert_int_equal(
	    class(US, false, CSA_STRANGE, ENTRY_OWN, true), SCSP_RECORD_OWN);
	assert_int_equal(
	    class(US, false, CSA_LIVE, ENTRY_OWN | ENTRY_TOMB, true),
	    SCSP_RECORD_OWN);
}

/* an entry with these numbers and the contents "ab", against "ab" and "xy" */
static void
compares(int32_t seq, int32_t seen, int32_t with, enum scsp_standing same,
    enum scsp_standing other)
{
	uint8_t ab[] = "ab", xy[] = "xy";
	struct scsp_entry e = {
		.seq = seq, .seen = seen, .len = 2, .data = ab
	};
	struct scsp_csas c = { .seq = with, .len = 2, .data = ab };

	assert_int_equal(scsp_record_compare(&g, &e, &c), same);
	c.data = xy;
	assert_int_equal(scsp_record_compare(&g, &e, &c), other);
	c.data = ab;
	c.len = 1;
	assert_int_equal(scsp_record_compare(&g, &e, &c), other);
}

/* R2334-B.2.0.2-16: signed, by number first and by contents only then */
static void
an_entry_is_compared_by_number_then_by_contents(void **state)
{
	struct scsp_csas c = { .seq = 5 };
	struct scsp_entry bare = {
		.seq = SEQ_RESERVED, .seen = 5, .flags = ENTRY_BARE
	};

	(void)state;
	compares(5, 5, 6, SCSP_STANDING_OLDER, SCSP_STANDING_OLDER);
	compares(-5, -5, INT32_MAX, SCSP_STANDING_OLDER, SCSP_STANDING_OLDER);
	compares(5, 9, 10, SCSP_STANDING_OLDER, SCSP_STANDING_OLDER);
	compares(5, 9, 9, SCSP_STANDING_SEEN, SCSP_STANDING_SEEN);
	compares(5, 9, 6, SCSP_STANDING_SEEN, SCSP_STANDING_SEEN);
	compares(5, 9, 5, SCSP_STANDING_SAME, SCSP_STANDING_OTHER);
	compares(5, 5, 5, SCSP_STANDING_SAME, SCSP_STANDING_OTHER);
	compares(5, 9, 4, SCSP_STANDING_NEWER, SCSP_STANDING_NEWER);
	compares(5, 5, SEQ_FIRST, SCSP_STANDING_NEWER, SCSP_STANDING_NEWER);
	/* only the number of it is known: A-39 */
	assert_int_equal(
	    scsp_record_compare(&g, &bare, &c), SCSP_STANDING_SEEN);
	c.seq = SEQ_FIRST;
	assert_int_equal(
	    scsp_record_compare(&g, &bare, &c), SCSP_STANDING_SEEN);
	c.seq = 6;
	assert_int_equal(
	    scsp_record_compare(&g, &bare, &c), SCSP_STANDING_OLDER);
}

static void
without_an_entry_there_is_room_or_not(void **state)
{
	struct scsp_csas c = { .seq = 5 };
	struct scsp_entry e = { .seq = 4, .seen = 4 };

	(void)state;
	g.cache.count = 9;
	assert_int_equal(scsp_record_compare(&g, NULL, &c), SCSP_STANDING_NONE);
	g.cache.count = 10;
	assert_int_equal(scsp_record_compare(&g, NULL, &c), SCSP_STANDING_FULL);
	/* what is there may change */
	assert_int_equal(scsp_record_compare(&g, &e, &c), SCSP_STANDING_OLDER);
	g.cache.count = 0;
}

/*
 * The whole table, written a second time: a row per class; columns none,
 * full, older, seen, same, other, newer.
 *
 *	R reserved	S stray		. acknowledge	F forget
 *	L lost		K known		C conflict	O ours
 *	H show		M full (limit)	N number only	I install
 *	E earlier life	B back		A send ours
 */
static void
the_verdict_on_each_class_in_each_standing(void **state)
{
	static const char letters[] = "RS.FLKCOHMNIEBA";
	static const char *const want[SCSP_RECORD_MAX] = {
		[SCSP_RECORD_RESERVED] = "RRRRRRR",
		[SCSP_RECORD_NULL_STRAY] = "SSSSSSS",
		[SCSP_RECORD_NULL] = "..FFFF.",
		[SCSP_RECORD_NULL_OWN] = "..LLLL.",
		[SCSP_RECORD_NULL_IDLE] = ".......",
		[SCSP_RECORD_PURGE_ASKED] = "..AAKK.",
		[SCSP_RECORD_FOREIGN] = "IMIIKCO",
		[SCSP_RECORD_HIDDEN] = "IMIIKIH",
		[SCSP_RECORD_STRANGE] = "NMNKKCO",
		[SCSP_RECORD_STRANGE_HIDDEN] = "NMNKKNH",
		[SCSP_RECORD_OWN_UNBACKED] = "EMEKKEO",
		[SCSP_RECORD_OWN_HELD] = "EEBKKK.",
		[SCSP_RECORD_OWN] = "EEBKKBO",
	};
	int r, st;

	(void)state;
	assert_int_equal(sizeof(letters) - 1, SCSP_VERDICT_MAX);
	for (r = 0; r < SCSP_RECORD_MAX; r++)
		for (st = 0; st < SCSP_STANDING_MAX; st++)
			if (letters[scsp_record_verdict((enum scsp_record)r,
			    (enum scsp_standing)st)] != want[r][st])
				fail_msg("%s: %s", records[r], standings[st]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reserved_number_is_one_first_of_all),
		cmocka_unit_test(a_null_record_counts_if_asked_for_and_empty),
		cmocka_unit_test(
		    a_record_of_another_server_is_known_by_contents_and_hiding),
		cmocka_unit_test(a_record_of_ours_is_known_by_what_marsd_has),
		cmocka_unit_test(
		    an_entry_is_compared_by_number_then_by_contents),
		cmocka_unit_test(without_an_entry_there_is_room_or_not),
		cmocka_unit_test(the_verdict_on_each_class_in_each_standing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
