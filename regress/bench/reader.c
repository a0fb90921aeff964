/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * reader INTERFACE: a reader that does nothing with what it reads, which
 * edge.py compares with.  Reads packets as edged does until its standard input
 * ends, and prints how many, and the us of CPU for one.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BATCH	64

static double
reader_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int
reader_socket(const char *name)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(name) };
	const int on = 1;
	int s = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP));

	if (s == -1 || ll.sll_ifindex == 0 ||
	    setsockopt(s, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) == -1 ||
	    bind(s, (struct sockaddr *)&ll, sizeof(ll)) == -1)
		err(1, "%s", name);
	return s;
}

static int
reader_read(int s)
{
	static uint8_t data[BATCH][2048];
	static uint8_t aux[BATCH][CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	int i;

	memset(msgs, 0, sizeof(msgs));
	for (i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ data[i], sizeof(data[i]) };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_hdr.msg_control = aux[i];
		msgs[i].msg_hdr.msg_controllen = sizeof(aux[i]);
	}
	return recvmmsg(s, msgs, BATCH, MSG_DONTWAIT, NULL);
}

int
main(int argc, char **argv)
{
	struct pollfd fds[2] = { { .events = POLLIN }, { .events = POLLIN } };
	unsigned long count = 0;
	double start;
	int n;

	if (argc != 2)
		errx(1, "usage: reader interface");
	fds[1].fd = reader_socket(argv[1]);
	puts("ready");
	(void)fflush(stdout);
	start = reader_cpu();
	do {
		if (poll(fds, 2, -1) == -1)
			err(1, "poll");
		while ((n = reader_read(fds[1].fd)) > 0)
			count += (unsigned long)n;
	} while (fds[0].revents == 0);
	printf("%lu %.3f\n", count, (reader_cpu() - start) /
	    (double)(count == 0 ? 1 : count));
	return 0;
}
