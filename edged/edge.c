/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Edges: their configuration, their LANs, and what they join. */
#include <stdlib.h>
#include <string.h>

#include "edge_impl.h"

static const struct mars_pro edge_pros[EDGED_FAMILIES] = {
	[EDGED_V4] = { .type = PRO_IPV4 },
	[EDGED_V6] = { .type = PRO_IPV6 },
};

void
edged_edge_event(const struct edged_edge *e, struct edged_event *ev)
{
	ev->edge = e->conf.name;
	e->edged->ops->event(e->edged->arg, ev);
}

struct marsc *
edged_end_client(const struct edged_end *end, const struct paddr *group)
{
	return end->client[group->len == 16 ? EDGED_V6 : EDGED_V4];
}

/* --- what a LAN tells */

static void
edge_lan_send(void *arg, const void *packet, size_t len)
{
	edged_port_send(arg, packet, len);
}

static void
edge_lan_wanted(void *arg, const struct edged_listener_group *g,
    enum edged_listener_change change)
{
	struct edged_port *p = arg;

	if (!p->forwards)
		return;
	edged_offload_group(p->edge, &g->addr);
	if (change == EDGED_LISTENER_WANTED)
		edged_join_add(p->edge, &g->addr);
	else if (change == EDGED_LISTENER_UNWANTED)
		edged_join_remove(p->edge, &g->addr);
}

static void
port_join_all(struct edged_port *p, struct edged_listener *l, bool join)
{
	struct edged_listener_group *g;

	for (g = edged_listener_after(l, NULL); g != NULL;
	    g = edged_listener_after(l, &g->addr)) {
		if (!g->wanted)
			continue;
		if (join)
			edged_join_add(p->edge, &g->addr);
		else
			edged_join_remove(p->edge, &g->addr);
	}
}

/*
 * Who does not forward joins nothing, so that there is one copy for a LAN with
 * several edges.
 */
static void
edge_lan_role(void *arg, bool forwarder)
{
	struct edged_port *p = arg;

	if (p->forwards == forwarder)
		return;
	edged_offload_edge(p->edge);
	p->forwards = forwarder;
	port_join_all(p, &p->lan.v4.listener, forwarder);
	port_join_all(p, &p->lan.v6.listener, forwarder);
	edged_join_blocks(p->edge);
	if (p->lan.conf.forward == EDGED_LAN_FORWARD_ELECTED)
		edged_edge_event(p->edge,
		    &(struct edged_event){ .lan = p->name,
		    .code =
		    forwarder ? EDGED_EV_FORWARDER : EDGED_EV_BACKUP });
}

/* Of none of its protocols: one that no server has is nobody's fault. */
static bool
edge_lan_no_mars(void *arg)
{
	const struct edged_edge *e = ((struct edged_port *)arg)->edge;
	int i;

	for (i = 0; i < EDGED_FAMILIES; i++)
		if (e->self.client[i] != NULL &&
		    marsc_is_registered(e->self.client[i]))
			return false;
	return true;
}

static uint64_t
edge_lan_random(void *arg)
{
	struct edged *d = ((struct edged_port *)arg)->edge->edged;

	return d->ops->random(d->arg);
}

static void
edge_lan_refused(void *arg, const struct paddr *source,
    enum edged_hello_drop drop, uint64_t more)
{
	struct edged_port *p = arg;

	edged_edge_event(p->edge,
	    &(struct edged_event){ .code = EDGED_EV_HELLO,
	    .lan = p->name,
	    .host = source,
	    .why = edged_hello_drop_name(drop),
	    .more = more });
}

static void
edge_lan_violated(
    void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	struct edged_port *p = arg;

	edged_edge_event(p->edge,
	    &(struct edged_event){ .code = EDGED_EV_VIOLATION,
	    .lan = p->name,
	    .table = t->name,
	    .state = t->states[state],
	    .event = t->events[event] });
}

static const struct edged_lan_ops edge_lan_ops = {
	.send = edge_lan_send,
	.wanted = edge_lan_wanted,
	.role = edge_lan_role,
	.no_mars = edge_lan_no_mars,
	.random = edge_lan_random,
	.refused = edge_lan_refused,
	.violated = edge_lan_violated,
};

/* --- what a client tells */

static uint32_t
edge_marsc_random(void *arg)
{
	struct edged *d = ((struct edged_end *)arg)->edge->edged;

	return (uint32_t)d->ops->random(d->arg);
}

/* What a MARS says, and to which sites a group is sent. */
static void
edge_marsc_trace(
    const struct edged_end *end, struct marsc *c, const struct marsc_notice *n)
{
	struct edged *d = end->edge->edged;
	struct edged_trace t = { .level = 1,
		.edge = end->edge->conf.name,
		.pro = marsc_protocol(c),
		.who = n->addrs,
		.group = n->min };

	if (d->ops->trace == NULL)
		return;
	switch (n->code) {
	case MARSC_NOTICE_HEARD:
		t.level = 2;
		t.who = n->server;
		t.what = "sent us";
		t.op = mars_op_name(n->msg->op);
		break;
	case MARSC_NOTICE_LEAF_ADDED:
		t.what = "is sent";
		break;
	case MARSC_NOTICE_LEAF_DROPPED:
		t.what = "is no longer sent";
		break;
	default:
		return;
	}
	d->ops->trace(d->arg, &t);
}

static void
edge_marsc_notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	struct edged_end *end = arg;
	struct edged_event ev = { .code = EDGED_EV_MAX,
		.pro = marsc_protocol(c),
		.server = n->server,
		.why = n->why };

	edge_marsc_trace(end, c, n);
	switch (n->code) {
	case MARSC_NOTICE_LEAF_ADDED:
	case MARSC_NOTICE_LEAF_DROPPED:
	case MARSC_NOTICE_PATH_DOWN:
		edged_offload_group(end->edge, n->min);
		return;
	case MARSC_NOTICE_NOT_SENT:
		edged_probing_lost(end->edge, n->min, n->why);
		/* FALLTHROUGH */
	case MARSC_NOTICE_SENT:
		edged_forward_held(end->edge, n);
		return;
	case MARSC_NOTICE_LEFT:
		if (end->mcs)
			edged_join_served(end->edge);
		else
			edged_join_blocks(end->edge);
		return;
	case MARSC_NOTICE_REGISTERED:
		edged_offload_edge(end->edge); /* another CMI, perhaps */
		ev.code = EDGED_EV_REGISTERED;
		break;
	case MARSC_NOTICE_MARS_FAILED:
		ev.code =
		    end->mcs ? EDGED_EV_SERVE_FAILED : EDGED_EV_MARS_FAILED;
		break;
	case MARSC_NOTICE_NO_MARS:
		ev.code = EDGED_EV_NO_MARS;
		break;
	case MARSC_NOTICE_REDIRECT:
		ev.code = EDGED_EV_REDIRECT;
		break;
	case MARSC_NOTICE_NO_MEMORY:
		ev.code = EDGED_EV_NO_MEMORY;
		break;
	case MARSC_NOTICE_VIOLATION:
		ev.code = EDGED_EV_VIOLATION;
		ev.table = n->table;
		ev.state = n->state;
		ev.event = n->event;
		break;
	default:
		return;
	}
	edged_edge_event(end->edge, &ev);
}

/*
 * What comes back to us is of a source on a LAN for which we forward.  By its
 * number alone it may be another edge's, to which a MARS that has restarted
 * gave ours.
 */
static bool
edge_marsc_own(void *arg, struct marsc *c, const struct marsc_packet *m)
{
	const struct edged_edge *e = ((const struct edged_end *)arg)->edge;
	const struct edged_port *p;

	(void)c;
	TAILQ_FOREACH(p, &e->ports, entry)
		if (p->forwards && edged_lan_on_link(&p->lan, &m->source))
			return true;
	return false;
}

static const struct marsc_ops edge_marsc_ops = {
	.random = edge_marsc_random,
	.notice = edge_marsc_notice,
	.packet = edged_forward_packet,
	.own = edge_marsc_own,
};

/* --- endpoints */

static int
end_client(struct edged_end *end, int family)
{
	const struct edged_edge_conf *conf = &end->edge->conf;
	struct marsc_conf mc = { .pro = edge_pros[family],
		.mcs = end->mcs,
		.servers = conf->servers,
		.nservers = conf->nservers,
		.limits = { .leaves = conf->max_leaves } };

	marsc_timers_default(&mc.timers);
	if ((end->client[family] = marsc_new(end->host, &mc)) == NULL)
		return -1;
	marsc_register(end->client[family]);
	return 0;
}

/* A call that comes before there is anybody, or where nobody is. */
static uint16_t
nobody_called(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	(void)arg;
	(void)vc;
	(void)caller;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_REJECTED;
}

const struct vc_user edged_nobody = { .remote_call = nobody_called };

static int
end_open(struct edged_end *end)
{
	const struct edged_edge_conf *conf = &end->edge->conf;

	end->host =
	    marsc_host_new(&edge_marsc_ops, end, end->edge->edged->timers);
	if (end->host == NULL ||
	    (conf->ipv4 && end_client(end, EDGED_V4) == -1) ||
	    (conf->ipv6 && end_client(end, EDGED_V6) == -1))
		return -1;
	marsc_host_attach(end->host, end->link);
	return 0;
}

/* The link stays, as nobody's. */
static void
end_close(struct edged_end *end)
{
	if (end->host != NULL)
		marsc_host_free(end->host);
	end->host = NULL;
	if (end->link != NULL)
		end->link->user = &edged_nobody;
	end->client[EDGED_V4] = end->client[EDGED_V6] = NULL;
}

static void
end_servers(struct edged_end *end)
{
	const struct edged_edge_conf *conf = &end->edge->conf;
	int i;

	for (i = 0; i < EDGED_FAMILIES; i++)
		if (end->client[i] != NULL)
			(void)marsc_set_servers(
			    end->client[i], conf->servers, conf->nservers);
}

/* The multicast server is there where it has something to serve. */
static int
end_serve(struct edged_edge *e)
{
	if (e->conf.nserve == 0) {
		end_close(&e->server);
		e->served.n = 0;
		return 0;
	}
	if (e->server.host == NULL && end_open(&e->server) == -1)
		return -1;
	edged_join_served(e);
	return 0;
}

/* --- LANs, by the configuration */

static void
port_free(struct edged_port *p)
{
	edged_offload_forget(p);
	edged_lan_free(&p->lan);
	TAILQ_REMOVE(&p->edge->ports, p, entry);
	free(p);
}

static struct edged_port *
port_find(struct edged_edge *e, const char *name)
{
	struct edged_port *p;

	TAILQ_FOREACH(p, &e->ports, entry)
		if (strcmp(p->name, name) == 0)
			break;
	return p;
}

static struct edged_port *
port_new(struct edged_edge *e, const struct edged_port_conf *conf)
{
	struct edged_port *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->edge = e;
	p->tun = conf->tun;
	memcpy(p->name, conf->name, sizeof(p->name));
	if (edged_lan_init(&p->lan, &edge_lan_ops, p, e->edged->timers,
	    &conf->lan) == -1) {
		free(p);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&e->ports, p, entry);
	return p;
}

static int
edge_ports(struct edged_edge *e)
{
	const struct edged_edge_conf *conf = &e->conf;
	struct edged_port *p, *next;
	size_t i;
	int res = 0;

	TAILQ_FOREACH(p, &e->ports, entry)
		p->stays = false;
	for (i = 0; i < conf->nports; i++) {
		p = port_find(e, conf->ports[i].name);
		if (p != NULL)
			edged_lan_configure(&p->lan, &conf->ports[i].lan);
		else if ((p = port_new(e, &conf->ports[i])) == NULL) {
			res = -1;
			continue;
		}
		p->new_flows = conf->ports[i].new_flows;
		p->stays = true;
	}
	for (p = TAILQ_FIRST(&e->ports); p != NULL; p = next) {
		next = TAILQ_NEXT(p, entry);
		if (!p->stays)
			port_free(p);
	}
	return res;
}

/* --- edges, by the configuration */

static void
edge_free(struct edged_edge *e)
{
	struct edged_join *j;
	struct edged_port *p;

	edged_probing_forget(e);
	while ((p = TAILQ_FIRST(&e->ports)) != NULL)
		port_free(p);
	end_close(&e->self);
	end_close(&e->server);
	while ((j = RB_ROOT(&e->joins)) != NULL) {
		RB_REMOVE(edged_join_tree, &e->joins, j);
		free(j);
	}
	edged_flows_free(&e->flows);
	free(e->blocks.list);
	free(e->served.list);
	TAILQ_REMOVE(&e->edged->edges, e, entry);
	free(e);
}

static struct edged_edge *
edge_find(struct edged *d, const char *name)
{
	struct edged_edge *e;

	TAILQ_FOREACH(e, &d->edges, entry)
		if (strcmp(e->conf.name, name) == 0)
			break;
	return e;
}

static struct edged_edge *
edge_new(struct edged *d, const struct edged_edge_conf *conf)
{
	struct edged_edge *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->edged = d;
	e->conf = *conf;
	e->self = (struct edged_end){ .edge = e };
	e->server = (struct edged_end){ .edge = e, .mcs = true };
	TAILQ_INIT(&e->ports);
	RB_INIT(&e->joins);
	TAILQ_INSERT_TAIL(&d->edges, e, entry);
	if (edged_flows_init(
	    &e->flows, conf->max_flows, d->ops->random(d->arg)) == -1 ||
	    end_open(&e->self) == -1) {
		edge_free(e);
		return NULL;
	}
	return e;
}

/* An edge that has other addresses or protocols is another edge. */
static bool
same_edge(const struct edged_edge_conf *a, const struct edged_edge_conf *b)
{
	return atm_addr_equal(&a->addr, &b->addr) && a->ipv4 == b->ipv4 &&
	    a->ipv6 == b->ipv6;
}

/* As many as are configured; of another number, all are counted anew. */
static int
edge_flows(struct edged_edge *e)
{
	const uint32_t max = e->conf.max_flows;
	struct edged *d = e->edged;
	struct edged_flows now;

	if (e->flows.max == max)
		return 0;
	if (edged_flows_init(&now, max, d->ops->random(d->arg)) == -1)
		return -1;
	now.evicted = e->flows.evicted;
	edged_flows_free(&e->flows);
	e->flows = now;
	TAILQ_INIT(&e->flows.order); /* its end is within it */
	return 0;
}

static int
edge_apply(struct edged *d, const struct edged_edge_conf *conf)
{
	struct edged_edge *e = edge_find(d, conf->name);
	struct vc_link *self = NULL, *server = NULL;
	int res;

	if (e != NULL && !same_edge(&e->conf, conf)) {
		if (atm_addr_equal(&e->conf.addr, &conf->addr)) {
			self = e->self.link;
			server = e->server.link;
		}
		edge_free(e);
		e = NULL;
	}
	if (e == NULL) {
		if ((e = edge_new(d, conf)) == NULL)
			return -1;
		edged_attach(e, false, self);
		edged_attach(e, true, server);
	}
	edged_offload_edge(e);
	e->conf = *conf;
	e->policy = &conf->policy;
	e->stays = true;
	end_servers(&e->self);
	end_servers(&e->server);
	res = edge_ports(e);
	edged_join_blocks(e);
	if (end_serve(e) == -1)
		res = -1;
	if (edge_flows(e) == -1)
		res = -1;
	return res;
}

struct edged *
edged_new(const struct edged_ops *ops, void *arg, struct timers *timers)
{
	struct edged *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->ops = ops;
	d->arg = arg;
	d->timers = timers;
	d->started = timers->now;
	edged_offload_init(d);
	TAILQ_INIT(&d->edges);
	return d;
}

void
edged_free(struct edged *d)
{
	struct edged_edge *e;

	d->probing.done = NULL; /* nobody is there to be told */
	while ((e = TAILQ_FIRST(&d->edges)) != NULL)
		edge_free(e);
	edged_offload_end(d);
	free(d);
}

int
edged_configure(struct edged *d, const struct edged_conf *conf)
{
	struct edged_edge *e, *next;
	size_t i;
	int res = 0;

	TAILQ_FOREACH(e, &d->edges, entry)
		e->stays = false;
	for (i = 0; i < conf->nedges; i++)
		if (edge_apply(d, &conf->edges[i]) == -1)
			res = -1;
	for (e = TAILQ_FIRST(&d->edges); e != NULL; e = next) {
		next = TAILQ_NEXT(e, entry);
		if (!e->stays)
			edge_free(e);
	}
	return res;
}

void
edged_shutdown(struct edged *d)
{
	struct edged_edge *e;
	struct edged_port *p;
	int i;

	TAILQ_FOREACH(e, &d->edges, entry) {
		edged_offload_edge(e);
		TAILQ_FOREACH(p, &e->ports, entry)
			edged_lan_down(&p->lan);
		for (i = 0; i < EDGED_FAMILIES; i++) {
			if (e->server.client[i] != NULL)
				marsc_deregister(e->server.client[i]);
			if (e->self.client[i] != NULL)
				marsc_deregister(e->self.client[i]);
		}
	}
}

/* --- links */

struct edged_edge *
edged_at(struct edged *d, const struct atm_addr *addr, bool *mcs)
{
	struct edged_edge *e;

	TAILQ_FOREACH(e, &d->edges, entry) {
		*mcs = atm_addr_equal(&e->conf.mcs, addr);
		if (*mcs || atm_addr_equal(&e->conf.addr, addr))
			break;
	}
	return e;
}

const char *
edged_edge_name(const struct edged_edge *e)
{
	return e->conf.name;
}

void
edged_attach(struct edged_edge *e, bool mcs, struct vc_link *link)
{
	struct edged_end *end = mcs ? &e->server : &e->self;

	edged_offload_edge(e);
	end->link = link;
	if (end->host != NULL)
		marsc_host_attach(end->host, link);
}

void
edged_detach(struct edged *d, struct vc_link *link)
{
	struct edged_edge *e;

	TAILQ_FOREACH(e, &d->edges, entry) {
		if (e->self.link == link)
			edged_attach(e, false, NULL);
		if (e->server.link == link)
			edged_attach(e, true, NULL);
	}
}

/* --- interfaces */

struct edged_port *
edged_port_find(struct edged *d, const char *name)
{
	struct edged_port *p = NULL;
	struct edged_edge *e;

	TAILQ_FOREACH(e, &d->edges, entry)
		if ((p = port_find(e, name)) != NULL)
			break;
	return p;
}

void
edged_port_set_shell(struct edged_port *p, void *shell)
{
	p->shell = shell;
}

void
edged_port_addresses(struct edged_port *p, const struct paddr *v4,
    const struct paddr *v6, const struct ip_prefix *nets, size_t n,
    uint32_t mtu)
{
	p->mtu = mtu;
	edged_lan_addresses(&p->lan, v4, v6, nets, n);
}

void
edged_port_set_kernel(struct edged_port *p, uint32_t ifindex)
{
	if (p->ifindex == ifindex)
		return;
	edged_offload_port(p);
	p->ifindex = ifindex;
}

void
edged_port_up(struct edged_port *p)
{
	if (p->lan.up)
		return;
	edged_lan_up(&p->lan);
	edged_edge_event(p->edge,
	    &(struct edged_event){ .code = EDGED_EV_UP, .lan = p->name });
}

void
edged_port_down(struct edged_port *p)
{
	if (!p->lan.up)
		return;
	edged_offload_port(p);
	edged_lan_down(&p->lan);
	edged_edge_event(p->edge,
	    &(struct edged_event){ .code = EDGED_EV_DOWN, .lan = p->name });
}
