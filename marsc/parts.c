/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "parts.h"

/* RFC 2022 5.1.1: after a bad part, the rest is waited for and discarded. */
static const struct table_cell parts_cells[MARSC_PARTS_STATE_MAX]
    [MARSC_PARTS_EVENT_MAX] = {
	[MARSC_PARTS_NONE] = {
		[MARSC_PARTS_EV_GOOD] =
		    { MARSC_PARTS_SOME, MARSC_PARTS_R_MORE },
		[MARSC_PARTS_EV_GOOD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_DONE },
		[MARSC_PARTS_EV_BAD] =
		    { MARSC_PARTS_SPOILT, MARSC_PARTS_R_WAIT },
		[MARSC_PARTS_EV_BAD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_FAILED },
		[MARSC_PARTS_EV_RESET] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_CLEARED },
	},
	[MARSC_PARTS_SOME] = {
		[MARSC_PARTS_EV_GOOD] =
		    { MARSC_PARTS_SOME, MARSC_PARTS_R_MORE },
		[MARSC_PARTS_EV_GOOD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_DONE },
		[MARSC_PARTS_EV_BAD] =
		    { MARSC_PARTS_SPOILT, MARSC_PARTS_R_WAIT },
		[MARSC_PARTS_EV_BAD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_FAILED },
		[MARSC_PARTS_EV_RESET] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_CLEARED },
	},
	[MARSC_PARTS_SPOILT] = {
		[MARSC_PARTS_EV_GOOD] =
		    { MARSC_PARTS_SPOILT, MARSC_PARTS_R_WAIT },
		[MARSC_PARTS_EV_GOOD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_FAILED },
		[MARSC_PARTS_EV_BAD] =
		    { MARSC_PARTS_SPOILT, MARSC_PARTS_R_WAIT },
		[MARSC_PARTS_EV_BAD_LAST] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_FAILED },
		[MARSC_PARTS_EV_RESET] =
		    { MARSC_PARTS_NONE, MARSC_PARTS_R_CLEARED },
	},
};
TABLE_DEFINE(marsc_parts_table, "parts", MARSC_PARTS, parts_cells);

void
marsc_parts_init(
    struct marsc_parts *p, struct marsc_parts_room *room, bool moving)
{
	*p = (struct marsc_parts){ .room = room, .next = 1, .moving = moving };
}

static size_t
entry_size(bool groups)
{
	return groups ? sizeof(struct paddr) : sizeof(struct atm_addr);
}

void
marsc_parts_free(struct marsc_parts *p)
{
	p->room->octets -= p->max * entry_size(p->groups != NULL);
	free(p->addrs);
	free(p->groups);
	marsc_parts_init(p, p->room, p->moving);
}

static enum marsc_parts_result
parts_step(struct marsc_parts *p, enum marsc_parts_event ev)
{
	/* a peer may send anything, so no cell is a violation */
	return (enum marsc_parts_result)table_step(
	    &marsc_parts_table, &p->state, ev, NULL);
}

void
marsc_parts_reset(struct marsc_parts *p)
{
	(void)parts_step(p, MARSC_PARTS_EV_RESET);
	p->n = 0;
	p->next = 1;
	p->no_memory = false;
}

/* There may be 32767 parts, so that a MARS could fill our memory. */
static bool
parts_grow(struct marsc_parts *p, bool groups, size_t more)
{
	struct marsc_parts_room *room = p->room;
	size_t size = entry_size(groups), want = p->n + more, most;
	void *v;

	if (want <= p->max)
		return true;
	most = p->max + (room->most - room->octets) / size;
	if (want > most)
		return false;
	want = want + want / 2 < most ? want + want / 2 : most;
	v = reallocarray(groups ? (void *)p->groups : (void *)p->addrs, want,
	    size);
	if (v == NULL)
		return false;
	if (groups)
		p->groups = v;
	else
		p->addrs = v;
	room->octets += (want - p->max) * size;
	p->max = want;
	return true;
}

static void
parts_take(struct marsc_parts *p, const struct mars_msg *m)
{
	bool groups = m->op == MARS_GROUPLIST_REPLY;
	uint16_t i;

	if (!parts_grow(p, groups, m->tnum)) {
		p->no_memory = true;
		return;
	}
	for (i = 0; i < m->tnum; i++) {
		if (groups)
			mars_group(m, i, &p->groups[p->n++]);
		else
			mars_target(m, i, &p->addrs[p->n++]);
	}
}

/*
 * All parts have the mar$msn of the first one, but on a control VC it may grow
 * by 1 with each part.
 */
static bool
parts_expected(const struct marsc_parts *p, const struct mars_msg *m)
{
	if (m->seq != p->next)
		return false;
	return m->seq == 1 || m->msn == p->msn ||
	    (p->moving && m->msn - p->msn == 1);
}

enum marsc_parts_result
marsc_parts_input(struct marsc_parts *p, const struct mars_msg *m)
{
	enum marsc_parts_event ev;
	enum marsc_parts_result r;

	if (p->state == MARSC_PARTS_NONE) {
		/* the answer before this one has been used */
		p->n = 0;
		p->next = 1;
		p->no_memory = false;
	}
	if (p->state != MARSC_PARTS_SPOILT && parts_expected(p, m))
		parts_take(p, m);
	if (!parts_expected(p, m) || p->no_memory)
		ev = m->last ? MARSC_PARTS_EV_BAD_LAST : MARSC_PARTS_EV_BAD;
	else
		ev = m->last ? MARSC_PARTS_EV_GOOD_LAST : MARSC_PARTS_EV_GOOD;
	p->next = (uint16_t)(m->seq + 1);
	p->msn = m->msn;
	r = parts_step(p, ev);
	if (r == MARSC_PARTS_R_FAILED)
		p->n = 0;
	return r;
}
