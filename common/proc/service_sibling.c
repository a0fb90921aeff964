/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* The channel between marsd and scspd: what they keep in step (replica.h). */
#include <string.h>

#include "ipc.h"
#include "log.h"
#include "service_parts.h"

static void
sibling_message(void *arg, uint32_t type, struct rd *r, int fd)
{
	struct service *s = arg;
	struct replica_msg m;

	timers_clock(&s->loop.timers);
	if (fd != -1 || !replica_decode(&m, type, r) ||
	    !s->hooks->replica(s->arg, type, &m))
		fatalx("malformed message of type %u from %s", type,
		    s->hooks->sibling);
}

void
service_sibling_open(struct service *s)
{
	if (channel_open(&s->sibling, s->loop.base, s->sibling_fd, false,
	    REPLICA_MAX, s->hooks->sibling, sibling_message,
	    service_sibling_closed, s) == -1)
		fatal("channel to %s", s->hooks->sibling);
}

void
service_replicate(struct service *s, uint32_t type, const struct replica_msg *m)
{
	static uint8_t buf[REPLICA_MAX];
	struct wr w;

	if (!s->sibling.open)
		return; /* it has gone, and this process will end too */
	wr_init(&w, buf, sizeof(buf));
	replica_encode(&w, type, m);
	if (wr_failed(&w))
		fatalx("message of type %u for %s is too long", type,
		    s->hooks->sibling);
	/* the two databases would differ for ever */
	if (channel_send(&s->sibling, type, -1, buf, w.len) == -1)
		fatal("message for %s", s->hooks->sibling);
}

void
service_replicate_keys(struct service *s, uint32_t type, uint16_t sgid,
    const uint8_t oid[4], const uint32_t *keys, uint32_t n)
{
	struct replica_msg m = { .sgid = sgid };
	uint32_t i;

	memcpy(m.oid, oid, sizeof(m.oid));
	for (i = 0; i < n; i += m.nkeys) {
		m.keys = keys + i;
		m.nkeys = n - i < REPLICA_KEYS_MAX ? n - i : REPLICA_KEYS_MAX;
		service_replicate(s, type, &m);
	}
}
