/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The Ethernet header of what an edge sends to its LAN. */
#ifndef EDGED_ETHER_H
#define EDGED_ETHER_H

#include <stdint.h>

#define EDGED_ETHER_HEAD	14	/* octets of it */

/*
 * Of an IP packet with its whole header, from the interface with that address
 * of 6 octets.
 */
void	edged_ether_head(uint8_t head[EDGED_ETHER_HEAD], const uint8_t *link,
	    const uint8_t *ip);

#endif
