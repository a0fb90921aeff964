/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "listener.h"
#include "scope.h"

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

/*
 * RFC 9776 6.4.1 (IS_IN, IS_EX), 6.4.2 (the other records), 6.5 (the group
 * timer) and 6.3 (a source timer); RFC 9777 7.4 and 7.5 say the same.
 */
static const struct table_cell
    cells[EDGED_LISTENER_STATE_MAX][EDGED_LISTENER_EVENT_MAX] = {
	[EDGED_LISTENER_INCLUDE] = {
		[EDGED_LISTENER_EV_IS_IN] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_ADD },
		[EDGED_LISTENER_EV_IS_EX] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_EXCLUDE },
		[EDGED_LISTENER_EV_TO_IN] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_ADD_ASK },
		[EDGED_LISTENER_EV_TO_EX] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_EXCLUDE_ASK },
		[EDGED_LISTENER_EV_ALLOW] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_ADD },
		[EDGED_LISTENER_EV_BLOCK] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_ASK },
		/* the timer runs in EXCLUDE mode only (6.2.2) */
		[EDGED_LISTENER_EV_GROUP_TIMER] =
		    { EDGED_LISTENER_INCLUDE, TABLE_VIOLATION },
		[EDGED_LISTENER_EV_SOURCE_TIMER] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_FORGET },
		[EDGED_LISTENER_EV_CLEAR] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_CLEAR },
	},
	[EDGED_LISTENER_EXCLUDE] = {
		[EDGED_LISTENER_EV_IS_IN] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_ADD },
		[EDGED_LISTENER_EV_IS_EX] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_RENEW },
		[EDGED_LISTENER_EV_TO_IN] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_LEAVE },
		[EDGED_LISTENER_EV_TO_EX] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_RENEW_ASK },
		[EDGED_LISTENER_EV_ALLOW] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_ADD },
		[EDGED_LISTENER_EV_BLOCK] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_BLOCK },
		[EDGED_LISTENER_EV_GROUP_TIMER] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_SWITCH },
		[EDGED_LISTENER_EV_SOURCE_TIMER] =
		    { EDGED_LISTENER_EXCLUDE, EDGED_LISTENER_DO_MUTE },
		[EDGED_LISTENER_EV_CLEAR] =
		    { EDGED_LISTENER_INCLUDE, EDGED_LISTENER_DO_CLEAR },
	},
};
TABLE_DEFINE(edged_listener_table, "listener", EDGED_LISTENER, cells);

/*
 * What an action that a record causes does to the sources: to those that the
 * record names and the group did not have (fresh), to those that both have,
 * and to those that only the group has.
 */
struct edged_effect {
	enum {
		EDGED_FRESH_NONE,
		EDGED_FRESH_ZERO,
		EDGED_FRESH_GMI,
		EDGED_FRESH_GROUP
	} fresh;
	bool	renew;		/* both: timer = GMI */
	bool	prune;		/* only the group: deleted */
	/* about those whose timer runs */
	enum { EDGED_ASK_NONE, EDGED_ASK_NAMED, EDGED_ASK_OTHERS } ask;
	bool	ask_group;
	bool	group_timer;	/* = GMI */
};

static const struct edged_effect effects[EDGED_LISTENER_ACTION_MAX] = {
	[EDGED_LISTENER_DO_ADD] = { .fresh = EDGED_FRESH_GMI, .renew = true },
	[EDGED_LISTENER_DO_ADD_ASK] = { .fresh = EDGED_FRESH_GMI, .renew = true,
		.ask = EDGED_ASK_OTHERS },
	[EDGED_LISTENER_DO_EXCLUDE] = {
	    .fresh = EDGED_FRESH_ZERO, .prune = true,
		.group_timer = true },
	[EDGED_LISTENER_DO_EXCLUDE_ASK] = { .fresh = EDGED_FRESH_ZERO,
		.prune = true, .ask = EDGED_ASK_NAMED, .group_timer = true },
	[EDGED_LISTENER_DO_ASK] = { .ask = EDGED_ASK_NAMED },
	[EDGED_LISTENER_DO_RENEW] = { .fresh = EDGED_FRESH_GMI, .prune = true,
		.group_timer = true },
	[EDGED_LISTENER_DO_RENEW_ASK] = {
	    .fresh = EDGED_FRESH_GROUP, .prune = true,
		.ask = EDGED_ASK_NAMED, .group_timer = true },
	[EDGED_LISTENER_DO_BLOCK] = {
	    .fresh = EDGED_FRESH_GROUP, .ask = EDGED_ASK_NAMED },
	[EDGED_LISTENER_DO_LEAVE] = { .fresh = EDGED_FRESH_GMI, .renew = true,
		.ask = EDGED_ASK_OTHERS, .ask_group = true },
};

const char *
edged_listener_drop_name(enum edged_listener_drop drop)
{
	static const char *const names[] = {
#define X(sym, name, text) name,
		EDGED_LISTENER_DROPS(X)
#undef X
	};

	return drop < EDGED_LISTENER_DROP_MAX ? names[drop] : "unknown";
}

/* --- intervals, in microseconds */

int64_t
edged_listener_membership(const struct edged_listener *l)
{
	const struct edged_listener_timing *t = &l->timing;

	return t->robustness * MTIME_SEC(t->interval) + MTIME_MS(t->response);
}

/* Last Member Query Time (8.10) */
static int64_t
last_member_time(const struct edged_listener *l)
{
	return l->timing.last_count * MTIME_MS(l->timing.last_interval);
}

static int64_t
timer_left(const struct edged_listener *l, const struct timer *t)
{
	return timer_isset(t) ? mtime_diff(l->timers->now, t->due) : 0;
}

/* --- sources and groups */

static struct edged_source *
source_find(struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_source key;

	key.addr = *addr;
	return RB_FIND(edged_source_tree, &g->sources, &key);
}

static void
source_free(struct edged_source *s)
{
	struct edged_listener_group *g = s->group;

	timer_clear(g->listener->timers, &s->timer);
	RB_REMOVE(edged_source_tree, &g->sources, s);
	g->nsources--;
	g->changed = true;
	free(s);
}

/* A source in X from now on, or in Y (0) */
static void
source_set(struct edged_source *s, int64_t time)
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

static struct edged_source *
source_new(struct edged_listener_group *g, const struct paddr *addr)
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
static void ask_again(void *);

static struct edged_listener_group *
listener_group_new(struct edged_listener *l, const struct paddr *addr)
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
	timer_init(&g->again, ask_again, g);
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
		source_free(s);
	edged_reporter_clear(g);
	timer_clear(l->timers, &g->timer);
	timer_clear(l->timers, &g->again);
	RB_REMOVE(edged_group_tree, &l->groups, g);
	l->ngroups--;
	free(g);
}

/*
 * The end of whatever has happened to a group: tells the owner what is
 * different, once, and forgets a group that is INCLUDE({}).
 */
static void
group_settle(struct edged_listener_group *g)
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
			source_free(s);
	}
}

/* An event of the table that no record causes. */
static void
listener_step(struct edged_listener_group *g, enum edged_listener_event event,
    struct edged_source *s)
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
			source_free(s);
		edged_reporter_clear(g);
		break;
	case EDGED_LISTENER_DO_FORGET:
		source_free(s);
		break;
	case EDGED_LISTENER_DO_MUTE:
		g->changed = true;
		break;
	}
}

/* --- queries (6.6.3) */

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
		    suppress !=
		    (timer_left(l, &s->timer) > last_member_time(l)))
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
	bool suppress = timer_left(l, &g->timer) > last_member_time(l);

	if (g->left > 0 && (!fresh || g->left == l->timing.last_count))
		l->ops->query(l->arg, &g->addr, NULL, 0, suppress);
	ask_sources(g, true, fresh);
	ask_sources(g, false, fresh);
	if (ask_count(g, fresh) && !timer_isset(&g->again))
		timer_set(
		    l->timers, &g->again, MTIME_MS(l->timing.last_interval));
}

static void
ask_again(void *arg)
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
	int64_t time = last_member_time(l);
	struct edged_source *s;

	RB_FOREACH(s, edged_source_tree, &g->sources) {
		if (!may_ask(l) || !asked_about(s, e) ||
		    timer_left(l, &s->timer) <= time)
			continue;
		timer_set(l->timers, &s->timer, time);
		s->left = l->timing.last_count;
	}
	/* IGMPv1 has no query for a group; version 2 has */
	if (e->ask_group && l->querier && l->version != EDGED_GMP_V1) {
		if (timer_left(l, &g->timer) > time) {
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
			source_free(s);
		else
			source_set(s, 0);
	}
	if (e->ask_group) {
		timer_clear(l->timers, &g->timer);
		listener_step(g, EDGED_LISTENER_EV_GROUP_TIMER, NULL);
	}
	if (l->querier && l->version != EDGED_GMP_V1)
		l->ops->query(l->arg, &g->addr, NULL, 0, false);
}

/* --- records (6.4) */

/* Marks what both have; the first of two looks at the record. */
static void
mark_named(struct edged_listener_group *g, struct rd sources)
{
	struct edged_source *s;
	struct paddr addr;

	while (edged_gmp_source(&sources, g->addr.len, &addr))
		if ((s = source_find(g, &addr)) != NULL)
			s->listed = true;
}

static void
prune_others(struct edged_listener_group *g)
{
	struct edged_source *s, *next;

	for (s = RB_MIN(edged_source_tree, &g->sources); s != NULL; s = next) {
		next = RB_NEXT(edged_source_tree, &g->sources, s);
		if (!s->listed)
			source_free(s);
	}
}

/* Puts in what only the record has, if there is room. */
static void
add_fresh(struct edged_listener_group *g, struct rd sources, int64_t time)
{
	struct edged_source *s;
	struct paddr addr;

	while (edged_gmp_source(&sources, g->addr.len, &addr)) {
		if (!edged_addr_host(&addr) || source_find(g, &addr) != NULL ||
		    (s = source_new(g, &addr)) == NULL)
			continue;
		s->listed = s->fresh = true;
		source_set(s, time);
	}
}

static int64_t
fresh_time(const struct edged_listener_group *g, const struct edged_effect *e)
{
	switch (e->fresh) {
	case EDGED_FRESH_GMI:
		return edged_listener_membership(g->listener);
	case EDGED_FRESH_GROUP:
		return timer_left(g->listener, &g->timer);
	default:
		return 0;
	}
}

static void
renew_named(struct edged_listener_group *g)
{
	int64_t time = edged_listener_membership(g->listener);
	struct edged_source *s;

	RB_FOREACH(s, edged_source_tree, &g->sources)
		if (s->listed && !s->fresh)
			source_set(s, time);
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

/* Is there anything to ask, and may we?  If not, nobody is cut off: the
 * timers stay as they are. */
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

/* Does what a cell of 6.4 says, in the order in which it is written there. */
static void
take_effect(struct edged_listener_group *g, const struct edged_effect *e,
    struct rd sources, bool alone)
{
	struct edged_listener *l = g->listener;
	struct edged_source *s;

	mark_named(g, sources);
	if (e->prune)
		prune_others(g);
	if (e->renew)
		renew_named(g);
	if (e->fresh != EDGED_FRESH_NONE)
		add_fresh(g, sources, fresh_time(g, e));
	if (e->group_timer)
		timer_set(l->timers, &g->timer, edged_listener_membership(l));
	if (asks(g, e)) {
		if (alone)
			leave_at_once(g, e);
		else
			ask_for(g, e);
	}
	RB_FOREACH(s, edged_source_tree, &g->sources)
		s->listed = s->fresh = false;
}

static void
source_expired(void *arg)
{
	struct edged_source *s = arg;
	struct edged_listener_group *g = s->group;

	listener_step(g, EDGED_LISTENER_EV_SOURCE_TIMER, s);
	group_settle(g);
}

static void
group_expired(void *arg)
{
	struct edged_listener_group *g = arg;

	listener_step(g, EDGED_LISTENER_EV_GROUP_TIMER, NULL);
	group_settle(g);
}

/* --- older hosts (7.3.2) */

enum edged_gmp_version
edged_listener_compat(const struct edged_listener_group *g)
{
	int64_t now = g->listener->timers->now.us;

	if (g->v1_until.us > now)
		return EDGED_GMP_V1;
	return g->v2_until.us > now ? EDGED_GMP_V2 : EDGED_GMP_V3;
}

/* A report of an older version; a leave does not keep its sender present. */
static void
older_present(struct edged_listener_group *g, const struct edged_gmp *m)
{
	mtime_t until = g->listener->timers->now;

	if (m->kind != EDGED_GMP_REPORT || m->version == EDGED_GMP_V3)
		return;
	until.us += edged_listener_membership(g->listener);
	if (m->version == EDGED_GMP_V1)
		g->v1_until = until;
	else
		g->v2_until = until;
}

/*
 * What a record means while an older host, which can't say it wants no such
 * thing, is present: no BLOCK, no sources of TO_EX; with IGMPv1 no leave.
 */
static bool
hidden(const struct edged_listener_group *g, struct edged_gmp_record *r)
{
	enum edged_gmp_version compat = edged_listener_compat(g);

	if (compat == EDGED_GMP_V3)
		return false;
	if (r->type == EDGED_GMP_BLOCK)
		return true;
	if (r->type == EDGED_GMP_TO_IN && compat == EDGED_GMP_V1)
		return true;
	if (r->type == EDGED_GMP_TO_EX) {
		r->nsources = 0;
		rd_init(&r->sources, NULL, 0);
	}
	return false;
}

/* --- reports */

static const enum edged_listener_event listener_events[EDGED_GMP_TYPE_MAX] = {
	[EDGED_GMP_IS_IN] = EDGED_LISTENER_EV_IS_IN,
	[EDGED_GMP_IS_EX] = EDGED_LISTENER_EV_IS_EX,
	[EDGED_GMP_TO_IN] = EDGED_LISTENER_EV_TO_IN,
	[EDGED_GMP_TO_EX] = EDGED_LISTENER_EV_TO_EX,
	[EDGED_GMP_ALLOW] = EDGED_LISTENER_EV_ALLOW,
	[EDGED_GMP_BLOCK] = EDGED_LISTENER_EV_BLOCK
};

/* Does the sender of the record want anything of the group after it? */
static bool
wants_some(const struct edged_gmp_record *r)
{
	if (r->type == EDGED_GMP_IS_EX || r->type == EDGED_GMP_TO_EX)
		return true;
	return r->type != EDGED_GMP_BLOCK && r->nsources > 0;
}

static struct edged_listener_group *
refuse(struct edged_listener *l, enum edged_listener_drop drop)
{
	l->drops[drop]++;
	return NULL;
}

/* The group of a record; a new one if the record wants something of it. */
static struct edged_listener_group *
group_of(struct edged_listener *l, const struct edged_gmp_record *r)
{
	struct edged_listener_group *g;

	if (!edged_scope_reportable(&r->group))
		return refuse(l, EDGED_LISTENER_DROP_GROUP);
	if ((g = edged_listener_find(l, &r->group)) != NULL || !wants_some(r))
		return g;
	if (!l->ops->admit(l->arg, &r->group))
		return refuse(l, EDGED_LISTENER_DROP_POLICY);
	if (l->ngroups - l->nfixed >= l->limits.groups)
		return refuse(l, EDGED_LISTENER_DROP_GROUPS);
	return listener_group_new(l, &r->group);
}

static void
record(struct edged_listener *l, const struct edged_gmp *m,
    struct edged_gmp_record *r)
{
	struct edged_listener_group *g = group_of(l, r);
	uint8_t action;
	bool alone;

	if (g == NULL)
		return;
	if (wants_some(r) && !edged_reporter_add(g, &m->src)) {
		l->drops[EDGED_LISTENER_DROP_HOST]++;
		group_settle(g);
		return;
	}
	older_present(g, m);
	if (hidden(g, r)) {
		l->drops[EDGED_LISTENER_DROP_OLDER]++;
		return;
	}
	alone = edged_reporter_alone(g, &m->src);
	if (!wants_some(r) && r->type != EDGED_GMP_BLOCK)
		edged_reporter_remove(g, &m->src);
	action = table_step(&edged_listener_table, &g->state,
	    listener_events[r->type], &l->faults);
	take_effect(g, &effects[action], r->sources, alone);
	group_settle(g);
}

void
edged_listener_report(struct edged_listener *l, struct edged_gmp *m)
{
	struct edged_gmp_record r;

	while (edged_gmp_next(m, &r))
		record(l, m, &r);
}

/* --- queries of others (6.6.1) */

static void
lower(struct edged_listener *l, struct timer *t, int64_t time)
{
	if (timer_left(l, t) > time)
		timer_set(l->timers, t, time);
}

void
edged_listener_query(struct edged_listener *l, struct edged_gmp *m)
{
	struct edged_listener_group *g;
	struct edged_source *s;
	struct paddr addr;
	int64_t time;

	if (l->querier || m->suppress || edged_addr_zero(&m->group) ||
	    (g = edged_listener_find(l, &m->group)) == NULL)
		return;
	/* the querier may have another Last Member Query Time, of which its
	 * message says one part (RFC 2236 section 3 does it so); shorter than
	 * ours would let a forged query end a group at once */
	time = l->timing.last_count * MTIME_MS(m->response);
	if (time < last_member_time(l))
		time = last_member_time(l);
	if (m->nsources == 0)
		lower(l, &g->timer, time);
	while (edged_gmp_source(&m->sources, m->alen, &addr))
		if ((s = source_find(g, &addr)) != NULL)
			lower(l, &s->timer, time);
}

/* --- the owner's side */

void
edged_listener_init(struct edged_listener *l,
    const struct edged_listener_ops *ops, void *arg, struct timers *timers)
{
	static const struct edged_listener_timing timing =
	    EDGED_LISTENER_TIMING;
	static const struct edged_listener_limits limits =
	    EDGED_LISTENER_LIMITS;

	memset(l, 0, sizeof(*l));
	l->ops = ops;
	l->arg = arg;
	l->timers = timers;
	l->timing = timing;
	l->limits = limits;
	l->version = EDGED_GMP_V3;
	l->fast_leave = true;
	l->since = timers->now;
	RB_INIT(&l->groups);
	RB_INIT(&l->hosts);
}

static void
group_fix(struct edged_listener_group *g, bool fixed)
{
	if (g->fixed == fixed)
		return;
	g->fixed = fixed;
	g->changed = true;
	g->listener->nfixed += fixed ? 1 : -1U;
}

void
edged_listener_clear(struct edged_listener *l)
{
	struct edged_listener_group *g;

	while ((g = RB_MIN(edged_group_tree, &l->groups)) != NULL) {
		group_fix(g, false);
		listener_step(g, EDGED_LISTENER_EV_CLEAR, NULL);
		group_settle(g);
	}
}

void
edged_listener_review(struct edged_listener *l)
{
	struct edged_listener_group *g, *next;

	for (g = RB_MIN(edged_group_tree, &l->groups); g != NULL; g = next) {
		next = RB_NEXT(edged_group_tree, &l->groups, g);
		if (l->ops->admit(l->arg, &g->addr))
			continue;
		listener_step(g, EDGED_LISTENER_EV_CLEAR, NULL);
		group_settle(g);
	}
}

int
edged_listener_fix(
    struct edged_listener *l, const struct paddr *group, bool fixed)
{
	struct edged_listener_group *g = edged_listener_find(l, group);

	if (g == NULL && !fixed)
		return 0;
	if (g == NULL && (g = listener_group_new(l, group)) == NULL)
		return -1;
	group_fix(g, fixed);
	group_settle(g);
	return 0;
}

struct edged_listener_group *
edged_listener_find(struct edged_listener *l, const struct paddr *group)
{
	struct edged_listener_group key;

	key.addr = *group;
	return RB_FIND(edged_group_tree, &l->groups, &key);
}

bool
edged_listener_wants(struct edged_listener *l, const struct paddr *group,
    const struct paddr *source)
{
	struct edged_listener_group *g = edged_listener_find(l, group);
	const struct edged_source *s;

	if (g == NULL)
		return false;
	if (g->fixed)
		return true;
	s = source_find(g, source);
	if (g->state == EDGED_LISTENER_EXCLUDE)
		return s == NULL || timer_isset(&s->timer);
	return s != NULL;
}

struct edged_listener_group *
edged_listener_after(struct edged_listener *l, const struct paddr *group)
{
	struct edged_listener_group key, *g;

	if (group == NULL)
		return RB_MIN(edged_group_tree, &l->groups);
	key.addr = *group;
	g = RB_NFIND(edged_group_tree, &l->groups, &key);
	if (g != NULL && paddr_equal(&g->addr, group))
		g = RB_NEXT(edged_group_tree, &l->groups, g);
	return g;
}

struct edged_source *
edged_listener_source_after(
    struct edged_listener_group *g, const struct paddr *addr)
{
	struct edged_source key, *s;

	if (addr == NULL)
		return RB_MIN(edged_source_tree, &g->sources);
	key.addr = *addr;
	s = RB_NFIND(edged_source_tree, &g->sources, &key);
	if (s != NULL && paddr_equal(&s->addr, addr))
		s = RB_NEXT(edged_source_tree, &g->sources, s);
	return s;
}

bool
edged_listener_source_runs(const struct edged_source *s)
{
	return timer_isset(&s->timer);
}

int64_t
edged_listener_expires(struct edged_listener_group *g)
{
	int64_t longest = timer_left(g->listener, &g->timer), left;
	struct edged_source *s;

	if (g->fixed)
		return -1;
	RB_FOREACH(s, edged_source_tree, &g->sources)
		if ((left = timer_left(g->listener, &s->timer)) > longest)
			longest = left;
	return longest;
}
