/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * IGMP, MLD, hellos of edges and data on a LAN of an edge (edged_lannet.h):
 * messages whose heads and sums are right, mostly, around what the input says.
 */
#include <string.h>

#include "fuzz.h"
#include "regress/unit/edged_host.h"
#include "regress/unit/edged_lannet.h"

/* an IP header with Router Alert; the body is written behind it */
static const uint8_t head4[24] = { 0x46, 0xc0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 10,
	1, 7, 2, 224, 0, 0, 22, 0x94, 4, 0, 0 };
static const uint8_t head6[48] = { 0x60, 0, 0, 0, 0, 0, 0, 1, 0xfe, 0x80, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0x16, 58, 0, 5, 2, 0, 0, 1, 0 };

static void
head_ends(struct host_packet *h, size_t head)
{
	if (head == sizeof(head4)) {
		h->p[2] = (uint8_t)(h->len >> 8);
		h->p[3] = (uint8_t)h->len;
		host_sum4(h->p, head);
	} else {
		h->p[4] = (uint8_t)((h->len - 40) >> 8);
		h->p[5] = (uint8_t)(h->len - 40);
	}
}

/* From one of 8 hosts, to whom the message has to go, or to anybody. */
static void
say_message(struct lannet *n, struct rd *r, bool v6)
{
	size_t head = v6 ? sizeof(head6) : sizeof(head4);
	uint8_t how = rd_u8(r);
	struct host_packet h;
	const uint8_t *group;
	struct edged_ip ip;

	memcpy(h.p, v6 ? head6 : head4, head);
	h.p[v6 ? 23 : 15] = (uint8_t)(1 + how % 8);
	h.len = head + fuzz_octets(r, h.p + head, 1400);
	group = h.p + head + (v6 ? 8 : 4);
	if ((how & 8) && h.len >= head + (v6 ? 24 : 8))
		memcpy(h.p + (v6 ? 24 : 16), group, v6 ? 16 : 4);
	else if (how & 16)
		h.p[v6 ? 39 : 19] = rd_u8(r);
	head_ends(&h, head);
	if (h.len >= head + 4 && (how & 32) == 0 &&
	    edged_ip_read(&ip, h.p, h.len) == EDGED_IP_OK)
		host_sum_upper(&h, 2);
	if (how & 64)
		h.p[rd_u8(r) % head] ^= rd_u8(r);
	lannet_give(n, h.p, h.len);
}

static void
say_hello(struct lannet *n, struct rd *r)
{
	uint8_t p[EDGED_HELLO_MAX], how = rd_u8(r), k;
	size_t len = n->hello_len;

	if (!lannet_hello(n, p, 2 + how % 8))
		return;
	for (k = how / 8 % 4; k > 0; k--)
		p[28 + rd_u8(r) % (len - 28 - EDGED_HELLO_MAC)] = rd_u8(r);
	if (how & 64)
		lannet_sign(p, len);
	if (how & 32)
		len = rd_u8(r) % len;
	lannet_give(n, p, len);
}

static void
say_octets(struct lannet *n, struct rd *r)
{
	uint8_t p[1500];
	size_t len = fuzz_octets(r, p, sizeof(p));

	if (len >= 20 && p[0] >> 4 == 4 && (size_t)(p[0] & 15) * 4 >= 20 &&
	    (size_t)(p[0] & 15) * 4 <= len)
		host_sum4(p, (size_t)(p[0] & 15) * 4);
	lannet_give(n, p, len);
}

/* What goes out on the LAN, if its hosts want it. */
static void
comes_in(struct lannet *n, struct rd *r)
{
	struct paddr source = { 4, { 10, 2, 0, 0 } },
	    group = { 4, { 239, 1, 1, 0 } };

	source.a[3] = rd_u8(r);
	group.a[3] = rd_u8(r);
	(void)edged_lan_wants(&n->lan, &source, &group);
}

static void
event(struct lannet *n, struct rd *r)
{
	switch (rd_u8(r) % 8) {
	case 0:
	case 1:
		say_message(n, r, false);
		break;
	case 2:
	case 3:
		say_message(n, r, true);
		break;
	case 4:
		say_hello(n, r);
		break;
	case 5:
		say_octets(n, r);
		break;
	case 6:
		comes_in(n, r);
		break;
	case 7:
		lannet_pass(n, fuzz_time(r) / 8000);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lannet *n = lannet_new(1);
	struct rd r;

	rd_init(&r, data, size);
	while (fuzz_more(&r))
		event(n, &r);
	lannet_within_limits(&n->lan.v4.listener);
	lannet_within_limits(&n->lan.v6.listener);
	/* what lasts longest, 9 hours, is left to edged_fuzz.c */
	lannet_pass(n, 30000);
	lannet_within_limits(&n->lan.v4.listener);
	lannet_within_limits(&n->lan.v6.listener);
	lannet_free(n);
	return 0;
}
