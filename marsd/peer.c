/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The servers of the group: whether they live, and what goes
 * with them.
 *
 * RFC 2443 section 5.1 says that a server sends its Redirect Entry regularly,
 * and not when it is dead.  Ours: after 240 s without a newer one its records
 * are hidden, come back if it does, and are erased after another 240 s (D5).
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "record.h"

/*
 * Entries of a server that are looked at in one turn.  It may have hundreds of
 * thousands, and members are answered while it dies or comes back.
 */
#define WORK_AT_ONCE	512
/* from when something is known to be missing, to an alignment */
#define ROOM_WAIT	MTIME_SEC(30)

#define DO(s, a)	{ MARSD_PEER_##s, MARSD_PEER_DO_##a }
#define IGNORE(s)	{ MARSD_PEER_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_PEER_##s, TABLE_VIOLATION }

static const struct table_cell peer_cells[MARSD_PEER_STATE_MAX]
    [MARSD_PEER_EVENT_MAX] = {
	[MARSD_PEER_SELF] = {
		[MARSD_PEER_EV_REDIRECT] = IGNORE(SELF),
		[MARSD_PEER_EV_RECORD] = IGNORE(SELF),
		[MARSD_PEER_EV_SILENT] = VIOLATION(SELF),
	},
	[MARSD_PEER_UNHEARD] = {
		[MARSD_PEER_EV_REDIRECT] = DO(ALIVE, START),
		[MARSD_PEER_EV_RECORD] = IGNORE(UNHEARD),
		[MARSD_PEER_EV_SILENT] = DO(HIDDEN, HIDE),
	},
	[MARSD_PEER_ALIVE] = {
		[MARSD_PEER_EV_REDIRECT] = DO(ALIVE, START),
		[MARSD_PEER_EV_RECORD] = IGNORE(ALIVE),
		[MARSD_PEER_EV_SILENT] = DO(HIDDEN, HIDE),
	},
	[MARSD_PEER_HIDDEN] = {
		[MARSD_PEER_EV_REDIRECT] = DO(ALIVE, REVIVE),
		[MARSD_PEER_EV_RECORD] = IGNORE(HIDDEN),
		[MARSD_PEER_EV_SILENT] = DO(ERASED, ERASE),
	},
	/* old records that a neighbor still had do not bring it back */
	[MARSD_PEER_ERASED] = {
		[MARSD_PEER_EV_REDIRECT] = DO(ALIVE, REALIGN),
		[MARSD_PEER_EV_RECORD] = DO(ERASED, HOLD),
		[MARSD_PEER_EV_SILENT] = DO(ERASED, ERASE),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_peer_table, "peer", MARSD_PEER, peer_cells);

static void	work_expired(void *);

static int
owner_cmp(struct marsd_owner *a, struct marsd_owner *b)
{
	return memcmp(a->oid, b->oid, sizeof(a->oid));
}

static int
marsd_peer_cmp(struct marsd_peer *a, struct marsd_peer *b)
{
	return owner_cmp(a->owner, b->owner);
}

RB_GENERATE(marsd_owner_tree, marsd_owner, entry, owner_cmp)
RB_GENERATE(marsd_peer_tree, marsd_peer, entry, marsd_peer_cmp)

struct marsd_owner *
marsd_owner_find(struct marsd_cluster *c, const uint8_t oid[4])
{
	struct marsd_owner key;

	memcpy(key.oid, oid, sizeof(key.oid));
	return RB_FIND(marsd_owner_tree, &c->owners, &key);
}

static struct marsd_peer *
peer_find(struct marsd_proto *p, struct marsd_owner *o)
{
	struct marsd_peer key;

	key.owner = o;
	return RB_FIND(marsd_peer_tree, &p->peers, &key);
}

/* The protocols of the cluster, and then those that are not served. */
static struct marsd_proto *
proto_after(struct marsd_cluster *c, struct marsd_proto *p)
{
	if (p == &c->others)
		return NULL;
	p = p == NULL ? TAILQ_FIRST(&c->protos) : TAILQ_NEXT(p, entry);
	return p == NULL ? &c->others : p;
}

/*
 * Has nobody anything of this server?  Then only the number of its last
 * Redirect Entry is known.
 */
static bool
owner_is_idle(struct marsd_owner *o)
{
	struct marsd_proto *p = NULL;
	struct marsd_peer *peer;

	if (!btree_empty(&o->keys))
		return false;
	while ((p = proto_after(o->cluster, p)) != NULL) {
		if ((peer = peer_find(p, o)) == NULL)
			continue;
		if (peer->state != MARSD_PEER_ERASED || peer->arriving != 0)
			return false;
	}
	return true;
}

static void
peer_end(struct marsd_peer *peer)
{
	struct marsd_proto *p = peer->proto;

	timer_clear(marsd_proto_timers(p), &peer->timer);
	timer_clear(marsd_proto_timers(p), &peer->worker);
	RB_REMOVE(marsd_peer_tree, &p->peers, peer);
	slab_put(&peer->proto->cluster->mars->peers, peer);
}

static void
owner_forget(struct marsd_owner *o)
{
	struct marsd_peer *peer;
	struct marsd_proto *p = NULL;

	while ((p = proto_after(o->cluster, p)) != NULL) {
		if ((peer = peer_find(p, o)) == NULL)
			continue;
		peer_end(peer);
	}
	RB_REMOVE(marsd_owner_tree, &o->cluster->owners, o);
	o->cluster->nowners--;
	free(o);
}

/*
 * One server that has been erased makes room for another.  It is looked for
 * at most once a second, since a neighbor can invent servers all the time.
 */
static bool
owner_make_room(struct marsd_cluster *c)
{
	mtime_t now = c->mars->ts->now;
	struct marsd_owner *o;

	if (mtime_diff(c->forgot, now) < MTIME_SEC(1))
		return false;
	c->forgot = now;
	RB_FOREACH(o, marsd_owner_tree, &c->owners)
		if (owner_is_idle(o)) {
			owner_forget(o);
			return true;
		}
	return false;
}

/* May one more server be known?  This one always. */
static bool
owner_limits(struct marsd_cluster *c, const uint8_t oid[4])
{
	struct marsd_event ev = {
		.oid = oid, .why = marsd_drop_name(MARSD_DROP_KNOWN)
	};

	if (memcmp(oid, c->mars->oid, sizeof(c->mars->oid)) == 0 ||
	    c->conf == NULL || c->nowners < c->conf->max_known ||
	    owner_make_room(c))
		return true;
	c->crowded = true;
	c->drops[MARSD_DROP_KNOWN]++;
	marsd_cluster_event(c, MARSD_EV_REFUSED, &ev);
	return false;
}

/*
 * What was not taken of servers that were one too many is asked for.  Servers
 * can be invented all the time: so not at once, and not for each.
 */
static void
owner_room(void *arg)
{
	struct marsd_cluster *c = arg;

	c->crowded = false;
	c->mars->ops->realign(c->mars->arg, c->conf->server_group);
}

void
marsd_owners_init(struct marsd_cluster *c)
{
	RB_INIT(&c->owners);
	c->forgot = c->mars->ts->now;
	timer_init(&c->room, owner_room, c);
}

/* The same, made if need be; NULL: no memory, or one too many. */
static struct marsd_owner *
owner_get(struct marsd_cluster *c, const uint8_t oid[4])
{
	struct marsd_owner *o = marsd_owner_find(c, oid);

	if (o != NULL)
		return o;
	if (!owner_limits(c, oid))
		return NULL;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->cluster = c;
	memcpy(o->oid, oid, sizeof(o->oid));
	marsd_entries_init(o);
	RB_INSERT(marsd_owner_tree, &c->owners, o);
	c->nowners++;
	o->late = c->crowded;
	return o;
}

bool
marsd_peer_counts(const struct marsd_peer *peer)
{
	return peer->state != MARSD_PEER_HIDDEN &&
	    peer->state != MARSD_PEER_ERASED;
}

static void
peer_expired(void *arg)
{
	marsd_peer_step(arg, MARSD_PEER_EV_SILENT);
}

/* The timer of its death starts with its first record. */
struct marsd_peer *
marsd_peer_get(struct marsd_proto *p, const uint8_t oid[4])
{
	struct marsd_owner *o = owner_get(p->cluster, oid);
	struct marsd_peer *peer;

	if (o == NULL)
		return NULL;
	if ((peer = peer_find(p, o)) != NULL)
		return peer;
	if ((peer = slab_get(&p->cluster->mars->peers)) == NULL)
		return NULL;
	peer->owner = o;
	peer->proto = p;
	marsd_redirects_init(peer);
	timer_init(&peer->timer, peer_expired, peer);
	timer_init(&peer->worker, work_expired, peer);
	if (memcmp(oid, p->cluster->mars->oid, 4) == 0)
		peer->state = MARSD_PEER_SELF;
	else {
		peer->state = MARSD_PEER_UNHEARD;
		timer_set(marsd_proto_timers(p), &peer->timer,
		    MTIME_SEC(p->cluster->conf->redirect_dead));
	}
	RB_INSERT(marsd_peer_tree, &p->peers, peer);
	if (peer->state != MARSD_PEER_SELF && p != &p->cluster->others)
		marsd_limits_watch(p);
	return peer;
}

/* What scspd is told of the entries. */
static void
work_tell(const struct marsd_peer *peer, const uint32_t *keys, uint32_t n)
{
	struct marsd_cluster *c = peer->proto->cluster;
	const struct marsd_ops *ops = c->mars->ops;
	const uint8_t *oid = peer->owner->oid;
	uint16_t sgid = c->conf->server_group;

	switch (peer->work) {
	case MARSD_PEER_WORK_HIDE:
		ops->hide(c->mars->arg, sgid, oid, keys, n);
		break;
	case MARSD_PEER_WORK_REVIVE:
		ops->revive(c->mars->arg, sgid, oid, keys, n);
		break;
	case MARSD_PEER_WORK_ERASE:
		ops->erase(c->mars->arg, sgid, oid, keys, n);
		break;
	case MARSD_PEER_WORK_NONE:
	case MARSD_PEER_WORK_ANEW:
		break;
	}
}

/*
 * Works out anew whether an entry counts.  The members are not told when its
 * server has died, since its clients are mostly alive; when it is back
 * they are.
 */
static void
work_entry(struct marsd_peer *peer, struct marsd_entry *e)
{
	enum marsd_change ch;

	if (peer->work == MARSD_PEER_WORK_ERASE) {
		marsd_entry_free(e);
		return;
	}
	if (peer->work == MARSD_PEER_WORK_ANEW)
		marsd_entry_anew(e);
	if (e->join == 0)
		return;
	ch = marsd_entry_refresh(e);
	if (peer->work != MARSD_PEER_WORK_HIDE)
		marsd_join_changed(marsd_join_of(e), ch, peer);
}

static void
work_expired(void *arg)
{
	struct marsd_peer *peer = arg;
	uint32_t keys[WORK_AT_ONCE];
	uint32_t n = 0;
	struct marsd_entry *e = NULL;

	while (n < WORK_AT_ONCE &&
	    (e = marsd_entry_from(peer, peer->work_at)) != NULL) {
		keys[n++] = e->key;
		peer->work_at = (uint64_t)e->key + 1;
		work_entry(peer, e);
	}
	if (n != 0)
		work_tell(peer, keys, n);
	if (e != NULL)
		timer_set(marsd_proto_timers(peer->proto), &peer->worker, 0);
	else
		peer->work = MARSD_PEER_WORK_NONE;
}

/*
 * Whatever was not done yet of other work is for a state that is no more; and
 * this goes over all entries from the first.
 */
static void
work_begin(struct marsd_peer *peer, enum marsd_peer_work work)
{
	timer_clear(marsd_proto_timers(peer->proto), &peer->worker);
	peer->work = work;
	peer->work_at = 0;
	work_expired(peer);
}

static void
peer_timer(struct marsd_peer *peer, uint32_t seconds)
{
	timer_set(
	    marsd_proto_timers(peer->proto), &peer->timer, MTIME_SEC(seconds));
}

/*
 * It was silent for a while, but is alive: what it has not taken back by
 * itself is so.  Where its entries are just being looked at, that waits
 * for its next sign of life.
 */
static void
peer_alive(struct marsd_peer *peer)
{
	peer_timer(peer, peer->proto->cluster->conf->redirect_dead);
	if (peer->nover != 0 && peer->work == MARSD_PEER_WORK_NONE)
		work_begin(peer, MARSD_PEER_WORK_ANEW);
}

/* Of protocols that are not served here nobody is told. */
static void
peer_event(struct marsd_peer *peer, enum marsd_event_code code)
{
	struct marsd_event ev = { .pro = &peer->proto->pro,
		.oid = peer->owner->oid,
		.number = peer->records };

	if (peer->proto != &peer->proto->cluster->others)
		marsd_cluster_event(peer->proto->cluster, code, &ev);
}

static void
peer_hide(struct marsd_peer *peer)
{
	peer_event(peer, MARSD_EV_SERVER_DEAD);
	work_begin(peer, MARSD_PEER_WORK_HIDE);
	peer_timer(peer, peer->proto->cluster->conf->hold);
}

static void
peer_revive(struct marsd_peer *peer)
{
	peer_event(peer, MARSD_EV_SERVER_BACK);
	work_begin(peer, MARSD_PEER_WORK_REVIVE);
	peer_timer(peer, peer->proto->cluster->conf->redirect_dead);
}

static void
peer_erase(struct marsd_peer *peer)
{
	work_begin(peer, MARSD_PEER_WORK_ERASE);
	memset(&peer->addr, 0, sizeof(peer->addr));
}

static void
peer_realign(struct marsd_peer *peer)
{
	struct marsd_cluster *c = peer->proto->cluster;

	peer_event(peer, MARSD_EV_SERVER_BACK);
	work_begin(peer, MARSD_PEER_WORK_REVIVE);
	c->mars->ops->realign(c->mars->arg, c->conf->server_group);
	peer_timer(peer, c->conf->redirect_dead);
}

void
marsd_peer_step(struct marsd_peer *peer, enum marsd_peer_event ev)
{
	struct marsd_cluster *c = peer->proto->cluster;

	switch (table_step(&marsd_peer_table, &peer->state, ev, &c->faults)) {
	case MARSD_PEER_DO_START:
		peer_alive(peer);
		break;
	case MARSD_PEER_DO_HIDE:
		peer_hide(peer);
		break;
	case MARSD_PEER_DO_REVIVE:
		peer_revive(peer);
		break;
	case MARSD_PEER_DO_ERASE:
		peer_erase(peer);
		break;
	case MARSD_PEER_DO_REALIGN:
		peer_realign(peer);
		break;
	case MARSD_PEER_DO_HOLD:
		if (!timer_isset(&peer->timer))
			peer_timer(peer, c->conf->hold);
		break;
	}
}

void
marsd_owners_again(struct marsd_cluster *c)
{
	if (!timer_isset(&c->room))
		timer_set(c->mars->ts, &c->room, ROOM_WAIT);
}

void
marsd_peer_renews(struct marsd_peer *peer)
{
	if (!peer->owner->late)
		return;
	peer->owner->late = false;
	marsd_owners_again(peer->proto->cluster);
}

void
marsd_peer_restarts(struct marsd_peer *peer)
{
	if (peer->state != MARSD_PEER_ERASED)
		peer->heard_once = false;
}

/*
 * Only the keys are known from now on of what a server says that lives.  But
 * of a dead one scspd offers nothing, and would not when it is back: so that
 * is erased.
 */
static void
peer_ignore(struct marsd_peer *peer)
{
	struct marsd_cluster *c = peer->proto->cluster;
	const uint8_t *oid = peer->owner->oid;
	struct marsd_peer *other;
	struct marsd_entry *e;
	uint64_t at;
	uint32_t key;

	if (peer->records == 0)
		return;
	if (!marsd_peer_counts(peer)) {
		work_begin(peer, MARSD_PEER_WORK_ERASE);
		while (peer->work != MARSD_PEER_WORK_NONE)
			work_expired(peer);
		marsd_owners_again(c);
		return;
	}
	other = marsd_peer_get(&c->others, oid);
	for (at = 0; (e = marsd_entry_from(peer, at)) != NULL;) {
		key = e->key;
		at = (uint64_t)key + 1;
		marsd_entry_free(e);
		if (other == NULL || marsd_entry_redirect(other, key) == NULL)
			marsd_record_lost(c, oid, key);
	}
}

void
marsd_peers_ignore(struct marsd_proto *p)
{
	struct marsd_peer *peer;

	RB_FOREACH(peer, marsd_peer_tree, &p->peers)
		if (peer->state != MARSD_PEER_SELF)
			peer_ignore(peer);
}

void
marsd_peers_free(struct marsd_proto *p)
{
	struct marsd_peer *peer, *next;
	struct marsd_entry *e;
	uint64_t at;

	RB_FOREACH_SAFE(peer, marsd_peer_tree, &p->peers, next) {
		for (at = 0; (e = marsd_entry_from(peer, at)) != NULL;) {
			at = (uint64_t)e->key + 1;
			marsd_entry_free(e);
		}
		peer_end(peer);
	}
}
