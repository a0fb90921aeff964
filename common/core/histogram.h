/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* How long something took, each time: how often not longer than each bound. */
#ifndef MARS_HISTOGRAM_H
#define MARS_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BOUNDS	13

/* Zero is an empty one. */
struct histogram {
	uint64_t	count;
	uint64_t	sum;		/* microseconds */
	uint64_t	max;		/* the longest */
	uint64_t	bucket[HISTOGRAM_BOUNDS]; /* above the bound before */
};

/* n times it took so many microseconds; less than 0 counts as 0. */
void		histogram_add(struct histogram *, int64_t us, uint64_t n);
/* The ith bound in microseconds, i below HISTOGRAM_BOUNDS. */
uint64_t	histogram_bound(unsigned int i);
/* How often it was not longer than the ith bound. */
uint64_t	histogram_within(const struct histogram *, unsigned int i);

#endif
