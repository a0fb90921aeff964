/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The octets of what stations say and hear, by RFC 1112, 2236, 9776, 2710 and
 * 9777, and of probes.  Both families have a body of 8 octets or more behind
 * their headers: type, code, checksum, and what follows.
 */
#include <string.h>

#include "cksum.h"
#include "lan.h"

#define HEAD4		24	/* with Router Alert */
#define HEAD6		48	/* with Hop-by-Hop options */
#define PROBE_MAGIC	0x4c414e53
#define PROBE_BODY	(8 + 8)

static const uint8_t routers4[4] = { 224, 0, 0, 2 };
static const uint8_t routers6[16] = { 0xff, 2, [15] = 2 };
static const uint8_t reports4[4] = { 224, 0, 0, 22 };
static const uint8_t reports6[16] = { 0xff, 2, [15] = 0x16 };

/* --- what is said */

/* A packet with TTL 1; the body is written behind it. */
static void
message_head(struct wr *w, uint8_t *buf, const struct paddr *from,
    const uint8_t *to, bool alert)
{
	wr_init(w, buf, PACKET_MAX);
	if (from->len == 4) {
		wr_u32(w, alert ? 0x46c00000 : 0x45000000);
		wr_u32(w, 0);
		wr_u32(w, 0x01020000);
		wr_bytes(w, from->a, 4);
		wr_bytes(w, to, 4);
		if (alert)
			wr_u32(w, 0x94040000);
		return;
	}
	wr_u32(w, 0x60000000);
	wr_u32(w, 0x00000001);
	wr_bytes(w, from->a, 16);
	wr_bytes(w, to, 16);
	/* ICMPv6 follows; Router Alert, PadN */
	wr_u32(w, 0x3a000502);
	wr_u32(w, 0x00000100);
}

/* The checksum of a body with the pseudo header of IPv6 (RFC 8200 8.1). */
static uint16_t
message_sum6(const uint8_t *p, size_t body, size_t len, uint8_t proto)
{
	uint8_t buf[40 + PACKET_MAX] = { 0 };

	memcpy(buf, p + 8, 32);
	buf[34] = (uint8_t)((len - body) >> 8);
	buf[35] = (uint8_t)(len - body);
	buf[39] = proto;
	memcpy(buf + 40, p + body, len - body);
	return in_cksum(buf, 40 + len - body);
}

/* Lengths and checksums: what the head left out. */
static size_t
message_end(struct wr *w, uint8_t *buf)
{
	size_t head;

	if (buf[0] >> 4 == 6) {
		wr_at_u16(w, 4, (uint16_t)(w->len - 40));
		wr_at_u16(w, HEAD6 + 2, message_sum6(buf, HEAD6, w->len, 58));
		return w->len;
	}
	head = (size_t)(buf[0] & 15) * 4;
	wr_at_u16(w, 2, (uint16_t)w->len);
	wr_at_u16(w, 10, in_cksum(buf, head));
	wr_at_u16(w, head + 2, in_cksum(buf + head, w->len - head));
	return w->len;
}

/* A report of version 1 or 2, or a leave (Done). */
size_t
message_old(uint8_t *buf, const struct paddr *from, const struct paddr *group,
    uint8_t version, bool leave)
{
	const uint8_t *routers = group->len == 4 ? routers4 : routers6;
	struct wr w;

	message_head(&w, buf, from, leave ? routers : group->a,
	    version != SAYS_JOINS);
	if (group->len == 16)
		wr_u32(&w, leave ? 0x84000000 : 0x83000000);
	else if (leave)
		wr_u32(&w, 0x17000000);
	else
		wr_u32(&w, version == SAYS_JOINS ? 0x12000000 : 0x16000000);
	if (group->len == 16)
		wr_u32(&w, 0);
	wr_bytes(&w, group->a, group->len);
	return message_end(&w, buf);
}

size_t
message_report(uint8_t *buf, const struct paddr *from,
    const struct record *records, size_t n)
{
	const struct record *r;
	struct wr w;
	uint8_t i;

	message_head(
	    &w, buf, from, from->len == 4 ? reports4 : reports6, true);
	wr_u32(&w, from->len == 4 ? 0x22000000 : 0x8f000000);
	wr_u32(&w, (uint32_t)n);
	for (r = records; r < records + n; r++) {
		wr_u8(&w, r->type);
		wr_u8(&w, 0);
		wr_u16(&w, r->n);
		wr_bytes(&w, r->group.a, r->group.len);
		for (i = 0; i < r->n; i++)
			wr_bytes(&w, r->source[i].a, r->source[i].len);
	}
	return message_end(&w, buf);
}

/* --- what is heard */

/* Where the body of IGMP or MLD begins; 0: it is neither. */
static size_t
message_body(const uint8_t *p, size_t len)
{
	size_t head;

	if (len >= HEAD6 + 8 && p[0] >> 4 == 6)
		return p[6] == 0 && p[40] == 58 ? HEAD6 : 0;
	head = (size_t)(p[0] & 15) * 4;
	return len >= head + 8 && p[0] >> 4 == 4 && p[9] == 2 ? head : 0;
}

static void
message_group(struct paddr *a, const uint8_t *p, uint8_t len)
{
	memset(a, 0, sizeof(*a));
	a->len = len;
	memcpy(a->a, p, len);
}

static bool
message_zero(const struct paddr *a)
{
	static const struct paddr zero;

	return memcmp(a->a, zero.a, sizeof(zero.a)) == 0;
}

/* Max Resp Code: RFC 9776 4.1.1, in tenths; RFC 9777 5.1.3, in ms. */
static int64_t
message_response(const uint8_t *body, bool v6, uint8_t version)
{
	uint32_t code = body[1];

	if (v6)
		code = (uint32_t)body[4] << 8 | body[5];
	if (v6 && version == SAYS_SOURCES && code >= 0x8000)
		code = ((code & 0xfff) | 0x1000) << (((code >> 12) & 7) + 3);
	if (!v6 && version == SAYS_SOURCES && code >= 0x80)
		code = ((code & 15) | 16) << (((code >> 4) & 7) + 3);
	if (!v6 && version == SAYS_JOINS)
		code = 100;
	return MTIME_MS(v6 ? code : code * 100);
}

bool
message_query(struct query *q, const uint8_t *p, size_t len)
{
	size_t at = message_body(p, len), fixed;
	const uint8_t *body = p + at;
	uint16_t i;

	memset(q, 0, sizeof(*q));
	q->v6 = p[0] >> 4 == 6;
	if (at == 0 || body[0] != (q->v6 ? 130 : 0x11))
		return false;
	fixed = q->v6 ? 24 : 8;
	if (len - at < fixed)
		return false;
	if (len - at > fixed)
		q->version = SAYS_SOURCES;
	else
		q->version = q->v6 || body[1] != 0 ? SAYS_LEAVES : SAYS_JOINS;
	q->response = message_response(body, q->v6, q->version);
	message_group(&q->group, body + (q->v6 ? 8 : 4), q->v6 ? 16 : 4);
	if (message_zero(&q->group))
		q->group.len = 0;
	if (q->version != SAYS_SOURCES)
		return true;
	q->n = (uint16_t)(body[fixed + 2] << 8 | body[fixed + 3]);
	for (i = 0; i < q->n && i < ASKED_MAX; i++)
		message_group(&q->source[i],
		    body + fixed + 4 + (size_t)i * (q->v6 ? 16 : 4),
		    q->v6 ? 16 : 4);
	return true;
}

bool
message_heard(
    struct paddr *group, uint8_t *version, const uint8_t *p, size_t len)
{
	size_t at = message_body(p, len);
	const uint8_t *body = p + at;

	if (at == 0)
		return false;
	if (p[0] >> 4 == 6) {
		if (body[0] != 131 || len - at < 24)
			return false;
		message_group(group, body + 8, 16);
		*version = SAYS_LEAVES;
		return true;
	}
	message_group(group, body + 4, 4);
	*version = body[0] == 0x12 ? SAYS_JOINS : SAYS_LEAVES;
	return body[0] == 0x12 || body[0] == 0x16;
}

/* --- probes: UDP with a mark and a tag */

size_t
message_probe(uint8_t *buf, const struct probe *p, uint32_t tag)
{
	bool v6 = p->group.len == 16;
	size_t head = v6 ? 40 : 20;
	uint8_t pseudo[12 + PROBE_BODY] = { 0 };
	struct wr w;

	wr_init(&w, buf, PACKET_MAX);
	wr_u32(&w, v6 ? 0x60000000 : 0x45000000 | (20 + PROBE_BODY));
	wr_u32(&w, v6 ? PROBE_BODY << 16 | 17 << 8 | p->ttl : 0);
	if (!v6)
		wr_u32(&w, (uint32_t)p->ttl << 24 | 17 << 16);
	wr_bytes(&w, p->source.a, p->source.len);
	wr_bytes(&w, p->group.a, p->group.len);
	wr_u32(&w, 5000 << 16 | 5001);
	wr_u32(&w, PROBE_BODY << 16);
	wr_u32(&w, PROBE_MAGIC);
	wr_u32(&w, tag);
	if (v6) {
		wr_at_u16(&w, head + 6, message_sum6(buf, head, w.len, 17));
		return w.len;
	}
	wr_at_u16(&w, 10, in_cksum(buf, head));
	memcpy(pseudo, buf + 12, 8);
	pseudo[9] = 17;
	pseudo[11] = PROBE_BODY;
	memcpy(pseudo + 12, buf + head, PROBE_BODY);
	wr_at_u16(&w, head + 6, in_cksum(pseudo, sizeof(pseudo)));
	return w.len;
}

bool
message_is_probe(const uint8_t *p, size_t len, uint32_t *tag)
{
	size_t head = p[0] >> 4 == 6 ? 40 : 20;
	struct rd r;

	if (len != head + PROBE_BODY || p[head == 40 ? 6 : 9] != 17)
		return false;
	rd_init(&r, p + head + 8, 8);
	if (rd_u32(&r) != PROBE_MAGIC)
		return false;
	*tag = rd_u32(&r);
	return true;
}

/* A link-local group keeps its TTL, any other has one less. */
bool
message_intact(const struct probe *p, const uint8_t *octets, size_t len)
{
	struct probe as = *p;
	uint8_t buf[PACKET_MAX];
	uint32_t tag;

	if (!message_is_probe(octets, len, &tag))
		return false;
	if (p->group.a[0] == 0xff ? (p->group.a[1] & 15) != 2 :
	    p->group.a[0] != 224)
		as.ttl--;
	return message_probe(buf, &as, tag) == len &&
	    memcmp(buf, octets, len) == 0;
}
