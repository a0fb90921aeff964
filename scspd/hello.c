/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The Hello protocol (RFC 2334 sections 2.1 and B.2.5): one finite state
 * machine per neighbor and server group.  A Hello that does not list us
 * counts at once; the dead interval is for silence.
 */
#include "hello.h"
#include "scsp.h"

const char *const hello_state_names[] = {
#define X(sym, name) name,
	HELLO_STATES(X)
#undef X
};

#define C(state, action) { HELLO_##state, HELLO_DO_##action }
const struct hello_cell hello_table[HELLO_STATE_MAX][HELLO_EV_MAX] = {
	[HELLO_DOWN] = {
		[HELLO_EV_VC_UP] = C(WAITING, START),
		[HELLO_EV_VC_DOWN] = C(DOWN, IGNORE),
		[HELLO_EV_LISTED] = C(DOWN, IGNORE),
		[HELLO_EV_UNLISTED] = C(DOWN, IGNORE),
		[HELLO_EV_STALL_HEARD] = C(DOWN, VIOLATION),
		[HELLO_EV_STALL_SILENT] = C(DOWN, VIOLATION),
		[HELLO_EV_ABNORMAL] = C(DOWN, IGNORE),
		[HELLO_EV_NEW_ID] = C(DOWN, IGNORE),
	},
	[HELLO_WAITING] = {
		[HELLO_EV_VC_UP] = C(WAITING, IGNORE),
		[HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[HELLO_EV_LISTED] = C(BIDI, UP),
		[HELLO_EV_UNLISTED] = C(UNI, IGNORE),
		[HELLO_EV_STALL_HEARD] = C(WAITING, VIOLATION),
		[HELLO_EV_STALL_SILENT] = C(WAITING, VIOLATION),
		[HELLO_EV_ABNORMAL] = C(WAITING, IGNORE),
		[HELLO_EV_NEW_ID] = C(WAITING, IGNORE),
	},
	[HELLO_UNI] = {
		[HELLO_EV_VC_UP] = C(UNI, IGNORE),
		[HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[HELLO_EV_LISTED] = C(BIDI, UP),
		[HELLO_EV_UNLISTED] = C(UNI, IGNORE),
		[HELLO_EV_STALL_HEARD] = C(UNI, VIOLATION),
		[HELLO_EV_STALL_SILENT] = C(WAITING, FORGET),
		[HELLO_EV_ABNORMAL] = C(WAITING, RESET),
		[HELLO_EV_NEW_ID] = C(WAITING, FORGET),
	},
	[HELLO_BIDI] = {
		[HELLO_EV_VC_UP] = C(BIDI, IGNORE),
		[HELLO_EV_VC_DOWN] = C(DOWN, STOP),
		[HELLO_EV_LISTED] = C(BIDI, IGNORE),
		[HELLO_EV_UNLISTED] = C(UNI, LOST),
		[HELLO_EV_STALL_HEARD] = C(UNI, LOST),
		[HELLO_EV_STALL_SILENT] = C(WAITING, FORGET),
		[HELLO_EV_ABNORMAL] = C(WAITING, RESET),
		[HELLO_EV_NEW_ID] = C(WAITING, FORGET),
	},
};
#undef C

/* Nobody is heard on this neighbor's circuit any more. */
static void
forget(struct neighbor *nb)
{
	nb->heard = false;
	timer_clear(nb->scsp->timers, &nb->heard_timer);
	timer_clear(nb->scsp->timers, &nb->listed_timer);
	align_run(nb, ALIGN_EV_DOWN);
}

static void
act(struct neighbor *nb, enum hello_action action)
{
	switch (action) {
	case HELLO_DO_FORGOTTEN:
	case HELLO_DO_VIOLATION:
		neighbor_drop(nb, DROP_STATE);
		break;
	case HELLO_DO_IGNORE:
		break;
	case HELLO_DO_START:
		hello_send(nb);
		break;
	case HELLO_DO_STOP:
		timer_clear(nb->scsp->timers, &nb->hello_timer);
		forget(nb);
		nb->has_id = nb->begun = false;
		nb->prompted = nb->answered = false;
		replay_reset(&nb->replay, nb->scsp->ops->random(
		    nb->scsp->arg));
		break;
	case HELLO_DO_UP:
		align_run(nb, ALIGN_EV_UP);
		break;
	case HELLO_DO_LOST:
		timer_clear(nb->scsp->timers, &nb->listed_timer);
		align_run(nb, ALIGN_EV_DOWN);
		break;
	case HELLO_DO_FORGET:
		forget(nb);
		break;
	case HELLO_DO_RESET:	/* and let it notice, A-76 */
		forget(nb);
		hello_prompt(nb);
		break;
	}
}

void
hello_run(struct neighbor *nb, enum hello_event ev)
{
	const struct hello_cell *cell = &hello_table[nb->hello][ev];
	enum hello_state old = nb->hello;

	nb->hello = cell->next;
	if (old != cell->next) {
		nb->hello_since = nb->scsp->timers->now;
		neighbor_event(nb, SCSP_EV_HELLO, hello_state_names[old],
		    hello_state_names[cell->next], NULL, 0);
	}
	act(nb, cell->action);
}

static void
on_hello_timer(void *arg)
{
	hello_send(arg);
}

static void
on_heard_timer(void *arg)
{
	hello_run(arg, HELLO_EV_STALL_SILENT);
}

static void
on_listed_timer(void *arg)
{
	hello_run(arg, HELLO_EV_STALL_HEARD);
}

void
hello_init(struct neighbor *nb)
{
	nb->hello = HELLO_DOWN;
	nb->hello_since = nb->scsp->timers->now;
	timer_init(&nb->hello_timer, on_hello_timer, nb);
	timer_init(&nb->heard_timer, on_heard_timer, nb);
	timer_init(&nb->listed_timer, on_listed_timer, nb);
}

static void
send_via(struct neighbor *nb, struct circuit *via, bool echo_heard)
{
	struct group *g = nb->group;
	struct packet p;

	packet_begin(&p, SCSP_HELLO);
	wr_u16(&p.w, nb->conf.hello_interval);
	wr_u16(&p.w, nb->conf.dead_factor);
	wr_u32(&p.w, 0);		/* unused, Family ID */
	packet_hello_common(&p, g->pid, g->sgid, nb->scsp->lsid, nb->heard,
	    nb->id);
	nb->hellos_out++;
	neighbor_send(nb, &p, via, echo_heard);
}

/*
 * A Hello now, and the next one before the advertised interval is over
 * (B.2.5).  While there are several circuits, each gets one, so that both
 * ends learn which of them work.
 */
void
hello_send(struct neighbor *nb)
{
	int64_t interval = seconds(nb->conf.hello_interval);
	struct circuit *c;

	TAILQ_FOREACH(c, &nb->peer->circuits, entry)
		if (c->connected && !c->leaf)
			send_via(nb, c, false);
	timer_set(nb->scsp->timers, &nb->hello_timer,
	    interval - interval / 16);
}

/* May this be done again?  At most once a second. */
static bool
paused(struct neighbor *nb, bool *done, mtime_t *at)
{
	mtime_t now = nb->scsp->timers->now;

	if (*done && mtime_diff(*at, now) < PROMPT_PAUSE)
		return true;
	*done = true;
	*at = now;
	return false;
}

/* Our Hello says something new: at once, or as soon as allowed. */
void
hello_prompt(struct neighbor *nb)
{
	int64_t wait;

	if (!paused(nb, &nb->prompted, &nb->prompt_at)) {
		hello_send(nb);
		return;
	}
	wait = PROMPT_PAUSE - mtime_diff(nb->prompt_at,
	    nb->scsp->timers->now);
	if (!timer_isset(&nb->hello_timer) ||
	    mtime_diff(nb->scsp->timers->now, nb->hello_timer.due) > wait)
		timer_set(nb->scsp->timers, &nb->hello_timer, wait);
}

/* The Hello did not echo our nonce: here it is, and its own. */
void
hello_answer(struct neighbor *nb, struct circuit *via)
{
	if (nb->hello != HELLO_DOWN && !via->leaf &&
	    !paused(nb, &nb->answered, &nb->answer_at))
		send_via(nb, via, true);
}

/* A Hello that may be believed. */
void
hello_input(struct neighbor *nb, const struct scsp_message *m)
{
	struct timers *ts = nb->scsp->timers;
	int64_t dead;
	bool listed, news;

	if (nb->hello == HELLO_DOWN) {
		neighbor_drop(nb, DROP_STATE);
		return;
	}
	if (nb->has_id && nb->id != m->sender)		/* */
		hello_run(nb, HELLO_EV_NEW_ID);
	listed = message_lists(m, nb->scsp->lsid);
	news = !nb->heard;
	nb->id = m->sender;
	nb->has_id = nb->heard = true;
	nb->interval = m->interval == 0 ? 1 : m->interval;	/* */
	nb->dead = m->dead == 0 ? 1 : m->dead;
	dead = seconds(nb->interval) * nb->dead;
	timer_set(ts, &nb->heard_timer, dead);
	if (listed)
		timer_set(ts, &nb->listed_timer, dead);
	/* before the first CA, which it ignores until it has heard this */
	if (news)
		hello_prompt(nb);
	hello_run(nb, listed ? HELLO_EV_LISTED : HELLO_EV_UNLISTED);
}
