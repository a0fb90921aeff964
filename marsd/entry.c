/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What servers say of nodes: claims, and the records on which joins rest
 * (RFC 2443, D1, D3).
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

#define SILENT_MARGIN	MTIME_SEC(5)

#define DO(s, a)	{ MARSD_CLAIM_##s, MARSD_CLAIM_DO_##a }
#define IGNORE(s)	{ MARSD_CLAIM_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_CLAIM_##s, TABLE_VIOLATION }

static const struct table_cell claim_cells[MARSD_CLAIM_STATE_MAX]
    [MARSD_CLAIM_EVENT_MAX] = {
	[MARSD_CLAIM_PLAIN] = {
		[MARSD_CLAIM_EV_REGISTER] = IGNORE(PLAIN),
		[MARSD_CLAIM_EV_ALIGNED] = DO(DOUBLE, NOTE),
		[MARSD_CLAIM_EV_DEREGISTER] = DO(ENDED, NOTE),
		[MARSD_CLAIM_EV_FORGET] = IGNORE(PLAIN),
	},
	[MARSD_CLAIM_DOUBLE] = {
		[MARSD_CLAIM_EV_REGISTER] = IGNORE(DOUBLE),
		[MARSD_CLAIM_EV_ALIGNED] = IGNORE(DOUBLE),
		[MARSD_CLAIM_EV_DEREGISTER] = DO(ENDED, NOTE),
		/* its joins may still be there, as much in doubt as before */
		[MARSD_CLAIM_EV_FORGET] = IGNORE(DOUBLE),
	},
	[MARSD_CLAIM_ENDED] = {
		[MARSD_CLAIM_EV_REGISTER] = DO(PLAIN, REFRESH),
		/* the same record is first the event REGISTER */
		[MARSD_CLAIM_EV_ALIGNED] = VIOLATION(ENDED),
		[MARSD_CLAIM_EV_DEREGISTER] = IGNORE(ENDED),
		[MARSD_CLAIM_EV_FORGET] = DO(PLAIN, NOTE),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_claim_table, "claim", MARSD_CLAIM, claim_cells);

#define DO(s, a)	{ MARSD_ENTRY_##s, MARSD_ENTRY_DO_##a }
#define IGNORE(s)	{ MARSD_ENTRY_##s, TABLE_IGNORE }
#define VIOLATION(s)	{ MARSD_ENTRY_##s, TABLE_VIOLATION }

static const struct table_cell entry_cells[MARSD_ENTRY_STATE_MAX]
    [MARSD_ENTRY_EVENT_MAX] = {
	[MARSD_ENTRY_NEW] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, COUNT),
		[MARSD_ENTRY_EV_ADOPT] = DO(ADOPTED, COUNT),
		[MARSD_ENTRY_EV_FOUND] = DO(OLD, NOTE),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(NEW),
		[MARSD_ENTRY_EV_END] = VIOLATION(NEW),
	},
	[MARSD_ENTRY_SURE] = {
		[MARSD_ENTRY_EV_SAY] = IGNORE(SURE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(SURE),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(SURE),
		[MARSD_ENTRY_EV_DOUBT] = DO(ADOPTED, NOTE),
		[MARSD_ENTRY_EV_LEAVE] = DO(LEFT, NOTE),
		[MARSD_ENTRY_EV_STAY] = IGNORE(SURE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_ADOPTED] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ADOPTED),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ADOPTED),
		[MARSD_ENTRY_EV_DOUBT] = IGNORE(ADOPTED),
		[MARSD_ENTRY_EV_LEAVE] = DO(ADOPTED_LEFT, NOTE),
		[MARSD_ENTRY_EV_STAY] = IGNORE(ADOPTED),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	/* the joins that a node has left go before the others are doubted */
	[MARSD_ENTRY_LEFT] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(LEFT),
		[MARSD_ENTRY_EV_LEAVE] = IGNORE(LEFT),
		[MARSD_ENTRY_EV_STAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_ADOPTED_LEFT] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, NOTE),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_LEAVE] = IGNORE(ADOPTED_LEFT),
		[MARSD_ENTRY_EV_STAY] = DO(ADOPTED, NOTE),
		[MARSD_ENTRY_EV_END] = DO(ENDING, UNCOUNT),
	},
	[MARSD_ENTRY_OLD] = {
		[MARSD_ENTRY_EV_SAY] = DO(SURE, COUNT),
		[MARSD_ENTRY_EV_ADOPT] = DO(ADOPTED, COUNT),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(OLD),
		[MARSD_ENTRY_EV_END] = DO(ENDING, NOTE),
	},
	/* it is freed within the call that ended it */
	[MARSD_ENTRY_ENDING] = {
		[MARSD_ENTRY_EV_SAY] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_ADOPT] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_FOUND] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_DOUBT] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_LEAVE] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_STAY] = VIOLATION(ENDING),
		[MARSD_ENTRY_EV_END] = VIOLATION(ENDING),
	},
};
#undef DO
#undef IGNORE
#undef VIOLATION

TABLE_DEFINE(marsd_entry_table, "entry", MARSD_ENTRY, entry_cells);

static uint32_t
peer_number(const struct marsd_peer *peer)
{
	uint32_t v;

	memcpy(&v, peer->owner->oid, sizeof(v));
	return be32toh(v);
}

/* Claims of a node, by server: one, or two while the node moves. */
static struct btree_probe
claim_place(const struct btree_kind *k, const void *object)
{
	const struct marsd_claim *c = object;

	(void)k;
	return (struct btree_probe){ .key = { peer_number(c->peer) } };
}

/* Records of a server, or of its registration of a node. */
static struct btree_probe
entry_place(const struct btree_kind *k, const void *object)
{
	const struct marsd_entry *e = object;

	(void)k;
	return (struct btree_probe){ .key = { e->key } };
}

/* Records of a join: those of one server stand together. */
static struct btree_probe
said_at(const struct marsd_peer *peer, uint32_t key)
{
	return (struct btree_probe){
		.key = { (uint64_t)peer_number(peer) << 32 | key }
	};
}

static struct btree_probe
said_place(const struct btree_kind *k, const void *object)
{
	const struct marsd_entry *e = object;

	(void)k;
	return said_at(marsd_entry_peer(e), e->key);
}

static const struct btree_kind by_server = { 4, NULL, claim_place },
	by_key = { 4, NULL, entry_place },
	by_both = { 8, NULL, said_place };

void
marsd_entries_init(struct marsd_owner *o)
{
	btree_init(&o->keys);
}

void
marsd_join_init(struct marsd_join *j)
{
	btree_init(&j->entries);
}

void
marsd_claims_init(struct marsd_node *n)
{
	btree_init(&n->claims);
}

static void
claim_init(struct marsd_claim *c, struct marsd_node *n, struct marsd_peer *p)
{
	c->node = n;
	c->peer = p;
	btree_init(&c->regs);
}

void
marsd_redirects_init(struct marsd_peer *peer)
{
	claim_init(&peer->redirects, NULL, peer);
}

struct marsd_claim *
marsd_claim_find(struct marsd_node *n, const struct marsd_peer *peer)
{
	struct btree_probe p = { .key = { peer_number(peer) } };

	return btree_find(&by_server, &n->claims, &p);
}

struct marsd_claim *
marsd_claim_next(const struct marsd_node *n, const struct marsd_claim *c)
{
	struct btree_probe p;

	if (c == NULL)
		return btree_first(&by_server, &n->claims);
	p = claim_place(NULL, c);
	return btree_after(&by_server, &n->claims, &p);
}

bool
marsd_claim_has_more(const struct marsd_claim *c)
{
	return !btree_empty(&c->regs) && !btree_single(&c->regs);
}

static struct marsd_claim *
claim_get(struct marsd_node *n, struct marsd_peer *peer)
{
	struct slab *slab = &n->proto->cluster->mars->claims;
	struct marsd_claim *c = marsd_claim_find(n, peer);

	if (c != NULL)
		return c;
	if ((c = slab_get(slab)) == NULL)
		return NULL;
	claim_init(c, n, peer);
	if (btree_insert(&by_server, &n->claims, c) == c)
		return c;
	slab_put(slab, c);
	return NULL;
}

bool
marsd_claim_counts(const struct marsd_claim *c)
{
	return c->state != MARSD_CLAIM_ENDED && marsd_peer_counts(c->peer);
}

/*
 * The id that another server gave to a node; false if a third server says
 * that it gave the same to another node.  What one server says of two
 * nodes is no clash: after a restart it hands out again what its records of
 * before still hold.
 */
bool
marsd_claim_cmi(struct marsd_claim *c, uint16_t cmi)
{
	struct marsd_claim **heard = c->node->proto->heard_cmi;
	const struct marsd_claim *held = heard[cmi];

	if (c->cmi != cmi && c->cmi != 0 && heard[c->cmi] == c)
		heard[c->cmi] = NULL;
	c->cmi = cmi;
	if (cmi == 0)
		return true;
	if (held != NULL && held->node != c->node && held->peer != c->peer &&
	    marsd_claim_counts(held))
		return false;
	heard[cmi] = c;
	return true;
}

static void
claim_release(struct marsd_claim *c)
{
	struct marsd_claim **heard = c->peer->proto->heard_cmi;
	struct btree_probe p = claim_place(NULL, c);

	if (c->entries != 0 || c->node == NULL)
		return;
	if (c->cmi != 0 && heard[c->cmi] == c)
		heard[c->cmi] = NULL;
	(void)btree_remove(&by_server, &c->node->claims, &p);
	slab_put(&c->node->proto->cluster->mars->claims, c);
}

struct marsd_claim *
marsd_claim_of(const struct marsd_entry *e)
{
	return slab_from(e, e->claim);
}

struct marsd_join *
marsd_join_of(const struct marsd_entry *e)
{
	return slab_from(e, e->join);
}

struct marsd_peer *
marsd_entry_peer(const struct marsd_entry *e)
{
	return marsd_claim_of(e)->peer;
}

bool
marsd_entry_is_redirect(const struct marsd_entry *e)
{
	return marsd_claim_of(e)->node == NULL;
}

struct marsd_entry *
marsd_entry_find(struct marsd_owner *o, uint32_t key)
{
	struct btree_probe p = { .key = { key } };

	return btree_find(&by_key, &o->keys, &p);
}

struct marsd_entry *
marsd_entry_from(const struct marsd_peer *peer, uint64_t key)
{
	struct btree_probe p = { .key = { key } };
	struct marsd_entry *e;

	if (key > UINT32_MAX)
		return NULL;
	e = btree_from(&by_key, &peer->owner->keys, &p);
	/* the same server may speak of other protocols */
	while (e != NULL && marsd_entry_peer(e) != peer) {
		p.key[0] = e->key;
		e = btree_after(&by_key, &peer->owner->keys, &p);
	}
	return e;
}

bool
marsd_entry_stands(const struct marsd_entry *e)
{
	return e->state != MARSD_ENTRY_NEW && e->state != MARSD_ENTRY_OLD &&
	    e->state != MARSD_ENTRY_ENDING;
}

bool
marsd_entry_is_adopted(const struct marsd_entry *e)
{
	return e->state == MARSD_ENTRY_ADOPTED ||
	    e->state == MARSD_ENTRY_ADOPTED_LEFT;
}

/* Only joins that we say of our own nodes are counted. */
static bool
is_counted(const struct marsd_entry *e)
{
	return e->join != 0 &&
	    marsd_entry_peer(e)->state == MARSD_PEER_SELF;
}

static void
count_entry(const struct marsd_entry *e)
{
	const struct marsd_join *j = marsd_join_of(e);
	const struct marsd_node *n = marsd_node_of(j);
	struct marsd_proto *p = n->proto;
	bool first = marsd_range_of(j)->own++ == 0;

	if (n->role == MARSD_ROLE_MCS) {
		p->served++;
		return;
	}
	p->joins++;
	p->groups += first;
}

static void
uncount(const struct marsd_entry *e)
{
	const struct marsd_join *j = marsd_join_of(e);
	const struct marsd_node *n = marsd_node_of(j);
	struct marsd_proto *p = n->proto;
	bool last = --marsd_range_of(j)->own == 0;

	if (n->role == MARSD_ROLE_MCS) {
		p->served--;
		return;
	}
	p->joins--;
	p->groups -= last;
}

void
marsd_entry_step(struct marsd_entry *e, enum marsd_entry_event ev)
{
	struct marsd_proto *p = marsd_entry_peer(e)->proto;

	switch (table_step(
	    &marsd_entry_table, &e->state, ev, &p->cluster->faults)) {
	case MARSD_ENTRY_DO_COUNT:
		if (is_counted(e))
			count_entry(e);
		break;
	case MARSD_ENTRY_DO_UNCOUNT:
		if (is_counted(e))
			uncount(e);
		break;
	}
}

/* Returns the action, which the caller has to take. */
uint8_t
marsd_claim_step(struct marsd_claim *c, enum marsd_claim_event ev)
{
	return table_step(&marsd_claim_table, &c->state, ev,
	    &c->peer->proto->cluster->faults);
}

/* Makes a record; the key must be free.  NULL: no memory. */
static struct marsd_entry *
entry_new(struct marsd_peer *peer, uint32_t key, struct marsd_claim *claim)
{
	struct slab *slab = &peer->proto->cluster->mars->entries;
	struct marsd_entry *e;

	if ((e = slab_get(slab)) == NULL)
		return NULL;
	e->key = key;
	if (btree_insert(&by_key, &peer->owner->keys, e) != e) {
		slab_put(slab, e);
		return NULL;
	}
	e->claim = slab_ref(claim);
	peer->records++;
	claim->entries++;
	return e;
}

/* Forgets it, which is of no join and no registration. */
static void
entry_undo(struct marsd_entry *e)
{
	struct marsd_claim *c = marsd_claim_of(e);
	struct marsd_peer *peer = c->peer;
	struct btree_probe p = entry_place(NULL, e);

	(void)btree_remove(&by_key, &peer->owner->keys, &p);
	peer->records--;
	c->entries--;
	claim_release(c);
	slab_put(&peer->proto->cluster->mars->entries, e);
}

struct marsd_entry *
marsd_entry_redirect(struct marsd_peer *peer, uint32_t key)
{
	return entry_new(peer, key, &peer->redirects);
}

struct marsd_entry *
marsd_entry_register(
    struct marsd_peer *peer, struct marsd_node *n, uint32_t key)
{
	struct marsd_claim *c = claim_get(n, peer);
	struct marsd_entry *e;

	if (c == NULL)
		return NULL;
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		return NULL;
	}
	if (btree_insert(&by_key, &c->regs, e) != e) {
		entry_undo(e);
		return NULL;
	}
	c->reg = e;
	return e;
}

struct marsd_entry *
marsd_entry_join(struct marsd_peer *peer, struct marsd_node *n,
    const struct marsd_span *s, uint32_t key)
{
	struct marsd_join *j = marsd_join_get(n, s);
	struct marsd_claim *c;
	struct marsd_entry *e;

	if (j == NULL)
		return NULL;
	if ((c = claim_get(n, peer)) == NULL) {
		marsd_join_release(j);
		return NULL;
	}
	if ((e = entry_new(peer, key, c)) == NULL) {
		claim_release(c);
		marsd_join_release(j);
		return NULL;
	}
	if (btree_insert(&by_both, &j->entries, e) != e) {
		entry_undo(e);
		marsd_join_release(j);
		return NULL;
	}
	e->join = slab_ref(j);
	return e;
}

static void
reg_forget(struct marsd_claim *c, struct marsd_entry *e)
{
	struct btree_probe p = entry_place(NULL, e);

	(void)btree_remove(&by_key, &c->regs, &p);
	if (c->reg != e)
		return;
	c->reg = btree_first(&by_key, &c->regs);
	(void)marsd_claim_step(c, MARSD_CLAIM_EV_FORGET);
	if (c->reg != NULL)
		(void)marsd_claim_cmi(c, c->reg->cmi);
}

struct marsd_entry *
marsd_join_entry(const struct marsd_join *j, const struct marsd_peer *peer)
{
	struct btree_probe p = said_at(peer, 0);
	struct marsd_entry *e = btree_from(&by_both, &j->entries, &p);

	return e != NULL && marsd_entry_peer(e) == peer ? e : NULL;
}

struct marsd_entry *
marsd_join_next(const struct marsd_join *j, const struct marsd_entry *e)
{
	struct btree_probe p;

	if (e == NULL)
		return btree_first(&by_both, &j->entries);
	p = said_place(NULL, e);
	return btree_after(&by_both, &j->entries, &p);
}

struct marsd_entry *
marsd_said_next(const struct marsd_entry *e)
{
	struct marsd_entry *next = marsd_join_next(marsd_join_of(e), e);

	return next != NULL && marsd_entry_peer(next) == marsd_entry_peer(e) ?
	    next : NULL;
}

/* What a join was, before something changes. */
static bool
join_before(struct marsd_join *j)
{
	if (j->counts != 0)
		j->was_layer3 = j->layer3 != 0;
	return j->counts != 0;
}

/* What that has changed, for those who have to know. */
static enum marsd_change
join_change(const struct marsd_join *j, bool counted)
{
	if (counted == (j->counts != 0))
		return MARSD_CHANGE_NONE;
	return counted ? MARSD_CHANGE_DOWN : MARSD_CHANGE_UP;
}

/* One entry more or less that counts, with what its range has of it. */
static void
join_count(struct marsd_join *j, int n, int layer3)
{
	struct marsd_range *r = marsd_range_of(j);
	bool was = j->counts != 0;
	struct marsd_span s;

	r->live -= was;
	r->layer3 -= j->layer3 != 0;
	j->counts += (uint32_t)n;
	j->layer3 = (j->layer3 + (uint32_t)layer3) & (UINT32_MAX >> 1);
	r->live += j->counts != 0;
	r->layer3 += j->layer3 != 0;
	if (was == (j->counts != 0))
		return;
	s = marsd_join_span(j);
	marsd_news_tell(marsd_node_of(j),
	    was ? MARSD_CHANGED_LEFT : MARSD_CHANGED_JOINED, &s);
}

static void
entry_count(struct marsd_entry *e, bool counts)
{
	bool layer3 = counts && e->layer3;

	join_count(marsd_join_of(e), counts - e->counted,
	    layer3 - e->counted_layer3);
	e->counted = counts;
	e->counted_layer3 = layer3;
}

static void
entry_recount(struct marsd_entry *e)
{
	entry_count(e, marsd_entry_counts(e));
}

enum marsd_change
marsd_entry_refresh(struct marsd_entry *e)
{
	struct marsd_join *j = marsd_join_of(e);
	bool was = join_before(j);

	entry_recount(e);
	return join_change(j, was);
}

/* All by which that server says the join. */
static void
said_recount(struct marsd_join *j, const struct marsd_peer *peer)
{
	struct marsd_entry *e;

	for (e = marsd_join_entry(j, peer); e != NULL; e = marsd_said_next(e))
		entry_recount(e);
}

enum marsd_change
marsd_join_refresh(struct marsd_join *j, const struct marsd_peer *peer)
{
	bool was = join_before(j);

	said_recount(j, peer);
	return join_change(j, was);
}

/*
 * Takes a record away.  The join it was of is freed with its last record,
 * so whoever wants to know what changed makes it ineffective first.
 */
void
marsd_entry_free(struct marsd_entry *e)
{
	struct marsd_claim *c = marsd_claim_of(e);
	struct marsd_node *n = c->node;
	struct marsd_join *j = marsd_join_of(e);
	struct btree_probe p = said_place(NULL, e);

	marsd_entry_anew(e);
	if (j != NULL) {
		entry_count(e, false);
		(void)btree_remove(&by_both, &j->entries, &p);
		marsd_join_release(j);
	} else if (n != NULL)
		reg_forget(c, e);
	entry_undo(e);
	if (n != NULL)
		marsd_node_release(n);
}

/*
 * Is a server dead, or has it been silent since then, and for longer than one
 * that is alive is?  One that is alive takes back by itself what it says of a
 * node that has moved, and its Redirect Entry may just not be due.
 */
static bool
silent_since(const struct marsd_peer *peer, mtime_t then)
{
	const struct marsd_cluster *c = peer->proto->cluster;

	return !marsd_peer_counts(peer) ||
	    (mtime_diff(then, peer->heard) < 0 &&
	    mtime_diff(peer->heard, c->mars->ts->now) >
	    MTIME_SEC(c->conf->redirect_interval) + SILENT_MARGIN);
}

/* Is it for this server to say what others do not know yet? */
static bool
is_present(const struct marsd_node *n, const struct marsd_peer *by)
{
	return memcmp(n->present, by->owner->oid, sizeof(n->present)) == 0;
}

/* Does a server know nothing of what the present one says of the node? */
static bool
knows_not(const struct marsd_peer *peer, const struct marsd_node *n,
    const struct marsd_peer *by)
{
	return peer != by && peer->state != MARSD_PEER_SELF &&
	    silent_since(peer, n->came);
}

static void
entry_over(struct marsd_entry *e)
{
	if (!e->over)
		marsd_entry_peer(e)->nover++;
	e->over = true;
}

void
marsd_entry_anew(struct marsd_entry *e)
{
	if (e->over)
		marsd_entry_peer(e)->nover--;
	e->over = false;
}

/* However many records a server has of it, it is asked once. */
static void
join_over(struct marsd_join *j, const struct marsd_peer *by)
{
	const struct marsd_peer *peer;
	struct marsd_entry *e;
	struct btree_probe p;

	if (!is_present(marsd_node_of(j), by))
		return;
	for (e = btree_first(&by_both, &j->entries); e != NULL;
	    e = btree_after(&by_both, &j->entries, &p)) {
		peer = marsd_entry_peer(e);
		p = said_at(peer, UINT32_MAX);
		if (!knows_not(peer, marsd_node_of(j), by))
			continue;
		for (; e != NULL; e = marsd_said_next(e)) {
			entry_over(e);
			entry_recount(e);
		}
	}
}

enum marsd_change
marsd_join_left(struct marsd_join *j, const struct marsd_peer *by)
{
	bool was = join_before(j);

	said_recount(j, by);
	join_over(j, by);
	return join_change(j, was);
}

enum marsd_change
marsd_entry_left(struct marsd_entry *e)
{
	struct marsd_join *j = marsd_join_of(e);
	const struct marsd_peer *by = marsd_entry_peer(e);
	const struct marsd_entry *other = marsd_join_entry(j, by);
	bool was = join_before(j);

	marsd_entry_step(e, MARSD_ENTRY_EV_END);
	while (other != NULL && !marsd_entry_stands(other))
		other = marsd_said_next(other);
	if (other == NULL) /* by no other record it is still said */
		join_over(j, by);
	entry_recount(e);
	return join_change(j, was);
}

void
marsd_node_left(struct marsd_node *n, const struct marsd_peer *by)
{
	struct marsd_claim *c = NULL;

	if (!is_present(n, by))
		return;
	while ((c = marsd_claim_next(n, c)) != NULL)
		if (c->reg != NULL && knows_not(c->peer, n, by))
			entry_over(c->reg);
}

/*
 * A record counts while its owner is alive and has not deregistered
 * the node.
 */
bool
marsd_entry_counts(const struct marsd_entry *e)
{
	return marsd_entry_stands(e) && !e->over &&
	    marsd_claim_counts(marsd_claim_of(e));
}
