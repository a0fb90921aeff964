/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* scspd(8)'s shell: the process around the core (scsp_core.h). */
#ifndef MARS_SCSPD_H
#define MARS_SCSPD_H

#include <stddef.h>

#include "scsp_core.h"
#include "service.h"

struct scspd_shell {
	struct service	 service;
	struct scsp	*scsp;
	/* clusters that were removed: the last ones of service.conf */
	struct timer	 linger;
	size_t		 nlingering;
	size_t		 nkeys;		/* of these, and of nobody else */
};

/* control.c: for marsctl; arg is a struct scspd_shell */
extern const struct ctl_command scspd_commands[];
extern const size_t scspd_ncommands;
bool	scspd_ctl_summary(void *arg, void *cursor, struct wr *);
bool	scspd_ctl_counters(void *arg, void *cursor, struct wr *);
bool	scspd_ctl_limits(void *arg, void *cursor, struct wr *);
bool	scspd_ctl_memory(void *arg, void *cursor, struct wr *);
void	scspd_ctl_clear(void *arg);

#endif
