/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What waits for output until nvc_flush().  An SDU for a root is in the
 * queue once; it is copied to the leaves that the root had when the SDU was
 * sent, one datagram each, when its turn has come.
 */

#include <stdlib.h>
#include <string.h>

#include "nvc_impl.h"

/* A datagram, or an SDU for the leaves of a root. */
struct nvc_out {
	STAILQ_ENTRY(nvc_out) entry;
	struct nvc_root	*root;		/* or NULL: dest and head count */
	struct vc_sdu	*sdu;		/* or NULL */
	uint64_t	 seq;
	struct nvc_dest	 dest;
	uint8_t		 len;		/* of head */
	uint8_t		 head[];
};

void
nvc_queue_init(struct nvc_queue *q)
{
	STAILQ_INIT(&q->outs);
	STAILQ_INIT(&q->first);
}

static struct nvc_out *
queue_add(
    struct nvc_queue *q, struct nvc_outs *to, size_t len, struct vc_sdu *sdu)
{
	struct nvc_out *o;

	if ((o = malloc(sizeof(*o) + len)) == NULL)
		return NULL;
	o->root = NULL;
	o->sdu = sdu;
	o->seq = q->seq++;
	o->len = (uint8_t)len;
	STAILQ_INSERT_TAIL(to, o, entry);
	q->count++;
	q->octets += sdu == NULL ? 0 : sdu->len;
	return o;
}

static void
queue_remove(struct nvc_queue *q, struct nvc_outs *from)
{
	struct nvc_out *o = STAILQ_FIRST(from);

	STAILQ_REMOVE_HEAD(from, entry);
	q->count--;
	q->octets -= o->sdu == NULL ? 0 : o->sdu->len;
	vc_sdu_free(o->sdu);
	free(o);
}

void
nvc_queue_msg(struct nvc *n, const struct nvc_dest *to, const struct nvc_msg *m)
{
	struct nvc_queue *q = &n->queue;
	uint8_t buf[NVC_CONTROL_MAX];
	struct nvc_out *o;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	nvc_encode(&w, m);
	if (wr_failed(&w) || q->count >= NVC_CONTROL_COUNT ||
	    (o = queue_add(q, m->type == NVC_RELEASE ? &q->outs : &q->first,
		 w.len, NULL)) == NULL) {
		nvc_dropped(n, NVC_DROP_QUEUE);
		return;
	}
	o->dest = *to;
	memcpy(o->head, buf, w.len);
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

/* Queues an SDU, with room for a header; NULL, and counted: no room. */
static struct nvc_out *
queue_sdu(struct nvc *n, size_t len, struct vc_sdu *s)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_out *o = NULL;

	if (q->count < NVC_QUEUE_COUNT && s->len <= NVC_QUEUE_OCTETS &&
	    q->octets <= NVC_QUEUE_OCTETS - s->len)
		o = queue_add(q, &q->outs, len, s);
	if (o == NULL) {
		n->sdus_dropped++;
		vc_sdu_free(s);
	}
	return o;
}

/* An SDU goes out to the circuit, now or when its turn has come. */
static void
sdu_out(struct nvc *n, struct nvc_circuit *c, const struct vc_sdu *s)
{
	c->sdus_out++;
	n->sdus_out++;
	n->octets_out += s->len;
}

int
nvc_queue_sdu(struct nvc_circuit *c, struct vc_sdu *s)
{
	struct nvc *n = nvc_of(c);
	struct nvc_out *o;

	if ((o = queue_sdu(n, NVC_HDRLEN, s)) == NULL)
		return -1;
	o->dest = c->dest;
	nvc_encode_data(o->head, c->peer_num);
	sdu_out(n, c, s);
	return 0;
}

int
nvc_queue_copies(struct nvc_root *r, struct vc_sdu *s)
{
	struct nvc_out *o;

	if ((o = queue_sdu(nvc_of_link(r->h.u.vc.link), 0, s)) == NULL)
		return -1;
	o->root = r;
	r->pending++;
	return 0;
}

void
nvc_queue_skip(struct nvc *n, const struct nvc_circuit *c)
{
	if (n->queue.cursor == c)
		n->queue.cursor = TAILQ_NEXT(c, entry);
}

/* --- out */

static bool
output_data(struct nvc *n, struct nvc_circuit *c, struct vc_sdu *sdu)
{
	uint8_t head[NVC_HDRLEN];

	nvc_encode_data(head, c->peer_num);
	if (!n->ops->output(n->arg, &c->dest, head, sizeof(head), sdu))
		return false;
	sdu_out(n, c, sdu);
	return true;
}

/* To the leaves from the cursor on; false: no room, or *max is used up. */
static bool
flush_root(struct nvc *n, const struct nvc_out *o, size_t *max)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_circuit *c;

	if (!q->iterating)
		q->cursor = TAILQ_FIRST(&o->root->leaves);
	q->iterating = true;
	while ((c = q->cursor) != NULL) {
		if (o->seq < c->from || o->seq >= c->until)
			; /* not connected when it was sent */
		else if (o->sdu->len > c->max_sdu)
			n->sdus_too_big++;
		else if (*max == 0 || !output_data(n, c, o->sdu))
			return false;
		else
			(*max)--;
		q->cursor = TAILQ_NEXT(c, entry);
	}
	q->iterating = false;
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
	struct nvc_queue *q = &n->queue;
	struct nvc_out *o;

	nvc_reap(n);
	while ((o = STAILQ_FIRST(&q->first)) != NULL) {
		if (!flush_one(n, o, &max))
			return false;
		queue_remove(q, &q->first);
	}
	while ((o = STAILQ_FIRST(&q->outs)) != NULL) {
		if (o->root == NULL) {
			if (!flush_one(n, o, &max))
				return false;
		} else {
			if (!flush_root(n, o, &max))
				return false;
			nvc_root_sent(n, o->root, o->seq);
		}
		queue_remove(q, &q->outs);
	}
	return true;
}

void
nvc_queue_free(struct nvc *n)
{
	struct nvc_queue *q = &n->queue;
	struct nvc_out *o;

	while ((o = STAILQ_FIRST(&q->outs)) != NULL) {
		if (o->root != NULL)
			nvc_root_sent(n, o->root, o->seq);
		queue_remove(q, &q->outs);
	}
	while (!STAILQ_EMPTY(&q->first))
		queue_remove(q, &q->first);
}
