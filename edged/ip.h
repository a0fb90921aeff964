/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * IPv4 and IPv6 multicast packets, as they come from a LAN or out of a
 * circuit: checks, TTL, checksums, DSCP and ECN.  Nothing is copied: a
 * struct edged_ip says where things are in the packet's own octets.
 */
#ifndef EDGED_IP_H
#define EDGED_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "wire.h"

#define EDGED_IP4_HEAD	20	/* octets of a header without options */
#define EDGED_IP6_HEAD	40

/* protocols, as in Protocol and Next Header */
#define EDGED_PROTO_HOPOPTS	0
#define EDGED_PROTO_IGMP	2
#define EDGED_PROTO_TCP		6
#define EDGED_PROTO_UDP		17
#define EDGED_PROTO_ROUTING	43
#define EDGED_PROTO_FRAGMENT	44
#define EDGED_PROTO_ICMPV6	58
#define EDGED_PROTO_DSTOPTS	60

/* Why a packet goes no further: symbol, name in marsctl, text. */
#define EDGED_IP_DROPS(X) \
	X(EDGED_IP_DROP_TRUNCATED, "truncated", "shorter than it says") \
	X(EDGED_IP_DROP_VERSION, "version", "neither IPv4 nor IPv6") \
	X(EDGED_IP_DROP_CHECKSUM, "ip-checksum", "bad header checksum") \
	X(EDGED_IP_DROP_OPTIONS, "options", "options that can't be read") \
	X(EDGED_IP_DROP_ROUTE, "source-route", "wants a way of its own") \
	X(EDGED_IP_DROP_UNICAST, "unicast", "destination is no group") \
	X(EDGED_IP_DROP_SOURCE, "source", "source can't be a host's") \
	X(EDGED_IP_DROP_TTL, "ttl", "its TTL ends here") \
	X(EDGED_IP_DROP_UNDONE, "undone-checksum", \
	    "the sender left a checksum undone that can't be computed") \
	X(EDGED_IP_DROP_DF, "too-big", "larger than the mtu, and DF is set") \
	X(EDGED_IP_DROP_ECN, "ecn", \
	    "congestion seen by a packet that can't say so (RFC 6040)")

enum edged_ip_drop {
	EDGED_IP_OK = 0,
#define X(sym, name, text) sym,
	EDGED_IP_DROPS(X)
#undef X
	EDGED_IP_DROP_MAX
};

struct edged_ip {
	uint8_t		*p;		/* from the IP header on */
	size_t		 len;		/* by its header: no link's padding */
	size_t		 head;		/* octets before the upper layer */
	struct paddr	 src, dst;
	uint8_t		 proto;		/* of the upper layer */
	uint8_t		 ttl;		/* or hop limit */
	uint8_t		 tos;		/* DSCP and ECN */
	bool		 v6;
	bool		 df;		/* may not be fragmented by a router */
	bool		 alert;		/* has a Router Alert of value 0 */
	bool		 fragment;	/* is a part of a packet */
	uint16_t	 offset;	/* where in it, octets */
};

const char	*edged_ip_drop_name(enum edged_ip_drop);

/*
 * Reads a packet of at most len octets (a link may have padded it) and checks
 * version, lengths, header checksum, options, and that it goes to a group.
 * The source is not looked at: IGMP and MLD have other rules for it.
 */
enum edged_ip_drop	 edged_ip_read(struct edged_ip *, uint8_t *, size_t);
/* the same for data: the source must be a host's (RFC 1122 3.2.1.3) */
enum edged_ip_drop	 edged_ip_read_data(struct edged_ip *, uint8_t *,
			    size_t);

/* TTL minus one, in the packet too; a TTL that ends here is a drop */
enum edged_ip_drop	 edged_ip_hop(struct edged_ip *);
/*
 * Computes the checksum of UDP, TCP or ICMPv6 that the sending machine left
 * to a network card that there isn't.
 */
enum edged_ip_drop	 edged_ip_complete(struct edged_ip *);
/* the checksum of an upper layer with its pseudo header; 0: it is right */
uint16_t		 edged_ip_sum(const struct edged_ip *);

/* TOS of the outer header: ECN copied (RFC 6040 4.1), DSCP given or, if
 * negative, copied (RFC 2983) */
uint8_t			 edged_ip_outer_tos(const struct edged_ip *, int dscp);
/* combines the ECN of an outer header that has gone (RFC 6040 4.2) */
enum edged_ip_drop	 edged_ip_ecn(struct edged_ip *, uint8_t outer);
void			 edged_ip_set_tos(struct edged_ip *, uint8_t);

/*
 * Begins a packet of ours, at the beginning of a buffer: writes the header that
 * *ip describes (src, dst, proto, ttl, tos, df, alert), which an upper layer of
 * that many octets will follow, and then knows where both are.
 */
void			 edged_ip_write_head(struct wr *, struct edged_ip *,
			    size_t upper);
/*
 * Ends one: puts the upper layer's checksum, which is zero so far, at that
 * octet of it.  The octets of all; 0: there was no room.
 */
size_t			 edged_ip_write_sum(struct wr *,
			    const struct edged_ip *, size_t at);

/*
 * Addresses.  A paddr has zeros behind its len octets, always: comparison is
 * by octets.
 */
void	edged_addr(struct paddr *, const uint8_t *, uint8_t len);
bool	edged_addr_multicast(const struct paddr *);
bool	edged_addr_zero(const struct paddr *);
bool	edged_addr_link_local(const struct paddr *);	/* unicast */
bool	edged_addr_host(const struct paddr *);	/* can be a host's */
bool	edged_prefix_has(const struct ip_prefix *, const struct paddr *);
/* is the address on one of these networks? */
bool	edged_on_link(const struct ip_prefix *, size_t, const struct paddr *);

#endif
