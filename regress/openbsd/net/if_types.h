/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Of OpenBSD: what kinds of links there are. */
#ifndef REGRESS_OPENBSD_IF_TYPES_H
#define REGRESS_OPENBSD_IF_TYPES_H

#define IFT_ETHER	0x06

#endif
