/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>
#include <string.h>

#include "tally.h"

static int
tally_cmp(struct tally_item *a, struct tally_item *b)
{
	return strcmp(a->key, b->key);
}

RB_GENERATE(tally_tree, tally_item, entry, tally_cmp)

void
tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	RB_INIT(&t->tree);
}

static void
tally_remove(struct tally *t, struct tally_item *i)
{
	RB_REMOVE(tally_tree, &t->tree, i);
	t->n--;
	free(i);
}

void
tally_free(struct tally *t)
{
	struct tally_item *i;

	while ((i = RB_MIN(tally_tree, &t->tree)) != NULL)
		tally_remove(t, i);
}

void
tally_look(struct tally *t)
{
	struct tally_item *i;

	t->look++;
	RB_FOREACH(i, tally_tree, &t->tree)
		i->grown = 0;
}

struct tally_item *
tally_find(struct tally *t, const char *key)
{
	struct tally_item find;

	(void)strlcpy(find.key, key, sizeof(find.key));
	return RB_FIND(tally_tree, &t->tree, &find);
}

/* The item of that name.  NULL: no room for it. */
static struct tally_item *
tally_get(struct tally *t, const char *key)
{
	struct tally_item *i = tally_find(t, key);

	if (i == NULL) {
		if (t->n >= TALLY_MAX || (i = calloc(1, sizeof(*i))) == NULL)
			return NULL;
		(void)strlcpy(i->key, key, sizeof(i->key));
		RB_INSERT(tally_tree, &t->tree, i);
		t->n++;
	}
	if (i->look != t->look) {
		i->look = t->look;
		i->parts_before = i->parts;
		i->before = i->value;
		i->parts = 0;
	}
	return i;
}

void
tally_put(struct tally *t, const char *key, uint64_t value)
{
	struct tally_item *i;

	if ((i = tally_get(t, key)) == NULL)
		return;
	i->value = i->parts++ == 0 ? value : i->value + value;
	if (i->parts_before == 0 || i->parts < i->parts_before)
		i->grown = 0;
	else if (i->value >= i->before)
		i->grown = i->value - i->before;
	else
		i->grown = i->value;
}

void
tally_add(struct tally *t, const char *key, uint64_t grown)
{
	struct tally_item *i;

	if ((i = tally_get(t, key)) == NULL)
		return;
	i->grown += grown;
	i->value += grown;
}

void
tally_sweep(struct tally *t)
{
	struct tally_item *i, *next;

	RB_FOREACH_SAFE(i, tally_tree, &t->tree, next)
		if (i->look != t->look)
			tally_remove(t, i);
}

size_t
tally_top(struct tally *t, const struct tally_item **top, size_t max)
{
	struct tally_item *i;
	size_t n = 0, at;

	RB_FOREACH(i, tally_tree, &t->tree) {
		if (i->grown == 0)
			continue;
		for (at = n; at > 0 && top[at - 1]->grown < i->grown; at--)
			if (at < max)
				top[at] = top[at - 1];
		if (at < max)
			top[at] = i;
		if (n < max)
			n++;
	}
	return n;
}
