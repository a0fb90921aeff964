/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "addr.h"

/* Comparison is by octets, so that no padding may hide in these. */
_Static_assert(sizeof(struct atm_addr) == 2 + 2 * ATM_NUM_MAX,
    "struct atm_addr is padded");
_Static_assert(sizeof(struct paddr) == 1 + PADDR_MAX, "struct paddr is padded");
_Static_assert(NSAPA_LEN <= ATM_NUM_MAX, "an NSAPA does not fit");

/* The head of an NSAPA that embeds an IP address: AFI and ICP (RFC 4548). */
#define AFI_IANA	0x35
#define ICP_IPV6	0x00
#define ICP_IPV4	0x01
#define EMBED_OFF	3	/* where the IP address starts */

/* --- ATM addresses */

int
atm_addr_cmp(const struct atm_addr *a, const struct atm_addr *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
atm_addr_equal(const struct atm_addr *a, const struct atm_addr *b)
{
	return atm_addr_cmp(a, b) == 0;
}

bool
atm_addr_is_null(const struct atm_addr *a)
{
	return (a->num_tl & ATM_TL_LEN) == 0;
}

bool
atm_addr_same_kind(const struct atm_addr *a, const struct atm_addr *b)
{
	return a->num_tl == b->num_tl && a->sub_tl == b->sub_tl;
}

uint8_t
atm_addr_sel(const struct atm_addr *a)
{
	return a->num_tl == NSAPA_LEN ? a->num[NSAPA_LEN - 1] : 0;
}

void
atm_addr_set_sel(struct atm_addr *a, uint8_t sel)
{
	if (a->num_tl == NSAPA_LEN)
		a->num[NSAPA_LEN - 1] = sel;
}

void
atm_addr_from_ip(struct atm_addr *a, bool v6, const uint8_t *ip, uint8_t sel)
{
	memset(a, 0, sizeof(*a));
	a->num_tl = NSAPA_LEN;
	a->num[0] = AFI_IANA;
	a->num[2] = v6 ? ICP_IPV6 : ICP_IPV4;
	memcpy(a->num + EMBED_OFF, ip, v6 ? 16 : 4);
	a->num[NSAPA_LEN - 1] = sel;
}

bool
atm_addr_to_ip(const struct atm_addr *a, bool *v6, uint8_t *ip, uint8_t *sel)
{
	static const uint8_t zero[12];

	if (a->num_tl != NSAPA_LEN || a->num[0] != AFI_IANA || a->num[1] != 0)
		return false;
	if (a->num[2] == ICP_IPV4) {
		if (memcmp(a->num + EMBED_OFF + 4, zero, sizeof(zero)) != 0)
			return false;
		*v6 = false;
	} else if (a->num[2] == ICP_IPV6)
		*v6 = true;
	else
		return false;
	memcpy(ip, a->num + EMBED_OFF, 16);
	*sel = a->num[NSAPA_LEN - 1];
	return true;
}

/* --- addresses on the wire */

uint8_t
atm_addr_tl_normalise(uint8_t tl)
{
	return (tl & ATM_TL_LEN) == 0 ? 0 : tl & (ATM_TL_E164 | ATM_TL_LEN);
}

bool
atm_addr_tl_usable(uint8_t tl)
{
	if (tl == 0 || tl == NSAPA_LEN)
		return true;
	return (tl & ATM_TL_E164) != 0 && (tl & ATM_TL_LEN) <= ATM_NUM_MAX;
}

bool
atm_addr_number_usable(uint8_t tl, const uint8_t *p)
{
	uint8_t i;

	if (!atm_addr_tl_usable(tl))
		return false;
	if (tl & ATM_TL_E164)
		for (i = 0; i < (tl & ATM_TL_LEN); i++)
			if (p[i] < '0' || p[i] > '9')
				return false;
	return true;
}

bool
rd_atm_number(struct rd *r, uint8_t *tl, uint8_t num[ATM_NUM_MAX])
{
	const uint8_t *p;
	uint8_t kind = atm_addr_tl_normalise(*tl);

	memset(num, 0, ATM_NUM_MAX);
	*tl = 0;
	if ((p = rd_bytes(r, kind & ATM_TL_LEN)) == NULL)
		return true;
	if (!atm_addr_number_usable(kind, p))
		return false;
	*tl = kind;
	if (kind != 0)
		memcpy(num, p, kind & ATM_TL_LEN);
	return true;
}

bool
rd_paddr(struct rd *r, uint8_t len, struct paddr *a)
{
	const uint8_t *p = rd_bytes(r, len);

	memset(a, 0, sizeof(*a));
	if (p == NULL)
		return true;
	if (len > PADDR_MAX)
		return false;
	a->len = len;
	if (len != 0)
		memcpy(a->a, p, len);
	return true;
}

/* --- addresses between our own processes */

void
wr_atm_addr(struct wr *w, const struct atm_addr *a)
{
	wr_u8(w, a->num_tl);
	wr_u8(w, a->sub_tl);
	wr_bytes(w, a->num, sizeof(a->num));
	wr_bytes(w, a->sub, sizeof(a->sub));
}

/* Is this as we keep it: no reserved bit, and zeros behind the number? */
static bool
number_clean(uint8_t tl, const uint8_t *num)
{
	size_t i;

	if ((tl & ~(ATM_TL_E164 | ATM_TL_LEN)) != 0 ||
	    (tl & ATM_TL_LEN) > ATM_NUM_MAX)
		return false;
	for (i = tl & ATM_TL_LEN; i < ATM_NUM_MAX; i++)
		if (num[i] != 0)
			return false;
	return true;
}

bool
rd_atm_addr(struct rd *r, struct atm_addr *a)
{
	a->num_tl = rd_u8(r);
	a->sub_tl = rd_u8(r);
	rd_copy(r, a->num, sizeof(a->num));
	rd_copy(r, a->sub, sizeof(a->sub));
	if (!number_clean(a->num_tl, a->num) ||
	    !number_clean(a->sub_tl, a->sub)) {
		memset(a, 0, sizeof(*a));
		r->failed = true;
	}
	return !rd_failed(r);
}

/* --- prefixes of IP addresses */

/* The octet of a mask of this many bits, at index i. */
static uint8_t
mask_octet(unsigned int bits, unsigned int i)
{
	if (bits >= 8 * i + 8)
		return 0xff;
	if (bits <= 8 * i)
		return 0;
	return (uint8_t)(0xff00U >> (bits - 8 * i));
}

void
ip_prefix_mask(struct ip_prefix *p)
{
	unsigned int i;

	for (i = 0; i < sizeof(p->a); i++)
		p->a[i] = (uint8_t)(p->a[i] & mask_octet(p->bits, i));
}

bool
ip_prefix_single(const struct ip_prefix *p)
{
	return p->bits == (p->v6 ? 128 : 32);
}

bool
ip_prefix_multicast(const struct ip_prefix *p)
{
	if (p->v6)
		return p->bits >= 8 && p->a[0] == 0xff;
	return p->bits >= 4 && (p->a[0] & 0xf0) == 0xe0;
}

/* RFC 5771 section 4; RFC 4291 section 2.7, whatever the flags are. */
bool
ip_prefix_link_local(const struct ip_prefix *p)
{
	if (p->v6)
		return p->bits >= 16 && p->a[0] == 0xff &&
		    (p->a[1] & 0x0f) == 2;
	return p->bits >= 24 && p->a[0] == 224 && p->a[1] == 0 && p->a[2] == 0;
}

bool
ip_prefix_covers(const struct ip_prefix *p, const struct ip_prefix *q)
{
	unsigned int i;

	if (p->v6 != q->v6 || p->bits > q->bits)
		return false;
	for (i = 0; i < sizeof(p->a); i++)
		if ((q->a[i] & mask_octet(p->bits, i)) != p->a[i])
			return false;
	return true;
}

bool
ip_prefix_match(const struct ip_prefix *p, const struct atm_addr *a)
{
	uint8_t ip[16], sel;
	unsigned int i;
	bool v6;

	if (!atm_addr_to_ip(a, &v6, ip, &sel) || v6 != (p->v6 != 0))
		return false;
	for (i = 0; i < sizeof(ip); i++)
		if ((ip[i] & mask_octet(p->bits, i)) != p->a[i])
			return false;
	return true;
}

/* --- protocol addresses */

int
paddr_cmp(const struct paddr *a, const struct paddr *b)
{
	return memcmp(a, b, sizeof(*a));
}

bool
paddr_equal(const struct paddr *a, const struct paddr *b)
{
	return paddr_cmp(a, b) == 0;
}

bool
paddr_next(struct paddr *a)
{
	struct paddr n = *a;
	size_t i;

	for (i = n.len; i > 0; i--)
		if (++n.a[i - 1] != 0) {
			*a = n;
			return true;
		}
	return false;
}

bool
paddr_prev(struct paddr *a)
{
	struct paddr n = *a;
	size_t i;

	for (i = n.len; i > 0; i--)
		if (n.a[i - 1]-- != 0) {
			*a = n;
			return true;
		}
	return false;
}

/* --- protocols */

bool
mars_pro_equal(const struct mars_pro *a, const struct mars_pro *b)
{
	return a->type == b->type &&
	    memcmp(a->snap, b->snap, sizeof(a->snap)) == 0;
}

void
mars_pro_normalise(struct mars_pro *p)
{
	uint16_t ether = (uint16_t)(p->snap[3] << 8 | p->snap[4]);

	if (p->type == PRO_SNAP) {
		if (p->snap[0] != 0 || p->snap[1] != 0 || p->snap[2] != 0 ||
		    ether < 0x0600)
			return;
		p->type = ether;
	}
	memset(p->snap, 0, sizeof(p->snap));
}

bool
mars_pro_usable(const struct mars_pro *p)
{
	static const uint8_t zero[sizeof(p->snap)];

	return p->type != PRO_SNAP || memcmp(p->snap, zero, sizeof(zero)) != 0;
}

uint8_t
mars_pro_addrlen(const struct mars_pro *p)
{
	switch (p->type) {
	case PRO_IPV4:
		return 4;
	case PRO_IPV6:
		return 16;
	default:
		return 0;
	}
}
