/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* An edge between its LANs and other sites, and what a reload does to it. */
#include "edged_sitenet.h"

#define SITE_RANGE	"ef020000 ef02ffff "

/* --- from a LAN to other sites */

/*
 * A packet asks who is in the group, waits for their circuits, and goes once to
 * all of them, with one off its TTL; the next goes at once.
 */
static void
a_packet_goes_to_the_members(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_register(s);
	site_data(s, 0, "239.1.1.1");
	fake_expect(s->net,
	    HEAD("01") "14 00 00 00 00 04 0000000000000000 " NSAP("0a")
		SITE_GROUP);
	assert_int_equal(site_shown(s, edged_show_flows, "copies"), 0);
	site_members(s);
	site_sent(s, &h);
	assert_int_equal(h.len, 28);
	assert_int_equal(h.p[8], 4);
	assert_memory_equal(h.p + 12, "\x0a\x01\x01\x02\xef\x01\x01\x01", 8);
	fake_silent(s->net);
	assert_int_equal(site_shown(s, edged_show_flows, "copies"), 2);
	site_data(s, 0, "239.1.1.1");
	site_sent(s, &h);
	assert_int_equal(site_shown(s, edged_show_flows, "packets"), 2);
	assert_int_equal(site_shown(s, edged_show_flows, "members"), 2);
	assert_int_equal(site_shown(s, edged_show_flows, "copies"), 4);
	assert_int_equal(site_counter(s, "out-copies"), 4);
	assert_int_equal(site_shown(s, edged_show_edges, "dropped"), 0);
	site_free(s);
}

/* Why a packet goes to nobody is counted, once for each. */
static void
what_goes_to_nobody_is_counted(void **state)
{
	struct site *s = site_new();
	uint64_t held;
	int i;

	(void)state;
	site_register(s);
	for (i = 0; i < 100; i++)
		site_data(s, 0, "239.1.1.1");
	/* what may not wait is dropped, the rest is not */
	held = site_counter(s, "flow-held");
	assert_in_range(held, 1, 99);
	assert_int_equal(site_counter(s, "flow-not-sent"), 0);
	fake_says(s->net, fake_vc(s->net, 1), NAK("0a", SITE_GROUP));
	assert_int_equal(site_counter(s, "flow-not-sent"), 100 - held);
	/* that nobody is there is known for a while */
	site_data(s, 0, "239.1.1.1");
	assert_int_equal(site_counter(s, "flow-no-member"), 1);
	assert_int_equal(site_shown(s, edged_show_flows, "dropped"), 101);
	assert_int_equal(site_shown(s, edged_show_edges, "dropped"), 101);
	assert_int_equal(site_counter(s, "out-copies"), 0);
	site_free(s);
}

/* The MARS that does not answer, and a circuit that nobody takes. */
static void
a_silent_mars_is_counted(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	site_data(s, 0, "239.1.1.1");
	site_wait(s, MTIME_SEC(200));
	assert_int_equal(site_counter(s, "flow-not-sent"), 1);
	assert_true(s->events[EDGED_EV_MARS_FAILED] > 0);
	assert_true(s->events[EDGED_EV_NO_MARS] > 0);
	site_free(s);
}

/* A circuit has gone: no copy, and it is said so. */
static void
without_a_link_nothing_goes_out(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	site_data(s, 0, "239.1.1.1");
	site_members(s);
	edged_detach(s->edged, &s->net->link);
	site_data(s, 0, "239.1.1.1");
	assert_int_equal(site_counter(s, "flow-circuit"), 1);
	assert_int_equal(site_shown(s, edged_show_edges, "registered"), 0);
	site_free(s);
}

/*
 * What is larger than the mtu is sent in fragments, or dropped where it may
 * not be (RFC 791); of IPv6 its source is told (RFC 4443 2.4(f)), ten times a
 * second.
 */
static void
a_large_packet_is_fragmented_or_told(void **state)
{
	static const uint8_t dst[16] = { 0xff, 0x0e, [15] = 1 };
	struct site *s = site_new();
	struct host_packet h;
	int i;

	(void)state;
	site_register(s);
	site_packet(&h, "10.1.1.2", "239.1.1.1", 1450, 5, 0);
	site_input(s, 0, &h);
	site_members(s);
	assert_non_null(fake_next(s->net)); /* MARS_REQUEST */
	site_sent(s, &h);
	assert_int_equal(h.len, 1396); /* a multiple of 8, and 20 */
	assert_int_equal(h.p[6], 0x20);
	site_sent(s, &h);
	assert_int_equal(h.len, 20 + 1430 - 1376);
	assert_memory_equal(h.p + 6, "\x00\xac", 2);
	assert_int_equal(site_shown(s, edged_show_flows, "copies"), 4);
	site_packet(&h, "10.1.1.2", "239.1.1.1", 1450, 5, 0x4000);
	site_input(s, 0, &h);
	fake_silent(s->net);
	assert_int_equal(site_counter(s, "flow-too-big"), 1);
	assert_int_equal(s->lans[0].sent, 0);
	/* larger than the link: a sender's network card was to cut it */
	site_packet(&h, "10.1.1.2", "239.1.1.1", 1501, 5, 0);
	site_input(s, 0, &h);
	assert_int_equal(site_counter(s, "flow-too-big"), 2);
	s->edge.ipv6 = true;
	site_configure(s);
	memset(&h, 0, sizeof(h));
	h.len = 1441;
	h.p[0] = 0x60;
	h.p[4] = 1401 >> 8;
	h.p[5] = 1401 & 0xff;
	h.p[6] = 17;
	h.p[7] = 5;
	memcpy(h.p + 8, "\xfd\0\0\1\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	memcpy(h.p + 24, dst, 16);
	for (i = 0; i < 30; i++)
		site_input(s, 0, &h);
	assert_int_equal(s->lans[0].sent, 10);
	assert_int_equal(s->lans[0].last.p[6], 58);
	assert_int_equal(s->lans[0].last.p[40], 2);
	assert_memory_equal(s->lans[0].last.p + 44, "\0\0\x05\x78", 4);
	assert_memory_equal(s->lans[0].last.p + 24, h.p + 8, 16);
	site_free(s);
}

/* --- from other sites to LANs */

/* Only to the LANs that want it, as it is: the sender has taken one hop off. */
static void
a_packet_of_another_site_goes_to_lans(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 3, 0);
	site_register(s);
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "flow-not-wanted"), 1);
	site_report(s, 1, true);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 0);
	assert_int_equal(s->lans[1].sent, 1);
	assert_memory_equal(s->lans[1].last.p, h.p, 28);
	site_report(s, 0, true);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 1);
	assert_int_equal(s->lans[1].sent, 2);
	assert_int_equal(site_counter(s, "in-copies"), 3);
	assert_int_equal(site_counter(s, "in-packets"), 3);
	assert_int_equal(site_shown(s, edged_show_flows, "members"), 2);
	/* no room on the LAN, which is counted there */
	s->full = true;
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "no-room"), 1);
	site_free(s);
}

/* Of a host of our own, which another edge of that LAN has sent: a loop. */
static void
a_packet_does_not_go_round(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	site_packet(&h, "10.1.1.7", "239.1.1.1", 28, 3, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 0);
	assert_int_equal(site_counter(s, "flow-loop"), 1);
	site_free(s);
}

/* An edge that is not the LAN's forwarder keeps quiet. */
static void
who_does_not_forward_sends_nothing(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	s->ports[0].lan.forward = EDGED_LAN_FORWARD_NEVER;
	site_configure(s);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 3, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 0);
	assert_int_equal(site_counter(s, "flow-not-forwarder"), 1);
	site_free(s);
}

static uint8_t flags_signed;

/* What is signed is the hello (hello.h), whose flags are its fifth octet. */
static bool
site_sign(void *arg, const void *data, size_t len, uint8_t mac[EDGED_HELLO_MAC])
{
	(void)arg;
	assert_true(len > 4);
	flags_signed = ((const uint8_t *)data)[4];
	memset(mac, 0, EDGED_HELLO_MAC);
	return true;
}

/* An edge without a MARS tells the others on its LAN: flag 8. */
static void
no_mars_is_told_to_other_edges(void **state)
{
	struct site *s = site_new();

	(void)state;
	s->ports[0].lan.forward = EDGED_LAN_FORWARD_ELECTED;
	s->ports[0].lan.key.sign = site_sign;
	site_configure(s);
	site_wait(s, MTIME_SEC(5));
	assert_int_equal(flags_signed, 8 | 1);
	site_register(s);
	site_wait(s, MTIME_MS(600));
	assert_int_equal(flags_signed, 1);
	site_free(s);
}

/* What no edge should have sent: each for its reason, and none gets out. */
static void
bad_packets_of_other_sites_are_dropped(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 0, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-ttl"), 1);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 3, 0);
	h.p[10] ^= 1;
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-ip-checksum"), 1);
	site_packet(&h, "10.2.0.9", "10.1.1.2", 28, 3, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-unicast"), 1);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 3, 0);
	h.len = 27;
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-truncated"), 1);
	/* IPv6 in what is said to be IPv4 */
	memset(&h, 0, sizeof(h));
	h.len = 40;
	h.p[0] = 0x60;
	h.p[6] = 59;
	h.p[7] = 3;
	memcpy(h.p + 8, "\x20\1\0\0\0\0\0\0\0\0\0\0\0\0\0\2", 16);
	memcpy(h.p + 24, "\xff\x0e\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-version"), 1);
	/* no allow group has it */
	site_packet(&h, "10.2.0.9", "225.1.1.1", 28, 3, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(site_counter(s, "in-not-allowed-group"), 1);
	assert_int_equal(s->lans[0].sent, 0);
	assert_int_equal(site_counter(s, "in-packets"), 6);
	site_free(s);
}

/* Larger than the LAN takes: in fragments, unless DF forbids it. */
static void
a_lan_gets_what_it_takes(void **state)
{
	struct site *s = site_new();
	struct host_packet h;
	struct paddr v4 = host_addr("10.1.1.1"), none = { 0 };
	struct ip_prefix net;

	(void)state;
	assert_true(ip_prefix_parse(&net, "10.1.1.0/24"));
	site_register(s);
	site_report(s, 0, true);
	edged_port_addresses(
	    edged_port_find(s->edged, "a"), &v4, &none, &net, 1, 576);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 1000, 3, 0);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 2);
	assert_int_equal(s->lans[0].last.len, 20 + 980 - 552);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 1000, 3, 0x4000);
	site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 2);
	assert_int_equal(site_counter(s, "flow-too-big"), 1);
	site_free(s);
}

/* A group's rate is of what leaves for other sites, and cuts nothing else. */
static void
a_rate_cuts_nothing_that_comes_in(void **state)
{
	struct edged_group_rule rule = { .group = { false, 8, { 239 } },
		.rate = 8000, .dscp = -1 };
	struct site *s = site_new();
	struct host_packet h;
	int i;

	(void)state;
	s->edge.policy.rules = &rule;
	s->edge.policy.nrules = 1;
	site_configure(s);
	site_register(s);
	site_report(s, 0, true);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 1400, 3, 0);
	/* more than a largest packet's octets, which could go at once */
	for (i = 0; i < 50; i++)
		site_hears(s, 11, 6, &h);
	assert_int_equal(s->lans[0].sent, 50);
	assert_int_equal(site_counter(s, "flow-rate-group"), 0);
	site_free(s);
}

/*
 * RFC 2022 5.5: what carries our CMI is ours, and dropped, if it is from a
 * host of ours; else a MARS has given our number to another one.
 */
static void
our_own_packets_come_back(void **state)
{
	struct site *s = site_new();
	struct host_packet h;

	(void)state;
	site_register(s);
	site_report(s, 1, true);
	site_packet(&h, "10.1.1.2", "239.1.1.1", 28, 3, 0);
	site_hears(s, 11, 5, &h);
	assert_int_equal(site_counter(s, "ipv4-reflected"), 1);
	assert_int_equal(site_counter(s, "in-packets"), 0);
	site_packet(&h, "10.2.0.9", "239.1.1.1", 28, 3, 0);
	site_hears(s, 11, 5, &h);
	assert_int_equal(site_counter(s, "ipv4-reflected"), 1);
	assert_int_equal(s->lans[1].sent, 1);
	site_free(s);
}

/* --- a reload */

/* Another address or protocol is another edge; its link is that of before. */
static void
an_edge_with_other_protocols_is_another(void **state)
{
	struct site *s = site_new();
	int calls;

	(void)state;
	site_register(s);
	site_report(s, 0, true);
	assert_int_equal(site_shown(s, edged_show_edges, "joins"), 1);
	calls = s->net->nvcs;
	/* the same once more: nothing happens */
	site_configure(s);
	assert_int_equal(s->net->nvcs, calls);
	assert_int_equal(site_shown(s, edged_show_edges, "registered"), 1);
	s->edge.ipv6 = true;
	site_configure(s);
	assert_int_equal(site_shown(s, edged_show_edges, "registered"), 0);
	assert_int_equal(site_shown(s, edged_show_edges, "joins"), 0);
	assert_true(s->net->nvcs > calls);
	s->events[EDGED_EV_REGISTERED] = 0;
	site_register(s);
	site_free(s);
}

/* Its link is nobody's then, which takes no call. */
static void
an_edge_that_goes_leaves_its_link(void **state)
{
	struct site *s = site_new();
	bool mcs;

	(void)state;
	site_register(s);
	s->conf.nedges = 0;
	site_configure(s);
	assert_null(edged_at(s->edged, &s->edge.addr, &mcs));
	assert_ptr_equal(s->net->link.user, &edged_nobody);
	assert_null(fake_calls(s->net, 11, false));
	assert_int_equal(fake_live_roots(s->net), 0);
	site_free(s);
}

/* Other MARSs: the client goes to the new one at once. */
static void
other_servers_are_asked(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	s->mars = fake_addr(2);
	site_configure(s);
	assert_non_null(fake_vc(s->net, 2));
	site_free(s);
}

/*
 * RFC 2022 6.2.3: what its multicast server serves follows the configuration,
 * and without any there is no such server.
 */
static void
what_is_served_follows_the_configuration(void **state)
{
	static const struct edged_range ranges[] = {
		{ { 4, { 239, 1, 1, 1 } }, { 4, { 239, 1, 1, 1 } } },
		{ { 4, { 239, 2, 0, 0 } }, { 4, { 239, 2, 255, 255 } } },
	};
	struct site *s = site_new();
	struct edged_edge *e;
	bool mcs;

	(void)state;
	s->edge.serve = ranges;
	s->edge.nserve = 1;
	site_configure(s);
	e = edged_at(s->edged, &s->edge.mcs, &mcs);
	assert_non_null(e);
	assert_true(mcs);
	assert_string_equal(edged_edge_name(e), "e");
	edged_attach(e, true, &s->server->link);
	fake_ack(s->server, 1);
	/* MARS_MSERV: registers */
	fake_expect(s->server,
	    JOIN("03", "00", "0001", "2000", "0000", "00000000", "14"));
	fake_says(s->server, fake_vc(s->server, 1),
	    JOIN("03", "00", "0001", "6000", "0000", "00000064", "14"));
	fake_expect(s->server,
	    JOIN("03", "04", "0001", "0000", "0000", "00000000", "14")
		SITE_GROUP SITE_GROUP);
	fake_says(s->server, fake_vc(s->server, 1),
	    JOIN("03", "04", "0001", "4000", "0000", "00000065", "14")
		SITE_GROUP SITE_GROUP);
	/* the range instead of the group: MARS_UNSERV, MARS_MSERV */
	s->edge.serve = ranges + 1;
	site_configure(s);
	assert_int_equal(site_shown(s, edged_show_edges, "serves"), 1);
	fake_expect(s->server,
	    JOIN("07", "04", "0001", "0000", "0000", "00000000", "14")
		SITE_GROUP SITE_GROUP);
	fake_expect(s->server,
	    JOIN("03", "04", "0001", "0000", "0000", "00000000", "14")
		SITE_RANGE);
	s->edge.nserve = 0;
	site_configure(s);
	assert_int_equal(site_shown(s, edged_show_edges, "serves"), 0);
	assert_null(fake_vc(s->server, 1));
	site_free(s);
}

/* Goodbye: the MARS is told, and nothing is joined any more. */
static void
a_shutdown_deregisters(void **state)
{
	struct site *s = site_new();

	(void)state;
	site_register(s);
	edged_shutdown(s->edged);
	/* R2022-5.2.3: MARS_LEAVE with mar$flags.register */
	fake_expect(s->net,
	    JOIN("05", "00", "0001", "2003", "0000", "00000000", "0a"));
	assert_int_equal(s->events[EDGED_EV_DOWN], 0);
	site_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_goes_to_the_members),
		cmocka_unit_test(what_goes_to_nobody_is_counted),
		cmocka_unit_test(a_silent_mars_is_counted),
		cmocka_unit_test(without_a_link_nothing_goes_out),
		cmocka_unit_test(a_large_packet_is_fragmented_or_told),
		cmocka_unit_test(a_packet_of_another_site_goes_to_lans),
		cmocka_unit_test(a_packet_does_not_go_round),
		cmocka_unit_test(who_does_not_forward_sends_nothing),
		cmocka_unit_test(no_mars_is_told_to_other_edges),
		cmocka_unit_test(bad_packets_of_other_sites_are_dropped),
		cmocka_unit_test(a_lan_gets_what_it_takes),
		cmocka_unit_test(a_rate_cuts_nothing_that_comes_in),
		cmocka_unit_test(our_own_packets_come_back),
		cmocka_unit_test(an_edge_with_other_protocols_is_another),
		cmocka_unit_test(an_edge_that_goes_leaves_its_link),
		cmocka_unit_test(other_servers_are_asked),
		cmocka_unit_test(what_is_served_follows_the_configuration),
		cmocka_unit_test(a_shutdown_deregisters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
