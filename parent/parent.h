/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * parent: mars(8), which starts the suite, stays as its parent, and speaks no
 * protocol.  It reads mars.conf(5), makes every socket, and hands both to its
 * children, which are confined and make none: marsd(8) and scspd(8) where a
 * cluster is configured, edged(8) where an edge is.  It believes nothing of
 * what they say without a look at who says it.  When a child ends, the suite
 * ends.  Read in this order:
 *
 *	mars.c		main(): options; then -n checks the file and ends
 *	suite.c		the life of the suite: start, signals, end
 *	children.c	the children: start, what they may say, end
 *	changes.c	what a new one changes, in words
 *	reload.c	handing them a configuration, at the start and anew
 *	sockets.c	sockets to listen on, and control sockets
 *	edge.c		interfaces of edges, which come and go
 *	edge_linux.c	what the system says of one, and its packet socket
 *	edge_bpf.c	the path through the kernel: its program, its table
 *	opening.c	ATM sockets that a child asks for later: calls
 *	notify.c	telling the service manager; the pid file
 *	parties.c	native multipoint calls: what marsd asks for each
 *	party.c		the process that waits for the ATM signalling for one
 *
 * and how the file becomes a configuration (parser.h):
 *
 *	lex.c		files, macros, words
 *	parse.y		the grammar and its keywords
 *	parsing*.c	what its actions do, and errors with their places
 *	check.c		what can be said only about the whole
 *	secretfile.c	files that only root may write, keys among them
 *	printconf.c	a configuration as a file again (mars -nv)
 *
 * The messages between parent and children are listed in ipc.h.
 */
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
#include "lanif.h"
#include "lex.h"
#include "parser.h"
#include "sentence.h"

#define PARENT_TICK		2	/* s */
#define PARENT_RELOAD_WAIT	10	/* s */

/* The path through the kernel; -1: there is none. */
struct parent_kernel {
	int			 table;		/* edged gets it, too */
	int			 program;
};

/* The interface of a LAN or a tun of an edge. */
struct parent_lan {
	TAILQ_ENTRY(parent_lan)	 entry;
	char			 name[CONF_IF_SIZE];
	bool			 tun;
	bool			 there;
	bool			 slave;		/* of a bridge or a bond */
	bool			 waits;		/* for its sockets */
	enum conf_path		 path;		/* of its edge */
	struct lanif		 is;		/* as edged knows it */
	int			 fd;		/* until it is sent, or -1 */
	int			 more_fd;	/* the same, see lanif.h */
	int			 link;		/* of the program; or -1 */
};
TAILQ_HEAD(parent_lans, parent_lan);

struct parent;
struct parent_opening;
struct parent_party_root;

enum parent_child_id {
	PARENT_MARSD,
	PARENT_SCSPD,
	PARENT_EDGED,
	PARENT_NCHILDREN
};

struct parent_child {
	struct parent		*parent;
	enum parent_child_id	 id;
	const char		*name;
	pid_t			 pid;		/* 0: not running */
	struct channel		 ch;
	int			 control_fd;	/* until it is sent */
	int			 readers_fd;	/* the same, or -1: none */
	bool			 wanted;	/* by the configuration */
	bool			 privileged;	/* gets a user and a root
						 * directory of its own */
	bool			 ready;
	bool			 configured;	/* applied what was sent last */
	unsigned int		 unanswered;	/* ticks since it was pinged */
	unsigned int		 lines;		/* that it may still cause in
						 * this tick */
	unsigned long long	 unlogged;	/* those that it could not */
	char			 sandbox[SANDBOX_STRLEN];
	LIST_HEAD(, parent_opening) openings;	/* ATM calls under way */
	unsigned int		 nopenings;
	LIST_HEAD(, parent_party_root) roots;	/* native multipoint calls */
	unsigned int		 nroots;
};

/* Who asked for the reload that is under way. */
enum parent_requester {
	PARENT_BY_NOBODY,	/* none is */
	PARENT_BY_START,
	PARENT_BY_SIGNAL,
	PARENT_BY_CHILD
};

/* Sockets to listen on that a child is still to be given. */
struct parent_listener {
	struct endpoint		 at;
	int			 fd;
	uint16_t		 mtu;	/* of its interface; 0: not known */
};
struct parent_listeners {
	struct parent_listener	*v;
	size_t			 n;
};

struct parent {
	struct event_base	*base;
	struct parent_child	 children[PARENT_NCHILDREN];
	struct conf		*conf;		/* in force */
	struct lex_macros	 macros;
	const char		*file;
	const char		*libexec;
	const char		*pid_file;	/* or NULL */
	bool			 foreground;
	bool			 started;	/* the children are at work */
	/*
	 * Until they are at work: to tell it to the process that started us,
	 * or -1; and /dev/null, since the sandbox lets nothing be opened to
	 * be written to.
	 */
	int			 detach_fd;
	int			 null_fd;
	int			 notify_fd;	/* the service manager, or -1 */
	bool			 watchdog;	/* it wants to hear of us */
	/* reload */
	enum parent_requester	 requester;
	enum parent_child_id	 asker;		/* PARENT_BY_CHILD: which */
	uint32_t		 ask_id;	/* and its client */
	bool			 again;		/* SIGHUP came meanwhile */
	char			 changes[SENTENCE_SIZE]; /* of the last one */
	/* of the file in force, and of the one that was read last */
	char			 digest[PARSE_DIGEST_SIZE];
	char			 next_digest[PARSE_DIGEST_SIZE];
	struct conf		*next;		/* waits for the children */
	struct parent_listeners	 listeners[PARENT_NCHILDREN];	/* the same */
	struct parent_lans	 lans_next;	/* the same */
	uint8_t			*octets;	/* CONF_SIZE_MAX of them */
	size_t			 asked;		/* in the order of reload.c */
	struct event		*reload_patience;
	/* interfaces of edges */
	struct parent_lans	 lans;
	struct event		*lan_watch, *lan_wait;	/* or NULL */
	bool			 lans_again;	/* it is for another try */
	bool			 lans_unseen;	/* they can't be looked at */
	struct parent_kernel	 kernel;
	/* native parties */
	int			 parties_fd;	/* to the maker; -1: none */
	pid_t			 parties_pid;	/* the maker; 0: not running */
	int			 parties_wait;	/* s that one party may take */
	bool			 parties_stuck;	/* given up until we end */
	/* the end */
	bool			 ending;
	int			 status;	/* of exit(3) */
	struct event		*patience;	/* with the start or the end */
	struct event		*tick;		/* looks who hangs */
	struct event		*log_event;	/* the log takes lines again */
	bool			 killed;	/* who did not end by itself */
	char			 control[PARENT_NCHILDREN][CONF_PATH_SIZE + 16];
	char			 readers[PARENT_NCHILDREN][CONF_PATH_SIZE + 24];
};

/* --- suite.c */

/*
 * Says what would stop root from running the children as their users on this
 * machine: no such user, or a home that is no root directory for them.
 */
void	parent_users_check(const struct conf *);
/* Runs the suite until its end; the status for exit(3). */
int	parent_suite_run(struct parent *);
/* SIGTERM to the children, later SIGKILL; then the loop ends. */
void	parent_suite_end(struct parent *, int status);
/* A child is further with its start: are both at work now? */
void	parent_suite_started(struct parent *);

/* --- notify.c */

/*
 * Connects to the service manager that is in the environment, if one is;
 * before the sandbox.
 */
void	parent_notify_open(struct parent *);
/* Tells it a state, such as "READY=1" (sd_notify(3)); never waits. */
void	parent_notify(struct parent *, const char *);
/*
 * Once in each PARENT_TICK seconds: feeds its watchdog, if all children have
 * answered what they were last asked.
 */
void	parent_notify_watchdog(struct parent *);
/* The end: closes it, and removes the pid file. */
void	parent_notify_close(struct parent *);
/* Writes the pid file, if one is wanted; before the sandbox; fatal(). */
void	parent_pid_write(const struct parent *);

/* --- children.c */

/*
 * Messages that wait for a child.  A configuration of CONF_SIZE_MAX octets
 * and its sockets are fewer, and a child that works reads them.
 */
#define PARENT_QUEUE_MAX	8192
#define PARENT_OPENINGS_MAX	1024	/* calls under way for one child */

/* Forks and executes the child's program; fatal() on failure. */
void	parent_child_start(struct parent_child *);
/* The user that the child is to run as, by the configuration. */
const char *parent_child_user(const struct parent_child *);
/* fork(2); in the new process signals are as they were before us. */
pid_t	parent_fork(void);
/*
 * In that process: leaves nothing open but the standard descriptors and fd, as
 * 3.
 */
void	parent_child_descriptors(const struct parent *, int fd);
/* fd, -1 or a descriptor, is the child's from then on, in any case. */
void	parent_child_send(struct parent_child *, uint32_t type, int fd,
	    const void *, size_t);
/* Waits for those that have ended; true: none is left. */
bool	parent_children_reap(struct parent *);
/*
 * False: one of them can't be signalled.  It has lost its channel then, by
 * which it will end if it works at all.
 */
bool	parent_children_signal(struct parent *, int);
/* What costs so many lines of the log: may it cause that in this tick? */
bool	parent_child_may(struct parent_child *, unsigned int lines);
/* Something that the child did is wrong: a line, if it has not had too many. */
void	parent_child_blame(struct parent_child *, const char *, ...)
	    __attribute__((__format__(printf, 2, 3)));
/* Once in each PARENT_TICK seconds: does it hang?  Ends the suite if so. */
void	parent_child_tick(struct parent_child *);
/* It does not answer: it is killed, the suite ends; why is logged. */
void	parent_child_hangs(struct parent_child *, const char *why);
/* What a child says; for channel_open(). */
void	parent_message(void *child, uint32_t type, struct rd *, int fd);

/* --- reload.c */

/* The first messages, the first configuration among them; fatal(). */
void	parent_suite_setup(struct parent *);
/* Reads the file again; the answer comes when both children have it. */
void	parent_reload(struct parent *, enum parent_requester);
/* A client of that child asks for it; id is the client's. */
void	parent_reload_request(struct parent_child *, uint32_t id);
/*
 * The child has applied what it was sent; or has not, and stays as it was,
 * and why says why.
 */
void	parent_reload_applied(struct parent_child *, const char *why);
/* SIGHUP */
void	parent_reload_signal(struct parent *);
/* A child has not said for PARENT_RELOAD_WAIT seconds what has come of it. */
void	parent_reload_on_patience(evutil_socket_t, short, void *parent);

/* --- changes.c */

/* What new changes, in a few words: in buf, which has size octets. */
void	parent_changes(const struct conf *old, const struct conf *new,
	    char *buf, size_t size);

/* --- sockets.c */

/*
 * Opens what the child needs for a configuration and does not have by the
 * old one (NULL: it has nothing).  False: nothing is open, and why says what
 * to do.
 */
bool	parent_listeners_open(struct parent_listeners *, enum parent_child_id,
	    const struct conf *, const struct conf *old, char *why, size_t);
/* Closes the descriptors that nobody has taken over by setting them to -1. */
void	parent_listeners_close(struct parent_listeners *);
/*
 * A socket for switched circuits to that endpoint, or its permanent circuit;
 * -1: why says what to do.
 */
int	parent_atm_socket(const struct endpoint *, char *why, size_t);
/* Whose endpoints that child has. */
enum endpoint_owner parent_endpoint_owner(enum parent_child_id);
/*
 * Makes the sockets of a child in the control directory and listens on them:
 * NAME.sock, and where somebody may only read NAME-read.sock; fatal().
 */
void	parent_control_open(struct parent *, enum parent_child_id);
void	parent_control_remove(struct parent *);

/* --- edge.c: interfaces of edges */

/*
 * Begins to watch them, and creates the tuns, for which mars(8) has to be
 * what it was started as; fatal().
 */
void	parent_lans_start(struct parent *);
/* Nothing is copied for edged any more: it has ended. */
void	parent_lans_detach(struct parent *);
/*
 * Opens those of a configuration that are there and that are not in
 * parent.lans yet.  False: none is open, and why says what to do.
 */
bool	parent_lans_open(struct parent *, struct parent_lans *,
	    const struct conf *, char *why, size_t);
/* They and parent.lans are what the configuration has: tells edged. */
void	parent_lans_send(struct parent *, struct parent_lans *,
	    const struct conf *);
void	parent_lans_free(struct parent_lans *);
void	parent_lans_end(struct parent *);
/* The table of the path through the kernel, if there is one, to edged. */
void	parent_lans_kernel(struct parent *);
/* Which statement about edges can't change so while mars runs; or NULL. */
const char *parent_edges_fixed(const struct conf *, const struct conf *new);

/* --- edge_linux.c and edge_openbsd.c: what the system has to do with it */

enum parent_lan_seen {
	PARENT_LAN_ABSENT,	/* or it is down */
	PARENT_LAN_THERE,
	PARENT_LAN_UNKNOWN	/* the system can't say that now; logged */
};
/* What is on an interface now. */
enum parent_lan_seen parent_lan_look(
	    struct lanif *, const char *name, bool tun);
/* Has another interface taken it over: is it a port of a bridge or bond? */
bool	parent_lan_master(uint32_t ifindex);
/*
 * A packet socket that gets what hosts send to groups on that interface, and
 * sends nowhere else; locked, so that edged can't change that.  Where the
 * kernel has a path it is of one protocol, and does not get what went there.
 * -1: why says what to do.
 */
enum parent_lan_kind { PARENT_LAN_ALL, PARENT_LAN_IPV4, PARENT_LAN_IPV6 };
int	parent_lan_socket(const struct lanif *, enum parent_lan_kind,
	    char *why, size_t);
/* Makes the device, with its addresses, and that MTU.  -1: the same. */
int	parent_lan_tun(const struct conf_lan *, uint16_t mtu, char *why,
	    size_t);
/* Readable when an interface or an address has changed.  -1: errno. */
int	parent_lan_watch(void);
/* For a UDP socket of an edge: says the TOS of each datagram, takes few that
 * wait, and if df is true lets none be fragmented.  False: errno. */
bool	parent_lan_udp(int fd, bool v6, bool df);

/* --- edge_bpf.c, or edge_none.c where there is nothing to build it with */

/*
 * Loads the program and makes its table, for which mars(8) has to be what it
 * was started as.  False: why says why not.
 */
bool	parent_kernel_open(struct parent_kernel *, char *why, size_t);
void	parent_kernel_close(struct parent_kernel *);
/* On an interface, until the descriptor is closed; -1: errno. */
int	parent_kernel_attach(const struct parent_kernel *, uint32_t ifindex);

/* --- opening.c: ATM sockets that a child asks for while it runs */

/*
 * May this child have such a socket by that configuration?  local has to be
 * its own address, and scspd calls its neighbors only.
 */
bool	parent_opening_allowed(const struct conf *, enum parent_child_id,
	    enum atm_open, const struct atm_addr *local,
	    const struct atm_addr *peer, struct endpoint *);
/* IMSG_ATM_OPEN */
void	parent_opening_request(struct parent_child *, struct rd *);
/* Gives up the calls that are under way. */
void	parent_openings_end(struct parent_child *);

/*
 * --- parties.c: all native multipoint calls, in mars(8) itself.  Each call,
 * a root, has a process of its own, see party.c, which one process more, the
 * maker, has forked for it.
 */

/* mars(8) executes itself with this option to become the maker. */
#define PARENT_PARTY_FLAG	"-P"
/* Does any cluster have native parties on switched circuits? */
bool	parent_parties_wanted(const struct conf *);
/* Starts the maker if parties are wanted; fatal() on failure. */
void	parent_parties_start(struct parent *);
/* Can there be parties, so that a root is worth a call? */
bool	parent_parties_ready(const struct parent *);
/*
 * The call has been made: gives it a process, and the number that the child
 * has for it.  False: it can't have one.  The descriptor stays the caller's.
 */
bool	parent_parties_root(struct parent_child *, uint32_t id,
	    const struct atm_addr *local, int call);
/* IMSG_ATM_PARTY */
void	parent_parties_request(struct parent_child *, struct rd *);
/* After SIGCHLD: has the maker ended? */
void	parent_parties_reap(struct parent *);
void	parent_parties_end(struct parent *);
/* The child has gone, and with it all its roots. */
void	parent_roots_end(struct parent_child *);

/* --- party.c: in the maker, and in the process of one root */

/* u8 ATM_PARTY_*, u32 reference, addr; and u16 cause in its place */
#define PARTY_REQUEST	(1 + 4 + ATM_IPC_LEN)
#define PARTY_ANSWER	(1 + 4 + 2)
/* main() of the maker; user: whom it becomes, or "none" */
void	parent_party_main(const char *user, bool foreground)
	    __attribute__((__noreturn__));
/* Serves one root: ctl is the channel to mars(8). */
void	parent_party_serve(int root, int ctl) __attribute__((__noreturn__));

#endif
