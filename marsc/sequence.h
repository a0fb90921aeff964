/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The Host Sequence Number of one protocol (RFC 2022 section 5.1.4.2). */
#ifndef MARSC_SEQUENCE_H
#define MARSC_SEQUENCE_H

#include <stdbool.h>
#include <stdint.h>

struct hsn {
	uint32_t	value;		/* 0 at the start */
};

/* the copy of a registration: taken as it is */
void	hsn_load(struct hsn *, uint32_t);
/* mar$msn of a message: true if messages before it were missed */
bool	hsn_update(struct hsn *, uint32_t);

#endif
