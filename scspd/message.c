/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "message.h"

static const char *drop_names[] = {
#define X(sym, name, text) name,
	SCSP_DROPS(X)
#undef X
};
_Static_assert(sizeof(drop_names) / sizeof(drop_names[0]) == DROP_MAX,
    "a name for every reason");

const char *
scsp_drop_name(enum scsp_drop d)
{
	return drop_names[d];
}

/* Octets between the fixed part and the mandatory common part, or -1. */
static int
head_len(enum scsp_type type)
{
	switch (type) {
	case SCSP_CA:
		return 4;
	case SCSP_HELLO:
		return 8;
	case SCSP_CSU_REQUEST:
	case SCSP_CSU_REPLY:
	case SCSP_CSUS:
		return 0;
	}
	return -1;
}

/*
 * Looks only as far as is needed to know whose packet this is: the fixed
 * part (B.1) with its checksum, PID and SGID.  The packet size is left to
 * scsp_message_parse(), since a wrong one is malformed.
 */
enum scsp_drop
scsp_message_peek(const uint8_t *p, size_t len, enum scsp_type *type,
    uint16_t *pid, uint16_t *sgid)
{
	struct rd r;
	int head;
	uint8_t version, code;

	rd_init(&r, p, len);
	version = rd_u8(&r);
	code = rd_u8(&r);
	rd_skip(&r, SCSP_FIXED_LEN - 2);
	if (rd_failed(&r))
		return DROP_TRUNCATED;
	if (version != SCSP_VERSION)
		return DROP_VERSION;
	if (in_cksum(p, len) != 0)
		return DROP_CHECKSUM;
	if ((head = head_len((enum scsp_type)code)) == -1)
		return DROP_TYPE;
	*type = (enum scsp_type)code;
	rd_skip(&r, (size_t)head);
	*pid = rd_u16(&r);
	*sgid = rd_u16(&r);
	return rd_failed(&r) ? DROP_TRUNCATED : DROP_NONE;
}

/* One extension; false where the list is wrong: twice the same, B.3.2 */
static bool
one_extension(struct scsp_ext *x, uint16_t type, struct rd v,
    const uint8_t *packet, uint32_t *vendors, size_t *nvendors)
{
	uint32_t vendor;
	size_t i;

	switch (type) {
	case EXT_AUTH:
		if (x->has_auth)
			return false;
		x->has_auth = true;
		x->spi = rd_u32(&v);
		x->mac_at = (size_t)(v.p - packet);
		x->mac_len = v.left;
		return !rd_failed(&v);
	case EXT_VENDOR:
		if (v.left < 3)
			return false;
		vendor =
		    (uint32_t)v.p[0] << 16 | (uint32_t)v.p[1] << 8 | v.p[2];
		for (i = 0; i < *nvendors; i++)
			if (vendors[i] == vendor)
				return false;
		/* nobody sends more; what is beyond is not compared */
		if (*nvendors < 8)
			vendors[(*nvendors)++] = vendor;
		if (vendor == SCSP_REPLAY_VENDOR && v.left == SCSP_REPLAY_LEN &&
		    v.p[3] == SCSP_REPLAY_KIND)
			x->replay = v.p;
		return true;
	default:
		return true; /* unknown: skipped */
	}
}

/*
 * Finds authentication and replay protection in a packet that nobody has
 * believed yet.  ok tells whether the whole part is in order: any order,
 * unknown ones skipped, its end required and the packet's end too.
 */
void
scsp_message_extensions(const uint8_t *p, size_t len, struct scsp_ext *x)
{
	struct rd r, v;
	uint32_t vendors[8];
	size_t nvendors = 0;
	uint16_t start, type, n;

	memset(x, 0, sizeof(*x));
	rd_init(&r, p, len);
	rd_skip(&r, SCSP_FIXED_LEN - 2);
	start = rd_u16(&r);
	if (rd_failed(&r))
		return;
	if (start == 0) {
		x->ok = true;
		return;
	}
	if (start < SCSP_FIXED_LEN)
		return;
	rd_skip(&r, (size_t)start - SCSP_FIXED_LEN);
	for (;;) {
		type = rd_u16(&r);
		n = rd_u16(&r);
		v = rd_view(&r, n);
		if (rd_failed(&r))
			return;
		if (type == EXT_END) {
			x->ok = n == 0 && rd_done(&r);
			return;
		}
		if (!one_extension(x, type, v, p, vendors, &nvendors))
			return;
	}
}

/* The CSAS part of a record; false if its lengths are not ours. */
static bool
parse_csas(struct rd *r, struct scsp_csas *c, uint16_t *reclen)
{
	uint16_t flags;
	uint8_t keylen, oidlen;
	uint32_t key, oid;

	c->hops = rd_u16(r);
	*reclen = rd_u16(r);
	keylen = rd_u8(r);
	oidlen = rd_u8(r);
	flags = rd_u16(r);
	c->seq = (int32_t)rd_u32(r);
	key = rd_u32(r);
	oid = rd_u32(r);
	c->id = RECORD_ID(oid, key);
	c->null = (flags & CSAS_N) != 0;
	c->len = 0;
	c->data = NULL;
	return !rd_failed(r) && keylen == 4 && oidlen == 4 &&
	    *reclen >= SCSP_CSAS_LEN;
}

bool
scsp_message_csas(struct rd *r, struct scsp_csas *c)
{
	uint16_t reclen;

	return r->left != 0 && parse_csas(r, c, &reclen) &&
	    reclen == SCSP_CSAS_LEN;
}

bool
scsp_message_csa(struct rd *r, struct scsp_csas *c)
{
	uint16_t reclen;

	if (r->left == 0 || !parse_csas(r, c, &reclen))
		return false;
	c->len = (uint16_t)(reclen - SCSP_CSAS_LEN);
	c->data = rd_bytes(r, c->len);
	return !rd_failed(r);
}

/* Does exactly the announced number of records fill r, each sound? */
static bool
records_fit(const struct scsp_message *m,
    enum csa_verdict (*judge)(const void *, size_t))
{
	struct rd r = m->records;
	struct scsp_csas c;
	uint16_t i;

	for (i = 0; i < m->nrecords; i++) {
		switch (m->type) {
		case SCSP_HELLO:
			if (rd_u8(&r) != 4)
				return false;
			rd_skip(&r, 4);
			break;
		case SCSP_CSU_REQUEST:
			if (!scsp_message_csa(&r, &c))
				return false;
			if (!c.null && judge(c.data, c.len) == CSA_MALFORMED)
				return false;
			break;
		default:
			if (!scsp_message_csas(&r, &c))
				return false;
		}
	}
	return rd_done(&r);
}

/* The mandatory common part (B.2.0.1); IDs of 4 octets (RFC 2443 4.1). */
static bool
parse_common(struct rd *r, struct scsp_message *m)
{
	uint8_t slen, rlen;

	m->pid = rd_u16(r);
	m->sgid = rd_u16(r);
	rd_skip(r, 2);
	m->flags = rd_u16(r);
	slen = rd_u8(r);
	rlen = rd_u8(r);
	m->nrecords = rd_u16(r);
	if (slen != 4)
		return false;
	m->sender = rd_u32(r);
	m->no_receiver = rlen == 0;
	if (rlen == 0) /* only a Hello has nobody to name (B.2.5) */
		return m->type == SCSP_HELLO && m->nrecords == 0;
	if (rlen != 4)
		return false;
	m->receiver = rd_u32(r);
	return true;
}

/*
 * Parses a packet that scsp_message_peek() let pass.  judge looks at the
 * protocol specific parts.  Anything but DROP_NONE is malformed in
 * the sense of 2.1 and A-59.
 */
enum scsp_drop
scsp_message_parse(const uint8_t *p, size_t len,
    enum csa_verdict (*judge)(const void *, size_t), struct scsp_message *m)
{
	struct scsp_ext x;
	struct rd r;
	uint16_t size, start;

	memset(m, 0, sizeof(*m));
	rd_init(&r, p, len);
	rd_skip(&r, 1);
	m->type = (enum scsp_type)rd_u8(&r);
	size = rd_u16(&r);
	rd_skip(&r, 2);
	start = rd_u16(&r);
	if (size != len)
		return DROP_MALFORMED_SIZE;
	scsp_message_extensions(p, len, &x);
	if (!x.ok)
		return DROP_MALFORMED_EXTENSION;
	if (start != 0) /* from here on only the mandatory part */
		r.left = (size_t)start - SCSP_FIXED_LEN;
	if (m->type == SCSP_CA)
		m->ca_seq = rd_u32(&r);
	if (m->type == SCSP_HELLO) {
		m->interval = rd_u16(&r);
		m->dead = rd_u16(&r);
		rd_skip(&r, 4); /* unused, Family ID: A-48 */
	}
	if (!parse_common(&r, m))
		return rd_failed(&r) ? DROP_MALFORMED_SIZE : DROP_MALFORMED_ID;
	if (rd_failed(&r))
		return DROP_MALFORMED_SIZE;
	m->records = r;
	if (!records_fit(m, judge))
		return DROP_MALFORMED_RECORD;
	return DROP_NONE;
}

bool
scsp_message_lists(const struct scsp_message *m, uint32_t id)
{
	struct rd r = m->records;
	uint16_t i;

	if (m->no_receiver)
		return false;
	if (m->receiver == id)
		return true;
	for (i = 0; i < m->nrecords; i++) {
		rd_skip(&r, 1);
		if (rd_u32(&r) == id && !rd_failed(&r))
			return true;
	}
	return false;
}

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

/* For a Hello, which names nobody until somebody was heard (B.2.5). */
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

/* A stand-alone record: hop count 1 (B.2.0.2). */
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

/* The mandatory part is complete: notes that extensions follow. */
void
scsp_packet_extensions(struct scsp_packet *p)
{
	wr_at_u16(&p->w, 6, (uint16_t)p->w.len);
}

/* Everything is written: packet size and number of records; checksum. */
void
scsp_packet_checksum(struct scsp_packet *p)
{
	wr_at_u16(&p->w, 4, 0);
	wr_at_u16(&p->w, 4, in_cksum(p->w.buf, p->w.len));
}
