/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsc(1) from inside: one client or many, which all do what a list of
 * commands says.
 */
#ifndef MARSC_TOOL_H
#define MARSC_TOOL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "link.h"
#include "loop.h"
#include "marsc/marsc.h"
#include "print.h"
#include "script.h"
#include "timer.h"
#include "vc.h"

/* A client with an address and a link of its own; option -n makes many. */
struct marsc_member {
	struct marsc_tool	*tool;
	struct marsc_host	*host;
	struct marsc		*client;
	struct vc_link		*link;
	struct atm_addr		 addr;
	bool			 done;	/* with the current command */
};

/* Commands that come from the standard input, input.c. */
struct marsc_input {
	char		 buf[SCRIPT_TEXT_MAX + 1];
	size_t		 len, number;	/* octets; lines so far */
	bool		 open;		/* there may be more */
	bool		 begun;		/* the role is not to be changed */
	bool		 watched;
	struct event	 readable;
};

#define EXIT_USAGE	2

struct marsc_tool {
	struct loop		 loop;
	struct marsc_printer	 printer;
	struct marsc_conf	 conf;
	struct marsc_links	 links;
	struct marsc_script	 script;
	struct marsc_step	*step;	/* the current command, or NULL */
	struct marsc_step	*done;	/* the one before it, or NULL */
	struct marsc_input	 input;
	struct marsc_member	*members;
	size_t			 n, started, pending;
	struct timer		 timer;	/* WAIT, and EXPECT's poll */
	struct timer		 starter;
	mtime_t			 deadline;	/* EXPECT */
	bool			 advance; /* to the next command, this turn */
	bool			 ending;
	int			 status;	/* of the process */
	struct event		 term, intr;
};

/* What the hosts of the members call; the argument is the member. */
extern const struct marsc_ops marsc_tool_ops;

void	marsc_tool_init(struct marsc_tool *);
/*
 * Does the commands of the script, one after the other, until the end or a
 * signal; then whoever is registered deregisters.
 */
void	marsc_tool_run(struct marsc_tool *);
/* Ends marsc_tool_run(), with that exit status if it is the first. */
void	marsc_tool_end(struct marsc_tool *, int status);
/* A signal's handler: ends marsc_tool_run(). */
void	marsc_tool_signal(evutil_socket_t, short, void *);
/* Is the standard input something that commands come from, one by one? */
bool	marsc_input_comes(void);
/*
 * Waits for the first of them, and takes those that come with it: they say
 * which role it is.  Exits where they are wrong.
 */
void	marsc_input_first(struct marsc_tool *);
/* The others are read by the loop. */
void	marsc_input_begin(struct marsc_tool *);
void	marsc_input_end(struct marsc_tool *);
/* Prints what all clients together did not use. */
void	marsc_tool_counters(struct marsc_tool *);

#endif
