/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The path of a group, which is its outgoing point-to-multipoint circuit.  It
 * is opened when there is a packet to send, with the leaves that the MARS
 * names; it follows the JOINs and LEAVEs on the control VC, and is
 * revalidated when some were missed (RFC 2022 sections 5.1.3 to 5.1.6).  Each
 * group has a circuit of its own.
 */
#include <stdlib.h>

#include "client.h"
#include "encap.h"

void
marsc_path_notify(struct marsc_path *p, enum marsc_notice_code code,
    const struct atm_addr *addr, const char *why)
{
	marsc_notify(p->end.client, code,
	    &(struct marsc_notice){ .min = &p->group,
	    .max = &p->group,
	    .addrs = addr,
	    .n = addr == NULL ? 0 : 1,
	    .why = why });
}

/* --- actions */

/*
 * Notes for the caller of marsc_path_send() what has become of the packet that
 * is being sent.
 */
static void
path_report(struct marsc_path *p, const struct marsc_sent *sent)
{
	if (p->sent != NULL)
		*p->sent = *sent;
}

static void
path_dropped(struct marsc_path *p, enum marsc_drop why)
{
	struct marsc *c = p->end.client;

	c->drops[why]++;
	p->dropped++;
	path_report(p,
	    &(struct marsc_sent){ .outcome = MARSC_SENT_DROPPED, .why = why });
}

/*
 * The first of a stream are kept, since programs begin with what matters.  A
 * packet counts with what keeps it: many small ones are as bad as large ones.
 */
static void
path_hold(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	size_t len = p->packet->len + VC_SDU_KEPT;

	if (p->nheld >= c->limits.held ||
	    p->held_octets + len > c->limits.held_octets ||
	    c->held_octets + len > c->limits.held_octets_all)
		path_dropped(p, MARSC_DROP_HELD);
	else if (marsc_held_add(&p->held, vc_sdu_ref(p->packet)) == -1)
		path_dropped(p, MARSC_DROP_MEMORY);
	else {
		p->nheld++;
		p->held_octets += len;
		c->held_octets += len;
		path_report(
		    p, &(struct marsc_sent){ .outcome = MARSC_SENT_HELD });
	}
}

/* Nothing is held any more; how many it were. */
static uint32_t
path_hold_none(struct marsc_path *p)
{
	uint32_t n = p->nheld;

	p->end.client->held_octets -= p->held_octets;
	p->held_octets = 0;
	p->nheld = 0;
	return n;
}

static void
path_ask(struct marsc_path *p)
{
	switch (marsc_query_group(p->end.client, &p->group,
	    p->state == MARSC_PATH_REVALIDATING ? MARSC_ASKER_STREAM :
	    MARSC_ASKER_PACKET)) {
	case MARSC_OK:
		return;
	case MARSC_E_BUSY:
		p->lost = MARSC_DROP_BUSY;
		break;
	default:
		p->lost = MARSC_DROP_MEMORY;
		break;
	}
	marsc_path_event(p, MARSC_PATH_EV_FAILED);
}

static void
path_hold_ask(struct marsc_path *p)
{
	path_hold(p);
	path_ask(p);
}

/* Takes over the reference.  false: no circuit has taken it. */
static bool
path_out(struct marsc_path *p, struct vc_sdu *sdu)
{
	uint32_t len = sdu->len;

	if (vc_send(p->vc, sdu) == -1)
		return false;
	p->packets++;
	p->octets += len;
	p->copies += p->nup;
	return true;
}

static void
path_put(struct marsc_path *p)
{
	if (!path_out(p, vc_sdu_ref(p->packet)))
		path_dropped(p, MARSC_DROP_CIRCUIT);
	else
		path_report(p,
		    &(struct marsc_sent){
			.outcome = MARSC_SENT_OUT, .members = p->nup });
}

/* 5.1.5: the packet goes out, and the group is revalidated */
static void
path_put_ask(struct marsc_path *p)
{
	path_put(p);
	marsc_path_notify(p, MARSC_NOTICE_REVALIDATE, NULL, NULL);
	path_ask(p);
}

/*
 * One L_MULTI_RQ at a time, until one has succeeded (5.1.3); or all at once,
 * where circuits allow it, so that a member that is dead keeps nobody waiting.
 */
static void
path_call_next(struct marsc_path *p)
{
	bool at_once = p->end.client->host->link->backend->calls_at_once;
	struct marsc_leaf *l, *new = NULL;

	RB_FOREACH(l, marsc_leaf_tree, &p->leaves) {
		if (l->state == MARSC_LEAF_CALLED && !at_once)
			return;
		if (l->state != MARSC_LEAF_NEW)
			continue;
		if (at_once)
			marsc_leaf_call(l);
		else if (new == NULL)
			new = l;
	}
	if (new != NULL) /* else a timer brings back those that are tagged */
		marsc_leaf_call(new);
}

static void
path_call(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	size_t i;

	for (i = 0; i < p->nset; i++)
		marsc_leaf_add(p, &p->set[i]);
	p->why = "no leaf can be reached";
	if (!RB_EMPTY(&p->leaves))
		p->vc = vc_multi(c->host->link, &p->end);
	if (p->vc == NULL)
		marsc_path_event(p, MARSC_PATH_EV_LAST);
	else
		path_call_next(p);
}

/* Has everybody answered who was called for the first time? */
static void
path_settle(struct marsc_path *p)
{
	if (p->state == MARSC_PATH_FILLING && p->nawaited == 0)
		marsc_path_event(p, MARSC_PATH_EV_SETTLED);
}

/*
 * A leaf is up, so that there is a circuit and the others can be called
 * (5.1.3).  What is held does not go out before they have answered: it would
 * reach the first leaf alone.  But nobody waits for long.
 */
static void
path_fill(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l;

	timer_set(c->ts, &p->idle, c->t.path_idle);
	timer_set(c->ts, &p->fill, c->limits.first_wait);
	RB_FOREACH(l, marsc_leaf_tree, &p->leaves)
		if (l->state == MARSC_LEAF_NEW)
			marsc_leaf_call(l);
	marsc_path_notify(p, MARSC_NOTICE_PATH_UP, NULL, NULL);
	path_settle(p);
}

static void
path_open(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct vc_sdu *sdu;
	uint32_t n = 0;

	timer_clear(c->ts, &p->fill);
	(void)path_hold_none(p);
	while ((sdu = marsc_held_take(&p->held)) != NULL) {
		/* we may have another CMI than when it was held (5.5.1) */
		if (c->role == &marsc_role_member)
			marsc_encap_set_cmi(sdu->data, c->reg.cmi);
		if (path_out(p, sdu))
			n++;
		else
			path_dropped(p, MARSC_DROP_CIRCUIT);
	}
	if (n > 0)
		marsc_notify(c, MARSC_NOTICE_SENT,
		    &(struct marsc_notice){ .min = &p->group,
		    .max = &p->group,
		    .number = n,
		    .members = p->nup });
}

/* Releases the circuit with its leaves.  Packets that wait stay. */
void
marsc_path_release(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	struct marsc_leaf *l;

	while ((l = RB_ROOT(&p->leaves)) != NULL)
		marsc_leaf_free(l);
	timer_clear(c->ts, &p->stale);
	timer_clear(c->ts, &p->idle);
	timer_clear(c->ts, &p->fill);
	p->revalidate = false;
	p->doubt = 0;
	if (p->vc != NULL)
		vc_release(p->vc, VC_CAUSE_NORMAL);
	p->vc = NULL;
}

/*
 * What waits will not be sent.  If a packet is in hand it is the last of them,
 * and who sends it is told so; of the others there is a notice.
 */
static void
path_drop_held(struct marsc_path *p, enum marsc_drop why)
{
	uint32_t n = path_hold_none(p);

	if (marsc_held_clear(&p->held) == 0)
		return;
	p->end.client->drops[why] += n;
	p->dropped += n;
	if (p->sent != NULL) {
		path_report(p,
		    &(struct marsc_sent){
			.outcome = MARSC_SENT_DROPPED, .why = why });
		n--;
	}
	if (n > 0)
		marsc_notify(p->end.client, MARSC_NOTICE_NOT_SENT,
		    &(struct marsc_notice){ .min = &p->group,
		    .max = &p->group,
		    .number = n,
		    .why = marsc_drop_text(why) });
}

static void
path_discard(struct marsc_path *p)
{
	path_drop_held(p, MARSC_DROP_EMPTY);
}

static void
path_give_up(struct marsc_path *p)
{
	path_drop_held(p, p->lost);
}

/* Whoever is told of it may send to the group at once, on a new path. */
static void
path_down(struct marsc_path *p)
{
	marsc_path_release(p);
	path_drop_held(p, MARSC_DROP_CIRCUIT);
	marsc_path_notify(p, MARSC_NOTICE_PATH_DOWN, NULL, p->why);
}

/* Its answer is not of interest any more; nobody may be waiting for it. */
static void
path_evict(struct marsc_path *p)
{
	struct marsc *c = p->end.client;
	bool open = p->vc != NULL;

	c->evicted++;
	marsc_query_cancel(c, &p->group);
	marsc_path_release(p);
	path_drop_held(p, MARSC_DROP_BUSY);
	if (open)
		marsc_path_notify(
		    p, MARSC_NOTICE_PATH_DOWN, NULL, "too many groups");
}

/*
 * Until then the MARS, which is new to us or has restarted, may not know all
 * members: each of them notices, registers and joins again by itself, at a
 * random time.
 */
static bool
path_settles(const struct marsc_path *p)
{
	const struct marsc *c = p->end.client;

	return c->ts->now.us < c->reg.settled.us;
}

/* Revalidated once more when the MARS has to know everybody. */
static void
path_stale_settled(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	timer_set(c->ts, &p->stale,
	    c->reg.settled.us - c->ts->now.us +
	    marsc_delay(c, c->t.stale_min, c->t.stale_max));
}

/* Has the new set one of the leaves that there are? */
static bool
path_has_some(struct marsc_path *p)
{
	size_t i;

	for (i = 0; i < p->nset; i++)
		if (marsc_leaf_find(p, &p->set[i]) != NULL)
			return true;
	return false;
}

/*
 * 5.1.5: leaves that are not in the new set are dropped, new ones added.
 * While the MARS may not know them yet they stay: what it says less is no
 * reason to cut a member off.
 */
static void
path_compare(struct marsc_path *p)
{
	bool keep = path_settles(p), kept = false;
	struct marsc_leaf *l, *next;
	size_t i;

	p->revalidate = false;
	RB_FOREACH(l, marsc_leaf_tree, &p->leaves)
		l->seen = false;
	for (i = 0; i < p->nset; i++)
		marsc_leaf_add(p, &p->set[i]);
	RB_FOREACH_SAFE(l, marsc_leaf_tree, &p->leaves, next)
		if (!l->seen && keep)
			kept = true;
		else if (!l->seen)
			marsc_leaf_drop(l);
	if (kept)
		path_stale_settled(p);
	if (RB_EMPTY(&p->leaves))
		marsc_path_event(p, MARSC_PATH_EV_LAST);
}

/* 5.1.6: release the old circuit, call those that the message names. */
static void
path_renew(struct marsc_path *p)
{
	marsc_path_release(p);
	path_call(p);
}

static void (*const path_actions[MARSC_PATH_ACTION_MAX])(
    struct marsc_path *) = {
	[MARSC_PATH_DO_HOLD] = path_hold,
	[MARSC_PATH_DO_HOLD_ASK] = path_hold_ask,
	[MARSC_PATH_DO_PUT] = path_put,
	[MARSC_PATH_DO_PUT_ASK] = path_put_ask,
	[MARSC_PATH_DO_CALL] = path_call,
	[MARSC_PATH_DO_CALL_NEXT] = path_call_next,
	[MARSC_PATH_DO_FILL] = path_fill,
	[MARSC_PATH_DO_SETTLE] = path_settle,
	[MARSC_PATH_DO_OPEN] = path_open,
	[MARSC_PATH_DO_COMPARE] = path_compare,
	[MARSC_PATH_DO_RENEW] = path_renew,
	[MARSC_PATH_DO_DISCARD] = path_discard,
	[MARSC_PATH_DO_GIVE_UP] = path_give_up,
	[MARSC_PATH_DO_DOWN] = path_down,
	[MARSC_PATH_DO_EVICT] = path_evict,
};

/* --- the table */

#define I	TABLE_IGNORE
#define V	TABLE_VIOLATION
static const struct table_cell path_cells[MARSC_PATH_STATE_MAX]
    [MARSC_PATH_EVENT_MAX] = {
	[MARSC_PATH_NONE] = {
		[MARSC_PATH_EV_PACKET] =
		    { MARSC_PATH_ASKING, MARSC_PATH_DO_HOLD_ASK },
		[MARSC_PATH_EV_PACKET_STALE] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_NONE, I },
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_NONE, V },
		[MARSC_PATH_EV_EVICT] = { MARSC_PATH_NONE, I },
	},
	[MARSC_PATH_ASKING] = {
		[MARSC_PATH_EV_PACKET] =
		    { MARSC_PATH_ASKING, MARSC_PATH_DO_HOLD },
		[MARSC_PATH_EV_PACKET_STALE] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_SET] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_CALL },
		[MARSC_PATH_EV_EMPTY] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_DISCARD },
		[MARSC_PATH_EV_FAILED] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_GIVE_UP },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_RELEASED] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_MIGRATE] = { MARSC_PATH_ASKING, I }, /* */
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_ASKING, V },
		[MARSC_PATH_EV_EVICT] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_EVICT },
	},
	[MARSC_PATH_CALLING] = {
		[MARSC_PATH_EV_PACKET] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_HOLD },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_HOLD },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_CALLING, I },
		[MARSC_PATH_EV_LEAF_UP] =
		    { MARSC_PATH_FILLING, MARSC_PATH_DO_FILL },
		[MARSC_PATH_EV_NEXT] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_CALL_NEXT },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_RELEASED] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_CALLING, V },
		[MARSC_PATH_EV_MIGRATE] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_RENEW },
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_CALLING, V },
		[MARSC_PATH_EV_EVICT] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_EVICT },
	},
	[MARSC_PATH_UP] = {
		[MARSC_PATH_EV_PACKET] = { MARSC_PATH_UP, MARSC_PATH_DO_PUT },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_REVALIDATING, MARSC_PATH_DO_PUT_ASK },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_UP, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_RELEASED] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_MIGRATE] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_RENEW },
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_UP, V },
		[MARSC_PATH_EV_EVICT] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_EVICT },
	},
	[MARSC_PATH_REVALIDATING] = {
		[MARSC_PATH_EV_PACKET] =
		    { MARSC_PATH_REVALIDATING, MARSC_PATH_DO_PUT },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_REVALIDATING, MARSC_PATH_DO_PUT },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_UP, MARSC_PATH_DO_COMPARE },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_UP, I },
		[MARSC_PATH_EV_LEAF_UP] = { MARSC_PATH_REVALIDATING, I },
		[MARSC_PATH_EV_NEXT] = { MARSC_PATH_REVALIDATING, V },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_RELEASED] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_MIGRATE] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_RENEW },
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_REVALIDATING, V },
		[MARSC_PATH_EV_EVICT] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_EVICT },
	},
	[MARSC_PATH_FILLING] = {
		[MARSC_PATH_EV_PACKET] =
		    { MARSC_PATH_FILLING, MARSC_PATH_DO_HOLD },
		[MARSC_PATH_EV_PACKET_STALE] =
		    { MARSC_PATH_FILLING, MARSC_PATH_DO_HOLD },
		[MARSC_PATH_EV_SET] = { MARSC_PATH_FILLING, I },
		[MARSC_PATH_EV_EMPTY] = { MARSC_PATH_FILLING, I },
		[MARSC_PATH_EV_FAILED] = { MARSC_PATH_FILLING, I },
		[MARSC_PATH_EV_LEAF_UP] =
		    { MARSC_PATH_FILLING, MARSC_PATH_DO_SETTLE },
		[MARSC_PATH_EV_NEXT] =
		    { MARSC_PATH_FILLING, MARSC_PATH_DO_SETTLE },
		[MARSC_PATH_EV_LAST] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_RELEASED] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_IDLE] = { MARSC_PATH_NONE, MARSC_PATH_DO_DOWN },
		[MARSC_PATH_EV_MIGRATE] =
		    { MARSC_PATH_CALLING, MARSC_PATH_DO_RENEW },
		[MARSC_PATH_EV_SETTLED] = { MARSC_PATH_UP, MARSC_PATH_DO_OPEN },
		[MARSC_PATH_EV_EVICT] =
		    { MARSC_PATH_NONE, MARSC_PATH_DO_EVICT },
	},
};
#undef I
#undef V

TABLE_DEFINE(marsc_path_table, "path", MARSC_PATH, path_cells);

/*
 * Events are nested, and only the outermost may free a path that has ended, so
 * that those inside it can still look at it.
 */
void
marsc_path_unlink(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	(void)path_hold_none(p);
	(void)marsc_held_clear(&p->held);
	if (c->found == p)
		c->found = NULL;
	TAILQ_REMOVE(&c->use[p->used], p, use);
	RB_REMOVE(marsc_path_tree, &c->paths, p);
	c->npaths--;
	free(p);
}

void
marsc_path_leave(struct marsc_path *p)
{
	if (--p->depth == 0 && p->state == MARSC_PATH_NONE)
		marsc_path_unlink(p);
}

void
marsc_path_event(struct marsc_path *p, enum marsc_path_event ev)
{
	struct marsc *c = p->end.client;
	uint8_t action;

	p->depth++;
	action = table_step(&marsc_path_table, &p->state, ev, &c->faults);
	if (action >= TABLE_ACTIONS)
		path_actions[action](p);
	marsc_path_leave(p);
}

/* --- what makes the events */

void
marsc_path_shrunk(struct marsc_path *p, const char *why)
{
	p->why = why;
	if (RB_EMPTY(&p->leaves))
		marsc_path_event(p, MARSC_PATH_EV_LAST);
	else if (p->state == MARSC_PATH_CALLING ||
	    p->state == MARSC_PATH_FILLING)
		marsc_path_event(p, MARSC_PATH_EV_NEXT);
}

static void
path_filled(void *arg)
{
	marsc_path_event(arg, MARSC_PATH_EV_SETTLED);
}

static void
path_stale(void *arg)
{
	struct marsc_path *p = arg;

	p->revalidate = true;
}

/* It is not set anew for each packet: when it expires, the last one counts. */
static void
path_idle(void *arg)
{
	struct marsc_path *p = arg;
	struct marsc *c = p->end.client;
	int64_t left = c->t.path_idle - mtime_diff(p->last, c->ts->now);

	if (left > 0) {
		timer_set(c->ts, &p->idle, left);
		return;
	}
	p->why = "idle";
	marsc_path_event(p, MARSC_PATH_EV_IDLE);
}

void
marsc_path_timers(struct marsc_path *p)
{
	timer_init(&p->stale, path_stale, p);
	timer_init(&p->idle, path_idle, p);
	timer_init(&p->fill, path_filled, p);
}

void
marsc_path_stale_soon(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	if (p->vc == NULL ||
	    (timer_isset(&p->stale) &&
	    mtime_diff(c->ts->now, p->stale.due) <= c->t.stale_max))
		return;
	timer_set(
	    c->ts, &p->stale, marsc_delay(c, c->t.stale_min, c->t.stale_max));
}

/*
 * A leaf that could not be called may have been out of reach for a moment
 * only, so the group is revalidated (5.1.5).  The wait doubles each time,
 * because otherwise a member that is out of reach for good would make us ask
 * the MARS all the time.
 */
void
marsc_path_doubt(struct marsc_path *p)
{
	struct marsc *c = p->end.client;

	if (p->vc == NULL || timer_isset(&p->stale))
		return;
	p->doubt = p->doubt == 0 ?
	    marsc_delay(c, c->t.stale_min, c->t.stale_max) :
	    2 * p->doubt;
	if (p->doubt > c->t.path_idle)
		p->doubt = c->t.path_idle;
	timer_set(c->ts, &p->stale, p->doubt);
}

void
marsc_path_answer(struct marsc *c, const struct paddr *group,
    const struct atm_addr *set, size_t n)
{
	struct marsc_path *p = marsc_path_find(c, group);

	if (p == NULL)
		return;
	p->set = set;
	p->nset = n;
	p->why = "no members";
	if (p->state == MARSC_PATH_REVALIDATING && path_settles(p) &&
	    !path_has_some(p)) {
		/* nobody of the old set, or servers instead of members: as if
		 * it had not answered, and soon asked again */
		p->revalidate = false;
		marsc_path_stale_soon(p);
		marsc_path_event(p, MARSC_PATH_EV_FAILED);
		return;
	}
	marsc_path_event(p, n == 0 ? MARSC_PATH_EV_EMPTY : MARSC_PATH_EV_SET);
}
