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
 * So as soon as anything of an earlier life turns up, our numbers are made
 * unique as B.2.0.2 has it for a restart, the existing number plus a
 * constant: what we have numbered in this life is numbered once more, past
 * the highest that has turned up.  A record that turns up itself is marsd's
 * to answer, as before, and a new key still begins at -2^31+1.
 */
#include "scsp.h"

#define REBORN_LIMIT	(1 << 30)	/* the purge is not to come nearer */

/* Somebody has an instance of ours with a number that is news to us. */
void
reborn_heard(struct group *g, int32_t seq)
{
	if (seq <= REBORN_LIMIT && g->past < seq + SEQ_RESTART)
		g->past = seq + SEQ_RESTART;
}

/* One of ours in this life, that everybody may think to have already? */
static bool
concerned(const struct entry *e)
{
	return (e->flags & ENTRY_OWN) != 0 && e->seen <= REBORN_LIMIT &&
	    (e->flags & (ENTRY_HELD | ENTRY_AGAIN | ENTRY_EXPIRED)) == 0;
}

/*
 * That instance is here: our others are numbered anew, once in a life.
 * While they are held there is nothing to do, and the next one counts.
 * Any entry that has expired may be gone afterwards.
 */
void
reborn_proven(struct group *g, int32_t seq)
{
	struct entry *e;
	record_id id = RECORD_ID(g->scsp->lsid, 0) - 1;
	int32_t next;

	reborn_heard(g, seq);
	if (seq > REBORN_LIMIT || g->holding || g->reborn)
		return;
	g->reborn = true;
	while ((e = cache_after(&g->cache, id)) != NULL &&
	    RECORD_OID(e->id) == g->scsp->lsid) {
		id = e->id;
		if (!concerned(e))
			continue;
		next = e->seen + SEQ_RESTART;
		entry_renumber(g, e, next < g->past ? g->past : next);
	}
}
