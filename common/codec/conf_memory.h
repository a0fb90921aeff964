/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The most memory that a configuration lets mars take, and its limits marsd,
 * scspd and edged.  Each object is counted with what the allocator adds, as it
 * was measured (regress/bench/learn.c) on a system with 64-bit pointers, and
 * rounded up; regress/unit/memory.c compares the numbers with the objects.
 * Not counted are programs and libraries, which processes share, and what does
 * not grow.
 */
#ifndef MARS_CONF_MEMORY_H
#define MARS_CONF_MEMORY_H

#include <stdint.h>

#include "conf.h"

/* octets of each object */
#define CONF_OCTETS_CIRCUIT	950	/* with who called */
#define CONF_OCTETS_CONTROL	224	/* that waits, one for each circuit */
#define CONF_OCTETS_MEMBER	600	/* but for its two circuits */
#define CONF_OCTETS_JOIN	240	/* its group and its record included */
#define CONF_OCTETS_BACKLOG	120	/* a range */
#define CONF_OCTETS_SERVER	2000	/* of the group */
#define CONF_OCTETS_RECORD	220	/* in scspd */
#define CONF_OCTETS_TOLD	120	/* of it, for each neighbor */
#define CONF_OCTETS_HELD	(480U << 10)	/* of a neighbor, by scspd */
#define CONF_OCTETS_QUEUE	(33U << 20)	/* what waits on a link */
#define CONF_OCTETS_COPIES	(64U << 20)	/* and what for leaves there */
#define CONF_OCTETS_ROOT	9500U		/* one SDU more of each root */
#define CONF_OCTETS_PROTOCOL	(3U << 20)	/* tables of CMIs */
#define CONF_OCTETS_CONTROLS	(9U << 20)	/* of a child, for marsctl */

/* of edged: */
#define CONF_OCTETS_TABLES	(3U << 20)	/* the kernel's, too */
#define CONF_OCTETS_CLIENT	(32U << 20)	/* packets and answers held */
#define CONF_OCTETS_PATH	1100		/* to a group, its root and its
						 * request included */
#define CONF_OCTETS_ENVELOPE	256		/* of a packet, with what keeps
						 * it */
#define CONF_OCTETS_LEAF	640		/* as the client has it, and
						 * one that is not called */
#define CONF_OCTETS_FLOW	384
#define CONF_OCTETS_LAN		(160U << 10)
#define CONF_OCTETS_WANTED	640		/* a group of a LAN, joined */
#define CONF_OCTETS_SOURCE	152		/* of it */
#define CONF_OCTETS_REPORTER	184		/* of it, with its host */
#define CONF_PATHS		4096		/* of a client */

/*
 * mars: files that are being read, and what each of three children may leave
 * unread, or have asked for, before it counts as hanging.
 */
#define CONF_OCTETS_MARS	(32U << 20)
/*
 * mars: the configuration in force, the next one with the place where each part
 * of it was read, and both as octets that wait for a child: for each octet that
 * it is sent.  The child itself has both, and those octets.
 */
#define CONF_OCTETS_OF_ONE	32

struct conf_memory {
	uint64_t	mars, marsd, scspd, edged;	/* octets; 0: not run */
};

/* The configuration is complete: addresses and protocols are known. */
void	conf_memory(const struct conf *, struct conf_memory *);

#endif
