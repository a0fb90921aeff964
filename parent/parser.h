/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* mars.conf(5): reading, checking, printing. */
#ifndef MARS_PARSER_H
#define MARS_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf.h"
#include "lex.h"

/*
 * The configuration in that file, complete and checked, or NULL.  Every
 * error is logged as file:line: sentence; the first is also put into why.
 * Macros of the file are gone afterwards, those of the command line stay.
 */
struct conf	*parse_config(const char *, struct lex_macros *, char *why,
		    size_t);

/* printconf.c: what is in force, as a file that parses again */
void		 parent_print_config(FILE *, const struct conf *);
/* parts of that: a block, and all that is neither a cluster nor an edge */
void		 parent_print_cluster(FILE *, const struct conf_cluster *);
void		 parent_print_edge(FILE *, const struct conf_edge *);
void		 parent_print_top(FILE *, const struct conf *);

#endif
