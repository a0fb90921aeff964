/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/* links: marsd */

/*
 * What has not been told on a control VC yet: issue 16, "state, not a backlog
 * of messages".
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "marsd/backlog.h"
#include "marsd/ranges.h"

#define ENOUGH	1000000
#define SPACE	200

static uint32_t seed = 1;

static uint32_t
pick(uint32_t n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

static struct paddr
group(uint32_t v)
{
	struct paddr a = { .len = 4 };

	a.a[0] = (uint8_t)(v >> 24);
	a.a[1] = (uint8_t)(v >> 16);
	a.a[2] = (uint8_t)(v >> 8);
	a.a[3] = (uint8_t)v;
	return a;
}

static uint32_t
value(const struct paddr *a)
{
	return (uint32_t)a->a[0] << 24 | (uint32_t)a->a[1] << 16 |
	    (uint32_t)a->a[2] << 8 | a->a[3];
}

static struct marsd_span
span(uint32_t min, uint32_t max)
{
	return (struct marsd_span){ group(min), group(max) };
}

static struct marsd_subject
subject(enum marsd_role role, uint8_t n)
{
	struct marsd_subject who = { .role = role };

	who.atm.num_tl = 20;
	who.atm.num[19] = n;
	return who;
}

/* --- ranges */

static void
check_set(struct marsd_ranges *r, const bool *in)
{
	struct marsd_spans l;
	struct marsd_span all = span(0, SPACE - 1);
	uint32_t i, x, runs = 0;

	for (x = 0; x < SPACE; x++)
		runs += in[x] && (x == 0 || !in[x - 1]);
	assert_int_equal(r->n, runs);
	marsd_spans_init(&l);
	assert_true(marsd_ranges_take(r, &all, &l));
	assert_int_equal(l.n, runs);
	assert_int_equal(r->n, 0);
	for (i = 0, x = 0; i < l.n; i++) {
		for (; x < value(&l.v[i].min); x++)
			assert_false(in[x]);
		for (; x <= value(&l.v[i].max); x++)
			assert_true(in[x]);
		assert_true(marsd_ranges_add(r, &l.v[i]));
	}
	for (; x < SPACE; x++)
		assert_false(in[x]);
	marsd_spans_free(&l);
}

static void
a_set_of_ranges_is_what_an_array_is(void **state)
{
	bool in[SPACE] = { false };
	struct marsd_ranges r;
	struct marsd_spans l;
	struct marsd_span s;
	uint32_t i, x, a, b, took;
	bool add;

	(void)state;
	marsd_ranges_init(&r);
	for (i = 0; i < 4000; i++) {
		a = pick(SPACE);
		b = a + pick(pick(2) ? 3 : SPACE - a);
		b = b < SPACE ? b : SPACE - 1;
		add = pick(2) == 0;
		s = span(a, b);
		marsd_spans_init(&l);
		if (add)
			assert_true(marsd_ranges_add(&r, &s));
		else
			assert_true(marsd_ranges_take(&r, &s, &l));
		for (took = 0, x = 0; x < l.n; x++)
			took += value(&l.v[x].max) - value(&l.v[x].min) + 1;
		for (x = a; x <= b; x++) {
			took -= !add && in[x];
			in[x] = add;
		}
		assert_int_equal(took, 0);
		marsd_spans_free(&l);
		check_set(&r, in);
	}
	marsd_ranges_clear(&r);
	assert_int_equal(r.n, 0);
}

static void
a_set_reaches_both_ends(void **state)
{
	const struct marsd_span all = span(0, 0xffffffff), one = span(7, 7);
	struct marsd_ranges r;
	struct marsd_spans l;
	struct marsd_span s;

	(void)state;
	marsd_ranges_init(&r);
	marsd_spans_init(&l);
	assert_true(marsd_ranges_add(&r, &all));
	assert_true(marsd_ranges_take(&r, &one, &l));
	assert_int_equal(r.n, 2);
	assert_true(marsd_ranges_add(&r, &one));
	assert_int_equal(r.n, 1);
	assert_true(marsd_ranges_pop(&r, &s));
	assert_int_equal(marsd_span_cmp(&s, &all), 0);
	assert_false(marsd_ranges_pop(&r, &s));
	marsd_spans_free(&l);
}

/* --- what is pending of one node */

static void
change(struct marsd_backlog *b, uint8_t n, bool joined, uint32_t min,
    uint32_t max)
{
	struct marsd_subject who = subject(MARSD_ROLE_CLIENT, n);
	struct marsd_span s = span(min, max);

	assert_true(marsd_backlog_change(b, &who, joined, &s, ENOUGH));
}

/* the next message: its kind, whose, and one range */
static void
expect(struct marsd_backlog *b, enum marsd_backlog_kind kind, uint8_t n,
    uint32_t min, uint32_t max)
{
	const struct marsd_span s = span(min, max);
	struct marsd_subject who;
	enum marsd_backlog_kind k;
	struct marsd_spans l;

	marsd_spans_init(&l);
	assert_true(marsd_backlog_next(b, &k, &who, &l, 1));
	assert_int_equal(k, kind);
	assert_int_equal(who.atm.num[19], n);
	assert_int_equal(l.n, 1);
	assert_int_equal(marsd_span_cmp(&l.v[0], &s), 0);
	marsd_spans_free(&l);
}

static void
what_is_undone_says_nothing(void **state)
{
	struct marsd_backlog b;

	(void)state;
	marsd_backlog_init(&b);
	change(&b, 1, true, 10, 10);
	change(&b, 1, false, 10, 10);
	assert_true(marsd_backlog_empty(&b));
	change(&b, 1, false, 10, 20);
	change(&b, 1, true, 12, 13);
	change(&b, 1, true, 30, 31);
	change(&b, 2, true, 30, 31);
	assert_int_equal(b.ranges, 4);
	expect(&b, MARSD_BACKLOG_CLIENT_LEAVE, 1, 10, 11);
	expect(&b, MARSD_BACKLOG_CLIENT_LEAVE, 1, 14, 20);
	expect(&b, MARSD_BACKLOG_CLIENT_JOIN, 1, 30, 31);
	expect(&b, MARSD_BACKLOG_CLIENT_JOIN, 2, 30, 31);
	assert_true(marsd_backlog_empty(&b));
	assert_int_equal(b.ranges, 0);
	assert_int_equal(b.nnodes, 0);
}

/* what differs in layer3grp is not one message */
static void
joins_for_layer_3_are_apart(void **state)
{
	struct marsd_subject who = subject(MARSD_ROLE_CLIENT, 1);
	struct marsd_span s = span(10, 10), t = span(11, 11);
	struct marsd_backlog b;

	(void)state;
	marsd_backlog_init(&b);
	assert_true(marsd_backlog_change(&b, &who, true, &s, ENOUGH));
	who.layer3 = true;
	assert_true(marsd_backlog_change(&b, &who, true, &t, ENOUGH));
	assert_int_equal(b.nnodes, 2);
	assert_true(marsd_backlog_change(&b, &who, true, &s, ENOUGH));
	assert_int_equal(b.nnodes, 1);
	assert_int_equal(b.ranges, 1);
	who.layer3 = false;
	assert_true(marsd_backlog_change(&b, &who, false, &s, ENOUGH));
	assert_true(marsd_backlog_change(&b, &who, false, &t, ENOUGH));
	assert_true(marsd_backlog_empty(&b));
}

/* Ranges of several nodes go in slices, a migration with the last of them. */
static void
a_backlog_is_freed_in_slices(void **state)
{
	struct marsd_subject who = subject(MARSD_ROLE_CLIENT, 1);
	struct marsd_subject mcs = subject(MARSD_ROLE_MCS, 2);
	struct marsd_backlog b;
	struct marsd_span s;
	uint32_t i;

	(void)state;
	marsd_backlog_init(&b);
	for (i = 0; i < 100; i++) {
		who.atm.num[17] = (uint8_t)(i / 40);
		s = span(2 * i, 2 * i);
		assert_true(
		    marsd_backlog_change(&b, &who, true, &s, ENOUGH));
	}
	assert_true(marsd_backlog_migrate(&b, &mcs, &s.min));
	for (i = 0; i < 3; i++) {
		assert_true(marsd_backlog_shrink(&b, 30));
		assert_int_equal(b.ranges, 70 - 30 * i);
		assert_false(marsd_backlog_empty(&b));
	}
	assert_false(marsd_backlog_shrink(&b, 30));
	assert_true(marsd_backlog_empty(&b));
	assert_int_equal(b.ranges, 0);
	assert_false(marsd_backlog_shrink(&b, 30));
}

static void
pending_is_bounded(void **state)
{
	struct marsd_subject who = subject(MARSD_ROLE_CLIENT, 1);
	struct marsd_subject mcs = subject(MARSD_ROLE_MCS, 2);
	struct marsd_span s;
	struct marsd_backlog b;
	struct paddr g;
	uint32_t i;

	(void)state;
	marsd_backlog_init(&b);
	for (i = 0; i < 100; i++) {
		s = span(2 * i, 2 * i);
		assert_true(marsd_backlog_change(&b, &who, true, &s, 100));
	}
	s = span(1000, 1000);
	assert_false(marsd_backlog_change(&b, &who, true, &s, 100));
	marsd_backlog_clear(&b);
	assert_int_equal(b.ranges, 0);
	for (i = 0; i < MARSD_BACKLOG_NODES; i++) {
		who.atm.num[17] = (uint8_t)(i >> 8);
		who.atm.num[18] = (uint8_t)i;
		assert_true(marsd_backlog_change(&b, &who, true, &s, ENOUGH));
	}
	who.atm.num[16] = 1;
	assert_false(marsd_backlog_change(&b, &who, true, &s, ENOUGH));
	marsd_backlog_clear(&b);
	for (i = 0; i < MARSD_BACKLOG_MIGRATES; i++) {
		g = group(i);
		assert_true(marsd_backlog_migrate(&b, &mcs, &g));
	}
	assert_true(marsd_backlog_migrate(&b, &mcs, &g));
	g = group(i);
	assert_false(marsd_backlog_migrate(&b, &mcs, &g));
	marsd_backlog_clear(&b);
	assert_true(marsd_backlog_empty(&b));
	assert_int_equal(b.nmigrations, 0);
}

/* --- the order: what senders believe once all is told is what is so */

#define GROUPS	6
#define CLIENTS	4
#define MCSS	3

struct world {
	struct marsd_backlog b;
	bool	 is[MARSD_ROLES][4][GROUPS];	/* who is where */
	bool	 open[GROUPS];			/* a sender has a path */
	bool	 leaf[MARSD_ROLES][4][GROUPS];	/* by its belief */
};

static int
members(bool (*of)[4][GROUPS], enum marsd_role role, uint32_t g)
{
	int i, n = 0;

	for (i = 0; i < 4; i++)
		n += of[role][i][g];
	return n;
}

/* 5.1.1: the sender asks, and hears what is so now */
static void
ask(struct world *w, uint32_t g)
{
	enum marsd_role role = members(w->is, MARSD_ROLE_MCS, g) > 0 ?
	    MARSD_ROLE_MCS : MARSD_ROLE_CLIENT;
	struct paddr addr;
	int i;

	if (w->open[g] || members(w->is, role, g) == 0)
		return;
	w->open[g] = true;
	addr = group(g);
	marsd_backlog_asked(&w->b, &addr);
	for (i = 0; i < 4; i++) {
		w->leaf[MARSD_ROLE_CLIENT][i][g] = false;
		w->leaf[MARSD_ROLE_MCS][i][g] = false;
		w->leaf[role][i][g] = w->is[role][i][g];
	}
}

/* 5.1.4, 5.1.6 */
static void
hear(struct world *w, enum marsd_backlog_kind k, const struct marsd_subject *s,
    uint32_t g)
{
	int i, n = s->atm.num[19];

	if (!w->open[g])
		return;
	/* as the caller does: nothing is said that is not so */
	if (k != MARSD_BACKLOG_MIGRATE &&
	    w->is[s->role][n][g] != (k == MARSD_BACKLOG_CLIENT_JOIN ||
	    k == MARSD_BACKLOG_MCS_JOIN))
		return;
	switch (k) {
	case MARSD_BACKLOG_MIGRATE:
		for (i = 0; i < 4; i++) {
			w->leaf[MARSD_ROLE_CLIENT][i][g] = false;
			w->leaf[MARSD_ROLE_MCS][i][g] = i == n;
		}
		break;
	case MARSD_BACKLOG_CLIENT_JOIN:
		if (members(w->is, MARSD_ROLE_MCS, g) > 0)	/* 6.2.4 */
			return;
		/* FALLTHROUGH */
	case MARSD_BACKLOG_MCS_JOIN:
		w->leaf[s->role][n][g] = true;
		break;
	default:
		w->leaf[s->role][n][g] = false;
		break;
	}
	w->open[g] = members(w->leaf, MARSD_ROLE_CLIENT, g) > 0 ||
	    members(w->leaf, MARSD_ROLE_MCS, g) > 0;
}

static bool
drain(struct world *w)
{
	struct marsd_subject who;
	enum marsd_backlog_kind k;
	struct marsd_spans l;
	uint32_t i, g;
	bool more;

	marsd_spans_init(&l);
	more = marsd_backlog_next(&w->b, &k, &who, &l, 1 + pick(3));
	for (i = 0; i < l.n; i++)
		for (g = value(&l.v[i].min); g <= value(&l.v[i].max); g++)
			hear(w, k, &who, g);
	marsd_spans_free(&l);
	return more;
}

/* as join.c and mcs.c do: 6.1.2, 6.2.2, 6.2.4 */
static void
toggle(struct world *w, enum marsd_role role, uint32_t n, uint32_t g)
{
	struct marsd_subject who = subject(role, (uint8_t)n);
	int others = members(w->is, MARSD_ROLE_MCS, g);
	struct marsd_span s = span(g, g);
	bool joined = w->is[role][n][g] = !w->is[role][n][g];

	if (role == MARSD_ROLE_CLIENT) {
		if (others == 0)
			assert_true(marsd_backlog_change(
			    &w->b, &who, joined, &s, ENOUGH));
	} else if (!joined || others > 0)
		assert_true(
		    marsd_backlog_change(&w->b, &who, joined, &s, ENOUGH));
	else if (members(w->is, MARSD_ROLE_CLIENT, g) > 0 ||
	    !marsd_backlog_empty(&w->b) || pick(2))
		assert_true(marsd_backlog_migrate(&w->b, &who, &s.min));
}

static void
check_beliefs(const struct world *w)
{
	bool is[MARSD_ROLES][4][GROUPS];
	uint32_t g;
	int i;

	memcpy(is, w->is, sizeof(is));
	for (g = 0; g < GROUPS; g++) {
		if (!w->open[g])
			continue;
		for (i = 0; i < 4; i++) {
			assert_int_equal(w->leaf[MARSD_ROLE_MCS][i][g],
			    is[MARSD_ROLE_MCS][i][g]);
			assert_int_equal(w->leaf[MARSD_ROLE_CLIENT][i][g],
			    members(is, MARSD_ROLE_MCS, g) == 0 &&
			    is[MARSD_ROLE_CLIENT][i][g]);
		}
	}
}

static void
senders_believe_what_is_so(void **state)
{
	struct world w = { .open = { false } };
	uint32_t i, k, tries;

	(void)state;
	marsd_backlog_init(&w.b);
	for (tries = 0; tries < 20000; tries++) {
		for (i = pick(12); i > 0; i--) {
			k = pick(10);
			if (k < 4)
				toggle(&w, MARSD_ROLE_CLIENT, pick(CLIENTS),
				    pick(GROUPS));
			else if (k < 7)
				toggle(&w, MARSD_ROLE_MCS, pick(MCSS),
				    pick(GROUPS));
			else if (k < 9)
				ask(&w, pick(GROUPS));
			else
				(void)drain(&w);
		}
		while (drain(&w))
			;
		check_beliefs(&w);
	}
	marsd_backlog_clear(&w.b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_ranges_is_what_an_array_is),
		cmocka_unit_test(a_set_reaches_both_ends),
		cmocka_unit_test(what_is_undone_says_nothing),
		cmocka_unit_test(joins_for_layer_3_are_apart),
		cmocka_unit_test(a_backlog_is_freed_in_slices),
		cmocka_unit_test(pending_is_bounded),
		cmocka_unit_test(senders_believe_what_is_so),
	};

	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
