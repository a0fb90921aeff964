/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* MLD of both versions (RFC 9777, RFC 2710), a router's. */
#ifndef EDGED_MLD_H
#define EDGED_MLD_H

#include <stdbool.h>
#include <stddef.h>

#include "gmp.h"
#include "ip.h"

/* an ICMPv6 packet of one of MLD's types */
bool	edged_mld_is(const struct edged_ip *);
/*
 * Reads a message out of a packet that edged_ip_read() accepted and
 * edged_mld_is() says is one.  What it gives points into the packet.
 */
enum edged_gmp_drop	 edged_mld_read(struct edged_gmp *,
			    const struct edged_ip *);
/*
 * Writes a query as a whole IPv6 packet; its length, or 0 if it doesn't fit
 * or that version can't say it (MLDv1: sources).
 */
size_t	edged_mld_query(const struct edged_gmp_query *, uint8_t *, size_t);

#endif
