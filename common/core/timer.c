/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "timer.h"

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

/*
 * Joins two heaps and returns the root.  prev is the elder sibling, or the
 * parent for an eldest child, or NULL for the root.
 */
static struct timer *
meld(struct timer *a, struct timer *b)
{
	struct timer *t;

	if (a == NULL)
		return b;
	if (b == NULL)
		return a;
	if (earlier(b, a)) {
		t = a;
		a = b;
		b = t;
	}
	b->next = a->child;
	if (b->next != NULL)
		b->next->prev = b;
	b->prev = a;
	a->child = b;
	a->next = a->prev = NULL;
	return a;
}

/* Makes one heap of a list of siblings, in the usual two passes. */
static struct timer *
meld_list(struct timer *list)
{
	struct timer *a, *b, *rest, *pairs = NULL, *root = NULL;

	for (; list != NULL; list = rest) {
		a = list;
		b = a->next;
		rest = b == NULL ? NULL : b->next;
		a->next = a->prev = NULL;
		if (b != NULL)
			b->next = b->prev = NULL;
		a = meld(a, b);
		a->next = pairs;
		pairs = a;
	}
	for (; pairs != NULL; pairs = rest) {
		rest = pairs->next;
		pairs->next = NULL;
		root = meld(root, pairs);
	}
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
	t->child = t->next = t->prev = NULL;
	t->due.us = 0;
	t->order = 0;
	t->expired = expired;
	t->arg = arg;
}

void
timer_set(struct timers *ts, struct timer *t, int64_t delay)
{
	timer_clear(ts, t);
	t->due.us = ts->now.us + (delay < 0 ? 0 : delay);
	t->order = ++ts->order;
	ts->root = meld(ts->root, t);
	ts->count++;
}

void
timer_clear(struct timers *ts, struct timer *t)
{
	struct timer *below;

	if (t->order == 0)
		return;
	below = meld_list(t->child);
	if (t == ts->root)
		ts->root = below;
	else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next != NULL)
			t->next->prev = t->prev;
		ts->root = meld(ts->root, below);
	}
	t->child = t->next = t->prev = NULL;
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
