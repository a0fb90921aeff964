/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "conf_memory.h"

/* One link: circuits, and what waits for output on them. */
static uint64_t
link_octets(const struct conf *c)
{
	return (uint64_t)c->max_circuits *
	    (CONF_OCTETS_CIRCUIT + CONF_OCTETS_CONTROL) + CONF_OCTETS_QUEUE;
}

static uint64_t
count_protocols(const struct conf_cluster *cl)
{
	const struct conf_protocol *p;
	uint64_t n = 0;

	TAILQ_FOREACH(p, &cl->protocols, entry)
		n++;
	return n;
}

static uint64_t
count_neighbors(const struct conf_cluster *cl)
{
	const struct conf_neighbor *nb;
	uint64_t n = 0;

	TAILQ_FOREACH(nb, &cl->neighbors, entry)
		n++;
	return n;
}

/*
 * And what waits there for the leaves of so many roots: the two control VCs of
 * each protocol.  scspd has no roots.
 */
static uint64_t
copies_octets(uint64_t protocols)
{
	return CONF_OCTETS_COPIES + 2 * protocols * CONF_OCTETS_ROOT;
}

/* Listeners; all permanent circuits are one. */
static uint64_t
count_links(const struct conf *c)
{
	const struct conf_listen *l;
	uint64_t n = 0, pvc = 0;

	TAILQ_FOREACH(l, &c->listens, entry) {
		if (l->transport == CONF_LISTEN_ATM_PVC)
			pvc = 1;
		else
			n++;
	}
	return n + pvc;
}

/* What the clients and MCSs of this server make of records. */
static uint64_t
own_records(const struct conf_cluster *cl)
{
	return count_protocols(cl) * ((uint64_t)cl->max_total +
	    cl->max_members + cl->max_servers);
}

static uint64_t
marsd_octets(const struct conf_cluster *cl)
{
	uint64_t members = (uint64_t)cl->max_members + cl->max_servers;
	uint64_t each = CONF_OCTETS_PROTOCOL +
	    members * CONF_OCTETS_MEMBER +
	    (uint64_t)cl->max_total * CONF_OCTETS_JOIN +
	    (uint64_t)cl->max_known * CONF_OCTETS_SERVER +
	    2 * (uint64_t)cl->max_backlog * CONF_OCTETS_BACKLOG;

	return count_protocols(cl) * each +
	    (uint64_t)cl->max_records * CONF_OCTETS_JOIN;
}

static uint64_t
scspd_octets(const struct conf_cluster *cl)
{
	uint64_t records = cl->max_records + own_records(cl);

	return records * CONF_OCTETS_RECORD + count_neighbors(cl) *
	    (records * CONF_OCTETS_TOLD + CONF_OCTETS_HELD);
}

/* --- of edges */

static uint64_t
count_prefixes(const struct conf_prefixes *list)
{
	const struct conf_prefix *p;
	uint64_t n = 0;

	TAILQ_FOREACH(p, list, entry)
		n++;
	return n;
}

/* What is left while no MARS answers is remembered besides: twice as many. */
static uint64_t
lan_octets(const struct conf_lan *l, uint64_t protocols)
{
	uint64_t groups = protocols * l->max_groups +
	    count_prefixes(&l->statics);

	return CONF_OCTETS_LAN + groups * (2 * CONF_OCTETS_WANTED +
	    (uint64_t)l->max_sources * CONF_OCTETS_SOURCE +
	    (uint64_t)l->max_hosts * CONF_OCTETS_REPORTER);
}

/*
 * An edge, and as a multicast server it is one more endpoint: each has a link,
 * and a client of each protocol, whose paths are roots.
 */
static uint64_t
edge_octets(const struct conf *c, const struct conf_edge *e)
{
	uint64_t protocols = (uint64_t)e->ipv4 + e->ipv6;
	uint64_t ends = TAILQ_EMPTY(&e->serves) ? 1 : 2;
	uint64_t client = CONF_OCTETS_CLIENT +
	    (uint64_t)c->max_circuits * CONF_OCTETS_LEAF +
	    CONF_PATHS * ((uint64_t)CONF_OCTETS_PATH + e->mtu +
	    CONF_OCTETS_ENVELOPE);
	const struct conf_lan *l;
	uint64_t n;

	n = ends * (link_octets(c) + CONF_OCTETS_COPIES + protocols * client) +
	    (uint64_t)e->max_flows * CONF_OCTETS_FLOW;
	TAILQ_FOREACH(l, &e->lans, entry)
		n += lan_octets(l, protocols);
	return n;
}

/* --- of processes */

/* What the configuration is as octets for one of them; keys are among them. */
static uint64_t
sent_octets(const struct conf *c, enum conf_reader reader)
{
	uint8_t *buf = malloc(CONF_SIZE_MAX);
	uint64_t n;
	struct wr w;

	if (buf == NULL)
		return CONF_SIZE_MAX;
	wr_init(&w, buf, CONF_SIZE_MAX);
	conf_write(&w, c, reader);
	n = w.len;
	explicit_bzero(buf, w.len);
	free(buf);
	return n;
}

/* A child as it starts; the same octets are mars's. */
static uint64_t
child_octets(const struct conf *c, enum conf_reader reader, uint64_t *mars)
{
	uint64_t n = CONF_OCTETS_OF_ONE * sent_octets(c, reader);

	*mars += n;
	return CONF_OCTETS_CONTROLS + n;
}

static void
server_octets(const struct conf *c, struct conf_memory *m)
{
	const struct conf_cluster *cl;

	m->marsd = child_octets(c, CONF_FOR_MARSD, &m->mars);
	m->scspd = child_octets(c, CONF_FOR_SCSPD, &m->mars) +
	    count_links(c) * link_octets(c);
	TAILQ_FOREACH(cl, &c->clusters, entry) {
		/* at each listener, the selector of this cluster */
		m->marsd += marsd_octets(cl) + count_links(c) *
		    (link_octets(c) + copies_octets(count_protocols(cl)));
		m->scspd += scspd_octets(cl);
	}
	TAILQ_FOREACH(cl, &c->groups, entry)
		m->scspd += scspd_octets(cl);
}

static void
edged_octets(const struct conf *c, struct conf_memory *m)
{
	const struct conf_edge *e;

	m->edged = child_octets(c, CONF_FOR_EDGED, &m->mars) +
	    CONF_OCTETS_TABLES;
	TAILQ_FOREACH(e, &c->edges, entry)
		m->edged += edge_octets(c, e);
}

void
conf_memory(const struct conf *c, struct conf_memory *m)
{
	*m = (struct conf_memory){ .mars = CONF_OCTETS_MARS };
	if (conf_has_server(c))
		server_octets(c, m);
	if (!TAILQ_EMPTY(&c->edges))
		edged_octets(c, m);
}
