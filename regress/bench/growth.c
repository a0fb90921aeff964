/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What marsd's core takes for one thing while it holds many of something, which
 * should be what it takes while it holds few: for bench.py, which compares.
 *
 *	growth WHAT NUMBER
 *
 * It learns NUMBER joins, of so many groups, members or servers (item.h);
 * then, for each of a few operations, it prints its name and the us of CPU that
 * one of them took.  What was slowed down by another process does not count: of
 * several rounds it is the fastest.
 */
#include <err.h>
#include <time.h>

#include "regress/bench/item.h"
#include "regress/unit/marsnet.h"

#define ROUNDS		9
#define TURNS		100		/* of a round */
#define MEMBERS		10		/* of the group that is asked for */
#define ASKED		0xe0000100U
/* that many have joined, and those between them: not in their order */
#define HELD(n)		(0xe1000000U + 2 * (uint32_t)(n))
#define BETWEEN(n)	(0xe1000001U + 2 * ((n) * 2654435761U & 0xfffff))
#define NEW_KEY		0x70000000U

/* Whose joins these are, and how many members a group has. */
static const struct load {
	const char	*what;
	/* 0: as many as joins */
	uint32_t	 clients, servers, together;
} loads[] = {
	{ "joins", 1000, 1, 1 },
	{ "groups", MEMBERS, 1, 1 },
	{ "members", 0, 1, 1000 },
	{ "servers", 1000, 0, 1 },
};

struct growth {
	struct net	*net;
	struct nvc	*client[MEMBERS];
	uint32_t	 next;		/* group that nobody has joined */
	int		 hosts;		/* that have registered */
};

static void
growth_learn(struct growth *g, uint32_t server, const struct item *it)
{
	/* not one of ours */
	const uint8_t oid[4] = { 198, 18, (uint8_t)(server >> 8),
		(uint8_t)server };

	marsd_csa_update(g->net->s[0].mars, 1, oid, it->key, 1,
	    CSA_HOW_ALIGNED, it->data, it->len);
}

static void
op_learn(struct growth *g)
{
	struct item it;

	item_of(
	    &it, NEW_KEY + g->next, g->next % 100, BETWEEN(g->next));
	g->next++;
	growth_learn(g, 0, &it);
}

static void
op_join(struct growth *g)
{
	net_join(g->client[0], 4, 0, BETWEEN(g->next), BETWEEN(g->next));
	g->next++;
}

static void
op_leave(struct growth *g)
{
	g->next--;
	net_join(g->client[0], 5, 0, BETWEEN(g->next), BETWEEN(g->next));
}

static void
op_request(struct growth *g)
{
	net_request(g->client[0], ASKED);
}

static void
op_register(struct growth *g)
{
	net_hangup(net_client(g->net, 0, ++g->hosts));
}

static const struct {
	const char	*name;
	void		(*act)(struct growth *);
} operations[] = {
	{ "learn", op_learn },
	{ "join", op_join },
	{ "leave", op_leave },
	{ "request", op_request },
	{ "register", op_register },
};
#define NOPERATIONS	(sizeof(operations) / sizeof(operations[0]))

static double
growth_cpu(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		err(1, "clock_gettime");
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Rounds of all of them: what a join adds the next leave takes away. */
static void
growth_measure(struct growth *g, double best[NOPERATIONS])
{
	double began, took;
	size_t round, i, turn;

	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < NOPERATIONS; i++) {
			began = growth_cpu();
			for (turn = 0; turn < TURNS; turn++)
				operations[i].act(g);
			took = (growth_cpu() - began) / TURNS;
			if (round == 0 || took < best[i])
				best[i] = took;
			net_settle(g->net);
		}
}

static void
growth_fill(struct growth *g, const struct load *l, uint32_t n)
{
	uint32_t clients = l->clients == 0 ? n : l->clients;
	uint32_t servers = l->servers == 0 ? n : l->servers, i;
	struct item it;

	for (i = 0; i < n; i++) {
		item_of(&it, i, i % clients, HELD(i / l->together));
		growth_learn(g, i % servers, &it);
	}
}

static const struct load *
growth_load(const char *what)
{
	size_t i;

	for (i = 0; i < sizeof(loads) / sizeof(loads[0]); i++)
		if (strcmp(loads[i].what, what) == 0)
			return &loads[i];
	errx(1, "no such thing: %s", what);
}

static void
growth_limits(struct conf_cluster *c)
{
	c->max_members = c->max_joins = c->max_total = c->max_groups = 4000000;
	c->max_records = 4000000;
	c->max_known = 65535;
	c->rate = c->burst = 1000000;
	c->rate_total = 100000000;
}

int
main(int argc, char *argv[])
{
	const struct load *l;
	struct growth g = { .next = 1 };
	double best[NOPERATIONS];
	uint32_t n;
	size_t i;

	if (argc != 3)
		errx(1, "usage: growth joins|groups|members|servers NUMBER");
	l = growth_load(argv[1]);
	g.net = net_new();
	growth_limits(net_cluster_conf(g.net, 0));
	net_start(g.net, 0);
	g.net->quiet = true;
	for (i = 0; i < MEMBERS; i++) {
		g.client[i] = net_client(g.net, 0, ++g.hosts);
		net_join(g.client[i], 4, 0, ASKED, ASKED);
	}
	n = (uint32_t)strtoul(argv[2], NULL, 10);
	growth_fill(&g, l, n);
	net_settle(g.net);
	if (net_show(g.net, 0, "records-remote") != n)
		errx(1, "not all joins were taken");
	growth_measure(&g, best);
	for (i = 0; i < NOPERATIONS; i++)
		printf("%s %.3f\n", operations[i].name, best[i]);
	return 0; /* the system takes back the rest */
}
