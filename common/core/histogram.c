/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "histogram.h"

/* from what a datagram takes to what a person gives up after */
static const uint64_t bounds[HISTOGRAM_BOUNDS] = { 30, 100, 300, 1000, 3000,
	10000, 30000, 100000, 300000, 1000000, 3000000, 10000000, 30000000 };

void
histogram_add(struct histogram *h, int64_t us, uint64_t n)
{
	uint64_t t = us < 0 ? 0 : (uint64_t)us;
	unsigned int i;

	h->count += n;
	h->sum += t * n;
	if (t > h->max && n > 0)
		h->max = t;
	for (i = 0; i < HISTOGRAM_BOUNDS; i++)
		if (t <= bounds[i]) {
			h->bucket[i] += n;
			return;
		}
}

uint64_t
histogram_bound(unsigned int i)
{
	return bounds[i];
}

uint64_t
histogram_within(const struct histogram *h, unsigned int i)
{
	uint64_t n = 0;
	unsigned int j;

	for (j = 0; j <= i; j++)
		n += h->bucket[j];
	return n;
}
