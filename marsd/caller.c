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

#define SHARE_WAIT	MTIME_SEC(1)	/* is scspd still behind? */

static int
caller_cmp(const struct marsd_caller *a, const struct marsd_caller *b)
{
	return atm_addr_cmp(&a->addr, &b->addr);
}

RB_GENERATE(marsd_caller_tree, marsd_caller, entry, caller_cmp)

static void
caller_free(struct marsd_caller *k)
{
	struct marsd_cluster *c = k->cluster;

	timer_clear(c->mars->ts, &k->timer);
	RB_REMOVE(marsd_caller_tree, &c->callers, k);
	free(k);
}

/* How long it has to be remembered from now on, in us. */
static int64_t
caller_wait(struct marsd_caller *k)
{
	const struct marsd_cluster *c = k->cluster;
	const struct marsd *m = c->mars;

	if (m->congested &&
	    (marsd_share_counts(&k->changes, &m->changes) ||
	    marsd_share_counts(&k->registrations, &m->registrations)))
		return SHARE_WAIT;
	return marsd_bucket_wait(
	    &k->bucket, m->ts->now, c->conf->rate, c->conf->burst);
}

/* It has no circuit: each is remembered for what it owes itself. */
static void
caller_idle(void *arg)
{
	struct marsd_caller *k = arg;
	int64_t wait = caller_wait(k);

	if (wait == 0)
		caller_free(k);
	else
		timer_set(k->cluster->mars->ts, &k->timer, wait);
}

struct marsd_caller *
marsd_caller_get(struct marsd_cluster *c, const struct atm_addr *addr)
{
	struct marsd_caller key, *k;

	key.addr = *addr;
	if (key.addr.num_tl == NSAPA_LEN)
		key.addr.num[NSAPA_LEN - 1] = 0; /* SEL */
	if ((k = RB_FIND(marsd_caller_tree, &c->callers, &key)) != NULL) {
		timer_clear(c->mars->ts, &k->timer);
		k->circuits++;
		return k;
	}
	if ((k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->cluster = c;
	k->addr = key.addr;
	k->circuits = 1;
	timer_init(&k->timer, caller_idle, k);
	marsd_bucket_init(&k->bucket, c->mars->ts->now, c->conf->burst);
	RB_INSERT(marsd_caller_tree, &c->callers, k);
	return k;
}

void
marsd_caller_put(struct marsd_caller *k)
{
	if (--k->circuits == 0)
		caller_idle(k);
}

/* Only when all circuits of the cluster have gone. */
void
marsd_callers_free(struct marsd_cluster *c)
{
	struct marsd_caller *k;

	while ((k = RB_ROOT(&c->callers)) != NULL)
		caller_free(k);
}
