/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS control messages (RFC 2022 sections 4.3, 5 and 10, 11): one host
 * struct for all thirteen, one decoder and one encoder.  Variable parts of a
 * decoded message are views of the buffer that it was decoded from.
 */
#ifndef MARS_MARS_H
#define MARS_MARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "wire.h"

enum mars_op {			/* section 11 */
	MARS_REQUEST = 1,
	MARS_MULTI = 2,
	MARS_MSERV = 3,
	MARS_JOIN = 4,
	MARS_LEAVE = 5,
	MARS_NAK = 6,
	MARS_UNSERV = 7,
	MARS_SJOIN = 8,
	MARS_SLEAVE = 9,
	MARS_GROUPLIST_REQUEST = 10,
	MARS_GROUPLIST_REPLY = 11,
	MARS_REDIRECT_MAP = 12,
	MARS_MIGRATE = 13
};
#define MARS_OP_MAX	13

#define MARS_AFN	0x000f
#define MARS_MTU	9180	/* of the message, without LLC/SNAP, A-121 */

/* mar$flags of JOIN, LEAVE, MSERV, UNSERV, SJOIN, SLEAVE (5.2.1) */
#define MARS_F_LAYER3GRP	0x8000
#define MARS_F_COPY		0x4000
#define MARS_F_REGISTER		0x2000
#define MARS_F_PUNCHED		0x1000
#define MARS_F_SEQUENCE		0x00ff

#define MARS_REDIRF_HARD	0x80	/* mar$redirf bit 7 (5.4.3) */

struct mars_msg {
	struct mars_pro	 pro;
	uint8_t		 op;		/* enum mars_op */
	struct atm_addr	 src;		/* mar$sha, mar$ssa */
	struct paddr	 spa;		/* mar$spa */
	struct paddr	 tpa;		/* mar$tpa: REQUEST and MULTI kin */
	uint8_t		 pad[8];	/* mar$pad: REQUEST, NAK */
	uint16_t	 flags;		/* JOIN and kin */
	uint8_t		 redirf;	/* REDIRECT_MAP */
	uint16_t	 cmi;		/* JOIN and kin */
	uint16_t	 pnum;		/* JOIN and kin, GROUPLIST_REQUEST:
					 * <min,max> pairs; GROUPLIST_REPLY uses
					 * tnum */
	uint16_t	 tnum;		/* MULTI, MIGRATE, REDIRECT_MAP: ATM
					 * addresses; GROUPLIST_REPLY: groups;
					 * in REQUEST and NAK the list is
					 * mar$tha, mar$tsa, null: no list */
	bool		 last;		/* mar$seqxy bit 15 (mar$x) */
	uint16_t	 seq;		/* bits 0-14 (mar$y), from 1 */
	uint32_t	 msn;		/* mar$msn */
	uint8_t		 tpln;		/* octets of each address in list, where
					 * those are pairs or groups; above
					 * PADDR_MAX only where A-97 ignores the
					 * pair of a registration */
	uint8_t		 tgt_num_tl;	/* kind of each address in list, where
					 * those are ATM addresses */
	uint8_t		 tgt_sub_tl;
	const uint8_t	*list;		/* pairs, groups or ATM addresses, as on
					 * the wire */
	size_t		 list_len;
	const uint8_t	*tlvs;		/* with the Null TLV, or NULL */
	size_t		 tlvs_len;
};

/* Why an incoming message was dropped: symbol, name in marsctl, text. */
#define MARS_DROPS(X) \
	X(MARS_DROP_TRUNCATED, "truncated", "shorter than it says") \
	X(MARS_DROP_AFN, "afn", "mar$afn is not 0x000F") \
	X(MARS_DROP_VERSION, "op-version", "op.version is not 0") \
	X(MARS_DROP_NO_SOURCE, "no-source", "source ATM number is empty") \
	X(MARS_DROP_CHECKSUM, "checksum", "bad checksum") \
	X(MARS_DROP_PRO, "protocol", "mar$pro is not usable") \
	X(MARS_DROP_TLV, "tlv", "malformed TLV list") \
	X(MARS_DROP_OP, "op", "unknown operation") \
	X(MARS_DROP_ADDRESS, "address", "address length not usable")

enum mars_drop {
	MARS_DROP_NONE = 0,
#define X(sym, name, text) sym,
	MARS_DROPS(X)
#undef X
	MARS_DROP_MAX
};

const char	*mars_op_name(uint8_t);

/*
 * Decodes that many octets, a message without its LLC/SNAP header.  After
 * MARS_DROP_NONE list and tlvs point into them; after anything else nothing
 * in the struct counts.  Octets behind the message are ignored.
 */
enum mars_drop	 mars_decode(struct mars_msg *, const void *, size_t);
/*
 * Encodes a message into at most that many octets, with mar$extoff and
 * mar$chksum computed.  list_len has to be what pnum or tnum say, and tlvs to
 * end in the Null TLV.  The octets written; 0: they do not fit, the operation
 * is unknown, or the lengths do not agree.
 */
size_t		 mars_encode(const struct mars_msg *, void *, size_t);

/* Is a message with an unknown op.version one of NHRP (RFC 2332)? */
bool		 mars_is_nhrp(const void *, size_t);
/*
 * Makes the octets of a MARS_REQUEST that has been decoded a MARS_NAK: the
 * operation changes and nothing else (5.1.2, A-102, A-128).  A checksum that
 * was computed is computed anew.
 */
void		 mars_make_nak(void *, size_t);

/* The octets before the list: what is needed besides list and TLVs. */
size_t		 mars_overhead(const struct mars_msg *);

/* The i-th <min,max> pair; i < pnum.  With tpln 0 these are null addresses. */
void		 mars_pair(const struct mars_msg *, uint16_t, struct paddr *,
		    struct paddr *);
/* The i-th group of a GROUPLIST_REPLY; i < tnum. */
void		 mars_group(const struct mars_msg *, uint16_t, struct paddr *);
/* The i-th ATM address of MULTI, MIGRATE, REDIRECT_MAP; i < tnum. */
void		 mars_target(const struct mars_msg *, uint16_t,
		    struct atm_addr *);
/* Each appends to a list that is being made. */
void		 mars_list_pair(struct wr *, const struct paddr *,
		    const struct paddr *);
void		 mars_list_target(struct wr *, const struct atm_addr *);

/* The TLV list, section 10.  Type is Type.x (2 bits) and Type.y (14 bits). */
struct mars_tlv {
	uint8_t		 x;
	uint16_t	 y;
	uint16_t	 len;
	const uint8_t	*value;
};
/* False at the Null TLV.  The list of a decoded message is well-formed. */
bool		 mars_tlv_next(struct rd *, struct mars_tlv *);

/*
 * What happens to a message because of its TLVs.  We know none but the Null
 * TLV, so that Type.x of the first one that has 1 or 2 decides; 0 and 3 say
 * that a TLV is to be skipped (section 10.3).
 */
enum mars_tlvs {
	MARS_TLVS_SKIP,		/* the operation takes place */
	MARS_TLVS_DROP,		/* the message is dropped without a word */
	MARS_TLVS_ERROR		/* it is dropped, and that is logged */
};
enum mars_tlvs	 mars_tlvs_verdict(const struct mars_msg *);

#endif
