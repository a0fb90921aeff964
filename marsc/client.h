/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* A client from inside: what its modules share.  Its users see marsc.h. */
#ifndef MARSC_CLIENT_H
#define MARSC_CLIENT_H

#include <sys/types.h>
#include <bsd/sys/queue.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "host.h"
#include "join.h"
#include "mars.h"
#include "marsc.h"
#include "marsvc.h"
#include "mcs.h"
#include "parts.h"
#include "path.h"
#include "register.h"
#include "reply.h"
#include "request.h"
#include "sequence.h"
#include "servers.h"
#include "table.h"
#include "timer.h"

struct marsc {
	LIST_ENTRY(marsc)		 entry;
	struct marsc_host		*host;
	struct timers			*ts;	/* the host's */
	struct marsc_timers		 t;
	struct marsc_limits		 limits;
	struct mars_pro			 pro;
	struct paddr			 spa;
	const struct marsc_role		*role;
	struct marsc_servers		 servers;
	struct marsc_marsvc		 vcs[2];
	struct marsc_marsvc		*mars;	/* to the current MARS */
	struct marsc_marsvc		*next;	/* soft redirect's target */
	struct marsc_registration	 reg;
	struct marsc_hsn		 hsn;
	uint8_t			 sequence;	/* last mar$flags.sequence */
	struct marsc_joined_tree	 singles, blocks;
	struct marsc_join_line		 joining;
	struct marsc_query_tree		 queries;
	struct marsc_turn		 turn;
	struct marsc_query		 list;	/* the one for GROUPLIST */
	struct marsc_path_tree		 paths;
	struct marsc_path		*found;	/* last; or NULL */
	struct marsc_path_line		 use[2];	/* [1]: with members */
	uint32_t			 npaths;
	uint32_t			 nleaves;	/* of all of them */
	struct marsc_reply_list		 replies;
	uint32_t			 nreplies;
	uint64_t			 versions;	/* of paths */
	uint64_t			 evicted;
	size_t				 held_octets;
	struct marsc_parts_room		 answers;
	struct marsc_parts		 map;
	struct timer			 map_part;
	uint8_t				 map_redirf;
	uint64_t			 drops[MARSC_DROP_MAX];
	struct table_faults		 faults;
};

void	marsc_notify(struct marsc *, enum marsc_notice_code,
	    const struct marsc_notice *);
void	marsc_no_memory(struct marsc *, const char *);
/* a random time from min to max, both included */
int64_t	marsc_delay(struct marsc *, int64_t, int64_t);
/*
 * The next mar$flags.sequence, by a scheme of our own (5.2.2): each new message
 * has the next number, and its retransmissions have the same.  A multicast
 * server uses none.  0 is left out, because servers send it when they tell of
 * other servers' members.
 */
uint8_t	marsc_next_sequence(struct marsc *);
/* begins a message: source, protocol, and zero for the rest */
void	marsc_msg(const struct marsc *, struct mars_msg *, uint8_t op);
/* to the current MARS, if we are registered with it */
void	marsc_send(struct marsc *, const struct mars_msg *);
bool	marsc_is_self(const struct marsc *, const struct atm_addr *);

#endif
