/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * An interface of an edge, as mars(8) finds it and tells edged: that it is
 * there, and what is on it.  edged can't look for itself.
 */
#ifndef MARS_LANIF_H
#define MARS_LANIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "conf.h"
#include "wire.h"

#define LANIF_ADDRS	32	/* at most; more are left out */
#define LANIF_LINK_MAX	8	/* octets of a link-layer address */
#define LANIF_IPC_MAX	(2 + CONF_IF_SIZE + 3 + 4 + 4 + 1 + LANIF_LINK_MAX + \
			    1 + LANIF_ADDRS * 18)

/* Of OpenBSD: what a read of bpf(4) takes, and what mars(8) has it give. */
#define LANIF_BPF_BUFFER	(256 << 10)

struct lanif {
	char			 name[CONF_IF_SIZE];
	bool			 tun;		/* bare IP packets, read(2) */
	/*
	 * The kernel copies packets of known flows that come from it, and they
	 * don't come up.  There are two sockets then: the first is for IPv4,
	 * and one more comes, for IPv6.
	 */
	bool			 kernel, more;
	uint32_t		 index;		/* if_nametoindex(3) */
	uint32_t		 mtu;		/* octets of an IP packet */
	/* 6: frames begin with an Ethernet header; 0: with the IP header */
	uint8_t			 linklen;
	uint8_t			 link[LANIF_LINK_MAX];
	uint8_t			 naddrs;
	struct ip_prefix	 addrs[LANIF_ADDRS];	/* not masked */
};

/* all but which socket it is told with */
bool	lanif_equal(const struct lanif *, const struct lanif *);
/* Between our own processes; false: malformed, and the reader has failed. */
void	wr_lanif(struct wr *, const struct lanif *);
bool	rd_lanif(struct rd *, struct lanif *);

#endif
