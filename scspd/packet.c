/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Building SCSP messages (RFC 2334 appendix B). */
#include "cksum.h"
#include "packet.h"

void
scsp_packet_begin(struct scsp_packet *p, enum scsp_type type)
{
	wr_init(&p->w, p->buf, sizeof(p->buf));
	p->nrecords = 0;
	p->common_at = 0;
	wr_u8(&p->w, SCSP_VERSION);
	wr_u8(&p->w, (uint8_t)type);
	wr_zero(&p->w, SCSP_FIXED_LEN - 2); /* size, checksum, start */
}

static void
common(struct scsp_packet *p, uint16_t pid, uint16_t sgid, uint16_t flags,
    uint8_t rlen, uint32_t sender)
{
	p->common_at = p->w.len;
	wr_u16(&p->w, pid);
	wr_u16(&p->w, sgid);
	wr_u16(&p->w, 0);
	wr_u16(&p->w, flags);
	wr_u8(&p->w, 4);
	wr_u8(&p->w, rlen);
	wr_u16(&p->w, 0); /* number of records: later */
	wr_u32(&p->w, sender);
}

void
scsp_packet_common(struct scsp_packet *p, uint16_t pid, uint16_t sgid,
    uint16_t flags, uint32_t sender, uint32_t receiver)
{
	common(p, pid, sgid, flags, 4, sender);
	wr_u32(&p->w, receiver);
}

void
scsp_packet_hello_common(struct scsp_packet *p, uint16_t pid, uint16_t sgid,
    uint32_t sender, bool heard, uint32_t receiver)
{
	common(p, pid, sgid, 0, heard ? 4 : 0, sender);
	if (heard)
		wr_u32(&p->w, receiver);
}

static void
put_csas(struct scsp_packet *p, const struct scsp_csas *c, uint16_t len)
{
	wr_u16(&p->w, c->hops);
	wr_u16(&p->w, (uint16_t)(SCSP_CSAS_LEN + len));
	wr_u8(&p->w, 4);
	wr_u8(&p->w, 4);
	wr_u16(&p->w, c->null ? CSAS_N : 0);
	wr_u32(&p->w, (uint32_t)c->seq);
	wr_u32(&p->w, RECORD_KEY(c->id));
	wr_u32(&p->w, RECORD_OID(c->id));
	p->nrecords++;
}

void
scsp_packet_csas(struct scsp_packet *p, const struct scsp_csas *c)
{
	struct scsp_csas alone = *c;

	alone.hops = 1;
	put_csas(p, &alone, 0);
}

void
scsp_packet_csa(struct scsp_packet *p, const struct scsp_csas *c)
{
	put_csas(p, c, c->len);
	wr_bytes(&p->w, c->data, c->len);
}

size_t
scsp_packet_left(const struct scsp_packet *p, size_t reserve)
{
	size_t left = wr_left(&p->w);

	return left < reserve ? 0 : left - reserve;
}

void
scsp_packet_flags(struct scsp_packet *p, uint16_t flags)
{
	wr_at_u16(&p->w, p->common_at + 6, flags);
}

void
scsp_packet_count(struct scsp_packet *p)
{
	wr_at_u16(&p->w, p->common_at + 10, p->nrecords);
}

void
scsp_packet_size(struct scsp_packet *p)
{
	wr_at_u16(&p->w, 2, (uint16_t)p->w.len);
}

void
scsp_packet_extensions(struct scsp_packet *p)
{
	wr_at_u16(&p->w, 6, (uint16_t)p->w.len);
}

void
scsp_packet_checksum(struct scsp_packet *p)
{
	wr_at_u16(&p->w, 4, 0);
	wr_at_u16(&p->w, 4, in_cksum(p->w.buf, p->w.len));
}
