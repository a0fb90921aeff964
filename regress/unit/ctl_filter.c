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
		cmocka_unit_test(wrong_words),
	};

	return cmocka_run_group_tests_name("ctl_filter", tests, NULL, NULL);
}
