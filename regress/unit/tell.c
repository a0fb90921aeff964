/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/* links: marsd */

/* Control VCs that fall behind (issue 16). */
#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))
#define JOIN	4
#define LEAVE	5
#define MSERV	3
#define UNSERV	7
#define SJOIN	8
#define SLEAVE	9
#define MAP	12
#define MIGRATE	13

/* A server with a watcher, and another client whose joins are seen. */
static struct net *
two_clients(struct nvc **a, struct nvc **b)
{
	struct net *net = net_new();

	net_start(net, 0);
	*a = net_client(net, 0, 1);
	*b = net_client(net, 0, 2);
	return net;
}

/* what waits is told once, with as many pairs as there are */
static void
changes_that_wait_are_one_message(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	uint32_t csn = net_number(net, 0, CCVC);

	(void)state;
	net_join(a, LEAVE, 0, G(1), G(1));	/* of nothing: an echo */
	net_clear(net);
	net->busy = true;
	net_join(a, JOIN, 0, G(10), G(10));
	net_join(a, JOIN, 0, G(20), G(29));
	net_join(a, JOIN, 0, G(11), G(11));
	net_join(a, JOIN, 0, G(40), G(40));
	net_join(a, LEAVE, 0, G(40), G(40));
	/* each is answered, by itself and at once */
	assert_int_equal(net_count(net, 0, PRIV, JOIN), 4);
	assert_int_equal(net_count(net, 0, PRIV, LEAVE), 1);
	assert_int_equal(net->nsent, 5);
	assert_int_equal(net_number(net, 0, CCVC), csn);
	net_clear(net);
	net_drain(net, 0);
	assert_int_equal(net->nsent, 1);
	check_pairs(net_only(net, 0, CCVC, JOIN), 2, G(10), G(11), G(20),
	    G(29));
	assert_int_equal(MSN(&net->sent[0]), csn);
	assert_int_equal(net_number(net, 0, CCVC), csn + 1);
	assert_int_equal(net_counter(net, 0, "changes-pended"), 5);
	net_clear(net);
	/* and what comes after goes at once again */
	net_join(a, LEAVE, 0, G(20), G(29));
	check_pairs(net_only(net, 0, CCVC, LEAVE), 1, G(20), G(29));
	assert_int_equal(net->nsent, 1);
	net_end(net, a, b, NULL);
}

/*
 * While changes come, copies rest for as long as they took, and what comes
 * meanwhile goes with them; but never for long.
 */
static void
copies_rest_while_changes_come(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);

	(void)state;
	net_join(a, JOIN, 0, G(1), G(1));
	net->busy = true;
	net_wait(net, MTIME_MS(20));
	net_join(a, JOIN, 0, G(10), G(10));
	net_clear(net);
	net_drain(net, 0);
	net_wait(net, MTIME_MS(19));
	assert_int_equal(net->nsent, 0);
	net_join(a, JOIN, 0, G(11), G(11));
	net_clear(net);	/* its echo */
	net_wait(net, MTIME_MS(1));
	check_pairs(net_only(net, 0, CCVC, JOIN), 1, G(10), G(11));
	net->busy = true;
	net_wait(net, MTIME_SEC(60));
	net_join(a, JOIN, 0, G(20), G(20));
	net_clear(net);
	net_drain(net, 0);
	assert_int_equal(net->nsent, 0);
	net_wait(net, MTIME_MS(100));
	check_pairs(net_only(net, 0, CCVC, JOIN), 1, G(20), G(20));
	net_end(net, a, b, NULL);
}

/* who has asked in between knows of the join, and has to hear of the leave */
static void
what_was_answered_is_told(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);

	(void)state;
	net->busy = true;
	net_join(a, JOIN, 0, G(10), G(10));
	net_join(a, JOIN, 0, G(11), G(11));
	net_request(b, G(10));
	net_join(a, LEAVE, 0, G(10), G(10));
	net_join(a, LEAVE, 0, G(11), G(11));
	net_clear(net);
	net_drain(net, 0);
	check_pairs(net_only(net, 0, CCVC, LEAVE), 1, G(10), G(10));
	assert_int_equal(net->nsent, 1);
	net_end(net, a, b, NULL);
}

/* The number that the members see is one more than if nothing were lost. */
static void
check_jump(struct net *net, uint32_t csn)
{
	const struct sent *t = net_only(net, 0, CCVC, MAP);

	assert_int_equal(net->nsent, 1);
	/* who has seen csn already, by a private message, notices (5.1.5) */
	assert_true(MSN(t) >= csn + 2);
	assert_int_equal(net->s[0].events[MARSD_EV_REVALIDATE], 1);
	assert_int_equal(net_counter(net, 0, "revalidations-forced"), 1);
}

static void
too_much_makes_members_revalidate(void **state)
{
	struct net *net = net_new();
	struct nvc *a, *b;
	uint32_t csn, i;

	(void)state;
	net_cluster_conf(net, 0)->max_backlog = 3;
	net_start(net, 0);
	a = net_client(net, 0, 1);
	b = net_client(net, 0, 2);
	csn = net_number(net, 0, CCVC);
	net->busy = true;
	for (i = 0; i < 10; i++)
		net_join(a, JOIN, 0, G(2 * i), G(2 * i));
	assert_int_equal(net_count(net, 0, PRIV, JOIN), 10);
	net_clear(net);
	assert_int_equal(net_number(net, 0, CCVC), csn);
	net_wait(net, MTIME_SEC(1));
	net_drain(net, 0);
	check_jump(net, csn);
	net_clear(net);
	net_join(a, LEAVE, 0, G(0), G(0));
	check_pairs(net_only(net, 0, CCVC, LEAVE), 1, G(0), G(0));
	/* once in 10 s, however much is lost; the rest waits for that */
	net_clear(net);
	net->busy = true;
	for (i = 20; i < 30; i++)
		net_join(a, JOIN, 0, G(2 * i), G(2 * i));
	net_clear(net);
	net_drain(net, 0);
	net_join(a, JOIN, 0, G(99), G(99));
	assert_int_equal(net_count(net, 0, CCVC, JOIN), 0);
	assert_int_equal(net_count(net, 0, CCVC, MAP), 0);
	net_wait(net, MTIME_SEC(10));
	assert_int_equal(net_count(net, 0, CCVC, MAP), 1);
	assert_int_equal(net_counter(net, 0, "revalidations-forced"), 2);
	net_end(net, a, b, NULL);
}

/* very many that are given up are not all freed in one turn */
static void
what_is_given_up_goes_first(void **state)
{
	struct net *net = net_new();
	struct marsd_control *ctl;
	struct nvc *a, *b;
	struct buf m;
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->max_backlog = 7999;
	net_cluster_conf(net, 0)->rate = 1000000;
	net_cluster_conf(net, 0)->rate_total = 1000000;
	net_start(net, 0);
	a = net_client(net, 0, 1);
	b = net_client(net, 0, 2);
	ctl = &net_proto(net, 0)->control[CCVC];
	net->busy = true;
	for (i = 0; i < 7999; i++)
		net_join(i % 2 ? a : b, JOIN, 0, G(2 * i), G(2 * i));
	assert_int_equal(ctl->backlog.ranges, 7999);
	b_join(&m, JOIN, 0, a->peer, 1, G(2 * i), G(2 * i));
	net_put(a, &m);
	net_clear(net);
	net->busy = false;
	timers_run(&net->ts, net->ts.now);
	assert_in_range(ctl->backlog.ranges, 1, 7999);
	assert_int_equal(net_count(net, 0, CCVC, MAP), 0);
	net_wait(net, 0);
	assert_int_equal(ctl->backlog.ranges, 0);
	assert_int_equal(net_count(net, 0, CCVC, MAP), 1);
	net_end(net, a, b, NULL);
}

static void
a_full_queue_makes_members_revalidate(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	uint32_t csn = net_number(net, 0, CCVC);
	struct buf m;

	(void)state;
	net->full = true;
	b_join(&m, JOIN, 0, a->peer, 1, G(1), G(1));
	net_put(a, &m);
	assert_int_equal(net->nsent, 0);
	net->busy = true;
	net_wait(net, MTIME_SEC(1));
	net_drain(net, 0);
	check_jump(net, csn);
	net_end(net, a, b, NULL);
}

static void
a_lost_copy_makes_members_revalidate(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	struct marsd_control *ctl = &net_proto(net, 0)->control[CCVC];
	uint32_t csn = net_number(net, 0, CCVC);

	(void)state;
	net->busy = true;
	net_join(a, JOIN, 0, G(1), G(1));
	net_clear(net);
	marsd_vc_user.overflow(ctl->root->link->arg, ctl->root, ctl);
	net_drain(net, 0);
	net_wait(net, 0);
	check_jump(net, csn);
	net_end(net, a, b, NULL);
}

/* the whole VC has gone: who is a leaf of the next one has missed something */
static void
a_vc_that_is_built_again_shows_that(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	struct marsd_control *ctl = &net_proto(net, 0)->control[CCVC];
	uint32_t csn = net_number(net, 0, CCVC);
	struct vc *root = ctl->root;

	(void)state;
	net->busy = true;
	net_join(a, JOIN, 0, G(1), G(1));
	net->busy = false;
	vc_release(root, VC_CAUSE_NORMAL);
	marsd_control_rebuild(ctl);
	net_settle(net);
	net_clear(net);
	net_join(a, JOIN, 0, G(2), G(2));
	assert_true(MSN(net_only(net, 0, CCVC, JOIN)) >= csn + 2);
	net_end(net, a, b, NULL);
}

/* 6.2.2: MIGRATE for the first, JOIN for the second; 5.1.6: a group each */
static void
servers_that_wait_keep_the_order(void **state)
{
	struct nvc *a, *b, *m, *n;
	struct net *net = two_clients(&a, &b);

	(void)state;
	m = net_mcs(net, 0, 8);
	n = net_mcs(net, 0, 9);
	net_join(a, JOIN, 0, G(1), G(2));
	net_clear(net);
	net->busy = true;
	net_join(b, JOIN, 0, G(1), G(1));
	net_join(n, MSERV, 0, G(1), G(2));
	net_join(m, MSERV, 0, G(1), G(2));
	net_join(n, UNSERV, 0, G(1), G(2));
	/* their answers do not wait */
	assert_int_equal(net_count(net, 0, PRIV, MSERV), 2);
	assert_int_equal(net_count(net, 0, PRIV, UNSERV), 1);
	assert_int_equal(net_count(net, 0, CCVC, MIGRATE), 0);
	net_clear(net);
	net_drain(net, 0);
	assert_int_equal(net_count(net, 0, CCVC, MIGRATE), 2);
	assert_int_equal(OP(&net->sent[0]), MIGRATE);
	assert_int_equal(OP(&net->sent[1]), MIGRATE);
	check_pairs(net_only(net, 0, CCVC, JOIN), 1, G(1), G(2));
	assert_memory_equal(
	    net_only(net, 0, CCVC, JOIN)->p + OFF(32), HOST(8).num, 20);
	assert_int_equal(OP(&net->sent[2]), JOIN);
	/* the senders were never told of b: the groups are served */
	check_pairs(net_only(net, 0, CCVC, LEAVE), 1, G(1), G(2));
	assert_memory_equal(
	    net_only(net, 0, CCVC, LEAVE)->p + OFF(32), HOST(9).num, 20);
	assert_int_equal(OP(&net->sent[3]), LEAVE);
	/* n has come and gone */
	check_pairs(net_only(net, 0, SCVC, MSERV), 1, G(1), G(2));
	net_end(net, a, b, m, n, NULL);
}

static void
what_mcs_hear_waits_too(void **state)
{
	struct nvc *a, *b, *m;
	struct net *net = two_clients(&a, &b);

	(void)state;
	m = net_mcs(net, 0, 9);
	net_join(m, MSERV, 0, G(0), G(99));
	net_join(a, JOIN, 0, G(5), G(5));
	net_clear(net);
	net->busy = true;
	net_join(a, LEAVE, 0, G(5), G(5));
	net_join(b, JOIN, 0, G(1), G(1));
	net_join(b, JOIN, 0, G(3), G(3));
	net_clear(net);
	net_drain(net, 0);
	check_pairs(net_only(net, 0, SCVC, SLEAVE), 1, G(5), G(5));
	check_pairs(
	    net_only(net, 0, SCVC, SJOIN), 2, G(1), G(1), G(3), G(3));
	assert_int_equal(net->nsent, 2);
	net_end(net, a, b, m, NULL);
}

/* 5,000 joins that a neighbor tells of, as after a partition */
static void
a_flood_of_records_is_few_messages(void **state)
{
	struct nvc *a, *b, *c, *w;
	struct net *net = net_new();
	uint32_t i;

	(void)state;
	net_cluster_conf(net, 0)->rate = 1000000;
	net_cluster_conf(net, 0)->rate_total = 1000000;
	net_start(net, 0);
	net_start(net, 1);
	w = net_client(net, 1, 50);
	a = net_client(net, 0, 1);
	b = net_client(net, 0, 2);
	c = net_client(net, 0, 3);
	net->s[1].cut = true;
	for (i = 0; i < 4000; i++)
		net_join(i % 2 ? a : b, JOIN, 0, G(2 * i), G(2 * i));
	net_join(c, JOIN, 0, G(0), G(0x0fffffff));
	net->s[1].cut = false;
	net_clear(net);
	net->busy = true;
	net_tell(net, 0, 1, true, true);
	net_drain(net, 1);
	/* 2000 pairs of 8 octets: two messages */
	assert_int_equal(net_count(net, 1, CCVC, JOIN), 2 + 2 + 1);
	net_end(net, a, b, c, w, NULL);
}

/* --- a record of a neighbor costs what it changes, whatever its range */

static void
serve_record(struct net *net, int to, uint8_t state, int32_t seq)
{
	uint8_t oid[4], buf[CSA_MAX];
	struct csa c;
	size_t n;

	memset(&c, 0, sizeof(c));
	net_oid(1, oid);
	c.pro.type = 0x0800;
	c.state = state;
	c.atm = HOST(90);
	c.min.len = c.max.len = 4;
	memset(c.max.a, 0xff, 4);
	n = csa_encode(&c, buf, sizeof(buf));
	assert_true(n != 0);
	marsd_csa_update(net->s[to].mars, 1, oid, 0x30000, seq,
	    CSA_HOW_FLOODED, buf, n);
}

static void
an_mcs_of_everything_costs_no_more(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	uint32_t csn = net_number(net, 0, CCVC);

	(void)state;
	serve_record(net, 0, CSA_SERVE, 1);
	net_wait(net, 0);
	assert_int_equal(net->nsent, 0); /* no group has members */
	net_request(b, G(1));
	assert_int_equal(net_count(net, 0, PRIV, 2), 1); /* */
	net_clear(net);
	serve_record(net, 0, CSA_UNSERVE, 2);
	check_pairs(net_only(net, 0, CCVC, LEAVE), 1, 0, 0xffffffff);
	net_join(a, JOIN, 0, G(1), G(1));
	net_clear(net);
	csn = net_number(net, 0, CCVC);
	serve_record(net, 0, CSA_SERVE, 3);
	net_wait(net, 0);
	check_jump(net, csn);
	net_end(net, a, b, NULL);
}

/* another MCS serves two groups of it: these are JOINs (6.2.2) */
static void
an_mcs_of_everything_joins_the_others(void **state)
{
	struct nvc *a, *b, *m;
	struct net *net = two_clients(&a, &b);

	(void)state;
	m = net_mcs(net, 0, 9);
	net_join(m, MSERV, 0, G(7), G(8));
	net_join(m, MSERV, 0, G(20), G(20));
	net_clear(net);
	serve_record(net, 0, CSA_SERVE, 1);
	check_pairs(net_only(net, 0, CCVC, JOIN), 2, G(7), G(8), G(20),
	    G(20));
	net_end(net, a, b, m, NULL);
}

/* --- steps: what is looked at, which a client is charged for */

static uint64_t
steps(struct nvc *v, unsigned op, uint32_t min, uint32_t max)
{
	struct marsd_cluster *c = net_proto(v->net, v->server)->cluster;

	net_join(v, op, 0, min, max);
	return c->walked;
}

/*
 * A join among 4,000 single ones costs what one among few does; one of all
 * costs in proportion to them, and its sender can't do that for long.
 */
static void
a_client_pays_for_what_it_causes(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	uint32_t i, done = 0;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	/* as many at once as an honest client may need */
	for (i = 0; i < 4000; i++)
		assert_true(steps(v, JOIN, G(2 * i), G(2 * i)) < 4);
	assert_int_equal(net_show(net, 0, "joins"), 4000);
	net_wait(net, MTIME_SEC(30)); /* its burst is whole again */
	assert_in_range(steps(v, JOIN, G(0), G(9000)), 4000, 4100);
	assert_true(net_dropped(net, 0, MARSD_DROP_RATE) == 0);
	net_clear(net);
	for (i = 0; i < 200; i++) {
		net_join(v, LEAVE, 0, G(0), G(9000));
		net_join(v, JOIN, 0, G(0), G(9000));
	}
	done = 400 - (uint32_t)net_dropped(net, 0, MARSD_DROP_RATE);
	/* 250 messages' worth each, of 4,096 */
	assert_in_range(done, 14, 18);
	/* nobody else pays for that */
	net_join(w, JOIN, 0, G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(2)));
	net_end(net, v, w, NULL);
}

/* An MCS of everything, before 4,000 groups with members. */
static void
a_record_of_everything_walks_little(void **state)
{
	struct net *net = net_new();
	struct marsd_cluster *c;
	struct nvc *v;
	uint32_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 4000; i++)
		net_join(v, JOIN, 0, G(2 * i), G(2 * i));
	c = net_proto(net, 0)->cluster;
	c->walked = 0;
	for (i = 0; i < 100; i++) {
		serve_record(net, 0, CSA_SERVE, (int32_t)(2 * i));
		serve_record(net, 0, CSA_UNSERVE, (int32_t)(2 * i + 1));
	}
	assert_true(c->walked < 400);
	net_wait(net, MTIME_SEC(60));
	assert_true(net_counter(net, 0, "revalidations-forced") < 3);
	net_end(net, v, NULL);
}

/* --- the rest */

/* All leaves have gone before the VC had drained: nothing stays for ever. */
static void
nothing_waits_for_an_idle_vc(void **state)
{
	struct nvc *a, *b, *c;
	struct net *net = two_clients(&a, &b);

	(void)state;
	net->busy = true;
	net_join(a, JOIN, 0, G(1), G(1));
	net_vanish(net, HOST(1));
	net_vanish(net, HOST(2));
	net->busy = false;
	c = net_client(net, 0, 3);
	net_join(c, JOIN, 0, G(2), G(2));
	check_pairs(net_only(net, 0, CCVC, JOIN), 1, G(2), G(2));
	net_clear(net);
	net_join(c, JOIN, 0, G(3), G(3));
	check_pairs(net_only(net, 0, CCVC, JOIN), 1, G(3), G(3));
	net_end(net, a, b, c, NULL);
}

/* A long list to very many goes out a turn's worth at a time. */
static void
a_long_list_to_many_is_divided(void **state)
{
	struct nvc *a, *b;
	struct net *net = two_clients(&a, &b);
	struct marsd_control *ctl = &net_proto(net, 0)->control[CCVC];
	uint32_t leaves = ctl->leaves;

	(void)state;
	net_join(a, JOIN, 0, G(2), G(2));
	net_join(a, JOIN, 0, G(4), G(4));
	net_clear(net);
	ctl->leaves = 1000000;
	net_join(a, JOIN, 0, G(0), G(9));
	ctl->leaves = leaves;
	assert_int_equal(net_count(net, 0, PRIV, JOIN), 1);
	check_pairs(net_only(net, 0, CCVC, JOIN), 3, G(0), G(1), G(3), G(3),
	    G(5), G(9));
	assert_int_equal(net_counter(net, 0, "changes-pended"), 3);
	net_end(net, a, b, NULL);
}

/* issue 16: the hard redirect goes first, the rest is dropped */
static void
who_stops_drops_what_waits(void **state)
{
	struct net *net = net_new();
	struct conf_backup *backup = calloc(1, sizeof(*backup));
	struct nvc *a, *b;

	(void)state;
	assert_non_null(backup);
	backup->addr = SERVER(3);
	TAILQ_INSERT_TAIL(&net_cluster_conf(net, 0)->backups, backup, entry);
	net_start(net, 0);
	a = net_client(net, 0, 1);
	b = net_client(net, 0, 2);
	net->busy = true;
	net_join(a, JOIN, 0, G(1), G(1));
	net_clear(net);
	marsd_shutdown(net->s[0].mars);
	assert_int_equal(net_count(net, 0, CCVC, MAP), 1);
	assert_int_equal(net->nsent, 1);
	net_drain(net, 0);
	assert_int_equal(net->nsent, 1);
	net_end(net, a, b, NULL);
}

/* doc/nvc.md, rule 7: no list is longer than who gets it takes */
static void
lists_fit_who_gets_them(void **state)
{
	struct net *net = net_new();
	struct nvc *v[40];
	uint32_t i, found = 0;

	(void)state;
	net_start(net, 0);
	for (i = 0; i < 40; i++) {
		v[i] = net_client(net, 0, 1 + (int)i);
		net_join(v[i], JOIN, 0, G(1), G(1));
	}
	net->sdu_max = VC_SDU_MIN;
	net_clear(net);
	net_request(v[0], G(1));
	for (i = 0; i < net->nsent; i++) {
		assert_true(net->sent[i].len <= VC_SDU_MIN);
		found += TNUM(&net->sent[i]);
	}
	assert_int_equal(found, 40);
	for (i = 0; i < 40; i++)
		net_hangup(v[i]);
	net_end(net, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_that_wait_are_one_message),
		cmocka_unit_test(copies_rest_while_changes_come),
		cmocka_unit_test(what_was_answered_is_told),
		cmocka_unit_test(too_much_makes_members_revalidate),
		cmocka_unit_test(what_is_given_up_goes_first),
		cmocka_unit_test(a_full_queue_makes_members_revalidate),
		cmocka_unit_test(a_lost_copy_makes_members_revalidate),
		cmocka_unit_test(a_vc_that_is_built_again_shows_that),
		cmocka_unit_test(servers_that_wait_keep_the_order),
		cmocka_unit_test(what_mcs_hear_waits_too),
		cmocka_unit_test(a_flood_of_records_is_few_messages),
		cmocka_unit_test(an_mcs_of_everything_costs_no_more),
		cmocka_unit_test(an_mcs_of_everything_joins_the_others),
		cmocka_unit_test(a_client_pays_for_what_it_causes),
		cmocka_unit_test(a_record_of_everything_walks_little),
		cmocka_unit_test(nothing_waits_for_an_idle_vc),
		cmocka_unit_test(a_long_list_to_many_is_divided),
		cmocka_unit_test(who_stops_drops_what_waits),
		cmocka_unit_test(lists_fit_who_gets_them),
	};

	return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
