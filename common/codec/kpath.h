/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC OR GPL-2.0-only
 */

/*
 * The table by which the kernel copies packets of known flows (path auto of
 * mars.conf(5)): memory that three share.  mars(8) makes it and attaches the
 * program to LANs; edged says what flows there are, and to whom they go; the
 * program (parent/kpath.bpf.c) reads that, and counts.  Addresses, ports and
 * numbers that go on the wire are in network order, all others in the host's.
 *
 * A flow is found by its hash, at one of KPATH_PROBES places from there on.
 * It is in force while `on` is 1, which is written last, and taken away first.
 * The program may still be at work with what has been taken away: a place is
 * used again no sooner than KPATH_REST later.
 */
#ifndef MARS_KPATH_H
#define MARS_KPATH_H

#include <stdint.h>

#define KPATH_VERSION	2
#define KPATH_FLOWS	2048	/* a power of 2 */
#define KPATH_LEAVES	16384	/* the same */
#define KPATH_MEMBERS	4096	/* of one flow: each packet is so many */
#define KPATH_PROBES	8
#define KPATH_REST	1000000	/* us */
/* octets before a packet: IPv4, UDP, NVC, LLC/SNAP, RFC 2022 5.5.1 */
#define KPATH_HEAD	(20 + 8 + 12 + 8 + 4)
/*
 * The hash of a packet that the program has copied.  edged's packet socket,
 * which would get it next, lets it go by; no other packet is left with it.
 */
#define KPATH_DONE	0x6d617273U

/* Why a packet of a known flow went up to edged: symbol, name, text. */
#define KPATH_UPS(X) \
	X(KPATH_UP_FORM, "form", "a fragment, or with options or padding") \
	X(KPATH_UP_PROTOCOL, "not-udp", "not UDP") \
	X(KPATH_UP_TTL, "ttl", "its TTL is at its end, or below ttl min") \
	X(KPATH_UP_SIZE, "size", "larger than the mtu") \
	X(KPATH_UP_CHECKSUM, "checksum", \
	    "its checksum is wrong, or has not been computed") \
	X(KPATH_UP_ROUTE, "no-route", \
	    "the interface does not forward, or there is no way to a member") \
	X(KPATH_UP_NEIGHBOR, "no-neighbor", \
	    "the next router to a member is not known yet") \
	X(KPATH_UP_PATH, "path-mtu", "larger than a way to a member takes") \
	X(KPATH_UP_MEMORY, "memory", "no memory for its headers") \
	X(KPATH_UP_RATE, "rate", "what its rate had for the kernel is used up")

enum kpath_up {
	KPATH_UP_NONE,
#define X(sym, name, text) sym,
	KPATH_UPS(X)
#undef X
	KPATH_UP_MAX
};

struct kpath_key {
	uint32_t	ifindex;
	uint32_t	source[4], group[4];	/* IPv4: zeros behind it */
};

struct kpath_leaf {
	/* edged's */
	uint64_t	circuit;
	uint32_t	dst;
	uint16_t	port;
	uint16_t	pad;
	/* the program's: how it is reached, until then (ns) */
	uint64_t	until;
	uint32_t	ifindex, mtu;
	uint8_t		dmac[6], smac[6];
	uint32_t	pad2;
};

struct kpath_flow {
	/* edged's */
	struct kpath_key key;
	uint32_t	on;
	uint32_t	first, n;	/* its leaves */
	uint32_t	mtu;		/* of a packet of the LAN */
	uint32_t	saddr;		/* of the header outside */
	uint16_t	sport;
	uint16_t	cmi;
	uint8_t		ttl;		/* outside */
	uint8_t		ttl_min;	/* of a packet of the LAN */
	uint8_t		dscp_set;	/* dscp outside, instead of its own */
	uint8_t		dscp;
	uint32_t	limited;	/* it needs credit */
	uint32_t	pad;
	/* of both: octets that may still go; edged gives, the program takes,
	 * and may owe some */
	int64_t		credit;
	/* the program's; they only grow */
	uint64_t	packets, octets, copies, failed;
};

struct kpath {
	uint32_t	version;
	uint32_t	seed;		/* of hashes; edged's */
	uint32_t	ttl;		/* of the system's packets; mars(8)'s */
	uint32_t	pad;
	uint64_t	up[KPATH_UP_MAX];
	struct kpath_flow flows[KPATH_FLOWS];
	struct kpath_leaf leaves[KPATH_LEAVES];
};

/* Seeded, so that nobody can choose addresses that share a place. */
static inline uint32_t
kpath_hash(const struct kpath_key *k, uint32_t seed)
{
	uint32_t h = (seed ^ k->ifindex) * 0x9e3779b1;
	int i;

	for (i = 0; i < 4; i++) {
		h = (h ^ h >> 15 ^ k->source[i]) * 0x85ebca6b;
		h = (h ^ h >> 13 ^ k->group[i]) * 0xc2b2ae35;
	}
	return h ^ h >> 16;
}

#endif
