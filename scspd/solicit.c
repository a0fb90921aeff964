/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Soliciting what a neighbor has in newer instances (RFC 2334 section 2.2.3):
 * the CSA Request List in blocks that are freed as they are asked for, and
 * at most one CSUS outstanding.
 *
 *  - 2.3 rule 2b asks for a record in Aligned "as if" in alignment.  Here the
 *    state stays Aligned, and asking goes on beside flooding.
 *  - An element of the list ends with its record, 2.2.3 says.  Here it ends
 *    also when the record comes from elsewhere or is newer than asked for,
 *    when it was refused, or with a null record.
 *  - A CSUS is repeated without a limit.  Here the limit is that of CSU
 *    Requests.  What is unanswered then is asked for once more, one record to
 *    a CSUS, so that one that can't be had does not hold up the rest; what
 *    still does not come is given up for this alignment.  It is an abnormal
 *    event only if the neighbor has answered nothing at all, of several that
 *    were asked for, and did not begin anew for that reason already.
 *
 * What a neighbor lists is bounded by what may be held: a summary of more
 * names than that is counted and told, and those names are not asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "align.h"
#include "cache.h"
#include "group.h"
#include "neighbor.h"
#include "scsp.h"
#include "solicit.h"

/* while marsd is behind, until what was asked for is asked for once more */
#define CONGESTED_WAIT	MTIME_MS(500)

_Static_assert(sizeof(struct scsp_want_block) <= SLAB_LARGEST,
    "blocks of the list are of the pool");

static void	on_csus_timer(void *);

void
scsp_solicit_init(struct scsp_neighbor *nb)
{
	TAILQ_INIT(&nb->crl);
	timer_init(&nb->csus_timer, on_csus_timer, nb);
}

void
scsp_solicit_clear(struct scsp_neighbor *nb)
{
	struct scsp_want_block *b;

	while ((b = TAILQ_FIRST(&nb->crl)) != NULL) {
		TAILQ_REMOVE(&nb->crl, b, entry);
		slab_pool_put(b);
	}
	free(nb->out);
	nb->out = NULL;
	nb->ncrl = nb->nout = nb->nopen = nb->csus_tries = 0;
	nb->crl_failed = nb->csus_progress = nb->crl_full = false;
	nb->csus_single = nb->exchanged = false;
	timer_clear(nb->scsp->timers, &nb->csus_timer);
}

uint32_t
scsp_solicit_pending(const struct scsp_neighbor *nb)
{
	return nb->ncrl + nb->nopen;
}

/* Counted each time, told once in an alignment. */
static void
list_full(struct scsp_neighbor *nb, scsp_record_id id)
{
	scsp_neighbor_drop(nb, SCSP_DROP_REQUEST_LIMIT);
	scsp_group_refused(nb);
	if (nb->crl_full)
		return;
	nb->crl_full = true;
	scsp_neighbor_tell_record(nb, SCSP_EV_LIMIT, id,
	    SCSP_DROP_REQUEST_LIMIT, nb->group->max_records);
}

void
scsp_solicit_add(struct scsp_neighbor *nb, scsp_record_id id, int32_t seq)
{
	struct scsp_want_block *b;
	struct scsp_want *w;

	if (nb->ncrl + nb->nopen >= nb->group->max_records) {
		list_full(nb, id);
		return;
	}
	b = TAILQ_LAST(&nb->crl, scsp_want_list);
	if (b == NULL || b->n == WANT_BLOCK) {
		b = slab_pool_get(&nb->scsp->pool, sizeof(*b));
		if (b == NULL) {
			scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
			nb->crl_failed = true;
			return;
		}
		b->first = b->n = 0;
		TAILQ_INSERT_TAIL(&nb->crl, b, entry);
	}
	w = &b->want[b->n++];
	w->id = id;
	w->seq = seq;
	w->answered = false;
	nb->ncrl++;
}

/* Nothing more is to be expected for it. */
static bool
satisfied(struct scsp_neighbor *nb, const struct scsp_want *w)
{
	struct scsp_entry *e = scsp_cache_find(&nb->group->cache, w->id);

	return w->answered || (e != NULL && scsp_entry_knows(e, w->seq));
}

static int
want_cmp(const void *a, const void *b)
{
	const struct scsp_want *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Fills the CSUS to be sent with what is still wanted from the CRL. */
static void
fill(struct scsp_neighbor *nb)
{
	struct scsp_want_block *b;
	struct scsp_want *w;

	while (nb->nout < scsp_neighbor_records(nb, 0) &&
	    (b = TAILQ_FIRST(&nb->crl)) != NULL) {
		w = &b->want[b->first++];
		nb->ncrl--;
		if (!satisfied(nb, w))
			nb->out[nb->nout++] = *w;
		if (b->first == b->n) {
			TAILQ_REMOVE(&nb->crl, b, entry);
			slab_pool_put(b);
		}
	}
	/* scsp_solicit_answered() searches it by name */
	if (nb->nout > 1)
		qsort(nb->out, nb->nout, sizeof(*nb->out), want_cmp);
	nb->nopen = nb->nout;
}

static void
send_csus(struct scsp_neighbor *nb)
{
	struct scsp_packet p;
	struct scsp_csas c = { 0 };
	uint32_t i, n;

	/* the timer first, as 2.2.3 has it */
	timer_set(nb->scsp->timers, &nb->csus_timer,
	    scsp_seconds(nb->conf.rexmt_csus));
	scsp_neighbor_begin(nb, &p, SCSP_CSUS, 0);
	/* in the next one what does not fit, if the circuit takes less now */
	n = nb->csus_single ? 1 : scsp_neighbor_records(nb, 0);
	for (i = 0; i < nb->nout && i < n; i++) {
		c.id = nb->out[i].id;
		c.seq = nb->out[i].seq;
		scsp_packet_csas(&p, &c);
	}
	nb->csus_octets = p.w.len;
	nb->csus_out++;
	scsp_neighbor_send(nb, &p, NULL, false);
}

void
scsp_solicit_kick(struct scsp_neighbor *nb)
{
	if (nb->nopen != 0 || !scsp_align_exchanging(nb))
		return;
	timer_clear(nb->scsp->timers, &nb->csus_timer);
	if (nb->out == NULL && nb->ncrl != 0 &&
	    (nb->out = malloc(RECORDS_MAX * sizeof(*nb->out))) == NULL) {
		scsp_neighbor_drop(nb, SCSP_DROP_MEMORY);
		scsp_neighbor_abnormal(nb, scsp_drop_name(SCSP_DROP_MEMORY));
		return;
	}
	nb->nout = nb->csus_tries = 0;
	nb->csus_progress = nb->csus_single = false;
	if (nb->ncrl != 0 && scsp_neighbor_congested(nb)) {
		timer_set(nb->scsp->timers, &nb->csus_timer, SCSP_LOOK_AGAIN);
		return;
	}
	fill(nb);
	if (nb->nout != 0) {
		send_csus(nb);
		return;
	}
	free(nb->out);
	nb->out = NULL;
	scsp_align_run(
	    nb, nb->crl_failed ? SCSP_ALIGN_EV_REALIGN : SCSP_ALIGN_EV_SYNCED);
}

/*
 * The neighbor has sent this record, whatever becomes of it here.  An
 * older instance than was asked for is no answer: it may have been under way
 * for long, and our CSUS may be lost.  True if the record is in the CSUS that
 * is outstanding.  A null record must also be the first answer: after
 * the neighbor said that it has the record no more, it may have got it back.
 */
bool
scsp_solicit_answered(struct scsp_neighbor *nb, const struct scsp_csas *c)
{
	struct scsp_want key = { .id = c->id }, *w;
	bool refused = c->null || !scsp_seq_valid(c->seq), open = false;

	if (nb->nopen == 0)
		return false;
	w = bsearch(&key, nb->out, nb->nout, sizeof(*nb->out), want_cmp);
	if (w == NULL)
		return false;
	/* the same name may be there more than once */
	while (w > nb->out && w[-1].id == c->id)
		w--;
	for (; w < nb->out + nb->nout && w->id == c->id; w++)
		if (!w->answered && (refused || c->seq >= w->seq)) {
			w->answered = open = true;
			nb->nopen--;
			nb->csus_progress = true;
		}
	if (open) {
		nb->csus_ignored = false;
		scsp_neighbor_answers(nb, nb->csus_octets);
	}
	return open || !c->null;
}

/* Drops from the CSUS what is not wanted any more. */
static void
compact(struct scsp_neighbor *nb)
{
	uint32_t i, n = 0;

	for (i = 0; i < nb->nout; i++)
		if (!satisfied(nb, &nb->out[i]))
			nb->out[n++] = nb->out[i];
	nb->nout = nb->nopen = n;
}

/* Asks for the first that is left, alone; or, if none is left, goes on. */
static void
ask_single(struct scsp_neighbor *nb)
{
	compact(nb);
	nb->csus_progress = false;
	if (nb->nout == 0)
		scsp_solicit_kick(nb);
	else
		send_csus(nb);
}

/*
 * The limit is reached.  A neighbor that answers something is asked for
 * the rest one by one; one that answers nothing at all may have lost us.  That
 * one record does not come says nothing, and a neighbor that has begun anew
 * since and still does not answer has not lost us: it has only records left
 * that can't be had, and beginning anew would never end.
 */
static void
at_the_limit(struct scsp_neighbor *nb)
{
	if (!nb->exchanged && !nb->csus_ignored && nb->nout > 1) {
		nb->csus_ignored = true;
		scsp_neighbor_abnormal(nb, "csus-limit");
		return;
	}
	nb->csus_single = true;
	ask_single(nb);
}

/* It was asked for alone, and did not come. */
static void
give_up(struct scsp_neighbor *nb)
{
	scsp_neighbor_drop(nb, SCSP_DROP_RECORD_MISSING);
	scsp_neighbor_tell_record(nb, SCSP_EV_MISSING, nb->out[0].id,
	    SCSP_DROP_RECORD_MISSING, RECORD_KEY(nb->out[0].id));
	nb->out[0].answered = true;
	ask_single(nb);
}

void
scsp_solicit_exchanged(struct scsp_neighbor *nb)
{
	nb->exchanged = true;
	/* the one that was asked for alone is here: the next */
	if (nb->csus_single && nb->nopen != 0 && nb->csus_progress)
		ask_single(nb);
}

/*
 * Not all of it came in time: asks for the rest and for more, as often in a
 * row without an answer as a CSA record is retransmitted.
 */
static void
on_csus_timer(void *arg)
{
	struct scsp_neighbor *nb = arg;

	if (nb->nopen != 0 && scsp_neighbor_congested(nb)) {
		/* what it sends is not taken: that is no fault of its */
		timer_set(nb->scsp->timers, &nb->csus_timer, CONGESTED_WAIT);
		return;
	}
	if (nb->csus_single && nb->nout != 0 && !satisfied(nb, &nb->out[0])) {
		give_up(nb);
		return;
	}
	if (nb->csus_single) {
		ask_single(nb);
		return;
	}
	compact(nb);
	if (nb->nout == 0) {
		scsp_solicit_kick(nb);
		return;
	}
	if (nb->csus_progress)
		nb->csus_tries = 0;
	nb->csus_progress = false;
	if (nb->csus_tries++ >= nb->conf.rexmt_limit) {
		at_the_limit(nb);
		return;
	}
	nb->retransmissions += nb->nout;
	scsp_neighbor_repeats(nb, nb->csus_octets);
	fill(nb);
	send_csus(nb);
}
