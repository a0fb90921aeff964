/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * MARS messages (RFC 2022 section 4.3 and 10).  What is taken is what its own
 * encoding says, and no list leads out of the message.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mars.h"

static void
mars_lists(const struct mars_msg *m)
{
	struct paddr min, max;
	struct mars_tlv t;
	struct atm_addr a;
	struct rd r;
	uint16_t i;

	for (i = 0; i < m->pnum; i++) {
		if (m->tpln > PADDR_MAX)
			break;
		mars_pair(m, i, &min, &max);
		MUST(min.len == m->tpln && max.len == m->tpln);
	}
	if (m->op == MARS_GROUPLIST_REPLY)
		for (i = 0; i < m->tnum; i++)
			mars_group(m, i, &min);
	else
		for (i = 0; i < m->tnum; i++)
			mars_target(m, i, &a);
	rd_init(&r, m->tlvs, m->tlvs_len);
	while (m->tlvs != NULL && mars_tlv_next(&r, &t))
		MUST(t.value >= m->tlvs &&
		    t.value + t.len <= m->tlvs + m->tlvs_len);
	MUST(!rd_failed(&r));
	(void)mars_tlvs_verdict(m);
}

static void
mars_again(const struct mars_msg *m)
{
	uint8_t buf[UINT16_MAX], *fit;
	struct mars_msg n;
	size_t len;

	if ((len = mars_encode(m, buf, sizeof(buf))) == 0)
		return;
	fit = fuzz_copy(buf, len);
	MUST(mars_decode(&n, fit, len) == MARS_DROP_NONE);
	MUST(n.op == m->op && n.pro.type == m->pro.type);
	MUST(n.msn == m->msn && n.cmi == m->cmi);
	MUST(n.pnum == m->pnum && n.tnum == m->tnum);
	MUST(atm_addr_equal(&n.src, &m->src));
	MUST(paddr_equal(&n.tpa, &m->tpa));
	MUST(n.list_len == m->list_len);
	MUST(m->list_len == 0 || memcmp(n.list, m->list, m->list_len) == 0);
	MUST(mars_tlvs_verdict(&n) == mars_tlvs_verdict(m));
	free(fit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *msg = fuzz_copy(data, size);
	struct mars_msg m, nak;

	if (mars_decode(&m, msg, size) == MARS_DROP_NONE) {
		mars_lists(&m);
		mars_again(&m);
		if (m.op == MARS_REQUEST) {
			mars_make_nak(msg, size);
			MUST(mars_decode(&nak, msg, size) == MARS_DROP_NONE);
			MUST(nak.op == MARS_NAK);
		}
	}
	(void)mars_is_nhrp(msg, size);
	free(msg);
	return 0;
}
