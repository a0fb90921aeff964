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
 * allocated in between.  Those of a large slab are as large as a page can be: a
 * fifth of the time that it takes to learn a million records would go to page
 * faults, and to look for where pages are.
 */
#include <sys/mman.h>

#include <stdbool.h>
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

#define HEADER	64	/* octets: as malloc(3) has its own, a little less */
#define BLOCK_MOST 8	/* pieces, of a block of a slab that is not large */
#define BLOCK_PAGE 128	/* the same of one that is: 2 MB */
#define LARGE	(4 * BLOCK_PAGE) /* so that little of it is not in use */
#define SLOTS	64	/* of a pool, at first */
#define NUMBERS	(1U << 21) /* of pieces: a reference has 32 bits */

struct slab_block {
	uint8_t			*base;
	uint32_t		 many, begun, used;	/* pieces */
};

_Static_assert(offsetof(struct slab_piece, space) % SLAB_ALIGN == 0,
    "objects are aligned");

_Static_assert((uint64_t)NUMBERS * SLAB_PLACES - 1 <= UINT32_MAX,
    "each place has a reference");

void
slab_pool_init(struct slab_pool *pool)
{
	pool->slots = NULL;
	pool->n = 1;
	pool->max = pool->free = pool->used = 0;
}

/* One more number is there; false: no memory, or none is left. */
static bool
slab_pool_grow(struct slab_pool *pool)
{
	uint32_t max = pool->max == 0 ? SLOTS : pool->max * 2;
	union slab_slot *slots;

	if (pool->free != 0 || pool->n < pool->max)
		return true;
	if (max > NUMBERS)
		return false;
	slots = reallocarray(pool->slots, max, sizeof(*slots));
	if (slots == NULL)
		return false;
	pool->slots = slots;
	pool->max = max;
	return true;
}

static bool
slab_number(struct slab_pool *pool, struct slab_piece *p)
{
	if (!slab_pool_grow(pool))
		return false;
	if ((p->number = pool->free) != 0)
		pool->free = pool->slots[p->number].next;
	else
		p->number = pool->n++;
	pool->slots[p->number].piece = p;
	pool->used++;
	return true;
}

static void
slab_number_free(struct slab_pool *pool, uint32_t number)
{
	pool->slots[number].next = pool->free;
	pool->free = number;
	if (--pool->used > 0)
		return;
	free(pool->slots);
	slab_pool_init(pool);
}

void
slab_init(struct slab *s, struct slab_pool *pool, size_t size)
{
	s->pool = pool;
	LIST_INIT(&s->room);
	s->newest = NULL;
	s->pieces = 0;
	s->size = (uint32_t)((size + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN);
}

/* Octets for objects, a whole number of them. */
static uint32_t
slab_space(const struct slab *s)
{
	uint32_t space =
	    SLAB_PIECE - HEADER - (uint32_t)offsetof(struct slab_piece, space);

	return space - space % s->size;
}

/* Memory for so many pieces; NULL: there is none. */
static void *
slab_block_memory(uint32_t many)
{
	size_t size = (size_t)many * SLAB_PIECE;
	bool page = many == BLOCK_PAGE;
	void *v;

	/* not all of it: so the next one stands directly behind */
	if (posix_memalign(&v, page ? size : SLAB_PIECE, size - HEADER) != 0)
		return NULL;
#ifdef MADV_HUGEPAGE
	/* where the system has none it is as good as it was */
	if (page)
		(void)madvise(v, size - HEADER, MADV_HUGEPAGE);
#endif
	return v;
}

/* Each has twice as many pieces as the one before: most slabs stay small. */
static uint32_t
slab_block_pieces(const struct slab *s)
{
	if (s->pieces >= LARGE)
		return BLOCK_PAGE;
	if (s->newest == NULL)
		return 1;
	return s->newest->many < BLOCK_MOST ? s->newest->many * 2 : BLOCK_MOST;
}

static struct slab_block *
slab_block_new(struct slab *s)
{
	struct slab_block *b = malloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	b->many = slab_block_pieces(s);
	b->begun = b->used = 0;
	if ((b->base = slab_block_memory(b->many)) == NULL) {
		free(b);
		return NULL;
	}
	s->pieces += b->many;
	return b;
}

static struct slab_piece *
slab_block_piece(const struct slab_block *b, uint32_t i)
{
	return (struct slab_piece *)(void *)(b->base + (size_t)i * SLAB_PIECE);
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
		slab_number_free(s->pool, p->number);
		ASAN_UNPOISON_MEMORY_REGION(p->space, slab_space(s));
	}
	if (s->newest == b)
		s->newest = NULL;
	s->pieces -= b->many;
	free(b->base);
	free(b);
}

static struct slab_piece *
slab_piece_new(struct slab *s)
{
	struct slab_block *b = s->newest;
	struct slab_piece *p;

	if (b == NULL || b->begun == b->many) {
		if ((b = slab_block_new(s)) == NULL)
			return NULL;
		s->newest = b;
	}
	p = slab_block_piece(b, b->begun);
	memset(p, 0, sizeof(*p));
	p->block = b;
	p->pool = s->pool;
	if (!slab_number(s->pool, p)) {
		if (b->begun == 0)
			slab_block_free(s, b);
		return NULL;
	}
	b->begun++;
	ASAN_POISON_MEMORY_REGION(p->space, slab_space(s));
	LIST_INSERT_HEAD(&s->room, p, entry);
	return p;
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
	struct slab_piece *p = slab_piece_of(v);

	if (p->back == NULL && p->fresh == slab_space(s))
		LIST_INSERT_HEAD(&s->room, p, entry);
	memcpy(v, &p->back, sizeof(p->back));
	p->back = v;
	ASAN_POISON_MEMORY_REGION(v, s->size);
	if (--p->n == 0 && --p->block->used == 0)
		slab_block_free(s, p->block);
}
