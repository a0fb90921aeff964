/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What the files that show the core have in common: each has one subject. */
#ifndef MARSD_SHOW_H
#define MARSD_SHOW_H

#include "cluster.h"
#include "ctl.h"

/* Octets of a row that an array leaves for what follows it. */
#define ROW_RESERVE	512

/* Where a listing is: keys and numbers, since anything may happen between. */
struct marsd_cursor {
	uint32_t	proto;		/* how many protocols are behind us */
	uint32_t	number;		/* of a list within one */
	uint8_t		begun;		/* last and span are set */
	uint8_t		role;
	struct atm_addr	last;
	struct marsd_span	span;
	uint8_t		oid[4];
};
_Static_assert(sizeof(struct marsd_cursor) <= CTL_CURSOR_SIZE, "cursor fits");

/* The protocol that it is at, or NULL. */
struct marsd_proto *marsd_show_proto(struct marsd *,
		    const struct marsd_cursor *);
void		 marsd_show_next_proto(struct marsd_cursor *);
/* cluster and protocol */
void		 marsd_put_proto(struct wr *, const struct marsd_proto *);
/* since then, or null */
void		 marsd_put_age(struct wr *, const char *, const struct marsd *,
		    bool, mtime_t);
/* last-error, -address, -cluster and -age; all null if there is none */
void		 marsd_put_problem(struct wr *, const struct marsd *,
		    const struct marsd_cluster *);
/* show_member.c: local, the identifier of a server, or none */
void		 marsd_put_server(struct wr *, const struct marsd_node *);

#endif
