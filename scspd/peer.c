/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Circuits to the servers at one address.  RFC 2334 does not say who calls
 * whom.  Here both ends may call; the one with the larger ID does so at once,
 * the other after a while without a call.  Of two circuits the one that the
 * larger ID opened is kept, once a Hello that may be believed has come on it:
 * an unproven circuit never takes the place of a proven one.
 */
#include <stdlib.h>
#include <string.h>

#include "hello.h"
#include "neighbor.h"
#include "peer.h"
#include "scsp.h"

#define CALL_WAIT	MTIME_SEC(3)	/* */
#define CALL_RETRY	MTIME_SEC(1)

int
scsp_peer_cmp(const struct scsp_peer *a, const struct scsp_peer *b)
{
	return atm_addr_cmp(&a->addr, &b->addr);
}

RB_GENERATE(scsp_peer_tree, scsp_peer, node, scsp_peer_cmp)

static void	on_call(void *);
static void	on_settle(void *);

struct scsp_peer *
scsp_peer_find(struct scsp *s, const struct atm_addr *addr)
{
	struct scsp_peer key;

	key.addr = *addr;
	return RB_FIND(scsp_peer_tree, &s->peers, &key);
}

/* The peer at an address, where scspd has SEL 1; made if need be. */
struct scsp_peer *
scsp_peer_new(struct scsp *s, const struct atm_addr *addr)
{
	struct scsp_peer *p;

	if ((p = scsp_peer_find(s, addr)) != NULL)
		return p;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->scsp = s;
	p->addr = *addr;
	TAILQ_INIT(&p->circuits);
	TAILQ_INIT(&p->neighbors);
	timer_init(&p->call, on_call, p);
	timer_init(&p->settle, on_settle, p);
	RB_INSERT(scsp_peer_tree, &s->peers, p);
	return p;
}

static void
scsp_peer_circuit_free(struct scsp_circuit *c)
{
	struct scsp_peer *p = c->peer;

	TAILQ_REMOVE(&p->circuits, c, entry);
	p->ncircuits--;
	if (p->best == c)
		p->best = NULL;
	free(c);
}

static struct scsp_circuit *
circuit_new(struct scsp_peer *p, struct vc *vc, bool outgoing, bool leaf)
{
	struct scsp_circuit *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->peer = p;
	c->vc = vc;
	c->outgoing = outgoing;
	c->leaf = leaf;
	c->connected = !outgoing;
	TAILQ_INSERT_HEAD(&p->circuits, c, entry);
	p->ncircuits++;
	return c;
}

void
scsp_peer_free(struct scsp_peer *p)
{
	struct scsp_circuit *c;

	while ((c = TAILQ_FIRST(&p->circuits)) != NULL) {
		vc_release(c->vc, VC_CAUSE_NORMAL);
		scsp_peer_circuit_free(c);
	}
	timer_clear(p->scsp->timers, &p->call);
	timer_clear(p->scsp->timers, &p->settle);
	RB_REMOVE(scsp_peer_tree, &p->scsp->peers, p);
	free(p);
}

/*
 * Is our ID larger than that of the peer?  Before its first Hello its IPv4
 * address is taken for its ID; without one ours is.
 */
static bool
larger(const struct scsp_peer *p)
{
	uint8_t ip[16], sel;
	uint32_t id;
	bool v6;

	if (p->has_id)
		return p->scsp->lsid > p->id;
	if (!atm_addr_to_ip(&p->addr, &v6, ip, &sel) || v6)
		return true;
	id = (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 |
	    (uint32_t)ip[2] << 8 | ip[3];
	return p->scsp->lsid > id;
}

/* How good a circuit is to send on.  The greater the better; -1: not at all. */
static int
rank(const struct scsp_circuit *c)
{
	if (!c->connected || c->leaf)
		return -1;
	return (c->proven ? 2 : 0) + (c->outgoing == larger(c->peer));
}

static struct scsp_circuit *
choose(const struct scsp_peer *p)
{
	struct scsp_circuit *c, *best = NULL;

	TAILQ_FOREACH(c, &p->circuits, entry)
		if (rank(c) >= 0 && (best == NULL || rank(c) > rank(best)))
			best = c;
	return best;
}

/*
 * Is there a circuit that can send, or may in a moment, whoever has opened it?
 * A leaf can't.
 */
static bool
has_way(const struct scsp_peer *p)
{
	const struct scsp_circuit *c;

	TAILQ_FOREACH(c, &p->circuits, entry)
		if (!c->leaf)
			return true;
	return false;
}

void
scsp_peer_settle(struct scsp_peer *p)
{
	struct scsp_circuit *best = choose(p);
	struct scsp_circuit *c;
	struct scsp_neighbor *nb;
	bool fresh = false;

	p->best = best;
	TAILQ_FOREACH(c, &p->circuits, entry)
		if (rank(c) >= 0 && !c->greeted)
			fresh = c->greeted = true;
	TAILQ_FOREACH(nb, &p->neighbors, of_peer) {
		if (best != NULL)
			scsp_neighbor_resize(nb, vc_sdu_max(best->vc));
		if (best == NULL)
			scsp_hello_run(nb, SCSP_HELLO_EV_VC_DOWN);
		else if (nb->hello == SCSP_HELLO_DOWN)
			scsp_hello_run(nb, SCSP_HELLO_EV_VC_UP);
		else if (fresh)
			scsp_hello_send(nb);
	}
	if (p->started && !has_way(p) && !timer_isset(&p->call))
		timer_set(p->scsp->timers, &p->call,
		    larger(p) ? CALL_RETRY : CALL_WAIT);
}

/* Releases what is not needed beside a circuit that works. */
static void
prune(struct scsp_peer *p)
{
	struct scsp_circuit *c, *next, *best = p->best;

	if (best == NULL || !best->proven)
		return;
	TAILQ_FOREACH_SAFE(c, &p->circuits, entry, next) {
		if (c == best || c->leaf)
			continue;
		/* it may have the right direction and still come up */
		if (rank(best) < 3 && !c->proven)
			continue;
		vc_release(c->vc, VC_CAUSE_NORMAL);
		scsp_peer_circuit_free(c);
	}
}

static void
on_settle(void *arg)
{
	struct scsp_peer *p = arg;

	scsp_peer_settle(p);
	prune(p);
}

/* Later, since the backend that calls us may not be done with the circuit. */
static void
settle_soon(struct scsp_peer *p)
{
	timer_set(p->scsp->timers, &p->settle, 0);
}

/*
 * A link that leads to it by a permanent circuit, or one of ours that has
 * the same kind of address.
 */
static struct vc_link *
link_for(struct scsp *s, const struct atm_addr *to)
{
	struct scsp_attached *a;
	uint8_t ip[16], sel;
	bool v6 = false, is_v6 = false, ip_to, is_ip;

	SLIST_FOREACH(a, &s->links, entry)
		if (vc_leads_to(a->link, to))
			return a->link;
	ip_to = atm_addr_to_ip(to, &v6, ip, &sel);
	SLIST_FOREACH(a, &s->links, entry) {
		if (vc_leads_only(a->link))
			continue;
		is_ip = atm_addr_to_ip(&a->link->local, &is_v6, ip, &sel);
		if (is_ip == ip_to && (!is_ip || is_v6 == v6))
			return a->link;
	}
	return NULL;
}

static void
on_call(void *arg)
{
	struct scsp_peer *p = arg;
	struct vc_link *l;
	struct scsp_circuit *c;

	if (has_way(p))
		return;
	if ((l = link_for(p->scsp, &p->addr)) == NULL)
		return; /* scsp_peer_start() follows the link */
	timer_set(p->scsp->timers, &p->call, CALL_WAIT);
	if ((c = circuit_new(p, NULL, true, false)) == NULL)
		return;
	if ((c->vc = vc_call(l, &p->addr, c)) == NULL) {
		scsp_peer_circuit_free(c);
		return;
	}
	timer_clear(p->scsp->timers, &p->call);
}

void
scsp_peer_start(struct scsp_peer *p)
{
	p->started = true;
	if (has_way(p))
		settle_soon(p);
	else
		timer_set(p->scsp->timers, &p->call, larger(p) ? 0 : CALL_WAIT);
}

void
scsp_peer_proven(struct scsp_circuit *c, uint32_t id)
{
	struct scsp_peer *p = c->peer;

	if (c->proven && p->has_id && p->id == id)
		return;
	c->proven = true;
	p->has_id = true;
	p->id = id;
	settle_soon(p);
}

static void
scsp_trace_call(struct scsp_peer *p, const char *what, uint16_t cause)
{
	const struct scsp_trace t = {
		.level = 1, .who = &p->addr, .what = what, .cause = cause
	};

	scsp_tell_trace(p->scsp, &t);
}

uint16_t
scsp_peer_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct scsp *s = arg;
	struct scsp_peer *p;
	struct scsp_circuit *c;

	if ((p = scsp_peer_find(s, caller)) == NULL) {
		s->calls_refused++;
		scsp_problem_stranger(s, caller);
		return VC_CAUSE_REJECTED;
	}
	if (p->ncircuits >= CIRCUITS_MAX ||
	    (c = circuit_new(p, vc, false, leaf)) == NULL) {
		s->calls_refused++;
		return VC_CAUSE_RESOURCE;
	}
	*cookie = c;
	scsp_trace_call(p, "call accepted", 0);
	if (!leaf)
		settle_soon(p);
	return VC_CAUSE_NONE;
}

void
scsp_peer_ack(void *arg, struct vc *vc, void *cookie)
{
	struct scsp_circuit *c = cookie;

	(void)arg;
	(void)vc;
	c->connected = true;
	scsp_trace_call(c->peer, "call answered", 0);
	settle_soon(c->peer);
}

static void
gone(struct scsp_circuit *c)
{
	struct scsp_peer *p = c->peer;

	scsp_peer_circuit_free(c);
	settle_soon(p);
}

void
scsp_peer_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct scsp_circuit *c = cookie;

	(void)arg;
	(void)vc;
	scsp_problem_call(c->peer, cause);
	gone(c);
}

void
scsp_peer_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct scsp_circuit *c = cookie;

	(void)arg;
	(void)vc;
	scsp_trace_call(c->peer, "call ended", cause);
	gone(c);
}

void
scsp_peer_forget_link(struct scsp *s, struct vc_link *l)
{
	struct scsp_peer *p;
	struct scsp_circuit *c, *next;

	RB_FOREACH(p, scsp_peer_tree, &s->peers) {
		TAILQ_FOREACH_SAFE(c, &p->circuits, entry, next)
			if (c->vc->link == l) {
				vc_release(c->vc, VC_CAUSE_NORMAL);
				scsp_peer_circuit_free(c);
			}
		settle_soon(p);
	}
}
