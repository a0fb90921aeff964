/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsd and scspd tell each other (IMSG_CSA_*, ipc.h): one host struct
 * for all types, one decoder and one encoder.  Views of a decoded message
 * are of the buffer that it was decoded from.
 */
#ifndef MARS_REPLICA_H
#define MARS_REPLICA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define REPLICA_KEYS_MAX	4000	/* keys of one message */
#define REPLICA_MAX		16368	/* octets of one: an imsg's payload */

struct replica_msg {
	uint16_t	 sgid;
	uint8_t		 oid[4];
	uint32_t	 key;
	int32_t		 seq;
	uint8_t		 how;		/* enum csa_how */
	uint64_t	 when;		/* it came, microseconds of the
					 * monotonic clock of both */
	bool		 aligned;
	const uint32_t	*keys;		/* to encode */
	uint32_t	 nkeys;
	const uint8_t	*keys_view;	/* decoded: see replica_key() */
	const uint8_t	*data;		/* the protocol specific part */
	size_t		 len;
};

/* Is this a message that marsd sends; or, with false, scspd? */
bool		replica_from(uint32_t type, bool marsd);
/* False: malformed, not of these types, or octets are left over. */
bool		replica_decode(struct replica_msg *, uint32_t type,
		    struct rd *);
/* Writes only what the type has; the writer fails if it does not fit. */
void		replica_encode(struct wr *, uint32_t type,
		    const struct replica_msg *);
/*
 * The same behind what the writer has already, so that one imsg takes many
 * (IMSG_REPLICA).  False: it does not fit, and nothing was written.
 */
bool		replica_put(struct wr *, uint32_t type,
		    const struct replica_msg *);
/* Takes the next one of many.  False: malformed, as of replica_decode(). */
bool		replica_next(struct replica_msg *, uint32_t *type,
		    struct rd *);
/* The i-th key of a decoded message; i < nkeys. */
uint32_t	replica_key(const struct replica_msg *, uint32_t i);

#endif
