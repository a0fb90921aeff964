/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Server groups: an instance of SCSP for each PID and SGID (RFC 2334 section
 * 2), and when an entry of its cache has come to its end.
 */
#include <stdlib.h>

#include "align.h"
#include "group.h"
#include "neighbor.h"
#include "publish.h"
#include "queue.h"
#include "reborn.h"
#include "scsp.h"

int
scsp_group_cmp(const struct scsp_group *a, const struct scsp_group *b)
{
	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->sgid < b->sgid ? -1 : a->sgid > b->sgid;
}

RB_GENERATE(scsp_group_tree, scsp_group, node, scsp_group_cmp)

/* who fills the cache again and again must not realign us all the time */
#define ROOM_WAIT	MTIME_SEC(30)
#define ROOM_PART	20	/* of the limit that has to be free */
#define NUMBERS_EPOCH	1577836800	/* 2020-01-01T00:00:00Z */

static void	on_mortal(void *);

struct scsp_group *
scsp_group_get(struct scsp *s, uint16_t pid, uint16_t sgid)
{
	struct scsp_group key;

	key.pid = pid;
	key.sgid = sgid;
	return RB_FIND(scsp_group_tree, &s->groups, &key);
}

struct scsp_group *
scsp_group_find(struct scsp *s, uint16_t sgid)
{
	return scsp_group_get(s, PID_MARS, sgid);
}

bool
scsp_group_is_mars(const struct scsp_group *g)
{
	return g->pid == PID_MARS;
}

/*
 * A quarter of the limit is set apart, in equal parts for all neighbors: one
 * that fills the rest keeps no other out.
 */
static uint32_t
reserve(const struct scsp_group *g)
{
	const struct scsp_neighbor *nb;
	uint32_t n = 0;

	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		n++;
	return n == 0 ? 0 : g->max_records / 4 / n;
}

bool
scsp_group_room(const struct scsp_group *g, const struct scsp_neighbor *nb,
    uint32_t n)
{
	const struct scsp_neighbor *other;
	uint32_t part = reserve(g);
	uint64_t kept = 0;

	if ((uint64_t)nb->share->held + n <= part)
		return true;
	TAILQ_FOREACH(other, &g->neighbors, of_group)
		if (other != nb && other->share->held < part)
			kept += part - other->share->held;
	return g->cache.count + kept + n <= g->max_records;
}

void
scsp_group_filled(struct scsp_group *g, struct scsp_neighbor *nb)
{
	uint64_t count = g->cache.count, max = g->max_records;
	struct scsp_event ev = { .code = SCSP_EV_NEAR,
		.cluster = g->name,
		.pid = g->pid,
		.sgid = g->sgid,
		.neighbor = nb == NULL ? NULL : &nb->peer->addr,
		.why = "records",
		.number = count };

	if (count * 10 < max * 8)
		g->near = false;
	if (count * 10 < max * 9 || g->near)
		return;
	g->near = true;
	g->scsp->ops->event(g->scsp->arg, &ev);
}

void
scsp_group_refused(struct scsp_neighbor *nb)
{
	nb->refused = nb->group->refused = true;
}

void
scsp_group_doubts(const struct scsp_neighbor *from)
{
	struct scsp_group *g = from->group;
	struct scsp_neighbor *nb;

	TAILQ_FOREACH(nb, &g->neighbors, of_group)
		if (nb != from)
			scsp_group_refused(nb);
	scsp_group_emptied(g);
}

void
scsp_group_emptied(struct scsp_group *g)
{
	if (g->refused && !timer_isset(&g->room))
		timer_set(g->scsp->timers, &g->room, ROOM_WAIT);
}

/* Is there so much room for this neighbor that it is worth an alignment? */
static bool
is_roomy(const struct scsp_group *g, const struct scsp_neighbor *nb)
{
	uint32_t some = g->max_records / ROOM_PART;

	return (uint64_t)nb->share->held * 2 < reserve(g) ||
	    scsp_group_room(g, nb, some == 0 ? 1 : some);
}

static void
on_room(void *arg)
{
	struct scsp_group *g = arg;
	struct scsp_neighbor *nb;

	g->refused = false;
	TAILQ_FOREACH(nb, &g->neighbors, of_group) {
		if (!nb->refused)
			continue;
		if (!is_roomy(g, nb)) { /* at the next that goes */
			g->refused = true;
			continue;
		}
		/* its summaries may have been compared with what we had then */
		if (nb->align == SCSP_ALIGN_SUMMARIZE) {
			g->refused = true;
			scsp_group_emptied(g);
			continue;
		}
		nb->refused = false;
		if (scsp_align_exchanging(nb))
			scsp_align_run(nb, SCSP_ALIGN_EV_REALIGN);
	}
}

/*
 * Contents are good if they fit into a packet of ours; others could not be
 * passed on.
 */
static enum csa_verdict
judge_opaque(const void *data, size_t len)
{
	(void)data;
	return len <= CONTENTS_MAX ? CSA_LIVE : CSA_STRANGE;
}

enum csa_verdict (*scsp_group_judge(const struct scsp_group *g))(
    const void *, size_t)
{
	return scsp_group_is_mars(g) ? g->scsp->ops->judge : judge_opaque;
}

bool
scsp_group_owns(const struct scsp_group *g, scsp_record_id id)
{
	return scsp_group_is_mars(g) && RECORD_OID(id) == g->scsp->lsid;
}

void
scsp_group_tell_update(
    struct scsp_group *g, const struct scsp_csas *c, uint8_t how)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(RECORD_OID(c->id), oid);
	s->ops->update(s->arg, g->sgid, oid, RECORD_KEY(c->id), c->seq, how,
	    c->data, c->len);
}

void
scsp_group_tell_gone(struct scsp_group *g, scsp_record_id id)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(RECORD_OID(id), oid);
	s->ops->gone(s->arg, g->sgid, oid, RECORD_KEY(id));
}

void
scsp_group_tell_neighbor(struct scsp_group *g, uint32_t id, bool aligned)
{
	struct scsp *s = g->scsp;
	uint8_t oid[4];

	if (!scsp_group_is_mars(g))
		return;
	scsp_oid_octets(id, oid);
	s->ops->neighbor(s->arg, g->sgid, oid, aligned);
}

/*
 * Every start is a restart: a life begins with numbers that no earlier
 * one has used, as long as the clock goes on and a record changes less than
 * once a second.  0: the clock says nothing.
 */
static int32_t
scsp_group_born(int64_t now)
{
	int64_t since = now - NUMBERS_EPOCH;

	if (since < 0)
		return 0;
	return since > INT32_MAX ? INT32_MAX : (int32_t)since;
}

int32_t
scsp_group_first(const struct scsp_group *g)
{
	return SEQ_FIRST + g->born;
}

struct scsp_group *
scsp_group_new(struct scsp *s, uint16_t pid, uint16_t sgid)
{
	struct scsp_group *g;

	if ((g = calloc(1, sizeof(*g))) == NULL)
		return NULL;
	g->scsp = s;
	g->pid = pid;
	g->sgid = sgid;
	g->holding = true;
	g->born = scsp_group_born(s->ops->wallclock(s->arg));
	scsp_publish_release_init(g);
	scsp_reborn_init(g);
	scsp_cache_init(&g->cache, &s->pool);
	TAILQ_INIT(&g->neighbors);
	timer_init(&g->mortal_timer, on_mortal, g);
	timer_init(&g->room, on_room, g);
	RB_INSERT(scsp_group_tree, &s->groups, g);
	return g;
}

void
scsp_group_free(struct scsp_group *g)
{
	struct scsp_neighbor *nb;

	while ((nb = TAILQ_FIRST(&g->neighbors)) != NULL)
		scsp_neighbor_free(nb);
	timer_clear(g->scsp->timers, &g->mortal_timer);
	timer_clear(g->scsp->timers, &g->forgotten);
	timer_clear(g->scsp->timers, &g->room);
	timer_clear(g->scsp->timers, &g->release);
	scsp_cache_free(&g->cache);
	RB_REMOVE(scsp_group_tree, &g->scsp->groups, g);
	free(g);
}

void
scsp_group_mortals(struct scsp_group *g)
{
	struct scsp_entry *e = scsp_cache_mortal(&g->cache);
	struct timers *ts = g->scsp->timers;

	if (e == NULL)
		timer_clear(ts, &g->mortal_timer);
	else if (!timer_isset(&g->mortal_timer))
		timer_set(ts, &g->mortal_timer,
		    g->tombstone - mtime_diff(e->since, ts->now));
}

static void
on_mortal(void *arg)
{
	struct scsp_group *g = arg;
	mtime_t now = g->scsp->timers->now;
	struct scsp_entry *e;

	while ((e = scsp_cache_mortal(&g->cache)) != NULL &&
	    mtime_diff(e->since, now) >= g->tombstone) {
		scsp_cache_flag(&g->cache, e, ENTRY_EXPIRED);
		scsp_entry_settle(g, e);
	}
	scsp_group_mortals(g);
}

void
scsp_entry_remove(struct scsp_group *g, struct scsp_entry *e)
{
	struct scsp_link *l;

	while ((l = scsp_queue_first(e)) != NULL)
		scsp_queue_remove(l);
	scsp_cache_erase(&g->cache, e);
	scsp_group_emptied(g);
}

void
scsp_entry_settle(struct scsp_group *g, struct scsp_entry *e)
{
	scsp_record_id id = e->id;
	uint8_t flags = e->flags;
	struct scsp_renewal *r;

	if ((flags & ENTRY_EXPIRED) == 0 || e->link != 0)
		return;
	r = scsp_entry_take_renewal(e);
	scsp_cache_erase(&g->cache, e);
	scsp_group_emptied(g);
	if ((flags & ENTRY_BARE) == 0)
		scsp_group_tell_gone(g, id);
	if ((flags & ENTRY_OWN) != 0 && r != NULL)
		scsp_publish_renew(g, RECORD_KEY(id), r);
	free(r);
}
