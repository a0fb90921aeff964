/*
 * A program over libmarsc (marsc/marsc.h): a member of 239.1.1.1 who sends a
 * packet there and prints what comes in.  Its UDP socket, bound and non-
 * blocking, is its standard input.  Usage: example ADDRESS SERVER BASE-PORT
 */
#include <sys/resource.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include "loop.h"
#include "marsc/marsc.h"
#include "vc_udp.h"

static const uint8_t ipv4[20] = { 0x45, [3] = 20, [8] = 16, 253, [12] = 10, 0,
	0, 1, 239, 1, 1, 1 };
static const struct paddr group = { .len = 4, .a = { 239, 1, 1, 1 } };

static uint32_t
random32(void *arg)
{
	return arg == NULL ? arc4random() : 0;
}

static uint64_t
random64(void *arg)
{
	return (uint64_t)random32(arg) << 32 | random32(arg);
}

static void
notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	(void)arg;
	puts(marsc_notice_name(n->code));
	if (n->code == MARSC_NOTICE_JOINED &&
	    marsc_transmit(c, &group, ipv4, sizeof(ipv4)).outcome !=
	    MARSC_SENT_DROPPED)
		puts("a packet is on its way");
}

static void
packet(void *arg, struct marsc *c, const struct marsc_packet *p)
{
	char from[ATM_STRLEN], to[PADDR_STRLEN];

	(void)arg;
	(void)c;
	printf("%zu octets from %s to %s\n", p->len,
	    atm_addr_print(p->sender, from, sizeof(from)),
	    paddr_print(&p->group, to, sizeof(to)));
}

static void
turn(void *link)
{
	vc_flush(link); /* what this turn has queued goes out */
}

int
main(int argc, char **argv)
{
	static const struct marsc_ops ops = { .random = random32,
		.notice = notice, .packet = packet };
	struct vc_udp_params udp = { .enquiry_interval = 10,
		.max_circuits = 1000,
		.circuits_per_address = 64,
		.random = random64 };
	struct marsc_conf conf = { .pro = { .type = PRO_IPV4 }, .nservers = 1 };
	struct atm_addr local, server;
	struct marsc_host *host;
	struct vc_link *link;
	struct loop loop;
	struct marsc *c;

	if (argc != 4 || atm_addr_parse(&local, argv[1]) == -1 ||
	    atm_addr_parse(&server, argv[2]) == -1)
		errx(1, "usage: example address server base-port");
	udp.base_port = (uint16_t)atoi(argv[3]);
	conf.servers = &server;
	marsc_timers_default(&conf.timers);
	if (loop_init(&loop) == -1 ||
	    (host = marsc_host_new(&ops, NULL, &loop.timers)) == NULL ||
	    (c = marsc_new(host, &conf)) == NULL ||
	    (link = vc_udp_open(loop.base, &loop.timers, 0, &local, &udp, NULL,
	    NULL)) == NULL ||
	    /* from here on there is no other descriptor to be had */
	    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }) == -1)
		err(1, NULL);
	setlinebuf(stdout);
	marsc_host_attach(host, link);
	marsc_register(c);
	(void)marsc_join(c, &group, &group, true); /* once it is registered */
	vc_flush(link); /* the first turn waits before it sends */
	loop_run(&loop, turn, link);
	return 0;
}
