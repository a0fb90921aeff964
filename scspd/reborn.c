/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An earlier life of ours that had greater numbers than this one, because the
 * clock was wrong or has been set back.
 *
 * A server out of reach may hold an old instance with a number that we use
 * again for other contents.  No summary shows that.  So all that was
 * numbered in this life is numbered once more, by the existing number plus a
 * constant (RFC 2334 B.2.0.2):
 *
 *  - at once when anything of an earlier life turns up with a number that this
 *    life may have used;
 *  - and D + H after our start, when the earlier life is forgotten,
 *    because a clock that begins at the same date at each start gives every
 *    life the same numbers, and nobody can tell.  A server that has not heard
 *    of us by then has erased what it had of us; one that has heard of us may
 *    still keep it, and takes the higher number.
 *
 * The record that turns up is not among them: marsd answers that one.  A key
 * that is new begins with the number of this life.
 */
#include "cache.h"
#include "group.h"
#include "ipc.h"
#include "neighbor.h"
#include "publish.h"
#include "reborn.h"
#include "scsp.h"

void
scsp_reborn_heard(struct scsp_group *g, int32_t seq)
{
	if (seq <= REBORN_LIMIT && g->past < seq + SEQ_RESTART)
		g->past = seq + SEQ_RESTART;
}

/*
 * Has the record been numbered in this life only?  Then somebody may hold
 * another instance with the same number.
 */
static bool
concerned(const struct scsp_entry *e)
{
	return (e->flags & ENTRY_OWN) != 0 && e->seen <= REBORN_LIMIT &&
	    (e->flags & (ENTRY_HELD | ENTRY_AGAIN | ENTRY_EXPIRED)) == 0;
}

/* Any entry that has expired may be gone afterwards. */
static void
renumber(struct scsp_group *g)
{
	struct scsp_entry *e;
	scsp_record_id id = RECORD_ID(g->scsp->lsid, 0) - 1;
	int32_t next;

	while ((e = scsp_cache_after(&g->cache, id)) != NULL &&
	    RECORD_OID(e->id) == g->scsp->lsid) {
		id = e->id;
		if (!concerned(e))
			continue;
		next = e->seen + SEQ_RESTART;
		scsp_publish_renumber(g, e, next < g->past ? g->past : next);
	}
}

/*
 * A record of an earlier life has turned up, so all others are numbered anew,
 * once in a life.  While they are held they have no numbers yet: then there is
 * nothing to do, and it is done at the next record of an earlier life.
 */
void
scsp_reborn_proven(struct scsp_group *g, int32_t seq)
{
	scsp_reborn_heard(g, seq);
	if (seq < scsp_group_first(g) || seq > REBORN_LIMIT || g->holding ||
	    g->reborn)
		return;
	g->reborn = true;
	renumber(g);
}

static void
on_forgotten(void *arg)
{
	renumber(arg);
}

/*
 * Sets the timer to D + H, and one interval more for clocks that are slower
 * than ours.
 */
void
scsp_reborn_start(struct scsp_group *g, const struct conf_cluster *conf)
{
	if (scsp_group_is_mars(g))
		timer_set(g->scsp->timers, &g->forgotten,
		    scsp_seconds(conf->redirect_dead + conf->hold +
		    conf->redirect_interval));
}

void
scsp_reborn_init(struct scsp_group *g)
{
	g->past = SEQ_FIRST;
	timer_init(&g->forgotten, on_forgotten, g);
}
