/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "endpoint.h"

bool
endpoint_same(const struct atm_addr *a, const struct atm_addr *b)
{
	struct atm_addr x = *a, y = *b;

	atm_addr_set_sel(&x, 0);
	atm_addr_set_sel(&y, 0);
	return atm_addr_equal(&x, &y);
}

static const struct conf_neighbor *
neighbor_among(
    const struct conf_clusters *clusters, const struct conf_listen *l)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;

	TAILQ_FOREACH(cl, clusters, entry)
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			if (atm_addr_equal(&n->addr, &l->peer) ||
			    (atm_addr_sel(&l->peer) == 0 &&
			    endpoint_same(&n->addr, &l->peer)))
				return n;
	return NULL;
}

/* Who a circuit's peer is among the neighbors; NULL: none of them. */
static const struct conf_neighbor *
neighbor_of(const struct conf *c, const struct conf_listen *l)
{
	const struct conf_neighbor *n = neighbor_among(&c->clusters, l);

	return n != NULL ? n : neighbor_among(&c->groups, l);
}

static const struct conf_cluster *
cluster_at(const struct conf *c, const struct atm_addr *addr)
{
	const struct conf_cluster *cl, *first = NULL;

	TAILQ_FOREACH(cl, &c->clusters, entry) {
		if (atm_addr_equal(&cl->addr, addr))
			return cl;
		if (first == NULL && endpoint_same(&cl->addr, addr))
			first = cl;
	}
	return first;
}

/* The endpoint of a permanent circuit; false: the other child has it. */
static bool
pvc_endpoint(const struct conf *c, bool marsd, const struct conf_listen *l,
    struct endpoint *e)
{
	const struct conf_neighbor *n = neighbor_of(c, l);
	const struct conf_cluster *cl = cluster_at(c, &l->addr);
	bool scspd = n != NULL || atm_addr_sel(&l->addr) == SEL_SCSPD;

	if (scspd == marsd || (marsd && cl == NULL))
		return false;
	e->transport = l->transport;
	e->local = marsd ? cl->addr : l->addr;
	if (scspd)
		atm_addr_set_sel(&e->local, SEL_SCSPD);
	e->peer = n != NULL ? n->addr : l->peer;
	e->itf = l->itf;
	e->vpi = l->vpi;
	e->vci = l->vci;
	return true;
}

bool
conf_circuit_used(const struct conf *c, const struct conf_listen *l)
{
	struct endpoint e;

	return pvc_endpoint(c, false, l, &e) || pvc_endpoint(c, true, l, &e);
}

/* The nth endpoint that this listener makes; *nth counts down. */
static bool
listen_endpoint(const struct conf *c, bool marsd, const struct conf_listen *l,
    size_t *nth, struct endpoint *e)
{
	const struct conf_cluster *cl;

	memset(e, 0, sizeof(*e));
	if (l->transport == CONF_LISTEN_ATM_PVC)
		return pvc_endpoint(c, marsd, l, e) && (*nth)-- == 0;
	e->transport = l->transport;
	e->local = l->addr;
	atm_addr_set_sel(&e->local, SEL_SCSPD);
	if (!marsd)
		return (*nth)-- == 0;
	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (endpoint_same(&cl->addr, &l->addr) && (*nth)-- == 0) {
			e->local = cl->addr;
			return true;
		}
	return false;
}

static struct atm_addr
edge_address(const struct conf_edge *edge, bool server)
{
	struct atm_addr a = edge->addr;

	if (server)
		atm_addr_set_sel(&a, (uint8_t)(atm_addr_sel(&a) + 1));
	return a;
}

static bool
edge_endpoint(const struct conf *c, size_t nth, struct endpoint *e)
{
	const struct conf_edge *edge;

	TAILQ_FOREACH(edge, &c->edges, entry) {
		if (nth < 2) {
			memset(e, 0, sizeof(*e));
			e->transport = CONF_LISTEN_UDP;
			e->local = edge_address(edge, nth == 1);
			return true;
		}
		nth -= 2;
	}
	return false;
}

const struct conf_edge *
conf_edge_at(const struct conf *c, const struct atm_addr *local, bool *server)
{
	const struct conf_edge *edge;
	struct atm_addr a;

	TAILQ_FOREACH(edge, &c->edges, entry) {
		a = edge_address(edge, true);
		*server = atm_addr_equal(&a, local);
		if (*server || atm_addr_equal(&edge->addr, local))
			return edge;
	}
	return NULL;
}

/* Does it make the endpoint of this address? */
static bool
listen_makes(const struct conf *c, bool marsd, const struct conf_listen *l,
    const struct atm_addr *local, struct endpoint *e)
{
	const struct conf_cluster *cl;
	size_t first = 0;

	/* all endpoints of a listener but those of clusters are one */
	if (l->transport == CONF_LISTEN_ATM_PVC || !marsd)
		return listen_endpoint(c, marsd, l, &first, e) &&
		    atm_addr_equal(&e->local, local);
	if (!endpoint_same(&l->addr, local))
		return false;
	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (atm_addr_equal(&cl->addr, local)) {
			memset(e, 0, sizeof(*e));
			e->transport = l->transport;
			e->local = *local;
			return true;
		}
	return false;
}

/* No permanent circuit, so that a peer does not matter. */
static bool
edge_has_endpoint(const struct conf *c, enum conf_transport transport,
    const struct atm_addr *local, struct endpoint *e)
{
	size_t i;

	for (i = 0; edge_endpoint(c, i, e); i++)
		if (transport == CONF_LISTEN_UDP &&
		    atm_addr_equal(&e->local, local))
			return true;
	return false;
}

bool
conf_endpoint(const struct conf *c, enum endpoint_owner owner, size_t nth,
    struct endpoint *e)
{
	const struct conf_listen *l;

	if (owner == ENDPOINT_EDGED)
		return edge_endpoint(c, nth, e);
	TAILQ_FOREACH(l, &c->listens, entry)
		if (listen_endpoint(c, owner == ENDPOINT_MARSD, l, &nth, e))
			return true;
	return false;
}

bool
conf_has_endpoint(const struct conf *c, enum endpoint_owner owner,
    enum conf_transport transport, const struct atm_addr *local,
    const struct atm_addr *peer, struct endpoint *e)
{
	const struct conf_listen *l;

	if (owner == ENDPOINT_EDGED)
		return edge_has_endpoint(c, transport, local, e);
	TAILQ_FOREACH(l, &c->listens, entry)
		if (l->transport == transport &&
		    listen_makes(c, owner == ENDPOINT_MARSD, l, local, e) &&
		    (peer == NULL || atm_addr_equal(&e->peer, peer)))
			return true;
	return false;
}

bool
conf_parties(const struct conf *c, const struct atm_addr *local)
{
	const struct conf_cluster *cl;
	struct endpoint e;

	TAILQ_FOREACH(cl, &c->clusters, entry)
		if (cl->native_parties && atm_addr_equal(&cl->addr, local))
			return conf_has_endpoint(c, ENDPOINT_MARSD,
			    CONF_LISTEN_ATM_SVC, local, NULL, &e);
	return false;
}
