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

#include "client.h"

struct printer {
	FILE	*out;
	bool	 json;
	bool	 mcs;		/* "serving" rather than "joined" */
	bool	 many;		/* name the client in plain lines */
	bool	 heard;		/* print what comes on the control VC */
};

void	print_notice(const struct printer *, const struct atm_addr *client,
	    const struct client_notice *);
void	print_packet(const struct printer *, const struct atm_addr *client,
	    const uint8_t *, size_t);
/* what came in and was not used by so many clients, by enum client_drop */
void	print_counters(const struct printer *, size_t clients,
	    const uint64_t [CLIENT_DROP_MAX]);
/* event: "echo", "failed", "wrong-members" */
void	print_text(const struct printer *, const char *event, const char *);

#endif
