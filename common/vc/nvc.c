/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "nvc.h"
#include "wire.h"

#define SECRET_LIFE	60	/* s; rule 1 */
#define RELEASES	100	/* a second; rule 5 */
#define SETUP_TRIES	4	/* repetitions; rule 4 */
#define ENQUIRIES	3	/* without an answer; rule 6 */
#define NEVER		UINT64_MAX

/* What circuits and roots begin with, so that a handle tells which it is. */
struct nvc_head {
	union {
		struct vc	 vc;
		struct vc_leaf	 leaf;		/* NVC_LEAF */
	} u;
	struct nvc_head	*dead;		/* next in the graveyard */
	uint8_t		 kind;		/* enum nvc_kind */
};

/* How many circuits one IP address has called; while there is one. */
struct nvc_peer {
	RB_ENTRY(nvc_peer)	 entry;
	struct nvc_dest	 ip;		/* port 0 */
	uint32_t	 count;
};
RB_HEAD(nvc_peers, nvc_peer);

struct nvc_token {
	uint8_t		 len;
	uint8_t		 octets[NVC_TOKEN_MAX];
};

/* A circuit: point-to-point, a leaf's end, or one leaf of a root. */
struct nvc_circuit {
	struct nvc_head	 h;
	uint8_t		 state;		/* enum nvc_state */
	uint8_t		 tries;		/* SETUPs or ENQUIRYs unanswered */
	uint8_t		 offered;	/* enquiry interval we told, s */
	uint8_t		 interval;	/* the larger of both, s */
	uint16_t	 max_sdu;	/* that the peer takes */
	uint16_t	 cause;		/* why our call will have failed */
	struct nvc_dest	 dest;
	struct atm_addr	 addr;		/* the peer's */
	uint64_t	 num;		/* ours; 0 while failing */
	uint64_t	 peer_num;	/* to send with */
	mtime_t		 heard;
	uint64_t	 sdus_in, sdus_out;
	struct timer	 timer;
	struct nvc_token	*token;	/* while calling, after a RETRY */
	struct nvc_peer	*peer;		/* of a circuit that was called in */
	bool		 indexed;	/* by_peer */
	RB_ENTRY(nvc_circuit) by_peer;	/* connected, or called in */
	TAILQ_ENTRY(nvc_circuit) entry;	/* root's leaves; failing calls */
	uint64_t	 from, until;	/* leaf: of the SDUs that it gets */
};
RB_HEAD(nvc_by_peer, nvc_circuit);
TAILQ_HEAD(nvc_circuits, nvc_circuit);

/* The root of a point-to-multipoint call: one circuit for each leaf. */
struct nvc_root {
	struct nvc_head	 h;
	bool		 released;
	uint32_t	 connected;	/* leaves */
	uint32_t	 pending;	/* SDUs in the queue */
	uint32_t	 dropped;	/* leaves that wait for some of them */
	struct nvc_circuits	 leaves; /* in the order of their calls, and
					 * those dropped that still get SDUs */
	LIST_ENTRY(nvc_root) entry;
};
LIST_HEAD(nvc_roots, nvc_root);

/*
 * What waits for output: a datagram, or an SDU for the leaves that a root has
 * when it is sent.  SDUs, and a RELEASE after them, are in one queue so that
 * none overtakes another; what keeps circuits alive is in one that goes
 * first, or copies for very many leaves would clear them.
 */
struct nvc_out {
	STAILQ_ENTRY(nvc_out) entry;
	struct nvc_root	*root;		/* or NULL: dest and head count */
	struct vc_sdu	*sdu;		/* or NULL */
	uint64_t	 seq;
	struct nvc_dest	 dest;
	uint8_t		 len;
	uint8_t		 head[];
};
STAILQ_HEAD(nvc_outs, nvc_out);

struct nvc_slot {
	struct nvc_circuit	*circuit;
	uint32_t	 next;		/* free slot after this one, + 1 */
};

struct nvc {
	struct vc_link	 link;		/* first: this is the link */
	const struct nvc_ops *ops;
	void		*arg;
	struct timers	*timers;
	struct nvc_params params;
	bool		 quiet;		/* closing: nothing goes up */
	uint32_t	 depth;		/* of calls up */

	struct nvc_slot	*slots;		/* low half of a number: index + 1 */
	uint32_t	 nslots, free;	/* free: index + 1, or 0 */
	uint32_t	 ncircuits;
	struct nvc_by_peer	 by_peer;
	struct nvc_peers	 peers;
	struct nvc_circuits	 failing;
	struct nvc_roots	 roots;
	struct nvc_head	*graveyard;

	struct nvc_outs	 outs, first;
	uint32_t	 nouts;		/* in both */
	size_t		 octets;	/* of SDUs in the queue */
	uint64_t	 seq;		/* of the next in the queue */
	struct nvc_circuit	*cursor; /* next leaf of the queue's first */
	bool		 iterating;

	EVP_MAC		*mac;
	EVP_MAC_CTX	*secret[2];	/* now, before */
	mtime_t		 drawn;		/* when secret[0] was */
	mtime_t		 released[RELEASES];	/* a ring: rule 5 */
	uint32_t	 oldest;
	bool		 wrapped;

	uint64_t	 drops[NVC_DROP_MAX];
#define X(sym, name) uint64_t sym;
	VC_COUNTERS(X)
#undef X
};

/* A datagram taken apart; views point into it. */
struct nvc_msg {
	enum nvc_type	 type;
	uint8_t		 flags;
	uint16_t	 cause;
	uint64_t	 circuit;	/* the receiver's number */
	uint64_t	 number;	/* the sender's */
	uint16_t	 max_sdu;
	uint8_t		 interval;
	uint8_t		 token_len;
	const uint8_t	*token;
	struct atm_addr	 calling, called;
	const uint8_t	*sdu;
	size_t		 sdu_len;
};

static void	step(struct nvc_circuit *, enum nvc_event,
    const struct nvc_msg *);

static int
dest_cmp(const struct nvc_dest *a, const struct nvc_dest *b)
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
	return dest_cmp(&a->ip, &b->ip);
}

/* Did the peer number it as the caller?  Each side numbers for itself. */
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
	if ((r = dest_cmp(&a->dest, &b->dest)) != 0)
		return r;
	return (int)called_in(a) - (int)called_in(b);
}

#define TREE	__attribute__((__unused__)) static	/* not all are used */
RB_GENERATE_INTERNAL(nvc_peers, nvc_peer, entry, nvc_peer_cmp, TREE)
RB_GENERATE_INTERNAL(nvc_by_peer, nvc_circuit, by_peer, by_peer_cmp, TREE)

static struct nvc *
link_nvc(struct vc_link *l)
{
	return (struct nvc *)l;
}

static struct nvc *
circuit_nvc(const struct nvc_circuit *c)
{
	if (c->h.kind == NVC_LEAF)
		return link_nvc(c->h.u.leaf.root->link);
	return link_nvc(c->h.u.vc.link);
}

static struct nvc_root *
leaf_root(const struct nvc_circuit *c)
{
	return (struct nvc_root *)c->h.u.leaf.root;
}

void
nvc_dropped(struct nvc *n, enum nvc_drop why)
{
	n->drops[why]++;
}

/* --- the output queue */

static struct nvc_out *
queue(struct nvc *n, struct nvc_outs *q, size_t len, struct vc_sdu *sdu)
{
	struct nvc_out *o;

	if ((o = malloc(sizeof(*o) + len)) == NULL)
		return NULL;
	o->root = NULL;
	o->sdu = sdu;
	o->seq = n->seq++;
	o->len = (uint8_t)len;
	STAILQ_INSERT_TAIL(q, o, entry);
	n->nouts++;
	n->octets += sdu == NULL ? 0 : sdu->len;
	return o;
}

static void
unqueue(struct nvc *n, struct nvc_outs *q)
{
	struct nvc_out *o = STAILQ_FIRST(q);

	STAILQ_REMOVE_HEAD(q, entry);
	n->nouts--;
	n->octets -= o->sdu == NULL ? 0 : o->sdu->len;
	vc_sdu_free(o->sdu);
	free(o);
}

static void
put_head(struct wr *w, enum nvc_type type, uint8_t flags, uint16_t cause,
    uint64_t circuit)
{
	wr_u8(w, (uint8_t)(NVC_VERSION << 4 | type));
	wr_u8(w, flags);
	wr_u16(w, cause);
	wr_u64(w, circuit);
}

static void
send_control(struct nvc *n, const struct nvc_dest *to, const struct wr *w)
{
	struct nvc_outs *q;
	struct nvc_out *o;

	if (wr_failed(w) || n->nouts >= NVC_CONTROL_COUNT) {
		nvc_dropped(n, NVC_DROP_QUEUE);
		return;
	}
	q = (w->buf[0] & 0x0f) == NVC_RELEASE ? &n->outs : &n->first;
	if ((o = queue(n, q, w->len, NULL)) == NULL) {
		nvc_dropped(n, NVC_DROP_QUEUE);
		return;
	}
	o->dest = *to;
	memcpy(o->head, w->buf, w->len);
}

/* Any of the messages whose body is one circuit number. */
static void
send_number(struct nvc *n, const struct nvc_dest *to, enum nvc_type type,
    uint16_t cause, uint64_t circuit, uint64_t number)
{
	uint8_t buf[NVC_CONTROL_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_head(&w, type, 0, cause, circuit);
	wr_u64(&w, number);
	send_control(n, to, &w);
}

static void
nvc_send_setup(struct nvc_circuit *c)
{
	struct nvc *n = circuit_nvc(c);
	uint8_t buf[NVC_CONTROL_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_head(&w, NVC_SETUP, c->h.kind == NVC_LEAF ? NVC_F_MULTI : 0, 0, 0);
	wr_u64(&w, c->num);
	wr_u16(&w, VC_SDU_MAX);
	wr_u8(&w, c->offered);
	wr_u8(&w, c->token == NULL ? 0 : c->token->len);
	wr_bytes(&w, n->link.local.num, NSAPA_LEN);
	wr_bytes(&w, c->addr.num, NSAPA_LEN);
	if (c->token != NULL)
		wr_bytes(&w, c->token->octets, c->token->len);
	send_control(n, &c->dest, &w);
}

static void
send_connect(struct nvc_circuit *c)
{
	uint8_t buf[NVC_CONTROL_MAX];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_head(&w, NVC_CONNECT, 0, 0, c->peer_num);
	wr_u64(&w, c->num);
	wr_u16(&w, VC_SDU_MAX);
	wr_u8(&w, c->offered);
	wr_u8(&w, 0);
	send_control(circuit_nvc(c), &c->dest, &w);
}

static bool
output_data(struct nvc *n, struct nvc_circuit *c, struct vc_sdu *sdu)
{
	uint8_t buf[NVC_HDRLEN];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	put_head(&w, NVC_DATA, 0, 0, c->peer_num);
	if (!n->ops->output(n->arg, &c->dest, buf, sizeof(buf), sdu))
		return false;
	c->sdus_out++;
	n->sdus_out++;
	n->octets_out += sdu->len;
	return true;
}

/* --- what is no longer in use */

/* It may still be in use below us on the stack: freed by nvc_reap(). */
static void
nvc_bury(struct nvc *n, struct nvc_head *h)
{
	h->dead = n->graveyard;
	n->graveyard = h;
}

static void
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

static void
leaf_unlink(struct nvc *n, struct nvc_root *r, struct nvc_circuit *c)
{
	if (n->cursor == c)
		n->cursor = TAILQ_NEXT(c, entry);
	TAILQ_REMOVE(&r->leaves, c, entry);
	nvc_bury(n, &c->h);
}

static void
root_unlink(struct nvc *n, struct nvc_root *r)
{
	LIST_REMOVE(r, entry);
	nvc_bury(n, &r->h);
}

/* SDU seq has gone to every leaf: forgets leaves that waited for it alone. */
static void
root_sent(struct nvc *n, struct nvc_root *r, uint64_t seq)
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

/* A leaf is gone; SDUs that were sent before still go to it. */
static void
leaf_detach(struct nvc *n, struct nvc_root *r, struct nvc_circuit *c)
{
	bool was_connected = c->from != NEVER;

	r->connected -= was_connected;
	if (was_connected && r->pending > 0) {
		c->until = n->seq;
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
 * Numbers a circuit: 32 random bits above, so that nobody off the path hits
 * it and a number is not used again soon, and its place in a table below.
 */
static bool
circuit_number(struct nvc *n, struct nvc_circuit *c)
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

static struct nvc_circuit *
circuit_find(const struct nvc *n, uint64_t num)
{
	uint32_t i = (uint32_t)num;
	struct nvc_circuit *c;

	if (i == 0 || i > n->nslots)
		return NULL;
	c = n->slots[i - 1].circuit;
	return c != NULL && c->num == num ? c : NULL;
}

/* The circuit that its peer calls num, of those called in or those called. */
static struct nvc_circuit *
circuit_by_peer(
    struct nvc *n, const struct nvc_dest *peer, uint64_t num, bool in)
{
	struct nvc_circuit key;

	key.dest = *peer;
	key.peer_num = num;
	key.h.kind = in ? NVC_IN : NVC_OUT;
	return RB_FIND(nvc_by_peer, &n->by_peer, &key);
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

static void
peer_put(struct nvc *n, struct nvc_peer *p)
{
	if (p == NULL || p->count > 0)
		return;
	RB_REMOVE(nvc_peers, &n->peers, p);
	free(p);
}

static void	circuit_timer(void *);

static void
circuit_init(struct nvc *n, struct nvc_circuit *c, enum nvc_kind kind,
    enum nvc_state state)
{
	c->h.kind = (uint8_t)kind;
	c->state = (uint8_t)state;
	c->cause = VC_CAUSE_OUT_OF_ORDER;
	c->offered = c->interval = (uint8_t)n->params.enquiry_interval;
	c->max_sdu = VC_SDU_MAX;
	c->heard = n->timers->now;
	c->from = c->until = NEVER;
	timer_init(&c->timer, circuit_timer, c);
}

/*
 * The peer is alive: an ENQUIRY, if one is out, is answered.  That can't wait
 * for the timer, which runs later than it was set for: by then the answer
 * would be older than the interval.
 */
static void
circuit_heard(struct nvc_circuit *c)
{
	c->heard = circuit_nvc(c)->timers->now;
	if (c->state == NVC_CONNECTED)
		c->tries = 0;
}

/* Takes a circuit out of everything but its root, if SDUs wait for it. */
static void
circuit_detach(struct nvc_circuit *c)
{
	struct nvc *n = circuit_nvc(c);
	struct nvc_slot *s;

	timer_clear(n->timers, &c->timer);
	free(c->token);
	c->token = NULL;
	if (c->indexed)
		RB_REMOVE(nvc_by_peer, &n->by_peer, c);
	if (c->peer != NULL) {
		c->peer->count--;
		peer_put(n, c->peer);
	}
	if (c->num != 0) {
		s = &n->slots[(uint32_t)c->num - 1];
		s->circuit = NULL;
		s->next = n->free;
		n->free = (uint32_t)c->num;
		n->ncircuits--;
	} else if (c->h.kind == NVC_OUT)
		TAILQ_REMOVE(&n->failing, c, entry);
	if (c->h.kind == NVC_LEAF) {
		leaf_detach(n, leaf_root(c), c);
		return;
	}
	nvc_bury(n, &c->h);
}

/* Rule 6: from now on ENQUIRY after every interval of silence. */
static void
circuit_watch(struct nvc_circuit *c)
{
	struct nvc *n = circuit_nvc(c);
	int64_t wait = MTIME_SEC(c->interval);

	c->tries = 0;
	c->heard = n->timers->now;
	if (c->h.kind == NVC_LEAF) {
		/* leaves that were called together are not asked together */
		wait = (int64_t)(n->ops->random(n->arg) % (uint64_t)wait) + 1;
		c->heard.us -= MTIME_SEC(c->interval) - wait;
	}
	timer_set(n->timers, &c->timer, wait);
}

static const int64_t setup_wait[SETUP_TRIES + 1] = {
	MTIME_MS(500), MTIME_SEC(1), MTIME_SEC(2), MTIME_SEC(4), MTIME_SEC(4)
};

static void
circuit_timer(void *arg)
{
	struct nvc_circuit *c = arg;
	struct timers *ts = circuit_nvc(c)->timers;
	struct nvc_msg m = { .cause = c->cause };
	int64_t silent = mtime_diff(c->heard, ts->now);

	if (c->state == NVC_FAILING)
		step(c, NVC_EV_EXPIRED, &m);
	else if (c->state == NVC_CALLING)
		step(c,
		    c->tries == SETUP_TRIES ? NVC_EV_EXPIRED : NVC_EV_TIMEOUT,
		    &m);
	else if (silent < MTIME_SEC(c->interval))
		timer_set(ts, &c->timer, MTIME_SEC(c->interval) - silent);
	else
		step(c, c->tries == ENQUIRIES ? NVC_EV_EXPIRED : NVC_EV_TIMEOUT,
		    &m);
}

/* --- the state machine; the actions come first and assign no state */

static void
nvc_act_ignore(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)c;
	(void)m;
}

static void
nvc_act_violation(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_dropped(circuit_nvc(c), NVC_DROP_STATE);
}

/* The user took the call. */
static void
act_accept(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	circuit_nvc(c)->calls_in++;
	send_connect(c);
	circuit_watch(c);
}

static void
act_refuse(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	n->calls_refused++;
	nvc_dropped(n, NVC_DROP_REFUSED);
	send_number(n, &c->dest, NVC_RELEASE, m->cause, c->peer_num, 0);
	circuit_detach(c);
}

/* Rule 3 */
static void
act_connect_again(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	send_connect(c);
}

/* RETRY: the SETUP with the callee's token, at once */
static void
act_retry(struct nvc_circuit *c, const struct nvc_msg *m)
{
	if (c->token == NULL && (c->token = malloc(sizeof(*c->token))) == NULL)
		return; /* the timer tries again */
	c->token->len = m->token_len;
	memcpy(c->token->octets, m->token, m->token_len);
	nvc_send_setup(c);
}

static void
act_repeat(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_send_setup(c);
	c->tries++;
	timer_set(circuit_nvc(c)->timers, &c->timer, setup_wait[c->tries]);
}

/* CONNECT: L_ACK */
static void
act_connected(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	free(c->token);
	c->token = NULL;
	c->peer_num = m->number;
	c->max_sdu = m->max_sdu;
	if (m->interval > c->interval)
		c->interval = m->interval;
	/* a peer that numbers two circuits alike spoils this for itself */
	c->indexed = RB_INSERT(nvc_by_peer, &n->by_peer, c) == NULL;
	circuit_watch(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF) {
		c->from = n->seq;
		leaf_root(c)->connected++;
		n->link.user->leaf_ack(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie);
	} else
		n->link.user->ack(n->link.arg, &c->h.u.vc, c->h.u.vc.cookie);
	n->depth--;
}

static void
act_status(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	send_number(
	    circuit_nvc(c), &c->dest, NVC_STATUS, 0, c->peer_num, c->num);
}

static void
act_enquire(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	(void)m;
	c->tries++;
	send_number(n, &c->dest, NVC_ENQUIRY, 0, c->peer_num, c->num);
	timer_set(n->timers, &c->timer, MTIME_SEC(c->interval));
}

static void
act_deliver(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	c->sdus_in++;
	n->sdus_in++;
	n->octets_in += m->sdu_len;
	n->depth++;
	n->link.user->sdu(
	    n->link.arg, &c->h.u.vc, c->h.u.vc.cookie, m->sdu, m->sdu_len);
	n->depth--;
}

/* The call failed: ERR_L_RQFAILED. */
static void
act_fail(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	n->calls_failed++;
	circuit_detach(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF)
		n->link.user->leaf_failed(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie, m->cause);
	else
		n->link.user->rqfailed(
		    n->link.arg, &c->h.u.vc, c->h.u.vc.cookie, m->cause);
	n->depth--;
}

/* The peer cleared it: ERR_L_RELEASE, or ERR_L_DROP. */
static void
act_clear(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = circuit_nvc(c);

	n->cleared++;
	circuit_detach(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF)
		n->link.user->leaf_drop(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie, m->cause);
	else
		n->link.user->release(
		    n->link.arg, &c->h.u.vc, c->h.u.vc.cookie, m->cause);
	n->depth--;
}

/* We clear it, because it is silent (rule 6). */
static void
act_expire(struct nvc_circuit *c, const struct nvc_msg *m)
{
	send_number(circuit_nvc(c), &c->dest, NVC_RELEASE, m->cause,
	    c->peer_num, c->num);
	act_clear(c, m);
}

/* L_RELEASE or L_MULTI_DROP */
static void
act_release(struct nvc_circuit *c, const struct nvc_msg *m)
{
	send_number(circuit_nvc(c), &c->dest, NVC_RELEASE, m->cause,
	    c->peer_num, c->num);
	circuit_detach(c);
}

/*
 * L_RELEASE while calling.  The callee's number is not known, but it may
 * have accepted: with Circuit 0 it finds the circuit by ours (rule 5).
 */
static void
act_abandon(struct nvc_circuit *c, const struct nvc_msg *m)
{
	send_number(circuit_nvc(c), &c->dest, NVC_RELEASE, m->cause, 0, c->num);
	circuit_detach(c);
}

static void
nvc_act_forget(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	circuit_detach(c);
}

#define NVC_ACTIONS(X) \
	X(IGNORE, nvc_act_ignore) X(VIOLATION, nvc_act_violation) \
	X(ACCEPT, act_accept) X(REFUSE, act_refuse) \
	X(CONNECT_AGAIN, act_connect_again) X(RETRY, act_retry) \
	X(REPEAT, act_repeat) X(CONNECTED, act_connected) \
	X(STATUS, act_status) X(ENQUIRE, act_enquire) \
	X(DELIVER, act_deliver) X(FAIL, act_fail) X(CLEAR, act_clear) \
	X(EXPIRE, act_expire) X(RELEASE, act_release) \
	X(ABANDON, act_abandon) X(FORGET, nvc_act_forget)

enum nvc_action {
	NVC_FORGOTTEN,
#define X(sym, fn) sym,
	NVC_ACTIONS(X)
#undef X
};

static const struct {
	const char	*name;
	void		(*act)(struct nvc_circuit *, const struct nvc_msg *);
} actions[] = {
	{ NULL, nvc_act_violation },
#define X(sym, fn) { #sym, fn },
	NVC_ACTIONS(X)
#undef X
};

static const struct nvc_cell {
	enum nvc_state	next;
	enum nvc_action	action;
} table[NVC_STATE_MAX][NVC_EVENT_MAX] = {
	[NVC_FAILING] = {	/* has no number: only time and the user */
		[NVC_EV_ACCEPT] = { NVC_FAILING, VIOLATION },
		[NVC_EV_REFUSE] = { NVC_FAILING, VIOLATION },
		[NVC_EV_SETUP] = { NVC_FAILING, VIOLATION },
		[NVC_EV_RETRY] = { NVC_FAILING, VIOLATION },
		[NVC_EV_CONNECT] = { NVC_FAILING, VIOLATION },
		[NVC_EV_RELEASE] = { NVC_FAILING, VIOLATION },
		[NVC_EV_ENQUIRY] = { NVC_FAILING, VIOLATION },
		[NVC_EV_STATUS] = { NVC_FAILING, VIOLATION },
		[NVC_EV_DATA] = { NVC_FAILING, VIOLATION },
		[NVC_EV_TIMEOUT] = { NVC_FAILING, VIOLATION },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, FAIL },
		[NVC_EV_DROP] = { NVC_CLEARED, FORGET },
	},
	[NVC_CALLING] = {
		[NVC_EV_ACCEPT] = { NVC_CALLING, VIOLATION },
		[NVC_EV_REFUSE] = { NVC_CALLING, VIOLATION },
		[NVC_EV_SETUP] = { NVC_CALLING, VIOLATION },
		[NVC_EV_RETRY] = { NVC_CALLING, RETRY },
		[NVC_EV_CONNECT] = { NVC_CONNECTED, CONNECTED },
		[NVC_EV_RELEASE] = { NVC_CLEARED, FAIL },
		/* sent after a CONNECT that was lost or is still to come */
		[NVC_EV_ENQUIRY] = { NVC_CALLING, VIOLATION },
		[NVC_EV_STATUS] = { NVC_CALLING, VIOLATION },
		[NVC_EV_DATA] = { NVC_CALLING, VIOLATION },
		[NVC_EV_TIMEOUT] = { NVC_CALLING, REPEAT },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, FAIL },
		[NVC_EV_DROP] = { NVC_CLEARED, ABANDON },
	},
	[NVC_OFFERED] = {	/* lasts as long as one call up */
		[NVC_EV_ACCEPT] = { NVC_CONNECTED, ACCEPT },
		[NVC_EV_REFUSE] = { NVC_CLEARED, REFUSE },
		[NVC_EV_SETUP] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_RETRY] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_CONNECT] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_RELEASE] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_ENQUIRY] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_STATUS] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_DATA] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_TIMEOUT] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_EXPIRED] = { NVC_OFFERED, VIOLATION },
		[NVC_EV_DROP] = { NVC_CLEARED, REFUSE },
	},
	[NVC_CONNECTED] = {
		[NVC_EV_ACCEPT] = { NVC_CONNECTED, VIOLATION },
		[NVC_EV_REFUSE] = { NVC_CONNECTED, VIOLATION },
		[NVC_EV_SETUP] = { NVC_CONNECTED, CONNECT_AGAIN },
		/* answers to a SETUP that was sent more than once */
		[NVC_EV_RETRY] = { NVC_CONNECTED, IGNORE },
		[NVC_EV_CONNECT] = { NVC_CONNECTED, IGNORE },
		[NVC_EV_RELEASE] = { NVC_CLEARED, CLEAR },
		[NVC_EV_ENQUIRY] = { NVC_CONNECTED, STATUS },
		[NVC_EV_STATUS] = { NVC_CONNECTED, IGNORE },	/* heard */
		[NVC_EV_DATA] = { NVC_CONNECTED, DELIVER },
		[NVC_EV_TIMEOUT] = { NVC_CONNECTED, ENQUIRE },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, EXPIRE },
		[NVC_EV_DROP] = { NVC_CLEARED, RELEASE },
	},
	[NVC_CLEARED] = {	/* a dead handle, used once more by mistake */
		[NVC_EV_ACCEPT] = { NVC_CLEARED, IGNORE },
		[NVC_EV_REFUSE] = { NVC_CLEARED, IGNORE },
		[NVC_EV_SETUP] = { NVC_CLEARED, IGNORE },
		[NVC_EV_RETRY] = { NVC_CLEARED, IGNORE },
		[NVC_EV_CONNECT] = { NVC_CLEARED, IGNORE },
		[NVC_EV_RELEASE] = { NVC_CLEARED, IGNORE },
		[NVC_EV_ENQUIRY] = { NVC_CLEARED, IGNORE },
		[NVC_EV_STATUS] = { NVC_CLEARED, IGNORE },
		[NVC_EV_DATA] = { NVC_CLEARED, IGNORE },
		[NVC_EV_TIMEOUT] = { NVC_CLEARED, IGNORE },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, IGNORE },
		[NVC_EV_DROP] = { NVC_CLEARED, IGNORE },
	},
};

static void
step(struct nvc_circuit *c, enum nvc_event ev, const struct nvc_msg *m)
{
	const struct nvc_cell *cell = &table[c->state][ev];

	c->state = (uint8_t)cell->next;
	actions[cell->action].act(c, m);
}

bool
nvc_cell(enum nvc_state s, enum nvc_event e, enum nvc_state *next,
    const char **action)
{
	const struct nvc_cell *cell = &table[s][e];

	*next = cell->next;
	*action = actions[cell->action].name;
	return cell->action != NVC_FORGOTTEN;
}

/* --- datagrams in */

static void
read_nsapa(struct rd *r, struct atm_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->num_tl = NSAPA_LEN;
	rd_copy(r, a->num, NSAPA_LEN);
}

static void
parse_setup(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
	m->max_sdu = rd_u16(r);
	m->interval = rd_u8(r);
	m->token_len = rd_u8(r);
	read_nsapa(r, &m->calling);
	read_nsapa(r, &m->called);
	m->token = rd_bytes(r, m->token_len);
}

static void
parse_retry(struct rd *r, struct nvc_msg *m)
{
	m->token_len = r->left > NVC_TOKEN_MAX ? 0 : (uint8_t)r->left;
	m->token = rd_bytes(r, r->left);
}

static void
parse_connect(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
	m->max_sdu = rd_u16(r);
	m->interval = rd_u8(r);
	rd_skip(r, 1);
}

static void
nvc_parse_number(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
}

static void
parse_data(struct rd *r, struct nvc_msg *m)
{
	m->sdu_len = r->left;
	m->sdu = rd_bytes(r, r->left);
}

static const struct {
	void		(*parse)(struct rd *, struct nvc_msg *);
	enum nvc_event	event;
} types[NVC_TYPE_MAX] = {
	[NVC_SETUP] = { parse_setup, NVC_EV_SETUP },
	[NVC_RETRY] = { parse_retry, NVC_EV_RETRY },
	[NVC_CONNECT] = { parse_connect, NVC_EV_CONNECT },
	[NVC_RELEASE] = { nvc_parse_number, NVC_EV_RELEASE },
	[NVC_ENQUIRY] = { nvc_parse_number, NVC_EV_ENQUIRY },
	[NVC_STATUS] = { nvc_parse_number, NVC_EV_STATUS },
	[NVC_DATA] = { parse_data, NVC_EV_DATA },
};

/* NVC_DROP_MAX: m is good as far as it says by itself */
static enum nvc_drop
nvc_parse(struct nvc_msg *m, const void *p, size_t len)
{
	struct rd r;
	uint8_t first;

	rd_init(&r, p, len);
	first = rd_u8(&r);
	m->flags = rd_u8(&r);
	m->cause = rd_u16(&r);
	m->circuit = rd_u64(&r);
	if (rd_failed(&r))
		return NVC_DROP_SHORT;
	if (first >> 4 != NVC_VERSION)
		return NVC_DROP_VERSION;
	m->type = first & 0x0f;
	if (m->type >= NVC_TYPE_MAX || types[m->type].parse == NULL)
		return NVC_DROP_TYPE;
	types[m->type].parse(&r, m);
	if (rd_failed(&r))
		return NVC_DROP_SHORT;
	if (m->type == NVC_DATA && m->sdu_len > VC_SDU_MAX)
		return NVC_DROP_LONG;
	if (m->type == NVC_RETRY && m->token_len < NVC_TOKEN_MIN)
		return NVC_DROP_TOKEN_LEN;
	if ((m->type == NVC_SETUP || m->type == NVC_CONNECT) && m->number == 0)
		return NVC_DROP_ZERO_CIRCUIT;
	if (m->type == NVC_RELEASE && m->cause == VC_CAUSE_NONE)
		m->cause = VC_CAUSE_UNSPECIFIED; /* ours alone means accepted */
	return NVC_DROP_MAX;
}

/* Rule 1 */

static bool
secret_draw(struct nvc *n, EVP_MAC_CTX *ctx)
{
	char sha[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_MAC_PARAM_DIGEST, sha, 0),
		OSSL_PARAM_construct_end() };
	uint8_t key[32];
	struct wr w;
	bool ok;

	wr_init(&w, key, sizeof(key));
	while (wr_left(&w) > 0)
		wr_u64(&w, n->ops->random(n->arg));
	ok = EVP_MAC_init(ctx, key, sizeof(key), params) == 1;
	OPENSSL_cleanse(key, sizeof(key));
	return ok;
}

/* Replaces the secret every 60 s, when it is next asked for. */
static bool
secret_age(struct nvc *n)
{
	EVP_MAC_CTX *ctx;
	int64_t age = mtime_diff(n->drawn, n->timers->now);

	if (age < MTIME_SEC(SECRET_LIFE))
		return true;
	if (age >= MTIME_SEC(2 * SECRET_LIFE)) {
		/* the one before is that old too */
		if (!secret_draw(n, n->secret[0]))
			return false;
		n->drawn = n->timers->now;
	} else
		n->drawn.us += MTIME_SEC(SECRET_LIFE);
	ctx = n->secret[1];
	n->secret[1] = n->secret[0];
	n->secret[0] = ctx;
	return secret_draw(n, ctx);
}

static bool
token_make(EVP_MAC_CTX *ctx, const struct nvc_dest *from,
    const struct nvc_msg *m, uint8_t token[NVC_TOKEN_LEN])
{
	uint8_t buf[16 + 2 + 8 + NSAPA_LEN], mac[EVP_MAX_MD_SIZE];
	size_t len;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_bytes(&w, from->ip, from->v6 ? 16 : 4);
	wr_u16(&w, from->port);
	wr_u64(&w, m->number);
	wr_bytes(&w, m->calling.num, NSAPA_LEN);
	if (EVP_MAC_init(ctx, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(ctx, buf, w.len) != 1 ||
	    EVP_MAC_final(ctx, mac, &len, sizeof(mac)) != 1)
		return false;
	memcpy(token, mac, NVC_TOKEN_LEN);
	return true;
}

/* Is the SETUP's token one of ours?  If not, answers RETRY with one. */
static bool
token_check(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	uint8_t token[NVC_TOKEN_LEN], buf[NVC_CONTROL_MAX];
	struct wr w;
	int i;

	if (!secret_age(n)) {
		nvc_dropped(n, NVC_DROP_MEMORY);
		return false;
	}
	for (i = m->token_len == NVC_TOKEN_LEN ? 1 : 0; i >= 0; i--) {
		if (!token_make(n->secret[i], from, m, token)) {
			nvc_dropped(n, NVC_DROP_MEMORY);
			return false;
		}
		if (m->token_len == NVC_TOKEN_LEN &&
		    CRYPTO_memcmp(m->token, token, NVC_TOKEN_LEN) == 0)
			return true;
	}
	if (m->token_len > 0)
		nvc_dropped(n, NVC_DROP_TOKEN_BAD);
	wr_init(&w, buf, sizeof(buf));
	put_head(&w, NVC_RETRY, 0, 0, m->number);
	wr_bytes(&w, token, NVC_TOKEN_LEN); /* of the newer secret */
	send_control(n, from, &w);
	return false;
}

static void
nvc_refuse(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m,
    uint16_t cause, enum nvc_drop why)
{
	n->calls_refused++;
	nvc_dropped(n, why);
	send_number(n, from, NVC_RELEASE, cause, m->number, 0);
}

/* A circuit for a call in, or NULL: refused. */
static struct nvc_circuit *
call_in(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	struct nvc_peer *p;
	struct nvc_circuit *c;

	if (n->ncircuits >= n->params.max_circuits) {
		nvc_refuse(n, from, m, VC_CAUSE_RESOURCE, NVC_DROP_CIRCUITS);
		return NULL;
	}
	if ((p = peer_get(n, from)) != NULL &&
	    p->count >= n->params.circuits_per_address) {
		peer_put(n, p);
		nvc_refuse(n, from, m, VC_CAUSE_RESOURCE, NVC_DROP_PER_ADDRESS);
		return NULL;
	}
	if (p == NULL || (c = calloc(1, sizeof(*c))) == NULL ||
	    !circuit_number(n, c)) {
		if (p != NULL) {
			free(c);
			peer_put(n, p);
		}
		nvc_refuse(n, from, m, VC_CAUSE_RESOURCE, NVC_DROP_MEMORY);
		return NULL;
	}
	circuit_init(n, c,
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
	RB_INSERT(nvc_by_peer, &n->by_peer, c);
	c->indexed = true;
	return c;
}

static void
input_setup(struct nvc *n, const struct nvc_dest *from, struct nvc_msg *m)
{
	struct nvc_dest caller = { .v6 = 0 };
	struct nvc_circuit *c;
	bool v6;
	uint8_t sel;

	if (!atm_addr_to_ip(&m->calling, &v6, caller.ip, &sel)) {
		nvc_refuse(n, from, m, VC_CAUSE_REJECTED, NVC_DROP_SOURCE);
		return;
	}
	caller.v6 = v6;
	caller.port = from->port;
	if (dest_cmp(&caller, from) != 0) {
		nvc_refuse(n, from, m, VC_CAUSE_REJECTED, NVC_DROP_SOURCE);
		return;
	}
	if (!atm_addr_equal(&m->called, &n->link.local)) {
		nvc_refuse(n, from, m, VC_CAUSE_UNALLOCATED, NVC_DROP_CALLED);
		return;
	}
	if ((c = circuit_by_peer(n, from, m->number, true)) != NULL) {
		circuit_heard(c);
		step(c, NVC_EV_SETUP, m);
		return;
	}
	if (!token_check(n, from, m) || (c = call_in(n, from, m)) == NULL)
		return;
	n->depth++;
	m->cause = n->link.user->remote_call(n->link.arg, &c->h.u.vc, &c->addr,
	    c->h.kind == NVC_LEAF_END, &c->h.u.vc.cookie);
	n->depth--;
	step(c, m->cause == VC_CAUSE_NONE ? NVC_EV_ACCEPT : NVC_EV_REFUSE, m);
}

/* Rule 5: at most 100 in any second. */
static void
unknown(struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	mtime_t *oldest = &n->released[n->oldest];

	nvc_dropped(n, NVC_DROP_UNKNOWN);
	if (m->type != NVC_DATA && m->type != NVC_ENQUIRY)
		return;
	if (n->wrapped && mtime_diff(*oldest, n->timers->now) < MTIME_SEC(1)) {
		nvc_dropped(n, NVC_DROP_RELEASE_RATE);
		return;
	}
	*oldest = n->timers->now;
	n->oldest = (n->oldest + 1) % RELEASES;
	n->wrapped = n->wrapped || n->oldest == 0;
	send_number(n, from, NVC_RELEASE, VC_CAUSE_INVALID_REF, 0, m->circuit);
}

/* RELEASE with Circuit 0: the sender knows no circuit of that number. */
static void
input_release0(
    struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	struct nvc_circuit *c;

	if ((c = circuit_by_peer(n, from, m->number, false)) == NULL &&
	    (c = circuit_by_peer(n, from, m->number, true)) == NULL) {
		nvc_dropped(n, NVC_DROP_UNKNOWN);
		return;
	}
	step(c, NVC_EV_RELEASE, m);
}

static void
input_circuit(
    struct nvc *n, const struct nvc_dest *from, const struct nvc_msg *m)
{
	struct nvc_circuit *c;

	if ((c = circuit_find(n, m->circuit)) == NULL) {
		unknown(n, from, m);
		return;
	}
	if (dest_cmp(&c->dest, from) != 0) {
		nvc_dropped(n, NVC_DROP_PEER);
		return;
	}
	if ((m->type == NVC_ENQUIRY || m->type == NVC_STATUS) &&
	    c->state == NVC_CONNECTED && m->number != c->peer_num) {
		nvc_dropped(n, NVC_DROP_NUMBER);
		return;
	}
	if (m->type == NVC_DATA && c->h.kind == NVC_LEAF) {
		nvc_dropped(n, NVC_DROP_LEAF_DATA);
		return;
	}
	circuit_heard(c);
	step(c, types[m->type].event, m);
}

void
nvc_input(struct nvc *n, const struct nvc_dest *from, const void *p, size_t len)
{
	struct nvc_msg m = { .type = NVC_NO_TYPE };
	enum nvc_drop why;

	nvc_reap(n);
	if (n->quiet)
		return;
	if ((why = nvc_parse(&m, p, len)) != NVC_DROP_MAX)
		nvc_dropped(n, why);
	else if (m.type == NVC_SETUP)
		input_setup(n, from, &m);
	else if (m.type == NVC_RELEASE && m.circuit == 0)
		input_release0(n, from, &m);
	else
		input_circuit(n, from, &m);
}

/* --- from above: the functions of vc.h */

/* Where c->addr is; sets c->cause and returns false if that can't be said. */
static bool
resolve(const struct nvc *n, struct nvc_circuit *c)
{
	bool v6, local_v6;
	uint8_t sel, ip[16];
	uint32_t port;

	memset(&c->dest, 0, sizeof(c->dest));
	c->cause = VC_CAUSE_UNALLOCATED;
	if (!atm_addr_to_ip(&c->addr, &v6, c->dest.ip, &sel) ||
	    !atm_addr_to_ip(&n->link.local, &local_v6, ip, &ip[0]) ||
	    v6 != local_v6)
		return false;
	port = (uint32_t)n->params.base_port + sel;
	if (port > UINT16_MAX)
		return false;
	c->dest.v6 = v6;
	c->dest.port = (uint16_t)port;
	c->cause = VC_CAUSE_RESOURCE;
	if (n->ncircuits >= n->params.max_circuits)
		return false;
	c->cause = VC_CAUSE_OUT_OF_ORDER;
	return true;
}

/* Begins a call; what is wrong with it comes up from the loop.  h is set. */
static bool
call_out(struct nvc *n, struct nvc_circuit *c, enum nvc_kind kind,
    const struct atm_addr *to)
{
	circuit_init(n, c, kind, NVC_CALLING);
	c->addr = *to;
	n->calls_out++;
	if (!resolve(n, c)) {
		c->state = NVC_FAILING;
		timer_set(n->timers, &c->timer, 0);
		return true;
	}
	if (!circuit_number(n, c))
		return false;
	nvc_send_setup(c);
	timer_set(n->timers, &c->timer, setup_wait[0]);
	return true;
}

struct vc *
nvc_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	struct nvc *n = link_nvc(l);
	struct nvc_circuit *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->h.u.vc.link = l;
	c->h.u.vc.cookie = cookie;
	if (!call_out(n, c, NVC_OUT, to)) {
		free(c);
		return NULL;
	}
	if (c->state == NVC_FAILING)
		TAILQ_INSERT_TAIL(&n->failing, c, entry);
	return &c->h.u.vc;
}

struct vc *
nvc_multi(struct vc_link *l, void *cookie)
{
	struct nvc *n = link_nvc(l);
	struct nvc_root *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return NULL;
	r->h.kind = NVC_ROOT;
	r->h.u.vc.link = l;
	r->h.u.vc.cookie = cookie;
	TAILQ_INIT(&r->leaves);
	LIST_INSERT_HEAD(&n->roots, r, entry);
	return &r->h.u.vc;
}

/* Rule 8: one SETUP for each leaf. */
struct vc_leaf *
nvc_multi_add(struct vc *vc, const struct atm_addr *to, void *cookie)
{
	struct nvc_root *r = (struct nvc_root *)vc;
	struct nvc_circuit *c;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->h.u.leaf.root = vc;
	c->h.u.leaf.cookie = cookie;
	c->h.kind = NVC_LEAF;
	if (!call_out(link_nvc(vc->link), c, NVC_LEAF, to)) {
		free(c);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&r->leaves, c, entry);
	return &c->h.u.leaf;
}

void
nvc_multi_drop(struct vc_leaf *leaf)
{
	const struct nvc_msg m = { .cause = VC_CAUSE_NORMAL };

	step((struct nvc_circuit *)leaf, NVC_EV_DROP, &m);
}

static void
root_release(struct nvc *n, struct nvc_root *r, const struct nvc_msg *m)
{
	struct nvc_circuit *c, *next;

	if (r->released)
		return;
	r->released = true;
	TAILQ_FOREACH_SAFE(c, &r->leaves, entry, next)
		step(c, NVC_EV_DROP, m);
	if (r->pending == 0)
		root_unlink(n, r);
}

void
nvc_release(struct vc *vc, uint16_t cause)
{
	const struct nvc_msg m = { .cause = cause };

	if (((struct nvc_head *)vc)->kind == NVC_ROOT)
		root_release(link_nvc(vc->link), (struct nvc_root *)vc, &m);
	else
		step((struct nvc_circuit *)vc, NVC_EV_DROP, &m);
}

/* Room for one more SDU?  Takes it over if not. */
static bool
queue_room(struct nvc *n, struct vc_sdu *s)
{
	if (n->nouts < NVC_QUEUE_COUNT && s->len <= NVC_QUEUE_OCTETS &&
	    n->octets <= NVC_QUEUE_OCTETS - s->len)
		return true;
	n->sdus_dropped++;
	vc_sdu_free(s);
	return false;
}

static int
root_send(struct nvc *n, struct nvc_root *r, struct vc_sdu *s)
{
	struct nvc_out *o;

	if (r->connected == 0) {
		vc_sdu_free(s); /* nobody there is no error, A-132 */
		return 0;
	}
	if (!queue_room(n, s))
		return -1;
	if ((o = queue(n, &n->outs, 0, s)) == NULL) {
		n->sdus_dropped++;
		vc_sdu_free(s);
		return -1;
	}
	o->root = r;
	r->pending++;
	return 0;
}

int
nvc_send(struct vc *vc, struct vc_sdu *s)
{
	struct nvc_circuit *c = (struct nvc_circuit *)vc;
	struct nvc *n = link_nvc(vc->link);
	struct nvc_out *o;
	struct wr w;

	if (c->h.kind == NVC_ROOT)
		return root_send(n, (struct nvc_root *)vc, s);
	if (c->state == NVC_CONNECTED && s->len > c->max_sdu) {
		n->sdus_too_big++;
		vc_sdu_free(s);
		return -1;
	}
	if (c->state != NVC_CONNECTED || c->h.kind == NVC_LEAF_END) {
		n->sdus_dropped++;
		vc_sdu_free(s);
		return -1;
	}
	if (!queue_room(n, s))
		return -1;
	if ((o = queue(n, &n->outs, NVC_HDRLEN, s)) == NULL) {
		n->sdus_dropped++;
		vc_sdu_free(s);
		return -1;
	}
	o->dest = c->dest;
	wr_init(&w, o->head, NVC_HDRLEN);
	put_head(&w, NVC_DATA, 0, 0, c->peer_num);
	c->sdus_out++;
	n->sdus_out++;
	n->octets_out += s->len;
	return 0;
}

/* The address at the other end; a root's is its own. */
const struct atm_addr *
nvc_peer(const struct vc *vc)
{
	const struct nvc_circuit *c = (const struct nvc_circuit *)vc;

	return c->h.kind == NVC_ROOT ? &vc->link->local : &c->addr;
}

/* --- datagrams out */

/* To the leaves from the cursor on; false: no room, or *max is used up. */
static bool
flush_root(struct nvc *n, const struct nvc_out *o, size_t *max)
{
	struct nvc_circuit *c;

	if (!n->iterating)
		n->cursor = TAILQ_FIRST(&o->root->leaves);
	n->iterating = true;
	while ((c = n->cursor) != NULL) {
		if (o->seq < c->from || o->seq >= c->until)
			; /* not connected when it was sent */
		else if (o->sdu->len > c->max_sdu)
			n->sdus_too_big++;
		else if (*max == 0 || !output_data(n, c, o->sdu))
			return false;
		else
			(*max)--;
		n->cursor = TAILQ_NEXT(c, entry);
	}
	n->iterating = false;
	return true;
}

/* One datagram; false: no room, or *max is used up. */
static bool
flush_one(struct nvc *n, const struct nvc_out *o, size_t *max)
{
	if (*max == 0 ||
	    !n->ops->output(n->arg, &o->dest, o->head, o->len, o->sdu))
		return false;
	(*max)--;
	return true;
}

bool
nvc_flush(struct nvc *n, size_t max)
{
	struct nvc_out *o;

	nvc_reap(n);
	while ((o = STAILQ_FIRST(&n->first)) != NULL) {
		if (!flush_one(n, o, &max))
			return false;
		unqueue(n, &n->first);
	}
	while ((o = STAILQ_FIRST(&n->outs)) != NULL) {
		if (o->root == NULL) {
			if (!flush_one(n, o, &max))
				return false;
		} else {
			if (!flush_root(n, o, &max))
				return false;
			root_sent(n, o->root, o->seq);
		}
		unqueue(n, &n->outs);
	}
	return true;
}

/* --- an engine */

void
nvc_set_params(struct nvc *n, const struct nvc_params *p)
{
	n->params = *p;
	if (n->params.enquiry_interval < 1)
		n->params.enquiry_interval = 1;
	if (n->params.enquiry_interval > UINT8_MAX)
		n->params.enquiry_interval = UINT8_MAX;
	/* the table's index is half of a number */
	if (n->params.max_circuits > UINT32_MAX / 2)
		n->params.max_circuits = UINT32_MAX / 2;
}

static bool
secrets_new(struct nvc *n)
{
	if ((n->mac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL ||
	    (n->secret[0] = EVP_MAC_CTX_new(n->mac)) == NULL ||
	    (n->secret[1] = EVP_MAC_CTX_new(n->mac)) == NULL)
		return false;
	n->drawn = n->timers->now;
	return secret_draw(n, n->secret[0]) && secret_draw(n, n->secret[1]);
}

struct nvc *
nvc_new(const struct nvc_ops *ops, void *arg, struct timers *ts,
    const struct vc_backend *backend, const struct atm_addr *local,
    const struct nvc_params *params, const struct vc_user *user, void *user_arg)
{
	struct nvc *n;

	if ((n = calloc(1, sizeof(*n))) == NULL)
		return NULL;
	n->link.backend = backend;
	n->link.local = *local;
	n->link.user = user;
	n->link.arg = user_arg;
	n->ops = ops;
	n->arg = arg;
	n->timers = ts;
	nvc_set_params(n, params);
	RB_INIT(&n->by_peer);
	RB_INIT(&n->peers);
	TAILQ_INIT(&n->failing);
	LIST_INIT(&n->roots);
	STAILQ_INIT(&n->outs);
	STAILQ_INIT(&n->first);
	if (!secrets_new(n)) {
		nvc_free(n);
		return NULL;
	}
	return n;
}

/* Point-to-point circuits and leaves' ends; roots take their leaves along. */
void
nvc_release_all(struct nvc *n)
{
	const struct nvc_msg m = { .cause = VC_CAUSE_NORMAL };
	struct nvc_circuit *c;
	struct nvc_root *r, *next;
	uint32_t i;

	n->quiet = true;
	LIST_FOREACH_SAFE(r, &n->roots, entry, next)
		root_release(n, r, &m);
	while ((c = TAILQ_FIRST(&n->failing)) != NULL)
		step(c, NVC_EV_DROP, &m);
	for (i = 0; i < n->nslots; i++)
		if (n->slots[i].circuit != NULL)
			step(n->slots[i].circuit, NVC_EV_DROP, &m);
}

void
nvc_free(struct nvc *n)
{
	nvc_release_all(n);
	while (!STAILQ_EMPTY(&n->outs)) {
		struct nvc_out *o = STAILQ_FIRST(&n->outs);

		if (o->root != NULL)
			root_sent(n, o->root, o->seq);
		unqueue(n, &n->outs);
	}
	while (!STAILQ_EMPTY(&n->first))
		unqueue(n, &n->first);
	nvc_reap(n);
	EVP_MAC_CTX_free(n->secret[0]);
	EVP_MAC_CTX_free(n->secret[1]);
	EVP_MAC_free(n->mac);
	free(n->slots);
	free(n);
}

struct vc_link *
nvc_link(struct nvc *n)
{
	return &n->link;
}

void *
nvc_arg(const struct vc_link *l)
{
	return ((const struct nvc *)l)->arg;
}

bool
nvc_busy(const struct nvc *n)
{
	return n->depth > 0;
}

/* --- for marsctl */

bool
nvc_counter(const struct nvc *n, size_t i, const char **name, uint64_t *value)
{
	static const char *const counters[] = {
#define X(sym, text) text,
		VC_COUNTERS(X)
#undef X
	};
	static const char *const drops[] = {
#define X(sym, text, why) text,
		NVC_DROPS(X)
#undef X
	};
	const uint64_t values[] = {
#define X(sym, text) n->sym,
		VC_COUNTERS(X)
#undef X
	};
	const size_t many = sizeof(values) / sizeof(values[0]);

	if (i < many) {
		*name = counters[i];
		*value = values[i];
		return true;
	}
	if (i - many >= NVC_DROP_MAX)
		return false;
	*name = drops[i - many];
	*value = n->drops[i - many];
	return true;
}

bool
nvc_circuit(const struct nvc *n, uint32_t *cursor, struct vc_circuit_info *info)
{
	static const char *const kinds[] = {
#define X(sym, name) name,
		NVC_KINDS(X)
#undef X
	};
	static const char *const states[] = {
#define X(sym, name) name,
		NVC_STATES(X)
#undef X
	};
	const struct nvc_circuit *c = NULL;

	while (c == NULL) {
		if (*cursor >= n->nslots)
			return false;
		c = n->slots[(*cursor)++].circuit;
	}
	info->local = n->link.local;
	info->peer = c->addr;
	info->kind = kinds[c->h.kind];
	info->state = states[c->state];
	info->number = c->num;
	info->sdus_in = c->sdus_in;
	info->sdus_out = c->sdus_out;
	info->idle = mtime_diff(c->heard, n->timers->now);
	return true;
}

static void
flush_all(struct vc_link *l)
{
	(void)nvc_flush(link_nvc(l), SIZE_MAX);
}

static void
close_now(struct vc_link *l)
{
	nvc_free(link_nvc(l));
}

const struct vc_backend nvc_backend = {
	.name = "nvc",
	.knows_caller = true,
	.call = nvc_call,
	.multi = nvc_multi,
	.multi_add = nvc_multi_add,
	.multi_drop = nvc_multi_drop,
	.release = nvc_release,
	.send = nvc_send,
	.peer = nvc_peer,
	.flush = flush_all,
	.close = close_now,
};
