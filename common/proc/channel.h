/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One end of a connection over which imsgs go, bound to libevent.  Everything
 * is sent by channel_send(), which sees to it that the event is armed.
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

/*
 * Binds fd, a stream socket, to the loop: 0, and it belongs to the channel;
 * -1 with errno, and it is still the caller's.  The struct must not move
 * while it is open.  fdpass: descriptors may travel.  maxpayload: octets of
 * the longest message, either way.  message() and closed() may call
 * channel_close(), and closed() may free the struct after that.
 */
int	channel_open(struct channel *, struct event_base *, int fd, bool fdpass,
	    uint32_t maxpayload, const char *name,
	    void (*message)(void *, uint32_t, struct rd *, int),
	    void (*closed)(void *), void *arg);
/* Drops what is queued and closes the descriptor.  May be repeated. */
void	channel_close(struct channel *);
/*
 * fd: a descriptor, which is taken, or -1.  0, or -1 with errno: no memory,
 * longer than the limit, or not open; then fd is still the caller's.
 */
int	channel_send(struct channel *, uint32_t type, int fd, const void *,
	    size_t);
/* How many messages wait to be sent: a producer stops at a high mark. */
uint32_t channel_queued(const struct channel *);
/*
 * Writes until nothing is queued, for the last words of a process: 0, or -1
 * with errno if the other end does not read for half a second.
 */
int	channel_flush(struct channel *);

#endif
