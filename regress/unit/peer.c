/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <time.h>

#include "marsnet.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))
#define ALIKE	0xe0e0e0e0U	/* a group, however many octets it has */

/* A record as octets: RFC 2443 section 3; group 0: a register record. */
static size_t
record(uint8_t *p, unsigned state, unsigned flags, unsigned cmi,
    struct atm_addr who, uint32_t min, uint32_t max)
{
	struct buf b = { .len = 0 };
	static const uint8_t snap[7];

	b16(&b, 0x000f);
	b16(&b, 0x0800);
	bn(&b, snap, 7); /* SNAP, unused, version */
	b8(&b, state);
	b16(&b, flags);
	b16(&b, cmi);
	b8(&b, 0);
	b8(&b, min == 0 ? 0 : 4);
	b8(&b, 20);
	b8(&b, 0);
	bn(&b, who.num, 20);
	if (min != 0) {
		b32(&b, min);
		b32(&b, max);
	}
	memcpy(p, b.p, b.len);
	return b.len;
}

static int32_t seq;

static void
tell(struct net *net, unsigned oid, uint32_t key, uint8_t how, unsigned state,
    unsigned flags, struct atm_addr who, uint32_t min, uint32_t max)
{
	uint8_t o[4] = { 198, 51, 100, (uint8_t)oid }, p[CSA_MAX];
	size_t n = record(
	    p, state, flags, state == 1 ? 0 : 9000 + key % 1000, who, min, max);

	marsd_csa_update(net->s[0].mars, 1, o, key, ++seq, how, p, n);
}

/*
 * R2443-5.3-01, -02, -04 to -10, -14, -17, R2443-5.4-01, -02, -04, -06, -09,
 * R2443-4.2-02, A-2, A-23, A-35: what is published, octet by octet; a Join
 * and its Leave have one key; a duplicate is not published.
 */
static void
records_are_published_octet_by_octet(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint8_t want[CSA_MAX];
	uint32_t reg_key, key;
	struct nvc *v;
	size_t n;

	(void)state;
	net_start(net, 0);
	assert_int_equal(s->published, 1); /* the Redirect Entry */
	n = record(want, 1, 0, 0, SERVER(0), 0, 0);
	assert_int_equal(s->records->len, n);
	assert_memory_equal(s->records->data, want, n);
	assert_int_equal(s->records->key, 0x0800);
	v = net_client(net, 0, 1);
	n = record(want, 3, 0x2000, 1, HOST(1), 0, 0);
	assert_int_equal(s->records->len, n);
	assert_memory_equal(s->records->data, want, n);
	reg_key = s->records->key;
	net_join(v, 4, 0x8033, G(1), G(1));
	n = record(want, 3, 0x8000, 1, HOST(1), G(1), G(1));
	assert_int_equal(s->records->len, n);
	assert_memory_equal(s->records->data, want, n);
	key = s->records->key;
	assert_int_not_equal(key, reg_key);
	assert_int_equal(s->published, 3);
	net_join(v, 4, 0x8034, G(1), G(1));
	net_join(v, 5, 0, G(2), G(2));
	assert_int_equal(s->published, 3);
	net_join(v, 4, 0x8000, G(1), G(4)); /* 0 in a block's */
	n = record(want, 3, 0, 1, HOST(1), G(1), G(4));
	assert_memory_equal(s->records->data, want, n);
	net_join(v, 5, 0, G(1), G(4));
	net_join(v, 5, 0, G(1), G(1));
	assert_int_equal(s->published, 6);
	assert_int_equal(s->records->key, key);
	assert_int_equal(s->records->data[11], 4);
	net_join(v, 4, 0, G(1), G(1));
	assert_int_equal(s->records->key, key);
	/* the Deregister first, then the tombstone */
	net_join(v, 5, 0x2000, 0, 0);
	assert_int_equal(s->published, 9);
	assert_int_equal(s->records->key, key);
	assert_int_equal(s->records->data[11], 4);
	assert_int_equal(s->records->next->key, reg_key);
	n = record(want, 4, 0x2000, 1, HOST(1), 0, 0);
	assert_memory_equal(s->records->next->data, want, n);
	net_end(net, v, NULL);
}

/*
 * R2443-1-02, -03, R2443-2-05, -09, -10, R2443-5.3-11, -13, -16, R2443-5.4-08,
 * what happens at one server is known at the other, and
 * told to its members with its own sequence number and hole punching.
 */
static void
what_happens_here_is_told_there(void **state)
{
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v, *w;
	uint32_t csn;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 1, 2);
	csn = net_number(net, 1, CCVC);
	net_join(v, 4, 0x8007, G(3), G(3));
	t = net_only(net, 1, CCVC, 4);
	assert_int_equal(FLAGS(t), 0xc000); /* layer3grp, copy */
	assert_int_equal(CMI(t), 0);
	assert_int_equal(MSN(t), csn);
	assert_memory_equal(t->p + OFF(32), HOST(1).num, 20);
	check_pairs(t, 1, G(3), G(3));
	assert_true(net_finds(w, G(3), HOST(1)));
	net_clear(net);
	net_join(v, 4, 0, G(1), G(9));
	t = net_only(net, 1, CCVC, 4);
	assert_int_equal(FLAGS(t), 0x5000);
	check_pairs(t, 2, G(1), G(2), G(4), G(9));
	assert_int_equal(net_count(net, 1, PRIV, 4), 0);
	net_clear(net);
	net_join(v, 5, 0, G(1), G(9));
	check_pairs(net_only(net, 1, CCVC, 5), 2, G(1), G(2), G(4), G(9));
	net_clear(net);
	/* it is registered there, not here */
	net_hangup(v);
	v = net_call(net, 1, HOST(1));
	net_join(v, 4, 0, G(1), G(1));
	net_request(v, G(3));
	assert_int_equal(net->nsent, 0);
	net_end(net, w, v, NULL);
}

/* no leaf, no transmission, no number. */
static void
without_a_leaf_no_number(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	uint32_t csn;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	csn = net_number(net, 1, CCVC);
	net_join(v, 4, 0, G(3), G(3));
	net_wait(net, MTIME_SEC(120));
	assert_int_equal(net_number(net, 1, CCVC), csn);
	net_end(net, v, NULL);
}

/*
 * R2443-2-11, -16, -21, R2443-5.1-07, A-7, A-8, A-12, A-27, D5: hidden when
 * silent, silently; back with the next Redirect Entry; erased after H, and
 * then it takes an alignment.
 */
static void
a_silent_server_is_hidden_then_erased(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct nvc *w;

	(void)state;
	net_cluster_conf(net, 0)->redirect_interval = 6000;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(1))); /* */
	net_wait(net, MTIME_SEC(100));
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	net_wait(net, MTIME_SEC(239));
	assert_true(net_finds(w, G(1), HOST(1)));
	net_clear(net);
	net_wait(net, MTIME_SEC(1));
	assert_false(net_finds(w, G(1), HOST(1)));
	assert_int_equal(net->nsent, 0);
	assert_int_equal(s->hidden, 3);
	assert_int_equal(s->events[MARSD_EV_SERVER_DEAD], 1);
	/* other records don't bring it back */
	tell(net, 9, 102, CSA_HOW_FLOODED, 3, 0, HOST(1), G(2), G(2));
	assert_false(net_finds(w, G(2), HOST(1)));
	assert_int_equal(s->hidden, 4);
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	assert_true(net_finds(w, G(1), HOST(1)));
	assert_int_equal(s->revived, 4);
	assert_int_equal(net_count(net, 0, CCVC, 4), 2);
	net_wait(net, MTIME_SEC(480));
	assert_int_equal(s->erased, 4);
	/* a late peer's old copies: no sign of life */
	seq -= 1;
	tell(net, 9, 101, CSA_HOW_ALIGNED, 3, 0, HOST(1), G(1), G(1));
	seq -= 1;
	tell(net, 9, 1, CSA_HOW_ALIGNED, 1, 0, HOST(99), 0, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	assert_int_equal(s->realigned, 0);
	/* and nobody is offered them */
	assert_int_equal(s->hidden, 10);
	/* nor is one that somebody passes on who got it so */
	seq -= 1;
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	/* or a new life, with lower numbers?  Then it is heard of again */
	seq -= 3;
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	assert_int_equal(s->realigned, 0);
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	assert_int_equal(s->realigned, 1);
	assert_int_equal(s->revived, 6);
	assert_true(net_finds(w, G(1), HOST(1)));
	net_end(net, w, NULL);
}

/*
 * what a server has said is looked at a part in each turn, so that
 * members are answered in between; and it may come back, or be erased, before
 * all is done.
 */
static void
a_large_server_dies_in_several_turns(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint32_t i, many = 3000, gone;
	mtime_t due;
	struct nvc *w;

	(void)state;
	net_cluster_conf(net, 0)->redirect_interval = 6000;
	net_cluster_conf(net, 0)->rate = 1000000;
	net_cluster_conf(net, 0)->burst = 1000000;
	net_cluster_conf(net, 0)->rate_total = 1000000;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	for (i = 2; i <= many; i++)
		tell(net, 9, i, CSA_HOW_FLOODED, 3, 0, HOST(1), G(i), G(i));
	while (s->hidden == 0 && timers_next(&net->ts, &due))
		timers_run(&net->ts, due);
	assert_in_range(s->hidden, 1, many / 2);
	net_clear(net);
	for (gone = 0, i = 2; i <= many; i++)
		gone += !net_finds(w, G(i), HOST(1));
	assert_in_range(gone, s->hidden - 1, many / 2);
	tell(net, 9, 1, CSA_HOW_FLOODED, 1, 0, HOST(99), 0, 0);
	net_wait(net, 0);
	assert_int_equal(s->revived, many);
	for (i = 2; i <= many; i++)
		assert_true(net_finds(w, G(i), HOST(1)));
	assert_int_equal(net_count(net, 0, CCVC, 4), gone);
	net_wait(net, MTIME_SEC(480));
	assert_int_equal(s->erased, many);
	assert_false(net_finds(w, G(many), HOST(1)));
	net_end(net, w, NULL);
}

/* D3, A-4, A-5: two owners of one membership, and one takes its word back. */
static void
a_membership_rests_on_each_owner(void **state)
{
	struct net *net = net_new();
	struct nvc *w;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 8, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	(void)net_only(net, 0, CCVC, 4);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	assert_int_equal(net->nsent, 1);
	net_clear(net);
	net_request(w, G(1));
	assert_int_equal(TNUM(net_only(net, 0, PRIV, 2)), 1);
	net_clear(net);
	tell(net, 8, 100, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	tell(net, 8, 101, CSA_HOW_FLOODED, 4, 0, HOST(1), G(1), G(1));
	assert_int_equal(net->nsent, 0);
	assert_true(net_finds(w, G(1), HOST(1)));
	tell(net, 9, 101, CSA_HOW_FLOODED, 4, 0, HOST(1), G(1), G(1));
	(void)net_only(net, 0, CCVC, 5);
	assert_false(net_finds(w, G(1), HOST(1)));
	net_end(net, w, NULL);
}

/*
 * R2443-2-20, R2443-5.4-05, A-23, A-24: a Deregister purges silently, holds
 * back what comes late, until the client registers again.
 */
static void
a_deregister_holds_back_late_joins(void **state)
{
	struct net *net = net_new();
	uint8_t oid[4] = { 198, 51, 100, 9 };
	struct nvc *w;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	net_clear(net);
	tell(net, 9, 100, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	assert_int_equal(net->nsent, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	tell(net, 9, 102, CSA_HOW_ALIGNED, 3, 0, HOST(1), G(2), G(2));
	assert_int_equal(net->nsent, 0);
	tell(net, 9, 101, CSA_HOW_FLOODED, 4, 0, HOST(1), G(1), G(1));
	assert_int_equal(net->nsent, 0);
	tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	check_pairs(net_only(net, 0, CCVC, 4), 1, G(2), G(2));
	net_clear(net);
	tell(net, 9, 100, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	/* nor does the Deregister's end bring back what the group still has */
	marsd_csa_gone(net->s[0].mars, 1, oid, 100);
	assert_false(net_finds(w, G(2), HOST(1)));
	tell(net, 9, 103, CSA_HOW_FLOODED, 3, 0, HOST(1), G(3), G(3));
	assert_false(net_finds(w, G(3), HOST(1)));
	tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	assert_true(net_finds(w, G(2), HOST(1)));
	assert_true(net_finds(w, G(3), HOST(1)));
	net_end(net, w, NULL);
}

/* a key that turns to something else takes its old meaning back. */
static void
a_reused_key_takes_its_old_meaning_back(void **state)
{
	struct net *net = net_new();
	struct nvc *w;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	net_clear(net);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(3), G(2), G(2));
	(void)net_only(net, 0, CCVC, 5);
	(void)net_only(net, 0, CCVC, 4);
	assert_false(net_finds(w, G(1), HOST(1)));
	assert_true(net_finds(w, G(2), HOST(3)));
	net_end(net, w, NULL);
}

/* The same of a Deregister, whatever its key says now: the joins are back. */
static void
a_reused_key_takes_its_deregister_back(void **state)
{
	uint8_t p[CSA_MAX], oid[4] = { 198, 51, 100, 9 };
	struct net *net = net_new();
	struct nvc *w;
	size_t n;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 0, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	tell(net, 9, 102, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(1)));
	tell(net, 9, 0, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	net_clear(net);
	n = record(p, 1, 0, 0, SERVER(3), 0, 0);
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 0, ++seq, CSA_HOW_FLOODED, p, n);
	check_pairs(net_only(net, 0, CCVC, 4), 1, G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(1)));
	net_end(net, w, NULL);
}

/*
 * Another server invents, under the name of this one, a second registration
 * of a node and its end: what was said under the first key counts on.
 */
static void
a_second_registration_does_not_end_the_first(void **state)
{
	static const uint8_t oid[4] = { 198, 51, 100, 9 };
	struct net *net = net_new();
	struct nvc *w;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(3), 0, 0);
	tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	tell(net, 9, 102, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	marsd_csa_gone(net->s[0].mars, 1, oid, 102);
	assert_true(net_finds(w, G(1), HOST(1)));
	/* the same where its key goes to somebody else */
	tell(net, 9, 102, CSA_HOW_FLOODED, 4, 0x2000, HOST(1), 0, 0);
	assert_false(net_finds(w, G(1), HOST(1)));
	tell(net, 9, 102, CSA_HOW_FLOODED, 4, 0x2000, SERVER(3), 0, 0);
	assert_true(net_finds(w, G(1), HOST(1)));
	net_end(net, w, NULL);
}

/* Issue 12, A: who invents servers does not make us keep them all. */
static void
servers_known_are_bounded(void **state)
{
	struct net *net = net_new();
	struct nvc *w;
	unsigned i;

	(void)state;
	net_cluster_conf(net, 0)->max_known = 4; /* with this one */
	net_start(net, 0);
	w = net_client(net, 0, 2);
	for (i = 10; i < 60; i++)
		tell(net, i, 101, CSA_HOW_FLOODED, 3, 0, HOST(100 + i), G(1),
		    G(1));
	assert_true(net_finds(w, G(1), HOST(112)));
	assert_false(net_finds(w, G(1), HOST(113)));
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_KNOWN), 47);
	/* scspd keeps nothing of them either */
	assert_int_equal(net->s[0].erased, 47);
	assert_int_equal(net->s[0].events[MARSD_EV_REFUSED], 47);
	assert_string_equal(net->s[0].why, "limit-servers-known");
	/* those three have gone: each makes room for one, a second apart */
	net_wait(net, MTIME_SEC(481));
	for (i = 30; i < 32; i++)
		tell(net, i, 101, CSA_HOW_FLOODED, 3, 0, HOST(100 + i), G(1),
		    G(1));
	assert_true(net_finds(w, G(1), HOST(130)));
	assert_false(net_finds(w, G(1), HOST(131)));
	net_wait(net, MTIME_SEC(1));
	tell(net, 31, 101, CSA_HOW_FLOODED, 3, 0, HOST(131), G(1), G(1));
	assert_true(net_finds(w, G(1), HOST(131)));
	/*
	 * and what else there is of these two is asked for, once, as soon as
	 * they have shown that they live, by a second Redirect Entry
	 */
	tell(net, 30, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(3), 0, 0);
	tell(net, 31, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(4), 0, 0);
	net_wait(net, MTIME_SEC(31));
	assert_int_equal(net->s[0].realigned, 0);
	tell(net, 30, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(3), 0, 0);
	tell(net, 31, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(4), 0, 0);
	assert_int_equal(net->s[0].realigned, 0);
	net_wait(net, MTIME_SEC(31));
	assert_int_equal(net->s[0].realigned, 1);
	net_end(net, w, NULL);
}

/*
 * A-30, who left has left: what a dead server says of a node ends when the
 * node leaves at the server where it is, and stays so when the dead one is
 * back with its records of before.
 */
static void
who_left_has_left(void **state)
{
	uint8_t p[CSA_MAX], dead[4] = { 198, 51, 100, 9 };
	struct net *net = net_new();
	struct nvc *w;
	unsigned next;
	size_t n;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	for (next = 1; next < 3; next++) {
		n = record(p, 1, 0, 0, SERVER(3), 0, 0);
		marsd_csa_update(net->s[0].mars, 1, dead, 0x800, ++seq,
		    CSA_HOW_FLOODED, p, n);
		tell(net, 9, 100, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
		tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0x8000, HOST(1), G(1),
		    G(1));
		net_wait(net, MTIME_SEC(20));
		/* the node comes to another server, and leaves there */
		tell(net, 8, 200, CSA_HOW_FLOODED, 3, 0x2000, HOST(1), 0, 0);
		tell(net, 8, 201, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
		net_wait(net, MTIME_SEC(50));
		net_clear(net);
		if (next == 1) {
			tell(net, 8, 201, CSA_HOW_FLOODED, 4, 0, HOST(1), G(1),
			    G(1));
			/* as the record that it ends */
			assert_int_equal(
			    FLAGS(net_only(net, 0, CCVC, 5)), 0xc000);
		} else
			tell(net, 8, 200, CSA_HOW_FLOODED, 4, 0x2000, HOST(1),
			    0, 0);
		assert_false(net_finds(w, G(1), HOST(1)));
		net_wait(net, MTIME_SEC(300));
		assert_false(net_finds(w, G(1), HOST(1)));
		n = record(p, 1, 0, 0, SERVER(3), 0, 0);
		marsd_csa_update(net->s[0].mars, 1, dead, 0x800, ++seq,
		    CSA_HOW_FLOODED, p, n);
		assert_false(net_finds(w, G(1), HOST(1)));
		/* its next instance counts */
		tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0x8000, HOST(1), G(1),
		    G(1));
		assert_true(net_finds(w, G(1), HOST(1)));
		tell(net, 9, 101, CSA_HOW_FLOODED, 4, 0, HOST(1), G(1), G(1));
		assert_false(net_finds(w, G(1), HOST(1)));
	}
	net_end(net, w, NULL);
}

/* an id of ours that another gives out, and one that two have. */
static void
a_cmi_given_out_twice_is_told(void **state)
{
	struct net *net = net_new();
	uint8_t p[CSA_MAX], oid[4] = { 198, 51, 100, 9 };
	struct nvc *v, *w;
	size_t n;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 2); /* CMI 1 */
	n = record(p, 3, 0x2000, 2, HOST(5), 0, 0);
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 70, ++seq, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net->s[0].events[MARSD_EV_CMI_OVERLAP], 1);
	w = net_call(net, 0, HOST(3));
	net_join(w, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 3);
	n = record(p, 3, 0x2000, 1, HOST(6), 0, 0);
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 71, ++seq, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net->s[0].events[MARSD_EV_CMI_OVERLAP], 2);
	net_end(net, w, v, NULL);
}

static void
tell_cmi(struct net *net, unsigned oid, uint32_t key, unsigned state,
    struct atm_addr who, unsigned cmi)
{
	uint8_t o[4] = { 198, 51, 100, (uint8_t)oid }, p[CSA_MAX];
	size_t n = record(p, state, 0x2000, cmi, who, 0, 0);

	marsd_csa_update(
	    net->s[0].mars, 1, o, key, ++seq, CSA_HOW_FLOODED, p, n);
}

/*
 * a CMI that another server gives out is not left to us, so it is
 * not said to be; and before the last is gone the operator hears of it.
 */
static void
cmis_of_others_are_not_said_to_be_left(void **state)
{
	struct net *net = net_new();
	struct conf_cluster *c = net_cluster_conf(net, 0);
	uint64_t *near = &net->s[0].events[MARSD_EV_NEAR];
	struct nvc *v, *w;
	uint32_t i;

	(void)state;
	c->cmi_min = 1;
	c->cmi_max = 20;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	assert_int_equal(net_show(net, 0, "cmi-free"), 19);
	for (i = 2; i < 20; i++) {
		tell_cmi(net, 8, i, 3, HOST(100 + i), i);
		tell_cmi(net, 8, i, 3, HOST(100 + i), i);
	}
	assert_int_equal(net_show(net, 0, "cmi-free"), 1);
	tell_cmi(net, 8, 70, 3, HOST(170), 1); /* and one that is given */
	assert_int_equal(net_show(net, 0, "cmi-free"), 1);
	assert_int_equal(*near, 0);
	w = net_client(net, 0, 2);
	assert_int_equal(net_show(net, 0, "cmi-used"), 2);
	assert_int_equal(net_show(net, 0, "cmi-free"), 0);
	assert_int_equal(*near, 1);
	net_join(v, 5, 0x2000, 0, 0); /* 1 was another's */
	assert_int_equal(net_show(net, 0, "cmi-free"), 0);
	net_join(w, 5, 0x2000, 0, 0);
	assert_int_equal(net_show(net, 0, "cmi-free"), 1);
	assert_int_equal(net_show(net, 0, "cmi-used"), 0);
	net_end(net, v, w, NULL);
}

/*
 * R2443-2-06, R2443-3-12, A-20: two other servers with one range are told of
 * as well; a client that moves between them, an id that was given back, one
 * of a silent server, none at all, and one server's own reuse are no clash.
 */
static void
a_cmi_given_out_twice_elsewhere_is_told(void **state)
{
	struct net *net = net_new();
	uint64_t *clashes = &net->s[0].events[MARSD_EV_CMI_OVERLAP];

	(void)state;
	net_start(net, 0);
	tell_cmi(net, 8, 70, 3, HOST(5), 9000);
	tell_cmi(net, 9, 70, 3, HOST(5), 9500); /* it moved */
	tell_cmi(net, 9, 71, 3, HOST(6), 9501);
	tell_cmi(net, 9, 72, 3, HOST(7), 9501); /* reused */
	tell_cmi(net, 8, 73, 2, HOST(8), 0); /* */
	tell_cmi(net, 9, 73, 2, HOST(9), 0);
	assert_int_equal(*clashes, 0);
	tell_cmi(net, 8, 74, 3, HOST(10), 9501);
	assert_int_equal(*clashes, 1);
	/* given back, then in use elsewhere */
	tell_cmi(net, 8, 75, 3, HOST(11), 9700);
	tell_cmi(net, 8, 75, 4, HOST(11), 9700);
	tell_cmi(net, 9, 75, 3, HOST(12), 9700);
	assert_int_equal(*clashes, 1);
	/* both are silent now, and a third has those ids */
	net_wait(net, MTIME_SEC(241));
	tell_cmi(net, 7, 76, 3, HOST(13), 9700);
	tell_cmi(net, 7, 77, 3, HOST(14), 9000);
	assert_int_equal(*clashes, 1);
	net_free(net);
}

/* What is ours and theirs: the first row of it, and that there is one. */
static struct marsd_overlap
overlap(struct net *net)
{
	struct marsd_overlap o, another;
	uint32_t at = 0;

	assert_true(marsd_overlap(net->s[0].mars, &at, &o));
	assert_false(marsd_overlap(net->s[0].mars, &at, &another));
	return o;
}

/*
 * a reload to a range of which another server has given out some: these
 * are never allocated, which is told, and shown as long as it is so.
 */
static void
a_range_that_overlaps_by_a_reload_is_told(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct conf *old = s->conf;
	struct marsd_overlap o;
	struct conf_cluster *c;
	uint32_t at = 0;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	tell_cmi(net, 8, 70, 3, HOST(5), 9000);
	tell_cmi(net, 9, 71, 3, HOST(6), 9002);
	tell_cmi(net, 9, 72, 3, HOST(7), 9009);
	tell_cmi(net, 9, 73, 3, HOST(8), 9010);
	tell_cmi(net, 9, 74, 3, HOST(9), 9003);
	tell_cmi(net, 9, 74, 4, HOST(9), 9003); /* given back */
	assert_false(marsd_overlap(s->mars, &at, &o));
	assert_int_equal(s->events[MARSD_EV_CMI_OVERLAP], 0);
	c = net_conf(s, 0);
	c->cmi_min = 9000;
	c->cmi_max = 9009;
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	conf_free(old);
	assert_int_equal(s->events[MARSD_EV_CMI_OVERLAP], 1);
	o = overlap(net);
	assert_string_equal(o.cluster, "lis1");
	assert_int_equal(o.n, 3);
	assert_int_equal(o.min, 9000);
	assert_int_equal(o.max, 9009);
	assert_int_equal(o.first, 9000);
	assert_int_equal(o.last, 9009);
	assert_memory_equal(o.oid, "\xc6\x33\x64\x08", 4);
	v = net_call(net, 0, HOST(2));
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 9001);
	/* of what nobody has any more nothing is shown */
	tell_cmi(net, 8, 70, 4, HOST(5), 9000);
	tell_cmi(net, 9, 71, 4, HOST(6), 9002);
	o = overlap(net);
	assert_int_equal(o.n, 1);
	assert_int_equal(o.first, 9009);
	assert_memory_equal(o.oid, "\xc6\x33\x64\x09", 4);
	tell_cmi(net, 9, 72, 4, HOST(7), 9009);
	assert_false(marsd_overlap(s->mars, &at, &o));
	net_end(net, v, NULL);
}

/*
 * records of ours from before a restart: one that nothing
 * backs is withdrawn, the Deregister first; one whose client is back keeps
 * its key; MCSs have 60 s.
 */
static void
old_records_wait_for_their_nodes(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct record *r, *old;
	struct nvc *v, *w, *x;
	uint32_t reg1 = 0, join2 = 0;
	uint64_t before;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	w = net_client(net, 0, 2);
	net_join(w, 4, 0, G(2), G(2));
	join2 = s->records->key;
	x = net_mcs(net, 0, 3);
	net_hangup(v);
	net_hangup(w);
	net_hangup(x);
	net_crash(net, 0);
	old = s->records;
	net_start(net, 0);
	for (r = old; r != NULL; r = r->next) {
		if (r->data[11] == 3 && (r->data[12] & 0x20) &&
		    r->data[26] == 1)
			reg1 = r->key;
		marsd_csa_own(s->mars, 1, r->key, r->seq, r->data, r->len);
	}
	w = net_client(net, 0, 2);
	before = s->published;
	net_join(w, 4, 0, G(2), G(2));
	assert_int_equal(s->records->key, join2);
	assert_int_equal(s->records->data[11], 3);
	assert_int_equal(s->published, before + 1);
	assert_true(net_finds(w, G(2), HOST(2)));
	net_clear(net);
	net_wait(net, MTIME_SEC(29));
	assert_int_equal(s->published, before + 1);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(net->nsent, 0);
	assert_int_equal(s->published, before + 3);
	assert_int_equal(s->records->data[11], 4);
	assert_int_equal(s->records->next->data[11], 4);
	assert_int_equal(s->records->next->key, reg1);
	net_wait(net, MTIME_SEC(60));
	for (r = s->records; r != NULL && r->data[11] != 5; r = r->next)
		;
	assert_non_null(r);
	assert_true(net_finds(w, G(2), HOST(2)));
	net_end(net, w, NULL);
}

/* What the server says under this key when a neighbor has that under it. */
static void
answer(struct net *net, uint32_t key, const uint8_t *p, size_t len,
    unsigned state, unsigned flags, struct atm_addr who)
{
	struct nserver *s = &net->s[0];
	uint8_t want[CSA_MAX];
	uint64_t before = s->published;
	size_t n;

	marsd_csa_own(s->mars, 1, key, 5, p, len);
	assert_int_equal(s->published, before + 1);
	assert_int_equal(s->records->key, key);
	n = record(want, state, flags, 0, who, 0, 0);
	assert_int_equal(s->records->len, n);
	assert_memory_equal(s->records->data, want, n);
}

/*
 * A server that lies under our OID: where the Redirect Entry belongs it is
 * said again, whatever was there; what can't be undone becomes a Deregister of
 * our own address.
 */
static void
what_is_invented_under_our_name_is_answered(void **state)
{
	struct net *net = net_new();
	uint8_t p[CSA_MAX];
	struct nvc *w;
	size_t n;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	n = record(p, 3, 0x2000, 9, HOST(1), 0, 0);
	answer(net, 0x800, p, n, 1, 0, SERVER(0));
	n = record(p, 4, 0x2000, 9, HOST(1), 0, 0);
	answer(net, 0x800, p, n, 1, 0, SERVER(0));
	n = record(p, 1, 0, 0, SERVER(3), 0, 0);
	answer(net, 0x801, p, n, 4, 0x2000, SERVER(0));
	p[11] = 99; /* no such state */
	answer(net, 0x20005, p, n, 4, 0x2000, SERVER(0));
	/* it goes on: that client's registration has a key of its own */
	(void)net_client(net, 0, 1);
	assert_int_not_equal(net->s[0].records->key, 0x800);
	net_end(net, w, NULL);
}

/*
 * a join that was invented for a node, or is from a life whose keys were
 * others, is the one that goes on when the node joins: were it dropped here,
 * nobody would ever take it back.
 */
static void
an_invented_join_is_the_one_that_goes_on(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint8_t p[CSA_MAX];
	struct nvc *w;
	size_t n;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	n = record(p, 3, 0, 9, HOST(2), G(1), G(1));
	marsd_csa_own(s->mars, 1, 0x30000, 5, p, n);
	net_join(w, 4, 0, G(1), G(1));
	assert_int_equal(s->records->key, 0x30000);
	assert_int_equal(s->records->data[11], 3);
	net_join(w, 5, 0, G(1), G(1));
	assert_int_equal(s->records->key, 0x30000);
	assert_int_equal(s->records->data[11], 4);
	net_end(net, w, NULL);
}

/*
 * A server may say that a node is registered under as many keys as it likes.
 * To take them back costs no more for each that there are: not much more than
 * to say them, which needs no search.
 */
static void
registrations_under_many_keys_are_taken_back(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 9 };
	const uint32_t many = 20000;
	struct net *net = net_new();
	uint8_t p[CSA_MAX];
	clock_t begun, said;
	uint32_t i;
	size_t n;

	(void)state;
	net_start(net, 0);
	n = record(p, 3, 0x2000, 9, HOST(2), 0, 0);
	begun = clock();
	for (i = 0; i < many; i++)
		marsd_csa_update(net->s[0].mars, 1, oid, 0x10000 + i, 1,
		    CSA_HOW_ALIGNED, p, n);
	said = clock();
	for (i = 0; i < many; i++)
		marsd_csa_gone(net->s[0].mars, 1, oid, 0x10000 + i);
	assert_true(clock() - said < 10 * (said - begun));
	net_end(net, NULL);
}

/*
 * A protocol that a reload removes goes with what it has, and what the same
 * servers say of another one is not looked at again for each of its records:
 * that costs not much more than to say them.
 */
static void
a_protocol_goes_without_a_look_at_others(void **state)
{
	static const uint8_t oid[4] = { 10, 0, 0, 9 };
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	struct conf_protocol *other = calloc(1, sizeof(*other));
	struct conf *old;
	uint8_t p[CSA_MAX];
	clock_t begun, said;
	uint32_t i;
	size_t n;

	(void)state;
	assert_non_null(other);
	other->pro.type = 0x8137;
	TAILQ_INSERT_HEAD(&net_cluster_conf(net, 0)->protocols, other, entry);
	net_start(net, 0);
	begun = clock();
	for (i = 0; i < 20000; i++) {
		n = record(p, 3, 0, 9, HOST(2), G(i), G(i));
		if (i % 2 != 0) {
			p[2] = 0x81;
			p[3] = 0x37;
		}
		marsd_csa_update(s->mars, 1, oid, 0x30000 + i, 1,
		    CSA_HOW_ALIGNED, p, n);
	}
	said = clock();
	assert_int_equal(net_row(net, 0, 0, "records-remote"), 10000);
	assert_int_equal(net_row(net, 0, 1, "records-remote"), 10000);
	old = s->conf;
	(void)net_conf(s, 0);
	assert_int_equal(marsd_configure(s->mars, s->conf), 0);
	assert_true(clock() - said < 10 * (said - begun));
	conf_free(old);
	assert_int_equal(net_row(net, 0, 0, "records-remote"), 10000);
	net_end(net, NULL);
}

/* --- what a neighbor that has a key may make of one join */

#define MANY	20000U

/* The i-th of many records. */
struct one {
	uint32_t	oid, key, min, max;
};

static struct one
of_another_group(uint32_t i)
{
	return (struct one){ 1, 0x10000 + i, G(1 + i), G(1 + i) };
}

static struct one
of_another_group_and_server(uint32_t i)
{
	return (struct one){ 1 + i, 0x10000, G(1 + i), G(1 + i) };
}

static struct one
under_another_key(uint32_t i)
{
	return (struct one){ 1, 0x10000 + i, G(1), G(1) };
}

static struct one
by_another_server(uint32_t i)
{
	return (struct one){ 1 + i, 0x10000, G(1), G(1) };
}

static struct one
of_another_block(uint32_t i)
{
	return (struct one){ 1, 0x10000 + i, G(1 + 4 * i), G(2 + 4 * i) };
}

static struct one
of_a_larger_block(uint32_t i)
{
	return (struct one){ 1, 0x10000 + i, G(MANY - i), G(MANY + 1 + i) };
}

/*
 * What many joins of one node cost, as the last of its servers says and takes
 * them back: it says first that the node has come there.
 */
static clock_t
cost_of_many(struct one (*one)(uint32_t), struct atm_addr who)
{
	struct net *net = net_new();
	uint8_t p[CSA_MAX], oid[4] = { 10 };
	struct nvc *v;
	clock_t begun;
	unsigned state;
	uint32_t i;
	struct one o;
	size_t n;

	net_cluster_conf(net, 0)->max_known = 65535;
	net_start(net, 0);
	v = net_client(net, 0, 2);
	begun = clock();
	for (state = 3; state <= 4; state++) {
		for (i = 0; i < MANY; i++) {
			o = one(i);
			oid[1] = (uint8_t)(o.oid >> 16);
			oid[2] = (uint8_t)(o.oid >> 8);
			oid[3] = (uint8_t)o.oid;
			if (state == 4 && i == 0) {
				n = record(p, 3, 0x2000, 9, who, 0, 0);
				marsd_csa_update(net->s[0].mars, 1, oid, 1, 1,
				    CSA_HOW_FLOODED, p, n);
			}
			n = record(p, state, 0, 9, who, o.min, o.max);
			marsd_csa_update(net->s[0].mars, 1, oid, o.key,
			    (int32_t)state, CSA_HOW_FLOODED, p, n);
		}
		assert_true(net_finds(v, one(0).min, who) == (state == 3));
	}
	begun = clock() - begun;
	net_end(net, v, NULL);
	return begun;
}

/*
 * Issue 12, A: a block in which all of the node's blocks lie is told with as
 * little effort as one that lies beside them.
 */
static void
blocks_in_blocks_cost_what_others_do(void **state)
{
	clock_t beside = cost_of_many(of_another_block, HOST(7));

	(void)state;
	assert_true(cost_of_many(of_a_larger_block, HOST(7)) < 5 * beside);
}

/*
 * Issue 12, A: one join under many keys, or by many servers, costs little more
 * than as many joins: however many records there are of it, none is looked at
 * again for the next one.  Also of a node that is registered here, and which
 * may have moved.
 */
static void
one_join_of_many_records_costs_what_many_joins_do(void **state)
{
	clock_t groups = cost_of_many(of_another_group, HOST(7)),
	    both = cost_of_many(of_another_group_and_server, HOST(7));

	(void)state;
	assert_true(cost_of_many(under_another_key, HOST(7)) < 5 * groups);
	assert_true(cost_of_many(under_another_key, HOST(2)) < 5 * groups);
	assert_true(cost_of_many(by_another_server, HOST(7)) < 5 * both);
	assert_true(cost_of_many(by_another_server, HOST(2)) < 5 * both);
}

/* what is not understood, and a protocol that is not served. */
static void
unknown_records_are_ignored(void **state)
{
	struct net *net = net_new();
	uint8_t p[CSA_MAX], oid[4] = { 198, 51, 100, 9 };
	struct nvc *w;
	size_t n;

	(void)state;
	net_start(net, 0);
	w = net_client(net, 0, 2);
	tell(net, 9, 101, CSA_HOW_FLOODED, 3, 0, HOST(1), G(1), G(1));
	n = record(p, 3, 0, 5, HOST(1), G(1), G(1));
	p[2] = 0x86;
	p[3] = 0xdd;
	net_clear(net);
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 102, ++seq, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net->nsent, 0);
	n = record(p, 6, 0, 5, HOST(1), G(1), G(1));
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 103, ++seq, CSA_HOW_FLOODED, p, n);
	assert_int_equal(net->nsent, 0);
	assert_true(net_finds(w, G(1), HOST(1)));
	net_end(net, w, NULL);
}

/* A record of server 9 and of a protocol, which is not served. */
static void
tell_other(struct net *net, unsigned pro, uint32_t key, unsigned state,
    struct atm_addr who, uint32_t group)
{
	static const uint8_t oid[4] = { 198, 51, 100, 9 };
	uint8_t p[CSA_MAX];
	size_t n = record(p, state, 0, 0, who, group, group);

	p[2] = (uint8_t)(pro >> 8);
	p[3] = (uint8_t)pro;
	marsd_csa_update(
	    net->s[0].mars, 1, oid, key, ++seq, CSA_HOW_FLOODED, p, n);
}

/*
 * what is kept for others only goes with its server,
 * whatever else that server says here; or nobody would ever forget it.
 */
static void
records_of_other_protocols_go_with_their_server(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];

	(void)state;
	net_cluster_conf(net, 0)->redirect_interval = 6000;
	net_start(net, 0);
	tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
	tell_other(net, 0x806, 101, 3, HOST(1), G(1));
	tell_other(net, 0x806, 102, 3, HOST(1), G(2));
	tell_other(net, 0x806, 102, 4, HOST(1), G(2)); /* it has left */
	net_wait(net, MTIME_SEC(239));
	tell(net, 9, 0x800, CSA_HOW_FLOODED, 1, 0, SERVER(3), 0, 0);
	assert_int_equal(s->hidden, 0);
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(s->hidden, 2);
	tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
	assert_int_equal(s->revived, 2);
	net_wait(net, MTIME_SEC(479));
	assert_int_equal(s->erased, 1); /* of the protocol that is served */
	net_wait(net, MTIME_SEC(1));
	assert_int_equal(s->erased, 3);
	net_end(net, NULL, NULL);
}

/*
 * so do those of a protocol that a reload removes; what the server says
 * of it later is a sign of life, and one that was dead is forgotten at once.
 */
static void
records_of_a_removed_protocol_go_with_their_server(void **state)
{
	int dead;

	(void)state;
	for (dead = 0; dead < 2; dead++) {
		struct net *net = net_new();
		struct nserver *s = &net->s[0];
		struct conf_protocol *other = calloc(1, sizeof(*other));
		struct conf *old;

		assert_non_null(other);
		other->pro.type = 0x806;
		TAILQ_INSERT_HEAD(
		    &net_cluster_conf(net, 0)->protocols, other, entry);
		net_cluster_conf(net, 0)->redirect_interval = 6000;
		net_start(net, 0);
		tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
		tell_other(net, 0x806, 101, 3, HOST(1), G(1));
		tell_other(net, 0x806, 102, 3, HOST(1), G(2));
		net_wait(net, MTIME_SEC(dead ? 240 : 200));
		assert_int_equal(s->hidden, dead ? 3 : 0);
		old = s->conf;
		net_conf(s, 0)->redirect_interval = 6000;
		assert_int_equal(marsd_configure(s->mars, s->conf), 0);
		conf_free(old);
		assert_int_equal(s->erased, dead ? 3 : 0);
		if (!dead) {
			net_wait(net, MTIME_SEC(100));
			tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
			net_wait(net, MTIME_SEC(239));
			assert_int_equal(s->hidden, 0);
			net_wait(net, MTIME_SEC(1));
			assert_int_equal(s->hidden, 3);
			net_wait(net, MTIME_SEC(240));
			assert_int_equal(s->erased, 3);
		}
		net_end(net, NULL, NULL);
	}
}

/* Of two such protocols each says that the server lives, or is back. */
static void
each_other_protocol_is_a_sign_of_life(void **state)
{
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	int i;

	(void)state;
	net_cluster_conf(net, 0)->redirect_interval = 6000;
	net_start(net, 0);
	tell_other(net, 0x86dd, 0x86dd, 1, SERVER(3), 0);
	net_wait(net, MTIME_SEC(200));
	tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
	net_wait(net, MTIME_SEC(200));
	assert_int_equal(s->hidden, 0);
	net_wait(net, MTIME_SEC(400));
	assert_int_equal(s->erased, 2);
	/* it begins anew, with lower numbers */
	seq -= 100;
	for (i = 0; i < 2; i++) {
		assert_int_equal(s->realigned, 0);
		tell_other(net, 0x86dd, 0x86dd, 1, SERVER(3), 0);
		tell_other(net, 0x806, 0x806, 1, SERVER(3), 0);
		net_wait(net, MTIME_SEC(60));
	}
	assert_int_equal(s->realigned, 1);
	net_end(net, NULL, NULL);
}

/*
 * the same of records that have no effect since their addresses are not
 * those of the protocol.
 */
static void
unusable_records_go_with_their_server(void **state)
{
	static const uint8_t oid[4] = { 198, 51, 100, 9 };
	struct net *net = net_new();
	struct nserver *s = &net->s[0];
	uint8_t p[CSA_MAX];
	size_t n = record(p, 3, 0, 5, HOST(1), ALIKE, ALIKE);

	(void)state;
	net_cluster_conf(net, 0)->protocols.tqh_first->pro.type = 0x806;
	net_start(net, 0);
	tell_other(net, 0x806, 100, 3, HOST(1), G(1));
	p[2] = 0x08;
	p[3] = 0x06;
	p[17] = 3; /* octets of a group */
	marsd_csa_update(
	    net->s[0].mars, 1, oid, 101, ++seq, CSA_HOW_FLOODED, p, n - 2);
	net_wait(net, MTIME_SEC(240));
	assert_int_equal(s->hidden, 2);
	net_wait(net, MTIME_SEC(240));
	assert_int_equal(s->erased, 2);
	net_end(net, NULL, NULL);
}

/* Each cell of the table of liveness is what it was meant to be. */
static void
every_cell_of_the_peer_table(void **state)
{
	/* redirect, record, silent */
	static const char *const rows[] = { "self: . . !",
		"unheard: alive/start . hidden/hide",
		"alive: alive/start . hidden/hide",
		"hidden: alive/revive . erased/erase",
		"erased: alive/realign erased/hold erased/erase" };

	(void)state;
	check_table(&marsd_peer_table, rows);
}

/* The same of what a server says of a node, and of single records. */
static void
every_cell_of_the_claim_and_entry_tables(void **state)
{
	/* register, aligned, deregister, forget */
	static const char *const claims[] = {
		"plain: . double/note ended/note .", "double: . . ended/note .",
		"ended: plain/refresh ! . plain/note"
	};
	/* say, adopt, found, doubt, leave, stay, end */
	static const char *const entries[] = {
		"new: sure/count adopted/count old/note ! ! ! !",
		"sure: . ! ! adopted/note left/note . ending/uncount",
		"adopted: sure/note ! ! . adopted-left/note . ending/uncount",
		"left: sure/note ! ! ! . sure/note ending/uncount",
		"adopted-left: sure/note ! ! ! . adopted/note ending/uncount",
		"old: sure/count adopted/count ! ! ! ! ending/note",
		"ending: ! ! ! ! ! ! !"
	};

	(void)state;
	check_table(&marsd_claim_table, claims);
	check_table(&marsd_entry_table, entries);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_published_octet_by_octet),
		cmocka_unit_test(what_happens_here_is_told_there),
		cmocka_unit_test(without_a_leaf_no_number),
		cmocka_unit_test(a_silent_server_is_hidden_then_erased),
		cmocka_unit_test(a_large_server_dies_in_several_turns),
		cmocka_unit_test(a_membership_rests_on_each_owner),
		cmocka_unit_test(a_deregister_holds_back_late_joins),
		cmocka_unit_test(a_reused_key_takes_its_old_meaning_back),
		cmocka_unit_test(a_reused_key_takes_its_deregister_back),
		cmocka_unit_test(a_second_registration_does_not_end_the_first),
		cmocka_unit_test(what_is_invented_under_our_name_is_answered),
		cmocka_unit_test(registrations_under_many_keys_are_taken_back),
		cmocka_unit_test(a_protocol_goes_without_a_look_at_others),
		cmocka_unit_test(blocks_in_blocks_cost_what_others_do),
		cmocka_unit_test(
		    one_join_of_many_records_costs_what_many_joins_do),
		cmocka_unit_test(an_invented_join_is_the_one_that_goes_on),
		cmocka_unit_test(servers_known_are_bounded),
		cmocka_unit_test(who_left_has_left),
		cmocka_unit_test(a_cmi_given_out_twice_is_told),
		cmocka_unit_test(cmis_of_others_are_not_said_to_be_left),
		cmocka_unit_test(a_cmi_given_out_twice_elsewhere_is_told),
		cmocka_unit_test(a_range_that_overlaps_by_a_reload_is_told),
		cmocka_unit_test(old_records_wait_for_their_nodes),
		cmocka_unit_test(unknown_records_are_ignored),
		cmocka_unit_test(
		    records_of_other_protocols_go_with_their_server),
		cmocka_unit_test(
		    records_of_a_removed_protocol_go_with_their_server),
		cmocka_unit_test(each_other_protocol_is_a_sign_of_life),
		cmocka_unit_test(unusable_records_go_with_their_server),
		cmocka_unit_test(every_cell_of_the_peer_table),
		cmocka_unit_test(every_cell_of_the_claim_and_entry_tables),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
