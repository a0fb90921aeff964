/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "mars.h"

/* Offsets into every message (RFC 2022 section 4.3). */
#define OFF_CHKSUM	12
#define OFF_EXTOFF	14
#define OFF_VERSION	16	/* mar$op.version, then mar$op.type */
#define HEADER_LEN	32	/* with the mandatory fields, of any op */

#define TLV_X_SHIFT	14
#define TLV_Y_MASK	0x3fff
#define TLV_NULL_LEN	4

/* The shapes of the mandatory fields and addresses. */
enum mars_shape {
	MARS_SHAPE_NONE = 0,		/* no such operation */
	MARS_SHAPE_REQUEST,		/* 5.1.2 */
	MARS_SHAPE_MULTI,		/* 5.1.2; 5.1.6 but for mar$resv */
	MARS_SHAPE_JOIN,		/* 5.2.1, 5.3, 6.2.2, 6.2.4 */
	MARS_SHAPE_GROUPLIST,	/* 5.3 */
	MARS_SHAPE_MAP		/* 5.4.3 */
};

static const struct {
	const char	*name;
	enum mars_shape	 shape;
} ops[MARS_OP_MAX + 1] = {
	[MARS_REQUEST]		= { "MARS_REQUEST", MARS_SHAPE_REQUEST },
	[MARS_MULTI]		= { "MARS_MULTI", MARS_SHAPE_MULTI },
	[MARS_MSERV]		= { "MARS_MSERV", MARS_SHAPE_JOIN },
	[MARS_JOIN]		= { "MARS_JOIN", MARS_SHAPE_JOIN },
	[MARS_LEAVE]		= { "MARS_LEAVE", MARS_SHAPE_JOIN },
	[MARS_NAK]		= { "MARS_NAK", MARS_SHAPE_REQUEST },
	[MARS_UNSERV]		= { "MARS_UNSERV", MARS_SHAPE_JOIN },
	[MARS_SJOIN]		= { "MARS_SJOIN", MARS_SHAPE_JOIN },
	[MARS_SLEAVE]		= { "MARS_SLEAVE", MARS_SHAPE_JOIN },
	[MARS_GROUPLIST_REQUEST] =
	    { "MARS_GROUPLIST_REQUEST", MARS_SHAPE_JOIN },
	[MARS_GROUPLIST_REPLY] =
	    { "MARS_GROUPLIST_REPLY", MARS_SHAPE_GROUPLIST },
	[MARS_REDIRECT_MAP]	= { "MARS_REDIRECT_MAP", MARS_SHAPE_MAP },
	[MARS_MIGRATE]		= { "MARS_MIGRATE", MARS_SHAPE_MULTI }
};

static enum mars_shape
shape(uint8_t op)
{
	return op <= MARS_OP_MAX ? ops[op].shape : MARS_SHAPE_NONE;
}

const char *
mars_op_name(uint8_t op)
{
	return shape(op) == MARS_SHAPE_NONE ? "unknown" : ops[op].name;
}

/* How many octets are missing to a multiple of 4 (section 10.2). */
static size_t
mars_pad(size_t len)
{
	return (4 - (len & 3)) % 4;
}

/* The octets of the list, by what the other fields say. */
static size_t
list_size(const struct mars_msg *m)
{
	size_t atm =
	    (size_t)(m->tgt_num_tl & ATM_TL_LEN) + (m->tgt_sub_tl & ATM_TL_LEN);

	switch (shape(m->op)) {
	case MARS_SHAPE_JOIN:
		return (size_t)m->pnum * 2 * m->tpln;
	case MARS_SHAPE_GROUPLIST:
		return (size_t)m->tnum * m->tpln;
	case MARS_SHAPE_REQUEST: /* mar$tha and mar$tsa, null */
		return atm;
	case MARS_SHAPE_MULTI:
	case MARS_SHAPE_MAP:
		return m->tnum * atm;
	case MARS_SHAPE_NONE:
		break;
	}
	return 0;
}

/* --- decoding */

/* What the lengths of the addresses are said to be, before that is checked. */
struct mars_lengths {
	uint8_t	shtl, sstl, spln, tpln;
};

/* The 12 octets of mandatory fields. */
static void
decode_mandatory(struct mars_msg *m, struct rd *r, struct mars_lengths *l)
{
	uint16_t seqxy;

	l->spln = rd_u8(r);
	if (shape(m->op) == MARS_SHAPE_JOIN) {
		l->tpln = rd_u8(r);
		m->pnum = rd_u16(r);
		m->flags = rd_u16(r) &
		    (MARS_F_LAYER3GRP | MARS_F_COPY | MARS_F_REGISTER |
		    MARS_F_PUNCHED | MARS_F_SEQUENCE);
		m->cmi = rd_u16(r);
		m->msn = rd_u32(r);
		return;
	}
	m->tgt_num_tl = atm_addr_tl_normalise(rd_u8(r));
	m->tgt_sub_tl = atm_addr_tl_normalise(rd_u8(r));
	l->tpln = rd_u8(r);
	if (shape(m->op) == MARS_SHAPE_REQUEST) {
		rd_copy(r, m->pad, sizeof(m->pad));
		return;
	}
	m->tnum = rd_u16(r);
	seqxy = rd_u16(r);
	m->msn = rd_u32(r);
	if (m->op != MARS_MIGRATE) {
		m->last = (seqxy & 0x8000) != 0;
		m->seq = seqxy & 0x7fff;
	}
	if (shape(m->op) == MARS_SHAPE_MAP) { /* neither spa nor tpa, 5.4.3 */
		m->redirf = l->tpln & MARS_REDIRF_HARD;
		l->spln = l->tpln = 0;
	} else if (shape(m->op) == MARS_SHAPE_GROUPLIST)
		m->tgt_num_tl = m->tgt_sub_tl = 0;
}

/*
 * The addresses and the list.  False where an address can't be used; r tells
 * whether they were there.
 */
static bool
decode_addresses(struct mars_msg *m, struct rd *r, const struct mars_lengths *l)
{
	bool ok = true;

	m->src.num_tl = l->shtl;
	m->src.sub_tl = l->sstl;
	ok &= rd_atm_number(r, &m->src.num_tl, m->src.num);
	ok &= rd_atm_number(r, &m->src.sub_tl, m->src.sub);
	ok &= rd_paddr(r, l->spln, &m->spa);
	if (shape(m->op) == MARS_SHAPE_REQUEST ||
	    shape(m->op) == MARS_SHAPE_MULTI)
		ok &= rd_paddr(r, l->tpln, &m->tpa);
	else
		m->tpln = l->tpln;
	m->list_len = list_size(m);
	m->list = rd_bytes(r, m->list_len);
	return ok;
}

/*
 * Can each element of the list be used?  All are of one kind, so only the
 * digits of E.164 numbers are left to check.
 */
static bool
list_usable(const struct mars_msg *m)
{
	uint8_t nl = m->tgt_num_tl & ATM_TL_LEN;
	uint8_t sl = m->tgt_sub_tl & ATM_TL_LEN;
	const uint8_t *p = m->list;
	uint16_t i;

	switch (shape(m->op)) {
	case MARS_SHAPE_JOIN:
		return m->pnum == 0 || m->tpln <= PADDR_MAX ||
		    (m->flags & MARS_F_REGISTER) != 0;
	case MARS_SHAPE_GROUPLIST:
		return m->tnum == 0 || (m->tpln != 0 && m->tpln <= PADDR_MAX);
	case MARS_SHAPE_MULTI:
	case MARS_SHAPE_MAP:
		if (m->tnum == 0)
			return true;
		if (nl == 0 || !atm_addr_tl_usable(m->tgt_num_tl) ||
		    !atm_addr_tl_usable(m->tgt_sub_tl))
			return false;
		if (((m->tgt_num_tl | m->tgt_sub_tl) & ATM_TL_E164) == 0)
			return true;
		for (i = 0; i < m->tnum; i++, p += nl + sl)
			if (!atm_addr_number_usable(m->tgt_num_tl, p) ||
			    !atm_addr_number_usable(m->tgt_sub_tl, p + nl))
				return false;
		return true;
	default:
		return true; /* REQUEST, NAK: nobody reads it */
	}
}

/* Reads one TLV (section 10.2); false: it isn't all there. */
static bool
rd_tlv(struct rd *r, struct mars_tlv *t)
{
	uint16_t type = rd_u16(r);

	t->x = (uint8_t)(type >> TLV_X_SHIFT);
	t->y = type & TLV_Y_MASK;
	t->len = rd_u16(r);
	if (t->y == 0) { /* the end, whatever its length */
		t->value = NULL;
		t->len = 0;
		return !rd_failed(r);
	}
	t->value = rd_bytes(r, t->len);
	rd_skip(r, mars_pad(t->len));
	return !rd_failed(r);
}

/*
 * The list that mar$extoff points at; end is where the addresses end.  Its
 * lowest two bits don't count (10.1), so 1 to 3 point nowhere.
 */
static bool
decode_tlvs(struct mars_msg *m, const uint8_t *msg, size_t len, uint16_t extoff,
    size_t end)
{
	size_t off = extoff & 0xfffcU;
	struct mars_tlv t;
	struct rd r;

	if (off == 0)
		return true;
	if (off < end || off > len)
		return false;
	rd_init(&r, msg + off, len - off);
	do {
		if (!rd_tlv(&r, &t))
			return false;
	} while (t.y != 0);
	m->tlvs = msg + off;
	m->tlvs_len = (size_t)(r.p - m->tlvs);
	return true;
}

/* The checks have the order of A-105. */
enum mars_drop
mars_decode(struct mars_msg *m, const void *buf, size_t len)
{
	struct mars_lengths l = { 0 };
	uint16_t afn, chksum, extoff;
	uint8_t version;
	bool usable = true;
	struct rd r;

	memset(m, 0, sizeof(*m));
	rd_init(&r, buf, len);
	afn = rd_u16(&r);
	m->pro.type = rd_u16(&r);
	rd_copy(&r, m->pro.snap, sizeof(m->pro.snap));
	rd_skip(&r, 3); /* mar$hdrrsv */
	chksum = rd_u16(&r);
	extoff = rd_u16(&r);
	version = rd_u8(&r);
	m->op = rd_u8(&r);
	l.shtl = rd_u8(&r);
	l.sstl = rd_u8(&r);
	if (rd_failed(&r))
		return MARS_DROP_TRUNCATED;
	if (afn != MARS_AFN)
		return MARS_DROP_AFN;
	if (version != 0)
		return MARS_DROP_VERSION;
	/* what a length is about is known only now that the version is */
	if (shape(m->op) != MARS_SHAPE_NONE) {
		decode_mandatory(m, &r, &l);
		usable = decode_addresses(m, &r, &l);
	}
	if (rd_failed(&r))
		return MARS_DROP_TRUNCATED;
	if ((l.shtl & ATM_TL_LEN) == 0)
		return MARS_DROP_NO_SOURCE;
	if (chksum != 0 && in_cksum(buf, len) != 0)
		return MARS_DROP_CHECKSUM;
	mars_pro_normalise(&m->pro);
	if (!mars_pro_usable(&m->pro))
		return MARS_DROP_PRO;
	if (!decode_tlvs(m, buf, len, extoff, len - r.left))
		return MARS_DROP_TLV;
	if (shape(m->op) == MARS_SHAPE_NONE)
		return MARS_DROP_OP;
	if (!usable || !list_usable(m))
		return MARS_DROP_ADDRESS;
	return MARS_DROP_NONE;
}

bool
mars_is_nhrp(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return len > OFF_VERSION && p[OFF_VERSION] == 1;
}

/* --- encoding */

size_t
mars_overhead(const struct mars_msg *m)
{
	size_t len = HEADER_LEN + (size_t)(m->src.num_tl & ATM_TL_LEN) +
	    (m->src.sub_tl & ATM_TL_LEN);

	if (shape(m->op) != MARS_SHAPE_MAP)
		len += m->spa.len;
	if (shape(m->op) == MARS_SHAPE_REQUEST ||
	    shape(m->op) == MARS_SHAPE_MULTI)
		len += m->tpa.len;
	return len;
}

static void
encode_mandatory(const struct mars_msg *m, struct wr *w)
{
	uint16_t seqxy = (uint16_t)((m->last ? 0x8000 : 0) | (m->seq & 0x7fff));

	wr_u8(w, shape(m->op) == MARS_SHAPE_MAP ? 0 : m->spa.len);
	switch (shape(m->op)) {
	case MARS_SHAPE_JOIN:
		wr_u8(w, m->tpln);
		wr_u16(w, m->pnum);
		wr_u16(w,
		    m->flags &
		    (MARS_F_LAYER3GRP | MARS_F_COPY | MARS_F_REGISTER |
		    MARS_F_PUNCHED | MARS_F_SEQUENCE));
		wr_u16(w, m->cmi);
		break;
	case MARS_SHAPE_GROUPLIST:
		wr_u16(w, 0); /* mar$thtl, mar$tstl */
		wr_u8(w, m->tpln);
		wr_u16(w, m->tnum);
		wr_u16(w, seqxy);
		break;
	default:
		wr_u8(w, m->tgt_num_tl);
		wr_u8(w, m->tgt_sub_tl);
		wr_u8(w,
		    shape(m->op) == MARS_SHAPE_MAP ?
		    m->redirf & MARS_REDIRF_HARD :
		    m->tpa.len);
		if (shape(m->op) == MARS_SHAPE_REQUEST) {
			wr_bytes(w, m->pad, sizeof(m->pad));
			return;
		}
		wr_u16(w, m->tnum);
		wr_u16(w, m->op == MARS_MIGRATE ? 0 : seqxy);
		break;
	}
	wr_u32(w, m->msn);
}

/* Aligns the list of TLVs, points mar$extoff at it (section 10.1). */
static void
encode_tlvs(const struct mars_msg *m, struct wr *w)
{
	if (m->tlvs == NULL || m->tlvs_len < TLV_NULL_LEN)
		return;
	wr_zero(w, mars_pad(w->len));
	if (w->len > UINT16_MAX)
		w->failed = true;
	wr_at_u16(w, OFF_EXTOFF, (uint16_t)w->len);
	/*
	 * the list may have ended with another Null TLV; what is sent is that
	 * of 10.4
	 */
	wr_bytes(w, m->tlvs, m->tlvs_len - TLV_NULL_LEN);
	wr_zero(w, TLV_NULL_LEN);
}

/* Sums up what is written, with the field at zero. */
static void
encode_checksum(struct wr *w)
{
	uint16_t sum = in_cksum(w->buf, w->len);

	/* 0 would say that none was computed; A-104 */
	wr_at_u16(w, OFF_CHKSUM, sum == 0 ? 0xffff : sum);
}

size_t
mars_encode(const struct mars_msg *m, void *buf, size_t max)
{
	struct wr w;

	if (shape(m->op) == MARS_SHAPE_NONE || m->list_len != list_size(m))
		return 0;
	wr_init(&w, buf, max);
	wr_u16(&w, MARS_AFN);
	wr_u16(&w, m->pro.type);
	wr_bytes(&w, m->pro.snap, sizeof(m->pro.snap));
	wr_zero(&w, 3); /* mar$hdrrsv */
	wr_u16(&w, 0); /* mar$chksum, below */
	wr_u16(&w, 0); /* mar$extoff, below */
	wr_u8(&w, 0); /* mar$op.version */
	wr_u8(&w, m->op);
	wr_u8(&w, m->src.num_tl);
	wr_u8(&w, m->src.sub_tl);
	encode_mandatory(m, &w);
	wr_bytes(&w, m->src.num, m->src.num_tl & ATM_TL_LEN);
	wr_bytes(&w, m->src.sub, m->src.sub_tl & ATM_TL_LEN);
	if (shape(m->op) != MARS_SHAPE_MAP)
		wr_bytes(&w, m->spa.a, m->spa.len);
	if (shape(m->op) == MARS_SHAPE_REQUEST ||
	    shape(m->op) == MARS_SHAPE_MULTI)
		wr_bytes(&w, m->tpa.a, m->tpa.len);
	wr_bytes(&w, m->list, m->list_len);
	encode_tlvs(m, &w);
	if (wr_failed(&w))
		return 0;
	encode_checksum(&w);
	return w.len;
}

void
mars_make_nak(void *buf, size_t len)
{
	struct rd r;
	struct wr w;

	wr_init(&w, buf, len);
	w.len = len;
	wr_at_u16(&w, OFF_VERSION, MARS_NAK);
	rd_init(&r, buf, len);
	rd_skip(&r, OFF_CHKSUM);
	if (rd_u16(&r) == 0) /* none was computed */
		return;
	wr_at_u16(&w, OFF_CHKSUM, 0);
	encode_checksum(&w);
}

/* --- lists */

/* The i-th element of size octets; a reader that fails if there is none. */
static struct rd
element(const struct mars_msg *m, uint16_t i, size_t size)
{
	struct rd r;

	rd_init(&r, m->list, m->list_len);
	rd_skip(&r, i * size);
	return r;
}

void
mars_pair(
    const struct mars_msg *m, uint16_t i, struct paddr *min, struct paddr *max)
{
	struct rd r = element(m, i, (size_t)m->tpln * 2);

	(void)rd_paddr(&r, m->tpln, min);
	(void)rd_paddr(&r, m->tpln, max);
}

void
mars_group(const struct mars_msg *m, uint16_t i, struct paddr *group)
{
	struct rd r = element(m, i, m->tpln);

	(void)rd_paddr(&r, m->tpln, group);
}

void
mars_target(const struct mars_msg *m, uint16_t i, struct atm_addr *a)
{
	struct rd r = element(m, i,
	    (size_t)(m->tgt_num_tl & ATM_TL_LEN) +
	    (m->tgt_sub_tl & ATM_TL_LEN));

	a->num_tl = m->tgt_num_tl;
	a->sub_tl = m->tgt_sub_tl;
	(void)rd_atm_number(&r, &a->num_tl, a->num);
	(void)rd_atm_number(&r, &a->sub_tl, a->sub);
}

void
mars_list_pair(struct wr *w, const struct paddr *min, const struct paddr *max)
{
	wr_bytes(w, min->a, min->len);
	wr_bytes(w, max->a, max->len);
}

void
mars_list_target(struct wr *w, const struct atm_addr *a)
{
	wr_bytes(w, a->num, a->num_tl & ATM_TL_LEN);
	wr_bytes(w, a->sub, a->sub_tl & ATM_TL_LEN);
}

bool
mars_tlv_next(struct rd *r, struct mars_tlv *t)
{
	return rd_tlv(r, t) && t->y != 0;
}

enum mars_tlvs
mars_tlvs_verdict(const struct mars_msg *m)
{
	struct mars_tlv t;
	struct rd r;

	if (m->tlvs == NULL)
		return MARS_TLVS_SKIP;
	rd_init(&r, m->tlvs, m->tlvs_len);
	while (mars_tlv_next(&r, &t)) {
		if (t.x == 1)
			return MARS_TLVS_DROP;
		if (t.x == 2)
			return MARS_TLVS_ERROR;
	}
	return MARS_TLVS_SKIP;
}
