/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "cksum.h"
#include "wire.h"

uint16_t
in_cksum(const void *buf, size_t len)
{
	uint64_t sum = 0;
	struct rd r;

	rd_init(&r, buf, len);
	while (r.left >= 2)
		sum += rd_u16(&r);
	if (r.left == 1)
		sum += (uint64_t)rd_u8(&r) << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}
