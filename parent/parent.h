/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The parent process: its state, and what its files do for one another. */
#ifndef MARS_PARENT_H
#define MARS_PARENT_H

#include <sys/types.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "child.h"
#include "conf.h"
#include "endpoint.h"
#include "ipc.h"
#include "lex.h"
#include "sentence.h"

#define PAYLOAD_MAX	16000	/* octets of one message to a child */

struct parent;
struct opening;

enum child_id {
	MARSD,
	SCSPD,
	NCHILDREN
};

struct child {
	struct parent	*parent;
	enum child_id	 id;
	const char	*name;
	pid_t		 pid;		/* 0: not running */
	struct channel	 ch;
	int		 control_fd;	/* until it is sent */
	bool		 privileged;	/* gets a user and a root of its own */
	bool		 ready;
	bool		 configured;	/* it applied what was sent last */
	char		 sandbox[SANDBOX_STRLEN];
	LIST_HEAD(, opening) openings;	/* ATM calls for it, under way */
	unsigned int	 nopenings;
};

/* Who asked for the reload that is under way. */
enum requester {
	BY_NOBODY,	/* none is */
	BY_START,
	BY_SIGNAL,
	BY_CHILD
};

struct parent {
	struct event_base *base;
	struct child	 children[NCHILDREN];
	struct conf	*conf;		/* in force */
	struct macros	 macros;
	const char	*file;
	const char	*libexec;
	bool		 foreground;
	bool		 started;	/* both children are at work */
	int		 detach_fd;	/* says so to who started us; or -1 */
	int		 null_fd;	/* for then: no file is opened to be
					 * written to in the sandbox */
	/* reload */
	enum requester	 requester;
	enum child_id	 asker;		/* BY_CHILD */
	uint32_t	 ask_id;
	bool		 again;		/* SIGHUP came in the meantime */
	struct conf	*next;		/* waits for the children */
	/* the end */
	bool		 ending;
	int		 status;	/* of exit(3) */
	struct event	*patience;	/* start, later end */
	char		 control[NCHILDREN][CONF_PATH_SIZE + 16];
};

/* suite.c: runs the suite until its end; the status for exit(3) */
int	suite_run(struct parent *);
/* SIGTERM to the children, SIGKILL later, then the loop ends */
void	suite_end(struct parent *, int status);
/* both children did what was asked at start */
void	suite_started(struct parent *);

/* children.c */
void	child_start(struct child *);	/* fatal() on failure */
void	child_send(struct child *, uint32_t, int, const void *, size_t);
/* waits for those that have ended; true: none is left */
bool	children_reap(struct parent *);
void	children_signal(struct parent *, int);
void	parent_message(void *, uint32_t, struct rd *, int);

/* reload.c */
void	suite_setup(struct parent *);	/* the first messages; fatal() */
void	reload(struct parent *, enum requester);
void	reload_request(struct child *, uint32_t id);
void	reload_applied(struct child *);

/* sockets.c */
struct listener {
	struct endpoint	 at;
	int		 fd;
};
struct listeners {
	struct listener	*v;
	size_t		 n;
};
/*
 * Opens what child needs for a configuration and does not have by the old
 * one (NULL: nothing).  False: nothing is open, why says what to do.
 */
bool	listeners_open(struct listeners *, enum child_id, const struct conf *,
	    const struct conf *old, char *why, size_t);
void	listeners_close(struct listeners *);
/*
 * One socket of the ATM stack, or -1 and why: all of them but calls.  The
 * endpoint is of that kind.
 */
int	atm_socket(const struct endpoint *, char *why, size_t);
/* makes path/NAME.sock and listens on it: a descriptor, or fatal() */
int	control_open(struct parent *, enum child_id);
void	control_remove(struct parent *);

/* opening.c */
/*
 * May this child have such a socket by that configuration?  Its own local
 * address; scspd calls its neighbors only.
 */
bool	opening_allowed(const struct conf *, enum child_id, enum atm_open,
	    const struct atm_addr *local, const struct atm_addr *peer,
	    struct endpoint *);
void	opening_request(struct child *, struct rd *);
void	openings_end(struct child *);

#endif
