/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The servers of the group, ourselves included: an owner is one server, a
 * peer is that server as far as one protocol goes.
 */
#ifndef MARSD_PEER_H
#define MARSD_PEER_H

#include <sys/queue.h>
#include <sys/tree.h>
#ifndef RB_HEAD
#include <bsd/sys/tree.h>
#endif

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "btree.h"
#include "entry.h"
#include "table.h"
#include "timer.h"

struct marsd_cluster;
struct marsd_proto;

/* A server of the group, for one cluster. */
struct marsd_owner {
	RB_ENTRY(marsd_owner)	 entry;
	struct marsd_cluster	*cluster;
	uint8_t			 oid[4];
	struct btree		 keys;	/* its entries */
	bool			 late;	/* let in after others were refused */
};
RB_HEAD(marsd_owner_tree, marsd_owner);
RB_PROTOTYPE(marsd_owner_tree, marsd_owner, entry, owner_cmp)

/*
 * Liveness of a server, by (OID, mar$pro).  UNHEARD
 * has sent records but no Redirect Entry yet.
 */
#define MARSD_PEER_STATES(X) \
	X(MARSD_PEER_SELF, "self") \
	X(MARSD_PEER_UNHEARD, "unheard") \
	X(MARSD_PEER_ALIVE, "alive") \
	X(MARSD_PEER_HIDDEN, "hidden") \
	X(MARSD_PEER_ERASED, "erased")
#define MARSD_PEER_EVENTS(X) \
	/* a newer Redirect Entry */ \
	X(MARSD_PEER_EV_REDIRECT, "redirect") \
	/* any other record */ \
	X(MARSD_PEER_EV_RECORD, "record") \
	/* the timer */ \
	X(MARSD_PEER_EV_SILENT, "silent")
#define MARSD_PEER_ACTIONS(X) \
	/* the timer of its death */ \
	X(MARSD_PEER_DO_START, "start") \
	X(MARSD_PEER_DO_HIDE, "hide") \
	X(MARSD_PEER_DO_REVIVE, "revive") \
	X(MARSD_PEER_DO_ERASE, "erase") \
	/* the time starts until this record is erased, with others */ \
	X(MARSD_PEER_DO_HOLD, "hold") \
	/* what was erased has to come again */ \
	X(MARSD_PEER_DO_REALIGN, "realign")

enum marsd_peer_state {
	MARSD_PEER_STATES(TABLE_SYM)
	MARSD_PEER_STATE_MAX
};
enum marsd_peer_event {
	MARSD_PEER_EVENTS(TABLE_SYM)
	MARSD_PEER_EVENT_MAX
};
enum marsd_peer_action {
	TABLE_FIRST_ACTION(MARSD_PEER),
	MARSD_PEER_ACTIONS(TABLE_SYM)
	MARSD_PEER_ACTION_MAX
};
extern const struct table marsd_peer_table;

/* What is being done with its entries, some in each turn. */
enum marsd_peer_work {
	MARSD_PEER_WORK_NONE,
	MARSD_PEER_WORK_HIDE,
	MARSD_PEER_WORK_REVIVE,
	MARSD_PEER_WORK_ERASE,
	MARSD_PEER_WORK_ANEW		/* those that are over are not */
};

struct marsd_peer {
	RB_ENTRY(marsd_peer)	 entry;	/* in the protocol, by OID ascending */
	struct marsd_owner	*owner;
	struct marsd_proto	*proto;
	uint8_t			 state;	/* enum marsd_peer_state */
	struct timer		 timer;
	mtime_t			 heard;	/* its last Redirect Entry */
	struct atm_addr		 addr;	/* null: no Redirect Entry yet */
	uint32_t		 key;	/* of the last one that counted */
	int32_t			 seq;
	bool			 heard_once;
	uint64_t		 records;
	struct marsd_claim	 redirects;
	uint32_t		 arriving; /* nodes that move there from us */
	uint64_t		 nover;	/* of these, entries that are over */
	enum marsd_peer_work	 work;
	uint64_t		 work_at;	/* the first key to be done */
	struct timer		 worker;
};
RB_HEAD(marsd_peer_tree, marsd_peer);
RB_PROTOTYPE(marsd_peer_tree, marsd_peer, entry, peer_cmp)

struct marsd_owner	*marsd_owner_find(struct marsd_cluster *,
			    const uint8_t oid[4]);
/* of the cluster: the others that it may know, from now on */
void			 marsd_owners_init(struct marsd_cluster *);
/* what was not taken of them is asked for, in a while */
void			 marsd_owners_again(struct marsd_cluster *);
/* both, made if need be; NULL: no memory, or too many servers */
struct marsd_peer	*marsd_peer_get(struct marsd_proto *,
			    const uint8_t oid[4]);
void			 marsd_peer_step(struct marsd_peer *,
			    enum marsd_peer_event);
/*
 * It has said once more that it lives.  If it was let in after servers had been
 * refused, what it has said before may have been, and is asked for.  Of those
 * that do not live old records would be asked for, be passed on, and come back,
 * without end.
 */
void			 marsd_peer_renews(struct marsd_peer *);
/*
 * The group has forgotten its Redirect Entry, and so its number: the next one
 * counts whatever its number is.
 */
void			 marsd_peer_restarts(struct marsd_peer *);
/* does what it says count, as far as its life goes? */
bool			 marsd_peer_counts(const struct marsd_peer *);
/*
 * The protocol is served no longer: what other servers have said is kept for
 * others, as long as they live.  To be freed then.
 */
void			 marsd_peers_ignore(struct marsd_proto *);
void			 marsd_peers_free(struct marsd_proto *);

#endif
