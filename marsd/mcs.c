/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Multicast servers (RFC 2022 sections 6.2.2 and 6.2.3, RFC 2443 sections
 * 5.2 and 5.5).
 */
#include "ask.h"
#include "cluster.h"
#include "mcs.h"
#include "own.h"
#include "send.h"

/* The copy of an MSERV or UNSERV as the MARS sends it. */
static void
serve_template(
    struct marsd_node *n, struct marsd_incoming *in, struct mars_msg *m)
{
	if (in != NULL)
		*m = in->msg;
	else
		marsd_own_message(n->proto, m, MARS_MSERV);
	m->src = n->atm;
	m->spa = n->spa;
	m->flags &= MARS_F_SEQUENCE;
	m->cmi = 0;
}

/* The senders shall use this MCS for the group from now on (5.1.6). */
static void
send_migrate(struct marsd_node *n, const struct paddr *group)
{
	const struct atm_addr *target = &n->atm;
	struct mars_msg m;

	marsd_own_message(n->proto, &m, MARS_MIGRATE);
	m.tpa = *group;
	marsd_send_parts(
	    &n->proto->control[MARSD_ROLE_CLIENT], NULL, &m, &target, 1);
}

/* Does another MCS serve the group? */
static bool
served_by_others(struct marsd_node *n, const struct paddr *group)
{
	struct marsd_span s = { *group, *group };
	const struct marsd_itree *map = &n->proto->map[MARSD_ROLE_MCS];
	struct marsd_itree_node *in;
	struct marsd_join *j;

	for (in = marsd_itree_overlap(map, &s, NULL); in != NULL;
	     in = marsd_itree_overlap(map, &s, in->span))
		RB_FOREACH(j, marsd_join_tree, &marsd_range_of(in)->joins)
			if (j->live && j->node != n)
				return true;
	return false;
}

/*
 * Group by group: the first MCS brings a MARS_MIGRATE, here only if
 * the group has members and on word from a peer always; any other
 * looks like one more leaf.
 */
static void
serve_new(struct marsd_node *n, const struct marsd_span *s, bool local,
    struct marsd_spans *joined)
{
	struct marsd_span at = { s->min, s->min };

	for (;;) {
		if (served_by_others(n, &at.min))
			marsd_spans_add(joined, &at);
		else if (!local ||
		    marsd_group_has(n->proto, MARSD_ROLE_CLIENT, &at.min))
			send_migrate(n, &at.min);
		if (paddr_equal(&at.min, &s->max) || !paddr_next(&at.min))
			break;
		at.max = at.min;
	}
}

/*
 * A MARS_LEAVE with several pairs tells the members that the MCS has left
 * (6.2.2, A-45).
 */
void
marsd_mcs_leave(struct marsd_node *n, const struct marsd_spans *gone)
{
	struct marsd_spans l;
	struct mars_msg m;
	size_t i;

	for (i = 0; i < gone->n; i++) {
		marsd_spans_init(&l);
		marsd_node_uncovered(n, &gone->v[i], &l);
		serve_template(n, NULL, &m);
		m.op = MARS_LEAVE;
		marsd_send_spans(
		    &n->proto->control[MARSD_ROLE_CLIENT], &m, &l, false);
		marsd_spans_free(&l);
	}
}

/* To all our MCSs, and so to n itself if it is one of them. */
static void
serve_tell(struct marsd_node *n, bool served, const struct marsd_span *s,
    struct marsd_incoming *in)
{
	struct marsd_spans whole;
	struct mars_msg m;

	serve_template(n, in, &m);
	m.op = served ? MARS_MSERV : MARS_UNSERV;
	marsd_spans_init(&whole);
	marsd_spans_add(&whole, s);
	marsd_send_spans(&n->proto->control[MARSD_ROLE_MCS], &m, &whole, false);
	marsd_spans_free(&whole);
}

/*
 * The server map has changed by this range.  To the other MCSs, too, but
 * not by another server's word about an MCS that is registered here: it would
 * take that for the copy of a message of its own that was lost.
 */
void
marsd_serve_announce(struct marsd_node *n, bool served,
    const struct marsd_span *s, const struct marsd_peer *by,
    struct marsd_incoming *in)
{
	struct marsd_spans pairs, joined;
	struct mars_msg m;
	size_t i;

	marsd_spans_init(&pairs);
	marsd_spans_init(&joined);
	marsd_node_uncovered(n, s, &pairs);
	for (i = 0; served && i < pairs.n; i++)
		serve_new(n, &pairs.v[i], in != NULL, &joined);
	serve_template(n, in, &m);
	m.op = served ? MARS_JOIN : MARS_LEAVE;
	marsd_send_spans(&n->proto->control[MARSD_ROLE_CLIENT], &m,
	    served ? &joined : &pairs, false);
	if (by == n->proto->self || !marsd_node_is_here(n))
		serve_tell(n, served, s, in);
	marsd_spans_free(&joined);
	marsd_spans_free(&pairs);
}

/* Nothing changes: back to the MCS alone. */
static void
serve_echo(struct marsd_incoming *in)
{
	in->msg.flags &= MARS_F_SEQUENCE;
	in->msg.cmi = 0;
	marsd_send_echo(in, MARSD_ROLE_MCS);
}

/* As a client's joins, an MCS's ranges are limited. */
static enum marsd_drop
serve_add(struct marsd_ask *a)
{
	struct marsd_proto *p = a->node->proto;
	enum marsd_change change;
	enum marsd_drop d;

	if (a->node->njoins >= p->cluster->conf->max_joins)
		return marsd_cluster_refused(
		    p, MARSD_DROP_JOINS, &a->node->atm);
	if ((d = marsd_ask_add(a, false, &change)) != MARSD_DROP_NONE)
		return d;
	if (change == MARSD_CHANGE_UP)
		marsd_serve_announce(a->node, true, &a->span, p->self, a->in);
	else /* another server said so, which was not told here */
		serve_tell(a->node, true, &a->span, a->in);
	return MARSD_DROP_NONE;
}

enum marsd_drop
marsd_mserv_message(struct marsd_incoming *in)
{
	struct marsd_ask a;
	enum marsd_drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return marsd_member_register(in, MARSD_ROLE_MCS);
	if ((d = marsd_ask_read(&a, in, MARSD_ROLE_MCS)) != MARSD_DROP_NONE)
		return d;
	if (!marsd_ask_known(&a))
		return serve_add(&a);
	serve_echo(in); /* redundant: 6.2.2 */
	return MARSD_DROP_NONE;
}

enum marsd_drop
marsd_unserv_message(struct marsd_incoming *in)
{
	struct marsd_ask a;
	enum marsd_drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return marsd_member_deregister(in, MARSD_ROLE_MCS);
	if ((d = marsd_ask_read(&a, in, MARSD_ROLE_MCS)) != MARSD_DROP_NONE)
		return d;
	if (a.mine == NULL || !marsd_entry_stands(a.mine)) {
		serve_echo(in);
		return MARSD_DROP_NONE;
	}
	if (marsd_ask_end(&a) == MARSD_CHANGE_DOWN)
		marsd_serve_announce(
		    a.node, false, &a.span, in->proto->self, in);
	else
		serve_echo(in);
	marsd_entry_free(a.mine);
	return MARSD_DROP_NONE;
}
