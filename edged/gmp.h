/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What IGMP (RFC 9776, 2236, 1112) and MLD (RFC 9777, 2710) have in common:
 * one struct for the messages of both, so that all that follows is written
 * once.  igmp.c and mld.c read and write the octets.
 */
#ifndef EDGED_GMP_H
#define EDGED_GMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "ip.h"
#include "wire.h"

/* Why a message is ignored: symbol, name in marsctl, text. */
#define EDGED_GMP_DROPS(X) \
	X(EDGED_GMP_DROP_TRUNCATED, "truncated", "shorter than it says") \
	X(EDGED_GMP_DROP_CHECKSUM, "checksum", "bad checksum") \
	X(EDGED_GMP_DROP_TTL, "ttl", "TTL or hop limit is not 1") \
	X(EDGED_GMP_DROP_ALERT, "no-router-alert", "no Router Alert option") \
	X(EDGED_GMP_DROP_FRAGMENT, "fragment", "comes in fragments") \
	X(EDGED_GMP_DROP_SOURCE, "source", "from off the LAN") \
	X(EDGED_GMP_DROP_LENGTH, "length", "of no version's length") \
	X(EDGED_GMP_DROP_GROUP, "group", "its group is none") \
	X(EDGED_GMP_DROP_TYPE, "type", "a type that is nothing to a router")

enum edged_gmp_drop {
	EDGED_GMP_OK = 0,
#define X(sym, name, text) sym,
	EDGED_GMP_DROPS(X)
#undef X
	EDGED_GMP_DROP_MAX
};

/*
 * Versions by what they can say.  1 is IGMPv1 only; 2 is IGMPv2 and MLDv1,
 * with leaves; 3 is IGMPv3 and MLDv2, with sources.
 */
enum edged_gmp_version {
	EDGED_GMP_V1 = 1,
	EDGED_GMP_V2,
	EDGED_GMP_V3
};

enum edged_gmp_kind {
	EDGED_GMP_QUERY,
	EDGED_GMP_REPORT,
	EDGED_GMP_LEAVE		/* IGMPv2 Leave, MLDv1 Done */
};

/* Types of a record (RFC 9776 4.2.12, RFC 9777 5.2.12), on the wire too. */
#define EDGED_GMP_RECORDS(X) \
	X(EDGED_GMP_IS_IN, 1, "IS_IN") \
	X(EDGED_GMP_IS_EX, 2, "IS_EX") \
	X(EDGED_GMP_TO_IN, 3, "TO_IN") \
	X(EDGED_GMP_TO_EX, 4, "TO_EX") \
	X(EDGED_GMP_ALLOW, 5, "ALLOW") \
	X(EDGED_GMP_BLOCK, 6, "BLOCK")

enum edged_gmp_type {
#define X(sym, number, name) sym = number,
	EDGED_GMP_RECORDS(X)
#undef X
	EDGED_GMP_TYPE_MAX
};

/* one group of a report */
struct edged_gmp_record {
	enum edged_gmp_type	 type;
	struct paddr		 group;
	uint16_t		 nsources;
	struct rd		 sources;	/* nsources addresses */
};

/* Views of the message's octets; they have to live as long. */
struct edged_gmp {
	enum edged_gmp_kind	 kind;
	enum edged_gmp_version	 version;
	uint8_t			 alen;		/* octets of an address */
	struct paddr		 src;		/* or 0.0.0.0 */
	struct paddr		 group;		/* zero in a general query */
	/* of a query */
	uint32_t		 response;	/* ms to answer in */
	bool			 suppress;	/* S: no timer is lowered */
	uint8_t			 robustness;	/* QRV; 0: not said */
	uint32_t		 interval;	/* s, QQIC; 0: not said */
	uint16_t		 nsources;
	struct rd		 sources;
	/* of a report: records that are left; of older ones, 1 */
	uint16_t		 nrecords;
	struct rd		 records;
};

/* a query to be written; the group's length says which family */
struct edged_gmp_query {
	enum edged_gmp_version	 version;
	struct paddr		 src;		/* ours on that LAN */
	struct paddr		 group;		/* zero: general */
	uint32_t		 response;	/* ms */
	bool			 suppress;
	uint8_t			 robustness;
	uint32_t		 interval;	/* s */
	const struct paddr	*sources;
	uint16_t		 nsources;	/* at most ..._SOURCES_MAX */
};
/* sources of one query; with these an MLD query has 1,100 octets */
#define EDGED_GMP_SOURCES_MAX	64
#define EDGED_GMP_QUERY_MAX	(40 + 8 + 28 + 16 * EDGED_GMP_SOURCES_MAX)

const char	*edged_gmp_drop_name(enum edged_gmp_drop);

/*
 * The next record of a report; a leave counts as TO_IN({}), a report of
 * an older version as IS_EX({}) (RFC 9776 7.3.2, RFC 9777 8.3.2).  Records of
 * unknown types and of addresses that are no groups are passed over.  False:
 * no more.
 */
bool	edged_gmp_next(struct edged_gmp *, struct edged_gmp_record *);
/* takes the next source; false: no more */
bool	edged_gmp_source(struct rd *, uint8_t alen, struct paddr *);

/*
 * For igmp.c and mld.c: checks that n sources and that all records lie within
 * what is there, before any of them counts.
 */
bool	edged_gmp_sources_fit(struct rd *, uint16_t n, uint8_t alen,
	    struct rd *sources);
bool	edged_gmp_records_fit(struct rd, uint16_t n, uint8_t alen);

/*
 * Numbers of a few bits with an exponent of three (RFC 9776 4.1.1, 4.1.7,
 * RFC 9777 5.1.3, 5.1.9): 8 bits for codes below 128 << 7, 16 bits for MLD's
 * Maximum Response Code.  Encoding rounds down and takes the largest there is.
 */
uint32_t	edged_gmp_decode8(uint8_t);
uint8_t		edged_gmp_encode8(uint32_t);
uint32_t	edged_gmp_decode16(uint16_t);
uint16_t	edged_gmp_encode16(uint32_t);

/*
 * The IP header of what a multicast router says on its LAN, IGMP or MLD; then
 * edged_ip_write_sum() ends it.
 */
void	edged_gmp_write_head(struct wr *, struct edged_ip *,
	    const struct paddr *src, const struct paddr *dst, size_t upper);
/*
 * S, QRV and QQIC, which are the same in both protocols, and the sources of
 * a query of version 3.
 */
enum edged_gmp_drop	 edged_gmp_read_v3(struct rd *, struct edged_gmp *);
void			 edged_gmp_write_v3(struct wr *,
			    const struct edged_gmp_query *);

#endif
