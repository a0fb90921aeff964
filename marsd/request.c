/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_REQUEST and MARS_GROUPLIST_REQUEST (RFC 2022 sections 5.1.1, 5.3,
 * 6.1.1 and 6.2.1).
 *
 * Where RFC 2022 contradicts itself: an MCS is answered only about groups that
 * it serves (section 6.2.1, and not appendix F: A-112), and a group that has
 * an MCS is answered with the MCS even if it has no members (appendix F, and
 * not section 5.1: A-113).
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "request.h"
#include "send.h"
#include "tell.h"

static int
kind_cmp(const void *a, const void *b)
{
	const struct atm_addr *x = *(const struct atm_addr *const *)a;
	const struct atm_addr *y = *(const struct atm_addr *const *)b;

	if (x->num_tl != y->num_tl)
		return x->num_tl < y->num_tl ? -1 : 1;
	if (x->sub_tl != y->sub_tl)
		return x->sub_tl < y->sub_tl ? -1 : 1;
	return atm_addr_cmp(x, y);
}

/* Puts addresses of one kind together; nearly always there is only one. */
static void
by_kind(const struct atm_addr **v, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (!atm_addr_same_kind(v[i], v[0]))
			break;
	if (i < n)
		qsort(v, n, sizeof(*v), kind_cmp);
}

/* The request itself with its operation changed. */
static enum marsd_drop
send_nak(struct marsd_incoming *in)
{
	uint8_t *copy;

	if ((copy = malloc(in->len)) == NULL)
		return MARSD_DROP_MEMORY;
	memcpy(copy, in->octets, in->len);
	mars_make_nak(copy, in->len);
	marsd_send_raw(in->circuit, copy, in->len);
	in->proto->cluster->counts.naks++;
	free(copy);
	return MARSD_DROP_NONE;
}

/* The map in as many MARS_MULTIs as it needs, or a MARS_NAK. */
static enum marsd_drop
marsd_request_answer(
    struct marsd_incoming *in, enum marsd_role asker, enum marsd_role map)
{
	const struct atm_addr **v;
	struct mars_msg m;
	size_t n;

	marsd_tell_asked(&in->proto->control[asker], &in->msg.tpa);
	if (marsd_group_members(in->proto, map, &in->msg.tpa, &v, &n) == -1)
		return MARSD_DROP_MEMORY;
	if (n == 0)
		return send_nak(in);
	by_kind(v, n);
	marsd_own_message(in->proto, &m, MARS_MULTI);
	m.src = in->msg.src; /* 5.1.2: the requester's */
	m.spa = in->msg.spa;
	m.tpa = in->msg.tpa;
	marsd_send_parts(&in->proto->control[asker], in->circuit, &m, v, n);
	free(v);
	return MARSD_DROP_NONE;
}

enum marsd_drop
marsd_request_message(struct marsd_incoming *in)
{
	struct marsd_proto *p = in->proto;
	struct marsd_reg *reg;

	if (in->msg.tpa.len == 0 ||
	    (p->addrlen != 0 && in->msg.tpa.len != p->addrlen))
		return MARSD_DROP_RANGE;
	if ((reg = marsd_member_source(in, MARSD_ROLE_MCS)) != NULL) {
		if (!marsd_node_covers(reg->node, &in->msg.tpa))
			return MARSD_DROP_NOT_SERVING; /* */
		p->cluster->counts.requests++;
		return marsd_request_answer(
		    in, MARSD_ROLE_MCS, MARSD_ROLE_CLIENT);
	}
	if (marsd_member_source(in, MARSD_ROLE_CLIENT) == NULL)
		return MARSD_DROP_UNREGISTERED;
	p->cluster->counts.requests++;
	return marsd_request_answer(in, MARSD_ROLE_CLIENT,
	    marsd_group_has(p, MARSD_ROLE_MCS, &in->msg.tpa) ?
	    MARSD_ROLE_MCS :
	    MARSD_ROLE_CLIENT); /* */
}

/* Sends a part of a MARS_GROUPLIST_REPLY, and makes room for the next. */
static void
grouplist_part(struct marsd_incoming *in, enum marsd_role asker,
    struct mars_msg *m, struct wr *w, bool last)
{
	m->list = w->buf;
	m->list_len = w->len;
	m->tnum = (uint16_t)(w->len / m->tpln);
	m->last = last;
	m->seq++;
	marsd_send_private(in->circuit, in->proto, asker, m);
	w->len = 0;
}

/*
 * The groups of a block that have members for layer 3, in ascending order,
 * in parts like those of a MARS_MULTI.  If there are none the reply is empty,
 * and to an MCS it carries the SSN.
 */
enum marsd_drop
marsd_grouplist_message(struct marsd_incoming *in)
{
	enum marsd_role asker = MARSD_ROLE_CLIENT;
	const struct marsd_itree *map = &in->proto->map[MARSD_ROLE_CLIENT];
	struct marsd_range *r;
	struct mars_msg m;
	struct marsd_span at, s;
	struct wr w;

	if (in->msg.pnum == 0)
		return MARSD_DROP_PAIRS;
	if (marsd_member_source(in, MARSD_ROLE_CLIENT) == NULL) {
		if (marsd_member_source(in, MARSD_ROLE_MCS) == NULL)
			return MARSD_DROP_UNREGISTERED;
		asker = MARSD_ROLE_MCS;
	}
	in->msg.pnum = 1; /* any more are ignored, 5.3 */
	if (!marsd_incoming_span(in, &s))
		return MARSD_DROP_RANGE;
	in->proto->cluster->counts.grouplists++;
	marsd_own_message(in->proto, &m, MARS_GROUPLIST_REPLY);
	m.src = in->msg.src;
	m.spa = in->msg.spa;
	m.tpln = s.min.len;
	wr_init(&w, in->proto->cluster->mars->list,
	    marsd_send_room(in->circuit->vc) - mars_overhead(&m));
	MARSD_RANGE_OVERLAPS(r, map, &s)
	{
		in->proto->cluster->listed++;
		if (r->layer3 == 0)
			continue;
		if (wr_left(&w) < m.tpln)
			grouplist_part(in, asker, &m, &w, false);
		at = marsd_range_span(r);
		wr_bytes(&w, at.min.a, m.tpln);
	}
	grouplist_part(in, asker, &m, &w, true);
	return MARSD_DROP_NONE;
}
