/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdbool.h>
#include <string.h>

#include "ether.h"

/*
 * A packet to a host (Packet Too Big) goes to its solicited-node group, which
 * each host listens to (RFC 4291 section 2.8): an edge asks nobody for the
 * address of a link.
 */
static void
ether_to6(uint8_t to[6], const uint8_t *dst)
{
	to[0] = to[1] = 0x33; /* RFC 2464 section 7 */
	memcpy(to + 2, dst + 12, 4);
	if (dst[0] != 0xff)
		to[2] = 0xff;
}

static void
ether_to4(uint8_t to[6], const uint8_t *dst)
{
	to[0] = 0x01; /* RFC 1112 section 6.4 */
	to[1] = 0;
	to[2] = 0x5e;
	memcpy(to + 3, dst + 1, 3);
	to[3] &= 0x7f;
}

void
edged_ether_head(
    uint8_t head[EDGED_ETHER_HEAD], const uint8_t *link, const uint8_t *ip)
{
	bool v6 = ip[0] >> 4 == 6;

	if (v6)
		ether_to6(head, ip + 24);
	else
		ether_to4(head, ip + 16);
	memcpy(head + 6, link, 6);
	head[12] = v6 ? 0x86 : 0x08;
	head[13] = v6 ? 0xdd : 0x00;
}
