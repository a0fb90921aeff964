/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "igmp.h"
#include "lan.h"
#include "mld.h"

const char *
edged_lan_drop_name(enum edged_lan_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_LAN_DROPS(X)
#undef X
	};

	return drop < EDGED_LAN_DROP_MAX ? names[drop] : "unknown";
}

/* --- queries, by either family */

static void
send_query(struct edged_family *f, const struct edged_gmp_query *q)
{
	uint8_t buf[EDGED_GMP_QUERY_MAX];
	size_t len;

	len = f->v6 ? edged_mld_query(q, buf, sizeof(buf)) :
	    edged_igmp_query(q, buf, sizeof(buf));
	if (len > 0)
		f->lan->ops->send(f->lan->arg, buf, len);
}

static struct edged_gmp_query
own_query(const struct edged_family *f)
{
	const struct edged_listener_timing *t = &f->querier.timing;

	return (struct edged_gmp_query){ .version = f->querier.version,
	    .src = f->addr,
	    .group = { .len = f->v6 ? 16 : 4 },
		.response = t->response,
		.robustness = t->robustness,
		.interval = t->interval };
}

static void
lan_general(void *arg)
{
	struct edged_family *f = arg;
	struct edged_gmp_query q = own_query(f);

	send_query(f, &q);
}

/* of the listener: a group, or sources of it */
static void
lan_query(void *arg, const struct paddr *group, const struct paddr *sources,
    uint16_t n, bool suppress)
{
	struct edged_family *f = arg;
	struct edged_gmp_query q = own_query(f);

	q.group = *group;
	q.response = f->listener.timing.last_interval;
	q.sources = sources;
	q.nsources = n;
	q.suppress = suppress;
	send_query(f, &q);
}

/* --- what the parts tell */

static void
querier_role(void *arg, bool querier)
{
	struct edged_family *f = arg;

	if (querier && !f->listener.querier)
		edged_listener_taken_over(&f->listener);
	f->listener.querier = querier;
}

static void
querier_timing(void *arg, const struct edged_listener_timing *timing)
{
	struct edged_family *f = arg;

	f->listener.timing = *timing;
}

static bool
lan_admit(void *arg, const struct paddr *group)
{
	struct edged_family *f = arg;

	return edged_policy_group(f->lan->conf.policy, group, EDGED_DIR_IN) ==
	    EDGED_POLICY_OK;
}

static void
lan_wanted(void *arg, const struct edged_listener_group *g,
    enum edged_listener_change change)
{
	struct edged_family *f = arg;

	f->lan->ops->wanted(f->lan->arg, g, change);
}

static void
lan_role(struct edged_lan *lan, bool forwarder)
{
	if (lan->forwarder == forwarder)
		return;
	lan->forwarder = forwarder;
	lan->ops->role(lan->arg, forwarder);
}

static void
elect_role(void *arg, bool forwarder)
{
	lan_role(arg, forwarder);
}

static bool
elect_no_mars(void *arg)
{
	struct edged_lan *lan = arg;

	return lan->ops->no_mars(lan->arg);
}

static void
mrd_packet(void *arg, const void *packet, size_t len)
{
	struct edged_family *f = arg;

	f->lan->ops->send(f->lan->arg, packet, len);
}

static uint64_t
mrd_random(void *arg)
{
	struct edged_family *f = arg;

	return f->lan->ops->random(f->lan->arg);
}

static uint64_t
elect_random(void *arg)
{
	struct edged_lan *lan = arg;

	return lan->ops->random(lan->arg);
}

/* By IPv4 where there is an address; edges hear it in both. */
static void
elect_send(void *arg, const struct edged_hello *h)
{
	struct edged_lan *lan = arg;
	const struct paddr *src =
	    lan->v4.addr.len != 0 ? &lan->v4.addr : &lan->v6.addr;
	uint8_t buf[EDGED_HELLO_MAX];
	size_t len;

	if (src->len == 0)
		return;
	len = edged_hello_write(
	    h, src, lan->conf.port, &lan->conf.key, buf, sizeof(buf));
	if (len > 0)
		lan->ops->send(lan->arg, buf, len);
}

static void
lan_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	struct edged_lan *lan = arg;

	lan->ops->violated(lan->arg, t, state, event);
}

static const struct edged_listener_ops listener_ops = { lan_admit, lan_wanted,
	lan_query };
static const struct edged_querier_ops querier_ops = { lan_general,
	querier_role, querier_timing };
static const struct edged_mrd_ops mrd_ops = { mrd_packet, mrd_random };
static const struct edged_elect_ops elect_ops = { elect_random, elect_send,
	elect_role, elect_no_mars };

/* --- configuration */

static void
family_init(struct edged_family *f, struct edged_lan *lan, bool v6)
{
	f->lan = lan;
	f->v6 = v6;
	edged_listener_init(&f->listener, &listener_ops, f, lan->timers);
	edged_querier_init(&f->querier, &querier_ops, f, lan->timers);
	edged_mrd_init(&f->mrd, &mrd_ops, f, lan->timers);
	f->listener.faults.violated = f->querier.faults.violated = lan_violated;
	f->listener.faults.arg = f->querier.faults.arg = lan;
}

static bool
is_fixed(const struct edged_lan_conf *conf, const struct paddr *group)
{
	size_t i;

	for (i = 0; i < conf->nfixed; i++)
		if (paddr_equal(&conf->fixed[i], group))
			return true;
	return false;
}

/* Static joins as the configuration says: the old ones end, the new begin.
 * One for which there is no memory is tried again at the next change. */
static void
family_fix(struct edged_family *f)
{
	const struct edged_lan_conf *conf = &f->lan->conf;
	struct edged_listener_group *g, *next;
	size_t i;

	for (g = edged_listener_after(&f->listener, NULL); g != NULL;
	    g = next) {
		next = edged_listener_after(&f->listener, &g->addr);
		if (g->fixed && !is_fixed(conf, &g->addr))
			edged_listener_fix(&f->listener, &g->addr, false);
	}
	for (i = 0; i < conf->nfixed; i++)
		if (conf->fixed[i].len == (f->v6 ? 16 : 4) &&
		    lan_admit(f, &conf->fixed[i]))
			edged_listener_fix(&f->listener, &conf->fixed[i], true);
}

static bool
same_timing(const struct edged_listener_timing *a,
    const struct edged_listener_timing *b)
{
	return a->robustness == b->robustness && a->interval == b->interval &&
	    a->response == b->response &&
	    a->last_interval == b->last_interval &&
	    a->last_count == b->last_count;
}

/* Whether a change of the configuration concerns who queries, and how. */
static bool
same_queries(const struct edged_lan_conf *a, const struct edged_lan_conf *b)
{
	return a->querier == b->querier && a->discovery == b->discovery &&
	    a->version4 == b->version4 && a->version6 == b->version6 &&
	    same_timing(&a->timing, &b->timing);
}

/* Asks and advertises from now on, with this address and configuration. */
static void
family_speak(struct edged_family *f)
{
	static const struct paddr none;
	const struct edged_lan_conf *conf = &f->lan->conf;

	edged_querier_start(&f->querier, &f->addr, conf->querier);
	edged_mrd_start(&f->mrd, conf->discovery ? &f->addr : &none,
	    conf->querier ? conf->timing.interval : 0, conf->timing.robustness);
}

/* queries: the querier starts anew, with its startup queries */
static void
family_configure(struct edged_family *f, bool queries)
{
	const struct edged_lan_conf *conf = &f->lan->conf;
	struct edged_listener *l = &f->listener;

	if (queries) {
		f->querier.version = l->version =
		    f->v6 ? conf->version6 : conf->version4;
		f->querier.timing = l->timing = conf->timing;
	}
	l->limits = conf->limits;
	l->fast_leave = conf->fast_leave;
	if (!f->lan->up)
		return;
	if (queries)
		family_speak(f);
	edged_listener_review(l);
	family_fix(f);
}

/* Who has no address can't say hello: the others would not know of it. */
static void
lan_stand(struct edged_lan *lan)
{
	if (lan->conf.forward != EDGED_LAN_FORWARD_ELECTED)
		return;
	if (lan->v4.addr.len != 0 || lan->v6.addr.len != 0)
		edged_elect_start(&lan->elect);
	else
		edged_elect_stop(&lan->elect);
}

static void
lan_elect(struct edged_lan *lan)
{
	/* who has to be elected does not forward before it is */
	lan_role(lan, lan->conf.forward == EDGED_LAN_FORWARD_ALWAYS);
	lan_stand(lan);
}

static void
elect_configure(struct edged_lan *lan)
{
	edged_elect_init(&lan->elect, &elect_ops, lan, lan->timers,
	    &lan->conf.id, lan->conf.cluster, lan->conf.priority);
	lan->elect.faults.violated = lan_violated;
	lan->elect.faults.arg = lan;
}

int
edged_lan_init(struct edged_lan *lan, const struct edged_lan_ops *ops,
    void *arg, struct timers *timers, const struct edged_lan_conf *conf)
{
	uint64_t seed;

	memset(lan, 0, sizeof(*lan));
	lan->ops = ops;
	lan->arg = arg;
	lan->timers = timers;
	lan->conf = *conf;
	seed = ops->random(arg);
	if (edged_senders_init(&lan->senders, EDGED_LAN_SENDERS, seed) == -1 ||
	    edged_senders_init(
	    &lan->strangers, EDGED_LAN_STRANGERS, seed) == -1) {
		edged_senders_free(&lan->senders);
		return -1;
	}
	family_init(&lan->v4, lan, false);
	family_init(&lan->v6, lan, true);
	family_configure(&lan->v4, true);
	family_configure(&lan->v6, true);
	elect_configure(lan);
	return 0;
}

void
edged_lan_free(struct edged_lan *lan)
{
	edged_lan_down(lan);
	edged_senders_free(&lan->senders);
	edged_senders_free(&lan->strangers);
}

void
edged_lan_configure(struct edged_lan *lan, const struct edged_lan_conf *conf)
{
	const struct edged_lan_conf *old = &lan->conf;
	bool queries = !same_queries(conf, old);
	bool anew = conf->forward != old->forward ||
	    !paddr_equal(&conf->id, &old->id) ||
	    memcmp(conf->cluster, old->cluster, EDGED_HELLO_CLUSTER) != 0;

	if (anew)
		edged_elect_stop(&lan->elect);
	lan->conf = *conf;
	family_configure(&lan->v4, queries);
	family_configure(&lan->v6, queries);
	edged_elect_set_priority(&lan->elect, conf->priority);
	if (!anew)
		return;
	elect_configure(lan);
	if (lan->up)
		lan_elect(lan);
}

/* --- the interface */

static void
family_address(struct edged_family *f, const struct paddr *addr)
{
	if (paddr_equal(&f->addr, addr))
		return;
	f->addr = *addr;
	if (f->lan->up)
		family_speak(f);
}

void
edged_lan_addresses(struct edged_lan *lan, const struct paddr *v4,
    const struct paddr *v6, const struct ip_prefix *nets, size_t n)
{
	if (n > EDGED_LAN_NETS)
		n = EDGED_LAN_NETS;
	if (n > 0)
		memcpy(lan->nets, nets, n * sizeof(*nets));
	lan->nnets = n;
	family_address(&lan->v4, v4);
	family_address(&lan->v6, v6);
	if (lan->up)
		lan_stand(lan);
}

static void
family_up(struct edged_family *f)
{
	f->listener.since = f->lan->timers->now;
	family_speak(f);
	family_fix(f);
}

void
edged_lan_up(struct edged_lan *lan)
{
	if (lan->up)
		return;
	lan->up = true;
	family_up(&lan->v4);
	family_up(&lan->v6);
	lan_elect(lan);
}

void
edged_lan_down(struct edged_lan *lan)
{
	if (!lan->up)
		return;
	edged_elect_stop(&lan->elect);
	lan_role(lan, false);
	edged_mrd_stop(&lan->v4.mrd);
	edged_mrd_stop(&lan->v6.mrd);
	edged_querier_stop(&lan->v4.querier);
	edged_querier_stop(&lan->v6.querier);
	edged_listener_clear(&lan->v4.listener);
	edged_listener_clear(&lan->v6.listener);
	lan->up = false;
}

/* --- packets from the LAN */

static void
heard_gmp(struct edged_family *f, enum edged_gmp_drop drop, struct edged_gmp *m)
{
	if (drop != EDGED_GMP_OK) {
		f->drops[drop]++;
		return;
	}
	if (m->kind != EDGED_GMP_QUERY) {
		edged_listener_report(&f->listener, m);
		return;
	}
	edged_querier_heard(&f->querier, m);
	edged_listener_query(&f->listener, m);
}

/*
 * Is there a reason to tell somebody?  Our echo, edges of another cluster, and
 * one that has just started are in the ordinary course of things.
 */
static bool
hello_is_refused(enum edged_hello_drop drop)
{
	switch (drop) {
	case EDGED_HELLO_OK:
	case EDGED_HELLO_DROP_CLUSTER:
	case EDGED_HELLO_DROP_OWN:
	case EDGED_HELLO_DROP_UNPROVEN:
		return false;
	default:
		return true;
	}
}

static void
refuse_hello(struct edged_lan *lan, const struct paddr *source,
    enum edged_hello_drop drop)
{
	struct atm_addr who;
	uint64_t more;

	atm_addr_from_ip(&who, source->len == 16, source->a, 0);
	if (quiet_stranger_pass(
	    &lan->refused, &who, drop, lan->timers->now, &more))
		lan->ops->refused(lan->arg, source, drop, more);
}

static void
heard_hello(struct edged_lan *lan, const struct edged_ip *ip)
{
	struct edged_hello h;
	enum edged_hello_drop drop;

	if (lan->conf.forward != EDGED_LAN_FORWARD_ELECTED)
		return;
	drop = edged_hello_read(&h, ip, lan->conf.cluster, &lan->conf.key);
	if (drop == EDGED_HELLO_OK)
		drop = edged_elect_heard(&lan->elect, &h);
	lan->hello_drops[drop]++;
	if (hello_is_refused(drop))
		refuse_hello(lan, &ip->src, drop);
}

/* What is for us, of the routers of the LAN. */
static bool
input_control(struct edged_lan *lan, const struct edged_ip *ip)
{
	struct edged_gmp m;

	if (edged_hello_is(ip, lan->conf.port))
		heard_hello(lan, ip);
	else if (edged_mrd_is(ip))
		edged_mrd_heard(ip->v6 ? &lan->v6.mrd : &lan->v4.mrd, ip);
	else if (edged_igmp_is(ip))
		heard_gmp(&lan->v4,
		    edged_igmp_read(&m, ip, lan->nets, lan->nnets), &m);
	else if (edged_mld_is(ip))
		heard_gmp(&lan->v6, edged_mld_read(&m, ip), &m);
	else
		return false;
	return true;
}

static enum edged_rate_drop
input_rate(struct edged_lan *lan, const struct edged_ip *ip)
{
	struct edged_sender *sender =
	    edged_senders_get(&lan->senders, &ip->src);
	struct edged_rate source = { &sender->octets, lan->conf.source_rate };
	struct edged_rate all = { &lan->octets, lan->conf.rate };
	/* a group's is its flows' owner's */
	struct edged_rate none = { NULL, 0 };
	enum edged_rate_drop drop =
	    edged_rate_take(lan->timers->now, ip->len, &source, &none, &all);

	sender->heard = lan->timers->now;
	if (drop == EDGED_RATE_OK)
		sender->packets++;
	else
		sender->dropped++;
	return drop;
}

static enum edged_ip_drop
input_change(struct edged_ip *ip, bool undone)
{
	enum edged_ip_drop drop = EDGED_IP_OK;

	if (undone)
		drop = edged_ip_complete(ip);
	if (drop != EDGED_IP_OK)
		return drop;
	if (!edged_policy_keeps_ttl(&ip->dst))
		return edged_ip_hop(ip);
	/* a probe's: only edges say that to each other (nvc.md) */
	return ip->ttl == 0 ? EDGED_IP_DROP_TTL : EDGED_IP_OK;
}

static bool
heard_lately(const struct edged_lan *lan, const struct edged_senders *among,
    const struct paddr *source)
{
	const struct edged_sender *s = edged_senders_find(among, source);

	return s != NULL &&
	    mtime_diff(s->heard, lan->timers->now) < EDGED_LAN_LATELY;
}

bool
edged_lan_returns(struct edged_lan *lan, const struct paddr *source)
{
	if (!edged_addr_link_local(source))
		return edged_on_link(lan->nets, lan->nnets, source);
	edged_senders_get(&lan->strangers, source)->heard = lan->timers->now;
	return heard_lately(lan, &lan->senders, source);
}

bool
edged_lan_on_link(const struct edged_lan *lan, const struct paddr *source)
{
	return edged_on_link(lan->nets, lan->nnets, source) ||
	    edged_on_link(lan->conf.sources, lan->conf.nsources, source);
}

static enum edged_policy_drop
input_policy(const struct edged_lan *lan, const struct edged_ip *ip)
{
	if (edged_addr_link_local(&ip->src) &&
	    heard_lately(lan, &lan->strangers, &ip->src))
		return EDGED_POLICY_DROP_OFF_LINK;
	if (edged_on_link(lan->nets, lan->nnets, &ip->src))
		return edged_policy_packet(lan->conf.policy, ip, EDGED_DIR_OUT,
		    lan->nets, lan->nnets);
	return edged_policy_packet(lan->conf.policy, ip, EDGED_DIR_OUT,
	    lan->conf.sources, lan->conf.nsources);
}

/* The cheap checks first; what may not pass costs nobody's rate. */
static bool
input_data(struct edged_lan *lan, struct edged_ip *ip, bool undone)
{
	enum edged_policy_drop policy;
	enum edged_rate_drop rate;
	enum edged_ip_drop drop;

	if (!lan->forwarder) {
		lan->drops[EDGED_LAN_DROP_NOT_FORWARDER]++;
		return false;
	}
	if ((policy = input_policy(lan, ip)) != EDGED_POLICY_OK) {
		lan->policy_drops[policy]++;
		return false;
	}
	if ((rate = input_rate(lan, ip)) != EDGED_RATE_OK) {
		lan->rate_drops[rate]++;
		return false;
	}
	if ((drop = input_change(ip, undone)) != EDGED_IP_OK) {
		lan->ip_drops[drop]++;
		return false;
	}
	return true;
}

enum edged_lan_input
edged_lan_input(struct edged_lan *lan, struct edged_ip *ip, uint8_t *packet,
    size_t len, bool undone)
{
	enum edged_ip_drop drop = edged_ip_read(ip, packet, len);

	if (!lan->up) {
		lan->drops[EDGED_LAN_DROP_DOWN]++;
		return EDGED_LAN_DROPPED;
	}
	if (drop == EDGED_IP_OK && input_control(lan, ip))
		return EDGED_LAN_CONTROL;
	if (drop == EDGED_IP_OK && !edged_addr_host(&ip->src))
		drop = EDGED_IP_DROP_SOURCE;
	if (drop != EDGED_IP_OK) {
		lan->ip_drops[drop]++;
		return EDGED_LAN_DROPPED;
	}
	return input_data(lan, ip, undone) ? EDGED_LAN_DATA : EDGED_LAN_DROPPED;
}

/* --- packets to the LAN */

bool
edged_range_has(const struct edged_range *r, const struct paddr *a)
{
	return a->len == r->min.len && paddr_cmp(&r->min, a) <= 0 &&
	    paddr_cmp(a, &r->max) <= 0;
}

static bool
in_block(const struct edged_lan_conf *conf, const struct paddr *group)
{
	size_t i;

	for (i = 0; i < conf->nblocks; i++)
		if (edged_range_has(&conf->blocks[i], group))
			return true;
	return false;
}

enum edged_lan_drop
edged_lan_wants(struct edged_lan *lan, const struct paddr *source,
    const struct paddr *group)
{
	struct edged_listener *l =
	    group->len == 16 ? &lan->v6.listener : &lan->v4.listener;

	if (!lan->up)
		return EDGED_LAN_DROP_DOWN;
	if (!lan->forwarder)
		return EDGED_LAN_DROP_NOT_FORWARDER;
	if (edged_listener_wants(l, group, source) ||
	    in_block(&lan->conf, group))
		return EDGED_LAN_OK;
	return edged_listener_find(l, group) == NULL ?
	    EDGED_LAN_DROP_NOT_WANTED :
	    EDGED_LAN_DROP_FILTERED;
}

enum edged_lan_drop
edged_lan_output(struct edged_lan *lan, const struct edged_ip *ip)
{
	enum edged_lan_drop drop = edged_lan_wants(lan, &ip->src, &ip->dst);

	if (drop != EDGED_LAN_OK)
		lan->drops[drop]++;
	return drop;
}
