/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Ordered sets of address ranges that may overlap: a treap in which every
 * node knows the largest end below it.  So the ranges that overlap a given
 * one are found in O(log n) each, blocks that cover a group included.
 */
#ifndef MARSD_ITREE_H
#define MARSD_ITREE_H

#include "addr.h"

/* all addresses from min to max, both included (RFC 2022 section 5.2) */
struct span {
	struct paddr	min, max;
};

struct itree_node {
	struct itree_node	*left, *right;
	const struct span	*span;	/* of the object that this is part of */
	const struct paddr	*end;	/* largest max in this subtree */
	uint32_t		 priority;
};

struct itree {
	struct itree_node	*root;
	uint32_t		 seed;
};

int	span_cmp(const struct span *, const struct span *);

void	itree_init(struct itree *, uint32_t);
/* span has to outlive the node; false: an equal span is there already */
bool	itree_insert(struct itree *, struct itree_node *, const struct span *);
void	itree_remove(struct itree *, struct itree_node *);
struct itree_node *itree_find(const struct itree *, const struct span *);
/* the next node in order after a span (NULL: from the start) that overlaps */
struct itree_node *itree_overlap(const struct itree *, const struct span *,
	    const struct span *);
/* the next node in order after a span (NULL: the first) */
struct itree_node *itree_next(const struct itree *, const struct span *);

/*
 * A list of ranges under construction: ascending, apart.  A shortage of
 * memory is remembered in failed.
 */
struct spans {
	struct span	*v;
	size_t		 n, max;
	bool		 failed;
};

void	spans_init(struct spans *);
void	spans_free(struct spans *);
void	spans_add(struct spans *, const struct span *);
/*
 * What holes have been punched so far leave of whole, for holes that come
 * in ascending order of min: call for each, then with NULL.
 */
struct punch {
	struct spans	*out;
	struct paddr	 next;		/* first address not yet decided */
	struct paddr	 last;
	bool		 done;
};
void	punch_init(struct punch *, struct spans *, const struct span *);
void	punch_hole(struct punch *, const struct span *);
void	punch_end(struct punch *);
/* the one range is whole */
bool	spans_whole(const struct spans *, const struct span *);

#endif
