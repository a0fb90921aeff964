/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Somebody on the way between two servers, for flood.py.
 *
 *	spoof FROM TO BASE-PORT SEL
 *
 * Keeps the datagrams that FROM sends to TO over the loopback interface, both
 * with this selector, the last KEPT of them.  Each line of standard input, WHAT
 * RATE SECONDS, has them sent again, and is answered by one line of JSON:
 *
 *	replays		as they were
 *	hmacs		with two octets of the MAC of each SCSP packet
 *			exchanged, so that all but the MAC is right
 *	foreign		from addresses that have said nothing so far
 *	unknown		on a circuit that there is not
 *	calls		and "setups": no datagram that was kept, but SETUPs of
 *			FROM, or of such addresses, as a neighbor's
 *
 * A line says that it has begun; the first command ends the keeping, which
 * would cost time.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "llc.h"
#include "wire.h"

#define KEPT		256
#define OCTETS		9600
#define HEAD		(sizeof(struct iphdr) + sizeof(struct udphdr))
#define NVC_LEN		12
#define NVC_DATA	7
#define NVC_SETUP	1
#define CIRCUIT		(HEAD + 4)	/* its low half is at + 4 */
#define FOREIGN_IP	0x7f400000U	/* 127.64.0.0/16 */
#define SCSP_AT		(HEAD + NVC_LEN + LLC_LEN)
#define EXTENSIONS	6	/* their offset, in the fixed part */
#define MAC		8	/* in the extension */

static struct {
	size_t	len, mac;	/* mac: where it is, or 0 */
	uint8_t	octets[OCTETS];
} kept[KEPT];
static uint32_t nkept;
static struct in_addr from, to;
static in_port_t port;
static uint8_t sel;

static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Where the MAC of an SCSP packet begins; 0: it has none. */
static size_t
find_mac(const uint8_t *p, size_t len)
{
	struct rd r;
	size_t at;

	if (len < SCSP_AT + EXTENSIONS + 2 || (p[HEAD] & 0xf) != NVC_DATA)
		return 0;
	rd_init(&r, p + SCSP_AT + EXTENSIONS, 2);
	at = rd_u16(&r);
	if (at == 0 || SCSP_AT + at + MAC + 4 > len)
		return 0;
	return SCSP_AT + at + MAC;
}

static void
keep(const uint8_t *p, size_t len)
{
	struct udphdr u;
	struct iphdr ip;

	if (len < HEAD || len > OCTETS)
		return;
	memcpy(&ip, p, sizeof(ip));
	memcpy(&u, p + sizeof(ip), sizeof(u));
	if (ip.protocol != IPPROTO_UDP || ip.ihl != sizeof(ip) / 4 ||
	    ip.saddr != from.s_addr || ip.daddr != to.s_addr ||
	    u.uh_sport != port || u.uh_dport != port)
		return;
	/* the system had not finished its sum: none at all is right */
	u.uh_sum = 0;
	memcpy(kept[nkept % KEPT].octets, p, len);
	memcpy(kept[nkept % KEPT].octets + sizeof(ip), &u, sizeof(u));
	kept[nkept % KEPT].len = len;
	kept[nkept % KEPT].mac = find_mac(p, len);
	nkept++;
}

/* Until there is a line to read. */
static void
listen_in(void)
{
	struct sockaddr_ll any = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("lo") };
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP));
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };
	struct sockaddr_ll who;
	socklen_t wholen;
	uint8_t buf[65536];
	ssize_t n;

	if (fd == -1 || bind(fd, (struct sockaddr *)&any, sizeof(any)) == -1)
		err(1, "packet socket");
	printf("{}\n");
	(void)fflush(stdout);
	while (poll(p, 2, -1) > 0 && p[0].revents == 0) {
		wholen = sizeof(who);
		n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&who,
		    &wholen);
		/* over this interface all pass twice */
		if (n > 0 && who.sll_pkttype == PACKET_HOST)
			keep(buf, (size_t)n);
	}
	(void)close(fd);
}

/* False: it has no MAC that could be wrong. */
static bool
forge(uint32_t i)
{
	uint8_t *mac = kept[i].octets + kept[i].mac, octet = mac[0];

	if (kept[i].mac == 0 || mac[0] == mac[2])
		return false;
	mac[0] = mac[2];
	mac[2] = octet;
	return true;
}

/* An address that is written as RFC 4548 has it. */
static void
wr_nsapa(struct wr *w, struct in_addr ip)
{
	static const uint8_t zeros[12];

	wr_u8(w, 0x35);
	wr_u16(w, 1);
	wr_bytes(w, &ip, sizeof(ip));
	wr_bytes(w, zeros, sizeof(zeros));
	wr_u8(w, sel);
}

/* In the place of what was kept: a SETUP of that address. */
static void
make_setup(uint32_t i, struct in_addr caller)
{
	struct iphdr ip = { .version = 4, .ihl = sizeof(ip) / 4, .ttl = 64,
		.protocol = IPPROTO_UDP, .saddr = caller.s_addr,
		.daddr = to.s_addr };
	struct udphdr u = { .uh_sport = port, .uh_dport = port };
	struct wr w;

	wr_init(&w, kept[i].octets, OCTETS);
	wr_bytes(&w, &ip, sizeof(ip));
	wr_bytes(&w, &u, sizeof(u));
	wr_u8(&w, 1 << 4 | NVC_SETUP);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_u64(&w, 0);
	wr_u64(&w, (uint64_t)(i + 1) << 32 | 1);
	wr_u16(&w, 9188);
	wr_u8(&w, 10);
	wr_u8(&w, 0);
	wr_nsapa(&w, caller);
	wr_nsapa(&w, to);
	kept[i].len = w.len;
	u.uh_ulen = htons((uint16_t)(w.len - sizeof(ip)));
	memcpy(kept[i].octets + sizeof(ip), &u, sizeof(u));
}

static void
make_foreign(uint32_t i, uint64_t n)
{
	uint32_t ip = htonl(FOREIGN_IP + (uint32_t)(n % 65536));

	memcpy(kept[i].octets + offsetof(struct iphdr, saddr), &ip,
	    sizeof(ip));
}

enum what { REPLAYS, HMACS, FOREIGN, UNKNOWN, CALLS, SETUPS, WHATS };
static const char *const whats[WHATS] = { "replays", "hmacs", "foreign",
	"unknown", "calls", "setups" };

/* Before the first is sent; false: it can't be. */
static bool
prepare(uint32_t i, enum what what)
{
	struct in_addr foreign = { htonl(FOREIGN_IP + i) };

	switch (what) {
	case HMACS:
		return forge(i);
	case UNKNOWN:
		kept[i].octets[CIRCUIT + 4] ^= 0x55;
		return true;
	case CALLS:
		make_setup(i, from);
		return true;
	case SETUPS:
		make_setup(i, foreign);
		return true;
	default:
		return true;
	}
}

static void
send_all(int fd, enum what what, double rate, double during)
{
	const struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr = to };
	uint32_t n = nkept < KEPT && what < CALLS ? nkept : KEPT, i, good = 0;
	double began = seconds();
	uint64_t sent = 0;

	for (i = 0; i < n; i++) {
		if (!prepare(i, what))
			kept[i].len = 0;
		good += kept[i].len != 0;
	}
	for (i = 0; good != 0 && seconds() < began + during; i++) {
		if ((double)sent >= (seconds() - began) * rate) {
			(void)usleep(200);
			continue;
		}
		if (kept[i % n].len == 0)
			continue;
		if (what == FOREIGN)
			make_foreign(i % n, sent);
		(void)sendto(fd, kept[i % n].octets, kept[i % n].len, 0,
		    (const struct sockaddr *)&sin, sizeof(sin));
		sent++;
	}
	printf("{\"kept\": %u, \"sent\": %llu}\n", good,
	    (unsigned long long)sent);
	(void)fflush(stdout);
}

int
main(int argc, char *argv[])
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	double rate, during;
	char line[128], what[16];
	int i;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &from) != 1 ||
	    inet_pton(AF_INET, argv[2], &to) != 1)
		errx(1, "usage: spoof FROM TO BASE-PORT SEL");
	sel = (uint8_t)strtoul(argv[4], NULL, 10);
	port = htons((uint16_t)(strtoul(argv[3], NULL, 10) + sel));
	if (fd == -1)
		err(1, "raw socket");
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	listen_in();
	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (sscanf(line, "%15s %lf %lf", what, &rate, &during) != 3)
			errx(1, "no command: %s", line);
		for (i = 0; i < WHATS; i++)
			if (strcmp(what, whats[i]) == 0)
				send_all(fd, (enum what)i, rate, during);
	}
	return 0;
}
