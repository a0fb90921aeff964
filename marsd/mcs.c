/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The groups of multicast servers (RFC 2022 sections 6.2.2 and 6.2.3, RFC
 * 2443 sections 5.2 and 5.5).
 *
 * RFC 2443 section 5.2 demands a MARS_MIGRATE for every MCS that another
 * server tells of; with a second MCS that would take the senders away from
 * the first.  Ours is RFC 2022's rule over all servers: a MARS_MIGRATE
 * for the first MCS of a group, a MARS_JOIN for any further one.
 */
#include "ask.h"
#include "cluster.h"
#include "join.h"
#include "mcs.h"
#include "own.h"
#include "send.h"
#include "tell.h"

/* As many MARS_MIGRATEs at once, one for each group of a range. */
#define MIGRATES_MAX	256

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

static bool
served_by_other(const struct marsd_range *r, struct marsd_node *n)
{
	const struct marsd_span s = marsd_range_span(r);
	const struct marsd_join *j = marsd_join_find(n, &s);

	return r->live > (j != NULL && j->counts != 0 ? 1U : 0);
}

/*
 * Divides a range into what another MCS serves too, and what n is the first
 * to serve.
 */
static void
serve_divide(struct marsd_node *n, const struct marsd_span *s,
    struct marsd_spans *others, struct marsd_spans *first)
{
	const struct marsd_itree *map = &n->proto->map[MARSD_ROLE_MCS];
	struct marsd_range *r;
	struct marsd_span hole;
	struct marsd_punch p;
	size_t i, from = first->n;

	marsd_punch_init(&p, first, s);
	MARSD_RANGE_OVERLAPS(r, map, &p.rest)
	{
		if (p.done)
			break;
		hole = marsd_range_span(r);
		if (served_by_other(r, n))
			marsd_punch_hole(&p, &hole);
	}
	marsd_punch_end(&p);
	marsd_punch_init(&p, others, s);
	for (i = from; i < first->n; i++)
		marsd_punch_hole(&p, &first->v[i]);
	marsd_punch_end(&p);
	others->failed = others->failed || first->failed;
}

/* Has any group of the range a member? */
static bool
span_has_members(struct marsd_proto *p, const struct marsd_span *s)
{
	struct marsd_range *r;

	MARSD_RANGE_OVERLAPS(r, &p->map[MARSD_ROLE_CLIENT], s)
	if (r->live != 0)
		return true;
	return false;
}

/*
 * The senders are told to use the MCS, group by group: by RFC 2022 only if
 * the group has members, by RFC 2443, if another server has told of the MCS,
 * always.  What is pending of a group's last MCS needs it as well.
 *
 * A range may be larger than anybody can be told by a message for each group.
 * Then the senders are made to ask again for each of their groups, and hear of
 * the MCS by that (5.1.5, A-46).
 */
static void
serve_first(struct marsd_node *n, const struct marsd_span *s, bool local)
{
	struct marsd_proto *p = n->proto;
	struct marsd_control *ctl = &p->control[MARSD_ROLE_CLIENT];
	struct paddr at = s->min;
	bool waits = marsd_tell_waits(ctl);

	if (marsd_span_count(s, MIGRATES_MAX + 1) > MIGRATES_MAX) {
		if (waits || span_has_members(p, s))
			marsd_tell_revalidate(ctl);
		return;
	}
	do
		if (!local || waits ||
		    marsd_group_has(p, MARSD_ROLE_CLIENT, &at))
			marsd_tell_migrate(ctl, n, &at);
	while (!paddr_equal(&at, &s->max) && paddr_next(&at));
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
		marsd_tell_change(&n->proto->control[MARSD_ROLE_CLIENT], n,
		    false, &m, &l, false);
		marsd_spans_free(&l);
	}
}

/* Nothing changes: the message goes back to the MCS, and to no other. */
static void
serve_echo(struct marsd_incoming *in)
{
	in->msg.flags &= MARS_F_SEQUENCE;
	in->msg.cmi = 0;
	marsd_send_echo(in, MARSD_ROLE_MCS);
}

/*
 * To all MCSs that are registered here, n itself included if it is: that is
 * its answer, which does not wait.
 */
static void
serve_tell(struct marsd_node *n, bool served, const struct marsd_span *s,
    struct marsd_incoming *in)
{
	struct marsd_control *ctl = &n->proto->control[MARSD_ROLE_MCS];
	struct marsd_spans whole;
	struct mars_msg m;

	serve_template(n, in, &m);
	m.op = served ? MARS_MSERV : MARS_UNSERV;
	if (in != NULL && marsd_tell_waits(ctl))
		serve_echo(in);
	marsd_spans_init(&whole);
	marsd_spans_add(&whole, s);
	marsd_tell_change(ctl, n, served, &m, &whole, false);
	marsd_spans_free(&whole);
}

/*
 * The clients hear of it, and the other MCSs do.  But what another
 * server says of an MCS that is registered here is not sent to the MCSs: that
 * one would take it for the copy of its own MARS_MSERV, which may have been
 * lost, and not repeat that.
 */
void
marsd_serve_announce(struct marsd_node *n, bool served,
    const struct marsd_span *s, const struct marsd_peer *by,
    struct marsd_incoming *in)
{
	struct marsd_control *ctl = &n->proto->control[MARSD_ROLE_CLIENT];
	struct marsd_spans pairs, others, first;
	struct mars_msg m;
	size_t i;

	marsd_spans_init(&pairs);
	marsd_spans_init(&others);
	marsd_spans_init(&first);
	marsd_node_uncovered(n, s, &pairs);
	for (i = 0; served && i < pairs.n; i++)
		serve_divide(n, &pairs.v[i], &others, &first);
	for (i = 0; i < first.n; i++)
		serve_first(n, &first.v[i], in != NULL);
	serve_template(n, in, &m);
	m.op = served ? MARS_JOIN : MARS_LEAVE;
	marsd_tell_change(
	    ctl, n, served, &m, served ? &others : &pairs, false);
	if (by == n->proto->self || !marsd_node_is_here(n))
		serve_tell(n, served, s, in);
	marsd_spans_free(&first);
	marsd_spans_free(&others);
	marsd_spans_free(&pairs);
}

/*
 * An MCS may have as many ranges as a client may have joins, and what it has is
 * counted with these.
 */
static enum marsd_drop
serve_add(struct marsd_ask *a)
{
	struct marsd_proto *p = a->node->proto;
	const struct conf_cluster *c = p->cluster->conf;
	enum marsd_change change;
	enum marsd_drop d;

	if (marsd_join_find(a->node, &a->span) == NULL &&
	    a->node->njoins >= c->max_joins)
		return marsd_cluster_refused(
		    p, MARSD_DROP_JOINS, &a->node->atm);
	if (!marsd_node_has_share(
	    a->node, p->joins + p->served, c->max_total))
		return marsd_cluster_refused(
		    p, MARSD_DROP_TOTAL, &a->node->atm);
	if ((d = marsd_ask_add(a, false, &change)) != MARSD_DROP_NONE)
		return d;
	if (change == MARSD_CHANGE_UP)
		marsd_serve_announce(a->node, true, &a->span, p->self, a->in);
	else /* another server had said so; our MCSs have not heard that */
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
	serve_echo(in); /* 6.2.2: redundant */
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
