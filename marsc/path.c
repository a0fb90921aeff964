/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The outgoing point-to-multipoint circuit of a group: opened on demand with
 * the leaves that the MARS names, kept up to date by what is heard on the
 * control VC, revalidated when something was missed (RFC 2022 sections 5.1.3
 * to 5.1.6).  One circuit a group; none is shared.
 */
#include <stdlib.h>

#include "marsc_impl.h"
#include "encap.h"

#define MARSC_PATH_HELD_MAX	8	/* packets that wait for a circuit */

static int
path_cmp(struct marsc_path *a, struct marsc_path *b)
{
	return paddr_cmp(&a->group, &b->group);
}
RB_GENERATE(marsc_path_tree, marsc_path, entry, path_cmp)

static int
leaf_cmp(struct marsc_leaf *a, struct marsc_leaf *b)
{
	return atm_addr_cmp(&a->addr, &b->addr);
}
RB_GENERATE(marsc_leaf_tree, marsc_leaf, entry, leaf_cmp)

void
marsc_path_ignore(struct marsc_path *p)
{
	(void)p;
}

void
marsc_path_violation(struct marsc_path *p)
{
	(void)p;
}

static void
path_notify(struct marsc_path *p, enum marsc_notice_code code,
    const struct atm_addr *addr, const char *why)
{
	marsc_notify(p->end.client, code,
	    &(struct marsc_notice){ .min = &p->group,
		.max = &p->group,
		.addrs = addr,
		.n = addr == NULL ? 0 : 1,
		.why = why });
}

/* --- leaves */

static void
leaf_retry(struct marsc_leaf *l)
{
	struct marsc *c = l->end.client;

	l->vcleaf = NULL;
	l->state = MARSC_LEAF_TAGGED;
	l->delay = l->delay == 0 ? marsc_delay(c, c->t.add_min, c->t.add_max) :
				   2 * l->delay;
	timer_set(c->ts, &l->timer, l->delay);
}

static void
leaf_call(struct marsc_leaf *l)
{
	l->again = false;
	l->vcleaf = vc_multi_add(l->path->vc, &l->addr, &l->end);
	if (l->vcleaf == NULL)
		leaf_retry(l);
	else
		l->state = MARSC_LEAF_CALLED;
}

/* Before the circuit is up it takes its turn with the others (5.1.3). */
static void
leaf_timer(void *arg)
{
	struct marsc_leaf *l = arg;

	l->state = MARSC_LEAF_NEW;
	if (l->path->state == MARSC_PATH_CALLING)
		marsc_path_event(l->path, MARSC_PATH_EV_NEXT);
	else
		leaf_call(l);
}

/* A new leaf; not oneself, nor one that is there. */
static void
leaf_add(struct marsc_path *p, const struct atm_addr *addr)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l, key;

	key.addr = *addr;
	if ((l = RB_FIND(marsc_leaf_tree, &p->leaves, &key)) != NULL) {
		l->seen = true;
		return;
	}
	if (marsc_is_self(c, addr))
		return;
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
	if (p->state == MARSC_PATH_UP || p->state == MARSC_PATH_REVALIDATING)
		leaf_call(l);
}

/* Out of the set; its circuit is gone, or goes with the root. */
static void
leaf_free(struct marsc_leaf *l)
{
	timer_clear(l->end.client->ts, &l->timer);
	RB_REMOVE(marsc_leaf_tree, &l->path->leaves, l);
	free(l);
}

static void
leaf_drop(struct marsc_leaf *l)
{
	if (l->vcleaf != NULL)
		vc_multi_drop(l->vcleaf);
	path_notify(l->path, MARSC_NOTICE_LEAF_DROPPED, &l->addr, NULL);
	leaf_free(l);
}

/* Something left the set: is there anything to go on with? */
static void
path_shrunk(struct marsc_path *p)
{
	if (RB_EMPTY(&p->leaves))
		marsc_path_event(p, MARSC_PATH_EV_LAST);
	else if (p->state == MARSC_PATH_CALLING)
		marsc_path_event(p, MARSC_PATH_EV_NEXT);
}

/* --- actions */

static void
path_hold(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct marsc_held *h = NULL;

	if (p->nheld < MARSC_PATH_HELD_MAX)
		h = malloc(sizeof(*h));
	if (h == NULL) {
		c->drops[MARSC_DROP_HELD]++;
		return;
	}
	h->sdu = vc_sdu_ref(p->packet);
	STAILQ_INSERT_TAIL(&p->held, h, entry);
	p->nheld++;
}

static void
path_ask(struct marsc_path *p)
{
	if (marsc_query_group(p->end.client, &p->group, false) == -1)
		marsc_path_event(p, MARSC_PATH_EV_FAILED);
}

static void
path_hold_ask(struct marsc_path *p)
{
	path_hold(p);
	path_ask(p);
}

static void
path_put(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	timer_set(c->ts, &p->idle, c->t.path_idle);
	(void)vc_send(p->vc, vc_sdu_ref(p->packet));
}

/* 5.1.5: the packet goes out, and the group is revalidated */
static void
path_put_ask(struct marsc_path *p)
{
	path_put(p);
	path_notify(p, MARSC_NOTICE_REVALIDATE, NULL, NULL);
	path_ask(p);
}

/* One L_MULTI_RQ at a time, until one has succeeded (5.1.3). */
static void
path_call_next(struct marsc_path *p)
{
	struct marsc_leaf *l, *new = NULL;

	RB_FOREACH(l, marsc_leaf_tree, &p->leaves) {
		if (l->state == MARSC_LEAF_CALLED)
			return;
		if (l->state == MARSC_LEAF_NEW && new == NULL)
			new = l;
	}
	if (new != NULL) /* else those that are tagged come in time */
		leaf_call(new);
}

static void
path_call(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	size_t i;

	for (i = 0; i < p->nset; i++)
		leaf_add(p, &p->set[i]);
	p->why = "no leaf can be reached";
	if (!RB_EMPTY(&p->leaves))
		p->vc = vc_multi(c->link, &p->end);
	if (p->vc == NULL)
		marsc_path_event(p, MARSC_PATH_EV_LAST);
	else
		path_call_next(p);
}

static void
path_open(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l;
	struct marsc_held *h;

	timer_set(c->ts, &p->idle, c->t.path_idle);
	RB_FOREACH(l, marsc_leaf_tree, &p->leaves)
		if (l->state == MARSC_LEAF_NEW)
			leaf_call(l);
	while ((h = STAILQ_FIRST(&p->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->held, entry);
		/* we may have registered since it was built (5.5.1) */
		if (c->role == &marsc_role_member)
			marsc_encap_set_cmi(h->sdu->data, c->reg.cmi);
		(void)vc_send(p->vc, h->sdu);
		free(h);
	}
	p->nheld = 0;
	path_notify(p, MARSC_NOTICE_PATH_UP, NULL, NULL);
}

/* The circuit and its leaves, not the packets that wait. */
static void
path_release(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l;

	while ((l = RB_ROOT(&p->leaves)) != NULL)
		leaf_free(l);
	timer_clear(c->ts, &p->stale);
	timer_clear(c->ts, &p->idle);
	p->revalidate = false;
	p->doubt = 0;
	if (p->vc != NULL)
		vc_release(p->vc, VC_CAUSE_NORMAL);
	p->vc = NULL;
}

static void
path_discard(struct marsc_path *p)
{
	struct marsc_held *h;

	while ((h = STAILQ_FIRST(&p->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->held, entry);
		vc_sdu_free(h->sdu);
		free(h);
	}
	p->nheld = 0;
}

static void
path_down(struct marsc_path *p)
{
	path_discard(p);
	path_release(p);
	path_notify(p, MARSC_NOTICE_PATH_DOWN, NULL, p->why);
}

/* 5.1.5: drop who is only in the old set, add who is only in the new. */
static void
path_compare(struct marsc_path *p)
{
	struct marsc_leaf *l, *next;
	size_t i;

	p->revalidate = false;
	RB_FOREACH(l, marsc_leaf_tree, &p->leaves)
		l->seen = false;
	for (i = 0; i < p->nset; i++)
		leaf_add(p, &p->set[i]);
	RB_FOREACH_SAFE(l, marsc_leaf_tree, &p->leaves, next)
		if (!l->seen)
			leaf_drop(l);
	if (RB_EMPTY(&p->leaves))
		marsc_path_event(p, MARSC_PATH_EV_LAST);
}

/* 5.1.6: release the old circuit, call those that the message names. */
static void
path_renew(struct marsc_path *p)
{
	path_release(p);
	path_call(p);
}

#define I	marsc_path_ignore
#define V	marsc_path_violation
const struct marsc_path_cell marsc_path_table[MARSC_PATH_STATE_MAX]
    [MARSC_PATH_EVENT_MAX] = {
	[MARSC_PATH_NONE] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_ASKING, path_hold_ask },
		[MARSC_PATH_EV_PACKET_STALE] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_NONE, I },
	},
	[MARSC_PATH_ASKING] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_ASKING, path_hold },
		[MARSC_PATH_EV_PACKET_STALE] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_CALLING, path_call },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_NONE, path_discard },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_NONE, path_discard },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_ASKING, I }, /* */
	},
	[MARSC_PATH_CALLING] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_CALLING, path_hold },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_CALLING, path_hold },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_UP, path_open },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_CALLING, path_call_next },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_CALLING, V },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_CALLING, path_renew },
	},
	[MARSC_PATH_UP] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_UP, path_put },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_REVALIDATING, path_put_ask },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_UP, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_CALLING, path_renew },
	},
	[MARSC_PATH_REVALIDATING] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_REVALIDATING, path_put },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_REVALIDATING, path_put },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_UP, path_compare },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_REVALIDATING, I },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_REVALIDATING, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, path_down },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_CALLING, path_renew },
	},
};
#undef I
#undef V

/* p is gone afterwards when it has no path any more. */
void
marsc_path_event(struct marsc_path *p, enum marsc_path_event ev)
{
	const struct marsc_path_cell *cell = &marsc_path_table[p->state][ev];

	p->depth++;
	p->state = cell->next;
	cell->action(p);
	if (--p->depth > 0 || p->state != MARSC_PATH_NONE)
		return;
	RB_REMOVE(marsc_path_tree, &p->end.client->paths, p);
	free(p);
}

static void
path_stale(void *arg)
{
	struct marsc_path *p = arg;

	p->revalidate = true;
}

static void
path_idle(void *arg)
{
	struct marsc_path *p = arg;

	p->why = "idle";
	marsc_path_event(p, MARSC_PATH_EV_IDLE);
}

/* VC_revalidate is set 1 to 10 s from now (5.1.5) */
static void
path_stale_soon(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	if (p->vc == NULL ||
	    (timer_isset(&p->stale) &&
		mtime_diff(c->ts->now, p->stale.due) <= c->t.stale_max))
		return;
	timer_set(
	    c->ts, &p->stale, marsc_delay(c, c->t.stale_min, c->t.stale_max));
}

/*
 * A leaf that could not be called may have been out of reach for a moment
 * only: an error on the circuit, so the group is revalidated (5.1.5).  Each
 * further time is twice as far away, or those who are out of reach for good
 * would be asked for all the time.
 */
static void
path_doubt(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	if (p->vc == NULL || timer_isset(&p->stale))
		return;
	p->doubt = p->doubt == 0 ?
	    marsc_delay(c, c->t.stale_min, c->t.stale_max) :
	    2 * p->doubt;
	if (p->doubt > c->t.path_idle)
		p->doubt = c->t.path_idle;
	timer_set(c->ts, &p->stale, p->doubt);
}

/* Of one that is only now being opened there is no circuit (5.1.5.2). */
void
marsc_path_stale_all(struct marsc *c)
{
	struct marsc_path *p;

	RB_FOREACH(p, marsc_path_tree, &c->paths)
		path_stale_soon(p);
}

struct marsc_path *
marsc_path_find(struct marsc *c, const struct paddr *group)
{
	struct marsc_path key;

	key.group = *group;
	return RB_FIND(marsc_path_tree, &c->paths, &key);
}

static struct marsc_path *
path_new(struct marsc *c, const struct paddr *group)
{
	struct marsc_path *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->end = (struct marsc_end){ MARSC_END_PATH, c };
	p->group = *group;
	p->state = MARSC_PATH_NONE;
	p->why = "";
	RB_INIT(&p->leaves);
	STAILQ_INIT(&p->held);
	timer_init(&p->stale, path_stale, p);
	timer_init(&p->idle, path_idle, p);
	RB_INSERT(marsc_path_tree, &c->paths, p);
	return p;
}

/* 5.1.1: what is sent while a group is known to be empty is discarded. */
enum marsc_error
marsc_path_send(struct marsc *c, const struct paddr *group, struct vc_sdu *s)
{
	struct marsc_path *p = marsc_path_find(c, group);

	if (p == NULL && (c->link == NULL || marsc_query_quiet(c, group))) {
		c->drops[MARSC_DROP_HELD]++;
		vc_sdu_free(s);
		return MARSC_OK;
	}
	if (p == NULL && (p = path_new(c, group)) == NULL) {
		vc_sdu_free(s);
		return MARSC_E_MEMORY;
	}
	p->packet = s;
	marsc_path_event(p,
	    p->revalidate ? MARSC_PATH_EV_PACKET_STALE : MARSC_PATH_EV_PACKET);
	vc_sdu_free(s);
	return MARSC_OK;
}

/* The answer to a MARS_REQUEST; n 0: nobody, or only us. */
void
marsc_path_answer(struct marsc *c, const struct paddr *group,
    const struct atm_addr *set, size_t n)
{
	struct marsc_path *p = marsc_path_find(c, group);

	if (p == NULL)
		return;
	p->set = set;
	p->nset = n;
	p->why = "no members";
	marsc_path_event(p, n == 0 ? MARSC_PATH_EV_EMPTY : MARSC_PATH_EV_SET);
}

void
marsc_path_failed(struct marsc *c, const struct paddr *group)
{
	struct marsc_path *p = marsc_path_find(c, group);

	if (p != NULL)
		marsc_path_event(p, MARSC_PATH_EV_FAILED);
}

static void
path_update_one(struct marsc_path *p, bool join, const struct atm_addr *addr)
{
	struct marsc_leaf *l, key;

	if (p->state == MARSC_PATH_ASKING) /* the answer will say so */
		return;
	key.addr = *addr;
	l = RB_FIND(marsc_leaf_tree, &p->leaves, &key);
	if (join && l == NULL) {
		leaf_add(p, addr);
		if (p->state ==
		    MARSC_PATH_CALLING) /* if nobody else is called */
			marsc_path_event(p, MARSC_PATH_EV_NEXT);
	} else if (join && l->state == MARSC_LEAF_CALLED)
		l->again = true;
	else if (!join && l != NULL) {
		p->why = "the last member left";
		leaf_drop(l);
		path_shrunk(p);
	}
}

/* 5.1.4.1; only the paths inside the range are looked at. */
void
marsc_path_update(struct marsc *c, bool join, const struct atm_addr *addr,
    const struct paddr *min, const struct paddr *max)
{
	struct marsc_path key, *p, *next;

	key.group = *min;
	for (p = RB_NFIND(marsc_path_tree, &c->paths, &key);
	     p != NULL && paddr_cmp(&p->group, max) <= 0; p = next) {
		next = RB_NEXT(marsc_path_tree, &c->paths, p);
		path_update_one(p, join, addr);
	}
}

/* 5.1.6, for a group with an active path. */
void
marsc_path_migrate(struct marsc *c, const struct mars_msg *m)
{
	struct marsc_path *p = marsc_path_find(c, &m->tpa);
	struct atm_addr *set;
	uint16_t i;

	if (p == NULL || p->vc == NULL)
		return;
	set = reallocarray(NULL, (size_t)m->tnum + 1, sizeof(*set));
	if (set == NULL) {
		marsc_no_memory(c, "a migration");
		return;
	}
	for (i = 0; i < m->tnum; i++)
		mars_target(m, i, &set[i]);
	p->set = set;
	p->nset = m->tnum;
	marsc_path_event(p, MARSC_PATH_EV_MIGRATE);
	free(set);
}

/* --- from the circuit */

void
marsc_path_leaf_up(struct marsc_leaf *l)
{
	l->state = MARSC_LEAF_UP;
	l->delay = 0;
	l->path->doubt = 0;
	path_notify(l->path, MARSC_NOTICE_LEAF_ADDED, &l->addr, NULL);
	marsc_path_event(l->path, MARSC_PATH_EV_LEAF_UP);
}

/*
 * 5.1.3: tagged and called again after a temporary failure, else dropped.
 * Who has joined while it was called is a new leaf (5.1.4.1): what failed was
 * the call to its life before.
 */
void
marsc_path_leaf_failed(struct marsc_leaf *l, uint16_t cause)
{
	struct marsc_path *p = l->path;

	if (vc_cause_is_temporary(cause))
		leaf_retry(l);
	else if (l->again)
		leaf_call(l);
	else {
		leaf_free(l);
		path_doubt(p);
	}
	p->why = "no leaf can be reached";
	path_shrunk(p);
}

/* 5.1.5.1: out of the set, and revalidate in 1 to 10 s */
void
marsc_path_leaf_drop(struct marsc_leaf *l)
{
	struct marsc_path *p = l->path;

	l->vcleaf = NULL;
	leaf_drop(l);
	path_stale_soon(p);
	p->why = "the last leaf dropped out";
	path_shrunk(p);
}

void
marsc_path_free(struct marsc *c)
{
	struct marsc_path *p;

	while ((p = RB_ROOT(&c->paths)) != NULL) {
		path_discard(p);
		path_release(p);
		RB_REMOVE(marsc_path_tree, &c->paths, p);
		free(p);
	}
}
