/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Do the servers of scspnet.h agree, and is it over? */
#include <string.h>

#include "scspnet.h"

bool
net_aligned(struct net *n)
{
	struct scsp_neighbor *nb;
	int i;

	for (i = 0; i < n->n; i++) {
		if (n->node[i].raw)
			continue;
		TAILQ_FOREACH(nb, &node_group(&n->node[i])->neighbors, of_group)
			if (nb->align != SCSP_ALIGN_ALIGNED)
				return false;
	}
	return true;
}

static bool
net_same_entry(const struct scsp_entry *a, const struct scsp_entry *b)
{
	return a->id == b->id && a->seq == b->seq && a->len == b->len &&
	    memcmp(a->data, b->data, a->len) == 0;
}

static struct scsp_entry *
net_listed(struct scsp_cache *c, struct scsp_entry *e)
{
	while (e != NULL && !scsp_entry_listed(e))
		e = scsp_cache_after(c, e->id);
	return e;
}

bool
net_equal(struct node *a, struct node *b)
{
	struct scsp_cache *x = &node_group(a)->cache,
	    *y = &node_group(b)->cache;
	struct scsp_entry *e = net_listed(x, scsp_cache_first(x));
	struct scsp_entry *f = net_listed(y, scsp_cache_first(y));

	while (e != NULL && f != NULL) {
		if (!net_same_entry(e, f))
			return false;
		e = net_listed(x, scsp_cache_after(x, e->id));
		f = net_listed(y, scsp_cache_after(y, f->id));
	}
	return e == NULL && f == NULL;
}

bool
net_all_equal(struct net *n)
{
	int i;

	for (i = 1; i < n->n; i++)
		if (!net_equal(&n->node[0], &n->node[i]))
			return false;
	return true;
}

bool
net_quiet(struct net *n)
{
	struct scsp_neighbor *nb;
	int i;

	for (i = 0; i < n->n; i++)
		TAILQ_FOREACH(nb, &node_group(&n->node[i])->neighbors, of_group)
			if (nb->nqueued != 0)
				return false;
	return true;
}

bool
net_settle(struct net *n, int64_t ms)
{
	for (; ms > 0; ms -= 20) {
		net_run(n, 20);
		if (net_aligned(n) && net_quiet(n) && net_all_equal(n))
			return true;
	}
	return false;
}
