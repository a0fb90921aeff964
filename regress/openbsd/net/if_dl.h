/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Of OpenBSD: the address of a link, behind its name in sdl_data. */
#ifndef REGRESS_OPENBSD_IF_DL_H
#define REGRESS_OPENBSD_IF_DL_H

#include <stdint.h>

#define AF_LINK	18

struct sockaddr_dl {
	uint8_t		sdl_len, sdl_family;
	uint16_t	sdl_index;
	uint8_t		sdl_type, sdl_nlen, sdl_alen, sdl_slen;
	char		sdl_data[24];
};

#endif
