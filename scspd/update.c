/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The messages of cache state update (RFC 2334 section 2.3), received: a CSU
 * Request brings records, a CSU Reply acknowledges ours, a CSUS asks for
 * some.
 *
 *  - 2.3 compares a record of a CSU Reply with ours as a whole, though hop
 *    count and length are never the same.  Here key, OID and number are
 *    compared.
 *  - A CSUS that asks for another instance than the one held is not
 *    foreseen.  Here it gets what is held, whatever its number.
 *  - Messages without records, and records that nobody waits for, are
 *    accepted and mean nothing.
 */
#include "align.h"
#include "group.h"
#include "hold.h"
#include "neighbor.h"
#include "publish.h"
#include "queue.h"
#include "record.h"
#include "scsp.h"
#include "solicit.h"

#include "update.h"

/* answers with the last number, in retransmit limits, before it is given up */
#define PATIENCE	10
/* a neighbor names records that are nowhere near each other in our memory */
#define AHEAD		8

void
scsp_update_records(
    struct scsp_neighbor *nb, const struct scsp_csas *record, uint16_t n)
{
	uint16_t i;

	/* a record may end the exchange: without memory it starts over */
	for (i = 0; i < n && scsp_align_exchanging(nb); i++)
		scsp_record_input(nb, &record[i]);
	scsp_solicit_exchanged(nb);
	scsp_solicit_kick(nb);
}

/* For us or for all servers. */
void
scsp_update_request(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	nb->requests_in++;
	scsp_align_release_saved(nb); /* */
	if (TAILQ_EMPTY(&nb->held) && scsp_hold_passes(nb, m->nrecords))
		scsp_update_records(nb, m->record, m->nrecords);
	else if (!scsp_hold_add(nb, m))
		scsp_neighbor_drop(nb, SCSP_DROP_CONGESTED);
}

/*
 * The neighbor has yet to forget the last life of a record that has begun
 * anew, so it is sent once more.  An honest one forgets when its own neighbors
 * have acknowledged the end, or are lost; who does not is given up.
 */
static bool
to_be_forgotten(struct scsp_link *l, int32_t seq)
{
	struct scsp_neighbor *nb = l->neighbor;

	if (seq != SEQ_PURGE || l->entry->seq == SEQ_PURGE)
		return false;
	if (l->ended++ < nb->conf.rexmt_limit * PATIENCE) {
		l->tries = 0;
		return true;
	}
	scsp_neighbor_drop(nb, SCSP_DROP_RECORD_ENDED);
	scsp_neighbor_tell_record(nb, SCSP_EV_LIMIT, l->entry->id,
	    SCSP_DROP_RECORD_ENDED, l->ended);
	return false;
}

/*
 * A CSU Reply: rules 1 and 2 of 2.3.  A record with N is an acknowledgement
 * like any other.
 */
void
scsp_update_reply(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	const struct scsp_csas *c;
	struct scsp_entry *e;
	struct scsp_link *l;

	nb->replies_in++;
	scsp_align_release_saved(nb);
	for (c = m->record; c < m->record + m->nrecords; c++) {
		if ((l = scsp_queue_named(nb, c->id)) == NULL)
			continue;
		e = l->entry;
		if (e->seq > c->seq)
			continue;
		if (to_be_forgotten(l, c->seq)) /* */
			continue;
		/* rule 2: it has a newer one, and not only the end of one */
		if (c->seq > e->seen && c->seq != SEQ_PURGE)
			scsp_solicit_add(nb, c->id, c->seq);
		scsp_queue_acknowledged(l);
		scsp_entry_settle(nb->group, e);
	}
	if (TAILQ_EMPTY(&nb->sent))
		timer_clear(nb->scsp->timers, &nb->csu_timer);
	if (!TAILQ_EMPTY(&nb->fresh)) {
		scsp_queue_flush(nb, false); /* the window is open again */
		scsp_queue_gather(nb);
	}
	scsp_publish_go_on(nb->group);
	scsp_solicit_exchanged(nb);
	scsp_solicit_kick(nb);
}

/*
 * A CSUS: what is held is queued with one hop (B.2.0.2), whatever its
 * number; the rest is answered at once by null records (2.3).
 */
void
scsp_update_csus(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct scsp_packet p;
	struct scsp_csas c;
	struct scsp_entry *e;
	uint16_t i;

	nb->csus_in++;
	scsp_align_release_saved(nb);
	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	for (i = 0; i < m->nrecords && scsp_align_exchanging(nb); i++) {
		if (i + AHEAD < m->nrecords)
			scsp_cache_fetch(
			    &nb->group->cache, m->record[i + AHEAD].id);
		c = m->record[i];
		e = scsp_cache_find(&nb->group->cache, c.id);
		if (e != NULL &&
		    (scsp_entry_listed(e) || (e->flags & ENTRY_SHOWN) != 0)) {
			scsp_queue_add(nb, e, 1, false);
			continue;
		}
		if (e != NULL && (e->flags & ENTRY_HIDDEN) != 0)
			nb->skipped = true;
		c.null = true;
		c.hops = 1;
		if (scsp_packet_left(&p, EXT_RESERVE) < SCSP_CSAS_LEN)
			continue; /* it will ask again */
		scsp_packet_csa(&p, &c);
		if (nb->conf.csu_batch == 0 || p.nrecords < nb->conf.csu_batch)
			continue;
		nb->requests_out++;
		scsp_neighbor_send(nb, &p, NULL, false);
		scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	}
	if (p.nrecords != 0 && scsp_align_exchanging(nb)) {
		nb->requests_out++;
		scsp_neighbor_send(nb, &p, NULL, false);
	}
	scsp_queue_flush(nb, true);
}
