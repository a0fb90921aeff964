/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What members are told: some of a crowd note which groups they have heard to
 * be joined, and whether the sequence number has jumped (RFC 2022 section
 * 5.1.5), after which a client asks for what it needs.
 */
#include <string.h>

#include "addr.h"
#include "mars.h"
#include "regress/bench/crowd.h"

#define EVERY		20	/* of the first 200, who are members */
#define WATCHERS	10

static struct watcher {
	bool		 heard;		/* any message: the last's number */
	bool		 jumped;
	uint32_t	 last;
	uint8_t		 joined[JOINED_GROUPS];
} watchers[WATCHERS];

static struct watcher *
watcher(uint32_t i)
{
	return i % EVERY == 0 && i / EVERY < WATCHERS ? &watchers[i / EVERY] :
	    NULL;
}

void
watch_begin(void)
{
	uint32_t i;

	for (i = 0; i < WATCHERS; i++) {
		watchers[i].jumped = false;
		memset(watchers[i].joined, 0, sizeof(watchers[i].joined));
	}
}

/* The groups of a pair that are watched. */
static void
note_pair(struct watcher *w, const struct mars_msg *m, uint16_t k)
{
	struct paddr low, high;
	uint32_t a, b;

	mars_pair(m, k, &low, &high);
	a = crowd_group(&low);
	b = crowd_group(&high);
	if (b < JOINED_GROUP || a >= JOINED_GROUP + JOINED_GROUPS || b < a)
		return;
	a = a < JOINED_GROUP ? 0 : a - JOINED_GROUP;
	b -= JOINED_GROUP;
	if (b >= JOINED_GROUPS)
		b = JOINED_GROUPS - 1;
	memset(w->joined + a, m->op == MARS_JOIN, b - a + 1);
}

void
watch_copy(uint32_t i, const uint8_t *p, size_t len)
{
	struct watcher *w = watcher(i);
	struct mars_msg m;
	uint16_t k;

	if (w == NULL || mars_decode(&m, p, len) != MARS_DROP_NONE)
		return;
	if (w->heard && m.msn != w->last + 1)
		w->jumped = true;
	w->heard = true;
	w->last = m.msn;
	if ((m.op != MARS_JOIN && m.op != MARS_LEAVE) ||
	    (m.flags & MARS_F_REGISTER) != 0)
		return;
	for (k = 0; k < m.pnum; k++)
		note_pair(w, &m, k);
}

int
watch_told(uint32_t *jumped)
{
	int least = -1, n;
	uint32_t i, k;

	*jumped = 0;
	for (i = 0; i < WATCHERS; i++) {
		const struct watcher *w = &watchers[i];

		if (w->jumped)
			++*jumped;
		if (!w->heard || w->jumped)
			continue;
		for (n = 0, k = 0; k < JOINED_GROUPS; k++)
			n += w->joined[k];
		if (least == -1 || n < least)
			least = n;
	}
	return least;
}
