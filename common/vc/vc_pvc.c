/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <unistd.h>

#include "vc_atm.h"
#include "vc_pvc.h"

#define LINE_AGAIN	MTIME_SEC(2)	/* after it was lost */

struct vc_pvc;
struct vc_pvc_line {
	TAILQ_ENTRY(vc_pvc_line) entry;
	struct vc_pvc		*pvc;
	struct atm_addr		 peer;
	struct vc_port		 port;
	TAILQ_HEAD(, vc_atm_circuit) circuits;	/* that are up */
	struct timer		 again;
};
TAILQ_HEAD(vc_pvc_lines, vc_pvc_line);

struct vc_pvc {
	struct vc_atm		 atm;
	struct vc_pvc_params	 params;
	/* configured by hand, so that there are few: a list will do */
	struct vc_pvc_lines	 lines, removed;
	struct timer		 later;		/* frees lines in removed */
};

static struct vc_pvc *
pvc_of(struct vc_atm *a)
{
	return (struct vc_pvc *)(void *)a;
}

static struct vc_pvc *
link_pvc(const struct vc_link *l)
{
	return pvc_of(vc_atm_of(l));
}

static struct vc_pvc_line *
line_find(const struct vc_pvc *p, const struct atm_addr *peer)
{
	struct vc_pvc_line *line;

	TAILQ_FOREACH(line, &p->lines, entry)
		if (atm_addr_equal(&line->peer, peer))
			return line;
	return NULL;
}

/* --- circuits */

static void
circuit_join(struct vc_atm_circuit *c, struct vc_pvc_line *line)
{
	c->line = line;
	c->port = &line->port;
	TAILQ_INSERT_TAIL(&line->circuits, c, of_line);
}

static void
vc_pvc_circuit_close(struct vc_atm_circuit *c)
{
	if (c->line != NULL) {
		TAILQ_REMOVE(&c->line->circuits, c, of_line);
		/* nobody else may have something to send on the line */
		vc_port_flush(&c->line->port);
		vc_port_forget(&c->line->port, c);
	}
	c->line = NULL;
}

static void
vc_pvc_circuit_ask(struct vc_atm_circuit *c)
{
	struct vc_pvc_line *line = line_find(pvc_of(c->atm), &c->peer);

	c->atm->asked--;
	if (line != NULL) {
		circuit_join(c, line);
		vc_atm_step(c, VC_ATM_EV_OPENED);
		return;
	}
	c->cause = VC_CAUSE_UNALLOCATED;
	vc_atm_step(c, VC_ATM_EV_FAILED);
}

/* --- what comes in */

/*
 * Which of the circuits on the line an SDU is for.  Nothing in it says that.
 * The end of a point-to-multipoint call goes first, since a user who has one
 * treats what comes on it in a way of its own; then any call.
 */
static struct vc_atm_circuit *
receiver(struct vc_pvc_line *line)
{
	struct vc_atm_circuit *c, *call = NULL;

	TAILQ_FOREACH(c, &line->circuits, of_line) {
		if (c->kind == VC_ATM_LEAF_END)
			return c;
		if (call == NULL && c->kind != VC_ATM_LEAF)
			call = c;
	}
	return call;
}

static struct vc_atm_circuit *
offer(struct vc_pvc_line *line, enum vc_atm_kind kind)
{
	struct vc_atm_circuit *c;

	c = vc_atm_new(&line->pvc->atm, kind, &line->peer, VC_ATM_UP);
	if (c == NULL)
		return NULL;
	circuit_join(c, line);
	return vc_atm_offer(c) ? c : NULL;
}

static void
line_sdu(void *arg, const uint8_t *p, size_t len)
{
	struct vc_pvc_line *line = arg;
	struct vc_atm *a = &line->pvc->atm;
	struct vc_atm_circuit *c;

	vc_atm_enter(a);
	if ((c = receiver(line)) == NULL &&
	    (c = offer(line, VC_ATM_IN)) == NULL)
		c = offer(line, VC_ATM_LEAF_END);
	if (c != NULL)
		vc_atm_sdu(c, p, len);
	else
		a->counters.sdus_dropped++;
	vc_atm_leave(a);
}

/* The interface has gone.  Circuits stay, and lose what is sent on them. */
static void
line_lost(void *arg, int error)
{
	struct vc_pvc_line *line = arg;

	(void)error;
	line->pvc->atm.counters.cleared++;
	vc_port_close(&line->port);
	timer_set(line->pvc->atm.timers, &line->again, LINE_AGAIN);
}

static void
line_gone(
    void *arg, void *whose, enum vc_port_prio prio, size_t len, bool was_sent)
{
	struct vc_pvc_line *line = arg;

	vc_atm_gone(&line->pvc->atm, whose, prio, len, was_sent);
}

static const struct vc_port_ops port_ops = { line_sdu, line_lost, line_gone };

static void
line_again(void *arg)
{
	struct vc_pvc_line *line = arg;
	struct vc_pvc *p = line->pvc;

	if (p->params.open(p->params.arg, &p->atm.link, &line->peer) == -1)
		timer_set(p->atm.timers, &line->again, LINE_AGAIN);
}

/* --- lines */

static void
line_free(struct vc_pvc_line *line)
{
	timer_clear(line->pvc->atm.timers, &line->again);
	vc_port_close(&line->port);
	free(line);
}

/* Those that were removed: no handler of theirs is running. */
static void
lines_free(void *arg)
{
	struct vc_pvc *p = arg;
	struct vc_pvc_line *line;

	while ((line = TAILQ_FIRST(&p->removed)) != NULL) {
		TAILQ_REMOVE(&p->removed, line, entry);
		line_free(line);
	}
}

static struct vc_pvc_line *
line_new(struct vc_pvc *p, const struct atm_addr *peer)
{
	struct vc_pvc_line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return NULL;
	line->pvc = p;
	line->peer = *peer;
	line->port.fd = -1;
	line->port.counters = &p->atm.counters;
	TAILQ_INIT(&line->circuits);
	timer_init(&line->again, line_again, line);
	TAILQ_INSERT_TAIL(&p->lines, line, entry);
	return line;
}

int
vc_pvc_line(struct vc_link *l, const struct atm_addr *peer, int fd)
{
	struct vc_pvc *p = link_pvc(l);
	struct vc_atm *a = &p->atm;
	struct vc_pvc_line *line = line_find(p, peer);

	if (line == NULL)
		line = line_new(p, peer);
	if (line != NULL && line->port.fd == -1 && fd != -1 &&
	    vc_port_open(&line->port, a->base, a->timers, fd, &a->counters,
	    &port_ops, line) == 0) {
		if (a->paused)
			vc_port_pause(&line->port, true);
		return 0;
	}
	if (fd != -1)
		(void)close(fd);
	if (line == NULL)
		return -1;
	if (line->port.fd == -1)
		timer_set(a->timers, &line->again, LINE_AGAIN);
	return 0;
}

void
vc_pvc_remove(struct vc_link *l, const struct atm_addr *peer)
{
	struct vc_pvc *p = link_pvc(l);
	struct vc_pvc_line *line = line_find(p, peer);
	struct vc_atm_circuit *c;

	if (line == NULL)
		return;
	TAILQ_REMOVE(&p->lines, line, entry);
	TAILQ_INSERT_TAIL(&p->removed, line, entry);
	vc_atm_enter(&p->atm);
	while ((c = TAILQ_FIRST(&line->circuits)) != NULL) {
		c->cause = VC_CAUSE_OUT_OF_ORDER;
		vc_atm_step(c, VC_ATM_EV_LOST);
	}
	vc_atm_leave(&p->atm);
	vc_port_close(&line->port);
	timer_set(p->atm.timers, &p->later, 0);
}

const struct atm_addr *
vc_pvc_peer(const struct vc_link *l, size_t nth)
{
	const struct vc_pvc_line *line;

	TAILQ_FOREACH(line, &link_pvc(l)->lines, entry)
		if (nth-- == 0)
			return &line->peer;
	return NULL;
}

/* --- links */

static void
pvc_destroy(struct vc_atm *a)
{
	struct vc_pvc *p = pvc_of(a);

	timer_clear(a->timers, &p->later);
	lines_free(p);
	free(p);
}

static void
pvc_close(struct vc_link *l)
{
	struct vc_pvc *p = link_pvc(l);
	struct vc_pvc_line *line;

	while ((line = TAILQ_FIRST(&p->lines)) != NULL) {
		TAILQ_REMOVE(&p->lines, line, entry);
		TAILQ_INSERT_TAIL(&p->removed, line, entry);
		vc_port_close(&line->port);
	}
	vc_atm_close(l);
}

static void
pvc_pause(struct vc_link *l, bool pause)
{
	struct vc_pvc *p = link_pvc(l);
	struct vc_pvc_line *line;

	p->atm.paused = pause;
	TAILQ_FOREACH(line, &p->lines, entry)
		vc_port_pause(&line->port, pause);
}

static bool
pvc_leads_to(const struct vc_link *l, const struct atm_addr *to)
{
	return line_find(link_pvc(l), to) != NULL;
}

static const struct vc_atm_ops ops = {
	.ask = vc_pvc_circuit_ask,
	.close = vc_pvc_circuit_close,
	.destroy = pvc_destroy,
};

static const struct vc_backend backend = {
	.name = "atm-pvc",
	.knows_caller = true,		/* the configuration says who it is */
	.call = vc_atm_call,
	.multi = vc_atm_multi,
	.multi_add = vc_atm_multi_add,
	.multi_drop = vc_atm_multi_drop,
	.release = vc_atm_release,
	.send = vc_atm_send,
	.peer = vc_atm_peer,
	.flush = vc_atm_flush,
	.close = pvc_close,
	.pause = pvc_pause,
	.counter = vc_atm_counter,
	.circuit = vc_atm_circuit,
	.backlog = vc_atm_backlog,
	.leads_to = pvc_leads_to,
};

struct vc_link *
vc_pvc_open(struct event_base *base, struct timers *ts,
    const struct atm_addr *local, const struct vc_pvc_params *params,
    const struct vc_user *user, void *arg)
{
	struct vc_pvc *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	vc_atm_init(
	    &p->atm, base, ts, &ops, &backend, local, UINT32_MAX, user, arg);
	p->params = *params;
	TAILQ_INIT(&p->lines);
	TAILQ_INIT(&p->removed);
	timer_init(&p->later, lines_free, p);
	return &p->atm.link;
}
