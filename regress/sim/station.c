/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A host of a LAN: RFC 9776 section 5 and RFC 9777 section 6, and what a
 * host of an older version does (RFC 2236 section 3, RFC 1112 appendix I,
 * RFC 2710 section 4).  Where it hears a querier of an older version it
 * speaks as that does (RFC 9776 7.2).
 */
#include <string.h>

#include "lan.h"

#define ROBUSTNESS	2
/* RFC 9776 8.11 and RFC 2236 8.10: unsolicited reports */
#define REPORT_INTERVAL	MTIME_SEC(1)
#define REPORT_OLD	MTIME_SEC(10)

enum { IS_IN = 1, IS_EX, TO_IN, TO_EX, ALLOW, BLOCK };

static struct world *
speaker_world(const struct speaker *s)
{
	return s->st->lan->s->w;
}

static uint8_t
speaker_version(const struct speaker *s)
{
	bool older = s->older_until > speaker_world(s)->ts.now.us;

	return older && s->older < s->version ? s->older : s->version;
}

static void
speaker_addr(const struct speaker *s, struct paddr *a)
{
	lan_addr(s->st->lan, LAN_STATION_BASE + s->st->n, s->v6, true, a);
}

static bool
wish_is(const struct wish *h)
{
	return h->group.len != 0 && (h->exclude || h->n != 0);
}

static bool
wish_names(const struct wish *h, const struct paddr *source)
{
	uint8_t i;

	for (i = 0; i < h->n; i++)
		if (paddr_equal(&h->source[i], source))
			return true;
	return false;
}

static struct wish *
wish_of(struct speaker *s, const struct paddr *group)
{
	struct wish *h, *empty = NULL;

	for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
		if (paddr_equal(&h->group, group))
			return h;
		if (h->group.len == 0 && empty == NULL)
			empty = h;
	}
	return empty;
}

/* --- the octets go out */

static void
speaker_say_old(struct speaker *s, const struct wish *h, bool leave)
{
	uint8_t buf[PACKET_MAX];
	struct paddr from;

	speaker_addr(s, &from);
	lan_say(s->st->lan, s, buf,
	    message_old(buf, &from, &h->group, speaker_version(s), leave));
}

static void
speaker_say(struct speaker *s, const struct record *records, size_t n)
{
	uint8_t buf[PACKET_MAX];
	struct paddr from;

	if (n == 0)
		return;
	speaker_addr(s, &from);
	lan_say(s->st->lan, s, buf, message_report(buf, &from, records, n));
}

/* Current state (5.2), of all or of what was asked. */
static bool
wish_current(const struct wish *h, struct record *r)
{
	uint16_t i;

	*r = (struct record){ .type = h->exclude ? IS_EX : IS_IN,
    .group = h->group };
	if (h->nasked == 0) {
		r->n = h->n;
		memcpy(r->source, h->source, sizeof(h->source));
		return wish_is(h);
	}
	r->type = IS_IN;
	for (i = 0; i < h->nasked && r->n < 2 * FILTER_MAX; i++)
		if (wish_names(h, &h->asked[i]) != h->exclude)
			r->source[r->n++] = h->asked[i];
	return r->n != 0;
}

/* --- what has changed (5.1) */

static size_t
wish_changed(struct wish *h, struct record *r)
{
	struct record parts[2] = { { .type = ALLOW, .group = h->group },
		{ .type = BLOCK, .group = h->group } };
	struct change *c;
	size_t n = 0;
	int i;

	if (h->mode_left > 0) {
		h->mode_left--;
		*r = (struct record){ .type = h->exclude ? TO_EX : TO_IN,
		    .group = h->group, .n = h->n };
		memcpy(r->source, h->source, sizeof(h->source));
		return 1;
	}
	for (c = h->change; c < h->change + h->nchanges; c++) {
		if (c->left == 0)
			continue;
		c->left--;
		/* in the list of INCLUDE, or not in that of EXCLUDE */
		i = wish_names(h, &c->addr) != h->exclude ? 0 : 1;
		parts[i].source[parts[i].n++] = c->addr;
	}
	for (i = 0; i < 2; i++)
		if (parts[i].n != 0)
			r[n++] = parts[i];
	return n;
}

static bool
wish_unsaid(const struct wish *h)
{
	uint8_t i;

	for (i = 0; i < h->nchanges; i++)
		if (h->change[i].left != 0)
			return true;
	return h->mode_left != 0;
}

/* A place is free once nothing is wanted and that has been said. */
static void
wish_settle(struct wish *h)
{
	struct timers *ts = &speaker_world(h->of)->ts;

	if (wish_is(h) || wish_unsaid(h))
		return;
	timer_clear(ts, &h->answer);
	h->group = (struct paddr){ 0 };
	h->nchanges = 0;
	h->nasked = 0;
	h->last = false;
}

static void
speaker_say_changes(struct speaker *s)
{
	struct world *w = speaker_world(s);
	struct record r[2 * WISHES_MAX] = { 0 };
	bool more = false;
	struct wish *h;
	size_t n = 0;

	for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
		if (h->group.len == 0)
			continue;
		n += wish_changed(h, r + n);
		more |= wish_unsaid(h);
		wish_settle(h);
	}
	speaker_say(s, r, n);
	if (more)
		timer_set(&w->ts, &s->again, between(w, 1, REPORT_INTERVAL));
}

static void
on_again(void *arg)
{
	speaker_say_changes(arg);
}

/* This source's part is another from now on. */
static void
wish_note(struct wish *h, const struct paddr *source)
{
	uint8_t i;

	for (i = 0; i < h->nchanges; i++)
		if (paddr_equal(&h->change[i].addr, source))
			break;
	if (i == 2 * FILTER_MAX) {
		/* no room: the whole list is said */
		h->mode_left = ROBUSTNESS;
		return;
	}
	h->change[i] = (struct change){ *source, ROBUSTNESS };
	if (i == h->nchanges)
		h->nchanges++;
}

static void
wish_differs(struct wish *h, const struct wish *old)
{
	uint8_t i;

	if (old->exclude != h->exclude) {
		h->mode_left = ROBUSTNESS;
		h->nchanges = 0;
		return;
	}
	for (i = 0; i < old->n; i++)
		if (!wish_names(h, &old->source[i]))
			wish_note(h, &old->source[i]);
	for (i = 0; i < h->n; i++)
		if (!wish_names(old, &h->source[i]))
			wish_note(h, &h->source[i]);
}

/* Of an older version: only whether it is wanted can be said. */
static void
wish_differs_old(struct wish *h, bool before)
{
	struct speaker *s = h->of;
	struct world *w = speaker_world(s);

	if (wish_is(h) && !before) {
		speaker_say_old(s, h, false);
		h->last = true;
		timer_set(&w->ts, &h->answer, between(w, 1, REPORT_OLD));
	}
	/* RFC 2236 section 3: who was the last to report says so */
	if (before && !wish_is(h) && h->last &&
	    speaker_version(s) == SAYS_LEAVES)
		speaker_say_old(s, h, true);
	wish_settle(h);
}

void
station_wish(struct speaker *s, const struct paddr *group, bool exclude,
    const struct paddr *source, uint8_t n)
{
	struct wish *h = wish_of(s, group), old;

	if (h == NULL)
		return;
	old = *h;
	h->group = *group;
	h->exclude = exclude;
	h->n = n;
	memset(h->source, 0, sizeof(h->source));
	if (n != 0)
		memcpy(h->source, source, n * sizeof(*source));
	if (!s->st->alive) {
		wish_settle(h);
		return;
	}
	if (speaker_version(s) != SAYS_SOURCES) {
		wish_differs_old(h, wish_is(&old));
		return;
	}
	wish_differs(h, &old);
	speaker_say_changes(s);
}

/* --- answers */

static void
on_general(void *arg)
{
	struct speaker *s = arg;
	struct record r[WISHES_MAX];
	struct wish *h;
	size_t n = 0;
	uint16_t asked;

	for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
		asked = h->nasked;
		h->nasked = 0;
		if (h->group.len != 0 && wish_current(h, &r[n]))
			n++;
		h->nasked = asked;
	}
	speaker_say(s, r, n);
}

static void
on_answer(void *arg)
{
	struct wish *h = arg;
	struct record r;

	if (h->group.len == 0)
		return;
	if (speaker_version(h->of) != SAYS_SOURCES) {
		h->last = true;
		if (wish_is(h))
			speaker_say_old(h->of, h, false);
		return;
	}
	if (wish_current(h, &r))
		speaker_say(h->of, &r, 1);
	h->nasked = 0;
}

/* Until then at the latest. */
static void
answer_by(struct world *w, struct timer *t, int64_t delay)
{
	if (!timer_isset(t) || mtime_diff(w->ts.now, t->due) > delay)
		timer_set(&w->ts, t, delay);
}

/* RFC 9776 5.2, rules 3 to 5 */
static void
asked_group(struct wish *h, const struct query *q, int64_t delay)
{
	struct world *w = speaker_world(h->of);
	bool pending = timer_isset(&h->answer);
	uint16_t i;

	answer_by(w, &h->answer, delay);
	if (q->n == 0 || (pending && h->nasked == 0)) {
		h->nasked = 0;
		return;
	}
	if (!pending)
		h->nasked = 0;
	for (i = 0; i < q->n && h->nasked < ASKED_MAX; i++)
		h->asked[h->nasked++] = q->source[i];
}

static void
asked_old(struct speaker *s, const struct query *q)
{
	struct world *w = speaker_world(s);
	struct wish *h;

	for (h = s->wish; h < s->wish + WISHES_MAX; h++)
		if (wish_is(h) && (q->group.len == 0 ||
		    paddr_equal(&h->group, &q->group)))
			answer_by(w, &h->answer, (int64_t)rnd(w,
			    (uint64_t)q->response));
}

static void
asked(struct speaker *s, const struct query *q)
{
	struct world *w = speaker_world(s);
	int64_t delay = (int64_t)rnd(w, (uint64_t)q->response);
	struct wish *h;

	if (timer_isset(&s->general) &&
	    mtime_diff(w->ts.now, s->general.due) <= delay)
		return;
	if (q->group.len == 0) {
		timer_set(&w->ts, &s->general, delay);
		return;
	}
	h = wish_of(s, &q->group);
	if (h != NULL && wish_is(h))
		asked_group(h, q, delay);
}

/* 7.2.1: what is pending is given up when the version becomes another. */
static void
older_querier(struct speaker *s, const struct query *q)
{
	const struct edged_listener_timing *t = &s->st->lan->timing;
	struct world *w = speaker_world(s);
	uint8_t before = speaker_version(s);
	struct wish *h;

	if (q->version >= s->version)
		return;
	s->older = q->version;
	s->older_until = w->ts.now.us +
	    t->robustness * MTIME_SEC(t->interval) + MTIME_MS(t->response);
	if (before == speaker_version(s))
		return;
	timer_clear(&w->ts, &s->general);
	timer_clear(&w->ts, &s->again);
	for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
		timer_clear(&w->ts, &h->answer);
		h->nasked = h->nchanges = h->mode_left = 0;
		wish_settle(h);
	}
}

static void
hear_query(struct speaker *s, const struct query *q)
{
	older_querier(s, q);
	if (speaker_version(s) == SAYS_SOURCES)
		asked(s, q);
	/* version 1 knows general queries only */
	else if (q->group.len == 0 || speaker_version(s) == SAYS_LEAVES)
		asked_old(s, q);
}

/* Somebody else's report is as good as ours (RFC 2236 section 3). */
static void
hear_report(struct speaker *s, const struct paddr *group, uint8_t version)
{
	uint8_t ours = speaker_version(s);
	struct wish *h = wish_of(s, group);

	if (ours == SAYS_SOURCES || version > ours || h == NULL || !wish_is(h))
		return;
	timer_clear(&speaker_world(s)->ts, &h->answer);
	h->last = false;
}

void
station_hear(struct station *st, const uint8_t *p, size_t len)
{
	struct speaker *s = &st->say[p[0] >> 4 == 6];
	struct paddr group;
	struct query q;
	uint8_t version;

	if (!st->alive)
		return;
	if (message_query(&q, p, len))
		hear_query(s, &q);
	else if (message_heard(&group, &version, p, len))
		hear_report(s, &group, version);
}

/* --- its life */

static void
on_comeback(void *arg)
{
	station_start(arg);
}

void
station_init(struct station *st, struct lan *l, uint32_t n)
{
	struct world *w = l->s->w;
	struct speaker *s;
	struct wish *h;

	st->lan = l;
	st->n = n;
	timer_init(&st->comeback, on_comeback, st);
	for (s = st->say; s < st->say + FAMILIES; s++) {
		s->st = st;
		s->v6 = s != st->say;
		s->version = chance(w, 60) ? SAYS_SOURCES :
		    (uint8_t)between(w, s->v6 ? SAYS_LEAVES : SAYS_JOINS,
		    SAYS_LEAVES);
		timer_init(&s->general, on_general, s);
		timer_init(&s->again, on_again, s);
		for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
			h->of = s;
			timer_init(&h->answer, on_answer, h);
		}
	}
}

/* It says what it wants, as after a boot. */
void
station_start(struct station *st)
{
	static const struct wish none;
	struct speaker *s;
	struct wish *h;

	timer_clear(&st->lan->s->w->ts, &st->comeback);
	st->alive = true;
	for (s = st->say; s < st->say + FAMILIES; s++) {
		for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
			if (!wish_is(h))
				continue;
			if (speaker_version(s) == SAYS_SOURCES)
				wish_differs(h, &none);
			else
				wish_differs_old(h, false);
		}
		if (speaker_version(s) == SAYS_SOURCES)
			speaker_say_changes(s);
	}
}

/* Nobody is told. */
void
station_die(struct station *st)
{
	struct timers *ts = &st->lan->s->w->ts;
	struct speaker *s;
	struct wish *h;

	timer_clear(ts, &st->comeback);
	st->alive = false;
	for (s = st->say; s < st->say + FAMILIES; s++) {
		timer_clear(ts, &s->general);
		timer_clear(ts, &s->again);
		s->older_until = 0;
		for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
			timer_clear(ts, &h->answer);
			h->mode_left = h->nchanges = 0;
			h->nasked = 0;
			wish_settle(h);
		}
	}
}

void
station_fini(struct station *st)
{
	station_die(st);
}

bool
station_wants(const struct station *st, const struct paddr *group,
    const struct paddr *source)
{
	const struct speaker *s = &st->say[group->len == 16];
	const struct wish *h;

	if (!st->alive)
		return false;
	for (h = s->wish; h < s->wish + WISHES_MAX; h++) {
		if (!paddr_equal(&h->group, group) || !wish_is(h))
			continue;
		if (speaker_version(s) != SAYS_SOURCES)
			return true;
		return wish_names(h, source) != h->exclude;
	}
	return false;
}
