/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What becomes of one CSA record of a CSU Request.
 *
 * RFC 2334 section 2.3 knows three cases: the record is newer than what is
 * here and is installed, acknowledged and passed on; it is older, and the
 * acknowledgement carries our number; or it is the same, and acknowledges
 * what we had queued for that neighbor.  Our readings add to these:
 *
 *  - Contents that are not understood are not mentioned.  Here they are
 *    acknowledged and not installed, and their number is remembered, so that
 *    nobody asks for them again.  What is understood is installed if it
 *    is newer than what is here, whatever other numbers were seen: the owner
 *    may know nothing of them.
 *  - A null record (N bit) is acknowledged.  Here it also ends what we asked
 *    for, and the entry goes if it is not newer, and the others are
 *    asked for it; if nobody asked, it is only counted.
 *  - One number with two contents is not mentioned.  Here the greater
 *    contents win at every server, and the owner is told; but a hidden
 *    one gives way, because its owner began anew where it was forgotten
 *    (A-11).
 *  - The same instance acknowledges ours.  Here a newer one does, too.
 *  - A record of our own is like any other.  Here it is not passed on: marsd
 *    is told, and says what it is now.
 *  - A solicited record has hop count 1, which would end with us.  Here it
 *    goes on.  Hop count 0 counts as 1.  Whatever else ends with
 *    us makes us align with the others anew: a server that lies chooses the
 *    count, and the owner would never hear what it says.
 *  - The number 0x7fffffff ends a record.  Here only where the record is (or
 *    the end would go round and meet a new life), and while it is flooded: who
 *    is asked for it, and still has it, has not forgotten it yet, and the
 *    record may have begun anew: what is here goes there.
 *  - The number 0x80000000 is reserved.  Here a record with it is
 *    acknowledged and ignored.
 *
 * A record is decoded and judged here once, by scsp_message_parse().  marsd
 * decodes what it is told again, as it should: it is another process, and
 * does not take our word for the contents of a message.
 */
#include <string.h>

#include "align.h"
#include "cache.h"
#include "group.h"
#include "ipc.h"
#include "neighbor.h"
#include "publish.h"
#include "queue.h"
#include "reborn.h"
#include "record.h"
#include "scsp.h"
#include "solicit.h"

#define MOMENT	MTIME_MS(100)

/*
 * The rows of entries that are hidden, held or ours can never meet the columns
 * that have no entry.  Those cells hold the same as in the other rows.
 */
#define V(none, full, older, seen, same, other, newer) { \
	[SCSP_STANDING_NONE] = SCSP_VERDICT_##none, \
	[SCSP_STANDING_FULL] = SCSP_VERDICT_##full, \
	[SCSP_STANDING_OLDER] = SCSP_VERDICT_##older, \
	[SCSP_STANDING_SEEN] = SCSP_VERDICT_##seen, \
	[SCSP_STANDING_SAME] = SCSP_VERDICT_##same, \
	[SCSP_STANDING_OTHER] = SCSP_VERDICT_##other, \
	[SCSP_STANDING_NEWER] = SCSP_VERDICT_##newer }
#define ALL(v)	V(v, v, v, v, v, v, v)
static const uint8_t verdicts[SCSP_RECORD_MAX][SCSP_STANDING_MAX] = {
	[SCSP_RECORD_RESERVED] = ALL(RESERVED),
	[SCSP_RECORD_NULL_STRAY] = ALL(STRAY),
	/*		none, full, older, seen, same, other, newer here */
	[SCSP_RECORD_NULL] =
	    V(NOTHING, NOTHING, FORGET, FORGET, FORGET, FORGET, NOTHING),
	[SCSP_RECORD_NULL_OWN] =
	    V(NOTHING, NOTHING, LOST, LOST, LOST, LOST, NOTHING),
	[SCSP_RECORD_NULL_IDLE] = ALL(NOTHING),
	[SCSP_RECORD_PURGE_ASKED] =
	    V(NOTHING, NOTHING, OFFER, OFFER, KNOWN, KNOWN, NOTHING),
	[SCSP_RECORD_FOREIGN] =
	    V(INSTALL, FULL, INSTALL, INSTALL, KNOWN, CONFLICT, OURS),
	[SCSP_RECORD_HIDDEN] =
	    V(INSTALL, FULL, INSTALL, INSTALL, KNOWN, INSTALL, SHOW),
	[SCSP_RECORD_STRANGE] =
	    V(STRANGE, FULL, STRANGE, KNOWN, KNOWN, CONFLICT, OURS),
	[SCSP_RECORD_STRANGE_HIDDEN] =
	    V(STRANGE, FULL, STRANGE, KNOWN, KNOWN, STRANGE, SHOW),
	[SCSP_RECORD_OWN_UNBACKED] =
	    V(EARLIER, FULL, EARLIER, KNOWN, KNOWN, EARLIER, OURS),
	[SCSP_RECORD_OWN_HELD] =
	    V(EARLIER, EARLIER, BACK, KNOWN, KNOWN, KNOWN, NOTHING),
	[SCSP_RECORD_OWN] =
	    V(EARLIER, EARLIER, BACK, KNOWN, KNOWN, BACK, OURS),
};
#undef ALL
#undef V

static enum scsp_record
classify_own(const struct scsp_entry *e, bool null)
{
	uint8_t flags = e == NULL ? 0 : e->flags & (ENTRY_OWN | ENTRY_HELD);

	if (null)
		return flags == ENTRY_OWN ? SCSP_RECORD_NULL_OWN :
		    SCSP_RECORD_NULL_IDLE;
	if ((flags & ENTRY_OWN) == 0)
		return SCSP_RECORD_OWN_UNBACKED;
	return (flags & ENTRY_HELD) != 0 ? SCSP_RECORD_OWN_HELD :
	    SCSP_RECORD_OWN;
}

enum scsp_record
scsp_record_classify(const struct scsp_group *g, const struct scsp_entry *e,
    const struct scsp_csas *c, bool solicited)
{
	bool hidden = e != NULL && (e->flags & ENTRY_HIDDEN) != 0;

	if (!scsp_seq_valid(c->seq))
		return SCSP_RECORD_RESERVED;
	if (c->null && (!solicited || c->len != 0))
		return SCSP_RECORD_NULL_STRAY;
	if (c->seq == SEQ_PURGE && solicited)
		return SCSP_RECORD_PURGE_ASKED;
	if (scsp_group_owns(g, c->id))
		return classify_own(e, c->null);
	if (c->null)
		return SCSP_RECORD_NULL;
	if (c->verdict == CSA_STRANGE)
		return hidden ? SCSP_RECORD_STRANGE_HIDDEN :
		    SCSP_RECORD_STRANGE;
	return hidden ? SCSP_RECORD_HIDDEN : SCSP_RECORD_FOREIGN;
}

static bool
same_contents(const struct scsp_entry *e, const struct scsp_csas *c)
{
	return e->len == c->len &&
	    (c->len == 0 || memcmp(e->data, c->data, c->len) == 0);
}

enum scsp_standing
scsp_record_compare(const struct scsp_group *g, const struct scsp_entry *e,
    const struct scsp_csas *c)
{
	if (e == NULL)
		return g->cache.count >= g->max_records ? SCSP_STANDING_FULL :
		    SCSP_STANDING_NONE;
	if (c->seq > e->seen)
		return SCSP_STANDING_OLDER;
	/* a bare entry has the number of nothing, which is below all others */
	if (c->seq > e->seq)
		return SCSP_STANDING_SEEN;
	if (c->seq < e->seq)
		return SCSP_STANDING_NEWER;
	/* the end of a record, whatever its contents (B.2.0.2) */
	if (c->seq == SEQ_PURGE)
		return SCSP_STANDING_SAME;
	return same_contents(e, c) ? SCSP_STANDING_SAME : SCSP_STANDING_OTHER;
}

enum scsp_verdict
scsp_record_verdict(enum scsp_record record, enum scsp_standing standing)
{
	return (enum scsp_verdict)verdicts[record][standing];
}

/* The record is counted, told, acknowledged, and not taken. */
static void
record_refuse(struct scsp_neighbor *nb, enum scsp_event_code code,
    const struct scsp_csas *c, enum scsp_drop why, uint64_t number)
{
	scsp_neighbor_drop(nb, why);
	scsp_neighbor_tell_record(nb, code, c->id, why, number);
}

/*
 * The neighbor has shown that it has a record, so ours need not be sent to it
 * any more: the same instance (2.3) or an older one.  If the entry
 * waited for nobody else it may be gone afterwards.
 */
static void
implicit(struct scsp_neighbor *nb, struct scsp_entry *e, int32_t seq)
{
	struct scsp_link *l = scsp_queue_find(nb, e);

	if (l != NULL && e->seq <= seq) {
		scsp_queue_remove(l);
		scsp_entry_settle(nb->group, e);
	}
}

/* The entry of this name, made if need be; NULL: no memory. */
static struct scsp_entry *
entry_get(struct scsp_neighbor *nb, struct scsp_entry *e, scsp_record_id id)
{
	struct scsp_group *g = nb->group;

	if (e == NULL &&
	    (e = scsp_cache_add(&g->cache, id, g->scsp->timers->now)) != NULL) {
		scsp_cache_charge(e, nb->share);
		scsp_group_filled(g, nb);
		scsp_group_mortals(g);
	}
	return e;
}

/*
 * A neighbor holds another record under a name of ours: marsd says what is so
 * (A-11).
 */
static void
tell_own(struct scsp_group *g, int32_t seq, uint32_t key, const void *data,
    uint16_t len)
{
	g->scsp->ops->own(g->scsp->arg, g->sgid, key, seq, data, len);
}

/*
 * The neighbor no longer has the record, and what we have is not newer.
 */
static void
record_forget(struct scsp_group *g, struct scsp_entry *e)
{
	if ((e->flags & ENTRY_BARE) == 0)
		scsp_group_tell_gone(g, e->id);
	scsp_entry_remove(g, e);
}

/*
 * The last number of a record of ours that nothing backs here.  Who did not
 * hear it, because a server that
 * lies has said it to us alone, would keep the record: so it ends everywhere.
 * If marsd has gone on with it meanwhile, it begins anew.
 */
static bool
earlier_ends(
    struct scsp_neighbor *nb, struct scsp_entry *e, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;

	if (!scsp_cache_set(&g->cache, e, c->seq, c->data, c->len, true,
	    g->scsp->timers->now)) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		return false;
	}
	scsp_group_mortals(g);
	scsp_queue_flood(g, e, nb, g->hop_count);
	scsp_cache_flag(&g->cache, e, ENTRY_OWN | ENTRY_EXPIRED);
	scsp_entry_settle(g, e);
	return true;
}

/*
 * A record of ours that nothing backs here: what the group remembers of an
 * earlier life.  It is kept for marsd to go on with.  False: no
 * memory.
 */
static bool
take_earlier(
    struct scsp_neighbor *nb, struct scsp_entry *e, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;
	bool tomb = c->verdict == CSA_TOMBSTONE;
	bool both = scsp_record_compare(g, e, c) == SCSP_STANDING_OTHER;

	if (c->seq == SEQ_PURGE) /* it is at its end already */
		return e == NULL || earlier_ends(nb, e, c);
	if ((e = entry_get(nb, e, c->id)) == NULL ||
	    !scsp_cache_set(&g->cache, e, c->seq, c->data, c->len, tomb,
	    g->scsp->timers->now)) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		return false;
	}
	scsp_group_mortals(g);
	/*
	 * a withdrawal is what marsd would say: it goes on as it is, or beyond
	 * the number if others have other contents under that
	 */
	if (tomb && !both)
		scsp_queue_flood(g, e, nb, g->hop_count);
	scsp_cache_flag(&g->cache, e, ENTRY_AGAIN);
	scsp_reborn_proven(g, c->seq);
	if (tomb && both)
		scsp_publish_again(g, e);
	else
		tell_own(g, c->seq, RECORD_KEY(c->id), c->data, c->len);
	return true;
}

/*
 * Others have, or had, this of a record of ours.  The next instance gets a
 * number beyond it.  If our record has no number yet, or withdraws,
 * marsd is not asked: it is marsd's last word.
 */
static void
say_again(struct scsp_group *g, struct scsp_entry *e, int32_t seq,
    const void *data, uint16_t len)
{
	uint32_t key = RECORD_KEY(e->id);

	if (seq > e->seen)
		e->seen = seq;
	scsp_cache_flag(&g->cache, e, ENTRY_AGAIN);
	scsp_reborn_proven(g, seq);
	if ((e->flags & (ENTRY_HELD | ENTRY_TOMB)) == ENTRY_TOMB)
		scsp_publish_again(g, e);
	else if ((e->flags & ENTRY_HELD) == 0)
		tell_own(g, seq, key, data, len);
}

/*
 * A record of ours comes with a number or with contents that we don't have.
 * False: no memory.
 */
static bool
take_back(
    struct scsp_neighbor *nb, struct scsp_entry *e, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;

	implicit(nb, e, c->seq);
	if ((e = scsp_cache_find(&g->cache, c->id)) == NULL)
		return take_earlier(nb, NULL, c); /* its purge has ended */
	say_again(g, e, c->seq, c->data, c->len);
	return true;
}

/*
 * Keeps only the number of a record that is not understood.  False: no
 * memory.
 */
static bool
remember(
    struct scsp_neighbor *nb, struct scsp_entry *e, const struct scsp_csas *c)
{
	if ((e = entry_get(nb, e, c->id)) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		return false;
	}
	e->seen = c->seq;
	record_refuse(nb, SCSP_EV_STRANGE, c, SCSP_DROP_RECORD_STRANGE,
	    RECORD_KEY(c->id));
	implicit(nb, e, c->seq);
	return true;
}

/*
 * Has the server that owns this record been known for a moment?  Of one that is
 * one too many (limit servers-known) marsd has us forget each record at once,
 * which goes round then until its hops are used up: that is no reason to ask
 * for it again.
 */
static bool
owner_known(struct scsp_group *g, const struct scsp_entry *e)
{
	uint32_t oid = RECORD_OID(e->id);
	struct scsp_entry *first =
	    scsp_cache_after(&g->cache, RECORD_ID(oid, 0) - 1);

	return first != e && first != NULL && RECORD_OID(first->id) == oid &&
	    mtime_diff(first->since, g->scsp->timers->now) > MOMENT;
}

/*
 * Puts the record into the cache, tells marsd, and passes it on to the other
 * neighbors.  False: no memory.
 */
static bool
record_install(struct scsp_neighbor *nb, struct scsp_entry *e,
    const struct scsp_csas *c, bool solicited)
{
	struct scsp_group *g = nb->group;
	bool fresh = e == NULL, tomb = c->verdict == CSA_TOMBSTONE;
	uint16_t hops = c->hops == 0 ? 0 : (uint16_t)(c->hops - 1); /* */
	struct scsp_link *l;

	if ((e = entry_get(nb, e, c->id)) == NULL ||
	    !scsp_cache_set(&g->cache, e, c->seq, c->data, c->len, tomb,
	    g->scsp->timers->now)) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		if (fresh && e != NULL)
			scsp_cache_erase(&g->cache, e);
		return false;
	}
	if (solicited) /* */
		hops = g->hop_count;
	/*
	 * The last number ends the record, and marsd hears that it is gone.
	 * Whatever else its contents say, a Deregister say, they don't count:
	 * the record begins anew, and nothing else of the node does.
	 */
	if (c->seq != SEQ_PURGE)
		scsp_group_tell_update(
		    g, c, solicited ? CSA_HOW_ALIGNED : CSA_HOW_FLOODED);
	scsp_group_mortals(g);
	scsp_queue_flood(g, e, nb, hops);
	/* the others may never hear of it */
	if (hops == 0 && (!fresh || owner_known(g, e)))
		scsp_group_doubts(nb);
	/*
	 * this comes last: an entry that was purged and that nobody waits for
	 * is freed here
	 */
	if (c->seq == SEQ_PURGE)
		scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
	if ((l = scsp_queue_find(nb, e)) != NULL)
		scsp_queue_remove(l);
	scsp_entry_settle(g, e);
	return true;
}

/* Octet by octet; the longer one where one begins the other. */
static bool
greater_contents(const struct scsp_csas *c, const struct scsp_entry *e)
{
	size_t len = c->len < e->len ? c->len : e->len;
	int diff = len == 0 ? 0 : memcmp(c->data, e->data, len);

	return diff > 0 || (diff == 0 && c->len > e->len);
}

/*
 * one number, two contents.  The greater ones win everywhere, so they
 * are taken and passed on, or shown to this neighbor.  False: no memory.
 */
static bool
conflict(struct scsp_neighbor *nb, struct scsp_entry *e,
    const struct scsp_csas *c, bool solicited)
{
	nb->conflicts++;
	scsp_neighbor_tell_record(nb, SCSP_EV_CONFLICT, c->id, SCSP_DROP_NONE,
	    RECORD_KEY(c->id));
	if (c->verdict == CSA_STRANGE) { /* not ours to judge */
		implicit(nb, e, c->seq);
		return true;
	}
	if (greater_contents(c, e))
		return record_install(nb, e, c, solicited);
	scsp_queue_add(nb, e, nb->group->hop_count, false);
	return true;
}

/*
 * Does what the verdict says.  False: memory is short, and the record must not
 * be acknowledged.
 */
static bool
record_act(struct scsp_neighbor *nb, struct scsp_entry *e,
    const struct scsp_csas *c, enum scsp_verdict verdict, bool solicited)
{
	switch (verdict) {
	case SCSP_VERDICT_RESERVED: /* */
		scsp_neighbor_drop(nb, SCSP_DROP_RECORD_SEQUENCE);
		return true;
	case SCSP_VERDICT_STRAY: /* */
		scsp_neighbor_drop(nb, SCSP_DROP_RECORD_NULL);
		return true;
	case SCSP_VERDICT_NOTHING:
	case SCSP_VERDICT_OURS:
	case SCSP_VERDICT_MAX:
		return true;
	case SCSP_VERDICT_SHOW: /* it will ask for it */
		scsp_cache_flag(&nb->group->cache, e, ENTRY_SHOWN);
		return true;
	case SCSP_VERDICT_FORGET:
		/* where that was a lie the others have it still */
		scsp_group_doubts(nb);
		record_forget(nb->group, e);
		return true;
	case SCSP_VERDICT_LOST: /* and we still do */
		say_again(nb->group, e, c->seq, e->data, e->len);
		return true;
	case SCSP_VERDICT_CONFLICT: /* */
		return conflict(nb, e, c, solicited);
	case SCSP_VERDICT_KNOWN:
		implicit(nb, e, c->seq);
		return true;
	case SCSP_VERDICT_FULL:
		/*
		 * A policy, not a shortage: it is acknowledged, so that a
		 * full server does not tear the adjacency down.
		 */
		record_refuse(nb, SCSP_EV_LIMIT, c, SCSP_DROP_RECORD_LIMIT,
		    nb->group->max_records);
		scsp_group_refused(nb);
		return true;
	case SCSP_VERDICT_STRANGE:
		return remember(nb, e, c);
	case SCSP_VERDICT_INSTALL:
		return record_install(nb, e, c, solicited);
	case SCSP_VERDICT_EARLIER:
		if (e != NULL)
			implicit(nb, e, c->seq);
		return take_earlier(
		    nb, scsp_cache_find(&nb->group->cache, c->id), c);
	case SCSP_VERDICT_BACK:
		return take_back(nb, e, c);
	case SCSP_VERDICT_OFFER:
		if (scsp_entry_listed(e))
			scsp_queue_add(
			    nb, e, nb->group->hop_count, false);
		return true;
	}
	return true;
}

void
scsp_record_input(struct scsp_neighbor *nb, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;
	struct scsp_entry *e = scsp_cache_find(&g->cache, c->id);
	bool solicited = scsp_solicit_answered(nb, c);
	enum scsp_standing standing = scsp_record_compare(g, e, c);
	enum scsp_verdict verdict;
	int32_t ack = c->seq;

	/* up to the limit there is room, but not all of it is this one's */
	if (e == NULL)
		standing = scsp_group_room(g, nb, 1) ? SCSP_STANDING_NONE :
		    SCSP_STANDING_FULL;
	verdict = scsp_record_verdict(
	    scsp_record_classify(g, e, c, solicited), standing);

	/*
	 * nothing is ended here that is not here: passed on, it would meet the
	 * record that has begun anew meanwhile, and end that
	 */
	if (e == NULL && c->seq == SEQ_PURGE && verdict == SCSP_VERDICT_INSTALL)
		verdict = SCSP_VERDICT_NOTHING;

	nb->records_in++;
	/* 2.3: ours is newer, and the acknowledgement says so */
	if (verdict == SCSP_VERDICT_OURS || verdict == SCSP_VERDICT_SHOW)
		ack = e->seq;
	if (record_act(nb, e, c, verdict, solicited))
		scsp_queue_acknowledge(nb, c, ack);
}
