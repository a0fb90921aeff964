/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The client of libmarsc: its owner, MARSs, members and time as in the walks of
 * the unit tests (marsc_walk.h), whose numbers the input gives, and messages
 * and packets that are the input's, octet by octet.
 */
#include "fuzz.h"
#include "regress/unit/marsc_walk.h"

static uint32_t
die(void *arg)
{
	struct rd *r = arg;

	return rd_u8(r);
}

/* A MARS message or a packet, on a circuit on which somebody may speak. */
static void
says(struct fake *f, struct rd *r)
{
	static const uint8_t mars[] = { 0xaa, 0xaa, 3, 0, 0, 0x5e, 0, 3, 0, 15,
		8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	uint8_t buf[1024], *copy;
	struct fvc *v = walk_vc(f);
	size_t len = 0;

	if (v == NULL || v->root || (!v->up && !v->incoming))
		return;
	if (rd_u8(r) % 2) {
		memcpy(buf, mars, sizeof(mars));
		len = sizeof(mars);
	}
	len += fuzz_octets(r, buf + len, sizeof(buf) - len);
	copy = fuzz_copy(buf, len);
	f->link.user->sdu(f->link.arg, &v->vc, v->vc.cookie, copy, len);
	free(copy);
}

static void
scarce(struct fake *f)
{
	f->c->limits.paths = 2;
	f->c->limits.requests = 1;
	f->c->limits.requests_waiting = 1;
	f->c->limits.joins = 1;
	f->c->limits.held = 2;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fake *f;
	uint8_t how;
	struct rd r;

	rd_init(&r, data, size);
	how = rd_u8(&r);
	f = fake_new(10, 3, how & 1);
	f->die = die;
	f->die_arg = &r;
	if (how & 2)
		scarce(f);
	if (how & 4)
		f->told = walk_told;
	marsc_register(f->c);
	while (fuzz_more(&r) && walk_step(f))
		if (rd_u8(&r) % 4 == 0)
			says(f, &r);
	MUST(marsc_violations(f->c) == 0);
	/* goes on by itself for a while: timers of all kinds */
	f->die = NULL;
	f->told = NULL;
	fake_wait(f, MTIME_SEC(100));
	marsc_host_free(f->host);
	walk_over(f);
	return 0;
}
