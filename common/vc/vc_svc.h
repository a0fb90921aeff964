/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Switched ATM circuits: the backend of vc.h for AF_ATMSVC.  Descriptors
 * come from outside: a confined process asks mars(8) for calls, marsc(1)
 * makes them itself, a test has socketpairs.  A point-to-multipoint call is
 * one unidirectional call per leaf, to which the root copies, or where the
 * owner can add parties to a call, one call (vc_party.h).
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
	 * Asks for a call to that address (leaf: as its root), which
	 * vc_svc_answer() answers later; or, with id 0 and no address, for
	 * another socket to listen on, since the one there was has gone.
	 * -1: it can't be asked for.
	 */
	int		 (*open)(void *arg, struct vc_link *, uint32_t id,
			    const struct atm_addr *to, bool leaf);
	/* atm_svc_accept() */
	int		 (*accept)(int fd, struct atm_addr *caller,
			    bool *leaf);
	bool		 parties;	/* native ones, by what follows */
	/*
	 * Asks for a call as the root to the link's own address, to which
	 * parties can be added; vc_svc_answer() answers, and after all causes
	 * but VC_CAUSE_TEMPORARY there are none any more.  -1: it can't be.
	 */
	int		 (*root)(void *arg, struct vc_link *, uint32_t id);
	/*
	 * Asks for that to be done to a root; vc_svc_party() answers all but
	 * ATM_PARTY_END, one at a time.  -1: it can't be asked for.
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
 * What was asked for: its descriptor, or -1 and the cause.  False: nobody
 * wants it any more, and it has been closed.
 */
bool	vc_svc_answer(struct vc_link *, uint32_t id, int fd, uint16_t cause);
/* The same of a root's parties, and what has happened to them (ipc.h). */
void	vc_svc_party(struct vc_link *, uint32_t root, enum atm_party,
	    uint32_t ref, uint16_t cause);

#endif
