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
static struct entry *
own_next(struct node *n, const struct span *at)
{
	struct itree_node *in;
	struct entry *e;

	for (in = itree_next(&n->joins, at); in != NULL;
	    in = itree_next(&n->joins, in->span)) {
		e = join_entry(join_of(in), n->proto->self);
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
adoptable(const struct entry *e)
{
	return e->peer->state == PEER_ALIVE && entry_counts(e);
}

/* One join of another server's becomes ours too, until it is confirmed. */
static void
adopt_join(struct reg *r, struct join *j)
{
	struct peer *self = r->node->proto->self;
	struct span s = j->range->span;
	struct entry *e, *mine;
	bool layer3 = false, found = false;

	LIST_FOREACH(e, &j->entries, join_entry)
		if (e->peer != self && adoptable(e)) {
			found = true;
			layer3 = layer3 || e->layer3;
		}
	mine = join_entry(j, self);
	if (!found || (mine != NULL && !mine->stale))
		return;
	if (mine == NULL)
		mine = entry_join(self, r->node, &s,
		    own_key(self, r->node, &s));
	if (mine == NULL)
		return;
	mine->stale = false;
	mine->adopted = true;
	mine->layer3 = layer3;
	mine->cmi = r->cmi;
	(void)join_refresh(j);		/* it counted before: nothing changes */
	if (r->node->role == ROLE_CLIENT)
		r->node->proto->joins++;
	r->adopting = true;
	r->node->proto->cluster->counts.adopted++;
	publish_entry(mine, false);
}

/* At registration, with the Register record just published. */
void
reg_adopt(struct reg *r)
{
	struct itree_node *in;

	for (in = itree_next(&r->node->joins, NULL); in != NULL;
	    in = itree_next(&r->node->joins, in->span))
		adopt_join(r, join_of(in));
}

/* Is what the old server says still on its way to us? */
static bool
is_late(const struct reg *r)
{
	return mtime_diff(r->since, proto_timers(r->node->proto)->now) <=
	    ADOPT_LATE;
}

/*
 * A join that the old server (from) told of when the client was already on
 * its way to us: it would go when that server takes back its word.  Not while
 * that server's registration is unknown: the client may have joined there
 * since, and by now be its.
 */
void
reg_adopt_late(struct reg *r, const struct peer *from, struct join *j)
{
	const struct claim *c = claim_find(r->node, from);

	if (c->reg != NULL && is_late(r))
		adopt_join(r, j);
}

/* The same with that registration, which comes after its joins. */
void
reg_adopt_all_late(struct reg *r)
{
	if (is_late(r))
		reg_adopt(r);
}

/*
 * The node has registered once more: our joins are as good as adopted until it
 * asks for them again (D9).
 */
static void
reg_doubt(struct reg *r)
{
	struct entry *e;
	struct span at;

	OWN_FOREACH(e, at, r->node)
		r->adopting = e->adopted = true;
}

/* What it does not ask for in time it does not want. */
static void
reg_hurry(struct reg *r)
{
	if (r->adopting)
		timer_set(proto_timers(r->node->proto), &r->adopt,
		    ADOPT_CONFIRM);
}

/* May it still be joining again what we have adopted, if it does that? */
static bool
is_joining(const struct reg *r)
{
	return mtime_diff(r->since, proto_timers(r->node->proto)->now) <=
	    ADOPT_REJOIN;
}

/*
 * Another registration than the one before: the node has restarted, or
 * mistrusts us (5.4.1).  Either way it has to join everything again, so there
 * is nothing to wait for as in a soft redirect; if it has just come to us by
 * one, though, this may be that registration still.
 */
void
reg_anew(struct reg *r)
{
	if (r->adopting && !timer_isset(&r->adopt) && is_joining(r))
		return;
	reg_doubt(r);
	reg_hurry(r);
}

/* It wants this join, now. */
void
entry_confirm(struct entry *e)
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
reg_confirm(struct reg *r, const struct entry *e)
{
	if (timer_isset(&r->adopt) ||
	    (e != NULL && e->adopted && is_joining(r)))
		reg_hurry(r);
}

/* Takes back one of our joins that still counts. */
static void
withdraw(struct entry *e)
{
	struct node *n = e->claim->node;

	publish_entry(e, true);
	if (n->role == ROLE_CLIENT)
		n->proto->joins--;
	entry_retract(e);
}

void
reg_adopt_expired(void *arg)
{
	struct reg *r = arg;
	struct entry *e;
	struct span at;

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
move_wait(const struct reg *r)
{
	const struct peer *self = r->node->proto->self;
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
reg_move(struct reg *r, struct peer *to)
{
	struct entry *e;
	struct span at;

	timer_clear(proto_timers(r->node->proto), &r->adopt);
	if (r->moving != to) {
		r->moving = to;
		r->uncovered = 0;
		OWN_FOREACH(e, at, r->node)
			r->uncovered += join_entry(e->join, to) == NULL;
	}
	timer_set(proto_timers(r->node->proto), &r->move, move_wait(r));
}

/* That server has told of one more of its joins. */
void
reg_move_joined(struct reg *r, struct peer *to, struct join *j)
{
	struct entry *e = join_entry(j, r->node->proto->self);

	if (r->moving != to || e == NULL || e->stale || r->uncovered == 0)
		return;
	if (--r->uncovered == 0)
		timer_set(proto_timers(r->node->proto), &r->move,
		    move_wait(r));
}

/*
 * That server has taken back a join.  The client has left it there, or the
 * server is taking back all that it says of a client that it does not have:
 * the Deregister, which says so, may come later.  So it is kept in mind, and
 * goes with the rest when the move is over.
 */
void
reg_move_left(struct reg *r, const struct peer *to, struct join *j)
{
	struct entry *e = join_entry(j, r->node->proto->self);

	if (r->moving == to && e != NULL && !e->stale)
		e->left = true;
}

/* The client is not there after all. */
void
reg_move_off(struct reg *r, const struct peer *to)
{
	struct entry *e;
	struct span at;

	if (r->moving != to)
		return;
	reg_move_stop(r);
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
reg_returned(struct reg *r)
{
	bool elsewhere = r->moving != NULL;
	struct entry *e;
	struct span at;

	reg_move_stop(r);
	timer_clear(proto_timers(r->node->proto), &r->adopt);
	if (!r->registered)
		return;
	OWN_FOREACH(e, at, r->node)
		if (e->left)
			withdraw(e);
	reg_doubt(r);
	if (!elsewhere)
		reg_hurry(r);
	r->back = true;
	if (r->state == LEAF_UP)
		reg_back(r);
}

/*
 * And with its leaf up, and not before, the other server may give it up: it
 * goes on there until it has our answer.
 */
void
reg_back(struct reg *r)
{
	r->back = false;
	r->since = proto_timers(r->node->proto)->now;
	publish_register(r);
	reg_adopt(r);
}

void
reg_move_stop(struct reg *r)
{
	r->moving = NULL;
	timer_clear(proto_timers(r->node->proto), &r->move);
}

void
reg_move_expired(void *arg)
{
	struct reg *r = arg;
	struct proto *p = r->node->proto;
	struct mars_event ev = { .pro = &p->pro, .who = &r->node->atm,
	    .oid = r->moving->owner->oid };

	cluster_event(p->cluster, MARS_EV_MOVED, &ev);
	p->cluster->counts.moved++;
	member_gone(r);
}
