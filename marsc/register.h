/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Membership of the cluster (RFC 2022 sections 5.2.3, 5.4). */
#ifndef MARSC_REGISTER_H
#define MARSC_REGISTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "mars.h"
#include "table.h"
#include "timer.h"

struct marsc;
struct marsc_marsvc;

#define MARSC_REG_STATES(X) \
	X(MARSC_REG_OFF, "off") \
	X(MARSC_REG_ASKING, "asking")		/* registration is out */ \
	X(MARSC_REG_ON, "registered") \
	X(MARSC_REG_MOVING, "moving")	/* registered; soft redirect is out */ \
	X(MARSC_REG_PAUSE, "pause")	/* 1 to 10 s before another attempt */ \
	X(MARSC_REG_LOOP, "loop")	/* 1 minute, no MARS answers */ \
	X(MARSC_REG_LEAVING, "leaving")	/* deregistration is out */

#define MARSC_REG_EVENTS(X) \
	X(MARSC_REG_EV_START, "start") \
	X(MARSC_REG_EV_STOP, "stop") \
	X(MARSC_REG_EV_COPY, "copy")	/* registration, current MARS */ \
	/* from the redirect's target */ \
	X(MARSC_REG_EV_COPY_NEXT, "copy-next") \
	X(MARSC_REG_EV_GONE, "gone")	/* copy of our deregistration */ \
	X(MARSC_REG_EV_TIMER, "timer")	/* it is time to transmit (again) */ \
	/* no answer, and there is no backup */ \
	X(MARSC_REG_EV_FAIL_ALONE, "fail-alone") \
	/* no answer, and there is a backup */ \
	X(MARSC_REG_EV_FAIL_FIRST, "fail-first") \
	/* the backup does not answer either */ \
	X(MARSC_REG_EV_FAIL_AGAIN, "fail-again") \
	/* the redirect's target does not answer */ \
	X(MARSC_REG_EV_FAIL_NEXT, "fail-next") \
	X(MARSC_REG_EV_PROBLEM, "problem") /* with the MARS that we use */ \
	X(MARSC_REG_EV_HARD, "hard")	/* hard redirect, table installed */ \
	X(MARSC_REG_EV_SOFT, "soft")	/* soft redirect, table installed */ \
	X(MARSC_REG_EV_LINK, "link")	/* another link, or the first one */ \
	/* the owner no longer names the MARS that we use */ \
	X(MARSC_REG_EV_SERVERS, "servers")

enum marsc_reg_state {
	MARSC_REG_STATES(TABLE_SYM)
	MARSC_REG_STATE_MAX
};
enum marsc_reg_event {
	MARSC_REG_EVENTS(TABLE_SYM)
	MARSC_REG_EVENT_MAX
};

#define MARSC_REG_ACTIONS(X) \
	X(MARSC_REG_DO_START, "start") \
	X(MARSC_REG_DO_ASK, "ask") \
	X(MARSC_REG_DO_ASK_MORE, "ask-more") \
	X(MARSC_REG_DO_ASK_NEXT, "ask-next") \
	X(MARSC_REG_DO_BACKUP, "backup") \
	X(MARSC_REG_DO_LOOP, "loop") \
	X(MARSC_REG_DO_ON, "on") \
	X(MARSC_REG_DO_PROBLEM, "problem") \
	X(MARSC_REG_DO_HARD, "hard") \
	X(MARSC_REG_DO_SOFT, "soft") \
	X(MARSC_REG_DO_SOFT_MORE, "soft-more") \
	X(MARSC_REG_DO_MOVED, "moved") \
	X(MARSC_REG_DO_STAY, "stay") \
	X(MARSC_REG_DO_FOLLOW, "follow") \
	X(MARSC_REG_DO_LEAVE, "leave") \
	X(MARSC_REG_DO_LEAVE_MORE, "leave-more") \
	X(MARSC_REG_DO_OFF, "off") \
	X(MARSC_REG_DO_OFF_UNHEARD, "off-unheard") \
	X(MARSC_REG_DO_OFF_LINK, "off-link") \
	X(MARSC_REG_DO_RELINK, "relink") \
	X(MARSC_REG_DO_ANEW, "anew") \
	X(MARSC_REG_DO_AIM, "aim")

enum marsc_reg_action {
	TABLE_FIRST_ACTION(MARSC_REG),
	MARSC_REG_ACTIONS(TABLE_SYM)
	MARSC_REG_ACTION_MAX
};
extern const struct table marsc_reg_table;

struct marsc_registration {
	uint8_t		 state;		/* enum marsc_reg_state */
	struct timer	 timer;
	struct timer	 map;		/* silence of MARS_REDIRECT_MAP */
	uint32_t	 sent;		/* transmissions of what is out */
	uint32_t	 failures;	/* attempts since the last success */
	bool		 again;		/* was a member before */
	mtime_t		 settled;	/* till then others may register */
	bool		 soft;		/* came by a soft redirect */
	uint8_t		 sequence;	/* mar$flags.sequence of what is out */
	uint16_t	 cmi;
	const char	*why;		/* of the problem, for the owner */
};

void	marsc_reg_init(struct marsc *);
void	marsc_reg_event(struct marsc *, enum marsc_reg_event);
/* Something is wrong with the MARS (5.4); why says what we have seen. */
void	marsc_reg_problem(struct marsc *, const char *why);
void	marsc_reg_call_failed(struct marsc *, struct marsc_marsvc *);
/*
 * Is this the copy of our registration or deregistration?  Then it is dealt
 * with.  current: it came from the MARS in use, not from the target of a
 * redirect.
 */
bool	marsc_reg_copy(struct marsc *, const struct mars_msg *, bool current);
/*
 * A complete MARS_REDIRECT_MAP of the current MARS (5.4.3).  Its first entry
 * is where we should be.
 */
void	marsc_reg_map(struct marsc *, bool hard, const struct atm_addr *,
	    size_t);
bool	marsc_reg_is_on(const struct marsc *);
/* May this MARS call us, to put us on its control VC? */
bool	marsc_reg_expects(const struct marsc *, const struct atm_addr *);

#endif
