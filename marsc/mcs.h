/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What a multicast server does otherwise (RFC 2022 section 7). */
#ifndef MARSC_MCS_H
#define MARSC_MCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct marsc;
struct marsc_encap;

struct marsc_role {
	uint8_t	join, leave;		/* what we send */
	uint8_t	heard_join, heard_leave;	/* what moves our leaves */
	bool	test_sequence;		/* flags.sequence in copies */
};
extern const struct marsc_role marsc_role_member, marsc_role_server;

/* Data that came in goes out on the path of its group; the whole SDU. */
void	marsc_mcs_forward(struct marsc *, const struct marsc_encap *,
	    const uint8_t *, size_t);

#endif
