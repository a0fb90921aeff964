/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Many small objects of one size, side by side in large pieces of memory:
 * malloc(3) adds to each what a million of them notice.  All slabs of a pool
 * have their pieces from it, and give back one in which nothing is left.
 *
 * Objects that point to each other may do so by a reference of four octets, an
 * object's place among all of a pool.
 */
#ifndef MARS_SLAB_H
#define MARS_SLAB_H

#include <sys/queue.h>
#include <stddef.h>
#include <stdint.h>

#define SLAB_PIECE	16384	/* octets from one piece to the next */
#define SLAB_ALIGN	8
#define SLAB_PLACES	(SLAB_PIECE / SLAB_ALIGN) /* in a piece */

#define SLAB_LARGEST	1600	/* octets of an object, at most */
#define SLAB_SIZES	(SLAB_LARGEST / SLAB_ALIGN + 1)

struct slab;
struct slab_block;
struct slab_pool;

/* A piece stands at a multiple of its size. */
struct slab_piece {
	LIST_ENTRY(slab_piece)	 entry;
	void			*back;	/* objects that came back */
	struct slab_block	*block;
	struct slab_pool	*pool;
	struct slab		*slab;	/* NULL: it is nobody's */
	uint32_t		 number; /* in its pool */
	uint32_t		 n;	/* objects in use */
	uint32_t		 fresh;	/* from here on it is untouched */
	_Alignas(SLAB_ALIGN) uint8_t space[];
};
LIST_HEAD(slab_pieces, slab_piece);

/* The pieces of a pool, by their numbers. */
union slab_slot {
	struct slab_piece	*piece;
	uint32_t		 next;	/* number that is free, or 0 */
};

struct slab {
	struct slab_pool	*pool;
	struct slab_pieces	 room;	/* pieces that have some left */
	uint32_t		 size;	/* of an object */
};

struct slab_pool {
	union slab_slot		*slots;
	uint32_t		 n, max; /* of slots; there is no number 0 */
	uint32_t		 free;	/* a number, or 0 */
	uint32_t		 used;	/* pieces that have a number */
	uint32_t		 pieces; /* of all blocks */
	uint32_t		 busy;	/* of these, pieces of slabs */
	struct slab_block	*newest; /* of blocks, or NULL */
	struct slab_pieces	 idle;	/* pieces that are nobody's */
	struct slab		 sizes[SLAB_SIZES]; /* for slab_pool_get() */
};

void	 slab_pool_init(struct slab_pool *);
/* For objects of so many octets, at most SLAB_LARGEST. */
void	 slab_init(struct slab *, struct slab_pool *, size_t);
/* A new object, all zero; NULL: no memory. */
void	*slab_get(struct slab *);
/* An object goes back.  With the last of a pool all memory is given back. */
void	 slab_put(struct slab *, void *);
/*
 * Memory for what has no slab of its own, since its size is not always the
 * same: so many octets, at most SLAB_LARGEST, of any content; NULL: there is
 * none.
 */
void	*slab_pool_get(struct slab_pool *, size_t);
void	 slab_pool_put(void *);

static inline struct slab_piece *
slab_piece_of(const void *object)
{
	uintptr_t at = (uintptr_t)object;

	return (struct slab_piece *)(at - at % SLAB_PIECE);
}

/* The pool of an object. */
static inline struct slab_pool *
slab_pool_of(const void *object)
{
	return slab_piece_of(object)->pool;
}

/* What refers to an object of the pool until it goes back; 0: to none. */
static inline uint32_t
slab_ref(const void *object)
{
	uint32_t place = (uintptr_t)object % SLAB_PIECE / SLAB_ALIGN;

	return object == NULL ? 0 :
	    slab_piece_of(object)->number * SLAB_PLACES + place;
}

/* The object, or NULL. */
static inline void *
slab_at(const struct slab_pool *pool, uint32_t ref)
{
	const union slab_slot *slot;

	if (ref == 0)
		return NULL;
	slot = &pool->slots[ref / SLAB_PLACES];
	return (uint8_t *)slot->piece + ref % SLAB_PLACES * SLAB_ALIGN;
}

/* The same, where another object of the pool refers to it. */
static inline void *
slab_from(const void *object, uint32_t ref)
{
	return ref == 0 ? NULL : slab_at(slab_pool_of(object), ref);
}

#endif
