/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "vc_party.h"

struct vc_party_drop {
	STAILQ_ENTRY(vc_party_drop) entry;
	uint32_t		 ref;
};

struct vc_parties {
	const struct vc_party_ops *ops;
	uint8_t			 state;		/* enum vc_party_state */
	struct vc_atm_circuits	 want;		/* leaves to add, in order */
	struct vc_atm_circuit	*adding;	/* NULL: none, or it has left */
	STAILQ_HEAD(, vc_party_drop) drops;	/* parties without a leaf */
	struct timer		 later;
};

/* --- what is to be done */

static bool
has_work(const struct vc_parties *p)
{
	return !TAILQ_EMPTY(&p->want) || !STAILQ_EMPTY(&p->drops);
}

/*
 * A turn later, since work may end in a call of a function of the user, which
 * may be running.
 */
static void
vc_party_soon(struct vc_atm_circuit *root)
{
	timer_set(root->atm->timers, &root->parties->later, 0);
}

static void
vc_party_on_later(void *arg)
{
	struct vc_atm_circuit *root = arg;

	if (!has_work(root->parties))
		return;
	vc_atm_enter(root->atm);
	vc_party_step(root, VC_PARTY_EV_WORK);
	vc_atm_leave(root->atm);
}

/* Without memory it stays a party, without a leaf, until the call ends. */
static void
drop_later(struct vc_atm_circuit *root, uint32_t ref)
{
	struct vc_party_drop *d = malloc(sizeof(*d));

	if (d == NULL)
		return;
	d->ref = ref;
	STAILQ_INSERT_TAIL(&root->parties->drops, d, entry);
	vc_party_soon(root);
}

static uint32_t
drop_next(struct vc_parties *p)
{
	struct vc_party_drop *d = STAILQ_FIRST(&p->drops);
	uint32_t ref = d->ref;

	STAILQ_REMOVE_HEAD(&p->drops, entry);
	free(d);
	return ref;
}

static void
unwant(struct vc_parties *p, struct vc_atm_circuit *leaf)
{
	if (leaf->wants)
		TAILQ_REMOVE(&p->want, leaf, entry);
	leaf->wants = false;
}

/* --- states */

static void
act_call(struct vc_atm_circuit *root)
{
	if (root->parties->ops->call(root) == 0)
		return;
	root->cause = VC_CAUSE_TEMPORARY;
	vc_party_step(root, VC_PARTY_EV_FAILED);
}

/* The user tries again with each leaf; that calls anew. */
static void
act_refuse_all(struct vc_atm_circuit *root)
{
	struct vc_parties *p = root->parties;
	struct vc_atm_circuit *leaf;

	while ((leaf = TAILQ_FIRST(&p->want)) != NULL) {
		unwant(p, leaf);
		leaf->cause = root->cause;
		vc_atm_step(leaf, VC_ATM_EV_FAILED);
	}
}

static void
act_next(struct vc_atm_circuit *root)
{
	vc_party_soon(root);
}

/* Dropping goes before adding: it makes room. */
static void
vc_party_act_ask(struct vc_atm_circuit *root)
{
	struct vc_parties *p = root->parties;
	struct vc_atm_circuit *leaf = TAILQ_FIRST(&p->want);
	int r;

	vc_port_hold(root->port, true);
	if (!STAILQ_EMPTY(&p->drops))
		r = p->ops->ask(root, ATM_PARTY_DROP, drop_next(p), NULL);
	else {
		unwant(p, leaf);
		p->adding = leaf;
		r = p->ops->ask(root, ATM_PARTY_ADD, 0, &leaf->peer);
	}
	if (r == 0)
		return;
	root->cause = VC_CAUSE_TEMPORARY;
	vc_party_step(root, VC_PARTY_EV_LOST);
}

static void
act_answer(struct vc_atm_circuit *root)
{
	root->parties->adding = NULL;
	vc_port_hold(root->port, false);
	vc_party_soon(root);
}

/* The state is DEAD already, so that its leaves ask for nothing more. */
static void
vc_party_act_end(struct vc_atm_circuit *root)
{
	struct vc_parties *p = root->parties;
	struct vc_atm_circuit *leaf;

	timer_clear(root->atm->timers, &p->later);
	while ((leaf = TAILQ_FIRST(&p->want)) != NULL)
		unwant(p, leaf);
	while (!STAILQ_EMPTY(&p->drops))
		(void)drop_next(p);
	p->adding = NULL;
}

/* The handles of the leaves die with their root's. */
static void
vc_party_act_lose(struct vc_atm_circuit *root)
{
	struct vc_atm_circuit *leaf, *next;

	vc_party_act_end(root);
	TAILQ_FOREACH_SAFE(leaf, &root->leaves, of_root, next)
		vc_atm_step(leaf, VC_ATM_EV_DROP);
	vc_atm_step(root, VC_ATM_EV_LOST);
}

static void
act_give_up(struct vc_atm_circuit *root)
{
	root->parties->ops->give_up(root);
	vc_party_act_lose(root);
}

static void (*const actions[VC_PARTY_ACTION_MAX])(struct vc_atm_circuit *) = {
	[VC_PARTY_DO_CALL] = act_call,
	[VC_PARTY_DO_NEXT] = act_next,
	[VC_PARTY_DO_REFUSE] = act_refuse_all,
	[VC_PARTY_DO_ASK] = vc_party_act_ask,
	[VC_PARTY_DO_ANSWER] = act_answer,
	[VC_PARTY_DO_GIVE_UP] = act_give_up,
	[VC_PARTY_DO_LOSE] = vc_party_act_lose,
	[VC_PARTY_DO_END] = vc_party_act_end,
};

static const struct table_cell
    cells[VC_PARTY_STATE_MAX][VC_PARTY_EVENT_MAX] = {
	[VC_PARTY_NONE] = {
		[VC_PARTY_EV_WORK] = { VC_PARTY_CALLING, VC_PARTY_DO_CALL },
		[VC_PARTY_EV_OPENED] = { VC_PARTY_NONE, TABLE_VIOLATION },
		[VC_PARTY_EV_BUSY] = { VC_PARTY_NONE, TABLE_VIOLATION },
		[VC_PARTY_EV_FAILED] = { VC_PARTY_NONE, TABLE_VIOLATION },
		[VC_PARTY_EV_ANSWER] = { VC_PARTY_NONE, TABLE_VIOLATION },
		[VC_PARTY_EV_LOST] = { VC_PARTY_NONE, TABLE_VIOLATION },
		[VC_PARTY_EV_END] = { VC_PARTY_DEAD, VC_PARTY_DO_END },
	},
	[VC_PARTY_CALLING] = {
		[VC_PARTY_EV_WORK] = { VC_PARTY_CALLING, TABLE_IGNORE },
		[VC_PARTY_EV_OPENED] = { VC_PARTY_READY, VC_PARTY_DO_NEXT },
		[VC_PARTY_EV_BUSY] = { VC_PARTY_NONE, VC_PARTY_DO_REFUSE },
		[VC_PARTY_EV_FAILED] = { VC_PARTY_DEAD, VC_PARTY_DO_GIVE_UP },
		[VC_PARTY_EV_ANSWER] = { VC_PARTY_CALLING, TABLE_VIOLATION },
		[VC_PARTY_EV_LOST] = { VC_PARTY_CALLING, TABLE_VIOLATION },
		[VC_PARTY_EV_END] = { VC_PARTY_DEAD, VC_PARTY_DO_END },
	},
	[VC_PARTY_READY] = {
		[VC_PARTY_EV_WORK] = { VC_PARTY_BUSY, VC_PARTY_DO_ASK },
		[VC_PARTY_EV_OPENED] = { VC_PARTY_READY, TABLE_VIOLATION },
		[VC_PARTY_EV_BUSY] = { VC_PARTY_READY, TABLE_VIOLATION },
		[VC_PARTY_EV_FAILED] = { VC_PARTY_DEAD, VC_PARTY_DO_GIVE_UP },
		[VC_PARTY_EV_ANSWER] = { VC_PARTY_READY, TABLE_VIOLATION },
		[VC_PARTY_EV_LOST] = { VC_PARTY_DEAD, VC_PARTY_DO_LOSE },
		[VC_PARTY_EV_END] = { VC_PARTY_DEAD, VC_PARTY_DO_END },
	},
	[VC_PARTY_BUSY] = {
		[VC_PARTY_EV_WORK] = { VC_PARTY_BUSY, TABLE_IGNORE },
		[VC_PARTY_EV_OPENED] = { VC_PARTY_BUSY, TABLE_VIOLATION },
		[VC_PARTY_EV_BUSY] = { VC_PARTY_BUSY, TABLE_VIOLATION },
		[VC_PARTY_EV_FAILED] = { VC_PARTY_DEAD, VC_PARTY_DO_GIVE_UP },
		[VC_PARTY_EV_ANSWER] = { VC_PARTY_READY, VC_PARTY_DO_ANSWER },
		[VC_PARTY_EV_LOST] = { VC_PARTY_DEAD, VC_PARTY_DO_LOSE },
		[VC_PARTY_EV_END] = { VC_PARTY_DEAD, VC_PARTY_DO_END },
	},
	[VC_PARTY_DEAD] = {
		[VC_PARTY_EV_WORK] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_OPENED] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_BUSY] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_FAILED] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_ANSWER] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_LOST] = { VC_PARTY_DEAD, TABLE_IGNORE },
		[VC_PARTY_EV_END] = { VC_PARTY_DEAD, TABLE_IGNORE },
	},
};

TABLE_DEFINE(vc_party_table, "vc_party", VC_PARTY, cells);

void
vc_party_step(struct vc_atm_circuit *root, enum vc_party_event ev)
{
	uint8_t act;

	act = table_step(&vc_party_table, &root->parties->state, ev,
	    &root->atm->link.faults);
	if (actions[act] != NULL)
		actions[act](root);
}

/* --- leaves */

static struct vc_atm_circuit *
leaf_of(const struct vc_atm_circuit *root, uint32_t ref)
{
	struct vc_atm_circuit *leaf;

	TAILQ_FOREACH(leaf, &root->leaves, of_root)
		if (leaf->ref == ref)
			return leaf;
	return NULL;
}

static bool
dropping(const struct vc_parties *p, uint32_t ref)
{
	const struct vc_party_drop *d;

	STAILQ_FOREACH(d, &p->drops, entry)
		if (d->ref == ref)
			return true;
	return false;
}

bool
vc_party_any(const struct vc_atm_circuit *root)
{
	const struct vc_atm_circuit *leaf;

	TAILQ_FOREACH(leaf, &root->leaves, of_root)
		if (leaf->state == VC_ATM_UP)
			return true;
	return false;
}

void
vc_party_want(struct vc_atm_circuit *leaf)
{
	struct vc_parties *p = leaf->root->parties;

	TAILQ_INSERT_TAIL(&p->want, leaf, entry);
	leaf->wants = true;
	vc_party_soon(leaf->root);
}

void
vc_party_leave(struct vc_atm_circuit *leaf)
{
	struct vc_atm_circuit *root = leaf->root;
	struct vc_parties *p = root->parties;

	unwant(p, leaf);
	if (p->adding == leaf)
		p->adding = NULL; /* once added, it is dropped */
	if (leaf->ref != 0 && p->state != VC_PARTY_DEAD)
		drop_later(root, leaf->ref);
	leaf->ref = 0;
}

/* A party that was to be dropped has left by itself. */
static void
drop_forget(struct vc_parties *p, uint32_t ref)
{
	struct vc_party_drop *d, *next;

	STAILQ_FOREACH_SAFE(d, &p->drops, entry, next)
		if (d->ref == ref) {
			STAILQ_REMOVE(&p->drops, d, vc_party_drop, entry);
			free(d);
		}
}

static void
added(struct vc_atm_circuit *root, struct vc_atm_circuit *leaf, uint32_t ref,
    uint16_t cause)
{
	if (leaf == NULL) {
		if (ref != 0)
			drop_later(root, ref);
		return;
	}
	leaf->cause = cause;
	if (ref != 0) {
		leaf->ref = ref;
		leaf->port = root->port;
		leaf->sdus_out = root->sdus_out;
	}
	vc_atm_step(leaf, ref != 0 ? VC_ATM_EV_OPENED : VC_ATM_EV_FAILED);
}

/*
 * If a party leaves while another one is added or dropped, Linux returns its
 * reference in the place of the answer (atm.h).  What has become of the other
 * one can't be found out any more, so the whole call is made anew.
 */
static void
answered(struct vc_atm_circuit *root, enum atm_party what, uint32_t ref,
    uint16_t cause)
{
	struct vc_parties *p = root->parties;
	struct vc_atm_circuit *leaf = p->adding;
	bool due = p->state == VC_PARTY_BUSY;

	if (due && ref != 0 &&
	    (what == ATM_PARTY_DROP || leaf_of(root, ref) != NULL ||
	    dropping(p, ref))) {
		root->cause = VC_CAUSE_TEMPORARY;
		vc_party_step(root, VC_PARTY_EV_LOST);
		return;
	}
	vc_party_step(root, VC_PARTY_EV_ANSWER);
	if (due && what == ATM_PARTY_ADD)
		added(root, leaf, ref, cause);
}

void
vc_party_told(struct vc_atm_circuit *root, enum atm_party what, uint32_t ref,
    uint16_t cause)
{
	struct vc_atm_circuit *leaf;

	root->cause = cause;
	switch (what) {
	case ATM_PARTY_ADD:
	case ATM_PARTY_DROP:
		answered(root, what, ref, cause);
		break;
	case ATM_PARTY_LEFT:
		if (ref == 0)
			break;
		if ((leaf = leaf_of(root, ref)) == NULL) {
			drop_forget(root->parties, ref);
			break;
		}
		leaf->ref = 0;
		leaf->cause = cause;
		vc_atm_step(leaf, VC_ATM_EV_LOST);
		break;
	case ATM_PARTY_END: /* nobody answers that: something is wrong */
	case ATM_PARTY_STUCK:
		vc_party_step(root, VC_PARTY_EV_FAILED);
		break;
	}
}

int
vc_party_new(struct vc_atm_circuit *root, const struct vc_party_ops *ops)
{
	struct vc_parties *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	p->ops = ops;
	p->state = VC_PARTY_NONE;
	TAILQ_INIT(&p->want);
	STAILQ_INIT(&p->drops);
	timer_init(&p->later, vc_party_on_later, root);
	root->parties = p;
	return 0;
}
