/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "igmp.h"

#define IGMP_MIN	8	/* octets of versions 1 and 2 */
#define EDGED_IGMP_QUERY3	12	/* at least, of version 3 */
#define IGMP_TENTH	100	/* ms: the unit of Max Resp Code */
#define IGMP_V1_RESPONSE 10000	/* ms, RFC 2236 4 */

enum edged_igmp_type {
	EDGED_IGMP_QUERY = 0x11,
	EDGED_IGMP_REPORT1 = 0x12,
	EDGED_IGMP_REPORT2 = 0x16,
	EDGED_IGMP_LEAVE = 0x17,
	EDGED_IGMP_REPORT3 = 0x22
};

bool
edged_igmp_is(const struct edged_ip *ip)
{
	return !ip->v6 && ip->proto == EDGED_PROTO_IGMP;
}

/* Of a query the version is in its length (RFC 9776 7.1). */
static enum edged_gmp_drop
read_query(struct edged_gmp *m, struct rd *r, uint8_t code)
{
	m->kind = EDGED_GMP_QUERY;
	if (!edged_addr_zero(&m->group) && !edged_addr_multicast(&m->group))
		return EDGED_GMP_DROP_GROUP;
	if (r->left == 0) {
		m->version = code == 0 ? EDGED_GMP_V1 : EDGED_GMP_V2;
		m->response = code == 0 ? IGMP_V1_RESPONSE : code * IGMP_TENTH;
		return EDGED_GMP_OK;
	}
	if (r->left < EDGED_IGMP_QUERY3 - IGMP_MIN)
		return EDGED_GMP_DROP_LENGTH;
	m->version = EDGED_GMP_V3;
	m->response = edged_gmp_decode8(code) * IGMP_TENTH;
	return edged_gmp_read_v3(r, m);
}

static enum edged_gmp_drop
read_report(struct edged_gmp *m, enum edged_igmp_type type, struct rd *r)
{
	m->kind = type == EDGED_IGMP_LEAVE ? EDGED_GMP_LEAVE : EDGED_GMP_REPORT;
	if (type == EDGED_IGMP_REPORT3) {
		m->version = EDGED_GMP_V3;
		/* the group's place has Reserved and Number of Records */
		m->nrecords = (uint16_t)(m->group.a[2] << 8 | m->group.a[3]);
		m->group.len = 0;
		m->records = *r;
		return edged_gmp_records_fit(*r, m->nrecords, m->alen) ?
		    EDGED_GMP_OK :
		    EDGED_GMP_DROP_TRUNCATED;
	}
	m->version = type == EDGED_IGMP_REPORT1 ? EDGED_GMP_V1 : EDGED_GMP_V2;
	m->nrecords = 1;
	return edged_addr_multicast(&m->group) ? EDGED_GMP_OK :
	    EDGED_GMP_DROP_GROUP;
}

static enum edged_gmp_drop
read_message(struct edged_gmp *m, const struct edged_ip *ip)
{
	uint8_t type, code;
	struct rd r;

	rd_init(&r, ip->p + ip->head, ip->len - ip->head);
	type = rd_u8(&r);
	code = rd_u8(&r);
	rd_skip(&r, 2); /* checksum */
	edged_addr(&m->group, rd_bytes(&r, 4), 4);
	switch (type) {
	case EDGED_IGMP_QUERY:
		return read_query(m, &r, code);
	case EDGED_IGMP_REPORT1:
	case EDGED_IGMP_REPORT2:
	case EDGED_IGMP_LEAVE:
	case EDGED_IGMP_REPORT3:
		return read_report(m, (enum edged_igmp_type)type, &r);
	}
	return EDGED_GMP_DROP_TYPE;
}

/*
 * RFC 9776 4.2.13 and 9.2: a host may have no address yet; everybody else's is
 * one of the LAN.  A query of 0.0.0.0 is a snooping switch's (RFC 4541 2.1.1).
 */
static bool
from_lan(const struct paddr *src, const struct ip_prefix *nets, size_t n)
{
	return edged_addr_zero(src) ||
	    (edged_addr_host(src) && edged_on_link(nets, n, src));
}

enum edged_gmp_drop
edged_igmp_read(struct edged_gmp *m, const struct edged_ip *ip,
    const struct ip_prefix *nets, size_t n)
{
	enum edged_gmp_drop drop;

	*m = (struct edged_gmp){ .alen = 4, .src = ip->src };
	if (ip->fragment)
		return EDGED_GMP_DROP_FRAGMENT;
	if (ip->ttl != 1)
		return EDGED_GMP_DROP_TTL;
	if (ip->len - ip->head < IGMP_MIN)
		return EDGED_GMP_DROP_TRUNCATED;
	if (edged_ip_sum(ip) != 0)
		return EDGED_GMP_DROP_CHECKSUM;
	if (!from_lan(&ip->src, nets, n))
		return EDGED_GMP_DROP_SOURCE;
	if ((drop = read_message(m, ip)) != EDGED_GMP_OK)
		return drop;
	/* RFC 9776 4 and RFC 2236 2 demand the option, RFC 1112 knows none */
	if (!ip->alert && m->version != EDGED_GMP_V1)
		return EDGED_GMP_DROP_ALERT;
	return EDGED_GMP_OK;
}

/* Max Resp Code: never 0, which is a query of version 1 (RFC 9776 7.1). */
static uint8_t
response_code(const struct edged_gmp_query *q)
{
	uint32_t tenths = q->response / IGMP_TENTH;

	if (q->version == EDGED_GMP_V1)
		return 0;
	if (tenths == 0)
		return 1;
	if (q->version == EDGED_GMP_V3)
		return edged_gmp_encode8(tenths);
	return tenths > 255 ? 255 : (uint8_t)tenths;
}

size_t
edged_igmp_query(const struct edged_gmp_query *q, uint8_t *buf, size_t max)
{
	size_t len = q->version == EDGED_GMP_V3 ?
	    EDGED_IGMP_QUERY3 + (size_t)q->nsources * 4 :
	    IGMP_MIN;
	static const struct paddr all = { .len = 4, .a = { 224, 0, 0, 1 } };
	struct edged_ip ip;
	struct wr w;

	if (q->version == EDGED_GMP_V1 && !edged_addr_zero(&q->group))
		return 0;
	if (q->version != EDGED_GMP_V3 && q->nsources > 0)
		return 0;
	wr_init(&w, buf, max);
	edged_gmp_write_head(&w, &ip, &q->src,
	    edged_addr_zero(&q->group) ? &all : &q->group, len);
	wr_u8(&w, EDGED_IGMP_QUERY);
	wr_u8(&w, response_code(q));
	wr_u16(&w, 0); /* checksum, below */
	wr_bytes(&w, q->group.a, 4);
	if (q->version == EDGED_GMP_V3)
		edged_gmp_write_v3(&w, q);
	return edged_ip_write_sum(&w, &ip, 2);
}
