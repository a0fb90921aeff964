/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "daemon.h"
#include "ipc.h"
#include "output.h"

static const struct {
	const char	*name;
	unsigned int	 ask;
	const char	*statement;	/* where it runs, mars.conf has one */
} known[MARSCTL_DAEMONS] = {
	{ "marsd", ASK_MARSD, "cluster" },
	{ "scspd", ASK_SCSPD, "cluster" },
	{ "edged", ASK_EDGED, "edge" },
};

/* What has become of an answer that is read. */
enum marsctl_heard {
	MARSCTL_HEARD_MORE,
	MARSCTL_HEARD_LAST
};

void
marsctl_answer_init(struct marsctl_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->ok = true;
	a->status = MARSCTL_DONE;
}

int
marsctl_answer_tell(const struct marsctl_answer *a)
{
	if (!a->ok)
		warnx("%s", a->why);
	return a->status;
}

void
marsctl_wrong(struct marsctl_answer *a, const char *fmt, ...)
{
	va_list ap;

	if (!a->ok)
		return;
	a->ok = false;
	a->status = MARSCTL_FAILED;
	va_start(ap, fmt);
	vsnprintf(a->why, sizeof(a->why), fmt, ap);
	va_end(ap);
	marsctl_plain(a->why);
}

/* It has said nothing for so long: it is stopped, or hangs. */
static void
silent(struct marsctl_answer *a, const struct marsctl_daemon *d, int seconds)
{
	if (!a->ok)
		return;
	marsctl_wrong(a, "%s does not answer for %d s: is it stopped?",
	    d->name, seconds);
	a->status = MARSCTL_SILENT;
}

/* DIR/NAME.sock, or with another ending.  False: too long. */
static bool
socket_path(struct sockaddr_un *sun, const char *dir, const char *name,
    const char *ending)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s%s%s%s", dir,
	    name == NULL ? "" : "/", name == NULL ? "" : name, ending);
	return n > 0 && (size_t)n < sizeof(sun->sun_path);
}

/*
 * The address of its socket: where is their directory, or the socket.  Of two
 * in the directory it is the one for those who may only be shown things, where
 * we may not use the other.
 */
static bool
daemon_address(const struct marsctl_daemon *d, const char *where,
    struct sockaddr_un *sun, struct marsctl_answer *a)
{
	struct sockaddr_un reader;
	struct stat st;

	if (stat(where, &st) == 0 && !S_ISDIR(st.st_mode)) {
		if (socket_path(sun, where, NULL, ""))
			return true;
	} else if (socket_path(sun, where, d->name, ".sock")) {
		if (access(sun->sun_path, W_OK) == -1 && errno == EACCES &&
		    socket_path(&reader, where, d->name, "-read.sock") &&
		    access(reader.sun_path, W_OK) == 0)
			*sun = reader;
		return true;
	}
	marsctl_wrong(a, "%s: too long a path for a socket", where);
	return false;
}

/* Why connect(2) failed. */
static void
not_connected(const struct marsctl_daemon *d, const char *path,
    const struct marsctl_where *where, struct marsctl_answer *a)
{
	int code = errno;

	if (code == EACCES)
		marsctl_wrong(a, "%s: %s", path, strerror(code));
	else if (code == EAGAIN || code == EWOULDBLOCK)
		silent(a, d, where->seconds);
	else if (code == ENOENT && marsctl_daemons(where) != 0)
		marsctl_wrong(a, "%s does not run: mars.conf has no %s",
		    d->name, known[marsctl_daemon_number(d->name)].statement);
	else
		marsctl_wrong(a, "%s: %s; is mars running?", path,
		    strerror(code));
}

/* False without a sentence: it has no socket, and may_lack. */
static bool
daemon_connect(struct marsctl_daemon *d, const struct marsctl_where *where,
    bool may_lack, struct marsctl_answer *a)
{
	const struct timeval tv = { .tv_sec = where->seconds };
	struct sockaddr_un sun;
	int fd;

	if (!daemon_address(d, where->path, &sun, a))
		return false;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1) {
		marsctl_wrong(a, "socket: %s", strerror(errno));
		return false;
	}
	/* connect(2) waits where as many wait already as may */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1)
		marsctl_wrong(a, "socket: %s", strerror(errno));
	else if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		if (errno != ENOENT || !may_lack)
			not_connected(d, sun.sun_path, where, a);
	} else if (imsgbuf_init(&d->ibuf, fd) == -1 ||
	    imsgbuf_set_maxsize(&d->ibuf, CTL_ROW_MAX) == -1)
		marsctl_wrong(a, "%s: %s", d->name, strerror(errno));
	else
		d->connected = true;
	if (!d->connected)
		close(fd);
	return d->connected;
}

/*
 * Where one of the sockets is named instead of their directory: the daemon that
 * its name tells.  0: it is none of theirs; -1: that is no socket.
 */
static int
socket_daemon(const char *where)
{
	const char *base = strrchr(where, '/');
	struct stat st;
	size_t i;

	base = base == NULL ? where : base + 1;
	if (stat(where, &st) == -1 || !S_ISSOCK(st.st_mode))
		return -1;
	for (i = 0; i < MARSCTL_DAEMONS; i++)
		if (strncmp(base, known[i].name, strlen(known[i].name)) == 0)
			return (int)known[i].ask;
	return 0;
}

/* Only the daemon is asked whose socket is named, if one is. */
static void
choose_daemon(struct marsctl_request *q, const char *where,
    struct marsctl_answer *a)
{
	int only = socket_daemon(where);

	if (only <= 0)
		return;
	if (((q->ask | q->also | q->instead) & (unsigned int)only) == 0)
		marsctl_wrong(a, "%s: not what its daemon is asked", where);
	q->ask = (unsigned int)only;
	q->also = q->instead = 0;
}

/* How many of these daemons run, to each of which it then is connected. */
static int
connect_some(struct marsctl_session *s, unsigned int ask, bool may_lack,
    struct marsctl_answer *a)
{
	size_t i;
	int n = 0;

	for (i = 0; i < MARSCTL_DAEMONS && a->ok; i++)
		if ((ask & s->daemons[i].ask) != 0 &&
		    daemon_connect(&s->daemons[i], &s->where, may_lack, a))
			n++;
	return n;
}

bool
marsctl_session_open(struct marsctl_session *s,
    const struct marsctl_where *where, struct marsctl_request *q,
    struct marsctl_answer *a)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->where = *where;
	for (i = 0; i < MARSCTL_DAEMONS; i++) {
		s->daemons[i].name = known[i].name;
		s->daemons[i].ask = known[i].ask;
	}
	choose_daemon(q, where->path, a);
	/* if none runs, the sentence is about the one that is asked first */
	if (connect_some(s, q->ask | q->also, true, a) == 0 &&
	    connect_some(s, q->instead, true, a) == 0)
		(void)connect_some(s, q->ask, false, a);
	if (!a->ok)
		marsctl_session_close(s);
	return a->ok;
}

void
marsctl_session_close(struct marsctl_session *s)
{
	struct marsctl_daemon *d;

	for (d = s->daemons; d < s->daemons + MARSCTL_DAEMONS; d++) {
		if (!d->connected)
			continue;
		close(d->ibuf.fd);
		imsgbuf_clear(&d->ibuf);
		d->connected = false;
	}
}

static bool
ask_daemon(struct marsctl_daemon *d, const struct marsctl_request *q,
    struct marsctl_answer *a)
{
	uint8_t buf[CTL_REQUEST_MAX];
	struct wr w;
	size_t f;
	int i;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, (uint8_t)q->argc);
	for (i = 0; i < q->argc; i++)
		wr_string(&w, q->argv[i]);
	for (f = 0; f < q->nfilters; f++) {
		wr_string(&w, q->filters[f].word);
		wr_string(&w, q->filters[f].value);
	}
	if (imsg_compose(&d->ibuf, IMSG_CTL_REQUEST, 0, 0, -1, buf, w.len) !=
	    -1 &&
	    imsgbuf_flush(&d->ibuf) != -1)
		return true;
	marsctl_wrong(a, "%s: %s", d->name, strerror(errno));
	return false;
}

/* One message of the answer. */
static enum marsctl_heard
on_message(struct marsctl_daemon *d, struct imsg *m, marsctl_row *row,
    void *arg, struct marsctl_answer *a)
{
	char text[MARSCTL_WHY];
	struct ibuf v;
	struct rd r;
	bool ok;

	rd_init(&r, NULL, 0);
	if (imsg_get_ibuf(m, &v) == 0)
		rd_init(&r, ibuf_data(&v), ibuf_size(&v));
	switch (imsg_get_type(m)) {
	case IMSG_CTL_ROW:
		if (!marsctl_row_valid(r)) {
			marsctl_wrong(a, "%s: malformed answer", d->name);
			return MARSCTL_HEARD_LAST;
		}
		return row(arg, d->name, r, a) ? MARSCTL_HEARD_MORE :
		    MARSCTL_HEARD_LAST;
	case IMSG_CTL_END:
		ok = rd_u8(&r) != 0;
		(void)rd_string(&r, text, sizeof(text));
		if (rd_failed(&r))
			marsctl_wrong(a, "%s: malformed answer", d->name);
		else if (!ok)
			marsctl_wrong(a, "%s: %s", d->name, text);
		else if (a->ok)
			(void)strlcpy(a->why, text, sizeof(a->why));
		return MARSCTL_HEARD_LAST;
	default:
		marsctl_wrong(a, "%s: not an answer (type %u)", d->name,
		    imsg_get_type(m));
		return MARSCTL_HEARD_LAST;
	}
}

/* Hands on what has been read. */
static enum marsctl_heard
drain_daemon(struct marsctl_daemon *d, marsctl_row *row, void *arg,
    struct marsctl_answer *a)
{
	enum marsctl_heard heard = MARSCTL_HEARD_MORE;
	struct imsg m;
	int n;

	while (heard == MARSCTL_HEARD_MORE &&
	    (n = imsgbuf_get(&d->ibuf, &m)) != 0) {
		if (n == -1) {
			marsctl_wrong(a, "%s: %s", d->name, strerror(errno));
			return MARSCTL_HEARD_LAST;
		}
		heard = on_message(d, &m, row, arg, a);
		imsg_free(&m);
	}
	return heard;
}

/* Reads what is there to be read. */
static enum marsctl_heard
hear(struct marsctl_daemon *d, struct marsctl_answer *a)
{
	int n = imsgbuf_read(&d->ibuf);

	if (n > 0)
		return MARSCTL_HEARD_MORE;
	if (n == -1)
		marsctl_wrong(a, "%s: %s", d->name, strerror(errno));
	else
		marsctl_wrong(a, "%s closed the connection", d->name);
	return MARSCTL_HEARD_LAST;
}

/*
 * Waits until one of them has something to read: how many have, 0 after so
 * long, or -1.
 */
static int
await(struct pollfd *p, nfds_t n, int ms)
{
	int ready;

	while ((ready = poll(p, n, ms)) == -1 && errno == EINTR)
		;
	return ready;
}

/* Reads until the end of the answer. */
static void
ask_one(struct marsctl_daemon *d, const struct marsctl_request *q,
    marsctl_row *row, void *arg, int seconds, struct marsctl_answer *a)
{
	struct pollfd p = { .fd = d->ibuf.fd, .events = POLLIN };
	int n;

	if (!ask_daemon(d, q, a))
		return;
	while (drain_daemon(d, row, arg, a) == MARSCTL_HEARD_MORE) {
		if ((n = await(&p, 1, seconds * 1000)) == 0) {
			silent(a, d, seconds);
			return;
		}
		if (n == -1) {
			marsctl_wrong(a, "poll: %s", strerror(errno));
			return;
		}
		if (hear(d, a) == MARSCTL_HEARD_LAST)
			return;
	}
}

void
marsctl_session_ask(struct marsctl_session *s, const struct marsctl_request *q,
    marsctl_row *row, void *arg, struct marsctl_answer *a)
{
	size_t i;

	for (i = 0; i < MARSCTL_DAEMONS; i++)
		if (s->daemons[i].connected)
			ask_one(&s->daemons[i], q, row, arg, s->where.seconds,
			    a);
}

/* Reads from those that have something.  False: that was the last. */
static bool
follow_some(struct marsctl_session *s, const struct pollfd *p,
    marsctl_row *row, void *arg, struct marsctl_answer *a)
{
	size_t i;

	for (i = 0; i < MARSCTL_DAEMONS; i++)
		if (p[i].fd != -1 && p[i].revents != 0 &&
		    (hear(&s->daemons[i], a) == MARSCTL_HEARD_LAST ||
		    drain_daemon(&s->daemons[i], row, arg, a) ==
		    MARSCTL_HEARD_LAST))
			return false;
	return true;
}

void
marsctl_session_follow(struct marsctl_session *s,
    const struct marsctl_request *q, marsctl_row *row, void *arg,
    bool (*idle)(void *), int ms, struct marsctl_answer *a)
{
	struct pollfd p[MARSCTL_DAEMONS];
	struct marsctl_daemon *d;
	size_t i;

	for (i = 0; i < MARSCTL_DAEMONS; i++) {
		d = &s->daemons[i];
		p[i].fd = d->connected ? d->ibuf.fd : -1;
		p[i].events = POLLIN;
		if (d->connected && !ask_daemon(d, q, a))
			return;
	}
	do {
		if (await(p, MARSCTL_DAEMONS, ms) == -1) {
			marsctl_wrong(a, "poll: %s", strerror(errno));
			return;
		}
		if (!follow_some(s, p, row, arg, a))
			return;
	} while (idle(arg));
}

void
marsctl_collect(const struct marsctl_where *where, unsigned int ask,
    const char *show, marsctl_row *row, void *arg, struct marsctl_answer *a)
{
	struct marsctl_request q = { .argc = 2, .argv = { "show", show } };
	struct marsctl_session s;

	if ((q.show = marsctl_show_find(show)) == NULL)
		return;
	q.ask = (q.show->ask | q.show->also) & ask;
	if (q.ask == 0 || !marsctl_session_open(&s, where, &q, a))
		return;
	marsctl_session_ask(&s, &q, row, arg, a);
	marsctl_session_close(&s);
}

size_t
marsctl_daemon_number(const char *name)
{
	size_t i;

	for (i = 0; i < MARSCTL_DAEMONS - 1; i++)
		if (strcmp(known[i].name, name) == 0)
			break;
	return i;
}

/* It has a socket in that directory. */
static bool
has_socket(const struct marsctl_where *where, size_t n)
{
	const struct marsctl_daemon d = { .name = known[n].name };
	struct marsctl_answer a;
	struct sockaddr_un sun;
	struct stat st;

	marsctl_answer_init(&a);
	return daemon_address(&d, where->path, &sun, &a) &&
	    stat(sun.sun_path, &st) == 0 && S_ISSOCK(st.st_mode);
}

unsigned int
marsctl_daemons(const struct marsctl_where *where)
{
	int only = socket_daemon(where->path);
	unsigned int have = 0;
	size_t i;

	if (only != -1)
		return (unsigned int)only;
	for (i = 0; i < MARSCTL_DAEMONS; i++)
		if (has_socket(where, i))
			have |= known[i].ask;
	return have;
}

unsigned int
marsctl_collect_summaries(const struct marsctl_where *where, marsctl_row *row,
    marsctl_said *said, void *arg)
{
	unsigned int have = marsctl_daemons(where), up = 0;
	struct marsctl_answer a;
	size_t i;

	for (i = 0; i < MARSCTL_DAEMONS; i++) {
		if ((have & known[i].ask) == 0)
			continue;
		marsctl_answer_init(&a);
		marsctl_collect(where, known[i].ask, "summary", row, arg, &a);
		if (a.ok)
			up |= known[i].ask;
		said(arg, known[i].name, &a);
	}
	return up;
}
