/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsd says of records: contents of its own, which are numbered here,
 * and what is to become of those of servers that are dead.
 *
 * RFC 2334 B.2.0.2 numbers a record from -2^31+1 on and purges it from the
 * server group when it has come to the end; after a restart a number that is
 * unique is needed, and the existing one plus a constant is recommended.  A
 * server can't know whether it ran before.  So each of its lives begins with
 * a number that follows from the clock, and not below the existing one plus
 * the constant.  Nobody knows the existing one before a neighbor is aligned,
 * so until then records are held without a number.
 *
 * The record that purges is the one that withdraws the contents, if
 * there is such a record.  A server that lies can end a record of ours so: it
 * begins anew as well.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "cache.h"
#include "group.h"
#include "neighbor.h"
#include "publish.h"
#include "queue.h"
#include "reborn.h"
#include "scsp.h"

#define RELEASE_SLICE	256		/* records, before others have a turn */
#define RELEASE_FEW	16		/* that are looked for at once */
#define RELEASE_LOOK	MTIME_MS(100)	/* whether there is a neighbor still */

/* Keeps these contents until the purge is over.  False: no memory. */
static bool
renew_later(struct scsp_group *g, struct scsp_entry *e, const void *data,
    uint16_t len)
{
	const struct scsp_renewal *old = scsp_entry_renewal(e);
	struct scsp_renewal *r;

	if ((r = malloc(sizeof(*r) + len)) == NULL)
		return false;
	r->past = old != NULL ? old->past :
	    e->seq <= REBORN_LIMIT ? e->seq : SEQ_RESERVED;
	r->len = len;
	memcpy(r->data, data, len);
	if (!scsp_cache_renew(&g->cache, e, r)) {
		free(r);
		return false;
	}
	return true;
}

/*
 * Makes these contents the instance of this number, and floods it.  False: no
 * memory.
 */
static bool
originate(struct scsp_group *g, struct scsp_entry *e, int32_t seq,
    const void *data, uint16_t len, bool tomb)
{
	scsp_cache_unflag(&g->cache, e, ENTRY_HELD);
	if (!scsp_cache_set(
	    &g->cache, e, seq, data, len, tomb, g->scsp->timers->now))
		return false;
	scsp_cache_flag(&g->cache, e, ENTRY_OWN);
	scsp_cache_charge(e, NULL);
	scsp_group_mortals(g);
	scsp_queue_flood(g, e, NULL, g->hop_count);
	return true;
}

void
scsp_publish_renumber(struct scsp_group *g, struct scsp_entry *e, int32_t seq)
{
	(void)originate(
	    g, e, seq, e->data, e->len, (e->flags & ENTRY_TOMB) != 0);
}

static void
numbers_end(struct scsp_group *g, uint32_t key)
{
	struct scsp_event ev = { .code = SCSP_EV_LIMIT,
		.cluster = g->name,
		.pid = g->pid,
		.sgid = g->sgid,
		.why = "sequence",
		.number = key };

	g->scsp->ops->event(g->scsp->arg, &ev);
}

/*
 * The number has reached 2^31-2, or a server has said 2^31-1 of it: a record
 * with 2^31-1 ends the entry in the server group, and the new contents come
 * when that is over.  It withdraws what can be withdrawn; a Redirect Entry
 * ends as it is.
 */
static void
publish_purge(struct scsp_group *g, struct scsp_entry *e, const void *data,
    uint16_t len, bool tomb)
{
	struct scsp *s = g->scsp;
	uint8_t buf[CSA_MAX];
	const void *last = data;
	size_t n = len;
	uint32_t key = RECORD_KEY(e->id);

	if (!tomb) {
		n = s->ops->withdraw == NULL || (e->flags & ENTRY_BARE) ?
		    0 :
		    s->ops->withdraw(e->data, e->len, buf, sizeof(buf));
		if (n != 0)
			last = buf;
		else
			n = len;
	}
	/* a withdrawal, too: what is said next has to go beyond its number */
	if (!renew_later(g, e, data, len)) {
		numbers_end(g, key);
		return;
	}
	if (!originate(g, e, SEQ_PURGE, last, (uint16_t)n, true))
		return;
	scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
	scsp_entry_settle(g, e);
}

enum scsp_publication
scsp_publication(
    const struct scsp_group *g, const struct scsp_entry *e, int32_t *seq)
{
	bool known = e->seen != SEQ_RESERVED;

	*seq = scsp_seq_next(
    known, e->seq, e->seen, (e->flags & ENTRY_AGAIN) != 0);
	/* the first number of a life is above those of others */
	if ((e->flags & (ENTRY_OWN | ENTRY_HELD)) != ENTRY_OWN &&
	    *seq != SEQ_RESERVED && *seq < scsp_group_first(g))
		*seq = scsp_group_first(g);
	/* it was not among those that were numbered anew (reborn.c) */
	if ((e->flags & ENTRY_HELD) != 0 && g->reborn &&
	    *seq != SEQ_RESERVED && *seq < g->past)
		*seq = g->past;
	if (g->holding)
		return known ? SCSP_PUBLISH_HOLD_KNOWN : SCSP_PUBLISH_HOLD;
	if (e->seq == SEQ_PURGE && (e->flags & ENTRY_EXPIRED) != 0)
		return SCSP_PUBLISH_WAIT;
	/* used up, or somebody else has said so: it ends and begins anew */
	return *seq == SEQ_PURGE || *seq == SEQ_RESERVED ? SCSP_PUBLISH_PURGE :
	    SCSP_PUBLISH_NUMBER;
}

/*
 * Keeps contents without a number.  again: somebody has another instance of
 * this record, so that the number has to be one that nobody has seen.
 */
static void
publish_hold(struct scsp_group *g, struct scsp_entry *e, const void *data,
    uint16_t len, bool tomb, bool again)
{
	uint8_t flags = ENTRY_OWN | ENTRY_HELD | (again ? ENTRY_AGAIN : 0);

	scsp_cache_flag(&g->cache, e, flags);
	if (!scsp_cache_set(
	    &g->cache, e, e->seq, data, len, tomb, g->scsp->timers->now))
		return;
	scsp_cache_flag(&g->cache, e, flags);
	scsp_cache_charge(e, NULL);
	scsp_group_mortals(g);
}

/* These contents (or what the entry holds) become the entry's next instance. */
static void
publish_act(struct scsp_group *g, struct scsp_entry *e, const void *data,
    uint16_t len, bool tomb)
{
	uint32_t key = RECORD_KEY(e->id);
	int32_t seq;

	switch (scsp_publication(g, e, &seq)) {
	case SCSP_PUBLISH_HOLD:
		publish_hold(g, e, data, len, tomb, false);
		break;
	case SCSP_PUBLISH_HOLD_KNOWN:
		publish_hold(g, e, data, len, tomb, true);
		break;
	case SCSP_PUBLISH_NUMBER:
		(void)originate(g, e, seq, data, len, tomb);
		break;
	case SCSP_PUBLISH_PURGE:
		publish_purge(g, e, data, len, tomb);
		break;
	case SCSP_PUBLISH_WAIT:
		if (!renew_later(g, e, data, len))
			numbers_end(g, key);
		break;
	}
}

void
scsp_publish_renew(
    struct scsp_group *g, uint32_t key, const struct scsp_renewal *r)
{
	struct scsp *s = g->scsp;
	struct scsp_entry *e;

	e = scsp_cache_add(&g->cache, RECORD_ID(s->lsid, key), s->timers->now);
	if (e == NULL)
		return;
	/* who did not hear of the end has that number, with what was so then */
	e->seen = r->past;
	publish_act(g, e, r->data, r->len,
	    s->ops->judge(r->data, r->len) == CSA_TOMBSTONE);
}

void
scsp_publish_again(struct scsp_group *g, struct scsp_entry *e)
{
	publish_act(g, e, e->data, e->len, (e->flags & ENTRY_TOMB) != 0);
}

void
scsp_publish(
    struct scsp *s, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	struct scsp_group *g = scsp_group_find(s, sgid);
	enum csa_verdict verdict = s->ops->judge(data, len);
	struct scsp_entry *e;

	if (g == NULL || len > CSA_MAX || verdict == CSA_MALFORMED)
		return;
	e = scsp_cache_find(&g->cache, RECORD_ID(s->lsid, key));
	if (e == NULL &&
	    (e = scsp_cache_add(
	    &g->cache, RECORD_ID(s->lsid, key), s->timers->now)) == NULL)
		return;
	scsp_group_filled(g, NULL);
	publish_act(g, e, data, (uint16_t)len, verdict == CSA_TOMBSTONE);
}

/*
 * Is there a neighbor to be told, and has each of these more to send already
 * than it acknowledges at once?
 */
static bool
release_waits(const struct scsp_group *g)
{
	const struct scsp_neighbor *nb;
	bool any = false;

	TAILQ_FOREACH(nb, &g->neighbors, of_group) {
		if (!scsp_align_exchanging(nb))
			continue;
		if (nb->waiting < (uint64_t)nb->mtu * 2)
			return false;
		any = true;
	}
	return any;
}

/* The next records of ours that are held; how many. */
static unsigned int
release_next(const struct scsp_group *g, struct scsp_entry *few[RELEASE_FEW])
{
	struct btree_walk w;
	struct scsp_entry *e;
	unsigned int n = 0;

	if (g->cache.held == 0)
		return 0;
	scsp_cache_walk(&w, &g->cache, &g->released);
	while (n < RELEASE_FEW && (e = btree_walk_next(&w)) != NULL &&
	    RECORD_OID(e->id) == g->scsp->lsid) {
		if ((e->flags & ENTRY_HELD) == 0)
			continue;
		few[n++] = e;
		__builtin_prefetch(e->data); /* it is sent soon */
	}
	return n;
}

/*
 * Numbers the next of them; how many, 0: there are none any more.  Once one has
 * been flooded, any entry that has expired may be gone.
 */
static unsigned int
release_few(struct scsp_group *g)
{
	struct scsp_cache *c = &g->cache;
	struct scsp_entry *few[RELEASE_FEW], *e;
	unsigned int n = release_next(g, few), i;
	uint64_t erased = c->erased;

	for (i = 0; i < n && c->erased == erased; i++) {
		e = few[i];
		g->released = e->id;
		publish_act(g, e, e->data, e->len,
		    (e->flags & ENTRY_TOMB) != 0);
	}
	return i;
}

void
scsp_publish_go_on(struct scsp_group *g)
{
	struct timers *ts = g->scsp->timers;
	unsigned int some, n;

	if (!timer_isset(&g->release))
		return;
	for (some = 0; some < RELEASE_SLICE; some += n) {
		if (release_waits(g)) {
			timer_set(ts, &g->release, RELEASE_LOOK);
			return;
		}
		if ((n = release_few(g)) == 0) {
			timer_clear(ts, &g->release);
			return;
		}
	}
	timer_set(ts, &g->release, 0);
}

static void
on_release(void *arg)
{
	struct scsp_group *g = arg;

	timer_set(g->scsp->timers, &g->release, 0);
	scsp_publish_go_on(g);
}

void
scsp_publish_release_init(struct scsp_group *g)
{
	timer_init(&g->release, on_release, g);
}

void
scsp_publish_release(struct scsp_group *g)
{
	if (!g->holding)
		return;
	g->holding = false;
	g->released = RECORD_ID(g->scsp->lsid, 0) - 1;
	on_release(g);
}

static struct scsp_entry *
foreign(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    struct scsp_group **g)
{
	struct scsp_entry *e;

	if ((*g = scsp_group_find(s, sgid)) == NULL)
		return NULL;
	e = scsp_cache_find(&(*g)->cache, RECORD_ID(scsp_oid_number(oid), key));
	return e == NULL || (e->flags & (ENTRY_OWN | ENTRY_BARE)) != 0 ? NULL :
	    e;
}

/* it is not summarised and not sent, but still compared. */
void
scsp_hide(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);
	struct scsp_link *l;

	if (e == NULL)
		return;
	scsp_cache_flag(&g->cache, e, ENTRY_HIDDEN);
	while ((l = scsp_queue_first(e)) != NULL) {
		l->neighbor->skipped = true;
		scsp_queue_remove(l);
	}
	scsp_entry_settle(g, e);
}

void
scsp_revive(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);

	if (e == NULL || (e->flags & ENTRY_HIDDEN) == 0)
		return;
	scsp_cache_unflag(&g->cache, e, ENTRY_HIDDEN | ENTRY_SHOWN);
	scsp_queue_revived(g, e);
}

void
scsp_erase(struct scsp *s, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct scsp_group *g;
	struct scsp_entry *e = foreign(s, sgid, oid, key, &g);

	if (e != NULL)
		scsp_entry_remove(g, e);
}

void
scsp_realign(struct scsp *s, uint16_t sgid)
{
	struct scsp_group *g = scsp_group_find(s, sgid);
	struct scsp_neighbor *nb;

	if (g != NULL)
		TAILQ_FOREACH(nb, &g->neighbors, of_group)
			scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
}

/*
 * What was hidden was so because a server was silent for marsd, which does
 * not know that server any more: it has to find out anew.  An entry that has
 * expired may be gone, once something has been queued.
 */
void
scsp_retell(struct scsp *s, uint16_t sgid)
{
	struct scsp_group *g = scsp_group_find(s, sgid);
	struct scsp_entry *e;
	scsp_record_id id;
	struct scsp_csas c;

	if (g == NULL)
		return;
	for (e = scsp_cache_first(&g->cache); e != NULL;
	    e = scsp_cache_after(&g->cache, id)) {
		id = e->id;
		if (e->flags & (ENTRY_OWN | ENTRY_BARE))
			continue;
		if (e->flags & ENTRY_HIDDEN) {
			scsp_cache_unflag(
			    &g->cache, e, ENTRY_HIDDEN | ENTRY_SHOWN);
			scsp_queue_revived(g, e);
		}
		memset(&c, 0, sizeof(c));
		c.id = e->id;
		c.seq = e->seq;
		c.data = e->data;
		c.len = e->len;
		scsp_group_tell_update(g, &c, CSA_HOW_ALIGNED);
	}
}
