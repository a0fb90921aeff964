/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The Hello protocol (RFC 2334 sections 2.1 and B.2.5): one machine per
 * neighbor and server group.
 *
 *  - On a Hello that does not list us while Bidirectional, 2.1 goes to
 *    Unidirectional in one place; B.2.5, and 2.1 in another, only when none
 *    that lists us came for the dead interval.  Here it goes at once;
 *    the dead interval is for silence.
 *  - On a neighbor that stalls, 2.1 says should and B.2.5 MUST.  Here it is
 *    MUST, and after an abnormal event our Hello does not list the neighbor
 *    any more, so that it notices.
 *  - 2.1 lists in a Hello who is not stalled, B.2.5 who was heard of late.
 *    Here it is who was heard of late; else both ends would go to
 *    Unidirectional and stay there.
 *  - Another sender ID is not foreseen.  Here it is another server or another
 *    boot: the adjacency begins anew with that Hello.
 *  - An interval or a dead factor of 0 would end the adjacency at once.  Here
 *    it counts as 1.
 *  - Hellos go out at an interval.  Here one also goes out when it says
 *    something new, at most one a second.
 */
#include "align.h"
#include "group.h"
#include "hello.h"
#include "neighbor.h"
#include "scsp.h"

#define PROMPT_PAUSE	MTIME_SEC(1)	/* */

#define C(state, action)	{ SCSP_HELLO_##state, SCSP_HELLO_DO_##action }
#define I(state)		{ SCSP_HELLO_##state, TABLE_IGNORE }
/* a timer that is not set in this state */
#define VIO(state)		{ SCSP_HELLO_##state, TABLE_VIOLATION }
static const struct table_cell
    scsp_hello_cells[SCSP_HELLO_STATE_MAX][SCSP_HELLO_EV_MAX] = {
	[SCSP_HELLO_DOWN] = {
		[SCSP_HELLO_EV_VC_UP] = C(WAITING, START),
		[SCSP_HELLO_EV_VC_DOWN] = I(DOWN),
		[SCSP_HELLO_EV_LISTED] = I(DOWN),
		[SCSP_HELLO_EV_UNLISTED] = I(DOWN),
		[SCSP_HELLO_EV_STALL_HEARD] = VIO(DOWN),
		[SCSP_HELLO_EV_STALL_SILENT] = VIO(DOWN),
		[SCSP_HELLO_EV_ABNORMAL] = I(DOWN),
		[SCSP_HELLO_EV_NEW_ID] = I(DOWN),
	},
	[SCSP_HELLO_WAITING] = {
		[SCSP_HELLO_EV_VC_UP] = I(WAITING),
		[SCSP_HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[SCSP_HELLO_EV_LISTED] = C(BIDI, UP),
		[SCSP_HELLO_EV_UNLISTED] = I(UNI),
		[SCSP_HELLO_EV_STALL_HEARD] = VIO(WAITING),
		[SCSP_HELLO_EV_STALL_SILENT] = VIO(WAITING),
		[SCSP_HELLO_EV_ABNORMAL] = I(WAITING),
		[SCSP_HELLO_EV_NEW_ID] = I(WAITING),
	},
	[SCSP_HELLO_UNI] = {
		[SCSP_HELLO_EV_VC_UP] = I(UNI),
		[SCSP_HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[SCSP_HELLO_EV_LISTED] = C(BIDI, UP),
		[SCSP_HELLO_EV_UNLISTED] = I(UNI),
		[SCSP_HELLO_EV_STALL_HEARD] = VIO(UNI),
		[SCSP_HELLO_EV_STALL_SILENT] = C(WAITING, FORGET),
		[SCSP_HELLO_EV_ABNORMAL] = C(WAITING, RESET),
		[SCSP_HELLO_EV_NEW_ID] = C(WAITING, FORGET),
	},
	[SCSP_HELLO_BIDI] = {
		[SCSP_HELLO_EV_VC_UP] = I(BIDI),
		[SCSP_HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[SCSP_HELLO_EV_LISTED] = I(BIDI),
		[SCSP_HELLO_EV_UNLISTED] = C(UNI, LOST),
		[SCSP_HELLO_EV_STALL_HEARD] = C(UNI, LOST),
		[SCSP_HELLO_EV_STALL_SILENT] = C(WAITING, FORGET),
		[SCSP_HELLO_EV_ABNORMAL] = C(WAITING, RESET),
		[SCSP_HELLO_EV_NEW_ID] = C(WAITING, FORGET),
	},
};
#undef VIO
#undef I
#undef C
TABLE_DEFINE(scsp_hello_table, "hello", SCSP_HELLO, scsp_hello_cells);

/* The neighbor is not heard any more, and our Hellos do not list it. */
static void
scsp_hello_forget(struct scsp_neighbor *nb)
{
	nb->heard = false;
	timer_clear(nb->scsp->timers, &nb->heard_timer);
	timer_clear(nb->scsp->timers, &nb->listed_timer);
	scsp_align_run(nb, SCSP_ALIGN_EV_DOWN);
}

static void
scsp_hello_act(struct scsp_neighbor *nb, uint8_t action)
{
	switch ((enum scsp_hello_action)action) {
	case SCSP_HELLO_DO_START:
		scsp_hello_send(nb);
		break;
	case SCSP_HELLO_DO_STOP:
		timer_clear(nb->scsp->timers, &nb->hello_timer);
		scsp_hello_forget(nb);
		nb->has_id = nb->begun = false;
		nb->prompted = nb->answered = false;
		scsp_replay_reset(
		    &nb->replay, nb->scsp->ops->random(nb->scsp->arg));
		break;
	case SCSP_HELLO_DO_UP:
		scsp_align_run(nb, SCSP_ALIGN_EV_UP);
		break;
	case SCSP_HELLO_DO_LOST:
		timer_clear(nb->scsp->timers, &nb->listed_timer);
		scsp_align_run(nb, SCSP_ALIGN_EV_DOWN);
		break;
	case SCSP_HELLO_DO_FORGET:
		scsp_hello_forget(nb);
		break;
	case SCSP_HELLO_DO_RESET: /* the neighbor has to notice, A-76 */
		scsp_hello_forget(nb);
		scsp_hello_prompt(nb);
		break;
	case SCSP_HELLO_BEFORE_ACTIONS: /* nothing, or a violation */
	case SCSP_HELLO_DO_MAX:
		break;
	}
}

void
scsp_hello_run(struct scsp_neighbor *nb, enum scsp_hello_event ev)
{
	scsp_hello_act(nb,
	    scsp_neighbor_step(nb, &scsp_hello_table, &nb->hello,
	    &nb->hello_since, SCSP_EV_HELLO, ev));
}

static void
on_hello_timer(void *arg)
{
	scsp_hello_send(arg);
}

static void
on_heard_timer(void *arg)
{
	scsp_hello_run(arg, SCSP_HELLO_EV_STALL_SILENT);
}

static void
on_listed_timer(void *arg)
{
	scsp_hello_run(arg, SCSP_HELLO_EV_STALL_HEARD);
}

void
scsp_hello_init(struct scsp_neighbor *nb)
{
	nb->hello = SCSP_HELLO_DOWN;
	nb->hello_since = nb->scsp->timers->now;
	timer_init(&nb->hello_timer, on_hello_timer, nb);
	timer_init(&nb->heard_timer, on_heard_timer, nb);
	timer_init(&nb->listed_timer, on_listed_timer, nb);
}

static void
send_via(struct scsp_neighbor *nb, struct scsp_circuit *via, bool echo_heard)
{
	struct scsp_group *g = nb->group;
	struct scsp_packet p;

	scsp_packet_begin(&p, SCSP_HELLO);
	wr_u16(&p.w, nb->conf.hello_interval);
	wr_u16(&p.w, nb->conf.dead_factor);
	wr_u32(&p.w, 0); /* unused, Family ID */
	scsp_packet_hello_common(
	    &p, g->pid, g->sgid, nb->scsp->lsid, nb->heard, nb->id);
	nb->hellos_out++;
	scsp_neighbor_send(nb, &p, via, echo_heard);
}

/*
 * A Hello now, and the next one before the advertised interval is over
 * (B.2.5).  While there are several circuits, each gets one, so that both
 * ends learn which of them work.
 */
void
scsp_hello_send(struct scsp_neighbor *nb)
{
	int64_t interval = scsp_seconds(nb->conf.hello_interval);
	struct scsp_circuit *c;

	TAILQ_FOREACH(c, &nb->peer->circuits, entry)
		if (c->connected && !c->leaf)
			send_via(nb, c, false);
	timer_set(nb->scsp->timers, &nb->hello_timer, interval - interval / 16);
}

/*
 * Was something done less than a second ago?  If not, the caller does it now,
 * and that is noted in *done and *at.
 */
static bool
paused(struct scsp_neighbor *nb, bool *done, mtime_t *at)
{
	mtime_t now = nb->scsp->timers->now;

	if (*done && mtime_diff(*at, now) < PROMPT_PAUSE)
		return true;
	*done = true;
	*at = now;
	return false;
}

void
scsp_hello_prompt(struct scsp_neighbor *nb)
{
	int64_t wait;

	if (!paused(nb, &nb->prompted, &nb->prompt_at)) {
		scsp_hello_send(nb);
		return;
	}
	wait = PROMPT_PAUSE - mtime_diff(nb->prompt_at, nb->scsp->timers->now);
	if (!timer_isset(&nb->hello_timer) ||
	    mtime_diff(nb->scsp->timers->now, nb->hello_timer.due) > wait)
		timer_set(nb->scsp->timers, &nb->hello_timer, wait);
}

/*
 * A Hello did not echo our nonce.  The answer carries ours and echoes the
 * one that came, so that the neighbor can prove both.
 */
void
scsp_hello_answer(struct scsp_neighbor *nb, struct scsp_circuit *via)
{
	if (nb->hello != SCSP_HELLO_DOWN && !via->leaf &&
	    !paused(nb, &nb->answered, &nb->answer_at))
		send_via(nb, via, true);
}

void
scsp_hello_input(struct scsp_neighbor *nb, const struct scsp_message *m)
{
	struct timers *ts = nb->scsp->timers;
	int64_t dead;
	bool listed, news;

	if (nb->hello == SCSP_HELLO_DOWN) {
		scsp_neighbor_drop(nb, SCSP_DROP_STATE);
		return;
	}
	if (nb->has_id && nb->id != m->sender) /* */
		scsp_hello_run(nb, SCSP_HELLO_EV_NEW_ID);
	listed = scsp_message_lists(m, nb->scsp->lsid);
	news = !nb->heard;
	nb->id = m->sender;
	nb->has_id = nb->heard = true;
	nb->interval = m->interval == 0 ? 1 : m->interval; /* */
	nb->dead = m->dead == 0 ? 1 : m->dead;
	dead = scsp_seconds(nb->interval) * nb->dead;
	timer_set(ts, &nb->heard_timer, dead);
	if (listed)
		timer_set(ts, &nb->listed_timer, dead);
	/* the neighbor ignores our first CA until it has heard this */
	if (news)
		scsp_hello_prompt(nb);
	scsp_hello_run(
	    nb, listed ? SCSP_HELLO_EV_LISTED : SCSP_HELLO_EV_UNLISTED);
}
