/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Registration with a MARS, and with the next one when it fails or when it
 * says so (RFC 2022 sections 5.2.3 and 5.4).
 */
#include "client_impl.h"

void
reg_ignore(struct client *c)
{
	(void)c;
}

/* A timer that was not set, or the like: visible to tests, harmless. */
void
reg_violation(struct client *c)
{
	(void)c;
}

bool
reg_is_on(const struct client *c)
{
	return c->reg.state == REG_ON || c->reg.state == REG_MOVING;
}

void
reg_event(struct client *c, enum reg_event ev)
{
	const struct reg_cell *cell = &reg_table[c->reg.state][ev];

	c->reg.state = cell->next;
	cell->action(c);
}

static void
reg_notify(struct client *c, enum client_notice_code code,
    const struct atm_addr *server, const char *why, uint32_t number)
{
	client_notify(c, code, &(struct client_notice){ .server = server,
	    .why = why, .number = number });
}

/*
 * One transmission of MARS_JOIN or MARS_LEAVE with the register flag, and one
 * empty pair: pnum has to be 1 and no group may be in it (5.2.1, 5.2.3, A-97).
 */
static void
reg_transmit(struct client *c, struct marsvc *to, uint8_t op)
{
	struct mars_msg m;

	client_msg(c, &m, op);
	m.flags = (uint16_t)(MARS_F_REGISTER | c->reg.sequence);
	m.pnum = 1;
	c->reg.sent++;
	timer_set(c->ts, &c->reg.timer, c->t.rexmt);
	marsvc_send(to, &m);
}

static void
reg_first(struct client *c, struct marsvc *to, uint8_t op)
{
	c->reg.sent = 0;
	c->reg.sequence = client_next_sequence(c);
	reg_transmit(c, to, op);
}

/* --- actions */

static void
reg_ask(struct client *c)
{
	marsvc_aim(c->mars, servers_current(&c->servers));
	reg_first(c, c->mars, c->role->join);
}

static void
reg_start(struct client *c)
{
	c->reg.failures = 0;
	reg_ask(c);
}

static void
reg_ask_more(struct client *c)
{
	reg_transmit(c, c->mars, c->role->join);
}

static void
reg_ask_next(struct client *c)
{
	servers_next(&c->servers);
	reg_ask(c);
}

static void
reg_failed_at(struct client *c)
{
	reg_notify(c, CLIENT_MARS_FAILED, &c->mars->addr, c->reg.why, 0);
	marsvc_close(c->mars);
	c->reg.failures++;
}

static void
reg_wait(struct client *c)
{
	if (c->reg.failures >= c->servers.n)
		reg_notify(c, CLIENT_NO_MARS, &c->mars->addr, c->reg.why,
		    (uint32_t)(c->t.loop / MTIME_SEC(1)));
	timer_set(c->ts, &c->reg.timer, c->t.loop);
}

/* 5.4.1, 5.4.2: at least a minute before the next attempt. */
static void
reg_loop(struct client *c)
{
	reg_failed_at(c);
	reg_wait(c);
}

/* 5.4.2: the first backup is tried without a wait. */
static void
reg_backup(struct client *c)
{
	reg_failed_at(c);
	reg_ask_next(c);
}

static void
reg_map_wait(struct client *c)
{
	timer_set(c->ts, &c->reg.map, c->t.map);
}

/* Registered.  Again: 5.4.1, every group is rejoined and revalidated. */
static void
reg_on(struct client *c)
{
	bool again = c->reg.again;

	timer_clear(c->ts, &c->reg.timer);
	reg_map_wait(c);
	client_drop_incoming(c, &c->mars->addr);
	if (c->reg.failures > 0)
		reg_notify(c, CLIENT_BACKUP, &c->mars->addr, NULL, 0);
	c->reg.failures = 0;
	c->reg.again = true;
	c->reg.soft = false;
	reg_notify(c, CLIENT_REGISTERED, &c->mars->addr, NULL, c->reg.cmi);
	join_all(c, again ? JOIN_EV_AGAIN : JOIN_EV_READY);
	query_kick(c);
	if (again)
		path_stale_all(c);
}

static void
reg_pause(struct client *c)
{
	marsvc_close(c->mars);
	marsvc_close(c->next);
	client_forget_map(c);
	timer_clear(c->ts, &c->reg.map);
	c->reg.failures = 0;
	timer_set(c->ts, &c->reg.timer,
	    client_delay(c, c->t.again_min, c->t.again_max));
	join_all(c, JOIN_EV_LOST);
}

/* 5.4.1: first assume that the problem is transient. */
static void
reg_problem_seen(struct client *c)
{
	reg_notify(c, CLIENT_MARS_FAILED, &c->mars->addr, c->reg.why, 0);
	reg_pause(c);
}

/* 5.4.3: the table is installed, its first MARS is the one to go to. */
static void
reg_hard(struct client *c)
{
	servers_use(&c->servers, &c->servers.v[0]);
	reg_notify(c, CLIENT_REDIRECT, servers_current(&c->servers), "hard",
	    0);
	reg_pause(c);
}

static void
reg_soft(struct client *c)
{
	marsvc_aim(c->next, &c->servers.v[0]);
	reg_notify(c, CLIENT_REDIRECT, &c->next->addr, "soft", 0);
	reg_first(c, c->next, c->role->join);
}

static void
reg_soft_more(struct client *c)
{
	reg_transmit(c, c->next, c->role->join);
}

/*
 * 5.4.3: shut the circuit to the old MARS, use the new; rejoin nothing.  But
 * where a JOIN or LEAVE was still on its way the new MARS may know the group
 * from the old one, and takes whoever joins such a group for one that joins
 * everything it wants to keep (D9): so that is what we do.
 */
static void
reg_moved(struct client *c)
{
	struct marsvc *old = c->mars;

	timer_clear(c->ts, &c->reg.timer);
	c->mars = c->next;
	c->next = old;
	marsvc_close(old);
	client_forget_map(c);
	servers_use(&c->servers, &c->mars->addr);
	client_drop_incoming(c, &c->mars->addr);
	reg_map_wait(c);
	reg_notify(c, CLIENT_REGISTERED, &c->mars->addr, "soft", c->reg.cmi);
	c->reg.soft = true;
	if (join_pending(c))
		join_again(c);
}

/* keep the current MARS, and try again at the next map. */
static void
reg_stay(struct client *c)
{
	timer_clear(c->ts, &c->reg.timer);
	reg_notify(c, CLIENT_REDIRECT_FAILED, &c->next->addr, NULL, 0);
	marsvc_close(c->next);
}

static void
reg_leave(struct client *c)
{
	marsvc_close(c->next);
	timer_clear(c->ts, &c->reg.map);
	client_forget_map(c);
	join_all(c, JOIN_EV_LOST);
	reg_first(c, c->mars, c->role->leave);
}

static void
reg_leave_more(struct client *c)
{
	reg_transmit(c, c->mars, c->role->leave);
}

static void
reg_off_why(struct client *c, const char *why)
{
	timer_clear(c->ts, &c->reg.timer);
	timer_clear(c->ts, &c->reg.map);
	marsvc_close(c->mars);
	marsvc_close(c->next);
	client_drop_incoming(c, NULL);
	c->reg.again = false;
	c->reg.cmi = 0;
	reg_notify(c, CLIENT_DEREGISTERED, &c->mars->addr, why, 0);
}

static void
reg_off(struct client *c)
{
	reg_off_why(c, NULL);
}

static void
reg_off_unheard(struct client *c)
{
	reg_off_why(c, "no answer");
}

#define I	reg_ignore
#define V	reg_violation
const struct reg_cell reg_table[REG_STATE_MAX][REG_EVENT_MAX] = {
	[REG_OFF] = {
		[REG_EV_START] = { REG_ASKING, reg_start },
		[REG_EV_STOP] = { REG_OFF, reg_off },
		[REG_EV_COPY] = { REG_OFF, I },
		[REG_EV_COPY_NEXT] = { REG_OFF, I },
		[REG_EV_GONE] = { REG_OFF, I },
		[REG_EV_TIMER] = { REG_OFF, V },
		[REG_EV_FAIL_ALONE] = { REG_OFF, I },
		[REG_EV_FAIL_FIRST] = { REG_OFF, I },
		[REG_EV_FAIL_AGAIN] = { REG_OFF, I },
		[REG_EV_FAIL_NEXT] = { REG_OFF, I },
		[REG_EV_PROBLEM] = { REG_OFF, I },
		[REG_EV_HARD] = { REG_OFF, I },
		[REG_EV_SOFT] = { REG_OFF, I },
	},
	[REG_ASKING] = {
		[REG_EV_START] = { REG_ASKING, I },
		[REG_EV_STOP] = { REG_LEAVING, reg_leave },
		[REG_EV_COPY] = { REG_ON, reg_on },
		[REG_EV_COPY_NEXT] = { REG_ASKING, I },
		[REG_EV_GONE] = { REG_ASKING, I },
		[REG_EV_TIMER] = { REG_ASKING, reg_ask_more },
		[REG_EV_FAIL_ALONE] = { REG_LOOP, reg_loop },
		[REG_EV_FAIL_FIRST] = { REG_ASKING, reg_backup },
		[REG_EV_FAIL_AGAIN] = { REG_LOOP, reg_loop },
		[REG_EV_FAIL_NEXT] = { REG_ASKING, I },
		[REG_EV_PROBLEM] = { REG_ASKING, I },
		[REG_EV_HARD] = { REG_PAUSE, reg_hard },
		[REG_EV_SOFT] = { REG_ASKING, I },
	},
	[REG_ON] = {
		[REG_EV_START] = { REG_ON, I },
		[REG_EV_STOP] = { REG_LEAVING, reg_leave },
		[REG_EV_COPY] = { REG_ON, I },
		[REG_EV_COPY_NEXT] = { REG_ON, I },
		[REG_EV_GONE] = { REG_ON, I },
		[REG_EV_TIMER] = { REG_ON, V },
		[REG_EV_FAIL_ALONE] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_FIRST] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_AGAIN] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_NEXT] = { REG_ON, I },
		[REG_EV_PROBLEM] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_HARD] = { REG_PAUSE, reg_hard },
		[REG_EV_SOFT] = { REG_MOVING, reg_soft },
	},
	[REG_MOVING] = {
		[REG_EV_START] = { REG_MOVING, I },
		[REG_EV_STOP] = { REG_LEAVING, reg_leave },
		[REG_EV_COPY] = { REG_MOVING, I },
		[REG_EV_COPY_NEXT] = { REG_ON, reg_moved },
		[REG_EV_GONE] = { REG_MOVING, I },
		[REG_EV_TIMER] = { REG_MOVING, reg_soft_more },
		[REG_EV_FAIL_ALONE] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_FIRST] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_AGAIN] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_FAIL_NEXT] = { REG_ON, reg_stay },
		[REG_EV_PROBLEM] = { REG_PAUSE, reg_problem_seen },
		[REG_EV_HARD] = { REG_PAUSE, reg_hard },
		[REG_EV_SOFT] = { REG_MOVING, I },
	},
	[REG_PAUSE] = {
		[REG_EV_START] = { REG_PAUSE, I },
		[REG_EV_STOP] = { REG_OFF, reg_off },
		[REG_EV_COPY] = { REG_PAUSE, I },
		[REG_EV_COPY_NEXT] = { REG_PAUSE, I },
		[REG_EV_GONE] = { REG_PAUSE, I },
		[REG_EV_TIMER] = { REG_ASKING, reg_ask },
		[REG_EV_FAIL_ALONE] = { REG_PAUSE, I },
		[REG_EV_FAIL_FIRST] = { REG_PAUSE, I },
		[REG_EV_FAIL_AGAIN] = { REG_PAUSE, I },
		[REG_EV_FAIL_NEXT] = { REG_PAUSE, I },
		[REG_EV_PROBLEM] = { REG_PAUSE, I },
		[REG_EV_HARD] = { REG_PAUSE, reg_hard },
		[REG_EV_SOFT] = { REG_PAUSE, I },
	},
	[REG_LOOP] = {
		[REG_EV_START] = { REG_LOOP, I },
		[REG_EV_STOP] = { REG_OFF, reg_off },
		[REG_EV_COPY] = { REG_LOOP, I },
		[REG_EV_COPY_NEXT] = { REG_LOOP, I },
		[REG_EV_GONE] = { REG_LOOP, I },
		[REG_EV_TIMER] = { REG_ASKING, reg_ask_next },
		[REG_EV_FAIL_ALONE] = { REG_LOOP, I },
		[REG_EV_FAIL_FIRST] = { REG_LOOP, I },
		[REG_EV_FAIL_AGAIN] = { REG_LOOP, I },
		[REG_EV_FAIL_NEXT] = { REG_LOOP, I },
		[REG_EV_PROBLEM] = { REG_LOOP, I },
		[REG_EV_HARD] = { REG_PAUSE, reg_hard },
		[REG_EV_SOFT] = { REG_LOOP, I },
	},
	[REG_LEAVING] = {
		[REG_EV_START] = { REG_ASKING, reg_start },
		[REG_EV_STOP] = { REG_LEAVING, I },
		[REG_EV_COPY] = { REG_LEAVING, I },
		[REG_EV_COPY_NEXT] = { REG_LEAVING, I },
		[REG_EV_GONE] = { REG_OFF, reg_off },
		[REG_EV_TIMER] = { REG_LEAVING, reg_leave_more },
		[REG_EV_FAIL_ALONE] = { REG_OFF, reg_off_unheard },
		[REG_EV_FAIL_FIRST] = { REG_OFF, reg_off_unheard },
		[REG_EV_FAIL_AGAIN] = { REG_OFF, reg_off_unheard },
		[REG_EV_FAIL_NEXT] = { REG_LEAVING, I },
		[REG_EV_PROBLEM] = { REG_LEAVING, I },
		[REG_EV_HARD] = { REG_LEAVING, I },
		[REG_EV_SOFT] = { REG_LEAVING, I },
	},
};
#undef I
#undef V

/* --- what makes the events */

/* An attempt at the current MARS failed: is there another, and was it tried? */
static void
reg_attempt_failed(struct client *c, const char *why)
{
	c->reg.why = why;
	if (c->servers.n == 1)
		reg_event(c, REG_EV_FAIL_ALONE);
	else if (c->reg.failures == 0)
		reg_event(c, REG_EV_FAIL_FIRST);
	else
		reg_event(c, REG_EV_FAIL_AGAIN);
}

/* failure is declared one interval after the fifth retransmission. */
static void
reg_timer(void *arg)
{
	struct client *c = arg;
	bool out = c->reg.state == REG_ASKING ||
	    c->reg.state == REG_MOVING || c->reg.state == REG_LEAVING;

	if (!out || c->reg.sent <= c->t.rexmt_limit)
		reg_event(c, REG_EV_TIMER);
	else if (c->reg.state == REG_MOVING)
		reg_event(c, REG_EV_FAIL_NEXT);
	else
		reg_attempt_failed(c, "no answer");
}

static void
reg_map_silent(void *arg)
{
	reg_problem(arg, "no MARS_REDIRECT_MAP");
}

void
reg_init(struct client *c)
{
	c->reg = (struct registration){ .state = REG_OFF, .why = "" };
	timer_init(&c->reg.timer, reg_timer, c);
	timer_init(&c->reg.map, reg_map_silent, c);
}

/* 5.4: why we think that something is wrong with the MARS */
void
reg_problem(struct client *c, const char *why)
{
	c->reg.why = why;
	reg_event(c, REG_EV_PROBLEM);
}

void
reg_call_failed(struct client *c, struct marsvc *m)
{
	if (m == c->next)
		reg_event(c, REG_EV_FAIL_NEXT);
	else
		reg_attempt_failed(c, "no circuit");
}

/*
 * Section 5.2.2 decides what a copy is.  current: it came from the MARS that
 * we use; otherwise from the target of a soft redirect.
 */
bool
reg_copy(struct client *c, const struct mars_msg *m, bool current)
{
	enum reg_state want = current ? REG_ASKING : REG_MOVING;

	if ((m->flags & MARS_F_REGISTER) == 0 ||
	    (m->flags & MARS_F_PUNCHED) != 0 ||
	    (m->flags & MARS_F_COPY) == 0 || m->pnum != 1 || m->tpln != 0 ||
	    !client_is_self(c, &m->src))
		return false;
	if (c->role->test_sequence &&
	    (m->flags & MARS_F_SEQUENCE) != c->reg.sequence)
		return false;
	if (m->op == c->role->leave) {
		if (c->reg.state == REG_LEAVING)
			reg_event(c, REG_EV_GONE);
		return true;
	}
	if (m->op != c->role->join)
		return false;
	if (c->reg.state == want) {
		c->reg.cmi = m->cmi;
		hsn_load(&c->hsn, m->msn);	/* */
	}
	reg_event(c, current ? REG_EV_COPY : REG_EV_COPY_NEXT);
	return true;
}

/*
 * A complete MARS_REDIRECT_MAP of the current MARS (5.4.3).  Its first entry
 * is where we should be.
 */
void
reg_map(struct client *c, bool hard, const struct atm_addr *v, size_t n)
{
	if (n == 0)
		return;
	if (reg_is_on(c))
		reg_map_wait(c);
	if (servers_learn(&c->servers, v, n) == -1) {
		client_no_memory(c, "the table of MARSs");
		return;
	}
	if (!atm_equal(&v[0], servers_current(&c->servers)))
		reg_event(c, hard ? REG_EV_HARD : REG_EV_SOFT);
}
