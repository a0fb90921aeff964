/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* mars.conf(5): reading, checking, printing. */
#ifndef MARS_PARSER_H
#define MARS_PARSER_H

#include <sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf.h"
#include "lex.h"

/* Where a part of a configuration was defined, and each file in its turn. */
struct parse_place {
	SLIST_ENTRY(parse_place) entry;
	const void		*obj;		/* NULL: of a file */
	char			 file[256];
	int			 line;
};

#define PARSE_DIGEST_SIZE	65	/* hexadecimal SHA-256, and NUL */

/* What is to be known of a file besides its configuration. */
struct parse_record {
	SLIST_HEAD(, parse_place) places;	/* of parts */
	SLIST_HEAD(, parse_place) files;	/* the last one first */
	/* of all files, in the order in which they were read; no key is part
	 * of it, since who guesses a key could see that he is right */
	char			 digest[PARSE_DIGEST_SIZE];
};

/*
 * The configuration in that file, complete and checked, or NULL.  Every
 * error is logged as file:line: sentence; the first is also put into why.
 * Macros of the file are gone afterwards, those of the command line stay.
 * record: filled in either case, and the caller's to free.
 */
struct conf	*parse_config(const char *, struct lex_macros *, char *why,
		    size_t, struct parse_record *record);
void		 parse_record_free(struct parse_record *);
/* Where that was defined; NULL: nobody knows. */
const struct parse_place *parse_place_of(const struct parse_record *,
		    const void *obj);

/* printconf.c: what is in force, as a file that parses again */
void		 parent_print_config(FILE *, const struct conf *);
/* parts of that: a block, and all that is neither a cluster nor an edge */
void		 parent_print_cluster(FILE *, const struct conf_cluster *);
void		 parent_print_edge(FILE *, const struct conf_edge *);
void		 parent_print_top(FILE *, const struct conf *);

#endif
