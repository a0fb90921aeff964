/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Permanent ATM circuits: the backend of vc.h for AF_ATMPVC.  A line is one
 * permanent circuit to one peer.  For the user there are calls as on any
 * link, all of them on the line to that peer: a call succeeds at once, a
 * leaf is the same line again, and what comes in is a call from the peer
 * when the user has none: bidirectional, or else one whose leaf we are.
 * Nothing is ever released by the other end; the protocols' own timers
 * notice when it has gone.
 */
#ifndef MARS_VC_PVC_H
#define MARS_VC_PVC_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timer.h"
#include "vc.h"

struct vc_pvc_params {
	/*
	 * The line to that peer has been lost: another descriptor is asked
	 * for, and vc_pvc_line() answers.  -1: it can't be.
	 */
	int		 (*open)(void *arg, struct vc_link *,
			    const struct atm_addr *peer);
	void		*arg;
};

/* A link without a line yet; NULL: no memory. */
struct vc_link *vc_pvc_open(struct event_base *, struct timers *,
	    const struct atm_addr *local, const struct vc_pvc_params *,
	    const struct vc_user *, void *arg);
/*
 * The line to a peer, new or again; fd -1: it still can't be had.  Owns fd.
 * -1: no memory, fd is closed.
 */
int	vc_pvc_line(struct vc_link *, const struct atm_addr *peer, int fd);
/* The line has been taken out of the configuration. */
void	vc_pvc_remove(struct vc_link *, const struct atm_addr *peer);
/* The peer of the nth line, from 0; NULL: no more. */
const struct atm_addr *vc_pvc_peer(const struct vc_link *, size_t nth);

#endif
