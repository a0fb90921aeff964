/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* LLC/SNAP encapsulation (RFC 2684; RFC 2022 sections 4.3, 5.5). */
#ifndef MARS_LLC_H
#define MARS_LLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LLC_LEN		8
#define LLC_OUI_IANA	0x00005e
#define LLC_OUI_ETHER	0x000000
#define LLC_PID_T1	0x0001	/* Type #1 multicast data, 5.5.1 */
#define LLC_PID_MARS	0x0003	/* MARS control and NHRP, 4.3 */
#define LLC_PID_T2	0x0004	/* Type #2 multicast data, 5.5.2 */
#define LLC_PID_SCSP	0x0005	/* RFC 2334 appendix A */

/*
 * Reads the header of an SDU of that many octets, whose payload begins LLC_LEN
 * octets into it.  False: it is no LLC/SNAP.
 */
bool	llc_decode(const void *, size_t, uint32_t *oui, uint16_t *pid);
/* Writes LLC_LEN octets. */
void	llc_encode(void *, uint32_t oui, uint16_t pid);

#endif
