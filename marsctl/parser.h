/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The command line: words to a request. */
#ifndef MARSCTL_PARSER_H
#define MARSCTL_PARSER_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl.h"
#include "show.h"

#define ASK_MARSD	0x01
#define ASK_SCSPD	0x02
#define ASK_EDGED	0x04

/*
 * A machine has clusters, edges, or both, and runs only the processes that
 * these need.  Of several that are asked it is enough that one runs.
 */
struct marsctl_request {
	unsigned int	 ask;		/* ASK_* */
	unsigned int	 also;		/* asked, too, where they run */
	unsigned int	 instead;	/* asked where none of the others
					 * runs */
	const struct marsctl_show *show; /* NULL: a command, without rows */
	bool		 detail;	/* every value of a row */
	int		 argc;
	const char	*argv[CTL_ARGS_MAX];	/* what the daemon is sent */
	struct {
		const char	*word;		/* ctl_filter.h */
		const char	*value;
	} filters[CTL_FILTERS_MAX];
	size_t		 nfilters;
};

/*
 * Makes a request of the words of a command; the request points to them.  -1:
 * they are no command; then err was told why, and which words could stand
 * there.
 */
int	marsctl_parse(struct marsctl_request *, int argc, char **argv,
	    FILE *err);

#endif
