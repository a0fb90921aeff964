/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What ibuf.c and msgbuf.c know of each other; nobody else. */
#ifndef MARS_IBUFQ_H
#define MARS_IBUFQ_H

#include "imsg.h"

#define FD_NONE		(-1)
#define FD_VIEW		(-2)	/* memory that the ibuf does not own */

struct ibufqueue {
	TAILQ_HEAD(, ibuf)	bufs;
	uint32_t		count;
};

#endif
