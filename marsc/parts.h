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

#define PARTS_STATES(X) \
	X(PARTS_NONE, "none")		/* nothing yet */ \
	X(PARTS_SOME, "some")		/* parts 1 to next - 1 */ \
	X(PARTS_SPOILT, "spoilt")	/* to be discarded at the last part */

#define PARTS_EVENTS(X) \
	X(PARTS_EV_GOOD, "good")	/* the part that was expected */ \
	X(PARTS_EV_GOOD_LAST, "good-last") \
	X(PARTS_EV_BAD, "bad")		/* a jump of y, or mar$msn changed */ \
	X(PARTS_EV_BAD_LAST, "bad-last") \
	X(PARTS_EV_RESET, "reset")	/* timeout, or a new question */

enum parts_state {
#define X(sym, name) sym,
	PARTS_STATES(X)
#undef X
	PARTS_STATE_MAX
};
enum parts_event {
#define X(sym, name) sym,
	PARTS_EVENTS(X)
#undef X
	PARTS_EVENT_MAX
};

enum parts_result {
	PARTS_R_FORGOTTEN,	/* no cell of the table has this */
	PARTS_R_MORE,		/* taken: wait for the next */
	PARTS_R_WAIT,		/* not taken: wait for the last, then fail */
	PARTS_R_DONE,		/* taken, and complete */
	PARTS_R_FAILED,		/* discarded: ask again */
	PARTS_R_CLEARED
};

struct parts_cell {
	enum parts_state	next;
	enum parts_result	result;
};
extern const struct parts_cell
    parts_table[PARTS_STATE_MAX][PARTS_EVENT_MAX];

struct parts {
	enum parts_state	 state;
	uint16_t		 next;		/* mar$y of the part to come */
	uint32_t		 msn;		/* of the part before */
	bool			 moving;	/* msn may go up by 1 */
	struct atm_addr		*addrs;
	struct paddr		*groups;
	size_t			 n, max;	/* entries held, room */
	bool			 no_memory;
};

void			parts_init(struct parts *, bool moving);
void			parts_free(struct parts *);
void			parts_reset(struct parts *);
/* a decoded part; a failure for want of memory is PARTS_R_FAILED too */
enum parts_result	parts_input(struct parts *, const struct mars_msg *);

#endif
