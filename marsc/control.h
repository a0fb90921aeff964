/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Control messages as they come in. */
#ifndef MARSC_CONTROL_H
#define MARSC_CONTROL_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "host.h"

/*
 * A control message that came from this address: on the control VC `in`, or
 * on our own circuit to a MARS where that is NULL.  The control VC may be
 * gone afterwards.
 */
void	marsc_control_input(struct marsc_host *, struct marsc_incoming *in,
	    const struct atm_addr *from, const uint8_t *, size_t);
/* Forgets the parts of a MARS_REDIRECT_MAP that have come so far. */
void	marsc_forget_map(struct marsc *);
void	marsc_map_init(struct marsc *);

#endif
