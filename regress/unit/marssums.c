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

	for (e = marsd_join_entry(j, marsd_node_of(j)->proto->self); e != NULL;
	    e = marsd_said_next(e))
		if (marsd_entry_stands(e))
			return true;
	return false;
}

/* What a protocol has in all, as it is found. */
struct sums {
	uint64_t	own[MARSD_ROLES];	/* joins that we say */
	uint64_t	groups;			/* of our clients */
	uint64_t	of_ranges, of_nodes;	/* joins */
	uint64_t	said, joins;		/* records of joins */
	uint64_t	claimed, records;	/* all records */
};

static bool
range_holds(const struct marsd_range *r, struct sums *sum)
{
	struct btree_walk w;
	struct marsd_join *j;
	uint32_t live = 0, layer3 = 0, own = 0;
	bool ok = true;

	marsd_range_walk(&w, r);
	while ((j = marsd_range_next(&w)) != NULL) {
		ok = join_holds(j) && ok;
		live += j->counts != 0;
		layer3 += j->layer3 != 0;
		own += is_own(j);
		sum->own[marsd_node_of(j)->role] += is_own(j);
		sum->of_ranges++;
	}
	return same("joins of a range", r->live, live) &&
	    same("joins of a range for layer 3", r->layer3, layer3) &&
	    same("our joins of a range", r->own, own) && ok;
}

static bool
node_holds(struct marsd_node *n, struct sums *sum)
{
	struct marsd_claim *c = NULL;
	struct marsd_entry *e;
	struct marsd_join *j;
	uint32_t njoins = 0;

	MARSD_JOIN_FOREACH(j, n)
	{
		njoins++;
		for (e = NULL; (e = marsd_join_next(j, e)) != NULL;)
			sum->said++;
	}
	sum->of_nodes += njoins;
	while ((c = marsd_claim_next(n, c)) != NULL)
		sum->claimed += c->entries;
	return same("joins of a node", n->njoins, njoins);
}

static bool
map_holds(struct marsd_proto *p, enum marsd_role role, struct sums *sum)
{
	struct atm_addr last = { 0 }; /* no node has it */
	struct marsd_range *r;
	struct marsd_node *n;
	struct marsd_span s;
	uint32_t ranges = 0;
	bool ok = true;

	for (r = marsd_range_after(p, role, NULL); r != NULL;
	    r = marsd_range_after(p, role, &s)) {
		s = marsd_range_span(r);
		ok = range_holds(r, sum) && ok;
		sum->groups += role == MARSD_ROLE_CLIENT && r->own != 0;
		ranges++;
	}
	while ((n = marsd_node_after(p, role, &last)) != NULL) {
		ok = node_holds(n, sum) && ok;
		last = n->atm;
	}
	return same("ranges", p->ranges[role], ranges) && ok;
}

static bool
peer_holds(const struct marsd_peer *peer, struct sums *sum)
{
	uint64_t records = 0, nover = 0;
	struct marsd_entry *e = NULL;

	while ((e = marsd_entry_from(
	    peer, e == NULL ? 0 : (uint64_t)e->key + 1)) != NULL) {
		records++;
		nover += e->over;
		sum->joins += e->join != 0;
	}
	sum->records += records;
	sum->claimed += peer->redirects.entries;
	return same("records of a server", peer->records, records) &&
	    same("those that are over", peer->nover, nover);
}

static bool
peers_hold(struct marsd_proto *p, struct sums *sum)
{
	struct marsd_peer *peer;
	bool ok = true;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		ok = peer_holds(peer, sum) && ok;
	return ok;
}

static bool
proto_holds(struct marsd_proto *p)
{
	struct sums sum = { 0 };
	bool ok = peers_hold(p, &sum);

	ok = map_holds(p, MARSD_ROLE_CLIENT, &sum) && ok;
	ok = map_holds(p, MARSD_ROLE_MCS, &sum) && ok;
	return same("joins of our clients", p->joins,
	    sum.own[MARSD_ROLE_CLIENT]) &&
	    same("ranges of our servers", p->served,
	    sum.own[MARSD_ROLE_MCS]) &&
	    same("groups of our clients", p->groups, sum.groups) &&
	    same("joins of nodes and of ranges", sum.of_nodes,
	    sum.of_ranges) &&
	    same("records of joins", sum.said, sum.joins) &&
	    same("records", sum.claimed, sum.records) && ok;
}

/* Of protocols that are not served there are no members. */
static bool
others_hold(struct marsd_proto *p)
{
	struct sums sum = { 0 };
	bool ok = peers_hold(p, &sum);

	return same("records for others", sum.claimed, sum.records) && ok;
}

bool
marssums_hold(struct marsd *m)
{
	struct marsd_cluster *c;
	struct marsd_proto *p;
	bool ok = true;

	TAILQ_FOREACH(c, &m->clusters, entry) {
		TAILQ_FOREACH(p, &c->protos, entry)
			ok = proto_holds(p) && ok;
		ok = others_hold(&c->others) && ok;
	}
	return ok;
}
