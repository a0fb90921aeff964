/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* What route(4) of OpenBSD says is there, as far as mars uses it. */
#ifndef REGRESS_OPENBSD_ROUTE_H
#define REGRESS_OPENBSD_ROUTE_H

#define RTM_NEWADDR	0xc
#define RTM_DELADDR	0xd
#define RTM_IFINFO	0xe
#define RTM_IFANNOUNCE	0xf

#define ROUTE_MSGFILTER	1
#define ROUTE_FILTER(m)	(1U << (m))

#endif
