/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a struct conf says of edges, as the core wants to have it: arrays
 * instead of lists, addresses instead of prefixes.
 */
#include <stdlib.h>
#include <string.h>

#include "edged.h"

/* All that is allocated for one configuration. */
struct edged_block {
	SLIST_ENTRY(edged_block)	 entry;
	struct edged_keys		*keys;		/* or what follows */
	max_align_t			 data[];
};

struct edged_built {
	struct edged_conf		 conf;
	bool				 failed;	/* no memory */
	SLIST_HEAD(, edged_block)	 blocks;
};

/* Zeroed; never NULL but where the whole has failed, which is seen at the end:
 * then what is written goes nowhere, since n is 0. */
static void *
built_array(struct edged_built *b, size_t *n, size_t size)
{
	struct edged_block *block = NULL;

	if (*n < SIZE_MAX / size / 2)
		block = calloc(1, sizeof(*block) + (*n + 1) * size);
	if (block == NULL) {
		b->failed = true;
		*n = 0;
		return NULL;
	}
	SLIST_INSERT_HEAD(&b->blocks, block, entry);
	return block->data;
}

static struct edged_hello_key
built_key(
    struct edged_built *b, const struct conf *c, const struct conf_edge *e)
{
	struct edged_block *block = calloc(1, sizeof(*block));

	if (block == NULL || (block->keys = edged_keys_new(c, e)) == NULL) {
		free(block);
		b->failed = true;
		return (struct edged_hello_key){ 0 };
	}
	SLIST_INSERT_HEAD(&b->blocks, block, entry);
	return edged_keys_hello(block->keys);
}

/* How many elements the list has, and an array of as many: 0, if it failed. */
#define BUILT_LIST(b, list, array, count) do { \
	(count) = 0; \
	TAILQ_FOREACH(i, list, entry) \
		(count)++; \
	(array) = built_array(b, &(count), sizeof(*(array))); \
} while (0)

static void
prefix_first(const struct ip_prefix *p, struct paddr *a)
{
	struct ip_prefix masked = *p;

	ip_prefix_mask(&masked);
	*a = (struct paddr){ .len = p->v6 ? 16 : 4 };
	memcpy(a->a, masked.a, a->len);
}

static void
prefix_last(const struct ip_prefix *p, struct paddr *a)
{
	uint8_t i, bits;

	prefix_first(p, a);
	for (i = 0; i < a->len; i++) {
		bits = p->bits <= 8 * i	   ? 0 :
		    p->bits >= 8 * (i + 1) ? 8 :
		    (uint8_t)(p->bits - 8 * i);
		a->a[i] |= (uint8_t)(0xff >> bits);
	}
}

/* --- of an edge */

static uint8_t
allowed_dirs(uint8_t dirs)
{
	uint8_t is = 0;

	if ((dirs & CONF_DIR_IN) != 0)
		is |= EDGED_DIR_IN;
	if ((dirs & CONF_DIR_OUT) != 0)
		is |= EDGED_DIR_OUT;
	return is;
}

static void
built_allows(
    struct edged_built *b, const struct conf_edge *e, struct edged_policy *p)
{
	const struct conf_allow *i;
	struct edged_allow *to;

	BUILT_LIST(b, &e->allows, to, p->nallow);
	p->allow = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &e->allows, entry) {
		to->group = i->group;
		to->has_source = i->has_source;
		to->source = i->source;
		to->dirs = allowed_dirs(i->dirs);
		to++;
	}
}

static void
built_rules(
    struct edged_built *b, const struct conf_edge *e, struct edged_policy *p)
{
	const struct conf_rule *i;
	struct edged_group_rule *to;

	BUILT_LIST(b, &e->rules, to, p->nrules);
	p->rules = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &e->rules, entry)
		*to++ = (struct edged_group_rule){ .group = i->group,
	    .rate = i->rate,
	    .ttl_min = (uint8_t)i->ttl_min,
	    .dscp =
	    i->dscp == CONF_DSCP_COPY ? -1 : (int8_t)i->dscp };
}

static void
built_policy(
    struct edged_built *b, const struct conf_edge *e, struct edged_policy *p)
{
	const struct conf_prefix *i;
	struct paddr *to;

	built_allows(b, e, p);
	built_rules(b, e, p);
	BUILT_LIST(b, &e->link_locals, to, p->nlink_local);
	p->link_local = to;
	if (to != NULL)
		TAILQ_FOREACH(i, &e->link_locals, entry)
			prefix_first(&i->prefix, to++);
}

static void
built_servers(struct edged_built *b, const struct conf_edge *e,
    struct edged_edge_conf *ec)
{
	const struct conf_backup *i;
	struct atm_addr *to;

	BUILT_LIST(b, &e->servers, to, ec->nservers);
	ec->servers = to;
	if (to != NULL)
		TAILQ_FOREACH(i, &e->servers, entry)
			*to++ = i->addr;
}

static void
built_serves(struct edged_built *b, const struct conf_edge *e,
    struct edged_edge_conf *ec)
{
	const struct conf_prefix *i;
	struct edged_range *to;

	BUILT_LIST(b, &e->serves, to, ec->nserve);
	ec->serve = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &e->serves, entry) {
		prefix_first(&i->prefix, &to->min);
		prefix_last(&i->prefix, &to->max);
		to++;
	}
}

/* --- of a LAN */

/* Has one of two prefixes all of the other, this is the smaller one. */
static const struct ip_prefix *
prefix_both(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_covers(a, b) ? b : ip_prefix_covers(b, a) ? a : NULL;
}

/*
 * Static joins of single groups.  Link-local groups that may pass are joined
 * as well: about many of them no host sends a report (RFC 9776 section 6).
 */
static void
built_statics(struct edged_built *b, const struct conf_edge *e,
    const struct conf_lan *l, struct edged_lan_conf *lc)
{
	const struct conf_prefix *i;
	struct paddr *to;
	size_t max = 0;

	TAILQ_FOREACH(i, &e->link_locals, entry)
		max++;
	TAILQ_FOREACH(i, &l->statics, entry)
		max++;
	to = built_array(b, &max, sizeof(*to));
	lc->fixed = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &e->link_locals, entry)
		prefix_first(&i->prefix, &to[lc->nfixed++]);
	TAILQ_FOREACH(i, &l->statics, entry)
		if (ip_prefix_single(&i->prefix))
			prefix_first(&i->prefix, &to[lc->nfixed++]);
}

/* Static blocks: of each, what an allow group lets in. */
static void
built_blocks(struct edged_built *b, const struct edged_policy *policy,
    const struct conf_lan *l, struct edged_lan_conf *lc)
{
	const struct ip_prefix *p;
	const struct conf_prefix *i;
	struct edged_range *to;
	size_t a, max = 0;

	TAILQ_FOREACH(i, &l->statics, entry)
		max += policy->nallow;
	to = built_array(b, &max, sizeof(*to));
	lc->blocks = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &l->statics, entry)
		for (a = 0; a < policy->nallow; a++) {
			p = prefix_both(&i->prefix, &policy->allow[a].group);
			if (ip_prefix_single(&i->prefix) || p == NULL ||
			    (policy->allow[a].dirs & EDGED_DIR_IN) == 0)
				continue;
			prefix_first(p, &to[lc->nblocks].min);
			prefix_last(p, &to[lc->nblocks++].max);
		}
}

static void
built_sources(
    struct edged_built *b, const struct conf_lan *l, struct edged_lan_conf *lc)
{
	const struct conf_prefix *i;
	struct ip_prefix *to;

	BUILT_LIST(b, &l->sources, to, lc->nsources);
	lc->sources = to;
	if (to != NULL)
		TAILQ_FOREACH(i, &l->sources, entry)
			*to++ = i->prefix;
}

static enum edged_lan_forward
built_forward(enum conf_forward f)
{
	switch (f) {
	case CONF_FORWARD_ALWAYS:
		return EDGED_LAN_FORWARD_ALWAYS;
	case CONF_FORWARD_NEVER:
		return EDGED_LAN_FORWARD_NEVER;
	default:
		return EDGED_LAN_FORWARD_ELECTED;
	}
}

/* The id of an edge is the IP address that its own address embeds. */
static void
built_id(const struct atm_addr *addr, struct paddr *id)
{
	uint8_t ip[16], sel;
	bool v6;

	*id = (struct paddr){ 0 };
	if (!atm_addr_to_ip(addr, &v6, ip, &sel))
		return;
	id->len = v6 ? 16 : 4;
	memcpy(id->a, ip, id->len);
}

static void
built_lan(struct edged_built *b, const struct conf_edge *e,
    const struct conf_lan *l, struct edged_lan_conf *lc)
{
	lc->querier = l->querier;
	lc->discovery = l->discovery;
	lc->forward = built_forward(l->forward);
	lc->priority = (uint8_t)l->priority;
	lc->version4 = (enum edged_gmp_version)l->igmp;
	lc->version6 = (enum edged_gmp_version)(l->mld + 1);
	lc->timing = (struct edged_listener_timing){ .robustness =
	    (uint8_t)l->robustness,
	    .interval = l->query_interval,
	    .response = l->query_response,
	    .last_interval = l->query_leave,
	    .last_count = (uint8_t)l->leave_count };
	lc->limits = (struct edged_listener_limits){ .groups = l->max_groups,
	    .sources = l->max_sources,
	    .host_groups = l->max_host_groups,
	    .reporters = l->max_hosts };
	lc->fast_leave = l->fast_leave;
	lc->rate = l->rate;
	lc->source_rate = l->source_rate;
	built_id(&e->addr, &lc->id);
	memcpy(lc->cluster, e->cluster, EDGED_HELLO_CLUSTER);
	lc->port = e->hello_port;
	built_statics(b, e, l, lc);
	built_blocks(b, lc->policy, l, lc);
	built_sources(b, l, lc);
}

static void
built_lans(struct edged_built *b, const struct conf *c,
    const struct conf_edge *e, struct edged_edge_conf *ec)
{
	struct edged_hello_key key = built_key(b, c, e);
	const struct conf_lan *i;
	struct edged_port_conf *to;

	BUILT_LIST(b, &e->lans, to, ec->nports);
	ec->ports = to;
	if (to == NULL)
		return;
	TAILQ_FOREACH(i, &e->lans, entry) {
		memcpy(to->name, i->name, sizeof(to->name));
		to->tun = i->tun;
		to->new_flows = i->new_flows;
		to->lan.policy = &ec->policy;
		to->lan.key = key;
		built_lan(b, e, i, &to->lan);
		to++;
	}
}

/* --- all */

static void
built_edge(struct edged_built *b, const struct conf *c,
    const struct conf_edge *e, struct edged_edge_conf *ec)
{
	(void)strlcpy(ec->name, e->name, sizeof(ec->name));
	ec->addr = e->addr;
	ec->mcs = e->addr;
	atm_addr_set_sel(&ec->mcs, (uint8_t)(atm_addr_sel(&e->addr) + 1));
	ec->ipv4 = e->ipv4;
	ec->ipv6 = e->ipv6;
	ec->mtu = e->mtu;
	ec->max_flows = e->max_flows;
	ec->max_leaves = c->max_circuits;
	ec->kernel = e->path != CONF_PATH_USER && e->df;
	built_policy(b, e, &ec->policy);
	built_servers(b, e, ec);
	built_serves(b, e, ec);
	built_lans(b, c, e, ec);
}

struct edged_built *
edged_build(const struct conf *c)
{
	struct edged_built *b = calloc(1, sizeof(*b));
	const struct conf_edge *i;
	struct edged_edge_conf *to;

	if (b == NULL)
		return NULL;
	SLIST_INIT(&b->blocks);
	BUILT_LIST(b, &c->edges, to, b->conf.nedges);
	b->conf.edges = to;
	if (to != NULL)
		TAILQ_FOREACH(i, &c->edges, entry)
			built_edge(b, c, i, to++);
	if (!b->failed)
		return b;
	edged_built_free(b);
	return NULL;
}

void
edged_built_free(struct edged_built *b)
{
	struct edged_block *block;

	if (b == NULL)
		return;
	while ((block = SLIST_FIRST(&b->blocks)) != NULL) {
		SLIST_REMOVE_HEAD(&b->blocks, entry);
		edged_keys_free(block->keys);
		free(block);
	}
	free(b);
}

const struct edged_conf *
edged_built_conf(const struct edged_built *b)
{
	return &b->conf;
}
