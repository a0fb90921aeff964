/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vc_port.h"

#define READS	64	/* frames before others have a turn */

struct vc_port_sdu {
	STAILQ_ENTRY(vc_port_sdu) entry;
	struct vc_sdu		*sdu;
	void			*whose;
	mtime_t			 since;
};

/* malloc(3) adds up to 24 octets to each */
_Static_assert(sizeof(struct vc_port_sdu) + sizeof(struct vc_sdu) + 2 * 24 <=
    VC_SDU_KEPT, "an SDU");

/* One octet more than the longest frame, so that a longer one is noticed. */
static uint8_t input[VC_SDU_MAX + 1];

bool
vc_counters_get(
    const struct vc_counters *c, size_t i, const char **name, uint64_t *value)
{
	static const struct {
		const char *name;
		size_t offset;
	} all[] = {
#define X(member, text) { text, offsetof(struct vc_counters, member) },
		VC_COUNTERS(X)
#undef X
	};

	if (i >= sizeof(all) / sizeof(all[0]))
		return false;
	*name = all[i].name;
	memcpy(value, (const uint8_t *)c + all[i].offset, sizeof(*value));
	return true;
}

static void
dequeue(struct vc_port *p, enum vc_port_prio prio, bool was_sent)
{
	struct vc_port_sdu *q = STAILQ_FIRST(&p->queue[prio].sdus);

	STAILQ_REMOVE_HEAD(&p->queue[prio].sdus, entry);
	p->queue[prio].many--;
	if (was_sent) {
		p->counters->sdus_out++;
		p->counters->octets_out += q->sdu->len;
	} else
		p->counters->sdus_dropped++;
	p->ops->gone(p->arg, q->whose, prio, q->sdu->len, was_sent);
	vc_sdu_free(q->sdu);
	free(q);
}

static void
drop_old(struct vc_port *p, enum vc_port_prio prio)
{
	struct vc_port_sdu *q;

	while ((q = STAILQ_FIRST(&p->queue[prio].sdus)) != NULL &&
	    mtime_diff(q->since, p->timers->now) > VC_QUEUE_TIME)
		dequeue(p, prio, false);
}

/* False: the descriptor takes nothing now. */
static bool
flush_prio(struct vc_port *p, enum vc_port_prio prio)
{
	struct vc_port_sdu *q;
	ssize_t n;

	drop_old(p, prio);
	while ((q = STAILQ_FIRST(&p->queue[prio].sdus)) != NULL) {
		n = send(p->fd, q->sdu->data, q->sdu->len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		dequeue(p, prio, n != -1);
	}
	return true;
}

/* A send that fails loses the frame; that the port is lost, reading shows. */
void
vc_port_flush(struct vc_port *p)
{
	if (p->fd == -1 || p->held)
		return;
	if (!flush_prio(p, VC_PORT_ANSWER) || !flush_prio(p, VC_PORT_COPY))
		event_add(&p->writable, NULL);
}

void
vc_port_forget(struct vc_port *p, const void *whose)
{
	struct vc_port_sdu *q;
	int prio;

	if (p->fd == -1)
		return;
	for (prio = 0; prio < VC_PORT_PRIOS; prio++)
		STAILQ_FOREACH(q, &p->queue[prio].sdus, entry)
			if (q->whose == whose)
				q->whose = NULL;
}

static void
vc_port_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	vc_port_flush(arg);
}

int
vc_port_send(
    struct vc_port *p, enum vc_port_prio prio, void *whose, struct vc_sdu *s)
{
	struct vc_port_sdu *q;

	if (s->len > VC_SDU_MAX)
		p->counters->sdus_too_big++;
	else if (p->fd == -1 || p->queue[prio].many >= VC_PORT_QUEUE_MAX ||
	    (q = malloc(sizeof(*q))) == NULL)
		p->counters->sdus_dropped++;
	else {
		q->sdu = s;
		q->whose = whose;
		q->since = p->timers->now;
		STAILQ_INSERT_TAIL(&p->queue[prio].sdus, q, entry);
		p->queue[prio].many++;
		return 0;
	}
	vc_sdu_free(s);
	return -1;
}

/* One frame; false: there is no more for now. */
static bool
vc_port_receive(struct vc_port *p)
{
	ssize_t n;

	/* no other flag: AF_ATMSVC refuses all but this one */
	n = recv(p->fd, input, sizeof(input), MSG_DONTWAIT);
	if (n == -1 && errno == EINTR)
		return true;
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n <= 0) {
		p->ops->lost(p->arg, n == 0 ? 0 : errno);
		return false;
	}
	p->last = p->timers->now;
	if (n > VC_SDU_MAX) {
		p->counters->sdus_too_big++;
		return true;
	}
	p->counters->sdus_in++;
	p->counters->octets_in += (uint64_t)n;
	p->ops->sdu(p->arg, input, (size_t)n);
	return true;
}

static void
vc_port_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct vc_port *p = arg;
	int i;

	(void)fd;
	(void)what;
	timers_clock(p->timers);
	for (i = 0; i < READS && p->fd != -1 && vc_port_receive(p); i++)
		;
}

int
vc_port_open(struct vc_port *p, struct event_base *base, struct timers *ts,
    int fd, struct vc_counters *counters, const struct vc_port_ops *ops,
    void *arg)
{
	memset(p, 0, sizeof(*p));
	p->fd = -1;
	p->ops = ops;
	p->arg = arg;
	p->timers = ts;
	p->counters = counters;
	p->last = ts->now;
	STAILQ_INIT(&p->queue[VC_PORT_ANSWER].sdus);
	STAILQ_INIT(&p->queue[VC_PORT_COPY].sdus);
	if (event_assign(&p->readable, base, fd, EV_READ | EV_PERSIST,
	    vc_port_on_readable, p) == -1 ||
	    event_assign(&p->writable, base, fd, EV_WRITE, vc_port_on_writable,
	    p) == -1 ||
	    event_add(&p->readable, NULL) == -1)
		return -1;
	p->fd = fd;
	return 0;
}

void
vc_port_close(struct vc_port *p)
{
	enum vc_port_prio prio;

	if (p->fd == -1)
		return;
	vc_port_flush(p);
	(void)event_del(&p->readable);
	(void)event_del(&p->writable);
	for (prio = 0; prio < VC_PORT_PRIOS; prio++)
		while (p->queue[prio].many > 0)
			dequeue(p, prio, false);
	(void)close(p->fd);
	p->fd = -1;
}

void
vc_port_hold(struct vc_port *p, bool hold)
{
	p->held = hold;
	if (!hold)
		vc_port_flush(p);
}

void
vc_port_pause(struct vc_port *p, bool pause)
{
	if (p->fd == -1)
		return;
	if (pause)
		(void)event_del(&p->readable);
	else
		(void)event_add(&p->readable, NULL);
}
