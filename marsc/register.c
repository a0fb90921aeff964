/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Registration with a MARS, and with another one when the first fails or sends
 * a redirect (RFC 2022 sections 5.2.3 and 5.4).
 */
#include "client.h"
#include "control.h"

bool
marsc_reg_is_on(const struct marsc *c)
{
	return c->reg.state == MARSC_REG_ON || c->reg.state == MARSC_REG_MOVING;
}

/*
 * May this MARS call us?  It may while we ask for a registration and while we
 * have one; not before that, and not when we are leaving.
 */
bool
marsc_reg_expects(const struct marsc *c, const struct atm_addr *caller)
{
	if (c->reg.state == MARSC_REG_OFF || c->reg.state == MARSC_REG_LEAVING)
		return false;
	return atm_addr_equal(caller, &c->mars->addr) ||
	    (c->reg.state == MARSC_REG_MOVING &&
	    atm_addr_equal(caller, &c->next->addr));
}

static void
reg_notify(struct marsc *c, enum marsc_notice_code code,
    const struct atm_addr *server, const char *why, uint32_t number)
{
	marsc_notify(c, code,
	    &(struct marsc_notice){
		.server = server, .why = why, .number = number });
}

/*
 * One transmission of MARS_JOIN or MARS_LEAVE with the register flag, and one
 * empty pair: pnum has to be 1 and no group may be in it (5.2.1, 5.2.3, A-97).
 */
static void
reg_transmit(struct marsc *c, struct marsc_marsvc *to, uint8_t op)
{
	struct mars_msg m;

	marsc_msg(c, &m, op);
	m.flags = (uint16_t)(MARS_F_REGISTER | c->reg.sequence);
	m.pnum = 1;
	c->reg.sent++;
	timer_set(c->ts, &c->reg.timer, c->t.rexmt);
	marsc_marsvc_send(to, &m);
}

static void
reg_first(struct marsc *c, struct marsc_marsvc *to, uint8_t op)
{
	c->reg.sent = 0;
	c->reg.sequence = marsc_next_sequence(c);
	reg_transmit(c, to, op);
}

/*
 * --- actions
 *
 * When the owner is told it may register or deregister at once, which is
 * another step: so it is told last.
 */

static void
reg_ask(struct marsc *c)
{
	marsc_marsvc_aim(c->mars, marsc_servers_current(&c->servers));
	reg_first(c, c->mars, c->role->join);
}

static void
reg_start(struct marsc *c)
{
	c->reg.failures = 0;
	reg_ask(c);
}

static void
reg_ask_more(struct marsc *c)
{
	reg_transmit(c, c->mars, c->role->join);
}

static void
reg_ask_next(struct marsc *c)
{
	marsc_servers_next(&c->servers);
	reg_ask(c);
}

static void
reg_failed_at(struct marsc *c)
{
	marsc_marsvc_close(c->mars);
	c->reg.failures++;
}

/* 5.4.1, 5.4.2: at least a minute before the next attempt. */
static void
reg_loop(struct marsc *c)
{
	const char *why = c->reg.why;

	reg_failed_at(c);
	timer_set(c->ts, &c->reg.timer, c->t.loop);
	reg_notify(c, MARSC_NOTICE_MARS_FAILED, &c->mars->addr, why, 0);
	if (c->reg.state == MARSC_REG_LOOP &&
	    c->reg.failures >= c->servers.n)
		reg_notify(c, MARSC_NOTICE_NO_MARS, &c->mars->addr, why,
		    (uint32_t)(c->t.loop / MTIME_SEC(1)));
}

/* 5.4.2: the first backup is tried without a wait. */
static void
reg_backup(struct marsc *c)
{
	struct atm_addr failed = c->mars->addr;
	const char *why = c->reg.why;

	reg_failed_at(c);
	reg_ask_next(c);
	reg_notify(c, MARSC_NOTICE_MARS_FAILED, &failed, why, 0);
}

static void
reg_map_wait(struct marsc *c)
{
	timer_set(c->ts, &c->reg.map, c->t.map);
}

/*
 * We are registered.  If we were before, 5.4.1 wants every group to be joined
 * again and every path to be revalidated.
 */
static void
reg_on(struct marsc *c)
{
	bool again = c->reg.again, backup = c->reg.failures > 0;

	timer_clear(c->ts, &c->reg.timer);
	reg_map_wait(c);
	marsc_drop_incoming(c, &c->mars->addr);
	c->reg.failures = 0;
	c->reg.again = true;
	c->reg.soft = false;
	marsc_join_pace(c);
	marsc_turn_pace(c);
	marsc_join_all(c, again ? MARSC_JOIN_EV_AGAIN : MARSC_JOIN_EV_READY);
	marsc_query_kick(c);
	if (again) {
		/* another may try all that it knows before it comes here */
		c->reg.settled.us = c->ts->now.us + c->t.settle +
		    (int64_t)c->servers.n * c->t.loop;
		marsc_path_stale_all(c);
	}
	if (backup)
		reg_notify(c, MARSC_NOTICE_BACKUP, &c->mars->addr, NULL, 0);
	if (c->reg.state == MARSC_REG_ON)
		reg_notify(c, MARSC_NOTICE_REGISTERED, &c->mars->addr, NULL,
		    c->reg.cmi);
}

/* Ends everything that belongs to the MARS that we leave. */
static void
reg_close(struct marsc *c)
{
	marsc_marsvc_close(c->mars);
	marsc_marsvc_close(c->next);
	marsc_forget_map(c);
	timer_clear(c->ts, &c->reg.map);
	c->reg.failures = 0;
}

static void
reg_pause(struct marsc *c)
{
	reg_close(c);
	timer_set(c->ts, &c->reg.timer,
	    marsc_delay(c, c->t.again_min, c->t.again_max));
	marsc_join_all(c, MARSC_JOIN_EV_LOST);
}

/* We first assume that the problem will pass, and try the same MARS (5.4.1). */
static void
reg_problem_seen(struct marsc *c)
{
	const char *why = c->reg.why;

	reg_pause(c);
	reg_notify(c, MARSC_NOTICE_MARS_FAILED, &c->mars->addr, why, 0);
}

/* 5.4.3: the first MARS of the table, which is new, is the one to go to. */
static void
reg_hard(struct marsc *c)
{
	marsc_servers_use(&c->servers, &c->servers.v[0]);
	reg_pause(c);
	reg_notify(c, MARSC_NOTICE_REDIRECT, marsc_servers_current(&c->servers),
	    "hard", 0);
}

static void
reg_soft(struct marsc *c)
{
	marsc_marsvc_aim(c->next, &c->servers.v[0]);
	reg_first(c, c->next, c->role->join);
	reg_notify(c, MARSC_NOTICE_REDIRECT, &c->next->addr, "soft", 0);
}

static void
reg_soft_more(struct marsc *c)
{
	reg_transmit(c, c->next, c->role->join);
}

/* The target of a soft redirect is the MARS that we use from now on. */
static void
reg_use_next(struct marsc *c)
{
	struct marsc_marsvc *old = c->mars;

	c->mars = c->next;
	c->next = old;
	marsc_marsvc_close(old);
	marsc_forget_map(c);
	marsc_servers_use(&c->servers, &c->mars->addr);
}

/*
 * 5.4.3: the circuit to the old MARS is shut, the new MARS is used, and
 * nothing is joined again.  But if a JOIN or LEAVE was still on its way, the
 * new MARS may know that group from the old one; and when a client joins a
 * group that it knows so, it expects the client to join everything that it
 * wants to keep (D9).  So that is what we do.  And if the new MARS had to be
 * asked more than once, it may have begun anew meanwhile, and not have heard of
 * us from the old one before that lost us.
 */
static void
reg_moved(struct marsc *c)
{
	timer_clear(c->ts, &c->reg.timer);
	reg_use_next(c);
	marsc_drop_incoming(c, &c->mars->addr);
	reg_map_wait(c);
	c->reg.soft = true;
	marsc_join_pace(c);
	marsc_turn_pace(c);
	if (marsc_join_pending(c) || c->reg.sent > 1)
		marsc_join_again(c);
	reg_notify(
	    c, MARSC_NOTICE_REGISTERED, &c->mars->addr, "soft", c->reg.cmi);
}

/* we keep the current MARS; the next map makes us try again. */
static void
reg_stay(struct marsc *c)
{
	timer_clear(c->ts, &c->reg.timer);
	marsc_marsvc_close(c->next);
	reg_notify(c, MARSC_NOTICE_REDIRECT_FAILED, &c->next->addr, NULL, 0);
}

/*
 * The old MARS is lost while the new one is asked.  It may have heard that we
 * are there before we do, and have dropped our leaf; or it has failed.  To go
 * back to it, which is what 5.4.1 begins with, would undo the redirect.  So
 * the registration that is out is that with our MARS from now on; if the old
 * one has failed, the new one may not have all our groups from it, and they
 * are joined again.
 */
static void
reg_follow(struct marsc *c)
{
	struct atm_addr failed = c->mars->addr;
	const char *why = c->reg.why;

	reg_use_next(c);
	timer_clear(c->ts, &c->reg.map);
	marsc_join_all(c, MARSC_JOIN_EV_LOST);
	reg_notify(c, MARSC_NOTICE_MARS_FAILED, &failed, why, 0);
}

static void
reg_leave(struct marsc *c)
{
	marsc_marsvc_close(c->next);
	timer_clear(c->ts, &c->reg.map);
	marsc_forget_map(c);
	marsc_join_all(c, MARSC_JOIN_EV_LOST);
	reg_first(c, c->mars, c->role->leave);
}

static void
reg_leave_more(struct marsc *c)
{
	reg_transmit(c, c->mars, c->role->leave);
}

static void
reg_off_why(struct marsc *c, const char *why)
{
	timer_clear(c->ts, &c->reg.timer);
	timer_clear(c->ts, &c->reg.map);
	marsc_marsvc_close(c->mars);
	marsc_marsvc_close(c->next);
	marsc_drop_incoming(c, NULL);
	c->reg.again = false;
	c->reg.cmi = 0;
	reg_notify(c, MARSC_NOTICE_DEREGISTERED, &c->mars->addr, why, 0);
}

static void
reg_off(struct marsc *c)
{
	reg_off_why(c, NULL);
}

static void
reg_off_unheard(struct marsc *c)
{
	reg_off_why(c, "no answer");
}

static void
reg_off_link(struct marsc *c)
{
	reg_off_why(c, "the link is gone");
}

/*
 * The owner wants another MARS, or has another address.  This concerns only us,
 * so there is no need to wait a random time as after a failure that all clients
 * see: we register at once, and join again what was joined.
 */
static void
reg_anew(struct marsc *c)
{
	reg_close(c);
	marsc_join_all(c, MARSC_JOIN_EV_LOST);
	reg_ask(c);
}

/*
 * Nobody knows the new address yet, and no circuit is left that would have to
 * be revalidated.  So this is a first registration (5.4.1 does not apply).
 */
static void
reg_relink(struct marsc *c)
{
	c->reg.again = false;
	reg_anew(c);
}

/* Nothing is sent yet, but marsc_server() already says where it will be. */
static void
reg_aim(struct marsc *c)
{
	marsc_marsvc_aim(c->mars, marsc_servers_current(&c->servers));
}

static void (*const reg_actions[MARSC_REG_ACTION_MAX])(struct marsc *) = {
	[MARSC_REG_DO_START] = reg_start,
	[MARSC_REG_DO_ASK] = reg_ask,
	[MARSC_REG_DO_ASK_MORE] = reg_ask_more,
	[MARSC_REG_DO_ASK_NEXT] = reg_ask_next,
	[MARSC_REG_DO_BACKUP] = reg_backup,
	[MARSC_REG_DO_LOOP] = reg_loop,
	[MARSC_REG_DO_ON] = reg_on,
	[MARSC_REG_DO_PROBLEM] = reg_problem_seen,
	[MARSC_REG_DO_HARD] = reg_hard,
	[MARSC_REG_DO_SOFT] = reg_soft,
	[MARSC_REG_DO_SOFT_MORE] = reg_soft_more,
	[MARSC_REG_DO_MOVED] = reg_moved,
	[MARSC_REG_DO_STAY] = reg_stay,
	[MARSC_REG_DO_FOLLOW] = reg_follow,
	[MARSC_REG_DO_LEAVE] = reg_leave,
	[MARSC_REG_DO_LEAVE_MORE] = reg_leave_more,
	[MARSC_REG_DO_OFF] = reg_off,
	[MARSC_REG_DO_OFF_UNHEARD] = reg_off_unheard,
	[MARSC_REG_DO_OFF_LINK] = reg_off_link,
	[MARSC_REG_DO_RELINK] = reg_relink,
	[MARSC_REG_DO_ANEW] = reg_anew,
	[MARSC_REG_DO_AIM] = reg_aim,
};

/* --- the table */

#define I	TABLE_IGNORE
#define V	TABLE_VIOLATION
static const struct table_cell reg_cells[MARSC_REG_STATE_MAX]
    [MARSC_REG_EVENT_MAX] = {
	[MARSC_REG_OFF] = {
		[MARSC_REG_EV_START] = { MARSC_REG_ASKING, MARSC_REG_DO_START },
		[MARSC_REG_EV_STOP] = { MARSC_REG_OFF, MARSC_REG_DO_OFF },
		[MARSC_REG_EV_COPY] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_TIMER] = { MARSC_REG_OFF, V },
		[MARSC_REG_EV_FAIL_ALONE] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_FAIL_FIRST] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_FAIL_AGAIN] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_PROBLEM] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_HARD] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_OFF, I },
		[MARSC_REG_EV_SERVERS] = { MARSC_REG_OFF, MARSC_REG_DO_AIM },
	},
	[MARSC_REG_ASKING] = {
		[MARSC_REG_EV_START] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_STOP] = { MARSC_REG_LEAVING, MARSC_REG_DO_LEAVE },
		[MARSC_REG_EV_COPY] = { MARSC_REG_ON, MARSC_REG_DO_ON },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_TIMER] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ASK_MORE },
		[MARSC_REG_EV_FAIL_ALONE] =
		    { MARSC_REG_LOOP, MARSC_REG_DO_LOOP },
		[MARSC_REG_EV_FAIL_FIRST] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_BACKUP },
		[MARSC_REG_EV_FAIL_AGAIN] =
		    { MARSC_REG_LOOP, MARSC_REG_DO_LOOP },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_PROBLEM] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_HARD] = { MARSC_REG_PAUSE, MARSC_REG_DO_HARD },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_ASKING, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_ASKING, MARSC_REG_DO_RELINK },
		[MARSC_REG_EV_SERVERS] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ANEW },
	},
	[MARSC_REG_ON] = {
		[MARSC_REG_EV_START] = { MARSC_REG_ON, I },
		[MARSC_REG_EV_STOP] = { MARSC_REG_LEAVING, MARSC_REG_DO_LEAVE },
		[MARSC_REG_EV_COPY] = { MARSC_REG_ON, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_ON, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_ON, I },
		[MARSC_REG_EV_TIMER] = { MARSC_REG_ON, V },
		[MARSC_REG_EV_FAIL_ALONE] =
		    { MARSC_REG_PAUSE, MARSC_REG_DO_PROBLEM },
		[MARSC_REG_EV_FAIL_FIRST] =
		    { MARSC_REG_PAUSE, MARSC_REG_DO_PROBLEM },
		[MARSC_REG_EV_FAIL_AGAIN] =
		    { MARSC_REG_PAUSE, MARSC_REG_DO_PROBLEM },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_ON, I },
		[MARSC_REG_EV_PROBLEM] =
		    { MARSC_REG_PAUSE, MARSC_REG_DO_PROBLEM },
		[MARSC_REG_EV_HARD] = { MARSC_REG_PAUSE, MARSC_REG_DO_HARD },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_MOVING, MARSC_REG_DO_SOFT },
		[MARSC_REG_EV_LINK] = { MARSC_REG_ASKING, MARSC_REG_DO_RELINK },
		[MARSC_REG_EV_SERVERS] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ANEW },
	},
	[MARSC_REG_MOVING] = {
		[MARSC_REG_EV_START] = { MARSC_REG_MOVING, I },
		[MARSC_REG_EV_STOP] = { MARSC_REG_LEAVING, MARSC_REG_DO_LEAVE },
		[MARSC_REG_EV_COPY] = { MARSC_REG_MOVING, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_ON, MARSC_REG_DO_MOVED },
		[MARSC_REG_EV_GONE] = { MARSC_REG_MOVING, I },
		[MARSC_REG_EV_TIMER] =
		    { MARSC_REG_MOVING, MARSC_REG_DO_SOFT_MORE },
		[MARSC_REG_EV_FAIL_ALONE] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_FOLLOW },
		[MARSC_REG_EV_FAIL_FIRST] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_FOLLOW },
		[MARSC_REG_EV_FAIL_AGAIN] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_FOLLOW },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_ON, MARSC_REG_DO_STAY },
		[MARSC_REG_EV_PROBLEM] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_FOLLOW },
		[MARSC_REG_EV_HARD] = { MARSC_REG_PAUSE, MARSC_REG_DO_HARD },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_MOVING, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_ASKING, MARSC_REG_DO_RELINK },
		[MARSC_REG_EV_SERVERS] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ANEW },
	},
	[MARSC_REG_PAUSE] = {
		[MARSC_REG_EV_START] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_STOP] = { MARSC_REG_OFF, MARSC_REG_DO_OFF },
		[MARSC_REG_EV_COPY] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_TIMER] = { MARSC_REG_ASKING, MARSC_REG_DO_ASK },
		[MARSC_REG_EV_FAIL_ALONE] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_FAIL_FIRST] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_FAIL_AGAIN] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_PROBLEM] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_HARD] = { MARSC_REG_PAUSE, MARSC_REG_DO_HARD },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_PAUSE, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_ASKING, MARSC_REG_DO_RELINK },
		[MARSC_REG_EV_SERVERS] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ANEW },
	},
	[MARSC_REG_LOOP] = {
		[MARSC_REG_EV_START] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_STOP] = { MARSC_REG_OFF, MARSC_REG_DO_OFF },
		[MARSC_REG_EV_COPY] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_TIMER] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ASK_NEXT },
		[MARSC_REG_EV_FAIL_ALONE] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_FAIL_FIRST] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_FAIL_AGAIN] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_PROBLEM] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_HARD] = { MARSC_REG_PAUSE, MARSC_REG_DO_HARD },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_LOOP, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_ASKING, MARSC_REG_DO_RELINK },
		[MARSC_REG_EV_SERVERS] =
		    { MARSC_REG_ASKING, MARSC_REG_DO_ANEW },
	},
	[MARSC_REG_LEAVING] = {
		[MARSC_REG_EV_START] = { MARSC_REG_ASKING, MARSC_REG_DO_START },
		[MARSC_REG_EV_STOP] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_COPY] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_COPY_NEXT] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_GONE] = { MARSC_REG_OFF, MARSC_REG_DO_OFF },
		[MARSC_REG_EV_TIMER] =
		    { MARSC_REG_LEAVING, MARSC_REG_DO_LEAVE_MORE },
		[MARSC_REG_EV_FAIL_ALONE] =
		    { MARSC_REG_OFF, MARSC_REG_DO_OFF_UNHEARD },
		[MARSC_REG_EV_FAIL_FIRST] =
		    { MARSC_REG_OFF, MARSC_REG_DO_OFF_UNHEARD },
		[MARSC_REG_EV_FAIL_AGAIN] =
		    { MARSC_REG_OFF, MARSC_REG_DO_OFF_UNHEARD },
		[MARSC_REG_EV_FAIL_NEXT] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_PROBLEM] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_HARD] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_SOFT] = { MARSC_REG_LEAVING, I },
		[MARSC_REG_EV_LINK] = { MARSC_REG_OFF, MARSC_REG_DO_OFF_LINK },
		[MARSC_REG_EV_SERVERS] = { MARSC_REG_LEAVING, I },
	},
};
#undef I
#undef V
TABLE_DEFINE(marsc_reg_table, "registration", MARSC_REG, reg_cells);

void
marsc_reg_event(struct marsc *c, enum marsc_reg_event ev)
{
	uint8_t action =
	    table_step(&marsc_reg_table, &c->reg.state, ev, &c->faults);

	if (action >= TABLE_ACTIONS)
		reg_actions[action](c);
}

/* --- what makes the events */

/* The current MARS does not answer; what follows depends on the table. */
static void
reg_attempt_failed(struct marsc *c, const char *why)
{
	c->reg.why = why;
	if (c->servers.n == 1)
		marsc_reg_event(c, MARSC_REG_EV_FAIL_ALONE);
	else if (c->reg.failures == 0)
		marsc_reg_event(c, MARSC_REG_EV_FAIL_FIRST);
	else
		marsc_reg_event(c, MARSC_REG_EV_FAIL_AGAIN);
}

/* failure is declared one interval after the fifth retransmission. */
static void
reg_timer(void *arg)
{
	struct marsc *c = arg;
	bool out = c->reg.state == MARSC_REG_ASKING ||
	    c->reg.state == MARSC_REG_MOVING ||
	    c->reg.state == MARSC_REG_LEAVING;

	if (!out || c->reg.sent <= c->t.rexmt_limit)
		marsc_reg_event(c, MARSC_REG_EV_TIMER);
	else if (c->reg.state == MARSC_REG_MOVING)
		marsc_reg_event(c, MARSC_REG_EV_FAIL_NEXT);
	else
		reg_attempt_failed(c, "no answer");
}

static void
reg_map_silent(void *arg)
{
	marsc_reg_problem(arg, "no MARS_REDIRECT_MAP");
}

void
marsc_reg_init(struct marsc *c)
{
	c->reg =
	    (struct marsc_registration){ .state = MARSC_REG_OFF, .why = "" };
	timer_init(&c->reg.timer, reg_timer, c);
	timer_init(&c->reg.map, reg_map_silent, c);
}

void
marsc_reg_problem(struct marsc *c, const char *why)
{
	c->reg.why = why;
	marsc_reg_event(c, MARSC_REG_EV_PROBLEM);
}

void
marsc_reg_call_failed(struct marsc *c, struct marsc_marsvc *m)
{
	if (m == c->next)
		marsc_reg_event(c, MARSC_REG_EV_FAIL_NEXT);
	else
		reg_attempt_failed(c, "no circuit");
}

/*
 * Section 5.2.2 decides what a copy is.  current: it came from the MARS that
 * we use; otherwise from the target of a soft redirect.
 */
bool
marsc_reg_copy(struct marsc *c, const struct mars_msg *m, bool current)
{
	enum marsc_reg_state want =
	    current ? MARSC_REG_ASKING : MARSC_REG_MOVING;

	if ((m->flags & MARS_F_REGISTER) == 0 ||
	    (m->flags & MARS_F_PUNCHED) != 0 || (m->flags & MARS_F_COPY) == 0 ||
	    m->pnum != 1 || m->tpln != 0 || !marsc_is_self(c, &m->src))
		return false;
	if (c->role->test_sequence &&
	    (m->flags & MARS_F_SEQUENCE) != c->reg.sequence)
		return false;
	if (m->op == c->role->leave) {
		if (c->reg.state == MARSC_REG_LEAVING)
			marsc_reg_event(c, MARSC_REG_EV_GONE);
		return true;
	}
	if (m->op != c->role->join)
		return false;
	if (c->reg.state == want) {
		c->reg.cmi = m->cmi;
		marsc_hsn_load(&c->hsn, m->msn); /* */
	}
	marsc_reg_event(
	    c, current ? MARSC_REG_EV_COPY : MARSC_REG_EV_COPY_NEXT);
	return true;
}

void
marsc_reg_map(struct marsc *c, bool hard, const struct atm_addr *v, size_t n)
{
	if (n == 0)
		return;
	if (marsc_reg_is_on(c))
		reg_map_wait(c);
	if (marsc_servers_learn(&c->servers, v, n) == -1) {
		marsc_no_memory(c, "the table of MARSs");
		return;
	}
	if (!atm_addr_equal(&v[0], marsc_servers_current(&c->servers)))
		marsc_reg_event(
		    c, hard ? MARSC_REG_EV_HARD : MARSC_REG_EV_SOFT);
}
