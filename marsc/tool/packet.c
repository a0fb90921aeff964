/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "cksum.h"
#include "packet.h"

#define PROTOCOL	253	/* for experiments, RFC 3692 */
#define HOPS		16

static void
packet_ipv4(
    struct wr *w, const uint8_t *src, const struct paddr *group, size_t len)
{
	size_t start = w->len;

	wr_u8(w, 0x45); /* version 4, 5 words */
	wr_u8(w, 0);
	wr_u16(w, (uint16_t)(20 + len));
	wr_u32(w, 0); /* identification, fragments */
	wr_u8(w, HOPS);
	wr_u8(w, PROTOCOL);
	wr_u16(w, 0);
	wr_bytes(w, src, 4);
	wr_bytes(w, group->a, 4);
	if (!wr_failed(w))
		wr_at_u16(w, start + 10, in_cksum(w->buf + start, 20));
}

static void
packet_ipv6(
    struct wr *w, const uint8_t *src, const struct paddr *group, size_t len)
{
	wr_u32(w, 0x60000000); /* version 6 */
	wr_u16(w, (uint16_t)len);
	wr_u8(w, PROTOCOL);
	wr_u8(w, HOPS);
	wr_bytes(w, src, 16);
	wr_bytes(w, group->a, 16);
}

void
marsc_packet_write(struct wr *w, const struct atm_addr *src,
    const struct paddr *group, const void *data, size_t len)
{
	uint8_t ip[16] = { 0 }, sel;
	bool v6 = false;

	/* without an embedded address of that kind: the unspecified one */
	if (!atm_addr_to_ip(src, &v6, ip, &sel) || v6 != (group->len == 16))
		memset(ip, 0, sizeof(ip));
	if (group->len == 16)
		packet_ipv6(w, ip, group, len);
	else
		packet_ipv4(w, ip, group, len);
	wr_bytes(w, data, len);
}
