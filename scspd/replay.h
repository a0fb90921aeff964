/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Replay protection between servers of ours, under the MAC.  Each
 * end draws a nonce; a packet counts if it echoes ours and carries a
 * counter that its sender has not used before.  Hellos carry the nonces
 * across.
 */
#ifndef SCSP_REPLAY_H
#define SCSP_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "message.h"
#include "wire.h"

#define SCSP_REPLAY_RETIRED	8

struct scsp_replay {
	uint64_t	 own;		/* our nonce towards this neighbor */
	uint64_t	 heard;		/* last nonce of its, not proven */
	uint64_t	 proven;	/* its nonce, proven; 0: none */
	uint64_t	 sent;		/* counter of our last packet */
	uint64_t	 top;		/* highest counter seen under proven */
	uint64_t	 window;	/* bit i: top - i was seen */
	bool		 shown;		/* it has sent the extension */
	uint8_t		 nretired;
	/* proven before, under own */
	uint64_t	 retired[SCSP_REPLAY_RETIRED];
};

/* what scsp_replay_check() found */
enum scsp_replay_verdict {
	SCSP_REPLAY_OK,
	SCSP_REPLAY_NEW,	/* a Hello that proves a new boot's nonce */
	SCSP_REPLAY_ANSWER,	/* a Hello that changes nothing: answer it */
	SCSP_REPLAY_MISSING,
	SCSP_REPLAY_NONCE,
	SCSP_REPLAY_SEEN
};

/* nonce: 64 random bits, here and below */
void	scsp_replay_init(struct scsp_replay *, uint64_t nonce);
/* the adjacency has gone to Down: forgets the peer, under a new nonce */
void	scsp_replay_reset(struct scsp_replay *, uint64_t nonce);
/* value: the extension's SCSP_REPLAY_LEN octets, or NULL: it has none */
enum scsp_replay_verdict scsp_replay_check(struct scsp_replay *,
	    const uint8_t *value, bool hello, bool required, uint64_t nonce);
/* appends the extension.  echo_heard: as an answer to SCSP_REPLAY_ANSWER */
void	scsp_replay_put(struct scsp_replay *, struct wr *, bool echo_heard);

#endif
