/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* IGMP of all three versions (RFC 9776, RFC 2236, RFC 1112), a router's. */
#ifndef EDGED_IGMP_H
#define EDGED_IGMP_H

#include <stdbool.h>
#include <stddef.h>

#include "gmp.h"
#include "ip.h"

bool	edged_igmp_is(const struct edged_ip *);
/*
 * Reads a message out of a packet that edged_ip_read() accepted and
 * edged_igmp_is() says is one.  nets: the n networks of the LAN.  What it
 * gives points into the packet.
 */
enum edged_gmp_drop	 edged_igmp_read(struct edged_gmp *,
			    const struct edged_ip *, const struct ip_prefix *,
			    size_t n);
/*
 * Writes a query as a whole IP packet; its length, or 0 if it doesn't fit or
 * that version can't say it (1: groups; 1 and 2: sources).
 */
size_t	edged_igmp_query(const struct edged_gmp_query *, uint8_t *, size_t);

#endif
