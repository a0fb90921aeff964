/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Records of the group as scspd hands them over: marsd_csa_update() and the
 * like are in marsd_core.h.
 */
#ifndef MARSD_RECORD_H
#define MARSD_RECORD_H

#include "group.h"

/*
 * Takes a record away, and tells the members what that changes, by what they
 * were before and are now.
 */
void	marsd_entry_retract(struct marsd_entry *);
/* the same of one of our own joins, which is withdrawn from the group */
void	marsd_entry_withdraw(struct marsd_entry *);
/* a join has changed, by this server's word: tells the members */
void	marsd_join_changed(struct marsd_join *, enum marsd_change,
	    const struct marsd_peer *by);

#endif
