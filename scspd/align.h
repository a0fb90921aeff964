/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of the cache alignment machine, for align.c and its test. */
#ifndef SCSP_ALIGN_H
#define SCSP_ALIGN_H

#include "scsp.h"

enum align_action {
	ALIGN_DO_FORGOTTEN,	/* a cell that was not written */
	ALIGN_DO_IGNORE,
	ALIGN_DO_VIOLATION,	/* cannot happen: counted */
	ALIGN_DO_DISCARD,	/* 2.2.1 rule 3, 2.2.2 rule 2: counted */
	ALIGN_DO_AGAIN,
	ALIGN_DO_CLEAR,
	ALIGN_DO_NEGOTIATE,
	ALIGN_DO_RENUMBER,
	ALIGN_DO_SLAVE,
	ALIGN_DO_MASTER,
	ALIGN_DO_NEXT,
	ALIGN_DO_DONE,
	ALIGN_DO_FINAL,
	ALIGN_DO_RESEND,
	ALIGN_DO_RELEASE,
	ALIGN_DO_ALIGNED
};

struct align_cell {
	enum align_state	 next;
	enum align_action	 action;
};
extern const struct align_cell align_table[ALIGN_STATE_MAX][ALIGN_EV_MAX];

#endif
