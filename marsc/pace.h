/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How fast we may send to a MARS.  A MARS drops what is more than it takes from
 * one client, and what is dropped waits for 10 s until it is sent again.  So
 * we send no faster than it takes: a bucket of tokens, whose rate is halved
 * when something seems to have been dropped, and grows back slowly with what
 * is answered.
 */
#ifndef MARSC_PACE_H
#define MARSC_PACE_H

#include <stdint.h>

#include "timer.h"

struct marsc_pace {
	uint32_t	most;	/* a second, while nothing is dropped */
	uint32_t	burst;	/* so many at once */
	uint32_t	rate;	/* a second, now */
	int64_t		tokens;	/* of a million parts each */
	mtime_t		last;	/* when they were counted */
	uint32_t	good;	/* answers since it grew */
	mtime_t		cut;	/* when it was last halved */
};

void	marsc_pace_init(struct marsc_pace *, mtime_t now, uint32_t rate,
	    uint32_t burst);
/* May one more be sent?  0: yes; else after so many microseconds. */
int64_t	marsc_pace_take(struct marsc_pace *, mtime_t now);
/* Something has been answered. */
void	marsc_pace_good(struct marsc_pace *);
/*
 * Something that was sent then seems to have been dropped.  What was sent
 * before the rate was last halved says nothing about the rate of now.
 */
void	marsc_pace_lost(struct marsc_pace *, mtime_t now, mtime_t sent);

#endif
