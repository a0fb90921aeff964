/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The core of edged(8): edges, each between its LANs and a cluster.
 *
 * An edge is an endpoint of libmarsc (marsc.h) with a client of each of its
 * protocols.  It joins what its LANs want, of those on which it forwards;
 * what comes from them goes to the members of its group, and what comes from
 * other sites out on the LANs that want it.  It may be a multicast server of
 * some groups besides, which is an endpoint of its own.
 *
 * The core makes no socket and reads no clock.  Its owner hands it links,
 * interfaces that come and go, and packets; and sends what it is given.
 */
#ifndef EDGED_EDGE_H
#define EDGED_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "flow.h"
#include "kpath.h"
#include "lan.h"
#include "marsc/marsc.h"
#include "policy.h"
#include "timer.h"
#include "vc.h"

#define EDGED_PORT_NAME	16	/* buffer for the name of an interface */

struct edged;			/* all edges of a process */
struct edged_edge;
struct edged_port;		/* a LAN of an edge, or its TUN */

/* --- configuration: pointers have to last until the next one is in force */

struct edged_port_conf {
	char			name[EDGED_PORT_NAME];
	bool			tun;
	uint32_t		new_flows;	/* of a source, 1/s */
	struct edged_lan_conf	lan;
};

struct edged_edge_conf {
	char				 name[NAME_SIZE];
	struct atm_addr			 addr;
	struct atm_addr			 mcs;	/* of its multicast server */
	const struct atm_addr		*servers;
	size_t				 nservers;
	bool				 ipv4, ipv6;
	struct edged_policy		 policy;
	uint32_t			 mtu;	/* of a packet as it is sent
						 * to other sites, octets */
	uint32_t			 max_flows;	/* that are counted */
	uint32_t			 max_leaves;	/* members of all groups
							 * that are sent to, of
							 * a protocol */
	bool				 kernel;	/* known flows may go
							 * through it */
	const struct edged_range	*serve;
	size_t				 nserve;
	const struct edged_port_conf	*ports;
	size_t				 nports;
};

struct edged_conf {
	const struct edged_edge_conf	*edges;
	size_t				 nedges;
};

/* --- what the owner supplies */

#define EDGED_EVENTS(X) \
	X(EDGED_EV_REGISTERED, "is registered") \
	X(EDGED_EV_MARS_FAILED, "the MARS fails") \
	X(EDGED_EV_SERVE_FAILED, "the MARS fails its multicast server") \
	X(EDGED_EV_NO_MARS, "no MARS answers") \
	X(EDGED_EV_REDIRECT, "goes to another MARS") \
	X(EDGED_EV_UP, "the LAN is there") \
	X(EDGED_EV_DOWN, "the LAN has gone") \
	X(EDGED_EV_FORWARDER, "forwards from now on") \
	X(EDGED_EV_BACKUP, "no longer forwards") \
	X(EDGED_EV_HELLO, "refuses a hello") \
	X(EDGED_EV_NO_MEMORY, "no memory: something was given up") \
	X(EDGED_EV_VIOLATION, "a state machine got an event that can't be")

enum edged_event_code {
#define X(sym, text) sym,
	EDGED_EVENTS(X)
#undef X
	EDGED_EV_MAX
};

struct edged_event {
	enum edged_event_code	 code;
	const char		*edge, *lan;	/* names; lan may be NULL */
	const struct mars_pro	*pro;		/* or NULL */
	const struct atm_addr	*server;	/* or NULL */
	const struct paddr	*host;		/* or NULL: of a LAN */
	const char		*why;		/* or NULL */
	const char		*table, *state, *event;	/* of a violation */
	uint64_t		 number;
	uint64_t		 more;		/* such ones, not told */
};

/* What goes well, for the log: "site1: ipv4: 192.0.2.9 is sent 239.1.1.1" */
struct edged_trace {
	int			 level;		/* 1, or 2 for each message */
	const char		*edge;		/* its name */
	const struct mars_pro	*pro;
	const struct atm_addr	*who;		/* a MARS, or another site */
	const char		*what, *op;	/* op may be NULL */
	const struct paddr	*group;		/* or NULL */
};

struct edged_ops {
	uint64_t (*random)(void *);
	/*
	 * An IP packet to a group, out on the LAN; shell is the port's.  The
	 * octets are not kept.  False: it has no room, and is dropped.
	 */
	bool	 (*send)(void *shell, const void *, size_t);
	void	 (*event)(void *, const struct edged_event *);
	void	 (*trace)(void *, const struct edged_trace *); /* or NULL */
};

/*
 * From now on known flows may go through the kernel, by this table, which is
 * the owner's and stays.  Once; -1: no memory, or a table of another version.
 */
int		 edged_set_kernel(struct edged *, struct kpath *);
/* for marsctl: all that is shown as a counter begins at 0 */
void		 edged_clear_counters(struct edged *);
/* NULL: no memory */
struct edged	*edged_new(const struct edged_ops *, void *, struct timers *);
void		 edged_free(struct edged *);
/*
 * From now on these are the edges.  Those that stay keep their joins, flows
 * and circuits.  0, or -1: no memory, and something may be missing.
 */
int		 edged_configure(struct edged *, const struct edged_conf *);
/* says goodbye: LANs to other edges and switches, clients to their MARS */
void		 edged_shutdown(struct edged *);

/*
 * The edge that has this address, as itself or (*mcs) as a multicast server;
 * NULL: none.
 */
struct edged_edge *edged_at(struct edged *, const struct atm_addr *,
		    bool *mcs);
const char	*edged_edge_name(const struct edged_edge *);
/*
 * The link of that address is open, or is about to be closed.  It is that of
 * the edge from then on, and until then of edged_nobody, which takes no call.
 */
extern const struct vc_user edged_nobody;
void		 edged_attach(struct edged_edge *, bool mcs, struct vc_link *);
void		 edged_detach(struct edged *, struct vc_link *);

/* --- probing.c: who of a group's members answers, for marsctl */

/*
 * A probe is over: why nobody has answered, a sentence that is good until the
 * function returns, or NULL: somebody has.  edged_show_probe() has who.
 */
typedef void edged_probed(void *arg, const char *why);
/*
 * Sends probes to the members of the group, of this edge, or (NULL) of the
 * first one that may.  NULL: done() will be called, within 2 s; or it will not
 * be, and a sentence that says what is missing, good until the next call.
 */
const char	*edged_probe_start(struct edged *, const struct paddr *,
		    const char *edge, edged_probed *, void *arg);

/* --- LANs */

/* by the name of the interface, which no two edges share; NULL: none */
struct edged_port *edged_port_find(struct edged *, const char *);
/* what ops->send() is given; NULL: there is no interface, it is down */
void		 edged_port_set_shell(struct edged_port *, void *);
/* as edged_lan_addresses(); mtu: of the interface, in octets; 0: unknown */
void		 edged_port_addresses(struct edged_port *,
		    const struct paddr *v4, const struct paddr *v6,
		    const struct ip_prefix *, size_t, uint32_t mtu);
/* The kernel copies what it knows of that interface; 0: it does not. */
void		 edged_port_set_kernel(struct edged_port *, uint32_t ifindex);
void		 edged_port_up(struct edged_port *);
void		 edged_port_down(struct edged_port *);
/*
 * A packet that came from the LAN, from its IP header on; it may be changed.
 * undone: its sender left a checksum to a network card.
 */
void		 edged_port_input(struct edged_port *, uint8_t *, size_t,
		    bool undone);

/* --- show.c: for marsctl, as ctlserver.h says */
bool	edged_show_summary(struct edged *, void *cursor, struct wr *);
bool	edged_show_counters(struct edged *, void *cursor, struct wr *);
bool	edged_show_edges(struct edged *, void *cursor, struct wr *);
bool	edged_show_lans(struct edged *, void *cursor, struct wr *);
bool	edged_show_listeners(struct edged *, void *cursor, struct wr *);
bool	edged_show_flows(struct edged *, void *cursor, struct wr *);
bool	edged_show_probe(struct edged *, void *cursor, struct wr *);

#endif
