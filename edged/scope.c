/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "group.h"
#include "scope.h"

static enum edged_scope
scope4(const uint8_t *a)
{
	if (a[0] == 224 && a[1] == 0 && a[2] == 0)
		return EDGED_SCOPE_LINK; /* RFC 5771 4 */
	if (a[0] != 239)
		return EDGED_SCOPE_GLOBAL;
	/* RFC 2365 6.1 and 8: "no larger than any other scope" is what site
	 * local is for IPv6 */
	if (a[1] == 255)
		return EDGED_SCOPE_SITE;
	/* 6.2: 239.192.0.0/14, and 6.2.1: what it may grow into */
	return EDGED_SCOPE_ORGANIZATION;
}

/* RFC 7346 2; what is unassigned there is the next larger one. */
static enum edged_scope
scope6(const uint8_t *a)
{
	static const uint8_t scopes[16] = { EDGED_SCOPE_RESERVED,
		EDGED_SCOPE_NODE, EDGED_SCOPE_LINK, EDGED_SCOPE_REALM,
		EDGED_SCOPE_ADMIN, EDGED_SCOPE_SITE, EDGED_SCOPE_ORGANIZATION,
		EDGED_SCOPE_ORGANIZATION, EDGED_SCOPE_ORGANIZATION,
		EDGED_SCOPE_GLOBAL, EDGED_SCOPE_GLOBAL, EDGED_SCOPE_GLOBAL,
		EDGED_SCOPE_GLOBAL, EDGED_SCOPE_GLOBAL, EDGED_SCOPE_GLOBAL,
		EDGED_SCOPE_RESERVED };

	return (enum edged_scope)scopes[a[1] & 0x0f];
}

enum edged_scope
edged_scope(const struct paddr *group)
{
	if (!edged_addr_multicast(group))
		return EDGED_SCOPE_RESERVED;
	return group->len == 4 ? scope4(group->a) : scope6(group->a);
}

bool
edged_scope_said(const struct ip_prefix *p)
{
	if (p->v6)
		return p->bits >= 16 && p->a[0] == 0xff;
	/* 224.0.0.0/24 and 239.255.0.0/16 are what lies within others */
	if (p->a[0] == 239)
		return p->bits >= 16;
	if (p->a[0] == 224)
		return p->bits >= 24;
	return p->bits >= 8 && (p->a[0] & 0xf0) == 0xe0;
}

bool
edged_scope_never(const struct paddr *group)
{
	switch (edged_scope(group)) {
	case EDGED_SCOPE_RESERVED:
	case EDGED_SCOPE_NODE:
		return true;
	case EDGED_SCOPE_LINK:
		return group_is_control(group);
	default:
		return false;
	}
}

bool
edged_scope_never_packet(const struct edged_ip *ip)
{
	/* EIGRP, OSPF, PIM, VRRP and CARP */
	static const uint8_t protocols[] = { EDGED_PROTO_IGMP, 88, 89, 103,
		112 };
	uint8_t type;

	if (memchr(protocols, ip->proto, sizeof(protocols)) != NULL)
		return true;
	if (!ip->v6 || ip->proto != EDGED_PROTO_ICMPV6 || ip->offset != 0)
		return false;
	if (ip->len <= ip->head)
		return true;
	/* MLD and neighbor discovery; MLDv2; SEND; MRD (RFC 4286) */
	type = ip->p[ip->head];
	return (type >= 130 && type <= 137) || type == 143 || type == 148 ||
	    type == 149 || (type >= 151 && type <= 153);
}

bool
edged_scope_reportable(const struct paddr *group)
{
	static const struct paddr all4 = { 4, { 224, 0, 0, 1 } };
	static const struct paddr all6 = { 16, { 0xff, 2, [15] = 1 } };

	/* no report is ever sent about all systems, RFC 9776 6 and 9777 6 */
	return !edged_scope_never(group) && !paddr_equal(group, &all4) &&
	    !paddr_equal(group, &all6);
}
