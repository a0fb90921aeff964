/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Packets to one endpoint, outside of any group: the answers of members to
 * who has sent to their group.  An endpoint takes calls only as a leaf, so
 * each is a call with one leaf (as section 5.1 of RFC 2022 has it of a group
 * with one member), which ends when it has not been used for a while.
 */
#ifndef MARSC_REPLY_H
#define MARSC_REPLY_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "host.h"
#include "timer.h"
#include "vc.h"

#define MARSC_REPLIES	16		/* such circuits of a client */
#define MARSC_REPLY_IDLE MTIME_SEC(10)

struct marsc_reply {
	struct marsc_end	 end;
	TAILQ_ENTRY(marsc_reply) entry;
	struct atm_addr		 to;
	struct vc		*vc;		/* we are its root */
	bool			 up;
	struct vc_sdu		*held;		/* until it is; or NULL */
	struct timer		 idle;
};
TAILQ_HEAD(marsc_reply_list, marsc_reply);

/* The leaf has answered; or it can't be, or is no more. */
void	marsc_reply_up(struct marsc_reply *);
void	marsc_reply_lost(struct marsc_reply *);
/* The circuit itself is no more. */
void	marsc_reply_released(struct marsc_reply *);
/* Releases all. */
void	marsc_reply_free(struct marsc *);

#endif
