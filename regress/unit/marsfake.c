/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a core of marsnet.h is given: circuits that keep what is sent on them,
 * and a scspd that hands every record to the other servers.
 */
#include "marsnet.h"

/* --- the circuit backend */

static void
net_keep(struct net *net, const struct nvc *v, const struct vc_sdu *s)
{
	struct sent *t;

	if (net->quiet) {
		net->nsent++;
		return;
	}
	if (net->nsent == net->maxsent) {
		net->maxsent = net->maxsent == 0 ? 64 : net->maxsent * 2;
		net->sent =
		    reallocarray(net->sent, net->maxsent, sizeof(*net->sent));
		assert_non_null(net->sent);
	}
	t = &net->sent[net->nsent++];
	memset(t, 0, sizeof(*t));
	t->server = v->server;
	t->control = v->root;
	if (v->root)
		t->role = ((const struct marsd_control *)v->vc.cookie)->role;
	t->to = v->peer;
	t->len = s->len;
	t->p = malloc(s->len);
	assert_non_null(t->p);
	memcpy(t->p, s->data, s->len);
}

static int
nvc_send(struct vc *vc, struct vc_sdu *s)
{
	struct nvc *v = (struct nvc *)vc;

	if (v->root && v->net->full) {
		vc_sdu_free(s);
		return -1;
	}
	net_keep(v->net, v, s);
	vc_sdu_free(s);
	return 0;
}

struct nvc *
nvc_new(struct net *net, int server, void *cookie, bool root)
{
	struct nvc *v = calloc(1, sizeof(*v));

	assert_non_null(v);
	v->vc.link = &net->s[server].link;
	v->vc.cookie = cookie;
	v->net = net;
	v->server = server;
	v->root = root;
	return v;
}

static struct nserver *
link_server(struct vc_link *l)
{
	return (struct nserver *)(void *)((char *)l -
	    offsetof(struct nserver, link));
}

static struct vc *
nvc_multi(struct vc_link *l, void *cookie)
{
	struct nserver *s = link_server(l);

	return &nvc_new(s->net, s->n, cookie, true)->vc;
}

static struct vc_leaf *
nvc_multi_add(struct vc *root, const struct atm_addr *a, void *cookie)
{
	struct nvc *v = (struct nvc *)root;
	struct nleaf *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->leaf.root = root;
	l->leaf.cookie = cookie;
	l->net = v->net;
	l->addr = *a;
	TAILQ_INSERT_TAIL(&v->net->leaves, l, entry);
	return &l->leaf;
}

static void
nvc_multi_drop(struct vc_leaf *leaf)
{
	struct nleaf *l = (struct nleaf *)leaf;

	TAILQ_REMOVE(&l->net->leaves, l, entry);
	free(l);
}

static void
nvc_release(struct vc *vc, uint16_t cause)
{
	struct nvc *v = (struct nvc *)vc;
	struct nleaf *l, *next;

	(void)cause;
	for (l = TAILQ_FIRST(&v->net->leaves); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (l->leaf.root == vc)
			nvc_multi_drop(&l->leaf);
	}
	free(v);
}

/* what is sent has arrived */
static void
nvc_nothing_to_flush(struct vc_link *l)
{
	(void)l;
}

static const struct atm_addr *
nvc_peer(const struct vc *vc)
{
	return &((const struct nvc *)vc)->peer;
}

static uint32_t
nvc_backlog(const struct vc *vc)
{
	const struct nvc *v = (const struct nvc *)vc;

	return v->root && v->net->busy ? 1 : 0;
}

static size_t
nvc_sdu_max(const struct vc *vc)
{
	size_t max = ((const struct nvc *)vc)->net->sdu_max;

	return max == 0 ? VC_SDU_MAX : max;
}

const struct vc_backend net_backend = {
	.name = "test",
	.knows_caller = true,
	.multi = nvc_multi,
	.multi_add = nvc_multi_add,
	.multi_drop = nvc_multi_drop,
	.release = nvc_release,
	.send = nvc_send,
	.peer = nvc_peer,
	.backlog = nvc_backlog,
	.sdu_max = nvc_sdu_max,
	.flush = nvc_nothing_to_flush,
};

/* --- what the core is given */

static uint32_t
net_random(void *arg)
{
	struct nserver *s = arg;

	return s->net->random = s->net->random * 1103515245 + 12345;
}

static void
net_publish(
    void *arg, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	struct nserver *s = arg;
	struct record *r, *old;
	struct delivery *d;
	int i;

	s->published++;
	if (s->net->quiet)
		return;
	r = calloc(1, sizeof(*r));
	assert_non_null(r);
	r->sgid = sgid;
	r->key = key;
	r->seq = INT32_MIN + 1;
	for (old = s->records; old != NULL; old = old->next)
		if (old->key == key && old->seq >= r->seq)
			r->seq = old->seq + 1;
	r->len = len;
	memcpy(r->data, data, len);
	r->next = s->records;
	s->records = r;
	for (i = 0; i < SERVERS && !s->cut; i++) {
		if (i == s->n)
			continue;
		d = calloc(1, sizeof(*d));
		assert_non_null(d);
		d->from = s->n;
		d->to = i;
		d->r = *r;
		*s->net->tail = d;
		s->net->tail = &d->next;
	}
}

static void
net_hide(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	(void)sgid;
	(void)oid;
	(void)k;
	((struct nserver *)arg)->hidden += n;
}

static void
net_revive(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	(void)sgid;
	(void)oid;
	(void)k;
	((struct nserver *)arg)->revived += n;
}

static void
net_erase(void *arg, uint16_t sgid, const uint8_t oid[4], const uint32_t *k,
    uint32_t n)
{
	(void)sgid;
	(void)oid;
	(void)k;
	((struct nserver *)arg)->erased += n;
}

static void
net_realign(void *arg, uint16_t sgid)
{
	(void)sgid;
	((struct nserver *)arg)->realigned++;
}

static bool
net_congested(void *arg)
{
	return ((struct nserver *)arg)->net->congested;
}

static void
net_event(void *arg, const struct marsd_event *ev)
{
	struct nserver *s = arg;

	s->events[ev->code]++;
	if (ev->why != NULL)
		(void)strlcpy(s->why, ev->why, sizeof(s->why));
}

const struct marsd_ops net_ops = {
	.random = net_random,
	.publish = net_publish,
	.hide = net_hide,
	.revive = net_revive,
	.erase = net_erase,
	.realign = net_realign,
	.congested = net_congested,
	.event = net_event,
};
