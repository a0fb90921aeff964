/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <err.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "llc.h"
#include "mars.h"
#include "regress/bench/crowd.h"
#include "wire.h"

#define NUMBER		0x6d61727300000000U	/* client i: | i << 1 */
#define LEAF		1U
#define BATCH		64
#define DATAGRAM	9300
#define F_BUNDLE	0x40	/* nvc.md */
#define OP_AT		(LLC_LEN + 17)	/* RFC 2022 section 4.3 */

struct crowd crowd;

/* of IPv6, one of those that are for documents: a /48 for clients, 64 in each
 * /64 of it, and a /64 that is crowded */
static const uint8_t homes[6] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x65 };
static const uint8_t crowded[6] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x66 };

static double
seconds_of(const struct timespec *ts)
{
	return (double)ts->tv_sec + (double)ts->tv_nsec / 1e9;
}

double
crowd_seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return seconds_of(&ts);
}

double
crowd_wall(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return seconds_of(&ts);
}

/* --- datagrams */

static bool
is_apart(uint32_t host)
{
	return host - FIRST_IP < CLIENTS &&
	    crowd.players[host - FIRST_IP].apart;
}

/* The address of a host towards that server. */
static struct paddr
address(uint32_t host, const struct paddr *server)
{
	struct paddr p = { .len = server->len };
	uint32_t n = htonl(host), home = htonl(host / 64);

	if (p.len == 16 && (host - FIRST_IP >= CLIENTS ||
	    crowd.players[host - FIRST_IP].crowded))
		memcpy(p.a, crowded, sizeof(crowded));
	else if (p.len == 16) {
		memcpy(p.a, homes, sizeof(homes));
		memcpy(p.a + sizeof(homes), (uint8_t *)&home + 2, 2);
	}
	memcpy(p.a + p.len - sizeof(n), &n, sizeof(n));
	return p;
}

/* Where a datagram to this server goes, and from which address: a header. */
static void
fill4(struct msghdr *m, const struct paddr *from, const struct paddr *to)
{
	struct sockaddr_in *sin = m->msg_name;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct in_pktinfo info = { 0 };

	sin->sin_family = AF_INET;
	sin->sin_port = htons(crowd.base_port);
	memcpy(&sin->sin_addr, to->a, 4);
	memcpy(&info.ipi_spec_dst, from->a, 4);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	m->msg_namelen = sizeof(*sin);
	m->msg_controllen = CMSG_SPACE(sizeof(info));
}

static void
fill6(struct msghdr *m, const struct paddr *from, const struct paddr *to)
{
	struct sockaddr_in6 *sin = m->msg_name;
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct in6_pktinfo info = { 0 };

	sin->sin6_family = AF_INET6;
	sin->sin6_port = htons(crowd.base_port);
	memcpy(&sin->sin6_addr, to->a, 16);
	memcpy(&info.ipi6_addr, from->a, 16);
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	m->msg_namelen = sizeof(*sin);
	m->msg_controllen = CMSG_SPACE(sizeof(info));
}

static void
transmit(uint32_t host, const struct paddr *to, const void *p, size_t len)
{
	struct sockaddr_in6 name = { 0 };
	_Alignas(struct cmsghdr) uint8_t
	    control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr m = { .msg_name = &name,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct paddr from = address(host, to);
	bool v6 = to->len == 16;

	(v6 ? fill6 : fill4)(&m, &from, to);
	/* a server that is stopped, or full, loses it as a network would */
	(void)sendmsg((is_apart(host) ? crowd.apart : crowd.fd)[v6], &m, 0);
}

static void
head(struct wr *w, uint8_t *buf, size_t size, uint8_t type, uint64_t circuit)
{
	wr_init(w, buf, size);
	wr_u8(w, (uint8_t)(1 << 4 | type));
	wr_u8(w, type == SETUP || type == CONNECT ? F_BUNDLE : 0);
	wr_u16(w, 0);
	wr_u64(w, circuit);
}

static struct atm_addr
nsapa(uint32_t host, const struct paddr *server)
{
	struct paddr p = address(host, server);
	struct atm_addr a;

	atm_addr_from_ip(
	    &a, p.len == 16, p.a, is_apart(host) ? SEL_APART : SEL);
	return a;
}

uint64_t
crowd_number(uint32_t i)
{
	return NUMBER | (uint64_t)i << 1;
}

void
crowd_setup(uint32_t host, uint64_t mine, const struct paddr *server,
    const uint8_t *token, size_t len)
{
	struct atm_addr from = nsapa(host, server), to;
	uint8_t buf[128];
	struct wr w;

	atm_addr_from_ip(&to, server->len == 16, server->a, 0);
	head(&w, buf, sizeof(buf), SETUP, 0);
	wr_u64(&w, mine);
	wr_u16(&w, 9188);
	wr_u8(&w, 10);
	wr_u8(&w, (uint8_t)len);
	wr_bytes(&w, from.num, 20);
	wr_bytes(&w, to.num, 20);
	wr_bytes(&w, token, len);
	transmit(host, server, buf, w.len);
}

static const struct paddr *
server_of(uint32_t i)
{
	return &crowd.servers[crowd.players[i].server];
}

static void
setup_again(uint32_t i, const uint8_t *token, size_t len)
{
	crowd_setup(FIRST_IP + i, crowd_number(i), server_of(i), token, len);
}

void
crowd_reply(uint32_t i, uint8_t type, uint64_t circuit, uint64_t mine)
{
	uint8_t buf[64];
	struct wr w;

	head(&w, buf, sizeof(buf), type, circuit);
	wr_u64(&w, mine);
	if (type == CONNECT) {
		wr_u16(&w, 9188);
		wr_u8(&w, 10);
		wr_u8(&w, 0);
	}
	transmit(FIRST_IP + i, server_of(i), buf, w.len);
}

static struct mars_msg
message(uint32_t i, uint8_t op)
{
	struct mars_msg m;
	uint32_t ip = htonl(FIRST_IP + i);

	memset(&m, 0, sizeof(m));
	m.pro.type = PRO_IPV4;
	m.op = op;
	m.src = nsapa(FIRST_IP + i, server_of(i));
	m.spa.len = 4;
	memcpy(m.spa.a, &ip, 4);
	return m;
}

static void
send_message(uint32_t i, const struct mars_msg *m)
{
	uint8_t buf[2048];
	size_t len;
	struct wr w;

	head(&w, buf, sizeof(buf), DATA, crowd.players[i].theirs);
	llc_encode(buf + w.len, LLC_OUI_IANA, LLC_PID_MARS);
	len = w.len + LLC_LEN;
	len += mars_encode(m, buf + len, sizeof(buf) - len);
	transmit(FIRST_IP + i, server_of(i), buf, len);
}

static struct paddr
group(uint32_t g)
{
	struct paddr p = { .len = 4 };
	uint32_t n = htonl(g);

	memcpy(p.a, &n, 4);
	return p;
}

void
crowd_send_pair(uint32_t i, uint8_t op, uint32_t low, uint32_t high)
{
	struct mars_msg m = message(i, op);
	struct paddr a = group(low), b = group(high);
	uint8_t list[8];
	struct wr w;

	wr_init(&w, list, sizeof(list));
	mars_list_pair(&w, &a, &b);
	m.pnum = 1;
	m.tpln = 4;
	m.list = list;
	m.list_len = w.len;
	send_message(i, &m);
}

static void
send_register(uint32_t i)
{
	bool mcs = crowd.players[i].mcs;
	struct mars_msg m = message(i, mcs ? MARS_MSERV : MARS_JOIN);

	m.flags = MARS_F_REGISTER;
	m.pnum = 1;
	crowd.players[i].sent = crowd.now;
	send_message(i, &m);
}

/* What it has waited for came then; it waits for something else from now. */
static void
waited(uint32_t i, double stamp)
{
	struct player *e = &crowd.players[i];

	e->took += stamp - e->asked;
	e->asked = crowd_wall();
}

void
crowd_request(uint32_t i, uint32_t g)
{
	struct mars_msg m = message(i, MARS_REQUEST);

	m.tpa = group(g);
	send_message(i, &m);
}

/* --- what comes */

uint32_t
crowd_group(const struct paddr *p)
{
	uint32_t n = 0;

	if (p->len == 4)
		memcpy(&n, p->a, 4);
	return ntohl(n);
}

static void
on_join(uint32_t i, const struct mars_msg *m, double stamp)
{
	struct player *e = &crowd.players[i];
	struct paddr low, high;
	uint32_t k;

	if ((m->flags & MARS_F_REGISTER) != 0) {
		if (!e->registered)
			waited(i, stamp);
		e->registered = true;
		return;
	}
	if (e->seen == NULL || m->pnum == 0)
		return;
	mars_pair(m, 0, &low, &high);
	k = crowd_group(&low) - e->group;
	if (k < e->many)
		e->seen[k] = 1;
}

static void
on_sdu(uint32_t i, bool leaf, const uint8_t *p, size_t len, double stamp)
{
	struct mars_msg m;
	uint32_t k;

	if (leaf) {
		crowd.copies++;
		if (len > LLC_LEN)
			watch_copy(i, p + LLC_LEN, len - LLC_LEN);
		/* a map comes every now and then, whatever is told */
		if (len <= OP_AT || p[OP_AT] == MARS_REDIRECT_MAP)
			return;
		if (crowd.first_copy == 0)
			crowd.first_copy = crowd.now;
		crowd.last_copy = crowd.now;
		/* it may be what this one has joined itself */
		if (!crowd.players[i].apart || crowd.players[i].seen == NULL)
			return;
	}
	if (len < LLC_LEN || mars_decode(&m, p + LLC_LEN, len - LLC_LEN) !=
	    MARS_DROP_NONE)
		return;
	switch (m.op) {
	case MARS_JOIN:
	case MARS_LEAVE:
	case MARS_MSERV:
		on_join(i, &m, stamp);
		break;
	case MARS_MULTI:
	case MARS_NAK:
		k = crowd_group(&m.tpa) - ASKED_GROUP;
		if (k < crowd.nasked && crowd.asked[k].answered == 0)
			crowd.asked[k].answered = stamp;
		break;
	}
}

static void
on_datagram(uint32_t i, const uint8_t *p, size_t len, double stamp)
{
	struct player *e = &crowd.players[i];
	uint8_t type;
	uint64_t circuit, theirs;
	bool leaf;
	struct rd r;

	rd_init(&r, p, len);
	type = rd_u8(&r) & 0xf;
	rd_skip(&r, 3);
	circuit = rd_u64(&r);
	leaf = (circuit & LEAF) != 0;
	crowd.datagrams++;
	if (e->mute || rd_failed(&r))
		return;
	switch (type) {
	case RETRY:
		waited(i, stamp);
		setup_again(i, r.p, r.left);
		break;
	case CONNECT:
		e->theirs = rd_u64(&r);
		if (!e->up) {
			waited(i, stamp);
			send_register(i);
		}
		e->up = true;
		break;
	case SETUP:
		e->leaf = rd_u64(&r);
		if (e->leafless)
			break;
		crowd_reply(i, CONNECT, e->leaf, crowd_number(i) | LEAF);
		break;
	case RELEASE:
		if (!leaf)
			e->up = false;
		break;
	case ENQUIRY:
		theirs = rd_u64(&r);
		crowd_reply(i, STATUS, theirs, circuit);
		break;
	case DATA:
		on_sdu(i, leaf, r.p, r.left, stamp);
		break;
	case BUNDLE:
		while (r.left > 2 && !rd_failed(&r)) {
			size_t n = rd_u16(&r);
			const uint8_t *sdu = rd_bytes(&r, n);

			if (sdu != NULL)
				on_sdu(i, leaf, sdu, n, stamp);
		}
		break;
	}
}

/* For which client, and when it came; where the kernel does not say, now. */
static uint32_t
read_control(struct msghdr *m, double *stamp)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info;
	struct timespec ts;
	struct cmsghdr *c;
	uint32_t ip = 0;

	*stamp = crowd_wall();
	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			ip = info.ipi_addr.s_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			memcpy(&ip, info6.ipi6_addr.s6_addr + 12, sizeof(ip));
		} else if (c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			*stamp = seconds_of(&ts);
		}
	}
	return ntohl(ip) - FIRST_IP;
}

/* Takes a batch of what has come to a socket. */
static void
receive_from(int fd)
{
	static uint8_t buf[BATCH][DATAGRAM];
	static _Alignas(struct cmsghdr) uint8_t
	    control[BATCH][CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(struct timespec))];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	double stamp;
	int i, n;

	crowd.now = crowd_seconds();
	memset(m, 0, sizeof(m));
	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ buf[i], DATAGRAM };
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
		m[i].msg_hdr.msg_control = control[i];
		m[i].msg_hdr.msg_controllen = sizeof(control[i]);
	}
	n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++) {
		uint32_t who = read_control(&m[i].msg_hdr, &stamp);

		if (who < crowd.nplayers)
			on_datagram(who, buf[i], m[i].msg_len, stamp);
	}
}

/* Those who are measured first: the others have so much that they wait. */
void
crowd_receive(int wait)
{
	const int fds[] = { crowd.apart[0], crowd.apart[1], crowd.fd[0],
		crowd.fd[1] };
	struct pollfd pfd[4];
	size_t i;

	/* one that is -1 is passed over */
	for (i = 0; i < 4; i++)
		pfd[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	(void)poll(pfd, 4, wait);
	crowd.now = crowd_seconds();
	for (i = 0; i < 4; i++)
		if (pfd[i].revents != 0)
			receive_from(fds[i]);
}

/* --- clients */

void
crowd_start(uint32_t i, uint8_t server, bool mcs, bool apart)
{
	struct player *e = &crowd.players[i];
	bool leafless = e->leafless, in_crowd = e->crowded;

	if (i >= CLIENTS)
		errx(1, "client %u", i);
	if (i >= crowd.nplayers)
		crowd.nplayers = i + 1;
	memset(e, 0, sizeof(*e));
	e->leafless = leafless;
	e->crowded = in_crowd;
	e->server = server;
	e->mcs = mcs;
	e->apart = apart;
	e->called = true;
	e->sent = crowd.now;
	e->asked = crowd_wall();
	setup_again(i, NULL, 0);
}

void
crowd_register_anew(uint32_t i)
{
	crowd.players[i].registered = false;
	crowd.players[i].took = 0;
	crowd.players[i].asked = crowd_wall();
	send_register(i);
}

/* A SETUP after 0.5, 1, 2 and 4 s (rule 4), a registration every 2 s. */
static void
player_again(uint32_t i)
{
	struct player *e = &crowd.players[i];
	double wait = 0.5 * (1 << (e->tries < 3 ? e->tries : 3));

	if (!e->called || e->registered || e->mute)
		return;
	if (e->up && crowd.now - e->sent >= 2)
		send_register(i);
	else if (!e->up && crowd.now - e->sent >= wait) {
		e->tries++;
		e->sent = crowd.now;
		setup_again(i, NULL, 0);
	}
}

void
crowd_again(void)
{
	static double last;
	uint32_t i;

	if (crowd.now - last < 0.1)
		return;
	last = crowd.now;
	for (i = 0; i < crowd.nplayers; i++)
		player_again(i);
}

static void
must_set(int fd, int level, int option)
{
	int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)) == -1)
		err(1, "setsockopt");
}

static int
crowd_socket(uint8_t sel, bool v6)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
	int size = 256 << 20;

	sin.sin_port = sin6.sin6_port =
	    htons((uint16_t)(crowd.base_port + sel));
	if (fd == -1)
		err(1, "socket");
	if (v6) {
		must_set(fd, IPPROTO_IPV6, IPV6_V6ONLY);
		must_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO);
		/* the prefix is routed here, but no address of it is ours */
		must_set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
	} else
		must_set(fd, IPPROTO_IP, IP_PKTINFO);
	must_set(fd, SOL_SOCKET, SO_TIMESTAMPNS);
	if (bind(fd,
	    v6 ? (struct sockaddr *)&sin6 : (struct sockaddr *)&sin,
	    v6 ? sizeof(sin6) : sizeof(sin)) == -1)
		err(1, "bind");
	/* that much where we are root; less is a network that loses more */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	return fd;
}

void
crowd_open(void)
{
	int i, v6;

	for (v6 = 0; v6 < 2; v6++)
		crowd.fd[v6] = crowd.apart[v6] = -1;
	for (i = 0; i < SERVERS && crowd.servers[i].len != 0; i++) {
		v6 = crowd.servers[i].len == 16;
		if (crowd.fd[v6] != -1)
			continue;
		crowd.fd[v6] = crowd_socket(SEL, v6);
		crowd.apart[v6] = crowd_socket(SEL_APART, v6);
	}
}
