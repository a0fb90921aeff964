/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Layer 3 packets as they come in (RFC 2022 section 5.5). */
#ifndef MARSC_DATA_H
#define MARSC_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "host.h"
#include "wire.h"

void	marsc_data_input(struct marsc_host *, const struct marsc_incoming *,
	    const uint8_t *, size_t);
/*
 * An SDU for a packet of that client, behind room for what comes before it
 * (NULL: no memory); and that, which is written when it is sent.
 */
struct vc_sdu	*marsc_data_sdu(const struct marsc *, const void *, size_t);
void	marsc_data_head(const struct marsc *, struct vc_sdu *);
/*
 * The group that a layer 3 packet is for.  False, and the null address: the
 * packet is too short, or we can't look into packets of this protocol.
 */
bool	marsc_data_group(const struct mars_pro *, struct rd packet,
	    struct paddr *);

#endif
