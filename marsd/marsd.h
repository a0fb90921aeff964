/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* marsd(8)'s shell: the process around the core (marsd_core.h). */
#ifndef MARS_MARSD_H
#define MARS_MARSD_H

#include <stddef.h>

#include "histogram.h"
#include "marsd_core.h"
#include "service.h"

struct marsd_shell {
	struct service	 service;
	struct marsd	*mars;
	struct histogram request, propagation;	/* latency.c */
	uint64_t	 heard;		/* messages, at the end of a turn */
	uint64_t	 cmi_overlaps;	/* that the core has told of */
};

/* control.c: for marsctl; arg is a struct marsd_shell */
extern const struct ctl_command marsd_commands[];
extern const size_t marsd_ncommands;
bool	marsd_ctl_summary(void *arg, void *cursor, struct wr *);
bool	marsd_ctl_counters(void *arg, void *cursor, struct wr *);
bool	marsd_ctl_limits(void *arg, void *cursor, struct wr *);
bool	marsd_ctl_memory(void *arg, void *cursor, struct wr *);
void	marsd_ctl_clear(void *arg);

/* latency.c; arg as above */
void	marsd_latency_turn(void *arg);
/* a record that came then, microseconds, is in our map */
void	marsd_latency_record(struct marsd_shell *, uint64_t when);
bool	marsd_ctl_latencies(void *arg, void *cursor, struct wr *);

#endif
