/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Time, the network, random numbers, and what is told of them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define BASE_PORT	2022

/* --- random numbers: splitmix64 */

static uint64_t
next(struct world *w)
{
	uint64_t z = (w->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint64_t
rnd(struct world *w, uint64_t n)
{
	return n == 0 ? 0 : next(w) % n;
}

int64_t
between(struct world *w, int64_t min, int64_t max)
{
	return min + (int64_t)rnd(w, (uint64_t)(max - min) + 1);
}

bool
chance(struct world *w, uint32_t percent)
{
	return rnd(w, 100) < percent;
}

uint32_t
node_random32(void *arg)
{
	return (uint32_t)next(((struct node *)arg)->w);
}

uint64_t
node_random64(void *arg)
{
	return next(((struct node *)arg)->w);
}

/* --- what is told */

static void
say(struct world *w, const struct node *n, const char *fmt, va_list ap)
{
	fprintf(stderr, "# %10.3f ", (double)w->ts.now.us / 1e6);
	if (n != NULL)
		fprintf(stderr, "%s %u: ", n->what, n->n);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void
trace(struct world *w, int level, const struct node *n, const char *fmt, ...)
{
	va_list ap;

	if (w->verbose < level)
		return;
	va_start(ap, fmt);
	say(w, n, fmt, ap);
	va_end(ap);
}

void
fail(struct world *w, const char *fmt, ...)
{
	va_list ap;

	w->failed = true;
	fprintf(stderr, "# FAILED seed %llu:\n", (unsigned long long)w->seed);
	va_start(ap, fmt);
	say(w, NULL, fmt, ap);
	va_end(ap);
}

/* --- clocks */

static mtime_t
local_time(const struct node *n)
{
	int64_t t = n->w->ts.now.us;
	mtime_t l = { n->offset + t + t * n->ppm / 1000000 };

	return l;
}

/* Wakes the node when its clock shows what its next timer waits for. */
static void
schedule(struct node *n)
{
	struct world *w = n->w;
	mtime_t due;
	int64_t wait;

	if (!timers_next(&n->ts, &due)) {
		timer_clear(&w->ts, &n->wake);
		return;
	}
	wait = mtime_diff(local_time(n), due);
	wait = wait <= 0 ? 0 : wait * 1000000 / (1000000 + n->ppm) + 1;
	timer_set(&w->ts, &n->wake, wait);
}

void
node_enter(struct node *n)
{
	timers_run(&n->ts, local_time(n));
}

/*
 * The system takes some datagrams of marsd's now, and more a little later, or,
 * while there are faults, so much later that what waits is given up
 * (K_OVERFLOW).
 */
static void
flush_slowly(struct node *n)
{
	struct world *w = n->w;

	if (timer_isset(&n->slow) ||
	    nvc_flush(n->port[0].nvc, (size_t)rnd(w, 12 + w->nhosts / 4)))
		return;
	timer_set(&w->ts, &n->slow, w->faulty && chance(w, 3) ?
	    between(w, MTIME_SEC(1), MTIME_SEC(3)) :
	    between(w, 0, MTIME_MS(50)));
}

void
node_settle(struct node *n)
{
	bool slow = n->server && n->w->slow;
	int i;

	for (i = 0; i < 2; i++)
		if (n->port[i].nvc == NULL)
			continue;
		else if (slow && i == 0)
			flush_slowly(n);
		else
			(void)nvc_flush(n->port[i].nvc, SIZE_MAX);
	schedule(n);
}

static void
on_slow(void *arg)
{
	node_enter(arg);
	node_settle(arg);
}

static void
on_wake(void *arg)
{
	node_enter(arg);
	node_settle(arg);
}

void
run_for(struct world *w, int64_t us)
{
	mtime_t end = { w->ts.now.us + us }, due;

	while (timers_next(&w->ts, &due) && due.us <= end.us)
		timers_run(&w->ts, due);
	timers_run(&w->ts, end);
}

/* --- the network */

struct dgram {
	struct timer	 timer;
	struct node	*to;
	uint8_t		 sel;
	struct nvc_dest	 from;
	size_t		 len;
	uint8_t		 data[];
};

static struct node *
node_at(struct world *w, const uint8_t ip[4])
{
	uint32_t n;

	if (ip[0] != 10)
		return NULL;
	if (ip[1] == GATE_NET)
		return gate_at(w, ip);
	if (ip[1] == 0)
		return ip[3] >= 1 && ip[3] <= w->nservers + w->nliars ?
		    &w->server[ip[3] - 1].node :
		    NULL;
	n = (uint32_t)(ip[1] - 1) << 16 | (uint32_t)ip[2] << 8 | ip[3];
	return n < w->nhosts ? &w->host[n].node : NULL;
}

static void
digest(struct world *w, const struct dgram *d)
{
	uint64_t h = w->st.digest ^ (uint64_t)w->ts.now.us;
	size_t i;

	for (i = 0; i < d->len; i++)
		h = (h ^ d->data[i]) * 0x100000001b3ULL;
	w->st.digest = h;
}

static void
arrive(void *arg)
{
	struct dgram *d = arg;
	struct world *w = d->to->w;
	int i;

	digest(w, d);
	for (i = 0; i < 2; i++)
		if (d->to->port[i].nvc != NULL && d->to->port[i].sel == d->sel)
			break;
	if (i < 2) {
		node_enter(d->to);
		nvc_input(d->to->port[i].nvc, &d->from, d->data, d->len);
		node_settle(d->to);
	}
	free(d);
}

/*
 * May this datagram be overtaken, or come twice?  With K_DISORDER everything
 * may, since RFC 2022 relies on a circuit that keeps the order (a JOIN that
 * arrives after the LEAVE makes a member for ever), and NVC is one (rule 9).
 */
static bool
loose(const struct world *w, const struct node *a, const struct node *b,
    const uint8_t *head)
{
	uint8_t type = head[0] & 15;

	return (a->server && b->server) || (w->kinds & K_DISORDER) != 0 ||
	    (type != NVC_DATA && type != NVC_BUNDLE);
}

static void
post(struct world *w, struct vc_port *from, struct node *to, uint8_t sel,
    const uint8_t *head, size_t headlen, const struct vc_sdu *sdu)
{
	size_t len = headlen + (sdu == NULL ? 0 : sdu->len);
	struct dgram *d = calloc(1, sizeof(*d) + len);
	int64_t delay = w->delay;

	if (d == NULL)
		abort();
	/* a constant for each way, so that nothing overtakes by itself */
	delay += (from->node->n * 37 + to->n * 101 + sel) % 900;
	if (w->jitter != 0 && loose(w, from->node, to, head))
		delay += (int64_t)rnd(w, (uint64_t)w->jitter);
	d->to = to;
	d->sel = sel;
	memcpy(d->from.ip, from->node->ip, 4);
	d->from.port = (uint16_t)(BASE_PORT + from->sel);
	d->len = len;
	memcpy(d->data, head, headlen);
	if (sdu != NULL)
		memcpy(d->data + headlen, sdu->data, sdu->len);
	timer_init(&d->timer, arrive, d);
	timer_set(&w->ts, &d->timer, delay);
}

static bool
lost(struct world *w, const struct node *a, const struct node *b)
{
	if (w->partitioned && a->region != b->region)
		return true;
	if (a->server && b->server && w->cut[a->n][b->n])
		return true;
	return w->loss != 0 && rnd(w, 10000) < w->loss;
}

/* What the node's links have dropped because it had waited for too long. */
static void
count_expired(struct node *n)
{
	const char *name;
	uint64_t v;
	size_t i;
	int p;

	for (p = 0; p < 2; p++)
		for (i = 0; n->port[p].nvc != NULL &&
		    nvc_counter(n->port[p].nvc, i, &name, &v);
		    i++)
			if (strcmp(name, "sdus-dropped") == 0)
				n->w->st.expired += v;
}

static bool
output(void *arg, const struct nvc_dest *dest, const uint8_t *head,
    size_t headlen, struct vc_sdu *sdu)
{
	struct vc_port *p = arg;
	struct node *n = p->node, *to;
	struct world *w = n->w;
	uint8_t sel = (uint8_t)(dest->port - BASE_PORT);

	if (n->silent || (to = node_at(w, dest->ip)) == NULL)
		return true;
	w->st.datagrams++;
	w->st.sdus += sdu != NULL;
	trace(w, 3, n, "-> %s %u: type %u, %zu octets",
	    to->what, to->n, head[0] & 15,
	    headlen + (sdu == NULL ? 0 : sdu->len));
	if (lost(w, n, to)) {
		w->st.lost++;
		return true;
	}
	if (w->dup != 0 && loose(w, n, to, head) && rnd(w, 10000) < w->dup) {
		w->st.duplicated++;
		post(w, p, to, sel, head, headlen, sdu);
	}
	post(w, p, to, sel, head, headlen, sdu);
	return true;
}

/* --- nodes */

void
node_init(struct node *n, struct world *w, bool server, uint32_t number)
{
	n->w = w;
	n->what = server ? "server" : "host";
	n->server = server;
	n->n = number;
	n->ip[0] = 10;
	n->ip[1] = server ? 0 : (uint8_t)((number >> 16) + 1);
	n->ip[2] = server ? 0 : (uint8_t)(number >> 8);
	n->ip[3] = (uint8_t)(server ? number + 1 : number);
	n->offset = between(w, 1, MTIME_SEC(100000));
	if (server && (w->kinds & K_SKEW) != 0)
		n->ppm = (int32_t)between(w, -20000, 20000);
	timers_init(&n->ts, local_time(n));
	timer_init(&n->wake, on_wake, n);
	timer_init(&n->slow, on_slow, n);
}

static uint64_t
port_random(void *arg)
{
	return next(((struct vc_port *)arg)->node->w);
}

/* Whatever the network does, no circuit gets an event that can't come. */
static void
circuit_violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	(void)arg;
	(void)fprintf(stderr, "%s: %s in state %s\n", t->name, t->events[event],
	    t->states[state]);
	abort();
}

struct nvc *
node_open(
    struct node *n, int i, uint8_t sel, const struct vc_user *user, void *arg)
{
	static const struct nvc_ops ops = { .random = port_random,
		.output = output };
	struct vc_port *p = &n->port[i];
	struct nvc_params params = {
		.base_port = BASE_PORT,
		.enquiry_interval = n->w->enquiry,
		.max_circuits = 131072,
		.circuits_per_address = 64,
	};
	struct atm_addr a;

	p->node = n;
	p->sel = sel;
	atm_addr_from_ip(&a, false, n->ip, sel);
	p->nvc = nvc_new(&ops, p, &n->ts, &nvc_backend, &a, &params, user, arg);
	if (p->nvc == NULL)
		abort();
	nvc_link(p->nvc)->faults.violated = circuit_violated;
	return p->nvc;
}

/* The circuits go without a word to anybody, and no timer may be left. */
void
node_close(struct node *n)
{
	int i;

	n->silent = true;
	count_expired(n);
	for (i = 0; i < 2; i++)
		if (n->port[i].nvc != NULL) {
			nvc_free(n->port[i].nvc);
			n->port[i].nvc = NULL;
		}
	timer_clear(&n->w->ts, &n->wake);
	timer_clear(&n->w->ts, &n->slow);
	if (n->ts.count != 0)
		fail(n->w, "%s %u has ended, %zu timers are left",
		    n->what, n->n, n->ts.count);
	n->silent = false;
}
