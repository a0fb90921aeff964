/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What can be shown, who knows it, and which of it is in the table. */
#ifndef MARSCTL_SHOW_H
#define MARSCTL_SHOW_H

#include <stddef.h>

enum marsctl_column_kind {
	MARSCTL_COL_PLAIN,
	MARSCTL_COL_RANGE		/* key-min and key-max */
};

struct marsctl_column {
	const char	*head;
	const char	*key;
	int		 width;		/* with the gap; 0: the last one */
	enum marsctl_column_kind kind;
};

struct marsctl_show {
	const char	*name;		/* in the request, and the JSON key */
	const char	*one;		/* in the request, where it is only
					 * about one; NULL: never is */
	unsigned int	 ask;		/* ASK_* */
	unsigned int	 also;		/* ASK_*, of those that run */
	/* NULL: not a table but one object of each daemon */
	const struct marsctl_column *columns;
	size_t		 ncolumns;
};

extern const struct marsctl_show marsctl_shows[];
extern const size_t marsctl_nshows;

const struct marsctl_show	*marsctl_show_find(const char *);

#endif
