/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Ordered sets of address ranges that may overlap.  Nearly all of them are one
 * address, which are kept in a B+-tree.  The others, blocks, are in a treap in
 * which every node knows the largest end below it.  So the ranges that overlap
 * a given one are found in O(log n) each, blocks that cover a group included.
 */
#ifndef MARSD_ITREE_H
#define MARSD_ITREE_H

#include "addr.h"
#include "btree.h"

/* all addresses from min to max, both included (RFC 2022 section 5.2) */
struct marsd_span {
	struct paddr	min, max;
};

struct marsd_block;

struct marsd_itree {
	struct btree		 singles;	/* first: see itree.c */
	struct marsd_block	*root;
	const struct marsd_span	*(*span)(const void *);
	uint32_t		 seed;
	uint8_t			 len;	/* of singles, 0: none was there yet */
};

int	marsd_span_cmp(const struct marsd_span *, const struct marsd_span *);

/* of objects whose spans the function gives; a span stays while it is in */
void	marsd_itree_init(struct marsd_itree *,
	    const struct marsd_span *(*)(const void *), uint32_t seed);
/*
 * Puts an object in, unless there is one with this span, and returns what is
 * there then; NULL: no memory.
 */
void	*marsd_itree_insert(struct marsd_itree *, void *);
void	marsd_itree_remove(struct marsd_itree *, const struct marsd_span *);
/* the object with this span, or NULL */
void	*marsd_itree_find(const struct marsd_itree *,
	    const struct marsd_span *);
/* the next object in order after a span (NULL: from the start) that overlaps */
void	*marsd_itree_overlap(const struct marsd_itree *,
	    const struct marsd_span *, const struct marsd_span *after);
/* the next object in order after a span (NULL: the first) */
void	*marsd_itree_next(const struct marsd_itree *,
	    const struct marsd_span *);

/*
 * A list of ranges: ascending, and none touches the next.  If memory was
 * short while it was made, failed says so, and it is not to be used.
 */
struct marsd_spans {
	struct marsd_span	*v;
	size_t			 n, max;
	bool			 failed;
};

void	marsd_spans_init(struct marsd_spans *);
void	marsd_spans_free(struct marsd_spans *);
void	marsd_spans_add(struct marsd_spans *, const struct marsd_span *);
/* the addresses of a range, at most max */
uint32_t	marsd_span_count(const struct marsd_span *, uint32_t max);
/*
 * A range and holes in it: begin with marsd_punch_init(), call
 * marsd_punch_hole() for each hole, by ascending min, then marsd_punch_end().
 * What the holes leave of the range is added to out.  Only what overlaps the
 * rest is still a hole: who looks for holes there passes by those, however
 * many, that a larger one has covered.
 */
struct marsd_punch {
	struct marsd_spans	*out;
	struct marsd_span	 rest;	/* what is not decided yet */
	bool			 done;	/* there is none */
};
void	marsd_punch_init(struct marsd_punch *, struct marsd_spans *,
	    const struct marsd_span *);
void	marsd_punch_hole(struct marsd_punch *, const struct marsd_span *);
void	marsd_punch_end(struct marsd_punch *);
/* is the list this range, whole? */
bool	marsd_spans_whole(const struct marsd_spans *,
	    const struct marsd_span *);

#endif
