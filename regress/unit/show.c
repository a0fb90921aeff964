/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl gets to see of scspd's core. */
/* links: scspd */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "ctl.h"
#include "ctlserver.h"
#include "scspnet.h"

static uint8_t cursor[CTL_CURSOR_SIZE], row[CTL_ROW_MAX];
static size_t len;

static bool
next(bool (*show)(struct scsp *, void *, struct wr *), struct node *nd)
{
	struct wr w;
	bool more;

	wr_init(&w, row, sizeof(row));
	more = show(nd->s, cursor, &w);
	assert_false(wr_failed(&w));
	len = w.len;
	return more;
}

/* the value of this name in the last row */
static struct ctl_value *
value(const char *name)
{
	static struct ctl_value v;
	struct rd r;

	rd_init(&r, row, len);
	while (ctl_next(&r, &v))
		if (strcmp(v.name, name) == 0)
			return &v;
	fail_msg("no %s", name);
	return NULL;
}

static void
all(void **state)
{
	struct net *n = net_line(1, 3, false);
	uint32_t i, rows = 0;

	(void)state;
	net_start(n);
	for (i = 0; i < 5; i++)
		node_publish(&n->node[0], i, "x");
	assert_true(net_settle(n, 3000));
	node_publish(&n->node[2], 7, NULL);
	assert_true(net_settle(n, 3000));

	assert_true(next(scsp_show_summary, &n->node[1]));
	assert_int_equal(value("neighbors")->number, 2);
	assert_int_equal(value("aligned")->number, 2);
	assert_int_equal(value("records")->number, 6);
	assert_int_equal(value("tombstones")->number, 1);
	assert_false(next(scsp_show_summary, &n->node[1]));

	memset(cursor, 0, sizeof(cursor));
	assert_true(next(scsp_show_neighbors, &n->node[1]));
	assert_string_equal(value("address")->string, "10.0.0.1%1");
	assert_string_equal(value("id")->string, "10.0.0.1");
	assert_string_equal(value("hello")->string, "Bidirectional");
	assert_string_equal(value("alignment")->string, "Aligned");
	assert_string_equal(value("auth")->string, "off");
	assert_int_equal(value("server-group")->number, NET_SGID);
	assert_int_equal(value("protocol-id")->number, 3);
	assert_true(value("records-received")->number >= 5);
	assert_true(next(scsp_show_neighbors, &n->node[1]));
	assert_false(next(scsp_show_neighbors, &n->node[1]));

	/* the cursor is a name: what it names may go meanwhile */
	memset(cursor, 0, sizeof(cursor));
	assert_true(next(scsp_show_cache, &n->node[1]));
	assert_string_equal(value("oid")->string, "10.0.0.1");
	assert_int_equal(value("key")->number, 0);
	assert_int_equal((int64_t)value("sequence")->number, SEQ_FIRST);
	assert_string_equal(value("state")->string, "live");
	assert_int_equal(value("own")->number, 0);
	scsp_erase(
	    n->node[1].s, NET_SGID, (const uint8_t[4]){ 10, 0, 0, 1 }, 0);
	for (rows = 1; next(scsp_show_cache, &n->node[1]); rows++)
		;
	assert_int_equal(rows, 6);

	memset(cursor, 0, sizeof(cursor));
	for (rows = 0; next(scsp_show_counters, &n->node[1]); rows++)
		if (strcmp(value("name")->string, "hellos-in") == 0)
			assert_true(value("value")->number > 0);
	assert_true(rows > 20);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
