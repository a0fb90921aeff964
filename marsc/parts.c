/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "parts.h"

/* RFC 2022 section 5.1.1: a spoilt answer is waited for to its end. */
const struct parts_cell parts_table[PARTS_STATE_MAX][PARTS_EVENT_MAX] = {
	[PARTS_NONE] = {
		[PARTS_EV_GOOD] = { PARTS_SOME, PARTS_R_MORE },
		[PARTS_EV_GOOD_LAST] = { PARTS_NONE, PARTS_R_DONE },
		[PARTS_EV_BAD] = { PARTS_SPOILT, PARTS_R_WAIT },
		[PARTS_EV_BAD_LAST] = { PARTS_NONE, PARTS_R_FAILED },
		[PARTS_EV_RESET] = { PARTS_NONE, PARTS_R_CLEARED },
	},
	[PARTS_SOME] = {
		[PARTS_EV_GOOD] = { PARTS_SOME, PARTS_R_MORE },
		[PARTS_EV_GOOD_LAST] = { PARTS_NONE, PARTS_R_DONE },
		[PARTS_EV_BAD] = { PARTS_SPOILT, PARTS_R_WAIT },
		[PARTS_EV_BAD_LAST] = { PARTS_NONE, PARTS_R_FAILED },
		[PARTS_EV_RESET] = { PARTS_NONE, PARTS_R_CLEARED },
	},
	[PARTS_SPOILT] = {
		[PARTS_EV_GOOD] = { PARTS_SPOILT, PARTS_R_WAIT },
		[PARTS_EV_GOOD_LAST] = { PARTS_NONE, PARTS_R_FAILED },
		[PARTS_EV_BAD] = { PARTS_SPOILT, PARTS_R_WAIT },
		[PARTS_EV_BAD_LAST] = { PARTS_NONE, PARTS_R_FAILED },
		[PARTS_EV_RESET] = { PARTS_NONE, PARTS_R_CLEARED },
	},
};

void
parts_init(struct parts *p, bool moving)
{
	*p = (struct parts){ .next = 1, .moving = moving };
}

void
parts_free(struct parts *p)
{
	free(p->addrs);
	free(p->groups);
	parts_init(p, p->moving);
}

static enum parts_result
parts_step(struct parts *p, enum parts_event ev)
{
	const struct parts_cell *cell = &parts_table[p->state][ev];

	p->state = cell->next;
	return cell->result;
}

void
parts_reset(struct parts *p)
{
	(void)parts_step(p, PARTS_EV_RESET);
	p->n = 0;
	p->next = 1;
	p->no_memory = false;
}

static bool
parts_grow(struct parts *p, bool groups, size_t more)
{
	size_t want = p->n + more;
	void *v;

	if (want <= p->max)
		return true;
	want += want / 2;
	v = groups ? reallocarray(p->groups, want, sizeof(*p->groups)) :
	    reallocarray(p->addrs, want, sizeof(*p->addrs));
	if (v == NULL)
		return false;
	if (groups)
		p->groups = v;
	else
		p->addrs = v;
	p->max = want;
	return true;
}

static void
parts_take(struct parts *p, const struct mars_msg *m)
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

/* The first part fixes mar$msn; a control VC counts it up. */
static bool
parts_expected(const struct parts *p, const struct mars_msg *m)
{
	if (m->seq != p->next)
		return false;
	return m->seq == 1 || m->msn == p->msn ||
	    (p->moving && m->msn - p->msn == 1);
}

enum parts_result
parts_input(struct parts *p, const struct mars_msg *m)
{
	enum parts_event ev;
	enum parts_result r;

	if (p->state == PARTS_NONE) {	/* what was complete before is over */
		p->n = 0;
		p->next = 1;
		p->no_memory = false;
	}
	if (p->state != PARTS_SPOILT && parts_expected(p, m))
		parts_take(p, m);
	if (!parts_expected(p, m) || p->no_memory)
		ev = m->last ? PARTS_EV_BAD_LAST : PARTS_EV_BAD;
	else
		ev = m->last ? PARTS_EV_GOOD_LAST : PARTS_EV_GOOD;
	p->next = (uint16_t)(m->seq + 1);
	p->msn = m->msn;
	r = parts_step(p, ev);
	if (r == PARTS_R_FAILED)
		p->n = 0;
	return r;
}
