/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What can be said about an edge when all of the configuration is there. */

#include <string.h>

#include "endpoint.h"
#include "parsing.h"

static bool
edge_is_ip(const struct atm_addr *a)
{
	uint8_t ip[16], sel;
	bool v6;

	return atm_addr_to_ip(a, &v6, ip, &sel);
}

/* Does the edge have that address, for itself or for its multicast server? */
static bool
edge_has(const struct conf_edge *e, const struct atm_addr *a)
{
	uint8_t sel = atm_addr_sel(a), own = atm_addr_sel(&e->addr);

	return endpoint_same(&e->addr, a) && (sel == own || sel == own + 1);
}

/* Who else is at the edge's two addresses, here on this machine? */
static void
check_taken(struct parsing *ps, const struct conf_edge *e)
{
	char text[ATM_STRLEN];
	const struct conf_cluster *cl;
	const struct conf_edge *o;
	struct atm_addr next = e->addr;

	TAILQ_FOREACH(cl, &ps->conf->clusters, entry)
		if (edge_has(e, &cl->addr))
			parsing_complain(ps, e,
			    "edge \"%s\" has a SEL of its address and the next "
			    "one, and %s is cluster \"%s\": write another SEL",
			    e->name,
			    atm_addr_print(&cl->addr, text, sizeof(text)),
			    cl->name);
	atm_addr_set_sel(&next, (uint8_t)(atm_addr_sel(&next) + 1));
	for (o = TAILQ_FIRST(&ps->conf->edges); o != e;
	    o = TAILQ_NEXT(o, entry))
		if (edge_has(o, &e->addr) || edge_has(o, &next))
			parsing_complain(ps, e,
			    "edges \"%s\" and \"%s\" share a SEL of one "
			    "address; each has two: write another SEL",
			    o->name, e->name);
}

static void
check_address(struct parsing *ps, struct conf_edge *e)
{
	char text[ATM_STRLEN];

	if (atm_addr_is_null(&e->addr)) {
		parsing_complain(ps, e,
		    "edge \"%s\" has no address: write address 192.0.2.7, an "
		    "IP address of this machine",
		    e->name);
		return;
	}
	if (!edge_is_ip(&e->addr)) {
		parsing_complain(ps, e,
		    "edge \"%s\" has address %s, which is no IP address: write "
		    "one of this machine",
		    e->name, atm_addr_print(&e->addr, text, sizeof(text)));
		return;
	}
	switch (atm_addr_sel(&e->addr)) {
	case 0:
		atm_addr_set_sel(&e->addr, CONF_EDGE_SEL);
		break;
	case SEL_SCSPD:
		parsing_complain(ps, e,
		    "edge \"%s\" has SEL 1, which is scspd's: write another "
		    "SEL",
		    e->name);
		break;
	case 255:
		parsing_complain(ps, e,
		    "edge \"%s\" has SEL 255, and needs the next one, too: "
		    "write another SEL",
		    e->name);
		return;
	default:
		break;
	}
	check_taken(ps, e);
}

static void
check_servers(struct parsing *ps, const struct conf_edge *e)
{
	char text[ATM_STRLEN];
	const struct conf_backup *b, *o;

	if (TAILQ_EMPTY(&e->servers))
		parsing_complain(ps, e,
		    "edge \"%s\" has no server: write servers 192.0.2.1, the "
		    "address of a cluster's MARS",
		    e->name);
	TAILQ_FOREACH(b, &e->servers, entry) {
		(void)atm_addr_print(&b->addr, text, sizeof(text));
		if (!edge_is_ip(&b->addr))
			parsing_complain(ps, b,
			    "server %s is no IP address: write that of a MARS",
			    text);
		else if (atm_addr_sel(&b->addr) == SEL_SCSPD)
			parsing_complain(ps, b,
			    "server %s has SEL 1, which is scspd's: write that "
			    "of the cluster",
			    text);
		else if (edge_has(e, &b->addr))
			parsing_complain(ps, b,
			    "server %s is this edge itself: write that of a "
			    "MARS",
			    text);
		for (o = TAILQ_FIRST(&e->servers); o != b;
		    o = TAILQ_NEXT(o, entry))
			if (atm_addr_equal(&o->addr, &b->addr))
				parsing_complain(ps, b,
				    "server %s is there twice: remove one",
				    text);
	}
}

static void
check_edge_keys(struct parsing *ps, const struct conf_edge *e)
{
	const struct conf_key *k;
	uint16_t i, j;

	for (i = 0; i < e->nspis; i++) {
		k = conf_key_find(ps->conf, e->spis[i]);
		if (k == NULL)
			parsing_complain(ps, e,
			    "key %u is not defined: write key %u { file "
			    "\"...\" }",
			    e->spis[i], e->spis[i]);
		else if (k->algorithm != CONF_HMAC_SHA256)
			parsing_complain(ps, e,
			    "key %u of edge \"%s\": hellos are signed by "
			    "hmac-sha256: use a key of that algorithm",
			    k->spi, e->name);
		for (j = 0; j < i; j++)
			if (e->spis[j] == e->spis[i])
				parsing_complain(ps, e,
				    "key %u is there twice: remove one",
				    e->spis[i]);
	}
}

/* Groups of a protocol that the edge does not have can't pass. */
static void
check_family(struct parsing *ps, const struct conf_edge *e, const void *where,
    const char *what, const struct ip_prefix *p)
{
	char text[PADDR_STRLEN];

	if (p->v6 ? e->ipv6 : e->ipv4)
		return;
	parsing_complain(ps, where,
	    "%s %s: edge \"%s\" has no protocol %s: write it, or remove this",
	    what, ip_prefix_print(p, text, sizeof(text)), e->name,
	    p->v6 ? "ipv6" : "ipv4");
}

static void
check_families(struct parsing *ps, const struct conf_edge *e)
{
	const struct conf_prefix *p;
	const struct conf_allow *a;
	const struct conf_rule *r;
	const struct conf_lan *l;

	if (!e->ipv4 && !e->ipv6) {
		parsing_complain(ps, e,
		    "edge \"%s\" has no protocol: write protocol ipv4",
		    e->name);
		return;
	}
	TAILQ_FOREACH(a, &e->allows, entry)
		check_family(ps, e, a, "allow group", &a->group);
	TAILQ_FOREACH(p, &e->link_locals, entry)
		check_family(ps, e, p, "link-local", &p->prefix);
	TAILQ_FOREACH(r, &e->rules, entry)
		check_family(ps, e, r, "group", &r->group);
	TAILQ_FOREACH(p, &e->serves, entry)
		check_family(ps, e, p, "serve", &p->prefix);
	TAILQ_FOREACH(l, &e->lans, entry)
		TAILQ_FOREACH(p, &l->statics, entry)
			check_family(ps, e, p, "static", &p->prefix);
}

/* May the static groups come from other sites? */
static bool
may_come(const struct conf_edge *e, const struct ip_prefix *group)
{
	const struct conf_prefix *p;
	const struct conf_allow *a;

	TAILQ_FOREACH(a, &e->allows, entry)
		if ((a->dirs & CONF_DIR_IN) != 0 &&
		    ip_prefix_covers(&a->group, group))
			return true;
	TAILQ_FOREACH(p, &e->link_locals, entry)
		if (ip_prefix_covers(&p->prefix, group))
			return true;
	return false;
}

static void
check_tun(struct parsing *ps, const struct conf_edge *e,
    const struct conf_lan *l)
{
	const struct conf_prefix *p;
	unsigned int v4 = 0, v6 = 0;

	TAILQ_FOREACH(p, &l->addrs, entry)
		if (p->prefix.v6)
			v6++;
		else
			v4++;
	if (v4 + v6 == 0)
		parsing_complain(ps, l,
		    "tun %s has no address: write address 10.1.7.254/32",
		    l->name);
	if (v4 > 1)
		parsing_complain(ps, l,
		    "tun %s has %u IPv4 addresses: write one of them", l->name,
		    v4);
	if (v6 > 0 && e->mtu < 1280) /* RFC 8200 section 5 */
		parsing_complain(ps, l,
		    "tun %s has an IPv6 address, which needs 1280 octets, and "
		    "mtu is %u: write mtu 1280 or more",
		    l->name, e->mtu);
}

static void
check_lan(struct parsing *ps, const struct conf_edge *e,
    const struct conf_lan *l)
{
	char text[PADDR_STRLEN];
	const struct conf_prefix *p;

	if (l->tun)
		check_tun(ps, e, l);
	if (l->forward == CONF_FORWARD_ELECTED && e->nspis == 0)
		parsing_complain(ps, l,
		    "lan %s elects who forwards, and edge \"%s\" has no key "
		    "for that: write key NUMBER, the same at all edges of the "
		    "LAN, or forward always if there is no other one",
		    l->name, e->name);
	if (l->query_response >= l->query_interval * 1000) /* RFC 9776 8.3 */
		parsing_complain(ps, l,
		    "query response %u ms is not less than the interval of "
		    "%u s: write query { response %u } or less",
		    l->query_response, l->query_interval,
		    l->query_interval * 1000 - 1);
	TAILQ_FOREACH(p, &l->statics, entry)
		if (!may_come(e, &p->prefix))
			parsing_complain(ps, p,
			    "static %s may not come from other sites: write "
			    "allow group or link-local for it",
			    ip_prefix_print(&p->prefix, text, sizeof(text)));
}

void
parsing_check_edge(struct parsing *ps, struct conf_edge *e)
{
	const struct conf_lan *l;

	check_address(ps, e);
	check_servers(ps, e);
	check_edge_keys(ps, e);
	check_families(ps, e);
	TAILQ_FOREACH(l, &e->lans, entry)
		check_lan(ps, e, l);
	if (e->path == CONF_PATH_KERNEL && !e->df)
		parsing_complain(ps, e,
		    "edge \"%s\" has path kernel and df off: what the kernel "
		    "sends is never fragmented: write df on, or path auto",
		    e->name);
	if (TAILQ_EMPTY(&e->lans) && TAILQ_EMPTY(&e->serves))
		parsing_complain(ps, e,
		    "edge \"%s\" has nothing to do: write lan \"eth1\"",
		    e->name);
	else if (!TAILQ_EMPTY(&e->lans) && TAILQ_EMPTY(&e->allows) &&
	    TAILQ_EMPTY(&e->link_locals))
		parsing_complain(ps, e,
		    "edge \"%s\" lets nothing pass: write allow group "
		    "239.0.0.0/8",
		    e->name);
}
