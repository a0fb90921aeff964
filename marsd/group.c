/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The database: who is in which group (host map and server map of RFC 2022
 * sections 4.1 and 6.2; RFC 2443; D1, D3).
 *
 * RFC 2443 sections 5.3 and 5.4 let messages follow from the kind of a record
 * that arrives.  Ours: they follow from what a node was a member of
 * before and is now, since records may overtake each other.  So nothing here
 * sends anything: marsd_join_refresh() says what has changed, and its callers
 * tell those who have to know.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "group.h"
#include "move.h"

static int
node_cmp(struct marsd_node *a, struct marsd_node *b)
{
	return atm_addr_cmp(&a->atm, &b->atm);
}

static int
join_cmp(const void *like, const void *object)
{
	const struct marsd_join *j = object;

	return atm_addr_cmp(like, &j->node->atm);
}

/*
 * The place of an address: addresses of one kind stand together, as a
 * MARS_MULTI wants them.  The rest of an address that embeds one of IPv4 is
 * zero.
 */
static struct btree_probe
place_of(const struct atm_addr *a)
{
	struct btree_probe p = { .like = a };
	size_t i;

	p.key[0] = (uint64_t)a->num_tl << 8 | a->sub_tl;
	for (i = 0; i < 6; i++)
		p.key[0] = p.key[0] << 8 | a->num[i];
	for (; i < 14; i++)
		p.key[1] = p.key[1] << 8 | a->num[i];
	return p;
}

RB_GENERATE(marsd_node_tree, marsd_node, entry, node_cmp)

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

/* A node is known by its ATM address, never by its protocol address. */
struct marsd_node *
marsd_node_find(
    struct marsd_proto *p, enum marsd_role role, const struct atm_addr *atm)
{
	struct marsd_node key;

	key.atm = *atm;
	return RB_FIND(marsd_node_tree, &p->nodes[role], &key);
}

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
	btree_init(&r->joins, 2, join_cmp);
	if (!marsd_itree_insert(&p->map[role], &r->link, &r->span)) {
		free(r);
		return NULL;
	}
	p->ranges[role]++;
	return r;
}

static void
range_release(
    struct marsd_proto *p, enum marsd_role role, struct marsd_range *r)
{
	if (btree_first(&r->joins) != NULL)
		return;
	marsd_itree_remove(&p->map[role], &r->link);
	p->ranges[role]--;
	free(r);
}

void
marsd_range_walk(struct btree_walk *w, const struct marsd_range *r)
{
	btree_walk_init(w, &r->joins);
}

struct marsd_join *
marsd_range_next(struct btree_walk *w)
{
	return btree_walk_next(w);
}

struct marsd_join *
marsd_join_find(struct marsd_node *n, const struct marsd_span *s)
{
	struct marsd_itree_node *in = marsd_itree_find(&n->joins, s);

	return in == NULL ? NULL : marsd_join_of(in);
}

static struct marsd_join *
join_make(struct marsd_node *n, struct marsd_range *r)
{
	struct btree_probe p = place_of(&n->atm);
	struct marsd_join *j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->node = n;
	j->range = r;
	LIST_INIT(&j->entries);
	if (!btree_insert(&r->joins, &p, j)) {
		free(j);
		return NULL;
	}
	if (!marsd_itree_insert(&n->joins, &j->link, &r->span)) {
		(void)btree_remove(&r->joins, &p);
		free(j);
		return NULL;
	}
	n->njoins++;
	return j;
}

struct marsd_join *
marsd_join_get(struct marsd_node *n, const struct marsd_span *s)
{
	struct marsd_join *j = marsd_join_find(n, s);
	struct marsd_range *r;

	if (j != NULL)
		return j;
	if ((r = range_get(n->proto, n->role, s)) == NULL)
		return NULL;
	if ((j = join_make(n, r)) == NULL)
		range_release(n->proto, n->role, r);
	return j;
}

void
marsd_join_release(struct marsd_join *j)
{
	struct marsd_node *n = j->node;
	struct marsd_range *r = j->range;
	struct btree_probe p = place_of(&n->atm);

	if (!LIST_EMPTY(&j->entries))
		return;
	(void)marsd_join_refresh(j);
	marsd_itree_remove(&n->joins, &j->link);
	n->njoins--;
	(void)btree_remove(&r->joins, &p);
	free(j);
	range_release(n->proto, n->role, r);
}

struct marsd_entry *
marsd_join_entry(struct marsd_join *j, const struct marsd_peer *peer)
{
	struct marsd_entry *e;

	LIST_FOREACH(e, &j->entries, join_entry)
		if (e->peer == peer)
			return e;
	return NULL;
}

void
marsd_node_came(struct marsd_node *n, const struct marsd_peer *peer)
{
	memcpy(n->present, peer->owner->oid, sizeof(n->present));
	n->came = marsd_proto_timers(n->proto)->now;
}

bool
marsd_node_is_here(const struct marsd_node *n)
{
	return n->reg != NULL && n->reg->place != MARSD_MOVE_NEW;
}

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

enum marsd_change
marsd_join_refresh(struct marsd_join *j)
{
	bool live = false, layer3 = false, was = j->live;
	struct marsd_entry *e;

	LIST_FOREACH(e, &j->entries, join_entry) {
		if (!marsd_entry_counts(e))
			continue;
		live = true;
		layer3 = layer3 || e->layer3;
	}
	if (was)
		j->was_layer3 = j->layer3;
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
	if (live == was)
		return MARSD_CHANGE_NONE;
	marsd_news_tell(j->node,
	    live ? MARSD_CHANGED_JOINED : MARSD_CHANGED_LEFT, &j->range->span);
	return live ? MARSD_CHANGE_UP : MARSD_CHANGE_DOWN;
}

/*
 * This is the hole punching of RFC 2022 section 6.1.2.  It looks at all that
 * any server says of the node, and so does every server.
 */
void
marsd_node_uncovered(
    struct marsd_node *n, const struct marsd_span *s, struct marsd_spans *out)
{
	struct marsd_itree_node *in;
	struct marsd_punch p;

	marsd_punch_init(&p, out, s);
	for (in = marsd_itree_overlap(&n->joins, s, NULL);
	    in != NULL && !p.done;
	    in = marsd_itree_overlap(&n->joins, s, in->span)) {
		n->proto->cluster->walked++;
		if (marsd_join_of(in)->live && marsd_span_cmp(in->span, s) != 0)
			marsd_punch_hole(&p, in->span);
	}
	marsd_punch_end(&p);
}

void
marsd_node_parts(struct marsd_node *n, const struct marsd_span *s, bool in,
    struct marsd_spans *out)
{
	struct marsd_itree_node *i;
	struct marsd_spans others;
	struct marsd_punch p;
	size_t k;

	marsd_spans_init(&others);
	marsd_punch_init(&p, in ? &others : out, s);
	for (i = marsd_itree_overlap(&n->joins, s, NULL); i != NULL && !p.done;
	    i = marsd_itree_overlap(&n->joins, s, i->span))
		if (marsd_join_of(i)->live)
			marsd_punch_hole(&p, i->span);
	marsd_punch_end(&p);
	if (!in)
		return;
	out->failed = out->failed || others.failed;
	marsd_punch_init(&p, out, s);
	for (k = 0; k < others.n; k++)
		marsd_punch_hole(&p, &others.v[k]);
	marsd_punch_end(&p);
	marsd_spans_free(&others);
}

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
	struct btree_walk w;
	struct marsd_join *j;

	marsd_range_walk(&w, r);
	while ((j = marsd_range_next(&w)) != NULL)
		if (j->live && marsd_node_is_here(j->node))
			return true;
	return false;
}

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

/* RFC 2022 section 6.2.4. */
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
		for (n = marsd_itree_overlap(map, &in->v[i], NULL);
		    n != NULL && !punch.done;
		    n = marsd_itree_overlap(map, &in->v[i], n->span)) {
			p->cluster->walked++;
			if (marsd_range_of(n)->live != 0)
				marsd_punch_hole(&punch, n->span);
		}
		marsd_punch_end(&punch);
	}
}

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

/* By joins of the group alone and by blocks that cover it. */
int
marsd_group_members(struct marsd_proto *p, enum marsd_role role,
    const struct paddr *group, const struct atm_addr ***list, size_t *n)
{
	struct marsd_span s = { *group, *group };
	struct marsd_itree_node *in;
	struct btree_walk w;
	struct marsd_join *j;
	size_t max = 0;

	*list = NULL;
	*n = 0;
	p->mark++;
	for (in = marsd_itree_overlap(&p->map[role], &s, NULL); in != NULL;
	    in = marsd_itree_overlap(&p->map[role], &s, in->span)) {
		marsd_range_walk(&w, marsd_range_of(in));
		while ((j = marsd_range_next(&w)) != NULL) {
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
