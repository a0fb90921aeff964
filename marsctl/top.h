/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* `top`: who is busy.  Rows of listings go in, and a screen comes out. */
#ifndef MARSCTL_TOP_H
#define MARSCTL_TOP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tally.h"
#include "wire.h"

enum top_section {
	TOP_MEMBERS,		/* messages of members and others who call */
	TOP_GROUPS,		/* joins and leaves */
	TOP_NEIGHBORS,		/* records from and to neighbors */
	TOP_DROPS,
	TOP_SECTIONS
};

struct top {
	struct tally	 of[TOP_SECTIONS];
	/* of the last look */
	uint64_t	 members, groups, joins, neighbors, aligned;
};

void	top_init(struct top *);
void	top_free(struct top *);
/* A new look begins. */
void	top_look(struct top *);
/* What that listing's row says, or with "monitor" what has happened. */
void	top_row(struct top *, const char *show, const char *process,
	    struct rd row);
/*
 * The screen, of all that has grown within so many milliseconds (at least 1):
 * at most so many lines of each section.
 */
void	top_print(struct top *, FILE *, uint64_t ms, size_t lines);

#endif
