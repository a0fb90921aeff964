/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Clusters and their protocols: how they begin, change with the
 * configuration, and end.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "overlap.h"
#include "own.h"
#include "redirect.h"
#include "tell.h"

uint32_t
marsd_random(struct marsd *m)
{
	return m->ops->random(m->arg);
}

struct timers *
marsd_proto_timers(const struct marsd_proto *p)
{
	return p->cluster->mars->ts;
}

struct marsd_proto *
marsd_proto_find(struct marsd_cluster *c, const struct mars_pro *pro)
{
	struct marsd_proto *p;

	/* a list will do: only a few are configured */
	TAILQ_FOREACH(p, &c->protos, entry)
		if (mars_pro_equal(&p->pro, pro))
			return p;
	return NULL;
}

/* What went well again is no problem. */
static void
problem_note(struct marsd_cluster *c, const struct marsd_event *ev)
{
	struct marsd_problem *p = &c->problem;

	if (ev->code == MARSD_EV_MOVED || ev->code == MARSD_EV_SERVER_BACK)
		return;
	memset(p, 0, sizeof(*p));
	p->set = true;
	p->code = ev->code;
	if (ev->who != NULL)
		p->who = *ev->who;
	if (ev->why != NULL)
		(void)strlcpy(p->why, ev->why, sizeof(p->why));
	p->at = c->mars->ts->now;
}

void
marsd_cluster_event(struct marsd_cluster *c, enum marsd_event_code code,
    const struct marsd_event *what)
{
	struct marsd_event ev = *what;

	ev.code = code;
	ev.cluster = c->name;
	problem_note(c, &ev);
	c->mars->ops->event(c->mars->arg, &ev);
}

void
marsd_news_tell(const struct marsd_node *n, enum marsd_changed what,
    const struct marsd_span *s)
{
	const struct marsd_cluster *c = n->proto->cluster;
	const struct marsd_news news = {
		.what = what,
		.cluster = c->name,
		.pro = &n->proto->pro,
		.mcs = n->role == MARSD_ROLE_MCS,
		.who = &n->atm,
		.min = s == NULL ? NULL : &s->min,
		.max = s == NULL ? NULL : &s->max,
	};

	if (c->mars->ops->news != NULL)
		c->mars->ops->news(c->mars->arg, &news);
}

void
marsd_cluster_stranger(struct marsd_cluster *c, enum marsd_event_code code,
    const struct marsd_event *what)
{
	struct marsd_event ev = *what;

	ev.code = code;
	if (quiet_stranger_pass(
	    &c->strangers, ev.who, code, c->mars->ts->now, &ev.more))
		marsd_cluster_event(c, code, &ev);
	else
		problem_note(c, &ev);
}

void
marsd_cluster_trace(struct marsd_cluster *c, const struct marsd_trace *what)
{
	struct marsd_trace t = *what;

	if (c->mars->ops->trace == NULL)
		return;
	t.cluster = c->name;
	c->mars->ops->trace(c->mars->arg, &t);
}

void
marsd_node_trace(
    const struct marsd_node *n, const char *what, const struct marsd_span *s)
{
	const struct marsd_trace t = {
		.level = 1,
		.pro = &n->proto->pro,
		.who = &n->atm,
		.what = what,
		.min = s == NULL ? NULL : &s->min,
		.max = s == NULL ? NULL : &s->max,
	};

	marsd_cluster_trace(n->proto->cluster, &t);
}

const char *
marsd_bad_name(enum mars_drop bad)
{
	static const char *const names[MARS_DROP_MAX] = {
#define X(sym, name, text) [sym] = name,
		MARS_DROPS(X)
#undef X
	};

	return names[bad];
}

const char *
marsd_drop_name(enum marsd_drop d)
{
	static const char *const names[MARSD_DROP_MAX] = {
#define X(sym, name, text) [sym] = name,
		MARSD_DROPS(X)
#undef X
	};

	return names[d];
}

enum marsd_drop
marsd_cluster_refused(
    struct marsd_proto *p, enum marsd_drop d, const struct atm_addr *who)
{
	struct marsd_event ev = {
		.pro = &p->pro, .who = who, .why = marsd_drop_name(d)
	};

	marsd_cluster_event(p->cluster, MARSD_EV_REFUSED, &ev);
	return d;
}

/*
 * Has nine tenths of it been reached since the last time, or, once it had,
 * since it was below eight?
 */
static bool
comes_near(bool *near, uint64_t used, uint64_t limit)
{
	bool was = *near;

	*near = was ? used * 10 >= limit * 8 :
    used > 1 && used * 10 >= limit * 9;
	return *near && !was;
}

void
marsd_limits_used(
    const struct marsd_proto *p, struct marsd_use l[MARSD_LIMIT_MAX])
{
	const struct conf_cluster *c = p->cluster->conf;

#define X(sym, name, used, limit) \
	l[sym] = (struct marsd_use){ name, used, limit };
	MARSD_LIMITS(X)
#undef X
}

void
marsd_limits_watch(struct marsd_proto *p)
{
	struct marsd_use l[MARSD_LIMIT_MAX];
	int i;

	marsd_limits_used(p, l);
	for (i = 0; i < MARSD_LIMIT_MAX; i++) {
		struct marsd_event ev = {
			.pro = &p->pro, .why = l[i].name, .number = l[i].used
		};

		if (!comes_near(&p->near[i], l[i].used, l[i].limit))
			continue;
		p->cluster->counts.near++;
		marsd_cluster_event(p->cluster, MARSD_EV_NEAR, &ev);
	}
}

void
marsd_limits_watch_node(struct marsd_node *n)
{
	struct marsd_cluster *c = n->proto->cluster;
	struct marsd_event ev = {
		.pro = &n->proto->pro, .who = &n->atm,
		.why = "joins-per-member", .number = n->njoins
	};

	if (!comes_near(&n->near, n->njoins, c->conf->max_joins))
		return;
	c->counts.near++;
	marsd_cluster_event(c, MARSD_EV_NEAR, &ev);
}

static void
proto_free(struct marsd_proto *p)
{
	struct marsd_reg *r;
	struct marsd_node *n;
	int role;

	marsd_redirect_stop(p);
	for (role = 0; role < MARSD_ROLES; role++) {
		while ((r = TAILQ_FIRST(&p->control[role].regs)) != NULL) {
			n = r->node;
			marsd_member_free(r);
			marsd_node_release(n);
		}
		if (p->control[role].root != NULL)
			vc_release(p->control[role].root, VC_CAUSE_NORMAL);
		marsd_tell_clear(&p->control[role]);
		timer_clear(marsd_proto_timers(p), &p->sweep[role]);
	}
	marsd_peers_free(p);
	marsd_cmi_free_pool(&p->cmi);
	marsd_cmi_free_pool(&p->cmi_next);
	free(p->by_cmi);
	free(p->heard_cmi);
	TAILQ_REMOVE(&p->cluster->protos, p, entry);
	free(p);
}

static void
control_init(
    struct marsd_control *ctl, struct marsd_proto *p, enum marsd_role role)
{
	ctl->cookie = MARSD_COOKIE_CONTROL;
	ctl->proto = p;
	ctl->role = role;
	/* RFC 2022 section 5.1.4.2 leaves the first number to us */
	ctl->msn = marsd_random(p->cluster->mars);
	TAILQ_INIT(&ctl->regs);
	marsd_tell_init(ctl);
}

/*
 * A protocol, as long as it is not configured: cluster_commit() puts its
 * configuration in force.  NULL: no memory.
 */
static struct marsd_proto *
proto_new(struct marsd_cluster *c, const struct mars_pro *pro,
    const struct conf_cluster *conf)
{
	struct marsd_proto *p = calloc(1, sizeof(*p));
	int role;

	if (p == NULL)
		return NULL;
	p->cluster = c;
	p->pro = *pro;
	p->addrlen = mars_pro_addrlen(pro);
	RB_INIT(&p->peers);
	marsd_maps_init(p);
	for (role = 0; role < MARSD_ROLES; role++) {
		control_init(&p->control[role], p, (enum marsd_role)role);
		timer_init(&p->sweep[role],
		    role == MARSD_ROLE_CLIENT ? marsd_own_sweep_clients :
		    marsd_own_sweep_mcs,
		    p);
	}
	timer_init(&p->redirect, NULL, NULL);
	TAILQ_INSERT_TAIL(&c->protos, p, entry);
	p->by_cmi = calloc(UINT16_MAX + 1, sizeof(struct marsd_node *));
	p->heard_cmi = calloc(UINT16_MAX + 1, sizeof(struct marsd_claim *));
	if (p->by_cmi == NULL || p->heard_cmi == NULL ||
	    (p->self = marsd_peer_get(p, c->mars->oid)) == NULL ||
	    marsd_cmi_init(&p->cmi, conf->cmi_min, conf->cmi_max) == -1) {
		proto_free(p);
		return NULL;
	}
	return p;
}

static void
marsd_cluster_free(struct marsd_cluster *c)
{
	struct marsd_circuit *ci;
	struct marsd_owner *o, *next;
	struct marsd_proto *p;

	while ((p = TAILQ_FIRST(&c->protos)) != NULL)
		proto_free(p);
	marsd_peers_free(&c->others);
	RB_FOREACH_SAFE(o, marsd_owner_tree, &c->owners, next) {
		RB_REMOVE(marsd_owner_tree, &c->owners, o);
		free(o);
	}
	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, VC_CAUSE_NORMAL);
		marsd_circuit_free(ci);
	}
	marsd_callers_free(c);
	timer_clear(c->mars->ts, &c->room);
	TAILQ_REMOVE(&c->mars->clusters, c, entry);
	free(c);
}

struct marsd_cluster *
marsd_cluster(struct marsd *m, const char *name)
{
	struct marsd_cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/*
 * A state machine was given an event that cannot come in its state: that is
 * counted, and the owner is told which machine, state and event.
 */
static void
cluster_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	const char *const part[] = { t->name, ", ", t->states[state], ", ",
		t->events[event] };
	struct marsd_cluster *c = arg;
	char why[128] = "";
	struct marsd_event ev = { .why = why };
	size_t i;

	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++)
		strlcat(why, part[i], sizeof(why));
	c->counts.table_violations = c->faults.count;
	marsd_cluster_event(c, MARSD_EV_VIOLATION, &ev);
}

static struct marsd_cluster *
marsd_cluster_new(struct marsd *m, const struct conf_cluster *conf)
{
	struct marsd_cluster *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->mars = m;
	memcpy(c->name, conf->name, sizeof(c->name));
	c->faults.violated = cluster_violated;
	c->faults.arg = c;
	TAILQ_INIT(&c->protos);
	c->others.cluster = c;
	RB_INIT(&c->others.peers);
	LIST_INIT(&c->circuits);
	RB_INIT(&c->callers);
	marsd_owners_init(c);
	marsd_bucket_init(&c->bucket, m->ts->now, conf->rate_total);
	TAILQ_INSERT_TAIL(&m->clusters, c, entry);
	return c;
}

/* What a protocol needs for a configuration; 0, or -1: no memory. */
static int
proto_prepare(struct marsd_cluster *c, const struct mars_pro *pro,
    const struct conf_cluster *conf)
{
	struct marsd_proto *p = marsd_proto_find(c, pro);

	if (p == NULL)
		return proto_new(c, pro, conf) == NULL ? -1 : 0;
	if (p->cmi.min == conf->cmi_min && p->cmi.max == conf->cmi_max)
		return 0;
	return marsd_cmi_init(&p->cmi_next, conf->cmi_min, conf->cmi_max);
}

/*
 * A cluster is the one of its server group, whatever it is called: so it may
 * be renamed.  One that has just been made is found by its name.
 */
static bool
is_cluster(const struct marsd_cluster *c, const struct conf_cluster *conf)
{
	return c->conf == NULL ? strcmp(c->name, conf->name) == 0 :
	    c->conf->server_group == conf->server_group;
}

/*
 * Makes whatever a configuration needs and is not there yet, so that what
 * follows cannot fail.  0, or -1: no memory.
 */
static int
cluster_prepare(struct marsd *m, const struct conf_cluster *conf)
{
	struct marsd_cluster *c;
	struct conf_protocol *cp;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (is_cluster(c, conf))
			break;
	if (c == NULL && (c = marsd_cluster_new(m, conf)) == NULL)
		return -1;
	TAILQ_FOREACH(cp, &conf->protocols, entry)
		if (proto_prepare(c, &cp->pro, conf) == -1)
			return -1;
	return 0;
}

/*
 * The range of CMIs, if the configuration has changed it.  CMIs that members
 * have are not free in the new range either, and those that other servers
 * gave out stay barred.
 */
static void
proto_cmis(struct marsd_proto *p)
{
	struct marsd_cmi_pool *pool = &p->cmi_next;
	uint32_t i;
	uint16_t cmi;

	if (pool->size == 0)
		return;
	for (i = pool->size; i > 0; i--) {
		cmi = marsd_cmi_get(pool);
		if (p->by_cmi[cmi] == NULL)
			marsd_cmi_put(pool, cmi);
	}
	marsd_cmi_bar(pool, &p->cmi);
	pool->used = p->cmi.used;
	marsd_cmi_free_pool(&p->cmi);
	p->cmi = *pool;
	memset(pool, 0, sizeof(*pool));
	marsd_overlap_bar(p);
}

/* Tells the peers that none of our members is here any more. */
static void
proto_withdraw(struct marsd_proto *p)
{
	struct marsd_reg *r;
	int role;

	for (role = 0; role < MARSD_ROLES; role++)
		TAILQ_FOREACH(r, &p->control[role].regs, control_entry)
			marsd_withdraw_all(r->node);
}

/* What waits on the control VCs is dropped: the redirect goes first. */
static void
proto_shutdown(struct marsd_proto *p)
{
	int role;

	marsd_redirect_stop(p);
	for (role = 0; role < MARSD_ROLES; role++)
		marsd_tell_clear(&p->control[role]);
	marsd_redirect_away(p);
	proto_withdraw(p);
}

/* The configuration has it no longer. */
static void
cluster_end(struct marsd_cluster *c)
{
	struct marsd_proto *p;

	TAILQ_FOREACH(p, &c->protos, entry)
		proto_shutdown(p);
	if (c->link != NULL)
		vc_flush(c->link);
	marsd_cluster_free(c);
}

/* Puts a cluster's configuration in force. */
static void
cluster_commit(struct marsd_cluster *c, const struct conf_cluster *conf)
{
	struct conf_protocol *cp;
	struct marsd_proto *p, *next;
	bool was;

	c->conf = conf;
	c->configured = true;
	memcpy(c->name, conf->name, sizeof(c->name));
	marsd_circuits_allowed(c);
	TAILQ_FOREACH_SAFE(p, &c->protos, entry, next) {
		was = p->configured;
		p->configured = false;
		TAILQ_FOREACH(cp, &conf->protocols, entry)
			if (mars_pro_equal(&cp->pro, &p->pro))
				p->configured = true;
		if (!p->configured) {
			proto_shutdown(p);
			marsd_peers_ignore(p);
			proto_free(p);
			continue;
		}
		proto_cmis(p);
		if (!was)
			marsd_redirect_start(p);
	}
}

/* Takes away what has been made for a configuration that failed. */
static void
unprepare(struct marsd *m)
{
	struct marsd_cluster *c, *cnext;
	struct marsd_proto *p, *pnext;

	TAILQ_FOREACH_SAFE(c, &m->clusters, entry, cnext) {
		TAILQ_FOREACH_SAFE(p, &c->protos, entry, pnext) {
			marsd_cmi_free_pool(&p->cmi_next);
			if (!p->configured)
				proto_free(p);
		}
		if (!c->configured)
			marsd_cluster_free(c);
	}
}

int
marsd_configure(struct marsd *m, const struct conf *conf)
{
	struct conf_cluster *cc;
	struct marsd_cluster *c, *next;

	if (m->conf == NULL) /* a reload never changes who we are */
		memcpy(m->oid, conf->server_id, sizeof(m->oid));
	TAILQ_FOREACH(cc, &conf->clusters, entry)
		if (cluster_prepare(m, cc) == -1) {
			unprepare(m);
			return -1;
		}
	m->conf = conf;
	TAILQ_FOREACH_SAFE(c, &m->clusters, entry, next) {
		TAILQ_FOREACH(cc, &conf->clusters, entry)
			if (is_cluster(c, cc))
				break;
		if (cc == NULL)
			cluster_end(c);
		else
			cluster_commit(c, cc);
	}
	return 0;
}

struct marsd *
marsd_new(const struct marsd_ops *ops, void *arg, struct timers *ts)
{
	struct marsd *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->ops = ops;
	m->arg = arg;
	m->ts = ts;
	m->started = ts->now;
	TAILQ_INIT(&m->clusters);
	slab_pool_init(&m->pool);
	slab_init(&m->nodes, &m->pool, sizeof(struct marsd_node));
	slab_init(&m->peers, &m->pool, sizeof(struct marsd_peer));
	slab_init(&m->claims, &m->pool, sizeof(struct marsd_claim));
	marsd_range_room_init(m);
	slab_init(&m->joins, &m->pool, sizeof(struct marsd_join));
	slab_init(&m->entries, &m->pool, sizeof(struct marsd_entry));
	return m;
}

void
marsd_free(struct marsd *m)
{
	struct marsd_cluster *c;

	while ((c = TAILQ_FIRST(&m->clusters)) != NULL)
		marsd_cluster_free(c);
	free(m);
}

/*
 * The members are told to go to another server, and the other servers hear
 * that they have left this one.  There is no record that withdraws our
 * Redirect Entry: it times out there.
 */
void
marsd_shutdown(struct marsd *m)
{
	struct marsd_cluster *c;
	struct marsd_proto *p;

	m->stopping = true;
	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			proto_shutdown(p);
}

uint64_t
marsd_heard(const struct marsd *m)
{
	return m->heard;
}
