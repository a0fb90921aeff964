/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How a state machine is written, here and everywhere.  A machine is a
 * table that has a cell for each pair of a state and an event.  A cell says
 * what the next state is and which action is taken.  The table is the whole
 * truth: an action never assigns the state, and where something has to be
 * decided it is decided before the table is asked, as two events.
 *
 *	#define DOOR_STATES(X) X(DOOR_OPEN, "open") X(DOOR_SHUT, "shut")
 *	#define DOOR_EVENTS(X) X(DOOR_EV_PUSH, "push") X(DOOR_EV_PULL, "pull")
 *	#define DOOR_ACTIONS(X) X(DOOR_DO_CREAK, "creak")
 *
 *	enum door_state { DOOR_STATES(TABLE_SYM) DOOR_STATE_MAX };
 *	enum door_event { DOOR_EVENTS(TABLE_SYM) DOOR_EVENT_MAX };
 *	enum door_action { TABLE_FIRST_ACTION(DOOR),
 *		DOOR_ACTIONS(TABLE_SYM) DOOR_ACTION_MAX };
 *	extern const struct table door_table;
 *
 * and in one .c file the cells, as rows of a two-dimensional array of
 * struct table_cell, and
 *
 *	TABLE_DEFINE(door_table, "door", DOOR, cells);
 *
 * Three actions are the same in all tables.  FORGOTTEN, which is 0, is a cell
 * that nobody has written; regress/unit/tables.c proves that there is none.
 * IGNORE is written where the event may come and means nothing.  VIOLATION is
 * written where it can't come unless something beside or below us has broken
 * its promise: it is counted, the owner is told, and the state stays.
 */
#ifndef MARS_TABLE_H
#define MARS_TABLE_H

#include <stdint.h>

struct table_cell {
	uint8_t	next;
	uint8_t	action;
};

enum table_action {
	TABLE_FORGOTTEN,
	TABLE_IGNORE,
	TABLE_VIOLATION,
	TABLE_ACTIONS		/* the first of a table's own */
};

struct table {
	const char		*name;
	const char *const	*states, *const *events, *const *actions;
	uint8_t			 nstates, nevents, nactions;
	const struct table_cell	*cells;		/* nstates rows of nevents */
};

/* What has been violated; a core has one for all its tables. */
struct table_faults {
	uint64_t	count;
	/* tells the owner; or NULL */
	void		(*violated)(void *arg, const struct table *,
			    uint8_t state, uint8_t event);
	void		*arg;
};

/* For the lists above: X(symbol, name). */
#define TABLE_SYM(sym, name)	sym,
#define TABLE_NAME(sym, name)	name,
/* Makes the first action of a table's own TABLE_ACTIONS. */
#define TABLE_FIRST_ACTION(prefix) \
	prefix##_BEFORE_ACTIONS = TABLE_ACTIONS - 1

/*
 * Defines the table from PREFIX_STATES, PREFIX_EVENTS, PREFIX_ACTIONS and
 * its cells.
 */
#define TABLE_DEFINE(var, title, PREFIX, rows) \
	static const char *const var##_states[] = { \
		PREFIX##_STATES(TABLE_NAME) \
	}; \
	static const char *const var##_events[] = { \
		PREFIX##_EVENTS(TABLE_NAME) \
	}; \
	static const char *const var##_actions[] = { \
		"forgotten", "ignore", "violation", \
		PREFIX##_ACTIONS(TABLE_NAME) \
	}; \
	const struct table var = { \
		.name = title, \
		.states = var##_states, \
		.events = var##_events, \
		.actions = var##_actions, \
		.nstates = sizeof(var##_states) / \
		    sizeof(var##_states[0]), \
		.nevents = sizeof(var##_events) / \
		    sizeof(var##_events[0]), \
		.nactions = sizeof(var##_actions) / \
		    sizeof(var##_actions[0]), \
		.cells = &(rows)[0][0] \
	}

/* The cell of a state and an event, both within the table. */
const struct table_cell *table_cell(const struct table *,
	    unsigned int state, unsigned int event);
/*
 * Takes the event: *state becomes the next state, and the action to be taken
 * is returned, for the caller to take now.  A violation is counted and told.
 */
uint8_t	table_step(const struct table *, uint8_t *state, unsigned int event,
	    struct table_faults *);

#endif
