/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Clusters and their protocols, what comes from circuits, and the way of a
 * message to its handler (RFC 2022 sections 4.1, 4.2, 6 and 10.3).
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "llc.h"

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

void
marsd_cluster_event(struct marsd_cluster *c, enum marsd_event_code code,
    const struct marsd_event *what)
{
	struct marsd_event ev = *what;

	ev.code = code;
	ev.cluster = c->name;
	c->mars->ops->event(c->mars->arg, &ev);
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

/* What an operator ought to hear of; the caller counts it. */
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

/* --- messages */

struct marsd_handler {
	enum marsd_drop	(*handle)(struct marsd_incoming *);
	bool		 copies;	/* has mar$flags.copy, to be zero */
};

/* What a MARS takes; everything else is for its clients. */
static const struct marsd_handler handlers[MARS_OP_MAX + 1] = {
	[MARS_REQUEST] = { marsd_request_message, false },
	[MARS_JOIN] = { marsd_join_message, true },
	[MARS_LEAVE] = { marsd_leave_message, true },
	[MARS_MSERV] = { marsd_mserv_message, true },
	[MARS_UNSERV] = { marsd_unserv_message, true },
	[MARS_GROUPLIST_REQUEST] = { marsd_grouplist_message, false },
};

/* The list is walked before the operation (10.3). */
static enum marsd_drop
walk_tlvs(struct marsd_incoming *in)
{
	switch (mars_tlvs_verdict(&in->msg)) {
	case MARS_TLVS_DROP:
		return MARSD_DROP_TLV;
	case MARS_TLVS_ERROR:
		return marsd_cluster_refused(
		    in->proto, MARSD_DROP_TLV_ERROR, &in->msg.src);
	case MARS_TLVS_SKIP:
		break;
	}
	return MARSD_DROP_NONE;
}

static struct marsd_proto *
marsd_find_proto(struct marsd_cluster *c, const struct mars_pro *pro)
{
	struct marsd_proto *p;

	/* those that are configured: a few */
	TAILQ_FOREACH(p, &c->protos, entry)
		if (mars_pro_equal(&p->pro, pro))
			return p;
	return NULL;
}

/* The message has to come from whom it says. */
static bool
source_ok(const struct marsd_circuit *ci, const struct atm_addr *src)
{
	if (!ci->cluster->conf->strict_source || !vc_knows_caller(ci->vc))
		return true;
	return atm_addr_equal(vc_peer(ci->vc), src);
}

/* The checks in the order of A-105, then the operation. */
static enum marsd_drop
marsd_dispatch(struct marsd_cluster *c, struct marsd_circuit *ci,
    const uint8_t *octets, size_t len)
{
	const struct marsd_handler *h;
	struct marsd_incoming in;
	enum mars_drop bad;
	enum marsd_drop d;

	in.circuit = ci;
	in.octets = octets;
	in.len = len;
	if ((bad = mars_decode(&in.msg, octets, len)) != MARS_DROP_NONE) {
		if (bad == MARS_DROP_VERSION && mars_is_nhrp(octets, len))
			return MARSD_DROP_NHRP;
		c->bad[bad]++;
		return MARSD_DROP_NONE;
	}
	if ((in.proto = marsd_find_proto(c, &in.msg.pro)) == NULL)
		return MARSD_DROP_PRO;
	if ((d = walk_tlvs(&in)) != MARSD_DROP_NONE)
		return d;
	h = in.msg.op <= MARS_OP_MAX ? &handlers[in.msg.op] : NULL;
	if (h == NULL || h->handle == NULL)
		return MARSD_DROP_OP;
	if (!source_ok(ci, &in.msg.src))
		return marsd_cluster_refused(
		    in.proto, MARSD_DROP_SOURCE, &in.msg.src);
	if (h->copies && (in.msg.flags & MARS_F_COPY))
		return MARSD_DROP_COPY;
	return h->handle(&in);
}

static enum marsd_drop
marsd_receive(struct marsd_cluster *c, struct marsd_circuit *ci,
    const uint8_t *p, size_t len)
{
	mtime_t now = c->mars->ts->now;
	uint32_t oui;
	uint16_t pid;

	/* a client's own limit first, so that none uses up the others' */
	if (!marsd_bucket_take(&ci->caller->bucket, now, c->conf->rate))
		return MARSD_DROP_RATE;
	if (!marsd_bucket_take(&c->bucket, now, c->conf->rate_total))
		return MARSD_DROP_RATE_TOTAL;
	if (!llc_decode(p, len, &oui, &pid))
		return MARSD_DROP_LLC;
	if (oui != LLC_OUI_IANA || pid != LLC_PID_MARS)
		return MARSD_DROP_CODEPOINT;
	return marsd_dispatch(c, ci, p + LLC_LEN, len - LLC_LEN);
}

/* --- circuits */

static uint16_t
user_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct marsd_cluster *c = arg;
	struct conf_prefix *p;
	struct marsd_circuit *ci;

	TAILQ_FOREACH(p, &c->conf->allow, entry)
		if (ip_prefix_match(&p->prefix, caller))
			break;
	if (leaf || c->mars->stopping ||
	    (p == NULL && !TAILQ_EMPTY(&c->conf->allow))) {
		c->counts.calls_refused++;
		return VC_CAUSE_REJECTED;
	}
	if ((ci = calloc(1, sizeof(*ci))) == NULL ||
	    (ci->caller = marsd_caller_get(c, caller)) == NULL) {
		free(ci);
		c->counts.calls_refused++;
		return VC_CAUSE_RESOURCE;
	}
	ci->cookie = MARSD_COOKIE_CIRCUIT;
	ci->cluster = c;
	ci->vc = vc;
	TAILQ_INIT(&ci->regs);
	LIST_INSERT_HEAD(&c->circuits, ci, entry);
	*cookie = ci;
	return VC_CAUSE_NONE;
}

static void
marsd_circuit_free(struct marsd_circuit *ci)
{
	struct marsd_reg *r;

	while ((r = TAILQ_FIRST(&ci->regs)) != NULL) {
		TAILQ_REMOVE(&ci->regs, r, circuit_entry);
		r->circuit = NULL;
	}
	LIST_REMOVE(ci, entry);
	marsd_caller_put(ci->cluster, ci->caller);
	free(ci);
}

static bool
is_circuit(const void *cookie)
{
	return *(const enum marsd_cookie *)cookie == MARSD_COOKIE_CIRCUIT;
}

static void
user_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	(void)cause;
	if (is_circuit(cookie))
		marsd_circuit_free(cookie);
	else
		marsd_control_rebuild(cookie);
}

static void
user_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)arg;
	(void)vc;
	(void)cookie;
}

static void
user_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct marsd_cluster *c = arg;
	enum marsd_drop d;

	(void)vc;
	c->counts.messages_in++;
	if (!is_circuit(cookie) || c->mars->stopping)
		return;
	d = marsd_receive(c, cookie, p, len);
	c->drops[d]++;
}

static void
user_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	marsd_leaf_step(cookie, MARSD_LEAF_EV_ACK);
}

static void
user_leaf_failed(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	struct marsd_reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	marsd_leaf_step(r,
	    vc_cause_is_temporary(cause) ? MARSD_LEAF_EV_BUSY :
					   MARSD_LEAF_EV_FAIL); /* */
}

static void
user_leaf_drop(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	struct marsd_reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	marsd_leaf_dropped(r, cause);
}

const struct vc_user marsd_vc_user = {
	.remote_call = user_remote_call,
	.ack = user_ack,
	.rqfailed = user_release,
	.release = user_release,
	.sdu = user_sdu,
	.leaf_ack = user_leaf_ack,
	.leaf_failed = user_leaf_failed,
	.leaf_drop = user_leaf_drop,
};

void
marsd_cluster_attach(struct marsd_cluster *c, struct vc_link *link)
{
	struct marsd_circuit *ci;
	struct marsd_proto *p;
	int role;

	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, VC_CAUSE_NORMAL);
		marsd_circuit_free(ci);
	}
	c->link = link;
	TAILQ_FOREACH(p, &c->protos, entry)
		for (role = 0; role < MARSD_ROLES; role++) {
			if (p->control[role].root == NULL)
				continue;
			vc_release(p->control[role].root, VC_CAUSE_NORMAL);
			marsd_control_rebuild(&p->control[role]);
		}
}

/* --- configuration */

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
		timer_clear(marsd_proto_timers(p), &p->sweep[role]);
	}
	marsd_peers_free(p);
	marsd_cmi_free_pool(&p->cmi);
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
	ctl->msn = marsd_random(p->cluster->mars); /* ours to choose */
	TAILQ_INIT(&ctl->regs);
}

/* A protocol that no configuration is in force for yet; NULL: no memory. */
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
	for (role = 0; role < MARSD_ROLES; role++) {
		RB_INIT(&p->nodes[role]);
		marsd_itree_init(&p->map[role], marsd_random(c->mars));
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
	RB_FOREACH_SAFE(o, marsd_owner_tree, &c->owners, next) {
		RB_REMOVE(marsd_owner_tree, &c->owners, o);
		free(o);
	}
	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, VC_CAUSE_NORMAL);
		marsd_circuit_free(ci);
	}
	marsd_callers_free(c);
	TAILQ_REMOVE(&c->mars->clusters, c, entry);
	free(c);
}

static struct marsd_cluster *
cluster_find(struct marsd *m, const char *name)
{
	struct marsd_cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static struct marsd_cluster *
marsd_cluster_new(struct marsd *m, const struct conf_cluster *conf)
{
	struct marsd_cluster *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->mars = m;
	memcpy(c->name, conf->name, sizeof(c->name));
	TAILQ_INIT(&c->protos);
	RB_INIT(&c->owners);
	LIST_INIT(&c->circuits);
	RB_INIT(&c->callers);
	TAILQ_INIT(&c->idle);
	marsd_bucket_init(&c->bucket, m->ts->now, conf->rate_total);
	TAILQ_INSERT_TAIL(&m->clusters, c, entry);
	return c;
}

/* Makes what a cluster's configuration needs; what is there stays. */
static int
cluster_prepare(struct marsd *m, const struct conf_cluster *conf)
{
	struct marsd_cluster *c = cluster_find(m, conf->name);
	struct conf_protocol *cp;

	if (c == NULL && (c = marsd_cluster_new(m, conf)) == NULL)
		return -1;
	TAILQ_FOREACH(cp, &conf->protocols, entry)
		if (marsd_find_proto(c, &cp->pro) == NULL &&
		    proto_new(c, &cp->pro, conf) == NULL)
			return -1;
	return 0;
}

/*
 * A range of CMIs that has changed: those in use stay in use, and what is
 * bad stays so.
 */
static void
proto_cmis(struct marsd_proto *p, const struct conf_cluster *conf)
{
	struct marsd_cmi_pool pool;
	uint32_t i;
	uint16_t cmi;

	if (p->cmi.min == conf->cmi_min && p->cmi.max == conf->cmi_max)
		return;
	if (marsd_cmi_init(&pool, conf->cmi_min, conf->cmi_max) == -1)
		return;
	for (i = pool.size; i > 0; i--) {
		cmi = marsd_cmi_get(&pool);
		if (p->by_cmi[cmi] == NULL)
			marsd_cmi_put(&pool, cmi);
	}
	memcpy(pool.bad, p->cmi.bad, CMI_BAD_SIZE);
	pool.used = p->cmi.used;
	marsd_cmi_free_pool(&p->cmi);
	p->cmi = pool;
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

/* Puts a cluster's configuration in force. */
static void
cluster_commit(struct marsd_cluster *c, const struct conf_cluster *conf)
{
	struct conf_protocol *cp;
	struct marsd_proto *p, *next;
	bool was;

	c->conf = conf;
	c->configured = true;
	TAILQ_FOREACH_SAFE(p, &c->protos, entry, next) {
		was = p->configured;
		p->configured = false;
		TAILQ_FOREACH(cp, &conf->protocols, entry)
			if (mars_pro_equal(&cp->pro, &p->pro))
				p->configured = true;
		if (!p->configured) {
			proto_withdraw(p);
			proto_free(p);
			continue;
		}
		proto_cmis(p, conf);
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
		TAILQ_FOREACH_SAFE(p, &c->protos, entry, pnext)
			if (!p->configured)
				proto_free(p);
		if (!c->configured)
			marsd_cluster_free(c);
	}
}

int
marsd_configure(struct marsd *m, const struct conf *conf)
{
	struct conf_cluster *cc;
	struct marsd_cluster *c, *next;

	if (m->conf == NULL) /* who we are never changes while we run */
		memcpy(m->oid, conf->server_id, sizeof(m->oid));
	TAILQ_FOREACH(cc, &conf->clusters, entry)
		if (cluster_prepare(m, cc) == -1) {
			unprepare(m);
			return -1;
		}
	m->conf = conf;
	TAILQ_FOREACH_SAFE(c, &m->clusters, entry, next) {
		TAILQ_FOREACH(cc, &conf->clusters, entry)
			if (strcmp(cc->name, c->name) == 0)
				break;
		if (cc == NULL)
			marsd_cluster_free(c);
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

struct marsd_cluster *
marsd_cluster(struct marsd *m, const char *name)
{
	return cluster_find(m, name);
}

/* Another server that the clients may go to, or NULL. */
static const struct atm_addr *
successor(struct marsd_proto *p)
{
	struct conf_backup *b = TAILQ_FIRST(&p->cluster->conf->backups);
	struct marsd_peer *peer;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state == MARSD_PEER_ALIVE &&
		    !atm_addr_is_null(&peer->addr))
			return &peer->addr;
	return b == NULL ? NULL : &b->addr;
}

static void
proto_shutdown(struct marsd_proto *p)
{
	const struct atm_addr *to = successor(p);

	marsd_redirect_stop(p);
	if (to != NULL)
		marsd_redirect_send(p, true, to, NULL);
	proto_withdraw(p);
}

/*
 * the members go to another server, and the others hear that they
 * have left this one; the Redirect Entry times out there.
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

/* Is there anybody to be redirected? */
static bool
redirects_any(struct marsd_proto *p, const struct atm_addr *member)
{
	const struct marsd_node *n;
	int role;

	if (member == NULL)
		return p->control[MARSD_ROLE_CLIENT].nregs != 0 ||
		    p->control[MARSD_ROLE_MCS].nregs != 0;
	for (role = 0; role < MARSD_ROLES; role++) {
		n = marsd_node_find(p, (enum marsd_role)role, member);
		if (n != NULL && n->reg != NULL)
			return true;
	}
	return false;
}

/* An operator's order; NULL, or a sentence that says what is wrong. */
const char *
marsd_redirect(struct marsd *m, const char *cluster, bool hard,
    const struct atm_addr *to, const struct atm_addr *member)
{
	struct marsd_cluster *c = cluster_find(m, cluster);
	struct marsd_proto *p;
	struct marsd_node *n;
	bool told = false;
	int role;

	if (c == NULL)
		return "no such cluster";
	TAILQ_FOREACH(p, &c->protos, entry)
		if (!hard && redirects_any(p, member) &&
		    !marsd_redirect_can_be_soft(p, to))
			return "no server of the group that is alive has that "
			       "address: its clients' groups are unknown "
			       "there, "
			       "so say hard";
	TAILQ_FOREACH(p, &c->protos, entry) {
		if (member == NULL) {
			marsd_redirect_send(p, hard, to, NULL);
			told = true;
			continue;
		}
		for (role = 0; role < MARSD_ROLES; role++) {
			n = marsd_node_find(p, (enum marsd_role)role, member);
			if (n == NULL || n->reg == NULL ||
			    n->reg->circuit == NULL)
				continue;
			marsd_redirect_send(p, hard, to, n->reg);
			told = true;
		}
	}
	return told ? NULL : "no such member with a circuit to us";
}
