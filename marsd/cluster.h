/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A cluster is one logical MARS.  Everything that RFC 2022 section 6 wants
 * apart for each protocol is in struct marsd_proto.  The picture of what a
 * protocol's database looks like is in group.h.
 */
#ifndef MARSD_CLUSTER_H
#define MARSD_CLUSTER_H

#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include <stdbool.h>
#include <stdint.h>

#include "caller.h"
#include "circuit.h"
#include "cmi.h"
#include "entry.h"
#include "group.h"
#include "incoming.h"
#include "itree.h"
#include "limit.h"
#include "mars.h"
#include "marsd_core.h"
#include "member.h"
#include "peer.h"
#include "quiet.h"
#include "slab.h"
#include "table.h"
#include "timer.h"

/* Counters of a cluster, beside those of what was dropped. */
#define MARSD_COUNTS(X) \
	X(messages_in, "messages-in") X(messages_out, "messages-out") \
	X(ccvc_out, "cluster-control-out") X(scvc_out, "server-control-out") \
	X(registrations, "registrations") \
	X(deregistrations, "deregistrations") X(vanished, "vanished") \
	X(joins, "joins") X(leaves, "leaves") X(requests, "requests") \
	X(naks, "naks") X(grouplists, "grouplists") \
	X(published, "records-published") X(records_in, "records-in") \
	X(records_ignored, "records-ignored") \
	X(calls_refused, "calls-refused") X(moved, "moved") \
	X(adopted, "adopted") \
	X(near, "limits-near") \
	X(pended, "changes-pended") X(revalidations, "revalidations-forced") \
	X(table_violations, "table-violations")

struct marsd_counts {
#define X(sym, name) uint64_t sym;
	MARSD_COUNTS(X)
#undef X
};

/* What is limited in all: symbol, name, used, limit (p, and c its conf). */
#define MARSD_LIMITS(X) \
	X(MARSD_LIMIT_MEMBERS, "members", \
	    p->control[MARSD_ROLE_CLIENT].nregs, c->max_members) \
	X(MARSD_LIMIT_SERVERS, "servers", \
	    p->control[MARSD_ROLE_MCS].nregs, c->max_servers) \
	X(MARSD_LIMIT_JOINS, "joins", p->joins + p->served, c->max_total) \
	X(MARSD_LIMIT_GROUPS, "groups", p->groups, c->max_groups) \
	X(MARSD_LIMIT_KNOWN, "servers-known", \
	    p->cluster->nowners, c->max_known) \
	X(MARSD_LIMIT_CMI, "cmi", p->cmi.used, p->cmi.used + p->cmi.left)

enum marsd_limit {
#define X(sym, name, used, limit) sym,
	MARSD_LIMITS(X)
#undef X
	MARSD_LIMIT_MAX
};

struct marsd_use {
	const char	*name;
	uint64_t	 used, limit;
};

struct marsd_proto {
	TAILQ_ENTRY(marsd_proto) entry;
	struct marsd_cluster	*cluster;
	struct mars_pro		 pro;
	uint8_t			 addrlen; /* of a group, 0: not known yet */
	bool			 configured;
	struct btree		 nodes[MARSD_ROLES]; /* by ATM address */
	struct marsd_itree	 map[MARSD_ROLES]; /* host map, server map */
	uint32_t		 ranges[MARSD_ROLES];
	uint64_t		 joins;	/* of our own clients */
	uint64_t		 served; /* ranges of our own MCSs */
	uint64_t		 groups; /* ranges that these are of */
	bool			 near[MARSD_LIMIT_MAX]; /* 90 % are used */
	struct marsd_control	 control[MARSD_ROLES];
	struct marsd_peer_tree	 peers;
	struct marsd_peer	*self;
	struct marsd_cmi_pool	 cmi;
	struct marsd_cmi_pool	 cmi_next; /* of a configuration to come */
	/*
	 * 65536 each, by CMI: the node that has it from us; the claim by
	 * which another server has given it out
	 */
	struct marsd_node	**by_cmi;
	struct marsd_claim	**heard_cmi;
	uint64_t		 mark;	/* of the last answer */
	struct timer		 redirect;
	struct timer		 sweep[MARSD_ROLES]; /* old records, A-10 */
};

/* What went wrong last; zero at the start: nothing did. */
struct marsd_problem {
	bool			 set;
	enum marsd_event_code	 code;
	struct atm_addr		 who;	/* or null */
	char			 why[64];	/* or empty */
	mtime_t			 at;
};

struct marsd_cluster {
	TAILQ_ENTRY(marsd_cluster) entry;
	struct marsd		*mars;
	char			 name[NAME_SIZE];
	const struct conf_cluster *conf;
	struct vc_link		*link;		/* or NULL */
	bool			 configured;
	TAILQ_HEAD(, marsd_proto) protos;
	/*
	 * those that are not served here, as one, which has peers only: their
	 * records are kept for others as long as their servers live
	 */
	struct marsd_proto	 others;
	struct marsd_owner_tree	 owners;
	uint32_t		 nowners;
	mtime_t			 forgot;	/* one of them, last */
	bool			 crowded;	/* one was refused */
	struct timer		 room;		/* there is some again */
	LIST_HEAD(, marsd_circuit) circuits;
	struct marsd_caller_tree callers;
	struct marsd_bucket	 bucket;
	/* what is done for a message, which its sender is charged for */
	/* on control VCs; one of many octets counts for several */
	uint64_t		 copies;
	uint64_t		 walked;	/* joins and ranges looked at */
	uint64_t		 listed;	/* the same, for an answer */
	struct table_faults	 faults;	/* of all tables */
	struct quiet_strangers	 strangers;
	struct marsd_problem	 problem;
	struct marsd_counts	 counts;
	uint64_t		 drops[MARSD_DROP_MAX];
	uint64_t		 bad[MARS_DROP_MAX];
};

struct marsd {
	const struct marsd_ops	*ops;
	void			*arg;
	struct timers		*ts;
	const struct conf	*conf;
	mtime_t			 started;
	uint8_t			 oid[4];
	bool			 stopping;
	uint64_t		 heard;		/* messages, of all clusters */
	bool			 congested;	/* scspd is behind */
	struct marsd_reserve	 registrations, changes; /* meanwhile */
	/* of the message that is being built: cleared nowhere, as 9 kB cost */
	uint8_t			 list[MARS_MTU];
	TAILQ_HEAD(, marsd_cluster) clusters;
	/* of all clusters; ranges by the length of addresses */
	struct slab_pool	 pool;
	struct slab		 nodes, peers, claims, ranges[3], joins,
				 entries;
};

uint32_t	 marsd_random(struct marsd *);
struct timers	*marsd_proto_timers(const struct marsd_proto *);
/* the cluster's protocol of this mar$pro, or NULL */
struct marsd_proto *marsd_proto_find(struct marsd_cluster *,
		    const struct mars_pro *);
/* tells the owner; code and cluster are put in */
void		 marsd_cluster_event(struct marsd_cluster *,
		    enum marsd_event_code, const struct marsd_event *);
/* tells the owner what has changed; s: which groups, or NULL */
void		 marsd_news_tell(const struct marsd_node *, enum marsd_changed,
		    const struct marsd_span *s);
/* of somebody who is no client of ours: tells the owner, now and then */
void		 marsd_cluster_stranger(struct marsd_cluster *,
		    enum marsd_event_code, const struct marsd_event *);
/* tells the owner, if it listens; the cluster is put in */
void		 marsd_cluster_trace(struct marsd_cluster *,
		    const struct marsd_trace *);
/* the same about a node; s: a group or a block, or NULL */
void		 marsd_node_trace(const struct marsd_node *, const char *what,
		    const struct marsd_span *s);
/* what of each limit is used */
void		 marsd_limits_used(const struct marsd_proto *,
		    struct marsd_use [MARSD_LIMIT_MAX]);
/* tells the owner of limits that are near, or are no more */
void		 marsd_limits_watch(struct marsd_proto *);
/* the same of the limit that each node has for itself */
void		 marsd_limits_watch_node(struct marsd_node *);
/* what an operator ought to hear of; returns the drop, for the counter */
enum marsd_drop	 marsd_cluster_refused(struct marsd_proto *, enum marsd_drop,
		    const struct atm_addr *);
const char	*marsd_drop_name(enum marsd_drop);
/* why a message was malformed; not MARS_DROP_NONE */
const char	*marsd_bad_name(enum mars_drop);

#endif
