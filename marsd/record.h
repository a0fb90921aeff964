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

struct marsd_cluster;

/*
 * Withdraws one of our joins from the group, and tells the members what that
 * changes.
 */
void	marsd_entry_withdraw(struct marsd_entry *);
/*
 * There was no memory for it: scspd forgets it as well, so that it comes again
 * by an alignment.
 */
void	marsd_record_lost(struct marsd_cluster *, const uint8_t oid[4],
	    uint32_t key);
/* a join has changed, by this server's word: tells the members */
void	marsd_join_changed(struct marsd_join *, enum marsd_change,
	    const struct marsd_peer *by);

#endif
