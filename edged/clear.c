/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsctl clear counters: what show.c counts of edges, of LANs and of the path
 * through the kernel begins at 0.  A flow keeps its own, which began with it.
 */
#include <string.h>

#include "edge_impl.h"

#define ZERO(list)	memset((list), 0, sizeof(list))

static void
clear_family(struct edged_family *f)
{
	ZERO(f->drops);
	ZERO(f->listener.drops);
	f->listener.faults.count = 0;
	f->querier.older = 0;
	f->querier.faults.count = 0;
}

static void
clear_port(struct edged_port *p)
{
	struct edged_lan *l = &p->lan;

	p->packets_in = p->packets_out = p->octets_out = 0;
	p->no_room = 0;
	ZERO(l->ip_drops);
	ZERO(l->hello_drops);
	ZERO(l->policy_drops);
	ZERO(l->rate_drops);
	ZERO(l->drops);
	l->senders.evicted = 0;
	l->elect.faults.count = 0;
	clear_family(&l->v4);
	clear_family(&l->v6);
}

static void
clear_end(struct edged_end *end)
{
	int i;

	for (i = 0; i < EDGED_FAMILIES; i++)
		if (end->client[i] != NULL)
			marsc_clear_counters(end->client[i]);
}

static void
clear_edge(struct edged_edge *e)
{
	e->out_packets = e->out_copies = 0;
	e->in_packets = e->in_copies = 0;
	e->kernel_packets = e->kernel_copies = 0;
	e->probes_in = e->probes_answered = e->probes_refused = 0;
	e->probe_answers = e->probe_unasked = 0;
	e->flows.evicted = 0;
	ZERO(e->ip_drops);
	ZERO(e->policy_drops);
	ZERO(e->flow_drops);
	clear_end(&e->self);
	clear_end(&e->server);
}

/* The kernel may count one while we look away: that one is lost. */
static void
clear_kernel(struct edged_kernel *k)
{
	unsigned int i;

	k->full = 0;
	for (i = 0; i < KPATH_UP_MAX; i++)
		__atomic_store_n(&k->table->up[i], 0, __ATOMIC_RELAXED);
}

void
edged_clear_counters(struct edged *d)
{
	struct edged_edge *e;
	struct edged_port *p;

	TAILQ_FOREACH(e, &d->edges, entry) {
		clear_edge(e);
		TAILQ_FOREACH(p, &e->ports, entry)
			clear_port(p);
	}
	if (d->kernel != NULL)
		clear_kernel(d->kernel);
}
