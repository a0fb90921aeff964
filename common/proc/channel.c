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
/*
 * Messages handed over before others have a turn, and octets of them: a read
 * brings a thousand records, and whoever asks a daemon for something would wait
 * for all of them.
 */
#define SLICE		32
#define SLICE_OCTETS	8192

static void	on_event(evutil_socket_t, short, void *);

/*
 * Asks for EV_WRITE only while something waits to be sent, and for EV_READ
 * only when all that was read has been handed over.  libevent is called only
 * when that has changed, so a burst of messages costs one system call.
 */
static int
channel_arm(struct channel *c)
{
	short want = EV_PERSIST;

	if (!c->more)
		want |= EV_READ;
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

static void
channel_disarm(struct channel *c)
{
	(void)event_del(&c->ev);
	(void)evtimer_del(&c->again);
}

/*
 * Hands over one message, and counts what it has; false: there is none, or the
 * channel is closed.
 */
static bool
deliver_one(struct channel *c, size_t *octets)
{
	struct imsg imsg;
	struct ibuf payload;
	struct rd r;
	int fd;

	if (!c->open || imsgbuf_get(&c->ibuf, &imsg) != 1)
		return false;
	if (imsg_get_ibuf(&imsg, &payload) == 0)
		rd_init(&r, ibuf_data(&payload), ibuf_size(&payload));
	else
		rd_init(&r, NULL, 0);
	*octets += r.left;
	fd = imsg_get_fd(&imsg);
	c->message(c->arg, imsg_get_type(&imsg), &r, fd);
	imsg_free(&imsg);
	return true;
}

/*
 * Reads when nothing is left of what was read before, and hands over some of
 * it; false: the other end has gone.  What came whole before the end counts.
 */
static bool
take(struct channel *c)
{
	static const struct timeval at_once;
	int n = 0, got = c->more ? 1 : imsgbuf_read(&c->ibuf);
	bool ended = got != 1;
	size_t octets = 0;

	if (got == -1)
		c->error = errno;
	while ((ended || (n < SLICE && octets < SLICE_OCTETS)) &&
	    deliver_one(c, &octets))
		n++;
	c->more = n == SLICE || octets >= SLICE_OCTETS;
	if (c->more && c->open && evtimer_add(&c->again, &at_once) == -1)
		return false;
	return !ended;
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	uint32_t queued;

	(void)fd;
	if (what & (EV_READ | EV_TIMEOUT)) {
		if (!take(c) && c->open)
			goto gone;
		if (!c->open)
			return;
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
	channel_disarm(c);
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
	if (evtimer_assign(&c->again, base, on_event, c) == -1 ||
	    channel_arm(c) == -1)
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
	channel_disarm(c);
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

int
channel_send_now(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	bool first = channel_queued(c) == 0;

	if (!c->open) {
		errno = ENOTCONN;
		return -1;
	}
	if (imsg_compose(&c->ibuf, type, 0, 0, fd, data, len) == -1)
		return -1;
	/* what goes wrong goes wrong again in the loop, which tells it */
	if (first)
		(void)imsgbuf_write(&c->ibuf);
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
