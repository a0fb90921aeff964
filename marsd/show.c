/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl shows: one object for each call.  A cursor remembers where
 * it is by keys, never by pointers, since anything may happen between.
 */
#include <string.h>

#include "adopt.h"
#include "cluster.h"
#include "ctl.h"

/* Octets of a row that an array leaves for what follows it. */
#define ROW_RESERVE	512

struct marsd_cursor {
	uint32_t	proto;		/* how many protocols are behind us */
	uint32_t	number;		/* of a list within one */
	uint8_t		begun;		/* last and span are set */
	uint8_t		role;
	struct atm_addr	last;
	struct marsd_span	span;
	uint8_t		oid[4];
};
_Static_assert(sizeof(struct marsd_cursor) <= CTL_CURSOR_SIZE, "cursor fits");

/* The n-th protocol of all clusters, or NULL. */
static struct marsd_proto *
nth_proto(struct marsd *m, uint32_t n)
{
	struct marsd_cluster *c;
	struct marsd_proto *p;

	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			if (n-- == 0)
				return p;
	return NULL;
}

static void
next_proto(struct marsd_cursor *cur)
{
	uint32_t n = cur->proto + 1;

	memset(cur, 0, sizeof(*cur));
	cur->proto = n;
}

static void
put_proto(struct wr *w, const struct marsd_proto *p)
{
	char text[PADDR_STRLEN];

	ctl_string(w, "cluster", p->cluster->name);
	ctl_string(w, "protocol", mars_pro_print(&p->pro, text, sizeof(text)));
}

static uint64_t
seconds_since(const struct marsd_proto *p, mtime_t t)
{
	int64_t us = mtime_diff(t, p->cluster->mars->ts->now);

	return us < 0 ? 0 : (uint64_t)(us / MTIME_SEC(1));
}

static uint64_t
marsd_show_dropped(const struct marsd_cluster *c)
{
	uint64_t n = 0;
	int i;

	for (i = 1; i < MARSD_DROP_MAX; i++)
		n += c->drops[i];
	for (i = 1; i < MARS_DROP_MAX; i++)
		n += c->bad[i];
	return n;
}

bool
marsd_show_summary(struct marsd *m, void *cursor, struct wr *w)
{
	uint64_t clusters = 0, members = 0, groups = 0, joins = 0, drops = 0;
	uint64_t servers = 0;
	struct marsd_cursor *cur = cursor;
	struct marsd_cluster *c;
	struct marsd_proto *p;

	if (cur->begun)
		return false;
	cur->begun = 1;
	TAILQ_FOREACH(c, &m->clusters, entry) {
		clusters++;
		drops += marsd_show_dropped(c);
		TAILQ_FOREACH(p, &c->protos, entry) {
			members += p->control[MARSD_ROLE_CLIENT].registered;
			servers += p->control[MARSD_ROLE_MCS].registered;
			groups += p->ranges[MARSD_ROLE_CLIENT];
			joins += p->joins;
		}
	}
	ctl_oid(w, "server-id", m->oid);
	ctl_uint(w, "started",
	    (uint64_t)(mtime_diff(m->started, m->ts->now) / MTIME_SEC(1)));
	ctl_uint(w, "clusters", clusters);
	ctl_uint(w, "members", members);
	ctl_uint(w, "groups", groups);
	ctl_uint(w, "joins", joins);
	ctl_uint(w, "servers", servers);
	ctl_uint(w, "dropped", drops);
	return true;
}

static uint64_t
remote_records(struct marsd_proto *p)
{
	struct marsd_peer *peer;
	uint64_t n = 0;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state != MARSD_PEER_SELF)
			n += peer->records;
	return n;
}

bool
marsd_show_clusters(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p = nth_proto(m, cur->proto);

	if (p == NULL)
		return false;
	put_proto(w, p);
	ctl_atm(w, "address", &p->cluster->conf->addr);
	ctl_uint(w, "server-group", p->cluster->conf->server_group);
	ctl_uint(w, "members", p->control[MARSD_ROLE_CLIENT].registered);
	ctl_uint(w, "servers", p->control[MARSD_ROLE_MCS].registered);
	ctl_uint(w, "groups", p->ranges[MARSD_ROLE_CLIENT]);
	ctl_uint(w, "joins", p->joins);
	ctl_uint(w, "csn", p->control[MARSD_ROLE_CLIENT].msn);
	ctl_uint(w, "ssn", p->control[MARSD_ROLE_MCS].msn);
	ctl_uint(w, "cmi-used", p->cmi.used);
	ctl_uint(w, "cmi-free", p->cmi.count);
	ctl_uint(w, "records-remote", remote_records(p));
	next_proto(cur);
	return true;
}

/* Who has the node: us, or the first server whose word counts. */
static void
put_server(struct wr *w, const struct marsd_node *n)
{
	const struct marsd_claim *c, *best = NULL;

	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->reg != NULL && marsd_entry_counts(c->reg))
			best = c;
	if (marsd_node_is_here(n))
		ctl_string(w, "server", "local");
	else if (best != NULL)
		ctl_oid(w, "server", best->peer->owner->oid);
	else
		ctl_string(w, "server", "none");
}

static uint16_t
node_cmi(const struct marsd_node *n)
{
	const struct marsd_claim *c;

	if (n->reg != NULL)
		return n->reg->cmi;
	LIST_FOREACH(c, &n->claims, node_entry)
		if (c->reg != NULL && marsd_entry_counts(c->reg))
			return c->reg->cmi;
	return 0;
}

static uint64_t
node_unconfirmed(struct marsd_node *n)
{
	struct marsd_itree_node *in;
	struct marsd_entry *e;
	uint64_t count = 0;

	if (n->reg == NULL || n->reg->adoption == MARSD_ADOPT_NONE)
		return 0;
	for (in = marsd_itree_next(&n->joins, NULL); in != NULL;
	    in = marsd_itree_next(&n->joins, in->span))
		if ((e = marsd_join_entry(marsd_join_of(in), n->proto->self)) !=
		    NULL &&
		    marsd_entry_is_adopted(e))
			count++;
	return count;
}

static void
put_member(struct wr *w, struct marsd_node *n)
{
	struct marsd_proto *p = n->proto;

	put_proto(w, p);
	ctl_atm(w, "address", &n->atm);
	ctl_uint(w, "cmi", node_cmi(n));
	put_server(w, n);
	ctl_uint(w, "joins", n->njoins);
	ctl_uint(w, "confirmed", n->njoins - node_unconfirmed(n));
	ctl_uint(w, "since",
	    marsd_node_is_here(n) ? seconds_since(p, n->reg->since) : 0);
}

/* The next node that is a member anywhere, for all that we know. */
static struct marsd_node *
next_member(struct marsd_proto *p, struct marsd_cursor *cur)
{
	struct marsd_node key, *n;

	key.atm = cur->last;
	n = RB_NFIND(marsd_node_tree, &p->nodes[MARSD_ROLE_CLIENT], &key);
	if (n != NULL && cur->begun && atm_addr_equal(&n->atm, &cur->last))
		n = RB_NEXT(marsd_node_tree, &p->nodes[MARSD_ROLE_CLIENT], n);
	while (n != NULL && node_cmi(n) == 0 && n->njoins == 0)
		n = RB_NEXT(marsd_node_tree, &p->nodes[MARSD_ROLE_CLIENT], n);
	return n;
}

bool
marsd_show_members(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p;
	struct marsd_node *n;

	while ((p = nth_proto(m, cur->proto)) != NULL) {
		if ((n = next_member(p, cur)) == NULL) {
			next_proto(cur);
			continue;
		}
		cur->begun = 1;
		cur->last = n->atm;
		put_member(w, n);
		return true;
	}
	return false;
}

/* As many as fit, by address; the count says how many there are. */
static void
put_nodes(struct wr *w, const char *name, struct marsd_range *r, size_t reserve)
{
	struct btree_walk at;
	struct marsd_join *j;

	ctl_array(w, name);
	if (r != NULL)
		marsd_range_walk(&at, r);
	while (r != NULL && wr_left(w) >= ATM_STRLEN + 16 + reserve &&
	    (j = marsd_range_next(&at)) != NULL)
		if (j->live)
			ctl_atm(w, "", &j->node->atm);
	ctl_close(w);
}

static void
put_group(struct wr *w, struct marsd_proto *p, const struct marsd_span *s)
{
	struct marsd_itree_node *in;
	struct marsd_range *host, *serve;

	in = marsd_itree_find(&p->map[MARSD_ROLE_CLIENT], s);
	host = in == NULL ? NULL : marsd_range_of(in);
	in = marsd_itree_find(&p->map[MARSD_ROLE_MCS], s);
	serve = in == NULL ? NULL : marsd_range_of(in);
	put_proto(w, p);
	ctl_paddr(w, "group-min", &s->min);
	ctl_paddr(w, "group-max", &s->max);
	ctl_uint(w, "member-count", host == NULL ? 0 : host->live);
	ctl_uint(w, "server-count", serve == NULL ? 0 : serve->live);
	put_nodes(w, "servers", serve, CTL_ROW_MAX / 2);
	put_nodes(w, "members", host, ROW_RESERVE);
}

/* The next range of either map. */
static bool
next_range(
    struct marsd_proto *p, struct marsd_cursor *cur, struct marsd_span *s)
{
	const struct marsd_span *after = cur->begun ? &cur->span : NULL;
	struct marsd_itree_node *a, *b;

	a = marsd_itree_next(&p->map[MARSD_ROLE_CLIENT], after);
	while (a != NULL && marsd_range_of(a)->live == 0)
		a = marsd_itree_next(&p->map[MARSD_ROLE_CLIENT], a->span);
	b = marsd_itree_next(&p->map[MARSD_ROLE_MCS], after);
	while (b != NULL && marsd_range_of(b)->live == 0)
		b = marsd_itree_next(&p->map[MARSD_ROLE_MCS], b->span);
	if (a == NULL || (b != NULL && marsd_span_cmp(b->span, a->span) < 0))
		a = b;
	if (a == NULL)
		return false;
	*s = *a->span;
	return true;
}

bool
marsd_show_groups(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p;
	struct marsd_span s;

	while ((p = nth_proto(m, cur->proto)) != NULL) {
		if (!next_range(p, cur, &s)) {
			next_proto(cur);
			continue;
		}
		cur->begun = 1;
		cur->span = s;
		put_group(w, p, &s);
		return true;
	}
	return false;
}

static const char *
peer_state_name(enum marsd_peer_state s)
{
	static const char *const names[MARSD_PEER_STATE_MAX] = {
#define X(sym, name) [sym] = name,
		MARSD_PEER_STATES(X)
#undef X
	};

	return names[s];
}

static void
put_peer(struct wr *w, struct marsd_peer *peer)
{
	struct marsd_proto *p = peer->proto;

	put_proto(w, p);
	ctl_oid(w, "oid", peer->owner->oid);
	if (peer->state == MARSD_PEER_SELF)
		ctl_atm(w, "address", &p->cluster->conf->addr);
	else
		ctl_atm(w, "address", &peer->addr);
	ctl_string(w, "state", peer_state_name(peer->state));
	ctl_uint(
	    w, "age", peer->heard_once ? seconds_since(p, peer->heard) : 0);
}

static struct conf_backup *
nth_backup(const struct marsd_cluster *c, uint32_t n)
{
	struct conf_backup *b;

	TAILQ_FOREACH(b, &c->conf->backups, entry)
		if (n-- == 0)
			return b;
	return NULL;
}

/*
 * The next server after the cursor's OID, or NULL.  begun is 2 when all have
 * been shown and the backups follow.
 */
static struct marsd_peer *
next_peer(struct marsd_proto *p, struct marsd_cursor *cur)
{
	struct marsd_peer *peer;

	if (cur->begun == 2)
		return NULL;
	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (!cur->begun || memcmp(peer->owner->oid, cur->oid, 4) > 0)
			return peer;
	return NULL;
}

bool
marsd_show_servers(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct conf_backup *b;
	struct marsd_peer *peer;
	struct marsd_proto *p;

	while ((p = nth_proto(m, cur->proto)) != NULL) {
		if ((peer = next_peer(p, cur)) != NULL) {
			cur->begun = 1;
			memcpy(cur->oid, peer->owner->oid, 4);
			put_peer(w, peer);
			return true;
		}
		cur->begun = 2;
		if ((b = nth_backup(p->cluster, cur->number)) != NULL) {
			cur->number++;
			put_proto(w, p);
			ctl_string(w, "oid", "");
			ctl_atm(w, "address", &b->addr);
			ctl_string(w, "state", "backup");
			ctl_uint(w, "age", 0);
			return true;
		}
		next_proto(cur);
	}
	return false;
}

struct marsd_counter {
	const char	*name;
	uint64_t	 value;
};

/* The n-th counter of a cluster; false: there are no more. */
static bool
nth_counter(
    const struct marsd_cluster *c, uint32_t n, struct marsd_counter *out)
{
	const struct marsd_counter all[] = {
#define X(sym, name) { name, c->counts.sym },
		MARSD_COUNTS(X)
#undef X
#define X(sym, name, text) { "dropped-" name, c->drops[sym] },
		    MARSD_DROPS(X)
#undef X
#define X(sym, name, text) { "dropped-" name, c->bad[sym] },
			MARS_DROPS(X)
#undef X
	};

	if (n >= sizeof(all) / sizeof(all[0]))
		return false;
	*out = all[n];
	return true;
}

bool
marsd_show_counters(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_counter counter;
	struct marsd_cluster *c;
	uint32_t n = cur->proto;

	TAILQ_FOREACH(c, &m->clusters, entry) {
		if (n-- != 0)
			continue;
		if (nth_counter(c, cur->number, &counter)) {
			cur->number++;
			ctl_string(w, "scope", c->name);
			ctl_string(w, "name", counter.name);
			ctl_string(w, "kind",
			    strncmp(counter.name, "dropped-", 8) == 0 ?
			    "drop" : "counter");
			ctl_uint(w, "value", counter.value);
			return true;
		}
		next_proto(cur);
		n = 0;
	}
	return false;
}
