/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which flows go through the kernel, and when they come up again.  The kernel
 * is played by the test, which reads the table and counts in it; the real one
 * is that of regress/system/kernel.py.
 */
#include <arpa/inet.h>

#include "common/codec/ctl.h"
#include "edged/edge_impl.h"
#include "edged_sitenet.h"

#define LOOK	MTIME_MS(100)	/* offload.c looks as often */
#define IFINDEX	7

static struct kpath *table;

/* A registered edge whose LAN "a" the kernel knows. */
static struct site *
offload_site(void)
{
	struct site *s = site_new();

	table = calloc(1, sizeof(*table));
	assert_non_null(table);
	table->version = KPATH_VERSION;
	table->ttl = 64;
	s->net->port = 2022;
	assert_int_equal(edged_set_kernel(s->edged, table), 0);
	s->edge.kernel = true;
	site_configure(s);
	edged_port_set_kernel(edged_port_find(s->edged, "a"), IFINDEX);
	site_register(s);
	return s;
}

static void
offload_end(struct site *s)
{
	size_t i;

	site_free(s);
	/* the kernel is left nothing to send by */
	for (i = 0; i < KPATH_FLOWS; i++)
		assert_int_equal(table->flows[i].on, 0);
	free(table);
}

/* The flow that is in the table, if it is the only one; NULL: none is. */
static struct kpath_flow *
in_table(void)
{
	struct kpath_flow *f = NULL;
	size_t i;

	for (i = 0; i < KPATH_FLOWS; i++)
		if (table->flows[i].on) {
			assert_null(f);
			f = &table->flows[i];
		}
	return f;
}

/* A host sends to 239.1.1.1, whose members are .11 and .12. */
static void
flow_up(struct site *s)
{
	site_data(s, 0, "239.1.1.1");
	site_members(s);
	site_wait(s, LOOK);
}

/* And goes on sending, a little later: so that it is looked at again. */
static void
flow_goes_on(struct site *s)
{
	site_wait(s, LOOK);
	site_data(s, 0, "239.1.1.1");
	site_wait(s, LOOK);
}

static bool
by_kernel(struct site *s)
{
	uint8_t cursor[CTL_CURSOR_SIZE] = { 0 }, buf[CTL_ROW_MAX];
	struct ctl_value v;
	struct wr w;
	struct rd r;

	wr_init(&w, buf, sizeof(buf));
	assert_true(edged_show_flows(s->edged, cursor, &w));
	rd_init(&r, buf, w.len);
	assert_true(ctl_find_string(r, "path", &v));
	return strcmp(v.string, "kernel") == 0;
}

/* --- in */

/* What the kernel is told is what it needs to send as we would. */
static void
a_flow_goes_through_the_kernel(void **state)
{
	struct site *s = offload_site();
	const struct kpath_flow *f;
	const struct kpath_leaf *l;

	(void)state;
	site_data(s, 0, "239.1.1.1");
	site_wait(s, LOOK);
	assert_null(in_table()); /* nobody is known yet */
	site_members(s);
	flow_goes_on(s);
	f = in_table();
	assert_non_null(f);
	assert_true(by_kernel(s));
	assert_int_equal(f->key.ifindex, IFINDEX);
	assert_int_equal(ntohl(f->key.source[0]), 0x0a010102);
	assert_int_equal(ntohl(f->key.group[0]), 0xef010101);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->mtu, 1400);
	assert_int_equal(ntohl(f->saddr), 0x7f00000a);
	assert_int_equal(ntohs(f->sport), 2022);
	assert_int_equal(ntohs(f->cmi), 5);
	assert_int_equal(f->ttl, 64);
	assert_int_equal(f->ttl_min, 0);
	assert_int_equal(f->dscp_set, 0);
	l = &table->leaves[f->first];
	assert_int_equal(ntohl(l[0].dst), 0x7f00000b);
	assert_int_equal(ntohl(l[1].dst), 0x7f00000c);
	assert_int_equal(ntohs(l[0].port), 2022);
	/* the circuit, 64 bits in network order */
	assert_memory_equal(&l[0].circuit, "\0\0\0\0\0\0\0\x0b", 8);
	assert_int_equal(site_counter(s, "no-place"), 0);
	offload_end(s);
}

/* By the rule of the group: DSCP outside, and the least TTL. */
static void
the_rule_of_a_group_goes_along(void **state)
{
	struct edged_group_rule rule = { .group = { false, 8, { 239 } },
		.ttl_min = 3, .dscp = 46 };
	struct site *s = offload_site();
	const struct kpath_flow *f;

	(void)state;
	s->edge.policy.rules = &rule;
	s->edge.policy.nrules = 1;
	site_configure(s);
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	assert_int_equal(f->ttl_min, 3);
	assert_int_equal(f->dscp_set, 1);
	assert_int_equal(f->dscp, 46);
	offload_end(s);
}

/* Where each packet has to be copied here, or nothing else is wanted. */
static void
what_is_needed_here_stays_here(void **state)
{
	struct site *s = offload_site();

	(void)state;
	/* path user */
	s->edge.kernel = false;
	site_configure(s);
	flow_up(s);
	assert_null(in_table());
	/* another LAN of the edge wants it */
	s->edge.kernel = true;
	site_configure(s);
	site_report(s, 1, true);
	flow_goes_on(s);
	assert_null(in_table());
	/* and from then on nothing is in the way */
	site_report(s, 1, false);
	site_wait(s, MTIME_SEC(5)); /* it asks whether anybody else does */
	flow_goes_on(s);
	assert_non_null(in_table());
	offload_end(s);
}

/*
 * A member that the kernel can't send to, by ATM say, or whose end of the
 * circuit is not known: all copies are sent here.
 */
static void
a_member_out_of_its_reach_keeps_all_here(void **state)
{
	struct site *s = offload_site();

	(void)state;
	s->net->port = 0;
	flow_up(s);
	assert_null(in_table());
	/* it is tried again later, and not at each look */
	s->net->port = 2022;
	site_wait(s, MTIME_MS(50));
	assert_null(in_table());
	flow_goes_on(s);
	flow_goes_on(s);
	assert_non_null(in_table());
	offload_end(s);
}

/* There is no place: counted once for the flow, not for each try. */
static void
a_flow_without_a_place_is_counted(void **state)
{
	struct site *s = offload_site();
	struct edged_kernel *k;
	int i;

	(void)state;
	k = s->edged->kernel;
	/* all leaves are others' */
	memset(k->leaves, 1, sizeof(k->leaves));
	k->nleaves = KPATH_LEAVES;
	flow_up(s);
	for (i = 0; i < 5; i++)
		flow_goes_on(s);
	assert_null(in_table());
	assert_int_equal(site_counter(s, "no-place"), 1);
	memset(k->leaves, 0, sizeof(k->leaves));
	k->nleaves = 0;
	for (i = 0; i < 10; i++)
		flow_goes_on(s);
	assert_non_null(in_table());
	offload_end(s);
}

/* --- while it is there */

/* What the kernel has sent is counted as if we had. */
static void
what_the_kernel_sends_is_counted(void **state)
{
	struct site *s = offload_site();
	struct kpath_flow *f;

	(void)state;
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	assert_int_equal(site_shown(s, edged_show_flows, "packets"), 1);
	f->packets = 100;
	f->octets = 2800;
	f->copies = 198;
	f->failed = 2;
	site_wait(s, LOOK);
	assert_int_equal(site_shown(s, edged_show_flows, "packets"), 101);
	assert_int_equal(site_shown(s, edged_show_flows, "octets"), 2828);
	assert_int_equal(site_shown(s, edged_show_flows, "copies"), 200);
	assert_int_equal(site_shown(s, edged_show_flows, "dropped"), 2);
	assert_int_equal(site_counter(s, "kernel-packets"), 100);
	assert_int_equal(site_counter(s, "kernel-copies"), 198);
	assert_int_equal(site_counter(s, "out-copies"), 200);
	/* nothing twice */
	site_wait(s, LOOK);
	assert_int_equal(site_counter(s, "kernel-packets"), 100);
	assert_non_null(in_table());
	offload_end(s);
}

/* Who sends by the kernel is heard on the LAN. */
static void
a_source_is_heard_by_the_kernel(void **state)
{
	const struct paddr source = host_addr("10.1.1.2");
	struct site *s = offload_site();
	struct edged_port *p = edged_port_find(s->edged, "a");
	struct kpath_flow *f;
	int i;

	(void)state;
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	for (i = 0; i < 30; i++) {
		f->packets++;
		site_wait(s, LOOK);
	}
	assert_int_equal(mtime_diff(edged_senders_find(&p->lan.senders,
	    &source)->heard, s->edged->timers->now), 0);
	site_wait(s, MTIME_SEC(1));
	assert_int_equal(mtime_diff(edged_senders_find(&p->lan.senders,
	    &source)->heard, s->edged->timers->now), MTIME_SEC(1));
	offload_end(s);
}

/* Its counters are added up even if it is not there any more. */
static void
what_was_sent_before_it_was_taken_out_counts(void **state)
{
	struct site *s = offload_site();
	struct kpath_flow *f;

	(void)state;
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	fake_leaf_drops(s->net, 12);
	assert_int_equal(f->on, 0);
	f->packets = 3;
	f->copies = 6;
	site_wait(s, LOOK);
	assert_int_equal(site_counter(s, "kernel-packets"), 3);
	/* a second later its place is free, and nothing counts there */
	site_wait(s, MTIME_SEC(2));
	f->packets = 9;
	site_wait(s, LOOK);
	assert_int_equal(site_counter(s, "kernel-packets"), 3);
	offload_end(s);
}

/*
 * Of which too much is lost goes by our queue, for longer each time; one copy
 * of sixteen may be lost.
 */
static void
a_flow_that_loses_comes_up(void **state)
{
	struct site *s = offload_site();
	struct kpath_flow *f;
	int64_t wait[2];
	int i;

	(void)state;
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	f->packets = 16;
	f->copies = 30;
	f->failed = 2;
	site_wait(s, LOOK);
	assert_ptr_equal(in_table(), f);
	for (i = 0; i < 2; i++) {
		f = in_table();
		assert_non_null(f);
		f->packets += 16;
		f->copies += 28;
		f->failed += 4;
		site_wait(s, LOOK);
		assert_null(in_table());
		for (wait[i] = 0; in_table() == NULL && wait[i] < 1000;
		    wait[i]++)
			flow_goes_on(s);
	}
	assert_non_null(in_table());
	assert_true(wait[1] > wait[0]);
	offload_end(s);
}

/*
 * Once a minute it comes up, so that a packet does here what only a packet
 * does, and it goes back with the next look.
 */
static void
each_minute_it_comes_up(void **state)
{
	struct site *s = offload_site();
	int64_t up;

	(void)state;
	flow_up(s);
	for (up = 0; in_table() != NULL && up < 1000; up++)
		site_wait(s, LOOK);
	assert_in_range(up, 590, 610);
	flow_goes_on(s);
	assert_non_null(in_table());
	offload_end(s);
}

/* --- rates */

/*
 * The kernel sends all that it has been given, at each look for ten seconds;
 * much more comes than may.  So many octets went.
 */
static int64_t
sent_of_credit(struct site *s)
{
	struct kpath_flow *f;
	int64_t sum = 0, had;
	int i;

	flow_up(s);
	for (i = 0; i < 100; i++) {
		f = in_table();
		assert_non_null(f);
		assert_int_equal(f->limited, 1);
		had = f->credit;
		assert_in_range(had, 0, 65535);
		sum += had;
		f->credit -= had;
		f->packets += 20;
		f->octets += 20000;
		site_wait(s, LOOK);
	}
	return sum;
}

/*
 * Of a group, a LAN or a source with a rate of 80 kbit/s, 10,000 octets a
 * second and 65,535 at once are its share, and no octet more.
 */
static void
the_kernel_keeps_to_rates(void **state)
{
	struct edged_group_rule rule = { .group = { false, 8, { 239 } },
		.rate = 80000, .dscp = -1 };
	struct host_packet h;
	struct site *s;
	int64_t sent;
	int which;

	(void)state;
	for (which = 0; which < 3; which++) {
		s = offload_site();
		s->edge.policy.rules = &rule;
		s->edge.policy.nrules = which == 0;
		s->ports[0].lan.rate = which == 1 ? 80000 : 0;
		s->ports[0].lan.source_rate = which == 2 ? 80000 : 0;
		site_configure(s);
		sent = sent_of_credit(s);
		assert_in_range(sent, 9 * 10000, 65535 + 10 * 10000 + 1000);
		/* it is one rate, whoever sends: nothing is left for us, but
		 * what has come since the last look */
		site_packet(&h, "10.1.1.2", "239.1.1.1", 1400, 5, 0);
		site_input(s, 0, &h);
		site_input(s, 0, &h);
		assert_true(site_counter(s, which == 0 ? "flow-rate-group" :
		    which == 1 ? "rate-lan" : "rate-source") > 0);
		offload_end(s);
	}
}

/* No more is given than the flow needs, and what it owes is made up for. */
static void
a_flow_gets_what_it_needs(void **state)
{
	struct site *s = offload_site();
	struct kpath_flow *f;
	int i;

	(void)state;
	s->ports[0].lan.rate = 100000000;
	site_configure(s);
	flow_up(s);
	site_wait(s, LOOK);
	f = in_table();
	assert_non_null(f);
	assert_int_equal(f->credit, 28);	/* one packet */
	site_wait(s, LOOK);
	assert_int_equal(f->credit, 28);
	f->credit = -1000;
	site_wait(s, LOOK);
	assert_int_equal(f->credit, 28);
	/* 100 packets of 28 octets a second: 150 ms of it, and one */
	for (i = 0; i < 30; i++) {
		f->packets += 10;
		f->octets += 280;
		f->credit -= 280;
		site_wait(s, LOOK);
	}
	assert_int_equal(f->credit, 28 * 15 + 28);
	offload_end(s);
}

/* One without a rate needs none, and gets none. */
static void
without_a_rate_there_is_no_credit(void **state)
{
	struct site *s = offload_site();

	(void)state;
	flow_up(s);
	site_wait(s, LOOK);
	assert_int_equal(in_table()->limited, 0);
	assert_int_equal(in_table()->credit, 0);
	offload_end(s);
}

/* --- out, at once */

/* Each takes it out before another packet can go to whom it must not. */
static void
what_changes_a_flow_takes_it_out(void **state)
{
	struct site *s = offload_site();
	struct fvc *control;

	(void)state;
	flow_up(s);
	assert_non_null(in_table());
	/* a host of another LAN of ours wants it */
	site_report(s, 1, true);
	assert_null(in_table());
	site_report(s, 1, false);
	site_wait(s, MTIME_SEC(5)); /* it asks whether anybody else does */
	flow_goes_on(s);
	assert_non_null(in_table());
	/* a member leaves */
	fake_leaf_drops(s->net, 12);
	assert_null(in_table());
	flow_goes_on(s);
	assert_non_null(in_table());
	assert_int_equal(in_table()->n, 1);
	/* another joins: MARS_JOIN of .13, heard on ClusterControlVC */
	control = fake_calls(s->net, 1, true);
	assert_non_null(control);
	fake_says(s->net, control,
	    JOIN("04", "04", "0001", "4000", "0000", "00000065", "0d")
		SITE_GROUP SITE_GROUP);
	assert_non_null(in_table()); /* its circuit is not there yet */
	fake_leaf_ack(s->net, 13);
	assert_null(in_table());
	flow_goes_on(s);
	assert_int_equal(in_table()->n, 2);
	/* a reload */
	site_configure(s);
	assert_null(in_table());
	flow_goes_on(s);
	assert_non_null(in_table());
	/* the kernel does not know the LAN any more */
	edged_port_set_kernel(edged_port_find(s->edged, "a"), 0);
	assert_null(in_table());
	flow_goes_on(s);
	assert_null(in_table());
	edged_port_set_kernel(edged_port_find(s->edged, "a"), IFINDEX);
	flow_goes_on(s);
	assert_non_null(in_table());
	/* we don't forward any more */
	s->ports[0].lan.forward = EDGED_LAN_FORWARD_NEVER;
	site_configure(s);
	assert_null(in_table());
	flow_goes_on(s);
	assert_null(in_table());
	s->ports[0].lan.forward = EDGED_LAN_FORWARD_ALWAYS;
	site_configure(s);
	flow_goes_on(s);
	assert_non_null(in_table());
	/* the LAN goes down */
	edged_port_down(edged_port_find(s->edged, "a"));
	assert_null(in_table());
	offload_end(s);
}

/* The link goes, and the edge says goodbye. */
static void
without_circuits_nothing_is_there(void **state)
{
	struct site *s = offload_site();

	(void)state;
	flow_up(s);
	assert_non_null(in_table());
	edged_detach(s->edged, &s->net->link);
	assert_null(in_table());
	offload_end(s);
	s = offload_site();
	flow_up(s);
	assert_non_null(in_table());
	edged_shutdown(s->edged);
	assert_null(in_table());
	offload_end(s);
}

/* A LAN is not configured any more: nobody looks at what it had. */
static void
a_lan_that_goes_is_forgotten(void **state)
{
	struct site *s = offload_site();
	struct kpath_flow *f;

	(void)state;
	flow_up(s);
	f = in_table();
	assert_non_null(f);
	s->edge.ports = s->ports + 1;
	s->edge.nports = 0;
	site_configure(s);
	assert_null(in_table());
	f->packets = 5;
	site_wait(s, MTIME_SEC(3));
	assert_int_equal(site_counter(s, "kernel-packets"), 0);
	offload_end(s);
}

/* A table of another version is none of ours. */
static void
another_table_is_refused(void **state)
{
	struct site *s = site_new();

	(void)state;
	table = calloc(1, sizeof(*table));
	assert_non_null(table);
	table->version = KPATH_VERSION + 1;
	assert_int_equal(edged_set_kernel(s->edged, table), -1);
	site_free(s);
	free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_goes_through_the_kernel),
		cmocka_unit_test(the_rule_of_a_group_goes_along),
		cmocka_unit_test(what_is_needed_here_stays_here),
		cmocka_unit_test(a_member_out_of_its_reach_keeps_all_here),
		cmocka_unit_test(a_flow_without_a_place_is_counted),
		cmocka_unit_test(what_the_kernel_sends_is_counted),
		cmocka_unit_test(what_was_sent_before_it_was_taken_out_counts),
		cmocka_unit_test(a_flow_that_loses_comes_up),
		cmocka_unit_test(each_minute_it_comes_up),
		cmocka_unit_test(a_source_is_heard_by_the_kernel),
		cmocka_unit_test(the_kernel_keeps_to_rates),
		cmocka_unit_test(a_flow_gets_what_it_needs),
		cmocka_unit_test(without_a_rate_there_is_no_credit),
		cmocka_unit_test(what_changes_a_flow_takes_it_out),
		cmocka_unit_test(without_circuits_nothing_is_there),
		cmocka_unit_test(a_lan_that_goes_is_forgotten),
		cmocka_unit_test(another_table_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
