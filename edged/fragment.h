/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Packets that are larger than what a circuit passes whole. */
#ifndef EDGED_FRAGMENT_H
#define EDGED_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip.h"

#define EDGED_IP4_MTU_MIN	68	/* RFC 791 3.2 */
#define EDGED_IP6_MTU_MIN	1280	/* RFC 8200 5 */

enum edged_fit {
	EDGED_FIT_WHOLE,	/* it passes as it is */
	EDGED_FIT_FRAGMENT,	/* IPv4 without DF: in fragments */
	EDGED_FIT_DROP,		/* IPv4 with DF: a group gets no ICMP error
				 * (RFC 1122 3.2.2) */
	EDGED_FIT_TELL		/* IPv6: Packet Too Big, which a group may get
				 * (RFC 4443 2.4(e.3)) */
};

/*
 * mtu: the largest inner packet, in octets.  An IPv6 packet of up to 1280
 * passes whole at any mtu: what is below has to see to it (RFC 8200 5).
 */
enum edged_fit	 edged_fit(const struct edged_ip *, uint32_t mtu);

/* The fragments of a packet, one after the other (RFC 791 3.2). */
struct edged_fragments {
	const struct edged_ip	*ip;
	uint32_t		 mtu;
	size_t			 done;	/* octets of the payload */
};

void	edged_fragments_init(struct edged_fragments *, const struct edged_ip *,
	    uint32_t mtu);
/* writes the next into mtu octets; its length, or 0 behind the last */
size_t	edged_fragments_next(struct edged_fragments *, uint8_t *);

/*
 * Writes an ICMPv6 Packet Too Big to the source of the packet (RFC 4443 3.2)
 * into max octets; from is ours on that LAN.  0: none may be sent (2.4(e)),
 * or it doesn't fit.  How many are sent is limited by the owner (2.4(f)).
 */
#define EDGED_TOO_BIG_MAX	EDGED_IP6_MTU_MIN
size_t	edged_too_big(const struct edged_ip *, const struct paddr *from,
	    uint32_t mtu, uint8_t *, size_t max);

#endif
