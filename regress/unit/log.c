/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The log when nobody reads it, when it says what a stranger wrote, and where
 * systemd or a terminal is at the other end.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

/* the system's log is the test's own */
#define SYSLOG_PATH	"log.sock"
#include "common/proc/log_out.c"

#define MANY	20000		/* lines that are more than any buffer */

static int saved;		/* the test's own standard error */
static int reader;
static char got[4 << 20];
static size_t ngot;

/* Standard error is fds[1] from now on, and is read at fds[0]. */
static void
redirect(int fds[2])
{
	assert_int_not_equal(dup2(fds[1], STDERR_FILENO), -1);
	(void)close(fds[1]);
	reader = fds[0];
	assert_int_equal(fcntl(reader, F_SETFL, O_NONBLOCK), 0);
}

static void
take(void)
{
	ssize_t n;

	while ((n = read(reader, got + ngot, sizeof(got) - 1 - ngot)) > 0)
		ngot += (size_t)n;
	got[ngot] = '\0';
}

static int
setup(void **unused)
{
	(void)unused;
	saved = dup(STDERR_FILENO);
	ngot = 0;
	got[0] = '\0';
	/* a log that waits ends the test here */
	(void)alarm(20);
	return 0;
}

static int
teardown(void **unused)
{
	(void)unused;
	(void)alarm(0);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)close(reader);
	log_init("t", true);
	return 0;
}

/* Nobody reads: nothing waits, and what was lost is told afterwards. */
static void
unread(void)
{
	unsigned long long first = 0, missing = 0;
	const char *p;
	int i;

	log_init("t", true);
	log_never_wait();
	for (i = 0; i < MANY; i++)
		log_warnx("line %d", i);
	do {
		take();
		(void)log_out_flush();
	} while (read(reader, got + ngot, 1) == 1 && ++ngot);
	log_warnx("the last");
	take();
	/* in order, without a hole until lines were lost */
	for (p = got; sscanf(p, "t: line %d\n", &i) == 1 &&
	    (unsigned long long)i == first; first++)
		p = strchr(p, '\n') + 1;
	assert_int_equal(sscanf(p, "mars: %llu lines of the log were lost",
	    &missing), 1);
	assert_int_equal(first + missing, MANY);
	p = strchr(p, '\n') + 1;
	assert_string_equal(p, "t: the last\n");
}

static void
pipe_that_nobody_reads(void **unused)
{
	int fds[2];

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	redirect(fds);
	unread();
	/* what is open is ours alone: the shell's end still waits */
	assert_int_equal(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

static void
socket_that_nobody_reads(void **unused)
{
	int fds[2];

	(void)unused;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	redirect(fds);
	unread();
}

static void
nobody_forges_lines(void **unused)
{
	int fds[2];

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	redirect(fds);
	log_init("t", true);
	log_warnx("a\nmars: b\r\033[1m\x7f\\");
	take();
	assert_string_equal(got, "t: a\\012mars: b\\015\\033[1m\\177\\\n");
}

static void
journal_gets_priorities(void **unused)
{
	char stream[64];
	struct stat st;
	int fds[2];

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	redirect(fds);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_init("t", true);
	log_warnx("bad");
	log_info("good");
	/* a journal that is somebody else's standard error */
	assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0);
	log_init("t", true);
	log_info("plain");
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
	take();
	assert_string_equal(got, "<3>t: bad\n<6>t: good\nt: plain\n");
}

static void
terminal_gets_times(void **unused)
{
	char month[4], text[16];
	int fds[2], day, h, m, s;

	(void)unused;
	if ((fds[0] = posix_openpt(O_RDWR | O_NOCTTY)) == -1 ||
	    grantpt(fds[0]) == -1 || unlockpt(fds[0]) == -1)
		skip();
	if ((fds[1] = open(ptsname(fds[0]), O_RDWR | O_NOCTTY)) == -1)
		skip();
	redirect(fds);
	log_init("t", true);
	log_info("hello");
	take();
	assert_int_equal(sscanf(got, "%3s %d %d:%d:%d t: %15s", month, &day,
	    &h, &m, &s, text), 6);
	assert_string_equal(text, "hello");
}

#ifndef __OpenBSD__
static int
log_daemon(void)
{
	const struct sockaddr_un sun = {
		.sun_family = AF_UNIX,
		.sun_path = SYSLOG_PATH,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	(void)unlink(SYSLOG_PATH);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void
syslog_hears(int fd, const char *text)
{
	char line[2048], want[128], *p;
	ssize_t n = recv(fd, line, sizeof(line) - 1, 0);
	int priority, day, h, m, s;
	char month[4];

	assert_true(n > 0);
	line[n] = '\0';
	assert_int_equal(sscanf(line, "<%d>%3s %d %d:%d:%d", &priority, month,
	    &day, &h, &m, &s),
	    6);
	assert_int_equal(priority, LOG_DAEMON | LOG_ERR);
	(void)snprintf(want, sizeof(want), " t[%d]: %s", (int)getpid(), text);
	assert_non_null(p = strstr(line, want));
	assert_string_equal(p, want);
}

/*
 * The log daemon is started again, and does not read for a while: nothing
 * waits, and no line is lost.
 */
static void
log_daemon_comes_back(void **unused)
{
	char text[32];
	int fd, i;

	(void)unused;
	reader = dup(saved);
	fd = log_daemon();
	log_init("t", false);
	log_warnx("one");
	syslog_hears(fd, "one");
	(void)close(fd);
	log_warnx("two");
	fd = log_daemon();
	log_warnx("three");
	syslog_hears(fd, "two");
	syslog_hears(fd, "three");
	for (i = 0; i < 500; i++)
		log_warnx("line %d", i);
	for (i = 0; i < 500; i++) {
		(void)snprintf(text, sizeof(text), "line %d", i);
		syslog_hears(fd, text);
		(void)log_out_flush();
	}
	(void)close(fd);
	(void)unlink(SYSLOG_PATH);
}
#endif

static int sent, refused, delivered;
static char last_sent[LOG_TEXT];

static bool
send_line(void *arg, int priority, const char *text)
{
	int *room = arg;

	if (*room == 0) {
		refused++;
		return false;
	}
	(*room)--;
	sent++;
	assert_true(priority == LOG_ERR || priority == LOG_WARNING);
	(void)strlcpy(last_sent, text, sizeof(last_sent));
	return true;
}

static void
deliver_lines(void *arg)
{
	(void)arg;
	delivered++;
}

/* A child's lines go to mars(8), and it says what that could not take. */
static void
lines_go_through_the_parent(void **unused)
{
	int fds[2], room = 1;

	(void)unused;
	assert_int_equal(pipe(fds), 0);
	redirect(fds);
	log_init("t", true);
	log_through(send_line, deliver_lines, &room);
	log_warnx("one");
	assert_string_equal(last_sent, "one");
	log_warnx("two");
	log_warnx("three");
	assert_int_equal(sent, 1);
	room = 3;
	log_warnx("four");
	assert_int_equal(sent, 3);
	assert_string_equal(last_sent, "four");
	log_last();
	assert_int_equal(delivered, 1);
	log_through(NULL, NULL, NULL);
	log_warnx("five");
	take();
	assert_string_equal(got, "t: five\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nobody_forges_lines),
		TEST(journal_gets_priorities),
		TEST(terminal_gets_times),
		TEST(lines_go_through_the_parent),
#ifndef __OpenBSD__
		TEST(log_daemon_comes_back),
#endif
		/* these never wait, nor do those after them */
		TEST(pipe_that_nobody_reads),
		TEST(socket_that_nobody_reads),
	};

	int n;
	char dir[] = "/tmp/mars-log-XXXXXX";

	/* the system's log is a file here */
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return 1;
	n = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return n;
}
