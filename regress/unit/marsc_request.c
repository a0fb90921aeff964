/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdio.h>

#include "marsc_fake.h"

#define G	"e0010203"
#define REQUEST	HEAD("01") "14 00 00 00 00 04 0000000000000000 " NSAP("0a") G
#define PART(xy, msn, x)	MULTI("0001", xy, msn, "0a", G) NSAP(x)

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };

/* Every cell of both tables is written. */
static void
table(void **state)
{
	const struct table_cell *cell;
	unsigned int s, e;

	(void)state;
	for (s = 0; s < MARSC_QUERY_STATE_MAX; s++)
		for (e = 0; e < MARSC_QUERY_EVENT_MAX; e++) {
			cell = table_cell(&marsc_query_table, s, e);
			assert_int_not_equal(cell->action, TABLE_FORGOTTEN);
			assert_true(cell->next < MARSC_QUERY_STATE_MAX);
		}
	for (s = 0; s < MARSC_PARTS_STATE_MAX; s++)
		for (e = 0; e < MARSC_PARTS_EVENT_MAX; e++) {
			cell = table_cell(&marsc_parts_table, s, e);
			assert_int_not_equal(cell->action, TABLE_FORGOTTEN);
			assert_true(cell->next < MARSC_PARTS_STATE_MAX);
		}
}

/*
 * R2022-5.1.2-01, -02, -03, -04, -05, -14, A-137: a MARS_REQUEST; the answer
 * is told by its source and its group.
 */
static void
request(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_request(f->c, &group), MARSC_OK);
	fake_expect(f, REQUEST);
	/* of another client, of another group */
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0b", G) NSAP("0c"));
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000064", "0a", "e0010204") NSAP("0c"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
	assert_int_equal(fake_drops(f, MARSC_DROP_UNASKED), 2);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0c") NSAP("0d"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 2);
	assert_int_equal(n.first.num[6], 12);
	fake_free(f);
}

/*
 * R2022-5.1.1-03: after a NAK, or where we are the only member, 5 to 10 s
 * pass before the group is asked about again.
 */
static void
quiet(void **state)
{
	static const char *const empty[] = { NAK("0a", G),
		PART("8001", "00000064", "0a") };
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;
	size_t i;

	(void)state;
	fake_registered(f);
	for (i = 0; i < 2; i++) {
		marsc_request(f->c, &group);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1), empty[i]);
		assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
		assert_int_equal(n.n, i);
		marsc_request(f->c, &group);
		fake_wait(f, MTIME_SEC(5) - 1);
		fake_silent(f);
		fake_wait(f, MTIME_SEC(5) + 1);
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1), NAK("0a", G));
		assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
		fake_wait(f, MTIME_SEC(10));
		fake_silent(f);
	}
	fake_free(f);
}

/* R2022-5.1.1-08, -11, R2022-5.1.4.2-07: parts, together and in order */
static void
parts(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), PART("0001", "00000070", "0c"));
	fake_says(f, fake_vc(f, 1), PART("0002", "00000070", "0d"));
	assert_int_equal(f->c->hsn.value, 100); /* not yet */
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
	fake_says(f, fake_vc(f, 1), PART("8003", "00000070", "0e"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 3);
	assert_int_equal(f->c->hsn.value, 0x70);
	fake_free(f);
}

/* The owner asks when it is told that what it has sent is lost. */
static void
asks_then(struct fake *f)
{
	if (f->notes[f->nnotes - 1].code == MARSC_NOTICE_NOT_SENT)
		(void)marsc_request(f->c, &group);
}

/* It is told the answer to its question, and not what was said before. */
static void
a_question_that_an_answer_leads_to_has_its_own(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	fake_registered(f);
	f->told = asks_then;
	marsc_transmit(f->c, &group, "abc", 3);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_NOT_SENT, NULL), 1);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), PART("8001", "00000064", "0c"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 1);
	fake_free(f);
}

/*
 * A MARS whose answer never ends does not fill our memory: what is too much is
 * discarded, asked for again, and given back with the answer that fits.
 */
static void
an_answer_without_end_is_discarded(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;
	int i;

	(void)state;
	fake_registered(f);
	f->c->answers.most = 3 * sizeof(struct atm_addr);
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	for (i = 0; i < 2; i++) {
		fake_says(f, fake_vc(f, 1), PART("0001", "00000064", "0c"));
		fake_says(f, fake_vc(f, 1), PART("0002", "00000064", "0d"));
		fake_says(f, fake_vc(f, 1), PART("0003", "00000064", "0e"));
		fake_says(f, fake_vc(f, 1), PART("0004", "00000064", "0f"));
		fake_silent(f);
		fake_says(f, fake_vc(f, 1), PART("8005", "00000064", "10"));
		fake_expect(f, REQUEST);
		assert_in_range(f->c->answers.octets, sizeof(struct atm_addr),
		    f->c->answers.most);
	}
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_PARTS), 2);
	fake_says(f, fake_vc(f, 1), PART("0001", "00000064", "0c"));
	fake_says(f, fake_vc(f, 1), PART("0002", "00000064", "0d"));
	fake_says(f, fake_vc(f, 1), PART("8003", "00000064", "0e"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 3);
	assert_int_equal(f->c->answers.octets, 0);
	fake_free(f);
}

/*
 * R2022-5.1.1-08, -11, -13: a jump of y or a change of mar$msn: wait for the
 * last part, discard all, ask again.
 */
static void
broken(void **state)
{
	static const char *const wrong[][3] = {
		/* part 2 is lost, then part 1, then msn changes */
		{ PART("0001", "00000064", "0c"),
		    PART("0003", "00000064", "0d"),
		    PART("8004", "00000064", "0e") },
		{ PART("0002", "00000064", "0c"),
		    PART("0003", "00000064", "0d"),
		    PART("8004", "00000064", "0e") },
		{ PART("0001", "00000064", "0c"),
		    PART("0002", "00000065", "0d"),
		    PART("8003", "00000065", "0e") },
	};
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;
	size_t i;

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	for (i = 0; i < 3; i++) {
		fake_says(f, fake_vc(f, 1), wrong[i][0]);
		fake_says(f, fake_vc(f, 1), wrong[i][1]);
		fake_silent(f);
		fake_says(f, fake_vc(f, 1), wrong[i][2]);
		fake_expect(f, REQUEST);
		assert_int_equal(f->c->hsn.value, 100);
	}
	/* the last part alone is lost: part 8004 after 0002 fails at once */
	fake_says(f, fake_vc(f, 1), PART("0001", "00000064", "0c"));
	fake_says(f, fake_vc(f, 1), PART("8003", "00000064", "0d"));
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), PART("8001", "00000064", "0f"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 1);
	assert_int_equal(n.first.num[6], 15);
	fake_free(f);
}

/*
 * R2022-5.1.1-09, -10, -12, R2022-E-03, A-123: 10 s after the last part that
 * came, all is discarded and asked for again.
 */
static void
timeout(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fnote n;

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	fake_wait(f, MTIME_SEC(9));
	fake_says(f, fake_vc(f, 1), PART("0001", "00000064", "0c"));
	fake_wait(f, MTIME_SEC(10) - 1);
	fake_silent(f);
	fake_wait(f, 1);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), PART("8001", "00000064", "0d"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.n, 1);
	fake_free(f);
}

/* R2022-5.4-03, A-123: six requests without an answer: the MARS failed */
static void
failure(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	int i;

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	for (i = 0; i < 6; i++) {
		fake_expect(f, REQUEST);
		assert_int_equal(
		    fake_noted(f, MARSC_NOTICE_QUERY_FAILED, NULL), 0);
		fake_wait(f, MTIME_SEC(10));
	}
	fake_silent(f);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_QUERY_FAILED, NULL), 1);
	assert_false(marsc_is_registered(f->c));
	fake_free(f);
}

/* Answers that break for ever end in the same way. */
static void
broken_for_ever(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	int i;

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	for (i = 0; i < 6; i++) {
		fake_expect(f, REQUEST);
		fake_says(f, fake_vc(f, 1), PART("8002", "00000064", "0c"));
	}
	fake_silent(f);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_QUERY_FAILED, NULL), 1);
	fake_free(f);
}

#define LIST	HEAD("0a") "14 00 00 04 0001 0000 0000 00000000 " NSAP("0a") \
	"e0000000 efffffff"
#define GROUPS(tnum, xy, msn)	HEAD("0b") "14 00 00 00 00 04 " tnum " " xy \
	" " msn " " NSAP("0a")

/*
 * R2022-5.3-01, -10, R2022-8.5-02: the list of groups, in parts, and again
 * when mar$msn changed between them.
 */
static void
grouplist(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr min = fake_group(224, 0, 0, 0);
	struct paddr max = fake_group(239, 255, 255, 255);
	struct fnote n;

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_grouplist(f->c, &max, &min), MARSC_E_RANGE);
	assert_int_equal(marsc_grouplist(f->c, &min, &max), MARSC_OK);
	assert_int_equal(marsc_grouplist(f->c, &min, &max), MARSC_E_BUSY);
	fake_expect(f, LIST);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "0001", "00000064") G);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "8002", "00000065") G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, NULL), 0);
	fake_expect(f, LIST);
	fake_says(f, fake_vc(f, 1),
	    GROUPS("0002", "0001", "00000064") "e0010101 e0010102");
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "8002", "00000064") G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, &n), 1);
	assert_int_equal(n.n, 3);
	/* an empty one is an answer, and may be asked for at once */
	assert_int_equal(marsc_grouplist(f->c, &min, &max), MARSC_OK);
	fake_expect(f, LIST);
	fake_says(f, fake_vc(f, 1), GROUPS("0000", "8001", "00000064"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, &n), 1);
	assert_int_equal(n.n, 0);
	fake_free(f);
}

/* R2022-10.3-03: Type.x 1 and 2 drop the message, 0 and 3 skip the TLV */
static void
tlvs(void **state)
{
	/* the list begins at octet 56 + 20 of the message */
#define ANSWER(tlv)                                                   \
	MARS_LLC "000f 0800 0000000000 000000 0000 004c 0002 "        \
		 "14 00 00 14 00 04 0001 8001 00000064 " NSAP("0a") G \
	    " " NSAP("0c") tlv " 00000000"
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), ANSWER("4001 0004 01020304"));
	fake_says(f, fake_vc(f, 1), ANSWER("8001 0004 01020304"));
	assert_int_equal(fake_drops(f, MARSC_DROP_TLV), 2);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
	fake_says(f, fake_vc(f, 1), ANSWER("0001 0004 01020304"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 1);
	marsc_request(f->c, &group);
	fake_says(f, fake_vc(f, 1), ANSWER("c001 0004 01020304"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 1);
	fake_free(f);
}

/* this message, with a TLV that nobody knows, of that Type.x */
static void
says_with(struct fake *f, const char *hex, unsigned x)
{
	struct fvc *v = fake_vc(f, 1);
	uint8_t m[1024];
	size_t len, at;
	uint8_t *data = unhex(hex, &len);

	assert_true(len + 16 < sizeof(m));
	memset(m, 0, sizeof(m));
	memcpy(m, data, len);
	free(data);
	at = (len + 3) / 4 * 4; /* LLC/SNAP has 8 */
	m[8 + 14] = (uint8_t)((at - 8) >> 8); /* mar$extoff */
	m[8 + 15] = (uint8_t)(at - 8);
	m[at] = (uint8_t)(x << 6);
	m[at + 1] = 1;
	/* without a value; the Null TLV */
	f->link.user->sdu(f->link.arg, &v->vc, v->vc.cookie, m, at + 8);
}

/*
 * R2022-10.3-03, R2022-10.2-06 to -09: and so in every message of a MARS:
 * where Type.x says so nothing of it counts, not even its number.
 */
static void
tlvs_of_every_message(void **state)
{
	static const char *const said[] = {
		JOIN("04", "04", "0001", "4000", "0000", "00000070", "0b") G G,
		JOIN("05", "04", "0001", "4000", "0000", "00000070", "0b") G G,
		MAP("00", "0001", "8001", "00000070", "01") NSAP("01"),
		MIGRATE("0001", "00000070", G) NSAP("1e"),
		PART("8001", "00000070", "0c"),
		GROUPS("0001", "8001", "00000070") G,
		NAK("0a", G),
	};
	static const char *const copy =
	    JOIN("04", "00", "0001", "6001", "0005", "00000064", "0a");
	struct paddr min = fake_group(224, 0, 0, 0);
	struct paddr max = fake_group(239, 255, 255, 255);
	struct fake *f;
	unsigned i, x;

	(void)state;
	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++)
		for (x = 0; x < 4; x += 3) {
			f = fake_new(10, 1, false);
			fake_registered(f);
			marsc_request(f->c, &group);
			marsc_grouplist(f->c, &min, &max);
			says_with(f, said[i], 1);
			says_with(f, said[i], 2);
			assert_int_equal(fake_drops(f, MARSC_DROP_TLV), 2);
			assert_int_equal(f->c->hsn.value, 0x64);
			assert_int_equal(
			    fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
			says_with(f, said[i], x);
			assert_int_equal(fake_drops(f, MARSC_DROP_TLV), 2);
			/* a MARS_NAK has no number */
			if (i + 1 < sizeof(said) / sizeof(said[0]))
				assert_int_equal(f->c->hsn.value, 0x70);
			else
				assert_int_equal(fake_noted(f,
				    MARSC_NOTICE_MEMBERS, NULL), 1);
			fake_free(f);
		}
	for (x = 0; x < 4; x += 3) {
		f = fake_new(10, 1, false);
		marsc_register(f->c);
		(void)fake_ack(f, 1);
		says_with(f, copy, 1);
		says_with(f, copy, 2);
		assert_false(marsc_is_registered(f->c));
		says_with(f, copy, x);
		assert_true(marsc_is_registered(f->c));
		fake_free(f);
	}
}

/*
 * R2443-1-04: nothing is asked before there is a registration; then at once.
 */
static void
before(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr min = fake_group(224, 0, 0, 0);
	struct paddr max = fake_group(239, 255, 255, 255);

	(void)state;
	assert_int_equal(marsc_request(f->c, &group), MARSC_OK);
	assert_int_equal(marsc_grouplist(f->c, &min, &max), MARSC_OK);
	fake_wait(f, MTIME_SEC(100));
	fake_silent(f);
	assert_int_equal(f->nvcs, 0);
	fake_registered(f);
	fake_expect(f, REQUEST);
	fake_expect(f, LIST);
	fake_silent(f);
	fake_free(f);
}

/* +15551234567 with the subaddress 127.0.0.x */
#define E164(x)	"3135353531323334353637 " NSAP(x)

/*
 * R2022-5.1.2-04, -14, R2022-3-02: a source of an ATM number and a subaddress:
 * both are said, and both tell what is ours.
 */
static void
subaddress(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct atm_addr a = fake_addr(10);
	struct fnote n;
	struct fvc *v;

	(void)state;
	memcpy(f->link.local.num, "15551234567\0\0\0\0\0\0\0\0", 20);
	f->link.local.num_tl = 0x4b;
	memcpy(f->link.local.sub, a.num, 20);
	f->link.local.sub_tl = 20;
	marsc_register(f->c);
	v = fake_ack(f, 1);
	fake_expect(
	    f, HEAD("04") "4b 14 00 00 0001 2001 0000 00000000 " E164("0a"));
	fake_says(
	    f, v, HEAD("04") "4b 14 00 00 0001 6001 0005 00000064 " E164("0b"));
	assert_false(marsc_is_registered(f->c));
	fake_says(
	    f, v, HEAD("04") "4b 14 00 00 0001 6001 0005 00000064 " E164("0a"));
	assert_true(marsc_is_registered(f->c));
	marsc_request(f->c, &group);
	fake_expect(
	    f, HEAD("01") "4b 14 00 00 00 04 0000000000000000 " E164("0a") G);
	/* of the same number with another subaddress, and with none */
	fake_says(f, v,
	    HEAD("02") "4b 14 00 14 00 04 0001 8001 00000064 " E164("0b")
		G NSAP("0c"));
	fake_says(f, v,
	    HEAD("02") "4b 00 00 14 00 04 0001 8001 00000064 "
	    "3135353531323334353637" G NSAP("0c"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, NULL), 0);
	/* a member of that kind too */
	fake_says(f, v,
	    HEAD("02") "4b 14 00 4b 14 04 0001 8001 00000064 " E164("0a")
		G E164("0c"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MEMBERS, &n), 1);
	assert_int_equal(n.first.num_tl, 0x4b);
	assert_int_equal(n.first.sub_tl, 20);
	assert_int_equal(n.first.sub[6], 12);
	fake_free(f);
}

/*
 * R2022-5.3-10, R2022-8.5-03: the groups of a part of the space; a part of the
 * answer that is lost or late costs the whole of it.
 */
static void
grouplist_errors(void **state)
{
	static const char *const list =
	    HEAD("0a") "14 00 00 04 0001 0000 "
	    "0000 00000000 " NSAP("0a") "e0010000 e001ffff";
	struct fake *f = fake_new(10, 1, false);
	struct paddr min = fake_group(224, 1, 0, 0);
	struct paddr max = fake_group(224, 1, 255, 255);
	struct fnote n;

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_grouplist(f->c, &min, &max), MARSC_OK);
	fake_expect(f, list);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "0001", "00000064") G);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "0003", "00000064") G);
	fake_silent(f);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "8004", "00000064") G);
	fake_expect(f, list);
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "0001", "00000064") G);
	fake_wait(f, MTIME_SEC(10) - 1);
	fake_silent(f);
	fake_wait(f, 1);
	fake_expect(f, list);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, NULL), 0);
	/* another's */
	fake_says(f, fake_vc(f, 1),
	    HEAD("0b") "14 00 00 00 00 04 0001 8001 "
	    "00000064 " NSAP("0b") G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, NULL), 0);
	/* its number counts as any other's */
	fake_says(f, fake_vc(f, 1), GROUPS("0001", "8001", "00000077") G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_GROUPS, &n), 1);
	assert_int_equal(n.n, 1);
	assert_int_equal(f->c->hsn.value, 0x77);
	fake_free(f);
}

static struct paddr
nth(int i)
{
	return fake_group(239, 2, (uint8_t)(i >> 8), (uint8_t)i);
}

/* How many requests went out since the last look. */
static int
asked(struct fake *f)
{
	struct fsent *s;
	int n = 0;

	while ((s = fake_next(f)) != NULL)
		n += s->data[7] == 0x03 && s->data[8 + 17] == MARS_REQUEST;
	f->nsent = f->nnotes = 0;
	return n;
}

/* The MARS says of group i that it is empty. */
static void
is_empty(struct fake *f, int i)
{
	char nak[512];

	(void)snprintf(nak, sizeof(nak), "%sef02%02x%02x", NAK("0a", ""),
	    i >> 8, i & 0xff);
	fake_says(f, fake_vc(f, 1), nak);
}

/*
 * R2022-5.4-03: somebody on our LAN sends one packet to each of 20,000 groups.
 * We ask 50 times a second, no more than 64 at a time, and keep few of them;
 * what the MARS does not answer does not make us leave it, as long as it
 * answers others.
 */
static void
flood(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct marsc_query *q;
	struct paddr g;
	int i, n = 0, dropped = 0;

	(void)state;
	fake_registered(f);
	for (i = 0; i < 20000; i++) {
		g = nth(i);
		if (marsc_transmit(f->c, &g, "x", 1).outcome ==
		    MARSC_SENT_DROPPED)
			dropped++;
		if (i % 200 != 0)
			continue;
		fake_wait(f, MTIME_MS(100));
		n += asked(f);
		assert_true(f->c->turn.nopen <= 64);
		assert_true(f->c->turn.nrest <= 64);
		assert_true(f->c->npaths <= 128);
		/* every third question is lost */
		RB_FOREACH(q, marsc_query_tree, &f->c->queries)
			if (q->state == MARSC_QUERY_ASKING && q->min.a[3] % 3)
				break;
		if (q != NULL)
			is_empty(f, q->min.a[2] << 8 | q->min.a[3]);
	}
	assert_in_range(n, 64, 64 + 10 * 50);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_BUSY), dropped);
	assert_true(dropped > 19000);
	/* for ten minutes one question a second is answered */
	for (i = 0; i < 600; i++) {
		g = nth(30000 + i);
		fake_wait(f, MTIME_SEC(1));
		marsc_transmit(f->c, &g, "x", 1);
		(void)asked(f);
		RB_FOREACH(q, marsc_query_tree, &f->c->queries)
			if (q->state == MARSC_QUERY_ASKING)
				break;
		if (q != NULL)
			is_empty(f, q->min.a[2] << 8 | q->min.a[3]);
		if (i % 60 == 0)
			fake_says(f, fake_vc(f, 1),
			    MAP("00", "0001", "8001", "00000064", "01")
				NSAP("01"));
	}
	assert_true(marsc_is_registered(f->c));
	fake_free(f);
}

/*
 * The oldest packet's group is asked about first; but what the owner wants to
 * know, and what we are sending to, does not wait behind new groups.
 */
static void
lines(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g;
	int i;

	(void)state;
	fake_registered(f);
	f->c->limits.requests = 1;
	f->c->limits.requests_waiting = 3;
	for (i = 0; i < 6; i++) {
		g = nth(i);
		assert_int_equal(marsc_transmit(f->c, &g, "x", 1).why,
		    i < 4 ? MARSC_DROP_LLC : MARSC_DROP_BUSY);
	}
	assert_int_equal(marsc_request(f->c, &group), MARSC_OK);
	assert_int_equal(asked(f), 1);
	for (i = 0; i < 4; i++) {
		is_empty(f, i);
		if (i == 0) { /* the owner's is next */
			fake_expect(f, REQUEST);
			fake_says(f, fake_vc(f, 1), NAK("0a", G));
		}
		assert_int_equal(asked(f), i < 3);
	}
	assert_int_equal(fake_drops(f, MARSC_DROP_EMPTY), 4);
	assert_int_equal(f->c->turn.nopen, 0);
	fake_free(f);
}

/* R2022-5.4-03: where nothing is answered, the MARS has failed all the same */
static void
nothing_answered(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g;
	int i;

	(void)state;
	fake_registered(f);
	for (i = 0; i < 100; i++) {
		g = nth(i);
		marsc_transmit(f->c, &g, "x", 1);
	}
	for (i = 0; i < 59; i++) {
		fake_wait(f, MTIME_SEC(1));
		(void)asked(f);
	}
	assert_true(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(1));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	assert_false(marsc_is_registered(f->c));
	fake_free(f);
}

/* What is asked while it is quiet waits for news, too. */
static void
news_for_the_owner(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	marsc_request(f->c, &group);
	fake_expect(f, REQUEST);
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	marsc_request(f->c, &group);
	fake_silent(f);
	fake_says(f, control,
	    JOIN("04", "04", "0001", "4000", "0000", "00000065", "0b") G G);
	fake_expect(f, REQUEST);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(request),
		cmocka_unit_test(quiet),
		cmocka_unit_test(parts),
		cmocka_unit_test(an_answer_without_end_is_discarded),
		cmocka_unit_test(
		    a_question_that_an_answer_leads_to_has_its_own),
		cmocka_unit_test(broken),
		cmocka_unit_test(timeout),
		cmocka_unit_test(failure),
		cmocka_unit_test(broken_for_ever),
		cmocka_unit_test(grouplist),
		cmocka_unit_test(tlvs),
		cmocka_unit_test(tlvs_of_every_message),
		cmocka_unit_test(before),
		cmocka_unit_test(subaddress),
		cmocka_unit_test(grouplist_errors),
		cmocka_unit_test(flood),
		cmocka_unit_test(lines),
		cmocka_unit_test(nothing_answered),
		cmocka_unit_test(news_for_the_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
