/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How far a group reaches (RFC 2365, RFC 4291 2.7, RFC 5771, RFC 7346), and
 * what no router passes on, whatever its configuration says.
 */
#ifndef EDGED_SCOPE_H
#define EDGED_SCOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "ip.h"

/* The numbers are those of IPv6's scop field. */
enum edged_scope {
	EDGED_SCOPE_RESERVED = 0,	/* no meaning: never passed on */
	EDGED_SCOPE_NODE = 1,
	EDGED_SCOPE_LINK = 2,
	EDGED_SCOPE_REALM = 3,
	EDGED_SCOPE_ADMIN = 4,
	EDGED_SCOPE_SITE = 5,
	EDGED_SCOPE_ORGANIZATION = 8,
	EDGED_SCOPE_GLOBAL = 14
};

enum edged_scope	 edged_scope(const struct paddr *group);
/*
 * Whether all groups of a prefix have one scope, and so whoever wrote the
 * prefix has said that scope: 239.255.0.0/16 has, 239.0.0.0/8 has not.
 */
bool	edged_scope_said(const struct ip_prefix *);

/*
 * A group that belongs to the routers and switches of one LAN, or to one
 * node.  No configuration opens it.
 */
bool	edged_scope_never(const struct paddr *group);
/* A packet of a protocol that is between the machines of one LAN. */
bool	edged_scope_never_packet(const struct edged_ip *);
/* a group that may be asked for by a report: neither never nor link-wide */
bool	edged_scope_reportable(const struct paddr *group);

#endif
