/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "ipc.h"
#include "replica.h"

/* What follows the SGID, in this order. */
#define HAS_OID		0x01
#define HAS_KEY		0x02
#define HAS_SEQ		0x04
#define HAS_HOW		0x08
#define HAS_KEYS	0x10
#define HAS_ALIGNED	0x20
#define HAS_DATA	0x40	/* the rest */
#define HAS_WHEN	0x80
#define FROM_MARSD	0x100

static const struct replica_layout {
	uint32_t	type;
	unsigned int	has;
} layouts[] = {
	{ IMSG_CSA_PUBLISH, FROM_MARSD | HAS_KEY | HAS_DATA },
	{ IMSG_CSA_HIDE, FROM_MARSD | HAS_OID | HAS_KEYS },
	{ IMSG_CSA_REVIVE, FROM_MARSD | HAS_OID | HAS_KEYS },
	{ IMSG_CSA_ERASE, FROM_MARSD | HAS_OID | HAS_KEYS },
	{ IMSG_CSA_REALIGN, FROM_MARSD },
	{ IMSG_CSA_RETELL, FROM_MARSD },
	{ IMSG_CSA_UPDATE, HAS_OID | HAS_KEY | HAS_SEQ | HAS_HOW | HAS_WHEN |
	    HAS_DATA },
	{ IMSG_CSA_OWN, HAS_KEY | HAS_SEQ | HAS_DATA },
	{ IMSG_CSA_GONE, HAS_OID | HAS_KEY },
	{ IMSG_CSA_NEIGHBOR, HAS_OID | HAS_ALIGNED },
};

static const struct replica_layout *
layout(uint32_t type)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

bool
replica_from(uint32_t type, bool marsd)
{
	const struct replica_layout *l = layout(type);

	return l != NULL && ((l->has & FROM_MARSD) != 0) == marsd;
}

/* A list of n keys, n before it. */
static void
read_keys(struct rd *r, struct replica_msg *m)
{
	m->nkeys = rd_u32(r);
	if (m->nkeys > REPLICA_KEYS_MAX)
		r->failed = true;
	else
		m->keys_view = rd_bytes(r, (size_t)m->nkeys * 4);
	if (rd_failed(r))
		m->nkeys = 0;
}

bool
replica_decode(struct replica_msg *m, uint32_t type, struct rd *r)
{
	const struct replica_layout *l = layout(type);

	memset(m, 0, sizeof(*m));
	if (l == NULL)
		return false;
	m->sgid = rd_u16(r);
	if (l->has & HAS_OID)
		rd_copy(r, m->oid, sizeof(m->oid));
	if (l->has & HAS_KEY)
		m->key = rd_u32(r);
	if (l->has & HAS_SEQ)
		m->seq = (int32_t)rd_u32(r);
	if (l->has & HAS_HOW) {
		m->how = rd_u8(r);
		if (m->how != CSA_HOW_FLOODED && m->how != CSA_HOW_ALIGNED)
			r->failed = true;
	}
	if (l->has & HAS_WHEN)
		m->when = rd_u64(r);
	if (l->has & HAS_KEYS)
		read_keys(r, m);
	if (l->has & HAS_ALIGNED) {
		uint8_t b = rd_u8(r);

		m->aligned = b == 1;
		if (b > 1)
			r->failed = true;
	}
	if (l->has & HAS_DATA) {
		m->len = r->left;
		m->data = rd_bytes(r, m->len);
	}
	return !rd_failed(r) && r->left == 0;
}

void
replica_encode(struct wr *w, uint32_t type, const struct replica_msg *m)
{
	const struct replica_layout *l = layout(type);
	uint32_t i;

	if (l == NULL || ((l->has & HAS_KEYS) && m->nkeys > REPLICA_KEYS_MAX)) {
		w->failed = true;
		return;
	}
	wr_u16(w, m->sgid);
	if (l->has & HAS_OID)
		wr_bytes(w, m->oid, sizeof(m->oid));
	if (l->has & HAS_KEY)
		wr_u32(w, m->key);
	if (l->has & HAS_SEQ)
		wr_u32(w, (uint32_t)m->seq);
	if (l->has & HAS_HOW)
		wr_u8(w, m->how);
	if (l->has & HAS_WHEN)
		wr_u64(w, m->when);
	if (l->has & HAS_KEYS) {
		wr_u32(w, m->nkeys);
		for (i = 0; i < m->nkeys; i++)
			wr_u32(w, m->keys[i]);
	}
	if (l->has & HAS_ALIGNED)
		wr_u8(w, m->aligned ? 1 : 0);
	if (l->has & HAS_DATA)
		wr_bytes(w, m->data, m->len);
}

bool
replica_put(struct wr *w, uint32_t type, const struct replica_msg *m)
{
	size_t at = w->len;

	wr_u16(w, (uint16_t)type);
	wr_u16(w, 0);
	replica_encode(w, type, m);
	if (wr_failed(w)) {
		w->len = at;
		w->failed = false;
		return false;
	}
	wr_at_u16(w, at + 2, (uint16_t)(w->len - at - 4));
	return true;
}

bool
replica_next(struct replica_msg *m, uint32_t *type, struct rd *r)
{
	struct rd one;

	*type = rd_u16(r);
	one = rd_view(r, rd_u16(r));
	return !rd_failed(r) && replica_decode(m, *type, &one);
}

uint32_t
replica_key(const struct replica_msg *m, uint32_t i)
{
	struct rd r;

	rd_init(&r, m->keys_view + (size_t)i * 4, 4);
	return rd_u32(&r);
}
