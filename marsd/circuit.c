/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What vc.h tells us: calls that clients make, what they send, and what
 * becomes of our control VCs and of the leaves on them.
 */
#include <stdlib.h>

#include "cluster.h"
#include "endpoint.h"
#include "tell.h"

/* Do the prefixes of the configuration hold it?  Without any all may call. */
static bool
may_call(const struct marsd_cluster *c, const struct atm_addr *who)
{
	const struct conf_prefix *p;

	TAILQ_FOREACH(p, &c->conf->allow, entry)
		if (ip_prefix_match(&p->prefix, who))
			return true;
	return TAILQ_EMPTY(&c->conf->allow);
}

static void
trace_call(struct marsd_cluster *c, const struct atm_addr *who,
    const char *what, uint16_t cause)
{
	const struct marsd_trace t = {
		.level = 1, .who = who, .what = what, .cause = cause
	};

	marsd_cluster_trace(c, &t);
}

static uint16_t
user_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct marsd_cluster *c = arg;
	struct marsd_circuit *ci;

	if (leaf || c->mars->stopping || !may_call(c, caller)) {
		c->counts.calls_refused++;
		if (!c->mars->stopping && !may_call(c, caller))
			marsd_cluster_stranger(c, MARSD_EV_NOT_ALLOWED,
			    &(struct marsd_event){ .who = caller });
		return VC_CAUSE_REJECTED;
	}
	if ((ci = calloc(1, sizeof(*ci))) == NULL ||
	    (ci->caller = marsd_caller_get(c, caller)) == NULL) {
		free(ci);
		c->counts.calls_refused++;
		return VC_CAUSE_RESOURCE;
	}
	ci->cookie = MARSD_COOKIE_CIRCUIT;
	ci->cluster = c;
	ci->vc = vc;
	TAILQ_INIT(&ci->regs);
	LIST_INSERT_HEAD(&c->circuits, ci, entry);
	*cookie = ci;
	trace_call(c, caller, "call accepted", 0);
	return VC_CAUSE_NONE;
}

void
marsd_circuit_free(struct marsd_circuit *ci)
{
	struct marsd_reg *r;

	while ((r = TAILQ_FIRST(&ci->regs)) != NULL) {
		TAILQ_REMOVE(&ci->regs, r, circuit_entry);
		r->circuit = NULL;
	}
	LIST_REMOVE(ci, entry);
	marsd_caller_put(ci->caller);
	free(ci);
}

void
marsd_circuit_refused(struct marsd_circuit *ci, const char *why)
{
	ci->refused++;
	ci->why = why;
	ci->why_at = ci->cluster->mars->ts->now;
}

bool
marsd_circuits_drop(struct marsd_cluster *c, const struct atm_addr *who)
{
	struct marsd_circuit *ci, *next;
	bool any = false;

	for (ci = LIST_FIRST(&c->circuits); ci != NULL; ci = next) {
		next = LIST_NEXT(ci, entry);
		/* selectors tell the parts of a machine apart */
		if (!endpoint_same(vc_peer(ci->vc), who))
			continue;
		vc_release(ci->vc, VC_CAUSE_NORMAL);
		marsd_circuit_free(ci);
		any = true;
	}
	return any;
}

/* Whoever registered over it, or is called by us, goes with it. */
void
marsd_circuits_allowed(struct marsd_cluster *c)
{
	struct marsd_circuit *ci, *next;
	struct marsd_proto *p;
	struct marsd_reg *r, *rnext;
	int role;

	TAILQ_FOREACH(p, &c->protos, entry)
		for (role = 0; role < MARSD_ROLES; role++)
			TAILQ_FOREACH_SAFE(r, &p->control[role].regs,
			    control_entry, rnext)
				if (!may_call(c, &r->node->atm))
					marsd_member_gone(r);
	for (ci = LIST_FIRST(&c->circuits); ci != NULL; ci = next) {
		next = LIST_NEXT(ci, entry);
		if (!may_call(c, vc_peer(ci->vc))) {
			vc_release(ci->vc, VC_CAUSE_REJECTED);
			marsd_circuit_free(ci);
		}
	}
}

static bool
is_circuit(const void *cookie)
{
	return *(const enum marsd_cookie *)cookie == MARSD_COOKIE_CIRCUIT;
}

static void
user_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	if (is_circuit(cookie)) {
		trace_call(arg, vc_peer(vc), "call ended", cause);
		marsd_circuit_free(cookie);
	} else
		marsd_control_rebuild(cookie);
}

static void
user_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)arg;
	(void)vc;
	(void)cookie;
}

static void
user_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct marsd_cluster *c = arg;
	struct marsd_circuit *ci = cookie;
	enum marsd_drop d;

	(void)vc;
	c->counts.messages_in++;
	c->mars->heard++;
	if (!is_circuit(cookie) || c->mars->stopping)
		return;
	ci->in++;
	d = marsd_receive(c, ci, p, len);
	c->drops[d]++;
	if (d != MARSD_DROP_NONE)
		marsd_circuit_refused(ci, marsd_drop_name(d));
}

static void
user_leaf_ack(void *arg, struct vc_leaf *leaf, void *cookie)
{
	(void)arg;
	(void)leaf;
	marsd_leaf_step(cookie, MARSD_LEAF_EV_ACK);
}

static void
user_leaf_failed(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	struct marsd_reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	marsd_leaf_step(r,
	    vc_cause_is_temporary(cause) ? MARSD_LEAF_EV_BUSY :
	    MARSD_LEAF_EV_FAIL);
}

static void
user_leaf_drop(void *arg, struct vc_leaf *leaf, void *cookie, uint16_t cause)
{
	struct marsd_reg *r = cookie;

	(void)arg;
	(void)leaf;
	r->leaf = NULL;
	marsd_leaf_dropped(r, cause);
}

static void
user_drained(void *arg, struct vc *root, void *cookie)
{
	(void)arg;
	(void)root;
	marsd_tell_drained(cookie);
}

static void
user_overflow(void *arg, struct vc *root, void *cookie)
{
	(void)arg;
	(void)root;
	marsd_tell_revalidate(cookie);
}

const struct vc_user marsd_vc_user = {
	.remote_call = user_remote_call,
	.ack = user_ack,
	.rqfailed = user_release,
	.release = user_release,
	.sdu = user_sdu,
	.leaf_ack = user_leaf_ack,
	.leaf_failed = user_leaf_failed,
	.leaf_drop = user_leaf_drop,
	.drained = user_drained,
	.overflow = user_overflow,
};

void
marsd_cluster_attach(struct marsd_cluster *c, struct vc_link *link)
{
	struct marsd_circuit *ci;
	struct marsd_proto *p;
	int role;

	if (c->link == link) /* the cluster has another name, and no more */
		return;
	while ((ci = LIST_FIRST(&c->circuits)) != NULL) {
		vc_release(ci->vc, VC_CAUSE_NORMAL);
		marsd_circuit_free(ci);
	}
	c->link = link;
	TAILQ_FOREACH(p, &c->protos, entry)
		for (role = 0; role < MARSD_ROLES; role++) {
			if (p->control[role].root == NULL)
				continue;
			vc_release(p->control[role].root, VC_CAUSE_NORMAL);
			marsd_control_rebuild(&p->control[role]);
		}
}
