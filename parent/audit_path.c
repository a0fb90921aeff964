/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Who else can change a file, or put another one in its place. */
#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "parent_audit.h"

#define LINKS_MAX	40	/* of a path, as Linux has it */

/* A walk along a path, as the system takes it. */
struct audit_walk {
	char		 at[PATH_MAX];		/* so far, without links */
	char		 rest[PATH_MAX];	/* names that follow */
	unsigned int	 links;			/* that were followed */
};

/*
 * In a directory with the sticky bit, such as /tmp, others can make files but
 * not move ours away.  A link has no mode, but who owns it may exchange it.
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
	if (!S_ISLNK(st->st_mode) && !sticky &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)snprintf(why, size,
		    "others may write to %s (mode %04o)", path,
		    (unsigned int)st->st_mode & 07777);
		return false;
	}
	return true;
}

/* Begins at the root directory; false: the path is too long. */
static bool
walk_begin(struct audit_walk *w, const char *path)
{
	char cwd[PATH_MAX] = "";

	if (*path != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
		return false;
	(void)strlcpy(w->at, "/", sizeof(w->at));
	w->links = 0;
	return (size_t)snprintf(w->rest, sizeof(w->rest), "%s/%s", cwd,
	    path) < sizeof(w->rest);
}

static void
walk_up(struct audit_walk *w)
{
	char *slash = strrchr(w->at, '/');

	slash[slash == w->at] = '\0';
}

/* To the next name; false: that was the last, or the path is too long. */
static bool
walk_down(struct audit_walk *w)
{
	char name[PATH_MAX], *next = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(next, "/");

	if (len == 0)
		return false;
	memcpy(name, next, len);
	name[len] = '\0';
	memmove(w->rest, next + len, strlen(next + len) + 1);
	if (strcmp(name, "..") == 0)
		walk_up(w);
	else if (strcmp(name, ".") != 0)
		return (strcmp(w->at, "/") == 0 ||
		    strlcat(w->at, "/", sizeof(w->at)) < sizeof(w->at)) &&
		    strlcat(w->at, name, sizeof(w->at)) < sizeof(w->at);
	return true;
}

/* What a link names comes before what is left; false: it leads nowhere. */
static bool
walk_link(struct audit_walk *w)
{
	char to[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlink(w->at, to, sizeof(to) - 1);

	if (n <= 0 || ++w->links > LINKS_MAX)
		return false;
	to[n] = '\0';
	if (*to == '/')
		(void)strlcpy(w->at, "/", sizeof(w->at));
	else
		walk_up(w);
	(void)strlcpy(rest, w->rest, sizeof(rest));
	return (size_t)snprintf(w->rest, sizeof(w->rest), "%s/%s", to,
	    rest) < sizeof(w->rest);
}

/* Each directory and each link on the way, and what is at its end. */
bool
parent_audit_path(const char *path, char *why, size_t size)
{
	struct audit_walk w;
	struct stat st;

	if (!walk_begin(&w, path))
		return true;
	do {
		/* what is not there: what is above it */
		if (lstat(w.at, &st) == -1)
			return true;
		if (!path_step(w.at, &st, why, size))
			return false;
		if (S_ISLNK(st.st_mode) && !walk_link(&w))
			return true;
	} while (walk_down(&w));
	return true;
}
