/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsctl and the daemons say to each other.  A request is a command
 * and its arguments, then the filters of a listing (ctl_filter.h), all of
 * them strings.  The answer is a sequence of objects, each a tagged list of
 * named values that marsctl prints as it is asked to (text or JSON), and an
 * end that says whether it went well.  So no struct of a daemon crosses the
 * privilege boundary, and a value that is added needs no change in marsctl.
 */
#ifndef MARS_CTL_H
#define MARS_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "wire.h"

#define CTL_ROW_MAX	64000	/* octets of one object, a row */
/* Room for a show function to remember where it is; zero at the start. */
#define CTL_CURSOR_SIZE	256
#define CTL_ARGS_MAX	8
#define CTL_ARG_SIZE	160
#define CTL_FILTERS_MAX	8
#define CTL_NAME_SIZE	64	/* of a value, with its NUL */
/* octets of the longest request */
#define CTL_REQUEST_MAX	(1 + (CTL_ARGS_MAX + 2 * CTL_FILTERS_MAX) * \
			    (2 + CTL_ARG_SIZE))

enum ctl_tag {
	CTL_STRING = 's',	/* name, value */
	CTL_UINT = 'u',		/* name, u64 */
	CTL_INT = 'i',		/* name, u64 as two's complement */
	CTL_BOOL = 'b',		/* name, u8 */
	CTL_AGE = 't',		/* name, u64 s: since something happened */
	CTL_OCTETS = 'x',	/* name, u16 length, octets */
	CTL_NULL = 'n',		/* name: there is no such value now */
	CTL_ARRAY = 'a',	/* name: values or objects until CTL_CLOSE */
	CTL_OBJECT = 'o',	/* name: values until CTL_CLOSE */
	CTL_CLOSE = 'e'		/* ends an array or an object */
};

/* names inside an array are empty */
void	ctl_string(struct wr *, const char *, const char *);
void	ctl_uint(struct wr *, const char *, uint64_t);
void	ctl_int(struct wr *, const char *, int64_t);
void	ctl_bool(struct wr *, const char *, bool);
/* so many seconds ago, or for so many seconds */
void	ctl_age(struct wr *, const char *, uint64_t);
/* 65535 at most; any more make the writer fail */
void	ctl_octets(struct wr *, const char *, const void *, size_t);
/* what does not exist: null in JSON, - in a table */
void	ctl_null(struct wr *, const char *);
/*
 * Of something that is valid from a time until another, as time(3) has them
 * (0: without such a bound): "state", "not-before", "not-after", "begins-in"
 * and "ends-in".
 */
void	ctl_validity(struct wr *, int64_t from, int64_t until, int64_t now);
/* strings: addresses as text, and a server's identifier as 192.0.2.1 */
void	ctl_atm(struct wr *, const char *, const struct atm_addr *);
void	ctl_paddr(struct wr *, const char *, const struct paddr *);
void	ctl_oid(struct wr *, const char *, const uint8_t oid[4]);
void	ctl_array(struct wr *, const char *);
void	ctl_object(struct wr *, const char *);
void	ctl_close(struct wr *);

struct ctl_value {
	enum ctl_tag	 tag;
	char		 name[CTL_NAME_SIZE];
	uint64_t	 number;
	char		 string[512];
	const uint8_t	*octets;	/* within what is read */
	size_t		 length;		/* of them */
};
/*
 * Reads the next value.  False where there is none: the end if rd_done(),
 * otherwise something that no daemon of ours wrote.
 */
bool	ctl_next(struct rd *, struct ctl_value *);
/* goes past what the value that was read last has opened */
void	ctl_skip(struct rd *, const struct ctl_value *);
/*
 * Goes to the value of that name, at this depth; what it opens is still to be
 * read.  False: there is none.
 */
bool	ctl_find(struct rd *, const char *, struct ctl_value *);
/*
 * the same for a string; the reader is a copy, so the caller's stays where it
 * is
 */
bool	ctl_find_string(struct rd, const char *, struct ctl_value *);
/* the same for a number, an age or a truth (0 or 1); false: below 0, too */
bool	ctl_find_number(struct rd, const char *, uint64_t *);

#endif
