/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * links: parent
 * What a child that means harm can do to mars(8): the test is the child, and
 * it has mars(8) killed in the place of a process of its own.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "log_out.h"
#include "parent/parent.h"

#define MANY	100000

static struct parent p;
static struct parent_child *c = &p.children[PARENT_MARSD];
static int far;			/* the child's end of its channel */
static int lines;		/* that mars has logged */

static bool
count_line(void *arg, int priority, const char *text)
{
	(void)arg;
	(void)priority;
	(void)text;
	lines++;
	return true;
}

static void
no_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
no_close(void *arg)
{
	(void)arg;
}

static int
setup(void **state)
{
	int sv[2];

	(void)state;
	memset(&p, 0, sizeof(p));
	lines = 0;
	log_through(count_line, NULL, NULL);
	assert_non_null(p.base = event_base_new());
	assert_non_null(p.conf = conf_new());
	p.patience = evtimer_new(p.base, no_timer, NULL);
	p.reload_patience = evtimer_new(p.base, no_timer, NULL);
	p.file = "/nonexistent";
	p.started = true;
	c->parent = &p;
	c->id = PARENT_MARSD;
	c->name = "marsd";
	p.children[PARENT_SCSPD].parent = &p;
	p.children[PARENT_SCSPD].id = PARENT_SCSPD;
	p.children[PARENT_SCSPD].name = "scspd";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	far = sv[1];
	assert_int_equal(channel_open(&c->ch, p.base, sv[0], true,
	    IMSG_PARENT_MAX, "marsd", parent_message, no_close, c),
	    0);
	if ((c->pid = fork()) == 0) {
		(void)pause();
		_exit(0);
	}
	parent_child_tick(c);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	log_through(NULL, NULL, NULL);
	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		(void)waitpid(c->pid, NULL, 0);
	}
	channel_close(&c->ch);
	(void)close(far);
	event_free(p.patience);
	event_free(p.reload_patience);
	conf_free(p.conf);
	event_base_free(p.base);
	return 0;
}

/* The child says this. */
static void
says(uint32_t type, const void *octets, size_t len)
{
	struct rd r;

	rd_init(&r, octets, len);
	parent_message(c, type, &r, -1);
}

/* Which signal has the child ended; 0: none, it goes on. */
static int
killed_by(void)
{
	int status = 0;

	if (!p.ending)
		return 0;
	if (waitpid(c->pid, &status, 0) == c->pid)
		c->pid = 0;
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

/*
 * Asks for reloads, or for more log, and reads nothing: what waits for it is
 * bounded, then it is ended (issue 12 A).
 */
static void
unread_answers_are_bounded(void **state)
{
	uint8_t octets[4] = { 0 };
	uint32_t most = 0;
	int i;

	(void)state;
	for (i = 0; i < MANY && !p.ending; i++) {
		octets[3] = (uint8_t)i & 1;
		says(i % 3 == 0 ? IMSG_CTL_RELOAD_REQ : IMSG_VERBOSE_REQ,
		    octets, sizeof(octets));
		if (channel_queued(&c->ch) > most)
			most = channel_queued(&c->ch);
	}
	assert_true(p.ending);
	assert_true(most <= 16384);
	/* nor does what it orders fill the log */
	assert_in_range(lines, 1, 1100);
	assert_int_equal(killed_by(), SIGKILL);
	assert_int_equal(p.status, 1);
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Someone listens by ATM at that address, for a cluster that has it, too. */
static struct atm_addr
listen_by_atm(void)
{
	struct conf_listen *l = calloc(1, sizeof(*l));
	struct atm_addr a = { .num_tl = NSAPA_LEN, .num = { 0x47 } };

	assert_non_null(l);
	l->transport = CONF_LISTEN_ATM_SVC;
	l->addr = a;
	TAILQ_INSERT_TAIL(&p.conf->listens, l, entry);
	conf_cluster_new(p.conf, "a")->addr = a;
	return a;
}

/* Nor can it have mars(8) hold descriptors for it that it does not take. */
static void
unread_sockets_are_bounded(void **state)
{
	const struct atm_addr a = listen_by_atm(), none = { 0 };
	int i, before = descriptors();
	uint8_t buf[128];
	struct wr w;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, 1);
	wr_u8(&w, ATM_OPEN_LISTEN);
	wr_atm_addr(&w, &a);
	wr_atm_addr(&w, &none);
	for (i = 0; i < 4000; i++)
		says(IMSG_ATM_OPEN, buf, w.len);
	assert_false(p.ending);
	assert_true(descriptors() <= before + 300);
}

/* It can say much, but not without end, and what is lost is said. */
static void
lines_are_bounded(void **state)
{
	const uint8_t line[] = { LOG_WARNING, 0, 3, 'a', '\n', 'b' };
	int i, after;

	(void)state;
	for (i = 0; i < MANY; i++)
		says(IMSG_LOG, line, sizeof(line));
	for (i = 0; i < MANY; i++)
		says(IMSG_NONE, line, 2);
	assert_in_range(lines, 900, 1100);
	after = lines;
	parent_child_tick(c);
	assert_int_equal(lines, after + 1);
	says(IMSG_LOG, line, sizeof(line));
	assert_int_equal(lines, after + 2);
	/* a malformed one is none */
	says(IMSG_LOG, line, sizeof(line) - 1);
	assert_int_equal(lines, after + 2);
	assert_false(p.ending);
}

/* What an address is asked for that this system may not have. */
static void
asks_to_listen(const struct atm_addr *a)
{
	static const struct atm_addr none;
	uint8_t buf[128], answer[4096];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, 0);
	wr_u8(&w, ATM_OPEN_LISTEN);
	wr_atm_addr(&w, a);
	wr_atm_addr(&w, &none);
	says(IMSG_ATM_OPEN, buf, w.len);
	(void)event_base_loop(p.base, EVLOOP_NONBLOCK);
	while (recv(far, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		continue;
}

/* Nor where an operator wants to see more, which a child can ask for itself. */
static void
lines_of_a_verbose_log_are_bounded(void **state)
{
	const uint8_t ready[] = { 0, 3, 'y', 'e', 's' };
	const struct atm_addr a = listen_by_atm();
	int i;

	(void)state;
	log_verbose(1);
	for (i = 0; i < 3000; i++)
		says(IMSG_READY, ready, sizeof(ready));
	assert_in_range(lines, 1, 1100);
	for (i = 0; i < 3000; i++)
		asks_to_listen(&a);
	log_verbose(0);
	assert_in_range(lines, 1, 1100);
	assert_false(p.ending);
}

/* A child that answers pings lives; one that does not is killed in 10 s. */
static void
who_hangs_is_killed(void **state)
{
	const uint8_t number[4] = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		parent_child_tick(c);
		says(IMSG_PONG, number, sizeof(number));
	}
	assert_false(p.ending);
	for (i = 0; i < 10 / PARENT_TICK && !p.ending; i++)
		parent_child_tick(c);
	assert_int_equal(killed_by(), SIGKILL);
	assert_int_equal(p.status, 1);
}

/* Nobody may say that it has applied what it was not sent. */
static void
answers_that_nobody_waits_for(void **state)
{
	const uint8_t done[2] = { 0, 0 };

	(void)state;
	c->configured = true;
	says(IMSG_CONF_DONE, done, sizeof(done));
	assert_int_equal(lines, 1);
	assert_false(p.ending);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unread_answers_are_bounded),
		TEST(unread_sockets_are_bounded),
		TEST(lines_are_bounded),
		TEST(lines_of_a_verbose_log_are_bounded),
		TEST(who_hangs_is_killed),
		TEST(answers_that_nobody_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
