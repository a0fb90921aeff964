/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "timer.h"

#define ORDER_MAX	(((uint64_t)1 << 56) - 1)	/* is never reached */

int64_t
mtime_diff(mtime_t a, mtime_t b)
{
	return b.us - a.us;
}

static bool
earlier(const struct timer *a, const struct timer *b)
{
	if (a->due.us != b->due.us)
		return a->due.us < b->due.us;
	return a->order < b->order;
}

static unsigned int
timer_rank(const struct timer *t)
{
	return t == NULL ? 0 : t->rank;
}

/* The rank of a node whose children may have others now. */
static void
balance(struct timer *t)
{
	struct timer *left = t->left;

	if (timer_rank(left) < timer_rank(t->right)) {
		t->left = t->right;
		t->right = left;
	}
	t->rank = (timer_rank(t->right) + 1) & 0xff;
}

/* Joins two heaps and returns the root: their paths to the right become one. */
static struct timer *
meld(struct timer *a, struct timer *b)
{
	struct timer *root = NULL, *last = NULL, *t;
	struct timer **link = &root;

	while (a != NULL && b != NULL) {
		if (earlier(b, a)) {
			t = a;
			a = b;
			b = t;
		}
		*link = a;
		a->up = last;
		last = a;
		link = &a->right;
		a = a->right;
	}
	*link = a == NULL ? b : a;
	if (*link != NULL)
		(*link)->up = last;
	for (; last != NULL; last = last->up)
		balance(last);
	return root;
}

void
timers_init(struct timers *ts, mtime_t now)
{
	ts->root = NULL;
	ts->now = now;
	ts->order = 0;
	ts->count = 0;
	ts->woken = now;
	ts->awake = false;
	ts->clock = NULL;
}

void
timer_init(struct timer *t, void (*expired)(void *), void *arg)
{
	t->left = t->right = t->up = NULL;
	t->due.us = 0;
	t->order = 0;
	t->rank = 1;
	t->expired = expired;
	t->arg = arg;
}

void
timer_set(struct timers *ts, struct timer *t, int64_t delay)
{
	timer_clear(ts, t);
	t->due.us = ts->now.us + (delay < 0 ? 0 : delay);
	t->order = ++ts->order & ORDER_MAX;
	ts->root = meld(ts->root, t);
	ts->count++;
}

void
timer_clear(struct timers *ts, struct timer *t)
{
	struct timer *below, *up = t->up;
	unsigned int before;

	if (t->order == 0)
		return;
	below = meld(t->left, t->right);
	if (below != NULL)
		below->up = up;
	if (up == NULL)
		ts->root = below;
	else if (up->left == t)
		up->left = below;
	else
		up->right = below;
	/* those above have other ranks only if this one has */
	for (; up != NULL; up = up->up) {
		before = up->rank;
		balance(up);
		if (up->rank == before)
			break;
	}
	t->left = t->right = t->up = NULL;
	t->rank = 1;
	t->order = 0;
	ts->count--;
}

bool
timer_isset(const struct timer *t)
{
	return t->order != 0;
}

/* Time does not go backwards, whatever the owner says. */
static void
timers_now(struct timers *ts, mtime_t now)
{
	if (now.us > ts->now.us)
		ts->now = now;
}

void
timers_clock(struct timers *ts)
{
	if (ts->clock != NULL)
		timers_now(ts, ts->clock());
	if (!ts->awake)
		ts->woken = ts->now;
	ts->awake = true;
}

static bool
slice_over(const struct timers *ts, mtime_t began)
{
	return ts->clock != NULL &&
	    mtime_diff(began, ts->clock()) >= TIMERS_SLICE;
}

void
timers_run(struct timers *ts, mtime_t now)
{
	struct timer *t;
	uint64_t order;

	timers_now(ts, now);
	ts->awake = false;
	order = ts->order;
	while ((t = ts->root) != NULL && t->due.us <= ts->now.us &&
	    t->order <= order) {
		timer_clear(ts, t);
		t->expired(t->arg);
		if (slice_over(ts, now))
			break;
	}
}

bool
timers_next(const struct timers *ts, mtime_t *due)
{
	if (ts->root == NULL)
		return false;
	*due = ts->root->due;
	return true;
}
