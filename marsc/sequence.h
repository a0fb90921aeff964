/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The Host Sequence Number of one protocol (RFC 2022 section 5.1.4.2). */
#ifndef MARSC_SEQUENCE_H
#define MARSC_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

struct marsc_hsn {
	uint32_t	value;		/* 0 at the start */
};

/* takes the number of the copy of a registration as it is */
void	marsc_hsn_load(struct marsc_hsn *, uint32_t);
/* takes the mar$msn of a message; true: messages before it were missed */
bool	marsc_hsn_update(struct marsc_hsn *, uint32_t);

#endif
