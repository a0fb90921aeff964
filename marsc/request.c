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

#include "client.h"

static int
query_cmp(struct marsc_query *a, struct marsc_query *b)
{
	return paddr_cmp(&a->min, &b->min);
}
RB_GENERATE(marsc_query_tree, marsc_query, entry, query_cmp)

/* Does the owner wait for the answer?  Only once for each. */
static bool
query_told(struct marsc_query *q)
{
	bool told = q->told;

	q->told = false;
	return told;
}

static void
query_notify(struct marsc_query *q, enum marsc_notice_code code, size_t n)
{
	marsc_notify(q->client, code,
	    &(struct marsc_notice){ .min = &q->min,
	    .max = &q->max,
	    .server = &q->client->mars->addr,
	    .addrs = q->list ? NULL : q->parts.addrs,
	    .groups = q->list ? q->parts.groups : NULL,
	    .n = n });
}

static void
request_send(struct marsc_query *q)
{
	struct mars_msg m;

	marsc_msg(q->client, &m, MARS_REQUEST);
	m.tpa = q->min;
	marsc_send(q->client, &m);
}

/* --- actions */

static void
query_wait(struct marsc_query *q)
{
	timer_set(q->client->ts, &q->timer, q->client->t.part);
}

static void
query_send_more(struct marsc_query *q)
{
	marsc_parts_reset(&q->parts);
	q->sent++;
	query_wait(q);
	if (q->list)
		marsc_grouplist_send(q);
	else
		request_send(q);
}

static void
query_send(struct marsc_query *q)
{
	q->sent = 0;
	q->news = false;
	q->since = q->client->ts->now;
	query_send_more(q);
}

/* It waits for its turn, which may be now: see marsc_turn_next(). */
static void
query_line_up(struct marsc_query *q)
{
	timer_clear(q->client->ts, &q->timer);
	marsc_parts_reset(&q->parts);
	marsc_turn_wait(q);
}

/* The answer that is on its way may be older than the join (query_end()). */
static void
query_note(struct marsc_query *q)
{
	q->news = true;
}

/* What the path tells the owner may make it ask again, which is another. */
static void
query_answer(struct marsc_query *q)
{
	bool told = query_told(q);
	size_t n = q->parts.n;

	timer_clear(q->client->ts, &q->timer);
	if (!q->list)
		marsc_path_answer(q->client, &q->min, q->parts.addrs, n);
	if (told)
		query_notify(q,
		    q->list ? MARSC_NOTICE_GROUPS : MARSC_NOTICE_MEMBERS, n);
}

/*
 * 5.1.1: there is no other request for 5 to 10 s, whatever is to be sent, as
 * long as nothing is heard that says something else (marsc_query_news()).
 */
static void
query_empty(struct marsc_query *q)
{
	struct marsc *c = q->client;
	bool told = query_told(q);
	size_t n = q->parts.n;

	timer_set(
	    c->ts, &q->timer, marsc_delay(c, c->t.quiet_min, c->t.quiet_max));
	marsc_path_answer(c, &q->min, NULL, 0);
	if (told)
		query_notify(q, MARSC_NOTICE_MEMBERS, n);
}

/* Has another been answered since this one was first asked? */
static bool
query_is_alone(const struct marsc_query *q)
{
	return mtime_diff(q->since, q->client->turn.answered) <= 0;
}

/*
 * 5.4: a request that fails is a problem with the MARS.  But where it
 * has answered others meanwhile, it is alive, and has dropped this one.
 */
static void
query_fail(struct marsc_query *q)
{
	struct marsc *c = q->client;
	bool alone = query_is_alone(q), told = query_told(q);

	if (!q->list)
		marsc_path_failed(c, &q->min);
	if (told)
		query_notify(q, MARSC_NOTICE_QUERY_FAILED, 0);
	if (alone)
		marsc_reg_problem(c, "a request has no answer");
}

static void (*const query_actions[MARSC_QUERY_ACTION_MAX])(
    struct marsc_query *) = {
	[MARSC_QUERY_DO_SEND] = query_send,
	[MARSC_QUERY_DO_SEND_MORE] = query_send_more,
	[MARSC_QUERY_DO_WAIT] = query_wait,
	[MARSC_QUERY_DO_LINE_UP] = query_line_up,
	[MARSC_QUERY_DO_NOTE] = query_note,
	[MARSC_QUERY_DO_ANSWER] = query_answer,
	[MARSC_QUERY_DO_EMPTY] = query_empty,
	[MARSC_QUERY_DO_FAIL] = query_fail,
};

/* --- the table */

#define I	TABLE_IGNORE
#define V	TABLE_VIOLATION
static const struct table_cell query_cells[MARSC_QUERY_STATE_MAX]
    [MARSC_QUERY_EVENT_MAX] = {
	[MARSC_QUERY_IDLE] = {
		[MARSC_QUERY_EV_ASK] =
		    { MARSC_QUERY_WAITING, MARSC_QUERY_DO_LINE_UP },
		[MARSC_QUERY_EV_PART] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_ANSWER] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_EMPTY] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_BROKEN] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_TIMER] = { MARSC_QUERY_IDLE, V },
		[MARSC_QUERY_EV_WAIT] = { MARSC_QUERY_IDLE, V },
		[MARSC_QUERY_EV_LIMIT] = { MARSC_QUERY_IDLE, V },
		[MARSC_QUERY_EV_TURN] = { MARSC_QUERY_IDLE, V },
		[MARSC_QUERY_EV_NEWS] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_CANCEL] = { MARSC_QUERY_IDLE, I },
	},
	[MARSC_QUERY_ASKING] = {
		[MARSC_QUERY_EV_ASK] = { MARSC_QUERY_ASKING, I },
		[MARSC_QUERY_EV_PART] =
		    { MARSC_QUERY_ASKING, MARSC_QUERY_DO_WAIT },
		[MARSC_QUERY_EV_ANSWER] =
		    { MARSC_QUERY_IDLE, MARSC_QUERY_DO_ANSWER },
		[MARSC_QUERY_EV_EMPTY] =
		    { MARSC_QUERY_QUIET, MARSC_QUERY_DO_EMPTY },
		[MARSC_QUERY_EV_BROKEN] =
		    { MARSC_QUERY_ASKING, MARSC_QUERY_DO_SEND_MORE },
		[MARSC_QUERY_EV_TIMER] =
		    { MARSC_QUERY_ASKING, MARSC_QUERY_DO_SEND_MORE },
		[MARSC_QUERY_EV_WAIT] =
		    { MARSC_QUERY_WAITING, MARSC_QUERY_DO_LINE_UP },
		[MARSC_QUERY_EV_LIMIT] =
		    { MARSC_QUERY_IDLE, MARSC_QUERY_DO_FAIL },
		[MARSC_QUERY_EV_TURN] = { MARSC_QUERY_ASKING, V },
		[MARSC_QUERY_EV_NEWS] =
		    { MARSC_QUERY_ASKING, MARSC_QUERY_DO_NOTE },
		[MARSC_QUERY_EV_CANCEL] = { MARSC_QUERY_ASKING, I },
	},
	[MARSC_QUERY_QUIET] = {
		[MARSC_QUERY_EV_ASK] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_PART] = { MARSC_QUERY_QUIET, I },
		[MARSC_QUERY_EV_ANSWER] = { MARSC_QUERY_QUIET, I },
		[MARSC_QUERY_EV_EMPTY] = { MARSC_QUERY_QUIET, I },
		[MARSC_QUERY_EV_BROKEN] = { MARSC_QUERY_QUIET, I },
		[MARSC_QUERY_EV_TIMER] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_WAIT] = { MARSC_QUERY_QUIET, V },
		[MARSC_QUERY_EV_LIMIT] = { MARSC_QUERY_QUIET, V },
		[MARSC_QUERY_EV_TURN] = { MARSC_QUERY_QUIET, V },
		[MARSC_QUERY_EV_NEWS] = { MARSC_QUERY_IDLE, I },
		[MARSC_QUERY_EV_CANCEL] = { MARSC_QUERY_QUIET, I },
	},
	[MARSC_QUERY_LATER] = {
		[MARSC_QUERY_EV_ASK] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_PART] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_ANSWER] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_EMPTY] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_BROKEN] = { MARSC_QUERY_LATER, I },
		[MARSC_QUERY_EV_TIMER] =
		    { MARSC_QUERY_WAITING, MARSC_QUERY_DO_LINE_UP },
		[MARSC_QUERY_EV_WAIT] = { MARSC_QUERY_LATER, V },
		[MARSC_QUERY_EV_LIMIT] = { MARSC_QUERY_LATER, V },
		[MARSC_QUERY_EV_TURN] = { MARSC_QUERY_LATER, V },
		[MARSC_QUERY_EV_NEWS] =
		    { MARSC_QUERY_WAITING, MARSC_QUERY_DO_LINE_UP },
		[MARSC_QUERY_EV_CANCEL] = { MARSC_QUERY_LATER, I },
	},
	[MARSC_QUERY_WAITING] = {
		[MARSC_QUERY_EV_ASK] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_PART] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_ANSWER] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_EMPTY] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_BROKEN] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_TIMER] = { MARSC_QUERY_WAITING, V },
		[MARSC_QUERY_EV_WAIT] = { MARSC_QUERY_WAITING, V },
		[MARSC_QUERY_EV_LIMIT] = { MARSC_QUERY_WAITING, V },
		[MARSC_QUERY_EV_TURN] =
		    { MARSC_QUERY_ASKING, MARSC_QUERY_DO_SEND },
		[MARSC_QUERY_EV_NEWS] = { MARSC_QUERY_WAITING, I },
		[MARSC_QUERY_EV_CANCEL] = { MARSC_QUERY_IDLE, I },
	},
};
#undef I
#undef V
TABLE_DEFINE(marsc_query_table, "query", MARSC_QUERY, query_cells);

static void
query_unlink(struct marsc_query *q)
{
	struct marsc *c = q->client;

	timer_clear(c->ts, &q->timer);
	RB_REMOVE(marsc_query_tree, &c->queries, q);
	marsc_parts_free(&q->parts);
	free(q);
}

/*
 * Events are nested, because the owner is told of answers and may ask again;
 * only the outermost may free a question that has ended.
 */
void
marsc_query_event(struct marsc_query *q, enum marsc_query_event ev)
{
	struct marsc *c = q->client;
	uint8_t action;

	q->depth++;
	action = table_step(&marsc_query_table, &q->state, ev, &c->faults);
	marsc_turn_update(q);
	if (action >= TABLE_ACTIONS)
		query_actions[action](q);
	if (--q->depth == 0 && q->state == MARSC_QUERY_IDLE && !q->list)
		query_unlink(q);
	marsc_turn_next(c);
}

static void
query_timer(void *arg)
{
	struct marsc_query *q = arg;

	if (q->state != MARSC_QUERY_ASKING)
		marsc_query_event(q, MARSC_QUERY_EV_TIMER);
	else if (!marsc_reg_is_on(q->client))
		marsc_query_event(q, MARSC_QUERY_EV_WAIT);
	else if (q->sent > q->client->t.rexmt_limit)
		marsc_query_event(q, MARSC_QUERY_EV_LIMIT);
	else {
		if (!query_is_alone(q))
			marsc_pace_lost(&q->client->turn.pace,
			    q->client->ts->now, q->since);
		marsc_query_event(q, MARSC_QUERY_EV_TIMER);
	}
}

void
marsc_query_init(struct marsc_query *q, struct marsc *c, bool list)
{
	*q = (struct marsc_query){ .client = c, .list = list, .urgent = list };
	timer_init(&q->timer, query_timer, q);
	marsc_parts_init(&q->parts, &c->answers, false);
}

static struct marsc_query *
query_find(struct marsc *c, const struct paddr *group)
{
	struct marsc_query key;

	key.min = *group;
	return RB_FIND(marsc_query_tree, &c->queries, &key);
}

enum marsc_error
marsc_query_group(
    struct marsc *c, const struct paddr *group, enum marsc_asker asker)
{
	struct marsc_query *q = query_find(c, group);

	if (q == NULL) {
		if (asker == MARSC_ASKER_PACKET && marsc_turn_full(c))
			return MARSC_E_BUSY;
		if ((q = malloc(sizeof(*q))) == NULL)
			return MARSC_E_MEMORY;
		marsc_query_init(q, c, false);
		q->min = q->max = *group;
		RB_INSERT(marsc_query_tree, &c->queries, q);
	}
	if (!q->waits)
		q->urgent = asker != MARSC_ASKER_PACKET;
	q->told |= asker == MARSC_ASKER_OWNER;
	marsc_query_event(q, MARSC_QUERY_EV_ASK);
	return MARSC_OK;
}

/*
 * 5.1.1 wants 5 to 10 s between two requests about a group that has no other
 * member.  That is against asking again and again without a reason.  A
 * MARS_JOIN on ClusterControlVC is a reason: we know of another member then.
 */
uint32_t
marsc_query_news(
    struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	struct marsc_query key, *q;
	uint32_t n = 0;

	key.min = *min;
	q = RB_NFIND(marsc_query_tree, &c->queries, &key);
	while (q != NULL && paddr_cmp(&q->min, max) <= 0) {
		key.min = q->min;
		n++;
		marsc_query_event(q, MARSC_QUERY_EV_NEWS);
		/* it may be gone, and so may the one behind it */
		q = RB_NFIND(marsc_query_tree, &c->queries, &key);
		if (q != NULL && paddr_equal(&q->min, &key.min))
			q = RB_NEXT(marsc_query_tree, &c->queries, q);
	}
	return n;
}

uint32_t
marsc_query_count(struct marsc *c)
{
	struct marsc_query *q;
	uint32_t n = 0;

	RB_FOREACH(q, marsc_query_tree, &c->queries)
		n++;
	return n;
}

void
marsc_query_cancel(struct marsc *c, const struct paddr *group)
{
	struct marsc_query *q = query_find(c, group);

	if (q != NULL && !q->told)
		marsc_query_event(q, MARSC_QUERY_EV_CANCEL);
}

bool
marsc_query_quiet(struct marsc *c, const struct paddr *group)
{
	struct marsc_query *q = query_find(c, group);

	return q != NULL &&
	    (q->state == MARSC_QUERY_QUIET || q->state == MARSC_QUERY_LATER);
}

enum marsc_error
marsc_request(struct marsc *c, const struct paddr *group)
{
	if (group->len == 0)
		return MARSC_E_RANGE;
	return marsc_query_group(c, group, MARSC_ASKER_OWNER);
}

bool
marsc_query_part(struct marsc_query *q, const struct mars_msg *m)
{
	struct marsc *c = q->client;

	switch (marsc_parts_input(&q->parts, m)) {
	case MARSC_PARTS_R_DONE:
		return true;
	case MARSC_PARTS_R_FAILED:
		c->drops[MARSC_DROP_PARTS]++;
		if (q->sent > c->t.rexmt_limit)
			marsc_query_event(q, MARSC_QUERY_EV_LIMIT);
		else
			marsc_query_event(q, MARSC_QUERY_EV_BROKEN);
		return false;
	default:
		marsc_query_event(q, MARSC_QUERY_EV_PART);
		return false;
	}
}

static bool
query_only_self(const struct marsc_query *q)
{
	size_t i;

	for (i = 0; i < q->parts.n; i++)
		if (!marsc_is_self(q->client, &q->parts.addrs[i]))
			return false;
	return true;
}

/*
 * The answer is there.  If somebody was heard to join after the question, one
 * that names nobody may have been given before; then we ask once more.
 */
static void
query_end(struct marsc_query *q, bool empty)
{
	struct marsc *c = q->client;

	marsc_turn_answered(c);
	if (!empty)
		marsc_query_event(q, MARSC_QUERY_EV_ANSWER);
	else if (q->news && q->sent <= c->t.rexmt_limit) {
		q->news = false;
		marsc_query_event(q, MARSC_QUERY_EV_BROKEN);
	} else
		marsc_query_event(q, MARSC_QUERY_EV_EMPTY);
}

/*
 * One MARS_MULTI.  Its mar$msn counts when all parts are there (5.1.4.2), and
 * a path that is only now being opened needs no revalidation (5.1.5.2).
 */
void
marsc_query_multi(struct marsc *c, const struct mars_msg *m)
{
	struct marsc_query *q = query_find(c, &m->tpa);

	if (q == NULL || q->state != MARSC_QUERY_ASKING ||
	    !marsc_is_self(c, &m->src)) {
		c->drops[MARSC_DROP_UNASKED]++;
		return;
	}
	if (!marsc_query_part(q, m))
		return;
	/*
	 * this is done before the path is opened, since that needs no
	 * revalidation
	 */
	if (marsc_hsn_update(&c->hsn, m->msn))
		marsc_path_stale_all(c);
	query_end(q, query_only_self(q));
}

void
marsc_query_nak(struct marsc *c, const struct mars_msg *m)
{
	struct marsc_query *q = query_find(c, &m->tpa);

	if (q == NULL || q->state != MARSC_QUERY_ASKING ||
	    !marsc_is_self(c, &m->src)) {
		c->drops[MARSC_DROP_UNASKED]++;
		return;
	}
	marsc_parts_reset(&q->parts);
	query_end(q, true);
}

/*
 * We are registered.  What was asked of another MARS, or could not be asked, is
 * asked now, each when it is its turn.
 */
void
marsc_query_kick(struct marsc *c)
{
	struct marsc_query *q;

	c->turn.busy = true; /* none has its turn before all are in line */
	RB_FOREACH(q, marsc_query_tree, &c->queries)
		if (q->state == MARSC_QUERY_ASKING)
			marsc_query_event(q, MARSC_QUERY_EV_WAIT);
	if (c->list.state == MARSC_QUERY_ASKING)
		marsc_query_event(&c->list, MARSC_QUERY_EV_WAIT);
	c->turn.busy = false;
	marsc_turn_next(c);
}

void
marsc_query_free(struct marsc *c)
{
	struct marsc_query *q;

	while ((q = RB_ROOT(&c->queries)) != NULL)
		query_unlink(q);
	timer_clear(c->ts, &c->turn.timer);
	timer_clear(c->ts, &c->list.timer);
	marsc_parts_free(&c->list.parts);
}
