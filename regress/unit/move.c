/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "marsnet.h"
#include "marsd/move.h"

#define G(n)	(0xe0000000U + (uint32_t)(n))

/*
 * D9, A-6, A-30: a soft redirect: the client registers at B, which adopts its
 * groups; A takes its own back; nobody hears a MARS_LEAVE, and no request
 * anywhere ever misses it.
 */
static void
a_soft_redirect_loses_no_member(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	struct marsd_peer *a;
	int i;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(5), G(9));
	net_clear(net);
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(net_count(net, i, CCVC, 5), 0);
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(6), HOST(1)));
	assert_true(net_finds(w, G(6), HOST(1)));
	assert_int_equal(net_show(net, 1, "joins"), 2);
	/* it has its leaf until it may have heard that it is elsewhere */
	net_wait(net, MTIME_SEC(1) - 1);
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_wait(net, 1);
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 0, "joins"), 0);
	assert_int_equal(net->s[0].events[MARSD_EV_MOVED], 1);
	a = RB_MIN(marsd_peer_tree, &net_proto(net, 2)->peers);
	assert_int_equal(a->owner->oid[3], 1);
	net_wait(net, MTIME_SEC(200));
	assert_true(net_finds(x, G(6), HOST(1)));
	for (i = 0; i < 3; i++)
		assert_int_equal(net_count(net, i, CCVC, 5), 0);
	net_end(net, w, v, x, NULL);
}

/* by an alignment a second registration is only told to the log. */
static void
an_aligned_registration_moves_nobody(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	uint8_t oid[4] = { 192, 0, 2, 2 };
	struct record *r;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[1].cut = true;
	w = net_client(net, 1, 1);
	net->s[1].cut = false;
	for (r = net->s[1].records; r != NULL; r = r->next)
		marsd_csa_update(net->s[0].mars, 1, oid, r->key, r->seq,
		    CSA_HOW_ALIGNED, r->data, r->len);
	net_wait(net, MTIME_SEC(10));
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_true(net->s[0].events[MARSD_EV_MOVED] > 0);
	net_end(net, w, v, x, NULL);
}

/*
 * A-6, D9: a JOIN at the old server, a moment before the client registers at
 * the new one, reaches the new one after that: it is kept, and neither gives
 * the client up for the other's sake.
 */
static void
a_join_that_crosses_the_move_is_kept(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	struct buf b;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	w = net_call(net, 1, HOST(1));
	b_join(&b, 4, 0, HOST(1), 1, G(2), G(2));
	net_put(v, &b); /* its record waits in the queue */
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	net_put(w, &b);
	marsd_vc_user.leaf_ack(net->s[1].link.arg,
	    &TAILQ_LAST(&net->leaves, nleaf_list)->leaf,
	    TAILQ_LAST(&net->leaves, nleaf_list)->leaf.cookie);
	TAILQ_LAST(&net->leaves, nleaf_list)->acked = true;
	net_wait(net, MTIME_SEC(30));
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 1, "members"), 1);
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/*
 * a LEAVE at the new server, while the old one still waits for the
 * new one to have all joins: it is no member any more when that is over, and
 * all hear it once.
 */
static void
a_leave_during_the_move_is_told_once(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3)); /* nobody hears of it */
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_clear(net);
	net_join(w, 5, 0, G(1), G(1));
	net_wait(net, MTIME_SEC(6));
	check_pairs(net_only(net, 2, CCVC, 5), 1, G(1), G(1));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	assert_int_equal(net_show(net, 0, "members"), 0);
	net_end(net, w, v, x, NULL);
}

/*
 * a LEAVE at the new server while the old one is taking back what
 * it says: the client is no member any more, but its leaves don't drop, so
 * all hear of it.
 */
static void
a_leave_after_the_move_is_told_to_all(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	struct nleaf *l;
	struct buf b;
	int i;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net_clear(net);
	w = net_call(net, 1, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	net_put(w, &b);
	l = TAILQ_LAST(&net->leaves, nleaf_list);
	marsd_vc_user.leaf_ack(net->s[1].link.arg, &l->leaf, l->leaf.cookie);
	l->acked = true;
	b_join(&b, 5, 0, HOST(1), 1, G(1), G(1));
	net_put(w, &b);
	net_wait(net, MTIME_SEC(30));
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 1, "members"), 1);
	for (i = 1; i < 3; i++)
		check_pairs(net_only(net, i, CCVC, 5), 1, G(1), G(1));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/* there and back again: the last registration wins. */
static void
the_last_registration_wins(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3));
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(v, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(20));
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_int_equal(net_show(net, 1, "members"), 0);
	assert_true(net_finds(x, G(1), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/*
 * two servers hear of each other's registration at the same moment: one
 * of them gives the client up, not both, and no request misses it.
 */
static void
of_two_servers_one_gives_the_client_up(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	int i;

	(void)state;
	net->s[1].cut = true;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[1].cut = false;
	net->s[0].cut = true;
	w = net_client(net, 1, 1);
	net_join(w, 4, 0, G(1), G(1));
	net->s[0].cut = false;
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_int_equal(net_show(net, 1, "members"), 1);
	net_tell(net, 0, 1, true, true);
	net_tell(net, 1, 0, true, true);
	for (i = 0; i < 20; i++) {
		net_wait(net, MTIME_MS(500));
		assert_true(net_finds(x, G(1), HOST(1)));
	}
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 1, "members"), 1);
	net_end(net, w, v, x, NULL);
}

/*
 * a server that does not have the client takes back all that it
 * says of it, and the Deregister arrives last: the client has left nothing.
 */
static void
joins_withdrawn_before_the_deregister_are_kept(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	net->s[0].cut = true;
	w = net_client(net, 1, 1);
	net_join(w, 4, 0, G(1), G(1));
	net->s[0].cut = false;
	net->s[1].cut = true;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net->s[1].cut = false;
	net->s[0].cut = true;
	net_tell(net, 1, 0, true, true); /* is it there? wait 5 s */
	net_tell(net, 0, 1, true, true); /* no: it came from there */
	net_wait(net, MTIME_SEC(2));
	assert_int_equal(net_show(net, 1, "members"), 0);
	assert_int_equal(net_show(net, 0, "members"), 1);
	net->s[0].cut = false;
	net_tell(net, 1, 0, false, true);
	net_wait(net, MTIME_SEC(1));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_tell(net, 1, 0, true, false);
	net_wait(net, MTIME_SEC(30));
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/* there, a LEAVE, and back again: what it left there it has left. */
static void
what_was_left_elsewhere_is_left(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_join(v, 4, 0, G(2), G(2));
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3)); /* so that it waits */
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_join(w, 5, 0, G(1), G(1));
	net_join(v, 4, 0x2001, 0, 0);
	net_wait(net, MTIME_SEC(20));
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_int_equal(net_show(net, 1, "members"), 0);
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(x, G(2), HOST(1)));
	net_end(net, w, v, x, NULL);
}

/*
 * a client that had left, and is back from another server: the
 * other one hears of it when its leaf is up, and keeps it until then.
 */
static void
a_return_is_told_when_the_leaf_is_up(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3)); /* so that 0 waits */
	net->s[0].cut = false;
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	assert_int_equal(net_show(net, 1, "members"), 1);
	net->leaf_hold = true;
	y = net_call(net, 0, HOST(1));
	net_join(y, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(2));
	assert_int_equal(net_show(net, 1, "members"), 1);
	assert_true(net_finds(x, G(1), HOST(1)));
	net->leaf_hold = false;
	net_wait(net, MTIME_SEC(2));
	assert_int_equal(net_show(net, 1, "members"), 0);
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_true(net_finds(x, G(1), HOST(1)));
	net_end(net, y, w, v, x, NULL);
}

/*
 * a client is registered at two servers, and nobody knows where it
 * went last.  One of them numbers its records anew: that says nothing.
 */
static void
records_numbered_anew_move_nobody(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);
	uint8_t oid[4] = { 192, 0, 2, 1 };
	struct record *r;
	struct csa c;
	int i;

	(void)state;
	net->s[0].cut = net->s[1].cut = true;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	w = net_client(net, 1, 1);
	net_join(w, 4, 0, G(2), G(2));
	net_wait(net, MTIME_SEC(30));
	net->s[0].cut = net->s[1].cut = false;
	for (i = 0; i < 2; i++) {
		for (r = net->s[0].records; r != NULL; r = r->next) {
			(void)csa_decode(&c, r->data, r->len);
			if (c.state == CSA_REDIRECT)
				continue;
			marsd_csa_update(net->s[1].mars, 1, oid, r->key,
			    r->seq + 16 * i,
			    i == 0 ? CSA_HOW_ALIGNED : CSA_HOW_FLOODED, r->data,
			    r->len);
		}
		net_wait(net, MTIME_SEC(20));
		assert_int_equal(net_show(net, 1, "members"), 1);
	}
	/* but the next number, that of a registration there, is a move */
	for (r = net->s[0].records; r != NULL; r = r->next) {
		(void)csa_decode(&c, r->data, r->len);
		if ((c.flags & CSA_F_REGISTER) != 0)
			marsd_csa_update(net->s[1].mars, 1, oid, r->key,
			    r->seq + 17, CSA_HOW_FLOODED, r->data, r->len);
	}
	net_wait(net, MTIME_SEC(20));
	assert_int_equal(net_show(net, 1, "members"), 0);
	net_end(net, w, v, x, NULL);
}

/*
 * D9, A-131: the client clears its leaf at the old server before that one
 * has heard of the new one: no request misses it meanwhile.
 */
static void
a_leaf_cleared_before_the_move_loses_nothing(void **state)
{
	struct nvc *v, *w, *x, *y;
	struct net *net = net_watched(&x);
	struct nleaf *l;
	struct buf b;

	(void)state;
	v = net_client(net, 0, 1);
	y = net_client(net, 0, 51);
	net_join(v, 4, 0, G(1), G(1));
	w = net_call(net, 1, HOST(1));
	b_join(&b, 4, 0x2000, HOST(1), 0, 0, 0);
	net_put(w, &b);
	l = TAILQ_LAST(&net->leaves, nleaf_list);
	l->acked = true; /* its records wait in the queue */
	marsd_vc_user.leaf_ack(net->s[1].link.arg, &l->leaf, l->leaf.cookie);
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(y, G(1), HOST(1)));
	/* off its control VC it is no client of this server any more */
	b_join(&b, 4, 0, HOST(1), 1, G(2), G(2));
	net_put(v, &b);
	assert_int_equal(net_dropped(net, 0, MARSD_DROP_UNREGISTERED), 1);
	net_clear(net);
	net_wait(net, MTIME_SEC(30));
	assert_int_equal(net_count(net, 0, CCVC, 5), 0);
	assert_int_equal(net_count(net, 2, CCVC, 5), 0);
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_true(net_finds(x, G(1), HOST(1)));
	assert_true(net_finds(y, G(1), HOST(1)));
	net_end(net, w, v, y, x, NULL);
}

/*
 * R2443-2-19, R2022-6.1.2-24: one that clears its leaf and turns up nowhere
 * is deregistered 5 s later; at once where there is nowhere to go; and one
 * that registers again has lost nothing.
 */
static void
a_cleared_leaf_deregisters_after_5_s(void **state)
{
	struct nvc *v, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	net_wait(net, MTIME_SEC(4));
	net_join(v, 4, 0x2000, 0, 0);
	assert_int_equal(CMI(net_only(net, 0, PRIV, 4)), 1);
	net_wait(net, MTIME_SEC(10));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	net_wait(net, MTIME_SEC(4));
	assert_true(net_finds(x, G(1), HOST(1)));
	net_wait(net, MTIME_SEC(2));
	assert_false(net_finds(x, G(1), HOST(1)));
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 0, "cmi-used"), 0);
	net_join(v, 4, 0x2000, 0, 0);
	net_crash(net, 1);
	net_hangup(x);
	net_crash(net, 2);
	net_wait(net, 2 * MTIME_SEC(242));
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	assert_int_equal(net_show(net, 0, "members"), 0);
	net_end(net, v, NULL);
}

/*
 * The same where the other server is not heard of: it may be back already, so
 * that the node is there, and nobody has told us yet.
 */
static void
a_silent_server_is_somewhere_to_go(void **state)
{
	struct nvc *v, *x;
	struct net *net = net_watched(&x);

	(void)state;
	net_hangup(x);
	net_crash(net, 1);
	net_crash(net, 2);
	net_wait(net, MTIME_SEC(242));
	v = net_client(net, 0, 1);
	net_drop(net, HOST(1), VC_CAUSE_NORMAL);
	net_wait(net, MTIME_SEC(4));
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_wait(net, MTIME_SEC(2));
	assert_int_equal(net_show(net, 0, "members"), 0);
	net_end(net, v, NULL);
}

/* An MCS moves as a client does; the members hear nothing of it. */
static void
an_mcs_moves_unheard(void **state)
{
	struct nvc *m, *n, *x;
	struct net *net = net_watched(&x);

	(void)state;
	m = net_mcs(net, 0, 9);
	net_join(m, 3, 0, G(1), G(1));
	net_clear(net);
	n = net_call(net, 1, HOST(9));
	net_join(n, 3, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(10));
	assert_int_equal(net_count(net, 2, CCVC, 5), 0);
	assert_int_equal(net_count(net, 2, CCVC, 13), 0);
	assert_int_equal(net_show(net, 0, "servers"), 0);
	assert_true(net_finds(x, G(1), HOST(9)));
	net_end(net, n, m, x, NULL);
}

/*
 * a client is back with its leaf still to come, and another server
 * says that it is there.  What happens next decides: the leaf comes, and then
 * the others hear that it is here; that server gives it up before; it
 * registers here once more; or nothing, and it is given up.
 */
static void
a_contested_return_is_decided_by_what_comes_next(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net;
	int next;

	(void)state;
	for (next = 0; next < 4; next++) {
		net = net_watched(&x);
		v = net_client(net, 0, 1);
		net_join(v, 4, 0, G(1), G(1));
		net->s[1].cut = true;
		w = net_client(net, 1, 1);
		net->s[1].cut = false;
		net_drop(net, HOST(1), VC_CAUSE_NORMAL);
		net->leaf_hold = true;
		y = net_call(net, 0, HOST(1));
		net_join(y, 4, 0x2000, 0, 0);
		net_tell(net, 1, 0, true, false);
		net_wait(net, MTIME_SEC(3));
		assert_int_equal(net_show(net, 0, "members"), 1);
		assert_int_equal(net_show(net, 1, "members"), 1);
		if (next == 1)
			net_join(w, 5, 0x2000, 0, 0); /* */
		else if (next == 2)
			net_join(y, 4, 0x2000, 0, 0);
		if (next == 0)
			net->leaf_hold = false;
		net_wait(net, MTIME_SEC(3));
		assert_int_equal(net_show(net, 0, "members"), next != 3);
		net->leaf_hold = false;
		net_wait(net, MTIME_SEC(2));
		assert_int_equal(net_show(net, 0, "members"), next != 3);
		assert_int_equal(net_show(net, 1, "members"), next == 3);
		assert_int_equal(net_finds(x, G(1), HOST(1)), next != 3);
		net_end(net, y, w, v, x, NULL);
	}
}

/*
 * while it is given up to one server the client goes on to a third: the
 * last registration wins, and no request misses it meanwhile.
 */
static void
a_second_move_follows_the_first(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net = net_watched(&x);
	int i;

	(void)state;
	v = net_client(net, 0, 1);
	net_join(v, 4, 0, G(1), G(1));
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3)); /* so that 0 waits */
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(4));
	y = net_call(net, 2, HOST(1));
	net_join(y, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(4)); /* the wait has begun anew */
	assert_int_equal(net_show(net, 0, "members"), 1);
	assert_int_equal(net_show(net, 1, "members"), 0);
	for (i = 0; i < 4; i++) {
		assert_true(net_finds(x, G(1), HOST(1)));
		net_wait(net, MTIME_SEC(1));
	}
	assert_int_equal(net_show(net, 0, "members"), 0);
	assert_int_equal(net_show(net, 1, "members"), 0);
	assert_int_equal(net_show(net, 2, "members"), 2);
	assert_true(net_finds(x, G(1), HOST(1)));
	net_end(net, y, w, v, x, NULL);
}

/* the same server says so again: the 5 s begin anew. */
static void
a_repeated_word_of_the_new_server_begins_the_wait_anew(void **state)
{
	struct nvc *v, *w, *x;
	struct net *net = net_watched(&x);

	(void)state;
	v = net_client(net, 0, 1);
	net->s[0].cut = true;
	net_join(v, 4, 0, G(3), G(3)); /* so that it waits */
	net->s[0].cut = false;
	w = net_call(net, 1, HOST(1));
	net_join(w, 4, 0x2000, 0, 0);
	net_wait(net, MTIME_SEC(4));
	net_tell(net, 1, 0, true, false);
	net_wait(net, MTIME_SEC(4));
	assert_int_equal(net_show(net, 0, "members"), 1);
	net_wait(net, MTIME_SEC(2));
	assert_int_equal(net_show(net, 0, "members"), 0);
	net_end(net, w, v, x, NULL);
}

/*
 * it registers here once more while it is given up, on another circuit
 * or after it cleared its leaf: it is back, and what it does not ask for in
 * the next minutes it keeps, as after a soft redirect.
 */
static void
a_return_by_any_registration_loses_nothing(void **state)
{
	struct nvc *v, *w, *y, *x;
	struct net *net;
	int cleared;

	(void)state;
	for (cleared = 0; cleared < 2; cleared++) {
		net = net_watched(&x);
		v = net_client(net, 0, 1);
		net_join(v, 4, 0, G(1), G(1));
		net->s[0].cut = true;
		net_join(v, 4, 0, G(3), G(3)); /* so that it waits */
		net->s[0].cut = false;
		w = net_call(net, 1, HOST(1));
		net_join(w, 4, 0x2000, 0, 0);
		if (cleared)
			net_drop(net, HOST(1), VC_CAUSE_NORMAL);
		y = net_call(net, 0, HOST(1));
		net_join(y, 4, 0x2000, 0, 0);
		net_wait(net, MTIME_SEC(200));
		assert_int_equal(net_show(net, 0, "members"), 1);
		assert_int_equal(net_show(net, 1, "members"), 0);
		assert_true(net_finds(x, G(1), HOST(1)));
		net_end(net, y, w, v, x, NULL);
	}
}

/* Where a node is: each cell of the table is what it was meant to be. */
static void
every_cell_of_the_move_table(void **state)
{
	/* leaf-up, repeat, anew, back, elsewhere, still, covered, off, timer */
	static const char *const rows[] = {
		"new: here/register . . ! . ! ! ! !",
		"here: . . here/anew returning/restart moving/move ! ! ! !",
		("moving: . returning/return returning/return returning/return "
		 "moving/move moving/wait moving/wait here/stay "
		 "moving/give-up"),
		("returning: here/tell . returning/anew ! contested/move "
		 "! ! ! !"),
		("contested: moving/insist returning/return returning/return ! "
		 "contested/move contested/wait contested/wait returning/stay "
		 "contested/give-up")
	};

	(void)state;
	check_table(&marsd_move_table, rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_soft_redirect_loses_no_member),
		cmocka_unit_test(an_aligned_registration_moves_nobody),
		cmocka_unit_test(a_join_that_crosses_the_move_is_kept),
		cmocka_unit_test(a_leave_during_the_move_is_told_once),
		cmocka_unit_test(a_leave_after_the_move_is_told_to_all),
		cmocka_unit_test(the_last_registration_wins),
		cmocka_unit_test(of_two_servers_one_gives_the_client_up),
		cmocka_unit_test(
		    joins_withdrawn_before_the_deregister_are_kept),
		cmocka_unit_test(what_was_left_elsewhere_is_left),
		cmocka_unit_test(a_return_is_told_when_the_leaf_is_up),
		cmocka_unit_test(records_numbered_anew_move_nobody),
		cmocka_unit_test(a_leaf_cleared_before_the_move_loses_nothing),
		cmocka_unit_test(a_cleared_leaf_deregisters_after_5_s),
		cmocka_unit_test(a_silent_server_is_somewhere_to_go),
		cmocka_unit_test(an_mcs_moves_unheard),
		cmocka_unit_test(
		    a_contested_return_is_decided_by_what_comes_next),
		cmocka_unit_test(a_second_move_follows_the_first),
		cmocka_unit_test(
		    a_repeated_word_of_the_new_server_begins_the_wait_anew),
		cmocka_unit_test(a_return_by_any_registration_loses_nothing),
		cmocka_unit_test(every_cell_of_the_move_table),
	};

	return cmocka_run_group_tests_name("move", tests, NULL, NULL);
}
