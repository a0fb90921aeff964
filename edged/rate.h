/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Rates of packets per group, per LAN and per source, and of new flows per
 * source: whole packets are dropped (RFC 8085 4.1).  What is remembered of
 * sources is bounded: of those that have sent the oldest goes.
 */
#ifndef EDGED_RATE_H
#define EDGED_RATE_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "timer.h"

/* A token bucket.  All zero is a full one that has never been used. */
struct edged_bucket {
	int64_t	missing;	/* millionths of a token to the brim */
	mtime_t	last;
};

#define EDGED_RATE_MAX		1000000000000	/* tokens a second */
#define EDGED_BURST_MAX		1000000000000	/* tokens */

/*
 * Are there n tokens, of `rate` a second and `burst` at once?  A rate of 0 is
 * no limit.  _has only looks, _take takes them if so.
 */
bool	edged_bucket_has(struct edged_bucket *, mtime_t now, uint64_t rate,
	    uint64_t burst, uint64_t n);
bool	edged_bucket_take(struct edged_bucket *, mtime_t now, uint64_t rate,
	    uint64_t burst, uint64_t n);

/* Why a packet is too many: symbol, name in marsctl, text. */
#define EDGED_RATE_DROPS(X) \
	X(EDGED_RATE_DROP_SOURCE, "rate-source", "rate of its source") \
	X(EDGED_RATE_DROP_GROUP, "rate-group", "rate of its group") \
	X(EDGED_RATE_DROP_LAN, "rate-lan", "rate of its LAN") \
	X(EDGED_RATE_DROP_FLOWS, "new-flows", "new groups of its source")

enum edged_rate_drop {
	EDGED_RATE_OK = 0,
#define X(sym, name, text) sym,
	EDGED_RATE_DROPS(X)
#undef X
	EDGED_RATE_DROP_MAX
};

const char	*edged_rate_drop_name(enum edged_rate_drop);

/* a bucket of octets, and its rate in bit/s; 0 or bucket NULL: no limit */
struct edged_rate {
	struct edged_bucket	*bucket;
	uint64_t		 rate;
};

/*
 * May a packet of so many octets pass all three?  Only then it takes from
 * any.  A burst is 100 ms of the rate, and at least the largest packet.
 */
enum edged_rate_drop	 edged_rate_take(mtime_t now, size_t octets,
			    const struct edged_rate *source,
			    const struct edged_rate *group,
			    const struct edged_rate *lan);

/* --- what is remembered of the sources of a LAN */

struct edged_sender {
	struct edged_sender		*next;		/* of equal hash */
	TAILQ_ENTRY(edged_sender)	 entry;
	struct paddr			 addr;
	struct edged_bucket		 octets, flows;
	uint64_t			 packets, dropped;
	mtime_t				 heard;		/* last */
};

TAILQ_HEAD(edged_sender_list, edged_sender);

struct edged_senders {
	struct edged_sender		*all;		/* max of them */
	struct edged_sender		**heads;	/* by hash */
	uint32_t			 max, used, mask;
	uint64_t			 seed;
	uint64_t			 evicted;
	struct edged_sender_list	 order;		/* oldest first */
};

/* At most max sources; seed is random.  0, or -1: no memory. */
int	edged_senders_init(struct edged_senders *, uint32_t max, uint64_t seed);
void	edged_senders_free(struct edged_senders *);
/* what is remembered of a source that has sent now; never NULL, and good
 * until the next call */
struct edged_sender	*edged_senders_get(struct edged_senders *,
			    const struct paddr *);
/* the same if there is anything; else NULL */
const struct edged_sender	*edged_senders_find(
				    const struct edged_senders *,
				    const struct paddr *);
/* may this source have one more flow, of `rate` a second and 4 s' at once? */
bool	edged_sender_flow(struct edged_sender *, mtime_t now, uint32_t rate);

#endif
