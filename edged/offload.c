/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which flows go through the kernel.  A flow begins here: its first packets
 * are sent by us, and when its path is open to all members it is put into the
 * kernel's table.  Ten times a second what the kernel has counted is taken
 * over, and each flow that is there is judged anew.  What changes it in
 * between, a member that leaves say, takes it out at once: its packets come up
 * here again, and it may go back.
 *
 * What an interface has no room for is lost, since the kernel sends all copies
 * of a packet at once, and nothing waits.  A flow of which too much is lost so
 * goes by our queue for a while, which is longer each time.
 *
 * Of a flow that has a rate the kernel may send what it has been given of that,
 * at each look; what is more comes up, and is counted packet by packet.
 *
 * Once a minute each comes up for a moment, so that what only a packet does is
 * done: a path has its idle timer, and a group is asked for anew (RFC 2022
 * 5.1.5).
 */
#include <stdlib.h>
#include <string.h>

#include "edge_impl.h"
#include "kernel.h"

#define OFFLOAD_LOOK	MTIME_MS(100)	/* between two looks */
#define OFFLOAD_CREDIT	MTIME_MS(150)	/* of a flow with a rate */
#define OFFLOAD_TURN	MTIME_SEC(60)	/* and it comes up */
#define OFFLOAD_FAILING	16		/* one of so many copies may fail */

/* --- what may */

static bool
offload_wanted_here(
    const struct edged_port *port, const struct edged_flow *f)
{
	const struct paddr *group = &f->group->addr;
	struct edged_port *p;

	TAILQ_FOREACH(p, &port->edge->ports, entry)
		if (p != port &&
		    !edged_on_link(p->lan.nets, p->lan.nnets, &f->source) &&
		    edged_lan_wants(&p->lan, &f->source, group) == EDGED_LAN_OK)
			return true;
	return false;
}

/* May this flow go through the kernel, and to whom?  *steady says that. */
static bool
offload_may(const struct edged_port *p, const struct edged_flow *f,
    struct marsc_steady *steady)
{
	const struct edged_edge *e = p->edge;
	const struct marsc *c = edged_end_client(&e->self, &f->group->addr);
	const struct paddr *group = &f->group->addr;

	return e->conf.kernel && p->ifindex != 0 && p->lan.up &&
	    p->lan.forwarder && c != NULL && marsc_is_registered(c) &&
	    e->self.link != NULL &&
	    edged_policy_flow(e->policy, &f->source, group, EDGED_DIR_OUT) ==
	    EDGED_POLICY_OK &&
	    edged_lan_on_link(&p->lan, &f->source) &&
	    !edged_policy_keeps_ttl(group) &&
	    !offload_wanted_here(p, f) && marsc_path_steady(c, group, steady);
}

/* --- rates */

static uint64_t
offload_group_rate(const struct edged_port *p, const struct edged_flow *f)
{
	const struct edged_group_rule *rule =
	    edged_policy_rule(p->edge->policy, &f->group->addr);

	return rule == NULL ? 0 : rule->rate;
}

static bool
offload_limited(const struct edged_port *p, const struct edged_flow *f)
{
	return p->lan.conf.rate != 0 || p->lan.conf.source_rate != 0 ||
	    offload_group_rate(p, f) != 0;
}

/*
 * So many octets are taken from the rates at once: what the flow needs until
 * the next look and somewhat longer, by its last second, and one packet; or,
 * where there is less, a half of that, a quarter, and so on.
 */
static void
offload_credit(struct edged_port *p, struct edged_flow *f, uint32_t slot)
{
	struct edged *d = p->edge->edged;
	mtime_t now = d->timers->now;
	struct edged_sender *s =
	    edged_senders_get(&p->lan.senders, &f->source);
	struct edged_rate source = { &s->octets, p->lan.conf.source_rate };
	struct edged_rate group = { &f->group->octets,
		offload_group_rate(p, f) };
	struct edged_rate lan = { &p->lan.octets, p->lan.conf.rate };
	int64_t need;

	need = (int64_t)(edged_flow_rate(f, now) / 8 *
	    OFFLOAD_CREDIT / MTIME_SEC(1) + f->octets / f->packets) -
	    edged_kernel_credit(d->kernel, slot);

	for (; need > 0; need /= 2)
		if (edged_rate_take(now, (size_t)need, &source, &group,
		    &lan) == EDGED_RATE_OK) {
			edged_kernel_give(d->kernel, slot, need);
			break;
		}
}

/* --- what it needs to know */

static uint16_t
offload_u16(uint16_t host)
{
	uint8_t net[2] = { (uint8_t)(host >> 8), (uint8_t)host };
	uint16_t v;

	memcpy(&v, net, sizeof(v));
	return v;
}

static uint64_t
offload_u64(uint64_t host)
{
	uint8_t net[8];
	uint64_t v;
	int i;

	for (i = 7; i >= 0; i--, host >>= 8)
		net[i] = (uint8_t)host;
	memcpy(&v, net, sizeof(v));
	return v;
}

/* False: not an address of IPv4. */
static bool
offload_ip(const struct atm_addr *addr, uint32_t *ip)
{
	uint8_t a[16], sel;
	bool v6;

	if (!atm_addr_to_ip(addr, &v6, a, &sel) || v6)
		return false;
	memcpy(ip, a, sizeof(*ip));
	return true;
}

/*
 * All members of a group as leaves, into room for KPATH_MEMBERS; how many.
 * 0: they are too many, or one of them is none that the kernel can send to.
 */
static uint32_t
offload_leaves(const struct marsc *c, const struct paddr *group,
    struct kpath_leaf *leaves)
{
	struct marsc_cursor at = { 0 };
	struct marsc_leaf_info i;
	struct kpath_leaf *l;
	uint32_t n = 0;

	while (marsc_leaves(c, group, &at, &i)) {
		if (n == KPATH_MEMBERS || !i.has_circuit ||
		    i.circuit.peer_port == 0 || i.circuit.peer_number == 0)
			return 0;
		l = &leaves[n++];
		memset(l, 0, sizeof(*l));
		l->circuit = offload_u64(i.circuit.peer_number);
		l->port = offload_u16(i.circuit.peer_port);
		if (!offload_ip(&i.circuit.peer, &l->dst))
			return 0;
	}
	return n;
}

/* The UDP port of ours: ports follow from SELs (nvc.md). */
static uint16_t
offload_port(const struct edged_edge *e, const struct kpath_leaf *l,
    const struct atm_addr *peer)
{
	uint16_t port = offload_u16(l->port);	/* and back */

	return offload_u16((uint16_t)(port - atm_addr_sel(peer) +
	    atm_addr_sel(&e->self.link->local)));
}

static bool
offload_fill(const struct edged_port *p, const struct edged_flow *f,
    struct edged_kernel_entry *entry)
{
	const struct edged_edge *e = p->edge;
	const struct marsc *c = edged_end_client(&e->self, &f->group->addr);
	const struct edged_group_rule *rule =
	    edged_policy_rule(e->policy, &f->group->addr);
	struct kpath_flow *k = &entry->flow;
	struct marsc_cursor at = { 0 };
	struct marsc_leaf_info first;

	if (!marsc_leaves(c, &f->group->addr, &at, &first) ||
	    !offload_ip(&e->self.link->local, &k->saddr))
		return false;
	k->mtu = edged_edge_mtu(e, &f->group->addr);
	k->sport = offload_port(e, entry->leaves, &first.addr);
	k->cmi = offload_u16(marsc_cmi(c));
	k->ttl = (uint8_t)e->edged->kernel->table->ttl;
	k->limited = offload_limited(p, f);
	if (rule != NULL) {
		k->ttl_min = rule->ttl_min;
		k->dscp_set = rule->dscp >= 0;
		k->dscp = rule->dscp >= 0 ? (uint8_t)rule->dscp : 0;
	}
	return true;
}

/* False: some leaf is none that the kernel can send to, or there is no place,
 * which is counted once for a flow. */
static bool
offload_add(struct edged_port *p, const struct edged_flow *f,
    const struct marsc_steady *steady)
{
	const struct paddr *group = &f->group->addr;
	struct marsc *c = edged_end_client(&p->edge->self, group);
	struct edged *d = p->edge->edged;
	struct edged_kernel_entry entry = { .owner = p,
		.ifindex = p->ifindex,
		.source = f->source,
		.group = *group,
		.version = steady->version,
		.leaves = d->leaves };

	if (steady->members > KPATH_MEMBERS)
		return false;
	entry.nleaves = offload_leaves(c, group, d->leaves);
	if (entry.nleaves != steady->members ||
	    !offload_fill(p, f, &entry))
		return false;
	if (edged_kernel_add(d->kernel, d->timers->now, &entry))
		return true;
	if (f->kernel.delay == 0)
		d->kernel->full++;
	return false;
}

/* Where it fails it is tried again when its members have changed, or later. */
static void
offload_try(struct edged_port *p, struct edged_flow *f,
    const struct marsc_steady *steady)
{
	mtime_t now = p->edge->edged->timers->now;

	if (!edged_kernel_due(&f->kernel, now, steady->version))
		return;
	if (!offload_add(p, f, steady))
		edged_kernel_later(&f->kernel, now, steady->version);
}

/* --- looks */

/* What the kernel has sent of a flow; f: NULL where it was evicted. */
static void
offload_count(struct edged_port *p, struct edged_flow *f,
    const struct edged_kernel_count *n)
{
	struct edged_edge *e = p->edge;

	if (n->packets == 0)
		return;
	p->packets_in += n->packets;
	e->out_packets += n->packets;
	e->out_copies += n->copies;
	e->kernel_packets += n->packets;
	e->kernel_copies += n->copies;
	e->flow_drops[EDGED_FLOW_DROP_CIRCUIT] += n->failed;
	if (f == NULL)
		return;
	edged_flow_count_many(
	    &e->flows, f, e->edged->timers->now, n->packets, n->octets);
	/* else its packets that come back would be taken for another's */
	edged_senders_get(&p->lan.senders, &f->source)->heard =
	    e->edged->timers->now;
	f->copies += n->copies;
	f->drops[EDGED_FLOW_DROP_CIRCUIT] += n->failed;
}

static bool
offload_failing(const struct edged_kernel_count *n)
{
	return n->failed > (n->copies + n->failed) / OFFLOAD_FAILING;
}

static void
offload_look(struct edged *d, uint32_t slot)
{
	struct edged_kernel_slot *s = &d->kernel->slots[slot];
	struct edged_kernel_count n = edged_kernel_counted(d->kernel, slot);
	mtime_t now = d->timers->now;
	struct edged_port *p = s->owner;
	struct marsc_steady steady;
	struct edged_flow *f = NULL;

	if (p != NULL) {
		f = edged_flow_find(
		    &p->edge->flows, &s->source, &s->group, EDGED_DIR_OUT);
		offload_count(p, f, &n);
	}
	if (edged_kernel_rested(d->kernel, now, slot) ||
	    s->state != EDGED_KERNEL_ON)
		return;
	if (p == NULL || f == NULL || !offload_may(p, f, &steady) ||
	    steady.version != s->version)
		edged_kernel_remove(d->kernel, now, slot);
	else if (offload_failing(&n)) {
		edged_kernel_remove(d->kernel, now, slot);
		edged_kernel_later(&f->kernel, now, s->version);
	} else if (mtime_diff(s->since, now) >= OFFLOAD_TURN) {
		edged_kernel_remove(d->kernel, now, slot);
		f->kernel = (struct edged_kernel_wait){ 0 };
	} else if (offload_limited(p, f))
		offload_credit(p, f, slot);
}

/* The port whose interface a flow was seen on last. */
static struct edged_port *
offload_port_of(const struct edged_edge *e, const struct edged_flow *f)
{
	struct edged_port *p;

	TAILQ_FOREACH(p, &e->ports, entry)
		if (p->ifindex != 0 && p->ifindex == f->ifindex)
			return p;
	return NULL;
}

/* Those that have sent since the last look. */
static void
offload_edge(struct edged_edge *e)
{
	struct edged *d = e->edged;
	struct marsc_steady steady;
	struct edged_port *p;
	struct edged_flow *f;

	TAILQ_FOREACH_REVERSE(f, &e->flows.order, edged_flow_list, entry) {
		if (mtime_diff(f->last, d->timers->now) > 2 * OFFLOAD_LOOK)
			break;
		if (f->dir == EDGED_DIR_OUT && f->members > 0 &&
		    (p = offload_port_of(e, f)) != NULL &&
		    edged_kernel_find(d->kernel, p->ifindex, &f->source,
		    &f->group->addr) == KPATH_FLOWS &&
		    offload_may(p, f, &steady))
			offload_try(p, f, &steady);
	}
}

static void
offload_timer(void *arg)
{
	struct edged *d = arg;
	struct edged_edge *e;
	uint32_t i;

	for (i = 0; i < KPATH_FLOWS && d->kernel->used > 0; i++)
		if (d->kernel->slots[i].state != EDGED_KERNEL_FREE)
			offload_look(d, i);
	TAILQ_FOREACH(e, &d->edges, entry)
		offload_edge(e);
	timer_set(d->timers, &d->offload, OFFLOAD_LOOK);
}

/* --- what others say */

int
edged_set_kernel(struct edged *d, struct kpath *table)
{
	d->kernel =
	    edged_kernel_new(table, (uint32_t)d->ops->random(d->arg));
	d->leaves = calloc(KPATH_MEMBERS, sizeof(*d->leaves));
	if (d->kernel == NULL || d->leaves == NULL) {
		edged_offload_end(d);
		return -1;
	}
	timer_set(d->timers, &d->offload, OFFLOAD_LOOK);
	return 0;
}

void
edged_offload_init(struct edged *d)
{
	timer_init(&d->offload, offload_timer, d);
}

void
edged_offload_end(struct edged *d)
{
	timer_clear(d->timers, &d->offload);
	edged_kernel_free(d->kernel);
	free(d->leaves);
	d->kernel = NULL;
	d->leaves = NULL;
}

/* Takes out what a test says; e, p: NULL is any. */
static void
offload_take_out(struct edged *d, const struct edged_edge *e,
    const struct edged_port *p)
{
	struct edged_kernel_slot *s;
	struct edged_port *of;
	uint32_t i;

	if (d->kernel == NULL || d->kernel->on == 0)
		return;
	for (i = 0; i < KPATH_FLOWS; i++) {
		s = &d->kernel->slots[i];
		of = s->owner;
		if (s->state == EDGED_KERNEL_ON &&
		    (e == NULL || of->edge == e) && (p == NULL || of == p))
			edged_kernel_remove(d->kernel, d->timers->now, i);
	}
}

void
edged_offload_group(struct edged_edge *e, const struct paddr *group)
{
	struct edged *d = e->edged;
	const struct edged_port *of;
	uint32_t slot, next;

	if (d->kernel == NULL || d->kernel->on == 0)
		return;
	for (slot = edged_kernel_first(d->kernel, group);
	    slot != KPATH_FLOWS; slot = next) {
		next = edged_kernel_next(d->kernel, slot);
		of = d->kernel->slots[slot].owner;
		if (of->edge == e)
			edged_kernel_remove(d->kernel, d->timers->now, slot);
	}
}

void
edged_offload_edge(struct edged_edge *e)
{
	offload_take_out(e->edged, e, NULL);
}

void
edged_offload_port(struct edged_port *p)
{
	offload_take_out(p->edge->edged, NULL, p);
}

/* Its counters go with it. */
void
edged_offload_forget(struct edged_port *p)
{
	struct edged *d = p->edge->edged;
	uint32_t i;

	edged_offload_port(p);
	if (d->kernel == NULL)
		return;
	for (i = 0; i < KPATH_FLOWS; i++)
		if (d->kernel->slots[i].owner == p)
			d->kernel->slots[i].owner = NULL;
}

bool
edged_offload_has(const struct edged_edge *e, const struct edged_flow *f)
{
	const struct edged *d = e->edged;

	return d->kernel != NULL && f->ifindex != 0 &&
	    f->dir == EDGED_DIR_OUT &&
	    edged_kernel_find(d->kernel, f->ifindex, &f->source,
	    &f->group->addr) != KPATH_FLOWS;
}
