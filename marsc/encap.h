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

enum marsc_encap_result {
	MARSC_ENCAP_OK,
	MARSC_ENCAP_OTHER,		/* neither Type #1 nor Type #2 */
	MARSC_ENCAP_SHORT		/* cut off in its header */
};

struct marsc_encap {
	uint8_t		type;		/* 1 or 2 */
	uint16_t	cmi;		/* Type #1: pkt$cmi */
	uint8_t		source[8];	/* Type #2: source ID */
	struct mars_pro	pro;		/* short form where there is one */
	struct rd	packet;		/* the layer 3 packet */
};

/* How many octets stand before a packet of Type #1, with LLC/SNAP. */
size_t			marsc_encap_len(const struct mars_pro *);
/* Type #1 header; Type #2 is never sent (5.5) */
void			marsc_encap_write(struct wr *, const struct mars_pro *,
			    uint16_t cmi);
/* Writes another pkt$cmi into what marsc_encap_write() began. */
void			marsc_encap_set_cmi(uint8_t *, uint16_t cmi);
enum marsc_encap_result	marsc_encap_decode(struct marsc_encap *, const void *,
		    size_t);
/*
 * Is this a packet of our own that has come back (5.5.1)?  Never true of Type
 * #2 (5.5.2).
 */
bool			marsc_encap_reflected(const struct marsc_encap *,
		    uint16_t cmi);

#endif
