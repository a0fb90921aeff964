/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Commands that come while others are done: from a terminal, a pipe or a
 * socket on the standard input.  A file is read whole, before anything begins.
 */
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

bool
marsc_input_comes(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ||
	    isatty(STDIN_FILENO));
}

/* One line, without its end.  NULL, or what is wrong with it. */
static const char *
input_line(struct marsc_tool *t, const char *line)
{
	struct marsc_script one = STAILQ_HEAD_INITIALIZER(one);
	struct marsc_step *s;
	const char *error;

	t->input.number++;
	error = marsc_script_line(&one, line, &t->conf.pro);
	if (error != NULL || (s = STAILQ_FIRST(&one)) == NULL)
		return error;
	STAILQ_CONCAT(&t->script, &one);
	if (!t->input.begun)
		return NULL;
	if (t->conf.mcs)
		return s->verb != MARSC_VERB_JOIN ? NULL :
		    "a multicast server can't join";
	return s->verb != MARSC_VERB_SERVE && !s->server ? NULL :
	    "it has begun as a member: begin with `register server'";
}

/* The whole lines of the buffer; at its end also one that has no end. */
static const char *
input_lines(struct marsc_tool *t, bool last)
{
	struct marsc_input *in = &t->input;
	char *start = in->buf, *end;
	const char *error = NULL;

	while (error == NULL &&
	    (end = memchr(start, '\n',
	    (size_t)(in->buf + in->len - start))) != NULL) {
		*end = '\0';
		error = input_line(t, start);
		start = end + 1;
	}
	in->len -= (size_t)(start - in->buf);
	memmove(in->buf, start, in->len);
	in->buf[in->len] = '\0';
	if (error == NULL && last && in->len > 0)
		error = input_line(t, in->buf);
	else if (error == NULL && in->len == sizeof(in->buf) - 1)
		error = "line is too long";
	return error;
}

/* Reads what is there.  NULL, or what is wrong with it. */
static const char *
input_read(struct marsc_tool *t)
{
	struct marsc_input *in = &t->input;
	ssize_t n = read(STDIN_FILENO, in->buf + in->len,
	    sizeof(in->buf) - 1 - in->len);

	if (n == -1)
		return errno == EINTR || errno == EAGAIN ? NULL :
		    strerror(errno);
	in->len += (size_t)n;
	if (n == 0)
		in->open = false;
	return input_lines(t, n == 0);
}

void
marsc_input_first(struct marsc_tool *t)
{
	const char *error;

	t->input.open = true;
	while (t->input.open && STAILQ_EMPTY(&t->script))
		if ((error = input_read(t)) != NULL)
			errx(EXIT_USAGE, "-:%zu: %s", t->input.number, error);
	t->input.begun = true;
}

static void
input_readable(evutil_socket_t fd, short what, void *arg)
{
	struct marsc_tool *t = arg;
	const char *error;

	(void)fd;
	(void)what;
	error = input_read(t);
	if (error != NULL || !t->input.open)
		(void)event_del(&t->input.readable);
	if (error == NULL)
		t->advance |= t->step == NULL;
	else {
		warnx("-:%zu: %s", t->input.number, error);
		marsc_tool_end(t, EXIT_USAGE);
	}
}

void
marsc_input_begin(struct marsc_tool *t)
{
	if (!t->input.open)
		return;
	if (event_assign(&t->input.readable, t->loop.base, STDIN_FILENO,
	    EV_READ | EV_PERSIST, input_readable, t) == -1 ||
	    event_add(&t->input.readable, NULL) == -1)
		err(1, NULL);
	t->input.watched = true;
}

void
marsc_input_end(struct marsc_tool *t)
{
	if (t->input.watched)
		(void)event_del(&t->input.readable);
}
