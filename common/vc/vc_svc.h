/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Switched ATM circuits: the backend of vc.h for AF_ATMSVC.  Descriptors
 * come from outside: a confined process asks mars(8) for calls, marsc(1)
 * makes them itself, a test has socketpairs.  A point-to-multipoint call is
 * one unidirectional call for each leaf, to which the root copies; or, where
 * the owner can add parties to a call, a single call (vc_party.h).
 */
#ifndef MARS_VC_SVC_H
#define MARS_VC_SVC_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "timer.h"
#include "vc.h"

struct vc_svc_params {
	uint32_t	 max_circuits;	/* of this link */
	/*
	 * Asks for a call to that address; leaf: a unidirectional one, of
	 * which we are the root.  With id 0 and no address it asks for another
	 * socket to listen on, since the one that there was has gone.  The
	 * owner answers later by vc_svc_answer().  -1: it can't be asked for.
	 */
	int		 (*open)(void *arg, struct vc_link *, uint32_t id,
			    const struct atm_addr *to, bool leaf);
	/* atm_svc_accept() */
	int		 (*accept)(int fd, struct atm_addr *caller,
			    bool *leaf);
	bool		 parties;	/* roots have them, as follows */
	/*
	 * Asks for a call to the link's own address, to which parties can be
	 * added.  The owner answers by vc_svc_answer(); any cause but
	 * VC_CAUSE_TEMPORARY ends the use of parties on this link.  -1: it
	 * can't be asked for.
	 */
	int		 (*root)(void *arg, struct vc_link *, uint32_t id);
	/*
	 * Asks for that to be done to a root.  The owner answers all but
	 * ATM_PARTY_END by vc_svc_party(), and is asked for one at a time.
	 * -1: it can't be asked for.
	 */
	int		 (*party)(void *arg, struct vc_link *, uint32_t root,
			    enum atm_party, uint32_t ref,
			    const struct atm_addr *to);
	void		*arg;
};

/*
 * A link on such a listening socket, which it owns from then on.  NULL: no
 * memory, the socket is still yours.
 */
struct vc_link *vc_svc_open(struct event_base *, struct timers *, int fd,
	    const struct atm_addr *local, const struct vc_svc_params *,
	    const struct vc_user *, void *arg);
/* Counts for calls from now on. */
void	vc_svc_set_params(struct vc_link *, const struct vc_svc_params *);
/*
 * The answer to what was asked for: its descriptor, or -1 and the cause.
 * False: nobody wants it any more, or it was none; a descriptor is closed.
 */
bool	vc_svc_answer(struct vc_link *, uint32_t id, int fd, uint16_t cause);
/* The answer about a root's party, or what has happened to one (ipc.h). */
void	vc_svc_party(struct vc_link *, uint32_t root, enum atm_party,
	    uint32_t ref, uint16_t cause);

#endif
