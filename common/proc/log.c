/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "log.h"
#include "log_out.h"

/* the only global state of a process: its log */
static const char *log_name = "mars";
static int verbose;

/* Opens the log of the process called name; foreground: standard error. */
void
log_init(const char *name, bool foreground)
{
	log_name = name;
	log_out_init(foreground);
}

void
log_verbose(int level)
{
	verbose = level;
}

int
log_getverbose(void)
{
	return verbose;
}

/* One line; if code is not 0, its meaning ends the line. */
static void
vlog(int priority, int code, const char *fmt, va_list ap)
    PRINTFLIKE(3, 0);

static void
vlog(int priority, int code, const char *fmt, va_list ap)
{
	char line[LOG_TEXT];
	size_t len;

	(void)vsnprintf(line, sizeof(line), fmt, ap);
	len = strlen(line);
	if (code != 0)
		(void)snprintf(
		    line + len, sizeof(line) - len, ": %s", strerror(code));
	log_out(priority, log_name, getpid(), line);
}

void
log_line(int priority, const char *text)
{
	log_out(priority, log_name, getpid(), text);
}

/* Something failed; appends and keeps errno. */
void
log_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_ERR, saved, fmt, ap);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_ERR, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (verbose == 0)
		return;
	va_start(ap, fmt);
	vlog(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

/* The process can't go on: says why, with errno, and ends it. */
void
fatal(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_CRIT, saved, fmt, ap);
	va_end(ap);
	log_last();
	exit(1);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlog(LOG_CRIT, 0, fmt, ap);
	va_end(ap);
	log_last();
	exit(1);
}

void
log_append(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

#define RATE_BURST	10
#define RATE_EVERY	MTIME_SEC(1)

void
ratelimit_init(struct ratelimit *r, mtime_t now)
{
	r->last = now;
	r->tokens = RATE_BURST;
	r->missed = 0;
}

bool
ratelimit_pass(struct ratelimit *r, mtime_t now)
{
	int64_t n = mtime_diff(r->last, now) / RATE_EVERY;

	if (n > 0) {
		r->last.us += n * RATE_EVERY;
		if (n > RATE_BURST - (int64_t)r->tokens)
			r->tokens = RATE_BURST;
		else
			r->tokens += (uint32_t)n;
	}
	if (r->tokens == 0) {
		r->missed++;
		return false;
	}
	r->tokens--;
	return true;
}

static void
vlimited(
    int priority, struct ratelimit *r, mtime_t now, const char *fmt, va_list ap)
{
	if (!ratelimit_pass(r, now))
		return;
	if (r->missed != 0) {
		log_warnx("%llu lines like the next one were not logged",
		    (unsigned long long)r->missed);
		r->missed = 0;
	}
	vlog(priority, 0, fmt, ap);
}

void
log_limited(struct ratelimit *r, mtime_t now, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlimited(LOG_WARNING, r, now, fmt, ap);
	va_end(ap);
}

void
log_limited_info(struct ratelimit *r, mtime_t now, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vlimited(LOG_INFO, r, now, fmt, ap);
	va_end(ap);
}
