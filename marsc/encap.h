/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Multicast data on circuits (RFC 2022 section 5.5). */
#ifndef MARSC_ENCAP_H
#define MARSC_ENCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "wire.h"

#define ENCAP_MAX	24	/* octets before the packet, with LLC/SNAP */

enum encap_result {
	ENCAP_OK,
	ENCAP_OTHER,		/* neither Type #1 nor Type #2 */
	ENCAP_SHORT		/* cut off in its header */
};

struct encap {
	uint8_t		type;		/* 1 or 2 */
	uint16_t	cmi;		/* Type #1: pkt$cmi */
	uint8_t		source[8];	/* Type #2: source ID */
	struct mars_pro	pro;		/* short form where there is one */
	struct rd	packet;		/* the layer 3 packet */
};

/* Type #1 header; Type #2 is never sent (5.5) */
void			encap_write(struct wr *, const struct mars_pro *,
			    uint16_t cmi);
/* another pkt$cmi in what encap_write() began */
void			encap_set_cmi(uint8_t *, uint16_t cmi);
enum encap_result	encap_decode(struct encap *, const void *, size_t);
/* our own packet came back (5.5.1); never true of Type #2 (5.5.2) */
bool			encap_reflected(const struct encap *, uint16_t cmi);

#endif
