/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A daemon's control socket: clients that send requests, pieces of them or
 * anything else, read or do not read, and leave.  What they are sent are rows
 * that can be read, and each request has one end.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <string.h>
#include <unistd.h>
#include <imsg.h>

#include "ctlserver.h"
#include "fuzz.h"
#include "ipc.h"
#include "log_out.h"

#define CLIENTS	4

struct client {
	struct imsgbuf	ib;
	bool		open;
	uint32_t	asked, ended;
};

struct host {
	struct loop	 loop;
	struct ctlserver *server;
	struct sockaddr_un at, readers;
	socklen_t	 len, rlen;
	struct client	 client[CLIENTS];
	uint32_t	 later;
};

static bool
silence(void *arg, int priority, const char *text)
{
	(void)arg;
	(void)priority;
	(void)text;
	return true;
}

/* --- what can be asked */

static bool
show(void *arg, void *cursor, struct wr *w)
{
	uint32_t n;

	(void)arg;
	memcpy(&n, cursor, sizeof(n));
	if (n == 300)
		return false;
	ctl_uint(w, "n", n++);
	ctl_string(w, "cluster", n % 3 == 0 ? "a" : "b");
	ctl_array(w, "list");
	ctl_uint(w, "", n);
	ctl_close(w);
	memcpy(cursor, &n, sizeof(n));
	return true;
}

static const char *
act(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	size_t len = 0;

	(void)arg;
	(void)c;
	MUST(argc <= CTL_ARGS_MAX);
	while (argc-- > 0)
		len += strlen(argv[argc]);
	return len > 20 ? "that is too much" : NULL;
}

static const char *
act_later(void *arg, struct ctl_conn *c, int argc, char **argv)
{
	struct host *h = arg;

	(void)argc;
	(void)argv;
	h->later = ctl_conn_id(c);
	return CTL_LATER;
}

static const struct ctl_command show_later = { "show later", show, NULL };
static const struct ctl_command commands[] = {
	{ "show rows", show, NULL },
	{ "act", NULL, act },
	{ "act later", NULL, act_later },
	{ "monitor", NULL, NULL },
	{ "capture", NULL, ctl_capture },
};

static const char *
missing(void *arg, const char *word, const char *value)
{
	(void)arg;
	return strcmp(word, "cluster") == 0 && strcmp(value, "c") == 0 ?
	    "there is no such cluster" : NULL;
}

/* --- the clients */

static int
listening(struct sockaddr_un *sun, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	*len = sizeof(*sun);
	MUST(fd != -1);
	/* a name that the system chooses */
	MUST(bind(fd, (struct sockaddr *)sun, sizeof(sa_family_t)) == 0);
	MUST(getsockname(fd, (struct sockaddr *)sun, len) == 0);
	MUST(listen(fd, 8) == 0);
	return fd;
}

static void
turns(struct host *h, int n)
{
	while (n-- > 0)
		(void)event_base_loop(
		    h->loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
client_open(struct host *h, struct client *c, bool reader)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(c, 0, sizeof(*c));
	MUST(fd != -1);
	if (connect(fd, (struct sockaddr *)(reader ? &h->readers : &h->at),
	    reader ? h->rlen : h->len) == -1) {
		(void)close(fd);
		return;
	}
	MUST(imsgbuf_init(&c->ib, fd) == 0);
	c->open = true;
}

static void
client_close(struct client *c)
{
	(void)close(c->ib.fd);
	imsgbuf_clear(&c->ib);
	c->open = false;
}

static void
client_row(struct rd *r)
{
	struct ctl_value v;

	while (ctl_next(r, &v))
		;
	MUST(rd_done(r));
}

static void
client_end(struct client *c, struct rd *r)
{
	char text[2048];

	(void)rd_u8(r);
	MUST(rd_string(r, text, sizeof(text)) && rd_done(r));
	c->ended++;
}

static void
client_read(struct client *c)
{
	struct ibuf v;
	struct imsg m;
	struct rd r;

	if (imsgbuf_read(&c->ib) != 1) {
		client_close(c);
		return;
	}
	while (imsgbuf_get(&c->ib, &m) == 1) {
		rd_init(&r, NULL, 0);
		if (imsg_get_ibuf(&m, &v) == 0)
			rd_init(&r, ibuf_data(&v), ibuf_size(&v));
		if (imsg_get_type(&m) == IMSG_CTL_END)
			client_end(c, &r);
		else {
			MUST(imsg_get_type(&m) == IMSG_CTL_ROW);
			client_row(&r);
		}
		imsg_free(&m);
	}
	MUST(c->ended <= c->asked);
}

static void
client_asks(struct client *c, struct rd *r)
{
	static const char *const words[] = { "show", "rows", "act", "later",
		"monitor", "capture", "cluster", "a", "c", "long-enough-word",
		"" };
	uint8_t buf[CTL_REQUEST_MAX], n = rd_u8(r), k;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u8(&w, n % 16);
	for (k = 0; k < n / 16; k++)
		wr_string(&w, fuzz_pick(r, words));
	c->asked++;
	if (imsg_compose(&c->ib, IMSG_CTL_REQUEST, 0, 0, -1, buf, w.len) ==
	    -1 || imsgbuf_write(&c->ib) == -1)
		client_close(c);
}

static void
client_says(struct client *c, struct rd *r)
{
	uint8_t buf[2048], type = rd_u8(r);
	size_t len = fuzz_octets(r, buf, sizeof(buf));

	/* so many requests may be in it */
	c->asked += 1 + (uint32_t)(len / IMSG_HEADER_SIZE);
	if (type < 64)
		(void)send(c->ib.fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (imsg_compose(&c->ib, type % 2 ? IMSG_CTL_REQUEST : type, 0, 0,
	    -1, buf, len) == -1 || imsgbuf_write(&c->ib) == -1)
		client_close(c);
}

static void
client_event(struct host *h, struct rd *r, uint8_t what)
{
	struct client *c = &h->client[what % CLIENTS];

	if (!c->open) {
		client_open(h, c, what & 128);
		return;
	}
	switch (what / CLIENTS % 8) {
	case 0:
	case 1:
	case 2:
		client_asks(c, r);
		break;
	case 3:
		client_says(c, r);
		break;
	case 4:
	case 5:
		client_read(c);
		break;
	case 6:
		if (what >= 192)
			client_close(c);
		break;
	case 7:
		if (what >= 192)
			(void)shutdown(c->ib.fd, SHUT_WR);
		break;
	}
}

/* The daemon has something to say. */
static void
tell(struct host *h, uint8_t what)
{
	uint8_t buf[256];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	ctl_string(&w, "event", "x");
	ctl_string(&w, "cluster", what & 8 ? "a" : "b");
	if (what & 16)
		ctl_finish(h->server, h->later, what & 32, "done");
	else if (what & 32)
		ctl_finish_rows(h->server, h->later, &show_later, h, NULL);
	else if (ctlserver_followed(h->server, what & 64 ? CTL_STREAM_SDUS :
	    CTL_STREAM_EVENTS))
		ctlserver_tell(h->server, what & 64 ? CTL_STREAM_SDUS :
		    CTL_STREAM_EVENTS, &w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct host h;
	const struct ctl_commands list = { commands,
		sizeof(commands) / sizeof(commands[0]), &h };
	uint8_t what;
	struct rd r;
	int i;

	memset(&h, 0, sizeof(h));
	log_through(silence, NULL, NULL);
	MUST(loop_init(&h.loop) == 0);
	h.server = ctlserver_new(&h.loop, listening(&h.at, &h.len), &list, 1);
	MUST(h.server != NULL);
	MUST(ctlserver_readers(h.server, listening(&h.readers, &h.rlen)));
	ctlserver_filters(h.server, missing, &h);
	rd_init(&r, data, size);
	while (fuzz_more(&r)) {
		what = rd_u8(&r);
		if (what % 8 == 7)
			tell(&h, what);
		else
			client_event(&h, &r, rd_u8(&r));
		turns(&h, what / 64);
	}
	for (i = 0; i < CLIENTS; i++)
		if (h.client[i].open)
			client_close(&h.client[i]);
	ctlserver_free(h.server);
	loop_free(&h.loop);
	log_through(NULL, NULL, NULL);
	return 0;
}
