/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Which rows filters let through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ctl_filter.h"

static uint8_t buf[2048];
static struct wr w;

static void
row_begin(void)
{
	wr_init(&w, buf, sizeof(buf));
}

static void
a_group(const char *cluster, const char *min, const char *max)
{
	row_begin();
	ctl_string(&w, "protocol", "ipv4");
	ctl_uint(&w, "unknown", 1);
	ctl_string(&w, "cluster", cluster);
	ctl_string(&w, "group-min", min);
	ctl_string(&w, "group-max", max);
	ctl_array(&w, "servers");
	ctl_close(&w);
	ctl_array(&w, "members");
	ctl_string(&w, "", "x");
	ctl_string(&w, "", "y");
	ctl_close(&w);
}

/* Is the row that was written last wanted? */
static bool
wanted(const char *word, const char *value)
{
	struct ctl_filter f;
	struct rd r;

	assert_null(ctl_filter_set(&f, word, value));
	rd_init(&r, buf, w.len);
	return ctl_filter_wants(&f, r);
}

/* A row has the name of a cluster, or it is a counter that belongs to one. */
static void
rows_of_a_cluster(void **state)
{
	(void)state;
	a_group("a", "239.1.1.7", "239.1.1.7");
	assert_true(wanted("cluster", "a"));
	assert_false(wanted("cluster", "b"));
	assert_false(wanted("cluster", ""));
	assert_false(wanted("cluster", "A"));
	row_begin();
	ctl_string(&w, "scope", "b");
	assert_true(wanted("cluster", "b"));
	assert_false(wanted("cluster", "a"));
	/* where it has both, the name of the cluster counts */
	ctl_string(&w, "cluster", "c");
	assert_false(wanted("cluster", "b"));
	assert_true(wanted("cluster", "c"));
	/* none, and one that is no string */
	row_begin();
	assert_false(wanted("cluster", "a"));
	ctl_uint(&w, "cluster", 1);
	assert_false(wanted("cluster", "1"));
	/* a name within something nested is another */
	row_begin();
	ctl_array(&w, "a");
	ctl_string(&w, "cluster", "x");
	ctl_close(&w);
	assert_false(wanted("cluster", "x"));
}

/* The block that has the address, both ends included. */
static void
blocks_with_an_address(void **state)
{
	(void)state;
	a_group("b", "239.1.1.8", "239.1.1.9");
	assert_false(wanted("group", "239.1.1.7"));
	assert_true(wanted("group", "239.1.1.8"));
	assert_true(wanted("group", "239.1.1.9"));
	assert_false(wanted("group", "239.1.1.10"));
	assert_false(wanted("group", "::efef:108"));
	a_group("b", "ff00::", "ff00::ff");
	assert_false(wanted("group", "239.1.1.7"));
	assert_true(wanted("group", "ff00:0::20"));
	assert_false(wanted("group", "ff00::100"));
	a_group("b", "0x010203", "0x0102ff");
	assert_true(wanted("group", "0x010210"));
	assert_false(wanted("group", "0x0103"));
	/* text that is no address */
	a_group("b", "-", "-");
	assert_true(wanted("group", "-"));
	assert_false(wanted("group", "239.1.1.7"));
	row_begin();
	ctl_string(&w, "cluster", "b");
	assert_false(wanted("group", "239.1.1.7"));
	ctl_string(&w, "group-min", "239.1.1.0");
	assert_false(wanted("group", "239.1.1.7"));
	ctl_string(&w, "group-max", "239.1.1.7");
	assert_true(wanted("group", "239.1.1.7"));
}

/* A row about a node, and a protocol written in two ways. */
static void
rows_of_a_node(void **state)
{
	(void)state;
	row_begin();
	ctl_string(&w, "protocol", "ipv4");
	ctl_string(&w, "address", "192.0.2.9%1");
	ctl_string(&w, "server", "192.0.2.1");
	assert_true(wanted("protocol", "ipv4"));
	assert_true(wanted("protocol", "0x0800"));
	assert_false(wanted("protocol", "ipv6"));
	assert_true(wanted("server", "192.0.2.1"));
	assert_false(wanted("server", "local"));
	/* without a selector it is any of that address */
	assert_true(wanted("address", "192.0.2.9"));
	assert_true(wanted("address", "192.0.2.9%1"));
	assert_false(wanted("address", "192.0.2.9%2"));
	assert_false(wanted("address", "192.0.2.1"));
	assert_true(wanted("prefix", "192.0.2.8/29"));
	assert_false(wanted("prefix", "192.0.2.0/29"));
	assert_false(wanted("prefix", "::/0"));
	/* a circuit has a peer, a server an oid */
	row_begin();
	ctl_string(&w, "peer", "192.0.2.9");
	ctl_string(&w, "oid", "192.0.2.1");
	assert_true(wanted("address", "192.0.2.9"));
	assert_true(wanted("prefix", "192.0.2.0/24"));
	assert_true(wanted("server", "192.0.2.1"));
	row_begin();
	assert_false(wanted("address", "192.0.2.9"));
	assert_false(wanted("prefix", "192.0.2.0/24"));
	assert_false(wanted("server", "local"));
	assert_false(wanted("protocol", "ipv4"));
}

/* A block and a prefix that have a group in common. */
static void
blocks_within_a_prefix(void **state)
{
	(void)state;
	a_group("b", "239.1.1.0", "239.1.1.255");
	assert_true(wanted("prefix", "239.1.0.0/16"));
	assert_true(wanted("prefix", "239.1.1.128/25"));
	assert_true(wanted("prefix", "239.1.1.7"));
	assert_false(wanted("prefix", "239.1.2.0/24"));
	assert_false(wanted("prefix", "ff00::/8"));
	/* the group of a flow or of a listener is one address */
	row_begin();
	ctl_string(&w, "group", "239.1.1.7");
	assert_true(wanted("prefix", "239.1.0.0/16"));
	assert_true(wanted("group", "239.1.1.7"));
	assert_false(wanted("group", "239.1.1.8"));
}

static void
wrong_values(void **state)
{
	struct ctl_filter f;

	(void)state;
	assert_non_null(ctl_filter_set(&f, "protocol", "ip"));
	assert_non_null(ctl_filter_set(&f, "server", "ff00::1"));
	assert_non_null(ctl_filter_set(&f, "server", "a"));
	assert_null(ctl_filter_set(&f, "server", "local"));
	assert_non_null(ctl_filter_set(&f, "address", "192.0.2"));
	assert_non_null(ctl_filter_set(&f, "prefix", "192.0.2.0/33"));
	assert_non_null(ctl_filter_set(&f, "group", "x"));
}

static void
wrong_words(void **state)
{
	char value[CTL_ARG_SIZE + 1];
	struct ctl_filter f;

	(void)state;
	assert_non_null(ctl_filter_set(&f, "colour", "red"));
	assert_non_null(ctl_filter_set(&f, "", ""));
	assert_non_null(ctl_filter_set(&f, "clus", "a"));
	memset(value, 'a', sizeof(value));
	value[CTL_ARG_SIZE] = '\0';
	assert_non_null(ctl_filter_set(&f, "cluster", value));
	value[CTL_ARG_SIZE - 1] = '\0';
	assert_null(ctl_filter_set(&f, "cluster", value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_a_cluster),
		cmocka_unit_test(blocks_with_an_address),
		cmocka_unit_test(rows_of_a_node),
		cmocka_unit_test(blocks_within_a_prefix),
		cmocka_unit_test(wrong_values),
		cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests_name("ctl_filter", tests, NULL, NULL);
}
