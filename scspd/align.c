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

const char *const align_state_names[] = {
#define X(sym, name) name,
	ALIGN_STATES(X)
#undef X
};

#define C(state, action) { ALIGN_##state, ALIGN_DO_##action }
const struct align_cell align_table[ALIGN_STATE_MAX][ALIGN_EV_MAX] = {
	[ALIGN_DOWN] = {
		[ALIGN_EV_UP] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_DOWN] = C(DOWN, IGNORE),
		[ALIGN_EV_INIT] = C(DOWN, DISCARD),
		[ALIGN_EV_INIT_AGAIN] = C(DOWN, VIOLATION),
		[ALIGN_EV_ANSWER] = C(DOWN, VIOLATION),
		[ALIGN_EV_NEXT] = C(DOWN, VIOLATION),
		[ALIGN_EV_DONE] = C(DOWN, VIOLATION),
		[ALIGN_EV_FINAL] = C(DOWN, VIOLATION),
		[ALIGN_EV_REPEATED] = C(DOWN, VIOLATION),
		[ALIGN_EV_TWICE] = C(DOWN, VIOLATION),
		[ALIGN_EV_STALE] = C(DOWN, VIOLATION),
		[ALIGN_EV_ERROR] = C(DOWN, VIOLATION),
		[ALIGN_EV_STRAY] = C(DOWN, DISCARD),
		[ALIGN_EV_TIMER] = C(DOWN, VIOLATION),
		[ALIGN_EV_STUCK] = C(DOWN, VIOLATION),
		[ALIGN_EV_SYNCED] = C(DOWN, VIOLATION),
		[ALIGN_EV_REALIGN] = C(DOWN, IGNORE),
	},
	[ALIGN_NEGOTIATION] = {
		[ALIGN_EV_UP] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[ALIGN_EV_INIT] = C(SUMMARIZE, SLAVE),
		[ALIGN_EV_INIT_AGAIN] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_ANSWER] = C(SUMMARIZE, MASTER),
		[ALIGN_EV_NEXT] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_DONE] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_FINAL] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_REPEATED] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_TWICE] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_STALE] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_ERROR] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_STRAY] = C(NEGOTIATION, DISCARD),
		[ALIGN_EV_TIMER] = C(NEGOTIATION, RESEND),
		[ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_SYNCED] = C(NEGOTIATION, VIOLATION),
		[ALIGN_EV_REALIGN] = C(NEGOTIATION, IGNORE),
	},
	[ALIGN_SUMMARIZE] = {
		[ALIGN_EV_UP] = C(SUMMARIZE, VIOLATION),
		[ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		/* this CA with its other number then makes us slave */
		[ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[ALIGN_EV_INIT_AGAIN] = C(SUMMARIZE, AGAIN),
		[ALIGN_EV_ANSWER] = C(SUMMARIZE, VIOLATION),
		[ALIGN_EV_NEXT] = C(SUMMARIZE, NEXT),
		[ALIGN_EV_DONE] = C(UPDATE, DONE),
		[ALIGN_EV_FINAL] = C(UPDATE, FINAL),
		[ALIGN_EV_REPEATED] = C(SUMMARIZE, RESEND),
		[ALIGN_EV_TWICE] = C(NEGOTIATION, RENUMBER),
		[ALIGN_EV_STALE] = C(SUMMARIZE, DISCARD),
		[ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_STRAY] = C(SUMMARIZE, VIOLATION),
		[ALIGN_EV_TIMER] = C(SUMMARIZE, RESEND),
		[ALIGN_EV_STUCK] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_SYNCED] = C(SUMMARIZE, VIOLATION),
		[ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[ALIGN_UPDATE] = {
		[ALIGN_EV_UP] = C(UPDATE, VIOLATION),
		[ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),	/* */
		[ALIGN_EV_INIT_AGAIN] = C(UPDATE, AGAIN),
		[ALIGN_EV_ANSWER] = C(UPDATE, VIOLATION),
		[ALIGN_EV_NEXT] = C(UPDATE, VIOLATION),
		[ALIGN_EV_DONE] = C(UPDATE, VIOLATION),
		[ALIGN_EV_FINAL] = C(UPDATE, VIOLATION),
		[ALIGN_EV_REPEATED] = C(UPDATE, RESEND),
		[ALIGN_EV_TWICE] = C(UPDATE, VIOLATION),
		[ALIGN_EV_STALE] = C(UPDATE, DISCARD),
		[ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_STRAY] = C(UPDATE, VIOLATION),
		[ALIGN_EV_TIMER] = C(UPDATE, RELEASE),
		[ALIGN_EV_STUCK] = C(UPDATE, VIOLATION),
		[ALIGN_EV_SYNCED] = C(ALIGNED, ALIGNED),
		[ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
	[ALIGN_ALIGNED] = {
		[ALIGN_EV_UP] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_DOWN] = C(DOWN, CLEAR),
		[ALIGN_EV_INIT] = C(NEGOTIATION, CLEAR),
		[ALIGN_EV_INIT_AGAIN] = C(ALIGNED, AGAIN),
		[ALIGN_EV_ANSWER] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_NEXT] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_DONE] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_FINAL] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_REPEATED] = C(ALIGNED, RESEND),
		[ALIGN_EV_TWICE] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_STALE] = C(ALIGNED, DISCARD),
		[ALIGN_EV_ERROR] = C(NEGOTIATION, NEGOTIATE),
		[ALIGN_EV_STRAY] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_TIMER] = C(ALIGNED, RELEASE),
		[ALIGN_EV_STUCK] = C(ALIGNED, VIOLATION),
		[ALIGN_EV_SYNCED] = C(ALIGNED, IGNORE),		/* */
		[ALIGN_EV_REALIGN] = C(NEGOTIATION, NEGOTIATE),
	},
};
#undef C

/*
 * The next entry to be summarised, or NULL.  The cursor is a name: entries
 * may come and go.  Changes behind it are queued instead.
 */
static struct entry *
summary_next(struct neighbor *nb)
{
	struct cache *c = &nb->group->cache;
	struct entry *e;

	if (nb->summarised)
		return NULL;
	e = nb->cursor_set ? cache_after(c, nb->cursor) : cache_first(c);
	for (; e != NULL && !entry_listed(e); e = cache_after(c, e->id)) {
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
summary_fits(struct neighbor *nb)
{
	struct entry *e = summary_next(nb);
	uint32_t n = 0, max = neighbor_records(nb, 4);

	for (; e != NULL; e = cache_after(&nb->group->cache, e->id))
		if (entry_listed(e) && ++n > max)
			return false;
	return true;
}

/*
 * Whoever leads repeats until there is an answer.  A slave never
 * does, but it may have answered a CA of an earlier alignment: nobody will
 * go on with that, so it doesn't wait for ever.
 */
static void
rearm(struct neighbor *nb)
{
	struct timers *ts = nb->scsp->timers;
	int64_t interval = seconds(nb->conf.rexmt_ca);

	if (nb->align == ALIGN_NEGOTIATION ||
	    (nb->align == ALIGN_SUMMARIZE && nb->master))
		timer_set(ts, &nb->ca_timer, interval);
	else if (nb->align == ALIGN_SUMMARIZE)
		timer_set(ts, &nb->ca_timer, 3 * interval);
}

/* Sends the last CA again: no copy of it, it gets a MAC of its own. */
static void
resend(struct neighbor *nb)
{
	struct packet p;

	if (nb->saved == NULL)
		return;
	packet_begin(&p, SCSP_CA);
	p.w.len = 0;
	wr_bytes(&p.w, nb->saved, nb->saved_len);
	p.common_at = 0;		/* complete already */
	nb->cas_out++;
	nb->retransmissions++;
	neighbor_send(nb, &p, NULL, false);
	rearm(nb);
}

/* Sends the next CA, with records if it is a summary's. */
static void
send_ca(struct neighbor *nb, uint16_t flags, bool records)
{
	struct packet p;
	struct csas c = { 0 };
	struct entry *e;

	neighbor_begin(nb, &p, SCSP_CA, flags);
	while (records && (e = summary_next(nb)) != NULL &&
	    packet_left(&p, EXT_RESERVE) >= SCSP_CSAS_LEN) {
		c.id = nb->cursor = e->id;
		nb->cursor_set = true;
		c.seq = e->seq;
		packet_csas(&p, &c);
	}
	if (records && summary_next(nb) != NULL)
		flags |= CA_O;		/* */
	wr_at_u16(&p.w, p.common_at + 6, flags);
	wr_at_u16(&p.w, p.common_at + 10, p.nrecords);
	align_release_saved(nb);
	if ((nb->saved = malloc(p.w.len)) != NULL) {
		memcpy(nb->saved, p.w.buf, p.w.len);
		nb->saved_len = p.w.len;
	}
	nb->ca_sent = nb->ca_seq;
	nb->cas_out++;
	neighbor_send(nb, &p, NULL, false);
	rearm(nb);
}

/* 2.2.2.1: what the DCS has and we have not goes on the CRL. */
static void
process(struct neighbor *nb, const struct scsp_message *m)
{
	struct rd r = m->records;
	struct csas c;
	struct entry *e;

	while (message_csas(&r, &c)) {
		if (!seq_valid(c.seq))		/* */
			continue;
		e = cache_find(&nb->group->cache, c.id);
		if (e != NULL && e->seen >= c.seq)	/* */
			continue;
		solicit_add(nb, c.id, c.seq);
		if (group_owns(nb->group, c.id))
			reborn_heard(nb->group, c.seq);
	}
}

/* alignment rebuilds everything but the cache. */
void
align_clear(struct neighbor *nb)
{
	timer_clear(nb->scsp->timers, &nb->ca_timer);
	align_release_saved(nb);
	nb->cursor_set = nb->summarised = nb->skipped = false;
	nb->master = false;
	solicit_clear(nb);
	update_clear(nb);
}

void
align_release_saved(struct neighbor *nb)
{
	free(nb->saved);
	nb->saved = NULL;
	nb->saved_len = 0;
}

/* A number that the DCS has not seen (B.2.1), clock or no clock. */
static void
negotiate(struct neighbor *nb)
{
	uint32_t now;

	align_clear(nb);
	now = (uint32_t)nb->scsp->ops->wallclock(nb->scsp->arg);
	nb->ca_used++;
	if ((int32_t)(now - nb->ca_used) > 0)
		nb->ca_used = now;
	nb->ca_seq = nb->ca_used;
	send_ca(nb, CA_M | CA_I | CA_O, false);
}

static void
enter_update(struct neighbor *nb)
{
	update_flush(nb, true);
	solicit_kick(nb);
}

static void
act(struct neighbor *nb, enum align_action action,
    const struct scsp_message *m)
{
	struct timers *ts = nb->scsp->timers;

	switch (action) {
	case ALIGN_DO_FORGOTTEN:
	case ALIGN_DO_VIOLATION:
	case ALIGN_DO_DISCARD:
		neighbor_drop(nb, DROP_STATE);
		break;
	case ALIGN_DO_IGNORE:
		break;
	case ALIGN_DO_AGAIN:
		neighbor_drop(nb, DROP_STATE);
		nb->nagain++;
		break;
	case ALIGN_DO_CLEAR:
		align_clear(nb);
		break;
	case ALIGN_DO_RENUMBER:		/* now the DCS takes a new one */
		nb->ntwice++;
		negotiate(nb);
		break;
	case ALIGN_DO_NEGOTIATE:
		negotiate(nb);
		break;
	case ALIGN_DO_SLAVE:		/* 2.2.1 rule 1 */
		timer_clear(ts, &nb->ca_timer);
		nb->master = false;
		nb->ca_seq = m->ca_seq;
		nb->ca_first = m->ca_seq;
		nb->twice = nb->begun &&
		    (int32_t)(nb->ca_first - nb->ca_highest) <= 0;
		if (!nb->twice)
			nb->ca_highest = nb->ca_first;
		nb->begun = true;
		nb->nagain = 0;
		send_ca(nb, 0, true);
		break;
	case ALIGN_DO_MASTER:		/* 2.2.1 rule 2 */
		nb->master = true;
		process(nb, m);
		nb->ca_seq++;
		nb->ca_used = nb->ca_seq;
		send_ca(nb, CA_M, true);
		break;
	case ALIGN_DO_NEXT:		/* 2.2.2 rules 3d2, 3d3, 5c2; A-54 */
		process(nb, m);
		nb->ca_seq++;
		if (nb->master)
			nb->ca_used = nb->ca_seq;
		send_ca(nb, nb->master ? CA_M : 0, true);
		break;
	case ALIGN_DO_DONE:		/* 2.2.2 rule 3d1 */
		timer_clear(ts, &nb->ca_timer);
		process(nb, m);
		nb->ca_seq++;
		nb->ca_used = nb->ca_seq;
		align_release_saved(nb);
		enter_update(nb);
		break;
	case ALIGN_DO_FINAL:		/* 2.2.2 rules 5c1, 5c2b; A-57 */
		nb->ntwice = 0;
		process(nb, m);
		nb->ca_seq++;
		send_ca(nb, 0, true);
		timer_set(ts, &nb->ca_timer,
		    3 * seconds(nb->conf.rexmt_ca));
		enter_update(nb);
		break;
	case ALIGN_DO_RESEND:
		resend(nb);
		break;
	case ALIGN_DO_RELEASE:
		align_release_saved(nb);
		break;
	case ALIGN_DO_ALIGNED:
		group_release(nb->group);
		break;
	}
}

static void
run(struct neighbor *nb, enum align_event ev, const struct scsp_message *m)
{
	const struct align_cell *cell = &align_table[nb->align][ev];
	enum align_state old = nb->align;

	nb->align = cell->next;
	if (old != cell->next) {
		nb->align_since = nb->scsp->timers->now;
		neighbor_event(nb, SCSP_EV_ALIGN, align_state_names[old],
		    align_state_names[cell->next], NULL, 0);
	}
	if (old != cell->next && old == ALIGN_ALIGNED)
		group_tell_neighbor(nb->group, nb->id, false);
	if (old != cell->next && cell->next == ALIGN_ALIGNED)
		group_tell_neighbor(nb->group, nb->id, true);
	act(nb, cell->action, m);
}

void
align_run(struct neighbor *nb, enum align_event ev)
{
	run(nb, ev, NULL);
}

/*
 * The initial CA of a larger ID.  With the number that this alignment began
 * with it is a copy, unless the master repeats it for want of an answer: it
 * takes another number when it begins anew (B.2.1).  Another answer with
 * that number would be a duplicate for it, and we would wait for the next
 * CA in vain, or it would miss what only the second summary lists.  Copies
 * are few; a DCS that restarts with one and the same number sends many.
 */
static enum align_event
classify_initial(struct neighbor *nb, const struct scsp_message *m)
{
	if (nb->align < ALIGN_SUMMARIZE || nb->master ||
	    m->ca_seq != nb->ca_first)
		return ALIGN_EV_INIT;
	if (nb->align == ALIGN_SUMMARIZE && nb->ca_seq == nb->ca_first)
		return ALIGN_EV_REPEATED;
	return nb->nagain < AGAIN_MAX ? ALIGN_EV_INIT_AGAIN : ALIGN_EV_INIT;
}

static enum align_event
classify_summarize(struct neighbor *nb, const struct scsp_message *m)
{
	uint32_t ahead = m->ca_seq - nb->ca_seq;
	bool lead = (m->flags & CA_M) != 0, more = (m->flags & CA_O) != 0;

	if ((m->flags & CA_I) != 0 || lead == nb->master)
		return ALIGN_EV_ERROR;			/* rule 1 */
	if (nb->master) {
		if (ahead == UINT32_MAX)
			return ALIGN_EV_STALE;		/* rule 2 */
		if (ahead != 0)
			return ALIGN_EV_ERROR;		/* */
		return !more && summary_next(nb) == NULL ?
		    ALIGN_EV_DONE : ALIGN_EV_NEXT;
	}
	if (ahead == 0)
		return ALIGN_EV_REPEATED;		/* rule 4 */
	if (ahead != 1)
		return ALIGN_EV_ERROR;			/* rule 6 */
	/*
	 * It may have an earlier answer of ours to that number, with another
	 * summary.  A DCS with numbers that don't grow gets through, too.
	 */
	if (nb->twice && nb->ca_seq == nb->ca_first &&
	    nb->ntwice < AGAIN_MAX)
		return ALIGN_EV_TWICE;
	return !more && summary_fits(nb) ? ALIGN_EV_FINAL : ALIGN_EV_NEXT;
}

/* What a CA is in the state that we are in. */
static enum align_event
classify(struct neighbor *nb, const struct scsp_message *m)
{
	const uint16_t all = CA_M | CA_I | CA_O;
	uint16_t lead = m->flags & (CA_M | CA_I);

	if ((m->flags & all) == all && m->nrecords == 0 &&
	    m->sender > nb->scsp->lsid)
		return classify_initial(nb, m);
	switch (nb->align) {
	case ALIGN_NEGOTIATION:				/* and A-68 */
		return lead == 0 && m->sender < nb->scsp->lsid &&
		    m->ca_seq == nb->ca_seq ? ALIGN_EV_ANSWER :
		    ALIGN_EV_STRAY;
	case ALIGN_SUMMARIZE:
		return classify_summarize(nb, m);
	case ALIGN_UPDATE:				/* */
	case ALIGN_ALIGNED:
		if (nb->master && lead == 0 && (m->ca_seq == nb->ca_sent ||
		    m->ca_seq == nb->ca_sent - 1))
			return ALIGN_EV_STALE;
		if (!nb->master && lead == CA_M && nb->saved != NULL &&
		    m->ca_seq == nb->ca_seq)
			return ALIGN_EV_REPEATED;
		return ALIGN_EV_ERROR;
	case ALIGN_DOWN:
	case ALIGN_STATE_MAX:
		break;
	}
	return ALIGN_EV_STRAY;
}

/* A CA from the DCS, for us. */
void
align_ca(struct neighbor *nb, const struct scsp_message *m)
{
	enum align_event ev;

	nb->cas_in++;
	ev = classify(nb, m);
	run(nb, ev, m);
	if (ev == ALIGN_EV_INIT && nb->align == ALIGN_NEGOTIATION)
		run(nb, classify(nb, m), m);
}

static void
on_ca_timer(void *arg)
{
	struct neighbor *nb = arg;
	bool stuck = (nb->align == ALIGN_SUMMARIZE && !nb->master) ||
	    (!align_exchanging(nb) && nb->saved == NULL);

	align_run(nb, stuck ? ALIGN_EV_STUCK : ALIGN_EV_TIMER);
}

void
align_init(struct neighbor *nb)
{
	nb->align = ALIGN_DOWN;
	nb->align_since = nb->scsp->timers->now;
	timer_init(&nb->ca_timer, on_ca_timer, nb);
}

/* CSU messages may be exchanged (2.3). */
bool
align_exchanging(const struct neighbor *nb)
{
	return nb->align == ALIGN_UPDATE || nb->align == ALIGN_ALIGNED;
}
