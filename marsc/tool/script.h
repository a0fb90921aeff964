/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What marsc is told to do: a list of commands, one a line of a script. */
#ifndef MARSC_SCRIPT_H
#define MARSC_SCRIPT_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

#define SCRIPT_TEXT_MAX	4096	/* octets of ECHO's or SEND's text */

enum marsc_verb {
	MARSC_VERB_REGISTER,
	MARSC_VERB_DEREGISTER,
	MARSC_VERB_JOIN,
	MARSC_VERB_LEAVE,
	MARSC_VERB_SERVE,
	MARSC_VERB_UNSERVE,
	MARSC_VERB_REQUEST,
	MARSC_VERB_GROUPLIST,
	MARSC_VERB_SEND,
	MARSC_VERB_WAIT,
	MARSC_VERB_EXPECT,
	MARSC_VERB_ECHO,
	MARSC_VERB_COUNTERS,
	MARSC_VERB_STAY
};

struct marsc_step {
	STAILQ_ENTRY(marsc_step) entry;
	enum marsc_verb	 verb;
	struct paddr	 min, max;	/* JOIN to EXPECT */
	struct atm_addr	*addrs;		/* EXPECT: sorted */
	size_t		 naddrs;
	int64_t		 us;		/* WAIT, EXPECT ... within */
	char		*text;		/* ECHO, SEND */
	bool		 server;	/* REGISTER: as a multicast server */
};
STAILQ_HEAD(marsc_script, marsc_step);

/*
 * Appends the command that a line holds; an empty line or one that begins
 * with # holds none.  NULL, or what is wrong with it.
 */
const char	*marsc_script_line(struct marsc_script *, const char *line,
		    const struct mars_pro *);
/* Appends a command without arguments.  false: no memory */
bool		 marsc_script_add(struct marsc_script *, enum marsc_verb);
/* reads seconds, perhaps with a fraction; false: not a number */
bool		 marsc_script_seconds(const char *, int64_t *);
/* GROUP or MIN-MAX of the protocol */
bool		 marsc_script_range(const char *, const struct mars_pro *,
		    struct paddr *, struct paddr *);
/*
 * Is it for a multicast server?  A client is that or a member, never both
 * (RFC 2022 section 7.1).  NULL, or what is wrong.
 */
const char	*marsc_script_role(const struct marsc_script *, bool *mcs);
/* does every address of a sorted list appear in the other, and no more? */
bool		 marsc_script_same(const struct atm_addr *, size_t,
		    const struct atm_addr *, size_t);
void		 marsc_script_sort(struct atm_addr *, size_t);
void		 marsc_script_free(struct marsc_script *);

#endif
