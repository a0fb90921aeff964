/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The loop of a process: libevent for descriptors and signals, timer.h for
 * time.  In one turn it handles what has arrived, then the timers that are due,
 * and then calls turn(), which sends what they have queued.  No other file
 * reads the clock: the handler of a descriptor calls timers_clock() before
 * anything else, so that what it does counts from now.
 */
#ifndef MARS_LOOP_H
#define MARS_LOOP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "timer.h"

struct loop {
	struct event_base *base;
	struct timers	 timers;
	struct event	 wake;		/* when the earliest timer is due */
	bool		 armed;		/* it is set, to that time: */
	mtime_t		 due;
	bool		 ended;
};

/* 0, or -1: no memory */
int	loop_init(struct loop *);
void	loop_free(struct loop *);
/*
 * Turns until loop_end().  turn (or NULL) is called at the end of each.
 */
void	loop_run(struct loop *, void (*turn)(void *), void *arg);
/* One turn that does not wait. */
void	loop_poll(struct loop *, void (*turn)(void *), void *arg);
void	loop_end(struct loop *);

/* The time of day in milliseconds since 1970, for those who read it. */
uint64_t	loop_wallclock(void);
/* the same in microseconds */
uint64_t	loop_wallclock_us(void);

#endif
