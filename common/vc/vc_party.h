/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A point-to-multipoint call of ATM signalling: the leaves of a root are the
 * parties of its one call (UNI 3.1 section 5.6), over which an SDU is sent
 * once.  Only vc_svc.c, vc_atm.c and tests include this.
 *
 * The call is begun to the link's own address: its first party is we ourselves,
 * and every leaf is added later.  The reason is that Linux tells that a party
 * has left by its endpoint reference, and that of the first party is 0, which
 * can't be told from no party at all; RFC 2022 section 6.1.2 needs to know of
 * each leaf that has left (ERR_L_DROP).
 *
 * One party is added or dropped at a time.  Meanwhile the system has the
 * socket locked, so that nothing is sent on it.
 */
#ifndef MARS_VC_PARTY_H
#define MARS_VC_PARTY_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "table.h"
#include "vc_atm.h"

#define VC_PARTY_STATES(X) \
	X(VC_PARTY_NONE, "none")	/* no leaf has been asked for yet */ \
	X(VC_PARTY_CALLING, "calling")	/* the call to ourselves */ \
	X(VC_PARTY_READY, "ready") \
	X(VC_PARTY_BUSY, "busy")	/* one is being added or dropped */ \
	X(VC_PARTY_DEAD, "dead")	/* released, by us or from outside */

#define VC_PARTY_EVENTS(X) \
	X(VC_PARTY_EV_WORK, "work")	/* there is one to add or drop */ \
	X(VC_PARTY_EV_OPENED, "opened")	/* the call is there */ \
	X(VC_PARTY_EV_BUSY, "busy")	/* not now, but perhaps later */ \
	X(VC_PARTY_EV_FAILED, "failed")	/* no call, or no party ever */ \
	X(VC_PARTY_EV_ANSWER, "answer")	/* to what was asked for */ \
	X(VC_PARTY_EV_LOST, "lost")	/* the call has gone */ \
	X(VC_PARTY_EV_END, "end")	/* the user has released the root */

#define VC_PARTY_ACTIONS(X) \
	X(VC_PARTY_DO_CALL, "call")	/* ourselves */ \
	X(VC_PARTY_DO_NEXT, "next")	/* the next who waits */ \
	X(VC_PARTY_DO_REFUSE, "refuse")	/* who waits has to try again */ \
	X(VC_PARTY_DO_ASK, "ask")	/* to add or drop one */ \
	X(VC_PARTY_DO_ANSWER, "answer")	/* what was asked for is done */ \
	X(VC_PARTY_DO_GIVE_UP, "give-up")	/* parties, for good */ \
	X(VC_PARTY_DO_LOSE, "lose")	/* the root, and its leaves */ \
	X(VC_PARTY_DO_END, "end")

enum vc_party_state {
	VC_PARTY_STATES(TABLE_SYM)
	VC_PARTY_STATE_MAX
};
enum vc_party_event {
	VC_PARTY_EVENTS(TABLE_SYM)
	VC_PARTY_EVENT_MAX
};
enum vc_party_action {
	TABLE_FIRST_ACTION(VC_PARTY),
	VC_PARTY_ACTIONS(TABLE_SYM)
	VC_PARTY_ACTION_MAX
};
extern const struct table vc_party_table;

struct vc_party_ops {
	/* asks for the call: OPENED, BUSY or FAILED follows.  -1: it can't */
	int	(*call)(struct vc_atm_circuit *root);
	/* asks for that; one answer follows.  -1: it can't be asked for */
	int	(*ask)(struct vc_atm_circuit *root, enum atm_party,
		    uint32_t ref, const struct atm_addr *);
	/* new roots of this link shall have one call for each leaf */
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
/* To be called within vc_atm_enter(), since the user is told. */
void	vc_party_step(struct vc_atm_circuit *root, enum vc_party_event);
/*
 * What came of one request, or happened by itself: with ATM_PARTY_ADD the
 * reference, or 0 and the cause.
 */
void	vc_party_told(struct vc_atm_circuit *root, enum atm_party, uint32_t ref,
	    uint16_t cause);

#endif
