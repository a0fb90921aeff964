/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One end of an imsg channel bound to libevent.  Everything that is sent
 * goes through channel_send(), which re-arms the event.
 */
#ifndef MARS_CHANNEL_H
#define MARS_CHANNEL_H

#include <sys/types.h>
#include <sys/queue.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <imsg.h>

#include "wire.h"

struct channel {
	struct imsgbuf	 ibuf;
	struct event	 ev;
	struct event_base *base;
	const char	*name;		/* of the other end, for the log */
	/* r: the payload; fd: -1 or a descriptor, which the callee now owns */
	void		(*message)(void *arg, uint32_t type, struct rd *r,
			    int fd);
	void		(*closed)(void *arg);	/* channel_close() is for you */
	/* fewer are queued now; NULL after channel_open(), set it there */
	void		(*drained)(void *arg);
	void		*arg;
	bool		 open;
};

/* 0, or -1 with errno.  fdpass: descriptors may travel */
int	channel_open(struct channel *, struct event_base *, int fd, bool fdpass,
	    uint32_t maxpayload, const char *name,
	    void (*message)(void *, uint32_t, struct rd *, int),
	    void (*closed)(void *), void *arg);
void	channel_close(struct channel *);
/* 0, or -1 with errno (no memory, or longer than the limit).  fd -1: none */
int	channel_send(struct channel *, uint32_t type, int fd, const void *,
	    size_t);
/* messages waiting to be sent: the producer stops at a high mark */
uint32_t channel_queued(const struct channel *);
/* writes until nothing is queued, for the last words of a process */
int	channel_flush(struct channel *);

#endif
