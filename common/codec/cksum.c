/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <arpa/inet.h>
#include <string.h>

#include "cksum.h"

/* One's complement: what is carried out at the top comes in at the bottom. */
static uint64_t
carry_add(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

/*
 * The sum of words of eight octets, as the machine has them, folded to two, is
 * that of words of two: the order of octets does not matter until the end
 * (RFC 1071 section 2).
 */
uint16_t
in_cksum(const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint64_t sum = 0, v;

	for (; len >= sizeof(v); p += sizeof(v), len -= sizeof(v)) {
		memcpy(&v, p, sizeof(v));
		sum = carry_add(sum, v);
	}
	v = 0;
	memcpy(&v, p, len);
	sum = carry_add(sum, v);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~ntohs((uint16_t)sum);
}
