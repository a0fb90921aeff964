/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A network of servers of scspd, see scspnet.h. */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scspnet.h"

struct netmsg {
	struct timer	 timer;
	struct net	*net;
	int		 kind, from, to;
	uint32_t	 from_id, to_id;
	uint16_t	 cause;
	struct vc_sdu	*sdu;
};

uint64_t
net_random(struct net *n)
{
	uint64_t z = (n->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void	net_arrive(void *);

void
net_post(struct net *n, int kind, int from, uint32_t from_id, int to,
    uint32_t to_id, uint16_t cause, struct vc_sdu *u)
{
	struct netmsg *m = calloc(1, sizeof(*m));
	int64_t delay = n->delay;

	assert(m != NULL);
	if (n->jitter != 0 && kind == MSG_DATA)
		delay += (int64_t)(net_random(n) % (uint64_t)n->jitter);
	m->net = n;
	m->kind = kind;
	m->from = from;
	m->from_id = from_id;
	m->to = to;
	m->to_id = to_id;
	m->cause = cause;
	m->sdu = u;
	timer_init(&m->timer, net_arrive, m);
	timer_set(&n->ts, &m->timer, delay);
}

static struct fvc *
net_fvc(struct node *nd, uint32_t id)
{
	struct fvc *f;

	TAILQ_FOREACH(f, &nd->fvcs, entry)
		if (f->id == id)
			return f;
	return NULL;
}

struct fvc *
net_fvc_new(
    struct node *nd, int peer, uint32_t peer_id, const struct atm_addr *addr)
{
	struct fvc *f = calloc(1, sizeof(*f));

	assert(f != NULL);
	f->vc.link = &nd->link;
	f->node = nd;
	f->peer_addr = *addr;
	f->peer = peer;
	f->peer_id = peer_id;
	f->id = ++nd->net->ids;
	TAILQ_INSERT_TAIL(&nd->fvcs, f, entry);
	return f;
}

static void
net_fvc_free(struct fvc *f)
{
	TAILQ_REMOVE(&f->node->fvcs, f, entry);
	free(f);
}

/* --- the backend */

static struct fvc *
net_of(struct vc *vc)
{
	return (struct fvc *)(void *)vc; /* its first member */
}

static struct vc *
net_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	struct node *nd = NULL;
	struct net *n;
	struct fvc *f;
	int i;

	nd = (struct node *)(void *)((char *)l - offsetof(struct node, link));
	n = nd->net;
	for (i = 0; i < n->n; i++)
		if (atm_addr_equal(&n->node[i].link.local, to))
			break;
	f = net_fvc_new(nd, i, 0, to);
	f->vc.cookie = cookie;
	if (i == n->n || n->cut[nd->number][i])
		net_post(n, MSG_REFUSE, i, 0, nd->number, f->id,
		    VC_CAUSE_OUT_OF_ORDER, NULL);
	else
		net_post(n, MSG_SETUP, nd->number, f->id, i, 0, 0, NULL);
	return &f->vc;
}

void
net_release(struct vc *vc, uint16_t cause)
{
	struct fvc *f = net_of(vc);

	if (f->up)
		net_post(f->node->net, MSG_RELEASE, f->node->number, f->id,
		    f->peer, f->peer_id, cause, NULL);
	net_fvc_free(f);
}

static int
net_send(struct vc *vc, struct vc_sdu *u)
{
	struct fvc *f = net_of(vc);
	struct net *n = f->node->net;
	int me = f->node->number;

	if (!f->up) {
		vc_sdu_free(u);
		return -1;
	}
	n->sdus++;
	n->octets += u->len;
	if (n->cut[me][f->peer] ||
	    (n->tap != NULL && n->tap(n, me, f->peer, u->data, u->len)) ||
	    net_random(n) % 1000 < n->loss) {
		vc_sdu_free(u);
		return 0;
	}
	if (net_random(n) % 1000 < n->dup)
		net_post(n, MSG_DATA, me, f->id, f->peer, f->peer_id, 0,
		    vc_sdu_ref(u));
	net_post(n, MSG_DATA, me, f->id, f->peer, f->peer_id, 0, u);
	return 0;
}

static const struct atm_addr *
net_peer(const struct vc *vc)
{
	return &((const struct fvc *)(const void *)vc)->peer_addr;
}

static const struct vc_backend net_backend = {
	.name = "net",
	.knows_caller = true,
	.call = net_call,
	.release = net_release,
	.send = net_send,
	.peer = net_peer,
};

static void
net_hear(struct node *nd, const struct vc_sdu *u)
{
	struct heard *h;

	assert(nd->nheard < NET_HEARD);
	h = &nd->heard[nd->nheard++];
	h->len = u->len;
	h->at = nd->net->ts.now;
	h->data = malloc(u->len);
	assert(h->data != NULL);
	memcpy(h->data, u->data, u->len);
}

static void
net_setup(struct net *n, struct netmsg *m)
{
	struct node *nd = &n->node[m->to];
	struct fvc *f;
	uint16_t cause;

	if (!nd->alive)
		cause = VC_CAUSE_OUT_OF_ORDER;
	else {
		f = net_fvc_new(
		    nd, m->from, m->from_id, &n->node[m->from].link.local);
		cause = nd->raw ?
		    VC_CAUSE_NONE :
		    nd->link.user->remote_call(nd->link.arg, &f->vc,
		    &f->peer_addr, false, &f->vc.cookie);
		if (cause == VC_CAUSE_NONE) {
			f->up = true;
			net_post(n, MSG_CONNECT, m->to, f->id, m->from,
			    m->from_id, 0, NULL);
			return;
		}
		net_fvc_free(f);
	}
	net_post(n, MSG_REFUSE, m->to, 0, m->from, m->from_id, cause, NULL);
}

static void
net_deliver(struct net *n, struct netmsg *m)
{
	struct node *nd = &n->node[m->to];
	struct fvc *f = nd->alive ? net_fvc(nd, m->to_id) : NULL;
	const struct vc_user *u = nd->link.user;
	void *arg = nd->link.arg;

	if (f == NULL) {
		if (m->kind == MSG_DATA && nd->alive)
			net_post(n, MSG_RELEASE, m->to, m->to_id, m->from,
			    m->from_id, VC_CAUSE_INVALID_REF, NULL);
		return;
	}
	switch (m->kind) {
	case MSG_CONNECT:
		f->up = true;
		f->peer_id = m->from_id;
		if (!nd->raw)
			u->ack(arg, &f->vc, f->vc.cookie);
		break;
	case MSG_REFUSE:
		if (!nd->raw)
			u->rqfailed(arg, &f->vc, f->vc.cookie, m->cause);
		net_fvc_free(f);
		break;
	case MSG_RELEASE:
		if (!nd->raw)
			u->release(arg, &f->vc, f->vc.cookie, m->cause);
		net_fvc_free(f);
		break;
	case MSG_DATA:
		if (nd->raw)
			net_hear(nd, m->sdu);
		else
			u->sdu(arg, &f->vc, f->vc.cookie, m->sdu->data,
			    m->sdu->len);
		break;
	}
}

static void
net_arrive(void *arg)
{
	struct netmsg *m = arg;

	if (m->kind == MSG_SETUP)
		net_setup(m->net, m);
	else
		net_deliver(m->net, m);
	vc_sdu_free(m->sdu);
	free(m);
}

/* --- what marsd and the shell would do */

static uint64_t
node_random(void *arg)
{
	return net_random(((struct node *)arg)->net);
}

static int64_t
node_wallclock(void *arg)
{
	const struct node *node = arg;

	return node->net->wall + node->ahead +
	    node->net->ts.now.us / 1000000;
}

/* records of tests: J live, T tombstone, S strange */
static enum csa_verdict
node_judge(const void *data, size_t len)
{
	switch (len == 0 ? 0 : *(const uint8_t *)data) {
	case 'J':
		return CSA_LIVE;
	case 'T':
		return CSA_TOMBSTONE;
	case 'S':
		return CSA_STRANGE;
	default:
		return CSA_MALFORMED;
	}
}

static size_t
node_withdraw(const void *data, size_t len, void *to, size_t max)
{
	assert(len <= max);
	memcpy(to, data, len);
	*(uint8_t *)to = 'T';
	return len;
}

static void
node_update(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    int32_t seq, uint8_t how, const void *data, size_t len)
{
	struct node *nd = arg;

	(void)sgid;
	(void)oid;
	(void)key;
	(void)seq;
	(void)data;
	(void)len;
	nd->updates++;
	if (how == 1)
		nd->flooded_how++;
	else
		nd->aligned_how++;
}

static void
node_own(void *arg, uint16_t sgid, uint32_t key, int32_t seq, const void *data,
    size_t len)
{
	struct node *nd = arg;

	(void)sgid;
	(void)seq;
	(void)data;
	(void)len;
	nd->owns++;
	if (nd->silent || key >= NET_KEYS)
		return;
	if (nd->nowned < NET_KEYS)
		nd->owned[nd->nowned++] = key;
	timer_set(&nd->net->ts, &nd->answer, 0);
}

static void
node_gone(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	(void)sgid;
	(void)oid;
	(void)key;
	((struct node *)arg)->gones++;
}

static void
node_neighbor(void *arg, uint16_t sgid, const uint8_t oid[4], bool aligned)
{
	struct node *nd = arg;

	(void)sgid;
	(void)oid;
	if (aligned)
		nd->ups++;
	else
		nd->downs++;
}

static void
node_event(void *arg, const struct scsp_event *ev)
{
	struct node *nd = arg;

	nd->events[ev->code]++;
	if (ev->why != NULL)
		(void)strlcpy(nd->why, ev->why, sizeof(nd->why));
	if (getenv("NET_TRACE") != NULL)
		fprintf(stderr, "%10.3f node %d: %d %s -> %s (%s)\n",
		    (double)nd->net->ts.now.us / 1e6, nd->number, (int)ev->code,
		    ev->from ? ev->from : "", ev->to ? ev->to : "",
		    ev->why ? ev->why : "");
}

static const struct scsp_ops net_ops = {
	.random = node_random,
	.wallclock = node_wallclock,
	.judge = node_judge,
	.update = node_update,
	.own = node_own,
	.gone = node_gone,
	.neighbor = node_neighbor,
	.event = node_event,
	.withdraw = node_withdraw,
};

void
node_publish(struct node *nd, uint32_t key, const char *text)
{
	uint8_t buf[16] = "T";
	size_t len = 1;

	assert(key < NET_KEYS);
	if (text != NULL) {
		len = strlen(text) + 1;
		assert(len <= sizeof(buf));
		buf[0] = 'J';
		memcpy(buf + 1, text, len - 1);
		memcpy(nd->mine[key], buf, len);
	}
	nd->mine_len[key] = text == NULL ? 0 : (uint8_t)len;
	scsp_publish(nd->s, NET_SGID, key, buf, len);
}

void
node_fill(struct node *nd, uint32_t n)
{
	char text[16]; /* 15 octets at most: node_publish() */
	uint32_t i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%d.%u", nd->number % 10, i);
		node_publish(nd, i, text);
	}
}

static void
node_answer(void *arg)
{
	struct node *nd = arg;
	uint32_t i, key;

	for (i = 0; i < nd->nowned; i++) {
		key = nd->owned[i];
		if (nd->mine_len[key] != 0)
			scsp_publish(nd->s, NET_SGID, key, nd->mine[key],
			    nd->mine_len[key]);
		else
			scsp_publish(nd->s, NET_SGID, key, "T", 1);
	}
	nd->nowned = 0;
}

/* --- building a network */

void
net_addr(struct atm_addr *a, int i)
{
	uint8_t ip[4] = { 10, 0, 0, (uint8_t)(i + 1) };

	atm_addr_from_ip(a, false, ip, 1);
}

struct net *
net_new(uint64_t seed, int nodes)
{
	struct net *n = calloc(1, sizeof(*n));
	mtime_t start = { 1000000 };
	int i;

	assert(n != NULL && nodes <= NET_NODES);
	timers_init(&n->ts, start);
	n->rng = seed;
	n->wall = 1500000000; /* before 2020: numbers begin at SEQ_FIRST */
	n->delay = MTIME_MS(1);
	n->n = nodes;
	for (i = 0; i < nodes; i++) {
		n->node[i].net = n;
		n->node[i].number = i;
		n->node[i].link.backend = &net_backend;
		n->node[i].link.user = &scsp_vc_user;
		net_addr(&n->node[i].link.local, i);
		TAILQ_INIT(&n->node[i].fvcs);
		timer_init(&n->node[i].answer, node_answer, &n->node[i]);
	}
	return n;
}

struct conf_cluster *
node_conf(struct node *nd)
{
	struct conf_cluster *cc;

	nd->conf = conf_new();
	assert(nd->conf != NULL);
	nd->conf->server_id[0] = 10;
	nd->conf->server_id[1] = nd->conf->server_id[2] = 0;
	nd->conf->server_id[3] = (uint8_t)(nd->number + 1);
	cc = conf_cluster_new(nd->conf, "lis");
	assert(cc != NULL);
	cc->server_group = NET_SGID;
	return cc;
}

struct conf_neighbor *
node_conf_neighbor(struct node *nd, int to)
{
	struct conf_neighbor *cn;

	cn = conf_neighbor_new(TAILQ_FIRST(&nd->conf->clusters));
	assert(cn != NULL);
	net_addr(&cn->addr, to);
	cn->auth = false;
	cn->hello_interval = 3;
	cn->dead_factor = 3;
	cn->rexmt_ca = cn->rexmt_csus = cn->rexmt_csu = 3;
	cn->rexmt_limit = 5;
	return cn;
}

void
node_key(struct node *nd, uint32_t spi, enum conf_algorithm alg,
    const char *secret, int64_t from, int64_t to)
{
	struct conf_key *k = calloc(1, sizeof(*k));

	assert(k != NULL);
	k->spi = spi;
	k->algorithm = alg;
	k->not_before = from;
	k->not_after = to;
	k->len = (uint16_t)strlen(secret);
	memcpy(k->secret, secret, k->len);
	TAILQ_INSERT_TAIL(&nd->conf->keys, k, entry);
}

void
node_start(struct node *nd)
{
	nd->alive = true;
	if (nd->raw)
		return;
	nd->s = scsp_new(&net_ops, nd, &nd->net->ts);
	assert(nd->s != NULL);
	nd->link.arg = nd->s;
	assert(scsp_configure(nd->s, nd->conf) == 0);
	scsp_attach(nd->s, &nd->link);
}

void
node_stop(struct node *nd)
{
	struct fvc *f;
	uint32_t i;

	nd->alive = false;
	while ((f = TAILQ_FIRST(&nd->fvcs)) != NULL) {
		f->up = false; /* nobody is told */
		if (nd->raw)
			net_fvc_free(f);
		else
			nd->link.user->release(nd->link.arg, &f->vc,
			    f->vc.cookie, VC_CAUSE_NORMAL),
			    net_fvc_free(f);
	}
	timer_clear(&nd->net->ts, &nd->answer);
	nd->nowned = 0;
	for (i = 0; i < NET_KEYS; i++)
		nd->mine_len[i] = 0;
	scsp_free(nd->s);
	nd->s = NULL;
	for (i = 0; i < nd->nheard; i++)
		free(nd->heard[i].data);
	nd->nheard = 0;
}

void
net_free(struct net *n)
{
	struct timer *t;
	struct netmsg *m;
	int i;

	for (i = 0; i < n->n; i++) {
		node_stop(&n->node[i]);
		if (n->node[i].conf != NULL)
			conf_free(n->node[i].conf);
	}
	while ((t = n->ts.root) != NULL) {
		timer_clear(&n->ts, t);
		m = t->arg;
		vc_sdu_free(m->sdu);
		free(m);
	}
	free(n);
}

void
net_run(struct net *n, int64_t ms)
{
	mtime_t end = { n->ts.now.us + MTIME_MS(ms) }, due;

	while (timers_next(&n->ts, &due) && due.us <= end.us)
		timers_run(&n->ts, due);
	timers_run(&n->ts, end);
}

struct net *
net_line(uint64_t seed, int nodes, bool ring)
{
	struct net *n = net_new(seed, nodes);
	int i;

	for (i = 0; i < nodes; i++) {
		node_conf(&n->node[i]);
		if (i > 0)
			node_conf_neighbor(&n->node[i], i - 1);
		if (i < nodes - 1)
			node_conf_neighbor(&n->node[i], i + 1);
		if (ring && i == 0)
			node_conf_neighbor(&n->node[i], nodes - 1);
		if (ring && i == nodes - 1)
			node_conf_neighbor(&n->node[i], 0);
	}
	return n;
}

void
net_start(struct net *n)
{
	int i;

	for (i = 0; i < n->n; i++)
		node_start(&n->node[i]);
}

struct scsp_group *
node_group(struct node *nd)
{
	return scsp_group_find(nd->s, NET_SGID);
}

struct scsp_neighbor *
node_neighbor_of(struct node *nd, int to)
{
	struct scsp_neighbor *nb;
	struct atm_addr a;

	net_addr(&a, to);
	TAILQ_FOREACH(nb, &node_group(nd)->neighbors, of_group)
		if (atm_addr_equal(&nb->peer->addr, &a))
			return nb;
	return NULL;
}

struct scsp_entry *
node_entry(struct node *nd, int owner, uint32_t key)
{
	return scsp_cache_find(&node_group(nd)->cache,
	    RECORD_ID(0x0a000001U + (uint32_t)owner, key));
}

struct kept net_kept[NET_KEPT];
uint32_t net_nkept;
static uint32_t max_kept;

static bool
keep(struct net *n, int from, int to, const uint8_t *data, size_t len)
{
	struct kept *k = &net_kept[net_nkept];

	(void)n;
	if (from == 0 && to == 1 && net_nkept < max_kept &&
	    len <= sizeof(k->data)) {
		k->len = len;
		memcpy(k->data, data, len);
		net_nkept++;
	}
	return false;
}

void
net_listen(struct net *n, uint32_t max)
{
	assert(max <= NET_KEPT);
	net_nkept = 0;
	max_kept = max;
	n->tap = keep;
}

void
net_listen_end(struct net *n)
{
	n->tap = NULL;
}
