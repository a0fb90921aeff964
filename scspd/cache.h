/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The cache of one server group: entries by (OID, key), in that order, so
 * that a summary or a listing goes on after the last one it had, whatever
 * came or went in between.
 */
#ifndef SCSP_CACHE_H
#define SCSP_CACHE_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc.h"
#include "message.h"
#include "timer.h"

#define SEQ_RESERVED	INT32_MIN	/* B.2.0.2 */
#define SEQ_FIRST	(INT32_MIN + 1)
#define SEQ_LAST	(INT32_MAX - 1)	/* of an instance that can change */
#define SEQ_PURGE	INT32_MAX

#define ENTRY_OWN	0x01	/* published here: data is ours */
#define ENTRY_HELD	0x02	/* not numbered yet: nobody has seen it */
#define ENTRY_HIDDEN	0x04	/* */
#define ENTRY_TOMB	0x08	/* a Leave and the like: goes in time, A-9 */
#define ENTRY_BARE	0x10	/* no data: only its number is known, A-39 */
#define ENTRY_EXPIRED	0x20	/* goes when nobody has to be told any more */
#define ENTRY_AGAIN	0x40	/* our number, not our contents, came back */
#define ENTRY_SHOWN	0x80	/* hidden, but its number was told: A-11 */

struct link;
LIST_HEAD(link_list, link);

struct entry {
	RB_ENTRY(entry)		 node;
	record_id		 id;
	struct link_list	 links;	/* on whose retransmit queues */
	TAILQ_ENTRY(entry)	 mortal;	/* if TOMB or BARE */
	mtime_t			 since;	/* this instance is here */
	uint8_t			*data;
	int32_t			 seq;	/* of data */
	int32_t			 seen;	/* highest that anybody had, >= seq */
	uint16_t		 len;
	uint8_t			 flags;
};
RB_HEAD(entry_tree, entry);
TAILQ_HEAD(entry_list, entry);

struct cache {
	struct entry_tree	 tree;
	struct entry_list	 mortals;	/* by since, oldest first */
	uint32_t		 count, tombs, hidden, bare, held;
};

void		 cache_init(struct cache *);
/* frees every entry; none may be on a queue */
void		 cache_free(struct cache *);
struct entry	*cache_find(struct cache *, record_id);
/* the first entry after this name, or at all */
struct entry	*cache_after(struct cache *, record_id);
struct entry	*cache_first(struct cache *);
/* a new, bare entry; the name must not be there yet.  NULL: no memory */
struct entry	*cache_add(struct cache *, record_id, mtime_t);
/* false: no memory, unchanged */
bool		 cache_set(struct cache *, struct entry *, int32_t,
		    const void *, uint16_t, bool tomb, mtime_t);
void		 cache_flag(struct cache *, struct entry *, uint8_t);
void		 cache_unflag(struct cache *, struct entry *, uint8_t);
void		 cache_erase(struct cache *, struct entry *);
/* does a neighbor get to hear of it? */
bool		 entry_listed(const struct entry *);

/* is this number usable? */
bool		 seq_valid(int32_t);
/*
 * The number of the next instance of a record of ours (B.2.0.2, A-11,
 * known: it was published or seen before.  seq: its last number,
 * seen: the highest that came back, again: as seq but with other contents.
 * SEQ_PURGE: purge it first; SEQ_RESERVED: there is no way on.
 */
int32_t		 seq_next(bool known, int32_t seq, int32_t seen, bool again);

#endif
