/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atm.h"
#include "vc.h"

#define LOOK_AGAIN	1000000	/* us; in case a wakeup was missed */
#define GIVE_UP		60	/* looks; signalling gives up before */
#define TRIES		5	/* calls, of one that meets EADDRINUSE */
#define CALL_AGAIN	200000	/* us between two of these */

uint16_t
atm_cause(int error)
{
	switch (error) {
	case 0:
	case ECONNRESET:
	case EPIPE:
		return VC_CAUSE_NORMAL;
	case EADDRNOTAVAIL:
	case ENOENT:
		return VC_CAUSE_UNALLOCATED;
	case ECONNREFUSED:
	case EACCES:
	case EPERM:
		return VC_CAUSE_REJECTED;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case ETIMEDOUT:
		return VC_CAUSE_OUT_OF_ORDER;
	case ENOBUFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return VC_CAUSE_RESOURCE;
	case EAGAIN:
	case EBUSY:
	case EADDRINUSE:
	case EUNATCH: /* signalling has gone, and may come back */
		return VC_CAUSE_TEMPORARY;
	default:
		return VC_CAUSE_UNSPECIFIED;
	}
}

void
atm_explain(bool svc, int error, char *buf, size_t size)
{
	switch (error) {
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		(void)snprintf(buf, size,
		    "this system has no ATM: load the "
		    "kernel module atm, and the driver of your interface");
		break;
	case EUNATCH:
		(void)snprintf(buf, size,
		    "no signalling daemon: start "
		    "atmsigd");
		break;
	case EADDRNOTAVAIL:
		(void)snprintf(buf, size,
		    svc ? "no interface has this "
		    "address: add it with atmaddr" :
		    "no such interface or "
		    "circuit");
		break;
	case ENODEV:
		(void)snprintf(buf, size,
		    "there is no such ATM interface: "
		    "load its driver");
		break;
	default:
		(void)snprintf(buf, size, "%s", strerror(error));
		break;
	}
}

struct atm_call {
	struct event_base *base;
	struct event	 ev;
	int		 fd;		/* -1: none yet, or none any more */
	int		 error;		/* why there is none */
	unsigned int	 looks, tries;
	struct atm_addr	 local, to;
	bool		 leaf;
	atm_called	*done;
	void		*arg;
};

static void	call_look(evutil_socket_t, short, void *);

/* Looks again when something happens, or after so many microseconds. */
static int
call_wait(struct atm_call *c, suseconds_t us)
{
	struct timeval tv = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };

	return event_assign(&c->ev, c->base, c->fd,
	    c->fd == -1 ? 0 : EV_WRITE | EV_PERSIST, call_look,
	    c) == -1 ||
	    event_add(&c->ev, &tv) == -1 ?
	    -1 :
	    0;
}

/* A call that fails at once is told of like any other: later. */
static int
call_begin(struct atm_call *c)
{
	c->tries++;
	c->error = 0;
	if ((c->fd = atm_svc_call(&c->local, &c->to, c->leaf)) == -1)
		c->error = errno;
	return call_wait(c, c->fd == -1 ? 0 : LOOK_AGAIN);
}

static void
call_end(struct atm_call *c, int error)
{
	atm_called *done = c->done;
	void *arg = c->arg;
	int fd = c->fd;

	if (error != 0 && fd != -1)
		(void)close(fd);
	free(c);
	done(arg, error == 0 ? fd : -1,
	    error == 0 ? VC_CAUSE_NONE : atm_cause(error));
}

/* 0: it is connected.  Or the reason why not; EALREADY: not yet. */
static int
call_state(struct atm_call *c)
{
	if (c->fd == -1)
		return c->error;
	if (atm_svc_finish(c->fd, &c->to) == 0)
		return 0;
	return errno == EINPROGRESS ? EALREADY : errno;
}

/*
 * EADDRINUSE: the network has given us the VCI of a call that was released,
 * but whose socket has not been closed yet.  The next call gets another VCI.
 */
static void
call_look(evutil_socket_t fd, short what, void *arg)
{
	struct atm_call *c = arg;
	int error;

	(void)fd;
	(void)what;
	if (c->fd == -1 && c->error == 0) { /* a pause has ended */
		if (call_begin(c) == -1)
			call_end(c, ENOMEM);
		return;
	}
	error = call_state(c);
	if (error == EALREADY && ++c->looks < GIVE_UP)
		return;
	(void)event_del(&c->ev);
	if (error != EADDRINUSE || c->tries >= TRIES) {
		call_end(c, error == EALREADY ? ETIMEDOUT : error);
		return;
	}
	if (c->fd != -1)
		(void)close(c->fd);
	c->fd = -1;
	c->error = 0;
	if (call_wait(c, CALL_AGAIN) == -1)
		call_end(c, ENOMEM);
}

struct atm_call *
atm_call_new(struct event_base *base, const struct atm_addr *local,
    const struct atm_addr *to, bool leaf, atm_called *done, void *arg)
{
	struct atm_call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->base = base;
	c->local = *local;
	c->to = *to;
	c->leaf = leaf;
	c->done = done;
	c->arg = arg;
	if (call_begin(c) == 0)
		return c;
	if (c->fd != -1)
		(void)close(c->fd);
	free(c);
	return NULL;
}

void
atm_call_free(struct atm_call *c)
{
	(void)event_del(&c->ev);
	if (c->fd != -1)
		(void)close(c->fd);
	free(c);
}
