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
mars_random(struct mars *m)
{
	return m->ops->random(m->arg);
}

struct timers *
proto_timers(const struct proto *p)
{
	return p->cluster->mars->ts;
}

void
cluster_event(struct cluster *c, enum mars_event_code code,
    const struct mars_event *what)
{
	struct mars_event ev = *what;

	ev.code = code;
	ev.cluster = c->name;
	c->mars->ops->event(c->mars->arg, &ev);
}

const char *
drop_name(enum drop d)
{
	static const char *const names[DROP_MAX] = {
#define X(sym, name, text) [sym] = name,
		MARSD_DROPS(X)
#undef X
	};

	return names[d];
}

/* What an operator ought to hear of; the caller counts it. */
enum drop
cluster_refused(struct proto *p, enum drop d, const struct atm_addr *who)
{
	struct mars_event ev = { .pro = &p->pro, .who = who,
	    .why = drop_name(d) };

	cluster_event(p->cluster, MARS_EV_REFUSED, &ev);
	return d;
}

/* --- messages */

struct handler {
	enum drop	(*handle)(struct incoming *);
	bool		 copies;	/* has mar$flags.copy, to be zero */
};

/* What a MARS takes; everything else is for its clients. */
static const struct handler handlers[MARS_OP_MAX + 1] = {
	[MARS_REQUEST] = { request_message, false },
	[MARS_JOIN] = { join_message, true },
	[MARS_LEAVE] = { leave_message, true },
	[MARS_MSERV] = { mserv_message, true },
	[MARS_UNSERV] = { unserv_message, true },
	[MARS_GROUPLIST_REQUEST] = { grouplist_message, false },
};

/* The list is walked before the operation; we know no TLV but Null (10.3). */
static enum drop
walk_tlvs(struct incoming *in)
{
	struct mars_tlv tlv;
	struct rd r;

	if (in->msg.tlvs == NULL)
		return DROP_NONE;
	rd_init(&r, in->msg.tlvs, in->msg.tlvs_len);
	while (mars_tlv_next(&r, &tlv)) {
		if (tlv.x == 1)
			return DROP_TLV;
		if (tlv.x == 2)
			return cluster_refused(in->proto, DROP_TLV_ERROR,
			    &in->msg.src);
	}
	return DROP_NONE;
}

static struct proto *
find_proto(struct cluster *c, const struct mars_pro *pro)
{
	struct proto *p;

	/* those that are configured: a few */
	TAILQ_FOREACH(p, &c->protos, entry)
		if (pro_equal(&p->pro, pro))
			return p;
	return NULL;
}

/* The message has to come from whom it says. */
static bool
source_ok(const struct circuit *ci, const struct atm_addr *src)
{
	if (!ci->cluster->conf->strict_source || !vc_knows_caller(ci->vc))
		return true;
	return atm_equal(vc_peer(ci->vc), src);
}

/* The checks in the order of A-105, then the operation. */
static enum drop
dispatch(struct cluster *c, struct circuit *ci, const uint8_t *octets,
    size_t len)
{
	const struct handler *h;
	struct incoming in;
	enum mars_drop bad;
	enum drop d;

	in.circuit = ci;
	in.octets = octets;
	in.len = len;
	if ((bad = mars_decode(&in.msg, octets, len)) != MARS_DROP_NONE) {
		if (bad == MARS_DROP_VERSION && len > 16 && octets[16] == 1)
			return DROP_NHRP;
		c->bad[bad]++;
		return DROP_NONE;
	}
	if ((in.proto = find_proto(c, &in.msg.pro)) == NULL)
		return DROP_PRO;
	if ((d = walk_tlvs(&in)) != DROP_NONE)
		return d;
	h = in.msg.op <= MARS_OP_MAX ? &handlers[in.msg.op] : NULL;
	if (h == NULL || h->handle == NULL)
		return DROP_OP;
	if (!source_ok(ci, &in.msg.src))
		return cluster_refused(in.proto, DROP_SOURCE, &in.msg.src);
	if (h->copies && (in.msg.flags & MARS_F_COPY))
		return DROP_COPY;
	return h->handle(&in);
}

static enum drop
receive(struct cluster *c, struct circuit *ci, const uint8_t *p, size_t len)
{
	mtime_t now = c->mars->ts->now;
	uint32_t oui;
	uint16_t pid;

	/* a client's own limit first, so that none uses up the others' */
	if (!bucket_take(&ci->caller->bucket, now, c->conf->rate))
		return DROP_RATE;
	if (!bucket_take(&c->bucket, now, c->conf->rate_total))
		return DROP_RATE_TOTAL;
	if (!llc_decode(p, len, &oui, &pid))
		return DROP_LLC;
	if (oui != LLC_OUI_IANA || pid != LLC_PID_MARS)
		return DROP_CODEPOINT;
	return dispatch(c, ci, p + LLC_LEN, len - LLC_LEN);
}

/* --- circuits */

static uint16_t
user_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct cluster *c = arg;
	struct conf_prefix *p;
	struct circuit *ci;

	TAILQ_FOREACH(p, &c->conf->allow, entry)
		if (ip_prefix_match(&p->prefix, caller))
			break;
	if (leaf || c->mars->stopping ||
	    (p == NULL && !TAILQ_EMPTY(&c->conf->allow))) {
		c->counts.calls_refused++;
		return CAUSE_REJECTED;
	}
	if ((ci = calloc(1, sizeof(*ci))) == NULL ||
	    (ci->caller = caller_get(c, caller)) == NULL) {
		free(ci);
		c->counts.calls_refused++;
		return CAUSE_RESOURCE;
	}
	ci->cookie = COOKIE_CIRCUIT;
	ci->cluster = c;
	ci->vc = vc;
	TAILQ_INIT(&ci->regs);
	LIST_INSERT_HEAD(&c->circuits, ci, entry);
	*cookie = ci;
	return CAUSE_NONE;
}

static void
circuit_free(struct circuit *ci)
{
	struct reg *r;

	while ((r = TAILQ_FIRST(&ci->regs)) != NULL) {
		TAILQ_REMOVE(&ci->regs, r, circuit_entry);
		r->circuit = NULL;
	}
	LIST_REMOVE(ci, entry);
	caller_put(ci->cluster, ci->caller);
	free(ci);
}

static bool
is_circuit(const void *cookie)
{
	return *(const enum cookie *)cookie == COOKIE_CIRCUIT;
}

static void
user_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	(void)cause;
	if (is_circuit(cookie))
		circuit_free(cookie);
	else
		control_rebuild(cookie);
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
	struct cluster *c = arg;
	enum drop d;

	(void)vc;
	c->counts.messages_in++;
	if (!is_circuit(cookie) || c->mars->stopping)
		return;
	d = receive(c, cookie, p, len);
	c->drops[d]++;
}

static void
user_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	leaf_step(cookie, LEAF_EV_ACK);
}

/* Causes that may pass: A-111. */
static bool
is_temporary(uint16_t cause)
{
	return cause == 49 || cause == 51 || cause == 37 ||
	    cause == CAUSE_TEMPORARY;
}

static void
user_leaf_failed(void *arg, struct vc_leaf *leaf, void *cookie,
    uint16_t cause)
{
	struct reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	leaf_step(r, is_temporary(cause) ? LEAF_EV_BUSY : LEAF_EV_FAIL);
}

static void
user_leaf_drop(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	struct reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	leaf_dropped(r, cause);
}

const struct vc_user cluster_vc_user = {
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
cluster_attach(struct cluster *c, struct vc_link *link)
{
	struct circuit *ci;
	struct proto *p;
	int role;

	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, CAUSE_NORMAL);
		circuit_free(ci);
	}
	c->link = link;
	TAILQ_FOREACH(p, &c->protos, entry)
		for (role = 0; role < ROLES; role++) {
			if (p->control[role].root == NULL)
				continue;
			vc_release(p->control[role].root, CAUSE_NORMAL);
			control_rebuild(&p->control[role]);
		}
}

/* --- configuration */

static void
proto_free(struct proto *p)
{
	struct reg *r;
	struct node *n;
	int role;

	redirect_stop(p);
	for (role = 0; role < ROLES; role++) {
		while ((r = TAILQ_FIRST(&p->control[role].regs)) != NULL) {
			n = r->node;
			member_free(r);
			node_release(n);
		}
		if (p->control[role].root != NULL)
			vc_release(p->control[role].root, CAUSE_NORMAL);
		timer_clear(proto_timers(p), &p->sweep[role]);
	}
	peers_free(p);
	cmi_free_pool(&p->cmi);
	free(p->by_cmi);
	free(p->heard_cmi);
	TAILQ_REMOVE(&p->cluster->protos, p, entry);
	free(p);
}

static void
control_init(struct control *ctl, struct proto *p, enum role role)
{
	ctl->cookie = COOKIE_CONTROL;
	ctl->proto = p;
	ctl->role = role;
	ctl->msn = mars_random(p->cluster->mars);	/* ours to choose */
	TAILQ_INIT(&ctl->regs);
}

/* A protocol that no configuration is in force for yet; NULL: no memory. */
static struct proto *
proto_new(struct cluster *c, const struct mars_pro *pro,
    const struct conf_cluster *conf)
{
	struct proto *p = calloc(1, sizeof(*p));
	int role;

	if (p == NULL)
		return NULL;
	p->cluster = c;
	p->pro = *pro;
	p->addrlen = pro_addrlen(pro);
	RB_INIT(&p->peers);
	for (role = 0; role < ROLES; role++) {
		RB_INIT(&p->nodes[role]);
		itree_init(&p->map[role], mars_random(c->mars));
		control_init(&p->control[role], p, (enum role)role);
		timer_init(&p->sweep[role], role == ROLE_CLIENT ?
		    own_sweep_clients : own_sweep_mcs, p);
	}
	timer_init(&p->redirect, NULL, NULL);
	TAILQ_INSERT_TAIL(&c->protos, p, entry);
	p->by_cmi = calloc(UINT16_MAX + 1, sizeof(struct node *));
	p->heard_cmi = calloc(UINT16_MAX + 1, sizeof(struct claim *));
	if (p->by_cmi == NULL || p->heard_cmi == NULL ||
	    (p->self = peer_get(p, c->mars->oid)) == NULL ||
	    cmi_init(&p->cmi, conf->cmi_min, conf->cmi_max) == -1) {
		proto_free(p);
		return NULL;
	}
	return p;
}

static void
cluster_free(struct cluster *c)
{
	struct circuit *ci;
	struct owner *o, *next;
	struct proto *p;

	while ((p = TAILQ_FIRST(&c->protos)) != NULL)
		proto_free(p);
	RB_FOREACH_SAFE(o, owner_tree, &c->owners, next) {
		RB_REMOVE(owner_tree, &c->owners, o);
		free(o);
	}
	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, CAUSE_NORMAL);
		circuit_free(ci);
	}
	callers_free(c);
	TAILQ_REMOVE(&c->mars->clusters, c, entry);
	free(c);
}

static struct cluster *
cluster_find(struct mars *m, const char *name)
{
	struct cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static struct cluster *
cluster_new(struct mars *m, const struct conf_cluster *conf)
{
	struct cluster *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->mars = m;
	memcpy(c->name, conf->name, sizeof(c->name));
	TAILQ_INIT(&c->protos);
	RB_INIT(&c->owners);
	LIST_INIT(&c->circuits);
	RB_INIT(&c->callers);
	TAILQ_INIT(&c->idle);
	bucket_init(&c->bucket, m->ts->now, conf->rate_total);
	TAILQ_INSERT_TAIL(&m->clusters, c, entry);
	return c;
}

/* Makes what a cluster's configuration needs; what is there stays. */
static int
cluster_prepare(struct mars *m, const struct conf_cluster *conf)
{
	struct cluster *c = cluster_find(m, conf->name);
	struct conf_protocol *cp;

	if (c == NULL && (c = cluster_new(m, conf)) == NULL)
		return -1;
	TAILQ_FOREACH(cp, &conf->protocols, entry)
		if (find_proto(c, &cp->pro) == NULL &&
		    proto_new(c, &cp->pro, conf) == NULL)
			return -1;
	return 0;
}

/*
 * A range of CMIs that has changed: those in use stay in use, and what is
 * bad stays so.
 */
static void
proto_cmis(struct proto *p, const struct conf_cluster *conf)
{
	struct cmi_pool pool;
	uint32_t i;
	uint16_t cmi;

	if (p->cmi.min == conf->cmi_min && p->cmi.max == conf->cmi_max)
		return;
	if (cmi_init(&pool, conf->cmi_min, conf->cmi_max) == -1)
		return;
	for (i = pool.size; i > 0; i--) {
		cmi = cmi_get(&pool);
		if (p->by_cmi[cmi] == NULL)
			cmi_put(&pool, cmi);
	}
	memcpy(pool.bad, p->cmi.bad, CMI_BAD_SIZE);
	pool.used = p->cmi.used;
	cmi_free_pool(&p->cmi);
	p->cmi = pool;
}

/* Tells the peers that none of our members is here any more. */
static void
proto_withdraw(struct proto *p)
{
	struct reg *r;
	int role;

	for (role = 0; role < ROLES; role++)
		TAILQ_FOREACH(r, &p->control[role].regs, control_entry)
			withdraw_all(r->node);
}

/* Puts a cluster's configuration in force. */
static void
cluster_commit(struct cluster *c, const struct conf_cluster *conf)
{
	struct conf_protocol *cp;
	struct proto *p, *next;
	bool was;

	c->conf = conf;
	c->configured = true;
	TAILQ_FOREACH_SAFE(p, &c->protos, entry, next) {
		was = p->configured;
		p->configured = false;
		TAILQ_FOREACH(cp, &conf->protocols, entry)
			if (pro_equal(&cp->pro, &p->pro))
				p->configured = true;
		if (!p->configured) {
			proto_withdraw(p);
			proto_free(p);
			continue;
		}
		proto_cmis(p, conf);
		if (!was)
			redirect_start(p);
	}
}

/* Takes away what has been made for a configuration that failed. */
static void
unprepare(struct mars *m)
{
	struct cluster *c, *cnext;
	struct proto *p, *pnext;

	TAILQ_FOREACH_SAFE(c, &m->clusters, entry, cnext) {
		TAILQ_FOREACH_SAFE(p, &c->protos, entry, pnext)
			if (!p->configured)
				proto_free(p);
		if (!c->configured)
			cluster_free(c);
	}
}

int
mars_configure(struct mars *m, const struct conf *conf)
{
	struct conf_cluster *cc;
	struct cluster *c, *next;

	if (m->conf == NULL)	/* who we are never changes while we run */
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
			cluster_free(c);
		else
			cluster_commit(c, cc);
	}
	return 0;
}

struct mars *
mars_new(const struct mars_ops *ops, void *arg, struct timers *ts)
{
	struct mars *m = calloc(1, sizeof(*m));

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
mars_free(struct mars *m)
{
	struct cluster *c;

	while ((c = TAILQ_FIRST(&m->clusters)) != NULL)
		cluster_free(c);
	free(m);
}

struct cluster *
mars_cluster(struct mars *m, const char *name)
{
	return cluster_find(m, name);
}

/* Another server that the clients may go to, or NULL. */
static const struct atm_addr *
successor(struct proto *p)
{
	struct conf_backup *b = TAILQ_FIRST(&p->cluster->conf->backups);
	struct peer *peer;

	RB_FOREACH(peer, peer_tree, &p->peers)
		if (peer->state == PEER_ALIVE && !atm_is_null(&peer->addr))
			return &peer->addr;
	return b == NULL ? NULL : &b->addr;
}

static void
proto_shutdown(struct proto *p)
{
	const struct atm_addr *to = successor(p);

	redirect_stop(p);
	if (to != NULL)
		redirect_send(p, true, to, NULL);
	proto_withdraw(p);
}

/*
 * the members go to another server, and the others hear that they
 * have left this one; the Redirect Entry times out there.
 */
void
mars_shutdown(struct mars *m)
{
	struct cluster *c;
	struct proto *p;

	m->stopping = true;
	TAILQ_FOREACH(c, &m->clusters, entry)
		TAILQ_FOREACH(p, &c->protos, entry)
			proto_shutdown(p);
}

/* Is there anybody to be redirected? */
static bool
redirects_any(struct proto *p, const struct atm_addr *member)
{
	const struct node *n;
	int role;

	if (member == NULL)
		return p->control[ROLE_CLIENT].nregs != 0 ||
		    p->control[ROLE_MCS].nregs != 0;
	for (role = 0; role < ROLES; role++) {
		n = node_find(p, (enum role)role, member);
		if (n != NULL && n->reg != NULL)
			return true;
	}
	return false;
}

/* An operator's order; NULL, or a sentence that says what is wrong. */
const char *
mars_redirect(struct mars *m, const char *cluster, bool hard,
    const struct atm_addr *to, const struct atm_addr *member)
{
	struct cluster *c = cluster_find(m, cluster);
	struct proto *p;
	struct node *n;
	bool told = false;
	int role;

	if (c == NULL)
		return "no such cluster";
	TAILQ_FOREACH(p, &c->protos, entry)
		if (!hard && redirects_any(p, member) &&
		    !redirect_can_be_soft(p, to))
			return "no server of the group that is alive has that "
			    "address: its clients' groups are unknown there, "
			    "so say hard";
	TAILQ_FOREACH(p, &c->protos, entry) {
		if (member == NULL) {
			redirect_send(p, hard, to, NULL);
			told = true;
			continue;
		}
		for (role = 0; role < ROLES; role++) {
			n = node_find(p, (enum role)role, member);
			if (n == NULL || n->reg == NULL ||
			    n->reg->circuit == NULL)
				continue;
			redirect_send(p, hard, to, n->reg);
			told = true;
		}
	}
	return told ? NULL : "no such member with a circuit to us";
}
