/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* CSU Requests that wait until marsd can take their records. */
#ifndef SCSP_HOLD_H
#define SCSP_HOLD_H

#include <stdbool.h>

#include "message.h"

/* of one neighbor: a window of packets, which take more room as we keep them */
#define SCSP_HOLD_OCTETS	(32 * SCSP_MTU)

struct scsp_neighbor;

void	scsp_hold_init(struct scsp_neighbor *);
/* forgets what waits */
void	scsp_hold_clear(struct scsp_neighbor *);
/*
 * May so many records be taken from the neighbor now?  A few are always, and
 * this counts them.
 */
bool	scsp_hold_passes(struct scsp_neighbor *, uint32_t n);
/* False: as much waits already as a neighbor may send, or no memory. */
bool	scsp_hold_add(struct scsp_neighbor *, const struct scsp_message *);

#endif
