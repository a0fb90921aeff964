/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * The least that a question and its answer take: datagrams to another process
 * on loopback and back, so many outstanding.  For bench.py.
 *
 *	pingpong NUMBER WINDOW OCTETS
 *
 * prints {"seconds": of all, "cpu": us of who answers, each}.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define OCTETS_MAX	9000

static int
end_of(struct sockaddr_in *sin)
{
	socklen_t len = sizeof(*sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*sin = (struct sockaddr_in){ .sin_family = AF_INET,
    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd == -1 || bind(fd, (struct sockaddr *)sin, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)sin, &len) == -1)
		err(1, "socket");
	return fd;
}

/* Who answers could have any number of clients: its socket is not connected. */
static void
answer(int fd, uint32_t n)
{
	static uint8_t p[OCTETS_MAX];
	struct sockaddr_in from;
	socklen_t fromlen;
	ssize_t len;

	for (; n > 0; n--) {
		fromlen = sizeof(from);
		len = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from,
		    &fromlen);
		if (len == -1 || sendto(fd, p, (size_t)len, 0,
		    (struct sockaddr *)&from, fromlen) == -1)
			err(1, "answer");
	}
}

int
main(int argc, char *argv[])
{
	static uint8_t p[OCTETS_MAX];
	uint32_t n, window, sent = 0, got;
	struct sockaddr_in asks, answers;
	struct timespec from, to;
	struct rusage u;
	size_t octets;
	pid_t pid;
	int fd[2];

	if (argc != 4)
		errx(1, "usage: pingpong number window octets");
	n = (uint32_t)strtoul(argv[1], NULL, 10);
	window = (uint32_t)strtoul(argv[2], NULL, 10);
	octets = (size_t)strtoul(argv[3], NULL, 10);
	if (n == 0 || window == 0 || octets == 0 || octets > sizeof(p))
		errx(1, "out of range");
	fd[0] = end_of(&asks);
	fd[1] = end_of(&answers);
	if (connect(fd[0], (struct sockaddr *)&answers, sizeof(answers)) == -1)
		err(1, "connect");
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	if ((pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		answer(fd[1], n);
		_exit(0);
	}
	for (got = 0; got < n; got++) {
		for (; sent < n && sent < got + window; sent++)
			if (send(fd[0], p, octets, 0) == -1)
				err(1, "send");
		if (recv(fd[0], p, sizeof(p), 0) == -1)
			err(1, "recv");
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &to);
	if (waitpid(pid, NULL, 0) == -1 || getrusage(RUSAGE_CHILDREN, &u) == -1)
		err(1, "wait");
	printf("{\"seconds\": %.4f, \"cpu\": %.3f}\n",
	    (double)(to.tv_sec - from.tv_sec) +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e9,
	    ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec)) / n);
	return 0;
}
