/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl gets to see of scspd's core. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "rows.h"
#include "scspnet.h"

/*
 * The middle one of three servers, of which the first has five records and
 * the last a withdrawn one.
 */
static struct net *
three_servers(void)
{
	struct net *n = net_line(1, 3, false);
	uint32_t i;

	net_start(n);
	for (i = 0; i < 5; i++)
		node_publish(&n->node[0], i, "x");
	assert_true(net_settle(n, 3000));
	node_publish(&n->node[2], 7, NULL);
	assert_true(net_settle(n, 3000));
	ROWS_BEGIN();
	return n;
}

static void
summary_is_one_object(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;

	(void)state;
	assert_true(ROWS_NEXT(scsp_show_summary, s));
	rows_number("neighbors", 2);
	rows_number("aligned", 2);
	rows_number("records", 6);
	rows_number("tombstones", 1);
	assert_false(ROWS_NEXT(scsp_show_summary, s));
	net_free(n);
}

static void
each_neighbor_has_a_row(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;

	(void)state;
	assert_true(ROWS_NEXT(scsp_show_neighbors, s));
	rows_string("address", "10.0.0.1%1");
	rows_string("id", "10.0.0.1");
	rows_string("hello", "Bidirectional");
	rows_string("alignment", "Aligned");
	rows_string("auth", "off");
	rows_number("server-group", NET_SGID);
	rows_number("protocol-id", 3);
	assert_true(rows_value("records-received")->number >= 5);
	assert_true(ROWS_NEXT(scsp_show_neighbors, s));
	assert_false(ROWS_NEXT(scsp_show_neighbors, s));
	net_free(n);
}

/* The cursor is a name: what it names may go meanwhile. */
static void
cache_goes_on_behind_a_record_that_went(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;
	uint32_t count;

	(void)state;
	assert_true(ROWS_NEXT(scsp_show_cache, s));
	rows_string("oid", "10.0.0.1");
	rows_number("key", 0);
	assert_int_equal((int64_t)rows_value("sequence")->number, SEQ_FIRST);
	rows_string("state", "live");
	rows_number("own", 0);
	scsp_erase(s, NET_SGID, (const uint8_t[4]){ 10, 0, 0, 1 }, 0);
	for (count = 1; ROWS_NEXT(scsp_show_cache, s); count++)
		;
	assert_int_equal(count, 6);
	net_free(n);
}

static void
counters_name_what_they_count(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;
	uint32_t count;

	(void)state;
	for (count = 0; ROWS_NEXT(scsp_show_counters, s); count++)
		if (strcmp(rows_value("name")->string, "hellos-in") == 0)
			assert_true(rows_value("value")->number > 0);
	assert_true(count > 20);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_is_one_object),
		cmocka_unit_test(each_neighbor_has_a_row),
		cmocka_unit_test(cache_goes_on_behind_a_record_that_went),
		cmocka_unit_test(counters_name_what_they_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
