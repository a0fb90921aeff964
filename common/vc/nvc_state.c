/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The states of a circuit: what sends its messages and tells its user. */

#include <stdlib.h>
#include <string.h>

#include "nvc_impl.h"

#define SETUP_TRIES	4	/* repetitions; rule 4 */
#define ENQUIRIES	3	/* without an answer; rule 6 */
/* SDUs in a row that may have been overtaken; rule 9 */
#define OVERTAKEN_MAX	16

/* of a circuit that is watched: how long it may be silent, and answer late */
#define WATCH_SILENCE	MTIME_SEC(2)
#define WATCH_ANSWER	MTIME_MS(750)

static const int64_t setup_wait[SETUP_TRIES + 1] = {
	MTIME_MS(500), MTIME_SEC(1), MTIME_SEC(2), MTIME_SEC(4), MTIME_SEC(4)
};

static void
send_setup(struct nvc_circuit *c)
{
	struct nvc *n = nvc_of(c);
	struct nvc_msg m = {
		.type = NVC_SETUP,
		.flags = NVC_F_BUNDLE,
		.number = c->num,
		.max_sdu = VC_SDU_MAX,
		.interval = c->offered,
		.calling = n->link.local,
		.called = c->addr,
	};

	if (c->h.kind == NVC_LEAF)
		m.flags |= NVC_F_MULTI;
	if (c->token != NULL) {
		m.token = c->token->octets;
		m.token_len = c->token->len;
	}
	nvc_queue_msg(n, &c->dest, &m);
}

static void
send_connect(struct nvc_circuit *c)
{
	const struct nvc_msg m = {
		.type = NVC_CONNECT,
		.flags = NVC_F_BUNDLE,
		.circuit = c->peer_num,
		.number = c->num,
		.max_sdu = VC_SDU_MAX,
		.interval = c->offered,
	};

	nvc_queue_msg(nvc_of(c), &c->dest, &m);
}

void
nvc_circuit_call(struct nvc_circuit *c)
{
	send_setup(c);
	timer_set(nvc_of(c)->timers, &c->timer, setup_wait[0]);
}

/* --- time */

/* How long it may be silent until it is asked (rule 6). */
static int64_t
circuit_silence(const struct nvc_circuit *c)
{
	int64_t interval = MTIME_SEC(c->interval);

	return c->watched && interval > WATCH_SILENCE ? WATCH_SILENCE :
	    interval;
}

/* Rule 6: from now on ENQUIRY after every interval of silence. */
static void
circuit_watch(struct nvc_circuit *c)
{
	struct nvc *n = nvc_of(c);
	int64_t wait = circuit_silence(c);

	c->tries = 0;
	c->heard = n->timers->now;
	if (c->h.kind == NVC_LEAF) {
		/* leaves that were called together are not asked together */
		wait = (int64_t)(n->ops->random(n->arg) % (uint64_t)wait) + 1;
		c->heard.us -= MTIME_SEC(c->interval) - wait;
	}
	timer_set(n->timers, &c->timer, wait);
}

void
nvc_circuit_timer(void *arg)
{
	struct nvc_circuit *c = arg;
	struct timers *ts = nvc_of(c)->timers;
	struct nvc_msg m = { .cause = c->cause };
	int64_t silent = mtime_diff(c->heard, ts->now);

	if (c->state == NVC_FAILING)
		nvc_step(c, NVC_EV_EXPIRED, &m);
	else if (c->state == NVC_CALLING)
		nvc_step(c,
		    c->tries == SETUP_TRIES ? NVC_EV_EXPIRED : NVC_EV_TIMEOUT,
		    &m);
	else if (silent < circuit_silence(c))
		timer_set(ts, &c->timer, circuit_silence(c) - silent);
	else
		nvc_step(c,
		    c->tries == ENQUIRIES ? NVC_EV_EXPIRED : NVC_EV_TIMEOUT,
		    &m);
}

/* --- actions */

/* A datagram that does not belong into this state of the circuit. */
static void
act_stray(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_dropped(nvc_of(c), NVC_DROP_STATE);
}

/* The user took the call. */
static void
act_accept(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_of(c)->calls_in++;
	send_connect(c);
	circuit_watch(c);
}

static void
act_refuse(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = nvc_of(c);

	n->calls_refused++;
	nvc_dropped(n, NVC_DROP_REFUSED);
	nvc_queue_number(n, &c->dest, NVC_RELEASE, m->cause, c->peer_num, 0);
	nvc_circuit_detach(c);
}

/* Rule 3 */
static void
act_connect_again(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	send_connect(c);
}

/* RETRY: the SETUP with the callee's token, at once */
static void
act_retry(struct nvc_circuit *c, const struct nvc_msg *m)
{
	if (c->token == NULL && (c->token = malloc(sizeof(*c->token))) == NULL)
		return; /* the timer tries again */
	c->token->len = m->token_len;
	memcpy(c->token->octets, m->token, m->token_len);
	send_setup(c);
}

static void
act_repeat(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	send_setup(c);
	c->tries++;
	timer_set(nvc_of(c)->timers, &c->timer, setup_wait[c->tries]);
}

/* CONNECT: L_ACK */
static void
act_connected(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = nvc_of(c);

	free(c->token);
	c->token = NULL;
	c->peer_num = m->number;
	nvc_circuit_agree(c, m);
	nvc_circuit_index(c);
	circuit_watch(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF) {
		nvc_root_gained(nvc_leaf_root(c), c);
		n->link.user->leaf_ack(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie);
	} else
		n->link.user->ack(n->link.arg, &c->h.u.vc, c->h.u.vc.cookie);
	n->depth--;
}

static void
act_status(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_queue_number(
	    nvc_of(c), &c->dest, NVC_STATUS, 0, c->peer_num, c->num);
}

static void
act_enquire(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	c->tries++;
	nvc_queue_enquiry(c);
	timer_set(nvc_of(c)->timers, &c->timer,
	    c->watched ? WATCH_ANSWER : MTIME_SEC(c->interval));
}

void
nvc_watch(struct vc *vc)
{
	struct nvc_circuit *c = (struct nvc_circuit *)vc;
	struct timers *ts = nvc_of_link(vc->link)->timers;
	int64_t left;

	if (c->h.kind == NVC_ROOT || c->watched)
		return;
	c->watched = true;
	left = circuit_silence(c) - mtime_diff(c->heard, ts->now);
	if (c->state == NVC_CONNECTED)
		timer_set(ts, &c->timer, left > 0 ? left : 0);
}

/*
 * Rule 9: is it older than the last numbered SDU, or the same?  The first one
 * that comes is not.  That may be a datagram of a circuit that the peer had
 * before this one, numbered from another start: half of all numbers would be
 * old then.  So when nothing but old ones has come for a while, they are not.
 */
static bool
is_overtaken(struct nvc_circuit *c, const struct nvc_msg *m)
{
	if ((m->flags & NVC_F_NUMBER) == 0)
		return false;
	if (c->numbered && (int16_t)(uint16_t)(m->cause - c->number_in) <= 0 &&
	    ++c->overtaken <= OVERTAKEN_MAX)
		return true;
	c->numbered = true;
	c->overtaken = 0;
	c->number_in = m->cause;
	return false;
}

static void
act_deliver(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = nvc_of(c);

	if (is_overtaken(c, m)) {
		nvc_dropped(n, NVC_DROP_LATE);
		return;
	}
	nvc_circuit_used(c);
	c->sdus_in++;
	n->sdus_in++;
	n->octets_in += m->sdu_len;
	n->depth++;
	vc_deliver(&c->h.u.vc, m->sdu, m->sdu_len);
	n->depth--;
}

/* The call failed: ERR_L_RQFAILED. */
static void
act_fail(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = nvc_of(c);

	n->calls_failed++;
	nvc_circuit_detach(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF)
		n->link.user->leaf_failed(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie, m->cause);
	else
		n->link.user->rqfailed(
		    n->link.arg, &c->h.u.vc, c->h.u.vc.cookie, m->cause);
	n->depth--;
}

/* The peer cleared it: ERR_L_RELEASE, or ERR_L_DROP. */
static void
act_clear(struct nvc_circuit *c, const struct nvc_msg *m)
{
	struct nvc *n = nvc_of(c);

	n->cleared++;
	nvc_queue_drop(c);
	nvc_circuit_detach(c);
	n->depth++;
	if (c->h.kind == NVC_LEAF)
		n->link.user->leaf_drop(
		    n->link.arg, &c->h.u.leaf, c->h.u.leaf.cookie, m->cause);
	else
		n->link.user->release(
		    n->link.arg, &c->h.u.vc, c->h.u.vc.cookie, m->cause);
	n->depth--;
}

/* We clear it, because it is silent (rule 6), or others need its place. */
static void
act_expire(struct nvc_circuit *c, const struct nvc_msg *m)
{
	nvc_queue_number(
	    nvc_of(c), &c->dest, NVC_RELEASE, m->cause, c->peer_num, c->num);
	act_clear(c, m);
}

/* L_RELEASE or L_MULTI_DROP */
static void
act_release(struct nvc_circuit *c, const struct nvc_msg *m)
{
	nvc_queue_release(c, m->cause);
	nvc_circuit_detach(c);
}

/*
 * L_RELEASE while calling.  The callee's number is not known, but it may
 * have accepted: with Circuit 0 it finds the circuit by ours (rule 5).
 */
static void
act_abandon(struct nvc_circuit *c, const struct nvc_msg *m)
{
	nvc_queue_number(nvc_of(c), &c->dest, NVC_RELEASE, m->cause, 0, c->num);
	nvc_circuit_detach(c);
}

static void
act_forget(struct nvc_circuit *c, const struct nvc_msg *m)
{
	(void)m;
	nvc_circuit_detach(c);
}

static void (*const actions[NVC_ACTION_MAX])(
    struct nvc_circuit *, const struct nvc_msg *) = {
	[NVC_DO_STRAY] = act_stray,
	[NVC_DO_ACCEPT] = act_accept,
	[NVC_DO_REFUSE] = act_refuse,
	[NVC_DO_CONNECT_AGAIN] = act_connect_again,
	[NVC_DO_RETRY] = act_retry,
	[NVC_DO_REPEAT] = act_repeat,
	[NVC_DO_CONNECTED] = act_connected,
	[NVC_DO_STATUS] = act_status,
	[NVC_DO_ENQUIRE] = act_enquire,
	[NVC_DO_DELIVER] = act_deliver,
	[NVC_DO_FAIL] = act_fail,
	[NVC_DO_CLEAR] = act_clear,
	[NVC_DO_EXPIRE] = act_expire,
	[NVC_DO_RELEASE] = act_release,
	[NVC_DO_ABANDON] = act_abandon,
	[NVC_DO_FORGET] = act_forget,
};

static const struct table_cell cells[NVC_STATE_MAX][NVC_EVENT_MAX] = {
	[NVC_FAILING] = {	/* without a number no datagram finds it */
		[NVC_EV_ACCEPT] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_REFUSE] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_SETUP] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_RETRY] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_CONNECT] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_RELEASE] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_ENQUIRY] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_STATUS] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_DATA] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_TIMEOUT] = { NVC_FAILING, TABLE_VIOLATION },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, NVC_DO_FAIL },
		[NVC_EV_DROP] = { NVC_CLEARED, NVC_DO_FORGET },
	},
	[NVC_CALLING] = {
		[NVC_EV_ACCEPT] = { NVC_CALLING, TABLE_VIOLATION },
		[NVC_EV_REFUSE] = { NVC_CALLING, TABLE_VIOLATION },
		[NVC_EV_SETUP] = { NVC_CALLING, TABLE_VIOLATION },
		[NVC_EV_RETRY] = { NVC_CALLING, NVC_DO_RETRY },
		[NVC_EV_CONNECT] = { NVC_CONNECTED, NVC_DO_CONNECTED },
		[NVC_EV_RELEASE] = { NVC_CLEARED, NVC_DO_FAIL },
		/* the peer is connected: its CONNECT is late or lost */
		[NVC_EV_ENQUIRY] = { NVC_CALLING, NVC_DO_STRAY },
		[NVC_EV_STATUS] = { NVC_CALLING, NVC_DO_STRAY },
		[NVC_EV_DATA] = { NVC_CALLING, NVC_DO_STRAY },
		[NVC_EV_TIMEOUT] = { NVC_CALLING, NVC_DO_REPEAT },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, NVC_DO_FAIL },
		[NVC_EV_DROP] = { NVC_CLEARED, NVC_DO_ABANDON },
	},
	[NVC_OFFERED] = {	/* only while remote_call of the user runs */
		[NVC_EV_ACCEPT] = { NVC_CONNECTED, NVC_DO_ACCEPT },
		[NVC_EV_REFUSE] = { NVC_CLEARED, NVC_DO_REFUSE },
		[NVC_EV_SETUP] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_RETRY] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_CONNECT] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_RELEASE] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_ENQUIRY] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_STATUS] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_DATA] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_TIMEOUT] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_EXPIRED] = { NVC_OFFERED, TABLE_VIOLATION },
		[NVC_EV_DROP] = { NVC_CLEARED, NVC_DO_REFUSE },
	},
	[NVC_CONNECTED] = {
		[NVC_EV_ACCEPT] = { NVC_CONNECTED, TABLE_VIOLATION },
		[NVC_EV_REFUSE] = { NVC_CONNECTED, TABLE_VIOLATION },
		[NVC_EV_SETUP] = { NVC_CONNECTED, NVC_DO_CONNECT_AGAIN },
		/* answers to a SETUP that was sent more than once */
		[NVC_EV_RETRY] = { NVC_CONNECTED, TABLE_IGNORE },
		[NVC_EV_CONNECT] = { NVC_CONNECTED, TABLE_IGNORE },
		[NVC_EV_RELEASE] = { NVC_CLEARED, NVC_DO_CLEAR },
		[NVC_EV_ENQUIRY] = { NVC_CONNECTED, NVC_DO_STATUS },
		[NVC_EV_STATUS] = { NVC_CONNECTED, TABLE_IGNORE },
		[NVC_EV_DATA] = { NVC_CONNECTED, NVC_DO_DELIVER },
		[NVC_EV_TIMEOUT] = { NVC_CONNECTED, NVC_DO_ENQUIRE },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, NVC_DO_EXPIRE },
		[NVC_EV_DROP] = { NVC_CLEARED, NVC_DO_RELEASE },
	},
	[NVC_CLEARED] = {	/* the user has used a dead handle */
		[NVC_EV_ACCEPT] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_REFUSE] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_SETUP] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_RETRY] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_CONNECT] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_RELEASE] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_ENQUIRY] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_STATUS] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_DATA] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_TIMEOUT] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_EXPIRED] = { NVC_CLEARED, TABLE_IGNORE },
		[NVC_EV_DROP] = { NVC_CLEARED, TABLE_IGNORE },
	},
};
TABLE_DEFINE(nvc_table, "nvc", NVC, cells);

void
nvc_step(struct nvc_circuit *c, enum nvc_event ev, const struct nvc_msg *m)
{
	uint8_t act;

	act = table_step(&nvc_table, &c->state, ev, &nvc_of(c)->link.faults);
	if (actions[act] != NULL)
		actions[act](c, m);
}
