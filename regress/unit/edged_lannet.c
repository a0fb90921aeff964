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

#include "edged_host.h"
#include "edged_lannet.h"
#include "unhex.h"

static bool
sign(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	const uint8_t *p = data;
	uint64_t sum = 0xcbf29ce484222325;
	int i;

	(void)arg;
	while (len-- > 0)
		sum = (sum ^ *p++) * 0x100000001b3;
	for (i = 0; i < EDGED_HELLO_MAC; i += 8)
		memcpy(mac + i, &sum, 8);
	return true;
}

static bool
verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	uint8_t want[EDGED_HELLO_MAC];

	sign(arg, data, len, want);
	return memcmp(want, mac, sizeof(want)) == 0;
}

void
lannet_sign(uint8_t *p, size_t len)
{
	sign(NULL, p + 28, len - 28 - EDGED_HELLO_MAC,
	    p + len - EDGED_HELLO_MAC);
}

bool
lannet_hello(const struct lannet *n, uint8_t p[EDGED_HELLO_MAX], uint8_t id)
{
	if (n->hello_len == 0)
		return false;
	memcpy(p, n->hello, n->hello_len);
	p[20 + 8 + 15] = id;
	/* as if it had heard us: our challenge in its list, where it has one */
	if (p[20 + 8 + 9] > 0)
		memcpy(p + 28 + 68, n->hello + 28 + 60, 8);
	return true;
}

/* Whatever is sent is a packet that a reader takes. */
static void
send_packet(void *arg, const void *packet, size_t len)
{
	struct lannet *n = arg;
	uint8_t *copy = clone(packet, len);
	struct edged_ip ip;

	assert_int_equal(edged_ip_read_data(&ip, copy, len), EDGED_IP_OK);
	assert_int_equal(edged_ip_sum(&ip), 0);
	if (edged_hello_is(&ip, EDGED_HELLO_PORT)) {
		memcpy(n->hello, packet, len);
		n->hello_len = len;
	}
	free(copy);
}

static void
wanted(void *arg, const struct edged_listener_group *g,
    enum edged_listener_change change)
{
	struct lannet *n = arg;

	(void)g;
	if (change == EDGED_LISTENER_WANTED)
		n->wanted++;
	else if (change == EDGED_LISTENER_UNWANTED)
		n->wanted--;
	assert_true(n->wanted >= 0);
}

static void
role(void *arg, bool forwarder)
{
	(void)arg;
	(void)forwarder;
}

static bool
no_mars(void *arg)
{
	(void)arg;
	return false;
}

static uint64_t
random_of(void *arg)
{
	struct lannet *n = arg;

	return dice(&n->seed);
}

static void
refused(void *arg, const struct paddr *source, enum edged_hello_drop drop,
    uint64_t more)
{
	(void)arg;
	(void)more;
	assert_true(source->len == 4 || source->len == 16);
	assert_int_not_equal(drop, EDGED_HELLO_OK);
}

static void
violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	(void)arg;
	fail_msg("%s: %s, %s", t->name, t->states[state], t->events[event]);
}

static const struct edged_lan_ops ops = { send_packet, wanted, role, no_mars,
	random_of, refused, violated };
static const struct edged_allow allow[] = {
	{ .group = { false, 4, { 224 } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
	{ .group = { true, 8, { 0xff } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
};
static const struct edged_policy policy = { .allow = allow, .nallow = 2 };

struct lannet *
lannet_new(uint32_t seed)
{
	static const struct ip_prefix nets[] = {
		{ false, 24, { 10, 1, 7 } },
		{ true, 64, { 0xfd, 0, 0, 7 } },
	};
	struct edged_lan_conf conf = { .policy = &policy,
		.querier = true,
		.discovery = true,
		.priority = 100,
		.version4 = EDGED_GMP_V3,
		.version6 = EDGED_GMP_V3,
		.timing = EDGED_LISTENER_TIMING,
		.limits = { 50, 20, 30, 8 },
		.fast_leave = true,
		.id = { 4, { 10, 200, 0, 1 } },
		.port = EDGED_HELLO_PORT,
		.key = { sign, verify, NULL } };
	struct lannet *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	n->seed = seed;
	timers_init(&n->timers, (mtime_t){ MTIME_SEC(1) });
	assert_int_equal(
	    edged_lan_init(&n->lan, &ops, n, &n->timers, &conf), 0);
	edged_lan_addresses(&n->lan, &(struct paddr){ 4, { 10, 1, 7, 254 } },
	    &(struct paddr){ 16, { 0xfe, 0x80, [15] = 9 } }, nets, 2);
	edged_lan_up(&n->lan);
	return n;
}

void
lannet_free(struct lannet *n)
{
	edged_lan_free(&n->lan);
	assert_int_equal(n->wanted, 0);
	assert_int_equal(n->timers.count, 0);
	free(n);
}

void
lannet_pass(struct lannet *n, int64_t ms)
{
	mtime_t end = { n->timers.now.us + MTIME_MS(ms) }, next;

	while (timers_next(&n->timers, &next) && next.us <= end.us)
		timers_run(&n->timers, next);
	timers_run(&n->timers, end);
}

void
lannet_within_limits(struct edged_listener *l)
{
	struct edged_listener_group *g;
	uint32_t groups = 0, reporters = 0;

	for (g = edged_listener_after(l, NULL); g != NULL;
	    g = edged_listener_after(l, &g->addr)) {
		assert_true(g->nsources <= 20);
		assert_true(g->nreporters <= 8);
		groups++;
		reporters += g->nreporters;
	}
	assert_int_equal(groups, l->ngroups);
	assert_true(groups <= 50);
	assert_true(l->nhosts <= reporters);
}

void
lannet_give(struct lannet *n, const uint8_t *p, size_t len)
{
	uint8_t *copy = clone(p, len);
	struct edged_ip ip;

	if (edged_lan_input(&n->lan, &ip, copy, len, len % 3 == 0) ==
	    EDGED_LAN_DATA)
		assert_true(ip.len <= len && ip.head <= ip.len);
	free(copy);
}

void
lannet_works(struct lannet *n)
{
	struct paddr g4 = host_addr("239.7.7.7"), g6 = host_addr("ff08::7");
	struct host_packet h;

	lannet_pass(n, 100000000);
	assert_int_equal(n->wanted, 0);
	assert_int_equal(n->lan.v4.listener.nhosts, 0);
	assert_int_equal(n->lan.v6.listener.nhosts, 0);
	assert_true(n->lan.forwarder);
	assert_true(n->lan.v4.listener.querier);
	host_igmp(&h, "10.1.7.2", "224.0.0.22",
	    "22000000 00000001 04000000 ef070707");
	lannet_give(n, h.p, h.len);
	assert_int_equal(edged_lan_wants(&n->lan, &g4, &g4), EDGED_LAN_OK);
	host_mld(&h, "fe80::2", "ff02::16",
	    "8f000000 00000001 04000000"
	    "ff080000000000000000000000000007");
	lannet_give(n, h.p, h.len);
	assert_int_equal(edged_lan_wants(&n->lan, &g6, &g6), EDGED_LAN_OK);
}
