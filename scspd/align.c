/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Cache alignment (RFC 2334 section 2.2): one end becomes master, and both
 * tell each other in lock step what they hold.  As printed the text hangs in
 * more than half of all cases, so here is how we read it.
 *
 *  - 2.2.1 rule 2d has the master set the O bit while its cache is not empty;
 *    B.2.1 says that it means more records to follow.  Here it means that
 *    (A-53).
 *  - 2.2.2 rule 5c does not say what a slave does that has nothing left when
 *    the master has.  Here it answers with an empty CA and stays.
 *  - When the master repeats its first CA, 2.2.2 rule 1 (start over) and rule
 *    4 (answer again) both fit.  Here rule 1 does, and the CA is looked at
 *    once more in the new state; but see classify_initial().
 *  - A CA in Update Cache or Aligned is described for the slave's copy only.
 *    Here the master drops a late one of the slave's as well, and any other
 *    CA starts over.
 *  - The slave keeps its last CA for as long as the master waits before it
 *    repeats its own.  Here it keeps it three times as long, or until a
 *    message shows that the master has it.
 *  - Rule 6, a number out of step, is printed for the slave.  Here it holds
 *    for the master, too.
 *  - 2.2.1 rule 2 looks at no number.  Here the answer to our first CA must
 *    carry ours.
 *  - No word on who repeats while summaries are exchanged.  Here the master
 *    does, without a limit, and a slave never.
 *  - No word on what becomes of the queues.  Here leaving a state empties
 *    them all, and the cache stays.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "cache.h"
#include "group.h"
#include "hold.h"
#include "neighbor.h"
#include "publish.h"
#include "queue.h"
#include "reborn.h"
#include "scsp.h"
#include "solicit.h"

#define C(state, action)	{ SCSP_ALIGN_##state, SCSP_ALIGN_DO_##action }
#define I(state)		{ SCSP_ALIGN_##state, TABLE_IGNORE }
/* the classifier never gives this event in this state, or no timer is set */
#define VIO(state)		{ SCSP_ALIGN_##state, TABLE_VIOLATION }
static const struct table_cell
    scsp_align_cells[SCSP_ALIGN_STATE_MAX][SCSP_ALIGN_EV_MAX] = {
	[SCSP_ALIGN_DOWN] = {
		[SCSP_ALIGN_EV_UP] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_DOWN] = I(DOWN),
		[SCSP_ALIGN_EV_INIT] = C(DOWN, DISCARD),
		[SCSP_ALIGN_EV_INIT_AGAIN] = VIO(DOWN),
		[SCSP_ALIGN_EV_ANSWER] = VIO(DOWN),
		[SCSP_ALIGN_EV_NEXT] = VIO(DOWN),
		[SCSP_ALIGN_EV_DONE] = VIO(DOWN),
		[SCSP_ALIGN_EV_FINAL] = VIO(DOWN),
		[SCSP_ALIGN_EV_REPEATED] = VIO(DOWN),
		[SCSP_ALIGN_EV_TWICE] = VIO(DOWN),
		[SCSP_ALIGN_EV_STALE] = VIO(DOWN),
		[SCSP_ALIGN_EV_ERROR] = VIO(DOWN),
		[SCSP_ALIGN_EV_STRAY] = C(DOWN, DISCARD),
		[SCSP_ALIGN_EV_TIMER] = VIO(DOWN),
		[SCSP_ALIGN_EV_STUCK] = VIO(DOWN),
		[SCSP_ALIGN_EV_SYNCED] = VIO(DOWN),
		[SCSP_ALIGN_EV_REALIGN] = I(DOWN),
	},
	[SCSP_ALIGN_NEGOTIATION] = {
		[SCSP_ALIGN_EV_UP] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(SUMMARIZE, SLAVE),
		[SCSP_ALIGN_EV_INIT_AGAIN] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_ANSWER] = C(SUMMARIZE, MASTER),
		[SCSP_ALIGN_EV_NEXT] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_DONE] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_FINAL] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_REPEATED] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_TWICE] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_STALE] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_ERROR] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_STRAY] = C(NEGOTIATION, DISCARD),
		[SCSP_ALIGN_EV_TIMER] = C(NEGOTIATION, RESEND),
		[SCSP_ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_SYNCED] = VIO(NEGOTIATION),
		[SCSP_ALIGN_EV_REALIGN] = I(NEGOTIATION),
	},
	[SCSP_ALIGN_SUMMARIZE] = {
		[SCSP_ALIGN_EV_UP] = VIO(SUMMARIZE),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		/*
		 * this CA has another number, and next makes us the slave
		 */
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(SUMMARIZE, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = VIO(SUMMARIZE),
		[SCSP_ALIGN_EV_NEXT] = C(SUMMARIZE, NEXT),
		[SCSP_ALIGN_EV_DONE] = C(UPDATE, DONE),
		[SCSP_ALIGN_EV_FINAL] = C(UPDATE, FINAL),
		[SCSP_ALIGN_EV_REPEATED] = C(SUMMARIZE, RESEND),
		[SCSP_ALIGN_EV_TWICE] = C(NEGOTIATION, RENUMBER),
		[SCSP_ALIGN_EV_STALE] = C(SUMMARIZE, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = VIO(SUMMARIZE),
		[SCSP_ALIGN_EV_TIMER] = C(SUMMARIZE, RESEND),
		[SCSP_ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_SYNCED] = VIO(SUMMARIZE),
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[SCSP_ALIGN_UPDATE] = {
		[SCSP_ALIGN_EV_UP] = VIO(UPDATE),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),	/* */
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(UPDATE, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = VIO(UPDATE),
		[SCSP_ALIGN_EV_NEXT] = VIO(UPDATE),
		[SCSP_ALIGN_EV_DONE] = VIO(UPDATE),
		[SCSP_ALIGN_EV_FINAL] = VIO(UPDATE),
		[SCSP_ALIGN_EV_REPEATED] = C(UPDATE, RESEND),
		[SCSP_ALIGN_EV_TWICE] = VIO(UPDATE),
		[SCSP_ALIGN_EV_STALE] = C(UPDATE, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = VIO(UPDATE),
		[SCSP_ALIGN_EV_TIMER] = C(UPDATE, RELEASE),
		[SCSP_ALIGN_EV_STUCK] = VIO(UPDATE),
		[SCSP_ALIGN_EV_SYNCED] = C(ALIGNED, ALIGNED),
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[SCSP_ALIGN_ALIGNED] = {
		[SCSP_ALIGN_EV_UP] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(ALIGNED, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_NEXT] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_DONE] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_FINAL] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_REPEATED] = C(ALIGNED, RESEND),
		[SCSP_ALIGN_EV_TWICE] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_STALE] = C(ALIGNED, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_TIMER] = C(ALIGNED, RELEASE),
		[SCSP_ALIGN_EV_STUCK] = VIO(ALIGNED),
		[SCSP_ALIGN_EV_SYNCED] = I(ALIGNED),	/* */
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
};
#undef VIO
#undef I
#undef C
TABLE_DEFINE(scsp_align_table, "align", SCSP_ALIGN, scsp_align_cells);

/*
 * All entries that the cursor has not passed.  The cursor is the name of an
 * entry, not a pointer, because entries come and go between two packets.
 * Changes of entries that it has passed are queued instead.
 */
static void
summary_walk(const struct scsp_neighbor *nb, struct btree_walk *w)
{
	scsp_cache_walk(
	    w, &nb->group->cache, nb->cursor_set ? &nb->cursor : NULL);
}

/* Are there no more entries to be summarised than so many? */
static bool
summary_within(const struct scsp_neighbor *nb, uint32_t max)
{
	struct btree_walk w;
	struct scsp_entry *e;

	if (nb->summarised)
		return true;
	summary_walk(nb, &w);
	while ((e = btree_walk_next(&w)) != NULL)
		if (scsp_entry_listed(e) && max-- == 0)
			return false;
	return true;
}

/*
 * Does what is left of the summary fit into one CA?  It must be what
 * send_ca() will find, or the slave would stay behind in Summarize.
 */
static bool
summary_fits(const struct scsp_neighbor *nb)
{
	return summary_within(nb, scsp_neighbor_records(nb, 4));
}

/*
 * Puts the entries that come next into a CA, as many as it takes; NULL: none.
 * The cursor passes those among them that are not summarised.  True: more are
 * left.
 */
static bool
summarise(struct scsp_neighbor *nb, struct scsp_packet *p)
{
	struct scsp_csas c = { 0 };
	struct btree_walk w;
	struct scsp_entry *e;

	if (nb->summarised)
		return false;
	summary_walk(nb, &w);
	while ((e = btree_walk_next(&w)) != NULL) {
		if (scsp_entry_listed(e)) {
			if (p == NULL ||
			    scsp_packet_left(p, EXT_RESERVE) < SCSP_CSAS_LEN)
				return true;
			c.id = e->id;
			c.seq = e->seq;
			scsp_packet_csas(p, &c);
		} else if (e->flags & ENTRY_HIDDEN)
			nb->skipped = true;
		nb->cursor = e->id;
		nb->cursor_set = true;
	}
	nb->summarised = true;
	return false;
}

/*
 * Whoever leads repeats until there is an answer.  A slave never
 * does.  But the CA that it has answered may be one of an earlier alignment,
 * with which nobody goes on: so it does not wait for ever.
 */
static void
rearm(struct scsp_neighbor *nb)
{
	struct timers *ts = nb->scsp->timers;
	int64_t interval = scsp_seconds(nb->conf.rexmt_ca);

	if (nb->align == SCSP_ALIGN_NEGOTIATION ||
	    (nb->align == SCSP_ALIGN_SUMMARIZE && nb->master))
		timer_set(ts, &nb->ca_timer, interval);
	else if (nb->align == SCSP_ALIGN_SUMMARIZE)
		timer_set(ts, &nb->ca_timer, 3 * interval);
}

/* Sends the last CA again.  It gets a MAC of its own: it is a new packet. */
static void
resend(struct scsp_neighbor *nb)
{
	struct scsp_packet p;

	if (nb->saved == NULL)
		return;
	scsp_packet_begin(&p, SCSP_CA);
	p.w.len = 0;
	wr_bytes(&p.w, nb->saved, nb->saved_len);
	p.common_at = 0; /* complete already */
	nb->cas_out++;
	nb->retransmissions++;
	scsp_neighbor_repeats(nb, nb->saved_len);
	scsp_neighbor_send(nb, &p, NULL, false);
	rearm(nb);
}

/* Sends the next CA, with records if it is a summary's. */
static void
send_ca(struct scsp_neighbor *nb, uint16_t flags, bool records)
{
	struct scsp_packet p;

	scsp_neighbor_begin(nb, &p, SCSP_CA, flags);
	if (records && summarise(nb, &p))
		flags |= CA_O; /* */
	scsp_packet_flags(&p, flags);
	scsp_packet_count(&p);
	scsp_align_release_saved(nb);
	if ((nb->saved = malloc(p.w.len)) != NULL) {
		memcpy(nb->saved, p.w.buf, p.w.len);
		nb->saved_len = p.w.len;
	}
	nb->ca_sent = nb->ca_seq;
	nb->cas_out++;
	scsp_neighbor_send(nb, &p, NULL, false);
	rearm(nb);
}

/* 2.2.2.1: what the neighbor has and we have not is to be asked for. */
static void
process(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	const struct scsp_csas *c;
	struct scsp_entry *e;

	for (c = m->record; c < m->record + m->nrecords; c++) {
		if (!scsp_seq_valid(c->seq)) /* */
			continue;
		e = scsp_cache_find(&nb->group->cache, c->id);
		if (e != NULL && scsp_entry_knows(e, c->seq)) /* */
			continue;
		scsp_solicit_add(nb, c->id, c->seq);
		if (scsp_group_owns(nb->group, c->id))
			scsp_reborn_heard(nb->group, c->seq);
	}
}

void
scsp_align_clear(struct scsp_neighbor *nb)
{
	timer_clear(nb->scsp->timers, &nb->ca_timer);
	scsp_align_release_saved(nb);
	nb->cursor_set = nb->summarised = nb->skipped = false;
	nb->master = false;
	scsp_solicit_clear(nb);
	scsp_hold_clear(nb);
	scsp_queue_clear(nb);
}

void
scsp_align_release_saved(struct scsp_neighbor *nb)
{
	free(nb->saved);
	nb->saved = NULL;
	nb->saved_len = 0;
}

/*
 * Begins with a number that the neighbor has not seen (B.2.1): the time of day,
 * or, where the clock has not gone on, the last number plus one.
 */
static void
negotiate(struct scsp_neighbor *nb)
{
	uint32_t now;

	scsp_align_clear(nb);
	now = (uint32_t)nb->scsp->ops->wallclock(nb->scsp->arg);
	nb->ca_used++;
	if ((int32_t)(now - nb->ca_used) > 0)
		nb->ca_used = now;
	nb->ca_seq = nb->ca_used;
	send_ca(nb, CA_M | CA_I | CA_O, false);
}

static void
enter_update(struct scsp_neighbor *nb)
{
	scsp_queue_flush(nb, true);
	scsp_solicit_kick(nb);
}

/* 2.2.1 rule 1: the neighbor leads, with the number of its first CA. */
static void
become_slave(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	timer_clear(nb->scsp->timers, &nb->ca_timer);
	nb->master = false;
	nb->ca_seq = nb->ca_first = m->ca_seq;
	nb->twice = nb->begun && (int32_t)(nb->ca_first - nb->ca_highest) <= 0;
	if (!nb->twice)
		nb->ca_highest = nb->ca_first;
	nb->begun = true;
	nb->nagain = 0;
	send_ca(nb, 0, true);
}

/* The neighbor's CA is in order: its records, and then the next number. */
static void
advance(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	scsp_neighbor_answers(nb, nb->saved_len);
	process(nb, m);
	nb->ca_seq++;
	if (nb->master)
		nb->ca_used = nb->ca_seq;
}

/* 2.2.2 rule 3d1: all that the master had to say was said before. */
static void
finish_master(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	timer_clear(nb->scsp->timers, &nb->ca_timer);
	advance(nb, m);
	/* passes what has been hidden since our last CA */
	(void)summarise(nb, NULL);
	scsp_align_release_saved(nb);
	enter_update(nb);
}

/* 2.2.2 rules 5c1, 5c2b; the last CA is kept for a while. */
static void
finish_slave(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	nb->ntwice = 0;
	advance(nb, m);
	send_ca(nb, 0, true);
	timer_set(nb->scsp->timers, &nb->ca_timer,
	    3 * scsp_seconds(nb->conf.rexmt_ca));
	enter_update(nb);
}

static void
scsp_align_act(
    struct scsp_neighbor *nb, uint8_t action, const struct scsp_message *m)
{
	switch ((enum scsp_align_action)action) {
	case SCSP_ALIGN_DO_DISCARD: /* 2.2.1 rule 3, 2.2.2 rule 2 */
		scsp_neighbor_drop(nb, SCSP_DROP_STATE);
		break;
	case SCSP_ALIGN_DO_AGAIN:
		scsp_neighbor_drop(nb, SCSP_DROP_STATE);
		nb->nagain++;
		break;
	case SCSP_ALIGN_DO_CLEAR:
		scsp_align_clear(nb);
		break;
	case SCSP_ALIGN_DO_RENUMBER: /* the neighbor takes a new one now */
		nb->ntwice++;
		negotiate(nb);
		break;
	case SCSP_ALIGN_DO_NEGOTIATE:
		negotiate(nb);
		break;
	case SCSP_ALIGN_DO_SLAVE:
		become_slave(nb, m);
		break;
	case SCSP_ALIGN_DO_MASTER: /* 2.2.1 rule 2 */
		nb->master = true;
		advance(nb, m);
		send_ca(nb, CA_M, true);
		break;
	case SCSP_ALIGN_DO_NEXT: /* 2.2.2 rules 3d2, 3d3, 5c2; A-54 */
		advance(nb, m);
		send_ca(nb, nb->master ? CA_M : 0, true);
		break;
	case SCSP_ALIGN_DO_DONE:
		finish_master(nb, m);
		break;
	case SCSP_ALIGN_DO_FINAL:
		finish_slave(nb, m);
		break;
	case SCSP_ALIGN_DO_RESEND:
		resend(nb);
		break;
	case SCSP_ALIGN_DO_RELEASE:
		scsp_align_release_saved(nb);
		break;
	case SCSP_ALIGN_DO_ALIGNED:
		scsp_publish_release(nb->group);
		break;
	case SCSP_ALIGN_BEFORE_ACTIONS: /* nothing, or a violation */
	case SCSP_ALIGN_DO_MAX:
		break;
	}
}

static void
scsp_align_step(struct scsp_neighbor *nb, enum scsp_align_event ev,
    const struct scsp_message *m)
{
	bool was = nb->align == SCSP_ALIGN_ALIGNED, is;
	uint8_t action;

	action = scsp_neighbor_step(nb, &scsp_align_table, &nb->align,
	    &nb->align_since, SCSP_EV_ALIGN, ev);
	is = nb->align == SCSP_ALIGN_ALIGNED;
	if (was != is)
		scsp_group_tell_neighbor(nb->group, nb->id, is);
	scsp_align_act(nb, action, m);
}

void
scsp_align_run(struct scsp_neighbor *nb, enum scsp_align_event ev)
{
	scsp_align_step(nb, ev, NULL);
}

/*
 * The first CA of a server with a larger ID.  If it has the number that this
 * alignment began with, it is one of two things.  As long as we have only
 * answered that first CA, the master may repeat it because our answer was
 * lost.  Later it is an old copy, because a master that begins anew takes
 * another number (B.2.1).  An old copy is not answered: the master would take
 * the answer for a duplicate, and we would wait for its next CA in vain; or
 * it would miss what only our second summary lists.  Copies are few, though;
 * a server that restarts with one and the same number sends many, and after
 * AGAIN_MAX of them it is believed.
 */
static enum scsp_align_event
classify_initial(const struct scsp_neighbor *nb, const struct scsp_message *m)
{
	if (nb->align < SCSP_ALIGN_SUMMARIZE || nb->master ||
	    m->ca_seq != nb->ca_first)
		return SCSP_ALIGN_EV_INIT;
	if (nb->align == SCSP_ALIGN_SUMMARIZE && nb->ca_seq == nb->ca_first)
		return SCSP_ALIGN_EV_REPEATED;
	return nb->nagain < AGAIN_MAX ? SCSP_ALIGN_EV_INIT_AGAIN :
	    SCSP_ALIGN_EV_INIT;
}

static enum scsp_align_event
classify_summarize(const struct scsp_neighbor *nb, const struct scsp_message *m)
{
	uint32_t ahead = m->ca_seq - nb->ca_seq;
	bool lead = (m->flags & CA_M) != 0, more = (m->flags & CA_O) != 0;

	if ((m->flags & CA_I) != 0 || lead == nb->master)
		return SCSP_ALIGN_EV_ERROR; /* rule 1 */
	if (nb->master) {
		if (ahead == UINT32_MAX)
			return SCSP_ALIGN_EV_STALE; /* rule 2 */
		if (ahead != 0)
			return SCSP_ALIGN_EV_ERROR; /* */
		return !more && summary_within(nb, 0) ? SCSP_ALIGN_EV_DONE :
		    SCSP_ALIGN_EV_NEXT;
	}
	if (ahead == 0)
		return SCSP_ALIGN_EV_REPEATED; /* rule 4 */
	if (ahead != 1)
		return SCSP_ALIGN_EV_ERROR; /* rule 6 */
	/*
	 * The master has used this number before, so it may go on from an
	 * earlier answer of ours, with another summary: we ask for another
	 * number.  A master whose numbers don't grow gets through in the end.
	 */
	if (nb->twice && nb->ca_seq == nb->ca_first && nb->ntwice < AGAIN_MAX)
		return SCSP_ALIGN_EV_TWICE;
	return !more && summary_fits(nb) ? SCSP_ALIGN_EV_FINAL :
	    SCSP_ALIGN_EV_NEXT;
}

enum scsp_align_event
scsp_align_classify(
    const struct scsp_neighbor *nb, const struct scsp_message *m)
{
	const uint16_t all = CA_M | CA_I | CA_O;
	uint16_t lead = m->flags & (CA_M | CA_I);

	if ((m->flags & all) == all && m->nrecords == 0 &&
	    m->sender > nb->scsp->lsid)
		return classify_initial(nb, m);
	switch (nb->align) {
	case SCSP_ALIGN_NEGOTIATION: /* and A-68 */
		return lead == 0 && m->sender < nb->scsp->lsid &&
		    m->ca_seq == nb->ca_seq ?
		    SCSP_ALIGN_EV_ANSWER :
		    SCSP_ALIGN_EV_STRAY;
	case SCSP_ALIGN_SUMMARIZE:
		return classify_summarize(nb, m);
	case SCSP_ALIGN_UPDATE: /* */
	case SCSP_ALIGN_ALIGNED:
		if (nb->master && lead == 0 &&
		    (m->ca_seq == nb->ca_sent || m->ca_seq == nb->ca_sent - 1))
			return SCSP_ALIGN_EV_STALE;
		if (!nb->master && lead == CA_M && nb->saved != NULL &&
		    m->ca_seq == nb->ca_seq)
			return SCSP_ALIGN_EV_REPEATED;
		return SCSP_ALIGN_EV_ERROR;
	case SCSP_ALIGN_DOWN:
	case SCSP_ALIGN_STATE_MAX:
		break;
	}
	return SCSP_ALIGN_EV_STRAY;
}

void
scsp_align_ca(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	enum scsp_align_event ev;

	nb->cas_in++;
	ev = scsp_align_classify(nb, m);
	scsp_align_step(nb, ev, m);
	/* what has ended the old alignment begins the new one */
	if (ev == SCSP_ALIGN_EV_INIT && nb->align == SCSP_ALIGN_NEGOTIATION)
		scsp_align_step(nb, scsp_align_classify(nb, m), m);
}

static void
on_ca_timer(void *arg)
{
	struct scsp_neighbor *nb = arg;
	bool stuck = (nb->align == SCSP_ALIGN_SUMMARIZE && !nb->master) ||
	    (!scsp_align_exchanging(nb) && nb->saved == NULL);

	scsp_align_run(nb, stuck ? SCSP_ALIGN_EV_STUCK : SCSP_ALIGN_EV_TIMER);
}

void
scsp_align_init(struct scsp_neighbor *nb)
{
	nb->align = SCSP_ALIGN_DOWN;
	nb->align_since = nb->scsp->timers->now;
	timer_init(&nb->ca_timer, on_ca_timer, nb);
}

bool
scsp_align_exchanging(const struct scsp_neighbor *nb)
{
	return nb->align == SCSP_ALIGN_UPDATE ||
	    nb->align == SCSP_ALIGN_ALIGNED;
}
