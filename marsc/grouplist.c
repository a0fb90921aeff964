/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The groups of a block that have layer 3 members (RFC 2022 section 5.3), for
 * routers that ask the MARS where others send IGMP queries (8.5).
 */
#include "client_impl.h"

enum client_error
client_grouplist(struct client *c, const struct paddr *min,
    const struct paddr *max)
{
	struct query *q = &c->list;

	if (min->len == 0 || min->len != max->len ||
	    paddr_cmp(min, max) > 0)
		return CLIENT_E_RANGE;
	if (q->state != QUERY_IDLE)
		return CLIENT_E_BUSY;
	q->min = *min;
	q->max = *max;
	q->told = true;
	query_event(q, QUERY_EV_ASK);
	return CLIENT_OK;
}

/* A MARS_JOIN with another operation code. */
void
grouplist_send(struct query *q)
{
	uint8_t pair[2 * PADDR_MAX];
	struct mars_msg m;
	struct wr w;

	client_msg(q->client, &m, MARS_GROUPLIST_REQUEST);
	wr_init(&w, pair, sizeof(pair));
	mars_list_pair(&w, &q->min, &q->max);
	m.pnum = 1;
	m.tpln = q->min.len;
	m.list = pair;
	m.list_len = w.len;
	client_send(q->client, &m);
}

/* One MARS_GROUPLIST_REPLY; received as MARS_MULTI is. */
void
grouplist_reply(struct client *c, const struct mars_msg *m)
{
	struct query *q = &c->list;

	if (q->state != QUERY_ASKING || !client_is_self(c, &m->src)) {
		c->drops[CLIENT_DROP_UNASKED]++;
		return;
	}
	if (!query_part(q, m))
		return;
	if (hsn_update(&c->hsn, m->msn))
		path_stale_all(c);
	query_event(q, QUERY_EV_ANSWER);
}
