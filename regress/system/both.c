/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A program over libmarsc that is a member of an IPv4 and of an IPv6 group at
 * one address, and sends to both each second.  Its UDP socket is its standard
 * input.  What happens is printed behind the protocol: 0800 or 86dd.
 *
 *	both ADDRESS SERVER SERVER BASE-PORT
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "marsc/marsc.h"
#include "vc_udp.h"

static const struct paddr groups[2] = {
	{ .len = 4, .a = { 239, 1, 1, 1 } },
	{ .len = 16, .a = { 0xff, 0x05, [15] = 9 } }
};
static struct loop loop;
static struct marsc *clients[2];
static struct timer second;

static uint32_t
both_random(void *arg)
{
	(void)arg;
	return arc4random();
}

static uint64_t
both_random64(void *arg)
{
	return (uint64_t)both_random(arg) << 32 | both_random(arg);
}

static void
both_notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	char server[ATM_STRLEN] = "";

	(void)arg;
	if (n->server != NULL)
		atm_addr_print(n->server, server, sizeof(server));
	printf("%04x %s %s\n", marsc_protocol(c)->type,
	    marsc_notice_name(n->code), server);
}

static void
both_packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	char from[ATM_STRLEN], to[PADDR_STRLEN];

	(void)arg;
	printf("%04x packet %s %s\n", marsc_protocol(c)->type,
	    atm_addr_print(p->sender, from, sizeof(from)),
	    paddr_print(&p->group, to, sizeof(to)));
}

/* An empty IPv4 or IPv6 packet, with no more in it than is looked at. */
static void
both_send(void *arg)
{
	uint8_t p[2][40] = { { 0x45, 0, 0, 20 }, { 0x60 } };
	int i;

	memcpy(p[0] + 16, groups[0].a, 4);
	memcpy(p[1] + 24, groups[1].a, 16);
	for (i = 0; i < 2; i++)
		(void)marsc_transmit(
		    clients[i], &groups[i], p[i], i == 0 ? 20 : 40);
	timer_set(&loop.timers, arg, MTIME_SEC(1));
}

static void
both_turn(void *link)
{
	vc_flush(link);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const struct marsc_ops ops = { .random = both_random,
		.notice = both_notice, .packet = both_packet };
	struct vc_udp_params udp = { .enquiry_interval = 1,
		.max_circuits = 1000,
		.circuits_per_address = 64,
		.random = both_random64 };
	struct atm_addr local, servers[2];
	struct marsc_conf conf = { .servers = servers, .nservers = 2 };
	struct marsc_host *host;
	struct vc_link *link;
	int i;

	if (argc != 5 || atm_addr_parse(&local, argv[1]) == -1 ||
	    atm_addr_parse(&servers[0], argv[2]) == -1 ||
	    atm_addr_parse(&servers[1], argv[3]) == -1)
		errx(1, "usage: both address server server base-port");
	udp.base_port = (uint16_t)atoi(argv[4]);
	marsc_timers_default(&conf.timers);
	conf.timers.rexmt = conf.timers.rejoin_max = conf.timers.again_max =
	    MTIME_SEC(1);
	conf.timers.rejoin_min = conf.timers.again_min = 0;
	conf.timers.loop = MTIME_SEC(2);
	if (loop_init(&loop) == -1 ||
	    (host = marsc_host_new(&ops, NULL, &loop.timers)) == NULL ||
	    (link = vc_udp_open(
	    loop.base, &loop.timers, 0, &local, &udp, NULL, NULL)) == NULL)
		err(1, NULL);
	marsc_host_attach(host, link);
	for (i = 0; i < 2; i++) {
		conf.pro.type = i == 0 ? PRO_IPV4 : PRO_IPV6;
		if ((clients[i] = marsc_new(host, &conf)) == NULL)
			err(1, NULL);
		marsc_register(clients[i]);
		(void)marsc_join(clients[i], &groups[i], &groups[i], true);
	}
	timer_init(&second, both_send, &second);
	timer_set(&loop.timers, &second, MTIME_SEC(1));
	both_turn(link);
	loop_run(&loop, both_turn, link);
	return 0;
}
