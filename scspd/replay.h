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

#define REPLAY_RETIRED	8

struct replay {
	uint64_t	 own;		/* our nonce towards this neighbor */
	uint64_t	 heard;		/* last nonce of its, not proven */
	uint64_t	 proven;	/* its nonce, proven; 0: none */
	uint64_t	 sent;		/* counter of our last packet */
	uint64_t	 top;		/* highest counter seen under proven */
	uint64_t	 window;	/* bit i: top - i was seen */
	bool		 shown;		/* it has sent the extension */
	uint8_t		 nretired;
	uint64_t	 retired[REPLAY_RETIRED]; /* proven before, under own */
};

/* what replay_check() found */
enum replay_verdict {
	REPLAY_OK,
	REPLAY_NEW,	/* a Hello that proves another nonce: a new boot */
	REPLAY_ANSWER,	/* a Hello that changes nothing: answer it */
	REPLAY_MISSING,
	REPLAY_NONCE,
	REPLAY_SEEN
};

void	replay_init(struct replay *, uint64_t nonce);
/* the adjacency has gone to Down: forget the peer, under a new nonce */
void	replay_reset(struct replay *, uint64_t nonce);
/* value: the extension's REPLAY_LEN octets, or NULL; nonce: random */
enum replay_verdict replay_check(struct replay *, const uint8_t *value,
	    bool hello, bool required, uint64_t nonce);
/* appends the extension; echo_heard: this is the answer to REPLAY_ANSWER */
void	replay_put(struct replay *, struct wr *, bool echo_heard);

#endif
