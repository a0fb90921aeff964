/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The transient circuit between a client and its MARS (RFC 2022 section 5):
 * the first message opens it, and it is released when it has been idle.  Its
 * loss means nothing by itself, but when it can't be established there is a
 * problem with the MARS (5.4).  Each client has its own; they share none.
 */
#include <stdlib.h>

#include "client.h"
#include "llc.h"

/* A fixed part, three addresses and one pair; we send no TLVs. */
#define MESSAGE_MAX	512

/*
 * It was idle, and is not needed now.  Or its MARS has not answered the call
 * for so long that another should be tried: a circuit can take longer to fail.
 */
static void
marsvc_timer(void *arg)
{
	struct marsc_marsvc *m = arg;
	bool up = m->up;

	marsc_marsvc_close(m);
	if (!up)
		marsc_reg_call_failed(m->end.client, m);
}

void
marsc_marsvc_init(struct marsc_marsvc *m, struct marsc *c)
{
	*m = (struct marsc_marsvc){ .end = { MARSC_END_MARS, c } };
	STAILQ_INIT(&m->held);
	timer_init(&m->timer, marsvc_timer, m);
}

void
marsc_marsvc_aim(struct marsc_marsvc *m, const struct atm_addr *to)
{
	if (m->vc != NULL && atm_addr_equal(&m->addr, to))
		return;
	marsc_marsvc_close(m);
	m->addr = *to;
}

void
marsc_marsvc_close(struct marsc_marsvc *m)
{
	timer_clear(m->end.client->ts, &m->timer);
	(void)marsc_held_clear(&m->held);
	if (m->vc != NULL)
		vc_release(m->vc, VC_CAUSE_NORMAL);
	m->vc = NULL;
	m->up = false;
}

void
marsc_marsvc_lost(struct marsc_marsvc *m)
{
	m->vc = NULL;
	marsc_marsvc_close(m);
}

static struct vc_sdu *
marsvc_sdu(const struct mars_msg *msg)
{
	uint8_t buf[MESSAGE_MAX];
	size_t len;

	llc_encode(buf, LLC_OUI_IANA, LLC_PID_MARS);
	len = mars_encode(msg, buf + LLC_LEN, sizeof(buf) - LLC_LEN);
	return len == 0 ? NULL : vc_sdu_new(buf, LLC_LEN + len);
}

/*
 * Sends a message as soon as the circuit is there.  A message that is lost is
 * sent again by its own retransmission timer, so no error is returned.
 */
void
marsc_marsvc_send(struct marsc_marsvc *m, const struct mars_msg *msg)
{
	struct marsc *c = m->end.client;
	struct vc_link *link = c->host->link;
	struct vc_sdu *s;

	if (link == NULL)
		return;
	if (m->vc == NULL) {
		m->vc = vc_call(link, &m->addr, &m->end);
		if (c->servers.n > 1)
			timer_set(c->ts, &m->timer, c->t.connect);
	}
	if (m->vc == NULL || (s = marsvc_sdu(msg)) == NULL) {
		marsc_no_memory(c, "a message to the MARS");
		return;
	}
	if (m->up) {
		timer_set(c->ts, &m->timer, c->t.mars_idle);
		(void)vc_send(m->vc, s);
	} else if (marsc_held_add(&m->held, s) == -1)
		marsc_no_memory(c, "a message to the MARS");
}

/* L_ACK has come: what has waited is sent, in its order. */
void
marsc_marsvc_up(struct marsc_marsvc *m)
{
	struct vc_sdu *s;

	m->up = true;
	timer_set(m->end.client->ts, &m->timer, m->end.client->t.mars_idle);
	while ((s = marsc_held_take(&m->held)) != NULL)
		(void)vc_send(m->vc, s);
}
