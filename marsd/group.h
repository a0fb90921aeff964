/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The database: who is in which group, according to whom.
 *
 * An endpoint is a node, once as a client and once as a multicast server.
 * The database has one level more than RFC 2022's: a node's membership in a
 * range is a join, and a join rests on entries, one for each server (owner)
 * that says so.  A join counts while at least one of its entries does:
 * membership is the union over all owners that are alive (D3).  Every owner,
 * ourselves included, is a peer; what a peer says about a node hangs on a
 * claim.
 *
 *	node --- join --- range		who, which groups
 *	  |	   |
 *	claim --- entry			according to whom, by which record
 *	  |
 *	peer
 *
 * Here are the nodes, joins and ranges; entry.h has claims and entries,
 * peer.h the peers.
 */
#ifndef MARSD_GROUP_H
#define MARSD_GROUP_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "btree.h"
#include "itree.h"
#include "timer.h"

struct marsd;
struct marsd_claim;
struct marsd_entry;
struct marsd_peer;
struct marsd_proto;
struct marsd_reg;

enum marsd_role {
	MARSD_ROLE_CLIENT,
	MARSD_ROLE_MCS
};
#define MARSD_ROLES	2

/* An endpoint in one role, ours or a peer's. */
struct marsd_node {
	struct marsd_proto	*proto;
	enum marsd_role		 role;
	struct atm_addr		 atm;
	struct paddr		 spa;	/* as last heard */
	struct marsd_reg	*reg;	/* its registration with us, or NULL */
	struct btree		 claims;	/* by server */
	struct marsd_itree	 joins;
	uint32_t		 njoins;
	bool			 near;	/* 90 % of what it may join */
	uint64_t		 mark;	/* of the last answer that listed it */
	/* where its Register was flooded from last, and when */
	uint8_t			 present[4];
	mtime_t			 came;
};

/* There may be a million: no larger than addresses of the protocol make it. */
struct marsd_range {
	struct btree		 joins;	/* each by its node */
	uint32_t		 live;	/* joins that count */
	uint32_t		 own;	/* that we say of our own nodes */
	uint32_t		 layer3; /* of these, for layer 3 (5.3) */
	uint8_t			 span[]; /* packed */
};

struct marsd_join {
	/* references, for marsd_node_of() and marsd_range_of() */
	uint32_t		 node, range;
	struct btree		 entries;	/* by server, by key */
	uint32_t		 counts;	/* entries that do */
	uint32_t		 layer3 : 31;	/* of these, for layer 3 */
	uint32_t		 was_layer3 : 1; /* when it did last */
};

/* Does a join count by what has been said since? */
enum marsd_change {
	MARSD_CHANGE_NONE,
	MARSD_CHANGE_UP,		/* the join counts now */
	MARSD_CHANGE_DOWN
};

struct marsd_node	*marsd_node_find(struct marsd_proto *, enum marsd_role,
			    const struct atm_addr *);
/* the same, made if need be; NULL: no memory */
struct marsd_node	*marsd_node_get(struct marsd_proto *, enum marsd_role,
			    const struct atm_addr *);
/* the first in the order of addresses, from this one on or behind it */
struct marsd_node	*marsd_node_from(const struct marsd_proto *,
			    enum marsd_role, const struct atm_addr *);
struct marsd_node	*marsd_node_after(const struct marsd_proto *,
			    enum marsd_role, const struct atm_addr *);
/* frees it if nothing is left of it */
void			 marsd_node_release(struct marsd_node *);
/* it has registered at this server, by a record that was flooded, or here */
void			 marsd_node_came(struct marsd_node *,
			    const struct marsd_peer *);
/* is the node registered with this server? */
bool			 marsd_node_is_here(const struct marsd_node *);
/* is it registered with a server other than this one? */
bool			 marsd_node_registered(const struct marsd_node *,
			    const struct marsd_peer *but);
/* the parts of a range that no other join of the node covers */
void			 marsd_node_uncovered(struct marsd_node *,
			    const struct marsd_span *, struct marsd_spans *);
/* the parts of a range that the node is in, or is not in */
void			 marsd_node_parts(struct marsd_node *,
			    const struct marsd_span *, bool in,
			    struct marsd_spans *);
/* is the node in this group, by whatever join? */
bool			 marsd_node_covers(struct marsd_node *,
			    const struct paddr *);

/* the room for ranges */
void			 marsd_range_room_init(struct marsd *);
/* the nodes and maps of a protocol, empty */
void			 marsd_maps_init(struct marsd_proto *);
/* all joins of a range, or NULL */
struct marsd_range	*marsd_range_find(const struct marsd_proto *,
			    enum marsd_role, const struct marsd_span *);
/* the first range in order behind a span (NULL: of all); NULL: none */
struct marsd_range	*marsd_range_after(const struct marsd_proto *,
			    enum marsd_role, const struct marsd_span *);
/* which groups it is of */
struct marsd_span	 marsd_range_span(const struct marsd_range *);
/* the next in order, after one or NULL, that overlaps a span; NULL: none */
struct marsd_range	*marsd_range_overlap(const struct marsd_itree *,
			    const struct marsd_span *,
			    const struct marsd_range *after);
/* each of them; nothing may come or go meanwhile */
#define MARSD_RANGE_OVERLAPS(r, map, s) \
	for ((r) = marsd_range_overlap((map), (s), NULL); (r) != NULL; \
	    (r) = marsd_range_overlap((map), (s), (r)))

/* whose a join is, and of which groups */
struct marsd_node	*marsd_node_of(const struct marsd_join *);
struct marsd_range	*marsd_range_of(const struct marsd_join *);
/* the node's first join in order behind a span (NULL: of all); NULL: none */
struct marsd_join	*marsd_join_after(const struct marsd_node *,
			    const struct marsd_span *);
/* the next one of the same node */
struct marsd_join	*marsd_join_behind(const struct marsd_join *);
struct marsd_span	 marsd_join_span(const struct marsd_join *);
/* each of them, while none comes or goes */
#define MARSD_JOIN_FOREACH(j, n) \
	for ((j) = marsd_join_after((n), NULL); (j) != NULL; \
	    (j) = marsd_join_behind(j))
/* the same, and the body may take it away; at: a span of the caller's */
#define MARSD_JOIN_FOREACH_SAFE(j, at, n) \
	for ((j) = marsd_join_after((n), NULL); \
	    (j) != NULL && ((at) = marsd_join_span(j), true); \
	    (j) = marsd_join_after((n), &(at)))
struct marsd_join	*marsd_join_find(struct marsd_node *,
			    const struct marsd_span *);
/* the same, made if need be; NULL: no memory */
struct marsd_join	*marsd_join_get(struct marsd_node *,
			    const struct marsd_span *);
/* frees it if it rests on nothing */
void			 marsd_join_release(struct marsd_join *);
/*
 * its joins, in no order that means anything: begin with marsd_range_walk(),
 * then the first, the next, NULL; no join may come or go meanwhile
 */
void			 marsd_range_walk(struct btree_walk *,
			    const struct marsd_range *);
struct marsd_join	*marsd_range_next(struct btree_walk *);

/* does an MCS serve a group of the range; local: one of ours? */
bool			 marsd_map_serves(struct marsd_proto *,
			    const struct marsd_span *, bool local);
/* what of the ranges no MCS serves */
void			 marsd_spans_unserved(struct marsd_proto *,
			    const struct marsd_spans *, struct marsd_spans *);
/* the members of a group, each once; *list to be freed; -1: no memory */
int			 marsd_group_members(struct marsd_proto *,
			    enum marsd_role, const struct paddr *,
			    const struct atm_addr ***list, size_t *n);
/* has it any? */
bool			 marsd_group_has(struct marsd_proto *, enum marsd_role,
			    const struct paddr *);

#endif
