/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* mars -n -A: audit.c, and what it asks of this machine. */
#ifndef MARS_PARENT_AUDIT_H
#define MARS_PARENT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "audit_report.h"
#include "parent.h"
#include "parser.h"

struct parent_audit {
	struct audit		 audit;
	struct audit_report	*report;
	const struct parse_record *record;
};

/* Prints what it finds; returns what mars exits with. */
int	parent_audit(const struct parent *, const struct parse_record *,
	    enum audit_format);

/*
 * audit_path.c: can only root, and who runs us, change that file or put
 * another one in its place?  Each directory above it is looked at, and each
 * symbolic link on the way.  What is not there yet is as good as what is above
 * it.  False: why says who can.
 */
bool	parent_audit_path(const char *, char *why, size_t);

/* underlay.c: what is around packets to that address of this machine. */
enum underlay {
	UNDERLAY_UNKNOWN,	/* it is not of this machine, or no IP */
	UNDERLAY_HERE,		/* only this machine reaches it */
	UNDERLAY_TUNNEL,
	UNDERLAY_OPEN
};
/* name: of its interface, where that is known */
enum underlay parent_underlay(const struct atm_addr *, char *name, size_t);

#endif
