/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The table by which the kernel copies packets of known flows (kpath.h), from
 * edged's side: flows are put in with their leaves, and taken out; what the
 * kernel has counted is taken over.  It is memory and nothing else.  What is
 * taken out rests before its place is used again, since the kernel may still
 * be at it; until then it is counted.
 */
#ifndef EDGED_KERNEL_H
#define EDGED_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "kpath.h"
#include "timer.h"

enum edged_kernel_state {
	EDGED_KERNEL_FREE,
	EDGED_KERNEL_ON,
	EDGED_KERNEL_RESTING	/* taken out */
};

struct edged_kernel_count {
	uint64_t	packets, octets, copies, failed;
};

/* A flow that was not put in waits, longer each time; zero at the start. */
struct edged_kernel_wait {
	mtime_t			 since;
	int64_t			 delay;
	uint64_t		 version;	/* of its leaves, then */
};

/* One place of the table; its number is that of the flow in kpath.flows. */
struct edged_kernel_slot {
	uint8_t			 state;	/* enum edged_kernel_state */
	uint16_t		 next;	/* of its chain, while it is on */
	void			*owner;	/* as it was put in */
	struct paddr		 source, group;
	uint64_t		 version;	/* of its leaves; the owner's */
	mtime_t			 since;		/* in this state */
	struct edged_kernel_count seen;
};

struct edged_kernel {
	struct kpath		*table;
	uint32_t		 used;		/* not free */
	uint32_t		 on;
	uint32_t		 nleaves;	/* not free */
	uint32_t		 next_leaf;	/* where to look first */
	uint64_t		 full;		/* flows that had no place */
	uint8_t			 leaves[KPATH_LEAVES];	/* 1: not free */
	uint16_t		 chains[KPATH_FLOWS];	/* by group: the first
							 * that is on */
	struct edged_kernel_slot slots[KPATH_FLOWS];
};

/* NULL: no memory, or a table of another version.  seed is random. */
struct edged_kernel	*edged_kernel_new(struct kpath *, uint32_t seed);
void	edged_kernel_free(struct edged_kernel *);

/* What is put in: all of *flow that edged writes, but for key and leaves. */
struct edged_kernel_entry {
	void			*owner;
	uint32_t		 ifindex;
	struct paddr		 source, group;
	uint64_t		 version;
	struct kpath_flow	 flow;
	const struct kpath_leaf	*leaves;
	uint32_t		 nleaves;
};
/* False: there is no place. */
bool	edged_kernel_add(struct edged_kernel *, mtime_t now,
	    const struct edged_kernel_entry *);
/* Takes out a flow that is on. */
void	edged_kernel_remove(struct edged_kernel *, mtime_t now, uint32_t slot);
/* The flow that is on; KPATH_FLOWS: none is. */
uint32_t	edged_kernel_find(const struct edged_kernel *,
		    uint32_t ifindex, const struct paddr *source,
		    const struct paddr *group);
/*
 * The flows of a group that are on, of all interfaces: the first one, and the
 * next; KPATH_FLOWS: no more.  The one at hand may be removed once the next is
 * known.
 */
uint32_t	edged_kernel_first(const struct edged_kernel *,
		    const struct paddr *group);
uint32_t	edged_kernel_next(const struct edged_kernel *, uint32_t slot);
/* What has been counted since this was asked last. */
struct edged_kernel_count edged_kernel_counted(struct edged_kernel *,
		    uint32_t slot);
/*
 * Octets that a flow with limited set may still send, less than 0 where it owes
 * some; and: it may send more.
 */
int64_t	edged_kernel_credit(const struct edged_kernel *, uint32_t slot);
void	edged_kernel_give(struct edged_kernel *, uint32_t slot, int64_t);
/* Has it rested for long enough?  Then its place is free from now on. */
bool	edged_kernel_rested(struct edged_kernel *, mtime_t now, uint32_t slot);
/*
 * Is it time to try it, with these leaves?  Others are tried at once.  And: it
 * was tried, in vain.
 */
bool	edged_kernel_due(const struct edged_kernel_wait *, mtime_t now,
	    uint64_t version);
void	edged_kernel_later(struct edged_kernel_wait *, mtime_t now,
	    uint64_t version);

#endif
