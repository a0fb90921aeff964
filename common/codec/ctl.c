/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "ctl.h"

static void
tag(struct wr *w, enum ctl_tag t, const char *name)
{
	wr_u8(w, (uint8_t)t);
	wr_string(w, name);
}

void
ctl_string(struct wr *w, const char *name, const char *value)
{
	tag(w, CTL_STRING, name);
	wr_string(w, value);
}

void
ctl_uint(struct wr *w, const char *name, uint64_t value)
{
	tag(w, CTL_UINT, name);
	wr_u64(w, value);
}

void
ctl_int(struct wr *w, const char *name, int64_t value)
{
	tag(w, CTL_INT, name);
	wr_u64(w, (uint64_t)value);
}

void
ctl_bool(struct wr *w, const char *name, bool value)
{
	tag(w, CTL_BOOL, name);
	wr_u8(w, value);
}

void
ctl_age(struct wr *w, const char *name, uint64_t seconds)
{
	tag(w, CTL_AGE, name);
	wr_u64(w, seconds);
}

void
ctl_octets(struct wr *w, const char *name, const void *p, size_t len)
{
	if (len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	tag(w, CTL_OCTETS, name);
	wr_u16(w, (uint16_t)len);
	wr_bytes(w, p, len);
}

void
ctl_null(struct wr *w, const char *name)
{
	tag(w, CTL_NULL, name);
}

/* A time, and how far off it is; null where there is none, or not any more. */
static void
bound(struct wr *w, const char *name, int64_t at)
{
	if (at != 0)
		ctl_int(w, name, at);
	else
		ctl_null(w, name);
}

static void
distance(struct wr *w, const char *name, int64_t at, int64_t now)
{
	if (at != 0 && now < at)
		ctl_age(w, name, (uint64_t)(at - now));
	else
		ctl_null(w, name);
}

void
ctl_validity(struct wr *w, int64_t from, int64_t until, int64_t now)
{
	ctl_string(w, "state", from != 0 && now < from ? "not yet" :
	    until != 0 && now > until ? "expired" : "valid");
	bound(w, "not-before", from);
	bound(w, "not-after", until);
	distance(w, "begins-in", from, now);
	distance(w, "ends-in", until, now);
}

void
ctl_atm(struct wr *w, const char *name, const struct atm_addr *a)
{
	char text[ATM_STRLEN];

	ctl_string(w, name, atm_addr_print(a, text, sizeof(text)));
}

void
ctl_paddr(struct wr *w, const char *name, const struct paddr *a)
{
	char text[PADDR_STRLEN];

	ctl_string(w, name, paddr_print(a, text, sizeof(text)));
}

void
ctl_oid(struct wr *w, const char *name, const uint8_t oid[4])
{
	struct paddr a = { .len = 4 };

	memcpy(a.a, oid, 4);
	ctl_paddr(w, name, &a);
}

void
ctl_array(struct wr *w, const char *name)
{
	tag(w, CTL_ARRAY, name);
}

void
ctl_object(struct wr *w, const char *name)
{
	tag(w, CTL_OBJECT, name);
}

void
ctl_close(struct wr *w)
{
	wr_u8(w, CTL_CLOSE);
}

bool
ctl_next(struct rd *r, struct ctl_value *v)
{
	if (rd_failed(r) || rd_done(r))
		return false;
	memset(v, 0, sizeof(*v));
	v->tag = (enum ctl_tag)rd_u8(r);
	if (v->tag == CTL_CLOSE)
		return true;
	(void)rd_string(r, v->name, sizeof(v->name));
	switch (v->tag) {
	case CTL_STRING:
		(void)rd_string(r, v->string, sizeof(v->string));
		break;
	case CTL_UINT:
	case CTL_INT:
	case CTL_AGE:
		v->number = rd_u64(r);
		break;
	case CTL_BOOL:
		v->number = rd_u8(r);
		break;
	case CTL_OCTETS:
		v->length = rd_u16(r);
		v->octets = rd_bytes(r, v->length);
		break;
	case CTL_NULL:
	case CTL_ARRAY:
	case CTL_OBJECT:
		break;
	case CTL_CLOSE:
	default:
		r->failed = true;
		break;
	}
	return !rd_failed(r);
}

void
ctl_skip(struct rd *r, const struct ctl_value *v)
{
	struct ctl_value in;
	int depth = v->tag == CTL_ARRAY || v->tag == CTL_OBJECT;

	while (depth > 0 && ctl_next(r, &in)) {
		if (in.tag == CTL_ARRAY || in.tag == CTL_OBJECT)
			depth++;
		else if (in.tag == CTL_CLOSE)
			depth--;
	}
}

bool
ctl_find(struct rd *r, const char *name, struct ctl_value *v)
{
	while (ctl_next(r, v)) {
		if (strcmp(v->name, name) == 0)
			return true;
		ctl_skip(r, v);
	}
	return false;
}

bool
ctl_find_string(struct rd r, const char *name, struct ctl_value *v)
{
	return ctl_find(&r, name, v) && v->tag == CTL_STRING;
}

bool
ctl_find_number(struct rd r, const char *name, uint64_t *n)
{
	struct ctl_value v;

	if (!ctl_find(&r, name, &v))
		return false;
	*n = v.number;
	return v.tag == CTL_UINT || v.tag == CTL_AGE || v.tag == CTL_BOOL ||
	    (v.tag == CTL_INT && (int64_t)v.number >= 0);
}
