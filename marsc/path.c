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

#include "client_impl.h"
#include "encap.h"

#define PATH_HELD_MAX	8	/* packets that wait for a circuit */

/* Q.850 causes after which a call is tried again (5.1.3) */
#define CAUSE_RATE_31	37	/* user cell rate not available, UNI 3.1 */
#define CAUSE_QOS	49	/* quality of service unavailable */
#define CAUSE_RATE_30	51	/* user cell rate not available, UNI 3.0 */

static int
path_cmp(struct path *a, struct path *b)
{
	return paddr_cmp(&a->group, &b->group);
}
RB_GENERATE(path_tree, path, entry, path_cmp)

static int
leaf_cmp(struct leaf *a, struct leaf *b)
{
	return atm_cmp(&a->addr, &b->addr);
}
RB_GENERATE(leaf_tree, leaf, entry, leaf_cmp)

void
path_ignore(struct path *p)
{
	(void)p;
}

void
path_violation(struct path *p)
{
	(void)p;
}

static void
path_notify(struct path *p, enum client_notice_code code,
    const struct atm_addr *addr, const char *why)
{
	client_notify(p->end.client, code, &(struct client_notice){
	    .min = &p->group, .max = &p->group, .addrs = addr,
	    .n = addr == NULL ? 0 : 1, .why = why });
}

/* --- leaves */

static void
leaf_retry(struct leaf *l)
{
	struct client *c = l->end.client;

	l->vcleaf = NULL;
	l->state = LEAF_TAGGED;
	l->delay = l->delay == 0 ?
	    client_delay(c, c->t.add_min, c->t.add_max) : 2 * l->delay;
	timer_set(c->ts, &l->timer, l->delay);
}

static void
leaf_call(struct leaf *l)
{
	l->again = false;
	l->vcleaf = vc_multi_add(l->path->vc, &l->addr, &l->end);
	if (l->vcleaf == NULL)
		leaf_retry(l);
	else
		l->state = LEAF_CALLED;
}

/* Before the circuit is up it takes its turn with the others (5.1.3). */
static void
leaf_timer(void *arg)
{
	struct leaf *l = arg;

	l->state = LEAF_NEW;
	if (l->path->state == PATH_CALLING)
		path_event(l->path, PATH_EV_NEXT);
	else
		leaf_call(l);
}

/* A new leaf; not oneself, nor one that is there. */
static void
leaf_add(struct path *p, const struct atm_addr *addr)
{
	struct client *c = p->end.client;
	struct leaf *l, key;

	key.addr = *addr;
	if ((l = RB_FIND(leaf_tree, &p->leaves, &key)) != NULL) {
		l->seen = true;
		return;
	}
	if (client_is_self(c, addr))
		return;
	if ((l = calloc(1, sizeof(*l))) == NULL) {
		client_no_memory(c, "a leaf");
		return;
	}
	l->end = (struct end){ END_LEAF, c };
	l->path = p;
	l->addr = *addr;
	l->seen = true;
	timer_init(&l->timer, leaf_timer, l);
	RB_INSERT(leaf_tree, &p->leaves, l);
	if (p->state == PATH_UP || p->state == PATH_REVALIDATING)
		leaf_call(l);
}

/* Out of the set; its circuit is gone, or goes with the root. */
static void
leaf_free(struct leaf *l)
{
	timer_clear(l->end.client->ts, &l->timer);
	RB_REMOVE(leaf_tree, &l->path->leaves, l);
	free(l);
}

static void
leaf_drop(struct leaf *l)
{
	if (l->vcleaf != NULL)
		vc_multi_drop(l->vcleaf);
	path_notify(l->path, CLIENT_LEAF_DROPPED, &l->addr, NULL);
	leaf_free(l);
}

/* Something left the set: is there anything to go on with? */
static void
path_shrunk(struct path *p)
{
	if (RB_EMPTY(&p->leaves))
		path_event(p, PATH_EV_LAST);
	else if (p->state == PATH_CALLING)
		path_event(p, PATH_EV_NEXT);
}

/* --- actions */

static void
path_hold(struct path *p)
{
	struct client *c = p->end.client;
	struct held *h = NULL;

	if (p->nheld < PATH_HELD_MAX)
		h = malloc(sizeof(*h));
	if (h == NULL) {
		c->drops[CLIENT_DROP_HELD]++;
		return;
	}
	h->sdu = sdu_ref(p->packet);
	STAILQ_INSERT_TAIL(&p->held, h, entry);
	p->nheld++;
}

static void
path_ask(struct path *p)
{
	if (query_group(p->end.client, &p->group, false) == -1)
		path_event(p, PATH_EV_FAILED);
}

static void
path_hold_ask(struct path *p)
{
	path_hold(p);
	path_ask(p);
}

static void
path_put(struct path *p)
{
	struct client *c = p->end.client;

	timer_set(c->ts, &p->idle, c->t.path_idle);
	(void)vc_send(p->vc, sdu_ref(p->packet));
}

/* 5.1.5: the packet goes out, and the group is revalidated */
static void
path_put_ask(struct path *p)
{
	path_put(p);
	path_notify(p, CLIENT_REVALIDATE, NULL, NULL);
	path_ask(p);
}

/* One L_MULTI_RQ at a time, until one has succeeded (5.1.3). */
static void
path_call_next(struct path *p)
{
	struct leaf *l, *new = NULL;

	RB_FOREACH(l, leaf_tree, &p->leaves) {
		if (l->state == LEAF_CALLED)
			return;
		if (l->state == LEAF_NEW && new == NULL)
			new = l;
	}
	if (new != NULL)	/* else those that are tagged come in time */
		leaf_call(new);
}

static void
path_call(struct path *p)
{
	struct client *c = p->end.client;
	size_t i;

	for (i = 0; i < p->nset; i++)
		leaf_add(p, &p->set[i]);
	p->why = "no leaf can be reached";
	if (!RB_EMPTY(&p->leaves))
		p->vc = vc_multi(c->link, &p->end);
	if (p->vc == NULL)
		path_event(p, PATH_EV_LAST);
	else
		path_call_next(p);
}

static void
path_open(struct path *p)
{
	struct client *c = p->end.client;
	struct leaf *l;
	struct held *h;

	timer_set(c->ts, &p->idle, c->t.path_idle);
	RB_FOREACH(l, leaf_tree, &p->leaves)
		if (l->state == LEAF_NEW)
			leaf_call(l);
	while ((h = STAILQ_FIRST(&p->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->held, entry);
		/* we may have registered since it was built (5.5.1) */
		if (c->role == &role_member)
			encap_set_cmi(h->sdu->data, c->reg.cmi);
		(void)vc_send(p->vc, h->sdu);
		free(h);
	}
	p->nheld = 0;
	path_notify(p, CLIENT_PATH_UP, NULL, NULL);
}

/* The circuit and its leaves, not the packets that wait. */
static void
path_release(struct path *p)
{
	struct client *c = p->end.client;
	struct leaf *l;

	while ((l = RB_ROOT(&p->leaves)) != NULL)
		leaf_free(l);
	timer_clear(c->ts, &p->stale);
	timer_clear(c->ts, &p->idle);
	p->revalidate = false;
	p->doubt = 0;
	if (p->vc != NULL)
		vc_release(p->vc, CAUSE_NORMAL);
	p->vc = NULL;
}

static void
path_discard(struct path *p)
{
	struct held *h;

	while ((h = STAILQ_FIRST(&p->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&p->held, entry);
		sdu_free(h->sdu);
		free(h);
	}
	p->nheld = 0;
}

static void
path_down(struct path *p)
{
	path_discard(p);
	path_release(p);
	path_notify(p, CLIENT_PATH_DOWN, NULL, p->why);
}

/* 5.1.5: drop who is only in the old set, add who is only in the new. */
static void
path_compare(struct path *p)
{
	struct leaf *l, *next;
	size_t i;

	p->revalidate = false;
	RB_FOREACH(l, leaf_tree, &p->leaves)
		l->seen = false;
	for (i = 0; i < p->nset; i++)
		leaf_add(p, &p->set[i]);
	RB_FOREACH_SAFE(l, leaf_tree, &p->leaves, next)
		if (!l->seen)
			leaf_drop(l);
	if (RB_EMPTY(&p->leaves))
		path_event(p, PATH_EV_LAST);
}

/* 5.1.6: release the old circuit, call those that the message names. */
static void
path_renew(struct path *p)
{
	path_release(p);
	path_call(p);
}

#define I	path_ignore
#define V	path_violation
const struct path_cell path_table[PATH_STATE_MAX][PATH_EVENT_MAX] = {
	[PATH_NONE] = {
		[PATH_EV_PACKET] = { PATH_ASKING, path_hold_ask },
		[PATH_EV_PACKET_STALE] = { PATH_NONE, V },
		[PATH_EV_SET] = { PATH_NONE, I },
		[PATH_EV_EMPTY] = { PATH_NONE, I },
		[PATH_EV_FAILED] = { PATH_NONE, I },
		[PATH_EV_LEAF_UP] = { PATH_NONE, V },
		[PATH_EV_NEXT] = { PATH_NONE, V },
		[PATH_EV_LAST] = { PATH_NONE, V },
		[PATH_EV_RELEASED] = { PATH_NONE, V },
		[PATH_EV_IDLE] = { PATH_NONE, V },
		[PATH_EV_MIGRATE] = { PATH_NONE, I },
	},
	[PATH_ASKING] = {
		[PATH_EV_PACKET] = { PATH_ASKING, path_hold },
		[PATH_EV_PACKET_STALE] = { PATH_ASKING, V },
		[PATH_EV_SET] = { PATH_CALLING, path_call },
		[PATH_EV_EMPTY] = { PATH_NONE, path_discard },
		[PATH_EV_FAILED] = { PATH_NONE, path_discard },
		[PATH_EV_LEAF_UP] = { PATH_ASKING, V },
		[PATH_EV_NEXT] = { PATH_ASKING, V },
		[PATH_EV_LAST] = { PATH_ASKING, V },
		[PATH_EV_RELEASED] = { PATH_ASKING, V },
		[PATH_EV_IDLE] = { PATH_ASKING, V },
		[PATH_EV_MIGRATE] = { PATH_ASKING, I },	/* */
	},
	[PATH_CALLING] = {
		[PATH_EV_PACKET] = { PATH_CALLING, path_hold },
		[PATH_EV_PACKET_STALE] = { PATH_CALLING, path_hold },
		[PATH_EV_SET] = { PATH_CALLING, I },
		[PATH_EV_EMPTY] = { PATH_CALLING, I },
		[PATH_EV_FAILED] = { PATH_CALLING, I },
		[PATH_EV_LEAF_UP] = { PATH_UP, path_open },
		[PATH_EV_NEXT] = { PATH_CALLING, path_call_next },
		[PATH_EV_LAST] = { PATH_NONE, path_down },
		[PATH_EV_RELEASED] = { PATH_NONE, path_down },
		[PATH_EV_IDLE] = { PATH_CALLING, V },
		[PATH_EV_MIGRATE] = { PATH_CALLING, path_renew },
	},
	[PATH_UP] = {
		[PATH_EV_PACKET] = { PATH_UP, path_put },
		[PATH_EV_PACKET_STALE] = { PATH_REVALIDATING, path_put_ask },
		[PATH_EV_SET] = { PATH_UP, I },
		[PATH_EV_EMPTY] = { PATH_UP, I },
		[PATH_EV_FAILED] = { PATH_UP, I },
		[PATH_EV_LEAF_UP] = { PATH_UP, I },
		[PATH_EV_NEXT] = { PATH_UP, V },
		[PATH_EV_LAST] = { PATH_NONE, path_down },
		[PATH_EV_RELEASED] = { PATH_NONE, path_down },
		[PATH_EV_IDLE] = { PATH_NONE, path_down },
		[PATH_EV_MIGRATE] = { PATH_CALLING, path_renew },
	},
	[PATH_REVALIDATING] = {
		[PATH_EV_PACKET] = { PATH_REVALIDATING, path_put },
		[PATH_EV_PACKET_STALE] = { PATH_REVALIDATING, path_put },
		[PATH_EV_SET] = { PATH_UP, path_compare },
		[PATH_EV_EMPTY] = { PATH_NONE, path_down },
		[PATH_EV_FAILED] = { PATH_UP, I },
		[PATH_EV_LEAF_UP] = { PATH_REVALIDATING, I },
		[PATH_EV_NEXT] = { PATH_REVALIDATING, V },
		[PATH_EV_LAST] = { PATH_NONE, path_down },
		[PATH_EV_RELEASED] = { PATH_NONE, path_down },
		[PATH_EV_IDLE] = { PATH_NONE, path_down },
		[PATH_EV_MIGRATE] = { PATH_CALLING, path_renew },
	},
};
#undef I
#undef V

/* p is gone afterwards when it has no path any more. */
void
path_event(struct path *p, enum path_event ev)
{
	const struct path_cell *cell = &path_table[p->state][ev];

	p->depth++;
	p->state = cell->next;
	cell->action(p);
	if (--p->depth > 0 || p->state != PATH_NONE)
		return;
	RB_REMOVE(path_tree, &p->end.client->paths, p);
	free(p);
}

static void
path_stale(void *arg)
{
	struct path *p = arg;

	p->revalidate = true;
}

static void
path_idle(void *arg)
{
	struct path *p = arg;

	p->why = "idle";
	path_event(p, PATH_EV_IDLE);
}

/* VC_revalidate is set 1 to 10 s from now (5.1.5) */
static void
path_stale_soon(struct path *p)
{
	struct client *c = p->end.client;

	if (p->vc == NULL || (timer_isset(&p->stale) &&
	    mtime_diff(c->ts->now, p->stale.due) <= c->t.stale_max))
		return;
	timer_set(c->ts, &p->stale,
	    client_delay(c, c->t.stale_min, c->t.stale_max));
}

/*
 * A leaf that could not be called may have been out of reach for a moment
 * only: an error on the circuit, so the group is revalidated (5.1.5).  Each
 * further time is twice as far away, or those who are out of reach for good
 * would be asked for all the time.
 */
static void
path_doubt(struct path *p)
{
	struct client *c = p->end.client;

	if (p->vc == NULL || timer_isset(&p->stale))
		return;
	p->doubt = p->doubt == 0 ?
	    client_delay(c, c->t.stale_min, c->t.stale_max) : 2 * p->doubt;
	if (p->doubt > c->t.path_idle)
		p->doubt = c->t.path_idle;
	timer_set(c->ts, &p->stale, p->doubt);
}

/* Of one that is only now being opened there is no circuit (5.1.5.2). */
void
path_stale_all(struct client *c)
{
	struct path *p;

	RB_FOREACH(p, path_tree, &c->paths)
		path_stale_soon(p);
}

struct path *
path_find(struct client *c, const struct paddr *group)
{
	struct path key;

	key.group = *group;
	return RB_FIND(path_tree, &c->paths, &key);
}

static struct path *
path_new(struct client *c, const struct paddr *group)
{
	struct path *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->end = (struct end){ END_PATH, c };
	p->group = *group;
	p->state = PATH_NONE;
	p->why = "";
	RB_INIT(&p->leaves);
	STAILQ_INIT(&p->held);
	timer_init(&p->stale, path_stale, p);
	timer_init(&p->idle, path_idle, p);
	RB_INSERT(path_tree, &c->paths, p);
	return p;
}

/* 5.1.1: what is sent while a group is known to be empty is discarded. */
enum client_error
path_send(struct client *c, const struct paddr *group, struct sdu *s)
{
	struct path *p = path_find(c, group);

	if (p == NULL && (c->link == NULL || query_quiet(c, group))) {
		c->drops[CLIENT_DROP_HELD]++;
		sdu_free(s);
		return CLIENT_OK;
	}
	if (p == NULL && (p = path_new(c, group)) == NULL) {
		sdu_free(s);
		return CLIENT_E_MEMORY;
	}
	p->packet = s;
	path_event(p, p->revalidate ? PATH_EV_PACKET_STALE : PATH_EV_PACKET);
	sdu_free(s);
	return CLIENT_OK;
}

/* The answer to a MARS_REQUEST; n 0: nobody, or only us. */
void
path_answer(struct client *c, const struct paddr *group,
    const struct atm_addr *set, size_t n)
{
	struct path *p = path_find(c, group);

	if (p == NULL)
		return;
	p->set = set;
	p->nset = n;
	p->why = "no members";
	path_event(p, n == 0 ? PATH_EV_EMPTY : PATH_EV_SET);
}

void
path_failed(struct client *c, const struct paddr *group)
{
	struct path *p = path_find(c, group);

	if (p != NULL)
		path_event(p, PATH_EV_FAILED);
}

static void
path_update_one(struct path *p, bool join, const struct atm_addr *addr)
{
	struct leaf *l, key;

	if (p->state == PATH_ASKING)	/* the answer will say so */
		return;
	key.addr = *addr;
	l = RB_FIND(leaf_tree, &p->leaves, &key);
	if (join && l == NULL) {
		leaf_add(p, addr);
		if (p->state == PATH_CALLING)	/* if nobody else is called */
			path_event(p, PATH_EV_NEXT);
	} else if (join && l->state == LEAF_CALLED)
		l->again = true;
	else if (!join && l != NULL) {
		p->why = "the last member left";
		leaf_drop(l);
		path_shrunk(p);
	}
}

/* 5.1.4.1; only the paths inside the range are looked at. */
void
path_update(struct client *c, bool join, const struct atm_addr *addr,
    const struct paddr *min, const struct paddr *max)
{
	struct path key, *p, *next;

	key.group = *min;
	for (p = RB_NFIND(path_tree, &c->paths, &key);
	    p != NULL && paddr_cmp(&p->group, max) <= 0; p = next) {
		next = RB_NEXT(path_tree, &c->paths, p);
		path_update_one(p, join, addr);
	}
}

/* 5.1.6, for a group with an active path. */
void
path_migrate(struct client *c, const struct mars_msg *m)
{
	struct path *p = path_find(c, &m->tpa);
	struct atm_addr *set;
	uint16_t i;

	if (p == NULL || p->vc == NULL)
		return;
	set = reallocarray(NULL, (size_t)m->tnum + 1, sizeof(*set));
	if (set == NULL) {
		client_no_memory(c, "a migration");
		return;
	}
	for (i = 0; i < m->tnum; i++)
		mars_target(m, i, &set[i]);
	p->set = set;
	p->nset = m->tnum;
	path_event(p, PATH_EV_MIGRATE);
	free(set);
}

/* --- from the circuit */

void
path_leaf_up(struct leaf *l)
{
	l->state = LEAF_UP;
	l->delay = 0;
	l->path->doubt = 0;
	path_notify(l->path, CLIENT_LEAF_ADDED, &l->addr, NULL);
	path_event(l->path, PATH_EV_LEAF_UP);
}

/*
 * 5.1.3: tagged and called again after a temporary failure, else dropped.
 * Who has joined while it was called is a new leaf (5.1.4.1): what failed was
 * the call to its life before.
 */
void
path_leaf_failed(struct leaf *l, uint16_t cause)
{
	struct path *p = l->path;

	if (cause == CAUSE_QOS || cause == CAUSE_RATE_30 ||
	    cause == CAUSE_RATE_31 || cause == CAUSE_TEMPORARY)
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
path_leaf_drop(struct leaf *l)
{
	struct path *p = l->path;

	l->vcleaf = NULL;
	leaf_drop(l);
	path_stale_soon(p);
	p->why = "the last leaf dropped out";
	path_shrunk(p);
}

void
path_free(struct client *c)
{
	struct path *p;

	while ((p = RB_ROOT(&c->paths)) != NULL) {
		path_discard(p);
		path_release(p);
		RB_REMOVE(path_tree, &c->paths, p);
		free(p);
	}
}
