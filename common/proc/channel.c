/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"

#define FLUSH_TIMEOUT	500	/* ms without progress */

static void	on_event(evutil_socket_t, short, void *);

/*
 * Asks for EV_WRITE only while something waits to be sent.  libevent is called
 * only when that has changed, so a burst of messages costs one system call.
 */
static int
channel_arm(struct channel *c)
{
	short want = EV_READ | EV_PERSIST;

	if (channel_queued(c) > 0)
		want |= EV_WRITE;
	if (event_initialized(&c->ev)) {
		if (event_get_events(&c->ev) == want)
			return 0;
		event_del(&c->ev);
	}
	if (event_assign(&c->ev, c->base, c->ibuf.fd, want, on_event, c) == -1)
		return -1;
	return event_add(&c->ev, NULL);
}

/* Hands over what has arrived, until a handler closes the channel. */
static void
deliver(struct channel *c)
{
	struct imsg imsg;
	struct ibuf payload;
	struct rd r;
	int fd;

	while (c->open && imsgbuf_get(&c->ibuf, &imsg) == 1) {
		if (imsg_get_ibuf(&imsg, &payload) == 0)
			rd_init(&r, ibuf_data(&payload), ibuf_size(&payload));
		else
			rd_init(&r, NULL, 0);
		fd = imsg_get_fd(&imsg);
		c->message(c->arg, imsg_get_type(&imsg), &r, fd);
		imsg_free(&imsg);
	}
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	uint32_t queued;
	int n, e;

	(void)fd;
	if (what & EV_READ) {
		n = imsgbuf_read(&c->ibuf);
		e = errno;
		/* what came whole before the end still counts */
		deliver(c);
		if (!c->open)
			return;
		if (n != 1) {
			c->error = n == -1 ? e : 0;
			goto gone;
		}
	}
	if (what & EV_WRITE) {
		queued = channel_queued(c);
		if (imsgbuf_write(&c->ibuf) == -1) {
			c->error = errno;
			goto gone;
		}
		if (c->drained != NULL && channel_queued(c) < queued)
			c->drained(c->arg);
	}
	if (!c->open || channel_arm(c) == 0)
		return;
gone:
	/* closed() is called once, though the end of a stream stays readable */
	event_del(&c->ev);
	c->closed(c->arg);
}

int
channel_open(struct channel *c, struct event_base *base, int fd, bool fdpass,
    uint32_t maxpayload, const char *name,
    void (*message)(void *, uint32_t, struct rd *, int), void (*closed)(void *),
    void *arg)
{
	memset(c, 0, sizeof(*c));
	c->base = base;
	c->name = name;
	c->message = message;
	c->closed = closed;
	c->arg = arg;
	if (evutil_make_socket_nonblocking(fd) == -1 ||
	    imsgbuf_init(&c->ibuf, fd) == -1)
		return -1;
	if (imsgbuf_set_maxsize(&c->ibuf, maxpayload) == -1)
		goto fail;
	if (fdpass)
		imsgbuf_allow_fdpass(&c->ibuf);
	if (channel_arm(c) == -1)
		goto fail;
	c->open = true;
	return 0;
fail:
	imsgbuf_clear(&c->ibuf);
	return -1;
}

void
channel_close(struct channel *c)
{
	if (!c->open)
		return;
	c->open = false;
	event_del(&c->ev);
	imsgbuf_clear(&c->ibuf);
	close(c->ibuf.fd);
}

int
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	if (!c->open) {
		errno = ENOTCONN;
		return -1;
	}
	if (imsg_compose(&c->ibuf, type, 0, 0, fd, data, len) == -1)
		return -1;
	return channel_arm(c);
}

uint32_t
channel_queued(const struct channel *c)
{
	return c->ibuf.w == NULL ? 0 : msgbuf_queuelen(c->ibuf.w);
}

const char *
channel_why(const struct channel *c)
{
	switch (c->error) {
	case 0:
	case EPIPE:
	case ECONNRESET:
		return "closed its channel";
	case ERANGE:
		return "sent a message of a length that none has";
	case EBADMSG:
		return "sent descriptors that belong to no message";
	default:
		return strerror(c->error);
	}
}

int
channel_flush(struct channel *c)
{
	struct pollfd p;
	int n;

	if (!c->open)
		return 0;
	p.fd = c->ibuf.fd;
	p.events = POLLOUT;
	while (channel_queued(c) > 0) {
		if ((n = poll(&p, 1, FLUSH_TIMEOUT)) == 0)
			errno = ETIMEDOUT;
		if (n == 0 || (n == -1 && errno != EINTR))
			return -1;
		if (n == 1 && imsgbuf_write(&c->ibuf) == -1)
			return -1;
	}
	return channel_arm(c);
}
