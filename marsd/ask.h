/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What MARS_JOIN, MARS_LEAVE, MARS_MSERV and MARS_UNSERV have in common: a
 * registered node says that it is in a range, or is no more.
 */
#ifndef MARSD_ASK_H
#define MARSD_ASK_H

#include <stdbool.h>

#include "group.h"
#include "incoming.h"

struct marsd_ask {
	struct marsd_incoming	*in;
	struct marsd_reg	*reg;		/* of the source */
	struct marsd_node	*node;		/* the source */
	struct marsd_span	 span;
	struct marsd_entry	*mine;		/* our record of it, or NULL */
};

/* reads the message, and checks what is the same for all four */
enum marsd_drop	 marsd_ask_read(struct marsd_ask *, struct marsd_incoming *,
		    enum marsd_role);
/*
 * The node wants to be in the range.  True: our own record says so already, and
 * from now on rests on the node's own word.
 */
bool		 marsd_ask_known(struct marsd_ask *);
/* makes our record and publishes it; DROP_NONE, or no memory */
enum marsd_drop	 marsd_ask_add(struct marsd_ask *, bool layer3,
		    enum marsd_change *);
/* takes it back: the caller announces the change, then marsd_entry_free() */
enum marsd_change	 marsd_ask_end(struct marsd_ask *);

#endif
