/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of a server of scspnet.h. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "rows.h"
#include "scspnet.h"

static bool
row_has(const char *name, const char *text)
{
	return strcmp(rows_value(name)->string, text) == 0;
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
	ROWS_BEGIN();
	while (ROWS_NEXT(scsp_show_neighbors, nd->s))
		if (row_has("address", addr) &&
		    rows_value("protocol-id")->number == PID_MARS &&
		    rows_value("server-group")->number == NET_SGID)
			return rows_value(column);
	fail_msg("no neighbor %s", addr);
	return NULL;
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
	ROWS_BEGIN();
	while (ROWS_NEXT(scsp_show_counters, nd->s))
		if (row_has("scope", scope) && row_has("name", name))
			return rows_value("value")->number;
	return 0;
}

uint64_t
node_summary(struct node *nd, const char *name)
{
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(scsp_show_summary, nd->s));
	return rows_value(name)->number;
}

const struct shown *
node_record(struct node *nd, int owner, uint32_t key)
{
	static struct shown shown;
	char oid[16];

	snprintf(oid, sizeof(oid), "10.0.0.%d", owner + 1);
	ROWS_BEGIN();
	while (ROWS_NEXT(scsp_show_cache, nd->s)) {
		if (rows_value("protocol-id")->number != PID_MARS ||
		    !row_has("oid", oid) || rows_value("key")->number != key)
			continue;
		shown.seq = (int32_t)rows_value("sequence")->number;
		shown.len = rows_value("length")->number;
		snprintf(shown.state, sizeof(shown.state), "%.15s",
		    rows_value("state")->string);
		shown.own = rows_value("own")->number != 0;
		return &shown;
	}
	return NULL;
}
