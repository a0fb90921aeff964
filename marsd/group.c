/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The database: who is in which group, according to whom (RFC 2022 sections
 * 4.1 and 6.2: host map and server map; RFC 2443; D1, D3).  Nothing here
 * sends anything: join_refresh() says what has changed, and the callers
 * tell those who have to know.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

static int
node_cmp(struct node *a, struct node *b)
{
	return atm_cmp(&a->atm, &b->atm);
}

static int
entry_cmp(struct entry *a, struct entry *b)
{
	return a->key < b->key ? -1 : a->key > b->key;
}

static int
owner_cmp(struct owner *a, struct owner *b)
{
	return memcmp(a->oid, b->oid, sizeof(a->oid));
}

static int
peer_cmp(struct peer *a, struct peer *b)
{
	return owner_cmp(a->owner, b->owner);
}

static int
join_cmp(struct join *a, struct join *b)
{
	return atm_cmp(&a->node->atm, &b->node->atm);
}

RB_GENERATE(node_tree, node, entry, node_cmp)
RB_GENERATE(entry_tree, entry, key_entry, entry_cmp)
RB_GENERATE(owner_tree, owner, entry, owner_cmp)
RB_GENERATE(peer_tree, peer, entry, peer_cmp)
RB_GENERATE(join_tree, join, range_entry, join_cmp)

_Static_assert(offsetof(struct join, link) == 0, "link is first in a join");
_Static_assert(offsetof(struct range, link) == 0, "link is first in a range");

struct join *
join_of(struct itree_node *n)
{
	return (struct join *)n;
}

struct range *
range_of(struct itree_node *n)
{
	return (struct range *)n;
}

/* Who a node is: its ATM address, never its protocol address. */
struct node *
node_find(struct proto *p, enum role role, const struct atm_addr *atm)
{
	struct node key;

	key.atm = *atm;
	return RB_FIND(node_tree, &p->nodes[role], &key);
}

/* The same, made if need be; NULL: no memory. */
struct node *
node_get(struct proto *p, enum role role, const struct atm_addr *atm)
{
	struct node *n = node_find(p, role, atm);

	if (n != NULL)
		return n;
	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->proto = p;
	n->role = role;
	n->atm = *atm;
	LIST_INIT(&n->claims);
	itree_init(&n->joins, mars_random(p->cluster->mars));
	RB_INSERT(node_tree, &p->nodes[role], n);
	return n;
}

void
node_release(struct node *n)
{
	if (n->reg != NULL || !LIST_EMPTY(&n->claims) || n->njoins != 0)
		return;
	RB_REMOVE(node_tree, &n->proto->nodes[n->role], n);
	free(n);
}

struct owner *
owner_find(struct cluster *c, const uint8_t oid[4])
{
	struct owner key;

	memcpy(key.oid, oid, sizeof(key.oid));
	return RB_FIND(owner_tree, &c->owners, &key);
}

struct owner *
owner_get(struct cluster *c, const uint8_t oid[4])
{
	struct owner *o = owner_find(c, oid);

	if (o != NULL)
		return o;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->cluster = c;
	memcpy(o->oid, oid, sizeof(o->oid));
	RB_INIT(&o->keys);
	RB_INSERT(owner_tree, &c->owners, o);
	return o;
}

struct peer *
peer_find(struct proto *p, struct owner *o)
{
	struct peer key;

	key.owner = o;
	return RB_FIND(peer_tree, &p->peers, &key);
}

struct claim *
claim_find(struct node *n, const struct peer *peer)
{
	struct claim *c;

	/* as many as servers that have it: one, or two while it moves */
	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->peer == peer)
			return c;
	return NULL;
}

static struct claim *
claim_get(struct node *n, struct peer *peer)
{
	struct claim *c = claim_find(n, peer);

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
claim_counts(const struct claim *c)
{
	return !c->dereg && c->peer->state != PEER_HIDDEN &&
	    c->peer->state != PEER_ERASED;
}

/*
 * The id that another server gave to a node; false if a third server says
 * that it gave the same to another node.  What one server says of two
 * nodes is no clash: after a restart it hands out again what its records of
 * before still hold.
 */
bool
claim_cmi(struct claim *c, uint16_t cmi)
{
	struct claim **heard = c->node->proto->heard_cmi;
	const struct claim *held = heard[cmi];

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
claim_release(struct claim *c)
{
	struct claim **heard = c->node->proto->heard_cmi;

	if (c->entries != 0)
		return;
	if (c->cmi != 0 && heard[c->cmi] == c)
		heard[c->cmi] = NULL;
	LIST_REMOVE(c, node_entry);
	free(c);
}

struct entry *
entry_find(struct owner *o, uint32_t key)
{
	struct entry e;

	e.key = key;
	return RB_FIND(entry_tree, &o->keys, &e);
}

/* A record that nobody holds under this key; NULL: no memory. */
static struct entry *
entry_new(struct peer *peer, uint32_t key, struct claim *claim)
{
	struct entry *e;

	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->key = key;
	e->peer = peer;
	e->claim = claim;
	peer->records++;
	if (claim != NULL)
		claim->entries++;
	RB_INSERT(entry_tree, &peer->owner->keys, e);
	return e;
}

struct entry *
entry_redirect(struct peer *peer, uint32_t key)
{
	return entry_new(peer, key, NULL);
}

struct entry *
entry_register(struct peer *peer, struct node *n, uint32_t key)
{
	struct claim *c = claim_get(n, peer);
	struct entry *e;

	if (c == NULL)
		return NULL;
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		return NULL;
	}
	c->reg = e;
	return e;
}

static struct range *
range_get(struct proto *p, enum role role, const struct span *s)
{
	struct itree_node *in = itree_find(&p->map[role], s);
	struct range *r;

	if (in != NULL)
		return range_of(in);
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->span = *s;
	RB_INIT(&r->joins);
	(void)itree_insert(&p->map[role], &r->link, &r->span);
	p->ranges[role]++;
	return r;
}

static void
range_release(struct proto *p, enum role role, struct range *r)
{
	if (!RB_EMPTY(&r->joins))
		return;
	itree_remove(&p->map[role], &r->link);
	p->ranges[role]--;
	free(r);
}

struct join *
join_find(struct node *n, const struct span *s)
{
	struct itree_node *in = itree_find(&n->joins, s);

	return in == NULL ? NULL : join_of(in);
}

static struct join *
join_get(struct node *n, const struct span *s)
{
	struct join *j = join_find(n, s);
	struct range *r;

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
	RB_INSERT(join_tree, &r->joins, j);
	(void)itree_insert(&n->joins, &j->link, &r->span);
	n->njoins++;
	return j;
}

/* A join on which nothing rests any more goes. */
static void
join_release(struct join *j)
{
	struct node *n = j->node;
	struct range *r = j->range;

	if (!LIST_EMPTY(&j->entries))
		return;
	(void)join_refresh(j);
	itree_remove(&n->joins, &j->link);
	n->njoins--;
	RB_REMOVE(join_tree, &r->joins, j);
	free(j);
	range_release(n->proto, n->role, r);
}

struct entry *
entry_join(struct peer *peer, struct node *n, const struct span *s,
    uint32_t key)
{
	struct join *j = join_get(n, s);
	struct claim *c;
	struct entry *e;

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
	LIST_INSERT_HEAD(&j->entries, e, join_entry);
	return e;
}

/*
 * Takes a record away.  The join it was of is freed with its last record,
 * so whoever wants to know what changed makes it ineffective first.
 */
void
entry_free(struct entry *e)
{
	struct claim *c = e->claim;
	struct node *n = c == NULL ? NULL : c->node;

	RB_REMOVE(entry_tree, &e->peer->owner->keys, e);
	e->peer->records--;
	if (e->join != NULL) {
		LIST_REMOVE(e, join_entry);
		(void)join_refresh(e->join);
		join_release(e->join);
	}
	if (c != NULL) {
		if (c->reg == e) {
			c->reg = NULL;
			c->dereg = false;
		}
		c->entries--;
		claim_release(c);
	}
	free(e);
	if (n != NULL)
		node_release(n);
}

struct entry *
join_entry(struct join *j, const struct peer *peer)
{
	struct entry *e;

	LIST_FOREACH(e, &j->entries, join_entry)
		if (e->peer == peer)
			return e;
	return NULL;
}

/*
 * A record counts while its owner is alive and has not deregistered
 * the node.
 */
bool
entry_counts(const struct entry *e)
{
	if (e->stale || e->claim->dereg)
		return false;
	return e->peer->state != PEER_HIDDEN && e->peer->state != PEER_ERASED;
}

/* Is the node registered with a server other than this one? */
bool
node_registered(const struct node *n, const struct peer *but)
{
	const struct claim *c;

	if (but != n->proto->self && n->reg != NULL && n->reg->registered)
		return true;
	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->peer != but && c->reg != NULL && entry_counts(c->reg))
			return true;
	return false;
}

/* Works out anew whether the join counts, and says what that changed. */
enum change
join_refresh(struct join *j)
{
	bool live = false, layer3 = false, was = j->live;
	struct entry *e;

	LIST_FOREACH(e, &j->entries, join_entry) {
		if (!entry_counts(e))
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
	return live == was ? CHANGE_NONE : live ? CHANGE_UP : CHANGE_DOWN;
}

/*
 * The parts of a range in which a node is no member by any of its other
 * joins: the hole punching of 6.1.2, over all its live records.
 */
void
node_uncovered(struct node *n, const struct span *s, struct spans *out)
{
	struct itree_node *in;
	struct punch p;

	punch_init(&p, out, s);
	for (in = itree_overlap(&n->joins, s, NULL); in != NULL;
	    in = itree_overlap(&n->joins, s, in->span))
		if (join_of(in)->live && span_cmp(in->span, s) != 0)
			punch_hole(&p, in->span);
	punch_end(&p);
}

/* Is the node in this group, by whatever join? */
bool
node_covers(struct node *n, const struct paddr *group)
{
	struct span s = { *group, *group };
	struct itree_node *in;

	for (in = itree_overlap(&n->joins, &s, NULL); in != NULL;
	    in = itree_overlap(&n->joins, &s, in->span))
		if (join_of(in)->live)
			return true;
	return false;
}

static bool
served_here(struct range *r)
{
	struct join *j;

	RB_FOREACH(j, join_tree, &r->joins)
		if (j->live && j->node->reg != NULL &&
		    j->node->reg->registered)
			return true;
	return false;
}

/*
 * Does an MCS serve a group of the range; local: one that is registered
 * here?
 */
bool
map_serves(struct proto *p, const struct span *s, bool local)
{
	const struct itree *map = &p->map[ROLE_MCS];
	struct itree_node *in;

	for (in = itree_overlap(map, s, NULL); in != NULL;
	    in = itree_overlap(map, s, in->span))
		if (range_of(in)->live != 0 &&
		    (!local || served_here(range_of(in))))
			return true;
	return false;
}

/* What of the ranges no MCS serves: 6.2.4. */
void
spans_unserved(struct proto *p, const struct spans *in, struct spans *out)
{
	const struct itree *map = &p->map[ROLE_MCS];
	struct itree_node *n;
	struct punch punch;
	size_t i;

	out->failed = out->failed || in->failed;
	for (i = 0; i < in->n; i++) {
		punch_init(&punch, out, &in->v[i]);
		for (n = itree_overlap(map, &in->v[i], NULL); n != NULL;
		    n = itree_overlap(map, &in->v[i], n->span))
			if (range_of(n)->live != 0)
				punch_hole(&punch, n->span);
		punch_end(&punch);
	}
}

/* Is anybody in the group at all? */
bool
group_has(struct proto *p, enum role role, const struct paddr *group)
{
	struct span s = { *group, *group };
	struct itree_node *in;

	for (in = itree_overlap(&p->map[role], &s, NULL); in != NULL;
	    in = itree_overlap(&p->map[role], &s, in->span))
		if (range_of(in)->live != 0)
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
group_members(struct proto *p, enum role role, const struct paddr *group,
    const struct atm_addr ***list, size_t *n)
{
	struct span s = { *group, *group };
	struct itree_node *in;
	struct join *j;
	size_t max = 0;

	*list = NULL;
	*n = 0;
	p->mark++;
	for (in = itree_overlap(&p->map[role], &s, NULL); in != NULL;
	    in = itree_overlap(&p->map[role], &s, in->span)) {
		RB_FOREACH(j, join_tree, &range_of(in)->joins) {
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
