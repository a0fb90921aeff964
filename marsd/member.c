/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Registration with this server, of clients and of MCSs (RFC 2022 sections
 * 5.2.3, 6.1.2 and 6.2.3): the leaf on the control VC, the cluster member
 * id, and what happens when a node goes.
 *
 * RFC 2022 section 6.1.2 does not say what happens if the leaf can't be
 * added.  Ours: the node is registered, and is answered, when its leaf
 * is up, and not before; causes that may pass are tried again.  The same
 * section deregisters a node whose leaf has gone, by ERR_L_RELEASE.  Ours
 * ERR_L_DROP means that leaf, ERR_L_RELEASE the whole control VC,
 * which is built again.  And a node that cleared its leaf itself may have
 * moved to another server (A-131, D9): it is deregistered 5 s later, unless
 * that server has told of it.
 */
#include <stdlib.h>

#include "adopt.h"
#include "cluster.h"
#include "move.h"
#include "own.h"
#include "send.h"
#include "tell.h"

#define MARSD_LEAF_TRIES	5
#define MARSD_LEAF_WAIT	MTIME_SEC(1)
#define MARSD_LEAF_MISSED	MTIME_SEC(60)
#define LEFT_WAIT	MTIME_SEC(5)

#define DO(s, a)	{ MARSD_LEAF_##s, MARSD_LEAF_DO_##a }
#define IGNORE(s)	{ MARSD_LEAF_##s, TABLE_IGNORE }
/* the backend told of a leaf that we do not have */
#define VIOLATION(s)	{ MARSD_LEAF_##s, TABLE_VIOLATION }

static const struct table_cell leaf_cells[MARSD_LEAF_STATE_MAX]
    [MARSD_LEAF_EVENT_MAX] = {
	[MARSD_LEAF_NONE] = {
		[MARSD_LEAF_EV_REGISTER] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_ACK] = VIOLATION(NONE),
		[MARSD_LEAF_EV_BUSY] = VIOLATION(NONE),
		[MARSD_LEAF_EV_FAIL] = VIOLATION(NONE),
		[MARSD_LEAF_EV_DROP] = VIOLATION(NONE),
		[MARSD_LEAF_EV_STALE] = VIOLATION(NONE),
		[MARSD_LEAF_EV_LEFT] = VIOLATION(NONE),
		[MARSD_LEAF_EV_ROOT] = IGNORE(NONE),
		[MARSD_LEAF_EV_TIMER] = IGNORE(NONE),
	},
	[MARSD_LEAF_ADDING] = {
		[MARSD_LEAF_EV_REGISTER] = IGNORE(ADDING),
		[MARSD_LEAF_EV_ACK] = DO(UP, UP),
		[MARSD_LEAF_EV_BUSY] = DO(RETRY, WAIT),
		[MARSD_LEAF_EV_FAIL] = DO(NONE, LOST),
		[MARSD_LEAF_EV_DROP] = DO(NONE, LOST),
		[MARSD_LEAF_EV_STALE] = DO(NONE, LOST),
		[MARSD_LEAF_EV_LEFT] = DO(NONE, LOST),
		[MARSD_LEAF_EV_ROOT] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_TIMER] = IGNORE(ADDING),
	},
	[MARSD_LEAF_RETRY] = {
		[MARSD_LEAF_EV_REGISTER] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_ACK] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_BUSY] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_FAIL] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_DROP] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_STALE] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_LEFT] = VIOLATION(RETRY),
		[MARSD_LEAF_EV_ROOT] = IGNORE(RETRY),
		[MARSD_LEAF_EV_TIMER] = DO(ADDING, ADD),
	},
	[MARSD_LEAF_UP] = {
		[MARSD_LEAF_EV_REGISTER] = DO(UP, ANSWER),
		[MARSD_LEAF_EV_ACK] = VIOLATION(UP),
		[MARSD_LEAF_EV_BUSY] = VIOLATION(UP),
		[MARSD_LEAF_EV_FAIL] = VIOLATION(UP),
		[MARSD_LEAF_EV_DROP] = DO(NONE, LOST),
		/* the node has restarted: that leaf was of its life before */
		[MARSD_LEAF_EV_STALE] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_LEFT] = DO(LEFT, LINGER),
		[MARSD_LEAF_EV_ROOT] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_TIMER] = IGNORE(UP),
	},
	[MARSD_LEAF_LEFT] = {
		[MARSD_LEAF_EV_REGISTER] = DO(ADDING, ADD),
		[MARSD_LEAF_EV_ACK] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_BUSY] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_FAIL] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_DROP] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_STALE] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_LEFT] = VIOLATION(LEFT),
		[MARSD_LEAF_EV_ROOT] = IGNORE(LEFT),
		[MARSD_LEAF_EV_TIMER] = DO(NONE, LOST),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_leaf_table, "leaf", MARSD_LEAF, leaf_cells);

/* What we have to tell the node goes out on the VC of its last message. */
static void
reg_circuit(struct marsd_reg *r, struct marsd_circuit *c)
{
	if (r->circuit == c)
		return;
	if (r->circuit != NULL)
		TAILQ_REMOVE(&r->circuit->regs, r, circuit_entry);
	r->circuit = c;
	if (c != NULL)
		TAILQ_INSERT_TAIL(&c->regs, r, circuit_entry);
}

/*
 * The registration with this server.  A node that is registered only with
 * another server has none.
 */
struct marsd_reg *
marsd_member_source(struct marsd_incoming *in, enum marsd_role role)
{
	struct marsd_node *n = marsd_node_find(in->proto, role, &in->msg.src);

	if (n == NULL || !marsd_node_is_here(n) ||
	    n->reg->state == MARSD_LEAF_LEFT)
		return NULL;
	reg_circuit(n->reg, in->circuit);
	return n->reg;
}

/* The copy of the registration, with the CMI; an MCS has none (6.2.3). */
static void
reg_answer(struct marsd_reg *r)
{
	struct mars_msg m;

	if (r->pending == NULL)
		return;
	if (mars_decode(&m, r->pending->data, r->pending->len) ==
	    MARS_DROP_NONE) {
		m.flags = (m.flags | MARS_F_COPY) & (uint16_t)~MARS_F_PUNCHED;
		m.cmi = r->cmi;
		if (r->node->role == MARSD_ROLE_MCS) {
			m.cmi = 0;
			m.flags &= (uint16_t)~MARS_F_LAYER3GRP;
		}
		marsd_send_private(
		    r->circuit, r->node->proto, r->node->role, &m);
	}
	vc_sdu_free(r->pending);
	r->pending = NULL;
}

static void
reg_add_leaf(struct marsd_reg *r)
{
	struct marsd_control *ctl = r->control;
	struct vc_link *link = ctl->proto->cluster->link;

	r->again = false;
	if (ctl->root == NULL && link != NULL)
		ctl->root = vc_multi(link, ctl);
	r->leaf = ctl->root == NULL ? NULL :
	    vc_multi_add(ctl->root, &r->node->atm, r);
	if (r->leaf == NULL)
		marsd_leaf_step(r, MARSD_LEAF_EV_BUSY);
}

static void
reg_up(struct marsd_reg *r)
{
	r->tries = 0;
	r->control->leaves++;
	marsd_move_step(r, MARSD_MOVE_EV_LEAF_UP);
	reg_answer(r);
}

static void
reg_lost(struct marsd_reg *r)
{
	if (marsd_node_is_here(r->node))
		r->control->proto->cluster->counts.vanished++;
	marsd_node_trace(r->node, "has gone without a word", NULL);
	marsd_member_gone(r);
}

void
marsd_leaf_step(struct marsd_reg *r, enum marsd_leaf_event ev)
{
	bool was_up = r->state == MARSD_LEAF_UP;
	uint8_t action;

	if (ev == MARSD_LEAF_EV_BUSY && ++r->tries >= MARSD_LEAF_TRIES)
		ev = MARSD_LEAF_EV_FAIL;
	action = table_step(&marsd_leaf_table, &r->state, ev,
	    &r->control->proto->cluster->faults);
	if (was_up && r->state != MARSD_LEAF_UP)
		r->control->leaves--;
	switch (action) {
	case MARSD_LEAF_DO_ADD:
		reg_add_leaf(r);
		break;
	case MARSD_LEAF_DO_WAIT:
		timer_set(marsd_proto_timers(r->control->proto), &r->timer,
		    MARSD_LEAF_WAIT);
		break;
	case MARSD_LEAF_DO_UP:
		reg_up(r);
		break;
	case MARSD_LEAF_DO_ANSWER:
		reg_answer(r);
		break;
	case MARSD_LEAF_DO_LINGER:
		timer_set(marsd_proto_timers(r->control->proto), &r->timer,
		    LEFT_WAIT);
		break;
	case MARSD_LEAF_DO_LOST:
		reg_lost(r);
		break;
	}
}

/*
 * Has the node cleared its leaf itself, without deregistering, and is there
 * another server where it may be registered now?  One that is not heard of may
 * be back already.
 */
static bool
may_have_moved(const struct marsd_reg *r, uint16_t cause)
{
	struct marsd_peer *peer;

	if (cause != VC_CAUSE_NORMAL)
		return false;
	RB_FOREACH(peer, marsd_peer_tree, &r->node->proto->peers)
		if (peer->state != MARSD_PEER_SELF &&
		    peer->state != MARSD_PEER_ERASED)
			return true;
	return false;
}

/*
 * A backend may take a while to notice that a node has died.  If the node
 * has restarted and registered meanwhile, the leaf that drops now may be that
 * of its life before.
 */
void
marsd_leaf_dropped(struct marsd_reg *r, uint16_t cause)
{
	mtime_t now = marsd_proto_timers(r->control->proto)->now;

	if (may_have_moved(r, cause))
		marsd_leaf_step(r, MARSD_LEAF_EV_LEFT);
	else if (r->again && mtime_diff(r->again_at, now) < MARSD_LEAF_MISSED)
		marsd_leaf_step(r, MARSD_LEAF_EV_STALE);
	else
		marsd_leaf_step(r, MARSD_LEAF_EV_DROP);
}

static void
retry_expired(void *arg)
{
	marsd_leaf_step(arg, MARSD_LEAF_EV_TIMER);
}

/* A CMI that none of our nodes has; 0: none is left. */
static uint16_t
reg_cmi(struct marsd_proto *p)
{
	uint16_t cmi;

	do
		cmi = marsd_cmi_get(&p->cmi);
	while (cmi != 0 && p->by_cmi[cmi] != NULL);
	return cmi;
}

/*
 * Clients and MCSs each have their own limit.  Nodes whose leaf is still being
 * added count, too: otherwise there would be no limit for a client that
 * registers in the name of many who do not answer.
 */
static enum marsd_drop
reg_limits(struct marsd_proto *p, enum marsd_role role)
{
	const struct conf_cluster *conf = p->cluster->conf;
	uint32_t limit =
	    role == MARSD_ROLE_CLIENT ? conf->max_members : conf->max_servers;

	if (p->control[role].nregs < limit)
		return MARSD_DROP_NONE;
	return role == MARSD_ROLE_CLIENT ? MARSD_DROP_MEMBERS :
	    MARSD_DROP_SERVERS;
}

static enum marsd_drop
reg_new(struct marsd_node *n)
{
	struct marsd_proto *p = n->proto;
	enum marsd_drop d = reg_limits(p, n->role);
	struct marsd_reg *r;

	if (d != MARSD_DROP_NONE)
		return d;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return MARSD_DROP_MEMORY;
	if ((r->cmi = reg_cmi(p)) == 0) {
		struct marsd_event ev = { .pro = &p->pro, .who = &n->atm };

		marsd_cluster_event(p->cluster, MARSD_EV_CMI_EXHAUSTED, &ev);
		free(r);
		return MARSD_DROP_CMI;
	}
	p->by_cmi[r->cmi] = n;
	r->node = n;
	r->control = &p->control[n->role];
	r->state = MARSD_LEAF_NONE;
	r->place = MARSD_MOVE_NEW;
	r->adoption = MARSD_ADOPT_NONE;
	timer_init(&r->timer, retry_expired, r);
	timer_init(&r->adopt, marsd_adopt_timer, r);
	timer_init(&r->move, marsd_move_timer, r);
	TAILQ_INSERT_TAIL(&r->control->regs, r, control_entry);
	r->control->nregs++;
	n->reg = r;
	return MARSD_DROP_NONE;
}

/*
 * A node registers that has a registration here, which may not be complete
 * yet.  It may come back from another server.  It may have restarted;
 * then it comes on another circuit.  Or it has just sent the message twice.
 * mar$flags.sequence could tell, but a MARS does not look at it (5.2.2).
 */
static void
reg_once_more(struct marsd_reg *r, const struct marsd_incoming *in)
{
	enum marsd_move_event ev = MARSD_MOVE_EV_ANEW;

	if (r->state == MARSD_LEAF_LEFT)
		ev = MARSD_MOVE_EV_BACK;
	else if (in->circuit == r->circuit)
		ev = MARSD_MOVE_EV_REPEAT;
	reg_circuit(r, in->circuit);
	marsd_move_step(r, ev);
	if (r->state == MARSD_LEAF_UP)
		marsd_move_step(r, MARSD_MOVE_EV_LEAF_UP);
	r->again = r->state == MARSD_LEAF_UP;
	r->again_at = marsd_proto_timers(r->node->proto)->now;
}

enum marsd_drop
marsd_member_register(struct marsd_incoming *in, enum marsd_role role)
{
	enum marsd_role other =
	    role == MARSD_ROLE_CLIENT ? MARSD_ROLE_MCS : MARSD_ROLE_CLIENT;
	struct marsd_node *n = marsd_node_find(in->proto, other, &in->msg.src);
	struct vc_sdu *copy;
	enum marsd_drop d;

	if (in->msg.pnum > 1)
		return MARSD_DROP_PAIRS;
	if (n != NULL && n->reg != NULL) /* */
		return marsd_cluster_refused(
		    in->proto, MARSD_DROP_BOTH_ROLES, &n->atm);
	if ((n = marsd_node_get(in->proto, role, &in->msg.src)) == NULL)
		return MARSD_DROP_MEMORY;
	if (n->reg == NULL && (d = reg_new(n)) != MARSD_DROP_NONE) {
		d = marsd_cluster_refused(in->proto, d, &in->msg.src);
		marsd_node_release(n);
		return d;
	}
	n->spa = in->msg.spa;
	if ((copy = vc_sdu_new(in->octets, in->len)) != NULL) {
		vc_sdu_free(n->reg->pending);
		n->reg->pending = copy;
	}
	reg_once_more(n->reg, in);
	marsd_leaf_step(n->reg, MARSD_LEAF_EV_REGISTER);
	return MARSD_DROP_NONE;
}

/*
 * A deregistration is always answered, since the first answer may have been
 * lost.
 */
enum marsd_drop
marsd_member_deregister(struct marsd_incoming *in, enum marsd_role role)
{
	struct marsd_node *n = marsd_node_find(in->proto, role, &in->msg.src);

	if (in->msg.pnum > 1)
		return MARSD_DROP_PAIRS;
	if (role == MARSD_ROLE_MCS) {
		in->msg.cmi = 0;
		in->msg.flags &= (uint16_t)~MARS_F_LAYER3GRP;
	}
	marsd_send_echo(in, role);
	if (n == NULL || n->reg == NULL)
		return MARSD_DROP_NONE;
	in->proto->cluster->counts.deregistrations++;
	marsd_node_trace(n, "has deregistered", NULL);
	marsd_member_gone(n->reg);
	return MARSD_DROP_NONE;
}

/* RFC 2443 sections 5.4 and 5.5. */
void
marsd_member_gone(struct marsd_reg *r)
{
	struct marsd_node *n = r->node;

	if (marsd_node_is_here(n))
		marsd_news_tell(n, MARSD_CHANGED_GONE, NULL);
	marsd_withdraw_all(n);
	marsd_member_free(r);
	marsd_node_release(n);
}

void
marsd_member_free(struct marsd_reg *r)
{
	struct marsd_proto *p = r->control->proto;
	struct timers *ts = marsd_proto_timers(p);

	timer_clear(ts, &r->timer);
	timer_clear(ts, &r->adopt);
	marsd_move_stop(r);
	if (r->leaf != NULL)
		vc_multi_drop(r->leaf);
	if (r->state == MARSD_LEAF_UP)
		r->control->leaves--;
	if (marsd_node_is_here(r->node))
		r->control->registered--;
	TAILQ_REMOVE(&r->control->regs, r, control_entry);
	r->control->nregs--;
	reg_circuit(r, NULL);
	vc_sdu_free(r->pending);
	if (p->by_cmi[r->cmi] == r->node)
		p->by_cmi[r->cmi] = NULL;
	marsd_cmi_put(&p->cmi, r->cmi);
	r->node->reg = NULL;
	free(r);
}

/*
 * Makes a new control VC.  Only nodes whose leaf can't be added again are lost
 * (A-110).
 */
void
marsd_control_rebuild(struct marsd_control *ctl)
{
	struct marsd_reg *r, *next;

	marsd_tell_lost(ctl);
	ctl->root = NULL;
	TAILQ_FOREACH(r, &ctl->regs, control_entry)
		r->leaf = NULL;
	TAILQ_FOREACH_SAFE(r, &ctl->regs, control_entry, next)
		marsd_leaf_step(r, MARSD_LEAF_EV_ROOT);
}
