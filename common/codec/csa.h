/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The MARS specific part of an SCSP CSA record (RFC 2443 section 3).  Beware:
 * here the protocol address comes before the ATM address.
 */
#ifndef MARS_CSA_H
#define MARS_CSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum csa_state {
	CSA_REDIRECT = 1,	/* MARS Server Redirect Entry */
	CSA_SERVE = 2,		/* MCS Serve/Register */
	CSA_JOIN = 3,		/* MARS Client Join/Register */
	CSA_LEAVE = 4,		/* MARS Client Leave/Deregister */
	CSA_UNSERVE = 5		/* MCS Unserve/Deregister */
};

#define CSA_F_LAYER3GRP	0x8000
#define CSA_F_REGISTER	0x2000
#define CSA_MAX		(20 + 3 * 255 + 2 * 63)	/* octets of any record */

struct csa {
	struct mars_pro	 pro;
	uint8_t		 state;		/* enum csa_state */
	uint16_t	 flags;		/* CSA_F_*; others 0 */
	uint16_t	 cmi;
	struct paddr	 spa;		/* source protocol address */
	struct atm_addr	 atm;		/* client, MCS or server */
	struct paddr	 min, max;	/* null when register, or state 1 */
};

/*
 * What a record is to a cache that does not know MARS: the
 * only thing that scspd asks about the protocol specific part.
 */
enum csa_verdict {
	CSA_MALFORMED,	/* lengths do not add up: the message is bad, A-49 */
	CSA_STRANGE,	/* acknowledge, do not install, remember, A-39 */
	CSA_LIVE,
	CSA_TOMBSTONE	/* state 4 or 5: kept for the tombstone time, A-9 */
};

/*
 * Decodes that many octets.  After CSA_LIVE and CSA_TOMBSTONE all of *c
 * counts, otherwise nothing.
 */
enum csa_verdict csa_decode(struct csa *, const void *, size_t);
/* The verdict alone. */
enum csa_verdict csa_judge(const void *, size_t);
/* The octets written, with reserved bits at zero; 0: they do not fit. */
size_t		 csa_encode(const struct csa *, void *, size_t);
/* Makes it the record that undoes it: state 2 becomes 5, and 3 becomes 4. */
void		 csa_withdraw(struct csa *);

#endif
