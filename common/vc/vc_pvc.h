/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Permanent ATM circuits: the backend of vc.h for AF_ATMPVC.  A line is one
 * permanent circuit to one peer.  For the user there are calls as on any
 * link, and all calls to one peer share the line: a call succeeds at once, and
 * so does each leaf.  If something comes in and the user has no circuit there,
 * it is offered a call from that peer: a bidirectional one and, if it refuses
 * that, one of which we are a leaf.  The other end never releases anything;
 * the protocols' own timers notice when it has gone.
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
 * Gives the descriptor of the line to a peer, which may be a new line or one
 * that was lost; -1: there is still none.  Takes fd over.  -1: no memory, fd
 * is closed.
 */
int	vc_pvc_line(struct vc_link *, const struct atm_addr *peer, int fd);
/* The line has been taken out of the configuration. */
void	vc_pvc_remove(struct vc_link *, const struct atm_addr *peer);
/* The peer of the nth line, from 0; NULL: no more. */
const struct atm_addr *vc_pvc_peer(const struct vc_link *, size_t nth);

#endif
