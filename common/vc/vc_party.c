/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "vc_party.h"

struct party_drop {
	STAILQ_ENTRY(party_drop) entry;
	uint32_t		 ref;
};

struct parties {
	const struct parties_ops *ops;
	enum parties_state	 state;
	struct circuits		 want;		/* leaves to add, in order */
	struct circuit		*adding;	/* NULL: nobody any more */
	STAILQ_HEAD(, party_drop) drops;	/* who have left the user */
	struct timer		 later;
};

/* --- what is to be done */

static bool
has_work(const struct parties *p)
{
	return !TAILQ_EMPTY(&p->want) || !STAILQ_EMPTY(&p->drops);
}

/* Not from within a call of the user's: it may end in a call to the user. */
static void
soon(struct circuit *root)
{
	timer_set(root->atm->timers, &root->parties->later, 0);
}

static void
on_later(void *arg)
{
	struct circuit *root = arg;

	if (!has_work(root->parties))
		return;
	vc_atm_enter(root->atm);
	parties_step(root, PARTIES_EV_WORK);
	vc_atm_leave(root->atm);
}

/* No memory: it stays a party that nobody knows, until the call's end. */
static void
drop_later(struct circuit *root, uint32_t ref)
{
	struct party_drop *d = malloc(sizeof(*d));

	if (d == NULL)
		return;
	d->ref = ref;
	STAILQ_INSERT_TAIL(&root->parties->drops, d, entry);
	soon(root);
}

static uint32_t
drop_next(struct parties *p)
{
	struct party_drop *d = STAILQ_FIRST(&p->drops);
	uint32_t ref = d->ref;

	STAILQ_REMOVE_HEAD(&p->drops, entry);
	free(d);
	return ref;
}

static void
unwant(struct parties *p, struct circuit *leaf)
{
	if (leaf->wants)
		TAILQ_REMOVE(&p->want, leaf, entry);
	leaf->wants = false;
}

/* --- states */

static void
act_call(struct circuit *root)
{
	if (root->parties->ops->call(root) == 0)
		return;
	root->cause = CAUSE_TEMPORARY;
	parties_step(root, PARTIES_EV_FAILED);
}

/* Its user tries again with each of them, and then so do we. */
static void
act_busy(struct circuit *root)
{
	struct parties *p = root->parties;
	struct circuit *leaf;

	while ((leaf = TAILQ_FIRST(&p->want)) != NULL) {
		unwant(p, leaf);
		leaf->cause = root->cause;
		vc_atm_step(leaf, VC_ATM_EV_FAILED);
	}
}

static void
act_next(struct circuit *root)
{
	soon(root);
}

/* Who has left goes first: that makes room. */
static void
act_ask(struct circuit *root)
{
	struct parties *p = root->parties;
	struct circuit *leaf = TAILQ_FIRST(&p->want);
	int r;

	port_hold(root->port, true);
	if (!STAILQ_EMPTY(&p->drops))
		r = p->ops->ask(root, ATM_PARTY_DROP, drop_next(p), NULL);
	else {
		unwant(p, leaf);
		p->adding = leaf;
		r = p->ops->ask(root, ATM_PARTY_ADD, 0, &leaf->peer);
	}
	if (r == 0)
		return;
	root->cause = CAUSE_TEMPORARY;
	parties_step(root, PARTIES_EV_LOST);
}

static void
act_answer(struct circuit *root)
{
	root->parties->adding = NULL;
	port_hold(root->port, false);
	soon(root);
}

/* The state is the last already: its leaves ask for nothing any more. */
static void
act_end(struct circuit *root)
{
	struct parties *p = root->parties;
	struct circuit *leaf;

	timer_clear(root->atm->timers, &p->later);
	while ((leaf = TAILQ_FIRST(&p->want)) != NULL)
		unwant(p, leaf);
	while (!STAILQ_EMPTY(&p->drops))
		(void)drop_next(p);
	p->adding = NULL;
}

/* The handles of the leaves die with their root's. */
static void
act_lost(struct circuit *root)
{
	struct circuit *leaf, *next;

	act_end(root);
	TAILQ_FOREACH_SAFE(leaf, &root->leaves, of_root, next)
		vc_atm_step(leaf, VC_ATM_EV_DROP);
	vc_atm_step(root, VC_ATM_EV_LOST);
}

static void
act_failed(struct circuit *root)
{
	root->parties->ops->give_up(root);
	act_lost(root);
}

static void
act_violation(struct circuit *root)
{
	root->atm->counters.calls_failed++;
}

static void
act_ignore(struct circuit *root)
{
	(void)root;
}

static const struct cell {
	enum parties_state	 next;
	void			(*action)(struct circuit *);
} table[PARTIES_STATE_MAX][PARTIES_EVENT_MAX] = {
	[PARTIES_NONE] = {
		[PARTIES_EV_WORK] = { PARTIES_CALLING, act_call },
		[PARTIES_EV_OPENED] = { PARTIES_NONE, act_violation },
		[PARTIES_EV_BUSY] = { PARTIES_NONE, act_violation },
		[PARTIES_EV_FAILED] = { PARTIES_NONE, act_violation },
		[PARTIES_EV_ANSWER] = { PARTIES_NONE, act_violation },
		[PARTIES_EV_LOST] = { PARTIES_NONE, act_violation },
		[PARTIES_EV_END] = { PARTIES_DEAD, act_end },
	},
	[PARTIES_CALLING] = {
		[PARTIES_EV_WORK] = { PARTIES_CALLING, act_ignore },
		[PARTIES_EV_OPENED] = { PARTIES_READY, act_next },
		[PARTIES_EV_BUSY] = { PARTIES_NONE, act_busy },
		[PARTIES_EV_FAILED] = { PARTIES_DEAD, act_failed },
		[PARTIES_EV_ANSWER] = { PARTIES_CALLING, act_violation },
		[PARTIES_EV_LOST] = { PARTIES_CALLING, act_violation },
		[PARTIES_EV_END] = { PARTIES_DEAD, act_end },
	},
	[PARTIES_READY] = {
		[PARTIES_EV_WORK] = { PARTIES_BUSY, act_ask },
		[PARTIES_EV_OPENED] = { PARTIES_READY, act_violation },
		[PARTIES_EV_BUSY] = { PARTIES_READY, act_violation },
		[PARTIES_EV_FAILED] = { PARTIES_DEAD, act_failed },
		[PARTIES_EV_ANSWER] = { PARTIES_READY, act_violation },
		[PARTIES_EV_LOST] = { PARTIES_DEAD, act_lost },
		[PARTIES_EV_END] = { PARTIES_DEAD, act_end },
	},
	[PARTIES_BUSY] = {
		[PARTIES_EV_WORK] = { PARTIES_BUSY, act_ignore },
		[PARTIES_EV_OPENED] = { PARTIES_BUSY, act_violation },
		[PARTIES_EV_BUSY] = { PARTIES_BUSY, act_violation },
		[PARTIES_EV_FAILED] = { PARTIES_DEAD, act_failed },
		[PARTIES_EV_ANSWER] = { PARTIES_READY, act_answer },
		[PARTIES_EV_LOST] = { PARTIES_DEAD, act_lost },
		[PARTIES_EV_END] = { PARTIES_DEAD, act_end },
	},
	[PARTIES_DEAD] = {
		[PARTIES_EV_WORK] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_OPENED] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_BUSY] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_FAILED] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_ANSWER] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_LOST] = { PARTIES_DEAD, act_ignore },
		[PARTIES_EV_END] = { PARTIES_DEAD, act_ignore },
	},
};

bool
parties_cell(enum parties_state state, enum parties_event ev)
{
	return table[state][ev].action != NULL;
}

void
parties_step(struct circuit *root, enum parties_event ev)
{
	const struct cell *cell = &table[root->parties->state][ev];

	root->parties->state = cell->next;
	cell->action(root);
}

/* --- leaves */

static struct circuit *
leaf_of(const struct circuit *root, uint32_t ref)
{
	struct circuit *leaf;

	TAILQ_FOREACH(leaf, &root->leaves, of_root)
		if (leaf->ref == ref)
			return leaf;
	return NULL;
}

static bool
dropping(const struct parties *p, uint32_t ref)
{
	const struct party_drop *d;

	STAILQ_FOREACH(d, &p->drops, entry)
		if (d->ref == ref)
			return true;
	return false;
}

bool
parties_any(const struct circuit *root)
{
	const struct circuit *leaf;

	TAILQ_FOREACH(leaf, &root->leaves, of_root)
		if (leaf->state == VC_ATM_UP)
			return true;
	return false;
}

void
parties_want(struct circuit *leaf)
{
	struct parties *p = leaf->root->parties;

	TAILQ_INSERT_TAIL(&p->want, leaf, entry);
	leaf->wants = true;
	soon(leaf->root);
}

void
parties_leave(struct circuit *leaf)
{
	struct circuit *root = leaf->root;
	struct parties *p = root->parties;

	unwant(p, leaf);
	if (p->adding == leaf)
		p->adding = NULL;	/* dropped when it has been added */
	if (leaf->ref != 0 && p->state != PARTIES_DEAD)
		drop_later(root, leaf->ref);
	leaf->ref = 0;
}

/* One that was to be dropped, and has gone by itself. */
static void
drop_forget(struct parties *p, uint32_t ref)
{
	struct party_drop *d, *next;

	STAILQ_FOREACH_SAFE(d, &p->drops, entry, next)
		if (d->ref == ref) {
			STAILQ_REMOVE(&p->drops, d, party_drop, entry);
			free(d);
		}
}

static void
added(struct circuit *root, struct circuit *leaf, uint32_t ref,
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
 * A party that leaves while another one is added or dropped has Linux return
 * its reference as if it were the new one's, and what becomes of that is not
 * to be had any more: the call is made anew.
 */
static void
answered(struct circuit *root, enum atm_party what, uint32_t ref,
    uint16_t cause)
{
	struct parties *p = root->parties;
	struct circuit *leaf = p->adding;
	bool due = p->state == PARTIES_BUSY;

	if (due && ref != 0 && (what == ATM_PARTY_DROP ||
	    leaf_of(root, ref) != NULL || dropping(p, ref))) {
		root->cause = CAUSE_TEMPORARY;
		parties_step(root, PARTIES_EV_LOST);
		return;
	}
	parties_step(root, PARTIES_EV_ANSWER);
	if (due && what == ATM_PARTY_ADD)
		added(root, leaf, ref, cause);
}

void
parties_told(struct circuit *root, enum atm_party what, uint32_t ref,
    uint16_t cause)
{
	struct circuit *leaf;

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
	case ATM_PARTY_END:	/* is not said to us */
	case ATM_PARTY_STUCK:
		parties_step(root, PARTIES_EV_FAILED);
		break;
	}
}

int
parties_new(struct circuit *root, const struct parties_ops *ops)
{
	struct parties *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -1;
	p->ops = ops;
	p->state = PARTIES_NONE;
	TAILQ_INIT(&p->want);
	STAILQ_INIT(&p->drops);
	timer_init(&p->later, on_later, root);
	root->parties = p;
	return 0;
}
