/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A cluster member or a multicast server: the core of marsc, what its user
 * wants (the reference that the servers are compared with), and what it
 * came to see.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define HOST_SEL	2
#define TAG_LEN		4

/* A lodger lives at its landlord's address, as a client of its endpoint. */
static struct node *
place(struct host *h)
{
	return h->landlord == NULL ? &h->node : &h->landlord->node;
}

/* Whose client is it, of those who live here? */
static struct host *
tenant(struct host *h, const struct marsc *c)
{
	return h->lodger != NULL && h->lodger->client == c ? h->lodger : h;
}

void
group_addr(const struct world *w, uint8_t proto, uint32_t n, struct paddr *g)
{
	memset(g, 0, sizeof(*g));
	g->len = mars_pro_addrlen(&w->pro[proto]);
	if (g->len == 4) {
		g->a[0] = 239;
		g->a[1] = 1;
	} else {
		g->a[0] = 0xff;
		g->a[1] = 0x05;
	}
	g->a[g->len - 2] = (uint8_t)(n >> 8);
	g->a[g->len - 1] = (uint8_t)n;
}

bool
host_is_in(const struct host *h, const struct paddr *g)
{
	size_t i;

	for (i = 0; i < h->nwant; i++)
		if (paddr_cmp(&h->want[i].min, g) <= 0 &&
		    paddr_cmp(g, &h->want[i].max) <= 0)
			return true;
	return false;
}

static struct want *
want_find(struct host *h, const struct paddr *min, const struct paddr *max)
{
	size_t i;

	for (i = 0; i < h->nwant; i++)
		if (paddr_equal(&h->want[i].min, min) &&
		    paddr_equal(&h->want[i].max, max))
			return &h->want[i];
	return NULL;
}

/* --- views */

static struct view *
view_find(struct host *h, const struct paddr *g)
{
	size_t i;

	for (i = 0; i < h->nviews; i++)
		if (paddr_equal(&h->view[i].group, g))
			return &h->view[i];
	return NULL;
}

static size_t
view_leaf(const struct view *v, const struct atm_addr *a)
{
	size_t i;

	for (i = 0; i < v->n; i++)
		if (atm_addr_equal(&v->leaf[i], a))
			break;
	return i;
}

static void
view_drop(struct view *v, const struct atm_addr *a)
{
	size_t i = view_leaf(v, a);

	if (i == v->n)
		return;
	v->leaf[i] = v->leaf[--v->n];
	v->added[i] = v->added[v->n];
}

/* The last one is always that of which was told last. */
static void
view_add(struct view *v, const struct atm_addr *a, int64_t now)
{
	view_drop(v, a);
	v->leaf = reallocarray(v->leaf, v->n + 1, sizeof(*v->leaf));
	v->added = reallocarray(v->added, v->n + 1, sizeof(*v->added));
	if (v->leaf == NULL || v->added == NULL)
		abort();
	v->added[v->n] = now;
	v->leaf[v->n++] = *a;
}

static void
view_clear(struct view *v)
{
	free(v->leaf);
	free(v->added);
	v->leaf = NULL;
	v->added = NULL;
	v->n = 0;
	v->up = false;
}

static void
view_notice(struct host *h, const struct marsc_notice *n)
{
	struct view *v = view_find(h, n->min);
	struct want *want = want_find(h, n->min, n->max);

	if (h->mcs && want != NULL &&
	    (n->code == MARSC_NOTICE_PATH_UP ||
	    n->code == MARSC_NOTICE_REVALIDATE))
		want->asked = h->node.w->ts.now.us;
	if (v == NULL)
		return;
	switch (n->code) {
	case MARSC_NOTICE_LEAF_ADDED:
		view_add(v, n->addrs, h->node.w->ts.now.us);
		break;
	case MARSC_NOTICE_LEAF_DROPPED:
		view_drop(v, n->addrs);
		break;
	case MARSC_NOTICE_PATH_UP:
		/* a new circuit, and its first leaf was told of just now */
		v->leaf[0] = v->leaf[v->n - 1];
		v->added[0] = v->added[v->n - 1];
		v->n = 1;
		v->up = true;
		v->since = h->node.w->ts.now.us;
		break;
	case MARSC_NOTICE_REVALIDATE:
		v->since = h->node.w->ts.now.us;
		break;
	default:
		view_clear(v);
		break;
	}
}

/* --- what the client tells */

static void
notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	struct host *h = tenant(arg, c);
	struct world *w = h->node.w;
	char text[PADDR_STRLEN] = "", server[ATM_STRLEN] = "";
	struct want *want;
	size_t i;

	if (w->verbose > 1 ||
	    (w->verbose > 0 && n->code != MARSC_NOTICE_HEARD &&
	    n->code != MARSC_NOTICE_LEAF_ADDED &&
	    n->code != MARSC_NOTICE_LEAF_DROPPED)) {
		if (n->min != NULL)
			paddr_print(n->min, text, sizeof(text));
		if (n->server != NULL)
			atm_addr_print(n->server, server, sizeof(server));
		if (n->addrs != NULL && n->n != 0)
			atm_addr_print(n->addrs, server, sizeof(server));
		trace(w, 1, &h->node, "%s %s %s %s %u %zu",
		    marsc_notice_name(n->code), server, text,
		    n->why == NULL ? "" : n->why, n->number, n->n);
	}
	switch (n->code) {
	case MARSC_NOTICE_JOINED:
	case MARSC_NOTICE_LEFT:
		if ((want = want_find(h, n->min, n->max)) == NULL)
			break;
		if (!want->joined)
			want->since = w->ts.now.us;
		want->joined = n->code == MARSC_NOTICE_JOINED;
		break;
	case MARSC_NOTICE_LEAF_ADDED:
	case MARSC_NOTICE_LEAF_DROPPED:
	case MARSC_NOTICE_PATH_UP:
	case MARSC_NOTICE_PATH_DOWN:
	case MARSC_NOTICE_REVALIDATE:
		view_notice(h, n);
		break;
	case MARSC_NOTICE_MARS_FAILED:
	case MARSC_NOTICE_REDIRECT:
		h->moved = true;
		break;
	case MARSC_NOTICE_DEREGISTERED:
		if (h->leaving)
			timer_set(&w->ts, &h->comeback, 0);
		break;
	case MARSC_NOTICE_MEMBERS:
		if (!h->asked || !paddr_equal(n->min, &h->question))
			break;
		free(h->answer);
		h->answer = reallocarray(NULL, n->n + 1, sizeof(*h->answer));
		if (h->answer == NULL)
			abort();
		for (i = 0; i < n->n; i++)
			h->answer[i] = n->addrs[i];
		h->nanswer = n->n;
		h->answered = true;
		break;
	case MARSC_NOTICE_VIOLATION:
		(void)fprintf(stderr, "%s: %s in state %s\n", n->table,
		    n->event, n->state);
		abort();
	default:
		break;
	}
}

static uint32_t
op_random(void *arg)
{
	return node_random32(&((struct host *)arg)->node);
}

/* A packet of the sender whose turn it is? */
static void
op_packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	struct host *h = tenant(arg, c);
	struct world *w = h->node.w;
	uint32_t tag;

	if (p->len < TAG_LEN)
		return;
	memcpy(&tag, p->data + p->len - TAG_LEN, TAG_LEN);
	if (tag == w->tag)
		h->heard++;
}

static const struct marsc_ops client_ops = {
	.random = op_random, .notice = notice, .packet = op_packet
};

/* --- its life */

static void
on_comeback(void *arg)
{
	struct host *h = arg;

	if (h->alive)
		host_end(h); /* it has deregistered */
	else
		host_start(h);
}

void
host_init(struct world *w, uint32_t n, bool mcs)
{
	struct host *h = &w->host[n];

	node_init(&h->node, w, false, n);
	h->node.started = -1;
	h->mcs = mcs;
	h->proto = (uint8_t)rnd(w, w->nprotos);
	atm_addr_from_ip(&h->addr, false, h->node.ip, HOST_SEL);
	/* in half of the worlds with two protocols, some share an endpoint */
	if (w->nprotos == 2 && w->seed % 2 == 1 && n % 3 == 1) {
		h->landlord = &w->host[n - 1];
		h->landlord->lodger = h;
		h->proto = !h->landlord->proto;
		h->addr = h->landlord->addr;
		w->st.shared++;
	}
	timer_init(&h->comeback, on_comeback, h);
}

/* The servers in an order of its own, some of them or all. */
static void
choose_servers(struct world *w, struct atm_addr *list, size_t *n)
{
	uint32_t order[SERVERS_MAX], i, j, t;

	for (i = 0; i < w->nservers; i++)
		order[i] = i;
	for (i = w->nservers - 1; i > 0; i--) {
		j = (uint32_t)rnd(w, i + 1);
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	*n = w->nservers;
	if (*n > 3)
		*n = (size_t)between(w, 3, w->nservers);
	for (i = 0; i < *n; i++)
		list[i] = w->server[order[i]].addr;
}

static void
timers_short(const struct world *w, struct marsc_timers *t)
{
	marsc_timers_default(t);
	t->mars_idle = MTIME_SEC(w->seed % 3 == 0 ? 15 : 1200);
	t->part = MTIME_SEC(3);
	t->quiet_min = MTIME_SEC(1);
	t->quiet_max = MTIME_SEC(3);
	t->add_min = MTIME_SEC(1);
	t->add_max = MTIME_SEC(3);
	t->stale_min = MTIME_SEC(1);
	t->stale_max = MTIME_SEC(3);
	t->rexmt = MTIME_SEC(2);
	t->again_min = MTIME_SEC(1);
	t->again_max = MTIME_SEC(3);
	t->rejoin_min = MTIME_SEC(1);
	t->rejoin_max = MTIME_SEC(3);
	t->loop = MTIME_SEC(5);
	t->map = MTIME_SEC(4 * w->interval);
	t->settle = MTIME_SEC(4);
}

void
host_start(struct host *h)
{
	struct world *w = h->node.w;
	struct atm_addr servers[SERVERS_MAX];
	struct marsc_conf c = { .pro = w->pro[h->proto], .mcs = h->mcs };
	struct nvc *nvc;
	size_t i;

	timer_clear(&w->ts, &h->comeback);
	if (h->landlord != NULL && !h->landlord->alive) {
		h->evicted = true; /* it comes when the landlord does */
		return;
	}
	h->evicted = false;
	trace(w, 1, &h->node, "starts");
	node_enter(place(h));
	h->alive = true;
	h->moved = h->moved || h->node.started >= 0;
	h->node.started = h->node.w->ts.now.us;
	h->leaving = false;
	choose_servers(w, servers, &c.nservers);
	c.servers = servers;
	timers_short(w, &c.timers);
	h->end = h->landlord != NULL ?
	    h->landlord->end :
	    marsc_host_new(&client_ops, h, &h->node.ts);
	if (h->end == NULL || (h->client = marsc_new(h->end, &c)) == NULL)
		abort();
	if (h->landlord == NULL) {
		nvc = node_open(&h->node, 0, HOST_SEL, NULL, NULL);
		marsc_host_attach(h->end, nvc_link(nvc));
	}
	marsc_register(h->client);
	for (i = 0; i < h->nwant; i++) {
		h->want[i].joined = false;
		(void)marsc_join(h->client, &h->want[i].min, &h->want[i].max,
		    (h->node.n & 1) != 0);
	}
	node_settle(place(h));
	if (h->lodger != NULL && h->lodger->evicted)
		host_start(h->lodger);
}

/* One client goes, or with the landlord's the whole endpoint. */
static void
leave_node(struct host *h)
{
	struct node *n = place(h);

	node_enter(n);
	if (h->landlord != NULL)
		marsc_free(h->client);
	else
		marsc_host_free(h->end);
	h->end = NULL;
	h->client = NULL;
	if (!n->silent)
		node_settle(n);
	if (h->landlord == NULL)
		node_close(n);
}

static void
stop(struct host *h, bool silent)
{
	size_t i;

	timer_clear(&h->node.w->ts, &h->comeback);
	if (h->landlord == NULL)
		h->node.silent = silent;
	if (h->lodger != NULL && h->lodger->alive) {
		stop(h->lodger, silent);
		h->lodger->evicted = true;
	}
	h->alive = h->leaving = false;
	leave_node(h);
	for (i = 0; i < h->nviews; i++)
		view_clear(&h->view[i]);
	h->nviews = 0;
	h->asked = false;
}

/* It goes, and nobody is told. */
void
host_vanish(struct host *h)
{
	if (!h->alive)
		return;
	trace(h->node.w, 1, &h->node, "vanishes");
	stop(h, true);
}

/* Its process ends, and the system closes its circuits. */
void
host_end(struct host *h)
{
	if (!h->alive)
		return;
	trace(h->node.w, 1, &h->node, h->leaving ? "has left" : "ends");
	stop(h, false);
}

void
host_quit(struct host *h)
{
	if (!h->alive || h->leaving)
		return;
	trace(h->node.w, 1, &h->node, "leaves the cluster");
	h->leaving = true;
	node_enter(place(h));
	marsc_deregister(h->client);
	node_settle(place(h));
}

static bool
want_overlaps(
    const struct host *h, const struct paddr *min, const struct paddr *max)
{
	const struct want *v;

	for (v = h->want; v < h->want + h->nwant; v++)
		if (memcmp(v->min.a, max->a, max->len) <= 0 &&
		    memcmp(min->a, v->max.a, min->len) <= 0)
			return true;
	return false;
}

void
host_join(struct host *h, const struct paddr *min, const struct paddr *max)
{
	char a[PADDR_STRLEN], b[PADDR_STRLEN];
	struct want *v;

	if (want_find(h, min, max) != NULL)
		return;
	/*
	 * Overlapping blocks are not allowed (5.2): it is not wanted then.
	 * The client says so below, if there is one.
	 */
	if (!h->alive && want_overlaps(h, min, max))
		return;
	v = reallocarray(h->want, h->nwant + 1, sizeof(*v));
	if (v == NULL)
		abort();
	h->want = v;
	v[h->nwant++] = (struct want){ .min = *min, .max = *max };
	trace(h->node.w, 1, &h->node, "joins %s - %s",
	    paddr_print(min, a, sizeof(a)), paddr_print(max, b, sizeof(b)));
	if (!h->alive)
		return;
	node_enter(place(h));
	if (marsc_join(h->client, min, max, (h->node.n & 1) != 0) != MARSC_OK)
		h->nwant--;
	node_settle(place(h));
}

void
host_leave(struct host *h, size_t i)
{
	struct want v = h->want[i];
	char a[PADDR_STRLEN], b[PADDR_STRLEN];

	trace(h->node.w, 1, &h->node, "leaves %s - %s",
	    paddr_print(&v.min, a, sizeof(a)),
	    paddr_print(&v.max, b, sizeof(b)));
	h->want[i] = h->want[--h->nwant];
	if (!h->alive)
		return;
	node_enter(place(h));
	(void)marsc_leave(h->client, &v.min, &v.max);
	node_settle(place(h));
}

/* From now on it sends to this group now and then. */
void
host_sends(struct host *h, const struct paddr *g)
{
	if (h->nviews < VIEWS_MAX && view_find(h, g) == NULL)
		h->view[h->nviews++] = (struct view){ .group = *g };
}

/* A packet to a group, as the layer 3 protocol has it, with the tag. */
void
host_packet(struct host *h, const struct paddr *g)
{
	uint8_t p[40 + TAG_LEN] = { 0 };
	size_t len = g->len == 4 ? 20 : 40;

	if (!h->alive || h->leaving)
		return;
	p[0] = g->len == 4 ? 0x45 : 0x60;
	memcpy(p + (g->len == 4 ? 16 : 24), g->a, g->len);
	memcpy(p + len, &h->node.w->tag, TAG_LEN);
	node_enter(place(h));
	(void)marsc_transmit(h->client, g, p, len + TAG_LEN);
	node_settle(place(h));
}

void
host_ask(struct host *h, const struct paddr *g)
{
	h->asked = true;
	h->answered = false;
	h->question = *g;
	node_enter(place(h));
	(void)marsc_request(h->client, g);
	node_settle(place(h));
}

void
host_fini(struct host *h)
{
	h->leaving = false;
	timer_clear(&h->node.w->ts, &h->comeback);
	host_vanish(h);
	free(h->want);
	free(h->answer);
	h->want = NULL;
	h->answer = NULL;
}
