/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The simulator: the unchanged cores of marsd, scspd, marsc and NVC in one
 * process, in virtual time, over a network that loses what it likes.  It
 * moves datagrams between NVC cores, runs timers, and carries what marsd and
 * scspd of a server say to each other; it knows nothing of the protocols.
 * Everything follows from one 64-bit seed.
 *
 *	world.c		time, the network, the random numbers, the trace
 *	server.c	a server: marsd and scspd
 *	liar.c		a server that lies
 *	host.c		a client or a multicast server, and what it wants
 *	plan.c		the phases of a run: who suffers what, when
 *	check.c		what has to be true once it is quiet
 *	lan.h		the same with LANs, edges and their hosts
 *	alloc.c		how many allocations are alive
 *	sim.c		seeds, results
 */
#ifndef SIM_H
#define SIM_H

#include <sys/types.h>
#include <sys/queue.h>
#ifndef TAILQ_FOREACH_SAFE
#include <bsd/sys/queue.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "marsc/marsc.h"
#include "marsd/marsd_core.h"
#include "nvc.h"
#include "scspd/scsp_core.h"
#include "timer.h"

#define SERVERS_MAX	16
#define PROTOS		2
#define VIEWS_MAX	3
#define SGID		7
#define CLUSTER		"lis"

/* What may happen in a run; -k takes these names. */
#define KINDS(X) \
	X(K_LOSS, "loss") X(K_DUP, "dup") X(K_REORDER, "reorder") \
	X(K_CUT, "cut") X(K_PARTITION, "partition") X(K_CRASH, "crash") \
	X(K_STOP, "stop") X(K_DEAD, "dead") X(K_SKEW, "skew") \
	X(K_VANISH, "vanish") X(K_MOVE, "move") X(K_QUIT, "quit") \
	X(K_CHURN, "churn") X(K_REDIRECT, "redirect") X(K_BLOCKS, "blocks") \
	X(K_MCS, "mcs") X(K_SEND, "send") X(K_KEYS, "keys") X(K_IPV6, "ipv6") \
	X(K_WISHES, "wishes") X(K_DISORDER, "disorder") \
	/* servers that can't send as fast as there is to say: backlogs */ \
	X(K_OVERFLOW, "overflow") \
	/* clocks of servers that are wrong, another at each start, or set */ \
	X(K_CLOCK, "clock") \
	/* servers that lie */ \
	X(K_LIES, "lies")

enum kind_bit {
#define X(sym, name) sym##_BIT,
	KINDS(X)
#undef X
	KIND_MAX
};
enum kind {
#define X(sym, name) sym = 1 << sym##_BIT,
	KINDS(X)
#undef X
	K_ALL = (1 << KIND_MAX) - 1,
	/* of the worlds with liars 37 and 46 still fail */
	K_DEFAULT = K_ALL & ~K_LIES
};

struct world;
struct node;

/* One local address of a node, and its NVC. */
struct vc_port {
	struct node	*node;
	uint8_t		 sel;
	struct nvc	*nvc;
};

/* What servers and hosts have in common: a place and a clock. */
struct node {
	struct world	*w;
	const char	*what;		/* it is, for the trace */
	bool		 server;
	uint32_t	 n;		/* its number among its kind */
	uint8_t		 ip[4];
	uint8_t		 region;	/* of a partition */
	bool		 silent;	/* nothing goes out: it is dying */
	int64_t		 offset;	/* of its clock, us */
	int32_t		 ppm;		/* by which it is too fast */
	struct timers	 ts;
	struct timer	 wake;		/* in the world: its next timer */
	struct timer	 slow;		/* the same: it can send some more */
	struct vc_port	 port[2];
	int64_t		 started;	/* lives since; host: -1, never */
};

struct server {
	struct node	 node;		/* first */
	bool		 alive;
	struct atm_addr	 addr;		/* of marsd */
	struct conf	*conf;
	struct marsd	*mars;
	struct scsp	*scsp;
	uint8_t		 secret_spi;
	struct timer	 comeback;	/* to life, or, stopping, to an end */
	bool		 stopping;
	uint32_t	 boots;
	int64_t		 clock;		/* s: its time(3) is this much off */
	int64_t		 bridge[2];	/* when the last thing carried is due */
	uint32_t	 carried;	/* on their way between the two */
	/* liar.c; a liar has no marsd */
	bool		 liar;
	uint8_t		 deaf;		/* to what */
	struct timer	 lie;		/* the next one */
};

struct want {
	struct paddr	 min, max;
	bool		 joined;	/* as the client itself was told */
	int64_t		 since;		/* it was told so first */
	int64_t		 asked;		/* an MCS, for the members, last */
};

/* A sender's view of a group: the leaves that are up. */
struct view {
	struct paddr	 group;
	bool		 up;
	int64_t		 since;		/* it was last asked for */
	struct atm_addr	*leaf;
	int64_t		*added;		/* when, each */
	size_t		 n;
};

struct host {
	struct node	 node;		/* first */
	bool		 alive, mcs, leaving;
	struct host	*landlord, *lodger;	/* of the other protocol */
	bool		 evicted;	/* to be back when its landlord is */
	uint8_t		 proto;
	struct atm_addr	 addr;
	struct marsc_host *end;		/* a lodger's is its landlord's */
	struct marsc	*client;
	struct want	*want;
	size_t		 nwant;
	struct view	 view[VIEWS_MAX];
	size_t		 nviews;
	struct timer	 comeback;
	uint32_t	 heard;		/* packets with the tag in force */
	uint32_t	 ghosts;	/* adopted and not confirmed, D9 */
	bool		 moved;		/* or restarted: it may have some */
	/* the answer to a probe */
	bool		 asked, answered;
	struct paddr	 question;
	struct atm_addr	*answer;
	size_t		 nanswer;
};

struct stats {
	uint64_t	 datagrams, lost, duplicated, sdus, expired;
	uint64_t	 crashes, moves, redirects, refused, changes;
	uint64_t	 views, views_excused, probes, delivered, untried;
	uint64_t	 conflicts, checks, ghosts, shared, revalidations;
	int64_t		 virtual_us;	/* simulated */
	int64_t		 slowest_us;	/* to come to rest */
	uint64_t	 digest;
	uint64_t	 lan_probes, lan_copies, lan_checks, lan_late;
	uint32_t	 servers, hosts;
	bool		 failed;
};

struct world {
	uint64_t	 seed, rng;
	uint32_t	 kinds;
	int		 verbose;
	struct timers	 ts;
	struct mars_pro	 pro[PROTOS];
	uint32_t	 nservers, nhosts, nprotos;
	uint32_t	 nliars;	/* behind the honest servers */
	bool		 edge[SERVERS_MAX][SERVERS_MAX];
	struct server	 server[SERVERS_MAX];
	struct host	*host;
	struct lans	*lans;		/* sim -l */

	/* configured times, s */
	uint32_t	 interval, dead, hold, tombstone, hello, rexmt;
	uint16_t	 enquiry;
	bool		 keys, csn_before;
	uint32_t	 ngroups;
	uint32_t	 max_records, max_known;	/* 0: as by default */
	int64_t		 lies_pause;	/* us */

	/* the network now */
	bool		 faulty, troubled, slow;
	uint32_t	 loss, dup;	/* per 10,000 */
	int64_t		 delay, jitter;	/* us */
	bool		 partitioned;
	bool		 cut[SERVERS_MAX][SERVERS_MAX];

	struct timer	 churn, weather, watch, liars;
	int64_t		 pace;		/* us between two things that happen */
	uint32_t	 tag;
	int64_t		 trouble;	/* views from before are not trusted */
	bool		 failed;
	struct stats	 st;
};

/* world.c */
uint64_t	 rnd(struct world *, uint64_t n);	/* 0 .. n-1 */
int64_t		 between(struct world *, int64_t, int64_t);
bool		 chance(struct world *, uint32_t percent);
void		 trace(struct world *, int, const struct node *,
		    const char *, ...) __attribute__((format(printf, 4, 5)));
void		 fail(struct world *, const char *, ...)
		    __attribute__((format(printf, 2, 3)));
void		 run_for(struct world *, int64_t us);
void		 node_init(struct node *, struct world *, bool, uint32_t);
struct nvc	*node_open(struct node *, int, uint8_t sel,
		    const struct vc_user *, void *);
void		 node_enter(struct node *);	/* its clock is now's */
void		 node_settle(struct node *);	/* what it has to say goes */
void		 node_close(struct node *);	/* everything, silently */
uint32_t	 node_random32(void *);
uint64_t	 node_random64(void *);

/* server.c */
void	server_init(struct world *, uint32_t);
void	server_start(struct server *);
void	server_crash(struct server *);
void	server_step_clock(struct server *);
void	server_stop(struct server *, int64_t down);
void	server_fini(struct server *);
struct server *server_at(struct world *, const struct atm_addr *);

/* liar.c: the honest servers come first in world.server */
void	liar_init(struct server *);
void	liar_begins(struct server *);
void	liar_ends(struct server *);
void	liar_check(struct world *);		/* while they lie */
extern const struct vc_user liar_vc_user;

/* host.c */
void	host_init(struct world *, uint32_t, bool mcs);
void	host_start(struct host *);
void	host_vanish(struct host *);
void	host_end(struct host *);
void	host_quit(struct host *);		/* deregisters, then goes */
void	host_join(struct host *, const struct paddr *, const struct paddr *);
void	host_leave(struct host *, size_t);
void	host_sends(struct host *, const struct paddr *);
void	host_packet(struct host *, const struct paddr *);
void	host_ask(struct host *, const struct paddr *);
void	host_fini(struct host *);
void	group_addr(const struct world *, uint8_t proto, uint32_t,
	    struct paddr *);
bool	host_is_in(const struct host *, const struct paddr *);

/* plan.c */
void	plan_make(struct world *);
void	plan_run(struct world *);
void	plan_end(struct world *);		/* after either, and -l */
/* until all agree, and that for good; or it has failed */
void	plan_quiet(struct world *);
/* for lanplan.c: so many servers, and what happens to them */
void	plan_servers(struct world *, uint32_t);
void	plan_weather(struct world *);
void	plan_redirect(struct world *);
void	plan_server(struct world *);
void	plan_servers_back(struct world *);	/* and the weather is fair */

/* lanplan.c */
void	lans_run(struct world *);
void	lans_fini(struct world *);
struct node *gate_at(struct world *, const uint8_t ip[4]);
#define GATE_NET	128	/* 10.128.0.0/16: the addresses of edges */

/* check.c */
bool	check_servers(struct world *, bool loud);
void	check_throughout(struct world *);
void	check_members(struct world *);
void	check_empty(struct world *);

/* alloc.c */
extern int64_t	alive_allocations;

#endif
