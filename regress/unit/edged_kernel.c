/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of the path through the kernel, as edged keeps it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "edged/kernel.h"

static struct kpath *table;
static struct edged_kernel *k;
static struct kpath_leaf leaves[KPATH_LEAVES + 1];

static int
setup(void **state)
{
	(void)state;
	table = calloc(1, sizeof(*table));
	assert_non_null(table);
	table->version = KPATH_VERSION;
	k = edged_kernel_new(table, 7);
	assert_non_null(k);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	edged_kernel_free(k);
	free(table);
	return 0;
}

static struct edged_kernel_entry
entry(uint32_t host, uint32_t n)
{
	struct edged_kernel_entry e = { .owner = table,
		.ifindex = 3,
		.source = { .len = 4, .a = { 10, 1, 0, 2 } },
		.group = { .len = 4, .a = { 239, 1, 1, 1 } },
		.version = 5,
		.flow = { .mtu = 1400, .ttl = 64 },
		.leaves = leaves,
		.nleaves = n };

	e.source.a[1] = (uint8_t)(host >> 8);
	e.source.a[2] = (uint8_t)host;
	return e;
}

static bool
add(uint32_t host, uint32_t n, int64_t at)
{
	struct edged_kernel_entry e = entry(host, n);

	return edged_kernel_add(k, (mtime_t){ at }, &e);
}

static uint32_t
find(uint32_t host)
{
	struct edged_kernel_entry e = entry(host, 1);

	return edged_kernel_find(k, e.ifindex, &e.source, &e.group);
}

static void
another_version(void **state)
{
	(void)state;
	table->version = KPATH_VERSION + 1;
	assert_null(edged_kernel_new(table, 7));
}

static void
put_in_and_taken_out(void **state)
{
	const struct kpath_flow *f;
	struct edged_kernel_entry e = entry(1, 2);
	uint32_t slot;

	(void)state;
	leaves[0].dst = 11;
	leaves[1].dst = 22;
	assert_int_equal(find(1), KPATH_FLOWS);
	assert_true(add(1, 2, 1000));
	slot = find(1);
	assert_true(slot < KPATH_FLOWS);
	assert_int_equal(find(2), KPATH_FLOWS);
	assert_int_equal(edged_kernel_find(k, 4, &e.source, &e.group),
	    KPATH_FLOWS);
	f = &table->flows[slot];
	assert_int_equal(f->on, 1);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->mtu, 1400);
	assert_int_equal(f->key.ifindex, 3);
	assert_memory_equal(f->key.group, "\xef\x01\x01\x01", 4);
	assert_int_equal(f->key.group[1], 0);
	assert_int_equal(table->leaves[f->first].dst, 11);
	assert_int_equal(table->leaves[f->first + 1].dst, 22);
	edged_kernel_remove(k, (mtime_t){ 2000 }, slot);
	assert_int_equal(f->on, 0);
	assert_int_equal(find(1), KPATH_FLOWS);
	assert_int_equal(k->used, 1);
}

/* What is still counted while it rests is not lost; then its place is free. */
static void
rests(void **state)
{
	struct edged_kernel_count n;
	uint32_t slot, again;

	(void)state;
	assert_true(add(1, 3, 0));
	slot = find(1);
	table->flows[slot].packets = 5;
	table->flows[slot].copies = 15;
	n = edged_kernel_counted(k, slot);
	assert_int_equal(n.packets, 5);
	assert_int_equal(n.copies, 15);
	edged_kernel_remove(k, (mtime_t){ 100 }, slot);
	table->flows[slot].packets = 6;
	/* it comes back: at another place */
	assert_true(add(1, 3, 200));
	again = find(1);
	assert_int_not_equal(again, slot);
	assert_int_not_equal(
	    table->flows[again].first, table->flows[slot].first);
	n = edged_kernel_counted(k, slot);
	assert_int_equal(n.packets, 1);
	assert_int_equal(n.copies, 0);
	assert_false(edged_kernel_rested(
	    k, (mtime_t){ 100 + KPATH_REST - 1 }, slot));
	assert_false(edged_kernel_rested(
	    k, (mtime_t){ 100 + KPATH_REST }, again));
	assert_int_equal(k->nleaves, 6);
	assert_true(edged_kernel_rested(
	    k, (mtime_t){ 100 + KPATH_REST }, slot));
	assert_int_equal(k->nleaves, 3);
	assert_int_equal(k->used, 1);
}

static void
leaves_are_bounded(void **state)
{
	(void)state;
	assert_false(add(1, 0, 0));
	assert_false(add(1, KPATH_LEAVES + 1, 0));
	assert_true(add(1, KPATH_LEAVES - 2, 0));
	assert_false(add(2, 3, 0));
	assert_true(add(2, 2, 0));
	assert_false(add(3, 1, 0));
	edged_kernel_remove(k, (mtime_t){ 0 }, find(1));
	/* they rest */
	assert_false(add(3, 1, 0));
}

/* Each place is used once, and a flow has so many of them where it may be. */
static void
places_are_bounded(void **state)
{
	uint32_t i, in = 0;

	(void)state;
	for (i = 0; i < 4 * KPATH_FLOWS; i++)
		in += add(i, 1, 0);
	assert_true(in > KPATH_FLOWS / 2 && in <= KPATH_FLOWS);
	assert_int_equal(k->on, in);
	for (i = 0, in = 0; i < KPATH_FLOWS; i++)
		in += table->flows[i].on;
	assert_int_equal(k->on, in);
	for (i = 0, in = 0; i < KPATH_LEAVES; i++)
		in += k->leaves[i];
	assert_int_equal(k->nleaves, in);
}

/* The flows of a group are found without a look at the others. */
static void
flows_of_a_group(void **state)
{
	struct edged_kernel_entry e;
	uint32_t slot, i, seen = 0, sum = 0, all = 0;
	int gone;

	(void)state;
	for (i = 0; i < 900; i++) {
		e = entry(i, 1);
		e.group.a[3] = (uint8_t)(i / 3 % 100);
		e.group.a[2] = (uint8_t)(i / 300);
		all += edged_kernel_add(k, (mtime_t){ 0 }, &e);
	}
	assert_true(all > 800);
	for (gone = 0; gone < 2; gone++) {
		for (i = 0, sum = 0; i < 300; i++) {
			e.group.a[3] = (uint8_t)(i % 100);
			e.group.a[2] = (uint8_t)(i / 100);
			slot = edged_kernel_first(k, &e.group);
			for (seen = 0; slot != KPATH_FLOWS; seen++) {
				assert_true(paddr_equal(
				    &k->slots[slot].group, &e.group));
				sum++;
				slot = edged_kernel_next(k, slot);
			}
			assert_true(seen <= 3);
			/* one of each group is taken out */
			slot = edged_kernel_first(k, &e.group);
			if (gone == 0 && slot != KPATH_FLOWS)
				edged_kernel_remove(
				    k, (mtime_t){ 0 }, slot);
		}
		assert_int_equal(sum, gone == 0 ? all : k->on);
	}
	e.group.a[1] = 77;
	assert_int_equal(edged_kernel_first(k, &e.group), KPATH_FLOWS);
}

/* Who had no place tries again less and less often; other leaves at once. */
static void
waits_for_a_place(void **state)
{
	struct edged_kernel_wait w = { 0 };
	mtime_t now = { 5000 };
	int64_t before = 0;
	int i;

	(void)state;
	for (i = 0; i < 12; i++) {
		assert_true(edged_kernel_due(&w, now, 7));
		edged_kernel_later(&w, now, 7);
		assert_true(w.delay >= before && w.delay <= MTIME_SEC(60));
		before = w.delay;
		assert_false(edged_kernel_due(&w, now, 7));
		assert_true(edged_kernel_due(&w, now, 8));
		now.us += w.delay - 1;
		assert_false(edged_kernel_due(&w, now, 7));
		now.us++;
	}
	assert_int_equal(w.delay, MTIME_SEC(60));
}

/* What a flow may send is given to it; it begins with nothing, and may owe. */
static void
credit(void **state)
{
	uint32_t slot;

	(void)state;
	assert_true(add(1, 1, 1000));
	slot = find(1);
	assert_int_equal(edged_kernel_credit(k, slot), 0);
	edged_kernel_give(k, slot, 3000);
	table->flows[slot].credit -= 4000;
	assert_int_equal(edged_kernel_credit(k, slot), -1000);
	edged_kernel_give(k, slot, 1500);
	assert_int_equal(edged_kernel_credit(k, slot), 500);
}

/* Nothing is in force any more when its owner has gone. */
static void
ends(void **state)
{
	struct kpath *t = calloc(1, sizeof(*t));
	struct edged_kernel *other;
	struct edged_kernel_entry e = entry(1, 1);
	uint32_t slot;

	(void)state;
	assert_non_null(t);
	t->version = KPATH_VERSION;
	other = edged_kernel_new(t, 1);
	assert_non_null(other);
	assert_true(edged_kernel_add(other, (mtime_t){ 0 }, &e));
	slot = edged_kernel_find(other, e.ifindex, &e.source, &e.group);
	assert_int_equal(t->flows[slot].on, 1);
	edged_kernel_free(other);
	assert_int_equal(t->flows[slot].on, 0);
	free(t);
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
int
main(void)
{
	const struct CMUnitTest tests[] = { T(another_version),
		T(put_in_and_taken_out), T(rests), T(leaves_are_bounded),
		T(places_are_bounded), T(flows_of_a_group),
		cmocka_unit_test(waits_for_a_place), T(credit), T(ends) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
