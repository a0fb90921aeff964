/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "mld.h"

#define MLD_MIN		24	/* octets of version 1 */
#define EDGED_MLD_QUERY2	28	/* at least, of version 2 */
#define EDGED_MLD_REPORT2	8	/* at least */

enum edged_mld_type {
	EDGED_MLD_QUERY = 130,
	EDGED_MLD_REPORT1 = 131,
	EDGED_MLD_DONE = 132,
	EDGED_MLD_REPORT_V2 = 143
};

bool
edged_mld_is(const struct edged_ip *ip)
{
	uint8_t type;

	/* a later fragment has no type: it is counted as no MLD, and
	 * forwarded by nobody, because its group is link-local */
	if (!ip->v6 || ip->proto != EDGED_PROTO_ICMPV6 || ip->offset != 0 ||
	    ip->len <= ip->head)
		return false;
	type = ip->p[ip->head];
	return (type >= EDGED_MLD_QUERY && type <= EDGED_MLD_DONE) ||
	    type == EDGED_MLD_REPORT_V2;
}

/* Of a query the version is in its length (RFC 9777 8.1). */
static enum edged_gmp_drop
mld_read_query(struct edged_gmp *m, struct rd *r, uint16_t code)
{
	m->kind = EDGED_GMP_QUERY;
	if (!edged_addr_zero(&m->group) && !edged_addr_multicast(&m->group))
		return EDGED_GMP_DROP_GROUP;
	if (r->left == 0) {
		m->version = EDGED_GMP_V2;
		m->response = code; /* RFC 2710 3.4: ms as they are */
		return EDGED_GMP_OK;
	}
	if (r->left < EDGED_MLD_QUERY2 - MLD_MIN)
		return EDGED_GMP_DROP_LENGTH;
	m->version = EDGED_GMP_V3;
	m->response = edged_gmp_decode16(code);
	return edged_gmp_read_v3(r, m);
}

static enum edged_gmp_drop
mld_read_older(struct edged_gmp *m, struct rd *r, uint8_t type)
{
	uint16_t code;

	if (r->left < MLD_MIN - 4)
		return EDGED_GMP_DROP_TRUNCATED;
	code = rd_u16(r);
	rd_skip(r, 2); /* reserved */
	edged_addr(&m->group, rd_bytes(r, 16), 16);
	if (type == EDGED_MLD_QUERY)
		return mld_read_query(m, r, code);
	m->kind = type == EDGED_MLD_DONE ? EDGED_GMP_LEAVE : EDGED_GMP_REPORT;
	m->version = EDGED_GMP_V2;
	m->nrecords = 1;
	return edged_addr_multicast(&m->group) ? EDGED_GMP_OK :
	    EDGED_GMP_DROP_GROUP;
}

static enum edged_gmp_drop
mld_read_report2(struct edged_gmp *m, struct rd *r)
{
	m->kind = EDGED_GMP_REPORT;
	m->version = EDGED_GMP_V3;
	rd_skip(r, 2); /* reserved */
	m->nrecords = rd_u16(r);
	if (rd_failed(r))
		return EDGED_GMP_DROP_TRUNCATED;
	m->records = *r;
	return edged_gmp_records_fit(*r, m->nrecords, m->alen) ?
	    EDGED_GMP_OK :
	    EDGED_GMP_DROP_TRUNCATED;
}

enum edged_gmp_drop
edged_mld_read(struct edged_gmp *m, const struct edged_ip *ip)
{
	uint8_t type;
	struct rd r;

	*m = (struct edged_gmp){ .alen = 16, .src = ip->src };
	if (ip->fragment)
		return EDGED_GMP_DROP_FRAGMENT;
	/* RFC 9777 5: hop limit, option and source of every message; a
	 * host whose address is still tentative tells only switches (5.2.13) */
	if (ip->ttl != 1)
		return EDGED_GMP_DROP_TTL;
	if (!ip->alert)
		return EDGED_GMP_DROP_ALERT;
	if (!edged_addr_link_local(&ip->src))
		return EDGED_GMP_DROP_SOURCE;
	rd_init(&r, ip->p + ip->head, ip->len - ip->head);
	type = rd_u8(&r);
	rd_skip(&r, 3); /* code, which is ignored, and checksum */
	if (rd_failed(&r))
		return EDGED_GMP_DROP_TRUNCATED;
	if (edged_ip_sum(ip) != 0)
		return EDGED_GMP_DROP_CHECKSUM;
	return type == EDGED_MLD_REPORT_V2 ? mld_read_report2(m, &r) :
	    mld_read_older(m, &r, type);
}

/* Max Response Code in ms: as it is, or with an exponent (RFC 9777 5.1.3). */
static uint16_t
mld_response_code(const struct edged_gmp_query *q)
{
	if (q->version == EDGED_GMP_V3)
		return edged_gmp_encode16(q->response);
	return q->response > 0xffff ? 0xffff : (uint16_t)q->response;
}

size_t
edged_mld_query(const struct edged_gmp_query *q, uint8_t *buf, size_t max)
{
	size_t len = q->version == EDGED_GMP_V3 ?
	    EDGED_MLD_QUERY2 + (size_t)q->nsources * 16 :
	    MLD_MIN;
	static const struct paddr all = { .len = 16,
		.a = { 0xff, 0x02, [15] = 1 } };
	struct edged_ip ip;
	struct wr w;

	if (q->version != EDGED_GMP_V3 && q->nsources > 0)
		return 0;
	wr_init(&w, buf, max);
	edged_gmp_write_head(&w, &ip, &q->src,
	    edged_addr_zero(&q->group) ? &all : &q->group, len);
	wr_u8(&w, EDGED_MLD_QUERY);
	wr_u8(&w, 0);
	wr_u16(&w, 0); /* checksum, below */
	wr_u16(&w, mld_response_code(q));
	wr_u16(&w, 0);
	wr_bytes(&w, q->group.a, 16);
	if (q->version == EDGED_GMP_V3)
		edged_gmp_write_v3(&w, q);
	return edged_ip_write_sum(&w, &ip, 2);
}
