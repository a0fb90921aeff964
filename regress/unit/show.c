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

/* State machines, timers, and what went wrong last, until it is cleared. */
static void
a_neighbor_in_full(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;
	struct scsp_peer *p;

	(void)state;
	assert_true(ROWS_NEXT(scsp_show_neighbors, s));
	assert_true(rows_value("next-hello")->tag == CTL_AGE);
	assert_true(rows_value("silent-in")->number > 0);
	rows_null("csu-again-in");
	rows_null("last-error");
	rows_null("last-error-spi");
	RB_FOREACH(p, scsp_peer_tree, &s->peers)
		scsp_problem_group(p, 7);
	assert_int_equal(n->node[1].events[SCSP_EV_GROUP], 2);
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(scsp_show_neighbors, s));
	rows_string("last-error", "packet of a server group that is not "
	    "configured with that server here");
	rows_string("last-error-address", "10.0.0.1%1");
	rows_number("last-error-age", 0);
	scsp_clear_counters(s);
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(scsp_show_neighbors, s));
	rows_null("last-error");
	rows_number("hellos-in", 0);
	net_free(n);
}

/* Of no neighbor: told once in a while, and the last error of the whole. */
static void
a_stranger_is_told_of(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;
	struct atm_addr who;

	(void)state;
	assert_int_equal(atm_addr_parse(&who, "10.0.0.77%1"), 0);
	scsp_problem_stranger(s, &who);
	scsp_problem_stranger(s, &who);
	assert_int_equal(n->node[1].events[SCSP_EV_STRANGER], 1);
	assert_true(ROWS_NEXT(scsp_show_summary, s));
	rows_string(
	    "last-error", "call from a server that is no neighbor here");
	rows_string("last-error-address", "10.0.0.77%1");
	net_free(n);
}

/* What a record says is decoded only where it is asked for. */
static void
a_record_in_full(void **state)
{
	struct net *n = three_servers();
	struct scsp *s = n->node[1].s;

	(void)state;
	assert_true(ROWS_NEXT(scsp_show_record, s));
	rows_string("oid", "10.0.0.1");
	rows_number("key", 0);
	assert_true(rows_value("octets")->tag == CTL_STRING);
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
		cmocka_unit_test(a_neighbor_in_full),
		cmocka_unit_test(a_stranger_is_told_of),
		cmocka_unit_test(a_record_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
