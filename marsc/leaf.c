/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The leaves of an outgoing circuit: each is called for itself, called again
 * after a temporary failure, and dropped when it leaves or does not answer
 * (RFC 2022 sections 5.1.3 to 5.1.5).
 */
#include <stdlib.h>

#include "client.h"

static int
leaf_cmp(struct marsc_leaf *a, struct marsc_leaf *b)
{
	return atm_addr_cmp(&a->addr, &b->addr);
}
RB_GENERATE(marsc_leaf_tree, marsc_leaf, entry, leaf_cmp)

struct marsc_leaf *
marsc_leaf_find(struct marsc_path *p, const struct atm_addr *addr)
{
	struct marsc_leaf key;

	key.addr = *addr;
	return RB_FIND(marsc_leaf_tree, &p->leaves, &key);
}

/* Keeps the path's count of those that are up, and of those awaited. */
static void
leaf_set_state(struct marsc_leaf *l, enum marsc_leaf_state state)
{
	struct marsc_path *p = l->path;
	uint32_t before = p->nup;

	if (l->state == MARSC_LEAF_UP)
		p->nup--;
	if (state == MARSC_LEAF_UP)
		p->nup++;
	if (l->awaited)
		p->nawaited--;
	/* who has failed once is out of reach, and not waited for */
	l->awaited = state == MARSC_LEAF_CALLED && l->delay == 0;
	if (l->awaited)
		p->nawaited++;
	l->state = state;
	p->version = ++l->end.client->versions;
	if ((before == 0) != (p->nup == 0))
		marsc_path_touch(p);
}

static void
leaf_retry(struct marsc_leaf *l)
{
	struct marsc *c = l->end.client;

	l->vcleaf = NULL;
	leaf_set_state(l, MARSC_LEAF_TAGGED);
	l->delay = l->delay == 0 ? marsc_delay(c, c->t.add_min, c->t.add_max) :
	    2 * l->delay;
	timer_set(c->ts, &l->timer, l->delay);
}

void
marsc_leaf_call(struct marsc_leaf *l)
{
	l->again = false;
	l->vcleaf = vc_multi_add(l->path->vc, &l->addr, &l->end);
	if (l->vcleaf == NULL)
		leaf_retry(l);
	else
		leaf_set_state(l, MARSC_LEAF_CALLED);
}

/*
 * It is time to call the leaf again.  While no leaf is up only one is called at
 * a time, so it waits for its turn (5.1.3).
 */
static void
leaf_timer(void *arg)
{
	struct marsc_leaf *l = arg;

	leaf_set_state(l, MARSC_LEAF_NEW);
	if (l->path->state == MARSC_PATH_CALLING)
		marsc_path_event(l->path, MARSC_PATH_EV_NEXT);
	else
		marsc_leaf_call(l);
}

void
marsc_leaf_add(struct marsc_path *p, const struct atm_addr *addr)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l;

	if ((l = marsc_leaf_find(p, addr)) != NULL) {
		l->seen = true;
		return;
	}
	if (marsc_is_self(c, addr))
		return;
	if (c->nleaves >= c->limits.leaves) {
		c->drops[MARSC_DROP_LEAVES]++;
		return;
	}
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		marsc_no_memory(c, "a leaf");
		return;
	}
	l->end = (struct marsc_end){ MARSC_END_LEAF, c };
	l->path = p;
	l->addr = *addr;
	l->seen = true;
	timer_init(&l->timer, leaf_timer, l);
	RB_INSERT(marsc_leaf_tree, &p->leaves, l);
	p->nleaves++;
	c->nleaves++;
	if (p->state == MARSC_PATH_UP || p->state == MARSC_PATH_FILLING ||
	    p->state == MARSC_PATH_REVALIDATING)
		marsc_leaf_call(l);
}

void
marsc_leaf_free(struct marsc_leaf *l)
{
	leaf_set_state(l, MARSC_LEAF_NEW);
	timer_clear(l->end.client->ts, &l->timer);
	RB_REMOVE(marsc_leaf_tree, &l->path->leaves, l);
	l->path->nleaves--;
	l->end.client->nleaves--;
	free(l);
}

void
marsc_leaf_drop(struct marsc_leaf *l)
{
	if (l->vcleaf != NULL)
		vc_multi_drop(l->vcleaf);
	marsc_path_notify(l->path, MARSC_NOTICE_LEAF_DROPPED, &l->addr, NULL);
	marsc_leaf_free(l);
}

/*
 * --- from the circuit; the owner, when it is told, may send to another group,
 * which does not take the room of a path that is looked at (depth)
 */

void
marsc_leaf_up(struct marsc_leaf *l)
{
	struct marsc_path *p = l->path;

	p->depth++;
	leaf_set_state(l, MARSC_LEAF_UP);
	l->delay = 0;
	p->doubt = 0;
	marsc_path_notify(p, MARSC_NOTICE_LEAF_ADDED, &l->addr, NULL);
	marsc_path_event(p, MARSC_PATH_EV_LEAF_UP);
	marsc_path_leave(p);
}

/*
 * After a temporary failure a leaf is tagged, and called again later; after any
 * other failure it is dropped (5.1.3).  But if the node has joined again while
 * it was being called, it is called at once: the call that failed was to a
 * membership that had ended (5.1.4.1).
 */
void
marsc_leaf_failed(struct marsc_leaf *l, uint16_t cause)
{
	struct marsc_path *p = l->path;

	if (vc_cause_is_temporary(cause))
		leaf_retry(l);
	else if (l->again)
		marsc_leaf_call(l);
	else {
		marsc_leaf_free(l);
		marsc_path_doubt(p);
	}
	marsc_path_shrunk(p, "no leaf can be reached");
}

/*
 * The leaf leaves the set, and the group is revalidated in 1 to 10 s (5.1.5.1).
 */
void
marsc_leaf_dropped(struct marsc_leaf *l)
{
	struct marsc_path *p = l->path;

	p->depth++;
	l->vcleaf = NULL;
	marsc_leaf_drop(l);
	marsc_path_stale_soon(p);
	marsc_path_shrunk(p, "the last leaf dropped out");
	marsc_path_leave(p);
}
