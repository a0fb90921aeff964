/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Sections are those of RFC 4286. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/mrd.h"
#include "edged_host.h"
#include "unhex.h"

/* of 10.1.7.254 to 224.0.0.106: every 20 s; queries 125 s, robustness 2 */
#define ADVERTISE4 \
	"46c00020 00000000 010231af 0a0107fe e000006a 94040000" \
	"3014cf6c 007d0002"
#define TERMINATE4 \
	"46c0001c 00000000 010231b3 0a0107fe e000006a 94040000 3200cdff"
/* of fe80::fe to ff02::6a */
#define ADVERTISE6 \
	"60000000 00100001 fe8000000000000000000000000000fe" \
	"ff02000000000000000000000000006a 3a00050200000100 9714693e 007d0002"

struct lan {
	struct edged_mrd	m;
	struct timers		timers;
	uint8_t			p[EDGED_MRD_MAX];
	size_t			len;
	int			sent;
	uint64_t		number;
};

static void
send_packet(void *arg, const void *packet, size_t len)
{
	struct lan *n = arg;

	assert_true(len <= sizeof(n->p));
	memcpy(n->p, packet, len);
	n->len = len;
	n->sent++;
}

static uint64_t
random_of(void *arg)
{
	struct lan *n = arg;

	return n->number;
}

static const struct edged_mrd_ops ops = { send_packet, random_of };

static void
lan_init(struct lan *n)
{
	memset(n, 0, sizeof(*n));
	timers_init(&n->timers, (mtime_t){ 0 });
	edged_mrd_init(&n->m, &ops, n, &n->timers);
}

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
said(const struct lan *n, const char *hex)
{
	size_t len;
	uint8_t *want = unhex(hex, &len);

	assert_int_equal(n->len, len);
	assert_memory_equal(n->p, want, len);
	free(want);
}

/* 3.1, 3.2: three at once, and then every 20 s, half a second to or fro */
static void
advertisements(void **state)
{
	struct paddr a = host_addr("10.1.7.254");
	struct lan n;

	(void)state;
	lan_init(&n);
	n.number = 2000;
	edged_mrd_start(&n.m, &a, 125, 2);
	assert_int_equal(pass(&n, 1999), 0);
	assert_int_equal(pass(&n, 1), 1);
	said(&n, ADVERTISE4);
	assert_int_equal(pass(&n, 2000), 1);
	n.number = 1000; /* of 0 to 1000: half a second late */
	assert_int_equal(pass(&n, 2000), 1);
	assert_int_equal(pass(&n, 20499), 0);
	n.number = 0;
	assert_int_equal(pass(&n, 1), 1);
	assert_int_equal(pass(&n, 19499), 0);
	assert_int_equal(pass(&n, 1), 1);
	/* 3.4: a termination */
	edged_mrd_stop(&n.m);
	said(&n, TERMINATE4);
	edged_mrd_stop(&n.m);
	assert_int_equal(pass(&n, 100000), 0);
	/* without an address nothing */
	a.len = 0;
	edged_mrd_start(&n.m, &a, 125, 2);
	assert_int_equal(n.timers.count, 0);
}

static void
ipv6(void **state)
{
	struct paddr a = host_addr("fe80::fe");
	struct lan n;

	(void)state;
	lan_init(&n);
	edged_mrd_start(&n.m, &a, 125, 2);
	pass(&n, 1);
	said(&n, ADVERTISE6);
	edged_mrd_stop(&n.m);
	assert_int_equal(n.p[48], 153);
	assert_int_equal(n.len, 52);
}

/* 3.3: an answer within 2 s, one for all */
static void
solicitations(void **state)
{
	struct paddr a = host_addr("10.1.7.254");
	struct host_packet h;
	struct edged_ip ip;
	struct lan n;
	int i;

	(void)state;
	lan_init(&n);
	edged_mrd_start(&n.m, &a, 125, 2);
	pass(&n, 1000);
	n.number = 1500;
	host_igmp(&h, "10.1.7.2", "224.0.0.2", "31000000");
	assert_int_equal(edged_ip_read(&ip, h.p, h.len), EDGED_IP_OK);
	assert_true(edged_mrd_is(&ip));
	for (i = 0; i < 100; i++)
		edged_mrd_heard(&n.m, &ip);
	assert_int_equal(pass(&n, 1499), 0);
	assert_int_equal(pass(&n, 1), 1);
	/* none of these counts */
	ip.ttl = 2;
	edged_mrd_heard(&n.m, &ip);
	ip.ttl = 1;
	ip.alert = false;
	edged_mrd_heard(&n.m, &ip);
	ip.alert = true;
	h.p[h.len - 1] ^= 1;
	edged_mrd_heard(&n.m, &ip);
	assert_int_equal(pass(&n, 10000), 0);
	edged_mrd_stop(&n.m);
	edged_mrd_heard(&n.m, &ip);
	assert_int_equal(n.timers.count, 0);

	host_igmp(&h, "10.1.7.2", "224.0.0.2", "30000000");
	assert_int_equal(edged_ip_read(&ip, h.p, h.len), EDGED_IP_OK);
	assert_false(edged_mrd_is(&ip));
	host_mld(&h, "fe80::2", "ff02::2", "98000000");
	assert_int_equal(edged_ip_read(&ip, h.p, h.len), EDGED_IP_OK);
	assert_true(edged_mrd_is(&ip));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advertisements),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(solicitations)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
