/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Clients that change their server (A-6, D9).  The new server adopts what
 * the old one says about the client, and the old one takes back its own
 * word once the new one has said as much: the union never loses a member.
 */
#include "cluster.h"

#define ADOPT_CONFIRM	MTIME_SEC(60)
#define ADOPT_LATE	MTIME_SEC(10)
#define MOVE_WAIT	MTIME_SEC(5)

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

/*
 * A join that the old server told of when the client was already on its way
 * to us: it would go when that server takes back its word.
 */
void
reg_adopt_late(struct reg *r, struct join *j)
{
	if (mtime_diff(r->since, proto_timers(r->node->proto)->now) <=
	    ADOPT_LATE)
		adopt_join(r, j);
}

/*
 * A JOIN or MSERV.  Of a group that was adopted (e): the node moved hard, and
 * asks again for whatever it still wants; what it has not asked for when
 * 60 s have passed since its last one it does not want.  One that moved
 * softly asks only for groups that are new.
 */
void
reg_confirm(struct reg *r, const struct entry *e)
{
	if (r->adopting &&
	    ((e != NULL && e->adopted) || timer_isset(&r->adopt)))
		timer_set(proto_timers(r->node->proto), &r->adopt,
		    ADOPT_CONFIRM);
}

void
reg_adopt_expired(void *arg)
{
	struct reg *r = arg;
	struct node *n = r->node;
	struct itree_node *in;
	struct entry *e;
	struct span at;

	r->adopting = false;
	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, &at)) {
		at = *in->span;
		e = join_entry(join_of(in), n->proto->self);
		if (e == NULL || !e->adopted)
			continue;
		publish_entry(e, true);
		if (n->role == ROLE_CLIENT)
			n->proto->joins--;
		entry_retract(e);
	}
}

/*
 * A fresh record says that our client is at another server now.  What we
 * say of it stays until that server has said as much, or for 5 s.
 */
void
reg_move(struct reg *r, struct peer *to)
{
	struct peer *self = r->node->proto->self;
	struct itree_node *in;
	struct entry *e;

	if (r->moving != to) {
		r->moving = to;
		r->uncovered = 0;
		for (in = itree_next(&r->node->joins, NULL); in != NULL;
		    in = itree_next(&r->node->joins, in->span)) {
			e = join_entry(join_of(in), self);
			if (e != NULL && !e->stale &&
			    join_entry(join_of(in), to) == NULL)
				r->uncovered++;
		}
	}
	timer_set(proto_timers(r->node->proto), &r->move,
	    r->uncovered == 0 ? 0 : MOVE_WAIT);
}

/* That server has told of one more of its joins. */
void
reg_move_joined(struct reg *r, struct peer *to, struct join *j)
{
	struct entry *e = join_entry(j, r->node->proto->self);

	if (r->moving != to || e == NULL || e->stale || r->uncovered == 0)
		return;
	if (--r->uncovered == 0)
		timer_set(proto_timers(r->node->proto), &r->move, 0);
}

/*
 * It registers here again while it was about to be given up: the last
 * registration wins, so the other server has to hear of it.
 */
void
reg_returned(struct reg *r)
{
	if (r->moving == NULL)
		return;
	reg_move_stop(r);
	if (!r->registered)
		return;
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
