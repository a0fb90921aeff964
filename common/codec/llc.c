/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "llc.h"
#include "wire.h"

static const uint8_t snap[3] = { 0xaa, 0xaa, 0x03 };

bool
llc_decode(const void *sdu, size_t len, uint32_t *oui, uint16_t *pid)
{
	const uint8_t *p;
	struct rd r;

	rd_init(&r, sdu, len);
	p = rd_bytes(&r, sizeof(snap));
	*oui = (uint32_t)rd_u8(&r) << 16;
	*oui |= rd_u16(&r);
	*pid = rd_u16(&r);
	return !rd_failed(&r) && memcmp(p, snap, sizeof(snap)) == 0;
}

void
llc_encode(void *sdu, uint32_t oui, uint16_t pid)
{
	struct wr w;

	wr_init(&w, sdu, LLC_LEN);
	wr_bytes(&w, snap, sizeof(snap));
	wr_u8(&w, (uint8_t)(oui >> 16));
	wr_u16(&w, (uint16_t)oui);
	wr_u16(&w, pid);
}
