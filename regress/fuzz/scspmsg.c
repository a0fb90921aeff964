/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * SCSP packets with extensions (RFC 2334 appendix B), as octets, whose size and
 * checksum are right, mostly: nothing leads out of the packet, and what is
 * taken keeps the sizes that it has.
 */
#include <stdlib.h>

#include "cksum.h"
#include "fuzz.h"
#include "scspd/message.h"

static bool
within(const void *q, size_t n, const uint8_t *p, size_t len)
{
	const uint8_t *b = q;

	return b >= p && b + n <= p + len;
}

static void
complete(uint8_t *p, size_t size)
{
	struct wr w;

	if (size < SCSP_FIXED_LEN || p[4] == 0xff)
		return;
	wr_init(&w, p, size);
	w.len = size;
	wr_at_u16(&w, 2, (uint16_t)size);
	wr_at_u16(&w, 4, 0);
	wr_at_u16(&w, 4, in_cksum(p, size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scsp_message m;
	uint8_t *p = fuzz_copy(data, size);
	enum scsp_type type;
	struct scsp_ext ext;
	uint16_t pid, sgid, i;

	complete(p, size);
	if (scsp_message_peek(p, size, &type, &pid, &sgid) != SCSP_DROP_NONE) {
		free(p);
		return 0;
	}
	scsp_message_extensions(p, size, &ext);
	if (ext.has_auth)
		MUST(ext.mac_at + ext.mac_len <= size);
	if (ext.replay != NULL)
		MUST(within(ext.replay, SCSP_REPLAY_LEN, p, size));
	if (scsp_message_parse(p, size, &ext, csa_judge, &m) ==
	    SCSP_DROP_NONE) {
		MUST(ext.ok || ext.mac_len == 0);
		MUST(m.type == type && m.pid == pid && m.sgid == sgid);
		MUST(m.nrecords <= SCSP_RECORDS_MAX);
		for (i = 0; m.type != SCSP_HELLO && i < m.nrecords; i++)
			MUST(m.record[i].len == 0 ||
			    within(m.record[i].data, m.record[i].len, p,
			    size));
		(void)scsp_message_lists(&m, 0x0a000001);
	}
	free(p);
	return 0;
}
