/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * HMACs (RFC 2104) over "what do ya want for nothing?", as Python's hmac has
 * them: with no key, with those that are shorter and longer than a digest and
 * a block, and with the longest.  The octets of a key are 1, 2, 3, ...
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/core/secret.h"

static const char text[] = "what do ya want for nothing?";

static const struct {
	enum conf_algorithm	 algorithm;
	size_t			 keylen;
	const char		*mac;
} vectors[] = {
	{ CONF_HMAC_MD5, 0,
	    "ae2e4b39f3b5ee2c8b585994294201ea" },
	{ CONF_HMAC_MD5, 20,
	    "1f805a32ea6181bdde0817c4bc648a51" },
	{ CONF_HMAC_MD5, 64,
	    "ad275fa4e209f795ccafc7acb0912cb3" },
	{ CONF_HMAC_MD5, 65,
	    "2876a08eed1027207f457b94e3eef89f" },
	{ CONF_HMAC_MD5, 128,
	    "11ad98d31b1b4c0de2d2c51c0138c78c" },
	{ CONF_HMAC_SHA256, 0,
	    "76d9e7194e7dbc3aa00bbe8ffb9f6fcb5a932170f971f948bb2ab616"
	    "07d2b9d6" },
	{ CONF_HMAC_SHA256, 20,
	    "9496147a67f61ef8816b1158f11f067c95d04078e9b215a9dc3686f3"
	    "43d2c76b" },
	{ CONF_HMAC_SHA256, 64,
	    "92b2e4167c6e7e95288a255c9fd44870fdb069d7792d5f77482ff042"
	    "43494a70" },
	{ CONF_HMAC_SHA256, 65,
	    "37b4d11a06a42a2b32d47dc82975bf9ebd53969df65b811e240a9bce"
	    "4b85257a" },
	{ CONF_HMAC_SHA256, 128,
	    "34d0e13ee2a72c4bb1d059f8244bc511eb959bbe7ec34d3ada143d56"
	    "15c6fe15" },
	{ CONF_HMAC_SHA384, 0,
	    "e954519bd102fce194f3f91260cc3df4547335b45d824ffb5ac494ef"
	    "8f6997d876d370f431477cd27b5db6c26f15c79e" },
	{ CONF_HMAC_SHA384, 20,
	    "98433216197301d00d0920f7fa46494c26cd1dc8895c6359f9ff5c35"
	    "267735dc9c69c2aaa638935de471dfe77beff381" },
	{ CONF_HMAC_SHA384, 64,
	    "6ac72375e9d829aa26a938783baaf704ae25432520f13933c362e20c"
	    "cb949612960a1a907fc0f4cbfcbe701fccf9319a" },
	{ CONF_HMAC_SHA384, 65,
	    "2cf7c41307663ce5ca759f5c823a69a7efeaf8cf65cfe694d67ef7db"
	    "f52066f97d48f137da0e1869e2e1f13d7de68807" },
	{ CONF_HMAC_SHA384, 128,
	    "fe74d3e855a7ee055c933246687270a1568af68d25d1aa6ea1dcd29c"
	    "86bcf53a51ea60e1bfcb151f32c167bf552ae403" },
	{ CONF_HMAC_SHA512, 0,
	    "1263ac6489324bdd55fead956dc2be547bece2b699214b63b0270143"
	    "d740ad638f3cc6feedc740f8d9ac44866df12a0073d57214eb393f69"
	    "2b4ae17edf30d861" },
	{ CONF_HMAC_SHA512, 20,
	    "b9cccd9924943490c04cb16bc2f47bb56f71746a57784433641d650e"
	    "f8f66e9406c3dd09c71397ef1fef1b414fae03482f48cbafb5b641e4"
	    "752c8d74fcc0fced" },
	{ CONF_HMAC_SHA512, 64,
	    "a6e6a5c513fc3654933a2e0fd3a81a3e49af80f1c61da0a0448eb68b"
	    "6f0696fdd7afb208a3032565c088ba53b672ea31c12c502f2cdfca0b"
	    "8026a7e818598dd9" },
	{ CONF_HMAC_SHA512, 65,
	    "84e11b1aa01d245a1012e0b3edb8672651aa72b024b36e48a7b2eb06"
	    "bb19fe7d2b4620084dda10ec04cc261c71eba23d8af6e3ec4c2119d3"
	    "f065d0078f04e516" },
	{ CONF_HMAC_SHA512, 128,
	    "a06c4e1dcc4c89db01c5cb78ff9b58d670d79c1f8b9b83dfa84d5545"
	    "4d0cd90bec6737f0d16c6c48c63fc651fe35a26ef066c496b9ebfda1"
	    "fd73944de2d68243" },
};
#define NVECTORS	(sizeof(vectors) / sizeof(vectors[0]))

static struct secret *
nth(size_t i)
{
	uint8_t key[KEY_SIZE];
	struct secret *s;
	size_t j;

	for (j = 0; j < vectors[i].keylen; j++)
		key[j] = (uint8_t)(j + 1);
	s = secret_new(vectors[i].algorithm, key, vectors[i].keylen);
	assert_non_null(s);
	assert_int_equal(
	    secret_mac_length(s) * 2, strlen(vectors[i].mac));
	return s;
}

static void
assert_mac(const struct secret *s, const struct secret_part *parts, size_t n,
    const char *mac)
{
	char hex[2 * SECRET_MAC_MAX + 1] = "";
	uint8_t out[SECRET_MAC_MAX];
	size_t i;

	assert_true(secret_mac(s, parts, n, out));
	for (i = 0; i < secret_mac_length(s); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", out[i]);
	assert_string_equal(hex, mac);
}

static void
a_mac_is_as_computed_elsewhere(void **state)
{
	const struct secret_part all = { text, sizeof(text) - 1 };
	struct secret *s;
	size_t i;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		s = nth(i);
		assert_mac(s, &all, 1, vectors[i].mac);
		/* and once more: nothing is left of the first time */
		assert_mac(s, &all, 1, vectors[i].mac);
		secret_free(s);
	}
}

static void
a_mac_of_parts_is_that_of_the_whole(void **state)
{
	const struct secret_part parts[] = { { text, 5 }, { text, 0 },
		{ text + 5, sizeof(text) - 1 - 5 } };
	struct secret *s;
	size_t i;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		s = nth(i);
		assert_mac(s, parts, 3, vectors[i].mac);
		secret_free(s);
	}
}

static void
a_copy_outlives_what_it_is_of(void **state)
{
	const struct secret_part all = { text, sizeof(text) - 1 };
	struct secret *s, *copy;
	size_t i;

	(void)state;
	for (i = 0; i < NVECTORS; i++) {
		s = nth(i);
		copy = secret_copy(s);
		assert_non_null(copy);
		secret_free(s);
		assert_mac(copy, &all, 1, vectors[i].mac);
		secret_free(copy);
	}
}

static void
a_key_that_is_too_long_is_none(void **state)
{
	uint8_t key[KEY_SIZE + 1] = { 0 };

	(void)state;
	assert_null(secret_new(CONF_HMAC_SHA256, key, sizeof(key)));
	assert_null(secret_new((enum conf_algorithm)99, key, 16));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mac_is_as_computed_elsewhere),
		cmocka_unit_test(a_mac_of_parts_is_that_of_the_whole),
		cmocka_unit_test(a_copy_outlives_what_it_is_of),
		cmocka_unit_test(a_key_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
