/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The hello that edges say to each other on a LAN, on the wire.
 *
 * It is UDP to all systems, 224.0.0.1 or ff02::1, which every switch floods
 * (RFC 4541 2.1.2) and for which nobody needs a group of his own: those of
 * 224.0.0.0/24 and the protocol numbers of IP are IANA's to give.  The port
 * is one of the two that are for experiments (RFC 4727 section 6), unless
 * configured.  TTL and hop limit are 255, so that none comes through a router
 * (RFC 5082).  Numbers are in network byte order:
 *
 *	 0  "MEH" and version 1
 *	 4  flags: 1 forwarder, 2 leaving, 4 waiting, 8 no MARS
 *	 5  priority
 *	 6  hold time in ms: silent for longer is gone
 *	 8  octets of the id (4 or 16), challenges in the list, 2 of zero
 *	12  id of the edge, 16 octets, zeros behind
 *	28  cluster, 16 octets
 *	44  life: a random number that is drawn at start
 *	52  sequence number within that life
 *	60  challenge: a random number that the others put into their list
 *	68  list: 8 octets for each challenge heard of others
 *	..  HMAC of all this, 32 octets
 */
#ifndef EDGED_HELLO_H
#define EDGED_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "ip.h"

#define EDGED_HELLO_PORT	1021
#define EDGED_HELLO_LIST	16	/* challenges at most */
#define EDGED_HELLO_MAC		32	/* octets */
#define EDGED_HELLO_CLUSTER	16
#define EDGED_HELLO_MAX	\
	(EDGED_IP6_HEAD + 8 + 68 + 8 * EDGED_HELLO_LIST + EDGED_HELLO_MAC)

/* Why a hello is ignored: symbol, name in marsctl, text. */
#define EDGED_HELLO_DROPS(X) \
	X(EDGED_HELLO_DROP_TTL, "ttl", "TTL or hop limit is not 255") \
	X(EDGED_HELLO_DROP_TRUNCATED, "truncated", "shorter than it says") \
	X(EDGED_HELLO_DROP_VERSION, "version", "not this protocol") \
	X(EDGED_HELLO_DROP_ID, "id", "its id is no address") \
	X(EDGED_HELLO_DROP_CLUSTER, "cluster", "of another cluster") \
	X(EDGED_HELLO_DROP_MAC, "mac", "not by a key of ours") \
	X(EDGED_HELLO_DROP_OWN, "own", "an echo of ours") \
	X(EDGED_HELLO_DROP_TWIN, "twin", "another edge has our id") \
	X(EDGED_HELLO_DROP_REPLAY, "replay", "heard before") \
	X(EDGED_HELLO_DROP_UNPROVEN, "unproven", \
	    "not known to be of now: it is asked for proof") \
	X(EDGED_HELLO_DROP_PEERS, "peer-limit", "limit of edges on a LAN")

enum edged_hello_drop {
	EDGED_HELLO_OK = 0,
#define X(sym, name, text) sym,
	EDGED_HELLO_DROPS(X)
#undef X
	EDGED_HELLO_DROP_MAX
};

struct edged_hello {
	bool		forwarder;	/* it forwards, on this LAN */
	bool		leaving;	/* it is the last of this life */
	bool		waiting;	/* it does not stand for election yet */
	bool		no_mars;	/* no server has it registered */
	uint8_t		priority;
	uint16_t	hold;		/* ms */
	struct paddr	id;
	uint8_t		cluster[EDGED_HELLO_CLUSTER];
	uint64_t	life, sequence, challenge;
	uint8_t		n;		/* of the list */
	uint64_t	list[EDGED_HELLO_LIST];
};

/* The key, as functions: the core knows no HMAC. */
struct edged_hello_key {
	bool	(*sign)(void *, const void *, size_t,
		    uint8_t mac[EDGED_HELLO_MAC]);
	bool	(*verify)(void *, const void *, size_t,
		    const uint8_t mac[EDGED_HELLO_MAC]);
	void	*arg;
};

const char	*edged_hello_drop_name(enum edged_hello_drop);

/* a UDP packet to that port of all systems */
bool	edged_hello_is(const struct edged_ip *, uint16_t port);
/*
 * Reads and verifies one that edged_hello_is() said is one.  The cheap checks
 * come first; of another cluster is not verified.
 */
enum edged_hello_drop	 edged_hello_read(struct edged_hello *,
			    const struct edged_ip *,
			    const uint8_t cluster[EDGED_HELLO_CLUSTER],
			    const struct edged_hello_key *);
/*
 * Writes one as a whole IP packet from src, an address of ours on the LAN
 * (IPv4, or link-local IPv6); its length, or 0 if it doesn't fit or can't be
 * signed.
 */
size_t	edged_hello_write(const struct edged_hello *, const struct paddr *src,
	    uint16_t port, const struct edged_hello_key *, uint8_t *, size_t);

#endif
