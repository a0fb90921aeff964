/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

/* Waits for input always, for room to write only while something waits. */
static void
rearm(struct channel *c)
{
	short what = EV_READ;

	if (imsgbuf_queuelen(&c->ibuf) > 0)
		what |= EV_WRITE;
	if (event_get_events(&c->ev) == what &&
	    event_pending(&c->ev, what, NULL) == what)
		return;
	(void)event_del(&c->ev);
	(void)event_assign(&c->ev, c->base, c->ibuf.fd, what | EV_PERSIST,
	    event_get_callback(&c->ev), c);
	(void)event_add(&c->ev, NULL);
}

/* Gives the owner every complete message; false if it closed the channel. */
static bool
deliver(struct channel *c)
{
	struct imsg m;
	struct ibuf v;
	struct rd r;
	uint32_t type;

	while (c->open && imsgbuf_get(&c->ibuf, &m) == 1) {
		type = imsg_get_type(&m);
		if (imsg_get_ibuf(&m, &v) == 0)
			rd_init(&r, ibuf_data(&v), ibuf_size(&v));
		else
			rd_init(&r, "", 0);
		c->message(c->arg, type, &r, imsg_get_fd(&m));
		imsg_free(&m);
	}
	return c->open;
}

static void
ready(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	int n = 1;

	(void)fd;
	if ((what & EV_WRITE) && imsgbuf_write(&c->ibuf) == -1) {
		c->closed(c->arg);
		return;
	}
	if (what & EV_READ)
		n = imsgbuf_read(&c->ibuf);
	/* what came before the end still counts */
	if (!deliver(c))
		return;
	if (n != 1)
		c->closed(c->arg);
	else
		rearm(c);
}

/*
 * Binds descriptor fd, which the channel then owns, to the loop.  maxpayload
 * is the limit of one message's payload, both ways, in octets.
 */
int
channel_open(struct channel *c, struct event_base *base, int fd, bool fdpass,
    uint32_t maxpayload, const char *name,
    void (*message)(void *, uint32_t, struct rd *, int),
    void (*closed)(void *), void *arg)
{
	memset(c, 0, sizeof(*c));
	if (imsgbuf_init(&c->ibuf, fd) == -1)
		return -1;
	if (fdpass)
		imsgbuf_allow_fdpass(&c->ibuf);
	if (imsgbuf_set_maxsize(&c->ibuf, maxpayload) == -1 ||
	    event_assign(&c->ev, base, fd, EV_READ | EV_PERSIST, ready, c) ==
	    -1 || event_add(&c->ev, NULL) == -1) {
		imsgbuf_clear(&c->ibuf);
		return -1;
	}
	c->base = base;
	c->name = name;
	c->message = message;
	c->closed = closed;
	c->arg = arg;
	c->open = true;
	return 0;
}

/* Closes it, the descriptor too; what is queued is lost (channel_flush). */
void
channel_close(struct channel *c)
{
	if (!c->open)
		return;
	c->open = false;
	(void)event_del(&c->ev);
	imsgbuf_clear(&c->ibuf);
	close(c->ibuf.fd);
}

int
channel_send(struct channel *c, uint32_t type, int fd, const void *data,
    size_t len)
{
	if (!c->open) {
		errno = EPIPE;
		return -1;
	}
	if (imsg_compose(&c->ibuf, type, 0, 0, fd, data, len) == -1)
		return -1;
	rearm(c);
	return 0;
}

uint32_t
channel_queued(const struct channel *c)
{
	struct imsgbuf ib = c->ibuf;

	return c->open ? imsgbuf_queuelen(&ib) : 0;
}

int
channel_flush(struct channel *c)
{
	return c->open ? imsgbuf_flush(&c->ibuf) : 0;
}
