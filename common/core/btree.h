/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Ordered sets of many objects, as B+-trees: an object is found with a cache
 * miss or two where a binary tree of a million has twenty, and takes little
 * more than four octets and its key.  A set of one object is only a pointer.
 *
 * A key is one or two numbers, taken from the object by its owner.  Where
 * they may be equal for different objects the tree has a function that
 * decides between these; it is asked only then.  Objects are neither copied
 * nor freed, and their keys must not change while they are in a tree.  Those of
 * a tree are all of slabs of one pool (slab.h).
 */
#ifndef MARS_BTREE_H
#define MARS_BTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BTREE_WORDS	2	/* of a key, at most */

struct btree_kind;
struct btree_node;

/*
 * What is looked for: the key, and what cmp gets as its first argument, which
 * need not be an object.
 */
struct btree_probe {
	uint64_t	 key[BTREE_WORDS];
	const void	*like;
};

/* What trees of one kind have in common: a tree is always of the same. */
struct btree_kind {
	/* octets of a key: 4 (the number is below 2^32), 8, or 16 */
	uint8_t		 octets;
	/* orders objects with equal keys; NULL: there are none */
	int		(*cmp)(const struct btree_kind *, const void *like,
			    const void *object);
	/* what an object of a tree is found by */
	struct btree_probe (*place)(const struct btree_kind *,
			    const void *object);
};

struct btree {
	uintptr_t	 top;	/* the only object, or a node; 0: empty */
};

/* An empty tree. */
void	 btree_init(struct btree *);
/* Forgets all objects. */
void	 btree_clear(const struct btree_kind *, struct btree *);
/* The object, or NULL. */
void	*btree_find(const struct btree_kind *, const struct btree *,
	    const struct btree_probe *);
/* The first object behind this place, which may be empty; NULL: none. */
void	*btree_after(const struct btree_kind *, const struct btree *,
	    const struct btree_probe *);
/* The same, or the one that is in this place. */
void	*btree_from(const struct btree_kind *, const struct btree *,
	    const struct btree_probe *);
/* The first of all, or NULL. */
void	*btree_first(const struct btree_kind *, const struct btree *);
/* Has it no object?  One object? */
bool	 btree_empty(const struct btree *);
bool	 btree_single(const struct btree *);
/*
 * Puts an object into its place, unless there is one, and returns what is there
 * then.  NULL: no memory, and nothing has changed.
 */
void	*btree_insert(const struct btree_kind *, struct btree *, void *);
/* Takes out what is in this place, and returns that, or NULL. */
void	*btree_remove(const struct btree_kind *, struct btree *,
	    const struct btree_probe *);

#define BTREE_LEVELS	8	/* at most: 2^40 objects are fewer */

/* A walk over all objects, while nothing changes in the tree. */
struct btree_walk {
	const struct btree_kind	*kind;
	void			*only;	/* object, and not given yet */
	struct btree_node	*at[BTREE_LEVELS];
	uint16_t		 next[BTREE_LEVELS]; /* entry of that node */
	uint16_t		 height;	/* of the root */
};

void	 btree_walk_init(struct btree_walk *, const struct btree_kind *,
	    const struct btree *);
/* The same, from the first object behind this place. */
void	 btree_walk_after(struct btree_walk *, const struct btree_kind *,
	    const struct btree *, const struct btree_probe *);
/* The first, then the next object; NULL: there is none any more. */
void	*btree_walk_next(struct btree_walk *);

#endif
