/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <event2/event_struct.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "ctl_filter.h"
#include "ctlserver.h"
#include "ipc.h"
#include "log.h"
#include "log_audit.h"

#define READERS_MAX	8	/* of all, that may only read */
#define LISTENERS_MAX	2
#define ANSWER_MAX	1024	/* octets of an end */
#define HIGH_MARK	64	/* messages waiting: no more rows */
#define LOW_MARK	16	/* go on */
#define STALL		30	/* s without progress: the client is cut */
#define IDLE		60	/* s without a request: the same */
#define TICK		5	/* s between looks at it */
#define FOLLOW_MARK	256	/* messages waiting: more are lost */
#define LISTS_MAX	4	/* struct ctl_commands of a server */

/* What one client may have us do in one turn of the loop, in octets of rows. */
#define TURN_WORK	(128 * 1024)
#define ROW_WORK	64	/* octets that the making of any row is worth */

_Static_assert(CTL_ROW_MAX <= UINT16_MAX, "the octets of a row");

const char CTL_LATER[] = "later";

struct ctl_conn {
	TAILQ_ENTRY(ctl_conn)	 entry;
	struct ctlserver	*server;
	bool			 reader;	/* shown things, and no more */
	uint64_t		 uid, pid;	/* of who has connected */
	struct channel		 ch;
	uint32_t		 id;
	const struct ctl_command *command;	/* rows are to come, or NULL */
	void			*arg;		/* of its functions */
	bool			 later;		/* ctl_finish() is to come */
	bool			 follows;	/* is told what happens */
	enum ctl_stream		 stream;	/* of which */
	uint64_t		 lost;		/* rows that it was not told */
	/* rows that wait, by their octets: nwait, the last at `last` */
	uint16_t		 waiting[FOLLOW_MARK];
	uint32_t		 nwait, last;
	size_t			 octets;	/* of them */
	char			 wrong[ANSWER_MAX / 2];	/* behind the rows */
	int			 argc;
	char			*argv[CTL_ARGS_MAX];
	char			 args[CTL_ARGS_MAX][CTL_ARG_SIZE];
	struct ctl_filter	 filters[CTL_FILTERS_MAX];
	size_t			 nfilters;
	alignas(max_align_t) char cursor[CTL_CURSOR_SIZE];
	uint32_t		 stalled;	/* s */
	uint32_t		 idle;		/* s */
};

struct ctl_listener {
	struct ctlserver	*server;
	int			 fd;
	bool			 readers;	/* its clients are */
	struct event		 accept;
};

struct ctlserver {
	struct loop		*loop;
	struct ctl_listener	 listeners[LISTENERS_MAX];
	size_t			 nlisteners;
	struct event		 reap;		/* frees who was cut off */
	struct event		 resume;	/* listings that paused */
	struct event		 tick;
	struct ctl_commands	 lists[LISTS_MAX];
	size_t			 nlists;
	TAILQ_HEAD(, ctl_conn)	 conns;
	uint32_t		 nconns;
	uint32_t		 nfollow[CTL_STREAMS];
	uint32_t		 nreaders;	/* of these */
	uint32_t		 next_id;
	uint64_t		 refused;
	struct ratelimit	 shown;		/* in the audit log */
	const char		*(*missing)(void *, const char *, const char *);
	void			*missing_arg;
	uint8_t			 row[CTL_ROW_MAX];
};

static void
conn_free(struct ctl_conn *c)
{
	TAILQ_REMOVE(&c->server->conns, c, entry);
	c->server->nconns--;
	if (c->follows)
		c->server->nfollow[c->stream]--;
	c->server->nreaders -= c->reader;
	channel_close(&c->ch);
	free(c);
}

static void
conn_closed(void *arg)
{
	conn_free(arg);
}

/*
 * Cuts off a client.  This runs within the channel's own functions, where c
 * can't be freed, so ctlserver_reap() will free it.
 */
static void
conn_cut(struct ctl_conn *c)
{
	const struct timeval now = { 0, 0 };

	c->server->refused++;
	c->command = NULL;
	c->later = false;
	channel_close(&c->ch);
	(void)event_add(&c->server->reap, &now);
}

static void
ctlserver_reap(evutil_socket_t fd, short what, void *arg)
{
	struct ctlserver *s = arg;
	struct ctl_conn *c, *next;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (!c->ch.open)
			conn_free(c);
	}
}

/*
 * May one more row wait for the client?  So many may, of so many octets with
 * one more: rows are of all sizes.
 */
static bool
conn_room(struct ctl_conn *c, uint32_t rows, size_t octets)
{
	uint32_t n = channel_queued(&c->ch);

	/* the first have gone */
	for (; c->nwait > n; c->nwait--)
		c->octets -=
		    c->waiting[(c->last - c->nwait + 1) % FOLLOW_MARK];
	return n < rows && c->octets < octets;
}

/* There has to be room. */
static void
conn_put(struct ctl_conn *c, const struct wr *w)
{
	c->nwait++;
	c->waiting[++c->last % FOLLOW_MARK] = (uint16_t)w->len;
	c->octets += w->len;
	if (channel_send(&c->ch, IMSG_CTL_ROW, -1, w->buf, w->len) == -1)
		conn_cut(c);
}

/* The answer is complete: ok, or the sentence that says what is wrong. */
static void
conn_end(struct ctl_conn *c, bool ok, const char *text)
{
	uint8_t buf[ANSWER_MAX];
	char cut[ANSWER_MAX - 3];
	struct wr w;

	c->command = NULL;
	c->later = false;
	(void)strlcpy(cut, text, sizeof(cut));
	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, ok);
	wr_string(&w, cut);
	if (channel_send(&c->ch, IMSG_CTL_END, -1, buf, w.len) == -1)
		conn_cut(c);
}

static bool
row_wanted(const struct ctl_conn *c, const struct wr *w)
{
	struct rd r;

	rd_init(&r, w->buf, w->len);
	return ctl_filters_want(c->filters, c->nfilters, r);
}

/* The next row of a listing, or its end.  Returns the work that it was. */
static size_t
conn_row(struct ctl_conn *c)
{
	struct ctlserver *s = c->server;
	struct wr w;

	wr_init(&w, s->row, sizeof(s->row));
	if (!c->command->show(c->arg, c->cursor, &w))
		conn_end(c, *c->wrong == '\0', c->wrong);
	else if (wr_failed(&w))
		conn_end(c, false, "an entry is too large to show");
	else if (row_wanted(c, &w))
		conn_put(c, &w);
	return ROW_WORK + w.len;
}

/*
 * Sends rows of a listing until the client's queue is full; when the client has
 * read some of it we come back here.  Rows that a filter holds back fill no
 * queue, so after a certain amount of work the others in the loop have their
 * turn first.
 */
static void
conn_more(struct ctl_conn *c)
{
	const struct timeval now = { 0, 0 };
	size_t work = 0;

	while (c->command != NULL &&
	    conn_room(c, HIGH_MARK, CTLSERVER_OCTETS)) {
		if (work >= TURN_WORK) {
			if (event_add(&c->server->resume, &now) == -1)
				conn_cut(c);
			return;
		}
		work += conn_row(c);
	}
}

static void
ctlserver_resume(evutil_socket_t fd, short what, void *arg)
{
	struct ctlserver *s = arg;
	struct ctl_conn *c;

	(void)fd;
	(void)what;
	timers_clock(&s->loop->timers);
	/*
	 * conn_more() takes no client off the list; only ctlserver_reap() does
	 */
	TAILQ_FOREACH(c, &s->conns, entry)
		conn_more(c);
}

/* Tells a follower how many rows it has missed, once there is room. */
static void
conn_tell_lost(struct ctl_conn *c)
{
	uint8_t buf[128];
	struct wr w;

	if (c->lost == 0 ||
	    !conn_room(c, LOW_MARK + 1, CTLSERVER_FOLLOWED_OCTETS))
		return;
	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "event", "lost");
	ctl_uint(&w, "number", c->lost);
	c->lost = 0;
	conn_put(c, &w);
}

/* A row for a follower: of one that does not read, few wait. */
static void
conn_tell(struct ctl_conn *c, const struct wr *w)
{
	conn_tell_lost(c);
	if (!c->ch.open || !row_wanted(c, w))
		return;
	if (c->lost > 0 ||
	    !conn_room(c, FOLLOW_MARK, CTLSERVER_FOLLOWED_OCTETS))
		c->lost++;
	else
		conn_put(c, w);
}

bool
ctlserver_followed(const struct ctlserver *s, enum ctl_stream stream)
{
	return s->nfollow[stream] > 0;
}

void
ctlserver_tell(
    struct ctlserver *s, enum ctl_stream stream, const struct wr *w)
{
	struct ctl_conn *c;

	if (wr_failed(w))
		return;
	/* conn_tell() takes no client off the list; ctlserver_reap() does */
	TAILQ_FOREACH(c, &s->conns, entry)
		if (c->follows && c->stream == stream && c->ch.open)
			conn_tell(c, w);
}

static void
conn_drained(void *arg)
{
	struct ctl_conn *c = arg;

	timers_clock(&c->server->loop->timers);
	c->stalled = 0;
	conn_tell_lost(c);
	if (channel_queued(&c->ch) <= LOW_MARK)
		conn_more(c);
}

/* How many words the name has, if the request begins with it; otherwise 0. */
static int
name_words(const char *name, int argc, char args[][CTL_ARG_SIZE])
{
	size_t len;
	int n = 0;

	for (;;) {
		len = strcspn(name, " ");
		if (n == argc || strlen(args[n]) != len ||
		    memcmp(args[n], name, len) != 0)
			return 0;
		n++;
		if (name[len] == '\0')
			return n;
		name += len + 1;
	}
}

/*
 * Finds the command with the longest name that the request begins with.  Its
 * arg is noted in c, and the words after its name become the arguments.
 */
static const struct ctl_command *
find_command(struct ctl_conn *c, int argc)
{
	const struct ctl_command *found = NULL;
	const struct ctl_commands *l;
	int n, words = 0;
	size_t i, j;

	for (i = 0; i < c->server->nlists; i++) {
		l = &c->server->lists[i];
		for (j = 0; j < l->n; j++) {
			n = name_words(l->command[j].name, argc, c->args);
			if (n <= words)
				continue;
			found = &l->command[j];
			c->arg = l->arg;
			words = n;
		}
	}
	c->argc = argc - words;
	for (n = 0; n < c->argc; n++)
		c->argv[n] = c->args[words + n];
	return found;
}

static void
conn_act(struct ctl_conn *c, const struct ctl_command *cmd)
{
	const char *wrong;

	c->later = true; /* it may end before we are told so */
	wrong = cmd->act(c->arg, c, c->argc, c->argv);
	if (wrong != CTL_LATER)
		conn_end(c, wrong == NULL, wrong == NULL ? "" : wrong);
}

/* What is wrong with a filter, or NULL. */
static const char *
set_filter(struct ctl_conn *c, const char *word, const char *value)
{
	const struct ctlserver *s = c->server;
	const char *wrong;

	wrong = ctl_filter_set(&c->filters[c->nfilters++], word, value);
	if (wrong == NULL && s->missing != NULL)
		wrong = s->missing(s->missing_arg, word, value);
	return wrong;
}

/*
 * Reads the words of a request and the filters after them.  Returns -1 if they
 * are no request, or more than there is room for.  *wrong says what is wrong
 * with a filter, or is NULL.
 */
static int
read_request(struct ctl_conn *c, struct rd *r, const char **wrong)
{
	char word[CTL_NAME_SIZE], value[CTL_ARG_SIZE];
	int i, argc = rd_u8(r);

	*wrong = NULL;
	c->nfilters = 0;
	if (argc == 0 || argc > CTL_ARGS_MAX)
		return -1;
	for (i = 0; i < argc; i++)
		(void)rd_string(r, c->args[i], CTL_ARG_SIZE);
	while (!rd_failed(r) && !rd_done(r) && *wrong == NULL) {
		if (c->nfilters == CTL_FILTERS_MAX)
			return -1;
		if (rd_string(r, word, sizeof(word)) &&
		    rd_string(r, value, sizeof(value)))
			*wrong = set_filter(c, word, value);
	}
	return rd_failed(r) ? -1 : argc;
}

static void
conn_rows(struct ctl_conn *c, const struct ctl_command *cmd)
{
	c->command = cmd;
	memset(c->cursor, 0, sizeof(c->cursor));
	conn_more(c);
}

static void
conn_show(struct ctl_conn *c, const struct ctl_command *cmd)
{
	if (c->argc != 0) {
		conn_end(c, false, "a listing takes no arguments");
		return;
	}
	*c->wrong = '\0';
	conn_rows(c, cmd);
}

/* How many follow any of the streams. */
static uint32_t
followers(const struct ctlserver *s)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < CTL_STREAMS; i++)
		n += s->nfollow[i];
	return n;
}

/* What comes of it from now on, until the client goes. */
static const char *
conn_follow(struct ctl_conn *c, enum ctl_stream stream)
{
	/* who may only be shown things leaves room for others here, too */
	const uint32_t max =
	    c->reader ? CTLSERVER_FOLLOWERS / 2 : CTLSERVER_FOLLOWERS;

	if (followers(c->server) >= max)
		return "too many follow already";
	c->later = c->follows = true;
	c->stream = stream;
	c->server->nfollow[stream]++;
	return CTL_LATER;
}

static void
conn_monitor(struct ctl_conn *c)
{
	const char *wrong = c->argc != 0 ? "monitor takes no arguments" :
	    conn_follow(c, CTL_STREAM_EVENTS);

	if (wrong != CTL_LATER)
		conn_end(c, false, wrong);
}

const char *
ctl_capture(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)arg;
	(void)argv;
	if (argc != 0)
		return "a capture takes no arguments";
	return conn_follow(c, CTL_STREAM_SDUS);
}

/*
 * Who asks for what, for the audit log.  Whoever looks may do so often; what
 * orders something is never held back.
 */
static void
conn_audit(const struct ctl_conn *c, const struct ctl_command *cmd, int argc)
{
	char words[CTL_ARG_SIZE * 2] = "";
	struct log_audit a;
	size_t i;
	int n;

	for (n = 0; n < argc; n++)
		log_append(words, sizeof(words), "%s%s", n == 0 ? "" : " ",
		    c->args[n]);
	for (i = 0; i < c->nfilters; i++)
		log_append(
		    words, sizeof(words), " %s", c->filters[i].value);
	log_audit_begin(&a, "command");
	log_audit_number(&a, "uid", c->uid);
	log_audit_number(&a, "client", c->pid);
	log_audit_add(&a, "socket", c->reader ? "read" : "order");
	log_audit_add(&a, "command", words);
	log_audit_end(&a, cmd == NULL || cmd->act == NULL ?
	    &c->server->shown : NULL, c->server->loop->timers.now);
}

static void
conn_request(struct ctl_conn *c, struct rd *r)
{
	const struct ctl_command *cmd;
	const char *wrong;
	int argc = read_request(c, r, &wrong);

	if (argc == -1) {
		c->server->refused++;
		conn_end(c, false, "that is not a request");
		return;
	}
	cmd = find_command(c, argc);
	conn_audit(c, cmd, argc);
	if (cmd == NULL)
		conn_end(c, false, "that command is not known here");
	else if (wrong != NULL)
		conn_end(c, false, wrong);
	else if (cmd->show != NULL)
		conn_show(c, cmd);
	else if (c->reader && cmd->act != NULL)
		conn_end(c, false, "this socket is only for show");
	else if (cmd->act == NULL)
		conn_monitor(c);
	else if (c->nfilters != 0 && cmd->act != ctl_capture)
		conn_end(c, false, "only a listing can be filtered");
	else
		conn_act(c, cmd);
}

/*
 * A client that sends a request before the answer to the last one is complete,
 * or that does not read its answers, is cut off.  Otherwise we would have to
 * hold any number of answers.
 */
static void
conn_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct ctl_conn *c = arg;

	timers_clock(&c->server->loop->timers);
	c->idle = 0;
	if (fd != -1)
		close(fd);
	if (type != IMSG_CTL_REQUEST || c->command != NULL || c->later ||
	    channel_queued(&c->ch) > HIGH_MARK)
		conn_cut(c);
	else
		conn_request(c, r);
}

/* Asks for nothing, and has all the answers? */
static bool
is_idle(const struct ctl_conn *c)
{
	return c->command == NULL && !c->later && channel_queued(&c->ch) == 0;
}

/*
 * The place of the client that has asked for nothing for the longest time:
 * connections alone must not lock out who has a question.
 */
static void
give_way(struct ctlserver *s)
{
	struct ctl_conn *c, *oldest = NULL;

	TAILQ_FOREACH(c, &s->conns, entry)
		if (is_idle(c) && (oldest == NULL || c->idle > oldest->idle))
			oldest = c;
	if (oldest == NULL)
		return;
	s->refused++;
	conn_free(oldest);
}

/* Who has connected, as the kernel knows it. */
static void
conn_peer(struct ctl_conn *c, int fd)
{
#ifdef __OpenBSD__
	struct sockpeercred peer = { .uid = 0 };
#else
	struct ucred peer = { .uid = 0 };
#endif
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == -1)
		log_warn("control: who has connected");
	c->uid = (uint64_t)peer.uid;
	c->pid = (uint64_t)peer.pid;
}

static void
conn_new(struct ctlserver *s, int fd, bool reader)
{
	struct ctl_conn *c;

	if (s->nconns >= CTLSERVER_CLIENTS)
		give_way(s);
	if (s->nconns >= CTLSERVER_CLIENTS ||
	    (reader && s->nreaders >= READERS_MAX) ||
	    (c = calloc(1, sizeof(*c))) == NULL) {
		s->refused++;
		close(fd);
		return;
	}
	c->server = s;
	c->reader = reader;
	conn_peer(c, fd);
	c->id = ++s->next_id;
	if (channel_open(&c->ch, s->loop->base, fd, false, CTL_ROW_MAX,
	    "marsctl", conn_message, conn_closed, c) == -1) {
		s->refused++;
		close(fd);
		free(c);
		return;
	}
	c->ch.drained = conn_drained;
	TAILQ_INSERT_TAIL(&s->conns, c, entry);
	s->nconns++;
	s->nreaders += reader;
}

static void
accept_ready(evutil_socket_t fd, short what, void *arg)
{
	struct ctl_listener *l = arg;
	int conn;

	(void)what;
	conn = accept4((int)fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn != -1)
		conn_new(l->server, conn, l->readers);
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR &&
	    errno != ECONNABORTED) {
		/*
		 * the socket stays ready, so without a pause the loop would
		 * spin
		 */
		log_warn("control: accept");
		(void)event_del(&l->accept);
	}
}

/* Cuts off who does not read what was asked for. */
static void
tick(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval again = { TICK, 0 };
	struct ctlserver *s = arg;
	struct ctl_conn *c, *next;
	size_t i;

	(void)fd;
	(void)what;
	for (c = TAILQ_FIRST(&s->conns); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (is_idle(c) && (c->idle += TICK) >= IDLE) {
			s->refused++;
			conn_free(c);
		} else if (c->follows || channel_queued(&c->ch) == 0)
			c->stalled = 0;
		else if ((c->stalled += TICK) >= STALL) {
			log_info("control: a client that does not read is cut");
			s->refused++;
			conn_free(c);
		}
	}
	for (i = 0; i < s->nlisteners; i++)
		(void)event_add(&s->listeners[i].accept, NULL);
	(void)event_add(&s->tick, &again);
}

/* False: fd is still the caller's. */
static bool
ctl_listener_add(struct ctlserver *s, int fd, bool readers)
{
	struct ctl_listener *l = &s->listeners[s->nlisteners];

	if (s->nlisteners == LISTENERS_MAX ||
	    evutil_make_socket_nonblocking(fd) == -1 ||
	    event_assign(&l->accept, s->loop->base, fd, EV_READ | EV_PERSIST,
	    accept_ready, l) == -1 ||
	    event_add(&l->accept, NULL) == -1)
		return false;
	l->server = s;
	l->fd = fd;
	l->readers = readers;
	s->nlisteners++;
	return true;
}

bool
ctlserver_readers(struct ctlserver *s, int fd)
{
	return ctl_listener_add(s, fd, true);
}

struct ctlserver *
ctlserver_new(
    struct loop *loop, int fd, const struct ctl_commands *lists, size_t n)
{
	const struct timeval first = { TICK, 0 };
	struct event_base *base = loop->base;
	struct ctlserver *s;

	if (n > LISTS_MAX || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->loop = loop;
	memcpy(s->lists, lists, n * sizeof(*lists));
	s->nlists = n;
	TAILQ_INIT(&s->conns);
	ratelimit_init(&s->shown, loop->timers.now);
	if (event_assign(&s->reap, base, -1, 0, ctlserver_reap, s) == -1 ||
	    event_assign(&s->resume, base, -1, 0, ctlserver_resume, s) == -1 ||
	    event_assign(&s->tick, base, -1, 0, tick, s) == -1 ||
	    event_add(&s->tick, &first) == -1 ||
	    !ctl_listener_add(s, fd, false)) {
		(void)event_del(&s->tick);
		free(s);
		return NULL;
	}
	return s;
}

void
ctlserver_free(struct ctlserver *s)
{
	struct ctl_conn *c;
	size_t i;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->conns)) != NULL)
		conn_free(c);
	for (i = 0; i < s->nlisteners; i++) {
		(void)event_del(&s->listeners[i].accept);
		close(s->listeners[i].fd);
	}
	(void)event_del(&s->reap);
	(void)event_del(&s->resume);
	(void)event_del(&s->tick);
	free(s);
}

void
ctlserver_filters(struct ctlserver *s,
    const char *(*missing)(void *, const char *, const char *), void *arg)
{
	s->missing = missing;
	s->missing_arg = arg;
}

/* A number for ctl_finish(). */
uint32_t
ctl_conn_id(const struct ctl_conn *c)
{
	return c->id;
}

/* Who waits for an answer that was to come later; NULL: no longer. */
static struct ctl_conn *
conn_waiting(struct ctlserver *s, uint32_t id)
{
	struct ctl_conn *c;

	TAILQ_FOREACH(c, &s->conns, entry)
		if (c->id == id && c->later)
			break;
	return c;
}

void
ctl_finish(struct ctlserver *s, uint32_t id, bool ok, const char *text)
{
	struct ctl_conn *c = conn_waiting(s, id);

	if (c != NULL)
		conn_end(c, ok, text);
}

void
ctl_finish_rows(struct ctlserver *s, uint32_t id,
    const struct ctl_command *rows, void *arg, const char *wrong)
{
	struct ctl_conn *c = conn_waiting(s, id);

	if (c == NULL)
		return;
	c->later = false;
	c->arg = arg;
	(void)strlcpy(c->wrong, wrong == NULL ? "" : wrong, sizeof(c->wrong));
	conn_rows(c, rows);
}

uint64_t
ctlserver_refused(const struct ctlserver *s)
{
	return s->refused;
}
