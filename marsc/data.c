/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Layer 3 packets, in and out (RFC 2022 section 5.5).
 */
#include <string.h>

#include "client.h"
#include "data.h"
#include "encap.h"

bool
marsc_data_group(const struct mars_pro *pro, struct rd r, struct paddr *g)
{
	*g = (struct paddr){ .len = mars_pro_addrlen(pro) };
	if (pro->type == PRO_IPV4)
		rd_skip(&r, 16);
	else if (pro->type == PRO_IPV6)
		rd_skip(&r, 24);
	else
		g->len = 0;
	rd_copy(&r, g->a, g->len);
	if (g->len > 0 && !rd_failed(&r))
		return true;
	*g = (struct paddr){ 0 };
	return false;
}

static void
data_up(struct marsc *c, const struct marsc_incoming *in,
    const struct marsc_encap *e)
{
	struct marsc_packet p = {
		.pro = &c->pro,
		.sender = &in->caller,
		.has_cmi = e->type == 1,
		.cmi = e->cmi,
		.data = e->packet.p,
		.len = e->packet.left,
	};
	struct marsc_host *h = c->host;

	(void)marsc_data_group(&c->pro, e->packet, &p.group);
	if (h->ops->packet != NULL)
		h->ops->packet(h->arg, c, &p);
}

void
marsc_data_input(struct marsc_host *h, const struct marsc_incoming *in,
    const uint8_t *data, size_t len)
{
	struct marsc_encap e;
	struct marsc *c;

	switch (marsc_encap_decode(&e, data, len)) {
	case MARSC_ENCAP_OTHER:
		h->drops[MARSC_DROP_LLC]++;
		return;
	case MARSC_ENCAP_SHORT:
		h->drops[MARSC_DROP_DATA]++;
		return;
	case MARSC_ENCAP_OK:
		break;
	}
	if ((c = marsc_host_client(h, &e.pro)) == NULL)
		h->drops[MARSC_DROP_PRO]++;
	else if (c->role == &marsc_role_server)
		marsc_mcs_forward(c, &e, data, len);
	else if (marsc_encap_reflected(&e, c->reg.cmi))
		c->drops[MARSC_DROP_REFLECTED]++;
	else
		data_up(c, in, &e);
}

/* Sends as Type #1 with the CMI of our registration, never as Type #2 (5.5). */
struct marsc_sent
marsc_transmit(
    struct marsc *c, const struct paddr *group, const void *packet, size_t len)
{
	struct marsc_sent sent = { .outcome = MARSC_SENT_DROPPED };
	struct vc_sdu *s;
	struct wr w;
	uint8_t head[MARSC_ENCAP_MAX];

	wr_init(&w, head, sizeof(head));
	marsc_encap_write(&w, &c->pro, c->reg.cmi);
	if (group->len == 0)
		sent.why = MARSC_DROP_GROUP;
	else if ((s = vc_sdu_new(NULL, w.len + len)) == NULL)
		sent.why = MARSC_DROP_MEMORY;
	else {
		memcpy(s->data, head, w.len);
		if (len > 0)
			memcpy(s->data + w.len, packet, len);
		return marsc_path_send(c, group, s);
	}
	c->drops[sent.why]++;
	return sent;
}
