/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The point-to-point circuit to a MARS (RFC 2022 section 5). */
#ifndef MARSC_MARSVC_H
#define MARSC_MARSVC_H

#include <stdbool.h>

#include "addr.h"
#include "held.h"
#include "host.h"
#include "mars.h"
#include "timer.h"

struct marsc_marsvc {
	struct marsc_end	 end;
	struct atm_addr		 addr;
	struct vc		*vc;	/* NULL: the next message opens it */
	bool			 up;
	struct marsc_held_list	 held;	/* until it is up */
	struct timer		 timer;	/* until it is up; then: idle */
};

void	marsc_marsvc_init(struct marsc_marsvc *, struct marsc *);
/* From now on the circuit goes to this MARS. */
void	marsc_marsvc_aim(struct marsc_marsvc *, const struct atm_addr *);
void	marsc_marsvc_close(struct marsc_marsvc *);
/*
 * Sends a message, once the circuit is there.  Nothing is sent where the host
 * has no link.
 */
void	marsc_marsvc_send(struct marsc_marsvc *, const struct mars_msg *);
/* the circuit tells that it is up, and that it was released or never came up */
void	marsc_marsvc_up(struct marsc_marsvc *);
void	marsc_marsvc_lost(struct marsc_marsvc *);

#endif
