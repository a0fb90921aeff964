/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Replay protection.  RFC 2334 has none: its MAC has neither counter
 * nor time, and the numbers of CA and CSU messages only limit the harm.  This
 * is an extension that other servers skip, so it is asked of a neighbor from
 * the first packet on that has it, or where the configuration demands it.
 */
#include "replay.h"

#define WINDOW	64

/* 0 stands for no nonce, so it is not used */
void
scsp_replay_init(struct scsp_replay *rp, uint64_t nonce)
{
	rp->own = nonce == 0 ? 1 : nonce;
	rp->heard = rp->proven = 0;
	rp->sent = 0;
	rp->top = rp->window = 0;
	rp->shown = false;
	rp->nretired = 0;
}

/*
 * Our nonce changes, too: otherwise a Hello of the session that has ended,
 * which echoes it, could prove the old nonce of the peer again.
 */
void
scsp_replay_reset(struct scsp_replay *rp, uint64_t nonce)
{
	uint64_t sent = rp->sent;

	scsp_replay_init(rp, nonce);
	rp->sent = sent;
}

/* Marks a counter as seen; false if it was, or is older than the window. */
static bool
count(struct scsp_replay *rp, uint64_t counter)
{
	uint64_t ahead, behind;

	if (counter == 0)
		return false;
	if (counter > rp->top) {
		ahead = counter - rp->top;
		rp->window = ahead >= WINDOW ? 0 : rp->window << ahead;
		rp->window |= 1;
		rp->top = counter;
		return true;
	}
	behind = rp->top - counter;
	if (behind >= WINDOW || (rp->window >> behind & 1) != 0)
		return false;
	rp->window |= (uint64_t)1 << behind;
	return true;
}

/*
 * A Hello of an earlier boot of the peer that echoes our nonce could prove the
 * nonce of that boot once more.  So nonces that were proven under our nonce,
 * and have been replaced, are remembered.  When there are too many of them our
 * nonce changes.
 */
static bool
is_retired(const struct scsp_replay *rp, uint64_t peer)
{
	uint8_t i;

	for (i = 0; i < rp->nretired; i++)
		if (rp->retired[i] == peer)
			return true;
	return false;
}

static void
retire(struct scsp_replay *rp, uint64_t nonce)
{
	if (rp->nretired < SCSP_REPLAY_RETIRED) {
		rp->retired[rp->nretired++] = rp->proven;
		return;
	}
	rp->own = nonce == 0 ? 1 : nonce;
	rp->nretired = 0;
}

/*
 * Judges an authentic packet.  Only a fresh one (SCSP_REPLAY_OK or _NEW) counts
 * as seen.
 *
 * A packet that is refused changes little.  It shows that the neighbor sends
 * the extension, which may not be missing from then on.  With
 * SCSP_REPLAY_ANSWER its nonce is noted, to be echoed.  And a Hello that echoes
 * our nonce and has a new one proves the new one even if its counter is 0,
 * which no server of ours sends.
 */
enum scsp_replay_verdict
scsp_replay_check(struct scsp_replay *rp, const uint8_t *value, bool hello,
    bool required, uint64_t nonce)
{
	struct rd r;
	uint64_t peer, echo, counter;
	bool again;

	if (value == NULL)
		return required || rp->shown ? SCSP_REPLAY_MISSING :
		    SCSP_REPLAY_OK;
	rp->shown = true;
	rd_init(&r, value, SCSP_REPLAY_LEN);
	rd_skip(&r, 8);
	peer = rd_u64(&r);
	echo = rd_u64(&r);
	counter = rd_u64(&r);
	if (peer == 0)
		return SCSP_REPLAY_NONCE;
	if (echo != rp->own) {
		if (!hello)
			return SCSP_REPLAY_NONCE;
		rp->heard = peer;
		return SCSP_REPLAY_ANSWER;
	}
	if (peer == rp->proven)
		return count(rp, counter) ? SCSP_REPLAY_OK : SCSP_REPLAY_SEEN;
	if (!hello)
		return SCSP_REPLAY_NONCE;
	if (is_retired(rp, peer))
		return SCSP_REPLAY_NONCE;
	again = rp->proven != 0;
	if (again)
		retire(rp, nonce);
	rp->proven = rp->heard = peer;
	rp->top = rp->window = 0;
	if (!count(rp, counter))
		return SCSP_REPLAY_SEEN;
	return again ? SCSP_REPLAY_NEW : SCSP_REPLAY_OK;
}

void
scsp_replay_put(struct scsp_replay *rp, struct wr *w, bool echo_heard)
{
	wr_u16(w, EXT_VENDOR);
	wr_u16(w, SCSP_REPLAY_LEN);
	wr_u32(w, (uint32_t)SCSP_REPLAY_VENDOR << 8 | SCSP_REPLAY_KIND);
	wr_u32(w, 0);
	wr_u64(w, rp->own);
	wr_u64(w, echo_heard || rp->proven == 0 ? rp->heard : rp->proven);
	wr_u64(w, ++rp->sent);
}
