/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Two ends of a channel in one loop. */
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "channel.h"

#define LIMIT	1000

struct end {
	struct channel	 c;
	unsigned int	 messages;
	uint32_t	 types;		/* sum */
	size_t		 octets;
	int		 fd;
	unsigned int	 closed;
	bool		 hangup;	/* close from within message() */
};

struct pair {
	struct event_base *base;
	struct end	 a, b;
};

static void
on_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct end *e = arg;

	e->messages++;
	e->types += type;
	e->octets += r->left;
	while (r->left > 0)
		assert_int_equal(rd_u8(r), type & 0xff);
	assert_true(rd_done(r));
	if (fd != -1)
		e->fd = fd;
	if (e->hangup)
		channel_close(&e->c);
}

static void
on_closed(void *arg)
{
	struct end *e = arg;

	e->closed++;
}

static int
setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int s[2];

	assert_non_null(p);
	signal(SIGPIPE, SIG_IGN);
	assert_non_null(p->base = event_base_new());
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	p->a.fd = p->b.fd = -1;
	assert_int_equal(channel_open(&p->a.c, p->base, s[0], true, LIMIT, "b",
	    on_message, on_closed, &p->a),
	    0);
	assert_int_equal(channel_open(&p->b.c, p->base, s[1], true, LIMIT, "a",
	    on_message, on_closed, &p->b),
	    0);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	channel_close(&p->a.c);
	channel_close(&p->b.c);
	channel_close(&p->b.c);
	event_base_free(p->base);
	free(p);
	return 0;
}

/* Turns of the loop that don't wait; enough for what a socket takes. */
static void
turn(struct pair *p, int n)
{
	while (n-- > 0)
		event_base_loop(p->base, EVLOOP_NONBLOCK);
}

/* Messages, empty ones too, arrive in both directions, whole. */
static void
messages_arrive_whole_both_ways(void **state)
{
	struct pair *p = *state;
	uint8_t data[LIMIT + 1];

	memset(data, 7, sizeof(data));
	assert_int_equal(channel_send(&p->a.c, 7, -1, data, LIMIT), 0);
	assert_int_equal(channel_send(&p->a.c, 256, -1, NULL, 0), 0);
	assert_int_equal(channel_queued(&p->a.c), 2);
	assert_int_equal(channel_send(&p->b.c, 7, -1, data, 1), 0);
	assert_int_equal(channel_send(&p->a.c, 7, -1, data, LIMIT + 1), -1);
	assert_int_equal(errno, ERANGE);
	turn(p, 4);
	assert_int_equal(channel_queued(&p->a.c), 0);
	assert_int_equal(p->b.messages, 2);
	assert_int_equal(p->b.types, 263);
	assert_int_equal(p->b.octets, LIMIT);
	assert_int_equal(p->a.messages, 1);
	assert_int_equal(p->a.closed + p->b.closed, 0);
	/* idle: asks for reading only, or the loop would spin */
	assert_int_equal(event_get_events(&p->a.c.ev), EV_READ | EV_PERSIST);
}

/*
 * What is sent at once is there without a turn of the loop, unless others wait
 * before it: then it comes behind these.
 */
static void
what_is_sent_now_is_there_at_once(void **state)
{
	struct pair *p = *state;
	uint8_t data[LIMIT];
	struct imsg m;

	memset(data, 7, sizeof(data));
	assert_int_equal(channel_send_now(&p->a.c, 7, -1, data, LIMIT), 0);
	assert_int_equal(channel_queued(&p->a.c), 0);
	/* nothing is left to be written: the loop looks for reading only */
	assert_int_equal(event_get_events(&p->a.c.ev), EV_READ | EV_PERSIST);
	assert_int_equal(imsgbuf_read(&p->b.c.ibuf), 1);
	assert_int_equal(imsgbuf_get(&p->b.c.ibuf, &m), 1);
	assert_int_equal(imsg_get_type(&m), 7);
	imsg_free(&m);
	assert_int_equal(channel_send(&p->a.c, 1, -1, NULL, 0), 0);
	assert_int_equal(channel_send_now(&p->a.c, 2, -1, NULL, 0), 0);
	assert_int_equal(channel_queued(&p->a.c), 2);
	assert_int_equal(imsgbuf_get(&p->b.c.ibuf, &m), 0);
	turn(p, 4);
	assert_int_equal(p->b.messages, 2);
	assert_int_equal(p->b.types, 3);
	assert_int_equal(
	    channel_send_now(&p->a.c, 7, -1, data, LIMIT + 1), -1);
}

/* Nobody reads: it waits as any other, and the end is told by the loop. */
static void
what_is_sent_now_waits_where_it_must(void **state)
{
	struct pair *p = *state;
	uint8_t data[LIMIT];
	unsigned int i;

	memset(data, 7, sizeof(data));
	for (i = 0; i < 5000 && channel_queued(&p->a.c) < 3; i++)
		assert_int_equal(
		    channel_send_now(&p->a.c, 7, -1, data, LIMIT), 0);
	assert_int_equal(channel_queued(&p->a.c), 3);
	for (; channel_queued(&p->a.c) > 0; turn(p, 1))
		;
	turn(p, 2);
	assert_int_equal(p->b.messages, i);
	assert_int_equal(p->b.octets, i * LIMIT);
	channel_close(&p->b.c);
	assert_int_equal(channel_send_now(&p->a.c, 1, -1, NULL, 0), 0);
	assert_int_equal(p->a.closed, 0);
	turn(p, 5);
	assert_int_equal(p->a.closed, 1);
	channel_close(&p->a.c);
	assert_int_equal(channel_send_now(&p->a.c, 1, -1, NULL, 0), -1);
}

/* More than the socket holds: the rest waits for the reader. */
static void
what_the_socket_does_not_take_waits(void **state)
{
	struct pair *p = *state;
	uint8_t data[LIMIT];
	int i, size = 4096;

	assert_int_equal(setsockopt(p->a.c.ibuf.fd, SOL_SOCKET, SO_SNDBUF,
	    &size, sizeof(size)),
	    0);
	memset(data, 7, sizeof(data));
	for (i = 0; i < 500; i++)
		assert_int_equal(channel_send(&p->a.c, 7, -1, data, LIMIT), 0);
	for (i = 0; i < 2000 && channel_queued(&p->a.c) > 0; i++)
		turn(p, 1);
	turn(p, 2);
	assert_int_equal(p->b.messages, 500);
	assert_int_equal(p->b.octets, 500 * LIMIT);
}

/* A descriptor is handed to message(), which then owns it. */
static void
descriptor_is_handed_over(void **state)
{
	struct pair *p = *state;
	int s[2];
	char c;

	assert_int_equal(pipe(s), 0);
	assert_int_equal(channel_send(&p->a.c, 9, s[1], NULL, 0), 0);
	turn(p, 3);
	assert_int_not_equal(p->b.fd, -1);
	assert_int_equal(fcntl(s[1], F_GETFD) == -1 || s[1] == p->b.fd, 1);
	assert_int_equal(write(p->b.fd, "x", 1), 1);
	assert_int_equal(read(s[0], &c, 1), 1);
	close(p->b.fd);
	/* and here nobody holds it any more */
	assert_int_equal(read(s[0], &c, 1), 0);
	close(s[0]);
}

/* The other end is gone: told once, never from within channel_send(). */
static void
end_is_told_once(void **state)
{
	struct pair *p = *state;

	channel_close(&p->a.c);
	assert_int_equal(channel_send(&p->a.c, 1, -1, NULL, 0), -1);
	assert_int_equal(channel_send(&p->b.c, 1, -1, NULL, 0), 0);
	assert_int_equal(p->b.closed, 0);
	turn(p, 5);
	assert_int_equal(p->b.closed, 1);
	assert_int_equal(p->a.closed, 0);
}

/* What can't be a message ends the channel. */
static void
what_is_no_message_ends_it(void **state)
{
	struct pair *p = *state;
	uint8_t octets[64];

	memset(octets, 0xff, sizeof(octets));
	assert_int_equal(
	    write(p->a.c.ibuf.fd, octets, sizeof(octets)), sizeof(octets));
	turn(p, 5);
	assert_int_equal(p->b.messages, 0);
	assert_int_equal(p->b.closed, 1);
	/* and that is what is said of it */
	assert_string_equal(channel_why(&p->b.c),
	    "sent a message of a length that none has");
}

/* A handler that closes gets nothing of what was behind that message. */
static void
closed_in_a_handler_delivers_no_more(void **state)
{
	struct pair *p = *state;

	p->b.hangup = true;
	assert_int_equal(channel_send(&p->a.c, 1, -1, NULL, 0), 0);
	assert_int_equal(channel_send(&p->a.c, 1, -1, NULL, 0), 0);
	turn(p, 5);
	assert_int_equal(p->b.messages, 1);
	assert_int_equal(p->b.closed, 0);
	assert_int_equal(p->a.closed, 1);
}

/* The last words are out when channel_flush() returns. */
static void
flush_sends_the_last_words(void **state)
{
	struct pair *p = *state;
	uint8_t data[LIMIT];

	memset(data, 7, sizeof(data));
	assert_int_equal(channel_send(&p->a.c, 7, -1, data, LIMIT), 0);
	assert_int_equal(channel_flush(&p->a.c), 0);
	assert_int_equal(channel_queued(&p->a.c), 0);
	channel_close(&p->a.c);
	turn(p, 5);
	assert_int_equal(p->b.messages, 1);
	assert_int_equal(p->b.closed, 1);
}

/*
 * What one read has brought is handed over in several turns, so that others
 * have theirs; nothing is lost by it, and not by the end that comes behind.
 */
static void
arrive_in_turns(struct pair *p, unsigned int n, size_t len, unsigned int most)
{
	uint8_t data[LIMIT];
	unsigned int i, had, turns = 0;

	memset(data, 1, sizeof(data));
	for (i = 0; i < n; i++)
		assert_int_equal(channel_send(&p->a.c, 1, -1, data, len), 0);
	assert_int_equal(channel_flush(&p->a.c), 0);
	channel_close(&p->a.c);
	for (had = 0; p->b.closed == 0 && turns < 100; had = p->b.messages) {
		event_base_loop(p->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		turns += p->b.messages > had;
		assert_true(p->b.messages - had <= most);
		assert_true(p->b.messages > had || p->b.closed > 0);
	}
	assert_true(turns > 1);
	assert_int_equal(p->b.messages, n);
	assert_int_equal(p->b.octets, n * len);
	assert_int_equal(p->b.closed, 1);
}

static void
many_messages_take_several_turns(void **state)
{
	arrive_in_turns(*state, 100, 0, 50);
}

static void
so_do_few_that_are_large(void **state)
{
	arrive_in_turns(*state, 24, LIMIT, 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(messages_arrive_whole_both_ways),
		T(what_is_sent_now_is_there_at_once),
		T(what_is_sent_now_waits_where_it_must),
		T(what_the_socket_does_not_take_waits),
		T(descriptor_is_handed_over),
		T(end_is_told_once),
		T(what_is_no_message_ends_it),
		T(closed_in_a_handler_delivers_no_more),
		T(flush_sends_the_last_words),
		T(many_messages_take_several_turns),
		T(so_do_few_that_are_large),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
