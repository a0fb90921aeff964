/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The daemons, as marsctl sees them: their sockets, requests that they are
 * sent, and the rows that they answer.
 */
#ifndef MARSCTL_DAEMON_H
#define MARSCTL_DAEMON_H

#include <sys/types.h>
#include <sys/queue.h>
#include <stdbool.h>
#include <stdint.h>
#include <imsg.h>

#include "log.h"
#include "parser.h"

#define MARSCTL_DAEMONS	3
#define MARSCTL_WHY	1024	/* octets of a sentence, its NUL included */

/* how marsctl ends */
enum {
	MARSCTL_DONE,
	MARSCTL_FAILED,
	MARSCTL_SILENT = 3	/* a daemon does not answer */
};

/* Where the daemons are, and how many seconds one may say nothing. */
struct marsctl_where {
	const char	*path;	/* the directory of the sockets, or a socket */
	int		 seconds;
};

/* How a request ended, of all daemons that were asked together. */
struct marsctl_answer {
	bool	ok;
	int	status;			/* of exit(3) */
	char	why[MARSCTL_WHY];	/* else: a sentence */
};

struct marsctl_daemon {
	const char	*name;		/* of its socket, without ".sock" */
	unsigned int	 ask;		/* its bit of a request */
	struct imsgbuf	 ibuf;
	bool		 connected;
};

struct marsctl_session {
	struct marsctl_where	 where;
	struct marsctl_daemon	 daemons[MARSCTL_DAEMONS];
};

/*
 * Takes a row of that process.  False: it can't go on, and has said why with
 * marsctl_wrong(); then the answer is read no further.
 */
typedef bool	marsctl_row(void *arg, const char *process, struct rd row,
		    struct marsctl_answer *);

void	marsctl_answer_init(struct marsctl_answer *);
/* Says on standard error what went wrong, if anything; what to exit with. */
int	marsctl_answer_tell(const struct marsctl_answer *);
/* Notes what went wrong; of several things the first one. */
void	marsctl_wrong(struct marsctl_answer *, const char *, ...)
	    PRINTFLIKE(2, 3);

/*
 * Connects to all that the request is for, of which it is enough that one
 * runs.  False, with a sentence: none does, or one can't be asked; then
 * nothing is open.
 */
bool	marsctl_session_open(struct marsctl_session *,
	    const struct marsctl_where *, struct marsctl_request *,
	    struct marsctl_answer *);
void	marsctl_session_close(struct marsctl_session *);
/* Asks one after the other, and hands on the rows as they come. */
void	marsctl_session_ask(struct marsctl_session *,
	    const struct marsctl_request *, marsctl_row *, void *arg,
	    struct marsctl_answer *);
/*
 * The same for an answer that has no end, of all at once.  idle: called after
 * each time that all have been heard, and each time that so many milliseconds
 * have passed without a word, -1 for never; false ends it.
 */
void	marsctl_session_follow(struct marsctl_session *,
	    const struct marsctl_request *, marsctl_row *, void *arg,
	    bool (*idle)(void *), int ms, struct marsctl_answer *);
/*
 * All of that for a listing without filters, from those of these daemons
 * (ASK_*) that it is of.  A listing that is of none of them has no rows.
 */
void	marsctl_collect(const struct marsctl_where *, unsigned int ask,
	    const char *show, marsctl_row *, void *arg,
	    struct marsctl_answer *);

/* From 0, below MARSCTL_DAEMONS, for one of its names; the last for others. */
size_t		marsctl_daemon_number(const char *name);
/*
 * Those daemons (ASK_*) that have a socket: that run, or have run and did not
 * end as they should.  One that has none is not configured, which is no fault.
 */
unsigned int	marsctl_daemons(const struct marsctl_where *);

/* A daemon has given its summary, or has not and the answer says why. */
typedef void	marsctl_said(void *arg, const char *daemon,
		    const struct marsctl_answer *);
/* What each of them says of itself.  Returns those that do. */
unsigned int	marsctl_collect_summaries(const struct marsctl_where *,
		    marsctl_row *, marsctl_said *, void *arg);

#endif
