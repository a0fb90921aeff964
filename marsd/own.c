/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The records that this server originates (RFC 2443 section 5): keys,
 * publishing, withdrawing, and those from before a restart.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"

/*
 * Keys.  A Redirect Entry's follows from mar$pro alone; all others
 * are a hash of what the record is about, with probing, so that a record
 * has the same key after a restart.
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

uint32_t
redirect_key(const struct mars_pro *pro)
{
	if (pro->type != PRO_SNAP)
		return pro->type;
	return 0x10000U | (hash(FNV_BASIS, pro->snap, sizeof(pro->snap)) &
	    0xffff);
}

/* A key for a record about the node; s NULL: its register record. */
uint32_t
own_key(struct peer *self, struct node *n, const struct span *s)
{
	uint8_t role = (uint8_t)n->role;
	uint32_t h = hash(FNV_BASIS, &role, 1);

	h = hash(h, &n->proto->pro.type, sizeof(n->proto->pro.type));
	h = hash(h, n->proto->pro.snap, sizeof(n->proto->pro.snap));
	h = hash(h, &n->atm.num_tl, 1);
	h = hash(h, n->atm.num, sizeof(n->atm.num));
	h = hash(h, &n->atm.sub_tl, 1);
	h = hash(h, n->atm.sub, sizeof(n->atm.sub));
	if (s != NULL) {
		h = hash(h, s->min.a, s->min.len);
		h = hash(h, s->max.a, s->max.len);
	}
	while (h < KEY_FIRST || entry_find(self->owner, h) != NULL)
		h = h < KEY_FIRST ? h + KEY_FIRST : h + 1;
	return h;
}

static void
publish(struct cluster *c, uint32_t key, const struct csa *csa)
{
	uint8_t buf[CSA_MAX];
	size_t n = csa_encode(csa, buf, sizeof(buf));

	if (n == 0)
		return;
	c->counts.published++;
	c->mars->ops->publish(c->mars->arg, c->conf->server_group, key, buf, n);
}

/* The record as it is, or as what undoes it. */
void
publish_entry(const struct entry *e, bool withdrawn)
{
	const struct node *n = e->claim->node;
	struct csa csa;

	memset(&csa, 0, sizeof(csa));
	csa.pro = n->proto->pro;
	csa.state = n->role == ROLE_CLIENT ? CSA_JOIN : CSA_SERVE;
	csa.cmi = e->cmi;
	csa.spa = n->spa;
	csa.atm = n->atm;
	if (e->join == NULL)
		csa.flags = CSA_F_REGISTER;
	else {
		csa.flags = e->layer3 ? CSA_F_LAYER3GRP : 0;
		csa.min = e->join->range->span.min;
		csa.max = e->join->range->span.max;
	}
	if (withdrawn)
		csa_withdraw(&csa);
	publish(n->proto->cluster, e->key, &csa);
}

void
publish_redirect(struct proto *p)
{
	struct csa csa;

	memset(&csa, 0, sizeof(csa));
	csa.pro = p->pro;
	csa.state = CSA_REDIRECT;
	csa.atm = p->cluster->conf->addr;	/* */
	publish(p->cluster, redirect_key(&p->pro), &csa);
}

/* A node has registered here (RFC 2443 sections 5.2, 5.3). */
void
publish_register(struct reg *r)
{
	struct peer *self = r->node->proto->self;
	struct claim *c = claim_find(r->node, self);
	struct entry *e = c == NULL ? NULL : c->reg;

	if (e == NULL)
		e = entry_register(self, r->node, own_key(self, r->node, NULL));
	if (e == NULL) {
		r->node->proto->cluster->drops[DROP_MEMORY]++;
		return;
	}
	e->stale = false;
	e->cmi = r->cmi;
	publish_entry(e, false);
}

/*
 * What a node is no longer a member of, since this server took everything
 * back.  The members hear nothing when a client goes, as its leaves drop, and
 * a MARS_LEAVE when an MCS does, or when a client that has only
 * moved left these groups meanwhile.
 */
void
gone_announce(struct node *n, const struct peer *peer,
    const struct spans *gone)
{
	size_t i;

	if (n->role == ROLE_MCS)
		mcs_leave(n, gone);
	else if (node_registered(n, peer))
		for (i = 0; i < gone->n; i++)
			join_announce(n, false, &gone->v[i], false, NULL);
}

/*
 * Takes back everything that we say about a node: the Deregister first,
 * then a tombstone for each other record.
 */
void
withdraw_all(struct node *n)
{
	struct peer *self = n->proto->self;
	struct claim *c = claim_find(n, self);
	struct itree_node *in;
	struct spans gone;
	struct span at;
	struct entry *e;

	if (c == NULL)
		return;
	spans_init(&gone);
	if ((e = c->reg) != NULL)
		publish_entry(e, true);
	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, &at)) {
		at = *in->span;
		if ((e = join_entry(join_of(in), self)) == NULL)
			continue;
		publish_entry(e, true);
		if (!e->stale && n->role == ROLE_CLIENT)
			n->proto->joins--;
		e->stale = true;
		if (join_refresh(join_of(in)) == CHANGE_DOWN)
			spans_add(&gone, &at);
	}
	gone_announce(n, self, &gone);
	spans_free(&gone);
	for (in = itree_next(&n->joins, NULL); in != NULL;
	    in = itree_next(&n->joins, &at)) {
		at = *in->span;
		if ((e = join_entry(join_of(in), self)) != NULL &&
		    c->entries > 1)
			entry_free(e);
		else if (e != NULL) {
			entry_free(e);		/* and the claim, maybe n */
			return;
		}
	}
	if (c->reg != NULL)
		entry_free(c->reg);
}

/* --- records from before a restart */

/*
 * Withdraws what nothing local backs: whole nodes that have not registered
 * again, and single joins of those that have.
 */
static void
sweep(struct proto *p, enum role role)
{
	struct node *n, *next;
	struct itree_node *in;
	struct claim *c;
	struct entry *e;
	struct span at;

	RB_FOREACH_SAFE(n, node_tree, &p->nodes[role], next) {
		if ((c = claim_find(n, p->self)) == NULL)
			continue;
		if (n->reg == NULL || !n->reg->registered) {
			withdraw_all(n);
			continue;
		}
		for (in = itree_next(&n->joins, NULL); in != NULL;
		    in = itree_next(&n->joins, &at)) {
			at = *in->span;
			e = join_entry(join_of(in), p->self);
			if (e != NULL && e->stale) {
				publish_entry(e, true);
				entry_free(e);
			}
		}
	}
}

void
own_sweep_clients(void *arg)
{
	sweep(arg, ROLE_CLIENT);
}

void
own_sweep_mcs(void *arg)
{
	sweep(arg, ROLE_MCS);
}
