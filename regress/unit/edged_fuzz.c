/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Random packets against a LAN, from seeds: EDGED_FUZZ is how many packets,
 * EDGED_FUZZ_SEED the first seed.  Nothing may crash, read or write outside
 * its buffers, take more memory than its limits, or stay out of step: what
 * an honest host asks for afterwards, it gets.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/fragment.h"
#include "edged_host.h"
#include "edged_lannet.h"
#include "unhex.h"

#define SEEDS	4
#define PACKETS	20000

#define GROUP6	"ff080000000000000000000000000001"
#define SOURCE6	"fd000009000000000000000000000009"

/* what hosts and routers of the LAN say; 4: IGMP, 6: MLD */
static const struct {
	int		 v;
	const char	*src, *dst, *body;
} said[] = {
	{ 4, "10.1.7.3", "224.0.0.1", "11000000 00000000" },
	{ 4, "10.1.7.3", "239.1.1.1", "110a0000 ef010101" },
	{ 4, "10.1.7.3", "239.1.1.1",
	    "110a0000 ef010101 027d0002 0a020001 0a020002" },
	{ 4, "10.1.7.2", "239.1.1.1", "12000000 ef010101" },
	{ 4, "10.1.7.2", "239.1.1.1", "16000000 ef010101" },
	{ 4, "10.1.7.2", "224.0.0.2", "17000000 ef010101" },
	{ 4, "10.1.7.2", "224.0.0.22",
	    "22000000 00000003 01000002 ef010101 0a020001 0a020002"
	    "04000001 ef010102 0a020001 06010001 ef010101 0a020002 00000000" },
	{ 4, "10.1.7.4", "224.0.0.22",
	    "22000000 00000002 02000001 ef010101 0a020001 03000000 ef010101" },
	{ 4, "0.0.0.0", "224.0.0.22",
	    "22000000 00000001 05000001 ef010101 0a020003" },
	{ 6, "fe80::1", "ff02::1",
	    "82000000 27100000 00000000000000000000000000000000 027d0000" },
	{ 6, "fe80::1", "ff08::1",
	    "82000000 03e80000" GROUP6 "027d0001" SOURCE6 },
	{ 6, "fe80::2", "ff08::1", "83000000 00000000" GROUP6 },
	{ 6, "fe80::2", "ff02::2", "84000000 00000000" GROUP6 },
	{ 6, "fe80::3", "ff02::16",
	    "8f000000 00000002 06000001" GROUP6 SOURCE6 "04000001" GROUP6
	    SOURCE6 },
};
#define SAID	(sizeof(said) / sizeof(said[0]))

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s == NULL ? otherwise : strtoull(s, NULL, 10);
}

/*
 * Changes octets behind the IP header, whose sums are right afterwards,
 * mostly.
 */
static void
mad_message(struct lannet *n)
{
	size_t k = dice(&n->seed) % SAID, head, at;
	struct host_packet h;
	uint32_t times;

	if (said[k].v == 4)
		host_igmp(&h, said[k].src, said[k].dst, said[k].body);
	else
		host_mld(&h, said[k].src, said[k].dst, said[k].body);
	head = said[k].v == 4 ? 24 : 48;
	for (times = dice(&n->seed) % 5; times > 0; times--) {
		at = head + dice(&n->seed) % (h.len - head);
		switch (dice(&n->seed) % 4) {
		case 0:
			h.p[at] = (uint8_t)dice(&n->seed);
			break;
		case 1: /* another group, source or host */
			h.p[h.len - 1] = (uint8_t)dice(&n->seed);
			break;
		case 2:
			if (said[k].v == 4)
				h.p[15] = (uint8_t)dice(&n->seed);
			else
				h.p[23] = (uint8_t)dice(&n->seed);
			break;
		case 3: /* another type of record */
			if (h.len > head + 8)
				h.p[head + 8] = (uint8_t)(dice(&n->seed) % 8);
			break;
		}
	}
	if (dice(&n->seed) % 8 == 0 && h.len > head + 4)
		h.len -= dice(&n->seed) % (h.len - head - 3);
	if (said[k].v == 4) {
		h.p[2] = (uint8_t)(h.len >> 8);
		h.p[3] = (uint8_t)h.len;
		host_sum4(h.p, 24);
	} else {
		h.p[4] = (uint8_t)((h.len - 40) >> 8);
		h.p[5] = (uint8_t)(h.len - 40);
	}
	if (dice(&n->seed) % 16 != 0)
		host_sum_upper(&h, 2);
	lannet_give(n, h.p, h.len);
}

/* A hello like our own, of another id, changed; mac: signed again. */
static void
mad_hello(struct lannet *n, bool mac)
{
	uint8_t p[EDGED_HELLO_MAX];
	size_t len = n->hello_len, at;
	uint32_t times;

	if (!lannet_hello(n, p, (uint8_t)(2 + dice(&n->seed) % 12)))
		return;
	for (times = dice(&n->seed) % 4; times > 0; times--) {
		at = 28 + dice(&n->seed) % (len - 28 - EDGED_HELLO_MAC);
		p[at] = (uint8_t)dice(&n->seed);
	}
	if (mac)
		lannet_sign(p, len);
	if (dice(&n->seed) % 16 == 0)
		len = dice(&n->seed) % len;
	lannet_give(n, p, len);
}

/* anything at all, of what was said and of data */
static void
mad_ip(struct lannet *n)
{
	size_t k = dice(&n->seed) % SAID, len;
	struct host_packet h;

	if (said[k].v == 4)
		host_igmp(&h, said[k].src, said[k].dst, said[k].body);
	else
		host_mld(&h, said[k].src, said[k].dst, said[k].body);
	len = mutate(h.p, h.len, &n->seed);
	if (len >= 24 && h.p[0] >> 4 == 4) {
		if (dice(&n->seed) % 2)
			h.p[9] = 17;
		host_sum4(h.p, (size_t)(h.p[0] & 15) * 4);
	} else if (dice(&n->seed) % 2)
		h.p[6] =
		    (uint8_t[]){ 0, 17, 43, 44, 58, 60 }[dice(&n->seed) % 6];
	lannet_give(n, h.p, len);
}

static void
fuzz(void (*hit)(struct lannet *))
{
	uint64_t seed = setting("EDGED_FUZZ_SEED", 1), s, i;
	uint64_t packets = setting("EDGED_FUZZ", PACKETS);
	struct lannet *n;

	for (s = seed; s < seed + SEEDS; s++) {
		n = lannet_new((uint32_t)s * 2654435761U | 1);
		for (i = 0; i < packets; i++) {
			hit(n);
			if (i % 16 == 0)
				lannet_pass(
				    n, (int64_t)(dice(&n->seed) % 3000));
			if (i % 256 == 0) {
				lannet_within_limits(&n->lan.v4.listener);
				lannet_within_limits(&n->lan.v6.listener);
			}
		}
		lannet_works(n);
		lannet_free(n);
	}
}

static void
hello_of_a_stranger(struct lannet *n)
{
	mad_hello(n, false);
	assert_int_equal(n->lan.hello_drops[EDGED_HELLO_OK], 0);
}

static void
hello_of_a_mad_edge(struct lannet *n)
{
	mad_hello(n, true);
}

static void
everything(struct lannet *n)
{
	switch (dice(&n->seed) % 4) {
	case 0:
		mad_hello(n, dice(&n->seed) % 2);
		break;
	case 1:
		mad_ip(n);
		break;
	default:
		mad_message(n);
	}
}

static void
messages(void **state)
{
	(void)state;
	fuzz(mad_message);
}

static void
strangers(void **state)
{
	(void)state;
	fuzz(hello_of_a_stranger);
}

static void
mad_edges(void **state)
{
	(void)state;
	fuzz(hello_of_a_mad_edge);
}

static void
packets(void **state)
{
	(void)state;
	fuzz(mad_ip);
}

static void
all_at_once(void **state)
{
	(void)state;
	fuzz(everything);
}

/* Fragments of anything that may be fragmented are packets, and all of it. */
static void
fragments(void **state)
{
	uint64_t i, count = setting("EDGED_FUZZ", PACKETS);
	uint32_t seed = (uint32_t)setting("EDGED_FUZZ_SEED", 1);
	struct edged_fragments f;
	struct edged_ip ip, part;
	uint8_t *p, *to;
	size_t len, head, n, whole, k;
	uint32_t mtu;

	(void)state;
	for (i = 0; i < count; i++) {
		len = 60 + dice(&seed) % 3000;
		p = malloc(len);
		assert_non_null(p);
		for (k = 0; k < len; k++)
			p[k] = (uint8_t)dice(&seed);
		head = 20 + 4 * (dice(&seed) % 11);
		p[0] = (uint8_t)(0x40 | head / 4);
		p[2] = (uint8_t)(len >> 8);
		p[3] = (uint8_t)len;
		p[6] &= 0x3f;
		p[16] = 239;
		for (k = 20; k < head && dice(&seed) % 4; k++)
			p[k] = 1;
		host_sum4(p, head);
		mtu = 68 + dice(&seed) % 1500;
		to = malloc(mtu);
		assert_non_null(to);
		if (edged_ip_read(&ip, p, len) == EDGED_IP_OK &&
		    edged_fit(&ip, mtu) == EDGED_FIT_FRAGMENT) {
			edged_fragments_init(&f, &ip, mtu);
			for (whole = 0; (n = edged_fragments_next(&f, to)) > 0;
			    whole += part.len - part.head) {
				assert_true(n <= mtu);
				assert_int_equal(
				    edged_ip_read(&part, to, n), EDGED_IP_OK);
				assert_int_equal(part.len, n);
				assert_int_equal(
				    part.offset, ip.offset + whole);
				assert_memory_equal(part.p + part.head,
				    ip.p + ip.head + whole,
				    part.len - part.head);
			}
			assert_int_equal(whole, ip.len - ip.head);
		}
		free(to);
		free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(messages),
		cmocka_unit_test(strangers), cmocka_unit_test(mad_edges),
		cmocka_unit_test(packets), cmocka_unit_test(all_at_once),
		cmocka_unit_test(fragments) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
