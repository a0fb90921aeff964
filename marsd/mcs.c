/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Multicast servers (RFC 2022 sections 6.2.2 and 6.2.3, RFC 2443 sections
 * 5.2 and 5.5).
 */
#include "cluster.h"

/* The copy of an MSERV or UNSERV as the MARS sends it. */
static void
serve_template(struct node *n, struct incoming *in, struct mars_msg *m)
{
	if (in != NULL)
		*m = in->msg;
	else
		own_message(n->proto, m, MARS_MSERV);
	m->src = n->atm;
	m->spa = n->spa;
	m->flags &= MARS_F_SEQUENCE;
	m->cmi = 0;
}

/* The senders shall use this MCS for the group from now on (5.1.6). */
static void
send_migrate(struct node *n, const struct paddr *group)
{
	const struct atm_addr *target = &n->atm;
	struct mars_msg m;

	own_message(n->proto, &m, MARS_MIGRATE);
	m.tpa = *group;
	send_parts(&n->proto->control[ROLE_CLIENT], NULL, &m, &target, 1);
}

/* Does another MCS serve the group? */
static bool
served_by_others(struct node *n, const struct paddr *group)
{
	struct span s = { *group, *group };
	const struct itree *map = &n->proto->map[ROLE_MCS];
	struct itree_node *in;
	struct join *j;

	for (in = itree_overlap(map, &s, NULL); in != NULL;
	    in = itree_overlap(map, &s, in->span))
		RB_FOREACH(j, join_tree, &range_of(in)->joins)
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
serve_new(struct node *n, const struct span *s, bool local,
    struct spans *joined)
{
	struct span at = { s->min, s->min };

	for (;;) {
		if (served_by_others(n, &at.min))
			spans_add(joined, &at);
		else if (!local ||
		    group_has(n->proto, ROLE_CLIENT, &at.min))
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
mcs_leave(struct node *n, const struct spans *gone)
{
	struct spans l;
	struct mars_msg m;
	size_t i;

	for (i = 0; i < gone->n; i++) {
		spans_init(&l);
		node_uncovered(n, &gone->v[i], &l);
		serve_template(n, NULL, &m);
		m.op = MARS_LEAVE;
		send_spans(&n->proto->control[ROLE_CLIENT], &m, &l, false);
		spans_free(&l);
	}
}

/* To all our MCSs, and so to n itself if it is one of them. */
static void
serve_tell(struct node *n, bool served, const struct span *s,
    struct incoming *in)
{
	struct spans whole;
	struct mars_msg m;

	serve_template(n, in, &m);
	m.op = served ? MARS_MSERV : MARS_UNSERV;
	spans_init(&whole);
	spans_add(&whole, s);
	send_spans(&n->proto->control[ROLE_MCS], &m, &whole, false);
	spans_free(&whole);
}

/*
 * The server map has changed by this range.  To the other MCSs, too, but
 * not by another server's word about an MCS that is registered here: it would
 * take that for the copy of a message of its own that was lost.
 */
void
serve_announce(struct node *n, bool served, const struct span *s,
    const struct peer *by, struct incoming *in)
{
	struct spans pairs, joined;
	struct mars_msg m;
	size_t i;

	spans_init(&pairs);
	spans_init(&joined);
	node_uncovered(n, s, &pairs);
	for (i = 0; served && i < pairs.n; i++)
		serve_new(n, &pairs.v[i], in != NULL, &joined);
	serve_template(n, in, &m);
	m.op = served ? MARS_JOIN : MARS_LEAVE;
	send_spans(&n->proto->control[ROLE_CLIENT], &m,
	    served ? &joined : &pairs, false);
	if (by == n->proto->self || n->reg == NULL || !n->reg->registered)
		serve_tell(n, served, s, in);
	spans_free(&joined);
	spans_free(&pairs);
}

/* Nothing changes: back to the MCS alone. */
static void
serve_echo(struct incoming *in)
{
	in->msg.flags &= MARS_F_SEQUENCE;
	in->msg.cmi = 0;
	send_echo(in, ROLE_MCS);
}

/* At most `limit' groups in a range? */
static bool
span_within(const struct span *s, uint32_t limit)
{
	struct paddr a = s->min;
	uint32_t i;

	for (i = 1; i <= limit; i++)
		if (paddr_equal(&a, &s->max) || !paddr_next(&a))
			return true;
	return false;
}

static enum drop
serve_checks(struct incoming *in, struct reg **reg, struct span *s)
{
	uint32_t limit = in->proto->cluster->conf->max_serve_range;

	if (in->msg.pnum > 1)
		return DROP_PAIRS;
	if ((*reg = member_source(in, ROLE_MCS)) == NULL)
		return DROP_UNREGISTERED;
	if (in->msg.pnum == 0)
		return DROP_PAIRS;
	if (!incoming_span(in, s))
		return DROP_RANGE;
	if (!span_within(s, limit))
		return cluster_refused(in->proto, DROP_SERVE_RANGE,
		    &in->msg.src);
	if (in->proto->addrlen == 0)
		in->proto->addrlen = s->min.len;
	(*reg)->node->spa = in->msg.spa;
	return DROP_NONE;
}

/* As a client's joins, an MCS's ranges are limited. */
static enum drop
serve_new_entry(struct incoming *in, struct node *n, const struct span *s)
{
	struct peer *self = in->proto->self;
	struct entry *e;

	if (n->njoins >= in->proto->cluster->conf->max_joins)
		return cluster_refused(in->proto, DROP_JOINS, &n->atm);
	if ((e = entry_join(self, n, s, own_key(self, n, s))) == NULL)
		return DROP_MEMORY;
	e->cmi = n->reg->cmi;
	publish_entry(e, false);
	if (join_refresh(e->join) == CHANGE_UP)
		serve_announce(n, true, s, self, in);
	else	/* another server said so, which was not told here */
		serve_tell(n, true, s, in);
	return DROP_NONE;
}

enum drop
mserv_message(struct incoming *in)
{
	struct span s;
	struct reg *reg;
	struct join *j;
	struct entry *e = NULL;
	enum drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return member_register(in, ROLE_MCS);
	if ((d = serve_checks(in, &reg, &s)) != DROP_NONE)
		return d;
	if ((j = join_find(reg->node, &s)) != NULL)
		e = join_entry(j, in->proto->self);
	reg_confirm(reg, e);
	if (e != NULL && e->stale) {
		entry_free(e);
		e = NULL;
	}
	if (e == NULL)
		return serve_new_entry(in, reg->node, &s);
	entry_confirm(e);
	serve_echo(in);			/* redundant: 6.2.2 */
	return DROP_NONE;
}

enum drop
unserv_message(struct incoming *in)
{
	struct span s;
	struct reg *reg;
	struct join *j;
	struct entry *e = NULL;
	enum drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return member_deregister(in, ROLE_MCS);
	if ((d = serve_checks(in, &reg, &s)) != DROP_NONE)
		return d;
	if ((j = join_find(reg->node, &s)) != NULL)
		e = join_entry(j, in->proto->self);
	if (e == NULL || e->stale) {
		serve_echo(in);
		return DROP_NONE;
	}
	publish_entry(e, true);
	e->stale = true;
	if (join_refresh(j) == CHANGE_DOWN)
		serve_announce(reg->node, false, &s, in->proto->self, in);
	else
		serve_echo(in);
	entry_free(e);
	return DROP_NONE;
}
