/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "sequence.h"

/*
 * Two control VCs, each counting for itself, may be open while a client
 * moves, so the copy of a registration is no jump.
 */
void
marsc_hsn_load(struct marsc_hsn *h, uint32_t msn)
{
	h->value = msn;
}

/* Unsigned 32 bit arithmetic, so 0xffffffff is followed by 0 (5.1.4.2). */
bool
marsc_hsn_update(struct marsc_hsn *h, uint32_t msn)
{
	uint32_t diff = msn - h->value;

	h->value = msn;
	return diff > 1;
}
