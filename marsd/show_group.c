/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of groups: who is in the host map and the server map. */
#include <stdlib.h>

#include "show_impl.h"

#define SHOWN_MAX	(CTL_ROW_MAX / 8) /* joins: more never fit a row */

static int
by_address(const void *a, const void *b)
{
	const struct marsd_join *x = *(const struct marsd_join *const *)a;
	const struct marsd_join *y = *(const struct marsd_join *const *)b;

	return atm_addr_cmp(&marsd_node_of(x)->atm, &marsd_node_of(y)->atm);
}

static bool
any_join(const struct marsd_join *j)
{
	(void)j;
	return true;
}

static bool
join_counts(const struct marsd_join *j)
{
	return j->counts != 0;
}

/*
 * Those joins of a range, NULL: of none, in the order of their addresses; to be
 * freed by the caller.  Of very many it has only some.
 */
static const struct marsd_join **
joins_of(const struct marsd_range *r, bool (*wanted)(const struct marsd_join *),
    size_t *n)
{
	const struct marsd_join **v, *j;
	struct btree_walk at;

	*n = 0;
	if (r == NULL ||
	    (v = reallocarray(NULL, SHOWN_MAX, sizeof(*v))) == NULL)
		return NULL;
	marsd_range_walk(&at, r);
	while (*n < SHOWN_MAX && (j = marsd_range_next(&at)) != NULL)
		if (wanted(j))
			v[(*n)++] = j;
	if (*n > 1)
		qsort(v, *n, sizeof(*v), by_address);
	return v;
}

/* As many as fit; the count says how many there are. */
static void
put_nodes(struct wr *w, const char *name, enum marsd_role role,
    struct marsd_proto *p, const struct marsd_span *s, size_t reserve)
{
	const struct marsd_join **v;
	size_t i, n;

	v = joins_of(marsd_range_find(p, role, s), join_counts, &n);
	ctl_array(w, name);
	for (i = 0; i < n && wr_left(w) >= ATM_STRLEN + 16 + reserve; i++)
		ctl_atm(w, "", &marsd_node_of(v[i])->atm);
	ctl_close(w);
	free(v);
}

static void
put_group(struct wr *w, struct marsd_proto *p, const struct marsd_span *s)
{
	const struct marsd_range *host, *serve;

	host = marsd_range_find(p, MARSD_ROLE_CLIENT, s);
	serve = marsd_range_find(p, MARSD_ROLE_MCS, s);
	marsd_put_proto(w, p);
	ctl_paddr(w, "group-min", &s->min);
	ctl_paddr(w, "group-max", &s->max);
	ctl_uint(w, "member-count", host == NULL ? 0 : host->live);
	ctl_uint(w, "server-count", serve == NULL ? 0 : serve->live);
}

/* The next range of a map that anybody is in. */
static const struct marsd_range *
next_live(const struct marsd_proto *p, enum marsd_role role,
    const struct marsd_span *after)
{
	const struct marsd_range *r = marsd_range_after(p, role, after);
	struct marsd_span s;

	while (r != NULL && r->live == 0) {
		s = marsd_range_span(r);
		r = marsd_range_after(p, role, &s);
	}
	return r;
}

/* The next range of either map. */
static bool
next_range(
    struct marsd_proto *p, struct marsd_cursor *cur, struct marsd_span *s)
{
	const struct marsd_span *after = cur->begun ? &cur->span : NULL;
	const struct marsd_range *a, *b;
	struct marsd_span other;

	a = next_live(p, MARSD_ROLE_CLIENT, after);
	b = next_live(p, MARSD_ROLE_MCS, after);
	if (a == NULL && b == NULL)
		return false;
	if (a == NULL || b == NULL) {
		*s = marsd_range_span(a == NULL ? b : a);
		return true;
	}
	*s = marsd_range_span(a);
	other = marsd_range_span(b);
	if (marsd_span_cmp(&other, s) < 0)
		*s = other;
	return true;
}

/* A join: whose, and by which servers' words it is known. */
static void
put_map_join(struct wr *w, const struct marsd_join *j, size_t reserve)
{
	const struct marsd_entry *e = NULL;

	ctl_object(w, "");
	ctl_atm(w, "address", &marsd_node_of(j)->atm);
	ctl_bool(w, "counts", j->counts != 0);
	ctl_array(w, "known-by");
	while ((e = marsd_join_next(j, e)) != NULL) {
		if (wr_left(w) < ROW_RESERVE / 2 + reserve)
			break;
		if (marsd_entry_peer(e) == marsd_node_of(j)->proto->self)
			ctl_string(w, "", "local");
		else
			ctl_oid(w, "", marsd_entry_peer(e)->owner->oid);
	}
	ctl_close(w);
	ctl_close(w);
}

static void
put_map(struct wr *w, const char *name, const struct marsd_range *r,
    size_t reserve)
{
	size_t i, n;
	const struct marsd_join **v = joins_of(r, any_join, &n);

	ctl_array(w, name);
	for (i = 0; i < n && wr_left(w) >= ROW_RESERVE + reserve; i++)
		put_map_join(w, v[i], reserve);
	ctl_close(w);
	free(v);
}

static void
put_maps(struct wr *w, struct marsd_proto *p, const struct marsd_span *s)
{
	put_map(w, "server-map", marsd_range_find(p, MARSD_ROLE_MCS, s),
	    wr_left(w) / 2);
	put_map(w, "host-map", marsd_range_find(p, MARSD_ROLE_CLIENT, s),
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
