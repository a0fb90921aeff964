/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * A neighbor that floods, for flood.py: one that was taken over, or, with
 * another key, somebody at its address.
 *
 *	records ADDRESS NEIGHBOR BASE-PORT KEYFILE
 *
 * It is the server at ADDRESS, with a single neighbor, and speaks by scspd's
 * own core.  Each line of standard input is a command, answered by one line of
 * JSON:
 *
 *	records COUNT SECONDS	so many records in this time: NODES clients of
 *				its own, which have joined one group each for
 *				every further NODES records.  They go past its
 *				retransmit queue, which waits for
 *				acknowledgements: what the neighbor does not
 *				take is not repeated
 *	hellos RATE SECONDS	so many Hellos a second; or "cas": CAs that
 *				begin anew, full of summaries, "summaries":
 *				CSUSs, "replies": CSU Replies
 *	silence 0 SECONDS	acknowledges no record that it is sent
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
#include "llc.h"
#include "loop.h"
#include "scspd/align.h"
#include "scspd/group.h"
#include "scspd/hello.h"
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
#define TYPE_AT		(LLC_LEN + 1)	/* RFC 2334 B.1 */

static struct loop loop;
static struct vc_link *link_;
static struct scsp *scsp;
static uint32_t self;			/* server ID, and IP address */
static bool silent;			/* acknowledges no record */

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

static void
on_sdu(void *arg, struct vc *vc, void *cookie, const uint8_t *p, size_t len)
{
	if (silent && len > TYPE_AT && p[TYPE_AT] == SCSP_CSU_REQUEST)
		return;
	scsp_vc_user.sdu(arg, vc, cookie, p, len);
}

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
	static struct vc_user user;
	struct atm_addr a = address(self, SCSP_SEL);
	int fd;

	user = scsp_vc_user;
	user.sdu = on_sdu;
	if ((fd = vc_udp_socket(&a, base_port)) == -1 ||
	    (link_ = vc_udp_open(loop.base, &loop.timers, fd, &a, &p,
	    &user, scsp)) == NULL)
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

/* Full of summaries of records that nobody has. */
static void
put_summaries(struct scsp_packet *p, uint32_t key)
{
	struct scsp_csas c = { .seq = SEQ_FIRST + 1, .hops = 1 };

	while (scsp_packet_left(p, EXT_RESERVE) >= SCSP_CSAS_LEN) {
		c.id = RECORD_ID(self, key++);
		scsp_packet_csas(p, &c);
	}
}

static void
send_one(struct scsp_neighbor *nb, enum scsp_type type, uint32_t i)
{
	struct scsp_packet p;

	if (type == SCSP_HELLO) {
		scsp_hello_send(nb);
		return;
	}
	nb->ca_seq = i;
	scsp_neighbor_begin(
	    nb, &p, type, type == SCSP_CA ? CA_M | CA_I | CA_O : 0);
	put_summaries(&p, i * RECORDS_MAX);
	scsp_neighbor_send(nb, &p, NULL, false);
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
print_sent(uint32_t sent, double took)
{
	printf("{\"sent\": %u, \"flooded-in\": %.2f, "
	    "\"flooder-aligned\": %s}\n",
	    sent, took,
	    scsp_align_exchanging(only_neighbor()) ? "true" : "false");
	(void)fflush(stdout);
}

static void
flood(uint32_t count, double during)
{
	struct scsp_neighbor *nb = only_neighbor();
	mtime_t began = loop.timers.now;
	uint32_t sent = 0, packets;

	while (sent < count && scsp_align_exchanging(nb)) {
		double due = count * since(began) / during;

		for (packets = 0; packets < A_TURN && sent < count &&
		    sent < due; packets++)
			sent = put_packet(nb, sent, count);
		loop_poll(&loop, turn, NULL);
		if (packets == 0)
			(void)usleep(500);
	}
	print_sent(sent, since(began));
}

/* Whatever becomes of the adjacency.  0 a second: only time passes. */
static void
flood_type(enum scsp_type type, double rate, double during)
{
	mtime_t began = loop.timers.now;
	uint32_t sent = 0, packets;

	while (since(began) < during) {
		for (packets = 0; packets < A_TURN &&
		    sent < rate * since(began); packets++)
			send_one(only_neighbor(), type, sent++);
		loop_poll(&loop, turn, NULL);
		if (packets == 0)
			(void)usleep(500);
	}
	print_sent(sent, since(began));
}

static const struct {
	const char	*name;
	enum scsp_type	 type;
} types[] = {
	{ "hellos", SCSP_HELLO },
	{ "cas", SCSP_CA },
	{ "summaries", SCSP_CSUS },
	{ "replies", SCSP_CSU_REPLY },
	{ "silence", SCSP_HELLO },
};

static void
command(const char *line)
{
	char what[16];
	double n, s;
	size_t i;

	if (sscanf(line, "%15s %lf %lf", what, &n, &s) != 3)
		errx(1, "no command: %s", line);
	silent = strcmp(what, "silence") == 0;
	if (strcmp(what, "records") == 0)
		flood((uint32_t)n, s);
	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(what, types[i].name) == 0)
			flood_type(types[i].type, n, s);
	silent = false;
}

int
main(int argc, char *argv[])
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct in_addr mine, theirs;
	char line[128];

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
		command(line);
	}
}
