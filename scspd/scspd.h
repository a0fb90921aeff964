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

#define SCSPD_SEL	1	/* of its address on every listener */

struct scspd_shell {
	struct service	 service;
	struct scsp	*scsp;
};

/* control.c: what marsctl can ask; arg is the struct service of a scspd */
extern const struct ctl_command scspd_commands[];
extern const size_t scspd_ncommands;

#endif
