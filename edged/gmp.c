/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "gmp.h"

#define QRV_MAX		7
#define S_FLAG		0x08

const char *
edged_gmp_drop_name(enum edged_gmp_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_GMP_DROPS(X)
#undef X
	};

	return drop < EDGED_GMP_DROP_MAX ? names[drop] : "unknown";
}

/* --- numbers with an exponent */

/* exp and mant of a code whose mantissa has `bits` bits: (mant | 1 << bits) <<
 * (exp + 3) */
static uint32_t
decode(uint32_t code, int bits)
{
	uint32_t mant = code & ((1U << bits) - 1), exp = code >> bits & 7;

	return code >> (bits + 3) == 0 ? code :
	    (mant | 1U << bits) << (exp + 3);
}

static uint32_t
encode(uint32_t value, int bits)
{
	uint32_t exp;

	if (value < 1U << (bits + 3))
		return value;
	for (exp = 0; exp < 7; exp++)
		if (value >> (exp + 3) < 2U << bits)
			break;
	value >>= exp + 3;
	if (value >= 2U << bits)
		value = (2U << bits) - 1;
	return 1U << (bits + 3) | exp << bits | (value & ((1U << bits) - 1));
}

uint32_t
edged_gmp_decode8(uint8_t code)
{
	return decode(code, 4);
}

uint8_t
edged_gmp_encode8(uint32_t value)
{
	return (uint8_t)encode(value, 4);
}

uint32_t
edged_gmp_decode16(uint16_t code)
{
	return decode(code, 12);
}

uint16_t
edged_gmp_encode16(uint32_t value)
{
	return (uint16_t)encode(value, 12);
}

/* --- reading */

bool
edged_gmp_source(struct rd *r, uint8_t alen, struct paddr *source)
{
	const uint8_t *a = r->left == 0 ? NULL : rd_bytes(r, alen);

	if (a == NULL)
		return false;
	edged_addr(source, a, alen);
	return true;
}

bool
edged_gmp_sources_fit(
    struct rd *r, uint16_t n, uint8_t alen, struct rd *sources)
{
	*sources = rd_view(r, (size_t)n * alen);
	return !rd_failed(r);
}

/* One record as it comes, whatever is in it; false: it doesn't fit. */
static bool
read_record(struct rd *r, uint8_t alen, struct edged_gmp_record *record)
{
	uint8_t aux;
	const uint8_t *group;

	record->type = (enum edged_gmp_type)rd_u8(r);
	aux = rd_u8(r);
	record->nsources = rd_u16(r);
	if ((group = rd_bytes(r, alen)) == NULL)
		return false;
	edged_addr(&record->group, group, alen);
	if (!edged_gmp_sources_fit(r, record->nsources, alen, &record->sources))
		return false;
	rd_skip(r, (size_t)aux * 4); /* 4.2.11: ignored */
	return !rd_failed(r);
}

bool
edged_gmp_records_fit(struct rd r, uint16_t n, uint8_t alen)
{
	struct edged_gmp_record record;

	for (; n > 0; n--)
		if (!read_record(&r, alen, &record))
			return false;
	return true;
}

bool
edged_gmp_next(struct edged_gmp *m, struct edged_gmp_record *record)
{
	if (m->version != EDGED_GMP_V3) {
		if (m->nrecords == 0)
			return false;
		m->nrecords = 0;
		memset(record, 0, sizeof(*record));
		record->type = m->kind == EDGED_GMP_LEAVE ? EDGED_GMP_TO_IN :
		    EDGED_GMP_IS_EX;
		record->group = m->group;
		return true;
	}
	while (m->nrecords > 0) {
		m->nrecords--;
		if (!read_record(&m->records, m->alen, record))
			return false;
		if (record->type >= EDGED_GMP_IS_IN &&
		    record->type < EDGED_GMP_TYPE_MAX &&
		    edged_addr_multicast(&record->group))
			return true;
	}
	return false;
}

/* --- the end of a query of version 3 (RFC 9776 4.1.4 to 4.1.9) */

enum edged_gmp_drop
edged_gmp_read_v3(struct rd *r, struct edged_gmp *m)
{
	uint8_t flags = rd_u8(r);

	m->suppress = (flags & S_FLAG) != 0;
	m->robustness = flags & QRV_MAX;
	m->interval = edged_gmp_decode8(rd_u8(r));
	m->nsources = rd_u16(r);
	return edged_gmp_sources_fit(r, m->nsources, m->alen, &m->sources) ?
	    EDGED_GMP_OK :
	    EDGED_GMP_DROP_TRUNCATED;
}

void
edged_gmp_write_v3(struct wr *w, const struct edged_gmp_query *q)
{
	uint16_t i;

	/* 4.1.6: what doesn't fit is sent as 0 */
	wr_u8(w,
	    (uint8_t)((q->suppress ? S_FLAG : 0) |
	    (q->robustness > QRV_MAX ? 0 : q->robustness)));
	wr_u8(w, edged_gmp_encode8(q->interval));
	wr_u16(w, q->nsources);
	for (i = 0; i < q->nsources; i++)
		wr_bytes(w, q->sources[i].a, q->group.len);
}

/* RFC 9776 4: TOS is Internetwork Control; RFC 9777 5 says nothing of it. */
void
edged_gmp_write_head(struct wr *w, struct edged_ip *ip,
    const struct paddr *src, const struct paddr *dst, size_t upper)
{
	bool v6 = dst->len == 16;

	*ip = (struct edged_ip){ .src = *src,
    .dst = *dst,
    .proto = v6 ? EDGED_PROTO_ICMPV6 : EDGED_PROTO_IGMP,
    .ttl = 1,
    .tos = v6 ? 0 : 0xc0,
    .alert = true };
	edged_ip_write_head(w, ip, upper);
}
