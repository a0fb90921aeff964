/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsc_fake.h"

#define G3	"e0010203 e0010203"
#define SENT(op, flags)	JOIN(op, "04", "0001", flags, "0000", "00000000", \
	"0a")
#define BACK(op, flags)	JOIN(op, "04", "0001", flags, "0000", "00000065", \
	"0a")

static const struct paddr *
g(uint8_t last)
{
	static struct paddr v[4];
	static int i;

	i = (i + 1) % 4;
	v[i] = fake_group(224, 1, 2, last);
	return &v[i];
}

/* Every cell is written. */
static void
table(void **state)
{
	const struct table_cell *cell;
	unsigned int s, e;

	(void)state;
	for (s = 0; s < MARSC_JOIN_STATE_MAX; s++)
		for (e = 0; e < MARSC_JOIN_EVENT_MAX; e++) {
			cell = table_cell(&marsc_join_table, s, e);
			assert_int_not_equal(cell->action, TABLE_FORGOTTEN);
			assert_true(cell->next < MARSC_JOIN_STATE_MAX);
			if (cell->action == TABLE_VIOLATION)
				assert_int_equal(cell->next, s);
		}
}

static uint8_t
first_number(uint32_t random)
{
	struct marsc_conf conf = { .pro = { .type = 0x0800 } };
	struct fake *f = fake_new(10, 1, false);
	struct atm_addr server = fake_addr(1);
	uint8_t n;

	marsc_free(f->c);
	f->random = random;
	conf.servers = &server;
	conf.nservers = 1;
	marsc_timers_default(&conf.timers);
	f->c = marsc_new(f->host, &conf);
	assert_non_null(f->c);
	n = marsc_next_sequence(f->c);
	fake_free(f);
	return n;
}

/*
 * R2022-5.2.2-01, A-35: numbers of messages begin anywhere, so that a life
 * after a restart does not begin as the one before; 0, which is in what is
 * built from records, is none of ours.
 */
static void
numbers(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	bool seen[256] = { false };
	int i, different = 0;

	(void)state;
	for (i = 0; i < 256; i++)
		seen[marsc_next_sequence(f->c)] = true;
	assert_false(seen[0]);
	for (i = 1; i < 256; i++)
		assert_true(seen[i]);
	fake_free(f);
	for (i = 2; i < 10; i++)
		different += first_number((uint32_t)i) != first_number(1);
	assert_true(different > 4);
}

/*
 * R2022-5.2-01, -04, R2022-5.2.1.1-01, -02, R2022-5.2.1-07, -08, -10, -13,
 * -14, -16, -17, R2022-5.2.2-01, -03, R2022-E-06: JOIN and LEAVE of one group:
 * one pair, layer3grp set, all else zero, each 10 s until the copy.
 */
static void
join_leave(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control = fake_registered(f);

	(void)state;
	assert_int_equal(marsc_join(f->c, g(3), g(3), true), MARSC_OK);
	fake_expect(f, SENT("04", "8002") G3);
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, SENT("04", "8002") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 0);
	fake_says(f, fake_vc(f, 1), BACK("04", "c002") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
	fake_wait(f, MTIME_SEC(30));
	fake_silent(f);
	assert_int_equal(marsc_leave(f->c, g(3), g(3)), MARSC_OK);
	fake_expect(f, SENT("05", "8003") G3);
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, SENT("05", "8003") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 0);
	/* on ClusterControlVC it is a copy as well */
	fake_says(f, control, BACK("05", "c003") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	assert_int_equal(marsc_leave(f->c, g(3), g(3)), MARSC_E_NOT_JOINED);
	fake_free(f);
}

/*
 * R2022-5.2.2-06, -07, R2022-5.2.1-06: one field that differs and it is no
 * copy.
 */
static void
copies(void **state)
{
	static const char *const wrong[] = {
		BACK("05", "c002") G3, /* op */
		BACK("04", "e002") G3, /* register */
		BACK("04", "c003") G3, /* sequence */
		JOIN("04", "04", "0002", "c002", "0000", "00000065", "0a") G3
		"e0010300 e0010300", /* pnum */
		JOIN("04", "04", "0000", "c002", "0000", "00000065", "0a"),
		JOIN("04", "04", "0001", "c002", "0000", "00000065", "0b")
		    G3, /* source */
		BACK("04", "c002") "e0010203 e0010204", /* max */
		BACK("04", "c002") "e0010202 e0010203", /* min */
		BACK("04", "d002") G3, /* punched */
		BACK("04", "8002") G3, /* copy */
	};
	struct fake *f = fake_new(10, 1, false);
	size_t i;

	(void)state;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fake_says(f, fake_vc(f, 1), wrong[i]);
		assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 0);
	}
	/* neither cmi, msn nor layer3grp are compared */
	fake_says(f, fake_vc(f, 1),
	    JOIN("04", "04", "0001", "4002", "1234", "00000065", "0a") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
	fake_free(f);
}

/*
 * R2022-5.2.2-04, -05, R2022-5.4-03: after five retransmissions the MARS is
 * the problem; what was wanted is joined when there is a MARS again.
 */
static void
failure(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;
	int i;

	(void)state;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	for (i = 0; i < 6; i++) {
		fake_expect(f, SENT("04", "8002") G3);
		assert_true(marsc_is_registered(f->c));
		fake_wait(f, MTIME_SEC(10));
	}
	fake_silent(f);
	assert_false(marsc_is_registered(f->c));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6003", "0005", "00000070", "0a"));
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, SENT("04", "8004") G3);
	fake_free(f);
}

/* A LEAVE that was not confirmed is owed to the next MARS, without delay. */
static void
owed(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	fake_next(f);
	fake_says(f, fake_vc(f, 1), BACK("04", "c002") G3);
	marsc_leave(f->c, g(3), g(3));
	fake_wait(f, MTIME_SEC(60));
	while (fake_next(f) != NULL)
		;
	assert_false(marsc_is_registered(f->c));
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6004", "0005", "00000070", "0a"));
	fake_expect(f, SENT("05", "8005") G3);
	fake_free(f);
}

/*
 * R2022-5.4.1-01: what is left while there is no MARS is still in that
 * MARS's memory, and may be in another's (D9): the LEAVE is owed.
 */
static void
lapsed(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *v;

	(void)state;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	fake_next(f);
	fake_says(f, fake_vc(f, 1), BACK("04", "c002") G3);
	fake_wait(f, MTIME_SEC(240)); /* no MARS_REDIRECT_MAP */
	assert_false(marsc_is_registered(f->c));
	assert_int_equal(marsc_leave(f->c, g(3), g(3)), MARSC_OK);
	fake_wait(f, MTIME_SEC(10));
	v = fake_ack(f, 1);
	assert_non_null(fake_next(f));
	fake_says(
	    f, v, JOIN("04", "00", "0001", "6003", "0005", "00000070", "0a"));
	fake_expect(f, SENT("05", "8004") G3);
	fake_free(f);
}

/*
 * R2022-5.2-06, -07: blocks never overlap, single groups may; a block that is
 * being left counts until the MARS has confirmed it.
 */
static void
blocks(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr short6 = { .len = 16 };

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_join(f->c, g(10), g(20), true), MARSC_OK);
	/* R2022-5.2.1-11, R2022-5.2.1.1-04: no layer3grp in a block */
	fake_expect(f, SENT("04", "0002") "e001020a e0010214");
	assert_int_equal(marsc_join(f->c, g(20), g(30), true), MARSC_E_OVERLAP);
	assert_int_equal(marsc_join(f->c, g(5), g(10), true), MARSC_E_OVERLAP);
	assert_int_equal(marsc_join(f->c, g(1), g(40), true), MARSC_E_OVERLAP);
	assert_int_equal(marsc_join(f->c, g(12), g(14), true), MARSC_E_OVERLAP);
	fake_silent(f);
	assert_int_equal(marsc_join(f->c, g(21), g(30), true), MARSC_OK);
	fake_expect(f, SENT("04", "0003") "e0010215 e001021e");
	assert_int_equal(marsc_join(f->c, g(1), g(9), true), MARSC_OK);
	fake_expect(f, SENT("04", "0004") "e0010201 e0010209");
	assert_int_equal(marsc_join(f->c, g(15), g(15), false), MARSC_OK);
	fake_expect(f, SENT("04", "0005") "e001020f e001020f");
	assert_int_equal(marsc_join(f->c, g(9), g(1), true), MARSC_E_RANGE);
	assert_int_equal(marsc_join(f->c, g(9), &short6, true), MARSC_E_RANGE);

	assert_int_equal(marsc_leave(f->c, g(10), g(20)), MARSC_OK);
	assert_int_equal(marsc_join(f->c, g(11), g(12), true), MARSC_E_OVERLAP);
	fake_says(f, fake_vc(f, 1), BACK("05", "4006") "e001020a e0010214");
	assert_int_equal(marsc_join(f->c, g(11), g(12), true), MARSC_OK);
	fake_free(f);
}

/* R2022-5.2.2-09, -11: several are out at a time; a late copy is not ours */
static void
several(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	marsc_join(f->c, g(4), g(4), true);
	marsc_leave(f->c, g(3), g(3));
	marsc_join(f->c, g(3), g(3), true);
	fake_expect(f, SENT("04", "8002") G3);
	fake_expect(f, SENT("04", "8003") "e0010204 e0010204");
	fake_expect(f, SENT("05", "8004") G3);
	fake_expect(f, SENT("04", "8005") G3);
	/* the copy of the first JOIN says nothing about the third message */
	fake_says(f, fake_vc(f, 1), BACK("04", "c002") G3);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 0);
	fake_says(f, fake_vc(f, 1), BACK("04", "c005") G3);
	fake_says(f, fake_vc(f, 1), BACK("04", "c003") "e0010204 e0010204");
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 2);
	fake_free(f);
}

/* What is asked for before registration waits for it; then no random delay. */
static void
before(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	marsc_join(f->c, g(3), g(3), true);
	marsc_join(f->c, g(4), g(4), true);
	marsc_leave(f->c, g(4), g(4));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	fake_silent(f);
	fake_registered(f);
	fake_expect(f, SENT("04", "8002") G3);
	fake_silent(f);
	fake_free(f);
}

/*
 * R2022-5.2.1.1-03, -04, R2022-8.2-01, R2022-8.4-01: a router that forwards
 * joins all of class D, or the part that it is to, as one pair, and for no
 * layer 3 group of its own; besides, one that it is a member of (5.2).
 */
static void
router(void **state)
{
	struct fake *f = fake_new(10, 1, false), *part;
	struct paddr min = fake_group(224, 0, 0, 0);
	struct paddr max = fake_group(239, 255, 255, 255);

	(void)state;
	fake_registered(f);
	assert_int_equal(marsc_join(f->c, &min, &max, false), MARSC_OK);
	fake_expect(f, SENT("04", "0002") "e0000000 efffffff");
	assert_int_equal(marsc_join(f->c, g(3), g(3), true), MARSC_OK);
	fake_expect(f, SENT("04", "8003") G3);
	assert_int_equal(marsc_leave(f->c, &min, &max), MARSC_OK);
	fake_expect(f, SENT("05", "0004") "e0000000 efffffff");
	fake_free(f);
	part = fake_new(10, 1, false);
	fake_registered(part);
	assert_int_equal(marsc_join(part->c, g(0), g(255), false), MARSC_OK);
	fake_expect(part, SENT("04", "0002") "e0010200 e00102ff");
	fake_free(part);
}

/*
 * A MARS with a limit of messages a second, as marsd has it: what is more is
 * dropped.  It answers what was sent since the last look.
 */
struct bucket {
	int rate, tokens, dropped;
};

static void
mars_answers(struct fake *f, struct bucket *b)
{
	uint8_t copy[1024];
	struct fsent *s;
	struct fvc *v = fake_vc(f, 1);
	int i, n = f->nsent;

	for (i = 0; i < n; i++) {
		s = &f->sent[i];
		if (b->tokens < 1000) {
			b->dropped++;
			continue;
		}
		b->tokens -= 1000;
		memcpy(copy, s->data, s->len);
		memset(copy + 8 + 12, 0, 2);
		copy[8 + 24] |= 0x40;
		f->link.user->sdu(
		    f->link.arg, &v->vc, v->vc.cookie, copy, s->len);
	}
	memmove(
	    f->sent, f->sent + n, (size_t)(f->nsent - n) * sizeof(f->sent[0]));
	f->nsent -= n;
	f->nnotes = 0;
}

/* Seconds until all of so many are joined, at a MARS of that rate. */
static int
burst(int count, int rate, int *dropped)
{
	struct fake *f = fake_new(10, 1, false);
	struct bucket b = { .rate = rate, .tokens = rate * 1000 };
	struct marsc_joined *j;
	struct paddr g;
	int i, left = 1, ms = 0;

	fake_registered(f);
	f->nsent = 0;
	for (i = 0; i < count; i++) {
		g = fake_group(239, 3, (uint8_t)(i >> 8), (uint8_t)i);
		assert_int_equal(marsc_join(f->c, &g, &g, true), MARSC_OK);
	}
	while (left > 0 && ms < 1000000) {
		mars_answers(f, &b);
		fake_wait(f, MTIME_MS(1));
		ms++;
		b.tokens += b.rate;
		if (b.tokens > b.rate * 1000)
			b.tokens = b.rate * 1000;
		if (ms % 60000 == 0)
			fake_says(f, fake_vc(f, 1),
			    MAP("00", "0001", "8001", "00000064", "01")
				NSAP("01"));
		assert_true(marsc_is_registered(f->c));
		assert_true(f->c->joining.nout <= 64);
		left = 0;
		RB_FOREACH(j, marsc_joined_tree, &f->c->singles)
			left += j->state != MARSC_JOIN_IN;
	}
	*dropped = b.dropped;
	fake_free(f);
	return (ms + 999) / 1000;
}

/*
 * R2022-5.2.2-01, -03: a burst of joins goes out as fast as the MARS takes
 * it, so that hardly any waits for its retransmission: 1,286 at a server of
 * 200 a second took 121 s.  One that takes less makes us slower, and no JOIN
 * fails for it.
 */
static void
bursts(void **state)
{
	int dropped;

	(void)state;
	assert_in_range(burst(1286, 200, &dropped), 1, 13);
	assert_int_equal(dropped, 0);
	assert_in_range(burst(100, 200, &dropped), 1, 1);
	assert_in_range(burst(1286, 50, &dropped), 1286 / 50, 45);
	assert_true(dropped < 150);
	assert_in_range(burst(300, 10, &dropped), 300 / 10 - 1, 45);
	assert_true(dropped < 150);
}

/*
 * Who joins and leaves faster than the MARS is told costs the others nothing:
 * of what no MARS has heard there is nothing to take back.  200 groups a
 * second, each left after a second: a JOIN of somebody else waited for a
 * minute after one minute of it.
 */
static void
churn(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct bucket b = { .rate = 1000000, .tokens = 1000000 };
	struct paddr g;
	int i;

	(void)state;
	fake_registered(f);
	f->nsent = 0;
	for (i = 0; i < 6000; i++) {
		g = fake_group(239, 1, (uint8_t)(i >> 8), (uint8_t)i);
		assert_int_equal(marsc_join(f->c, &g, &g, true), MARSC_OK);
		if (i >= 200) {
			g = fake_group(239, 1, (uint8_t)((i - 200) >> 8),
			    (uint8_t)(i - 200));
			assert_int_equal(marsc_leave(f->c, &g, &g), MARSC_OK);
		}
		mars_answers(f, &b);
		b.tokens = b.rate;
		fake_wait(f, MTIME_MS(5));
		/* without end it would be 3000 */
		assert_true(f->c->joining.nwaiting <= 1000);
	}
	fake_free(f);
}

/* Only so many are out without a copy; those that wait may be left again. */
static void
window(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	f->c->limits.joins = 2;
	fake_registered(f);
	marsc_join(f->c, g(3), g(3), true);
	marsc_join(f->c, g(4), g(4), true);
	marsc_join(f->c, g(5), g(5), true);
	fake_expect(f, SENT("04", "8002") G3);
	fake_expect(f, SENT("04", "8003") "e0010204 e0010204");
	fake_silent(f);
	/* no MARS has heard of it: there is nothing to leave */
	assert_int_equal(marsc_leave(f->c, g(5), g(5)), MARSC_OK);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_LEFT, NULL), 1);
	marsc_join(f->c, g(6), g(6), true);
	fake_silent(f);
	fake_says(f, fake_vc(f, 1), BACK("04", "c002") G3);
	fake_expect(f, SENT("04", "8005") "e0010206 e0010206");
	fake_says(f, fake_vc(f, 1), BACK("04", "c005") "e0010206 e0010206");
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, SENT("04", "8003") "e0010204 e0010204");
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(numbers),
		cmocka_unit_test(join_leave),
		cmocka_unit_test(copies),
		cmocka_unit_test(failure),
		cmocka_unit_test(owed),
		cmocka_unit_test(lapsed),
		cmocka_unit_test(blocks),
		cmocka_unit_test(several),
		cmocka_unit_test(before),
		cmocka_unit_test(router),
		cmocka_unit_test(bursts),
		cmocka_unit_test(churn),
		cmocka_unit_test(window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
