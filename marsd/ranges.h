/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A set of group addresses, kept as the fewest ranges that make it: none
 * overlaps or touches another.  Adding and taking a range costs in proportion
 * to the ranges that this changes, whatever the number of addresses.
 */
#ifndef MARSD_RANGES_H
#define MARSD_RANGES_H

#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include <stdbool.h>
#include <stddef.h>

#include "itree.h"

struct marsd_ranges_part;
RB_HEAD(marsd_ranges_tree, marsd_ranges_part);

struct marsd_ranges {
	struct marsd_ranges_tree tree;
	size_t			 n;	/* ranges in it */
};

void	marsd_ranges_init(struct marsd_ranges *);
void	marsd_ranges_clear(struct marsd_ranges *);
/* takes away so many of them, at most, whichever */
void	marsd_ranges_shrink(struct marsd_ranges *, size_t by);
/* false: no memory, and nothing has changed */
bool	marsd_ranges_add(struct marsd_ranges *, const struct marsd_span *);
/*
 * Takes out what is in the set of this range, and appends that to taken,
 * ascending.  False: no memory, and nothing has changed.
 */
bool	marsd_ranges_take(struct marsd_ranges *, const struct marsd_span *,
	    struct marsd_spans *taken);
/* Appends what is in the set of this range, ascending. */
void	marsd_ranges_common(struct marsd_ranges *, const struct marsd_span *,
	    struct marsd_spans *);
/* Takes out the first range; false: there is none. */
bool	marsd_ranges_pop(struct marsd_ranges *, struct marsd_span *);

#endif
