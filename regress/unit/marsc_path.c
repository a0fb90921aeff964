/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* links: marsc */
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
	size_t s, e;

	(void)state;
	for (s = 0; s < PATH_STATE_MAX; s++)
		for (e = 0; e < PATH_EVENT_MAX; e++) {
			assert_non_null(path_table[s][e].action);
			assert_true(path_table[s][e].next < PATH_STATE_MAX);
		}
}

/* A path to 127.0.0.11 (0b) and .12 (0c), up. */
static struct fvc *
path_up(struct fake *f)
{
	struct fvc *control = fake_registered(f);

	client_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), MULTI("0002", "8001", "00000064", "0a", G)
	    NSAP("0b") NSAP("0c"));
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
	client_transmit(f->c, &group, "abc", 3);
	client_transmit(f->c, &group, "de", 2);
	fake_expect(f, REQUEST);
	fake_silent(f);
	/* we are listed and leave ourselves out */
	fake_says(f, fake_vc(f, 1), MULTI("0003", "8001", "00000064", "0a", G)
	    NSAP("0a") NSAP("0b") NSAP("0c"));
	assert_int_equal(f->nleaves, 1);
	fake_silent(f);
	fake_leaf_ack(f, 11);
	assert_int_equal(f->nleaves, 2);
	assert_non_null(fake_leaf(f, 12));
	fake_expect(f, DATA("0005", "616263"));
	fake_expect(f, DATA("0005", "6465"));
	client_transmit(f->c, &group, "f", 1);
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
	client_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	client_transmit(f->c, &group, "abc", 3);
	fake_wait(f, MTIME_SEC(5) - 1);
	client_transmit(f->c, &group, "abc", 3);
	fake_wait(f, MTIME_SEC(5) + 1);
	fake_silent(f);
	assert_int_equal(fake_live_roots(f), 0);
	client_transmit(f->c, &group, "abc", 3);
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
	client_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), MULTI("0003", "8001", "00000064", "0a", G)
	    NSAP("0b") NSAP("0c") NSAP("0d"));
	fake_leaf_fails(f, 11, 27);		/* dropped */
	fake_leaf_fails(f, 12, 41);		/* tagged */
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

/* All calls fail for good: there is no path, and the next packet asks. */
static void
no_leaf(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	client_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), MULTI("0001", "8001", "00000064", "0a", G)
	    NSAP("0b"));
	fake_leaf_fails(f, 11, 21);
	assert_int_equal(fake_live_roots(f), 0);
	client_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_free(f);
}

/*
 * R2022-5.1.4-01, -02, R2022-5.1.4.1-01, -02, -05, R2022-5.2-05, A-142:
 * JOIN and LEAVE of others move the leaves, whatever the number of pairs;
 * what is known changes nothing; we are no leaf of our own.
 */
static void
tracking(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = path_up(f);

	(void)state;
	fake_says(f, control, HEARD("04", "c000", "00000065", "0d", G3));
	assert_non_null(fake_leaf(f, 13));
	fake_says(f, control, HEARD("04", "c000", "00000066", "0d", G3));
	fake_says(f, control, HEARD("04", "c000", "00000067", "0a", G3));
	fake_says(f, control, HEARD("04", "c000", "00000068", "0e",
	    "e0010204 e0010204"));
	assert_int_equal(f->nleaves, 3);
	/* punched, three pairs, the last one holds the group */
	fake_says(f, control, JOIN("04", "04", "0003", "5000", "0000",
	    "00000069", "0e") "e0000000 e0000001 e0010000 e0010100 "
	    "e0010200 e0010205");
	assert_non_null(fake_leaf(f, 14));
	/* no pairs: only the number counts */
	fake_says(f, control, JOIN("05", "04", "0000", "5000", "0000",
	    "0000006a", "0e"));
	assert_non_null(fake_leaf(f, 14));
	assert_int_equal(f->c->hsn.value, 0x6a);
	fake_says(f, control, HEARD("05", "4000", "0000006b", "0e",
	    "e0000000 efffffff"));
	assert_null(fake_leaf(f, 14));
	/* a registration, and what is not a copy, are no membership */
	fake_says(f, control, JOIN("05", "00", "0001", "6000", "0000",
	    "0000006c", "0d"));
	fake_says(f, control, HEARD("05", "8000", "0000006d", "0d", G3));
	assert_non_null(fake_leaf(f, 13));
	assert_int_equal(fake_noted(f, CLIENT_JUMP, NULL), 0);
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
	client_transmit(f->c, &group, "x", 1);
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
	client_join(f->c, &group, &group, true);
	client_leave(f->c, &group, &group);
	fake_says(f, control, HEARD("05", "c003", "00000065", "0a", G3));
	assert_int_equal(fake_noted(f, CLIENT_LEFT, NULL), 1);
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
	fake_says(f, control, MAP("00", "0001", "8001", "00000066", "01")
	    NSAP("01"));
	assert_int_equal(fake_noted(f, CLIENT_JUMP, NULL), 1);
	fake_wait(f, MTIME_SEC(1) - 1);
	client_transmit(f->c, &group, "x", 1);
	fake_expect(f, DATA("0005", "78"));
	fake_silent(f);
	fake_wait(f, MTIME_SEC(9) + 1);
	fake_silent(f);			/* only when there is a packet */
	client_transmit(f->c, &group, "y", 1);
	fake_expect(f, DATA("0005", "79"));
	fake_expect(f, REQUEST);
	client_transmit(f->c, &group, "z", 1);
	fake_expect(f, DATA("0005", "7a"));
	fake_silent(f);
	fake_says(f, fake_vc(f, 1), MULTI("0002", "8001", "00000066", "0a", G)
	    NSAP("0c") NSAP("0d"));
	assert_null(fake_leaf(f, 11));
	assert_non_null(fake_leaf(f, 12));
	assert_non_null(fake_leaf(f, 13));
	assert_int_equal(fake_live_roots(f), 1);
	client_transmit(f->c, &group, "x", 1);
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
	client_transmit(f->c, &other, "x", 1);
	assert_non_null(fake_next(f));
	fake_says(f, fake_vc(f, 1), MULTI("0001", "8001", "00000080", "0a",
	    "e0010204") NSAP("0b"));
	fake_leaf_ack(f, 11);
	fake_wait(f, MTIME_SEC(10));
	assert_true(path_find(f->c, &group)->revalidate);
	assert_false(path_find(f->c, &other)->revalidate);
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
	assert_false(path_find(f->c, &group)->revalidate);
	fake_wait(f, MTIME_SEC(9) + 1);
	assert_true(path_find(f->c, &group)->revalidate);
	fake_leaf_drops(f, 12);
	assert_null(path_find(f->c, &group));
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
	assert_null(path_find(f->c, &group));
	client_transmit(f->c, &group, "x", 1);
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
		fake_says(f, control, MAP("00", "0001", "8001", "00000064",
		    "01") NSAP("01"));
	}
	client_transmit(f->c, &group, "x", 1);
	for (i = 0; i < 20; i++) {
		assert_non_null(path_find(f->c, &group));
		fake_wait(f, MTIME_SEC(60));
		fake_says(f, control, MAP("00", "0001", "8001", "00000064",
		    "01") NSAP("01"));
	}
	assert_null(path_find(f->c, &group));
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
	fake_says(f, control, MIGRATE("0002", "00000065", G) NSAP("1e")
	    NSAP("1f"));
	assert_null(fake_leaf(f, 11));
	assert_null(fake_leaf(f, 12));
	assert_int_equal(fake_live_roots(f), 1);
	fake_leaf_ack(f, 30);
	assert_non_null(fake_leaf(f, 31));
	fake_says(f, control, MIGRATE("0001", "00000068", "e0010204")
	    NSAP("1e"));
	assert_int_equal(fake_noted(f, CLIENT_JUMP, NULL), 1);
	assert_int_equal(fake_live_roots(f), 1);
	client_transmit(f->c, &group, "x", 1);
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
	fake_says(f, v, DATA("0005", "616263"));	/* reflected */
	assert_int_equal(f->npackets, 1);
	assert_int_equal(client_drops(f->c, CLIENT_DROP_REFLECTED), 1);
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
	fake_says(f, v, "aaaa03 00005e 0004 0005000000000000 0080 0000000800 "
	    "00 67");
	assert_int_equal(f->npackets, 4);
	assert_memory_equal(f->packet, "g", 1);
	fake_says(f, v, "aaaa03 00005e 0001 0006 08");	/* cut */
	assert_int_equal(f->npackets, 4);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(opening),
		cmocka_unit_test(empty),
		cmocka_unit_test(failing_calls),
		cmocka_unit_test(no_leaf),
		cmocka_unit_test(tracking),
		cmocka_unit_test(last_leaf),
		cmocka_unit_test(own_leave),
		cmocka_unit_test(jump),
		cmocka_unit_test(jump_in_multi),
		cmocka_unit_test(leaf_drops),
		cmocka_unit_test(released),
		cmocka_unit_test(idle),
		cmocka_unit_test(migrate),
		cmocka_unit_test(receiving),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
