/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The retransmit queue of a neighbor (RFC 2334 section 2.3).
 *
 * It is two lists of references to entries: what waits to be sent, and what
 * was sent, in the order of sending, so that one timer serves it.  What is
 * sent is always the newest instance.  Not more than a window is on its way;
 * acknowledgements open it again, so a slow neighbor has a queue of
 * references and nothing else.
 *
 *  - RFC 2334 sends CSU messages in Update Cache and Aligned only, so a change
 *    behind a summary that is not finished would be lost.  Here it is queued
 *    and goes out on entering Update Cache.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "group.h"
#include "hello.h"
#include "neighbor.h"
#include "queue.h"
#include "scsp.h"

#define GATHER		MTIME_MS(5)	/* a record waits for others, at most */
#define AHEAD		4	/* records */
#define WINDOW_OCTETS	(14 * SCSP_MTU)	/* sent and not acknowledged */

static void	on_flush_timer(void *);
static void	on_csu_timer(void *);

void
scsp_queue_init(struct scsp_neighbor *nb)
{
	TAILQ_INIT(&nb->fresh);
	TAILQ_INIT(&nb->sent);
	timer_init(&nb->flush_timer, on_flush_timer, nb);
	timer_init(&nb->csu_timer, on_csu_timer, nb);
}

static uint32_t
record_octets(const struct scsp_entry *e)
{
	return SCSP_CSAS_LEN + (uint32_t)e->len;
}

/* Takes a link out of the list that it is on, and its octets with it. */
static void
queue_detach(struct scsp_link *l)
{
	struct scsp_neighbor *nb = l->neighbor;

	if (l->flying) {
		TAILQ_REMOVE(&nb->sent, l, of_neighbor);
		nb->flying -= l->octets;
	} else {
		TAILQ_REMOVE(&nb->fresh, l, of_neighbor);
		nb->waiting -= l->octets;
	}
}

/* To the end of those that wait, or of those that were sent. */
static void
queue_attach(struct scsp_link *l, bool flying)
{
	struct scsp_neighbor *nb = l->neighbor;

	l->flying = flying;
	l->octets = record_octets(l->entry);
	if (flying) {
		TAILQ_INSERT_TAIL(&nb->sent, l, of_neighbor);
		nb->flying += l->octets;
	} else {
		TAILQ_INSERT_TAIL(&nb->fresh, l, of_neighbor);
		nb->waiting += l->octets;
	}
}

struct scsp_link *
scsp_queue_first(const struct scsp_entry *e)
{
	return slab_from(e, e->link);
}

/* The next one of the same entry, which has one for a neighbor at most. */
static struct scsp_link *
link_next(const struct scsp_link *l)
{
	return slab_from(l, l->next);
}

/* Takes it from those of its entry. */
static void
link_cut(const struct scsp_link *l)
{
	uint32_t ref = slab_ref(l), *at = &l->entry->link;
	struct scsp_link *other;

	while (*at != ref) {
		other = slab_from(l, *at);
		at = &other->next;
	}
	*at = l->next;
}

void
scsp_queue_remove(struct scsp_link *l)
{
	queue_detach(l);
	link_cut(l);
	l->neighbor->nqueued--;
	slab_put(&l->neighbor->scsp->queued, l);
}

/* How long the neighbor takes to acknowledge: the last few count most. */
static void
note_delay(struct scsp_neighbor *nb, mtime_t sent)
{
	int64_t us = mtime_diff(sent, nb->scsp->timers->now);

	nb->delay += nb->delay == 0 ? us : (us - nb->delay) / 8;
}

void
scsp_queue_acknowledged(struct scsp_link *l)
{
	if (l->flying)
		scsp_neighbor_answers(l->neighbor, l->packet);
	/* of one sent again nobody knows which of the two was acknowledged */
	if (l->flying && l->tries == 0)
		note_delay(l->neighbor, l->sent_at);
	scsp_queue_remove(l);
}

void
scsp_queue_clear(struct scsp_neighbor *nb)
{
	struct scsp_link *l;
	struct scsp_entry *e;

	while ((l = TAILQ_FIRST(&nb->sent)) != NULL ||
	    (l = TAILQ_FIRST(&nb->fresh)) != NULL) {
		e = l->entry;
		scsp_queue_remove(l);
		scsp_entry_settle(nb->group, e);
	}
	free(nb->acks);
	nb->acks = NULL;
	nb->nacks = 0;
	timer_clear(nb->scsp->timers, &nb->flush_timer);
	timer_clear(nb->scsp->timers, &nb->csu_timer);
}

struct scsp_link *
scsp_queue_find(const struct scsp_neighbor *nb, const struct scsp_entry *e)
{
	struct scsp_link *l = scsp_queue_first(e);

	while (l != NULL && l->neighbor != nb)
		l = link_next(l);
	return l;
}

/* A few places behind this one, or NULL. */
static struct scsp_link *
link_ahead(struct scsp_link *l)
{
	unsigned int i;

	for (i = 0; i < AHEAD && l != NULL; i++)
		l = TAILQ_NEXT(l, of_neighbor);
	return l;
}

/*
 * What is looked at a little later is nowhere near in memory: its entry, and
 * then what that points to, are fetched while others are dealt with.
 */
static void
fetch_entry(struct scsp_link *l)
{
	if ((l = link_ahead(l)) != NULL)
		__builtin_prefetch(l->entry);
}

static void
fetch_contents(struct scsp_link *l)
{
	if ((l = link_ahead(l)) != NULL) {
		__builtin_prefetch(l->entry->data);
		fetch_entry(l);
	}
}

struct scsp_link *
scsp_queue_named(const struct scsp_neighbor *nb, scsp_record_id id)
{
	struct scsp_link *l = TAILQ_FIRST(&nb->sent);
	struct scsp_entry *e;

	/* what was sent first is nearly always acknowledged first */
	if (l != NULL && l->entry->id == id) {
		fetch_entry(l);
		return l;
	}
	e = scsp_cache_find(&nb->group->cache, id);
	return e == NULL ? NULL : scsp_queue_find(nb, e);
}

/*
 * Records wait for others only while some are on their way, whose
 * acknowledgement takes with it what has gathered by then.  With none on its
 * way a record goes at the end of this turn.
 */
void
scsp_queue_gather(struct scsp_neighbor *nb)
{
	struct timers *ts = nb->scsp->timers;

	if (nb->flying == 0)
		timer_set(ts, &nb->flush_timer, 0);
	else if (!timer_isset(&nb->flush_timer))
		timer_set(ts, &nb->flush_timer, GATHER);
}

void
scsp_queue_add(
    struct scsp_neighbor *nb, struct scsp_entry *e, uint16_t hops, bool newer)
{
	struct scsp_link *l;

	if ((l = scsp_queue_find(nb, e)) != NULL) {
		if (!newer) {
			if (l->hops < hops)
				l->hops = hops;
			return;
		}
		queue_detach(l);
	} else {
		if ((l = slab_get(&nb->scsp->queued)) == NULL) {
			scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
			scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
			return;
		}
		l->entry = e;
		l->neighbor = nb;
		l->next = e->link;
		e->link = slab_ref(l);
		nb->nqueued++;
	}
	l->hops = hops;
	l->tries = 0;
	queue_attach(l, false);
	scsp_queue_gather(nb);
	if (nb->waiting >= nb->mtu)
		scsp_queue_flush(nb, false);
}

/*
 * Is the entry behind what was summarised, so that the neighbor would miss a
 * change of it?
 */
static bool
past_cursor(const struct scsp_neighbor *nb, const struct scsp_entry *e)
{
	return nb->align == SCSP_ALIGN_SUMMARIZE &&
	    (nb->summarised || (nb->cursor_set && e->id <= nb->cursor));
}

void
scsp_queue_flood(struct scsp_group *g, struct scsp_entry *e,
    const struct scsp_neighbor *from, uint16_t hops)
{
	struct scsp_neighbor *nb;

	if (hops == 0)
		return;
	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb != from &&
		    (scsp_align_exchanging(nb) || past_cursor(nb, e)))
			scsp_queue_add(nb, e, hops, true);
}

void
scsp_queue_revived(struct scsp_group *g, struct scsp_entry *e)
{
	struct scsp_neighbor *nb;

	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb->skipped &&
		    (scsp_align_exchanging(nb) || past_cursor(nb, e)))
			scsp_queue_add(nb, e, g->hop_count, false);
}

static void
flush_acks(struct scsp_neighbor *nb)
{
	struct scsp_packet p;
	uint32_t i, left, max = scsp_neighbor_records(nb, 0);

	/* one, unless the circuit takes less than when they were gathered */
	for (i = 0; i < nb->nacks;) {
		scsp_neighbor_begin(nb, &p, SCSP_CSU_REPLY, 0);
		for (left = max; i < nb->nacks && left > 0; left--)
			scsp_packet_csas(&p, &nb->acks[i++]);
		nb->replies_out++;
		scsp_neighbor_send(nb, &p, NULL, false);
	}
	nb->nacks = 0;
}

/*
 * The first record that waits does not fit into any packet that the neighbor
 * takes: it can't have it.  Repeating would end the adjacency.
 */
static void
drop_large(struct scsp_neighbor *nb, struct scsp_link *l)
{
	struct scsp_entry *e = l->entry;

	scsp_neighbor_drop(nb, SCSP_DROP_RECORD_LARGE);
	scsp_neighbor_tell_record(nb, SCSP_EV_LIMIT, e->id,
	    SCSP_DROP_RECORD_LARGE, record_octets(e));
	scsp_queue_remove(l);
	scsp_entry_settle(nb->group, e);
}

/* Is there room for the entry behind what is in the packet? */
static bool
request_takes(const struct scsp_neighbor *nb, const struct scsp_packet *p,
    const struct scsp_entry *e)
{
	if (p->nrecords == 0)
		return true; /* it may take the room of extensions */
	if (nb->conf.csu_batch != 0 && p->nrecords >= nb->conf.csu_batch)
		return false;
	return scsp_packet_left(p, EXT_RESERVE) >= record_octets(e);
}

/*
 * One CSU Request of what waits, with as many records as it holds, and not
 * more than the neighbor acknowledges (csu-batch).
 */
static void
send_request(struct scsp_neighbor *nb)
{
	size_t reserve = nb->conf.auth ? EXT_RESERVE : 0;
	mtime_t now = nb->scsp->timers->now;
	struct scsp_packet p;
	struct scsp_csas c = { 0 };
	struct scsp_link *l;
	struct scsp_entry *e;
	uint16_t n = 0;

	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	while ((l = TAILQ_FIRST(&nb->fresh)) != NULL) {
		e = l->entry;
		if (p.nrecords == 0 &&
		    scsp_packet_left(&p, reserve) < record_octets(e)) {
			drop_large(nb, l);
			continue;
		}
		if (!request_takes(nb, &p, e))
			break;
		fetch_contents(l);
		c.id = e->id;
		c.seq = e->seq;
		c.hops = l->hops;
		c.data = e->data;
		c.len = e->len;
		scsp_packet_csa(&p, &c);
		queue_detach(l);
		queue_attach(l, true);
		l->sent_at = now;
		nb->records_out++;
	}
	if (p.nrecords == 0)
		return;
	TAILQ_FOREACH_REVERSE(l, &nb->sent, scsp_link_queue, of_neighbor) {
		if (n++ == p.nrecords)
			break;
		l->packet = (uint16_t)p.w.len;
	}
	nb->requests_out++;
	scsp_neighbor_send(nb, &p, NULL, false);
}

void
scsp_queue_flush(struct scsp_neighbor *nb, bool all)
{
	if (!scsp_align_exchanging(nb))
		return;
	if (all) {
		timer_clear(nb->scsp->timers, &nb->flush_timer);
		flush_acks(nb);
	}
	/* the timer first, as 2.3 has it */
	if (!TAILQ_EMPTY(&nb->fresh) && !timer_isset(&nb->csu_timer))
		timer_set(nb->scsp->timers, &nb->csu_timer,
		    scsp_seconds(nb->conf.rexmt_csu));
	while (!TAILQ_EMPTY(&nb->fresh) && nb->flying < WINDOW_OCTETS &&
	    (all || nb->waiting >= nb->mtu))
		send_request(nb);
}

static void
on_flush_timer(void *arg)
{
	scsp_queue_flush(arg, true);
}

/*
 * What was sent an interval ago and is not acknowledged goes out again,
 * before anything new (2.3).  If it was repeated too often already, that is
 * an abnormal event.
 */
static void
on_csu_timer(void *arg)
{
	struct scsp_neighbor *nb = arg;
	struct timers *ts = nb->scsp->timers;
	int64_t age, interval = scsp_seconds(nb->conf.rexmt_csu);
	struct scsp_link_queue again = TAILQ_HEAD_INITIALIZER(again);
	struct scsp_link *l;

	while ((l = TAILQ_FIRST(&nb->sent)) != NULL) {
		age = mtime_diff(l->sent_at, ts->now);
		if (age < interval)
			break;
		if (l->tries++ >= nb->conf.rexmt_limit) {
			/* in a queue again, so that A-74 clears it, too */
			TAILQ_CONCAT(&again, &nb->fresh, of_neighbor);
			TAILQ_CONCAT(&nb->fresh, &again, of_neighbor);
			scsp_neighbor_abnormal(nb, "csu-limit");
			return;
		}
		nb->retransmissions++;
		scsp_neighbor_repeats(nb, l->packet);
		queue_detach(l);
		TAILQ_INSERT_TAIL(&again, l, of_neighbor);
		l->flying = false;
		nb->waiting += l->octets;
	}
	TAILQ_CONCAT(&again, &nb->fresh, of_neighbor);
	TAILQ_CONCAT(&nb->fresh, &again, of_neighbor);
	if ((l = TAILQ_FIRST(&nb->sent)) != NULL)
		timer_set(ts, &nb->csu_timer,
		    interval - mtime_diff(l->sent_at, ts->now));
	scsp_queue_flush(nb, true);
}

void
scsp_queue_acknowledge(
    struct scsp_neighbor *nb, const struct scsp_csas *c, int32_t seq)
{
	struct scsp_csas *a;

	if (nb->acks == NULL &&
	    (nb->acks = malloc(RECORDS_MAX * sizeof(*nb->acks))) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		return;
	}
	/* more, if the circuit takes less than when they were gathered */
	if (nb->nacks >= scsp_neighbor_records(nb, 0))
		flush_acks(nb);
	a = &nb->acks[nb->nacks++];
	*a = *c;
	a->seq = seq;
	/* the neighbor waits for it: with others of this turn */
	if (nb->nacks == 1)
		timer_set(nb->scsp->timers, &nb->flush_timer, 0);
}
