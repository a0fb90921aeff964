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
 * order, between our own processes too.  What is called for each number stands
 * here: a call takes longer than to read it.
 */
#ifndef MARS_WIRE_H
#define MARS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t	*p;		/* next octet */
	size_t		 left;		/* octets left */
	bool		 failed;	/* read past the end once */
};

/* Starts reading that many octets, which have to outlive the reader. */
void		 rd_init(struct rd *, const void *, size_t);

/* The next octets, consumed, or NULL; for 0 of them a valid pointer. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t len)
{
	const uint8_t *p = r->p;

	if (r->failed || r->left < len) {
		r->failed = true;
		return NULL;
	}
	/* p is NULL only for an empty reader, where nothing may be added */
	if (len != 0)
		r->p += len;
	r->left -= len;
	return p;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 :
	    (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t
rd_u64(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 8);
	uint64_t v = 0;
	int i;

	if (p == NULL)
		return 0;
	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static inline void
rd_skip(struct rd *r, size_t len)
{
	(void)rd_bytes(r, len);
}

static inline bool
rd_failed(const struct rd *r)
{
	return r->failed;
}

/* Has everything been read, and was nothing missing? */
static inline bool
rd_done(const struct rd *r)
{
	return !r->failed && r->left == 0;
}

/* Copies the next octets out; zeros where they are not there. */
void		 rd_copy(struct rd *, void *, size_t);
/* A reader of the next octets alone, which are consumed from this one. */
struct rd	 rd_view(struct rd *, size_t);

struct wr {
	uint8_t		*buf;
	size_t		 len;		/* octets written */
	size_t		 max;		/* octets that buf has room for */
	bool		 failed;	/* something did not fit */
};

/* Starts writing into a buffer of that many octets. */
void		 wr_init(struct wr *, void *, size_t);

/* Room for so many octets, which are written by the caller; or NULL. */
static inline uint8_t *
wr_room(struct wr *w, size_t len)
{
	uint8_t *p;

	if (w->failed || w->max - w->len < len) {
		w->failed = true;
		return NULL;
	}
	p = w->buf + w->len;
	w->len += len;
	return p;
}

static inline void
wr_bytes(struct wr *w, const void *from, size_t len)
{
	uint8_t *p;

	if (len != 0 && (p = wr_room(w, len)) != NULL)
		memcpy(p, from, len);
}

static inline void
wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void
wr_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
wr_put32(uint8_t *p, uint32_t v)
{
	wr_put16(p, (uint16_t)(v >> 16));
	wr_put16(p + 2, (uint16_t)v);
}

static inline void
wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL)
		wr_put16(p, v);
}

static inline void
wr_u32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (p != NULL)
		wr_put32(p, v);
}

static inline void
wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

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
