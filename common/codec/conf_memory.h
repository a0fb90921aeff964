/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The most memory that a configuration lets mars take, and its limits marsd
 * and scspd.  Each object is counted with what the allocator adds, as it was
 * measured (regress/bench/learn.c) on a system with 64-bit pointers, and
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

/*
 * mars: files that are being read (LEX_DEPTH_MAX of LEX_FILE_MAX), and what
 * each of three children may leave unread (16384 messages) or have asked for
 * (1024 calls, 256 roots) before it counts as hanging.
 */
#define CONF_OCTETS_MARS	(32U << 20)
/*
 * The configuration in force, the next one with the place where each part of it
 * was read, and both as octets that wait for three children: for each octet
 * that they are sent.
 */
#define CONF_OCTETS_OF_ONE	32

struct conf_memory {
	uint64_t	mars, marsd, scspd;	/* octets */
};

/* The configuration is complete: addresses and protocols are known. */
void	conf_memory(const struct conf *, struct conf_memory *);

#endif
