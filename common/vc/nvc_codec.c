/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Datagrams of NVC: a struct nvc_msg to octets and back. */

#include <string.h>

#include "nvc_impl.h"

/* --- decoding; each reads what follows the header */

static void
read_nsapa(struct rd *r, struct atm_addr *a)
{
	memset(a, 0, sizeof(*a));
	a->num_tl = NSAPA_LEN;
	rd_copy(r, a->num, NSAPA_LEN);
}

static void
decode_setup(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
	m->max_sdu = rd_u16(r);
	m->interval = rd_u8(r);
	m->token_len = rd_u8(r);
	read_nsapa(r, &m->calling);
	read_nsapa(r, &m->called);
	m->token = rd_bytes(r, m->token_len);
}

static void
decode_retry(struct rd *r, struct nvc_msg *m)
{
	m->token_len = r->left > NVC_TOKEN_MAX ? 0 : (uint8_t)r->left;
	m->token = rd_bytes(r, r->left);
}

static void
decode_connect(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
	m->max_sdu = rd_u16(r);
	m->interval = rd_u8(r);
	rd_skip(r, 1);
}

static void
decode_number(struct rd *r, struct nvc_msg *m)
{
	m->number = rd_u64(r);
}

static void
decode_data(struct rd *r, struct nvc_msg *m)
{
	m->sdu_len = r->left;
	m->sdu = rd_bytes(r, r->left);
}

/* Every SDU of it has to be there, or none of them counts. */
static void
decode_bundle(struct rd *r, struct nvc_msg *m)
{
	struct rd all = *r;

	decode_data(r, m);
	while (all.left > 0 && !rd_failed(&all))
		rd_skip(&all, rd_u16(&all));
	if (rd_failed(&all))
		rd_skip(r, 1);
}

bool
nvc_unbundle(struct rd *r, struct nvc_msg *m)
{
	if (r->left == 0)
		return false;
	if (m->type == NVC_DATA)
		m->cause++; /* the number of the one before */
	m->type = NVC_DATA;
	m->sdu_len = rd_u16(r);
	m->sdu = rd_bytes(r, m->sdu_len);
	return true;
}

/* --- encoding, likewise */

static void
encode_setup(struct wr *w, const struct nvc_msg *m)
{
	wr_u64(w, m->number);
	wr_u16(w, m->max_sdu);
	wr_u8(w, m->interval);
	wr_u8(w, m->token_len);
	wr_bytes(w, m->calling.num, NSAPA_LEN);
	wr_bytes(w, m->called.num, NSAPA_LEN);
	wr_bytes(w, m->token, m->token_len);
}

static void
encode_retry(struct wr *w, const struct nvc_msg *m)
{
	wr_bytes(w, m->token, m->token_len);
}

static void
encode_connect(struct wr *w, const struct nvc_msg *m)
{
	wr_u64(w, m->number);
	wr_u16(w, m->max_sdu);
	wr_u8(w, m->interval);
	wr_u8(w, 0);
}

static void
encode_number(struct wr *w, const struct nvc_msg *m)
{
	wr_u64(w, m->number);
}

static void
encode_nothing(struct wr *w, const struct nvc_msg *m)
{
	(void)w;
	(void)m;
}

static const struct {
	void	(*decode)(struct rd *, struct nvc_msg *);
	void	(*encode)(struct wr *, const struct nvc_msg *);
} bodies[NVC_TYPE_MAX] = {
	[NVC_SETUP] = { decode_setup, encode_setup },
	[NVC_RETRY] = { decode_retry, encode_retry },
	[NVC_CONNECT] = { decode_connect, encode_connect },
	[NVC_RELEASE] = { decode_number, encode_number },
	[NVC_ENQUIRY] = { decode_number, encode_number },
	[NVC_STATUS] = { decode_number, encode_number },
	[NVC_DATA] = { decode_data, encode_nothing },
	[NVC_BUNDLE] = { decode_bundle, encode_nothing },
};

enum nvc_drop
nvc_decode(struct nvc_msg *m, const void *p, size_t len)
{
	struct rd r;
	uint8_t first;

	rd_init(&r, p, len);
	first = rd_u8(&r);
	m->flags = rd_u8(&r);
	m->cause = rd_u16(&r);
	m->circuit = rd_u64(&r);
	if (rd_failed(&r))
		return NVC_DROP_SHORT;
	if (first >> 4 != NVC_VERSION)
		return NVC_DROP_VERSION;
	m->type = first & 0x0f;
	if (m->type >= NVC_TYPE_MAX || bodies[m->type].decode == NULL)
		return NVC_DROP_TYPE;
	bodies[m->type].decode(&r, m);
	if (rd_failed(&r))
		return NVC_DROP_SHORT;
	if (len > NVC_DATAGRAM_MAX &&
	    (m->type == NVC_DATA || m->type == NVC_BUNDLE))
		return NVC_DROP_LONG;
	if (m->type == NVC_RETRY && m->token_len < NVC_TOKEN_MIN)
		return NVC_DROP_TOKEN_LEN;
	if ((m->type == NVC_SETUP || m->type == NVC_CONNECT) && m->number == 0)
		return NVC_DROP_ZERO_CIRCUIT;
	if (m->type == NVC_RELEASE && m->cause == VC_CAUSE_NONE)
		m->cause = VC_CAUSE_UNSPECIFIED; /* to us, NONE is success */
	return NVC_DROP_MAX;
}

static void
encode_head(struct wr *w, enum nvc_type type, uint8_t flags, uint16_t cause,
    uint64_t circuit)
{
	wr_u8(w, (uint8_t)(NVC_VERSION << 4 | type));
	wr_u8(w, flags);
	wr_u16(w, cause);
	wr_u64(w, circuit);
}

void
nvc_encode(struct wr *w, const struct nvc_msg *m)
{
	encode_head(w, m->type, m->flags, m->cause, m->circuit);
	bodies[m->type].encode(w, m);
}
