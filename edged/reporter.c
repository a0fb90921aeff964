/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which hosts want a group, for a leave that takes effect at once when the
 * last of them has gone and that cuts nobody else off.  All of these have to
 * be so before a host counts as the only one:
 *
 *  - Everybody speaks version 3.  Hosts of older versions keep still when
 *    they hear another's report (RFC 2236 section 3), so there may be more.
 *  - All of them had a chance to answer a general query since we listen.
 *  - None reported without an address, and none when the list was full.
 */
#include <stdlib.h>

#include "listener_impl.h"

int
edged_host_cmp(const struct edged_host *a, const struct edged_host *b)
{
	return paddr_cmp(&a->addr, &b->addr);
}

RB_GENERATE(edged_host_tree, edged_host, entry, edged_host_cmp)

static struct edged_host *
reporter_host_find(struct edged_listener *l, const struct paddr *addr)
{
	struct edged_host key;

	key.addr = *addr;
	return RB_FIND(edged_host_tree, &l->hosts, &key);
}

static struct edged_host *
reporter_host_get(struct edged_listener *l, const struct paddr *addr)
{
	struct edged_host *h = reporter_host_find(l, addr);

	if (h != NULL || (h = calloc(1, sizeof(*h))) == NULL)
		return h;
	h->addr = *addr;
	TAILQ_INIT(&h->reports);
	RB_INSERT(edged_host_tree, &l->hosts, h);
	l->nhosts++;
	return h;
}

/* A host lives as long as something is remembered of it. */
static void
reporter_host_release(struct edged_listener *l, struct edged_host *h)
{
	if (h->ngroups > 0)
		return;
	RB_REMOVE(edged_host_tree, &l->hosts, h);
	l->nhosts--;
	free(h);
}

static void
reporter_free(struct edged_reporter *r)
{
	struct edged_host *h = r->host;

	TAILQ_REMOVE(&r->group->reporters, r, of_group);
	r->group->nreporters--;
	TAILQ_REMOVE(&h->reports, r, of_host);
	h->ngroups--;
	reporter_host_release(r->group->listener, h);
	free(r);
}

static bool
reporter_over(const struct edged_reporter *r)
{
	return r->until.us <= r->group->listener->timers->now.us;
}

/* Both lists have the oldest first, because a renewal moves to their ends. */
static void
group_purge(struct edged_listener_group *g)
{
	struct edged_reporter *r;

	while ((r = TAILQ_FIRST(&g->reporters)) != NULL && reporter_over(r))
		reporter_free(r);
}

/* A host that has been silent about its groups for long has left them. */
static void
host_purge(struct edged_host *h)
{
	struct edged_reporter *r, *next;

	for (r = TAILQ_FIRST(&h->reports); r != NULL && reporter_over(r);
	    r = next) {
		next = TAILQ_NEXT(r, of_host);
		/* with the last one the host goes too */
		reporter_free(r);
	}
}

static struct edged_reporter *
reporter_find(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_reporter *r;

	TAILQ_FOREACH(r, &g->reporters, of_group)
		if (paddr_equal(&r->host->addr, addr))
			return r;
	return NULL;
}

static void
reporter_renew(struct edged_reporter *r)
{
	struct edged_listener_group *g = r->group;
	struct edged_listener *l = g->listener;

	r->until.us = l->timers->now.us + edged_listener_membership(l);
	TAILQ_REMOVE(&g->reporters, r, of_group);
	TAILQ_INSERT_TAIL(&g->reporters, r, of_group);
	TAILQ_REMOVE(&r->host->reports, r, of_host);
	TAILQ_INSERT_TAIL(&r->host->reports, r, of_host);
}

/* For one membership interval nobody can be sure who wants this group. */
static void
lost_track(struct edged_listener_group *g)
{
	struct edged_listener *l = g->listener;

	g->unknown_until.us = l->timers->now.us + edged_listener_membership(l);
}

/* May the host have one group more? */
static bool
host_has_room(struct edged_listener *l, const struct paddr *addr)
{
	struct edged_host *h = reporter_host_find(l, addr);

	if (h == NULL || h->ngroups < l->limits.host_groups)
		return true;
	host_purge(h);
	h = reporter_host_find(l, addr);
	return h == NULL || h->ngroups < l->limits.host_groups;
}

static bool
reporter_new(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_reporter *r = calloc(1, sizeof(*r));
	struct edged_host *h;

	if (r == NULL)
		return false;
	if ((h = reporter_host_get(g->listener, addr)) == NULL) {
		free(r);
		return false;
	}
	r->host = h;
	r->group = g;
	TAILQ_INSERT_TAIL(&g->reporters, r, of_group);
	g->nreporters++;
	TAILQ_INSERT_TAIL(&h->reports, r, of_host);
	h->ngroups++;
	reporter_renew(r);
	return true;
}

bool
edged_reporter_add(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_listener *l = g->listener;
	struct edged_reporter *r;
	bool first = g->nreporters == 0;

	g->last = *addr;
	/* several hosts may have no address yet (4.2.13) */
	if (edged_addr_zero(addr))
		lost_track(g);
	if ((r = reporter_find(g, addr)) != NULL) {
		reporter_renew(r);
		return true;
	}
	group_purge(g);
	if (!host_has_room(l, addr)) {
		lost_track(g);
		return !first;
	}
	if ((g->nreporters >= l->limits.reporters && !first) ||
	    !reporter_new(g, addr))
		lost_track(g);
	return true;
}

void
edged_reporter_remove(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_reporter *r = reporter_find(g, addr);

	if (r != NULL)
		reporter_free(r);
}

void
edged_reporter_clear(struct edged_listener_group *g)
{
	struct edged_reporter *r;

	while ((r = TAILQ_FIRST(&g->reporters)) != NULL)
		reporter_free(r);
}

bool
edged_reporter_alone(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_listener *l = g->listener;
	struct edged_reporter *r;
	int64_t now = l->timers->now.us;

	if (!l->fast_leave || edged_listener_compat(g) != EDGED_GMP_V3 ||
	    g->unknown_until.us > now ||
	    now < l->since.us + edged_listener_membership(l))
		return false;
	group_purge(g);
	r = TAILQ_FIRST(&g->reporters);
	return r != NULL && TAILQ_NEXT(r, of_group) == NULL &&
	    paddr_equal(&r->host->addr, addr);
}
