/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The servers at one ATM address, and the circuits to and from it, which
 * all server groups share.
 */
#ifndef SCSP_PEER_H
#define SCSP_PEER_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "timer.h"
#include "vc.h"

#define CIRCUITS_MAX	4	/* circuits of one peer at a time */

struct scsp;
struct scsp_neighbor;
struct scsp_peer;

/* One circuit to or from a peer; the cookie of its vc. */
struct scsp_circuit {
	TAILQ_ENTRY(scsp_circuit) entry;
	struct scsp_peer	*peer;
	struct vc		*vc;
	bool			 outgoing;
	bool			 leaf;		/* only for receiving */
	bool			 connected;
	bool			 greeted;	/* our first Hello went out */
	bool			 proven;	/* a Hello of its came on it */
};
TAILQ_HEAD(scsp_circuit_list, scsp_circuit);
TAILQ_HEAD(scsp_neighbor_list, scsp_neighbor);

struct scsp_peer {
	RB_ENTRY(scsp_peer)	 node;
	struct scsp		*scsp;
	struct atm_addr		 addr;
	struct scsp_circuit_list circuits;	/* newest first */
	uint32_t		 ncircuits;
	struct scsp_circuit	*best;		/* the one to send on */
	struct scsp_neighbor_list neighbors;	/* one per group */
	struct timer		 call;
	struct timer		 settle;
	bool			 started;
	bool			 has_id;	/* from its last Hello */
	uint32_t		 id;
};
RB_HEAD(scsp_peer_tree, scsp_peer);
RB_PROTOTYPE(scsp_peer_tree, scsp_peer, node, scsp_peer_cmp)
int	 scsp_peer_cmp(const struct scsp_peer *, const struct scsp_peer *);

/* NULL: there is none */
struct scsp_peer *scsp_peer_find(struct scsp *, const struct atm_addr *);
/* made if need be.  NULL: no memory */
struct scsp_peer *scsp_peer_new(struct scsp *, const struct atm_addr *);
/* releases its circuits; it must have no neighbors any more */
void	 scsp_peer_free(struct scsp_peer *);
/* begins to call: there is a link, or a new configuration */
void	 scsp_peer_start(struct scsp_peer *);
/* circuits came, went or proved themselves: chooses the one to send on */
void	 scsp_peer_settle(struct scsp_peer *);
/* a Hello of this server that may be believed came on the circuit */
void	 scsp_peer_proven(struct scsp_circuit *, uint32_t id);
/* the link is about to be closed: releases every circuit on it */
void	 scsp_peer_forget_link(struct scsp *, struct vc_link *);
/* of scsp_vc_user, see vc.h */
uint16_t scsp_peer_remote_call(void *, struct vc *, const struct atm_addr *,
	    bool, void **);
void	 scsp_peer_ack(void *, struct vc *, void *);
void	 scsp_peer_rqfailed(void *, struct vc *, void *, uint16_t);
void	 scsp_peer_release(void *, struct vc *, void *, uint16_t);

#endif
