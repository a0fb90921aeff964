/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The flows of an edge: what one source sends to one group, out to other
 * sites or in from them, with its counters; and of each group the bucket of
 * its rate.  It is one flat table, and bounded: where it is full, the flow that
 * has been silent for longest goes, and its counters with it.  Nothing that is
 * forwarded depends on it.
 */
#ifndef EDGED_FLOW_H
#define EDGED_FLOW_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "kernel.h"
#include "rate.h"
#include "timer.h"

/* Why a packet that may pass goes no further: symbol, name, text. */
#define EDGED_FLOW_DROPS(X) \
	X(EDGED_FLOW_DROP_RATE, "rate-group", "rate of its group") \
	X(EDGED_FLOW_DROP_NEW, "new-flows", "new groups of its source") \
	X(EDGED_FLOW_DROP_TOO_BIG, "too-big", \
	    "larger than the mtu, and may not be fragmented") \
	X(EDGED_FLOW_DROP_NO_MEMBER, "no-member", \
	    "no other site wants its group") \
	X(EDGED_FLOW_DROP_NO_ANSWER, "no-answer", \
	    "no MARS says who wants its group") \
	X(EDGED_FLOW_DROP_HELD, "held", \
	    "as many wait for the first circuit as may") \
	X(EDGED_FLOW_DROP_NOT_SENT, "not-sent", \
	    "it waited for the first circuit, and none came") \
	X(EDGED_FLOW_DROP_BUSY, "busy", \
	    "too many groups are sent to at a time") \
	X(EDGED_FLOW_DROP_CIRCUIT, "circuit", "no circuit takes it") \
	X(EDGED_FLOW_DROP_PROTOCOL, "protocol", \
	    "not a protocol of this edge") \
	X(EDGED_FLOW_DROP_MEMORY, "memory", "out of memory") \
	/* the rest: from other sites to our LANs */ \
	X(EDGED_FLOW_DROP_LOOP, "loop", "its source is on our own LAN") \
	X(EDGED_FLOW_DROP_NOT_WANTED, "not-wanted", "no LAN wants its group") \
	X(EDGED_FLOW_DROP_FILTERED, "filtered", \
	    "no LAN wants this source of its group") \
	X(EDGED_FLOW_DROP_NOT_FORWARDER, "not-forwarder", \
	    "another edge forwards on the LAN")

enum edged_flow_drop {
	EDGED_FLOW_OK = 0,
#define X(sym, name, text) sym,
	EDGED_FLOW_DROPS(X)
#undef X
	EDGED_FLOW_DROP_MAX
};

const char	*edged_flow_drop_name(enum edged_flow_drop);

struct edged_flow;

/* what all flows of a group have in common */
struct edged_flow_group {
	struct edged_flow_group	*next;		/* of equal hash, or free */
	struct paddr		 addr;
	uint32_t		 nflows;
	struct edged_bucket	 octets;
	struct edged_flow	*held;	/* whose packets wait; or NULL */
};

struct edged_flow {
	struct edged_flow	*next;		/* of equal hash */
	TAILQ_ENTRY(edged_flow)	 entry;
	struct edged_flow_group	*group;
	struct paddr		 source;
	uint8_t			 dir;		/* EDGED_DIR_* */
	uint32_t		 members;	/* sites, or LANs, of late */
	uint32_t		 ifindex;	/* where it came from; 0: not
						 * to be known by the kernel */
	struct edged_kernel_wait kernel;	/* where it did not go well */
	mtime_t			 since, last;
	uint64_t		 packets, octets;	/* that came */
	uint64_t		 copies;		/* that went out */
	uint64_t		 drops[EDGED_FLOW_DROP_MAX];
	/* octets of this second and of the last one that is over */
	mtime_t			 second;
	uint64_t		 now_octets, last_octets;
};

TAILQ_HEAD(edged_flow_list, edged_flow);

struct edged_flows {
	struct edged_flow	*all;		/* max of them */
	struct edged_flow	**heads;	/* by hash */
	struct edged_flow_group	*groups, **group_heads;
	struct edged_flow_group	*group_free;
	uint32_t		 max, used, mask;
	uint32_t		 ngroups;	/* that have flows */
	uint64_t		 seed;
	uint64_t		 evicted;
	struct edged_flow_list	 order;		/* oldest first */
};

/* At most max flows; seed is random.  0, or -1: no memory. */
int	edged_flows_init(struct edged_flows *, uint32_t max, uint64_t seed);
void	edged_flows_free(struct edged_flows *);
/* the flow that there is, or NULL */
struct edged_flow	*edged_flow_find(struct edged_flows *,
			    const struct paddr *source,
			    const struct paddr *group, uint8_t dir);
/* a new one; never NULL.  Both are good until the next call of this. */
struct edged_flow	*edged_flow_new(struct edged_flows *, mtime_t now,
			    const struct paddr *source,
			    const struct paddr *group, uint8_t dir);
/* the flow whose packets wait for the path of that group; or NULL */
struct edged_flow	*edged_flow_held(struct edged_flows *,
			    const struct paddr *group);
/* a packet of so many octets has come */
void	edged_flow_count(struct edged_flows *, struct edged_flow *, mtime_t now,
	    size_t octets);
/* so many packets have, with so many octets together */
void	edged_flow_count_many(struct edged_flows *, struct edged_flow *,
	    mtime_t now, uint64_t packets, uint64_t octets);
/* bit/s, of the last whole second */
uint64_t	edged_flow_rate(const struct edged_flow *, mtime_t now);
/* the n-th that was ever used, for show; NULL behind the last */
const struct edged_flow	*edged_flows_nth(const struct edged_flows *,
			    uint32_t n);

#endif
