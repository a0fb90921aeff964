/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/rate.h"
#include "edged_host.h"

static mtime_t
at(int64_t ms)
{
	return (mtime_t){ MTIME_SEC(1000) + MTIME_MS(ms) };
}

static void
a_bucket(void **state)
{
	struct edged_bucket b = { 0 };
	int i;

	(void)state;
	/* 10 a second, 5 at once */
	for (i = 0; i < 5; i++)
		assert_true(edged_bucket_take(&b, at(0), 10, 5, 1));
	assert_false(edged_bucket_take(&b, at(0), 10, 5, 1));
	assert_false(edged_bucket_take(&b, at(99), 10, 5, 1));
	assert_true(edged_bucket_take(&b, at(100), 10, 5, 1));
	assert_false(edged_bucket_take(&b, at(199), 10, 5, 1));
	assert_false(edged_bucket_take(&b, at(300), 10, 5, 3));
	assert_true(edged_bucket_take(&b, at(300), 10, 5, 2));
	/* never more than the burst, however long it takes */
	assert_false(edged_bucket_take(&b, at(86400000), 10, 5, 6));
	assert_true(edged_bucket_take(&b, at(86400000), 10, 5, 5));
	/* no limit */
	assert_true(edged_bucket_take(&b, at(86400000), 0, 0, 1000));
	/* a smaller burst owes nothing, time does not run back */
	assert_false(edged_bucket_take(&b, at(86400000), 1000, 1, 1));
	assert_true(edged_bucket_take(&b, at(86400001), 1000, 1, 1));
	assert_false(edged_bucket_take(&b, at(0), 1000, 1, 1));
	/* the ends of the numbers */
	memset(&b, 0, sizeof(b));
	assert_true(edged_bucket_take(
	    &b, at(0), UINT64_MAX, UINT64_MAX, EDGED_BURST_MAX));
	assert_false(edged_bucket_take(&b, at(0), UINT64_MAX, UINT64_MAX, 1));
	assert_true(edged_bucket_take(&b, (mtime_t){ INT64_MAX / 2 },
	    UINT64_MAX, UINT64_MAX, EDGED_BURST_MAX));
}

/* Over ten seconds as much passes as the rate says, and the burst. */
static void
the_rate(void **state)
{
	struct edged_bucket b = { 0 };
	struct edged_rate r = { &b, 20000000 }, none = { NULL, 0 };
	int64_t passed = 0, i;

	(void)state;
	for (i = 0; i < 100000; i++)
		if (edged_rate_take((mtime_t){ i * 100 }, 1000, &none, &r,
		    &none) == EDGED_RATE_OK)
			passed += 8000;
	assert_true(passed > 200000000 && passed <= 202000000 + 8000);
}

/* What one refuses costs the others nothing. */
static void
all_or_none(void **state)
{
	struct edged_bucket a = { 0 }, b = { 0 }, c = { 0 };
	struct edged_rate source = { &a, 8 }, group = { &b, 8 },
			  lan = { &c, 8 };
	int64_t before;

	(void)state;
	assert_int_equal(edged_rate_take(at(0), 65535, &source, &group, &lan),
	    EDGED_RATE_OK);
	c.missing = 0;
	a.missing = 0;
	before = c.missing;
	assert_int_equal(edged_rate_take(at(0), 100, &source, &group, &lan),
	    EDGED_RATE_DROP_GROUP);
	assert_int_equal(a.missing, 0);
	assert_int_equal(c.missing, before);
	b.missing = 0;
	a.missing = INT64_MAX / 2;
	assert_int_equal(edged_rate_take(at(0), 100, &source, &group, &lan),
	    EDGED_RATE_DROP_SOURCE);
	a.missing = 0;
	c.missing = INT64_MAX / 2;
	assert_int_equal(edged_rate_take(at(0), 100, &source, &group, &lan),
	    EDGED_RATE_DROP_LAN);
	assert_int_equal(b.missing, 0);
	assert_string_equal(
	    edged_rate_drop_name(EDGED_RATE_DROP_LAN), "rate-lan");
}

/* Any number of sources costs the memory of max; the oldest goes. */
static void
senders(void **state)
{
	struct edged_senders s;
	struct edged_sender *e;
	struct paddr a = { 16, { 0xfd } };
	uint32_t i;

	(void)state;
	assert_int_equal(edged_senders_init(&s, 100, 4711), 0);
	for (i = 0; i < 100; i++) {
		a.a[15] = (uint8_t)i;
		e = edged_senders_get(&s, &a);
		e->packets = i;
	}
	a.a[15] = 0; /* used: now 1 is the oldest */
	assert_int_equal(edged_senders_get(&s, &a)->packets, 0);
	assert_int_equal(s.evicted, 0);
	a.a[15] = 200;
	assert_int_equal(edged_senders_get(&s, &a)->packets, 0);
	assert_int_equal(s.evicted, 1);
	a.a[15] = 99;
	assert_int_equal(edged_senders_get(&s, &a)->packets, 99);
	a.a[15] = 1;
	assert_int_equal(edged_senders_get(&s, &a)->packets, 0);
	for (i = 0; i < 50000; i++) {
		a.a[8] = (uint8_t)(i >> 8);
		a.a[9] = (uint8_t)i;
		edged_senders_get(&s, &a)->packets++;
	}
	assert_int_equal(s.used, 100);
	edged_senders_free(&s);
}

/* A host that sends to 20,000 groups gets a few, and then so many a second. */
static void
new_flows(void **state)
{
	struct edged_senders s;
	struct paddr a = { 4, { 10, 1, 7, 2 } };
	int i, passed = 0;

	(void)state;
	assert_int_equal(edged_senders_init(&s, 10, 1), 0);
	for (i = 0; i < 20000; i++)
		if (edged_sender_flow(edged_senders_get(&s, &a), at(0), 20))
			passed++;
	assert_int_equal(passed, 80);
	for (i = 0; i < 1000; i++)
		if (edged_sender_flow(
		    edged_senders_get(&s, &a), at(i * 10), 20))
			passed++;
	assert_true(passed >= 80 + 199 && passed <= 80 + 201);
	/* another host is not affected */
	a.a[3] = 3;
	assert_true(edged_sender_flow(edged_senders_get(&s, &a), at(0), 20));
	edged_senders_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_bucket),
		cmocka_unit_test(the_rate), cmocka_unit_test(all_or_none),
		cmocka_unit_test(senders), cmocka_unit_test(new_flows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
