/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsc_fake.h"

#define G	"e0010203"
#define G3	"e0010203 e0010203"
#define REQUEST	HEAD("01") "14 00 00 00 00 04 0000000000000000 " NSAP("0a") G
#define DATA(cmi, hex)	"aaaa03 00005e 0001 " cmi " 0800 " hex
/* what others join and leave, as it is heard */
#define HEARD(op, flags, msn, src, pair)	JOIN(op, "04", "0001", flags, \
	"0000", msn, src) pair

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };

static void
table(void **state)
{
	const struct table_cell *cell;
	unsigned int s, e;

	(void)state;
	for (s = 0; s < MARSC_PATH_STATE_MAX; s++)
		for (e = 0; e < MARSC_PATH_EVENT_MAX; e++) {
			cell = table_cell(&marsc_path_table, s, e);
			assert_int_not_equal(cell->action, TABLE_FORGOTTEN);
			assert_true(cell->next < MARSC_PATH_STATE_MAX);
		}
}

/* A path to 127.0.0.11 (0b) and .12 (0c), up. */
static struct fvc *
path_up(struct fake *f)
{
	struct fvc *control = fake_registered(f);

	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	fake_leaf_ack(f, 11);
	fake_leaf_ack(f, 12);
	fake_expect(f, DATA("0005", "616263"));
	return control;
}

/*
 * R2022-5.1-01, R2022-5.1.3-01, -03, -08, -11, R2022-5.5-01, -03,
 * R2022-5.5.1-01, -03, R2022-5.5.3-01: a packet opens a path: a request, one
 * call, then the others, then the packet, Type #1 with our CMI; later packets
 * use the path.
 */
static void
opening(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	marsc_transmit(f->c, &group, "de", 2);
	fake_expect(f, REQUEST);
	fake_silent(f);
	/* we are listed and leave ourselves out */
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000064", "0a", G) NSAP("0a") NSAP("0b")
		NSAP("0c"));
	assert_int_equal(f->nleaves, 1);
	fake_silent(f);
	fake_leaf_ack(f, 11);
	assert_int_equal(f->nleaves, 2);
	assert_non_null(fake_leaf(f, 12));
	fake_silent(f); /* they are for both */
	fake_leaf_ack(f, 12);
	fake_expect(f, DATA("0005", "616263"));
	fake_expect(f, DATA("0005", "6465"));
	marsc_transmit(f->c, &group, "f", 1);
	fake_expect(f, DATA("0005", "66"));
	fake_silent(f);
	fake_free(f);
}

/* R2022-5.1.1-02, -03: empty: discarded, and no request for a while */
static void
empty(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	marsc_transmit(f->c, &group, "abc", 3);
	fake_wait(f, MTIME_SEC(5) - 1);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_wait(f, MTIME_SEC(5) + 1);
	fake_silent(f);
	assert_int_equal(fake_live_roots(f), 0);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/*
 * R2022-5.1.3-04, -05, -06, -07, -10, R2022-E-04: a first call that fails is
 * followed by the next; temporary causes are tried again after 5 to 10 s, then
 * twice that; others drop the address.
 */
static void
failing_calls(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	int before;

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c")
		NSAP("0d"));
	fake_leaf_fails(f, 11, 27); /* dropped */
	fake_leaf_fails(f, 12, 41); /* tagged */
	assert_non_null(fake_leaf(f, 13));
	fake_leaf_ack(f, 13);
	fake_expect(f, DATA("0005", "616263"));
	assert_int_equal(f->nleaves, 3);
	fake_wait(f, MTIME_SEC(5) - 1);
	assert_int_equal(f->nleaves, 3);
	fake_wait(f, MTIME_SEC(5) + 1);
	assert_int_equal(f->nleaves, 4);
	fake_leaf_fails(f, 12, 49);
	before = f->nleaves;
	fake_wait(f, MTIME_SEC(10) - 1);
	assert_int_equal(f->nleaves, before);
	fake_wait(f, MTIME_SEC(10) + 1);
	assert_int_equal(f->nleaves, before + 1);
	fake_leaf_ack(f, 12);
	assert_int_equal(fake_live_leaves(f), 2);
	fake_free(f);
}

/* R2022-5.1.3-04, -05, -10: four causes are temporary, no other is. */
static void
causes(void **state)
{
	static const struct {
		uint16_t cause;
		bool again;
	} t[] = {
		{ 37, true },
		{ 41, true },
		{ 49, true },
		{ 51, true },
		{ 1, false },
		{ 16, false },
		{ 21, false },
		{ 27, false },
		{ 31, false },
		{ 47, false },
		{ 50, false },
		{ 81, false },
	};
	struct fake *f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		f = fake_new(10, 1, false);
		fake_registered(f);
		marsc_transmit(f->c, &group, "abc", 3);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1),
		    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b")
			NSAP("0c"));
		fake_leaf_ack(f, 11);
		fake_leaf_fails(f, 12, t[i].cause);
		assert_null(fake_leaf(f, 12));
		fake_wait(f, MTIME_SEC(10));
		assert_int_equal(fake_leaf(f, 12) != NULL, t[i].again);
		fake_free(f);
	}
}

/*
 * R2022-5.1.4.1-01, R2022-5.1.3-04: who joins while a call to it is on its way
 * has come back: when that call fails it is called once more, and not a third
 * time.
 */
static void
joined_while_called(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(f, control, HEARD("04", "c000", "00000065", "0d", G3));
	assert_int_equal(f->nleaves, 3);
	fake_says(f, control, HEARD("04", "c000", "00000066", "0d", G3));
	assert_int_equal(f->nleaves, 3);
	fake_leaf_fails(f, 13, 27);
	assert_int_equal(f->nleaves, 4);
	assert_non_null(fake_leaf(f, 13));
	fake_leaf_fails(f, 13, 27);
	assert_int_equal(f->nleaves, 4);
	assert_null(fake_leaf(f, 13));
	assert_int_equal(fake_live_leaves(f), 2);
	fake_free(f);
}

/* Seconds until a packet asks again; one every 20 s keeps the path. */
static int
asks_after(struct fake *f)
{
	int s = 0;

	while (!marsc_path_find(f->c, &group)->revalidate && s < 100) {
		fake_wait(f, MTIME_SEC(1));
		if (++s % 20 != 0 || marsc_path_find(f->c, &group)->revalidate)
			continue;
		marsc_transmit(f->c, &group, "x", 1);
		fake_expect(f, DATA("0005", "78"));
	}
	marsc_transmit(f->c, &group, "y", 1);
	fake_expect(f, DATA("0005", "79"));
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000065", "0a", G) NSAP("0b") NSAP("0c")
		NSAP("0d"));
	return s;
}

/*
 * R2022-5.1.5-01: a call that fails for good is an error on the circuit: the
 * group is revalidated, in 1 to 10 s at first and then after twice as long,
 * up to the time of an idle circuit.
 */
static void
unreachable(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control;
	int i, s, last = 0;

	(void)state;
	f->c->t.path_idle = MTIME_SEC(30);
	control = path_up(f);
	fake_says(f, control, HEARD("04", "c000", "00000065", "0d", G3));
	for (i = 0; i < 6; i++) {
		fake_leaf_fails(f, 13, 27);
		assert_null(fake_leaf(f, 13));
		s = asks_after(f);
		assert_non_null(fake_leaf(f, 13));
		if (i == 0)
			assert_in_range(s, 1, 10);
		else if (last < 15)
			assert_in_range(s, 2 * last - 2, 2 * last);
		else
			assert_int_equal(s, 30);
		last = s;
	}
	assert_int_equal(last, 30);
	/* it answers: nothing is left to be asked */
	fake_leaf_ack(f, 13);
	assert_int_equal(fake_live_leaves(f), 3);
	fake_wait(f, MTIME_SEC(29));
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_silent(f);
	fake_free(f);
}

/*
 * R2022-5.1.5.2-01, R2022-5.1.5-06: a jump stales the path in 1 to 10 s also
 * while it waits, for minutes by now, to ask for one that can't be reached; and
 * who answers ends that wait's growth.
 */
static void
jump_in_doubt(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control;
	int i;

	(void)state;
	f->c->t.map = MTIME_SEC(3600);
	control = path_up(f);
	fake_says(f, control, HEARD("04", "c000", "00000065", "0d", G3));
	for (i = 0; i < 4; i++) {
		fake_leaf_fails(f, 13, 27);
		(void)asks_after(f);
	}
	fake_leaf_fails(f, 13, 27);
	assert_true(
	    mtime_diff(f->ts.now, marsc_path_find(f->c, &group)->stale.due) >
	    MTIME_SEC(10));
	fake_says(
	    f, control, MAP("00", "0001", "8001", "00000070", "01") NSAP("01"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 1);
	f->c->hsn.value = 0x65; /* as the answers have it */
	fake_wait(f, MTIME_SEC(10));
	assert_true(marsc_path_find(f->c, &group)->revalidate);
	assert_in_range(asks_after(f), 0, 1);
	fake_leaf_ack(f, 13);
	fake_leaf_drops(f, 13);
	fake_wait(f, MTIME_SEC(10));
	assert_in_range(asks_after(f), 0, 1);
	fake_leaf_fails(f, 13, 27);
	assert_in_range(asks_after(f), 1, 10);
	fake_free(f);
}

/* Fails the call to 127.0.0.12; milliseconds until the next. */
static int
again_after(struct fake *f)
{
	int before = f->nleaves, ms = 0;

	fake_leaf_fails(f, 12, 49);
	while (f->nleaves == before && ms < 100000) {
		fake_wait(f, MTIME_MS(1));
		ms++;
	}
	return ms;
}

/*
 * R2022-5.1.3-05, -06, R2022-E-04: 5 to 10 s, then twice as long each time,
 * until the circuit is released.
 */
static void
doubling(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control;
	int first, n;

	(void)state;
	control = fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	fake_leaf_ack(f, 11);
	first = again_after(f);
	assert_in_range(first, 5000, 10000);
	assert_in_range(again_after(f), 2 * first - 2, 2 * first);
	assert_in_range(again_after(f), 4 * first - 4, 4 * first);
	fake_leaf_fails(f, 12, 49);
	fake_says(f, control, MIGRATE("0001", "00000065", G) NSAP("0d"));
	fake_leaf_ack(f, 13);
	n = f->nleaves;
	fake_wait(f, MTIME_SEC(100));
	assert_int_equal(f->nleaves, n);
	fake_free(f);
}

/*
 * R2022-5.1.3-08: nothing is added before one call has succeeded, also where
 * several wait to be called again.
 */
static void
one_call(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	assert_int_equal(fake_live_leaves(f), 1);
	fake_leaf_fails(f, 11, 41);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_leaf_fails(f, 12, 41);
	assert_int_equal(fake_live_leaves(f), 0);
	fake_wait(f, MTIME_SEC(10));
	assert_int_equal(fake_live_leaves(f), 1);
	fake_leaf_ack(f, fake_leaf(f, 11) != NULL ? 11 : 12);
	assert_int_equal(fake_live_leaves(f), 2);
	fake_expect(f, DATA("0005", "616263"));
	fake_free(f);
}

/*
 * R2022-5.1.3-07, R2022-5.1.4.1-01, -02: who joins while no call has
 * succeeded is called at once if nobody else is; who leaves then makes room
 * for the next.
 */
static void
moves_while_calling(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0a", G) NSAP("0b"));
	fake_leaf_fails(f, 11, 41);
	assert_int_equal(fake_live_leaves(f), 0);
	fake_says(f, control, HEARD("04", "4000", "00000065", "0d", G3));
	assert_non_null(fake_leaf(f, 13));
	fake_says(f, control, HEARD("04", "4000", "00000066", "0e", G3));
	assert_null(fake_leaf(f, 14));
	fake_says(f, control, HEARD("05", "4000", "00000067", "0d", G3));
	assert_null(fake_leaf(f, 13));
	assert_non_null(fake_leaf(f, 14));
	fake_leaf_ack(f, 14);
	fake_expect(f, DATA("0005", "616263"));
	fake_free(f);
}

/* All calls fail for good: there is no path, and the next packet asks. */
static void
no_leaf(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0a", G) NSAP("0b"));
	fake_leaf_fails(f, 11, 21);
	assert_int_equal(fake_live_roots(f), 0);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/*
 * R2022-5.1.4-01, -02, R2022-5.1.4.1-01, -02, -05, R2022-5.2-05,
 * R2022-5.2.1-06, A-142: JOIN and LEAVE of others move the leaves, whatever
 * the number of pairs and whatever their sequence; what is known changes
 * nothing; we are no leaf of our own.
 */
static void
tracking(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(f, control, HEARD("04", "c0a7", "00000065", "0d", G3));
	assert_non_null(fake_leaf(f, 13));
	fake_says(f, control, HEARD("04", "c000", "00000066", "0d", G3));
	fake_says(f, control, HEARD("04", "c000", "00000067", "0a", G3));
	fake_says(f, control,
	    HEARD("04", "c000", "00000068", "0e", "e0010204 e0010204"));
	assert_int_equal(f->nleaves, 3);
	/* punched, three pairs, the last one holds the group */
	fake_says(f, control,
	    JOIN("04", "04", "0003", "5000", "0000", "00000069",
	    "0e") "e0000000 e0000001 e0010000 e0010100 "
	    "e0010200 e0010205");
	assert_non_null(fake_leaf(f, 14));
	/* no pairs: only the number counts */
	fake_says(f, control,
	    JOIN("05", "04", "0000", "5000", "0000", "0000006a", "0e"));
	assert_non_null(fake_leaf(f, 14));
	assert_int_equal(f->c->hsn.value, 0x6a);
	fake_says(f, control,
	    HEARD("05", "4011", "0000006b", "0e", "e0000000 efffffff"));
	assert_null(fake_leaf(f, 14));
	/* a registration, and what is not a copy, are no membership */
	fake_says(f, control,
	    JOIN("05", "00", "0001", "6000", "0000", "0000006c", "0d"));
	fake_says(f, control, HEARD("05", "8000", "0000006d", "0d", G3));
	assert_non_null(fake_leaf(f, 13));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 0);
	fake_free(f);
}

/* R2022-5.1.4.1-03: the last leaf goes: no path, the next packet asks */
static void
last_leaf(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(f, control, HEARD("05", "c000", "00000065", "0b", G3));
	assert_int_equal(fake_live_roots(f), 1);
	fake_says(f, control, HEARD("05", "c000", "00000066", "0c", G3));
	assert_int_equal(fake_live_roots(f), 0);
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/* R2022-5.1.4.1-04: leaving a group does not touch the path to it */
static void
own_leave(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	marsc_join(f->c, &group, &group, true);
	marsc_leave(f->c, &group, &group);
	fake_says(f, control, HEARD("05", "c003", "00000065", "0a", G3));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	assert_int_equal(fake_live_leaves(f), 2);
	fake_free(f);
}

/*
 * R2022-5.1.4.2-05, -06, R2022-5.1.5-01, -02, -03, -04, -05, -06,
 * R2022-5.1.5.2-01, R2022-E-05, A-139: a jump sets VC_revalidate 1 to 10 s
 * later; the next packet goes out and asks; the answer adds and drops leaves.
 */
static void
jump(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(
	    f, control, MAP("00", "0001", "8001", "00000066", "01") NSAP("01"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 1);
	fake_wait(f, MTIME_SEC(1) - 1);
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_silent(f);
	fake_wait(f, MTIME_SEC(9) + 1);
	fake_silent(f); /* only when there is a packet */
	marsc_transmit(f->c, &group, "y", 1);
	fake_expect(f, DATA("0005", "79"));
	fake_expect(f, REQUEST);
	marsc_transmit(f->c, &group, "z", 1);
	fake_expect(f, DATA("0005", "7a"));
	fake_silent(f);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000066", "0a", G) NSAP("0c") NSAP("0d"));
	assert_null(fake_leaf(f, 11));
	assert_non_null(fake_leaf(f, 12));
	assert_non_null(fake_leaf(f, 13));
	assert_int_equal(fake_live_roots(f), 1);
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_silent(f);
	fake_free(f);
}

/*
 * R2022-5.1.5.2-02: a jump that the MARS_MULTI of a new path shows stales
 * every other path.
 */
static void
jump_in_multi(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr other = fake_group(224, 1, 2, 4);

	(void)state;
	path_up(f);
	marsc_transmit(f->c, &other, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000080", "0a", "e0010204") NSAP("0b"));
	fake_leaf_ack(f, 11);
	fake_wait(f, MTIME_SEC(10));
	assert_true(marsc_path_find(f->c, &group)->revalidate);
	assert_false(marsc_path_find(f->c, &other)->revalidate);
	fake_free(f);
}

/* A path to 224.1.2.last with one leaf, up. */
static struct marsc_path *
path_to(struct fake *f, uint8_t last, const char *multi, uint8_t leaf)
{
	struct paddr g = fake_group(224, 1, 2, last);

	marsc_transmit(f->c, &g, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1), multi);
	fake_leaf_ack(f, leaf);
	assert_non_null(fake_next(f));
	return marsc_path_find(f->c, &g);
}
#define MULTI1(last, leaf)	MULTI("0001", "8001", "00000064", "0a", \
	"e00102" last) NSAP(leaf)

/*
 * R2022-5.1.4.2-06, R2022-5.1.5-01, -06, R2022-5.1.5.2-01, R2022-E-05: a jump
 * that a JOIN or a LEAVE of any group shows stales every path, each at its own
 * time between 1 and 10 s later.
 */
static void
jump_stales_all(void **state)
{
	static const char *const heard[] = {
		HEARD("04", "4000", "00000066", "0e", "e0090909 e0090909"),
		HEARD("05", "4000", "00000066", "0e", "e0090909 e0090909"),
	};
	struct fvc *control;
	struct marsc_path *p[3];
	struct fake *f;
	int64_t at[3];
	size_t i, k;
	int ms;

	(void)state;
	for (i = 0; i < 2; i++) {
		f = fake_new(10, 1, false);
		control = fake_registered(f);
		p[0] = path_to(f, 3, MULTI1("03", "0b"), 11);
		p[1] = path_to(f, 4, MULTI1("04", "0c"), 12);
		p[2] = path_to(f, 5, MULTI1("05", "0d"), 13);
		fake_says(f, control, heard[i]);
		assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 1);
		memset(at, 0, sizeof(at));
		for (ms = 1; ms <= 10000; ms++) {
			fake_wait(f, MTIME_MS(1));
			for (k = 0; k < 3; k++)
				if (p[k]->revalidate && at[k] == 0)
					at[k] = ms;
		}
		for (k = 0; k < 3; k++)
			assert_in_range(at[k], 1000, 10000);
		assert_int_not_equal(at[0], at[1]);
		assert_int_not_equal(at[1], at[2]);
		assert_int_not_equal(at[0], at[2]);
		fake_free(f);
	}
}

/*
 * R2022-5.1.5-06, R2022-5.1.5.1-02, R2022-5.1.3-05: where chance is the
 * shortest, it is 1 s until VC_revalidate is set, and 5 s until a call is
 * repeated.
 */
static void
earliest(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct marsc_path *p;

	(void)state;
	f->low = true;
	path_up(f);
	p = marsc_path_find(f->c, &group);
	fake_leaf_drops(f, 12);
	fake_wait(f, MTIME_SEC(1) - 1);
	assert_false(p->revalidate);
	fake_wait(f, 1);
	assert_true(p->revalidate);
	marsc_transmit(f->c, &group, "x", 1);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	fake_leaf_fails(f, 12, 41);
	fake_wait(f, MTIME_SEC(5) - 1);
	assert_null(fake_leaf(f, 12));
	fake_wait(f, 1);
	assert_non_null(fake_leaf(f, 12));
	fake_free(f);
}

/* R2022-5.1.5-01: an error on one group's circuit is that group's alone */
static void
error_of_one(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr other = fake_group(224, 1, 2, 4);

	(void)state;
	path_up(f);
	path_to(f, 4, MULTI1("04", "0d"), 13);
	fake_leaf_drops(f, 11);
	fake_wait(f, MTIME_SEC(10));
	assert_true(marsc_path_find(f->c, &group)->revalidate);
	assert_false(marsc_path_find(f->c, &other)->revalidate);
	fake_free(f);
}

/*
 * R2022-5.2.3-09, R2022-5.5.1-03: each packet goes out with the CMI that is
 * ours when it goes: also one that waited for its path while we registered.
 */
static void
current_cmi(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr other = fake_group(224, 1, 2, 4);
	struct fvc *v;

	(void)state;
	marsc_transmit(f->c, &group, "abc", 3);
	fake_registered(f);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), MULTI1("03", "0b"));
	fake_leaf_ack(f, 11);
	fake_expect(f, DATA("0005", "616263"));

	fake_wait(f, MTIME_SEC(240)); /* no MARS_REDIRECT_MAP */
	assert_false(marsc_is_registered(f->c));
	/* R2022-5.4.1-05: what is open stays in use */
	marsc_transmit(f->c, &group, "d", 1);
	fake_expect(f, DATA("0005", "64"));
	marsc_transmit(f->c, &other, "e", 1);
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6002", "0006", "00000064", "0a"));
	assert_non_null(fake_next(f)); /* MARS_REQUEST */
	fake_says(f, v, MULTI1("04", "0c"));
	fake_leaf_ack(f, 12);
	fake_expect(f, DATA("0006", "65"));
	marsc_transmit(f->c, &group, "f", 1);
	fake_expect(f, DATA("0006", "66"));
	fake_free(f);
}

/* R2022-5.1.5.1-01, -02: a leaf that drops out is out; revalidate soon */
static void
leaf_drops(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	path_up(f);
	fake_leaf_drops(f, 11);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_wait(f, MTIME_SEC(1) - 1);
	assert_false(marsc_path_find(f->c, &group)->revalidate);
	fake_wait(f, MTIME_SEC(9) + 1);
	assert_true(marsc_path_find(f->c, &group)->revalidate);
	fake_leaf_drops(f, 12);
	assert_null(marsc_path_find(f->c, &group));
	fake_free(f);
}

/* R2022-5.1.5.1-03: ERR_L_RELEASE shuts the path down */
static void
released(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	int i;

	(void)state;
	path_up(f);
	for (i = 0; i < f->nvcs; i++)
		if (f->vcs[i].root) {
			f->vcs[i].dead = true;
			f->link.user->release(f->link.arg, &f->vcs[i].vc,
			    f->vcs[i].vc.cookie, 41);
		}
	assert_null(marsc_path_find(f->c, &group));
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/*
 * R2022-5.1.3-12, -13, -15, R2022-E-02, R2022-8.1-01: 20 minutes without a
 * packet, and the path is released.
 */
static void
idle(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		fake_wait(f, MTIME_SEC(60));
		fake_says(f, control,
		    MAP("00", "0001", "8001", "00000064", "01") NSAP("01"));
	}
	marsc_transmit(f->c, &group, "x", 1);
	for (i = 0; i < 20; i++) {
		assert_non_null(marsc_path_find(f->c, &group));
		fake_wait(f, MTIME_SEC(60));
		fake_says(f, control,
		    MAP("00", "0001", "8001", "00000064", "01") NSAP("01"));
	}
	assert_null(marsc_path_find(f->c, &group));
	assert_int_equal(fake_live_roots(f), 0);
	marsc_transmit(f->c, &group, "x", 1); /* no path: ask again */
	assert_int_equal(
	    marsc_path_find(f->c, &group)->state, MARSC_PATH_ASKING);
	fake_free(f);
}

/* R2022-5.1.3-12: the time is what the owner says */
static void
idle_configured(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	assert_true(marsc_timers_set(&f->c->t, "path-idle", MTIME_SEC(90)));
	path_up(f);
	fake_wait(f, MTIME_SEC(90) - 1);
	assert_int_equal(fake_live_roots(f), 1);
	fake_wait(f, 1);
	assert_int_equal(fake_live_roots(f), 0);
	fake_free(f);
}

/*
 * R2022-5.1.6-03, -04, -06, A-18: MARS_MIGRATE releases the path and opens
 * one to those that it names, where there is one; its number counts.
 */
static void
migrate(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(
	    f, control, MIGRATE("0002", "00000065", G) NSAP("1e") NSAP("1f"));
	assert_null(fake_leaf(f, 11));
	assert_null(fake_leaf(f, 12));
	assert_int_equal(fake_live_roots(f), 1);
	fake_leaf_ack(f, 30);
	assert_non_null(fake_leaf(f, 31));
	fake_leaf_ack(f, 31);
	fake_says(
	    f, control, MIGRATE("0001", "00000068", "e0010204") NSAP("1e"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JUMP, NULL), 1);
	assert_int_equal(fake_live_roots(f), 1);
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_free(f);
}

/*
 * R2022-5.5-04, R2022-5.5.1-04, -05, R2022-5.5.2-01, -02, -03: what comes in:
 * Type #1 unless it is our own, Type #2 always.
 */
static void
receiving(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	v = fake_calls(f, 11, true);
	assert_non_null(v);
	fake_says(f, v, DATA("0006", "616263"));
	assert_int_equal(f->npackets, 1);
	assert_int_equal(f->packet_len, 3);
	assert_memory_equal(f->packet, "abc", 3);
	fake_says(f, v, DATA("0005", "616263")); /* reflected */
	assert_int_equal(f->npackets, 1);
	assert_int_equal(fake_drops(f, MARSC_DROP_REFLECTED), 1);
	/* by its number only: the owner knows better */
	f->foreign = true;
	fake_says(f, v, DATA("0005", "616263"));
	assert_int_equal(f->npackets, 2);
	f->foreign = false;
	f->npackets = 1;
	/* Type #2; its source ID begins with our CMI */
	fake_says(f, v, "aaaa03 00005e 0004 0005000000000000 0800 0000 6465");
	assert_int_equal(f->npackets, 2);
	assert_memory_equal(f->packet, "de", 2);
	/* another protocol */
	fake_says(f, v, "aaaa03 00005e 0001 0006 86dd 616263");
	/* long forms of IPv4: 3 octets of padding, and 1 */
	fake_says(f, v, "aaaa03 00005e 0001 0006 0080 0000000800 000000 66");
	assert_int_equal(f->npackets, 3);
	assert_memory_equal(f->packet, "f", 1);
	fake_says(f, v,
	    "aaaa03 00005e 0004 0005000000000000 0080 0000000800 "
	    "00 67");
	assert_int_equal(f->npackets, 4);
	assert_memory_equal(f->packet, "g", 1);
	fake_says(f, v, "aaaa03 00005e 0001 0006 08"); /* cut */
	assert_int_equal(f->npackets, 4);
	fake_free(f);
}

/* How many of the packets "a" to "h" wait; the next SDUs, if any. */
static void
packets_go_out(struct fake *f, int n)
{
	static const char *const data[] = { DATA("0005", "61"),
		DATA("0005", "62"), DATA("0005", "63") };
	int i;

	for (i = 0; i < n; i++)
		fake_expect(f, data[i]);
	fake_silent(f);
}

/* A path to .11, .12 and .13, of which .11 is up; "a" and "b" are held. */
static struct fvc *
path_filling(struct fake *f)
{
	struct fvc *control = fake_registered(f);

	marsc_transmit(f->c, &group, "a", 1);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c")
		NSAP("0d"));
	fake_leaf_ack(f, 11);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_PATH_UP, NULL), 1);
	assert_int_equal(
	    marsc_transmit(f->c, &group, "b", 1).outcome, MARSC_SENT_HELD);
	fake_silent(f);
	return control;
}

/*
 * R2022-5.1.3-03: the first packets are for all members: they wait until each
 * has answered its call, and then go out in their order.
 */
static void
first_packets(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	path_filling(f);
	fake_leaf_ack(f, 13);
	fake_silent(f);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_SENT, NULL), 0);
	fake_leaf_ack(f, 12);
	packets_go_out(f, 2);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_SENT, &n), 1);
	assert_int_equal(n.number, 2);
	assert_int_equal(n.members, 3);
	fake_free(f);
}

/* But nobody waits for longer than 100 ms since the first has answered. */
static void
first_packets_late(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	path_filling(f);
	fake_wait(f, MTIME_MS(60));
	fake_leaf_ack(f, 13);
	fake_wait(f, MTIME_MS(40) - 1);
	fake_silent(f);
	fake_wait(f, 1);
	packets_go_out(f, 2);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_SENT, &n), 1);
	assert_int_equal(n.members, 2);
	fake_leaf_ack(f, 12);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_SENT, NULL), 0);
	fake_free(f);
}

/* Who can't be called, leaves, or joins meanwhile. */
static void
first_packets_of_some(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_filling(f);

	(void)state;
	fake_leaf_fails(f, 12, 27);
	fake_silent(f);
	fake_says(f, control, HEARD("04", "4000", "00000065", "0e", G3));
	fake_says(f, control, HEARD("05", "4000", "00000066", "0d", G3));
	fake_silent(f);
	fake_leaf_fails(f, 14, 41); /* will be called again, later */
	packets_go_out(f, 2);
	fake_free(f);
}

/* A circuit that is replaced, or lost, before the first packets went out. */
static void
first_packets_moved(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_filling(f);
	struct fnote n;

	(void)state;
	fake_says(f, control, MIGRATE("0001", "00000065", G) NSAP("1e"));
	fake_wait(f, MTIME_MS(200));
	fake_silent(f);
	fake_leaf_ack(f, 30);
	packets_go_out(f, 2);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_SENT, &n), 1);
	fake_free(f);
	f = fake_new(10, 1, false);
	path_filling(f);
	fake_leaf_fails(f, 12, 27);
	fake_leaf_fails(f, 13, 27);
	packets_go_out(f, 2);
	fake_free(f);
	f = fake_new(10, 1, false);
	path_filling(f);
	fake_leaf_drops(f, 11);
	fake_leaf_fails(f, 12, 27);
	fake_leaf_fails(f, 13, 27);
	fake_silent(f);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NOT_SENT, &n), 1);
	assert_int_equal(n.number, 2);
	assert_int_equal(fake_drops(f, MARSC_DROP_CIRCUIT), 2);
	assert_int_equal(f->c->held_octets, 0);
	fake_free(f);
}

/* What waits is bounded: packets and octets of a path, and octets of all. */
static void
held_bounds(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr other = fake_group(224, 1, 2, 4);
	static char packet[1000];
	int i;

	(void)state;
	for (i = 0; i < 64; i++)
		assert_int_equal(marsc_transmit(f->c, &group, "a", 1).outcome,
		    MARSC_SENT_HELD);
	assert_int_equal(
	    marsc_transmit(f->c, &group, "a", 1).why, MARSC_DROP_HELD);
	f->c->limits.held_octets = 3000;
	f->c->limits.held_octets_all = 15000;
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    marsc_transmit(f->c, &other, packet, 1000).outcome,
		    MARSC_SENT_HELD);
	/* 64 SDUs of 13 octets, and two of 1012, and what keeps each */
	assert_int_equal(f->c->held_octets,
	    64 * (13 + 160) + 2 * (1012 + 160));
	assert_int_equal(
	    marsc_transmit(f->c, &other, packet, 1000).why, MARSC_DROP_HELD);
	f->c->limits.held_octets = 5000;
	assert_int_equal(marsc_transmit(f->c, &other, packet, 1000).outcome,
	    MARSC_SENT_HELD);
	assert_int_equal(
	    marsc_transmit(f->c, &other, packet, 1000).why, MARSC_DROP_HELD);
	assert_int_equal(fake_drops(f, MARSC_DROP_HELD), 3);
	fake_free(f);
}

/* Members are bounded, of all groups together; who is too many is counted. */
static void
members_are_bounded(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	f->c->limits.leaves = 2;
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c")
	    NSAP("0d"));
	assert_int_equal(f->c->nleaves, 2);
	assert_int_equal(fake_drops(f, MARSC_DROP_LEAVES), 1);
	fake_leaf_ack(f, 11);
	fake_leaf_ack(f, 12);
	fake_leaf_drops(f, 11);
	assert_int_equal(f->c->nleaves, 1);
	fake_free(f);
}

/*
 * R2022-5.1.1-03, R2022-5.1.4.1-01: an empty group is not asked about again
 * for a while, but who hears that somebody has joined it asks at once.
 */
static void
news_of_the_empty(void **state)
{
	static const char *const news[] = {
		HEARD("04", "4000", "00000065", "0b", G3),
		HEARD("04", "4000", "00000065", "0b", "e0000000 efffffff"),
		MIGRATE("0001", "00000065", G) NSAP("0b"),
	};
	struct fvc *control;
	struct fake *f;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		f = fake_new(10, 1, false);
		control = fake_registered(f);
		marsc_transmit(f->c, &group, "abc", 3);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1), NAK("0a", G));
		fake_wait(f, MTIME_SEC(1));
		assert_int_equal(marsc_transmit(f->c, &group, "abc", 3).why,
		    MARSC_DROP_EMPTY);
		fake_says(f, control, news[i]);
		fake_silent(f); /* nobody wants to know it yet */
		assert_int_equal(marsc_transmit(f->c, &group, "a", 1).outcome,
		    MARSC_SENT_HELD);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1),
		    MULTI("0001", "8001", "00000065", "0a", G) NSAP("0b"));
		fake_leaf_ack(f, 11);
		packets_go_out(f, 1);
		fake_free(f);
	}
}

/* What is no news: our own JOIN, a LEAVE, another group. */
static void
no_news(void **state)
{
	static const char *const heard[] = {
		HEARD("04", "4000", "00000065", "0a", G3),
		HEARD("05", "4000", "00000065", "0b", G3),
		HEARD("04", "4000", "00000065", "0b", "e0010204 e0010209"),
	};
	struct fvc *control;
	struct fake *f;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		f = fake_new(10, 1, false);
		control = fake_registered(f);
		marsc_transmit(f->c, &group, "abc", 3);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1), NAK("0a", G));
		fake_says(f, control, heard[i]);
		assert_int_equal(marsc_transmit(f->c, &group, "abc", 3).why,
		    MARSC_DROP_EMPTY);
		fake_silent(f);
		fake_free(f);
	}
}

/*
 * The circuit of an answer to one endpoint ends, or is refused, under it: it is
 * not released a second time, what waited is counted, and the next answer has
 * a circuit of its own.
 */
static void
circuit_to_an_asker_gone(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct atm_addr asker = fake_addr(7);
	struct fleaf *l;
	struct vc *vc;

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_transmit_to(f->c, &asker, "a", 1).outcome,
	    MARSC_SENT_HELD);
	l = fake_leaf(f, 7);
	assert_non_null(l);
	vc = l->leaf.root;
	fake_dies(f, vc);
	f->link.user->release(f->link.arg, vc, vc->cookie, 16);
	assert_int_equal(fake_drops(f, MARSC_DROP_CIRCUIT), 1);
	assert_int_equal(marsc_transmit_to(f->c, &asker, "b", 1).outcome,
	    MARSC_SENT_HELD);
	fake_leaf_ack(f, 7);
	vc = fake_leaf(f, 7)->leaf.root;
	fake_dies(f, vc);
	f->link.user->rqfailed(f->link.arg, vc, vc->cookie, 1);
	assert_int_equal(fake_drops(f, MARSC_DROP_CIRCUIT), 1);
	assert_int_equal(fake_live_roots(f), 0);
	fake_free(f);
}

/*
 * The JOIN and the answer come on two circuits.  An answer that names nobody
 * may have been given before a JOIN that was heard before it.
 */
static void
news_before_the_answer(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	marsc_transmit(f->c, &group, "a", 1);
	fake_expect(f, REQUEST);
	fake_says(f, control, HEARD("04", "4000", "00000065", "0b", G3));
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	fake_expect(f, REQUEST);
	/* once, and not for ever */
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	fake_silent(f);
	assert_int_equal(fake_drops(f, MARSC_DROP_EMPTY), 1);
	fake_free(f);
}

/*
 * A path more than may be: given up is what was used longest ago, first of
 * those that have no member; what is used stays.
 */
static void
too_many_paths(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g[4];
	struct fnote n;
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		g[i] = fake_group(224, 1, 2, (uint8_t)(3 + i));
	f->c->limits.paths = 3;
	fake_registered(f);
	path_to(f, 3, MULTI1("03", "0b"), 11);
	path_to(f, 4, MULTI1("04", "0c"), 12);
	marsc_transmit(f->c, &g[2], "x", 1); /* asks */
	assert_non_null(fake_next(f));
	marsc_transmit(f->c, &g[3], "x", 1);
	assert_non_null(fake_next(f));
	assert_null(marsc_path_find(f->c, &g[2]));
	assert_int_equal(fake_drops(f, MARSC_DROP_BUSY), 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NOT_SENT, &n), 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_PATH_DOWN, NULL), 0);
	/* its answer opens nothing */
	fake_says(f, fake_vc(f, 1), MULTI1("05", "0d"));
	assert_null(fake_leaf(f, 13));
	fake_says(f, fake_vc(f, 1), MULTI1("06", "0e"));
	fake_leaf_ack(f, 14);
	/* all have members: the one that was used longest ago */
	marsc_transmit(f->c, &g[0], "x", 1);
	marsc_transmit(f->c, &g[2], "x", 1);
	assert_null(marsc_path_find(f->c, &g[1]));
	assert_null(fake_leaf(f, 12));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_PATH_DOWN, NULL), 1);
	assert_int_equal(fake_live_roots(f), 2);
	assert_int_equal(f->c->evicted, 2);
	assert_int_equal(f->c->npaths, 3);
	fake_free(f);
}

#define WHOLE	"e0000000 efffffff "

/*
 * Ranges of one message that overlap: it is not gone through, and the MARS is
 * asked who the members are.  Those that don't are.
 */
static void
ranges_of_a_message_do_not_overlap(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(f, control,
	    JOIN("04", "04", "0002", "4000", "0000", "00000065", "0d")
	    "e0000000 e0010203 e0010204 efffffff");
	fake_leaf_ack(f, 13);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_DECODE), 0);
	fake_says(f, control,
	    JOIN("05", "04", "0004", "4000", "0000", "00000066", "0c")
	    WHOLE WHOLE WHOLE WHOLE);
	assert_null(fake_leaf(f, 12));
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_DECODE), 1);
	fake_wait(f, MTIME_SEC(10));
	marsc_transmit(f->c, &group, "f", 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REVALIDATE, NULL), 1);
	fake_free(f);
}

/* The owner begins another stream when it is told that a leaf is gone. */
static void
sends_elsewhere(struct fake *f)
{
	const struct paddr other = fake_group(224, 9, 9, 9);

	if (f->notes[f->nnotes - 1].code == MARSC_NOTICE_LEAF_DROPPED)
		(void)marsc_transmit(f->c, &other, "abc", 3);
}

/* The owner goes on with a stream whose path is given up. */
static void
sends_again(struct fake *f)
{
	if (f->notes[f->nnotes - 1].code == MARSC_NOTICE_PATH_DOWN)
		(void)marsc_transmit(f->c, &group, "abc", 3);
}

/* Then there is no room, and there are not more paths than may be. */
static void
a_path_that_is_given_up_and_used_again_makes_no_room(void **state)
{
	const struct paddr other = fake_group(224, 9, 9, 9);
	struct fake *f = fake_new(10, 1, false);
	struct marsc_sent sent;

	(void)state;
	path_up(f);
	f->c->limits.paths = 1;
	f->told = sends_again;
	sent = marsc_transmit(f->c, &other, "abc", 3);
	assert_int_equal(f->c->npaths, 1);
	assert_int_equal(sent.outcome, MARSC_SENT_DROPPED);
	assert_int_equal(sent.why, MARSC_DROP_BUSY);
	assert_non_null(marsc_path_find(f->c, &group));
	fake_free(f);
}

/* A path that its owner is told of is not the one that makes room. */
static void
a_path_that_is_told_of_is_not_given_up(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	bool left;

	(void)state;
	for (left = false;; left = true) {
		path_up(f);
		f->c->limits.paths = 1;
		f->told = sends_elsewhere;
		if (left)
			fake_says(f, fake_vc(f, 1),
			    JOIN("05", "04", "0001", "4000", "0000",
			    "00000065", "0c") "e0010203 e0010203");
		else
			fake_leaf_drops(f, 12);
		assert_int_equal(f->c->npaths, 1);
		assert_non_null(marsc_path_find(f->c, &group));
		assert_int_equal(marsc_drops(f->c, MARSC_DROP_BUSY), 1);
		fake_free(f);
		if (left)
			break;
		f = fake_new(10, 1, false);
	}
}

/* A packet that stands in its SDU goes out as one that is copied. */
static void
in_place(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct vc_sdu *s;

	(void)state;
	path_up(f);
	assert_int_equal(marsc_head_len(f->c), 12);
	s = vc_sdu_new("............abc", 15);
	assert_int_equal(
	    marsc_transmit_sdu(f->c, &group, vc_sdu_ref(s)).members, 2);
	fake_expect(f, DATA("0005", "616263"));
	/* it is ours again, for another packet */
	assert_int_equal(s->refs, 1);
	s->data[12] = 'x';
	assert_int_equal(marsc_transmit_sdu(f->c, &group, s).members, 2);
	fake_expect(f, DATA("0005", "786263"));
	/* no room for a head, no group */
	assert_int_equal(
	    marsc_transmit_sdu(f->c, &group, vc_sdu_new(NULL, 11)).why,
	    MARSC_DROP_GROUP);
	assert_int_equal(marsc_transmit_sdu(f->c, &(struct paddr){ 0 },
	    vc_sdu_new(NULL, 12)).why, MARSC_DROP_GROUP);
	fake_silent(f);
	fake_free(f);
}

/*
 * Where circuits allow it all are called at once: a member that is dead keeps
 * nobody waiting for longer than 100 ms after the first is up.
 */
static void
all_at_once(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct vc_backend backend = *f->link.backend;

	(void)state;
	backend.calls_at_once = true;
	f->link.backend = &backend;
	fake_registered(f);
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	assert_int_equal(f->nleaves, 2);
	fake_wait(f, MTIME_SEC(1));
	fake_leaf_ack(f, 12);
	fake_wait(f, MTIME_MS(100) - 1);
	fake_silent(f);
	fake_wait(f, 1);
	fake_expect(f, DATA("0005", "616263"));
	fake_leaf_fails(f, 11, 1);
	assert_int_equal(fake_live_leaves(f), 1);
	fake_free(f);
}

/* The MARS has failed, and we are registered with it again. */
static struct fvc *
again(struct fake *f)
{
	struct fvc *v;

	fake_wait(f, MTIME_SEC(240)); /* no MARS_REDIRECT_MAP */
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6002", "0005", "00000064", "0a"));
	assert_true(marsc_is_registered(f->c));
	return v;
}

/* A packet 10 s later: VC_revalidate is set, and the MARS is asked. */
static void
ask_again(struct fake *f)
{
	fake_wait(f, MTIME_SEC(10));
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_expect(f, REQUEST);
}

/*
 * a MARS that has restarted knows only who has joined again by now.
 * Who is missing stays for 100 s, unless he leaves; who is new is called.
 */
static void
settling(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;

	(void)state;
	path_up(f);
	v = again(f);
	ask_again(f);
	/* .11 has joined, .12 not yet, .13 is new */
	fake_says(f, v,
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0d"));
	fake_leaf_ack(f, 13);
	assert_int_equal(fake_live_leaves(f), 3);
	/* it is asked once more when everybody had the time to join */
	fake_wait(f, MTIME_SEC(89));
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_silent(f);
	fake_wait(f, MTIME_SEC(11));
	marsc_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_expect(f, REQUEST);
	fake_says(f, v,
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0d"));
	assert_int_equal(fake_live_leaves(f), 2);
	assert_null(fake_leaf(f, 12));
	fake_free(f);
}

/* nobody of them, or none at all, is no answer yet */
static void
settling_strangers(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;

	(void)state;
	path_up(f);
	v = again(f);
	ask_again(f);
	fake_says(f, v, NAK("0a", G));
	assert_int_equal(fake_live_leaves(f), 2);
	ask_again(f);
	fake_says(f, v, MULTI("0001", "8001", "00000064", "0a", G) NSAP("0d"));
	assert_int_equal(fake_live_leaves(f), 2);
	assert_null(fake_leaf(f, 13));
	/* what is heard counts at once */
	fake_says(f, v, HEARD("05", "4000", "00000065", "0b", G3));
	assert_int_equal(fake_live_leaves(f), 1);
	fake_wait(f, MTIME_SEC(100));
	ask_again(f);
	fake_says(f, v, MULTI("0001", "8001", "00000065", "0a", G) NSAP("0d"));
	fake_leaf_ack(f, 13);
	assert_int_equal(fake_live_leaves(f), 1);
	assert_non_null(fake_leaf(f, 13));
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(settling),
		cmocka_unit_test(settling_strangers),
		cmocka_unit_test(table),
		cmocka_unit_test(opening),
		cmocka_unit_test(empty),
		cmocka_unit_test(failing_calls),
		cmocka_unit_test(causes),
		cmocka_unit_test(joined_while_called),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(jump_in_doubt),
		cmocka_unit_test(doubling),
		cmocka_unit_test(one_call),
		cmocka_unit_test(moves_while_calling),
		cmocka_unit_test(no_leaf),
		cmocka_unit_test(tracking),
		cmocka_unit_test(last_leaf),
		cmocka_unit_test(own_leave),
		cmocka_unit_test(jump),
		cmocka_unit_test(jump_in_multi),
		cmocka_unit_test(jump_stales_all),
		cmocka_unit_test(earliest),
		cmocka_unit_test(error_of_one),
		cmocka_unit_test(current_cmi),
		cmocka_unit_test(leaf_drops),
		cmocka_unit_test(released),
		cmocka_unit_test(idle),
		cmocka_unit_test(idle_configured),
		cmocka_unit_test(migrate),
		cmocka_unit_test(receiving),
		cmocka_unit_test(first_packets),
		cmocka_unit_test(first_packets_late),
		cmocka_unit_test(first_packets_of_some),
		cmocka_unit_test(first_packets_moved),
		cmocka_unit_test(held_bounds),
		cmocka_unit_test(members_are_bounded),
		cmocka_unit_test(news_of_the_empty),
		cmocka_unit_test(no_news),
		cmocka_unit_test(circuit_to_an_asker_gone),
		cmocka_unit_test(news_before_the_answer),
		cmocka_unit_test(too_many_paths),
		cmocka_unit_test(ranges_of_a_message_do_not_overlap),
		cmocka_unit_test(a_path_that_is_told_of_is_not_given_up),
		cmocka_unit_test(
		    a_path_that_is_given_up_and_used_again_makes_no_room),
		cmocka_unit_test(in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
