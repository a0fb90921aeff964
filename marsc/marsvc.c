/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The transient circuit between a client and its MARS (RFC 2022 section 5):
 * the first message opens it, and it is dismantled when it has been idle.
 * That it is gone means nothing by itself; that it can't be established is a
 * problem with the MARS (5.4).
 */
#include <stdlib.h>

#include "client_impl.h"
#include "llc.h"

/* Fixed part, three addresses, one pair; we send no TLVs. */
#define MESSAGE_MAX	512

static void
marsvc_idle(void *arg)
{
	struct marsvc *m = arg;

	marsvc_close(m);
}

void
marsvc_init(struct marsvc *m, struct client *c)
{
	*m = (struct marsvc){ .end = { END_MARS, c } };
	STAILQ_INIT(&m->held);
	timer_init(&m->idle, marsvc_idle, m);
}

/* From now on the circuit goes to this MARS. */
void
marsvc_aim(struct marsvc *m, const struct atm_addr *to)
{
	if (m->vc != NULL && atm_equal(&m->addr, to))
		return;
	marsvc_close(m);
	m->addr = *to;
}

static void
marsvc_discard(struct marsvc *m)
{
	struct held *h;

	while ((h = STAILQ_FIRST(&m->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->held, entry);
		sdu_free(h->sdu);
		free(h);
	}
}

void
marsvc_close(struct marsvc *m)
{
	timer_clear(m->end.client->ts, &m->idle);
	marsvc_discard(m);
	if (m->vc != NULL)
		vc_release(m->vc, CAUSE_NORMAL);
	m->vc = NULL;
	m->up = false;
}

/* The circuit was released by the other end, or never came up. */
void
marsvc_lost(struct marsvc *m)
{
	m->vc = NULL;
	marsvc_close(m);
}

static struct sdu *
marsvc_sdu(const struct mars_msg *msg)
{
	uint8_t buf[MESSAGE_MAX];
	size_t len;

	llc_encode(buf, LLC_OUI_IANA, LLC_PID_MARS);
	len = mars_encode(msg, buf + LLC_LEN, sizeof(buf) - LLC_LEN);
	return len == 0 ? NULL : sdu_new(buf, LLC_LEN + len);
}

/*
 * Sends a message, once the circuit is there.  What is lost is sent again by
 * its own retransmission timer, so no error comes from here.
 */
void
marsvc_send(struct marsvc *m, const struct mars_msg *msg)
{
	struct client *c = m->end.client;
	struct sdu *s;
	struct held *h;

	if (c->link == NULL)
		return;
	if (m->vc == NULL)
		m->vc = vc_call(c->link, &m->addr, &m->end);
	if (m->vc == NULL || (s = marsvc_sdu(msg)) == NULL) {
		client_no_memory(c, "a message to the MARS");
		return;
	}
	timer_set(c->ts, &m->idle, c->t.mars_idle);
	if (m->up) {
		(void)vc_send(m->vc, s);
		return;
	}
	if ((h = malloc(sizeof(*h))) == NULL) {
		sdu_free(s);
		client_no_memory(c, "a message to the MARS");
		return;
	}
	h->sdu = s;
	STAILQ_INSERT_TAIL(&m->held, h, entry);
}

/* L_ACK: what has waited goes out, in its order. */
void
marsvc_up(struct marsvc *m)
{
	struct held *h;

	m->up = true;
	while ((h = STAILQ_FIRST(&m->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&m->held, entry);
		(void)vc_send(m->vc, h->sdu);
		free(h);
	}
}
