/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What an edge joins: the union of what those of its LANs want for which it
 * forwards.  A group that hosts want, or that is static, is joined alone, with
 * the layer 3 flag; a static block is one join of a block (RFC 2022 section
 * 5.2), however large.  Both may be for the same group: the MARS keeps what is
 * joined alone and what is in a block apart, and neither ends the other.
 */
#include <stdlib.h>

#include "edge_impl.h"

int
edged_join_cmp(const struct edged_join *a, const struct edged_join *b)
{
	return paddr_cmp(&a->group, &b->group);
}
RB_GENERATE(edged_join_tree, edged_join, entry, edged_join_cmp)

static void
edge_join_tell(struct edged_edge *e, const struct paddr *group, bool join)
{
	struct marsc *c = edged_end_client(&e->self, group);

	if (c == NULL)
		return;
	if (!join)
		(void)marsc_leave(c, group, group);
	else if (marsc_join(c, group, group, true) == MARSC_E_MEMORY)
		edged_edge_event(e,
		    &(struct edged_event){
			.code = EDGED_EV_NO_MEMORY, .why = "a join" });
}

void
edged_join_add(struct edged_edge *e, const struct paddr *group)
{
	struct edged_join key = { .group = *group }, *j;

	if ((j = RB_FIND(edged_join_tree, &e->joins, &key)) != NULL) {
		j->lans++;
		return;
	}
	if ((j = calloc(1, sizeof(*j))) == NULL) {
		edged_edge_event(e,
		    &(struct edged_event){
			.code = EDGED_EV_NO_MEMORY, .why = "a join" });
		return;
	}
	j->group = *group;
	j->lans = 1;
	RB_INSERT(edged_join_tree, &e->joins, j);
	e->njoins++;
	edge_join_tell(e, group, true);
}

void
edged_join_remove(struct edged_edge *e, const struct paddr *group)
{
	struct edged_join key = { .group = *group }, *j;

	j = RB_FIND(edged_join_tree, &e->joins, &key);
	if (j == NULL || --j->lans > 0)
		return; /* NULL: there was no memory to join it */
	RB_REMOVE(edged_join_tree, &e->joins, j);
	e->njoins--;
	edge_join_tell(e, group, false);
	free(j);
}

bool
edged_joined(struct edged_edge *e, const struct paddr *group)
{
	struct edged_join key = { .group = *group };
	size_t i;

	for (i = 0; i < e->blocks.n; i++)
		if (edged_range_has(&e->blocks.list[i], group))
			return true;
	return RB_FIND(edged_join_tree, &e->joins, &key) != NULL;
}

/* --- blocks, and what the multicast server serves */

static bool
same_range(const struct edged_range *a, const struct edged_range *b)
{
	return paddr_equal(&a->min, &b->min) && paddr_equal(&a->max, &b->max);
}

static bool
range_among(
    const struct edged_range *r, const struct edged_range *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (same_range(r, &list[i]))
			return true;
	return false;
}

static bool
range_within(const struct edged_range *r, const struct edged_range *in)
{
	return edged_range_has(in, &r->min) && edged_range_has(in, &r->max);
}

/*
 * Blocks of a member, or of a server, never overlap (5.2).  Ours are prefixes,
 * of which one has all of the other or nothing: what is within another is left
 * out.
 */
static size_t
ranges_add(struct edged_range *list, size_t n, const struct edged_range *r)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++)
		if (range_within(r, &list[i]))
			return n;
	for (i = 0; i < n; i++)
		if (!range_within(&list[i], r))
			list[kept++] = list[i];
	list[kept++] = *r;
	return kept;
}

static void
range_leave(const struct edged_end *end, const struct edged_range *r)
{
	struct marsc *c = edged_end_client(end, &r->min);

	if (c != NULL)
		(void)marsc_leave(c, &r->min, &r->max);
}

/* False: it has to wait until the MARS has let go of what it overlaps. */
static bool
range_join(const struct edged_end *end, const struct edged_range *r)
{
	struct marsc *c = edged_end_client(end, &r->min);

	return c == NULL || marsc_join(c, &r->min, &r->max, false) == MARSC_OK;
}

/* Room for so many, before anything is done; NULL: no memory, which is told. */
static struct edged_range *
ranges_room(struct edged_edge *e, size_t n)
{
	struct edged_range *list = reallocarray(NULL, n + 1, sizeof(*list));

	if (list == NULL)
		edged_edge_event(e,
		    &(struct edged_event){
			.code = EDGED_EV_NO_MEMORY, .why = "a join" });
	return list;
}

/* Leaves what is not among these n, joins what is new, and keeps the list. */
static void
ranges_follow(const struct edged_end *end, struct edged_ranges *r,
    struct edged_range *now, size_t n)
{
	size_t i, joined = 0;

	r->changing = true;
	for (i = 0; i < r->n; i++)
		if (!range_among(&r->list[i], now, n))
			range_leave(end, &r->list[i]);
	for (i = 0; i < n; i++)
		if (range_among(&now[i], r->list, r->n) ||
		    range_join(end, &now[i]))
			now[joined++] = now[i];
	free(r->list);
	r->list = now;
	r->n = joined;
	r->changing = false;
}

static size_t
blocks_count(const struct edged_edge *e)
{
	const struct edged_port *p;
	size_t n = 0;

	TAILQ_FOREACH(p, &e->ports, entry)
		if (p->forwards)
			n += p->lan.conf.nblocks;
	return n;
}

void
edged_join_blocks(struct edged_edge *e)
{
	const struct edged_port *p;
	struct edged_range *now;
	size_t i, n = 0;

	/* one that has been left at once is told of before we go on */
	if (e->blocks.changing ||
	    (now = ranges_room(e, blocks_count(e))) == NULL)
		return;
	TAILQ_FOREACH(p, &e->ports, entry)
		for (i = 0; p->forwards && i < p->lan.conf.nblocks; i++)
			n = ranges_add(now, n, &p->lan.conf.blocks[i]);
	ranges_follow(&e->self, &e->blocks, now, n);
}

void
edged_join_served(struct edged_edge *e)
{
	const struct edged_edge_conf *conf = &e->conf;
	struct edged_range *now;
	size_t i, n = 0;

	if (e->served.changing ||
	    (now = ranges_room(e, conf->nserve)) == NULL)
		return;
	for (i = 0; i < conf->nserve; i++)
		n = ranges_add(now, n, &conf->serve[i]);
	ranges_follow(&e->server, &e->served, now, n);
}
