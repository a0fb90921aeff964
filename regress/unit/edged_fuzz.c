/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Random packets against a LAN, from seeds: EDGED_FUZZ is how many packets,
 * EDGED_FUZZ_SEED the first seed.  Nothing may crash, read or write outside
 * its buffers, take more memory than its limits, or stay out of step: what
 * an honest host asks for afterwards, it gets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/fragment.h"
#include "edged/igmp.h"
#include "edged/lan.h"
#include "edged/mld.h"
#include "edged_host.h"
#include "unhex.h"

#define SEEDS	4
#define PACKETS	20000

#define GROUP6	"ff080000000000000000000000000001"
#define SOURCE6	"fd000009000000000000000000000009"

/* what hosts and routers of the LAN say; 4: IGMP, 6: MLD */
static const struct {
	int		 v;
	const char	*src, *dst, *body;
} said[] = {
	{ 4, "10.1.7.3", "224.0.0.1", "11000000 00000000" },
	{ 4, "10.1.7.3", "239.1.1.1", "110a0000 ef010101" },
	{ 4, "10.1.7.3", "239.1.1.1",
	    "110a0000 ef010101 027d0002 0a020001 0a020002" },
	{ 4, "10.1.7.2", "239.1.1.1", "12000000 ef010101" },
	{ 4, "10.1.7.2", "239.1.1.1", "16000000 ef010101" },
	{ 4, "10.1.7.2", "224.0.0.2", "17000000 ef010101" },
	{ 4, "10.1.7.2", "224.0.0.22",
	    "22000000 00000003 01000002 ef010101 0a020001 0a020002"
	    "04000001 ef010102 0a020001 06010001 ef010101 0a020002 00000000" },
	{ 4, "10.1.7.4", "224.0.0.22",
	    "22000000 00000002 02000001 ef010101 0a020001 03000000 ef010101" },
	{ 4, "0.0.0.0", "224.0.0.22",
	    "22000000 00000001 05000001 ef010101 0a020003" },
	{ 6, "fe80::1", "ff02::1",
	    "82000000 27100000 00000000000000000000000000000000 027d0000" },
	{ 6, "fe80::1", "ff08::1",
	    "82000000 03e80000" GROUP6 "027d0001" SOURCE6 },
	{ 6, "fe80::2", "ff08::1", "83000000 00000000" GROUP6 },
	{ 6, "fe80::2", "ff02::2", "84000000 00000000" GROUP6 },
	{ 6, "fe80::3", "ff02::16",
	    "8f000000 00000002 06000001" GROUP6 SOURCE6 "04000001" GROUP6
	    SOURCE6 },
};
#define SAID	(sizeof(said) / sizeof(said[0]))

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s == NULL ? otherwise : strtoull(s, NULL, 10);
}

struct net {
	struct edged_lan	 lan;
	struct timers		 timers;
	uint32_t		 seed;
	long			 wanted;
	uint8_t			 hello[EDGED_HELLO_MAX];	/* ours */
	size_t			 hello_len;
};

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

/* Whatever is sent is a packet that a reader takes. */
static void
send_packet(void *arg, const void *packet, size_t len)
{
	struct net *n = arg;
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
	struct net *n = arg;

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

static uint64_t
random_of(void *arg)
{
	struct net *n = arg;

	return dice(&n->seed);
}

static void
violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	(void)arg;
	fail_msg("%s: %s, %s", t->name, t->states[state], t->events[event]);
}

static const struct edged_lan_ops ops = { send_packet, wanted, role, random_of,
	violated };
static const struct edged_allow allow[] = {
	{ .group = { false, 4, { 224 } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
	{ .group = { true, 8, { 0xff } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
};
static const struct edged_policy policy = { .allow = allow, .nallow = 2 };

static struct net *
net_new(uint32_t seed)
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
	struct net *n = calloc(1, sizeof(*n));

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

static void
pass(struct net *n, int64_t ms)
{
	mtime_t end = { n->timers.now.us + MTIME_MS(ms) }, next;

	while (timers_next(&n->timers, &next) && next.us <= end.us)
		timers_run(&n->timers, next);
	timers_run(&n->timers, end);
}

static void
within_limits(struct edged_listener *l)
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

/* Gives the LAN exactly len octets, so that a sanitizer sees all reads. */
static void
give(struct net *n, const uint8_t *p, size_t len)
{
	uint8_t *copy = clone(p, len);
	struct edged_ip ip;

	if (edged_lan_input(&n->lan, &ip, copy, len, len % 3 == 0) ==
	    EDGED_LAN_DATA)
		assert_true(ip.len <= len && ip.head <= ip.len);
	free(copy);
}

/* Changes octets behind the IP header, whose sums are right afterwards,
 * mostly. */
static void
mad_message(struct net *n)
{
	size_t k = dice(&n->seed) % SAID, head, at;
	struct host_packet h;
	uint32_t times;

	if (said[k].v == 4)
		host_igmp(&h, said[k].src, said[k].dst, said[k].body);
	else
		host_mld(&h, said[k].src, said[k].dst, said[k].body);
	head = said[k].v == 4 ? 24 : 48;
	for (times = dice(&n->seed) % 5; times > 0; times--) {
		at = head + dice(&n->seed) % (h.len - head);
		switch (dice(&n->seed) % 4) {
		case 0:
			h.p[at] = (uint8_t)dice(&n->seed);
			break;
		case 1: /* another group, source or host */
			h.p[h.len - 1] = (uint8_t)dice(&n->seed);
			break;
		case 2:
			if (said[k].v == 4)
				h.p[15] = (uint8_t)dice(&n->seed);
			else
				h.p[23] = (uint8_t)dice(&n->seed);
			break;
		case 3: /* another type of record */
			if (h.len > head + 8)
				h.p[head + 8] = (uint8_t)(dice(&n->seed) % 8);
			break;
		}
	}
	if (dice(&n->seed) % 8 == 0 && h.len > head + 4)
		h.len -= dice(&n->seed) % (h.len - head - 3);
	if (said[k].v == 4) {
		h.p[2] = (uint8_t)(h.len >> 8);
		h.p[3] = (uint8_t)h.len;
		host_sum4(h.p, 24);
	} else {
		h.p[4] = (uint8_t)((h.len - 40) >> 8);
		h.p[5] = (uint8_t)(h.len - 40);
	}
	if (dice(&n->seed) % 16 != 0)
		host_sum_upper(&h, 2);
	give(n, h.p, h.len);
}

/* A hello like our own, of another id, changed; mac: signed again. */
static void
mad_hello(struct net *n, bool mac)
{
	uint8_t p[EDGED_HELLO_MAX];
	size_t len = n->hello_len, at;
	uint32_t times;

	if (len == 0)
		return;
	memcpy(p, n->hello, len);
	p[20 + 8 + 15] = (uint8_t)(2 + dice(&n->seed) % 12); /* id */
	/* as if it had heard us: our challenge in its list, where it has one */
	if (p[20 + 8 + 9] > 0)
		memcpy(p + 28 + 68, n->hello + 28 + 60, 8);
	for (times = dice(&n->seed) % 4; times > 0; times--) {
		at = 28 + dice(&n->seed) % (len - 28 - EDGED_HELLO_MAC);
		p[at] = (uint8_t)dice(&n->seed);
	}
	if (mac)
		sign(NULL, p + 28, len - 28 - EDGED_HELLO_MAC,
		    p + len - EDGED_HELLO_MAC);
	if (dice(&n->seed) % 16 == 0)
		len = dice(&n->seed) % len;
	give(n, p, len);
}

/* anything at all, of what was said and of data */
static void
mad_ip(struct net *n)
{
	size_t k = dice(&n->seed) % SAID, len;
	struct host_packet h;

	if (said[k].v == 4)
		host_igmp(&h, said[k].src, said[k].dst, said[k].body);
	else
		host_mld(&h, said[k].src, said[k].dst, said[k].body);
	len = mutate(h.p, h.len, &n->seed);
	if (len >= 24 && h.p[0] >> 4 == 4) {
		if (dice(&n->seed) % 2)
			h.p[9] = 17;
		host_sum4(h.p, (size_t)(h.p[0] & 15) * 4);
	} else if (dice(&n->seed) % 2)
		h.p[6] =
		    (uint8_t[]){ 0, 17, 43, 44, 58, 60 }[dice(&n->seed) % 6];
	give(n, h.p, len);
}

/* Afterwards an honest host is served in both families. */
static void
works(struct net *n)
{
	struct paddr g4 = host_addr("239.7.7.7"), g6 = host_addr("ff08::7");
	struct host_packet h;

	pass(n, 100000000);
	assert_int_equal(n->wanted, 0);
	assert_int_equal(n->lan.v4.listener.nhosts, 0);
	assert_int_equal(n->lan.v6.listener.nhosts, 0);
	assert_true(n->lan.forwarder);
	assert_true(n->lan.v4.listener.querier);
	host_igmp(&h, "10.1.7.2", "224.0.0.22",
	    "22000000 00000001 04000000 ef070707");
	give(n, h.p, h.len);
	assert_int_equal(edged_lan_wants(&n->lan, &g4, &g4), EDGED_LAN_OK);
	host_mld(&h, "fe80::2", "ff02::16",
	    "8f000000 00000001 04000000"
	    "ff080000000000000000000000000007");
	give(n, h.p, h.len);
	assert_int_equal(edged_lan_wants(&n->lan, &g6, &g6), EDGED_LAN_OK);
}

static void
fuzz(void (*hit)(struct net *))
{
	uint64_t seed = setting("EDGED_FUZZ_SEED", 1), s, i;
	uint64_t packets = setting("EDGED_FUZZ", PACKETS);
	struct net *n;

	for (s = seed; s < seed + SEEDS; s++) {
		n = net_new((uint32_t)s * 2654435761U | 1);
		for (i = 0; i < packets; i++) {
			hit(n);
			if (i % 16 == 0)
				pass(n, (int64_t)(dice(&n->seed) % 3000));
			if (i % 256 == 0) {
				within_limits(&n->lan.v4.listener);
				within_limits(&n->lan.v6.listener);
			}
		}
		works(n);
		edged_lan_free(&n->lan);
		assert_int_equal(n->wanted, 0);
		assert_int_equal(n->timers.count, 0);
		free(n);
	}
}

static void
hello_of_a_stranger(struct net *n)
{
	mad_hello(n, false);
	assert_int_equal(n->lan.elect.drops[EDGED_HELLO_OK], 0);
}

static void
hello_of_a_mad_edge(struct net *n)
{
	mad_hello(n, true);
}

static void
everything(struct net *n)
{
	switch (dice(&n->seed) % 4) {
	case 0:
		mad_hello(n, dice(&n->seed) % 2);
		break;
	case 1:
		mad_ip(n);
		break;
	default:
		mad_message(n);
	}
}

static void
messages(void **state)
{
	(void)state;
	fuzz(mad_message);
}

static void
strangers(void **state)
{
	(void)state;
	fuzz(hello_of_a_stranger);
}

static void
mad_edges(void **state)
{
	(void)state;
	fuzz(hello_of_a_mad_edge);
}

static void
packets(void **state)
{
	(void)state;
	fuzz(mad_ip);
}

static void
all_at_once(void **state)
{
	(void)state;
	fuzz(everything);
}

/* Fragments of anything that may be fragmented are packets, and all of it. */
static void
fragments(void **state)
{
	uint64_t i, count = setting("EDGED_FUZZ", PACKETS);
	uint32_t seed = (uint32_t)setting("EDGED_FUZZ_SEED", 1);
	struct edged_fragments f;
	struct edged_ip ip, part;
	uint8_t *p, *to;
	size_t len, head, n, whole, k;
	uint32_t mtu;

	(void)state;
	for (i = 0; i < count; i++) {
		len = 60 + dice(&seed) % 3000;
		p = malloc(len);
		assert_non_null(p);
		for (k = 0; k < len; k++)
			p[k] = (uint8_t)dice(&seed);
		head = 20 + 4 * (dice(&seed) % 11);
		p[0] = (uint8_t)(0x40 | head / 4);
		p[2] = (uint8_t)(len >> 8);
		p[3] = (uint8_t)len;
		p[6] &= 0x3f;
		p[16] = 239;
		for (k = 20; k < head && dice(&seed) % 4; k++)
			p[k] = 1;
		host_sum4(p, head);
		mtu = 68 + dice(&seed) % 1500;
		to = malloc(mtu);
		assert_non_null(to);
		if (edged_ip_read(&ip, p, len) == EDGED_IP_OK &&
		    edged_fit(&ip, mtu) == EDGED_FIT_FRAGMENT) {
			edged_fragments_init(&f, &ip, mtu);
			for (whole = 0; (n = edged_fragments_next(&f, to)) > 0;
			    whole += part.len - part.head) {
				assert_true(n <= mtu);
				assert_int_equal(
				    edged_ip_read(&part, to, n), EDGED_IP_OK);
				assert_int_equal(part.len, n);
				assert_int_equal(
				    part.offset, ip.offset + whole);
				assert_memory_equal(part.p + part.head,
				    ip.p + ip.head + whole,
				    part.len - part.head);
			}
			assert_int_equal(whole, ip.len - ip.head);
		}
		free(to);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(messages),
		cmocka_unit_test(strangers), cmocka_unit_test(mad_edges),
		cmocka_unit_test(packets), cmocka_unit_test(all_at_once),
		cmocka_unit_test(fragments) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
