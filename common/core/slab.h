/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Many small objects of one size, side by side in large pieces of memory:
 * malloc(3) adds to each what a million of them notice.  A few pieces are given
 * back together, when nothing is left in them.
 */
#ifndef MARS_SLAB_H
#define MARS_SLAB_H

#include <sys/queue.h>
#include <stddef.h>
#include <stdint.h>

struct slab_piece;
struct slab_block;

struct slab {
	LIST_HEAD(, slab_piece)	 room;	/* pieces that have some left */
	struct slab_block	*newest; /* of its blocks of pieces, or NULL */
	uint32_t		 size;	/* of an object */
};

/* For objects of so many octets, at most 1024. */
void	 slab_init(struct slab *, size_t);
/* A new object, all zero; NULL: no memory. */
void	*slab_get(struct slab *);
/* An object goes back.  With the last one all memory is given back. */
void	 slab_put(struct slab *, void *);

#endif
