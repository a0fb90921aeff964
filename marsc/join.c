/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Groups and blocks that the client has joined, or that a multicast server
 * serves (RFC 2022 sections 5.2, 6.2.2).  A message has one pair, and is sent
 * again until the MARS has sent a copy of it back.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"

/* A copy comes within that, unless the message or the copy was lost. */
#define OVERDUE	MTIME_MS(500)

static int
joined_cmp(struct marsc_joined *a, struct marsc_joined *b)
{
	int r = paddr_cmp(&a->min, &b->min);

	return r != 0 ? r : paddr_cmp(&a->max, &b->max);
}
RB_GENERATE(marsc_joined_tree, marsc_joined, entry, joined_cmp)

static struct marsc_joined_tree *
join_tree(struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	return paddr_equal(min, max) ? &c->singles : &c->blocks;
}

static void
join_notify(struct marsc_joined *j, enum marsc_notice_code code)
{
	marsc_notify(j->client, code,
	    &(struct marsc_notice){ .min = &j->min,
	    .max = &j->max,
	    .server = &j->client->mars->addr });
}

static void
join_transmit(struct marsc_joined *j, uint8_t op)
{
	struct marsc *c = j->client;
	uint8_t pair[2 * PADDR_MAX];
	struct mars_msg m;
	struct wr w;

	marsc_msg(c, &m, op);
	wr_init(&w, pair, sizeof(pair));
	mars_list_pair(&w, &j->min, &j->max);
	m.flags = j->sequence;
	if (j->layer3)
		m.flags |= MARS_F_LAYER3GRP;
	m.pnum = 1;
	m.tpln = j->min.len;
	m.list = pair;
	m.list_len = w.len;
	j->sent++;
	j->said = true;
	timer_set(c->ts, &j->timer, c->t.rexmt);
	marsc_send(c, &m);
}

/* --- whose turn it is */

static void
line_leave(struct marsc_joined *j)
{
	struct marsc_join_line *l = &j->client->joining;

	if (j->where == MARSC_JOIN_WAITS) {
		TAILQ_REMOVE(&l->waiting, j, line);
		l->nwaiting--;
	} else if (j->where == MARSC_JOIN_SENT) {
		TAILQ_REMOVE(&l->out, j, line);
		l->nout--;
	}
	j->where = MARSC_JOIN_NOWHERE;
}

static void
line_enter(struct marsc_joined *j)
{
	struct marsc_join_line *l = &j->client->joining;

	line_leave(j);
	timer_clear(j->client->ts, &j->timer);
	TAILQ_INSERT_TAIL(&l->waiting, j, line);
	l->nwaiting++;
	j->where = MARSC_JOIN_WAITS;
}

/* It has not come back, though time enough has passed. */
static void
line_give_up(struct marsc_joined *j)
{
	struct marsc_join_line *l = &j->client->joining;

	line_leave(j);
	l->lost++;
	marsc_pace_lost(&l->pace, j->client->ts->now, j->since);
}

/* Has a copy come of what was sent with it, or after it? */
static bool
line_is_passed(const struct marsc_joined *j)
{
	const struct marsc_join_line *l = &j->client->joining;

	return l->heard && mtime_diff(j->since, l->copied) >= 0;
}

/*
 * Circuits keep the order, so what has not come back while others have is
 * lost: the MARS drops what is too much.  It is sent again when its timer says
 * so (5.2.2), and nothing waits for it until then.  But a MARS from which no
 * copy comes at all gets nothing new.
 */
static void
line_check(struct marsc *c)
{
	struct marsc_join_line *l = &c->joining;
	struct marsc_joined *j;
	int64_t age;

	while ((j = TAILQ_FIRST(&l->out)) != NULL && line_is_passed(j)) {
		age = mtime_diff(j->since, c->ts->now);
		if (age < OVERDUE) {
			timer_set(c->ts, &l->timer, OVERDUE - age);
			return;
		}
		line_give_up(j);
	}
}

/* Sends as many as may be sent now. */
static void
line_next(struct marsc *c)
{
	struct marsc_join_line *l = &c->joining;
	struct marsc_joined *j;
	int64_t wait;

	if (l->nout >= c->limits.joins)
		line_check(c);
	while (l->nout < c->limits.joins &&
	    (j = TAILQ_FIRST(&l->waiting)) != NULL) {
		wait = marsc_pace_take(&l->pace, c->ts->now);
		if (wait > 0) {
			timer_set(c->ts, &l->timer, wait);
			break;
		}
		line_leave(j);
		TAILQ_INSERT_TAIL(&l->out, j, line);
		l->nout++;
		j->where = MARSC_JOIN_SENT;
		j->since = c->ts->now;
		join_transmit(j,
		    j->state == MARSC_JOIN_LEAVING ? c->role->leave :
		    c->role->join);
	}
}

static void
line_timer(void *arg)
{
	line_next(arg);
}

void
marsc_join_pace(struct marsc *c)
{
	marsc_pace_init(&c->joining.pace, c->ts->now, c->limits.join_rate,
	    c->limits.join_burst);
}

void
marsc_join_init(struct marsc *c)
{
	struct marsc_join_line *l = &c->joining;

	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->out);
	timer_init(&l->timer, line_timer, c);
	marsc_join_pace(c);
}

/* --- actions */

/* A new message, JOIN or LEAVE as the state says. */
static void
join_send(struct marsc_joined *j)
{
	j->sent = 0;
	j->sequence = marsc_next_sequence(j->client);
	line_enter(j);
}

static void
join_send_more(struct marsc_joined *j)
{
	line_enter(j);
}

static void
join_tell(struct marsc_joined *j)
{
	join_notify(j, MARSC_NOTICE_JOINED);
}

static void
join_in(struct marsc_joined *j)
{
	timer_clear(j->client->ts, &j->timer);
	join_notify(j, MARSC_NOTICE_JOINED);
}

static void
join_forget(struct marsc_joined *j)
{
	struct marsc *c = j->client;

	timer_clear(c->ts, &j->timer);
	RB_REMOVE(marsc_joined_tree, join_tree(c, &j->min, &j->max), j);
	join_notify(j, MARSC_NOTICE_LEFT);
	free(j);
}

static void
join_stop(struct marsc_joined *j)
{
	timer_clear(j->client->ts, &j->timer);
}

/* 5.4.1: a random time before each join is repeated */
static void
join_delay(struct marsc_joined *j)
{
	struct marsc *c = j->client;

	timer_set(
	    c->ts, &j->timer, marsc_delay(c, c->t.rejoin_min, c->t.rejoin_max));
}

void
marsc_join_again(struct marsc *c)
{
	c->reg.soft = false;
	marsc_join_all(c, MARSC_JOIN_EV_LOST);
	marsc_join_all(c, MARSC_JOIN_EV_AGAIN);
}

/* The owner joins again before the MARS has confirmed the MARS_LEAVE. */
static void
join_back(struct marsc_joined *j)
{
	if (j->client->reg.soft)
		marsc_join_again(j->client);
	else
		join_send(j);
}

/* 5.2.2: that a message is never confirmed is a failure of the MARS. */
static void
join_fail(struct marsc_joined *j)
{
	marsc_reg_problem(j->client, "a MARS_JOIN or MARS_LEAVE has no answer");
}

static void (*const join_actions[MARSC_JOIN_ACTION_MAX])(
    struct marsc_joined *) = {
	[MARSC_JOIN_DO_SEND] = join_send,
	[MARSC_JOIN_DO_SEND_MORE] = join_send_more,
	[MARSC_JOIN_DO_TELL] = join_tell,
	[MARSC_JOIN_DO_IN] = join_in,
	[MARSC_JOIN_DO_FORGET] = join_forget,
	[MARSC_JOIN_DO_STOP] = join_stop,
	[MARSC_JOIN_DO_DELAY] = join_delay,
	[MARSC_JOIN_DO_BACK] = join_back,
	[MARSC_JOIN_DO_FAIL] = join_fail,
};

/* --- the table */

#define I	TABLE_IGNORE
#define V	TABLE_VIOLATION
static const struct table_cell join_cells[MARSC_JOIN_STATE_MAX]
    [MARSC_JOIN_EVENT_MAX] = {
	[MARSC_JOIN_OUT] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_WANTED, I },
		[MARSC_JOIN_EV_LEAVE] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_GIVE_UP] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_TIMER] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_READY] = { MARSC_JOIN_OUT, V },
		[MARSC_JOIN_EV_AGAIN] = { MARSC_JOIN_OUT, V },
	},
	[MARSC_JOIN_WANTED] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_WANTED, I },
		[MARSC_JOIN_EV_LEAVE] =
		    { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_GIVE_UP] =
		    { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_WANTED, I },
		[MARSC_JOIN_EV_TIMER] = { MARSC_JOIN_WANTED, V },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_WANTED, V },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_WANTED, I },
		[MARSC_JOIN_EV_READY] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_AGAIN] =
		    { MARSC_JOIN_DELAY, MARSC_JOIN_DO_DELAY },
	},
	[MARSC_JOIN_LAPSED] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_LAPSED, I },
		[MARSC_JOIN_EV_LEAVE] = { MARSC_JOIN_OWED, I },
		[MARSC_JOIN_EV_GIVE_UP] =
		    { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_LAPSED, I },
		[MARSC_JOIN_EV_TIMER] = { MARSC_JOIN_LAPSED, V },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_LAPSED, V },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_LAPSED, I },
		[MARSC_JOIN_EV_READY] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_AGAIN] =
		    { MARSC_JOIN_DELAY, MARSC_JOIN_DO_DELAY },
	},
	[MARSC_JOIN_DELAY] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_DELAY, I },
		[MARSC_JOIN_EV_LEAVE] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_GIVE_UP] =
		    { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_DELAY, I },
		[MARSC_JOIN_EV_TIMER] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_DELAY, V },
		[MARSC_JOIN_EV_LOST] =
		    { MARSC_JOIN_LAPSED, MARSC_JOIN_DO_STOP },
		[MARSC_JOIN_EV_READY] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_AGAIN] = { MARSC_JOIN_DELAY, I },
	},
	[MARSC_JOIN_JOINING] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_JOINING, I },
		[MARSC_JOIN_EV_LEAVE] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_GIVE_UP] =
		    { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_IN, MARSC_JOIN_DO_IN },
		[MARSC_JOIN_EV_TIMER] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_SEND_MORE },
		[MARSC_JOIN_EV_LIMIT] =
		    { MARSC_JOIN_LAPSED, MARSC_JOIN_DO_FAIL },
		[MARSC_JOIN_EV_LOST] =
		    { MARSC_JOIN_LAPSED, MARSC_JOIN_DO_STOP },
		[MARSC_JOIN_EV_READY] = { MARSC_JOIN_JOINING, I },
		[MARSC_JOIN_EV_AGAIN] = { MARSC_JOIN_JOINING, I },
	},
	[MARSC_JOIN_IN] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_IN, MARSC_JOIN_DO_TELL },
		[MARSC_JOIN_EV_LEAVE] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_GIVE_UP] = { MARSC_JOIN_IN, V },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_IN, I },
		[MARSC_JOIN_EV_TIMER] = { MARSC_JOIN_IN, V },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_IN, V },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_LAPSED, I },
		[MARSC_JOIN_EV_READY] = { MARSC_JOIN_IN, I },
		[MARSC_JOIN_EV_AGAIN] = { MARSC_JOIN_IN, I },
	},
	[MARSC_JOIN_LEAVING] = {
		[MARSC_JOIN_EV_JOIN] =
		    { MARSC_JOIN_JOINING, MARSC_JOIN_DO_BACK },
		[MARSC_JOIN_EV_LEAVE] = { MARSC_JOIN_LEAVING, I },
		[MARSC_JOIN_EV_GIVE_UP] = { MARSC_JOIN_LEAVING, V },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_OUT, MARSC_JOIN_DO_FORGET },
		[MARSC_JOIN_EV_TIMER] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND_MORE },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_OWED, MARSC_JOIN_DO_FAIL },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_OWED, MARSC_JOIN_DO_STOP },
		[MARSC_JOIN_EV_READY] = { MARSC_JOIN_LEAVING, I },
		[MARSC_JOIN_EV_AGAIN] = { MARSC_JOIN_LEAVING, I },
	},
	[MARSC_JOIN_OWED] = {
		[MARSC_JOIN_EV_JOIN] = { MARSC_JOIN_LAPSED, I },
		[MARSC_JOIN_EV_LEAVE] = { MARSC_JOIN_OWED, I },
		[MARSC_JOIN_EV_GIVE_UP] = { MARSC_JOIN_OWED, V },
		[MARSC_JOIN_EV_COPY] = { MARSC_JOIN_OWED, I },
		[MARSC_JOIN_EV_TIMER] = { MARSC_JOIN_OWED, V },
		[MARSC_JOIN_EV_LIMIT] = { MARSC_JOIN_OWED, V },
		[MARSC_JOIN_EV_LOST] = { MARSC_JOIN_OWED, I },
		[MARSC_JOIN_EV_READY] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND },
		[MARSC_JOIN_EV_AGAIN] =
		    { MARSC_JOIN_LEAVING, MARSC_JOIN_DO_SEND },
	},
};
#undef I
#undef V
TABLE_DEFINE(marsc_join_table, "join", MARSC_JOIN, join_cells);

/* The join may be gone afterwards. */
static void
join_event(struct marsc_joined *j, enum marsc_join_event ev)
{
	struct marsc *c = j->client;
	uint8_t action =
	    table_step(&marsc_join_table, &j->state, ev, &c->faults);

	if (j->state != MARSC_JOIN_JOINING && j->state != MARSC_JOIN_LEAVING)
		line_leave(j);
	if (action >= TABLE_ACTIONS)
		join_actions[action](j);
	line_next(c);
}

static void
join_timer(void *arg)
{
	struct marsc_joined *j = arg;

	if (j->where == MARSC_JOIN_SENT &&
	    mtime_diff(j->since, j->client->joining.copied) > 0)
		line_give_up(j);
	if (j->state != MARSC_JOIN_DELAY && j->sent > j->client->t.rexmt_limit)
		join_event(j, MARSC_JOIN_EV_LIMIT);
	else
		join_event(j, MARSC_JOIN_EV_TIMER);
}

void
marsc_join_all(struct marsc *c, enum marsc_join_event ev)
{
	struct marsc_joined *j, *next;

	RB_FOREACH_SAFE(j, marsc_joined_tree, &c->singles, next)
		join_event(j, ev);
	RB_FOREACH_SAFE(j, marsc_joined_tree, &c->blocks, next)
		join_event(j, ev);
}

bool
marsc_join_pending(struct marsc *c)
{
	struct marsc_joined_tree *trees[] = { &c->singles, &c->blocks };
	struct marsc_joined *j;
	size_t i;

	for (i = 0; i < 2; i++)
		RB_FOREACH(j, marsc_joined_tree, trees[i])
			if (j->state == MARSC_JOIN_DELAY ||
			    j->state == MARSC_JOIN_JOINING ||
			    j->state == MARSC_JOIN_LEAVING)
				return true;
	return false;
}

static struct marsc_joined *
join_find(struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	struct marsc_joined key;

	key.min = *min;
	key.max = *max;
	return RB_FIND(marsc_joined_tree, join_tree(c, min, max), &key);
}

/*
 * Blocks of one client never overlap (5.2), so only the neighbors of a new one
 * have to be looked at.  A block that is being left counts until the MARS has
 * confirmed that.
 */
static bool
join_overlaps(struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	struct marsc_joined key, *after, *before;

	key.min = key.max = *min;
	after = RB_NFIND(marsc_joined_tree, &c->blocks, &key);
	if (after != NULL && paddr_cmp(&after->min, max) <= 0)
		return true;
	before = after == NULL ? RB_MAX(marsc_joined_tree, &c->blocks) :
	    RB_PREV(marsc_joined_tree, &c->blocks, after);
	return before != NULL && paddr_cmp(&before->max, min) >= 0;
}

static struct marsc_joined *
joined_new(struct marsc *c, const struct paddr *min, const struct paddr *max,
    bool layer3)
{
	struct marsc_joined *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->client = c;
	j->min = *min;
	j->max = *max;
	/* 5.2.1: only a single group can be one that layer 3 asked for */
	j->layer3 =
	    layer3 && paddr_equal(min, max) && c->role == &marsc_role_member;
	j->state = MARSC_JOIN_OUT;
	timer_init(&j->timer, join_timer, j);
	RB_INSERT(marsc_joined_tree, join_tree(c, min, max), j);
	return j;
}

enum marsc_error
marsc_join(struct marsc *c, const struct paddr *min, const struct paddr *max,
    bool layer3)
{
	struct marsc_joined *j;

	if (min->len == 0 || min->len != max->len || paddr_cmp(min, max) > 0)
		return MARSC_E_RANGE;
	j = join_find(c, min, max);
	if (j == NULL && !paddr_equal(min, max) && join_overlaps(c, min, max))
		return MARSC_E_OVERLAP;
	if (j == NULL && (j = joined_new(c, min, max, layer3)) == NULL)
		return MARSC_E_MEMORY;
	join_event(j, MARSC_JOIN_EV_JOIN);
	if ((j->state == MARSC_JOIN_WANTED || j->state == MARSC_JOIN_LAPSED) &&
	    marsc_reg_is_on(c))
		join_event(j, MARSC_JOIN_EV_READY);
	return MARSC_OK;
}

enum marsc_error
marsc_leave(struct marsc *c, const struct paddr *min, const struct paddr *max)
{
	struct marsc_joined *j = join_find(c, min, max);

	if (j == NULL)
		return MARSC_E_NOT_JOINED;
	join_event(
	    j, j->said ? MARSC_JOIN_EV_LEAVE : MARSC_JOIN_EV_GIVE_UP);
	return MARSC_OK;
}

bool
marsc_join_copy(struct marsc *c, const struct mars_msg *m)
{
	struct paddr min, max;
	struct marsc_joined *j;

	if ((m->flags & (MARS_F_REGISTER | MARS_F_PUNCHED | MARS_F_COPY)) !=
	    MARS_F_COPY ||
	    m->pnum != 1 || !marsc_is_self(c, &m->src))
		return false;
	mars_pair(m, 0, &min, &max);
	if ((j = join_find(c, &min, &max)) == NULL)
		return false;
	if (m->op !=
	    (j->state == MARSC_JOIN_LEAVING ? c->role->leave : c->role->join))
		return false;
	if (c->role->test_sequence &&
	    (m->flags & MARS_F_SEQUENCE) != j->sequence)
		return false;
	c->joining.copied = c->ts->now;
	c->joining.heard = true;
	j->said = true;
	marsc_pace_good(&c->joining.pace);
	line_check(c);
	join_event(j, MARSC_JOIN_EV_COPY);
	return true;
}

void
marsc_join_free(struct marsc *c)
{
	struct marsc_joined_tree *trees[] = { &c->singles, &c->blocks };
	struct marsc_joined *j;
	size_t i;

	timer_clear(c->ts, &c->joining.timer);
	for (i = 0; i < 2; i++)
		while ((j = RB_ROOT(trees[i])) != NULL) {
			timer_clear(c->ts, &j->timer);
			RB_REMOVE(marsc_joined_tree, trees[i], j);
			free(j);
		}
}
