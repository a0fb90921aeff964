/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Who has called: all circuits of one address, whatever their selectors,
 * have one share of the rate, so that nobody gets more by calling often.
 * A caller is remembered after its last circuit until its share is whole
 * again (limit.c), and while scspd is behind if it has had of what is still
 * taken.
 */
#include <stdlib.h>

#include "caller.h"
#include "cluster.h"

static int
caller_cmp(const struct marsd_caller *a, const struct marsd_caller *b)
{
	return atm_addr_cmp(&a->addr, &b->addr);
}

RB_GENERATE(marsd_caller_tree, marsd_caller, entry, caller_cmp)

static void
caller_free(struct marsd_cluster *c, struct marsd_caller *k)
{
	RB_REMOVE(marsd_caller_tree, &c->callers, k);
	TAILQ_REMOVE(&c->idle, k, idle_entry);
	free(k);
}

static bool
caller_whole(struct marsd_cluster *c, struct marsd_caller *k)
{
	const struct marsd *m = c->mars;

	if (m->congested &&
	    (marsd_share_counts(&k->changes, &m->changes) ||
	    marsd_share_counts(&k->registrations, &m->registrations)))
		return false;
	return marsd_bucket_full(
	    &k->bucket, m->ts->now, c->conf->rate, c->conf->burst);
}

/*
 * Forgets callers whose share is whole.  One that went early and owes much
 * may keep others for a while; the longest takes twice the burst.
 */
static void
callers_expire(struct marsd_cluster *c)
{
	struct marsd_caller *k;

	while ((k = TAILQ_FIRST(&c->idle)) != NULL && caller_whole(c, k))
		caller_free(c, k);
}

struct marsd_caller *
marsd_caller_get(struct marsd_cluster *c, const struct atm_addr *addr)
{
	struct marsd_caller key, *k;

	callers_expire(c);
	key.addr = *addr;
	if (key.addr.num_tl == NSAPA_LEN)
		key.addr.num[NSAPA_LEN - 1] = 0; /* SEL */
	if ((k = RB_FIND(marsd_caller_tree, &c->callers, &key)) != NULL) {
		if (k->circuits++ == 0)
			TAILQ_REMOVE(&c->idle, k, idle_entry);
		return k;
	}
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->addr = key.addr;
	k->circuits = 1;
	marsd_bucket_init(&k->bucket, c->mars->ts->now, c->conf->burst);
	RB_INSERT(marsd_caller_tree, &c->callers, k);
	return k;
}

void
marsd_caller_put(struct marsd_cluster *c, struct marsd_caller *k)
{
	if (--k->circuits != 0)
		return;
	TAILQ_INSERT_TAIL(&c->idle, k, idle_entry);
	if (caller_whole(c, k))
		caller_free(c, k);
}

/* Only when all circuits of the cluster have gone. */
void
marsd_callers_free(struct marsd_cluster *c)
{
	struct marsd_caller *k;

	while ((k = TAILQ_FIRST(&c->idle)) != NULL)
		caller_free(c, k);
}
