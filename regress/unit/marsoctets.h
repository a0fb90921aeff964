/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Messages, written and read octet by octet from RFC 2022 sections 4.3,
 * 5.1.2, 5.2.1, 5.3, 5.4.3 and 5.1.6, not with the codec under test.
 */
#ifndef MARSOCTETS_H
#define MARSOCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "marsd/group.h"

#define OFF(n)		((size_t)8 + (n))	/* behind LLC/SNAP */

/* --- writing */

struct buf {
	uint8_t	p[9300];
	size_t	len;
};

void	b8(struct buf *b, unsigned v);
void	b16(struct buf *b, unsigned v);
void	b32(struct buf *b, uint32_t v);
void	bn(struct buf *b, const void *p, size_t n);
/* LLC/SNAP and the fixed header of 4.3 */
void	b_head(struct buf *b, unsigned op, const struct atm_addr *src);
/* 5.2.1; pnum 0 or 1; the source protocol address is null */
void	b_join(struct buf *b, unsigned op, unsigned flags, struct atm_addr src,
	    unsigned pnum, uint32_t min, uint32_t max);
/* 5.1.2 */
void	b_request(struct buf *b, struct atm_addr src, uint32_t group);
/* names another protocol in it: type and SNAP (4.3.2) */
void	b_pro(struct buf *b, unsigned type, const char *snap);
#define NOSNAP	"\0\0\0\0\0"

/* --- reading */

/* what a server has sent */
struct sent {
	int		 server;
	bool		 control;	/* on a control VC */
	enum marsd_role	 role;		/* which one */
	struct atm_addr	 to;		/* else: to whom */
	size_t		 len;
	uint8_t		*p;		/* with LLC/SNAP */
};

unsigned	g16(const struct sent *t, size_t off);
uint32_t	g32(const struct sent *t, size_t off);
/* where the list of a message begins: behind sha, ssa, spa (and tpa) */
size_t	list_at(const struct sent *t);
/* the pairs of a JOIN or the like, as min, max, min, max ... */
void	check_pairs(const struct sent *t, size_t n, ...);

#define OP(t)		g16(t, 16)
#define FLAGS(t)	g16(t, 24)
#define CMI(t)		g16(t, 26)
#define MSN(t)		g32(t, 28)
#define PNUM(t)		g16(t, 22)
#define TNUM(t)		g16(t, 24)
#define SEQXY(t)	g16(t, 26)

#endif
