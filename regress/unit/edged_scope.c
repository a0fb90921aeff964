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

#include "edged/scope.h"

static struct paddr
address(const char *text)
{
	struct paddr a;

	if (paddr_parse(&a, text) == -1)
		fail_msg("%s", text);
	return a;
}

/* RFC 2365 6 and 8, RFC 5771 4, RFC 7346 2 */
static void
scopes(void **state)
{
	static const struct {
		const char *group;
		enum edged_scope scope;
	} t[] = {
		{ "224.0.0.0", EDGED_SCOPE_LINK },
		{ "224.0.0.255", EDGED_SCOPE_LINK },
		{ "224.0.1.0", EDGED_SCOPE_GLOBAL },
		{ "232.1.1.1", EDGED_SCOPE_GLOBAL },
		{ "238.255.255.255", EDGED_SCOPE_GLOBAL },
		{ "239.0.0.0", EDGED_SCOPE_ORGANIZATION },
		{ "239.192.0.1", EDGED_SCOPE_ORGANIZATION },
		{ "239.254.255.255", EDGED_SCOPE_ORGANIZATION },
		{ "239.255.0.0", EDGED_SCOPE_SITE },
		{ "10.1.1.1", EDGED_SCOPE_RESERVED },
		{ "ff00::1", EDGED_SCOPE_RESERVED },
		{ "ff01::1", EDGED_SCOPE_NODE },
		{ "ff02::fb", EDGED_SCOPE_LINK },
		{ "ff12::1", EDGED_SCOPE_LINK },
		{ "ff03::1", EDGED_SCOPE_REALM },
		{ "ff04::1", EDGED_SCOPE_ADMIN },
		{ "ff35::1", EDGED_SCOPE_SITE },
		{ "ff08::1", EDGED_SCOPE_ORGANIZATION },
		{ "ff0e::1", EDGED_SCOPE_GLOBAL },
		{ "ff0f::1", EDGED_SCOPE_RESERVED },
		{ "fd00::1", EDGED_SCOPE_RESERVED },
	};
	struct paddr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		a = address(t[i].group);
		assert_int_equal(edged_scope(&a), t[i].scope);
	}
}

static void
groups_of_routers_never(void **state)
{
	static const char *const never[] = { "224.0.0.0", "224.0.0.2",
		"224.0.0.5", "224.0.0.6", "224.0.0.13", "224.0.0.18",
		"224.0.0.22", "224.0.0.102", "ff01::fb", "ff02::2", "ff02::5",
		"ff02::d", "ff02::12", "ff02::16", "ff00::1", "ff02::1:ff00:1",
		"10.1.1.1" };
	static const char *const may[] = { "224.0.0.251", "224.0.0.252",
		"ff02::fb", "ff02::c", "239.1.1.1", "ff02::1:3", "224.0.1.5",
		"ff08::5" };
	struct paddr a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		a = address(never[i]);
		assert_true(edged_scope_never(&a));
		assert_false(edged_scope_reportable(&a));
	}
	for (i = 0; i < sizeof(may) / sizeof(may[0]); i++) {
		a = address(may[i]);
		assert_false(edged_scope_never(&a));
		assert_true(edged_scope_reportable(&a));
	}
	/* RFC 9776 6: all systems are reported by nobody */
	a = address("224.0.0.1");
	assert_false(edged_scope_reportable(&a));
	a = address("ff02::1");
	assert_false(edged_scope_reportable(&a));
}

static void
protocols_of_routers_never(void **state)
{
	static const uint8_t never[] = { 2, 88, 89, 103, 112 };
	static const uint8_t types[] = { 130, 131, 132, 133, 134, 135, 136, 137,
		143, 151, 153 };
	uint8_t packet[48] = { 0x60 };
	struct edged_ip ip = { .p = packet, .len = 48, .head = 40 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(never); i++) {
		ip.proto = never[i];
		assert_true(edged_scope_never_packet(&ip));
	}
	ip.proto = 17;
	assert_false(edged_scope_never_packet(&ip));
	ip.proto = 58;
	ip.v6 = true;
	for (i = 0; i < sizeof(types); i++) {
		packet[40] = types[i];
		assert_true(edged_scope_never_packet(&ip));
	}
	packet[40] = 128;
	assert_false(edged_scope_never_packet(&ip));
	ip.len = 40;
	assert_true(edged_scope_never_packet(&ip));
}

/* A prefix says a scope if it has no group of another. */
static void
prefixes_that_say_a_scope(void **state)
{
	static const struct {
		struct ip_prefix p;
		bool said;
	} t[] = {
		{ { false, 16, { 239, 255 } }, true },
		{ { false, 24, { 239, 255, 1 } }, true },
		{ { false, 8, { 239 } }, false },
		{ { false, 4, { 224 } }, false },
		{ { false, 0, { 0 } }, false },
		{ { false, 8, { 232 } }, true },
		{ { true, 16, { 0xff, 5 } }, true },
		{ { true, 8, { 0xff } }, false },
		{ { true, 12, { 0xff, 0 } }, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_int_equal(edged_scope_said(&t[i].p), t[i].said);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(scopes),
		cmocka_unit_test(groups_of_routers_never),
		cmocka_unit_test(protocols_of_routers_never),
		cmocka_unit_test(prefixes_that_say_a_scope) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
