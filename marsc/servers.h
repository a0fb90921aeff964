/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The table of MARSs, best first (RFC 2022 section 5.4). */
#ifndef MARSC_SERVERS_H
#define MARSC_SERVERS_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

struct marsc_servers {
	struct atm_addr	*v;		/* learned ones first, no doubles */
	size_t		 n, at;		/* at: the current MARS */
	struct atm_addr	*configured;
	size_t		 nconfigured;
};

/* -1: no memory, or no server */
int	marsc_servers_init(struct marsc_servers *, const struct atm_addr *,
	    size_t);
void	marsc_servers_free(struct marsc_servers *);
/* 5.4.3: the map's entries on top, current kept in use.  -1: no memory */
int	marsc_servers_learn(struct marsc_servers *, const struct atm_addr *,
	    size_t);
/*
 * The owner names others.  What a MARS_REDIRECT_MAP said is forgotten; the
 * current one stays in use where it is among them, else the first of them is.
 * -1: no memory, or no server, and nothing has changed.
 */
int	marsc_servers_configure(struct marsc_servers *,
	    const struct atm_addr *, size_t);
/* Are exactly these configured, in this order? */
bool	marsc_servers_configured(const struct marsc_servers *,
	    const struct atm_addr *, size_t);
/* Makes an entry of the table the current one. */
void	marsc_servers_use(struct marsc_servers *, const struct atm_addr *);
bool	marsc_servers_have(const struct marsc_servers *,
	    const struct atm_addr *);
/*
 * Makes the next one in the table the current one; after the last comes the
 * first (5.4.2).
 */
void	marsc_servers_next(struct marsc_servers *);
const struct atm_addr *marsc_servers_current(const struct marsc_servers *);

#endif
