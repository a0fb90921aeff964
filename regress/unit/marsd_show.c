/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsctl gets to see of marsd's core. */
#include "marsnet.h"
#include "rows.h"

#define GROUP(n)	(0xe0010100U + (n))	/* 224.1.1.n */

/*
 * Two servers.  At the first are two clients, of which one joins a group and
 * the other that group and a block, and a multicast server of the group; at
 * the second is a client of the group.
 */
static struct net *
two_servers(struct nvc *v[4])
{
	struct net *net = net_new();

	net_start(net, 0);
	net_start(net, 1);
	v[0] = net_client(net, 0, 1);
	v[1] = net_client(net, 0, 2);
	v[2] = net_client(net, 1, 3);
	v[3] = net_mcs(net, 0, 9);
	net_join(v[3], 3, 0, GROUP(1), GROUP(1));
	net_join(v[0], 4, 0, GROUP(1), GROUP(1));
	net_join(v[1], 4, 0, GROUP(1), GROUP(1));
	net_join(v[1], 4, 0, GROUP(16), GROUP(31));
	net_join(v[2], 4, 0, GROUP(1), GROUP(1));
	net_wait(net, MTIME_SEC(5));
	ROWS_BEGIN();
	return net;
}

static void
summary_is_one_object(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_summary, m));
	rows_string("server-id", "192.0.2.1");
	rows_number("started", 5);
	rows_number("clusters", 1);
	rows_number("members", 2);
	rows_number("servers", 1);
	rows_number("dropped", 0);
	assert_false(ROWS_NEXT(marsd_show_summary, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

static void
each_cluster_has_a_row(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_clusters, m));
	rows_string("cluster", "lis1");
	rows_string("protocol", "ipv4");
	rows_string("address", "192.0.2.1");
	rows_number("members", 2);
	rows_number("servers", 1);
	/* a multicast server has one as well */
	rows_number("cmi-used", 3);
	assert_true(rows_value("records-remote")->number > 0);
	assert_false(ROWS_NEXT(marsd_show_clusters, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* By address; a member of another server with that server's identifier. */
static void
members_of_all_servers_have_rows(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_members, m));
	rows_string("cluster", "lis1");
	rows_string("protocol", "ipv4");
	rows_string("address", "10.0.0.1");
	rows_string("server", "local");
	rows_number("joins", 1);
	rows_number("confirmed", 1);
	rows_number("since", 5);
	assert_true(ROWS_NEXT(marsd_show_members, m));
	rows_string("address", "10.0.0.2");
	rows_number("joins", 2);
	assert_true(ROWS_NEXT(marsd_show_members, m));
	rows_string("address", "10.0.0.3");
	rows_string("server", "192.0.2.2");
	rows_number("joins", 1);
	rows_null("since");
	assert_false(ROWS_NEXT(marsd_show_members, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

static void
groups_and_blocks_name_their_members(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_groups, m));
	rows_string("cluster", "lis1");
	rows_string("group-min", "224.1.1.1");
	rows_string("group-max", "224.1.1.1");
	rows_number("member-count", 3);
	rows_array("members", "10.0.0.1 10.0.0.2 10.0.0.3");
	rows_number("server-count", 1);
	rows_array("servers", "10.0.0.9");
	assert_true(ROWS_NEXT(marsd_show_groups, m));
	rows_string("group-min", "224.1.1.16");
	rows_string("group-max", "224.1.1.31");
	rows_number("member-count", 1);
	rows_array("members", "10.0.0.2");
	rows_number("server-count", 0);
	rows_array("servers", "");
	assert_false(ROWS_NEXT(marsd_show_groups, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* Whoever came first, by address. */
static void
members_of_a_group_are_in_their_order(void **state)
{
	struct net *net = net_new();
	struct nvc *v[3];

	(void)state;
	net_start(net, 0);
	v[0] = net_client(net, 0, 7);
	v[1] = net_client(net, 0, 5);
	v[2] = net_client(net, 0, 6);
	net_join(v[2], 4, 0, GROUP(1), GROUP(1));
	net_join(v[0], 4, 0, GROUP(1), GROUP(1));
	net_join(v[1], 4, 0, GROUP(1), GROUP(1));
	net_wait(net, MTIME_SEC(5));
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(marsd_show_groups, net->s[0].mars));
	rows_array("members", "10.0.0.5 10.0.0.6 10.0.0.7");
	net_end(net, v[0], v[1], v[2], NULL);
}

/* The server itself among the others, by identifier. */
static void
each_server_has_a_row(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[1].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_servers, m));
	rows_string("oid", "192.0.2.1");
	rows_string("address", "192.0.2.1");
	rows_string("state", "alive");
	assert_true(ROWS_NEXT(marsd_show_servers, m));
	rows_string("oid", "192.0.2.2");
	rows_string("address", "192.0.2.2");
	rows_string("state", "self");
	assert_false(ROWS_NEXT(marsd_show_servers, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* Host map and server map, by record, with who says so. */
static void
each_join_has_a_row(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;
	static const char *const want[][4] = {
		{ "host", "10.0.0.1", "224.1.1.1", "local" },
		{ "host", "10.0.0.2", "224.1.1.1", "local" },
		{ "host", "10.0.0.2", "224.1.1.16", "local" },
		{ "host", "10.0.0.3", "224.1.1.1", "192.0.2.2" },
		{ "server", "10.0.0.9", "224.1.1.1", "local" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_true(ROWS_NEXT(marsd_show_joins, m));
		rows_string("map", want[i][0]);
		rows_string("address", want[i][1]);
		rows_string("group-min", want[i][2]);
		rows_string("server", want[i][3]);
		rows_number("counts", 1);
	}
	assert_false(ROWS_NEXT(marsd_show_joins, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* What one has joined, on which circuit, and what came of its messages. */
static void
one_member_in_full(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_member, m));
	assert_true(ROWS_NEXT(marsd_show_member, m));
	rows_string("address", "10.0.0.2");
	rows_string("circuit", "10.0.0.2");
	rows_array("joined", "224.1.1.1 224.1.1.16-224.1.1.31");
	rows_string("leaf", "up");
	/* it registered and joined twice, and was answered */
	rows_number("messages-in", 3);
	assert_true(rows_value("messages-out")->number >= 1);
	rows_number("messages-refused", 0);
	rows_null("refused");
	assert_true(ROWS_NEXT(marsd_show_member, m));
	rows_string("address", "10.0.0.3");
	rows_null("circuit");
	rows_null("leaf");
	assert_false(ROWS_NEXT(marsd_show_member, m));
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(marsd_show_mcs_one, m));
	rows_string("address", "10.0.0.9");
	rows_array("serves", "224.1.1.1");
	assert_false(ROWS_NEXT(marsd_show_mcs_one, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* Our own address first, then the servers that live. */
static void
the_redirect_map_in_its_order(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[1].mars;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_redirects, m));
	rows_number("place", 1);
	rows_string("address", "192.0.2.2");
	rows_string("oid", "192.0.2.2");
	assert_true(ROWS_NEXT(marsd_show_redirects, m));
	rows_number("place", 2);
	rows_string("address", "192.0.2.1");
	assert_true(rows_value("next")->number > 0);
	assert_false(ROWS_NEXT(marsd_show_redirects, m));
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* The last error of the cluster and of the whole, until it is cleared. */
static void
what_went_wrong_last(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;
	struct atm_addr who;

	(void)state;
	assert_true(ROWS_NEXT(marsd_show_summary, m));
	rows_null("last-error");
	rows_null("last-error-age");
	assert_int_equal(atm_addr_parse(&who, "10.0.0.77"), 0);
	marsd_cluster_stranger(TAILQ_FIRST(&m->clusters), MARSD_EV_UNSERVED,
	    &(struct marsd_event){ .who = &who });
	assert_int_equal(net->s[0].events[MARSD_EV_UNSERVED], 1);
	/* again: it is remembered, and not told */
	marsd_cluster_stranger(TAILQ_FIRST(&m->clusters), MARSD_EV_UNSERVED,
	    &(struct marsd_event){ .who = &who });
	assert_int_equal(net->s[0].events[MARSD_EV_UNSERVED], 1);
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(marsd_show_summary, m));
	rows_string("last-error", "protocol is not served");
	rows_string("last-error-address", "10.0.0.77");
	rows_string("last-error-cluster", "lis1");
	rows_number("last-error-age", 0);
	marsd_clear_counters(m);
	ROWS_BEGIN();
	assert_true(ROWS_NEXT(marsd_show_clusters, m));
	rows_null("last-error");
	net_end(net, v[0], v[1], v[2], v[3], NULL);
}

/* Orders about who is not there say so; about who is, it is gone. */
static void
a_member_is_deregistered(void **state)
{
	struct nvc *v[4];
	struct net *net = two_servers(v);
	struct marsd *m = net->s[0].mars;
	struct atm_addr who;

	(void)state;
	assert_int_equal(atm_addr_parse(&who, "10.0.0.77"), 0);
	assert_non_null(marsd_deregister(m, "lis1", &who));
	assert_non_null(marsd_drop_circuit(m, "lis1", &who));
	assert_non_null(marsd_drop_member(m, "lis1", &who));
	assert_int_equal(atm_addr_parse(&who, "10.0.0.1"), 0);
	assert_non_null(marsd_deregister(m, "lis2", &who));
	assert_null(marsd_deregister(m, "lis1", &who));
	assert_true(ROWS_NEXT(marsd_show_members, m));
	rows_string("address", "10.0.0.2");
	assert_non_null(marsd_deregister(m, "lis1", &who));
	/* its circuit is still there */
	assert_null(marsd_drop_circuit(m, "lis1", &who));
	assert_non_null(marsd_drop_circuit(m, "lis1", &who));
	net_end(net, v[1], v[2], v[3], NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(summary_is_one_object),
		cmocka_unit_test(each_cluster_has_a_row),
		cmocka_unit_test(members_of_all_servers_have_rows),
		cmocka_unit_test(groups_and_blocks_name_their_members),
		cmocka_unit_test(members_of_a_group_are_in_their_order),
		cmocka_unit_test(each_server_has_a_row),
		cmocka_unit_test(each_join_has_a_row),
		cmocka_unit_test(one_member_in_full),
		cmocka_unit_test(the_redirect_map_in_its_order),
		cmocka_unit_test(what_went_wrong_last),
		cmocka_unit_test(a_member_is_deregistered),
	};

	return cmocka_run_group_tests_name("marsd show", tests, NULL, NULL);
}
