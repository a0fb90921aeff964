/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * What it costs marsd's core to learn joins of another server's clients, and
 * how much memory each takes: in the order of their keys and in that of a
 * hash, against a table of the same records that only finds and keeps them.
 * No process, no circuit: the number of instructions is the same each time.
 */
#include <err.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csa.h"
#include "ipc.h"
#include "marsd/marsd_core.h"
#include "regress/bench/item.h"

#define SGID		1

static struct timers timers;
static const uint8_t oid[4] = { 10, 0, 0, 2 };

static uint32_t
core_random(void *arg)
{
	(void)arg;
	return 4; /* as good as another */
}

static void
core_publish(
    void *arg, uint16_t sgid, uint32_t key, const void *data, size_t len)
{
	(void)arg;
	(void)sgid;
	(void)key;
	(void)data;
	(void)len;
}

static void
core_keys(void *arg, uint16_t sgid, const uint8_t owner[4],
    const uint32_t *keys, uint32_t n)
{
	(void)arg;
	(void)sgid;
	(void)owner;
	(void)keys;
	(void)n;
}

static void
core_realign(void *arg, uint16_t sgid)
{
	(void)arg;
	(void)sgid;
}

static void
core_event(void *arg, const struct marsd_event *ev)
{
	(void)arg;
	(void)ev;
}

static const struct marsd_ops ops = { .random = core_random,
	.publish = core_publish,
	.hide = core_keys,
	.revive = core_keys,
	.erase = core_keys,
	.realign = core_realign,
	.event = core_event };

/* Enough of a configuration: it is not freed. */
static struct conf *
core_conf(void)
{
	struct conf *conf = conf_new();
	struct conf_cluster *c;
	struct conf_protocol *p;

	if (conf == NULL || (c = conf_cluster_new(conf, "c")) == NULL ||
	    (p = calloc(1, sizeof(*p))) == NULL)
		err(1, NULL);
	conf->server_id[3] = 1;
	c->server_group = SGID;
	c->cmi_min = 1;
	c->cmi_max = 1000;
	p->pro.type = PRO_IPV4;
	TAILQ_INSERT_TAIL(&c->protocols, p, entry);
	return conf;
}

static double
cpu_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == -1)
		err(1, "clock_gettime");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* A permutation of the numbers below n, a power of 2: odd is invertible. */
static uint32_t
place(uint32_t i, uint32_t n, bool mixed)
{
	return mixed ? (i * 2654435761U) & (n - 1) : i;
}

/* What finding and keeping a record costs where nothing else is done. */
struct floor_slot {
	uint32_t	 key, len;
	uint8_t		 data[48];
};

static double
floor_run(const struct item *v, uint32_t n, bool mixed)
{
	struct floor_slot *t = calloc((size_t)n * 2, sizeof(*t));
	double start;
	uint32_t i, at;

	if (t == NULL)
		err(1, NULL);
	start = cpu_now();
	for (i = 0; i < n; i++) {
		const struct item *it = &v[place(i, n, mixed)];

		at = it->key * 0x9e3779b1U & (n * 2 - 1);
		while (t[at].len != 0 && t[at].key != it->key)
			at = (at + 1) & (n * 2 - 1);
		t[at].key = it->key;
		t[at].len = it->len;
		memcpy(t[at].data, it->data,
		    it->len < sizeof(t[at].data) ? it->len :
		    sizeof(t[at].data));
	}
	start = cpu_now() - start;
	free(t);
	return start;
}

static double
core_run(const struct item *v, uint32_t n, bool mixed, double *octets)
{
	struct marsd *m = marsd_new(&ops, NULL, &timers);
	struct mallinfo2 before;
	double start;
	uint32_t i;

	if (m == NULL || marsd_configure(m, core_conf()) == -1)
		errx(1, "marsd_new");
	before = mallinfo2();
	start = cpu_now();
	for (i = 0; i < n; i++) {
		const struct item *it = &v[place(i, n, mixed)];

		marsd_csa_update(m, SGID, oid, it->key, 1, CSA_HOW_ALIGNED,
		    it->data, it->len);
	}
	start = cpu_now() - start;
	*octets = (double)(mallinfo2().uordblks + mallinfo2().hblkhd -
	    before.uordblks - before.hblkhd) / n;
	marsd_free(m);
	return start;
}

static void
row(const struct item *v, uint32_t n, bool mixed)
{
	double octets, least = floor_run(v, n, mixed);
	double cpu = core_run(v, n, mixed, &octets);

	printf("%-8u %-8s %8.2f us %8.2f us %6.1f x %6.0f octets\n", n,
	    mixed ? "hash" : "keys", cpu / n * 1e6, least / n * 1e6,
	    cpu / least, octets);
}

int
main(int argc, char *argv[])
{
	uint32_t i, n, max = argc > 1 ? (uint32_t)atoi(argv[1]) : 1 << 16;
	struct item *v;

	if (max == 0 || (max & (max - 1)) != 0)
		errx(1, "usage: learn [number, a power of 2]");
	if ((v = calloc(max, sizeof(*v))) == NULL)
		err(1, NULL);
	for (i = 0; i < max; i++)
		item_make(&v[i], i);
	timers_init(&timers, (struct mtime){ 0 });
	printf("joins    order      a join       floor     ratio   memory\n");
	for (n = max > 1 << 16 ? 1 << 14 : max; n <= max; n *= 8) {
		row(v, n, false);
		row(v, n, true);
	}
	free(v);
	return 0;
}
