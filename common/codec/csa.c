/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <string.h>

#include "csa.h"
#include "mars.h"
#include "wire.h"

#define CSA_VERSION	0

/*
 * The fields of one record after State.  A Redirect Entry has neither a
 * protocol address nor groups (RFC 2443 section 5.1).  If it has lengths of
 * these all the same they are ignored, and so are the octets that they
 * measure, if they are there.  False: an address can't be used.
 */
static bool
decode_body(struct csa *c, struct rd *r)
{
	uint16_t flags = rd_u16(r), cmi = rd_u16(r);
	uint8_t spln = rd_u8(r), tpln = rd_u8(r);
	bool ok, atm_ok;

	c->atm.num_tl = rd_u8(r);
	c->atm.sub_tl = rd_u8(r);
	if (c->state == CSA_REDIRECT &&
	    r->left ==
	    (size_t)(c->atm.num_tl & ATM_TL_LEN) +
	    (c->atm.sub_tl & ATM_TL_LEN))
		spln = tpln = 0;
	ok = rd_paddr(r, spln, &c->spa);
	atm_ok = rd_atm_number(r, &c->atm.num_tl, c->atm.num);
	atm_ok &= rd_atm_number(r, &c->atm.sub_tl, c->atm.sub);
	ok &= rd_paddr(r, tpln, &c->min);
	ok &= rd_paddr(r, tpln, &c->max);
	if (c->state != CSA_REDIRECT) {
		c->flags = flags & (CSA_F_LAYER3GRP | CSA_F_REGISTER);
		c->cmi = cmi;
		return ok && atm_ok;
	}
	memset(&c->spa, 0, sizeof(c->spa));
	memset(&c->min, 0, sizeof(c->min));
	memset(&c->max, 0, sizeof(c->max));
	return atm_ok; /* what is ignored can't make it unusable */
}

/* Do the fields of states 2 to 5 agree with each other?  A-49. */
static bool
range_usable(const struct csa *c)
{
	uint8_t len = mars_pro_addrlen(&c->pro);

	if (c->flags & CSA_F_REGISTER)
		return c->min.len == 0;
	if (c->min.len == 0 || (len != 0 && c->min.len != len))
		return false;
	return paddr_cmp(&c->min, &c->max) <= 0;
}

/* Of a version or family that we don't know, no length is looked at. */
enum csa_verdict
csa_decode(struct csa *c, const void *buf, size_t len)
{
	uint16_t afn;
	uint8_t version;
	bool usable;
	struct rd r;

	memset(c, 0, sizeof(*c));
	rd_init(&r, buf, len);
	afn = rd_u16(&r);
	c->pro.type = rd_u16(&r);
	rd_copy(&r, c->pro.snap, sizeof(c->pro.snap));
	rd_skip(&r, 1);
	version = rd_u8(&r);
	c->state = rd_u8(&r);
	if (rd_failed(&r))
		return CSA_MALFORMED;
	if (afn != MARS_AFN || version != CSA_VERSION ||
	    c->state < CSA_REDIRECT || c->state > CSA_UNSERVE)
		return CSA_STRANGE;
	usable = decode_body(c, &r);
	if (!rd_done(&r))
		return CSA_MALFORMED;
	mars_pro_normalise(&c->pro);
	if (!usable || !mars_pro_usable(&c->pro) || atm_addr_is_null(&c->atm))
		return CSA_STRANGE;
	if (c->state == CSA_REDIRECT)
		return CSA_LIVE;
	if (!range_usable(c))
		return CSA_STRANGE;
	/*
	 * layer3grp means nothing for an MCS (5.2), and a block never has it
	 * (A-33)
	 */
	if (c->state == CSA_SERVE || c->state == CSA_UNSERVE ||
	    !paddr_equal(&c->min, &c->max))
		c->flags &= (uint16_t)~CSA_F_LAYER3GRP;
	return c->state == CSA_LEAVE || c->state == CSA_UNSERVE ?
	    CSA_TOMBSTONE :
	    CSA_LIVE;
}

enum csa_verdict
csa_judge(const void *buf, size_t len)
{
	struct csa c;

	return csa_decode(&c, buf, len);
}

size_t
csa_encode(const struct csa *c, void *buf, size_t max)
{
	struct wr w;

	wr_init(&w, buf, max);
	wr_u16(&w, MARS_AFN);
	wr_u16(&w, c->pro.type);
	wr_bytes(&w, c->pro.snap, sizeof(c->pro.snap));
	wr_u8(&w, 0);
	wr_u8(&w, CSA_VERSION);
	wr_u8(&w, c->state);
	wr_u16(&w, c->flags & (CSA_F_LAYER3GRP | CSA_F_REGISTER));
	wr_u16(&w, c->cmi);
	wr_u8(&w, c->spa.len);
	wr_u8(&w, c->min.len);
	wr_u8(&w, c->atm.num_tl);
	wr_u8(&w, c->atm.sub_tl);
	wr_bytes(&w, c->spa.a, c->spa.len);
	wr_bytes(&w, c->atm.num, c->atm.num_tl & ATM_TL_LEN);
	wr_bytes(&w, c->atm.sub, c->atm.sub_tl & ATM_TL_LEN);
	wr_bytes(&w, c->min.a, c->min.len);
	wr_bytes(&w, c->max.a, c->min.len);
	return wr_failed(&w) ? 0 : w.len;
}

void
csa_withdraw(struct csa *c)
{
	if (c->state == CSA_SERVE)
		c->state = CSA_UNSERVE;
	else if (c->state == CSA_JOIN)
		c->state = CSA_LEAVE;
}
