/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Who else can change a file, or put another one in its place. */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parent_audit.h"

/*
 * In a directory with the sticky bit, such as /tmp, others can make files but
 * not move ours away.
 */
static bool
path_step(const char *path, const struct stat *st, char *why, size_t size)
{
	const bool sticky =
	    S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;

	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		(void)snprintf(why, size,
		    "%s belongs to user %u, who may change it", path,
		    (unsigned int)st->st_uid);
		return false;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !sticky) {
		(void)snprintf(why, size,
		    "others may write to %s (mode %04o)", path,
		    (unsigned int)st->st_mode & 07777);
		return false;
	}
	return true;
}

/* A path without links: each directory of it, and what it names. */
static bool
path_steps(char *path, char *why, size_t size)
{
	struct stat st;
	char *slash;

	for (;;) {
		if (lstat(path, &st) == 0 && !path_step(path, &st, why, size))
			return false;
		if (strcmp(path, "/") == 0)
			return true;
		slash = strrchr(path, '/');
		if (slash == path)
			slash++; /* the root itself is the last */
		*slash = '\0';
	}
}

/*
 * The directory of the name that stands in the file, which may be a link, and
 * then that to which all links lead.
 */
bool
parent_audit_path(const char *path, char *why, size_t size)
{
	char real[PATH_MAX], name[PATH_MAX], *slash;
	bool there = realpath(path, real) != NULL;

	if (there && !path_steps(real, why, size))
		return false;
	(void)strlcpy(name, path, sizeof(name));
	if ((slash = strrchr(name, '/')) == NULL)
		(void)strlcpy(name, ".", sizeof(name));
	else if (slash == name)
		name[1] = '\0';
	else
		*slash = '\0';
	/* what is not there: what is above it */
	if (realpath(name, real) == NULL)
		return errno != ENOENT || strcmp(name, ".") == 0 ||
		    strcmp(name, "/") == 0 ||
		    parent_audit_path(name, why, size);
	return path_steps(real, why, size);
}
