/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stddef.h>

#include "table.h"

const struct table_cell *
table_cell(const struct table *t, unsigned int state, unsigned int event)
{
	return &t->cells[state * t->nevents + event];
}

uint8_t
table_step(const struct table *t, uint8_t *state, unsigned int event,
    struct table_faults *faults)
{
	const struct table_cell *cell = table_cell(t, *state, event);
	uint8_t old = *state;

	*state = cell->next;
	/*
	 * a forgotten cell is a mistake of ours, and is treated like a
	 * violation
	 */
	if (cell->action == TABLE_VIOLATION ||
	    cell->action == TABLE_FORGOTTEN) {
		faults->count++;
		if (faults->violated != NULL)
			faults->violated(faults->arg, t, old, (uint8_t)event);
	}
	return cell->action;
}
