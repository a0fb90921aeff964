/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of a server of scspnet.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "ctlserver.h"
#include "scspnet.h"

typedef bool listing(struct scsp *, void *, struct wr *);

static uint8_t cursor[CTL_CURSOR_SIZE], row[CTL_ROW_MAX];
static size_t row_len;

/* a test asks for what is not shown: it is wrong, or the listing is */
static _Noreturn void
missing(const char *what)
{
	fprintf(stderr, "not shown: %s\n", what);
	abort();
}

static bool
next_row(listing *show, struct node *nd)
{
	struct wr w;
	bool more;

	wr_init(&w, row, sizeof(row));
	more = show(nd->s, cursor, &w);
	assert(!wr_failed(&w));
	row_len = w.len;
	return more;
}

/* the value of this name in the row */
static const struct ctl_value *
row_value(const char *name)
{
	static struct ctl_value v;
	struct rd r;

	rd_init(&r, row, row_len);
	while (ctl_next(&r, &v))
		if (strcmp(v.name, name) == 0)
			return &v;
	missing(name);
}

static bool
row_has(const char *name, const char *text)
{
	return strcmp(row_value(name)->string, text) == 0;
}

static void
to_text(char text[ATM_STRLEN], int node)
{
	struct atm_addr a;

	net_addr(&a, node);
	(void)atm_addr_print(&a, text, ATM_STRLEN);
}

/* the row of the neighbor in our group */
static const struct ctl_value *
neighbor_row(struct node *nd, int to, const char *column)
{
	char addr[ATM_STRLEN];

	to_text(addr, to);
	memset(cursor, 0, sizeof(cursor));
	while (next_row(scsp_show_neighbors, nd))
		if (row_has("address", addr) &&
		    row_value("protocol-id")->number == PID_MARS &&
		    row_value("server-group")->number == NET_SGID)
			return row_value(column);
	missing(addr);
}

const char *
node_shows(struct node *nd, int to, const char *column)
{
	return neighbor_row(nd, to, column)->string;
}

uint64_t
node_shows_number(struct node *nd, int to, const char *column)
{
	return neighbor_row(nd, to, column)->number;
}

uint64_t
node_counter(struct node *nd, int to, const char *name)
{
	char scope[ATM_STRLEN] = "all";

	if (to != -1)
		to_text(scope, to);
	memset(cursor, 0, sizeof(cursor));
	while (next_row(scsp_show_counters, nd))
		if (row_has("scope", scope) && row_has("name", name))
			return row_value("value")->number;
	return 0;
}

uint64_t
node_summary(struct node *nd, const char *name)
{
	memset(cursor, 0, sizeof(cursor));
	assert(next_row(scsp_show_summary, nd));
	return row_value(name)->number;
}

const struct shown *
node_record(struct node *nd, int owner, uint32_t key)
{
	static struct shown shown;
	char oid[16];

	snprintf(oid, sizeof(oid), "10.0.0.%d", owner + 1);
	memset(cursor, 0, sizeof(cursor));
	while (next_row(scsp_show_cache, nd)) {
		if (row_value("protocol-id")->number != PID_MARS ||
		    !row_has("oid", oid) || row_value("key")->number != key)
			continue;
		shown.seq = (int32_t)row_value("sequence")->number;
		shown.len = row_value("length")->number;
		snprintf(shown.state, sizeof(shown.state), "%.15s",
		    row_value("state")->string);
		shown.own = row_value("own")->number != 0;
		return &shown;
	}
	return NULL;
}
