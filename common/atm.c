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

#define LOOK_AGAIN	1	/* s: should a wakeup have been missed */
#define GIVE_UP		60	/* looks; signalling has timers of its own */

uint16_t
atm_cause(int error)
{
	switch (error) {
	case 0:
	case ECONNRESET:
	case EPIPE:
		return CAUSE_NORMAL;
	case EADDRNOTAVAIL:
	case ENOENT:
		return CAUSE_UNALLOCATED;
	case ECONNREFUSED:
	case EACCES:
	case EPERM:
		return CAUSE_REJECTED;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
	case ENETDOWN:
	case ETIMEDOUT:
		return CAUSE_OUT_OF_ORDER;
	case ENOBUFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return CAUSE_RESOURCE;
	case EAGAIN:
	case EBUSY:
	case EUNATCH:		/* signalling has gone, and may come back */
		return CAUSE_TEMPORARY;
	default:
		return CAUSE_UNSPECIFIED;
	}
}

void
atm_explain(bool svc, int error, char *buf, size_t size)
{
	switch (error) {
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		(void)snprintf(buf, size, "this system has no ATM: load the "
		    "kernel module atm, and the driver of your interface");
		break;
	case EUNATCH:
		(void)snprintf(buf, size, "no signalling daemon: start "
		    "atmsigd");
		break;
	case EADDRNOTAVAIL:
		(void)snprintf(buf, size, svc ? "no interface has this "
		    "address: add it with atmaddr" : "no such interface or "
		    "circuit");
		break;
	case ENODEV:
		(void)snprintf(buf, size, "there is no such ATM interface: "
		    "load its driver");
		break;
	default:
		(void)snprintf(buf, size, "%s", strerror(error));
		break;
	}
}

struct atm_call {
	struct event	 ev;
	int		 fd, error;
	unsigned int	 looks;
	struct atm_addr	 to;
	atm_called	*done;
	void		*arg;
};

static void
call_end(struct atm_call *c, int error)
{
	atm_called *done = c->done;
	void *arg = c->arg;
	int fd = c->fd;

	(void)event_del(&c->ev);
	if (error != 0 && fd != -1)
		(void)close(fd);
	free(c);
	done(arg, error == 0 ? fd : -1,
	    error == 0 ? CAUSE_NONE : atm_cause(error));
}

static void
call_look(evutil_socket_t fd, short what, void *arg)
{
	struct atm_call *c = arg;

	(void)fd;
	(void)what;
	if (c->fd == -1)
		call_end(c, c->error);
	else if (atm_svc_finish(c->fd, &c->to) == 0)
		call_end(c, 0);
	else if (errno != EALREADY && errno != EINPROGRESS)
		call_end(c, errno);
	else if (++c->looks >= GIVE_UP)
		call_end(c, ETIMEDOUT);
}

struct atm_call *
atm_call_new(struct event_base *base, const struct atm_addr *local,
    const struct atm_addr *to, bool leaf, atm_called *done, void *arg)
{
	struct timeval tv = { .tv_sec = LOOK_AGAIN };
	struct atm_call *c = calloc(1, sizeof(*c));
	short what = EV_WRITE | EV_PERSIST;

	if (c == NULL)
		return NULL;
	c->to = *to;
	c->done = done;
	c->arg = arg;
	if ((c->fd = atm_svc_call(local, to, leaf)) == -1) {
		/* it is told later, whatever it is */
		c->error = errno;
		tv.tv_sec = 0;
		what = 0;
	}
	if (event_assign(&c->ev, base, c->fd, what, call_look, c) == -1 ||
	    event_add(&c->ev, &tv) == -1) {
		if (c->fd != -1)
			(void)close(c->fd);
		free(c);
		return NULL;
	}
	return c;
}

void
atm_call_free(struct atm_call *c)
{
	(void)event_del(&c->ev);
	if (c->fd != -1)
		(void)close(c->fd);
	free(c);
}
