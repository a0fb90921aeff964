/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/flow.h"
#include "edged/policy.h"

#define MAX	64

static struct paddr
numbered(uint8_t first, uint32_t n)
{
	return (struct paddr){ 4,
		{ first, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };
}

static struct edged_flow *
get(struct edged_flows *f, uint32_t source, uint32_t group, uint8_t dir)
{
	struct paddr s = numbered(10, source), g = numbered(239, group);
	struct edged_flow *e = edged_flow_find(f, &s, &g, dir);

	return e != NULL ? e : edged_flow_new(f, (mtime_t){ 0 }, &s, &g, dir);
}

/* A flow is a source, a group and a direction. */
static void
found(void **state)
{
	struct edged_flows f;
	struct edged_flow *e;

	(void)state;
	assert_int_equal(edged_flows_init(&f, MAX, 7), 0);
	e = get(&f, 1, 1, EDGED_DIR_OUT);
	assert_ptr_equal(get(&f, 1, 1, EDGED_DIR_OUT), e);
	assert_ptr_not_equal(get(&f, 1, 1, EDGED_DIR_IN), e);
	assert_ptr_not_equal(get(&f, 2, 1, EDGED_DIR_OUT), e);
	assert_ptr_not_equal(get(&f, 1, 2, EDGED_DIR_OUT), e);
	assert_int_equal(f.used, 4);
	/* the bucket of a group is that of all its flows */
	assert_int_equal(f.ngroups, 2);
	assert_ptr_equal(get(&f, 2, 1, EDGED_DIR_OUT)->group, e->group);
	edged_flows_free(&f);
}

/* The one that has been silent for longest makes room; groups go with them. */
static void
bounded(void **state)
{
	struct edged_flows f;
	struct edged_flow *kept;
	struct paddr s = numbered(10, 1), g = numbered(239, 1);
	uint32_t i;

	(void)state;
	assert_int_equal(edged_flows_init(&f, MAX, 7), 0);
	kept = get(&f, 1, 1, EDGED_DIR_OUT);
	kept->group->held = kept;
	for (i = 0; i < 10 * MAX; i++) {
		edged_flow_count(&f, kept, (mtime_t){ i }, 100);
		(void)get(&f, 1, 100 + i, EDGED_DIR_OUT);
	}
	assert_int_equal(f.used, MAX);
	assert_int_equal(f.evicted, 10 * MAX + 1 - MAX);
	assert_int_equal(f.ngroups, MAX);
	assert_ptr_equal(edged_flow_find(&f, &s, &g, EDGED_DIR_OUT), kept);
	assert_int_equal(kept->packets, 10 * MAX);
	assert_ptr_equal(edged_flow_held(&f, &g), kept);
	/* what is evicted is held by nobody */
	for (i = 0; i < MAX; i++)
		(void)get(&f, 2, 1000 + i, EDGED_DIR_OUT);
	assert_null(edged_flow_find(&f, &s, &g, EDGED_DIR_OUT));
	assert_null(edged_flow_held(&f, &g));
	assert_null(edged_flows_nth(&f, MAX));
	edged_flows_free(&f);
}

/* of the last whole second */
static void
rates(void **state)
{
	struct edged_flows f;
	struct edged_flow *e;
	mtime_t now = { 0 };
	int i;

	(void)state;
	assert_int_equal(edged_flows_init(&f, MAX, 7), 0);
	e = get(&f, 1, 1, EDGED_DIR_OUT);
	for (i = 0; i < 30; i++) {
		now.us = i * MTIME_MS(100);
		edged_flow_count(&f, e, now, 1000);
	}
	assert_int_equal(edged_flow_rate(e, now), 80000);
	now.us += MTIME_SEC(1);
	assert_int_equal(edged_flow_rate(e, now), 80000);
	now.us += MTIME_SEC(2);
	assert_int_equal(edged_flow_rate(e, now), 0);
	edged_flows_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found),
		cmocka_unit_test(bounded),
		cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
