/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An incoming message on its way to its handler, and why it is dropped.
 */
#ifndef MARSD_INCOMING_H
#define MARSD_INCOMING_H

#include <stddef.h>
#include <stdint.h>

#include "itree.h"
#include "mars.h"

struct marsd_circuit;
struct marsd_cluster;
struct marsd_proto;

/* Why marsd drops a message that the codec accepted: symbol, counter, text. */
#define MARSD_DROPS(X) \
	X(MARSD_DROP_LLC, "llc", "no LLC/SNAP header") \
	X(MARSD_DROP_CODEPOINT, "codepoint", "not MARS's LLC/SNAP code point") \
	X(MARSD_DROP_NHRP, "nhrp", "op.version 1: NHRP, which is not served") \
	X(MARSD_DROP_PRO, "protocol-unserved", "mar$pro is not configured") \
	X(MARSD_DROP_TLV, "tlv-refused", \
	    "TLV that forbids to go on (Type.x 1)") \
	X(MARSD_DROP_TLV_ERROR, "tlv-error", "TLV not understood (Type.x 2)") \
	X(MARSD_DROP_OP, "op-unexpected", \
	    "operation that a MARS does not take") \
	X(MARSD_DROP_SOURCE, "source", "source is not the calling party") \
	X(MARSD_DROP_RATE, "rate-client", "too many messages of this client") \
	X(MARSD_DROP_RATE_TOTAL, "rate-total", "too many messages in all") \
	X(MARSD_DROP_COPY, "copy", "mar$flags.copy is set") \
	X(MARSD_DROP_CONGESTED, "congested", \
	    "a change while scspd does not follow") \
	X(MARSD_DROP_UNREGISTERED, "unregistered", "source is not registered") \
	X(MARSD_DROP_PAIRS, "pairs", "not exactly one <min,max> pair") \
	X(MARSD_DROP_RANGE, "range", "min exceeds max, or a wrong length") \
	X(MARSD_DROP_BOTH_ROLES, "both-roles", \
	    "client and MCS by one address") \
	X(MARSD_DROP_MEMBERS, "limit-members", "limit of members") \
	X(MARSD_DROP_JOINS, "limit-joins", "limit of joins of a member") \
	X(MARSD_DROP_TOTAL, "limit-joins-total", "limit of joins of all") \
	X(MARSD_DROP_GROUPS, "limit-groups", "limit of groups") \
	X(MARSD_DROP_SERVERS, "limit-servers", "limit of multicast servers") \
	X(MARSD_DROP_KNOWN, "limit-servers-known", \
	    "limit of servers of the group") \
	X(MARSD_DROP_SERVE_RANGE, "limit-serve-range", \
	    "range to serve too large") \
	X(MARSD_DROP_CMI, "cmi-exhausted", "no cluster member id left") \
	X(MARSD_DROP_NOT_SERVING, "not-serving", \
	    "MCS asks for another's group") \
	X(MARSD_DROP_MEMORY, "memory", "no memory") \
	X(MARSD_DROP_TOO_BIG, "too-big", "answer does not fit a message")

enum marsd_drop {
	MARSD_DROP_NONE = 0,
#define X(sym, name, text) sym,
	MARSD_DROPS(X)
#undef X
	MARSD_DROP_MAX
};

struct marsd_incoming {
	struct marsd_proto	*proto;
	struct marsd_circuit	*circuit;
	struct mars_msg		 msg;
	const uint8_t		*octets; /* as received, without LLC/SNAP */
	size_t			 len;
};

/* takes an SDU that came on a circuit; returns why it was dropped, or NONE */
enum marsd_drop	 marsd_receive(struct marsd_cluster *, struct marsd_circuit *,
		    const uint8_t *, size_t);
/* the one range of a message; false: it is not usable */
bool		 marsd_incoming_span(const struct marsd_incoming *,
		    struct marsd_span *);

#endif
