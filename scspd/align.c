/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Cache alignment (RFC 2334 section 2.2), in the reading of,
 * the O bit says what B.2.1 defines; a slave that
 * has nothing left goes on answering; whatever is out of step starts over.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"

const char *const scsp_align_state_names[] = {
#define X(sym, name) name,
	SCSP_ALIGN_STATES(X)
#undef X
};

#define C(state, action) { SCSP_ALIGN_##state, SCSP_ALIGN_DO_##action }
const struct scsp_align_cell scsp_align_table[SCSP_ALIGN_STATE_MAX]
    [SCSP_ALIGN_EV_MAX] = {
	[SCSP_ALIGN_DOWN] = {
		[SCSP_ALIGN_EV_UP] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, IGNORE),
		[SCSP_ALIGN_EV_INIT] = C(DOWN, DISCARD),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_ANSWER] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_NEXT] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_DONE] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_FINAL] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_REPEATED] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_TWICE] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_STALE] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_ERROR] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_STRAY] = C(DOWN, DISCARD),
		[SCSP_ALIGN_EV_TIMER] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_STUCK] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_SYNCED] = C(DOWN, VIOLATION),
		[SCSP_ALIGN_EV_REALIGN] = C(DOWN, IGNORE),
	},
	[SCSP_ALIGN_NEGOTIATION] = {
		[SCSP_ALIGN_EV_UP] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(SUMMARIZE, SLAVE),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_ANSWER] = C(SUMMARIZE, MASTER),
		[SCSP_ALIGN_EV_NEXT] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_DONE] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_FINAL] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_REPEATED] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_TWICE] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_STALE] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_STRAY] = C(NEGOTIATION, DISCARD),
		[SCSP_ALIGN_EV_TIMER] = C(NEGOTIATION, RESEND),
		[SCSP_ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_SYNCED] = C(NEGOTIATION, VIOLATION),
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, IGNORE),
	},
	[SCSP_ALIGN_SUMMARIZE] = {
		[SCSP_ALIGN_EV_UP] = C(SUMMARIZE, VIOLATION),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		/* this CA with its other number then makes us slave */
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(SUMMARIZE, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = C(SUMMARIZE, VIOLATION),
		[SCSP_ALIGN_EV_NEXT] = C(SUMMARIZE, NEXT),
		[SCSP_ALIGN_EV_DONE] = C(UPDATE, DONE),
		[SCSP_ALIGN_EV_FINAL] = C(UPDATE, FINAL),
		[SCSP_ALIGN_EV_REPEATED] = C(SUMMARIZE, RESEND),
		[SCSP_ALIGN_EV_TWICE] = C(NEGOTIATION, RENUMBER),
		[SCSP_ALIGN_EV_STALE] = C(SUMMARIZE, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = C(SUMMARIZE, VIOLATION),
		[SCSP_ALIGN_EV_TIMER] = C(SUMMARIZE, RESEND),
		[SCSP_ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_SYNCED] = C(SUMMARIZE, VIOLATION),
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[SCSP_ALIGN_UPDATE] = {
		[SCSP_ALIGN_EV_UP] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),	/* */
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(UPDATE, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_NEXT] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_DONE] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_FINAL] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_REPEATED] = C(UPDATE, RESEND),
		[SCSP_ALIGN_EV_TWICE] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_STALE] = C(UPDATE, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_TIMER] = C(UPDATE, RELEASE),
		[SCSP_ALIGN_EV_STUCK] = C(UPDATE, VIOLATION),
		[SCSP_ALIGN_EV_SYNCED] = C(ALIGNED, ALIGNED),
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[SCSP_ALIGN_ALIGNED] = {
		[SCSP_ALIGN_EV_UP] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[SCSP_ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[SCSP_ALIGN_EV_INIT_AGAIN] = C(ALIGNED, AGAIN),
		[SCSP_ALIGN_EV_ANSWER] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_NEXT] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_DONE] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_FINAL] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_REPEATED] = C(ALIGNED, RESEND),
		[SCSP_ALIGN_EV_TWICE] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_STALE] = C(ALIGNED, DISCARD),
		[SCSP_ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[SCSP_ALIGN_EV_STRAY] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_TIMER] = C(ALIGNED, RELEASE),
		[SCSP_ALIGN_EV_STUCK] = C(ALIGNED, VIOLATION),
		[SCSP_ALIGN_EV_SYNCED] = C(ALIGNED, IGNORE),	/* */
		[SCSP_ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
};
#undef C

/*
 * The next entry to be summarised, or NULL.  The cursor is a name: entries
 * may come and go.  Changes behind it are queued instead.
 */
static struct scsp_entry *
summary_next(struct scsp_neighbor *nb)
{
	struct scsp_cache *c = &nb->group->cache;
	struct scsp_entry *e;

	if (nb->summarised)
		return NULL;
	e = nb->cursor_set ? scsp_cache_after(c, nb->cursor) :
			     scsp_cache_first(c);
	for (; e != NULL && !scsp_entry_listed(e);
	     e = scsp_cache_after(c, e->id)) {
		if (e->flags & ENTRY_HIDDEN)
			nb->skipped = true;
		nb->cursor = e->id;
		nb->cursor_set = true;
	}
	if (e == NULL)
		nb->summarised = true;
	return e;
}

/*
 * Does what is left of the summary fit into one CA?  Exactly what send_ca()
 * will find, or the slave would stay behind in Summarize.
 */
static bool
summary_fits(struct scsp_neighbor *nb)
{
	struct scsp_entry *e = summary_next(nb);
	uint32_t n = 0, max = scsp_neighbor_records(nb, 4);

	for (; e != NULL; e = scsp_cache_after(&nb->group->cache, e->id))
		if (scsp_entry_listed(e) && ++n > max)
			return false;
	return true;
}

/*
 * Whoever leads repeats until there is an answer.  A slave never
 * does, but it may have answered a CA of an earlier alignment: nobody will
 * go on with that, so it doesn't wait for ever.
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

/* Sends the last CA again: no copy of it, it gets a MAC of its own. */
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
	scsp_neighbor_send(nb, &p, NULL, false);
	rearm(nb);
}

/* Sends the next CA, with records if it is a summary's. */
static void
send_ca(struct scsp_neighbor *nb, uint16_t flags, bool records)
{
	struct scsp_packet p;
	struct scsp_csas c = { 0 };
	struct scsp_entry *e;

	scsp_neighbor_begin(nb, &p, SCSP_CA, flags);
	while (records && (e = summary_next(nb)) != NULL &&
	    scsp_packet_left(&p, EXT_RESERVE) >= SCSP_CSAS_LEN) {
		c.id = nb->cursor = e->id;
		nb->cursor_set = true;
		c.seq = e->seq;
		scsp_packet_csas(&p, &c);
	}
	if (records && summary_next(nb) != NULL)
		flags |= CA_O; /* */
	wr_at_u16(&p.w, p.common_at + 6, flags);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
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

/* 2.2.2.1: what the DCS has and we have not goes on the CRL. */
static void
process(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct rd r = m->records;
	struct scsp_csas c;
	struct scsp_entry *e;

	while (scsp_message_csas(&r, &c)) {
		if (!scsp_seq_valid(c.seq)) /* */
			continue;
		e = scsp_cache_find(&nb->group->cache, c.id);
		if (e != NULL && e->seen >= c.seq) /* */
			continue;
		scsp_solicit_add(nb, c.id, c.seq);
		if (scsp_group_owns(nb->group, c.id))
			scsp_reborn_heard(nb->group, c.seq);
	}
}

/* alignment rebuilds everything but the cache. */
void
scsp_align_clear(struct scsp_neighbor *nb)
{
	timer_clear(nb->scsp->timers, &nb->ca_timer);
	scsp_align_release_saved(nb);
	nb->cursor_set = nb->summarised = nb->skipped = false;
	nb->master = false;
	scsp_solicit_clear(nb);
	scsp_update_clear(nb);
}

void
scsp_align_release_saved(struct scsp_neighbor *nb)
{
	free(nb->saved);
	nb->saved = NULL;
	nb->saved_len = 0;
}

/* A number that the DCS has not seen (B.2.1), clock or no clock. */
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
	scsp_update_flush(nb, true);
	scsp_solicit_kick(nb);
}

static void
scsp_align_act(struct scsp_neighbor *nb, enum scsp_align_action action,
    const struct scsp_message *m)
{
	struct timers *ts = nb->scsp->timers;

	switch (action) {
	case SCSP_ALIGN_DO_FORGOTTEN:
	case SCSP_ALIGN_DO_VIOLATION:
	case SCSP_ALIGN_DO_DISCARD:
		scsp_neighbor_drop(nb, DROP_STATE);
		break;
	case SCSP_ALIGN_DO_IGNORE:
		break;
	case SCSP_ALIGN_DO_AGAIN:
		scsp_neighbor_drop(nb, DROP_STATE);
		nb->nagain++;
		break;
	case SCSP_ALIGN_DO_CLEAR:
		scsp_align_clear(nb);
		break;
	case SCSP_ALIGN_DO_RENUMBER: /* now the DCS takes a new one */
		nb->ntwice++;
		negotiate(nb);
		break;
	case SCSP_ALIGN_DO_NEGOTIATE:
		negotiate(nb);
		break;
	case SCSP_ALIGN_DO_SLAVE: /* 2.2.1 rule 1 */
		timer_clear(ts, &nb->ca_timer);
		nb->master = false;
		nb->ca_seq = m->ca_seq;
		nb->ca_first = m->ca_seq;
		nb->twice =
		    nb->begun && (int32_t)(nb->ca_first - nb->ca_highest) <= 0;
		if (!nb->twice)
			nb->ca_highest = nb->ca_first;
		nb->begun = true;
		nb->nagain = 0;
		send_ca(nb, 0, true);
		break;
	case SCSP_ALIGN_DO_MASTER: /* 2.2.1 rule 2 */
		nb->master = true;
		process(nb, m);
		nb->ca_seq++;
		nb->ca_used = nb->ca_seq;
		send_ca(nb, CA_M, true);
		break;
	case SCSP_ALIGN_DO_NEXT: /* 2.2.2 rules 3d2, 3d3, 5c2; A-54 */
		process(nb, m);
		nb->ca_seq++;
		if (nb->master)
			nb->ca_used = nb->ca_seq;
		send_ca(nb, nb->master ? CA_M : 0, true);
		break;
	case SCSP_ALIGN_DO_DONE: /* 2.2.2 rule 3d1 */
		timer_clear(ts, &nb->ca_timer);
		process(nb, m);
		nb->ca_seq++;
		nb->ca_used = nb->ca_seq;
		scsp_align_release_saved(nb);
		enter_update(nb);
		break;
	case SCSP_ALIGN_DO_FINAL: /* 2.2.2 rules 5c1, 5c2b; A-57 */
		nb->ntwice = 0;
		process(nb, m);
		nb->ca_seq++;
		send_ca(nb, 0, true);
		timer_set(
		    ts, &nb->ca_timer, 3 * scsp_seconds(nb->conf.rexmt_ca));
		enter_update(nb);
		break;
	case SCSP_ALIGN_DO_RESEND:
		resend(nb);
		break;
	case SCSP_ALIGN_DO_RELEASE:
		scsp_align_release_saved(nb);
		break;
	case SCSP_ALIGN_DO_ALIGNED:
		scsp_group_release(nb->group);
		break;
	}
}

static void
scsp_align_step(struct scsp_neighbor *nb, enum scsp_align_event ev,
    const struct scsp_message *m)
{
	const struct scsp_align_cell *cell = &scsp_align_table[nb->align][ev];
	enum scsp_align_state old = nb->align;

	nb->align = cell->next;
	if (old != cell->next) {
		nb->align_since = nb->scsp->timers->now;
		scsp_neighbor_event(nb, SCSP_EV_ALIGN,
		    scsp_align_state_names[old],
		    scsp_align_state_names[cell->next], NULL, 0);
	}
	if (old != cell->next && old == SCSP_ALIGN_ALIGNED)
		scsp_group_tell_neighbor(nb->group, nb->id, false);
	if (old != cell->next && cell->next == SCSP_ALIGN_ALIGNED)
		scsp_group_tell_neighbor(nb->group, nb->id, true);
	scsp_align_act(nb, cell->action, m);
}

void
scsp_align_run(struct scsp_neighbor *nb, enum scsp_align_event ev)
{
	scsp_align_step(nb, ev, NULL);
}

/*
 * The initial CA of a larger ID.  With the number that this alignment began
 * with it is a copy, unless the master repeats it for want of an answer: it
 * takes another number when it begins anew (B.2.1).  Another answer with
 * that number would be a duplicate for it, and we would wait for the next
 * CA in vain, or it would miss what only the second summary lists.  Copies
 * are few; a DCS that restarts with one and the same number sends many.
 */
static enum scsp_align_event
classify_initial(struct scsp_neighbor *nb, const struct scsp_message *m)
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
classify_summarize(struct scsp_neighbor *nb, const struct scsp_message *m)
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
		return !more && summary_next(nb) == NULL ? SCSP_ALIGN_EV_DONE :
							   SCSP_ALIGN_EV_NEXT;
	}
	if (ahead == 0)
		return SCSP_ALIGN_EV_REPEATED; /* rule 4 */
	if (ahead != 1)
		return SCSP_ALIGN_EV_ERROR; /* rule 6 */
	/*
	 * It may have an earlier answer of ours to that number, with another
	 * summary.  A DCS with numbers that don't grow gets through, too.
	 */
	if (nb->twice && nb->ca_seq == nb->ca_first && nb->ntwice < AGAIN_MAX)
		return SCSP_ALIGN_EV_TWICE;
	return !more && summary_fits(nb) ? SCSP_ALIGN_EV_FINAL :
					   SCSP_ALIGN_EV_NEXT;
}

/* What a CA is in the state that we are in. */
static enum scsp_align_event
classify(struct scsp_neighbor *nb, const struct scsp_message *m)
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

/* A CA from the DCS, for us. */
void
scsp_align_ca(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	enum scsp_align_event ev;

	nb->cas_in++;
	ev = classify(nb, m);
	scsp_align_step(nb, ev, m);
	if (ev == SCSP_ALIGN_EV_INIT && nb->align == SCSP_ALIGN_NEGOTIATION)
		scsp_align_step(nb, classify(nb, m), m);
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

/* CSU messages may be exchanged (2.3). */
bool
scsp_align_exchanging(const struct scsp_neighbor *nb)
{
	return nb->align == SCSP_ALIGN_UPDATE ||
	    nb->align == SCSP_ALIGN_ALIGNED;
}
