/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Runs with LANs: what is there, what happens to it, and quiet between.  The
 * servers and the network between sites suffer what plan.c has for them.
 */
#include <stdlib.h>
#include <string.h>

#include "lan.h"

#define GROUPS		12	/* of each kind */
#define PROBES		40	/* of a station, after a quiet time */
/* us: with longer ways the first packets may not wait for all circuits */
#define FIRST_WAY	MTIME_MS(10)

/* --- what there is */

static struct lan *
some_lan(struct lans *s)
{
	return &s->lan[rnd(s->w, s->nlans)];
}

static struct station *
some_station(struct lans *s)
{
	struct lan *l = some_lan(s);

	return &l->station[rnd(s->w, l->nstations)];
}

static void
lan_group4(struct world *w, struct paddr *g)
{
	static const uint8_t kinds[] = { 1, 1, 1, 1, 2, 2, 4, 9 };

	*g = (struct paddr){ 4, { 239 } };
	g->a[1] = kinds[rnd(w, sizeof(kinds))];
	g->a[3] = (uint8_t)rnd(w, rnd(w, GROUPS) + 1);
	if (chance(w, 5))
		*g = (struct paddr){ 4, { 224, 0, 0, 251 } };
	/* a link-local one that nobody has named */
	if (chance(w, 2))
		*g = (struct paddr){ 4, { 224, 0, 0, 252 } };
}

static void
lan_group6(struct world *w, struct paddr *g)
{
	*g = (struct paddr){ 16, { 0xff, chance(w, 50) ? 0x05 : 0x0e } };
	g->a[13] = (uint8_t)(g->a[1] == 5 ? 1 : between(w, 2, 3));
	g->a[15] = (uint8_t)rnd(w, rnd(w, GROUPS) + 1);
	if (chance(w, 5))
		*g = (struct paddr){ 16, { 0xff, 2, [15] = 0xfb } };
}

static void
lan_group(struct world *w, bool v6, struct paddr *g)
{
	if (v6)
		lan_group6(w, g);
	else
		lan_group4(w, g);
}

static void
change_wish(struct lans *s, struct station *st)
{
	struct paddr group, source[FILTER_MAX];
	struct speaker *say;
	struct station *from;
	bool exclude = chance(s->w, 50);
	uint8_t i, n = 0;

	say = &st->say[rnd(s->w, s->w->nprotos)];
	lan_group(s->w, say->v6, &group);
	if (chance(s->w, 35)) {
		station_wish(say, &group, false, NULL, 0);
		return;
	}
	if (say->version != SAYS_SOURCES)
		exclude = true;
	else if (!exclude || chance(s->w, 50))
		n = (uint8_t)between(s->w, 1, FILTER_MAX);
	for (i = 0; i < n; i++) {
		from = some_station(s);
		lan_addr(from->lan, LAN_STATION_BASE + from->n, say->v6, false,
		    &source[i]);
	}
	/* twice the same would be one */
	for (i = 1; i < n; i++)
		if (paddr_equal(&source[i], &source[i - 1]) ||
		    paddr_equal(&source[i], &source[0]))
			n = i;
	station_wish(say, &group, exclude, source, n);
}

static void
lan_make(struct lans *s, uint32_t n)
{
	struct world *w = s->w;
	struct lan *l = &s->lan[n];
	uint32_t i;

	l->s = s;
	l->n = n;
	l->nstations = (uint32_t)between(w, 1, LAN_STATIONS);
	l->version[0] = chance(w, 80) ? SAYS_SOURCES :
	    (uint8_t)between(w, SAYS_JOINS, SAYS_LEAVES);
	l->version[1] = chance(w, 80) ? SAYS_SOURCES : SAYS_LEAVES;
	l->timing =
	    (struct edged_listener_timing){ .robustness =
	    (uint8_t)between(w, 2, 3),
	    .interval = (uint32_t)between(w, 15, 40),
	    .response = (uint32_t)between(w, 1000, 8000),
	    .last_interval = 1000,
	    .last_count = 2 };
	l->fast_leave = chance(w, 70);
	for (i = 0; i < FAMILIES; i++)
		l->fixed[l->nfixed++] = s->link_local[i];
	if (chance(w, 30))
		lan_group(w, false, &l->fixed[l->nfixed++]);
	for (i = 0; i < l->nstations; i++)
		station_init(&l->station[i], l, i);
}

static void
lans_allow(struct lans *s, const char *group, const char *source)
{
	struct edged_allow *a = &s->allow[s->nallow++];

	a->dirs = EDGED_DIR_IN | EDGED_DIR_OUT;
	a->has_source = source != NULL;
	if (!ip_prefix_parse(&a->group, group) ||
	    (source != NULL && !ip_prefix_parse(&a->source, source)))
		abort();
}

/* LAN 0 keeps its addresses, and .4 is its own. */
static void
lans_policy(struct lans *s)
{
	lans_allow(s, "239.1.0.0/16", NULL);
	lans_allow(s, "239.2.0.0/16", NULL);
	lans_allow(s, "239.4.0.0/16", "172.16.0.0/24");
	lans_allow(s, "ff05::1:0/112", NULL);
	lans_allow(s, "ff0e::2:0/112", NULL);
	if (paddr_parse(&s->link_local[0], "224.0.0.251") == -1 ||
	    paddr_parse(&s->link_local[1], "ff02::fb") == -1)
		abort();
}

/* A LAN has an edge or more, and an edge now and then a second LAN. */
static void
gates_make(struct lans *s)
{
	struct world *w = s->w;
	struct gate *g = NULL;
	uint32_t i, j, n;

	for (i = 0; i < s->nlans; i++) {
		n = chance(w, 60) ? 2 : (uint32_t)between(w, 1, LAN_GATES);
		for (j = 0; j < n; j++) {
			/* that of the LAN before has room for one more */
			if (g == NULL || g->nplugs == GATE_LANS || j > 0 ||
			    chance(w, 60)) {
				if (s->ngates == GATES_MAX)
					break;
				g = &s->gate[s->ngates];
				gate_init(g, s, s->ngates++);
			}
			gate_attach(g, &s->lan[i]);
		}
	}
}

/*
 * An edge serves what others only send to.  Two would double each packet,
 * since a sender sends to both (RFC 2022 6.1.1).
 */
static void
gates_serve(struct lans *s)
{
	struct gate *g = &s->gate[rnd(s->w, s->ngates)];

	if ((s->w->kinds & K_MCS) == 0 || !chance(s->w, 30))
		return;
	g->serves = true;
	if (paddr_parse(&g->serve[0].min, "239.2.0.0") == -1 ||
	    paddr_parse(&g->serve[0].max, "239.2.0.255") == -1 ||
	    paddr_parse(&g->serve[1].min, "ff0e::2:0") == -1 ||
	    paddr_parse(&g->serve[1].max, "ff0e::2:ff") == -1)
		abort();
}

static void
on_stream(void *arg);
static void
on_lan_churn(void *arg);

static struct lans *
lans_make(struct world *w)
{
	struct lans *s = calloc(1, sizeof(*s));
	uint32_t i, j;

	if (s == NULL)
		abort();
	s->w = w;
	w->lans = s;
	plan_servers(w, (uint32_t)between(w, 1, 4));
	s->nlans = (uint32_t)between(w, 2, LANS_MAX - 1);
	lans_policy(s);
	for (i = 0; i < s->nlans; i++)
		lan_make(s, i);
	gates_make(s);
	/* the last may have found no edge any more */
	while (s->lan[s->nlans - 1].ngates == 0)
		s->nlans--;
	gates_serve(s);
	timer_init(&s->churn, on_lan_churn, s);
	timer_init(&s->stream, on_stream, s);
	for (i = 0; i < s->nlans; i++)
		for (j = 0; j < s->lan[i].nstations * 4; j++)
			change_wish(s, &s->lan[i].station[j / 4]);
	w->st.hosts = s->ngates;
	w->st.servers = w->nservers;
	return s;
}

struct node *
gate_at(struct world *w, const uint8_t ip[4])
{
	return w->lans != NULL && ip[3] < w->lans->ngates ?
	    &w->lans->gate[ip[3]].node : NULL;
}

/* --- what happens */

static void
lan_moves(struct lans *s)
{
	struct lan *l = some_lan(s);
	uint32_t i;

	if (l->n == 0)
		return;
	s->w->st.moves++;
	l->generation++;
	trace(s->w, 1, NULL, "lan%u has other addresses", l->n);
	for (i = 0; i < l->ngates; i++)
		plug_addresses(l->gate[i]);
}

static void
churn_gate(struct lans *s, struct gate *g)
{
	struct world *w = s->w;

	if (!g->alive || g->stopping)
		return;
	w->st.crashes++;
	if ((w->kinds & K_QUIT) != 0 && chance(w, 40)) {
		gate_stop(g);
		return;
	}
	gate_crash(g);
	timer_set(&w->ts, &g->comeback,
	    between(w, 0, MTIME_SEC(chance(w, 50) ? 3 : 40)));
}

static void
churn_plug(struct lans *s, struct gate *g)
{
	struct plug *p = &g->plug[rnd(s->w, g->nplugs)];

	if (!p->up)
		return;
	plug_out(p);
	timer_set(&s->w->ts, &p->back, between(s->w, 0, MTIME_SEC(20)));
}

static void
churn_station(struct lans *s, struct station *st)
{
	struct paddr group;

	if (!st->alive)
		return;
	if (chance(s->w, 8)) {
		station_die(st);
		timer_set(&s->w->ts, &st->comeback,
		    between(s->w, 0, MTIME_SEC(30)));
	} else if (chance(s->w, 50)) {
		s->w->st.changes++;
		change_wish(s, st);
	} else {
		lan_group(s->w, rnd(s->w, s->w->nprotos) == 1, &group);
		(void)probe_send(s, st->lan, st, &group);
	}
}

static void
on_lan_churn(void *arg)
{
	struct lans *s = arg;
	struct world *w = s->w;
	struct gate *g = &s->gate[rnd(w, s->ngates)];
	uint32_t p = (uint32_t)rnd(w, 1000);

	timer_set(
	    &w->ts, &s->churn, (int64_t)rnd(w, 2 * (uint64_t)w->pace + 1));
	if (p < 10 && (w->kinds & K_REDIRECT) != 0)
		plan_redirect(w);
	else if (p < 20 && (w->kinds & K_CRASH) != 0)
		plan_server(w);
	else if (p < 45 && (w->kinds & K_CRASH) != 0)
		churn_gate(s, g);
	else if (p < 75 && (w->kinds & K_VANISH) != 0)
		churn_plug(s, g);
	else if (p < 90 && (w->kinds & K_MOVE) != 0)
		lan_moves(s);
	else if ((w->kinds & K_CHURN) != 0)
		churn_station(s, some_station(s));
}

/* Everything is as it was meant to be. */
static void
lans_back(struct lans *s)
{
	struct gate *g;
	uint32_t i, j;

	timer_clear(&s->w->ts, &s->churn);
	s->loss = s->dup = 0;
	s->jitter = 0;
	plan_servers_back(s->w);
	for (i = 0; i < s->ngates; i++) {
		g = &s->gate[i];
		if (g->stopping)
			gate_crash(g);
		if (!g->alive)
			gate_start(g);
		for (j = 0; j < g->nplugs; j++)
			plug_in(&g->plug[j]);
	}
	for (i = 0; i < s->nlans; i++)
		for (j = 0; j < s->lan[i].nstations; j++)
			if (timer_isset(&s->lan[i].station[j].comeback))
				station_start(&s->lan[i].station[j]);
}

/* --- phases */

/*
 * A packet of each station to some groups; and once more the same.  The first
 * packet of a group waits for circuits, but not longer than 100 ms; where the
 * way is long it may not reach everybody.  And where JOINs were lost it is
 * this packet that makes the sender ask again (RFC 2022 5.1.5).
 */
static void
probe_first(struct lans *s)
{
	struct world *w = s->w;
	struct paddr group;
	struct lan *l;
	uint32_t i, j;

	s->first = s->stormy || w->delay > FIRST_WAY;
	for (l = s->lan; l < s->lan + s->nlans; l++)
		for (i = 0; i < l->nstations; i++)
			for (j = 0; j < PROBES; j++) {
				lan_group(w, rnd(w, w->nprotos) == 1, &group);
				(void)probe_send(s, l, &l->station[i], &group);
				run_for(w, between(w, 0, MTIME_MS(100)));
			}
	run_for(w, MTIME_SEC(10));
	probes_check(s, "first packets", 0, w->ts.now.us, NULL);
	s->first = false;
}

static void
probe_again(struct lans *s)
{
	struct world *w = s->w;
	size_t i = 0, n = s->nprobes;
	int64_t begin = w->ts.now.us;
	struct paddr group;
	struct lan *l;
	uint32_t j;

	for (l = s->lan; l < s->lan + s->nlans; l++)
		for (j = 0; j < l->nstations * PROBES && i < n; j++, i++) {
			group = s->probe[i].group;
			(void)probe_send(
			    s, l, &l->station[j / PROBES], &group);
			run_for(w, between(w, 0, MTIME_MS(100)));
		}
	run_for(w, MTIME_SEC(10));
	probes_check(s, "quiet", begin, w->ts.now.us, NULL);
}

/*
 * Until what was reported is over, twice, and servers, circuits and clients
 * have come to rest.
 */
static void
lans_quiet(struct lans *s)
{
	struct world *w = s->w;

	trace(w, 1, NULL, "quiet");
	run_for(w, MTIME_SEC(3 * (w->dead + w->hold) + 400));
	probes_forget(s);
	trace(w, 1, NULL, "probes");
	probe_first(s);
	if (!w->failed)
		probe_again(s);
	probes_forget(s);
}

static void
lans_storm(struct lans *s)
{
	struct world *w = s->w;

	trace(w, 1, NULL, "faults");
	s->stormy = s->lossy = true;
	w->pace = MTIME_MS(between(w, 50, 1500));
	s->loss = (w->kinds & K_LOSS) != 0 && chance(w, 60) ?
	    (uint32_t)between(w, 1, 3000) : 0;
	s->dup = (w->kinds & K_DUP) != 0 && chance(w, 40) ?
	    (uint32_t)between(w, 1, 1000) : 0;
	s->jitter = (w->kinds & K_REORDER) != 0 && chance(w, 40) ?
	    between(w, 1, MTIME_MS(300)) : 0;
	plan_weather(w);
	timer_set(&w->ts, &s->churn, 0);
	run_for(w, between(w, MTIME_SEC(20), MTIME_SEC(120)));
	lans_back(s);
}

/* A packet of each of a few flows, each 50 ms. */
static void
on_stream(void *arg)
{
	struct lans *s = arg;
	uint32_t i;

	for (i = 0; i < s->nflows; i++)
		(void)probe_send(s, s->flow[i].from->lan, s->flow[i].from,
		    &s->flow[i].group);
	timer_set(&s->w->ts, &s->stream, MTIME_MS(50));
}

static void
lans_stream(struct lans *s)
{
	struct world *w = s->w;
	uint32_t i;

	/* of a multicast server a MARS says at once that it has gone, and names
	 * members that may not have joined elsewhere yet */
	s->nflows = (uint32_t)between(w, 1, FLOWS_MAX);
	for (i = 0; i < s->nflows; i++) {
		s->flow[i].from = some_station(s);
		do
			lan_group(w, rnd(w, w->nprotos) == 1,
			    &s->flow[i].group);
		while (lan_is_served(&s->flow[i].group));
	}
	timer_set(&w->ts, &s->stream, 0);
	run_for(w, MTIME_SEC(20));
	probes_forget(s);
}

static void
stream_end(struct lans *s, const char *what, int64_t from, int64_t gap,
    const struct lan *but)
{
	struct world *w = s->w;
	int64_t end = w->ts.now.us;

	timer_clear(&w->ts, &s->stream);
	run_for(w, MTIME_SEC(5));
	probes_check(s, what, from, from + gap, but);
	probes_check(s, what, from + gap, end, NULL);
	probes_forget(s);
}

/*
 * Servers die, are stopped and redirect: not one packet of a running stream
 * is lost.  Nor is it when nothing but the wishes about other groups change.
 */
static void
lans_steady(struct lans *s)
{
	struct world *w = s->w;
	int64_t begin;
	int i;

	trace(w, 1, NULL, "streams, and servers that go");
	s->stormy = true;
	lans_stream(s);
	begin = w->ts.now.us;
	for (i = 0; i < 3; i++) {
		if (chance(w, 60))
			plan_server(w);
		else
			plan_redirect(w);
		run_for(w, between(w, 0, MTIME_SEC(30)));
	}
	plan_servers_back(w);
	/* longer than members stay that have not joined again */
	run_for(w, MTIME_SEC(60 * w->nservers + 70));
	stream_end(s, "servers", begin, 0, NULL);
}

/* An edge dies: its LANs miss at most what TAKE_OVER allows. */
#define TAKE_OVER	MTIME_SEC(4)

static void
lans_failover(struct lans *s)
{
	struct world *w = s->w;
	struct lan *l = some_lan(s);
	struct gate *g = l->gate[rnd(w, l->ngates)]->gate;
	int64_t begin;

	/* another edge is to be there, and no other LAN concerned */
	if (l->ngates < 2 || g->nplugs > 1 || g->serves)
		return;
	trace(w, 1, NULL, "streams, and an edge of lan%u that dies", l->n);
	lans_stream(s);
	begin = w->ts.now.us;
	gate_crash(g);
	run_for(w, MTIME_SEC(30));
	stream_end(s, "take-over", begin, TAKE_OVER, l);
	gate_start(g);
}

void
lans_run(struct world *w)
{
	struct lans *s = lans_make(w);
	uint32_t i, j, phases = (uint32_t)between(w, 1, 3);

	for (i = 0; i < w->nservers; i++)
		server_start(&w->server[i]);
	for (i = 0; i < s->ngates; i++)
		timer_set(&w->ts, &s->gate[i].comeback,
		    between(w, 0, MTIME_SEC(10)));
	for (i = 0; i < s->nlans; i++)
		for (j = 0; j < s->lan[i].nstations; j++)
			station_start(&s->lan[i].station[j]);
	run_for(w, MTIME_SEC(10));
	lans_quiet(s);
	for (i = 0; i < phases && !w->failed; i++) {
		if (chance(w, 60))
			lans_storm(s);
		else if (chance(w, 50))
			lans_steady(s);
		else
			lans_failover(s);
		if (!w->failed)
			lans_quiet(s);
	}
}

void
lans_fini(struct world *w)
{
	struct lans *s = w->lans;
	uint32_t i, j;

	if (s == NULL)
		return;
	timer_clear(&w->ts, &s->churn);
	timer_clear(&w->ts, &s->stream);
	for (i = 0; i < s->ngates; i++)
		gate_fini(&s->gate[i]);
	for (i = 0; i < s->nlans; i++)
		for (j = 0; j < s->lan[i].nstations; j++)
			station_fini(&s->lan[i].station[j]);
	/* what is on its way; nothing more is sent there */
	w->lans = NULL;
	run_for(w, MTIME_SEC(10));
	probes_forget(s);
	free(s);
}
