/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of members, multicast servers, and what they joined. */
#include <string.h>

#include "adopt.h"
#include "show_impl.h"

/* Who has the node: us, or the first server whose word counts. */
void
marsd_put_server(struct wr *w, const struct marsd_node *n)
{
	const struct marsd_claim *c = NULL, *best = NULL;

	while ((c = marsd_claim_next(n, c)) != NULL)
		if (c->reg != NULL && marsd_entry_counts(c->reg))
			best = c;
	if (marsd_node_is_here(n))
		ctl_string(w, "server", "local");
	else if (best != NULL)
		ctl_oid(w, "server", best->peer->owner->oid);
	else
		ctl_string(w, "server", "none");
}

static uint16_t
node_cmi(const struct marsd_node *n)
{
	const struct marsd_claim *c = NULL;

	if (n->reg != NULL)
		return n->reg->cmi;
	while ((c = marsd_claim_next(n, c)) != NULL)
		if (c->reg != NULL && marsd_entry_counts(c->reg))
			return c->reg->cmi;
	return 0;
}

static uint64_t
node_unconfirmed(struct marsd_node *n)
{
	struct marsd_join *j;
	struct marsd_entry *e;
	uint64_t count = 0;

	if (n->reg == NULL || n->reg->adoption == MARSD_ADOPT_NONE)
		return 0;
	MARSD_JOIN_FOREACH(j, n)
	if ((e = marsd_join_entry(j, n->proto->self)) != NULL &&
	    marsd_entry_is_adopted(e))
		count++;
	return count;
}

static void
put_member(struct wr *w, struct marsd_node *n)
{
	struct marsd_proto *p = n->proto;
	bool here = marsd_node_is_here(n);

	marsd_put_proto(w, p);
	ctl_atm(w, "address", &n->atm);
	ctl_uint(w, "cmi", node_cmi(n));
	marsd_put_server(w, n);
	ctl_uint(w, "joins", n->njoins);
	ctl_uint(w, "confirmed", n->njoins - node_unconfirmed(n));
	marsd_put_age(w, "since", p->cluster->mars, here,
	    here ? n->reg->since : (mtime_t){ 0 });
}

/* The circuit that it sent its last message on, and what became of those. */
static void
put_member_circuit(struct wr *w, const struct marsd_node *n)
{
	const struct marsd_circuit *ci =
	    n->reg == NULL ? NULL : n->reg->circuit;

	if (ci == NULL) {
		ctl_null(w, "circuit");
		return;
	}
	ctl_atm(w, "circuit", vc_peer(ci->vc));
	ctl_uint(w, "messages-in", ci->in);
	ctl_uint(w, "messages-out", ci->out);
	ctl_uint(w, "messages-refused", ci->refused);
	if (ci->why != NULL)
		ctl_string(w, "refused", ci->why);
	else
		ctl_null(w, "refused");
	marsd_put_age(w, "refused-age", ci->cluster->mars, ci->why != NULL,
	    ci->why_at);
}

/* Its leaf on the control VC: by it come the messages that are for all. */
static void
put_member_leaf(struct wr *w, const struct marsd_node *n)
{
	struct vc_circuit_info info;

	if (n->reg == NULL) {
		ctl_null(w, "leaf");
		return;
	}
	ctl_string(w, "leaf", marsd_leaf_table.states[n->reg->state]);
	if (n->reg->leaf != NULL && vc_leaf_circuit(n->reg->leaf, &info))
		ctl_uint(w, "leaf-messages", info.sdus_out);
	else
		ctl_null(w, "leaf-messages");
}

/* As many as fit; the count says how many there are. */
static void
put_member_joins(struct wr *w, struct marsd_node *n)
{
	char text[2 * PADDR_STRLEN + 2];
	struct marsd_span s;
	struct marsd_join *j;

	ctl_array(w, n->role == MARSD_ROLE_MCS ? "serves" : "joined");
	for (j = marsd_join_after(n, NULL);
	    j != NULL && wr_left(w) > ROW_RESERVE;
	    j = marsd_join_behind(j)) {
		s = marsd_join_span(j);
		(void)paddr_print(&s.min, text, PADDR_STRLEN);
		if (!paddr_equal(&s.min, &s.max)) {
			(void)strlcat(text, "-", sizeof(text));
			(void)paddr_print(&s.max, text + strlen(text),
			    PADDR_STRLEN);
		}
		ctl_string(w, "", text);
	}
	ctl_close(w);
}

/* The next node that is a member anywhere, for all that we know. */
static struct marsd_node *
next_member(struct marsd_proto *p, struct marsd_cursor *cur,
    enum marsd_role role)
{
	struct marsd_node *n = marsd_node_after(p, role, &cur->last);

	while (n != NULL && node_cmi(n) == 0 && n->njoins == 0)
		n = marsd_node_after(p, role, &n->atm);
	return n;
}

/* The next one of all protocols; cur is behind it then. */
static struct marsd_node *
next_of_all(struct marsd *m, struct marsd_cursor *cur, enum marsd_role role)
{
	struct marsd_proto *p;
	struct marsd_node *n;

	while ((p = marsd_show_proto(m, cur)) != NULL) {
		if ((n = next_member(p, cur, role)) != NULL) {
			cur->begun = 1;
			cur->last = n->atm;
			return n;
		}
		marsd_show_next_proto(cur);
	}
	return NULL;
}

static bool
show_nodes(struct marsd *m, void *cursor, struct wr *w, enum marsd_role role,
    bool all)
{
	struct marsd_node *n = next_of_all(m, cursor, role);

	if (n == NULL)
		return false;
	put_member(w, n);
	if (!all)
		return true;
	put_member_circuit(w, n);
	put_member_leaf(w, n);
	put_member_joins(w, n);
	return true;
}

bool
marsd_show_members(struct marsd *m, void *cursor, struct wr *w)
{
	return show_nodes(m, cursor, w, MARSD_ROLE_CLIENT, false);
}

bool
marsd_show_member(struct marsd *m, void *cursor, struct wr *w)
{
	return show_nodes(m, cursor, w, MARSD_ROLE_CLIENT, true);
}

bool
marsd_show_mcs(struct marsd *m, void *cursor, struct wr *w)
{
	return show_nodes(m, cursor, w, MARSD_ROLE_MCS, false);
}

bool
marsd_show_mcs_one(struct marsd *m, void *cursor, struct wr *w)
{
	return show_nodes(m, cursor, w, MARSD_ROLE_MCS, true);
}

/* --- joins: of each node one after the other, clients first */

static void
put_join(struct wr *w, struct marsd_node *n, struct marsd_join *j,
    const struct marsd_span *s)
{
	struct marsd_entry *e = NULL;
	bool counts = false;

	marsd_put_proto(w, n->proto);
	ctl_string(w, "map", n->role == MARSD_ROLE_MCS ? "server" : "host");
	ctl_paddr(w, "group-min", &s->min);
	ctl_paddr(w, "group-max", &s->max);
	ctl_atm(w, "address", &n->atm);
	marsd_put_server(w, n);
	ctl_bool(w, "counts", j->counts != 0);
	ctl_bool(w, "layer3", j->layer3 != 0);
	ctl_array(w, "known-by");
	while ((e = marsd_join_next(j, e)) != NULL) {
		counts = marsd_entry_counts(e);
		if (wr_left(w) < ROW_RESERVE)
			break;
		ctl_object(w, "");
		if (marsd_entry_peer(e) == n->proto->self)
			ctl_string(w, "server", "local");
		else
			ctl_oid(w, "server", marsd_entry_peer(e)->owner->oid);
		ctl_uint(w, "key", e->key);
		ctl_string(w, "state", marsd_entry_table.states[e->state]);
		ctl_bool(w, "counts", counts);
		ctl_close(w);
	}
	ctl_close(w);
}

/*
 * The node that the cursor is at, or the first one after it, and its next join;
 * NULL: no more in this protocol and role.
 */
static struct marsd_join *
next_join(struct marsd_proto *p, struct marsd_cursor *cur)
{
	struct marsd_node *n = marsd_node_from(p, cur->role, &cur->last);
	struct marsd_join *j;

	for (; n != NULL; n = marsd_node_after(p, cur->role, &n->atm)) {
		j = marsd_join_after(n, cur->begun &&
		    atm_addr_equal(&n->atm, &cur->last) ? &cur->span : NULL);
		if (j != NULL)
			return j;
	}
	return NULL;
}

bool
marsd_show_joins(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_cursor *cur = cursor;
	struct marsd_proto *p;
	struct marsd_join *j;

	while ((p = marsd_show_proto(m, cur)) != NULL) {
		if ((j = next_join(p, cur)) != NULL) {
			cur->begun = 1;
			cur->last = marsd_node_of(j)->atm;
			cur->span = marsd_join_span(j);
			put_join(w, marsd_node_of(j), j, &cur->span);
			return true;
		}
		if (cur->role == MARSD_ROLE_MCS) {
			marsd_show_next_proto(cur);
			continue;
		}
		cur->role = MARSD_ROLE_MCS;
		cur->begun = 0;
		memset(&cur->last, 0, sizeof(cur->last));
	}
	return false;
}
