/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What servers say of nodes: claims, and the records on which joins rest
 * (RFC 2443, D1, D3).
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

#define SILENT_MARGIN	MTIME_SEC(5)

#define DO(s, a)	{ MARSD_CLAIM_##s, MARSD_CLAIM_DO_##a }
#define IGNORE(s)	{ MARSD_CLAIM_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_CLAIM_##s, TABLE_VIOLATION }

static const struct table_cell claim_cells[MARSD_CLAIM_STATE_MAX]
    [MARSD_CLAIM_EVENT_MAX] = {
	[MARSD_CLAIM_PLAIN] = {
		[MARSD_CLAIM_EV_REGISTER] = IGNORE(PLAIN),
		[MARSD_CLAIM_EV_ALIGNED] = DO(DOUBLE, NOTE),
		[MARSD_CLAIM_EV_DEREGISTER] = DO(ENDED, NOTE),
		[MARSD_CLAIM_EV_FORGET] = IGNORE(PLAIN),
	},
	[MARSD_CLAIM_DOUBLE] = {
		[MARSD_CLAIM_EV_REGISTER] = IGNORE(DOUBLE),
		[MARSD_CLAIM_EV_ALIGNED] = IGNORE(DOUBLE),
		[MARSD_CLAIM_EV_DEREGISTER] = DO(ENDED, NOTE),
		/* its joins may still be there, as much in doubt as before */
		[MARSD_CLAIM_EV_FORGET] = IGNORE(DOUBLE),
	},
	[MARSD_CLAIM_ENDED] = {
		[MARSD_CLAIM_EV_REGISTER] = DO(PLAIN, REFRESH),
		/* the same record is first the event REGISTER */
		[MARSD_CLAIM_EV_ALIGNED] = VIOLATION(ENDED),
		[MARSD_CLAIM_EV_DEREGISTER] = IGNORE(ENDED),
		[MARSD_CLAIM_EV_FORGET] = DO(PLAIN, NOTE),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_claim_table, "claim", MARSD_CLAIM, claim_cells);

#define DO(s, a)	{ MARSD_ENTRY_##s, MARSD_ENTRY_DO_##a }
#define IGNORE(s)	{ MARSD_ENTRY_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_ENTRY_##s, TABLE_VIOLATION }

static const struct table_cell entry_cells[MARSD_ENTRY_STATE_MAX]
    [MARSD_ENTRY_EVENT_MAX] = {
	[MARSD_ENTRY_NEW] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, COUNT),
		[MARSD_ENTRY_EV_ADOPT] = DO(ADOPTED, COUNT),
		[MARSD_ENTRY_EV_FOUND] = DO(OLD, NOTE),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_END] = VIOLATION(NEW),
	},
	[MARSD_ENTRY_SURE] = {
		[MARSD_ENTRY_EV_SAY] = IGNORE(SURE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(SURE),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(SURE),
		[MARSD_ENTRY_EV_DOUBT] = DO(ADOPTED, NOTE),
		[MARSD_ENTRY_EV_LEAVE] = DO(LEFT, NOTE),
		[MARSD_ENTRY_EV_STAY] = IGNORE(SURE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_ADOPTED] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ADOPTED),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ADOPTED),
		[MARSD_ENTRY_EV_DOUBT] = IGNORE(ADOPTED),
		[MARSD_ENTRY_EV_LEAVE] = DO(ADOPTED_LEFT, NOTE),
		[MARSD_ENTRY_EV_STAY] = IGNORE(ADOPTED),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	/* the joins that a node has left go before the others are doubted */
	[MARSD_ENTRY_LEFT] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_LEAVE] = IGNORE(LEFT),
		[MARSD_ENTRY_EV_STAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_ADOPTED_LEFT] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_LEAVE] = IGNORE(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_STAY] = DO(ADOPTED, NOTE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_OLD] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, COUNT),
		[MARSD_ENTRY_EV_ADOPT] = DO(ADOPTED, COUNT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_END] = DO(ENDING, NOTE),
	},
	/* it is freed within the call that ended it */
	[MARSD_ENTRY_ENDING] = {
		[MARSD_ENTRY_EV_SAY] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_END] = VIOLATION(ENDING),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_entry_table, "entry", MARSD_ENTRY, entry_cells);

struct marsd_claim *
marsd_claim_find(struct marsd_node *n, const struct marsd_peer *peer)
{
	struct marsd_claim *c;

	/* as many as servers that have it: one, or two while it moves */
	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->peer == peer)
			return c;
	return NULL;
}

static struct marsd_claim *
claim_get(struct marsd_node *n, struct marsd_peer *peer)
{
	struct marsd_claim *c = marsd_claim_find(n, peer);

	if (c != NULL)
		return c;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->node = n;
	c->peer = peer;
	LIST_INIT(&c->regs);
	LIST_INSERT_HEAD(&n->claims, c, node_entry);
	return c;
}

bool
marsd_claim_counts(const struct marsd_claim *c)
{
	return c->state != MARSD_CLAIM_ENDED && marsd_peer_counts(c->peer);
}

/*
 * The id that another server gave to a node; false if a third server says
 * that it gave the same to another node.  What one server says of two
 * nodes is no clash: after a restart it hands out again what its records of
 * before still hold.
 */
bool
marsd_claim_cmi(struct marsd_claim *c, uint16_t cmi)
{
	struct marsd_claim **heard = c->node->proto->heard_cmi;
	const struct marsd_claim *held = heard[cmi];

	if (c->cmi != cmi && c->cmi != 0 && heard[c->cmi] == c)
		heard[c->cmi] = NULL;
	c->cmi = cmi;
	if (cmi == 0)
		return true;
	if (held != NULL && held->node != c->node && held->peer != c->peer &&
	    marsd_claim_counts(held))
		return false;
	heard[cmi] = c;
	return true;
}

static void
claim_release(struct marsd_claim *c)
{
	struct marsd_claim **heard = c->node->proto->heard_cmi;

	if (c->entries != 0)
		return;
	if (c->cmi != 0 && heard[c->cmi] == c)
		heard[c->cmi] = NULL;
	LIST_REMOVE(c, node_entry);
	free(c);
}

static struct btree_probe
entry_place(const struct btree *t, const void *object)
{
	const struct marsd_entry *e = object;

	(void)t;
	return (struct btree_probe){ .key = { e->key } };
}

static const struct btree_kind by_key = { 4, NULL, entry_place };

void
marsd_entries_init(struct marsd_owner *o)
{
	btree_init(&o->keys, &by_key);
}

struct marsd_peer *
marsd_entry_peer(const struct marsd_entry *e)
{
	return e->claim == NULL ? e->redirect : e->claim->peer;
}

struct marsd_entry *
marsd_entry_find(struct marsd_owner *o, uint32_t key)
{
	struct btree_probe p = { .key = { key } };

	return btree_find(&o->keys, &p);
}

struct marsd_entry *
marsd_entry_from(const struct marsd_peer *peer, uint64_t key)
{
	struct btree_probe p = { .key = { key } };
	struct marsd_entry *e;

	if (key > UINT32_MAX)
		return NULL;
	e = btree_from(&peer->owner->keys, &p);
	/* the same server may speak of other protocols */
	while (e != NULL && marsd_entry_peer(e) != peer) {
		p.key[0] = e->key;
		e = btree_after(&peer->owner->keys, &p);
	}
	return e;
}

bool
marsd_entry_stands(const struct marsd_entry *e)
{
	return e->state != MARSD_ENTRY_NEW && e->state != MARSD_ENTRY_OLD &&
	    e->state != MARSD_ENTRY_ENDING;
}

bool
marsd_entry_is_adopted(const struct marsd_entry *e)
{
	return e->state == MARSD_ENTRY_ADOPTED ||
	    e->state == MARSD_ENTRY_ADOPTED_LEFT;
}

/* Only joins that we say of our own nodes are counted. */
static bool
is_counted(const struct marsd_entry *e)
{
	return e->join != NULL && e->claim->peer == e->claim->node->proto->self;
}

static void
count_entry(const struct marsd_entry *e)
{
	struct marsd_proto *p = e->claim->node->proto;

	if (e->claim->node->role == MARSD_ROLE_MCS) {
		p->served++;
		return;
	}
	p->joins++;
	p->groups += e->join->range->own++ == 0;
}

static void
uncount(const struct marsd_entry *e)
{
	struct marsd_proto *p = e->claim->node->proto;

	if (e->claim->node->role == MARSD_ROLE_MCS) {
		p->served--;
		return;
	}
	p->joins--;
	p->groups -= --e->join->range->own == 0;
}

void
marsd_entry_step(struct marsd_entry *e, enum marsd_entry_event ev)
{
	struct marsd_proto *p = marsd_entry_peer(e)->proto;

	switch (table_step(
	    &marsd_entry_table, &e->state, ev, &p->cluster->faults)) {
	case MARSD_ENTRY_DO_COUNT:
		if (is_counted(e))
			count_entry(e);
		break;
	case MARSD_ENTRY_DO_UNCOUNT:
		if (is_counted(e))
			uncount(e);
		break;
	}
}

/* Returns the action, which the caller has to take. */
uint8_t
marsd_claim_step(struct marsd_claim *c, enum marsd_claim_event ev)
{
	return table_step(&marsd_claim_table, &c->state, ev,
	    &c->peer->proto->cluster->faults);
}

/* Makes a record; the key must be free.  NULL: no memory. */
static struct marsd_entry *
entry_new(struct marsd_peer *peer, uint32_t key, struct marsd_claim *claim)
{
	struct slab *slab = &peer->proto->cluster->mars->entries;
	struct marsd_entry *e;

	if ((e = slab_get(slab)) == NULL)
		return NULL;
	e->key = key;
	if (btree_insert(&peer->owner->keys, e) != e) {
		slab_put(slab, e);
		return NULL;
	}
	e->claim = claim;
	peer->records++;
	if (claim != NULL)
		claim->entries++;
	else
		e->redirect = peer;
	return e;
}

struct marsd_entry *
marsd_entry_redirect(struct marsd_peer *peer, uint32_t key)
{
	return entry_new(peer, key, NULL);
}

struct marsd_entry *
marsd_entry_register(
    struct marsd_peer *peer, struct marsd_node *n, uint32_t key)
{
	struct marsd_claim *c = claim_get(n, peer);
	struct marsd_entry *e;

	if (c == NULL)
		return NULL;
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		return NULL;
	}
	c->reg = e;
	LIST_INSERT_HEAD(&c->regs, e, join_entry);
	return e;
}

struct marsd_entry *
marsd_entry_join(struct marsd_peer *peer, struct marsd_node *n,
    const struct marsd_span *s, uint32_t key)
{
	struct marsd_join *j = marsd_join_get(n, s);
	struct marsd_claim *c;
	struct marsd_entry *e;

	if (j == NULL)
		return NULL;
	if ((c = claim_get(n, peer)) == NULL) {
		marsd_join_release(j);
		return NULL;
	}
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		marsd_join_release(j);
		return NULL;
	}
	e->join = j;
	LIST_INSERT_HEAD(&j->entries, e, join_entry);
	return e;
}

static void
reg_forget(struct marsd_claim *c, struct marsd_entry *e)
{
	LIST_REMOVE(e, join_entry);
	if (c->reg != e)
		return;
	c->reg = LIST_FIRST(&c->regs);
	(void)marsd_claim_step(c, MARSD_CLAIM_EV_FORGET);
	if (c->reg != NULL)
		(void)marsd_claim_cmi(c, c->reg->cmi);
}

/*
 * Takes a record away.  The join it was of is freed with its last record,
 * so whoever wants to know what changed makes it ineffective first.
 */
void
marsd_entry_free(struct marsd_entry *e)
{
	struct marsd_peer *peer = marsd_entry_peer(e);
	struct marsd_claim *c = e->claim;
	struct marsd_node *n = c == NULL ? NULL : c->node;
	struct btree_probe p = { .key = { e->key } };

	marsd_entry_anew(e);
	(void)btree_remove(&peer->owner->keys, &p);
	peer->records--;
	if (e->join != NULL) {
		LIST_REMOVE(e, join_entry);
		(void)marsd_join_refresh(e->join);
		marsd_join_release(e->join);
	}
	if (c != NULL) {
		if (e->join == NULL)
			reg_forget(c, e);
		c->entries--;
		claim_release(c);
	}
	slab_put(&peer->proto->cluster->mars->entries, e);
	if (n != NULL)
		marsd_node_release(n);
}

/*
 * Is a server dead, or has it been silent since then, and for longer than one
 * that is alive is?  One that is alive takes back by itself what it says of a
 * node that has moved, and its Redirect Entry may just not be due.
 */
static bool
silent_since(const struct marsd_peer *peer, mtime_t then)
{
	const struct marsd_cluster *c = peer->proto->cluster;

	return !marsd_peer_counts(peer) ||
	    (mtime_diff(then, peer->heard) < 0 &&
	    mtime_diff(peer->heard, c->mars->ts->now) >
	    MTIME_SEC(c->conf->redirect_interval) + SILENT_MARGIN);
}

void
marsd_entry_over(struct marsd_entry *e, const struct marsd_peer *by)
{
	const struct marsd_node *n = e->claim->node;
	struct marsd_peer *peer = marsd_entry_peer(e);

	if (e->over || peer == by || peer->state == MARSD_PEER_SELF ||
	    memcmp(n->present, by->owner->oid, sizeof(n->present)) != 0 ||
	    !silent_since(peer, n->came))
		return;
	e->over = true;
	peer->nover++;
}

void
marsd_entry_anew(struct marsd_entry *e)
{
	if (e->over)
		marsd_entry_peer(e)->nover--;
	e->over = false;
}

void
marsd_join_over(struct marsd_join *j, const struct marsd_peer *by)
{
	struct marsd_entry *e;

	LIST_FOREACH(e, &j->entries, join_entry)
		marsd_entry_over(e, by);
}

void
marsd_node_over(struct marsd_node *n, const struct marsd_peer *by)
{
	struct marsd_claim *c;
	struct marsd_join *j;

	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->reg != NULL)
			marsd_entry_over(c->reg, by);
	MARSD_JOIN_FOREACH(j, n)
	marsd_join_over(j, by);
}

/*
 * A record counts while its owner is alive and has not deregistered
 * the node.
 */
bool
marsd_entry_counts(const struct marsd_entry *e)
{
	return marsd_entry_stands(e) && !e->over &&
	    marsd_claim_counts(e->claim);
}
