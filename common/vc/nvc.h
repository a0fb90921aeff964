/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * NVC, NBMA virtual circuits over UDP (doc/nvc.md, RFC 2269): the protocol
 * without a socket.  Datagrams go in by nvc_input() and out by a function of
 * the owner; time is that of the timers.  Above it are the functions of vc.h.
 */
#ifndef MARS_NVC_H
#define MARS_NVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "table.h"
#include "timer.h"
#include "vc.h"

#define NVC_VERSION		1
#define NVC_HDRLEN		12
#define NVC_CONTROL_MAX		96	/* octets without an SDU */
#define NVC_DATAGRAM_MAX	(NVC_HDRLEN + VC_SDU_MAX)
#define NVC_TOKEN_LEN		16	/* of ours */
#define NVC_TOKEN_MIN		8
#define NVC_TOKEN_MAX		32
#define NVC_F_MULTI		0x80	/* P in SETUP: a leaf */
#define NVC_F_BUNDLE		0x40	/* B in SETUP, CONNECT: rule 10 */
#define NVC_F_NUMBER		0x20	/* N in DATA, BUNDLE: rule 9 */

enum nvc_type {		/* as on the wire */
	NVC_NO_TYPE,
	NVC_SETUP = 1,
	NVC_RETRY,
	NVC_CONNECT,
	NVC_RELEASE,
	NVC_ENQUIRY,
	NVC_STATUS,
	NVC_DATA,
	NVC_BUNDLE,
	NVC_TYPE_MAX
};

/* Why a datagram, or what it asked for, came to nothing. */
#define NVC_DROPS(X) \
	X(NVC_DROP_SHORT, "short", "too short for its type") \
	X(NVC_DROP_LONG, "long", "longer than the SDU that we take") \
	X(NVC_DROP_VERSION, "version", "not version 1") \
	X(NVC_DROP_TYPE, "type", "unknown type") \
	X(NVC_DROP_ZERO_CIRCUIT, "zero-circuit", \
	    "a circuit of the sender's that is numbered 0") \
	X(NVC_DROP_TOKEN_LEN, "token-length", "RETRY with a bad token length") \
	X(NVC_DROP_TOKEN_BAD, "token-bad", "SETUP with a token not ours") \
	X(NVC_DROP_SOURCE, "source-mismatch", \
	    "calling NSAPA is not that of the source address") \
	X(NVC_DROP_CALLED, "called-unknown", "called NSAPA is not ours") \
	X(NVC_DROP_REFUSED, "refused", "call refused by policy") \
	X(NVC_DROP_CIRCUITS, "limit-circuits", "too many circuits") \
	X(NVC_DROP_PER_ADDRESS, "limit-per-address", \
	    "too many circuits from one address") \
	X(NVC_DROP_MEMORY, "no-memory", "no memory for a circuit") \
	X(NVC_DROP_UNKNOWN, "unknown-circuit", "no such circuit") \
	X(NVC_DROP_RELEASE_RATE, "release-rate", \
	    "unknown circuit not answered: 100 a second") \
	X(NVC_DROP_PEER, "wrong-peer", "not from the circuit's peer") \
	X(NVC_DROP_NUMBER, "wrong-number", \
	    "sender's circuit is not this circuit's other end") \
	X(NVC_DROP_STATE, "state", "not in this state of the circuit") \
	X(NVC_DROP_LEAF_DATA, "leaf-data", "DATA from a leaf") \
	X(NVC_DROP_LATE, "late", "an SDU that a newer one has overtaken") \
	X(NVC_DROP_SILENT, "silent", \
	    "a circuit without an SDU made room for another") \
	X(NVC_DROP_QUEUE, "queue-full", "output queue full") \
	X(NVC_DROP_PATH, "path-mtu", \
	    "longer than the way to its peer takes: sent in fragments") \
	X(NVC_DROP_SEND, "send", "the system did not send it")

enum nvc_drop {
#define X(sym, name, text) sym,
	NVC_DROPS(X)
#undef X
	NVC_DROP_MAX
};

/* Where a datagram goes to or comes from; IPv4 in ip[0..3], the rest 0. */
struct nvc_dest {
	uint8_t		v6;
	uint16_t	port;
	uint8_t		ip[16];
};

struct nvc_params {
	uint16_t	base_port;
	uint16_t	enquiry_interval;	/* s, taken as 1 to 255 */
	uint32_t	max_circuits;		/* of this link */
	uint32_t	circuits_per_address;	/* accepted from one address */
	/*
	 * The largest IP packet that goes to every peer in one piece; 0: not
	 * known, then 9188 octets are what one SDU may have, and a bundle
	 * NVC_BUNDLE_MAX with its header.
	 */
	uint16_t	mtu;
	/* s: a peer's longer interval is cut to it; 0: NVC_ENQUIRY_MAX */
	uint16_t	enquiry_max;
	/* us that an SDU of a root may wait, unless it is numbered (rule 9);
	 * 0: VC_QUEUE_TIME */
	int64_t		queue_time;
	/* such SDUs of a root that a leaf gets in a row, before the next leaf
	 * has its turn, which the system may take as one; 0: 1 */
	uint16_t	row;
};
#define NVC_BUNDLE_MAX		1400	/* fits where a tunnel is in a tunnel */
#define NVC_MTU_MIN		576	/* less is taken as this */
#define NVC_ENQUIRY_MAX		60
/*
 * An IPv6 host has a whole /64 of addresses, but a whole network may have no
 * more: so many times the limit of one address is that of a /64.
 */
#define NVC_PER_PREFIX		16

struct nvc_ops {
	uint64_t (*random)(void *);
	/*
	 * Takes one datagram, which is head and then the SDU, if there is one.
	 * Who keeps the SDU takes a reference.  False: there is no room now;
	 * the datagram will be offered again.
	 */
	bool	 (*output)(void *, const struct nvc_dest *,
		    const uint8_t *head, size_t headlen, struct vc_sdu *);
};

/* The states of a circuit: see nvc_impl.h. */
extern const struct table nvc_table;

/*
 * What may wait for output on a link besides SDUs (VC_QUEUE_OCTETS): control
 * messages, as many as it may have circuits and so many more; a stranger is
 * answered while no more than these wait.
 */
#define NVC_STRANGER_COUNT	4096
#define NVC_CONTROL_KEPT	224	/* octets of memory for one, at most */

/*
 * A link without a socket.  Its backend is `backend`: nvc_backend, or one of
 * the owner's, which has the functions of nvc_backend but a flush and a close
 * of its own.  NULL: no memory.
 */
struct nvc;
struct nvc	*nvc_new(const struct nvc_ops *, void *arg, struct timers *,
		    const struct vc_backend *backend,
		    const struct atm_addr *local, const struct nvc_params *,
		    const struct vc_user *, void *user_arg);
/* Not to be called from within a function of the user: see nvc_busy(). */
void		 nvc_free(struct nvc *);
struct vc_link	*nvc_link(struct nvc *);
void		*nvc_arg(const struct vc_link *);	/* the ops' arg */
/* They count for calls from now on. */
void		 nvc_set_params(struct nvc *, const struct nvc_params *);
/* Takes one datagram; the octets are not changed and not kept. */
void		 nvc_input(struct nvc *, const struct nvc_dest *from,
		    const void *, size_t);
/*
 * Outputs at most max datagrams: control first, then SDUs of circuits, then
 * copies for leaves.  True: nothing is left in the queue.
 */
bool		 nvc_flush(struct nvc *, size_t max);
/*
 * The way to that peer takes IP packets of so many octets: leaves there are
 * sent nothing that is larger, as long as there is one.  False: none is there.
 */
bool		 nvc_path_takes(struct nvc *, const struct nvc_dest *,
		    uint16_t mtu);
/* Releases every circuit (cause 16); nothing more comes up. */
void		 nvc_release_all(struct nvc *);
/* Is a function of the user running that has been called from here? */
bool		 nvc_busy(const struct nvc *);
/* Counts what the owner dropped. */
void		 nvc_dropped(struct nvc *, enum nvc_drop);

/* as vc_counter() and vc_circuit() */
bool		 nvc_counter(const struct nvc *, size_t, const char **,
		    uint64_t *);
bool		 nvc_circuit(const struct nvc *, uint32_t *,
		    struct vc_circuit_info *);

/* vc_discard() */
void		 nvc_discard(struct nvc *);

/* The functions of vc.h, for the owner's own struct vc_backend. */
uint32_t	 nvc_backlog(const struct vc *);
void		 nvc_watch(struct vc *);
void		 nvc_leaf(const struct vc_leaf *, struct vc_circuit_info *);
size_t		 nvc_sdu_max(const struct vc *);
extern const struct vc_backend nvc_backend;
struct vc	*nvc_call(struct vc_link *, const struct atm_addr *, void *);
struct vc	*nvc_multi(struct vc_link *, void *);
struct vc_leaf	*nvc_multi_add(struct vc *, const struct atm_addr *, void *);
void		 nvc_multi_drop(struct vc_leaf *);
void		 nvc_release(struct vc *, uint16_t);
int		 nvc_send(struct vc *, struct vc_sdu *);
const struct atm_addr *nvc_peer(const struct vc *);

#endif
