/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What waits for output until nvc_flush().  An SDU for a root is in the
 * queue once.  When its turn has come it passes over the leaves that the root
 * had when the SDU was sent, and goes to each as a datagram of its own.
 * Where several SDUs wait they make the pass together (a batch), and each
 * leaf that takes bundles gets them in one datagram (rule 10).
 *
 * An answer passes the copies that wait for others, but not those that wait
 * for its own receiver, which is a leaf as well: these are sent before it, and
 * the pass leaves them out.  Else a client would take the sequence number in
 * the answer for a gap in what the MARS tells everybody (RFC 2022 section
 * 5.1.4.2, A-107), and ask for all its groups again.
 */

#include <stdlib.h>
#include <string.h>

#include "llc.h"
#include "nvc_impl.h"

#define ROOT_TURN	64	/* leaves before another root has its turn */
#define LEN_LEN		2	/* of an SDU, in a BUNDLE */

/* An SDU, or a control message as it is. */
struct nvc_out {
	STAILQ_ENTRY(nvc_out) entry;
	struct vc_sdu	*sdu;		/* NULL: dest and head count */
	bool		 numbered;	/* rule 9 */
	mtime_t		 since;
	uint64_t	 seq;		/* of a root's SDU; of any other, of
					 * the next one of a root */
	size_t		 owed;		/* octets it counts in the queue */
	struct nvc_dest	 dest;
	uint8_t		 len;		/* of head */
	uint8_t		 head[];
};

/* malloc(3) adds up to 24 octets to each */
_Static_assert(sizeof(struct nvc_out) + sizeof(struct vc_sdu) + 2 * 24 <=
    VC_SDU_KEPT, "an SDU");
_Static_assert(sizeof(struct nvc_out) + NVC_CONTROL_MAX + 24 <=
    NVC_CONTROL_KEPT, "a control message");

void
nvc_queue_init(struct nvc_queue *q)
{
	STAILQ_INIT(&q->control);
	STAILQ_INIT(&q->later);
	TAILQ_INIT(&q->circuits);
	TAILQ_INIT(&q->roots);
	TAILQ_INIT(&q->tell);
}

static struct nvc_out *
out_pop(struct nvc_outs *from)
{
	struct nvc_out *o = STAILQ_FIRST(from);

	STAILQ_REMOVE_HEAD(from, entry);
	return o;
}

static void
out_free(struct nvc_out *o)
{
	vc_sdu_free(o->sdu);
	free(o);
}

/* --- in */

static void
queue_control(struct nvc *n, struct nvc_outs *to, const struct nvc_dest *dest,
    const struct nvc_msg *m)
{
	struct nvc_queue *q = &n->queue;
	uint8_t buf[NVC_CONTROL_MAX];
	struct nvc_out *o;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	nvc_encode(&w, m);
	if (wr_failed(&w) ||
	    q->ncontrol >= n->params.max_circuits + NVC_STRANGER_COUNT ||
	    (o = calloc(1, sizeof(*o) + w.len)) == NULL) {
		nvc_dropped(n, NVC_DROP_QUEUE);
		return;
	}
	o->dest = *dest;
	o->len = (uint8_t)w.len;
	memcpy(o->head, buf, w.len);
	STAILQ_INSERT_TAIL(to, o, entry);
	q->ncontrol++;
}

void
nvc_queue_msg(struct nvc *n, const struct nvc_dest *to, const struct nvc_msg *m)
{
	queue_control(n, &n->queue.control, to, m);
}

void
nvc_queue_stranger(
    struct nvc *n, const struct nvc_dest *to, const struct nvc_msg *m)
{
	if (n->queue.ncontrol >= NVC_STRANGER_COUNT)
		nvc_dropped(n, NVC_DROP_QUEUE);
	else
		nvc_queue_later(n, to, m);
}

void
nvc_queue_later(
    struct nvc *n, const struct nvc_dest *to, const struct nvc_msg *m)
{
	queue_control(n, &n->queue.later, to, m);
}

void
nvc_queue_number(struct nvc *n, const struct nvc_dest *to, enum nvc_type type,
    uint16_t cause, uint64_t circuit, uint64_t number)
{
	const struct nvc_msg m = {
		.type = type,
		.cause = cause,
		.circuit = circuit,
		.number = number,
	};

	nvc_queue_msg(n, to, &m);
}

void
nvc_queue_release(struct nvc_circuit *c, uint16_t cause)
{
	const struct nvc_msg m = {
		.type = NVC_RELEASE,
		.cause = cause,
		.circuit = c->peer_num,
		.number = c->num,
	};
	struct nvc_stream *s = &c->stream;
	struct nvc *n = nvc_of(c);

	if (c->h.kind == NVC_LEAF)
		s = &nvc_leaf_root(c)->stream;
	queue_control(
	    n, s->sdus > 0 ? &s->outs : &n->queue.control, &c->dest, &m);
}

/* Rule 9: what MARS and SCSP say is numbered. */
static bool
is_numbered(const struct vc_sdu *s)
{
	uint32_t oui;
	uint16_t pid;

	return llc_decode(s->data, s->len, &oui, &pid) && oui == LLC_OUI_IANA &&
	    (pid == LLC_PID_MARS || pid == LLC_PID_SCSP);
}

/* What an SDU for that many ends counts. */
static size_t
sdu_owes(const struct vc_sdu *s, uint32_t ends)
{
	return (size_t)s->len * ends + VC_SDU_KEPT;
}

/* Queues an SDU for that many ends; NULL: there is no memory. */
static struct nvc_out *
queue_sdu(struct nvc *n, struct nvc_stream *to, struct vc_sdu *s, uint32_t ends)
{
	struct nvc_out *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	o->sdu = s;
	o->numbered = is_numbered(s);
	o->since = n->timers->now;
	o->seq = n->queue.seq;
	o->owed = sdu_owes(s, ends);
	STAILQ_INSERT_TAIL(&to->outs, o, entry);
	to->sdus++;
	return o;
}

static int
nvc_queue_full(struct nvc *n, struct vc_sdu *s)
{
	n->sdus_dropped++;
	vc_sdu_free(s);
	return -1;
}

int
nvc_queue_sdu(struct nvc_circuit *c, struct vc_sdu *s)
{
	struct nvc *n = nvc_of(c);
	struct nvc_queue *q = &n->queue;
	size_t octets = sdu_owes(s, 1);
	bool idle = STAILQ_EMPTY(&c->stream.outs);

	if (q->octets + octets > VC_QUEUE_OCTETS ||
	    queue_sdu(n, &c->stream, s, 1) == NULL)
		return nvc_queue_full(n, s);
	q->octets += octets;
	nvc_circuit_used(c);
	if (idle)
		TAILQ_INSERT_TAIL(&q->circuits, c, ready);
	return 0;
}

/*
 * A root that has nothing waiting may always queue one SDU, however many its
 * leaves: it is held once, and no other root can keep it out.
 */
int
nvc_queue_copies(struct nvc_root *r, struct vc_sdu *s)
{
	struct nvc *n = nvc_of_link(r->h.u.vc.link);
	struct nvc_queue *q = &n->queue;
	size_t octets = sdu_owes(s, r->connected);
	bool idle = STAILQ_EMPTY(&r->stream.outs);

	if (r->stream.sdus > 0 && q->copies + octets > VC_COPIES_OCTETS)
		return nvc_queue_full(n, s);
	if (queue_sdu(n, &r->stream, s, r->connected) == NULL)
		return nvc_queue_full(n, s);
	q->seq++;
	q->copies += octets;
	if (idle)
		TAILQ_INSERT_TAIL(&q->roots, r, ready);
	return 0;
}

void
nvc_queue_skip(struct nvc_root *r, const struct nvc_circuit *c)
{
	if (r->cursor == c)
		r->cursor = TAILQ_NEXT(c, entry);
}

/* --- bundles */

static uint32_t
ip_room(const struct nvc *n)
{
	bool v6 = false;
	uint8_t sel, ip[16];
	uint32_t mtu = n->params.mtu;

	(void)atm_addr_to_ip(&n->link.local, &v6, ip, &sel);
	/* an IP header and that of UDP */
	return (mtu < NVC_MTU_MIN ? NVC_MTU_MIN : mtu) - (v6 ? 40 : 20) - 8 -
	    NVC_HDRLEN;
}

uint16_t
nvc_sdu_fits(const struct nvc *n)
{
	uint32_t room = n->params.mtu == 0 ? VC_SDU_MAX : ip_room(n);

	return (uint16_t)(room > VC_SDU_MAX ? VC_SDU_MAX : room);
}

static uint32_t
bundle_fits(const struct nvc *n)
{
	return n->params.mtu == 0 ? NVC_BUNDLE_MAX - NVC_HDRLEN :
	    nvc_sdu_fits(n);
}

/*
 * How many SDUs from that one on go in one BUNDLE: as many as fit, all
 * numbered or none, and before a sequence number.  1: it is not worth one.
 */
static uint32_t
bundle_count(const struct nvc *n, const struct nvc_out *first, uint64_t before)
{
	const struct nvc_out *o;
	size_t room = bundle_fits(n);
	uint32_t many = 0;

	for (o = first; o != NULL; o = STAILQ_NEXT(o, entry)) {
		if (o->sdu == NULL || o->seq >= before ||
		    o->numbered != first->numbered ||
		    o->sdu->tos != first->sdu->tos ||
		    o->sdu->len + LEN_LEN > room)
			break;
		room -= o->sdu->len + LEN_LEN;
		many++;
	}
	return many == 0 ? 1 : many;
}

/* The body of that BUNDLE; NULL: no memory, and they go one by one. */
static struct vc_sdu *
bundle_body(const struct nvc_out *o, uint32_t many)
{
	static uint8_t buf[VC_SDU_MAX];
	uint8_t tos = o->sdu->tos;
	struct vc_sdu *body;
	struct wr w;

	for (wr_init(&w, buf, sizeof(buf)); many > 0; many--) {
		wr_u16(&w, (uint16_t)o->sdu->len);
		wr_bytes(&w, o->sdu->data, o->sdu->len);
		o = STAILQ_NEXT(o, entry);
	}
	if (wr_failed(&w) || (body = vc_sdu_new(buf, w.len)) == NULL)
		return NULL;
	body->tos = tos;
	return body;
}

/* --- out */

static bool
output_control(struct nvc *n, const struct nvc_out *o, size_t *max)
{
	if (*max == 0 ||
	    !n->ops->output(n->arg, &o->dest, o->head, o->len, NULL))
		return false;
	(*max)--;
	n->queue.ncontrol--;
	return true;
}

/*
 * One datagram with that many SDUs, or the one, on the circuit.  False: there
 * is no room, or *max is used up.
 */
static bool
output_sdus(struct nvc *n, struct nvc_circuit *c, struct vc_sdu *body,
    uint32_t many, bool numbered, size_t *max)
{
	struct nvc_msg m = {
		.type = many > 1 ? NVC_BUNDLE : NVC_DATA,
		.circuit = c->peer_num,
	};
	uint8_t head[NVC_HDRLEN];
	struct wr w;

	if (numbered) {
		m.flags = NVC_F_NUMBER;
		m.cause = c->number_out;
	}
	wr_init(&w, head, sizeof(head));
	nvc_encode(&w, &m);
	if (*max == 0 ||
	    !n->ops->output(n->arg, &c->dest, head, sizeof(head), body))
		return false;
	(*max)--;
	if (numbered)
		c->number_out = (uint16_t)(c->number_out + many);
	return true;
}

/* An SDU has gone out on the circuit. */
static void
sdu_out(struct nvc *n, struct nvc_circuit *c, const struct nvc_out *o)
{
	c->sdus_out++;
	n->sdus_out++;
	n->octets_out += o->sdu->len;
}

static bool
expired(const struct nvc *n, const struct nvc_out *o, int64_t most)
{
	return o->sdu != NULL && mtime_diff(o->since, n->timers->now) > most;
}

/* How long an SDU of a root may wait: what is late is of no use to data. */
static int64_t
root_patience(const struct nvc *n, const struct nvc_out *o)
{
	return o->numbered || n->params.queue_time == 0 ? VC_QUEUE_TIME :
	    n->params.queue_time;
}

static void
age(const struct nvc *n, struct nvc_outs *outs)
{
	struct nvc_out *o;

	STAILQ_FOREACH(o, outs, entry)
		o->since.us = n->timers->now.us - VC_QUEUE_TIME - 1;
}

void
nvc_discard(struct nvc *n)
{
	struct nvc_circuit *c;
	struct nvc_root *r;

	TAILQ_FOREACH(c, &n->queue.circuits, ready)
		age(n, &c->stream.outs);
	TAILQ_FOREACH(r, &n->queue.roots, ready)
		age(n, &r->stream.outs);
}

/* --- copies for one leaf */

/* A leaf has had this one: the queue owes it nothing more. */
static void
copied(struct nvc *n, struct nvc_circuit *c, struct nvc_out *o)
{
	size_t octets = o->owed < o->sdu->len ? o->owed : o->sdu->len;

	sdu_out(n, c, o);
	o->owed -= octets;
	n->queue.copies -= octets;
	c->from = o->seq + 1;
}

/* One SDU, if it is for this leaf; false: no room, or *max is used up. */
static bool
copy_output(
    struct nvc *n, struct nvc_circuit *c, struct nvc_out *o, size_t *max)
{
	if (o->seq < c->from || o->seq >= c->until)
		return true; /* it has it, or was not connected then */
	if (o->sdu->len > c->max_sdu) {
		n->sdus_too_big++;
		c->from = o->seq + 1;
		return true;
	}
	if (!output_sdus(n, c, o->sdu, 1, o->numbered, max))
		return false;
	copied(n, c, o);
	return true;
}

/* Those that wait for this leaf from *at on, as a bundle; then *at is next. */
static bool
copies_output(struct nvc *n, struct nvc_circuit *c, struct nvc_out **at,
    uint64_t before, size_t *max)
{
	struct vc_sdu *body = NULL;
	struct nvc_out *o = *at;
	uint32_t many = 1;
	bool room;

	if (c->bundles && o->seq >= c->from && o->sdu->len <= c->max_sdu)
		many = bundle_count(n, o, before);
	if (many > 1 && (body = bundle_body(o, many)) != NULL &&
	    body->len <= c->max_sdu) {
		room = output_sdus(n, c, body, many, o->numbered, max);
		for (; room && many > 0; many--, o = STAILQ_NEXT(o, entry))
			copied(n, c, o);
	} else if ((room = copy_output(n, c, o, max)))
		o = STAILQ_NEXT(o, entry);
	vc_sdu_free(body);
	*at = o;
	return room;
}

/*
 * What roots sent before that sequence number, and an end that is to have an
 * answer has not had yet.  False: no room, or *max is used up.
 */
static bool
catch_up(
    struct nvc *n, const struct nvc_circuit *to, uint64_t before, size_t *max)
{
	struct nvc_circuit *c = nvc_leaf_at(n, &to->dest);
	struct nvc_out *o;

	for (; c != NULL; c = nvc_leaf_next(c)) {
		if (c->from >= before)
			continue;
		o = STAILQ_FIRST(&nvc_leaf_root(c)->stream.outs);
		while (o != NULL && (o->sdu == NULL || o->seq < before))
			if (o->sdu == NULL)
				o = STAILQ_NEXT(o, entry);
			else if (!copies_output(n, c, &o, before, max))
				return false;
		c->from = before;
	}
	return true;
}

/* --- circuits */

static void
circuit_pop(struct nvc *n, struct nvc_circuit *c)
{
	struct nvc_out *o = out_pop(&c->stream.outs);

	if (o->sdu != NULL) {
		c->stream.sdus--;
		n->queue.octets -= o->owed;
	}
	out_free(o);
}

/* Sends what is first on the circuit, or all that goes with it in a bundle. */
static bool
circuit_output(struct nvc *n, struct nvc_circuit *c, size_t *max)
{
	const struct nvc_out *o = STAILQ_FIRST(&c->stream.outs);
	struct vc_sdu *body = NULL;
	uint32_t many = 1;
	bool room;

	if (o->sdu == NULL) {
		if (!output_control(n, o, max))
			return false;
		circuit_pop(n, c);
		return true;
	}
	if (*max == 0 || !catch_up(n, c, o->seq, max))
		return false;
	if (c->bundles)
		many = bundle_count(n, o, o->seq + 1);
	if (many > 1 && (body = bundle_body(o, many)) == NULL)
		many = 1;
	room =
	    output_sdus(n, c, many > 1 ? body : o->sdu, many, o->numbered, max);
	vc_sdu_free(body);
	for (; room && many > 0; many--) {
		sdu_out(n, c, STAILQ_FIRST(&c->stream.outs));
		circuit_pop(n, c);
	}
	return room;
}

/* So many of a queue of control messages, or all. */
static bool
flush_control(struct nvc *n, struct nvc_outs *from, size_t many, size_t *max)
{
	struct nvc_out *o;

	for (; many > 0 && (o = STAILQ_FIRST(from)) != NULL; many--) {
		if (!output_control(n, o, max))
			return false;
		out_free(out_pop(from));
	}
	return true;
}

/*
 * One datagram for each circuit in turn, and between two of them one of what
 * may wait: neither keeps the other out, however much there is of it.
 */
static bool
flush_circuits(struct nvc *n, size_t *max)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_circuit *c;
	struct nvc_out *o;

	while ((c = TAILQ_FIRST(&q->circuits)) != NULL) {
		while ((o = STAILQ_FIRST(&c->stream.outs)) != NULL &&
		    expired(n, o, VC_QUEUE_TIME)) {
			n->sdus_dropped++;
			circuit_pop(n, c);
		}
		if (o != NULL && !circuit_output(n, c, max))
			return false;
		TAILQ_REMOVE(&q->circuits, c, ready);
		if (!STAILQ_EMPTY(&c->stream.outs))
			TAILQ_INSERT_TAIL(&q->circuits, c, ready);
		else
			nvc_circuit_sent(c);
		if (!flush_control(n, &q->later, 1, max))
			return false;
	}
	return flush_control(n, &q->later, SIZE_MAX, max);
}

void
nvc_queue_drop(struct nvc_circuit *c)
{
	struct nvc *n = nvc_of(c);

	if (STAILQ_EMPTY(&c->stream.outs))
		return;
	while (!STAILQ_EMPTY(&c->stream.outs)) {
		n->sdus_dropped++;
		circuit_pop(n, c);
	}
	TAILQ_REMOVE(&n->queue.circuits, c, ready);
}

/* --- roots */

static void
tell_later(struct nvc *n, struct nvc_root *r)
{
	if (r->telling || r->released)
		return;
	r->telling = true;
	TAILQ_INSERT_TAIL(&n->queue.tell, r, tell);
}

void
nvc_queue_hush(struct nvc *n, struct nvc_root *r)
{
	if (r->telling)
		TAILQ_REMOVE(&n->queue.tell, r, tell);
	r->telling = false;
}

static void
root_pop(struct nvc *n, struct nvc_root *r)
{
	struct nvc_out *o = out_pop(&r->stream.outs);
	struct nvc_queue *q = &n->queue;

	if (o->sdu != NULL) {
		q->copies -= o->owed;
		if (--r->stream.sdus == 0) {
			r->drained = true;
			tell_later(n, r);
		}
	}
	out_free(o);
}

/* Who has missed the end of a pass is the first in the next. */
static void
pass_cut(struct nvc_root *r)
{
	struct nvc_circuit *c;

	while (r->cursor != NULL &&
	    (c = TAILQ_FIRST(&r->leaves)) != r->cursor) {
		TAILQ_REMOVE(&r->leaves, c, entry);
		TAILQ_INSERT_TAIL(&r->leaves, c, entry);
	}
}

/*
 * What is first has waited for too long.  It may be on its way: what there is
 * of its pass goes on without it.
 */
static void
root_expire(struct nvc *n, struct nvc_root *r)
{
	uint64_t seq = STAILQ_FIRST(&r->stream.outs)->seq;

	vc_sdu_free(r->body);
	r->body = NULL;
	if (r->batch > 0 && --r->batch == 0)
		pass_cut(r);
	n->sdus_dropped++;
	r->overflow = true;
	tell_later(n, r);
	root_pop(n, r);
	nvc_root_sent(n, r, seq);
}

/*
 * How many SDUs pass over the leaves together where they make no bundle: what
 * a leaf gets is then in a row, which a system may take as one.
 */
static uint32_t
pass_count(const struct nvc *n, const struct nvc_stream *s)
{
	const struct nvc_out *o;
	uint32_t many = 0;

	STAILQ_FOREACH(o, &s->outs, entry) {
		if (o->sdu == NULL || o->numbered || many >= n->params.row)
			break;
		many++;
	}
	return many == 0 ? 1 : many;
}

static void
pass_begin(const struct nvc *n, struct nvc_root *r)
{
	const struct nvc_out *o = STAILQ_FIRST(&r->stream.outs);

	r->batch = r->bundlers > 0 ? bundle_count(n, o, NVC_NEVER) : 1;
	if (r->batch > 1)
		r->body = bundle_body(o, r->batch);
	else
		r->batch = pass_count(n, &r->stream);
	r->cursor = TAILQ_FIRST(&r->leaves);
}

static void
pass_end(struct nvc *n, struct nvc_root *r)
{
	uint64_t seq = 0;

	vc_sdu_free(r->body);
	r->body = NULL;
	for (; r->batch > 0; r->batch--) {
		seq = STAILQ_FIRST(&r->stream.outs)->seq;
		root_pop(n, r);
	}
	nvc_root_sent(n, r, seq);
}

/* The whole batch in one datagram, if it is all for this leaf. */
static bool
takes_bundle(const struct nvc_root *r, const struct nvc_circuit *c)
{
	const struct nvc_out *o = STAILQ_FIRST(&r->stream.outs);
	uint32_t i;

	if (r->body == NULL || !c->bundles || o->seq < c->from ||
	    o->seq + r->batch > c->until)
		return false;
	if (c->max_sdu >= r->body->len)
		return true;
	for (i = 0; i < r->batch; i++, o = STAILQ_NEXT(o, entry))
		if (o->sdu->len > c->max_sdu)
			return false;
	return true;
}

/* The batch to one leaf, or what is left of it. */
static bool
leaf_output(
    struct nvc *n, struct nvc_root *r, struct nvc_circuit *c, size_t *max)
{
	struct nvc_out *o = STAILQ_FIRST(&r->stream.outs);
	bool bundle = takes_bundle(r, c);
	uint32_t i;

	if (bundle && !output_sdus(n, c, r->body, r->batch, o->numbered, max))
		return false;
	for (i = 0; i < r->batch; i++, o = STAILQ_NEXT(o, entry))
		if (bundle)
			copied(n, c, o);
		else if (!copy_output(n, c, o, max))
			return false;
	return true;
}

/*
 * What all leaves have to have does not end within its pass; data does, since
 * who gets it late has no use for it.
 */
static bool
root_late(
    const struct nvc *n, const struct nvc_root *r, const struct nvc_out *o)
{
	int64_t most = root_patience(n, o);

	return (r->batch == 0 || most < VC_QUEUE_TIME) && expired(n, o, most);
}

/* A root's turn; false: no room, or *max is used up. */
static bool
root_output(struct nvc *n, struct nvc_root *r, size_t *max)
{
	uint32_t turn = ROOT_TURN;
	struct nvc_out *o;

	while ((o = STAILQ_FIRST(&r->stream.outs)) != NULL) {
		if (o->sdu == NULL) {
			if (!output_control(n, o, max))
				return false;
			root_pop(n, r);
			continue;
		}
		if (root_late(n, r, o)) {
			root_expire(n, r);
			continue;
		}
		if (*max == 0)
			return false; /* more may come to make a batch */
		if (r->batch == 0)
			pass_begin(n, r);
		for (; r->cursor != NULL; turn--) {
			if (turn == 0)
				return true;
			if (!leaf_output(n, r, r->cursor, max))
				return false;
			r->cursor = TAILQ_NEXT(r->cursor, entry);
		}
		pass_end(n, r);
	}
	return true;
}

static bool
flush_roots(struct nvc *n, size_t *max)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_root *r;

	while ((r = TAILQ_FIRST(&q->roots)) != NULL) {
		if (!root_output(n, r, max))
			return false;
		TAILQ_REMOVE(&q->roots, r, ready);
		if (!STAILQ_EMPTY(&r->stream.outs))
			TAILQ_INSERT_TAIL(&q->roots, r, ready);
		else if (r->released)
			nvc_root_end(n, r);
	}
	return true;
}

/* --- all of it */

/* Tells the users of roots; false: there was nothing to tell. */
static bool
nvc_queue_tell(struct nvc *n)
{
	const struct vc_user *u = n->link.user;
	struct nvc_root *r;
	bool drained, overflow, any = false;

	n->depth++;
	while ((r = TAILQ_FIRST(&n->queue.tell)) != NULL) {
		drained = r->drained && r->stream.sdus == 0;
		overflow = r->overflow;
		r->drained = r->overflow = false;
		nvc_queue_hush(n, r);
		if (n->quiet)
			continue;
		any = true;
		if (overflow && u->overflow != NULL)
			u->overflow(n->link.arg, &r->h.u.vc, r->h.u.vc.cookie);
		if (drained && !r->released && u->drained != NULL)
			u->drained(n->link.arg, &r->h.u.vc, r->h.u.vc.cookie);
	}
	n->depth--;
	return any;
}

static bool
flush_all_kinds(struct nvc *n, size_t *max)
{
	return flush_control(n, &n->queue.control, SIZE_MAX, max) &&
	    flush_circuits(n, max) && flush_roots(n, max);
}

/* What a user sends when told so has its turn in the same flush. */
bool
nvc_flush(struct nvc *n, size_t max)
{
	bool all;

	nvc_reap(n);
	do
		all = flush_all_kinds(n, &max);
	while (nvc_queue_tell(n) && all);
	return all;
}

void
nvc_queue_free(struct nvc *n)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_circuit *c;
	struct nvc_root *r;

	STAILQ_CONCAT(&q->control, &q->later);
	while (!STAILQ_EMPTY(&q->control))
		out_free(out_pop(&q->control));
	while ((c = TAILQ_FIRST(&q->circuits)) != NULL) {
		nvc_queue_drop(c);
		nvc_circuit_sent(c);
	}
	while ((r = TAILQ_FIRST(&q->roots)) != NULL) {
		TAILQ_REMOVE(&q->roots, r, ready);
		vc_sdu_free(r->body);
		r->body = NULL;
		while (!STAILQ_EMPTY(&r->stream.outs))
			root_pop(n, r);
		nvc_root_sent(n, r, UINT64_MAX - 1);
		nvc_root_end(n, r);
	}
}
