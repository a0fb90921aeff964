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
 * allocated in between.  Those of a large pool are as large as a page can be:
 * a third of the time that it takes to learn a million records would go to page
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
#define BLOCK_MOST 8	/* pieces, of a block of a pool that is not large */
#define BLOCK_PAGE 128	/* the same of one that is: 2 MB */
#define LARGE	(12 * BLOCK_PAGE) /* so that little of it is not in use */
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

/* No piece has a number. */
static void
slab_numbers_init(struct slab_pool *pool)
{
	pool->slots = NULL;
	pool->n = 1;
	pool->max = pool->free = pool->used = 0;
}

void
slab_pool_init(struct slab_pool *pool)
{
	size_t i;

	slab_numbers_init(pool);
	pool->pieces = pool->busy = 0;
	pool->newest = NULL;
	LIST_INIT(&pool->idle);
	for (i = 0; i < SLAB_SIZES; i++)
		slab_init(&pool->sizes[i], pool, i * SLAB_ALIGN);
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
	slab_numbers_init(pool);
}

void
slab_init(struct slab *s, struct slab_pool *pool, size_t size)
{
	s->pool = pool;
	LIST_INIT(&s->room);
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
#ifdef MADV_POPULATE_WRITE
	/* all pages at once, for which a page fault each takes far longer */
	if (many == BLOCK_MOST)
		(void)madvise(v, size - SLAB_PIECE, MADV_POPULATE_WRITE);
#endif
	return v;
}

/* Each has twice as many pieces as the one before: most pools stay small. */
static uint32_t
slab_block_pieces(const struct slab_pool *pool)
{
	if (pool->pieces >= LARGE)
		return BLOCK_PAGE;
	if (pool->newest == NULL)
		return 1;
	return pool->newest->many < BLOCK_MOST ? pool->newest->many * 2 :
	    BLOCK_MOST;
}

static struct slab_block *
slab_block_new(struct slab_pool *pool)
{
	struct slab_block *b = malloc(sizeof(*b));

	if (b == NULL)
		return NULL;
	b->many = slab_block_pieces(pool);
	b->begun = b->used = 0;
	if ((b->base = slab_block_memory(b->many)) == NULL) {
		free(b);
		return NULL;
	}
	pool->pieces += b->many;
	pool->newest = b;
	return b;
}

static struct slab_piece *
slab_block_piece(const struct slab_block *b, uint32_t i)
{
	return (struct slab_piece *)(void *)(b->base + (size_t)i * SLAB_PIECE);
}

/* All of its pieces are idle. */
static void
slab_block_free(struct slab_pool *pool, struct slab_block *b)
{
	struct slab_piece *p;
	uint32_t i;

	for (i = 0; i < b->begun; i++) {
		p = slab_block_piece(b, i);
		LIST_REMOVE(p, entry);
		slab_number_free(pool, p->number);
	}
	if (pool->newest == b)
		pool->newest = NULL;
	pool->pieces -= b->many;
	free(b->base);
	free(b);
}

/* One more piece is idle; false: no memory. */
static bool
slab_piece_new(struct slab_pool *pool)
{
	struct slab_block *b = pool->newest;
	struct slab_piece *p;

	if ((b == NULL || b->begun == b->many) &&
	    (b = slab_block_new(pool)) == NULL)
		return false;
	p = slab_block_piece(b, b->begun);
	memset(p, 0, sizeof(*p));
	p->block = b;
	p->pool = pool;
	if (!slab_number(pool, p)) {
		if (b->begun == 0)
			slab_block_free(pool, b);
		return false;
	}
	b->begun++;
	LIST_INSERT_HEAD(&pool->idle, p, entry);
	return true;
}

/* An idle piece, for objects of this slab. */
static struct slab_piece *
slab_piece_get(struct slab *s)
{
	struct slab_piece *p;

	if (LIST_EMPTY(&s->pool->idle) && !slab_piece_new(s->pool))
		return NULL;
	p = LIST_FIRST(&s->pool->idle);
	LIST_REMOVE(p, entry);
	p->block->used++;
	s->pool->busy++;
	p->slab = s;
	p->back = NULL;
	p->n = p->fresh = 0;
	ASAN_POISON_MEMORY_REGION(p->space, slab_space(s));
	LIST_INSERT_HEAD(&s->room, p, entry);
	return p;
}

/*
 * Nothing is left in it.  The newest block stays while there are others: it may
 * be needed again at once, and would be cleared anew each time.
 */
static void
slab_piece_put(struct slab *s, struct slab_piece *p)
{
	struct slab_pool *pool = s->pool;

	LIST_REMOVE(p, entry);
	ASAN_UNPOISON_MEMORY_REGION(p->space, slab_space(s));
	p->slab = NULL;
	LIST_INSERT_HEAD(&pool->idle, p, entry);
	pool->busy--;
	if (--p->block->used == 0 && p->block != pool->newest)
		slab_block_free(pool, p->block);
	if (pool->busy == 0 && pool->newest != NULL)
		slab_block_free(pool, pool->newest);
}

static bool
slab_piece_full(const struct slab *s, const struct slab_piece *p)
{
	return p->back == NULL && p->fresh == slab_space(s);
}

/* A new object, of any content; NULL: no memory. */
static void *
slab_take(struct slab *s)
{
	struct slab_piece *p = LIST_FIRST(&s->room);
	void *v;

	if (p == NULL && (p = slab_piece_get(s)) == NULL)
		return NULL;
	if ((v = p->back) == NULL) {
		v = p->space + p->fresh;
		p->fresh += s->size;
		ASAN_UNPOISON_MEMORY_REGION(v, s->size);
	} else {
		ASAN_UNPOISON_MEMORY_REGION(v, s->size);
		memcpy(&p->back, v, sizeof(p->back));
	}
	p->n++;
	if (slab_piece_full(s, p))
		LIST_REMOVE(p, entry);
	return v;
}

void *
slab_get(struct slab *s)
{
	void *v = slab_take(s);

	return v == NULL ? NULL : memset(v, 0, s->size);
}

void
slab_put(struct slab *s, void *v)
{
	struct slab_piece *p = slab_piece_of(v);

	if (slab_piece_full(s, p))
		LIST_INSERT_HEAD(&s->room, p, entry);
	memcpy(v, &p->back, sizeof(p->back));
	p->back = v;
	ASAN_POISON_MEMORY_REGION(v, s->size);
	if (--p->n == 0)
		slab_piece_put(s, p);
}

void *
slab_pool_get(struct slab_pool *pool, size_t size)
{
	return slab_take(
	    &pool->sizes[(size + SLAB_ALIGN - 1) / SLAB_ALIGN]);
}

void
slab_pool_put(void *v)
{
	slab_put(slab_piece_of(v)->slab, v);
}
