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

#include "edged/ip.h"
#include "edged/probe.h"
#include "edged_host.h"
#include "unhex.h"

/* nvc.md, Probes: number 3, 70 octets, from 10.9.0.1%16 about 239.1.1.1 */
#define ASKER	"14 350001 0a090001 000000000000000000000000 10 000000"
#define ASK4	"45 00 0046 0000 4000 00 fd 89b9 00000000 ef010101" \
	"6d617273 01 01 0003 0046 0000 0123456789abcdef" ASKER "000000000000"
#define ANSWER4	"45 00 0040 0000 4000 00 fd 79c2 00000000 00000000" \
	"6d617273 01 02 0003 0046 0000 0123456789abcdef" ASKER
#define ASK6	"60000000 002c fd 00 00000000000000000000000000000000" \
	"ff0e0000000000000000000000010001" \
	"6d617273 01 01 0000 0054 0000 0123456789abcdef" ASKER

static size_t
octets_of(uint8_t *buf, size_t size, const char *hex)
{
	size_t len;
	uint8_t *o = unhex(hex, &len);

	assert_true(len <= size);
	memcpy(buf, o, len);
	free(o);
	return len;
}

static struct atm_addr
atm(const char *text)
{
	struct atm_addr a;

	assert_int_equal(atm_addr_parse(&a, text), 0);
	return a;
}

static struct edged_probe
ask(void)
{
	return (struct edged_probe){ .kind = EDGED_PROBE_ASK,
	    .group = host_addr("239.1.1.1"),
	    .nonce = 0x0123456789abcdef,
	    .number = 3,
	    .size = 70,
	    .asker = atm("10.9.0.1%16") };
}

static void
encodes(const struct edged_probe *p, const char *hex)
{
	uint8_t buf[128], want[128];
	size_t len = octets_of(want, sizeof(want), hex);

	assert_int_equal(edged_probe_encode(p, buf, sizeof(buf)), len);
	assert_memory_equal(buf, want, len);
	/* no octet more than there is room for */
	assert_int_equal(edged_probe_encode(p, buf, len - 1), 0);
}

static void
octets(void **state)
{
	struct edged_probe p = ask();

	(void)state;
	encodes(&p, ASK4);
	p.kind = EDGED_PROBE_ANSWER;
	p.group = (struct paddr){ .len = 4 };
	encodes(&p, ANSWER4);
	p = ask();
	p.group = host_addr("ff0e::1:1");
	p.number = 0;
	p.size = 84;
	encodes(&p, ASK6);
	p.size = 83;
	assert_int_equal(edged_probe_encode(&p, (uint8_t[128]){ 0 }, 128), 0);
}

static void
reads(void **state)
{
	struct edged_probe p, want = ask();
	uint8_t buf[128];
	size_t len = octets_of(buf, sizeof(buf), ASK4);

	(void)state;
	assert_true(edged_probe_decode(&p, buf, len));
	assert_int_equal(p.kind, EDGED_PROBE_ASK);
	assert_true(paddr_equal(&p.group, &want.group));
	assert_int_equal(p.nonce, 0x0123456789abcdef);
	assert_int_equal(p.number, 3);
	assert_int_equal(p.size, 70);
	assert_true(atm_addr_equal(&p.asker, &want.asker));
	len = octets_of(buf, sizeof(buf), ANSWER4);
	assert_true(edged_probe_decode(&p, buf, len));
	assert_int_equal(p.kind, EDGED_PROBE_ANSWER);
	assert_int_equal(p.group.len, 4);
	len = octets_of(buf, sizeof(buf), ASK6);
	assert_true(edged_probe_decode(&p, buf, len));
	assert_int_equal(p.group.len, 16);
	assert_int_equal(p.group.a[0], 0xff);
}

/* each octet that says what it is, changed alone; and each length */
static void
refuses(void **state)
{
	static const size_t says[] = { 0, 2, 3, 8, 9, 10, 20, 23, 24, 25, 28,
		29, 40 };
	struct edged_probe p;
	uint8_t buf[128];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		len = octets_of(buf, sizeof(buf), ASK4);
		buf[says[i]] ^= 0x80;
		assert_false(edged_probe_decode(&p, buf, len));
	}
	len = octets_of(buf, sizeof(buf), ASK4);
	for (i = 0; i < len; i++)
		assert_false(edged_probe_decode(&p, buf, i));
	assert_false(edged_probe_decode(&p, buf, len + 1));
	len = octets_of(buf, sizeof(buf), ASK6);
	for (i = 0; i < len; i++)
		assert_false(edged_probe_decode(&p, buf, i));
}


/*
 * An edge of an earlier version takes it for a packet, and drops it: a LAN
 * never sees it.
 */
static void
never_passes(void **state)
{
	struct edged_ip ip;
	uint8_t buf[128];
	size_t len;

	(void)state;
	len = octets_of(buf, sizeof(buf), ASK4);
	assert_int_equal(
	    edged_ip_read_data(&ip, buf, len), EDGED_IP_DROP_SOURCE);
	assert_int_equal(edged_ip_read(&ip, buf, len), EDGED_IP_OK);
	assert_int_equal(ip.ttl, 0);
	len = octets_of(buf, sizeof(buf), ASK6);
	assert_int_equal(
	    edged_ip_read_data(&ip, buf, len), EDGED_IP_DROP_SOURCE);
	assert_int_equal(edged_ip_read(&ip, buf, len), EDGED_IP_OK);
	assert_int_equal(ip.ttl, 0);
}

static mtime_t
at(int64_t ms)
{
	return (mtime_t){ MTIME_SEC(1000) + MTIME_MS(ms) };
}

static void
limits(void **state)
{
	struct edged_probe_limit l = { 0 };
	struct atm_addr a = atm("10.9.0.1%16"), b = atm("10.9.0.2%16"), c;
	int i, n;

	(void)state;
	for (i = 0; i < 32; i++)
		assert_true(edged_probe_may(&l, at(0), &a));
	assert_false(edged_probe_may(&l, at(0), &a));
	assert_true(edged_probe_may(&l, at(0), &b));
	/* one a second */
	assert_false(edged_probe_may(&l, at(999), &a));
	assert_true(edged_probe_may(&l, at(1000), &a));
	assert_false(edged_probe_may(&l, at(1000), &a));
	/* however many ask, no more than 64 at once and 10 a second of all */
	c = a;
	for (i = n = 0; i < 1000; i++) {
		atm_addr_set_sel(&c, (uint8_t)(i % 200));
		n += edged_probe_may(&l, at(60000), &c);
	}
	assert_int_equal(n, 64);
	for (i = n = 0; i < 1000; i++) {
		atm_addr_set_sel(&c, (uint8_t)(i % 200));
		n += edged_probe_may(&l, at(61000), &c);
	}
	assert_int_equal(n, 10);
}

/* --- who asks */

struct asking {
	struct timers		 timers;
	struct edged_prober	 prober;
	uint16_t		 sizes[16];
	int			 sent, over;
};

static void
on_send(void *arg, uint16_t number, uint16_t size)
{
	struct asking *a = arg;

	assert_int_equal(number, a->sent);
	a->sizes[a->sent++] = size;
}

static void
on_over(void *arg)
{
	((struct asking *)arg)->over++;
}

static const struct edged_prober_ops asking_ops = { on_send, on_over };

static void
setup_asking(struct asking *a, uint16_t max)
{
	memset(a, 0, sizeof(*a));
	timers_init(&a->timers, at(0));
	edged_prober_start(&a->prober, &asking_ops, a, &a->timers, 77, 64, max);
}

static bool
answer(struct asking *a, const char *from, uint16_t number, uint16_t size)
{
	const struct edged_probe p = { .nonce = 77,
		.number = number,
		.size = size };
	struct atm_addr addr = atm(from);

	return edged_prober_answer(&a->prober, &addr, &p);
}

static void
expect(struct asking *a, const char *who)
{
	struct atm_addr addr = atm(who);

	assert_true(edged_prober_expect(&a->prober, &addr));
}

/* nobody answers: 500 ms, then all sizes, then 1 s */
static void
silence(void **state)
{
	static const uint16_t sizes[] = { 64, 64, 576, 1280, 1380, 1400 };
	struct asking a;

	(void)state;
	setup_asking(&a, 1400);
	assert_int_equal(a.sent, 1);
	timers_run(&a.timers, at(499));
	assert_int_equal(a.sent, 1);
	timers_run(&a.timers, at(500));
	assert_int_equal(a.sent, 6);
	assert_memory_equal(a.sizes, sizes, sizeof(sizes));
	timers_run(&a.timers, at(1499));
	assert_int_equal(a.over, 0);
	timers_run(&a.timers, at(1500));
	assert_int_equal(a.over, 1);
	assert_int_equal(a.timers.count, 0);
	assert_int_equal(edged_prober_answered(&a.prober), 0);
	/* the largest fits; never more probes than there is room for */
	setup_asking(&a, 9180);
	timers_run(&a.timers, at(500));
	assert_int_equal(a.sent, EDGED_PROBE_SIZES);
	assert_int_equal(a.sizes[EDGED_PROBE_SIZES - 1], 9180);
	edged_prober_stop(&a.prober);
	assert_int_equal(a.timers.count, 0);
}

/* it does not wait for longer than for the last answer */
static void
all_answer(void **state)
{
	static const uint16_t sizes[] = { 64, 64, 576, 600 };
	const struct edged_probe_member *m;
	struct asking a;
	uint16_t i;

	(void)state;
	setup_asking(&a, 600);
	expect(&a, "10.9.0.2%16");
	expect(&a, "10.9.0.3%16");
	timers_run(&a.timers, at(30));
	assert_true(answer(&a, "10.9.0.2%16", 0, 64));
	timers_run(&a.timers, at(40));
	assert_int_equal(a.sent, 1);
	assert_true(answer(&a, "10.9.0.3%16", 0, 64));
	timers_run(&a.timers, at(40));
	assert_int_equal(a.sent, 4);
	timers_run(&a.timers, at(45));
	for (i = 1; i < 4; i++)
		assert_true(answer(&a, "10.9.0.2%16", i, sizes[i]));
	timers_run(&a.timers, at(52));
	for (i = 1; i < 4; i++)
		assert_true(answer(&a, "10.9.0.3%16", i, sizes[i]));
	timers_run(&a.timers, at(52));
	assert_int_equal(a.over, 1);
	assert_int_equal(edged_prober_answered(&a.prober), 2);
	m = a.prober.members;
	assert_int_equal(m[0].trip, MTIME_MS(5));
	assert_int_equal(m[1].trip, MTIME_MS(12));
	assert_int_equal(m[1].largest, 600);
	/* too late */
	assert_false(answer(&a, "10.9.0.2%16", 0, 64));
}

/* what comes in pieces, from elsewhere, or was not asked */
static void
some_answer(void **state)
{
	struct edged_probe p = { .nonce = 78, .number = 0, .size = 64 };
	struct atm_addr who = atm("10.9.0.2%16");
	struct asking a;

	(void)state;
	setup_asking(&a, 600);
	expect(&a, "10.9.0.2%16");
	expect(&a, "10.9.0.3%16");
	assert_false(edged_prober_answer(&a.prober, &who, &p));
	assert_false(answer(&a, "10.9.0.2%16", 1, 64)); /* not sent yet */
	assert_false(answer(&a, "10.9.0.2%16", 0, 65));
	timers_run(&a.timers, at(500));
	assert_true(answer(&a, "10.9.0.2%16", 2, 576));
	/* a member that is behind a multicast server */
	assert_true(answer(&a, "10.9.0.4%16", 1, 64));
	timers_run(&a.timers, at(1500));
	assert_int_equal(a.over, 1);
	assert_int_equal(a.prober.nmembers, 3);
	assert_int_equal(edged_prober_answered(&a.prober), 2);
	assert_int_equal(a.prober.members[0].largest, 576);
	assert_int_equal(a.prober.members[1].largest, 0);
	assert_int_equal(a.prober.members[2].largest, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets),
		cmocka_unit_test(reads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(never_passes),
		cmocka_unit_test(limits),
		cmocka_unit_test(silence),
		cmocka_unit_test(all_answer),
		cmocka_unit_test(some_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
