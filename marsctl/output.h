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

struct marsctl_output {
	FILE		*f;
	bool		 json;
	const struct marsctl_request *request;
	bool		 begun;		/* a row has been printed */
};

bool	marsctl_row_valid(struct rd);
/* seconds as 00:00:00, 1d02h or 3w2d; buf of at least 32 octets */
char	*marsctl_age_print(uint64_t, char *, size_t);

void	marsctl_output_begin(struct marsctl_output *, FILE *, bool,
	    const struct marsctl_request *);
/* one object of that process; false: malformed, nothing printed */
bool	marsctl_output_row(struct marsctl_output *, const char *, struct rd);
/* ends it; for a command that is the whole answer */
void	marsctl_output_end(struct marsctl_output *, bool, const char *);

#endif
