/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <err.h>
#include <string.h>

#include "csa.h"
#include "regress/bench/item.h"

#define CLIENTS		1000

void
item_of(struct item *it, uint32_t key, uint32_t client, uint32_t group)
{
	struct csa c = { .pro.type = PRO_IPV4, .state = CSA_JOIN };
	uint32_t ip = 0x0a010000U + client;
	uint8_t addr[4] = { (uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
		(uint8_t)(ip >> 8), (uint8_t)ip };
	int k;

	atm_addr_from_ip(&c.atm, false, addr, 0);
	c.spa.len = c.min.len = 4;
	memcpy(c.spa.a, addr, 4);
	for (k = 0; k < 4; k++)
		c.min.a[k] = (uint8_t)(group >> (24 - 8 * k));
	c.max = c.min;
	c.cmi = (uint16_t)(2000 + client);
	it->key = key;
	it->len = (uint16_t)csa_encode(&c, it->data, sizeof(it->data));
	if (it->len == 0)
		errx(1, "csa_encode");
}

void
item_make(struct item *it, uint32_t i)
{
	item_of(it, i, i % CLIENTS, 0xe1000000U + i);
}
