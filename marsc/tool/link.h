/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The clients' links, whose sockets marsc(1) makes itself: UDP for an
 * address that embeds an IP address, permanent ATM circuits where there are
 * some, switched ones for any other address.
 */
#ifndef MARS_LINK_H
#define MARS_LINK_H

#include <sys/types.h>
#include <sys/queue.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "timer.h"
#include "vc.h"
#include "vc_udp.h"

struct marsc_link_line {		/* a permanent circuit */
	int		 itf, vpi, vci;
	struct atm_addr	 peer;
};

struct marsc_link_call;
struct marsc_links {
	struct event_base	*base;
	struct timers		*timers;
	struct vc_udp_params	 udp;
	struct marsc_link_line	*lines;
	size_t			 nlines;
	LIST_HEAD(, marsc_link_call)	 calls;		/* under way */
};

/* [itf.]vpi.vci,ADDRESS; false: it is none, or there is no memory */
bool	marsc_links_line(struct marsc_links *, const char *);
/*
 * A link without a user, who comes when it is attached.  NULL, and why: a
 * sentence for whoever has started the program.
 */
struct vc_link *marsc_links_open(struct marsc_links *,
	    const struct atm_addr *local, char *why, size_t);
/* before the links themselves are closed */
void	marsc_links_end(struct marsc_links *);

#endif
