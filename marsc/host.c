/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An endpoint: what its link brings, and the clients that share it.
 */
#include <stdlib.h>

#include "client.h"
#include "control.h"
#include "data.h"
#include "llc.h"

struct marsc *
marsc_host_client(const struct marsc_host *h, const struct mars_pro *pro)
{
	struct marsc *c;

	LIST_FOREACH(c, &h->clients, entry)
		if (mars_pro_equal(&c->pro, pro))
			break;
	return c;
}

bool
marsc_is_control(const uint8_t *data, size_t len)
{
	uint32_t oui;
	uint16_t pid;

	return llc_decode(data, len, &oui, &pid) && oui == LLC_OUI_IANA &&
	    pid == LLC_PID_MARS;
}

/* --- circuits that others have opened */

static void
incoming_free(struct marsc_incoming *in)
{
	LIST_REMOVE(in, entry);
	free(in);
}

void
marsc_incoming_release(struct marsc_incoming *in)
{
	vc_release(in->vc, VC_CAUSE_NORMAL);
	incoming_free(in);
}

/*
 * It is a control VC.  It is there as long as we are registered, so it tells
 * whether the MARS is alive; with it goes all that the MARS does for us (5.4).
 */
void
marsc_incoming_control(struct marsc_incoming *in)
{
	in->control = true;
	vc_watch(in->vc);
}

/* Is there a client that lets this MARS call? */
static bool
host_expects(const struct marsc_host *h, const struct atm_addr *caller)
{
	const struct marsc *c;

	LIST_FOREACH(c, &h->clients, entry)
		if (marsc_reg_expects(c, caller))
			return true;
	return false;
}

void
marsc_drop_incoming(struct marsc *c, const struct atm_addr *keep)
{
	struct marsc_host *h = c->host;
	struct marsc_incoming *in, *next;

	LIST_FOREACH_SAFE(in, &h->in, entry, next) {
		if (!in->control ||
		    (keep != NULL && atm_addr_equal(&in->caller, keep)))
			continue;
		if (in->end.client == c ||
		    (in->end.client == NULL && !host_expects(h, &in->caller)))
			marsc_incoming_release(in);
	}
}

void
marsc_host_forget(struct marsc_host *h, const struct marsc *gone)
{
	struct marsc_incoming *in, *next;

	LIST_FOREACH_SAFE(in, &h->in, entry, next)
		if (LIST_EMPTY(&h->clients) || in->end.client == gone ||
		    (in->control && in->end.client == NULL &&
		    !host_expects(h, &in->caller)))
			marsc_incoming_release(in);
}

/*
 * Is there a control VC of this client's current MARS?  One whose protocol is
 * not known yet may be the one, so it counts.
 */
static bool
host_has_control(const struct marsc *c)
{
	const struct marsc_incoming *in;

	LIST_FOREACH(in, &c->host->in, entry)
		if (in->control &&
		    (in->end.client == c || in->end.client == NULL) &&
		    atm_addr_equal(&in->caller, &c->mars->addr))
			return true;
	return false;
}

/*
 * Guesses whose control VC this is: of the only client that expects a call of
 * this MARS and has no control VC yet.  NULL: it can't be said before a message
 * has come.
 */
static struct marsc *
host_guess(const struct marsc_host *h, const struct atm_addr *caller)
{
	struct marsc *c, *lacking = NULL;

	LIST_FOREACH(c, &h->clients, entry) {
		if (!marsc_reg_expects(c, caller) || host_has_control(c))
			continue;
		if (lacking != NULL)
			return NULL;
		lacking = c;
	}
	return lacking;
}

static bool
host_knows(const struct marsc_host *h, const struct atm_addr *caller)
{
	const struct marsc *c;

	LIST_FOREACH(c, &h->clients, entry)
		if (marsc_servers_have(&c->servers, caller))
			return true;
	return false;
}

/*
 * We are called only as a leaf: by the current MARS, whose circuit is then
 * ClusterControlVC or ServerControlVC, or by senders to our groups.  Another
 * MARS of the table has no business with us.
 */
static uint16_t
host_remote_call(void *arg, struct vc *vc, const struct atm_addr *caller,
    bool leaf, void **cookie)
{
	struct marsc_host *h = arg;
	bool control = host_expects(h, caller);
	struct marsc_incoming *in;

	if (!leaf || (!control && host_knows(h, caller)))
		return VC_CAUSE_REJECTED;
	if ((in = calloc(1, sizeof(*in))) == NULL)
		return VC_CAUSE_RESOURCE;
	in->end = (struct marsc_end){ MARSC_END_IN,
	    control ? host_guess(h, caller) : NULL };
	in->vc = vc;
	in->caller = *caller;
	LIST_INSERT_HEAD(&h->in, in, entry);
	if (control)
		marsc_incoming_control(in);
	*cookie = &in->end;
	return VC_CAUSE_NONE;
}

/* --- from a cookie to what it points at */

static struct marsc_marsvc *
end_marsvc(struct marsc_end *end)
{
	return (struct marsc_marsvc *)(void *)((char *)end -
	    offsetof(struct marsc_marsvc, end));
}

static struct marsc_path *
end_path(struct marsc_end *end)
{
	return (struct marsc_path *)(void *)((char *)end -
	    offsetof(struct marsc_path, end));
}

static struct marsc_leaf *
end_leaf(void *cookie)
{
	return (struct marsc_leaf *)(void *)((char *)cookie -
	    offsetof(struct marsc_leaf, end));
}

static struct marsc_incoming *
end_incoming(struct marsc_end *end)
{
	return (struct marsc_incoming *)(void *)((char *)end -
	    offsetof(struct marsc_incoming, end));
}

static struct marsc_reply *
end_reply(struct marsc_end *end)
{
	return (struct marsc_reply *)(void *)((char *)end -
	    offsetof(struct marsc_reply, end));
}

/* --- what a link brings */

static void
host_ack(void *arg, struct vc *vc, void *cookie)
{
	struct marsc_end *end = cookie;

	(void)arg;
	(void)vc;
	if (end->kind == MARSC_END_MARS)
		marsc_marsvc_up(end_marsvc(end));
}

static void
host_path_lost(struct marsc_end *end)
{
	struct marsc_path *p = end_path(end);

	p->vc = NULL;
	p->why = "released";
	marsc_path_event(p, MARSC_PATH_EV_RELEASED);
}

/* 5.4: that a control VC is lost is a sign of a problem with the MARS. */
static void
host_control_lost(struct marsc_host *h, const struct marsc *owner,
    const struct atm_addr *caller)
{
	struct marsc *c;

	LIST_FOREACH(c, &h->clients, entry) {
		if (owner != c &&
		    (owner != NULL || !marsc_reg_expects(c, caller)))
			continue;
		if (marsc_reg_is_on(c) && !host_has_control(c))
			marsc_reg_problem(c, "the control VC is gone");
	}
}

static void
host_incoming_lost(struct marsc_host *h, struct marsc_incoming *in)
{
	struct atm_addr caller = in->caller;
	const struct marsc *owner = in->end.client;
	bool control = in->control;

	incoming_free(in);
	if (control)
		host_control_lost(h, owner, &caller);
}

static void
host_release(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct marsc_end *end = cookie;

	(void)vc;
	(void)cause;
	if (end->kind == MARSC_END_MARS)
		marsc_marsvc_lost(end_marsvc(end));
	else if (end->kind == MARSC_END_PATH)
		host_path_lost(end);
	else if (end->kind == MARSC_END_REPLY)
		marsc_reply_released(end_reply(end));
	else if (end->kind == MARSC_END_IN)
		host_incoming_lost(arg, end_incoming(end));
}

/* A call that fails is a circuit that is no more; its end may be freed. */
static void
host_rqfailed(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	struct marsc_end *end = cookie;
	bool to_mars = end->kind == MARSC_END_MARS;

	host_release(arg, vc, cookie, cause);
	if (to_mars)
		marsc_reg_call_failed(end->client, end_marsvc(end));
}

static void
host_sdu(
    void *arg, struct vc *vc, void *cookie, const uint8_t *data, size_t len)
{
	struct marsc_end *end = cookie;
	struct marsc_incoming *in;
	struct atm_addr from;

	(void)vc;
	if (end->kind == MARSC_END_MARS) {
		/* a copy: the message may change where the circuit goes */
		from = end_marsvc(end)->addr;
		marsc_control_input(arg, NULL, &from, data, len);
	} else if (end->kind == MARSC_END_IN) {
		in = end_incoming(end);
		if (!in->control && !marsc_is_control(data, len)) {
			marsc_data_input(arg, in, data, len);
			return;
		}
		from = in->caller;
		marsc_control_input(arg, in, &from, data, len);
	}
}

static void
host_leaf_ack(void *arg, struct vc_leaf *vcleaf, void *cookie)
{
	struct marsc_end *end = cookie;

	(void)arg;
	(void)vcleaf;
	if (end->kind == MARSC_END_REPLY)
		marsc_reply_up(end_reply(end));
	else
		marsc_leaf_up(end_leaf(cookie));
}

static void
host_leaf_failed(
    void *arg, struct vc_leaf *vcleaf, void *cookie, uint16_t cause)
{
	struct marsc_end *end = cookie;

	(void)arg;
	(void)vcleaf;
	if (end->kind == MARSC_END_REPLY)
		marsc_reply_lost(end_reply(end));
	else
		marsc_leaf_failed(end_leaf(cookie), cause);
}

static void
host_leaf_drop(void *arg, struct vc_leaf *vcleaf, void *cookie, uint16_t cause)
{
	struct marsc_end *end = cookie;

	(void)arg;
	(void)vcleaf;
	(void)cause;
	if (end->kind == MARSC_END_REPLY)
		marsc_reply_lost(end_reply(end));
	else
		marsc_leaf_dropped(end_leaf(cookie));
}

static const struct vc_user host_user = {
	.remote_call = host_remote_call,
	.ack = host_ack,
	.rqfailed = host_rqfailed,
	.release = host_release,
	.sdu = host_sdu,
	.leaf_ack = host_leaf_ack,
	.leaf_failed = host_leaf_failed,
	.leaf_drop = host_leaf_drop,
};

/* A link that we have left: all calls are refused, since it has no circuits. */
static uint16_t
host_refuse(void *arg, struct vc *vc, const struct atm_addr *caller, bool leaf,
    void **cookie)
{
	(void)arg;
	(void)vc;
	(void)caller;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_REJECTED;
}

static const struct vc_user host_left = { .remote_call = host_refuse };

/* --- the owner's functions */

struct marsc_host *
marsc_host_new(const struct marsc_ops *ops, void *arg, struct timers *ts)
{
	struct marsc_host *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->ops = ops;
	h->arg = arg;
	h->ts = ts;
	LIST_INIT(&h->clients);
	LIST_INIT(&h->in);
	return h;
}

static void
host_leave_link(struct marsc_host *h)
{
	if (h->link == NULL)
		return;
	h->link->user = &host_left;
	h->link->arg = NULL;
	h->link = NULL;
}

void
marsc_host_free(struct marsc_host *h)
{
	struct marsc *c;

	while ((c = LIST_FIRST(&h->clients)) != NULL)
		marsc_free(c);
	host_leave_link(h);
	free(h);
}

/*
 * Every circuit is released.  The host has no link meanwhile, so that nothing
 * is opened by what the owner does when it is told that paths are down.
 */
static void
host_release_all(struct marsc_host *h)
{
	struct marsc_incoming *in;
	struct marsc *c;

	host_leave_link(h);
	while ((in = LIST_FIRST(&h->in)) != NULL)
		marsc_incoming_release(in);
	LIST_FOREACH(c, &h->clients, entry) {
		marsc_marsvc_close(c->mars);
		marsc_marsvc_close(c->next);
		marsc_path_down_all(c, "the link is gone");
		marsc_reply_free(c);
	}
}

void
marsc_host_attach(struct marsc_host *h, struct vc_link *link)
{
	struct marsc *c;

	if (h->link == link)
		return;
	host_release_all(h);
	h->link = link;
	if (link != NULL) {
		link->user = &host_user;
		link->arg = h;
	}
	LIST_FOREACH(c, &h->clients, entry)
		marsc_reg_event(c, MARSC_REG_EV_LINK);
}

void
marsc_host_set_ops(struct marsc_host *h, const struct marsc_ops *ops)
{
	h->ops = ops;
}

uint64_t
marsc_host_drops(const struct marsc_host *h, enum marsc_drop d)
{
	return h->drops[d];
}
