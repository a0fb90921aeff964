/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl shows of the core, an object at a time: here of the whole, its
 * groups and its counters; show_neighbor.c has neighbors and keys,
 * show_cache.c the records.
 */
#include <string.h>

#include "align.h"
#include "show_impl.h"

struct scsp_neighbor *
scsp_show_neighbor_at(struct scsp *s, uint32_t n)
{
	struct scsp_group *g;
	struct scsp_neighbor *nb;

	RB_FOREACH(g, scsp_group_tree, &s->groups)
		TAILQ_FOREACH(nb, &g->neighbors, of_group)
			if (n-- == 0)
				return nb;
	return NULL;
}

void
scsp_put_id(struct wr *w, const char *name, uint32_t id)
{
	uint8_t oid[4];

	scsp_oid_octets(id, oid);
	ctl_oid(w, name, oid);
}

void
scsp_put_age(
    struct wr *w, const char *name, const struct scsp *s, mtime_t since)
{
	ctl_age(w, name,
	    (uint64_t)(mtime_diff(since, s->timers->now) / MTIME_SEC(1)));
}

uint64_t
scsp_show_dropped(const uint64_t *drops)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < SCSP_DROP_MAX; i++)
		sum += drops[i];
	return sum;
}

/* Of all neighbors, and of those who are none. */
static const struct scsp_problem *
scsp_latest_problem(struct scsp *s)
{
	const struct scsp_problem *last = &s->problem;
	const struct scsp_neighbor *nb;
	uint32_t i;

	for (i = 0; (nb = scsp_show_neighbor_at(s, i)) != NULL; i++)
		if (nb->problem.set && (!last->set ||
		    mtime_diff(last->at, nb->problem.at) >= 0))
			last = &nb->problem;
	return last;
}

bool
scsp_show_summary(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_place *at = cursor;
	struct scsp_group *g;
	struct scsp_neighbor *nb;
	uint64_t neighbors = 0, aligned = 0, records = 0, tombs = 0;
	uint64_t hidden = 0, strange = 0, drops = scsp_show_dropped(s->drops);

	if (at->n++ != 0)
		return false;
	RB_FOREACH(g, scsp_group_tree, &s->groups) {
		records += g->cache.count;
		tombs += g->cache.tombs;
		hidden += g->cache.hidden;
		strange += g->cache.bare;
		TAILQ_FOREACH(nb, &g->neighbors, of_group) {
			neighbors++;
			aligned += nb->align == SCSP_ALIGN_ALIGNED;
			drops += scsp_show_dropped(nb->drops);
		}
	}
	scsp_put_id(w, "server-id", s->lsid);
	ctl_uint(w, "neighbors", neighbors);
	ctl_uint(w, "aligned", aligned);
	ctl_uint(w, "records", records);
	ctl_uint(w, "tombstones", tombs);
	ctl_uint(w, "hidden", hidden);
	ctl_uint(w, "strange", strange);
	ctl_uint(w, "calls-refused", s->calls_refused);
	ctl_uint(w, "dropped", drops);
	scsp_problem_show(w, scsp_latest_problem(s), s->timers->now);
	return true;
}

/* The n-th group, or NULL. */
static struct scsp_group *
group_at(struct scsp *s, uint32_t n)
{
	struct scsp_group *g;

	RB_FOREACH(g, scsp_group_tree, &s->groups)
		if (n-- == 0)
			return g;
	return NULL;
}

bool
scsp_show_limits(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_place *at = cursor;
	struct scsp_group *g = group_at(s, at->n++);

	if (g == NULL)
		return false;
	ctl_string(w, "cluster", g->name);
	ctl_string(w, "scope", g->name);
	ctl_null(w, "protocol");
	ctl_string(w, "name", "records");
	ctl_uint(w, "used", g->cache.count);
	ctl_uint(w, "limit", g->max_records);
	return true;
}

/* Contents are counted as if each record had what a client's join has. */
#define CONTENTS	48

bool
scsp_show_memory(struct scsp *s, void *cursor, struct wr *w)
{
	uint64_t records = 0, bare = 0, neighbors = 0, queued = 0;
	struct scsp_place *at = cursor;
	struct scsp_group *g;
	struct scsp_neighbor *nb;
	uint32_t i;

	RB_FOREACH(g, scsp_group_tree, &s->groups) {
		records += g->cache.count;
		bare += g->cache.bare;
	}
	for (i = 0; (nb = scsp_show_neighbor_at(s, i)) != NULL; i++) {
		neighbors++;
		queued += nb->nqueued;
	}
	const struct {
		const char	*name;
		uint64_t	 count, octets;
	} kinds[] = {
		{ "records", records, records * sizeof(struct scsp_entry) +
		    (records - bare) * CONTENTS },
		{ "records to be sent", queued,
		    queued * sizeof(struct scsp_link) },
		{ "neighbors", neighbors, neighbors * sizeof(*nb) },
	};

	if (at->n == sizeof(kinds) / sizeof(kinds[0]))
		return false;
	ctl_string(w, "name", kinds[at->n].name);
	ctl_uint(w, "count", kinds[at->n].count);
	ctl_uint(w, "octets", kinds[at->n].octets);
	at->n++;
	return true;
}

static const struct {
	const char	*name;
	size_t		 offset;
} counters[] = {
#define X(sym, name) { name, offsetof(struct scsp_neighbor, sym) },
	NEIGHBOR_COUNTERS(X)
#undef X
};
#define NCOUNTERS	((uint32_t)(sizeof(counters) / sizeof(counters[0])))

static uint64_t
neighbor_counter(const struct scsp_neighbor *nb, uint32_t i)
{
	uint64_t v;

	memcpy(&v, (const char *)nb + counters[i].offset, sizeof(v));
	return v;
}

/*
 * The next counter: of the whole and of packets that belong to nobody (scope
 * "all"), then of each neighbor, by address.  Reasons that never occurred
 * are left out.
 */
bool
scsp_show_counters(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_place *at = cursor;
	struct scsp_neighbor *nb = NULL;
	const char *name;
	uint64_t v;
	uint32_t i, base;

	for (;;) {
		if (at->n != 0)
			nb = scsp_show_neighbor_at(s, at->n - 1);
		if (at->n != 0 && nb == NULL)
			return false;
		base = nb == NULL ? 1 : NCOUNTERS;
		i = at->counter++;
		if (i >= base + SCSP_DROP_MAX) {
			at->n++;
			at->counter = 0;
			continue;
		}
		if (i < base) {
			name =
			    nb == NULL ? "table-violations" : counters[i].name;
			v = nb == NULL ? s->faults.count :
			    neighbor_counter(nb, i);
			break;
		}
		name = scsp_drop_name((enum scsp_drop)(i - base));
		v = nb == NULL ? s->drops[i - base] : nb->drops[i - base];
		if (v != 0)
			break;
	}
	if (nb != NULL)
		ctl_atm(w, "scope", &nb->peer->addr);
	else
		ctl_string(w, "scope", "all");
	ctl_string(w, "name", name);
	ctl_string(w, "kind", i < base ? "counter" : "drop");
	ctl_uint(w, "value", v);
	return true;
}

/* Also what went wrong last is over. */
void
scsp_clear_counters(struct scsp *s)
{
	struct scsp_neighbor *nb;
	const uint64_t zero = 0;
	uint32_t i, j;

	memset(s->drops, 0, sizeof(s->drops));
	memset(&s->problem, 0, sizeof(s->problem));
	s->calls_refused = 0;
	s->faults.count = 0;
	for (i = 0; (nb = scsp_show_neighbor_at(s, i)) != NULL; i++) {
		for (j = 0; j < NCOUNTERS; j++)
			memcpy((char *)nb + counters[j].offset, &zero,
			    sizeof(zero));
		memset(nb->drops, 0, sizeof(nb->drops));
		memset(&nb->problem, 0, sizeof(nb->problem));
	}
}
