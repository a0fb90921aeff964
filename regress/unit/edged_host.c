/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "cksum.h"
#include "edged_host.h"
#include "unhex.h"

struct paddr
host_addr(const char *text)
{
	struct paddr a;

	if (paddr_parse(&a, text) == -1)
		abort();
	return a;
}

/* ip[10..11] of an IPv4 header of len octets */
void
host_sum4(uint8_t *p, size_t len)
{
	uint16_t sum;

	p[10] = p[11] = 0;
	sum = in_cksum(p, len);
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
}

/* Sets the upper checksum at octet `at` of the body right. */
void
host_sum_upper(struct host_packet *h, size_t at)
{
	struct edged_ip ip;
	uint16_t sum;

	if (edged_ip_read(&ip, h->p, h->len) != EDGED_IP_OK)
		abort();
	h->p[ip.head + at] = h->p[ip.head + at + 1] = 0;
	sum = edged_ip_sum(&ip);
	h->p[ip.head + at] = (uint8_t)(sum >> 8);
	h->p[ip.head + at + 1] = (uint8_t)sum;
}

/* An IGMP packet with TTL 1 and a Router Alert around a body in hex. */
void
host_igmp(
    struct host_packet *h, const char *src, const char *dst, const char *body)
{
	static const uint8_t head[24] = { 0x46, 0xc0, [8] = 1, 2, [20] = 0x94,
		0x04 };
	struct paddr s = host_addr(src), d = host_addr(dst);
	size_t len;
	uint8_t *b = unhex(body, &len);

	memcpy(h->p, head, sizeof(head));
	memcpy(h->p + 12, s.a, 4);
	memcpy(h->p + 16, d.a, 4);
	memcpy(h->p + 24, b, len);
	h->len = 24 + len;
	h->p[2] = (uint8_t)(h->len >> 8);
	h->p[3] = (uint8_t)h->len;
	host_sum4(h->p, 24);
	host_sum_upper(h, 2);
	free(b);
}

/* An MLD packet with hop limit 1 and a Router Alert. */
void
host_mld(
    struct host_packet *h, const char *src, const char *dst, const char *body)
{
	static const uint8_t head[40] = { 0x60, [7] = 1 };
	static const uint8_t options[8] = { 58, 0, 5, 2, 0, 0, 1, 0 };
	struct paddr s = host_addr(src), d = host_addr(dst);
	size_t len;
	uint8_t *b = unhex(body, &len);

	memcpy(h->p, head, sizeof(head));
	memcpy(h->p + 8, s.a, 16);
	memcpy(h->p + 24, d.a, 16);
	memcpy(h->p + 40, options, 8);
	memcpy(h->p + 48, b, len);
	h->len = 48 + len;
	h->p[4] = (uint8_t)((len + 8) >> 8);
	h->p[5] = (uint8_t)(len + 8);
	host_sum_upper(h, 2);
	free(b);
}
