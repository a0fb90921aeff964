/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Specific queries (RFC 9776 6.6.3): whoever still wants what a host has given
 * up is asked, and what nobody answers for ends.
 */
#include "listener_impl.h"

/*
 * Sends Q(G,X) for those X with queries left, in as many messages as it takes:
 * with the S bit those that somebody has reported meanwhile, without it those
 * that nobody has (6.6.3.2).  fresh: only those that have just been asked for.
 */
static void
ask_sources(struct edged_listener_group *g, bool suppress, bool fresh)
{
	struct edged_listener *l = g->listener;
	struct paddr list[EDGED_GMP_SOURCES_MAX];
	struct edged_source *s;
	uint16_t n = 0;

	RB_FOREACH(s, edged_source_tree, &g->sources) {
		if (s->left == 0 || (fresh && s->left < l->timing.last_count) ||
		    suppress != (edged_listener_left(l, &s->timer) >
		    edged_listener_last_member(l)))
			continue;
		list[n++] = s->addr;
		if (n == EDGED_GMP_SOURCES_MAX) {
			l->ops->query(l->arg, &g->addr, list, n, suppress);
			n = 0;
		}
	}
	if (n > 0)
		l->ops->query(l->arg, &g->addr, list, n, suppress);
}

/* One query less to send of each that has just been sent; any left? */
static bool
ask_count(struct edged_listener_group *g, bool fresh)
{
	struct edged_listener *l = g->listener;
	struct edged_source *s;
	bool left;

	if (g->left > 0 && (!fresh || g->left == l->timing.last_count))
		g->left--;
	left = g->left > 0;
	RB_FOREACH(s, edged_source_tree, &g->sources) {
		if (s->left > 0 && (!fresh || s->left >= l->timing.last_count))
			s->left--;
		left |= s->left > 0;
	}
	return left;
}

/*
 * Sends what is to be sent.  fresh: only what has just been asked for, so
 * that a host that changes its mind all the time does not use up the
 * repetitions of what others have been asked.
 */
static void
ask_now(struct edged_listener_group *g, bool fresh)
{
	struct edged_listener *l = g->listener;
	bool suppress =
	    edged_listener_left(l, &g->timer) > edged_listener_last_member(l);

	if (g->left > 0 && (!fresh || g->left == l->timing.last_count))
		l->ops->query(l->arg, &g->addr, NULL, 0, suppress);
	ask_sources(g, true, fresh);
	ask_sources(g, false, fresh);
	if (ask_count(g, fresh) && !timer_isset(&g->again))
		timer_set(
		    l->timers, &g->again, MTIME_MS(l->timing.last_interval));
}

void
edged_ask_again(void *arg)
{
	struct edged_listener_group *g = arg;
	struct edged_source *s;

	if (g->listener->querier) {
		ask_now(g, false);
		return;
	}
	/* another router has become the querier, and asks by itself */
	g->left = 0;
	RB_FOREACH(s, edged_source_tree, &g->sources)
		s->left = 0;
}

/* The elected querier asks, others hear its queries (6.6.3). */
static bool
may_ask(const struct edged_listener *l)
{
	return l->querier && l->version == EDGED_GMP_V3;
}

/* Is this a source that the action asks about? */
static bool
asked_about(const struct edged_source *s, const struct edged_effect *e)
{
	return e->ask != EDGED_ASK_NONE && timer_isset(&s->timer) &&
	    s->listed == (e->ask == EDGED_ASK_NAMED);
}

/*
 * Send Q(G,X) and Send Q(G) of the tables: lowers the timers to the Last
 * Member Query Time, so that whoever doesn't answer is over then.
 */
static void
ask_for(struct edged_listener_group *g, const struct edged_effect *e)
{
	struct edged_listener *l = g->listener;
	int64_t time = edged_listener_last_member(l);
	struct edged_source *s;

	RB_FOREACH(s, edged_source_tree, &g->sources) {
		if (!may_ask(l) || !asked_about(s, e) ||
		    edged_listener_left(l, &s->timer) <= time)
			continue;
		timer_set(l->timers, &s->timer, time);
		s->left = l->timing.last_count;
	}
	/* IGMPv1 has no query for a group; version 2 has */
	if (e->ask_group && l->querier && l->version != EDGED_GMP_V1) {
		if (edged_listener_left(l, &g->timer) > time) {
			timer_set(l->timers, &g->timer, time);
			g->left = l->timing.last_count;
		} else if (g->left == 0)
			g->left = l->timing.last_count;
	}
	ask_now(g, true);
}

/*
 * The same where the only host that wants the group has said what it wants
 * no longer: there is nobody to wait for.  One query is sent all the same:
 * should there be a host that nobody knew of, it answers.
 */
static void
leave_at_once(struct edged_listener_group *g, const struct edged_effect *e)
{
	struct edged_listener *l = g->listener;
	struct edged_source *s, *next;

	for (s = RB_MIN(edged_source_tree, &g->sources); s != NULL; s = next) {
		next = RB_NEXT(edged_source_tree, &g->sources, s);
		if (!asked_about(s, e))
			continue;
		if (g->state == EDGED_LISTENER_INCLUDE)
			edged_source_free(s);
		else
			edged_source_set(s, 0);
	}
	if (e->ask_group) {
		timer_clear(l->timers, &g->timer);
		edged_group_step(g, EDGED_LISTENER_EV_GROUP_TIMER, NULL);
	}
	if (l->querier && l->version != EDGED_GMP_V1)
		l->ops->query(l->arg, &g->addr, NULL, 0, false);
}

static bool
asks_anything(struct edged_listener_group *g, const struct edged_effect *e)
{
	struct edged_source *s;

	RB_FOREACH(s, edged_source_tree, &g->sources)
		if (asked_about(s, e))
			return true;
	return e->ask_group;
}

static bool
asks(struct edged_listener_group *g, const struct edged_effect *e)
{
	struct edged_listener *l = g->listener;

	if (!asks_anything(g, e))
		return false;
	if (edged_bucket_take(&l->asks, l->timers->now, EDGED_LISTENER_ASK_RATE,
	    EDGED_LISTENER_ASK_BURST, 1))
		return true;
	l->drops[EDGED_LISTENER_DROP_ASKED]++;
	return false;
}

void
edged_ask(
    struct edged_listener_group *g, const struct edged_effect *e, bool alone)
{
	if (!asks(g, e))
		return;
	if (alone)
		leave_at_once(g, e);
	else
		ask_for(g, e);
}
