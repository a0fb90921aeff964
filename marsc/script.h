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

enum verb {
	VERB_REGISTER,
	VERB_DEREGISTER,
	VERB_JOIN,
	VERB_LEAVE,
	VERB_SERVE,
	VERB_UNSERVE,
	VERB_REQUEST,
	VERB_GROUPLIST,
	VERB_SEND,
	VERB_WAIT,
	VERB_EXPECT,
	VERB_ECHO,
	VERB_COUNTERS,
	VERB_STAY
};

struct step {
	STAILQ_ENTRY(step) entry;
	enum verb	 verb;
	struct paddr	 min, max;	/* JOIN to EXPECT */
	struct atm_addr	*addrs;		/* EXPECT: sorted */
	size_t		 naddrs;
	int64_t		 us;		/* WAIT, EXPECT ... within */
	char		*text;		/* ECHO, SEND */
};
STAILQ_HEAD(script, step);

/*
 * Appends the command that a line holds; an empty line or one that begins
 * with # holds none.  NULL, or what is wrong with it.
 */
const char	*script_line(struct script *, const char *line,
		    const struct mars_pro *);
/* Appends a command without arguments.  false: no memory */
bool		 script_add(struct script *, enum verb);
/* seconds, with a fraction if need be; false: not a number */
bool		 script_seconds(const char *, int64_t *);
/* GROUP or MIN-MAX of the protocol */
bool		 script_range(const char *, const struct mars_pro *,
		    struct paddr *, struct paddr *);
/*
 * Is it for a multicast server?  A client is that or a member, never both
 * (RFC 2022 section 7.1).  NULL, or what is wrong.
 */
const char	*script_role(const struct script *, bool *mcs);
/* does every address of a sorted list appear in the other, and no more? */
bool		 script_same(const struct atm_addr *, size_t,
		    const struct atm_addr *, size_t);
void		 script_sort(struct atm_addr *, size_t);
void		 script_free(struct script *);

#endif
