/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What edge.c and the files around it share: forward.c, join.c, offload.c,
 * probing.c and show.c; nobody else includes it.
 */
#ifndef EDGED_EDGE_IMPL_H
#define EDGED_EDGE_IMPL_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include "edge.h"
#include "kernel.h"
#include "probe.h"

#define EDGED_PACKET_MAX	9216	/* octets of a packet on a LAN */
#define EDGED_TOO_BIG_RATE	10	/* Packet Too Big a second, at once */

/* A group that is joined, and by how many of the edge's LANs it is wanted. */
struct edged_join {
	RB_ENTRY(edged_join)	 entry;
	struct paddr		 group;
	uint32_t		 lans;
};
RB_HEAD(edged_join_tree, edged_join);

int	edged_join_cmp(const struct edged_join *, const struct edged_join *);
RB_PROTOTYPE(edged_join_tree, edged_join, entry, edged_join_cmp)

struct edged_port {
	TAILQ_ENTRY(edged_port)	 entry;
	struct edged_edge	*edge;
	char			 name[EDGED_PORT_NAME];
	bool			 tun;
	uint32_t		 new_flows;	/* of a source, 1/s */
	bool			 stays;		/* of the new configuration */
	bool			 forwards;	/* its groups are joined */
	/* of the interface, where the kernel knows flows of it; else 0 */
	uint32_t		 ifindex;
	void			*shell;
	uint32_t		 mtu;		/* of the interface; 0: any */
	struct edged_lan	 lan;
	uint64_t		 packets_in, packets_out, octets_out;
	uint64_t		 no_room;	/* dropped by the interface */
};
TAILQ_HEAD(edged_ports, edged_port);

/* Clients by protocol. */
enum { EDGED_V4, EDGED_V6, EDGED_FAMILIES };

/* An endpoint: of the edge, or of its multicast server. */
struct edged_end {
	struct edged_edge	*edge;
	bool			 mcs;
	struct marsc_host	*host;		/* NULL: there is none */
	struct vc_link		*link;		/* NULL: not open */
	struct marsc		*client[EDGED_FAMILIES];
};

/* Ranges that an endpoint has joined. */
struct edged_ranges {
	struct edged_range	*list;
	size_t			 n;
	bool			 changing;	/* just now */
};

struct edged_edge {
	TAILQ_ENTRY(edged_edge)	 entry;
	struct edged		*edged;
	bool			 stays;		/* of the new configuration */
	struct edged_edge_conf	 conf;
	const struct edged_policy *policy;
	struct edged_end	 self, server;
	struct edged_ranges	 served, blocks;
	struct edged_ports	 ports;
	struct edged_join_tree	 joins;
	uint32_t		 njoins;
	struct edged_flows	 flows;
	struct edged_bucket	 too_big;
	/* of packets from other sites that belong to no flow */
	uint64_t		 ip_drops[EDGED_IP_DROP_MAX];
	uint64_t		 policy_drops[EDGED_POLICY_DROP_MAX];
	uint64_t		 flow_drops[EDGED_FLOW_DROP_MAX]; /* all */
	uint64_t		 out_packets, out_copies, in_packets, in_copies;
	uint64_t		 kernel_packets, kernel_copies; /* of these */
	struct edged_probe_limit probe_limit;
	uint64_t		 probes_in, probes_answered, probes_refused;
	uint64_t		 probe_answers, probe_unasked;
};
TAILQ_HEAD(edged_edges, edged_edge);

/* The probe that is under way, or that was the last. */
struct edged_probing {
	struct edged_edge	*edge;		/* NULL: none is under way */
	char			 name[NAME_SIZE];	/* of the edge */
	struct paddr		 group;
	struct edged_prober	 prober;
	edged_probed		*done;
	void			*arg;
	const char		*lost;		/* marsc_drop_text(), or NULL */
	char			 why[256];
};

struct edged {
	const struct edged_ops	*ops;
	void			*arg;
	struct timers		*timers;
	mtime_t			 started;
	struct edged_edges	 edges;
	/* offload.c; NULL: no path through the kernel */
	struct edged_kernel	*kernel;
	struct kpath_leaf	*leaves;
	struct timer		 offload;
	struct edged_probing	 probing;
	uint8_t			 packet[EDGED_PACKET_MAX];
	uint8_t			 fragment[EDGED_PACKET_MAX];
};

/* offload.c: flows that go through the kernel */
void	edged_offload_init(struct edged *);
void	edged_offload_end(struct edged *);
/* Something of it has changed: they come up here until they are judged anew. */
void	edged_offload_group(struct edged_edge *, const struct paddr *);
void	edged_offload_edge(struct edged_edge *);
void	edged_offload_port(struct edged_port *);
/* The port is about to be freed. */
void	edged_offload_forget(struct edged_port *);
/* Does it go through the kernel now? */
bool	edged_offload_has(const struct edged_edge *, const struct edged_flow *);

/* join.c: what is joined, the union of what the LANs want */
void	edged_join_add(struct edged_edge *, const struct paddr *);
void	edged_join_remove(struct edged_edge *, const struct paddr *);
/* is the edge a member of it, by itself or within a block? */
bool	edged_joined(struct edged_edge *, const struct paddr *);
/*
 * The static blocks of LANs for which the edge forwards, and what its multicast
 * server serves, as they are now.  One that overlaps what is still being left
 * is tried again when that has gone.
 */
void	edged_join_blocks(struct edged_edge *);
void	edged_join_served(struct edged_edge *);

/* edge.c */
void	edged_edge_event(const struct edged_edge *, struct edged_event *);
/* the client of the group's protocol, or NULL */
struct marsc	*edged_end_client(const struct edged_end *,
		    const struct paddr *group);

/* forward.c */
/* a packet from another site; for struct marsc_ops */
void	edged_forward_packet(void *, struct marsc *,
	    const struct marsc_packet *);
/* of a packet to that group: what is configured, or what the way to some member
 * takes, if that is less */
uint32_t	edged_edge_mtu(const struct edged_edge *,
		    const struct paddr *group);
/* MARSC_NOTICE_SENT, or ..._NOT_SENT */
void	edged_forward_held(struct edged_edge *, const struct marsc_notice *);
/* probing.c */
/* From another site.  False: it is neither a probe nor an answer to one. */
bool	edged_probing_input(struct edged_edge *, struct marsc *,
	    const struct marsc_packet *);
/* What was held for that group will not be sent. */
void	edged_probing_lost(struct edged_edge *, const struct paddr *group,
	    const char *why);
/* The edge is about to be freed. */
void	edged_probing_forget(struct edged_edge *);
/* out on the LAN; counted */
void	edged_port_send(struct edged_port *, const void *, size_t);

#endif
