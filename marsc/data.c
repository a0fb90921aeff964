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

/* Who an IPv4 or IPv6 packet says that it is from. */
static void
data_source(const struct mars_pro *pro, struct rd r, struct paddr *source)
{
	*source = (struct paddr){ .len = mars_pro_addrlen(pro) };
	rd_skip(&r, pro->type == PRO_IPV4 ? 12 : 8);
	rd_copy(&r, source->a, source->len);
}

/* Its CMI is ours; is the packet? */
static bool
data_is_own(struct marsc *c, const struct marsc_packet *p)
{
	const struct marsc_ops *ops = c->host->ops;

	return ops->own == NULL || ops->own(c->host->arg, c, p);
}

static void
data_up(struct marsc *c, const struct marsc_incoming *in,
    const struct marsc_encap *e)
{
	struct marsc_packet p = {
		.pro = &c->pro,
		.sender = &in->caller,
		.known = vc_knows_caller(in->vc),
		.has_cmi = e->type == 1,
		.cmi = e->cmi,
		.data = e->packet.p,
		.len = e->packet.left,
	};
	struct marsc_host *h = c->host;

	if (marsc_data_group(&c->pro, e->packet, &p.group))
		data_source(&c->pro, e->packet, &p.source);
	if (marsc_encap_reflected(e, c->reg.cmi) && data_is_own(c, &p))
		c->drops[MARSC_DROP_REFLECTED]++;
	else if (h->ops->packet != NULL)
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
	else
		data_up(c, in, &e);
}

size_t
marsc_head_len(const struct marsc *c)
{
	return marsc_encap_len(&c->pro);
}

size_t
marsc_packet_max(const struct marsc *c, const struct paddr *group)
{
	const struct marsc_path *p =
	    marsc_path_find((struct marsc *)(uintptr_t)c, group);
	size_t max = p == NULL || p->vc == NULL ? VC_SDU_MAX :
	    vc_sdu_max(p->vc);

	return max - marsc_head_len(c);
}

struct vc_sdu *
marsc_data_sdu(const struct marsc *c, const void *packet, size_t len)
{
	size_t head = marsc_head_len(c);
	struct vc_sdu *s = vc_sdu_new(NULL, head + len);

	if (s != NULL && len > 0)
		memcpy(s->data + head, packet, len);
	return s;
}

/* 5.5: Type #1 with the CMI of our registration, never Type #2. */
void
marsc_data_head(const struct marsc *c, struct vc_sdu *s)
{
	struct wr w;

	wr_init(&w, s->data, marsc_head_len(c));
	marsc_encap_write(&w, &c->pro, c->reg.cmi);
}

struct marsc_sent
marsc_transmit_sdu(
    struct marsc *c, const struct paddr *group, struct vc_sdu *s)
{
	struct marsc_sent sent = { .outcome = MARSC_SENT_DROPPED,
		.why = MARSC_DROP_GROUP };

	if (group->len > 0 && s->len >= marsc_head_len(c)) {
		marsc_data_head(c, s);
		return marsc_path_send(c, group, s);
	}
	vc_sdu_free(s);
	c->drops[sent.why]++;
	return sent;
}

struct marsc_sent
marsc_transmit(
    struct marsc *c, const struct paddr *group, const void *packet, size_t len)
{
	struct vc_sdu *s = marsc_data_sdu(c, packet, len);

	if (s == NULL) {
		c->drops[MARSC_DROP_MEMORY]++;
		return (struct marsc_sent){ .outcome = MARSC_SENT_DROPPED,
		    .why = MARSC_DROP_MEMORY };
	}
	return marsc_transmit_sdu(c, group, s);
}
