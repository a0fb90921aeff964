/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a new configuration changes, for who has asked for it.  Two blocks are
 * the same if they print the same, so that no statement can be forgotten here;
 * a key is the same if its octets are.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parent.h"
#include "parser.h"

/* One of the blocks of a file as text, to be freed; NULL: no memory. */
typedef void	changes_print(FILE *, const void *);

static char *
changes_text(changes_print *print, const void *block)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	if ((f = open_memstream(&text, &size)) == NULL)
		return NULL;
	print(f, block);
	if (fclose(f) == EOF) {
		free(text);
		return NULL;
	}
	return text;
}

static bool
same(changes_print *print, const void *a, const void *b)
{
	char *x = changes_text(print, a), *y = changes_text(print, b);
	bool equal = x != NULL && y != NULL && strcmp(x, y) == 0;

	free(x);
	free(y);
	return equal;
}

static void	note(char *, size_t, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));

/* One more, after what is there; what has no room is left out. */
static void
note(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	if (len + 8 >= size)
		return;
	if (len > 0) {
		(void)strlcat(buf, ", ", size);
		len += 2;
	}
	va_start(ap, fmt);
	(void)vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

static void
changes_cluster(FILE *f, const void *block)
{
	parent_print_cluster(f, block);
}

static void
changes_edge(FILE *f, const void *block)
{
	parent_print_edge(f, block);
}

static void
changes_top(FILE *f, const void *block)
{
	parent_print_top(f, block);
}

static void
clusters(char *buf, size_t size, const struct conf *old, const struct conf *new)
{
	const struct conf_cluster *c, *o;

	TAILQ_FOREACH(c, &new->clusters, entry) {
		o = conf_cluster_find(old, c->name);
		if (o == NULL)
			note(buf, size, "cluster %s is new", c->name);
		else if (!same(changes_cluster, o, c))
			note(buf, size, "cluster %s has changed", c->name);
	}
	TAILQ_FOREACH(c, &old->clusters, entry)
		if (conf_cluster_find(new, c->name) == NULL)
			note(buf, size, "cluster %s is gone", c->name);
}

static void
edges(char *buf, size_t size, const struct conf *old, const struct conf *new)
{
	const struct conf_edge *e, *o;

	TAILQ_FOREACH(e, &new->edges, entry) {
		o = conf_edge_find(old, e->name);
		if (o == NULL)
			note(buf, size, "edge %s is new", e->name);
		else if (!same(changes_edge, o, e))
			note(buf, size, "edge %s has changed", e->name);
	}
	TAILQ_FOREACH(e, &old->edges, entry)
		if (conf_edge_find(new, e->name) == NULL)
			note(buf, size, "edge %s is gone", e->name);
}

void
parent_changes(const struct conf *old, const struct conf *new, char *buf,
    size_t size)
{
	*buf = '\0';
	if (!same(changes_top, old, new))
		note(buf, size, "statements outside of blocks have changed");
	clusters(buf, size, old, new);
	edges(buf, size, old, new);
	if (*buf == '\0')
		note(buf, size, "no statement has changed; keys were read "
		    "again");
}
