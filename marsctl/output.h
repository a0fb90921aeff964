/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The answer, row by row: tables for people, or one JSON object. */
#ifndef MARSCTL_OUTPUT_H
#define MARSCTL_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "parser.h"

#define ROW_DEPTH	8	/* arrays and objects within each other */

struct output {
	FILE		*f;
	bool		 json;
	const struct request *request;
	bool		 begun;		/* a row has been printed */
};

bool	row_valid(struct rd);
bool	row_wanted(const struct request *, struct rd);
/* seconds as 00:00:00, 1d02h or 3w2d; buf of at least 32 octets */
char	*age_print(uint64_t, char *, size_t);

void	output_begin(struct output *, FILE *, bool, const struct request *);
/* one object of that process; false: malformed, nothing printed */
bool	output_row(struct output *, const char *, struct rd);
/* ends it; for a command that is the whole answer */
void	output_end(struct output *, bool, const char *);

#endif
