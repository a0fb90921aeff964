/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The internet checksum (RFC 1071), which MARS (RFC 2022 section 4.3.3), SCSP
 * (RFC 2334 section B.1) and IPv4 have.
 */
#ifndef MARS_CKSUM_H
#define MARS_CKSUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * The checksum of len octets: 0 over a message that holds its own, otherwise
 * what the zeroed field has to hold.
 */
uint16_t in_cksum(const void *, size_t);

#endif
