/*
 * Copyright (c) 2026 The mars developers
 * SPDX-License-Identifier: ISC
 */

/*
 * Random packets against one of three servers, from seeds: SCSP_FUZZ is
 * how many packets, SCSP_FUZZ_SEED the first seed.  Nothing may crash, leak
 * or stay out of step for good.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "scspnet.h"

#define KEPT		300
#define SEEDS		4
#define PID		5	/* of another group, between the same servers */
#define PACKETS		3000

static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);

	return s == NULL ? otherwise : strtoull(s, NULL, 10);
}

/* numbers that lengths and counters go wrong with */
static uint8_t
odd(struct net *n)
{
	static const uint8_t odds[] = { 0, 1, 4, 20, 0x7f, 0x80, 0xfe, 0xff };
	uint64_t r = net_random(n);

	return r % 2 ? (uint8_t)(r >> 8) : odds[(r >> 8) % sizeof(odds)];
}

/* the octet of a packet that tells the PIDs here apart */
static uint8_t *
pid_of(uint8_t *p)
{
	static const size_t common[] = { 8, 12, 8, 8, 8, 16 };

	return &p[LLC_LEN + common[p[LLC_LEN + 1] % 6] + 1];
}

/* a packet of the network, changed from octet lo on; its length */
static size_t
mutate(struct net *n, uint8_t *p, size_t lo, size_t max)
{
	const struct kept *k = &net_kept[net_random(n) % net_nkept];
	const struct kept *other = &net_kept[net_random(n) % net_nkept];
	size_t len = k->len < max ? k->len : max, at, i;
	uint64_t times = net_random(n) % 4;

	memcpy(p, k->data, len);
	if (net_random(n) % 4 == 0)
		*pid_of(p) = PID;
	for (; times > 0; times--) {
		at = lo + (size_t)(net_random(n) % (len - lo));
		switch (net_random(n) % 6) {
		case 0:
		case 1:
			p[at] = odd(n);
			break;
		case 2: /* cut */
			if (at > LLC_LEN + 8)
				len = at;
			break;
		case 3: /* the end of another */
			for (i = at; i < other->len && i < max; i++)
				p[i] = other->data[i];
			if (i > len)
				len = i;
			break;
		case 4: /* more of something */
			for (i = net_random(n) % 64; i > 0 && len < max; i--)
				p[len++] = odd(n);
			break;
		case 5: /* another type */
			p[LLC_LEN + 1] = (uint8_t)(net_random(n) % 7);
			break;
		}
	}
	return len;
}

/* from the network: size and checksum are right, mostly */
static void
inject(struct net *n)
{
	struct fvc *f = TAILQ_FIRST(&n->node[1].fvcs);
	static uint8_t p[LLC_LEN + SCSP_MTU];
	struct rawpkt raw;
	size_t len =
	    mutate(n, p, net_random(n) % 8 ? LLC_LEN + 8 : 0, sizeof(p));

	if (f == NULL)
		return;
	if (net_random(n) % 16) {
		raw.len = len - LLC_LEN;
		memcpy(raw.b, p + LLC_LEN, raw.len);
		raw_sum(&raw);
		memcpy(p + LLC_LEN, raw.b, raw.len);
	}
	net_post(
	    n, MSG_DATA, f->peer, f->peer_id, 1, f->id, 0, vc_sdu_new(p, len));
}

/* from a neighbor that has the key and has gone mad */
static void
sign(struct net *n)
{
	struct scsp_neighbor *nb = node_neighbor_of(&n->node[0], 1);
	static uint8_t p[LLC_LEN + SCSP_MTU - EXT_RESERVE];
	struct scsp_group *g = scsp_group_get(n->node[0].s, PID, NET_SGID);
	struct scsp_packet packet;
	size_t len, start;

	len = mutate(n, p, LLC_LEN + 8, sizeof(p));
	/* its own extensions come instead */
	start = (size_t)p[LLC_LEN + 6] << 8 | p[LLC_LEN + 7];
	if (start > 8 && LLC_LEN + start < len)
		len = LLC_LEN + start;
	scsp_packet_begin(&packet, SCSP_HELLO);
	packet.w.len = 0;
	wr_bytes(&packet.w, p + LLC_LEN, len - LLC_LEN);
	if (*pid_of(p) == PID)
		nb = TAILQ_FIRST(&g->neighbors);
	scsp_neighbor_send(nb, &packet, NULL, false);
}

static void
add_keys(struct conf_cluster *cl)
{
	struct conf_neighbor *cn;

	TAILQ_FOREACH(cn, &cl->neighbors, entry) {
		cn->auth = true;
		cn->spis[0] = 257;
		cn->nspis = 1;
	}
}

/* the same neighbors as in the group of MARS */
static struct conf_cluster *
add_group(struct node *nd)
{
	struct conf_cluster *g = conf_group_new(nd->conf, NET_SGID, PID);
	const struct conf_neighbor *cn;
	struct conf_neighbor *new;

	assert_non_null(g);
	TAILQ_FOREACH(cn, &TAILQ_FIRST(&nd->conf->clusters)->neighbors, entry) {
		new = conf_neighbor_new(g);
		assert_non_null(new);
		new->addr = cn->addr;
		new->auth = false;
	}
	return g;
}

static struct net *
begin(uint64_t seed, bool keys)
{
	struct net *n = net_line(seed, 3, false);
	struct conf_cluster *g;
	uint32_t i;
	int k;

	for (k = 0; k < n->n; k++) {
		g = add_group(&n->node[k]);
		if (!keys)
			continue;
		node_key(&n->node[k], 257, CONF_HMAC_SHA256, "secret", 0, 0);
		add_keys(TAILQ_FIRST(&n->node[k].conf->clusters));
		add_keys(g);
	}
	net_listen(n, KEPT);
	net_start(n);
	for (i = 0; i < 40; i++)
		node_publish(&n->node[i % 3], i, "before");
	assert_true(net_settle(n, 5000));
	for (i = 0; i < 40; i++) {
		node_publish(&n->node[i % 3], i % 20, i % 4 ? "x" : NULL);
		net_run(n, 30);
	}
	scsp_realign(n->node[0].s, NET_SGID);
	assert_true(net_settle(n, 5000));
	net_listen_end(n);
	assert_true(net_nkept > 20);
	return n;
}

/* Every server still works: what is published now is everywhere. */
static void
works(struct net *n)
{
	struct scsp_neighbor *nb;
	int i, k;

	net_run(n, 30000);
	for (i = 0; i < n->n; i++)
		node_publish(&n->node[i], 4000, "after");
	net_run(n, 30000);
	assert_true(net_aligned(n));
	assert_true(net_quiet(n));
	for (i = 0; i < n->n; i++)
		TAILQ_FOREACH(nb,
		    &scsp_group_get(n->node[i].s, PID, NET_SGID)->neighbors,
		    of_group)
			assert_int_equal(nb->align, SCSP_ALIGN_ALIGNED);
	for (i = 0; i < n->n; i++)
		for (k = 0; k < n->n; k++) {
			assert_non_null(node_entry(&n->node[k], i, 4000));
			assert_memory_equal(
			    node_entry(&n->node[k], i, 4000)->data, "Jafter",
			    6);
		}
}

/* Mostly the next packet finds the adjacency up again. */
static void
recover(struct net *n)
{
	struct scsp_neighbor *nb = node_neighbor_of(&n->node[1], 0);
	int i;

	net_run(n, (int64_t)(net_random(n) % 8));
	if (net_random(n) % 8 == 0)
		return;
	for (i = 0; i < 200 && !scsp_align_exchanging(nb); i++)
		net_run(n, 20);
}

static void
run(bool keys, void (*hit)(struct net *))
{
	uint64_t seed = setting("SCSP_FUZZ_SEED", 1), s, i;
	uint64_t packets = setting("SCSP_FUZZ", PACKETS);
	struct net *n;

	for (s = seed; s < seed + SEEDS; s++) {
		n = begin(s, keys);
		for (i = 0; i < packets; i++) {
			hit(n);
			recover(n);
			if (i % 50 == 0)
				node_publish(&n->node[i % 3],
				    (uint32_t)(i % 40), "meanwhile");
		}
		works(n);
		if (keys && hit == inject) {
			/* as if nothing had been sent */
			assert_int_equal(n->node[1].downs, 1);
			assert_int_equal(
			    n->node[1].events[SCSP_EV_ABNORMAL], 0);
			assert_true(net_all_equal(n));
		}
		net_free(n);
	}
}

/* Without authentication anything may happen, but it ends. */
static void
without_keys_garbage_does_no_lasting_harm(void **state)
{
	(void)state;
	run(false, inject);
}

/* R2334-B.3.1-03: without the key nothing happens. */
static void
without_the_key_garbage_changes_nothing(void **state)
{
	(void)state;
	run(true, inject);
}

/*
 * R2334-B.3.1.5-04: under a valid MAC it is believed, as far as it makes
 * sense.
 */
static void
under_a_valid_mac_sense_is_believed(void **state)
{
	(void)state;
	run(true, sign);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_keys_garbage_does_no_lasting_harm),
		cmocka_unit_test(without_the_key_garbage_changes_nothing),
		cmocka_unit_test(under_a_valid_mac_sense_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
