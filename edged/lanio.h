/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The packets of one interface: a LAN's packet socket, or a TUN device.  The
 * descriptor comes from mars(8), which has bound it, set its filter and locked
 * that; here it is read in batches, and written to where it is bound, nowhere
 * else.
 */
#ifndef EDGED_LANIO_H
#define EDGED_LANIO_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lanif.h"
#include "timer.h"

struct edged_lanio;

struct edged_lanio_user {
	/* an IP packet that may be changed; undone: so is a checksum */
	void	(*packet)(void *, uint8_t *, size_t, bool undone);
	/* it can't be read any more: the interface has gone */
	void	(*gone)(void *);
};

/*
 * Owns the descriptor from then on.  NULL: no memory, and it is still the
 * caller's.
 */
struct edged_lanio	*edged_lanio_new(struct event_base *, struct timers *,
		    int fd, const struct lanif *,
		    const struct edged_lanio_user *, void *);
void		 edged_lanio_free(struct edged_lanio *);
/*
 * One descriptor more, of the same interface: that of before is for IPv4 from
 * then on, this for IPv6.  -1: it is the caller's.
 */
int		 edged_lanio_more(struct edged_lanio *, struct event_base *,
		    int fd);
/* another address of the link, or MTU */
void		 edged_lanio_set(struct edged_lanio *, const struct lanif *);
/* Sends an IP packet to a group.  False: the interface has no room for it. */
bool		 edged_lanio_send(struct edged_lanio *, const void *, size_t);

#endif
