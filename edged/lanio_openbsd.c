/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * On other systems than Linux there is no LAN yet: bpf(4) is to be written,
 * and nothing here has been tried on such a system.  lanio_new() says no, so
 * that the log tells that an interface can't be used; all else works.
 */
#include <errno.h>

#include "lanio.h"

struct lanio *
lanio_new(struct event_base *base, struct timers *timers, int fd,
    const struct lanif *lanif, const struct lanio_user *user, void *arg)
{
	(void)base;
	(void)timers;
	(void)fd;
	(void)lanif;
	(void)user;
	(void)arg;
	errno = EOPNOTSUPP;
	return NULL;
}

void
lanio_free(struct lanio *l)
{
	(void)l;
}

void
lanio_set(struct lanio *l, const struct lanif *lanif)
{
	(void)l;
	(void)lanif;
}

bool
lanio_send(struct lanio *l, const void *packet, size_t len)
{
	(void)l;
	(void)packet;
	(void)len;
	return false;
}
