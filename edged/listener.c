/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "listener_impl.h"
#include "scope.h"

#define ANSWER_MARGIN	MTIME_SEC(1)	/* for what takes its time */

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

/* --- records (6.4) */

/* Marks what both have; the first of two looks at the record. */
static void
mark_named(struct edged_listener_group *g, struct rd sources)
{
	struct edged_source *s;
	struct paddr addr;

	while (edged_gmp_source(&sources, g->addr.len, &addr))
		if ((s = edged_source_find(g, &addr)) != NULL)
			s->listed = true;
}

static void
prune_others(struct edged_listener_group *g)
{
	struct edged_source *s, *next;

	for (s = RB_MIN(edged_source_tree, &g->sources); s != NULL; s = next) {
		next = RB_NEXT(edged_source_tree, &g->sources, s);
		if (!s->listed)
			edged_source_free(s);
	}
}

/* Puts in what only the record has, if there is room. */
static void
add_fresh(struct edged_listener_group *g, struct rd sources, int64_t time)
{
	struct edged_source *s;
	struct paddr addr;

	while (edged_gmp_source(&sources, g->addr.len, &addr)) {
		if (!edged_addr_host(&addr) ||
		    edged_source_find(g, &addr) != NULL ||
		    (s = edged_source_new(g, &addr)) == NULL)
			continue;
		s->listed = s->fresh = true;
		edged_source_set(s, time);
	}
}

static int64_t
fresh_time(const struct edged_listener_group *g, const struct edged_effect *e)
{
	switch (e->fresh) {
	case EDGED_FRESH_GMI:
		return edged_listener_membership(g->listener);
	case EDGED_FRESH_GROUP:
		return edged_listener_left(g->listener, &g->timer);
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
			edged_source_set(s, time);
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
	edged_ask(g, e, alone);
	RB_FOREACH(s, edged_source_tree, &g->sources)
		s->listed = s->fresh = false;
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
	return edged_group_new(l, &r->group);
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
		edged_group_settle(g);
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
	edged_group_settle(g);
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
	if (edged_listener_left(l, t) > time)
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
	if (time < edged_listener_last_member(l))
		time = edged_listener_last_member(l);
	if (m->nsources == 0)
		lower(l, &g->timer, time);
	while (edged_gmp_source(&m->sources, m->alen, &addr))
		if ((s = edged_source_find(g, &addr)) != NULL)
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
		edged_group_step(g, EDGED_LISTENER_EV_CLEAR, NULL);
		edged_group_settle(g);
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
		edged_group_step(g, EDGED_LISTENER_EV_CLEAR, NULL);
		edged_group_settle(g);
	}
}

/* Not where the last member is asked for already: it is to be over soon. */
static void
keep_for(struct edged_listener *l, struct timer *t, uint8_t asked, int64_t time)
{
	if (timer_isset(t) && asked == 0 && edged_listener_left(l, t) < time)
		timer_set(l->timers, t, time);
}

/*
 * RFC 9776 sections 8.4 and 8.5 let a membership end half a response time
 * before a new querier is heard, and its answers come up to a whole one later.
 * Ours: nobody is cut off because the router that asked has died.
 */
void
edged_listener_taken_over(struct edged_listener *l)
{
	int64_t time = MTIME_MS(l->timing.response) + ANSWER_MARGIN;
	mtime_t until = { l->timers->now.us + time };
	struct edged_listener_group *g;
	struct edged_source *s;

	RB_FOREACH(g, edged_group_tree, &l->groups) {
		/* who wants it may be forgotten before it has answered */
		if (g->unknown_until.us < until.us)
			g->unknown_until = until;
		keep_for(l, &g->timer, g->left, time);
		RB_FOREACH(s, edged_source_tree, &g->sources)
			keep_for(l, &s->timer, s->left, time);
	}
}

int
edged_listener_fix(
    struct edged_listener *l, const struct paddr *group, bool fixed)
{
	struct edged_listener_group *g = edged_listener_find(l, group);

	if (g == NULL && !fixed)
		return 0;
	if (g == NULL && (g = edged_group_new(l, group)) == NULL)
		return -1;
	group_fix(g, fixed);
	edged_group_settle(g);
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
	s = edged_source_find(g, source);
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
	int64_t longest = edged_listener_left(g->listener, &g->timer), left;
	struct edged_source *s;

	if (g->fixed)
		return -1;
	RB_FOREACH(s, edged_source_tree, &g->sources)
		if ((left = edged_listener_left(g->listener, &s->timer)) >
		    longest)
			longest = left;
	return longest;
}
