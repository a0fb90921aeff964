/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsd and scspd have in common: a child of mars(8) that is handed its
 * descriptors and its configuration, confines itself, serves, is configured
 * anew, and ends.  What it serves is the owner's, by the functions below.
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

#include "channel.h"
#include "child.h"
#include "conf.h"
#include "ctlserver.h"
#include "loop.h"
#include "replica.h"
#include "vc.h"

/* Above so many messages for the sibling nothing is read from the network. */
#define SIBLING_HIGH	4096
#define SIBLING_LOW	1024

/* Who is served on a link: what vc_udp_open() is to be given. */
struct service_user {
	const char		*name;		/* below NAME_SIZE octets */
	const struct vc_user	*user;
	void			*arg;
};

struct service_hooks {
	const char		*name;
	const char		*sibling;	/* the other child's */
	enum sandbox_role	 role;
	bool			 marsd;		/* else scspd */
	/* for marsctl: what only the owner has, besides command.c's */
	const struct ctl_command *commands;
	size_t			 ncommands;
	/* the owner's part of these two listings */
	bool			(*summary)(void *, void *cursor, struct wr *);
	bool			(*counters)(void *, void *cursor, struct wr *);
	/* 0, or -1: no memory, nothing changed.  The first: confined now */
	int			(*configure)(void *, const struct conf *);
	/* who has this local address; false: nobody (any more) */
	bool			(*whose)(void *, const struct conf *,
				    const struct atm_addr *,
				    struct service_user *);
	void			(*attach)(void *, const struct service_user *,
				    struct vc_link *);
	/* the owner gives up what it has on that link; or NULL: it has */
	void			(*detach)(void *, struct vc_link *);
	void			(*replica)(void *, uint32_t type,
				    const struct replica_msg *);
	/* last words; what is queued after it is flushed */
	void			(*shutdown)(void *);
	/* gives everything back; the links are closed after it */
	void			(*destroy)(void *);
};

/* A permanent circuit that has come before its link is open. */
struct service_line {
	struct atm_addr		 peer;
	int			 fd;
};

struct service_link {
	TAILQ_ENTRY(service_link) entry;
	enum conf_transport	 transport;
	struct atm_addr		 local;
	int			 fd;		/* -1: it is vc's; PVC: none */
	struct service_line	*lines;		/* PVC: until there is vc */
	size_t			 nlines;
	char			 owner[NAME_SIZE];	/* of the user */
	struct vc_link		*vc;		/* NULL: not open yet */
};
TAILQ_HEAD(service_links, service_link);

struct service {
	const struct service_hooks *hooks;
	void			*arg;
	struct loop		 loop;
	struct channel		 parent, sibling;
	struct ctlserver	*control;
	struct event		 sigterm;
	struct timer		 patience;	/* for the other child's end */
	struct service_links	 links;
	struct conf		*conf;		/* in force */
	uint8_t			*octets;	/* a configuration to come */
	size_t			 noctets, octets_max;
	int			 sibling_fd;	/* until served */
	int			 control_fd;	/* until served */
	char			 user[NAME_SIZE];
	char			 sandbox[SANDBOX_STRLEN];
	uint64_t		 pauses;	/* hits of that mark */
	bool			 privileged;
	bool			 setup;		/* IMSG_SETUP has come */
	bool			 serving;
	bool			 paused;
	bool			 ending;
};

/*
 * main() of a child: options -d and -v, then serves until mars(8) ends it.
 * Returns what main() returns.
 */
int	service_main(struct service *, const struct service_hooks *, void *arg,
	    int argc, char **argv);

/* to the other child; a message that can't be queued ends the process */
void	service_replicate(struct service *, uint32_t type,
	    const struct replica_msg *);
/* the same for HIDE, REVIVE, ERASE with any number of keys */
void	service_replicate_keys(struct service *, uint32_t type, uint16_t sgid,
	    const uint8_t oid[4], const uint32_t *keys, uint32_t n);

/*
 * For marsctl; as the show functions of the cores, of which the one for
 * counters leaves the last octet of the cursor alone.
 */
bool	service_show_circuits(struct service *, void *cursor, struct wr *);
/* core: the owner's counters, which follow those of the process */
bool	service_show_counters(struct service *,
	    bool (*core)(void *arg, void *cursor, struct wr *), void *cursor,
	    struct wr *);
/* "circuits", "sandbox" */
void	service_summary(struct service *, struct wr *);
/* What a command's arg is; the clock is read for what the command does. */
struct service *service_asked(void *arg);
/* act functions of these commands; arg is the struct service */
const char *service_ctl_reload(void *, struct ctl_conn *, int, char **);
const char *service_ctl_verbose(void *, struct ctl_conn *, int, char **);
const char *service_ctl_brief(void *, struct ctl_conn *, int, char **);

#endif
