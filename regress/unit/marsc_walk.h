/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Walks: whatever the owner of a client, its MARS, the network and time do, in
 * whatever order (marsc_total.c, regress/fuzz).  The numbers that decide it are
 * those of a seed, f->random, or f->die().
 */
#ifndef MARSC_WALK_H
#define MARSC_WALK_H

#include "marsc_fake.h"

/* One thing happens; false: that was all that there is room for. */
bool	walk_step(struct fake *f);
/* the same without the owner: what is below 7, of leaves to answers */
void	walk_network(struct fake *f, uint32_t what);
/* the owner does something as it is told something, for fake.told */
void	walk_told(struct fake *f);
/* is there room for more?  forgets what was sent and told */
bool	walk_room(struct fake *f);
/* A live circuit, the later ones rather; NULL: none. */
struct fvc *walk_vc(struct fake *f);
/* The owner has ended: nothing is left.  Frees f. */
void	walk_over(struct fake *f);

#endif
