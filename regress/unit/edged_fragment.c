/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cksum.h"
#include "edged/fragment.h"
#include "unhex.h"

/* A packet whose payload counts 0, 1, 2, ...; the caller frees it. */
static uint8_t *
packet4(const char *head, size_t payload)
{
	size_t len, i;
	uint8_t *h = unhex(head, &len), *p = calloc(1, len + payload);
	uint16_t sum;

	assert_non_null(p);
	memcpy(p, h, len);
	free(h);
	p[2] = (uint8_t)((len + payload) >> 8);
	p[3] = (uint8_t)(len + payload);
	p[10] = p[11] = 0;
	sum = in_cksum(p, len);
	p[10] = (uint8_t)(sum >> 8);
	p[11] = (uint8_t)sum;
	for (i = 0; i < payload; i++)
		p[len + i] = (uint8_t)i;
	return p;
}

static uint8_t *
packet6(const char *head, size_t payload)
{
	size_t len;
	uint8_t *h = unhex(head, &len), *p = calloc(1, len + payload);

	assert_non_null(p);
	memcpy(p, h, len);
	free(h);
	p[4] = (uint8_t)((len - 40 + payload) >> 8);
	p[5] = (uint8_t)(len - 40 + payload);
	return p;
}

#define HEAD4	"45000000 12340000 08110000 0a010702 ef010101"
#define HEAD4DF	"45000000 12344000 08110000 0a010702 ef010101"
/* a Router Alert (copied), No Operation, Record Route of 7 (not copied) */
#define OPTIONS4 \
	"48000000 12340000 08110000 0a010702 ef010101" \
	"94040000 01 07070400000000"
#define HEAD6 \
	"60000000 00001108 fd000007000000000000000000000002" \
	"ff080000000000000000000001010101"

static void
verdicts(void **state)
{
	struct edged_ip ip;
	uint8_t *p;

	(void)state;
	p = packet4(HEAD4, 1480);
	assert_int_equal(edged_ip_read(&ip, p, 1500), EDGED_IP_OK);
	assert_int_equal(edged_fit(&ip, 1500), EDGED_FIT_WHOLE);
	assert_int_equal(edged_fit(&ip, 1499), EDGED_FIT_FRAGMENT);
	assert_int_equal(edged_fit(&ip, 68), EDGED_FIT_FRAGMENT);
	assert_int_equal(edged_fit(&ip, 67), EDGED_FIT_DROP);
	free(p);
	p = packet4(HEAD4DF, 1480);
	assert_int_equal(edged_ip_read(&ip, p, 1500), EDGED_IP_OK);
	assert_int_equal(edged_fit(&ip, 1500), EDGED_FIT_WHOLE);
	assert_int_equal(edged_fit(&ip, 1499), EDGED_FIT_DROP);
	free(p);
	/* RFC 8200 5: up to 1280 it passes whole everywhere */
	p = packet6(HEAD6, 1240);
	assert_int_equal(edged_ip_read(&ip, p, 1280), EDGED_IP_OK);
	assert_int_equal(edged_fit(&ip, 1000), EDGED_FIT_WHOLE);
	free(p);
	p = packet6(HEAD6, 1241);
	assert_int_equal(edged_ip_read(&ip, p, 1281), EDGED_IP_OK);
	assert_int_equal(edged_fit(&ip, 1281), EDGED_FIT_WHOLE);
	assert_int_equal(edged_fit(&ip, 1280), EDGED_FIT_TELL);
	free(p);
}

/* RFC 791 3.2: three fragments of 100 octets, the header octet by octet. */
static void
fragments(void **state)
{
	/* mtu 68: 48 octets each; lengths 68, 68, 24; offsets 0, 6, 12 */
	static const char *const want[] = {
		"45000044 12342000 08117f70 0a010702 ef010101",
		"45000044 12342006 08117f6a 0a010702 ef010101",
		"45000018 1234000c 08119f90 0a010702 ef010101",
	};
	struct edged_fragments f;
	struct edged_ip ip;
	uint8_t *p = packet4(HEAD4, 100), *w, *to = malloc(68);
	size_t i, k, n, len, at = 0;

	(void)state;
	assert_int_equal(edged_ip_read(&ip, p, 120), EDGED_IP_OK);
	edged_fragments_init(&f, &ip, 68);
	for (i = 0; i < 3; i++) {
		w = unhex(want[i], &len);
		n = edged_fragments_next(&f, to);
		assert_int_equal(n, w[3]);
		assert_int_equal(in_cksum(to, 20), 0);
		assert_memory_equal(to, w, 20);
		for (k = 20; k < n; k++, at++)
			assert_int_equal(to[k], at);
		free(w);
	}
	assert_int_equal(at, 100);
	assert_int_equal(edged_fragments_next(&f, to), 0);
	free(to);
	free(p);
}

/* What is a fragment already keeps its place, and More Fragments. */
static void
fragments_of_a_fragment(void **state)
{
	/* offset 185 * 8 = 1480, MF */
	static const char head[] =
	    "45000000 123420b9 08110000 0a010702 ef010101";
	uint8_t *p = packet4(head, 96), *to = malloc(68);
	struct edged_fragments f;
	struct edged_ip ip, part;

	(void)state;
	assert_int_equal(edged_ip_read(&ip, p, 116), EDGED_IP_OK);
	assert_int_equal(ip.offset, 1480);
	edged_fragments_init(&f, &ip, 68);
	assert_int_equal(edged_fragments_next(&f, to), 68);
	assert_int_equal(edged_ip_read(&part, to, 68), EDGED_IP_OK);
	assert_int_equal(part.offset, 1480);
	assert_int_equal(to[6] & 0xe0, 0x20);
	assert_int_equal(edged_fragments_next(&f, to), 68);
	assert_int_equal(edged_ip_read(&part, to, 68), EDGED_IP_OK);
	assert_int_equal(part.offset, 1528);
	assert_int_equal(to[6] & 0xe0, 0x20);
	assert_int_equal(edged_fragments_next(&f, to), 0);
	free(to);
	free(p);
}

/* RFC 791 3.1: options whose copied flag is set are in every fragment. */
static void
options(void **state)
{
	uint8_t *p = packet4(OPTIONS4, 100), *to = malloc(80);
	struct edged_fragments f;
	struct edged_ip ip;

	(void)state;
	assert_int_equal(edged_ip_read(&ip, p, 132), EDGED_IP_OK);
	edged_fragments_init(&f, &ip, 80);
	assert_int_equal(edged_fragments_next(&f, to), 80);
	assert_memory_equal(to + 20, p + 20, 12);
	assert_int_equal(edged_fragments_next(&f, to), 24 + 52);
	assert_int_equal(to[0], 0x46);
	assert_memory_equal(to + 20, "\x94\x04\0\0", 4);
	assert_int_equal(in_cksum(to, 24), 0);
	assert_int_equal(to[24], 48);
	assert_int_equal(edged_fragments_next(&f, to), 0);
	free(to);
	free(p);
}

/* RFC 4443 3.2: Packet Too Big, as much of the packet as 1280 octets hold. */
static void
too_big(void **state)
{
	static const struct paddr us = { 16, { 0xfe, 0x80, [15] = 1 } };
	uint8_t *p = packet6(HEAD6, 1400), *to = malloc(EDGED_TOO_BIG_MAX), *w;
	struct edged_ip ip, error;
	size_t len;

	(void)state;
	w = unhex("60000000 04d83a40 fe800000000000000000000000000001"
	    "fd000007000000000000000000000002 0200",
	    &len);
	assert_int_equal(edged_ip_read(&ip, p, 1440), EDGED_IP_OK);
	assert_int_equal(
	    edged_too_big(&ip, &us, 1348, to, EDGED_TOO_BIG_MAX), 1280);
	assert_memory_equal(to, w, len);
	assert_memory_equal(to + 44, "\0\0\x05\x44", 4);
	assert_memory_equal(to + 48, p, 1280 - 48);
	/* its checksum, by the reader */
	assert_int_equal(
	    edged_ip_read(&error, to, 1280), EDGED_IP_DROP_UNICAST);
	assert_int_equal(edged_ip_sum(&error), 0);
	/* never below 1280 (RFC 8201 4) */
	assert_int_equal(
	    edged_too_big(&ip, &us, 900, to, EDGED_TOO_BIG_MAX), 1280);
	assert_memory_equal(to + 44, "\0\0\x05\0", 4);
	assert_int_equal(edged_too_big(&ip, &us, 1348, to, 1279), 0);
	free(w);
	free(to);
	free(p);
}

/* RFC 4443 2.4(e): when none is sent. */
static void
not_told(void **state)
{
	static const struct paddr us = { 16, { 0xfe, 0x80, [15] = 1 } };
	uint8_t *p = packet6(HEAD6, 1400), *to = malloc(EDGED_TOO_BIG_MAX);
	struct edged_ip ip;

	(void)state;
	p[6] = 58;
	p[40] = 1; /* an error: (e.1) */
	assert_int_equal(edged_ip_read(&ip, p, 1440), EDGED_IP_OK);
	assert_int_equal(
	    edged_too_big(&ip, &us, 1300, to, EDGED_TOO_BIG_MAX), 0);
	p[40] = 137; /* a Redirect: (e.2) */
	assert_int_equal(
	    edged_too_big(&ip, &us, 1300, to, EDGED_TOO_BIG_MAX), 0);
	p[40] = 128; /* an echo request */
	assert_int_equal(
	    edged_too_big(&ip, &us, 1300, to, EDGED_TOO_BIG_MAX), 1280);
	memset(p + 8, 0, 16); /* from ::, (e.6) */
	assert_int_equal(edged_ip_read(&ip, p, 1440), EDGED_IP_OK);
	assert_int_equal(
	    edged_too_big(&ip, &us, 1300, to, EDGED_TOO_BIG_MAX), 0);
	free(p);
	p = packet4(HEAD4DF, 1400);
	assert_int_equal(edged_ip_read(&ip, p, 1420), EDGED_IP_OK);
	assert_int_equal(
	    edged_too_big(&ip, &us, 1300, to, EDGED_TOO_BIG_MAX), 0);
	free(to);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts),
		cmocka_unit_test(fragments),
		cmocka_unit_test(fragments_of_a_fragment),
		cmocka_unit_test(options), cmocka_unit_test(too_big),
		cmocka_unit_test(not_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
