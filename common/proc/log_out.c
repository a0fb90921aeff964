/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "log_out.h"

#define WAITING		(64 * 1024)	/* octets of lines that may wait */
#define LINE		2048	/* octets of a line: less than PIPE_BUF */
#ifndef SYSLOG_PATH
#define SYSLOG_PATH	"/dev/log"
#endif

/* Which line it is to be: what stands before the name. */
enum log_form {
	LOG_FORM_PLAIN,
	LOG_FORM_TIMES,		/* on a terminal: the time */
	LOG_FORM_JOURNAL,	/* sd-daemon(3): the priority */
	LOG_FORM_SYSLOG		/* priority and time */
};

static enum log_form form;
static int out_fd = STDERR_FILENO;	/* -1: the system's log is away */
static bool out_socket;		/* send(2) has a flag that it may not wait */
static bool out_own;		/* the descriptor itself does not wait */
static bool never_wait;
static char waiting[WAITING];
static size_t nwaiting;
static unsigned long long lost;		/* lines, since one has passed */
static struct {
	bool	(*send)(void *, int, const char *);
	void	(*last)(void *);
	void	*arg;
} through;

/* Is this descriptor the stream that systemd has put into the environment? */
static bool
is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];

	(void)snprintf(own, sizeof(own), "%llu:%llu",
	    (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
	return stream != NULL && strcmp(stream, own) == 0;
}

void
log_out_init(bool foreground)
{
	struct stat st;

	if (out_own)
		(void)close(out_fd);
	out_socket = !foreground;
	out_own = false;
	out_fd = foreground ? STDERR_FILENO : -1;
	form = foreground ? LOG_FORM_PLAIN : LOG_FORM_SYSLOG;
	tzset(); /* now, while the file can be read */
	if (!foreground || fstat(STDERR_FILENO, &st) == -1)
		return;
	out_socket = S_ISSOCK(st.st_mode);
	if (is_journal(&st))
		form = LOG_FORM_JOURNAL;
	else if (isatty(STDERR_FILENO))
		form = LOG_FORM_TIMES;
}

/*
 * A pipe or a terminal is opened once more: O_NONBLOCK belongs to what is
 * open, and that we may share with the shell which started us.  Where it
 * can't be opened poll(2) is asked before each line, which others that write
 * there may make wrong.
 */
void
log_never_wait(void)
{
	struct stat st;
	int fd;

	never_wait = true;
	if (out_fd != STDERR_FILENO || fstat(out_fd, &st) == -1 ||
	    (!S_ISFIFO(st.st_mode) && !isatty(out_fd)))
		return;
	fd = open("/proc/self/fd/2",
	    O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return;
	out_fd = fd;
	out_own = true;
}

/* --- writing */

#ifdef __OpenBSD__
static ssize_t
syslog_write(const char *line, size_t len)
{
	return sendsyslog(line, len, 0) == -1 ? -1 : (ssize_t)len;
}
#else
static void
syslog_connect(void)
{
	const struct sockaddr_un sun = {
		.sun_family = AF_UNIX,
		.sun_path = SYSLOG_PATH,
	};

	out_fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (out_fd != -1 &&
	    connect(out_fd, (const struct sockaddr *)&sun, sizeof(sun)) == -1) {
		(void)close(out_fd);
		out_fd = -1;
	}
}

/*
 * syslog(3) would wait for a log daemon that does not read.  One that was
 * started again has a new socket.
 */
static ssize_t
syslog_write(const char *line, size_t len)
{
	ssize_t n = -1;

	if (out_fd != -1)
		n = send(out_fd, line, len, MSG_NOSIGNAL);
	if (n == -1 &&
	    (out_fd == -1 || (errno != EAGAIN && errno != ENOBUFS))) {
		if (out_fd != -1)
			(void)close(out_fd);
		syslog_connect();
		if (out_fd != -1)
			n = send(out_fd, line, len, MSG_NOSIGNAL);
	}
	if (n == -1)
		errno = EAGAIN; /* it may come back */
	return n;
}
#endif

static ssize_t
stderr_write(const char *line, size_t len)
{
	struct pollfd p = { .fd = out_fd, .events = POLLOUT };

	if (out_socket)
		return send(out_fd, line, len,
		    (never_wait ? MSG_DONTWAIT : 0) | MSG_NOSIGNAL);
	if (never_wait && !out_own && poll(&p, 1, 0) != 1) {
		errno = EAGAIN;
		return -1;
	}
	return write(out_fd, line, len);
}

/* Takes n octets off the front of what waits. */
static void
forget(size_t n)
{
	nwaiting -= n;
	memmove(waiting, waiting + n, nwaiting);
}

/* Writes line by line, so that those of several processes do not mix. */
static void
write_lines(void)
{
	size_t at = 0, len;
	ssize_t n;

	while (at < nwaiting) {
		len = (size_t)((char *)memchr(waiting + at, '\n',
		    nwaiting - at) - (waiting + at)) + 1;
		n = form == LOG_FORM_SYSLOG ?
		    syslog_write(waiting + at, len - 1) :
		    stderr_write(waiting + at, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n == -1) /* nobody will ever read it */
			lost++;
		at += n == -1 || form == LOG_FORM_SYSLOG ? len : (size_t)n;
	}
	forget(at);
}

/* --- lines */

/* What stands before the name. */
static void
head(char *line, size_t size, int priority)
{
	time_t now = time(NULL);
	char times[32] = "";
	struct tm tm;

	*line = '\0';
	if ((form == LOG_FORM_TIMES || form == LOG_FORM_SYSLOG) &&
	    localtime_r(&now, &tm) != NULL)
		(void)strftime(times, sizeof(times), "%b %e %T ", &tm);
	if (form == LOG_FORM_JOURNAL)
		(void)snprintf(line, size, "<%d>", LOG_PRI(priority));
	else if (form == LOG_FORM_SYSLOG)
		(void)snprintf(
		    line, size, "<%d>%s", (priority & LOG_FACMASK) != 0 ?
		    priority : LOG_DAEMON | priority, times);
	else
		(void)strlcpy(line, times, size);
}

/* Appends the text to the line, whatever is in it. */
static void
escape(char *line, size_t size, const char *text)
{
	size_t len = strlen(line);

	for (; *text != '\0' && len + 5 < size; text++) {
		if ((unsigned char)*text >= ' ' && *text != 0x7f)
			line[len++] = *text;
		else
			len += (size_t)snprintf(line + len, size - len,
			    "\\%03o", (unsigned char)*text);
	}
	line[len] = '\0';
}

/* False: there is no room. */
static bool
put(int priority, const char *name, pid_t pid, const char *text)
{
	char line[LINE];
	size_t len;

	head(line, sizeof(line), priority);
	if (form == LOG_FORM_SYSLOG)
		log_append(line, sizeof(line), "%s[%d]: ", name, (int)pid);
	else
		log_append(line, sizeof(line), "%s: ", name);
	escape(line, sizeof(line) - 1, text);
	len = strlcat(line, "\n", sizeof(line));
	if (len > sizeof(waiting) - nwaiting)
		return false;
	memcpy(waiting + nwaiting, line, len);
	nwaiting += len;
	return true;
}

/* Lines can be written again: how many could not?  False: they can't. */
static bool
confess(void)
{
	char text[128];
	bool done;

	if (lost == 0)
		return true;
	(void)snprintf(text, sizeof(text),
	    "%llu lines of the log were lost: nobody read it", lost);
	done = through.send != NULL ?
	    through.send(through.arg, LOG_WARNING, text) :
	    put(LOG_WARNING, "mars", getpid(), text);
	if (done)
		lost = 0;
	return done;
}

void
log_out(int priority, const char *name, pid_t pid, const char *text)
{
	if (through.send != NULL) {
		if (!confess() || !through.send(through.arg, priority, text))
			lost++;
		return;
	}
	write_lines();
	/* one line at a time would say each time that one was lost */
	if ((lost != 0 && nwaiting != 0) || !confess() ||
	    !put(priority, name, pid, text))
		lost++;
	write_lines();
}

int
log_out_flush(void)
{
	if (through.send != NULL)
		return -1;
	write_lines();
	if (nwaiting == 0 && lost != 0 && confess())
		write_lines();
	return nwaiting == 0 ? -1 : out_fd;
}

void
log_through(bool (*send)(void *, int, const char *), void (*last)(void *),
    void *arg)
{
	through.send = send;
	through.last = last;
	through.arg = arg;
}

void
log_last(void)
{
	if (through.last != NULL)
		through.last(through.arg);
	(void)log_out_flush();
}
