/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include "encap.h"
#include "llc.h"

size_t
marsc_encap_len(const struct mars_pro *pro)
{
	size_t len = LLC_LEN + 4; /* pkt$cmi, pkt$pro */

	return pro->type == PRO_SNAP ? len + sizeof(pro->snap) + 3 : len;
}

/*
 * The short form has the CMI and the protocol; the long form has also the SNAP
 * code and 3 octets of padding (5.5.1).
 */
void
marsc_encap_write(struct wr *w, const struct mars_pro *pro, uint16_t cmi)
{
	uint8_t llc[LLC_LEN];

	llc_encode(llc, LLC_OUI_IANA, LLC_PID_T1);
	wr_bytes(w, llc, sizeof(llc));
	wr_u16(w, cmi);
	wr_u16(w, pro->type);
	if (pro->type != PRO_SNAP)
		return;
	wr_bytes(w, pro->snap, sizeof(pro->snap));
	wr_zero(w, 3);
}

void
marsc_encap_set_cmi(uint8_t *sdu, uint16_t cmi)
{
	sdu[LLC_LEN] = (uint8_t)(cmi >> 8);
	sdu[LLC_LEN + 1] = (uint8_t)cmi;
}

enum marsc_encap_result
marsc_encap_decode(struct marsc_encap *e, const void *data, size_t len)
{
	uint32_t oui;
	uint16_t pid;

	*e = (struct marsc_encap){ 0 };
	if (!llc_decode(data, len, &oui, &pid) || oui != LLC_OUI_IANA ||
	    (pid != LLC_PID_T1 && pid != LLC_PID_T2))
		return MARSC_ENCAP_OTHER;
	rd_init(&e->packet, data, len);
	rd_skip(&e->packet, LLC_LEN);
	e->type = pid == LLC_PID_T1 ? 1 : 2;
	if (e->type == 1)
		e->cmi = rd_u16(&e->packet);
	else
		rd_copy(&e->packet, e->source, sizeof(e->source));
	e->pro.type = rd_u16(&e->packet);
	if (e->pro.type == PRO_SNAP) {
		rd_copy(&e->packet, e->pro.snap, sizeof(e->pro.snap));
		rd_skip(&e->packet, e->type == 1 ? 3 : 1);
	} else if (e->type == 2)
		rd_skip(&e->packet, 2);
	mars_pro_normalise(&e->pro);
	return rd_failed(&e->packet) ? MARSC_ENCAP_SHORT : MARSC_ENCAP_OK;
}

bool
marsc_encap_reflected(const struct marsc_encap *e, uint16_t cmi)
{
	return e->type == 1 && e->cmi == cmi;
}
