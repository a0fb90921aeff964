/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * One end of a connection over which imsgs go, bound to libevent.  Everything
 * is sent by channel_send() or channel_send_now(), which see to it that the
 * event is armed.
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
	struct event	 again;		/* a turn later */
	struct event_base *base;
	const char	*name;		/* of the other end, for the log */
	/* r: the payload; fd: -1 or a descriptor, which the callee now owns */
	void		(*message)(void *arg, uint32_t type, struct rd *r,
			    int fd);
	/* the other end has gone: the callee calls channel_close() */
	void		(*closed)(void *arg);
	/*
	 * fewer messages are queued now; channel_open() sets it to NULL, so set
	 * it after that
	 */
	void		(*drained)(void *arg);
	void		*arg;
	bool		 open;
	bool		 more;		/* was read and is to be handed over */
	int		 error;		/* see channel_why() */
};

/*
 * Binds fd, a stream socket, to the loop.  Returns 0, and fd belongs to the
 * channel; or -1 with errno, and fd is still the caller's.  The struct must not
 * move while the channel is open.  fdpass: descriptors may travel.  maxpayload:
 * octets of the longest message, in either direction.  message() and closed()
 * may call channel_close(), and closed() may free the struct after that.
 */
int	channel_open(struct channel *, struct event_base *, int fd, bool fdpass,
	    uint32_t maxpayload, const char *name,
	    void (*message)(void *, uint32_t, struct rd *, int),
	    void (*closed)(void *), void *arg);
/* Drops what is queued and closes the descriptor.  May be repeated. */
void	channel_close(struct channel *);
/*
 * Queues a message.  fd: -1, or a descriptor, which then belongs to the
 * channel.  Returns 0, or -1 with errno if there is no memory, the message is
 * longer than the limit, or the channel is not open; then fd is still the
 * caller's.
 */
int	channel_send(struct channel *, uint32_t type, int fd, const void *,
	    size_t);
/*
 * The same for a message that somebody waits for: where none waits before it,
 * it is written at once and not by the next turn, which takes a look at the
 * descriptor, and two orders about it.
 */
int	channel_send_now(struct channel *, uint32_t type, int fd,
	    const void *, size_t);
/* In closed(): what the other end has done, after its name. */
const char *channel_why(const struct channel *);
/* How many messages wait to be sent: a producer stops at a high mark. */
uint32_t channel_queued(const struct channel *);
/*
 * Writes until nothing is queued, for the last words of a process: 0, or -1
 * with errno if the other end does not read for half a second.
 */
int	channel_flush(struct channel *);

#endif
