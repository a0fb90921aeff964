/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What listener.c, membership.c, asking.c and reporter.c share. */
#ifndef EDGED_LISTENER_IMPL_H
#define EDGED_LISTENER_IMPL_H

#include "listener.h"

/*
 * What an action that a record causes does to the sources: to those that the
 * record names and the group did not have (fresh), to those that both have,
 * and to those that only the group has.
 */
struct edged_effect {
	enum {
		EDGED_FRESH_NONE,
		EDGED_FRESH_ZERO,
		EDGED_FRESH_GMI,
		EDGED_FRESH_GROUP
	} fresh;
	bool	renew;		/* both: timer = GMI */
	bool	prune;		/* only the group: deleted */
	/* about those whose timer runs */
	enum { EDGED_ASK_NONE, EDGED_ASK_NAMED, EDGED_ASK_OTHERS } ask;
	bool	ask_group;
	bool	group_timer;	/* = GMI */
};

/* --- membership.c: groups, their sources, and the timers of both */

/* microseconds until the timer ends; 0: it does not run */
int64_t	edged_listener_left(const struct edged_listener *,
	    const struct timer *);
/* Last Member Query Time (8.10), in microseconds */
int64_t	edged_listener_last_member(const struct edged_listener *);

/* the source, or NULL */
struct edged_source	*edged_source_find(struct edged_listener_group *,
			    const struct paddr *);
/* One more, in Y.  NULL: the limit, or no memory; counted. */
struct edged_source	*edged_source_new(struct edged_listener_group *,
			    const struct paddr *);
void	edged_source_free(struct edged_source *);
/* in X for that many microseconds, or in Y (0) */
void	edged_source_set(struct edged_source *, int64_t);

/* A group that nobody wants yet.  NULL: no memory; counted. */
struct edged_listener_group	*edged_group_new(struct edged_listener *,
				    const struct paddr *);
/* an event of the table that no record causes; the source it is about */
void	edged_group_step(struct edged_listener_group *,
	    enum edged_listener_event, struct edged_source *);
/*
 * The end of whatever has happened to a group: tells the owner what is
 * different, once, and forgets a group that is INCLUDE({}).
 */
void	edged_group_settle(struct edged_listener_group *);

/* --- asking.c: queries (6.6.3) */

/*
 * Send Q(G,X) and Send Q(G) of an effect, if there is anything to ask and the
 * rate allows it; else nobody is cut off, the timers stay as they are.  alone:
 * nobody but the sender of the record wants the group.
 */
void	edged_ask(struct edged_listener_group *, const struct edged_effect *,
	    bool alone);
/* the timer of the repetitions */
void	edged_ask_again(void *);

/* --- reporter.c: who has reported what */

/*
 * Remembers that the host wants the group.  False: it may not have one more,
 * and it is the first of this group.
 */
bool	edged_reporter_add(struct edged_listener_group *, const struct paddr *);
void	edged_reporter_remove(struct edged_listener_group *,
	    const struct paddr *);
void	edged_reporter_clear(struct edged_listener_group *);
/*
 * Is it certain that this host is the only one that wants the group?
 */
bool	edged_reporter_alone(struct edged_listener_group *,
	    const struct paddr *);

#endif
