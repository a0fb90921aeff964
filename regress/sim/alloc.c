/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The allocations of the cores, counted: the linker puts these functions
 * before the library's (--wrap).
 */
#include <stdlib.h>

#include "sim.h"

void	*__real_malloc(size_t);
void	*__real_calloc(size_t, size_t);
void	*__real_realloc(void *, size_t);
void	*__real_reallocarray(void *, size_t, size_t);
int	 __real_posix_memalign(void **, size_t, size_t);
void	 __real_free(void *);
void	*__wrap_malloc(size_t);
void	*__wrap_calloc(size_t, size_t);
void	*__wrap_realloc(void *, size_t);
void	*__wrap_reallocarray(void *, size_t, size_t);
int	 __wrap_posix_memalign(void **, size_t, size_t);
void	 __wrap_free(void *);

int64_t alive_allocations;

void *
__wrap_malloc(size_t n)
{
	void *p = __real_malloc(n);

	if (p != NULL)
		alive_allocations++;
	return p;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	void *p = __real_calloc(n, size);

	if (p != NULL)
		alive_allocations++;
	return p;
}

void *
__wrap_realloc(void *old, size_t n)
{
	bool none = old == NULL;
	void *p = __real_realloc(old, n);

	if (none && p != NULL)
		alive_allocations++;
	return p;
}

void *
__wrap_reallocarray(void *old, size_t n, size_t size)
{
	bool none = old == NULL;
	void *p = __real_reallocarray(old, n, size);

	if (none && p != NULL)
		alive_allocations++;
	return p;
}

int
__wrap_posix_memalign(void **p, size_t align, size_t n)
{
	int error = __real_posix_memalign(p, align, n);

	if (error == 0)
		alive_allocations++;
	return error;
}

void
__wrap_free(void *p)
{
	if (p != NULL)
		alive_allocations--;
	__real_free(p);
}
