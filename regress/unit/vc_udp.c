/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Circuits over real sockets on loopback addresses; bounded by turns. */
#include <sys/types.h>
#include <sys/socket.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"
#include "vc_udp.h"

#define TURNS	20000	/* of the loop; far more than any of these takes */

struct end {
	struct vc_link	*l;
	struct vc	*in;
	uint64_t	 sdus, octets, acks, ends;
	uint32_t	 expect;	/* SDUs are numbered */
	bool		 disorder, close_in_sdu;
};

static struct loop loop;
static struct end a, b;

static uint64_t
random64(void *arg)
{
	(void)arg;
	return (uint64_t)arc4random() << 32 | arc4random();
}

static uint16_t
up_call(void *arg, struct vc *vc, const struct atm_addr *who, bool leaf,
    void **cookie)
{
	struct end *e = arg;

	(void)who;
	(void)leaf;
	(void)cookie;
	e->in = vc;
	return VC_CAUSE_NONE;
}

static void
up_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)vc;
	(void)cookie;
	((struct end *)arg)->acks++;
}

static void
up_end(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)vc;
	(void)cookie;
	(void)cause;
	((struct end *)arg)->ends++;
}

static void
up_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	struct end *e = arg;
	uint32_t n;

	(void)vc;
	(void)cookie;
	memcpy(&n, p, sizeof(n));
	e->disorder = e->disorder || n < e->expect;
	e->expect = n + 1;
	e->sdus++;
	e->octets += len;
	if (e->close_in_sdu) {
		e->close_in_sdu = false;
		vc_close(e->l);
		e->l = NULL;
	}
}

static void
up_lack(void *arg, struct vc_leaf *l, void *cookie)
{
	(void)l;
	(void)cookie;
	((struct end *)arg)->acks++;
}

static void
up_lend(void *arg, struct vc_leaf *l, void *cookie, uint16_t cause)
{
	(void)l;
	(void)cookie;
	(void)cause;
	((struct end *)arg)->ends++;
}

static const struct vc_user user = {
	.remote_call = up_call,
	.ack = up_ack,
	.rqfailed = up_end,
	.release = up_end,
	.sdu = up_sdu,
	.leaf_ack = up_lack,
	.leaf_failed = up_lend,
	.leaf_drop = up_lend,
};

static void
turn(void *arg)
{
	(void)arg;
	if (a.l != NULL)
		vc_flush(a.l);
	if (b.l != NULL)
		vc_flush(b.l);
}

/* Turns until what is asked for has come; false: it does not come. */
static bool
until(const uint64_t *what, uint64_t n)
{
	int i;

	for (i = 0; i < TURNS && *what < n; i++)
		loop_poll(&loop, turn, NULL);
	return *what >= n;
}

static struct vc_udp_params params = {
	.enquiry_interval = 10, .max_circuits = 100,
	.circuits_per_address = 100, .random = random64
};
static struct atm_addr addr_a, addr_b;

/* Two links on a pair of addresses, base ports as the system has them. */
static void
begin(const char *at, const char *bt)
{
	int fa = -1, fb = -1, i;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	assert_int_equal(atm_addr_parse(&addr_a, at), 0);
	assert_int_equal(atm_addr_parse(&addr_b, bt), 0);
	assert_int_equal(loop_init(&loop), 0);
	for (i = 0; i < 100; i++) {
		params.base_port = (uint16_t)(20000 + arc4random_uniform(9000));
		fa = vc_udp_socket(&addr_a, params.base_port);
		fb = vc_udp_socket(&addr_b, params.base_port);
		if (fa != -1 && fb != -1)
			break;
		if (fa == -1 &&
		    (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)) {
			loop_free(&loop);
			skip(); /* no IPv6 here */
		}
		close(fa);
		close(fb);
	}
	a.l = vc_udp_open(
	    loop.base, &loop.timers, fa, &addr_a, &params, &user, &a);
	b.l = vc_udp_open(
	    loop.base, &loop.timers, fb, &addr_b, &params, &user, &b);
	assert_non_null(a.l);
	assert_non_null(b.l);
}

static void
end(void)
{
	if (a.l != NULL)
		vc_close(a.l);
	if (b.l != NULL)
		vc_close(b.l);
	loop_free(&loop);
}

static uint64_t
counter(const struct vc_link *l, const char *name)
{
	const char *n;
	uint64_t v;
	size_t i;

	for (i = 0; vc_counter(l, i, &n, &v); i++)
		if (strcmp(n, name) == 0)
			return v;
	fail_msg("no counter %s", name);
	return 0;
}

/* Sends n numbered SDUs of len octets, as many in a turn as is told. */
static void
send_many(
    struct vc *vc, struct end *to, uint32_t n, size_t len, uint32_t per_turn)
{
	uint32_t i;
	struct vc_sdu *s;

	for (i = 0; i < n; i++) {
		s = vc_sdu_new(NULL, len);
		assert_non_null(s);
		memcpy(s->data, &i, sizeof(i));
		assert_int_equal(vc_send(vc, s), 0);
		if (i % per_turn == per_turn - 1)
			assert_true(until(&to->sdus, i + 1));
	}
	assert_true(until(&to->sdus, n));
}

static void
both_ways(const char *at, const char *bt)
{
	struct vc_circuit_info info;
	uint32_t cursor = 0;
	struct vc *vc;

	begin(at, bt);
	vc = vc_call(a.l, &addr_b, NULL);
	assert_true(until(&a.acks, 1));
	assert_true(atm_addr_equal(vc_peer(b.in), &addr_a));
	assert_true(vc_knows_caller(b.in));
	send_many(vc, &b, 1000, 100, 200);
	send_many(b.in, &a, 20, VC_SDU_MAX, 10);
	assert_false(a.disorder || b.disorder);
	assert_int_equal(a.octets, 20 * VC_SDU_MAX);
	assert_int_equal(counter(a.l, "sdus-out"), 1000);
	assert_int_equal(counter(b.l, "sdus-in"), 1000);
	assert_true(vc_circuit(b.l, &cursor, &info));
	assert_int_equal(info.sdus_in, 1000);
	vc_release(vc, VC_CAUSE_NORMAL);
	assert_true(until(&b.ends, 1));
	end();
}

/* R2022-3.4-01, -02: a call, SDUs both ways in order, its end. */
static void
ipv4(void **state)
{
	(void)state;
	both_ways("127.0.0.41", "127.0.0.42%3");
}

static void
ipv6(void **state)
{
	(void)state;
	both_ways("::1", "::1%3");
}

/* A root and its leaf; what is closed tells the other end. */
static void
multipoint(void **state)
{
	struct vc *root;

	(void)state;
	begin("127.0.0.41", "127.0.0.42");
	root = vc_multi(a.l, NULL);
	assert_non_null(vc_multi_add(root, &addr_b, NULL));
	assert_true(until(&a.acks, 1));
	send_many(root, &b, 500, 64, 100);
	vc_close(b.l);
	b.l = NULL;
	assert_true(until(&a.ends, 1));
	end();
}

/* Nothing is read while paused; a link may be closed by its own user. */
static void
pause_and_close(void **state)
{
	struct vc *vc;
	uint32_t zero = 0;
	int i;

	(void)state;
	begin("127.0.0.41", "127.0.0.42");
	vc = vc_call(a.l, &addr_b, NULL);
	assert_true(until(&a.acks, 1));
	vc_pause(b.l, true);
	for (i = 0; i < 3; i++)
		assert_int_equal(vc_send(vc, vc_sdu_new(&zero, 4)), 0);
	for (i = 0; i < 50; i++)
		loop_poll(&loop, turn, NULL);
	assert_int_equal(b.sdus, 0);
	b.close_in_sdu = true;
	vc_pause(b.l, false);
	assert_true(until(&a.ends, 1));
	assert_int_equal(b.sdus, 1); /* nothing comes up after the close */
	for (i = 0; i < 5; i++)
		loop_poll(&loop, turn, NULL);
	end();
}

/* A clock that goes on by so much whenever somebody looks, and how often. */
static int64_t	step;
static int	looks;

static mtime_t
stepping(void)
{
	looks++;
	return (mtime_t){ loop.timers.now.us + step };
}

/*
 * issue 16: one turn sends so many copies and no more; a link with a backlog
 * ends within a second, and sends all of it only if that is enough.
 */
static void
bounded(void **state)
{
	struct vc_sdu *s;
	struct vc *root;
	int i, n;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin("127.0.0.41", "127.0.0.42");
		/* one SDU is one datagram */
		s = vc_sdu_new(NULL, NVC_BUNDLE_MAX);
		root = vc_multi(a.l, NULL);
		assert_non_null(vc_multi_add(root, &addr_b, NULL));
		assert_true(until(&a.acks, 1));
		for (n = 0; n < 10000; n++)
			assert_int_equal(vc_send(root, vc_sdu_ref(s)), 0);
		vc_flush(a.l);
		assert_int_equal(vc_backlog(root), 10000 - 64);
		looks = 0;
		step = i == 0 ? 0 : MTIME_MS(700);
		loop.timers.clock = stepping;
		vc_close(a.l);
		a.l = NULL;
		loop.timers.clock = NULL;
		/* once before, then after each 64 datagrams */
		assert_int_equal(looks, i == 0 ? 1 + 156 : 1 + 2);
		assert_int_equal(s->refs, 1);
		vc_sdu_free(s);
		end();
	}
}

/*
 * Issue 14, denial of service: a turn takes no more in than half of what it may
 * send, so that what a flood asks for leaves room for copies.
 */
static void
a_turn_reads_so_much(void **state)
{
	struct vc_sdu *s = vc_sdu_new(NULL, NVC_BUNDLE_MAX);
	struct vc *vc;
	int i;

	(void)state;
	begin("127.0.0.41", "127.0.0.42");
	assert_non_null(vc = vc_call(a.l, &addr_b, NULL));
	assert_true(until(&a.acks, 1));
	for (i = 0; i < 100; i++)
		assert_int_equal(vc_send(vc, vc_sdu_ref(s)), 0);
	vc_flush(a.l);
	vc_flush(a.l);
	loop_poll(&loop, NULL, NULL);
	assert_int_equal(b.sdus, 32);
	assert_true(until(&b.sdus, 100));
	vc_sdu_free(s);
	end();
}

/* What can't be bound says why. */
static void
sockets(void **state)
{
	struct atm_addr a4, no;

	(void)state;
	assert_int_equal(atm_addr_parse(&a4, "127.0.0.41%255"), 0);
	assert_int_equal(
	    atm_addr_parse(
	    &no, "47.0005.80.ffe100.0000.f21a.26d8.0020480d1a2b.00"),
	    0);
	assert_int_equal(vc_udp_socket(&no, 2022), -1);
	assert_int_equal(errno, EAFNOSUPPORT);
	assert_int_equal(vc_udp_socket(&a4, 65281), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(multipoint),
		cmocka_unit_test(pause_and_close),
		cmocka_unit_test(bounded),
		cmocka_unit_test(a_turn_reads_so_much),
		cmocka_unit_test(sockets),
	};

	return cmocka_run_group_tests_name("vc_udp", tests, NULL, NULL);
}
