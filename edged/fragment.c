/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "fragment.h"
#include "wire.h"

#define DF			0x4000
#define MF			0x2000
#define OPT_COPIED		0x80	/* an option of all fragments */
#define ICMP6_TOO_BIG		2
#define ICMP6_INFORMATIONAL	128	/* the first type that is no error */
#define ICMP6_REDIRECT		137
#define HOPS			64

enum edged_fit
edged_fit(const struct edged_ip *ip, uint32_t mtu)
{
	if (ip->v6 && mtu < EDGED_IP6_MTU_MIN)
		mtu = EDGED_IP6_MTU_MIN;
	if (ip->len <= mtu)
		return EDGED_FIT_WHOLE;
	if (ip->v6)
		return EDGED_FIT_TELL;
	/* below 68 a fragment might have no room for its payload */
	return ip->df || mtu < EDGED_IP4_MTU_MIN ? EDGED_FIT_DROP :
	    EDGED_FIT_FRAGMENT;
}

void
edged_fragments_init(
    struct edged_fragments *f, const struct edged_ip *ip, uint32_t mtu)
{
	f->ip = ip;
	f->mtu = mtu;
	f->done = 0;
}

/*
 * The header of a fragment that isn't the first has only the options that are
 * marked as copied, and as much padding as its length needs.
 */
static size_t
later_head(const struct edged_ip *ip, uint8_t *to)
{
	const uint8_t *from = ip->p;
	size_t at = EDGED_IP4_HEAD, n, len = EDGED_IP4_HEAD;

	memcpy(to, from, EDGED_IP4_HEAD);
	for (; at < ip->head && from[at] != 0; at += n) {
		/* one octet long is a No Operation; read_options4() has
		 * looked at the lengths of the others */
		n = from[at] == 1 ? 1 : from[at + 1];
		if (from[at] & OPT_COPIED) {
			memcpy(to + len, from + at, n);
			len += n;
		}
	}
	while (len % 4 != 0)
		to[len++] = 0;
	to[0] = (uint8_t)(0x40 | len / 4);
	return len;
}

size_t
edged_fragments_next(struct edged_fragments *f, uint8_t *to)
{
	const struct edged_ip *ip = f->ip;
	size_t left = ip->len - ip->head - f->done, head = ip->head, n;
	uint16_t where;
	struct wr w;

	if (left == 0)
		return 0;
	if (f->done == 0 && ip->offset == 0)
		memcpy(to, ip->p, head);
	else
		head = later_head(ip, to);
	n = (f->mtu - head) & ~(size_t)7;
	/* what was the middle of a larger packet stays one (MF) */
	where = (uint16_t)(ip->p[6] << 8 | ip->p[7]) & (MF | DF);
	if (n < left)
		where |= MF;
	else
		n = left;
	where |= (uint16_t)((ip->offset + f->done) / 8);
	memcpy(to + head, ip->p + ip->head + f->done, n);
	f->done += n;
	wr_init(&w, to, f->mtu);
	w.len = head;
	wr_at_u16(&w, 2, (uint16_t)(head + n));
	wr_at_u16(&w, 6, where);
	wr_at_u16(&w, 10, 0);
	wr_at_u16(&w, 10, in_cksum(to, head));
	return head + n;
}

/* RFC 4443 2.4(e): not for an error, not to where nobody answers. */
static bool
may_tell(const struct edged_ip *ip)
{
	uint8_t type;

	if (!ip->v6 || !edged_addr_host(&ip->src) || ip->offset != 0)
		return false;
	if (ip->proto != EDGED_PROTO_ICMPV6)
		return true;
	if (ip->len <= ip->head)
		return false;
	type = ip->p[ip->head];
	return type >= ICMP6_INFORMATIONAL && type != ICMP6_REDIRECT;
}

size_t
edged_too_big(const struct edged_ip *ip, const struct paddr *from, uint32_t mtu,
    uint8_t *to, size_t max)
{
	struct edged_ip error = { .src = *from,
		.dst = ip->src,
		.proto = EDGED_PROTO_ICMPV6,
		.ttl = HOPS };
	size_t quoted = EDGED_TOO_BIG_MAX - EDGED_IP6_HEAD - 8;
	struct wr w;

	if (!may_tell(ip) || from->len != 16)
		return 0;
	if (quoted > ip->len)
		quoted = ip->len;
	if (mtu < EDGED_IP6_MTU_MIN)
		mtu = EDGED_IP6_MTU_MIN;
	wr_init(&w, to, max);
	edged_ip_write_head(&w, &error, 8 + quoted);
	wr_u8(&w, ICMP6_TOO_BIG);
	wr_u8(&w, 0);
	wr_u16(&w, 0); /* checksum, below */
	wr_u32(&w, mtu);
	wr_bytes(&w, ip->p, quoted);
	return edged_ip_write_sum(&w, &error, 2);
}
