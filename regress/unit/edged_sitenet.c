/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdio.h>

#include "common/codec/ctl.h"
#include "edged_sitenet.h"

/* --- the owner */

static uint64_t
sitenet_random(void *arg)
{
	struct fake *net = ((struct site *)arg)->net;

	return net->low ? 0 : dice(&net->random);
}

/* Signalling has a TTL of 1 or 255, and is not looked at. */
static bool
sitenet_send(void *shell, const void *packet, size_t len)
{
	struct site_lan *lan = shell;
	const uint8_t *p = packet;
	uint8_t ttl = p[p[0] >> 4 == 4 ? 8 : 7];

	if (lan->site->full)
		return false;
	if (p[0] >> 4 == 4 && (ttl == 1 || ttl == 255))
		return true;
	if (p[0] >> 4 == 6 && p[6] == 0)
		return true; /* MLD, by its Router Alert */
	assert_true(len <= sizeof(lan->last.p));
	memcpy(lan->last.p, packet, len);
	lan->last.len = len;
	lan->sent++;
	return true;
}

static void
sitenet_event(void *arg, const struct edged_event *e)
{
	((struct site *)arg)->events[e->code]++;
}

static const struct edged_ops sitenet_ops = {
	.random = sitenet_random,
	.send = sitenet_send,
	.event = sitenet_event,
};

/* --- its configuration */

static void
site_port(struct site *s, int n)
{
	const struct edged_listener_timing timing = EDGED_LISTENER_TIMING;
	const struct edged_listener_limits limits = EDGED_LISTENER_LIMITS;
	struct edged_port_conf *c = &s->ports[n];

	c->name[0] = (char)('a' + n);
	c->new_flows = 100;
	c->lan = (struct edged_lan_conf){ .policy = &s->edge.policy,
	    .querier = true,
	    .forward = EDGED_LAN_FORWARD_ALWAYS,
	    .version4 = EDGED_GMP_V3,
	    .version6 = EDGED_GMP_V3,
	    .timing = timing,
	    .limits = limits,
	    .fast_leave = true,
	    .id = host_addr("127.0.0.10") };
}

static void
site_up(struct site *s, int n)
{
	struct edged_port *p = edged_port_find(s->edged, s->ports[n].name);
	struct paddr v4 = { 4, { 10, 1, (uint8_t)(1 + n), 1 } };
	struct paddr v6 = { 16, { 0xfe, 0x80, [15] = 1 } };
	struct ip_prefix nets[2] = {
		{ false, 24, { 10, 1, (uint8_t)(1 + n) } },
		{ true, 64, { 0xfd, 0, 0, (uint8_t)(1 + n) } },
	};

	assert_non_null(p);
	s->lans[n].site = s;
	edged_port_set_shell(p, &s->lans[n]);
	edged_port_addresses(p, &v4, &v6, nets, 2, 1500);
	edged_port_up(p);
}

void
site_configure(struct site *s)
{
	size_t i;

	s->net->low = true; /* mar$flags.sequence begins with 1 */
	assert_int_equal(edged_configure(s->edged, &s->conf), 0);
	s->net->low = false;
	for (i = 0; s->conf.nedges != 0 && i < s->edge.nports; i++)
		site_up(s, (int)i);
}

struct site *
site_new(void)
{
	struct site *s = calloc(1, sizeof(*s));
	bool mcs;
	int i;

	assert_non_null(s);
	s->net = fake_bare(10);
	s->server = fake_bare(20);
	s->mars = fake_addr(1);
	s->allow[0] = (struct edged_allow){ .group = { false, 8, { 239 } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT };
	s->allow[1] = (struct edged_allow){ .group = { true, 8, { 0xff } },
	    .dirs = EDGED_DIR_IN | EDGED_DIR_OUT };
	s->edge = (struct edged_edge_conf){ .name = "e",
	    .addr = fake_addr(10),
	    .mcs = fake_addr(20),
	    .servers = &s->mars,
	    .nservers = 1,
	    .ipv4 = true,
	    .policy = { .allow = s->allow, .nallow = 2 },
	    .mtu = 1400,
	    .max_flows = 64,
	    .ports = s->ports,
	    .nports = 2 };
	s->conf = (struct edged_conf){ &s->edge, 1 };
	for (i = 0; i < 2; i++)
		site_port(s, i);
	s->edged = edged_new(&sitenet_ops, s, &s->net->ts);
	assert_non_null(s->edged);
	site_configure(s);
	edged_attach(edged_at(s->edged, &s->edge.addr, &mcs), mcs,
	    &s->net->link);
	return s;
}

void
site_free(struct site *s)
{
	int i;

	edged_free(s->edged);
	assert_int_equal(s->net->ts.count, 0);
	assert_int_equal(s->events[EDGED_EV_VIOLATION], 0);
	for (i = 0; i < s->net->nvcs; i++)
		assert_true(s->net->vcs[i].dead);
	free(s->net);
	free(s->server);
	free(s);
}

void
site_register(struct site *s)
{
	char hex[512] =
	    JOIN("04", "00", "0001", "60xx", "0005", "00000064", "0a");
	const struct fsent *out = NULL, *next;

	fake_ack(s->net, 1);
	/* what an edge of before said comes first */
	while ((next = fake_next(s->net)) != NULL)
		out = next;
	assert_non_null(out);
	assert_non_null(fake_calls(s->net, 1, true));
	/* mar$flags.sequence is that of the message */
	(void)snprintf(strstr(hex, "xx"), 3, "%02x", out->data[33]);
	hex[strlen(hex)] = ' ';
	fake_says(s->net, fake_vc(s->net, 1), hex);
	assert_int_equal(site_shown(s, edged_show_edges, "registered"), 1);
	assert_int_equal(s->events[EDGED_EV_REGISTERED], 1);
}

void
site_wait(struct site *s, int64_t us)
{
	fake_wait(s->net, us);
}

/* --- its hosts */

void
site_input(struct site *s, int lan, const struct host_packet *h)
{
	struct host_packet copy = *h;

	edged_port_input(edged_port_find(s->edged, s->ports[lan].name), copy.p,
	    copy.len, false);
}

void
site_report(struct site *s, int lan, bool join)
{
	static const char *const hosts[] = { "10.1.1.2", "10.1.2.2" };
	struct host_packet h;

	host_igmp(&h, hosts[lan], "224.0.0.22",
	    join ? "22 00 0000 0000 0001 04 00 0000 ef010101" :
	    "22 00 0000 0000 0001 03 00 0000 ef010101");
	site_input(s, lan, &h);
}

void
site_packet(struct host_packet *h, const char *src, const char *dst, size_t len,
    uint8_t ttl, uint16_t flags)
{
	struct paddr from = host_addr(src), to = host_addr(dst);

	assert_in_range(len, 28, HOST_MAX);
	memset(h, 0, sizeof(*h));
	h->len = len;
	h->p[0] = 0x45;
	h->p[2] = (uint8_t)(len >> 8);
	h->p[3] = (uint8_t)len;
	h->p[6] = (uint8_t)(flags >> 8);
	h->p[7] = (uint8_t)flags;
	h->p[8] = ttl;
	h->p[9] = 17;
	memcpy(h->p + 12, from.a, 4);
	memcpy(h->p + 16, to.a, 4);
	h->p[24] = (uint8_t)((len - 20) >> 8);
	h->p[25] = (uint8_t)(len - 20);
	host_sum4(h->p, 20);
}

void
site_data(struct site *s, int lan, const char *group)
{
	struct host_packet h;

	site_packet(&h, lan == 0 ? "10.1.1.2" : "10.1.2.2", group, 28, 5, 0);
	site_input(s, lan, &h);
}

/* --- the cluster */

void
site_members(struct site *s)
{
	fake_says(s->net, fake_vc(s->net, 1),
	    SITE_MEMBERS("0002", NSAP("0b") NSAP("0c")));
	fake_leaf_ack(s->net, 11);
	fake_leaf_ack(s->net, 12);
}

void
site_hears(struct site *s, uint8_t x, uint8_t cmi, const struct host_packet *h)
{
	const uint8_t head[12] = { 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 1, 0, cmi, 8,
		0 };
	struct fvc *v = fake_calls(s->net, x, true);
	uint8_t buf[sizeof(head) + HOST_MAX];

	assert_non_null(v);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + sizeof(head), h->p, h->len);
	s->net->link.user->sdu(s->net->link.arg, &v->vc, v->vc.cookie, buf,
	    sizeof(head) + h->len);
	/* and hangs up */
	v->dead = true;
	s->net->link.user->release(s->net->link.arg, &v->vc, v->vc.cookie, 16);
}

void
site_sent(struct site *s, struct host_packet *h)
{
	static const uint8_t head[12] = { 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 1, 0, 5,
		8, 0 };
	struct fsent *out = fake_next(s->net);

	assert_non_null(out);
	assert_true(out->len > sizeof(head));
	assert_memory_equal(out->data, head, sizeof(head));
	h->len = out->len - sizeof(head);
	memcpy(h->p, out->data + sizeof(head), h->len);
}

/* --- what is shown */

uint64_t
site_shown(struct site *s, bool (*show)(struct edged *, void *, struct wr *),
    const char *name)
{
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE] = { 0 };
	uint8_t buf[CTL_ROW_MAX];
	struct ctl_value v;
	struct wr to;
	struct rd r;

	wr_init(&to, buf, sizeof(buf));
	if (!show(s->edged, cursor, &to))
		return 0;
	rd_init(&r, buf, to.len);
	assert_true(ctl_find(&r, name, &v));
	return v.number;
}

uint64_t
site_counter(struct site *s, const char *name)
{
	_Alignas(max_align_t) uint8_t cursor[CTL_CURSOR_SIZE] = { 0 };
	uint8_t buf[CTL_ROW_MAX];
	struct ctl_value v;
	uint64_t n;
	struct wr to;
	struct rd r;

	for (;;) {
		wr_init(&to, buf, sizeof(buf));
		assert_true(edged_show_counters(s->edged, cursor, &to));
		rd_init(&r, buf, to.len);
		assert_true(ctl_find_string(r, "name", &v));
		if (strcmp(v.string, name) != 0)
			continue;
		assert_true(ctl_find_number(r, "value", &n));
		return n;
	}
}
