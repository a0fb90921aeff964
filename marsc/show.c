/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What a client has, for its owner to show. */
#include "client.h"

void
marsc_stats(const struct marsc *c, struct marsc_stats *s)
{
	s->paths = c->npaths;
	s->evicted = c->evicted;
	s->held_octets = c->held_octets;
	s->requests = c->turn.nopen;
	s->requests_waiting = c->turn.nrest;
	s->request_rate = c->turn.pace.rate;
	s->joins = c->joining.nout;
	s->joins_waiting = c->joining.nwaiting;
	s->join_rate = c->joining.pace.rate;
	s->joins_lost = c->joining.lost;
}

/* --- joins: the single groups, then the blocks */

/* The first of a tree behind the cursor; NULL: none. */
static struct marsc_joined *
show_next_join(const struct marsc_joined_tree *t, const struct marsc_cursor *at)
{
	/* the macros of trees know no const */
	struct marsc_joined_tree *tree =
	    (struct marsc_joined_tree *)(uintptr_t)t;
	struct marsc_joined key, *j;

	if (!at->begun)
		return RB_MIN(marsc_joined_tree, tree);
	key.min = at->min;
	key.max = at->max;
	j = RB_NFIND(marsc_joined_tree, tree, &key);
	if (j != NULL && paddr_equal(&j->min, &at->min) &&
	    paddr_equal(&j->max, &at->max))
		j = RB_NEXT(marsc_joined_tree, tree, j);
	return j;
}

bool
marsc_joins(const struct marsc *c, struct marsc_cursor *at,
    struct marsc_join_info *info)
{
	struct marsc_joined *j = NULL;

	if (!at->blocks && (j = show_next_join(&c->singles, at)) == NULL)
		*at = (struct marsc_cursor){ .blocks = true };
	if (at->blocks && (j = show_next_join(&c->blocks, at)) == NULL)
		return false;
	at->begun = true;
	at->min = j->min;
	at->max = j->max;
	*info = (struct marsc_join_info){ .min = j->min,
	    .max = j->max,
	    .layer3 = j->layer3,
	    .joined = j->state == MARSC_JOIN_IN,
	    .state = marsc_join_table.states[j->state] };
	return true;
}

/* --- paths and their leaves */

bool
marsc_path_steady(const struct marsc *c, const struct paddr *group,
    struct marsc_steady *s)
{
	const struct marsc_path *p =
	    marsc_path_find((struct marsc *)(uintptr_t)c, group);

	if (p == NULL || p->state != MARSC_PATH_UP || p->revalidate ||
	    p->nup == 0 || p->nup != p->nleaves || vc_backlog(p->vc) != 0)
		return false;
	*s = (struct marsc_steady){ .version = p->version,
		    .members = p->nup };
	return true;
}

bool
marsc_paths(const struct marsc *c, struct marsc_cursor *at,
    struct marsc_path_info *info)
{
	struct marsc_path_tree *tree =
	    (struct marsc_path_tree *)(uintptr_t)&c->paths;
	struct marsc_path key, *p;

	key.group = at->min;
	p = at->begun ? RB_NFIND(marsc_path_tree, tree, &key) :
	    RB_MIN(marsc_path_tree, tree);
	if (p != NULL && at->begun && paddr_equal(&p->group, &at->min))
		p = RB_NEXT(marsc_path_tree, tree, p);
	if (p == NULL)
		return false;
	at->begun = true;
	at->min = p->group;
	*info = (struct marsc_path_info){ .group = p->group,
	    .state = marsc_path_table.states[p->state],
	    .leaves = p->nleaves,
	    .members = p->nup,
	    .held = p->nheld,
	    .packets = p->packets,
	    .octets = p->octets,
	    .copies = p->copies,
	    .dropped = p->dropped,
	    .idle = mtime_diff(p->last, c->ts->now) };
	return true;
}

bool
marsc_leaves(const struct marsc *c, const struct paddr *group,
    struct marsc_cursor *at, struct marsc_leaf_info *info)
{
	static const char *const states[] = {
		[MARSC_LEAF_NEW] = "new",
		[MARSC_LEAF_CALLED] = "called",
		[MARSC_LEAF_UP] = "up",
		[MARSC_LEAF_TAGGED] = "tagged",
	};
	struct marsc_path *p =
	    marsc_path_find((struct marsc *)(uintptr_t)c, group);
	struct marsc_leaf key, *l;

	if (p == NULL)
		return false;
	key.addr = at->leaf;
	l = at->begun ? RB_NFIND(marsc_leaf_tree, &p->leaves, &key) :
	    RB_MIN(marsc_leaf_tree, &p->leaves);
	if (l != NULL && at->begun && atm_addr_equal(&l->addr, &at->leaf))
		l = RB_NEXT(marsc_leaf_tree, &p->leaves, l);
	if (l == NULL)
		return false;
	at->begun = true;
	at->leaf = l->addr;
	*info = (struct marsc_leaf_info){ .addr = l->addr,
	    .state = states[l->state],
	    .up = l->state == MARSC_LEAF_UP };
	if (info->up)
		info->has_circuit = vc_leaf_circuit(l->vcleaf, &info->circuit);
	return true;
}
