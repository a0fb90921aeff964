/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of scspd: what its owner makes and attaches, and which neighbor a
 * packet is for.  Each PID/SGID is an instance of its own (RFC 2334 section
 * 2); all groups between two addresses share the circuits.
 */
#include <stdlib.h>

#include "align.h"
#include "hello.h"
#include "llc.h"
#include "queue.h"
#include "scsp.h"

void
scsp_oid_octets(uint32_t id, uint8_t oid[4])
{
	oid[0] = (uint8_t)(id >> 24);
	oid[1] = (uint8_t)(id >> 16);
	oid[2] = (uint8_t)(id >> 8);
	oid[3] = (uint8_t)id;
}

uint32_t
scsp_oid_number(const uint8_t oid[4])
{
	struct rd r;

	rd_init(&r, oid, 4);
	return rd_u32(&r);
}

void
scsp_tell_trace(struct scsp *s, const struct scsp_trace *t)
{
	if (s->ops->trace != NULL)
		s->ops->trace(s->arg, t);
}

/* NULL: no memory, or the library has no HMAC. */
struct scsp *
scsp_new(const struct scsp_ops *ops, void *arg, struct timers *ts)
{
	struct scsp *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->ops = ops;
	s->arg = arg;
	s->timers = ts;
	s->faults.violated = scsp_neighbor_violated;
	s->faults.arg = s;
	RB_INIT(&s->groups);
	RB_INIT(&s->peers);
	SLIST_INIT(&s->keys);
	SLIST_INIT(&s->links);
	slab_pool_init(&s->pool);
	slab_init(&s->queued, &s->pool, sizeof(struct scsp_link));
	return s;
}

void
scsp_free(struct scsp *s)
{
	struct scsp_attached *a;

	if (s == NULL)
		return;
	scsp_groups_free(s);
	scsp_keys_free(&s->keys);
	while ((a = SLIST_FIRST(&s->links)) != NULL) {
		SLIST_REMOVE_HEAD(&s->links, entry);
		free(a);
	}
	free(s);
}

void
scsp_attach(struct scsp *s, struct vc_link *l)
{
	struct scsp_attached *a;
	struct scsp_peer *p;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		return;
	a->link = l;
	SLIST_INSERT_HEAD(&s->links, a, entry);
	RB_FOREACH(p, scsp_peer_tree, &s->peers)
		scsp_peer_start(p);
}

void
scsp_detach(struct scsp *s, struct vc_link *l)
{
	struct scsp_attached *a;

	scsp_peer_forget_link(s, l);
	SLIST_FOREACH(a, &s->links, entry)
		if (a->link == l)
			break;
	if (a != NULL)
		SLIST_REMOVE(&s->links, a, scsp_attached, entry);
	free(a);
}

/* Finds out which neighbor a packet is for, and hands it on. */
static void
on_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct scsp *s = arg;
	struct scsp_circuit *c = cookie;
	struct scsp_neighbor *nb;
	enum scsp_type type;
	enum scsp_drop why;
	uint32_t oui;
	uint16_t llc, pid, sgid;

	(void)vc;
	if (!llc_decode(p, len, &oui, &llc) || oui != LLC_OUI_IANA ||
	    llc != LLC_PID_SCSP) {
		s->drops[SCSP_DROP_LLC]++;
		return;
	}
	p += LLC_LEN;
	len -= LLC_LEN;
	if ((why = scsp_message_peek(p, len, &type, &pid, &sgid)) !=
	    SCSP_DROP_NONE) {
		s->drops[why]++;
		return;
	}
	TAILQ_FOREACH(nb, &c->peer->neighbors, of_peer) /* one per group */
		if (nb->group->sgid == sgid && nb->group->pid == pid)
			break;
	if (nb == NULL) {
		s->drops[SCSP_DROP_GROUP]++;
		scsp_problem_group(c->peer, sgid);
		return;
	}
	/* an SDU may come before we have taken notice of its call */
	if (c->peer->best == NULL)
		scsp_peer_settle(c->peer);
	scsp_neighbor_input(nb, c, p, len, type);
}

static void
no_leaf(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	(void)cookie;
}

static void
no_leaf_cause(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	(void)cause;
	no_leaf(arg, leaf, cookie);
}

const struct vc_user scsp_vc_user = {
	.remote_call = scsp_peer_remote_call,
	.ack = scsp_peer_ack,
	.rqfailed = scsp_peer_rqfailed,
	.release = scsp_peer_release,
	.sdu = on_sdu,
	.leaf_ack = no_leaf,		/* we are no root: A-84 */
	.leaf_failed = no_leaf_cause,
	.leaf_drop = no_leaf_cause,
};

const char *
scsp_neighbor_clear(struct scsp *s, const struct atm_addr *addr)
{
	struct atm_addr with_sel = *addr;
	struct scsp_peer *p;
	struct scsp_neighbor *nb;

	atm_addr_set_sel(&with_sel, 1);
	if ((p = scsp_peer_find(s, &with_sel)) == NULL)
		return "no such neighbor";
	TAILQ_FOREACH(nb, &p->neighbors, of_peer)
		scsp_hello_run(nb, SCSP_HELLO_EV_ABNORMAL);
	return NULL;
}
