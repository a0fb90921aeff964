/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Sending: privately on the VC that a message came in on, or on a control
 * VC, whose sequence number goes up once per transmission (RFC 2022 sections
 * 5.1.4.2, 6.1.4 and 6.2.5).
 *
 * By section 6.1.4 the number goes up after a transmission, by appendix F
 * before it.  Ours is section 6.1.4's; mars.conf(5) can ask for the other
 * .  A private message carries the number as it is.
 */
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "send.h"
#include "tell.h"
#include "llc.h"

void
marsd_own_message(struct marsd_proto *p, struct mars_msg *m, uint8_t op)
{
	memset(m, 0, sizeof(*m));
	m->pro = p->pro;
	m->op = op;
	m->src = p->cluster->conf->addr;
}

/* LLC/SNAP and the message in one SDU; NULL: no memory, or too big. */
static struct vc_sdu *
sdu_build(struct marsd_cluster *c, const struct mars_msg *m)
{
	/* and what aligns the TLVs and ends them */
	size_t n = mars_overhead(m) + m->list_len + m->tlvs_len + 8;
	struct vc_sdu *s;

	if (n > MARS_MTU)
		n = MARS_MTU;
	if ((s = vc_sdu_new(NULL, LLC_LEN + n)) == NULL) {
		c->drops[MARSD_DROP_MEMORY]++;
		return NULL;
	}
	llc_encode(s->data, LLC_OUI_IANA, LLC_PID_MARS);
	if ((n = mars_encode(m, s->data + LLC_LEN, n)) == 0) {
		c->drops[MARSD_DROP_TOO_BIG]++;
		vc_sdu_free(s);
		return NULL;
	}
	s->len = (uint32_t)(LLC_LEN + n);
	return s;
}

void
marsd_send_private(struct marsd_circuit *to, struct marsd_proto *p,
    enum marsd_role role, struct mars_msg *m)
{
	struct vc_sdu *s;

	if (to == NULL)
		return;
	m->msn = p->control[role].msn;
	if ((s = sdu_build(p->cluster, m)) == NULL)
		return;
	p->cluster->counts.messages_out++;
	to->out++;
	marsd_cluster_trace(p->cluster,
	    &(struct marsd_trace){ .level = 2, .pro = &p->pro,
	    .who = vc_peer(to->vc), .what = "is sent",
	    .op = mars_op_name(m->op) });
	(void)vc_send(to->vc, s);
}

void
marsd_send_raw(struct marsd_circuit *to, const void *octets, size_t len)
{
	struct marsd_cluster *c = to->cluster;
	struct vc_sdu *s = vc_sdu_new(NULL, LLC_LEN + len);

	if (s == NULL) {
		c->drops[MARSD_DROP_MEMORY]++;
		return;
	}
	llc_encode(s->data, LLC_OUI_IANA, LLC_PID_MARS);
	memcpy(s->data + LLC_LEN, octets, len);
	c->counts.messages_out++;
	to->out++;
	(void)vc_send(to->vc, s);
}

/* On a control VC, if it has a leaf. */
static void
control_send(struct marsd_control *ctl, struct mars_msg *m)
{
	struct marsd_cluster *c = ctl->proto->cluster;
	bool before = c->conf->csn_before;
	struct vc_sdu *s;

	if (ctl->root == NULL || ctl->leaves == 0)
		return;
	m->msn = before ? ctl->msn + 1 : ctl->msn;
	if ((s = sdu_build(c, m)) == NULL) {
		marsd_tell_revalidate(ctl);
		return;
	}
	ctl->msn++;
	if (ctl->role == MARSD_ROLE_CLIENT)
		c->counts.ccvc_out++;
	else
		c->counts.scvc_out++;
	ctl->octets += s->len;
	c->copies += (uint64_t)ctl->leaves * (1 + s->len / 1024);
	/* the number has been used: whoever hears the next one misses one */
	if (vc_send(ctl->root, s) == -1)
		marsd_tell_revalidate(ctl);
}

size_t
marsd_send_room(const struct vc *vc)
{
	size_t max = vc == NULL ? VC_SDU_MAX : vc_sdu_max(vc);

	return max - LLC_LEN < MARS_MTU ? max - LLC_LEN : MARS_MTU;
}

/* Unchanged but for what a copy has to have. */
void
marsd_send_echo(struct marsd_incoming *in, enum marsd_role role)
{
	struct mars_msg m = in->msg;

	m.flags =
	    (uint16_t)((m.flags | MARS_F_COPY) & ~(unsigned)MARS_F_PUNCHED);
	marsd_send_private(in->circuit, in->proto, role, &m);
}

/* In as many messages as the pairs need. */
void
marsd_send_spans(struct marsd_control *ctl, struct mars_msg *m,
    const struct marsd_spans *l, bool punched)
{
	uint8_t *list = ctl->proto->cluster->mars->list;
	struct wr w;
	size_t i, room, pair, max = marsd_send_room(ctl->root);

	if (l->failed) {
		ctl->proto->cluster->drops[MARSD_DROP_MEMORY]++;
		marsd_tell_revalidate(ctl);
		return;
	}
	m->flags =
	    (uint16_t)((m->flags | MARS_F_COPY) & ~(unsigned)MARS_F_PUNCHED);
	if (punched)
		m->flags |= MARS_F_PUNCHED;
	for (i = 0; i < l->n;) {
		m->tpln = l->v[i].min.len;
		m->pnum = 0;
		m->list = NULL;
		m->list_len = 0;
		pair = 2 * (size_t)m->tpln;
		/* TLVs take 4 octets or a multiple, and so does the MTU */
		room = mars_overhead(m) + m->tlvs_len;
		if (room + pair > max) { /* a leaf takes less than that */
			m->tlvs = NULL;
			m->tlvs_len = 0;
			room = mars_overhead(m);
		}
		room = room >= max ? 0 : max - room;
		wr_init(&w, list, MARS_MTU);
		for (; i < l->n && w.len + pair <= room; i++, m->pnum++)
			mars_list_pair(&w, &l->v[i].min, &l->v[i].max);
		if (m->pnum == 0) {
			ctl->proto->cluster->drops[MARSD_DROP_TOO_BIG]++;
			return;
		}
		m->list = list;
		m->list_len = w.len;
		control_send(ctl, m);
	}
}

static void
send_part(
    struct marsd_control *ctl, struct marsd_circuit *to, struct mars_msg *m)
{
	if (to != NULL)
		marsd_send_private(to, ctl->proto, ctl->role, m);
	else
		control_send(ctl, m);
}

/*
 * In as few parts as there can be: as many addresses as fit,
 * of one kind in each part, in the order given; the parts are numbered from 1
 * (5.1.1, A-32).  All go out within this call, so that nothing falls between
 * them (6.1.4).
 */
void
marsd_send_parts(struct marsd_control *ctl, struct marsd_circuit *to,
    struct mars_msg *m, const struct atm_addr *const *v, size_t n)
{
	uint8_t *list = ctl->proto->cluster->mars->list;
	struct wr w;
	size_t i, len, room;
	size_t max = marsd_send_room(to == NULL ? ctl->root : to->vc);

	m->seq = 0;
	for (i = 0; i < n;) {
		m->tgt_num_tl = v[i]->num_tl;
		m->tgt_sub_tl = v[i]->sub_tl;
		m->tnum = 0;
		m->seq++;
		len = (size_t)(v[i]->num_tl & ATM_TL_LEN) +
		    (v[i]->sub_tl & ATM_TL_LEN);
		room = max - mars_overhead(m);
		wr_init(&w, list, MARS_MTU);
		do {
			mars_list_target(&w, v[i++]);
			m->tnum++;
		} while (i < n && w.len + len <= room &&
		    atm_addr_same_kind(v[i], v[i - 1]));
		m->list = list;
		m->list_len = w.len;
		m->last = i == n;
		send_part(ctl, to, m);
	}
}
