/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Which key signs the hellos of an edge, and which verify them. */
#include <sys/types.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/edged.h"

static const uint8_t said[] = "an edge says hello";

static struct conf *
conf_of_two(void)
{
	struct conf *c = conf_new();
	struct conf_key *k;
	uint32_t i;

	assert_non_null(c);
	for (i = 1; i <= 2; i++) {
		k = calloc(1, sizeof(*k));
		assert_non_null(k);
		k->spi = i;
		memset(k->secret, (int)i, 32);
		k->len = 32;
		TAILQ_INSERT_TAIL(&c->keys, k, entry);
	}
	return c;
}

static struct edged_keys *
keys_of(const struct conf *c, uint32_t first, uint32_t second)
{
	struct conf_edge e = { .spis = { first, second },
		.nspis = second == 0 ? 1 : 2 };
	struct edged_keys *k = edged_keys_new(c, &e);

	assert_non_null(k);
	return k;
}

/* Does the other edge, which has only this key, take what both sign now? */
static bool
signs(const struct conf *c, uint32_t spi)
{
	struct edged_keys *both = keys_of(c, 1, 2), *one = keys_of(c, spi, 0);
	struct edged_hello_key sign = edged_keys_hello(both);
	struct edged_hello_key verify = edged_keys_hello(one);
	uint8_t mac[EDGED_HELLO_MAC];
	bool is;

	assert_true(sign.sign(sign.arg, said, sizeof(said), mac));
	is = verify.verify(verify.arg, said, sizeof(said), mac);
	edged_keys_free(both);
	edged_keys_free(one);
	return is;
}

/*
 * before a key ends another signs, whose time begins in good time, while
 * both verify.
 */
static void
a_key_ends_to_sign_before_it_ends(void **state)
{
	static const struct {
		int64_t until, from;	/* of the first and the second key */
		uint32_t signs;
	} t[] = {
		{ 300, -300, 1 },
		{ 30, -300, 2 },
		{ 300, -30, 1 },
		{ 40, -20, 1 },		/* both for 60 s: up to their middle */
		{ 20, -40, 2 },
		{ 30, 30, 1 },		/* no other can */
		{ -30, -10, 2 },
	};
	struct conf *c = conf_of_two();
	struct conf_key *first = TAILQ_FIRST(&c->keys);
	struct conf_key *second = TAILQ_NEXT(first, entry);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		first->not_after = time(NULL) + t[i].until;
		second->not_before = time(NULL) + t[i].from;
		assert_true(signs(c, t[i].signs));
		assert_false(signs(c, 3 - t[i].signs));
	}
	conf_free(c);
}

/* Neither, though it is the only one. */
static void
a_key_that_has_ended_neither_signs_nor_verifies(void **state)
{
	struct conf *c = conf_of_two();
	struct edged_keys *valid = keys_of(c, 1, 0), *ended;
	struct edged_hello_key good = edged_keys_hello(valid), bad;
	uint8_t mac[EDGED_HELLO_MAC];

	(void)state;
	TAILQ_FIRST(&c->keys)->not_after = time(NULL) - 30;
	ended = keys_of(c, 1, 0);
	bad = edged_keys_hello(ended);
	assert_true(good.sign(good.arg, said, sizeof(said), mac));
	assert_true(good.verify(good.arg, said, sizeof(said), mac));
	assert_false(bad.verify(bad.arg, said, sizeof(said), mac));
	assert_false(bad.sign(bad.arg, said, sizeof(said), mac));
	edged_keys_free(valid);
	edged_keys_free(ended);
	conf_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_ends_to_sign_before_it_ends),
		cmocka_unit_test(
		    a_key_that_has_ended_neither_signs_nor_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
