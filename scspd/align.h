/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of the cache alignment machine, for align.c and its test. */
#ifndef SCSP_ALIGN_H
#define SCSP_ALIGN_H

#include "scsp.h"

enum scsp_align_action {
	SCSP_ALIGN_DO_FORGOTTEN,	/* a cell that was not written */
	SCSP_ALIGN_DO_IGNORE,
	SCSP_ALIGN_DO_VIOLATION,	/* cannot happen: counted */
	SCSP_ALIGN_DO_DISCARD,	/* 2.2.1 rule 3, 2.2.2 rule 2: counted */
	SCSP_ALIGN_DO_AGAIN,
	SCSP_ALIGN_DO_CLEAR,
	SCSP_ALIGN_DO_NEGOTIATE,
	SCSP_ALIGN_DO_RENUMBER,
	SCSP_ALIGN_DO_SLAVE,
	SCSP_ALIGN_DO_MASTER,
	SCSP_ALIGN_DO_NEXT,
	SCSP_ALIGN_DO_DONE,
	SCSP_ALIGN_DO_FINAL,
	SCSP_ALIGN_DO_RESEND,
	SCSP_ALIGN_DO_RELEASE,
	SCSP_ALIGN_DO_ALIGNED
};

struct scsp_align_cell {
	enum scsp_align_state	 next;
	enum scsp_align_action	 action;
};
extern const struct scsp_align_cell scsp_align_table[SCSP_ALIGN_STATE_MAX]
    [SCSP_ALIGN_EV_MAX];

#endif
