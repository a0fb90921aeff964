/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A server group (PID and SGID): an instance of SCSP of its own (RFC 2334
 * section 2) with its cache and its neighbors.  Groups of other protocols
 * than MARS are kept in step without being understood: any contents are
 * good, nothing in them is ours, and marsd is not told.
 */
#ifndef SCSP_GROUP_H
#define SCSP_GROUP_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "cache.h"
#include "conf.h"
#include "message.h"
#include "peer.h"
#include "timer.h"

struct scsp;

struct scsp_group {
	RB_ENTRY(scsp_group)	 node;
	struct scsp		*scsp;
	uint16_t		 pid, sgid;
	char			 name[NAME_SIZE];
	uint16_t		 hop_count;
	int64_t			 tombstone;	/* microseconds */
	uint32_t		 max_records;
	bool			 near;		/* told that it is near */
	bool			 refused;	/* a record: align anew */
	struct timer		 room;		/* when there is some again */
	bool			 holding;	/* own records wait, A-11 */
	struct timer		 release;	/* set while some still do */
	scsp_record_id		 released;	/* up to here none does */
	int32_t			 born;		/* s since 2020, A-11 */
	bool			 reborn;	/* an earlier life turned up */
	int32_t			 past;		/* beyond all of that life's */
	struct timer		 forgotten;	/* it is, by everybody */
	bool			 wanted, made;	/* while it is configured */
	struct scsp_cache	 cache;
	struct scsp_neighbor_list neighbors;
	struct timer		 mortal_timer;
};
RB_HEAD(scsp_group_tree, scsp_group);
RB_PROTOTYPE(scsp_group_tree, scsp_group, node, scsp_group_cmp)
int	scsp_group_cmp(const struct scsp_group *, const struct scsp_group *);

/* NULL: no memory */
struct scsp_group *scsp_group_new(struct scsp *, uint16_t pid, uint16_t sgid);
/* with its neighbors and its cache */
void	scsp_group_free(struct scsp_group *);
/* NULL: there is none */
struct scsp_group *scsp_group_get(struct scsp *, uint16_t pid, uint16_t sgid);
/* the group of PID_MARS with this SGID, or NULL */
struct scsp_group *scsp_group_find(struct scsp *, uint16_t sgid);
bool	scsp_group_is_mars(const struct scsp_group *);
/* the first number of a key in this life, if none is known */
int32_t	scsp_group_first(const struct scsp_group *);
/* does our marsd answer for records of this name? */
bool	scsp_group_owns(const struct scsp_group *, scsp_record_id);
/* the function that judges the contents of its records */
enum csa_verdict (*scsp_group_judge(const struct scsp_group *))(const void *,
	    size_t);

/* to marsd, see ipc.h; nothing for groups of other protocols */
void	scsp_group_tell_update(struct scsp_group *, const struct scsp_csas *,
	    uint8_t how);
void	scsp_group_tell_gone(struct scsp_group *, scsp_record_id);
void	scsp_group_tell_neighbor(struct scsp_group *, uint32_t id, bool);

/*
 * May this neighbor make us hold so many entries more?  What the others have a
 * right to and do not use is kept free for them.
 */
bool	scsp_group_room(const struct scsp_group *,
	    const struct scsp_neighbor *, uint32_t n);
/*
 * An entry was added, by a neighbor or (NULL) by marsd: tells the owner once
 * when nine tenths of the limit are used, and again only after a fall below
 * eight tenths.
 */
void	scsp_group_filled(struct scsp_group *, struct scsp_neighbor *);
/*
 * There was no room for a record of this neighbor.  It has no reason to send
 * it again: once a twentieth of the limit is free for this neighbor, or half
 * of its own part, the two caches are aligned anew.
 */
void	scsp_group_refused(struct scsp_neighbor *);
/*
 * What this neighbor has just said of a record the others may not know, or know
 * better, and no summary is due: their caches are aligned anew, as soon as they
 * would be for want of room.
 */
void	scsp_group_doubts(const struct scsp_neighbor *);
/* an entry has gone, or the limit is higher */
void	scsp_group_emptied(struct scsp_group *);
/* sets the timer for the oldest of the entries that go in time */
void	scsp_group_mortals(struct scsp_group *);
/*
 * a neighbor no longer has to be told of the entry: if it was the last one, and
 * the entry has expired, the entry goes
 */
void	scsp_entry_settle(struct scsp_group *, struct scsp_entry *);
/* off every queue and out of the cache */
void	scsp_entry_remove(struct scsp_group *, struct scsp_entry *);

#endif
