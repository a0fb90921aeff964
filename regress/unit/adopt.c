/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"
#include "marsd/adopt.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/* D9: a client that moved softly joins nothing again, but new groups. */
static void
new_joins_after_a_soft_move_cost_nothing(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(10));
	net_join(w, 4, 0, G(2), G(2));
	net_wait(net, MTIME_SEC(100));
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/*
 * D9: a client that joins again has moved hard: what it has not joined again
 * 60 s after its last JOIN goes.
 */
static void
a_hard_move_keeps_what_is_joined_again(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(10));
	net_join(w, 4, 0, G(1), G(1));
	net_wait(net, MTIME_SEC(59));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_join(w, 4, 0, G(1), G(1));
	net_wait(net, MTIME_SEC(59));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_clear(net);
	net_wait(net, MTIME_SEC(2));
	assert_false(net_finds(x, G(2), HOST(1)));
	assert_true(net_finds(x, G(1), HOST(1)));
	check_pairs(net_only(net, 2, CCVC, 5), 1, G(2), G(2));
	net_end(net, w, v, x, NULL);
}

/* D9: of a server that is dead nothing is adopted; A-4: joins are ours. */
static void
nothing_is_adopted_of_a_dead_server(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	struct nvc *y;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net_hangup(v);
	net_crash(net, 0);
	net_wait(net, MTIME_SEC(241));
	assert_false(net_finds(x, G(1), HOST(1)));
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	assert_int_equal(net_show(net, 1, "joins"), 0);
	net_join(w, 4, 0, G(1), G(1));
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_false(net_finds(x, G(2), HOST(1)));
	/* a move before the flush: B's own record keeps it */
	y = net_client(net, 1, 7);
	net_join(y, 4, 0, G(3), G(3));
	net_hangup(y);
	y = net_client(net, 2, 7);
	net_join(y, 4, 0, G(3), G(3));
	net_crash(net, 1);
	net_wait(net, MTIME_SEC(241));
	assert_true(net_finds(x, G(3), HOST(7)));
	net_end(net, y, x, NULL);
}

/*
 * R2022-5.4.1-02, D9: a client that registers once more, on a new circuit, has
 * to join everything again: what it has not joined 60 s after that or after
 * its last JOIN is gone.  R2022-5.2.2-08: the same registration twice, or with
 * another number, on the circuit that it has changes nothing.
 */
static void
a_client_registered_anew_joins_all_again(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 1, G(1), G(1));
	net_join(v, 4, 2, G(2), G(2));
	net_join(v, 4, 0x2000, 0, 0); /* as net_client() did */
	net_join(v, 4, 0x2077, 0, 0);
	net_join(v, 4, 1, G(1), G(1));
	net_wait(net, MTIME_SEC(100));
	assert_true(net_finds(x, G(2), HOST(1)));
	w = net_call(net, 0, HOST(1));
	net_join(w, 4, 0x2003, 0, 0);
	net_wait(net, MTIME_SEC(50));
	net_join(w, 4, 4, G(1), G(1));
	net_wait(net, MTIME_SEC(59));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_wait(net, MTIME_SEC(2));
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_false(net_finds(x, G(2), HOST(1)));
	/* and the same with no JOIN at all */
	y = net_call(net, 0, HOST(1));
	net_join(y, 4, 0x2005, 0, 0);
	net_wait(net, MTIME_SEC(59));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_wait(net, MTIME_SEC(2));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_end(net, y, w, v, x, NULL);
}

/*
 * R2022-5.4.3-15, D9: one that came softly and repeats its registration, by
 * another number or on another circuit since the first was lost with its
 * answer, still joins nothing again, and stays in everything; months later a
 * JOIN of one group does not cost it the others.
 */
static void
a_repeated_soft_registration_loses_nothing(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 4, 0x2001, 0, 0);
	y = net_call(net, 1, HOST(1));
	net_join(y, 4, 0x2001, 0, 0);
	net_wait(net, MTIME_SEC(200));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_join(y, 4, 2, G(2), G(2));
	net_wait(net, MTIME_SEC(200));
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	/* but now a registration on another circuit is another life */
	net_hangup(w);
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 4, 1, G(2), G(2));
	/* and so is the next, though the first is still being dealt with */
	net_wait(net, MTIME_SEC(30));
	net_hangup(y);
	y = net_call(net, 1, HOST(1));
	net_join(y, 4, 0x2000, 0, 0);
	net_join(y, 4, 1, G(3), G(3));
	net_wait(net, MTIME_SEC(62));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_false(net_finds(x, G(2), HOST(1)));
	assert_true(net_finds(x, G(3), HOST(1)));
	net_end(net, y, w, v, x, NULL);
}

/*
 * D9: one that came softly and has joined something since is registered, so
 * a registration on another circuit is another life, soon as it may be.
 */
static void
who_has_joined_since_it_came_is_anew(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 4, 0, G(3), G(3));
	y = net_call(net, 1, HOST(1));
	net_join(y, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(62));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_false(net_finds(x, G(3), HOST(1)));
	net_end(net, y, w, v, x, NULL);
}

/* D9: one that is joining everything again is redirected softly, and back. */
static void
a_soft_move_and_back_loses_nothing(void **state)
{
	struct nvc *v, *w, *y, *z, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	y = net_call(net, 0, HOST(1));
	net_join(y, 4, 0x2003, 0, 0);
	net_join(y, 4, 0, G(1), G(1));
	net_wait(net, MTIME_SEC(20));
	net->s[0].cut = true;
	net_join(y, 4, 0, G(3), G(3)); /* so that it waits */
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2004, 0, 0);
	z = net_call(net, 0, HOST(1));
	net_join(z, 4, 0x2005, 0, 0);
	net_wait(net, MTIME_SEC(200));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_end(net, z, y, w, v, x, NULL);
}

/*
 * R2022-5.4.1-02: a client that ends in order, so that its leaf is cleared
 * normally, and is back within 5 s, with other wishes.
 */
static void
a_client_back_with_a_new_leaf_joins_all_again(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	net_hangup(v);
	net_wait(net, MTIME_SEC(3));
	w = net_call(net, 0, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 4, 1, G(7), G(7));
	net_wait(net, MTIME_SEC(62));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(7), HOST(1)));
	net_end(net, w, x, NULL);
}

/* R2022-5.4.1-02, D9: an MCS that registers once more, as a client. */
static void
an_mcs_registered_anew_serves_all_again(void **state)
{
	struct nvc *m, *n, *x;
	struct net *net = net_watched(&x);

	(void)state;
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_join(m, 3, 0, G(2), G(2));
	net_join(m, 3, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(100));
	assert_true(net_finds(x, G(2), HOST(9)));
	n = net_call(net, 0, HOST(9));
	net_join(n, 3, 0x2000, 0, 0);
	net_join(n, 3, 0, G(1), G(1));
	net_wait(net, MTIME_SEC(59));
	assert_true(net_finds(x, G(2), HOST(9)));
	net_wait(net, MTIME_SEC(2));
	assert_true(net_finds(x, G(1), HOST(9)));
	assert_false(net_finds(x, G(2), HOST(9)));
	net_end(net, n, m, x, NULL);
}

/*
 * D9: joins that another server tells of in the first 10 s are adopted if that
 * server is known to have the client: not before its registration is known,
 * and then all of them.
 */
static void
late_joins_are_adopted_with_their_registration(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	uint8_t oid[4] = { 192, 0, 2, 1 };
	struct record *r;
	struct csa c;

	(void)state;
	net->s[1].cut = true;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[0].cut = true;
	net->s[1].cut = false;
	w = net_client(net, 1, 1);
	net_tell(net, 0, 1, false, true);
	assert_int_equal(net_show(net, 1, "joins"), 0);
	for (r = net->s[0].records; r != NULL; r = r->next) {
		(void)csa_decode(&c, r->data, r->len);
		if ((c.flags & CSA_F_REGISTER) != 0)
			marsd_csa_update(net->s[1].mars, 1, oid, r->key, r->seq,
			    CSA_HOW_ALIGNED, r->data, r->len);
	}
	assert_int_equal(net_show(net, 1, "joins"), 1);
	net_end(net, w, v, x, NULL);
}

/*
 * A-24, D9: a group that was adopted, and that the client left at the server
 * that it went on to.  If it comes back, it has left that group; if it joins
 * it here meanwhile it has not; and if it is not there after all, the group is
 * adopted as it was.
 */
static void
an_adopted_join_that_was_left_elsewhere(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net;
	int next;

	(void)state;
	for (next = 0; next < 3; next++) {
		net = net_watched(&x);
		v = net_client(net, 1, 1);
		net_join(v, 4, 0, G(1), G(1));
		w = net_call(net, 0, HOST(1));
		net_join(w, 4, 0x2000, 0, 0); /* softly */
		net_wait(net, MTIME_SEC(10));
		assert_int_equal(net_show(net, 1, "members"), 0);
		net->s[0].cut = true;
		net_join(w, 4, 0, G(3), G(3)); /* so that it waits */
		net->s[0].cut = false;
		y = net_call(net, 2, HOST(1));
		net_join(y, 4, 0x2000, 0, 0);
		net_join(y, 5, 0, G(1), G(1));
		if (next == 1)
			net_join(w, 4, 0, G(1), G(1));
		if (next == 2)
			net_join(y, 5, 0x2000, 0, 0);
		else
			net_join(w, 4, 0x2001, 0, 0);
		net_wait(net, MTIME_SEC(20));
		assert_int_equal(net_show(net, 0, "members"), 1);
		assert_int_equal(net_show(net, 2, "members"), 1);
		assert_int_equal(net_finds(x, G(1), HOST(1)), next != 0);
		net_wait(net, MTIME_SEC(200));
		assert_int_equal(net_finds(x, G(1), HOST(1)), next != 0);
		net_end(net, y, w, v, x, NULL);
	}
}

/* Joins that rest on another's word: each cell is what it was meant to be. */
static void
every_cell_of_the_adopt_table(void **state)
{
	/* take, hurry, ask, ask-adopted, anew, anew-soon, move, timer */
	static const char *const rows[] = {
		"none: kept/note . . ! none/doubt none/doubt . !",
		"kept: . timed/start . timed/start kept/doubt . . !",
		("timed: . timed/start timed/start timed/start timed/doubt "
		 "timed/doubt kept/stop none/withdraw")
	};

	(void)state;
	check_table(&marsd_adopt_table, rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_joins_after_a_soft_move_cost_nothing),
		cmocka_unit_test(a_hard_move_keeps_what_is_joined_again),
		cmocka_unit_test(nothing_is_adopted_of_a_dead_server),
		cmocka_unit_test(a_client_registered_anew_joins_all_again),
		cmocka_unit_test(who_has_joined_since_it_came_is_anew),
		cmocka_unit_test(an_mcs_registered_anew_serves_all_again),
		cmocka_unit_test(a_repeated_soft_registration_loses_nothing),
		cmocka_unit_test(a_soft_move_and_back_loses_nothing),
		cmocka_unit_test(a_client_back_with_a_new_leaf_joins_all_again),
		cmocka_unit_test(
		    late_joins_are_adopted_with_their_registration),
		cmocka_unit_test(an_adopted_join_that_was_left_elsewhere),
		cmocka_unit_test(every_cell_of_the_adopt_table),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
