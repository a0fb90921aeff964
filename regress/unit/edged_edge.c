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

#include "common/codec/ctl.h"
#include "edged/edge.h"
#include "edged_host.h"

/*
 * An edge with two LANs and no link: what it joins, and what goes from one
 * LAN to the other.  Sites are shown by regress/system/edge.py.
 */
struct world {
	struct timers			 timers;
	struct edged			*edged;
	struct edged_conf		 conf;
	struct edged_edge_conf		 edge;
	struct edged_port_conf		 ports[2];
	struct edged_allow		 allow;
	struct atm_addr			 server;
	struct host_packet		 last[2];	/* data that went out */
	int				 data[2];
	int				 events[EDGED_EV_MAX];
};

static uint64_t
test_random(void *arg)
{
	(void)arg;
	return 0x123456789abcdef;
}

static struct host_packet hello;	/* the last one */

static bool
test_send(void *shell, const void *packet, size_t len)
{
	struct host_packet *to = shell;
	const uint8_t *p = packet;

	if (p[0] >> 4 == 4 && p[9] == 17 && p[8] == 255 && len <= HOST_MAX) {
		memcpy(hello.p, packet, len);
		hello.len = len;
	}
	/* a hello is of IPv4 here, with TTL 255 */
	if ((p[0] >> 4 == 4 ? p[9] == 17 && p[8] != 255 : p[6] == 17) &&
	    len <= HOST_MAX) {
		memcpy(to->p, packet, len);
		to->len = len;
	}
	return true;
}

static void
test_event(void *arg, const struct edged_event *e)
{
	struct world *w = arg;

	w->events[e->code]++;
}

static const struct edged_ops test_ops = {
	.random = test_random,
	.send = test_send,
	.event = test_event,
};

static void
port_conf(struct world *w, struct edged_port_conf *c, const char *name)
{
	const struct edged_listener_timing timing = EDGED_LISTENER_TIMING;
	const struct edged_listener_limits limits = EDGED_LISTENER_LIMITS;

	(void)strlcpy(c->name, name, sizeof(c->name));
	c->new_flows = 2;
	c->lan.policy = &w->edge.policy;
	c->lan.forward = EDGED_LAN_FORWARD_ALWAYS;
	c->lan.version4 = c->lan.version6 = EDGED_GMP_V3;
	c->lan.timing = timing;
	c->lan.limits = limits;
	c->lan.fast_leave = true;
	c->lan.id = host_addr("10.9.0.1");
}

static void
lan_up(struct world *w, int n, const char *addr, const char *net)
{
	struct edged_port *p = edged_port_find(w->edged, w->ports[n].name);
	struct paddr v4 = host_addr(addr), none = { 0 };
	struct ip_prefix nets;

	assert_non_null(p);
	assert_true(ip_prefix_parse(&nets, net));
	edged_port_set_shell(p, &w->last[n]);
	edged_port_addresses(p, &v4, &none, &nets, 1, 1500);
	edged_port_up(p);
}

static void
setup_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	timers_init(&w->timers, (mtime_t){ MTIME_SEC(1000) });
	assert_int_equal(atm_addr_parse(&w->server, "10.9.0.100"), 0);
	assert_int_equal(atm_addr_parse(&w->edge.addr, "10.9.0.1%16"), 0);
	assert_int_equal(atm_addr_parse(&w->edge.mcs, "10.9.0.1%17"), 0);
	(void)strlcpy(w->edge.name, "e", sizeof(w->edge.name));
	assert_true(ip_prefix_parse(&w->allow.group, "239.0.0.0/8"));
	w->allow.dirs = EDGED_DIR_IN | EDGED_DIR_OUT;
	w->edge.policy.allow = &w->allow;
	w->edge.policy.nallow = 1;
	w->edge.servers = &w->server;
	w->edge.nservers = 1;
	w->edge.ipv4 = true;
	w->edge.mtu = 1400;
	w->edge.max_flows = 16;
	port_conf(w, &w->ports[0], "a");
	port_conf(w, &w->ports[1], "b");
	w->edge.ports = w->ports;
	w->edge.nports = 2;
	w->conf.edges = &w->edge;
	w->conf.nedges = 1;
	w->edged = edged_new(&test_ops, w, &w->timers);
	assert_non_null(w->edged);
	assert_int_equal(edged_configure(w->edged, &w->conf), 0);
	lan_up(w, 0, "10.1.1.1", "10.1.1.0/24");
	lan_up(w, 1, "10.1.2.1", "10.1.2.0/24");
}

static void
teardown_world(struct world *w)
{
	edged_free(w->edged);
	assert_int_equal(w->timers.count, 0);
	assert_int_equal(w->events[EDGED_EV_VIOLATION], 0);
}

static void
input(struct world *w, int lan, const struct host_packet *h)
{
	struct host_packet copy = *h;

	edged_port_input(edged_port_find(w->edged, w->ports[lan].name), copy.p,
	    copy.len, false);
}

/* a report of version 3 about 239.1.1.1: all sources, or none */
static void
report(struct world *w, int lan, const char *src, bool join)
{
	struct host_packet h;

	host_igmp(&h, src, "224.0.0.22",
	    join ? "22 00 0000 0000 0001 04 00 0000 ef010101" :
	    "22 00 0000 0000 0001 03 00 0000 ef010101");
	input(w, lan, &h);
}

static void
data(struct world *w, int lan, const char *src, const char *group)
{
	struct host_packet h = { .len = 30 };
	struct paddr s = host_addr(src), g = host_addr(group);

	memset(h.p, 0, sizeof(h.p));
	h.p[0] = 0x45;
	h.p[3] = 30;
	h.p[8] = 5;
	h.p[9] = 17;
	memcpy(h.p + 12, s.a, 4);
	memcpy(h.p + 16, g.a, 4);
	h.p[25] = 10;
	host_sum4(h.p, 20);
	input(w, lan, &h);
}

/* One value of the first row of a listing; 0 where there is none. */
static uint64_t
shown(struct world *w, bool (*show)(struct edged *, void *, struct wr *),
    const char *name)
{
	uint8_t cursor[CTL_CURSOR_SIZE] = { 0 }, buf[4096];
	struct ctl_value v;
	struct wr to;
	struct rd r;

	wr_init(&to, buf, sizeof(buf));
	if (!show(w->edged, cursor, &to))
		return 0;
	rd_init(&r, buf, to.len);
	assert_true(ctl_find(&r, name, &v));
	return v.number;
}

/* The value of a counter of an edge or a LAN. */
static uint64_t
counter(struct world *w, const char *scope, const char *name)
{
	uint8_t cursor[CTL_CURSOR_SIZE] = { 0 }, buf[4096];
	struct ctl_value in, what, value;
	struct wr to;
	struct rd r;

	for (;;) {
		wr_init(&to, buf, sizeof(buf));
		if (!edged_show_counters(w->edged, cursor, &to))
			fail_msg("no counter %s", name);
		rd_init(&r, buf, to.len);
		assert_true(ctl_find(&r, "scope", &in));
		assert_true(ctl_find(&r, "name", &what));
		assert_true(ctl_find(&r, "value", &value));
		if (strcmp(in.string, scope) == 0 &&
		    strcmp(what.string, name) == 0)
			return value.number;
	}
}

/* joined as long as one LAN wants it */
static void
union_of_lans(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w);
	report(&w, 0, "10.1.1.2", true);
	report(&w, 1, "10.1.2.2", true);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	edged_port_down(edged_port_find(w.edged, "a"));
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	edged_port_down(edged_port_find(w.edged, "b"));
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 0);
	teardown_world(&w);
}

/* who does not forward joins nothing */
static void
follows_the_role(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w);
	report(&w, 0, "10.1.1.2", true);
	w.ports[0].lan.forward = EDGED_LAN_FORWARD_NEVER;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 0);
	w.ports[0].lan.forward = EDGED_LAN_FORWARD_ALWAYS;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	/* the LAN is no longer configured */
	w.edge.nports = 0;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 0);
	teardown_world(&w);
}

/*
 * RFC 2022 5.2: a static block is one join, and blocks of several LANs don't
 * overlap; groups of it that hosts want are joined alone besides it.
 */
static void
static_blocks(void **state)
{
	struct edged_range large, small;
	struct world w;

	(void)state;
	large.min = host_addr("239.1.0.0");
	large.max = host_addr("239.1.255.255");
	small.min = host_addr("239.1.2.0");
	small.max = host_addr("239.1.2.255");
	setup_world(&w);
	w.ports[0].lan.blocks = &large;
	w.ports[1].lan.blocks = &small;
	w.ports[0].lan.nblocks = w.ports[1].lan.nblocks = 1;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	report(&w, 0, "10.1.1.2", true);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 2);
	/* all of the block goes out on the LAN, and nothing beside it */
	data(&w, 1, "10.1.2.2", "239.1.255.255");
	assert_int_equal(w.last[0].len, 30);
	w.last[0].len = 0;
	data(&w, 1, "10.1.2.2", "239.2.0.0");
	assert_int_equal(w.last[0].len, 0);
	report(&w, 0, "10.1.1.2", false);
	timers_run(&w.timers, (mtime_t){ MTIME_SEC(1300) });
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	/* what was within the large one is joined when that has gone */
	edged_port_down(edged_port_find(w.edged, "a"));
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	w.ports[1].lan.nblocks = 0;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 0);
	teardown_world(&w);
}

/* to the other LAN, if it is wanted there, with one TTL less, and not back */
static void
between_lans(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	assert_int_equal(w.last[1].len, 0);
	report(&w, 1, "10.1.2.2", true);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	assert_int_equal(w.last[1].len, 30);
	assert_int_equal(w.last[1].p[8], 4);
	assert_int_equal(w.last[0].len, 0);
	/* of no address of that LAN: not taken at all */
	memset(w.last, 0, sizeof(w.last));
	data(&w, 0, "10.1.3.2", "239.1.1.1");
	assert_int_equal(w.last[1].len, 0);
	teardown_world(&w);
}

/* a packet of mDNS */
static void
mdns(struct world *w, int lan, const char *src)
{
	struct host_packet h = { .len = 48 };
	struct paddr s = host_addr(src), g = host_addr("ff02::fb");

	memset(h.p, 0, sizeof(h.p));
	h.p[0] = 0x60;
	h.p[5] = 8;
	h.p[6] = 17;
	h.p[7] = 255;
	memcpy(h.p + 8, s.a, 16);
	memcpy(h.p + 24, g.a, 16);
	h.p[45] = 8;
	memset(w->last, 0, sizeof(w->last));
	input(w, lan, &h);
}

/*
 * mars.conf(5), link-local: names can be looked up by mDNS at other sites.
 * There as here a host speaks from a link-local address, whose net is that of
 * every LAN: only if it was heard on this one it is of this one.
 */
static void
link_local_sources(void **state)
{
	struct paddr group = host_addr("ff02::fb"), v4[2], none = { 0 };
	struct ip_prefix nets[2];
	struct world w;
	int i;

	(void)state;
	setup_world(&w);
	v4[0] = host_addr("10.1.1.1");
	v4[1] = host_addr("10.1.2.1");
	w.edge.ipv6 = true;
	w.edge.policy.link_local = &group;
	w.edge.policy.nlink_local = 1;
	for (i = 0; i < 2; i++) {
		w.ports[i].lan.fixed = &group;
		w.ports[i].lan.nfixed = 1;
	}
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_true(ip_prefix_parse(&nets[1], "fe80::/64"));
	for (i = 0; i < 2; i++) {
		lan_up(&w, i, i == 0 ? "10.1.1.1" : "10.1.2.1",
		    i == 0 ? "10.1.1.0/24" : "10.1.2.0/24");
		assert_true(ip_prefix_parse(
		    &nets[0], i == 0 ? "10.1.1.0/24" : "10.1.2.0/24"));
		edged_port_addresses(edged_port_find(w.edged, w.ports[i].name),
		    &v4[i], &none, nets, 2, 1500);
	}
	mdns(&w, 0, "fe80::2");
	assert_int_equal(w.last[1].len, 48);
	assert_int_equal(w.last[1].p[7], 255);
	/* another edge has written it there: it does not come back */
	mdns(&w, 1, "fe80::2");
	assert_int_equal(w.last[0].len, 0);
	/* a host that has gone to the other LAN is heard there */
	timers_run(&w.timers, (mtime_t){ w.timers.now.us + MTIME_SEC(30) });
	mdns(&w, 1, "fe80::2");
	assert_int_equal(w.last[0].len, 48);
	teardown_world(&w);
}

/*
 * a source has so many new groups, 4 s' worth at once, and then as many a
 * second; those that it has go on
 */
static void
new_flows(void **state)
{
	char group[32] = "239.1.1.0";
	struct world w;
	int i;

	(void)state;
	setup_world(&w);
	for (i = 0; i < 10; i++) {
		group[8] = (char)('0' + i);
		data(&w, 0, "10.1.1.2", group);
	}
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 8);
	data(&w, 0, "10.1.1.2", "239.1.1.0");
	assert_int_equal(shown(&w, edged_show_flows, "packets"), 2);
	data(&w, 0, "10.1.1.3", "239.1.1.9");
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 9);
	timers_run(&w.timers, (mtime_t){ w.timers.now.us + MTIME_SEC(1) });
	data(&w, 0, "10.1.1.2", "239.1.1.8");
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 10);
	teardown_world(&w);
}

/* Another limit of flows: they are counted anew, and nobody is cut off. */
static void
another_limit_of_flows(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w);
	report(&w, 1, "10.1.2.2", true);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	data(&w, 0, "10.1.1.3", "239.1.1.1");
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 2);
	w.edge.max_flows = 1;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	w.last[1].len = 0;
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	assert_int_equal(w.last[1].len, 30);
	data(&w, 0, "10.1.1.3", "239.1.1.1");
	assert_int_equal(shown(&w, edged_show_edges, "flows"), 1);
	assert_int_equal(counter(&w, "edge e", "flows-evicted"), 1);
	w.edge.max_flows = 16;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(counter(&w, "edge e", "flows-evicted"), 1);
	teardown_world(&w);
}

/* all sources of a group share its rate: a largest packet's octets at once */
static void
rate_of_a_group(void **state)
{
	struct edged_group_rule rule = { .rate = 8000, .dscp = -1 };
	struct world w;
	int i;

	(void)state;
	setup_world(&w);
	assert_true(ip_prefix_parse(&rule.group, "239.1.1.1/32"));
	w.edge.policy.rules = &rule;
	w.edge.policy.nrules = 1;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	report(&w, 1, "10.1.2.2", true);
	for (i = 0; i < 3000; i++)
		data(&w, 0, "10.1.1.2", "239.1.1.1");
	assert_int_equal(shown(&w, edged_show_flows, "packets"), 3000);
	assert_int_equal(shown(&w, edged_show_flows, "copies"), 65535 / 30);
	memset(w.last, 0, sizeof(w.last));
	data(&w, 0, "10.1.1.3", "239.1.1.1");
	assert_int_equal(w.last[1].len, 0);
	timers_run(&w.timers, (mtime_t){ w.timers.now.us + MTIME_MS(100) });
	data(&w, 0, "10.1.1.3", "239.1.1.1");
	assert_int_equal(w.last[1].len, 30);
	teardown_world(&w);
}

static bool
any_sign(
    void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	(void)arg;
	(void)data;
	(void)len;
	memset(mac, 0, EDGED_HELLO_MAC);
	return true;
}

static bool
any_verify(
    void *arg, const void *data, size_t len, const uint8_t mac[EDGED_HELLO_MAC])
{
	(void)arg;
	(void)data;
	(void)len;
	return mac[0] == 0;
}

/* What the election refuses is counted where what can't be read is. */
static void
refused_hellos(void **state)
{
	struct world w;

	(void)state;
	setup_world(&w);
	w.ports[0].lan.forward = EDGED_LAN_FORWARD_ELECTED;
	w.ports[0].lan.port = EDGED_HELLO_PORT;
	w.ports[0].lan.key =
	    (struct edged_hello_key){ any_sign, any_verify, NULL };
	hello.len = 0;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_true(hello.len > 0);
	input(&w, 0, &hello);
	assert_int_equal(counter(&w, "lan a", "hello-own"), 1);
	/* another edge of our id: octet 44 of a hello is of its life */
	hello.p[28 + 44] ^= 1;
	input(&w, 0, &hello);
	assert_int_equal(counter(&w, "lan a", "hello-twin"), 1);
	hello.p[hello.len - EDGED_HELLO_MAC] = 1;
	input(&w, 0, &hello);
	assert_int_equal(counter(&w, "lan a", "hello-mac"), 1);
	assert_int_equal(counter(&w, "lan b", "hello-mac"), 0);
	teardown_world(&w);
}

/* RFC 9776 7.3.1: another querier is configured for another version */
static void
older_queries(void **state)
{
	struct host_packet h;
	struct world w;

	(void)state;
	setup_world(&w);
	host_igmp(&h, "10.1.1.7", "224.0.0.1", "11640000 00000000");
	input(&w, 0, &h);
	assert_int_equal(counter(&w, "lan a", "igmp-older-queries"), 1);
	assert_int_equal(counter(&w, "lan a", "mld-older-queries"), 0);
	teardown_world(&w);
}

/* The multicast server is a client of its own, which drops by itself. */
static void
counters_of_a_server(void **state)
{
	struct edged_range r;
	struct world w;

	(void)state;
	r.min = host_addr("239.2.0.0");
	r.max = host_addr("239.2.255.255");
	setup_world(&w);
	w.edge.serve = &r;
	w.edge.nserve = 1;
	assert_int_equal(edged_configure(w.edged, &w.conf), 0);
	assert_int_equal(counter(&w, "edge e", "serve-ipv4-data"), 0);
	teardown_world(&w);
}

/* every listing ends, and every row of it can be read */
static void
listings(void **state)
{
	static bool (*const shows[])(struct edged *, void *, struct wr *) = {
		edged_show_summary, edged_show_counters, edged_show_edges,
		edged_show_lans, edged_show_listeners, edged_show_flows };
	static const int rows[] = { 1, -1, 1, 2, 1, 1 };
	uint8_t cursor[CTL_CURSOR_SIZE], buf[CTL_ROW_MAX];
	struct ctl_value v;
	struct world w;
	struct wr to;
	struct rd r;
	size_t i;
	int n;

	(void)state;
	setup_world(&w);
	report(&w, 1, "10.1.2.2", true);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	for (i = 0; i < sizeof(shows) / sizeof(shows[0]); i++) {
		memset(cursor, 0, sizeof(cursor));
		for (n = 0; n < 1000; n++) {
			wr_init(&to, buf, sizeof(buf));
			if (!shows[i](w.edged, cursor, &to))
				break;
			rd_init(&r, buf, to.len);
			while (ctl_next(&r, &v))
				continue;
			assert_true(rd_done(&r));
		}
		if (rows[i] >= 0)
			assert_int_equal(n, rows[i]);
		assert_in_range(n, 1, 999);
	}
	teardown_world(&w);
}

/* The sum of all that is a counter or a drop. */
static uint64_t
counted(struct world *w)
{
	uint8_t cursor[CTL_CURSOR_SIZE] = { 0 }, buf[CTL_ROW_MAX];
	struct ctl_value v;
	uint64_t sum = 0;
	struct wr to;
	struct rd r;

	for (;;) {
		wr_init(&to, buf, sizeof(buf));
		if (!edged_show_counters(w->edged, cursor, &to))
			return sum;
		rd_init(&r, buf, to.len);
		assert_true(ctl_find(&r, "kind", &v));
		if (strcmp(v.string, "gauge") == 0)
			continue;
		rd_init(&r, buf, to.len);
		assert_true(ctl_find(&r, "value", &v));
		sum += v.number;
	}
}

/*
 * all counters of edges and LANs begin anew, and count; what is so now stays,
 * and so do the flows
 */
static void
cleared(void **state)
{
	struct host_packet bad, older;
	struct world w;

	(void)state;
	setup_world(&w);
	report(&w, 1, "10.1.2.2", true);
	host_igmp(&older, "10.1.1.7", "224.0.0.1", "11640000 00000000");
	input(&w, 0, &older);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	data(&w, 0, "10.1.1.2", "225.1.1.1"); /* not allowed */
	host_igmp(&bad, "10.1.1.2", "224.0.0.22", "ff 00 0000 0000 0000");
	input(&w, 0, &bad);
	assert_in_range(counted(&w), 5, 100);
	edged_clear_counters(w.edged);
	assert_int_equal(counted(&w), 0);
	assert_int_equal(shown(&w, edged_show_edges, "out-packets"), 0);
	assert_int_equal(shown(&w, edged_show_edges, "joins"), 1);
	assert_int_equal(shown(&w, edged_show_lans, "dropped"), 0);
	assert_int_equal(shown(&w, edged_show_flows, "packets"), 1);
	data(&w, 0, "10.1.1.2", "239.1.1.1");
	assert_int_equal(shown(&w, edged_show_edges, "out-packets"), 1);
	assert_int_equal(shown(&w, edged_show_flows, "packets"), 2);
	teardown_world(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(union_of_lans),
		cmocka_unit_test(follows_the_role),
		cmocka_unit_test(static_blocks),
		cmocka_unit_test(between_lans),
		cmocka_unit_test(link_local_sources),
		cmocka_unit_test(new_flows),
		cmocka_unit_test(another_limit_of_flows),
		cmocka_unit_test(rate_of_a_group),
		cmocka_unit_test(refused_hellos),
		cmocka_unit_test(older_queries),
		cmocka_unit_test(counters_of_a_server),
		cmocka_unit_test(listings),
		cmocka_unit_test(cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
