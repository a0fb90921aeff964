/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "timer.h"

#define N 500

struct item {
	struct timer	 t;
	int64_t		 at;
	struct world	*w;
};
struct world {
	struct timers	 ts;
	struct item	 items[N];
	int64_t		 last;
	size_t		 fired;
};

static void
fire(void *arg)
{
	struct item *i = arg;

	assert_true(i->at >= i->w->last);
	assert_true(i->at <= i->w->ts.now.us);
	i->w->last = i->at;
	i->w->fired++;
}

/* Timers expire in the order of their times, and those cleared do not. */
static void
order(void **state)
{
	static struct world w;
	uint32_t seed = 1;
	size_t i, cleared = 0;
	mtime_t due;

	(void)state;
	timers_init(&w.ts, (mtime_t){ 0 });
	assert_false(timers_next(&w.ts, &due));
	for (i = 0; i < N; i++) {
		w.items[i].w = &w;
		timer_init(&w.items[i].t, fire, &w.items[i]);
	}
	for (i = 0; i < 3 * N; i++) {
		struct item *it = &w.items[i % N];

		seed = seed * 1103515245 + 12345;
		it->at = (seed >> 8) % 1000;
		timer_set(&w.ts, &it->t, it->at);
	}
	for (i = 0; i < N; i += 7) {
		timer_clear(&w.ts, &w.items[i].t);
		assert_false(timer_isset(&w.items[i].t));
		cleared++;
	}
	assert_int_equal(w.ts.count, N - cleared);
	for (i = 0; i <= 1000; i += 10)
		timers_run(&w.ts, (mtime_t){ (int64_t)i });
	assert_int_equal(w.fired, N - cleared);
	assert_false(timers_next(&w.ts, &due));
}

struct again {
	struct timers	*ts;
	struct timer	 t;
	int		 n;
};

static void
set_again(void *arg)
{
	struct again *a = arg;

	a->n++;
	timer_set(a->ts, &a->t, 0);
}

/* A timer that sets itself to now does not keep the loop from going on. */
static void
no_spin(void **state)
{
	struct timers ts;
	struct again a = { .ts = &ts };

	(void)state;
	timers_init(&ts, (mtime_t){ 5 });
	timer_init(&a.t, set_again, &a);
	timer_set(&ts, &a.t, 0);
	timers_run(&ts, (mtime_t){ 5 });
	assert_int_equal(a.n, 1);
	timers_run(&ts, (mtime_t){ 5 });
	assert_int_equal(a.n, 2);
}

/* Time never goes back, whatever the owner says. */
static void
monotonic(void **state)
{
	struct timers ts;

	(void)state;
	timers_init(&ts, (mtime_t){ 100 });
	timers_run(&ts, (mtime_t){ 50 });
	assert_int_equal(ts.now.us, 100);
	assert_int_equal(mtime_diff((mtime_t){ 3 }, (mtime_t){ 10 }), 7);
}

static mtime_t clock_says;

static mtime_t
a_clock(void)
{
	return clock_says;
}

/* The clock moves time on, not back, and expires nothing by itself. */
static void
timers_ask_their_clock(void **state)
{
	struct timers ts;
	struct again a = { .ts = &ts };

	(void)state;
	timers_init(&ts, (mtime_t){ 100 });
	timers_clock(&ts); /* there is none */
	assert_int_equal(ts.now.us, 100);
	timer_init(&a.t, set_again, &a);
	timer_set(&ts, &a.t, 10);
	ts.clock = a_clock;
	clock_says.us = 150;
	timers_clock(&ts);
	assert_int_equal(ts.now.us, 150);
	assert_int_equal(a.n, 0);
	clock_says.us = 120;
	timers_clock(&ts);
	assert_int_equal(ts.now.us, 150);
}

/* What takes as long as this by the clock, each time it expires. */
#define TAKES	(TIMERS_SLICE / 5)

static int expired_slowly;

static void
slowly(void *arg)
{
	(void)arg;
	clock_says.us += TAKES;
	expired_slowly++;
}

/* 100 timers are due at once: none is lost, and each call ends in time. */
static void
a_call_lasts_a_slice(void **state)
{
	struct timers ts;
	struct timer t[100];
	mtime_t began;
	int i, calls;

	(void)state;
	clock_says.us = 0;
	expired_slowly = 0;
	timers_init(&ts, clock_says);
	ts.clock = a_clock;
	for (i = 0; i < 100; i++) {
		timer_init(&t[i], slowly, NULL);
		timer_set(&ts, &t[i], i);
	}
	clock_says.us = 100;
	for (calls = 0; ts.count > 0; calls++) {
		began = clock_says;
		timers_run(&ts, began);
		assert_in_range(mtime_diff(began, clock_says), TAKES,
		    TIMERS_SLICE);
		/* the earliest first */
		assert_int_equal(timer_isset(&t[expired_slowly - 1]), false);
		assert_int_equal(ts.count, 100 - expired_slowly);
	}
	assert_int_equal(calls, 20);
	assert_int_equal(expired_slowly, 100);
}

#define MANY	60000
#define LOG	16	/* 2^16 is more than MANY */

/*
 * The way to the right, which is all that an operation walks, is never longer
 * than the logarithm, and a timer that is cleared has no longer way up that
 * counts: whatever order they are set and cleared in.  Returns what is wrong.
 */
static const char *
wrong_below(const struct timer *root)
{
	const struct timer *t, *from = NULL, *next;
	unsigned int l, r;

	/* each node after its children, without a stack */
	for (t = root; t != NULL; from = t, t = next) {
		if (from == t->up && t->left != NULL) {
			next = t->left;
			continue;
		}
		if ((from == t->up || from == t->left) && t->right != NULL &&
		    from != t->right) {
			next = t->right;
			continue;
		}
		l = t->left == NULL ? 0 : t->left->rank;
		r = t->right == NULL ? 0 : t->right->rank;
		if (l < r || t->rank != r + 1)
			return "rank";
		if (t->rank > LOG)
			return "long";
		if (t->up != NULL && (t->up->due.us > t->due.us ||
		    (t->up->left != t && t->up->right != t)))
			return "order";
		next = t->up;
	}
	return NULL;
}

static void
nothing(void *arg)
{
	(void)arg;
}

static int64_t
delay_of(int how, int i, uint32_t *seed)
{
	*seed = *seed * 1103515245 + 12345;
	if (how == 0)
		return i;
	return how == 1 ? MANY - i : (int64_t)(*seed >> 8 & 0xffff);
}

static void
the_way_is_short(void **state)
{
	static struct timer t[MANY];
	struct timers ts;
	uint32_t seed = 7;
	int how, i;

	(void)state;
	for (how = 0; how < 3; how++) {
		timers_init(&ts, (mtime_t){ 0 });
		for (i = 0; i < MANY; i++) {
			timer_init(&t[i], nothing, NULL);
			timer_set(&ts, &t[i], delay_of(how, i, &seed));
		}
		assert_null(wrong_below(ts.root));
		for (i = 0; i < MANY; i += 3)
			timer_clear(&ts, &t[i]);
		assert_null(wrong_below(ts.root));
		for (i = 0; i < MANY; i += 2)
			timer_set(&ts, &t[i], delay_of(how, i, &seed));
		assert_null(wrong_below(ts.root));
		timers_run(&ts, (mtime_t){ MANY / 2 });
		assert_null(wrong_below(ts.root));
		timers_run(&ts, (mtime_t){ 0x10000 });
		assert_int_equal(ts.count, 0);
		assert_null(ts.root);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(no_spin),
		cmocka_unit_test(monotonic),
		cmocka_unit_test(timers_ask_their_clock),
		cmocka_unit_test(a_call_lasts_a_slice),
		cmocka_unit_test(the_way_is_short),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
