/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Interfaces of edges, as OpenBSD has them: bpf(4) and route(4).  It has been
 * compiled against declarations only, and has never run (regress/openbsd).  A
 * tun(4) has not been written.
 */

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <net/bpf.h>
#include <net/if.h>
#include <net/if_dl.h>
#include <net/if_types.h>
#include <net/route.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lanfilter.h"
#include "log.h"
#include "parent.h"

/* As edge_linux.c has it, and for its reasons. */
#define SEND_BUFFER	(32 << 10)

/* --- what is there */

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

/* A mask may be shorter than an address; its first octet is its length. */
static void
copy_mask(void *to, size_t size, const struct ifaddrs *i)
{
	size_t len = *(const uint8_t *)(const void *)i->ifa_netmask;

	memset(to, 0, size);
	memcpy(to, i->ifa_netmask, len < size ? len : size);
}

static void
add_address4(struct lanif *l, const struct ifaddrs *i)
{
	struct ip_prefix *p = &l->addrs[l->naddrs++];
	struct sockaddr_in in, mask;

	memcpy(&in, i->ifa_addr, sizeof(in));
	copy_mask(&mask, sizeof(mask), i);
	memcpy(p->a, &in.sin_addr, 4);
	p->bits = mask_bits((const uint8_t *)&mask.sin_addr, 4);
}

/* In a link-local address the system may have put the interface's number. */
static void
add_address6(struct lanif *l, const struct ifaddrs *i)
{
	struct ip_prefix *p = &l->addrs[l->naddrs++];
	struct sockaddr_in6 in6, mask;

	memcpy(&in6, i->ifa_addr, sizeof(in6));
	copy_mask(&mask, sizeof(mask), i);
	p->v6 = 1;
	memcpy(p->a, &in6.sin6_addr, 16);
	if (IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr))
		p->a[2] = p->a[3] = 0;
	p->bits = mask_bits(mask.sin6_addr.s6_addr, 16);
}

/* Its link-layer address, and its MTU; false: it is no Ethernet, or down. */
static bool
look_link(struct lanif *l, const struct ifaddrs *i)
{
	const struct if_data *data = i->ifa_data;
	struct sockaddr_dl dl;

	memcpy(&dl, i->ifa_addr, sizeof(dl));
	if ((i->ifa_flags & IFF_UP) == 0 || data == NULL ||
	    dl.sdl_type != IFT_ETHER || dl.sdl_alen != 6 ||
	    (size_t)dl.sdl_nlen + 6 > sizeof(dl.sdl_data))
		return false;
	l->index = dl.sdl_index;
	l->mtu = data->ifi_mtu;
	l->linklen = 6;
	memcpy(l->link, dl.sdl_data + dl.sdl_nlen, 6);
	return true;
}

enum parent_lan_seen
parent_lan_look(struct lanif *l, const char *name, bool tun)
{
	struct ifaddrs *all, *i;
	bool there = false;

	memset(l, 0, sizeof(*l));
	(void)strlcpy(l->name, name, sizeof(l->name));
	l->tun = tun;
	if (getifaddrs(&all) == -1)
		return PARENT_LAN_UNKNOWN;
	for (i = all; i != NULL; i = i->ifa_next) {
		if (i->ifa_addr == NULL || strcmp(i->ifa_name, name) != 0)
			continue;
		if (i->ifa_addr->sa_family == AF_LINK)
			there = look_link(l, i);
		else if (l->naddrs == LANIF_ADDRS || i->ifa_netmask == NULL)
			continue;
		else if (i->ifa_addr->sa_family == AF_INET)
			add_address4(l, i);
		else if (i->ifa_addr->sa_family == AF_INET6)
			add_address6(l, i);
	}
	freeifaddrs(all);
	return there ? PARENT_LAN_THERE : PARENT_LAN_ABSENT;
}

/* Of matter to the path through the kernel only, which there is not. */
bool
parent_lan_master(uint32_t ifindex)
{
	(void)ifindex;
	return false;
}

int
parent_lan_watch(void)
{
	unsigned int which = ROUTE_FILTER(RTM_IFINFO) |
	    ROUTE_FILTER(RTM_IFANNOUNCE) | ROUTE_FILTER(RTM_NEWADDR) |
	    ROUTE_FILTER(RTM_DELADDR);
	int fd;

	fd = socket(AF_ROUTE, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, AF_ROUTE, ROUTE_MSGFILTER, &which, sizeof(which)) ==
	    0)
		return fd;
	(void)close(fd);
	return -1;
}

/* --- bpf(4) */

/* A tag of a VLAN is no type. */
static struct bpf_insn in_filter[] = { LANFILTER_GROUPS };
/* What edged may send: IP, to groups of the link. */
static struct bpf_insn out_filter[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x01, 0, 3),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANFILTER_IPV4, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LANFILTER_IPV6, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, UINT32_MAX)
};

static bool
bpf_filters(int fd)
{
	struct bpf_program in = { sizeof(in_filter) / sizeof(*in_filter),
		in_filter };
	struct bpf_program out = { sizeof(out_filter) / sizeof(*out_filter),
		out_filter };

	return ioctl(fd, BIOCSETF, &in) != -1 &&
	    ioctl(fd, BIOCSETWF, &out) != -1;
}

/*
 * Its size has to be that of edged's reads, and is set before the interface.
 */
static bool
bpf_size(int fd)
{
	unsigned int size = LANIF_BPF_BUFFER;

	if (ioctl(fd, BIOCSBLEN, &size) == -1)
		return false;
	if (size == LANIF_BPF_BUFFER)
		return true;
	errno = ENOBUFS;
	return false;
}

static bool
bpf_interface(int fd, const char *name)
{
	struct ifreq r = { 0 };
	unsigned int dlt = 0;

	(void)strlcpy(r.ifr_name, name, sizeof(r.ifr_name));
	if (ioctl(fd, BIOCSETIF, &r) == -1 || ioctl(fd, BIOCGDLT, &dlt) == -1)
		return false;
	if (dlt == DLT_EN10MB)
		return true;
	errno = EPROTONOSUPPORT;
	return false;
}

/*
 * A frame is read as soon as it is there, and none that was sent here.  The
 * system writes the source address of what is sent, so that edged can't write
 * another.  Groups that nobody here has joined are heard by the promiscuous
 * mode, which ends with the descriptor; SIOCADDMULTI, of all groups, would
 * stay when mars has gone.
 */
static bool
bpf_options(int fd)
{
	unsigned int on = 1, off = 0, out = BPF_DIRECTION_OUT;
	int nonblocking = 1;

	return ioctl(fd, BIOCIMMEDIATE, &on) != -1 &&
	    ioctl(fd, BIOCSHDRCMPLT, &off) != -1 &&
	    ioctl(fd, BIOCSDIRFILT, &out) != -1 &&
	    ioctl(fd, FIONBIO, &nonblocking) != -1 &&
	    ioctl(fd, BIOCPROMISC, NULL) != -1;
}

/* What came before the filter was there BIOCSETF forgets. */
int
parent_lan_socket(const struct lanif *l, enum parent_lan_kind kind, char *why,
    size_t size)
{
	int fd;

	(void)kind; /* both protocols: there is no path through the kernel */
	fd = open("/dev/bpf", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd != -1 && bpf_size(fd) && bpf_interface(fd, l->name) &&
	    bpf_options(fd) && bpf_filters(fd) &&
	    ioctl(fd, BIOCLOCK, NULL) != -1)
		return fd;
	(void)snprintf(why, size, "can't open a bpf(4) on %s: %s%s", l->name,
	    strerror(errno),
	    errno == EACCES ? ": start mars as root" :
	    errno == ENOBUFS ? ": set sysctl net.bpf.maxbufsize to 262144" :
	    "");
	if (fd != -1)
		(void)close(fd);
	return -1;
}

int
parent_lan_tun(const struct conf_lan *l, uint16_t mtu, char *why, size_t size)
{
	(void)mtu;
	(void)snprintf(why, size, "can't make tun %s: only Linux has it so far",
	    l->name);
	return -1;
}

/* --- UDP */

/*
 * Of IPv4 neither can be asked for: the TOS is not told, and ECN of what is
 * inside stays as it was sent; and the system divides what is too long.
 */
bool
parent_lan_udp(int fd, bool v6, bool df)
{
	const int on = 1, whole = df, size = SEND_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == -1)
		return false;
	return !v6 || (setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &whole,
	    sizeof(whole)) == 0 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, &on, sizeof(on)) ==
	    0);
}
