/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What hosts on a LAN send, for the tests of edged: IGMP and MLD messages
 * with right checksums around bodies that a test writes by hand. */
#ifndef EDGED_HOST_H
#define EDGED_HOST_H

#include <stddef.h>
#include <stdint.h>

#include "edged/ip.h"

#define HOST_MAX	2048

struct host_packet {
	uint8_t	p[HOST_MAX];
	size_t	len;
};

struct paddr	host_addr(const char *);
/* sets the checksum of an IPv4 header of len octets right */
void	host_sum4(uint8_t *, size_t len);
/* sets the checksum at octet `at` of what follows the IP header right */
void	host_sum_upper(struct host_packet *, size_t at);
/* an IGMP packet with TTL 1 and a Router Alert around a body in hex */
void	host_igmp(struct host_packet *, const char *src, const char *dst,
	    const char *body);
/* an MLD packet with hop limit 1 and a Router Alert */
void	host_mld(struct host_packet *, const char *src, const char *dst,
	    const char *body);

#endif
