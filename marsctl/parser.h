/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The command line: words to a request. */
#ifndef MARSCTL_PARSER_H
#define MARSCTL_PARSER_H

#include <stdio.h>

#include "ctl.h"
#include "show.h"

#define ASK_MARSD	0x01
#define ASK_SCSPD	0x02

struct marsctl_request {
	unsigned int	 ask;		/* ASK_* */
	const struct marsctl_show *show; /* NULL: a command, without rows */
	const char	*cluster;	/* filters, or NULL */
	const char	*group;
	int		 argc;
	const char	*argv[CTL_ARGS_MAX];	/* what the daemon is sent */
};

int	marsctl_parse(struct marsctl_request *, int, char **, FILE *);

#endif
