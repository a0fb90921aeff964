/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Interfaces of edges, as Linux has them: packet sockets and tun devices. */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kpath.h"
#include "lanfilter.h"
#include "log.h"
#include "parent.h"

/*
 * What waits in a packet socket waits for edged, which needs about 13 us for a
 * packet: these octets, which the system takes twice, are 1,800 packets of
 * 1,316 octets, or 25 ms.  A larger buffer would only make late what can't be
 * sent anyway.
 */
#define RECEIVE_BUFFER	(2 << 20)

/*
 * What the system has taken it sends in its order, however late, and what is
 * said to the MARS waits behind it.  So it takes no more than it needs to go on
 * without a pause: of these octets, which it takes twice and counts with its
 * own, some 25 packets, or 50 ms at 10 Mbit/s.
 */
#define SEND_BUFFER	(32 << 10)

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING	23
#endif

/* Its layout is the kernel's; libc has none. */
struct edge_in6_ifreq {
	struct in6_addr	addr;
	uint32_t	prefixlen;
	int		ifindex;
};

static int
control_socket(int family)
{
	return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static uint8_t
mask_bits(const uint8_t *mask, size_t len)
{
	uint8_t bits = 0;
	size_t i;

	for (i = 0; i < 8 * len; i++)
		if ((mask[i / 8] & (0x80 >> (i % 8))) != 0)
			bits++;
	return bits;
}

static void
add_address(struct lanif *l, const struct ifaddrs *i)
{
	struct ip_prefix *p = &l->addrs[l->naddrs];
	struct sockaddr_in6 in6, mask6;
	struct sockaddr_in in, mask;

	if (i->ifa_addr->sa_family == AF_INET) {
		memcpy(&in, i->ifa_addr, sizeof(in));
		memcpy(&mask, i->ifa_netmask, sizeof(mask));
		memcpy(p->a, &in.sin_addr, 4);
		p->bits = mask_bits((const uint8_t *)&mask.sin_addr, 4);
	} else {
		memcpy(&in6, i->ifa_addr, sizeof(in6));
		memcpy(&mask6, i->ifa_netmask, sizeof(mask6));
		p->v6 = 1;
		memcpy(p->a, &in6.sin6_addr, 16);
		p->bits = mask_bits(mask6.sin6_addr.s6_addr, 16);
	}
	l->naddrs++;
}

/* Its link-layer address; false: edged knows no interfaces of that kind. */
static bool
link_layer(struct lanif *l, const struct sockaddr *hw)
{
	switch (hw->sa_family) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		l->linklen = ETH_ALEN;
		memcpy(l->link, hw->sa_data, ETH_ALEN);
		return true;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
		return true;
	default:
		return false;
	}
}

/* All but the addresses; false: it is not there, or it is down. */
static bool
look_link(struct lanif *l, int fd)
{
	struct ifreq r = { 0 };

	(void)strlcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	if (ioctl(fd, SIOCGIFFLAGS, &r) == -1 || (r.ifr_flags & IFF_UP) == 0 ||
	    ioctl(fd, SIOCGIFINDEX, &r) == -1)
		return false;
	l->index = (uint32_t)r.ifr_ifindex;
	if (ioctl(fd, SIOCGIFMTU, &r) == -1)
		return false;
	l->mtu = (uint32_t)r.ifr_mtu;
	return ioctl(fd, SIOCGIFHWADDR, &r) != -1 &&
	    link_layer(l, &r.ifr_hwaddr);
}

enum parent_lan_seen
parent_lan_look(struct lanif *l, const char *name, bool tun)
{
	struct ifaddrs *all, *i;
	unsigned int n = 0;
	bool there;
	int fd;

	memset(l, 0, sizeof(*l));
	(void)strlcpy(l->name, name, sizeof(l->name));
	l->tun = tun;
	if ((fd = control_socket(AF_INET)) == -1 || getifaddrs(&all) == -1) {
		if (fd != -1)
			(void)close(fd);
		return PARENT_LAN_UNKNOWN;
	}
	there = look_link(l, fd);
	(void)close(fd);
	for (i = all; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && strcmp(i->ifa_name, name) == 0 &&
		    (i->ifa_addr->sa_family == AF_INET ||
		    i->ifa_addr->sa_family == AF_INET6) &&
		    i->ifa_netmask != NULL && n++ < LANIF_ADDRS)
			add_address(l, i);
	freeifaddrs(all);
	if (n > LANIF_ADDRS)
		log_warnx("interface %s has %u addresses, and edged knows %d: "
		    "hosts of the other networks are not heard", name, n,
		    LANIF_ADDRS);
	return there ? PARENT_LAN_THERE : PARENT_LAN_ABSENT;
}

/* A tag of a VLAN is of another LAN; one with number 0 has only a priority. */
#define VLAN_ID	0x0fff
static struct sock_filter ethernet[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG)),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, VLAN_ID, 10, 0),
	LANFILTER_GROUPS
};
/* The same where a frame begins with the IP header. */
static struct sock_filter bare[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 3),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 16),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xe0, 4, 3),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x60, 0, 2),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 24),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xff, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
};

/*
 * Before the first of them where the kernel has a path: not what it has copied.
 * A frame of another VLAN has lost its tag here, and is of another host.
 */
static const struct sock_filter kernel[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(SKF_AD_OFF + SKF_AD_RXHASH)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, KPATH_DONE, 2, 0),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	    (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OTHERHOST, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static bool
filter(int fd, const struct lanif *l)
{
	struct sock_filter both[sizeof(kernel) / sizeof(*kernel) +
	    sizeof(ethernet) / sizeof(*ethernet)];
	struct sock_fprog prog = { sizeof(ethernet) / sizeof(*ethernet),
		ethernet };
	const int on = 1;

	if (l->linklen == 0) {
		prog.len = sizeof(bare) / sizeof(*bare);
		prog.filter = bare;
	} else if (l->kernel) {
		memcpy(both, kernel, sizeof(kernel));
		memcpy(both + sizeof(kernel) / sizeof(*kernel), ethernet,
		    sizeof(ethernet));
		prog.len = sizeof(both) / sizeof(*both);
		prog.filter = both;
	}
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	    sizeof(prog)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) == 0;
}

/*
 * Its own packets don't come back.  AUXDATA says whether a checksum is still
 * to be computed.  ALLMULTI ends with the socket.
 */
static bool
options(int fd, const struct lanif *l)
{
	struct packet_mreq mr = { .mr_ifindex = (int)l->index,
		.mr_type = PACKET_MR_ALLMULTI };
	const int on = 1, size = RECEIVE_BUFFER;

	/* without the right to force it, what the system allows is enough */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on,
	    sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &mr,
	    sizeof(mr)) == 0;
}

int
parent_lan_socket(const struct lanif *l, enum parent_lan_kind kind, char *why,
    size_t size)
{
	static const uint16_t protocols[] = {
		[PARENT_LAN_ALL] = ETH_P_ALL,
		[PARENT_LAN_IPV4] = ETH_P_IP,
		[PARENT_LAN_IPV6] = ETH_P_IPV6
	};
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(protocols[kind]),
		.sll_ifindex = (int)l->index };
	int fd;

	/* of no protocol, so that nothing comes before the filter is there */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && filter(fd, l) && options(fd, l) &&
	    bind(fd, (const struct sockaddr *)&ll, sizeof(ll)) == 0)
		return fd;
	(void)snprintf(why, size, "can't open a packet socket on %s: %s%s",
	    l->name, strerror(errno),
	    errno == EPERM ? ": start mars as root" : "");
	if (fd != -1)
		(void)close(fd);
	return -1;
}

static bool
tun_address4(const struct conf_lan *l, const struct ip_prefix *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct ifreq r = { 0 };
	bool ok;
	int fd;

	if ((fd = control_socket(AF_INET)) == -1)
		return false;
	(void)strlcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	memcpy(&in.sin_addr, p->a, 4);
	memcpy(&r.ifr_addr, &in, sizeof(in));
	ok = ioctl(fd, SIOCSIFADDR, &r) != -1;
	in.sin_addr.s_addr =
	    p->bits == 0 ? 0 : htonl(UINT32_MAX << (32 - p->bits));
	memcpy(&r.ifr_netmask, &in, sizeof(in));
	ok = ok && ioctl(fd, SIOCSIFNETMASK, &r) != -1;
	(void)close(fd);
	return ok;
}

static bool
tun_address6(const struct conf_lan *l, const struct ip_prefix *p)
{
	struct edge_in6_ifreq r = { .prefixlen = p->bits,
		.ifindex = (int)if_nametoindex(l->name) };
	bool ok;
	int fd;

	if ((fd = control_socket(AF_INET6)) == -1)
		return false;
	memcpy(&r.addr, p->a, sizeof(r.addr));
	/* a device that was there before may have it */
	ok = ioctl(fd, SIOCSIFADDR, &r) != -1 || errno == EEXIST;
	(void)close(fd);
	return ok;
}

static bool
tun_up(const struct conf_lan *l, uint16_t mtu)
{
	struct ifreq r = { 0 };
	bool ok;
	int fd;

	if ((fd = control_socket(AF_INET)) == -1)
		return false;
	(void)strlcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	r.ifr_mtu = mtu;
	ok = ioctl(fd, SIOCSIFMTU, &r) != -1 &&
	    ioctl(fd, SIOCGIFFLAGS, &r) != -1;
	r.ifr_flags = (short)(r.ifr_flags | IFF_UP);
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &r) != -1;
	(void)close(fd);
	return ok;
}

static bool
tun_set_up(const struct conf_lan *l, uint16_t mtu)
{
	const struct conf_prefix *p;

	/* first up: IPv6 takes no address before */
	if (!tun_up(l, mtu))
		return false;
	TAILQ_FOREACH(p, &l->addrs, entry)
		if (!(p->prefix.v6 ? tun_address6(l, &p->prefix) :
		    tun_address4(l, &p->prefix)))
			return false;
	return true;
}

int
parent_lan_tun(const struct conf_lan *l, uint16_t mtu, char *why, size_t size)
{
	struct ifreq r = { 0 };
	const char *advice = "";
	int fd;

	(void)strlcpy(r.ifr_name, l->name, sizeof(r.ifr_name));
	r.ifr_flags = IFF_TUN | IFF_NO_PI;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1 && ioctl(fd, TUNSETIFF, &r) != -1 && tun_set_up(l, mtu))
		return fd;
	if (fd == -1 && (errno == ENOENT || errno == ENODEV))
		advice = ": load the kernel module tun";
	else if (errno == EPERM || errno == EACCES)
		advice = ": start mars as root";
	else if (errno == EBUSY)
		advice = ": another program has it";
	(void)snprintf(why, size, "can't make tun %s: %s%s", l->name,
	    strerror(errno), advice);
	if (fd != -1)
		(void)close(fd);
	return -1;
}

/* Is there a master among the attributes of a link? */
static bool
has_master(struct nlmsghdr *h, size_t len)
{
	struct rtattr *a; /* the macros cast to char * */
	size_t left;

	if (len < NLMSG_LENGTH(sizeof(struct ifinfomsg)) ||
	    h->nlmsg_len > len || h->nlmsg_type != RTM_NEWLINK)
		return false;
	left = IFLA_PAYLOAD(h);
	for (a = IFLA_RTA((struct ifinfomsg *)NLMSG_DATA(h));
	    RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_MASTER)
			return true;
	return false;
}

/*
 * By netlink and not by /sys, which may be that of another namespace.  What
 * can't be asked has none.
 */
bool
parent_lan_master(uint32_t ifindex)
{
	struct {
		struct nlmsghdr		h;
		struct ifinfomsg	i;
	} ask = { .h = { .nlmsg_len = sizeof(ask),
		.nlmsg_type = RTM_GETLINK,
		.nlmsg_flags = NLM_F_REQUEST },
		.i = { .ifi_index = (int)ifindex } };
	union {
		struct nlmsghdr	h;
		uint8_t		octets[16384];
	} answer;
	ssize_t n = -1;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return false;
	if (send(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask))
		n = recv(fd, &answer, sizeof(answer), 0);
	(void)close(fd);
	return n > 0 && has_master(&answer.h, (size_t)n);
}

int
parent_lan_watch(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups =
		    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    NETLINK_ROUTE);
	if (fd == -1)
		return -1;
	if (bind(fd, (const struct sockaddr *)&nl, sizeof(nl)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/*
 * IP_PMTUDISC_DO and not PROBE: what is too long for a path fails with
 * EMSGSIZE as soon as the system has learned so, and edged hears of it.
 */
bool
parent_lan_udp(int fd, bool v6, bool df)
{
	const int on = 1, size = SEND_BUFFER;
	int mode;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == -1)
		return false;
	if (v6) {
		mode = df ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT;
		return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &mode,
		    sizeof(mode)) == 0 &&
		    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on,
		    sizeof(on)) == 0;
	}
	mode = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
	return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &mode,
	    sizeof(mode)) == 0 &&
	    setsockopt(fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof(on)) == 0;
}
