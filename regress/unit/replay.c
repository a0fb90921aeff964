/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Replay protection by nonces and counters. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/replay.h"

#define OURS	0x1122334455667788ULL
#define PEER	0xa1a2a3a4a5a6a7a8ULL
#define LATER	0xb1b2b3b4b5b6b7b8ULL

/* the extension's value, by hand */
static const uint8_t *
value(uint64_t nonce, uint64_t echo, uint64_t counter)
{
	static uint8_t v[32];
	uint64_t n[3] = { nonce, echo, counter };
	int i, j;

	memset(v, 0, sizeof(v));
	v[0] = 0x02;
	v[1] = 0x4d;
	v[2] = 0x52;
	v[3] = 1;
	for (i = 0; i < 3; i++)
		for (j = 0; j < 8; j++)
			v[8 + 8 * i + j] = (uint8_t)(n[i] >> (56 - 8 * j));
	return v;
}

static enum scsp_replay_verdict
check(struct scsp_replay *rp, bool hello, uint64_t nonce, uint64_t echo,
    uint64_t counter)
{
	return scsp_replay_check(
	    rp, value(nonce, echo, counter), hello, false, 0x99);
}

/* type 2, 3 + 1 + 4 + 8 + 8 + 8 octets, counter from 1. */
static void
the_extension_has_its_octets_in_place(void **state)
{
	static const uint8_t first[] = { 0x00, 0x02, 0x00, 0x20, 0x02, 0x4d,
		0x52, 0x01, 0x00, 0x00, 0x00, 0x00, 0x11, 0x22, 0x33, 0x44,
		0x55, 0x66, 0x77, 0x88, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01 };
	struct scsp_replay rp;
	struct wr w;
	uint8_t buf[64];

	(void)state;
	scsp_replay_init(&rp, OURS);
	wr_init(&w, buf, sizeof(buf));
	scsp_replay_put(&rp, &w, false);
	assert_int_equal(w.len, sizeof(first));
	assert_memory_equal(buf, first, sizeof(first));
	/* heard, then proven: echoed; the counter goes up by one */
	assert_int_equal(check(&rp, true, PEER, 0, 1), SCSP_REPLAY_ANSWER);
	wr_init(&w, buf, sizeof(buf));
	scsp_replay_put(&rp, &w, true);
	assert_memory_equal(buf + 20, value(PEER, 0, 0) + 8, 8);
	assert_int_equal(buf[35], 2);
}

static void
two_ends_prove_each_others_nonce(void **state)
{
	struct scsp_replay rp;

	(void)state;
	scsp_replay_init(&rp, OURS);
	/* nothing but a Hello before a nonce is proven */
	assert_int_equal(check(&rp, false, PEER, OURS, 1), SCSP_REPLAY_NONCE);
	assert_int_equal(check(&rp, true, PEER, 0, 2), SCSP_REPLAY_ANSWER);
	assert_true(rp.proven == 0);
	assert_int_equal(check(&rp, true, PEER, OURS, 3), SCSP_REPLAY_OK);
	assert_true(rp.proven == PEER);
	assert_int_equal(check(&rp, false, PEER, OURS, 4), SCSP_REPLAY_OK);
	assert_int_equal(check(&rp, false, PEER, OURS, 4), SCSP_REPLAY_SEEN);
	/* a Hello is no exception once the session stands */
	assert_int_equal(check(&rp, true, PEER, OURS, 3), SCSP_REPLAY_SEEN);
	/* wrong nonces in other messages */
	assert_int_equal(check(&rp, false, LATER, OURS, 5), SCSP_REPLAY_NONCE);
	assert_int_equal(check(&rp, false, PEER, LATER, 5), SCSP_REPLAY_NONCE);
	assert_int_equal(check(&rp, false, PEER, OURS, 5), SCSP_REPLAY_OK);
}

/* A window of 64 counters allows for reordering. */
static void
a_window_of_64_allows_reordering(void **state)
{
	struct scsp_replay rp;
	uint64_t i;

	(void)state;
	scsp_replay_init(&rp, OURS);
	assert_int_equal(check(&rp, true, PEER, OURS, 100), SCSP_REPLAY_OK);
	for (i = 99; i >= 37; i--)
		assert_int_equal(
		    check(&rp, false, PEER, OURS, i), SCSP_REPLAY_OK);
	assert_int_equal(check(&rp, false, PEER, OURS, 36), SCSP_REPLAY_SEEN);
	assert_int_equal(check(&rp, false, PEER, OURS, 37), SCSP_REPLAY_SEEN);
	assert_int_equal(check(&rp, false, PEER, OURS, 164), SCSP_REPLAY_OK);
	assert_int_equal(check(&rp, false, PEER, OURS, 100), SCSP_REPLAY_SEEN);
	assert_int_equal(check(&rp, false, PEER, OURS, 101), SCSP_REPLAY_OK);
	assert_int_equal(
	    check(&rp, false, PEER, OURS, 1000000), SCSP_REPLAY_OK);
	assert_int_equal(check(&rp, false, PEER, OURS, 999937), SCSP_REPLAY_OK);
	assert_int_equal(
	    check(&rp, false, PEER, OURS, 999936), SCSP_REPLAY_SEEN);
	assert_int_equal(check(&rp, false, PEER, OURS, 0), SCSP_REPLAY_SEEN);
}

/* A new boot of the peer is let in; the one before never again. */
static void
a_new_boot_is_let_in_and_an_old_one_is_not(void **state)
{
	struct scsp_replay rp;
	uint64_t i;

	(void)state;
	scsp_replay_init(&rp, OURS);
	assert_int_equal(check(&rp, true, PEER, OURS, 10), SCSP_REPLAY_OK);
	/* the new one does not know our nonce yet: nothing changes */
	assert_int_equal(check(&rp, true, LATER, 0, 1), SCSP_REPLAY_ANSWER);
	assert_int_equal(check(&rp, false, PEER, OURS, 11), SCSP_REPLAY_OK);
	assert_int_equal(check(&rp, true, LATER, OURS, 2), SCSP_REPLAY_NEW);
	/* a Hello of the old boot that echoes our nonce, never seen before */
	assert_int_equal(check(&rp, true, PEER, OURS, 50), SCSP_REPLAY_NONCE);
	assert_int_equal(check(&rp, false, PEER, OURS, 51), SCSP_REPLAY_NONCE);
	assert_int_equal(check(&rp, false, LATER, OURS, 3), SCSP_REPLAY_OK);
	/* however many boots: our nonce changes when the memory is full */
	for (i = 1; i <= 20; i++)
		(void)check(&rp, true, i, rp.own, 1);
	assert_true(rp.own != OURS);
	assert_int_not_equal(check(&rp, true, PEER, OURS, 60), SCSP_REPLAY_NEW);
	assert_true(rp.proven == 20);
}

/*
 * A neighbor without it is served, unless it is required; one that has
 * shown it is not accepted without it until the adjacency is down.
 */
static void
who_has_shown_it_may_not_leave_it_out(void **state)
{
	struct scsp_replay rp;

	(void)state;
	scsp_replay_init(&rp, OURS);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, true, false, 9), SCSP_REPLAY_OK);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, false, false, 9), SCSP_REPLAY_OK);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, true, true, 9), SCSP_REPLAY_MISSING);
	assert_int_equal(check(&rp, true, PEER, OURS, 1), SCSP_REPLAY_OK);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, true, false, 9), SCSP_REPLAY_MISSING);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, false, false, 9), SCSP_REPLAY_MISSING);
	scsp_replay_reset(&rp, 0x4242);
	assert_int_equal(
	    scsp_replay_check(&rp, NULL, true, false, 9), SCSP_REPLAY_OK);
	/* and what was said before is not of this session */
	assert_int_equal(check(&rp, true, PEER, OURS, 2), SCSP_REPLAY_ANSWER);
	assert_int_equal(check(&rp, false, PEER, OURS, 3), SCSP_REPLAY_NONCE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_extension_has_its_octets_in_place),
		cmocka_unit_test(two_ends_prove_each_others_nonce),
		cmocka_unit_test(a_window_of_64_allows_reordering),
		cmocka_unit_test(a_new_boot_is_let_in_and_an_old_one_is_not),
		cmocka_unit_test(who_has_shown_it_may_not_leave_it_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
