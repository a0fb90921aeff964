/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of marsd: two servers, clients and multicast servers that say what
 * they like, and records from servers that may not exist.  No state machine is
 * violated, what is shown and counted agrees; and when everybody has gone and
 * no server is heard of any more, nothing is left.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "regress/unit/marsnet.h"
#include "regress/unit/marssums.h"

#define LIVE		2	/* servers */
#define CLIENTS		8

struct site {
	struct net	*net;
	struct nvc	*client[CLIENTS];
};

static void
configure(struct net *net, int n)
{
	struct conf_cluster *c = net_cluster_conf(net, n);

	c->max_members = 4;
	c->max_joins = 6;
	c->max_total = 20;
	c->max_groups = 12;
	c->max_servers = 2;
	c->max_known = 4;
	c->max_backlog = 4;
}

static uint32_t
group(struct rd *r)
{
	return 0xef000000U | fuzz_below(r, 16);
}

/* --- what clients say */

static void
say_message(struct site *s, struct nvc *v, struct rd *r)
{
	static const uint8_t ops[] = { 4, 4, 5, 3, 7, 1, 1, 10, 13, 12, 8, 9 };
	uint8_t op = fuzz_pick(r, ops), how = rd_u8(r);
	struct atm_addr src = how & 1 ? HOST(fuzz_below(r, CLIENTS)) : v->peer;
	uint32_t min = group(r), max = how & 2 ? group(r) : min;
	unsigned flags = how & 4 ? rd_u16(r) : how & 8 ? 0x2000 : 0;
	static struct buf b;

	if (op == 1)
		b_request(&b, src, min);
	else
		b_join(&b, op, flags, src, flags & 0x2000 ? 0 : 1, min, max);
	if (how & 16)
		b.p[OFF(fuzz_below(r, (uint32_t)(b.len - OFF(0))))] ^= rd_u8(r);
	if (how & 32)
		b.len += fuzz_octets(r, b.p + b.len, 256);
	net_put(v, &b);
	net_settle(s->net);
}

static void
say_octets(struct nvc *v, struct rd *r)
{
	static struct buf b;

	b_head(&b, rd_u8(r), &v->peer);
	b.len += fuzz_octets(r, b.p + b.len, 2048);
	net_put(v, &b);
}

static void
client(struct site *s, struct rd *r, uint8_t which)
{
	struct nvc **v = &s->client[which % CLIENTS];
	int server = which / CLIENTS % LIVE;

	if (*v != NULL && !s->net->s[(*v)->server].up)
		return;
	if (*v == NULL) {
		if (s->net->s[server].up)
			*v = net_call(s->net, server, HOST(which % CLIENTS));
		return;
	}
	if (rd_u8(r) % 16 == 0) {
		net_hangup(*v);
		*v = NULL;
	} else if (which & 128)
		say_octets(*v, r);
	else
		say_message(s, *v, r);
}

/* --- what other servers say */

static void
record(struct site *s, struct rd *r)
{
	uint8_t oid[4], buf[CSA_MAX], how = rd_u8(r);
	int to = how % LIVE;
	struct csa c = { .pro = { .type = PRO_IPV4 } };
	uint32_t key = fuzz_below(r, 32);
	size_t len;

	net_oid(2 + (int)fuzz_below(r, 4), oid);
	c.state = (uint8_t)(1 + how / 8 % 5);
	c.atm = how & 2 ? HOST(fuzz_below(r, CLIENTS)) :
	    SERVER(fuzz_below(r, 4));
	c.cmi = rd_u16(r);
	if (c.state == CSA_REDIRECT)
		key = 0;
	else if (how & 4)
		c.flags = CSA_F_REGISTER;
	else {
		c.min.len = c.max.len = 4;
		c.min.a[0] = c.max.a[0] = 239;
		c.min.a[3] = rd_u8(r) % 16;
		c.max.a[3] = rd_u8(r) % 16;
	}
	len = csa_encode(&c, buf, sizeof(buf));
	if (how & 128 && len > 0)
		buf[fuzz_below(r, (uint32_t)len)] ^= rd_u8(r);
	if (!s->net->s[to].up)
		return;
	if (rd_u8(r) % 8 == 0)
		marsd_csa_gone(s->net->s[to].mars, 1, oid, key);
	else
		marsd_csa_update(s->net->s[to].mars, 1, oid, key,
		    (int32_t)rd_u16(r),
		    how & 64 ? CSA_HOW_ALIGNED : CSA_HOW_FLOODED, buf, len);
	net_settle(s->net);
}

/* A leaf of a control VC goes by itself, or its address is not reached. */
static void
leaf_goes(struct site *s, uint8_t which)
{
	struct nleaf *l;

	TAILQ_FOREACH(l, &s->net->leaves, entry)
		if (l->acked && which-- == 0) {
			net_drop(s->net, l->addr,
			    which % 2 ? VC_CAUSE_NORMAL :
			    VC_CAUSE_OUT_OF_ORDER);
			return;
		}
}

/*
 * A server is back, and its scspd has aligned: it is told what others have of
 * it, the newest under each key, and what they say themselves.
 */
static void
start(struct net *net, int n)
{
	struct nserver *s = &net->s[n];
	const struct record *r, *newer, *first = s->records;
	int i;

	net_start(net, n);
	for (r = first; r != NULL; r = r->next) {
		for (newer = first; newer->key != r->key;)
			newer = newer->next;
		if (newer == r)
			marsd_csa_own(s->mars, r->sgid, r->key, r->seq,
			    r->data, r->len);
	}
	for (i = 0; i < LIVE; i++)
		if (i != n)
			net_tell(net, i, n, true, true);
}

static void
crash(struct site *s, int n)
{
	int i;

	if (!s->net->s[n].up) {
		start(s->net, n);
		return;
	}
	for (i = 0; i < CLIENTS; i++)
		if (s->client[i] != NULL && s->client[i]->server == n) {
			net_hangup(s->client[i]);
			s->client[i] = NULL;
		}
	net_crash(s->net, n);
}

/* --- what is shown */

static void
look(struct net *net, int n)
{
	static bool (*const all[])(struct marsd *, void *, struct wr *) = {
		marsd_show_summary, marsd_show_clusters,
		marsd_show_members, marsd_show_groups, marsd_show_protocols,
		marsd_show_limits, marsd_show_memory, marsd_show_mcs,
		marsd_show_joins, marsd_show_member, marsd_show_servers,
		marsd_show_mcs_one, marsd_show_group, marsd_show_redirects,
		marsd_show_counters };
	uint32_t rows;
	size_t i;

	if (!net->s[n].up)
		return;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		FUZZ_ROWS(rows, all[i], net->s[n].mars);
	(void)net_leaves(net, n, MARSD_ROLE_CLIENT);
	(void)net_leaves(net, n, MARSD_ROLE_MCS);
	MUST(net->s[n].events[MARSD_EV_VIOLATION] == 0);
	MUST(marssums_hold(net->s[n].mars));
}

static void
event(struct site *s, struct rd *r)
{
	uint8_t what = rd_u8(r), which = rd_u8(r);

	switch (what % 16) {
	default:
		client(s, r, which);
		break;
	case 8:
	case 9:
	case 10:
		record(s, r);
		break;
	case 11:
		leaf_goes(s, which);
		break;
	case 12:
		if (which % 8 == 0)
			crash(s, which / 8 % LIVE);
		break;
	case 13:
		s->net->leaf_hold = which & 1;
		s->net->busy = which & 2;
		s->net->full = (which & 6) == 6;
		s->net->congested = which & 8;
		net_settle(s->net);
		break;
	case 14:
		net_wait(s->net, fuzz_time(r));
		break;
	case 15:
		look(s->net, which % LIVE);
		break;
	}
	net_clear(s->net);
}

/* Everybody goes, and time passes. */
static void
empty(struct site *s)
{
	uint32_t members, groups, joins;
	struct marsd *m;
	int i;

	s->net->leaf_hold = s->net->busy = s->net->full = false;
	s->net->congested = false;
	for (i = 0; i < CLIENTS; i++)
		if (s->client[i] != NULL)
			net_hangup(s->client[i]);
	while (!TAILQ_EMPTY(&s->net->leaves))
		net_drop(s->net, TAILQ_FIRST(&s->net->leaves)->addr,
		    VC_CAUSE_OUT_OF_ORDER);
	for (i = 0; i < LIVE; i++)
		look(s->net, i);
	net_wait(s->net, MTIME_SEC(2000));
	for (i = 0; i < LIVE; i++) {
		if (!s->net->s[i].up)
			continue;
		m = s->net->s[i].mars;
		look(s->net, i);
		FUZZ_ROWS(members, marsd_show_members, m);
		FUZZ_ROWS(groups, marsd_show_groups, m);
		FUZZ_ROWS(joins, marsd_show_joins, m);
		MUST(members == 0 && groups == 0 && joins == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct site s = { .net = net_new() };
	int i, left = 300;
	struct rd r;

	for (i = 0; i < LIVE; i++) {
		configure(s.net, i);
		net_start(s.net, i);
	}
	net_settle(s.net);
	rd_init(&r, data, size);
	while (fuzz_more(&r) && left-- > 0)
		event(&s, &r);
	empty(&s);
	net_free(s.net);
	return 0;
}
