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
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "btree.h"
#include "ipc.h"
#include "message.h"
#include "slab.h"
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

/* New contents of a record of ours that is being purged. */
struct scsp_renewal {
	int32_t			 past;	/* our last number before the end */
	uint16_t		 len;
	uint8_t			 data[];
};

/* The entries that one neighbor makes us hold. */
struct scsp_share {
	uint32_t		 held;
};

/* There may be millions: what most have not is a reference (slab.h). */
struct scsp_entry {
	scsp_record_id		 id;
	mtime_t			 since;	/* this instance is here */
	uint8_t			*data;
	uint32_t		 link;	/* first one on a retransmit queue */
	uint32_t		 share;	/* whose it is, or 0: ours */
	uint32_t		 end;	/* if TOMB, BARE, or it begins anew */
	int32_t			 seq;	/* of data */
	int32_t			 seen;	/* highest that anybody had, >= seq */
	uint16_t		 len;
	uint8_t			 flags;
};

/* What only an entry has that is to come to its end. */
struct scsp_end {
	TAILQ_ENTRY(scsp_end)	 mortal;	/* if TOMB or BARE */
	struct scsp_entry	*entry;
	struct scsp_renewal	*renewal;	/* or NULL */
};
TAILQ_HEAD(scsp_end_list, scsp_end);

#define CONTENTS_CLASSES 16		/* of contents: 8 octets, 16, ... */

struct scsp_cache {
	struct btree		 entries;
	struct slab		 room;	/* for them */
	struct slab		 ends, shares;
	struct scsp_end		*spare;	/* or NULL */
	struct slab		 contents[CONTENTS_CLASSES];
	struct scsp_end_list	 mortals;	/* by since, oldest first */
	uint32_t		 count, tombs, hidden, bare, held;
	uint64_t		 erased;	/* entries, so far */
};

void	 scsp_cache_init(struct scsp_cache *, struct slab_pool *);
/* frees every entry; none may be on a queue */
void	 scsp_cache_free(struct scsp_cache *);
/* NULL: there is none */
struct scsp_entry *scsp_cache_find(struct scsp_cache *, scsp_record_id);
/* the first entry after this name, or of all; NULL: there is none */
struct scsp_entry *scsp_cache_after(struct scsp_cache *, scsp_record_id);
struct scsp_entry *scsp_cache_first(struct scsp_cache *);
/*
 * The same for many, while none comes or goes: each call of btree_walk_next()
 * gives one.  after: NULL: all.
 */
void	 scsp_cache_walk(struct btree_walk *, const struct scsp_cache *,
	    const scsp_record_id *after);
/* it is about to be looked for: fetches it from memory, without waiting */
void	 scsp_cache_fetch(struct scsp_cache *, scsp_record_id);
/* a new, bare entry; the name must not be there yet.  NULL: no memory */
struct scsp_entry *scsp_cache_add(struct scsp_cache *, scsp_record_id,
	    mtime_t now);
/*
 * A new instance takes the place of the old one.  It is visible, lives as
 * long as its kind does, and keeps ENTRY_OWN and ENTRY_HELD.  The contents
 * may be those of the entry itself.  False: no memory, and nothing changed.
 */
bool	 scsp_cache_set(struct scsp_cache *, struct scsp_entry *, int32_t seq,
	    const void *, uint16_t len, bool tomb, mtime_t now);
/*
 * What follows when a purge of the entry is over; it is the entry's from now
 * on, in the place of another.  False: no memory, and it is still the caller's.
 */
bool	 scsp_cache_renew(struct scsp_cache *, struct scsp_entry *,
	    struct scsp_renewal *);
/* that, or NULL */
const struct scsp_renewal *scsp_entry_renewal(const struct scsp_entry *);
/* the same, which is the caller's from now on */
struct scsp_renewal *scsp_entry_take_renewal(struct scsp_entry *);
/* of those that go in time, the one that has been so for longest; or NULL */
struct scsp_entry *scsp_cache_mortal(const struct scsp_cache *);
/* a share of no entries; NULL: no memory */
struct scsp_share *scsp_cache_share(struct scsp_cache *);
/* counts the entry among those of a share; NULL: among none */
void	 scsp_cache_charge(struct scsp_entry *, struct scsp_share *);
/* frees the share: its entries are of none */
void	 scsp_cache_discharge(struct scsp_cache *, struct scsp_share *);
/*
 * Is this instance, or one that makes it void, here already?  Of a record of
 * another server, a higher number that came with contents that were not
 * understood does not.
 */
bool	 scsp_entry_knows(const struct scsp_entry *, int32_t seq);
/* sets, or takes away, ENTRY_* flags, which are counted */
void	 scsp_cache_flag(struct scsp_cache *, struct scsp_entry *,
	    uint8_t flags);
void	 scsp_cache_unflag(struct scsp_cache *, struct scsp_entry *,
	    uint8_t flags);
/* takes it out of the cache and frees it; it must be on no queue */
void	 scsp_cache_erase(struct scsp_cache *, struct scsp_entry *);
/* is it part of what neighbors are told? */
bool	 scsp_entry_listed(const struct scsp_entry *);

/* is this number usable? */
bool	 scsp_seq_valid(int32_t);
/*
 * The number of the next instance of a record of ours (B.2.0.2, A-11, A-92).
 * known: it was published or seen before.  seq: its last number, seen: the
 * highest that came back, again: as seq but with other contents.
 * SEQ_PURGE: purge it first; SEQ_RESERVED: there is no way on.
 */
int32_t	 scsp_seq_next(bool known, int32_t seq, int32_t seen, bool again);

#endif
