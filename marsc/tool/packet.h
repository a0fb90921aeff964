/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The layer 3 packets that marsc sends. */
#ifndef MARSC_PACKET_H
#define MARSC_PACKET_H

#include <stddef.h>

#include "addr.h"
#include "wire.h"

#define PACKET_HEAD_MAX	40	/* octets before the text */

/*
 * An IPv4 or IPv6 packet (by the length of the group) of protocol 253, which
 * RFC 3692 sets aside for experiments, from the address that src embeds.
 */
void	marsc_packet_write(struct wr *, const struct atm_addr *src,
	    const struct paddr *group, const void *, size_t);

#endif
