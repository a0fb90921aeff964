/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Who has opened circuits to us: an address without its selector.
 */
#ifndef MARSD_CALLER_H
#define MARSD_CALLER_H

#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include "addr.h"
#include "limit.h"
#include "timer.h"

struct marsd_cluster;

struct marsd_caller {
	RB_ENTRY(marsd_caller)	 entry;
	struct marsd_cluster	*cluster;
	struct atm_addr		 addr;
	uint32_t		 circuits;
	struct timer		 timer;	/* to be forgotten, without any */
	struct marsd_bucket	 bucket;
	/* while scspd is behind: of what it registers and changes */
	struct marsd_share	 registrations, changes;
};
RB_HEAD(marsd_caller_tree, marsd_caller);
RB_PROTOTYPE(marsd_caller_tree, marsd_caller, entry, caller_cmp)

/* counts one more circuit of a caller; NULL: no memory */
struct marsd_caller	*marsd_caller_get(struct marsd_cluster *,
			    const struct atm_addr *);
/* counts one less */
void			 marsd_caller_put(struct marsd_caller *);
void			 marsd_callers_free(struct marsd_cluster *);

#endif
