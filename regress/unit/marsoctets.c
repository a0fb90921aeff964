/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "marsoctets.h"

void
b8(struct buf *b, unsigned v)
{
	b->p[b->len++] = (uint8_t)v;
}

void
b16(struct buf *b, unsigned v)
{
	b8(b, v >> 8 & 0xff);
	b8(b, v & 0xff);
}

void
b32(struct buf *b, uint32_t v)
{
	b16(b, v >> 16);
	b16(b, v & 0xffff);
}

void
bn(struct buf *b, const void *p, size_t n)
{
	memcpy(b->p + b->len, p, n);
	b->len += n;
}

/* LLC/SNAP and the fixed header of 4.3 */
void
b_head(struct buf *b, unsigned op, const struct atm_addr *src)
{
	static const uint8_t llc[8] = { 0xaa, 0xaa, 0x03, 0x00, 0x00, 0x5e,
		0x00, 0x03 };
	static const uint8_t zero[12];

	b->len = 0;
	bn(b, llc, 8);
	b16(b, 0x000f);
	b16(b, 0x0800);
	bn(b, zero, 12); /* snap, hdrrsv, chksum, extoff */
	b16(b, op);
	b8(b, src->num_tl);
	b8(b, src->sub_tl);
}

/* 5.2.1; pnum 0 or 1; the source protocol address is null */
void
b_join(struct buf *b, unsigned op, unsigned flags, struct atm_addr src,
    unsigned pnum, uint32_t min, uint32_t max)
{
	b_head(b, op, &src);
	b8(b, 0); /* spln */
	b8(b, pnum == 0 ? 0 : 4); /* tpln */
	b16(b, pnum);
	b16(b, flags);
	b16(b, 0); /* cmi */
	b32(b, 0); /* msn */
	bn(b, src.num, src.num_tl & 0x3f);
	bn(b, src.sub, src.sub_tl & 0x3f);
	for (; pnum > 0; pnum--) {
		b32(b, min);
		b32(b, max);
	}
}

/* 5.1.2 */
void
b_request(struct buf *b, struct atm_addr src, uint32_t group)
{
	static const uint8_t pad[8];

	b_head(b, 1, &src);
	b8(b, 0);
	b16(b, 0); /* thtl, tstl */
	b8(b, 4);
	bn(b, pad, 8);
	bn(b, src.num, src.num_tl & 0x3f);
	bn(b, src.sub, src.sub_tl & 0x3f);
	b32(b, group);
}

void
b_pro(struct buf *b, unsigned type, const char *snap)
{
	b->p[OFF(2)] = (uint8_t)(type >> 8);
	b->p[OFF(3)] = (uint8_t)type;
	memcpy(b->p + OFF(4), snap, 5);
}

unsigned
g16(const struct sent *t, size_t off)
{
	assert_true(OFF(off) + 2 <= t->len);
	return (unsigned)(t->p[OFF(off)] << 8 | t->p[OFF(off) + 1]);
}

uint32_t
g32(const struct sent *t, size_t off)
{
	return (uint32_t)g16(t, off) << 16 | g16(t, off + 2);
}

/* where the list of a message begins: behind sha, ssa, spa (and tpa) */
size_t
list_at(const struct sent *t)
{
	unsigned op = OP(t);
	size_t at = 32;

	at += t->p[OFF(18)] & 0x3f;
	at += t->p[OFF(19)] & 0x3f;
	if (op != 12)
		at += t->p[OFF(20)];
	if (op == 1 || op == 2 || op == 13)
		at += t->p[OFF(23)];
	return at;
}

/* the pairs of a JOIN or the like, as min, max, min, max ... */
void
check_pairs(const struct sent *t, size_t n, ...)
{
	size_t i, at = list_at(t);
	va_list ap;

	assert_int_equal(PNUM(t), n);
	assert_int_equal(t->len, OFF(at) + n * 8);
	va_start(ap, n);
	for (i = 0; i < 2 * n; i++)
		assert_int_equal(g32(t, at + 4 * i), va_arg(ap, uint32_t));
	va_end(ap);
}
