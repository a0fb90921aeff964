/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The records that this server originates (RFC 2443 section 5): their keys,
 * publishing and withdrawing them, and those from before a restart.
 *
 * RFC 2443 says neither how a record gets its key nor whether a Leave has the
 * key of its Join.  Ours: it has; the key follows from what the record
 * is about, so that it is the same after a restart.  What we said before a
 * restart stands until the clients have had 30 s, and the MCSs 60 s, to come
 * back, whoever is aligned meanwhile.
 *
 * RFC 2443 section 5.4 withdraws a node by a Deregister, which has the group
 * purge all else.  A neighbor that has not seen it yet would bring the joins
 * back by an alignment.  Ours: a tombstone for each of them, too, after
 * the Deregister.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "csa.h"
#include "join.h"
#include "mcs.h"
#include "own.h"

/*
 * Keys.  That of a Redirect Entry follows from mar$pro alone, and is below
 * KEY_FIRST.  All others are a hash of what the record is about.  Where
 * that is taken it is hashed once more, with how often: a client may choose
 * blocks whose first hash is the same, and a search for the next number that
 * is free would take the longer the more of them there are.
 */
#define KEY_FIRST	0x20000U
#define FNV_BASIS	2166136261U
#define FNV_PRIME	16777619U

static uint32_t
hash(uint32_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * FNV_PRIME;
	return h;
}

/* s: or NULL */
static uint32_t
hash_span(uint32_t h, const struct marsd_span *s)
{
	if (s == NULL)
		return h;
	h = hash(h, s->min.a, s->min.len);
	return hash(h, s->max.a, s->max.len);
}

uint32_t
marsd_redirect_key(const struct mars_pro *pro)
{
	if (pro->type != PRO_SNAP)
		return pro->type;
	return 0x10000U |
	    (hash(FNV_BASIS, pro->snap, sizeof(pro->snap)) & 0xffff);
}

uint32_t
marsd_own_key(
    struct marsd_peer *self, struct marsd_node *n, const struct marsd_span *s)
{
	/* role and mar$pro.type, as octets: the same on every machine */
	const uint8_t what[3] = { (uint8_t)n->role,
		(uint8_t)n->proto->pro.type,
		(uint8_t)(n->proto->pro.type >> 8) };
	uint32_t h = hash(FNV_BASIS, what, sizeof(what)), again;

	h = hash(h, n->proto->pro.snap, sizeof(n->proto->pro.snap));
	h = hash(h, &n->atm.num_tl, 1);
	h = hash(h, n->atm.num, sizeof(n->atm.num));
	h = hash(h, &n->atm.sub_tl, 1);
	h = hash(h, n->atm.sub, sizeof(n->atm.sub));
	h = hash_span(h, s);
	for (again = 1; h < KEY_FIRST ||
	    marsd_entry_find(self->owner, h) != NULL; again++)
		h = h < KEY_FIRST ? h + KEY_FIRST : hash_span(h + again, s);
	return h;
}

struct marsd_entry *
marsd_own_next(struct marsd_node *n, const struct marsd_span *at)
{
	struct marsd_join *j;
	struct marsd_entry *e;

	for (j = marsd_join_after(n, at); j != NULL;
	    j = marsd_join_behind(j)) {
		n->proto->cluster->walked++;
		e = marsd_join_entry(j, n->proto->self);
		if (e != NULL && marsd_entry_stands(e))
			return e;
	}
	return NULL;
}

static void
publish(struct marsd_cluster *c, uint32_t key, const struct csa *csa)
{
	uint8_t buf[CSA_MAX];
	size_t n = csa_encode(csa, buf, sizeof(buf));

	if (n == 0)
		return;
	c->counts.published++;
	c->mars->ops->publish(c->mars->arg, c->conf->server_group, key, buf, n);
}

void
marsd_publish_entry(const struct marsd_entry *e, bool withdrawn)
{
	const struct marsd_node *n = marsd_claim_of(e)->node;
	struct marsd_span s;
	struct csa csa;

	memset(&csa, 0, sizeof(csa));
	csa.pro = n->proto->pro;
	csa.state = n->role == MARSD_ROLE_CLIENT ? CSA_JOIN : CSA_SERVE;
	csa.cmi = e->cmi;
	csa.spa = n->spa;
	csa.atm = n->atm;
	if (e->join == 0)
		csa.flags = CSA_F_REGISTER;
	else {
		csa.flags = e->layer3 ? CSA_F_LAYER3GRP : 0;
		s = marsd_join_span(marsd_join_of(e));
		csa.min = s.min;
		csa.max = s.max;
	}
	if (withdrawn)
		csa_withdraw(&csa);
	publish(n->proto->cluster, e->key, &csa);
}

void
marsd_publish_redirect(struct marsd_proto *p)
{
	struct csa csa;

	memset(&csa, 0, sizeof(csa));
	csa.pro = p->pro;
	csa.state = CSA_REDIRECT;
	csa.atm = p->cluster->conf->addr; /* */
	publish(p->cluster, marsd_redirect_key(&p->pro), &csa);
}

/* A node has registered here (RFC 2443 sections 5.2, 5.3). */
void
marsd_publish_register(struct marsd_reg *r)
{
	struct marsd_peer *self = r->node->proto->self;
	struct marsd_claim *c = marsd_claim_find(r->node, self);
	struct marsd_entry *e = c == NULL ? NULL : c->reg;

	if (e == NULL)
		e = marsd_entry_register(
		    self, r->node, marsd_own_key(self, r->node, NULL));
	if (e == NULL) {
		r->node->proto->cluster->drops[MARSD_DROP_MEMORY]++;
		return;
	}
	marsd_entry_step(e, MARSD_ENTRY_EV_SAY);
	e->cmi = r->cmi;
	marsd_publish_entry(e, false);
}

/*
 * The node has gone from one server.  If it is a client the members hear
 * nothing: its leaves drop, and that tells the senders.  But if it has
 * only moved to another server its leaves stay, so the groups that it left
 * meanwhile have to be announced.  The end of an MCS is announced in any
 * case.
 */
void
marsd_gone_announce(struct marsd_node *n, const struct marsd_peer *peer,
    const struct marsd_spans *gone)
{
	struct marsd_join *j;
	size_t i;

	if (n->role == MARSD_ROLE_MCS)
		marsd_mcs_leave(n, gone);
	else if (marsd_node_registered(n, peer))
		for (i = 0; i < gone->n; i++) {
			j = marsd_join_find(n, &gone->v[i]);
			marsd_join_announce(n, false, &gone->v[i],
			    j != NULL && j->was_layer3, NULL);
		}
}

/* The Deregister first, then a tombstone for each other record. */
void
marsd_withdraw_all(struct marsd_node *n)
{
	struct marsd_peer *self = n->proto->self;
	struct marsd_claim *c = marsd_claim_find(n, self);
	struct marsd_join *j;
	struct marsd_spans gone;
	struct marsd_span at;
	struct marsd_entry *e, *next;

	if (c == NULL)
		return;
	marsd_spans_init(&gone);
	if ((e = c->reg) != NULL)
		marsd_publish_entry(e, true);
	marsd_node_left(n, self);
	MARSD_JOIN_FOREACH_SAFE(j, at, n)
	{
		n->proto->cluster->walked++;
		for (e = marsd_join_entry(j, self); e != NULL;
		    e = marsd_said_next(e)) {
			marsd_publish_entry(e, true);
			marsd_entry_step(e, MARSD_ENTRY_EV_END);
		}
		if (marsd_join_left(j, self) == MARSD_CHANGE_DOWN)
			marsd_spans_add(&gone, &at);
	}
	marsd_gone_announce(n, self, &gone);
	marsd_spans_free(&gone);
	MARSD_JOIN_FOREACH_SAFE(j, at, n)
	{
		for (e = marsd_join_entry(j, self); e != NULL; e = next) {
			next = marsd_said_next(e);
			if (c->entries == 1) {
				marsd_entry_free(e); /* the claim, maybe n */
				return;
			}
			marsd_entry_free(e);
		}
	}
	if (c->reg != NULL)
		marsd_entry_free(c->reg);
}

/* --- records from before a restart */

/*
 * There may be some under one key, and what stands under another, where a
 * server has invented what we are said to have said.
 */
static void
old_withdraw(struct marsd_join *j, const struct marsd_peer *self)
{
	struct marsd_entry *e, *next;

	/* the join goes with the last of them */
	for (e = marsd_join_entry(j, self); e != NULL; e = next) {
		next = marsd_said_next(e);
		if (e->state != MARSD_ENTRY_OLD)
			continue;
		marsd_publish_entry(e, true);
		marsd_entry_free(e);
	}
}

/*
 * Withdraws what nothing local backs: whole nodes that have not registered
 * again, and single joins of those that have.
 */
static void
marsd_own_sweep(struct marsd_proto *p, enum marsd_role role)
{
	struct atm_addr last = { 0 }; /* no node has it */
	struct marsd_node *n;
	struct marsd_join *j;
	struct marsd_span at;

	while ((n = marsd_node_after(p, role, &last)) != NULL) {
		last = n->atm;
		if (marsd_claim_find(n, p->self) == NULL)
			continue;
		if (!marsd_node_is_here(n)) {
			marsd_withdraw_all(n);
			continue;
		}
		MARSD_JOIN_FOREACH_SAFE(j, at, n)
		old_withdraw(j, p->self);
	}
}

void
marsd_own_sweep_clients(void *arg)
{
	marsd_own_sweep(arg, MARSD_ROLE_CLIENT);
}

void
marsd_own_sweep_mcs(void *arg)
{
	marsd_own_sweep(arg, MARSD_ROLE_MCS);
}
