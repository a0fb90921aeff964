/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The other servers of the group: what their records say (RFC 2443 section
 * 5), whether they live, and what goes with them.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "ipc.h"

#define KEYS_AT_ONCE	4000
#define SWEEP_CLIENTS	MTIME_SEC(30)	/* if no neighbor aligns */
#define SWEEP_ALIGNED	MTIME_SEC(1)
#define SWEEP_MCS	MTIME_SEC(60)	/* in which it may come back */

#define C(s, a)	{ PEER_##s, PEER_ACT_##a }

const struct peer_cell peer_table[PEER_STATE_MAX][PEER_EVENT_MAX] = {
	[PEER_SELF] = {
		[PEER_EV_REDIRECT] = C(SELF, IGNORE),
		[PEER_EV_RECORD] = C(SELF, IGNORE),
		[PEER_EV_SILENT] = C(SELF, VIOLATION),
	},
	[PEER_UNHEARD] = {
		[PEER_EV_REDIRECT] = C(ALIVE, START),
		[PEER_EV_RECORD] = C(UNHEARD, IGNORE),
		[PEER_EV_SILENT] = C(HIDDEN, HIDE),
	},
	[PEER_ALIVE] = {
		[PEER_EV_REDIRECT] = C(ALIVE, START),
		[PEER_EV_RECORD] = C(ALIVE, IGNORE),
		[PEER_EV_SILENT] = C(HIDDEN, HIDE),
	},
	[PEER_HIDDEN] = {
		[PEER_EV_REDIRECT] = C(ALIVE, REVIVE),
		[PEER_EV_RECORD] = C(HIDDEN, IGNORE),
		[PEER_EV_SILENT] = C(ERASED, ERASE),
	},
	/* a late peer's old records don't raise the dead */
	[PEER_ERASED] = {
		[PEER_EV_REDIRECT] = C(ALIVE, REALIGN),
		[PEER_EV_RECORD] = C(ERASED, HOLD),
		[PEER_EV_SILENT] = C(ERASED, ERASE),
	},
};
#undef C

static void
peer_expired(void *arg)
{
	peer_step(arg, PEER_EV_SILENT);
}

/*
 * The server as far as this protocol goes, made if need be: the timer of
 * its death starts with its first record.  NULL: no memory.
 */
struct peer *
peer_get(struct proto *p, const uint8_t oid[4])
{
	struct owner *o = owner_get(p->cluster, oid);
	struct peer *peer;

	if (o == NULL)
		return NULL;
	if ((peer = peer_find(p, o)) != NULL)
		return peer;
	if ((peer = calloc(1, sizeof(*peer))) == NULL)
		return NULL;
	peer->owner = o;
	peer->proto = p;
	timer_init(&peer->timer, peer_expired, peer);
	if (memcmp(oid, p->cluster->mars->oid, 4) == 0)
		peer->state = PEER_SELF;
	else {
		peer->state = PEER_UNHEARD;
		timer_set(proto_timers(p), &peer->timer,
		    MTIME_SEC(p->cluster->conf->redirect_dead));
	}
	RB_INSERT(peer_tree, &p->peers, peer);
	return peer;
}

/* A server's keys in batches, to scspd. */
static void
tell_keys(struct peer *peer, void (*tell)(void *, uint16_t, const uint8_t *,
    const uint32_t *, uint32_t))
{
	struct cluster *c = peer->proto->cluster;
	uint32_t keys[KEYS_AT_ONCE];
	uint32_t n = 0;
	struct entry *e;

	RB_FOREACH(e, entry_tree, &peer->owner->keys) {
		if (e->peer != peer)
			continue;
		keys[n++] = e->key;
		if (n == KEYS_AT_ONCE) {
			tell(c->mars->arg, c->conf->server_group,
			    peer->owner->oid, keys, n);
			n = 0;
		}
	}
	if (n != 0)
		tell(c->mars->arg, c->conf->server_group, peer->owner->oid,
		    keys, n);
}

/* by: whose word has changed it */
static void
announce(struct join *j, enum change ch, const struct peer *by)
{
	struct node *n = j->node;

	if (ch == CHANGE_NONE)
		return;
	if (n->role == ROLE_CLIENT)
		join_announce(n, ch == CHANGE_UP, &j->range->span, j->layer3,
		    NULL);
	else
		serve_announce(n, ch == CHANGE_UP, &j->range->span, by, NULL);
}

/*
 * All joins of a server anew: silently when it died, since its clients are
 * mostly alive, and for all to hear when it is back.
 */
static void
peer_refresh(struct peer *peer, bool silent)
{
	struct entry *e;
	enum change ch;

	RB_FOREACH(e, entry_tree, &peer->owner->keys) {
		if (e->peer != peer || e->join == NULL)
			continue;
		ch = join_refresh(e->join);
		if (!silent)
			announce(e->join, ch, peer);
	}
}

static void
peer_event(struct peer *peer, enum mars_event_code code)
{
	struct mars_event ev = { .pro = &peer->proto->pro,
	    .oid = peer->owner->oid, .number = peer->records };

	cluster_event(peer->proto->cluster, code, &ev);
}

static void
peer_timer(struct peer *peer, uint32_t seconds)
{
	timer_set(proto_timers(peer->proto), &peer->timer, MTIME_SEC(seconds));
}

static void
peer_hide(struct peer *peer)
{
	const struct mars_ops *ops = peer->proto->cluster->mars->ops;

	peer_event(peer, MARS_EV_SERVER_DEAD);
	peer_refresh(peer, true);
	tell_keys(peer, ops->hide);
	peer_timer(peer, peer->proto->cluster->conf->hold);
}

static void
peer_revive(struct peer *peer)
{
	const struct mars_ops *ops = peer->proto->cluster->mars->ops;

	peer_event(peer, MARS_EV_SERVER_BACK);
	tell_keys(peer, ops->revive);
	peer_refresh(peer, false);
	peer_timer(peer, peer->proto->cluster->conf->redirect_dead);
}

static void
peer_erase(struct peer *peer)
{
	const struct mars_ops *ops = peer->proto->cluster->mars->ops;
	struct entry *e, *next;

	tell_keys(peer, ops->erase);
	RB_FOREACH_SAFE(e, entry_tree, &peer->owner->keys, next)
		if (e->peer == peer)
			entry_free(e);
	memset(&peer->addr, 0, sizeof(peer->addr));
}

static void
peer_realign(struct peer *peer)
{
	struct cluster *c = peer->proto->cluster;

	peer_event(peer, MARS_EV_SERVER_BACK);
	peer_refresh(peer, false);
	c->mars->ops->realign(c->mars->arg, c->conf->server_group);
	peer_timer(peer, c->conf->redirect_dead);
}

void
peer_step(struct peer *peer, enum peer_event ev)
{
	const struct peer_cell *cell = &peer_table[peer->state][ev];
	const struct conf_cluster *conf = peer->proto->cluster->conf;

	peer->state = cell->next;
	switch (cell->action) {
	case PEER_ACT_START:
		peer_timer(peer, conf->redirect_dead);
		break;
	case PEER_ACT_HIDE:
		peer_hide(peer);
		break;
	case PEER_ACT_REVIVE:
		peer_revive(peer);
		break;
	case PEER_ACT_ERASE:
		peer_erase(peer);
		break;
	case PEER_ACT_REALIGN:
		peer_realign(peer);
		break;
	case PEER_ACT_HOLD:
		if (!timer_isset(&peer->timer))
			peer_timer(peer, conf->hold);
		break;
	case PEER_ACT_IGNORE:
	case PEER_ACT_VIOLATION:
	case PEER_ACT_FORGOTTEN:
		break;
	}
}

/*
 * Takes a record away and tells the members what that changes, by what they
 * were before and are now.
 */
void
entry_retract(struct entry *e)
{
	if (e->join != NULL) {
		e->stale = true;
		announce(e->join, join_refresh(e->join), e->peer);
	}
	entry_free(e);
}

/* --- records as they come */

struct update {
	struct peer	*peer;
	struct csa	*csa;
	struct entry	*old;		/* under this key, or NULL */
	uint32_t	 key;
	int32_t		 seq;
	bool		 fresh;		/* flooded, not by an alignment */
};

static enum role
csa_role(const struct csa *c)
{
	return c->state == CSA_SERVE || c->state == CSA_UNSERVE ? ROLE_MCS :
	    ROLE_CLIENT;
}

/* Is the record that we hold about the same thing as this one? */
static bool
same_subject(const struct entry *e, struct peer *peer, const struct csa *c)
{
	const struct node *n;

	if (e->peer != peer || (e->claim == NULL) !=
	    (c->state == CSA_REDIRECT))
		return false;
	if (e->claim == NULL)
		return true;
	n = e->claim->node;
	if (n->role != csa_role(c) || !atm_equal(&n->atm, &c->atm) ||
	    (e->join == NULL) != ((c->flags & CSA_F_REGISTER) != 0))
		return false;
	return e->join == NULL ||
	    (paddr_equal(&e->join->range->span.min, &c->min) &&
	    paddr_equal(&e->join->range->span.max, &c->max));
}

/*
 * Only a newer Redirect Entry is a sign of life.  One that comes by an
 * alignment after the server's records were erased may be a late peer's old
 * copy.
 */
static void
update_redirect(struct update *u)
{
	struct peer *p = u->peer;

	if (u->old == NULL && entry_redirect(p, u->key) == NULL)
		return;
	if (p->heard_once && u->seq <= p->seq &&
	    !(u->fresh && p->state == PEER_ERASED)) {
		peer_step(p, PEER_EV_RECORD);
		return;
	}
	p->heard_once = true;
	p->seq = u->seq;
	p->addr = u->csa->atm;
	p->heard = p->proto->cluster->mars->ts->now;
	peer_step(p, PEER_EV_REDIRECT);
}

/*
 * A CMI that is ours to give, that one of our clients has, or that two other
 * servers gave out.
 */
static void
check_cmi(struct claim *c, uint16_t cmi)
{
	struct node *n = c->node;
	struct proto *p = n->proto;
	struct mars_event ev = { .pro = &p->pro, .who = &n->atm,
	    .oid = c->peer->owner->oid, .number = cmi };
	const struct node *held = p->by_cmi[cmi];
	bool clash = !claim_cmi(c, cmi);

	if (cmi == 0)
		return;			/* an MCS may have none, A-19 */
	if (cmi_ours(&p->cmi, cmi))
		cmi_taken(&p->cmi, cmi);
	else if ((held == NULL || held == n) && !clash)
		return;
	cluster_event(p->cluster, MARS_EV_CMI_OVERLAP, &ev);
}

/*
 * Is it what we had from that server, under a number that is further than by
 * something that happened?  It has numbered its records anew.
 */
static bool
renumbered(const struct update *u)
{
	const struct entry *e = u->old;

	return e != NULL && !e->claim->dereg && e->cmi == u->csa->cmi &&
	    (int64_t)u->seq - e->seq >= SEQ_RESTART;
}

/*
 * A registration at another server of a client that is registered here
 * .  A fresh one is a move; of one that comes by an alignment nobody
 * knows which was later, until that server's next fresh join.
 */
static void
check_move(struct update *u, struct node *n, struct claim *c)
{
	struct mars_event ev = { .pro = &n->proto->pro, .who = &n->atm,
	    .oid = u->peer->owner->oid, .why = "alignment" };

	if (n->reg == NULL || !n->reg->registered)
		return;
	if (u->fresh)
		reg_move(n->reg, u->peer);
	else {
		c->conflict = true;
		cluster_event(n->proto->cluster, MARS_EV_MOVED, &ev);
		reg_adopt_all_late(n->reg);
	}
}

/* Every join of the node by this server anew. */
static void
claim_refresh(struct node *n, const struct peer *peer, bool silent)
{
	struct itree_node *in;
	enum change ch;

	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, in->span)) {
		if (join_entry(join_of(in), peer) == NULL)
			continue;
		ch = join_refresh(join_of(in));
		if (!silent)
			announce(join_of(in), ch, peer);
	}
}

static void
update_register(struct update *u, struct node *n)
{
	struct entry *e = u->old;
	bool same = renumbered(u);

	if (e == NULL && (e = entry_register(u->peer, n, u->key)) == NULL)
		return;
	e->seq = u->seq;
	e->cmi = u->csa->cmi;
	check_cmi(e->claim, e->cmi);
	if (e->claim->dereg) {
		e->claim->dereg = false;
		claim_refresh(n, u->peer, false);
	}
	if (!same)
		check_move(u, n, e->claim);
}

static void
update_join(struct update *u, struct node *n)
{
	struct span s = { u->csa->min, u->csa->max };
	struct entry *e = u->old;
	bool fresh = e == NULL;		/* and not just numbered anew */

	if (e == NULL && (e = entry_join(u->peer, n, &s, u->key)) == NULL)
		return;
	if (n->proto->addrlen == 0)
		n->proto->addrlen = s.min.len;
	e->cmi = u->csa->cmi;
	e->layer3 = (u->csa->flags & CSA_F_LAYER3GRP) != 0 &&
	    paddr_equal(&s.min, &s.max);		/* */
	check_cmi(e->claim, e->cmi);
	announce(e->join, join_refresh(e->join), u->peer);
	if (n->reg == NULL || !n->reg->registered)
		return;
	if (u->fresh && fresh && e->claim->conflict)
		reg_move(n->reg, u->peer);
	else if (fresh && n->reg->moving == u->peer)
		reg_move_joined(n->reg, u->peer, e->join);
	else if (fresh)
		reg_adopt_late(n->reg, u->peer, e->join);
}

/*
 * A Deregister: everything that this server says of the node stops to count
 * while the record is held, for a client silently.
 */
static void
update_dereg(struct update *u, struct node *n)
{
	struct entry *e = u->old;
	struct itree_node *in;
	struct spans gone;

	if (e == NULL && (e = entry_register(u->peer, n, u->key)) == NULL) {
		node_release(n);
		return;
	}
	e->claim->dereg = true;
	e->claim->conflict = false;
	if (n->reg != NULL)
		reg_move_off(n->reg, u->peer);
	spans_init(&gone);
	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, in->span))
		if (join_entry(join_of(in), u->peer) != NULL &&
		    join_refresh(join_of(in)) == CHANGE_DOWN)
			spans_add(&gone, in->span);
	gone_announce(n, u->peer, &gone);
	spans_free(&gone);
}

static void
update_leave(struct update *u)
{
	struct join *j = u->old->join;

	if (j != NULL && j->node->reg != NULL)
		reg_move_left(j->node->reg, u->peer, j);
	entry_retract(u->old);
}

static void
update_member(struct update *u)
{
	bool reg = (u->csa->flags & CSA_F_REGISTER) != 0;
	bool live = u->csa->state == CSA_JOIN || u->csa->state == CSA_SERVE;
	struct node *n;

	if (!live && !reg) {
		if (u->old != NULL)
			update_leave(u);
		return;
	}
	n = node_get(u->peer->proto, csa_role(u->csa), &u->csa->atm);
	if (n == NULL)
		return;
	if (n->reg == NULL)
		n->spa = u->csa->spa;
	if (!live)
		update_dereg(u, n);
	else if (reg)
		update_register(u, n);
	else
		update_join(u, n);
	node_release(n);
}

static struct cluster *
find_group(struct mars *m, uint16_t sgid)
{
	struct cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (c->configured && c->conf->server_group == sgid)
			return c;
	return NULL;
}

static struct proto *
find_proto(struct cluster *c, const struct mars_pro *pro)
{
	struct proto *p;

	TAILQ_FOREACH(p, &c->protos, entry)
		if (pro_equal(&p->pro, pro))
			return p;
	return NULL;
}

/* Can this record be of this protocol? */
static bool
usable(const struct proto *p, const struct csa *c)
{
	return c->state == CSA_REDIRECT || (c->flags & CSA_F_REGISTER) != 0 ||
	    ((p->addrlen == 0 || c->min.len == p->addrlen) &&
	    c->min.len == c->max.len && c->min.len != 0);
}

/* scspd's cache holds this instance of another server's record now. */
void
mars_csa_update(struct mars *m, uint16_t sgid, const uint8_t oid[4],
    uint32_t key, int32_t seq, uint8_t how, const void *data, size_t len)
{
	struct cluster *c = find_group(m, sgid);
	struct owner *o;
	struct update u;
	struct proto *p;
	struct csa csa;
	enum csa_verdict v;

	if (c == NULL || memcmp(oid, m->oid, 4) == 0)
		return;
	c->counts.records_in++;
	o = owner_find(c, oid);
	u.old = o == NULL ? NULL : entry_find(o, key);
	v = csa_decode(&csa, data, len);
	p = v == CSA_LIVE || v == CSA_TOMBSTONE ? find_proto(c, &csa.pro) :
	    NULL;
	if (p == NULL || !usable(p, &csa) ||
	    (u.peer = peer_get(p, oid)) == NULL) {
		c->counts.records_ignored++;
		if (u.old != NULL)
			entry_retract(u.old);
		return;
	}
	if (u.old != NULL && !same_subject(u.old, u.peer, &csa)) {
		entry_retract(u.old);
		u.old = NULL;
	}
	u.csa = &csa;
	u.key = key;
	u.seq = seq;
	u.fresh = how == CSA_HOW_FLOODED;
	if (csa.state == CSA_REDIRECT) {
		update_redirect(&u);
		return;
	}
	peer_step(u.peer, PEER_EV_RECORD);
	update_member(&u);
}

/* Joins that a tombstone kept from counting go with it. */
static void
purge_claim(struct claim *c)
{
	struct node *n = c->node;
	struct peer *peer = c->peer;
	struct itree_node *in;
	struct entry *e;
	struct span at;

	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, &at)) {
		at = *in->span;
		/* the register record goes last, so n stays until then */
		if ((e = join_entry(join_of(in), peer)) != NULL)
			entry_free(e);
	}
	entry_free(c->reg);
}

/* scspd holds a record no longer. */
void
mars_csa_gone(struct mars *m, uint16_t sgid, const uint8_t oid[4],
    uint32_t key)
{
	struct cluster *c = find_group(m, sgid);
	struct owner *o = c == NULL ? NULL : owner_find(c, oid);
	struct entry *e = o == NULL ? NULL : entry_find(o, key);

	if (e == NULL)
		return;
	if (e->peer->state == PEER_SELF) {
		if (e->stale)
			entry_free(e);
		return;
	}
	if (e->claim != NULL && e->claim->reg == e && e->claim->dereg)
		purge_claim(e->claim);
	else
		entry_retract(e);
}

/* --- our own records, as others still have them */

/*
 * One that nothing backs yet is kept aside: a registration in time adopts
 * its key, and the rest is withdrawn together.
 */
static void
own_stale(struct proto *p, uint32_t key, const struct csa *csa)
{
	struct node *n = node_get(p, csa_role(csa), &csa->atm);
	struct span s = { csa->min, csa->max };
	struct timer *t = &p->sweep[csa_role(csa)];
	struct entry *e;

	if (n == NULL)
		return;
	if (n->claims.lh_first == NULL && n->reg == NULL)
		n->spa = csa->spa;
	e = csa->flags & CSA_F_REGISTER ? entry_register(p->self, n, key) :
	    entry_join(p->self, n, &s, key);
	if (e != NULL) {
		e->stale = true;
		e->cmi = csa->cmi;
		if (!timer_isset(t))
			timer_set(proto_timers(p), t,
			    n->role == ROLE_CLIENT ? SWEEP_CLIENTS : SWEEP_MCS);
	}
	node_release(n);
}

/* Do we say the same already, under another key? */
static bool
own_elsewhere(struct proto *p, const struct csa *csa)
{
	struct node *n = node_find(p, csa_role(csa), &csa->atm);
	struct span s = { csa->min, csa->max };
	struct claim *c;
	struct join *j;

	if (n == NULL)
		return false;
	if (csa->flags & CSA_F_REGISTER)
		return (c = claim_find(n, p->self)) != NULL && c->reg != NULL;
	return (j = join_find(n, &s)) != NULL &&
	    join_entry(j, p->self) != NULL;
}

/*
 * A record with our OID that nothing local backs, or that is newer than
 * ours: as it is now it goes out again, or it is withdrawn.
 */
void
mars_csa_own(struct mars *m, uint16_t sgid, uint32_t key, int32_t seq,
    const void *data, size_t len)
{
	struct cluster *c = find_group(m, sgid);
	struct owner *o;
	struct entry *e;
	struct proto *p;
	struct csa csa;
	uint8_t buf[CSA_MAX];
	enum csa_verdict v;
	size_t n;

	(void)seq;
	if (c == NULL)
		return;
	v = csa_decode(&csa, data, len);
	if (v != CSA_LIVE && v != CSA_TOMBSTONE)
		return;
	o = owner_find(c, m->oid);
	e = o == NULL ? NULL : entry_find(o, key);
	if (e != NULL && !e->stale) {
		publish_entry(e, false);
		return;
	}
	p = find_proto(c, &csa.pro);
	if (csa.state == CSA_REDIRECT) {
		if (p != NULL && key == redirect_key(&p->pro))
			publish_redirect(p);
		return;
	}
	if (v == CSA_TOMBSTONE || e != NULL)
		return;			/* as it ought to be, or will */
	if (p != NULL && usable(p, &csa) && !own_elsewhere(p, &csa)) {
		own_stale(p, key, &csa);
		return;
	}
	csa_withdraw(&csa);
	if ((n = csa_encode(&csa, buf, sizeof(buf))) != 0)
		m->ops->publish(m->arg, sgid, key, buf, n);
}

/* Aligned: what we have not heard of us by now nobody has. */
void
mars_csa_neighbor(struct mars *m, uint16_t sgid, const uint8_t oid[4],
    bool aligned)
{
	struct cluster *c = find_group(m, sgid);
	struct proto *p;

	(void)oid;
	if (c == NULL || !aligned)
		return;
	TAILQ_FOREACH(p, &c->protos, entry)
		if (timer_isset(&p->sweep[ROLE_CLIENT]))
			timer_set(m->ts, &p->sweep[ROLE_CLIENT],
			    SWEEP_ALIGNED);
}

void
peers_free(struct proto *p)
{
	struct entry *e, *enext;
	struct peer *peer, *next;

	RB_FOREACH_SAFE(peer, peer_tree, &p->peers, next) {
		timer_clear(proto_timers(p), &peer->timer);
		RB_FOREACH_SAFE(e, entry_tree, &peer->owner->keys, enext)
			if (e->peer == peer)
				entry_free(e);
		RB_REMOVE(peer_tree, &p->peers, peer);
		free(peer);
	}
}
