/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit_process.h"

/* What follows "NAME:" at the beginning of a line; NULL: no such line. */
static const char *
status_value(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *s = text;

	while (s != NULL && (strncmp(s, name, len) != 0 || s[len] != ':'))
		if ((s = strchr(s, '\n')) != NULL)
			s++;
	return s == NULL ? NULL : s + len + 1;
}

static unsigned long long
status_number(const char *text, const char *name, int base,
    unsigned long long otherwise)
{
	const char *s = status_value(text, name);

	return s == NULL ? otherwise : strtoull(s, NULL, base);
}

static void
audit_user_of(const struct audit *a, const struct marsctl_audit_process *p,
    const char *status)
{
	unsigned long long uid = status_number(status, "Uid", 10, 0);

	if (p->parent)
		return;
	if (p->has_user && uid != p->uid)
		audit_found(a, AUDIT_CONFINEMENT, p,
		    "%s has user id %llu, and should have %u", p->name, uid,
		    (unsigned int)p->uid);
	else if (uid == 0)
		audit_found(a, AUDIT_USER_ROOT, p, "%s is root", p->name);
	else if (status_number(status, "CapEff", 16, 1) != 0)
		audit_found(a, AUDIT_CONFINEMENT, p, "%s has capabilities",
		    p->name);
}

pid_t
marsctl_audit_status(const struct audit *a,
    const struct marsctl_audit_process *p, const char *status)
{
	audit_user_of(a, p, status);
	if (status_number(status, "NoNewPrivs", 10, 0) != 1)
		audit_found(a, AUDIT_CONFINEMENT, p,
		    "%s can gain rights by a program that it executes",
		    p->name);
	if (status_number(status, "Seccomp", 10, 0) != 2)
		audit_found(a, AUDIT_CONFINEMENT, p,
		    "%s has no filter of system calls", p->name);
	if (p->keys && status_number(status, "VmLck", 10, 0) == 0)
		audit_found(a, AUDIT_KEY_SWAPPABLE, p,
		    "%s has locked no memory", p->name);
	return (pid_t)status_number(status, "PPid", 10, 0);
}

void
marsctl_audit_core(const struct audit *a,
    const struct marsctl_audit_process *p, const char *limits)
{
	static const char name[] = "Max core file size";
	const char *s = strstr(limits, name);

	if (s == NULL)
		return;
	s += sizeof(name) - 1;
	s += strspn(s, " ");
	if (strncmp(s, "0 ", 2) != 0)
		audit_found(a, AUDIT_CORE, p,
		    "%s may leave a core of %.*s octets", p->name,
		    (int)strcspn(s, " "), s);
}

bool
marsctl_audit_gone(const char *line)
{
	static const char gone[] = " (deleted)";
	const char *path = strchr(line, '/');
	size_t len = strcspn(line, "\n");
	char perms[5];

	return path != NULL && sscanf(line, "%*s %4s", perms) == 1 &&
	    perms[2] == 'x' && len > sizeof(gone) - 1 &&
	    strncmp(line + len - (sizeof(gone) - 1), gone,
	    sizeof(gone) - 1) == 0;
}
