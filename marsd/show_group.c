/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of groups: who is in the host map and the server map. */
#include "show_impl.h"

/* As many as fit, by address; the count says how many there are. */
static void
put_nodes(struct wr *w, const char *name, enum marsd_role role,
    struct marsd_proto *p, const struct marsd_span *s, size_t reserve)
{
	struct marsd_itree_node *in = marsd_itree_find(&p->map[role], s);
	struct marsd_range *r = in == NULL ? NULL : marsd_range_of(in);
	struct btree_walk at;
	struct marsd_join *j;

	ctl_array(w, name);
	if (r != NULL)
		marsd_range_walk(&at, r);
	while (r != NULL && wr_left(w) >= ATM_STRLEN + 16 + reserve &&
	    (j = marsd_range_next(&at)) != NULL)
		if (j->live)
			ctl_atm(w, "", &j->node->atm);
	ctl_close(w);
}

static void
put_group(struct wr *w, struct marsd_proto *p, const struct marsd_span *s)
{
	struct marsd_itree_node *in;
	struct marsd_range *host, *serve;

	in = marsd_itree_find(&p->map[MARSD_ROLE_CLIENT], s);
	host = in == NULL ? NULL : marsd_range_of(in);
	in = marsd_itree_find(&p->map[MARSD_ROLE_MCS], s);
	serve = in == NULL ? NULL : marsd_range_of(in);
	marsd_put_proto(w, p);
	ctl_paddr(w, "group-min", &s->min);
	ctl_paddr(w, "group-max", &s->max);
	ctl_uint(w, "member-count", host == NULL ? 0 : host->live);
	ctl_uint(w, "server-count", serve == NULL ? 0 : serve->live);
}

/* The next range of either map. */
static bool
next_range(
    struct marsd_proto *p, struct marsd_cursor *cur, struct marsd_span *s)
{
	const struct marsd_span *after = cur->begun ? &cur->span : NULL;
	struct marsd_itree_node *a, *b;

	a = marsd_itree_next(&p->map[MARSD_ROLE_CLIENT], after);
	while (a != NULL && marsd_range_of(a)->live == 0)
		a = marsd_itree_next(&p->map[MARSD_ROLE_CLIENT], a->span);
	b = marsd_itree_next(&p->map[MARSD_ROLE_MCS], after);
	while (b != NULL && marsd_range_of(b)->live == 0)
		b = marsd_itree_next(&p->map[MARSD_ROLE_MCS], b->span);
	if (a == NULL || (b != NULL && marsd_span_cmp(b->span, a->span) < 0))
		a = b;
	if (a == NULL)
		return false;
	*s = *a->span;
	return true;
}

/* A join: whose, and by which servers' words it is known. */
static void
put_map_join(struct wr *w, const struct marsd_join *j, size_t reserve)
{
	const struct marsd_entry *e;

	ctl_object(w, "");
	ctl_atm(w, "address", &j->node->atm);
	ctl_bool(w, "counts", j->live);
	ctl_array(w, "known-by");
	LIST_FOREACH(e, &j->entries, join_entry) {
		if (wr_left(w) < ROW_RESERVE / 2 + reserve)
			break;
		if (e->peer == j->node->proto->self)
			ctl_string(w, "", "local");
		else
			ctl_oid(w, "", e->peer->owner->oid);
	}
	ctl_close(w);
	ctl_close(w);
}

static void
put_map(struct wr *w, const char *name, struct marsd_range *r, size_t reserve)
{
	struct btree_walk at;
	struct marsd_join *j;

	ctl_array(w, name);
	if (r != NULL)
		marsd_range_walk(&at, r);
	while (r != NULL && wr_left(w) >= ROW_RESERVE + reserve &&
	    (j = marsd_range_next(&at)) != NULL)
		put_map_join(w, j, reserve);
	ctl_close(w);
}

static void
put_maps(struct wr *w, struct marsd_proto *p, const struct marsd_span *s)
{
	struct marsd_itree_node *host, *serve;

	host = marsd_itree_find(&p->map[MARSD_ROLE_CLIENT], s);
	serve = marsd_itree_find(&p->map[MARSD_ROLE_MCS], s);
	put_map(w, "server-map", serve == NULL ? NULL : marsd_range_of(serve),
	    wr_left(w) / 2);
	put_map(w, "host-map", host == NULL ? NULL : marsd_range_of(host),
	    ROW_RESERVE);
}

/* The next range of all protocols; cur is behind it then. */
static struct marsd_proto *
next_of_groups(
    struct marsd *m, struct marsd_cursor *cur, struct marsd_span *s)
{
	struct marsd_proto *p;

	while ((p = marsd_show_proto(m, cur)) != NULL) {
		if (next_range(p, cur, s)) {
			cur->begun = 1;
			cur->span = *s;
			return p;
		}
		marsd_show_next_proto(cur);
	}
	return NULL;
}

bool
marsd_show_groups(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_proto *p;
	struct marsd_span s;

	if ((p = next_of_groups(m, cursor, &s)) == NULL)
		return false;
	put_group(w, p, &s);
	put_nodes(w, "servers", MARSD_ROLE_MCS, p, &s, CTL_ROW_MAX / 2);
	put_nodes(w, "members", MARSD_ROLE_CLIENT, p, &s, ROW_RESERVE);
	return true;
}

bool
marsd_show_group(struct marsd *m, void *cursor, struct wr *w)
{
	struct marsd_proto *p;
	struct marsd_span s;

	if ((p = next_of_groups(m, cursor, &s)) == NULL)
		return false;
	put_group(w, p, &s);
	put_maps(w, p, &s);
	return true;
}
