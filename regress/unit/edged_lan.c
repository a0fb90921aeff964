/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/lan.h"
#include "edged_host.h"
#include "unhex.h"

#define EDGES	2
#define INBOX	64
#define SOURCES	40

struct net;

struct edge {
	struct net		*net;
	struct edged_lan	 lan;
	struct host_packet	 inbox[INBOX];
	int			 n;
	int			 wanted, roles;
	uint64_t		 seed;
	/* hellos that it refused, as it was told the last time */
	int			 refused;
	enum edged_hello_drop	 why;
	struct paddr		 who;
	uint64_t		 more;
};

/* a LAN with two edges; what one sends the other hears in the next turn */
struct net {
	struct timers		 timers;
	struct edge		 edge[EDGES];
	struct host_packet	 last;		/* that an edge sent */
	int			 sent;
	bool			 cut;		/* nobody hears anything */
};

static bool
sign(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	const uint8_t *p = data;
	uint8_t sum = 7;

	(void)arg;
	while (len-- > 0)
		sum = (uint8_t)(sum * 31 + *p++);
	memset(mac, sum, EDGED_HELLO_MAC);
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

static void
send_packet(void *arg, const void *packet, size_t len)
{
	struct edge *from = arg;
	struct net *n = from->net;
	int i;

	assert_true(len <= HOST_MAX);
	memcpy(n->last.p, packet, len);
	n->last.len = len;
	n->sent++;
	if (n->cut)
		return;
	for (i = 0; i < EDGES; i++)
		if (&n->edge[i] != from && n->edge[i].n < INBOX)
			n->edge[i].inbox[n->edge[i].n++] = n->last;
}

static void
wanted(void *arg, const struct edged_listener_group *g,
    enum edged_listener_change change)
{
	struct edge *e = arg;

	(void)g;
	if (change == EDGED_LISTENER_WANTED)
		e->wanted++;
	else if (change == EDGED_LISTENER_UNWANTED)
		e->wanted--;
}

static void
role(void *arg, bool forwarder)
{
	struct edge *e = arg;

	assert_int_equal(forwarder, e->lan.forwarder);
	e->roles++;
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
	struct edge *e = arg;

	e->seed = e->seed * 6364136223846793005 + 1442695040888963407;
	return e->seed;
}

static void
refused(void *arg, const struct paddr *source, enum edged_hello_drop why,
    uint64_t more)
{
	struct edge *e = arg;

	e->refused++;
	e->why = why;
	e->who = *source;
	e->more = more;
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
	{ .group = { false, 8, { 239 } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
	{ .group = { true, 16, { 0xff, 8 } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT },
};
static struct paddr mdns = { 4, { 224, 0, 0, 251 } };
static const struct edged_policy policy = { .allow = allow, .nallow = 2,
	.link_local = &mdns, .nlink_local = 1 };

static struct edged_lan_conf
configuration(int edge, enum edged_lan_forward forward)
{
	return (struct edged_lan_conf){ .policy = &policy,
	    .querier = true,
	    .forward = forward,
	    .priority = 100,
	    .version4 = EDGED_GMP_V3,
	    .version6 = EDGED_GMP_V3,
	    .timing = EDGED_LISTENER_TIMING,
	    .limits = EDGED_LISTENER_LIMITS,
	    .fast_leave = true,
	    .id = { 4, { 10, 200, 0, (uint8_t)(edge + 1) } },
		.port = EDGED_HELLO_PORT,
		.key = { sign, verify, NULL } };
}

static struct net *
net_new(enum edged_lan_forward forward)
{
	static const struct ip_prefix nets[] = {
		{ false, 24, { 10, 1, 7 } },
		{ true, 64, { 0xfd, 0, 0, 7 } },
	};
	struct net *n = calloc(1, sizeof(*n));
	struct edged_lan_conf conf;
	struct paddr v4 = { 4, { 10, 1, 7, 0 } };
	struct paddr v6 = { 16, { 0xfe, 0x80 } };
	int i;

	assert_non_null(n);
	timers_init(&n->timers, (mtime_t){ MTIME_SEC(1) });
	for (i = 0; i < EDGES; i++) {
		n->edge[i].net = n;
		n->edge[i].seed = (uint64_t)i + 1;
		conf = configuration(i, forward);
		assert_int_equal(edged_lan_init(&n->edge[i].lan, &ops,
		    &n->edge[i], &n->timers, &conf),
		    0);
		v4.a[3] = v6.a[15] = (uint8_t)(250 + i);
		edged_lan_addresses(&n->edge[i].lan, &v4, &v6, nets, 2);
	}
	return n;
}

static void
net_free(struct net *n)
{
	int i;

	for (i = 0; i < EDGES; i++) {
		edged_lan_free(&n->edge[i].lan);
		assert_int_equal(n->edge[i].wanted, 0);
	}
	assert_int_equal(n->timers.count, 0);
	free(n);
}

static enum edged_lan_input
hear(struct edge *e, const struct host_packet *h, bool undone,
    struct edged_ip *ip)
{
	static struct host_packet copy;

	copy = *h;
	return edged_lan_input(&e->lan, ip, copy.p, copy.len, undone);
}

static void
turn(struct net *n)
{
	static struct host_packet inbox[INBOX];
	struct edged_ip ip;
	int i, k, count;

	for (i = 0; i < EDGES; i++) {
		count = n->edge[i].n;
		memcpy(inbox, n->edge[i].inbox, (size_t)count * sizeof(*inbox));
		n->edge[i].n = 0;
		for (k = 0; k < count && !n->cut; k++)
			assert_int_equal(
			    hear(&n->edge[i], &inbox[k], false, &ip),
			    n->edge[i].lan.up ? EDGED_LAN_CONTROL :
			    EDGED_LAN_DROPPED);
	}
	timers_run(&n->timers, (mtime_t){ n->timers.now.us + MTIME_MS(10) });
}

static void
run(struct net *n, int ms)
{
	for (; ms > 0; ms -= 10)
		turn(n);
}

/* UDP of 4 octets */
static void
data4(struct host_packet *h, const char *src, const char *dst, uint8_t ttl)
{
	struct paddr s = host_addr(src), d = host_addr(dst);
	size_t len;
	uint8_t *p = unhex("45000020 00000000 00110000 00000000 00000000"
	    "13881389000c0000 6d617273",
	    &len);

	memcpy(h->p, p, len);
	free(p);
	h->len = len;
	h->p[8] = ttl;
	memcpy(h->p + 12, s.a, 4);
	memcpy(h->p + 16, d.a, 4);
	host_sum4(h->p, 20);
}

static void
queries_at_start(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	static const struct ip_prefix net = { false, 24, { 10, 1, 7 } };
	struct edged_ip ip;

	(void)state;
	edged_lan_up(&n->edge[0].lan);
	assert_int_equal(n->sent, 2); /* IGMP and MLD */
	assert_true(n->edge[0].lan.forwarder);
	assert_int_equal(n->edge[0].roles, 1);
	assert_int_equal(
	    edged_ip_read(&ip, n->last.p, n->last.len), EDGED_IP_OK);
	assert_int_equal(ip.p[ip.head], 130);
	/* without addresses nobody is asked */
	edged_lan_addresses(&n->edge[1].lan, &(struct paddr){ 0 },
	    &(struct paddr){ 0 }, &net, 0);
	edged_lan_up(&n->edge[1].lan);
	assert_int_equal(n->sent, 2);
	run(n, 500);
	/* an address comes */
	edged_lan_addresses(&n->edge[1].lan,
	    &(struct paddr){ 4, { 10, 1, 7, 9 } }, &(struct paddr){ 0 }, &net,
	    1);
	assert_int_equal(n->sent, 3);
	net_free(n);
}

/*
 * The net of a link-local address is that of every LAN: such a source is of
 * this one if it was heard here, and not if what it says comes from elsewhere,
 * be it that another edge puts that on the LAN.
 */
static void
link_local_source(void **state)
{
	static const struct ip_prefix nets[] = { { false, 24, { 10, 1, 7 } },
		{ false, 16, { 169, 254 } } };
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	struct paddr none = { 0 }, own = host_addr("10.1.7.1");
	struct paddr any = host_addr("169.254.1.2");
	struct edge *e = &n->edge[0];
	struct host_packet h;
	struct edged_ip ip;

	(void)state;
	edged_lan_addresses(&e->lan, &own, &none, nets, 2);
	edged_lan_up(&e->lan);
	assert_true(edged_lan_returns(&e->lan, &own));
	data4(&h, "169.254.1.2", "224.0.0.251", 255);
	assert_false(edged_lan_returns(&e->lan, &any));
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(e->lan.policy_drops[EDGED_POLICY_DROP_OFF_LINK], 1);
	run(n, 1990);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_false(edged_lan_returns(&e->lan, &any));
	run(n, 2000);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DATA);
	run(n, 1990);
	assert_true(edged_lan_returns(&e->lan, &any));
	run(n, 10);
	assert_false(edged_lan_returns(&e->lan, &any));
	net_free(n);
}

/* RFC 4286: whoever the querier is, switches know that we are a router. */
static void
discovery(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	struct edge *e = &n->edge[0];
	struct edged_lan_conf conf = e->lan.conf;
	struct host_packet h;
	struct edged_ip ip;

	(void)state;
	conf.querier = false;
	edged_lan_configure(&e->lan, &conf);
	edged_lan_up(&e->lan);
	run(n, 60000);
	assert_int_equal(n->sent, 0);
	conf.discovery = true;
	edged_lan_configure(&e->lan, &conf);
	run(n, 7000);
	assert_int_equal(n->sent, 6);
	run(n, 200000);
	assert_true(n->sent >= 6 + 18 && n->sent <= 6 + 22);
	host_igmp(&h, "10.1.7.2", "224.0.0.2", "31000000");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(e->lan.v4.drops[EDGED_GMP_DROP_TYPE], 0);
	n->sent = 0;
	edged_lan_down(&e->lan);
	assert_int_equal(n->sent, 2);
	net_free(n);
}

/* From a report to a packet, in both families, and back. */
static void
from_report_to_packet(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	struct edge *e = &n->edge[0];
	struct paddr s4 = host_addr("10.9.9.9"), s6 = host_addr("fd00:9::9"),
	    g4 = host_addr("239.1.1.1"), g6 = host_addr("ff08::1");
	struct host_packet h;
	struct edged_ip ip;

	(void)state;
	host_igmp(&h, "10.1.7.2", "239.1.1.1", "16000000 ef010101");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(
	    edged_lan_wants(&e->lan, &s4, &g4), EDGED_LAN_DROP_DOWN);
	edged_lan_up(&e->lan);
	assert_int_equal(
	    edged_lan_wants(&e->lan, &s4, &g4), EDGED_LAN_DROP_NOT_WANTED);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(e->wanted, 1);
	assert_int_equal(edged_lan_wants(&e->lan, &s4, &g4), EDGED_LAN_OK);
	/* MLDv2: IS_EX of fd00:9::9 */
	host_mld(&h, "fe80::2", "ff02::16",
	    "8f000000 00000001 02000001 ff080000000000000000000000000001"
	    "fd000009000000000000000000000009");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(e->wanted, 2);
	assert_int_equal(
	    edged_lan_wants(&e->lan, &s6, &g6), EDGED_LAN_DROP_FILTERED);
	s6.a[15] = 8;
	assert_int_equal(edged_lan_wants(&e->lan, &s6, &g6), EDGED_LAN_OK);
	/* counted only where a packet is */
	data4(&h, "10.9.9.9", "239.1.1.2", 8);
	assert_int_equal(edged_ip_read_data(&ip, h.p, h.len), EDGED_IP_OK);
	assert_int_equal(
	    edged_lan_output(&e->lan, &ip), EDGED_LAN_DROP_NOT_WANTED);
	assert_int_equal(e->lan.drops[EDGED_LAN_DROP_NOT_WANTED], 1);
	assert_int_equal(e->lan.drops[EDGED_LAN_DROP_FILTERED], 0);

	/* not allowed, and bad: counted by family and reason */
	host_igmp(&h, "10.1.7.2", "238.1.1.1", "16000000 ee010101");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(
	    e->lan.v4.listener.drops[EDGED_LISTENER_DROP_POLICY], 1);
	host_igmp(&h, "10.1.8.2", "239.1.1.1", "16000000 ef010101");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(e->lan.v4.drops[EDGED_GMP_DROP_SOURCE], 1);

	/* a leave is asked about, with an address of ours */
	host_igmp(&h, "10.1.7.2", "224.0.0.2", "17000000 ef010101");
	n->sent = 0;
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(n->sent, 1);
	assert_int_equal(
	    edged_ip_read(&ip, n->last.p, n->last.len), EDGED_IP_OK);
	assert_memory_equal(n->last.p + 12, "\x0a\x01\x07\xfa", 4);
	assert_memory_equal(ip.dst.a, g4.a, 4);
	assert_memory_equal(n->last.p + 24, "\x11\x0a", 2);
	run(n, 2010);
	assert_int_equal(e->wanted, 1);
	edged_lan_down(&e->lan);
	assert_int_equal(e->wanted, 0);
	net_free(n);
}

static void
data_from_the_lan(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	struct edge *e = &n->edge[0];
	struct host_packet h;
	struct edged_ip ip;
	struct ip_prefix sources[SOURCES];
	struct edged_lan_conf conf;
	int i, passed;

	(void)state;
	edged_lan_up(&e->lan);
	data4(&h, "10.1.7.2", "239.1.1.1", 8);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DATA);
	assert_int_equal(ip.p[8], 7);
	assert_int_equal(ip.p[26] << 8 | ip.p[27], 0);
	/* a veth's: the checksum is done, f7ea as in edged_ip.c */
	assert_int_equal(hear(e, &h, true, &ip), EDGED_LAN_DATA);
	assert_int_equal(edged_ip_sum(&ip), 0);
	/* TTL 1 ends here, but a link-local group keeps it */
	data4(&h, "10.1.7.2", "239.1.1.1", 1);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(e->lan.ip_drops[EDGED_IP_DROP_TTL], 1);
	data4(&h, "10.1.7.2", "224.0.0.251", 1);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DATA);
	assert_int_equal(ip.p[8], 1);
	/* 0 is what a probe between edges has (nvc.md), and no host's */
	data4(&h, "10.1.7.2", "224.0.0.251", 0);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(e->lan.ip_drops[EDGED_IP_DROP_TTL], 2);
	/* of another net, until that is configured */
	data4(&h, "10.1.8.2", "239.1.1.1", 8);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(e->lan.policy_drops[EDGED_POLICY_DROP_OFF_LINK], 1);
	conf = e->lan.conf;
	/* behind any number of others, as many as there are in mars.conf(5) */
	for (i = 0; i < SOURCES; i++)
		sources[i] = (struct ip_prefix){ false, 24,
		    { 10, 2, (uint8_t)i } };
	sources[SOURCES - 1] = (struct ip_prefix){ false, 24, { 10, 1, 8 } };
	conf.sources = sources;
	conf.nsources = SOURCES;
	n->sent = 0;
	edged_lan_configure(&e->lan, &conf);
	/* nothing else has changed: no startup queries */
	assert_int_equal(n->sent, 0);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DATA);
	/* nobody's source */
	data4(&h, "0.0.0.0", "239.1.1.1", 8);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DROPPED);
	assert_int_equal(e->lan.ip_drops[EDGED_IP_DROP_SOURCE], 1);
	/* rates: at least one largest packet at once */
	conf.source_rate = 8000;
	edged_lan_configure(&e->lan, &conf);
	data4(&h, "10.1.7.77", "239.1.1.1", 8);
	for (i = passed = 0; i < 10000; i++)
		if (hear(e, &h, false, &ip) == EDGED_LAN_DATA)
			passed++;
	assert_int_equal(passed, 65535 / 32);
	assert_int_equal(
	    e->lan.rate_drops[EDGED_RATE_DROP_SOURCE], 10000 - passed);
	data4(&h, "10.1.7.78", "239.1.1.1", 8);
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_DATA);
	/* that of the LAN is shared by all sources */
	conf.source_rate = 0;
	conf.rate = 8000;
	edged_lan_configure(&e->lan, &conf);
	for (i = passed = 0; i < 10000; i++) {
		data4(&h, i % 2 == 0 ? "10.1.7.77" : "10.1.7.79", "239.1.1.1",
		    8);
		if (hear(e, &h, false, &ip) == EDGED_LAN_DATA)
			passed++;
	}
	assert_int_equal(passed, 65535 / 32);
	assert_int_equal(
	    e->lan.rate_drops[EDGED_RATE_DROP_LAN], 10000 - passed);
	net_free(n);
}

/* Two edges: one forwards; one dies, the other does within 3 s. */
static void
two_edges(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ELECTED);
	struct host_packet h;
	struct edged_ip ip;
	int i, taken = 0, ms;

	(void)state;
	for (i = 0; i < EDGES; i++)
		edged_lan_up(&n->edge[i].lan);
	run(n, 5000);
	assert_true(n->edge[0].lan.forwarder);
	assert_false(n->edge[1].lan.forwarder);
	/* the lower address asks */
	assert_true(n->edge[0].lan.v4.listener.querier);
	assert_false(n->edge[1].lan.v4.listener.querier);
	assert_false(n->edge[1].lan.v6.listener.querier);
	/* both know what is wanted, one takes the packet */
	host_igmp(&h, "10.1.7.2", "239.1.1.1", "16000000 ef010101");
	for (i = 0; i < EDGES; i++)
		assert_int_equal(
		    hear(&n->edge[i], &h, false, &ip), EDGED_LAN_CONTROL);
	data4(&h, "10.1.7.2", "239.1.1.1", 8);
	for (i = 0; i < EDGES; i++)
		if (hear(&n->edge[i], &h, false, &ip) == EDGED_LAN_DATA)
			taken++;
	assert_int_equal(taken, 1);
	assert_int_equal(n->edge[1].lan.drops[EDGED_LAN_DROP_NOT_FORWARDER], 1);
	n->cut = true;
	edged_lan_down(&n->edge[0].lan);
	n->cut = false;
	for (ms = 0; !n->edge[1].lan.forwarder; ms += 10)
		turn(n);
	assert_true(ms < 3000);
	assert_int_equal(n->edge[1].wanted, 1);
	assert_int_equal(hear(&n->edge[1], &h, false, &ip), EDGED_LAN_DATA);
	net_free(n);
}

/*
 * Who has no address says no hello, so the others would not know of it: it
 * forwards nothing until it has one.
 */
static void
without_an_address(void **state)
{
	static const struct ip_prefix net = { false, 24, { 10, 1, 7 } };
	struct net *n = net_new(EDGED_LAN_FORWARD_ELECTED);
	struct paddr none = { 0 }, v4 = host_addr("10.1.7.9");
	struct edged_lan *first = &n->edge[0].lan, *second = &n->edge[1].lan;

	(void)state;
	edged_lan_addresses(second, &none, &none, &net, 0);
	edged_lan_up(first);
	edged_lan_up(second);
	run(n, 5000);
	assert_true(first->forwarder);
	assert_false(second->forwarder);
	/* the one that has an address is better from the start */
	second->conf.priority = second->elect.priority = 200;
	edged_lan_addresses(second, &v4, &none, &net, 1);
	run(n, 5000);
	assert_false(first->forwarder);
	assert_true(second->forwarder);
	edged_lan_addresses(second, &none, &none, &net, 0);
	assert_false(second->forwarder);
	run(n, 3000);
	assert_true(first->forwarder);
	assert_false(second->forwarder);
	net_free(n);
}

/* A hello that edge 0 has just said, and that edge 1 has not heard yet. */
static struct host_packet
next_hello(struct net *n)
{
	struct host_packet h;
	struct edged_ip ip;
	int i;

	for (;;) {
		for (i = 0; i < n->edge[1].n; i++) {
			h = n->edge[1].inbox[i];
			assert_int_equal(edged_ip_read(&ip, h.p, h.len),
			    EDGED_IP_OK);
			if (edged_hello_is(&ip, EDGED_HELLO_PORT))
				return h;
		}
		turn(n);
	}
}

/* It is a hello over IPv4: TTL in octet 8, the MAC in the last ones. */
static void
give_hello(struct edge *e, const struct host_packet *h)
{
	static struct host_packet copy;
	struct edged_ip ip;

	copy = *h;
	/* without a sum over UDP */
	copy.p[26] = copy.p[27] = 0;
	host_sum4(copy.p, 20);
	assert_int_equal(hear(e, &copy, false, &ip), EDGED_LAN_CONTROL);
}

/*
 * Issue 14, audit: whose hello is refused is told with its address and why, and
 * how often it was not told; what an honest LAN has is not told.
 */
static void
a_refused_hello_is_told(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ELECTED);
	struct edge *e = &n->edge[1];
	struct host_packet good, bad;
	struct paddr first = host_addr("10.1.7.250"),
	    second = host_addr("10.1.7.66");
	int i;

	(void)state;
	edged_lan_up(&n->edge[0].lan);
	edged_lan_up(&e->lan);
	run(n, 5000);
	good = next_hello(n);
	turn(n);
	/* an edge starts anew: unproven, and nothing to tell */
	edged_lan_down(&n->edge[0].lan);
	edged_lan_up(&n->edge[0].lan);
	run(n, 5000);
	assert_true(e->lan.hello_drops[EDGED_HELLO_DROP_UNPROVEN] > 0);
	/* of another cluster, which octet 28 of the hello says */
	bad = good;
	bad.p[28 + 28] ^= 1;
	give_hello(e, &bad);
	assert_int_equal(e->lan.hello_drops[EDGED_HELLO_DROP_CLUSTER], 1);
	assert_int_equal(e->refused, 0);
	/* not by the key */
	bad = good;
	bad.p[bad.len - 1] ^= 1;
	for (i = 0; i < 100; i++)
		give_hello(e, &bad);
	assert_int_equal(e->lan.hello_drops[EDGED_HELLO_DROP_MAC], 100);
	assert_int_equal(e->refused, 1);
	assert_int_equal(e->why, EDGED_HELLO_DROP_MAC);
	assert_true(paddr_equal(&e->who, &first));
	assert_int_equal(e->more, 0);
	/* by somebody else, for another reason: from beyond a router */
	memcpy(bad.p + 12, second.a, 4);
	bad.p[8] = 254;
	give_hello(e, &bad);
	assert_int_equal(e->refused, 2);
	assert_int_equal(e->why, EDGED_HELLO_DROP_TTL);
	assert_true(paddr_equal(&e->who, &second));
	/* the others are counted with the next that is told */
	run(n, 4100);
	bad = good;
	bad.p[bad.len - 1] ^= 1;
	give_hello(e, &bad);
	assert_int_equal(e->refused, 3);
	assert_true(paddr_equal(&e->who, &first));
	assert_int_equal(e->more, 99);
	/* heard before */
	good = next_hello(n);
	turn(n);
	give_hello(e, &good);
	assert_int_equal(e->lan.hello_drops[EDGED_HELLO_DROP_REPLAY], 1);
	assert_int_equal(e->refused, 4);
	assert_int_equal(e->why, EDGED_HELLO_DROP_REPLAY);
	net_free(n);
}

/* Static joins come and go with the configuration; a reload keeps members. */
static void
another_configuration(void **state)
{
	struct net *n = net_new(EDGED_LAN_FORWARD_ALWAYS);
	struct edge *e = &n->edge[0];
	struct paddr fixed[3], s = host_addr("10.9.9.9");
	struct edged_lan_conf conf = e->lan.conf;
	struct host_packet h;
	struct edged_ip ip;

	(void)state;
	fixed[0] = host_addr("239.1.1.1");
	fixed[1] = host_addr("ff08::1");
	fixed[2] = host_addr("225.1.1.1"); /* not allowed */
	conf.fixed = fixed;
	conf.nfixed = 3;
	edged_lan_configure(&e->lan, &conf);
	edged_lan_up(&e->lan);
	assert_int_equal(e->wanted, 2);
	host_igmp(&h, "10.1.7.2", "239.1.1.2", "16000000 ef010102");
	assert_int_equal(hear(e, &h, false, &ip), EDGED_LAN_CONTROL);
	assert_int_equal(e->wanted, 3);
	conf.nfixed = 1;
	edged_lan_configure(&e->lan, &conf);
	assert_int_equal(e->wanted, 2);
	assert_int_equal(edged_lan_wants(&e->lan, &s, &fixed[0]), EDGED_LAN_OK);
	/* it takes part in the election now */
	conf.forward = EDGED_LAN_FORWARD_ELECTED;
	edged_lan_configure(&e->lan, &conf);
	assert_false(e->lan.forwarder);
	run(n, 2100);
	assert_true(e->lan.forwarder);
	conf.forward = EDGED_LAN_FORWARD_NEVER;
	edged_lan_configure(&e->lan, &conf);
	assert_false(e->lan.forwarder);
	assert_int_equal(edged_lan_wants(&e->lan, &s, &fixed[0]),
	    EDGED_LAN_DROP_NOT_FORWARDER);
	/* queries of another version start anew */
	n->sent = 0;
	conf.version4 = EDGED_GMP_V2;
	edged_lan_configure(&e->lan, &conf);
	assert_int_equal(n->sent, 2);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(queries_at_start),
		cmocka_unit_test(link_local_source),
		cmocka_unit_test(discovery),
		cmocka_unit_test(from_report_to_packet),
		cmocka_unit_test(data_from_the_lan),
		cmocka_unit_test(two_edges),
		cmocka_unit_test(without_an_address),
		cmocka_unit_test(a_refused_hello_is_told),
		cmocka_unit_test(another_configuration) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
