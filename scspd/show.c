/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl shows of the core, an object at a time. */
#include <string.h>

#include "ctl.h"
#include "align.h"
#include "hello.h"
#include "scsp.h"

/*
 * Neighbors and counters are few and set by configuration: a position is
 * enough.  Records are many and come and go: the name of the last one.
 */
struct scsp_place {
	uint32_t	 n;
	uint32_t	 counter;
};

struct scsp_cache_place {
	bool		 started;
	uint16_t	 pid, sgid;
	scsp_record_id	 id;
};

static struct scsp_neighbor *
neighbor_at(struct scsp *s, uint32_t n)
{
	struct scsp_group *g;
	struct scsp_neighbor *nb;

	RB_FOREACH(g, scsp_group_tree, &s->groups)
		TAILQ_FOREACH(nb, &g->neighbors, of_group)
			if (n-- == 0)
				return nb;
	return NULL;
}

static void
put_id(struct wr *w, const char *name, uint32_t id)
{
	uint8_t oid[4];

	scsp_oid_octets(id, oid);
	ctl_oid(w, name, oid);
}

static void
put_age(struct wr *w, const char *name, const struct scsp *s, mtime_t since)
{
	ctl_uint(w, name,
	    (uint64_t)(mtime_diff(since, s->timers->now) / MTIME_SEC(1)));
}

static uint64_t
scsp_show_dropped(const uint64_t *drops)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < SCSP_DROP_MAX; i++)
		sum += drops[i];
	return sum;
}

static const char *
replay_state(const struct scsp_neighbor *nb)
{
	if (!nb->conf.auth)
		return "off";
	if (nb->replay.proven != 0)
		return "in force";
	return nb->conf.replay_required || nb->replay.shown ? "pending" :
	    "not offered";
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
	put_id(w, "server-id", s->lsid);
	ctl_uint(w, "neighbors", neighbors);
	ctl_uint(w, "aligned", aligned);
	ctl_uint(w, "records", records);
	ctl_uint(w, "tombstones", tombs);
	ctl_uint(w, "hidden", hidden);
	ctl_uint(w, "strange", strange);
	ctl_uint(w, "calls-refused", s->calls_refused);
	ctl_uint(w, "dropped", drops);
	return true;
}

static void
put_keys(struct wr *w, const struct scsp_neighbor *nb)
{
	const struct scsp_auth_key *k = scsp_auth_sign_key(
	    nb->keys, nb->nkeys, nb->scsp->ops->wallclock(nb->scsp->arg));

	if (!nb->conf.auth)
		ctl_string(w, "auth", "off");
	else if (k == NULL)
		ctl_string(w, "auth", "no valid key");
	else {
		ctl_string(w, "auth", scsp_auth_key_algorithm(k));
		ctl_uint(w, "spi", scsp_auth_key_spi(k));
	}
	ctl_string(w, "replay", replay_state(nb));
}

bool
scsp_show_neighbors(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_place *at = cursor;
	struct scsp_neighbor *nb;

	if ((nb = neighbor_at(s, at->n)) == NULL)
		return false;
	at->n++;
	ctl_string(w, "cluster", nb->group->name);
	ctl_uint(w, "server-group", nb->group->sgid);
	ctl_uint(w, "protocol-id", nb->group->pid);
	ctl_atm(w, "address", &nb->peer->addr);
	if (nb->has_id)
		put_id(w, "id", nb->id);
	else
		ctl_string(w, "id", "");
	ctl_string(w, "hello", scsp_hello_table.states[nb->hello]);
	ctl_string(w, "alignment", scsp_align_table.states[nb->align]);
	put_age(w, "since", s, nb->align_since);
	ctl_uint(w, "records-sent", nb->records_out);
	ctl_uint(w, "records-received", nb->records_in);
	if (nb->delay > 0)
		ctl_uint(w, "delay", (uint64_t)nb->delay);
	ctl_uint(w, "csu-queue", nb->nqueued);
	ctl_uint(w, "csus-pending", scsp_solicit_pending(nb));
	put_keys(w, nb);
	ctl_uint(w, "hellos-in", nb->hellos_in);
	ctl_uint(w, "hellos-out", nb->hellos_out);
	ctl_uint(w, "retransmissions", nb->retransmissions);
	ctl_uint(w, "dropped", scsp_show_dropped(nb->drops));
	return true;
}

static const char *
entry_state(const struct scsp_entry *e)
{
	if (e->flags & ENTRY_BARE)
		return "strange";
	if (e->flags & ENTRY_HIDDEN)
		return "hidden";
	return e->flags & ENTRY_TOMB ? "tombstone" : "live";
}

bool
scsp_show_cache(struct scsp *s, void *cursor, struct wr *w)
{
	struct scsp_cache_place *at = cursor;
	struct scsp_group *g, key;
	struct scsp_entry *e = NULL;

	key.pid = at->pid;
	key.sgid = at->sgid;
	for (g = RB_NFIND(scsp_group_tree, &s->groups, &key); g != NULL;
	    g = RB_NEXT(scsp_group_tree, &s->groups, g)) {
		e = at->started && scsp_group_cmp(g, &key) == 0 ?
		    scsp_cache_after(&g->cache, at->id) :
		    scsp_cache_first(&g->cache);
		if (e != NULL)
			break;
	}
	if (g == NULL)
		return false;
	at->started = true;
	at->pid = g->pid;
	at->sgid = g->sgid;
	at->id = e->id;
	ctl_string(w, "cluster", g->name);
	ctl_uint(w, "server-group", g->sgid);
	ctl_uint(w, "protocol-id", g->pid);
	put_id(w, "oid", RECORD_OID(e->id));
	ctl_uint(w, "key", RECORD_KEY(e->id));
	ctl_int(w, "sequence", e->flags & ENTRY_BARE ? e->seen : e->seq);
	ctl_uint(w, "length", e->len);
	ctl_string(w, "state", entry_state(e));
	ctl_bool(w, "own", (e->flags & ENTRY_OWN) != 0);
	put_age(w, "age", s, e->since);
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
		if (at->n != 0 && (nb = neighbor_at(s, at->n - 1)) == NULL)
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
