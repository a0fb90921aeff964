/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* An earlier life of ours with greater numbers than this one. */
#ifndef SCSP_REBORN_H
#define SCSP_REBORN_H

#include <stdint.h>

#include "conf.h"

struct scsp_group;

#define REBORN_LIMIT	(1 << 30)	/* so as not to come near the purge */

void	scsp_reborn_init(struct scsp_group *);
/* conf: of the same cluster, for the times after which a life is forgotten */
void	scsp_reborn_start(struct scsp_group *, const struct conf_cluster *);
/*
 * somebody has an instance of a record of ours with this number, and we have
 * not
 */
void	scsp_reborn_heard(struct scsp_group *, int32_t);
/* such an instance has arrived here */
void	scsp_reborn_proven(struct scsp_group *, int32_t);

#endif
