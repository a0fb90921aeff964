/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* SDUs that wait until their circuit is up, in their order. */
#ifndef MARSC_HELD_H
#define MARSC_HELD_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <stdint.h>

#include "vc.h"

struct marsc_held {
	STAILQ_ENTRY(marsc_held) entry;
	struct vc_sdu	*sdu;
};
STAILQ_HEAD(marsc_held_list, marsc_held);

/*
 * Holds the SDU, and takes over the reference.  -1: no memory, and the SDU is
 * freed.
 */
int		 marsc_held_add(struct marsc_held_list *, struct vc_sdu *);
/* The first of them, whose reference is the caller's now; NULL: none. */
struct vc_sdu	*marsc_held_take(struct marsc_held_list *);
/* Frees them all and says how many there were. */
uint32_t	 marsc_held_clear(struct marsc_held_list *);

#endif
