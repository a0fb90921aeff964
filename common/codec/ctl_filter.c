/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "ctl_filter.h"

#define NAMES_MAX	4

struct ctl_filter_kind {
	const char	*word;
	bool		(*parse)(struct ctl_filter *);
	bool		(*wants)(const struct ctl_filter *, struct rd row);
	const char	*wrong;		/* what the value is not */
	const char	*names[NAMES_MAX]; /* of the values that it looks at */
};

/* The first of the names that the row has: its value; false: it has none. */
static bool
first_value(const struct ctl_filter *f, struct rd row, struct ctl_value *v)
{
	size_t i;

	for (i = 0; i < NAMES_MAX && f->kind->names[i] != NULL; i++)
		if (ctl_find_string(row, f->kind->names[i], v))
			return true;
	return false;
}

static bool
parse_any(struct ctl_filter *f)
{
	(void)f;
	return true;
}

/* Does the row have this very value? */
static bool
wants_same(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value v;

	return first_value(f, row, &v) && strcmp(v.string, f->value) == 0;
}

/* As rows have it: one protocol may be written in two ways. */
static bool
parse_protocol(struct ctl_filter *f)
{
	struct mars_pro pro;

	if (mars_pro_parse(&pro, f->value) == -1)
		return false;
	(void)mars_pro_print(&pro, f->value, sizeof(f->value));
	return true;
}

/* An identifier, which looks like an IPv4 address, or the server itself. */
static bool
parse_server(struct ctl_filter *f)
{
	return strcmp(f->value, "local") == 0 ||
	    (paddr_parse(&f->addr, f->value) == 0 && f->addr.len == 4);
}

static bool
parse_number(struct ctl_filter *f)
{
	const char *p = f->value;

	for (f->number = 0; *p >= '0' && *p <= '9' &&
	    f->number <= UINT32_MAX; p++)
		f->number = f->number * 10 + (uint64_t)(*p - '0');
	return p != f->value && *p == '\0' && f->number <= UINT32_MAX;
}

static bool
wants_number(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value v;

	return ctl_find(&row, f->kind->names[0], &v) && v.tag == CTL_UINT &&
	    v.number == f->number;
}

static bool
parse_address(struct ctl_filter *f)
{
	return atm_addr_parse(&f->atm, f->value) == 0;
}

/* Without a selector it is any of that address. */
static bool
wants_address(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value v;
	struct atm_addr a;

	if (!first_value(f, row, &v) || atm_addr_parse(&a, v.string) == -1)
		return false;
	if (atm_addr_sel(&f->atm) == 0)
		atm_addr_set_sel(&a, 0);
	return atm_addr_equal(&a, &f->atm);
}

static bool
parse_block(struct ctl_filter *f)
{
	/* null where it is none: "-" is the block of an empty address */
	return paddr_parse(&f->addr, f->value) == 0 ||
	    strcmp(f->value, "-") == 0;
}

/* The block that the row is about; of a single group, both are that. */
static bool
row_block(const struct ctl_filter *f, struct rd row, struct ctl_value *first,
    struct ctl_value *last)
{
	if (ctl_find_string(row, f->kind->names[0], first))
		return ctl_find_string(row, f->kind->names[1], last);
	return ctl_find_string(row, f->kind->names[2], first) &&
	    ctl_find_string(row, f->kind->names[2], last);
}

/*
 * Is the address in the block that the row is about?  A value that is no
 * address can't be inside a block, so it is compared with the text of the
 * first address.
 */
static bool
wants_block(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value first, last;
	struct paddr min, max;

	if (!row_block(f, row, &first, &last))
		return false;
	if (f->addr.len == 0)
		return strcmp(first.string, f->value) == 0;
	return paddr_parse(&min, first.string) == 0 &&
	    paddr_parse(&max, last.string) == 0 && min.len == f->addr.len &&
	    max.len == f->addr.len && paddr_cmp(&min, &f->addr) <= 0 &&
	    paddr_cmp(&f->addr, &max) <= 0;
}

static bool
parse_prefix(struct ctl_filter *f)
{
	return ip_prefix_parse(&f->prefix, f->value);
}

static bool
prefix_has(const struct ctl_filter *f, const struct paddr *a)
{
	struct ip_prefix one;
	char text[PADDR_STRLEN];

	return ip_prefix_parse(&one, paddr_print(a, text, sizeof(text))) &&
	    ip_prefix_covers(&f->prefix, &one);
}

/* Have the block and the prefix an address in common? */
static bool
prefix_meets(const struct ctl_filter *f, const char *first, const char *last)
{
	struct paddr min, max, own = { .len = f->prefix.v6 ? 16 : 4 };

	if (paddr_parse(&min, first) == -1 || paddr_parse(&max, last) == -1)
		return false;
	memcpy(own.a, f->prefix.a, own.len);
	return prefix_has(f, &min) || prefix_has(f, &max) ||
	    (min.len == own.len && paddr_cmp(&min, &own) <= 0 &&
	    paddr_cmp(&own, &max) <= 0);
}

/* Of groups, those that have one in it; else the address of the row is. */
static bool
wants_prefix(const struct ctl_filter *f, struct rd row)
{
	struct ctl_value first, last;
	struct atm_addr atm;

	if (row_block(f, row, &first, &last))
		return prefix_meets(f, first.string, last.string);
	return (ctl_find_string(row, "address", &first) ||
	    ctl_find_string(row, "peer", &first)) &&
	    atm_addr_parse(&atm, first.string) == 0 &&
	    ip_prefix_match(&f->prefix, &atm);
}

static const struct ctl_filter_kind kinds[] = {
	/* a counter that belongs to a cluster has its name as scope */
	{ "cluster", parse_any, wants_same, "", { "cluster", "scope" } },
	{ "event", parse_any, wants_same, "", { "event" } },
	{ "protocol", parse_protocol, wants_same,
	    "that is no protocol: write ipv4, ipv6 or a number such as 0x0800",
	    { "protocol" } },
	{ "server", parse_server, wants_same,
	    "that is no server: write its identifier, such as 192.0.2.1, or "
	    "local",
	    { "server", "oid", "id" } },
	{ "key", parse_number, wants_number,
	    "that is no key of a record: write a number", { "key" } },
	{ "address", parse_address, wants_address, "that is no address",
	    { "address", "peer" } },
	{ "group", parse_block, wants_block, "that is no address of a group",
	    { "group-min", "group-max", "group" } },
	{ "prefix", parse_prefix, wants_prefix,
	    "that is no prefix: write one such as 192.0.2.0/24",
	    { "group-min", "group-max", "group" } },
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
	memset(f, 0, sizeof(*f));
	f->kind = &kinds[i];
	if (strlcpy(f->value, value, sizeof(f->value)) >= sizeof(f->value))
		return "the value of a filter is too long";
	return f->kind->parse(f) ? NULL : f->kind->wrong;
}

bool
ctl_filter_wants(const struct ctl_filter *f, struct rd row)
{
	return f->kind->wants(f, row);
}

bool
ctl_filters_want(const struct ctl_filter *f, size_t n, struct rd row)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!ctl_filter_wants(&f[i], row))
			return false;
	return true;
}
