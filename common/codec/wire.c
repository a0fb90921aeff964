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

void
wr_init(struct wr *w, void *buf, size_t max)
{
	w->buf = buf;
	w->len = 0;
	w->max = max;
	w->failed = false;
}

void
wr_zero(struct wr *w, size_t len)
{
	uint8_t *p;

	if (len != 0 && (p = wr_room(w, len)) != NULL)
		memset(p, 0, len);
}

void
wr_at_u16(struct wr *w, size_t pos, uint16_t v)
{
	if (w->failed || w->len < 2 || pos > w->len - 2)
		w->failed = true;
	else
		wr_put16(w->buf + pos, v);
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
