/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * SCSP messages (RFC 2334 appendix B) and the reasons for which one, or a
 * record of one, is dropped.
 */
#ifndef SCSP_MESSAGE_H
#define SCSP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csa.h"
#include "llc.h"
#include "wire.h"

#define SCSP_VERSION		1
#define SCSP_MTU		9180	/* octets of a packet, without LLC */
#define SCSP_FIXED_LEN		8
#define SCSP_COMMON_LEN		20	/* with both IDs of 4 octets */
#define SCSP_CSAS_LEN		20	/* key and OID of 4 octets, A-47 */
/* records of one packet at most, whoever made it */
#define SCSP_RECORDS_MAX	((SCSP_MTU - SCSP_FIXED_LEN - \
				    SCSP_COMMON_LEN) / SCSP_CSAS_LEN)
#define SCSP_ID_ALL		0xffffffffU	/* receiver ID, 2.3 */

#define CA_M	0x8000		/* B.2.1 */
#define CA_I	0x4000
#define CA_O	0x2000
#define CSAS_N	0x8000		/* B.2.0.2 */

#define EXT_END		0
#define EXT_AUTH	1
#define EXT_VENDOR	2
#define SCSP_REPLAY_VENDOR	0x024d52
#define SCSP_REPLAY_KIND	1
#define SCSP_REPLAY_LEN	32

enum scsp_type {
	SCSP_CA = 1,
	SCSP_CSU_REQUEST = 2,
	SCSP_CSU_REPLY = 3,
	SCSP_CSUS = 4,
	SCSP_HELLO = 5
};

#define SCSP_DROPS(X) \
	X(SCSP_DROP_NONE, "none", "not dropped") \
	X(SCSP_DROP_LLC, "not-scsp", "LLC/SNAP header of another protocol") \
	X(SCSP_DROP_TRUNCATED, "truncated", "shorter than its header") \
	X(SCSP_DROP_VERSION, "version", "not version 1") \
	X(SCSP_DROP_TYPE, "type", "unknown message type") \
	X(SCSP_DROP_CHECKSUM, "checksum", "bad checksum") \
	X(SCSP_DROP_GROUP, "group", "no such protocol and server group here") \
	X(SCSP_DROP_AUTH_MISSING, "auth-missing", "no authentication") \
	X(SCSP_DROP_AUTH_SPI, "auth-spi", \
	    "key not configured for the neighbor") \
	X(SCSP_DROP_AUTH_TIME, "auth-time", "key not valid now") \
	X(SCSP_DROP_AUTH_MAC, "auth-failed", "wrong authentication data") \
	X(SCSP_DROP_REPLAY_MISSING, "replay-missing", "no replay protection") \
	X(SCSP_DROP_REPLAY_NONCE, "replay-nonce", "of another session") \
	X(SCSP_DROP_REPLAY_SEEN, "replay-seen", "counter seen before") \
	X(SCSP_DROP_MALFORMED_SIZE, "malformed-size", \
	    "length is not packet size") \
	X(SCSP_DROP_MALFORMED_ID, "malformed-id", "ID not of 4 octets") \
	X(SCSP_DROP_MALFORMED_RECORD, "malformed-record", \
	    "records do not fit") \
	X(SCSP_DROP_MALFORMED_EXTENSION, "malformed-extension", \
	    "bad extensions") \
	X(SCSP_DROP_OWN_ID, "own-id", "sent with our own ID") \
	X(SCSP_DROP_RECEIVER, "receiver", "for another receiver") \
	X(SCSP_DROP_SENDER, "sender", "not from the server that said Hello") \
	X(SCSP_DROP_STATE, "state", "not expected in this state") \
	X(SCSP_DROP_RECORD_STRANGE, "record-strange", "record not understood") \
	X(SCSP_DROP_RECORD_SEQUENCE, "record-sequence", "reserved number") \
	X(SCSP_DROP_RECORD_NULL, "record-null", "null record not asked for") \
	X(SCSP_DROP_RECORD_LIMIT, "record-limit", "cache is full") \
	X(SCSP_DROP_REQUEST_LIMIT, "request-limit", \
	    "more summaries than records may be held") \
	X(SCSP_DROP_RECORD_MISSING, "record-missing", \
	    "asked for and never came") \
	X(SCSP_DROP_RECORD_LARGE, "record-large", \
	    "not sent: larger than the neighbor takes") \
	X(SCSP_DROP_RECORD_ENDED, "record-ended", \
	    "not sent again: the neighbor does not forget the last number") \
	X(SCSP_DROP_CONGESTED, "congested", \
	    "marsd is behind: not taken, to be sent again") \
	X(SCSP_DROP_MEMORY, "memory", "no memory") \
	X(SCSP_DROP_SEND_KEY, "send-key", "not sent: no valid key") \
	X(SCSP_DROP_SEND, "send", "not sent: circuit busy or down")

enum scsp_drop {
#define X(sym, name, text) sym,
	SCSP_DROPS(X)
#undef X
	SCSP_DROP_MAX
};
const char	*scsp_drop_name(enum scsp_drop);

/* A record's name: OID in the high, key in the low half; sorts by both. */
typedef uint64_t scsp_record_id;
#define RECORD_ID(oid, key)	((uint64_t)(oid) << 32 | (key))
#define RECORD_OID(id)		((uint32_t)((id) >> 32))
#define RECORD_KEY(id)		((uint32_t)(id))

struct scsp_csas {
	scsp_record_id	 id;
	int32_t		 seq;
	uint16_t	 hops;
	bool		 null;		/* N */
	/* the protocol specific part; of a CSA record only */
	uint16_t	 len;
	const uint8_t	*data;
	/* received, and not null: what the cache protocol says of it */
	enum csa_verdict verdict;
};

/* A packet whose every length is known to fit (scsp_message_parse). */
struct scsp_message {
	enum scsp_type	 type;
	uint16_t	 pid, sgid, flags;
	uint16_t	 nrecords;
	uint32_t	 sender, receiver;
	bool		 no_receiver;	/* Hello of one that heard nobody */
	uint32_t	 ca_seq;	/* CA */
	uint16_t	 interval, dead;	/* Hello */
	struct rd	 receivers;	/* Hello: further ones, encoded */
	/* all others: nrecords of them; data points into the packet */
	struct scsp_csas record[SCSP_RECORDS_MAX];
};

/* What a packet says about itself; believed only under a MAC. */
struct scsp_ext {
	bool		 ok;		/* a proper list with its end */
	bool		 has_auth;
	uint32_t	 spi;
	size_t		 mac_at, mac_len;	/* where in the packet */
	const uint8_t	*replay;	/* SCSP_REPLAY_LEN octets, or NULL */
};

/*
 * Looks only as far as is needed to know whose packet this is.  Anything but
 * SCSP_DROP_NONE: it is nobody's.
 */
enum scsp_drop	 scsp_message_peek(const uint8_t *, size_t, enum scsp_type *,
		    uint16_t *pid, uint16_t *sgid);
/* finds the extensions of such a packet */
void		 scsp_message_extensions(const uint8_t *, size_t,
		    struct scsp_ext *);
/*
 * Decodes the packet, with what scsp_message_extensions() found in it.  judge
 * looks at the contents of CSA records.  Anything but SCSP_DROP_NONE:
 * it is malformed in the sense of 2.1 and A-59, and nothing of it counts.
 */
enum scsp_drop	 scsp_message_parse(const uint8_t *, size_t,
		    const struct scsp_ext *,
		    enum csa_verdict (*judge)(const void *, size_t),
		    struct scsp_message *);
/* is this ID among the receiver IDs of a Hello? */
bool		 scsp_message_lists(const struct scsp_message *, uint32_t);

#endif
