/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The daemon's end of its control socket.  A `show` is a generator: it is
 * asked for one object after the other while the client's queue has room, so
 * that a client that reads slowly costs a bounded amount of memory and
 * nobody else's time, and a listing of 60,000 members never stops the loop.
 */
#ifndef MARS_CTLSERVER_H
#define MARS_CTLSERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"

struct ctlserver;
struct ctl_conn;

enum ctl_more {
	CTL_MORE,	/* one object was written: ask again */
	CTL_DONE	/* nothing written: that was all */
};

struct ctl_command {
	const char	*name;		/* "show members": words of it */
	/* writes the next object; cursor is CTL_CURSOR_SIZE octets */
	enum ctl_more	(*show)(void *arg, int argc, char **argv, void *cursor,
			    struct wr *);
	/*
	 * acts at once: NULL and the client is told "ok", or a sentence that
	 * says what is wrong; or CTL_LATER, and ctl_finish() ends it
	 */
	const char	*(*act)(void *arg, struct ctl_conn *, int argc,
			    char **argv);
};
extern const char CTL_LATER[];

struct ctlserver *ctlserver_new(struct event_base *, int fd,
		    const struct ctl_command *, size_t ncommands, void *arg);
void		 ctlserver_free(struct ctlserver *);
uint32_t	 ctl_conn_id(const struct ctl_conn *);
void		 ctl_finish(struct ctlserver *, uint32_t id, bool ok,
		    const char *);
/* clients turned away or cut off, since the start */
uint64_t	 ctlserver_refused(const struct ctlserver *);

#endif
