/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The least that it takes to bring records to another process: datagrams of
 * 9,180 octets with an HMAC-SHA-256 each, not more on their way than a window,
 * and a table at the other end.  For sync.py, which compares.
 *
 *	exchange NUMBER
 *
 * prints {"cpu": seconds of both ends, "wall": seconds}.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>

#define MTU	9180
#define MAC	32
#define RECORD	74	/* of a join of IPv4, with its summary */
#define WINDOW	14	/* packets */
#define EACH	((MTU - MAC) / RECORD)

static const char key[] = "a key of some length for the mac";

struct slot {
	uint32_t	 number;
	uint8_t		 data[RECORD];
};

static void
mac(const uint8_t *p, size_t len, uint8_t *out)
{
	unsigned int n;

	if (HMAC(EVP_sha256(), key, sizeof(key) - 1, p, len, out, &n) == NULL)
		errx(1, "HMAC");
}

static void
keep(struct slot *t, uint32_t mask, const uint8_t *record)
{
	uint32_t number, at;

	memcpy(&number, record, sizeof(number));
	at = number * 0x9e3779b1U & mask;
	while (t[at].number != 0 && t[at].number != number)
		at = (at + 1) & mask;
	t[at].number = number;
	memcpy(t[at].data, record, RECORD);
}

/* Takes records until there are n, and acknowledges each packet. */
static void
learn(int fd, uint32_t n)
{
	uint32_t mask = 1, got = 0;
	uint8_t p[MTU], sum[MAC];
	struct slot *t;
	ssize_t len;
	size_t i;

	while (mask < n * 2)
		mask = mask << 1 | 1;
	if ((t = calloc((size_t)mask + 1, sizeof(*t))) == NULL)
		err(1, NULL);
	while (got < n) {
		if ((len = recv(fd, p, sizeof(p), 0)) < MAC)
			err(1, "recv");
		mac(p + MAC, (size_t)len - MAC, sum);
		if (memcmp(sum, p, MAC) != 0)
			errx(1, "another packet was sent");
		for (i = MAC; i < (size_t)len; i += RECORD, got++)
			keep(t, mask, p + i);
		if (send(fd, p, MAC, 0) != MAC)
			err(1, "send");
	}
}

static void
tell(int fd, uint32_t n)
{
	uint8_t p[MTU] = { 0 }, ack[MAC];
	uint32_t next = 1, flying = 0, i;

	while (next <= n || flying > 0) {
		for (; next <= n && flying < WINDOW; flying++) {
			for (i = 0; i < EACH && next <= n; i++, next++)
				memcpy(p + MAC + (size_t)i * RECORD, &next,
				    sizeof(next));
			mac(p + MAC, (size_t)i * RECORD, p);
			if (send(fd, p, MAC + (size_t)i * RECORD, 0) == -1)
				err(1, "send");
		}
		if (recv(fd, ack, sizeof(ack), 0) != MAC)
			err(1, "recv");
		flying--;
	}
}

static double
cpu(int who)
{
	struct rusage u;

	if (getrusage(who, &u) == -1)
		err(1, "getrusage");
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int
main(int argc, char *argv[])
{
	uint32_t n = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
	struct timespec from, to;
	int fd[2];

	if (n == 0)
		errx(1, "usage: exchange NUMBER");
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) == -1)
		err(1, "socketpair");
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		learn(fd[1], n);
		_exit(0);
	}
	tell(fd[0], n);
	(void)wait(NULL);
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	printf("{\"cpu\": %.4f, \"wall\": %.4f}\n",
	    cpu(RUSAGE_SELF) + cpu(RUSAGE_CHILDREN),
	    (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	return 0;
}
