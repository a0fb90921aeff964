/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_JOIN and MARS_LEAVE of groups (RFC 2022 sections 6.1.2 and 6.2.4),
 * and what clients and MCSs hear when another server's record says the same
 * (RFC 2443 sections 5.3 and 5.4).
 *
 * RFC 2022 section 5.2 forbids blocks that overlap, and does not say what a
 * MARS does with them.  Ours: each range of a client is a record of its
 * own, only the same range leaves it, and hole punching removes what the
 * client is a member of already.  The body of the RFC sends a JOIN that
 * changes nothing back to its source only for single groups, appendix F for
 * any: we do as appendix F does.
 *
 * RFC 2443 sections 5.3 and 5.4 have every server punch holes as RFC 2022
 * does, from the node's own joins.  Ours: from all that any live server
 * says of the node, and from the groups that an MCS of any server serves.  RFC
 * 2443 does not say what a server puts into the message that it builds about a
 * node of another server.  Ours: the addresses of the node, copy 1, CMI
 * 0, and layer3grp of the record, in a MARS_LEAVE that of the one that ends.
 */
#include "ask.h"
#include "cluster.h"
#include "join.h"
#include "own.h"
#include "send.h"
#include "tell.h"

#define FEW_JOINS	8	/* of a host, and not of a router */

/*
 * Begins the message that we build about a node of which a record told us: its
 * own addresses, and no CMI.
 */
static void
message_of(struct marsd_node *n, bool layer3, struct mars_msg *m)
{
	marsd_own_message(n->proto, m, MARS_JOIN);
	m->src = n->atm;
	m->spa = n->spa;
	m->flags = layer3 ? MARS_F_LAYER3GRP : 0;
}

/*
 * MARS_SJOIN or MARS_SLEAVE to our MCSs, if one that is registered here serves
 * a group of these ranges.
 */
static void
announce_servers(struct marsd_node *n, bool joined, struct mars_msg *m,
    const struct marsd_spans *l, bool punched)
{
	struct marsd_proto *p = n->proto;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (marsd_map_serves(p, &l->v[i], true))
			break;
	if (i < l->n || l->failed)
		marsd_tell_change(
		    &p->control[MARSD_ROLE_MCS], n, joined, m, l, punched);
}

/* Is nobody on the control VC, nor anything to be told to who comes next? */
static bool
nobody_hears(const struct marsd_control *ctl)
{
	return ctl->leaves == 0 && !marsd_tell_waits(ctl);
}

/*
 * The MCSs hear of what has changed; so do the clients, but for the groups
 * that an MCS serves (6.2.4).  If the clients don't hear of the whole range,
 * or not yet, the source's message goes back to it as it came (6.1.2).
 */
void
marsd_join_announce(struct marsd_node *n, bool joined,
    const struct marsd_span *s, bool layer3, struct marsd_incoming *in)
{
	struct marsd_proto *p = n->proto;
	struct marsd_control *ctl = &p->control[MARSD_ROLE_CLIENT];
	struct marsd_spans pairs, mesh;
	struct mars_msg m;
	bool whole;

	/* a server that learns what others have, and has no clients yet */
	if (in == NULL && nobody_hears(ctl) &&
	    nobody_hears(&p->control[MARSD_ROLE_MCS]))
		return;
	marsd_spans_init(&pairs);
	marsd_spans_init(&mesh);
	marsd_node_uncovered(n, s, &pairs);
	marsd_spans_unserved(p, &pairs, &mesh);
	if (in != NULL)
		m = in->msg;
	else
		message_of(n, layer3, &m);
	m.op = joined ? MARS_SJOIN : MARS_SLEAVE;
	announce_servers(n, joined, &m, &pairs, !marsd_spans_whole(&pairs, s));
	m.op = joined ? MARS_JOIN : MARS_LEAVE;
	whole = marsd_spans_whole(&mesh, s);
	if (in != NULL && (!whole || marsd_tell_waits(ctl)))
		marsd_send_echo(in, MARSD_ROLE_CLIENT);
	marsd_tell_change(ctl, n, joined, &m, &mesh, !whole);
	marsd_spans_free(&mesh);
	marsd_spans_free(&pairs);
}

bool
marsd_node_has_share(const struct marsd_node *n, uint64_t used, uint64_t limit)
{
	return n->njoins < FEW_JOINS ? used < limit : used * 4 < limit * 3;
}

/*
 * May the node join one more range?  What other servers say is limited by the
 * cache of scspd, and takes nothing from our clients.
 */
static enum marsd_drop
join_limits(struct marsd_node *n, const struct marsd_span *s)
{
	const struct conf_cluster *conf = n->proto->cluster->conf;
	const struct marsd_proto *p = n->proto;
	const struct marsd_range *r;

	if (marsd_join_find(n, s) == NULL && n->njoins >= conf->max_joins)
		return MARSD_DROP_JOINS;
	if (!marsd_node_has_share(n, p->joins + p->served, conf->max_total))
		return MARSD_DROP_TOTAL;
	r = marsd_range_find(p, MARSD_ROLE_CLIENT, s);
	if ((r == NULL || r->own == 0) &&
	    !marsd_node_has_share(n, p->groups, conf->max_groups))
		return MARSD_DROP_GROUPS;
	return MARSD_DROP_NONE;
}

/* A block is never for layer 3 (6.1.2, A-33). */
static bool
for_layer3(const struct marsd_ask *a)
{
	return (a->in->msg.flags & MARS_F_LAYER3GRP) != 0 &&
	    paddr_equal(&a->span.min, &a->span.max);
}

/*
 * Our own record says so already.  For others nothing changes, except that
 * layer3grp may.  The message goes back to its source.
 */
static void
join_again(struct marsd_ask *a, bool layer3)
{
	if (a->mine->layer3 != layer3) {
		a->mine->layer3 = layer3;
		(void)marsd_entry_refresh(a->mine);
		marsd_publish_entry(a->mine, false);
	}
	marsd_send_echo(a->in, MARSD_ROLE_CLIENT);
}

static enum marsd_drop
join_new(struct marsd_ask *a, bool layer3)
{
	enum marsd_drop d = join_limits(a->node, &a->span);
	enum marsd_change change;

	if (d != MARSD_DROP_NONE)
		return marsd_cluster_refused(a->in->proto, d, &a->node->atm);
	if ((d = marsd_ask_add(a, layer3, &change)) != MARSD_DROP_NONE)
		return d;
	if (change == MARSD_CHANGE_UP)
		marsd_join_announce(a->node, true, &a->span, layer3, a->in);
	else
		marsd_send_echo(a->in, MARSD_ROLE_CLIENT);
	return MARSD_DROP_NONE;
}

enum marsd_drop
marsd_join_message(struct marsd_incoming *in)
{
	struct marsd_ask a;
	enum marsd_drop d;
	bool layer3;

	if (in->msg.flags & MARS_F_REGISTER)
		return marsd_member_register(in, MARSD_ROLE_CLIENT);
	if ((d = marsd_ask_read(&a, in, MARSD_ROLE_CLIENT)) != MARSD_DROP_NONE)
		return d;
	in->proto->cluster->counts.joins++;
	layer3 = for_layer3(&a);
	if (!marsd_ask_known(&a))
		return join_new(&a, layer3);
	join_again(&a, layer3);
	return MARSD_DROP_NONE;
}

enum marsd_drop
marsd_leave_message(struct marsd_incoming *in)
{
	struct marsd_ask a;
	enum marsd_drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return marsd_member_deregister(in, MARSD_ROLE_CLIENT);
	if ((d = marsd_ask_read(&a, in, MARSD_ROLE_CLIENT)) != MARSD_DROP_NONE)
		return d;
	in->proto->cluster->counts.leaves++;
	if (a.mine == NULL || !marsd_entry_stands(a.mine)) {
		marsd_send_echo(in, MARSD_ROLE_CLIENT); /* */
		return MARSD_DROP_NONE;
	}
	a.mine->layer3 = for_layer3(&a); /* of the Leave record */
	if (marsd_ask_end(&a) == MARSD_CHANGE_DOWN)
		marsd_join_announce(a.node, false, &a.span, false, in);
	else
		marsd_send_echo(in, MARSD_ROLE_CLIENT);
	marsd_entry_free(a.mine);
	return MARSD_DROP_NONE;
}
