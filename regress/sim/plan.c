/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What happens in a run: phases of faults, and quiet between them. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define ADOPTION	60	/* s: an adopted join that nobody confirmed */
#define RESTARTED_MCS	60	/* s: records of an MCS before a restart */

/* --- who and where */

static void
edge(struct world *w, uint32_t a, uint32_t b)
{
	if (a != b)
		w->edge[a][b] = w->edge[b][a] = true;
}

/* A random tree, and some more edges. */
static void
topology(struct world *w)
{
	uint32_t i, more = (uint32_t)rnd(w, w->nservers + 1);

	for (i = 1; i < w->nservers; i++)
		edge(w, i, (uint32_t)rnd(w, i));
	for (i = 0; i < more; i++)
		edge(w, (uint32_t)rnd(w, w->nservers),
		    (uint32_t)rnd(w, w->nservers));
}

static uint32_t
many(struct world *w, const uint32_t (*steps)[3])
{
	uint32_t p = (uint32_t)rnd(w, 100);

	while (p >= (*steps)[0]) {
		p -= (*steps)[0];
		steps++;
	}
	return (uint32_t)between(w, (*steps)[1], (*steps)[2]);
}

static const uint32_t server_steps[][3] = {
	{ 60, 2, 4 }, { 30, 5, 8 }, { 10, 9, SERVERS_MAX }
};
static const uint32_t host_steps[][3] = {
	{ 55, 5, 30 }, { 33, 30, 90 }, { 10, 90, 300 }, { 2, 300, 2000 }
};

/* Not of the world's numbers: old seeds stay what they are. */
static uint64_t
of_seed(const struct world *w, uint64_t salt)
{
	uint64_t x = (w->seed + salt) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 29)) * 0xbf58476d1ce4e5b9ULL;
	return x ^ (x >> 32);
}

/*
 * One world in five has one or two servers that lie, at the edge of the others
 * and of no use to them, and limits that they can reach.
 */
static void
liars(struct world *w)
{
	uint32_t i, n;

	if ((w->kinds & K_LIES) == 0 || of_seed(w, 1) % 5 != 0)
		return;
	w->nservers = 2 + w->nservers % 5;
	w->nhosts = 2 + w->nhosts % 40;
	w->nliars = 1 + of_seed(w, 2) % 2;
	w->max_known = 40 + (uint32_t)(of_seed(w, 3) % 100);
	w->max_records = 40 * w->nhosts * (w->nservers + w->nliars) + 1000;
	w->lies_pause = MTIME_MS(of_seed(w, 4) % 2000 + 20);
	for (n = 0; n < w->nliars; n++)
		for (i = 0; i < 3; i++)
			edge(w, w->nservers + n,
			    (uint32_t)(of_seed(w, 5 + n * 3 + i) %
			    w->nservers));
}

static void
times(struct world *w)
{
	w->interval = (uint32_t)between(w, 2, 6);
	w->dead = w->interval * 4;
	w->hold = w->interval * (uint32_t)between(w, 2, 4);
	w->tombstone = w->dead + w->hold + (uint32_t)between(w, 10, 60);
	w->hello = (uint32_t)between(w, 1, 3);
	w->rexmt = (uint32_t)between(w, 1, 3);
	w->enquiry = (uint16_t)between(w, 2, 6);
	w->keys = (w->kinds & K_KEYS) != 0 && chance(w, 30);
	w->csn_before = chance(w, 30);
}

/* Small ones often, a block of 16 now and then. */
static void
some_group(
    struct world *w, const struct host *h, struct paddr *min, struct paddr *max)
{
	uint32_t n = (uint32_t)rnd(w, rnd(w, w->ngroups) + 1);

	group_addr(w, h->proto, n, min);
	*max = *min;
	if (h->mcs || (w->kinds & K_BLOCKS) == 0 || !chance(w, 20))
		return;
	group_addr(w, h->proto, n & ~7U, min);
	group_addr(w, h->proto, n | 7U, max);
}

void
plan_make(struct world *w)
{
	struct paddr min, max;
	uint32_t i, j, n;

	w->pro[0].type = PRO_IPV4;
	w->pro[1].type = PRO_IPV6;
	w->nprotos = (w->kinds & K_IPV6) != 0 && chance(w, 20) ? 2 : 1;
	w->nservers = many(w, server_steps);
	w->nhosts = many(w, host_steps);
	w->ngroups = (uint32_t)between(w, 8, 40 + w->nhosts / 4);
	w->delay = MTIME_MS(between(w, 1, 20));
	times(w);
	liars(w);
	topology(w);
	if ((w->host = calloc(w->nhosts, sizeof(*w->host))) == NULL)
		abort();
	for (i = 0; i < w->nservers + w->nliars; i++)
		server_init(w, i);
	for (i = w->nservers; i < w->nservers + w->nliars; i++)
		liar_init(&w->server[i]);
	for (i = 0; i < w->nhosts; i++) {
		host_init(w, i, (w->kinds & K_MCS) != 0 && i % 16 == 7);
		n = (uint32_t)rnd(w, 5) + w->host[i].mcs;
		for (j = 0; j < n; j++) {
			some_group(w, &w->host[i], &min, &max);
			/* overlapping blocks would not be taken */
			if (paddr_equal(&min, &max) || j == 0)
				host_join(&w->host[i], &min, &max);
		}
	}
	w->st.servers = w->nservers;
	w->st.hosts = w->nhosts;
}

/* --- what happens to whom */

static struct host *
some_host(struct world *w)
{
	struct host *h = &w->host[rnd(w, w->nhosts)];

	return h->alive && !h->leaving ? h : NULL;
}

static void
churn_membership(struct world *w, struct host *h)
{
	struct paddr min, max;

	w->st.changes++;
	if (h->nwant != 0 && (chance(w, 50) || h->nwant > 12)) {
		host_leave(h, (size_t)rnd(w, h->nwant));
		return;
	}
	some_group(w, h, &min, &max);
	host_join(h, &min, &max);
}

static void
churn_send(struct world *w, struct host *h)
{
	struct paddr g;

	if (h->mcs)
		return;
	if (h->nviews < VIEWS_MAX && chance(w, 30)) {
		group_addr(w, h->proto, (uint32_t)rnd(w, w->ngroups), &g);
		host_sends(h, &g);
	}
	if (h->nviews != 0)
		host_packet(h, &h->view[rnd(w, h->nviews)].group);
}

static void
churn_move(struct world *w, struct host *h)
{
	w->st.moves++;
	if (chance(w, 50))
		host_vanish(h);
	else
		host_end(h);
	/* it comes back with fewer wishes, now and then */
	while ((w->kinds & K_WISHES) != 0 && h->nwant != 0 && chance(w, 30))
		host_leave(h, (size_t)rnd(w, h->nwant));
	timer_set(&w->ts, &h->comeback, between(w, 0, MTIME_SEC(25)));
}

static void
churn_redirect(struct world *w)
{
	struct server *a = &w->server[rnd(w, w->nservers)];
	struct server *b = &w->server[rnd(w, w->nservers)];
	/* softly only to where the groups are known already (5.4.3, D9) */
	bool hard = w->faulty || chance(w, 50);

	if (a == b || !a->alive || !b->alive || a->stopping || b->stopping)
		return;
	trace(w, 1, &a->node, "redirects %s to server %u",
	    hard ? "hard" : "softly", b->node.n);
	node_enter(&a->node);
	if (marsd_redirect(a->mars, CLUSTER, hard, &b->addr, NULL) == NULL)
		w->st.redirects++;
	else
		w->st.refused++;
	node_settle(&a->node);
}

static void
churn_server(struct world *w)
{
	struct server *s = &w->server[rnd(w, w->nservers)];

	if (!s->alive)
		return;
	w->st.crashes++;
	if ((w->kinds & K_STOP) != 0 && chance(w, 25)) {
		server_stop(s, MTIME_SEC(1));
		return;
	}
	server_crash(s);
	/* at once, or when everybody has noticed, or when it is forgotten */
	timer_set(&w->ts, &s->comeback,
	    between(
	    w, 0, MTIME_SEC(chance(w, 50) ? 5 : w->dead + w->hold + 10)));
}

/* One thing happens, and the next one in a while. */
static void
on_churn(void *arg)
{
	struct world *w = arg;
	struct host *h = some_host(w);
	uint32_t p = (uint32_t)rnd(w, 1000);

	timer_set(
	    &w->ts, &w->churn, (int64_t)rnd(w, 2 * (uint64_t)w->pace + 1));
	if (p < 8 && (w->kinds & K_REDIRECT) != 0)
		churn_redirect(w);
	else if (p < 25 && (w->kinds & K_CRASH) != 0 && w->faulty)
		churn_server(w);
	else if (h == NULL)
		return;
	else if (p < 60 && (w->kinds & K_MOVE) != 0)
		churn_move(w, h);
	else if (p < 75 && (w->kinds & K_VANISH) != 0)
		host_vanish(h);
	else if (p < 90 && (w->kinds & K_QUIT) != 0)
		host_quit(h);
	else if (p < 400 && (w->kinds & K_SEND) != 0)
		churn_send(w, h);
	else if ((w->kinds & K_CHURN) != 0)
		churn_membership(w, h);
}

/* --- the network's weather */

static void
divide(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->nservers; i++)
		w->server[i].node.region = (uint8_t)rnd(w, 2);
	for (i = 0; i < w->nhosts; i++)
		w->host[i].node.region = (uint8_t)rnd(w, 2);
}

/* A server loses all while some that remember it are out of reach. */
static void
restart_divided(struct world *w)
{
	struct server *s =
	    &w->server[(uint64_t)w->ts.now.us / 1000 % w->nservers];

	if (!s->alive || s->stopping || w->ts.now.us / 1000 % 3 != 0)
		return;
	w->st.crashes++;
	server_crash(s);
	timer_set(&w->ts, &s->comeback, MTIME_SEC(1));
}

/* The clock of a server is set while it runs. */
static void
step_clock(struct world *w)
{
	uint64_t ms = (uint64_t)w->ts.now.us / 1000;
	struct server *s = &w->server[ms / 2 % w->nservers];

	if (s->alive && ms % 2 == 0)
		server_step_clock(s);
}

static void
cut(struct world *w)
{
	uint32_t i, j;

	for (i = 0; i < w->nservers; i++)
		for (j = 0; j < i; j++)
			w->cut[i][j] = w->cut[j][i] = (w->kinds & K_CUT) != 0 &&
			    w->edge[i][j] && chance(w, 25);
}

static void
on_weather(void *arg)
{
	struct world *w = arg;

	timer_set(&w->ts, &w->weather,
	    between(w, MTIME_SEC(5), MTIME_SEC(2 * w->dead)));
	w->loss = (w->kinds & K_LOSS) == 0 || chance(w, 30) ?
	    0 :
	    (uint32_t)between(w, 1, chance(w, 80) ? 500 : 3000);
	w->dup = (w->kinds & K_DUP) == 0 || chance(w, 50) ?
	    0 :
	    (uint32_t)between(w, 1, 1000);
	w->jitter = (w->kinds & K_REORDER) == 0 || chance(w, 50) ?
	    0 :
	    between(w, 1, MTIME_MS(400));
	w->partitioned = (w->kinds & K_PARTITION) != 0 && chance(w, 25);
	cut(w);
	if (w->partitioned)
		divide(w);
	if (w->partitioned && (w->kinds & K_CLOCK) != 0)
		restart_divided(w);
	if ((w->kinds & K_CLOCK) != 0)
		step_clock(w);
	trace(w, 1, NULL, "loss %.2f%%, twice %.2f%%, jitter %lld ms%s",
	    w->loss / 100.0, w->dup / 100.0, (long long)w->jitter / 1000,
	    w->partitioned ? ", divided" : "");
}

static void
fair_weather(struct world *w)
{
	timer_clear(&w->ts, &w->weather);
	w->loss = w->dup = 0;
	w->jitter = 0;
	w->partitioned = w->faulty = false;
	memset(w->cut, 0, sizeof(w->cut));
}

/* --- phases */

/* Is every server that lives joined to the others by such? */
static bool
connected(const struct world *w)
{
	bool seen[SERVERS_MAX] = { false }, more = true;
	uint32_t i, j, first = 0;

	while (first < w->nservers && !w->server[first].alive)
		first++;
	if (first == w->nservers)
		return false;
	seen[first] = true;
	while (more) {
		more = false;
		for (i = 0; i < w->nservers; i++)
			for (j = 0; j < w->nservers; j++)
				if (seen[i] && !seen[j] && w->edge[i][j] &&
				    w->server[j].alive)
					seen[j] = more = true;
	}
	for (i = 0; i < w->nservers; i++)
		if (w->server[i].alive && !seen[i])
			return false;
	return true;
}

/*
 * All servers come back, or two at most stay away where the rest is enough:
 * every host knows three, or all.
 */
static void
servers_back(struct world *w)
{
	struct server *s;
	uint32_t i, away = 0;

	for (i = 0; i < w->nservers; i++) {
		s = &w->server[i];
		if (s->stopping)
			server_crash(s);
		timer_clear(&w->ts, &s->comeback);
		if (s->alive)
			continue;
		if ((w->kinds & K_DEAD) != 0 && chance(w, 40) && away < 2)
			away++;
		else
			server_start(s);
	}
	for (i = 0; i < w->nservers && !connected(w); i++)
		if (!w->server[i].alive)
			server_start(&w->server[i]);
}

static void
hosts_back(struct world *w)
{
	uint32_t i;

	for (i = 0; i < w->nhosts; i++)
		if (timer_isset(&w->host[i].comeback) && !w->host[i].alive)
			host_start(&w->host[i]);
}

/*
 * Until everything agrees, and then for as long as something may still be
 * waiting for its time: it has to agree for good.
 */
void
plan_quiet(struct world *w)
{
	int64_t start = w->ts.now.us, took;
	int64_t limit = MTIME_SEC(3 * (w->dead + w->hold) + ADOPTION +
	    RESTARTED_MCS + 30 + 25 * w->nservers);

	trace(w, 1, NULL, "quiet");
	w->slow = false;
	run_for(w, MTIME_SEC(10));
	while (!check_servers(w, false)) {
		if (w->ts.now.us - start > limit) {
			(void)check_servers(w, true);
			return;
		}
		run_for(w, MTIME_SEC(5));
	}
	took = w->ts.now.us - start;
	if (took > w->st.slowest_us)
		w->st.slowest_us = took;
	trace(w, 1, NULL, "agreed after %lld s",
	    (long long)(took / MTIME_SEC(1)));
	if (w->troubled)
		w->trouble = w->ts.now.us;
	w->troubled = false;
	run_for(w, MTIME_SEC(ADOPTION + 10));
	if (check_servers(w, true))
		check_members(w);
}

static void
liars_begin(struct world *w)
{
	uint32_t i;

	if (w->nliars == 0)
		return;
	for (i = 0; i < w->nliars; i++)
		liar_begins(&w->server[w->nservers + i]);
	timer_set(&w->ts, &w->liars, MTIME_SEC(1));
}

static void
liars_end(struct world *w)
{
	uint32_t i;

	if (w->nliars == 0)
		return;
	for (i = 0; i < w->nliars; i++)
		liar_ends(&w->server[w->nservers + i]);
	timer_clear(&w->ts, &w->liars);
}

static void
on_liars(void *arg)
{
	struct world *w = arg;

	liar_check(w);
	timer_set(&w->ts, &w->liars, MTIME_SEC(1));
}

static void
faults(struct world *w)
{
	w->faulty = w->troubled = true;
	w->slow = (w->kinds & K_OVERFLOW) != 0 && chance(w, 50);
	w->pace = MTIME_SEC(60) / (10 + w->nhosts) * between(w, 1, 10) / 4;
	trace(w, 1, NULL, "faults");
	timer_set(&w->ts, &w->churn, 0);
	timer_set(&w->ts, &w->weather, 0);
	liars_begin(w);
	run_for(w, between(w, MTIME_SEC(20), MTIME_SEC(4 * w->dead)));
	liars_end(w);
	timer_clear(&w->ts, &w->churn);
	fair_weather(w);
	servers_back(w);
	hosts_back(w);
}

static void
on_watch(void *arg)
{
	struct world *w = arg;

	check_throughout(w);
	timer_set(&w->ts, &w->watch, MTIME_MS(between(w, 100, 900)));
}

/* Things happen, but nothing is lost, or everybody hears of it. */
static void
calm(struct world *w)
{
	w->slow = (w->kinds & K_OVERFLOW) != 0 && chance(w, 50);
	w->pace = MTIME_SEC(60) / (10 + w->nhosts) * between(w, 1, 10) / 2;
	trace(w, 1, NULL, "changes without faults");
	timer_set(&w->ts, &w->churn, 0);
	timer_set(&w->ts, &w->watch, MTIME_SEC(1));
	run_for(w, between(w, MTIME_SEC(10), MTIME_SEC(60)));
	timer_clear(&w->ts, &w->churn);
	hosts_back(w);
	run_for(w, MTIME_SEC(20));
	timer_clear(&w->ts, &w->watch);
}

/* The hosts leave, and the servers forget them. */
static void
empty(struct world *w)
{
	uint32_t i;

	trace(w, 1, NULL, "everybody leaves");
	for (i = 0; i < w->nhosts; i++) {
		if (chance(w, 50))
			host_quit(&w->host[i]);
		else
			host_vanish(&w->host[i]);
	}
	run_for(w, MTIME_SEC(4 * w->enquiry + 2 * w->tombstone + 60));
	if (check_servers(w, true))
		check_empty(w);
}

void
plan_run(struct world *w)
{
	uint32_t i, phases = (uint32_t)between(w, 1, 3);

	timer_init(&w->churn, on_churn, w);
	timer_init(&w->weather, on_weather, w);
	timer_init(&w->watch, on_watch, w);
	timer_init(&w->liars, on_liars, w);
	for (i = 0; i < w->nservers + w->nliars; i++)
		server_start(&w->server[i]);
	run_for(w, between(w, 0, MTIME_SEC(10)));
	for (i = 0; i < w->nhosts; i++)
		timer_set(
		    &w->ts, &w->host[i].comeback, between(w, 0, MTIME_SEC(5)));
	run_for(w, MTIME_SEC(6));
	plan_quiet(w);
	for (i = 0; i < phases && !w->failed; i++) {
		if (chance(w, 70) || w->nliars != 0)
			faults(w);
		else
			calm(w);
		plan_quiet(w);
	}
	if (!w->failed)
		empty(w);
}

/* Takes everything down: every timer and every allocation has to go. */
void
plan_end(struct world *w)
{
	uint32_t i;

	lans_fini(w);
	for (i = 0; i < w->nhosts; i++)
		host_fini(&w->host[i]);
	for (i = 0; i < w->nservers + w->nliars; i++)
		server_fini(&w->server[i]);
	timer_clear(&w->ts, &w->churn);
	timer_clear(&w->ts, &w->weather);
	/* what was on its way arrives at nobody's */
	run_for(w, MTIME_SEC(3600));
	if (w->ts.count != 0)
		fail(w, "%zu timers are left in the world", w->ts.count);
	free(w->host);
	w->host = NULL;
	w->nhosts = 0;
}

/* --- for lanplan.c, which has LANs instead of hosts */

void
plan_servers(struct world *w, uint32_t n)
{
	uint32_t i;

	w->pro[0].type = PRO_IPV4;
	w->pro[1].type = PRO_IPV6;
	w->nprotos = (w->kinds & K_IPV6) != 0 && chance(w, 50) ? 2 : 1;
	/* backlogs of a few messages cost more than a take-over may */
	w->kinds &= ~(uint32_t)K_OVERFLOW;
	w->nservers = n;
	w->delay = MTIME_MS(between(w, 1, 20));
	times(w);
	topology(w);
	for (i = 0; i < w->nservers; i++)
		server_init(w, i);
	timer_init(&w->weather, on_weather, w);
}

void
plan_weather(struct world *w)
{
	w->faulty = true;
	timer_set(&w->ts, &w->weather, 0);
}

void
plan_redirect(struct world *w)
{
	churn_redirect(w);
}

void
plan_server(struct world *w)
{
	churn_server(w);
}

void
plan_servers_back(struct world *w)
{
	fair_weather(w);
	servers_back(w);
}
