/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#ifndef MARSD_OVERLAP_H
#define MARSD_OVERLAP_H

#include "marsd_core.h"

struct marsd_proto;

/*
 * The protocol has another range: what others have given out of it is barred,
 * and told.
 */
void	marsd_overlap_bar(struct marsd_proto *);

#endif
