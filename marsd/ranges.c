/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "ranges.h"

struct marsd_ranges_part {
	RB_ENTRY(marsd_ranges_part) entry;
	struct marsd_span	 span;
};

/* They do not overlap, so the order of their ends is that of their starts. */
static int
marsd_ranges_cmp(struct marsd_ranges_part *a, struct marsd_ranges_part *b)
{
	return paddr_cmp(&a->span.max, &b->span.max);
}

RB_PROTOTYPE(marsd_ranges_tree, marsd_ranges_part, entry, marsd_ranges_cmp)
RB_GENERATE(marsd_ranges_tree, marsd_ranges_part, entry, marsd_ranges_cmp)

void
marsd_ranges_init(struct marsd_ranges *r)
{
	RB_INIT(&r->tree);
	r->n = 0;
}

static void
part_free(struct marsd_ranges *r, struct marsd_ranges_part *p)
{
	RB_REMOVE(marsd_ranges_tree, &r->tree, p);
	r->n--;
	free(p);
}

/* Without the work of a tree that stays one: there may be very many. */
static void
parts_free(struct marsd_ranges_part *p)
{
	if (p == NULL)
		return;
	parts_free(RB_LEFT(p, entry));
	parts_free(RB_RIGHT(p, entry));
	free(p);
}

void
marsd_ranges_clear(struct marsd_ranges *r)
{
	parts_free(RB_ROOT(&r->tree));
	marsd_ranges_init(r);
}

/* The first range that ends there or later. */
static struct marsd_ranges_part *
part_from(struct marsd_ranges *r, const struct paddr *a)
{
	struct marsd_ranges_part key;

	key.span.max = *a;
	return RB_NFIND(marsd_ranges_tree, &r->tree, &key);
}

bool
marsd_ranges_add(struct marsd_ranges *r, const struct marsd_span *s)
{
	struct marsd_ranges_part *p, *next, *made;
	struct paddr before = s->min, behind = s->max;

	(void)paddr_prev(&before);	/* at either end of all addresses */
	(void)paddr_next(&behind);	/* there is nothing to touch */
	p = part_from(r, &before);
	if (p != NULL && paddr_cmp(&p->span.min, &s->min) <= 0 &&
	    paddr_cmp(&p->span.max, &s->max) >= 0)
		return true;
	if ((made = malloc(sizeof(*made))) == NULL)
		return false;
	made->span = *s;
	for (; p != NULL && paddr_cmp(&p->span.min, &behind) <= 0; p = next) {
		next = RB_NEXT(marsd_ranges_tree, &r->tree, p);
		if (paddr_cmp(&p->span.min, &made->span.min) < 0)
			made->span.min = p->span.min;
		if (paddr_cmp(&p->span.max, &made->span.max) > 0)
			made->span.max = p->span.max;
		part_free(r, p);
	}
	RB_INSERT(marsd_ranges_tree, &r->tree, made);
	r->n++;
	return true;
}

/*
 * Cuts a range out of one that overlaps it.  What is left on the left needs a
 * part of its own (left) if something is left on the right as well; returns
 * whether it was used.
 */
static bool
part_cut(struct marsd_ranges *r, struct marsd_ranges_part *p,
    const struct marsd_span *s, struct marsd_ranges_part *left)
{
	bool on_left = paddr_cmp(&p->span.min, &s->min) < 0;
	bool on_right = paddr_cmp(&p->span.max, &s->max) > 0;
	struct paddr end = s->min, start = s->max;

	if (on_left)
		(void)paddr_prev(&end);
	if (on_right)
		(void)paddr_next(&start);
	if (on_left && on_right) {
		left->span.min = p->span.min;
		left->span.max = end;
		p->span.min = start;
		RB_INSERT(marsd_ranges_tree, &r->tree, left);
		r->n++;
		return true;
	}
	/* neither changes its place among the others */
	if (on_left)
		p->span.max = end;
	else if (on_right)
		p->span.min = start;
	else
		part_free(r, p);
	return false;
}

void
marsd_ranges_common(struct marsd_ranges *r, const struct marsd_span *s,
    struct marsd_spans *out)
{
	struct marsd_ranges_part *p;
	struct marsd_span common;

	for (p = part_from(r, &s->min);
	    p != NULL && paddr_cmp(&p->span.min, &s->max) <= 0;
	    p = RB_NEXT(marsd_ranges_tree, &r->tree, p)) {
		common = p->span;
		if (paddr_cmp(&common.min, &s->min) < 0)
			common.min = s->min;
		if (paddr_cmp(&common.max, &s->max) > 0)
			common.max = s->max;
		marsd_spans_add(out, &common);
	}
}

bool
marsd_ranges_take(struct marsd_ranges *r, const struct marsd_span *s,
    struct marsd_spans *taken)
{
	struct marsd_ranges_part *p, *next, *left;
	size_t had = taken->n;

	marsd_ranges_common(r, s, taken);
	if (taken->n == had && !taken->failed)
		return true;
	if (taken->failed || (left = malloc(sizeof(*left))) == NULL) {
		taken->n = had;
		return false;
	}
	for (p = part_from(r, &s->min);
	    p != NULL && paddr_cmp(&p->span.min, &s->max) <= 0; p = next) {
		next = RB_NEXT(marsd_ranges_tree, &r->tree, p);
		if (part_cut(r, p, s, left))
			left = NULL;
	}
	free(left);
	return true;
}

bool
marsd_ranges_pop(struct marsd_ranges *r, struct marsd_span *s)
{
	struct marsd_ranges_part *p = RB_MIN(marsd_ranges_tree, &r->tree);

	if (p == NULL)
		return false;
	*s = p->span;
	part_free(r, p);
	return true;
}
