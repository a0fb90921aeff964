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
/* twice what a node takes to join again: 10 s, and its retransmissions */
#define ADOPT_REJOIN	MTIME_SEC(120)

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
		/* a node that has moved softly asks for new groups only */
		[MARSD_ADOPT_EV_ASK] = IGNORE(KEPT),
		[MARSD_ADOPT_EV_ASK_ADOPTED] = DO(TIMED, START),
		[MARSD_ADOPT_EV_ANEW] = DO(KEPT, DOUBT),
		/*
		 * it may be a copy of the registration with which the node came
		 */
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

/* Is this a record in effect, of another server that is alive? */
static bool
adoptable(const struct marsd_entry *e)
{
	return marsd_entry_peer(e)->state == MARSD_PEER_ALIVE &&
	    marsd_entry_counts(e);
}

/*
 * Makes a record of our own for a join that another server tells of.  The node
 * itself has not confirmed it yet.
 */
static void
adopt_join(struct marsd_reg *r, struct marsd_join *j)
{
	struct marsd_peer *self = r->node->proto->self;
	struct marsd_span s = marsd_join_span(j);
	struct marsd_entry *e = NULL, *mine;

	mine = marsd_join_entry(j, self);
	if (mine != NULL && marsd_entry_stands(mine))
		return;
	while ((e = marsd_join_next(j, e)) != NULL && !adoptable(e))
		;
	if (e == NULL)
		return;
	if (mine == NULL)
		mine = marsd_entry_join(
		    self, r->node, &s, marsd_own_key(self, r->node, &s));
	if (mine == NULL)
		return;
	marsd_entry_step(mine, MARSD_ENTRY_EV_ADOPT);
	mine->layer3 = j->layer3 != 0;
	mine->cmi = r->cmi;
	(void)marsd_entry_refresh(mine); /* it counted before */
	marsd_adopt_step(r, MARSD_ADOPT_EV_TAKE);
	r->node->proto->cluster->counts.adopted++;
	marsd_publish_entry(mine, false);
}

/*
 * Adopts all joins that other servers tell of.  This is done at registration,
 * right after the Register record has been published.
 */
void
marsd_adopt_all(struct marsd_reg *r)
{
	struct marsd_join *j;

	MARSD_JOIN_FOREACH(j, r->node)
	{
		r->node->proto->cluster->walked++;
		adopt_join(r, j);
	}
}

/* Did the node come to us no longer ago than this? */
static bool
came_within(const struct marsd_reg *r, int64_t us)
{
	return mtime_diff(r->since, marsd_proto_timers(r->node->proto)->now) <=
	    us;
}

/*
 * The old server (from) has told of one more join of a node that is here now.
 * If the node has just come, the join was made before it came, and would be
 * lost when the old server takes back its word; so it is adopted.  But as long
 * as we have no registration of the node from that server, the node may have
 * moved there since, and nothing is adopted.
 */
void
marsd_adopt_late(
    struct marsd_reg *r, const struct marsd_peer *from, struct marsd_join *j)
{
	const struct marsd_claim *c = marsd_claim_find(r->node, from);

	if (c->reg != NULL && came_within(r, ADOPT_LATE))
		adopt_join(r, j);
}

/*
 * The old server has told of its registration of the node, after the joins:
 * those that marsd_adopt_late() has not adopted are adopted now.
 */
void
marsd_adopt_all_late(struct marsd_reg *r)
{
	if (came_within(r, ADOPT_LATE))
		marsd_adopt_all(r);
}

/* Has it joined anything here itself? */
static bool
has_joined(struct marsd_reg *r)
{
	struct marsd_entry *e;
	struct marsd_span at;

	MARSD_OWN_FOREACH(e, at, r->node)
		if (!marsd_entry_is_adopted(e))
			return true;
	return false;
}

/*
 * The node has registered on another circuit: it has restarted, or mistrusts
 * us (5.4.1).  Either way it has to join everything again, so there is
 * nothing to wait for as after a soft redirect.  But if it has just come to
 * us by one, this may be the registration with which it came, once more: not
 * if it has joined something since, as who is registered does.
 */
void
marsd_adopt_anew(struct marsd_reg *r)
{
	bool again = came_within(r, ADOPT_REJOIN) && !has_joined(r);

	marsd_adopt_step(r,
	    again ? MARSD_ADOPT_EV_ANEW_SOON : MARSD_ADOPT_EV_ANEW);
}

/*
 * The node has sent a JOIN or MSERV.  e is our record of the same range, or
 * NULL.  If that record was adopted and the node came not long ago, the node
 * has moved hard, and asks again for everything that it still wants.  A node
 * that has moved softly asks only for new groups.  Months later it may also ask
 * for a group that it left at the old server while we were adopting it; that
 * says nothing, so the time is looked at.
 */
void
marsd_adopt_asked(struct marsd_reg *r, const struct marsd_entry *e)
{
	bool again = e != NULL && marsd_entry_is_adopted(e) &&
	    came_within(r, ADOPT_REJOIN);

	marsd_adopt_step(
	    r, again ? MARSD_ADOPT_EV_ASK_ADOPTED : MARSD_ADOPT_EV_ASK);
}
