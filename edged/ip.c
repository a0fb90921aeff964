/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "ip.h"
#include "wire.h"

#define EXTENSIONS	8	/* headers of IPv6 that are walked */
#define ECN_MASK	3

/* IPv4 options (RFC 791, RFC 2113) */
#define OPT4_END	0
#define OPT4_NOP	1
#define OPT4_LSRR	131
#define OPT4_SSRR	137
#define OPT4_ALERT	148
/* IPv6 options (RFC 8200 4.2, RFC 2711) */
#define OPT6_PAD1	0
#define OPT6_ALERT	5

const char *
edged_ip_drop_name(enum edged_ip_drop drop)
{
	static const char *const names[] = { "none",
#define X(sym, name, text) name,
		EDGED_IP_DROPS(X)
#undef X
	};

	return drop < EDGED_IP_DROP_MAX ? names[drop] : "unknown";
}

/* --- addresses */

void
edged_addr(struct paddr *a, const uint8_t *octets, uint8_t len)
{
	memset(a, 0, sizeof(*a));
	a->len = len;
	memcpy(a->a, octets, len);
}

bool
edged_addr_multicast(const struct paddr *a)
{
	return a->len == 16 ? a->a[0] == 0xff :
	    a->len == 4 && (a->a[0] & 0xf0) == 0xe0;
}

bool
edged_addr_zero(const struct paddr *a)
{
	static const uint8_t zero[PADDR_MAX];

	return memcmp(a->a, zero, sizeof(zero)) == 0;
}

bool
edged_addr_link_local(const struct paddr *a)
{
	if (a->len == 16)
		return a->a[0] == 0xfe && (a->a[1] & 0xc0) == 0x80;
	return a->len == 4 && a->a[0] == 169 && a->a[1] == 254;
}

/*
 * Not "this host", loopback, a group, or what is reserved above (RFC 1122
 * 3.2.1.3); for IPv6 nor an address that stands for one of IPv4, which may
 * not be on a wire.
 */
bool
edged_addr_host(const struct paddr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t zero[15];

	if (a->len == 4)
		return a->a[0] != 0 && a->a[0] != 127 && a->a[0] < 224;
	if (a->len != 16 || a->a[0] == 0xff)
		return false;
	if (memcmp(a->a, zero, sizeof(zero)) == 0 && a->a[15] <= 1)
		return false;
	return memcmp(a->a, mapped, sizeof(mapped)) != 0;
}

bool
edged_prefix_has(const struct ip_prefix *prefix, const struct paddr *a)
{
	uint8_t whole = prefix->bits / 8, rest = prefix->bits % 8;

	if (a->len != (prefix->v6 ? 16 : 4) || prefix->bits > a->len * 8)
		return false;
	if (memcmp(prefix->a, a->a, whole) != 0)
		return false;
	return rest == 0 || (prefix->a[whole] ^ a->a[whole]) >> (8 - rest) == 0;
}

bool
edged_on_link(const struct ip_prefix *nets, size_t n, const struct paddr *a)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (edged_prefix_has(&nets[i], a))
			return true;
	return false;
}

/* --- reading */

static enum edged_ip_drop
read_options4(struct edged_ip *ip, const uint8_t *p, size_t len)
{
	uint8_t type, n;
	struct rd r;

	rd_init(&r, p, len);
	while (r.left > 0 && (type = rd_u8(&r)) != OPT4_END) {
		if (type == OPT4_NOP)
			continue;
		n = rd_u8(&r);
		if (n < 2 || (size_t)n - 2 > r.left)
			return EDGED_IP_DROP_OPTIONS;
		if (type == OPT4_LSRR || type == OPT4_SSRR)
			return EDGED_IP_DROP_ROUTE;
		if (type == OPT4_ALERT && n == 4 && r.p[0] == 0 && r.p[1] == 0)
			ip->alert = true;
		rd_skip(&r, (size_t)n - 2);
	}
	return rd_failed(&r) ? EDGED_IP_DROP_OPTIONS : EDGED_IP_OK;
}

static enum edged_ip_drop
read4(struct edged_ip *ip, size_t len)
{
	uint16_t total, where;
	struct rd r;

	if (len < EDGED_IP4_HEAD)
		return EDGED_IP_DROP_TRUNCATED;
	rd_init(&r, ip->p, len);
	ip->head = (size_t)(rd_u8(&r) & 0x0f) * 4;
	ip->tos = rd_u8(&r);
	total = rd_u16(&r);
	if (ip->head < EDGED_IP4_HEAD || total < ip->head || total > len)
		return EDGED_IP_DROP_TRUNCATED;
	ip->len = total;
	if (in_cksum(ip->p, ip->head) != 0)
		return EDGED_IP_DROP_CHECKSUM;
	rd_skip(&r, 2); /* identification */
	where = rd_u16(&r);
	ip->df = (where & 0x4000) != 0;
	ip->fragment = (where & 0x3fff) != 0;
	ip->offset = (uint16_t)((where & 0x1fff) * 8);
	/* a packet has no octet beyond 65,535 (RFC 791 3.1) */
	if (ip->offset + (ip->len - ip->head) > 0xffff)
		return EDGED_IP_DROP_TRUNCATED;
	ip->ttl = rd_u8(&r);
	ip->proto = rd_u8(&r);
	rd_skip(&r, 2); /* checksum */
	edged_addr(&ip->src, rd_bytes(&r, 4), 4);
	edged_addr(&ip->dst, rd_bytes(&r, 4), 4);
	return read_options4(
	    ip, ip->p + EDGED_IP4_HEAD, ip->head - EDGED_IP4_HEAD);
}

/* Options of a Hop-by-Hop header; the other kind is the receiver's business. */
static enum edged_ip_drop
read_options6(struct edged_ip *ip, struct rd r)
{
	uint8_t type, n;

	while (r.left > 0) {
		if ((type = rd_u8(&r)) == OPT6_PAD1)
			continue;
		n = rd_u8(&r);
		if (rd_failed(&r) || n > r.left)
			return EDGED_IP_DROP_OPTIONS;
		if (type == OPT6_ALERT && n == 2 && r.p[0] == 0 && r.p[1] == 0)
			ip->alert = true;
		rd_skip(&r, n);
	}
	return EDGED_IP_OK;
}

/* One extension header (RFC 8200 4); *next is its type and then that of what
 * follows it. */
static enum edged_ip_drop
read_extension(struct edged_ip *ip, struct rd *r, uint8_t *next)
{
	uint8_t type = *next, words, routing;
	uint16_t where;
	struct rd body;

	*next = rd_u8(r);
	words = rd_u8(r);
	if (type == EDGED_PROTO_FRAGMENT) {
		where = rd_u16(r);
		rd_skip(r, 4);
		ip->fragment = (where & 0xfff9) != 0;
		ip->offset = where & 0xfff8;
		return rd_failed(r) ? EDGED_IP_DROP_TRUNCATED : EDGED_IP_OK;
	}
	body = rd_view(r, (size_t)words * 8 + 6);
	if (rd_failed(r))
		return EDGED_IP_DROP_TRUNCATED;
	if (type == EDGED_PROTO_ROUTING) {
		routing = rd_u8(&body);
		/* RFC 5095; others are done when no segment is left */
		if (routing == 0 || rd_u8(&body) != 0)
			return EDGED_IP_DROP_ROUTE;
	}
	return type == EDGED_PROTO_HOPOPTS ? read_options6(ip, body) :
	    EDGED_IP_OK;
}

static enum edged_ip_drop
read_extensions(struct edged_ip *ip, struct rd *r, uint8_t next)
{
	enum edged_ip_drop drop;
	int n;

	for (n = 0;
	    next == EDGED_PROTO_HOPOPTS || next == EDGED_PROTO_ROUTING ||
	    next == EDGED_PROTO_FRAGMENT || next == EDGED_PROTO_DSTOPTS;
	    n++) {
		/* Hop-by-Hop comes first or not at all (RFC 8200 4.1) */
		if (n == EXTENSIONS || (n > 0 && next == EDGED_PROTO_HOPOPTS))
			return EDGED_IP_DROP_OPTIONS;
		if ((drop = read_extension(ip, r, &next)) != EDGED_IP_OK)
			return drop;
		/* what follows in a later fragment is no header */
		if (ip->offset != 0)
			break;
	}
	ip->proto = next;
	ip->head = ip->len - r->left;
	return EDGED_IP_OK;
}

static enum edged_ip_drop
read6(struct edged_ip *ip, size_t len)
{
	size_t payload;
	uint8_t next;
	uint32_t word;
	struct rd r;

	if (len < EDGED_IP6_HEAD)
		return EDGED_IP_DROP_TRUNCATED;
	rd_init(&r, ip->p, len);
	word = rd_u32(&r);
	ip->tos = (uint8_t)(word >> 20);
	payload = rd_u16(&r);
	next = rd_u8(&r);
	ip->ttl = rd_u8(&r);
	edged_addr(&ip->src, rd_bytes(&r, 16), 16);
	edged_addr(&ip->dst, rd_bytes(&r, 16), 16);
	/* a jumbogram says 0 and ends here as truncated (RFC 2675) */
	if (payload > r.left)
		return EDGED_IP_DROP_TRUNCATED;
	ip->len = EDGED_IP6_HEAD + payload;
	ip->df = true;
	r = rd_view(&r, payload);
	return read_extensions(ip, &r, next);
}

enum edged_ip_drop
edged_ip_read(struct edged_ip *ip, uint8_t *p, size_t len)
{
	enum edged_ip_drop drop;

	memset(ip, 0, sizeof(*ip));
	ip->p = p;
	if (len == 0)
		return EDGED_IP_DROP_TRUNCATED;
	switch (p[0] >> 4) {
	case 4:
		drop = read4(ip, len);
		break;
	case 6:
		ip->v6 = true;
		drop = read6(ip, len);
		break;
	default:
		return EDGED_IP_DROP_VERSION;
	}
	if (drop == EDGED_IP_OK && !edged_addr_multicast(&ip->dst))
		return EDGED_IP_DROP_UNICAST;
	return drop;
}

enum edged_ip_drop
edged_ip_read_data(struct edged_ip *ip, uint8_t *p, size_t len)
{
	enum edged_ip_drop drop = edged_ip_read(ip, p, len);

	if (drop == EDGED_IP_OK && !edged_addr_host(&ip->src))
		return EDGED_IP_DROP_SOURCE;
	return drop;
}

/* --- changing */

/*
 * Puts 16 bits of an IPv4 header at an even offset and mends the checksum
 * without a look at the rest: HC' = ~(~HC + ~m + m') (RFC 1624 section 3).
 */
static void
replace4(struct edged_ip *ip, size_t at, uint16_t new)
{
	uint8_t *p = ip->p;
	uint32_t old = (uint32_t)p[at] << 8 | p[at + 1];
	uint32_t sum = ~((uint32_t)p[10] << 8 | p[11]) & 0xffff;

	sum += (~old & 0xffff) + new;
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = ~sum & 0xffff;
	p[at] = (uint8_t)(new >> 8);
	p[at + 1] = (uint8_t) new;
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

enum edged_ip_drop
edged_ip_hop(struct edged_ip *ip)
{
	if (ip->ttl <= 1)
		return EDGED_IP_DROP_TTL;
	ip->ttl--;
	if (ip->v6)
		ip->p[7] = ip->ttl;
	else
		replace4(ip, 8, (uint16_t)(ip->ttl << 8 | ip->p[9]));
	return EDGED_IP_OK;
}

void
edged_ip_set_tos(struct edged_ip *ip, uint8_t tos)
{
	ip->tos = tos;
	if (ip->v6) {
		ip->p[0] = (uint8_t)(0x60 | tos >> 4);
		ip->p[1] = (uint8_t)((ip->p[1] & 0x0f) | tos << 4);
	} else
		replace4(ip, 0, (uint16_t)(ip->p[0] << 8 | tos));
}

uint8_t
edged_ip_outer_tos(const struct edged_ip *ip, int dscp)
{
	return dscp < 0 ?
	    ip->tos :
	    (uint8_t)((unsigned int)dscp << 2 | (ip->tos & ECN_MASK));
}

/*
 * RFC 6040 figure 4: rows are what arrived inside, columns what the outer
 * header says; both in the order Not-ECT, ECT(1), ECT(0), CE of their bits.
 */
enum edged_ip_drop
edged_ip_ecn(struct edged_ip *ip, uint8_t outer)
{
	enum { NOT, ONE, ZERO, CE, DROP };
	static const uint8_t combined[4][4] = {
		[NOT] = { NOT, NOT, NOT, DROP },
		[ONE] = { ONE, ONE, ONE, CE },
		[ZERO] = { ZERO, ONE, ZERO, CE },
		[CE] = { CE, CE, CE, CE },
	};
	uint8_t ecn = combined[ip->tos & ECN_MASK][outer & ECN_MASK];

	if (ecn == DROP)
		return EDGED_IP_DROP_ECN;
	if (ecn != (ip->tos & ECN_MASK))
		edged_ip_set_tos(ip, (uint8_t)((ip->tos & ~ECN_MASK) | ecn));
	return EDGED_IP_OK;
}

/* --- checksums of the upper layer */

/* The sum of two checksums: what in_cksum() says of both together. */
static uint16_t
both(uint16_t a, uint16_t b)
{
	uint32_t sum = (~(uint32_t)a & 0xffff) + (~(uint32_t)b & 0xffff);

	return (uint16_t) ~((sum >> 16) + (sum & 0xffff));
}

/* Of the pseudo header and the rest (RFC 768, RFC 8200 8.1); IGMP has none. */
uint16_t
edged_ip_sum(const struct edged_ip *ip)
{
	uint16_t body = in_cksum(ip->p + ip->head, ip->len - ip->head);
	uint8_t pseudo[40];
	struct wr w;

	if (ip->proto == EDGED_PROTO_IGMP)
		return body;
	wr_init(&w, pseudo, sizeof(pseudo));
	wr_bytes(&w, ip->src.a, ip->src.len);
	wr_bytes(&w, ip->dst.a, ip->dst.len);
	wr_u32(&w, (uint32_t)(ip->len - ip->head));
	wr_u32(&w, ip->proto);
	return both(in_cksum(pseudo, w.len), body);
}

/* Where the checksum is in the upper header, or 0 if it is not known. */
static size_t
sum_offset(const struct edged_ip *ip)
{
	switch (ip->proto) {
	case EDGED_PROTO_UDP:
		return 6;
	case EDGED_PROTO_TCP:
		return 16;
	case EDGED_PROTO_ICMPV6:
		return ip->v6 ? 2 : 0;
	}
	return 0;
}

static void
put_sum(const struct edged_ip *ip, size_t at)
{
	uint16_t sum = edged_ip_sum(ip);

	/* 0 would mean that there is none (RFC 768); RFC 8200 forbids it */
	if (sum == 0 && ip->proto == EDGED_PROTO_UDP)
		sum = 0xffff;
	ip->p[ip->head + at] = (uint8_t)(sum >> 8);
	ip->p[ip->head + at + 1] = (uint8_t)sum;
}

enum edged_ip_drop
edged_ip_complete(struct edged_ip *ip)
{
	size_t at = sum_offset(ip), body = ip->len - ip->head;
	uint8_t *upper = ip->p + ip->head;

	/* a part of a packet can't be summed, and no kernel leaves one so */
	if (at == 0 || ip->fragment || body < at + 2)
		return EDGED_IP_DROP_UNDONE;
	/* a receiver sums as much as UDP's length says (RFC 768) */
	if (ip->proto == EDGED_PROTO_UDP &&
	    ((size_t)upper[4] << 8 | upper[5]) != body)
		return EDGED_IP_DROP_UNDONE;
	upper[at] = upper[at + 1] = 0;
	put_sum(ip, at);
	return EDGED_IP_OK;
}

/* --- writing */

static void
write_head4(struct wr *w, const struct edged_ip *ip, size_t upper)
{
	size_t head = EDGED_IP4_HEAD + (ip->alert ? 4 : 0);

	wr_u8(w, (uint8_t)(0x40 | head / 4));
	wr_u8(w, ip->tos);
	wr_u16(w, (uint16_t)(head + upper));
	wr_u16(w, 0); /* identification */
	wr_u16(w, ip->df ? 0x4000 : 0);
	wr_u8(w, ip->ttl);
	wr_u8(w, ip->proto);
	wr_u16(w, 0); /* checksum, below */
	wr_bytes(w, ip->src.a, 4);
	wr_bytes(w, ip->dst.a, 4);
	if (ip->alert)
		wr_u32(w, 0x94040000); /* RFC 2113 */
	if (!wr_failed(w))
		wr_at_u16(w, 10, in_cksum(w->buf, head));
}

static void
write_head6(struct wr *w, const struct edged_ip *ip, size_t upper)
{
	/* Router Alert of MLD (RFC 2711), PadN of 2 octets */
	const uint8_t options[8] = { ip->proto, 0, OPT6_ALERT, 2, 0, 0, 1, 0 };
	size_t more = ip->alert ? sizeof(options) : 0;

	wr_u32(w, 0x60000000 | (uint32_t)ip->tos << 20);
	wr_u16(w, (uint16_t)(more + upper));
	wr_u8(w, ip->alert ? EDGED_PROTO_HOPOPTS : ip->proto);
	wr_u8(w, ip->ttl);
	wr_bytes(w, ip->src.a, 16);
	wr_bytes(w, ip->dst.a, 16);
	wr_bytes(w, options, more);
}

void
edged_ip_write_head(struct wr *w, struct edged_ip *ip, size_t upper)
{
	ip->v6 = ip->dst.len == 16;
	if (ip->v6)
		write_head6(w, ip, upper);
	else
		write_head4(w, ip, upper);
	ip->p = w->buf;
	ip->head = w->len;
	ip->len = w->len + upper;
}

size_t
edged_ip_write_sum(struct wr *w, const struct edged_ip *ip, size_t at)
{
	if (wr_failed(w) || w->len != ip->len)
		return 0;
	put_sum(ip, at);
	return w->len;
}
