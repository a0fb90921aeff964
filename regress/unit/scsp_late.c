/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/* Packets between whole servers that come twice, late, or not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

struct faults {
	int64_t		late;		/* microseconds, at most */
	uint32_t	dup, delay, loss;	/* per thousand */
	bool		all;			/* but Hellos */
	uint64_t	count;
};

/* a copy of it, on the circuit that is in use, some time later */
static void
later(struct net *n, int from, int to, const uint8_t *data, size_t len,
    int64_t late)
{
	int64_t delay = n->delay;
	struct fvc *f;

	TAILQ_FOREACH(f, &n->node[from].fvcs, entry)
		if (f->up && f->peer == to)
			break;
	if (f == NULL)
		return;
	n->delay += (int64_t)(net_random(n) % (uint64_t)late);
	net_post(
	    n, MSG_DATA, from, f->id, to, f->peer_id, 0, vc_sdu_new(data, len));
	n->delay = delay;
}

static bool
disturb(struct net *n, int from, int to, const uint8_t *data, size_t len)
{
	struct faults *f = n->taparg;
	uint8_t type = data[LLC_LEN + 1];
	bool held;

	if (f == NULL || (type != SCSP_CA && !f->all) || type == SCSP_HELLO)
		return false;
	if (net_random(n) % 1000 < f->dup) {
		later(n, from, to, data, len, f->late);
		f->count++;
	}
	held = net_random(n) % 1000 < f->delay;
	if (held)
		later(n, from, to, data, len, f->late);
	return held || net_random(n) % 1000 < f->loss;
}

/* Something that makes servers align again, or changes what they have. */
static void
stir(struct net *n)
{
	struct node *nd = &n->node[net_random(n) % (uint64_t)n->n];
	struct scsp_neighbor *nb;

	switch (net_random(n) % 8) {
	case 0:
		scsp_realign(nd->s, NET_SGID);
		break;
	case 1:
		nb = TAILQ_FIRST(&node_group(nd)->neighbors);
		scsp_hello_run(nb, SCSP_HELLO_EV_ABNORMAL);
		break;
	case 2: /* nobody else notices */
		TAILQ_FOREACH(nb, &node_group(nd)->neighbors, of_group)
			if (nb->hello == SCSP_HELLO_BIDI) {
				scsp_align_run(nb, SCSP_ALIGN_EV_DOWN);
				scsp_align_run(nb, SCSP_ALIGN_EV_UP);
			}
		break;
	default:
		node_publish(nd, (uint32_t)(net_random(n) % 5),
		    nd->updates % 3 == 0 ? NULL : "x");
	}
}

static void
small_packets(struct net *n)
{
	struct scsp_neighbor *nb;
	uint32_t k = (uint32_t)(1 + net_random(n) % 3);
	int i;

	for (i = 0; i < n->n; i++)
		TAILQ_FOREACH(nb, &node_group(&n->node[i])->neighbors, of_group)
			nb->mtu = EXT_RESERVE + 32 + 20 * k;
}

/*
 * without replay protection, and
 * with CAs (and others) doubled, overtaken, late and lost while servers
 * begin anew and records change: everybody is Aligned in the end, stays so,
 * and has the same.
 */
#define RUNS	5000
static void
old_copies_of_packets_do_not_part_servers(void **state)
{
	struct faults f;
	struct net *n;
	uint64_t seed, count = 0;
	int i, nodes, stirs;

	(void)state;
	for (seed = 1; seed <= RUNS; seed++) {
		nodes = seed % 4 == 0 ? 3 : 2;
		n = net_line(seed, nodes, seed % 8 == 0);
		f.late = MTIME_MS(seed % 3 == 0 ? 20 : 7000);
		f.dup = 300;
		f.delay = 100;
		f.loss = seed % 2 == 0 ? 100 : 0;
		f.all = seed % 5 < 2;
		f.count = 0;
		n->tap = disturb;
		n->taparg = &f;
		net_start(n);
		small_packets(n);
		for (i = 0; i < nodes; i++)
			node_fill(&n->node[i], net_random(n) % 4);
		net_run(n, 3010); /* the call */
		stirs = (int)(net_random(n) % (seed % 2 == 0 ? 16 : 5));
		for (i = 0; i < stirs; i++) {
			stir(n);
			net_run(n,
			    (int64_t)(net_random(n) % (i % 2 == 0 ? 5 : 2000)));
		}
		n->taparg = NULL;
		net_run(n, 8000); /* the last copy is there */
		if (!net_settle(n, 60000))
			fail_msg("seed %d", (int)seed);
		net_run(n, 20000);
		assert_true(net_aligned(n) && net_all_equal(n));
		count += f.count;
		net_free(n);
	}
	assert_true(count > 2 * RUNS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_copies_of_packets_do_not_part_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
