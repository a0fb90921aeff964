/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * marsd's core as its owner sees it: the shell (marsd.c), the unit tests,
 * the fuzzers and the simulator.  No I/O, no clock, no global state: it is
 * given circuits (vc.h), timers (timer.h), and the functions below.
 *
 * The core is in these files; begin with the picture in group.h.
 *
 *	cluster.c	clusters and protocols: begin, reload, end
 *	circuit.c	what circuits bring; caller.c, limit.c: and how much
 *	incoming.c	from an SDU to the handler of a message
 *	member.c	registration; cmi.c: cluster member ids
 *	ask.c		what all of JOIN, LEAVE, MSERV, UNSERV do
 *	join.c		JOIN and LEAVE; mcs.c: MSERV and UNSERV
 *	request.c	REQUEST and GROUPLIST_REQUEST
 *	redirect.c	REDIRECT_MAP
 *	send.c		messages to one node and on control VCs
 *	group.c		nodes, joins and ranges; itree.c: sets of ranges
 *	entry.c		what each server says of a node, and by which record
 *	own.c		the records that we originate
 *	record.c	those that scspd hands over; peer.c: servers that live
 *	move.c		nodes that change their server; adopt.c: softly
 *	show*.c		what marsctl shows
 *	order.c		what it orders
 *
 * Its shell, the process around it, is marsd.c and control.c.
 */
#ifndef MARS_CORE_H
#define MARS_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "timer.h"
#include "vc.h"
#include "wire.h"

struct marsd;		/* all clusters of one server */
struct marsd_cluster;

/* What an operator is told: symbol, text. */
#define MARSD_EVENTS(X) \
	X(MARSD_EV_CMI_EXHAUSTED, "no cluster member id left") \
	X(MARSD_EV_CMI_OVERLAP, "one CMI from two servers") \
	X(MARSD_EV_MOVED, "client moved to another server") \
	X(MARSD_EV_SERVER_DEAD, "server is silent: its members are flushed") \
	X(MARSD_EV_SERVER_BACK, "server is back: its members are revived") \
	X(MARSD_EV_REFUSED, "refused") \
	X(MARSD_EV_NOT_ALLOWED, "call from an address that allow does not " \
	    "have") \
	X(MARSD_EV_UNSERVED, "protocol is not served") \
	X(MARSD_EV_NEAR, "nine tenths of a limit are used") \
	X(MARSD_EV_REVALIDATE, "members have to ask for what they missed") \
	X(MARSD_EV_VIOLATION, "a state machine met what cannot be")

enum marsd_event_code {
#define X(sym, text) sym,
	MARSD_EVENTS(X)
#undef X
	MARSD_EV_MAX
};

struct marsd_event {
	enum marsd_event_code	 code;
	const char		*cluster;
	const struct mars_pro	*pro;		/* or NULL */
	const struct atm_addr	*who;		/* or NULL */
	const uint8_t		*oid;		/* or NULL: 4 octets */
	const char		*why;		/* or NULL: details */
	uint64_t		 number;
	uint64_t		 more;	/* such ones, not told since the last */
};

/*
 * What an operator may want to see of what goes well.  Level 1: who registers,
 * joins, calls; level 2: every message.
 */
struct marsd_trace {
	int			 level;
	const char		*cluster;
	const struct mars_pro	*pro;		/* or NULL */
	const struct atm_addr	*who;
	const char		*what;
	const char		*op;		/* of a message; or NULL */
	const struct paddr	*min, *max;	/* a group, a block; or NULL */
	uint16_t		 cause;		/* of an end (vc.h), or 0 */
};

/* What changes in a cluster all the time: symbol, in one word. */
#define MARSD_CHANGES(X) \
	X(MARSD_CHANGED_REGISTERED, "registered") \
	X(MARSD_CHANGED_GONE, "gone") \
	X(MARSD_CHANGED_JOINED, "joined") \
	X(MARSD_CHANGED_LEFT, "left")

enum marsd_changed {
#define X(sym, word) sym,
	MARSD_CHANGES(X)
#undef X
	MARSD_CHANGED_MAX
};

/*
 * A node of a cluster registers or goes at this server; or becomes a member of
 * groups, or is none any more, by whichever server's word.
 */
struct marsd_news {
	enum marsd_changed	 what;
	const char		*cluster;
	const struct mars_pro	*pro;
	bool			 mcs;		/* a multicast server */
	const struct atm_addr	*who;
	const struct paddr	*min, *max;	/* or NULL */
};

/* What the owner supplies.  Nothing here calls back into the core. */
struct marsd_ops {
	uint32_t (*random)(void *);
	/* towards scspd, ipc.h IMSG_CSA_*; in this order on the wire */
	void	(*publish)(void *, uint16_t sgid, uint32_t key, const void *,
		    size_t);
	void	(*hide)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*revive)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*erase)(void *, uint16_t sgid, const uint8_t oid[4],
		    const uint32_t *keys, uint32_t n);
	void	(*realign)(void *, uint16_t sgid);
	/*
	 * Is scspd behind?  Then each client may change little more: it asks
	 * again.  NULL: never.
	 */
	bool	(*congested)(void *);
	void	(*event)(void *, const struct marsd_event *);
	/* NULL: nobody wants to know */
	void	(*news)(void *, const struct marsd_news *);
	void	(*trace)(void *, const struct marsd_trace *);	/* or NULL */
};

struct marsd	*marsd_new(const struct marsd_ops *, void *, struct timers *);
void		 marsd_free(struct marsd *);
/*
 * Applies a configuration, which has to outlive the next call.  Clusters
 * that are still in it keep their members.  0, or -1: no memory, unchanged.
 */
int		 marsd_configure(struct marsd *, const struct conf *);
struct marsd_cluster	*marsd_cluster(struct marsd *, const char *name);
/*
 * The link of a cluster's address; its user is marsd_vc_user.  Whatever the
 * cluster has on another link that it had before is released; NULL: none now.
 */
void		 marsd_cluster_attach(struct marsd_cluster *, struct vc_link *);
extern const struct vc_user marsd_vc_user;	/* arg: struct marsd_cluster */
/* before the end: redirects all members hard, and deregisters them */
void		 marsd_shutdown(struct marsd *);

/* messages that came in, of all clusters, since the start */
uint64_t	 marsd_heard(const struct marsd *);

/*
 * From scspd.  Its cache holds an instance of another server's record now;
 * how: ipc.h, CSA_HOW_*.
 */
void		 marsd_csa_update(struct marsd *, uint16_t sgid,
		    const uint8_t oid[4], uint32_t key, int32_t seq,
		    uint8_t how, const void *, size_t);
/*
 * A record with our OID has come back to us that is newer than ours, or that
 * we do not have.
 */
void		 marsd_csa_own(struct marsd *, uint16_t sgid, uint32_t key,
		    int32_t seq, const void *, size_t);
/* scspd holds a record no longer */
void		 marsd_csa_gone(struct marsd *, uint16_t sgid,
		    const uint8_t oid[4], uint32_t key);

/*
 * CMIs of our range that other servers have given out, as their records in
 * force say: of the next protocol that has any.  at: 0 at the start; false: no
 * more.  Pointers are good until anything else is called.
 */
struct marsd_overlap {
	const char		*cluster;
	const struct mars_pro	*pro;
	uint16_t		 min, max;	/* ours */
	uint16_t		 first, last;	/* that are theirs, too */
	uint32_t		 n;		/* so many */
	const uint8_t		*oid;		/* who gave out the first */
	const struct atm_addr	*who;		/* and to whom */
};
bool		 marsd_overlap(struct marsd *, uint32_t *at,
		    struct marsd_overlap *);

/*
 * For marsctl: each writes the next object after what cursor
 * (CTL_CURSOR_SIZE octets, zero at the start) remembers; false: no more.
 * Cursors hold keys, not pointers: anything may go in between.
 */
bool		 marsd_show_summary(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_clusters(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_members(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_groups(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_protocols(struct marsd *, void *cursor,
		    struct wr *);
bool		 marsd_show_limits(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_memory(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_mcs(struct marsd *, void *cursor, struct wr *);
/* joins of clients and of multicast servers, each with who says so */
bool		 marsd_show_joins(struct marsd *, void *cursor, struct wr *);
/* of each all that there is, for when one is asked for */
bool		 marsd_show_member(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_mcs_one(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_group(struct marsd *, void *cursor, struct wr *);
bool		 marsd_show_redirects(struct marsd *, void *cursor,
		    struct wr *);
bool		 marsd_show_servers(struct marsd *, void *cursor, struct wr *);
/* "scope" (cluster, or "all"), "name", "value"; the shell adds "process" */
bool		 marsd_show_counters(struct marsd *, void *cursor, struct wr *);
/*
 * An operator's order to redirect a member, or with NULL everybody, to another
 * server (5.4.3).  NULL, or a sentence that says what is wrong.
 */
/*
 * Orders about a client or a multicast server of a cluster, for all protocols:
 * its registration ends; its circuits do; both do.  NULL, or what is wrong.
 */
const char	*marsd_deregister(struct marsd *, const char *cluster,
		    const struct atm_addr *);
const char	*marsd_drop_circuit(struct marsd *, const char *cluster,
		    const struct atm_addr *);
const char	*marsd_drop_member(struct marsd *, const char *cluster,
		    const struct atm_addr *);
void		 marsd_clear_counters(struct marsd *);
const char	*marsd_redirect(struct marsd *, const char *cluster, bool hard,
		    const struct atm_addr *to, const struct atm_addr *member);

#endif
