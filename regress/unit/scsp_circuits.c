/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Circuits between whole servers, and what changes the configuration of
 * one that runs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

/* Strangers are refused; the larger ID calls at once, the other waits. */
static void
the_larger_id_calls_and_the_other_waits(void **state)
{
	struct net *n = net_line(20, 3, false);
	struct scsp_peer *p;

	(void)state;
	node_start(&n->node[0]);
	net_run(n, 2900);
	p = node_neighbor_of(&n->node[0], 1)->peer;
	assert_int_equal(p->ncircuits, 0); /* 10.0.0.1 waits 3 s */
	net_run(n, 101);
	assert_int_equal(p->ncircuits, 1);
	net_run(n, 5000);
	node_start(&n->node[1]);
	net_run(n, 2);
	assert_true(node_neighbor_of(&n->node[1], 0)->peer->ncircuits > 0);
	net_run(n, 5000);
	assert_int_equal(p->ncircuits, 1);
	assert_true(p->best->proven);
	net_free(n);
}

/* Nobody but a neighbor may call: cause 21. */
static void
a_stranger_is_refused_with_cause_21(void **state)
{
	struct net *n = net_line(20, 2, false);
	struct atm_addr who;
	struct vc vc = { .link = &n->node[0].link };
	struct fvc *f;
	void *cookie;
	int i;

	(void)state;
	node_start(&n->node[0]);
	net_addr(&who, 4);
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_REJECTED);
	net_addr(&who, 1);
	atm_addr_set_sel(&who, 7); /* a client on the neighbor's host */
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_REJECTED);
	assert_int_equal(n->node[0].s->calls_refused, 2);
	atm_addr_set_sel(&who, 1);
	/* and a neighbor not without end */
	for (i = 0; i < CIRCUITS_MAX; i++) {
		f = net_fvc_new(&n->node[0], 1, 0, &who);
		assert_int_equal(scsp_vc_user.remote_call(n->node[0].s, &f->vc,
		    &who, false, &f->vc.cookie),
		    VC_CAUSE_NONE);
	}
	assert_int_equal(
	    scsp_vc_user.remote_call(n->node[0].s, &vc, &who, false, &cookie),
	    VC_CAUSE_RESOURCE);
	net_free(n);
}

/* Both call at the same time: the larger ID's is kept at both ends. */
static void
of_two_calls_the_larger_ids_is_kept(void **state)
{
	struct net *n = net_line(21, 2, false);
	struct scsp_peer *a, *b;

	(void)state;
	net_start(n);
	a = node_neighbor_of(&n->node[0], 1)->peer;
	b = node_neighbor_of(&n->node[1], 0)->peer;
	timer_set(&n->ts, &a->call, 0);
	timer_set(&n->ts, &b->call, 0);
	net_run(n, 4000);
	assert_int_equal(a->ncircuits, 1);
	assert_int_equal(b->ncircuits, 1);
	assert_true(b->best->outgoing);
	assert_false(a->best->outgoing);
	assert_true(net_aligned(n));
	assert_int_equal(n->node[0].downs + n->node[1].downs, 0);
	net_free(n);
}

/* A circuit that goes is made again. */
static void
a_circuit_that_goes_is_made_again(void **state)
{
	struct net *n = net_line(22, 2, false);
	struct fvc *f;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	/* as a backend does that has lost the other end */
	f = TAILQ_FIRST(&n->node[1].fvcs);
	net_post(n, MSG_RELEASE, 1, f->id, 0, f->peer_id, VC_CAUSE_OUT_OF_ORDER,
	    NULL);
	net_run(n, 100);
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Down");
	assert_true(net_settle(n, 6000));
	net_free(n);
}

/* A new configuration: what stays keeps its state. */
static void
what_stays_configured_keeps_its_state(void **state)
{
	struct net *n = net_line(23, 3, false);
	struct conf *old = n->node[1].conf;

	(void)state;
	net_start(n);
	node_fill(&n->node[0], 5);
	assert_true(net_settle(n, 3000));
	node_conf(&n->node[1]);
	node_conf_neighbor(&n->node[1], 0)->rexmt_limit = 9;
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	conf_free(old);
	assert_null(node_neighbor_of(&n->node[1], 2));
	assert_string_equal(node_shows(&n->node[1], 0, "alignment"), "Aligned");
	assert_int_equal(node_neighbor_of(&n->node[1], 0)->conf.rexmt_limit, 9);
	assert_int_equal(node_summary(&n->node[1], "records"), 5);
	net_run(n, 20000);
	assert_string_equal(node_shows(&n->node[2], 1, "hello"), "Down");
	node_conf_neighbor(&n->node[1], 2);
	assert_int_equal(scsp_configure(n->node[1].s, n->node[1].conf), 0);
	assert_true(net_settle(n, 10000));
	assert_int_equal(n->node[0].downs, 0);
	net_free(n);
}

/* marsctl: neighbor clear */
static void
neighbor_clear_starts_over(void **state)
{
	struct net *n = net_line(24, 2, false);
	struct atm_addr a;

	(void)state;
	net_start(n);
	assert_true(net_settle(n, 3000));
	net_addr(&a, 4);
	assert_non_null(scsp_neighbor_clear(n->node[0].s, &a));
	net_addr(&a, 1);
	atm_addr_set_sel(&a, 0);
	assert_null(scsp_neighbor_clear(n->node[0].s, &a));
	assert_string_equal(node_shows(&n->node[0], 1, "hello"), "Waiting");
	assert_true(net_settle(n, 10000));
	net_free(n);
}

/* --- a neighbor with several circuits */

#define LS	1
#define DCS	0	/* has the smaller ID: its circuits are all kept */
#define MANY	200	/* records of a request; two are fewer than one takes */

/* Another call of the neighbor comes in, and is accepted. */
static struct fvc *
call_in(struct net *n, bool leaf)
{
	struct node *ls = &n->node[LS];
	struct atm_addr who;
	struct fvc *f;

	net_addr(&who, DCS);
	f = net_fvc_new(ls, DCS, 0, &who);
	f->up = true;
	assert_int_equal(scsp_vc_user.remote_call(ls->s, &f->vc, &who, leaf,
	    &f->vc.cookie),
	    VC_CAUSE_NONE);
	return f;
}

/* The neighbor has cleared it, and nothing else has had its turn. */
static void
clear_now(struct fvc *f)
{
	struct node *nd = f->node;

	TAILQ_REMOVE(&nd->fvcs, f, entry);
	scsp_vc_user.release(
	    nd->s, &f->vc, f->vc.cookie, VC_CAUSE_OUT_OF_ORDER);
	free(f);
}

/* On that circuit, and before anything else has its turn. */
static void
bring(struct net *n, struct fvc *f, uint32_t first)
{
	uint8_t buf[LLC_LEN + SCSP_MTU] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e,
		0x00, 0x05 };
	struct rawpkt p;
	uint32_t i;

	raw_begin(&p, 2, RAW_ID(DCS), RAW_ID(LS));
	for (i = first; i < first + MANY; i++)
		raw_record(&p, 1, RAW_ID(DCS), i, 1, false, "J");
	raw_sum(&p);
	memcpy(buf + LLC_LEN, p.b, p.len);
	scsp_vc_user.sdu(
	    n->node[LS].s, &f->vc, f->vc.cookie, buf, LLC_LEN + p.len);
}

static struct fvc *small;

static size_t
one_is_small(const struct vc *vc)
{
	return vc == &small->vc ? VC_SDU_MIN : VC_SDU_MAX;
}

/*
 * The circuit that is left when the best one goes takes less, while more
 * acknowledgements than it takes in a packet have been gathered.  All go out,
 * in packets that it takes.
 */
static void
acknowledgements_go_on_a_smaller_circuit(void **state)
{
	struct net *n = raw_aligned(LS, DCS, -1);
	struct node *ls = &n->node[LS];
	struct vc_backend b = *ls->link.backend;
	struct fvc *f = TAILQ_FIRST(&ls->fvcs);
	const struct heard *h;
	uint32_t i, acks = 0;

	(void)state;
	b.sdu_max = one_is_small;
	ls->link.backend = &b;
	small = call_in(n, false);
	small->peer_id = TAILQ_FIRST(&n->node[DCS].fvcs)->id;
	bring(n, f, 0);
	clear_now(f);
	for (i = 1; i < 4; i++)
		bring(n, small, i * MANY);
	net_run(n, 10);
	assert_int_equal(node_summary(ls, "records"), 4 * MANY);
	for (i = 0; (h = raw_nth(n, DCS, 3, i)) != NULL; i++) {
		assert_in_range(h->len, 0, VC_SDU_MIN);
		acks += raw_get(h, 18, 2);
	}
	assert_int_equal(acks, 4 * MANY);
	ls->link.backend = n->node[DCS].link.backend;
	net_free(n);
}

/* we can't answer on a leaf, so another circuit is called for. */
static void
who_calls_us_as_a_leaf_is_called_again(void **state)
{
	struct net *n = raw_aligned(LS, DCS, -1);
	struct node *ls = &n->node[LS];
	struct fvc *f = TAILQ_FIRST(&ls->fvcs);

	(void)state;
	(void)call_in(n, true);
	clear_now(f);
	net_run(n, 10);
	assert_string_equal(node_shows(ls, DCS, "hello"), "Down");
	net_run(n, 10000);
	assert_string_equal(node_shows(ls, DCS, "hello"), "Waiting");
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_larger_id_calls_and_the_other_waits),
		cmocka_unit_test(a_stranger_is_refused_with_cause_21),
		cmocka_unit_test(of_two_calls_the_larger_ids_is_kept),
		cmocka_unit_test(a_circuit_that_goes_is_made_again),
		cmocka_unit_test(what_stays_configured_keeps_its_state),
		cmocka_unit_test(neighbor_clear_starts_over),
		cmocka_unit_test(acknowledgements_go_on_a_smaller_circuit),
		cmocka_unit_test(who_calls_us_as_a_leaf_is_called_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
