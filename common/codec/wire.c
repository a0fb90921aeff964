/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "wire.h"

void
rd_init(struct rd *r, const void *buf, size_t len)
{
	r->p = buf;
	r->left = len;
	r->failed = false;
}

const uint8_t *
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

uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 :
	    (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

uint64_t
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

void
rd_copy(struct rd *r, void *to, size_t len)
{
	const uint8_t *p = rd_bytes(r, len);

	if (len == 0)
		return;
	if (p == NULL)
		memset(to, 0, len);
	else
		memcpy(to, p, len);
}

void
rd_skip(struct rd *r, size_t len)
{
	(void)rd_bytes(r, len);
}

struct rd
rd_view(struct rd *r, size_t len)
{
	struct rd v = { .p = rd_bytes(r, len), .left = len };

	if (v.p == NULL) {
		v.left = 0;
		v.failed = r->failed;
	}
	return v;
}

bool
rd_failed(const struct rd *r)
{
	return r->failed;
}

bool
rd_done(const struct rd *r)
{
	return !r->failed && r->left == 0;
}

void
wr_init(struct wr *w, void *buf, size_t max)
{
	w->buf = buf;
	w->len = 0;
	w->max = max;
	w->failed = false;
}

static uint8_t *
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

void
wr_bytes(struct wr *w, const void *from, size_t len)
{
	uint8_t *p;

	if (len != 0 && (p = wr_room(w, len)) != NULL)
		memcpy(p, from, len);
}

void
wr_zero(struct wr *w, size_t len)
{
	uint8_t *p;

	if (len != 0 && (p = wr_room(w, len)) != NULL)
		memset(p, 0, len);
}

void
wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

void
wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL)
		put16(p, v);
}

void
wr_u32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (p != NULL)
		put32(p, v);
}

void
wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

void
wr_at_u16(struct wr *w, size_t pos, uint16_t v)
{
	if (w->failed || w->len < 2 || pos > w->len - 2)
		w->failed = true;
	else
		put16(w->buf + pos, v);
}

bool
wr_failed(const struct wr *w)
{
	return w->failed;
}

size_t
wr_left(const struct wr *w)
{
	return w->failed ? 0 : w->max - w->len;
}

void
wr_string(struct wr *w, const char *s)
{
	size_t len = strlen(s);

	if (len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, s, len);
}

bool
rd_string(struct rd *r, char *buf, size_t size)
{
	uint16_t len = rd_u16(r);
	const uint8_t *p = rd_bytes(r, len);

	buf[0] = '\0';
	if (p == NULL || len >= size || memchr(p, 0, len) != NULL) {
		r->failed = true;
		return false;
	}
	if (len != 0)
		memcpy(buf, p, len);
	buf[len] = '\0';
	return true;
}
