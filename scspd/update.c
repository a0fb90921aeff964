/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The cache state update protocol (RFC 2334 section 2.3).
 *
 * A neighbor's retransmit queue is two lists of references to entries:
 * what waits to be sent, and what was sent, in the order of sending, so
 * that one timer serves it.  What is sent is always the newest instance.
 * Not more than a window is on its way; acknowledgements open it again, so
 * a slow neighbor has a queue of references and nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "scsp.h"

static void	on_flush_timer(void *);
static void	on_csu_timer(void *);

void
scsp_update_init(struct scsp_neighbor *nb)
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
scsp_update_detach(struct scsp_link *l)
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
scsp_update_attach(struct scsp_link *l, bool flying)
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

/* The caller sees to scsp_entry_settle(). */
void
scsp_update_unqueue(struct scsp_link *l)
{
	scsp_update_detach(l);
	LIST_REMOVE(l, of_entry);
	l->neighbor->nqueued--;
	free(l);
}

void
scsp_update_clear(struct scsp_neighbor *nb)
{
	struct scsp_link *l;
	struct scsp_entry *e;

	while ((l = TAILQ_FIRST(&nb->sent)) != NULL ||
	    (l = TAILQ_FIRST(&nb->fresh)) != NULL) {
		e = l->entry;
		scsp_update_unqueue(l);
		scsp_entry_settle(nb->group, e);
	}
	free(nb->acks);
	nb->acks = NULL;
	nb->nacks = 0;
	timer_clear(nb->scsp->timers, &nb->flush_timer);
	timer_clear(nb->scsp->timers, &nb->csu_timer);
}

static struct scsp_link *
link_of(const struct scsp_entry *e, const struct scsp_neighbor *nb)
{
	struct scsp_link *l;

	LIST_FOREACH(l, &e->links, of_entry) /* one per neighbor at most */
		if (l->neighbor == nb)
			return l;
	return NULL;
}

static void
schedule(struct scsp_neighbor *nb)
{
	if (!timer_isset(&nb->flush_timer))
		timer_set(nb->scsp->timers, &nb->flush_timer, FLUSH_DELAY);
}

/*
 * Queues the instance that an entry holds now.  An older one of it that is
 * queued gives way (2.3); one that waits already only gains hops.
 */
static void
enqueue(
    struct scsp_neighbor *nb, struct scsp_entry *e, uint16_t hops, bool newer)
{
	struct scsp_link *l;

	if ((l = link_of(e, nb)) != NULL) {
		if (!newer) {
			if (l->hops < hops)
				l->hops = hops;
			return;
		}
		scsp_update_detach(l);
	} else {
		if ((l = calloc(1, sizeof(*l))) == NULL) {
			scsp_neighbor_drop(nb, DROP_MEMORY);
			scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
			return;
		}
		l->entry = e;
		l->neighbor = nb;
		LIST_INSERT_HEAD(&e->links, l, of_entry);
		nb->nqueued++;
	}
	l->hops = hops;
	l->tries = 0;
	scsp_update_attach(l, false);
	schedule(nb);
	if (nb->waiting >= nb->mtu)
		scsp_update_flush(nb, false);
}

/* Has it missed a change of e, because the summary went past it? */
static bool
past_cursor(const struct scsp_neighbor *nb, const struct scsp_entry *e)
{
	return nb->align == SCSP_ALIGN_SUMMARIZE &&
	    (nb->summarised || (nb->cursor_set && e->id <= nb->cursor));
}

void
scsp_update_flood(struct scsp_group *g, struct scsp_entry *e,
    const struct scsp_neighbor *from, uint16_t hops)
{
	struct scsp_neighbor *nb;

	if (hops == 0)
		return;
	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb != from &&
		    (scsp_align_exchanging(nb) || past_cursor(nb, e)))
			enqueue(nb, e, hops, true);
}

/* A hidden entry is back: to those whose summary went without it. */
void
scsp_update_revived(struct scsp_group *g, struct scsp_entry *e)
{
	struct scsp_neighbor *nb;

	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb->skipped &&
		    (scsp_align_exchanging(nb) || past_cursor(nb, e)))
			enqueue(nb, e, g->hop_count, false);
}

static void
flush_acks(struct scsp_neighbor *nb)
{
	struct scsp_packet p;
	uint32_t i;

	if (nb->nacks == 0)
		return;
	scsp_neighbor_begin(nb, &p, SCSP_CSU_REPLY, 0);
	for (i = 0; i < nb->nacks; i++)
		scsp_packet_csas(&p, &nb->acks[i]);
	nb->nacks = 0;
	nb->replies_out++;
	scsp_neighbor_send(nb, &p, NULL, false);
}

/* One CSU Request of what waits, as full as it gets. */
static void
scsp_update_send_request(struct scsp_neighbor *nb)
{
	mtime_t now = nb->scsp->timers->now;
	struct scsp_packet p;
	struct scsp_csas c = { 0 };
	struct scsp_link *l;
	struct scsp_entry *e;

	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	while ((l = TAILQ_FIRST(&nb->fresh)) != NULL) {
		e = l->entry;
		if (scsp_packet_left(&p, EXT_RESERVE) < record_octets(e) &&
		    p.nrecords != 0)
			break;
		c.id = e->id;
		c.seq = e->seq;
		c.hops = l->hops;
		c.data = e->data;
		c.len = e->len;
		scsp_packet_csa(&p, &c);
		scsp_update_detach(l);
		scsp_update_attach(l, true);
		l->sent_at = now;
		nb->records_out++;
	}
	nb->requests_out++;
	scsp_neighbor_send(nb, &p, NULL, false);
}

/* Sends what has been gathered for a neighbor, as the window allows. */
void
scsp_update_flush(struct scsp_neighbor *nb, bool all)
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
		scsp_update_send_request(nb);
}

static void
on_flush_timer(void *arg)
{
	scsp_update_flush(arg, true);
}

/*
 * What was sent an interval ago and is not acknowledged goes out again,
 * before anything new (2.3); what was repeated too often is abnormal.
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
			/* A-74 clears the queues; none may be left out */
			TAILQ_CONCAT(&again, &nb->fresh, of_neighbor);
			TAILQ_CONCAT(&nb->fresh, &again, of_neighbor);
			scsp_neighbor_abnormal(nb, "csu-limit");
			return;
		}
		nb->retransmissions++;
		scsp_update_detach(l);
		TAILQ_INSERT_TAIL(&again, l, of_neighbor);
		l->flying = false;
		nb->waiting += l->octets;
	}
	TAILQ_CONCAT(&again, &nb->fresh, of_neighbor);
	TAILQ_CONCAT(&nb->fresh, &again, of_neighbor);
	if ((l = TAILQ_FIRST(&nb->sent)) != NULL)
		timer_set(ts, &nb->csu_timer,
		    interval - mtime_diff(l->sent_at, ts->now));
	scsp_update_flush(nb, true);
}

/* Acknowledges a record by this summary. */
static void
acknowledge(struct scsp_neighbor *nb, const struct scsp_csas *c, int32_t seq)
{
	struct scsp_csas *a;

	if (nb->acks == NULL &&
	    (nb->acks = malloc(RECORDS_MAX * sizeof(*nb->acks))) == NULL) {
		scsp_neighbor_drop(nb, DROP_MEMORY);
		return;
	}
	if (nb->nacks == scsp_neighbor_records(nb, 0))
		flush_acks(nb);
	a = &nb->acks[nb->nacks++];
	*a = *c;
	a->seq = seq;
	schedule(nb);
}

/*
 * What the DCS has shown to have need not be sent to it any more: the same
 * instance (2.3), or a newer one.
 */
static void
implicit(struct scsp_neighbor *nb, struct scsp_entry *e, int32_t seq)
{
	struct scsp_link *l = link_of(e, nb);

	if (l != NULL && e->seq <= seq) {
		scsp_update_unqueue(l);
		scsp_entry_settle(nb->group, e);
	}
}

/* The entry of this name, made if need be; NULL: no memory. */
static struct scsp_entry *
entry_get(struct scsp_group *g, struct scsp_entry *e, record_id id)
{
	if (e == NULL) {
		e = scsp_cache_add(&g->cache, id, g->scsp->timers->now);
		scsp_group_mortals(g);
	}
	return e;
}

static bool
same_contents(const struct scsp_entry *e, const struct scsp_csas *c)
{
	return e->len == c->len &&
	    (c->len == 0 || memcmp(e->data, c->data, c->len) == 0);
}

static void
record_event(struct scsp_neighbor *nb, enum scsp_event_code code,
    const struct scsp_csas *c, enum scsp_drop why)
{
	struct scsp *s = nb->scsp;
	uint8_t oid[4];
	struct scsp_event ev = { .code = code,
		.pid = nb->group->pid,
		.sgid = nb->group->sgid,
		.neighbor = &nb->peer->addr,
		.why = why == DROP_NONE ? NULL : scsp_drop_name(why),
		.oid = oid,
		.number = RECORD_KEY(c->id) };

	scsp_oid_octets(RECORD_OID(c->id), oid);
	s->ops->event(s->arg, &ev);
}

/*
 * A record under our own OID: what the SG remembers of
 * an earlier life of ours, or just our own coming back.  Not flooded; marsd
 * says what it is now.  False: no memory.
 */
static bool
own_record(
    struct scsp_neighbor *nb, struct scsp_entry *e, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;
	struct scsp *s = nb->scsp;
	bool backed = e != NULL && (e->flags & ENTRY_OWN) != 0;
	bool tomb, held;

	if (e != NULL)
		implicit(nb, e, c->seq);
	if ((e = scsp_cache_find(&g->cache, c->id)) == NULL || !backed) {
		if (e != NULL && c->seq <= e->seen)
			return true;
		tomb = s->ops->judge(c->data, c->len) == CSA_TOMBSTONE;
		if ((e = entry_get(g, e, c->id)) == NULL ||
		    !scsp_cache_set(&g->cache, e, c->seq, c->data, c->len, tomb,
			s->timers->now))
			return false;
		scsp_group_mortals(g);
		if (tomb) /* marsd has nothing to say about it */
			scsp_update_flood(g, e, nb, g->hop_count);
	} else if (c->seq > e->seen)
		e->seen = c->seq;
	else if (c->seq != e->seq || (e->flags & ENTRY_HELD) != 0 ||
	    same_contents(e, c))
		return true;
	scsp_cache_flag(&g->cache, e, ENTRY_AGAIN);
	held = (e->flags & ENTRY_HELD) != 0;
	scsp_reborn_proven(g, c->seq);
	if (!held)
		s->ops->own(s->arg, g->sgid, RECORD_KEY(c->id), c->seq, c->data,
		    c->len);
	return true;
}

/* the DCS has it no more, and we asked for it. */
static void
null_record(struct scsp_neighbor *nb, struct scsp_entry *e,
    const struct scsp_csas *c, bool solicited)
{
	struct scsp_group *g = nb->group;
	struct scsp *s = nb->scsp;

	if (!solicited || c->len != 0) {
		scsp_neighbor_drop(nb, DROP_RECORD_NULL);
		return;
	}
	if (e == NULL || e->seq > c->seq || (e->flags & ENTRY_HELD) != 0)
		return;
	if (scsp_group_owns(g, c->id)) {
		if ((e->flags & ENTRY_OWN) == 0)
			return;
		if (e->seen < c->seq)
			e->seen = c->seq;
		scsp_cache_flag(&g->cache, e, ENTRY_AGAIN);
		s->ops->own(s->arg, g->sgid, RECORD_KEY(c->id), c->seq, e->data,
		    e->len);
		scsp_reborn_proven(g, c->seq);
		return;
	}
	if ((e->flags & ENTRY_BARE) == 0)
		scsp_group_tell_gone(g, c->id);
	scsp_entry_remove(g, e);
}

/* A foreign record newer than what is here.  False: not acknowledged. */
static bool
newer_record(struct scsp_neighbor *nb, struct scsp_entry *e,
    const struct scsp_csas *c, bool solicited)
{
	struct scsp_group *g = nb->group;
	struct scsp *s = nb->scsp;
	enum csa_verdict verdict = scsp_group_judge(g)(c->data, c->len);
	uint16_t hops = c->hops == 0 ? 1 : c->hops; /* */
	struct scsp_link *l;
	bool fresh = e == NULL;

	/*
	 * Policy, not a shortage: acknowledged, so that a full server does
	 * not tear the adjacency down, but not remembered.
	 */
	if (fresh && g->cache.count >= g->max_records) {
		scsp_neighbor_drop(nb, DROP_RECORD_LIMIT);
		record_event(nb, SCSP_EV_LIMIT, c, DROP_RECORD_LIMIT);
		return true;
	}
	if ((e = entry_get(g, e, c->id)) == NULL) {
		scsp_neighbor_drop(nb, DROP_MEMORY);
		return false;
	}
	if (verdict == CSA_STRANGE) { /* */
		e->seen = c->seq;
		scsp_neighbor_drop(nb, DROP_RECORD_STRANGE);
		record_event(nb, SCSP_EV_STRANGE, c, DROP_RECORD_STRANGE);
		implicit(nb, e, c->seq);
		return true;
	}
	if (!scsp_cache_set(&g->cache, e, c->seq, c->data, c->len,
		verdict == CSA_TOMBSTONE, s->timers->now)) {
		scsp_neighbor_drop(nb, DROP_MEMORY);
		if (fresh)
			scsp_cache_erase(&g->cache, e);
		return false;
	}
	/* a solicited one comes with one hop and still goes on */
	hops = solicited ? g->hop_count : (uint16_t)(hops - 1);
	scsp_group_tell_update(
	    g, c, solicited ? CSA_HOW_ALIGNED : CSA_HOW_FLOODED);
	scsp_group_mortals(g);
	scsp_update_flood(g, e, nb, hops);
	/* last: a purged one that nobody waits for goes at once */
	if (c->seq == SEQ_PURGE &&
	    (verdict == CSA_TOMBSTONE || !scsp_group_is_mars(g)))
		scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
	if ((l = link_of(e, nb)) != NULL)
		scsp_update_unqueue(l);
	scsp_entry_settle(g, e);
	return true;
}

/* One CSA record of a CSU Request. */
static void
request_record(struct scsp_neighbor *nb, const struct scsp_csas *c)
{
	struct scsp_group *g = nb->group;
	struct scsp_entry *e = scsp_cache_find(&g->cache, c->id);
	bool solicited = scsp_solicit_answered(nb, c);
	bool hidden = e != NULL && (e->flags & ENTRY_HIDDEN) != 0;
	int32_t ack = c->seq;

	nb->records_in++;
	if (!scsp_seq_valid(c->seq)) /* */
		scsp_neighbor_drop(nb, DROP_RECORD_SEQUENCE);
	else if (c->null)
		null_record(nb, e, c, solicited);
	else if (scsp_group_owns(g, c->id)) {
		if (!own_record(nb, e, c)) {
			scsp_neighbor_drop(nb, DROP_MEMORY);
			return;
		}
		e = scsp_cache_find(&g->cache, c->id);
		if (e != NULL && c->seq < e->seq &&
		    (e->flags & (ENTRY_BARE | ENTRY_HELD)) == 0)
			ack = e->seq; /* as for any other: 2.3 */
	} else if (e == NULL || c->seq > e->seen ||
	    /* its owner began anew where it was forgotten */
	    (hidden && c->seq == e->seq && !same_contents(e, c))) {
		if (!newer_record(nb, e, c, solicited))
			return;
	} else if (c->seq < e->seq && (e->flags & ENTRY_BARE) == 0) {
		ack = e->seq; /* ours is newer: 2.3 */
		if (hidden) /* which it will ask for */
			scsp_cache_flag(&g->cache, e, ENTRY_SHOWN);
	} else {
		if (c->seq == e->seq && !same_contents(e, c))
			record_event(nb, SCSP_EV_CONFLICT, c, DROP_NONE);
		implicit(nb, e, c->seq);
	}
	acknowledge(nb, c, ack);
}

/* A CSU Request from the DCS, for us or for all. */
void
scsp_update_request(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct rd r = m->records;
	struct scsp_csas c;

	nb->requests_in++;
	scsp_align_release_saved(nb); /* */
	while (scsp_align_exchanging(nb) && scsp_message_csa(&r, &c))
		request_record(nb, &c);
	scsp_solicit_kick(nb);
}

/* A CSU Reply: rules 1 and 2 of 2.3; N or not, an acknowledgement is one. */
void
scsp_update_reply(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct rd r = m->records;
	struct scsp_csas c;
	struct scsp_entry *e;
	struct scsp_link *l;

	nb->replies_in++;
	scsp_align_release_saved(nb);
	while (scsp_message_csas(&r, &c)) {
		e = scsp_cache_find(&nb->group->cache, c.id);
		if (e == NULL || (l = link_of(e, nb)) == NULL || e->seq > c.seq)
			continue;
		if (c.seq > e->seen)
			scsp_solicit_add(nb, c.id, c.seq);
		scsp_update_unqueue(l);
		scsp_entry_settle(nb->group, e);
	}
	if (TAILQ_EMPTY(&nb->sent))
		timer_clear(nb->scsp->timers, &nb->csu_timer);
	if (!TAILQ_EMPTY(&nb->fresh)) {
		scsp_update_flush(nb, false); /* the window is open again */
		schedule(nb);
	}
	scsp_solicit_kick(nb);
}

/*
 * A CSUS: what is held is queued with one hop (B.2.0.2), whatever its
 * number; the rest is answered at once by null records (2.3).
 */
void
scsp_update_csus(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct rd r = m->records;
	struct scsp_packet p;
	struct scsp_csas c;
	struct scsp_entry *e;

	nb->csus_in++;
	scsp_align_release_saved(nb);
	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	while (scsp_align_exchanging(nb) && scsp_message_csas(&r, &c)) {
		e = scsp_cache_find(&nb->group->cache, c.id);
		if (e != NULL &&
		    (scsp_entry_listed(e) || (e->flags & ENTRY_SHOWN) != 0)) {
			enqueue(nb, e, 1, false);
			continue;
		}
		if (e != NULL && (e->flags & ENTRY_HIDDEN) != 0)
			nb->skipped = true;
		c.null = true;
		c.hops = 1;
		if (scsp_packet_left(&p, EXT_RESERVE) < SCSP_CSAS_LEN)
			continue; /* it will ask again */
		scsp_packet_csa(&p, &c);
	}
	if (p.nrecords != 0 && scsp_align_exchanging(nb)) {
		nb->requests_out++;
		scsp_neighbor_send(nb, &p, NULL, false);
	}
	scsp_update_flush(nb, true);
}
