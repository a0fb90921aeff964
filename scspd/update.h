/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The messages of cache state update (RFC 2334 section 2.3), received. */
#ifndef SCSP_UPDATE_H
#define SCSP_UPDATE_H

#include "message.h"

struct scsp_neighbor;

void	scsp_update_request(struct scsp_neighbor *,
	    const struct scsp_message *);
/* so many records of one, now */
void	scsp_update_records(struct scsp_neighbor *,
	    const struct scsp_csas *, uint16_t n);
void	scsp_update_reply(struct scsp_neighbor *,
	    const struct scsp_message *);
void	scsp_update_csus(struct scsp_neighbor *,
	    const struct scsp_message *);

#endif
