/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Which interface an address of this machine is of, and whether that is a
 * tunnel whose ends know each other.  A tunnel without keys (GRE, IP in IP) is
 * none: anybody can send into it.
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <ifaddrs.h>
#include <string.h>
#include <unistd.h>

#include "parent_audit.h"

static bool
has_address(const struct ifaddrs *i, bool v6, const uint8_t ip[16])
{
	const struct sockaddr *sa = i->ifa_addr;
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (sa == NULL || sa->sa_family != (v6 ? AF_INET6 : AF_INET))
		return false;
	if (v6) {
		memcpy(&sin6, sa, sizeof(sin6));
		return memcmp(&sin6.sin6_addr, ip, 16) == 0;
	}
	memcpy(&sin, sa, sizeof(sin));
	return memcmp(&sin.sin_addr, ip, 4) == 0;
}

#ifdef SIOCGIFHWADDR
/* No link layer: WireGuard, a tun device, xfrm. */
static bool
is_tunnel(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq r;
	bool none;

	if (fd == -1)
		return false;
	memset(&r, 0, sizeof(r));
	(void)strlcpy(r.ifr_name, name, sizeof(r.ifr_name));
	none = ioctl(fd, SIOCGIFHWADDR, &r) == 0 &&
	    r.ifr_hwaddr.sa_family == ARPHRD_NONE;
	(void)close(fd);
	return none;
}
#else
/* as OpenBSD names wg(4), tun(4) and sec(4) */
static bool
is_tunnel(const char *name)
{
	return strncmp(name, "wg", 2) == 0 || strncmp(name, "tun", 3) == 0 ||
	    strncmp(name, "sec", 3) == 0;
}
#endif

enum underlay
parent_underlay(const struct atm_addr *addr, char *name, size_t size)
{
	enum underlay found = UNDERLAY_UNKNOWN;
	struct ifaddrs *all, *i;
	uint8_t ip[16], sel;
	bool v6;

	*name = '\0';
	if (!atm_addr_to_ip(addr, &v6, ip, &sel) || getifaddrs(&all) == -1)
		return UNDERLAY_UNKNOWN;
	for (i = all; i != NULL && found == UNDERLAY_UNKNOWN; i = i->ifa_next)
		if (has_address(i, v6, ip)) {
			(void)strlcpy(name, i->ifa_name, size);
			found = (i->ifa_flags & IFF_LOOPBACK) != 0 ?
			    UNDERLAY_HERE :
			    is_tunnel(i->ifa_name) ?
			    UNDERLAY_TUNNEL : UNDERLAY_OPEN;
		}
	freeifaddrs(all);
	return found;
}
