/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A probe asks the members of a group to say so: "marsctl probe".  It goes the
 * way of a packet to the group, as an IP packet (nvc.md, Probes) whose TTL has
 * ended, so that no edge and no router passes it on, whether or not it knows
 * what that is.  An edge that has joined the group answers to who has asked.
 */
#ifndef EDGED_PROBE_H
#define EDGED_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rate.h"
#include "timer.h"

/* --- on the wire */

#define EDGED_PROBE_PROTO	253	/* for experiments, RFC 3692 */
#define EDGED_PROBE_LEN		44	/* octets behind the IP header */
#define EDGED_PROBE_MIN4	(20 + EDGED_PROBE_LEN)
#define EDGED_PROBE_MIN6	(40 + EDGED_PROBE_LEN)

enum edged_probe_kind {
	EDGED_PROBE_ASK = 1,
	EDGED_PROBE_ANSWER = 2
};

struct edged_probe {
	enum edged_probe_kind	 kind;
	/* ASK: asked about.  ANSWER: null, of the length of the protocol's */
	struct paddr		 group;
	uint64_t		 nonce;		/* of the asker */
	uint16_t		 number;	/* of its probes, from 0 */
	uint16_t		 size;		/* octets of the probe, with its
						 * IP header */
	struct atm_addr		 asker;		/* to be answered */
};

/*
 * Writes it and returns its octets: size of a probe, or as many as it takes
 * of an answer, which is never more.  0: there is no room, or the size is less
 * than a probe takes.
 */
size_t	edged_probe_encode(const struct edged_probe *, uint8_t *, size_t room);
/* False: it is no probe and no answer, or a damaged one. */
bool	edged_probe_decode(struct edged_probe *, const uint8_t *, size_t);

/* --- who is answered: 10 a second, of these 1 of an asker, after a burst */

#define EDGED_PROBE_RATE	10
#define EDGED_PROBE_BURST	64
#define EDGED_PROBE_ASKER_RATE	1
#define EDGED_PROBE_ASKER_BURST	32
#define EDGED_PROBE_ASKERS	16	/* that are remembered */

struct edged_probe_limit {
	struct edged_bucket	 all;
	struct edged_probe_asker {
		struct atm_addr		 addr;
		struct edged_bucket	 bucket;
	} askers[EDGED_PROBE_ASKERS];
};

/* May it be answered now?  All zero is a limit that was never used. */
bool	edged_probe_may(struct edged_probe_limit *, mtime_t now,
	    const struct atm_addr *asker);

/* --- who asks */

#define EDGED_PROBE_SIZES	8	/* probes at most */
#define EDGED_PROBE_MEMBERS	256	/* that are remembered */
#define EDGED_PROBE_FIRST	MTIME_MS(500)	/* circuits are opened */
#define EDGED_PROBE_WAIT	MTIME_SEC(1)	/* for answers */

struct edged_probe_member {
	struct atm_addr	addr;
	bool		expected;	/* known as a member of the group */
	uint32_t	answered;	/* probes, a bit each */
	uint16_t	largest;	/* octets that came through; 0: none */
	int64_t		trip;		/* the shortest, in us */
};

struct edged_prober_ops {
	/* sends that probe */
	void	(*send)(void *, uint16_t number, uint16_t size);
	/* all have answered all, or the time is over */
	void	(*over)(void *);
};

/*
 * One small probe opens the circuits there and back.  Once all members have
 * answered it, or after a while, there is one more, by whose answers the round
 * trip is known, and one of each size.
 */
struct edged_prober {
	const struct edged_prober_ops	*ops;
	void				*arg;
	struct timers			*timers;
	struct timer			 timer;
	uint64_t			 nonce;
	uint16_t			 sizes[EDGED_PROBE_SIZES];
	uint16_t			 n, sent;
	mtime_t				 at[EDGED_PROBE_SIZES];
	struct edged_probe_member	 members[EDGED_PROBE_MEMBERS];
	size_t				 nmembers;
};

/*
 * Sends the first one; min and max: octets of the smallest and largest.  The
 * prober is zero, or was stopped or is over.
 */
void	edged_prober_start(struct edged_prober *,
	    const struct edged_prober_ops *, void *arg, struct timers *,
	    uint64_t nonce, uint16_t min, uint16_t max);
void	edged_prober_stop(struct edged_prober *);
/* It is a member, so it should answer.  False: more can't be remembered. */
bool	edged_prober_expect(struct edged_prober *, const struct atm_addr *);
/* False: nobody has asked. */
bool	edged_prober_answer(struct edged_prober *, const struct atm_addr *,
	    const struct edged_probe *);
/* How many have answered. */
size_t	edged_prober_answered(const struct edged_prober *);

#endif
