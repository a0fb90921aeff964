/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "group.h"

/* Of IANA's Local Network Control Block: routing, and what keeps a LAN going.
 * Of 224.0.0.0/24 and of ff02::/112 the last octet. */
static const uint8_t controls4[] = {
	0,	/* reserved */
	2,	/* all routers */
	4,	/* DVMRP */
	5, 6,	/* OSPF */
	9,	/* RIP */
	10,	/* EIGRP */
	13,	/* PIM */
	18,	/* VRRP */
	22,	/* IGMPv3 reports */
	102,	/* HSRP */
	106	/* all snoopers (RFC 4286) */
};
static const uint8_t controls6[] = {
	2,	/* all routers */
	4,	/* DVMRP */
	5, 6,	/* OSPF */
	9,	/* RIPng */
	10,	/* EIGRP */
	13,	/* PIM */
	18,	/* VRRP */
	22,	/* MLDv2 reports */
	106	/* all snoopers (RFC 4286) */
};

static bool
control6(const uint8_t *a)
{
	static const uint8_t zero[12], node[] = { 0, 1, 0xff };

	/* solicited-node addresses: neighbor discovery (RFC 4291 2.7.1) */
	if (memcmp(a + 2, zero, 8) == 0 && memcmp(a + 10, node, 3) == 0)
		return true;
	return memcmp(a + 2, zero, 12) == 0 && a[14] == 0 &&
	    memchr(controls6, a[15], sizeof(controls6)) != NULL;
}

bool
group_is_control(const struct paddr *g)
{
	if (g->len == 16)
		return g->a[0] == 0xff && (g->a[1] & 0x0f) == 2 &&
		    control6(g->a);
	return g->len == 4 && g->a[0] == 224 && g->a[1] == 0 && g->a[2] == 0 &&
	    memchr(controls4, g->a[3], sizeof(controls4)) != NULL;
}
