/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Circuits: how they are numbered and found, roots and their leaves, and how
 * all of these end.
 */

#include <stdlib.h>
#include <string.h>

#include "nvc_impl.h"

int
nvc_dest_cmp(const struct nvc_dest *a, const struct nvc_dest *b)
{
	if (a->v6 != b->v6)
		return a->v6 < b->v6 ? -1 : 1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return memcmp(a->ip, b->ip, sizeof(a->ip));
}

static int
nvc_peer_cmp(struct nvc_peer *a, struct nvc_peer *b)
{
	return nvc_dest_cmp(&a->ip, &b->ip);
}

/*
 * Was the peer the caller?  Only such a circuit is found by the number that a
 * repeated SETUP has (rule 3).
 */
static bool
called_in(const struct nvc_circuit *c)
{
	return c->h.kind == NVC_IN || c->h.kind == NVC_LEAF_END;
}

static int
by_peer_cmp(struct nvc_circuit *a, struct nvc_circuit *b)
{
	int r;

	if (a->peer_num != b->peer_num)
		return a->peer_num < b->peer_num ? -1 : 1;
	if ((r = nvc_dest_cmp(&a->dest, &b->dest)) != 0)
		return r;
	return (int)called_in(a) - (int)called_in(b);
}

#define TREE	__attribute__((__unused__)) static	/* not all are used */
RB_GENERATE_INTERNAL(nvc_peers, nvc_peer, entry, nvc_peer_cmp, TREE)
RB_GENERATE_INTERNAL(nvc_by_peer, nvc_circuit, by_peer, by_peer_cmp, TREE)

struct nvc *
nvc_of_link(struct vc_link *l)
{
	return (struct nvc *)l;
}

struct nvc *
nvc_of(const struct nvc_circuit *c)
{
	if (c->h.kind == NVC_LEAF)
		return nvc_of_link(c->h.u.leaf.root->link);
	return nvc_of_link(c->h.u.vc.link);
}

struct nvc_root *
nvc_leaf_root(const struct nvc_circuit *c)
{
	return (struct nvc_root *)c->h.u.leaf.root;
}

/* --- what is no longer in use */

/* Our callers may still be using it, so that nvc_reap() frees it later. */
static void
nvc_bury(struct nvc *n, struct nvc_head *h)
{
	h->dead = n->graveyard;
	n->graveyard = h;
}

void
nvc_reap(struct nvc *n)
{
	struct nvc_head *h;

	if (n->depth > 0)
		return;
	while ((h = n->graveyard) != NULL) {
		n->graveyard = h->dead;
		free(h);
	}
}

/* --- roots and leaves */

static void
leaf_unlink(struct nvc *n, struct nvc_root *r, struct nvc_circuit *c)
{
	nvc_queue_skip(n, c);
	TAILQ_REMOVE(&r->leaves, c, entry);
	nvc_bury(n, &c->h);
}

static void
root_unlink(struct nvc *n, struct nvc_root *r)
{
	LIST_REMOVE(r, entry);
	nvc_bury(n, &r->h);
}

/* A leaf that was dropped stays for the SDUs that were sent before. */
void
nvc_root_sent(struct nvc *n, struct nvc_root *r, uint64_t seq)
{
	struct nvc_circuit *c, *next;

	r->pending--;
	if (r->dropped > 0)
		TAILQ_FOREACH_SAFE(c, &r->leaves, entry, next)
			if (c->state == NVC_CLEARED &&
			    (r->pending == 0 || c->until <= seq + 1)) {
				r->dropped--;
				leaf_unlink(n, r, c);
			}
	if (r->released && r->pending == 0)
		root_unlink(n, r);
}

void
nvc_root_end(struct nvc *n, struct nvc_root *r)
{
	r->released = true;
	if (r->pending == 0)
		root_unlink(n, r);
}

/* A leaf is gone; SDUs that were sent before still go to it. */
static void
leaf_detach(struct nvc *n, struct nvc_root *r, struct nvc_circuit *c)
{
	bool was_connected = c->from != NVC_NEVER;

	r->connected -= was_connected;
	if (was_connected && r->pending > 0) {
		c->until = n->queue.seq;
		r->dropped++;
	} else
		leaf_unlink(n, r, c);
}

/* --- circuits by number, by the peer's number, by address */

static bool
slots_grow(struct nvc *n)
{
	uint32_t i, many = n->nslots == 0 ? 64 : n->nslots * 2;
	struct nvc_slot *s;

	if (many <= n->nslots ||
	    (s = reallocarray(n->slots, many, sizeof(*s))) == NULL)
		return false;
	for (i = n->nslots; i < many; i++) {
		s[i].circuit = NULL;
		s[i].next = i + 1 < many ? i + 2 : 0;
	}
	n->free = n->nslots + 1;
	n->nslots = many;
	n->slots = s;
	return true;
}

/*
 * The upper half is 32 random bits, so that nobody off the path hits it and a
 * number is not used again soon.  The lower half is its place in a table.
 */
bool
nvc_circuit_number(struct nvc *n, struct nvc_circuit *c)
{
	struct nvc_slot *s;

	if (n->free == 0 && !slots_grow(n))
		return false;
	c->num = n->ops->random(n->arg) << 32 | n->free;
	s = &n->slots[n->free - 1];
	n->free = s->next;
	s->circuit = c;
	n->ncircuits++;
	return true;
}

static void
number_free(struct nvc *n, const struct nvc_circuit *c)
{
	struct nvc_slot *s = &n->slots[(uint32_t)c->num - 1];

	s->circuit = NULL;
	s->next = n->free;
	n->free = (uint32_t)c->num;
	n->ncircuits--;
}

struct nvc_circuit *
nvc_circuit_find(const struct nvc *n, uint64_t num)
{
	uint32_t i = (uint32_t)num;
	struct nvc_circuit *c;

	if (i == 0 || i > n->nslots)
		return NULL;
	c = n->slots[i - 1].circuit;
	return c != NULL && c->num == num ? c : NULL;
}

struct nvc_circuit *
nvc_circuit_by_peer(
    struct nvc *n, const struct nvc_dest *peer, uint64_t num, bool in)
{
	struct nvc_circuit key;

	key.dest = *peer;
	key.peer_num = num;
	key.h.kind = in ? NVC_IN : NVC_OUT;
	return RB_FIND(nvc_by_peer, &n->by_peer, &key);
}

/* A peer that numbers two circuits alike is found by the first alone. */
void
nvc_circuit_index(struct nvc_circuit *c)
{
	c->indexed = RB_INSERT(nvc_by_peer, &nvc_of(c)->by_peer, c) == NULL;
}

static struct nvc_peer *
peer_get(struct nvc *n, const struct nvc_dest *from)
{
	struct nvc_peer key, *p;

	key.ip = *from;
	key.ip.port = 0;
	if ((p = RB_FIND(nvc_peers, &n->peers, &key)) != NULL)
		return p;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->ip = key.ip;
	RB_INSERT(nvc_peers, &n->peers, p);
	return p;
}

/* Forgets an address that has no circuit (any more). */
static void
peer_put(struct nvc *n, struct nvc_peer *p)
{
	if (p == NULL || p->count > 0)
		return;
	RB_REMOVE(nvc_peers, &n->peers, p);
	free(p);
}

/* --- a circuit's life */

void
nvc_circuit_init(struct nvc *n, struct nvc_circuit *c, enum nvc_kind kind,
    enum nvc_state state)
{
	c->h.kind = (uint8_t)kind;
	c->state = (uint8_t)state;
	c->cause = VC_CAUSE_OUT_OF_ORDER;
	c->offered = c->interval = (uint8_t)n->params.enquiry_interval;
	c->max_sdu = VC_SDU_MAX;
	c->heard = n->timers->now;
	c->from = c->until = NVC_NEVER;
	timer_init(&c->timer, nvc_circuit_timer, c);
}

struct nvc_circuit *
nvc_circuit_in(struct nvc *n, const struct nvc_dest *from,
    const struct nvc_msg *m, enum nvc_drop *why)
{
	struct nvc_circuit *c = NULL;
	struct nvc_peer *p;

	*why = NVC_DROP_CIRCUITS;
	if (n->ncircuits >= n->params.max_circuits)
		return NULL;
	*why = NVC_DROP_MEMORY;
	if ((p = peer_get(n, from)) == NULL)
		return NULL;
	if (p->count >= n->params.circuits_per_address) {
		*why = NVC_DROP_PER_ADDRESS;
		peer_put(n, p);
		return NULL;
	}
	if ((c = calloc(1, sizeof(*c))) == NULL || !nvc_circuit_number(n, c)) {
		free(c);
		peer_put(n, p);
		return NULL;
	}
	nvc_circuit_init(n, c,
	    (m->flags & NVC_F_MULTI) != 0 ? NVC_LEAF_END : NVC_IN, NVC_OFFERED);
	c->h.u.vc.link = &n->link;
	c->dest = *from;
	c->addr = m->calling;
	c->peer_num = m->number;
	c->max_sdu = m->max_sdu;
	if (m->interval > c->interval)
		c->interval = m->interval;
	c->peer = p;
	p->count++;
	nvc_circuit_index(c);
	return c;
}

/*
 * The peer is alive, so that an ENQUIRY that is out counts as answered.  This
 * is noted here and not by the timer: that runs later than it was set for,
 * and then would find the answer older than the interval.
 */
void
nvc_circuit_heard(struct nvc_circuit *c)
{
	c->heard = nvc_of(c)->timers->now;
	if (c->state == NVC_CONNECTED)
		c->tries = 0;
}

void
nvc_circuit_detach(struct nvc_circuit *c)
{
	struct nvc *n = nvc_of(c);

	timer_clear(n->timers, &c->timer);
	free(c->token);
	c->token = NULL;
	if (c->indexed)
		RB_REMOVE(nvc_by_peer, &n->by_peer, c);
	if (c->peer != NULL) {
		c->peer->count--;
		peer_put(n, c->peer);
	}
	if (c->num != 0)
		number_free(n, c);
	else if (c->h.kind == NVC_OUT)
		TAILQ_REMOVE(&n->failing, c, entry);
	if (c->h.kind == NVC_LEAF)
		leaf_detach(n, nvc_leaf_root(c), c);
	else
		nvc_bury(n, &c->h);
}
