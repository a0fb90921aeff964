/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * sendto ADDRESS N PORT OCTETS COUNT PAUSE: the floor that edge.py compares
 * with.  Sends COUNT datagrams to each of the N addresses from ADDRESS on, by
 * one call each, and prints the us of CPU for one.  Before each N it sleeps for
 * PAUSE us, which costs what it costs to be woken; 0: it never sleeps.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define WARM	20	/* datagrams to each that don't count */

static double
sendto_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int
main(int argc, char **argv)
{
	static uint8_t data[9000];
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint32_t base, n, i;
	const uint8_t ttl = 8;
	double start = 0;
	size_t size;
	useconds_t pause;
	int s, k, count;

	if (argc != 7)
		errx(1, "usage: sendto address n port octets count pause");
	base = ntohl(inet_addr(argv[1]));
	n = (uint32_t)atoi(argv[2]);
	to.sin_port = htons((uint16_t)atoi(argv[3]));
	size = (size_t)atoi(argv[4]);
	count = atoi(argv[5]);
	pause = (useconds_t)atoi(argv[6]);
	if (n == 0 || count <= 0 || size > sizeof(data))
		errx(1, "out of range");
	/* the address may be a group, to see what becomes of its packets */
	if ((s = socket(AF_INET, SOCK_DGRAM, 0)) == -1 ||
	    setsockopt(s, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof(ttl)) ==
	    -1)
		err(1, "socket");
	for (k = -WARM; k < count; k++) {
		if (k == 0)
			start = sendto_cpu();
		if (pause > 0)
			(void)usleep(pause);
		for (i = 0; i < n; i++) {
			to.sin_addr.s_addr = htonl(base + i);
			(void)sendto(s, data, size, 0,
			    (const struct sockaddr *)&to, sizeof(to));
		}
	}
	printf("%.3f\n", (sendto_cpu() - start) / n / count);
	return 0;
}
