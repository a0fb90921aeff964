/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * libmarsc as a program that links it sees it: an endpoint with a client for
 * each protocol, what is said of packets in and out, and MARSs and links that
 * change.
 */
#include <stdio.h>

#include "marsc_fake.h"

#define HEAD6	MARS_LLC "000f 86dd 0000000000 000000 0000 0000 0004 "
#define JOIN6(tpln, flags, cmi, msn, src) \
	HEAD6 "14 00 00 " tpln " 0001 " flags " " cmi " " msn " " NSAP(src)
#define JOIN4(tpln, flags, cmi, msn, src) \
	JOIN("04", tpln, "0001", flags, cmi, msn, src)
#define G	"e0010203"
#define G6	"ff020000000000000000000000000001"
/* the first 20 octets of an IPv4 packet to 224.1.2.3, the 40 of an IPv6 one */
#define IP4	"45000014 00000000 40110000 0a000001 e0010203"
#define IP6 \
	"60000000 0000fd10 fe80000000000000 0000000000000001 " \
	"ff02000000000000 0000000000000001"

static const struct paddr group = { .len = 4, .a = { 224, 1, 2, 3 } };
static const struct paddr group6 = {
	.len = 16, .a = { 0xff, 0x02, [15] = 1 }
};

/* An IPv6 client beside the IPv4 one of fake_new(); its first number is 1. */
static struct marsc *
second_client(struct fake *f)
{
	struct atm_addr server = fake_addr(1);
	struct marsc_conf conf = {
		.pro = { .type = PRO_IPV6 }, .servers = &server, .nservers = 1
	};
	struct marsc *c;

	marsc_timers_default(&conf.timers);
	f->low = true;
	c = marsc_new(f->host, &conf);
	f->low = false;
	assert_non_null(c);
	return c;
}

/* Both are registered, with CMI 5 and 9; *v4 and *v6 are their control VCs. */
static struct fake *
both_registered(struct marsc **c6, struct fvc **v4, struct fvc **v6)
{
	struct fake *f = fake_new(10, 1, false);
	struct fvc *vc;

	*c6 = second_client(f);
	*v4 = fake_registered(f);
	marsc_register(*c6);
	vc = fake_ack(f, 1);
	fake_expect(f, JOIN6("00", "2001", "0000", "00000000", "0a"));
	*v6 = fake_calls(f, 1, true);
	assert_non_null(*v6);
	fake_says(f, vc, JOIN6("00", "6001", "0009", "00000300", "0a"));
	assert_true(marsc_is_registered(f->c));
	assert_true(marsc_is_registered(*c6));
	return f;
}

/*
 * R2022-6.3-03, R2022-9-02, D8: one address, and each protocol has its own
 * registration, CMI and HSN.
 */
static void
two_protocols_share_an_address(void **state)
{
	struct fvc *v4, *v6;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	assert_int_equal(marsc_cmi(f->c), 5);
	assert_int_equal(marsc_cmi(c6), 9);
	assert_int_equal(f->c->hsn.value, 100);
	assert_int_equal(c6->hsn.value, 0x300);
	marsc_deregister(c6);
	fake_expect(f,
	    MARS_LLC "000f 86dd 0000000000 000000 0000 0000 0005 14 00 00 00 "
	    "0001 2002 0000 00000000 " NSAP("0a"));
	assert_false(marsc_is_registered(c6));
	assert_true(marsc_is_registered(f->c));
	fake_free(f);
}

/* Whatever circuit it came on, a message is for the client of its protocol. */
static void
a_message_is_for_its_protocol(void **state)
{
	struct fvc *v4, *v6;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	assert_int_equal(marsc_join(f->c, &group, &group, true), MARSC_OK);
	fake_expect(f, JOIN4("04", "8002", "0000", "00000000", "0a") G G);
	assert_int_equal(marsc_join(c6, &group6, &group6, true), MARSC_OK);
	fake_expect(f, JOIN6("10", "8002", "0000", "00000000", "0a") G6 G6);
	/* the last circuit to the MARS is the IPv6 client's */
	fake_says(f, fake_vc(f, 1),
	    JOIN4("04", "c002", "0000", "00000065", "0a") G G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
	assert_int_equal(f->c->hsn.value, 0x65);
	assert_int_equal(c6->hsn.value, 0x300);
	/* a protocol that nobody here has */
	fake_says(f, fake_vc(f, 1),
	    MARS_LLC "000f 0806 0000000000 000000 0000 0000 0004 14 00 00 00 "
	    "0001 6001 0000 00000001 " NSAP("0a"));
	assert_int_equal(marsc_host_drops(f->host, MARSC_DROP_PRO), 1);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_PRO), 0);
	fake_free(f);
}

/*
 * a client has gone, and its MARS calls a leaf at the address where that
 * of another protocol lives on.  The first message says that it is nobody's.
 */
static void
the_control_vc_of_who_has_gone_is_left(void **state)
{
	struct fvc *v4, *v6, *again;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	marsc_free(c6);
	again = fake_calls(f, 1, true);
	assert_non_null(again);
	fake_says(
	    f, again, JOIN6("04", "c002", "0000", "00000301", "0a") G6 G6);
	assert_true(again->dead);
	assert_true(marsc_is_registered(f->c));
	/* one that the MARS has for both is not left for that */
	fake_says(f, v4, JOIN6("04", "c002", "0000", "00000301", "0a") G6 G6);
	assert_false(v4->dead);
	assert_int_equal(marsc_host_drops(f->host, MARSC_DROP_PRO), 2);
	fake_free(f);
}

/* 5.4: a lost control VC is its own client's problem, and no other's. */
static void
a_control_vc_is_one_protocols(void **state)
{
	struct fvc *v4, *v6;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	v6->dead = true;
	f->link.user->release(f->link.arg, &v6->vc, v6->vc.cookie, 16);
	assert_true(marsc_is_registered(f->c));
	assert_false(marsc_is_registered(c6));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_MARS_FAILED, NULL), 1);
	assert_false(v4->dead);
	fake_free(f);
}

/*
 * Two calls come before anything is heard on either: the first message says
 * whose control VC it is, and what is said on it goes to that client.
 */
static void
a_control_vc_is_known_by_its_first_message(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct marsc *c6 = second_client(f);
	struct fvc *a, *b, *vc;

	(void)state;
	marsc_register(f->c);
	fake_ack(f, 1);
	marsc_register(c6);
	vc = fake_ack(f, 1);
	a = fake_calls(f, 1, true);
	b = fake_calls(f, 1, true);
	assert_non_null(a);
	assert_non_null(b);
	fake_says(f, vc, JOIN4("00", "6001", "0005", "00000064", "0a"));
	fake_says(f, vc, JOIN6("00", "6001", "0009", "00000300", "0a"));
	assert_int_equal(fake_noted(f, MARSC_NOTICE_REGISTERED, NULL), 2);
	fake_says(f, a, JOIN6("10", "4000", "0000", "00000301", "0b") G6 G6);
	fake_says(f, b, JOIN4("04", "4000", "0000", "00000065", "0b") G G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_HEARD, NULL), 2);
	a->dead = true;
	f->link.user->release(f->link.arg, &a->vc, a->vc.cookie, 16);
	assert_true(marsc_is_registered(f->c));
	assert_false(marsc_is_registered(c6));
	fake_free(f);
}

/* One registration of an address for each protocol, and one role. */
static void
a_protocol_has_one_client(void **state)
{
	struct atm_addr server = fake_addr(1);
	struct marsc_conf conf = { .pro = { .type = PRO_IPV4 },
		.mcs = true,
		.servers = &server,
		.nservers = 1 };
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	marsc_timers_default(&conf.timers);
	assert_null(marsc_new(f->host, &conf));
	marsc_free(f->c);
	f->c = marsc_new(f->host, &conf);
	assert_non_null(f->c);
	fake_free(f);
}

/* One that goes takes its circuits with it, and leaves the others alone. */
static void
a_client_can_go_alone(void **state)
{
	struct fvc *v4, *v6;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	marsc_free(c6);
	assert_true(v6->dead);
	assert_false(v4->dead);
	assert_true(marsc_is_registered(f->c));
	assert_non_null(fake_vc(f, 1));
	fake_free(f);
}

/*
 * 5.5: group, sender and CMI come with a packet; one circuit may bring packets
 * of every protocol.
 */
static void
a_packet_says_where_it_is_from(void **state)
{
	struct atm_addr sender = fake_addr(33);
	struct fvc *v4, *v6, *v;
	struct marsc *c6;
	struct fake *f = both_registered(&c6, &v4, &v6);

	(void)state;
	v = fake_calls(f, 33, true);
	fake_says(f, v, "aaaa03 00005e 0001 0007 0800 " IP4);
	assert_int_equal(f->npackets, 1);
	assert_true(paddr_equal(&f->info.group, &group));
	assert_true(atm_addr_equal(&f->sender, &sender));
	assert_true(f->info.known);
	assert_int_equal(f->info.source.len, 4);
	assert_int_equal(f->info.source.a[0], 10);
	assert_int_equal(f->info.source.a[3], 1);
	assert_true(f->info.has_cmi);
	assert_int_equal(f->info.cmi, 7);
	assert_int_equal(f->info.len, 20);
	fake_says(f, v, "aaaa03 00005e 0001 0007 86dd " IP6);
	assert_int_equal(f->npackets, 2);
	assert_int_equal(f->info.pro->type, PRO_IPV6);
	assert_true(paddr_equal(&f->info.group, &group6));
	/* Type #2 has no CMI; too short for a group */
	fake_says(
	    f, v, "aaaa03 00005e 0004 0000000000000001 0800 0000 45000014");
	assert_int_equal(f->npackets, 3);
	assert_false(f->info.has_cmi);
	assert_int_equal(f->info.group.len, 0);
	/* our own packet, by the CMI of its protocol */
	fake_says(f, v, "aaaa03 00005e 0001 0005 0800 " IP4);
	fake_says(f, v, "aaaa03 00005e 0001 0009 86dd " IP6);
	assert_int_equal(f->npackets, 3);
	fake_says(f, v, "aaaa03 00005e 0001 0009 0800 " IP4);
	assert_int_equal(f->npackets, 4);
	fake_free(f);
}

static void
is_dropped(struct marsc_sent sent, enum marsc_drop why)
{
	assert_int_equal(sent.outcome, MARSC_SENT_DROPPED);
	assert_int_equal(sent.why, why);
}

/* What is said of a packet is what has become of it. */
static void
sending_says_what_happened(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr none = { 0 };
	struct marsc_sent sent;
	int i;

	(void)state;
	f->c->limits.held = 8;
	fake_registered(f);
	is_dropped(marsc_transmit(f->c, &none, "a", 1), MARSC_DROP_GROUP);
	for (i = 0; i < 8; i++) {
		sent = marsc_transmit(f->c, &group, "a", 1);
		assert_int_equal(sent.outcome, MARSC_SENT_HELD);
	}
	is_dropped(marsc_transmit(f->c, &group, "a", 1), MARSC_DROP_HELD);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0002", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c"));
	fake_leaf_ack(f, 11);
	fake_wait(f, MTIME_MS(100)); /* it waits for the other so long */
	sent = marsc_transmit(f->c, &group, "a", 1);
	assert_int_equal(sent.outcome, MARSC_SENT_OUT);
	assert_int_equal(sent.members, 1);
	fake_leaf_ack(f, 12);
	sent = marsc_transmit(f->c, &group, "a", 1);
	assert_int_equal(sent.members, 2);
	fake_leaf_drops(f, 11);
	sent = marsc_transmit(f->c, &group, "a", 1);
	assert_int_equal(sent.members, 1);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_HELD), 1);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_GROUP), 1);
	fake_free(f);
}

/* 5.1.1: what was held for an empty group is counted, and then all of it. */
static void
what_nobody_wants_is_dropped(void **state)
{
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	fake_registered(f);
	marsc_transmit(f->c, &group, "a", 1);
	marsc_transmit(f->c, &group, "b", 1);
	fake_says(f, fake_vc(f, 1), NAK("0a", G));
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_EMPTY), 2);
	is_dropped(marsc_transmit(f->c, &group, "c", 1), MARSC_DROP_EMPTY);
	assert_int_equal(marsc_drops(f->c, MARSC_DROP_EMPTY), 3);
	fake_free(f);
}

/* Joined before anything is there, and joined it stays. */
static void
joined(struct fake *f, struct fvc *to_mars)
{
	assert_int_equal(marsc_join(f->c, &group, &group, true), MARSC_OK);
	fake_expect(f, JOIN4("04", "8002", "0000", "00000000", "0a") G G);
	fake_says(
	    f, to_mars, JOIN4("04", "c002", "0000", "00000065", "0a") G G);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_JOINED, NULL), 1);
}

/* Other servers: nothing happens as long as the one in use is among them. */
static void
servers_can_change(void **state)
{
	struct atm_addr v[2] = { fake_addr(2), fake_addr(1) };
	struct fake *f = fake_new(10, 1, false);
	struct fvc *control, *vc;

	(void)state;
	control = fake_registered(f);
	joined(f, fake_vc(f, 1));
	assert_int_equal(marsc_set_servers(f->c, v, 0), MARSC_E_RANGE);
	assert_int_equal(marsc_set_servers(f->c, v, 2), MARSC_OK);
	assert_true(marsc_is_registered(f->c));
	assert_true(atm_addr_equal(marsc_server(f->c), &v[1]));

	assert_int_equal(marsc_set_servers(f->c, v, 1), MARSC_OK);
	assert_false(marsc_is_registered(f->c));
	assert_null(fake_vc(f, 1));
	assert_true(atm_addr_equal(marsc_server(f->c), &v[0]));
	vc = fake_ack(f, 2);
	fake_expect(f, JOIN4("00", "2003", "0000", "00000000", "0a"));
	assert_non_null(fake_calls(f, 2, true));
	fake_says(f, vc, JOIN4("00", "6003", "0006", "00000001", "0a"));
	assert_true(marsc_is_registered(f->c));
	assert_true(control->dead);
	fake_wait(f, MTIME_SEC(10));
	fake_expect(f, JOIN4("04", "8004", "0000", "00000000", "0a") G G);
	fake_free(f);
}

/* Before it registers, only where it will is changed. */
static void
servers_can_change_before(void **state)
{
	struct atm_addr v = fake_addr(2);
	struct fake *f = fake_new(10, 1, false);

	(void)state;
	assert_int_equal(marsc_set_servers(f->c, &v, 1), MARSC_OK);
	assert_true(atm_addr_equal(marsc_server(f->c), &v));
	assert_null(fake_vc(f, 2));
	marsc_register(f->c);
	fake_ack(f, 2);
	fake_expect(f, JOIN4("00", "2001", "0000", "00000000", "0a"));
	fake_free(f);
}

/*
 * Another link, with another address: the old circuits are released, and the
 * new address is registered and joins what was joined, at once.
 */
static void
the_link_can_change(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct fake *g = fake_new(20, 1, false); /* only its link */
	struct fvc *vc;
	int i;

	(void)state;
	fake_registered(f);
	joined(f, fake_vc(f, 1));
	marsc_transmit(f->c, &group, "a", 1);
	fake_expect(f,
	    MARS_LLC "000f 0800 0000000000 000000 0000 0000 0001 14 00 00 00 "
	    "00 04 0000000000000000 " NSAP("0a") G);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0001", "8001", "00000065", "0a", G) NSAP("0b"));
	fake_leaf_ack(f, 11);
	marsc_host_attach(f->host, &g->link);
	for (i = 0; i < f->nvcs; i++)
		assert_true(f->vcs[i].dead);
	assert_int_equal(fake_live_leaves(f), 0);
	assert_int_equal(fake_noted(f, MARSC_NOTICE_PATH_DOWN, NULL), 1);
	assert_false(marsc_is_registered(f->c));

	vc = fake_ack(g, 1);
	fake_expect(g, JOIN4("00", "2003", "0000", "00000000", "14"));
	assert_non_null(fake_calls(g, 1, true));
	fake_says(g, vc, JOIN4("00", "6003", "0006", "00000070", "14"));
	assert_true(marsc_is_registered(f->c));
	fake_expect(g, JOIN4("04", "8004", "0000", "00000000", "14") G G);
	fake_free(f);
	fake_free(g);
}

/* Without a link nothing is lost but packets. */
static void
a_host_can_wait_for_a_link(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	unsigned int number = 0;
	struct fsent *s;
	struct fvc *vc;
	char hex[512];

	(void)state;
	fake_registered(f);
	joined(f, fake_vc(f, 1));
	marsc_host_attach(f->host, NULL);
	assert_false(marsc_is_registered(f->c));
	is_dropped(marsc_transmit(f->c, &group, "a", 1), MARSC_DROP_CIRCUIT);
	fake_wait(f, MTIME_SEC(300));
	assert_int_equal(f->nvcs, 2); /* none but those of before */
	marsc_host_attach(f->host, &f->link);
	vc = fake_ack(f, 1);
	while ((s = fake_next(f)) != NULL)
		number = s->data[8 + 25]; /* mar$flags.sequence */
	assert_non_null(fake_calls(f, 1, true));
	(void)snprintf(hex, sizeof(hex),
	    JOIN4("00", "60%02x", "0006", "00000070", "0a"), number);
	fake_says(f, vc, hex);
	assert_true(marsc_is_registered(f->c));
	(void)snprintf(hex, sizeof(hex),
	    JOIN4("04", "80%02x", "0000", "00000000", "0a") G G, number + 1u);
	fake_expect(f, hex);
	fake_free(f);
}

/* What there is, as it is shown, while it changes. */
static void
shown(void **state)
{
	struct fake *f = fake_new(10, 1, false);
	struct paddr g[3], other = fake_group(239, 0, 0, 1);
	struct marsc_cursor at = { 0 };
	struct marsc_join_info j;
	struct marsc_path_info p;
	struct marsc_leaf_info l;
	struct marsc_stats s;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		g[i] = fake_group(224, 1, 2, (uint8_t)(3 + i));
		marsc_join(f->c, &g[i], &g[i], i == 0);
	}
	marsc_join(f->c, &g[0], &other, true);
	assert_true(marsc_joins(f->c, &at, &j));
	assert_true(paddr_equal(&j.min, &g[0]) && paddr_equal(&j.max, &g[0]));
	assert_true(j.layer3 && !j.joined);
	assert_string_equal(j.state, "wanted");
	/* where the cursor stands may be gone, and what follows, too */
	marsc_leave(f->c, &g[0], &g[0]);
	marsc_leave(f->c, &g[1], &g[1]);
	assert_true(marsc_joins(f->c, &at, &j));
	assert_true(paddr_equal(&j.min, &g[2]) && !j.layer3);
	assert_true(marsc_joins(f->c, &at, &j));
	assert_true(paddr_equal(&j.min, &g[0]) && paddr_equal(&j.max, &other));
	assert_false(marsc_joins(f->c, &at, &j));
	assert_false(marsc_joins(f->c, &at, &j));

	fake_registered(f);
	at = (struct marsc_cursor){ 0 };
	assert_false(marsc_paths(f->c, &at, &p));
	assert_false(marsc_leaves(f->c, &group, &at, &l));
	marsc_transmit(f->c, &group, "abc", 3);
	marsc_transmit(f->c, &other, "abc", 3);
	fake_says(f, fake_vc(f, 1),
	    MULTI("0003", "8001", "00000064", "0a", G) NSAP("0b") NSAP("0c")
		NSAP("0d"));
	fake_leaf_ack(f, 11);
	fake_leaf_ack(f, 13);
	fake_leaf_fails(f, 12, 41);
	fake_wait(f, MTIME_SEC(3));
	assert_int_equal(
	    marsc_transmit(f->c, &group, "abcd", 4).members, 2);
	fake_wait(f, MTIME_SEC(1));
	assert_true(marsc_paths(f->c, &at, &p));
	assert_true(paddr_equal(&p.group, &group));
	assert_string_equal(p.state, "up");
	assert_int_equal(p.leaves, 3);
	assert_int_equal(p.members, 2);
	assert_int_equal(p.packets, 2);
	assert_int_equal(p.octets, 12 + 3 + 12 + 4);
	assert_int_equal(p.copies, 4);
	assert_int_equal(p.dropped, 0);
	assert_int_equal(p.idle, MTIME_SEC(1));
	assert_true(marsc_paths(f->c, &at, &p));
	assert_true(paddr_equal(&p.group, &other));
	assert_string_equal(p.state, "asking");
	assert_int_equal(p.held, 1);
	assert_false(marsc_paths(f->c, &at, &p));
	at = (struct marsc_cursor){ 0 };
	for (i = 11; i <= 13; i++) {
		assert_true(marsc_leaves(f->c, &group, &at, &l));
		assert_int_equal(l.addr.num[6], i);
		assert_string_equal(l.state, i == 12 ? "tagged" : "up");
		assert_int_equal(l.has_circuit, i != 12);
		if (i != 12)
			assert_int_equal(l.circuit.peer_number, i);
	}
	assert_false(marsc_leaves(f->c, &group, &at, &l));
	marsc_stats(f->c, &s);
	assert_int_equal(s.paths, 2);
	assert_int_equal(s.held_octets, 12 + 3 + 160);
	assert_int_equal(s.requests, 1);
	assert_int_equal(s.joins, 2);
	assert_int_equal(s.join_rate, 100);
	assert_int_equal(s.request_rate, 50);
	fake_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_protocols_share_an_address),
		cmocka_unit_test(the_control_vc_of_who_has_gone_is_left),
		cmocka_unit_test(a_message_is_for_its_protocol),
		cmocka_unit_test(a_control_vc_is_one_protocols),
		cmocka_unit_test(a_control_vc_is_known_by_its_first_message),
		cmocka_unit_test(a_protocol_has_one_client),
		cmocka_unit_test(a_client_can_go_alone),
		cmocka_unit_test(a_packet_says_where_it_is_from),
		cmocka_unit_test(sending_says_what_happened),
		cmocka_unit_test(what_nobody_wants_is_dropped),
		cmocka_unit_test(servers_can_change),
		cmocka_unit_test(servers_can_change_before),
		cmocka_unit_test(the_link_can_change),
		cmocka_unit_test(a_host_can_wait_for_a_link),
		cmocka_unit_test(shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
