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
#include "table.h"

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
	MARSC_PARTS_STATES(TABLE_SYM)
	MARSC_PARTS_STATE_MAX
};
enum marsc_parts_event {
	MARSC_PARTS_EVENTS(TABLE_SYM)
	MARSC_PARTS_EVENT_MAX
};

/*
 * A step of this table does nothing: its action is the result that is returned.
 */
#define MARSC_PARTS_ACTIONS(X) \
	X(MARSC_PARTS_R_MORE, "more")	/* taken: wait for the next */ \
	/* not taken: wait for the last, then fail */ \
	X(MARSC_PARTS_R_WAIT, "wait") \
	X(MARSC_PARTS_R_DONE, "done")	/* taken, and complete */ \
	X(MARSC_PARTS_R_FAILED, "failed")	/* discarded: ask again */ \
	X(MARSC_PARTS_R_CLEARED, "cleared")

enum marsc_parts_result {
	TABLE_FIRST_ACTION(MARSC_PARTS),
	MARSC_PARTS_ACTIONS(TABLE_SYM)
	MARSC_PARTS_R_MAX
};
extern const struct table marsc_parts_table;

/* What all answers of a client that are not complete may take. */
struct marsc_parts_room {
	size_t			 octets, most;
};

struct marsc_parts {
	struct marsc_parts_room	*room;
	uint8_t			 state;		/* enum marsc_parts_state */
	uint16_t		 next;		/* mar$y of the part to come */
	uint32_t		 msn;		/* of the part before */
	bool			 moving;	/* msn may go up by 1 */
	struct atm_addr		*addrs;
	struct paddr		*groups;
	size_t			 n, max;	/* entries held, room */
	bool			 no_memory;	/* or no room */
};

void			marsc_parts_init(struct marsc_parts *,
		    struct marsc_parts_room *, bool moving);
void			marsc_parts_free(struct marsc_parts *);
void			marsc_parts_reset(struct marsc_parts *);
/*
 * a decoded part; a failure for want of memory or room is MARSC_PARTS_R_FAILED,
 * too
 */
enum marsc_parts_result	marsc_parts_input(struct marsc_parts *,
		    const struct mars_msg *);

#endif
