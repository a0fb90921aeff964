/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A neighbor that has the key and floods, for flood.py.
 *
 *	records ADDRESS NEIGHBOR BASE-PORT KEYFILE
 *
 * It is the server at ADDRESS, with a single neighbor, and speaks by scspd's
 * own core.  Each line of standard input, COUNT SECONDS, has it send so many
 * records in this time: NODES clients of its own, which have joined one group
 * each for every further NODES records.  They go past its retransmit queue,
 * which waits for acknowledgements: what the neighbor does not take is not
 * repeated.  An answer is one line of JSON.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "csa.h"
#include "loop.h"
#include "scspd/align.h"
#include "scspd/group.h"
#include "scspd/neighbor.h"
#include "scspd/packet.h"
#include "scspd/scsp.h"
#include "vc_udp.h"

#define NODES		1000
#define FIRST_NODE	0x7f020000U	/* 127.2.0.0 */
#define FIRST_CMI	50001
#define FIRST_GROUP	0xe8000000U
#define SCSP_SEL	1
#define SPI		257
#define A_TURN		16		/* packets */
#define RECORD_OCTETS	(SCSP_CSAS_LEN + 64)

static struct loop loop;
static struct vc_link *link_;
static struct scsp *scsp;
static uint32_t self;			/* server ID, and IP address */

static uint64_t
op_random(void *arg)
{
	(void)arg;
	return (uint64_t)arc4random() << 32 | arc4random();
}

static int64_t
op_wallclock(void *arg)
{
	(void)arg;
	return (int64_t)time(NULL);
}

static void
op_update(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key,
    int32_t seq, uint8_t how, const void *data, size_t len)
{
	(void)arg;
	(void)sgid;
	(void)oid;
	(void)key;
	(void)seq;
	(void)how;
	(void)data;
	(void)len;
}

static void
op_own(void *arg, uint16_t sgid, uint32_t key, int32_t seq, const void *data,
    size_t len)
{
	(void)arg;
	(void)sgid;
	(void)key;
	(void)seq;
	(void)data;
	(void)len;
}

static void
op_gone(void *arg, uint16_t sgid, const uint8_t oid[4], uint32_t key)
{
	(void)arg;
	(void)sgid;
	(void)oid;
	(void)key;
}

static void
op_neighbor(void *arg, uint16_t sgid, const uint8_t oid[4], bool aligned)
{
	(void)arg;
	(void)sgid;
	(void)oid;
	(void)aligned;
}

static void
op_event(void *arg, const struct scsp_event *ev)
{
	(void)arg;
	(void)ev;
}

static size_t
op_withdraw(const void *data, size_t len, void *out, size_t size)
{
	(void)data;
	(void)len;
	(void)out;
	(void)size;
	return 0;
}

static const struct scsp_ops ops = {
	.random = op_random,
	.wallclock = op_wallclock,
	.judge = csa_judge,
	.withdraw = op_withdraw,
	.update = op_update,
	.own = op_own,
	.gone = op_gone,
	.neighbor = op_neighbor,
	.event = op_event,
};

/* --- its configuration */

static struct atm_addr
address(uint32_t ip, uint8_t sel)
{
	struct atm_addr a;
	uint32_t n = htonl(ip);

	atm_addr_from_ip(&a, false, (const uint8_t *)&n, sel);
	return a;
}

static void
add_key(struct conf *c, const char *path)
{
	struct conf_key *k = calloc(1, sizeof(*k));
	FILE *f = fopen(path, "r");

	if (k == NULL || f == NULL)
		err(1, "%s", path);
	k->spi = SPI;
	k->algorithm = CONF_HMAC_SHA256;
	k->len = (uint16_t)fread(k->secret, 1, sizeof(k->secret), f);
	while (k->len > 0 && k->secret[k->len - 1] == '\n')
		k->len--;
	(void)fclose(f);
	TAILQ_INSERT_TAIL(&c->keys, k, entry);
}

static struct conf *
configuration(uint32_t neighbor, const char *keyfile)
{
	struct conf *c = conf_new();
	struct conf_cluster *cl;
	struct conf_neighbor *n;

	if (c == NULL || (cl = conf_cluster_new(c, "lis1")) == NULL ||
	    (n = conf_neighbor_new(cl)) == NULL)
		err(1, NULL);
	scsp_oid_octets(self, c->server_id);
	cl->server_group = 1;
	n->addr = address(neighbor, SCSP_SEL);
	n->auth = true;
	n->spis[0] = SPI;
	n->nspis = 1;
	n->hello_interval = 1;
	n->dead_factor = 3;
	n->rexmt_ca = n->rexmt_csus = n->rexmt_csu = 3;
	n->rexmt_limit = 5;
	add_key(c, keyfile);
	return c;
}

static void
open_link(uint16_t base_port)
{
	const struct vc_udp_params p = { .base_port = base_port,
		.enquiry_interval = 10,
		.max_circuits = 16,
		.circuits_per_address = 16,
		.random = op_random };
	struct atm_addr a = address(self, SCSP_SEL);
	int fd;

	if ((fd = vc_udp_socket(&a, base_port)) == -1 ||
	    (link_ = vc_udp_open(loop.base, &loop.timers, fd, &a, &p,
	    &scsp_vc_user, scsp)) == NULL)
		err(1, "socket");
	scsp_attach(scsp, link_);
}

/* --- what it floods */

static struct paddr
group(uint32_t g)
{
	struct paddr p = { .len = 4 };
	uint32_t n = htonl(g);

	memcpy(p.a, &n, 4);
	return p;
}

static void
put_record(struct scsp_packet *p, uint32_t key)
{
	uint8_t buf[CSA_MAX];
	struct csa j = { .state = CSA_JOIN };
	struct scsp_csas c = { .id = RECORD_ID(self, key),
		.seq = SEQ_FIRST + 1,
		.hops = 16,
		.data = buf };
	uint32_t node = key % NODES;

	j.pro.type = PRO_IPV4;
	j.cmi = (uint16_t)(FIRST_CMI + node);
	j.spa = group(FIRST_NODE + node);
	j.atm = address(FIRST_NODE + node, 9);
	if (key < NODES)
		j.flags = CSA_F_REGISTER;
	else
		j.min = j.max = group(FIRST_GROUP + key);
	c.len = (uint16_t)csa_encode(&j, buf, sizeof(buf));
	scsp_packet_csa(p, &c);
}

static struct scsp_neighbor *
only_neighbor(void)
{
	return TAILQ_FIRST(&scsp_group_find(scsp, 1)->neighbors);
}

/* One packet full of them; the first that is not in it. */
static uint32_t
put_packet(struct scsp_neighbor *nb, uint32_t key, uint32_t end)
{
	struct scsp_packet p;

	scsp_neighbor_begin(nb, &p, SCSP_CSU_REQUEST, 0);
	while (key < end &&
	    scsp_packet_left(&p, EXT_RESERVE) >= RECORD_OCTETS)
		put_record(&p, key++);
	scsp_neighbor_send(nb, &p, NULL, false);
	return key;
}

static void
turn(void *arg)
{
	(void)arg;
	vc_flush(link_);
}

static double
since(mtime_t began)
{
	return (double)mtime_diff(began, loop.timers.now) / 1e6;
}

static void
flood(uint32_t count, double during)
{
	struct scsp_neighbor *nb = only_neighbor();
	mtime_t began = loop.timers.now;
	uint32_t sent = 0, packets;
	bool aligned = true;

	while (sent < count && aligned) {
		double due = count * since(began) / during;

		for (packets = 0; packets < A_TURN && sent < count &&
		    sent < due; packets++)
			sent = put_packet(nb, sent, count);
		loop_poll(&loop, turn, NULL);
		if (packets == 0)
			(void)usleep(500);
		aligned = scsp_align_exchanging(nb);
	}
	printf("{\"sent\": %u, \"flooded-in\": %.2f, "
	    "\"flooder-aligned\": %s}\n", sent, since(began),
	    aligned ? "true" : "false");
	(void)fflush(stdout);
}

int
main(int argc, char *argv[])
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct in_addr mine, theirs;
	char line[128];
	uint32_t n;
	double s;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &mine) != 1 ||
	    inet_pton(AF_INET, argv[2], &theirs) != 1)
		errx(1, "usage: records ADDRESS NEIGHBOR BASE-PORT KEYFILE");
	self = ntohl(mine.s_addr);
	if (loop_init(&loop) == -1 ||
	    (scsp = scsp_new(&ops, NULL, &loop.timers)) == NULL)
		err(1, NULL);
	if (scsp_configure(scsp,
	    configuration(ntohl(theirs.s_addr), argv[4])) == -1)
		errx(1, "configuration");
	open_link((uint16_t)strtoul(argv[3], NULL, 10));
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		loop_poll(&loop, turn, NULL);
		if (poll(&in, 1, 1) == 0)
			continue;
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 0;
		if (sscanf(line, "%u %lf", &n, &s) != 2)
			errx(1, "no command: %s", line);
		flood(n, s);
	}
}
