/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * NVC, NBMA virtual circuits over UDP (nvc.md, RFC 2269): the protocol alone.
 * Datagrams go in by nvc_input() and out by a function of the owner; time
 * is that of the timers.  The functions of vc.h are its upper side.
 */
#ifndef MARS_NVC_H
#define MARS_NVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "timer.h"
#include "vc.h"

#define NVC_VERSION		1
#define NVC_HDRLEN		12
#define NVC_CONTROL_MAX		96	/* octets of any datagram but DATA */
#define NVC_DATAGRAM_MAX	(NVC_HDRLEN + VC_SDU_MAX)
#define NVC_BASE_PORT		2022
#define NVC_TOKEN_LEN		16	/* of ours */
#define NVC_TOKEN_MIN		8
#define NVC_TOKEN_MAX		32
#define NVC_F_MULTI		0x80	/* P in SETUP: a leaf */

#define NVC_TYPES(X) \
	X(NVC_SETUP, 1, "setup") X(NVC_RETRY, 2, "retry") \
	X(NVC_CONNECT, 3, "connect") X(NVC_RELEASE, 4, "release") \
	X(NVC_ENQUIRY, 5, "enquiry") X(NVC_STATUS, 6, "status") \
	X(NVC_DATA, 7, "data")

enum nvc_type {
	NVC_NO_TYPE,
#define X(sym, n, name) sym = n,
	NVC_TYPES(X)
#undef X
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
	X(NVC_DROP_QUEUE, "queue-full", "output queue full") \
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
};

struct nvc_ops {
	uint64_t (*random)(void *);
	/*
	 * Takes one datagram: head, then the SDU if there is one (take a
	 * reference to keep it).  False: no room now, it is offered again.
	 */
	bool	 (*output)(void *, const struct nvc_dest *,
		    const uint8_t *head, size_t headlen, struct sdu *);
};

/* what a circuit is, and its states, for marsctl */
#define NVC_KINDS(X) \
	X(NVC_IN, "in") X(NVC_OUT, "out") X(NVC_LEAF_END, "leaf-end") \
	X(NVC_LEAF, "leaf")
#define NVC_STATES(X) \
	X(NVC_FAILING, "failing") X(NVC_CALLING, "calling") \
	X(NVC_CONNECTED, "connected") X(NVC_CLEARED, "cleared")

enum nvc_kind {
#define X(sym, name) sym,
	NVC_KINDS(X)
#undef X
	NVC_KIND_MAX
};
enum nvc_state {
#define X(sym, name) sym,
	NVC_STATES(X)
#undef X
	NVC_STATE_MAX
};

struct nvc_circuit_info {
	struct atm_addr	 local, peer;
	const char	*kind;		/* in, out, leaf-end, leaf */
	const char	*state;		/* failing, calling, connected */
	uint64_t	 number;	/* our own number of it */
	uint64_t	 sdus_in, sdus_out;
	int64_t		 idle;		/* us since something came in */
};

struct nvc;

#endif
