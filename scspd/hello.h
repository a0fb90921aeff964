/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of the Hello machine, for hello.c and its test. */
#ifndef SCSP_HELLO_H
#define SCSP_HELLO_H

#include "scsp.h"

enum scsp_hello_action {
	SCSP_HELLO_DO_FORGOTTEN,	/* a cell that was not written */
	SCSP_HELLO_DO_IGNORE,
	SCSP_HELLO_DO_VIOLATION,	/* a timer that cannot be set here */
	SCSP_HELLO_DO_START,
	SCSP_HELLO_DO_STOP,
	SCSP_HELLO_DO_UP,
	SCSP_HELLO_DO_LOST,
	SCSP_HELLO_DO_FORGET,
	SCSP_HELLO_DO_RESET
};

struct scsp_hello_cell {
	enum scsp_hello_state	 next;
	enum scsp_hello_action	 action;
};
extern const struct scsp_hello_cell scsp_hello_table[SCSP_HELLO_STATE_MAX]
    [SCSP_HELLO_EV_MAX];

#endif
