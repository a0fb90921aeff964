/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What all protocols stand on: timers here, and in table.h how a table of
 * states is written.  Nothing in this directory reads a clock or makes a
 * system call.
 *
 * Timers are a leftist heap inside the objects that own them, so that setting
 * one never allocates and so never fails.  The way to the right is the shortest
 * to an end, and all that is done walks it: what one operation takes grows with
 * the logarithm of their number.  A pairing heap does so on the average only:
 * with the timers of 5,000 circuits one call in some took a millisecond, and
 * whoever had asked waited for it.  The owner of the heap (a daemon's
 * loop, a test, the simulator) says what time it is, once per turn; whatever
 * runs within a turn sees the same time.
 */
#ifndef MARS_TIMER_H
#define MARS_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Monotonic time.  A struct, so that nobody mixes it with a duration. */
typedef struct mtime {
	int64_t	us;		/* microseconds since an arbitrary start */
} mtime_t;

#define TIMERS_SLICE	50	/* us of one timers_run() */

#define MTIME_MS(n)	((int64_t)(n) * 1000)
#define MTIME_SEC(n)	((int64_t)(n) * 1000000)

struct timer {
	struct timer	*left, *right, *up;	/* in the heap */
	mtime_t		 due;
	uint64_t	 order : 56;	/* of equal times, as set; 0: not set */
	uint64_t	 rank : 8;	/* timers on the way to the right */
	void		(*expired)(void *);
	void		*arg;
};

struct timers {
	struct timer	*root;
	mtime_t		 now;
	uint64_t	 order;
	size_t		 count;		/* timers set */
	mtime_t		 woken;		/* when a turn was first told the time
					 * by timers_clock() */
	bool		 awake;		/* that was in this turn */
	/* reads the clock; NULL: the owner alone says what time it is */
	mtime_t		(*clock)(void);
};

/* An empty heap; it is now. */
void	timers_init(struct timers *, mtime_t now);
/*
 * It is now `now`: expires what is due, earliest first.  A timer that is
 * set while this runs waits for the next call, even with a delay of 0.  Where
 * there is a clock, so does what is left when a slice of time is over: who
 * reads from the network does not wait while thousands of clients are given up.
 */
void	timers_run(struct timers *, mtime_t now);
/* When the earliest timer is due; false: none is set. */
bool	timers_next(const struct timers *, mtime_t *due);
/*
 * Sets `now` by the clock, if there is one, and expires nothing.  For a caller
 * that has been woken up after a wait within a turn, so that what it starts
 * counts from now.
 */
void	timers_clock(struct timers *);

/* A timer that calls expired(arg); not set yet. */
void	timer_init(struct timer *, void (*expired)(void *), void *arg);
/* Sets it, or sets it anew, to expire that many microseconds from now. */
void	timer_set(struct timers *, struct timer *, int64_t delay);
/* It may not be set. */
void	timer_clear(struct timers *, struct timer *);
bool	timer_isset(const struct timer *);

/* microseconds from a to b */
int64_t	mtime_diff(mtime_t, mtime_t);

#endif
