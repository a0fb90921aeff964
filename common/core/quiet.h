/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * When what happens again and again is to be told again: a few times at once,
 * then after 4 s, and after twice as long each time, up to an hour.  Once it
 * has not happened for ten minutes, and for twice the last pause, it is new.
 */
#ifndef MARS_QUIET_H
#define MARS_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "timer.h"

#define QUIET_MIN	MTIME_SEC(4)

/* Zero at the start. */
struct quiet {
	mtime_t		last;		/* it happened */
	mtime_t		until;		/* it is not told */
	int64_t		pause;		/* us */
	uint32_t	told;		/* one after the other */
	uint64_t	more;		/* not told, since it was told last */
};

/*
 * It happens now: is it to be told?  Then *more says how often it happened
 * without being told.  burst: how often it is told before the first pause.
 */
bool	quiet_pass(struct quiet *, mtime_t now, uint32_t burst,
	    uint64_t *more);

/*
 * The same for what addresses cause that nobody has configured: it is known
 * of a few at a time, and who comes next takes the place of the one that was
 * quiet for the longest.  What, a number of the caller's, tells causes apart.
 */
#define QUIET_STRANGERS	16

struct quiet_strangers {
	struct {
		struct atm_addr	addr;
		unsigned int	what;
		struct quiet	quiet;
	} v[QUIET_STRANGERS];
};

bool	quiet_stranger_pass(struct quiet_strangers *, const struct atm_addr *,
	    unsigned int what, mtime_t now, uint64_t *more);

#endif
