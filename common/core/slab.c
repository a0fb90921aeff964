/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Objects of one size (slab.h).
 *
 * A piece stands at a multiple of its size, so that the piece of an object is
 * found from its address.  Objects that came back are a list through their
 * first octets; those that were never given out follow behind.  The tools that
 * look for the use of memory that was freed are told what is free.
 *
 * Memory is asked for in blocks of pieces.  Before each one that is aligned
 * malloc(3) leaves a gap, which is half of all memory where other things are
 * allocated in between.
 */
#include <stdlib.h>
#include <string.h>

#include "slab.h"

#ifdef __SANITIZE_ADDRESS__
#define HAS_ASAN	1
#elif defined(__has_feature)
#define HAS_ASAN	__has_feature(address_sanitizer)
#else
#define HAS_ASAN	0
#endif
#if HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)		((void)(p))
#define ASAN_UNPOISON_MEMORY_REGION(p, n)	((void)(p))
#endif

#define PIECE	16384	/* octets from one to the next */
#define HEADER	64	/* octets: as malloc(3) has its own, a little less */
#define ALIGN	8
#define BLOCK_MOST 8	/* pieces */

struct slab_block {
	uint8_t			*base;
	uint32_t		 many, begun, used;	/* pieces */
};

struct slab_piece {
	LIST_ENTRY(slab_piece)	 entry;
	void			*back;	/* objects that came back */
	struct slab_block	*block;
	uint32_t		 n;	/* objects in use */
	uint32_t		 fresh;	/* from here on it is untouched */
	_Alignas(ALIGN) uint8_t	 space[];
};

_Static_assert(offsetof(struct slab_piece, space) % ALIGN == 0,
    "objects are aligned");

void
slab_init(struct slab *s, size_t size)
{
	LIST_INIT(&s->room);
	s->newest = NULL;
	s->size = (uint32_t)((size + ALIGN - 1) / ALIGN * ALIGN);
}

/* Octets for objects, a whole number of them. */
static uint32_t
slab_space(const struct slab *s)
{
	uint32_t space =
	    PIECE - HEADER - (uint32_t)offsetof(struct slab_piece, space);

	return space - space % s->size;
}

/* Each has twice as many pieces as the one before: most slabs stay small. */
static struct slab_block *
slab_block_new(const struct slab_block *before)
{
	struct slab_block *b = malloc(sizeof(*b));
	void *v;

	if (b == NULL)
		return NULL;
	b->many = before == NULL ? 1 :
	    before->many < BLOCK_MOST ? before->many * 2 : BLOCK_MOST;
	b->begun = b->used = 0;
	/* not all of it: so the next one stands directly behind */
	if (posix_memalign(&v, PIECE, (size_t)b->many * PIECE - HEADER) != 0) {
		free(b);
		return NULL;
	}
	b->base = v;
	return b;
}

static struct slab_piece *
slab_block_piece(const struct slab_block *b, uint32_t i)
{
	return (struct slab_piece *)(void *)(b->base + (size_t)i * PIECE);
}

static struct slab_piece *
slab_piece_new(struct slab *s)
{
	struct slab_block *b = s->newest;
	struct slab_piece *p;

	if (b == NULL || b->begun == b->many) {
		if ((b = slab_block_new(b)) == NULL)
			return NULL;
		s->newest = b;
	}
	p = slab_block_piece(b, b->begun++);
	memset(p, 0, sizeof(*p));
	p->block = b;
	ASAN_POISON_MEMORY_REGION(p->space, slab_space(s));
	LIST_INSERT_HEAD(&s->room, p, entry);
	return p;
}

/* Nothing is left in any of its pieces, so that all have room. */
static void
slab_block_free(struct slab *s, struct slab_block *b)
{
	struct slab_piece *p;
	uint32_t i;

	for (i = 0; i < b->begun; i++) {
		p = slab_block_piece(b, i);
		LIST_REMOVE(p, entry);
		ASAN_UNPOISON_MEMORY_REGION(p->space, slab_space(s));
	}
	if (s->newest == b)
		s->newest = NULL;
	free(b->base);
	free(b);
}

void *
slab_get(struct slab *s)
{
	struct slab_piece *p = LIST_FIRST(&s->room);
	void *v;

	if (p == NULL && (p = slab_piece_new(s)) == NULL)
		return NULL;
	if ((v = p->back) == NULL) {
		v = p->space + p->fresh;
		p->fresh += s->size;
		ASAN_UNPOISON_MEMORY_REGION(v, s->size);
	} else {
		ASAN_UNPOISON_MEMORY_REGION(v, s->size);
		memcpy(&p->back, v, sizeof(p->back));
	}
	if (p->n++ == 0)
		p->block->used++;
	if (p->back == NULL && p->fresh == slab_space(s))
		LIST_REMOVE(p, entry);
	return memset(v, 0, s->size);
}

void
slab_put(struct slab *s, void *v)
{
	struct slab_piece *p = (struct slab_piece *)(void *)((uint8_t *)v -
	    (uintptr_t)v % PIECE);

	if (p->back == NULL && p->fresh == slab_space(s))
		LIST_INSERT_HEAD(&s->room, p, entry);
	memcpy(v, &p->back, sizeof(p->back));
	p->back = v;
	ASAN_POISON_MEMORY_REGION(v, s->size);
	if (--p->n == 0 && --p->block->used == 0)
		slab_block_free(s, p->block);
}
