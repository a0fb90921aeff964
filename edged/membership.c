/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The groups of a LAN and their sources, with the timers of both: what there
 * is, apart from what a record of a host makes of it (listener.c).
 */
#include <stdlib.h>

#include "listener_impl.h"

int
edged_group_cmp(
    const struct edged_listener_group *a, const struct edged_listener_group *b)
{
	return paddr_cmp(&a->addr, &b->addr);
}

int
edged_source_cmp(const struct edged_source *a, const struct edged_source *b)
{
	return paddr_cmp(&a->addr, &b->addr);
}

RB_GENERATE(edged_group_tree, edged_listener_group, entry, edged_group_cmp)
RB_GENERATE(edged_source_tree, edged_source, entry, edged_source_cmp)

/* --- intervals, in microseconds */

int64_t
edged_listener_membership(const struct edged_listener *l)
{
	const struct edged_listener_timing *t = &l->timing;

	return t->robustness * MTIME_SEC(t->interval) + MTIME_MS(t->response);
}

int64_t
edged_listener_last_member(const struct edged_listener *l)
{
	return l->timing.last_count * MTIME_MS(l->timing.last_interval);
}

int64_t
edged_listener_left(const struct edged_listener *l, const struct timer *t)
{
	return timer_isset(t) ? mtime_diff(l->timers->now, t->due) : 0;
}

/* --- sources and groups */

struct edged_source *
edged_source_find(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_source key;

	key.addr = *addr;
	return RB_FIND(edged_source_tree, &g->sources, &key);
}

void
edged_source_free(struct edged_source *s)
{
	struct edged_listener_group *g = s->group;

	timer_clear(g->listener->timers, &s->timer);
	RB_REMOVE(edged_source_tree, &g->sources, s);
	g->nsources--;
	g->changed = true;
	free(s);
}

void
edged_source_set(struct edged_source *s, int64_t time)
{
	struct timers *timers = s->group->listener->timers;

	if (timer_isset(&s->timer) != (time > 0))
		s->group->changed = true;
	if (time > 0)
		timer_set(timers, &s->timer, time);
	else
		timer_clear(timers, &s->timer);
}

static void source_expired(void *);

struct edged_source *
edged_source_new(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_listener *l = g->listener;
	struct edged_source *s;

	if (g->nsources >= l->limits.sources) {
		l->drops[EDGED_LISTENER_DROP_SOURCES]++;
		return NULL;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL) {
		l->drops[EDGED_LISTENER_DROP_MEMORY]++;
		return NULL;
	}
	s->addr = *addr;
	s->group = g;
	timer_init(&s->timer, source_expired, s);
	RB_INSERT(edged_source_tree, &g->sources, s);
	g->nsources++;
	g->changed = true;
	return s;
}

static void group_expired(void *);

struct edged_listener_group *
edged_group_new(struct edged_listener *l, const struct paddr *addr)
{
	struct edged_listener_group *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		l->drops[EDGED_LISTENER_DROP_MEMORY]++;
		return NULL;
	}
	g->listener = l;
	g->addr = *addr;
	g->state = EDGED_LISTENER_INCLUDE;
	timer_init(&g->timer, group_expired, g);
	timer_init(&g->again, edged_ask_again, g);
	RB_INIT(&g->sources);
	TAILQ_INIT(&g->reporters);
	RB_INSERT(edged_group_tree, &l->groups, g);
	l->ngroups++;
	return g;
}

static void
listener_group_free(struct edged_listener_group *g)
{
	struct edged_listener *l = g->listener;
	struct edged_source *s;

	while ((s = RB_MIN(edged_source_tree, &g->sources)) != NULL)
		edged_source_free(s);
	edged_reporter_clear(g);
	timer_clear(l->timers, &g->timer);
	timer_clear(l->timers, &g->again);
	RB_REMOVE(edged_group_tree, &l->groups, g);
	l->ngroups--;
	free(g);
}

void
edged_group_settle(struct edged_listener_group *g)
{
	struct edged_listener *l = g->listener;
	bool wanted =
	    g->fixed || g->state == EDGED_LISTENER_EXCLUDE || g->nsources > 0;
	bool told = g->wanted, changed = g->changed;

	g->wanted = wanted;
	g->changed = false;
	if (wanted != told)
		l->ops->changed(l->arg, g,
		    wanted ? EDGED_LISTENER_WANTED : EDGED_LISTENER_UNWANTED);
	else if (wanted && changed)
		l->ops->changed(l->arg, g, EDGED_LISTENER_FILTER);
	if (!wanted)
		listener_group_free(g);
}

/* Delete (Y) */
static void
prune_muted(struct edged_listener_group *g)
{
	struct edged_source *s, *next;

	for (s = RB_MIN(edged_source_tree, &g->sources); s != NULL; s = next) {
		next = RB_NEXT(edged_source_tree, &g->sources, s);
		if (!timer_isset(&s->timer))
			edged_source_free(s);
	}
}

void
edged_group_step(struct edged_listener_group *g,
    enum edged_listener_event event, struct edged_source *s)
{
	switch (table_step(
	    &edged_listener_table, &g->state, event, &g->listener->faults)) {
	case EDGED_LISTENER_DO_SWITCH:
		g->changed = true;
		prune_muted(g);
		break;
	case EDGED_LISTENER_DO_CLEAR:
		timer_clear(g->listener->timers, &g->timer);
		while ((s = RB_MIN(edged_source_tree, &g->sources)) != NULL)
			edged_source_free(s);
		edged_reporter_clear(g);
		break;
	case EDGED_LISTENER_DO_FORGET:
		edged_source_free(s);
		break;
	case EDGED_LISTENER_DO_MUTE:
		g->changed = true;
		break;
	}
}

static void
source_expired(void *arg)
{
	struct edged_source *s = arg;
	struct edged_listener_group *g = s->group;

	edged_group_step(g, EDGED_LISTENER_EV_SOURCE_TIMER, s);
	edged_group_settle(g);
}

static void
group_expired(void *arg)
{
	struct edged_listener_group *g = arg;

	edged_group_step(g, EDGED_LISTENER_EV_GROUP_TIMER, NULL);
	edged_group_settle(g);
}
