/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <inttypes.h>
#include <stdio.h>

#include "marsd/cluster.h"
#include "marssums.h"

static bool
same(const char *what, uint64_t counted, uint64_t walked)
{
	if (counted != walked)
		fprintf(stderr, "%s: counted %" PRIu64 ", walked %" PRIu64 "\n",
		    what, counted, walked);
	return counted == walked;
}

/* An entry whose server's life has changed is looked at in its turn. */
static bool
entry_holds(const struct marsd_entry *e)
{
	const struct marsd_peer *peer = marsd_entry_peer(e);

	return peer->work != MARSD_PEER_WORK_NONE ||
	    (same("an entry", e->counted, marsd_entry_counts(e)) &&
	    same("an entry for layer 3", e->counted_layer3,
	    e->counted && e->layer3));
}

static bool
join_holds(const struct marsd_join *j)
{
	struct marsd_entry *e = NULL;
	uint32_t counts = 0, layer3 = 0;
	bool ok = true;

	while ((e = marsd_join_next(j, e)) != NULL) {
		ok = entry_holds(e) && ok;
		counts += e->counted;
		layer3 += e->counted_layer3;
	}
	return same("entries of a join", j->counts, counts) &&
	    same("entries of a join for layer 3", j->layer3, layer3) && ok;
}

/* Does this server say so of a client of its own? */
static bool
is_own(const struct marsd_join *j)
{
	struct marsd_entry *e;

	for (e = marsd_join_entry(j, j->node->proto->self); e != NULL;
	    e = marsd_said_next(e))
		if (marsd_entry_stands(e))
			return true;
	return false;
}

static bool
range_holds(const struct marsd_range *r, uint64_t *joins, uint64_t *own)
{
	struct btree_walk w;
	struct marsd_join *j;
	uint32_t live = 0, layer3 = 0, ours = 0;
	bool ok = true;

	marsd_range_walk(&w, r);
	while ((j = marsd_range_next(&w)) != NULL) {
		ok = join_holds(j) && ok;
		live += j->counts != 0;
		layer3 += j->layer3 != 0;
		ours += is_own(j);
		++*joins;
	}
	*own += ours;
	return same("joins of a range", r->live, live) &&
	    same("joins of a range for layer 3", r->layer3, layer3) &&
	    same("our joins of a range", r->own, ours) && ok;
}

static bool
node_holds(struct marsd_node *n, uint64_t *joins)
{
	struct marsd_claim *c = NULL;
	struct marsd_join *j;
	uint32_t njoins = 0;
	uint64_t said = 0, records = 0;
	struct marsd_entry *e;

	MARSD_JOIN_FOREACH(j, n)
	{
		njoins++;
		for (e = NULL; (e = marsd_join_next(j, e)) != NULL;)
			said++;
	}
	*joins += njoins;
	while ((c = marsd_claim_next(n, c)) != NULL) {
		struct btree_walk w;

		records += c->entries;
		btree_walk_init(&w, &c->regs);
		while (btree_walk_next(&w) != NULL)
			said++;
	}
	return same("joins of a node", n->njoins, njoins) &&
	    same("records of a node", records, said);
}

static bool
map_holds(struct marsd_proto *p, enum marsd_role role, uint64_t *own,
    uint64_t *groups)
{
	uint64_t joins = 0, of_nodes = 0, ranges = 0;
	struct atm_addr last = { 0 }; /* no node has it */
	struct marsd_range *r;
	struct marsd_node *n;
	bool ok = true;

	for (r = marsd_range_after(p, role, NULL); r != NULL;
	    r = marsd_range_after(p, role, &r->span)) {
		ok = range_holds(r, &joins, own) && ok;
		*groups += r->own != 0;
		ranges++;
	}
	while ((n = marsd_node_after(p, role, &last)) != NULL) {
		ok = node_holds(n, &of_nodes) && ok;
		last = n->atm;
	}
	return same("ranges", p->ranges[role], ranges) &&
	    same("joins of ranges and of nodes", joins, of_nodes) && ok;
}

static bool
peer_holds(const struct marsd_peer *peer)
{
	uint64_t records = 0, nover = 0;
	struct marsd_entry *e = NULL;

	while ((e = marsd_entry_from(
	    peer, e == NULL ? 0 : (uint64_t)e->key + 1)) != NULL) {
		records++;
		nover += e->over;
	}
	return same("records of a server", peer->records, records) &&
	    same("those that are over", peer->nover, nover);
}

static bool
proto_holds(struct marsd_proto *p)
{
	uint64_t joins = 0, served = 0, groups = 0, none = 0;
	struct marsd_peer *peer;
	bool ok = true;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		ok = peer_holds(peer) && ok;
	ok = map_holds(p, MARSD_ROLE_CLIENT, &joins, &groups) && ok;
	ok = map_holds(p, MARSD_ROLE_MCS, &served, &none) && ok;
	return same("joins of our clients", p->joins, joins) &&
	    same("ranges of our servers", p->served, served) &&
	    same("groups of our clients", p->groups, groups) && ok;
}

bool
marssums_hold(struct marsd *m)
{
	struct marsd_cluster *c;
	struct marsd_proto *p;
	bool ok = true;

	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			ok = proto_holds(p) && ok;
	return ok;
}
