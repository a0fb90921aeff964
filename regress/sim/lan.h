/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * LANs in the simulator (sim -l): sites with a LAN or two, each with edges,
 * which are the unchanged cores of edged(8), and stations, which are hosts by
 * RFC 9776, 2236 and 1112, and RFC 9777 and 2710.  Nothing of a station is
 * edged's: what it says is written and what it hears is read here.
 *
 *	lan.c		what a LAN carries, to whom
 *	station.c	a host: what it wants, and how it says so
 *	message.c	the octets of IGMP, MLD and probes
 *	gate.c		a machine with an edge
 *	lanplan.c	the phases of a run
 *	lancheck.c	who has to get what, and has he, once?
 */
#ifndef SIM_LAN_H
#define SIM_LAN_H

#include "edged/edge.h"
#include "sim.h"

#define LANS_MAX	8
#define GATES_MAX	16
#define GATE_LANS	2	/* that an edge has */
#define LAN_GATES	3	/* edges of a LAN */
#define LAN_STATIONS	5
#define WISHES_MAX	8	/* groups of a station and a family */
#define FILTER_MAX	3	/* sources of a wish */
#define ASKED_MAX	64	/* sources of a query */
#define PACKET_MAX	1500
#define FLOWS_MAX	5	/* streams at a time */
#define FAMILIES	2	/* IPv4, IPv6 */

struct lan;
struct lans;
struct speaker;

/* Versions by what they can say: 1 IGMPv1; 2 IGMPv2, MLDv1; 3 the newest. */
enum { SAYS_JOINS = 1, SAYS_LEAVES, SAYS_SOURCES };

/* A source whose part in the filter has changed, RFC 9776 5.1. */
struct change {
	struct paddr	addr;
	uint8_t		left;		/* reports that are to say so */
};

/* What a station wants of a group.  INCLUDE of nothing: nothing. */
struct wish {
	struct speaker	*of;
	struct paddr	 group;		/* len 0: this place is free */
	bool		 exclude;
	struct paddr	 source[FILTER_MAX];
	uint8_t		 n;
	/* what of its last changes is still to be repeated */
	uint8_t		 mode_left;
	struct change	 change[2 * FILTER_MAX];
	uint8_t		 nchanges;
	/* an answer that is due, about these sources; 0: about all */
	struct timer	 answer;
	struct paddr	 asked[ASKED_MAX];
	uint16_t	 nasked;
	bool		 last;		/* version 2: we were the last */
};

/* One of IGMP and MLD of a station. */
struct speaker {
	struct station	*st;
	bool		 v6;
	uint8_t		 version;
	uint8_t		 older;		/* of a querier that is present */
	int64_t		 older_until;
	struct timer	 general, again;
	struct wish	 wish[WISHES_MAX];
};

struct station {
	struct lan	*lan;
	uint32_t	 n;		/* of its LAN */
	bool		 alive;
	struct timer	 comeback;
	struct speaker	 say[FAMILIES];
};

/* An interface of an edge. */
struct plug {
	struct gate		*gate;
	struct lan		*lan;
	bool			 up;	/* it is there */
	uint8_t			 priority;
	struct timer		 back;
};

/* A machine with an edge. */
struct gate {
	struct node		 node;	/* first */
	struct lans		*s;
	bool			 alive, stopping;
	struct timer		 comeback;
	struct plug		 plug[GATE_LANS];
	uint32_t		 nplugs;
	struct edged		*edged;
	struct edged_conf	 conf;
	struct edged_edge_conf	 edge;
	struct edged_port_conf	 port[GATE_LANS];
	struct atm_addr		 servers[SERVERS_MAX];
	struct edged_range	 serve[FAMILIES];
	bool			 serves;
};

struct lan {
	struct lans	*s;
	uint32_t	 n;
	uint32_t	 generation;	/* of its addresses */
	uint32_t	 ngates, nstations;
	struct plug	*gate[LAN_GATES];
	struct station	 station[LAN_STATIONS];
	/* the configuration that its edges share */
	uint8_t		 version[FAMILIES];
	struct edged_listener_timing timing;
	bool		 fast_leave;
	struct paddr	 fixed[8];	/* static joins, and link-local ones */
	size_t		 nfixed;
};

/* A packet of a source that was sent to a group, and where it came out. */
struct probe {
	const struct lan *lan;
	struct paddr	 source, group;
	uint8_t		 ttl;
	int64_t		 at;
	uint8_t		 seen[LANS_MAX];
};

struct lans {
	struct world		*w;
	uint32_t		 nlans, ngates;
	struct lan		 lan[LANS_MAX];
	struct gate		 gate[GATES_MAX];
	struct edged_allow	 allow[8];
	size_t			 nallow;
	struct paddr		 link_local[FAMILIES];
	struct timer		 churn, stream;
	struct flow {
		struct station	*from;
		struct paddr	 group;
	}			 flow[FLOWS_MAX];
	uint32_t		 nflows;
	bool			 first;	/* packets of a group: some may miss */
	bool			 stormy;	/* JOINs may have been lost */
	bool			 lossy;	/* by the network, unnoticed */
	uint32_t		 loss, dup;	/* of LANs, per 10,000 */
	int64_t			 jitter;
	struct probe		*probe;
	size_t			 nprobes, room;
};

/* lan.c */
void	lan_say(struct lan *, const struct speaker *, const void *, size_t);
void	lan_say_data(struct lan *, const void *, size_t);
/* of an edge: out of this interface, which is a struct plug */
bool	lan_gate_says(void *, const void *, size_t);
void	lan_addr(const struct lan *, uint32_t host, bool v6, bool link,
	    struct paddr *);
/* so many of the machines of a LAN are edges; stations come behind */
#define LAN_STATION_BASE	10

/* message.c */
struct query {
	bool		 v6;
	uint8_t		 version;
	struct paddr	 group;		/* len 0: general */
	int64_t		 response;	/* us */
	struct paddr	 source[ASKED_MAX];
	uint16_t	 n;
};
/* one group of a report; type as RFC 9776 4.2.12 */
struct record {
	uint8_t		 type;
	struct paddr	 group;
	struct paddr	 source[2 * FILTER_MAX];
	uint8_t		 n;
};
size_t	message_old(uint8_t *, const struct paddr *from, const struct paddr *,
	    uint8_t version, bool leave);
size_t	message_report(uint8_t *, const struct paddr *from,
	    const struct record *, size_t n);
bool	message_query(struct query *, const uint8_t *, size_t);
/* the group of a report of an older version; false: it is none */
bool	message_heard(struct paddr *group, uint8_t *version, const uint8_t *,
	    size_t);
size_t	message_probe(uint8_t *, const struct probe *, uint32_t tag);
/* false: no probe; else that it is as it was sent, with one TTL less, or not */
bool	message_is_probe(const uint8_t *, size_t, uint32_t *tag);
bool	message_intact(const struct probe *, const uint8_t *, size_t);

/* station.c */
void	station_init(struct station *, struct lan *, uint32_t);
void	station_wish(struct speaker *, const struct paddr *group, bool exclude,
	    const struct paddr *, uint8_t n);
void	station_hear(struct station *, const uint8_t *, size_t);
void	station_die(struct station *);
void	station_start(struct station *);
void	station_fini(struct station *);
bool	station_wants(const struct station *, const struct paddr *group,
	    const struct paddr *source);

/* gate.c */
void	gate_init(struct gate *, struct lans *, uint32_t);
void	gate_start(struct gate *);
void	gate_crash(struct gate *);
void	gate_stop(struct gate *);
void	gate_fini(struct gate *);
void	gate_attach(struct gate *, struct lan *);
void	plug_out(struct plug *);
void	plug_in(struct plug *);
void	plug_addresses(struct plug *);
void	plug_hear(struct plug *, const uint8_t *, size_t);

/* lanplan.c */
/* lans_run() and lans_fini() are in sim.h */

/* lancheck.c */
struct probe	*probe_send(struct lans *, struct lan *,
		    const struct station *, const struct paddr *group);
bool	lan_is_served(const struct paddr *group);
bool	lan_expects(const struct lan *, const struct probe *);
void	lan_heard(struct lan *, const void *, size_t);
void	probes_check(struct lans *, const char *what, int64_t from, int64_t to,
	    const struct lan *but);
void	probes_forget(struct lans *);

#endif
