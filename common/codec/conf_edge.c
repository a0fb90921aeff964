/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Edges in a configuration: what conf.c is for the rest of it. */

#include <string.h>

#include "conf_parts.h"

/*
 * With the headers of IPv6, UDP, NVC and LLC/SNAP outside (72 octets) a packet
 * of 1348 octets is one of 1420, which is what a WireGuard interface passes.
 */
const struct conf_number conf_edge_numbers[] = {
	NUMBER(conf_edge, mtu, "mtu", 576, 9000, 1348),
	NUMBER(conf_edge, queue, "queue", 1, 1000, 50),
	NUMBER(conf_edge, hello_port, "hello-port", 1, 65535, 1021),
	NUMBER(conf_edge, max_flows, "limit flows", 1, 1000000, 4096),
	NUMBERS_END
};

/* The defaults of query are those of RFC 9776 section 8. */
const struct conf_number conf_lan_numbers[] = {
	NUMBER(conf_lan, priority, "priority", 1, 255, 100),
	NUMBER(conf_lan, igmp, "igmp", 1, 3, 3),
	NUMBER(conf_lan, mld, "mld", 1, 2, 2),
	NUMBER(conf_lan, query_interval, "query interval", 1, 3600, 125),
	NUMBER(conf_lan, query_response, "query response", 100, 60000, 10000),
	NUMBER(conf_lan, query_leave, "query leave", 100, 25500, 1000),
	NUMBER(conf_lan, leave_count, "query leave-count", 1, 7, 2),
	NUMBER(conf_lan, robustness, "query robustness", 1, 7, 2),
	NUMBER(conf_lan, max_groups, "limit groups", 1, 65536, 256),
	NUMBER(conf_lan, max_sources, "limit sources", 1, 4096, 64),
	NUMBER(conf_lan, max_host_groups, "limit groups-per-host",
	    1, 65536, 128),
	NUMBER(conf_lan, max_hosts, "limit hosts", 1, 4096, 32),
	NUMBER(conf_lan, new_flows, "limit new-flows", 1, 100000, 250),
	NUMBERS_END
};

const struct conf_number conf_rule_numbers[] = {
	NUMBER(conf_rule, ttl_min, "ttl min", 1, 255, 1),
	NUMBER(conf_rule, dscp, "dscp", 0, CONF_DSCP_COPY, CONF_DSCP_COPY),
	NUMBERS_END
};

struct conf_edge *
conf_edge_new(struct conf *c, const char *name)
{
	struct conf_edge *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	(void)strlcpy(e->name, name, sizeof(e->name));
	TAILQ_INIT(&e->servers);
	TAILQ_INIT(&e->lans);
	TAILQ_INIT(&e->allows);
	TAILQ_INIT(&e->link_locals);
	TAILQ_INIT(&e->rules);
	TAILQ_INIT(&e->serves);
	conf_numbers_default(conf_edge_numbers, e);
	e->df = true;
	TAILQ_INSERT_TAIL(&c->edges, e, entry);
	return e;
}

struct conf_lan *
conf_lan_new(struct conf_edge *e, const char *name, bool tun)
{
	struct conf_lan *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	(void)strlcpy(l->name, name, sizeof(l->name));
	TAILQ_INIT(&l->addrs);
	TAILQ_INIT(&l->sources);
	TAILQ_INIT(&l->statics);
	conf_numbers_default(conf_lan_numbers, l);
	l->tun = tun;
	l->forward = tun ? CONF_FORWARD_ALWAYS : CONF_FORWARD_ELECTED;
	l->querier = l->discovery = l->fast_leave = true;
	TAILQ_INSERT_TAIL(&e->lans, l, entry);
	return l;
}

struct conf_rule *
conf_rule_new(struct conf_edge *e)
{
	struct conf_rule *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	conf_numbers_default(conf_rule_numbers, r);
	TAILQ_INSERT_TAIL(&e->rules, r, entry);
	return r;
}

static void
conf_lan_free(struct conf_lan *l)
{
	CONF_LIST_FREE(&l->addrs, conf_prefix);
	CONF_LIST_FREE(&l->sources, conf_prefix);
	CONF_LIST_FREE(&l->statics, conf_prefix);
	free(l);
}

void
conf_edges_free(struct conf *c)
{
	struct conf_edge *e;
	struct conf_lan *l;

	while ((e = TAILQ_FIRST(&c->edges)) != NULL) {
		TAILQ_REMOVE(&c->edges, e, entry);
		while ((l = TAILQ_FIRST(&e->lans)) != NULL) {
			TAILQ_REMOVE(&e->lans, l, entry);
			conf_lan_free(l);
		}
		CONF_LIST_FREE(&e->servers, conf_backup);
		CONF_LIST_FREE(&e->allows, conf_allow);
		CONF_LIST_FREE(&e->link_locals, conf_prefix);
		CONF_LIST_FREE(&e->rules, conf_rule);
		CONF_LIST_FREE(&e->serves, conf_prefix);
		free(e);
	}
}

struct conf_edge *
conf_edge_find(const struct conf *c, const char *name)
{
	struct conf_edge *e;

	TAILQ_FOREACH(e, &c->edges, entry)
		if (strcmp(e->name, name) == 0)
			return e;
	return NULL;
}

struct conf_lan *
conf_lan_find(const struct conf *c, const char *name, struct conf_edge **edge)
{
	struct conf_edge *e;
	struct conf_lan *l;

	TAILQ_FOREACH(e, &c->edges, entry)
		TAILQ_FOREACH(l, &e->lans, entry)
			if (strcmp(l->name, name) == 0) {
				if (edge != NULL)
					*edge = e;
				return l;
			}
	return NULL;
}

bool
conf_edges_have_key(const struct conf *c, uint32_t spi)
{
	const struct conf_edge *e;
	uint16_t i;

	TAILQ_FOREACH(e, &c->edges, entry)
		for (i = 0; i < e->nspis; i++)
			if (e->spis[i] == spi)
				return true;
	return false;
}
