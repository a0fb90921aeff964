/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The Hello protocol (RFC 2334 section 2.1, B.2.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspd/hello.h"
#include "scspnet.h"

#define LS	1		/* 10.0.0.2 is under test, 10.0.0.1 is raw */
#define DCS	0
#define SIDE	&n->node[LS], DCS	/* under test, and its neighbor */

static struct scsp_neighbor *nb;
static struct net *n;

static void
begin(void)
{
	n = raw_net(LS, DCS);
	nb = node_neighbor_of(&n->node[LS], DCS);
}

static void
hello(uint32_t receiver)
{
	raw_hello(n, DCS, 3, 3, RAW_ID(DCS), receiver);
}

static const struct table_cell *
cell(unsigned int s, unsigned int e)
{
	return table_cell(&scsp_hello_table, s, e);
}

/* No cell of the table is forgotten, and none leaves the states. */
static void
every_cell_is_written(void **state)
{
	unsigned int s, e;

	(void)state;
	for (s = 0; s < SCSP_HELLO_STATE_MAX; s++)
		for (e = 0; e < SCSP_HELLO_EV_MAX; e++) {
			assert_int_not_equal(
			    cell(s, e)->action, TABLE_FORGOTTEN);
			assert_true(cell(s, e)->next < SCSP_HELLO_STATE_MAX);
		}
}

/* Figure 1: R2334-2.1-23, the arrows there are and no others. */
static void
the_arrows_are_those_of_figure_1(void **state)
{
	bool arrow[SCSP_HELLO_STATE_MAX][SCSP_HELLO_STATE_MAX] = { { false } };
	unsigned int s, e;

	(void)state;
	for (s = 0; s < SCSP_HELLO_STATE_MAX; s++)
		for (e = 0; e < SCSP_HELLO_EV_MAX; e++)
			arrow[s][cell(s, e)->next] = true;
	assert_true(arrow[SCSP_HELLO_DOWN][SCSP_HELLO_WAITING]);
	assert_true(arrow[SCSP_HELLO_WAITING][SCSP_HELLO_DOWN]);
	assert_true(arrow[SCSP_HELLO_WAITING][SCSP_HELLO_BIDI]);
	assert_true(arrow[SCSP_HELLO_BIDI][SCSP_HELLO_WAITING]);
	assert_true(arrow[SCSP_HELLO_WAITING][SCSP_HELLO_UNI]);
	assert_true(arrow[SCSP_HELLO_UNI][SCSP_HELLO_WAITING]);
	assert_true(arrow[SCSP_HELLO_UNI][SCSP_HELLO_BIDI]);
	assert_true(arrow[SCSP_HELLO_BIDI][SCSP_HELLO_UNI]);
	assert_true(arrow[SCSP_HELLO_BIDI][SCSP_HELLO_DOWN]);
	assert_true(arrow[SCSP_HELLO_UNI][SCSP_HELLO_DOWN]);
	assert_false(arrow[SCSP_HELLO_DOWN][SCSP_HELLO_BIDI]);
	assert_false(arrow[SCSP_HELLO_DOWN][SCSP_HELLO_UNI]);
}

/*
 * R2334-B-01, R2334-B-03, R2334-2.1-01, R2334-2.1-05, R2334-2.1-06,
 * R2334-2.1-07, R2334-B.2.5-11, A-60: Down until there is a circuit, then
 * Waiting and a Hello at once that names nobody.
 */
static void
a_circuit_brings_waiting_and_a_hello_at_once(void **state)
{
	static const uint8_t octets[] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e,
		0x00, 0x05, 0x01, 0x05, 0x00, 0x20, 0xf0, 0xc8, 0x00, 0x00,
		0x00, 0x03, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
		0x00, 0x07, 0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
		0x0a, 0x00, 0x00, 0x02 };
	const struct heard *h;

	(void)state;
	n = net_new(7, 2);
	n->node[DCS].raw = true;
	node_conf(&n->node[LS]);
	node_conf_neighbor(&n->node[LS], DCS);
	node_start(&n->node[LS]);
	nb = node_neighbor_of(&n->node[LS], DCS);
	net_run(n, 500); /* nobody there */
	assert_shows(SIDE, "hello", "Down");
	node_start(&n->node[DCS]);
	net_run(n, 4000);
	assert_shows(SIDE, "hello", "Waiting");
	h = raw_nth(n, DCS, 0, 0);
	assert_non_null(h);
	assert_int_equal(h->len, sizeof(octets));
	assert_memory_equal(h->data, octets, sizeof(octets));
	net_free(n);
}

/*
 * R2334-2.1-08, R2334-2.1-09, R2334-2.1-10, R2334-2.1-11, R2334-B.2.5-12,
 * heard, so listed, at once; listed, so bidirectional.
 */
static void
heard_is_listed_and_listed_is_bidirectional(void **state)
{
	const struct heard *h;

	(void)state;
	begin();
	raw_clear(n, DCS);
	hello(0);
	assert_shows(SIDE, "hello", "Unidirectional");
	assert_shows(SIDE, "id", "10.0.0.1");
	net_run(n, 5);
	h = raw_nth(n, DCS, 5, 0);
	assert_non_null(h);
	assert_int_equal(raw_get(h, 25, 1), 4);
	assert_true(raw_get(h, 32, 4) == RAW_ID(DCS));
	assert_int_equal(raw_get(h, 26, 2), 0);
	hello(RAW_ID(LS));
	assert_shows(SIDE, "hello", "Bidirectional");
	assert_shows(SIDE, "alignment", "Negotiation");
	/* at once */
	hello(RAW_ID(5));
	assert_shows(SIDE, "hello", "Unidirectional");
	assert_shows(SIDE, "alignment", "Down");
	net_free(n);
}

/* R2334-2.1-09, R2334-B.2.5-13: our ID among several. */
static void
our_id_may_stand_among_several(void **state)
{
	struct rawpkt p;

	(void)state;
	begin();
	raw_begin(&p, 5, 0, 0);
	raw_put(&p, 4, 0x00030003);
	raw_put(&p, 4, 0x00001234); /* R2334-B.2.5-06: a Family ID */
	raw_common(&p, 0, RAW_ID(DCS), RAW_ID(8));
	raw_put(&p, 1, 4);
	raw_put(&p, 4, RAW_ID(9));
	raw_put(&p, 1, 4);
	raw_put(&p, 4, RAW_ID(LS));
	p.b[p.common + 11] = 2;
	raw_done(n, DCS, &p);
	assert_shows(SIDE, "hello", "Bidirectional");
	net_free(n);
}

/* R2334-B.2.5-02: the next Hello within the interval, for ever. */
static void
hellos_go_on_within_the_interval(void **state)
{
	uint32_t i;

	(void)state;
	begin();
	raw_clear(n, DCS);
	net_run(n, 30000);
	assert_in_range(raw_count(n, DCS, 5), 10, 11);
	for (i = 1; i < raw_count(n, DCS, 5); i++)
		assert_in_range(mtime_diff(raw_nth(n, DCS, 5, i - 1)->at,
		    raw_nth(n, DCS, 5, i)->at),
		    1, 3000000);
	net_free(n);
}

/*
 * R2334-2.1-19, R2334-2.2-08, R2334-2.1-12, R2334-2.1-13, R2334-2.1-14,
 * R2334-2.1-16, R2334-B.2.5-05, R2334-B.2.5-10: silence for interval times
 * factor as the DCS advertised it.
 */
static void
silence_for_the_advertised_time_ends_it(void **state)
{
	(void)state;
	begin();
	raw_hello(n, DCS, 2, 4, RAW_ID(DCS), RAW_ID(LS));
	assert_shows(SIDE, "hello", "Bidirectional");
	net_run(n, 7900);
	assert_shows(SIDE, "hello", "Bidirectional");
	net_run(n, 200);
	assert_shows(SIDE, "hello", "Waiting");
	assert_shows(SIDE, "alignment", "Down");
	raw_clear(n, DCS);
	net_run(n, 3000); /* not listed any more */
	assert_int_equal(raw_get(raw_nth(n, DCS, 5, 0), 25, 1), 0);
	/* zeros count as ones; the latest Hello's values are used */
	raw_hello(n, DCS, 0, 0, RAW_ID(DCS), RAW_ID(LS));
	net_run(n, 900);
	assert_shows(SIDE, "hello", "Bidirectional");
	net_run(n, 200);
	assert_shows(SIDE, "hello", "Waiting");
	net_free(n);
}

/* R2334-2.1-15, R2334-B.2.5-04: heard, but not listing us: unidirectional */
static void
heard_but_not_listed_is_unidirectional(void **state)
{
	(void)state;
	begin();
	hello(RAW_ID(LS));
	scsp_hello_run(nb, SCSP_HELLO_EV_STALL_HEARD);
	assert_shows(SIDE, "hello", "Unidirectional");
	assert_shows(SIDE, "alignment", "Down");
	/* it is heard, so it is listed */
	raw_clear(n, DCS);
	net_run(n, 3000);
	assert_true(raw_get(raw_nth(n, DCS, 5, 0), 32, 4) == RAW_ID(DCS));
	net_free(n);
}

/*
 * R2334-2.1-14, R2334-2.1-15, R2334-B.2.5-03, R2334-B.2.5-04, A-58, A-75: its
 * Hellos come but do not list us: not Bidirectional, not Waiting either, and
 * it stays in ours.
 */
static void
who_is_heard_stays_in_our_hellos(void **state)
{
	uint32_t i;

	(void)state;
	begin();
	raw_hello(n, DCS, 2, 2, RAW_ID(DCS), RAW_ID(LS));
	assert_shows(SIDE, "hello", "Bidirectional");
	for (i = 0; i < 4; i++) {
		raw_hello(n, DCS, 2, 2, RAW_ID(DCS), RAW_ID(9));
		assert_shows(SIDE, "hello", "Unidirectional");
		raw_clear(n, DCS);
		net_run(n, 3500); /* late, not stalled */
		assert_shows(SIDE, "hello", "Unidirectional");
		assert_true(
		    raw_get(raw_nth(n, DCS, 5, 0), 32, 4) == RAW_ID(DCS));
	}
	net_run(n, 600);
	assert_shows(SIDE, "hello", "Waiting");
	net_free(n);
}

/*
 * R2334-B.2.4-02, R2334-2.1-20, A-59, A-76: malformed goes to Waiting, garbage
 * does not.
 */
static void
malformed_goes_to_waiting_and_garbage_does_not(void **state)
{
	struct rawpkt p;
	uint8_t type;

	(void)state;
	begin();
	hello(RAW_ID(LS));
	/* another group, another version, a bad checksum, another type */
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	p.b[11] = 8;
	raw_done(n, DCS, &p);
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	p.b[0] = 2;
	raw_done(n, DCS, &p);
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	raw_sum(&p);
	p.b[12] ^= 1;
	raw_send(n, DCS, p.b, p.len);
	raw_begin(&p, 9, RAW_ID(DCS), RAW_ID(LS));
	raw_done(n, DCS, &p);
	/* R2334-2.2.3-12, R2334-2.3-34: for another receiver */
	for (type = 2; type <= 4; type++) {
		raw_begin(&p, type, RAW_ID(DCS), RAW_ID(5));
		raw_done(n, DCS, &p);
	}
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, 1);
	raw_common(&p, 0xe000, RAW_ID(DCS), RAW_ID(5));
	raw_done(n, DCS, &p);
	assert_shows(SIDE, "alignment", "Negotiation");
	assert_shows(SIDE, "hello", "Bidirectional");
	assert_int_equal(n->node[LS].events[SCSP_EV_ABNORMAL], 0);
	assert_counter(SIDE, "receiver", 4);
	assert_int_equal(n->node[LS].s->drops[SCSP_DROP_GROUP], 1);
	assert_int_equal(n->node[LS].s->drops[SCSP_DROP_VERSION], 1);
	assert_int_equal(n->node[LS].s->drops[SCSP_DROP_CHECKSUM], 1);
	assert_int_equal(n->node[LS].s->drops[SCSP_DROP_TYPE], 1);
	raw_clear(n, DCS);
	raw_begin(&p, 4, RAW_ID(DCS), RAW_ID(LS));
	p.b[p.common + 11] = 1; /* a record that is not there */
	raw_done(n, DCS, &p);
	assert_shows(SIDE, "hello", "Waiting");
	assert_int_equal(n->node[LS].events[SCSP_EV_ABNORMAL], 1);
	net_run(n, 1100); /* and it is told by the next Hello */
	assert_int_equal(raw_get(raw_nth(n, DCS, 5, 0), 25, 1), 0);
	net_free(n);
}

/*
 * R2334-2.1-20: a malformed message of each type, while Bidirectional and
 * while Unidirectional: the neighbor is Waiting, and is told so.
 */
static void
each_malformed_message_goes_to_waiting(void **state)
{
	struct rawpkt p;
	uint8_t type;
	int bidi;

	(void)state;
	begin();
	for (type = 1; type <= 5; type++)
		for (bidi = 0; bidi < 2; bidi++) {
			hello(bidi ? RAW_ID(LS) : 0);
			assert_shows(SIDE, "hello",
			    bidi ? "Bidirectional" : "Unidirectional");
			if (type == 1 || type == 5) {
				raw_begin(&p, type, 0, 0);
				raw_put(&p, 4, 0x00030003);
				if (type == 5)
					raw_put(&p, 4, 0);
				raw_common(
				    &p, 0, RAW_ID(DCS), RAW_ID(LS));
			} else
				raw_begin(&p, type, RAW_ID(DCS), RAW_ID(LS));
			p.b[p.common + 11] = 1; /* that is not there */
			raw_done(n, DCS, &p);
			assert_shows(SIDE, "hello", "Waiting");
			assert_shows(SIDE, "alignment", "Down");
			assert_int_equal(
			    n->node[LS].events[SCSP_EV_ABNORMAL],
			    2 * (type - 1) + bidi + 1);
		}
	net_free(n);
}

/* R2334-2.1-21: no circuit, no neighbor. */
static void
without_a_circuit_there_is_no_neighbor(void **state)
{
	(void)state;
	begin();
	hello(RAW_ID(LS));
	assert_shows(SIDE, "hello", "Bidirectional");
	net_release(&TAILQ_FIRST(&n->node[DCS].fvcs)->vc, VC_CAUSE_NORMAL);
	net_run(n, 100);
	assert_shows(SIDE, "hello", "Down");
	assert_shows(SIDE, "alignment", "Down");
	assert_shows(SIDE, "id", "");
	/* and it is called again */
	net_run(n, 5000);
	assert_shows(SIDE, "hello", "Waiting");
	net_free(n);
}

/* another ID on the circuit is another server. */
static void
another_id_is_another_server(void **state)
{
	struct rawpkt p;

	(void)state;
	begin();
	hello(RAW_ID(LS));
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, 1);
	raw_common(&p, 0xe000, RAW_ID(9), RAW_ID(LS));
	raw_done(n, DCS, &p);
	assert_counter(SIDE, "sender", 1);
	assert_shows(SIDE, "alignment", "Negotiation");
	raw_hello(n, DCS, 3, 3, RAW_ID(9), 0);
	assert_shows(SIDE, "hello", "Unidirectional");
	assert_shows(SIDE, "alignment", "Down");
	assert_shows(SIDE, "id", "10.0.0.10");
	net_free(n);
}

/* somebody with our own ID. */
static void
our_own_id_is_dropped_and_told(void **state)
{
	(void)state;
	begin();
	raw_hello(n, DCS, 3, 3, RAW_ID(LS), RAW_ID(LS));
	assert_shows(SIDE, "hello", "Waiting");
	assert_counter(SIDE, "own-id", 1);
	assert_int_equal(n->node[LS].events[SCSP_EV_OWN_ID], 1);
	net_free(n);
}

/* R2334-2.1-22: nothing but Hellos before Bidirectional. */
static void
only_hellos_count_before_bidirectional(void **state)
{
	struct rawpkt p;
	uint8_t type;

	(void)state;
	begin();
	assert_shows(SIDE, "hello", "Waiting");
	for (type = 2; type <= 4; type++) {
		raw_begin(&p, type, RAW_ID(DCS), RAW_ID(LS));
		raw_record(
		    &p, 1, RAW_ID(DCS), 4, 10, false, type == 2 ? "Jx" : NULL);
		raw_done(n, DCS, &p);
	}
	raw_begin(&p, 1, 0, 0);
	raw_put(&p, 4, 1);
	raw_common(&p, 0xe000, RAW_ID(DCS), RAW_ID(LS));
	raw_done(n, DCS, &p);
	assert_counter(SIDE, "state", 4);
	assert_shows(SIDE, "hello", "Waiting");
	assert_shows(SIDE, "id", "");
	hello(0);
	raw_done(n, DCS, &p);
	assert_counter(SIDE, "state", 5);
	for (type = 2; type <= 4; type++) {
		raw_begin(&p, type, RAW_ID(DCS), RAW_ID(LS));
		raw_record(
		    &p, 1, RAW_ID(DCS), 4, 10, false, type == 2 ? "Jx" : NULL);
		raw_done(n, DCS, &p);
		assert_counter(SIDE, "state", 4 + type);
	}
	assert_null(node_entry(&n->node[LS], DCS, 4));
	assert_shows(SIDE, "alignment", "Down");
	assert_shows(SIDE, "hello", "Unidirectional");
	assert_int_equal(n->node[LS].events[SCSP_EV_ABNORMAL], 0);
	net_free(n);
}

/*
 * A timer that is not set can't run out: if it does all the same, nothing
 * happens but that the owner is told and marsctl shows it.
 */
static void
what_the_table_rules_out_is_counted_and_told(void **state)
{
	(void)state;
	begin();
	scsp_hello_run(nb, SCSP_HELLO_EV_STALL_HEARD);
	assert_shows(SIDE, "hello", "Waiting");
	assert_int_equal(n->node[LS].events[SCSP_EV_VIOLATION], 1);
	assert_string_equal(
	    n->node[LS].why, "hello, Waiting, no hello that lists us in time");
	assert_int_equal(
	    node_counter(&n->node[LS], -1, "table-violations"), 1);
	net_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_written),
		cmocka_unit_test(the_arrows_are_those_of_figure_1),
		cmocka_unit_test(a_circuit_brings_waiting_and_a_hello_at_once),
		cmocka_unit_test(heard_is_listed_and_listed_is_bidirectional),
		cmocka_unit_test(our_id_may_stand_among_several),
		cmocka_unit_test(hellos_go_on_within_the_interval),
		cmocka_unit_test(silence_for_the_advertised_time_ends_it),
		cmocka_unit_test(heard_but_not_listed_is_unidirectional),
		cmocka_unit_test(who_is_heard_stays_in_our_hellos),
		cmocka_unit_test(
		    malformed_goes_to_waiting_and_garbage_does_not),
		cmocka_unit_test(each_malformed_message_goes_to_waiting),
		cmocka_unit_test(without_a_circuit_there_is_no_neighbor),
		cmocka_unit_test(another_id_is_another_server),
		cmocka_unit_test(our_own_id_is_dropped_and_told),
		cmocka_unit_test(only_hellos_count_before_bidirectional),
		cmocka_unit_test(what_the_table_rules_out_is_counted_and_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
