/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A question to the MARS and its answer in parts: MARS_REQUEST for the members
 * of a group (RFC 2022 section 5.1.1), MARS_GROUPLIST_REQUEST for the groups
 * of a block (5.3).
 */
#include <stdlib.h>

#include "client_impl.h"

static int
query_cmp(struct query *a, struct query *b)
{
	return paddr_cmp(&a->min, &b->min);
}
RB_GENERATE(query_tree, query, entry, query_cmp)

void
query_ignore(struct query *q)
{
	(void)q;
}

void
query_violation(struct query *q)
{
	(void)q;
}

static void
query_notify(struct query *q, enum client_notice_code code, bool full)
{
	bool told = q->told;

	q->told = false;
	if (told)
		client_notify(q->client, code, &(struct client_notice){
		    .min = &q->min, .max = &q->max,
		    .server = &q->client->mars->addr,
		    .addrs = q->list ? NULL : q->parts.addrs,
		    .groups = q->list ? q->parts.groups : NULL,
		    .n = full ? q->parts.n : 0 });
}

static void
request_send(struct query *q)
{
	struct mars_msg m;

	client_msg(q->client, &m, MARS_REQUEST);
	m.tpa = q->min;
	client_send(q->client, &m);
}

/* --- actions */

static void
query_wait(struct query *q)
{
	timer_set(q->client->ts, &q->timer, q->client->t.part);
}

static void
query_send_more(struct query *q)
{
	parts_reset(&q->parts);
	q->sent++;
	query_wait(q);
	if (q->list)
		grouplist_send(q);
	else
		request_send(q);
}

static void
query_send(struct query *q)
{
	q->sent = 0;
	query_send_more(q);
}

static void
query_answer(struct query *q)
{
	timer_clear(q->client->ts, &q->timer);
	if (!q->list)
		path_answer(q->client, &q->min, q->parts.addrs, q->parts.n);
	query_notify(q, q->list ? CLIENT_GROUPS : CLIENT_MEMBERS, true);
}

/* 5.1.1: not asked again for 5 to 10 s, whatever we are asked to send */
static void
query_empty(struct query *q)
{
	struct client *c = q->client;

	timer_set(c->ts, &q->timer,
	    client_delay(c, c->t.quiet_min, c->t.quiet_max));
	path_answer(c, &q->min, NULL, 0);
	query_notify(q, CLIENT_MEMBERS, true);
}

/* 5.4: a request that fails is a problem with the MARS */
static void
query_fail(struct query *q)
{
	if (!q->list)
		path_failed(q->client, &q->min);
	query_notify(q, CLIENT_QUERY_FAILED, false);
	reg_problem(q->client, "a request has no answer");
}

#define I	query_ignore
#define V	query_violation
const struct query_cell query_table[QUERY_STATE_MAX][QUERY_EVENT_MAX] = {
	[QUERY_IDLE] = {
		[QUERY_EV_ASK] = { QUERY_ASKING, query_send },
		[QUERY_EV_PART] = { QUERY_IDLE, I },
		[QUERY_EV_ANSWER] = { QUERY_IDLE, I },
		[QUERY_EV_EMPTY] = { QUERY_IDLE, I },
		[QUERY_EV_BROKEN] = { QUERY_IDLE, I },
		[QUERY_EV_TIMER] = { QUERY_IDLE, V },
		[QUERY_EV_WAIT] = { QUERY_IDLE, V },
		[QUERY_EV_LIMIT] = { QUERY_IDLE, V },
	},
	[QUERY_ASKING] = {
		[QUERY_EV_ASK] = { QUERY_ASKING, I },
		[QUERY_EV_PART] = { QUERY_ASKING, query_wait },
		[QUERY_EV_ANSWER] = { QUERY_IDLE, query_answer },
		[QUERY_EV_EMPTY] = { QUERY_QUIET, query_empty },
		[QUERY_EV_BROKEN] = { QUERY_ASKING, query_send_more },
		[QUERY_EV_TIMER] = { QUERY_ASKING, query_send_more },
		[QUERY_EV_WAIT] = { QUERY_ASKING, query_wait },
		[QUERY_EV_LIMIT] = { QUERY_IDLE, query_fail },
	},
	[QUERY_QUIET] = {
		[QUERY_EV_ASK] = { QUERY_LATER, I },
		[QUERY_EV_PART] = { QUERY_QUIET, I },
		[QUERY_EV_ANSWER] = { QUERY_QUIET, I },
		[QUERY_EV_EMPTY] = { QUERY_QUIET, I },
		[QUERY_EV_BROKEN] = { QUERY_QUIET, I },
		[QUERY_EV_TIMER] = { QUERY_IDLE, I },
		[QUERY_EV_WAIT] = { QUERY_QUIET, V },
		[QUERY_EV_LIMIT] = { QUERY_QUIET, V },
	},
	[QUERY_LATER] = {
		[QUERY_EV_ASK] = { QUERY_LATER, I },
		[QUERY_EV_PART] = { QUERY_LATER, I },
		[QUERY_EV_ANSWER] = { QUERY_LATER, I },
		[QUERY_EV_EMPTY] = { QUERY_LATER, I },
		[QUERY_EV_BROKEN] = { QUERY_LATER, I },
		[QUERY_EV_TIMER] = { QUERY_ASKING, query_send },
		[QUERY_EV_WAIT] = { QUERY_LATER, V },
		[QUERY_EV_LIMIT] = { QUERY_LATER, V },
	},
};
#undef I
#undef V

/* A question about a group is gone afterwards when it is idle. */
void
query_event(struct query *q, enum query_event ev)
{
	const struct query_cell *cell = &query_table[q->state][ev];
	struct client *c = q->client;

	q->state = cell->next;
	cell->action(q);
	if (q->state != QUERY_IDLE || q->list)
		return;
	timer_clear(c->ts, &q->timer);
	RB_REMOVE(query_tree, &c->queries, q);
	parts_free(&q->parts);
	free(q);
}

static void
query_timer(void *arg)
{
	struct query *q = arg;

	if (q->state != QUERY_ASKING)
		query_event(q, QUERY_EV_TIMER);
	else if (!reg_is_on(q->client))
		query_event(q, QUERY_EV_WAIT);
	else if (q->sent > q->client->t.rexmt_limit)
		query_event(q, QUERY_EV_LIMIT);
	else
		query_event(q, QUERY_EV_TIMER);
}

void
query_init(struct query *q, struct client *c, bool list)
{
	*q = (struct query){ .client = c, .list = list };
	timer_init(&q->timer, query_timer, q);
	parts_init(&q->parts, false);
}

static struct query *
query_find(struct client *c, const struct paddr *group)
{
	struct query key;

	key.min = *group;
	return RB_FIND(query_tree, &c->queries, &key);
}

int
query_group(struct client *c, const struct paddr *group, bool told)
{
	struct query *q = query_find(c, group);

	if (q == NULL) {
		if ((q = malloc(sizeof(*q))) == NULL)
			return -1;
		query_init(q, c, false);
		q->min = q->max = *group;
		RB_INSERT(query_tree, &c->queries, q);
	}
	q->told |= told;
	query_event(q, QUERY_EV_ASK);
	return 0;
}

/* Is this group in the 5 to 10 s after an empty answer? */
bool
query_quiet(struct client *c, const struct paddr *group)
{
	struct query *q = query_find(c, group);

	return q != NULL &&
	    (q->state == QUERY_QUIET || q->state == QUERY_LATER);
}

enum client_error
client_request(struct client *c, const struct paddr *group)
{
	if (group->len == 0)
		return CLIENT_E_RANGE;
	return query_group(c, group, true) == -1 ? CLIENT_E_MEMORY :
	    CLIENT_OK;
}

bool
query_part(struct query *q, const struct mars_msg *m)
{
	struct client *c = q->client;

	switch (parts_input(&q->parts, m)) {
	case PARTS_R_DONE:
		return true;
	case PARTS_R_FAILED:
		c->drops[CLIENT_DROP_PARTS]++;
		if (q->sent > c->t.rexmt_limit)
			query_event(q, QUERY_EV_LIMIT);
		else
			query_event(q, QUERY_EV_BROKEN);
		return false;
	default:
		query_event(q, QUERY_EV_PART);
		return false;
	}
}

static bool
query_only_self(const struct query *q)
{
	size_t i;

	for (i = 0; i < q->parts.n; i++)
		if (!client_is_self(q->client, &q->parts.addrs[i]))
			return false;
	return true;
}

/*
 * One MARS_MULTI.  Its mar$msn counts when all parts are there (5.1.4.2), and
 * a path that is only now being opened needs no revalidation (5.1.5.2).
 */
void
query_multi(struct client *c, const struct mars_msg *m)
{
	struct query *q = query_find(c, &m->tpa);

	if (q == NULL || q->state != QUERY_ASKING ||
	    !client_is_self(c, &m->src)) {
		c->drops[CLIENT_DROP_UNASKED]++;
		return;
	}
	if (!query_part(q, m))
		return;
	if (hsn_update(&c->hsn, m->msn))	/* before the path is opened */
		path_stale_all(c);
	query_event(q, query_only_self(q) ? QUERY_EV_EMPTY : QUERY_EV_ANSWER);
}

void
query_nak(struct client *c, const struct mars_msg *m)
{
	struct query *q = query_find(c, &m->tpa);

	if (q == NULL || q->state != QUERY_ASKING ||
	    !client_is_self(c, &m->src)) {
		c->drops[CLIENT_DROP_UNASKED]++;
		return;
	}
	parts_reset(&q->parts);
	query_event(q, QUERY_EV_EMPTY);
}

/* Registered: do not wait for the timers of what could not be sent. */
void
query_kick(struct client *c)
{
	struct query *q;

	RB_FOREACH(q, query_tree, &c->queries)
		if (q->state == QUERY_ASKING) {
			q->sent = 0;
			query_event(q, QUERY_EV_TIMER);
		}
	if (c->list.state == QUERY_ASKING) {
		c->list.sent = 0;
		query_event(&c->list, QUERY_EV_TIMER);
	}
}

void
query_free(struct client *c)
{
	struct query *q;

	while ((q = RB_ROOT(&c->queries)) != NULL) {
		timer_clear(c->ts, &q->timer);
		RB_REMOVE(query_tree, &c->queries, q);
		parts_free(&q->parts);
		free(q);
	}
	timer_clear(c->ts, &c->list.timer);
	parts_free(&c->list.parts);
}
