/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Circuits that others open to us.  The cookie of such a circuit is a struct
 * marsd_circuit, that of our control VCs a struct marsd_control.
 */
#ifndef MARSD_CIRCUIT_H
#define MARSD_CIRCUIT_H

#include <sys/queue.h>

#include "timer.h"
#include "vc.h"

struct marsd_caller;
struct marsd_cluster;
struct marsd_reg;

/* What a circuit's cookie points to begins with this. */
enum marsd_cookie {
	MARSD_COOKIE_CIRCUIT,
	MARSD_COOKIE_CONTROL
};

/* A point-to-point VC that a client opened to us. */
struct marsd_circuit {
	enum marsd_cookie	 cookie;
	struct marsd_cluster	*cluster;
	struct vc		*vc;
	struct marsd_caller	*caller;
	TAILQ_HEAD(, marsd_reg)	 regs;	/* that sent their last message on it */
	LIST_ENTRY(marsd_circuit) entry;
	uint64_t		 in, out;	/* messages */
	uint64_t		 refused;	/* of those that came */
	const char		*why;		/* the last one was; or NULL */
	mtime_t			 why_at;
};

/* ends those of callers whom the configuration allows no longer */
void	marsd_circuits_allowed(struct marsd_cluster *);
/*
 * ends those of an address, whatever its selector; false: there are none
 */
bool	marsd_circuits_drop(struct marsd_cluster *, const struct atm_addr *);
/* what came last on it was dropped; why: a name that lives for ever */
void	marsd_circuit_refused(struct marsd_circuit *, const char *why);
/* forgets it; the VC has gone, or is released by the caller */
void	marsd_circuit_free(struct marsd_circuit *);

#endif
