/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"

/*
 * R2022-6.1.2-01, -02, -03, -06, R2022-5.2.3-02, -03, -08, R2022-5.2.1-09,
 * R2022-4.2-01, A-97, A-117: the copy of a registration, octet by octet.
 */
static void
a_registration_is_copied_with_a_cmi(void **state)
{
	static const uint8_t want[] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e,
		0x00, 0x03, 0x00, 0x0f, 0x08, 0x00, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;

	(void)state;
	net_start(net, 0);
	v = net_call(net, 0, HOST(1));
	b_join(&b, 4, 0x2037, HOST(1), 0, 0, 0);
	net_put(v, &b);
	net_settle(net);
	t = net_only(net, 0, PRIV, 4);
	assert_int_equal(net->nsent, 1);
	assert_int_equal(t->len, OFF(32 + 20));
	assert_memory_equal(t->p, want, sizeof(want));
	assert_int_equal(t->p[OFF(18)], 20);
	assert_int_equal(PNUM(t), 0);
	assert_int_equal(FLAGS(t), 0x6037); /* register, copy, sequence */
	assert_int_equal(CMI(t), 1);
	assert_memory_equal(t->p + OFF(32), HOST(1).num, 20);
	/* it is a leaf now */
	assert_false(TAILQ_EMPTY(&net->leaves));
	assert_int_equal(net_leaves(net, 0, CCVC), 1);
	net_end(net, v, NULL);
}

/* no answer before the leaf is there. */
static void
no_answer_before_the_leaf_is_up(void **state)
{
	struct net *net = net_new();
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	net->leaf_hold = true;
	v = net_call(net, 0, HOST(1));
	net_join(v, 4, 0x2000, 0, 0);
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(net->nsent, 0);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net->leaf_hold = false;
	net_settle(net);
	(void)net_only(net, 0, PRIV, 4);
	net_end(net, v, NULL);
}

/* R2022-6.1.2-04: a second registration gives the same CMI. */
static void
a_second_registration_gives_the_same_cmi(void **state)
{
	struct net *net = net_new();
	struct nvc *v;
	uint64_t published;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	published = net->s[0].published;
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 1);
	assert_int_equal(net->s[0].published, published);
	net_end(net, v, NULL);
}

/*
 * R2022-6.1.2-07, -23, R2022-5.2.3-11, A-12, A-109, A-21: out of all groups,
 * off the control VC, answered even twice, nothing on ClusterControlVC; the
 * CMI is the last to be given out again.
 */
static void
a_deregistration_ends_all_silently(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *x;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	net_join(v, 4, 0, 0xe0000003, 0xe0000009);
	assert_true(net_finds(w, 0xe0000001, HOST(1)));
	net_clear(net);
	net_join(v, 5, 0x2005, 0, 0);
	assert_int_equal(FLAGS(net_only(net, 0, PRIV, 5)), 0x6005);
	assert_int_equal(net->nsent, 1);
	assert_false(net_finds(w, 0xe0000001, HOST(1)));
	assert_int_equal(net_leaves(net, 0, CCVC), 1);
	assert_int_equal(net_show(net, 0, "joins"), 0);
	assert_int_equal(net_show(net, 0, "cmi-used"), 1);
	net_clear(net);
	net_join(v, 5, 0x2006, 0, 0);
	assert_int_equal(FLAGS(net_only(net, 0, PRIV, 5)), 0x6006);
	net_clear(net);
	x = net_call(net, 0, HOST(3));
	net_join(x, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 3);
	net_end(net, x, w, v, NULL);
}

/* R2022-6.1.2-24, A-110, R2443-2-19, R2443-5.4-03: a leaf that vanished. */
static void
a_lost_leaf_deregisters(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *far;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	far = net_client(net, 1, 3);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	net_join(v, 4, 0, 0xe0000003, 0xe0000009);
	assert_true(net_finds(far, 0xe0000001, HOST(1)));
	assert_true(net_finds(far, 0xe0000005, HOST(1)));
	assert_int_equal(net_show(net, 0, "cmi-used"), 2);
	net_clear(net);
	net_vanish(net, HOST(1));
	net_settle(net);
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_show(net, 0, "cmi-used"), 1);
	assert_int_equal(net_show(net, 0, "joins"), 0);
	assert_false(net_finds(w, 0xe0000001, HOST(1)));
	assert_false(net_finds(w, 0xe0000005, HOST(1)));
	assert_false(net_finds(far, 0xe0000001, HOST(1)));
	assert_false(net_finds(far, 0xe0000005, HOST(1)));
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net_end(net, far, w, v, NULL);
}

/*
 * R2022-11-03: nothing but that leaf says whether a member lives: one that
 * says nothing for a day, its circuit closed, stays a member here and at the
 * other server, and is asked nothing: it hears the regular map.
 */
static void
a_silent_member_stays(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *far;
	size_t i;

	(void)state;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	far = net_client(net, 1, 3);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	net_hangup(v);
	net_clear(net);
	net_wait(net, MTIME_SEC(86400));
	for (i = 0; i < net->nsent; i++) {
		assert_true(net->sent[i].control);
		assert_int_equal(OP(&net->sent[i]), 12);
	}
	assert_int_equal(net_leaves(net, 0, CCVC), 2);
	assert_int_equal(net_show(net, 0, "cmi-used"), 2);
	assert_true(net_finds(w, 0xe0000001, HOST(1)));
	assert_true(net_finds(far, 0xe0000001, HOST(1)));
	net_end(net, far, w, NULL);
}

/* the control VC itself goes; the members stay, and get it back. */
static void
a_lost_control_vc_is_built_again(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *root;
	struct nleaf *l;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	root = (struct nvc *)TAILQ_FIRST(&net->leaves)->leaf.root;
	while ((l = TAILQ_FIRST(&net->leaves)) != NULL) {
		TAILQ_REMOVE(&net->leaves, l, entry);
		free(l);
	}
	marsd_vc_user.release(
	    net->s[0].link.arg, &root->vc, root->vc.cookie, VC_CAUSE_TEMPORARY);
	free(root);
	assert_int_equal(net_leaves(net, 0, CCVC), 0);
	net_settle(net);
	assert_int_equal(net_leaves(net, 0, CCVC), 1);
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	(void)net_only(net, 0, CCVC, 4);
	net_end(net, v, NULL);
}

/*
 * R2022-5.2.3-08: no CMI left, one address in both roles, and
 * the limit of members: refused without an answer, counted, told.
 */
static void
a_refused_registration_is_counted_and_told(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w, *x;

	(void)state;
	net_cluster_conf(net, 0)->cmi_max = 2;
	net_cluster_conf(net, 1)->max_members = 1;
	net_start(net, 0);
	net_start(net, 1);
	v = net_client(net, 0, 1);
	net_join(v, 3, 0x2000, 0, 0);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_BOTH_ROLES), 1);
	w = net_client(net, 0, 2);
	x = net_client(net, 0, 3);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_CMI), 1);
	assert_int_equal(net->s[0].events[MARSD_EV_CMI_EXHAUSTED], 1);
	assert_int_equal(net->nsent, 0);
	net_hangup(x);
	net_hangup(w);
	net_hangup(v);
	v = net_client(net, 1, 4);
	w = net_client(net, 1, 5);
	assert_int_equal(net_dropped(net, 1, MARSD_DROP_MEMBERS), 1);
	net_end(net, w, v, NULL);
}

/* is this node a leaf of this VC, and how many leaves has it? */
static size_t
leaves_of(
    struct net *net, const struct vc *root, struct atm_addr who, bool *is_leaf)
{
	struct nleaf *l;
	size_t n = 0;

	*is_leaf = false;
	TAILQ_FOREACH(l, &net->leaves, entry) {
		if (l->leaf.root != root)
			continue;
		n++;
		if (atm_addr_equal(&l->addr, &who))
			*is_leaf = true;
	}
	return n;
}

/*
 * R2022-4.1-06 to -08, R2022-6.2-04, R2022-6.2.3-02, R2022-6.1.2-01, -23,
 * R2022-5.2.3-11: clients are leaves of ClusterControlVC, MCSs of
 * ServerControlVC, each by its address and none of both; who deregisters is
 * a leaf no more.  Either VC is there only when somebody needs it.
 */
static void
each_role_has_its_control_vc(void **state)
{
	struct net *net = net_new();
	struct marsd_control *ctl;
	struct nvc *v, *w, *m;
	bool leaf;

	(void)state;
	net_start(net, 0);
	ctl = net_proto(net, 0)->control;
	assert_null(ctl[SCVC].root);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	assert_null(ctl[SCVC].root);
	m = net_mcs(net, 0, 9);
	assert_non_null(ctl[SCVC].root);
	assert_ptr_not_equal(ctl[CCVC].root, ctl[SCVC].root);
	assert_int_equal(leaves_of(net, ctl[CCVC].root, HOST(1), &leaf), 2);
	assert_true(leaf);
	assert_int_equal(leaves_of(net, ctl[CCVC].root, HOST(9), &leaf), 2);
	assert_false(leaf);
	assert_int_equal(leaves_of(net, ctl[SCVC].root, HOST(9), &leaf), 1);
	assert_true(leaf);
	net_join(v, 5, 0x2000, 0, 0);
	assert_int_equal(leaves_of(net, ctl[CCVC].root, HOST(1), &leaf), 1);
	assert_false(leaf);
	net_join(m, 7, 0x2000, 0, 0);
	assert_int_equal(leaves_of(net, ctl[SCVC].root, HOST(9), &leaf), 0);
	net_end(net, m, w, v, NULL);
}

/*
 * a registration's pair, whatever its length, is not
 * looked at but echoed, and so are TLVs and the source protocol address;
 * R2022-6.1.2-10, R2022-5.2.1-09, -18: copy and the number are the MARS's.
 */
static void
a_registration_is_echoed_whole(void **state)
{
	static const uint8_t tlv[] = { 0x38, 0x01, 0x00, 0x02, 7, 8, 0, 0, 0, 0,
		0, 0 };
	struct net *net = net_new();
	const struct sent *t;
	struct nvc *v;
	struct buf b;
	unsigned op;

	(void)state;
	net_start(net, 0);
	net_set_numbers(net, 0, 0, 4711, 0);
	v = net_call(net, 0, HOST(1));
	for (op = 4; op <= 5; op++) {
		b_join(&b, op, 0x3088, HOST(1), 0, 0, 0);
		b.p[OFF(20)] = 4; /* spln */
		b.p[OFF(21)] = 2; /* tpln */
		b.p[OFF(23)] = 1; /* pnum */
		b32(&b, 0xc0000201);
		b32(&b, 0x99887766); /* backwards, too */
		b.p[OFF(15)] = 60;
		bn(&b, tlv, sizeof(tlv));
		net_put(v, &b);
		net_settle(net);
		t = net_only(net, 0, PRIV, op);
		assert_int_equal(t->len, b.len);
		assert_int_equal(FLAGS(t), 0x6088); /* punched no more */
		assert_int_equal(CMI(t), op == 4 ? 1 : 0);
		assert_int_equal(MSN(t), 4711);
		assert_memory_equal(t->p + OFF(20), b.p + OFF(20), 4);
		assert_memory_equal(
		    t->p + OFF(32), b.p + OFF(32), b.len - OFF(32));
		net_clear(net);
	}
	net_end(net, v, NULL);
}

/*
 * R2022-6.1.2-24, A-111: the leaf of a client that restarted drops after it
 * has registered again: it gets a new one, and stays in its groups.
 */
static void
a_restarted_client_gets_a_new_leaf(void **state)
{
	struct net *net = net_new();
	struct nvc *v, *w;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	w = net_client(net, 0, 2);
	net_join(v, 4, 0, 0xe0000001, 0xe0000001);
	net_hangup(v);
	v = net_call(net, 0, HOST(1));
	net_join(v, 4, 0x2000, 0, 0);
	net_vanish(net, HOST(1));
	net_settle(net);
	assert_int_equal(net_leaves(net, 0, CCVC), 2);
	assert_true(net_finds(w, 0xe0000001, HOST(1)));
	/* and now it has really gone */
	net_vanish(net, HOST(1));
	net_settle(net);
	assert_int_equal(net_leaves(net, 0, CCVC), 1);
	assert_false(net_finds(w, 0xe0000001, HOST(1)));
	net_end(net, w, v, NULL);
}

/*
 * A backend that tells of a leaf twice has broken its promise: nothing comes
 * of it but a counter, and a word to the operator.
 */
static void
what_cannot_be_is_counted_and_told(void **state)
{
	struct net *net = net_new();
	struct nleaf *l;
	struct nvc *v;

	(void)state;
	net_start(net, 0);
	v = net_client(net, 0, 1);
	assert_int_equal(net_counter(net, 0, "table-violations"), 0);
	l = TAILQ_FIRST(&net->leaves);
	marsd_vc_user.leaf_ack(net->s[0].link.arg, &l->leaf, l->leaf.cookie);
	assert_int_equal(net_counter(net, 0, "table-violations"), 1);
	assert_int_equal(net->s[0].events[MARSD_EV_VIOLATION], 1);
	assert_string_equal(net->s[0].why, "leaf, up, ack");
	net->s[0].events[MARSD_EV_VIOLATION] = 0; /* not for net_free() */
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_leaves(net, 0, CCVC), 1);
	net_end(net, v, NULL);
}

/* Each cell of the leaf's table is what it was meant to be. */
static void
every_cell_of_the_leaf_table(void **state)
{
	/* register, ack, busy, fail, drop, stale, left, root, timer */
	static const char *const rows[] = { "none: adding/add ! ! ! ! ! ! . .",
		"adding: . up/up retry/wait none/lost none/lost none/lost "
		"none/lost adding/add .",
		"retry: adding/add ! ! ! ! ! ! . adding/add",
		"up: up/answer ! ! ! none/lost adding/add left/linger "
		"adding/add .",
		"left: adding/add ! ! ! ! ! ! . none/lost" };

	(void)state;
	check_table(&marsd_leaf_table, rows);
}

/* a leaf that fails for a cause that passes is tried again. */
static void
a_leaf_that_fails_for_now_is_tried_again(void **state)
{
	struct net *net = net_new();
	struct nleaf *l;
	struct nvc *v;
	int i;

	(void)state;
	net_start(net, 0);
	net->leaf_hold = true;
	v = net_call(net, 0, HOST(1));
	net_join(v, 4, 0x2000, 0, 0);
	for (i = 0; i < 2; i++) {
		l = TAILQ_FIRST(&net->leaves);
		assert_non_null(l);
		TAILQ_REMOVE(&net->leaves, l, entry);
		marsd_vc_user.leaf_failed(net->s[0].link.arg, &l->leaf,
		    l->leaf.cookie, VC_CAUSE_TEMPORARY);
		free(l);
		assert_true(TAILQ_EMPTY(&net->leaves));
		net_wait(net, MTIME_SEC(1));
	}
	net->leaf_hold = false;
	net_settle(net);
	(void)net_only(net, 0, PRIV, 4);
	net_clear(net);
	/* and one that fails for good is forgotten: no CMI is lost */
	net->leaf_hold = true;
	net_hangup(v);
	v = net_call(net, 0, HOST(2));
	net_join(v, 4, 0x2000, 0, 0);
	l = TAILQ_LAST(&net->leaves, nleaf_list);
	TAILQ_REMOVE(&net->leaves, l, entry);
	marsd_vc_user.leaf_failed(
	    net->s[0].link.arg, &l->leaf, l->leaf.cookie, VC_CAUSE_UNALLOCATED);
	free(l);
	assert_int_equal(net->nsent, 0);
	assert_int_equal(net_show(net, 0, "cmi-used"), 1);
	net_end(net, v, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_registration_is_copied_with_a_cmi),
		cmocka_unit_test(no_answer_before_the_leaf_is_up),
		cmocka_unit_test(a_second_registration_gives_the_same_cmi),
		cmocka_unit_test(a_deregistration_ends_all_silently),
		cmocka_unit_test(a_lost_leaf_deregisters),
		cmocka_unit_test(a_silent_member_stays),
		cmocka_unit_test(a_lost_control_vc_is_built_again),
		cmocka_unit_test(a_refused_registration_is_counted_and_told),
		cmocka_unit_test(each_role_has_its_control_vc),
		cmocka_unit_test(a_registration_is_echoed_whole),
		cmocka_unit_test(a_restarted_client_gets_a_new_leaf),
		cmocka_unit_test(what_cannot_be_is_counted_and_told),
		cmocka_unit_test(every_cell_of_the_leaf_table),
		cmocka_unit_test(a_leaf_that_fails_for_now_is_tried_again),
	};

	return cmocka_run_group_tests_name("member", tests, NULL, NULL);
}
