/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What this server publishes.
 */
#ifndef MARSD_OWN_H
#define MARSD_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "group.h"
#include "mars.h"

/* the key of a record about the node; span NULL: its register record */
uint32_t	 marsd_own_key(struct marsd_peer *self, struct marsd_node *,
		    const struct marsd_span *);
uint32_t	 marsd_redirect_key(const struct mars_pro *);
/* publishes the record as it is, or the record that undoes it */
void		 marsd_publish_entry(const struct marsd_entry *,
		    bool withdrawn);
void		 marsd_publish_register(struct marsd_reg *);
void		 marsd_publish_redirect(struct marsd_proto *);
/* takes back everything that we say of a node; may free it */
void		 marsd_withdraw_all(struct marsd_node *);
/*
 * the node is gone from that server: tells the members which groups it has left
 * by that, where they have to hear it
 */
void		 marsd_gone_announce(struct marsd_node *,
		    const struct marsd_peer *, const struct marsd_spans *);

/* our first record of a join of the node, or the first behind `at` */
struct marsd_entry *marsd_own_next(struct marsd_node *,
		    const struct marsd_span *at);
/* each of these, which the body may take away; at: a span of the caller's */
#define MARSD_OWN_FOREACH(e, at, n) \
	for ((e) = marsd_own_next((n), NULL); \
	    (e) != NULL && ((at) = marsd_join_span(marsd_join_of(e)), true); \
	    (e) = marsd_own_next((n), &(at)))

/* timers: records of before a restart that nobody asked for */
void		 marsd_own_sweep_clients(void *);
void		 marsd_own_sweep_mcs(void *);

#endif
