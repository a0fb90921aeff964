/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What a configuration gives to each child, and what a child may ask for.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "atm.h"
#include "endpoint.h"
#include "parent/parent.h"
#include "vc.h"

static struct conf	*c;

static struct atm_addr
addr(uint8_t n, uint8_t sel)
{
	struct atm_addr a = { .num_tl = NSAPA_LEN, .num = { 0x47 } };

	a.num[18] = n;
	a.num[19] = sel;
	return a;
}

static void
listen_on(enum conf_transport transport, uint8_t own, uint8_t sel, uint8_t peer,
    int vci)
{
	struct conf_listen *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->transport = transport;
	l->addr = addr(own, sel);
	if (peer != 0)
		l->peer = addr(peer, 0);
	l->vci = vci;
	TAILQ_INSERT_TAIL(&c->listens, l, entry);
}

/* Clusters at 1, SEL 0 and 2, whose neighbor is 9, SEL 1. */
static int
setup(void **state)
{
	struct conf_cluster *a, *b, *g;

	(void)state;
	assert_non_null(c = conf_new());
	assert_non_null(a = conf_cluster_new(c, "a"));
	assert_non_null(b = conf_cluster_new(c, "b"));
	a->addr = addr(1, 0);
	b->addr = addr(1, 2);
	conf_neighbor_new(a)->addr = addr(9, 1);
	/* and a group of another protocol, whose neighbor is 30, SEL 1 */
	assert_non_null(g = conf_group_new(c, 5, 2));
	conf_neighbor_new(g)->addr = addr(30, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	conf_free(c);
	return 0;
}

static enum endpoint_owner
owner(bool marsd)
{
	return marsd ? ENDPOINT_MARSD : ENDPOINT_SCSPD;
}

static bool
is(bool marsd, size_t nth, enum conf_transport transport, struct atm_addr local,
    struct atm_addr peer)
{
	struct endpoint e;

	return conf_endpoint(c, owner(marsd), nth, &e) &&
	    e.transport == transport &&
	    atm_addr_equal(&e.local, &local) && atm_addr_equal(&e.peer, &peer);
}

static bool
ends(bool marsd, size_t nth)
{
	struct endpoint e;

	return !conf_endpoint(c, owner(marsd), nth, &e);
}

/* Two for each edge, whatever else listens; marsd and scspd have neither. */
static void
endpoints_of_edges(void **state)
{
	struct conf_edge *one, *two;
	struct atm_addr at;
	struct endpoint e;
	bool server;

	(void)state;
	assert_false(conf_endpoint(c, ENDPOINT_EDGED, 0, &e));
	assert_non_null(one = conf_edge_new(c, "one"));
	assert_non_null(two = conf_edge_new(c, "two"));
	one->addr = addr(1, 16);
	two->addr = addr(7, 4);
	assert_true(conf_endpoint(c, ENDPOINT_EDGED, 1, &e));
	at = addr(1, 17);
	assert_true(atm_addr_equal(&e.local, &at));
	assert_int_equal(e.transport, CONF_LISTEN_UDP);
	assert_ptr_equal(conf_edge_at(c, &at, &server), one);
	assert_true(server);
	assert_true(conf_endpoint(c, ENDPOINT_EDGED, 2, &e));
	assert_true(atm_addr_equal(&e.local, &two->addr));
	assert_ptr_equal(conf_edge_at(c, &two->addr, &server), two);
	assert_false(server);
	assert_false(conf_endpoint(c, ENDPOINT_EDGED, 4, &e));
	assert_true(conf_has_endpoint(
	    c, ENDPOINT_EDGED, CONF_LISTEN_UDP, &at, NULL, &e));
	assert_false(conf_has_endpoint(
	    c, ENDPOINT_MARSD, CONF_LISTEN_UDP, &at, NULL, &e));
	at = addr(1, 18);
	assert_null(conf_edge_at(c, &at, &server));
}

/* UDP and switched circuits: each cluster's address, and SEL 1 of all */
static void
endpoints_are_cluster_addresses_and_sel_1(void **state)
{
	struct atm_addr none = { 0 };

	(void)state;
	listen_on(CONF_LISTEN_ATM_SVC, 1, 0, 0, 0);
	listen_on(CONF_LISTEN_UDP, 3, 0, 0, 0);
	assert_true(is(true, 0, CONF_LISTEN_ATM_SVC, addr(1, 0), none));
	assert_true(is(true, 1, CONF_LISTEN_ATM_SVC, addr(1, 2), none));
	assert_true(ends(true, 2));
	assert_true(is(false, 0, CONF_LISTEN_ATM_SVC, addr(1, 1), none));
	assert_true(is(false, 1, CONF_LISTEN_UDP, addr(3, 1), none));
	assert_true(ends(false, 2));
}

/* a permanent circuit is scspd's where its peer is a neighbor, or by SEL */
static void
circuit_to_a_neighbor_is_scspds(void **state)
{
	(void)state;
	listen_on(CONF_LISTEN_ATM_PVC, 1, 0, 9, 100); /* the neighbor */
	listen_on(CONF_LISTEN_ATM_PVC, 1, 0, 5, 101); /* a client of a */
	listen_on(CONF_LISTEN_ATM_PVC, 1, 2, 6, 102); /* a client of b */
	listen_on(CONF_LISTEN_ATM_PVC, 1, 1, 7, 103); /* scspd's by SEL */
	listen_on(CONF_LISTEN_ATM_PVC, 4, 0, 8, 104); /* no cluster there */
	assert_true(is(false, 0, CONF_LISTEN_ATM_PVC, addr(1, 1), addr(9, 1)));
	assert_true(is(false, 1, CONF_LISTEN_ATM_PVC, addr(1, 1), addr(7, 0)));
	assert_true(ends(false, 2));
	assert_true(is(true, 0, CONF_LISTEN_ATM_PVC, addr(1, 0), addr(5, 0)));
	assert_true(is(true, 1, CONF_LISTEN_ATM_PVC, addr(1, 2), addr(6, 0)));
	assert_true(ends(true, 2));
}

static bool
may(enum parent_child_id id, int kind, struct atm_addr local,
    struct atm_addr peer)
{
	struct endpoint e;

	return parent_opening_allowed(
	    c, id, (enum atm_open)kind, &local, &peer, &e);
}

/* its own local address, and for scspd its neighbors */
static void
calls_from_own_address_only(void **state)
{
	struct atm_addr none = { 0 };

	(void)state;
	listen_on(CONF_LISTEN_ATM_SVC, 1, 0, 0, 0);
	assert_true(may(PARENT_MARSD, ATM_OPEN_LEAF, addr(1, 0), addr(5, 0)));
	assert_true(may(PARENT_MARSD, ATM_OPEN_CALL, addr(1, 2), addr(5, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_CALL, addr(1, 1), addr(9, 1)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_CALL, addr(2, 0), addr(5, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_CALL, addr(1, 0), none));
	assert_true(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 1), addr(9, 1)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 0), addr(9, 1)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 1), addr(9, 0)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 1), addr(5, 0)));
	assert_true(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 1), addr(30, 1)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_CALL, addr(1, 1), addr(30, 0)));
	assert_true(may(PARENT_MARSD, ATM_OPEN_LISTEN, addr(1, 0), none));
	assert_true(may(PARENT_SCSPD, ATM_OPEN_LISTEN, addr(1, 1), none));
	assert_false(may(PARENT_MARSD, ATM_OPEN_LISTEN, addr(1, 1), none));
	assert_false(
	    may(PARENT_MARSD, ATM_OPEN_LISTEN, addr(1, 0), addr(5, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_PVC, addr(1, 0), addr(5, 0)));
	assert_false(may(PARENT_MARSD, 0, addr(1, 0), addr(5, 0)));
	assert_false(may(PARENT_MARSD, 99, addr(1, 0), addr(5, 0)));
}

/* a call to itself, where the cluster at that address has parties */
static void
root_where_there_are_native_parties(void **state)
{
	struct atm_addr none = { 0 };

	(void)state;
	listen_on(CONF_LISTEN_ATM_SVC, 1, 0, 0, 0);
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 0), addr(1, 0)));
	assert_false(parent_parties_wanted(c));
	TAILQ_LAST(&c->clusters, conf_clusters)->native_parties = true;
	assert_true(parent_parties_wanted(c));
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 0), addr(1, 0)));
	assert_true(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 2), addr(1, 2)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 2), addr(5, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 2), none));
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(4, 0), addr(4, 0)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_ROOT, addr(1, 1), addr(1, 1)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_ROOT, addr(1, 2), addr(1, 2)));
}

/* over UDP or permanent circuits there are none */
static void
no_root_without_switched_circuits(void **state)
{
	(void)state;
	listen_on(CONF_LISTEN_UDP, 1, 0, 0, 0);
	TAILQ_FIRST(&c->clusters)->native_parties = true;
	assert_false(parent_parties_wanted(c));
	assert_false(may(PARENT_MARSD, ATM_OPEN_ROOT, addr(1, 0), addr(1, 0)));
}

/* a permanent circuit: that one, for that child, and no calls */
static void
pvc_of_that_child_only(void **state)
{
	(void)state;
	listen_on(CONF_LISTEN_ATM_PVC, 1, 0, 5, 101);
	assert_true(may(PARENT_MARSD, ATM_OPEN_PVC, addr(1, 0), addr(5, 0)));
	assert_false(may(PARENT_SCSPD, ATM_OPEN_PVC, addr(1, 1), addr(5, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_PVC, addr(1, 0), addr(6, 0)));
	assert_false(may(PARENT_MARSD, ATM_OPEN_CALL, addr(1, 0), addr(5, 0)));
	assert_false(
	    may(PARENT_MARSD, ATM_OPEN_LISTEN, addr(1, 0), addr(5, 0)));
}

/* causes by what a protocol does about them: A-111 tries again after 41 */
static void
cause_of_each_error(void **state)
{
	(void)state;
	assert_int_equal(atm_cause(0), 16);
	assert_int_equal(atm_cause(EADDRNOTAVAIL), 1);
	assert_int_equal(atm_cause(ECONNREFUSED), 21);
	assert_int_equal(atm_cause(EHOSTUNREACH), 27);
	assert_int_equal(atm_cause(ETIMEDOUT), 27);
	assert_int_equal(atm_cause(EUNATCH), 41);
	assert_int_equal(atm_cause(EADDRINUSE), 41);
	assert_int_equal(atm_cause(ENOBUFS), 47);
	assert_int_equal(atm_cause(EDOM), 31);
}

/* which module or which daemon is missing */
static void
sentence_says_what_is_missing(void **state)
{
	char buf[128];

	(void)state;
	atm_explain(true, EAFNOSUPPORT, buf, sizeof(buf));
	assert_non_null(strstr(buf, "load the kernel module atm"));
	atm_explain(true, EUNATCH, buf, sizeof(buf));
	assert_non_null(strstr(buf, "start atmsigd"));
	atm_explain(true, EADDRNOTAVAIL, buf, sizeof(buf));
	assert_non_null(strstr(buf, "add it with atmaddr"));
	atm_explain(false, ENODEV, buf, sizeof(buf));
	assert_non_null(strstr(buf, "load its driver"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(endpoints_are_cluster_addresses_and_sel_1),
		T(endpoints_of_edges),
		T(circuit_to_a_neighbor_is_scspds),
		T(calls_from_own_address_only),
		T(pvc_of_that_child_only),
		T(root_where_there_are_native_parties),
		T(no_root_without_switched_circuits),
		cmocka_unit_test(cause_of_each_error),
		cmocka_unit_test(sentence_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
