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

#include "csa.h"
#include "regress/decode/vectors.h"
#include "unhex.h"

static const struct {
	const char	*name;
	const char	*hex;
} vectors[] = {
#define X(name, hex) { #name, hex },
	CSA_VECTORS(X)
#undef X
};
#define NVECTORS	(sizeof(vectors) / sizeof(vectors[0]))

/* Are these two the same on the wire? */
static bool
same_octets(const struct csa *a, const struct csa *b)
{
	uint8_t x[CSA_MAX], y[CSA_MAX];
	size_t n = csa_encode(a, x, sizeof(x));

	return n != 0 && n == csa_encode(b, y, sizeof(y)) &&
	    memcmp(x, y, n) == 0;
}

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

static enum csa_verdict
decoded(const char *name, struct csa *c)
{
	enum csa_verdict v;
	size_t len;
	uint8_t *buf = vector(name, &len);

	v = csa_decode(c, buf, len);
	assert_int_equal(csa_judge(buf, len), v);
	free(buf);
	return v;
}

/* The verdict on a vector with the octets at off replaced by those of hex. */
static enum csa_verdict
patched(const char *name, size_t off, const char *hex, struct csa *c)
{
	struct csa scratch;
	enum csa_verdict v;
	size_t len, n;
	uint8_t *buf = vector(name, &len), *p = unhex(hex, &n);

	assert_true(off + n <= len);
	memcpy(buf + off, p, n);
	v = csa_decode(c == NULL ? &scratch : c, buf, len);
	free(p);
	free(buf);
	return v;
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

/*
 * R2443-3-01, -02, R2443-5.1-03, R2443-5.4-04, R2443-5.5-04: what is encoded
 * is, octet by octet, what the RFC lays out.
 */
static void
encodes_as_written(void **state)
{
	uint8_t *buf, out[CSA_MAX];
	struct csa c;
	size_t i, len;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		buf = unhex(vectors[i].hex, &len);
		assert_true(csa_decode(&c, buf, len) >= CSA_LIVE);
		assert_int_equal(csa_encode(&c, out, sizeof(out)), len);
		assert_memory_equal(out, buf, len);
		assert_int_equal(csa_encode(&c, out, len - 1), 0);
		free(buf);
	}
}

/* no record is shorter or longer than its lengths say. */
static void
lengths(void **state)
{
	uint8_t *buf, *cut, more[CSA_MAX + 1];
	struct csa c;
	size_t i, len, n;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		buf = unhex(vectors[i].hex, &len);
		for (n = 0; n < len; n++) {
			cut = clone(buf, n);
			assert_int_equal(csa_decode(&c, cut, n), CSA_MALFORMED);
			free(cut);
		}
		memset(more, 0, sizeof(more));
		memcpy(more, buf, len);
		assert_int_equal(csa_judge(more, len + 1), CSA_MALFORMED);
		free(buf);
	}
}

/* R2443-5.1-03 to -06, A-49: a server and its protocol, nothing else. */
static void
redirect(void **state)
{
	struct csa c;

	(void)state;
	assert_int_equal(decoded("redirect", &c), CSA_LIVE);
	assert_int_equal(c.state, CSA_REDIRECT);
	assert_int_equal(c.pro.type, PRO_IPV4);
	assert_atm(&c.atm, "192.0.2.1%7");
	/* flags and CMI are unused */
	assert_int_equal(patched("redirect", 12, "a0ff 1234", &c), CSA_LIVE);
	assert_int_equal(c.flags | c.cmi, 0);
	/* so are lengths, whether what they measure is there or not */
	assert_int_equal(patched("redirect", 16, "0404", &c), CSA_LIVE);
	assert_int_equal(c.spa.len | c.min.len | c.max.len, 0);
	assert_atm(&c.atm, "192.0.2.1%7");
	assert_int_equal(patched("leave", 11, "01", &c), CSA_LIVE);
	assert_int_equal(c.spa.len | c.min.len | c.max.len, 0);
	assert_atm(&c.atm, "192.0.2.1%7");
}

/* R2443-5.2-04 to -10: an MCS; A-46: the range as it came. */
static void
serve(void **state)
{
	struct csa c;

	(void)state;
	assert_int_equal(decoded("serve", &c), CSA_LIVE);
	assert_int_equal(c.state, CSA_SERVE);
	assert_int_equal(c.flags, 0);
	assert_int_equal(c.cmi, 5);
	assert_paddr(&c.spa, "192.0.2.1");
	assert_paddr(&c.min, "224.1.1.1");
	assert_paddr(&c.max, "224.1.1.5");
	assert_int_equal(decoded("serve_register", &c), CSA_LIVE);
	assert_int_equal(c.flags, CSA_F_REGISTER);
	assert_int_equal(c.min.len, 0);
	/* layer3grp is zero */
	assert_int_equal(patched("serve", 12, "8000", &c), CSA_LIVE);
	assert_int_equal(c.flags, 0);
	assert_int_equal(decoded("unserve", &c), CSA_TOMBSTONE);
	assert_int_equal(c.state, CSA_UNSERVE);
}

/* R2443-5.3-04 to -10: a client. */
static void
join(void **state)
{
	struct csa c;

	(void)state;
	assert_int_equal(decoded("join", &c), CSA_LIVE);
	assert_int_equal(c.state, CSA_JOIN);
	assert_int_equal(c.flags, CSA_F_LAYER3GRP);
	assert_int_equal(c.cmi, 0x0102);
	assert_atm(&c.atm, "192.0.2.1%7/192.0.2.2");
	assert_paddr(&c.min, "224.1.1.1");
	assert_int_equal(decoded("join_register", &c), CSA_LIVE);
	assert_int_equal(c.flags, CSA_F_REGISTER);
	assert_int_equal(c.spa.len, 0);
	assert_int_equal(decoded("join_ipv6", &c), CSA_LIVE);
	assert_int_equal(c.pro.type, PRO_IPV6);
	assert_paddr(&c.spa, "2001:db8::1");
	assert_paddr(&c.max, "ff02::42");
}

/* R2443-5.4-04, A-9 */
static void
tombstones(void **state)
{
	struct csa c;

	(void)state;
	assert_int_equal(decoded("leave", &c), CSA_TOMBSTONE);
	assert_int_equal(c.state, CSA_LEAVE);
	assert_paddr(&c.max, "224.1.1.1");
	assert_int_equal(decoded("deregister", &c), CSA_TOMBSTONE);
	assert_int_equal(c.flags, CSA_F_REGISTER);
}

/* the record that undoes one differs in nothing but its state. */
static void
withdraw(void **state)
{
	struct csa c, d;

	(void)state;
	assert_int_equal(decoded("serve", &c), CSA_LIVE);
	d = c;
	csa_withdraw(&c);
	assert_int_equal(c.state, CSA_UNSERVE);
	assert_false(same_octets(&c, &d));
	c.state = CSA_SERVE;
	assert_true(same_octets(&c, &d));
	assert_int_equal(decoded("join", &c), CSA_LIVE);
	csa_withdraw(&c);
	assert_int_equal(c.state, CSA_LEAVE);
	csa_withdraw(&c);
	assert_int_equal(c.state, CSA_LEAVE);
}

/*
 * R2443-3-06, -08, A-39: unknown versions, states and families are not
 * malformed, however long.
 */
static void
unknown(void **state)
{
	struct csa c;
	uint8_t *buf;
	size_t len;

	(void)state;
	assert_int_equal(patched("join", 0, "0001", NULL), CSA_STRANGE);
	assert_int_equal(patched("join", 10, "01", NULL), CSA_STRANGE);
	assert_int_equal(patched("join", 11, "00", NULL), CSA_STRANGE);
	assert_int_equal(patched("join", 11, "06", NULL), CSA_STRANGE);
	buf = vector("join", &len);
	buf[10] = 1;
	assert_int_equal(csa_decode(&c, buf, 12), CSA_STRANGE);
	assert_int_equal(csa_decode(&c, buf, 11), CSA_MALFORMED);
	free(buf);
	/* of a protocol that nobody here serves it is fine */
	assert_int_equal(patched("join", 2, "86de", NULL), CSA_LIVE);
	assert_int_equal(patched("join", 2, "0080", NULL), CSA_STRANGE);
}

/* right in length, wrong in what it says. */
static void
contradictions(void **state)
{
	(void)state;
	/* register with a range, none of either */
	assert_int_equal(patched("leave", 12, "2000", NULL), CSA_STRANGE);
	assert_int_equal(patched("deregister", 12, "0000", NULL), CSA_STRANGE);
	/* min above max: 224.1.1.9 to 224.1.1.5 */
	assert_int_equal(patched("serve", 44, "e0010109", NULL), CSA_STRANGE);
	assert_int_equal(patched("serve", 44, "e0010105", NULL), CSA_LIVE);
	/* 192.0.2.1 and 20 octets: no ATM number but 24 of protocol address */
	assert_int_equal(
	    patched("deregister", 16, "18000000", NULL), CSA_STRANGE);
	assert_int_equal(
	    patched("join_register", 16, "14000000", NULL), CSA_STRANGE);
	/* an NSAPA of 19 octets, E.164 that is not of digits */
	assert_int_equal(
	    patched("deregister", 16, "05001300", NULL), CSA_STRANGE);
	assert_int_equal(
	    patched("deregister", 16, "04005400", NULL), CSA_STRANGE);
	assert_int_equal(patched("redirect", 18, "54", NULL), CSA_STRANGE);
	assert_int_equal(patched("redirect", 18, "0014", NULL), CSA_STRANGE);
	/* groups of IPv4 have 4 octets */
	assert_int_equal(patched("join_ipv6", 2, "0800", NULL), CSA_STRANGE);
}

/* R2443-3-10, -11, A-33, A-35, A-49: what is ignored of the flags. */
static void
flags(void **state)
{
	struct csa c;

	(void)state;
	assert_int_equal(patched("join", 12, "dfff", &c), CSA_LIVE);
	assert_int_equal(c.flags, CSA_F_LAYER3GRP);
	assert_int_equal(patched("join", 9, "ff", NULL), CSA_LIVE);
	/* layer3grp of a block: 224.1.1.1 to 225.1.1.1 */
	assert_int_equal(patched("join", 68, "e1010101", &c), CSA_LIVE);
	assert_int_equal(c.flags, 0);
}

/* R2443-3-09, -10: no other bit goes out, whatever is in the struct. */
static void
reserved(void **state)
{
	uint8_t out[CSA_MAX];
	struct csa c;

	(void)state;
	assert_int_equal(decoded("join_register", &c), CSA_LIVE);
	c.flags = 0xffff;
	assert_int_not_equal(csa_encode(&c, out, sizeof(out)), 0);
	assert_int_equal(out[12], 0xa0);
	assert_int_equal(out[13], 0);
}

/* What random changes leave is what its own encoding says. */
static void
mutations(void **state)
{
	uint8_t *buf, *cut, out[CSA_MAX];
	uint32_t seed = 2443, accepted = 0;
	struct csa c, d;
	enum csa_verdict v;
	size_t len, n;
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		buf = unhex(vectors[(size_t)i % NVECTORS].hex, &len);
		len = mutate(buf, len, &seed);
		cut = clone(buf, len);
		v = csa_decode(&c, cut, len);
		if (v == CSA_LIVE || v == CSA_TOMBSTONE) {
			accepted++;
			n = csa_encode(&c, out, sizeof(out));
			assert_int_not_equal(n, 0);
			assert_int_equal(csa_decode(&d, out, n), v);
			assert_true(same_octets(&c, &d));
		}
		free(cut);
		free(buf);
	}
	assert_in_range(accepted, 1000, 19000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_as_written),
		cmocka_unit_test(lengths),
		cmocka_unit_test(redirect),
		cmocka_unit_test(serve),
		cmocka_unit_test(join),
		cmocka_unit_test(tombstones),
		cmocka_unit_test(withdraw),
		cmocka_unit_test(unknown),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(flags),
		cmocka_unit_test(reserved),
		cmocka_unit_test(mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
