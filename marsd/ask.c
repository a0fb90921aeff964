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

enum marsd_drop
marsd_ask_read(
    struct marsd_ask *a, struct marsd_incoming *in, enum marsd_role role)
{
	struct marsd_proto *p = in->proto;
	struct marsd_join *j;
	uint32_t limit;

	if (in->msg.pnum > 1)
		return MARSD_DROP_PAIRS;
	if ((a->reg = marsd_member_source(in, role)) == NULL)
		return MARSD_DROP_UNREGISTERED;
	if (in->msg.pnum == 0)
		return MARSD_DROP_PAIRS;
	if (!marsd_incoming_span(in, &a->span))
		return MARSD_DROP_RANGE;
	limit = p->cluster->conf->max_serve_range;
	if (role == MARSD_ROLE_MCS &&
	    marsd_span_count(&a->span, limit + 1) > limit)
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
	if (a->mine == NULL || a->mine->state == MARSD_ENTRY_OLD)
		return false;
	marsd_entry_step(a->mine, MARSD_ENTRY_EV_SAY);
	return true;
}

enum marsd_drop
marsd_ask_add(struct marsd_ask *a, bool layer3, enum marsd_change *change)
{
	struct marsd_peer *self = a->node->proto->self;

	/* one from before a restart goes on under its key, whatever that is */
	if (a->mine == NULL)
		a->mine = marsd_entry_join(self, a->node, &a->span,
		    marsd_own_key(self, a->node, &a->span));
	if (a->mine == NULL)
		return MARSD_DROP_MEMORY;
	marsd_entry_step(a->mine, MARSD_ENTRY_EV_SAY);
	a->mine->layer3 = layer3;
	a->mine->cmi = a->reg->cmi;
	marsd_node_trace(a->node, a->node->role == MARSD_ROLE_MCS ?
	    "serves" : "has joined", &a->span);
	marsd_publish_entry(a->mine, false);
	*change = marsd_entry_refresh(a->mine);
	marsd_limits_watch_node(a->node);
	return MARSD_DROP_NONE;
}

enum marsd_change
marsd_ask_end(struct marsd_ask *a)
{
	marsd_node_trace(a->node, a->node->role == MARSD_ROLE_MCS ?
	    "serves no more" : "has left", &a->span);
	marsd_publish_entry(a->mine, true);
	return marsd_entry_left(a->mine);
}
