/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the files that show the core have in common: each has one subject. */
#ifndef SCSP_SHOW_H
#define SCSP_SHOW_H

#include "ctl.h"
#include "scsp.h"

/*
 * Neighbors and counters are few and set by configuration: a position is
 * enough.
 */
struct scsp_place {
	uint32_t	 n;
	uint32_t	 counter;
};

/* The n-th neighbor of all groups, or NULL. */
struct scsp_neighbor *scsp_show_neighbor_at(struct scsp *, uint32_t n);
uint64_t scsp_show_dropped(const uint64_t *drops);
/* an identifier as 192.0.2.1 */
void	 scsp_put_id(struct wr *, const char *, uint32_t);
/* seconds since then */
void	 scsp_put_age(struct wr *, const char *, const struct scsp *,
	    mtime_t since);

#endif
