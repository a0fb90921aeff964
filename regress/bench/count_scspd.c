/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A server learns what another publishes, a third one asks it for all that, and
 * then changes go to both, one at a time: for instructions.py, which counts the
 * instructions.
 */
#include <err.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "regress/unit/scspnet.h"

#define CHANGES		200

int
main(void)
{
	struct net *n = net_line(1, 3, false);
	char text[16];
	uint32_t i;

	node_start(&n->node[0]);
	node_start(&n->node[1]);
	node_fill(&n->node[0], NET_KEYS);
	net_run(n, 60000);
	node_start(&n->node[2]);
	if (!net_settle(n, 60000))
		errx(1, "not aligned");
	for (i = 0; i < CHANGES; i++) {
		snprintf(text, sizeof(text), "n.%u", i);
		node_publish(&n->node[0], i, text);
		net_run(n, 100);
	}
	net_free(n);
	return 0;
}
