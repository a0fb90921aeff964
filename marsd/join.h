/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_JOIN and MARS_LEAVE of groups.
 */
#ifndef MARSD_JOIN_H
#define MARSD_JOIN_H

#include <stdbool.h>

#include "group.h"
#include "incoming.h"

enum marsd_drop	 marsd_join_message(struct marsd_incoming *);
enum marsd_drop	 marsd_leave_message(struct marsd_incoming *);
/*
 * may a node have one more of what all nodes have at most limit of?  The last
 * quarter is for those with few joins
 */
bool		 marsd_node_has_share(const struct marsd_node *,
		    uint64_t used, uint64_t limit);
/*
 * tells who has to know that a node has joined a range, or left it; in: the
 * message by which it did, or NULL
 */
void		 marsd_join_announce(struct marsd_node *, bool joined,
		    const struct marsd_span *, bool layer3,
		    struct marsd_incoming *in);

#endif
