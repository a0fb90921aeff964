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

#include "addr.h"

struct marsd_proto;
struct marsd_reg;

/* regularly, from now on; and no more */
void	marsd_redirect_start(struct marsd_proto *);
void	marsd_redirect_stop(struct marsd_proto *);
/* to: put first, or NULL; reg: to this node alone, or NULL for everybody */
void	marsd_redirect_send(struct marsd_proto *, bool hard,
	    const struct atm_addr *to, struct marsd_reg *);
/* everybody, hard, to another server if one is known */
void	marsd_redirect_away(struct marsd_proto *);

#endif
