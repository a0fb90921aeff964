/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * How long it takes until a client of one server hears of a join at another,
 * one at a time and nothing else going on.  For sync.py.
 *
 *	update BASE-PORT SERVER OTHER NUMBER
 *
 * prints {"p50": us, "p99": us}.  It polls, so that its own waking up is not
 * part of what is measured.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "loop.h"
#include "mars.h"
#include "marsc/marsc.h"
#include "vc_udp.h"

#define GAP	MTIME_MS(3)	/* between two joins: all is quiet again */
#define JOINS	1000		/* that one client may have */

static struct loop loop;
static struct vc_link *links[2];
static int registered;
static int64_t *took;
static int64_t joined;		/* when the client was told to, or 0 */
static uint32_t done;

static int64_t
now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint32_t
random32(void *arg)
{
	(void)arg;
	return arc4random();
}

static uint64_t
random64(void *arg)
{
	return (uint64_t)random32(arg) << 32 | random32(arg);
}

static struct paddr
group(uint32_t i)
{
	return (struct paddr){ .len = 4,
		.a = { 239, 5, (uint8_t)(i >> 8), (uint8_t)i } };
}

/* arg: which of the two clients */
static void
notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	(void)c;
	if (n->code == MARSC_NOTICE_REGISTERED)
		registered++;
	if (n->code == MARSC_NOTICE_HEARD && arg == &links[1] &&
	    n->msg->op == MARS_JOIN && joined != 0) {
		took[done++] = now_us() - joined;
		joined = 0;
	}
}

static struct marsc *
client(int i, const char *server, uint16_t port)
{
	static const struct marsc_ops ops = { .random = random32,
		.notice = notice };
	struct vc_udp_params udp = { .base_port = port,
		.enquiry_interval = 10,
		.max_circuits = 1000,
		.circuits_per_address = 64,
		.random = random64 };
	struct marsc_conf conf = { .pro = { .type = PRO_IPV4 },
		.nservers = 1,
		.limits = { .join_rate = 1000000, .join_burst = 1000000 } };
	struct atm_addr local, to;
	struct marsc_host *host;
	struct marsc *c;
	int fd;

	if (atm_addr_parse(&local, i == 0 ? "127.2.0.1" : "127.2.0.2") == -1 ||
	    atm_addr_parse(&to, server) == -1)
		errx(1, "%s: not an address", server);
	conf.servers = &to;
	marsc_timers_default(&conf.timers);
	if ((fd = vc_udp_socket(&local, port)) == -1)
		err(1, "socket");
	links[i] = vc_udp_open(
	    loop.base, &loop.timers, fd, &local, &udp, NULL, NULL);
	if (links[i] == NULL ||
	    (host = marsc_host_new(&ops, &links[i], &loop.timers)) == NULL ||
	    (c = marsc_new(host, &conf)) == NULL)
		err(1, NULL);
	marsc_host_attach(host, links[i]);
	marsc_register(c);
	return c;
}

static void
flush(void *arg)
{
	(void)arg;
	vc_flush(links[0]);
	vc_flush(links[1]);
}

static void
poll_until(int64_t end)
{
	do
		loop_poll(&loop, flush, NULL);
	while (now_us() < end);
}

static int
ascending(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int
main(int argc, char *argv[])
{
	uint32_t i, n = argc == 5 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0;
	uint16_t port = argc == 5 ? (uint16_t)atoi(argv[1]) : 0;
	struct marsc *c;
	struct paddr g;
	int64_t end;

	if (n == 0 || n > JOINS)
		errx(1, "usage: update base-port server other number");
	if (loop_init(&loop) == -1 ||
	    (took = calloc(n, sizeof(*took))) == NULL)
		err(1, NULL);
	c = client(0, argv[2], port);
	(void)client(1, argv[3], port);
	for (end = now_us() + MTIME_SEC(10); registered < 2;)
		if (poll_until(0), now_us() > end)
			errx(1, "no registration");
	poll_until(now_us() + MTIME_SEC(1));
	for (i = 0; i < n; i++) {
		g = group(i);
		joined = now_us();
		(void)marsc_join(c, &g, &g, true);
		flush(NULL);
		for (end = joined + MTIME_SEC(5); done <= i;)
			if (poll_until(0), now_us() > end)
				errx(1, "join %u was not heard of", i);
		poll_until(now_us() + GAP);
	}
	qsort(took, n, sizeof(*took), ascending);
	printf("{\"p50\": %lld, \"p99\": %lld}\n", (long long)took[n / 2],
	    (long long)took[n - 1 - n / 100]);
	return 0;
}
