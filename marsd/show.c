/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl shows: one object for each call.  Here are the server as a
 * whole, its clusters and their protocols; show_member.c has members and what
 * they joined, show_group.c groups, show_server.c the other servers.
 */
#include <string.h>

#include "show_impl.h"

/* The n-th protocol of all clusters, or NULL. */
struct marsd_proto *
marsd_show_proto(struct marsd *m, const struct marsd_cursor *cur)
{
	struct marsd_cluster *c;
	struct marsd_proto *p;
	uint32_t n = cur->proto;

	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			if (n-- == 0)
				return p;
	return NULL;
}

void
marsd_show_next_proto(struct marsd_cursor *cur)
{
	uint32_t n = cur->proto + 1;

	memset(cur, 0, sizeof(*cur));
	cur->proto = n;
}

void
marsd_put_proto(struct wr *w, const struct marsd_proto *p)
{
	char text[PADDR_STRLEN];

	ctl_string(w, "cluster", p->cluster->name);
	ctl_string(w, "protocol", mars_pro_print(&p->pro, text, sizeof(text)));
}

void
marsd_put_age(struct wr *w, const char *name, const struct marsd *m, bool has,
    mtime_t t)
{
	int64_t us = mtime_diff(t, m->ts->now);

	if (has)
		ctl_age(w, name, us < 0 ? 0 : (uint64_t)(us / MTIME_SEC(1)));
	else
		ctl_null(w, name);
}

void
marsd_put_problem(
    struct wr *w, const struct marsd *m, const struct marsd_cluster *c)
{
	static const char *const texts[MARSD_EV_MAX] = {
#define X(sym, text) [sym] = text,
		MARSD_EVENTS(X)
#undef X
	};
	const struct marsd_problem *p = c == NULL ? NULL : &c->problem;
	bool set = p != NULL && p->set;
	char text[160] = "";

	if (set) {
		(void)strlcpy(text, texts[p->code], sizeof(text));
		if (*p->why != '\0') {
			(void)strlcat(text, ": ", sizeof(text));
			(void)strlcat(text, p->why, sizeof(text));
		}
		ctl_string(w, "last-error", text);
		ctl_string(w, "last-error-cluster", c->name);
	} else {
		ctl_null(w, "last-error");
		ctl_null(w, "last-error-cluster");
	}
	if (set && !atm_addr_is_null(&p->who))
		ctl_atm(w, "last-error-address", &p->who);
	else
		ctl_null(w, "last-error-address");
	marsd_put_age(w, "last-error-age", m, set,
	    set ? p->at : (mtime_t){ 0 });
}

/* The cluster in which something went wrong last, or NULL. */
static const struct marsd_cluster *
latest_problem(const struct marsd *m)
{
	const struct marsd_cluster *c, *last = NULL;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (c->problem.set && (last == NULL ||
		    mtime_diff(last->problem.at, c->problem.at) >= 0))
			last = c;
	return last;
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
	marsd_put_age(w, "started", m, true, m->started);
	ctl_uint(w, "clusters", clusters);
	ctl_uint(w, "members", members);
	ctl_uint(w, "groups", groups);
	ctl_uint(w, "joins", joins);
	ctl_uint(w, "servers", servers);
	ctl_uint(w, "dropped", drops);
	marsd_put_problem(w, m, latest_problem(m));
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
	struct marsd_proto *p = marsd_show_proto(m, cur);

	if (p == NULL)
		return false;
	marsd_put_proto(w, p);
	ctl_atm(w, "address", &p->cluster->conf->addr);
	ctl_uint(w, "server-group", p->cluster->conf->server_group);
	ctl_uint(w, "members", p->control[MARSD_ROLE_CLIENT].registered);
	ctl_uint(w, "servers", p->control[MARSD_ROLE_MCS].registered);
	ctl_uint(w, "groups", p->ranges[MARSD_ROLE_CLIENT]);
	ctl_uint(w, "joins", p->joins);
	ctl_uint(w, "csn", p->control[MARSD_ROLE_CLIENT].msn);
	ctl_uint(w, "ssn", p->control[MARSD_ROLE_MCS].msn);
	ctl_uint(w, "cmi-used", p->cmi.used);
	ctl_uint(w, "cmi-free", p->cmi.left);
	ctl_uint(w, "records-remote", remote_records(p));
	marsd_put_problem(w, m, p->cluster);
	marsd_show_next_proto(cur);
	return true;
}

bool
marsd_show_protocols(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p = marsd_show_proto(m, cur);
	const struct marsd_control *client, *mcs;

	if (p == NULL)
		return false;
	client = &p->control[MARSD_ROLE_CLIENT];
	mcs = &p->control[MARSD_ROLE_MCS];
	marsd_put_proto(w, p);
	ctl_atm(w, "address", &p->cluster->conf->addr);
	ctl_uint(w, "csn", client->msn);
	ctl_uint(w, "ssn", mcs->msn);
	ctl_uint(w, "leaves", client->leaves);
	ctl_uint(w, "server-leaves", mcs->leaves);
	ctl_uint(w, "registering", client->nregs - client->registered +
	    mcs->nregs - mcs->registered);
	ctl_uint(w, "control-octets", client->octets + mcs->octets);
	ctl_uint(w, "waiting",
	    (client->root == NULL ? 0 : vc_backlog(client->root)) +
	    (mcs->root == NULL ? 0 : vc_backlog(mcs->root)));
	ctl_uint(w, "cmi-min", p->cluster->conf->cmi_min);
	ctl_uint(w, "cmi-max", p->cluster->conf->cmi_max);
	ctl_uint(w, "cmi-used", p->cmi.used);
	ctl_uint(w, "address-octets", p->addrlen);
	marsd_show_next_proto(cur);
	return true;
}

bool
marsd_show_limits(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p = marsd_show_proto(m, cur);
	struct marsd_use l[MARSD_LIMIT_MAX];
	uint32_t i = cur->number;

	if (p == NULL)
		return false;
	marsd_limits_used(p, l);
	marsd_put_proto(w, p);
	ctl_string(w, "scope", p->cluster->name);
	ctl_string(w, "name", l[i].name);
	ctl_uint(w, "used", l[i].used);
	ctl_uint(w, "limit", l[i].limit);
	if (++cur->number == MARSD_LIMIT_MAX)
		marsd_show_next_proto(cur);
	return true;
}

/* What there is much of; an entry is counted with what it hangs on. */
bool
marsd_show_memory(struct marsd *m, void *cursor, struct wr *w)
{
	uint64_t regs = 0, joins = 0, records = 0, servers = 0;
	struct marsd_cursor *cur = cursor;
	const struct marsd_cluster *c;
	struct marsd_proto *p;
	uint32_t i = cur->number++;

	TAILQ_FOREACH(c, &m->clusters, entry) {
		servers += c->nowners;
		TAILQ_FOREACH(p, &c->protos, entry) {
			regs += p->control[MARSD_ROLE_CLIENT].nregs +
			    p->control[MARSD_ROLE_MCS].nregs;
			joins += p->joins;
			records += remote_records(p);
		}
	}
	const struct {
		const char	*name;
		uint64_t	 count;
		size_t		 size;
	} kinds[] = {
		{ "registrations", regs,
		    sizeof(struct marsd_reg) + sizeof(struct marsd_node) },
		{ "joins", joins, sizeof(struct marsd_join) +
		    sizeof(struct marsd_entry) },
		{ "records of other servers", records,
		    sizeof(struct marsd_entry) + sizeof(struct marsd_join) },
		{ "servers", servers, sizeof(struct marsd_owner) +
		    sizeof(struct marsd_peer) },
	};

	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return false;
	ctl_string(w, "name", kinds[i].name);
	ctl_uint(w, "count", kinds[i].count);
	ctl_uint(w, "octets", kinds[i].count * kinds[i].size);
	return true;
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
		marsd_show_next_proto(cur);
		n = 0;
	}
	return false;
}
