/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The blocks of a pcapng file (draft-ietf-opsawg-pcapng), one after the
 * other: a section, then an interface before the first packet of it.  A
 * packet is an SDU, which begins with LLC/SNAP.
 */
#ifndef MARSCTL_PCAPNG_H
#define MARSCTL_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* LINKTYPE_ATM_RFC1483: LLC-encapsulated, without any head before it */
#define PCAPNG_LINKTYPE	100

struct pcapng_packet {
	uint32_t	 interface;	/* the nth of the section, from 0 */
	uint64_t	 time;		/* us since 1970 */
	bool		 out;		/* sent, or received */
	const char	*comment;
	uint64_t	 lost;		/* before it, since the one before */
	const uint8_t	*data;
	size_t		 len;
};

/* A block; all of them together are below 65536 octets, or the writer fails. */
void	pcapng_section(struct wr *);
void	pcapng_interface(struct wr *, const char *name);
void	pcapng_packet(struct wr *, const struct pcapng_packet *);

#endif
