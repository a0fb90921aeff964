/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * On other systems than Linux there is no LAN yet: bpf(4) is to be written,
 * and nothing here has been tried on such a system.  edged_lanio_new() says
 * no, so
 * that the log tells that an interface can't be used; all else works.
 */
#include <errno.h>

#include "lanio.h"

struct edged_lanio *
edged_lanio_new(struct event_base *base, struct timers *timers, int fd,
    const struct lanif *lanif, const struct edged_lanio_user *user, void *arg)
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

int
edged_lanio_more(struct edged_lanio *l, struct event_base *base, int fd)
{
	(void)l;
	(void)base;
	(void)fd;
	return -1;
}

void
edged_lanio_free(struct edged_lanio *l)
{
	(void)l;
}

void
edged_lanio_set(struct edged_lanio *l, const struct lanif *lanif)
{
	(void)l;
	(void)lanif;
}

bool
edged_lanio_send(struct edged_lanio *l, const void *packet, size_t len)
{
	(void)l;
	(void)packet;
	(void)len;
	return false;
}
