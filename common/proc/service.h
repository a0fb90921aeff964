/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * common/proc: what a process of this suite is made of.  mars(8) starts its
 * children, marsd(8), scspd(8) and edged(8).  A child has no privilege and
 * opens nothing by itself: mars(8) hands it its configuration and its sockets
 * over a channel, it confines itself, and then it serves until mars(8) ends it.
 * What differs between them is their core, which knows nothing of processes.
 * What they share is here.  Read in this order:
 *
 *	loop.h		the event loop, and the only place that reads the clock
 *	log.h		the log, at a limited rate where a peer can cause lines
 *	imsg/imsg.h	messages over a socket, where the system has no imsg(3)
 *	channel.h	one end of such a connection, bound to the loop
 *	child.h		giving up privileges; sandbox_*.c, the confinement
 *	service.h	a child from its start to its end (this file)
 *	ctlserver.h	the control socket, which marsctl(8) talks to
 *	version.h	the version of all programs
 *
 * A service is in files of one subject each, which share service_parts.h:
 *
 *	service.c		start, confinement, and end
 *	service_parent.c	which messages mars(8) sends, and when
 *	service_conf.c		a configuration that arrives in pieces
 *	service_link.c		the links that it is to listen on
 *	service_lan.c		interfaces of edges
 *	service_atm.c		ATM sockets and parties, which mars(8) makes
 *	service_sibling.c	the channel between marsd and scspd
 *	service_log.c		its log, which mars(8) writes
 *	service_ctl.c		what marsctl(8) asks of the process
 *	service_show.c		the listings among that
 *	service_audit.c		what it finds that should not be so
 *	service_event.c		the log line of an event of the core
 *	service_capture.c	the SDUs, for marsctl capture
 *	service_watch.c		whom an operator wants to see more of
 *
 * The messages themselves are listed in ipc.h.  A message from one of our
 * own processes that is malformed, or that comes when it can't, means that
 * the process on the other side is broken: it ends this one by fatalx().
 */
#ifndef MARS_SERVICE_H
#define MARS_SERVICE_H

#include <sys/types.h>
#include <sys/queue.h>
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif
#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "channel.h"
#include "child.h"
#include "conf.h"
#include "ctlserver.h"
#include "lanif.h"
#include "log.h"
#include "loop.h"
#include "replica.h"
#include "vc.h"

/*
 * What is to be told to the sibling goes with what else gathers in a turn, or
 * until the sibling has read all that was sent before, as one imsg.  With more
 * than SIBLING_HIGH of these waiting, all full but the first, this service
 * is congested, until there are fewer than SIBLING_LOW.  Everything is still
 * read, and enquiries and Hellos are answered; the owner takes nothing that
 * makes more of those messages.  A sibling that has read nothing for
 * SIBLING_WAIT seconds is given up, and the suite with it.
 */
#define SIBLING_HIGH	24
#define SIBLING_LOW	6
#define SIBLING_WAIT	10

#define SERVICE_EVENT_MAX	32	/* kinds of events that a core has */

struct vc_udp_params;

/* Who is served on a link: this is what vc_udp_open() and others are given. */
struct service_user {
	const char		*name;		/* below NAME_SIZE octets */
	const struct vc_user	*user;
	void			*arg;
};

/*
 * What differs between the children.  The first argument of most is the
 * arg that service_main() was given, called the owner below.
 */
struct service_hooks {
	const char		*name;
	const char		*sibling;	/* the other child's name; NULL:
						 * this one has none, and no
						 * replica() either */
	enum sandbox_role	 role;
	bool			 has_keys;	/* see child_init() */
	/*
	 * When the suite ends, this one serves on until the sibling has
	 * ended, for a second at most: the sibling's last words to other
	 * servers go through it.
	 */
	bool			 ends_last;
	/*
	 * For marsctl: commands besides those of service_ctl.c, and the
	 * owner's part of listings that it has.
	 */
	const struct ctl_command *commands;
	size_t			 ncommands;
	bool			(*summary)(void *, void *cursor, struct wr *);
	bool			(*counters)(void *, void *cursor, struct wr *);
	/* the same; NULL: it has none */
	bool			(*limits)(void *, void *cursor, struct wr *);
	bool			(*memory)(void *, void *cursor, struct wr *);
	/*
	 * Which part of a configuration it audits, AUDIT_OF_*; and what else
	 * it finds.  NULL: nothing.
	 */
	unsigned int		 audit_of;
	void			(*audit)(void *, const struct audit *);
	/* its counters begin at 0 again; NULL: they can't */
	void			(*clear)(void *);
	/*
	 * Applies a configuration, which outlives the next call; the one
	 * before, which is still service.conf, is freed after it.  0, or -1:
	 * no memory, and nothing was changed.  The process is confined
	 * before the first call.
	 */
	int			(*configure)(void *, struct conf *);
	/*
	 * Who is served at this local address by that configuration.  peer:
	 * at the other end of a permanent circuit; NULL: whoever it is.
	 * False: nobody, or nobody any more.
	 */
	bool			(*whose)(void *, const struct conf *,
				    enum conf_transport,
				    const struct atm_addr *local,
				    const struct atm_addr *peer,
				    struct service_user *);
	/* How its link over UDP differs from others.  NULL: in nothing. */
	void			(*udp)(void *, const struct conf *,
				    const struct atm_addr *local,
				    struct vc_udp_params *);
	/*
	 * Does the cluster at that address have native parties (mars.conf(5))?
	 * NULL: never.
	 */
	bool			(*parties)(const struct conf *,
				    const struct atm_addr *local);
	/* The link is open and is that user's from now on. */
	void			(*attach)(void *, const struct service_user *,
				    struct vc_link *);
	/*
	 * The link is about to be closed: the owner gives up what it has on
	 * it.  NULL: configure() has done so already.
	 */
	void			(*detach)(void *, struct vc_link *);
	/* The sibling says this.  False: it never says anything of the kind. */
	bool			(*replica)(void *, uint32_t type,
				    const struct replica_msg *);
	/*
	 * The table by which the kernel copies packets (kpath.h), before the
	 * first configuration; the descriptor is the owner's.  NULL: it has no
	 * use for one.
	 */
	void			(*kernel)(void *, int fd);
	/*
	 * For edged, else NULL.  An interface of the configuration in force is
	 * there, or something of it has changed.  fd: its descriptor, which is
	 * the owner's, and replaces an earlier one; -1: that stays.
	 */
	void			(*lan)(void *, const struct lanif *, int fd);
	/* It has gone; its descriptor is of no more use. */
	void			(*lan_gone)(void *, const char *name);
	/* After what was queued has been sent, each turn.  NULL: nothing. */
	void			(*turn)(void *);
	/* Last words.  What they put into queues is still sent. */
	void			(*shutdown)(void *);
	/* Gives everything back; the links are closed after it. */
	void			(*destroy)(void *);
};

/* A permanent circuit that has come before its link is open. */
struct service_line {
	struct atm_addr		 peer;
	int			 fd;
};

#define SERVICE_LINK_COUNTERS	64

struct service;

struct service_link {
	TAILQ_ENTRY(service_link) entry;
	struct service		*service;
	enum conf_transport	 transport;
	struct atm_addr		 local;
	int			 fd;		/* -1: vc has it, or PVC */
	uint16_t		 mtu;		/* of the interface, or 0 */
	struct service_line	*lines;		/* PVC: until there is vc */
	size_t			 nlines;
	char			 owner[NAME_SIZE];	/* of the user */
	struct vc_link		*vc;		/* NULL: not open yet */
	/* what its counters were when they were cleared */
	uint64_t		 cleared[SERVICE_LINK_COUNTERS];
};
TAILQ_HEAD(service_links, service_link);

/* An interface that has come before the configuration that it is of. */
struct service_lan {
	TAILQ_ENTRY(service_lan) entry;
	struct lanif		 is;
	int			 fd;
};
TAILQ_HEAD(service_lans, service_lan);

#define SERVICE_WATCHES	16	/* addresses */

struct service {
	const struct service_hooks *hooks;
	void			*arg;		/* the owner */
	struct loop		 loop;
	struct channel		 parent, sibling;
	struct ctlserver	*control;
	struct event		 sigterm;
	struct timer		 patience;	/* for the other child's end */
	struct service_links	 links;
	struct service_lans	 lans;
	int			 npinned;	/* see struct sandbox */
	struct conf		*conf;		/* in force */
	uint8_t			*octets;	/* a configuration to come */
	size_t			 noctets, octets_max;
	int			 sibling_fd;	/* until it serves */
	int			 control_fd;	/* until it serves */
	int			 readers_fd;	/* the same, or -1: none */
	char			 user[NAME_SIZE];
	struct sandbox_state	 sandbox;
	/* of mars(8): what confines it, and whether that is all */
	char			 parent_sandbox[SANDBOX_STRLEN];
	bool			 parent_full;
	struct ratelimit	 limits[SERVICE_EVENT_MAX];
	struct ratelimit	 audits[SERVICE_EVENT_MAX];
	struct atm_addr		 watches[SERVICE_WATCHES]; /* any SEL */
	uint8_t			 told[REPLICA_MAX]; /* gathers for it */
	struct wr		 telling;	/* into that */
	uint64_t		 congestions;	/* how often it was congested */
	uint64_t		 heard;		/* by the sibling: how often it
						 * has read something */
	uint64_t		 heard_before;	/* the same at the last look */
	uint32_t		 unheard;	/* looks since then */
	struct timer		 sibling_look;
	bool			 privileged;	/* has to give up root */
	bool			 best_effort;	/* see struct sandbox */
	bool			 setup;		/* IMSG_SETUP has come */
	bool			 serving;
	bool			 congested;
	bool			 capturing;	/* links show their SDUs */
	bool			 ending;
};

/*
 * main() of a child: options -d and -v, then serves until mars(8) ends it.
 * Returns what main() returns.
 */
int	service_main(struct service *, const struct service_hooks *, void *arg,
	    int argc, char **argv);

/*
 * Do too many messages wait for the sibling?  Then the owner should not take
 * on what makes more of them.
 */
bool	service_congested(const struct service *);

/*
 * Sends to the other child, in this order.  A message that can't be queued
 * ends the process, since the two databases would differ for ever.
 */
void	service_replicate(struct service *, uint32_t type,
	    const struct replica_msg *);
/* The same for HIDE, REVIVE and ERASE with any number of keys. */
void	service_replicate_keys(struct service *, uint32_t type, uint16_t sgid,
	    const uint8_t oid[4], const uint32_t *keys, uint32_t n);

/* Random numbers, for hooks of a core or of a link; arg is not used. */
uint32_t service_random32(void *arg);
uint64_t service_random64(void *arg);

/*
 * Is what goes well to be logged?  At the level of the log, or since it is
 * about an address that an operator watches (marsctl log verbose client);
 * that has all levels, and any selector.
 */
bool	service_traces(const struct service *, int level,
	    const struct atm_addr *);
/* Such a line, of a client or a MARS: "cluster lis1: ipv4: 192.0.2.9 ..." */
struct service_trace {
	int			 level;
	const char		*kind, *name;	/* "cluster", and its name */
	const struct mars_pro	*pro;		/* or NULL */
	const struct atm_addr	*who;
	const char		*what;
	const char		*op;		/* of a message; or NULL */
	const struct paddr	*min, *max;	/* each may be NULL */
	uint16_t		 cause;		/* of an end (vc.h), or 0 */
};
void	service_trace(const struct service *, const struct service_trace *);
/* for marsctl: begins or ends that; NULL, or a sentence */
const char *service_watch(struct service *, const struct atm_addr *, bool on);

#define SERVICE_ROW	2048	/* octets of a row of marsctl monitor */

/*
 * For `marsctl monitor`.  Does anybody want to know what happens?  If so the
 * owner begins a row with what happened, in one word, adds values, and tells
 * it.  buf: SERVICE_ROW octets.
 */
bool	service_followed(const struct service *);
void	service_tell_begin(struct service *, struct wr *, uint8_t *buf,
	    const char *event);
void	service_tell(struct service *, const struct wr *);

/*
 * An event of a core, for the log and for marsctl monitor.  Pointers may be
 * NULL.
 */
struct service_event {
	const char	*event;		/* in one word, for the monitor */
	const char	*audit;		/* the same, for the audit log; NULL:
					 * it is not for that */
	const char	*cluster;	/* for its filter */
	const char	*edge, *lan;	/* for the audit log */
	const struct atm_addr *who;	/* the same */
	bool		 quiet;		/* not for the log */
	const char	*where;		/* begins the line: "cluster a: " */
	const uint8_t	*oid;		/* 4 octets: the server in question */
	const char	*text;		/* what happened; never NULL */
	const char	*from, *to;	/* states; from may be unknown */
	const char	*why;
	uint64_t	 number;	/* how many, or which; 0: nothing */
	uint64_t	 spi;		/* of a key; 0: of none */
	uint64_t	 more;		/* such ones that were not told */
	const char	*advice;	/* what an operator can do about it */
	bool		 ordinary;	/* no reason to warn */
};
/*
 * Logs it, at a rate that is limited for each code by itself: the events of
 * a core have codes from 0, below SERVICE_EVENT_MAX.
 */
void	service_log_event(struct service *, unsigned int code,
	    const struct service_event *);

#endif
