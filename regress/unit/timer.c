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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(no_spin),
		cmocka_unit_test(monotonic),
		cmocka_unit_test(timers_ask_their_clock),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
