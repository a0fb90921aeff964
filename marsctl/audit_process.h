/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* `audit`: what the kernel says of a process, against what it should be. */
#ifndef MARSCTL_AUDIT_PROCESS_H
#define MARSCTL_AUDIT_PROCESS_H

#include <sys/types.h>
#include <stdbool.h>

#include "audit.h"

/* What a process should be. */
struct marsctl_audit_process {
	char	 name[32];
	pid_t	 pid;
	bool	 parent;	/* mars(8): it keeps its user and rights */
	bool	 keys;		/* it has any */
	bool	 has_user;	/* of its own: */
	uid_t	 uid;
};

/*
 * What is in /proc/PID/status and /proc/PID/limits, as text.  Returns the
 * parent's process id, 0: unknown.
 */
pid_t	marsctl_audit_status(const struct audit *,
	    const struct marsctl_audit_process *, const char *status);
void	marsctl_audit_core(const struct audit *,
	    const struct marsctl_audit_process *, const char *limits);
/* A line of /proc/PID/maps: a program or a library that is there no more? */
bool	marsctl_audit_gone(const char *line);

#endif
