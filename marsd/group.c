/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The database: who is in which group, according to whom (RFC 2022 sections
 * 4.1 and 6.2: host map and server map; RFC 2443; D1, D3).  Nothing here
 * sends anything: marsd_join_refresh() says what has changed, and the callers
 * tell those who have to know.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

static int
node_cmp(struct marsd_node *a, struct marsd_node *b)
{
	return atm_addr_cmp(&a->atm, &b->atm);
}

static int
marsd_entry_cmp(struct marsd_entry *a, struct marsd_entry *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

static int
owner_cmp(struct marsd_owner *a, struct marsd_owner *b)
{
	return memcmp(a->oid, b->oid, sizeof(a->oid));
}

static int
marsd_peer_cmp(struct marsd_peer *a, struct marsd_peer *b)
{
	return owner_cmp(a->owner, b->owner);
}

static int
join_cmp(struct marsd_join *a, struct marsd_join *b)
{
	return atm_addr_cmp(&a->node->atm, &b->node->atm);
}

RB_GENERATE(marsd_node_tree, marsd_node, entry, node_cmp)
RB_GENERATE(marsd_entry_tree, marsd_entry, key_entry, marsd_entry_cmp)
RB_GENERATE(marsd_owner_tree, marsd_owner, entry, owner_cmp)
RB_GENERATE(marsd_peer_tree, marsd_peer, entry, marsd_peer_cmp)
RB_GENERATE(marsd_join_tree, marsd_join, range_entry, join_cmp)

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
		/* its joins may still be there, and no less in doubt */
		[MARSD_CLAIM_EV_FORGET] = IGNORE(DOUBLE),
	},
	[MARSD_CLAIM_ENDED] = {
		[MARSD_CLAIM_EV_REGISTER] = DO(PLAIN, REFRESH),
		/* REGISTER comes before */
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
	/* before the node's joins are doubted, those that it left go */
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

_Static_assert(offsetof(struct marsd_join, link) == 0,
    "link is first in a join");
_Static_assert(offsetof(struct marsd_range, link) == 0,
    "link is first in a range");

struct marsd_join *
marsd_join_of(struct marsd_itree_node *n)
{
	return (struct marsd_join *)n;
}

struct marsd_range *
marsd_range_of(struct marsd_itree_node *n)
{
	return (struct marsd_range *)n;
}

/* Who a node is: its ATM address, never its protocol address. */
struct marsd_node *
marsd_node_find(
    struct marsd_proto *p, enum marsd_role role, const struct atm_addr *atm)
{
	struct marsd_node key;

	key.atm = *atm;
	return RB_FIND(marsd_node_tree, &p->nodes[role], &key);
}

/* The same, made if need be; NULL: no memory. */
struct marsd_node *
marsd_node_get(
    struct marsd_proto *p, enum marsd_role role, const struct atm_addr *atm)
{
	struct marsd_node *n = marsd_node_find(p, role, atm);

	if (n != NULL)
		return n;
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->proto = p;
	n->role = role;
	n->atm = *atm;
	LIST_INIT(&n->claims);
	marsd_itree_init(&n->joins, marsd_random(p->cluster->mars));
	RB_INSERT(marsd_node_tree, &p->nodes[role], n);
	return n;
}

void
marsd_node_release(struct marsd_node *n)
{
	if (n->reg != NULL || !LIST_EMPTY(&n->claims) || n->njoins != 0)
		return;
	RB_REMOVE(marsd_node_tree, &n->proto->nodes[n->role], n);
	free(n);
}

struct marsd_owner *
marsd_owner_find(struct marsd_cluster *c, const uint8_t oid[4])
{
	struct marsd_owner key;

	memcpy(key.oid, oid, sizeof(key.oid));
	return RB_FIND(marsd_owner_tree, &c->owners, &key);
}

struct marsd_owner *
marsd_owner_get(struct marsd_cluster *c, const uint8_t oid[4])
{
	struct marsd_owner *o = marsd_owner_find(c, oid);

	if (o != NULL)
		return o;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->cluster = c;
	memcpy(o->oid, oid, sizeof(o->oid));
	RB_INIT(&o->keys);
	RB_INSERT(marsd_owner_tree, &c->owners, o);
	return o;
}

struct marsd_peer *
marsd_peer_find(struct marsd_proto *p, struct marsd_owner *o)
{
	struct marsd_peer key;

	key.owner = o;
	return RB_FIND(marsd_peer_tree, &p->peers, &key);
}

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
	LIST_INSERT_HEAD(&n->claims, c, node_entry);
	return c;
}

/* Does the server that gave this id out still say so? */
static bool
claim_counts(const struct marsd_claim *c)
{
	return c->state != MARSD_CLAIM_ENDED &&
	    c->peer->state != MARSD_PEER_HIDDEN &&
	    c->peer->state != MARSD_PEER_ERASED;
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
	    claim_counts(held))
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

struct marsd_entry *
marsd_entry_find(struct marsd_owner *o, uint32_t key)
{
	struct marsd_entry e;

	e.key = key;
	return RB_FIND(marsd_entry_tree, &o->keys, &e);
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

/* Only joins of our own clients are counted. */
static bool
is_counted(const struct marsd_entry *e)
{
	return e->peer == e->peer->proto->self && e->join != NULL &&
	    e->claim->node->role == MARSD_ROLE_CLIENT;
}

void
marsd_entry_step(struct marsd_entry *e, enum marsd_entry_event ev)
{
	struct marsd_proto *p = e->peer->proto;

	switch (table_step(
	    &marsd_entry_table, &e->state, ev, &p->cluster->faults)) {
	case MARSD_ENTRY_DO_COUNT:
		if (is_counted(e))
			p->joins++;
		break;
	case MARSD_ENTRY_DO_UNCOUNT:
		if (is_counted(e))
			p->joins--;
		break;
	}
}

/* Returns the action, which is the caller's business. */
uint8_t
marsd_claim_step(struct marsd_claim *c, enum marsd_claim_event ev)
{
	return table_step(&marsd_claim_table, &c->state, ev,
	    &c->peer->proto->cluster->faults);
}

/* A record that nobody holds under this key; NULL: no memory. */
static struct marsd_entry *
entry_new(struct marsd_peer *peer, uint32_t key, struct marsd_claim *claim)
{
	struct marsd_entry *e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->key = key;
	e->peer = peer;
	e->claim = claim;
	peer->records++;
	if (claim != NULL)
		claim->entries++;
	RB_INSERT(marsd_entry_tree, &peer->owner->keys, e);
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
	return e;
}

static struct marsd_range *
range_get(
    struct marsd_proto *p, enum marsd_role role, const struct marsd_span *s)
{
	struct marsd_itree_node *in = marsd_itree_find(&p->map[role], s);
	struct marsd_range *r;

	if (in != NULL)
		return marsd_range_of(in);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->span = *s;
	RB_INIT(&r->joins);
	(void)marsd_itree_insert(&p->map[role], &r->link, &r->span);
	p->ranges[role]++;
	return r;
}

static void
range_release(
    struct marsd_proto *p, enum marsd_role role, struct marsd_range *r)
{
	if (!RB_EMPTY(&r->joins))
		return;
	marsd_itree_remove(&p->map[role], &r->link);
	p->ranges[role]--;
	free(r);
}

struct marsd_join *
marsd_join_find(struct marsd_node *n, const struct marsd_span *s)
{
	struct marsd_itree_node *in = marsd_itree_find(&n->joins, s);

	return in == NULL ? NULL : marsd_join_of(in);
}

static struct marsd_join *
join_get(struct marsd_node *n, const struct marsd_span *s)
{
	struct marsd_join *j = marsd_join_find(n, s);
	struct marsd_range *r;

	if (j != NULL)
		return j;
	if ((r = range_get(n->proto, n->role, s)) == NULL)
		return NULL;
	if ((j = calloc(1, sizeof(*j))) == NULL) {
		range_release(n->proto, n->role, r);
		return NULL;
	}
	j->node = n;
	j->range = r;
	LIST_INIT(&j->entries);
	RB_INSERT(marsd_join_tree, &r->joins, j);
	(void)marsd_itree_insert(&n->joins, &j->link, &r->span);
	n->njoins++;
	return j;
}

/* A join on which nothing rests any more goes. */
static void
join_release(struct marsd_join *j)
{
	struct marsd_node *n = j->node;
	struct marsd_range *r = j->range;

	if (!LIST_EMPTY(&j->entries))
		return;
	(void)marsd_join_refresh(j);
	marsd_itree_remove(&n->joins, &j->link);
	n->njoins--;
	RB_REMOVE(marsd_join_tree, &r->joins, j);
	free(j);
	range_release(n->proto, n->role, r);
}

struct marsd_entry *
marsd_entry_join(struct marsd_peer *peer, struct marsd_node *n,
    const struct marsd_span *s, uint32_t key)
{
	struct marsd_join *j = join_get(n, s);
	struct marsd_claim *c;
	struct marsd_entry *e;

	if (j == NULL)
		return NULL;
	if ((c = claim_get(n, peer)) == NULL) {
		join_release(j);
		return NULL;
	}
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		join_release(j);
		return NULL;
	}
	e->join = j;
	LIST_INSERT_HEAD(&j->entries, e, marsd_join_entry);
	return e;
}

/*
 * Takes a record away.  The join it was of is freed with its last record,
 * so whoever wants to know what changed makes it ineffective first.
 */
void
marsd_entry_free(struct marsd_entry *e)
{
	struct marsd_claim *c = e->claim;
	struct marsd_node *n = c == NULL ? NULL : c->node;

	RB_REMOVE(marsd_entry_tree, &e->peer->owner->keys, e);
	e->peer->records--;
	if (e->join != NULL) {
		LIST_REMOVE(e, marsd_join_entry);
		(void)marsd_join_refresh(e->join);
		join_release(e->join);
	}
	if (c != NULL) {
		if (c->reg == e) {
			c->reg = NULL;
			(void)marsd_claim_step(c, MARSD_CLAIM_EV_FORGET);
		}
		c->entries--;
		claim_release(c);
	}
	free(e);
	if (n != NULL)
		marsd_node_release(n);
}

struct marsd_entry *
marsd_join_entry(struct marsd_join *j, const struct marsd_peer *peer)
{
	struct marsd_entry *e;

	LIST_FOREACH(e, &j->entries, marsd_join_entry)
		if (e->peer == peer)
			return e;
	return NULL;
}

/*
 * A record counts while its owner is alive and has not deregistered
 * the node.
 */
bool
marsd_entry_counts(const struct marsd_entry *e)
{
	return marsd_entry_stands(e) && claim_counts(e->claim);
}

bool
marsd_node_is_here(const struct marsd_node *n)
{
	return n->reg != NULL && n->reg->place != MARSD_MOVE_NEW;
}

/* Is the node registered with a server other than this one? */
bool
marsd_node_registered(const struct marsd_node *n, const struct marsd_peer *but)
{
	const struct marsd_claim *c;

	if (but != n->proto->self && marsd_node_is_here(n))
		return true;
	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->peer != but && c->reg != NULL &&
		    marsd_entry_counts(c->reg))
			return true;
	return false;
}

/* Works out anew whether the join counts, and says what that changed. */
enum marsd_change
marsd_join_refresh(struct marsd_join *j)
{
	bool live = false, layer3 = false, was = j->live;
	struct marsd_entry *e;

	LIST_FOREACH(e, &j->entries, marsd_join_entry) {
		if (!marsd_entry_counts(e))
			continue;
		live = true;
		layer3 = layer3 || e->layer3;
	}
	if (j->live)
		j->range->live--;
	if (j->layer3)
		j->range->layer3--;
	j->live = live;
	j->layer3 = layer3;
	if (live)
		j->range->live++;
	if (layer3)
		j->range->layer3++;
	return live == was ? MARSD_CHANGE_NONE :
	    live	   ? MARSD_CHANGE_UP :
			     MARSD_CHANGE_DOWN;
}

/*
 * The parts of a range in which a node is no member by any of its other
 * joins: the hole punching of 6.1.2, over all its live records.
 */
void
marsd_node_uncovered(
    struct marsd_node *n, const struct marsd_span *s, struct marsd_spans *out)
{
	struct marsd_itree_node *in;
	struct marsd_punch p;

	marsd_punch_init(&p, out, s);
	for (in = marsd_itree_overlap(&n->joins, s, NULL); in != NULL;
	     in = marsd_itree_overlap(&n->joins, s, in->span))
		if (marsd_join_of(in)->live && marsd_span_cmp(in->span, s) != 0)
			marsd_punch_hole(&p, in->span);
	marsd_punch_end(&p);
}

/* Is the node in this group, by whatever join? */
bool
marsd_node_covers(struct marsd_node *n, const struct paddr *group)
{
	struct marsd_span s = { *group, *group };
	struct marsd_itree_node *in;

	for (in = marsd_itree_overlap(&n->joins, &s, NULL); in != NULL;
	     in = marsd_itree_overlap(&n->joins, &s, in->span))
		if (marsd_join_of(in)->live)
			return true;
	return false;
}

static bool
served_here(struct marsd_range *r)
{
	struct marsd_join *j;

	RB_FOREACH(j, marsd_join_tree, &r->joins)
		if (j->live && marsd_node_is_here(j->node))
			return true;
	return false;
}

/*
 * Does an MCS serve a group of the range; local: one that is registered
 * here?
 */
bool
marsd_map_serves(struct marsd_proto *p, const struct marsd_span *s, bool local)
{
	const struct marsd_itree *map = &p->map[MARSD_ROLE_MCS];
	struct marsd_itree_node *in;

	for (in = marsd_itree_overlap(map, s, NULL); in != NULL;
	     in = marsd_itree_overlap(map, s, in->span))
		if (marsd_range_of(in)->live != 0 &&
		    (!local || served_here(marsd_range_of(in))))
			return true;
	return false;
}

/* What of the ranges no MCS serves: 6.2.4. */
void
marsd_spans_unserved(struct marsd_proto *p, const struct marsd_spans *in,
    struct marsd_spans *out)
{
	const struct marsd_itree *map = &p->map[MARSD_ROLE_MCS];
	struct marsd_itree_node *n;
	struct marsd_punch punch;
	size_t i;

	out->failed = out->failed || in->failed;
	for (i = 0; i < in->n; i++) {
		marsd_punch_init(&punch, out, &in->v[i]);
		for (n = marsd_itree_overlap(map, &in->v[i], NULL); n != NULL;
		     n = marsd_itree_overlap(map, &in->v[i], n->span))
			if (marsd_range_of(n)->live != 0)
				marsd_punch_hole(&punch, n->span);
		marsd_punch_end(&punch);
	}
}

/* Is anybody in the group at all? */
bool
marsd_group_has(
    struct marsd_proto *p, enum marsd_role role, const struct paddr *group)
{
	struct marsd_span s = { *group, *group };
	struct marsd_itree_node *in;

	for (in = marsd_itree_overlap(&p->map[role], &s, NULL); in != NULL;
	     in = marsd_itree_overlap(&p->map[role], &s, in->span))
		if (marsd_range_of(in)->live != 0)
			return true;
	return false;
}

static int
list_add(const struct atm_addr ***list, size_t *n, size_t *max,
    const struct atm_addr *a)
{
	const struct atm_addr **p;

	if (*n == *max) {
		*max = *max == 0 ? 64 : *max * 2;
		p = reallocarray(*list, *max, sizeof(*p));
		if (p == NULL)
			return -1;
		*list = p;
	}
	(*list)[(*n)++] = a;
	return 0;
}

/*
 * The members of a group, by its single joins and by the blocks that cover
 * it, each node once.
 */
int
marsd_group_members(struct marsd_proto *p, enum marsd_role role,
    const struct paddr *group, const struct atm_addr ***list, size_t *n)
{
	struct marsd_span s = { *group, *group };
	struct marsd_itree_node *in;
	struct marsd_join *j;
	size_t max = 0;

	*list = NULL;
	*n = 0;
	p->mark++;
	for (in = marsd_itree_overlap(&p->map[role], &s, NULL); in != NULL;
	     in = marsd_itree_overlap(&p->map[role], &s, in->span)) {
		RB_FOREACH(j, marsd_join_tree, &marsd_range_of(in)->joins) {
			if (!j->live || j->node->mark == p->mark)
				continue;
			j->node->mark = p->mark;
			if (list_add(list, n, &max, &j->node->atm) == -1) {
				free(*list);
				*list = NULL;
				return -1;
			}
		}
	}
	return 0;
}
