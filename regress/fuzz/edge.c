/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of edged: an edge with two LANs, whose hosts say what they like, and
 * a cluster of which MARSs, members and time are those of marsc_walk.h.  What
 * goes out on a LAN is a packet that a reader takes, not to the LAN that it is
 * from; nothing is violated, and nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include "edged/edge.h"
#include "edged/probe.h"
#include "fuzz.h"
#include "regress/unit/edged_host.h"
#include "regress/unit/marsc_walk.h"

#define LANS	2

struct site {
	struct fake		*net;
	struct edged		*edged;
	struct edged_conf	 conf;
	struct edged_edge_conf	 edge;
	struct edged_port_conf	 ports[LANS];
	struct edged_allow	 allow[2];
	struct atm_addr		 servers[3];
	int			 speaks;	/* a LAN, or -1 */
	bool			 data;		/* it speaks of data */
};

struct shell {
	struct site	*s;
	int		 n;
};
static struct shell shells[LANS];

static uint64_t
site_random(void *arg)
{
	return dice(&((struct site *)arg)->net->random);
}

static bool
site_send(void *arg, const void *packet, size_t len)
{
	struct shell *sh = arg;
	uint8_t *copy = fuzz_copy(packet, len);
	struct edged_ip ip;

	MUST(edged_ip_read_data(&ip, copy, len) == EDGED_IP_OK);
	MUST(!sh->s->data || sh->n != sh->s->speaks);
	free(copy);
	return true;
}

static void
site_event(void *arg, const struct edged_event *e)
{
	(void)arg;
	MUST(e->code != EDGED_EV_VIOLATION);
}

static const struct edged_ops site_ops = {
	.random = site_random,
	.send = site_send,
	.event = site_event,
};

/* --- its configuration */

static void
port_conf(struct site *s, int n)
{
	const struct edged_listener_timing timing = EDGED_LISTENER_TIMING;
	struct edged_port_conf *c = &s->ports[n];

	c->name[0] = (char)('a' + n);
	c->new_flows = 8;
	c->lan = (struct edged_lan_conf){ .policy = &s->edge.policy,
	    .querier = true,
	    .discovery = true,
	    .forward = EDGED_LAN_FORWARD_ALWAYS,
	    .version4 = EDGED_GMP_V3,
	    .version6 = EDGED_GMP_V3,
	    .timing = timing,
	    .limits = { 12, 6, 8, 4 },
		.fast_leave = true,
		.id = host_addr("10.9.0.1") };
}

static void
lan_up(struct site *s, int n)
{
	struct edged_port *p = edged_port_find(s->edged, s->ports[n].name);
	struct paddr v4 = { 4, { 10, 1, (uint8_t)(1 + n), 254 } };
	struct paddr v6 = { 16, { 0xfe, 0x80, [15] = 9 } };
	struct ip_prefix nets[2] = {
		{ false, 24, { 10, 1, (uint8_t)(1 + n) } },
		{ true, 64, { 0xfd, 0, 0, 7 } },
	};

	shells[n] = (struct shell){ s, n };
	edged_port_set_shell(p, &shells[n]);
	edged_port_addresses(p, &v4, &v6, nets, 2, 1500);
	edged_port_up(p);
}

static void
site_begin(struct site *s)
{
	struct edged_edge *e;
	bool mcs;
	int i;

	memset(s, 0, sizeof(*s));
	s->net = fake_bare(10);
	s->speaks = -1;
	s->edge.addr = fake_addr(10);
	s->edge.mcs = fake_addr(11);
	s->edge.name[0] = 'e';
	s->allow[0] = (struct edged_allow){ .group = { false, 4, { 224 } },
		.dirs = EDGED_DIR_IN | EDGED_DIR_OUT };
	s->allow[1] = (struct edged_allow){ .group = { true, 8, { 0xff } },
		.dirs = EDGED_DIR_IN | EDGED_DIR_OUT };
	s->edge.policy.allow = s->allow;
	s->edge.policy.nallow = 2;
	for (i = 0; i < 3; i++)
		s->servers[i] = fake_addr((uint8_t)(1 + i));
	s->edge.servers = s->servers;
	s->edge.nservers = 3;
	s->edge.ipv4 = s->edge.ipv6 = true;
	s->edge.mtu = 1400;
	s->edge.max_flows = 8;
	for (i = 0; i < LANS; i++)
		port_conf(s, i);
	s->edge.ports = s->ports;
	s->edge.nports = LANS;
	s->conf.edges = &s->edge;
	s->conf.nedges = 1;
	s->edged = edged_new(&site_ops, s, &s->net->ts);
	MUST(s->edged != NULL);
	MUST(edged_configure(s->edged, &s->conf) == 0);
	e = edged_at(s->edged, &s->edge.addr, &mcs);
	edged_attach(e, mcs, &s->net->link);
	for (i = 0; i < LANS; i++)
		lan_up(s, i);
}

/* --- what its hosts say */

static void
lan_says(struct site *s, int n, struct host_packet *h)
{
	struct edged_port *p = edged_port_find(s->edged, s->ports[n].name);
	uint8_t *copy = fuzz_copy(h->p, h->len);

	s->speaks = n;
	edged_port_input(p, copy, h->len, false);
	s->speaks = -1;
	s->data = false;
	free(copy);
}

static void
say_report(struct site *s, struct rd *r, int n)
{
	static const char *const bodies[] = {
		"16000000 e0010200",
		"17000000 e0010200",
		"22000000 00000001 04000000 e0010200",
		"22000000 00000001 03000000 e0010200",
		"22000000 00000001 06000001 e0010200 0a020001",
		"22000000 00000001 05000001 e0010200 0a020001",
	};
	static const char *const hosts[LANS] = { "10.1.1.2", "10.1.2.2" };
	uint8_t what = rd_u8(r), group = rd_u8(r) % 4;
	struct host_packet h;
	size_t at;

	host_igmp(&h, hosts[n],
	    what % 6 < 1 ? "224.1.2.0" : what % 6 < 2 ? "224.0.0.2" :
	    "224.0.0.22", bodies[what % 6]);
	/* one of four groups */
	at = 24 + (what % 6 < 2 ? 7 : 15);
	h.p[at] = group;
	if (what % 6 == 0)
		h.p[19] = group;
	host_sum4(h.p, 24);
	host_sum_upper(&h, 2);
	lan_says(s, n, &h);
}

/* Data to one of four groups, from a host of the LAN. */
static void
say_data(struct site *s, struct rd *r, int n)
{
	static const uint8_t head[20] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 8, 17, 0,
		0, 10, 1, 1, 2, 224, 1, 2, 0 };
	uint8_t how = rd_u8(r);
	struct host_packet h;

	memset(&h, 0, sizeof(h));
	memcpy(h.p, head, sizeof(head));
	h.p[14] = (uint8_t)(1 + n);
	h.p[19] = how % 4;
	h.p[15] = how / 4 % 4;
	h.p[8] = how & 16 ? rd_u8(r) : 8;
	h.len = how & 32 ? 20 + rd_u16(r) % 1400U : 28;
	h.p[2] = (uint8_t)(h.len >> 8);
	h.p[3] = (uint8_t)h.len;
	if (how & 64)
		h.p[rd_u8(r) % 20] ^= rd_u8(r);
	host_sum4(h.p, 20);
	s->data = true;
	lan_says(s, n, &h);
}

static void
say_octets(struct site *s, struct rd *r, int n)
{
	struct host_packet h;

	h.len = fuzz_octets(r, h.p, 1500);
	if (h.len >= 20 && h.p[0] == 0x45)
		host_sum4(h.p, 20);
	lan_says(s, n, &h);
}

/* --- the rest of the world */

static uint32_t
die(void *arg)
{
	struct rd *r = arg;

	return rd_u8(r);
}

static void
look(struct site *s)
{
	static bool (*const all[])(struct edged *, void *, struct wr *) = {
		edged_show_summary, edged_show_counters, edged_show_edges,
		edged_show_lans, edged_show_listeners, edged_show_flows,
		edged_show_probe };
	uint32_t rows;
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		FUZZ_ROWS(rows, all[i], s->edged);
}

static void
probed(void *arg, const char *why)
{
	(void)why;
	look(arg);
}

/* An operator asks who is there; nothing else is asked before that is over. */
static void
probe(struct site *s, uint8_t which)
{
	struct paddr group = { 4, { 224, 1, 2, 0 } };

	group.a[3] = which % 4;
	(void)edged_probe_start(
	    s->edged, &group, which & 4 ? "e" : NULL, probed, s);
}

/*
 * A packet of the cluster (RFC 2022 5.5.1), on a circuit that has called us:
 * data to one of four groups, a probe or an answer, or octets of the input.
 */
static void
cluster_says(struct site *s, struct rd *r)
{
	static const uint8_t head[12] = { 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 1, 0, 7,
		8, 0 };
	struct edged_probe p = { .kind = EDGED_PROBE_ASK,
		.group = { 4, { 224, 1, 2, 0 } }, .size = 200 };
	uint8_t buf[1536], how = rd_u8(r), *copy;
	struct fvc *v = walk_vc(s->net);
	size_t len = sizeof(head);

	if (v == NULL || !v->incoming || v->dead)
		return;
	memcpy(buf, head, sizeof(head));
	if (how & 64) {
		p.kind = how & 32 ? EDGED_PROBE_ANSWER : EDGED_PROBE_ASK;
		p.group.a[3] = how % 4;
		if (how & 32)
			memset(p.group.a, 0, sizeof(p.group.a));
		p.asker = fake_addr(how / 4 % 8);
		p.number = rd_u8(r) % 8;
		p.nonce = how & 16 ? 0x123456789abcdef : rd_u8(r);
		len += edged_probe_encode(&p, buf + len, sizeof(buf) - len);
	} else
		len += fuzz_octets(r, buf + len, 1500);
	copy = fuzz_copy(buf, len);
	s->net->link.user->sdu(
	    s->net->link.arg, &v->vc, v->vc.cookie, copy, len);
	free(copy);
}

static void
lan_flaps(struct site *s, int n)
{
	struct edged_port *p = edged_port_find(s->edged, s->ports[n].name);

	edged_port_down(p);
	lan_up(s, n);
}

static void
event(struct site *s, struct rd *r)
{
	uint8_t what = rd_u8(r);
	int n = what / 16 % LANS;

	switch (what % 16) {
	case 0:
	case 1:
		say_report(s, r, n);
		break;
	case 2:
	case 3:
		say_data(s, r, n);
		break;
	case 4:
		say_octets(s, r, n);
		break;
	case 5:
		if (what >= 224)
			lan_flaps(s, n);
		else if (what >= 192)
			probe(s, rd_u8(r));
		else
			cluster_says(s, r);
		break;
	case 6:
		fuzz_wait(&s->net->ts, fuzz_time(r));
		break;
	case 7:
		look(s);
		break;
	default:
		walk_network(s->net, what % 16 - 8);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct site s;
	struct rd r;

	site_begin(&s);
	rd_init(&r, data, size);
	s.net->die = die;
	s.net->die_arg = &r;
	while (fuzz_more(&r) && walk_room(s.net))
		event(&s, &r);
	look(&s);
	s.net->die = NULL;
	edged_shutdown(s.edged);
	edged_free(s.edged);
	walk_over(s.net);
	return 0;
}
