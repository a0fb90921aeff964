/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a neighbor brings while marsd is behind.
 *
 * A CSU Request that is not taken is repeated after an interval, of seconds:
 * at best the alignment takes that much longer, at worst it starts over.  So
 * requests wait here, as many as a neighbor that keeps a window as ours does
 * has on their way; what is more is left to it to repeat.  Only requests wait:
 * Hellos and the rest are dealt with.  A few records are taken from every
 * neighbor all the same, so that who floods harms nobody else.
 */
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "neighbor.h"
#include "scsp.h"
#include "update.h"

/* records a second that a neighbor may bring however far marsd is behind */
#define GRACE_RECORDS	64

struct scsp_held {
	TAILQ_ENTRY(scsp_held)	 entry;
	size_t			 octets;
	uint16_t		 n;
	struct scsp_csas	 record[];	/* their contents follow */
};

static void	hold_expired(void *);

void
scsp_hold_init(struct scsp_neighbor *nb)
{
	TAILQ_INIT(&nb->held);
	timer_init(&nb->held_timer, hold_expired, nb);
}

static struct scsp_held *
hold_take(struct scsp_neighbor *nb)
{
	struct scsp_held *h = TAILQ_FIRST(&nb->held);

	if (h != NULL) {
		TAILQ_REMOVE(&nb->held, h, entry);
		nb->held_octets -= h->octets;
	}
	return h;
}

void
scsp_hold_clear(struct scsp_neighbor *nb)
{
	struct scsp_held *h;

	while ((h = hold_take(nb)) != NULL)
		free(h);
	timer_clear(nb->scsp->timers, &nb->held_timer);
}

/*
 * A request that has more than those of a second is taken when none of them
 * have been, and costs the seconds that follow: else it would wait for ever,
 * and its neighbor would take us for dead.
 */
bool
scsp_hold_passes(struct scsp_neighbor *nb, uint32_t n)
{
	mtime_t now = nb->scsp->timers->now;
	int64_t s = mtime_diff(nb->grace_at, now) / MTIME_SEC(1);

	if (s > 0) {
		nb->grace_at = now;
		nb->grace += s * GRACE_RECORDS;
		if (nb->grace > GRACE_RECORDS)
			nb->grace = GRACE_RECORDS;
	}
	if (nb->grace < (n < GRACE_RECORDS ? n : GRACE_RECORDS))
		return !scsp_neighbor_congested(nb);
	nb->grace -= n;
	return true;
}

static size_t
contents_of(const struct scsp_message *m)
{
	size_t octets = 0;
	uint16_t i;

	for (i = 0; i < m->nrecords; i++)
		octets += m->record[i].len;
	return octets;
}

bool
scsp_hold_add(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	size_t heads = m->nrecords * sizeof(m->record[0]);
	struct scsp_held *h;
	size_t octets = sizeof(*h) + heads + contents_of(m);
	uint8_t *p;
	uint16_t i;

	if (nb->held_octets + octets > SCSP_HOLD_OCTETS ||
	    (h = malloc(octets)) == NULL)
		return false;
	h->octets = octets;
	h->n = m->nrecords;
	memcpy(h->record, m->record, heads);
	p = (uint8_t *)&h->record[h->n];
	for (i = 0; i < h->n; i++) {
		if (h->record[i].len != 0)
			memcpy(p, h->record[i].data, h->record[i].len);
		h->record[i].data = p;
		p += h->record[i].len;
	}
	TAILQ_INSERT_TAIL(&nb->held, h, entry);
	nb->held_octets += h->octets;
	if (!timer_isset(&nb->held_timer))
		timer_set(nb->scsp->timers, &nb->held_timer, SCSP_LOOK_AGAIN);
	return true;
}

/* What its records do to the exchange may clear the rest. */
static void
hold_expired(void *arg)
{
	struct scsp_neighbor *nb = arg;
	struct scsp_held *h;

	while ((h = TAILQ_FIRST(&nb->held)) != NULL &&
	    scsp_hold_passes(nb, h->n)) {
		(void)hold_take(nb);
		scsp_update_records(nb, h->record, h->n);
		free(h);
	}
	if (!TAILQ_EMPTY(&nb->held))
		timer_set(nb->scsp->timers, &nb->held_timer, SCSP_LOOK_AGAIN);
}
