/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Counters by name, and by how much each has grown since the last look. */
#ifndef MARSCTL_TALLY_H
#define MARSCTL_TALLY_H

#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_KEY	256	/* octets of a name, its NUL included */
#define TALLY_MAX	200000	/* names; of any more nothing is known */

struct tally_item {
	RB_ENTRY(tally_item) entry;
	char		 key[TALLY_KEY];
	uint64_t	 value;		/* now */
	uint64_t	 grown;		/* since the look before */
	uint32_t	 look;		/* when it was last put */
	/* of that look, and of the one before: */
	uint32_t	 parts, parts_before;	/* how often; 0: it is new */
	uint64_t	 before;	/* the value */
};
RB_HEAD(tally_tree, tally_item);
RB_PROTOTYPE(tally_tree, tally_item, entry, tally_cmp)

struct tally {
	struct tally_tree tree;
	size_t		 n;
	uint32_t	 look;		/* counts tally_look() */
};

void	tally_init(struct tally *);
void	tally_free(struct tally *);
/* A new look at all counters begins: none has grown. */
void	tally_look(struct tally *);
/*
 * The counter has this value now; those of one name, as of two circuits with
 * one peer, are added up.  One that is new has not grown, and one that is
 * smaller than before has begun anew.  Where one of several has gone it is not
 * known by how much the others have grown.
 */
void	tally_put(struct tally *, const char *key, uint64_t value);
/* Of something that only grows are known. */
void	tally_add(struct tally *, const char *key, uint64_t grown);
/* The counter of that name, or NULL. */
struct tally_item *tally_find(struct tally *, const char *key);
/* Forgets what was not put since the last look. */
void	tally_sweep(struct tally *);
/*
 * Those that have grown, the most first, at most max; returns how many.
 */
size_t	tally_top(struct tally *, const struct tally_item **, size_t max);

#endif
