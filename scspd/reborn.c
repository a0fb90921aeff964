/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An earlier life of ours.  A server that restarts forgets its numbers, and
 * as long as nobody in reach knows them it begins at -2^31+1 again.
 * Its instances may then have the numbers of old ones that somebody out of
 * reach holds, with other contents: no summary shows that, and each server
 * keeps what it had first.
 *
 * So what we have numbered in this life is numbered once more, to be unique
 * as B.2.0.2 wants it after a restart: the existing number plus a constant.
 * At once when anything of an earlier life turns up; and when that life is
 * forgotten, D + H after our start: who has not heard of us until then
 * has erased what it had of us, and who has may still keep what it had.  A
 * record that turns up itself is marsd's to answer, and a new key begins at
 * -2^31+1.
 */
#include "cache.h"
#include "group.h"
#include "ipc.h"
#include "neighbor.h"
#include "publish.h"
#include "reborn.h"
#include "scsp.h"

#define REBORN_LIMIT	(1 << 30)	/* the purge is not to come nearer */

/* Somebody has an instance of ours with a number that is news to us. */
void
scsp_reborn_heard(struct scsp_group *g, int32_t seq)
{
	if (seq <= REBORN_LIMIT && g->past < seq + SEQ_RESTART)
		g->past = seq + SEQ_RESTART;
}

/* One of ours in this life, that everybody may think to have already? */
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
	record_id id = RECORD_ID(g->scsp->lsid, 0) - 1;
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
 * That instance is here: our others are numbered anew, once in a life.
 * While they are held there is nothing to do, and the next one counts.
 */
void
scsp_reborn_proven(struct scsp_group *g, int32_t seq)
{
	scsp_reborn_heard(g, seq);
	if (seq > REBORN_LIMIT || g->holding || g->reborn)
		return;
	g->reborn = true;
	renumber(g);
}

static void
on_forgotten(void *arg)
{
	renumber(arg);
}

/* conf: of the same cluster, for D and H; the interval is for slow clocks */
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
