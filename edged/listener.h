/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which groups the hosts of a LAN want, and from which sources: the router's
 * side of IGMP (RFC 9776 section 6) and of MLD (RFC 9777 section 7), for one
 * LAN and one of the two.  Sections cited are those of RFC 9776.
 *
 * A group has a filter mode and sources.  As in the RFC, X are the sources
 * whose timer runs and Y, in EXCLUDE mode, those whose timer does not: X are
 * wanted, Y are not.  A group that nobody knows is INCLUDE({}), and such a
 * group has no record.  Everything is limited, and what a limit refuses is
 * counted.
 */
#ifndef EDGED_LISTENER_H
#define EDGED_LISTENER_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "gmp.h"
#include "rate.h"
#include "table.h"
#include "timer.h"

#define EDGED_LISTENER_STATES(X) \
	X(EDGED_LISTENER_INCLUDE, "include") \
	X(EDGED_LISTENER_EXCLUDE, "exclude")

#define EDGED_LISTENER_EVENTS(X) \
	X(EDGED_LISTENER_EV_IS_IN, "IS_IN") \
	X(EDGED_LISTENER_EV_IS_EX, "IS_EX") \
	X(EDGED_LISTENER_EV_TO_IN, "TO_IN") \
	X(EDGED_LISTENER_EV_TO_EX, "TO_EX") \
	X(EDGED_LISTENER_EV_ALLOW, "ALLOW") \
	X(EDGED_LISTENER_EV_BLOCK, "BLOCK") \
	X(EDGED_LISTENER_EV_GROUP_TIMER, "group-timer") \
	X(EDGED_LISTENER_EV_SOURCE_TIMER, "source-timer") \
	/* our configuration or the LAN's end */ \
	X(EDGED_LISTENER_EV_CLEAR, "clear")

/*
 * What the tables of 6.4.1 and 6.4.2 say to do.  The sources of the record
 * are B, those of the group A (in EXCLUDE mode X and Y).
 */
#define EDGED_LISTENER_ACTIONS(X) \
	/* (B)=GMI */ \
	X(EDGED_LISTENER_DO_ADD, "add") \
	/* (B)=GMI, Send Q(G,A-B) */ \
	X(EDGED_LISTENER_DO_ADD_ASK, "add-ask") \
	/* (B-A)=0, Delete (A-B), Group Timer=GMI */ \
	X(EDGED_LISTENER_DO_EXCLUDE, "exclude") \
	/* the same and Send Q(G,A*B) */ \
	X(EDGED_LISTENER_DO_EXCLUDE_ASK, "exclude-ask") \
	/* Send Q(G,A*B) */ \
	X(EDGED_LISTENER_DO_ASK, "ask") \
	/* (B-X-Y)=GMI, Delete (X-B), Delete (Y-B), Group Timer=GMI */ \
	X(EDGED_LISTENER_DO_RENEW, "renew") \
	/* (B-X-Y)=Group Timer, Delete both, Send Q(G,B-Y), Group Timer=GMI */ \
	X(EDGED_LISTENER_DO_RENEW_ASK, "renew-ask") \
	/* (B-X-Y)=Group Timer, Send Q(G,B-Y) */ \
	X(EDGED_LISTENER_DO_BLOCK, "block") \
	/* (B)=GMI, Send Q(G,X-B), Send Q(G) */ \
	X(EDGED_LISTENER_DO_LEAVE, "leave") \
	/* 6.5: Delete (Y) */ \
	X(EDGED_LISTENER_DO_SWITCH, "switch") \
	/* 6.3: the source has nobody left; it moves from X to Y */ \
	X(EDGED_LISTENER_DO_FORGET, "forget") \
	X(EDGED_LISTENER_DO_MUTE, "mute") \
	/* Delete everything */ \
	X(EDGED_LISTENER_DO_CLEAR, "clear")

enum edged_listener_state {
	EDGED_LISTENER_STATES(TABLE_SYM)
	EDGED_LISTENER_STATE_MAX
};
enum edged_listener_event {
	EDGED_LISTENER_EVENTS(TABLE_SYM)
	EDGED_LISTENER_EVENT_MAX
};
enum edged_listener_action {
	TABLE_FIRST_ACTION(EDGED_LISTENER),
	EDGED_LISTENER_ACTIONS(TABLE_SYM)
	EDGED_LISTENER_ACTION_MAX
};

extern const struct table edged_listener_table;

/* Why a record, or a part of it, does not count: symbol, name, text. */
#define EDGED_LISTENER_DROPS(X) \
	X(EDGED_LISTENER_DROP_GROUP, "group", "never reported or passed on") \
	X(EDGED_LISTENER_DROP_POLICY, "not-allowed", "no allow group for it") \
	X(EDGED_LISTENER_DROP_GROUPS, "group-limit", "limit of groups") \
	X(EDGED_LISTENER_DROP_SOURCES, "source-limit", \
	    "limit of sources of a group") \
	X(EDGED_LISTENER_DROP_HOST, "host-limit", "limit of groups of a host") \
	X(EDGED_LISTENER_DROP_ASKED, "ask-limit", \
	    "limit of queries: what was left stays until its timer ends") \
	X(EDGED_LISTENER_DROP_OLDER, "older-host", \
	    "hidden by a host of an older version (7.3.2)") \
	X(EDGED_LISTENER_DROP_MEMORY, "memory", "no memory")

enum edged_listener_drop {
#define X(sym, name, text) sym,
	EDGED_LISTENER_DROPS(X)
#undef X
	EDGED_LISTENER_DROP_MAX
};

enum edged_listener_change {
	EDGED_LISTENER_WANTED,		/* somebody wants it now */
	EDGED_LISTENER_UNWANTED,	/* nobody does; it is about to go */
	EDGED_LISTENER_FILTER		/* other sources than before */
};

/* Section 8; all tunable. */
struct edged_listener_timing {
	uint8_t		robustness;	/* 8.1, from 1 */
	uint32_t	interval;	/* 8.2, s: general queries */
	uint32_t	response;	/* 8.3, ms */
	uint32_t	last_interval;	/* 8.8, ms */
	uint8_t		last_count;	/* 8.9, from 1 */
};
#define EDGED_LISTENER_TIMING	{ 2, 125, 10000, 1000, 2 }

struct edged_listener_limits {
	uint32_t	groups;		/* of the LAN */
	uint32_t	sources;	/* of a group */
	uint32_t	host_groups;	/* that one host may ask for */
	uint32_t	reporters;	/* of a group, that are remembered */
};
#define EDGED_LISTENER_LIMITS	{ 256, 64, 128, 32 }

/*
 * Leaves that are asked about: so many a second and at once, of the LAN.  One
 * report of 1,500 octets could make us send a hundred queries.
 */
#define EDGED_LISTENER_ASK_RATE		100
#define EDGED_LISTENER_ASK_BURST	500

struct edged_listener;
struct edged_listener_group;

/* a host and, below it, the groups that it has reported */
struct edged_host {
	RB_ENTRY(edged_host)			 entry;
	struct paddr				 addr;
	TAILQ_HEAD(, edged_reporter)		 reports; /* oldest first */
	uint32_t				 ngroups;
};

struct edged_reporter {
	TAILQ_ENTRY(edged_reporter)		 of_group, of_host;
	struct edged_host			*host;
	struct edged_listener_group		*group;
	mtime_t					 until;
};

struct edged_source {
	RB_ENTRY(edged_source)			 entry;
	struct paddr				 addr;
	struct edged_listener_group		*group;
	struct timer				 timer;	/* runs: X, else Y */
	uint8_t					 left;	/* queries to send */
	/* while a record is looked at: named in it, not known before */
	bool					 listed, fresh;
};

RB_HEAD(edged_source_tree, edged_source);
RB_HEAD(edged_host_tree, edged_host);
RB_HEAD(edged_group_tree, edged_listener_group);
TAILQ_HEAD(edged_reporters, edged_reporter);

struct edged_listener_group {
	RB_ENTRY(edged_listener_group)		 entry;
	struct edged_listener			*listener;
	struct paddr				 addr;
	uint8_t					 state;
	bool					 fixed;	/* static join */
	bool					 wanted; /* as was told */
	bool					 changed; /* not told yet */
	uint8_t					 left;	/* Q(G) to send */
	struct timer				 timer;	/* Group Timer */
	struct timer				 again;	/* next of `left` */
	mtime_t					 v1_until, v2_until; /* 7.3.2 */
	struct edged_source_tree		 sources;
	uint32_t				 nsources;
	struct edged_reporters			 reporters; /* oldest first */
	uint32_t				 nreporters;
	mtime_t					 unknown_until;
	struct paddr				 last;	/* last reporter */
};

int	edged_group_cmp(const struct edged_listener_group *,
	    const struct edged_listener_group *);
int	edged_source_cmp(const struct edged_source *,
	    const struct edged_source *);
int	edged_host_cmp(const struct edged_host *, const struct edged_host *);
RB_PROTOTYPE(edged_group_tree, edged_listener_group, entry, edged_group_cmp)
RB_PROTOTYPE(edged_source_tree, edged_source, entry, edged_source_cmp)
RB_PROTOTYPE(edged_host_tree, edged_host, entry, edged_host_cmp)

/* What the owner supplies.  None of it may change the listener. */
struct edged_listener_ops {
	/* may this group be wanted at all? */
	bool	(*admit)(void *, const struct paddr *group);
	void	(*changed)(void *, const struct edged_listener_group *,
		    enum edged_listener_change);
	/* Q(G) where n is 0, else Q(G,X); n <= EDGED_GMP_SOURCES_MAX */
	void	(*query)(void *, const struct paddr *group,
		    const struct paddr *sources, uint16_t n, bool suppress);
};

struct edged_listener {
	const struct edged_listener_ops	*ops;
	void				*arg;
	struct timers			*timers;
	struct edged_listener_timing	 timing;	/* now, 4.1.6, 4.1.7 */
	struct edged_listener_limits	 limits;
	enum edged_gmp_version		 version;	/* of our queries */
	bool				 querier;
	bool				 fast_leave;
	mtime_t				 since;
	struct edged_bucket		 asks;
	struct edged_group_tree		 groups;
	uint32_t			 ngroups;
	uint32_t			 nfixed;	/* of them */
	struct edged_host_tree		 hosts;
	uint32_t			 nhosts;
	uint64_t			 drops[EDGED_LISTENER_DROP_MAX];
	struct table_faults		 faults;
};

/*
 * A listener with the defaults above: version 3, no querier, fast leave.
 * Fields from timing to fast_leave are the owner's to set at any time; lower
 * limits count for what is new.
 */
void	edged_listener_init(struct edged_listener *,
	    const struct edged_listener_ops *, void *, struct timers *);
/* forgets everything; each wanted group is told to be unwanted */
void	edged_listener_clear(struct edged_listener *);
/* after a change of policy: what admit() now refuses is forgotten */
void	edged_listener_review(struct edged_listener *);

/*
 * We ask instead of another router now: what would be over before our first
 * query can have been answered stays until then.
 */
void	edged_listener_taken_over(struct edged_listener *);

/* a report or leave that edged_igmp_read() or edged_mld_read() gave */
void	edged_listener_report(struct edged_listener *, struct edged_gmp *);
/*
 * A query of another router lowers timers (6.6.1).  While we are the querier
 * it does not: then it is not the elected one's.
 */
void	edged_listener_query(struct edged_listener *, struct edged_gmp *);
/*
 * A static join, or its end.  It counts for no limit.  0, or -1: no memory.
 */
int	edged_listener_fix(struct edged_listener *, const struct paddr *, bool);

/* does anyone on the LAN want what this source sends to this group? */
bool	edged_listener_wants(struct edged_listener *,
	    const struct paddr *group, const struct paddr *source);
/* the group, or NULL */
struct edged_listener_group	*edged_listener_find(struct edged_listener *,
	    const struct paddr *);
/* the first group behind this address, or NULL; from NULL, the first */
struct edged_listener_group	*edged_listener_after(
	    struct edged_listener *, const struct paddr *);
struct edged_source	*edged_listener_source_after(
	    struct edged_listener_group *, const struct paddr *);
/* whether a source is one of X; of the others of the mode it is not */
bool	edged_listener_source_runs(const struct edged_source *);
/* the oldest version of those who report it now (7.3.2) */
enum edged_gmp_version	 edged_listener_compat(
	    const struct edged_listener_group *);
/* microseconds until it is forgotten unless reported; -1: static, never */
int64_t	edged_listener_expires(struct edged_listener_group *);
const char	*edged_listener_drop_name(enum edged_listener_drop);

/* Group Membership Interval (8.4), which is also 8.13, in microseconds. */
int64_t	edged_listener_membership(const struct edged_listener *);

#endif
