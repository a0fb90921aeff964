/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What an audit has found (audit.h), and how it is written down. */
#ifndef MARS_AUDIT_REPORT_H
#define MARS_AUDIT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "audit.h"

enum audit_format {
	AUDIT_LINES,		/* one line for each finding */
	AUDIT_JSON,		/* one object */
	AUDIT_REPORT,		/* text, to be filed: with what was looked at */
	AUDIT_SARIF		/* OASIS SARIF 2.1.0, which other tools read */
};

/* The format of that name, as -o has it; false: there is none. */
bool	audit_format_find(const char *, enum audit_format *);

struct audit_finding {
	enum audit_id	 id;
	char		 place[256];	/* file, or process */
	int		 line;		/* 0: of none */
	char		 text[AUDIT_TEXT];
};

struct audit_report {
	unsigned int	 who;		/* AUDIT_FILE or AUDIT_RUN */
	const char	*subject;	/* a file, or a directory of sockets */
	const char	*digest;	/* of the file, or NULL */
	struct audit_finding *v;
	size_t		 n, room;
};

/* what the program exits with */
#define AUDIT_STATUS_CLEAN	0
#define AUDIT_STATUS_FAILED	1	/* there was no audit */
#define AUDIT_STATUS_LOW	4	/* and medium 5, high 6 */

void	audit_report_init(struct audit_report *, unsigned int who,
	    const char *subject);
void	audit_report_free(struct audit_report *);
/* No memory: fatal(). */
void	audit_report_add(struct audit_report *, enum audit_id,
	    const char *place, int line, const char *text);
/* The worst come first; then what the program exits with. */
int	audit_report_print(struct audit_report *, FILE *, enum audit_format);

#endif
