/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Timers: a pairing heap inside the objects that own the timers, so that
 * setting one never allocates and so never fails.  The owner of the heap
 * (a daemon's loop, a test, the simulator) says what time it is, once per
 * turn; whatever runs within a turn sees the same time.
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

#define MTIME_MS(n)	((int64_t)(n) * 1000)
#define MTIME_SEC(n)	((int64_t)(n) * 1000000)

struct timer {
	struct timer	*child, *next, *prev;	/* heap links */
	mtime_t		 due;
	uint64_t	 order;		/* of equal times, as set */
	bool		 set;
	void		(*expired)(void *);
	void		*arg;
};

struct timers {
	struct timer	*root;
	mtime_t		 now;
	uint64_t	 order;
	size_t		 count;		/* timers set */
};

void	timers_init(struct timers *, mtime_t);
void	timers_run(struct timers *, mtime_t);
bool	timers_next(const struct timers *, mtime_t *);

void	timer_init(struct timer *, void (*)(void *), void *);
void	timer_set(struct timers *, struct timer *, int64_t);
void	timer_clear(struct timers *, struct timer *);
bool	timer_isset(const struct timer *);

/* microseconds from a to b */
int64_t	mtime_diff(mtime_t, mtime_t);

#endif
