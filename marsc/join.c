/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Groups and blocks that the client joined, or that a multicast server
 * serves (RFC 2022 sections 5.2, 6.2.2): one pair a message, sent again until
 * a copy comes back.
 */
#include <stdlib.h>
#include <string.h>

#include "client_impl.h"

static int
joined_cmp(struct joined *a, struct joined *b)
{
	int r = paddr_cmp(&a->min, &b->min);

	return r != 0 ? r : paddr_cmp(&a->max, &b->max);
}
RB_GENERATE(joined_tree, joined, entry, joined_cmp)

void
join_ignore(struct joined *j)
{
	(void)j;
}

void
join_violation(struct joined *j)
{
	(void)j;
}

static struct joined_tree *
join_tree(struct client *c, const struct paddr *min, const struct paddr *max)
{
	return paddr_equal(min, max) ? &c->singles : &c->blocks;
}

static void
join_notify(struct joined *j, enum client_notice_code code)
{
	client_notify(j->client, code, &(struct client_notice){
	    .min = &j->min, .max = &j->max,
	    .server = &j->client->mars->addr });
}

static void
join_transmit(struct joined *j, uint8_t op)
{
	struct client *c = j->client;
	uint8_t pair[2 * PADDR_MAX];
	struct mars_msg m;
	struct wr w;

	client_msg(c, &m, op);
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
	timer_set(c->ts, &j->timer, c->t.rexmt);
	client_send(c, &m);
}

static void
join_first(struct joined *j, uint8_t op)
{
	j->sent = 0;
	j->sequence = client_next_sequence(j->client);
	join_transmit(j, op);
}

/* --- actions */

static void
join_send(struct joined *j)
{
	join_first(j, j->client->role->join);
}

static void
join_send_more(struct joined *j)
{
	join_transmit(j, j->client->role->join);
}

static void
join_send_leave(struct joined *j)
{
	join_first(j, j->client->role->leave);
}

static void
join_send_leave_more(struct joined *j)
{
	join_transmit(j, j->client->role->leave);
}

static void
join_told(struct joined *j)
{
	join_notify(j, CLIENT_JOINED);
}

static void
join_in(struct joined *j)
{
	timer_clear(j->client->ts, &j->timer);
	join_notify(j, CLIENT_JOINED);
}

static void
join_forget(struct joined *j)
{
	struct client *c = j->client;

	timer_clear(c->ts, &j->timer);
	RB_REMOVE(joined_tree, join_tree(c, &j->min, &j->max), j);
	join_notify(j, CLIENT_LEFT);
	free(j);
}

static void
join_stop(struct joined *j)
{
	timer_clear(j->client->ts, &j->timer);
}

/* 5.4.1: a random time before each join is repeated */
static void
join_delay(struct joined *j)
{
	struct client *c = j->client;

	timer_set(c->ts, &j->timer,
	    client_delay(c, c->t.rejoin_min, c->t.rejoin_max));
}

/*
 * Everything is to be joined again, each in its own time.  Also where we have
 * come by a soft redirect and a JOIN would be of a group that the new MARS may
 * know: it takes that for a part of this (D9).
 */
void
join_again(struct client *c)
{
	c->reg.soft = false;
	join_all(c, JOIN_EV_LOST);
	join_all(c, JOIN_EV_AGAIN);
}

/* Wanted again before the MARS has confirmed that it was left. */
static void
join_back(struct joined *j)
{
	if (j->client->reg.soft)
		join_again(j->client);
	else
		join_send(j);
}

/* 5.2.2: this is a failure of the MARS */
static void
join_fail(struct joined *j)
{
	reg_problem(j->client, "a MARS_JOIN or MARS_LEAVE has no answer");
}

#define I	join_ignore
#define V	join_violation
const struct join_cell join_table[JOIN_STATE_MAX][JOIN_EVENT_MAX] = {
	[JOIN_OUT] = {
		[JOIN_EV_JOIN] = { JOIN_WANTED, I },
		[JOIN_EV_LEAVE] = { JOIN_OUT, V },
		[JOIN_EV_COPY] = { JOIN_OUT, V },
		[JOIN_EV_TIMER] = { JOIN_OUT, V },
		[JOIN_EV_LIMIT] = { JOIN_OUT, V },
		[JOIN_EV_LOST] = { JOIN_OUT, V },
		[JOIN_EV_READY] = { JOIN_OUT, V },
		[JOIN_EV_AGAIN] = { JOIN_OUT, V },
	},
	[JOIN_WANTED] = {
		[JOIN_EV_JOIN] = { JOIN_WANTED, I },
		[JOIN_EV_LEAVE] = { JOIN_OUT, join_forget },
		[JOIN_EV_COPY] = { JOIN_WANTED, I },
		[JOIN_EV_TIMER] = { JOIN_WANTED, V },
		[JOIN_EV_LIMIT] = { JOIN_WANTED, V },
		[JOIN_EV_LOST] = { JOIN_WANTED, I },
		[JOIN_EV_READY] = { JOIN_JOINING, join_send },
		[JOIN_EV_AGAIN] = { JOIN_DELAY, join_delay },
	},
	[JOIN_LAPSED] = {
		[JOIN_EV_JOIN] = { JOIN_LAPSED, I },
		[JOIN_EV_LEAVE] = { JOIN_OWED, I },
		[JOIN_EV_COPY] = { JOIN_LAPSED, I },
		[JOIN_EV_TIMER] = { JOIN_LAPSED, V },
		[JOIN_EV_LIMIT] = { JOIN_LAPSED, V },
		[JOIN_EV_LOST] = { JOIN_LAPSED, I },
		[JOIN_EV_READY] = { JOIN_JOINING, join_send },
		[JOIN_EV_AGAIN] = { JOIN_DELAY, join_delay },
	},
	[JOIN_DELAY] = {
		[JOIN_EV_JOIN] = { JOIN_DELAY, I },
		[JOIN_EV_LEAVE] = { JOIN_LEAVING, join_send_leave },
		[JOIN_EV_COPY] = { JOIN_DELAY, I },
		[JOIN_EV_TIMER] = { JOIN_JOINING, join_send },
		[JOIN_EV_LIMIT] = { JOIN_DELAY, V },
		[JOIN_EV_LOST] = { JOIN_LAPSED, join_stop },
		[JOIN_EV_READY] = { JOIN_JOINING, join_send },
		[JOIN_EV_AGAIN] = { JOIN_DELAY, I },
	},
	[JOIN_JOINING] = {
		[JOIN_EV_JOIN] = { JOIN_JOINING, I },
		[JOIN_EV_LEAVE] = { JOIN_LEAVING, join_send_leave },
		[JOIN_EV_COPY] = { JOIN_IN, join_in },
		[JOIN_EV_TIMER] = { JOIN_JOINING, join_send_more },
		[JOIN_EV_LIMIT] = { JOIN_LAPSED, join_fail },
		[JOIN_EV_LOST] = { JOIN_LAPSED, join_stop },
		[JOIN_EV_READY] = { JOIN_JOINING, I },
		[JOIN_EV_AGAIN] = { JOIN_JOINING, I },
	},
	[JOIN_IN] = {
		[JOIN_EV_JOIN] = { JOIN_IN, join_told },
		[JOIN_EV_LEAVE] = { JOIN_LEAVING, join_send_leave },
		[JOIN_EV_COPY] = { JOIN_IN, I },
		[JOIN_EV_TIMER] = { JOIN_IN, V },
		[JOIN_EV_LIMIT] = { JOIN_IN, V },
		[JOIN_EV_LOST] = { JOIN_LAPSED, I },
		[JOIN_EV_READY] = { JOIN_IN, I },
		[JOIN_EV_AGAIN] = { JOIN_IN, I },
	},
	[JOIN_LEAVING] = {
		[JOIN_EV_JOIN] = { JOIN_JOINING, join_back },
		[JOIN_EV_LEAVE] = { JOIN_LEAVING, I },
		[JOIN_EV_COPY] = { JOIN_OUT, join_forget },
		[JOIN_EV_TIMER] = { JOIN_LEAVING, join_send_leave_more },
		[JOIN_EV_LIMIT] = { JOIN_OWED, join_fail },
		[JOIN_EV_LOST] = { JOIN_OWED, join_stop },
		[JOIN_EV_READY] = { JOIN_LEAVING, I },
		[JOIN_EV_AGAIN] = { JOIN_LEAVING, I },
	},
	[JOIN_OWED] = {
		[JOIN_EV_JOIN] = { JOIN_LAPSED, I },
		[JOIN_EV_LEAVE] = { JOIN_OWED, I },
		[JOIN_EV_COPY] = { JOIN_OWED, I },
		[JOIN_EV_TIMER] = { JOIN_OWED, V },
		[JOIN_EV_LIMIT] = { JOIN_OWED, V },
		[JOIN_EV_LOST] = { JOIN_OWED, I },
		[JOIN_EV_READY] = { JOIN_LEAVING, join_send_leave },
		[JOIN_EV_AGAIN] = { JOIN_LEAVING, join_send_leave },
	},
};
#undef I
#undef V

/* j may be gone afterwards */
static void
join_event(struct joined *j, enum join_event ev)
{
	const struct join_cell *cell = &join_table[j->state][ev];

	j->state = cell->next;
	cell->action(j);
}

static void
join_timer(void *arg)
{
	struct joined *j = arg;

	if (j->state != JOIN_DELAY && j->sent > j->client->t.rexmt_limit)
		join_event(j, JOIN_EV_LIMIT);
	else
		join_event(j, JOIN_EV_TIMER);
}

void
join_all(struct client *c, enum join_event ev)
{
	struct joined *j, *next;

	RB_FOREACH_SAFE(j, joined_tree, &c->singles, next)
		join_event(j, ev);
	RB_FOREACH_SAFE(j, joined_tree, &c->blocks, next)
		join_event(j, ev);
}

/* Is a group still to be joined, or still to be left? */
bool
join_pending(struct client *c)
{
	struct joined_tree *trees[] = { &c->singles, &c->blocks };
	struct joined *j;
	size_t i;

	for (i = 0; i < 2; i++)
		RB_FOREACH(j, joined_tree, trees[i])
			if (j->state == JOIN_DELAY ||
			    j->state == JOIN_JOINING ||
			    j->state == JOIN_LEAVING)
				return true;
	return false;
}

static struct joined *
join_find(struct client *c, const struct paddr *min, const struct paddr *max)
{
	struct joined key;

	key.min = *min;
	key.max = *max;
	return RB_FIND(joined_tree, join_tree(c, min, max), &key);
}

/*
 * Blocks of one client never overlap (5.2), so only the neighbors of a new
 * one have to be looked at.  One that is being left counts until the MARS
 * has confirmed it.
 */
static bool
join_overlaps(struct client *c, const struct paddr *min,
    const struct paddr *max)
{
	struct joined key, *after, *before;

	key.min = key.max = *min;
	after = RB_NFIND(joined_tree, &c->blocks, &key);
	if (after != NULL && paddr_cmp(&after->min, max) <= 0)
		return true;
	before = after == NULL ? RB_MAX(joined_tree, &c->blocks) :
	    RB_PREV(joined_tree, &c->blocks, after);
	return before != NULL && paddr_cmp(&before->max, min) >= 0;
}

static struct joined *
join_new(struct client *c, const struct paddr *min, const struct paddr *max,
    bool layer3)
{
	struct joined *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return NULL;
	j->client = c;
	j->min = *min;
	j->max = *max;
	/* 5.2.1: only a single group can be one that layer 3 asked for */
	j->layer3 = layer3 && paddr_equal(min, max) &&
	    c->role == &role_member;
	j->state = JOIN_OUT;
	timer_init(&j->timer, join_timer, j);
	RB_INSERT(joined_tree, join_tree(c, min, max), j);
	return j;
}

enum client_error
client_join(struct client *c, const struct paddr *min,
    const struct paddr *max, bool layer3)
{
	struct joined *j;

	if (min->len == 0 || min->len != max->len ||
	    paddr_cmp(min, max) > 0)
		return CLIENT_E_RANGE;
	j = join_find(c, min, max);
	if (j == NULL && !paddr_equal(min, max) && join_overlaps(c, min, max))
		return CLIENT_E_OVERLAP;
	if (j == NULL && (j = join_new(c, min, max, layer3)) == NULL)
		return CLIENT_E_MEMORY;
	join_event(j, JOIN_EV_JOIN);
	if ((j->state == JOIN_WANTED || j->state == JOIN_LAPSED) &&
	    reg_is_on(c))
		join_event(j, JOIN_EV_READY);
	return CLIENT_OK;
}

enum client_error
client_leave(struct client *c, const struct paddr *min,
    const struct paddr *max)
{
	struct joined *j = join_find(c, min, max);

	if (j == NULL)
		return CLIENT_E_NOT_JOINED;
	join_event(j, JOIN_EV_LEAVE);
	return CLIENT_OK;
}

/*
 * Section 5.2.2: what came back is a copy of what is out when operation,
 * register flag, sequence, pnum, source and first pair are the same, and it is
 * marked as a copy without holes.  For an MCS the sequence is left out
 * (A-118).
 */
bool
join_copy(struct client *c, const struct mars_msg *m)
{
	struct paddr min, max;
	struct joined *j;

	if ((m->flags & (MARS_F_REGISTER | MARS_F_PUNCHED | MARS_F_COPY)) !=
	    MARS_F_COPY || m->pnum != 1 || !client_is_self(c, &m->src))
		return false;
	mars_pair(m, 0, &min, &max);
	if ((j = join_find(c, &min, &max)) == NULL)
		return false;
	if (m->op != (j->state == JOIN_LEAVING ? c->role->leave :
	    c->role->join))
		return false;
	if (c->role->test_sequence &&
	    (m->flags & MARS_F_SEQUENCE) != j->sequence)
		return false;
	join_event(j, JOIN_EV_COPY);
	return true;
}

void
join_free(struct client *c)
{
	struct joined_tree *trees[] = { &c->singles, &c->blocks };
	struct joined *j;
	size_t i;

	for (i = 0; i < 2; i++)
		while ((j = RB_ROOT(trees[i])) != NULL) {
			timer_clear(c->ts, &j->timer);
			RB_REMOVE(joined_tree, trees[i], j);
			free(j);
		}
}
