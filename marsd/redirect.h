/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS_REDIRECT_MAP.
 */
#ifndef MARSD_REDIRECT_H
#define MARSD_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

struct marsd_control;
struct marsd_proto;

/* begins to send maps regularly; ends that */
void	marsd_redirect_start(struct marsd_proto *);
void	marsd_redirect_stop(struct marsd_proto *);
/* sends all members to another server, hard, if one is known */
void	marsd_redirect_away(struct marsd_proto *);
/* the address at that place of the map, from 0; false: there are no more */
bool	marsd_redirect_at(struct marsd_proto *, uint32_t, struct atm_addr *);
/* softly, on one control VC, for the number that the message carries */
void	marsd_redirect_tell(struct marsd_control *);

#endif
