/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A machine with an edge: the core of edged on its NVC and its LANs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lan.h"

#define GATE_SEL	16	/* and the multicast server's is the next */

/* --- what the core asks for */

static void
gate_event(void *arg, const struct edged_event *e)
{
	static const char *const text[EDGED_EV_MAX] = {
#define X(sym, text) [sym] = text,
		EDGED_EVENTS(X)
#undef X
	};
	struct gate *g = arg;
	char server[ATM_STRLEN] = "";

	if (e->server != NULL)
		atm_addr_print(e->server, server, sizeof(server));
	trace(g->node.w, 1, &g->node, "%s %s %s %s",
	    e->lan == NULL ? "" : e->lan, text[e->code], server,
	    e->why == NULL ? "" : e->why);
	if (e->code != EDGED_EV_VIOLATION)
		return;
	(void)fprintf(
	    stderr, "%s: %s in state %s\n", e->table, e->event, e->state);
	abort();
}

static const struct edged_ops gate_ops = {
	.random = node_random64,
	.send = lan_gate_says,
	.event = gate_event,
};

/* A hello is signed by whoever knows the key, here everybody. */
static bool
gate_sign(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	uint64_t h = 0xcbf29ce484222325ULL;
	const uint8_t *p = data;

	(void)arg;
	while (len-- > 0)
		h = (h ^ *p++) * 0x100000001b3ULL;
	memset(mac, 0, EDGED_HELLO_MAC);
	memcpy(mac, &h, sizeof(h));
	return true;
}

static bool
gate_verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	uint8_t want[EDGED_HELLO_MAC];

	(void)gate_sign(arg, data, len, want);
	return memcmp(want, mac, sizeof(want)) == 0;
}

/* --- its configuration */

static void
gate_configure_lan(struct gate *g, uint32_t i)
{
	const struct edged_listener_limits limits = EDGED_LISTENER_LIMITS;
	struct edged_port_conf *c = &g->port[i];
	struct lan *l = g->plug[i].lan;

	(void)snprintf(c->name, sizeof(c->name), "lan%u", l->n);
	c->new_flows = 1000;
	c->lan = (struct edged_lan_conf){ .policy = &g->edge.policy,
	    .querier = true,
	    .discovery = true,
	    .forward = l->ngates == 1 && l->n % 2 == 0 ?
	    EDGED_LAN_FORWARD_ALWAYS : EDGED_LAN_FORWARD_ELECTED,
	    .priority = g->plug[i].priority,
	    .version4 = (enum edged_gmp_version)l->version[0],
	    .version6 = (enum edged_gmp_version)l->version[1],
	    .timing = l->timing,
	    .limits = limits,
	    .fast_leave = l->fast_leave,
	    .fixed = l->fixed,
	    .nfixed = l->nfixed,
	    .port = EDGED_HELLO_PORT,
	    .key = { .sign = gate_sign, .verify = gate_verify } };
	c->lan.id.len = 4;
	memcpy(c->lan.id.a, g->node.ip, 4);
}

static void
gate_configure(struct gate *g)
{
	struct world *w = g->node.w;
	struct edged_edge_conf *e = &g->edge;
	uint32_t i, first = (uint32_t)rnd(w, w->nservers);

	for (i = 0; i < w->nservers; i++)
		g->servers[i] = w->server[(first + i) % w->nservers].addr;
	(void)snprintf(e->name, sizeof(e->name), "edge%u", g->node.n);
	e->servers = g->servers;
	e->nservers = w->nservers;
	e->ipv4 = true;
	e->ipv6 = w->nprotos == 2;
	e->policy.allow = g->s->allow;
	e->policy.nallow = g->s->nallow;
	e->policy.link_local = g->s->link_local;
	e->policy.nlink_local = FAMILIES;
	e->mtu = 1400;
	/* so few that they are evicted all the time */
	e->max_flows = 16;
	if (g->serves) {
		e->serve = g->serve;
		e->nserve = w->nprotos;
	}
	for (i = 0; i < g->nplugs; i++)
		gate_configure_lan(g, i);
	e->ports = g->port;
	e->nports = g->nplugs;
	g->conf = (struct edged_conf){ .edges = e, .nedges = 1 };
}

/* --- its interfaces */

void
plug_addresses(struct plug *p)
{
	struct edged_port *port;
	struct ip_prefix nets[3];
	struct paddr v4, v6, global;
	struct gate *g = p->gate;
	uint32_t host = 1 + g->node.n;

	if (!g->alive || !p->up)
		return;
	lan_addr(p->lan, host, false, false, &v4);
	lan_addr(p->lan, host, true, true, &v6);
	lan_addr(p->lan, host, true, false, &global);
	nets[0] = (struct ip_prefix){ .bits = 24 };
	nets[1] = nets[2] = (struct ip_prefix){ .v6 = 1, .bits = 64 };
	memcpy(nets[0].a, v4.a, 4);
	memcpy(nets[1].a, v6.a, 16);
	memcpy(nets[2].a, global.a, 16);
	ip_prefix_mask(&nets[0]);
	ip_prefix_mask(&nets[1]);
	ip_prefix_mask(&nets[2]);
	node_enter(&g->node);
	port = edged_port_find(g->edged, g->port[p - g->plug].name);
	edged_port_addresses(port, &v4, &v6, nets, 3, 1500);
	node_settle(&g->node);
}

static void
plug_tie(struct plug *p)
{
	struct gate *g = p->gate;
	struct edged_port *port;

	if (!g->alive || !p->up)
		return;
	port = edged_port_find(g->edged, g->port[p - g->plug].name);
	edged_port_set_shell(port, p);
	plug_addresses(p);
	node_enter(&g->node);
	edged_port_up(port);
	node_settle(&g->node);
}

void
plug_in(struct plug *p)
{
	timer_clear(&p->gate->node.w->ts, &p->back);
	if (p->up)
		return;
	trace(p->gate->node.w, 1, &p->gate->node, "lan%u is back", p->lan->n);
	p->up = true;
	plug_tie(p);
}

void
plug_out(struct plug *p)
{
	struct gate *g = p->gate;
	struct edged_port *port;

	if (!p->up)
		return;
	trace(g->node.w, 1, &g->node, "lan%u goes", p->lan->n);
	if (g->alive) {
		node_enter(&g->node);
		port = edged_port_find(g->edged, g->port[p - g->plug].name);
		/* its last words are heard by nobody, or by all */
		if (chance(g->node.w, 50))
			edged_port_set_shell(port, NULL);
		edged_port_down(port);
		edged_port_set_shell(port, NULL);
		node_settle(&g->node);
	}
	p->up = false;
}

static void
on_plug(void *arg)
{
	plug_in(arg);
}

void
plug_hear(struct plug *p, const uint8_t *packet, size_t len)
{
	struct gate *g = p->gate;
	uint8_t copy[PACKET_MAX];

	if (!g->alive || !p->up)
		return;
	memcpy(copy, packet, len);
	node_enter(&g->node);
	edged_port_input(
	    edged_port_find(g->edged, g->port[p - g->plug].name), copy, len,
	    false);
	node_settle(&g->node);
}

/* --- its life */

static void
on_gate(void *arg)
{
	struct gate *g = arg;

	if (!g->stopping) {
		gate_start(g);
		return;
	}
	gate_crash(g);
	timer_set(&g->node.w->ts, &g->comeback,
	    between(g->node.w, 0, MTIME_SEC(20)));
}

void
gate_init(struct gate *g, struct lans *s, uint32_t n)
{
	g->s = s;
	node_init(&g->node, s->w, false, n);
	g->node.what = "edge";
	g->node.ip[1] = GATE_NET;
	g->node.region = (uint8_t)(n % 2);
	timer_init(&g->comeback, on_gate, g);
}

void
gate_attach(struct gate *g, struct lan *l)
{
	struct plug *p = &g->plug[g->nplugs++];

	p->gate = g;
	p->lan = l;
	p->up = true;
	p->priority = (uint8_t)between(g->node.w, 100, 102);
	timer_init(&p->back, on_plug, p);
	l->gate[l->ngates++] = p;
}

void
gate_start(struct gate *g)
{
	struct atm_addr mcs;
	struct nvc *nvc;
	uint32_t i;

	timer_clear(&g->node.w->ts, &g->comeback);
	trace(g->node.w, 1, &g->node, "starts");
	node_enter(&g->node);
	g->alive = true;
	g->node.started = g->node.w->ts.now.us;
	atm_addr_from_ip(&g->edge.addr, false, g->node.ip, GATE_SEL);
	atm_addr_from_ip(&g->edge.mcs, false, g->node.ip, GATE_SEL + 1);
	mcs = g->edge.mcs;
	gate_configure(g);
	g->edged = edged_new(&gate_ops, g, &g->node.ts);
	if (g->edged == NULL || edged_configure(g->edged, &g->conf) == -1)
		abort();
	nvc = node_open(&g->node, 0, GATE_SEL, &edged_nobody, NULL);
	for (i = 0; i < 2; i++) {
		bool is_mcs;
		struct edged_edge *e = edged_at(
		    g->edged, i == 0 ? &g->edge.addr : &mcs, &is_mcs);

		if (i == 1)
			nvc = node_open(&g->node, 1, GATE_SEL + 1,
			    &edged_nobody, NULL);
		edged_attach(e, is_mcs, nvc_link(nvc));
	}
	node_settle(&g->node);
	for (i = 0; i < g->nplugs; i++)
		plug_tie(&g->plug[i]);
}

/* It loses everything, and nobody is told. */
void
gate_crash(struct gate *g)
{
	if (!g->alive)
		return;
	trace(g->node.w, 1, &g->node, "dies");
	timer_clear(&g->node.w->ts, &g->comeback);
	node_enter(&g->node);
	g->node.silent = true;
	g->alive = g->stopping = false;
	edged_free(g->edged);
	g->edged = NULL;
	node_close(&g->node);
}

void
gate_stop(struct gate *g)
{
	if (!g->alive || g->stopping)
		return;
	trace(g->node.w, 1, &g->node, "is stopped");
	g->stopping = true;
	node_enter(&g->node);
	edged_shutdown(g->edged);
	node_settle(&g->node);
	timer_set(&g->node.w->ts, &g->comeback, MTIME_SEC(1));
}

void
gate_fini(struct gate *g)
{
	uint32_t i;

	timer_clear(&g->node.w->ts, &g->comeback);
	gate_crash(g);
	for (i = 0; i < g->nplugs; i++)
		timer_clear(&g->node.w->ts, &g->plug[i].back);
}
