/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * SCSP messages, received (RFC 2334 appendix B).
 *
 *  - Keys, and the IDs of servers and owners, have lengths of their own in
 *    the format.  Here they have 4 octets, as RFC 2443 section 4.1 has it,
 *    and another length is malformed.
 *  - The Family ID of a Hello is skipped.
 *  - Lengths and counts that do not agree are malformed, octets left over
 *    included; so are contents of a record that the protocol's own
 *    judge calls so.
 *  - B.3 allows an extension once, B.3.2 one of each vendor.  Here several of
 *    different vendors are allowed, unknown ones are skipped, and the End of
 *    Extensions is required where there are any.
 */
#include <string.h>

#include "cksum.h"
#include "message.h"

static const char *drop_names[] = {
#define X(sym, name, text) name,
	SCSP_DROPS(X)
#undef X
};
_Static_assert(sizeof(drop_names) / sizeof(drop_names[0]) == SCSP_DROP_MAX,
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
		return SCSP_DROP_TRUNCATED;
	if (version != SCSP_VERSION)
		return SCSP_DROP_VERSION;
	if (in_cksum(p, len) != 0)
		return SCSP_DROP_CHECKSUM;
	if ((head = head_len((enum scsp_type)code)) == -1)
		return SCSP_DROP_TYPE;
	*type = (enum scsp_type)code;
	rd_skip(&r, (size_t)head);
	*pid = rd_u16(&r);
	*sgid = rd_u16(&r);
	return rd_failed(&r) ? SCSP_DROP_TRUNCATED : SCSP_DROP_NONE;
}

/*
 * Reads one extension.  False: it has come before and may not come twice, or it
 * is cut off (B.3.2).
 */
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
 * Finds the extensions for authentication and replay protection in a packet
 * that nobody has believed yet.  x->ok tells whether the list is in order.  The
 * extensions may come in any order and unknown ones are skipped, but the list
 * must have its End, and the packet must end there.
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
	c->verdict = CSA_STRANGE; /* until it is judged */
	return !rd_failed(r) && keylen == 4 && oidlen == 4 &&
	    *reclen >= SCSP_CSAS_LEN;
}

/*
 * One record that stands in r, with its contents if it is a CSA record.
 * False: it is malformed.
 */
static bool
parse_record(struct rd *r, enum scsp_type type,
    enum csa_verdict (*judge)(const void *, size_t), struct scsp_csas *c)
{
	uint16_t reclen;

	if (!parse_csas(r, c, &reclen))
		return false;
	if (type != SCSP_CSU_REQUEST)
		return reclen == SCSP_CSAS_LEN;
	c->len = (uint16_t)(reclen - SCSP_CSAS_LEN);
	c->data = rd_bytes(r, c->len);
	if (rd_failed(r))
		return false;
	if (c->null) /* it has no contents that count */
		return true;
	c->verdict = judge(c->data, c->len);
	return c->verdict != CSA_MALFORMED;
}

/* Does exactly the announced number of records fill r, each sound? */
static bool
parse_records(struct rd r, enum csa_verdict (*judge)(const void *, size_t),
    struct scsp_message *m)
{
	uint16_t i;

	if (m->nrecords > SCSP_RECORDS_MAX)
		return false;
	for (i = 0; i < m->nrecords; i++)
		if (!parse_record(&r, m->type, judge, &m->record[i]))
			return false;
	return rd_done(&r);
}

/* The additional receiver IDs of a Hello (B.2.5). */
static bool
parse_receivers(struct rd r, struct scsp_message *m)
{
	uint16_t i;

	m->receivers = r;
	for (i = 0; i < m->nrecords; i++) {
		if (rd_u8(&r) != 4)
			return false;
		rd_skip(&r, 4);
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

enum scsp_drop
scsp_message_parse(const uint8_t *p, size_t len, const struct scsp_ext *x,
    enum csa_verdict (*judge)(const void *, size_t), struct scsp_message *m)
{
	struct rd r;
	uint16_t size, start;
	bool fit;

	/*
	 * the records are not cleared: they are many, and none is read before
	 * it was written
	 */
	memset(m, 0, offsetof(struct scsp_message, record));
	rd_init(&r, p, len);
	rd_skip(&r, 1);
	m->type = (enum scsp_type)rd_u8(&r);
	size = rd_u16(&r);
	rd_skip(&r, 2);
	start = rd_u16(&r);
	if (size != len)
		return SCSP_DROP_MALFORMED_SIZE;
	if (!x->ok)
		return SCSP_DROP_MALFORMED_EXTENSION;
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
		return rd_failed(&r) ? SCSP_DROP_MALFORMED_SIZE :
		    SCSP_DROP_MALFORMED_ID;
	if (rd_failed(&r))
		return SCSP_DROP_MALFORMED_SIZE;
	fit = m->type == SCSP_HELLO ? parse_receivers(r, m) :
	    parse_records(r, judge, m);
	return fit ? SCSP_DROP_NONE : SCSP_DROP_MALFORMED_RECORD;
}

bool
scsp_message_lists(const struct scsp_message *m, uint32_t id)
{
	struct rd r = m->receivers;
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
