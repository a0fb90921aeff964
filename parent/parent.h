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
struct parent_opening;
struct parent_party_root;

enum parent_child_id {
	PARENT_MARSD,
	PARENT_SCSPD,
	PARENT_NCHILDREN
};

struct parent_child {
	struct parent	*parent;
	enum parent_child_id	 id;
	const char	*name;
	pid_t		 pid;		/* 0: not running */
	struct channel	 ch;
	int		 control_fd;	/* until it is sent */
	bool		 privileged;	/* gets a user and a root of its own */
	bool		 ready;
	bool		 configured;	/* it applied what was sent last */
	char		 sandbox[SANDBOX_STRLEN];
	LIST_HEAD(, parent_opening) openings; /* ATM calls for it, under way */
	unsigned int	 nopenings;
	LIST_HEAD(, parent_party_root) roots;	/* of native multipoint calls */
	unsigned int	 nroots;
};

/* Who asked for the reload that is under way. */
enum parent_requester {
	PARENT_BY_NOBODY,	/* none is */
	PARENT_BY_START,
	PARENT_BY_SIGNAL,
	PARENT_BY_CHILD
};

struct parent {
	struct event_base *base;
	struct parent_child	 children[PARENT_NCHILDREN];
	struct conf	*conf;		/* in force */
	struct lex_macros	 macros;
	const char	*file;
	const char	*libexec;
	bool		 foreground;
	bool		 started;	/* both children are at work */
	int		 detach_fd;	/* says so to who started us; or -1 */
	int		 null_fd;	/* for then: no file is opened to be
					 * written to in the sandbox */
	/* reload */
	enum parent_requester	 requester;
	enum parent_child_id	 asker;		/* PARENT_BY_CHILD */
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
	char		 control[PARENT_NCHILDREN][CONF_PATH_SIZE + 16];
};

/* suite.c: runs the suite until its end; the status for exit(3) */
int	parent_suite_run(struct parent *);
/* SIGTERM to the children, SIGKILL later, then the loop ends */
void	parent_suite_end(struct parent *, int status);
/* both children did what was asked at start */
void	parent_suite_started(struct parent *);

/* children.c */
void	parent_child_start(struct parent_child *);	/* fatal() on failure */
/* fork(2); in the new process signals are as they were before us */
pid_t	parent_fork(void);
/* in it: leaves nothing open but the standard descriptors and fd as 3 */
void	parent_child_descriptors(const struct parent *, int fd);
void	parent_child_send(struct parent_child *, uint32_t, int, const void *,
	    size_t);
/* waits for those that have ended; true: none is left */
bool	parent_children_reap(struct parent *);
void	parent_children_signal(struct parent *, int);
void	parent_message(void *, uint32_t, struct rd *, int);

/* reload.c */
void	parent_suite_setup(struct parent *); /* the first messages; fatal() */
void	parent_reload(struct parent *, enum parent_requester);
void	parent_reload_request(struct parent_child *, uint32_t id);
void	parent_reload_applied(struct parent_child *);

/* sockets.c */
struct parent_listener {
	struct endpoint	 at;
	int		 fd;
};
struct parent_listeners {
	struct parent_listener	*v;
	size_t		 n;
};
/*
 * Opens what child needs for a configuration and does not have by the old
 * one (NULL: nothing).  False: nothing is open, why says what to do.
 */
bool	parent_listeners_open(struct parent_listeners *, enum parent_child_id,
	    const struct conf *,
	    const struct conf *old, char *why, size_t);
void	parent_listeners_close(struct parent_listeners *);
/*
 * One socket of the ATM stack, or -1 and why: all of them but calls.  The
 * endpoint is of that kind.
 */
int	parent_atm_socket(const struct endpoint *, char *why, size_t);
/* makes path/NAME.sock and listens on it: a descriptor, or fatal() */
int	parent_control_open(struct parent *, enum parent_child_id);
void	parent_control_remove(struct parent *);

/* opening.c */
/*
 * May this child have such a socket by that configuration?  Its own local
 * address; scspd calls its neighbors only.
 */
bool	parent_opening_allowed(const struct conf *, enum parent_child_id,
	    enum atm_open,
	    const struct atm_addr *local, const struct atm_addr *peer,
	    struct endpoint *);
void	parent_opening_request(struct parent_child *, struct rd *);
void	parent_openings_end(struct parent_child *);

/* parties.c */
/* mars(8) starts itself so, for parent_party_main() */
#define VC_PARTY_FLAG	"-P"
/* Does any cluster have native parties on switched circuits? */
bool	parent_parties_wanted(const struct conf *);
void	parent_parties_start(struct parent *);		/* if wanted; fatal() */
bool	parent_parties_ready(const struct parent *);
/* A root of that number; false: there is no process for it. */
bool	parent_parties_root(struct parent_child *, uint32_t id,
	    const struct atm_addr *local,
	    int call);
void	parent_parties_request(struct parent_child *, struct rd *);
void	parent_parties_reap(struct parent *);
void	parent_parties_end(struct parent *);
void	parent_roots_end(struct parent_child *);

/* party.c */
#define PARTY_REQUEST	(1 + 4 + 42)	/* u8 ATM_PARTY_*, u32, addr */
#define PARTY_ANSWER	(1 + 4 + 2)	/* u8 ATM_PARTY_*, u32, u16 cause */
void	parent_party_main(const char *user, bool foreground)
	    __attribute__((__noreturn__));
void	parent_party_serve(int root, int ctl) __attribute__((__noreturn__));

#endif
