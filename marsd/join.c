/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_JOIN and MARS_LEAVE of groups (RFC 2022 sections 6.1.2 and 6.2.4),
 * and the same for what a peer's records say (RFC 2443 sections 5.3, 5.4).
 */
#include "cluster.h"

/* The one range of a message: A-100; false: it is not usable. */
bool
incoming_span(struct incoming *in, struct span *s)
{
	struct proto *p = in->proto;

	if (in->msg.pnum != 1 || in->msg.tpln == 0)
		return false;
	if (p->addrlen != 0 && in->msg.tpln != p->addrlen)
		return false;
	mars_pair(&in->msg, 0, &s->min, &s->max);
	return s->min.len == in->msg.tpln && paddr_cmp(&s->min, &s->max) <= 0;
}

/* What a message about a node looks like that no message brought. */
static void
message_of(struct node *n, bool layer3, struct mars_msg *m)
{
	own_message(n->proto, m, MARS_JOIN);
	m->src = n->atm;
	m->spa = n->spa;
	m->flags = layer3 ? MARS_F_LAYER3GRP : 0;
}

/* To our MCSs, if one of them serves a group of these. */
static void
announce_servers(struct proto *p, struct mars_msg *m, const struct spans *l,
    bool punched)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (map_serves(p, &l->v[i], true))
			break;
	if (i < l->n)
		send_spans(&p->control[ROLE_MCS], m, l, punched);
}

/*
 * The difference of membership goes to the clients as far as no MCS serves
 * the groups, and to the MCSs; what is not sent to the clients whole goes
 * back to its source privately.
 */
void
join_announce(struct node *n, bool joined, const struct span *s, bool layer3,
    struct incoming *in)
{
	struct proto *p = n->proto;
	struct spans pairs, mesh;
	struct mars_msg m;

	spans_init(&pairs);
	spans_init(&mesh);
	node_uncovered(n, s, &pairs);
	spans_unserved(p, &pairs, &mesh);
	if (in != NULL)
		m = in->msg;
	else
		message_of(n, layer3, &m);
	m.op = joined ? MARS_SJOIN : MARS_SLEAVE;
	announce_servers(p, &m, &pairs, !spans_whole(&pairs, s));
	m.op = joined ? MARS_JOIN : MARS_LEAVE;
	if (!spans_whole(&mesh, s) && in != NULL)
		send_echo(in, ROLE_CLIENT);
	send_spans(&p->control[ROLE_CLIENT], &m, &mesh, !spans_whole(&mesh, s));
	spans_free(&mesh);
	spans_free(&pairs);
}

/* May the node join one more range? */
static enum drop
join_limits(struct node *n, const struct span *s)
{
	const struct conf_cluster *conf = n->proto->cluster->conf;

	if (join_find(n, s) != NULL)
		return DROP_NONE;
	if (n->njoins >= conf->max_joins)
		return DROP_JOINS;
	if (n->proto->ranges[ROLE_CLIENT] >= conf->max_groups &&
	    itree_find(&n->proto->map[ROLE_CLIENT], s) == NULL)
		return DROP_GROUPS;
	return DROP_NONE;
}

/*
 * A range that this server's record has already: nothing changes for
 * anybody but perhaps layer3grp and an adoption (D9); the message
 * goes back.
 */
static void
join_again(struct incoming *in, struct entry *e, bool layer3)
{
	entry_confirm(e);
	if (e->layer3 != layer3) {
		e->layer3 = layer3;
		(void)join_refresh(e->join);
		publish_entry(e, false);
	}
	send_echo(in, ROLE_CLIENT);
}

static enum drop
join_new(struct incoming *in, struct node *n, const struct span *s,
    bool layer3)
{
	struct peer *self = in->proto->self;
	enum drop d = join_limits(n, s);
	struct entry *e;

	if (d != DROP_NONE)
		return cluster_refused(in->proto, d, &n->atm);
	e = entry_join(self, n, s, own_key(self, n, s));
	if (e == NULL)
		return DROP_MEMORY;
	e->layer3 = layer3;
	e->cmi = n->reg->cmi;
	in->proto->joins++;
	publish_entry(e, false);
	if (join_refresh(e->join) == CHANGE_UP)
		join_announce(n, true, s, layer3, in);
	else
		send_echo(in, ROLE_CLIENT);
	return DROP_NONE;
}

/* What every MARS_JOIN and MARS_LEAVE of groups has to fulfil. */
static enum drop
join_checks(struct incoming *in, struct reg **reg, struct span *s)
{
	if (in->msg.pnum > 1)
		return DROP_PAIRS;
	if ((*reg = member_source(in, ROLE_CLIENT)) == NULL)
		return DROP_UNREGISTERED;
	if (in->msg.pnum == 0)
		return DROP_PAIRS;
	if (!incoming_span(in, s))
		return DROP_RANGE;
	if (in->proto->addrlen == 0)
		in->proto->addrlen = s->min.len;
	(*reg)->node->spa = in->msg.spa;
	return DROP_NONE;
}

enum drop
join_message(struct incoming *in)
{
	struct span s;
	struct reg *reg;
	struct join *j;
	struct entry *e = NULL;
	enum drop d;
	bool layer3;

	if (in->msg.flags & MARS_F_REGISTER)
		return member_register(in, ROLE_CLIENT);
	if ((d = join_checks(in, &reg, &s)) != DROP_NONE)
		return d;
	in->proto->cluster->counts.joins++;
	/* a block is never for layer 3 (6.1.2, A-33) */
	layer3 = (in->msg.flags & MARS_F_LAYER3GRP) != 0 &&
	    paddr_equal(&s.min, &s.max);
	if ((j = join_find(reg->node, &s)) != NULL)
		e = join_entry(j, in->proto->self);
	reg_confirm(reg, e);
	if (e != NULL && e->stale) {
		entry_free(e);		/* its key is found again */
		e = NULL;
	}
	if (e == NULL)
		return join_new(in, reg->node, &s, layer3);
	join_again(in, e, layer3);
	return DROP_NONE;
}

enum drop
leave_message(struct incoming *in)
{
	struct span s;
	struct reg *reg;
	struct join *j;
	struct entry *e = NULL;
	enum drop d;

	if (in->msg.flags & MARS_F_REGISTER)
		return member_deregister(in, ROLE_CLIENT);
	if ((d = join_checks(in, &reg, &s)) != DROP_NONE)
		return d;
	in->proto->cluster->counts.leaves++;
	if ((j = join_find(reg->node, &s)) != NULL)
		e = join_entry(j, in->proto->self);
	if (e == NULL || e->stale) {
		send_echo(in, ROLE_CLIENT);	/* */
		return DROP_NONE;
	}
	publish_entry(e, true);
	e->stale = true;
	in->proto->joins--;
	if (join_refresh(j) == CHANGE_DOWN)
		join_announce(reg->node, false, &s, false, in);
	else
		send_echo(in, ROLE_CLIENT);
	entry_free(e);
	return DROP_NONE;
}
