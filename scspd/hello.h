/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of the Hello machine, for hello.c and its test. */
#ifndef SCSP_HELLO_H
#define SCSP_HELLO_H

#include "scsp.h"

enum hello_action {
	HELLO_DO_FORGOTTEN,	/* a cell that was not written */
	HELLO_DO_IGNORE,
	HELLO_DO_VIOLATION,	/* a timer that cannot be set here */
	HELLO_DO_START,
	HELLO_DO_STOP,
	HELLO_DO_UP,
	HELLO_DO_LOST,
	HELLO_DO_FORGET,
	HELLO_DO_RESET
};

struct hello_cell {
	enum hello_state	 next;
	enum hello_action	 action;
};
extern const struct hello_cell hello_table[HELLO_STATE_MAX][HELLO_EV_MAX];

#endif
