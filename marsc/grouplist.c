/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The groups of a block that have layer 3 members (RFC 2022 section 5.3), for
 * routers that ask the MARS where others send IGMP queries (8.5).
 */
#include "client.h"

enum marsc_error
marsc_grouplist(
    struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	struct marsc_query *q = &c->list;

	if (min->len == 0 || min->len != max->len || paddr_cmp(min, max) > 0)
		return MARSC_E_RANGE;
	if (q->state != MARSC_QUERY_IDLE)
		return MARSC_E_BUSY;
	q->min = *min;
	q->max = *max;
	q->told = true;
	marsc_query_event(q, MARSC_QUERY_EV_ASK);
	return MARSC_OK;
}

/* The request has the form of a MARS_JOIN (5.3). */
void
marsc_grouplist_send(struct marsc_query *q)
{
	uint8_t pair[2 * PADDR_MAX];
	struct mars_msg m;
	struct wr w;

	marsc_msg(q->client, &m, MARS_GROUPLIST_REQUEST);
	wr_init(&w, pair, sizeof(pair));
	mars_list_pair(&w, &q->min, &q->max);
	m.pnum = 1;
	m.tpln = q->min.len;
	m.list = pair;
	m.list_len = w.len;
	marsc_send(q->client, &m);
}

/* A MARS_GROUPLIST_REPLY, which comes in parts as a MARS_MULTI does. */
void
marsc_grouplist_reply(struct marsc *c, const struct mars_msg *m)
{
	struct marsc_query *q = &c->list;

	if (q->state != MARSC_QUERY_ASKING || !marsc_is_self(c, &m->src)) {
		c->drops[MARSC_DROP_UNASKED]++;
		return;
	}
	if (!marsc_query_part(q, m))
		return;
	if (marsc_hsn_update(&c->hsn, m->msn))
		marsc_path_stale_all(c);
	marsc_turn_answered(c);
	marsc_query_event(q, MARSC_QUERY_EV_ANSWER);
}
