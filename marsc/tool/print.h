/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsc prints: plain lines, or one JSON object a line. */
#ifndef MARSC_PRINT_H
#define MARSC_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "marsc/marsc.h"

struct marsc_printer {
	FILE	*out;
	bool	 json;
	bool	 mcs;		/* "serving" rather than "joined" */
	bool	 many;		/* name the client in plain lines */
	bool	 heard;		/* print what comes on the control VC */
	bool	 payload;	/* print the octets of packets */
};

void	marsc_print_notice(const struct marsc_printer *,
	    const struct atm_addr *client,
	    const struct marsc_notice *);
void	marsc_print_packet(const struct marsc_printer *,
	    const struct atm_addr *client,
	    const uint8_t *, size_t);
/* what came in and was not used by so many clients, by enum marsc_drop */
void	marsc_print_counters(const struct marsc_printer *, size_t clients,
	    const uint64_t [MARSC_DROP_MAX]);
/* event: "echo", "failed", "wrong-members" */
void	marsc_print_text(const struct marsc_printer *, const char *event,
	    const char *);

#endif
