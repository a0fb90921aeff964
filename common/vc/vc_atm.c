/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "vc_atm.h"
#include "vc_party.h"

#define FLUSH_MAX	1024	/* ports in one turn of the loop */

static const char *const kind_names[] = { VC_ATM_KINDS(TABLE_NAME) };

static int
circuit_cmp(const struct vc_atm_circuit *a, const struct vc_atm_circuit *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

#define TREE	__attribute__((__unused__)) static	/* not all are used */
RB_GENERATE_INTERNAL(vc_atm_tree, vc_atm_circuit, node, circuit_cmp, TREE)

struct vc_atm *
vc_atm_of(const struct vc_link *l)
{
	/* the link is the first member, and not const where it is kept */
	return (struct vc_atm *)(uintptr_t)l;
}

static struct vc_atm_circuit *
circuit_of(const struct vc *vc)
{
	return (struct vc_atm_circuit *)(uintptr_t)vc;
}

static void
vc_atm_soon(struct vc_atm *a)
{
	timer_set(a->timers, &a->later, 0);
}

static void
burn(struct vc_atm *a)
{
	struct vc_atm_circuit *c;

	while ((c = TAILQ_FIRST(&a->dead)) != NULL) {
		TAILQ_REMOVE(&a->dead, c, entry);
		free(c->parties);
		free(c);
	}
}

void
vc_atm_enter(struct vc_atm *a)
{
	a->busy++;
}

void
vc_atm_leave(struct vc_atm *a)
{
	a->busy--;
}

/* --- what waits */

static enum vc_port_prio
prio_of(const struct vc_atm_circuit *c)
{
	return c->kind == VC_ATM_LEAF || c->kind == VC_ATM_ROOT ?
	    VC_PORT_COPY :
	    VC_PORT_ANSWER;
}

/* A turn later, if not at the end of a flush, its user is told. */
static void
vc_atm_tell_later(struct vc_atm_circuit *root)
{
	if (!root->telling)
		TAILQ_INSERT_TAIL(&root->atm->tell, root, to_tell);
	root->telling = true;
	vc_atm_soon(root->atm);
}

static void
vc_atm_hush(struct vc_atm_circuit *root)
{
	if (root->telling)
		TAILQ_REMOVE(&root->atm->tell, root, to_tell);
	root->telling = false;
}

/* So many SDUs of it wait no more, nor as many of its root. */
static void
vc_atm_unqueue(struct vc_atm_circuit *c, uint32_t many)
{
	struct vc_atm_circuit *root = c->root == NULL ? c : c->root;

	c->queued -= many;
	if (root != c)
		root->queued -= many;
	if (many > 0 && root->queued == 0 && root->kind == VC_ATM_ROOT) {
		root->drained = true;
		vc_atm_tell_later(root);
	}
}

void
vc_atm_gone(struct vc_atm *a, struct vc_atm_circuit *c, enum vc_port_prio prio,
    size_t len, bool was_sent)
{
	struct vc_atm_circuit *root;

	a->octets[prio] -= len + VC_SDU_KEPT;
	if (c == NULL)
		return;
	root = c->root == NULL ? c : c->root;
	if (!was_sent && c->state == VC_ATM_UP && root->kind == VC_ATM_ROOT) {
		root->overflow = true;
		vc_atm_tell_later(root);
	}
	vc_atm_unqueue(c, 1);
}

/* False: there was nothing to tell. */
static bool
vc_atm_tell(struct vc_atm *a)
{
	const struct vc_user *u = a->link.user;
	struct vc_atm_circuit *root;
	bool drained, overflow, any = false;

	vc_atm_enter(a);
	while (!a->closing && (root = TAILQ_FIRST(&a->tell)) != NULL) {
		any = true;
		vc_atm_hush(root);
		drained = root->drained && root->queued == 0;
		overflow = root->overflow;
		root->drained = root->overflow = false;
		if (overflow && u->overflow != NULL)
			u->overflow(
			    a->link.arg, &root->u.vc, root->u.vc.cookie);
		if (drained && root->state == VC_ATM_UP && u->drained != NULL)
			u->drained(a->link.arg, &root->u.vc, root->u.vc.cookie);
	}
	vc_atm_leave(a);
	return any;
}

/* --- states */

static void
vc_atm_act_ask(struct vc_atm_circuit *c)
{
	TAILQ_REMOVE(&c->atm->waiting, c, entry);
	c->atm->asked++;
	c->atm->ops->ask(c);
}

/* Takes it out of all lists.  Its memory stays until no handler runs. */
static void
vc_atm_bury(struct vc_atm_circuit *c)
{
	struct vc_atm *a = c->atm;

	if (c->unsent)
		TAILQ_REMOVE(&a->unsent[prio_of(c)], c, to_flush);
	c->unsent = false;
	a->ops->close(c);
	c->port = NULL;
	vc_atm_unqueue(c, c->queued);
	vc_atm_hush(c);
	if (c->root != NULL)
		TAILQ_REMOVE(&c->root->leaves, c, of_root);
	c->root = NULL;
	RB_REMOVE(vc_atm_tree, &a->circuits, c);
	a->many--;
	TAILQ_INSERT_TAIL(&a->dead, c, entry);
	vc_atm_soon(a);
}

static void
act_up(struct vc_atm_circuit *c)
{
	struct vc_link *l = &c->atm->link;

	c->atm->counters.calls_out++;
	if (c->kind == VC_ATM_LEAF)
		l->user->leaf_ack(l->arg, &c->u.leaf, c->u.leaf.cookie);
	else
		l->user->ack(l->arg, &c->u.vc, c->u.vc.cookie);
}

static void
vc_atm_act_fail(struct vc_atm_circuit *c)
{
	struct vc_link *l = &c->atm->link;

	c->atm->counters.calls_failed++;
	vc_atm_bury(c);
	if (c->kind == VC_ATM_LEAF)
		l->user->leaf_failed(
		    l->arg, &c->u.leaf, c->u.leaf.cookie, c->cause);
	else
		l->user->rqfailed(l->arg, &c->u.vc, c->u.vc.cookie, c->cause);
}

static void
act_lose(struct vc_atm_circuit *c)
{
	struct vc_link *l = &c->atm->link;

	c->atm->counters.cleared++;
	vc_atm_bury(c);
	if (c->kind == VC_ATM_OWN_END)
		return;
	if (c->kind == VC_ATM_LEAF)
		l->user->leaf_drop(
		    l->arg, &c->u.leaf, c->u.leaf.cookie, c->cause);
	else
		l->user->release(l->arg, &c->u.vc, c->u.vc.cookie, c->cause);
}

static void
vc_atm_act_forget(struct vc_atm_circuit *c)
{
	TAILQ_REMOVE(&c->atm->waiting, c, entry);
	vc_atm_bury(c);
}

/* If it was asked for, the answer will find that nobody wants it. */
static void
act_close(struct vc_atm_circuit *c)
{
	vc_atm_bury(c);
}

static void (*const actions[VC_ATM_ACTION_MAX])(struct vc_atm_circuit *) = {
	[VC_ATM_DO_ASK] = vc_atm_act_ask,
	[VC_ATM_DO_UP] = act_up,
	[VC_ATM_DO_FAIL] = vc_atm_act_fail,
	[VC_ATM_DO_LOSE] = act_lose,
	[VC_ATM_DO_FORGET] = vc_atm_act_forget,
	[VC_ATM_DO_CLOSE] = act_close,
};

static const struct table_cell cells[VC_ATM_STATE_MAX][VC_ATM_EVENT_MAX] = {
	[VC_ATM_WAITING] = {
		[VC_ATM_EV_ASK] = { VC_ATM_ASKED, VC_ATM_DO_ASK },
		[VC_ATM_EV_OPENED] = { VC_ATM_WAITING, TABLE_VIOLATION },
		[VC_ATM_EV_FAILED] = { VC_ATM_WAITING, TABLE_VIOLATION },
		[VC_ATM_EV_LOST] = { VC_ATM_WAITING, TABLE_VIOLATION },
		[VC_ATM_EV_DROP] = { VC_ATM_DEAD, VC_ATM_DO_FORGET },
	},
	[VC_ATM_ASKED] = {
		[VC_ATM_EV_ASK] = { VC_ATM_ASKED, TABLE_VIOLATION },
		[VC_ATM_EV_OPENED] = { VC_ATM_UP, VC_ATM_DO_UP },
		[VC_ATM_EV_FAILED] = { VC_ATM_DEAD, VC_ATM_DO_FAIL },
		[VC_ATM_EV_LOST] = { VC_ATM_ASKED, TABLE_VIOLATION },
		[VC_ATM_EV_DROP] = { VC_ATM_DEAD, VC_ATM_DO_CLOSE },
	},
	[VC_ATM_UP] = {
		[VC_ATM_EV_ASK] = { VC_ATM_UP, TABLE_VIOLATION },
		[VC_ATM_EV_OPENED] = { VC_ATM_UP, TABLE_VIOLATION },
		[VC_ATM_EV_FAILED] = { VC_ATM_UP, TABLE_VIOLATION },
		[VC_ATM_EV_LOST] = { VC_ATM_DEAD, VC_ATM_DO_LOSE },
		[VC_ATM_EV_DROP] = { VC_ATM_DEAD, VC_ATM_DO_CLOSE },
	},
	[VC_ATM_DEAD] = {
		[VC_ATM_EV_ASK] = { VC_ATM_DEAD, TABLE_IGNORE },
		[VC_ATM_EV_OPENED] = { VC_ATM_DEAD, TABLE_IGNORE },
		[VC_ATM_EV_FAILED] = { VC_ATM_DEAD, TABLE_IGNORE },
		[VC_ATM_EV_LOST] = { VC_ATM_DEAD, TABLE_IGNORE },
		[VC_ATM_EV_DROP] = { VC_ATM_DEAD, TABLE_IGNORE },
	},
};

TABLE_DEFINE(vc_atm_table, "vc_atm", VC_ATM, cells);

void
vc_atm_step(struct vc_atm_circuit *c, enum vc_atm_event ev)
{
	uint8_t act;

	act = table_step(&vc_atm_table, &c->state, ev, &c->atm->link.faults);
	if (actions[act] != NULL)
		actions[act](c);
}

/* --- circuits */

struct vc_atm_circuit *
vc_atm_find(struct vc_atm *a, uint32_t id)
{
	struct vc_atm_circuit key;

	key.id = id;
	return RB_FIND(vc_atm_tree, &a->circuits, &key);
}

/* Numbers it as no other circuit is numbered, and not 0.  NULL: no memory. */
struct vc_atm_circuit *
vc_atm_new(struct vc_atm *a, enum vc_atm_kind kind, const struct atm_addr *peer,
    enum vc_atm_state state)
{
	struct vc_atm_circuit *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	do
		c->id = ++a->last_id;
	while (c->id == 0 || vc_atm_find(a, c->id) != NULL);
	c->atm = a;
	c->kind = kind;
	c->state = (uint8_t)state;
	c->own.fd = -1;
	if (kind != VC_ATM_LEAF)
		c->u.vc.link = &a->link;
	if (peer != NULL)
		c->peer = *peer;
	TAILQ_INIT(&c->leaves);
	RB_INSERT(vc_atm_tree, &a->circuits, c);
	a->many++;
	if (state == VC_ATM_WAITING) {
		TAILQ_INSERT_TAIL(&a->waiting, c, entry);
		vc_atm_soon(a);
	}
	return c;
}

bool
vc_atm_offer(struct vc_atm_circuit *c)
{
	struct vc_atm *a = c->atm;

	if (a->link.user->remote_call(a->link.arg, &c->u.vc, &c->peer,
	    c->kind == VC_ATM_LEAF_END, &c->u.vc.cookie) == VC_CAUSE_NONE) {
		a->counters.calls_in++;
		return true;
	}
	a->counters.calls_refused++;
	vc_atm_step(c, VC_ATM_EV_DROP);
	return false;
}

void
vc_atm_sdu(struct vc_atm_circuit *c, const uint8_t *p, size_t len)
{
	c->sdus_in++;
	vc_deliver(&c->u.vc, p, len);
}

struct vc *
vc_atm_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	struct vc_atm_circuit *c;

	c = vc_atm_new(vc_atm_of(l), VC_ATM_OUT, to, VC_ATM_WAITING);
	if (c == NULL)
		return NULL;
	c->u.vc.cookie = cookie;
	return &c->u.vc;
}

struct vc *
vc_atm_multi(struct vc_link *l, void *cookie)
{
	struct vc_atm_circuit *c;

	c = vc_atm_new(vc_atm_of(l), VC_ATM_ROOT, NULL, VC_ATM_UP);
	if (c == NULL)
		return NULL;
	c->u.vc.cookie = cookie;
	return &c->u.vc;
}

struct vc_leaf *
vc_atm_multi_add(struct vc *vc, const struct atm_addr *to, void *cookie)
{
	struct vc_atm_circuit *c, *root = circuit_of(vc);

	c = vc_atm_new(root->atm, VC_ATM_LEAF, to, VC_ATM_WAITING);
	if (c == NULL)
		return NULL;
	c->root = root;
	TAILQ_INSERT_TAIL(&root->leaves, c, of_root);
	c->u.leaf.root = vc;
	c->u.leaf.cookie = cookie;
	return &c->u.leaf;
}

void
vc_atm_multi_drop(struct vc_leaf *leaf)
{
	vc_atm_step((struct vc_atm_circuit *)(void *)leaf, VC_ATM_EV_DROP);
}

void
vc_atm_release(struct vc *vc, uint16_t cause)
{
	struct vc_atm_circuit *leaf, *next, *c = circuit_of(vc);

	(void)cause; /* the system says 16, normal clearing, at close(2) */
	if (c->atm->ops->release != NULL)
		c->atm->ops->release(c);
	TAILQ_FOREACH_SAFE(leaf, &c->leaves, of_root, next)
		vc_atm_step(leaf, VC_ATM_EV_DROP);
	vc_atm_step(c, VC_ATM_EV_DROP);
}

static int
circuit_drop(struct vc_atm_circuit *c, struct vc_sdu *sdu)
{
	c->atm->counters.sdus_dropped++;
	vc_sdu_free(sdu);
	return -1;
}

static int
circuit_send(struct vc_atm_circuit *c, struct vc_sdu *sdu)
{
	enum vc_port_prio prio = prio_of(c);
	size_t len = sdu->len;
	struct vc_atm *a = c->atm;

	if (c->port == NULL || c->kind == VC_ATM_LEAF_END)
		return circuit_drop(c, sdu);
	if (vc_port_send(c->port, prio, c, sdu) == -1)
		return -1;
	a->octets[prio] += len + VC_SDU_KEPT;
	c->queued++;
	if (c->root != NULL)
		c->root->queued++;
	c->sdus_out++;
	if (!c->unsent)
		TAILQ_INSERT_TAIL(&a->unsent[prio], c, to_flush);
	c->unsent = true;
	return 0;
}

/*
 * Is there room for one more on so many circuits?  A root with nothing waiting
 * has it always, and a circuit has the last quarter: none is kept out by one
 * that is slow.
 */
static bool
has_room(const struct vc_atm_circuit *c, size_t len, size_t circuits)
{
	size_t after = c->atm->octets[prio_of(c)] +
	    (len + VC_SDU_KEPT) * circuits;

	if (c->kind == VC_ATM_ROOT)
		return c->queued == 0 || after <= VC_COPIES_OCTETS;
	return after <= (c->queued == 0 ? VC_QUEUE_OCTETS :
	    VC_QUEUE_OCTETS / 4 * 3);
}

/* The leaves that have a call of their own, and are connected. */
static int
root_copy(struct vc_atm_circuit *c, struct vc_sdu *sdu)
{
	struct vc_atm_circuit *leaf;
	size_t leaves = 0;
	int r = 0;

	TAILQ_FOREACH(leaf, &c->leaves, of_root)
		leaves += leaf->state == VC_ATM_UP;
	if (!has_room(c, sdu->len, leaves))
		return circuit_drop(c, sdu);
	TAILQ_FOREACH(leaf, &c->leaves, of_root)
		if (leaf->state == VC_ATM_UP &&
		    circuit_send(leaf, vc_sdu_ref(sdu)) == -1)
			r = -1;
	vc_sdu_free(sdu);
	return r;
}

int
vc_atm_send(struct vc *vc, struct vc_sdu *sdu)
{
	struct vc_atm_circuit *c = circuit_of(vc);

	if (c->kind == VC_ATM_ROOT && (c->parties == NULL || !vc_party_any(c)))
		return root_copy(c, sdu);
	if (!has_room(c, sdu->len, 1))
		return circuit_drop(c, sdu);
	return circuit_send(c, sdu);
}

/* The slowest leaf has all that its root has not sent to every one. */
uint32_t
vc_atm_backlog(const struct vc *vc)
{
	const struct vc_atm_circuit *leaf, *c = circuit_of(vc);
	uint32_t most = 0;

	if (c->kind != VC_ATM_ROOT || c->parties != NULL)
		return c->queued;
	if (c->queued > 0)
		TAILQ_FOREACH(leaf, &c->leaves, of_root)
			most = leaf->queued > most ? leaf->queued : most;
	return most;
}

const struct atm_addr *
vc_atm_peer(const struct vc *vc)
{
	return &circuit_of(vc)->peer;
}

/* --- links */

/* So many ports before others have a turn; false: that was not all. */
static bool
flush_ports(struct vc_atm *a, enum vc_port_prio prio, int *max)
{
	struct vc_atm_circuit *c;

	while ((c = TAILQ_FIRST(&a->unsent[prio])) != NULL) {
		if ((*max)-- <= 0)
			return false;
		TAILQ_REMOVE(&a->unsent[prio], c, to_flush);
		c->unsent = false;
		vc_port_flush(c->port);
	}
	return true;
}

/* What a user sends when it is told has its turn in the same flush. */
void
vc_atm_flush(struct vc_link *l)
{
	struct vc_atm *a = vc_atm_of(l);
	int max = FLUSH_MAX;

	do
		if (!flush_ports(a, VC_PORT_ANSWER, &max) ||
		    !flush_ports(a, VC_PORT_COPY, &max))
			vc_atm_soon(a);
	while (vc_atm_tell(a) && max > 0);
}

static void
vc_atm_on_later(void *arg)
{
	struct vc_atm *a = arg;
	struct vc_atm_circuit *c;

	burn(a);
	if (a->closing) {
		a->ops->destroy(a);
		return;
	}
	(void)vc_atm_tell(a);
	vc_atm_enter(a);
	while (a->asked < VC_ATM_ASKED_MAX &&
	    (c = TAILQ_FIRST(&a->waiting)) != NULL)
		vc_atm_step(c, VC_ATM_EV_ASK);
	vc_atm_leave(a);
}

/* Called from within a function of the user, it frees the link a turn later. */
void
vc_atm_close(struct vc_link *l)
{
	struct vc_atm *a = vc_atm_of(l);
	struct vc_atm_circuit *c;

	if (a->closing)
		return;
	a->closing = true;
	/* no leaf may look for a root that has gone before it */
	RB_FOREACH(c, vc_atm_tree, &a->circuits) {
		if (a->ops->release != NULL)
			a->ops->release(c);
		c->root = NULL;
	}
	while ((c = RB_ROOT(&a->circuits)) != NULL)
		vc_atm_step(c, VC_ATM_EV_DROP);
	if (a->busy > 0) {
		vc_atm_soon(a);
		return;
	}
	timer_clear(a->timers, &a->later);
	burn(a);
	a->ops->destroy(a);
}

bool
vc_atm_counter(
    const struct vc_link *l, size_t i, const char **name, uint64_t *value)
{
	return vc_counters_get(&vc_atm_of(l)->counters, i, name, value);
}

bool
vc_atm_circuit(
    const struct vc_link *l, uint32_t *cursor, struct vc_circuit_info *info)
{
	struct vc_atm *a = vc_atm_of(l);
	struct vc_atm_circuit *c, key;

	if (*cursor == UINT32_MAX)
		return false;
	key.id = *cursor + 1;
	c = RB_NFIND(vc_atm_tree, &a->circuits, &key);
	while (c != NULL && c->kind == VC_ATM_ROOT)
		c = RB_NEXT(vc_atm_tree, &a->circuits, c);
	if (c == NULL)
		return false;
	*cursor = c->id;
	memset(info, 0, sizeof(*info));
	info->local = l->local;
	info->peer = c->peer;
	info->kind = kind_names[c->kind];
	info->state = vc_atm_table.states[c->state];
	info->number = c->id;
	info->sdus_in = c->sdus_in;
	/* a party has had what its root sent since the party was added */
	info->sdus_out =
	    c->ref != 0 ? c->root->sdus_out - c->sdus_out : c->sdus_out;
	if (c->port != NULL)
		info->idle = mtime_diff(c->port->last, a->timers->now);
	return true;
}

void
vc_atm_init(struct vc_atm *a, struct event_base *base, struct timers *ts,
    const struct vc_atm_ops *ops, const struct vc_backend *backend,
    const struct atm_addr *local, uint32_t max, const struct vc_user *user,
    void *arg)
{
	a->link.backend = backend;
	a->link.local = *local;
	a->link.user = user;
	a->link.arg = arg;
	a->base = base;
	a->timers = ts;
	a->ops = ops;
	a->max = max;
	RB_INIT(&a->circuits);
	TAILQ_INIT(&a->waiting);
	TAILQ_INIT(&a->unsent[VC_PORT_ANSWER]);
	TAILQ_INIT(&a->unsent[VC_PORT_COPY]);
	TAILQ_INIT(&a->tell);
	TAILQ_INIT(&a->dead);
	timer_init(&a->later, vc_atm_on_later, a);
}
