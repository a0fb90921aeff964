/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Nodes that change their server.
 *
 * RFC 2443 section 2: a client "can only register with one" server of the
 * group; no section says what a server does that hears of its client from
 * another one.  Ours: the last registration wins.  The old server takes
 * back its own word a second after the new one has said as much, or 5 s after
 * it has heard of it, so that the union over both never loses a member.  Only a
 * record that was freshly flooded says which registration was last; of one
 * that comes by an alignment nobody knows.
 */
#include <string.h>

#include "adopt.h"
#include "cluster.h"
#include "move.h"
#include "own.h"
#include "record.h"

#define MOVE_HEAR	MTIME_SEC(1)
#define MOVE_WAIT	MTIME_SEC(5)
#define MOVE_TIE	MTIME_SEC(1)
/* longer than any other server waits */
#define MOVE_INSIST	(MOVE_WAIT + MOVE_TIE + MTIME_SEC(2))

#define DO(s, a)	{ MARSD_MOVE_##s, MARSD_MOVE_DO_##a }
#define IGNORE(s)	{ MARSD_MOVE_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_MOVE_##s, TABLE_VIOLATION }

static const struct table_cell move_cells[MARSD_MOVE_STATE_MAX]
    [MARSD_MOVE_EVENT_MAX] = {
	[MARSD_MOVE_NEW] = {
		[MARSD_MOVE_EV_LEAF_UP] = DO(HERE, REGISTER),
		[MARSD_MOVE_EV_REPEAT] = IGNORE(NEW),
		[MARSD_MOVE_EV_ANEW] = IGNORE(NEW),
		[MARSD_MOVE_EV_BACK] = VIOLATION(NEW),
		/* the last registration will be ours, once the leaf is up */
		[MARSD_MOVE_EV_ELSEWHERE] = IGNORE(NEW),
		[MARSD_MOVE_EV_STILL] = VIOLATION(NEW),
		[MARSD_MOVE_EV_COVERED] = VIOLATION(NEW),
		[MARSD_MOVE_EV_OFF] = VIOLATION(NEW),
		[MARSD_MOVE_EV_TIMER] = VIOLATION(NEW),
	},
	[MARSD_MOVE_HERE] = {
		/* a leaf that was lost and added again, A-110 */
		[MARSD_MOVE_EV_LEAF_UP] = IGNORE(HERE),
		[MARSD_MOVE_EV_REPEAT] = IGNORE(HERE),
		[MARSD_MOVE_EV_ANEW] = DO(HERE, ANEW),
		[MARSD_MOVE_EV_BACK] = DO(RETURNING, RESTART),
		[MARSD_MOVE_EV_ELSEWHERE] = DO(MOVING, MOVE),
		[MARSD_MOVE_EV_STILL] = VIOLATION(HERE),
		[MARSD_MOVE_EV_COVERED] = VIOLATION(HERE),
		[MARSD_MOVE_EV_OFF] = VIOLATION(HERE),
		[MARSD_MOVE_EV_TIMER] = VIOLATION(HERE),
	},
	[MARSD_MOVE_MOVING] = {
		[MARSD_MOVE_EV_LEAF_UP] = IGNORE(MOVING),
		[MARSD_MOVE_EV_REPEAT] = DO(RETURNING, RETURN),
		[MARSD_MOVE_EV_ANEW] = DO(RETURNING, RETURN),
		[MARSD_MOVE_EV_BACK] = DO(RETURNING, RETURN),
		[MARSD_MOVE_EV_ELSEWHERE] = DO(MOVING, MOVE),
		[MARSD_MOVE_EV_STILL] = DO(MOVING, WAIT),
		[MARSD_MOVE_EV_COVERED] = DO(MOVING, WAIT),
		[MARSD_MOVE_EV_OFF] = DO(HERE, STAY),
		[MARSD_MOVE_EV_TIMER] = DO(MOVING, GIVE_UP),
	},
	[MARSD_MOVE_RETURNING] = {
		[MARSD_MOVE_EV_LEAF_UP] = DO(HERE, TELL),
		[MARSD_MOVE_EV_REPEAT] = IGNORE(RETURNING),
		[MARSD_MOVE_EV_ANEW] = DO(RETURNING, ANEW),
		/* no leaf is up, so none has been cleared */
		[MARSD_MOVE_EV_BACK] = VIOLATION(RETURNING),
		[MARSD_MOVE_EV_ELSEWHERE] = DO(CONTESTED, MOVE),
		[MARSD_MOVE_EV_STILL] = VIOLATION(RETURNING),
		[MARSD_MOVE_EV_COVERED] = VIOLATION(RETURNING),
		[MARSD_MOVE_EV_OFF] = VIOLATION(RETURNING),
		[MARSD_MOVE_EV_TIMER] = VIOLATION(RETURNING),
	},
	[MARSD_MOVE_CONTESTED] = {
		/*
		 * the other server hears of it and gives the node up, which is
		 * OFF
		 */
		[MARSD_MOVE_EV_LEAF_UP] = DO(MOVING, INSIST),
		[MARSD_MOVE_EV_REPEAT] = DO(RETURNING, RETURN),
		[MARSD_MOVE_EV_ANEW] = DO(RETURNING, RETURN),
		[MARSD_MOVE_EV_BACK] = VIOLATION(CONTESTED),
		[MARSD_MOVE_EV_ELSEWHERE] = DO(CONTESTED, MOVE),
		[MARSD_MOVE_EV_STILL] = DO(CONTESTED, WAIT),
		[MARSD_MOVE_EV_COVERED] = DO(CONTESTED, WAIT),
		[MARSD_MOVE_EV_OFF] = DO(RETURNING, STAY),
		[MARSD_MOVE_EV_TIMER] = DO(CONTESTED, GIVE_UP),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_move_table, "move", MARSD_MOVE, move_cells);

/* Publishes the registration, and adopts what other servers say of the node. */
static void
move_tell(struct marsd_reg *r)
{
	r->since = marsd_proto_timers(r->node->proto)->now;
	marsd_node_came(r->node, r->node->proto->self);
	marsd_publish_register(r);
	marsd_adopt_all(r);
}

static void
move_register(struct marsd_reg *r)
{
	r->control->registered++;
	r->control->proto->cluster->counts.registrations++;
	marsd_news_tell(r->node, MARSD_CHANGED_REGISTERED, NULL);
	marsd_node_trace(r->node,
	    r->node->role == MARSD_ROLE_MCS ?
	    "multicast server has registered" : "has registered", NULL);
	move_tell(r);
}

/*
 * The node cleared its leaf and registers again, and no other server has told
 * of it meanwhile.  So it has restarted, and will join everything again.
 */
static void
move_restart(struct marsd_reg *r)
{
	marsd_adopt_doubt(r);
	marsd_adopt_step(r, MARSD_ADOPT_EV_HURRY);
}

static void
move_to(struct marsd_reg *r, struct marsd_peer *to)
{
	if (r->moving != NULL)
		r->moving->arriving--;
	if (to != NULL)
		to->arriving++;
	r->moving = to;
}

void
marsd_move_stop(struct marsd_reg *r)
{
	move_to(r, NULL);
	timer_clear(marsd_proto_timers(r->node->proto), &r->move);
}

/*
 * The node registers here again while it was about to be given up.  It may have
 * come back softly: then it still has all its joins but those that it left at
 * the other server.  Or it has come back hard, and will ask for them.
 */
static void
move_return(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	marsd_move_stop(r);
	marsd_adopt_step(r, MARSD_ADOPT_EV_MOVE);
	MARSD_OWN_FOREACH(e, at, r->node)
		if (e->state == MARSD_ENTRY_LEFT ||
		    e->state == MARSD_ENTRY_ADOPTED_LEFT)
			marsd_entry_withdraw(e);
	marsd_adopt_doubt(r);
}

/*
 * Waits 5 s if that server lacks some of our joins.  Else it waits a second:
 * the word between servers may be faster than the answer to the node, and to a
 * node that is still ours in its own eyes the loss of its leaf is a failure of
 * its MARS (RFC 2022 section 5.4).  It would come back, and the soft redirect
 * with which it left would be undone.
 *
 * Two servers may each hear of the other's registration last, and would both
 * give the node up at the same moment.  So the one with the larger OID waits a
 * second longer, and hears that the other has given it up.
 */
static void
move_wait(struct marsd_reg *r)
{
	const struct marsd_peer *self = r->node->proto->self;
	int64_t wait = r->uncovered == 0 ? MOVE_HEAR : MOVE_WAIT;

	if (memcmp(self->owner->oid, r->moving->owner->oid, 4) > 0)
		wait += MOVE_TIE;
	timer_set(marsd_proto_timers(r->node->proto), &r->move, wait);
}

/* The registration here is the last: the other server gives the node up. */
static void
move_insist(struct marsd_reg *r)
{
	move_tell(r);
	timer_set(marsd_proto_timers(r->node->proto), &r->move, MOVE_INSIST);
}

static void
move_move(struct marsd_reg *r, struct marsd_peer *to)
{
	struct marsd_entry *e;
	struct marsd_span at;

	move_to(r, to);
	r->uncovered = 0;
	MARSD_OWN_FOREACH(e, at, r->node)
		if (marsd_join_entry(marsd_join_of(e), r->moving) == NULL)
			r->uncovered++;
	move_wait(r);
}

static void
move_stay(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	marsd_move_stop(r);
	MARSD_OWN_FOREACH(e, at, r->node)
		marsd_entry_step(e, MARSD_ENTRY_EV_STAY);
}

/* Frees r. */
static void
move_give_up(struct marsd_reg *r)
{
	struct marsd_proto *p = r->node->proto;
	struct marsd_event ev = { .pro = &p->pro,
		.who = &r->node->atm,
		.oid = r->moving->owner->oid };

	marsd_cluster_event(p->cluster, MARSD_EV_MOVED, &ev);
	p->cluster->counts.moved++;
	marsd_member_gone(r);
}

/*
 * Takes an event.  to: the server, if the event is ELSEWHERE.  With the timer's
 * event r may be freed.
 */
static void
move_take(struct marsd_reg *r, enum marsd_move_event ev, struct marsd_peer *to)
{
	switch (table_step(&marsd_move_table, &r->place, ev,
	    &r->node->proto->cluster->faults)) {
	case MARSD_MOVE_DO_REGISTER:
		move_register(r);
		break;
	case MARSD_MOVE_DO_TELL:
		move_tell(r);
		break;
	case MARSD_MOVE_DO_INSIST:
		move_insist(r);
		break;
	case MARSD_MOVE_DO_ANEW:
		marsd_adopt_anew(r);
		break;
	case MARSD_MOVE_DO_RESTART:
		move_restart(r);
		break;
	case MARSD_MOVE_DO_RETURN:
		move_return(r);
		break;
	case MARSD_MOVE_DO_MOVE:
		move_move(r, to);
		break;
	case MARSD_MOVE_DO_WAIT:
		move_wait(r);
		break;
	case MARSD_MOVE_DO_STAY:
		move_stay(r);
		break;
	case MARSD_MOVE_DO_GIVE_UP:
		move_give_up(r);
		break;
	}
}

void
marsd_move_step(struct marsd_reg *r, enum marsd_move_event ev)
{
	move_take(r, ev, NULL);
}

void
marsd_move_timer(void *arg)
{
	marsd_move_step(arg, MARSD_MOVE_EV_TIMER);
}

/* A fresh record says that our node is at that server now. */
void
marsd_move_elsewhere(struct marsd_reg *r, struct marsd_peer *to)
{
	marsd_adopt_step(r, MARSD_ADOPT_EV_MOVE);
	if (r->moving == to)
		marsd_move_step(r, MARSD_MOVE_EV_STILL);
	else
		move_take(r, MARSD_MOVE_EV_ELSEWHERE, to);
}

/* A server has told of one more join, perhaps the last that it lacked. */
void
marsd_move_joined(
    struct marsd_reg *r, const struct marsd_peer *to, struct marsd_join *j)
{
	const struct marsd_entry *e = marsd_join_entry(j, r->node->proto->self);

	if (r->moving != to || e == NULL || !marsd_entry_stands(e) ||
	    r->uncovered == 0)
		return;
	if (--r->uncovered == 0)
		marsd_move_step(r, MARSD_MOVE_EV_COVERED);
}

/*
 * A server has taken back a join.  If the node is moving there, it has left
 * the group there, or the server is taking back all that it says of a node
 * that it does not have: the Deregister, which says so, may come later.  So
 * the join is marked, and goes with the rest when the move is over.
 */
void
marsd_move_left(
    struct marsd_reg *r, const struct marsd_peer *to, struct marsd_join *j)
{
	struct marsd_entry *e = marsd_join_entry(j, r->node->proto->self);

	if (r->moving == to && e != NULL && marsd_entry_stands(e))
		marsd_entry_step(e, MARSD_ENTRY_EV_LEAVE);
}

/* A server says that the node is not there, or has left there. */
void
marsd_move_off(struct marsd_reg *r, const struct marsd_peer *to)
{
	if (r->moving == to)
		marsd_move_step(r, MARSD_MOVE_EV_OFF);
}
