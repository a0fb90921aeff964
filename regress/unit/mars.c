/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "cksum.h"
#include "mars.h"
#include "regress/decode/vectors.h"
#include "unhex.h"

static const struct vector {
	const char	*name;
	const char	*hex;
} vectors[] = {
#define X(name, hex) { #name, hex },
	MARS_VECTORS(X)
#undef X
};
#define NVECTORS	(sizeof(vectors) / sizeof(vectors[0]))

static uint8_t *
vector(const char *name, size_t *len)
{
	size_t i;

	for (i = 0; i < NVECTORS; i++)
		if (strcmp(vectors[i].name, name) == 0)
			return unhex(vectors[i].hex, len);
	fail_msg("no vector %s", name);
	return NULL;
}

/* A decoded vector; the buffer has to be freed after the last use of m. */
static uint8_t *
decoded(const char *name, struct mars_msg *m)
{
	size_t len;
	uint8_t *buf = vector(name, &len);

	assert_int_equal(mars_decode(m, buf, len), MARS_DROP_NONE);
	return buf;
}

static void
assert_paddr(const struct paddr *a, const char *text)
{
	char buf[PADDR_STRLEN];

	assert_string_equal(paddr_print(a, buf, sizeof(buf)), text);
}

static void
assert_atm(const struct atm_addr *a, const char *text)
{
	char buf[ATM_STRLEN];

	assert_string_equal(atm_addr_print(a, buf, sizeof(buf)), text);
}

/* Decodes a vector after octets at off were replaced by those of hex. */
static enum mars_drop
patched(const char *name, size_t off, const char *hex, struct mars_msg *m)
{
	struct mars_msg scratch;
	enum mars_drop drop;
	size_t len, n;
	uint8_t *buf = vector(name, &len), *p = unhex(hex, &n);

	assert_true(off + n <= len);
	memset(buf + 12, 0, 2); /* no checksum: 4.3.3 */
	memcpy(buf + off, p, n);
	drop = mars_decode(m == NULL ? &scratch : m, buf, len);
	if (m != NULL)
		m->list = m->tlvs = NULL;
	free(p);
	free(buf);
	return drop;
}

/*
 * R2022-4.3-01, R2022-5.1.2-06, R2022-5.1.2-16, R2022-5.2.1-02,
 * R2022-5.3-08, R2022-5.4.3-04, R2022-5.1.6-02, R2022-10.1-03: what is
 * encoded is, octet by octet, what the RFC lays out.
 */
static void
encodes_as_written(void **state)
{
	uint8_t *buf, out[1024];
	struct mars_msg m;
	size_t i, len, n;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		buf = unhex(vectors[i].hex, &len);
		assert_int_equal(mars_decode(&m, buf, len), MARS_DROP_NONE);
		memset(out, 0x5a, sizeof(out));
		n = mars_encode(&m, out, sizeof(out));
		assert_int_equal(n, len);
		assert_memory_equal(out, buf, len);
		if (m.op != MARS_REQUEST && m.op != MARS_NAK && m.tlvs == NULL)
			assert_int_equal(mars_overhead(&m) + m.list_len, len);
		assert_int_equal(mars_encode(&m, out, len), len);
		assert_int_equal(mars_encode(&m, out, len - 1), 0);
		free(buf);
	}
}

/* A-101, R2022-6-*: every prefix of every message is dropped as too short. */
static void
truncations(void **state)
{
	uint8_t *buf, *cut;
	struct mars_msg m;
	size_t i, len, n;
	enum mars_drop drop;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		buf = unhex(vectors[i].hex, &len);
		memset(buf + 12, 0, 2);
		for (n = 0; n < len; n++) {
			cut = clone(buf, n);
			drop = mars_decode(&m, cut, n);
			/* only the list of TLVs is missing there */
			if (strcmp(vectors[i].name, "join_tlv") == 0 && n >= 58)
				assert_int_equal(drop, MARS_DROP_TLV);
			else
				assert_int_equal(drop, MARS_DROP_TRUNCATED);
			free(cut);
		}
		free(buf);
	}
}

/* octets after the message are ignored. */
static void
trailing(void **state)
{
	struct mars_msg m;
	uint8_t *buf, more[200];
	size_t i, len;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		buf = unhex(vectors[i].hex, &len);
		memset(more, 0, sizeof(more));
		memcpy(more, buf, len);
		assert_int_equal(
		    mars_decode(&m, more, sizeof(more)), MARS_DROP_NONE);
		free(buf);
	}
}

/* R2022-5.1.2-01 to -06: the fields of MARS_REQUEST. */
static void
request(void **state)
{
	struct mars_msg m;
	uint8_t *buf = decoded("request", &m);

	(void)state;
	assert_int_equal(m.op, MARS_REQUEST);
	assert_int_equal(m.pro.type, 0x0800);
	assert_atm(&m.src, "192.0.2.1%7");
	assert_paddr(&m.spa, "192.0.2.1");
	assert_paddr(&m.tpa, "224.1.1.1");
	assert_int_equal(m.list_len, 0);
	assert_null(m.tlvs);
	free(buf);
	buf = decoded("request_e164", &m);
	assert_int_equal(m.src.num_tl, 0x4b);
	assert_atm(&m.src, "+15551234567/192.0.2.1%7");
	assert_int_equal(m.spa.len, 0);
	free(buf);
}

/* R2022-5.1.2-12, -13, A-128: the same, and mar$pad as it was. */
static void
nak(void **state)
{
	static const uint8_t pad[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct mars_msg m;
	uint8_t *buf = decoded("nak", &m);

	(void)state;
	assert_int_equal(m.op, MARS_NAK);
	assert_memory_equal(m.pad, pad, sizeof(pad));
	assert_paddr(&m.tpa, "224.1.1.1");
	free(buf);
}

/* R2022-5.1.2-15 to -20: the fields of MARS_MULTI. */
static void
multi(void **state)
{
	struct atm_addr a;
	struct mars_msg m;
	uint8_t *buf = decoded("multi", &m);

	(void)state;
	assert_int_equal(m.op, MARS_MULTI);
	assert_true(m.last);
	assert_int_equal(m.seq, 1);
	assert_int_equal(m.msn, 7);
	assert_int_equal(m.tnum, 2);
	assert_paddr(&m.tpa, "224.1.1.1");
	mars_target(&m, 0, &a);
	assert_atm(&a, "192.0.2.2");
	mars_target(&m, 1, &a);
	assert_atm(&a, "192.0.2.3");
	free(buf);
	buf = decoded("multi_sub", &m);
	assert_false(m.last);
	assert_int_equal(m.seq, 2);
	mars_target(&m, 0, &a);
	assert_atm(&a, "+123/192.0.2.2");
	free(buf);
}

/* A-121, R2022-5.1.2-21: 60 + 20n octets, 456 addresses in 9180 octets. */
static void
multi_of_456(void **state)
{
	static uint8_t list[457 * 20], out[2 * MARS_MTU];
	struct atm_addr a;
	struct mars_msg m;
	uint8_t *buf = decoded("multi", &m);
	struct wr w;
	int i;

	(void)state;
	assert_int_equal(atm_addr_parse(&a, "198.51.100.1"), 0);
	wr_init(&w, list, sizeof(list));
	for (i = 0; i < 456; i++)
		mars_list_target(&w, &a);
	m.tnum = 456;
	m.list = list;
	m.list_len = w.len;
	assert_int_equal(mars_overhead(&m), 60);
	assert_int_equal(mars_encode(&m, out, sizeof(out)), 9180);
	assert_int_equal(mars_encode(&m, out, MARS_MTU), 9180);
	/* a list that is not what tnum says */
	m.tnum = 457;
	assert_int_equal(mars_encode(&m, out, sizeof(out)), 0);
	free(buf);
}

/* R2022-5.2.1-01 to -03, R2022-6.2.2-*: JOIN and what is built like it. */
static void
join_and_kin(void **state)
{
	static const struct {
		const char *name;
		uint8_t op;
		uint16_t pnum, flags;
		uint32_t msn;
	} t[] = {
		{ "join", MARS_JOIN, 1, MARS_F_LAYER3GRP | 5, 0 },
		{ "leave", MARS_LEAVE, 1, MARS_F_COPY | 5, 10 },
		{ "mserv", MARS_MSERV, 1, 3, 0 },
		{ "unserv", MARS_UNSERV, 1, 3, 0 },
		{ "sjoin", MARS_SJOIN, 2,
		    MARS_F_LAYER3GRP | MARS_F_COPY | MARS_F_PUNCHED | 5, 9 },
		{ "sleave", MARS_SLEAVE, 0, MARS_F_COPY | MARS_F_PUNCHED | 5,
		    11 },
		{ "grouplist_request", MARS_GROUPLIST_REQUEST, 1, 0, 0 },
		{ "join_register", MARS_JOIN, 1, MARS_F_REGISTER | 1, 0 },
		{ "join_ipv6", MARS_JOIN, 1, MARS_F_LAYER3GRP | 5, 0 },
	};
	struct mars_msg m;
	uint8_t *buf;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		buf = decoded(t[i].name, &m);
		assert_int_equal(m.op, t[i].op);
		assert_int_equal(m.pnum, t[i].pnum);
		assert_int_equal(m.flags, t[i].flags);
		assert_int_equal(m.msn, t[i].msn);
		assert_int_equal(m.cmi, 0);
		assert_atm(&m.src, "192.0.2.1%7");
		free(buf);
	}
}

/* R2022-5.2.1-02, -15: each pair; A-97: one pair of empty addresses. */
static void
pairs(void **state)
{
	struct paddr min, max;
	struct mars_msg m;
	uint8_t *buf = decoded("sjoin", &m);

	(void)state;
	mars_pair(&m, 0, &min, &max);
	assert_paddr(&min, "224.0.0.0");
	assert_paddr(&max, "224.1.1.0");
	mars_pair(&m, 1, &min, &max);
	assert_paddr(&min, "224.1.1.2");
	assert_paddr(&max, "239.255.255.255");
	free(buf);
	buf = decoded("join_register", &m);
	memset(&min, 1, sizeof(min));
	mars_pair(&m, 0, &min, &max);
	assert_int_equal(min.len, 0);
	assert_int_equal(max.len, 0);
	free(buf);
	buf = decoded("join_ipv6", &m);
	mars_pair(&m, 0, &min, &max);
	assert_paddr(&min, "ff02::42");
	assert_paddr(&m.spa, "2001:db8::1");
	free(buf);
}

/* R2022-5.3-07 to -09: a list of groups. */
static void
grouplist_reply(void **state)
{
	struct mars_msg m;
	struct paddr g;
	uint8_t *buf = decoded("grouplist_reply", &m);

	(void)state;
	assert_int_equal(m.tnum, 2);
	assert_int_equal(m.seq, 1);
	assert_false(m.last);
	mars_group(&m, 0, &g);
	assert_paddr(&g, "224.1.1.1");
	mars_group(&m, 1, &g);
	assert_paddr(&g, "224.1.1.5");
	free(buf);
}

/* R2022-5.4.3-04, -11: neither mar$spa nor mar$tpa; A-128: bit 7 alone. */
static void
redirect_map(void **state)
{
	struct atm_addr a;
	struct mars_msg m;
	uint8_t *buf = decoded("redirect_map", &m);

	(void)state;
	assert_int_equal(m.redirf, MARS_REDIRF_HARD);
	assert_int_equal(m.tnum, 2);
	assert_int_equal(m.spa.len, 0);
	assert_int_equal(m.tpa.len, 0);
	mars_target(&m, 1, &a);
	assert_atm(&a, "192.0.2.3");
	free(buf);
	/* the reserved mar$spln measures nothing */
	assert_int_equal(
	    patched("redirect_map", 20, "ff", NULL), MARS_DROP_NONE);
	assert_int_equal(patched("redirect_map", 23, "7f", &m), MARS_DROP_NONE);
	assert_int_equal(m.redirf, 0);
}

/* R2022-5.1.6-01, -02: the new members in one message. */
static void
migrate(void **state)
{
	struct atm_addr a;
	struct mars_msg m;
	uint8_t *buf = decoded("migrate", &m);

	(void)state;
	assert_int_equal(m.op, MARS_MIGRATE);
	assert_int_equal(m.msn, 0xffffffff);
	assert_paddr(&m.tpa, "224.1.1.1");
	mars_target(&m, 0, &a);
	assert_atm(&a, "192.0.2.2");
	free(buf);
	/* mar$resv is no sequence number */
	assert_int_equal(patched("migrate", 26, "8005", &m), MARS_DROP_NONE);
	assert_false(m.last);
	assert_int_equal(m.seq, 0);
}

/* of two things wrong, the one that is looked at first is named. */
static void
order_of_checks(void **state)
{
	static const struct {
		enum mars_drop drop;
		size_t off;
		const char *hex;
	} t[] = {
		/* from the last check to the first: each adds its fault */
		{ MARS_DROP_ADDRESS, 20, "04" },
		{ MARS_DROP_OP, 16, "000e" },
		{ MARS_DROP_TLV, 14, "fffc" },
		{ MARS_DROP_PRO, 2, "0080" },
		{ MARS_DROP_CHECKSUM, 12, "0001" },
		{ MARS_DROP_NO_SOURCE, 18, "40" },
		{ MARS_DROP_VERSION, 16, "01" },
		{ MARS_DROP_AFN, 0, "000e" },
	};
	struct mars_msg m;
	size_t i, len, n;
	uint8_t *buf = vector("join", &len), *p;

	(void)state;
	memset(buf + 12, 0, 2);
	buf[18] = 0x13; /* an NSAPA of 19 octets */
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		p = unhex(t[i].hex, &n);
		memcpy(buf + t[i].off, p, n);
		free(p);
		assert_int_equal(mars_decode(&m, buf, len), t[i].drop);
	}
	assert_int_equal(mars_decode(&m, buf, 19), MARS_DROP_TRUNCATED);
	free(buf);
}

/*
 * R2022-4.3.5-03: of another version nothing else is looked at, so that
 * NHRP's messages can be told apart.
 */
static void
other_version(void **state)
{
	struct mars_msg m;
	size_t len;
	uint8_t *buf = vector("join", &len), *cut;

	(void)state;
	buf[16] = 1;
	buf[18] = buf[19] = 0xff;
	cut = clone(buf, 20);
	assert_int_equal(mars_decode(&m, cut, 20), MARS_DROP_VERSION);
	free(cut);
	free(buf);
}

/* R2022-4.3.3-01, -05, -06, A-104 */
static void
checksum(void **state)
{
	static const uint8_t odd[3] = { 0x01, 0x02, 0x03 };
	uint8_t *buf, out[256];
	struct mars_msg m;
	size_t len;

	(void)state;
	/* 0102 + 0300 = 0402 */
	assert_int_equal(in_cksum(odd, sizeof(odd)), 0xfbfd);
	assert_int_equal(in_cksum("", 0), 0xffff);
	assert_int_equal(patched("join", 12, "0000", NULL), MARS_DROP_NONE);
	assert_int_equal(patched("join", 12, "a411", NULL), MARS_DROP_NONE);
	assert_int_equal(patched("join", 12, "a412", NULL), MARS_DROP_CHECKSUM);
	/* 0xffff never verifies by accident */
	assert_int_equal(patched("join", 12, "ffff", NULL), MARS_DROP_CHECKSUM);

	/*
	 * The sum of the vector without its checksum is ~a411 = 5bee; msn
	 * a411 makes it ffff, whose complement would say "none".
	 */
	buf = decoded("join", &m);
	m.msn = 0xa411;
	len = mars_encode(&m, out, sizeof(out));
	assert_int_equal(out[12] << 8 | out[13], 0xffff);
	assert_int_equal(mars_decode(&m, out, len), MARS_DROP_NONE);
	free(buf);
}

/*
 * R2022-4.3.2-05, R2022-4.3.2-07, A-135: SNAP counts only with 0x80, and
 * names a short form where it can.
 */
static void
protocol(void **state)
{
	struct mars_msg m;
	uint8_t *buf = decoded("join_tlv", &m);

	(void)state;
	assert_int_equal(m.pro.type, PRO_SNAP);
	assert_int_equal(m.pro.snap[1], 0x80);
	free(buf);
	assert_int_equal(
	    patched("join", 2, "08000102030405", &m), MARS_DROP_NONE);
	assert_int_equal(m.pro.snap[0] | m.pro.snap[4], 0);
	assert_int_equal(
	    patched("join", 2, "00800000000800", &m), MARS_DROP_NONE);
	assert_int_equal(m.pro.type, PRO_IPV4);
	assert_int_equal(m.pro.snap[3], 0);
	assert_int_equal(
	    patched("join", 2, "00800000000000", NULL), MARS_DROP_PRO);
}

/*
 * R2022-5.1.2-07 to -09, A-128: the reserved bit, and the type of a null
 * address, are ignored and not kept.
 */
static void
type_and_length(void **state)
{
	struct mars_msg m;

	(void)state;
	assert_int_equal(patched("join", 18, "94c0", &m), MARS_DROP_NONE);
	assert_int_equal(m.src.num_tl, 0x14);
	assert_int_equal(m.src.sub_tl, 0);
	assert_int_equal(
	    patched("join", 18, "4014", NULL), MARS_DROP_NO_SOURCE);
	/* an NSAPA has 20 octets */
	assert_int_equal(patched("join", 18, "13", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(patched("join", 18, "01", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("sjoin", 18, "1500040400 01", NULL), MARS_DROP_ADDRESS);
	/* E.164 is of digits, at most 20 */
	assert_int_equal(patched("join", 18, "54", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("request_e164", 18, "55", NULL), MARS_DROP_TRUNCATED);
	assert_int_equal(
	    patched("request_e164", 32, "3a", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("request_e164", 18, "4b54", NULL), MARS_DROP_ADDRESS);
	/* of the targets, too */
	assert_int_equal(patched("multi", 21, "13", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(patched("multi", 21, "00", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("multi_sub", 60, "2f", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("redirect_map", 21, "0f", NULL), MARS_DROP_ADDRESS);
}

/* R2022-5.1.2-10, A-97: lengths of protocol addresses. */
static void
protocol_lengths(void **state)
{
	struct paddr min, max;
	struct mars_msg m;

	(void)state;
	/* 20 octets is the longest; the message has 52 + 12 */
	assert_int_equal(patched("join", 20, "0000", &m), MARS_DROP_NONE);
	assert_int_equal(patched("sjoin", 20, "1400 0001", &m), MARS_DROP_NONE);
	assert_int_equal(m.spa.len, 20);
	assert_int_equal(
	    patched("join_ipv6", 20, "1500 0001", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("migrate", 23, "15", NULL), MARS_DROP_TRUNCATED);
	assert_int_equal(
	    patched("migrate", 23, "15 0000", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("grouplist_reply", 23, "00", NULL), MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("grouplist_reply", 23, "00 0000", NULL), MARS_DROP_NONE);
	/* 21 octets twice: unusable, but a registration ignores its pair */
	assert_int_equal(patched("join_ipv6", 20, "0015 0001 0000", NULL),
	    MARS_DROP_ADDRESS);
	assert_int_equal(
	    patched("join_ipv6", 20, "0015 0001 2000", &m), MARS_DROP_NONE);
	assert_int_equal(m.tpln, 21);
	m.list = (const uint8_t *)"";
	m.list_len = 0;
	mars_pair(&m, 0, &min, &max);
	assert_int_equal(min.len | max.len, 0);
}

/* bits 8 to 11 of mar$flags, mar$hdrrsv. */
static void
reserved(void **state)
{
	struct mars_msg m;

	(void)state;
	assert_int_equal(patched("join", 24, "ffff", &m), MARS_DROP_NONE);
	assert_int_equal(m.flags, 0xf0ff);
	assert_int_equal(patched("join", 9, "ffffff", NULL), MARS_DROP_NONE);
}

/* R2022-11-01: 1 to 13 and no other. */
static void
operations(void **state)
{
	struct mars_msg m;
	char hex[3];
	int op;

	(void)state;
	for (op = 0; op < 256; op++) {
		snprintf(hex, sizeof(hex), "%02x", (unsigned int)op);
		if (op == 0 || op > 13) {
			assert_int_equal(
			    patched("join", 17, hex, &m), MARS_DROP_OP);
			assert_int_equal(m.op, op);
			assert_int_equal(mars_encode(&m, hex, sizeof(hex)), 0);
			assert_string_equal(
			    mars_op_name((uint8_t)op), "unknown");
		} else
			assert_string_not_equal(
			    mars_op_name((uint8_t)op), "unknown");
	}
	assert_string_equal(mars_op_name(8), "MARS_SJOIN");
}

/* A TLV as section 10.2 has it: type, length, value, and zeros behind that. */
static bool
put_tlv(struct wr *w, uint8_t x, uint16_t y, const void *value, uint16_t len)
{
	wr_u16(w, (uint16_t)(x << 14 | y));
	wr_u16(w, len);
	wr_bytes(w, value, len);
	wr_zero(w, (4 - (size_t)len % 4) % 4);
	return !wr_failed(w);
}

/* R2022-10.2-02, -03, -05, R2022-10.4-01: values and the end of the list. */
static void
tlvs(void **state)
{
	static const uint8_t value[5] = { 1, 2, 3, 4, 5 };
	uint8_t *buf, list[32];
	struct mars_msg m;
	struct mars_tlv t;
	struct rd r;
	struct wr w;

	(void)state;
	buf = decoded("join_tlv", &m);
	assert_int_equal(m.tlvs_len, 16);
	rd_init(&r, m.tlvs, m.tlvs_len);
	assert_true(mars_tlv_next(&r, &t));
	assert_int_equal(t.x, 0);
	assert_int_equal(t.y, 0x3800);
	assert_int_equal(t.len, 5);
	assert_memory_equal(t.value, value, 5);
	assert_false(mars_tlv_next(&r, &t));
	assert_true(rd_done(&r));

	wr_init(&w, list, sizeof(list));
	assert_true(put_tlv(&w, 0, 0x3800, value, 5));
	assert_true(put_tlv(&w, 0, 0, NULL, 0));
	assert_int_equal(w.len, m.tlvs_len);
	assert_memory_equal(list, m.tlvs, w.len);
	assert_true(put_tlv(&w, 2, 1, value, 4));
	assert_int_equal(list[16], 0x80);
	assert_int_equal(w.len, 24);
	free(buf);
}

/* R2022-10.1-02, -04, A-103: where the list may be. */
static void
tlv_bounds(void **state)
{
	struct mars_msg m;

	(void)state;
	/* the lowest two bits don't count */
	assert_int_equal(patched("join_tlv", 14, "003f", NULL), MARS_DROP_NONE);
	assert_int_equal(patched("join_tlv", 14, "0003", &m), MARS_DROP_NONE);
	assert_int_equal(m.tlvs_len, 0);
	/* inside the addresses, and beyond the message */
	assert_int_equal(patched("join_tlv", 14, "0038", NULL), MARS_DROP_TLV);
	assert_int_equal(patched("join_tlv", 14, "004c", NULL), MARS_DROP_TLV);
	assert_int_equal(patched("join_tlv", 14, "0050", NULL), MARS_DROP_TLV);
	/* the last four octets are a Null TLV of their own */
	assert_int_equal(patched("join_tlv", 14, "0048", &m), MARS_DROP_NONE);
	assert_int_equal(m.tlvs_len, 4);
	/* one that runs past the end, and one that covers the Null TLV */
	assert_int_equal(patched("join_tlv", 62, "ffff", NULL), MARS_DROP_TLV);
	assert_int_equal(patched("join_tlv", 62, "0009", NULL), MARS_DROP_TLV);
	/* no Null TLV */
	assert_int_equal(patched("join_tlv", 72, "0001", NULL), MARS_DROP_TLV);
}

/* Type.y 0 ends it whatever else; sent as 10.4 has it. */
static void
tlv_ends(void **state)
{
	struct mars_msg m;
	uint8_t *buf, out[128];
	size_t len, n;

	(void)state;
	assert_int_equal(patched("join_tlv", 72, "4000", NULL), MARS_DROP_NONE);
	assert_int_equal(
	    patched("join_tlv", 72, "c000 ffff", NULL), MARS_DROP_NONE);
	buf = vector("join_tlv", &len);
	memset(buf + 12, 0, 2);
	buf[72] = 0xc0;
	buf[75] = 7;
	assert_int_equal(mars_decode(&m, buf, len), MARS_DROP_NONE);
	n = mars_encode(&m, out, sizeof(out));
	assert_int_equal(n, len);
	assert_int_equal(out[72] | out[75], 0);
	free(buf);
}

/* R2022-4.3.5-02, -03: 0 and no other version is this protocol's. */
static void
versions(void **state)
{
	char hex[3];
	int v;

	(void)state;
	for (v = 0; v < 256; v++) {
		snprintf(hex, sizeof(hex), "%02x", (unsigned int)v);
		assert_int_equal(patched("join", 16, hex, NULL),
		    v == 0 ? MARS_DROP_NONE : MARS_DROP_VERSION);
	}
}

/* R2022-4.3.1-01, -02: 0x000f and no other. */
static void
address_family(void **state)
{
	static const char *const hex[] = { "0000", "0001", "0008", "000e",
		"0010", "0f00", "ffff" };
	struct mars_msg m;
	uint8_t *buf, out[256];
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(hex) / sizeof(hex[0]); i++)
		assert_int_equal(
		    patched("join", 0, hex[i], NULL), MARS_DROP_AFN);
	for (i = 0; i < NVECTORS; i++) {
		buf = decoded(vectors[i].name, &m);
		n = mars_encode(&m, out, sizeof(out));
		assert_true(n >= 20);
		assert_int_equal(out[0] << 8 | out[1], 0x000f);
		assert_int_equal(out[16], 0);
		free(buf);
	}
}

/*
 * R2022-4.3.2-01, -02, -08: both ends of each range of mar$pro.type, where
 * 0x80 alone has a long form: the type is in the first two octets, SNAP is
 * nothing.
 */
static void
protocol_ranges(void **state)
{
	static const uint16_t types[] = { 0x0000, 0x007f, 0x0081, 0x00ff,
		0x0100, 0x03ff, 0x0400, 0x04ff, 0x0500, 0x05ff, 0x0600, 0x0800,
		0x86dd, 0xffff };
	struct mars_msg m;
	uint8_t *buf, out[256];
	char hex[15];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(
		    hex, sizeof(hex), "%04x0102030405", (unsigned int)types[i]);
		assert_int_equal(patched("join", 2, hex, &m), MARS_DROP_NONE);
		assert_int_equal(m.pro.type, types[i]);
		buf = decoded("join", &m);
		m.pro.type = types[i];
		assert_true(mars_encode(&m, out, sizeof(out)) > 0);
		assert_int_equal(out[2] << 8 | out[3], types[i]);
		assert_int_equal(out[4] | out[5] | out[6] | out[7] | out[8], 0);
		free(buf);
	}
}

/* R2022-10.2-03: 4 for a length of 0, 8 for 1 to 4, 12 for 5 to 8. */
static void
tlv_offsets(void **state)
{
	static const size_t want[9] = { 4, 8, 8, 8, 8, 12, 12, 12, 12 };
	static const uint8_t value[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t list[64];
	struct mars_tlv t;
	struct rd r;
	struct wr w;
	uint16_t len;
	size_t i;

	(void)state;
	for (len = 0; len <= 8; len++) {
		wr_init(&w, list, sizeof(list));
		memset(list, 0x5a, sizeof(list));
		assert_true(put_tlv(&w, 3, 0x1234, value, len));
		assert_int_equal(w.len, want[len]);
		assert_int_equal(list[0] << 8 | list[1], 0xd234);
		assert_int_equal(list[2] << 8 | list[3], len);
		assert_memory_equal(list + 4, value, len);
		for (i = 4 + len; i < w.len; i++) /* R2022-10.2-04 */
			assert_int_equal(list[i], 0);
		assert_true(put_tlv(&w, 1, 7, NULL, 0));
		assert_true(put_tlv(&w, 0, 0, NULL, 0));
		/* R2022-10.4-02 */
		assert_memory_equal(list + w.len - 4, "\0\0\0\0", 4);
		rd_init(&r, list, w.len);
		assert_true(mars_tlv_next(&r, &t));
		assert_int_equal(t.x, 3);
		assert_int_equal(t.y, 0x1234);
		assert_int_equal(t.len, len);
		assert_true(mars_tlv_next(&r, &t));
		assert_int_equal(t.x, 1);
		assert_int_equal(t.y, 7);
		assert_false(mars_tlv_next(&r, &t));
	}
}

/* Section 10.3: the first TLV whose Type.x is not 0 or 3 decides. */
static void
what_an_unknown_tlv_does(void **state)
{
	static const struct {
		uint8_t		 x[3];
		enum mars_tlvs	 verdict;
	} cases[] = {
		{ { 0, 3, 0 }, MARS_TLVS_SKIP },
		{ { 0, 1, 2 }, MARS_TLVS_DROP },
		{ { 3, 2, 1 }, MARS_TLVS_ERROR },
		{ { 3, 0, 2 }, MARS_TLVS_ERROR },
	};
	struct mars_msg m;
	uint8_t list[32];
	struct wr w;
	size_t i, k;

	(void)state;
	memset(&m, 0, sizeof(m));
	assert_int_equal(mars_tlvs_verdict(&m), MARS_TLVS_SKIP);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wr_init(&w, list, sizeof(list));
		for (k = 0; k < 3; k++)
			assert_true(put_tlv(&w, cases[i].x[k], 7, "v", 1));
		assert_true(put_tlv(&w, 0, 0, NULL, 0));
		m.tlvs = list;
		m.tlvs_len = w.len;
		assert_int_equal(mars_tlvs_verdict(&m), cases[i].verdict);
	}
}

/* R2022-10.2-05, -11: the upper two bits, and both ends of each range. */
static void
tlv_types(void **state)
{
	static const uint16_t ys[] = { 0x0001, 0x0fff, 0x1000, 0x11ff, 0x1200,
		0x37ff, 0x3800, 0x3fff };
	uint8_t list[8] = { 0 };
	struct mars_tlv t;
	struct rd r;
	size_t i;
	uint8_t x;

	(void)state;
	for (x = 0; x < 4; x++)
		for (i = 0; i < sizeof(ys) / sizeof(ys[0]); i++) {
			list[0] = (uint8_t)(x << 6 | ys[i] >> 8);
			list[1] = (uint8_t)ys[i];
			rd_init(&r, list, sizeof(list));
			assert_true(mars_tlv_next(&r, &t));
			assert_int_equal(t.x, x);
			assert_int_equal(t.y, ys[i]);
			assert_false(mars_tlv_next(&r, &t));
		}
	/* Type.y 0 is the end */
	for (x = 0; x < 4; x++) {
		list[0] = (uint8_t)(x << 6);
		list[1] = 0;
		rd_init(&r, list, sizeof(list));
		assert_false(mars_tlv_next(&r, &t));
	}
}

/*
 * R2022-10-01, R2022-10.1-01, -03, R2022-10.4-03, -04: behind addresses of
 * any length the list starts at the next multiple of 4, and mar$extoff says
 * so; the Null TLV alone is a list.
 */
static void
tlv_alignment(void **state)
{
	static const uint8_t null[4];
	struct mars_msg m, o;
	uint8_t *buf, out[128];
	uint8_t digits;
	size_t end, n;

	(void)state;
	for (digits = 1; digits <= 8; digits++) {
		buf = decoded("join", &m);
		m.src.num_tl = 0x40 | digits;
		memset(m.src.num, 0, sizeof(m.src.num));
		memset(m.src.num, '7', digits);
		m.tlvs = null;
		m.tlvs_len = sizeof(null);
		memset(out, 0x5a, sizeof(out));
		n = mars_encode(&m, out, sizeof(out));
		end = 32U + digits + 4 + 8;
		assert_int_equal(n, (end + 3) / 4 * 4 + 4);
		assert_int_equal(out[14] << 8 | out[15], n - 4);
		for (; end < n; end++)
			assert_int_equal(out[end], 0);
		assert_int_equal(mars_decode(&o, out, n), MARS_DROP_NONE);
		assert_int_equal(o.tlvs_len, 4);
		assert_ptr_equal(o.tlvs, out + n - 4);
		/* none: zero */
		m.tlvs = NULL;
		m.tlvs_len = 0;
		n = mars_encode(&m, out, sizeof(out));
		assert_int_equal(n, 32U + digits + 4 + 8);
		assert_int_equal(out[14] | out[15], 0);
		free(buf);
	}
}

/* R2022-5.2.1-01, R2022-11-01, A-96: the number of each name. */
static void
numbers(void **state)
{
	static const struct {
		const char *name, *vector;
	} t[13] = {
		{ "MARS_REQUEST", "request" },
		{ "MARS_MULTI", "multi" },
		{ "MARS_MSERV", "mserv" },
		{ "MARS_JOIN", "join" },
		{ "MARS_LEAVE", "leave" },
		{ "MARS_NAK", "nak" },
		{ "MARS_UNSERV", "unserv" },
		{ "MARS_SJOIN", "sjoin" },
		{ "MARS_SLEAVE", "sleave" },
		{ "MARS_GROUPLIST_REQUEST", "grouplist_request" },
		{ "MARS_GROUPLIST_REPLY", "grouplist_reply" },
		{ "MARS_REDIRECT_MAP", "redirect_map" },
		{ "MARS_MIGRATE", "migrate" },
	};
	struct mars_msg m;
	uint8_t *buf, out[256], op;

	(void)state;
	for (op = 1; op <= 13; op++) {
		assert_string_equal(mars_op_name(op), t[op - 1].name);
		buf = decoded(t[op - 1].vector, &m);
		assert_int_equal(m.op, op);
		assert_true(mars_encode(&m, out, sizeof(out)) > 0);
		assert_int_equal(out[16], 0);
		assert_int_equal(out[17], op);
		free(buf);
	}
}

/* Beyond the end of the list there are only null addresses. */
static void
no_such_element(void **state)
{
	struct paddr min, max;
	struct atm_addr a;
	struct mars_msg m;
	uint8_t *buf = decoded("sjoin", &m);

	(void)state;
	mars_pair(&m, 2, &min, &max);
	assert_int_equal(min.len | max.len, 0);
	mars_group(&m, 65535, &min);
	assert_int_equal(min.len, 0);
	free(buf);
	buf = decoded("multi", &m);
	mars_target(&m, 2, &a);
	assert_true(atm_addr_is_null(&a));
	free(buf);
}

static void
use(const struct mars_msg *m)
{
	struct mars_tlv t;
	struct atm_addr a;
	struct paddr min, max;
	struct rd r;
	uint16_t i;

	for (i = 0; i < 3; i++) {
		mars_pair(m, i, &min, &max);
		mars_group(m, i, &min);
		mars_target(m, i, &a);
	}
	rd_init(&r, m->tlvs, m->tlvs_len);
	while (mars_tlv_next(&r, &t))
		if (t.len != 0)
			assert_non_null(t.value);
}

/*
 * random changes never make it read what isn't there (for a
 * sanitizer), and what is accepted is encoded into what means the same.
 */
static void
mutations(void **state)
{
	static uint8_t out[65536], again[65536];
	uint8_t *buf, *cut;
	uint32_t seed = 2022, accepted = 0;
	struct mars_msg m, o;
	size_t len, n, k;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf = unhex(vectors[(size_t)i % NVECTORS].hex, &len);
		len = mutate(buf, len, &seed);
		cut = clone(buf, len);
		if (len >= 14)
			memset(cut + 12, 0, 2);
		if (mars_decode(&m, cut, len) == MARS_DROP_NONE) {
			accepted++;
			use(&m);
			n = mars_encode(&m, out, sizeof(out));
			assert_int_not_equal(n, 0);
			assert_int_equal(
			    mars_decode(&o, out, n), MARS_DROP_NONE);
			k = mars_encode(&o, again, sizeof(again));
			assert_int_equal(k, n);
			assert_memory_equal(out, again, n);
		}
		free(cut);
		free(buf);
	}
	/* neither everything nor nothing got through */
	assert_in_range(accepted, 1000, 19000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_as_written),
		cmocka_unit_test(truncations),
		cmocka_unit_test(trailing),
		cmocka_unit_test(request),
		cmocka_unit_test(nak),
		cmocka_unit_test(multi),
		cmocka_unit_test(multi_of_456),
		cmocka_unit_test(join_and_kin),
		cmocka_unit_test(pairs),
		cmocka_unit_test(grouplist_reply),
		cmocka_unit_test(redirect_map),
		cmocka_unit_test(migrate),
		cmocka_unit_test(order_of_checks),
		cmocka_unit_test(other_version),
		cmocka_unit_test(checksum),
		cmocka_unit_test(protocol),
		cmocka_unit_test(type_and_length),
		cmocka_unit_test(protocol_lengths),
		cmocka_unit_test(reserved),
		cmocka_unit_test(operations),
		cmocka_unit_test(tlvs),
		cmocka_unit_test(tlv_bounds),
		cmocka_unit_test(tlv_ends),
		cmocka_unit_test(versions),
		cmocka_unit_test(address_family),
		cmocka_unit_test(protocol_ranges),
		cmocka_unit_test(tlv_offsets),
		cmocka_unit_test(what_an_unknown_tlv_does),
		cmocka_unit_test(tlv_types),
		cmocka_unit_test(tlv_alignment),
		cmocka_unit_test(numbers),
		cmocka_unit_test(no_such_element),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
