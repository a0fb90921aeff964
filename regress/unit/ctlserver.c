/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A control socket, and clients that behave and that don't, in one loop. */
#include <sys/socket.h>
#include <sys/un.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* its clock is called by hand here, so that no test waits */
#include "common/proc/ctlserver.c"

#define ROWS	100000

struct world {
	struct loop	 loop;
	struct ctlserver *s;
	struct sockaddr_un sun;
	char		 dir[64];
	unsigned int	 made;		/* rows by the generator */
	uint32_t	 later;		/* who waits for ctl_finish() */
	int		 argc;
	char		 arg[CTL_ARG_SIZE];
};

static bool
show_rows(struct world *w, void *cursor, struct wr *wr, uint32_t end)
{
	uint32_t n;

	memcpy(&n, cursor, sizeof(n));
	if (n == end)
		return false;
	ctl_uint(wr, "n", n++);
	memcpy(cursor, &n, sizeof(n));
	w->made++;
	return true;
}

static bool
show(void *arg, void *cursor, struct wr *wr)
{
	return show_rows(arg, cursor, wr, ROWS);
}

/* Every thousandth row is of cluster x, the others are of cluster y. */
static bool
show_mixed(void *arg, void *cursor, struct wr *wr)
{
	struct world *w = arg;

	if (!show_rows(w, cursor, wr, ROWS))
		return false;
	ctl_string(wr, "cluster", w->made % 1000 == 0 ? "x" : "y");
	return true;
}

static bool
show_some(void *arg, void *cursor, struct wr *wr)
{
	return show_rows(arg, cursor, wr, 1000);
}

static bool
show_none(void *arg, void *cursor, struct wr *wr)
{
	return show_rows(arg, cursor, wr, 0);
}

static bool
show_huge(void *arg, void *cursor, struct wr *wr)
{
	(void)arg;
	(void)cursor;
	wr_zero(wr, CTL_ROW_MAX + 1);
	return true;
}

/* 100 rows that just fit, as those of members with very many joins are */
static bool
show_large(void *arg, void *cursor, struct wr *wr)
{
	if (!show_rows(arg, cursor, wr, 100))
		return false;
	wr_zero(wr, CTL_ROW_MAX - wr->len);
	return true;
}

/* arg is its own */
static const char *
act_other(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	(void)c;
	(void)argc;
	(void)argv;
	return arg;
}

static const char *
act(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct world *w = arg;

	(void)c;
	w->argc = argc;
	(void)strlcpy(w->arg, argc > 0 ? argv[0] : "", sizeof(w->arg));
	return argc > 1 ? "one is enough" : NULL;
}

static const char *
act_later(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct world *w = arg;

	(void)argc;
	(void)argv;
	w->later = ctl_conn_id(c);
	return CTL_LATER;
}

static const struct ctl_command commands[] = {
	{ "show", show, NULL },
	{ "show some", show_some, NULL },
	{ "show mixed", show_mixed, NULL },
	{ "show none", show_none, NULL },
	{ "show huge", show_huge, NULL },
	{ "show large", show_large, NULL },
	{ "act", NULL, act },
	{ "act much later", NULL, act_later },
	{ "follow", NULL, NULL },
	{ "capture", NULL, ctl_capture },
};
static const struct ctl_command others[] = {
	{ "act", NULL, act_other },
	{ "act otherwise", NULL, act_other },
};

static int
listening(struct sockaddr_un *sun, const char *dir, const char *name)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s", dir, name);
	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)sun, sizeof(*sun)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	static char sentence[] = "otherwise";
	const struct ctl_commands lists[] = {
		{ commands, sizeof(commands) / sizeof(commands[0]), w },
		{ others, sizeof(others) / sizeof(others[0]), sentence },
	};

	assert_non_null(w);
	signal(SIGPIPE, SIG_IGN);
	(void)strlcpy(w->dir, "ctlserver.XXXXXX", sizeof(w->dir));
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(loop_init(&w->loop), 0);
	w->s = ctlserver_new(&w->loop, listening(&w->sun, w->dir, "s"), lists,
	    2);
	assert_non_null(w->s);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	ctlserver_free(w->s);
	loop_free(&w->loop);
	unlink(w->sun.sun_path);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void
turns(struct world *w, int n)
{
	while (n-- > 0)
		event_base_loop(
		    w->loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* A client that reads and writes when it is told to. */
struct marsc {
	struct imsgbuf	 ib;
	unsigned int	 rows;
	bool		 ended, ok, gone;
	char		 text[CTL_ARG_SIZE];
};

static void
client_at(struct world *w, struct marsc *c, const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(c, 0, sizeof(*c));
	assert_int_not_equal(fd, -1);
	assert_int_equal(
	    connect(fd, (const struct sockaddr *)sun, sizeof(*sun)), 0);
	assert_int_equal(imsgbuf_init(&c->ib, fd), 0);
	assert_int_equal(
	    imsgbuf_set_maxsize(&c->ib, CTL_ROW_MAX + IMSG_HEADER_SIZE), 0);
	turns(w, 2);
}

static void
client_open(struct world *w, struct marsc *c)
{
	client_at(w, c, &w->sun);
}

static void
client_close(struct marsc *c)
{
	close(c->ib.fd);
	imsgbuf_clear(&c->ib);
}

/* words in one string, blanks between; filters after a | */
static void
request(struct marsc *c, const char *words)
{
	char copy[1024], *p, *next = copy;
	uint8_t buf[2048], n = 1;
	struct wr wr;

	(void)strlcpy(copy, words, sizeof(copy));
	for (p = copy; *p != '\0' && *p != '|'; p++)
		if (*p == ' ')
			n++;
	wr_init(&wr, buf, sizeof(buf));
	wr_u8(&wr, n);
	while ((p = strsep(&next, " |")) != NULL)
		wr_string(&wr, p);
	assert_int_equal(
	    imsg_compose(&c->ib, IMSG_CTL_REQUEST, 0, 0, -1, buf, wr.len), 1);
	(void)imsgbuf_write(&c->ib);
}

static void
client_read(struct marsc *c)
{
	struct ibuf v;
	struct imsg m;
	struct rd r;
	int n = imsgbuf_read(&c->ib);

	if (n != 1)
		c->gone = true;
	while (n == 1 && imsgbuf_get(&c->ib, &m) == 1) {
		assert_int_equal(imsg_get_ibuf(&m, &v), 0);
		rd_init(&r, ibuf_data(&v), ibuf_size(&v));
		if (imsg_get_type(&m) == IMSG_CTL_END) {
			c->ended = true;
			c->ok = rd_u8(&r);
			assert_true(rd_string(&r, c->text, sizeof(c->text)));
			assert_true(rd_done(&r));
		} else
			c->rows++;
		imsg_free(&m);
	}
}

/* Reads until the answer is complete, or for so many turns. */
static void
client_read_all(struct world *w, struct marsc *c, int most)
{
	for (; most > 0 && !c->ended; most--) {
		turns(w, 1);
		client_read(c);
	}
}

/* Commands of one word and of more, with what follows as arguments. */
static void
actions(void **state)
{
	struct world *w = *state;
	struct marsc c;

	client_open(w, &c);
	request(&c, "act this");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && c.ok);
	assert_int_equal(w->argc, 1);
	assert_string_equal(w->arg, "this");
	c.ended = false;
	request(&c, "act this that");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "one is enough");
	/* no word is a part of another, and none is known by its beginning */
	c.ended = false;
	request(&c, "actor this");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "that command is not known here");
	c.ended = false;
	request(&c, "act much lat");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "one is enough");
	/* of a second list, with its arg; where both have it, the first's */
	c.ended = false;
	request(&c, "act otherwise");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "otherwise");
	c.ended = false;
	request(&c, "show some more");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "a listing takes no arguments");
	client_close(&c);
}

/* A listing, and that a row that does not fit ends it. */
static void
listing(void **state)
{
	struct world *w = *state;
	struct marsc c;

	client_open(w, &c);
	request(&c, "show some");
	client_read_all(w, &c, 500);
	assert_true(c.ended && c.ok);
	assert_int_equal(c.rows, 1000);
	c.ended = false;
	request(&c, "show none");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && c.ok);
	assert_int_equal(c.rows, 1000);
	c.ended = false;
	request(&c, "show huge");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	client_close(&c);
}

/* Only rows that all filters want are sent; a filter has to be known. */
static void
filtered_rows_are_not_sent(void **state)
{
	struct world *w = *state;
	struct marsc c;

	client_open(w, &c);
	request(&c, "show mixed|cluster x");
	client_read_all(w, &c, 1000);
	assert_true(c.ended && c.ok);
	assert_int_equal(c.rows, ROWS / 1000);
	assert_int_equal(w->made, ROWS);
	c.ended = false;
	request(&c, "show mixed|cluster x|group 239.1.1.1");
	client_read_all(w, &c, 1000);
	assert_true(c.ended && c.ok);
	assert_int_equal(c.rows, ROWS / 1000);
	/* the filters of one request are not those of the next */
	c.ended = false;
	request(&c, "show some");
	client_read_all(w, &c, 500);
	assert_int_equal(c.rows, ROWS / 1000 + 1000);
	client_close(&c);
}

static void
wrong_filters(void **state)
{
	static const struct {
		const char *words, *text;
	} t[] = {
		{ "show some|colour red", "that filter is not known here" },
		{ "act|cluster x", "only a listing can be filtered" },
		{ "show some|cluster", "that is not a request" },
		{ "no|cluster x", "that command is not known here" },
		{ "show|cluster a|cluster b|cluster c|cluster d|cluster e|"
		  "cluster f|cluster g|cluster h|cluster i",
		    "that is not a request" },
	};
	struct world *w = *state;
	struct marsc c;
	size_t i;

	client_open(w, &c);
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		c.ended = false;
		request(&c, t[i].words);
		turns(w, 4);
		client_read(&c);
		assert_true(c.ended && !c.ok);
		assert_string_equal(c.text, t[i].text);
	}
	assert_int_equal(c.rows, 0);
	client_close(&c);
}

/*
 * Rows that nobody wants fill no queue.  They are made a few at a time, so
 * that others are served meanwhile, and no more of them once their client has
 * gone.
 */
static void
unwanted_rows_do_not_hold_up_the_loop(void **state)
{
	struct world *w = *state;
	struct marsc c, other;
	unsigned int made, last = 0;
	int i;

	client_open(w, &c);
	client_open(w, &other);
	request(&c, "show mixed|cluster z");
	request(&other, "act");
	for (i = 0; i < 10; i++) {
		turns(w, 1);
		made = w->made - last;
		assert_true(made <= 2 * TURN_WORK / ROW_WORK);
		last = w->made;
	}
	assert_true(last > 0 && last < ROWS / 2);
	client_read(&other);
	assert_true(other.ended && other.ok);
	client_close(&c);
	turns(w, 4);
	assert_int_equal(w->s->nconns, 1);
	last = w->made;
	turns(w, 20);
	assert_int_equal(w->made, last);

	other.ended = false;
	request(&other, "show mixed|cluster z");
	client_read_all(w, &other, 1000);
	assert_true(other.ended && other.ok);
	assert_int_equal(other.rows, 0);
	client_close(&other);
}

/*
 * Who does not read is given no more than the queue and the socket hold, and
 * is cut after half a minute; another is served meanwhile.
 */
static void
slow(void **state)
{
	struct world *w = *state;
	struct marsc c, other;
	unsigned int made;
	int i;

	client_open(w, &c);
	request(&c, "show");
	for (i = 0; i < 1000; i++)
		turns(w, 1);
	made = w->made;
	assert_true(made < ROWS / 2);
	turns(w, 100);
	assert_int_equal(w->made, made);
	assert_int_equal(w->s->nconns, 1);

	client_open(w, &other);
	request(&other, "act");
	turns(w, 4);
	client_read(&other);
	assert_true(other.ended && other.ok);

	/* progress counts: nobody is cut for being slow */
	for (i = 0; i < STALL / TICK - 1; i++)
		tick(-1, 0, w->s);
	for (i = 0; i < 50; i++) {
		client_read(&c);
		turns(w, 2);
	}
	assert_true(w->made > made);
	for (i = 0; i < STALL / TICK - 1; i++)
		tick(-1, 0, w->s);
	assert_int_equal(w->s->nconns, 2);
	tick(-1, 0, w->s);
	assert_int_equal(w->s->nconns, 1);
	assert_int_equal(ctlserver_refused(w->s), 1);
	client_close(&c);
	client_close(&other);
}

/*
 * Of large rows fewer wait: those that wait for the slowest take no more than
 * is said, and all arrive when they are read.
 */
static void
large_rows_are_few(void **state)
{
	struct world *w = *state;
	struct marsc c, other;
	int room = 0;
	socklen_t len = sizeof(room);

	client_open(w, &c);
	assert_int_equal(
	    getsockopt(c.ib.fd, SOL_SOCKET, SO_RCVBUF, &room, &len), 0);
	request(&c, "show large");
	turns(w, 100);
	/* those that wait, and what both sockets hold, which is less */
	assert_in_range(w->made, 4,
	    1 + CTLSERVER_OCTETS / CTL_ROW_MAX + (unsigned)room * 2 /
	    CTL_ROW_MAX);
	client_open(w, &other);
	request(&other, "show large");
	client_read_all(w, &other, 1000);
	assert_true(other.ended && other.ok);
	assert_int_equal(other.rows, 100);
	client_read_all(w, &c, 1000);
	assert_true(c.ended && c.ok);
	assert_int_equal(c.rows, 100);
	client_close(&c);
	client_close(&other);
}

/* The answer comes later; a client that has gone is forgotten. */
static void
later(void **state)
{
	struct world *w = *state;
	struct marsc c;
	uint32_t first;

	client_open(w, &c);
	request(&c, "act much later");
	turns(w, 4);
	client_read(&c);
	assert_false(c.ended);
	first = w->later;
	ctl_finish(w->s, first + 1, true, "somebody else");
	ctl_finish(w->s, first, false, "line 3: no");
	ctl_finish(w->s, first, true, "once only");
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_string_equal(c.text, "line 3: no");

	request(&c, "act much later");
	turns(w, 4);
	assert_int_equal(w->later, first);
	client_close(&c);
	turns(w, 4);
	assert_int_equal(w->s->nconns, 0);
	ctl_finish(w->s, first, true, "");
	client_open(w, &c);
	request(&c, "act much later");
	turns(w, 4);
	assert_int_not_equal(w->later, first);
	client_close(&c);
}

/*
 * Who only connects locks nobody out: the one that has asked for nothing for
 * the longest time gives way, and all go after a minute (issue 12 A).
 */
static void
idle_clients_give_way(void **state)
{
	struct world *w = *state;
	struct marsc c[CTLSERVER_CLIENTS + 1];
	size_t i;

	for (i = 0; i < CTLSERVER_CLIENTS; i++)
		client_open(w, &c[i]);
	turns(w, 20);
	tick(-1, 0, w->s);
	request(&c[0], "act");
	turns(w, 4);
	client_read(&c[0]);
	client_open(w, &c[CTLSERVER_CLIENTS]);
	request(&c[CTLSERVER_CLIENTS], "act");
	turns(w, 4);
	client_read(&c[CTLSERVER_CLIENTS]);
	assert_true(c[CTLSERVER_CLIENTS].ended && c[CTLSERVER_CLIENTS].ok);
	assert_int_equal(w->s->nconns, CTLSERVER_CLIENTS);
	client_read(&c[1]);
	assert_true(c[1].gone);
	client_read(&c[0]);
	assert_false(c[0].gone);
	for (i = 0; i < IDLE / TICK - 2; i++)
		tick(-1, 0, w->s);
	assert_int_equal(w->s->nconns, CTLSERVER_CLIENTS);
	tick(-1, 0, w->s);
	assert_int_equal(w->s->nconns, 2);
	tick(-1, 0, w->s);
	assert_int_equal(w->s->nconns, 0);
	assert_int_equal(ctlserver_refused(w->s), 1 + CTLSERVER_CLIENTS);
	for (i = 0; i <= CTLSERVER_CLIENTS; i++)
		client_close(&c[i]);
}

/* At most 16 clients that have a question; one that leaves makes room. */
static void
crowd(void **state)
{
	struct world *w = *state;
	struct marsc c[CTLSERVER_CLIENTS + 1];
	size_t i;

	for (i = 0; i <= CTLSERVER_CLIENTS; i++) {
		client_open(w, &c[i]);
		if (i < CTLSERVER_CLIENTS)
			request(&c[i], "show");
		turns(w, 4);
	}
	turns(w, 20);
	assert_int_equal(w->s->nconns, CTLSERVER_CLIENTS);
	assert_int_equal(ctlserver_refused(w->s), 1);
	client_read(&c[CTLSERVER_CLIENTS]);
	assert_true(c[CTLSERVER_CLIENTS].gone);
	client_close(&c[CTLSERVER_CLIENTS]);
	client_close(&c[0]);
	turns(w, 4);
	client_open(w, &c[0]);
	turns(w, 4);
	assert_int_equal(w->s->nconns, CTLSERVER_CLIENTS);
	assert_int_equal(ctlserver_refused(w->s), 1);
	for (i = 0; i < CTLSERVER_CLIENTS; i++)
		client_close(&c[i]);
}

/* What is no request, two at once, and requests without reading. */
static void
rude(void **state)
{
	static const uint8_t cut[] = { 0, 9, 'a' };
	static const uint8_t short_word[] = { 1, 0, 9, 'a' };
	struct world *w = *state;
	struct marsc c;
	int i;

	client_open(w, &c);
	assert_int_equal(
	    imsg_compose(&c.ib, IMSG_CTL_REQUEST, 0, 0, -1, cut, sizeof(cut)),
	    1);
	(void)imsgbuf_write(&c.ib);
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	c.ended = false;
	assert_int_equal(imsg_compose(&c.ib, IMSG_CTL_REQUEST, 0, 0, -1,
	    short_word, sizeof(short_word)),
	    1);
	(void)imsgbuf_write(&c.ib);
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	request(&c, "a b c d e f g h i"); /* one more than there may be */
	c.ended = false;
	turns(w, 4);
	client_read(&c);
	assert_true(c.ended && !c.ok);
	assert_int_equal(
	    imsg_compose(&c.ib, IMSG_CTL_ROW, 0, 0, -1, NULL, 0), 1);
	(void)imsgbuf_write(&c.ib);
	turns(w, 4);
	client_read(&c);
	assert_true(c.gone);
	client_close(&c);
	assert_int_equal(w->s->nconns, 0);

	client_open(w, &c);
	request(&c, "act much later");
	request(&c, "act much later");
	turns(w, 4);
	assert_int_equal(w->s->nconns, 0);
	client_close(&c);

	client_open(w, &c);
	for (i = 0; i < 20000 && w->s->nconns == 1; i++) {
		request(&c, "act");
		turns(w, 1);
	}
	assert_int_equal(w->s->nconns, 0);
	client_close(&c);
}

/* Something happens in that cluster. */
static void
happen_in(struct world *w, enum ctl_stream stream, const char *cluster,
    unsigned int times)
{
	uint8_t buf[128];
	struct wr wr;

	wr_init(&wr, buf, sizeof(buf));
	ctl_string(&wr, "event", "joined");
	ctl_string(&wr, "cluster", cluster);
	while (times-- > 0)
		ctlserver_tell(w->s, stream, &wr);
}

static void
happen(struct world *w, const char *cluster, unsigned int times)
{
	happen_in(w, CTL_STREAM_EVENTS, cluster, times);
}

/* Who follows is told what its filters let through, until it goes. */
static void
followers_are_told(void **state)
{
	struct world *w = *state;
	struct marsc all, some, none;

	assert_false(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
	client_open(w, &all);
	client_open(w, &some);
	client_open(w, &none);
	request(&all, "follow");
	request(&some, "follow|cluster x");
	turns(w, 4);
	assert_true(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
	happen(w, "x", 1);
	happen(w, "y", 2);
	turns(w, 4);
	client_read(&all);
	client_read(&some);
	assert_int_equal(all.rows, 3);
	assert_int_equal(some.rows, 1);
	/* silence is no idleness: it is not cut, however long it lasts */
	for (int i = 0; i < 60; i++)
		tick(-1, 0, w->s);
	happen(w, "y", 1);
	turns(w, 4);
	client_read(&all);
	assert_int_equal(all.rows, 4);
	assert_false(all.ended || all.gone || some.ended);
	client_close(&all);
	turns(w, 4);
	assert_true(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
	/* a second request of one that follows: it is cut off */
	request(&some, "act");
	turns(w, 4);
	assert_false(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
	client_close(&some);
	client_close(&none);
}

/* Of SDUs and of events nobody hears who has not asked for them. */
static void
streams_are_apart(void **state)
{
	struct world *w = *state;
	struct marsc events, sdus, wrong;

	client_open(w, &events);
	client_open(w, &sdus);
	client_open(w, &wrong);
	request(&events, "follow");
	turns(w, 4);
	assert_false(ctlserver_followed(w->s, CTL_STREAM_SDUS));
	request(&sdus, "capture|cluster x");
	request(&wrong, "capture all");
	turns(w, 4);
	assert_true(ctlserver_followed(w->s, CTL_STREAM_SDUS));
	happen(w, "x", 1);
	happen_in(w, CTL_STREAM_SDUS, "x", 2);
	happen_in(w, CTL_STREAM_SDUS, "y", 4);
	turns(w, 4);
	client_read(&events);
	client_read(&sdus);
	client_read(&wrong);
	assert_int_equal(events.rows, 1);
	assert_int_equal(sdus.rows, 2);
	assert_true(wrong.ended && !wrong.ok);
	client_close(&sdus);
	turns(w, 4);
	assert_false(ctlserver_followed(w->s, CTL_STREAM_SDUS));
	assert_true(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
	client_close(&events);
	client_close(&wrong);
}

/*
 * One that does not read loses rows and hears how many; no more than a few wait
 * for it, and the others miss nothing.
 */
static void
a_follower_that_does_not_read_loses_rows(void **state)
{
	struct world *w = *state;
	struct marsc slow, quick;
	unsigned int told = 0;
	struct ctl_conn *c;
	int i;

	client_open(w, &slow);
	client_open(w, &quick);
	request(&slow, "follow");
	request(&quick, "follow");
	turns(w, 4);
	for (i = 0; i < 1000; i++) {
		happen(w, "x", 100);
		turns(w, 2);
		client_read(&quick);
		if (i % 100 == 0)
			tick(-1, 0, w->s);
		TAILQ_FOREACH(c, &w->s->conns, entry)
			assert_true(channel_queued(&c->ch) <= FOLLOW_MARK);
	}
	for (i = 0; i < 10; i++) {
		turns(w, 2);
		client_read(&quick);
	}
	assert_int_equal(quick.rows, 100000);
	TAILQ_FOREACH(c, &w->s->conns, entry)
		if (c->lost > told)
			told = (unsigned int)c->lost;
	assert_true(told > 0);
	for (i = 0; i < 2000 && slow.rows + told < 100001; i++) {
		turns(w, 2);
		client_read(&slow);
		assert_false(slow.gone);
	}
	/* those that were told, and one row that says how many were not */
	assert_int_equal(slow.rows + told, 100001);
	happen(w, "x", 1);
	turns(w, 4);
	client_read(&slow);
	assert_int_equal(slow.rows + told, 100002);
	client_close(&slow);
	client_close(&quick);
}

/*
 * The same of what a follower is told: of large rows fewer wait, and it misses
 * none while it reads.
 */
static void
large_rows_for_followers_are_few(void **state)
{
	static uint8_t octets[10000];
	struct world *w = *state;
	struct marsc slow, quick;
	struct ctl_conn *c;
	uint8_t buf[sizeof(octets) + 100];
	struct wr row;
	int i;

	wr_init(&row, buf, sizeof(buf));
	ctl_octets(&row, "octets", octets, sizeof(octets));
	client_open(w, &slow);
	client_open(w, &quick);
	request(&slow, "follow");
	request(&quick, "follow");
	turns(w, 4);
	client_read(&quick);
	for (i = 0; i < 2000; i++) {
		ctlserver_tell(w->s, CTL_STREAM_EVENTS, &row);
		turns(w, 2);
		client_read(&quick);
		TAILQ_FOREACH(c, &w->s->conns, entry)
			assert_true(channel_queued(&c->ch) * row.len <=
			    CTLSERVER_FOLLOWED_OCTETS + row.len);
	}
	assert_int_equal(quick.rows, 2000);
	c = TAILQ_FIRST(&w->s->conns);
	assert_in_range(c->lost, 1, 1999);
	assert_in_range(channel_queued(&c->ch), 2, FOLLOW_MARK / 2);
	for (i = 0; i < 500; i++) {
		turns(w, 2);
		client_read(&slow);
	}
	ctlserver_tell(w->s, CTL_STREAM_EVENTS, &row);
	assert_int_equal(c->lost, 0);
	client_close(&slow);
	client_close(&quick);
}

/* Followers leave room for who has a question. */
static void
followers_are_few(void **state)
{
	struct marsc c[CTLSERVER_FOLLOWERS + 1];
	struct world *w = *state;
	int i;

	for (i = 0; i <= CTLSERVER_FOLLOWERS; i++) {
		client_open(w, &c[i]);
		request(&c[i], "follow");
		turns(w, 4);
	}
	client_read(&c[CTLSERVER_FOLLOWERS]);
	assert_true(c[CTLSERVER_FOLLOWERS].ended && !c[CTLSERVER_FOLLOWERS].ok);
	assert_string_equal(
	    c[CTLSERVER_FOLLOWERS].text, "too many follow already");
	for (i = 0; i <= CTLSERVER_FOLLOWERS; i++)
		client_close(&c[i]);
	turns(w, 4);
	assert_false(ctlserver_followed(w->s, CTL_STREAM_EVENTS));
}

/* Who may only be shown things orders nothing, and leaves room for others. */
static void
readers(void **state)
{
	struct world *w = *state;
	struct marsc c[9], other;
	struct sockaddr_un sun;
	int i;

	memset(&sun, 0, sizeof(sun));
	assert_true(
	    ctlserver_readers(w->s, listening(&sun, w->dir, "r")));
	for (i = 0; i < 9; i++)
		client_at(w, &c[i], &sun);
	request(&c[0], "show some");
	turns(w, 20);
	client_read(&c[0]);
	assert_true(c[0].rows > 0);
	request(&c[1], "act a");
	turns(w, 2);
	client_read(&c[1]);
	assert_true(c[1].ended);
	assert_false(c[1].ok);
	assert_int_equal(w->argc, 0);
	request(&c[2], "capture");
	turns(w, 2);
	client_read(&c[2]);
	assert_true(c[2].ended && !c[2].ok);
	assert_false(ctlserver_followed(w->s, CTL_STREAM_SDUS));
	/* the ninth was turned away */
	client_read(&c[8]);
	assert_true(c[8].gone);
	client_open(w, &other);
	request(&other, "act a");
	turns(w, 2);
	client_read(&other);
	assert_true(other.ok);
	assert_int_equal(w->argc, 1);
	client_close(&other);
	for (i = 0; i < 9; i++)
		client_close(&c[i]);
	unlink(sun.sun_path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(actions),
		T(listing),
		T(filtered_rows_are_not_sent),
		T(wrong_filters),
		T(unwanted_rows_do_not_hold_up_the_loop),
		T(slow),
		T(large_rows_are_few),
		T(later),
		T(idle_clients_give_way),
		T(crowd),
		T(rude),
		T(followers_are_told),
		T(streams_are_apart),
		T(a_follower_that_does_not_read_loses_rows),
		T(large_rows_for_followers_are_few),
		T(followers_are_few),
		T(readers),
	};

	return cmocka_run_group_tests_name("ctlserver", tests, NULL, NULL);
}
