/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Records of joins of another server, to be learnt. */
#ifndef BENCH_ITEM_H
#define BENCH_ITEM_H

#include <stdint.h>

struct item {
	uint32_t	 key;
	uint16_t	 len;
	uint8_t		 data[64];
};

/* The i-th join: of one of 1,000 clients, of a group that no other has. */
void	item_make(struct item *, uint32_t i);
/* The join of a client, by its number, under this key. */
void	item_of(struct item *, uint32_t key, uint32_t client, uint32_t group);

#endif
