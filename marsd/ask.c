/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What MARS_JOIN, MARS_LEAVE, MARS_MSERV and MARS_UNSERV have in common.
 *
 * RFC 2443 section 5.3: a duplicate of a range that was joined before is not
 * told to the group.  Ours: a duplicate is what this server's own record
 * says already, whatever other servers say; whether the members hear of it is
 * asked of the union over all servers (D3).
 */
#include "adopt.h"
#include "ask.h"
#include "cluster.h"
#include "own.h"

/* Has the range at most `limit' groups? */
static bool
span_within(const struct marsd_span *s, uint32_t limit)
{
	struct paddr a = s->min;
	uint32_t i;

	for (i = 1; i <= limit; i++)
		if (paddr_equal(&a, &s->max) || !paddr_next(&a))
			return true;
	return false;
}

enum marsd_drop
marsd_ask_read(
    struct marsd_ask *a, struct marsd_incoming *in, enum marsd_role role)
{
	struct marsd_proto *p = in->proto;
	struct marsd_join *j;

	if (in->msg.pnum > 1)
		return MARSD_DROP_PAIRS;
	if ((a->reg = marsd_member_source(in, role)) == NULL)
		return MARSD_DROP_UNREGISTERED;
	if (in->msg.pnum == 0)
		return MARSD_DROP_PAIRS;
	if (!marsd_incoming_span(in, &a->span))
		return MARSD_DROP_RANGE;
	/* the range is walked group by group later */
	if (role == MARSD_ROLE_MCS &&
	    !span_within(&a->span, p->cluster->conf->max_serve_range))
		return marsd_cluster_refused(
		    p, MARSD_DROP_SERVE_RANGE, &in->msg.src);
	if (p->addrlen == 0)
		p->addrlen = a->span.min.len;
	a->in = in;
	a->node = a->reg->node;
	a->node->spa = in->msg.spa;
	j = marsd_join_find(a->node, &a->span);
	a->mine = j == NULL ? NULL : marsd_join_entry(j, p->self);
	return MARSD_DROP_NONE;
}

bool
marsd_ask_known(struct marsd_ask *a)
{
	marsd_adopt_asked(a->reg, a->mine);
	if (a->mine != NULL && a->mine->state == MARSD_ENTRY_OLD) {
		/* handled like a new one, which gets the same key: A-10 */
		marsd_entry_free(a->mine);
		a->mine = NULL;
	}
	if (a->mine == NULL)
		return false;
	marsd_entry_step(a->mine, MARSD_ENTRY_EV_SAY);
	return true;
}

enum marsd_drop
marsd_ask_add(struct marsd_ask *a, bool layer3, enum marsd_change *change)
{
	struct marsd_peer *self = a->node->proto->self;
	uint32_t key = marsd_own_key(self, a->node, &a->span);

	a->mine = marsd_entry_join(self, a->node, &a->span, key);
	if (a->mine == NULL)
		return MARSD_DROP_MEMORY;
	marsd_entry_step(a->mine, MARSD_ENTRY_EV_SAY);
	a->mine->layer3 = layer3;
	a->mine->cmi = a->reg->cmi;
	marsd_publish_entry(a->mine, false);
	*change = marsd_join_refresh(a->mine->join);
	return MARSD_DROP_NONE;
}

enum marsd_change
marsd_ask_end(struct marsd_ask *a)
{
	marsd_publish_entry(a->mine, true);
	marsd_entry_step(a->mine, MARSD_ENTRY_EV_END);
	return marsd_join_refresh(a->mine->join);
}
