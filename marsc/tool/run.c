/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The list of commands.  Every client runs the same command; the next one
 * begins when all are done.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"
#include "tool.h"

#define STARTS_A_TURN	64	/* clients that begin a command at once */
#define POLL_AGAIN	MTIME_MS(200)	/* `expect` asks again */
#define LAST_WORDS	MTIME_SEC(3)	/* longest wait at the end */

static uint32_t
tool_random(void *arg)
{
	(void)arg;
	return arc4random();
}

void
marsc_tool_end(struct marsc_tool *t, int status)
{
	if (t->status == 0)
		t->status = status;
	t->ending = true;
	loop_end(&t->loop);
}

static void
tool_fail(struct marsc_tool *t, const char *why)
{
	marsc_print_text(&t->printer, "failed", why);
	marsc_tool_end(t, 1);
}

static void
member_done(struct marsc_member *m)
{
	struct marsc_tool *t = m->tool;

	if (m->done || t->ending)
		return;
	m->done = true;
	if (--t->pending == 0)
		t->advance = true;
}

static void
member_check(struct marsc_member *m, enum marsc_error e)
{
	if (e != MARSC_OK)
		tool_fail(m->tool, marsc_strerror(e));
}

/*
 * The members of a group that are connected: *n of them, to be freed, in
 * ascending order.  NULL: none.
 */
static struct atm_addr *
member_leaves(
    const struct marsc_member *m, const struct paddr *group, size_t *n)
{
	struct marsc_cursor at = { 0 };
	struct marsc_leaf_info info;
	struct atm_addr *v = NULL;

	*n = 0;
	while (marsc_leaves(m->client, group, &at, &info)) {
		if (!info.up)
			continue;
		if ((v = reallocarray(v, *n + 1, sizeof(*v))) == NULL)
			err(1, NULL);
		v[(*n)++] = info.addr;
	}
	return v;
}

/* What became of the packets that were sent: the notice of it, with members. */
static void
member_print_sent(const struct marsc_member *m, struct marsc_notice n)
{
	struct atm_addr *v = NULL;

	if (n.code == MARSC_NOTICE_SENT)
		v = member_leaves(m, n.min, &n.n);
	n.addrs = v;
	marsc_print_notice(&m->tool->printer, &m->addr, &n);
	free(v);
}

/* A packet that is held ends the command when it goes out, or is dropped. */
static void
member_send(struct marsc_member *m, const struct marsc_step *s)
{
	uint8_t buf[PACKET_HEAD_MAX + SCRIPT_TEXT_MAX];
	struct marsc_notice n = { .min = &s->min, .max = &s->min, .number = 1 };
	struct marsc_sent sent;
	struct wr w;

	wr_init(&w, buf, sizeof(buf));
	marsc_packet_write(&w, &m->addr, &s->min, s->text, strlen(s->text));
	sent = marsc_transmit(m->client, &s->min, buf, w.len);
	if (sent.outcome == MARSC_SENT_HELD && marsc_is_registered(m->client))
		return;
	if (sent.outcome == MARSC_SENT_OUT)
		n.code = MARSC_NOTICE_SENT;
	else {
		n.code = MARSC_NOTICE_NOT_SENT;
		n.why = sent.outcome == MARSC_SENT_HELD ? "not registered yet" :
		    marsc_drop_text(sent.why);
	}
	member_print_sent(m, n);
	if (sent.outcome == MARSC_SENT_DROPPED && sent.why == MARSC_DROP_MEMORY)
		member_check(m, MARSC_E_MEMORY);
	member_done(m);
}

static uint64_t
member_drops(const struct marsc_member *m, enum marsc_drop d)
{
	return marsc_drops(m->client, d) + marsc_host_drops(m->host, d);
}

void
marsc_tool_counters(struct marsc_tool *t)
{
	uint64_t sum[MARSC_DROP_MAX] = { 0 };
	size_t i;
	int d;

	for (i = 0; i < t->n; i++)
		for (d = 0; d < MARSC_DROP_MAX; d++)
			sum[d] +=
			    member_drops(&t->members[i], (enum marsc_drop)d);
	marsc_print_counters(&t->printer, t->n, sum);
}

/* Hands the current command to one client. */
static void
member_start(struct marsc_member *m)
{
	struct marsc_step *s = m->tool->step;
	struct marsc *c = m->client;

	switch (s->verb) {
	case MARSC_VERB_REGISTER:
		if (marsc_is_registered(c))
			member_done(m);
		else
			marsc_register(c);
		break;
	case MARSC_VERB_DEREGISTER:
		marsc_deregister(c);
		break;
	case MARSC_VERB_JOIN:
	case MARSC_VERB_SERVE:
		member_check(m, marsc_join(c, &s->min, &s->max, true));
		break;
	case MARSC_VERB_LEAVE:
	case MARSC_VERB_UNSERVE:
		member_check(m, marsc_leave(c, &s->min, &s->max));
		break;
	case MARSC_VERB_REQUEST:
		member_check(m, marsc_request(c, &s->min));
		break;
	case MARSC_VERB_GROUPLIST:
		member_check(m, marsc_grouplist(c, &s->min, &s->max));
		break;
	case MARSC_VERB_SEND:
		member_send(m, s);
		break;
	default:
		break;
	}
}

/* Thousands of clients begin a few at a time, so that no queue overflows. */
static void
tool_start_some(void *arg)
{
	struct marsc_tool *t = arg;
	size_t i;

	for (i = 0; i < STARTS_A_TURN && t->started < t->n && !t->ending; i++)
		member_start(&t->members[t->started++]);
	if (t->started < t->n)
		timer_set(&t->loop.timers, &t->starter, MTIME_MS(2));
}

static void
tool_begin(struct marsc_tool *t, struct marsc_step *s)
{
	size_t i;

	t->step = s;
	if (s == NULL) {
		if (!t->input.open)
			marsc_tool_end(t, 0);
		return; /* else the next one is on its way */
	}
	t->done = s;
	t->started = 0;
	t->pending = t->n;
	for (i = 0; i < t->n; i++)
		t->members[i].done = false;
	switch (s->verb) {
	case MARSC_VERB_ECHO:
		marsc_print_text(&t->printer, "echo", s->text);
		t->advance = true;
		break;
	case MARSC_VERB_COUNTERS:
		marsc_tool_counters(t);
		t->advance = true;
		break;
	case MARSC_VERB_WAIT:
		timer_set(&t->loop.timers, &t->timer, s->us);
		break;
	case MARSC_VERB_EXPECT:
		t->deadline.us = t->loop.timers.now.us + s->us;
		member_check(&t->members[0],
		    marsc_request(t->members[0].client, &s->min));
		break;
	case MARSC_VERB_STAY:
		break;
	default:
		tool_start_some(t);
		break;
	}
}

static void
tool_timer(void *arg)
{
	struct marsc_tool *t = arg;

	if (t->step == NULL)
		return;
	if (t->step->verb == MARSC_VERB_WAIT)
		t->advance = true;
	else if (t->step->verb == MARSC_VERB_EXPECT)
		member_check(&t->members[0],
		    marsc_request(t->members[0].client, &t->step->min));
}

/*
 * The answer to the question of `expect'.  It is asked again until it is as
 * expected, or until it is too late.
 */
static void
tool_expected(struct marsc_tool *t, const struct atm_addr *v, size_t n)
{
	struct marsc_step *s = t->step;

	if (marsc_script_same(s->addrs, s->naddrs, v, n))
		t->advance = true;
	else if (mtime_diff(t->loop.timers.now, t->deadline) <= 0)
		tool_fail(t, "these are not the members expected");
	else
		timer_set(&t->loop.timers, &t->timer, POLL_AGAIN);
}

/* --- from the clients */

static bool
step_is(const struct marsc_tool *t, const struct marsc_notice *n)
{
	return t->step != NULL && n->min != NULL && n->max != NULL &&
	    paddr_equal(n->min, &t->step->min) &&
	    paddr_equal(n->max, &t->step->max);
}

/* Ends the current command for its client where the notice says that it has. */
static void
member_follow(struct marsc_member *m, const struct marsc_notice *n)
{
	static const struct {
		enum marsc_verb verb;
		enum marsc_notice_code code;
		bool range;
	} ends[] = {
		{ MARSC_VERB_REGISTER, MARSC_NOTICE_REGISTERED, false },
		{ MARSC_VERB_DEREGISTER, MARSC_NOTICE_DEREGISTERED, false },
		{ MARSC_VERB_JOIN, MARSC_NOTICE_JOINED, true },
		{ MARSC_VERB_SERVE, MARSC_NOTICE_JOINED, true },
		{ MARSC_VERB_LEAVE, MARSC_NOTICE_LEFT, true },
		{ MARSC_VERB_UNSERVE, MARSC_NOTICE_LEFT, true },
		{ MARSC_VERB_REQUEST, MARSC_NOTICE_MEMBERS, true },
		{ MARSC_VERB_GROUPLIST, MARSC_NOTICE_GROUPS, true },
		{ MARSC_VERB_SEND, MARSC_NOTICE_SENT, true },
		{ MARSC_VERB_SEND, MARSC_NOTICE_NOT_SENT, true },
	};
	struct marsc_tool *t = m->tool;
	size_t i;

	if (t->step == NULL || t->ending)
		return;
	if (n->code == MARSC_NOTICE_NO_MARS &&
	    t->step->verb != MARSC_VERB_STAY &&
	    t->step->verb != MARSC_VERB_WAIT)
		tool_fail(t, "no MARS answers");
	else if (n->code == MARSC_NOTICE_QUERY_FAILED && step_is(t, n))
		tool_fail(t, "no answer");
	else if (n->code == MARSC_NOTICE_MEMBERS &&
	    t->step->verb == MARSC_VERB_EXPECT && step_is(t, n) &&
	    m == &t->members[0])
		tool_expected(t, n->addrs, n->n);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].verb == t->step->verb && ends[i].code == n->code &&
		    (!ends[i].range || step_is(t, n)))
			member_done(m);
}

static void
member_notice(void *arg, struct marsc *c, const struct marsc_notice *notice)
{
	struct marsc_member *m = arg;
	struct marsc_notice n = *notice;
	struct atm_addr *sorted = NULL;

	(void)c;
	if (n.code == MARSC_NOTICE_MEMBERS && n.n > 0) {
		sorted = reallocarray(NULL, n.n, sizeof(*sorted));
		if (sorted == NULL)
			err(1, NULL);
		memcpy(sorted, n.addrs, n.n * sizeof(*sorted));
		marsc_script_sort(sorted, n.n);
		n.addrs = sorted;
	}
	if (n.code == MARSC_NOTICE_SENT)
		member_print_sent(m, n);
	else
		marsc_print_notice(&m->tool->printer, &m->addr, &n);
	member_follow(m, &n);
	free(sorted);
}

static void
member_packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	struct marsc_member *m = arg;

	(void)c;
	marsc_print_packet(&m->tool->printer, &m->addr, p->data, p->len);
}

const struct marsc_ops marsc_tool_ops = {
	.random = tool_random,
	.notice = member_notice,
	.packet = member_packet,
};

/* --- the loop */

static void
tool_flush(struct marsc_tool *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		vc_flush(t->members[i].link);
}

static void
tool_turn(void *arg)
{
	struct marsc_tool *t = arg;

	while (t->advance && !t->ending) {
		t->advance = false;
		tool_begin(t,
		    t->done == NULL ? STAILQ_FIRST(&t->script) :
		    STAILQ_NEXT(t->done, entry));
	}
	tool_flush(t);
}

void
marsc_tool_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	marsc_tool_end(arg, 0);
}

static void
last_turn(void *arg)
{
	struct marsc_tool *t = arg;
	size_t i;

	tool_flush(t);
	for (i = 0; i < t->n; i++)
		if (!t->members[i].done)
			return;
	loop_end(&t->loop);
}

static void
last_notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	struct marsc_member *m = arg;

	(void)c;
	if (n->code != MARSC_NOTICE_DEREGISTERED)
		return;
	marsc_print_notice(&m->tool->printer, &m->addr, n);
	m->done = true;
}

static void
last_timeout(void *arg)
{
	struct marsc_tool *t = arg;

	loop_end(&t->loop);
}

static const struct marsc_ops last_ops = {
	.random = tool_random,
	.notice = last_notice,
};

/* Clients that are registered deregister; we wait for it, but not for long. */
static void
tool_last_words(struct marsc_tool *t)
{
	struct timer limit;
	size_t i;

	t->loop.ended = false;
	timer_init(&limit, last_timeout, t);
	timer_set(&t->loop.timers, &limit, LAST_WORDS);
	for (i = 0; i < t->n; i++) {
		marsc_host_set_ops(t->members[i].host, &last_ops);
		t->members[i].done = !marsc_is_registered(t->members[i].client);
		if (!t->members[i].done)
			marsc_deregister(t->members[i].client);
	}
	last_turn(t);
	loop_run(&t->loop, last_turn, t);
	tool_flush(t);
	timer_clear(&t->loop.timers, &limit);
}

void
marsc_tool_init(struct marsc_tool *t)
{
	timer_init(&t->timer, tool_timer, t);
	timer_init(&t->starter, tool_start_some, t);
}

void
marsc_tool_run(struct marsc_tool *t)
{
	marsc_input_begin(t);
	tool_begin(t, STAILQ_FIRST(&t->script));
	tool_flush(t); /* the first turn waits before it sends */
	loop_run(&t->loop, tool_turn, t);
	marsc_input_end(t);
	tool_last_words(t);
}
