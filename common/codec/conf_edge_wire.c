/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Edges of a configuration as octets, for edged alone; see conf_wire.c. */

#include <string.h>

#include "conf_parts.h"

static void
rd_rate(struct rd *r, uint64_t *rate)
{
	*rate = rd_u64(r);
	if (*rate > CONF_RATE_MAX)
		r->failed = true;
}

/* A value of an enumeration below max. */
static uint8_t
rd_choice(struct rd *r, unsigned int max)
{
	uint8_t v = rd_u8(r);

	if (v >= max) {
		r->failed = true;
		return 0;
	}
	return v;
}

/* A prefix of groups, or several. */
static void
rd_group_prefix(struct rd *r, struct ip_prefix *p)
{
	conf_rd_prefix(r, p);
	if (!ip_prefix_multicast(p))
		r->failed = true;
}

static void
rd_group_prefixes(struct rd *r, struct conf_prefixes *head)
{
	const struct conf_prefix *p;

	conf_rd_prefixes(r, head);
	TAILQ_FOREACH(p, head, entry)
		if (!ip_prefix_multicast(&p->prefix))
			r->failed = true;
}

static void
wr_lan(struct wr *w, const struct conf_lan *l)
{
	wr_string(w, l->name);
	wr_u8(w, l->tun);
	wr_u8(w, l->querier);
	wr_u8(w, l->discovery);
	wr_u8(w, l->fast_leave);
	wr_u8(w, (uint8_t)l->forward);
	conf_wr_numbers(w, conf_lan_numbers, l);
	wr_u64(w, l->rate);
	wr_u64(w, l->source_rate);
	conf_wr_prefixes(w, &l->addrs);
	conf_wr_prefixes(w, &l->sources);
	conf_wr_prefixes(w, &l->statics);
}

static void
rd_lan(struct rd *r, const struct conf *c, struct conf_edge *e)
{
	char name[CONF_IF_SIZE];
	struct conf_lan *l;
	bool tun;

	conf_rd_name(r, name, sizeof(name));
	tun = conf_rd_bool(r);
	if (conf_lan_find(c, name, NULL) != NULL ||
	    (l = conf_lan_new(e, name, tun)) == NULL) {
		r->failed = true;
		return;
	}
	l->querier = conf_rd_bool(r);
	l->discovery = conf_rd_bool(r);
	l->fast_leave = conf_rd_bool(r);
	l->forward = (enum conf_forward)rd_choice(r, CONF_FORWARD_MAX);
	conf_rd_numbers(r, conf_lan_numbers, l);
	rd_rate(r, &l->rate);
	rd_rate(r, &l->source_rate);
	conf_rd_prefixes(r, &l->addrs);
	conf_rd_prefixes(r, &l->sources);
	rd_group_prefixes(r, &l->statics);
	if (tun == TAILQ_EMPTY(&l->addrs))
		r->failed = true;
}

static void
wr_policy(struct wr *w, const struct conf_edge *e)
{
	const struct conf_allow *a;
	const struct conf_rule *g;

	CONF_LIST_COUNT(w, &e->allows, a);
	TAILQ_FOREACH(a, &e->allows, entry) {
		conf_wr_prefix(w, &a->group);
		wr_u8(w, a->has_source);
		conf_wr_prefix(w, &a->source);
		wr_u8(w, a->dirs);
	}
	CONF_LIST_COUNT(w, &e->rules, g);
	TAILQ_FOREACH(g, &e->rules, entry) {
		conf_wr_prefix(w, &g->group);
		conf_wr_numbers(w, conf_rule_numbers, g);
		wr_u64(w, g->rate);
	}
	conf_wr_prefixes(w, &e->link_locals);
	conf_wr_prefixes(w, &e->serves);
}

static void
rd_policy(struct rd *r, struct conf_edge *e)
{
	struct conf_allow *a;
	struct conf_rule *g;
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		CONF_LIST_ADD(r, &e->allows, a);
		if (a == NULL)
			return;
		rd_group_prefix(r, &a->group);
		a->has_source = conf_rd_bool(r);
		conf_rd_prefix(r, &a->source);
		a->dirs = rd_choice(r, (CONF_DIR_IN | CONF_DIR_OUT) + 1);
		if (a->dirs == 0)
			r->failed = true;
	}
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--) {
		if ((g = conf_rule_new(e)) == NULL) {
			r->failed = true;
			return;
		}
		rd_group_prefix(r, &g->group);
		conf_rd_numbers(r, conf_rule_numbers, g);
		rd_rate(r, &g->rate);
	}
	rd_group_prefixes(r, &e->link_locals);
	rd_group_prefixes(r, &e->serves);
}

static void
wr_edge(struct wr *w, const struct conf_edge *e)
{
	const struct conf_lan *l;

	wr_string(w, e->name);
	wr_string(w, e->cluster);
	wr_atm_addr(w, &e->addr);
	wr_u8(w, e->ipv4);
	wr_u8(w, e->ipv6);
	wr_u8(w, e->df);
	wr_u8(w, (uint8_t)e->path);
	conf_wr_numbers(w, conf_edge_numbers, e);
	conf_wr_spis(w, e->spis, e->nspis);
	conf_wr_backups(w, &e->servers);
	wr_policy(w, e);
	CONF_LIST_COUNT(w, &e->lans, l);
	TAILQ_FOREACH(l, &e->lans, entry)
		wr_lan(w, l);
}

static void
rd_edge(struct rd *r, struct conf *c)
{
	char name[NAME_SIZE];
	struct conf_edge *e;
	uint32_t n;

	conf_rd_name(r, name, sizeof(name));
	if (conf_edge_find(c, name) != NULL ||
	    (e = conf_edge_new(c, name)) == NULL) {
		r->failed = true;
		return;
	}
	(void)rd_string(r, e->cluster, sizeof(e->cluster));
	conf_rd_endpoint(r, &e->addr);
	e->ipv4 = conf_rd_bool(r);
	e->ipv6 = conf_rd_bool(r);
	e->df = conf_rd_bool(r);
	e->path = (enum conf_path)rd_choice(r, CONF_PATH_MAX);
	conf_rd_numbers(r, conf_edge_numbers, e);
	e->nspis = conf_rd_spis(r, e->spis);
	conf_rd_backups(r, &e->servers);
	if ((!e->ipv4 && !e->ipv6) || TAILQ_EMPTY(&e->servers))
		r->failed = true;
	rd_policy(r, e);
	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_lan(r, c, e);
}

void
conf_wr_edges(struct wr *w, const struct conf *c)
{
	const struct conf_edge *e;

	CONF_LIST_COUNT(w, &c->edges, e);
	TAILQ_FOREACH(e, &c->edges, entry)
		wr_edge(w, e);
}

void
conf_rd_edges(struct rd *r, struct conf *c)
{
	uint32_t n;

	for (n = rd_u32(r); n > 0 && !rd_failed(r); n--)
		rd_edge(r, c);
}
