/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Interfaces of edges on a system for which that has not been written.  On
 * OpenBSD it would be bpf(4) with BIOCSETF, BIOCSETWF and BIOCLOCK in the
 * place of a packet socket, a route(4) socket to watch, and tun(4).  So far
 * mars(8) refuses to start where an edge is configured.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "parent.h"

#define MISSING	"this system: edges need Linux so far"

bool
parent_lan_look(struct lanif *l, const char *name, bool tun)
{
	memset(l, 0, sizeof(*l));
	(void)name;
	(void)tun;
	return false;
}

bool
parent_lan_master(uint32_t ifindex)
{
	(void)ifindex;
	return false;
}

int
parent_lan_socket(const struct lanif *l, enum parent_lan_kind kind, char *why,
    size_t size)
{
	(void)kind;
	(void)snprintf(why, size, "can't read from %s on " MISSING, l->name);
	return -1;
}

int
parent_lan_tun(const struct conf_lan *l, uint16_t mtu, char *why, size_t size)
{
	(void)mtu;
	(void)snprintf(why, size, "can't make tun %s on " MISSING, l->name);
	return -1;
}

int
parent_lan_watch(void)
{
	errno = ENOTSUP;
	return -1;
}

bool
parent_lan_udp(int fd, bool v6, bool df)
{
	(void)fd;
	(void)v6;
	(void)df;
	errno = ENOTSUP;
	return false;
}
