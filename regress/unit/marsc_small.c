/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The parts of marsc that need no circuits. */
#include "marsc_fake.h"
#include "marsc/encap.h"
#include "marsc/tool/packet.h"
#include "marsc/tool/script.h"

/*
 * R2022-5.1.4.2-05: differences 0 and 1 are in step, all others a jump, in
 * unsigned 32 bit arithmetic.
 */
static void
sequence(void **state)
{
	struct marsc_hsn h = { 0 };

	(void)state;
	marsc_hsn_load(&h, 0xfffffffe);
	assert_false(marsc_hsn_update(&h, 0xfffffffe));
	assert_false(marsc_hsn_update(&h, 0xffffffff));
	assert_false(marsc_hsn_update(&h, 0));
	assert_true(marsc_hsn_update(&h, 2));
	assert_int_equal(h.value, 2);
	assert_true(marsc_hsn_update(&h, 1)); /* backwards */
	assert_int_equal(h.value, 1);
	assert_true(marsc_hsn_update(&h, 0x80000001));
}

/*
 * R2022-E-01 to -09, -11, R2022-5-04, -05, R2022-5.1.1-10, R2022-5.1.3-12,
 * -14, -15, R2022-5.2.2-02, -03, -04: the defaults; each can be set.
 */
static void
timers(void **state)
{
	static const struct {
		const char *name;
		size_t at;
	} names[] = {
#define X(sym, name, seconds, text) \
	{ name, offsetof(struct marsc_timers, sym) },
		MARSC_TIMERS(X)
#undef X
	};
	struct marsc_timers t;
	int64_t v;
	size_t i;

	(void)state;
	marsc_timers_default(&t);
	assert_int_equal(t.mars_idle, MTIME_SEC(1200));
	assert_int_equal(t.path_idle, MTIME_SEC(1200));
	assert_int_equal(t.part, MTIME_SEC(10));
	assert_int_equal(t.add_min, MTIME_SEC(5));
	assert_int_equal(t.add_max, MTIME_SEC(10));
	assert_int_equal(t.stale_min, MTIME_SEC(1));
	assert_int_equal(t.stale_max, MTIME_SEC(10));
	assert_int_equal(t.rexmt, MTIME_SEC(10));
	assert_int_equal(t.rexmt_limit, 5);
	assert_int_equal(t.again_min, MTIME_SEC(1));
	assert_int_equal(t.again_max, MTIME_SEC(10));
	assert_int_equal(t.loop, MTIME_SEC(60));
	assert_int_equal(t.map, MTIME_SEC(240));
	assert_int_equal(t.quiet_min, MTIME_SEC(5));
	assert_int_equal(t.quiet_max, MTIME_SEC(10));
	assert_int_equal(t.rejoin_min, MTIME_SEC(1));
	assert_int_equal(t.rejoin_max, MTIME_SEC(10));
	/* none of the defaults is below what appendix E allows */
	assert_true(t.mars_idle >= MTIME_SEC(60));
	assert_true(t.path_idle >= MTIME_SEC(60));
	assert_true(t.rexmt >= MTIME_SEC(5));
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(
		    marsc_timers_set(&t, names[i].name, (int64_t)i + 7));
		memcpy(&v, (uint8_t *)&t + names[i].at, sizeof(v));
		assert_int_equal(v, i + 7);
	}
	assert_false(marsc_timers_set(&t, "lop", 7));
}

/* A random delay lies between its limits, both of which occur. */
static void
delays(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	bool low = false, high = false;
	int64_t d;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		d = marsc_delay(f->c, 10, 13);
		assert_true(d >= 10 && d <= 13);
		low |= d == 10;
		high |= d == 13;
	}
	assert_true(low && high);
	assert_int_equal(marsc_delay(f->c, 5, 5), 5);
	fake_free(f);
}

/*
 * R2022-5.5.1-01, -02, R2022-9-04, -06: Type #1, short form and long form;
 * R2022-5.5.2-03: a Type #2 packet is never a reflected one.
 */
static void
encapsulation(void **state)
{
	static const struct {
		struct mars_pro pro;
		const char *hex;
	} v[] = {
		{ { .type = 0x0800 }, "aaaa03 00005e 0001 1234 0800" },
		{ { .type = 0x86dd }, "aaaa03 00005e 0001 1234 86dd" },
		{ { 0x0080, { 0, 1, 2, 3, 4 } },
		    "aaaa03 00005e 0001 1234 0080 0001020304 000000" },
	};
	uint8_t buf[24], *want;
	struct marsc_encap e;
	struct wr w;
	size_t i, len;

	(void)state;
	for (i = 0; i < 3; i++) {
		wr_init(&w, buf, sizeof(buf));
		marsc_encap_write(&w, &v[i].pro, 0x1234);
		want = unhex(v[i].hex, &len);
		assert_false(wr_failed(&w));
		assert_int_equal(w.len, len);
		assert_memory_equal(buf, want, len);
		assert_int_equal(
		    marsc_encap_decode(&e, want, len), MARSC_ENCAP_OK);
		assert_true(mars_pro_equal(&e.pro, &v[i].pro));
		assert_true(marsc_encap_reflected(&e, 0x1234));
		assert_false(marsc_encap_reflected(&e, 0x1235));
		assert_int_equal(
		    marsc_encap_decode(&e, want, len - 1), MARSC_ENCAP_SHORT);
		free(want);
	}
	want = unhex("aaaa03 00005e 0004 0000000000000000 0800 0000", &len);
	assert_int_equal(marsc_encap_decode(&e, want, len), MARSC_ENCAP_OK);
	assert_int_equal(e.type, 2);
	assert_false(marsc_encap_reflected(&e, 0));
	free(want);
}

/*
 * R2022-5.4-01, -02, R2022-5.4.2-04, A-133: one MARS at least; the table goes
 * round, and does not grow.
 */
static void
servers(void **state)
{
	struct atm_addr a[4] = { fake_addr(1), fake_addr(2), fake_addr(3),
		fake_addr(4) };
	struct marsc_servers s;
	struct fake *f;

	(void)state;
	assert_int_equal(marsc_servers_init(&s, a, 0), -1);
	f = fake_new(10, 1, false);
	assert_null(marsc_new(f->host,
	    &(struct marsc_conf){ .pro = { .type = PRO_IPV6 }, .servers = a }));
	fake_free(f);
	assert_int_equal(marsc_servers_init(&s, a, 2), 0);
	marsc_servers_next(&s);
	assert_true(atm_addr_equal(marsc_servers_current(&s), &a[1]));
	marsc_servers_next(&s);
	assert_true(atm_addr_equal(marsc_servers_current(&s), &a[0]));
	assert_int_equal(marsc_servers_learn(&s, &a[3], 1), 0);
	assert_int_equal(s.n, 3);
	assert_true(atm_addr_equal(&s.v[0], &a[3]));
	assert_true(atm_addr_equal(marsc_servers_current(&s), &a[0]));
	/* the current one stays, even where nobody names it any more */
	marsc_servers_use(&s, &a[3]);
	assert_int_equal(marsc_servers_learn(&s, &a[2], 1), 0);
	assert_int_equal(s.n, 4);
	assert_true(atm_addr_equal(marsc_servers_current(&s), &a[3]));
	marsc_servers_free(&s);
}

/* of a map with thousands of servers the best are kept, in order. */
static void
a_long_map_is_kept_in_part(void **state)
{
	static struct atm_addr map[36000];
	struct atm_addr own = fake_addr(1);
	struct marsc_servers s;
	size_t i;

	(void)state;
	for (i = 0; i < 36000; i++) {
		map[i] = fake_addr(2);
		map[i].num[1] = (uint8_t)(i >> 8);
		map[i].num[2] = (uint8_t)i;
	}
	assert_int_equal(marsc_servers_init(&s, &own, 1), 0);
	assert_int_equal(marsc_servers_learn(&s, map, 36000), 0);
	assert_int_equal(s.n, 257);
	for (i = 0; i < 256; i++)
		assert_true(atm_addr_equal(&s.v[i], &map[i]));
	assert_true(atm_addr_equal(marsc_servers_current(&s), &own));
	marsc_servers_free(&s);
}

static const struct mars_pro ipv4 = { .type = 0x0800 };

/* Lines of a script: what they mean. */
static void
script(void **state)
{
	struct marsc_script list = STAILQ_HEAD_INITIALIZER(list);
	struct marsc_step *s;

	(void)state;
	assert_null(marsc_script_line(&list, "", &ipv4));
	assert_null(marsc_script_line(&list, "  # register", &ipv4));
	assert_true(STAILQ_EMPTY(&list));
	assert_null(marsc_script_line(&list, "register\n", &ipv4));
	assert_null(
	    marsc_script_line(&list, "\tjoin  224.0.0.0-224.0.0.255 ", &ipv4));
	assert_null(marsc_script_line(&list, "wait 1.5", &ipv4));
	assert_null(marsc_script_line(&list,
	    "expect members 224.1.2.3 "
	    "127.0.0.9,127.0.0.10 within 3",
	    &ipv4));
	assert_null(
	    marsc_script_line(&list, "expect members 224.1.2.3 none", &ipv4));
	assert_null(marsc_script_line(&list, "echo two  words", &ipv4));
	assert_null(marsc_script_line(&list, "send 224.1.2.3 a b", &ipv4));
	assert_null(marsc_script_line(&list, "counters", &ipv4));
	s = STAILQ_FIRST(&list);
	assert_int_equal(s->verb, MARSC_VERB_REGISTER);
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->verb, MARSC_VERB_JOIN);
	assert_int_equal(s->min.a[0], 224);
	assert_int_equal(s->max.a[3], 255);
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->us, 1500000);
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->naddrs, 2);
	assert_int_equal(s->us, 3000000);
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->naddrs, 0);
	assert_int_equal(s->us, 0);
	s = STAILQ_NEXT(s, entry);
	assert_string_equal(s->text, "two  words");
	s = STAILQ_NEXT(s, entry);
	assert_string_equal(s->text, "a b");
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->verb, MARSC_VERB_COUNTERS);
	assert_null(STAILQ_NEXT(s, entry));
	marsc_script_free(&list);
}

/* R2022-8.5-02, -03: all groups of the protocol, unless a part is named */
static void
script_grouplist(void **state)
{
	static const struct mars_pro ipv6 = { .type = 0x86dd };
	struct marsc_script list = STAILQ_HEAD_INITIALIZER(list);
	struct paddr min = fake_group(224, 0, 0, 0);
	struct paddr max = fake_group(239, 255, 255, 255);
	struct marsc_step *s;
	int i;

	(void)state;
	assert_null(marsc_script_line(&list, "grouplist", &ipv4));
	assert_null(marsc_script_line(&list, "grouplist", &ipv6));
	assert_null(
	    marsc_script_line(&list, "grouplist 224.1.0.0-224.1.0.9", &ipv4));
	s = STAILQ_FIRST(&list);
	assert_true(paddr_equal(&s->min, &min));
	assert_true(paddr_equal(&s->max, &max));
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->min.len, 16);
	assert_int_equal(s->min.a[0], 0xff);
	for (i = 1; i < 16; i++)
		assert_int_equal(s->min.a[i], 0);
	for (i = 0; i < 16; i++)
		assert_int_equal(s->max.a[i], 0xff);
	s = STAILQ_NEXT(s, entry);
	assert_int_equal(s->max.a[3], 9);
	marsc_script_free(&list);
}

/* R2022-7.1-03: a script makes a member or a server, not both */
static void
script_roles(void **state)
{
	struct marsc_script list = STAILQ_HEAD_INITIALIZER(list);
	bool mcs = true;

	(void)state;
	assert_null(marsc_script_line(&list, "register", &ipv4));
	assert_null(marsc_script_role(&list, &mcs));
	assert_false(mcs);
	assert_null(marsc_script_line(&list, "serve 224.1.2.3", &ipv4));
	assert_null(marsc_script_role(&list, &mcs));
	assert_true(mcs);
	assert_null(marsc_script_line(&list, "join 224.1.2.4", &ipv4));
	assert_non_null(marsc_script_role(&list, &mcs));
	marsc_script_free(&list);
}

/* Lines that are wrong are refused, each with a reason. */
static void
script_errors(void **state)
{
	static const char *const wrong[] = {
		"jion 224.1.2.3",
		"join",
		"join 224.1.2.3 x",
		"join ff0e::1",
		"join 224.1.2.4-224.1.2.3",
		"request 224.0.0.0-224.0.0.1",
		"wait",
		"wait x",
		"wait -1",
		"wait 1x",
		"register now",
		"expect members 224.1.2.3",
		"expect nobody 224.1.2.3 none",
		"expect members 224.1.2.3 none in 3",
		"expect members 224.1.2.3 none within",
		"send 224.1.2.3",
		"expect members 224.1.2.3 zzz",
		"counters all",
		"grouplist 224.1.2.4-224.1.2.3",
		"grouplist ff02::1",
	};
	struct marsc_script list = STAILQ_HEAD_INITIALIZER(list);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(marsc_script_line(&list, wrong[i], &ipv4));
	assert_true(STAILQ_EMPTY(&list));
}

/* The packets of `send`: headers by hand, from RFC 791 and RFC 8200. */
static void
packets(void **state)
{
	struct atm_addr a = fake_addr(10);
	struct paddr v4 = fake_group(224, 1, 2, 3),
	    v6 = { .len = 16, .a = { 0xff, 0x0e, [15] = 1 } };
	uint8_t buf[64], *want;
	struct wr w;
	size_t len;

	(void)state;
	wr_init(&w, buf, sizeof(buf));
	marsc_packet_write(&w, &a, &v4, "abc", 3);
	/* the words of the header add up to 0xb723; 0x48dc is the rest */
	want =
	    unhex("45000017 00000000 10fd 48dc 7f00000a e0010203 616263", &len);
	assert_int_equal(w.len, len);
	assert_memory_equal(buf, want, len);
	free(want);
	wr_init(&w, buf, sizeof(buf));
	marsc_packet_write(&w, &a, &v6, "abc", 3);
	want = unhex("60000000 0003 fd 10 00000000000000000000000000000000 "
	    "ff0e0000000000000000000000000001 616263",
	    &len);
	assert_int_equal(w.len, len);
	assert_memory_equal(buf, want, len);
	free(want);
}

/* Every event and every drop has a name. */
static void
names(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < MARSC_NOTICE_MAX; i++)
		assert_non_null(marsc_notice_name((enum marsc_notice_code)i));
	for (i = 0; i < MARSC_DROP_MAX; i++)
		assert_non_null(marsc_drop_name((enum marsc_drop)i));
	for (i = 0; i < MARSC_E_MAX; i++)
		assert_non_null(marsc_strerror((enum marsc_error)i));
}

/* A bucket, and its rate when messages are lost and when they are not. */
static void
pace(void **state)
{
	mtime_t now = { 5 };
	struct marsc_pace p;
	uint32_t before = 50;
	int i;

	(void)state;
	marsc_pace_init(&p, now, 100, 3);
	for (i = 0; i < 3; i++)
		assert_int_equal(marsc_pace_take(&p, now), 0);
	assert_int_equal(marsc_pace_take(&p, now), 10000);
	now.us += 9999;
	assert_int_equal(marsc_pace_take(&p, now), 1);
	now.us += 1;
	assert_int_equal(marsc_pace_take(&p, now), 0);
	assert_int_equal(marsc_pace_take(&p, now), 10000);
	now.us += MTIME_SEC(1000000);
	for (i = 0; i < 3; i++)
		assert_int_equal(marsc_pace_take(&p, now), 0);
	assert_int_equal(marsc_pace_take(&p, now), 10000);
	/* halved, once for what was sent at one rate, never to nothing */
	now.us++;
	marsc_pace_lost(&p, now, now);
	marsc_pace_lost(&p, now, now);
	assert_int_equal(p.rate, 50);
	assert_int_equal(marsc_pace_take(&p, now), 20000);
	for (i = 0; i < 10; i++) {
		now.us += MTIME_SEC(1);
		marsc_pace_lost(&p, now, (mtime_t){ now.us - 1000000 });
		assert_int_equal(p.rate, before);
		before = before > 1 ? before / 2 : 1;
		marsc_pace_lost(&p, now, now);
	}
	assert_int_equal(p.rate, 1);
	/* a second of answers makes it faster by 1 in 100 */
	marsc_pace_good(&p);
	assert_int_equal(p.rate, 2);
	marsc_pace_good(&p);
	marsc_pace_good(&p);
	assert_int_equal(p.rate, 3);
	for (i = 0; i < 10000; i++)
		marsc_pace_good(&p);
	assert_int_equal(p.rate, 100);
	/* 0 is taken as 1 */
	marsc_pace_init(&p, now, 0, 0);
	assert_int_equal(marsc_pace_take(&p, now), 0);
	assert_int_equal(marsc_pace_take(&p, now), MTIME_SEC(1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequence),
		cmocka_unit_test(timers),
		cmocka_unit_test(delays),
		cmocka_unit_test(encapsulation),
		cmocka_unit_test(servers),
		cmocka_unit_test(a_long_map_is_kept_in_part),
		cmocka_unit_test(script),
		cmocka_unit_test(script_grouplist),
		cmocka_unit_test(script_roles),
		cmocka_unit_test(script_errors),
		cmocka_unit_test(packets),
		cmocka_unit_test(names),
		cmocka_unit_test(pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
