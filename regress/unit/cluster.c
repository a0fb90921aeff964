/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "ctl.h"
#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/*
 * R2022-6-01, -02, R2022-6.3-02, R2022-9-01, A-135: protocols are apart, the
 * long form of a short one included; their control VCs, CMIs and numbers too.
 */
static void
protocols_are_apart(void **state)
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
	assert_int_equal(net_row(net, 0, 1, "members"), 1);
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

static void
add_protocol(struct conf_cluster *c, uint16_t type, const char *snap)
{
	struct conf_protocol *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->pro.type = type;
	memcpy(p->pro.snap, snap, 5);
	TAILQ_INSERT_TAIL(&c->protocols, p, entry);
}

/*
 * R2022-6-01, -02, R2022-6.1.2-05, R2022-6.3-01, -02, R2022-9-01, -03,
 * R2022-4.1-01, R2022-4.3.2-02, -03, R2022-6-04: IPv4, an Ethertype, an
 * NLPID and a long form on one circuit; each has host map, server map, both
 * control VCs, CMIs and both numbers of its own, and addresses of any length
 * that its first JOIN brings.
 */
static void
each_protocol_has_all_of_its_own(void **state)
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
		net_set_numbers(net, 0, (int)i, 1000 * (uint32_t)(i + 1),
		    100 * (uint32_t)(i + 1));
		/* not registered by what it did for the one before */
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		b_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		assert_int_equal(
		    net_dropped(net, 0, MARSD_DROP_UNREGISTERED), i + 1);
		b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
		b_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		b_join(&b, 3, 0x2000, HOST(9), 0, 0, 0);
		b_pro(&b, pros[i].type, pros[i].snap);
		net_put(m, &b);
		net_settle(net);
		t = net_only(net, 0, PRIV, 4);
		assert_int_equal(CMI(t), 1); /* of its own range */
		assert_memory_equal(t->p + OFF(2), b.p + OFF(2), 7);
		assert_int_equal(p->control[CCVC].leaves, 1);
		assert_int_equal(p->control[SCVC].leaves, 1);
		net_clear(net);
		b_join(&b, 4, 0, HOST(1), 1, G(i), G(i));
		b_pro(&b, pros[i].type, pros[i].snap);
		net_put(v, &b);
		t = net_only(net, 0, CCVC, 4);
		assert_memory_equal(t->p + OFF(2), b.p + OFF(2), 7);
		assert_int_equal(MSN(t), 1000 * (i + 1));
		net_clear(net);
		b_join(&b, 3, 0, HOST(9), 1, G(i), G(i));
		b_pro(&b, pros[i].type, pros[i].snap);
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
			b_pro(&b, pros[i].type, pros[i].snap);
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
	b_pro(&b, pros[3].type, pros[3].snap);
	net_put(v, &b);
	for (i = 0; i < 4; i++)
		assert_int_equal(net_row(net, 0, (int)i, "members"), i != 3);
	net_end(net, m, v, NULL);
}

/* what the first JOIN of an unknown protocol says, all others say. */
static void
the_first_join_sets_the_length(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	struct buf b;

	(void)state;
	net_cluster_conf(net, 0)->protocols.tqh_first->pro.type = 0x809b;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	b_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	net_settle(net);
	net_clear(net);
	/* <7, 9> of one octet each */
	b_join(&b, 4, 0, HOST(1), 0, 0, 0);
	b_pro(&b, 0x809b, NOSNAP);
	b.p[OFF(21)] = 1;
	b.p[OFF(23)] = 1;
	b8(&b, 7);
	b8(&b, 9);
	net_put(v, &b);
	assert_int_equal(net_count(net, 0, CCVC, 4), 1);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b_pro(&b, 0x809b, NOSNAP);
	net_put(v, &b);
	b_request(&b, HOST(1), G(1));
	b_pro(&b, 0x809b, NOSNAP);
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
ipv6_from_join_to_multi(void **state)
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
	b_pro(&b, 0x86dd, NOSNAP);
	net_put(v, &b);
	net_settle(net);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 0, 0, 0);
	b_pro(&b, 0x86dd, NOSNAP);
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
	b_pro(&b, 0x86dd, NOSNAP);
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
the_long_form_is_answered_in_the_short(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	b_pro(&b, 0x0080, "\x00\x00\x00\x08\x00");
	net_put(v, &b);
	net_settle(net);
	t = net_only(net, 0, PRIV, 4);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	net_clear(net);
	b_join(&b, 4, 0, HOST(1), 1, G(1), G(1));
	b_pro(&b, 0x0800, "\x12\x34\x56\x78\x9a");
	net_put(v, &b);
	t = net_only(net, 0, CCVC, 4);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	net_clear(net);
	b_request(&b, HOST(1), G(1));
	b_pro(&b, 0x0080, "\x00\x00\x00\x08\x00");
	net_put(v, &b);
	t = net_only(net, 0, PRIV, 2);
	assert_memory_equal(t->p + OFF(2), "\x08\x00\0\0\0\0\0", 7);
	/* another OUI is another protocol, which isn't served */
	b_pro(&b, 0x0080, "\x00\x80\xc2\x08\x00");
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
clusters_are_apart(void **state)
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
	assert_int_equal(net_row(net, 0, 1, "csn"), 2000);
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
	assert_int_equal(net_row(net, 0, 0, "members"), 1);
	assert_int_equal(net_row(net, 0, 1, "members"), 0);
	assert_true(net_finds(v, G(1), HOST(1)));
	net_end(net, w, v, NULL);
}

/*
 * A reload with another range of CMIs: those in use aren't given out again
 * (R2022-5.2.3-03), none is lost, and what others gave out stays barred
 * (A-20).
 */
static void
a_reload_keeps_cmis_in_use(void **state)
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
	assert_int_equal(net_show(net, 0, "cmi-used"), 2);
	for (i = 2; i < 5; i++) {
		v[i] = net_call(net, 0, HOST(1 + i));
		net_join(v[i], 4, 0x2000, 0, 0);
		if (net_count(net, 0, PRIV, 4) == 1)
			seen |= 1U << CMI(net_only(net, 0, PRIV, 4));
		net_clear(net);
	}
	assert_int_equal(seen, 1 << 3 | 1 << 5);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CMI), 1);
	assert_int_equal(net_show(net, 0, "cmi-used"), 4);
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
a_reload_keeps_members(void **state)
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

/* Issue 12 B: the group is the cluster, and its name only a name. */
static void
a_renamed_cluster_keeps_everything(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct conf *old;
	struct marsd_cluster *was;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	was = TAILQ_FIRST(&s->mars->clusters);
	net_clear(net);
	old = s->conf;
	(void)strlcpy(net_conf(s, 0)->name, "other", NAME_SIZE);
	s->published = 0;
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_ptr_equal(marsd_cluster(s->mars, "other"), was);
	/* its link is the same one, of which it hears by its new name */
	marsd_cluster_attach(was, &s->link);
	assert_ptr_equal(was->link, &s->link);
	assert_false(LIST_EMPTY(&was->circuits));
	assert_true(net_finds(v, G(1), HOST(1)));
	assert_false(TAILQ_EMPTY(&net->leaves));
	assert_int_equal(s->published, 0);
	net_end(net, v, NULL);
}

/* A cluster that is removed is withdrawn: the other servers forget it. */
static void
a_removed_cluster_is_withdrawn(void **state)
{
	struct nvc *w, *v;
	struct net *net = net_watched(&w);
	struct nserver *s = &net->s[0];
	struct conf *old;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_settle(net);
	assert_true(net_finds(w, G(1), HOST(1)));
	old = s->conf;
	net_conf(s, 0)->server_group = 77;
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	net_settle(net);
	assert_false(net_finds(w, G(1), HOST(1)));
	/* its circuit went with the cluster */
	net_end(net, w, NULL);
}

/* Who may not call any more goes, with its circuits; others stay. */
static void
narrower_allow_ends_what_it_excludes(void **state)
{
	struct nvc *w, *v, *u;
	struct net *net = net_watched(&w);
	struct nserver *s = &net->s[0];
	struct conf_prefix *p = calloc(1, sizeof(*p));
	struct conf_cluster *c;
	struct conf *old;

	(void)state;
	assert_non_null(p);
	v = net_client(net, 0, 1);
	u = net_client(net, 0, 2);
	net_join(v, 4, 0, G(1), G(1));
	net_join(u, 4, 0, G(1), G(1));
	net_settle(net);
	p->prefix.bits = 32;
	p->prefix.a[0] = 10;
	p->prefix.a[3] = 1;
	old = s->conf;
	c = net_conf(s, 0);
	TAILQ_INSERT_TAIL(&c->allow, p, entry);
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	net_settle(net);
	assert_true(net_finds(v, G(1), HOST(1)));
	assert_false(net_finds(v, G(1), HOST(2)));
	assert_false(net_finds(w, G(1), HOST(2)));
	assert_int_equal(net_leaves(net, 0, MARSD_ROLE_CLIENT), 1);
	/* its circuit has been released, or it would be lost memory */
	net_end(net, w, v, NULL);
}

/* Rows: bounded, each once, and cursors that survive what goes between. */
static void
rows_are_bounded_and_come_once(void **state)
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
		cmocka_unit_test(protocols_are_apart),
		cmocka_unit_test(each_protocol_has_all_of_its_own),
		cmocka_unit_test(the_first_join_sets_the_length),
		cmocka_unit_test(ipv6_from_join_to_multi),
		cmocka_unit_test(the_long_form_is_answered_in_the_short),
		cmocka_unit_test(clusters_are_apart),
		cmocka_unit_test(a_reload_keeps_members),
		cmocka_unit_test(a_reload_keeps_cmis_in_use),
		cmocka_unit_test(a_renamed_cluster_keeps_everything),
		cmocka_unit_test(a_removed_cluster_is_withdrawn),
		cmocka_unit_test(narrower_allow_ends_what_it_excludes),
		cmocka_unit_test(rows_are_bounded_and_come_once),
	};

	return cmocka_run_group_tests_name("cluster", tests, NULL, NULL);
}
