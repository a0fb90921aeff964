/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Clients that change their server (A-6, D9).  The new server adopts what
 * the old one says about the client, and the old one takes back its own
 * word once the new one has said as much: the union never loses a member.
 */
#include <string.h>

#include "cluster.h"

#define ADOPT_CONFIRM	MTIME_SEC(60)
#define ADOPT_LATE	MTIME_SEC(10)
#define ADOPT_REJOIN	MTIME_SEC(120)	/* 10 s and retransmissions, twice */
#define MOVE_WAIT	MTIME_SEC(5)
#define MOVE_TIE	MTIME_SEC(1)

/* What we say ourselves of a node: the first join, or the next behind at. */
static struct marsd_entry *
own_next(struct marsd_node *n, const struct marsd_span *at)
{
	struct marsd_itree_node *in;
	struct marsd_entry *e;

	for (in = marsd_itree_next(&n->joins, at); in != NULL;
	     in = marsd_itree_next(&n->joins, in->span)) {
		e = marsd_join_entry(marsd_join_of(in), n->proto->self);
		if (e != NULL && !e->stale)
			return e;
	}
	return NULL;
}

#define OWN_FOREACH(e, at, n) \
	for ((e) = own_next((n), NULL); \
	    (e) != NULL && ((at) = (e)->join->range->span, true); \
	    (e) = own_next((n), &(at)))

/* Is this someone else's record, in effect, of a server that is alive? */
static bool
adoptable(const struct marsd_entry *e)
{
	return e->peer->state == MARSD_PEER_ALIVE && marsd_entry_counts(e);
}

/* One join of another server's becomes ours too, until it is confirmed. */
static void
adopt_join(struct marsd_reg *r, struct marsd_join *j)
{
	struct marsd_peer *self = r->node->proto->self;
	struct marsd_span s = j->range->span;
	struct marsd_entry *e, *mine;
	bool layer3 = false, found = false;

	LIST_FOREACH(e, &j->entries, marsd_join_entry)
		if (e->peer != self && adoptable(e)) {
			found = true;
			layer3 = layer3 || e->layer3;
		}
	mine = marsd_join_entry(j, self);
	if (!found || (mine != NULL && !mine->stale))
		return;
	if (mine == NULL)
		mine = marsd_entry_join(
		    self, r->node, &s, marsd_own_key(self, r->node, &s));
	if (mine == NULL)
		return;
	mine->stale = false;
	mine->adopted = true;
	mine->layer3 = layer3;
	mine->cmi = r->cmi;
	(void)marsd_join_refresh(j); /* it counted before: nothing changes */
	if (r->node->role == MARSD_ROLE_CLIENT)
		r->node->proto->joins++;
	r->adopting = true;
	r->node->proto->cluster->counts.adopted++;
	marsd_publish_entry(mine, false);
}

/* At registration, with the Register record just published. */
void
marsd_reg_adopt(struct marsd_reg *r)
{
	struct marsd_itree_node *in;

	for (in = marsd_itree_next(&r->node->joins, NULL); in != NULL;
	     in = marsd_itree_next(&r->node->joins, in->span))
		adopt_join(r, marsd_join_of(in));
}

/* Is what the old server says still on its way to us? */
static bool
is_late(const struct marsd_reg *r)
{
	return mtime_diff(r->since, marsd_proto_timers(r->node->proto)->now) <=
	    ADOPT_LATE;
}

/*
 * A join that the old server (from) told of when the client was already on
 * its way to us: it would go when that server takes back its word.  Not while
 * that server's registration is unknown: the client may have joined there
 * since, and by now be its.
 */
void
marsd_reg_adopt_late(
    struct marsd_reg *r, const struct marsd_peer *from, struct marsd_join *j)
{
	const struct marsd_claim *c = marsd_claim_find(r->node, from);

	if (c->reg != NULL && is_late(r))
		adopt_join(r, j);
}

/* The same with that registration, which comes after its joins. */
void
marsd_reg_adopt_all_late(struct marsd_reg *r)
{
	if (is_late(r))
		marsd_reg_adopt(r);
}

/*
 * The node has registered once more: our joins are as good as adopted until it
 * asks for them again (D9).
 */
static void
reg_doubt(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	OWN_FOREACH(e, at, r->node)
	r->adopting = e->adopted = true;
}

/* What it does not ask for in time it does not want. */
static void
reg_hurry(struct marsd_reg *r)
{
	if (r->adopting)
		timer_set(marsd_proto_timers(r->node->proto), &r->adopt,
		    ADOPT_CONFIRM);
}

/* May it still be joining again what we have adopted, if it does that? */
static bool
is_joining(const struct marsd_reg *r)
{
	return mtime_diff(r->since, marsd_proto_timers(r->node->proto)->now) <=
	    ADOPT_REJOIN;
}

/*
 * Another registration than the one before: the node has restarted, or
 * mistrusts us (5.4.1).  Either way it has to join everything again, so there
 * is nothing to wait for as in a soft redirect; if it has just come to us by
 * one, though, this may be that registration still.
 */
void
marsd_reg_anew(struct marsd_reg *r)
{
	if (r->adopting && !timer_isset(&r->adopt) && is_joining(r))
		return;
	reg_doubt(r);
	reg_hurry(r);
}

/* It wants this join, now. */
void
marsd_entry_confirm(struct marsd_entry *e)
{
	e->adopted = e->left = false;
}

/*
 * A JOIN or MSERV.  Of a group that was adopted (e): the node moved hard, and
 * asks again for whatever it still wants; what it has not asked for when
 * 60 s have passed since its last one it does not want.  One that moved
 * softly asks only for groups that are new, but later on perhaps also for one
 * that it left at the old server when the adoption was on its way.
 */
void
marsd_reg_confirm(struct marsd_reg *r, const struct marsd_entry *e)
{
	if (timer_isset(&r->adopt) ||
	    (e != NULL && e->adopted && is_joining(r)))
		reg_hurry(r);
}

/* Takes back one of our joins that still counts. */
static void
withdraw(struct marsd_entry *e)
{
	struct marsd_node *n = e->claim->node;

	marsd_publish_entry(e, true);
	if (n->role == MARSD_ROLE_CLIENT)
		n->proto->joins--;
	marsd_entry_retract(e);
}

void
marsd_reg_adopt_expired(void *arg)
{
	struct marsd_reg *r = arg;
	struct marsd_entry *e;
	struct marsd_span at;

	r->adopting = false;
	OWN_FOREACH(e, at, r->node)
	if (e->adopted)
		withdraw(e);
}

/*
 * Two servers may each hear of the other's registration last and give the
 * client up at the same moment: of two the one with the larger OID waits a
 * little, and hears that the other has.
 */
static int64_t
move_wait(const struct marsd_reg *r)
{
	const struct marsd_peer *self = r->node->proto->self;
	int64_t wait = r->uncovered == 0 ? 0 : MOVE_WAIT;

	if (memcmp(self->owner->oid, r->moving->owner->oid, 4) > 0)
		wait += MOVE_TIE;
	return wait;
}

/*
 * A fresh record says that our client is at another server now.  What we
 * say of it stays until that server has said as much, or for 5 s.
 */
void
marsd_reg_move(struct marsd_reg *r, struct marsd_peer *to)
{
	struct marsd_entry *e;
	struct marsd_span at;

	timer_clear(marsd_proto_timers(r->node->proto), &r->adopt);
	if (r->moving != to) {
		r->moving = to;
		r->uncovered = 0;
		OWN_FOREACH(e, at, r->node)
		r->uncovered += marsd_join_entry(e->join, to) == NULL;
	}
	timer_set(marsd_proto_timers(r->node->proto), &r->move, move_wait(r));
}

/* That server has told of one more of its joins. */
void
marsd_reg_move_joined(
    struct marsd_reg *r, struct marsd_peer *to, struct marsd_join *j)
{
	struct marsd_entry *e = marsd_join_entry(j, r->node->proto->self);

	if (r->moving != to || e == NULL || e->stale || r->uncovered == 0)
		return;
	if (--r->uncovered == 0)
		timer_set(
		    marsd_proto_timers(r->node->proto), &r->move, move_wait(r));
}

/*
 * That server has taken back a join.  The client has left it there, or the
 * server is taking back all that it says of a client that it does not have:
 * the Deregister, which says so, may come later.  So it is kept in mind, and
 * goes with the rest when the move is over.
 */
void
marsd_reg_move_left(
    struct marsd_reg *r, const struct marsd_peer *to, struct marsd_join *j)
{
	struct marsd_entry *e = marsd_join_entry(j, r->node->proto->self);

	if (r->moving == to && e != NULL && !e->stale)
		e->left = true;
}

/* The client is not there after all. */
void
marsd_reg_move_off(struct marsd_reg *r, const struct marsd_peer *to)
{
	struct marsd_entry *e;
	struct marsd_span at;

	if (r->moving != to)
		return;
	marsd_reg_move_stop(r);
	OWN_FOREACH(e, at, r->node)
	e->left = false;
}

/*
 * It registers here again while it was about to be given up: the last
 * registration wins, so the other server has to hear of it.  It came back
 * softly, with all its joins but those that it left there, or hard, and asks
 * for them.  One that was nowhere else, as far as is known, has restarted.
 */
void
marsd_reg_returned(struct marsd_reg *r)
{
	bool elsewhere = r->moving != NULL;
	struct marsd_entry *e;
	struct marsd_span at;

	marsd_reg_move_stop(r);
	timer_clear(marsd_proto_timers(r->node->proto), &r->adopt);
	if (!r->registered)
		return;
	OWN_FOREACH(e, at, r->node)
	if (e->left)
		withdraw(e);
	reg_doubt(r);
	if (!elsewhere)
		reg_hurry(r);
	r->back = true;
	if (r->state == MARSD_LEAF_UP)
		marsd_reg_back(r);
}

/*
 * And with its leaf up, and not before, the other server may give it up: it
 * goes on there until it has our answer.
 */
void
marsd_reg_back(struct marsd_reg *r)
{
	r->back = false;
	r->since = marsd_proto_timers(r->node->proto)->now;
	marsd_publish_register(r);
	marsd_reg_adopt(r);
}

void
marsd_reg_move_stop(struct marsd_reg *r)
{
	r->moving = NULL;
	timer_clear(marsd_proto_timers(r->node->proto), &r->move);
}

void
marsd_reg_move_expired(void *arg)
{
	struct marsd_reg *r = arg;
	struct marsd_proto *p = r->node->proto;
	struct marsd_event ev = { .pro = &p->pro,
		.who = &r->node->atm,
		.oid = r->moving->owner->oid };

	marsd_cluster_event(p->cluster, MARSD_EV_MOVED, &ev);
	p->cluster->counts.moved++;
	marsd_member_gone(r);
}
