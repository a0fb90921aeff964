/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The one bounds-checked reader and the one writer that every codec and
 * every imsg uses.  Both are sticky: after the first failure reads give 0
 * (or NULL) and writes do nothing, so that a parser checks once, at its end.
 * All numbers are in network byte order, between our own processes too.
 */
#ifndef MARS_WIRE_H
#define MARS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rd {
	const uint8_t	*p;		/* next octet */
	size_t		 left;		/* octets left */
	bool		 failed;	/* read past the end once */
};

void		 rd_init(struct rd *, const void *, size_t);
uint8_t		 rd_u8(struct rd *);
uint16_t	 rd_u16(struct rd *);
uint32_t	 rd_u32(struct rd *);
uint64_t	 rd_u64(struct rd *);
const uint8_t	*rd_bytes(struct rd *, size_t);
void		 rd_copy(struct rd *, void *, size_t);
void		 rd_skip(struct rd *, size_t);
struct rd	 rd_view(struct rd *, size_t);
bool		 rd_failed(const struct rd *);
bool		 rd_done(const struct rd *);

struct wr {
	uint8_t		*buf;
	size_t		 len;		/* octets written */
	size_t		 max;		/* octets that buf has room for */
	bool		 failed;	/* something did not fit */
};

void		 wr_init(struct wr *, void *, size_t);
void		 wr_u8(struct wr *, uint8_t);
void		 wr_u16(struct wr *, uint16_t);
void		 wr_u32(struct wr *, uint32_t);
void		 wr_u64(struct wr *, uint64_t);
void		 wr_bytes(struct wr *, const void *, size_t);
void		 wr_zero(struct wr *, size_t);
void		 wr_at_u16(struct wr *, size_t, uint16_t);
bool		 wr_failed(const struct wr *);
size_t		 wr_left(const struct wr *);

/* strings between our own processes: u16 length, octets without NUL */
void		 wr_string(struct wr *, const char *);
bool		 rd_string(struct rd *, char *, size_t);

#endif
