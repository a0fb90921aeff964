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

#include "edged/policy.h"
#include "edged_host.h"

static struct edged_policy
policy(const struct edged_allow *allow, size_t n)
{
	return (struct edged_policy){ .allow = allow, .nallow = n };
}

static enum edged_policy_drop
flow(const struct edged_policy *p, const char *source, const char *group,
    uint8_t dir)
{
	struct paddr s = host_addr(source), g = host_addr(group);

	return edged_policy_flow(p, &s, &g, dir);
}

static enum edged_policy_drop
group(const struct edged_policy *p, const char *name, uint8_t dir)
{
	struct paddr g = host_addr(name);

	return edged_policy_group(p, &g, dir);
}

#define BOTH	(EDGED_DIR_IN | EDGED_DIR_OUT)

static void
default_deny(void **state)
{
	struct edged_policy p = policy(NULL, 0);

	(void)state;
	assert_int_equal(flow(&p, "10.1.7.2", "239.1.1.1", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_GROUP);
	assert_int_equal(flow(&p, "10.1.7.2", "224.0.0.251", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_LOCAL);
	assert_int_equal(
	    group(&p, "ff0e::1", EDGED_DIR_IN), EDGED_POLICY_DROP_GROUP);
}

static void
groups_sources_directions(void **state)
{
	static const struct edged_allow allow[] = {
		{ .group = { false, 16, { 239, 1 } }, .dirs = BOTH },
		{ .group = { false, 16, { 239, 2 } },
		    .has_source = true,
		    .source = { false, 24, { 10, 1, 7 } },
		    .dirs = EDGED_DIR_OUT },
		{ .group = { false, 24, { 239, 2, 2 } }, .dirs = EDGED_DIR_IN },
	};
	struct edged_policy p = policy(allow, 3);

	(void)state;
	assert_int_equal(
	    flow(&p, "10.9.9.9", "239.1.1.1", EDGED_DIR_OUT), EDGED_POLICY_OK);
	assert_int_equal(
	    flow(&p, "10.9.9.9", "239.1.1.1", EDGED_DIR_IN), EDGED_POLICY_OK);
	assert_int_equal(
	    flow(&p, "10.1.7.9", "239.2.1.1", EDGED_DIR_OUT), EDGED_POLICY_OK);
	assert_int_equal(flow(&p, "10.1.8.9", "239.2.1.1", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_SOURCE);
	assert_int_equal(flow(&p, "10.1.7.9", "239.2.1.1", EDGED_DIR_IN),
	    EDGED_POLICY_DROP_GROUP);
	assert_int_equal(
	    flow(&p, "10.1.8.9", "239.2.2.1", EDGED_DIR_IN), EDGED_POLICY_OK);
	/* as a whole: some source may */
	assert_int_equal(
	    group(&p, "239.2.1.1", EDGED_DIR_OUT), EDGED_POLICY_OK);
	assert_int_equal(
	    group(&p, "239.2.1.1", EDGED_DIR_IN), EDGED_POLICY_DROP_GROUP);
	/* IPv6 is never of an IPv4 prefix */
	assert_int_equal(
	    group(&p, "ff0e::1", EDGED_DIR_OUT), EDGED_POLICY_DROP_GROUP);
}

/* RFC 5771 4, RFC 4291 2.7: only what is named, and not even all of that. */
static void
link_local_by_name(void **state)
{
	static const struct edged_allow allow[] = {
		{ .group = { false, 4, { 224 } }, .dirs = BOTH },
		{ .group = { true, 8, { 0xff } }, .dirs = BOTH },
	};
	struct paddr names[4];
	struct edged_policy p = policy(allow, 2);

	(void)state;
	assert_int_equal(flow(&p, "10.1.7.2", "224.0.0.251", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_LOCAL);
	assert_int_equal(flow(&p, "fe80::2", "ff02::fb", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_LOCAL);
	names[0] = host_addr("224.0.0.251");
	names[1] = host_addr("ff02::fb");
	names[2] = host_addr("224.0.0.5");
	names[3] = host_addr("ff01::fb");
	p.link_local = names;
	p.nlink_local = 4;
	assert_int_equal(flow(&p, "10.1.7.2", "224.0.0.251", EDGED_DIR_OUT),
	    EDGED_POLICY_OK);
	assert_int_equal(
	    flow(&p, "fe80::2", "ff02::fb", EDGED_DIR_IN), EDGED_POLICY_OK);
	assert_int_equal(flow(&p, "10.1.7.2", "224.0.0.252", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_LOCAL);
	/* OSPF and node-local never */
	assert_int_equal(flow(&p, "10.1.7.2", "224.0.0.5", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_NEVER);
	assert_int_equal(flow(&p, "fe80::2", "ff01::fb", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_NEVER);
	assert_int_equal(flow(&p, "fd00:7::2", "ff0f::1", EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_NEVER);
}

/* RFC 2365 5 and 6.1, RFC 7346: a boundary is crossed if it is said. */
static void
scopes_are_said(void **state)
{
	static const struct edged_allow wide[] = {
		{ .group = { false, 8, { 239 } }, .dirs = BOTH },
		{ .group = { true, 8, { 0xff } }, .dirs = BOTH },
	};
	static const struct edged_allow said[] = {
		{ .group = { false, 8, { 239 } }, .dirs = BOTH },
		{ .group = { false, 16, { 239, 255 } }, .dirs = BOTH },
		{ .group = { true, 16, { 0xff, 5 } }, .dirs = BOTH },
	};
	struct edged_policy p = policy(wide, 2);

	(void)state;
	assert_int_equal(
	    group(&p, "239.254.1.1", EDGED_DIR_IN), EDGED_POLICY_OK);
	assert_int_equal(
	    group(&p, "239.255.1.1", EDGED_DIR_IN), EDGED_POLICY_DROP_SCOPE);
	assert_int_equal(
	    group(&p, "ff05::1", EDGED_DIR_IN), EDGED_POLICY_DROP_SCOPE);
	assert_int_equal(group(&p, "ff08::1", EDGED_DIR_IN), EDGED_POLICY_OK);
	p = policy(said, 3);
	assert_int_equal(
	    group(&p, "239.255.1.1", EDGED_DIR_IN), EDGED_POLICY_OK);
	assert_int_equal(group(&p, "ff05::1", EDGED_DIR_IN), EDGED_POLICY_OK);
	assert_int_equal(
	    group(&p, "ff03::1", EDGED_DIR_IN), EDGED_POLICY_DROP_GROUP);
}

/* A packet from 10.1.7.2 or what is said; UDP. */
static enum edged_policy_drop
packet(const struct edged_policy *p, const char *source, const char *to,
    uint8_t ttl, uint8_t dir)
{
	static const struct ip_prefix nets[] = {
		{ false, 24, { 10, 1, 7 } },
		{ true, 64, { 0xfd, 0, 0, 7 } },
	};
	struct edged_ip ip = { .proto = 17, .ttl = ttl };

	ip.src = host_addr(source);
	ip.dst = host_addr(to);
	ip.v6 = ip.src.len == 16;
	return edged_policy_packet(p, &ip, dir, nets, 2);
}

static void
packets(void **state)
{
	static const struct edged_allow allow[] = {
		{ .group = { false, 8, { 239 } }, .dirs = BOTH },
		{ .group = { true, 16, { 0xff, 8 } }, .dirs = BOTH },
	};
	static const struct edged_group_rule rules[] = {
		{ .group = { false, 16, { 239, 1 } },
		    .ttl_min = 8,
		    .dscp = -1 },
	};
	struct paddr mdns = host_addr("ff02::fb");
	struct edged_policy p = policy(allow, 2);
	struct edged_ip ospf = { .proto = 89 };

	(void)state;
	p.rules = rules;
	p.nrules = 1;
	p.link_local = &mdns;
	p.nlink_local = 1;
	assert_int_equal(packet(&p, "10.1.7.2", "239.2.1.1", 2, EDGED_DIR_OUT),
	    EDGED_POLICY_OK);
	/* RFC 1812 5.2.1.3: what another edge has put on our LAN */
	assert_int_equal(packet(&p, "10.1.8.2", "239.2.1.1", 2, EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_OFF_LINK);
	assert_int_equal(packet(&p, "10.1.8.2", "239.2.1.1", 2, EDGED_DIR_IN),
	    EDGED_POLICY_OK);
	assert_int_equal(packet(&p, "10.1.7.2", "239.1.1.1", 7, EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_TTL);
	assert_int_equal(packet(&p, "10.1.7.2", "239.1.1.1", 8, EDGED_DIR_OUT),
	    EDGED_POLICY_OK);
	/* RFC 4291 2.5.6, RFC 3927 2.7 */
	assert_int_equal(packet(&p, "fe80::2", "ff08::1", 8, EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_SOURCE);
	assert_int_equal(
	    packet(&p, "169.254.1.1", "239.2.1.1", 8, EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_LINK_SOURCE);
	assert_int_equal(packet(&p, "fe80::2", "ff02::fb", 255, EDGED_DIR_OUT),
	    EDGED_POLICY_OK);
	assert_int_equal(packet(&p, "fd00:7::2", "ff08::1", 8, EDGED_DIR_OUT),
	    EDGED_POLICY_OK);
	assert_int_equal(packet(&p, "fd00:8::2", "ff08::1", 8, EDGED_DIR_OUT),
	    EDGED_POLICY_DROP_OFF_LINK);
	ospf.dst = host_addr("239.1.1.1");
	assert_int_equal(edged_policy_packet(&p, &ospf, EDGED_DIR_IN, NULL, 0),
	    EDGED_POLICY_DROP_NEVER);
	assert_true(edged_policy_keeps_ttl(&mdns));
	assert_false(edged_policy_keeps_ttl(&ospf.dst));
	assert_string_equal(
	    edged_policy_drop_name(EDGED_POLICY_DROP_OFF_LINK), "off-link");
}

static void
longest_rule(void **state)
{
	static const struct edged_group_rule rules[] = {
		{ .group = { false, 16, { 239, 1 } }, .rate = 1 },
		{ .group = { false, 24, { 239, 1, 1 } }, .rate = 2 },
		{ .group = { false, 8, { 239 } }, .rate = 3 },
	};
	struct edged_policy p = { .rules = rules, .nrules = 3 };
	struct paddr g = host_addr("239.1.1.1");

	(void)state;
	assert_int_equal(edged_policy_rule(&p, &g)->rate, 2);
	g = host_addr("239.1.2.1");
	assert_int_equal(edged_policy_rule(&p, &g)->rate, 1);
	g = host_addr("239.2.2.1");
	assert_int_equal(edged_policy_rule(&p, &g)->rate, 3);
	g = host_addr("238.2.2.1");
	assert_null(edged_policy_rule(&p, &g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(default_deny),
		cmocka_unit_test(groups_sources_directions),
		cmocka_unit_test(link_local_by_name),
		cmocka_unit_test(scopes_are_said), cmocka_unit_test(packets),
		cmocka_unit_test(longest_rule) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
