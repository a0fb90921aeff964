/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Reassembly of what comes in parts: MARS_MULTI (RFC 2022 section 5.1.1),
 * MARS_GROUPLIST_REPLY (5.3) and MARS_REDIRECT_MAP (5.4.3).
 */
#ifndef MARSC_PARTS_H
#define MARSC_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mars.h"

#define MARSC_PARTS_STATES(X) \
	X(MARSC_PARTS_NONE, "none")		/* nothing yet */ \
	X(MARSC_PARTS_SOME, "some")		/* parts 1 to next - 1 */ \
	X(MARSC_PARTS_SPOILT, "spoilt")	/* to be discarded at the last part */

#define MARSC_PARTS_EVENTS(X) \
	X(MARSC_PARTS_EV_GOOD, "good")	/* the part that was expected */ \
	X(MARSC_PARTS_EV_GOOD_LAST, "good-last") \
	X(MARSC_PARTS_EV_BAD, "bad")	/* a jump of y, or mar$msn changed */ \
	X(MARSC_PARTS_EV_BAD_LAST, "bad-last") \
	X(MARSC_PARTS_EV_RESET, "reset")	/* timeout, or a new question */

enum marsc_parts_state {
#define X(sym, name) sym,
	MARSC_PARTS_STATES(X)
#undef X
	MARSC_PARTS_STATE_MAX
};
enum marsc_parts_event {
#define X(sym, name) sym,
	MARSC_PARTS_EVENTS(X)
#undef X
	MARSC_PARTS_EVENT_MAX
};

enum marsc_parts_result {
	MARSC_PARTS_R_FORGOTTEN,	/* no cell of the table has this */
	MARSC_PARTS_R_MORE,		/* taken: wait for the next */
	MARSC_PARTS_R_WAIT,	/* not taken: wait for the last, then fail */
	MARSC_PARTS_R_DONE,		/* taken, and complete */
	MARSC_PARTS_R_FAILED,		/* discarded: ask again */
	MARSC_PARTS_R_CLEARED
};

struct marsc_parts_cell {
	enum marsc_parts_state	next;
	enum marsc_parts_result	result;
};
extern const struct marsc_parts_cell
    marsc_parts_table[MARSC_PARTS_STATE_MAX][MARSC_PARTS_EVENT_MAX];

struct marsc_parts {
	enum marsc_parts_state	 state;
	uint16_t		 next;		/* mar$y of the part to come */
	uint32_t		 msn;		/* of the part before */
	bool			 moving;	/* msn may go up by 1 */
	struct atm_addr		*addrs;
	struct paddr		*groups;
	size_t			 n, max;	/* entries held, room */
	bool			 no_memory;
};

void			marsc_parts_init(struct marsc_parts *, bool moving);
void			marsc_parts_free(struct marsc_parts *);
void			marsc_parts_reset(struct marsc_parts *);
/* a decoded part; a failure for want of memory is MARSC_PARTS_R_FAILED too */
enum marsc_parts_result	marsc_parts_input(struct marsc_parts *,
		    const struct mars_msg *);

#endif
