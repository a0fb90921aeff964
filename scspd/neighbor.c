/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* One directly connected server of one server group: its packets. */
#include <stdlib.h>
#include <string.h>

#include "scsp.h"

int64_t
seconds(uint32_t n)
{
	return MTIME_SEC(n == 0 ? 1 : n);
}

struct neighbor *
neighbor_new(struct group *g, struct peer *p, const struct conf_neighbor *c)
{
	struct scsp *s = g->scsp;
	struct neighbor *nb;

	if ((nb = calloc(1, sizeof(*nb))) == NULL)
		return NULL;
	nb->scsp = s;
	nb->group = g;
	nb->peer = p;
	nb->conf = *c;
	nb->mtu = SCSP_MTU;
	replay_init(&nb->replay, s->ops->random(s->arg));
	hello_init(nb);
	align_init(nb);
	solicit_init(nb);
	update_init(nb);
	TAILQ_INSERT_TAIL(&g->neighbors, nb, of_group);
	TAILQ_INSERT_TAIL(&p->neighbors, nb, of_peer);
	return nb;
}

void
neighbor_free(struct neighbor *nb)
{
	hello_run(nb, HELLO_EV_VC_DOWN);
	align_clear(nb);
	TAILQ_REMOVE(&nb->group->neighbors, nb, of_group);
	TAILQ_REMOVE(&nb->peer->neighbors, nb, of_peer);
	free(nb);
}

void
neighbor_drop(struct neighbor *nb, enum scsp_drop why)
{
	nb->drops[why]++;
}

void
neighbor_event(struct neighbor *nb, enum scsp_event_code code,
    const char *from, const char *to, const char *why, uint64_t number)
{
	uint8_t oid[4];
	struct scsp_event ev = {
		.code = code,
		.pid = nb->group->pid,
		.sgid = nb->group->sgid,
		.neighbor = &nb->peer->addr,
		.from = from,
		.to = to,
		.why = why,
		.oid = nb->has_id ? oid : NULL,
		.number = number
	};

	oid_octets(nb->id, oid);
	nb->scsp->ops->event(nb->scsp->arg, &ev);
}

void
neighbor_begin(struct neighbor *nb, struct packet *p, enum scsp_type type,
    uint16_t flags)
{
	packet_begin(p, type);
	p->w.max = nb->mtu;
	if (type == SCSP_CA)
		wr_u32(&p->w, nb->ca_seq);
	packet_common(p, nb->group->pid, nb->group->sgid, flags,
	    nb->scsp->lsid, nb->id);
}

uint32_t
neighbor_records(const struct neighbor *nb, uint32_t head)
{
	return (nb->mtu - EXT_RESERVE - SCSP_FIXED_LEN - head -
	    SCSP_COMMON_LEN) / SCSP_CSAS_LEN;
}

/* 2.1: an abnormal event takes the adjacency back to Waiting. */
void
neighbor_abnormal(struct neighbor *nb, const char *why)
{
	nb->abnormal++;
	neighbor_event(nb, SCSP_EV_ABNORMAL, NULL, NULL, why, 0);
	hello_run(nb, HELLO_EV_ABNORMAL);
}

/*
 * Appends what goes under the MAC and leaves room for the MAC itself, at
 * *mac_at.  NULL: no key, nothing to sign with.
 */
static void
extend(struct neighbor *nb, struct packet *p, const struct auth_key *key,
    bool echo_heard, size_t *mac_at)
{
	size_t maclen = auth_key_maclen(key);

	packet_extensions(p);
	wr_u16(&p->w, EXT_AUTH);
	wr_u16(&p->w, (uint16_t)(4 + maclen));
	wr_u32(&p->w, auth_key_spi(key));
	*mac_at = p->w.len;
	wr_zero(&p->w, maclen);
	replay_put(&nb->replay, &p->w, echo_heard);
	wr_u32(&p->w, EXT_END);
}

static bool
sign(struct packet *p, struct auth_key *key, size_t mac_at)
{
	uint8_t mac[AUTH_MAC_MAX];

	if (wr_failed(&p->w) ||
	    !auth_mac(key, p->w.buf, p->w.len, mac_at, mac))
		return false;
	memcpy(p->w.buf + mac_at, mac, auth_key_maclen(key));
	return true;
}

/* Where a packet goes out: as asked, or on the best circuit. */
static struct circuit *
way_out(struct neighbor *nb, struct circuit *via)
{
	return via != NULL ? via : nb->peer->best;
}

void
neighbor_send(struct neighbor *nb, struct packet *p, struct circuit *via,
    bool echo_heard)
{
	struct scsp *s = nb->scsp;
	struct auth_key *key = NULL;
	struct sdu *u;
	size_t mac_at = 0;

	if ((via = way_out(nb, via)) == NULL) {
		neighbor_drop(nb, DROP_SEND);
		return;
	}
	if (nb->conf.auth && (key = auth_sign_key(nb->keys, nb->nkeys,
	    s->ops->wallclock(s->arg))) == NULL) {
		neighbor_drop(nb, DROP_SEND_KEY);	/* B.3.1.4 */
		neighbor_event(nb, SCSP_EV_AUTH, NULL, NULL,
		    scsp_drop_name(DROP_SEND_KEY), 0);
		return;
	}
	if (p->common_at != 0)
		wr_at_u16(&p->w, p->common_at + 10, p->nrecords);
	if (key != NULL)
		extend(nb, p, key, echo_heard, &mac_at);
	wr_at_u16(&p->w, 2, (uint16_t)p->w.len);
	if ((key != NULL && !sign(p, key, mac_at)) || wr_failed(&p->w)) {
		neighbor_drop(nb, DROP_SEND);
		return;
	}
	packet_checksum(p);
	if ((u = sdu_new(NULL, LLC_LEN + p->w.len)) == NULL) {
		neighbor_drop(nb, DROP_MEMORY);
		return;
	}
	llc_encode(u->data, LLC_OUI_IANA, LLC_PID_SCSP);
	memcpy(u->data + LLC_LEN, p->w.buf, p->w.len);
	if (vc_send(via->vc, u) == -1)
		neighbor_drop(nb, DROP_SEND);
}

/* Counted, reported, and without any other effect. */
static void
refuse(struct neighbor *nb, enum scsp_event_code code, enum scsp_drop why)
{
	neighbor_drop(nb, why);
	neighbor_event(nb, code, NULL, NULL, scsp_drop_name(why),
	    nb->drops[why]);
}

/*
 * Is the packet of the neighbor, and of now?  Until here nothing behind
 * the fixed part was believed.  False: it has had no effect.
 */
static bool
authentic(struct neighbor *nb, struct circuit *c, const uint8_t *p,
    size_t len, bool hello, enum replay_verdict *replay)
{
	struct scsp *s = nb->scsp;
	struct scsp_ext x;
	enum scsp_drop why;

	*replay = REPLAY_OK;
	if (!nb->conf.auth)
		return true;
	message_extensions(p, len, &x);
	why = auth_verify(nb->keys, nb->nkeys, s->ops->wallclock(s->arg), p,
	    len, &x);
	if (why != DROP_NONE) {
		refuse(nb, SCSP_EV_AUTH, why);
		return false;
	}
	*replay = replay_check(&nb->replay, x.replay, hello,
	    nb->conf.replay_required, s->ops->random(s->arg));
	switch (*replay) {
	case REPLAY_OK:
	case REPLAY_NEW:
		return true;
	case REPLAY_ANSWER:
		hello_answer(nb, c);
		return false;
	case REPLAY_MISSING:
		refuse(nb, SCSP_EV_REPLAY, DROP_REPLAY_MISSING);
		return false;
	case REPLAY_NONCE:
		refuse(nb, SCSP_EV_REPLAY, DROP_REPLAY_NONCE);
		return false;
	case REPLAY_SEEN:
		refuse(nb, SCSP_EV_REPLAY, DROP_REPLAY_SEEN);
		return false;
	}
	return false;
}

/* 2.1, 2.2.3, 2.3, A-77: who may say this to whom, in which state? */
static enum scsp_drop
expected(const struct neighbor *nb, const struct scsp_message *m)
{
	bool csu = m->type == SCSP_CSU_REQUEST || m->type == SCSP_CSU_REPLY;

	if (nb->hello != HELLO_BIDI)
		return DROP_STATE;
	if (m->sender != nb->id)
		return DROP_SENDER;
	if (m->receiver != nb->scsp->lsid &&
	    !(csu && m->receiver == SCSP_ID_ALL))
		return DROP_RECEIVER;
	if (m->type != SCSP_CA && !align_exchanging(nb))
		return DROP_STATE;			/* */
	return DROP_NONE;
}

static void
dispatch(struct neighbor *nb, const struct scsp_message *m)
{
	switch (m->type) {
	case SCSP_CA:
		align_ca(nb, m);
		break;
	case SCSP_CSU_REQUEST:
		update_request(nb, m);
		break;
	case SCSP_CSU_REPLY:
		update_reply(nb, m);
		break;
	case SCSP_CSUS:
		update_csus(nb, m);
		break;
	case SCSP_HELLO:
		break;
	}
}

static void
input_hello(struct neighbor *nb, struct circuit *c,
    const struct scsp_message *m, bool boot)
{
	nb->hellos_in++;
	if (m->sender == nb->scsp->lsid) {		/* */
		refuse(nb, SCSP_EV_OWN_ID, DROP_OWN_ID);
		return;
	}
	if (boot)
		hello_run(nb, HELLO_EV_NEW_ID);
	hello_input(nb, m);
	peer_proven(c, m->sender);
}

/* A packet that message_peek() let pass, on a circuit of this neighbor. */
void
neighbor_input(struct neighbor *nb, struct circuit *c, const uint8_t *p,
    size_t len, enum scsp_type type)
{
	struct scsp_message m;
	enum scsp_drop why;
	enum replay_verdict replay;

	if (!authentic(nb, c, p, len, type == SCSP_HELLO, &replay))
		return;
	why = message_parse(p, len, group_judge(nb->group), &m);
	if (why != DROP_NONE) {				/* */
		neighbor_drop(nb, why);
		neighbor_abnormal(nb, scsp_drop_name(why));
		return;
	}
	if (m.type == SCSP_HELLO) {
		input_hello(nb, c, &m, replay == REPLAY_NEW);
		return;
	}
	why = expected(nb, &m);
	if (why != DROP_NONE)
		neighbor_drop(nb, why);
	else
		dispatch(nb, &m);
}
