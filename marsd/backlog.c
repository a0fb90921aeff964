/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdlib.h>

#include "backlog.h"

/* What a node has joined, or what it has left. */
struct marsd_pending {
	RB_ENTRY(marsd_pending)	 entry;
	enum marsd_backlog_kind	 kind;
	struct marsd_subject	 who;
	struct marsd_ranges	 groups;
};

struct marsd_migration {
	RB_ENTRY(marsd_migration) entry;
	struct paddr		 group;
	struct marsd_subject	 to;
};

static int
marsd_pending_cmp(struct marsd_pending *a, struct marsd_pending *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->who.layer3 != b->who.layer3)
		return a->who.layer3 ? 1 : -1;
	return atm_addr_cmp(&a->who.atm, &b->who.atm);
}

static int
marsd_migration_cmp(struct marsd_migration *a, struct marsd_migration *b)
{
	return paddr_cmp(&a->group, &b->group);
}

RB_PROTOTYPE(marsd_pending_tree, marsd_pending, entry, marsd_pending_cmp)
RB_GENERATE(marsd_pending_tree, marsd_pending, entry, marsd_pending_cmp)
RB_PROTOTYPE(marsd_migration_tree, marsd_migration, entry, marsd_migration_cmp)
RB_GENERATE(marsd_migration_tree, marsd_migration, entry, marsd_migration_cmp)

void
marsd_backlog_init(struct marsd_backlog *b)
{
	RB_INIT(&b->nodes);
	RB_INIT(&b->migrations);
	b->nnodes = b->nmigrations = b->ranges = 0;
	marsd_ranges_init(&b->asked);
	b->asked_all = false;
}

/* All has been told: what was asked before does not matter any more. */
static void
forget_asked(struct marsd_backlog *b)
{
	if (!marsd_backlog_empty(b))
		return;
	marsd_ranges_clear(&b->asked);
	b->asked_all = false;
}

static void
pending_free(struct marsd_backlog *b, struct marsd_pending *n)
{
	RB_REMOVE(marsd_pending_tree, &b->nodes, n);
	b->nnodes--;
	b->ranges -= n->groups.n;
	marsd_ranges_clear(&n->groups);
	free(n);
}

static void
migration_free(struct marsd_backlog *b, struct marsd_migration *m)
{
	RB_REMOVE(marsd_migration_tree, &b->migrations, m);
	b->nmigrations--;
	free(m);
}

void
marsd_backlog_clear(struct marsd_backlog *b)
{
	struct marsd_migration *m;
	struct marsd_pending *n;

	while ((n = RB_ROOT(&b->nodes)) != NULL)
		pending_free(b, n);
	while ((m = RB_ROOT(&b->migrations)) != NULL)
		migration_free(b, m);
	forget_asked(b);
}

bool
marsd_backlog_shrink(struct marsd_backlog *b, size_t by)
{
	struct marsd_pending *n;

	while ((n = RB_ROOT(&b->nodes)) != NULL && n->groups.n <= by) {
		by -= n->groups.n;
		pending_free(b, n);
	}
	if (n == NULL) {
		marsd_backlog_clear(b);
		return false;
	}
	marsd_ranges_shrink(&n->groups, by);
	b->ranges -= by;
	return true;
}

bool
marsd_backlog_empty(const struct marsd_backlog *b)
{
	return RB_EMPTY(&b->nodes) && RB_EMPTY(&b->migrations);
}

static enum marsd_backlog_kind
change_kind(enum marsd_role role, bool joined)
{
	if (role == MARSD_ROLE_CLIENT)
		return joined ? MARSD_BACKLOG_CLIENT_JOIN :
		    MARSD_BACKLOG_CLIENT_LEAVE;
	return joined ? MARSD_BACKLOG_MCS_JOIN : MARSD_BACKLOG_MCS_LEAVE;
}

static struct marsd_pending *
pending_find(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined, bool layer3)
{
	struct marsd_pending key;

	key.kind = change_kind(who->role, joined);
	key.who.layer3 = layer3;
	key.who.atm = who->atm;
	return RB_FIND(marsd_pending_tree, &b->nodes, &key);
}

static struct marsd_pending *
pending_get(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined)
{
	struct marsd_pending *n = pending_find(b, who, joined, who->layer3);

	if (n != NULL || b->nnodes >= MARSD_BACKLOG_NODES)
		return n;
	if ((n = malloc(sizeof(*n))) == NULL)
		return NULL;
	n->kind = change_kind(who->role, joined);
	n->who = *who;
	marsd_ranges_init(&n->groups);
	RB_INSERT(marsd_pending_tree, &b->nodes, n);
	b->nnodes++;
	return n;
}

/* Takes a range from what is pending of a node, if anything is. */
static bool
pending_take(struct marsd_backlog *b, struct marsd_pending *n,
    const struct marsd_span *s, struct marsd_spans *taken)
{
	size_t had;
	bool ok;

	if (n == NULL)
		return true;
	had = n->groups.n;
	ok = marsd_ranges_take(&n->groups, s, taken);
	b->ranges = b->ranges - had + n->groups.n;
	if (n->groups.n == 0)
		pending_free(b, n);
	return ok;
}

static bool
pending_add(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined, const struct marsd_span *s)
{
	struct marsd_pending *n = pending_get(b, who, joined);
	size_t had;
	bool ok;

	if (n == NULL)
		return false;
	n->who.spa = who->spa;
	had = n->groups.n;
	ok = marsd_ranges_add(&n->groups, s);
	b->ranges = b->ranges - had + n->groups.n;
	if (n->groups.n == 0)
		pending_free(b, n);
	return ok;
}

/* What is left of a range without those. */
static void
spans_less(const struct marsd_span *s, const struct marsd_spans *without,
    struct marsd_spans *out)
{
	struct marsd_punch p;
	size_t i;

	out->failed = out->failed || without->failed;
	marsd_punch_init(&p, out, s);
	for (i = 0; i < without->n; i++)
		marsd_punch_hole(&p, &without->v[i]);
	marsd_punch_end(&p);
}

/*
 * Takes what is pending of a node of these ranges, and leaves the others in
 * the list.
 */
static bool
pending_undo(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined, bool layer3, struct marsd_spans *l)
{
	struct marsd_spans rest, taken;
	bool ok = true;
	size_t i;

	marsd_spans_init(&rest);
	for (i = 0; i < l->n; i++) {
		marsd_spans_init(&taken);
		ok = pending_take(b, pending_find(b, who, joined, layer3),
		    &l->v[i], &taken) && ok;
		spans_less(&l->v[i], &taken, &rest);
		marsd_spans_free(&taken);
	}
	marsd_spans_free(l);
	*l = rest;
	return ok;
}

/* A change of which the opposite is not pending. */
static bool
change_add(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined, const struct marsd_span *s)
{
	struct marsd_spans same;
	bool ok;

	/* where the same is pending already the newer flag counts */
	marsd_spans_init(&same);
	marsd_spans_add(&same, s);
	ok = pending_undo(b, who, joined, !who->layer3, &same) &&
	    pending_add(b, who, joined, s);
	marsd_spans_free(&same);
	return ok;
}

/*
 * What was to be told and is not so any more is not told, nor is its
 * opposite, unless somebody may know of it.
 */
bool
marsd_backlog_change(struct marsd_backlog *b, const struct marsd_subject *who,
    bool joined, const struct marsd_span *s, size_t max)
{
	struct marsd_spans rest, known;
	size_t i;
	bool ok;

	marsd_spans_init(&rest);
	marsd_spans_init(&known);
	if (b->asked_all)
		marsd_spans_add(&known, s);
	else
		marsd_ranges_common(&b->asked, s, &known);
	marsd_spans_add(&rest, s);
	ok = pending_undo(b, who, !joined, false, &rest) &&
	    pending_undo(b, who, !joined, true, &rest) &&
	    !rest.failed && !known.failed;
	for (i = 0; ok && i < rest.n; i++)
		ok = change_add(b, who, joined, &rest.v[i]);
	for (i = 0; ok && i < known.n; i++)
		ok = change_add(b, who, joined, &known.v[i]);
	marsd_spans_free(&known);
	marsd_spans_free(&rest);
	forget_asked(b);
	return ok && b->ranges <= max;
}

void
marsd_backlog_asked(struct marsd_backlog *b, const struct paddr *group)
{
	const struct marsd_span s = { *group, *group };

	if (marsd_backlog_empty(b) || b->asked_all)
		return;
	if (!marsd_ranges_add(&b->asked, &s) ||
	    b->asked.n > MARSD_BACKLOG_ASKED) {
		marsd_ranges_clear(&b->asked);
		b->asked_all = true;
	}
}

/* After a MIGRATE to one MCS, that one serves the group and no other. */
static bool
forget_mcs(struct marsd_backlog *b, const struct paddr *group)
{
	const struct marsd_span s = { *group, *group };
	struct marsd_pending key = { .kind = MARSD_BACKLOG_MCS_JOIN };
	struct marsd_pending *n, *next;
	struct marsd_spans taken;
	bool ok = true;

	marsd_spans_init(&taken);
	for (n = RB_NFIND(marsd_pending_tree, &b->nodes, &key);
	    n != NULL && n->kind <= MARSD_BACKLOG_MCS_LEAVE; n = next) {
		next = RB_NEXT(marsd_pending_tree, &b->nodes, n);
		ok = pending_take(b, n, &s, &taken) && ok;
	}
	marsd_spans_free(&taken);
	return ok;
}

bool
marsd_backlog_migrate(struct marsd_backlog *b,
    const struct marsd_subject *to, const struct paddr *group)
{
	struct marsd_migration key, *m;

	if (!forget_mcs(b, group))
		return false;
	key.group = *group;
	m = RB_FIND(marsd_migration_tree, &b->migrations, &key);
	if (m == NULL) {
		if (b->nmigrations >= MARSD_BACKLOG_MIGRATES ||
		    (m = malloc(sizeof(*m))) == NULL)
			return false;
		m->group = *group;
		RB_INSERT(marsd_migration_tree, &b->migrations, m);
		b->nmigrations++;
	}
	m->to = *to;
	return true;
}

/* The first group that has to migrate. */
static void
migration_next(struct marsd_backlog *b, struct marsd_subject *to,
    struct marsd_spans *out)
{
	struct marsd_migration *m =
	    RB_MIN(marsd_migration_tree, &b->migrations);
	const struct marsd_span s = { m->group, m->group };

	*to = m->to;
	marsd_spans_add(out, &s);
	migration_free(b, m);
}

bool
marsd_backlog_next(struct marsd_backlog *b, enum marsd_backlog_kind *kind,
    struct marsd_subject *who, struct marsd_spans *out, size_t max)
{
	struct marsd_pending *n = RB_MIN(marsd_pending_tree, &b->nodes);
	struct marsd_span s;

	if (!RB_EMPTY(&b->migrations) &&
	    (n == NULL || n->kind > MARSD_BACKLOG_MIGRATE)) {
		*kind = MARSD_BACKLOG_MIGRATE;
		migration_next(b, who, out);
		forget_asked(b);
		return true;
	}
	if (n == NULL)
		return false;
	*kind = n->kind;
	*who = n->who;
	for (; max > 0 && marsd_ranges_pop(&n->groups, &s); max--) {
		b->ranges--;
		marsd_spans_add(out, &s);
	}
	if (n->groups.n == 0)
		pending_free(b, n);
	forget_asked(b);
	return true;
}
