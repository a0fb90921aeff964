/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/socket.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop.h"

static struct loop loop;
static int turns, expired;

static void
count_turn(void *arg)
{
	(void)arg;
	turns++;
}

static void
expire_and_end(void *arg)
{
	expired++;
	loop_end(arg);
}

static int
setup(void **unused)
{
	(void)unused;
	turns = expired = 0;
	return loop_init(&loop);
}

static int
teardown(void **unused)
{
	(void)unused;
	loop_free(&loop);
	return 0;
}

/* A timer wakes the loop, not before it is due, and the turn comes after. */
static void
timer_wakes_the_loop_when_due(void **unused)
{
	struct timer t;
	mtime_t start = loop.timers.now;

	(void)unused;
	timer_init(&t, expire_and_end, &loop);
	timer_set(&loop.timers, &t, MTIME_MS(3));
	loop_run(&loop, count_turn, NULL);
	assert_int_equal(expired, 1);
	assert_true(turns >= 1);
	assert_true(mtime_diff(start, loop.timers.now) >= MTIME_MS(3));
}

/* An earlier timer that is set later is not overslept. */
static void
earlier_timer_set_later_is_in_time(void **unused)
{
	struct timer late, soon;

	(void)unused;
	timer_init(&late, expire_and_end, &loop);
	timer_init(&soon, expire_and_end, &loop);
	timer_set(&loop.timers, &late, MTIME_SEC(3600));
	loop_poll(&loop, count_turn, NULL);
	assert_int_equal(turns, 1);
	timer_set(&loop.timers, &soon, 0);
	loop_run(&loop, count_turn, NULL);
	assert_int_equal(expired, 1);
	assert_false(timer_isset(&soon));
	assert_true(timer_isset(&late));
}

/* Without timers a poll comes back, and does not wait. */
static void
poll_does_not_wait(void **unused)
{
	(void)unused;
	loop_poll(&loop, count_turn, NULL);
	loop_poll(&loop, NULL, NULL);
	assert_int_equal(turns, 1);
}

static struct timer delayed;
static mtime_t handled;
static int fds[2];

static void
readable(evutil_socket_t fd, short what, void *arg)
{
	char c;

	(void)what;
	(void)arg;
	assert_int_equal(read(fd, &c, 1), 1);
	timers_clock(&loop.timers);
	handled = loop.timers.now;
	timer_set(&loop.timers, &delayed, MTIME_MS(2));
}

static void
write_octet(void *arg)
{
	(void)arg;
	assert_int_equal(write(fds[1], "x", 1), 1);
}

/* What a handler sets after a long wait counts from the handler's time. */
static void
handler_counts_from_its_own_time(void **unused)
{
	struct timer writer;
	struct event ev;
	mtime_t start = loop.timers.now;

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(event_assign(&ev, loop.base, fds[0],
	    EV_READ | EV_PERSIST, readable, NULL),
	    0);
	assert_int_equal(event_add(&ev, NULL), 0);
	timer_init(&writer, write_octet, NULL);
	timer_init(&delayed, expire_and_end, &loop);
	timer_set(&loop.timers, &writer, MTIME_MS(5));
	loop_run(&loop, count_turn, NULL);
	assert_true(mtime_diff(start, handled) >= MTIME_MS(5));
	assert_true(mtime_diff(handled, loop.timers.now) >= MTIME_MS(2));
	(void)event_del(&ev);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    timer_wakes_the_loop_when_due, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    earlier_timer_set_later_is_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    poll_does_not_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    handler_counts_from_its_own_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
