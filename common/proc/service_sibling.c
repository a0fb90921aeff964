/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The channel between marsd and scspd: what they keep in step (replica.h). */
#include <string.h>

#include "ipc.h"
#include "log.h"
#include "service_parts.h"

static void
sibling_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct service *s = arg;
	struct replica_msg m;
	bool ok = fd == -1 && type == IMSG_REPLICA && r->left != 0;

	timers_clock(&s->loop.timers);
	while (ok && r->left != 0)
		ok = replica_next(&m, &type, r) &&
		    s->hooks->replica(s->arg, type, &m);
	if (!ok)
		fatalx("malformed message of type %u from %s", type,
		    s->hooks->sibling);
}

/*
 * Enters and leaves congestion.  That is looked at where messages are queued
 * and where they have been read, so that it is always known.
 */
static void
look_at_queue(struct service *s)
{
	uint32_t queued = channel_queued(&s->sibling);

	if (s->congested ? queued >= SIBLING_LOW : queued <= SIBLING_HIGH)
		return;
	s->congested = !s->congested;
	if (s->congested)
		s->congestions++;
	log_debug("%u messages wait for %s: what makes more of them %s",
	    queued, s->hooks->sibling,
	    s->congested ? "is not taken" : "is taken again");
}

/* The two databases would differ for ever if it could not be sent. */
static void
hand_over(struct service *s)
{
	if (channel_send_now(&s->sibling, IMSG_REPLICA, -1, s->told,
	    s->telling.len) == -1)
		fatal("message for %s", s->hooks->sibling);
	s->telling.len = 0;
	look_at_queue(s);
}

/* While others wait, what gathers can't be read any earlier by being sent. */
void
service_sibling_turn(struct service *s)
{
	if (s->sibling.open && s->telling.len != 0 &&
	    channel_queued(&s->sibling) == 0)
		hand_over(s);
}

bool
service_sibling_waits(const struct service *s)
{
	return s->sibling.open &&
	    (s->telling.len != 0 || channel_queued(&s->sibling) != 0);
}

static void
sibling_drained(void *arg)
{
	struct service *s = arg;

	s->heard++;
	look_at_queue(s);
	service_sibling_turn(s);
}

/*
 * A sibling that does not read: the two databases will differ more and more,
 * so the suite ends, and whoever supervises it starts it anew.  What gathers in
 * this turn does not wait for the sibling: a timer that is due whenever this
 * one is has something to say each time, and nobody tells of what was written
 * at once.
 */
static void
on_sibling_look(void *arg)
{
	struct service *s = arg;
	uint32_t queued = channel_queued(&s->sibling);

	if (queued == 0 || s->heard != s->heard_before)
		s->unheard = 0;
	else if (++s->unheard >= SIBLING_WAIT)
		fatalx("%s has read nothing for %d s, and %u messages wait: "
		    "%s can't go on alone",
		    s->hooks->sibling, SIBLING_WAIT, queued, s->hooks->name);
	s->heard_before = s->heard;
	timer_set(&s->loop.timers, &s->sibling_look, MTIME_SEC(1));
}

void
service_sibling_open(struct service *s)
{
	if (channel_open(&s->sibling, s->loop.base, s->sibling_fd, false,
	    REPLICA_MAX, s->hooks->sibling, sibling_message,
	    service_sibling_closed, s) == -1)
		fatal("channel to %s", s->hooks->sibling);
	s->sibling.drained = sibling_drained;
	wr_init(&s->telling, s->told, sizeof(s->told));
	timer_init(&s->sibling_look, on_sibling_look, s);
	timer_set(&s->loop.timers, &s->sibling_look, MTIME_SEC(1));
}

void
service_sibling_close(struct service *s)
{
	if (!s->sibling.open)
		return;
	timer_clear(&s->loop.timers, &s->sibling_look);
	channel_close(&s->sibling);
	s->congested = false;
}

bool
service_congested(const struct service *s)
{
	return s->congested;
}

void
service_replicate(struct service *s, uint32_t type, const struct replica_msg *m)
{
	if (!s->sibling.open)
		return; /* it has gone, and this process will end too */
	if (replica_put(&s->telling, type, m))
		return;
	if (s->telling.len != 0)
		hand_over(s);
	if (!replica_put(&s->telling, type, m))
		fatalx("message of type %u for %s is too long", type,
		    s->hooks->sibling);
}

void
service_replicate_keys(struct service *s, uint32_t type, uint16_t sgid,
    const uint8_t oid[4], const uint32_t *keys, uint32_t n)
{
	struct replica_msg m = { .sgid = sgid };
	uint32_t i;

	memcpy(m.oid, oid, sizeof(m.oid));
	for (i = 0; i < n; i += m.nkeys) {
		m.keys = keys + i;
		m.nkeys = n - i < REPLICA_KEYS_MAX ? n - i : REPLICA_KEYS_MAX;
		service_replicate(s, type, &m);
	}
}
