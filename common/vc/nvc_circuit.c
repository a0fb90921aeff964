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

#define PREFIX	8	/* octets of an IPv6 address that name a network */
#define RESERVE	64	/* this part of all circuits is for our own calls */
#define EVICT	2	/* circuits at a time, so that the reserve grows back */

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

static int
by_dest_cmp(struct nvc_circuit *a, struct nvc_circuit *b)
{
	int r = nvc_dest_cmp(&a->dest, &b->dest);

	return r != 0 ? r : a->num < b->num ? -1 : a->num > b->num;
}

#define TREE	__attribute__((__unused__)) static	/* not all are used */
RB_GENERATE_INTERNAL(nvc_peers, nvc_peer, entry, nvc_peer_cmp, TREE)
RB_GENERATE_INTERNAL(nvc_by_peer, nvc_circuit, by_peer, by_peer_cmp, TREE)
RB_GENERATE_INTERNAL(nvc_by_dest, nvc_circuit, by_dest, by_dest_cmp, TREE)

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
	nvc_queue_skip(r, c);
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

	if (r->dropped == 0)
		return;
	TAILQ_FOREACH_SAFE(c, &r->leaves, entry, next)
		if (c->state == NVC_CLEARED &&
		    (r->stream.sdus == 0 || c->until <= seq + 1)) {
			r->dropped--;
			leaf_unlink(n, r, c);
		}
}

void
nvc_root_end(struct nvc *n, struct nvc_root *r)
{
	r->released = true;
	nvc_queue_hush(n, r);
	if (STAILQ_EMPTY(&r->stream.outs))
		root_unlink(n, r);
}

/* A leaf that takes less than VC_SDU_MIN makes nothing smaller for others. */
static uint16_t
least(const struct nvc_circuit *c)
{
	return c->max_sdu < VC_SDU_MIN ? VC_SDU_MIN : c->max_sdu;
}

/* What the root's leaves take (rule 7), as one more has to have its say. */
static void
root_least(struct nvc_root *r, const struct nvc_circuit *c)
{
	if (r->nleast > 0 && least(c) > r->least)
		return;
	if (r->nleast == 0 || least(c) < r->least) {
		r->least = least(c);
		r->nleast = 0;
	}
	r->nleast++;
}

void
nvc_root_gained(struct nvc_root *r, struct nvc_circuit *c)
{
	struct nvc *n = nvc_of(c);

	const struct nvc_circuit *other = nvc_leaf_at(n, &c->dest);

	c->from = n->queue.seq;
	/* nvc_path_takes() was about the way, which is the same */
	if (other != NULL && other->max_sdu < c->max_sdu)
		c->max_sdu = other->max_sdu;
	(void)RB_INSERT(nvc_by_dest, &n->by_dest, c);
	r->connected++;
	r->bundlers += c->bundles;
	/* nobody was there, or the one with the least is left out till then */
	if (r->connected == 1 || r->nleast > 0)
		root_least(r, c);
}

static void
root_lost(struct nvc_root *r, const struct nvc_circuit *c)
{
	r->connected--;
	r->bundlers -= c->bundles;
	if (r->nleast > 0 && least(c) == r->least)
		r->nleast--;
}

/* If the leaves with the least have gone, it is looked for anew. */
static uint16_t
root_takes(struct nvc_root *r)
{
	const struct nvc_circuit *c;

	if (r->connected == 0)
		return VC_SDU_MAX;
	if (r->nleast == 0)
		TAILQ_FOREACH(c, &r->leaves, entry)
			if (c->state == NVC_CONNECTED)
				root_least(r, c);
	return r->least;
}

bool
nvc_path_takes(struct nvc *n, const struct nvc_dest *dest, uint16_t mtu)
{
	struct nvc_circuit *c, *first = nvc_leaf_at(n, dest);
	uint16_t max = (uint16_t)((mtu < NVC_MTU_MIN ? NVC_MTU_MIN : mtu) -
	    (dest->v6 ? 40 : 20) - 8 - NVC_HDRLEN);

	for (c = first; c != NULL; c = nvc_leaf_next(c))
		if (c->max_sdu > max) {
			c->max_sdu = max;
			nvc_leaf_root(c)->nleast = 0; /* looked for anew */
		}
	return first != NULL;
}

size_t
nvc_sdu_max(const struct vc *vc)
{
	const struct nvc_circuit *c = (const struct nvc_circuit *)vc;
	uint16_t fits = nvc_sdu_fits(nvc_of_link(vc->link)), takes;

	/* that a root knows its least by heart does not show */
	takes = c->h.kind == NVC_ROOT ?
	    root_takes((struct nvc_root *)(uintptr_t)vc) :
	    c->max_sdu;
	return takes < fits ? takes : fits;
}

uint32_t
nvc_backlog(const struct vc *vc)
{
	const struct nvc_circuit *c = (const struct nvc_circuit *)vc;

	return c->h.kind == NVC_ROOT ?
	    ((const struct nvc_root *)vc)->stream.sdus :
	    c->stream.sdus;
}

/* A leaf is gone; SDUs that were sent before still go to it. */
static void
leaf_detach(struct nvc *n, struct nvc_root *r, struct nvc_circuit *c)
{
	bool was_connected = c->from != NVC_NEVER;

	if (was_connected) {
		RB_REMOVE(nvc_by_dest, &n->by_dest, c);
		root_lost(r, c);
	}
	if (was_connected && r->stream.sdus > 0) {
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
	uint64_t random;

	if (n->free == 0 && !slots_grow(n))
		return false;
	random = n->ops->random(n->arg);
	c->num = random << 32 | n->free;
	c->number_out = (uint16_t)(random >> 32);
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

struct nvc_circuit *
nvc_leaf_at(struct nvc *n, const struct nvc_dest *dest)
{
	struct nvc_circuit key, *c;

	key.dest = *dest;
	key.num = 0;
	c = RB_NFIND(nvc_by_dest, &n->by_dest, &key);
	return c != NULL && nvc_dest_cmp(&c->dest, dest) == 0 ? c : NULL;
}

struct nvc_circuit *
nvc_leaf_next(struct nvc_circuit *c)
{
	struct nvc_circuit *next = RB_NEXT(nvc_by_dest, NULL, c);

	return next != NULL && nvc_dest_cmp(&next->dest, &c->dest) == 0 ? next :
	    NULL;
}

/* A peer that numbers two circuits alike is found by the first alone. */
void
nvc_circuit_index(struct nvc_circuit *c)
{
	c->indexed = RB_INSERT(nvc_by_peer, &nvc_of(c)->by_peer, c) == NULL;
}

/* Of a prefix of that many octets, 0: there is none. */
static struct nvc_peer *
peer_get(struct nvc *n, const struct nvc_dest *from, uint16_t octets)
{
	struct nvc_peer key, *p;

	key.ip = *from;
	key.ip.port = octets;
	memset(key.ip.ip + octets, 0, sizeof(key.ip.ip) - octets);
	if ((p = RB_FIND(nvc_peers, &n->peers, &key)) != NULL)
		return p;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->ip = key.ip;
	RB_INSERT(nvc_peers, &n->peers, p);
	return p;
}

static void
peer_free(struct nvc *n, struct nvc_peer *p)
{
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
	STAILQ_INIT(&c->stream.outs);
	timer_init(&c->timer, nvc_circuit_timer, c);
}

/*
 * Counts it for its peer's address and prefix.  False: one of them has too
 * many, or there is no memory; circuit_uncount() all the same.
 */
static bool
circuit_count(struct nvc *n, struct nvc_circuit *c, const struct nvc_dest *from,
    enum nvc_drop *why)
{
	const uint64_t most = n->params.circuits_per_address;

	if ((c->peer = peer_get(n, from, sizeof(from->ip))) == NULL)
		return false;
	c->peer->count++;
	if (from->v6) {
		if ((c->prefix = peer_get(n, from, PREFIX)) == NULL)
			return false;
		c->prefix->count++;
	}
	if (c->peer->count <= most &&
	    (c->prefix == NULL || c->prefix->count <= most * NVC_PER_PREFIX))
		return true;
	*why = NVC_DROP_PER_ADDRESS;
	return false;
}

static void
circuit_uncount(struct nvc *n, struct nvc_circuit *c)
{
	if (c->peer != NULL && --c->peer->count == 0)
		peer_free(n, c->peer);
	if (c->prefix != NULL && --c->prefix->count == 0)
		peer_free(n, c->prefix);
	c->peer = c->prefix = NULL;
}

/*
 * Where the circuits have become too many, those that never carried an SDU
 * make room, the oldest first.  Some places stay free for the calls that we
 * make: to take one then would tell its user within a call down.
 */
static void
circuits_evict(struct nvc *n)
{
	const struct nvc_msg m = { .cause = VC_CAUSE_RESOURCE };
	uint32_t max = n->params.max_circuits;
	struct nvc_circuit *c;
	int i;

	for (i = 0; i < EVICT && n->ncircuits >= max - max / RESERVE &&
	    (c = TAILQ_FIRST(&n->silent)) != NULL;
	    i++) {
		nvc_dropped(n, NVC_DROP_SILENT);
		nvc_step(c, NVC_EV_EXPIRED, &m);
	}
}

struct nvc_circuit *
nvc_circuit_in(struct nvc *n, const struct nvc_dest *from,
    const struct nvc_msg *m, enum nvc_drop *why)
{
	struct nvc_circuit *c = NULL;

	*why = NVC_DROP_CIRCUITS;
	circuits_evict(n);
	if (n->ncircuits >= n->params.max_circuits)
		return NULL;
	*why = NVC_DROP_MEMORY;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	if (!circuit_count(n, c, from, why) || !nvc_circuit_number(n, c)) {
		circuit_uncount(n, c);
		free(c);
		return NULL;
	}
	nvc_circuit_init(n, c,
	    (m->flags & NVC_F_MULTI) != 0 ? NVC_LEAF_END : NVC_IN, NVC_OFFERED);
	c->h.u.vc.link = &n->link;
	c->dest = *from;
	c->addr = m->calling;
	c->peer_num = m->number;
	nvc_circuit_agree(c, m);
	c->silent = true;
	TAILQ_INSERT_TAIL(&n->silent, c, entry);
	nvc_circuit_index(c);
	return c;
}

/*
 * What the other side said of itself.  Rule 6: the larger interval counts, but
 * nobody keeps us from asking sooner.
 */
void
nvc_circuit_agree(struct nvc_circuit *c, const struct nvc_msg *m)
{
	uint16_t most = nvc_of(c)->params.enquiry_max;

	c->max_sdu = m->max_sdu;
	c->bundles = (m->flags & NVC_F_BUNDLE) != 0;
	if (m->interval > c->interval)
		c->interval = m->interval > most ? (uint8_t)most : m->interval;
	if (c->interval < c->offered)
		c->interval = c->offered;
}

void
nvc_circuit_used(struct nvc_circuit *c)
{
	if (c->silent)
		TAILQ_REMOVE(&nvc_of(c)->silent, c, entry);
	c->silent = false;
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
	nvc_circuit_used(c);
	circuit_uncount(n, c);
	if (c->num != 0)
		number_free(n, c);
	else if (c->h.kind == NVC_OUT)
		TAILQ_REMOVE(&n->failing, c, entry);
	if (c->h.kind == NVC_LEAF)
		leaf_detach(n, nvc_leaf_root(c), c);
	else if (STAILQ_EMPTY(&c->stream.outs))
		nvc_bury(n, &c->h);
}

void
nvc_circuit_sent(struct nvc_circuit *c)
{
	if (c->state == NVC_CLEARED)
		nvc_bury(nvc_of(c), &c->h);
}
