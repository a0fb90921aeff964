/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_MSERV and MARS_UNSERV: the groups of multicast servers.
 */
#ifndef MARSD_MCS_H
#define MARSD_MCS_H

#include <stdbool.h>

#include "group.h"
#include "incoming.h"

enum marsd_drop	 marsd_mserv_message(struct marsd_incoming *);
enum marsd_drop	 marsd_unserv_message(struct marsd_incoming *);
/*
 * tells who has to know that a node serves a range, or serves it no longer; by:
 * the server that says so; in: the message that does, or NULL
 */
void		 marsd_serve_announce(struct marsd_node *, bool served,
		    const struct marsd_span *, const struct marsd_peer *by,
		    struct marsd_incoming *in);
/* tells the members that the MCS serves these no more */
void		 marsd_mcs_leave(struct marsd_node *,
		    const struct marsd_spans *);

#endif
