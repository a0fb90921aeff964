/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Ordered sets of many objects, as B+-trees: an object is found with a cache
 * miss or two where a binary tree of a million has twenty, and takes little
 * more than a pointer and its key.  A set of one object is only a pointer.
 *
 * A key is one or two numbers, taken from the object by its owner.  Where
 * they may be equal for different objects the tree has a function that
 * decides between these; it is asked only then.  Objects are neither copied
 * nor freed, and their keys must not change while they are in a tree.
 */
#ifndef MARS_BTREE_H
#define MARS_BTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BTREE_WORDS	2	/* of a key, at most */

struct btree;
struct btree_node;

/*
 * What is looked for: the key, and what cmp gets as its first argument, which
 * need not be an object.
 */
struct btree_probe {
	uint64_t	 key[BTREE_WORDS];
	const void	*like;
};

/* What trees of one kind have in common. */
struct btree_kind {
	/* octets of a key: 4 (the number is below 2^32), 8, or 16 */
	uint8_t		 octets;
	/* orders objects with equal keys; NULL: there are none */
	int		(*cmp)(const struct btree *, const void *like,
			    const void *object);
	/* what an object of the tree is found by */
	struct btree_probe (*place)(const struct btree *, const void *object);
};

struct btree {
	const struct btree_kind *kind;
	void		*top;	/* a node, or the only object; NULL: empty */
	bool		 alone;	/* it is the only object */
	uint8_t		 height; /* levels above the leaves */
};

/* An empty tree. */
void	 btree_init(struct btree *, const struct btree_kind *);
/* Forgets all objects. */
void	 btree_clear(struct btree *);
/* The object, or NULL. */
void	*btree_find(const struct btree *, const struct btree_probe *);
/* The first object behind this place, which may be empty; NULL: none. */
void	*btree_after(const struct btree *, const struct btree_probe *);
/* The same, or the one that is in this place. */
void	*btree_from(const struct btree *, const struct btree_probe *);
/* The first of all, or NULL. */
void	*btree_first(const struct btree *);
/*
 * Puts an object into its place, unless there is one, and returns what is there
 * then.  NULL: no memory, and nothing has changed.
 */
void	*btree_insert(struct btree *, void *);
/* Takes out what is in this place, and returns that, or NULL. */
void	*btree_remove(struct btree *, const struct btree_probe *);

#define BTREE_LEVELS	8	/* at most: 2^40 objects are fewer */

/* A walk over all objects, while nothing changes in the tree. */
struct btree_walk {
	const struct btree	*tree;
	struct btree_node	*at[BTREE_LEVELS];
	uint16_t		 next[BTREE_LEVELS]; /* entry of that node */
};

void	 btree_walk_init(struct btree_walk *, const struct btree *);
/* The same, from the first object behind this place. */
void	 btree_walk_after(struct btree_walk *, const struct btree *,
	    const struct btree_probe *);
/* The first, then the next object; NULL: there is none any more. */
void	*btree_walk_next(struct btree_walk *);

#endif
