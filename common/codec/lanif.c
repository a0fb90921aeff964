/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "lanif.h"

bool
lanif_equal(const struct lanif *a, const struct lanif *b)
{
	uint8_t i;

	if (strcmp(a->name, b->name) != 0 || a->tun != b->tun ||
	    a->index != b->index || a->mtu != b->mtu ||
	    a->linklen != b->linklen ||
	    memcmp(a->link, b->link, a->linklen) != 0 || a->naddrs != b->naddrs)
		return false;
	for (i = 0; i < a->naddrs; i++)
		if (a->addrs[i].v6 != b->addrs[i].v6 ||
		    a->addrs[i].bits != b->addrs[i].bits ||
		    memcmp(a->addrs[i].a, b->addrs[i].a,
		    sizeof(a->addrs[i].a)) != 0)
			return false;
	return true;
}

void
wr_lanif(struct wr *w, const struct lanif *l)
{
	uint8_t i;

	wr_string(w, l->name);
	wr_u8(w, l->tun);
	wr_u8(w, l->kernel);
	wr_u8(w, l->more);
	wr_u32(w, l->index);
	wr_u32(w, l->mtu);
	wr_u8(w, l->linklen);
	wr_bytes(w, l->link, l->linklen);
	wr_u8(w, l->naddrs);
	for (i = 0; i < l->naddrs; i++) {
		wr_u8(w, l->addrs[i].v6);
		wr_u8(w, l->addrs[i].bits);
		wr_bytes(w, l->addrs[i].a, sizeof(l->addrs[i].a));
	}
}

bool
rd_lanif(struct rd *r, struct lanif *l)
{
	struct ip_prefix *p;
	uint8_t tun, kernel, more;

	memset(l, 0, sizeof(*l));
	if (!rd_string(r, l->name, sizeof(l->name)) || *l->name == '\0')
		r->failed = true;
	tun = rd_u8(r);
	l->tun = tun == 1;
	kernel = rd_u8(r);
	l->kernel = kernel == 1;
	more = rd_u8(r);
	l->more = more == 1;
	l->index = rd_u32(r);
	l->mtu = rd_u32(r);
	l->linklen = rd_u8(r);
	if (tun > 1 || kernel > 1 || more > 1 || l->index == 0 ||
	    l->linklen > sizeof(l->link)) {
		r->failed = true;
		l->linklen = 0;
	}
	rd_copy(r, l->link, l->linklen);
	l->naddrs = rd_u8(r);
	if (l->naddrs > LANIF_ADDRS) {
		r->failed = true;
		l->naddrs = 0;
	}
	for (p = l->addrs; p < l->addrs + l->naddrs; p++) {
		p->v6 = rd_u8(r);
		p->bits = rd_u8(r);
		rd_copy(r, p->a, sizeof(p->a));
		if (p->v6 > 1 || p->bits > (p->v6 ? 128 : 32))
			r->failed = true;
	}
	return !rd_failed(r);
}
