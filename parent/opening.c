/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * ATM sockets that a child asks for while it runs, since it may make none
 * itself: IMSG_ATM_OPEN, which is answered by IMSG_ATM_FD.  A child gets no
 * socket for an address that is not its own by the configuration.  A socket to
 * listen on and a permanent circuit are there at once; a call takes as long as
 * the network does, and is an opening until then.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "atm.h"
#include "log.h"
#include "parent.h"
#include "vc.h"

#define UNREAD_MAX	256	/* answers that it may leave unread: each may
				 * have a descriptor */

/* A call that is under way. */
struct parent_opening {
	LIST_ENTRY(parent_opening) entry;
	struct parent_child	*child;
	struct atm_call		*call;
	uint32_t		 id;		/* that the child gave it */
	enum atm_open		 kind;
	struct atm_addr		 local, peer;
};

static bool
is_neighbor(const struct conf_clusters *clusters, const struct atm_addr *a)
{
	const struct conf_cluster *cl;
	const struct conf_neighbor *n;

	TAILQ_FOREACH(cl, clusters, entry)
		TAILQ_FOREACH(n, &cl->neighbors, entry)
			if (atm_addr_equal(&n->addr, a))
				return true;
	return false;
}

bool
parent_opening_allowed(const struct conf *c, enum parent_child_id id,
    enum atm_open kind, const struct atm_addr *local,
    const struct atm_addr *peer, struct endpoint *e)
{
	enum endpoint_owner owner = parent_endpoint_owner(id);
	bool marsd = id == PARENT_MARSD;

	switch (kind) {
	case ATM_OPEN_PVC:
		return conf_has_endpoint(
		    c, owner, CONF_LISTEN_ATM_PVC, local, peer, e);
	case ATM_OPEN_LISTEN:
		return atm_addr_is_null(peer) &&
		    conf_has_endpoint(
		    c, owner, CONF_LISTEN_ATM_SVC, local, NULL, e);
	case ATM_OPEN_CALL:
	case ATM_OPEN_LEAF:
		/* whom marsd calls is decided by who its clients are */
		return !atm_addr_is_null(peer) &&
		    (marsd || is_neighbor(&c->clusters, peer) ||
		    is_neighbor(&c->groups, peer)) &&
		    conf_has_endpoint(
		    c, owner, CONF_LISTEN_ATM_SVC, local, NULL, e);
	case ATM_OPEN_ROOT:
		return marsd && atm_addr_equal(local, peer) &&
		    conf_parties(c, local) &&
		    conf_has_endpoint(
		    c, owner, CONF_LISTEN_ATM_SVC, local, NULL, e);
	default:
		return false;
	}
}

/* fd is the child's from then on. */
static void
opening_answer(const struct parent_opening *o, int fd, uint16_t cause)
{
	uint8_t buf[128];
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	wr_u32(&w, o->id);
	wr_u8(&w, (uint8_t)o->kind);
	wr_atm_addr(&w, &o->local);
	wr_atm_addr(&w, &o->peer);
	wr_u16(&w, cause);
	parent_child_send(o->child, IMSG_ATM_FD, fd, buf, w.len);
}

static void
opening_free(struct parent_opening *o)
{
	LIST_REMOVE(o, entry);
	o->child->nopenings--;
	free(o);
}

/*
 * A root: a call to the cluster's own address, to which parties are added.
 * It needs a process that does that; otherwise it is refused, and marsd
 * calls each leaf by itself.
 */
static void
called_root(const struct parent_opening *o, int *fd, uint16_t *cause)
{
	char text[ATM_STRLEN];

	if (*fd == -1 && *cause == VC_CAUSE_TEMPORARY)
		return; /* signalling may come back */
	if (*fd == -1)
		parent_child_blame(o->child,
		    "native-parties: %s can't be called from itself, cause "
		    "%u: each leaf gets a call of its own",
		    atm_addr_print(&o->local, text, sizeof(text)), *cause);
	else if (!parent_parties_root(o->child, o->id, &o->local, *fd)) {
		parent_child_blame(o->child,
		    "native-parties: there is no process for another call: "
		    "each leaf gets a call of its own");
		(void)close(*fd);
		*fd = -1;
		*cause = VC_CAUSE_REJECTED;
	}
}

static void
on_called(void *arg, int fd, uint16_t cause)
{
	struct parent_opening *o = arg;

	if (o->kind == ATM_OPEN_ROOT)
		called_root(o, &fd, &cause);
	opening_answer(o, fd, cause);
	opening_free(o);
}

/*
 * Makes the call.  VC_CAUSE_NONE: it is under way; otherwise the cause why
 * there is none.
 */
static uint16_t
call(const struct parent_opening *what)
{
	struct parent_child *c = what->child;
	struct parent_opening *o;

	if (what->kind == ATM_OPEN_ROOT && !parent_parties_ready(c->parent))
		return VC_CAUSE_REJECTED;
	if (c->nopenings >= PARENT_OPENINGS_MAX ||
	    (o = malloc(sizeof(*o))) == NULL)
		return VC_CAUSE_TEMPORARY;
	*o = *what;
	LIST_INSERT_HEAD(&c->openings, o, entry);
	c->nopenings++;
	o->call = atm_call_new(c->parent->base, &o->local, &o->peer,
	    o->kind == ATM_OPEN_LEAF || o->kind == ATM_OPEN_ROOT, on_called, o);
	if (o->call != NULL)
		return VC_CAUSE_NONE;
	opening_free(o);
	return VC_CAUSE_TEMPORARY;
}

/*
 * Is this allowed by the configuration in force, or by the next one?  A child
 * may follow the next one before mars(8) knows that both children have it.
 */
static bool
allowed(const struct parent_opening *o, struct endpoint *e)
{
	const struct parent *p = o->child->parent;

	return parent_opening_allowed(
	    p->conf, o->child->id, o->kind, &o->local, &o->peer, e) ||
	    (p->next != NULL &&
	    parent_opening_allowed(
	    p->next, o->child->id, o->kind, &o->local, &o->peer, e));
}

static void
open_now(const struct parent_opening *o, const struct endpoint *e)
{
	char why[SENTENCE_SIZE];
	int fd = parent_atm_socket(e, why, sizeof(why));

	if (fd == -1 && parent_child_may(o->child, 1))
		log_debug("%s", why);
	opening_answer(o, fd, fd == -1 ? VC_CAUSE_TEMPORARY : VC_CAUSE_NONE);
}

void
parent_opening_request(struct parent_child *c, struct rd *r)
{
	struct parent_opening o = { .child = c };
	struct endpoint e;
	uint16_t cause;

	o.id = rd_u32(r);
	o.kind = rd_u8(r);
	(void)rd_atm_addr(r, &o.local);
	(void)rd_atm_addr(r, &o.peer);
	if (!rd_done(r)) {
		parent_child_blame(c,
		    "%s asks for an ATM socket in a malformed message",
		    c->name);
		return;
	}
	if (!allowed(&o, &e)) {
		parent_child_blame(c,
		    "%s asks for an ATM socket that the configuration "
		    "does not give it",
		    c->name);
		opening_answer(&o, -1, VC_CAUSE_REJECTED);
	} else if (channel_queued(&c->ch) > UNREAD_MAX)
		opening_answer(&o, -1, VC_CAUSE_TEMPORARY);
	else if (o.kind == ATM_OPEN_PVC || o.kind == ATM_OPEN_LISTEN)
		open_now(&o, &e);
	else if ((cause = call(&o)) != VC_CAUSE_NONE)
		opening_answer(&o, -1, cause);
}

void
parent_openings_end(struct parent_child *c)
{
	struct parent_opening *o;

	while ((o = LIST_FIRST(&c->openings)) != NULL) {
		atm_call_free(o->call);
		opening_free(o);
	}
}
