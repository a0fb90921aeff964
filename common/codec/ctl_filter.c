/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "ctl_filter.h"

struct ctl_filter_kind {
	const char	*word;
	bool		(*wants)(const struct ctl_filter *, struct rd row);
	const char	*names[2];	/* of the values that it looks at */
};

/*
 * Does the row have this very value?  The first of the names that it has
 * counts.
 */
static bool
wants_same(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value v;
	size_t i;

	for (i = 0; i < 2 && f->kind->names[i] != NULL; i++)
		if (ctl_find_string(row, f->kind->names[i], &v))
			return strcmp(v.string, f->value) == 0;
	return false;
}

/*
 * Is the address in the block that the row is about?  The two names are those
 * of its first and last address.  A value that is no address can't be inside a
 * block, so it is compared with the text of the first address.
 */
static bool
wants_block(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value first, last;
	struct paddr min, max;

	if (!ctl_find_string(row, f->kind->names[0], &first) ||
	    !ctl_find_string(row, f->kind->names[1], &last))
		return false;
	if (f->addr.len == 0)
		return strcmp(first.string, f->value) == 0;
	return paddr_parse(&min, first.string) == 0 &&
	    paddr_parse(&max, last.string) == 0 && min.len == f->addr.len &&
	    max.len == f->addr.len && paddr_cmp(&min, &f->addr) <= 0 &&
	    paddr_cmp(&f->addr, &max) <= 0;
}

static const struct ctl_filter_kind kinds[] = {
	/* a counter that belongs to a cluster has its name as scope */
	{ "cluster", wants_same, { "cluster", "scope" } },
	{ "event", wants_same, { "event" } },
	{ "group", wants_block, { "group-min", "group-max" } },
};

const char *
ctl_filter_set(struct ctl_filter *f, const char *word, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].word, word) == 0)
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return "that filter is not known here";
	f->kind = &kinds[i];
	if (strlcpy(f->value, value, sizeof(f->value)) >= sizeof(f->value))
		return "the value of a filter is too long";
	/* null where it is none: "-" is the block of an empty address */
	if (paddr_parse(&f->addr, value) == -1 &&
	    f->kind->wants == wants_block && strcmp(value, "-") != 0)
		return "that is no address of a group";
	return NULL;
}

bool
ctl_filter_wants(const struct ctl_filter *f, struct rd row)
{
	return f->kind->wants(f, row);
}
