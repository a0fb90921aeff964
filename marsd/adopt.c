/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Joins that rest on another's word (D9).
 *
 * RFC 2022 section 5.4.3: a client that is redirected softly joins nothing
 * again; how the new MARS knows its groups is left to "some external
 * synchronisation mechanism".  Ours: SCSP.  The server where the node
 * registers says, from then on, in its own name too what the server where it
 * was says of it: it adopts those joins.  A node that moved hard, or that has
 * restarted (section 5.4.1), joins everything again: the first JOIN of
 * something adopted shows that, and then what it has not asked for when 60 s
 * have passed since its last JOIN is withdrawn.
 */
#include "adopt.h"
#include "cluster.h"
#include "own.h"
#include "record.h"

#define ADOPT_CONFIRM	MTIME_SEC(60)
#define ADOPT_LATE	MTIME_SEC(10)
#define ADOPT_REJOIN	MTIME_SEC(120)	/* 10 s and retransmissions, twice */

#define DO(s, a)	{ MARSD_ADOPT_##s, MARSD_ADOPT_DO_##a }
#define IGNORE(s)	{ MARSD_ADOPT_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_ADOPT_##s, TABLE_VIOLATION }

static const struct table_cell adopt_cells[MARSD_ADOPT_STATE_MAX]
    [MARSD_ADOPT_EVENT_MAX] = {
	[MARSD_ADOPT_NONE] = {
		[MARSD_ADOPT_EV_TAKE] = DO(KEPT, NOTE),
		[MARSD_ADOPT_EV_HURRY] = IGNORE(NONE),
		[MARSD_ADOPT_EV_ASK] = IGNORE(NONE),
		[MARSD_ADOPT_EV_ASK_ADOPTED] = VIOLATION(NONE),
		[MARSD_ADOPT_EV_ANEW] = DO(NONE, DOUBT),
		[MARSD_ADOPT_EV_ANEW_SOON] = DO(NONE, DOUBT),
		[MARSD_ADOPT_EV_MOVE] = IGNORE(NONE),
		[MARSD_ADOPT_EV_TIMER] = VIOLATION(NONE),
	},
	[MARSD_ADOPT_KEPT] = {
		[MARSD_ADOPT_EV_TAKE] = IGNORE(KEPT),
		[MARSD_ADOPT_EV_HURRY] = DO(TIMED, START),
		/* new groups of one that moved softly */
		[MARSD_ADOPT_EV_ASK] = IGNORE(KEPT),
		[MARSD_ADOPT_EV_ASK_ADOPTED] = DO(TIMED, START),
		[MARSD_ADOPT_EV_ANEW] = DO(KEPT, DOUBT),
		/* it may be the registration with which it came, once more */
		[MARSD_ADOPT_EV_ANEW_SOON] = IGNORE(KEPT),
		[MARSD_ADOPT_EV_MOVE] = IGNORE(KEPT),
		[MARSD_ADOPT_EV_TIMER] = VIOLATION(KEPT),
	},
	[MARSD_ADOPT_TIMED] = {
		[MARSD_ADOPT_EV_TAKE] = IGNORE(TIMED),
		[MARSD_ADOPT_EV_HURRY] = DO(TIMED, START),
		[MARSD_ADOPT_EV_ASK] = DO(TIMED, START),
		[MARSD_ADOPT_EV_ASK_ADOPTED] = DO(TIMED, START),
		[MARSD_ADOPT_EV_ANEW] = DO(TIMED, DOUBT),
		[MARSD_ADOPT_EV_ANEW_SOON] = DO(TIMED, DOUBT),
		[MARSD_ADOPT_EV_MOVE] = DO(KEPT, STOP),
		[MARSD_ADOPT_EV_TIMER] = DO(NONE, WITHDRAW),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_adopt_table, "adopt", MARSD_ADOPT, adopt_cells);

/* Every join of the node is doubted until the node asks for it again. */
void
marsd_adopt_doubt(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	MARSD_OWN_FOREACH(e, at, r->node) {
		marsd_entry_step(e, MARSD_ENTRY_EV_DOUBT);
		marsd_adopt_step(r, MARSD_ADOPT_EV_TAKE);
	}
}

static void
adopt_withdraw(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	MARSD_OWN_FOREACH(e, at, r->node)
		if (marsd_entry_is_adopted(e))
			marsd_entry_withdraw(e);
}

void
marsd_adopt_step(struct marsd_reg *r, enum marsd_adopt_event ev)
{
	struct timers *ts = marsd_proto_timers(r->node->proto);

	switch (table_step(&marsd_adopt_table, &r->adoption, ev,
	    &r->node->proto->cluster->faults)) {
	case MARSD_ADOPT_DO_START:
		timer_set(ts, &r->adopt, ADOPT_CONFIRM);
		break;
	case MARSD_ADOPT_DO_STOP:
		timer_clear(ts, &r->adopt);
		break;
	case MARSD_ADOPT_DO_DOUBT:
		marsd_adopt_doubt(r);
		marsd_adopt_step(r, MARSD_ADOPT_EV_HURRY);
		break;
	case MARSD_ADOPT_DO_WITHDRAW:
		adopt_withdraw(r);
		break;
	}
}

void
marsd_adopt_timer(void *arg)
{
	marsd_adopt_step(arg, MARSD_ADOPT_EV_TIMER);
}

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

	LIST_FOREACH(e, &j->entries, join_entry)
		if (e->peer != self && adoptable(e)) {
			found = true;
			layer3 = layer3 || e->layer3;
		}
	mine = marsd_join_entry(j, self);
	if (!found || (mine != NULL && marsd_entry_stands(mine)))
		return;
	if (mine == NULL)
		mine = marsd_entry_join(
		    self, r->node, &s, marsd_own_key(self, r->node, &s));
	if (mine == NULL)
		return;
	marsd_entry_step(mine, MARSD_ENTRY_EV_ADOPT);
	mine->layer3 = layer3;
	mine->cmi = r->cmi;
	(void)marsd_join_refresh(j); /* it counted before: nothing changes */
	marsd_adopt_step(r, MARSD_ADOPT_EV_TAKE);
	r->node->proto->cluster->counts.adopted++;
	marsd_publish_entry(mine, false);
}

/* At registration, with the Register record just published. */
void
marsd_adopt_all(struct marsd_reg *r)
{
	struct marsd_itree_node *in;

	for (in = marsd_itree_next(&r->node->joins, NULL); in != NULL;
	    in = marsd_itree_next(&r->node->joins, in->span)) {
		r->node->proto->cluster->walked++;
		adopt_join(r, marsd_join_of(in));
	}
}

/* Did the node come to us at most that long ago? */
static bool
came_within(const struct marsd_reg *r, int64_t us)
{
	return mtime_diff(r->since, marsd_proto_timers(r->node->proto)->now) <=
	    us;
}

/*
 * A join that the old server (from) told of when the node was already on its
 * way to us: it would go when that server takes back its word.  Not while
 * that server's registration is unknown: the node may have joined there
 * since, and by now be its.
 */
void
marsd_adopt_late(
    struct marsd_reg *r, const struct marsd_peer *from, struct marsd_join *j)
{
	const struct marsd_claim *c = marsd_claim_find(r->node, from);

	if (c->reg != NULL && came_within(r, ADOPT_LATE))
		adopt_join(r, j);
}

/* That registration, which comes after the joins: all of them. */
void
marsd_adopt_all_late(struct marsd_reg *r)
{
	if (came_within(r, ADOPT_LATE))
		marsd_adopt_all(r);
}

/*
 * The node has registered on another circuit: it has restarted, or mistrusts
 * us (5.4.1).  Either way it has to join everything again, so there is
 * nothing to wait for as after a soft redirect.  But if it has just come to
 * us by one, this may be the registration with which it came, once more.
 */
void
marsd_adopt_anew(struct marsd_reg *r)
{
	marsd_adopt_step(r,
	    came_within(r, ADOPT_REJOIN) ? MARSD_ADOPT_EV_ANEW_SOON :
	    MARSD_ADOPT_EV_ANEW);
}

/*
 * A JOIN or MSERV, of what we say already (e) or NULL.  If that was adopted
 * and the node came not long ago, it moved hard, and asks again for whatever
 * it still wants.  One that moved softly asks only for groups that are new,
 * but months later perhaps also for one that it left at the old server when
 * the adoption was on its way.
 */
void
marsd_adopt_asked(struct marsd_reg *r, const struct marsd_entry *e)
{
	bool again = e != NULL && marsd_entry_is_adopted(e) &&
	    came_within(r, ADOPT_REJOIN);

	marsd_adopt_step(
	    r, again ? MARSD_ADOPT_EV_ASK_ADOPTED : MARSD_ADOPT_EV_ASK);
}
