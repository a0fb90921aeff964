/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The MARS part of CSA records (RFC 2443), and what marsd and scspd tell each
 * other: the first octet says which.
 */
#include <stdlib.h>
#include <string.h>

#include "csa.h"
#include "fuzz.h"
#include "ipc.h"
#include "replica.h"

static void
csa_record(const uint8_t *p, size_t len)
{
	uint8_t buf[CSA_MAX], again[CSA_MAX];
	enum csa_verdict v;
	struct csa c, d;
	size_t n;

	v = csa_decode(&c, p, len);
	MUST(csa_judge(p, len) == v);
	if (v != CSA_LIVE && v != CSA_TOMBSTONE)
		return;
	MUST((n = csa_encode(&c, buf, sizeof(buf))) > 0 && n <= len);
	MUST(csa_decode(&d, buf, n) == v);
	MUST(csa_encode(&d, again, sizeof(again)) == n);
	MUST(memcmp(buf, again, n) == 0);
	if (v == CSA_LIVE && c.state != CSA_REDIRECT) {
		csa_withdraw(&c);
		MUST(csa_encode(&c, buf, sizeof(buf)) == n);
		MUST(csa_judge(buf, n) == CSA_TOMBSTONE);
	}
}

static void
csa_replica(uint32_t type, const uint8_t *p, size_t len)
{
	uint8_t *buf = fuzz_copy(p, len);
	struct replica_msg m;
	uint32_t *keys, i;
	struct rd r;
	struct wr w;

	rd_init(&r, p, len);
	if (!replica_decode(&m, type, &r)) {
		free(buf);
		return;
	}
	MUST(m.nkeys <= REPLICA_KEYS_MAX);
	keys = calloc(m.nkeys + 1, sizeof(*keys));
	MUST(keys != NULL);
	for (i = 0; i < m.nkeys; i++)
		keys[i] = replica_key(&m, i);
	m.keys = keys;
	wr_init(&w, buf, len);
	replica_encode(&w, type, &m);
	MUST(!wr_failed(&w) && w.len == len && memcmp(buf, p, len) == 0);
	free(keys);
	free(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p;

	if (size == 0)
		return 0;
	p = fuzz_copy(data + 1, size - 1);
	if (data[0] == 0)
		csa_record(p, size - 1);
	else
		csa_replica(data[0], p, size - 1);
	free(p);
	return 0;
}
