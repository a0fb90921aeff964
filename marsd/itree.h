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

/* by min, then by max */
int	marsd_span_cmp(const struct marsd_span *, const struct marsd_span *);
/*
 * As there are many: the length of an address, min, max.  Of addresses of so
 * many octets that takes MARSD_SPAN_LEN.
 */
#define MARSD_SPAN_LEN(len)	(1 + 2 * (size_t)(len))
void	marsd_span_pack(uint8_t *, const struct marsd_span *);
struct marsd_span	marsd_span_unpack(const uint8_t *);

/* Objects of one kind: where the span of one is, as packed. */
struct marsd_itree_kind {
	struct btree_kind	 single;
	const uint8_t		*(*span)(const void *);
};
/* Four, for addresses of up to so many octets. */
#define MARSD_ITREE_KINDS	4
#define MARSD_ITREE_KIND(span) { { { 4, NULL, marsd_itree_place }, span }, \
	    { { 8, NULL, marsd_itree_place }, span }, \
	    { { 16, NULL, marsd_itree_place }, span }, \
	    { { 16, marsd_itree_cmp, marsd_itree_place }, span } }
struct btree_probe	marsd_itree_place(const struct btree_kind *,
	    const void *);
int	marsd_itree_cmp(const struct btree_kind *, const void *, const void *);

struct marsd_block;

struct marsd_itree {
	const struct marsd_itree_kind *kind;	/* of these, that of singles */
	struct btree		 singles;
	struct marsd_block	*root;
	uint32_t		 seed;
	uint8_t			 len;	/* of singles, 0: none was there yet */
};

/* of objects of this kind, whose spans stay while they are in */
void	marsd_itree_init(struct marsd_itree *,
	    const struct marsd_itree_kind [MARSD_ITREE_KINDS], uint32_t seed);
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
