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

struct slab_piece {
	LIST_ENTRY(slab_piece)	 entry;
	void			*back;	/* objects that came back */
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

static struct slab_piece *
slab_piece_new(struct slab *s)
{
	struct slab_piece *p;
	void *v;

	/* not all of it: so the next one stands directly behind */
	if (posix_memalign(&v, PIECE, PIECE - HEADER) != 0)
		return NULL;
	p = v;
	memset(p, 0, sizeof(*p));
	ASAN_POISON_MEMORY_REGION(p->space, slab_space(s));
	LIST_INSERT_HEAD(&s->room, p, entry);
	return p;
}

static void
slab_piece_free(struct slab *s, struct slab_piece *p)
{
	LIST_REMOVE(p, entry);
	ASAN_UNPOISON_MEMORY_REGION(p->space, slab_space(s));
	(void)s;
	free(p);
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
	p->n++;
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
	if (--p->n == 0)
		slab_piece_free(s, p);
}
