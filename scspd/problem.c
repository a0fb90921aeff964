/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What would otherwise be seen in counters alone: two servers that do not
 * find together, since one of them has been configured in another way.
 * Nothing of this is authentic, and nothing follows from it but a line.
 */
#include <string.h>

#include "ctl.h"
#include "neighbor.h"
#include "peer.h"
#include "problem.h"
#include "scsp.h"

static bool
is_ordinary(unsigned int code)
{
	return code == SCSP_EV_HELLO || code == SCSP_EV_ALIGN ||
	    code == SCSP_EV_KEY;
}

void
scsp_problem_note(
    struct scsp_problem *p, const struct scsp_event *ev, mtime_t now)
{
	if (is_ordinary(ev->code))
		return;
	memset(p, 0, sizeof(*p));
	p->set = true;
	p->code = ev->code;
	if (ev->why != NULL)
		(void)strlcpy(p->why, ev->why, sizeof(p->why));
	p->number = ev->number;
	p->has_spi = ev->has_spi;
	p->spi = ev->spi;
	if (ev->neighbor != NULL)
		p->addr = *ev->neighbor;
	p->at = now;
}

void
scsp_problem_show(struct wr *w, const struct scsp_problem *p, mtime_t now)
{
	static const char *const texts[SCSP_EV_MAX] = {
#define X(sym, text) [sym] = text,
		SCSP_EVENTS(X)
#undef X
	};
	char text[160] = "";

	if (!p->set) {
		ctl_null(w, "last-error");
		ctl_null(w, "last-error-address");
		ctl_null(w, "last-error-spi");
		ctl_null(w, "last-error-age");
		return;
	}
	(void)strlcpy(text, texts[p->code], sizeof(text));
	if (*p->why != '\0') {
		(void)strlcat(text, ": ", sizeof(text));
		(void)strlcat(text, p->why, sizeof(text));
	}
	ctl_string(w, "last-error", text);
	ctl_atm(w, "last-error-address", &p->addr);
	if (p->has_spi)
		ctl_uint(w, "last-error-spi", p->spi);
	else
		ctl_null(w, "last-error-spi");
	ctl_age(w, "last-error-age",
	    (uint64_t)(mtime_diff(p->at, now) / MTIME_SEC(1)));
}

/* One line, and each neighbor there remembers it: nobody knows which it is. */
static void
tell_all(struct scsp_peer *p, struct scsp_event *ev)
{
	struct scsp_neighbor *nb = TAILQ_FIRST(&p->neighbors);

	if (nb == NULL)
		return;
	scsp_neighbor_tell(nb, ev);
	TAILQ_FOREACH(nb, &p->neighbors, of_peer)
		scsp_problem_note(&nb->problem, ev, p->scsp->timers->now);
}

void
scsp_problem_group(struct scsp_peer *p, uint16_t sgid)
{
	struct scsp_event ev = { .code = SCSP_EV_GROUP, .number = sgid };

	tell_all(p, &ev);
}

void
scsp_problem_call(struct scsp_peer *p, uint16_t cause)
{
	struct scsp_event ev = {
		.code = cause == VC_CAUSE_REJECTED ? SCSP_EV_REJECTED :
		    SCSP_EV_CALL,
		.number = cause,
	};

	tell_all(p, &ev);
}

void
scsp_problem_stranger(struct scsp *s, const struct atm_addr *who)
{
	struct scsp_event ev = {
		.code = SCSP_EV_STRANGER, .pid = PID_MARS, .neighbor = who
	};

	scsp_problem_note(&s->problem, &ev, s->timers->now);
	if (quiet_stranger_pass(&s->strangers, who, ev.code, s->timers->now,
	    &ev.more))
		s->ops->event(s->arg, &ev);
}
