/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Sections are those of RFC 9776. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/querier.h"
#include "edged_host.h"

struct lan {
	struct edged_querier		q;
	struct timers			timers;
	struct edged_listener_timing	timing;
	int				sent;
	bool				querier;
};

static void
general(void *arg)
{
	struct lan *n = arg;

	n->sent++;
}

static void
role(void *arg, bool querier)
{
	struct lan *n = arg;

	n->querier = querier;
}

static void
timing(void *arg, const struct edged_listener_timing *t)
{
	struct lan *n = arg;

	n->timing = *t;
}

static const struct edged_querier_ops ops = { general, role, timing };

static void
lan_init(struct lan *n)
{
	memset(n, 0, sizeof(*n));
	timers_init(&n->timers, (mtime_t){ 0 });
	edged_querier_init(&n->q, &ops, n, &n->timers);
	n->timing = n->q.timing;
}

static void
lan_start(struct lan *n, const char *addr, bool on)
{
	struct paddr a = { 0 };

	if (addr != NULL)
		a = host_addr(addr);
	edged_querier_start(&n->q, &a, on);
}

/* Lets ms go by; how many queries were sent meanwhile. */
static int
pass(struct lan *n, int64_t ms)
{
	mtime_t end = { n->timers.now.us + MTIME_MS(ms) }, next;
	int before = n->sent;

	while (timers_next(&n->timers, &next) && next.us <= end.us)
		timers_run(&n->timers, next);
	timers_run(&n->timers, end);
	return n->sent - before;
}

static void
hear(struct lan *n, const char *src, enum edged_gmp_version version,
    uint8_t robustness, uint32_t interval)
{
	struct edged_gmp m = { .kind = EDGED_GMP_QUERY,
		.version = version,
		.alen = 4,
		.response = 10000,
		.robustness = robustness,
		.interval = interval };

	m.src = host_addr(src);
	edged_querier_heard(&n->q, &m);
}

/* 8.6, 8.7: as many as the robustness, at a quarter of the interval */
static void
startup(void **state)
{
	struct lan n;

	(void)state;
	lan_init(&n);
	n.q.timing.robustness = 3;
	lan_start(&n, "10.1.7.254", true);
	assert_true(n.querier);
	assert_int_equal(n.sent, 1);
	assert_int_equal(pass(&n, 31249), 0);
	assert_int_equal(pass(&n, 1), 1);
	assert_int_equal(pass(&n, 31250), 1);
	assert_int_equal(pass(&n, 124999), 0);
	assert_int_equal(pass(&n, 1), 1);
	assert_int_equal(pass(&n, 1250000), 10);
	edged_querier_stop(&n.q);
	assert_false(n.querier);
	assert_int_equal(pass(&n, 1000000), 0);
	assert_int_equal(n.timers.count, 0);
}

/* 6.6.2, 8.5: 2 * 125 + 5 s */
static void
election(void **state)
{
	struct lan n;

	(void)state;
	lan_init(&n);
	lan_start(&n, "10.1.7.100", true);
	hear(&n, "10.1.7.200", EDGED_GMP_V3, 2, 125);
	assert_true(n.querier);
	/* no address, no part (RFC 4541 2.1.1); an echo of ours */
	hear(&n, "0.0.0.0", EDGED_GMP_V3, 2, 125);
	hear(&n, "10.1.7.100", EDGED_GMP_V3, 2, 125);
	assert_true(n.querier);
	hear(&n, "10.1.7.99", EDGED_GMP_V3, 2, 125);
	assert_false(n.querier);
	assert_int_equal(n.q.state, EDGED_QUERIER_OTHER);
	assert_int_equal(n.q.other.a[3], 99);
	assert_int_equal(pass(&n, 200000), 0);
	hear(&n, "10.1.7.99", EDGED_GMP_V3, 2, 125);
	/* a higher one renews nothing */
	pass(&n, 100000);
	hear(&n, "10.1.7.200", EDGED_GMP_V3, 2, 125);
	assert_int_equal(pass(&n, 154999), 0);
	assert_false(n.querier);
	assert_int_equal(pass(&n, 1), 1);
	assert_true(n.querier);
	assert_int_equal(n.q.other.len, 0);
	/* the usual interval: it is no startup */
	assert_int_equal(pass(&n, 124999), 0);
	assert_int_equal(pass(&n, 1), 1);
	edged_querier_stop(&n.q);
	assert_int_equal(n.q.faults.count, 0);
}

/* IPv6: by the whole address */
static void
election6(void **state)
{
	struct lan n;

	(void)state;
	lan_init(&n);
	lan_start(&n, "fe80::2:1", true);
	hear(&n, "fe80::2:2", EDGED_GMP_V3, 2, 125);
	assert_true(n.querier);
	hear(&n, "fe80::1:ffff", EDGED_GMP_V3, 2, 125);
	assert_false(n.querier);
	edged_querier_stop(&n.q);
}

/* 4.1.6, 4.1.7: what the querier says, but never less than ours. */
static void
what_the_querier_says(void **state)
{
	struct lan n;

	(void)state;
	lan_init(&n);
	lan_start(&n, "10.1.7.100", true);
	hear(&n, "10.1.7.99", EDGED_GMP_V3, 5, 300);
	assert_int_equal(n.timing.robustness, 5);
	assert_int_equal(n.timing.interval, 300);
	/* 9.1: forged ones, to end all groups soon and to last for days */
	hear(&n, "10.1.7.1", EDGED_GMP_V3, 1, 1);
	assert_int_equal(n.timing.robustness, 2);
	assert_int_equal(n.timing.interval, 125);
	hear(&n, "10.1.7.1", EDGED_GMP_V3, 0, 0);
	assert_int_equal(n.timing.interval, 125);
	hear(&n, "10.1.7.1", EDGED_GMP_V3, 7, 31744);
	assert_int_equal(n.timing.interval, 3600);
	/* the end of the other one: ours again */
	assert_int_equal(pass(&n, 7 * 3600000 + 5000), 1);
	assert_int_equal(n.timing.robustness, 2);
	assert_int_equal(n.timing.interval, 125);
	/* 7.3.1: older versions are counted, and elected too */
	hear(&n, "10.1.7.99", EDGED_GMP_V2, 0, 0);
	assert_false(n.querier);
	assert_int_equal(n.q.older, 1);
	assert_int_equal(pass(&n, 255000), 1);
	edged_querier_stop(&n.q);
}

/* querier off, or no address: hears, never sends. */
static void
listen_only(void **state)
{
	struct lan n;

	(void)state;
	lan_init(&n);
	lan_start(&n, "10.1.7.100", false);
	assert_int_equal(pass(&n, 1000000), 0);
	assert_false(n.querier);
	hear(&n, "10.1.7.200", EDGED_GMP_V3, 2, 300);
	assert_int_equal(n.timing.interval, 300);
	assert_int_equal(n.q.other.a[3], 200);
	assert_int_equal(pass(&n, 1000000), 0);
	assert_int_equal(n.timing.interval, 125);
	assert_int_equal(n.q.other.len, 0);
	assert_int_equal(n.q.state, EDGED_QUERIER_LISTEN);
	/* an address comes, and a change of the configuration */
	lan_start(&n, NULL, true);
	assert_int_equal(n.q.state, EDGED_QUERIER_LISTEN);
	lan_start(&n, "10.1.7.100", true);
	assert_true(n.querier);
	assert_int_equal(n.sent, 1);
	lan_start(&n, "10.1.7.100", false);
	assert_false(n.querier);
	edged_querier_stop(&n.q);
	hear(&n, "10.1.7.200", EDGED_GMP_V3, 2, 300);
	assert_int_equal(n.q.state, EDGED_QUERIER_DOWN);
	assert_int_equal(n.timers.count, 0);
	assert_int_equal(n.q.faults.count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(startup),
		cmocka_unit_test(election), cmocka_unit_test(election6),
		cmocka_unit_test(what_the_querier_says),
		cmocka_unit_test(listen_only) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
