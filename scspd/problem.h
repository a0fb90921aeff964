/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What went wrong last, with a neighbor or with nobody that is known. */
#ifndef SCSP_PROBLEM_H
#define SCSP_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "timer.h"
#include "wire.h"

struct scsp_event;
struct scsp_neighbor;
struct scsp_peer;
struct scsp;

/* Zero at the start: nothing did. */
struct scsp_problem {
	bool		 set;
	unsigned int	 code;		/* enum scsp_event_code */
	char		 why[64];	/* or empty */
	uint64_t	 number;	/* or 0 */
	bool		 has_spi;
	uint32_t	 spi;
	struct atm_addr	 addr;
	mtime_t		 at;
};

/* Notes an event, unless it is in the ordinary course of things. */
void	scsp_problem_note(struct scsp_problem *, const struct scsp_event *,
	    mtime_t now);
/* last-error, -address, -spi and -age; all null if there is none */
void	scsp_problem_show(struct wr *, const struct scsp_problem *,
	    mtime_t now);

/* A packet of a group that we do not share with the servers there. */
void	scsp_problem_group(struct scsp_peer *, uint16_t sgid);
/* A call of somebody who is no neighbor. */
void	scsp_problem_stranger(struct scsp *, const struct atm_addr *);
/* A call to the servers there has failed, for that cause (vc.h). */
void	scsp_problem_call(struct scsp_peer *, uint16_t cause);

#endif
