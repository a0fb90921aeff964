/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The codecs: this directory turns octets into structures and back, and
 * checks them.  It has no state, and knows nothing of timers, circuits or
 * processes, so that any program and any test can use it.
 *
 *	wire.c		the reader and the writer below: under all others
 *	addr.c		addresses and protocols; addr_text.c: as text
 *	llc.c		LLC/SNAP headers
 *	cksum.c		the internet checksum
 *	mars.c		the messages of RFC 2022
 *	csa.c		the records of RFC 2443
 *	ctl.c		rows for marsctl(8); ctl_filter.c: which are wanted
 *	json.c		text within a JSON string
 *	conf.c		the configuration; conf_wire.c: as octets
 *	endpoint.c	what it gives to each process to listen on
 *	ipc.h		the messages between our own processes
 *	replica.c	those between marsd and scspd
 *
 * Whatever is read from a peer or from another process is read with the one
 * bounds-checked reader, and written with the one writer.  Both are sticky:
 * after the first failure reads give 0 (or NULL) and writes do nothing, so
 * that a parser checks once, at its end.  All numbers are in network byte
 * order, between our own processes too.
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

/* Starts reading that many octets, which have to outlive the reader. */
void		 rd_init(struct rd *, const void *, size_t);
uint8_t		 rd_u8(struct rd *);
uint16_t	 rd_u16(struct rd *);
uint32_t	 rd_u32(struct rd *);
uint64_t	 rd_u64(struct rd *);
/* The next octets, consumed, or NULL; for 0 of them a valid pointer. */
const uint8_t	*rd_bytes(struct rd *, size_t);
/* Copies the next octets out; zeros where they are not there. */
void		 rd_copy(struct rd *, void *, size_t);
void		 rd_skip(struct rd *, size_t);
/* A reader of the next octets alone, which are consumed from this one. */
struct rd	 rd_view(struct rd *, size_t);
bool		 rd_failed(const struct rd *);
/* Has everything been read, and was nothing missing? */
bool		 rd_done(const struct rd *);

struct wr {
	uint8_t		*buf;
	size_t		 len;		/* octets written */
	size_t		 max;		/* octets that buf has room for */
	bool		 failed;	/* something did not fit */
};

/* Starts writing into a buffer of that many octets. */
void		 wr_init(struct wr *, void *, size_t);
void		 wr_u8(struct wr *, uint8_t);
void		 wr_u16(struct wr *, uint16_t);
void		 wr_u32(struct wr *, uint32_t);
void		 wr_u64(struct wr *, uint64_t);
void		 wr_bytes(struct wr *, const void *, size_t);
void		 wr_zero(struct wr *, size_t);
/* Overwrites two octets at an offset, which have to be written already. */
void		 wr_at_u16(struct wr *, size_t, uint16_t);
bool		 wr_failed(const struct wr *);
/* Octets that still fit; 0 after a failure. */
size_t		 wr_left(const struct wr *);

/* Strings between our own processes: u16 length, octets without NUL. */
void		 wr_string(struct wr *, const char *);
/*
 * Into a buffer of that size, NUL-terminated.  False, and an empty string: it
 * does not fit, is cut short, or has a NUL inside.
 */
bool		 rd_string(struct rd *, char *, size_t);

#endif
