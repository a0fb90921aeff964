/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Plays very many clients of a MARS over NVC in one process, for flood.py,
 * which says what they do and prints what comes of it.
 *
 *	flood BASE-PORT SERVER...
 *
 * One socket is all of them: client i has the address 127.1.0.0 + i and the
 * selector SEL.  Clients do no more than is asked of them here: they call,
 * register, take the leaves of the MARS and answer its enquiries.  Each line
 * of standard input is a command, answered by one line of JSON:
 *
 *	register FIRST N SERVER		N clients, at the SERVERth server
 *	join FIRST N COUNT GROUP RATE	each joins COUNT groups of its own, one
 *					a message, RATE messages a second
 *	serve FIRST			registers as a multicast server
 *	block CLIENT LOW HIGH		one join
 *	mute FIRST N			they answer nothing from now on
 *	probe SECONDS AFTER LOAD [FIRST N RATE]
 *
 * A probe asks ASKS times a second who is in a group, and registers NEWS new
 * clients a second, for so long and AFTER seconds more.  The load is there in
 * the first SECONDS only: "toggle" and "all" have each of N clients join and
 * leave a group, or all groups, "joins" has them join new groups, at RATE a
 * second each; "mservs" joins everything, and then serves 20 blocks of 256;
 * "setups" calls from addresses that do not call, RATE a second.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "llc.h"
#include "mars.h"
#include "wire.h"

#define SEL		9
#define FIRST_IP	0x7f010000U	/* of client 0 */
#define CLIENTS		65536
#define SERVERS		8
#define NUMBER		0x6d61727300000000U	/* client i: | i << 1 */
#define LEAF		1U
#define BATCH		64
#define DATAGRAM	9300
#define ASKS		20
#define NEWS		5
#define FORGED_IP	0x7f400000U
#define BLOCKS		20
#define ASKED_GROUP	0xe1000000U	/* 225.0.0.0 and what follows it */
#define JOINED_GROUP	0xe8000000U
#define EVERYTHING_LOW	0xe0000000U
#define EVERYTHING_HIGH	0xefffffffU

/* nvc.md */
enum { SETUP = 1, RETRY, CONNECT, RELEASE, ENQUIRY, STATUS, DATA, BUNDLE };
#define F_BUNDLE	0x40

struct player {
	bool		 mute, called, up, registered, mcs;
	uint8_t		 server;
	uint64_t	 theirs;	/* the MARS's number of the circuit */
	uint64_t	 leaf;		/* and of the one that it called last */
	double		 began, sent, answered;
	int		 tries;
	uint32_t	 echoes;	/* JOINs and LEAVEs that came back */
	uint8_t		*seen;		/* which of the groups asked for */
	uint32_t	 many, group;
};

static struct player players[CLIENTS];
static uint32_t nplayers;		/* that were ever used */
static struct in_addr servers[SERVERS];
static uint16_t base_port;
static int fd;
static double now;
static uint64_t datagrams, copies, forged;
static double first_copy, last_copy;	/* since the probe began */

/* What a probe asked: the i-th is about ASKED_GROUP + i. */
#define ASKED_MAX	65536
static struct { double at, answered; } asked[ASKED_MAX];
static uint32_t nasked;

static double
seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- datagrams */

static void
transmit(uint32_t from, struct in_addr to, const void *p, size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(base_port),
		.sin_addr = to };
	_Alignas(struct cmsghdr) uint8_t
	    control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(from) };
	struct iovec iov = { (void *)(uintptr_t)p, len };
	struct msghdr m = { .msg_name = &sin,
		.msg_namelen = sizeof(sin),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	/* a server that is stopped, or full, loses it as a network would */
	(void)sendmsg(fd, &m, 0);
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
nsapa(uint32_t ip, uint8_t sel)
{
	struct atm_addr a;
	uint32_t n = htonl(ip);

	atm_addr_from_ip(&a, false, (const uint8_t *)&n, sel);
	return a;
}

static uint64_t
number(uint32_t i)
{
	return NUMBER | (uint64_t)i << 1;
}

static void
setup(uint32_t ip, uint64_t mine, struct in_addr server, const uint8_t *token,
    size_t len)
{
	struct atm_addr from = nsapa(ip, SEL);
	struct atm_addr to = nsapa(ntohl(server.s_addr), 0);
	uint8_t buf[128];
	struct wr w;

	head(&w, buf, sizeof(buf), SETUP, 0);
	wr_u64(&w, mine);
	wr_u16(&w, 9188);
	wr_u8(&w, 10);
	wr_u8(&w, (uint8_t)len);
	wr_bytes(&w, from.num, 20);
	wr_bytes(&w, to.num, 20);
	wr_bytes(&w, token, len);
	transmit(ip, server, buf, w.len);
}

static void
reply(uint32_t i, uint8_t type, uint64_t circuit, uint64_t mine)
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
	transmit(FIRST_IP + i, servers[players[i].server], buf, w.len);
}

static struct mars_msg
message(uint32_t i, uint8_t op)
{
	struct mars_msg m;
	uint32_t ip = htonl(FIRST_IP + i);

	memset(&m, 0, sizeof(m));
	m.pro.type = PRO_IPV4;
	m.op = op;
	m.src = nsapa(FIRST_IP + i, SEL);
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

	head(&w, buf, sizeof(buf), DATA, players[i].theirs);
	llc_encode(buf + w.len, LLC_OUI_IANA, LLC_PID_MARS);
	len = w.len + LLC_LEN;
	len += mars_encode(m, buf + len, sizeof(buf) - len);
	transmit(FIRST_IP + i, servers[players[i].server], buf, len);
}

static struct paddr
group(uint32_t g)
{
	struct paddr p = { .len = 4 };
	uint32_t n = htonl(g);

	memcpy(p.a, &n, 4);
	return p;
}

static void
send_pair(uint32_t i, uint8_t op, uint32_t low, uint32_t high)
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
	struct mars_msg m = message(i, players[i].mcs ? MARS_MSERV : MARS_JOIN);

	m.flags = MARS_F_REGISTER;
	m.pnum = 1;
	players[i].sent = now;
	send_message(i, &m);
}

static void
send_request(uint32_t i, uint32_t g)
{
	struct mars_msg m = message(i, MARS_REQUEST);

	m.tpa = group(g);
	send_message(i, &m);
}

/* --- what comes */

static uint32_t
group_number(const struct paddr *p)
{
	uint32_t n = 0;

	if (p->len == 4)
		memcpy(&n, p->a, 4);
	return ntohl(n);
}

static void
on_join(uint32_t i, const struct mars_msg *m)
{
	struct player *e = &players[i];
	struct paddr low, high;
	uint32_t k;

	if ((m->flags & MARS_F_REGISTER) != 0) {
		if (!e->registered)
			e->answered = now;
		e->registered = true;
		return;
	}
	e->echoes++;
	if (e->seen == NULL || m->pnum == 0)
		return;
	mars_pair(m, 0, &low, &high);
	k = group_number(&low) - e->group;
	if (k < e->many)
		e->seen[k] = 1;
}

static void
on_sdu(uint32_t i, bool leaf, const uint8_t *p, size_t len)
{
	struct mars_msg m;
	uint32_t k;

	if (leaf) {
		copies++;
		if (first_copy == 0)
			first_copy = now;
		last_copy = now;
		return;
	}
	if (len < LLC_LEN || mars_decode(&m, p + LLC_LEN, len - LLC_LEN) !=
	    MARS_DROP_NONE)
		return;
	switch (m.op) {
	case MARS_JOIN:
	case MARS_LEAVE:
	case MARS_MSERV:
		on_join(i, &m);
		break;
	case MARS_MULTI:
	case MARS_NAK:
		k = group_number(&m.tpa) - ASKED_GROUP;
		if (k < nasked && asked[k].answered == 0)
			asked[k].answered = now;
		break;
	}
}

static void
on_datagram(uint32_t i, const uint8_t *p, size_t len)
{
	struct player *e = &players[i];
	uint8_t type;
	uint64_t circuit, theirs;
	bool leaf;
	struct rd r;

	rd_init(&r, p, len);
	type = rd_u8(&r) & 0xf;
	rd_skip(&r, 3);
	circuit = rd_u64(&r);
	leaf = (circuit & LEAF) != 0;
	datagrams++;
	if (e->mute || rd_failed(&r))
		return;
	switch (type) {
	case RETRY:
		setup(FIRST_IP + i, number(i), servers[e->server], r.p, r.left);
		break;
	case CONNECT:
		e->theirs = rd_u64(&r);
		if (!e->up)
			send_register(i);
		e->up = true;
		break;
	case SETUP:
		e->leaf = rd_u64(&r);
		reply(i, CONNECT, e->leaf, number(i) | LEAF);
		break;
	case RELEASE:
		if (!leaf)
			e->up = false;
		break;
	case ENQUIRY:
		theirs = rd_u64(&r);
		reply(i, STATUS, theirs, circuit);
		break;
	case DATA:
		on_sdu(i, leaf, r.p, r.left);
		break;
	case BUNDLE:
		while (r.left > 2 && !rd_failed(&r)) {
			size_t n = rd_u16(&r);
			const uint8_t *sdu = rd_bytes(&r, n);

			if (sdu != NULL)
				on_sdu(i, leaf, sdu, n);
		}
		break;
	}
}

/* Takes what has come, waiting at most so many milliseconds for it. */
static void
receive(int wait)
{
	static uint8_t buf[BATCH][DATAGRAM];
	static _Alignas(struct cmsghdr) uint8_t
	    control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	struct in_pktinfo info;
	struct cmsghdr *c;
	int i, n;

	(void)poll(&pfd, 1, wait);
	now = seconds();
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
		uint32_t who;

		if ((c = CMSG_FIRSTHDR(&m[i].msg_hdr)) == NULL)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		who = ntohl(info.ipi_addr.s_addr) - FIRST_IP;
		if (who < nplayers)
			on_datagram(who, buf[i], m[i].msg_len);
	}
}

/* --- clients */

static void
player_start(uint32_t i, uint8_t server, bool mcs)
{
	struct player *e = &players[i];

	if (i >= CLIENTS)
		errx(1, "client %u", i);
	if (i >= nplayers)
		nplayers = i + 1;
	memset(e, 0, sizeof(*e));
	e->server = server;
	e->mcs = mcs;
	e->called = true;
	e->began = e->sent = now;
	setup(FIRST_IP + i, number(i), servers[server], NULL, 0);
}

/* A SETUP after 0.5, 1, 2 and 4 s (rule 4), a registration every 2 s. */
static void
player_again(uint32_t i)
{
	struct player *e = &players[i];
	double wait = 0.5 * (1 << (e->tries < 3 ? e->tries : 3));

	if (!e->called || e->registered || e->mute)
		return;
	if (e->up && now - e->sent >= 2)
		send_register(i);
	else if (!e->up && now - e->sent >= wait) {
		e->tries++;
		e->sent = now;
		setup(FIRST_IP + i, number(i), servers[e->server], NULL, 0);
	}
}

static void
players_again(void)
{
	static double last;
	uint32_t i;

	if (now - last < 0.1)
		return;
	last = now;
	for (i = 0; i < nplayers; i++)
		player_again(i);
}

static void
register_all(uint32_t first, uint32_t n, uint8_t server, bool mcs)
{
	double began = now, end = now + 60;
	uint32_t i, done = 0, begun = 0;

	while (done < n && now < end) {
		/* as many at a time as a listener may have in its buffer */
		while (begun < n && begun < done + 200)
			player_start(first + begun++, server, mcs);
		receive(1);
		players_again();
		for (done = i = 0; i < n; i++)
			done += players[first + i].registered;
	}
	printf("{\"registered\": %u, \"seconds\": %.3f}\n", done, now - began);
}

/* How many were not echoed; those are sent again. */
static uint32_t
joins_again(uint32_t first, uint32_t n, bool send)
{
	uint32_t i, k, missing = 0;

	for (i = first; i < first + n; i++)
		for (k = 0; k < players[i].many; k++) {
			if (players[i].seen[k])
				continue;
			missing++;
			if (!send)
				continue;
			send_pair(i, MARS_JOIN, players[i].group + k,
			    players[i].group + k);
			if (k % 16 == 0)
				receive(0);
		}
	return missing;
}

static void
join_all(uint32_t first, uint32_t n, uint32_t many, uint32_t from, double rate)
{
	double began = now, last;
	uint32_t i, sent = 0, missing = n * many;

	for (i = 0; i < n; i++) {
		players[first + i].many = many;
		players[first + i].group = from + i * many;
		players[first + i].seen = calloc(many, 1);
		if (players[first + i].seen == NULL)
			err(1, NULL);
	}
	while (sent < many) {
		for (; sent < many && sent <= (now - began) * rate; sent++)
			for (i = first; i < first + n; i++) {
				send_pair(i, MARS_JOIN, players[i].group + sent,
				    players[i].group + sent);
				if (i % 16 == 0)
					receive(0);
			}
		receive(1);
	}
	last = now;
	while (missing > 0 && now < began + 90) {
		receive(1);
		missing = joins_again(first, n, now - last >= 2);
		if (now - last >= 2)
			last = now;
	}
	printf("{\"missing\": %u, \"seconds\": %.3f}\n", missing, now - began);
}

/* --- probes */

enum load { NONE, TOGGLE, ALL, JOINS, MSERVS, SETUPS };
static const char *const loads[] = { "none", "toggle", "all", "joins",
	"mservs", "setups" };

static void
load_one(enum load load, uint32_t i, uint32_t turn)
{
	uint32_t g = JOINED_GROUP + (i << 12) + turn;

	switch (load) {
	case TOGGLE:
		g = JOINED_GROUP;
		send_pair(i, turn % 2 ? MARS_LEAVE : MARS_JOIN, g, g);
		break;
	case ALL:
		send_pair(i, turn % 2 ? MARS_LEAVE : MARS_JOIN, EVERYTHING_LOW,
		    EVERYTHING_HIGH);
		break;
	case JOINS:
		send_pair(i, MARS_JOIN, g, g);
		break;
	case MSERVS:
		/* the first is a multicast server, the second a member */
		if (turn == 0)
			send_pair(i + 1, MARS_JOIN, EVERYTHING_LOW,
			    EVERYTHING_HIGH);
		else if (turn <= BLOCKS)
			send_pair(i, MARS_MSERV, JOINED_GROUP + turn * 256,
			    JOINED_GROUP + turn * 256 + 255);
		break;
	case SETUPS:
		setup(FORGED_IP + turn % 65536, (uint64_t)turn << 32 | 1,
		    servers[0], NULL, 0);
		forged++;
		break;
	case NONE:
		break;
	}
}

static int
cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of n latencies in seconds; the quantile q of them in milliseconds. */
static double
quantile(double *v, size_t n, double q)
{
	size_t i = (size_t)((double)n * q);

	if (n == 0)
		return -1;
	qsort(v, n, sizeof(*v), cmp);
	return 1000 * v[i < n ? i : n - 1];
}

static void
probe_print(uint32_t first_new, uint32_t news, uint32_t sent, uint64_t d0,
    uint64_t c0)
{
	static double v[ASKED_MAX];
	size_t i, n = 0;
	double slowest;

	for (i = 0; i < nasked; i++)
		if (asked[i].answered != 0)
			v[n++] = asked[i].answered - asked[i].at;
	printf("{\"asked\": %u, \"answered\": %zu, \"p50\": %.2f, "
	    "\"p99\": %.2f, ", nasked, n, quantile(v, n, 0.5),
	    quantile(v, n, 0.99));
	for (n = 0, i = first_new; i < first_new + news; i++)
		if (players[i].registered)
			v[n++] = players[i].answered - players[i].began;
	slowest = quantile(v, n, 0.99);
	printf("\"registering\": %u, \"registered\": %zu, "
	    "\"registration-p99\": %.2f, \"load\": %u, \"datagrams\": %llu, "
	    "\"copies\": %llu, \"told-in\": %.3f}\n", news, n, slowest, sent,
	    (unsigned long long)(datagrams - d0),
	    (unsigned long long)(copies - c0), last_copy - first_copy);
}

/* So many of these have been due since then, and at most max. */
static uint32_t
due(double since, double rate, double max)
{
	double n = (now - since < max ? now - since : max) * rate;

	return n < 0 ? 0 : (uint32_t)n;
}

static void
probe(double during, double after, enum load load, uint32_t first, uint32_t n,
    double rate)
{
	/* clients past all others; client 0 is in the groups asked for */
	uint32_t first_new = nplayers, news = 0, sent = 0, i, burst;
	double began = now, end = now + during + after;
	uint64_t d0 = datagrams, c0 = copies;

	memset(asked, 0, sizeof(asked));
	nasked = 0;
	first_copy = last_copy = 0;
	/* what is asked last gets its time, too: 2 s */
	while (now < end + 2) {
		for (burst = 0; sent < due(began, rate, during); sent++) {
			for (i = first; i < first + n; i++)
				load_one(load, i, sent);
			if (++burst % 64 == 0)
				break;
		}
		for (; nasked < due(began, ASKS, during + after); nasked++) {
			asked[nasked].at = now;
			send_request(1, ASKED_GROUP + nasked);
		}
		for (; news < due(began, NEWS, during + after); news++)
			player_start(first_new + news, 0, false);
		receive(burst >= 64 ? 0 : 1);
		players_again();
	}
	probe_print(first_new, news, sent * n, d0, c0);
	/* they go as they came */
	for (i = first_new; i < first_new + news; i++)
		if (players[i].up)
			reply(i, RELEASE, players[i].theirs, number(i));
}

/* --- commands */

static bool
command_probe(const char *line)
{
	double during, after, rate = 0;
	uint32_t first = 0, n = 0;
	char load[16];
	size_t i;
	int got;

	got = sscanf(line, "probe %lf %lf %15s %u %u %lf", &during, &after,
	    load, &first, &n, &rate);
	if (got < 3)
		return false;
	for (i = 0; i < sizeof(loads) / sizeof(*loads); i++)
		if (strcmp(loads[i], load) == 0)
			probe(during, after, (enum load)i, first, n, rate);
	return true;
}

static void
command(const char *line)
{
	double rate = 0;
	uint32_t first = 0, n = 0, many, from;
	size_t i;

	if (sscanf(line, "register %u %u %u", &first, &n, &many) == 3)
		register_all(first, n, (uint8_t)(many % SERVERS), false);
	else if (sscanf(line, "serve %u", &first) == 1)
		register_all(first, 1, 0, true);
	else if (sscanf(line, "join %u %u %u %x %lf", &first, &n, &many, &from,
	    &rate) == 5)
		join_all(first, n, many, from, rate);
	else if (sscanf(line, "block %u %x %x", &first, &many, &from) == 3) {
		send_pair(first, MARS_JOIN, many, from);
		printf("{}\n");
	} else if (sscanf(line, "mute %u %u", &first, &n) == 2) {
		for (i = first; i < first + n && i < CLIENTS; i++)
			players[i].mute = true;
		printf("{}\n");
	} else if (!command_probe(line))
		errx(1, "no command: %s", line);
	(void)fflush(stdout);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int i, on = 1, size = 256 << 20;
	char line[256];

	if (argc < 3 || argc - 2 > SERVERS)
		errx(1, "usage: flood BASE-PORT SERVER...");
	base_port = (uint16_t)strtoul(argv[1], NULL, 10);
	for (i = 2; i < argc; i++)
		if (inet_pton(AF_INET, argv[i], &servers[i - 2]) != 1)
			errx(1, "%s", argv[i]);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	sin.sin_port = htons((uint16_t)(base_port + SEL));
	if (fd == -1 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) == -1)
		err(1, "socket");
	/* that much where we are root; less is a network that loses more */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ==
	    -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		/* enquiries are answered between two commands, too */
		receive(5);
		if (poll(&in, 1, 0) == 0)
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 0;
		now = seconds();
		command(line);
	}
}
