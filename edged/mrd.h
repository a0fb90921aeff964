/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Multicast Router Discovery (RFC 4286): tells the snooping switches of a LAN
 * that we are a router, so that they send us all groups.  They also take the
 * querier for one, but the querier may be somebody else.
 */
#ifndef EDGED_MRD_H
#define EDGED_MRD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "ip.h"
#include "timer.h"

#define EDGED_MRD_INTERVAL	20	/* s, 3.1.1: AdvertisementInterval */
#define EDGED_MRD_INITIAL	3	/* 3.1.5: MaxInitialAdvertisements */
#define EDGED_MRD_SOON		2000	/* ms, 3.1.4 and 3.1.6: at most so long
					 * until the first, or an answer */
#define EDGED_MRD_MAX		64	/* octets of a packet */

struct edged_mrd_ops {
	/* an IP packet to a group, out on the LAN */
	void	 (*send)(void *, const void *, size_t);
	uint64_t (*random)(void *);
};

/* of one LAN and family */
struct edged_mrd {
	const struct edged_mrd_ops	*ops;
	void				*arg;
	struct timers			*timers;
	struct paddr			 addr;		/* len 0: stopped */
	uint16_t			 interval;	/* of our queries, s */
	uint8_t				 robustness;
	uint8_t				 initial;	/* left of the first */
	struct timer			 timer;
};

void	edged_mrd_init(struct edged_mrd *, const struct edged_mrd_ops *, void *,
	    struct timers *);
/*
 * From now on we are a router with this address (IPv4, or link-local IPv6);
 * len 0 is as a stop.  What is advertised besides: interval of the general
 * queries in s, 0 if we send none, and robustness (3.2.2, 3.2.3).
 */
void	edged_mrd_start(struct edged_mrd *, const struct paddr *,
	    uint32_t interval, uint8_t robustness);
void	edged_mrd_stop(struct edged_mrd *);	/* says so */

/* a solicitation (3.3), by type; and one that was heard (IGMP's or MLD's) */
bool	edged_mrd_is(const struct edged_ip *);
void	edged_mrd_heard(struct edged_mrd *, const struct edged_ip *);

#endif
