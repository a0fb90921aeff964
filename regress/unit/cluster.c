/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */
/* links: marsd */

#include "ctl.h"
#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

static uint64_t
bad(struct net *net, enum mars_drop d)
{
	return marsd_cluster(net->s[0].mars, "lis1")->bad[d];
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
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_LLC), 1);
	b = ok;
	b.p[7] = 4;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CODEPOINT), 1);
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
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_NHRP), 1);
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
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PRO), 1);
	for (op = 0; op < 20; op++) {
		if (op == 1 || op == 3 || op == 4 || op == 5 || op == 7 ||
		    op == 10)
			continue;
		b = ok;
		b.p[OFF(17)] = (uint8_t)op;
		net_put(v, &b);
	}
	assert_true(
	    bad(net, MARS_DROP_OP) + net_dropped(net, 0, MARSD_DROP_OP) > 8);
	assert_int_equal(net->nsent, 0);
	net_put(v, &ok);
	assert_int_equal(net->nsent, 1);
	net_end(net, v, NULL);
}

/*
 * R2022-10.2-06 to -10, R2022-10.3-01, A-103: what is not recognised is
 * skipped, or ends it silently, or with a word to the operator.
 */
static void
tlvs(void **state)
{
	static const struct {
		uint8_t type;
		bool taken;
		enum marsd_drop drop;
	} cases[] = {
		{ 0x38, true, MARSD_DROP_NONE },
		{ 0x78, false, MARSD_DROP_TLV },
		{ 0xb8, false, MARSD_DROP_TLV_ERROR },
		{ 0xf8, true, MARSD_DROP_NONE },
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
			assert_int_equal(net_dropped(net, 0, cases[i].drop), 1);
		net_clear(net);
	}
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 1);
	net_end(net, v, NULL);
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
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_SOURCE), 1);
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_proto(net, 0)->control[CCVC].registered, 1);
	net_hangup(w);
	w = net_call(net, 1, HOST(2));
	b_join(&b, 4, 0x2000, HOST(3), 0, 0, 0);
	net_put(w, &b);
	net_settle(net);
	(void)net_only(net, 1, PRIV, 4);
	net_end(net, w, v, NULL);
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
	assert_int_equal(marsd_vc_user.remote_call(
			     net->s[0].link.arg, &v->vc, &in, true, &cookie),
	    VC_CAUSE_REJECTED);
	net_end(net, v, NULL);
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
	struct marsd_proto *v6;
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
	assert_ptr_not_equal(
	    v6->control[CCVC].root, net_proto(net, 0)->control[CCVC].root);
	net_clear(net);
	/* 4 octets are no IPv6 group */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(2)] = 0x86;
	b.p[OFF(3)] = 0xdd;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RANGE), 1);
	/* SNAP 00-00-00-08-00 is IPv4 */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(2)] = 0x00;
	b.p[OFF(3)] = 0x80;
	b.p[OFF(7)] = 0x08;
	net_put(v, &b);
	assert_int_equal(g16(net_only(net, 0, CCVC, 4), 2), 0x0800);
	net_end(net, v, NULL);
}

/* names another protocol in a message: type and SNAP (4.3.2) */
static void
set_pro(struct buf *b, unsigned type, const char *snap)
{
	b->p[OFF(2)] = (uint8_t)(type >> 8);
	b->p[OFF(3)] = (uint8_t)type;
	memcpy(b->p + OFF(4), snap, 5);
}

static void
add_protocol(struct conf_cluster *c, uint16_t type, const char *snap)
{
	struct conf_protocol *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->pro.type = type;
	memcpy(p->pro.snap, snap, 5);
	TAILQ_INSERT_TAIL(&c->protocols, p, entry);
}

#define NOSNAP	"\0\0\0\0\0"

/*
 * R2022-6-01, -02, R2022-6.1.2-05, R2022-6.3-01, -02, R2022-9-01, -03,
 * R2022-4.1-01, R2022-4.3.2-02, -03, R2022-6-04: IPv4, an Ethertype, an
 * NLPID and a long form on one circuit; each has host map, server map, both
 * control VCs, CMIs and both numbers of its own, and addresses of any length
 * that its first JOIN brings.
 */
static void
any_protocol(void **state)
{
	static const struct {
		unsigned type;
		const char *snap;
	} pros[] = {
		{ 0x0800, NOSNAP },
		{ 0x809b, NOSNAP },
		{ 0x00cc, NOSNAP },
		{ 0x0080, "\x00\x80\xc2\x00\x01" },
	};
	struct net *net = net_new();
	struct conf_cluster *c = net_cluster_conf(net, 0);
	const struct sent *t;
	struct marsd_proto *p;
	struct nvc *v, *m;
	struct buf b;
	size_t i, k;

	(void)state;
	for (i = 1; i < 4; i++)
		add_protocol(c, (uint16_t)pros[i].type, pros[i].snap);
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	m = net_call(net, 0, HOST(9));
	p = net_proto(net, 0);
	for (i = 0; i < 4; i++, p = TAILQ_NEXT(p, entry)) {
		net_clear(net);
		p->control[CCVC].msn = 1000 * (uint32_t)(i + 1);
		p->control[SCVC].msn = 100 * (uint32_t)(i + 1);
		/* not registered by what it did for the one before */
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		set_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		assert_int_equal(
		    net_dropped(net, 0, MARSD_DROP_UNREGISTERED), i + 1);
		b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
		set_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		b_join(&b, 3, 0x2000, HOST(9), 0, 0, 0);
		set_pro(&b, pros[i].type, pros[i].snap);
		net_put(m, &b);
		net_settle(net);
		t = net_only(net, 0, PRIV, 4);
		assert_int_equal(CMI(t), 1); /* of its own range */
		assert_memory_equal(t->p + OFF(2), b.p + OFF(2), 7);
		assert_int_equal(p->control[CCVC].leaves, 1);
		assert_int_equal(p->control[SCVC].leaves, 1);
		net_clear(net);
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		set_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		t = net_only(net, 0, CCVC, 4);
		assert_memory_equal(t->p + OFF(2), b.p + OFF(2), 7);
		assert_int_equal(MSN(t), 1000 * (i + 1));
		net_clear(net);
		b_join(&b, 3, 0, HOST(9), 1, G(i), G(i));
		set_pro(&b, pros[i].type, pros[i].snap);
		net_put(m, &b);
		assert_int_equal(
		    MSN(net_only(net, 0, CCVC, 13)), 1000 * (i + 1) + 1);
		assert_int_equal(MSN(net_only(net, 0, SCVC, 3)), 100 * (i + 1));
	}
	/* a group in one is no group in the others, nor served there */
	for (i = 0; i < 4; i++)
		for (k = 0; k < 4; k++) {
			net_clear(net);
			b_request(&b, HOST(1), G(k));
			set_pro(&b, pros[i].type, pros[i].snap);
			net_put(v, &b);
			if (i != k) {
				(void)net_only(net, 0, PRIV, 6);
				continue;
			}
			t = net_only(net, 0, PRIV, 2);
			assert_memory_equal(t->p + OFF(2), b.p + OFF(2), 7);
			assert_int_equal(MSN(t), 1000 * (i + 1) + 2);
			assert_memory_equal(t->p + OFF(56), HOST(9).num, 20);
		}
	/* each has its regular map on its own control VCs */
	net_clear(net);
	net_wait(net, MTIME_SEC(60));
	assert_int_equal(net_count(net, 0, CCVC, 12), 4);
	assert_int_equal(net_count(net, 0, SCVC, 12), 4);
	/* out of one: still in the others */
	net_clear(net);
	b_join(&b, 5, 0x2000, HOST(1), 0, 0, 0);
	set_pro(&b, pros[3].type, pros[3].snap);
	net_put(v, &b);
	p = net_proto(net, 0);
	for (i = 0; i < 4; i++, p = TAILQ_NEXT(p, entry))
		assert_int_equal(p->control[CCVC].registered, i != 3);
	net_end(net, m, v, NULL);
}

/* what the first JOIN of an unknown protocol says, all others say. */
static void
address_length(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;

	(void)state;
	net_cluster_conf(net, 0)->protocols.tqh_first->pro.type = 0x809b;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	set_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	net_settle(net);
	net_clear(net);
	/* <7, 9> of one octet each */
	b_join(&b, 4, 0, HOST(1), 0, 0, 0);
	set_pro(&b, 0x809b, NOSNAP);
	b.p[OFF(21)] = 1;
	b.p[OFF(23)] = 1;
	b8(&b, 7);
	b8(&b, 9);
	net_put(v, &b);
	assert_int_equal(net_count(net, 0, CCVC, 4), 1);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	set_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	b_request(&b, HOST(1), G(1));
	set_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_RANGE), 2);
	assert_int_equal(net->nsent, 0);
	net_end(net, v, NULL);
}

/*
 * R2022-9-05, R2022-5.2.1-21, R2022-5.2.1-20: an IPv6 client from JOIN to
 * MARS_MULTI, octet by octet: spln and tpln are 16.
 */
static void
ipv6(void **state)
{
	static const uint8_t spa[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
	static const uint8_t min[16] = { 0xff, 0x02, [15] = 0xff };
	static const uint8_t max[16] = { 0xff, 0x02, [14] = 1, [15] = 0 };
	static const uint8_t out[16] = { 0xff, 0x02, [14] = 1, [15] = 1 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_cluster_conf(net, 0)->protocols.tqh_first->pro.type = 0x86dd;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	set_pro(&b, 0x86dd, NOSNAP);
	net_put(v, &b);
	net_settle(net);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 0, 0, 0);
	set_pro(&b, 0x86dd, NOSNAP);
	b.p[OFF(20)] = 16;
	b.p[OFF(21)] = 16;
	b.p[OFF(23)] = 1;
	bn(&b, spa, 16);
	bn(&b, min, 16);
	bn(&b, max, 16);
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(t->len, b.len);
	assert_int_equal(t->p[OFF(20)], 16);
	assert_int_equal(t->p[OFF(21)], 16);
	assert_memory_equal(t->p + OFF(32), b.p + OFF(32), b.len - OFF(32));
	net_clear(net);
	b_request(&b, HOST(1), 0);
	set_pro(&b, 0x86dd, NOSNAP);
	b.p[OFF(23)] = 16;
	b.len -= 4;
	bn(&b, max, 16);
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 2);
	assert_int_equal(t->p[OFF(23)], 16);
	assert_memory_equal(t->p + OFF(52), max, 16);
	assert_memory_equal(t->p + OFF(68), HOST(1).num, 20);
	assert_int_equal(t->len, OFF(88));
	net_clear(net);
	memcpy(b.p + OFF(52), out, 16);
	net_put(v, &b);
	(void)net_only(net, 0, PRIV, 6);
	net_end(net, v, NULL);
}

/*
 * R2022-4.3.2-06, -07, A-135: who asks in the long form for what has a short
 * one is answered in the short one; R2022-4.3.2-04, -05: SNAP of a short
 * form means nothing, and is sent as zero.
 */
static void
short_form(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	set_pro(&b, 0x0080, "\x00\x00\x00\x08\x00");
	net_put(v, &b);
	net_settle(net);
	t = net_only(net, 0, PRIV, 4);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	set_pro(&b, 0x0800, "\x12\x34\x56\x78\x9a");
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	net_clear(net);
	b_request(&b, HOST(1), G(1));
	set_pro(&b, 0x0080, "\x00\x00\x00\x08\x00");
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 2);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	/* another OUI is another protocol, which isn't served */
	set_pro(&b, 0x0080, "\x00\x80\xc2\x08\x00");
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PRO), 1);
	net_end(net, v, NULL);
}

/*
 * R2022-4.1-03, -04, -05, R2022-4-02: two clusters on one server, with
 * addresses that differ in SEL: each with its own members, maps, CMIs,
 * numbers, backups and counters, and redirected alone.
 */
static void
clusters(void **state)
{
	struct net *net = net_new();
	struct conf_cluster *c;
	struct conf_protocol *p = calloc(1, sizeof(*p));
	struct atm_addr sel2 = net_addr(0xc0000201U, 2), to = SERVER(2);
	struct marsd_cluster *c1, *c2;
	const struct sent *t;
	struct marsd_proto *p1, *p2;
	struct nvc *v, *w;

	(void)state;
	assert_non_null(p);
	c = conf_cluster_new(net->s[0].conf, "lis2");
	assert_non_null(c);
	c->addr = sel2;
	c->server_group = 2;
	c->cmi_min = 1;
	c->cmi_max = 9;
	p->pro.type = 0x0800;
	TAILQ_INSERT_TAIL(&c->protocols, p, entry);
	net_start(net, 0);
	/* the second cluster has the link of a server that isn't there */
	c1 = marsd_cluster(net->s[0].mars, "lis1");
	c2 = marsd_cluster(net->s[0].mars, "lis2");
	net->s[3].link = net->s[0].link;
	net->s[3].link.local = sel2;
	net->s[3].link.arg = c2;
	marsd_cluster_attach(c2, &net->s[3].link);
	p1 = TAILQ_FIRST(&c1->protos);
	p2 = TAILQ_FIRST(&c2->protos);
	v = net_client(net, 0, 1);
	w = net_call(net, 3, HOST(1));
	net_join(w, 4, 0, G(1), G(1));
	assert_int_equal(c2->drops[MARSD_DROP_UNREGISTERED], 1);
	assert_int_equal(c1->drops[MARSD_DROP_UNREGISTERED], 0);
	net_join(w, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 3, PRIV, 4)), 1);
	net_clear(net);
	p1->control[CCVC].msn = 1000;
	p2->control[CCVC].msn = 2000;
	net_join(v, 4, 0, G(1), G(1));
	assert_int_equal(MSN(net_only(net, 0, CCVC, 4)), 1000);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(p2->control[CCVC].msn, 2000);
	net_clear(net);
	net_request(w, G(1));
	(void)net_only(net, 3, PRIV, 6);
	net_clear(net);
	/* each map names the cluster's own address */
	net_wait(net, MTIME_SEC(60));
	t = net_only(net, 0, CCVC, 12);
	assert_memory_equal(t->p + OFF(32), SERVER(0).num, 20);
	t = net_only(net, 3, CCVC, 12);
	assert_memory_equal(t->p + OFF(32), sel2.num, 20);
	assert_memory_equal(t->p + OFF(52), sel2.num, 20);
	net_clear(net);
	assert_null(marsd_redirect(net->s[0].mars, "lis2", true, &to, NULL));
	(void)net_only(net, 3, CCVC, 12);
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_join(w, 5, 0x2000, 0, 0);
	assert_int_equal(p1->control[CCVC].registered, 1);
	assert_int_equal(p2->control[CCVC].registered, 0);
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, w, v, NULL);
}

/*
 * R2022-4.1-09, R2022-4.2-04: a layer 3 packet of either encapsulation, and
 * an ATMARP message, on a client's circuit: nothing goes anywhere, and the
 * circuit is good for MARS messages as before.
 */
static void
not_forwarded(void **state)
{
	static const uint8_t heads[3][8] = {
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x01 },
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e, 0x00, 0x04 },
		{ 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00, 0x08, 0x06 },
	};
	struct net *net = net_new();
	struct nvc *v, *w;
	struct buf b;
	size_t i;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(w, 4, 0, G(1), G(1));
	net_clear(net);
	for (i = 0; i < 3; i++) {
		b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
		memcpy(b.p, heads[i], 8);
		net_put(v, &b);
		net_settle(net);
	}
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CODEPOINT), 3);
	assert_int_equal(net->nsent, 0);
	net_join(v, 4, 0, G(1), G(1));
	(void)net_only(net, 0, CCVC, 4);
	net_end(net, w, v, NULL);
}

/*
 * R2022-10.2-06 to -09, R2022-10.3-01, -02, R2022-D-02: the list decides
 * before any operation, of every operation and before the checks that depend
 * on it; the first that stops does, whatever follows it.
 */
static void
tlvs_of_all(void **state)
{
	static const unsigned ops[] = { 1, 3, 4, 5, 7, 10, 2 };
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;
	size_t i, n = 0;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	for (i = 0; i < 7; i++) {
		if (ops[i] <= 2) {
			b_request(&b, HOST(1), G(1));
			b.p[OFF(17)] = (uint8_t)ops[i];
			b.p[OFF(15)] = 56;
		} else {
			b_join(&b, ops[i], 0x4000, HOST(1), 1, G(1), G(1));
			b.p[OFF(15)] = 60;
		}
		/* one of Type.x 0 with 5 octets, one of 3, one of 1 */
		bn(&b,
		    "\x38\x01\x00\x05"
		    "abcde\0\0\0",
		    12);
		bn(&b, "\xf8\x02\x00\x00", 4);
		bn(&b, "\x78\x03\x00\x00", 4);
		bn(&b, "\xb8\x04\x00\x00", 4);
		b32(&b, 0);
		net_put(v, &b);
		assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV), ++n);
	}
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV_ERROR), 0);
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 0);
	assert_int_equal(net->nsent, 0);
	/* the Null TLV alone; and what is behind it doesn't count */
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b.p[OFF(15)] = 60;
	b32(&b, 0);
	bn(&b, "\x78\x03\x00\x00", 4);
	net_put(v, &b);
	(void)net_only(net, 0, CCVC, 4);
	net_end(net, v, NULL);
}

/*
 * empty source before anything else that is wrong, protocol before
 * TLVs, TLVs before the operation, that before the registration
 * (R2022-6-05, R2022-F-02).
 */
static void
check_order(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 2, 0x4000, HOST(1), 1, G(1), G(1));
	b.p[OFF(17)] = 8; /* an MCS's, not ours */
	b.p[OFF(15)] = 60;
	bn(&b, "\xb8\x04\x00\x00\0\0\0\0", 8);
	set_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_PRO), 1);
	set_pro(&b, 0x0800, NOSNAP);
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_TLV_ERROR), 1);
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 1);
	b.p[OFF(60)] = 0x38;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_OP), 1);
	b.p[OFF(17)] = 4;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_COPY), 1);
	b.p[OFF(24)] = 0;
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	/* no number, though a subaddress: R2022-6-06, R2022-4.3-02 */
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	b.p[OFF(18)] = 0;
	b.p[OFF(19)] = 20;
	b.p[OFF(12)] = 0x12; /* and a bad checksum */
	net_put(v, &b);
	assert_int_equal(bad(net, MARS_DROP_NO_SOURCE), 1);
	assert_int_equal(bad(net, MARS_DROP_CHECKSUM), 0);
	assert_int_equal(net->nsent, 0);
	net_end(net, v, NULL);
}

/*
 * R2022-5.2.1-04, R2022-5.1.2-08, R2022-4.3.6-01, R2022-4.3.4-01, A-128:
 * what is reserved is ignored when it comes and zero when it goes.
 */
static void
reserved(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	b_join(&b, 4, 0x1f21, HOST(1), 1, G(1), G(1));
	memset(b.p + OFF(9), 0xff, 3); /* mar$hdrrsv */
	b.p[OFF(18)] |= 0x80;
	b.p[OFF(19)] = 0xc0; /* null, of E.164 */
	memset(b.p + OFF(26), 0xff, 6); /* cmi, msn */
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x4021);
	assert_memory_equal(t->p + OFF(9), "\0\0", 3);
	assert_int_equal(t->p[OFF(18)], 20);
	assert_int_equal(t->p[OFF(19)], 0);
	assert_int_equal(g16(t, 14), 0); /* no TLVs */
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, v, NULL);
}

/*
 * A reload with another range of CMIs: those in use aren't given out again
 * (R2022-5.2.3-03), none is lost, and what others gave out stays barred
 * (A-20).
 */
static void
reload_cmis(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct conf *old = s->conf;
	struct conf_cluster *c;
	struct nvc *v[5];
	unsigned i, seen = 0;

	(void)state;
	net_cluster_conf(net, 0)->cmi_max = 4;
	net_start(net, 0);
	v[0] = net_client(net, 0, 1); /* has 1 */
	v[1] = net_client(net, 0, 2); /* has 2 */
	marsd_cmi_taken(&net_proto(net, 0)->cmi, 4);
	c = net_conf(s, 0);
	c->cmi_min = 2;
	c->cmi_max = 5;
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_int_equal(net_proto(net, 0)->cmi.used, 2);
	for (i = 2; i < 5; i++) {
		v[i] = net_call(net, 0, HOST(1 + i));
		net_join(v[i], 4, 0x2000, 0, 0);
		if (net_count(net, 0, PRIV, 4) == 1)
			seen |= 1U << CMI(net_only(net, 0, PRIV, 4));
		net_clear(net);
	}
	assert_int_equal(seen, 1 << 3 | 1 << 5);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CMI), 1);
	assert_int_equal(net_proto(net, 0)->cmi.used, 4);
	/* 1 isn't ours any more; 2 is */
	net_join(v[0], 5, 0x2000, 0, 0);
	net_join(v[1], 5, 0x2000, 0, 0);
	net_clear(net);
	net_join(v[0], 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 2);
	net_join(v[1], 4, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CMI), 2);
	for (i = 0; i < 5; i++)
		net_hangup(v[i]);
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
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
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
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_true(TAILQ_EMPTY(&net->leaves));
	net_end(net, v, NULL);
}

/* Rows: bounded, each once, and cursors that survive what goes between. */
static void
shows(void **state)
{
	struct net *net = net_new();
	struct marsd *m;
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
		if (!marsd_show_groups(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
	}
	assert_int_equal(n, 2);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_members(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
		if (n == 100) /* the one that it stands on goes */
			net_join(v[100], 5, 0x2000, 0, 0);
	}
	assert_int_equal(n, 300);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_servers(m, cursor, &w))
			break;
	}
	assert_int_equal(n, 2);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_counters(m, cursor, &w))
			break;
		assert_false(wr_failed(&w));
	}
	assert_true(n > 40);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_summary(m, cursor, &w))
			break;
	}
	assert_int_equal(n, 1);
	memset(cursor, 0, sizeof(cursor));
	for (n = 0;; n++) {
		wr_init(&w, row, sizeof(row));
		if (!marsd_show_clusters(m, cursor, &w))
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
		cmocka_unit_test(any_protocol),
		cmocka_unit_test(address_length),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(short_form),
		cmocka_unit_test(clusters),
		cmocka_unit_test(not_forwarded),
		cmocka_unit_test(tlvs_of_all),
		cmocka_unit_test(check_order),
		cmocka_unit_test(reserved),
		cmocka_unit_test(reload),
		cmocka_unit_test(reload_cmis),
		cmocka_unit_test(shows),
	};

	return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
