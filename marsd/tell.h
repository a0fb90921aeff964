/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What all nodes on a control VC are told: at once if the VC has sent what it
 * was given, and else when it has, as what is true by then (backlog.h).  Where
 * even that is too much, or something was lost, the VC's sequence number is
 * raised by more than messages were sent, and the nodes ask for what they need
 * (RFC 2022 section 5.1.5).
 */
#ifndef MARSD_TELL_H
#define MARSD_TELL_H

#include <stdbool.h>

#include "group.h"
#include "mars.h"

struct marsd_control;

void	marsd_tell_init(struct marsd_control *);
/* nothing is pending any more, and nothing will be said of it */
void	marsd_tell_clear(struct marsd_control *);
/* does what there is to say have to wait? */
bool	marsd_tell_waits(const struct marsd_control *);
/*
 * The node has joined or left these ranges; m is the message that says so,
 * if it can go at once.
 */
void	marsd_tell_change(struct marsd_control *, struct marsd_node *,
	    bool joined, struct mars_msg *, const struct marsd_spans *,
	    bool punched);
/* the senders to the group shall use this MCS from now on (5.1.6) */
void	marsd_tell_migrate(struct marsd_control *, struct marsd_node *,
	    const struct paddr *group);
/* somebody on the VC is answered about this group */
void	marsd_tell_asked(struct marsd_control *, const struct paddr *group);
/* some node may have missed something */
void	marsd_tell_revalidate(struct marsd_control *);
/* the VC has gone: its nodes miss what happens until there is another */
void	marsd_tell_lost(struct marsd_control *);
/* the VC has sent all that it was given */
void	marsd_tell_drained(struct marsd_control *);

#endif
