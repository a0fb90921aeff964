/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A point-to-multipoint call of ATM signalling: the leaves of a root are the
 * parties of its one call (UNI 3.1 section 5.6), over which an SDU is sent
 * once.  Only vc_svc.c, vc_atm.c and tests include this.
 *
 * The call is begun to the link's own address, so that the first party is we
 * ourselves and every leaf is added: Linux names a party that has left by its
 * endpoint reference, negated, and that of the first is 0 (RFC 2022 section
 * 6.1.2 lives on ERR_L_DROP).
 *
 * One party is added or dropped at a time.  Meanwhile the system has the
 * socket locked, so nothing is sent on it.
 */
#ifndef MARS_VC_PARTY_H
#define MARS_VC_PARTY_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "vc_atm.h"

#define VC_PARTY_STATES(X) \
	X(VC_PARTY_NONE)		/* no leaf has been asked for yet */ \
	X(VC_PARTY_CALLING)	/* the call to ourselves */ \
	X(VC_PARTY_READY) \
	X(VC_PARTY_BUSY)		/* one is being added or dropped */ \
	X(VC_PARTY_DEAD)		/* released, by us or from outside */
#define VC_PARTY_EVENTS(X) \
	X(VC_PARTY_EV_WORK)	/* there is one to be added or dropped */ \
	X(VC_PARTY_EV_OPENED)	/* the call is there */ \
	X(VC_PARTY_EV_BUSY)	/* it can't be had now, but may be later */ \
	X(VC_PARTY_EV_FAILED)	/* it can't be had, or no party added */ \
	X(VC_PARTY_EV_ANSWER)	/* of who was asked to add or drop */ \
	X(VC_PARTY_EV_LOST)	/* the call has gone */ \
	X(VC_PARTY_EV_END)	/* the user has released the root */

enum vc_party_state {
#define X(sym) sym,
	VC_PARTY_STATES(X)
#undef X
	VC_PARTY_STATE_MAX
};
enum vc_party_event {
#define X(sym) sym,
	VC_PARTY_EVENTS(X)
#undef X
	VC_PARTY_EVENT_MAX
};

struct vc_party_ops {
	/* asks for the call: OPENED, BUSY or FAILED follows; or -1 */
	int	(*call)(struct vc_atm_circuit *root);
	/* asks for that; one answer follows; or -1 */
	int	(*ask)(struct vc_atm_circuit *root, enum atm_party,
	    uint32_t ref,
		    const struct atm_addr *);
	/* from now on this link has one call for each leaf */
	void	(*give_up)(struct vc_atm_circuit *root);
};

/* Makes it a root with one call.  -1: no memory. */
int	vc_party_new(struct vc_atm_circuit *root, const struct vc_party_ops *);
/* A leaf of such a root is to be called. */
void	vc_party_want(struct vc_atm_circuit *leaf);
/* A leaf of such a root is over. */
void	vc_party_leave(struct vc_atm_circuit *leaf);
/* Is any leaf connected? */
bool	vc_party_any(const struct vc_atm_circuit *root);
/* Within vc_atm_enter(), since the user is told. */
void	vc_party_step(struct vc_atm_circuit *root, enum vc_party_event);
/*
 * What came of one request, or happened by itself: with ATM_PARTY_ADD the
 * reference, or 0 and the cause.
 */
void	vc_party_told(struct vc_atm_circuit *root, enum atm_party, uint32_t ref,
	    uint16_t cause);
/* a cell of the state table; false: forgotten */
bool	vc_party_cell(enum vc_party_state, enum vc_party_event);

#endif
