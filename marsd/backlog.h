/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What the nodes on a control VC have not been told yet, because the VC has
 * fallen behind.  Not the messages are kept, but by how much what they were
 * told differs from what is so: the groups that a node has joined since and
 * those that it has left, as sets.  A join that is left again before it was
 * told says nothing, and the other way round; but where a node has been
 * answered about the group in between (asked), it knows, and is told.
 *
 * When the VC can take more, what is pending comes out as messages with as
 * many pairs as fit, in this order, which keeps what RFC 2022 needs for each
 * group whatever happened to the group in between:
 *
 *	LEAVEs of clients	before a MIGRATE replaces what they are about
 *	MIGRATEs		before JOINs of further MCSs of the group
 *	JOINs of MCSs
 *	LEAVEs of MCSs		so that a path is not cut which has another MCS
 *	JOINs of clients	not before the last MCS has left: a path that
 *				has lost its last leaf is asked for anew (5.1)
 *
 * A MIGRATE says all that there is to say of a group's MCSs: what was pending
 * of them before is dropped.
 */
#ifndef MARSD_BACKLOG_H
#define MARSD_BACKLOG_H

#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "group.h"
#include "itree.h"
#include "ranges.h"

enum marsd_backlog_kind {
	MARSD_BACKLOG_CLIENT_LEAVE,
	MARSD_BACKLOG_MIGRATE,
	MARSD_BACKLOG_MCS_JOIN,
	MARSD_BACKLOG_MCS_LEAVE,
	MARSD_BACKLOG_CLIENT_JOIN
};

/* More than that, and the clients find out for themselves (5.1.5). */
#define MARSD_BACKLOG_NODES	8192
#define MARSD_BACKLOG_MIGRATES	4096
#define MARSD_BACKLOG_ASKED	8192

struct marsd_pending;
struct marsd_migration;
RB_HEAD(marsd_pending_tree, marsd_pending);
RB_HEAD(marsd_migration_tree, marsd_migration);

struct marsd_backlog {
	struct marsd_pending_tree nodes;
	struct marsd_migration_tree migrations;
	struct marsd_ranges	 asked;
	bool			 asked_all;	/* too many to know them */
	size_t			 nnodes, nmigrations;
	size_t			 ranges;	/* of all nodes */
};

/* Of whom a change is, or a message that is due. */
struct marsd_subject {
	enum marsd_role	 role;
	bool		 layer3;
	struct atm_addr	 atm;
	struct paddr	 spa;
};

void	marsd_backlog_init(struct marsd_backlog *);
void	marsd_backlog_clear(struct marsd_backlog *);
/*
 * the same, but not more than so many ranges at a time; true: there are more.
 * What is left is no backlog any more, only to be freed.
 */
bool	marsd_backlog_shrink(struct marsd_backlog *, size_t by);
bool	marsd_backlog_empty(const struct marsd_backlog *);
/*
 * A node has joined or left these groups, and was told to be in all or none
 * of them before.  max: ranges in all.  False: no room, or no memory; then
 * the backlog is to be cleared, since it is wrong now.
 */
bool	marsd_backlog_change(struct marsd_backlog *,
	    const struct marsd_subject *, bool joined,
	    const struct marsd_span *, size_t max);
/* A node has been answered about a group; only while something is pending. */
void	marsd_backlog_asked(struct marsd_backlog *, const struct paddr *group);
/* An MCS is the first of this group: the same as a change. */
bool	marsd_backlog_migrate(struct marsd_backlog *,
	    const struct marsd_subject *, const struct paddr *group);
/*
 * Takes out what one message can say: of one node, at most max ranges, of a
 * MIGRATE one group.  False: nothing is pending.
 */
bool	marsd_backlog_next(struct marsd_backlog *, enum marsd_backlog_kind *,
	    struct marsd_subject *, struct marsd_spans *, size_t max);

#endif
