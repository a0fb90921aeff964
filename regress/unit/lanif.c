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

#include "lanif.h"

static struct lanif
example(void)
{
	struct lanif l = { .name = "eth1", .index = 4, .mtu = 1500,
		.linklen = 6, .link = { 2, 0, 0, 0, 0, 1 }, .naddrs = 2 };

	assert_true(ip_prefix_parse_address(&l.addrs[0], "10.1.7.1/24"));
	assert_true(ip_prefix_parse_address(&l.addrs[1], "fe80::1/64"));
	return l;
}

static size_t
written(uint8_t *buf, const struct lanif *l)
{
	struct wr w;

	wr_init(&w, buf, LANIF_IPC_MAX);
	wr_lanif(&w, l);
	assert_false(wr_failed(&w));
	return w.len;
}

static void
round_trip(void **state)
{
	uint8_t buf[LANIF_IPC_MAX];
	struct lanif one = example(), two;
	struct rd r;

	(void)state;
	rd_init(&r, buf, written(buf, &one));
	assert_true(rd_lanif(&r, &two));
	assert_true(rd_done(&r));
	assert_true(lanif_equal(&one, &two));
	assert_int_equal(two.addrs[0].a[3], 1);
	two.addrs[1].a[15]++;
	assert_false(lanif_equal(&one, &two));
	two = one;
	two.index++;
	assert_false(lanif_equal(&one, &two));
	two = one;
	two.naddrs--;
	assert_false(lanif_equal(&one, &two));
}

/* As many of everything as there may be fit into LANIF_IPC_MAX octets. */
static void
largest(void **state)
{
	uint8_t buf[LANIF_IPC_MAX];
	struct lanif one = example(), two;
	struct rd r;
	int i;

	(void)state;
	memset(one.name, 'x', sizeof(one.name) - 1);
	one.linklen = LANIF_LINK_MAX;
	one.naddrs = LANIF_ADDRS;
	for (i = 2; i < LANIF_ADDRS; i++)
		one.addrs[i] = one.addrs[1];
	rd_init(&r, buf, written(buf, &one));
	assert_true(rd_lanif(&r, &two));
	assert_true(lanif_equal(&one, &two));
}

/* Cut anywhere, or with an octet changed: refused, or within its bounds. */
static void
malformed(void **state)
{
	uint8_t buf[LANIF_IPC_MAX], old;
	struct lanif l = example();
	size_t len = written(buf, &l), i;
	struct rd r;
	int v;

	(void)state;
	for (i = 0; i < len; i++) {
		rd_init(&r, buf, i);
		assert_false(rd_lanif(&r, &l));
	}
	for (i = 0; i < len; i++) {
		old = buf[i];
		for (v = 0; v < 256; v++) {
			buf[i] = (uint8_t)v;
			rd_init(&r, buf, len);
			if (!rd_lanif(&r, &l))
				continue;
			assert_true(l.index != 0 && l.name[0] != '\0');
			assert_true(l.naddrs <= LANIF_ADDRS);
			assert_true(l.linklen <= LANIF_LINK_MAX);
		}
		buf[i] = old;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(round_trip),
		cmocka_unit_test(largest), cmocka_unit_test(malformed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
