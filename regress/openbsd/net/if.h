/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Of OpenBSD: what getifaddrs(3) says of a link. */
#include_next <net/if.h>
#ifndef REGRESS_OPENBSD_IF_H
#define REGRESS_OPENBSD_IF_H

#include <stdint.h>

struct if_data {
	uint8_t		ifi_type;
	uint32_t	ifi_mtu;
};

#endif
