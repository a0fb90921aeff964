/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/* links: marsd */

#include "ctl.h"
#include "ctlserver.h"
#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

static uint64_t
bad(struct net *net, enum mars_drop d)
{
	return mars_cluster(net->s[0].mars, "lis1")->bad[d];
}

/*
 * R2022-4.3.5-03, R2022-6-03, -05, -06, A-101, A-104 to A-106: each fault
 * has its own counter and no answer; op.version 1 is NHRP's.
 */
static void
faults(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf ok, b;
	unsigned op;

	(void)state;
	net_cluster_conf(net, 0)->rate = 0;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	b_join(&ok, 4, 0, HOST(1), 1, G(1), G(1));
	b = ok;
	b.len = 7;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, DROP_LLC), 1);
	b = ok;
	b.p[7] = 4;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, DROP_CODEPOINT), 1);
	b = ok;
	b.len--;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_TRUNCATED), 1);
	b = ok;
	b.p[OFF(1)] = 1;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_AFN), 1);
	b = ok;
	b.p[OFF(16)] = 1;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, DROP_NHRP), 1);
	b.p[OFF(16)] = 2;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_VERSION), 1);
	b = ok;
	b.p[OFF(12)] = 0x12;
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_CHECKSUM), 1);
	b = ok;
	b.p[OFF(2)] = 0x86;
	b.p[OFF(3)] = 0xdd;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, DROP_PRO), 1);
	for (op = 0; op < 20; op++) {
		if (op == 1 || op == 3 || op == 4 || op == 5 || op == 7 ||
		    op == 10)
			continue;
		b = ok;
		b.p[OFF(17)] = (uint8_t)op;
		net_put(v, &b);
	}
	assert_true(bad(net, MARS_DROP_OP) + net_dropped(net, 0, DROP_OP) > 8);
	assert_int_equal(net->nsent, 0);
	net_put(v, &ok);
	assert_int_equal(net->nsent, 1);
	net_hangup(v);
	net_free(net);
}

/*
 * R2022-10.2-06 to -10, R2022-10.3-01, A-103: what is not recognised is
 * skipped, or ends it silently, or with a word to the operator.
 */
static void
tlvs(void **state)
{
	static const struct {
		uint8_t		type;
		bool		taken;
		enum drop	drop;
	} cases[] = {
		{ 0x38, true, DROP_NONE },
		{ 0x78, false, DROP_TLV },
		{ 0xb8, false, DROP_TLV_ERROR },
		{ 0xf8, true, DROP_NONE },
	};
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 4; i++) {
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		b.p[OFF(15)] = 60;
		b8(&b, cases[i].type);
		b8(&b, 1);
		b16(&b, 0);
		b32(&b, 0);
		net_put(v, &b);
		assert_int_equal(net->nsent, cases[i].taken);
		if (!cases[i].taken)
			assert_int_equal(net_dropped(net, 0, cases[i].drop),
			    1);
		net_clear(net);
	}
	assert_int_equal(net->s[0].events[MARS_EV_REFUSED], 1);
	net_hangup(v);
	net_free(net);
}

/* nobody speaks for another, unless the configuration lets him. */
static void
strict_source(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;
	struct buf b;

	(void)state;
	net_cluster_conf(net, 1)->strict_source = false;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_call(net, 0, HOST(2));
	b_join(&b, 5, 0x2000, HOST(1), 0, 0, 0);
	net_put(w, &b);
	assert_int_equal(net_dropped(net, 0, DROP_SOURCE), 1);
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_proto(net, 0)->control[CCVC].registered, 1);
	net_hangup(w);
	w = net_call(net, 1, HOST(2));
	b_join(&b, 4, 0x2000, HOST(3), 0, 0, 0);
	net_put(w, &b);
	net_settle(net);
	(void)net_only(net, 1, PRIV, 4);
	net_hangup(w);
	net_hangup(v);
	net_free(net);
}

/* Who is not allowed is not even connected; nor is a leaf's call taken. */
static void
allow(void **state)
{
	struct net *net = net_new();
	struct conf_prefix *p = calloc(1, sizeof(*p));
	struct atm_addr in = HOST(1), out = SERVER(9);
	struct nvc *v;
	void *cookie;

	(void)state;
	assert_non_null(p);
	p->prefix.bits = 8;
	p->prefix.a[0] = 10;
	TAILQ_INSERT_TAIL(&net_cluster_conf(net, 0)->allow, p, entry);
	net_start(net, 0);
	assert_null(net_call(net, 0, out));
	v = net_call(net, 0, in);
	assert_non_null(v);
	assert_int_equal(cluster_vc_user.remote_call(net->s[0].link.arg,
	    &v->vc, &in, true, &cookie), CAUSE_REJECTED);
	net_hangup(v);
	net_free(net);
}

/*
 * R2022-6-01, -02, R2022-6.3-02, R2022-9-01, A-135: protocols are apart, the
 * long form of a short one included; their control VCs, CMIs and numbers too.
 */
static void
protocols(void **state)
{
	struct net *net = net_new();
	struct conf_protocol *p = calloc(1, sizeof(*p));
	struct proto *v6;
	struct nvc *v;
	struct buf b;

	(void)state;
	assert_non_null(p);
	p->pro.type = 0x86dd;
	TAILQ_INSERT_TAIL(&net_cluster_conf(net, 0)->protocols, p, entry);
	net_start(net, 0);
	v = net_client(net, 0, 1);
	v6 = TAILQ_NEXT(net_proto(net, 0), entry);
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	b.p[OFF(2)] = 0x86;
	b.p[OFF(3)] = 0xdd;
	net_put(v, &b);
	net_settle(net);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 1);
	assert_int_equal(v6->control[CCVC].registered, 1);
	assert_ptr_not_equal(v6->control[CCVC].root,
	    net_proto(net, 0)->control[CCVC].root);
	net_clear(net);
	/* 4 octets are no IPv6 group */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(2)] = 0x86;
	b.p[OFF(3)] = 0xdd;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, DROP_RANGE), 1);
	/* SNAP 00-00-00-08-00 is IPv4 */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(2)] = 0x00;
	b.p[OFF(3)] = 0x80;
	b.p[OFF(7)] = 0x08;
	net_put(v, &b);
	assert_int_equal(g16(net_only(net, 0, CCVC, 4), 2), 0x0800);
	net_hangup(v);
	net_free(net);
}

/* A reload: members stay; what is gone from the configuration goes. */
static void
reload(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct conf *old = s->conf;
	struct conf_cluster *c;
	struct conf_protocol *p;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	c = net_conf(s, 0);
	c->cmi_min = 500;
	assert_int_equal(mars_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_true(net_finds(v, G(1), HOST(1)));
	net_clear(net);
	net_hangup(v);
	v = net_call(net, 0, HOST(2));
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 500);
	/* without the protocol, its members are taken back */
	old = s->conf;
	c = net_conf(s, 0);
	p = TAILQ_FIRST(&c->protocols);
	p->pro.type = 0x86dd;
	net_clear(net);
	assert_int_equal(mars_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_true(TAILQ_EMPTY(&net->leaves));
	net_hangup(v);
	net_free(net);
}

/* Rows: bounded, each once, and cursors that survive what goes between. */
static void
shows(void **state)
{
	struct net *net = net_new();
	struct mars *m;
	struct nvc *v[300];
	uint8_t cursor[CTL_CURSOR_SIZE], row[CTL_ROW_MAX];
	struct wr w;
	size_t i, n;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	m = net->s[0].mars;
	for (i = 0; i < 300; i++) {
		v[i] = net_client(net, 0, (int)i + 1);
		net_join(v[i], 4, 0, G(1), G(1));
	}
	net_join(v[0], 4, 0, G(2), G(9));
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_groups(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
	}
	assert_int_equal(n, 2);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_members(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
		if (n == 100)		/* the one that it stands on goes */
			net_join(v[100], 5, 0x2000, 0, 0);
	}
	assert_int_equal(n, 300);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_servers(m, cursor, &w))
			break;
	}
	assert_int_equal(n, 2);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_counters(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
	}
	assert_true(n > 40);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_summary(m, cursor, &w))
			break;
	}
	assert_int_equal(n, 1);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!mars_show_clusters(m, cursor, &w))
			break;
	}
	assert_int_equal(n, 1);
	for (i = 0; i < 300; i++)
		net_hangup(v[i]);
	net_free(net);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults),
		cmocka_unit_test(tlvs),
		cmocka_unit_test(strict_source),
		cmocka_unit_test(allow),
		cmocka_unit_test(protocols),
		cmocka_unit_test(reload),
		cmocka_unit_test(shows),
	};

	return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
