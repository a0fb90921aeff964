/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* scspd(8)'s shell: the process around the core (scsp_core.h). */
#ifndef MARS_SCSPD_H
#define MARS_SCSPD_H

#include <stddef.h>

#include "log.h"
#include "scsp_core.h"
#include "service.h"

#define SCSPD_SEL	1	/* of its address on every listener */

struct scspd_shell {
	struct service	 service;
	struct scsp	*scsp;
	struct ratelimit limits[SCSP_EV_MAX];	/* of lines in the log */
};

/* control.c: for marsctl; arg is a struct scspd_shell */
extern const struct ctl_command scspd_commands[];
extern const size_t scspd_ncommands;
bool	scspd_ctl_summary(void *arg, void *cursor, struct wr *);
bool	scspd_ctl_counters(void *arg, void *cursor, struct wr *);

#endif
