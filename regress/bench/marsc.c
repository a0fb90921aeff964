/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What libmarsc costs for each packet: us of CPU per marsc_transmit() and per
 * marsc_transmit_sdu() to a group with so many members, over a link that takes
 * what it gets and does nothing with it.
 */
#include <sys/types.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "llc.h"
#include "mars.h"
#include "marsc/marsc.h"

#define MEMBERS_MAX	100
#define ROUNDS		1000000
#define REPEATS		3	/* the best of these counts */

struct null_link {
	struct vc_link	 link;	/* first */
	struct vc	 mars, root;
	struct vc_leaf	 leaf[MEMBERS_MAX];
	int		 nleaves;
	uint8_t		 said[512];	/* to the MARS, last */
	size_t		 len;
	uint64_t	 sdus;
};

static struct timers ts;
static struct null_link nl;

static struct vc *
null_call(struct vc_link *l, const struct atm_addr *to, void *cookie)
{
	(void)to;
	nl.mars = (struct vc){ .link = l, .cookie = cookie };
	return &nl.mars;
}

static struct vc *
null_multi(struct vc_link *l, void *cookie)
{
	nl.root = (struct vc){ .link = l, .cookie = cookie };
	return &nl.root;
}

static struct vc_leaf *
null_multi_add(struct vc *root, const struct atm_addr *to, void *cookie)
{
	struct vc_leaf *leaf = &nl.leaf[nl.nleaves++];

	(void)to;
	*leaf = (struct vc_leaf){ .root = root, .cookie = cookie };
	return leaf;
}

static void
null_multi_drop(struct vc_leaf *leaf)
{
	(void)leaf;
}

static void
null_release(struct vc *vc, uint16_t cause)
{
	(void)vc;
	(void)cause;
}

static int
null_send(struct vc *vc, struct vc_sdu *s)
{
	nl.sdus++;
	if (vc == &nl.mars && s->len <= sizeof(nl.said)) {
		memcpy(nl.said, s->data, s->len);
		nl.len = s->len;
	}
	vc_sdu_free(s);
	return 0;
}

static const struct vc_backend null_backend = {
	.name = "null",
	.call = null_call,
	.multi = null_multi,
	.multi_add = null_multi_add,
	.multi_drop = null_multi_drop,
	.release = null_release,
	.send = null_send,
};

static uint32_t
zero(void *arg)
{
	(void)arg;
	return 0;
}

static void
notice(void *arg, struct marsc *c, const struct marsc_notice *n)
{
	(void)arg;
	(void)c;
	(void)n;
}

static struct atm_addr
address(uint8_t last)
{
	uint8_t ip[4] = { 10, 0, 0, last };
	struct atm_addr a;

	atm_addr_from_ip(&a, false, ip, 16);
	return a;
}

/* The MARS sends back what it was sent, as a copy, or answers a request. */
static void
answer(struct mars_msg *m)
{
	uint8_t buf[LLC_LEN + 4096];
	size_t len;

	llc_encode(buf, LLC_OUI_IANA, LLC_PID_MARS);
	len = mars_encode(m, buf + LLC_LEN, sizeof(buf) - LLC_LEN);
	if (len == 0)
		errx(1, "no message");
	nl.link.user->sdu(
	    nl.link.arg, &nl.mars, nl.mars.cookie, buf, LLC_LEN + len);
}

static void
decode(struct mars_msg *m)
{
	if (mars_decode(m, nl.said + LLC_LEN, nl.len - LLC_LEN) !=
	    MARS_DROP_NONE)
		errx(1, "the client says nonsense");
}

static struct marsc *
client(struct marsc_host *h, const struct paddr *group, int members)
{
	static uint8_t list[MEMBERS_MAX * NSAPA_LEN];
	struct atm_addr server = address(1), a;
	struct marsc_conf conf = { .pro = { .type = PRO_IPV4 },
		.servers = &server, .nservers = 1 };
	struct mars_msg m;
	struct marsc *c;
	int i;

	marsc_timers_default(&conf.timers);
	if ((c = marsc_new(h, &conf)) == NULL)
		err(1, NULL);
	marsc_register(c);
	nl.link.user->ack(nl.link.arg, &nl.mars, nl.mars.cookie);
	decode(&m);
	m.flags |= MARS_F_COPY;
	m.cmi = 7;
	answer(&m);
	(void)marsc_transmit(c, group, "", 0);
	decode(&m);
	for (i = 0; i < members; i++) {
		a = address((uint8_t)(2 + i));
		memcpy(list + i * NSAPA_LEN, a.num, NSAPA_LEN);
	}
	m.op = MARS_MULTI;
	m.tnum = (uint16_t)members;
	m.seq = 1;
	m.last = true;
	m.tgt_num_tl = NSAPA_LEN;
	m.list = list;
	m.list_len = (size_t)members * NSAPA_LEN;
	answer(&m);
	for (i = 0; i < nl.nleaves; i++)
		nl.link.user->leaf_ack(
		    nl.link.arg, &nl.leaf[i], nl.leaf[i].cookie);
	if (marsc_transmit(c, group, "", 0).members != (uint32_t)members)
		errx(1, "the path is not up");
	return c;
}

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
copying(struct marsc *c, const struct paddr *group, size_t len)
{
	static uint8_t packet[9180];
	double start = seconds();
	int i;

	for (i = 0; i < ROUNDS; i++)
		(void)marsc_transmit(c, group, packet, len);
	return (seconds() - start) * 1e6 / ROUNDS;
}

static double
in_place(struct marsc *c, const struct paddr *group, size_t len)
{
	struct vc_sdu *s = vc_sdu_new(NULL, marsc_head_len(c) + len);
	double start = seconds();
	int i;

	if (s == NULL)
		err(1, NULL);
	for (i = 0; i < ROUNDS; i++)
		(void)marsc_transmit_sdu(c, group, vc_sdu_ref(s));
	vc_sdu_free(s);
	return (seconds() - start) * 1e6 / ROUNDS;
}

static double
best(double (*way)(struct marsc *, const struct paddr *, size_t),
    struct marsc *c, const struct paddr *group, size_t len)
{
	double t, least = 1e9;
	int i;

	for (i = 0; i < REPEATS; i++)
		if ((t = way(c, group, len)) < least)
			least = t;
	return least;
}

int
main(void)
{
	static const struct marsc_ops ops = { .random = zero,
		.notice = notice };
	static const int members[] = { 1, 10, 100 };
	static const size_t sizes[] = { 100, 1400, 9000 };
	struct paddr group = { .len = 4, .a = { 239, 1, 1, 1 } };
	struct marsc_host *h;
	struct marsc *c;
	size_t i, k;

	timers_init(&ts, (mtime_t){ 0 });
	printf("members octets  copied  in place  (us of CPU per packet)\n");
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		nl = (struct null_link){ 0 };
		nl.link.backend = &null_backend;
		nl.link.local = address(200);
		if ((h = marsc_host_new(&ops, NULL, &ts)) == NULL)
			err(1, NULL);
		marsc_host_attach(h, &nl.link);
		c = client(h, &group, members[i]);
		for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
			printf("%7d %6zu %7.3f %9.3f\n", members[i], sizes[k],
			    best(copying, c, &group, sizes[k]),
			    best(in_place, c, &group, sizes[k]));
		marsc_host_free(h);
	}
	return 0;
}
