/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The simulator's world, small: two servers of marsd and scspd, three clients,
 * all on NVC; and a machine that calls whom it likes, registers, joins, and
 * says what it likes, while servers and clients come and go.  No state machine
 * is violated.  When the machine has gone, all agree as the simulator checks
 * it (regress/sim/check.c): what servers know is what the clients want.
 */
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "fuzz.h"
#include "regress/sim/sim.h"
#include "regress/unit/marsoctets.h"

#define SERVERS		2
#define HOSTS		3
#define MAD		HOSTS	/* the number of the machine */
#define MAD_SEL		2
#define GROUPS		8
#define CIRCUITS	16

int64_t alive_allocations;	/* are counted by a sanitizer here */

struct mad {
	struct world	*w;
	struct nvc	*nvc;
	struct vc	*vc[CIRCUITS];
};

/* --- the machine's circuits: a cookie is where it is kept */

static uint16_t
mad_call(void *arg, struct vc *vc, const struct atm_addr *who, bool leaf,
    void **cookie)
{
	struct mad *m = arg;
	int i;

	(void)who;
	(void)leaf;
	for (i = 0; i < CIRCUITS; i++)
		if (m->vc[i] == NULL) {
			m->vc[i] = vc;
			*cookie = &m->vc[i];
			return VC_CAUSE_NONE;
		}
	return VC_CAUSE_RESOURCE;
}

static void
mad_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)arg;
	(void)vc;
	(void)cookie;
}

static void
mad_gone(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	(void)cause;
	*(struct vc **)cookie = NULL;
}

static void
mad_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	(void)arg;
	(void)vc;
	(void)cookie;
	(void)p;
	(void)len;
}

/* its only leaf: the root stays until it is given up */
static void
mad_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	(void)cookie;
}

static void
mad_leaf_gone(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)leaf;
	(void)cookie;
	(void)cause;
}

static const struct vc_user mad_user = { .remote_call = mad_call,
	.ack = mad_ack, .rqfailed = mad_gone, .release = mad_gone,
	.sdu = mad_sdu, .leaf_ack = mad_leaf_ack, .leaf_failed = mad_leaf_gone,
	.leaf_drop = mad_leaf_gone };

/* --- the world */

static struct world *
world_begin(struct mad *m, uint8_t how)
{
	struct world *w = calloc(1, sizeof(*w));
	uint32_t i;

	MUST(w != NULL);
	w->rng = 4711;
	timers_init(&w->ts, (mtime_t){ 0 });
	w->pro[0].type = PRO_IPV4;
	w->nprotos = 1;
	w->nservers = SERVERS;
	w->nhosts = HOSTS + 1;
	w->ngroups = GROUPS;
	w->delay = MTIME_MS(2);
	w->interval = 2;
	w->dead = 8;
	w->hold = 4;
	w->tombstone = 22;
	w->hello = w->rexmt = 1;
	w->enquiry = 2;
	w->keys = how & 2;
	w->edge[0][1] = w->edge[1][0] = true;
	w->host = calloc(w->nhosts, sizeof(*w->host));
	MUST(w->host != NULL);
	for (i = 0; i < SERVERS; i++)
		server_init(w, i);
	for (i = 0; i < w->nhosts; i++)
		host_init(w, i, i == HOSTS - 1 && (how & 1));
	for (i = 0; i < SERVERS; i++)
		server_start(&w->server[i]);
	for (i = 0; i < HOSTS; i++)
		host_start(&w->host[i]);
	m->w = w;
	m->nvc = node_open(&w->host[MAD].node, 0, MAD_SEL, &mad_user, m);
	run_for(w, MTIME_SEC(5));
	return w;
}

/* --- what the machine does */

static struct node *
mad_node(struct mad *m)
{
	return &m->w->host[MAD].node;
}

/* marsd or scspd of a server, or a client */
static void
mad_whom(struct mad *m, uint8_t which, struct atm_addr *a)
{
	if (which % 8 < 4)
		*a = m->w->server[which % SERVERS].addr;
	else
		*a = m->w->host[which % HOSTS].addr;
	if (which % 8 == 3)
		atm_addr_set_sel(a, SEL_SCSPD);
}

static void
mad_calls(struct mad *m, struct rd *r)
{
	uint8_t which = rd_u8(r), i = which / 8 % CIRCUITS;
	struct atm_addr a;
	struct vc *root;

	mad_whom(m, which, &a);
	if (m->vc[i] != NULL) {
		vc_release(m->vc[i], VC_CAUSE_NORMAL);
		m->vc[i] = NULL;
	} else if (which & 128) {
		/* the root stays until all ends */
		if ((root = vc_multi(nvc_link(m->nvc), &m->vc[i])) != NULL)
			(void)vc_multi_add(root, &a, &m->vc[i]);
		m->vc[i] = root;
	} else
		m->vc[i] = vc_call(nvc_link(m->nvc), &a, &m->vc[i]);
}

static void
mad_message(struct mad *m, struct rd *r, struct buf *b)
{
	static const uint8_t ops[] = { 4, 4, 4, 5, 3, 7, 1, 10, 2, 8, 9, 12,
		13, 6, 11 };
	uint8_t op = fuzz_pick(r, ops), how = rd_u8(r);
	struct atm_addr src = m->w->host[how & 1 ? how / 64 : MAD].addr;
	uint32_t min = 0xef010000U + fuzz_below(r, GROUPS), max = min;
	unsigned flags = how & 4 ? rd_u16(r) : how & 8 ? 0x2000 : 0;

	if (how & 2)
		max += fuzz_below(r, 4);
	if (op == 1)
		b_request(b, src, min);
	else
		b_join(b, op, flags, src, flags & 0x2000 ? 0 : 1, min, max);
	if (how & 16)
		b->p[OFF(fuzz_below(r, (uint32_t)(b->len - OFF(0))))] ^=
		    rd_u8(r);
	if (how & 32)
		b->len += fuzz_octets(r, b->p + b->len, 128);
}

static void
mad_says(struct mad *m, struct rd *r)
{
	uint8_t which = rd_u8(r);
	struct vc *vc = m->vc[which % CIRCUITS];
	static struct buf b;

	b.len = 0;
	if (which & 128)
		b.len = fuzz_octets(r, b.p, 1024);
	else
		mad_message(m, r, &b);
	if (vc != NULL)
		(void)vc_send(vc, vc_sdu_new(b.p, b.len));
}

/* A datagram of its address, whatever circuits it has. */
static void
mad_datagram(struct mad *m, struct rd *r)
{
	struct nvc_dest from = { .port = 2022 + MAD_SEL };
	uint8_t buf[1024], which = rd_u8(r), *copy;
	struct world *w = m->w;
	struct node *n = which & 1 ? &w->host[which / 2 % HOSTS].node :
	    &w->server[which / 2 % SERVERS].node;
	size_t len = fuzz_octets(r, buf, sizeof(buf));
	struct vc_port *p = &n->port[which & 1 ? 0 : which / 8 % 2];

	if (p->nvc == NULL)
		return;
	memcpy(from.ip, mad_node(m)->ip, 4);
	node_enter(n);
	copy = fuzz_copy(buf, len);
	nvc_input(p->nvc, &from, copy, len);
	free(copy);
	node_settle(n);
}

static void
mad_does(struct mad *m, struct rd *r, void (*what)(struct mad *, struct rd *))
{
	node_enter(mad_node(m));
	what(m, r);
	node_settle(mad_node(m));
	run_for(m->w, MTIME_MS(20));
}

/* --- what happens to the others */

static void
host_event(struct world *w, struct rd *r)
{
	uint8_t what = rd_u8(r);
	struct host *h = &w->host[what / 16 % HOSTS];
	struct paddr min, max;

	group_addr(w, 0, rd_u8(r) % GROUPS, &min);
	max = min;
	switch (what % 8) {
	case 0:
		if (!h->mcs)
			max.a[3] |= 3;
		/* FALLTHROUGH */
	case 1:
	case 2:
		host_join(h, &min, &max);
		break;
	case 3:
		if (h->nwant != 0)
			host_leave(h, max.a[3] % h->nwant);
		break;
	case 4:
		if (!h->mcs)
			host_sends(h, &min);
		host_packet(h, &min);
		break;
	case 5:
		if (h->alive && !h->leaving)
			host_ask(h, &min);
		break;
	case 6:
		if (h->alive)
			host_vanish(h);
		else
			host_start(h);
		break;
	case 7:
		if (what & 8)
			host_quit(h);
		break;
	}
}

static void
server_event(struct world *w, struct rd *r)
{
	uint8_t what = rd_u8(r);
	struct server *s = &w->server[what / 16 % SERVERS];

	if (!s->alive)
		server_start(s);
	else if (what % 16 == 0)
		server_crash(s);
	else if (what % 16 == 1)
		server_stop(s, MTIME_MS(500));
	else if (what % 16 == 2)
		plan_redirect(w);
}

static void
event(struct mad *m, struct rd *r)
{
	switch (rd_u8(r) % 16) {
	case 0:
	case 1:
	case 2:
		host_event(m->w, r);
		break;
	case 3:
		server_event(m->w, r);
		break;
	case 4:
	case 5:
	case 6:
		mad_does(m, r, mad_calls);
		break;
	case 7:
		mad_datagram(m, r);
		break;
	case 8:
		run_for(m->w, fuzz_time(r) / 60);
		break;
	default:
		mad_does(m, r, mad_says);
		break;
	}
}

/* The servers do, on what the clients want. */
static void
agree(struct world *w)
{
	int i;

	run_for(w, MTIME_SEC(10));
	for (i = 0; i < 60 && !check_servers(w, false); i++)
		run_for(w, MTIME_SEC(5));
	MUST(check_servers(w, true));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mad m = { .w = NULL };
	struct world *w;
	int left = 100;
	uint8_t how;
	struct rd r;

	rd_init(&r, data, size);
	how = rd_u8(&r);
	w = world_begin(&m, how);
	while (fuzz_more(&r) && left-- > 0)
		event(&m, &r);
	node_close(mad_node(&m));
	plan_servers_back(w);
	w->troubled = true;
	if (how & 4)
		plan_quiet(w);	/* for good, and the clients agree, too */
	else
		agree(w);
	MUST(!w->failed);
	plan_end(w);
	MUST(!w->failed);
	free(w);
	return 0;
}
