/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What circuits cost: SDUs a second through vc_udp from one loopback address
 * to another within one process, against plain sendmmsg and recvmmsg of
 * datagrams of the same size and in batches as large, in the same run.  Then
 * what a message costs that a root sends to many leaves while others wait,
 * where these take bundles and where they do not (nvc.md, rule 10).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "vc_udp.h"

#define BATCH	64
#define ROUNDS	1000
#define REPEATS	3	/* the best of these counts */

static struct loop loop;
static struct vc_link *from, *to;
static uint64_t got, acks;

static uint64_t
random64(void *arg)
{
	(void)arg;
	return (uint64_t)arc4random() << 32 | arc4random();
}

static uint16_t
up_call(void *arg, struct vc *vc, const struct atm_addr *who, bool leaf,
    void **cookie)
{
	(void)arg;
	(void)vc;
	(void)who;
	(void)leaf;
	(void)cookie;
	return VC_CAUSE_NONE;
}

static void
up_ack(void *arg, struct vc *vc, void *cookie)
{
	(void)arg;
	(void)vc;
	(void)cookie;
	acks++;
}

static void
up_end(void *arg, struct vc *vc, void *cookie, uint16_t cause)
{
	(void)arg;
	(void)vc;
	(void)cookie;
	errx(1, "circuit ended: %u", (unsigned int)cause);
}

static void
up_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	(void)arg;
	(void)vc;
	(void)cookie;
	(void)p;
	(void)len;
	got++;
}

static const struct vc_user user = {
	.remote_call = up_call, .ack = up_ack, .rqfailed = up_end,
	.release = up_end, .sdu = up_sdu
};

static void
turn(void *arg)
{
	(void)arg;
	vc_flush(from);
	vc_flush(to);
}

/* --- a root and its leaves, which are no more than their answers */

#define LEAVES	1000
#define WAIT	20	/* SDUs that wait, of this many octets */
#define LEN	68	/* a MARS_JOIN of one pair of IPv4 addresses */

static uint8_t heard[LEAVES + 1][NVC_CONTROL_MAX];
static uint64_t nheard, datagrams;

/* Keeps the SETUPs; the rest is counted, and the system is asked to send. */
static bool
keep(void *arg, const struct nvc_dest *dest, const uint8_t *head, size_t len,
    struct vc_sdu *sdu)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct iovec iov[2] = { { (void *)(uintptr_t)head, len } };
	struct msghdr m = { .msg_name = &in,
		.msg_namelen = sizeof(in),
		.msg_iov = iov,
		.msg_iovlen = 1 };

	if (sdu == NULL) {
		memcpy(heard[nheard++ % LEAVES], head, len);
		return true;
	}
	(void)dest;
	in.sin_addr.s_addr = htonl(0x7f000041);
	in.sin_port = htons(9);
	iov[1].iov_base = sdu->data;
	iov[1].iov_len = sdu->len;
	m.msg_iovlen = 2;
	(void)sendmsg(*(int *)arg, &m, MSG_DONTWAIT);
	datagrams++;
	return true;
}

static void
up_leaf(void *arg, struct vc_leaf *l, void *cookie)
{
	(void)arg;
	(void)l;
	(void)cookie;
}

static void
up_leaf_end(void *arg, struct vc_leaf *l, void *cookie, uint16_t cause)
{
	(void)cause;
	up_leaf(arg, l, cookie);
}

static const struct vc_user root_user = {
	.leaf_ack = up_leaf, .leaf_failed = up_leaf_end,
	.leaf_drop = up_leaf_end
};

static struct vc *
root_up(struct nvc *n, bool bundles)
{
	struct nvc_dest leaf = { .port = 2022, .ip = { 10 } };
	uint8_t connect[24] = { NVC_VERSION << 4 | NVC_CONNECT,
		bundles ? NVC_F_BUNDLE : 0, [19] = 1, [20] = 0x23, [21] = 0xe4,
		[22] = 255 };
	struct vc *root = vc_multi(nvc_link(n), NULL);
	struct atm_addr a;
	int i;

	for (i = 0; i < LEAVES; i++) {
		leaf.ip[2] = (uint8_t)(i >> 8);
		leaf.ip[3] = (uint8_t)i;
		atm_addr_from_ip(&a, false, leaf.ip, 0);
		if (vc_multi_add(root, &a, NULL) == NULL)
			errx(1, "leaf");
		nheard = 0;
		(void)nvc_flush(n, SIZE_MAX);
		memcpy(connect + 4, heard[0] + NVC_HDRLEN, 8);
		nvc_input(n, &leaf, connect, sizeof(connect));
	}
	return root;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* datagrams a second of len octets, from one socket to another */
static double
plain(int out, int in, size_t len)
{
	static uint8_t buf[BATCH][NVC_DATAGRAM_MAX + 1];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	double start = seconds();
	int i, n, round;

	for (round = 0; round < ROUNDS; round++) {
		memset(m, 0, sizeof(m));
		for (i = 0; i < BATCH; i++) {
			iov[i].iov_base = buf[i];
			iov[i].iov_len = len;
			m[i].msg_hdr.msg_iov = &iov[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		for (i = 0; i < BATCH; i += n)
			if ((n = sendmmsg(
			    out, m + i, (unsigned int)(BATCH - i), 0)) < 1)
				err(1, "sendmmsg");
		for (i = 0; i < BATCH; i++)
			iov[i].iov_len = sizeof(buf[i]);
		for (i = 0; i < BATCH; i += n)
			if ((n = recvmmsg(in, m + i, (unsigned int)(BATCH - i),
			    MSG_DONTWAIT, NULL)) < 1)
				err(1, "recvmmsg");
	}
	return ROUNDS * (double)BATCH / (seconds() - start);
}

static double
circuit(struct vc *vc, size_t len)
{
	double start = seconds();
	struct vc_sdu *s;
	int i, round;

	got = 0;
	for (round = 1; round <= ROUNDS; round++) {
		for (i = 0; i < BATCH; i++)
			if ((s = vc_sdu_new(NULL, len)) == NULL ||
			    vc_send(vc, s) == -1)
				errx(1, "vc_send");
		while (got < (uint64_t)round * BATCH)
			loop_poll(&loop, turn, NULL);
	}
	return ROUNDS * (double)BATCH / (seconds() - start);
}

/* us for a message to all leaves, when so many of them wait together */
static double
copies(bool bundles, double *each)
{
	static const struct nvc_ops ops = { .random = random64,
		.output = keep };
	struct nvc_params p = { .base_port = 2022,
		.enquiry_interval = 255,
		.max_circuits = LEAVES };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), i, round;
	double start, took, best = 1e9;
	struct timers ts;
	struct atm_addr a;
	struct nvc *n;
	struct vc *root;

	timers_init(&ts, (mtime_t){ 0 });
	atm_addr_from_ip(&a, false, (const uint8_t *)"\x0a\xff\0\1", 0);
	n = nvc_new(&ops, &fd, &ts, &nvc_backend, &a, &p, &root_user, NULL);
	if (fd == -1 || n == NULL)
		err(1, "root");
	root = root_up(n, bundles);
	for (round = 0; round < 10; round++) {
		datagrams = 0;
		for (i = 0; i < WAIT; i++)
			if (vc_send(root, vc_sdu_new(NULL, LEN)) == -1)
				errx(1, "vc_send");
		start = seconds();
		(void)nvc_flush(n, SIZE_MAX);
		took = seconds() - start;
		best = took < best ? took : best;
	}
	*each = (double)datagrams / LEAVES;
	nvc_free(n);
	close(fd);
	return best * 1e6 / WAIT;
}

static void
bench_copies(void)
{
	double us, each;
	int i;

	printf("%d SDUs of %d octets that wait for %d leaves\n", WAIT, LEN,
	    LEAVES);
	printf("%8s %12s %12s\n", "bundles", "us/message", "datagrams");
	for (i = 0; i < 2; i++) {
		us = copies(i == 1, &each);
		printf("%8s %12.0f %12.1f\n", i == 1 ? "yes" : "no", us, each);
	}
}

/* A datagram socket, bound; port is advanced to one that is free. */
static int
free_socket(const struct atm_addr *a, uint16_t *port)
{
	int fd;

	while ((fd = vc_udp_socket(a, *port)) == -1)
		if (++*port > 60000)
			err(1, "no port");
	return fd;
}

int
main(void)
{
	static const size_t sizes[] = { 64, 512, 1400, 9188 };
	struct vc_udp_params p = { .base_port = 21000,
		.enquiry_interval = 60,
		.max_circuits = 10,
		.circuits_per_address = 10,
		.random = random64 };
	struct atm_addr a, b, c, d;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	double base, best, v;
	struct vc *vc;
	uint16_t port = 21000;
	int out, in, i;
	size_t n;

	if (loop_init(&loop) == -1 || atm_addr_parse(&a, "127.0.0.61") == -1 ||
	    atm_addr_parse(&b, "127.0.0.62") == -1 ||
	    atm_addr_parse(&c, "127.0.0.63") == -1 ||
	    atm_addr_parse(&d, "127.0.0.64") == -1)
		errx(1, "start");
	in = free_socket(&d, &port);
	out = free_socket(&c, &port);
	if (getsockname(in, (struct sockaddr *)&ss, &len) == -1 ||
	    connect(out, (struct sockaddr *)&ss, len) == -1)
		err(1, "connect");
	from = vc_udp_open(loop.base, &loop.timers,
	    free_socket(&a, &p.base_port), &a, &p, &user, NULL);
	to = vc_udp_open(loop.base, &loop.timers,
	    vc_udp_socket(&b, p.base_port), &b, &p, &user, NULL);
	if (from == NULL || to == NULL ||
	    (vc = vc_call(from, &b, NULL)) == NULL)
		errx(1, "link");
	while (acks == 0)
		loop_poll(&loop, turn, NULL);
	printf(
	    "%8s %12s %12s %6s\n", "octets", "plain/s", "circuit/s", "ratio");
	for (n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		for (base = best = 0, i = 0; i < REPEATS; i++) {
			v = plain(out, in, sizes[n] + NVC_HDRLEN);
			base = v > base ? v : base;
			v = circuit(vc, sizes[n]);
			best = v > best ? v : best;
		}
		printf("%8zu %12.0f %12.0f %6.2f\n", sizes[n], base, best,
		    best / base);
	}
	bench_copies();
	vc_close(from);
	vc_close(to);
	close(in);
	close(out);
	loop_free(&loop);
	return 0;
}
