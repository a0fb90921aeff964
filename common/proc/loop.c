/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <time.h>

#include "log.h"
#include "loop.h"

static mtime_t
monotonic(void)
{
	struct timespec ts;
	mtime_t now;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		fatal("clock_gettime");
	now.us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	return now;
}

/* Waking up is all that has to happen: the turn runs the timers. */
static void
woken(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->armed = false;
}

int
loop_init(struct loop *l)
{
	l->ended = l->armed = false;
	if ((l->base = event_base_new()) == NULL)
		return -1;
	timers_init(&l->timers, monotonic());
	l->timers.clock = monotonic;
	if (evtimer_assign(&l->wake, l->base, woken, l) == -1) {
		event_base_free(l->base);
		return -1;
	}
	return 0;
}

void
loop_free(struct loop *l)
{
	(void)evtimer_del(&l->wake);
	event_base_free(l->base);
	l->base = NULL;
}

/* Most turns change nothing about the timer that is due first. */
static void
loop_arm(struct loop *l)
{
	struct timeval tv = { 0, 0 };
	mtime_t due;
	int64_t wait;

	if (!timers_next(&l->timers, &due)) {
		(void)evtimer_del(&l->wake);
		l->armed = false;
		return;
	}
	if (l->armed && l->due.us == due.us)
		return;
	l->armed = true;
	l->due = due;
	wait = mtime_diff(monotonic(), due);
	if (wait > 0) {
		tv.tv_sec = (time_t)(wait / 1000000);
		tv.tv_usec = (suseconds_t)(wait % 1000000);
	}
	if (evtimer_add(&l->wake, &tv) == -1)
		fatalx("evtimer_add");
}

static void
run_turn(struct loop *l, int flags, void (*turn)(void *), void *arg)
{
	loop_arm(l);
	if (event_base_loop(l->base, flags) == -1)
		fatal("event_base_loop");
	timers_run(&l->timers, monotonic());
	if (turn != NULL)
		turn(arg);
}

void
loop_run(struct loop *l, void (*turn)(void *), void *arg)
{
	while (!l->ended)
		run_turn(l, EVLOOP_ONCE, turn, arg);
}

void
loop_poll(struct loop *l, void (*turn)(void *), void *arg)
{
	/* without ONCE it would go on while there is something to read */
	run_turn(l, EVLOOP_NONBLOCK | EVLOOP_ONCE, turn, arg);
}

void
loop_end(struct loop *l)
{
	l->ended = true;
}

uint64_t
loop_wallclock_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) == -1)
		fatal("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
loop_wallclock(void)
{
	return loop_wallclock_us() / 1000;
}
