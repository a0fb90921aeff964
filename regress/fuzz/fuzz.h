/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the fuzz targets share.  A target reads its input as a sequence of
 * events, with the reader of common/codec: behind the end all numbers are 0,
 * so that every input means something.  What has to hold is said with MUST().
 *
 * Each target is one file, with the function that libFuzzer calls; where there
 * is no libFuzzer replay.c calls it for each file that it is given.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl.h"
#include "table.h"
#include "timer.h"
#include "wire.h"

/* the target, and what is done before its first input; both return 0 */
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);
int	LLVMFuzzerInitialize(int *, char ***);

#define MUST(what) do { \
	if (!(what)) \
		fuzz_failed(__FILE__, __LINE__, #what); \
} while (0)
void	fuzz_failed(const char *file, int line, const char *what)
	    __attribute__((__noreturn__));

/* Is there another event? */
bool	fuzz_more(const struct rd *);
/* a number below n, which is not 0 */
uint32_t fuzz_below(struct rd *, uint32_t n);
/* an element of an array */
#define fuzz_pick(r, array) \
	((array)[fuzz_below((r), (uint32_t)(sizeof(array) / \
	    sizeof((array)[0])))])
/* microseconds: nothing, a moment, up to an hour */
int64_t	fuzz_time(struct rd *);
/* octets with their length before them, at most max; how many */
size_t	fuzz_octets(struct rd *, uint8_t *to, size_t max);
/* copy of exactly that size, so that a sanitizer sees every read behind it */
uint8_t	*fuzz_copy(const void *, size_t);
/* fails: for struct table_faults and the like */
void	fuzz_violated(void *, const struct table *, uint8_t state,
	    uint8_t event);
/*
 * All rows of a listing of a core, and how many: each can be read, and the
 * listing has an end.
 */
#define FUZZ_ROWS(n, show, core) do { \
	_Alignas(max_align_t) uint8_t fuzz_cursor[CTL_CURSOR_SIZE] = { 0 }; \
	struct wr fuzz_w; \
	for ((n) = 0; fuzz_row_begin(&fuzz_w), \
	    (show)((core), fuzz_cursor, &fuzz_w); (n)++) \
		fuzz_row_end(&fuzz_w, (n)); \
} while (0)
void	fuzz_row_begin(struct wr *);
void	fuzz_row_end(const struct wr *, uint32_t n);
/* lets time pass */
void	fuzz_wait(struct timers *, int64_t us);

#endif
