/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The paths of a client: which there are, which has to make room for another,
 * and which a packet or a message of the MARS is about.
 */
#include <stdlib.h>

#include "client.h"

static int
path_cmp(struct marsc_path *a, struct marsc_path *b)
{
	return paddr_cmp(&a->group, &b->group);
}
RB_GENERATE(marsc_path_tree, marsc_path, entry, path_cmp)

void
marsc_path_stale_all(struct marsc *c)
{
	struct marsc_path *p;

	RB_FOREACH(p, marsc_path_tree, &c->paths)
		marsc_path_stale_soon(p);
}

struct marsc_path *
marsc_path_find(struct marsc *c, const struct paddr *group)
{
	struct marsc_path key;

	/* a packet asks more than once, and the next may be of its stream */
	if (c->found != NULL && paddr_equal(&c->found->group, group))
		return c->found;
	key.group = *group;
	c->found = RB_FIND(marsc_path_tree, &c->paths, &key);
	return c->found;
}

void
marsc_path_touch(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	TAILQ_REMOVE(&c->use[p->used], p, use);
	p->used = p->nup > 0;
	TAILQ_INSERT_TAIL(&c->use[p->used], p, use);
}

/*
 * There are as many as may be.  Given up is what was not used for longest, of
 * the paths without a member if there are such; not one whose event this is
 * part of.
 */
static bool
path_make_room(struct marsc *c)
{
	struct marsc_path *p;
	int i;

	for (i = 0; i < 2; i++)
		TAILQ_FOREACH(p, &c->use[i], use)
			if (p->depth == 0) {
				marsc_path_event(p, MARSC_PATH_EV_EVICT);
				return true;
			}
	return false;
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
	p->lost = MARSC_DROP_UNANSWERED;
	RB_INIT(&p->leaves);
	STAILQ_INIT(&p->held);
	marsc_path_timers(p);
	RB_INSERT(marsc_path_tree, &c->paths, p);
	TAILQ_INSERT_TAIL(&c->use[0], p, use);
	c->npaths++;
	return p;
}

static struct marsc_sent
path_not_sent(struct marsc *c, struct vc_sdu *s, enum marsc_drop why)
{
	c->drops[why]++;
	vc_sdu_free(s);
	return (struct marsc_sent){ .outcome = MARSC_SENT_DROPPED, .why = why };
}

struct marsc_sent
marsc_path_send(struct marsc *c, const struct paddr *group, struct vc_sdu *s)
{
	struct marsc_path *p = marsc_path_find(c, group);
	struct marsc_sent sent = { .outcome = MARSC_SENT_DROPPED,
		.why = MARSC_DROP_CIRCUIT };

	if (p == NULL && c->host->link == NULL)
		return path_not_sent(c, s, MARSC_DROP_CIRCUIT);
	if (p == NULL && marsc_query_quiet(c, group))
		return path_not_sent(c, s, MARSC_DROP_EMPTY);
	if (p == NULL && c->npaths >= c->limits.paths && !path_make_room(c))
		return path_not_sent(c, s, MARSC_DROP_BUSY);
	/* who was told that another path is down may have sent there, too */
	if (p == NULL)
		p = marsc_path_find(c, group);
	/* or where it led to */
	if (p == NULL && c->npaths >= c->limits.paths)
		return path_not_sent(c, s, MARSC_DROP_BUSY);
	if (p == NULL && (p = path_new(c, group)) == NULL)
		return path_not_sent(c, s, MARSC_DROP_MEMORY);
	p->last = c->ts->now;
	marsc_path_touch(p);
	p->packet = s;
	p->sent = &sent;
	p->depth++; /* the path must still be there afterwards */
	marsc_path_event(p,
	    p->revalidate ? MARSC_PATH_EV_PACKET_STALE : MARSC_PATH_EV_PACKET);
	p->sent = NULL;
	marsc_path_leave(p);
	vc_sdu_free(s);
	return sent;
}

static void
path_update_one(struct marsc_path *p, bool join, const struct atm_addr *addr)
{
	struct marsc_leaf *l;

	if (p->state == MARSC_PATH_ASKING) /* the answer will say so */
		return;
	l = marsc_leaf_find(p, addr);
	if (join && l == NULL) {
		marsc_leaf_add(p, addr);
		/*
		 * the new leaf is called now, unless another one is being
		 * called
		 */
		if (p->state == MARSC_PATH_CALLING)
			marsc_path_event(p, MARSC_PATH_EV_NEXT);
	} else if (join && l->state == MARSC_LEAF_CALLED)
		l->again = true;
	else if (!join && l != NULL) {
		marsc_leaf_drop(l);
		marsc_path_shrunk(p, "the last member left");
	}
}

/* The first path behind this group; it need not be there any more. */
static struct marsc_path *
path_behind(struct marsc *c, const struct paddr *group)
{
	struct marsc_path key, *p;

	key.group = *group;
	p = RB_NFIND(marsc_path_tree, &c->paths, &key);
	if (p != NULL && paddr_equal(&p->group, group))
		p = RB_NEXT(marsc_path_tree, &c->paths, p);
	return p;
}

uint32_t
marsc_path_update(struct marsc *c, bool join, const struct atm_addr *addr,
    const struct paddr *min, const struct paddr *max)
{
	struct marsc_path key, *p;
	uint32_t n = 0;

	key.group = *min;
	for (p = RB_NFIND(marsc_path_tree, &c->paths, &key);
	    p != NULL && paddr_cmp(&p->group, max) <= 0;
	    p = path_behind(c, &key.group), n++) {
		key.group = p->group;
		p->depth++; /* as for leaves that come and go, leaf.c */
		path_update_one(p, join, addr);
		marsc_path_leave(p);
	}
	return n;
}

void
marsc_path_failed(struct marsc *c, const struct paddr *group)
{
	struct marsc_path *p = marsc_path_find(c, group);

	if (p == NULL)
		return;
	p->lost = MARSC_DROP_UNANSWERED;
	marsc_path_event(p, MARSC_PATH_EV_FAILED);
}

void
marsc_path_migrate(struct marsc *c, const struct mars_msg *m)
{
	struct marsc_path *p = marsc_path_find(c, &m->tpa);
	struct atm_addr *set;
	uint16_t i;

	(void)marsc_query_news(c, &m->tpa, &m->tpa);
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

/*
 * A path that waits for the MARS stays, and gets its answer over the next link.
 */
void
marsc_path_down_all(struct marsc *c, const char *why)
{
	struct marsc_path *p, *next;

	RB_FOREACH_SAFE(p, marsc_path_tree, &c->paths, next)
		if (p->vc != NULL) {
			p->why = why;
			marsc_path_event(p, MARSC_PATH_EV_RELEASED);
		}
}

void
marsc_path_free(struct marsc *c)
{
	struct marsc_path *p;

	while ((p = RB_ROOT(&c->paths)) != NULL) {
		marsc_path_release(p);
		marsc_path_unlink(p);
	}
}
