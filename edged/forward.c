/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The way of a packet: from a LAN to other sites, and from there to LANs. */
#include <string.h>

#include "edge_impl.h"
#include "fragment.h"

static void
flow_drop(struct edged_edge *e, struct edged_flow *f, enum edged_flow_drop why)
{
	f->drops[why]++;
	e->flow_drops[why]++;
}

void
edged_port_send(struct edged_port *p, const void *packet, size_t len)
{
	if (p->shell == NULL)
		return;
	if (!p->edge->edged->ops->send(p->shell, packet, len)) {
		p->no_room++;
		return;
	}
	p->packets_out++;
	p->octets_out += len;
}

/* --- out on the LANs */

/* False: it is larger than the LAN takes, and may not be fragmented. */
static bool
port_forward(struct edged_port *p, const struct edged_ip *ip)
{
	uint8_t *buf = p->edge->edged->fragment;
	struct edged_fragments frags;
	size_t len;

	if (p->mtu == 0 || ip->len <= p->mtu) {
		edged_port_send(p, ip->p, ip->len);
		return true;
	}
	if (p->mtu > EDGED_PACKET_MAX ||
	    edged_fit(ip, p->mtu) != EDGED_FIT_FRAGMENT)
		return false;
	edged_fragments_init(&frags, ip, p->mtu);
	while ((len = edged_fragments_next(&frags, buf)) > 0)
		edged_port_send(p, buf, len);
	return true;
}

static enum edged_flow_drop
flow_drop_of_lan(enum edged_lan_drop drop)
{
	switch (drop) {
	case EDGED_LAN_DROP_NOT_FORWARDER:
		return EDGED_FLOW_DROP_NOT_FORWARDER;
	case EDGED_LAN_DROP_FILTERED:
		return EDGED_FLOW_DROP_FILTERED;
	default:
		return EDGED_FLOW_DROP_NOT_WANTED;
	}
}

/*
 * To all LANs that want it, but not to that one.  To how many it went; if
 * none, *why.
 */
static uint32_t
edge_to_lans(struct edged_edge *e, const struct edged_ip *ip,
    const struct edged_port *except, enum edged_flow_drop *why)
{
	struct edged_port *p;
	enum edged_lan_drop drop;
	uint32_t n = 0;

	*why = EDGED_FLOW_DROP_NOT_WANTED;
	TAILQ_FOREACH(p, &e->ports, entry) {
		if (p == except)
			continue;
		/* another edge on this LAN has sent it to the cluster */
		if (edged_lan_returns(&p->lan, &ip->src)) {
			*why = EDGED_FLOW_DROP_LOOP;
			continue;
		}
		if ((drop = edged_lan_output(&p->lan, ip)) != EDGED_LAN_OK) {
			if (*why == EDGED_FLOW_DROP_NOT_WANTED)
				*why = flow_drop_of_lan(drop);
		} else if (port_forward(p, ip))
			n++;
		else
			*why = EDGED_FLOW_DROP_TOO_BIG;
	}
	return n;
}

/* --- to other sites */

static enum edged_flow_drop
flow_drop_of_marsc(enum marsc_drop drop)
{
	switch (drop) {
	case MARSC_DROP_EMPTY:
		return EDGED_FLOW_DROP_NO_MEMBER;
	case MARSC_DROP_UNANSWERED:
		return EDGED_FLOW_DROP_NO_ANSWER;
	case MARSC_DROP_HELD:
		return EDGED_FLOW_DROP_HELD;
	case MARSC_DROP_BUSY:
		return EDGED_FLOW_DROP_BUSY;
	case MARSC_DROP_MEMORY:
		return EDGED_FLOW_DROP_MEMORY;
	default:
		return EDGED_FLOW_DROP_CIRCUIT;
	}
}

/* What waited for the path of a group is out, or will not be. */
void
edged_forward_held(struct edged_edge *e, const struct marsc_notice *n)
{
	struct edged_flow *f = edged_flow_held(&e->flows, n->min);
	uint64_t copies = (uint64_t)n->number * n->members;

	if (n->code == MARSC_NOTICE_SENT) {
		e->out_copies += copies;
		if (f != NULL) {
			f->copies += copies;
			f->members = n->members;
		}
		return;
	}
	e->flow_drops[EDGED_FLOW_DROP_NOT_SENT] += n->number;
	if (f != NULL)
		f->drops[EDGED_FLOW_DROP_NOT_SENT] += n->number;
}

/* DSCP as the rule of the group says, ECN as it is in the packet. */
static uint8_t
flow_tos(const struct edged_edge *e, const struct edged_flow *f, uint8_t tos)
{
	const struct edged_group_rule *rule =
	    edged_policy_rule(e->policy, &f->group->addr);
	struct edged_ip ip = { .tos = tos };

	return edged_ip_outer_tos(&ip, rule == NULL ? -1 : rule->dscp);
}

/* What is held is counted by what becomes of it. */
static void
flow_transmit(struct edged_edge *e, struct edged_flow *f, const void *packet,
    size_t len, uint8_t tos)
{
	const struct paddr *group = &f->group->addr;
	struct marsc *c = edged_end_client(&e->self, group);
	struct marsc_sent sent;
	struct vc_sdu *s;

	if (c == NULL) {
		flow_drop(e, f, EDGED_FLOW_DROP_PROTOCOL);
		return;
	}
	if ((s = vc_sdu_new(NULL, marsc_head_len(c) + len)) == NULL) {
		flow_drop(e, f, EDGED_FLOW_DROP_MEMORY);
		return;
	}
	memcpy(s->data + marsc_head_len(c), packet, len);
	s->tos = flow_tos(e, f, tos);
	sent = marsc_transmit_sdu(c, group, s);
	if (sent.outcome == MARSC_SENT_HELD) {
		f->group->held = f;
		return;
	}
	f->members = sent.members;
	if (sent.outcome == MARSC_SENT_DROPPED) {
		flow_drop(e, f, flow_drop_of_marsc(sent.why));
		return;
	}
	f->copies += sent.members;
	e->out_copies += sent.members;
}

/* RFC 4443 2.4(f): at a limited rate. */
static void
tell_too_big(struct edged_port *p, const struct edged_ip *ip, uint32_t mtu)
{
	struct edged_edge *e = p->edge;
	uint8_t *buf = e->edged->fragment;
	size_t len;

	if (p->lan.v6.addr.len == 0 ||
	    !edged_bucket_take(&e->too_big, e->edged->timers->now,
	    EDGED_TOO_BIG_RATE, EDGED_TOO_BIG_RATE, 1))
		return;
	len = edged_too_big(
	    ip, &p->lan.v6.addr, mtu, buf, EDGED_TOO_BIG_MAX);
	if (len > 0)
		edged_port_send(p, buf, len);
}

uint32_t
edged_edge_mtu(const struct edged_edge *e, const struct paddr *group)
{
	const struct marsc *c = edged_end_client(&e->self, group);
	size_t max = c == NULL ? e->conf.mtu : marsc_packet_max(c, group);

	return max < e->conf.mtu ? (uint32_t)max : e->conf.mtu;
}

static void
edge_to_sites(
    struct edged_port *p, struct edged_flow *f, const struct edged_ip *ip)
{
	struct edged_edge *e = p->edge;
	uint8_t *buf = e->edged->fragment;
	struct edged_fragments frags;
	uint32_t mtu = edged_edge_mtu(e, &ip->dst);
	size_t len;

	switch (edged_fit(ip, mtu)) {
	case EDGED_FIT_WHOLE:
		flow_transmit(e, f, ip->p, ip->len, ip->tos);
		break;
	case EDGED_FIT_FRAGMENT:
		edged_fragments_init(&frags, ip, mtu);
		while ((len = edged_fragments_next(&frags, buf)) > 0)
			flow_transmit(e, f, buf, len, ip->tos);
		break;
	case EDGED_FIT_TELL:
		tell_too_big(p, ip, mtu);
		/* FALLTHROUGH */
	case EDGED_FIT_DROP:
		flow_drop(e, f, EDGED_FLOW_DROP_TOO_BIG);
		break;
	}
}

/*
 * The flow of a packet from a LAN.  A source that sends to ever more groups
 * gets no new ones for a while: each costs the MARS a question.  NULL: that.
 */
static struct edged_flow *
flow_out(struct edged_port *p, const struct edged_ip *ip)
{
	struct edged_edge *e = p->edge;
	mtime_t now = e->edged->timers->now;
	struct edged_sender *s;
	struct edged_flow *f;

	f = edged_flow_find(&e->flows, &ip->src, &ip->dst, EDGED_DIR_OUT);
	if (f != NULL)
		return f;
	s = edged_senders_get(&p->lan.senders, &ip->src);
	if (!edged_sender_flow(s, now, p->new_flows)) {
		s->dropped++;
		return NULL;
	}
	return edged_flow_new(
	    &e->flows, now, &ip->src, &ip->dst, EDGED_DIR_OUT);
}

static bool
flow_rate_ok(struct edged_edge *e, struct edged_flow *f, size_t octets)
{
	const struct edged_group_rule *rule;
	struct edged_rate none = { NULL, 0 }, rate;

	rule = edged_policy_rule(e->policy, &f->group->addr);
	if (rule == NULL || rule->rate == 0)
		return true;
	rate = (struct edged_rate){ &f->group->octets, rule->rate };
	return edged_rate_take(e->edged->timers->now, octets, &none, &rate,
	    &none) == EDGED_RATE_OK;
}

void
edged_port_input(struct edged_port *p, uint8_t *packet, size_t len, bool undone)
{
	struct edged_edge *e = p->edge;
	enum edged_flow_drop why;
	struct edged_flow *f;
	struct edged_ip ip;
	uint32_t n;

	if (edged_lan_input(&p->lan, &ip, packet, len, undone) !=
	    EDGED_LAN_DATA)
		return;
	p->packets_in++;
	e->out_packets++;
	if ((f = flow_out(p, &ip)) == NULL) {
		e->flow_drops[EDGED_FLOW_DROP_NEW]++;
		return;
	}
	f->ifindex = p->ifindex;
	edged_flow_count(&e->flows, f, e->edged->timers->now, ip.len);
	if (!flow_rate_ok(e, f, ip.len)) {
		flow_drop(e, f, EDGED_FLOW_DROP_RATE);
		return;
	}
	/* no link has carried that: it is several packets that a sender on this
	 * machine has left to a network card to make, and nobody says which */
	if (p->mtu != 0 && ip.len > p->mtu) {
		flow_drop(e, f, EDGED_FLOW_DROP_TOO_BIG);
		return;
	}
	n = edge_to_lans(e, &ip, p, &why);
	f->copies += n;
	edge_to_sites(p, f, &ip);
}

/* --- from other sites */

static void
edge_from_site(struct edged_edge *e, struct edged_ip *ip)
{
	mtime_t now = e->edged->timers->now;
	enum edged_flow_drop why;
	struct edged_flow *f;

	f = edged_flow_find(&e->flows, &ip->src, &ip->dst, EDGED_DIR_IN);
	if (f == NULL)
		f = edged_flow_new(
		    &e->flows, now, &ip->src, &ip->dst, EDGED_DIR_IN);
	edged_flow_count(&e->flows, f, now, ip->len);
	f->members = edge_to_lans(e, ip, NULL, &why);
	f->copies += f->members;
	e->in_copies += f->members;
	if (f->members == 0)
		flow_drop(e, f, why);
}

/*
 * The sending edge has taken one off the TTL.  Taking off another would make
 * two hops of one network; but what has none left was made by nobody of ours.
 */
void
edged_forward_packet(void *arg, struct marsc *c, const struct marsc_packet *m)
{
	const struct edged_end *end = arg;
	struct edged_edge *e = end->edge;
	enum edged_policy_drop policy;
	enum edged_ip_drop drop = EDGED_IP_DROP_TRUNCATED;
	struct edged_ip ip;

	if (edged_probing_input(e, c, m))
		return;
	e->in_packets++;
	if (m->len <= EDGED_PACKET_MAX) {
		memcpy(e->edged->packet, m->data, m->len);
		drop = edged_ip_read_data(&ip, e->edged->packet, m->len);
	}
	if (drop == EDGED_IP_OK &&
	    ip.v6 != (marsc_protocol(c)->type == PRO_IPV6))
		drop = EDGED_IP_DROP_VERSION;
	if (drop == EDGED_IP_OK && ip.ttl == 0)
		drop = EDGED_IP_DROP_TTL;
	if (drop == EDGED_IP_OK && end->link != NULL)
		drop = edged_ip_ecn(&ip, end->link->tos);
	if (drop != EDGED_IP_OK) {
		e->ip_drops[drop]++;
		return;
	}
	policy = edged_policy_packet(e->policy, &ip, EDGED_DIR_IN, NULL, 0);
	if (policy != EDGED_POLICY_OK) {
		e->policy_drops[policy]++;
		return;
	}
	edge_from_site(e, &ip);
}
