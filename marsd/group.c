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
 * sends anything: who changes an entry is told what that has changed
 * (entry.h), and tells those who have to know.
 */
#include <endian.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "group.h"
#include "move.h"

struct marsd_node *
marsd_node_of(const struct marsd_join *j)
{
	return slab_from(j, j->node);
}

struct marsd_range *
marsd_range_of(const struct marsd_join *j)
{
	return slab_from(j, j->range);
}

/*
 * The place of an address: addresses of one kind stand together, as a
 * MARS_MULTI wants them.  The rest of an address that embeds one of IPv4 is
 * zero.
 */
static struct btree_probe
place_of(const struct atm_addr *a)
{
	uint64_t first, next;

	memcpy(&first, a->num, sizeof(first));
	memcpy(&next, a->num + 6, sizeof(next));
	return (struct btree_probe){ .like = a,
	    .key = { (uint64_t)a->num_tl << 56 | (uint64_t)a->sub_tl << 48 |
		    be64toh(first) >> 16, be64toh(next) } };
}

static int
node_cmp(const struct btree_kind *k, const void *like, const void *object)
{
	const struct marsd_node *n = object;

	(void)k;
	return atm_addr_cmp(like, &n->atm);
}

static struct btree_probe
node_place(const struct btree_kind *k, const void *object)
{
	const struct marsd_node *n = object;

	(void)k;
	return place_of(&n->atm);
}

/* Joins of a range: one that is found needs no look at its node. */
static struct btree_probe
join_place(const struct btree_kind *k, const void *object)
{
	const struct marsd_join *j = object;

	(void)k;
	return (struct btree_probe){ .key = { j->node } };
}

static const struct btree_kind nodes_kind = { 16, node_cmp, node_place },
	joins_kind = { 4, NULL, join_place };

static const uint8_t *
span_of_range(const void *object)
{
	const struct marsd_range *r = object;

	return r->span;
}

static const uint8_t *
span_of_join(const void *object)
{
	const struct marsd_join *j = object;

	return marsd_range_of(j)->span;
}

static const struct marsd_itree_kind ranges_kind[MARSD_ITREE_KINDS] =
    MARSD_ITREE_KIND(span_of_range),
    node_joins_kind[MARSD_ITREE_KINDS] = MARSD_ITREE_KIND(span_of_join);

struct marsd_span
marsd_range_span(const struct marsd_range *r)
{
	return marsd_span_unpack(r->span);
}

struct marsd_span
marsd_join_span(const struct marsd_join *j)
{
	return marsd_range_span(marsd_range_of(j));
}

struct marsd_range *
marsd_range_overlap(const struct marsd_itree *map, const struct marsd_span *s,
    const struct marsd_range *after)
{
	struct marsd_span at;

	if (after == NULL)
		return marsd_itree_overlap(map, s, NULL);
	at = marsd_range_span(after);
	return marsd_itree_overlap(map, s, &at);
}

/* The slab for ranges of addresses of so many octets. */
static struct slab *
range_slab(struct marsd *m, uint8_t len)
{
	if (len > 16)
		return &m->ranges[2];
	return &m->ranges[len > 4];
}

void
marsd_range_room_init(struct marsd *m)
{
	static const uint8_t len[] = { 4, 16, PADDR_MAX };
	size_t i;

	for (i = 0; i < sizeof(len); i++)
		slab_init(&m->ranges[i], &m->pool,
		    offsetof(struct marsd_range, span) +
		    MARSD_SPAN_LEN(len[i]));
}

void
marsd_maps_init(struct marsd_proto *p)
{
	int role;

	for (role = 0; role < MARSD_ROLES; role++) {
		btree_init(&p->nodes[role]);
		marsd_itree_init(&p->map[role], ranges_kind,
		    marsd_random(p->cluster->mars));
	}
}

struct marsd_range *
marsd_range_find(const struct marsd_proto *p, enum marsd_role role,
    const struct marsd_span *s)
{
	return marsd_itree_find(&p->map[role], s);
}

struct marsd_range *
marsd_range_after(const struct marsd_proto *p, enum marsd_role role,
    const struct marsd_span *s)
{
	return marsd_itree_next(&p->map[role], s);
}

struct marsd_join *
marsd_join_after(const struct marsd_node *n, const struct marsd_span *s)
{
	return marsd_itree_next(&n->joins, s);
}

struct marsd_join *
marsd_join_behind(const struct marsd_join *j)
{
	struct marsd_span s = marsd_join_span(j);

	return marsd_join_after(marsd_node_of(j), &s);
}

/* A node is known by its ATM address, never by its protocol address. */
struct marsd_node *
marsd_node_find(
    struct marsd_proto *p, enum marsd_role role, const struct atm_addr *atm)
{
	struct btree_probe at = place_of(atm);

	return btree_find(&nodes_kind, &p->nodes[role], &at);
}

struct marsd_node *
marsd_node_from(const struct marsd_proto *p, enum marsd_role role,
    const struct atm_addr *atm)
{
	struct btree_probe at = place_of(atm);

	return btree_from(&nodes_kind, &p->nodes[role], &at);
}

struct marsd_node *
marsd_node_after(const struct marsd_proto *p, enum marsd_role role,
    const struct atm_addr *atm)
{
	struct btree_probe at = place_of(atm);

	return btree_after(&nodes_kind, &p->nodes[role], &at);
}

struct marsd_node *
marsd_node_get(
    struct marsd_proto *p, enum marsd_role role, const struct atm_addr *atm)
{
	struct slab *slab = &p->cluster->mars->nodes;
	struct marsd_node *n = marsd_node_find(p, role, atm);

	if (n != NULL)
		return n;
	if ((n = slab_get(slab)) == NULL)
		return NULL;
	n->proto = p;
	n->role = role;
	n->atm = *atm;
	marsd_claims_init(n);
	marsd_itree_init(
	    &n->joins, node_joins_kind, marsd_random(p->cluster->mars));
	if (btree_insert(&nodes_kind, &p->nodes[role], n) == n)
		return n;
	slab_put(slab, n);
	return NULL;
}

void
marsd_node_release(struct marsd_node *n)
{
	struct btree_probe at;

	if (n->reg != NULL || !btree_empty(&n->claims) || n->njoins != 0)
		return;
	at = place_of(&n->atm);
	(void)btree_remove(&nodes_kind, &n->proto->nodes[n->role], &at);
	slab_put(&n->proto->cluster->mars->nodes, n);
}

/* The same, made if need be; NULL: no memory. */
static struct marsd_range *
range_get(
    struct marsd_proto *p, enum marsd_role role, const struct marsd_span *s)
{
	struct slab *slab = range_slab(p->cluster->mars, s->min.len);
	struct marsd_range *r, *have;

	if ((r = slab_get(slab)) == NULL)
		return NULL;
	marsd_span_pack(r->span, s);
	btree_init(&r->joins);
	if ((have = marsd_itree_insert(&p->map[role], r)) != r)
		slab_put(slab, r);
	else
		p->ranges[role]++;
	return have;
}

static void
range_release(
    struct marsd_proto *p, enum marsd_role role, struct marsd_range *r)
{
	struct marsd_span s = marsd_range_span(r);

	if (!btree_empty(&r->joins))
		return;
	marsd_itree_remove(&p->map[role], &s);
	p->ranges[role]--;
	slab_put(range_slab(p->cluster->mars, s.min.len), r);
}

void
marsd_range_walk(struct btree_walk *w, const struct marsd_range *r)
{
	btree_walk_init(w, &joins_kind, &r->joins);
}

struct marsd_join *
marsd_range_next(struct btree_walk *w)
{
	return btree_walk_next(w);
}

struct marsd_join *
marsd_join_find(struct marsd_node *n, const struct marsd_span *s)
{
	return marsd_itree_find(&n->joins, s);
}

/* The node's join of a range, made if need be; NULL: no memory. */
static struct marsd_join *
join_of(struct marsd_node *n, struct marsd_range *r)
{
	struct slab *slab = &n->proto->cluster->mars->joins;
	struct marsd_join *j, *have;
	struct btree_probe p;

	if ((j = slab_get(slab)) == NULL)
		return NULL;
	j->node = slab_ref(n);
	j->range = slab_ref(r);
	marsd_join_init(j);
	if ((have = btree_insert(&joins_kind, &r->joins, j)) == j) {
		if (marsd_itree_insert(&n->joins, j) != NULL) {
			n->njoins++;
			return j;
		}
		p = join_place(NULL, j);
		(void)btree_remove(&joins_kind, &r->joins, &p);
		have = NULL;
	}
	slab_put(slab, j);
	return have;
}

struct marsd_join *
marsd_join_get(struct marsd_node *n, const struct marsd_span *s)
{
	struct marsd_range *r = range_get(n->proto, n->role, s);
	struct marsd_join *j;

	if (r == NULL)
		return NULL;
	if ((j = join_of(n, r)) == NULL)
		range_release(n->proto, n->role, r);
	return j;
}

void
marsd_join_release(struct marsd_join *j)
{
	struct marsd_node *n = marsd_node_of(j);
	struct marsd_range *r = marsd_range_of(j);
	struct btree_probe p;
	struct marsd_span s;

	if (!btree_empty(&j->entries))
		return;
	p = join_place(NULL, j);
	s = marsd_join_span(j);
	marsd_itree_remove(&n->joins, &s);
	n->njoins--;
	(void)btree_remove(&joins_kind, &r->joins, &p);
	slab_put(&n->proto->cluster->mars->joins, j);
	range_release(n->proto, n->role, r);
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
	const struct marsd_claim *c = NULL;

	if (but != n->proto->self && marsd_node_is_here(n))
		return true;
	while ((c = marsd_claim_next(n, c)) != NULL)
		if (c->peer != but && c->reg != NULL &&
		    marsd_entry_counts(c->reg))
			return true;
	return false;
}

/* The node's next join in order, after one or NULL, that overlaps. */
static struct marsd_join *
join_overlap(const struct marsd_node *n, const struct marsd_span *s,
    const struct marsd_join *after)
{
	struct marsd_span at;

	if (after == NULL)
		return marsd_itree_overlap(&n->joins, s, NULL);
	at = marsd_join_span(after);
	return marsd_itree_overlap(&n->joins, s, &at);
}

/*
 * This is the hole punching of RFC 2022 section 6.1.2.  It looks at all that
 * any server says of the node, and so does every server.
 */
void
marsd_node_uncovered(
    struct marsd_node *n, const struct marsd_span *s, struct marsd_spans *out)
{
	struct marsd_span hole;
	struct marsd_punch p;
	struct marsd_join *j;

	marsd_punch_init(&p, out, s);
	for (j = join_overlap(n, s, NULL); j != NULL && !p.done;
	    j = join_overlap(n, &p.rest, j)) {
		n->proto->cluster->walked++;
		hole = marsd_join_span(j);
		if (j->counts != 0 && marsd_span_cmp(&hole, s) != 0)
			marsd_punch_hole(&p, &hole);
	}
	marsd_punch_end(&p);
}

void
marsd_node_parts(struct marsd_node *n, const struct marsd_span *s, bool in,
    struct marsd_spans *out)
{
	struct marsd_spans others;
	struct marsd_span hole;
	struct marsd_punch p;
	struct marsd_join *j;
	size_t k;

	marsd_spans_init(&others);
	marsd_punch_init(&p, in ? &others : out, s);
	for (j = join_overlap(n, s, NULL); j != NULL && !p.done;
	    j = join_overlap(n, &p.rest, j)) {
		hole = marsd_join_span(j);
		if (j->counts != 0)
			marsd_punch_hole(&p, &hole);
	}
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
	struct marsd_join *j;

	for (j = join_overlap(n, &s, NULL); j != NULL;
	    j = join_overlap(n, &s, j))
		if (j->counts != 0)
			return true;
	return false;
}

bool
marsd_map_serves(struct marsd_proto *p, const struct marsd_span *s, bool local)
{
	struct marsd_range *r;

	MARSD_RANGE_OVERLAPS(r, &p->map[MARSD_ROLE_MCS], s)
	if (local ? r->own != 0 : r->live != 0)
		return true;
	return false;
}

/* RFC 2022 section 6.2.4. */
void
marsd_spans_unserved(struct marsd_proto *p, const struct marsd_spans *in,
    struct marsd_spans *out)
{
	const struct marsd_itree *map = &p->map[MARSD_ROLE_MCS];
	struct marsd_range *r;
	struct marsd_punch punch;
	struct marsd_span hole;
	size_t i;

	out->failed = out->failed || in->failed;
	for (i = 0; i < in->n; i++) {
		marsd_punch_init(&punch, out, &in->v[i]);
		MARSD_RANGE_OVERLAPS(r, map, &punch.rest)
		{
			if (punch.done)
				break;
			p->cluster->walked++;
			hole = marsd_range_span(r);
			if (r->live != 0)
				marsd_punch_hole(&punch, &hole);
		}
		marsd_punch_end(&punch);
	}
}

bool
marsd_group_has(
    struct marsd_proto *p, enum marsd_role role, const struct paddr *group)
{
	struct marsd_span s = { *group, *group };
	struct marsd_range *r;

	MARSD_RANGE_OVERLAPS(r, &p->map[role], &s)
	if (r->live != 0)
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
	struct marsd_node *node;
	struct btree_walk w;
	struct marsd_range *r;
	struct marsd_join *j;
	size_t max = 0;

	*list = NULL;
	*n = 0;
	p->mark++;
	MARSD_RANGE_OVERLAPS(r, &p->map[role], &s)
	{
		p->cluster->listed++;
		marsd_range_walk(&w, r);
		while ((j = marsd_range_next(&w)) != NULL) {
			p->cluster->listed++;
			node = marsd_node_of(j);
			if (j->counts == 0 || node->mark == p->mark)
				continue;
			node->mark = p->mark;
			if (list_add(list, n, &max, &node->atm) == -1) {
				free(*list);
				*list = NULL;
				return -1;
			}
		}
	}
	return 0;
}
