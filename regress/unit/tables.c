/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Every state machine of the suite is total: each pair of a state and an
 * event has a cell that somebody has written, with a next state and an
 * action that exist and have names.  What the cells should be is the
 * business of each module's own test.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "edged/elect.h"
#include "edged/listener.h"
#include "edged/querier.h"
#include "marsc/join.h"
#include "marsc/parts.h"
#include "marsc/path.h"
#include "marsc/register.h"
#include "marsc/request.h"
#include "marsd/adopt.h"
#include "marsd/member.h"
#include "marsd/move.h"
#include "marsd/peer.h"
#include "nvc.h"
#include "scspd/align.h"
#include "scspd/hello.h"
#include "table.h"
#include "vc_atm.h"
#include "vc_party.h"

static const struct table *const tables[] = {
	&edged_elect_table,
	&edged_listener_table,
	&edged_querier_table,
	&marsc_join_table,
	&marsc_parts_table,
	&marsc_path_table,
	&marsc_query_table,
	&marsc_reg_table,
	&marsd_adopt_table,
	&marsd_claim_table,
	&marsd_entry_table,
	&marsd_leaf_table,
	&marsd_move_table,
	&marsd_peer_table,
	&nvc_table,
	&vc_atm_table,
	&vc_party_table,
	&scsp_hello_table,
	&scsp_align_table,
};

#define NTABLES	(sizeof(tables) / sizeof(tables[0]))

static void
has_names(const char *const *names, uint8_t n)
{
	uint8_t i;

	assert_true(n > 0);
	for (i = 0; i < n; i++)
		assert_non_null(names[i]);
}

static void
every_table_is_total(void **state)
{
	const struct table_cell *c;
	const struct table *t;
	unsigned int s, e;
	size_t i;

	(void)state;
	for (i = 0; i < NTABLES; i++) {
		t = tables[i];
		has_names(t->states, t->nstates);
		has_names(t->events, t->nevents);
		has_names(t->actions, t->nactions);
		for (s = 0; s < t->nstates; s++)
			for (e = 0; e < t->nevents; e++) {
				c = table_cell(t, s, e);
				if (c->action == TABLE_FORGOTTEN ||
				    c->action >= t->nactions ||
				    c->next >= t->nstates)
					fail_msg("%s: %s, %s", t->name,
					    t->states[s], t->events[e]);
				/* nothing happens, so nothing changes */
				if (c->action == TABLE_VIOLATION)
					assert_int_equal(c->next, s);
			}
	}
}

/* A machine of the test's own: what table_step() does. */
#define DOOR_STATES(X)	X(DOOR_OPEN, "open") X(DOOR_SHUT, "shut")
#define DOOR_EVENTS(X)	X(DOOR_EV_PUSH, "push") X(DOOR_EV_PULL, "pull")
#define DOOR_ACTIONS(X)	X(DOOR_DO_CREAK, "creak")

enum door_state {
	DOOR_STATES(TABLE_SYM)
	DOOR_STATE_MAX
};
enum door_event {
	DOOR_EVENTS(TABLE_SYM)
	DOOR_EVENT_MAX
};
enum door_action {
	TABLE_FIRST_ACTION(DOOR),
	DOOR_ACTIONS(TABLE_SYM)
	DOOR_ACTION_MAX
};

extern const struct table door;
static const struct table_cell cells[DOOR_STATE_MAX][DOOR_EVENT_MAX] = {
	[DOOR_OPEN] = {
		[DOOR_EV_PUSH] = { DOOR_SHUT, DOOR_DO_CREAK },
		[DOOR_EV_PULL] = { DOOR_OPEN, TABLE_VIOLATION }
	},
	[DOOR_SHUT] = {
		[DOOR_EV_PUSH] = { DOOR_SHUT, TABLE_IGNORE },
		/* PULL: forgotten */
	}
};
TABLE_DEFINE(door, "door", DOOR, cells);

struct told {
	const struct table	*table;
	uint8_t			 state, event;
	int			 times;
};

static void
violated(void *arg, const struct table *t, uint8_t state, uint8_t event)
{
	struct told *told = arg;

	told->table = t;
	told->state = state;
	told->event = event;
	told->times++;
}

static void
a_step_takes_the_next_state_and_returns_the_action(void **state)
{
	struct table_faults faults = { 0, NULL, NULL };
	uint8_t s = DOOR_OPEN;

	(void)state;
	assert_int_equal(DOOR_ACTION_MAX, 4);
	assert_int_equal(table_step(&door, &s, DOOR_EV_PUSH, &faults),
	    DOOR_DO_CREAK);
	assert_int_equal(s, DOOR_SHUT);
	assert_int_equal(table_step(&door, &s, DOOR_EV_PUSH, &faults),
	    TABLE_IGNORE);
	assert_int_equal(s, DOOR_SHUT);
	assert_int_equal(faults.count, 0);
}

static void
a_violation_is_counted_and_told_by_name(void **state)
{
	struct told told = { NULL, 0, 0, 0 };
	struct table_faults faults = { 0, violated, &told };
	uint8_t s = DOOR_OPEN;

	(void)state;
	assert_int_equal(table_step(&door, &s, DOOR_EV_PULL, &faults),
	    TABLE_VIOLATION);
	assert_int_equal(s, DOOR_OPEN);
	assert_int_equal(faults.count, 1);
	assert_int_equal(told.times, 1);
	assert_string_equal(told.table->states[told.state], "open");
	assert_string_equal(told.table->events[told.event], "pull");
	/* so is a cell that nobody has written */
	s = DOOR_SHUT;
	assert_int_equal(table_step(&door, &s, DOOR_EV_PULL, &faults),
	    TABLE_FORGOTTEN);
	assert_int_equal(faults.count, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_total),
		cmocka_unit_test(
		    a_step_takes_the_next_state_and_returns_the_action),
		cmocka_unit_test(a_violation_is_counted_and_told_by_name)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
