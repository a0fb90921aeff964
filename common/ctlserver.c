/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "ctlserver.h"
#include "ipc.h"
#include "log.h"

#define CLIENTS_MAX	16	/* past that a client is refused */
#define REQUEST_MAX	2048	/* octets of a request */
#define HIGH_MARK	64	/* rows waiting: stop asking the generator */
#define LOW_MARK	16	/* go on */
#define STALL		30	/* s without progress: the client is cut */
#define TICK		5	/* s between looks at it */

const char CTL_LATER[] = "later";

struct ctl_conn {
	TAILQ_ENTRY(ctl_conn)	 entry;
	struct ctlserver	*server;
	struct channel		 ch;
	uint32_t		 id;
	const struct ctl_command *command;	/* being answered, or NULL */
	bool			 later;		/* ctl_finish() is to come */
	int			 argc;
	char			*argv[CTL_ARGS_MAX];
	char			 args[CTL_ARGS_MAX][CTL_ARG_SIZE];
	alignas(max_align_t) char cursor[CTL_CURSOR_SIZE];
	uint32_t		 stalled;	/* s */
	uint32_t		 queued;	/* at the last look */
};

struct ctlserver {
	struct event_base	*base;
	int			 fd;
	struct event		 accept;
	struct event		 turn;		/* generators go on */
	struct event		 tick;
	const struct ctl_command *commands;
	size_t			 ncommands;
	void			*arg;
	TAILQ_HEAD(, ctl_conn)	 conns;
	uint32_t		 nconns;
	uint32_t		 next_id;
	uint64_t		 refused;
	uint8_t			 row[CTL_ROW_MAX];
};

static void
conn_free(struct ctl_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, entry);
	c->server->nconns--;
	channel_close(&c->ch);
	free(c);
}

static void
conn_closed(void *arg)
{
	conn_free(arg);
}

/* The answer is complete: ok, or the sentence that says what is wrong. */
static void
conn_end(struct ctl_conn *c, bool ok, const char *text)
{
	uint8_t buf[REQUEST_MAX];
	struct wr w;

	c->command = NULL;
	c->later = false;
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, ok);
	wr_string(&w, text);
	if (wr_failed(&w)) {	/* longer than anybody reads */
		wr_init(&w, buf, sizeof(buf));
		wr_u8(&w, ok);
		wr_string(&w, "too long a text");
	}
	if (channel_send(&c->ch, IMSG_CTL_END, -1, buf, w.len) == -1)
		log_warn("control: answer lost");
}

static void
turn_soon(struct ctlserver *s)
{
	const struct timeval now = { 0, 0 };

	if (!event_pending(&s->turn, EV_TIMEOUT, NULL))
		(void)event_add(&s->turn, &now);
}

/* Rows of a listing until the client's queue is full. */
static void
conn_more(struct ctl_conn *c)
{
	struct ctlserver *s = c->server;
	struct wr w;

	if (c->command == NULL || c->command->show == NULL ||
	    channel_queued(&c->ch) > LOW_MARK)
		return;
	while (channel_queued(&c->ch) < HIGH_MARK) {
		wr_init(&w, s->row, sizeof(s->row));
		if (c->command->show(s->arg, c->argc, c->argv, c->cursor,
		    &w) == CTL_DONE) {
			conn_end(c, true, "");
			return;
		}
		if (wr_failed(&w)) {
			conn_end(c, false, "an entry is too large to show");
			return;
		}
		if (channel_send(&c->ch, IMSG_CTL_ROW, -1, s->row, w.len) ==
		    -1) {
			conn_end(c, false, "no memory for the answer");
			return;
		}
	}
}

/* Once per turn of the loop while anybody waits for rows. */
static void
turn(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval soon = { 0, 2000 };
	struct ctlserver *s = arg;
	struct ctl_conn *c;
	bool busy = false, full = false;

	(void)fd;
	(void)what;
	TAILQ_FOREACH(c, &s->conns, entry) {
		conn_more(c);
		if (c->command != NULL && c->command->show != NULL) {
			busy = true;
			if (channel_queued(&c->ch) > LOW_MARK)
				full = true;
		}
	}
	if (busy && full)
		(void)event_add(&s->turn, &soon);
	else if (busy)
		turn_soon(s);
}

/*
 * The command that a request names, and how many of its words do: names are
 * one word or two.
 */
static const struct ctl_command *
lookup(const struct ctlserver *s, struct ctl_conn *c, int argc, int *words)
{
	char two[2 * CTL_ARG_SIZE + 1];
	size_t i;

	strlcpy(two, argc > 0 ? c->args[0] : "", sizeof(two));
	if (argc > 1) {
		strlcat(two, " ", sizeof(two));
		strlcat(two, c->args[1], sizeof(two));
	}
	for (i = 0; i < s->ncommands; i++) {
		*words = 2;
		if (strcmp(s->commands[i].name, two) == 0 && argc > 1)
			return &s->commands[i];
		*words = 1;
		if (argc > 0 && strcmp(s->commands[i].name, c->args[0]) == 0)
			return &s->commands[i];
	}
	return NULL;
}

/* A request: strings, the words of a command and its arguments. */
static void
conn_request(struct ctl_conn *c, struct rd *r)
{
	struct ctlserver *s = c->server;
	const struct ctl_command *cmd;
	const char *wrong;
	int argc = 0, words, i;

	while (!rd_failed(r) && !rd_done(r) && argc < CTL_ARGS_MAX) {
		if (rd_string(r, c->args[argc], CTL_ARG_SIZE))
			argc++;
	}
	if (!rd_done(r) || argc == 0) {
		conn_end(c, false, "not a request");
		return;
	}
	if ((cmd = lookup(s, c, argc, &words)) == NULL) {
		conn_end(c, false, "unknown command");
		return;
	}
	c->argc = argc - words;
	for (i = 0; i < c->argc; i++)
		c->argv[i] = c->args[words + i];
	if (cmd->show != NULL) {
		c->command = cmd;
		memset(c->cursor, 0, sizeof(c->cursor));
		turn_soon(s);
		return;
	}
	wrong = cmd->act(s->arg, c, c->argc, c->argv);
	if (wrong == CTL_LATER)
		c->later = true;
	else
		conn_end(c, wrong == NULL, wrong == NULL ? "" : wrong);
}

static void
conn_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct ctl_conn *c = arg;

	if (fd != -1)
		close(fd);
	if (type != IMSG_CTL_REQUEST) {
		c->server->refused++;
		conn_end(c, false, "not a request");
	} else if (c->command != NULL || c->later) {
		c->server->refused++;
		conn_end(c, false, "one request at a time");
	} else
		conn_request(c, r);
}

static void
conn_new(struct ctlserver *s, int fd)
{
	struct ctl_conn *c;

	if (s->nconns >= CLIENTS_MAX || (c = calloc(1, sizeof(*c))) == NULL) {
		s->refused++;
		close(fd);
		return;
	}
	c->server = s;
	c->id = ++s->next_id;
	if (channel_open(&c->ch, s->base, fd, false, CTL_ROW_MAX, "marsctl",
	    conn_message, conn_closed, c) == -1) {
		s->refused++;
		close(fd);
		free(c);
		return;
	}
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	s->nconns++;
}

static void
accept_ready(evutil_socket_t fd, short what, void *arg)
{
	struct ctlserver *s = arg;
	int conn;

	(void)what;
	conn = accept4((int)fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn != -1)
		conn_new(s, conn);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
	    errno != ECONNABORTED)
		log_warn("control: accept");
}

/* Cuts off who does not read what was asked for. */
static void
tick(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval again = { TICK, 0 };
	struct ctlserver *s = arg;
	struct ctl_conn *c, *next;
	uint32_t queued;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		queued = channel_queued(&c->ch);
		if (queued == 0 || queued < c->queued)
			c->stalled = 0;
		else if ((c->stalled += TICK) >= STALL) {
			log_info("control: a client that does not read is cut");
			conn_free(c);
			continue;
		}
		c->queued = queued;
	}
	(void)event_add(&s->tick, &again);
}

/*
 * Serves the listening socket fd, which it then owns, with these commands.
 * NULL: no memory.
 */
struct ctlserver *
ctlserver_new(struct event_base *base, int fd,
    const struct ctl_command *commands, size_t ncommands, void *arg)
{
	const struct timeval first = { TICK, 0 };
	struct ctlserver *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->base = base;
	s->fd = fd;
	s->commands = commands;
	s->ncommands = ncommands;
	s->arg = arg;
	TAILQ_INIT(&s->conns);
	if (event_assign(&s->accept, base, fd, EV_READ | EV_PERSIST,
	    accept_ready, s) == -1 ||
	    event_assign(&s->turn, base, -1, 0, turn, s) == -1 ||
	    event_assign(&s->tick, base, -1, 0, tick, s) == -1 ||
	    event_add(&s->accept, NULL) == -1 ||
	    event_add(&s->tick, &first) == -1) {
		free(s);
		return NULL;
	}
	return s;
}

void
ctlserver_free(struct ctlserver *s)
{
	struct ctl_conn *c;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		conn_free(c);
	(void)event_del(&s->accept);
	(void)event_del(&s->turn);
	(void)event_del(&s->tick);
	close(s->fd);
	free(s);
}

/* A number for ctl_finish(); never used twice. */
uint32_t
ctl_conn_id(const struct ctl_conn *c)
{
	return c->id;
}

/* Ends an answer that was to come later, if its client still waits. */
void
ctl_finish(struct ctlserver *s, uint32_t id, bool ok, const char *text)
{
	struct ctl_conn *c;

	TAILQ_FOREACH(c, &s->conns, entry) {
		if (c->id == id && c->later) {
			conn_end(c, ok, text);
			return;
		}
	}
}
