/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "data.h"

static void
reply_end(struct marsc_reply *r)
{
	struct marsc *c = r->end.client;

	TAILQ_REMOVE(&c->replies, r, entry);
	c->nreplies--;
	timer_clear(c->ts, &r->idle);
	if (r->vc != NULL)
		vc_release(r->vc, VC_CAUSE_NORMAL);
	vc_sdu_free(r->held);
	free(r);
}

static void
reply_idle(void *arg)
{
	reply_end(arg);
}

static struct marsc_reply *
reply_new(struct marsc *c, const struct atm_addr *to)
{
	struct marsc_reply *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->end = (struct marsc_end){ MARSC_END_REPLY, c };
	r->to = *to;
	timer_init(&r->idle, reply_idle, r);
	TAILQ_INSERT_TAIL(&c->replies, r, entry);
	c->nreplies++;
	r->vc = vc_multi(c->host->link, &r->end);
	if (r->vc == NULL || vc_multi_add(r->vc, to, &r->end) == NULL) {
		reply_end(r);
		return NULL;
	}
	return r;
}

static struct marsc_reply *
reply_find(struct marsc *c, const struct atm_addr *to)
{
	struct marsc_reply *r;

	TAILQ_FOREACH(r, &c->replies, entry)
		if (atm_addr_equal(&r->to, to))
			break;
	return r;
}

void
marsc_reply_up(struct marsc_reply *r)
{
	struct vc_sdu *s = r->held;

	r->up = true;
	r->held = NULL;
	if (s != NULL && vc_send(r->vc, s) == -1)
		r->end.client->drops[MARSC_DROP_CIRCUIT]++;
}

void
marsc_reply_lost(struct marsc_reply *r)
{
	if (r->held != NULL)
		r->end.client->drops[MARSC_DROP_CIRCUIT]++;
	reply_end(r);
}

void
marsc_reply_released(struct marsc_reply *r)
{
	r->vc = NULL;
	marsc_reply_lost(r);
}

void
marsc_reply_free(struct marsc *c)
{
	struct marsc_reply *r;

	while ((r = TAILQ_FIRST(&c->replies)) != NULL)
		reply_end(r);
}

static struct marsc_sent
reply_dropped(struct marsc *c, enum marsc_drop why)
{
	c->drops[why]++;
	return (struct marsc_sent){ .outcome = MARSC_SENT_DROPPED, .why = why };
}

struct marsc_sent
marsc_transmit_to(struct marsc *c, const struct atm_addr *to,
    const void *packet, size_t len)
{
	struct marsc_reply *r = reply_find(c, to);
	struct vc_sdu *s;

	if (c->host->link == NULL || marsc_is_self(c, to))
		return reply_dropped(c, MARSC_DROP_CIRCUIT);
	if (r == NULL && c->nreplies == MARSC_REPLIES)
		return reply_dropped(c, MARSC_DROP_BUSY);
	if (r != NULL && r->held != NULL)
		return reply_dropped(c, MARSC_DROP_HELD);
	if ((s = marsc_data_sdu(c, packet, len)) == NULL)
		return reply_dropped(c, MARSC_DROP_MEMORY);
	marsc_data_head(c, s); /* 5.5: as to a group */
	if (r == NULL && (r = reply_new(c, to)) == NULL) {
		vc_sdu_free(s);
		return reply_dropped(c, MARSC_DROP_MEMORY);
	}
	timer_set(c->ts, &r->idle, MARSC_REPLY_IDLE);
	if (!r->up) {
		r->held = s;
		return (struct marsc_sent){ .outcome = MARSC_SENT_HELD };
	}
	if (vc_send(r->vc, s) == -1)
		return reply_dropped(c, MARSC_DROP_CIRCUIT);
	return (struct marsc_sent){ .outcome = MARSC_SENT_OUT, .members = 1 };
}
