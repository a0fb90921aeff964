/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Commands that are not one request to the daemons: they ask for what they
 * need with marsctl_collect() and make something of it.  Each returns what
 * marsctl exits with.
 */
#ifndef MARSCTL_LOCAL_H
#define MARSCTL_LOCAL_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon.h"

struct marsctl_local {
	struct marsctl_where	 where;
	bool			 json;		/* -j */
	int			 count;		/* -n, or 0 */
	const char		*format;	/* -o, or NULL */
	const char		*file;		/* -w, or NULL */
	const struct marsctl_request *request;
};

int	marsctl_audit(const struct marsctl_local *);
int	marsctl_capture(const struct marsctl_local *);
int	marsctl_health(const struct marsctl_local *);
int	marsctl_http(const struct marsctl_local *);
int	marsctl_monitor(const struct marsctl_local *);
int	marsctl_show_metrics(const struct marsctl_local *);
int	marsctl_show_topology(const struct marsctl_local *);
int	marsctl_top(const struct marsctl_local *);

/* A row of marsctl monitor as a line of text. */
void	marsctl_monitor_line(FILE *, struct rd row);

#endif
