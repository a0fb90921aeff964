/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Registration with this server, of clients and of MCSs (RFC 2022 sections
 * 5.2.3, 6.1.2 and 6.2.3): the leaf on the control VC, the cluster member
 * id, and what happens when a node goes.
 */
#include <stdlib.h>

#include "cluster.h"

#define LEAF_TRIES	5
#define LEAF_WAIT	MTIME_SEC(1)
#define LEAF_MISSED	MTIME_SEC(60)
#define LEFT_WAIT	MTIME_SEC(5)

#define C(s, a)	{ LEAF_##s, LEAF_ACT_##a }

const struct leaf_cell leaf_table[LEAF_STATE_MAX][LEAF_EVENT_MAX] = {
	[LEAF_NONE] = {
		[LEAF_EV_REGISTER] = C(ADDING, ADD),
		[LEAF_EV_ACK] = C(NONE, VIOLATION),
		[LEAF_EV_BUSY] = C(NONE, VIOLATION),
		[LEAF_EV_FAIL] = C(NONE, VIOLATION),
		[LEAF_EV_DROP] = C(NONE, VIOLATION),
		[LEAF_EV_STALE] = C(NONE, VIOLATION),
		[LEAF_EV_LEFT] = C(NONE, VIOLATION),
		[LEAF_EV_ROOT] = C(NONE, IGNORE),
		[LEAF_EV_TIMER] = C(NONE, IGNORE),
	},
	[LEAF_ADDING] = {
		[LEAF_EV_REGISTER] = C(ADDING, IGNORE),
		[LEAF_EV_ACK] = C(UP, UP),
		[LEAF_EV_BUSY] = C(RETRY, WAIT),
		[LEAF_EV_FAIL] = C(NONE, LOST),
		[LEAF_EV_DROP] = C(NONE, LOST),
		[LEAF_EV_STALE] = C(NONE, LOST),
		[LEAF_EV_LEFT] = C(NONE, LOST),
		[LEAF_EV_ROOT] = C(ADDING, ADD),
		[LEAF_EV_TIMER] = C(ADDING, IGNORE),
	},
	[LEAF_RETRY] = {
		[LEAF_EV_REGISTER] = C(ADDING, ADD),
		[LEAF_EV_ACK] = C(RETRY, VIOLATION),
		[LEAF_EV_BUSY] = C(RETRY, VIOLATION),
		[LEAF_EV_FAIL] = C(RETRY, VIOLATION),
		[LEAF_EV_DROP] = C(RETRY, VIOLATION),
		[LEAF_EV_STALE] = C(RETRY, VIOLATION),
		[LEAF_EV_LEFT] = C(RETRY, VIOLATION),
		[LEAF_EV_ROOT] = C(RETRY, IGNORE),
		[LEAF_EV_TIMER] = C(ADDING, ADD),
	},
	[LEAF_UP] = {
		[LEAF_EV_REGISTER] = C(UP, ANSWER),
		[LEAF_EV_ACK] = C(UP, VIOLATION),
		[LEAF_EV_BUSY] = C(UP, VIOLATION),
		[LEAF_EV_FAIL] = C(UP, VIOLATION),
		[LEAF_EV_DROP] = C(NONE, LOST),
		/* it restarted: the leaf was of its life before */
		[LEAF_EV_STALE] = C(ADDING, ADD),
		[LEAF_EV_LEFT] = C(LEFT, LINGER),
		[LEAF_EV_ROOT] = C(ADDING, ADD),
		[LEAF_EV_TIMER] = C(UP, IGNORE),
	},
	[LEAF_LEFT] = {
		[LEAF_EV_REGISTER] = C(ADDING, ADD),
		[LEAF_EV_ACK] = C(LEFT, VIOLATION),
		[LEAF_EV_BUSY] = C(LEFT, VIOLATION),
		[LEAF_EV_FAIL] = C(LEFT, VIOLATION),
		[LEAF_EV_DROP] = C(LEFT, VIOLATION),
		[LEAF_EV_STALE] = C(LEFT, VIOLATION),
		[LEAF_EV_LEFT] = C(LEFT, VIOLATION),
		[LEAF_EV_ROOT] = C(LEFT, IGNORE),
		[LEAF_EV_TIMER] = C(NONE, LOST),
	},
};
#undef C

/* The VC on which the node was last heard, for what we have to tell it. */
static void
reg_circuit(struct reg *r, struct circuit *c)
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
 * The local registration of a message's source, or NULL.  Nodes that are
 * registered elsewhere don't count.
 */
struct reg *
member_source(struct incoming *in, enum role role)
{
	struct node *n = node_find(in->proto, role, &in->msg.src);

	if (n == NULL || n->reg == NULL || !n->reg->registered ||
	    n->reg->state == LEAF_LEFT)
		return NULL;
	reg_circuit(n->reg, in->circuit);
	return n->reg;
}

/* The copy of the registration, with the CMI; an MCS has none (6.2.3). */
static void
reg_answer(struct reg *r)
{
	struct mars_msg m;

	if (r->pending == NULL)
		return;
	if (mars_decode(&m, r->pending->data, r->pending->len) ==
	    MARS_DROP_NONE) {
		m.flags = (m.flags | MARS_F_COPY) & (uint16_t)~MARS_F_PUNCHED;
		m.cmi = r->cmi;
		if (r->node->role == ROLE_MCS) {
			m.cmi = 0;
			m.flags &= (uint16_t)~MARS_F_LAYER3GRP;
		}
		send_private(r->circuit, r->node->proto, r->node->role, &m);
	}
	sdu_free(r->pending);
	r->pending = NULL;
}

static void
reg_add_leaf(struct reg *r)
{
	struct control *ctl = r->control;
	struct vc_link *link = ctl->proto->cluster->link;

	r->again = false;
	if (ctl->root == NULL && link != NULL)
		ctl->root = vc_multi(link, ctl);
	r->leaf = ctl->root == NULL ? NULL :
	    vc_multi_add(ctl->root, &r->node->atm, r);
	if (r->leaf == NULL)
		leaf_step(r, LEAF_EV_BUSY);
}

/* The leaf is there: now, and not before, it is registered. */
static void
reg_up(struct reg *r)
{
	struct cluster *c = r->control->proto->cluster;

	r->tries = 0;
	r->control->leaves++;
	if (!r->registered) {
		r->registered = true;
		r->since = c->mars->ts->now;
		r->control->registered++;
		c->counts.registrations++;
		publish_register(r);
		reg_adopt(r);
	} else if (r->back)
		reg_back(r);
	reg_answer(r);
}

static void
reg_lost(struct reg *r)
{
	if (r->registered)
		r->control->proto->cluster->counts.vanished++;
	member_gone(r);
}

void
leaf_step(struct reg *r, enum leaf_event ev)
{
	const struct leaf_cell *cell;
	enum leaf_state was = r->state;

	if (ev == LEAF_EV_BUSY && ++r->tries >= LEAF_TRIES)
		ev = LEAF_EV_FAIL;
	cell = &leaf_table[was][ev];
	if (was == LEAF_UP && cell->next != LEAF_UP)
		r->control->leaves--;
	r->state = cell->next;
	switch (cell->action) {
	case LEAF_ACT_ADD:
		reg_add_leaf(r);
		break;
	case LEAF_ACT_WAIT:
		timer_set(proto_timers(r->control->proto), &r->timer,
		    LEAF_WAIT);
		break;
	case LEAF_ACT_UP:
		reg_up(r);
		break;
	case LEAF_ACT_ANSWER:
		reg_answer(r);
		break;
	case LEAF_ACT_LINGER:
		timer_set(proto_timers(r->control->proto), &r->timer,
		    LEFT_WAIT);
		break;
	case LEAF_ACT_LOST:
		reg_lost(r);
		break;
	case LEAF_ACT_IGNORE:
	case LEAF_ACT_VIOLATION:
	case LEAF_ACT_FORGOTTEN:
		break;
	}
}

/*
 * A node that cleared its leaf of its own and has not deregistered: where
 * there are other servers it may be at one of them by now.
 */
static bool
may_have_moved(const struct reg *r, uint16_t cause)
{
	struct peer *peer;

	if (cause != CAUSE_NORMAL)
		return false;
	RB_FOREACH(peer, peer_tree, &r->node->proto->peers)
		if (peer->state == PEER_ALIVE)
			return true;
	return false;
}

/*
 * ERR_L_DROP.  Of a node that restarted and has registered since it may be
 * the leaf of its life before, which a backend takes a while to miss.
 */
void
leaf_dropped(struct reg *r, uint16_t cause)
{
	mtime_t now = proto_timers(r->control->proto)->now;

	if (may_have_moved(r, cause))
		leaf_step(r, LEAF_EV_LEFT);
	else if (r->again && mtime_diff(r->again_at, now) < LEAF_MISSED)
		leaf_step(r, LEAF_EV_STALE);
	else
		leaf_step(r, LEAF_EV_DROP);
}

static void
retry_expired(void *arg)
{
	leaf_step(arg, LEAF_EV_TIMER);
}

/* A CMI that nobody is known to have; 0: none. */
static uint16_t
reg_cmi(struct proto *p)
{
	uint16_t cmi;

	do
		cmi = cmi_get(&p->cmi);
	while (cmi != 0 && p->by_cmi[cmi] != NULL);
	return cmi;
}

/*
 * 60,000 members are many, and MCSs few: each has its own limit.  Those whose
 * leaf is on its way count, or who names others that don't answer has none.
 */
static enum drop
reg_limits(struct proto *p, enum role role)
{
	const struct conf_cluster *conf = p->cluster->conf;
	uint32_t limit = role == ROLE_CLIENT ? conf->max_members :
	    conf->max_servers;

	if (p->control[role].nregs < limit)
		return DROP_NONE;
	return role == ROLE_CLIENT ? DROP_MEMBERS : DROP_SERVERS;
}

static enum drop
reg_new(struct node *n)
{
	struct proto *p = n->proto;
	enum drop d = reg_limits(p, n->role);
	struct reg *r;

	if (d != DROP_NONE)
		return d;
	if ((r = calloc(1, sizeof(*r))) == NULL)
		return DROP_MEMORY;
	if ((r->cmi = reg_cmi(p)) == 0) {
		struct mars_event ev = { .pro = &p->pro, .who = &n->atm };

		cluster_event(p->cluster, MARS_EV_CMI_EXHAUSTED, &ev);
		free(r);
		return DROP_CMI;
	}
	p->by_cmi[r->cmi] = n;
	r->node = n;
	r->control = &p->control[n->role];
	r->state = LEAF_NONE;
	timer_init(&r->timer, retry_expired, r);
	timer_init(&r->adopt, reg_adopt_expired, r);
	timer_init(&r->move, reg_move_expired, r);
	TAILQ_INSERT_TAIL(&r->control->regs, r, control_entry);
	r->control->nregs++;
	n->reg = r;
	return DROP_NONE;
}

/*
 * Of a node that is registered already, or on its way: it comes from elsewhere
 * or from a life before, on a new circuit; or it has sent the same
 * message twice.  mar$flags.sequence could tell, but is none of our business
 * (5.2.2).
 */
static void
reg_once_more(struct reg *r, const struct incoming *in)
{
	bool same = in->circuit == r->circuit;

	reg_circuit(r, in->circuit);
	if (r->moving != NULL || r->state == LEAF_LEFT)
		reg_returned(r);
	else if (r->registered && !same)
		reg_anew(r);
	r->again = r->state == LEAF_UP;
	r->again_at = proto_timers(r->node->proto)->now;
}

/* A MARS_JOIN or MARS_MSERV with the register flag. */
enum drop
member_register(struct incoming *in, enum role role)
{
	enum role other = role == ROLE_CLIENT ? ROLE_MCS : ROLE_CLIENT;
	struct node *n = node_find(in->proto, other, &in->msg.src);
	struct sdu *copy;
	enum drop d;

	if (in->msg.pnum > 1)
		return DROP_PAIRS;
	if (n != NULL && n->reg != NULL)	/* */
		return cluster_refused(in->proto, DROP_BOTH_ROLES, &n->atm);
	if ((n = node_get(in->proto, role, &in->msg.src)) == NULL)
		return DROP_MEMORY;
	if (n->reg == NULL && (d = reg_new(n)) != DROP_NONE) {
		d = cluster_refused(in->proto, d, &in->msg.src);
		node_release(n);
		return d;
	}
	n->spa = in->msg.spa;
	if ((copy = sdu_new(in->octets, in->len)) != NULL) {
		sdu_free(n->reg->pending);
		n->reg->pending = copy;
	}
	reg_once_more(n->reg, in);
	leaf_step(n->reg, LEAF_EV_REGISTER);
	return DROP_NONE;
}

/*
 * A deregistration is always answered, since the first answer may have been
 * lost.
 */
enum drop
member_deregister(struct incoming *in, enum role role)
{
	struct node *n = node_find(in->proto, role, &in->msg.src);

	if (in->msg.pnum > 1)
		return DROP_PAIRS;
	if (role == ROLE_MCS) {
		in->msg.cmi = 0;
		in->msg.flags &= (uint16_t)~MARS_F_LAYER3GRP;
	}
	send_echo(in, role);
	if (n == NULL || n->reg == NULL)
		return DROP_NONE;
	in->proto->cluster->counts.deregistrations++;
	member_gone(n->reg);
	return DROP_NONE;
}

/*
 * The node is registered no more: it leaves everything by our records, its
 * peers are told (RFC 2443 sections 5.4, 5.5), and its leaf is dropped.
 */
void
member_gone(struct reg *r)
{
	struct node *n = r->node;

	withdraw_all(n);
	member_free(r);
	node_release(n);
}

/* Frees a registration and nothing else of the node. */
void
member_free(struct reg *r)
{
	struct proto *p = r->control->proto;
	struct timers *ts = proto_timers(p);

	timer_clear(ts, &r->timer);
	timer_clear(ts, &r->adopt);
	timer_clear(ts, &r->move);
	if (r->leaf != NULL)
		vc_multi_drop(r->leaf);
	if (r->state == LEAF_UP)
		r->control->leaves--;
	if (r->registered)
		r->control->registered--;
	TAILQ_REMOVE(&r->control->regs, r, control_entry);
	r->control->nregs--;
	reg_circuit(r, NULL);
	sdu_free(r->pending);
	if (p->by_cmi[r->cmi] == r->node)
		p->by_cmi[r->cmi] = NULL;
	cmi_put(&p->cmi, r->cmi);
	r->node->reg = NULL;
	free(r);
}

/*
 * The whole control VC has gone: another one with the same leaves, of which
 * only those are lost that can't be added again.
 */
void
control_rebuild(struct control *ctl)
{
	struct reg *r, *next;

	ctl->root = NULL;
	TAILQ_FOREACH(r, &ctl->regs, control_entry)
		r->leaf = NULL;
	TAILQ_FOREACH_SAFE(r, &ctl->regs, control_entry, next)
		leaf_step(r, LEAF_EV_ROOT);
}
