/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Records of the group, as scspd hands them over (RFC 2443 section 5): what
 * other servers say, and our own as others still have them.
 *
 *  - 5.4 has a Deregister purge all that is known of the client.  After a move
 *    that would be the new server's records, too.  Here it ends all that the
 *    same server says of the node.  It does so as long as it is held, for
 *    records that come late as well.
 *  - 5.3 and 5.4 let a message follow from the state of a record.  Here it
 *    follows from what the node was a member of before and is now.
 *  - RFC 2022 section 6.1.2 sends nothing when a client is deregistered, and
 *    RFC 2443 section 2 trusts that senders see its leaf drop.  Here no
 *    MARS_LEAVE is sent either when a client is deregistered or its server has
 *    died; when an MCS is deregistered one is.
 *  - Unique CMIs are left to the configuration.  Here a CMI that two nodes have
 *    is logged, and never given out again.
 */
#include <string.h>

#include "adopt.h"
#include "cluster.h"
#include "csa.h"
#include "ipc.h"
#include "join.h"
#include "mcs.h"
#include "move.h"
#include "own.h"
#include "record.h"

/* in which nodes may come back after a restart of ours */
#define SWEEP_CLIENTS	MTIME_SEC(30)
#define SWEEP_MCS	MTIME_SEC(60)

void
marsd_join_changed(
    struct marsd_join *j, enum marsd_change ch, const struct marsd_peer *by)
{
	struct marsd_node *n = marsd_node_of(j);
	struct marsd_span s;

	if (ch == MARSD_CHANGE_NONE)
		return;
	s = marsd_join_span(j);
	if (n->role == MARSD_ROLE_CLIENT)
		marsd_join_announce(n, ch == MARSD_CHANGE_UP, &s,
		    ch == MARSD_CHANGE_UP ? j->layer3 : j->was_layer3, NULL);
	else
		marsd_serve_announce(
		    n, ch == MARSD_CHANGE_UP, &s, by, NULL);
}

/* Works out anew which joins of the node count by this server's word. */
static void
claim_refresh(struct marsd_node *n, const struct marsd_peer *peer)
{
	struct marsd_join *j;

	MARSD_JOIN_FOREACH(j, n)
	marsd_join_changed(j, marsd_join_refresh(j, peer), peer);
}

/*
 * Takes a record away, and tells the members what that changes, by what they
 * were before and are now.
 */
static void
entry_retract(struct marsd_entry *e)
{
	struct marsd_claim *c = marsd_claim_of(e);
	struct marsd_peer *peer = marsd_entry_peer(e);

	/* its Deregister is taken back, and what else it says counts again */
	if (c->reg == e && c->state == MARSD_CLAIM_ENDED &&
	    c->entries > 1) {
		marsd_entry_free(e);
		claim_refresh(c->node, peer);
		return;
	}
	if (e->join != 0) {
		marsd_entry_step(e, MARSD_ENTRY_EV_END);
		marsd_join_changed(
		    marsd_join_of(e), marsd_entry_refresh(e), peer);
	}
	marsd_entry_free(e);
}

void
marsd_entry_withdraw(struct marsd_entry *e)
{
	marsd_publish_entry(e, true);
	entry_retract(e);
}

struct marsd_update {
	struct marsd_peer	*peer;
	struct csa	*csa;
	struct marsd_entry	*entry;		/* under this key, or NULL */
	uint32_t	 key;
	int32_t		 seq;
	bool		 fresh;		/* it was flooded, not aligned */
};

static enum marsd_role
csa_role(const struct csa *c)
{
	return c->state == CSA_SERVE || c->state == CSA_UNSERVE ?
	    MARSD_ROLE_MCS :
	    MARSD_ROLE_CLIENT;
}

/* Is the record that we hold under this key about the same thing? */
static bool
same_subject(
    const struct marsd_entry *e, struct marsd_peer *peer, const struct csa *c)
{
	const struct marsd_node *n;
	struct marsd_span s;

	if (marsd_entry_peer(e) != peer ||
	    marsd_entry_is_redirect(e) != (c->state == CSA_REDIRECT))
		return false;
	if (c->state == CSA_REDIRECT)
		return true;
	n = marsd_claim_of(e)->node;
	if (n->role != csa_role(c) || !atm_addr_equal(&n->atm, &c->atm) ||
	    (e->join == 0) != ((c->flags & CSA_F_REGISTER) != 0))
		return false;
	if (e->join == 0)
		return true;
	s = marsd_join_span(marsd_join_of(e));
	return paddr_equal(&s.min, &c->min) && paddr_equal(&s.max, &c->max);
}

/*
 * Is it a later one than the last that counted?  Numbers of different keys
 * don't compare: then it is the one that has the key of ours.
 */
static bool
newer_redirect(const struct marsd_update *u)
{
	const struct marsd_peer *p = u->peer;

	if (!p->heard_once)
		return true;
	return u->key == p->key ? u->seq > p->seq :
	    u->key == marsd_redirect_key(&u->csa->pro);
}

/*
 * The server's records have been erased.  If it has begun anew meanwhile its
 * numbers may be lower, and its key another; but what is flooded may also be
 * an old copy that somebody has from an alignment, and such copies would go
 * round without end.  So one that does not follow the last is only
 * remembered: who lives sends another one, with a greater number.  Of several
 * protocols that are not served here, each with a key, the one that is
 * remembered stays so while it is heard.
 */
static bool
follows_redirect(const struct marsd_update *u)
{
	struct marsd_peer *p = u->peer;
	const struct marsd_cluster *c = p->proto->cluster;
	bool lost = mtime_diff(p->heard, c->mars->ts->now) >
	    MTIME_SEC(c->conf->redirect_dead);

	if (u->key == p->key && u->seq > p->seq)
		return true;
	if (u->fresh && (u->key == p->key || lost ||
	    u->key == marsd_redirect_key(&p->proto->pro))) {
		p->key = u->key;
		p->seq = u->seq;
		p->heard = c->mars->ts->now;
	}
	return false;
}

/* Only a newer Redirect Entry is a sign of life. */
static bool
is_alive(const struct marsd_update *u)
{
	if (u->peer->state == MARSD_PEER_ERASED && u->peer->heard_once)
		return follows_redirect(u);
	return newer_redirect(u);
}

static void
update_redirect(struct marsd_update *u)
{
	struct marsd_peer *p = u->peer;

	if (u->entry == NULL)
		u->entry = marsd_entry_redirect(p, u->key);
	if (u->entry == NULL)
		return;
	if (!is_alive(u)) {
		marsd_peer_step(p, MARSD_PEER_EV_RECORD);
		return;
	}
	if (u->fresh && p->heard_once)
		marsd_peer_renews(p);
	p->heard_once = true;
	p->key = u->key;
	p->seq = u->seq;
	p->addr = u->csa->atm;
	p->heard = p->proto->cluster->mars->ts->now;
	marsd_peer_step(p, MARSD_PEER_EV_REDIRECT);
}

/*
 * Tells the operator of a CMI that is ours to give out, that one of our nodes
 * has, or that a third server gave to another node.
 */
static void
check_cmi(struct marsd_claim *c, uint16_t cmi)
{
	struct marsd_node *n = c->node;
	struct marsd_proto *p = n->proto;
	struct marsd_event ev = { .pro = &p->pro,
		.who = &n->atm,
		.oid = c->peer->owner->oid,
		.number = cmi };
	const struct marsd_node *held = p->by_cmi[cmi];
	bool clash = !marsd_claim_cmi(c, cmi);

	if (cmi == 0)
		return; /* an MCS may have none, A-19 */
	if (marsd_cmi_ours(&p->cmi, cmi))
		marsd_cmi_taken(&p->cmi, cmi);
	else if ((held == NULL || held == n) && !clash)
		return;
	marsd_cluster_event(p->cluster, MARSD_EV_CMI_OVERLAP, &ev);
}

/*
 * Has the server only numbered its records anew after a restart?  Then
 * the record is as it was, and its number is higher by SEQ_RESTART or more:
 * what happens to a node makes it higher by one.
 */
static bool
renumbered(const struct marsd_update *u)
{
	const struct marsd_entry *e = u->entry;
	const struct marsd_claim *c;

	if (e == NULL)
		return false;
	c = marsd_claim_of(e);
	return c->state != MARSD_CLAIM_ENDED && c->reg == e &&
	    e->cmi == u->csa->cmi &&
	    (int64_t)u->seq - c->seq >= SEQ_RESTART;
}

/*
 * A registration at another server of a node that is registered here.
 * If it was flooded, the node has moved.  If it came by an alignment, nobody
 * knows which registration was later, until that server floods a join.
 */
static void
check_move(struct marsd_update *u, struct marsd_node *n, struct marsd_claim *c)
{
	struct marsd_event ev = { .pro = &n->proto->pro,
		.who = &n->atm,
		.oid = u->peer->owner->oid,
		.why = "alignment" };

	if (!marsd_node_is_here(n))
		return;
	if (u->fresh)
		marsd_move_elsewhere(n->reg, u->peer);
	else {
		(void)marsd_claim_step(c, MARSD_CLAIM_EV_ALIGNED);
		marsd_cluster_event(n->proto->cluster, MARSD_EV_MOVED, &ev);
		marsd_adopt_all_late(n->reg);
	}
}

static void
update_register(struct marsd_update *u, struct marsd_node *n)
{
	bool same = renumbered(u);
	struct marsd_entry *e;
	struct marsd_claim *c;

	if (u->entry == NULL)
		u->entry = marsd_entry_register(u->peer, n, u->key);
	if ((e = u->entry) == NULL)
		return;
	c = marsd_claim_of(e);
	c->seq = u->seq;
	c->reg = e;
	marsd_entry_anew(e);
	e->cmi = u->csa->cmi;
	marsd_entry_step(e, MARSD_ENTRY_EV_SAY);
	check_cmi(c, e->cmi);
	if (marsd_claim_step(c, MARSD_CLAIM_EV_REGISTER) ==
	    MARSD_CLAIM_DO_REFRESH)
		claim_refresh(n, u->peer);
	if (!same && u->fresh)
		marsd_node_came(n, u->peer);
	if (!same)
		check_move(u, n, c);
}

static void
update_join(struct marsd_update *u, struct marsd_node *n)
{
	struct marsd_span s = { u->csa->min, u->csa->max };
	bool is_new = u->entry == NULL; /* not an instance of one we have */
	struct marsd_entry *e;
	struct marsd_claim *c;
	struct marsd_join *j;

	if (is_new)
		u->entry = marsd_entry_join(u->peer, n, &s, u->key);
	if ((e = u->entry) == NULL)
		return;
	c = marsd_claim_of(e);
	j = marsd_join_of(e);
	if (n->proto->addrlen == 0)
		n->proto->addrlen = s.min.len;
	marsd_entry_step(e, MARSD_ENTRY_EV_SAY);
	marsd_entry_anew(e);
	e->cmi = u->csa->cmi;
	e->layer3 = (u->csa->flags & CSA_F_LAYER3GRP) != 0 &&
	    paddr_equal(&s.min, &s.max); /* */
	check_cmi(c, e->cmi);
	marsd_join_changed(j, marsd_entry_refresh(e), u->peer);
	if (!marsd_node_is_here(n))
		return;
	if (u->fresh && is_new && c->state == MARSD_CLAIM_DOUBLE)
		marsd_move_elsewhere(n->reg, u->peer);
	else if (is_new && n->reg->moving == u->peer)
		marsd_move_joined(n->reg, u->peer, j);
	else if (is_new)
		marsd_adopt_late(n->reg, u->peer, j);
}

/*
 * A Deregister.  Nothing that this server says of the node counts any more, as
 * long as the Deregister is held.
 */
static void
update_dereg(struct marsd_update *u, struct marsd_node *n)
{
	struct marsd_entry *e;
	struct marsd_claim *c;
	struct marsd_spans gone;
	struct marsd_join *j;
	struct marsd_span s;

	if (u->entry == NULL)
		u->entry = marsd_entry_register(u->peer, n, u->key);
	if ((e = u->entry) == NULL)
		return;
	c = marsd_claim_of(e);
	c->reg = e;
	marsd_entry_step(e, MARSD_ENTRY_EV_SAY);
	(void)marsd_claim_step(c, MARSD_CLAIM_EV_DEREGISTER);
	marsd_node_left(n, u->peer);
	if (n->reg != NULL)
		marsd_move_off(n->reg, u->peer);
	marsd_spans_init(&gone);
	MARSD_JOIN_FOREACH(j, n)
	{
		s = marsd_join_span(j);
		if (marsd_join_left(j, u->peer) == MARSD_CHANGE_DOWN)
			marsd_spans_add(&gone, &s);
	}
	marsd_gone_announce(n, u->peer, &gone);
	marsd_spans_free(&gone);
}

static void
update_leave(struct marsd_update *u)
{
	struct marsd_join *j = marsd_join_of(u->entry);
	const struct marsd_node *n = marsd_node_of(j);
	enum marsd_change ch = marsd_entry_left(u->entry);

	if (n->reg != NULL)
		marsd_move_left(n->reg, u->peer, j);
	marsd_join_changed(j, ch, u->peer);
	marsd_entry_free(u->entry);
	u->entry = NULL;
}

static void
update_member(struct marsd_update *u)
{
	bool reg = (u->csa->flags & CSA_F_REGISTER) != 0;
	bool live = u->csa->state == CSA_JOIN || u->csa->state == CSA_SERVE;
	struct marsd_node *n;

	if (!live && !reg) {
		if (u->entry != NULL)
			update_leave(u);
		return;
	}
	n = marsd_node_get(u->peer->proto, csa_role(u->csa), &u->csa->atm);
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
	marsd_node_release(n);
}

static struct marsd_cluster *
find_group(struct marsd *m, uint16_t sgid)
{
	struct marsd_cluster *c;

	TAILQ_FOREACH(c, &m->clusters, entry)
		if (c->configured && c->conf->server_group == sgid)
			return c;
	return NULL;
}

void
marsd_record_lost(struct marsd_cluster *c, const uint8_t oid[4], uint32_t key)
{
	c->drops[MARSD_DROP_MEMORY]++;
	c->mars->ops->erase(
	    c->mars->arg, c->conf->server_group, oid, &key, 1);
	marsd_owners_again(c);
}

/* Are the lengths of its addresses those of the protocol? */
static bool
usable(const struct marsd_proto *p, const struct csa *c)
{
	return c->state == CSA_REDIRECT || (c->flags & CSA_F_REGISTER) != 0 ||
	    ((p->addrlen == 0 || c->min.len == p->addrlen) &&
	    c->min.len == c->max.len && c->min.len != 0);
}

/*
 * What has no effect here: a record of a protocol that is not served, or
 * one with other addresses than its protocol's.  The group keeps it,
 * and it has to go with its server like any other.
 */
static void
update_ignored(struct marsd_update *u, bool live)
{
	struct marsd_cluster *c = u->peer->proto->cluster;

	c->counts.records_ignored++;
	if (u->entry != NULL && (!live || !marsd_entry_is_redirect(u->entry) ||
	    marsd_entry_peer(u->entry) != u->peer)) {
		entry_retract(u->entry);
		u->entry = NULL;
	}
	if (live && u->csa->state == CSA_REDIRECT)
		update_redirect(u);
	else {
		marsd_peer_step(u->peer, MARSD_PEER_EV_RECORD);
		if (live && u->entry == NULL)
			u->entry = marsd_entry_redirect(u->peer, u->key);
	}
}

static void
update_served(struct marsd_update *u)
{
	if (u->entry != NULL && !same_subject(u->entry, u->peer, u->csa)) {
		entry_retract(u->entry);
		u->entry = NULL;
	}
	if (u->csa->state == CSA_REDIRECT)
		update_redirect(u);
	else {
		marsd_peer_step(u->peer, MARSD_PEER_EV_RECORD);
		update_member(u);
	}
}

void
marsd_csa_update(struct marsd *m, uint16_t sgid, const uint8_t oid[4],
    uint32_t key, int32_t seq, uint8_t how, const void *data, size_t len)
{
	struct marsd_cluster *c = find_group(m, sgid);
	struct csa csa;
	enum csa_verdict v = csa_decode(&csa, data, len);
	struct marsd_update u = { .csa = &csa, .key = key, .seq = seq,
		.fresh = how == CSA_HOW_FLOODED };
	struct marsd_owner *o;
	struct marsd_proto *p;
	bool served;

	if (c == NULL || memcmp(oid, m->oid, 4) == 0)
		return;
	c->counts.records_in++;
	o = marsd_owner_find(c, oid);
	u.entry = o == NULL ? NULL : marsd_entry_find(o, key);
	p = v == CSA_LIVE || v == CSA_TOMBSTONE ?
	    marsd_proto_find(c, &csa.pro) :
	    NULL;
	u.peer = marsd_peer_get(p == NULL ? &c->others : p, oid);
	if (u.peer == NULL) {
		/* one server too many: the group has it, and we have not */
		c->counts.records_ignored++;
		m->ops->erase(m->arg, sgid, oid, &key, 1);
		return;
	}
	served = p != NULL && usable(p, &csa);
	if (served)
		update_served(&u);
	else
		update_ignored(&u, v == CSA_LIVE);
	if (u.entry == NULL) {
		if (v == CSA_LIVE ||
		    (served && (csa.flags & CSA_F_REGISTER) != 0))
			marsd_record_lost(c, oid, key);
		return;
	}
	/*
	 * nobody is offered what a server says that does not live; what
	 * it has taken back is: we keep nothing that could be revived
	 */
	if (!marsd_peer_counts(u.peer))
		m->ops->hide(m->arg, sgid, oid, &key, 1);
}

/*
 * The time of a Deregister is over.  Joins that it stopped, and that the group
 * still has, are stopped until the node is registered again: were they
 * forgotten here, nobody would tell of them then.
 */
static void
dereg_lapses(struct marsd_entry *e)
{
	struct marsd_claim *c = marsd_claim_of(e);
	bool more = c->entries > 1;

	marsd_entry_free(e);
	if (more)
		(void)marsd_claim_step(c, MARSD_CLAIM_EV_DEREGISTER);
}

void
marsd_csa_gone(
    struct marsd *m, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	struct marsd_cluster *cl = find_group(m, sgid);
	struct marsd_owner *o = cl == NULL ? NULL : marsd_owner_find(cl, oid);
	struct marsd_entry *e = o == NULL ? NULL : marsd_entry_find(o, key);
	const struct marsd_claim *c;

	if (e == NULL)
		return;
	if (marsd_entry_peer(e)->state == MARSD_PEER_SELF) {
		if (e->state == MARSD_ENTRY_OLD)
			marsd_entry_free(e);
		return;
	}
	if (marsd_entry_is_redirect(e))
		marsd_peer_restarts(marsd_entry_peer(e));
	c = marsd_claim_of(e);
	if (c->reg == e && c->state == MARSD_CLAIM_ENDED &&
	    !marsd_claim_has_more(c))
		dereg_lapses(e);
	else
		entry_retract(e);
}

/* --- our own records, as others still have them */

/*
 * A record that nothing here backs yet is kept aside.  A registration in time
 * goes on with its key; the rest is withdrawn together.  False: no
 * memory, so that it has to be withdrawn at once.
 */
static bool
own_old(struct marsd_proto *p, uint32_t key, const struct csa *csa)
{
	struct marsd_node *n = marsd_node_get(p, csa_role(csa), &csa->atm);
	struct marsd_span s = { csa->min, csa->max };
	struct timer *t = &p->sweep[csa_role(csa)];
	struct marsd_entry *e;

	if (n == NULL)
		return false;
	if (btree_empty(&n->claims) && n->reg == NULL)
		n->spa = csa->spa;
	e = csa->flags & CSA_F_REGISTER ?
	    marsd_entry_register(p->self, n, key) :
	    marsd_entry_join(p->self, n, &s, key);
	if (e != NULL) {
		marsd_entry_step(e, MARSD_ENTRY_EV_FOUND);
		e->cmi = csa->cmi;
		if (!timer_isset(t))
			timer_set(marsd_proto_timers(p), t,
			    n->role == MARSD_ROLE_CLIENT ? SWEEP_CLIENTS :
			    SWEEP_MCS);
	}
	marsd_node_release(n);
	return e != NULL;
}

/* Do we already have a record of the same, under another key? */
static bool
own_elsewhere(struct marsd_proto *p, const struct csa *csa)
{
	struct marsd_node *n = marsd_node_find(p, csa_role(csa), &csa->atm);
	struct marsd_span s = { csa->min, csa->max };
	struct marsd_claim *c;
	struct marsd_join *j;

	if (n == NULL)
		return false;
	if (csa->flags & CSA_F_REGISTER)
		return (c = marsd_claim_find(n, p->self)) != NULL &&
		    c->reg != NULL;
	return (j = marsd_join_find(n, &s)) != NULL &&
	    marsd_join_entry(j, p->self) != NULL;
}

/*
 * What can't be undone, a Redirect Entry under another key than ours, or must
 * not be, since it would undo what we say of a node under the right key: a
 * node that is nowhere, with our address, deregisters under its key.
 */
static void
own_nobody(const struct marsd_cluster *c, struct csa *csa)
{
	csa->state = CSA_LEAVE;
	csa->flags = CSA_F_REGISTER;
	csa->cmi = 0;
	csa->atm = c->conf->addr;
}

/* What is not understood: whatever it says, we don't. */
static void
own_strange(const struct marsd_cluster *c, struct csa *csa)
{
	memset(csa, 0, sizeof(*csa));
	csa->state = CSA_REDIRECT;
	if (!TAILQ_EMPTY(&c->protos))
		csa->pro = TAILQ_FIRST(&c->protos)->pro;
}

/*
 * The protocol whose Redirect Entry has this key, whatever a server may
 * have said under it, a registration say: or NULL.
 */
static struct marsd_proto *
redirect_proto(struct marsd_cluster *c, uint32_t key)
{
	struct marsd_proto *p;

	TAILQ_FOREACH(p, &c->protos, entry)
		if (key == marsd_redirect_key(&p->pro))
			break;
	return p;
}

/* A record under a key that we have nothing under. */
static void
own_unknown(struct marsd_cluster *c, struct marsd_proto *p, uint32_t key,
    struct csa *csa, bool tomb)
{
	bool member = p != NULL && usable(p, csa) && csa->state != CSA_REDIRECT;
	bool elsewhere = member && own_elsewhere(p, csa);
	uint8_t buf[CSA_MAX];
	size_t n;

	if (member && !elsewhere && !tomb) {
		if (own_old(p, key, csa))
			return;
		c->drops[MARSD_DROP_MEMORY]++;
	}
	if (tomb && !elsewhere)
		return; /* withdrawn already */
	if (csa->state == CSA_REDIRECT ||
	    (elsewhere && (csa->flags & CSA_F_REGISTER) != 0))
		own_nobody(c, csa);
	csa_withdraw(csa);
	if ((n = csa_encode(csa, buf, sizeof(buf))) != 0)
		c->mars->ops->publish(
		    c->mars->arg, c->conf->server_group, key, buf, n);
}

/*
 * A record with our OID that we did not send like this.  If we have a record
 * under its key, ours goes out again as it is now.  If we have none, it
 * is from before a restart: it is kept aside for a while, or withdrawn
 * at once if it says nothing that could come back.
 */
void
marsd_csa_own(struct marsd *m, uint16_t sgid, uint32_t key, int32_t seq,
    const void *data, size_t len)
{
	struct marsd_cluster *c = find_group(m, sgid);
	struct marsd_owner *o;
	struct marsd_entry *e;
	struct marsd_proto *p;
	struct csa csa;
	enum csa_verdict v;

	(void)seq;
	if (c == NULL)
		return;
	v = csa_decode(&csa, data, len);
	o = marsd_owner_find(c, m->oid);
	e = o == NULL ? NULL : marsd_entry_find(o, key);
	if (e != NULL && marsd_entry_stands(e)) {
		marsd_publish_entry(e, false);
		return;
	}
	if ((p = redirect_proto(c, key)) != NULL) {
		marsd_publish_redirect(p);
		return;
	}
	if (e != NULL)
		return; /* it is kept aside already */
	if (v != CSA_LIVE && v != CSA_TOMBSTONE) {
		own_strange(c, &csa);
		v = CSA_LIVE;
	}
	p = marsd_proto_find(c, &csa.pro);
	own_unknown(c, p, key, &csa, v == CSA_TOMBSTONE);
}
