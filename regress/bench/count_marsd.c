/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Clients of marsd's core register, join and ask, and it learns records: each
 * so many times, for instructions.py, which counts the instructions.
 */
#include "regress/bench/item.h"
#include "regress/unit/marsnet.h"

#define N		200	/* clients */
#define GROUP(n)	(0xe0000000U + (uint32_t)(n))
#define LEARNT		8192

int
main(void)
{
	const uint8_t oid[4] = { 192, 0, 2, 9 };
	static struct nvc *client[N];
	struct net *net = net_new();
	struct item it;
	uint32_t i;

	net_start(net, 0);
	net->quiet = true;
	for (i = 0; i < N; i++)
		client[i] = net_client(net, 0, (int)i + 1);
	for (i = 0; i < N; i++)
		net_join(client[i], 4, 0, GROUP(i), GROUP(i));
	/* ten members each */
	for (i = 0; i < N; i++)
		net_join(client[i], 4, 0, GROUP(N + i / 10), GROUP(N + i / 10));
	for (i = 0; i < N; i++)
		net_request(client[i], GROUP(N + i / 10));
	for (i = 0; i < LEARNT; i++) {
		item_make(&it, i * 2654435761U & (LEARNT - 1));
		marsd_csa_update(net->s[0].mars, 1, oid, it.key, 1,
		    CSA_HOW_ALIGNED, it.data, it.len);
	}
	for (i = 0; i < N; i++)
		net_hangup(client[i]);
	net_free(net);
	return 0;
}
