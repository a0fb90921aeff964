/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Prints an answer row by row: a table for people, or one JSON object. */
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
	bool		 detail;	/* blocks instead of a table */
	bool		 begun;		/* a row has been printed */
	int		 at;		/* columns of this line, so far */
	int		 left;		/* where the value began */
};

/* All of the row can be read, and it is no deeper than ROW_DEPTH. */
bool	marsctl_row_valid(struct rd row);
/*
 * Prints text for a terminal.  A character that a terminal would obey, or an
 * octet that is no text, becomes a question mark.  Returns the columns used.
 */
int	marsctl_text(FILE *, const char *);
/* Makes a string what that would print. */
void	marsctl_plain(char *);
/* seconds as 00:00:00, 1d02h or 3w2d; buf of at least 32 octets */
char	*marsctl_age_print(uint64_t seconds, char *buf, size_t);

/* The request has to outlive the output. */
void	marsctl_output_begin(struct marsctl_output *, FILE *, bool json,
	    const struct marsctl_request *);
/* One row from that process.  False: it is malformed, nothing was printed. */
bool	marsctl_output_row(struct marsctl_output *, const char *process,
	    struct rd row);
/*
 * Ends it; text: what was wrong, or what an order that went well is answered.
 */
void	marsctl_output_end(struct marsctl_output *, bool ok, const char *text);
/* The end of a JSON object that has been opened: how it went. */
void	marsctl_output_result(FILE *, bool ok, const char *text);

#endif
