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
struct party_root;

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
	LIST_HEAD(, party_root) roots;	/* of native multipoint calls */
	unsigned int	 nroots;
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
	/* native parties */
	int		 parties_fd;	/* to who forks for them; -1: nobody */
	pid_t		 parties_pid;	/* 0: not running */
	int		 parties_wait;	/* s that one party may take */
	bool		 parties_stuck;	/* there are none any more */
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
/* fork(2); in the new process signals are as they were before us */
pid_t	process_fork(void);
/* in it: leaves nothing open but the standard descriptors and fd as 3 */
void	child_descriptors(const struct parent *, int fd);
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

/* parties.c */
#define PARTIES_FLAG	"-P"	/* mars(8) starts itself so, for party_main() */
/* Does any cluster have native parties on switched circuits? */
bool	parties_wanted(const struct conf *);
void	parties_start(struct parent *);		/* if wanted; fatal() */
bool	parties_ready(const struct parent *);
/* A root of that number; false: there is no process for it. */
bool	parties_root(struct child *, uint32_t id, const struct atm_addr *local,
	    int call);
void	parties_request(struct child *, struct rd *);
void	parties_reap(struct parent *);
void	parties_end(struct parent *);
void	roots_end(struct child *);

/* party.c */
#define PARTY_REQUEST	(1 + 4 + 42)	/* u8 ATM_PARTY_*, u32, addr */
#define PARTY_ANSWER	(1 + 4 + 2)	/* u8 ATM_PARTY_*, u32, u16 cause */
void	party_main(const char *user, bool foreground)
	    __attribute__((__noreturn__));
void	party_serve(int root, int ctl) __attribute__((__noreturn__));

#endif
